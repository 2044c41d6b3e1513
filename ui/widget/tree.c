#include "widget/tree.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "base/memory.h"

/* One node. Children are kept while it is closed, so that opening again shows them at once. */
struct branch {
    UT_hash_handle hh;
    struct branch *parent;
    struct branch **children;
    size_t child_count;
    void *data;
    bool may_have, open, loaded, asked, seen;
    char id[];
};

struct tree {
    struct table *table;
    tree_fill *fill;
    tree_release *release;
    void *owner;
    struct branch *root;      /* not shown; its children are the roots */
    struct branch *by_id;
    struct branch **rows;     /* the visible nodes in order */
    size_t row_count, row_capacity;
};

static void fill_row(void *owner, size_t index, struct table_row *row);

static struct branch *branch_new(const char *id)
{
    size_t length = strlen(id);
    struct branch *branch = memory_new(sizeof *branch + length + 1);
    memcpy(branch->id, id, length + 1);
    return branch;
}

struct tree *tree_new(const struct table_column *columns, unsigned count, tree_fill *fill, tree_release *release,
                      void *owner)
{
    struct tree *tree = memory_new(sizeof *tree);
    tree->table = table_new(columns, count);
    tree->fill = fill;
    tree->release = release;
    tree->owner = owner;
    tree->root = branch_new("");
    tree->root->open = tree->root->may_have = true;
    return tree;
}

static void release_data(struct tree *tree, struct branch *branch)
{
    if (tree->release && branch->data)
        tree->release(tree->owner, branch->data);
    branch->data = NULL;
}

static void branch_free(struct tree *tree, struct branch *branch)
{
    for (size_t i = 0; i < branch->child_count; i++)
        branch_free(tree, branch->children[i]);
    release_data(tree, branch);
    if (branch != tree->root)
        HASH_DEL(tree->by_id, branch);
    free(branch->children);
    free(branch);
}

void tree_free(struct tree **where)
{
    struct tree *tree = *where;
    if (!tree)
        return;
    branch_free(tree, tree->root);
    table_free(&tree->table);
    free(tree->rows);
    free(tree);
    *where = NULL;
}

struct table *tree_table(struct tree *tree)
{
    return tree->table;
}

static struct branch *find(const struct tree *tree, const char *id)
{
    struct branch *branch;
    if (!id || !id[0])
        return tree->root;
    HASH_FIND_STR(tree->by_id, id, branch);
    return branch;
}

static void show_branch(struct tree *tree, struct branch *branch)
{
    for (size_t i = 0; i < branch->child_count; i++) {
        struct branch *child = branch->children[i];
        ARRAY_RESERVE(tree->rows, tree->row_capacity, tree->row_count + 1);
        tree->rows[tree->row_count++] = child;
        if (child->open)
            show_branch(tree, child);
    }
}

/* The visible nodes changed: tell the table, which keeps its cursor by id. */
static void rebuild(struct tree *tree)
{
    tree->row_count = 0;
    show_branch(tree, tree->root);
    struct table_source source = {
        .owner = tree, .total = tree->row_count, .offset = 0, .count = tree->row_count, .row = fill_row};
    table_refreshed(tree->table, &source);
}

static bool is_last(const struct branch *branch)
{
    const struct branch *parent = branch->parent;
    return parent->children[parent->child_count - 1] == branch;
}

static void fill_row(void *owner, size_t index, struct table_row *row)
{
    struct tree *tree = owner;
    struct branch *branch = tree->rows[index];
    unsigned depth = 0;
    for (const struct branch *up = branch->parent; up != tree->root; up = up->parent)
        depth++;
    row->id = branch->id;
    row->depth = (uint8_t)(depth < 30 ? depth : 30);
    row->branch = branch->may_have;
    row->open = branch->open;
    row->last = is_last(branch);
    unsigned level = depth;
    for (const struct branch *up = branch->parent; up != tree->root && level > 0; up = up->parent) {
        level--;
        if (level > 0 && level < 32 && !is_last(up))
            row->passes |= (uint32_t)1 << level;
    }
    struct tree_node node = {.id = branch->id, .branch = branch->may_have, .data = branch->data};
    tree->fill(tree->owner, &node, row);
}

/* An id that moved to another parent leaves the old one. */
static void detach(struct branch *branch)
{
    struct branch *parent = branch->parent;
    for (size_t i = 0; parent && i < parent->child_count; i++)
        if (parent->children[i] == branch) {
            memmove(parent->children + i, parent->children + i + 1,
                    (parent->child_count - i - 1) * sizeof *parent->children);
            parent->child_count--;
            break;
        }
    branch->parent = NULL;
}

static bool is_above(const struct branch *branch, const struct branch *below)
{
    for (; below; below = below->parent)
        if (below == branch)
            return true;
    return false;
}

static struct branch *take_node(struct tree *tree, struct branch *parent, const struct tree_node *node)
{
    struct branch *branch = find(tree, node->id);
    if (branch == tree->root)
        return NULL; /* an empty id */
    if (branch && (branch->seen || is_above(branch, parent)))
        return NULL; /* twice in one answer, or a loop: the first place stays */
    if (!branch) {
        branch = branch_new(node->id);
        HASH_ADD_KEYPTR(hh, tree->by_id, branch->id, (unsigned)strlen(branch->id), branch);
    } else if (branch->parent != parent) {
        detach(branch);
    }
    release_data(tree, branch);
    branch->parent = parent;
    branch->data = node->data;
    branch->may_have = node->branch;
    branch->open = branch->open && node->branch;
    branch->seen = true;
    return branch;
}

void tree_set_children(struct tree *tree, const char *parent_id, const struct tree_node *nodes, size_t count)
{
    struct branch *parent = find(tree, parent_id);
    struct tree_node unused;
    if (!parent) { /* gone since it was asked for */
        for (size_t i = 0; i < count; i++) {
            unused = nodes[i];
            if (tree->release && unused.data)
                tree->release(tree->owner, unused.data);
        }
        return;
    }
    struct branch **children = memory_new_array(count + 1, sizeof(struct branch *));
    size_t taken = 0;
    for (size_t i = 0; i < count; i++) {
        struct branch *child = take_node(tree, parent, &nodes[i]);
        if (child)
            children[taken++] = child;
        else if (tree->release && nodes[i].data)
            tree->release(tree->owner, nodes[i].data);
    }
    for (size_t i = 0; i < parent->child_count; i++)
        if (!parent->children[i]->seen)
            branch_free(tree, parent->children[i]);
    free(parent->children);
    parent->children = children;
    parent->child_count = taken;
    parent->loaded = parent->asked = true;
    for (size_t i = 0; i < taken; i++)
        children[i]->seen = false;
    rebuild(tree);
}

static const struct branch *find_wanted(const struct branch *branch)
{
    if (!branch->open)
        return NULL;
    if (!branch->asked)
        return branch;
    for (size_t i = 0; i < branch->child_count; i++) {
        const struct branch *wanted = find_wanted(branch->children[i]);
        if (wanted)
            return wanted;
    }
    return NULL;
}

const char *tree_wanted(const struct tree *tree)
{
    const struct branch *wanted = find_wanted(tree->root);
    return wanted ? wanted->id : NULL;
}

void tree_asked(struct tree *tree, const char *id)
{
    struct branch *branch = find(tree, id);
    if (branch)
        branch->asked = true;
}

void tree_forget(struct tree *tree)
{
    struct branch *branch, *next;
    tree->root->asked = false;
    HASH_ITER(hh, tree->by_id, branch, next)
        branch->asked = false;
}

bool tree_open(struct tree *tree, const char *id, bool open)
{
    struct branch *branch = find(tree, id);
    if (!branch || branch == tree->root || !branch->may_have)
        return false;
    if (branch->open != open) {
        branch->open = open;
        rebuild(tree);
    }
    return true;
}

bool tree_is_open(const struct tree *tree, const char *id)
{
    struct branch *branch = find(tree, id);
    return branch && branch->open;
}

const char *tree_parent(const struct tree *tree, const char *id)
{
    struct branch *branch = find(tree, id);
    return branch && branch != tree->root && branch->parent != tree->root ? branch->parent->id : NULL;
}

void *tree_data(const struct tree *tree, const char *id)
{
    struct branch *branch = find(tree, id);
    return branch ? branch->data : NULL;
}

void tree_draw(struct tree *tree, struct surface *surface, struct rect area)
{
    table_draw(tree->table, surface, area);
}

static enum table_answer open_current(struct tree *tree, const char *id)
{
    struct branch *branch = find(tree, id);
    if (branch->open) { /* already: go in */
        if (branch->child_count == 0)
            return TABLE_IGNORED;
        table_move_to_id(tree->table, branch->children[0]->id);
        return TABLE_MOVED;
    }
    return tree_open(tree, id, true) ? TABLE_SCROLLED : TABLE_IGNORED;
}

static enum table_answer close_current(struct tree *tree, const char *id)
{
    if (tree_is_open(tree, id)) {
        tree_open(tree, id, false);
        return TABLE_MOVED;
    }
    const char *parent = tree_parent(tree, id);
    if (!parent)
        return TABLE_IGNORED;
    table_move_to_id(tree->table, parent);
    return TABLE_MOVED;
}

enum table_answer tree_key(struct tree *tree, const struct key_event *key)
{
    const char *id = table_cursor_id(tree->table);
    bool plain = key->special == KEY_CHAR && !key->control && !key->alt;
    if (id && (key->special == KEY_ARROW_RIGHT || (plain && key->code == '+')))
        return open_current(tree, id);
    if (id && (key->special == KEY_ARROW_LEFT || (plain && key->code == '-')))
        return close_current(tree, id);
    return table_key(tree->table, key);
}
