/* Servers to JSON and back. The host's members are gone through by their tables (model/host_members.h), so that what is
 * written is what is read. */
#include "wire/servers.h"

#include <math.h>
#include <string.h>

#include "model/alert.h"
#include "model/host_members.h"

/* ---- the row ---- */

#define ROW(X)                                                                                                     \
    X(TEXT, id, "id") X(TEXT, name, "name") X(TEXT, address, "address") X(TEXT, place, "place")                    \
    X(TEXT, system, "system") X(TEXT, source, "source") X(TEXT, evidence, "evidence") X(INSTANT, since, "since")   \
    X(INSTANT, taken, "taken") X(NUMBER, uptime, "uptime_s") X(COUNT, cores, "cores") X(NUMBER, cpu, "cpu")        \
    X(NUMBER, iowait, "iowait") X(NUMBER, load1, "load1") X(NUMBER, memory, "memory")                              \
    X(NUMBER, memory_total, "memory_total") X(NUMBER, swap, "swap") X(NUMBER, disk, "disk")                        \
    X(TEXT, disk_mount, "disk_mount") X(NUMBER, in_rate, "in_rate") X(NUMBER, out_rate, "out_rate")                \
    X(NUMBER, speed, "speed") X(COUNT, sessions, "sessions") X(COUNT, logins, "logins")                            \
    X(COUNT, failed_units, "failed_units") X(COUNT, unexpected, "unexpected") X(COUNT, alerts, "alerts")

#define WRITE_TEXT(member, name) json_write_text(writer, name, row->member);
#define WRITE_NUMBER(member, name) json_write_number(writer, name, row->member);
#define WRITE_COUNT(member, name) json_write_integer(writer, name, row->member);
#define WRITE_PID(member, name) json_write_integer(writer, name, row->member);
#define WRITE_FLAG(member, name) json_write_bool(writer, name, row->member);
#define WRITE_INSTANT(member, name) json_write_instant(writer, name, row->member);
#define WRITE_SPAN(member, name) json_write_integer(writer, name, row->member);
#define WRITE_LETTER(member, name) json_write_text_n(writer, name, &row->member, row->member != '\0');
#define WRITE_PROTOCOL(member, name) json_write_text(writer, name, row->member == HOST_UDP ? "udp" : "tcp");
#define WRITE(kind, member, name) WRITE_##kind(member, name)

static void write_server(struct json_writer *writer, const char *key, const struct wire_server *row)
{
    json_write_object(writer, key);
    ROW(WRITE)
    json_write_text(writer, "health", health_name(row->health));
    json_write_text(writer, "reason", health_reason_name(row->reason));
    json_write_text(writer, "worst", row->worst >= 0 ? severity_name((enum severity)row->worst) : "");
    json_write_texts(writer, "applications", row->applications, row->application_count);
    json_write_object_end(writer);
}

void wire_write_server(struct json_writer *writer, const struct wire_server *server)
{
    write_server(writer, NULL, server);
}

/* ---- the page ---- */

#define WRITE_MEMBER(kind, member) WRITE_##kind(member, #member)
#define X(one, many)                                                                      \
    static void write_##many(struct json_writer *writer, const struct host *host)         \
    {                                                                                     \
        if (!(host->lists & 1u << HOST_##many))                                           \
            return; /* absent: not known; empty: none */                                  \
        json_write_array(writer, #many);                                                  \
        for (unsigned i = 0; i < host->one##_count; i++) {                                \
            const struct host_##one *row = &host->many[i];                                \
            json_write_object(writer, NULL);                                              \
            HOST_##one##_MEMBERS(WRITE_MEMBER)                                            \
            json_write_object_end(writer);                                                \
        }                                                                                 \
        json_write_array_end(writer);                                                     \
    }
HOST_LISTS(X)
#undef X

static void write_figures(struct json_writer *writer, const struct host *row)
{
    HOST_FIGURES(WRITE_MEMBER)
}

static void write_host(struct json_writer *writer, const struct host *host)
{
    if (!host)
        return;
    json_write_object(writer, "host");
    write_figures(writer, host);
#define X(one, many) write_##many(writer, host);
    HOST_LISTS(X)
#undef X
    json_write_object_end(writer);
}

void wire_write_server_page(struct buffer *out, const struct wire_server_page *page)
{
    struct json_writer writer;
    json_start(&writer, out);
    json_write_object(&writer, NULL);
    write_server(&writer, "server", &page->server);
    write_host(&writer, page->host);
    json_write_array(&writer, "deviations");
    for (unsigned i = 0; i < page->deviation_count; i++) {
        const struct wire_deviation *deviation = &page->deviations[i];
        json_write_object(&writer, NULL);
        json_write_text(&writer, "kind", deviation->kind);
        json_write_text(&writer, "point", deviation->point);
        json_write_text(&writer, "evidence", deviation->evidence);
        json_write_instant(&writer, "since", deviation->since);
        json_write_object_end(&writer);
    }
    json_write_array_end(&writer);
    json_write_texts(&writer, "logs", page->logs, page->log_count);
    json_write_bool(&writer, "may_restart", page->may_restart);
    json_write_bool(&writer, "shell", page->shell);
    json_write_bool(&writer, "attended", page->attended);
    json_write_integer(&writer, "revision", (int64_t)page->page.revision);
    json_write_instant(&writer, "as_of", page->page.as_of);
    json_write_bool(&writer, "past", page->page.past);
    json_write_object_end(&writer);
}

/* ---- what running brings ---- */

void wire_write_log_line(struct json_writer *writer, const struct wire_log_line *line)
{
    json_write_object(writer, NULL);
    json_write_instant(writer, "time", line->time);
    json_write_text(writer, "severity", line->severity >= 0 ? severity_name((enum severity)line->severity) : NULL);
    json_write_text(writer, "unit", line->unit);
    json_write_text(writer, "text", line->text);
    json_write_object_end(writer);
}

void wire_write_run_result(struct json_writer *writer, const struct wire_run_result *result)
{
    json_write_object(writer, NULL);
    json_write_text(writer, "unit", result->unit);
    json_write_integer(writer, "exit_code", result->exit_code);
    json_write_text(writer, "output", result->output);
    json_write_integer(writer, "took_ms", result->took);
    json_write_text(writer, "state", result->state);
    json_write_text(writer, "sub", result->sub);
    json_write_object_end(writer);
}
