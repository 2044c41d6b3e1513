/* Applications between JSON and structs, both ways. */
#include "wire/applications.h"

#include <string.h>

#include "wire/members.h"

/* Members that need no thought, in the order in which they are written. */
#define APPLICATION(X)                                                                                             \
    X(TEXT, subsystem, "subsystem") X(TEXT, contract, "contract") X(TEXT, requirement, "requirement")              \
    X(INSTANT, since, "since") X(NUMBER, uptime, "uptime_s") X(NUMBER, availability, "availability")               \
    X(NUMBER, availability_30d, "availability_30d") X(COUNT, checks, "checks") X(COUNT, failing, "failing")        \
    X(COUNT, waiting, "waiting") X(NUMBER, latency, "latency_ms") X(NUMBER, users, "users")                        \
    X(NUMBER, in_rate, "in_rate") X(NUMBER, out_rate, "out_rate")                                                  \
    X(PROSE, hurts, "hurts") X(PROSE, recovery, "recovery")
#define NODE(X)                                                                                                    \
    X(TEXT, id, "id") X(TEXT, name, "name") X(TEXT, kind, "kind") X(COUNT, depth, "depth")                         \
    X(TEXT, verdict, "verdict") X(PROSE, evidence, "evidence") X(TEXT, asset, "asset") X(TEXT, unit, "unit")       \
    X(TEXT, unit_on, "unit_on") X(INSTANT, since, "since") X(INSTANT, checked, "checked") X(FLAG, cause, "cause")  \
    X(FLAG, may_restart, "may_restart")
#define FIGURE(X) X(TEXT, name, "name") X(NUMBER, value, "value") X(TEXT, unit, "unit")
#define RECOVERY(X)                                                                                                \
    X(INSTANT, time, "time") X(TEXT, node, "node") X(TEXT, asset, "asset") X(TEXT, unit, "unit")                   \
    X(PROSE, result, "result")

BOTH_ROWS(figures, wire_figure, FIGURE)
BOTH_ROWS(recoveries, wire_recovery, RECOVERY)

/* ---- writing ---- */

static void write_members(struct json_writer *writer, const struct wire_application *row)
{
    json_write_text(writer, "id", row->id);
    json_write_text(writer, "name", row->name);
    json_write_text(writer, "health", health_name(row->health));
    APPLICATION(MEMBER_WRITE)
    json_write_texts(writer, "servers", row->servers, row->server_count);
}

static void write_node(struct json_writer *writer, const struct wire_node *row)
{
    json_write_object(writer, NULL);
    NODE(MEMBER_WRITE)
    json_write_texts(writer, "needs", row->needs, row->need_count);
    write_figures(writer, "figures", row->figures, row->figure_count);
    json_write_object_end(writer);
}

void wire_write_application(struct json_writer *writer, const struct wire_application *application)
{
    json_write_object(writer, NULL);
    write_members(writer, application);
    json_write_object_end(writer);
}

void wire_write_application_page(struct buffer *out, const struct wire_application_page *page)
{
    struct json_writer writer;
    json_start(&writer, out);
    json_write_object(&writer, NULL);
    write_members(&writer, &page->application);
    json_write_array(&writer, "nodes");
    for (unsigned i = 0; i < page->node_count; i++)
        write_node(&writer, &page->nodes[i]);
    json_write_array_end(&writer);
    write_recoveries(&writer, "recoveries", page->recoveries, page->recovery_count);
    write_moment(&writer, "revision", &page->page);
    json_write_object_end(&writer);
}

/* ---- reading ---- */

static bool read_application(struct flat *object, struct arena *arena, struct wire_application *row)
{
    *row = (struct wire_application){.id = read_text(object, "id", arena), .name = read_text(object, "name", arena),
                                     .health = read_health(object, "health")};
    APPLICATION(MEMBER_READ)
    row->servers = read_texts(object, "servers", arena, &row->server_count);
    return row->id[0] != '\0';
}

static void read_node(struct flat *object, struct arena *arena, struct wire_node *row)
{
    NODE(MEMBER_READ)
    row->needs = read_texts(object, "needs", arena, &row->need_count);
    row->figures = read_figures(object, "figures", arena, &row->figure_count);
}

READ_LIST(applications, wire_application, read_application)

bool wire_read_application_page(const char *bytes, size_t length, struct arena *arena, struct wire_application_page *page,
                                struct error *error)
{
    struct flat *array, *object = read_object(bytes, length, error);
    if (!object)
        return false;
    memset(page, 0, sizeof *page);
    read_page(object, &page->page);
    bool good = read_application(object, arena, &page->application);
    page->node_count = read_array(object, "nodes", &array);
    page->nodes = arena_alloc(arena, page->node_count * sizeof *page->nodes);
    for (unsigned i = 0; i < page->node_count; i++)
        read_node(flat_at(array, i), arena, &page->nodes[i]);
    page->recoveries = read_recoveries(object, "recoveries", arena, &page->recovery_count);
    flat_free(&object);
    return good || error_set(error, ERROR_INVALID, "expected an application");
}
