#include "view/list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "term/locale.h"
#include "view/parts.h"
#include "window/layout.h"

#define MARGIN_SCREENS 1        /* rows kept before and behind those shown */
#define SCREEN_UNDRAWN 20       /* rows of one before the first drawing tells */
#define WIDEN_AFTER ((msec)150)

static const enum reaction changed = REACT_HANDLED | REACT_DRAW | REACT_WANT;

static struct list *list_of(const struct view *view)
{
    return view->state;
}

struct table *list_table(const struct list *list)
{
    return list->instead ? list->instead : list->table;
}

static void replace_text(char **where, const char *text)
{
    char *copy = memory_text(text); /* may be our own */
    free(*where);
    *where = copy;
}

static void fill_row(void *owner, size_t index, struct table_row *row)
{
    struct view *view = owner;
    const struct list *list = list_of(view);
    list->kind->row(view, list->kind->window ? index - list->page.offset : index, row);
}

void list_show(struct view *view, size_t total)
{
    struct list *list = list_of(view);
    bool window = list->kind->window;
    table_refreshed(list->table, &(struct table_source){.owner = view,
                                                        .total = total,
                                                        .offset = window ? list->page.offset : 0,
                                                        .count = window ? list->count : total,
                                                        .row = fill_row});
}

size_t list_at(const struct list *list)
{
    size_t at = table_cursor(list->table), first = list->kind->window ? list->page.offset : 0;
    size_t here = list->kind->window ? list->count : table_total(list->table);
    return at >= first && at - first < here ? at - first : SIZE_MAX;
}

/* ---- order ---- */

/* Does `sort` begin with the field that `by` begins with? */
static bool same_field(const char *sort, const char *by)
{
    sort += *sort == '-';
    by += *by == '-';
    size_t length = strcspn(by, ",");
    return strcspn(sort, ",") == length && memcmp(sort, by, length) == 0;
}

/* The column that the list is sorted by; -1: none that is shown. */
static int sorted_column(const struct list *list)
{
    for (unsigned i = 0; i < list->column_count; i++)
        if (list->column[i].sort && same_field(list->sort, list->column[i].sort))
            return (int)i;
    return -1;
}

static void show_sort(const struct list *list)
{
    int at = sorted_column(list);
    table_set_sort(list_table(list), at < 0 ? NULL : list->column[at].shown.name, *list->sort == '-');
}

void list_set_sort(struct view *view, const char *sort)
{
    struct list *list = list_of(view);
    replace_text(&list->sort, sort);
    list->asked = 0;
    list->narrow = true;
    show_sort(list);
}

static void sort_by(struct view *view, const struct list_column *column)
{
    const struct list_kind *kind = list_of(view)->kind;
    if (same_field(kind->worst, column->sort)) {
        list_set_sort(view, kind->worst);
        return;
    }
    char *sort = memory_printf("%s%s%s", column->largest ? "-" : "", column->sort, kind->tie);
    list_set_sort(view, sort);
    free(sort);
}

static void reverse(struct view *view)
{
    const char *now = list_of(view)->sort;
    char *sort = *now == '-' ? memory_text(now + 1) : memory_printf("-%s", now);
    list_set_sort(view, sort);
    free(sort);
}

static void sort_beside(struct view *view, int step)
{
    const struct list *list = list_of(view);
    int count = (int)list->column_count, at = sorted_column(list);
    at = at < 0 ? 0 : at;
    for (int i = 0; i < count; i++) {
        at = (at + step + count) % count;
        if (list->column[at].sort)
            break;
    }
    if (list->column[at].sort)
        sort_by(view, &list->column[at]);
}

/* A click on the column that it is sorted by turns the order round. */
static void sort_clicked(struct view *view)
{
    const struct list *list = list_of(view);
    const char *clicked = table_clicked_column(list_table(list));
    for (unsigned i = 0; clicked && i < list->column_count; i++) {
        if (strcmp(list->column[i].shown.name, clicked) != 0 || !list->column[i].sort || !list->kind->worst)
            continue;
        if (sorted_column(list) == (int)i)
            reverse(view);
        else
            sort_by(view, &list->column[i]);
    }
}

static void order_text(const struct list *list, char *out, size_t size)
{
    int at = sorted_column(list);
    const char *title = at < 0 ? "" : list->column[at].shown.title;
    if (strcmp(list->sort, list->kind->worst) == 0)
        snprintf(out, size, "%s", _(list->kind->worst_word));
    else if (*title)
        snprintf(out, size, _("by %s"), title);
    else if (same_field(list->sort, list->kind->worst))
        snprintf(out, size, "%s", _("worst last"));
    else
        snprintf(out, size, "%s", list->sort);
}

/* ---- life ---- */

static void take_columns(struct list *list, const struct list_column *columns, unsigned count)
{
    struct table_column shown[TABLE_COLUMNS];
    list->column_count = count < TABLE_COLUMNS ? count : TABLE_COLUMNS;
    for (unsigned i = 0; i < list->column_count; i++) {
        list->column[i] = columns[i];
        if (*columns[i].shown.title)
            list->column[i].shown.title = _(columns[i].shown.title);
        shown[i] = list->column[i].shown;
    }
    list->table = table_new(shown, list->column_count);
    show_sort(list);
}

bool list_init(struct view *view, const struct list_kind *kind, const struct list_column *columns, unsigned count,
               const char *filter, struct error *error)
{
    struct list *list = list_of(view);
    list->kind = kind;
    list->filter = memory_text("");
    list->sent = memory_text("");
    list->sort = memory_text(kind->worst ? kind->worst : "");
    list->now = view->host_ops->now(view->host);
    take_columns(list, columns, count);
    return list_set_filter(view, filter, false, error);
}

void list_release(struct view *view)
{
    struct list *list = list_of(view);
    table_free(&list->table);
    arena_free(&list->arena);
    free(list->filter);
    free(list->sent);
    free(list->sort);
}

void list_set_columns(struct view *view, const struct list_column *columns, unsigned count)
{
    struct list *list = list_of(view);
    struct table *old = list->table;
    size_t total = table_total(old);
    take_columns(list, columns, count);
    unsigned marks = table_marks(old) ? table_targets(old, list->ids, list->revisions, LIST_TARGETS_MOST) : 0;
    for (unsigned i = 0; i < marks; i++)
        table_mark(list->table, list->ids[i], list->revisions[i], true);
    if (list->have)
        list_show(view, total);
    if (table_cursor_id(old))
        table_move_to_id(list->table, table_cursor_id(old));
    table_free(&old);
}

/* ---- filter ---- */

bool list_set_filter(struct view *view, const char *text, bool typing, struct error *error)
{
    struct list *list = list_of(view);
    char *sent = filter_typed(text, typing, error);
    if (!sent)
        return false;
    list->typing = typing;
    if (strcmp(sent, list->sent) != 0) {
        list->offset = list->asked = 0;
        list->narrow = true;
    }
    free(list->sent);
    list->sent = sent;
    replace_text(&list->filter, text);
    return true;
}

const char *list_filter(struct view *view)
{
    return list_of(view)->filter;
}

/* ---- what to have ---- */

/* Keep the window asked for while it serves; ask for a new one round the cursor when its edge comes near. */
static void choose_window(struct list *list, int rows)
{
    size_t shown = rows > 2 ? (size_t)rows : SCREEN_UNDRAWN, margin = shown * MARGIN_SCREENS;
    size_t offset = 0, count = 0, total = table_total(list->table), end = list->offset + list->asked;
    bool missing = table_wanted(list->table, &offset, &count);
    if (!count) {
        offset = table_cursor(list->table);
        count = shown;
    }
    if (list->asked && offset >= list->offset && (offset + count <= end || end >= total))
        return; /* it is here, or on its way */
    if (list->typing && list->asked && !missing)
        return;
    if (list->narrow) { /* somebody waits: a short answer is drawn sooner */
        list->offset = offset;
        list->asked = shown;
        return;
    }
    list->offset = offset > margin ? offset - margin : 0;
    list->asked = count + 2 * margin;
}

static void want_rows(const struct list *list, struct view_wants *out, const struct list_want *want, unsigned slot, size_t offset,
                      size_t count)
{
    struct buffer path = BUFFER_INIT;
    char first[24], most[24];
    bool seek = slot == LIST_SLOT_SEEK;
    snprintf(first, sizeof first, "%zu", offset);
    snprintf(most, sizeof most, "%zu", count);
    client_path(&path, want->base, "filter", list->sent, "sort", list->sort, "offset", offset ? first : "", "limit",
                list->kind->window ? most : list->kind->most, seek ? "fields" : want->name ? want->name : "",
                seek ? want->seek : want->name ? want->value : "", NULL);
    view_want(out, slot, seek ? "" : want->refresh, seek ? 0 : want->every, buffer_text(&path));
    out->want[out->count - 1].rest = seek ? 0 : list->widen ? WIDEN_AFTER : want->rest;
    buffer_release(&path);
}

void list_want(struct view *view, struct view_wants *out, const struct list_want *want)
{
    struct list *list = list_of(view);
    if (list->kind->window)
        choose_window(list, view->area.rows);
    want_rows(list, out, want, LIST_SLOT_ROWS, list->offset, list->asked);
    if (list->seek.on)
        want_rows(list, out, want, LIST_SLOT_SEEK, list->seek.offset, list->seek.count);
}

/* ---- the next one that is wrong ---- */

static void say_seek(struct view *view, enum seek_answer came, bool wrapped)
{
    const struct list *list = list_of(view);
    seek_say(&list->seek, view, came, wrapped, _(list->kind->no_more));
}

/* All rows are here: round the list's end, as in a window. */
static void seek_here(struct view *view, bool forward)
{
    struct list *list = list_of(view);
    size_t total = table_total(list_table(list)), at = table_cursor(list_table(list));
    for (size_t i = 1; i < total; i++) {
        struct table_row row = {0};
        size_t next = forward ? (at + i) % total : (at + total - i) % total;
        list->kind->row(view, next, &row);
        if (!row.unhandled)
            continue;
        list->seek.forward = forward;
        table_move_to(list->table, next);
        say_seek(view, SEEK_FOUND, true);
        return;
    }
    say_seek(view, SEEK_NONE, false);
}

/* Worst first: where the rows here end with one that is well, none that is wrong follows. */
static void seek_begin(struct view *view, bool forward)
{
    struct list *list = list_of(view);
    bool ends = list->count && strcmp(list->sort, list->kind->worst) == 0 && !list->kind->wrong(list->rows, list->count - 1);
    seek_start(&list->seek, table_cursor(list->table), list->page.total, forward, forward && ends);
    if (!list->seek.on)
        say_seek(view, SEEK_NONE, false);
}

static bool receive_seek(struct view *view, const struct client_answer *answer, struct error *error)
{
    struct list *list = list_of(view);
    struct arena *arena = arena_new();
    struct wire_page page = {0};
    void *rows = NULL;
    unsigned count = 0;
    size_t found = 0;
    bool wrapped = list->seek.wrapped, good = list->kind->read(answer, arena, &page, &rows, &count, error);
    enum seek_answer came = SEEK_MORE;
    if (good && list->seek.on && page.offset == list->seek.offset)
        came = seek_took(&list->seek, page.offset, count, page.total, list->kind->wrong, rows, &found);
    list->seek.on &= good;
    if (came == SEEK_FOUND)
        table_move_to(list->table, found);
    say_seek(view, came, wrapped);
    arena_free(&arena);
    return good;
}

/* ---- answers ---- */

void list_note(struct list *list, const struct error *error)
{
    list->have |= !error;
    snprintf(list->problem, sizeof list->problem, "%s", error ? error->text : "");
}

static bool receive_rows(struct view *view, const struct client_answer *answer, struct error *error)
{
    struct list *list = list_of(view);
    struct arena *arena = arena_new(), *old = list->arena;
    struct wire_page page = {0};
    void *rows = NULL;
    unsigned count = 0;
    if (!list->kind->read(answer, arena, &page, &rows, &count, error)) {
        arena_free(&arena);
        return false;
    }
    list->arena = arena;
    list->page = page;
    list->rows = rows;
    list->count = count;
    list->widen = list->narrow && list->kind->window;
    if (list->kind->took)
        list->kind->took(view);
    else
        list_show(view, list->kind->window ? page.total : count);
    if (list->narrow && table_cursor_lost(list->table))
        table_move_to(list->table, 0); /* another list was asked for: the row did not go away by itself */
    list->narrow = false;
    arena_free(&old); /* after the table has let go of it */
    return true;
}

bool list_receive(struct view *view, unsigned slot, const struct client_answer *answer, struct error *error)
{
    struct list *list = list_of(view);
    bool good = false;
    if (answer->error)
        *error = *answer->error;
    else if (slot == LIST_SLOT_SEEK)
        return receive_seek(view, answer, error);
    else
        good = receive_rows(view, answer, error);
    list_note(list, good ? NULL : error);
    return good;
}

/* ---- drawing ---- */

void list_begin(struct view *view, const struct surface *surface)
{
    struct list *list = list_of(view);
    const struct wire_overview *overview = view->host_ops->overview(view->host);
    list->ascii = surface->ascii;
    list->now = view->host_ops->now(view->host);
    snprintf(list->site, sizeof list->site, "%s", overview ? overview->site : "");
}

int list_headline(struct view *view, struct surface *surface, struct rect line, const char *left, const char *right, int *end)
{
    const struct list *list = list_of(view);
    char order[160] = "", order_place[200] = "";
    size_t total = table_total(list_table(list));
    if (!right && list->kind->worst && !list->instead) {
        order_text(list, order, sizeof order);
        if (total)
            snprintf(order_place, sizeof order_place, _("%s · row %zu"), order, table_cursor(list->table) + 1);
        right = total ? order_place : order;
    }
    int width = right ? text_width(right) : 0, stop = line.column + line.columns - 1 - width;
    int used = line.column + 1;
    used += surface_text(surface, line.row, used, line.column + line.columns - used, ROLE_HEADING, left);
    used += used > line.column + 1 ? 2 : 0;
    if (*list->filter)
        used += surface_text_cut(surface, line.row, used, line.column + line.columns - used - 1, ROLE_MATCH, list->filter,
                                 TEXT_CUT_END) + 2;
    bool room = width && used + 1 <= stop;
    if (room)
        surface_text(surface, line.row, stop, width, ROLE_DIM, right);
    if (end)
        *end = room ? stop : line.column + line.columns - 1;
    return used;
}

int list_counts(struct view *view, struct surface *surface, struct rect line)
{
    const struct list *list = list_of(view);
    struct buffer text = BUFFER_INIT;
    if (list->have)
        shown_text(&text, list->page.total, list->page.population, table_marks(list->table));
    int used = list_headline(view, surface, line, buffer_text(&text), NULL, NULL);
    buffer_release(&text);
    return used;
}

void list_explain(struct view *view, struct table *table)
{
    const struct list *list = list_of(view);
    const struct list_kind *kind = list->kind;
    const char *text = _("loading ..."), *why = "";
    if (list->have && *list->filter) {
        text = _(kind->unmatched);
        why = _("Esc clears the filter");
    } else if (list->have) {
        text = _(kind->empty);
        why = kind->why ? _(kind->why) : "";
    } else if (list->problem[0]) {
        text = list->problem;
    }
    table_set_stale(table, view->host_ops->stale(view->host));
    table_set_empty(table, text, why);
}

void list_draw(struct view *view, struct surface *surface, struct rect area)
{
    const struct list *list = list_of(view);
    list_explain(view, list->table);
    table_draw(list->table, surface, area);
}

/* ---- doing ---- */

static enum reaction choose(struct view *view)
{
    const struct list *list = list_of(view);
    const char *id = table_cursor_id(list_table(list));
    if (!id)
        return REACT_HANDLED;
    if (table_cursor_lost(list_table(list)))
        view->host_ops->say(view->host, ROLE_WARNING, "%s", _("that row has gone; this is another"));
    else if (list->kind->chosen)
        return list->kind->chosen(view, id);
    else if (list->kind->page)
        view->host_ops->open(view->host, list->kind->page, id);
    return REACT_HANDLED;
}

enum reaction list_answered(struct view *view, enum table_answer answer)
{
    if (answer == TABLE_IGNORED)
        return REACT_IGNORED;
    if (answer == TABLE_CHOSEN)
        return choose(view);
    if (answer == TABLE_SORT)
        sort_clicked(view);
    return answer == TABLE_MOVED ? REACT_HANDLED | REACT_MOVED | REACT_WANT : changed;
}

enum reaction list_key(struct view *view, const struct key_event *key)
{
    struct list *list = list_of(view);
    bool character = key->special == KEY_CHAR && !key->control && !key->alt;
    list->seek.on = false;
    if (!list->kind->marks && character && (key->code == ' ' || key->code == '*'))
        return REACT_IGNORED;
    return list_answered(view, table_key(list_table(list), key));
}

static enum reaction move(struct view *view, const char *name, const struct key_event *motion)
{
    const struct list *list = list_of(view);
    bool forward = strcmp(name, "next-wrong") == 0;
    enum reaction reaction = view->ops->key(view, motion);
    if (reaction != REACT_IGNORED || (!forward && strcmp(name, "previous-wrong") != 0) || !list->have || list->instead)
        return reaction;
    if (list->kind->window)
        seek_begin(view, forward);
    else
        seek_here(view, forward);
    return changed;
}

enum reaction list_command(struct view *view, const char *name, const char *argument, struct error *error)
{
    struct list *list = list_of(view);
    const struct list_kind *kind = list->kind;
    struct key_event motion;
    (void)error;
    if (strcmp(name, "back") == 0) {
        if (!table_marks(list_table(list)))
            return REACT_IGNORED;
        table_marks_clear(list_table(list));
    } else if (kind->marks && strcmp(name, "mark-all") == 0) {
        table_mark_shown(list_table(list));
    } else if (kind->worst && strcmp(name, "sort") == 0) {
        list_set_sort(view, *argument ? argument : kind->worst);
    } else if (kind->worst && strcmp(name, "sort-next") == 0) {
        sort_beside(view, 1);
    } else if (kind->worst && strcmp(name, "sort-previous") == 0) {
        sort_beside(view, -1);
    } else if (kind->worst && strcmp(name, "reverse") == 0) {
        reverse(view);
    } else {
        return motion_key(name, &motion) ? move(view, name, &motion) : REACT_IGNORED;
    }
    return changed;
}

void list_targets(struct view *view, struct view_targets *out)
{
    struct list *list = list_of(view);
    const struct table *table = list_table(list);
    unsigned count = 0;
    if (table_marks(table) || !table_cursor_lost(table))
        count = table_targets(table, list->ids, list->revisions, LIST_TARGETS_MOST);
    *out = (struct view_targets){.ids = list->ids, .revisions = list->revisions, .count = count, .resource = list->kind->resource};
}

bool list_pick(struct view *view, unsigned number)
{
    struct list *list = list_of(view);
    if (!number || number > table_total(list->table))
        return false;
    table_move_to(list->table, number - 1);
    return true;
}
