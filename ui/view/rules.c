/* Every rule: where it applies and holds, how its alerts behave, what is wrong with it; and who raises the most. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "term/locale.h"
#include "view/alerts.h"
#include "view/parts.h"
#include "view/rule_list.h"
#include "widget/letters.h"
#include "widget/table.h"
#include "window/layout.h"

#define SIDE_FROM 150
#define SIDE_COLUMNS 52

enum { COLUMN_SEVERITY, COLUMN_NAME, COLUMN_APPLIES, COLUMN_ACTIVE, COLUMN_RAISED, COLUMN_STANDING, COLUMN_CHATTERING, COLUMN_MTTA,
       COLUMN_MTTR, COLUMN_PROBLEM, COLUMNS };
enum { ACTOR_PLACE, ACTOR_ASSET, ACTOR_NAME, ACTOR_RAISED, ACTOR_COLUMNS };

struct rules {
    struct rule_list list;
    struct table *table, *actors;
    bool second;                   /* the worst actors have the keys */
    char problem[384];
    char severity[2], number[5][24], mean[2][SPAN_TEXT], place[8];
};

static const char *problem_word(const char *problem)
{
    return strcmp(problem, "selects nothing") == 0 ? _("selects nothing") : strcmp(problem, "its runbook is missing") == 0 ? _("its runbook is missing") : problem;
}

static const char *nonzero(char out[24], uint32_t count)
{
    return count ? count_text(out, count) : "";
}

static void fill(void *owner, size_t index, struct table_row *row)
{
    struct rules *rules = owner;
    const struct rule_row *rule = &rules->list.rows[index];
    const char *problem = rule->rule ? problem_word(rule->rule->problem) : *rule->source ? rule->source : "";
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
    const struct rule_actor *actor = &rules->list.actors[index];
    snprintf(rules->place, sizeof rules->place, "%zu", index + 1);
    row->id = actor->asset;
    row->cells[ACTOR_PLACE] = (struct table_cell){rules->place, ROLE_DIM};
    row->cells[ACTOR_ASSET] = (struct table_cell){actor->asset, ROLE_TEXT};
    row->cells[ACTOR_NAME] = (struct table_cell){actor->name, ROLE_DIM};
    row->cells[ACTOR_RAISED] = (struct table_cell){count_text(rules->number[0], actor->raised), ROLE_TEXT};
}

static bool rules_open(struct view *view, const char *argument, struct error *error)
{
    struct rules *rules = view->state;
    const struct table_column columns[COLUMNS] = {
        [COLUMN_SEVERITY] = {.name = "severity", .title = "S", .minimum = 1, .maximum = 1},
        [COLUMN_NAME] = {.name = "name", .title = _("rule"), .minimum = 22, .weight = 1, .maximum = 40, .strong = true, .cut = TEXT_CUT_MIDDLE},
        [COLUMN_APPLIES] = {.name = "applies", .title = _("applies"), .minimum = 6, .maximum = 9, .right = true},
        [COLUMN_ACTIVE] = {.name = "active", .title = _("active"), .minimum = 6, .maximum = 8, .right = true},
        [COLUMN_RAISED] = {.name = "raised", .title = _("30d"), .minimum = 4, .maximum = 8, .right = true},
        [COLUMN_STANDING] = {.name = "standing", .title = _("standing"), .minimum = 6, .maximum = 8, .right = true, .drop = 2},
        [COLUMN_CHATTERING] = {.name = "chattering", .title = _("chatter"), .minimum = 6, .maximum = 8, .right = true, .drop = 2},
        [COLUMN_MTTA] = {.name = "mtta", .title = "MTTA", .minimum = 5, .maximum = 6, .right = true},
        [COLUMN_MTTR] = {.name = "mttr", .title = "MTTR", .minimum = 5, .maximum = 6, .right = true},
        [COLUMN_PROBLEM] = {.name = "problem", .title = _("problem"), .minimum = 14, .weight = 1, .cut = TEXT_CUT_END, .drop = 1},
    };
    const struct table_column actors[ACTOR_COLUMNS] = {
        [ACTOR_PLACE] = {.name = "place", .title = "", .minimum = 2, .maximum = 2, .right = true},
        [ACTOR_ASSET] = {.name = "asset", .title = _("asset"), .minimum = 10, .maximum = 24, .strong = true, .cut = TEXT_CUT_MIDDLE},
        [ACTOR_NAME] = {.name = "name", .title = _("name"), .minimum = 10, .weight = 1, .cut = TEXT_CUT_MIDDLE},
        [ACTOR_RAISED] = {.name = "raised", .title = _("alerts"), .minimum = 6, .maximum = 8, .right = true},
    };
    (void)argument, (void)error;
    rules->table = table_new(columns, COLUMNS);
    rules->actors = table_new(actors, ACTOR_COLUMNS);
    return true;
}

static void rules_close(struct view *view)
{
    struct rules *rules = view->state;
    table_free(&rules->table);
    table_free(&rules->actors);
    rule_list_release(&rules->list);
}

static void wants(struct view *view, struct view_wants *out)
{
    (void)view;
    rule_list_want(out, 0);
}

static bool receive(struct view *view, unsigned slot, const struct client_answer *answer, struct error *error)
{
    struct rules *rules = view->state;
    bool good = rule_list_receive(&rules->list, slot, answer, error);
    snprintf(rules->problem, sizeof rules->problem, "%s", good ? "" : error->text);
    if (!good)
        return false;
    table_refreshed(rules->table, &(struct table_source){.owner = rules, .total = rules->list.count, .count = rules->list.count, .row = fill});
    table_refreshed(rules->actors, &(struct table_source){.owner = rules, .total = rules->list.actor_count, .count = rules->list.actor_count, .row = fill_actor});
    return true;
}

/* ---- drawing ---- */

static void draw_headline(struct rules *rules, struct surface *surface, struct rect line)
{
    unsigned active = 0, wrong = 0;
    for (unsigned i = 0; i < rules->list.count; i++) {
        active += rules->list.rows[i].rule && rules->list.rows[i].active;
        wrong += rules->list.rows[i].rule && *rules->list.rows[i].rule->problem;
    }
    int used = surface_printf(surface, line.row, line.column + 1, line.columns - 2, ROLE_HEADING, _("%u rules · %u holding · %u with a problem"),
                              rules->list.rule_count, active, wrong);
    if (rules->list.have_stats) /* beyond about one in ten minutes a person stops reading (EEMUA 191) */
        surface_printf(surface, line.row, line.column + used + 4, line.columns - used - 5, rules->list.per_person > 1 ? ROLE_WARNING : ROLE_DIM,
                       _("%.1f alerts a person in 10 minutes (%u on it)"), rules->list.per_person, rules->list.people);
}

static void draw_actors(struct rules *rules, struct surface *surface, struct rect area)
{
    struct rect head = rect_cut_top(&area, 1);
    surface_text(surface, head.row, head.column + 1, head.columns - 1, ROLE_HEADING, _("worst actors, 30 days"));
    table_set_empty(rules->actors, rules->list.have_stats ? _("no alert") : _("loading ..."), "");
    table_draw(rules->actors, surface, area);
}

static void draw(struct view *view, struct surface *surface, struct rect area)
{
    struct rules *rules = view->state;
    struct rect rest = area;
    if (rect_is_empty(area))
        return;
    draw_headline(rules, surface, rect_cut_top(&rest, 1));
    if (area.columns >= SIDE_FROM) {
        struct rect side = rect_cut_right(&rest, SIDE_COLUMNS);
        rect_cut_left(&side, 2);
        draw_actors(rules, surface, side);
    } else if (rules->second) {
        draw_actors(rules, surface, rest);
        return;
    }
    table_set_stale(rules->table, view->host_ops->stale(view->host));
    table_set_empty(rules->table, rules->list.have_rules ? _("no rule") : rules->problem[0] ? rules->problem : _("loading ..."), "");
    table_draw(rules->table, surface, rest);
}

/* ---- doing ---- */

static enum reaction key(struct view *view, const struct key_event *event)
{
    struct rules *rules = view->state;
    struct table *table = rules->second ? rules->actors : rules->table;
    enum table_answer answer = table_key(table, event);
    const char *id = table_cursor_id(table);
    if (answer == TABLE_CHOSEN && id)
        view->host_ops->open(view->host, rules->second ? "asset" : "rule", id);
    return answer == TABLE_IGNORED ? REACT_IGNORED : REACT_HANDLED | REACT_DRAW;
}

static enum reaction command(struct view *view, const char *name, const char *argument, struct error *error)
{
    struct rules *rules = view->state;
    struct key_event motion;
    (void)argument, (void)error;
    if (strcmp(name, "pane") == 0) {
        rules->second = !rules->second;
        return REACT_HANDLED | REACT_DRAW;
    }
    if (strcmp(name, "back") == 0 && rules->second) {
        rules->second = false;
        return REACT_HANDLED | REACT_DRAW;
    }
    return motion_key(name, &motion) ? key(view, &motion) : REACT_IGNORED;
}

static void crumbs(struct view *view, struct buffer *out)
{
    struct rules *rules = view->state;
    buffer_printf(out, "%s%s%s", _("rules"), rules->second ? " ▸ " : "", rules->second ? _("worst actors") : "");
}

static void hints(struct view *view, struct buffer *out)
{
    struct rules *rules = view->state;
    buffer_printf(out, "Enter %s  Tab %s  n %s  Esc %s", _("open"), rules->second ? _("rules") : _("worst actors"), _("next"), _("back"));
}

static void plain(struct view *view, struct buffer *out)
{
    struct rules *rules = view->state;
    char mtta[SPAN_TEXT], mttr[SPAN_TEXT];
    for (unsigned i = 0; i < rules->list.count; i++) {
        const struct rule_row *row = &rules->list.rows[i];
        buffer_printf(out, _("%3u  %s  applies %u, active %u, raised %u, standing %u, chattering %u, MTTA %s, MTTR %s  %s\n"), i + 1, row->name,
                      row->rule ? row->rule->applies : 0, row->active, row->raised, row->standing, row->chattering,
                      rule_mean_text(mtta, row->mtta), rule_mean_text(mttr, row->mttr), row->rule ? problem_word(row->rule->problem) : row->source);
    }
    for (unsigned i = 0; i < rules->list.actor_count; i++)
        buffer_printf(out, "  %s  %s  %u\n", rules->list.actors[i].asset, rules->list.actors[i].name, rules->list.actors[i].raised);
}

static bool pick(struct view *view, unsigned number)
{
    struct rules *rules = view->state;
    if (!number || number > rules->list.count)
        return false;
    table_move_to(rules->table, number - 1);
    return true;
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
    .key = key,
    .command = command,
    .crumbs = crumbs,
    .hints = hints,
    .plain = plain,
    .pick = pick,
};
