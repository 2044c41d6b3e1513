/* Servers to JSON and back. The host's members are gone through by their tables (model/host_members.h), so that what is
 * written is what is read. */
#include "wire/servers.h"

#include <string.h>

#include "model/alert.h"
#include "model/host_members.h"
#include "wire/members.h"
#include "wire/servers_tables.h"

/* ---- the row ---- */

static void write_server(struct json_writer *writer, const char *key, const struct wire_server *row)
{
    json_write_object(writer, key);
    SERVER(MEMBER_WRITE)
    json_write_text(writer, "worst", row->worst >= 0 ? severity_name((enum severity)row->worst) : "");
    json_write_texts(writer, "applications", row->applications, row->application_count);
    json_write_object_end(writer);
}

void wire_write_server(struct json_writer *writer, const struct wire_server *server)
{
    write_server(writer, NULL, server);
}

/* ---- the page ---- */

#define WRITE_PID(member, key) json_write_integer(writer, key, row->member);
#define WRITE_LETTER(member, key) json_write_text_n(writer, key, &row->member, row->member != '\0');
#define WRITE_PROTOCOL(member, key) json_write_text(writer, key, row->member == HOST_UDP ? "udp" : "tcp");
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

void wire_write_kept(struct json_writer *writer, const struct wire_kept *kept)
{
    json_write_object(writer, NULL);
    json_write_text(writer, "asset", kept->asset);
    json_write_instant(writer, "time", kept->time);
#define X(one, many) write_##many(writer, kept->host);
    HOST_LISTS(X)
#undef X
    json_write_object_end(writer);
}

WRITE_ROWS(deviations, wire_deviation, DEVIATION)
WRITE_ROWS(endpoints, wire_endpoint, ENDPOINT)

void wire_write_server_page(struct buffer *out, const struct wire_server_page *page)
{
    struct json_writer writer;
    json_start(&writer, out);
    json_write_object(&writer, NULL);
    write_server(&writer, "server", &page->server);
    write_host(&writer, page->host);
    write_deviations(&writer, "deviations", page->deviations, page->deviation_count);
    write_endpoints(&writer, "endpoints", page->endpoints, page->endpoint_count);
    json_write_texts(&writer, "logs", page->logs, page->log_count);
    json_write_bool(&writer, "may_restart", page->may_restart);
    json_write_bool(&writer, "shell", page->shell);
    json_write_bool(&writer, "attended", page->attended);
    write_moment(&writer, "revision", &page->page);
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

void wire_write_run_result(struct json_writer *writer, const struct wire_run_result *row)
{
    json_write_object(writer, NULL);
    RUN_RESULT(MEMBER_WRITE)
    json_write_object_end(writer);
}
