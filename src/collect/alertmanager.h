/* What the files of the Alertmanager collector share: its settings, reading its JSON, pulling. Private to them and tests.
 *
 * Sources: the v2 API's openapi.yaml, and the webhook's version 4 (Alertmanager's documentation, "webhook_config"). */
#ifndef COLLECT_ALERTMANAGER_H
#define COLLECT_ALERTMANAGER_H

#include "base/transfer_way.h"
#include "collect/alarm.h"
#include "collect/ingest.h"
#include "model/filter.h"
#include "model/labels.h"

struct alertmanager_settings {
    char *url;                /* NULL: it only takes webhooks; no slash at the end */
    char *query;              /* of GET /api/v2/alerts */
    char **labels;            /* that may name the asset, in order */
    unsigned label_count;
    char *severity_label, *alert_type, *user, *password, *token;
    struct transfer_way way;
    struct severity_words severities;
    struct secrets secrets;
    msec interval, timeout, settle, expire;
    bool push_silences, push_acknowledgements;
};
extern const struct config_key alertmanager_keys[];
void alertmanager_settings_read(struct alertmanager_settings *settings, const struct config_node *node,
                                struct config_problems *problems);
void alertmanager_settings_release(struct alertmanager_settings *settings);

/* Matchers over labels, all of which must hold (alertmanager_matchers.c). */
struct alertmanager_matcher { char *name, *value; bool regex, equal; };
struct alertmanager_matchers {
    struct alertmanager_matcher *row;
    unsigned count;
    size_t capacity;
    bool anchored;            /* one of them does not match an absent label */
    bool none;                /* made of a filter that means nothing of this source */
    bool unsure;              /* of one that names neither a label nor a source: it may mean our own rules only */
};
void alertmanager_matchers_release(struct alertmanager_matchers *matchers);
uint64_t alertmanager_matchers_hash(const struct alertmanager_matchers *matchers);
void alertmanager_matchers_text(const struct alertmanager_matchers *matchers, struct buffer *out); /* a="b", c=~"d.*" */
void alertmanager_matchers_write(const struct alertmanager_matchers *matchers, struct json_writer *writer);
void alertmanager_matchers_of_labels(struct alertmanager_matchers *matchers, struct json_object *labels); /* of exactly these */
void alertmanager_matchers_read(struct alertmanager_matchers *matchers, struct json_object *list);        /* of a silence */
/* Those of a filter; false: it is more than matchers can say, and `odd` says what. */
bool alertmanager_matchers_make(struct alertmanager_matchers *matchers, const struct alertmanager_settings *settings,
                                const char *source, const struct filter *filter, struct error *odd);

/* A silence in Alertmanager, from the list of all that it remembers. */
struct alertmanager_silence {
    char *id, *by, *comment, *matchers;
    char ours[32];            /* what of ours it was made for; "" somebody else's */
    uint64_t hash;            /* of its matchers */
    msec starts, ends;
    bool pending, expired;    /* expired ones: of ours only */
    bool kept;
    unsigned alerts;          /* of those listed, that it holds */
};
struct alertmanager_silences {
    struct alertmanager_silence *row;
    unsigned count;
};
void alertmanager_silences_release(struct alertmanager_silences *silences);
/* `signature`: the creator's name of what we pushed. False when the answer is no list of silences. */
bool alertmanager_silences_read(struct alertmanager_silences *silences, struct json_object *answer, const char *signature,
                                struct error *error);

/* One alert of a webhook or of GET /api/v2/alerts, with room for its texts. */
struct alertmanager_alert {
    struct alarm alarm;
    uint64_t labels;          /* hash of all of them */
    char key[24];
    struct buffer summary, place, held, label_text;
    struct labels_draft draft;
};
void alertmanager_alert_release(struct alertmanager_alert *alert);
/* `state`: of the whole webhook, where the alert has none. `silences` may be NULL. The alarm's texts live in the alert and
 * in the object. */
bool alertmanager_alert_read(struct alertmanager_alert *alert, const struct alertmanager_settings *settings,
                             const struct alarm_sink *sink, struct json_object *object, const char *state,
                             struct alertmanager_silences *silences, struct error *error);
uint64_t alertmanager_labels_hash(struct json_object *labels);
/* The body of POST /api/v2/silences. */
void alertmanager_silence_write(struct buffer *out, const struct alertmanager_matchers *matchers, const struct alarm_silence *silence,
                                const char *signature, msec now);

/* The webhook. As push() of collector.h. */
bool alertmanager_webhook(struct source *source, const struct alertmanager_settings *settings, const char *body, size_t length,
                          struct json_writer *dry_run, struct ingest_result *result, struct error *error);

/* Pulling, from start() on; a silence of ours that begins or ends is brought over within a second. */
struct alertmanager_pull;
struct alertmanager_pull *alertmanager_pull_new(struct source *source, const struct alertmanager_settings *settings);
/* End one of its silences there, within a second. */
void alertmanager_pull_end(struct alertmanager_pull *pull, const char *id);
/* Within a second, rather than when it is due: something is new there. */
void alertmanager_pull_soon(struct alertmanager_pull *pull);
void alertmanager_pull_free(struct alertmanager_pull **pull); /* ends on later turns of the loop */

#endif
