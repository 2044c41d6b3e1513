/* Topic templates: how a source says what the levels of a topic mean. `campus/{gateway}/{asset}/telemetry` is the
 * subscription `campus/+/+/telemetry`, and names two of its levels. A level may hold text around its name
 * (`gw-{gateway}`), `+` is any level, `#` at the end any rest, and a name of one's own (`{zone}`) any level that
 * only people care about. `$share/GROUP/` in front is kept for the subscription. */
#ifndef COLLECT_TOPIC_H
#define COLLECT_TOPIC_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

enum topic_name { TOPIC_ASSET, TOPIC_GATEWAY, TOPIC_METRIC, TOPIC_NAMES };

struct topic_template {
    char *filter;          /* the subscription */
    struct topic_level *levels;
    unsigned count;
    bool any_rest;         /* ends with # */
    bool names[TOPIC_NAMES]; /* which it captures */
};

/* What a topic said; text NULL where the template does not name it. Points into the topic. */
struct topic_captures {
    const char *text[TOPIC_NAMES];
    size_t length[TOPIC_NAMES];
};

enum topic_match {
    TOPIC_FITS,
    TOPIC_OTHER_TEXT,  /* the subscription covers it, but the text around a name differs: not meant for us */
    TOPIC_FOREIGN,     /* not covered */
};

bool topic_template_parse(struct topic_template *template, const char *text, struct error *error);
void topic_template_release(struct topic_template *template);
enum topic_match topic_match(const struct topic_template *template, const char *topic, size_t length,
                             struct topic_captures *captures);

#endif
