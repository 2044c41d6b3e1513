/* JSON to servers: member by member, what is absent or of the wrong type is neutral (NAN, 0, "", never). */
#include "wire/servers.h"

#include <limits.h>
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "model/alert.h"
#include "model/host_members.h"
#include "wire/read.h"

static int read_pid(struct json_object *object, const char *key)
{
    int64_t number = json_get_integer(object, key, 0);
    return number < 0 || number > INT_MAX ? 0 : (int)number;
}

static int read_severity(struct json_object *object, const char *key)
{
    enum severity severity;
    return severity_parse(json_get_text(object, key, ""), &severity) ? (int)severity : -1;
}

static bool read_server(struct json_object *object, struct arena *arena, struct wire_server *server)
{
    *server = (struct wire_server){
        .id = read_text(object, "id", arena), .name = read_text(object, "name", arena),
        .address = read_text(object, "address", arena), .place = read_text(object, "place", arena),
        .system = read_text(object, "system", arena), .source = read_text(object, "source", arena),
        .evidence = read_prose(object, "evidence", arena), .disk_mount = read_text(object, "disk_mount", arena),
        .since = json_get_instant(object, "since"), .taken = json_get_instant(object, "taken"),
        .uptime = json_get_number(object, "uptime_s", NAN), .cpu = json_get_number(object, "cpu", NAN),
        .iowait = json_get_number(object, "iowait", NAN), .load1 = json_get_number(object, "load1", NAN),
        .memory = json_get_number(object, "memory", NAN),
        .memory_total = json_get_number(object, "memory_total", NAN), .swap = json_get_number(object, "swap", NAN),
        .disk = json_get_number(object, "disk", NAN), .in_rate = json_get_number(object, "in_rate", NAN),
        .out_rate = json_get_number(object, "out_rate", NAN), .speed = json_get_number(object, "speed", NAN),
        .cores = read_count(object, "cores"), .sessions = read_count(object, "sessions"),
        .logins = read_count(object, "logins"), .failed_units = read_count(object, "failed_units"),
        .unexpected = read_count(object, "unexpected"), .alerts = read_count(object, "alerts"),
        .worst = read_severity(object, "worst"), .health = HEALTH_UNKNOWN,
    };
    health_parse(json_get_text(object, "health", ""), &server->health);
    health_reason_parse(json_get_text(object, "reason", ""), &server->reason);
    server->applications = read_texts(object, "applications", arena, &server->application_count);
    return *server->id != '\0';
}

#define READ_TEXT(member) row->member = read_text(object, #member, arena);
#define READ_NUMBER(member) row->member = json_get_number(object, #member, NAN);
#define READ_COUNT(member) row->member = read_count(object, #member);
#define READ_PID(member) row->member = read_pid(object, #member);
#define READ_FLAG(member) row->member = json_get_bool(object, #member, false);
#define READ_INSTANT(member) row->member = json_get_instant(object, #member);
#define READ_SPAN(member) row->member = json_get_integer(object, #member, 0);
#define READ_LETTER(member) row->member = json_get_text(object, #member, "")[0];
#define READ_PROTOCOL(member) row->member = strcmp(json_get_text(object, #member, ""), "udp") == 0 ? HOST_UDP : HOST_TCP;
#define READ(kind, member) READ_##kind(member)
#define X(one, many)                                                                            \
    static void read_##many(struct json_object *from, struct arena *arena, struct host *host)   \
    {                                                                                           \
        struct json_object *array;                                                              \
        host->one##_count = read_array(from, #many, &array);                                    \
        host->many = arena_alloc(arena, host->one##_count * sizeof *host->many);                \
        host->lists |= array ? 1u << HOST_##many : 0;                                           \
        for (unsigned i = 0; i < host->one##_count; i++) {                                      \
            struct json_object *object = json_object_array_get_idx(array, i);                   \
            struct host_##one *row = &host->many[i];                                            \
            HOST_##one##_MEMBERS(READ)                                                          \
        }                                                                                       \
    }
HOST_LISTS(X)
#undef X

static struct host *read_host(struct json_object *object, struct arena *arena)
{
    if (!object || !json_object_is_type(object, json_type_object))
        return NULL;
    struct host *row = arena_alloc(arena, sizeof *row);
    HOST_FIGURES(READ)
#define X(one, many) read_##many(object, arena, row);
    HOST_LISTS(X)
#undef X
    return row;
}

bool wire_read_servers(const char *bytes, size_t length, struct arena *arena, struct wire_page *page,
                       struct wire_server **items, unsigned *count, struct error *error)
{
    struct json_object *array, *object = read_list(bytes, length, &array, error);
    if (!object)
        return false;
    unsigned rows = (unsigned)json_object_array_length(array);
    read_page(object, page);
    *items = arena_alloc(arena, rows * sizeof **items);
    *count = 0;
    for (unsigned i = 0; i < rows; i++)
        *count += read_server(json_object_array_get_idx(array, i), arena, &(*items)[*count]);
    json_object_put(object);
    return true;
}

static void read_deviations(struct json_object *object, struct arena *arena, struct wire_server_page *page)
{
    struct json_object *array;
    page->deviation_count = read_array(object, "deviations", &array);
    page->deviations = arena_alloc(arena, page->deviation_count * sizeof *page->deviations);
    for (unsigned i = 0; i < page->deviation_count; i++) {
        struct json_object *row = json_object_array_get_idx(array, i);
        page->deviations[i] = (struct wire_deviation){
            .kind = read_text(row, "kind", arena), .point = read_text(row, "point", arena),
            .evidence = read_prose(row, "evidence", arena), .since = json_get_instant(row, "since")};
    }
}

bool wire_read_server_page(const char *bytes, size_t length, struct arena *arena, struct wire_server_page *page,
                           struct error *error)
{
    struct json_object *object = read_object(bytes, length, error);
    if (!object)
        return false;
    *page = (struct wire_server_page){.page = {.total = 1, .population = 1}};
    if (!read_server(json_get(object, "server"), arena, &page->server)) {
        json_object_put(object);
        return error_set(error, ERROR_INVALID, "expected a `server` with an `id`");
    }
    page->page.revision = (uint64_t)json_get_integer(object, "revision", 0);
    page->page.as_of = json_get_instant(object, "as_of");
    page->page.past = json_get_bool(object, "past", false);
    page->host = read_host(json_get(object, "host"), arena);
    page->logs = read_texts(object, "logs", arena, &page->log_count);
    page->may_restart = json_get_bool(object, "may_restart", false);
    page->shell = json_get_bool(object, "shell", false);
    page->attended = json_get_bool(object, "attended", false);
    read_deviations(object, arena, page);
    json_object_put(object);
    return true;
}

bool wire_read_log_line(const char *bytes, size_t length, struct arena *arena, struct wire_log_line *line,
                        struct error *error)
{
    struct json_object *object = read_object(bytes, length, error);
    if (!object)
        return false;
    *line = (struct wire_log_line){.time = json_get_instant(object, "time"), .severity = read_severity(object, "severity"),
                                   .unit = read_text(object, "unit", arena), .text = read_text(object, "text", arena)};
    json_object_put(object);
    return true;
}

bool wire_read_run_result(const char *bytes, size_t length, struct arena *arena, struct wire_run_result *result,
                          struct error *error)
{
    struct json_object *object = read_object(bytes, length, error);
    if (!object)
        return false;
    int64_t code = json_get_integer(object, "exit_code", -1);
    *result = (struct wire_run_result){
        .unit = read_text(object, "unit", arena), .output = read_text(object, "output", arena),
        .state = read_text(object, "state", arena), .sub = read_text(object, "sub", arena),
        .exit_code = code < INT_MIN || code > INT_MAX ? -1 : (int)code, .took = json_get_integer(object, "took_ms", 0)};
    json_object_put(object);
    return true;
}
