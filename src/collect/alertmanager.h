/* What the files of the Alertmanager collector share: its settings, reading its JSON, pulling. Private to them and tests.
 *
 * Sources: the v2 API's openapi.yaml, and the webhook's version 4 (Alertmanager's documentation, "webhook_config"). */
#ifndef COLLECT_ALERTMANAGER_H
#define COLLECT_ALERTMANAGER_H

#include "base/transfer_way.h"
#include "collect/alarm.h"
#include "collect/ingest.h"

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

/* A silence in Alertmanager that is not over. */
struct alertmanager_silence {
    char *id, *by, *comment;
    char ours[32];            /* what of ours it was made for; "" somebody else's */
    uint64_t labels;          /* hash of its matchers, when all are plain equalities */
    bool kept;
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
    struct buffer summary, place, held;
};
void alertmanager_alert_release(struct alertmanager_alert *alert);
/* `state`: of the whole webhook, where the alert has none. `silences` may be NULL. The alarm's texts live in the alert and
 * in the object. */
bool alertmanager_alert_read(struct alertmanager_alert *alert, const struct alertmanager_settings *settings,
                             const struct alarm_sink *sink, struct json_object *object, const char *state,
                             const struct alertmanager_silences *silences, struct error *error);
uint64_t alertmanager_labels_hash(struct json_object *labels);
/* The body of POST /api/v2/silences that covers exactly one alert. */
void alertmanager_silence_write(struct buffer *out, struct json_object *labels, const struct alarm_silence *silence,
                                const char *signature, msec now);

/* The webhook. As push() of collector.h. */
bool alertmanager_webhook(struct source *source, const struct alertmanager_settings *settings, const char *body, size_t length,
                          struct json_writer *dry_run, struct ingest_result *result, struct error *error);

/* Pulling, from start() on; a silence of ours that begins or ends is brought over within a second. */
struct alertmanager_pull;
struct alertmanager_pull *alertmanager_pull_new(struct source *source, const struct alertmanager_settings *settings);
/* Within a second, rather than when it is due: something is new there. */
void alertmanager_pull_soon(struct alertmanager_pull *pull);
void alertmanager_pull_free(struct alertmanager_pull **pull); /* ends on later turns of the loop */

#endif
