/* Applications between JSON and structs, both ways. */
#include "wire/applications.h"

#include <math.h>
#include <string.h>

#include "wire/read.h"

/* Members that need no thought, in the order in which they are written. */
#define APPLICATION(TEXT, PROSE, INSTANT, COUNT, NUMBER)                                                           \
    TEXT(subsystem, "subsystem") TEXT(contract, "contract") TEXT(requirement, "requirement")                       \
    INSTANT(since, "since") NUMBER(uptime, "uptime_s") NUMBER(availability, "availability")                        \
    NUMBER(availability_30d, "availability_30d") COUNT(checks, "checks") COUNT(failing, "failing")                 \
    COUNT(waiting, "waiting") NUMBER(latency, "latency_ms") NUMBER(users, "users") PROSE(hurts, "hurts")           \
    PROSE(recovery, "recovery")

#define NODE(TEXT, PROSE, INSTANT, COUNT, FLAG)                                                                    \
    TEXT(id, "id") TEXT(name, "name") TEXT(kind, "kind") COUNT(depth, "depth") TEXT(verdict, "verdict")            \
    PROSE(evidence, "evidence") TEXT(asset, "asset") TEXT(unit, "unit") TEXT(unit_on, "unit_on")                    \
    INSTANT(since, "since") INSTANT(checked, "checked") FLAG(cause, "cause") FLAG(may_restart, "may_restart")

/* ---- writing ---- */

#define TEXT(member, key) json_write_text(writer, key, row->member ? row->member : "");
#define INSTANT(member, key) json_write_instant(writer, key, row->member);
#define COUNT(member, key) json_write_integer(writer, key, row->member);
#define NUMBER(member, key) json_write_number(writer, key, row->member);
#define FLAG(member, key) json_write_bool(writer, key, row->member);

static void write_members(struct json_writer *writer, const struct wire_application *row)
{
    json_write_text(writer, "id", row->id);
    json_write_text(writer, "name", row->name);
    json_write_text(writer, "health", health_name(row->health));
    APPLICATION(TEXT, TEXT, INSTANT, COUNT, NUMBER)
    json_write_texts(writer, "servers", row->servers, row->server_count);
}

static void write_node(struct json_writer *writer, const struct wire_node *row)
{
    json_write_object(writer, NULL);
    NODE(TEXT, TEXT, INSTANT, COUNT, FLAG)
    json_write_texts(writer, "needs", row->needs, row->need_count);
    json_write_array(writer, "figures");
    for (unsigned i = 0; i < row->figure_count; i++) {
        json_write_object(writer, NULL);
        json_write_text(writer, "name", row->figures[i].name);
        json_write_number(writer, "value", row->figures[i].value);
        json_write_text(writer, "unit", row->figures[i].unit);
        json_write_object_end(writer);
    }
    json_write_array_end(writer);
    json_write_object_end(writer);
}

#undef TEXT
#undef INSTANT
#undef COUNT
#undef NUMBER
#undef FLAG

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
    json_write_array(&writer, "recoveries");
    for (unsigned i = 0; i < page->recovery_count; i++) {
        const struct wire_recovery *recovery = &page->recoveries[i];
        json_write_object(&writer, NULL);
        json_write_instant(&writer, "time", recovery->time);
        json_write_text(&writer, "node", recovery->node);
        json_write_text(&writer, "asset", recovery->asset);
        json_write_text(&writer, "unit", recovery->unit);
        json_write_text(&writer, "result", recovery->result);
        json_write_object_end(&writer);
    }
    json_write_array_end(&writer);
    json_write_integer(&writer, "revision", (int64_t)page->page.revision);
    json_write_instant(&writer, "as_of", page->page.as_of);
    json_write_bool(&writer, "past", page->page.past);
    json_write_object_end(&writer);
}

/* ---- reading ---- */

#define TEXT(member, key) row->member = read_text(object, key, arena);
#define PROSE(member, key) row->member = read_prose(object, key, arena);
#define INSTANT(member, key) row->member = flat_instant(object, key);
#define COUNT(member, key) row->member = read_count(object, key);
#define NUMBER(member, key) row->member = flat_number(object, key, NAN);
#define FLAG(member, key) row->member = flat_bool(object, key, false);

static bool read_application(struct flat *object, struct arena *arena, struct wire_application *row)
{
    *row = (struct wire_application){.id = read_text(object, "id", arena), .name = read_text(object, "name", arena)};
    if (!health_parse(flat_text(object, "health", ""), &row->health))
        row->health = HEALTH_UNKNOWN;
    APPLICATION(TEXT, PROSE, INSTANT, COUNT, NUMBER)
    row->servers = read_texts(object, "servers", arena, &row->server_count);
    return row->id[0] != '\0';
}

static void read_node(struct flat *object, struct arena *arena, struct wire_node *row)
{
    struct flat *figures;
    NODE(TEXT, PROSE, INSTANT, COUNT, FLAG)
    row->needs = read_texts(object, "needs", arena, &row->need_count);
    row->figure_count = read_array(object, "figures", &figures);
    row->figures = arena_alloc(arena, row->figure_count * sizeof *row->figures);
    for (unsigned i = 0; i < row->figure_count; i++) {
        struct flat *figure = flat_at(figures, i);
        row->figures[i] = (struct wire_figure){read_text(figure, "name", arena), read_text(figure, "unit", arena),
                                               flat_number(figure, "value", NAN)};
    }
}

static void read_recovery(struct flat *object, struct arena *arena, struct wire_recovery *row)
{
    INSTANT(time, "time")
    TEXT(node, "node") TEXT(asset, "asset") TEXT(unit, "unit") PROSE(result, "result")
}

bool wire_read_applications(const char *bytes, size_t length, struct arena *arena, struct wire_page *page,
                            struct wire_application **items, unsigned *count, struct error *error)
{
    struct flat *array, *object = read_list(bytes, length, &array, error);
    if (!object)
        return false;
    unsigned all = flat_count(array);
    read_page(object, page);
    *items = arena_alloc(arena, all * sizeof **items);
    *count = 0;
    for (unsigned i = 0; i < all; i++)
        *count += read_application(flat_at(array, i), arena, &(*items)[*count]);
    flat_free(&object);
    return true;
}

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
    page->recovery_count = read_array(object, "recoveries", &array);
    page->recoveries = arena_alloc(arena, page->recovery_count * sizeof *page->recoveries);
    for (unsigned i = 0; i < page->recovery_count; i++)
        read_recovery(flat_at(array, i), arena, &page->recoveries[i]);
    flat_free(&object);
    return good || error_set(error, ERROR_INVALID, "expected an application");
}
