#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "widget/table_private.h"

#define GUTTER 2 /* the cursor's bar and the mark */
#define INDENT 2 /* per level of a tree */

static int clamp(int value, int low, int high)
{
    return value < low ? low : high > 0 && value > high ? high : value;
}

/* The column that carries the name: bold under the cursor, the tree's branches, never scrolled away. */
static unsigned name_column(const struct table *table)
{
    for (unsigned i = 0; i < table->column_count; i++)
        if (table->columns[i].strong && !table->columns[i].hidden)
            return i;
    return 0;
}

static int prefix_width(const struct table_row *row)
{
    return row->depth > 0 || row->branch ? row->depth * INDENT + (row->branch || row->depth > 0 ? 2 : 0) : 0;
}

static void measure(struct table *table, size_t first, size_t last)
{
    unsigned name = name_column(table);
    for (unsigned i = 0; i < table->column_count; i++) {
        int title = text_width(table->columns[i].title) + (table->sort && strcmp(table->sort, table->columns[i].name) == 0);
        if (table->natural[i] < title)
            table->natural[i] = title;
    }
    size_t known_first = table->measured_first, known_last = table->measured_last;
    table->measured_first = first;
    table->measured_last = last;
    for (size_t index = first; index < last; index++) {
        if (!table_row_here(table, index)) {
            table->measured_last = first; /* again when it is */
            continue;
        }
        if (index >= known_first && index < known_last)
            continue;
        const struct table_row *row = table_row_kept(table, index);
        for (unsigned i = 0; i < table->column_count; i++) {
            if (table->columns[i].hidden || !row->cells[i].text)
                continue;
            int width = text_width(row->cells[i].text) + (i == name ? prefix_width(row) : 0);
            if (table->natural[i] < width)
                table->natural[i] = width;
        }
    }
}

static int least_width(const struct table *table, unsigned i)
{
    const struct table_column *column = &table->columns[i];
    if (column->weight > 0)
        return column->minimum > 0 ? column->minimum : 1;
    return clamp(table->natural[i], column->minimum, column->maximum);
}

/* A weighted column grows to its widest cell and no further, so that a wide screen does not tear rows apart; by
 * steps, so that scrolling seldom moves the columns. */
static int most_width(const struct table *table, unsigned i)
{
    int widest = (table->natural[i] + 3) / 4 * 4;
    return clamp(widest, least_width(table, i), table->columns[i].maximum);
}

/* Spare columns give way to what the others wish for, the last first. */
static void drop_spare(struct table *table, int room, int gap, bool *drawn)
{
    for (;;) {
        int wish = 0, count = 0, victim = -1;
        for (unsigned i = 0; i < table->column_count; i++) {
            if (!drawn[i])
                continue;
            wish += (table->columns[i].weight > 0 ? most_width(table, i) : least_width(table, i)) + (count++ > 0 ? gap : 0);
            victim = table->columns[i].spare ? (int)i : victim;
        }
        if (wish <= room || victim < 0)
            return;
        drawn[victim] = false;
        table->more_right = true;
    }
}

/* Which columns are drawn: not hidden, not scrolled away, and dropped from the right of importance until the rest
 * fits. Returns the room left over. */
static int choose_columns(struct table *table, int room, int gap, bool *drawn)
{
    unsigned name = name_column(table), skipped = 0;
    for (unsigned i = 0; i < table->column_count; i++) {
        drawn[i] = !table->columns[i].hidden;
        if (drawn[i] && i != name && skipped < table->skip) {
            skipped++;
            drawn[i] = false;
        }
    }
    table->more_right = false;
    drop_spare(table, room, gap, drawn);
    for (;;) {
        int need = 0, count = 0, victim = -1, last = -1;
        for (unsigned i = 0; i < table->column_count; i++) {
            if (!drawn[i])
                continue;
            need += least_width(table, i) + (count++ > 0 ? gap : 0);
            if (i != name)
                last = (int)i;
            if (i != name && table->columns[i].drop > 0 &&
                (victim < 0 || table->columns[i].drop >= table->columns[victim].drop))
                victim = (int)i;
        }
        if (need <= room)
            return room - need;
        if (victim < 0)
            victim = last; /* nothing more may be dropped: what stands furthest right is out of sight */
        if (victim < 0)
            return 0;
        drawn[victim] = false;
        table->more_right = true;
    }
}

static void place_columns(struct table *table, struct rect area)
{
    bool drawn[TABLE_COLUMNS];
    int gap = area.columns >= 100 ? 2 : 1;
    int room = area.columns - GUTTER;
    int left = choose_columns(table, room, gap, drawn);
    int weights = 0;
    for (unsigned i = 0; i < table->column_count; i++) {
        table->widths[i] = drawn[i] ? least_width(table, i) : 0;
        weights += drawn[i] ? table->columns[i].weight : 0;
    }
    /* Twice: what a column at its maximum does not take goes to the others. */
    for (int pass = 0; pass < 2 && weights > 0 && left > 0; pass++) {
        int share = left, all = weights;
        for (unsigned i = 0; i < table->column_count && all > 0; i++) {
            if (!drawn[i] || table->columns[i].weight == 0 || table->widths[i] >= most_width(table, i))
                continue;
            int more = share * table->columns[i].weight / all;
            if (more > most_width(table, i) - table->widths[i])
                more = most_width(table, i) - table->widths[i];
            table->widths[i] += more;
            left -= more;
        }
        weights = 0;
        for (unsigned i = 0; i < table->column_count; i++)
            weights += drawn[i] && table->widths[i] < most_width(table, i) ? table->columns[i].weight : 0;
    }
    int column = area.column + GUTTER;
    for (unsigned i = 0; i < table->column_count; i++) {
        table->placed[i] = drawn[i] ? column : -1;
        if (drawn[i] && table->widths[i] > area.column + area.columns - column)
            table->widths[i] = area.column + area.columns - column > 0 ? area.column + area.columns - column : 0;
        column += drawn[i] ? table->widths[i] + gap : 0;
    }
}

static void draw_header(const struct table *table, struct surface *surface, struct rect area)
{
    for (unsigned i = 0; i < table->column_count; i++) {
        const struct table_column *column = &table->columns[i];
        if (table->placed[i] < 0)
            continue;
        bool sorted = table->sort && strcmp(table->sort, column->name) == 0;
        char title[128];
        snprintf(title, sizeof title, "%s%s", column->title,
                 sorted ? glyph_text(table->descending ? GLYPH_DOWN : GLYPH_UP, surface->ascii) : "");
        if (column->right)
            surface_text_right(surface, area.row, table->placed[i], table->widths[i], ROLE_HEADING, title);
        else
            surface_text(surface, area.row, table->placed[i], table->widths[i], ROLE_HEADING, title);
    }
    if (table->skip > 0)
        surface_text(surface, area.row, area.column, 1, ROLE_HINT, "<");
    if (table->more_right)
        surface_text(surface, area.row, area.column + 1, 1, ROLE_HINT, ">"); /* in the gutter: over no title */
}

/* The lines of a tree before the name; returns the columns used. */
static int draw_branches(struct surface *surface, int line, int column, int columns, const struct table_row *row)
{
    int width = prefix_width(row);
    if (width == 0 || width >= columns)
        return 0;
    for (int level = 1; level <= row->depth; level++) {
        bool here = level == row->depth;
        int at = column + (level - 1) * INDENT;
        if (here)
            surface_put(surface, line, at, ROLE_RULE, glyph_code(row->last ? GLYPH_BRANCH_LAST : GLYPH_BRANCH, surface->ascii));
        else if (row->passes & (uint32_t)1 << level)
            surface_put(surface, line, at, ROLE_RULE, glyph_code(GLYPH_BRANCH_PASS, surface->ascii));
    }
    if (row->branch)
        surface_put(surface, line, column + row->depth * INDENT, ROLE_DIM,
                    glyph_code(row->open ? GLYPH_OPEN : GLYPH_CLOSED, surface->ascii));
    return width;
}

static void draw_row(struct table *table, struct surface *surface, struct rect area, int line, size_t index)
{
    bool current = index == table->cursor && !table->unfocused;
    if (!table_row_here(table, index)) {
        if (current)
            surface_put(surface, line, area.column, ROLE_CURSOR, glyph_code(GLYPH_CURSOR_BAR, surface->ascii));
        surface_text(surface, line, area.column + GUTTER, area.columns - GUTTER, ROLE_DIM,
                     glyph_text(GLYPH_ELLIPSIS, surface->ascii));
        return;
    }
    const struct table_row *row = table_row_kept(table, index);
    if (current && table->lost)
        surface_text(surface, line, area.column, 1, ROLE_ERROR, "?");
    else if (current)
        surface_put(surface, line, area.column, ROLE_CURSOR, glyph_code(GLYPH_CURSOR_BAR, surface->ascii));
    if (table_is_marked(table, row->id))
        surface_put(surface, line, area.column + 1, ROLE_MARKED, glyph_code(GLYPH_MARK, surface->ascii));
    unsigned name = name_column(table);
    for (unsigned i = 0; i < table->column_count; i++) {
        const struct table_column *column = &table->columns[i];
        const struct table_cell *cell = &row->cells[i];
        if (table->placed[i] < 0)
            continue;
        int at = table->placed[i], columns = table->widths[i];
        if (i == name) {
            int used = draw_branches(surface, line, at, columns, row);
            at += used;
            columns -= used;
        }
        if (!cell->text)
            continue;
        uint8_t role = table->stale ? ROLE_STALE : row->stale ? ROLE_STALE : cell->role;
        if (i == name && current && role == ROLE_TEXT)
            role = ROLE_STRONG;
        if (column->right)
            surface_text_right(surface, line, at, columns, role, cell->text);
        else
            surface_text_cut(surface, line, at, columns, role, cell->text, column->cut);
    }
}

static struct cell *drawn_row(const struct table *table, int line)
{
    return table->drawn + (size_t)line * (size_t)table->area.columns;
}

static struct cell *surface_row(const struct surface *surface, struct rect area, int line)
{
    return surface->cells + (size_t)(area.row + line) * (size_t)surface->columns + area.column;
}

static bool inside(const struct surface *surface, struct rect area)
{
    return area.row >= 0 && area.column >= 0 && area.row + area.rows <= surface->rows &&
           area.column + area.columns <= surface->columns;
}

static void keep_drawing(struct table *table, const struct surface *surface, int first, int last)
{
    size_t row = (size_t)table->area.columns;
    if (!inside(surface, table->area))
        return;
    ARRAY_RESERVE(table->drawn, table->drawn_capacity, row * (size_t)table->area.rows);
    for (int line = first; line < last; line++)
        memcpy(drawn_row(table, line), surface_row(surface, table->area, line), row * sizeof *table->drawn);
    table->drawn_good = true;
    table->drawn_top = table->top;
    table->drawn_cursor = table->cursor;
}

/* Is what was drawn last right but for the cursor? */
static bool only_moved(struct table *table, const struct surface *surface)
{
    if (!table->moved || !table->drawn_good || !inside(surface, table->area))
        return false;
    table_keep_in_sight(table);
    return table->top == table->drawn_top;
}

/* The row that the cursor left and the one it stands on. */
static void draw_two_rows(struct table *table, struct surface *surface, int lines[2])
{
    struct rect area = table->area;
    const size_t rows[2] = {table->drawn_cursor, table->cursor};
    int head = area.rows - table->shown;
    for (int i = 0; i < 2; i++) {
        int line = head + (int)(rows[i] - table->top);
        surface_fill(surface, (struct rect){area.row + line, area.column, 1, area.columns}, ' ', ROLE_TEXT);
        draw_row(table, surface, area, area.row + line, rows[i]);
        keep_drawing(table, surface, line, line + 1);
        lines[i] = area.row + line;
    }
}

/* The last drawing, and two rows anew. */
static bool draw_move(struct table *table, struct surface *surface, struct rect area)
{
    int lines[2];
    if (memcmp(&area, &table->area, sizeof area) != 0 || !only_moved(table, surface))
        return false;
    for (int line = 0; line < area.rows; line++)
        memcpy(surface_row(surface, area, line), drawn_row(table, line), (size_t)area.columns * sizeof *table->drawn);
    draw_two_rows(table, surface, lines);
    table->moved = false;
    return true;
}

unsigned table_echo(struct table *table, struct surface *surface, int rows[2])
{
    if (!only_moved(table, surface))
        return 0;
    draw_two_rows(table, surface, rows); /* the frame that follows draws the move, too: rows need not be filled anew */
    return 2;
}

void table_draw(struct table *table, struct surface *surface, struct rect area)
{
    if (draw_move(table, surface, area))
        return;
    surface_fill(surface, area, ' ', ROLE_TEXT);
    if (area.columns != table->area.columns) {
        memset(table->natural, 0, sizeof table->natural);
        table->measured_last = table->measured_first;
    }
    table->area = area;
    table->beside = area.columns < surface->columns * 9 / 10;
    int head = table->header && area.rows > 1 ? 1 : 0;
    table->shown = area.rows - head;
    if (table->shown <= 0 || area.columns <= GUTTER)
        return;
    table_keep_in_sight(table);
    if (!table->moved)
        table_forget_kept(table);
    table->moved = false;
    size_t last = table->top + (size_t)table->shown;
    if (last > table->source.total)
        last = table->source.total;
    measure(table, table->top, last);
    place_columns(table, area);
    if (head)
        draw_header(table, surface, area);
    for (size_t index = table->top; index < last; index++)
        draw_row(table, surface, area, area.row + head + (int)(index - table->top), index);
    if (table->source.total > 0) {
        keep_drawing(table, surface, 0, area.rows);
        return;
    }
    int line = area.row + head + (table->shown > 3 ? 1 : 0);
    if (!table->refreshed) {
        surface_text(surface, line, area.column + GUTTER, area.columns - GUTTER, ROLE_DIM,
                     glyph_text(GLYPH_ELLIPSIS, surface->ascii));
        return;
    }
    surface_text(surface, line, area.column + GUTTER, area.columns - GUTTER, ROLE_TEXT, table->empty);
    if (line + 1 < area.row + area.rows)
        surface_text(surface, line + 1, area.column + GUTTER, area.columns - GUTTER, ROLE_DIM, table->why);
}
