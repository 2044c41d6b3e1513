/* A capsule to its file. */
#include <archive.h>
#include <archive_entry.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "engine/alerts.h"
#include "engine/capsule_format.h"

#define USTAR_TIME_MOST 077777777777 /* seconds: eleven octal digits, the year 2242 */

/* ---- the parts ---- */

static void line_end(struct json_writer *writer)
{
    json_write_object_end(writer);
    buffer_append_char(writer->out, '\n');
    writer->need_comma = false;
}

static void write_manifest(const struct capsule *capsule, struct buffer *out)
{
    struct json_writer writer;
    json_start(&writer, out);
    json_write_object(&writer, NULL);
    json_write_text(&writer, "format", CAPSULE_FORMAT);
    json_write_integer(&writer, "version", capsule_version(capsule));
    json_write_text(&writer, "made_by", capsule->made_by);
    json_write_text(&writer, "incident", capsule->incident);
    json_write_text(&writer, "site", capsule->site);
    json_write_text(&writer, "timezone", capsule->timezone);
    json_write_text(&writer, "language", capsule->language);
    json_write_instant(&writer, "taken_at", capsule->taken_at);
    json_write_text(&writer, "taken_by", capsule->taken_by);
    json_write_instant(&writer, "moment", capsule->moment);
    json_write_instant(&writer, "from", capsule->from);
    json_write_instant(&writer, "to", capsule->to);
    json_write_integer(&writer, "fleet", capsule->fleet);
    json_write_text(&writer, "left_out", capsule->left_out);
    line_end(&writer);
}

static const char *asset_id(const struct capsule *capsule, uint32_t asset)
{
    return asset < capsule->assets_count ? capsule->assets[asset].field[ASSET_id] : "";
}

static void write_assets(const struct capsule *capsule, struct json_writer *writer)
{
    for (size_t i = 0; i < capsule->assets_count; i++) {
        const struct asset *asset = &capsule->assets[i];
        json_write_object(writer, NULL);
        for (int field = 0; field < ASSET_FIELD_COUNT; field++)
            if (*asset->field[field])
                json_write_text(writer, asset_field_name((enum asset_field)field), asset->field[field]);
        if (*asset->attributes)
            json_write_text(writer, "attributes", asset->attributes);
        json_write_bool(writer, "discovered", asset->discovered);
        json_write_integer(writer, "revision", asset->revision);
        line_end(writer);
    }
}

static void write_units(const struct capsule *capsule, struct json_writer *writer)
{
    json_write_object(writer, NULL);
    for (size_t i = 0; i < capsule->units_count; i++)
        json_write_text(writer, capsule->units[i].metric, capsule->units[i].unit);
    line_end(writer);
}

static void write_states(const struct capsule *capsule, struct json_writer *writer)
{
    for (size_t i = 0; i < capsule->states_count; i++) {
        const struct store_state *state = &capsule->states[i];
        json_write_object(writer, NULL);
        json_write_text(writer, "asset", asset_id(capsule, state->asset));
        json_write_instant(writer, "from", state->from);
        json_write_text(writer, "health", health_name(state->health));
        json_write_text(writer, "reason", health_reason_name(state->reason));
        json_write_text(writer, "link", link_state_name(state->link));
        json_write_text(writer, "comm", comm_state_name(state->comm));
        line_end(writer);
    }
}

static void write_readings(const struct capsule *capsule, struct json_writer *writer)
{
    for (size_t i = 0; i < capsule->series_count; i++) {
        const struct capsule_series *series = &capsule->series[i];
        for (size_t row = 0; row < series->count;) {
            json_write_object(writer, NULL);
            json_write_text(writer, "asset", asset_id(capsule, series->asset));
            json_write_text(writer, "metric", series->metric);
            json_write_array(writer, "rows");
            for (size_t end = row + CAPSULE_LINE_READINGS; row < series->count && row < end; row++) {
                json_write_integer(writer, NULL, series->rows[row].time);
                json_write_number(writer, NULL, series->rows[row].value);
            }
            json_write_array_end(writer);
            line_end(writer);
        }
    }
}

static void write_alerts(const struct capsule *capsule, struct json_writer *writer)
{
    for (size_t i = 0; i < capsule->alerts_count; i++) {
        const struct store_alert *alert = &capsule->alerts[i];
        char id[24];
        alert_id_of(alert->number, id);
        json_write_object(writer, NULL);
        json_write_text(writer, "id", id);
        json_write_integer(writer, "number", alert->number);
        if (alert->asset >= 0)
            json_write_text(writer, "asset", asset_id(capsule, (uint32_t)alert->asset));
#define X(member) json_write_instant(writer, #member, alert->member);
        CAPSULE_ALERT_INSTANTS(X)
#undef X
#define X(member) json_write_integer(writer, #member, alert->member);
        CAPSULE_ALERT_COUNTS(X) CAPSULE_ALERT_LONGS(X) CAPSULE_ALERT_SPANS(X)
#undef X
        json_write_number(writer, "value", alert->value);
        json_write_number(writer, "threshold", alert->threshold);
#define X(member) json_write_text(writer, #member, alert->member);
        STORE_ALERT_TEXTS(X)
#undef X
        line_end(writer);
    }
}

static void write_events(const struct capsule *capsule, struct json_writer *writer)
{
    for (size_t i = 0; i < capsule->events_count; i++) {
        const struct store_alert_event *event = &capsule->events[i];
        char id[24];
        alert_id_of(event->alert, id);
        json_write_object(writer, NULL);
        json_write_text(writer, "alert", id);
        json_write_integer(writer, "number", event->alert);
        json_write_instant(writer, "time", event->time);
        json_write_text(writer, "actor", event->actor);
        json_write_text(writer, "verb", event->verb);
        json_write_text(writer, "text", event->text);
        json_write_integer(writer, "state", event->state);
        line_end(writer);
    }
}

/* The lists of the wire's own codec, as the API answers them. */
#define WRITE_LIST(name, row)                                                            \
    static void write_##name(const struct capsule *capsule, struct json_writer *writer)  \
    {                                                                                    \
        json_write_object(writer, NULL);                                                 \
        json_write_array(writer, "items");                                               \
        for (size_t i = 0; i < capsule->name##_count; i++)                               \
            wire_write_##row(writer, &capsule->name[i]);                                 \
        json_write_array_end(writer);                                                    \
        line_end(writer);                                                                \
    }
WRITE_LIST(rules, rule)
WRITE_LIST(notifications, notification)
WRITE_LIST(silences, silence)
WRITE_LIST(downtimes, downtime)
WRITE_LIST(audit, audit)

static void write_runbooks(const struct capsule *capsule, struct json_writer *writer)
{
    for (size_t i = 0; i < capsule->runbooks_count; i++) {
        json_write_object(writer, NULL);
        json_write_text(writer, "name", capsule->runbooks[i].name);
        json_write_text(writer, "language", capsule->runbooks[i].language);
        json_write_bool(writer, "shipped", capsule->runbooks[i].shipped);
        json_write_text(writer, "text", capsule->runbooks[i].text);
        line_end(writer);
    }
}

/* ---- the archive ---- */

static la_ssize_t take_bytes(struct archive *archive, void *owner, const void *bytes, size_t length)
{
    (void)archive;
    buffer_append(owner, bytes, length);
    return (la_ssize_t)length;
}

static bool add_file(struct archive *archive, const char *name, const struct buffer *bytes, msec time, struct buffer *sums,
                     struct error *error)
{
    struct archive_entry *entry = archive_entry_new();
    archive_entry_set_pathname(entry, name);
    archive_entry_set_size(entry, (la_int64_t)bytes->length);
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    archive_entry_set_mtime(entry, time / 1000 < USTAR_TIME_MOST ? time / 1000 : USTAR_TIME_MOST, 0);
    bool good = archive_write_header(archive, entry) == ARCHIVE_OK &&
                archive_write_data(archive, buffer_text(bytes), bytes->length) == (la_ssize_t)bytes->length;
    archive_entry_free(entry);
    if (!good)
        return error_set(error, ERROR_INTERNAL, "capsule: %s: %s", name, archive_error_string(archive));
    capsule_note_sum(sums, name, bytes);
    return true;
}

#define write_kept capsule_write_kept
#define write_applications capsule_write_applications
static const struct {
    const char *name;
    size_t most;
    int version;
    void (*write)(const struct capsule *, struct json_writer *);
} parts[] = {
#define PART(file, bytes, what, since) {file, (size_t)(bytes), since, write_##what},
    CAPSULE_PARTS(PART)
#undef PART
};

static bool add_parts(struct archive *archive, const struct capsule *capsule, struct error *error)
{
    struct buffer bytes = BUFFER_INIT, sums = BUFFER_INIT;
    struct json_writer writer;
    write_manifest(capsule, &bytes);
    bool good = add_file(archive, CAPSULE_MANIFEST, &bytes, capsule->taken_at, &sums, error);
    for (size_t i = 0; good && i < ARRAY_COUNT(parts); i++) {
        if (parts[i].version > capsule_version(capsule))
            continue;
        buffer_clear(&bytes);
        json_start(&writer, &bytes);
        parts[i].write(capsule, &writer);
        good = bytes.length <= parts[i].most
                   ? add_file(archive, parts[i].name, &bytes, capsule->taken_at, &sums, error)
                   : error_set(error, ERROR_FULL, "capsule: %s would have %zu bytes; at most %zu go in: ask for less with --around",
                               parts[i].name, bytes.length, parts[i].most);
    }
    struct buffer rest = BUFFER_INIT;
    good = good && add_file(archive, CAPSULE_SUMS, &sums, capsule->taken_at, &rest, error);
    buffer_release(&bytes);
    buffer_release(&sums);
    buffer_release(&rest);
    return good;
}

bool capsule_write(const struct capsule *capsule, struct buffer *out, struct error *error)
{
    struct archive *archive = archive_write_new();
    bool good = archive_write_set_format_ustar(archive) == ARCHIVE_OK &&
                archive_write_add_filter_zstd(archive) == ARCHIVE_OK &&
                archive_write_set_bytes_in_last_block(archive, 1) == ARCHIVE_OK &&
                archive_write_open(archive, out, NULL, take_bytes, NULL) == ARCHIVE_OK;
    if (!good)
        error_set(error, ERROR_INTERNAL, "capsule: %s", archive_error_string(archive));
    good = good && add_parts(archive, capsule, error);
    if (good && archive_write_close(archive) != ARCHIVE_OK)
        good = error_set(error, ERROR_INTERNAL, "capsule: %s", archive_error_string(archive));
    archive_write_free(archive);
    if (good && out->length > CAPSULE_FILE_MOST)
        good = error_set(error, ERROR_FULL, "capsule: it would have %zu bytes, more than %zu: ask for less with --around",
                         out->length, CAPSULE_FILE_MOST);
    return good;
}
