#include "view/rule_list.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/phrase.h"

enum { PART_RULES, PART_STATS };

void rule_list_want(struct view_wants *wants, unsigned slot)
{
    view_want(wants, slot + PART_RULES, "alerts reload ledger", 2000, "/rules");
    view_want(wants, slot + PART_STATS, "alerts", 5000, "/alerts/stats");
}

static uint32_t count_of(struct json_object *row, const char *key)
{
    int64_t number = json_get_integer(row, key, 0);
    return number < 0 ? 0 : number > UINT32_MAX ? UINT32_MAX : (uint32_t)number;
}

static void read_stats(struct rule_list *list, struct arena *arena, struct json_object *object)
{
    struct json_object *rules = json_get(object, "rules"), *worst = json_get(object, "worst");
    list->stat_count = json_object_is_type(rules, json_type_array) ? (unsigned)json_object_array_length(rules) : 0;
    list->stats = arena_alloc(arena, (list->stat_count + 1) * sizeof *list->stats);
    for (unsigned i = 0; i < list->stat_count; i++) {
        struct json_object *row = json_object_array_get_idx(rules, i);
        const char *source = json_get_text(row, "source", ""), *title = json_get_text(row, "name", "");
        char said[200];
        list->stats[i] = (struct rule_row){
            .name = arena_text(arena, json_get_text(row, "rule", "")), .title = arena_text(arena, alert_source_is_own(source) ? phrase_said(said, sizeof said, title) : title),
            .source = arena_text(arena, source), .counted = true, .raised = count_of(row, "raised"),
            .active = count_of(row, "active"), .acknowledged = count_of(row, "acknowledged"), .cleared = count_of(row, "cleared"),
            .standing = count_of(row, "standing"), .chattering = count_of(row, "chattering"),
            .mtta = json_get_number(row, "mtta_ms", NAN), .mttr = json_get_number(row, "mttr_ms", NAN)};
    }
    size_t actors = json_object_is_type(worst, json_type_array) ? json_object_array_length(worst) : 0;
    for (list->actor_count = 0; list->actor_count < actors && list->actor_count < ARRAY_COUNT(list->actors); list->actor_count++) {
        struct json_object *row = json_object_array_get_idx(worst, list->actor_count);
        list->actors[list->actor_count] = (struct rule_actor){arena_text(arena, json_get_text(row, "asset", "")),
                                                              arena_text(arena, json_get_text(row, "name", "")), count_of(row, "raised")};
    }
    list->per_person = json_get_number(object, "per_person", 0);
    list->people = count_of(object, "people");
}

/* Ours in the order of the configuration; then what else raised alerts. */
static void join(struct rule_list *list)
{
    list->count = 0;
    free(list->rows);
    list->rows = memory_new_array(list->rule_count + list->stat_count + 1, sizeof *list->rows);
    for (unsigned i = 0; i < list->rule_count; i++) {
        struct rule_row *row = &list->rows[list->count++];
        *row = (struct rule_row){.mtta = NAN, .mttr = NAN};
        for (unsigned at = 0; at < list->stat_count; at++)
            if (strcmp(list->stats[at].source, "rule") == 0 && strcmp(list->stats[at].name, list->rules[i].name) == 0)
                *row = list->stats[at];
        row->name = list->rules[i].name;
        row->title = row->title ? row->title : "";
        row->source = "rule";
        row->rule = &list->rules[i];
        row->active = list->rules[i].active;
    }
    for (unsigned at = 0; at < list->stat_count; at++) {
        bool ours = false;
        for (unsigned i = 0; i < list->rule_count && !ours; i++)
            ours = strcmp(list->stats[at].source, "rule") == 0 && strcmp(list->stats[at].name, list->rules[i].name) == 0;
        if (!ours)
            list->rows[list->count++] = list->stats[at];
    }
}

bool rule_list_receive(struct rule_list *list, unsigned part, const struct client_answer *answer, struct error *error)
{
    struct arena *arena = arena_new();
    struct wire_page page;
    bool good = false;
    if (answer->error) {
        *error = *answer->error;
    } else if (part == PART_RULES) {
        struct wire_rule *rules = NULL;
        unsigned count = 0;
        good = wire_read_rules(answer->body, answer->length, arena, &page, &rules, &count, error);
        if (good) {
            list->rules = rules;
            list->rule_count = count;
            list->have_rules = true;
        }
    } else {
        struct json_object *object = json_parse(answer->body, answer->length, 8, error);
        good = object != NULL;
        if (good)
            read_stats(list, arena, object);
        list->have_stats |= good;
        json_object_put(object);
    }
    if (!good) {
        arena_free(&arena);
        return false;
    }
    join(list); /* before the old texts go */
    struct arena **place = part == PART_RULES ? &list->rules_arena : &list->stats_arena;
    arena_free(place);
    *place = arena;
    return true;
}

void rule_list_release(struct rule_list *list)
{
    arena_free(&list->rules_arena);
    arena_free(&list->stats_arena);
    free(list->rows);
}

const struct rule_row *rule_list_find(const struct rule_list *list, const char *name)
{
    for (unsigned i = 0; i < list->count; i++)
        if (strcmp(list->rows[i].name, name) == 0)
            return &list->rows[i];
    return NULL;
}

char *rule_mean_text(char out[SPAN_TEXT], double milliseconds)
{
    *out = '\0';
    if (!isnan(milliseconds) && milliseconds >= 0 && milliseconds < 1e13)
        span_format_short(out, (msec)milliseconds);
    return out;
}
