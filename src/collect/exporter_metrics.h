/* The series that a configuration chooses from an exporter's page, and the metrics made of them. Three lifetimes: the
 * choice (a source), one page's gathering (a scrape), and the counters between two pages (a target).
 * Private to src/collect. */
#ifndef COLLECT_EXPORTER_METRICS_H
#define COLLECT_EXPORTER_METRICS_H

#include "base/config.h"
#include "collect/exposition.h"

struct exporter_choice;
extern const struct config_key exporter_metric_keys[];
struct exporter_choice *exporter_choice_new(const struct config_node *list, struct error *error); /* list may be NULL */
void exporter_choice_free(struct exporter_choice **choice);
unsigned exporter_choice_count(const struct exporter_choice *choice);
const char *exporter_choice_series(const struct exporter_choice *choice, unsigned index); /* the series' name */
/* Several metrics of one series name form a chain: `next` is taken after `index`; UINT32_MAX ends it. */
void exporter_choice_link(struct exporter_choice *choice, unsigned index, unsigned next);

struct exporter_page;
struct exporter_page *exporter_page_new(const struct exporter_choice *choice);
void exporter_page_free(struct exporter_page **page);
void exporter_page_take(struct exporter_page *page, unsigned first, const struct exposition_series *series);
unsigned exporter_page_duplicates(const struct exporter_page *page); /* series that stood twice; counted once */

/* Metrics of a page; `counters` is the target's own array of exporter_choice_count() doubles, NAN at first. */
typedef void exporter_metric(void *owner, const char *name, double value);
void exporter_page_metrics(const struct exporter_page *page, double *counters, double seconds, exporter_metric *put, void *owner);

#endif
