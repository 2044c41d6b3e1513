/* Every rule: where it applies and holds, how its alerts behave, what is wrong with it; and who raises the most. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "term/locale.h"
#include "view/alerts.h"
#include "view/list.h"
#include "view/parts.h"
#include "view/rule_list.h"
#include "widget/letters.h"
#include "window/layout.h"

#define SIDE_COLUMNS 52

enum { COLUMN_SEVERITY, COLUMN_NAME, COLUMN_APPLIES, COLUMN_ACTIVE, COLUMN_RAISED, COLUMN_STANDING, COLUMN_CHATTERING, COLUMN_MTTA,
       COLUMN_MTTR, COLUMN_PROBLEM, COLUMNS };
enum { ACTOR_PLACE, ACTOR_ASSET, ACTOR_NAME, ACTOR_RAISED, ACTOR_COLUMNS };

struct rules {
    struct list list;
    struct rule_list rules;
    struct table *actors;          /* the worst of them; has the keys while it is list.instead */
    char severity[2], number[5][24], mean[2][SPAN_TEXT], place[8], source[48];
};

static const struct list_column columns[COLUMNS] = {
    [COLUMN_SEVERITY] = {{.name = "severity", .title = "S", .minimum = 1, .maximum = 1}},
    [COLUMN_NAME] = {{.name = "name", .title = N_("rule"), .minimum = 22, .weight = 1, .maximum = 40, .strong = true,
                      .cut = TEXT_CUT_MIDDLE}},
    [COLUMN_APPLIES] = {{.name = "applies", .title = N_("applies"), .minimum = 6, .maximum = 9, .right = true}},
    [COLUMN_ACTIVE] = {{.name = "active", .title = N_("active"), .minimum = 6, .maximum = 8, .right = true}},
    [COLUMN_RAISED] = {{.name = "raised", .title = N_("30d"), .minimum = 4, .maximum = 8, .right = true}},
    [COLUMN_STANDING] = {{.name = "standing", .title = N_("standing"), .minimum = 6, .maximum = 8, .right = true, .drop = 2}},
    [COLUMN_CHATTERING] = {{.name = "chattering", .title = N_("chatter"), .minimum = 6, .maximum = 8, .right = true,
                            .drop = 2}},
    [COLUMN_MTTA] = {{.name = "mtta", .title = "MTTA", .minimum = 5, .maximum = 6, .right = true}},
    [COLUMN_MTTR] = {{.name = "mttr", .title = "MTTR", .minimum = 5, .maximum = 6, .right = true}},
    [COLUMN_PROBLEM] = {{.name = "problem", .title = N_("problem"), .minimum = 14, .weight = 1, .cut = TEXT_CUT_END,
                         .drop = 1}},
};

static bool second(const struct rules *rules)
{
    return rules->list.instead != NULL;
}

static const char *nonzero(char out[24], uint32_t count)
{
    return count ? count_text(out, count) : "";
}

static void fill(struct view *view, size_t at, struct table_row *row)
{
    struct rules *rules = view->state;
    const struct rule_row *rule = &rules->rules.rows[at];
    const char *problem = rule->rule ? rule->rule->problem : phrase_said(rules->source, sizeof rules->source, rule->source);
    snprintf(rules->severity, sizeof rules->severity, "%c", rule->rule ? severity_letter(rule->rule->severity) : ' ');
    row->id = rule->name;
    row->unhandled = rule->active || (rule->rule && *rule->rule->problem);
    row->cells[COLUMN_SEVERITY] = (struct table_cell){rules->severity, rule->active ? (uint8_t)severity_role(rules->severity[0]) : ROLE_DIM};
    row->cells[COLUMN_NAME] = (struct table_cell){rule->name, ROLE_TEXT};
    row->cells[COLUMN_APPLIES] = (struct table_cell){rule->rule ? count_text(rules->number[0], rule->rule->applies) : "", ROLE_DIM};
    row->cells[COLUMN_ACTIVE] = (struct table_cell){nonzero(rules->number[1], rule->active), ROLE_STRONG};
    row->cells[COLUMN_RAISED] = (struct table_cell){nonzero(rules->number[2], rule->raised), ROLE_TEXT};
    row->cells[COLUMN_STANDING] = (struct table_cell){nonzero(rules->number[3], rule->standing), ROLE_WARNING};
    row->cells[COLUMN_CHATTERING] = (struct table_cell){nonzero(rules->number[4], rule->chattering), ROLE_WARNING};
    row->cells[COLUMN_MTTA] = (struct table_cell){rule->counted ? rule_mean_text(rules->mean[0], rule->mtta) : "", ROLE_TEXT};
    row->cells[COLUMN_MTTR] = (struct table_cell){rule->counted ? rule_mean_text(rules->mean[1], rule->mttr) : "", ROLE_TEXT};
    row->cells[COLUMN_PROBLEM] = (struct table_cell){problem, rule->rule && *rule->rule->problem ? ROLE_WARNING : ROLE_DIM};
}

static void fill_actor(void *owner, size_t index, struct table_row *row)
{
    struct rules *rules = owner;
    const struct rule_actor *actor = &rules->rules.actors[index];
    snprintf(rules->place, sizeof rules->place, "%zu", index + 1);
    row->id = actor->asset;
    row->cells[ACTOR_PLACE] = (struct table_cell){rules->place, ROLE_DIM};
    row->cells[ACTOR_ASSET] = (struct table_cell){actor->asset, ROLE_TEXT};
    row->cells[ACTOR_NAME] = (struct table_cell){actor->name, ROLE_DIM};
    row->cells[ACTOR_RAISED] = (struct table_cell){count_text(rules->number[0], actor->raised), ROLE_TEXT};
}

static enum reaction chosen(struct view *view, const char *id)
{
    view->host_ops->open(view->host, second(view->state) ? "asset" : "rule", id);
    return REACT_HANDLED;
}

static const struct list_kind kind = {
    .chosen = chosen,
    .empty = N_("no rule is known"),
    .why = N_("`rules:` in nocturne.yml and the contracts' profiles name them"),
    .no_more = N_("nothing else needs a person"),
    .row = fill,
};

static bool rules_open(struct view *view, const char *argument, struct error *error)
{
    struct rules *rules = view->state;
    const struct table_column actors[ACTOR_COLUMNS] = {
        [ACTOR_PLACE] = {.name = "place", .title = "", .minimum = 2, .maximum = 2, .right = true},
        [ACTOR_ASSET] = {.name = "asset", .title = _("asset"), .minimum = 10, .maximum = 24, .strong = true, .cut = TEXT_CUT_MIDDLE},
        [ACTOR_NAME] = {.name = "name", .title = _("name"), .minimum = 10, .weight = 1, .cut = TEXT_CUT_MIDDLE},
        [ACTOR_RAISED] = {.name = "raised", .title = _("alerts"), .minimum = 6, .maximum = 8, .right = true},
    };
    (void)argument;
    rules->actors = table_new(actors, ACTOR_COLUMNS);
    return list_init(view, &kind, columns, COLUMNS, "", error);
}

static void rules_close(struct view *view)
{
    struct rules *rules = view->state;
    list_release(view);
    table_free(&rules->actors);
    rule_list_release(&rules->rules);
}

static void wants(struct view *view, struct view_wants *out)
{
    (void)view;
    rule_list_want(out, 0);
}

static bool receive(struct view *view, unsigned slot, const struct client_answer *answer, struct error *error)
{
    struct rules *rules = view->state;
    struct rule_list *list = &rules->rules;
    bool good = rule_list_receive(list, slot, answer, error);
    list_note(&rules->list, good ? NULL : error);
    rules->list.have = list->have_rules;
    if (!good)
        return false;
    list_show(view, list->count);
    table_refreshed(rules->actors, &(struct table_source){.owner = rules, .total = list->actor_count,
                                                          .count = list->actor_count, .row = fill_actor});
    return true;
}

/* ---- drawing ---- */

static void draw_headline(struct view *view, struct surface *surface, struct rect line)
{
    const struct rules *rules = view->state;
    const struct rule_list *list = &rules->rules;
    struct buffer text = BUFFER_INIT;
    unsigned active = 0, wrong = 0;
    for (unsigned i = 0; i < list->count; i++) {
        active += list->rows[i].rule && list->rows[i].active;
        wrong += list->rows[i].rule && *list->rows[i].rule->problem;
    }
    if (list->have_rules)
        buffer_printf(&text, _("%u rules · %u holding · %u with a problem"), list->rule_count, active, wrong);
    int used = list_headline(view, surface, line, buffer_text(&text), NULL, NULL);
    buffer_release(&text);
    char load[160]; /* beyond about one in ten minutes a person stops reading (EEMUA 191) */
    snprintf(load, sizeof load, _("%.1f alerts a person in 10 minutes (%u on it)"), list->per_person, list->people);
    if (list->have_stats && used + text_width(load) < line.column + line.columns)
        surface_text(surface, line.row, used, text_width(load), list->per_person > 1 ? ROLE_WARNING : ROLE_DIM, load);
}

static void draw_actors(struct rules *rules, struct surface *surface, struct rect area)
{
    struct rect head = rect_cut_top(&area, 1);
    surface_text(surface, head.row, head.column + 1, head.columns - 1, ROLE_HEADING, _("worst actors, 30 days"));
    table_set_empty(rules->actors, rules->rules.have_stats ? _("no alert") : _("loading ..."), "");
    table_draw(rules->actors, surface, area);
}

static void draw(struct view *view, struct surface *surface, struct rect area)
{
    struct rules *rules = view->state;
    struct rect rest = area;
    if (rect_is_empty(area))
        return;
    list_begin(view, surface);
    draw_headline(view, surface, rect_cut_top(&rest, 1));
    if (area.columns >= LIST_SIDE_FROM) {
        struct rect side = rect_cut_right(&rest, SIDE_COLUMNS);
        rect_cut_left(&side, 2);
        table_set_focus(rules->actors, second(rules));
        table_set_focus(rules->list.table, !second(rules));
        draw_actors(rules, surface, side);
    } else if (second(rules)) {
        draw_actors(rules, surface, rest);
        return;
    }
    list_draw(view, surface, rest);
}

/* ---- doing ---- */

static enum reaction command(struct view *view, const char *name, const char *argument, struct error *error)
{
    struct rules *rules = view->state;
    bool other = strcmp(name, "pane") == 0 || (strcmp(name, "back") == 0 && second(rules));
    if (!other)
        return list_command(view, name, argument, error);
    rules->list.instead = second(rules) ? NULL : rules->actors;
    return REACT_HANDLED | REACT_DRAW;
}

static void crumbs(struct view *view, struct buffer *out)
{
    site_crumbs(view, out, _("rules"), second(view->state) ? _("worst actors") : "", NULL);
}

static void hints(struct view *view, struct buffer *out)
{
    buffer_printf(out, "Enter %s  Tab %s  n %s  Esc %s", _("open"), second(view->state) ? _("rules") : _("worst actors"),
                  _("next"), _("back"));
}

static void plain(struct view *view, struct buffer *out)
{
    struct rules *rules = view->state;
    char mtta[SPAN_TEXT], mttr[SPAN_TEXT];
    for (unsigned i = 0; i < rules->rules.count; i++) {
        const struct rule_row *row = &rules->rules.rows[i];
        buffer_printf(out, _("%3u  %s  applies %u, active %u, raised %u, standing %u, chattering %u, MTTA %s, MTTR %s  %s\n"), i + 1, row->name,
                      row->rule ? row->rule->applies : 0, row->active, row->raised, row->standing, row->chattering,
                      rule_mean_text(mtta, row->mtta), rule_mean_text(mttr, row->mttr), row->rule ? row->rule->problem : row->source);
    }
    for (unsigned i = 0; i < rules->rules.actor_count; i++)
        buffer_printf(out, "  %s  %s  %u\n", rules->rules.actors[i].asset, rules->rules.actors[i].name, rules->rules.actors[i].raised);
}

const struct view_ops rules_view = {
    .name = "rules",
    .title = N_("Rules"),
    .argument = "",
    .help = N_("every rule, how its alerts behave, and who raises the most"),
    .size = sizeof(struct rules),
    .open = rules_open,
    .close = rules_close,
    .wants = wants,
    .receive = receive,
    .draw = draw,
    .key = list_key,
    .command = command,
    .crumbs = crumbs,
    .hints = hints,
    .plain = plain,
    .pick = list_pick,
};
