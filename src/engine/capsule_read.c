/* A file to a capsule. The file may be anything: every name, size, number and text is judged before it is used, and the
 * first thing that is wrong ends the reading with one line about it. */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "engine/capsule_format.h"

#define SPAN_MOST (36500 * SPAN_DAY)
#define NUMBER_LEAST INT64_C(197001010000000)
#define NUMBER_MOST INT64_C(999912319999999)
#define READING_MOST ((msec)253402300799999) /* the end of the year 9999 */

bool reading_wrong(struct reading_in *in, const char *what)
{
    return error_set(in->error, ERROR_CORRUPT, "%s, line %u: %s", in->part, in->line, what);
}

/* ---- members, judged ---- */

static const char *take_text(struct reading_in *in, struct json_object *object, const char *key)
{
    const char *text = json_get_text(object, key, "");
    if (!*text)
        return "";
    buffer_clear(&in->scratch);
    text_clean(&in->scratch, text, strlen(text));
    return arena_text(in->capsule->arena, buffer_text(&in->scratch));
}

void reading_clean(struct reading_in *in, const char **text)
{
    buffer_clear(&in->scratch);
    if (!text_clean(&in->scratch, *text, strlen(*text)))
        *text = arena_text(in->capsule->arena, buffer_text(&in->scratch));
}

static int64_t within(int64_t number, int64_t low, int64_t high)
{
    return number < low ? low : number > high ? high : number;
}

static int compare_places(const void *left, const void *right)
{
    return strcmp(((const struct place *)left)->id, ((const struct place *)right)->id);
}

const struct place *reading_place(const struct reading_in *in, const char *asset)
{
    struct place wanted = {asset, 0};
    return in->capsule->assets_count
        ? bsearch(&wanted, in->places, in->capsule->assets_count, sizeof *in->places, compare_places) : NULL;
}

static bool take_asset(struct reading_in *in, struct json_object *object, uint32_t *place)
{
    const struct place *found = reading_place(in, json_get_text(object, "asset", ""));
    *place = found ? found->place : UINT32_MAX;
    return found || reading_wrong(in, "names an asset that the capsule does not have");
}

/* ---- one line of each part ---- */

static bool line_assets(struct reading_in *in, struct json_object *object)
{
    struct capsule *capsule = in->capsule;
    if (capsule->assets_count >= CAPSULE_ASSETS_MOST)
        return reading_wrong(in, "more assets than a capsule holds");
    struct asset asset = {.discovered = json_get_bool(object, "discovered", false),
                          .revision = within(json_get_integer(object, "revision", 1), 0, INT32_MAX)};
    for (int field = 0; field < ASSET_FIELD_COUNT; field++)
        asset.field[field] = take_text(in, object, asset_field_name((enum asset_field)field));
    asset.attributes = take_text(in, object, "attributes");
    if (*asset.attributes) {
        struct json_object *attributes = json_parse(asset.attributes, strlen(asset.attributes), 4, NULL);
        bool good = json_object_is_type(attributes, json_type_object);
        json_object_put(attributes);
        if (!good)
            return reading_wrong(in, "attributes that are no JSON object");
    }
    struct error why;
    if (!asset_id_valid(asset.field[ASSET_id], &why))
        return reading_wrong(in, why.text);
    ARRAY_RESERVE(capsule->assets, capsule->assets_capacity, capsule->assets_count + 1);
    capsule->assets[capsule->assets_count++] = asset;
    return true;
}

static bool index_assets(struct reading_in *in)
{
    struct capsule *capsule = in->capsule;
    in->places = memory_new_array(capsule->assets_count + 1, sizeof *in->places);
    for (size_t i = 0; i < capsule->assets_count; i++)
        in->places[i] = (struct place){capsule->assets[i].field[ASSET_id], (uint32_t)i};
    qsort(in->places, capsule->assets_count, sizeof *in->places, compare_places);
    for (size_t i = 1; i < capsule->assets_count; i++)
        if (strcmp(in->places[i - 1].id, in->places[i].id) == 0)
            return reading_wrong(in, "one asset twice");
    return true;
}

static bool line_units(struct reading_in *in, struct json_object *object)
{
    struct capsule *capsule = in->capsule;
    json_object_object_foreach(object, name, unit)
    {
        if (capsule->units_count >= CAPSULE_ROWS_MOST || !json_object_is_type(unit, json_type_string))
            return reading_wrong(in, "units that are none");
        ARRAY_RESERVE(capsule->units, capsule->units_capacity, capsule->units_count + 1);
        struct capsule_unit row = {arena_text(capsule->arena, name), arena_text(capsule->arena, json_object_get_string(unit))};
        reading_clean(in, &row.metric);
        reading_clean(in, &row.unit);
        capsule->units[capsule->units_count++] = row;
    }
    return true;
}

static bool line_states(struct reading_in *in, struct json_object *object)
{
    struct capsule *capsule = in->capsule;
    struct store_state state = {.from = json_get_instant(object, "from")};
    const char *link = json_get_text(object, "link", ""), *comm = json_get_text(object, "comm", "");
    if (capsule->states_count >= CAPSULE_STATES_MOST)
        return reading_wrong(in, "more states than a capsule holds");
    if (!take_asset(in, object, &state.asset))
        return false;
    if (state.from == CLOCK_NEVER || state.from < 0 || !health_parse(json_get_text(object, "health", ""), &state.health) ||
        !health_reason_parse(json_get_text(object, "reason", ""), &state.reason))
        return reading_wrong(in, "no state of an asset");
    for (int each = LINK_UNKNOWN; each <= LINK_DOWN; each++)
        if (strcmp(link, link_state_name((enum link_state)each)) == 0)
            state.link = (enum link_state)each;
    for (int each = COMM_UNKNOWN; each <= COMM_SILENT; each++)
        if (strcmp(comm, comm_state_name((enum comm_state)each)) == 0)
            state.comm = (enum comm_state)each;
    ARRAY_RESERVE(capsule->states, capsule->states_capacity, capsule->states_count + 1);
    capsule->states[capsule->states_count++] = state;
    return true;
}

static bool line_readings(struct reading_in *in, struct json_object *object)
{
    struct capsule *capsule = in->capsule;
    uint32_t asset;
    struct json_object *rows = json_get(object, "rows");
    const char *metric = take_text(in, object, "metric");
    if (!take_asset(in, object, &asset))
        return false;
    size_t count = json_object_is_type(rows, json_type_array) ? json_object_array_length(rows) : 1;
    if (count % 2 || !*metric || strlen(metric) > ASSET_ID_MAX)
        return reading_wrong(in, "no readings of a metric");
    if (capsule->readings + count / 2 > CAPSULE_READINGS_MOST || capsule->series_count > 64 * CAPSULE_ASSETS_MOST)
        return reading_wrong(in, "more readings than a capsule holds");
    bool same = capsule->series_count && capsule->series[capsule->series_count - 1].asset == asset &&
                strcmp(capsule->series[capsule->series_count - 1].metric, metric) == 0;
    struct capsule_series *series = same ? &capsule->series[capsule->series_count - 1] : NULL;
    if (!series) { /* a series that comes in two places is two: the store joins them */
        ARRAY_RESERVE(capsule->series, capsule->series_capacity, capsule->series_count + 1);
        series = &capsule->series[capsule->series_count++];
        *series = (struct capsule_series){.asset = asset, .metric = metric};
    }
    for (size_t i = 0; i < count; i += 2) {
        struct json_object *time = json_object_array_get_idx(rows, i), *value = json_object_array_get_idx(rows, i + 1);
        msec at = json_object_get_int64(time);
        double number = json_object_get_double(value);
        bool is_number = json_object_is_type(value, json_type_double) || json_object_is_type(value, json_type_int);
        if (!json_object_is_type(time, json_type_int) || !is_number || at < 0 || at > READING_MOST || !isfinite(number))
            return reading_wrong(in, "a reading without its time or value");
        capsule_series_add(capsule, series, at, number);
    }
    return true;
}

/* The desk's own note of an alert's timers: numbers, each never or no longer than a life. */
static bool policy_valid(const char *text)
{
    while (*text) {
        char *end;
        errno = 0;
        long long number = strtoll(text, &end, 10);
        if (end == text || errno || (number != CLOCK_NEVER && (number < 0 || number > SPAN_MOST)) || (*end && *end != ' '))
            return false;
        text = end + (*end == ' ');
    }
    return true;
}

static bool line_alerts(struct reading_in *in, struct json_object *object)
{
    struct capsule *capsule = in->capsule;
    struct store_alert alert = {.number = json_get_integer(object, "number", 0), .asset = -1};
    if (capsule->alerts_count >= CAPSULE_ALERTS_MOST)
        return reading_wrong(in, "more alerts than a capsule holds");
    if (alert.number < NUMBER_LEAST || alert.number > NUMBER_MOST ||
        (capsule->alerts_count && alert.number <= capsule->alerts[capsule->alerts_count - 1].number))
        return reading_wrong(in, "no number of an alert, or not in order");
    if (*json_get_text(object, "asset", "")) {
        uint32_t place;
        if (!take_asset(in, object, &place))
            return false;
        alert.asset = place;
    }
#define X(member) alert.member = json_get_instant(object, #member);
    CAPSULE_ALERT_INSTANTS(X)
#undef X
#define X(member) alert.member = within(json_get_integer(object, #member, 0), 0, INT32_MAX);
    CAPSULE_ALERT_COUNTS(X)
#undef X
#define X(member) alert.member = json_get_integer(object, #member, 0);
    CAPSULE_ALERT_LONGS(X)
#undef X
#define X(member) alert.member = within(json_get_integer(object, #member, 0), 0, SPAN_MOST);
    CAPSULE_ALERT_SPANS(X)
#undef X
    alert.value = json_get_number(object, "value", (double)NAN);
    alert.threshold = json_get_number(object, "threshold", (double)NAN);
#define X(member) alert.member = take_text(in, object, #member);
    STORE_ALERT_TEXTS(X)
#undef X
    if (!policy_valid(alert.policy))
        return reading_wrong(in, "timers of an alert that are none");
    alert.cause = within(alert.cause, 0, NUMBER_MOST);
    alert.previous = within(alert.previous, 0, NUMBER_MOST);
    ARRAY_RESERVE(capsule->alerts, capsule->alerts_capacity, capsule->alerts_count + 1);
    capsule->alerts[capsule->alerts_count++] = alert;
    return true;
}

static bool line_events(struct reading_in *in, struct json_object *object)
{
    struct capsule *capsule = in->capsule;
    struct store_alert_event event = {.alert = json_get_integer(object, "number", 0), .time = json_get_instant(object, "time"),
                                      .actor = take_text(in, object, "actor"), .verb = take_text(in, object, "verb"),
                                      .text = take_text(in, object, "text"),
                                      .state = within(json_get_integer(object, "state", 0), 0, INT32_MAX)};
    if (capsule->events_count >= CAPSULE_EVENTS_MOST)
        return reading_wrong(in, "more events than a capsule holds");
    if (event.time == CLOCK_NEVER || event.alert < NUMBER_LEAST || event.alert > NUMBER_MOST)
        return reading_wrong(in, "no event of an alert");
    ARRAY_RESERVE(capsule->events, capsule->events_capacity, capsule->events_count + 1);
    capsule->events[capsule->events_count++] = event;
    return true;
}

static bool line_runbooks(struct reading_in *in, struct json_object *object)
{
    struct capsule *capsule = in->capsule;
    const char *text = json_get_text(object, "text", "");
    struct buffer lines = BUFFER_INIT;
    if (capsule->runbooks_count >= CAPSULE_ROWS_MOST)
        return reading_wrong(in, "more runbooks than a capsule holds");
    for (size_t length; *text; text += length + (text[length] == '\n')) { /* its lines stay lines */
        length = strcspn(text, "\n");
        text_clean(&lines, text, length);
        buffer_append_char(&lines, '\n');
    }
    ARRAY_RESERVE(capsule->runbooks, capsule->runbooks_capacity, capsule->runbooks_count + 1);
    capsule->runbooks[capsule->runbooks_count++] =
        (struct capsule_runbook){take_text(in, object, "name"), take_text(in, object, "language"),
                                 arena_text(capsule->arena, buffer_text(&lines)), json_get_bool(object, "shipped", false)};
    buffer_release(&lines);
    return true;
}

/* ---- the wire's lists ---- */

#define C(member) reading_clean(in, &row->member);
static void judge_rules(struct reading_in *in, struct wire_rule *row)
{
    C(name) C(type) C(select) C(when) C(clear) C(runbook) C(contract) C(requirement) C(problem)
    row->hold = within(row->hold, 0, SPAN_MOST);
}
static void judge_notifications(struct reading_in *in, struct wire_notification *row)
{
    C(id) C(channel) C(to) C(alert) C(what) C(state) C(detail)
}
static void judge_silences(struct reading_in *in, struct wire_silence *row)
{
    C(id) C(filter) C(why) C(by)
}
static void judge_downtimes(struct reading_in *in, struct wire_downtime *row)
{
    C(id) C(filter) C(kind) C(schedule) C(why) C(by)
    row->duration = within(row->duration, 0, SPAN_MOST);
}
static void judge_audit(struct reading_in *in, struct wire_audit *row)
{
    C(actor) C(verb) C(target) C(detail) C(hash)
}
#undef C

#define READ_LIST(name, type)                                                                                   \
    static bool part_##name(struct reading_in *in, const struct buffer *bytes)                                  \
    {                                                                                                           \
        struct capsule *capsule = in->capsule;                                                                  \
        struct wire_page page;                                                                                  \
        struct type *rows;                                                                                      \
        unsigned count;                                                                                         \
        struct error why;                                                                                       \
        in->line = 1;                                                                                           \
        if (!wire_read_##name(buffer_text(bytes), bytes->length, capsule->arena, &page, &rows, &count, &why))   \
            return reading_wrong(in, why.text);                                                                         \
        if (count > CAPSULE_ROWS_MOST)                                                                          \
            return reading_wrong(in, "more rows than a capsule holds");                                                 \
        ARRAY_RESERVE(capsule->name, capsule->name##_capacity, (size_t)count + 1);                              \
        for (unsigned i = 0; i < count; i++) {                                                                  \
            judge_##name(in, &rows[i]);                                                                         \
            capsule->name[capsule->name##_count++] = rows[i];                                                   \
        }                                                                                                       \
        return true;                                                                                            \
    }
READ_LIST(rules, wire_rule)
READ_LIST(notifications, wire_notification)
READ_LIST(silences, wire_silence)
READ_LIST(downtimes, wire_downtime)
READ_LIST(audit, wire_audit)

static bool part_lines(struct reading_in *in, const struct buffer *bytes,
                       bool (*take)(struct reading_in *in, struct json_object *object))
{
    const char *at = buffer_text(bytes), *end = at + bytes->length;
    bool good = true;
    for (in->line = 1; good && at < end; in->line++) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        size_t length = (size_t)((newline ? newline : end) - at);
        struct error why;
        if (length > CAPSULE_LINE_MOST)
            return reading_wrong(in, "longer than a line is");
        struct json_object *object = json_parse(at, length, 6, &why);
        good = json_object_is_type(object, json_type_object) ? take(in, object) : reading_wrong(in, object ? "no JSON object" : why.text);
        json_object_put(object);
        at += length + 1;
    }
    return good;
}

#define READ_LINES(name, after)                                                          \
    static bool part_##name(struct reading_in *in, const struct buffer *bytes)           \
    {                                                                                    \
        return part_lines(in, bytes, line_##name) && (after);                            \
    }
READ_LINES(assets, index_assets(in))
READ_LINES(units, true)
READ_LINES(states, true)
READ_LINES(readings, true)
READ_LINES(alerts, true)
READ_LINES(events, true)
READ_LINES(runbooks, true)

/* ---- the manifest ---- */

/* It becomes the environment's TZ, which could name files. */
static bool timezone_valid(const char *name)
{
    size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+-/");
    return !name[length] && length < 64 && name[0] != '/' && !strstr(name, "//");
}

static bool read_manifest(struct reading_in *in, const struct buffer *bytes)
{
    struct capsule *capsule = in->capsule;
    struct error why;
    in->line = 1;
    struct json_object *object = json_parse(buffer_text(bytes), bytes->length, 4, &why);
    if (!json_object_is_type(object, json_type_object) || strcmp(json_get_text(object, "format", ""), CAPSULE_FORMAT) != 0) {
        json_object_put(object);
        return error_set(in->error, ERROR_INVALID, "is no incident capsule");
    }
    int64_t version = json_get_integer(object, "version", 0);
    if (version < 1 || version > CAPSULE_VERSION) {
        json_object_put(object);
        return error_set(in->error, ERROR_TOO_NEW, "is an incident capsule of version %lld; this program reads version %d",
                         (long long)version, CAPSULE_VERSION);
    }
    in->version = (int)version;
    capsule->made_by = take_text(in, object, "made_by");
    capsule->incident = take_text(in, object, "incident");
    capsule->site = take_text(in, object, "site");
    capsule->timezone = take_text(in, object, "timezone");
    capsule->language = take_text(in, object, "language");
    capsule->taken_by = take_text(in, object, "taken_by");
    capsule->left_out = take_text(in, object, "left_out");
    capsule->taken_at = json_get_instant(object, "taken_at");
    capsule->moment = json_get_instant(object, "moment");
    capsule->from = json_get_instant(object, "from");
    capsule->to = json_get_instant(object, "to");
    capsule->fleet = within(json_get_integer(object, "fleet", 0), 0, INT32_MAX);
    json_object_put(object);
    if (capsule->taken_at == CLOCK_NEVER || capsule->taken_at < 0 || capsule->moment == CLOCK_NEVER || capsule->moment < 0 ||
        capsule->from == CLOCK_NEVER || capsule->to == CLOCK_NEVER || capsule->moment > capsule->taken_at)
        return reading_wrong(in, "does not say when it was taken, and of when it is");
    if (!timezone_valid(capsule->timezone))
        return reading_wrong(in, "no name of a time zone");
    return *capsule->incident || reading_wrong(in, "does not say of which incident it is");
}

/* ---- the archive ---- */

#define part_kept capsule_part_kept
#define part_applications capsule_part_applications
static const struct {
    const char *name;
    size_t most;
    int version;
    bool (*read)(struct reading_in *, const struct buffer *);
} parts[] = {
    {CAPSULE_MANIFEST, 64 << 10, 0, read_manifest},
#define PART(file, bytes, what, since) {file, (size_t)(bytes), since, part_##what},
    CAPSULE_PARTS(PART)
#undef PART
    {CAPSULE_SUMS, 64 << 10, 0, NULL},
};

static bool damaged(struct reading_in *in, struct archive *archive)
{
    const char *why = archive_error_string(archive);
    return error_set(in->error, ERROR_CORRUPT, N_("is damaged: %s"), why ? why : N_("it ends too early"));
}

static bool not_one(struct reading_in *in)
{
    return error_set(in->error, ERROR_INVALID, in->compressed ? "is damaged, or no incident capsule" : "is no incident capsule");
}

static bool next_file(struct reading_in *in, struct archive *archive, size_t place, struct buffer *bytes)
{
    struct archive_entry *entry;
    char piece[32768];
    int status = archive_read_next_header(archive, &entry);
    const char *name = status == ARCHIVE_OK ? archive_entry_pathname(entry) : NULL;
    if (status != ARCHIVE_OK && status != ARCHIVE_EOF && !place)
        return not_one(in);
    if (status != ARCHIVE_OK)
        return damaged(in, archive);
    if (!name || strcmp(name, parts[place].name) != 0 || archive_entry_filetype(entry) != AE_IFREG)
        return !place ? error_set(in->error, ERROR_INVALID, "is no incident capsule")
                      : error_set(in->error, ERROR_CORRUPT, "is damaged: %s is not where it should be", parts[place].name);
    buffer_clear(bytes);
    for (;;) {
        la_ssize_t length = archive_read_data(archive, piece, sizeof piece);
        if (length < 0)
            return damaged(in, archive);
        if (length == 0)
            return true;
        if (bytes->length + (size_t)length > parts[place].most)
            return error_set(in->error, ERROR_FULL, "%s is larger than a capsule's may be", parts[place].name);
        buffer_append(bytes, piece, (size_t)length);
    }
}

static bool read_parts(struct reading_in *in, struct archive *archive)
{
    struct buffer bytes = BUFFER_INIT, sums = BUFFER_INIT;
    struct archive_entry *entry;
    bool good = true;
    for (size_t i = 0; good && i < ARRAY_COUNT(parts); i++) {
        if (parts[i].version > in->version)
            continue;
        in->part = parts[i].name;
        good = next_file(in, archive, i, &bytes);
        if (good && parts[i].read) {
            capsule_note_sum(&sums, parts[i].name, &bytes);
            good = parts[i].read(in, &bytes);
        }
    }
    if (good && (sums.length != bytes.length || memcmp(sums.data, bytes.data, sums.length) != 0))
        good = error_set(in->error, ERROR_CORRUPT, "is damaged: its checksums do not fit");
    if (good && archive_read_next_header(archive, &entry) != ARCHIVE_EOF)
        good = error_set(in->error, ERROR_CORRUPT, "is damaged: more than a capsule has");
    buffer_release(&bytes);
    buffer_release(&sums);
    return good;
}

struct capsule *capsule_read(const char *bytes, size_t length, struct error *error)
{
    struct error ignored;
    struct reading_in in = {.part = "", .error = error ? error : &ignored};
    if (length > CAPSULE_FILE_MOST) {
        error_set(in.error, ERROR_FULL, "is larger than a capsule (%zu MiB)", CAPSULE_FILE_MOST >> 20);
        return NULL;
    }
    in.capsule = capsule_new();
    in.compressed = length >= 4 && memcmp(bytes, "\x28\xb5\x2f\xfd", 4) == 0; /* RFC 8878 */
    struct archive *archive = archive_read_new();
    bool good = archive_read_support_filter_zstd(archive) == ARCHIVE_OK && archive_read_support_format_tar(archive) == ARCHIVE_OK;
    if (!good)
        error_set(in.error, ERROR_INTERNAL, "capsule: %s", archive_error_string(archive));
    else if (archive_read_open_memory(archive, bytes, length) != ARCHIVE_OK)
        good = not_one(&in);
    good = good && read_parts(&in, archive);
    archive_read_free(archive);
    buffer_release(&in.scratch);
    free(in.places);
    if (!good)
        capsule_free(&in.capsule);
    return in.capsule;
}

struct capsule *capsule_read_file(const char *path, struct error *error)
{
    struct buffer bytes = BUFFER_INIT;
    struct capsule *capsule = NULL;
    struct stat status;
    char piece[65536];
    ssize_t length = -1;
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (file < 0 || fstat(file, &status) != 0)
        error_set(error, ERROR_NOT_FOUND, "%s", strerror(errno));
    else if (!S_ISREG(status.st_mode))
        error_set(error, ERROR_INVALID, "is no file");
    else {
        while (bytes.length <= CAPSULE_FILE_MOST && (length = read(file, piece, sizeof piece)) > 0)
            buffer_append(&bytes, piece, (size_t)length);
        if (length < 0)
            error_set(error, ERROR_UNAVAILABLE, "%s", strerror(errno));
        else
            capsule = capsule_read(buffer_text(&bytes), bytes.length, error);
    }
    if (file >= 0)
        close(file);
    buffer_release(&bytes);
    if (!capsule)
        error_prefix(error, "%s", path);
    return capsule;
}
