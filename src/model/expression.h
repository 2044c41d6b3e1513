/* What a rule compares: a small expression over one asset's live values, parsed once and evaluated on arrival.
 *
 *   temperature > 30                          a metric's last value
 *   temperature > attribute(limit, 30)        a threshold from the asset's own ledger row, with a default
 *   power < 0.1 and parent(power) > 5         the parent's metric
 *   energy > 25 * other(MTR-7, power)         another asset's
 *   change(energy, 1h) < 0                    newest minus oldest within the span
 *   rate(level, 10m) > 0.5                    the same, a minute
 *   range(voltage, 2h) <= 0.001               largest minus smallest: a flat line
 *   silence > 45m                             time since it was last heard
 *   health = offline and reason != parent     the fleet's verdict; also link, comm
 *   count(health:offline) > 10                of its children that match a filter; share(...) of them, 0..1
 *
 * + - * / , parentheses, < <= > >= = !=, and, or, not. A value that is absent (never reported, no such attribute)
 * makes its comparison neither true nor false: the whole is then "unknown" unless the rest decides. */
#ifndef MODEL_EXPRESSION_H
#define MODEL_EXPRESSION_H

#include <stdbool.h>
#include <stddef.h>

#include "base/clock.h"
#include "base/error.h"

struct expression;

enum truth { TRUTH_NO, TRUTH_YES, TRUTH_UNKNOWN };

struct expression_asker {
    /* Each returns false where there is no such value. Spans and `silence` are milliseconds. */
    bool (*metric)(const void *subject, const char *name, double *value);
    bool (*parent_metric)(const void *subject, const char *name, double *value);
    bool (*other_metric)(const void *subject, const char *asset, const char *name, double *value);
    bool (*attribute)(const void *subject, const char *name, double *value);
    /* Oldest, newest, smallest and largest of the readings within the span, and the time from oldest to newest. */
    bool (*window)(const void *subject, const char *metric, msec span, double *oldest, double *newest, double *smallest,
                   double *largest, msec *covered);
    bool (*silence)(const void *subject, double *milliseconds);
    const char *(*word)(const void *subject, const char *field);  /* health, reason, link, comm; NULL absent */
    bool (*children)(const void *subject, const char *filter, unsigned *matching, unsigned *all);
};

/* Errors: "column 15: expected a number after `>`". A filter inside count() and share() is checked too. */
struct expression *expression_parse(const char *text, struct error *error);
void expression_free(struct expression **expression);
enum truth expression_truth(const struct expression *expression, const struct expression_asker *asker, const void *subject);
/* The two sides of the first comparison that decides, for "31.2 > 30": false where it compares no numbers. */
bool expression_sides(const struct expression *expression, const struct expression_asker *asker, const void *subject,
                      double *value, double *threshold);

/* `METRIC < NUMBER` and its like, nothing else: the metric, the interval of values that make it true. */
bool expression_interval(const struct expression *expression, const char **metric, double *low, double *high);

/* What it depends on, so that it is evaluated only when something of that changes. */
struct expression_needs {
    const char **metrics;       /* of the asset itself; each once */
    unsigned metric_count;
    bool parent, other, health, silence, children;
    msec longest_window;        /* 0: none */
    msec silence_over;          /* smallest number that silence is compared with; 0: none */
};
const struct expression_needs *expression_needs(const struct expression *expression);
const char *expression_text(const struct expression *expression);

#endif
