/* One rule: what it says, how its alerts behave, and what it would have raised in the last days on the stored readings. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "term/locale.h"
#include "view/alerts.h"
#include "view/parts.h"
#include "view/rule_list.h"
#include "widget/letters.h"
#include "window/layout.h"

enum { SLOT_LIST, SLOT_REHEARSAL = SLOT_LIST + 2 };
static const char *const spans[] = {"7d", "24h", "30d"};

struct rule_page {
    char *name;
    struct rule_list list;
    unsigned span;
    struct json_object *rehearsal;   /* the answer */
    char problem[384];
    unsigned example;                /* under the cursor */
};

static bool page_open(struct view *view, const char *argument, struct error *error)
{
    struct rule_page *page = view->state;
    if (!*argument)
        return error_set(error, ERROR_INVALID, "%s", _("rule needs a name: `:rule server-disk`; `:rules` lists them"));
    page->name = memory_text(argument);
    return true;
}

static void page_close(struct view *view)
{
    struct rule_page *page = view->state;
    rule_list_release(&page->list);
    json_object_put(page->rehearsal);
    free(page->name);
}

static const struct rule_row *row_of(const struct rule_page *page)
{
    return rule_list_find(&page->list, page->name);
}

static void wants(struct view *view, struct view_wants *out)
{
    struct rule_page *page = view->state;
    const struct rule_row *row = row_of(page);
    rule_list_want(out, SLOT_LIST);
    if (row && row->rule) {
        struct buffer resource = BUFFER_INIT, path = BUFFER_INIT;
        buffer_append_text(&resource, "/rules/");
        client_path_segment(&resource, page->name);
        buffer_append_text(&resource, "/rehearse");
        client_path(&path, buffer_text(&resource), "span", spans[page->span], NULL);
        view_want(out, SLOT_REHEARSAL, "", 0, buffer_text(&path));
        buffer_release(&resource);
        buffer_release(&path);
    }
}

static bool receive(struct view *view, unsigned slot, const struct client_answer *answer, struct error *error)
{
    struct rule_page *page = view->state;
    if (slot < SLOT_REHEARSAL)
        return rule_list_receive(&page->list, slot, answer, error);
    json_object_put(page->rehearsal);
    page->rehearsal = answer->error ? NULL : json_parse(answer->body, answer->length, 8, error);
    page->example = 0;
    snprintf(page->problem, sizeof page->problem, "%s", answer->error ? answer->error->text : page->rehearsal ? "" : error->text);
    error->text[0] = '\0'; /* the page says it */
    return page->rehearsal != NULL;
}

/* ---- drawing ---- */

static void line(struct surface *surface, struct rect *area, const char *label, uint8_t role, const char *text)
{
    if (!*text || area->rows < 1)
        return;
    surface_text(surface, area->row, area->column, 13, ROLE_DIM, label);
    surface_text_cut(surface, area->row, area->column + 14, area->columns - 14, role, text, TEXT_CUT_END);
    rect_cut_top(area, 1);
}

static void draw_definition(const struct wire_rule *rule, struct surface *surface, struct rect *area)
{
    char hold[SPAN_TEXT] = "", applies[24];
    struct buffer text = BUFFER_INIT;
    line(surface, area, _("where"), ROLE_TEXT, rule->select);
    line(surface, area, _("when"), ROLE_TEXT, rule->when);
    line(surface, area, _("clear"), ROLE_TEXT, rule->clear);
    if (rule->hold)
        line(surface, area, _("for"), ROLE_TEXT, span_format(hold, rule->hold));
    buffer_printf(&text, _("%s assets, holds at %u"), count_text(applies, rule->applies), rule->active);
    line(surface, area, _("applies to"), rule->active ? ROLE_STRONG : ROLE_TEXT, buffer_text(&text));
    line(surface, area, _("runbook"), ROLE_TEXT, rule->runbook);
    buffer_clear(&text);
    buffer_printf(&text, "%s%s%s", rule->contract, *rule->contract && *rule->requirement ? " " : "", rule->requirement);
    line(surface, area, _("contract"), ROLE_DIM, buffer_text(&text));
    line(surface, area, _("problem"), ROLE_WARNING, rule->problem);
    buffer_release(&text);
}

static void draw_statistics(const struct rule_row *row, struct surface *surface, struct rect *area)
{
    char mtta[SPAN_TEXT], mttr[SPAN_TEXT];
    struct buffer text = BUFFER_INIT;
    if (!row->counted) {
        line(surface, area, _("30 days"), ROLE_DIM, _("no alert"));
        return;
    }
    buffer_printf(&text, _("%u raised, %u cleared, %u acknowledged; %u standing over a day, %u chattering"), row->raised, row->cleared, row->acknowledged,
                  row->standing, row->chattering);
    line(surface, area, _("30 days"), row->standing || row->chattering ? ROLE_WARNING : ROLE_TEXT, buffer_text(&text));
    rule_mean_text(mtta, row->mtta);
    rule_mean_text(mttr, row->mttr);
    buffer_clear(&text);
    buffer_printf(&text, _("acknowledged after %s, over after %s"), *mtta ? mtta : "-", *mttr ? mttr : "-");
    line(surface, area, _("on average"), ROLE_TEXT, buffer_text(&text));
    buffer_release(&text);
}

static struct json_object *rehearsed(const struct rule_page *page)
{
    struct json_object *items = json_get(page->rehearsal, "items");
    return json_object_is_type(items, json_type_array) && json_object_array_length(items) ? json_object_array_get_idx(items, 0) : NULL;
}

static struct json_object *example_at(const struct rule_page *page, unsigned index)
{
    struct json_object *item = rehearsed(page), *examples = item ? json_get(item, "examples") : NULL;
    return json_object_is_type(examples, json_type_array) && index < json_object_array_length(examples) ? json_object_array_get_idx(examples, index) : NULL;
}

static void draw_example(struct view *view, struct surface *surface, struct rect row, struct json_object *example, bool here)
{
    char from[INSTANT_TEXT], span[SPAN_TEXT] = "", number[40] = "";
    msec now = view->host_ops->now(view->host), start = json_get_instant(example, "from"), end = json_get_instant(example, "to");
    double value = json_get_number(example, "value", NAN);
    if (here)
        surface_put(surface, row.row, row.column - 1, ROLE_CURSOR, glyph_code(GLYPH_CURSOR_BAR, surface->ascii));
    surface_text(surface, row.row, row.column + 1, 14, ROLE_DIM, instant_format_short(from, start, now));
    if (end != CLOCK_NEVER)
        span_format_short(span, end - start);
    surface_text_right(surface, row.row, row.column + 16, 7, ROLE_TEXT, end == CLOCK_NEVER ? _("still") : span);
    if (!isnan(value))
        value_text(number, sizeof number, value, "");
    surface_text_right(surface, row.row, row.column + 24, 10, ROLE_TEXT, number);
    int used = surface_text_cut(surface, row.row, row.column + 36, 24, here ? ROLE_STRONG : ROLE_TEXT, json_get_text(example, "asset", ""), TEXT_CUT_MIDDLE);
    surface_text_cut(surface, row.row, row.column + 38 + used, row.columns - 38 - used, ROLE_DIM, json_get_text(example, "asset_name", ""), TEXT_CUT_END);
}

static void draw_rehearsal(struct rule_page *page, struct view *view, struct surface *surface, struct rect area)
{
    char said[400];
    struct json_object *item = rehearsed(page), *example;
    char longest[SPAN_TEXT];
    surface_printf(surface, area.row, area.column, area.columns, ROLE_HEADING, _("rehearsed over the last %s"), spans[page->span]);
    rect_cut_top(&area, 1);
    if (!item) {
        surface_text_cut(surface, area.row, area.column, area.columns, page->problem[0] ? ROLE_ERROR : ROLE_DIM,
                         page->problem[0] ? page->problem : _("reading the stored values ..."), TEXT_CUT_END);
        return;
    }
    surface_printf(surface, area.row, area.column, area.columns, ROLE_TEXT, _("would have raised %lld alerts on %lld of %lld assets, the longest %s; %lld readings"),
                   (long long)json_get_integer(item, "raised", 0), (long long)json_get_integer(item, "assets_raised", 0),
                   (long long)json_get_integer(item, "assets", 0), span_format_short(longest, json_get_integer(item, "longest_ms", 0)),
                   (long long)json_get_integer(item, "readings", 0));
    rect_cut_top(&area, 1);
    if (!json_get_bool(item, "complete", true) && area.rows > 0) {
        surface_printf(surface, area.row, area.column, area.columns, ROLE_WARNING, _("not the whole truth: %s"),
                       phrase_said(said, sizeof said, json_get_text(item, "remark", "")));
        rect_cut_top(&area, 1);
    }
    unsigned top = area.rows > 0 && page->example >= (unsigned)area.rows ? page->example - (unsigned)area.rows + 1 : 0;
    for (unsigned i = top; area.rows > 0 && (example = example_at(page, i)); i++)
        draw_example(view, surface, rect_cut_top(&area, 1), example, i == page->example);
}

static void draw(struct view *view, struct surface *surface, struct rect area)
{
    struct rule_page *page = view->state;
    const struct rule_row *row = row_of(page);
    struct rect rest = area;
    if (rect_is_empty(area))
        return;
    rect_cut_left(&rest, 1);
    struct rect head = rect_cut_top(&rest, 1);
    int used = surface_text(surface, head.row, head.column, head.columns / 2, ROLE_STRONG, page->name) + 2;
    if (row && row->rule)
        used += surface_text(surface, head.row, head.column + used, 12, (uint8_t)severity_role(severity_letter(row->rule->severity)), severity_word(row->rule->severity)) + 2;
    if (row)
        surface_text_cut(surface, head.row, head.column + used, head.columns - used, ROLE_TEXT, row->title, TEXT_CUT_END);
    if (!row) {
        bool all = page->list.have_rules && page->list.have_stats;
        if (rest.rows > 1)
            surface_text(surface, rest.row + 1, rest.column, rest.columns, all ? ROLE_ERROR : ROLE_DIM,
                         all ? _("no rule of this name is in force, and none has raised an alert") : _("loading ..."));
        return;
    }
    if (row->rule)
        draw_definition(row->rule, surface, &rest);
    draw_statistics(row, surface, &rest);
    if (rest.rows > 3)
        rect_cut_top(&rest, 1);
    if (rest.rows < 2)
        return;
    if (row->rule)
        draw_rehearsal(page, view, surface, rest);
    else
        surface_text(surface, rest.row, rest.column, rest.columns, ROLE_DIM, _("built in, or from elsewhere: there is nothing to rehearse"));
}

/* ---- doing ---- */

static enum reaction command(struct view *view, const char *name, const char *argument, struct error *error)
{
    struct rule_page *page = view->state;
    struct json_object *example = example_at(page, page->example);
    (void)argument, (void)error;
    if (strcmp(name, "down") == 0 || strcmp(name, "next-wrong") == 0)
        page->example += example_at(page, page->example + 1) != NULL;
    else if (strcmp(name, "up") == 0 || strcmp(name, "previous-wrong") == 0)
        page->example -= page->example > 0;
    else if (strcmp(name, "top") == 0)
        page->example = 0;
    else if (strcmp(name, "span") == 0) {
        page->span = (page->span + 1) % ARRAY_COUNT(spans);
        json_object_put(page->rehearsal);
        page->rehearsal = NULL;
        return REACT_HANDLED | REACT_DRAW | REACT_WANT;
    } else if (strcmp(name, "alerts-of") == 0) {
        struct buffer filter = BUFFER_INIT;
        filter_value(&filter, "rule", page->name);
        view->host_ops->open(view->host, "alerts", buffer_text(&filter));
        buffer_release(&filter);
        return REACT_HANDLED;
    } else if (strcmp(name, "open") == 0 && example) {
        view->host_ops->open(view->host, "asset", json_get_text(example, "asset", ""));
        return REACT_HANDLED;
    } else {
        return REACT_IGNORED;
    }
    return REACT_HANDLED | REACT_DRAW;
}

static void crumbs(struct view *view, struct buffer *out)
{
    struct rule_page *page = view->state;
    site_crumbs(view, out, _("rules"), page->name, NULL);
}

static void hints(struct view *view, struct buffer *out)
{
    struct rule_page *page = view->state;
    if (example_at(page, 0))
        buffer_printf(out, "Enter %s  ", _("asset"));
    buffer_printf(out, "L %s  z %s  Esc %s", _("its alerts"), _("span"), _("back"));
}

static void plain(struct view *view, struct buffer *out)
{
    struct rule_page *page = view->state;
    const struct rule_row *row = row_of(page);
    struct json_object *item = rehearsed(page), *example;
    char from[INSTANT_TEXT];
    if (!row)
        return;
    if (row->rule)
        buffer_printf(out, "%s\n%s\n%s\n%s\n", row->name, row->rule->select, row->rule->when, row->rule->problem);
    if (item)
        buffer_printf(out, _("%s: %lld alerts on %lld of %lld assets\n"), spans[page->span], (long long)json_get_integer(item, "raised", 0),
                      (long long)json_get_integer(item, "assets_raised", 0), (long long)json_get_integer(item, "assets", 0));
    for (unsigned i = 0; (example = example_at(page, i)); i++)
        buffer_printf(out, "  %s  %s  %s\n", instant_format(from, json_get_instant(example, "from")), json_get_text(example, "asset", ""),
                      json_get_text(example, "asset_name", ""));
}

const struct view_ops rule_view = {
    .name = "rule",
    .title = N_("Rule"),
    .argument = "NAME",
    .help = N_("one rule: what it says, its statistics, what it would have raised"),
    .size = sizeof(struct rule_page),
    .open = page_open,
    .close = page_close,
    .wants = wants,
    .receive = receive,
    .draw = draw,
    .command = command,
    .crumbs = crumbs,
    .hints = hints,
    .plain = plain,
};
