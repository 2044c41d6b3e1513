/* Who did what, newest first. */
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "term/locale.h"
#include "view/parts.h"
#include "view/view.h"
#include "widget/table.h"
#include "window/layout.h"

enum { COLUMN_TIME, COLUMN_ACTOR, COLUMN_VERB, COLUMN_TARGET, COLUMN_DETAIL, COLUMNS };

struct audit {
    struct table *table;
    struct arena *arena;
    struct wire_audit *rows;
    unsigned count;
    bool have;
    msec now;
    char row_id[32], time[INSTANT_TEXT], problem[384], verdict[200];
    bool verify;
};

static void fill(void *owner, size_t index, struct table_row *row)
{
    struct audit *audit = owner;
    const struct wire_audit *entry = &audit->rows[index];
    snprintf(audit->row_id, sizeof audit->row_id, "%lld", (long long)entry->sequence);
    instant_format_short(audit->time, entry->time, audit->now);
    row->id = audit->row_id;
    row->cells[COLUMN_TIME] = (struct table_cell){audit->time, ROLE_DIM};
    row->cells[COLUMN_ACTOR] = (struct table_cell){entry->actor, ROLE_TEXT};
    row->cells[COLUMN_VERB] = (struct table_cell){entry->verb, ROLE_TEXT};
    row->cells[COLUMN_TARGET] = (struct table_cell){entry->target, ROLE_TEXT};
    row->cells[COLUMN_DETAIL] = (struct table_cell){entry->detail, ROLE_DIM};
}

static bool audit_open(struct view *view, const char *argument, struct error *error)
{
    struct audit *audit = view->state;
    const struct table_column columns[COLUMNS] = {
        [COLUMN_TIME] = {.name = "time", .title = _("time"), .minimum = 11, .maximum = 16},
        [COLUMN_ACTOR] = {.name = "actor", .title = _("who"), .minimum = 8, .maximum = 20, .strong = true},
        [COLUMN_VERB] = {.name = "verb", .title = _("did"), .minimum = 8, .maximum = 18},
        [COLUMN_TARGET] = {.name = "target", .title = _("to"), .minimum = 8, .maximum = 24},
        [COLUMN_DETAIL] = {.name = "detail", .title = _("detail"), .minimum = 10, .weight = 1, .drop = 1},
    };
    if (*argument && strcmp(argument, "verify") != 0)
        return error_set(error, ERROR_INVALID, "%s", _("audit takes nothing, or `verify`"));
    audit->verify = *argument != '\0';
    audit->table = table_new(columns, COLUMNS);
    return true;
}

static void audit_close(struct view *view)
{
    struct audit *audit = view->state;
    table_free(&audit->table);
    arena_free(&audit->arena);
}

static void wants(struct view *view, struct view_wants *out)
{
    struct audit *audit = view->state;
    view_want(out, 0, "ledger", 1000, "/audit?limit=500");
    if (audit->verify)
        view_want(out, 1, "", 0, "/audit/verify");
}

static void read_verdict(struct audit *audit, const struct client_answer *answer)
{
    struct json_object *verdict = json_parse(answer->body, answer->length, 8, NULL);
    if (!verdict)
        return;
    long long rows = (long long)json_get_integer(verdict, "rows", 0),
              broken = (long long)json_get_integer(verdict, "broken_at", -1);
    if (json_get_bool(verdict, "whole", broken < 0))
        snprintf(audit->verdict, sizeof audit->verdict, _("the chain of %lld entries is whole"), rows);
    else
        snprintf(audit->verdict, sizeof audit->verdict, _("the chain is BROKEN at entry %lld of %lld"), broken, rows);
    json_object_put(verdict);
}

static bool receive(struct view *view, unsigned slot, const struct client_answer *answer, struct error *error)
{
    struct audit *audit = view->state;
    if (answer->error) {
        *error = *answer->error;
        snprintf(audit->problem, sizeof audit->problem, "%s", error->text);
        return false;
    }
    if (slot == 1) {
        read_verdict(audit, answer);
        return true;
    }
    struct arena *arena = arena_new(), *old = audit->arena;
    struct wire_page page;
    struct wire_audit *rows = NULL;
    unsigned count = 0;
    if (!wire_read_audit(answer->body, answer->length, arena, &page, &rows, &count, error)) {
        arena_free(&arena);
        return false;
    }
    audit->arena = arena;
    audit->rows = rows;
    audit->count = count;
    audit->have = true;
    table_refreshed(audit->table,
                    &(struct table_source){.owner = audit, .total = count, .count = count, .row = fill});
    arena_free(&old);
    return true;
}

static void draw(struct view *view, struct surface *surface, struct rect area)
{
    struct audit *audit = view->state;
    struct rect rest = area;
    if (rect_is_empty(area))
        return;
    audit->now = clock_wall();
    struct rect head = rect_cut_top(&rest, 1);
    int used = surface_printf(surface, head.row, head.column + 1, head.columns - 2, ROLE_HEADING,
                              _("%u last entries"), audit->count);
    surface_text(surface, head.row, head.column + used + 3, head.columns - used - 4,
                 strstr(audit->verdict, "BROKEN") ? ROLE_CRITICAL : ROLE_OK, audit->verdict);
    table_set_empty(audit->table,
                    audit->have         ? _("nobody did anything yet")
                    : audit->problem[0] ? audit->problem
                                        : _("loading ..."),
                    "");
    table_draw(audit->table, surface, rest);
}

static enum reaction key(struct view *view, const struct key_event *key)
{
    struct audit *audit = view->state;
    return table_key(audit->table, key) == TABLE_IGNORED ? REACT_IGNORED : REACT_HANDLED | REACT_DRAW;
}

static enum reaction command(struct view *view, const char *name, const char *argument, struct error *error)
{
    struct key_event motion;
    (void)argument, (void)error;
    return motion_key(name, &motion) ? key(view, &motion) : REACT_IGNORED;
}

static void crumbs(struct view *view, struct buffer *out)
{
    (void)view;
    buffer_append_text(out, _("audit"));
}

static void hints(struct view *view, struct buffer *out)
{
    (void)view;
    buffer_printf(out, ":audit verify %s", _("check the chain"));
}

static void plain(struct view *view, struct buffer *out)
{
    struct audit *audit = view->state;
    char time[INSTANT_TEXT];
    for (unsigned i = 0; i < audit->count; i++)
        buffer_printf(out, "%s  %s  %s  %s  %s\n", instant_format(time, audit->rows[i].time),
                      audit->rows[i].actor, audit->rows[i].verb, audit->rows[i].target,
                      audit->rows[i].detail);
}

const struct view_ops audit_view = {
    .name = "audit",
    .title = N_("Audit"),
    .argument = "[verify]",
    .help = N_("who did what; verify checks the chain of hashes"),
    .size = sizeof(struct audit),
    .open = audit_open,
    .close = audit_close,
    .wants = wants,
    .receive = receive,
    .draw = draw,
    .key = key,
    .command = command,
    .crumbs = crumbs,
    .hints = hints,
    .plain = plain,
};
