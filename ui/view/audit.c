/* Who did what, newest first. */
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "term/locale.h"
#include "view/list.h"
#include "view/parts.h"
#include "window/layout.h"

enum { COLUMN_TIME, COLUMN_ACTOR, COLUMN_VERB, COLUMN_TARGET, COLUMN_DETAIL, COLUMNS };

enum { SLOT_VERDICT = LIST_SLOTS };

struct audit {
    struct list list;
    char row_id[32], time[INSTANT_TEXT], verdict[200];
    bool verify, broken;
};

static const struct list_column columns[COLUMNS] = {
    [COLUMN_TIME] = {{.name = "time", .title = N_("time"), .minimum = 11, .maximum = 16}},
    [COLUMN_ACTOR] = {{.name = "actor", .title = N_("who"), .minimum = 8, .maximum = 20, .strong = true}},
    [COLUMN_VERB] = {{.name = "verb", .title = N_("did"), .minimum = 8, .maximum = 18}},
    [COLUMN_TARGET] = {{.name = "target", .title = N_("target"), .minimum = 8, .maximum = 24}},
    [COLUMN_DETAIL] = {{.name = "detail", .title = N_("detail"), .minimum = 10, .weight = 1, .drop = 1}},
};

static const struct wire_audit *entry_at(const struct audit *audit, size_t i)
{
    return (const struct wire_audit *)audit->list.rows + i;
}

static void fill(struct view *view, size_t at, struct table_row *row)
{
    struct audit *audit = view->state;
    const struct wire_audit *entry = entry_at(audit, at);
    snprintf(audit->row_id, sizeof audit->row_id, "%lld", (long long)entry->sequence);
    instant_format_short(audit->time, entry->time, audit->list.now);
    row->id = audit->row_id;
    row->cells[COLUMN_TIME] = (struct table_cell){audit->time, ROLE_DIM};
    row->cells[COLUMN_ACTOR] = (struct table_cell){entry->actor, ROLE_TEXT};
    row->cells[COLUMN_VERB] = (struct table_cell){entry->verb, ROLE_TEXT};
    row->cells[COLUMN_TARGET] = (struct table_cell){entry->target, ROLE_TEXT};
    row->cells[COLUMN_DETAIL] = (struct table_cell){entry->detail, ROLE_DIM};
}

LIST_READ(read_rows, wire_audit, wire_read_audit)

static const struct list_kind kind = {
    .most = "500",
    .empty = N_("nobody did anything yet"),
    .no_more = N_("nothing else is wrong"),
    .read = read_rows,
    .row = fill,
};

static bool audit_open(struct view *view, const char *argument, struct error *error)
{
    struct audit *audit = view->state;
    if (*argument && strcmp(argument, "verify") != 0)
        return error_set(error, ERROR_INVALID, "%s", _("audit takes nothing, or `verify`"));
    audit->verify = *argument != '\0';
    return list_init(view, &kind, columns, COLUMNS, "", error);
}

static void wants(struct view *view, struct view_wants *out)
{
    struct audit *audit = view->state;
    list_want(view, out, &(struct list_want){.base = "/audit", .refresh = "ledger", .every = 1000});
    if (audit->verify)
        view_want(out, SLOT_VERDICT, "", 0, "/audit/verify");
}

static void read_verdict(struct audit *audit, const struct client_answer *answer)
{
    struct json_object *verdict = json_parse(answer->body, answer->length, 8, NULL);
    if (!verdict)
        return;
    long long rows = (long long)json_get_integer(verdict, "rows", 0),
              broken = (long long)json_get_integer(verdict, "broken_at", -1);
    audit->broken = !json_get_bool(verdict, "whole", broken < 0);
    if (!audit->broken)
        snprintf(audit->verdict, sizeof audit->verdict, _("the chain of %lld entries is whole"), rows);
    else
        snprintf(audit->verdict, sizeof audit->verdict, _("the chain is BROKEN at entry %lld of %lld"), broken, rows);
    json_object_put(verdict);
}

static bool receive(struct view *view, unsigned slot, const struct client_answer *answer, struct error *error)
{
    if (slot != SLOT_VERDICT || answer->error)
        return list_receive(view, slot, answer, error);
    read_verdict(view->state, answer);
    return true;
}

static void draw(struct view *view, struct surface *surface, struct rect area)
{
    struct audit *audit = view->state;
    struct rect rest = area;
    char text[80] = "";
    if (rect_is_empty(area))
        return;
    list_begin(view, surface);
    audit->list.now = clock_wall(); /* what people did is told as of now */
    struct rect head = rect_cut_top(&rest, 1);
    if (audit->list.have)
        snprintf(text, sizeof text, _("%u last entries"), audit->list.count);
    int used = list_headline(view, surface, head, text, _("newest first"), NULL);
    surface_text(surface, head.row, used, head.columns - used, audit->broken ? ROLE_CRITICAL : ROLE_OK, audit->verdict);
    list_draw(view, surface, rest);
}

static void crumbs(struct view *view, struct buffer *out)
{
    site_crumbs(view, out, _("audit"), NULL);
}

static void hints(struct view *view, struct buffer *out)
{
    (void)view;
    buffer_printf(out, ":audit verify %s  Esc %s", _("check the chain"), _("back"));
}

static void plain(struct view *view, struct buffer *out)
{
    const struct audit *audit = view->state;
    char time[INSTANT_TEXT];
    for (unsigned i = 0; i < audit->list.count; i++) {
        const struct wire_audit *entry = entry_at(audit, i);
        buffer_printf(out, "%s  %s  %s  %s  %s\n", instant_format(time, entry->time), entry->actor, entry->verb,
                      entry->target, entry->detail);
    }
}

const struct view_ops audit_view = {
    .name = "audit",
    .title = N_("Audit"),
    .argument = "[verify]",
    .help = N_("who did what; verify checks the chain of hashes"),
    .size = sizeof(struct audit),
    .open = audit_open,
    .close = list_release,
    .wants = wants,
    .receive = receive,
    .draw = draw,
    .key = list_key,
    .command = list_command,
    .crumbs = crumbs,
    .hints = hints,
    .plain = plain,
};
