#include "wire/security.h"

#include "wire/members.h"

#define ROW(X)                                                                                                         \
    X(TEXT, name, "name") X(TEXT, level, "level") X(TEXT, layer, "layer") X(TEXT, measure, "measure")                  \
    X(TEXT, title, "title") X(TEXT, title_zh, "title_zh") X(TEXT, lacks, "lacks") X(TEXT, lacks_zh, "lacks_zh")        \
    X(TEXT, requirement, "requirement") X(TEXT, state, "state") X(TEXT, worst, "worst") X(TEXT, alerts, "alerts")      \
    X(TEXT, assets, "assets") X(TEXT, audit, "audit") X(TEXT, top_id, "top_id") X(PROSE, top_name, "top_name")         \
    X(TEXT, top_where, "top_where") X(COUNT, controls, "controls") X(COUNT, total, "total")                            \
    X(COUNT, watched, "watched") X(COUNT, silent, "silent") X(COUNT, now, "now") X(COUNT, hidden, "hidden")            \
    X(COUNT, day, "day") X(COUNT, week, "week") X(COUNT, month, "month") X(INSTANT, since, "since")                    \
    X(INSTANT, last, "last")
#define ITEM(X)                                                                                                        \
    X(TEXT, kind, "kind") X(TEXT, name, "name") X(PROSE, detail, "detail") X(FLAG, good, "good") X(TEXT, view, "view") \
    X(TEXT, id, "id") X(INSTANT, time, "time")
#define SPANS(X)                                                                                                       \
    X(INSTANT, day_since, "day_since") X(INSTANT, week_since, "week_since") X(INSTANT, month_since, "month_since")
#define SITE(X) SPANS(X) X(FLAG, counted, "counted") X(FLAG, require_tls, "require_tls") X(COUNT, waiting, "waiting")

BOTH_ROWS(rows, wire_security, ROW)
BOTH_ROWS(items, wire_security_item, ITEM)

void wire_write_security_site(struct buffer *out, const struct wire_security_site *row)
{
    struct json_writer writer_, *writer = &writer_;
    json_start(writer, out);
    json_write_object(writer, NULL);
    json_write_integer(writer, "total", row->count);
    SITE(MEMBER_WRITE)
    write_rows(writer, "items", row->rows, row->count);
    write_moment(writer, "revision", &row->page);
    json_write_object_end(writer);
}

bool wire_read_security_site(const char *bytes, size_t length, struct arena *arena, struct wire_security_site *row, struct error *error)
{
    struct flat *object = read_object(bytes, length, error);
    if (!object)
        return false;
    *row = (struct wire_security_site){0};
    SITE(MEMBER_READ)
    row->rows = read_rows(object, "items", arena, &row->count);
    read_moment(object, "revision", &row->page);
    flat_free(&object);
    return true;
}

void wire_write_security_page(struct buffer *out, const struct wire_security_page *row)
{
    struct json_writer writer_, *writer = &writer_;
    json_start(writer, out);
    json_write_object(writer, NULL);
    write_rows(writer, "row", &row->row, 1);
    write_items(writer, "items", row->items, row->count);
    json_write_integer(writer, "left_out", row->left_out);
    SPANS(MEMBER_WRITE)
    write_moment(writer, "revision", &row->page);
    json_write_object_end(writer);
}

bool wire_read_security_page(const char *bytes, size_t length, struct arena *arena, struct wire_security_page *row, struct error *error)
{
    struct flat *object = read_object(bytes, length, error);
    unsigned count;
    if (!object)
        return false;
    *row = (struct wire_security_page){0};
    struct wire_security *rows = read_rows(object, "row", arena, &count);
    if (count)
        row->row = rows[0];
    row->items = read_items(object, "items", arena, &row->count);
    row->left_out = read_count(object, "left_out");
    SPANS(MEMBER_READ)
    read_moment(object, "revision", &row->page);
    flat_free(&object);
    return count == 1 || error_set(error, ERROR_INVALID, "the answer has no row");
}
