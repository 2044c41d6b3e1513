#include "view/device_tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "term/locale.h"
#include "view/parts.h"

#define GROUP_MARK '\n'           /* no asset's id holds one: "\n涵英楼" is a building */
#define BRANCH_MOST "2000"
#define ROOT_EVERY ((msec)2000)   /* open branches are asked for again not more often */

/* One answer's memory, shared by the nodes made from it. */
struct batch { struct arena *arena; unsigned users; };
struct node_data { struct batch *batch; const struct wire_asset *asset; const struct wire_group *group; };

struct device_tree {
    struct view *view;
    struct device_columns *columns;
    struct tree *tree;
    char *filter;
    char *asked;              /* branch on its way; NULL: none */
    unsigned first_slot;
    unsigned turn;            /* slots are used in turn, so that asking the same branch again is a new request */
    msec now;
    bool ascii, have;
    uint32_t total;
};

static void fill(void *owner, const struct tree_node *node, struct table_row *row)
{
    struct device_tree *tree = owner;
    const struct node_data *data = node->data;
    if (data->asset) {
        device_columns_fill(tree->columns, data->asset, tree->now, tree->ascii, row);
        return;
    }
    struct wire_asset group = {.since = CLOCK_NEVER, .last_heard = CLOCK_NEVER, .children = data->group->total};
    for (int i = 0; i < ASSET_FIELD_COUNT; i++)
        group.field[i] = "";
    for (int health = 0; health < HEALTH_COUNT; health++)
        if (data->group->by_health[health] && health_rank((enum health)health) > health_rank(group.health))
            group.health = (enum health)health;
    char summary[64];
    snprintf(summary, sizeof summary, "%u/%u", data->group->by_health[HEALTH_OK], data->group->total);
    group.field[ASSET_id] = *data->group->key ? data->group->key : _("(none)");
    group.field[ASSET_name] = summary;
    device_columns_fill(tree->columns, &group, tree->now, tree->ascii, row);
    for (unsigned i = 0; i < tree->columns->count; i++) /* the summary is on this function's stack */
        if (row->cells[i].text == summary) {
            snprintf(tree->columns->text[i], sizeof tree->columns->text[i], "%s", summary);
            row->cells[i].text = tree->columns->text[i];
        }
    row->id = node->id;
    row->stale = false;
}

static void release(void *owner, void *data)
{
    struct node_data *node = data;
    (void)owner;
    struct batch *batch = node->batch;
    free(node);
    if (--batch->users == 0) {
        arena_free(&batch->arena);
        free(batch);
    }
}

struct device_tree *device_tree_new(struct view *view, struct device_columns *columns, const char *filter)
{
    struct device_tree *tree = memory_new(sizeof *tree);
    tree->view = view;
    tree->columns = columns;
    tree->filter = memory_text(filter);
    struct table_column shown[TABLE_COLUMNS];
    for (unsigned i = 0; i < columns->count; i++)
        shown[i] = columns->column[i].shown;
    tree->tree = tree_new(shown, columns->count, fill, release, tree);
    table_set_sort(tree_table(tree->tree), "letter", true); /* within each branch, whatever the table's order is */
    return tree;
}

void device_tree_free(struct device_tree **pointer)
{
    struct device_tree *tree = *pointer;
    if (!tree)
        return;
    tree_free(&tree->tree);
    free(tree->filter);
    free(tree->asked);
    free(tree);
    *pointer = NULL;
}

void device_tree_restart(struct device_tree *tree, const char *filter)
{
    free(tree->filter);
    tree->filter = memory_text(filter);
    free(tree->asked);
    tree->asked = NULL;
    tree_forget(tree->tree);
}

struct table *device_tree_table(struct device_tree *tree)
{
    return tree_table(tree->tree);
}

/* Assets at the top of a building: gateways, servers, whatever hangs on nothing; with a filter, what matches it. */
static void root_filter(const struct device_tree *tree, struct buffer *out)
{
    buffer_append_text(out, *tree->filter ? tree->filter : "-has:parent");
}

static void branch_path(const struct device_tree *tree, const char *id, struct buffer *path)
{
    struct buffer filter = BUFFER_INIT, fields = BUFFER_INIT;
    if (*id == GROUP_MARK) {
        root_filter(tree, &filter);
        if (id[1])
            filter_value(&filter, "building", id + 1);
        else
            buffer_append_text(&filter, " -has:building");
    } else {
        filter_value(&filter, "parent", id);
    }
    device_columns_fields(tree->columns, &fields);
    buffer_append_text(&fields, ",children");
    client_path(path, "/assets", "filter", buffer_text(&filter), "sort", "-health,id", "limit", BRANCH_MOST, "fields",
                buffer_text(&fields), NULL);
    buffer_release(&filter);
    buffer_release(&fields);
}

void device_tree_want(struct device_tree *tree, struct view_wants *wants, unsigned first_slot)
{
    struct buffer path = BUFFER_INIT, filter = BUFFER_INIT;
    tree->first_slot = first_slot;
    root_filter(tree, &filter);
    client_path(&path, "/board", "group", "building", "order", "worst", "filter", buffer_text(&filter),
                "cells", "1", "limit", BRANCH_MOST, NULL);
    view_want(wants, first_slot, "fleet ledger", ROOT_EVERY, buffer_text(&path));
    unsigned turns = VIEW_SLOTS - first_slot - 1;
    if (!tree->asked && tree->have) {
        const char *next = tree_wanted(tree->tree);
        if (next && *next) {
            tree->asked = memory_text(next);
            tree_asked(tree->tree, tree->asked);
            tree->turn++;
        }
    }
    if (tree->asked) {
        buffer_clear(&path);
        branch_path(tree, tree->asked, &path);
        view_want(wants, first_slot + 1 + tree->turn % turns, "", 0, buffer_text(&path));
    }
    buffer_release(&path);
    buffer_release(&filter);
}

static void give_groups(struct device_tree *tree, struct batch *batch, const struct wire_board *board)
{
    struct tree_node *nodes = memory_new_array(board->group_count + 1, sizeof *nodes);
    char **ids = memory_new_array(board->group_count + 1, sizeof *ids);
    tree->total = 0;
    for (unsigned i = 0; i < board->group_count; i++) {
        struct node_data *data = memory_new(sizeof *data);
        *data = (struct node_data){.batch = batch, .group = &board->groups[i]};
        batch->users++;
        ids[i] = memory_printf("%c%s", GROUP_MARK, board->groups[i].key);
        nodes[i] = (struct tree_node){.id = ids[i], .branch = true, .data = data};
        tree->total += board->groups[i].total;
    }
    tree_set_children(tree->tree, NULL, nodes, board->group_count);
    for (unsigned i = 0; i < board->group_count; i++)
        free(ids[i]);
    free(ids);
    free(nodes);
}

static void give_assets(struct device_tree *tree, struct batch *batch, const struct wire_asset *rows, unsigned count)
{
    struct tree_node *nodes = memory_new_array(count + 1, sizeof *nodes);
    for (unsigned i = 0; i < count; i++) {
        struct node_data *data = memory_new(sizeof *data);
        *data = (struct node_data){.batch = batch, .asset = &rows[i]};
        batch->users++;
        nodes[i] = (struct tree_node){.id = rows[i].field[ASSET_id], .branch = rows[i].children > 0, .data = data};
    }
    tree_set_children(tree->tree, tree->asked, nodes, count);
    free(nodes);
}

bool device_tree_receive(struct device_tree *tree, unsigned slot, const struct client_answer *answer,
                         struct error *error)
{
    struct batch *batch = memory_new(sizeof *batch);
    bool good = false;
    batch->users = 1; /* ours, while it is handed out */
    batch->arena = arena_new();
    if (answer->error) {
        *error = *answer->error;
        free(tree->asked);
        tree->asked = NULL;
    } else if (slot == tree->first_slot) { /* the buildings */
        struct wire_board *board = arena_alloc(batch->arena, sizeof *board);
        good = wire_read_board(answer->body, answer->length, batch->arena, board, error);
        if (good) {
            if (tree->have)
                tree_forget(tree->tree); /* something changed: open branches are asked for again */
            give_groups(tree, batch, board);
            tree->have = true;
        }
    } else if (tree->asked) {
        struct wire_page page;
        struct wire_asset *rows = NULL;
        unsigned count = 0;
        good = wire_read_assets(answer->body, answer->length, batch->arena, &page, &rows, &count, error);
        if (good)
            give_assets(tree, batch, rows, count);
        free(tree->asked);
        tree->asked = NULL;
    }
    if (--batch->users == 0) {
        arena_free(&batch->arena);
        free(batch);
    }
    return good;
}

void device_tree_draw(struct device_tree *tree, struct surface *surface, struct rect area, msec now)
{
    tree->now = now;
    tree->ascii = surface->ascii;
    tree_draw(tree->tree, surface, area);
}

enum table_answer device_tree_key(struct device_tree *tree, const struct key_event *key)
{
    return tree_key(tree->tree, key);
}

bool device_tree_is_group(const struct device_tree *tree, const char *id)
{
    (void)tree;
    return *id == GROUP_MARK;
}

void device_tree_toggle(struct device_tree *tree, const char *id)
{
    tree_open(tree->tree, id, !tree_is_open(tree->tree, id));
}

const char *device_tree_label(const struct device_tree *tree, const char *id)
{
    (void)tree;
    return *id == GROUP_MARK ? id[1] ? id + 1 : _("(none)") : id;
}

void device_tree_headline(const struct device_tree *tree, struct buffer *out)
{
    char count[24];
    if (tree->have)
        buffer_printf(out, _("%s by building"), count_text(count, tree->total));
}
