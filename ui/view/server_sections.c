/* Rows of the server page's sections: counted, ordered, handed to their tables. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "term/locale.h"
#include "view/server.h"

#define DEPTH_MOST 30 /* deeper trees are drawn flat from there on */

#define X(name) extern const struct section_ops section_##name;
SECTIONS(X)
#undef X

const struct section_ops *const server_sections[SECTION_COUNT] = {
#define X(name) &section_##name,
    SECTIONS(X)
#undef X
};

const struct section_ops section_charts = {.name = "charts", .title = N_("charts")};

void cell_text(struct server_page *page, struct table_row *row, unsigned column, uint8_t role, const char *text)
{
    snprintf(page->cell[column], sizeof page->cell[column], "%s", text);
    row->cells[column] = (struct table_cell){page->cell[column], role};
}

void cell_format(struct server_page *page, struct table_row *row, unsigned column, uint8_t role, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(page->cell[column], sizeof page->cell[column], format, arguments);
    va_end(arguments);
    row->cells[column] = (struct table_cell){page->cell[column], role};
}

/* ---- the tables' source ---- */

static void fill(struct server_page *page, enum section section, size_t at, struct table_row *row)
{
    const struct section_ops *ops = server_sections[section];
    const struct section_row *shown = &page->sections[section].rows[at];
    row->depth = shown->depth;
    row->last = shown->last;
    row->branch = shown->branch;
    row->open = shown->branch;
    row->passes = shown->passes;
    row->unhandled = ops->wrong && ops->wrong(page, shown->index);
    ops->fill(page, shown->index, row);
}

static bool find(const struct server_page *page, enum section section, const char *id, size_t *at)
{
    const struct section_state *state = &page->sections[section];
    for (*at = 0; *at < state->count; ++*at)
        if (server_sections[section]->is(page, state->rows[*at].index, id))
            return true;
    return false;
}

#define X(name)                                                                   \
    static void fill_##name(void *owner, size_t at, struct table_row *row)        \
    {                                                                             \
        fill(owner, SECTION_##name, at, row);                                     \
    }                                                                             \
    static bool find_##name(void *owner, const char *id, size_t *at)              \
    {                                                                             \
        return find(owner, SECTION_##name, id, at);                               \
    }
SECTIONS(X)
#undef X

static void (*const fills[SECTION_COUNT])(void *, size_t, struct table_row *) = {
#define X(name) fill_##name,
    SECTIONS(X)
#undef X
};
static bool (*const finds[SECTION_COUNT])(void *, const char *, size_t *) = {
#define X(name) find_##name,
    SECTIONS(X)
#undef X
};

void server_sections_init(struct server_page *page)
{
    for (unsigned i = 0; i < SECTION_COUNT; i++) {
        const struct section_ops *ops = server_sections[i];
        struct table_column columns[TABLE_COLUMNS];
        for (unsigned c = 0; c < ops->column_count; c++) {
            columns[c] = ops->columns[c];
            columns[c].title = *columns[c].title ? _(columns[c].title) : "";
        }
        page->sections[i].table = table_new(columns, ops->column_count);
        page->sections[i].sort = ops->sort;
        page->sections[i].descending = ops->descending;
        if (ops->key)
            table_set_sort(page->sections[i].table, ops->columns[ops->sort].name, ops->descending);
    }
}

void server_sections_release(struct server_page *page)
{
    for (unsigned i = 0; i < SECTION_COUNT; i++) {
        table_free(&page->sections[i].table);
        free(page->sections[i].rows);
    }
    free(page->facts);
}

/* ---- order ---- */

struct keyed { struct section_key key; unsigned index; };

static int compare(const void *left, const void *right, void *descending)
{
    const struct keyed *a = left, *b = right;
    int order, place = (a->index > b->index) - (a->index < b->index);
    if (a->key.text && b->key.text) {
        order = text_compare_natural(a->key.text, b->key.text);
    } else if (isnan(a->key.number) || isnan(b->key.number)) {
        order = (isnan(a->key.number) != 0) - (isnan(b->key.number) != 0);
        return order ? order : place; /* what is not known stands last either way */
    } else {
        order = (a->key.number > b->key.number) - (a->key.number < b->key.number);
    }
    if (*(const bool *)descending)
        order = -order;
    return order ? order : place;
}

/* Keys are taken once, not for each comparison: a server may have 20,000 processes. */
static void order_rows(struct server_page *page, const struct section_ops *ops, struct section_state *state)
{
    struct keyed *keyed = memory_new_array(state->count, sizeof *keyed);
    for (unsigned i = 0; i < state->count; i++)
        keyed[i] = (struct keyed){ops->key(page, i, state->sort), i};
    qsort_r(keyed, state->count, sizeof *keyed, compare, &state->descending);
    for (unsigned i = 0; i < state->count; i++)
        state->rows[i].index = keyed[i].index;
    free(keyed);
}

/* ---- the process tree ---- */

struct forest { const struct host *host; const struct section_row *sorted; struct section_row *out; unsigned count, made; int *first, *next; };

static void plant(struct forest *forest, int at, unsigned depth, uint32_t passes)
{
    while (at >= 0) {
        int following = forest->next[at], below = forest->first[at];
        struct section_row *row = &forest->out[forest->made++];
        *row = (struct section_row){.index = forest->sorted[at].index, .depth = (uint8_t)depth, .last = following < 0,
                                    .branch = below >= 0, .passes = passes};
        if (below >= 0)
            plant(forest, below, depth < DEPTH_MOST ? depth + 1 : depth,
                  following >= 0 && depth ? passes | (uint32_t)1 << depth : passes);
        at = following;
    }
}

static int by_pid(const void *left, const void *right, void *owner)
{
    const struct forest *forest = owner;
    int a = forest->host->processes[forest->sorted[*(const int *)left].index].pid,
        b = forest->host->processes[forest->sorted[*(const int *)right].index].pid;
    return (a > b) - (a < b);
}

static int find_pid(const struct forest *forest, const int *pids, int pid)
{
    unsigned low = 0, high = forest->count;
    while (low < high) {
        unsigned middle = (low + high) / 2;
        int here = forest->host->processes[forest->sorted[pids[middle]].index].pid;
        if (here == pid)
            return pids[middle];
        if (here < pid)
            low = middle + 1;
        else
            high = middle;
    }
    return -1;
}

/* A list of processes read while they come and go may hold a ring of parents: whoever would close it is a root. */
static bool is_ancestor(const struct forest *forest, const int *parent, int of, int who)
{
    for (unsigned steps = 0; of >= 0 && steps <= forest->count; steps++, of = parent[of])
        if (of == who)
            return true;
    return false;
}

static void grow_tree(struct server_page *page, struct section_state *state)
{
    struct forest forest = {.host = page->host, .count = state->count};
    struct section_row *sorted = memory_new_array(state->count + 1, sizeof *sorted);
    int *links = memory_new_array(4 * (size_t)state->count + 4, sizeof *links), *pids = links + 2 * state->count,
        *parent = links + 3 * state->count;
    memcpy(sorted, state->rows, state->count * sizeof *sorted);
    forest.sorted = sorted;
    forest.out = state->rows;
    forest.first = links;
    forest.next = links + state->count;
    for (int i = 0; i < (int)state->count; i++) {
        forest.first[i] = forest.next[i] = parent[i] = -1;
        pids[i] = i;
    }
    qsort_r(pids, state->count, sizeof *pids, by_pid, &forest);
    int roots = -1;
    for (int i = (int)state->count - 1; i >= 0; i--) { /* from the back, each put in front: their order stays */
        int above = find_pid(&forest, pids, page->host->processes[sorted[i].index].parent);
        if (above >= 0 && !is_ancestor(&forest, parent, above, i)) {
            parent[i] = above;
            forest.next[i] = forest.first[above];
            forest.first[above] = i;
        } else {
            forest.next[i] = roots;
            roots = i;
        }
    }
    plant(&forest, roots, 0, 0);
    free(links);
    free(sorted);
}

/* ---- all of them ---- */

static void refresh(struct server_page *page, enum section section)
{
    const struct section_ops *ops = server_sections[section];
    struct section_state *state = &page->sections[section];
    state->count = page->have && ops->count ? ops->count(page) : 0;
    state->wrong = 0;
    ARRAY_RESERVE(state->rows, state->capacity, state->count + 1);
    for (unsigned i = 0; i < state->count; i++) {
        state->rows[i] = (struct section_row){.index = i};
        state->wrong += ops->wrong && ops->wrong(page, i);
    }
    if (state->count && ops->key)
        order_rows(page, ops, state);
    if (section == SECTION_processes && page->tree && state->count)
        grow_tree(page, state);
    table_refreshed(state->table, &(struct table_source){.owner = page, .total = state->count, .count = state->count, .row = fills[section],
                                                                   .find = ops->is ? finds[section] : NULL});
}

void server_sections_refresh(struct server_page *page)
{
    server_facts_make(page);
    for (unsigned i = 0; i < SECTION_COUNT; i++)
        refresh(page, (enum section)i);
}

void server_section_sort(struct server_page *page, enum section section, unsigned column, bool descending)
{
    const struct section_ops *ops = server_sections[section];
    struct section_state *state = &page->sections[section];
    if (column >= ops->column_count)
        return;
    state->sort = column;
    state->descending = descending;
    table_set_sort(state->table, ops->columns[column].name, descending);
    refresh(page, section);
}

bool server_section_current(const struct server_page *page, enum section section, unsigned *index)
{
    const struct section_state *state = &page->sections[section];
    size_t at = table_cursor(state->table);
    if (at >= state->count)
        return false;
    *index = state->rows[at].index;
    return true;
}
