#include "widget/heat.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "widget/letters.h"
#include "window/layout.h"

#define GUTTER 1      /* the cursor's bar */

#define CELLS_LEAST 5  /* columns a lane needs after name and summary */
#define LANE_GAP 2
#define LANES_MOST 6

/* How the groups are laid out in the last drawing: one below the other, in one lane or, where that does not fit, in
 * several side by side. Lines are counted down the first lane, then down the next; what is more than a screenful goes
 * to further pages, so that the first page holds the first groups. */
struct plan {
    int name_width, summary_width;
    int start;       /* first screen column of the cells, from the lane's left */
    int cell_width;  /* 1 or 2 */
    int per_line;    /* cells in a line */
    bool folded;
    int count_room;  /* " +123" after the cells of a folded group; 1 in narrow lanes: an ellipsis */
    int lanes, lane_width;
    int height;      /* lines of a lane on one page */
    int pages;
    size_t unfolded; /* of the folded groups, so many at the top are shown whole: there was room */
    int *first_line; /* of each group, by group */
    int *lines;
};

struct heat {
    struct heat_source source;
    struct plan plan;
    size_t first_capacity, lines_capacity;
    size_t group, cell;
    char *cursor_id;
    bool fold, stale;
    char *empty, *why;
    struct rect area;
    int top;        /* first line shown */
    bool refreshed;
};

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

/* ---- layout ---- */

static int larger(int left, int right)
{
    return left > right ? left : right;
}

/* Cells up to the last one that is not quiet: they are never folded away. */
static size_t loud_extent(const struct heat_group *group)
{
    size_t extent = 0;
    for (size_t i = 0; i < group->count; i++)
        if (group->cells[i] != HEALTH_OK)
            extent = i + 1;
    return extent;
}

static size_t last_line_room(const struct plan *plan)
{
    return plan->per_line > plan->count_room ? (size_t)(plan->per_line - plan->count_room) : 1;
}

static int lines_of(const struct plan *plan, const struct heat_group *group, bool folded)
{
    size_t per_line = (size_t)plan->per_line, count = group->count;
    if (count <= per_line)
        return 1;
    if (!folded)
        return (int)((count + per_line - 1) / per_line);
    size_t extent = loud_extent(group);
    size_t last_room = last_line_room(plan); /* the last line also says how many follow */
    if (extent <= last_room)
        return 1;
    size_t lines = 1 + (extent - last_room + per_line - 1) / per_line;
    size_t all = (count + per_line - 1) / per_line;
    return (int)(lines < all ? lines : all);
}

static int group_lines(const struct plan *plan, const struct heat *heat, size_t index)
{
    return lines_of(plan, &heat->source.groups[index], plan->folded && index >= plan->unfolded);
}

static int plan_cells(const struct heat *heat, struct plan *plan, int columns, int cell_width, bool folded)
{
    plan->cell_width = cell_width;
    plan->folded = folded;
    plan->unfolded = 0;
    plan->lanes = plan->pages = 1;
    plan->lane_width = columns;
    plan->per_line = larger((columns - plan->start + cell_width - 1) / cell_width, 1);
    int lines = 0;
    for (size_t i = 0; i < heat->source.count; i++)
        lines += group_lines(plan, heat, i);
    plan->height = larger(lines, 1);
    return lines;
}

/* Room left over by folding goes to the groups at the top. */
static void plan_unfold(const struct heat *heat, struct plan *plan, int lines, int rows)
{
    for (plan->unfolded = 0; plan->unfolded < heat->source.count; plan->unfolded++) {
        const struct heat_group *group = &heat->source.groups[plan->unfolded];
        lines += lines_of(plan, group, false) - lines_of(plan, group, true);
        if (lines > rows)
            return;
        plan->height = larger(lines, 1);
    }
}

/* Lanes used when groups, each kept whole, fill lanes of so many lines. */
static int lanes_used(const struct heat *heat, const struct plan *plan, int height)
{
    int lanes = 1, line = 0;
    for (size_t i = 0; i < heat->source.count; i++) {
        int lines = group_lines(plan, heat, i);
        if (line > 0 && line + lines > height) {
            lanes++;
            line = 0;
        }
        line += lines;
    }
    return lanes;
}

/* Folded, in so many lanes: the lowest height that holds all groups. */
static int plan_lanes(const struct heat *heat, struct plan *plan, int columns, int lanes)
{
    int lane_width = (columns - (lanes - 1) * LANE_GAP) / lanes;
    if (lane_width - plan->start < 3 * plan->count_room)
        plan->count_room = 1; /* the summary says how many there are */
    int total = plan_cells(heat, plan, lane_width, 1, true);
    plan->lanes = lanes;
    for (plan->height = larger((total + lanes - 1) / lanes, 1); lanes_used(heat, plan, plan->height) > lanes;)
        plan->height++;
    return plan->height;
}

static void plan_widths(const struct heat *heat, struct plan *plan, int columns)
{
    size_t largest = 0;
    plan->name_width = plan->summary_width = 0;
    for (size_t i = 0; i < heat->source.count; i++) {
        largest = heat->source.groups[i].count > largest ? heat->source.groups[i].count : largest;
        plan->name_width = larger(plan->name_width, text_width(heat->source.groups[i].name));
        plan->summary_width = larger(plan->summary_width, text_width(heat->source.groups[i].summary));
    }
    int most = columns / 4 < 12 ? 12 : columns / 4 > 24 ? 24 : columns / 4;
    if (plan->name_width > most)
        plan->name_width = most;
    if (plan->summary_width > 16)
        plan->summary_width = 16;
    plan->start = GUTTER + plan->name_width + 1 + plan->summary_width + (plan->summary_width ? 1 : 0);
    plan->count_room = 3; /* blank, plus and a digit */
    for (; largest >= 10; largest /= 10)
        plan->count_room++;
}

/* The roomiest layout that fits; when none does, the densest. Returns its lines from top to bottom. */
static int plan_choose(const struct heat *heat, struct plan *plan, int rows, int columns)
{
    plan_widths(heat, plan, columns);
    int lines = plan_cells(heat, plan, columns, 2, false);
    if (lines > rows)
        lines = plan_cells(heat, plan, columns, 1, false);
    if (lines <= rows || !heat->fold)
        return lines;
    lines = plan_cells(heat, plan, columns, 1, true);
    if (lines <= rows) {
        plan_unfold(heat, plan, lines, rows);
        return plan->height;
    }
    for (int lanes = 2; lanes <= LANES_MOST && lines > rows; lanes++) {
        if ((columns - (lanes - 1) * LANE_GAP) / lanes < plan->start + CELLS_LEAST)
            break;
        lines = plan_lanes(heat, plan, columns, lanes);
    }
    return lines;
}

static void plan_make(struct heat *heat, struct rect area)
{
    struct plan *plan = &heat->plan;
    int wanted = plan_choose(heat, plan, area.rows, area.columns);
    if (plan->lanes > 1 && wanted > area.rows && area.rows > 0)
        plan->height = area.rows; /* a page at a time */
    ARRAY_RESERVE(plan->first_line, heat->first_capacity, heat->source.count + 1);
    ARRAY_RESERVE(plan->lines, heat->lines_capacity, heat->source.count + 1);
    int line = 0;
    for (size_t i = 0; i < heat->source.count; i++) {
        int lines = group_lines(plan, heat, i), inside = line % plan->height;
        if (plan->lanes > 1 && inside > 0 && inside + lines > plan->height && lines <= plan->height)
            line += plan->height - inside; /* to the next lane, whole */
        plan->first_line[i] = line;
        plan->lines[i] = lines;
        line += lines;
    }
    int page = plan->height * plan->lanes;
    plan->pages = larger((line + page - 1) / page, 1);
}

int heat_rows(const struct heat *heat, int columns)
{
    struct plan plan = {0};
    return plan_choose(heat, &plan, 1 << 20, columns);
}

/* The cells drawn on a line of a group: [first, last). The last line of a folded group moves along so that the
 * cursor is always among them. */
static void line_cells(const struct heat *heat, size_t index, int line, size_t *first, size_t *last)
{
    const struct plan *plan = &heat->plan;
    const struct heat_group *group = &heat->source.groups[index];
    int lines = plan->lines[index];
    size_t per_line = (size_t)plan->per_line;
    *first = (size_t)line * per_line;
    *last = *first + per_line;
    if (line == lines - 1 && *last < group->count) {
        size_t room = last_line_room(plan);
        if (index == heat->group && heat->cell >= *first + room)
            *first = heat->cell - room + 1;
        *last = *first + room;
    }
    if (*last > group->count)
        *last = group->count;
}

static int line_of_cell(const struct heat *heat, size_t index, size_t cell)
{
    int lines = heat->plan.lines[index];
    int line = (int)(cell / (size_t)larger(heat->plan.per_line, 1));
    return line < lines ? line : lines - 1;
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
    plan_make(heat, heat->area); /* keys may come before the next drawing */
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
    line_cells(heat, index, line, &first, &last);
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
    int row = page_row(heat, plan->first_line[heat->group] + line_of_cell(heat, heat->group, heat->cell));
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
        heat->top = larger(total - heat->area.rows, 0);
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
    plan_make(heat, area);
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
    int line = line_of_cell(heat, heat->group, heat->cell);
    line_cells(heat, heat->group, line, &first, &last);
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
    line_cells(heat, group, line, &first, &last);
    heat->cell = first + column < last ? first + column : last - 1;
    return moved(heat);
}

static enum heat_answer move_page(struct heat *heat, bool down)
{
    for (int i = 0; i < larger(heat->area.rows - 1, 1); i++)
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
        line_cells(heat, index, inside, &first, &last);
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
