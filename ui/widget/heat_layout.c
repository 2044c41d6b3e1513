/* Where each group's cells lie: in one lane or several, folded where the room is short. */
#include "base/memory.h"
#include "widget/heat_private.h"
#include "widget/letters.h"

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

void heat_plan(struct heat *heat, struct rect area)
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
void heat_line_cells(const struct heat *heat, size_t index, int line, size_t *first, size_t *last)
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

int heat_line_of_cell(const struct heat *heat, size_t index, size_t cell)
{
    int lines = heat->plan.lines[index];
    int line = (int)(cell / (size_t)larger(heat->plan.per_line, 1));
    return line < lines ? line : lines - 1;
}
