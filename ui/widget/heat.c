#include "widget/heat_private.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "widget/letters.h"
#include "window/layout.h"

struct heat *heat_new(void)
{
    struct heat *heat = memory_new(sizeof *heat);
    heat->fold = true;
    return heat;
}

void heat_free(struct heat **where)
{
    struct heat *heat = *where;
    if (!heat)
        return;
    free(heat->plan.first_line);
    free(heat->plan.lines);
    free(heat->cursor_id);
    free(heat->empty);
    free(heat->why);
    free(heat);
    *where = NULL;
}

void heat_set_fold(struct heat *heat, bool fold)
{
    heat->fold = fold;
}

void heat_set_stale(struct heat *heat, bool stale)
{
    heat->stale = stale;
}

void heat_set_empty(struct heat *heat, const char *text, const char *why)
{
    free(heat->empty);
    free(heat->why);
    heat->empty = memory_text(text);
    heat->why = memory_text(why);
}

/* ---- the cursor ---- */

static void adopt(struct heat *heat)
{
    free(heat->cursor_id);
    heat->cursor_id = NULL;
    if (heat->group < heat->source.count && heat->cell < heat->source.groups[heat->group].count)
        heat->cursor_id = memory_text(heat->source.cell_id(heat->source.owner, heat->group, heat->cell));
}

/* The nearest place that has a cell. */
static void clamp_cursor(struct heat *heat)
{
    if (heat->group >= heat->source.count)
        heat->group = heat->source.count ? heat->source.count - 1 : 0;
    if (heat->source.count == 0) {
        heat->cell = 0;
        return;
    }
    size_t group = heat->group;
    while (group + 1 < heat->source.count && heat->source.groups[group].count == 0)
        group++;
    if (heat->source.groups[group].count == 0)
        for (group = heat->group; group > 0 && heat->source.groups[group].count == 0;)
            group--;
    heat->group = group;
    size_t count = heat->source.groups[group].count;
    if (heat->cell >= count)
        heat->cell = count ? count - 1 : 0;
}

void heat_refreshed(struct heat *heat, const struct heat_source *source)
{
    size_t group, cell;
    heat->source = *source;
    heat->refreshed = true;
    if (heat->cursor_id && source->find(source->owner, heat->cursor_id, &group, &cell)) {
        heat->group = group;
        heat->cell = cell;
    }
    clamp_cursor(heat);
    adopt(heat);
    heat_plan(heat, heat->area); /* keys may come before the next drawing */
}

const char *heat_cursor_id(const struct heat *heat)
{
    return heat->cursor_id;
}

const char *heat_cursor_group(const struct heat *heat)
{
    return heat->group < heat->source.count ? heat->source.groups[heat->group].id : NULL;
}

bool heat_cursor(const struct heat *heat, size_t *group, size_t *cell)
{
    *group = heat->group;
    *cell = heat->cell;
    return heat->cursor_id != NULL;
}

bool heat_move_to_id(struct heat *heat, const char *id)
{
    size_t group, cell;
    if (!heat->refreshed || !heat->source.find(heat->source.owner, id, &group, &cell))
        return false;
    heat->group = group;
    heat->cell = cell;
    adopt(heat);
    return true;
}

/* ---- drawing ---- */

/* The screen column a line's lane begins at, and its row counted from the top of the first page. */
static int lane_column(const struct heat *heat, int line)
{
    int lane = line / heat->plan.height % heat->plan.lanes;
    return heat->area.column + lane * (heat->plan.lane_width + LANE_GAP);
}

static int page_row(const struct heat *heat, int line)
{
    int page = line / (heat->plan.height * heat->plan.lanes);
    return page * heat->plan.height + line % heat->plan.height;
}

static void draw_cells(const struct heat *heat, struct surface *surface, int row, int left, size_t index, int line)
{
    const struct heat_group *group = &heat->source.groups[index];
    const struct plan *plan = &heat->plan;
    size_t first, last;
    heat_line_cells(heat, index, line, &first, &last);
    int column = left + plan->start;
    for (size_t cell = first; cell < last; cell++, column += plan->cell_width) {
        enum health health = group->cells[cell];
        uint8_t role = heat->stale ? ROLE_STALE : (uint8_t)health_role(health);
        if (index == heat->group && cell == heat->cell)
            role |= ROLE_REVERSE;
        surface_put(surface, row, column, role, health_glyph(health, surface->ascii));
    }
    if (line == plan->lines[index] - 1 && last < group->count && plan->count_room == 1)
        surface_put(surface, row, column, ROLE_DIM, glyph_code(GLYPH_ELLIPSIS, surface->ascii));
    else if (line == plan->lines[index] - 1 && last < group->count)
        surface_printf(surface, row, column + 1, left + plan->lane_width - column - 1, ROLE_DIM, "+%zu",
                       group->count - last);
}

static void draw_label(const struct heat *heat, struct surface *surface, int row, int left, size_t index)
{
    const struct heat_group *group = &heat->source.groups[index];
    const struct plan *plan = &heat->plan;
    uint8_t role = group->role == ROLE_DIM ? ROLE_DIM : ROLE_TEXT;
    if (index == heat->group) {
        surface_put(surface, row, left, ROLE_CURSOR, glyph_code(GLYPH_CURSOR_BAR, surface->ascii));
        role = ROLE_STRONG;
    }
    surface_text_cut(surface, row, left + GUTTER, plan->name_width, role, group->name, TEXT_CUT_MIDDLE);
    surface_text_right(surface, row, left + GUTTER + plan->name_width + 1, plan->summary_width, group->role,
                       group->summary);
}

static void keep_in_sight(struct heat *heat)
{
    const struct plan *plan = &heat->plan;
    int row = page_row(heat, plan->first_line[heat->group] + heat_line_of_cell(heat, heat->group, heat->cell));
    int total = plan->height * plan->pages;
    if (plan->pages > 1) {
        heat->top = row / plan->height * plan->height;
        return;
    }
    if (row < heat->top)
        heat->top = row;
    if (row >= heat->top + heat->area.rows)
        heat->top = row - heat->area.rows + 1;
    if (heat->top + heat->area.rows > total)
        heat->top = total > heat->area.rows ? total - heat->area.rows : 0;
}

void heat_draw(struct heat *heat, struct surface *surface, struct rect area)
{
    surface_fill(surface, area, ' ', ROLE_TEXT);
    heat->area = area;
    if (rect_is_empty(area))
        return;
    if (heat->source.count == 0) {
        const char *text = heat->refreshed ? heat->empty : glyph_text(GLYPH_ELLIPSIS, surface->ascii);
        surface_text(surface, area.row, area.column + GUTTER, area.columns - GUTTER, ROLE_TEXT, text);
        if (heat->refreshed && area.rows > 1)
            surface_text(surface, area.row + 1, area.column + GUTTER, area.columns - GUTTER, ROLE_DIM, heat->why);
        return;
    }
    heat_plan(heat, area);
    keep_in_sight(heat);
    for (size_t index = 0; index < heat->source.count; index++)
        for (int inside = 0; inside < heat->plan.lines[index]; inside++) {
            int line = heat->plan.first_line[index] + inside, left = lane_column(heat, line);
            int row = area.row + page_row(heat, line) - heat->top;
            if (row < area.row || row >= area.row + area.rows)
                continue;
            /* The label stands on the group's first line that is seen. */
            if (inside == 0 || row == area.row)
                draw_label(heat, surface, row, left, index);
            draw_cells(heat, surface, row, left, index, inside);
        }
}

/* ---- keys ---- */

static enum heat_answer moved(struct heat *heat)
{
    clamp_cursor(heat);
    adopt(heat);
    return HEAT_MOVED;
}

static enum heat_answer move_group(struct heat *heat, int by)
{
    size_t group = heat->group;
    do {
        if (by < 0 ? group == 0 : group + 1 >= heat->source.count)
            return HEAT_MOVED;
        group += by < 0 ? (size_t)-1 : 1;
    } while (heat->source.groups[group].count == 0);
    heat->group = group;
    heat->cell = 0;
    return moved(heat);
}

static enum heat_answer move_cell(struct heat *heat, bool forward)
{
    if (forward ? heat->cell + 1 < heat->source.groups[heat->group].count : heat->cell > 0) {
        heat->cell += forward ? 1 : (size_t)-1;
        return moved(heat);
    }
    size_t before = heat->group;
    move_group(heat, forward ? 1 : -1);
    if (!forward && heat->group != before)
        heat->cell = heat->source.groups[heat->group].count - 1;
    return moved(heat);
}

static enum heat_answer move_line(struct heat *heat, bool down)
{
    size_t first, last;
    int line = heat_line_of_cell(heat, heat->group, heat->cell);
    heat_line_cells(heat, heat->group, line, &first, &last);
    size_t column = heat->cell - first, group = heat->group;
    int lines = heat->plan.lines[group];
    line += down ? 1 : -1;
    if (line < 0 || line >= lines) {
        move_group(heat, down ? 1 : -1);
        if (heat->group == group)
            return HEAT_MOVED;
        group = heat->group;
        lines = heat->plan.lines[group];
        line = down ? 0 : lines - 1;
    }
    heat->cell = 0; /* so that a folded line is seen as it stands without the cursor */
    heat_line_cells(heat, group, line, &first, &last);
    heat->cell = first + column < last ? first + column : last - 1;
    return moved(heat);
}

static enum heat_answer move_page(struct heat *heat, bool down)
{
    for (int i = 0; i == 0 || i < heat->area.rows - 1; i++)
        move_line(heat, down);
    return HEAT_MOVED;
}

/* The next cell that needs a person, round the end of the board. */
static enum heat_answer move_wrong(struct heat *heat, bool forward)
{
    size_t group = heat->group, cell = heat->cell, total = 0;
    for (size_t i = 0; i < heat->source.count; i++)
        total += heat->source.groups[i].count;
    for (size_t step = 0; step < total; step++) {
        if (forward) {
            for (cell++; cell >= heat->source.groups[group].count; cell = 0)
                group = (group + 1) % heat->source.count;
        } else {
            while (cell == 0) {
                group = (group + heat->source.count - 1) % heat->source.count;
                cell = heat->source.groups[group].count;
            }
            cell--;
        }
        if (health_is_wrong(heat->source.groups[group].cells[cell])) {
            heat->group = group;
            heat->cell = cell;
            return moved(heat);
        }
    }
    return HEAT_IGNORED;
}

static enum heat_answer mouse(struct heat *heat, const struct key_event *key)
{
    if (!rect_contains(heat->area, key->mouse_row, key->mouse_column))
        return HEAT_IGNORED;
    if (key->mouse == MOUSE_WHEEL_UP || key->mouse == MOUSE_WHEEL_DOWN)
        return move_line(heat, key->mouse == MOUSE_WHEEL_DOWN);
    if (key->mouse != MOUSE_PRESS)
        return HEAT_IGNORED;
    int lane = (key->mouse_column - heat->area.column) / (heat->plan.lane_width + LANE_GAP);
    int row = key->mouse_row - heat->area.row + heat->top, height = heat->plan.height;
    int line = (row / height * heat->plan.lanes + lane) * height + row % height;
    if (lane >= heat->plan.lanes)
        return HEAT_IGNORED;
    int column = key->mouse_column - lane_column(heat, line) - heat->plan.start;
    for (size_t index = 0; index < heat->source.count; index++) {
        int inside = line - heat->plan.first_line[index];
        size_t first, last;
        if (inside < 0 || inside >= heat->plan.lines[index] || heat->source.groups[index].count == 0)
            continue;
        heat_line_cells(heat, index, inside, &first, &last);
        size_t cell = first + (size_t)(column > 0 ? column / heat->plan.cell_width : 0);
        heat->group = index;
        heat->cell = cell < last ? cell : last - 1;
        moved(heat);
        return key->mouse_clicks == 2 ? HEAT_CHOSEN : HEAT_MOVED;
    }
    return HEAT_IGNORED;
}

static enum heat_answer character(struct heat *heat, uint32_t code)
{
    switch (code) {
    case 'j': return move_line(heat, true);
    case 'k': return move_line(heat, false);
    case 'l': return move_cell(heat, true);
    case 'J': return move_group(heat, 1);
    case 'K': return move_group(heat, -1);
    case 'n': return move_wrong(heat, true);
    case 'N': return move_wrong(heat, false);
    case 'g':
        heat->group = heat->cell = 0;
        return moved(heat);
    case 'G':
        heat->group = heat->source.count - 1;
        heat->cell = heat->source.groups[heat->group].count;
        return moved(heat);
    default: return HEAT_IGNORED;
    }
}

enum heat_answer heat_key(struct heat *heat, const struct key_event *key)
{
    if (!heat->cursor_id || !heat->plan.first_line)
        return HEAT_IGNORED;
    switch (key->special) {
    case KEY_CHAR:
        if (key->control && !key->alt && (key->code == 'd' || key->code == 'u'))
            return move_page(heat, key->code == 'd');
        return key->control || key->alt ? HEAT_IGNORED : character(heat, key->code);
    case KEY_ARROW_UP: return move_line(heat, false);
    case KEY_ARROW_DOWN: return move_line(heat, true);
    case KEY_ARROW_LEFT: return move_cell(heat, false);
    case KEY_ARROW_RIGHT: return move_cell(heat, true);
    case KEY_PAGE_UP: return move_page(heat, false);
    case KEY_PAGE_DOWN: return move_page(heat, true);
    case KEY_TO_HOME: return character(heat, 'g');
    case KEY_TO_END: return character(heat, 'G');
    case KEY_RETURN: return HEAT_CHOSEN;
    case KEY_MOUSE_: return mouse(heat, key);
    default: return HEAT_IGNORED;
    }
}
