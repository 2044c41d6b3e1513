#include "widget/table.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "widget/table_private.h"
#include "window/layout.h"

#define WHEEL_ROWS 3
#define ROWS_UNDRAWN 64 /* asked for before the first drawing says how many fit */

struct table *table_new(const struct table_column *columns, unsigned count)
{
    struct table *table = memory_new(sizeof *table);
    table->column_count = count < TABLE_COLUMNS ? count : TABLE_COLUMNS;
    memcpy(table->columns, columns, table->column_count * sizeof *columns);
    table->header = true;
    return table;
}

void table_free(struct table **where)
{
    struct table *table = *where;
    if (!table)
        return;
    table_marks_clear(table);
    for (size_t i = 0; i < table->kept_count; i++)
        buffer_release(&table->kept[i].texts);
    free(table->kept);
    free(table->drawn);
    free(table->sort);
    free(table->empty);
    free(table->why);
    free(table->cursor_id);
    free(table->awaited_id);
    free(table);
    *where = NULL;
}

struct table_column *table_columns(struct table *table, unsigned *count)
{
    *count = table->column_count;
    return table->columns;
}

void table_touch(struct table *table)
{
    memset(table->natural, 0, sizeof table->natural);
    table->measured_last = table->measured_first;
    table_forget_kept(table);
    table->skip = 0;
}

static void replace_text(char **where, const char *text)
{
    char *copy = memory_text(text);
    free(*where);
    *where = copy;
}

void table_set_sort(struct table *table, const char *name, bool descending)
{
    bool same = name && table->sort && strcmp(name, table->sort) == 0 && table->descending == descending;
    table->drawn_good = table->drawn_good && same; /* views say it at every drawing */
    if (!same)
        replace_text(&table->sort, name);
    table->descending = descending;
}

void table_set_empty(struct table *table, const char *text, const char *why)
{
    replace_text(&table->empty, text);
    replace_text(&table->why, why);
}

void table_set_header(struct table *table, bool shown)
{
    table->drawn_good = table->drawn_good && table->header == shown;
    table->header = shown;
}

void table_set_stale(struct table *table, bool stale)
{
    table->drawn_good = table->drawn_good && table->stale == stale;
    table->stale = stale;
}

void table_set_focus(struct table *table, bool focus)
{
    table->drawn_good = table->drawn_good && table->unfocused == !focus;
    table->unfocused = !focus;
}

/* ---- rows ---- */

bool table_row_here(const struct table *table, size_t index)
{
    return index >= table->source.offset && index - table->source.offset < table->source.count;
}

void table_row_get(const struct table *table, size_t index, struct table_row *row)
{
    memset(row, 0, sizeof *row);
    table->source.row(table->source.owner, index, row);
}

void table_forget_kept(struct table *table)
{
    if (++table->generation == 0)
        table->generation = 1;
    table->moved = table->drawn_good = false;
}

static void keep_row(struct table *table, struct table_kept *kept, size_t index)
{
    size_t offsets[TABLE_COLUMNS + 1];
    table_row_get(table, index, &kept->row);
    buffer_clear(&kept->texts);
    for (unsigned i = 0; i <= table->column_count; i++) {
        const char *text = i < table->column_count ? kept->row.cells[i].text : kept->row.id;
        offsets[i] = kept->texts.length;
        if (text)
            buffer_append(&kept->texts, text, strlen(text) + 1);
    }
    for (unsigned i = 0; i < table->column_count; i++)
        if (kept->row.cells[i].text)
            kept->row.cells[i].text = kept->texts.data + offsets[i];
    if (kept->row.id)
        kept->row.id = kept->texts.data + offsets[table->column_count];
    kept->index = index;
    kept->generation = table->generation;
}

const struct table_row *table_row_kept(struct table *table, size_t index)
{
    size_t need = table->shown > 0 ? (size_t)table->shown : 1;
    if (table->kept_count != need) {
        for (size_t i = 0; i < table->kept_count; i++)
            buffer_release(&table->kept[i].texts);
        free(table->kept);
        table->kept = memory_new_array(need, sizeof *table->kept);
        table->kept_count = need;
    }
    struct table_kept *kept = &table->kept[index % need];
    if (kept->index != index || kept->generation != table->generation)
        keep_row(table, kept, index);
    return &kept->row;
}

static size_t rows_shown(const struct table *table)
{
    return table->shown > 0 ? (size_t)table->shown : ROWS_UNDRAWN;
}

bool table_wanted(const struct table *table, size_t *offset, size_t *count)
{
    size_t shown = rows_shown(table);
    *offset = table->top > shown ? table->top - shown : 0;
    *count = 3 * shown;
    if (!table->refreshed)
        return true;
    size_t first = table->top > shown / 2 ? table->top - shown / 2 : 0;
    size_t last = table->top + shown + shown / 2;
    if (last > table->source.total)
        last = table->source.total;
    return first < table->source.offset || last > table->source.offset + table->source.count;
}

void table_keep_in_sight(struct table *table)
{
    size_t shown = rows_shown(table), total = table->source.total;
    if (total == 0) {
        table->cursor = table->top = 0;
        return;
    }
    if (table->cursor >= total)
        table->cursor = total - 1;
    if (table->cursor < table->top)
        table->top = table->cursor;
    if (table->cursor >= table->top + shown)
        table->top = table->cursor - shown + 1;
    if (table->top + shown > total)
        table->top = total > shown ? total - shown : 0;
}

/* The cursor stands where it is: take the identity of the row there, if it is here. */
static void adopt_cursor(struct table *table)
{
    free(table->cursor_id);
    table->cursor_id = NULL;
    table->cursor_revision = 0;
    if (!table_row_here(table, table->cursor))
        return;
    struct table_row row;
    table_row_get(table, table->cursor, &row);
    table->cursor_id = memory_text(row.id);
    table->cursor_revision = row.revision;
}

static bool find_id(const struct table *table, const char *id, size_t *index)
{
    struct table_row row;
    if (table_row_here(table, table->cursor)) { /* mostly it has not moved */
        table_row_get(table, table->cursor, &row);
        if (row.id && strcmp(row.id, id) == 0) {
            *index = table->cursor;
            return true;
        }
    }
    if (table->source.find)
        return table->source.find(table->source.owner, id, index);
    for (size_t i = 0; i < table->source.count; i++) {
        table_row_get(table, table->source.offset + i, &row);
        if (row.id && strcmp(row.id, id) == 0) {
            *index = table->source.offset + i;
            return true;
        }
    }
    return false;
}

/* The cursor's row stands elsewhere now: keep it on its screen line. At the very top of the list the list itself
 * stays instead, so that what arrives there is seen. */
static void follow_cursor(struct table *table, size_t index)
{
    if (table->top > 0) {
        if (index >= table->cursor)
            table->top += index - table->cursor;
        else
            table->top -= table->cursor - index < table->top ? table->cursor - index : table->top;
    }
    table->cursor = index;
}

void table_refreshed(struct table *table, const struct table_source *source)
{
    size_t index;
    table->source = *source;
    table->refreshed = true;
    table_forget_kept(table);
    table->measured_last = table->measured_first;
    if (table->awaited_id && find_id(table, table->awaited_id, &index)) {
        table->cursor = index;
        table->lost = false;
        free(table->awaited_id);
        table->awaited_id = NULL;
        adopt_cursor(table);
    } else if (!table->cursor_id) {
        table_keep_in_sight(table);
        adopt_cursor(table);
    } else if (find_id(table, table->cursor_id, &index)) {
        follow_cursor(table, index);
        table->lost = false;
        adopt_cursor(table);
    } else if (source->total == 0 || table->cursor >= source->total || table_row_here(table, table->cursor)) {
        table->lost = true;
        table_keep_in_sight(table);
        adopt_cursor(table);
    }
    table_keep_in_sight(table);
}

/* ---- moving ---- */

static enum table_answer moved_from(struct table *table, size_t top)
{
    table->lost = false;
    free(table->awaited_id); /* the person went elsewhere */
    table->awaited_id = NULL;
    table_keep_in_sight(table);
    adopt_cursor(table);
    table->moved = true;
    return table->top != top ? TABLE_SCROLLED : TABLE_MOVED;
}

/* A step over the edge of a table that has something beside it brings several rows into sight at once: each scroll
 * sends the whole table, because terminals scroll whole lines only, and what comes next is seen before it is reached. */
static void jump_ahead(struct table *table, long rows)
{
    size_t jump = rows_shown(table) / 4;
    if (!table->beside || jump < 2)
        return;
    if (rows == 1 && table->cursor >= table->top + rows_shown(table))
        table->top += jump;
    if (rows == -1 && table->cursor < table->top)
        table->top -= jump < table->top ? jump : table->top;
}

static enum table_answer move_by(struct table *table, long rows)
{
    size_t top = table->top, total = table->source.total;
    if (total == 0)
        return TABLE_MOVED;
    if (rows < 0)
        table->cursor -= (size_t)-rows < table->cursor ? (size_t)-rows : table->cursor;
    else
        table->cursor = table->cursor + (size_t)rows < total ? table->cursor + (size_t)rows : total - 1;
    jump_ahead(table, rows);
    return moved_from(table, top);
}

void table_move_to(struct table *table, size_t index)
{
    table->cursor = index;
    moved_from(table, table->top);
}

void table_move_to_id(struct table *table, const char *id)
{
    size_t index;
    if (table->refreshed && find_id(table, id, &index))
        table_move_to(table, index);
    else
        replace_text(&table->awaited_id, id);
}

static enum table_answer scroll_by(struct table *table, long rows)
{
    size_t shown = rows_shown(table), total = table->source.total;
    size_t last_top = total > shown ? total - shown : 0, top = table->top;
    long wish = (long)table->top + rows;
    table->top = wish < 0 ? 0 : (size_t)wish < last_top ? (size_t)wish : last_top;
    if (table->top == top)
        return TABLE_MOVED;
    if (table->cursor < table->top)
        table->cursor = table->top;
    if (table->cursor >= table->top + shown)
        table->cursor = table->top + shown - 1;
    moved_from(table, top);
    return TABLE_SCROLLED;
}

static enum table_answer move_to_unhandled(struct table *table, bool forward)
{
    size_t top = table->top, end = table->source.offset + table->source.count;
    struct table_row row;
    for (size_t index = table->cursor;;) {
        if (forward ? index + 1 >= end : index <= table->source.offset)
            return TABLE_IGNORED;
        index += forward ? 1 : (size_t)-1;
        if (!table_row_here(table, index))
            return TABLE_IGNORED;
        table_row_get(table, index, &row);
        if (row.unhandled) {
            table->cursor = index;
            return moved_from(table, top);
        }
    }
}

static enum table_answer mouse(struct table *table, const struct key_event *key)
{
    if (!rect_contains(table->area, key->mouse_row, key->mouse_column))
        return TABLE_IGNORED;
    if (key->mouse == MOUSE_WHEEL_UP || key->mouse == MOUSE_WHEEL_DOWN)
        return scroll_by(table, key->mouse == MOUSE_WHEEL_UP ? -WHEEL_ROWS : WHEEL_ROWS);
    if (key->mouse != MOUSE_PRESS)
        return TABLE_IGNORED;
    int line = key->mouse_row - table->area.row - (table->header ? 1 : 0);
    if (line < 0) {
        for (unsigned i = 0; i < table->column_count; i++)
            if (table->placed[i] >= 0 && key->mouse_column >= table->placed[i] &&
                key->mouse_column < table->placed[i] + table->widths[i]) {
                table->clicked = table->columns[i].name;
                return TABLE_SORT;
            }
        return TABLE_IGNORED;
    }
    if (table->top + (size_t)line >= table->source.total)
        return TABLE_IGNORED;
    size_t top = table->top;
    table->cursor = table->top + (size_t)line;
    enum table_answer answer = moved_from(table, top);
    return key->mouse_clicks == 2 ? TABLE_CHOSEN : answer;
}

static enum table_answer scroll_columns(struct table *table, bool right)
{
    if (right ? !table->more_right : table->skip == 0)
        return TABLE_IGNORED;
    table->skip += right ? 1 : (unsigned)-1;
    table->drawn_good = false;
    return TABLE_MOVED;
}

static enum table_answer mark_current(struct table *table)
{
    if (!table->cursor_id)
        return TABLE_IGNORED;
    table_mark(table, table->cursor_id, table->cursor_revision, !table_is_marked(table, table->cursor_id));
    return move_by(table, 1) == TABLE_SCROLLED ? TABLE_SCROLLED : TABLE_MARKED;
}

static enum table_answer character(struct table *table, const struct key_event *key)
{
    long page = (long)rows_shown(table);
    if (key->alt)
        return TABLE_IGNORED;
    if (key->control) {
        switch (key->code) {
        case 'd': return move_by(table, page / 2);
        case 'u': return move_by(table, -page / 2);
        case 'f': return move_by(table, page);
        case 'b': return move_by(table, -page);
        default: return TABLE_IGNORED;
        }
    }
    switch (key->code) {
    case 'j': return move_by(table, 1);
    case 'k': return move_by(table, -1);
    case 'g': return move_by(table, -(long)table->cursor);
    case 'G': return move_by(table, (long)table->source.total);
    case 'n': return move_to_unhandled(table, true);
    case 'N': return move_to_unhandled(table, false);
    case ' ': return mark_current(table);
    case '*': table_mark_shown(table); return TABLE_MARKED;
    default: return TABLE_IGNORED;
    }
}

enum table_answer table_key(struct table *table, const struct key_event *key)
{
    long page = (long)rows_shown(table);
    switch (key->special) {
    case KEY_CHAR: return character(table, key);
    case KEY_ARROW_UP: return move_by(table, -1);
    case KEY_ARROW_DOWN: return move_by(table, 1);
    case KEY_ARROW_LEFT: return scroll_columns(table, false);
    case KEY_ARROW_RIGHT: return scroll_columns(table, true);
    case KEY_PAGE_UP: return move_by(table, -page);
    case KEY_PAGE_DOWN: return move_by(table, page);
    case KEY_TO_HOME: return move_by(table, -(long)table->cursor);
    case KEY_TO_END: return move_by(table, (long)table->source.total);
    case KEY_RETURN: return table->source.total > 0 ? TABLE_CHOSEN : TABLE_IGNORED;
    case KEY_MOUSE_: return mouse(table, key);
    default: return TABLE_IGNORED;
    }
}

const char *table_clicked_column(const struct table *table)
{
    return table->clicked;
}

size_t table_total(const struct table *table)
{
    return table->source.total;
}

size_t table_cursor(const struct table *table)
{
    return table->cursor;
}

const char *table_cursor_id(const struct table *table)
{
    return table->cursor_id;
}

int64_t table_cursor_revision(const struct table *table)
{
    return table->cursor_revision;
}

bool table_cursor_lost(const struct table *table)
{
    return table->lost;
}

/* ---- marks ---- */

unsigned table_marks(const struct table *table)
{
    return HASH_COUNT(table->marks);
}

static struct table_mark *find_mark(const struct table *table, const char *id)
{
    struct table_mark *mark;
    HASH_FIND_STR(table->marks, id, mark);
    return mark;
}

bool table_is_marked(const struct table *table, const char *id)
{
    return id && table->marks && find_mark(table, id);
}

void table_mark(struct table *table, const char *id, int64_t revision, bool marked)
{
    struct table_mark *mark = find_mark(table, id);
    table->drawn_good = false;
    if (marked && !mark) {
        size_t length = strlen(id);
        mark = memory_new(sizeof *mark + length + 1);
        memcpy(mark->id, id, length + 1);
        HASH_ADD_KEYPTR(hh, table->marks, mark->id, (unsigned)length, mark);
    }
    if (marked) {
        mark->revision = revision;
    } else if (mark) {
        HASH_DEL(table->marks, mark);
        free(mark);
    }
}

void table_mark_shown(struct table *table)
{
    struct table_row row;
    bool all = table->source.count > 0;
    for (size_t i = 0; i < table->source.count && all; i++) {
        table_row_get(table, table->source.offset + i, &row);
        all = table_is_marked(table, row.id);
    }
    for (size_t i = 0; i < table->source.count; i++) {
        table_row_get(table, table->source.offset + i, &row);
        if (row.id)
            table_mark(table, row.id, row.revision, !all);
    }
}

void table_marks_clear(struct table *table)
{
    struct table_mark *mark, *next;
    table->drawn_good = false;
    HASH_ITER(hh, table->marks, mark, next) {
        HASH_DEL(table->marks, mark);
        free(mark);
    }
}

unsigned table_targets(const struct table *table, const char **ids, int64_t *revisions, unsigned limit)
{
    unsigned count = 0;
    if (!table->marks && table->cursor_id && limit > 0) {
        ids[0] = table->cursor_id;
        revisions[0] = table->cursor_revision;
        return 1;
    }
    for (struct table_mark *mark = table->marks; mark && count < limit; mark = mark->hh.next) {
        ids[count] = mark->id;
        revisions[count++] = mark->revision;
    }
    return count;
}
