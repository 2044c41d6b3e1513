/* Prometheus text and OpenMetrics, read as the bytes arrive: line by line, in the memory of one line, however many
 * series a page has. Only series whose name is wanted are taken apart; the others cost the search for their line's end.
 *
 * Source: the exposition formats text 0.0.4 and OpenMetrics 1.0. Exemplars and comments are passed over. */
#ifndef COLLECT_EXPOSITION_H
#define COLLECT_EXPOSITION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/error.h"

#define EXPOSITION_LINE_MAX (64 * 1024) /* bytes */

struct exposition_series {
    const char *name;          /* not terminated */
    size_t name_length;
    const char *labels;        /* between the braces, checked; not terminated */
    size_t labels_length;
    double value;              /* may be NaN or infinite, as the page says */
    msec time;                 /* CLOCK_NEVER: none given */
    uint32_t tag;              /* what `wants` answered */
};

#define EXPOSITION_UNWANTED UINT32_MAX

struct exposition_ops {
    uint32_t (*wants)(void *owner, const char *name, size_t length); /* a tag, or EXPOSITION_UNWANTED */
    void (*series)(void *owner, const struct exposition_series *series);
};

struct exposition {
    const struct exposition_ops *ops;
    void *owner;
    bool open_metrics;         /* seconds as times; must end with # EOF */
    bool ended;                /* # EOF was seen */
    uint64_t bytes, series, wanted, bad;
    char reason[48];           /* of the first bad line */
    char example[128];         /* its beginning, cleaned */
    struct buffer rest;        /* of a line that has not ended yet */
};

void exposition_begin(struct exposition *exposition, const struct exposition_ops *ops, void *owner, bool open_metrics);
void exposition_release(struct exposition *exposition);
/* False: this is no exposition (the first lines make no sense, or a line has no end); reading on is in vain. */
bool exposition_feed(struct exposition *exposition, const char *bytes, size_t length);
/* The page is complete. False when it was cut, or held nothing. */
bool exposition_end(struct exposition *exposition, struct error *error);

/* A label's value, unescaped and cut to size; false when there is none of that name. */
bool exposition_label(const struct exposition_series *series, const char *name, char *out, size_t size);

/* ---- choosing series: `name`, `name{code=~"5..",method!="GET"}` ---- */
struct selector;
struct selector *selector_parse(const char *text, struct error *error); /* errors name the column */
void selector_free(struct selector **selector);
const char *selector_name(const struct selector *selector);
bool selector_match(const struct selector *selector, const struct exposition_series *series); /* labels only */

#endif
