/* JSON to servers: member by member, what is absent or of the wrong type is neutral (NAN, 0, "", never). */
#include "wire/servers.h"

#include <limits.h>
#include <string.h>

#include "base/memory.h"
#include "model/alert.h"
#include "model/host_members.h"
#include "wire/members.h"
#include "wire/servers_tables.h"

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

/* An exit code: -1 where it is none. */
static int read_code(struct flat *object, const char *key)
{
    int64_t code = flat_integer(object, key, -1);
    return code < INT_MIN || code > INT_MAX ? -1 : (int)code;
}

static bool read_server(struct flat *object, struct arena *arena, struct wire_server *row)
{
    SERVER(MEMBER_READ)
    row->worst = read_severity(object, "worst");
    row->applications = read_texts(object, "applications", arena, &row->application_count);
    return *row->id != '\0';
}

#define READ_PID(member, key) row->member = read_pid(object, key);
#define READ_LETTER(member, key) row->member = flat_text(object, key, "")[0];
#define READ_PROTOCOL(member, key) row->member = strcmp(flat_text(object, key, ""), "udp") == 0 ? HOST_UDP : HOST_TCP;
#define READ(kind, member) READ_##kind(member, #member)
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

/* What a host does not tell, and why, is prose among its facts. */
static void say_missing(struct host *host, struct arena *arena)
{
    char said[256];
    for (unsigned i = 0; i < host->fact_count; i++)
        if (strncmp(host->facts[i].name, "missing:", strlen("missing:")) == 0)
            host->facts[i].value = arena_text(arena, phrase_said(said, sizeof said, host->facts[i].value));
}

static struct host *read_host(struct flat *object, struct arena *arena)
{
    if (!object || flat_type(object) != FLAT_OBJECT)
        return NULL;
    struct host *row = arena_alloc(arena, sizeof *row);
    HOST_FIGURES(READ)
#define X(one, many) read_##many(object, arena, row);
    HOST_LISTS(X)
#undef X
    say_missing(row, arena);
    return row;
}

bool wire_read_kept(const char *bytes, size_t length, struct arena *arena, struct wire_kept *kept, struct error *error)
{
    struct flat *object = read_object(bytes, length, error);
    if (!object)
        return false;
    *kept = (struct wire_kept){read_text(object, "asset", arena), flat_instant(object, "time"), read_host(object, arena)};
    flat_free(&object);
    return true;
}

READ_LIST(servers, wire_server, read_server)
READ_ROWS(deviations, wire_deviation, DEVIATION)
READ_ROWS(endpoints, wire_endpoint, ENDPOINT)

bool wire_read_server_page(const char *bytes, size_t length, struct arena *arena, struct wire_server_page *page,
                           struct error *error)
{
    struct flat *object = read_object(bytes, length, error);
    if (!object)
        return false;
    *page = (struct wire_server_page){0};
    read_moment(object, "revision", &page->page);
    if (!read_server(flat_get(object, "server"), arena, &page->server)) {
        flat_free(&object);
        return error_set(error, ERROR_INVALID, "expected a `server` with an `id`");
    }
    page->host = read_host(flat_get(object, "host"), arena);
    page->logs = read_texts(object, "logs", arena, &page->log_count);
    page->may_restart = flat_bool(object, "may_restart", false);
    page->shell = flat_bool(object, "shell", false);
    page->attended = flat_bool(object, "attended", false);
    page->endpoints = read_endpoints(object, "endpoints", arena, &page->endpoint_count);
    page->deviations = read_deviations(object, "deviations", arena, &page->deviation_count);
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

bool wire_read_run_result(const char *bytes, size_t length, struct arena *arena, struct wire_run_result *row,
                          struct error *error)
{
    struct flat *object = read_object(bytes, length, error);
    if (!object)
        return false;
    RUN_RESULT(MEMBER_READ)
    flat_free(&object);
    return true;
}

bool wire_read_network(const char *bytes, size_t length, struct wire_network *network, struct error *error)
{
    struct flat *object = read_object(bytes, length, error);
    if (!object)
        return false;
    *network = (struct wire_network){
        .links = read_count(object, "links"), .up = read_count(object, "up"), .hosts = read_count(object, "hosts"),
        .unexpected = read_count(object, "unexpected_ports"), .outbound = read_count(object, "outbound"),
        .rate = flat_number(object, "rate", NAN)};
    flat_free(&object);
    return true;
}
