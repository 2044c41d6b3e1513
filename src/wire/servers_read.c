/* JSON to servers: member by member, what is absent or of the wrong type is neutral (NAN, 0, "", never). */
#include "wire/servers.h"

#include <limits.h>
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "model/alert.h"
#include "model/host_members.h"
#include "wire/read.h"

static int read_pid(struct flat *object, const char *key)
{
    int64_t number = flat_integer(object, key, 0);
    return number < 0 || number > INT_MAX ? 0 : (int)number;
}

static int read_severity(struct flat *object, const char *key)
{
    enum severity severity;
    return severity_parse(flat_text(object, key, ""), &severity) ? (int)severity : -1;
}

static bool read_server(struct flat *object, struct arena *arena, struct wire_server *server)
{
    *server = (struct wire_server){
        .id = read_text(object, "id", arena), .name = read_text(object, "name", arena),
        .address = read_text(object, "address", arena), .place = read_text(object, "place", arena),
        .system = read_text(object, "system", arena), .source = read_text(object, "source", arena),
        .evidence = read_prose(object, "evidence", arena), .disk_mount = read_text(object, "disk_mount", arena),
        .since = flat_instant(object, "since"), .taken = flat_instant(object, "taken"),
        .uptime = flat_number(object, "uptime_s", NAN), .cpu = flat_number(object, "cpu", NAN),
        .iowait = flat_number(object, "iowait", NAN), .load1 = flat_number(object, "load1", NAN),
        .memory = flat_number(object, "memory", NAN),
        .memory_total = flat_number(object, "memory_total", NAN), .swap = flat_number(object, "swap", NAN),
        .disk = flat_number(object, "disk", NAN), .in_rate = flat_number(object, "in_rate", NAN),
        .out_rate = flat_number(object, "out_rate", NAN), .speed = flat_number(object, "speed", NAN),
        .cores = read_count(object, "cores"), .sessions = read_count(object, "sessions"),
        .logins = read_count(object, "logins"), .failed_units = read_count(object, "failed_units"),
        .unexpected = read_count(object, "unexpected"), .alerts = read_count(object, "alerts"),
        .worst = read_severity(object, "worst"), .health = HEALTH_UNKNOWN,
    };
    health_parse(flat_text(object, "health", ""), &server->health);
    health_reason_parse(flat_text(object, "reason", ""), &server->reason);
    server->applications = read_texts(object, "applications", arena, &server->application_count);
    return *server->id != '\0';
}

#define READ_TEXT(member) row->member = read_text(object, #member, arena);
#define READ_NUMBER(member) row->member = flat_number(object, #member, NAN);
#define READ_COUNT(member) row->member = read_count(object, #member);
#define READ_PID(member) row->member = read_pid(object, #member);
#define READ_FLAG(member) row->member = flat_bool(object, #member, false);
#define READ_INSTANT(member) row->member = flat_instant(object, #member);
#define READ_SPAN(member) row->member = flat_integer(object, #member, 0);
#define READ_LETTER(member) row->member = flat_text(object, #member, "")[0];
#define READ_PROTOCOL(member) row->member = strcmp(flat_text(object, #member, ""), "udp") == 0 ? HOST_UDP : HOST_TCP;
#define READ(kind, member) READ_##kind(member)
#define X(one, many)                                                                            \
    static void read_##many(struct flat *from, struct arena *arena, struct host *host)   \
    {                                                                                           \
        struct flat *array;                                                              \
        host->one##_count = read_array(from, #many, &array);                                    \
        host->many = arena_alloc(arena, host->one##_count * sizeof *host->many);                \
        host->lists |= array ? 1u << HOST_##many : 0;                                           \
        for (unsigned i = 0; i < host->one##_count; i++) {                                      \
            struct flat *object = flat_at(array, i);                   \
            struct host_##one *row = &host->many[i];                                            \
            HOST_##one##_MEMBERS(READ)                                                          \
        }                                                                                       \
    }
HOST_LISTS(X)
#undef X

static struct host *read_host(struct flat *object, struct arena *arena)
{
    if (!object || flat_type(object) != FLAT_OBJECT)
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
    struct flat *array, *object = read_list(bytes, length, &array, error);
    if (!object)
        return false;
    unsigned rows = flat_count(array);
    read_page(object, page);
    *items = arena_alloc(arena, rows * sizeof **items);
    *count = 0;
    for (unsigned i = 0; i < rows; i++)
        *count += read_server(flat_at(array, i), arena, &(*items)[*count]);
    flat_free(&object);
    return true;
}

static void read_deviations(struct flat *object, struct arena *arena, struct wire_server_page *page)
{
    struct flat *array;
    page->deviation_count = read_array(object, "deviations", &array);
    page->deviations = arena_alloc(arena, page->deviation_count * sizeof *page->deviations);
    for (unsigned i = 0; i < page->deviation_count; i++) {
        struct flat *row = flat_at(array, i);
        page->deviations[i] = (struct wire_deviation){
            .kind = read_text(row, "kind", arena), .point = read_text(row, "point", arena),
            .evidence = read_prose(row, "evidence", arena), .since = flat_instant(row, "since")};
    }
}

bool wire_read_server_page(const char *bytes, size_t length, struct arena *arena, struct wire_server_page *page,
                           struct error *error)
{
    struct flat *object = read_object(bytes, length, error);
    if (!object)
        return false;
    *page = (struct wire_server_page){.page = {.total = 1, .population = 1}};
    if (!read_server(flat_get(object, "server"), arena, &page->server)) {
        flat_free(&object);
        return error_set(error, ERROR_INVALID, "expected a `server` with an `id`");
    }
    page->page.revision = (uint64_t)flat_integer(object, "revision", 0);
    page->page.as_of = flat_instant(object, "as_of");
    page->page.past = flat_bool(object, "past", false);
    page->host = read_host(flat_get(object, "host"), arena);
    page->logs = read_texts(object, "logs", arena, &page->log_count);
    page->may_restart = flat_bool(object, "may_restart", false);
    page->shell = flat_bool(object, "shell", false);
    page->attended = flat_bool(object, "attended", false);
    read_deviations(object, arena, page);
    flat_free(&object);
    return true;
}

bool wire_read_log_line(const char *bytes, size_t length, struct arena *arena, struct wire_log_line *line,
                        struct error *error)
{
    struct flat *object = read_object(bytes, length, error);
    if (!object)
        return false;
    *line = (struct wire_log_line){.time = flat_instant(object, "time"), .severity = read_severity(object, "severity"),
                                   .unit = read_text(object, "unit", arena), .text = read_text(object, "text", arena)};
    flat_free(&object);
    return true;
}

bool wire_read_run_result(const char *bytes, size_t length, struct arena *arena, struct wire_run_result *result,
                          struct error *error)
{
    struct flat *object = read_object(bytes, length, error);
    if (!object)
        return false;
    int64_t code = flat_integer(object, "exit_code", -1);
    *result = (struct wire_run_result){
        .unit = read_text(object, "unit", arena), .output = read_text(object, "output", arena),
        .state = read_text(object, "state", arena), .sub = read_text(object, "sub", arena),
        .exit_code = code < INT_MIN || code > INT_MAX ? -1 : (int)code, .took = flat_integer(object, "took_ms", 0)};
    flat_free(&object);
    return true;
}
