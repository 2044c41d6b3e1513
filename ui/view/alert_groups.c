/* The queue gathered by place, subsystem, rule or unit: one row a group, worst first. What a flood is looked at with. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "term/locale.h"
#include "view/alerts.h"
#include "view/parts.h"
#include "widget/letters.h"

enum { COLUMN_WORST, COLUMN_KEY, COLUMN_UNHANDLED, COLUMN_COUNT, COLUMN_OLDEST, COLUMNS };

struct alert_groups {
    struct table *table;
    struct arena *arena;
    struct wire_alert_group *rows;
    struct wire_page page;
    unsigned count;
    size_t offset, limit; /* what is asked for */
    bool have;
    msec now;
    char site[64];
    char worst[2], number[24], unhandled[24], oldest[SPAN_TEXT], problem[384];
};

static void fill(void *owner, size_t index, struct table_row *row)
{
    struct alert_groups *groups = owner;
    const struct wire_alert_group *group = &groups->rows[index - groups->page.offset];
    snprintf(groups->worst, sizeof groups->worst, "%c", severity_letter(group->worst));
    count_text(groups->number, group->count);
    count_text(groups->unhandled, group->unhandled);
    age_text(groups->oldest, group->oldest, groups->now);
    row->id = group->key;
    row->unhandled = group->unhandled > 0;
    row->cells[COLUMN_WORST] = (struct table_cell){groups->worst, (uint8_t)severity_role(groups->worst[0])};
    row->cells[COLUMN_KEY] = (struct table_cell){*group->key ? place_within(groups->site, group->key) : _("(none)"), ROLE_TEXT};
    row->cells[COLUMN_UNHANDLED] = (struct table_cell){groups->unhandled, group->unhandled ? ROLE_STRONG : ROLE_DIM};
    row->cells[COLUMN_COUNT] = (struct table_cell){groups->number, ROLE_TEXT};
    row->cells[COLUMN_OLDEST] = (struct table_cell){groups->oldest, ROLE_TEXT};
}

struct alert_groups *alert_groups_new(void)
{
    const struct table_column columns[COLUMNS] = {
        [COLUMN_WORST] = {.name = "worst", .title = "S", .minimum = 1, .maximum = 1},
        [COLUMN_KEY] = {.name = "key", .title = _("group"), .minimum = 16, .weight = 1, .strong = true, .cut = TEXT_CUT_MIDDLE},
        [COLUMN_UNHANDLED] = {.name = "unhandled", .title = _("unhandled"), .minimum = 6, .maximum = 10, .right = true},
        [COLUMN_COUNT] = {.name = "count", .title = _("alerts"), .minimum = 6, .maximum = 10, .right = true},
        [COLUMN_OLDEST] = {.name = "oldest", .title = _("oldest"), .minimum = 6, .maximum = 6, .right = true},
    };
    struct alert_groups *groups = memory_new(sizeof *groups);
    groups->table = table_new(columns, COLUMNS);
    return groups;
}

void alert_groups_free(struct alert_groups **pointer)
{
    struct alert_groups *groups = *pointer;
    if (!groups)
        return;
    *pointer = NULL;
    table_free(&groups->table);
    arena_free(&groups->arena);
    free(groups);
}

struct table *alert_groups_table(struct alert_groups *groups)
{
    return groups->table;
}

void alert_groups_want(struct alert_groups *groups, size_t shown, struct buffer *path, const char *by, const char *filter, bool all)
{
    size_t offset = 0, count = 0;
    char from[24], many[24];
    if (table_wanted(groups->table, &offset, &count) || !groups->limit) {
        groups->offset = offset;
        groups->limit = count > 3 * shown ? count : 3 * shown;
    }
    snprintf(from, sizeof from, "%zu", groups->offset);
    snprintf(many, sizeof many, "%zu", groups->limit);
    client_path(path, "/alerts/groups", "by", by, "filter", filter, "all", all ? "true" : "", "offset", groups->offset ? from : "",
                "limit", many, NULL);
}

bool alert_groups_receive(struct alert_groups *groups, const struct client_answer *answer, struct error *error)
{
    if (answer->error) {
        *error = *answer->error;
        snprintf(groups->problem, sizeof groups->problem, "%s", error->text);
        return false;
    }
    struct arena *arena = arena_new(), *old = groups->arena;
    struct wire_page page;
    struct wire_alert_group *rows = NULL;
    unsigned count = 0;
    if (!wire_read_alert_groups(answer->body, answer->length, arena, &page, &rows, &count, error)) {
        arena_free(&arena);
        return false;
    }
    groups->arena = arena;
    groups->rows = rows;
    groups->page = page;
    groups->count = count;
    groups->have = true;
    groups->problem[0] = '\0';
    table_refreshed(groups->table, &(struct table_source){.owner = groups, .total = page.total, .offset = page.offset, .count = count, .row = fill});
    arena_free(&old);
    return true;
}

void alert_groups_draw(struct alert_groups *groups, struct surface *surface, struct rect area, msec now, bool stale, const char *site)
{
    snprintf(groups->site, sizeof groups->site, "%s", site);
    groups->now = now;
    table_set_stale(groups->table, stale);
    table_set_empty(groups->table, groups->have ? _("no alert") : groups->problem[0] ? groups->problem : _("loading ..."), "");
    table_draw(groups->table, surface, area);
}

void alert_groups_plain(const struct alert_groups *groups, struct buffer *out, msec now)
{
    char oldest[SPAN_TEXT];
    for (unsigned i = 0; i < groups->count; i++)
        buffer_printf(out, _("%3u  %s  %s  %u unhandled of %u  %s\n"), groups->page.offset + i + 1, severity_word(groups->rows[i].worst), groups->rows[i].key,
                      groups->rows[i].unhandled, groups->rows[i].count, age_text(oldest, groups->rows[i].oldest, now));
}
