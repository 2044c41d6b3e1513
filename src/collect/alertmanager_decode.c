/* Reading what Alertmanager says: alerts as its webhook and its API write them, and silences. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "collect/alertmanager.h"

#define LABELS_MAX 256

/* ---- labels ---- */

static int compare_keys(const void *left, const void *right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

static const char *text_of(struct json_object *value)
{
    const char *text = value && !json_object_is_type(value, json_type_null) ? json_object_get_string(value) : NULL;
    return text ? text : "";
}

/* FNV-1a over names and values, in the order of the names. */
uint64_t alertmanager_labels_hash(struct json_object *labels)
{
    const char *names[LABELS_MAX];
    unsigned count = 0;
    json_object_object_foreach(labels, name, value) {
        (void)value;
        if (count < LABELS_MAX)
            names[count++] = name;
    }
    qsort(names, count, sizeof *names, compare_keys);
    uint64_t hash = TEXT_HASH;
    for (unsigned i = 0; i < count; i++)
        hash = text_hash(text_hash(hash, names[i]), text_of(json_object_object_get(labels, names[i])));
    return hash;
}

static const char *label(struct json_object *labels, const char *name)
{
    const char *text = text_of(json_object_object_get(labels, name));
    return *text ? text : NULL;
}

/* ---- silences ---- */

void alertmanager_silences_release(struct alertmanager_silences *silences)
{
    for (unsigned i = 0; i < silences->count; i++) {
        free(silences->row[i].id);
        free(silences->row[i].by);
        free(silences->row[i].comment);
        free(silences->row[i].matchers);
    }
    free(silences->row);
    *silences = (struct alertmanager_silences){0};
}

static void silence_read(struct alertmanager_silences *silences, struct json_object *object, const char *signature)
{
    struct json_object *status = json_get(object, "status");
    const char *id = json_get_text(object, "id", ""), *by = json_get_text(object, "createdBy", ""),
               *comment = json_get_text(object, "comment", "");
    if (!*id || !status || !json_object_is_type(status, json_type_object))
        return;
    const char *state = json_get_text(status, "state", "expired");
    struct alertmanager_silence row = {.expired = strcmp(state, "expired") == 0, .pending = strcmp(state, "pending") == 0,
                                       .starts = json_get_instant(object, "startsAt"), .ends = json_get_instant(object, "endsAt")};
    size_t length = strcspn(comment, " ");
    if (strcmp(by, signature) == 0 && length < sizeof row.ours)
        memcpy(row.ours, comment, length);
    if (row.expired && !row.ours[0])
        return;
    struct alertmanager_matchers matchers = {0};
    struct buffer text = BUFFER_INIT;
    alertmanager_matchers_read(&matchers, json_get(object, "matchers"));
    alertmanager_matchers_text(&matchers, &text);
    row.hash = alertmanager_matchers_hash(&matchers);
    row.matchers = memory_text(buffer_text(&text));
    row.id = memory_text(id);
    row.by = memory_text(by);
    row.comment = memory_text(comment);
    silences->row[silences->count++] = row;
    alertmanager_matchers_release(&matchers);
    buffer_release(&text);
}

bool alertmanager_silences_read(struct alertmanager_silences *silences, struct json_object *answer, const char *signature,
                                struct error *error)
{
    *silences = (struct alertmanager_silences){0};
    if (!json_object_is_type(answer, json_type_array))
        return error_set(error, ERROR_INVALID, "expected a list of silences");
    size_t count = json_object_array_length(answer);
    silences->row = memory_new_array(count + 1, sizeof *silences->row);
    for (size_t i = 0; i < count; i++) {
        struct json_object *object = json_object_array_get_idx(answer, i);
        if (json_object_is_type(object, json_type_object))
            silence_read(silences, object, signature);
    }
    return true;
}

static void write_instant(struct json_writer *writer, const char *key, msec instant)
{
    char text[INSTANT_TEXT];
    json_write_text(writer, key, instant_format(text, instant));
}

void alertmanager_silence_write(struct buffer *out, const struct alertmanager_matchers *matchers, const struct alarm_silence *silence,
                                const char *signature, msec now)
{
    struct json_writer writer;
    char *comment = memory_printf("%s %s: %s", silence->id, silence->by, silence->why);
    json_start(&writer, out);
    json_write_object(&writer, NULL);
    alertmanager_matchers_write(matchers, &writer);
    write_instant(&writer, "startsAt", now);
    write_instant(&writer, "endsAt", silence->ends);
    json_write_text(&writer, "createdBy", signature);
    json_write_text(&writer, "comment", comment);
    json_write_object_end(&writer);
    free(comment);
}

/* ---- alerts ---- */

void alertmanager_alert_release(struct alertmanager_alert *alert)
{
    buffer_release(&alert->summary);
    buffer_release(&alert->place);
    buffer_release(&alert->held);
    buffer_release(&alert->label_text);
    labels_draft_release(&alert->draft);
}

/* "summary: description", or what tells it from others of its name. */
static void write_summary(struct alertmanager_alert *alert, struct json_object *labels, struct json_object *annotations,
                          const char *severity_label)
{
    static const char *const names[] = {"summary", "message", "description"};
    struct buffer *out = &alert->summary;
    for (size_t i = 0; annotations && i < ARRAY_COUNT(names); i++) {
        const char *text = label(annotations, names[i]);
        if (text && !strstr(buffer_text(out), text))
            buffer_printf(out, "%s%s", out->length ? ": " : "", text);
    }
    if (out->length)
        return;
    json_object_object_foreach(labels, name, value) {
        if (strcmp(name, "alertname") != 0 && strcmp(name, severity_label) != 0)
            buffer_printf(out, "%s%s=%s", out->length ? " " : "", name, text_of(value));
    }
}

/* The first label that names an asset of the ledger; else the first that is there says the place. */
static void find_asset(struct alertmanager_alert *alert, const struct alertmanager_settings *settings,
                       const struct alarm_sink *sink, struct json_object *labels)
{
    alert->alarm.asset = SINK_NONE;
    for (unsigned i = 0; i < settings->label_count; i++) {
        const char *text = label(labels, settings->labels[i]);
        if (!text)
            continue;
        if (!alert->place.length)
            buffer_append_text(&alert->place, text);
        alert->alarm.asset = sink->ops ? sink->ops->find(sink->owner, text) : SINK_NONE;
        if (alert->alarm.asset != SINK_NONE)
            return;
    }
    if (!alert->place.length && label(labels, "job"))
        buffer_printf(&alert->place, "job %s", label(labels, "job"));
}

static struct alertmanager_silence *silence_find(const struct alertmanager_silences *silences, const char *id)
{
    for (unsigned at = 0; silences && at < silences->count; at++)
        if (strcmp(silences->row[at].id, id) == 0)
            return &silences->row[at];
    return NULL;
}

/* Whose silence it is, unless only ours. */
static void write_held(struct alertmanager_alert *alert, struct json_object *status, struct alertmanager_silences *silences)
{
    struct json_object *by = json_get(status, "silencedBy"), *inhibited = json_get(status, "inhibitedBy");
    struct buffer *out = &alert->held;
    size_t count = by && json_object_is_type(by, json_type_array) ? json_object_array_length(by) : 0;
    for (size_t i = 0; i < count; i++) {
        const char *id = text_of(json_object_array_get_idx(by, i));
        struct alertmanager_silence *found = silence_find(silences, id);
        if (found)
            found->alerts++;
        if (out->length || (found && found->ours[0]))
            continue;
        if (found)
            buffer_printf(out, N_("silenced in Alertmanager by %s: %s"), found->by, found->comment);
        else
            buffer_printf(out, N_("silenced in Alertmanager (%.36s)"), id);
    }
    if (!out->length && inhibited && json_object_is_type(inhibited, json_type_array) && json_object_array_length(inhibited))
        buffer_append_text(out, N_("inhibited in Alertmanager by another alert"));
    alert->alarm.knows_held = true;
    alert->alarm.held = out->length ? buffer_text(out) : NULL;
}

/* All that it brought, and where it can be looked at. */
static void keep_labels(struct alertmanager_alert *alert, struct json_object *object, struct json_object *labels,
                        struct json_object *annotations)
{
    labels_draft_clear(&alert->draft);
    buffer_clear(&alert->label_text);
    json_object_object_foreach(labels, name, value)
        labels_draft_add(&alert->draft, false, name, text_of(value));
    if (annotations) {
        json_object_object_foreach(annotations, note, text)
            labels_draft_add(&alert->draft, true, note, text_of(text));
    }
    labels_draft_add(&alert->draft, true, "generatorURL", json_get_text(object, "generatorURL", ""));
    labels_draft_write(&alert->draft, &alert->label_text);
    alert->alarm.labels = alert->label_text.length ? buffer_text(&alert->label_text) : NULL;
}

/* A webhook says firing or resolved; the API lists only what is not resolved. */
static bool read_state(struct alertmanager_alert *alert, struct json_object *object, const char *state,
                       struct alertmanager_silences *silences, struct error *error)
{
    struct json_object *status = json_get(object, "status");
    if (status && json_object_is_type(status, json_type_object)) {
        alert->alarm.active = true;
        write_held(alert, status, silences);
        return true;
    }
    if (status)
        state = text_of(status);
    alert->alarm.active = state && strcmp(state, "firing") == 0;
    if (alert->alarm.active || (state && strcmp(state, "resolved") == 0))
        return true;
    return error_set(error, ERROR_INVALID, "status is `%.40s`, neither firing nor resolved", state ? state : "");
}

bool alertmanager_alert_read(struct alertmanager_alert *alert, const struct alertmanager_settings *settings,
                             const struct alarm_sink *sink, struct json_object *object, const char *state,
                             struct alertmanager_silences *silences, struct error *error)
{
    buffer_clear(&alert->summary);
    buffer_clear(&alert->place);
    buffer_clear(&alert->held);
    alert->alarm = (struct alarm){.time = CLOCK_NEVER};
    if (!json_object_is_type(object, json_type_object))
        return error_set(error, ERROR_INVALID, "expected an alert with labels");
    struct json_object *labels = json_get(object, "labels"), *annotations = json_get(object, "annotations");
    if (!labels || !json_object_is_type(labels, json_type_object) || json_object_object_length(labels) == 0)
        return error_set(error, ERROR_INVALID, "an alert without labels");
    if (annotations && !json_object_is_type(annotations, json_type_object))
        annotations = NULL;
    if (!read_state(alert, object, state, silences, error))
        return false;
    struct alarm *alarm = &alert->alarm;
    alert->labels = alertmanager_labels_hash(labels);
    const char *fingerprint = json_get_text(object, "fingerprint", ""), *name = label(labels, "alertname");
    if (*fingerprint && strlen(fingerprint) < sizeof alert->key)
        strcpy(alert->key, fingerprint);
    else
        snprintf(alert->key, sizeof alert->key, "%016llx", (unsigned long long)alert->labels);
    alarm->key = alert->key;
    alarm->rule = name ? name : "alert";
    alarm->type = settings->alert_type;
    alarm->severity = severity_words_find(&settings->severities, label(labels, settings->severity_label));
    alarm->time = json_get_instant(object, "updatedAt");
    find_asset(alert, settings, sink, labels);
    alarm->place = buffer_text(&alert->place);
    write_summary(alert, labels, annotations, settings->severity_label);
    alarm->summary = buffer_text(&alert->summary);
    keep_labels(alert, object, labels, annotations);
    alarm->runbook = annotations ? label(annotations, "runbook_url") : NULL;
    if (annotations && !alarm->runbook)
        alarm->runbook = label(annotations, "runbook");
    return true;
}

/* ---- the webhook ---- */

static struct json_object *payload_read(const char *body, size_t length, struct json_object **alerts, struct error *error)
{
    struct error cause;
    struct json_object *object = json_parse(body, length, 0, &cause);
    if (!object) {
        error_set(error, ERROR_INVALID, "the body is not JSON: %s", cause.text);
        return NULL;
    }
    *alerts = json_object_is_type(object, json_type_object) ? json_get(object, "alerts") : NULL;
    if (*alerts && json_object_is_type(*alerts, json_type_array))
        return object;
    error_set(error, ERROR_INVALID, "expected Alertmanager's webhook payload, with a list under `alerts`");
    json_object_put(object);
    return NULL;
}

static void webhook_told(struct source *source, int64_t truncated)
{
    const struct alarm_sink *sink = &source->alarms;
    unsigned active = sink->ops ? sink->ops->active(sink->owner, source) : 0;
    if (truncated > 0)
        source_status(source, SOURCE_TROUBLED, "%u active; Alertmanager left out %lld of its last message (max_alerts)", active,
                      (long long)truncated);
    else
        source_status(source, SOURCE_RUNNING, "webhook: %u active", active);
}

bool alertmanager_webhook(struct source *source, const struct alertmanager_settings *settings, const char *body, size_t length,
                          struct json_writer *dry_run, struct ingest_result *result, struct error *error)
{
    const struct alarm_sink *sink = &source->alarms;
    struct json_object *alerts, *object = payload_read(body, length, &alerts, error);
    memset(result, 0, sizeof *result);
    if (!object) {
        if (!dry_run)
            source_bad(source, body, length, "%s", error->text);
        return false;
    }
    struct alertmanager_alert alert = {0};
    struct json_object *whole = json_get(object, "status");
    size_t count = json_object_array_length(alerts);
    for (size_t i = 0; i < count; i++) {
        struct json_object *each = json_object_array_get_idx(alerts, i);
        struct error cause;
        if (!alertmanager_alert_read(&alert, settings, sink, each, whole ? text_of(whole) : NULL, NULL, &cause)) {
            alarm_reject(dry_run ? NULL : source, result, (unsigned)i, each ? json_object_to_json_string(each) : "null", "%s", cause.text);
            continue;
        }
        result->accepted++;
        if (dry_run)
            alarm_write(dry_run, source, &alert.alarm);
        else if (sink->ops)
            sink->ops->report(sink->owner, source, &alert.alarm);
    }
    alertmanager_alert_release(&alert);
    if (!dry_run) {
        int64_t truncated = json_get_integer(object, "truncatedAlerts", 0);
        source->messages++;
        source->readings += result->accepted;
        source->bytes += length;
        source->last_heard = clock_wall();
        if (truncated > 0)
            alarm_reject(source, result, (unsigned)count, json_get_text(object, "groupKey", ""),
                         COUNTED(truncated, N_("Alertmanager left out %lld alert (max_alerts)"),
                                 N_("Alertmanager left out %lld alerts (max_alerts)")), (long long)truncated);
        if (!settings->url)
            webhook_told(source, truncated);
    }
    json_object_put(object);
    return true;
}
