/* The board: the whole site on one screen, one cell a gateway, grouped, worst first or in place. Below, or beside
 * where there is room, what the cursor's cell is and why. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "term/locale.h"
#include "view/detail.h"
#include "view/parts.h"
#include "view/view.h"
#include "widget/heat.h"
#include "widget/letters.h"
#include "window/layout.h"

#define SIDE_COLUMNS 64     /* of the side pane */
#define SIDE_FROM 150       /* screens at least so wide get one */
#define BELOW_ROWS 4        /* a rule and three lines */
#define BELOW_FROM 12       /* bodies at least so high get the lines below */
#define GROUPS_MOST "400"
#define REFRESH_LEAST 250       /* ms between boards, and more the larger they are: */
#define BYTES_A_MILLISECOND 200 /* 20 KB of 1,100 gateways come every 350 ms, 600 KB every 3 s */
#define TROUBLE_MOST "12"
#define PLAIN_NAMES 10      /* ids told in a line of the linear twin */

enum { SLOT_BOARD, SLOT_DETAIL, SLOT_TROUBLE = SLOT_DETAIL + DETAIL_SLOTS };

static const char *const groupings[] = {"building", "subsystem", "unit", "contract"};

struct board {
    char group[24];
    bool in_place;
    char *scope;              /* a filter that this page is about; "" for the whole site */
    char *filter, *sent;      /* as typed; as understood */
    struct heat *heat;
    struct arena *arena;
    struct wire_board board;
    struct heat_group *groups;
    uint8_t *cells;
    bool have;
    size_t bytes;             /* of the last answer: large ones are asked for less often */
    char problem[384];
    struct detail detail;
    struct arena *trouble_arena;
    struct wire_asset *trouble;   /* what went wrong last, newest first */
    unsigned trouble_count;
    const char *target_id;
    int64_t target_revision;
};

static bool board_open(struct view *view, const char *argument, struct error *error)
{
    struct board *board = view->state;
    char *scope = filter_typed(argument, false, error);
    if (!scope)
        return false;
    board->scope = scope;
    board->filter = memory_text("");
    board->sent = memory_text("");
    snprintf(board->group, sizeof board->group, "%s", strstr(scope, "building:") ? "floor" : "building");
    board->heat = heat_new();
    detail_init(&board->detail);
    return true;
}

static void board_close(struct view *view)
{
    struct board *board = view->state;
    heat_free(&board->heat);
    detail_release(&board->detail);
    arena_free(&board->arena);
    free(board->groups);
    free(board->cells);
    free(board->scope);
    free(board->filter);
    free(board->sent);
    arena_free(&board->trouble_arena);
}

/* Gateways are the cells, unless the filter names another kind or the site has none. */
static void cell_filter(struct view *view, struct buffer *out)
{
    struct board *board = view->state;
    const struct wire_overview *overview = view->host_ops->overview(view->host);
    bool gateways = !overview || !overview->kind_count;
    for (unsigned i = 0; overview && i < overview->kind_count; i++)
        gateways |= strcmp(overview->kinds[i].kind, "gateway") == 0;
    if (gateways && !strstr(board->sent, "kind:") && !strstr(board->scope, "kind:"))
        buffer_append_text(out, "kind:gateway");
    else if (!gateways && !*board->scope && !*board->sent)
        buffer_append_text(out, "-kind:gateway"); /* all there is: without a filter the daemon takes gateways */
    if (*board->scope)
        buffer_printf(out, "%s%s", out->length ? " " : "", board->scope);
    if (*board->sent)
        buffer_printf(out, "%s%s", out->length ? " " : "", board->sent);
}

static bool is_wide(const struct view *view)
{
    return view->area.columns >= SIDE_FROM;
}

static void wants(struct view *view, struct view_wants *out)
{
    struct board *board = view->state;
    struct buffer path = BUFFER_INIT, filter = BUFFER_INIT;
    cell_filter(view, &filter);
    client_path(&path, "/board", "group", board->group, "order", board->in_place ? "place" : "worst", "filter",
                buffer_text(&filter), "limit", GROUPS_MOST, NULL);
    view_want(out, SLOT_BOARD, "fleet ledger", REFRESH_LEAST + (msec)(board->bytes / BYTES_A_MILLISECOND),
              buffer_text(&path));
    buffer_release(&path);
    buffer_release(&filter);
    detail_want(&board->detail, view, out, SLOT_DETAIL, heat_cursor_id(board->heat), is_wide(view));
    if (is_wide(view)) {
        struct buffer trouble = BUFFER_INIT;
        client_path(&trouble, "/assets", "filter", "health:offline,critical,warning", "sort", "-since,id",
                    "limit", TROUBLE_MOST, "fields", "name,since,reason,building,floor,room", NULL);
        view_want(out, SLOT_TROUBLE, "fleet", 1000, buffer_text(&trouble));
        buffer_release(&trouble);
    }
}

/* ---- the daemon's groups as the widget's ---- */

static const char *cell_id(void *owner, size_t group, size_t cell)
{
    struct board *board = owner;
    return board->board.groups[group].ids[cell];
}

static bool find_cell(void *owner, const char *id, size_t *group, size_t *cell)
{
    struct board *board = owner;
    for (size_t g = 0; g < board->board.group_count; g++)
        for (size_t c = 0; c < board->board.groups[g].cell_count; c++)
            if (strcmp(board->board.groups[g].ids[c], id) == 0) {
                *group = g;
                *cell = c;
                return true;
            }
    return false;
}

static enum health letter_health(char letter)
{
    for (int health = 0; health < HEALTH_COUNT; health++)
        if (health_letter((enum health)health) == letter)
            return (enum health)health;
    return HEALTH_UNKNOWN;
}

static void give_groups(struct board *board)
{
    size_t cells = 0, at = 0;
    for (unsigned i = 0; i < board->board.group_count; i++)
        cells += board->board.groups[i].cell_count;
    board->groups = memory_resize(board->groups, board->board.group_count + 1, sizeof *board->groups);
    board->cells = memory_resize(board->cells, cells + 1, 1);
    for (unsigned i = 0; i < board->board.group_count; i++) {
        const struct wire_group *from = &board->board.groups[i];
        uint32_t fine = from->by_health[HEALTH_OK];
        char *summary = arena_alloc(board->arena, 32);
        snprintf(summary, 32, "%u/%u", fine, from->total);
        enum health worst = HEALTH_OK;
        for (int health = 0; health < HEALTH_COUNT; health++)
            if (from->by_health[health] && health_rank((enum health)health) > health_rank(worst))
                worst = (enum health)health;
        board->groups[i] = (struct heat_group){
            .id = from->key, .name = *from->key ? from->key : _("(none)"), .summary = summary,
            .role = worst == HEALTH_OK ? ROLE_DIM : (uint8_t)health_role(worst), .cells = board->cells + at,
            .count = from->cell_count};
        for (unsigned c = 0; c < from->cell_count; c++)
            board->cells[at++] = (uint8_t)letter_health(from->letters[c]);
    }
    heat_refreshed(board->heat, &(struct heat_source){.owner = board, .groups = board->groups,
                                                      .count = board->board.group_count, .cell_id = cell_id,
                                                      .find = find_cell});
}

static bool receive_trouble(struct board *board, const struct client_answer *answer, struct error *error)
{
    struct arena *arena = arena_new();
    struct wire_page page;
    struct wire_asset *rows = NULL;
    unsigned count = 0;
    if (answer->error)
        *error = *answer->error;
    if (answer->error || !wire_read_assets(answer->body, answer->length, arena, &page, &rows, &count, error)) {
        arena_free(&arena);
        return false;
    }
    arena_free(&board->trouble_arena);
    board->trouble_arena = arena;
    board->trouble = rows;
    board->trouble_count = count;
    return true;
}

static bool receive(struct view *view, unsigned slot, const struct client_answer *answer, struct error *error)
{
    struct board *board = view->state;
    if (slot == SLOT_TROUBLE)
        return receive_trouble(board, answer, error);
    if (slot >= SLOT_DETAIL)
        return detail_receive(&board->detail, slot - SLOT_DETAIL, answer, error);
    if (answer->error) {
        snprintf(board->problem, sizeof board->problem, "%s", answer->error->text);
        *error = *answer->error;
        return false;
    }
    struct arena *arena = arena_new();
    struct wire_board fresh = {0};
    if (!wire_read_board(answer->body, answer->length, arena, &fresh, error)) {
        arena_free(&arena);
        return false;
    }
    struct arena *old = board->arena;
    unsigned kept = 0;
    for (unsigned i = 0; i < fresh.group_count; i++) /* a group of other kinds only has no cell to show */
        if (fresh.groups[i].cell_count)
            fresh.groups[kept++] = fresh.groups[i];
    fresh.group_count = kept;
    board->arena = arena;
    board->board = fresh;
    board->have = true;
    board->bytes = answer->length;
    board->problem[0] = '\0';
    give_groups(board);
    arena_free(&old); /* after the widget has let go of it */
    return true;
}

/* ---- drawing ---- */

/* All cells there would be without a filter; 0 when that is not known. */
static uint32_t cell_population(struct view *view)
{
    struct board *board = view->state;
    const struct wire_overview *overview = view->host_ops->overview(view->host);
    if (!overview || *board->scope)
        return 0;
    for (unsigned i = 0; i < overview->kind_count; i++)
        if (strcmp(overview->kinds[i].kind, "gateway") == 0 && !strstr(board->sent, "kind:"))
            return overview->kinds[i].total;
    return overview->assets;
}

/* "servers 8: 1 !  apps 5": what the board has no cells for, where there is room; the wrong ones by their letters. */
static void draw_beside(struct view *view, struct surface *surface, int row, int column, int room)
{
    static const struct { const char *kind, *word; } beside[] = {{"server", N_("servers")}, {"application", N_("apps")}};
    const struct wire_overview *overview = view->host_ops->overview(view->host);
    for (unsigned at = 0; overview && at < ARRAY_COUNT(beside) * overview->kind_count; at++) {
        const struct wire_kind *kind = &overview->kinds[at % overview->kind_count];
        const char *word = _(beside[at / overview->kind_count].word);
        uint32_t wrong[HEALTH_COUNT] = {0};
        char text[64], total[24];
        int letters = 0;
        if (strcmp(kind->kind, beside[at / overview->kind_count].kind) != 0)
            continue;
        for (int health = 0; health < HEALTH_COUNT; health++)
            if (health_is_wrong((enum health)health) && kind->by_health[health]) {
                wrong[health] = kind->by_health[health];
                letters += snprintf(NULL, 0, "%u x  ", wrong[health]);
            }
        snprintf(text, sizeof text, "%s %s%s", word, count_text(total, kind->total), letters ? ":" : "");
        int width = text_width(text);
        if (width + 2 + letters > room)
            return;
        surface_text(surface, row, column, width, ROLE_DIM, text);
        int used = width + 1 + draw_by_health(surface, row, column + width + 1, room - width - 1, wrong, false) + 1;
        column += used;
        room -= used;
    }
}

static void draw_headline(struct view *view, struct surface *surface, struct rect line)
{
    struct board *board = view->state;
    char text[160], total[24];
    uint32_t cells = 0;
    for (int health = 0; health < HEALTH_COUNT; health++)
        cells += board->board.by_health[health];
    snprintf(text, sizeof text, board->in_place ? _("by %s, in place") : _("by %s, worst first"),
             field_word(board->group));
    int used = 1 + surface_text(surface, line.row, line.column + 1, line.columns - 1, ROLE_HEADING, text) + 2;
    if (*board->scope || *board->filter)
        used += surface_printf(surface, line.row, line.column + used, line.columns / 3, ROLE_MATCH, "%s%s%s",
                               board->scope, *board->scope && *board->filter ? " " : "", board->filter) +
                2;
    if (!board->have)
        return;
    uint32_t population = cell_population(view);
    if (cells < population) {
        struct buffer shown = BUFFER_INIT;
        shown_text(&shown, cells, population, 0);
        used += surface_text(surface, line.row, line.column + used, line.columns - used - 1, ROLE_HEADING,
                             buffer_text(&shown)) +
                2;
        buffer_release(&shown);
    }
    int room = line.columns - used - 1;
    int counts = draw_by_health(surface, line.row, line.column + used, room, board->board.by_health, true);
    snprintf(text, sizeof text, "%s:", count_text(total, cells));
    int width = text_width(text);
    if (room - counts - width - 1 > 0)
        surface_text(surface, line.row, line.column + used + room - counts - width - 1, width, ROLE_TEXT, text);
    if (!*board->scope && !*board->filter)
        draw_beside(view, surface, line.row, line.column + used, room - counts - width - 3);
}

/* The room that the cells leave: what went wrong last. */
static void draw_trouble(struct board *board, struct view *view, struct surface *surface, struct rect *rest)
{
    int room = rest->rows - heat_rows(board->heat, rest->columns) - 1;
    int rows = (int)board->trouble_count + 1 < room ? (int)board->trouble_count + 1 : room;
    if (!board->trouble_count || rows < 3)
        return;
    struct rect area = rect_cut_bottom(rest, rows);
    rect_cut_bottom(rest, 1);
    surface_text(surface, area.row, area.column + 1, area.columns - 2, ROLE_HEADING, _("went wrong last"));
    for (int i = 1; i < rows; i++) {
        const struct wire_asset *asset = &board->trouble[i - 1];
        struct buffer place = BUFFER_INIT;
        char since[SPAN_TEXT];
        uint8_t role = (uint8_t)health_role(asset->health);
        int row = area.row + i;
        surface_put(surface, row, area.column + 1, role, health_glyph(asset->health, surface->ascii));
        surface_text_right(surface, row, area.column + 3, 5, role,
                           age_text(since, asset->since, view->host_ops->now(view->host)));
        surface_text_cut(surface, row, area.column + 10, 20, ROLE_TEXT, asset->field[ASSET_id], TEXT_CUT_START);
        place_text(&place, asset);
        surface_text_cut(surface, row, area.column + 31, 28, ROLE_TEXT, buffer_text(&place), TEXT_CUT_MIDDLE);
        surface_text_cut(surface, row, area.column + 60, 30, ROLE_TEXT, asset_name(asset), TEXT_CUT_MIDDLE);
        surface_text_cut(surface, row, area.column + 91, area.columns - 92, ROLE_DIM,
                         reason_word(asset->reason), TEXT_CUT_END);
        buffer_release(&place);
    }
}

static void draw(struct view *view, struct surface *surface, struct rect area)
{
    struct board *board = view->state;
    struct rect rest = area;
    if (rect_is_empty(area))
        return;
    draw_headline(view, surface, rect_cut_top(&rest, 1));
    struct rect side = {0}, below = {0};
    if (is_wide(view))
        side = rect_cut_right(&rest, SIDE_COLUMNS);
    else if (rest.rows >= BELOW_FROM)
        below = rect_cut_bottom(&rest, BELOW_ROWS);
    heat_set_fold(board->heat, !board->in_place);
    heat_set_stale(board->heat, view->host_ops->stale(view->host));
    heat_set_empty(board->heat,
                   board->have         ? _("no cell matches")
                   : board->problem[0] ? board->problem
                                       : _("loading ..."),
                   *board->filter ? _("Esc clears the filter") : "");
    if (side.columns) { /* contracted counts stand under the cells where the pane is beside */
        struct rect counts = rect_cut_bottom(&rest, 1);
        draw_contracted(surface, counts.row, counts.column + 1, counts.columns - 2, board->board.contracted,
                        board->board.contracted_count);
        draw_trouble(board, view, surface, &rest);
    }
    heat_draw(board->heat, surface, rest);
    const char *id = heat_cursor_id(board->heat);
    if (below.rows) {
        surface_rule(surface, below.row, below.column, below.columns);
        below = (struct rect){below.row + 1, below.column, below.rows - 2, below.columns};
        detail_draw_lines(&board->detail, view, surface, below, id);
        draw_contracted(surface, below.row + below.rows, below.column + 1, below.columns - 2, board->board.contracted,
                        board->board.contracted_count);
    } else if (side.columns) {
        rect_cut_left(&side, 2);
        detail_draw_pane(&board->detail, view, surface, side, id);
    }
}

/* ---- doing ---- */

static enum reaction heat_reaction(struct view *view, enum heat_answer answer)
{
    struct board *board = view->state;
    if (answer == HEAT_IGNORED)
        return REACT_IGNORED;
    if (answer == HEAT_CHOSEN && heat_cursor_id(board->heat)) {
        view->host_ops->open(view->host, "asset", heat_cursor_id(board->heat));
        return REACT_HANDLED;
    }
    return REACT_HANDLED | REACT_DRAW | REACT_WANT;
}

static enum reaction key(struct view *view, const struct key_event *key)
{
    struct board *board = view->state;
    return heat_reaction(view, heat_key(board->heat, key));
}

static bool choose_grouping(struct board *board, const char *argument, struct error *error)
{
    unsigned at = 0;
    enum asset_field field;
    if (*argument && !asset_field_parse(argument, &field))
        return error_set(error, ERROR_INVALID,
                         _("cannot group by `%s`: building, subsystem, unit or contract"), argument);
    for (unsigned i = 0; i < ARRAY_COUNT(groupings); i++)
        if (strcmp(groupings[i], board->group) == 0)
            at = i + 1;
    snprintf(board->group, sizeof board->group, "%s", *argument ? argument : groupings[at % ARRAY_COUNT(groupings)]);
    return true;
}

static enum reaction open_group(struct view *view)
{
    struct board *board = view->state;
    const char *group = heat_cursor_group(board->heat);
    struct buffer filter = BUFFER_INIT;
    if (!group)
        return REACT_HANDLED;
    cell_filter(view, &filter);
    filter_value(&filter, board->group, group);
    view->host_ops->open(view->host, "devices", buffer_text(&filter));
    buffer_release(&filter);
    return REACT_HANDLED;
}

static enum reaction command(struct view *view, const char *name, const char *argument, struct error *error)
{
    struct board *board = view->state;
    struct key_event motion;
    if (strcmp(name, "group-by") == 0) {
        if (!choose_grouping(board, argument, error))
            return REACT_HANDLED;
        return REACT_HANDLED | REACT_DRAW | REACT_WANT;
    }
    if (strcmp(name, "order") == 0) {
        board->in_place = *argument ? strcmp(argument, "place") == 0 : !board->in_place;
        return REACT_HANDLED | REACT_DRAW | REACT_WANT;
    }
    if (strcmp(name, "parent") == 0)
        return open_group(view);
    if (motion_key(name, &motion)) {
        size_t group = 0, cell = 0, now_group = 0, now_cell = 0;
        heat_cursor(board->heat, &group, &cell);
        enum reaction reaction = key(view, &motion);
        heat_cursor(board->heat, &now_group, &now_cell);
        if (strstr(name, "wrong") && group == now_group && cell == now_cell)
            view->host_ops->say(view->host, ROLE_HINT, "%s", _("nothing else is wrong here"));
        return reaction;
    }
    return REACT_IGNORED;
}

static void targets(struct view *view, struct view_targets *out)
{
    struct board *board = view->state;
    board->target_id = heat_cursor_id(board->heat);
    board->target_revision = -1;
    *out = (struct view_targets){.ids = &board->target_id, .revisions = &board->target_revision,
                                 .count = board->target_id != NULL, .resource = "assets"};
}

static void crumbs(struct view *view, struct buffer *out)
{
    struct board *board = view->state;
    const char *group = heat_cursor_group(board->heat), *id = heat_cursor_id(board->heat);
    /* The cell at once; what explains it comes when the cursor rests. */
    site_crumbs(view, out, board->scope, group ? group : "", id ? id : "", NULL);
}

static void hints(struct view *view, struct buffer *out)
{
    (void)view;
    buffer_printf(out, "Enter %s  u %s  v %s  w %s  / %s  n %s  h %s  [ %s", _("open"), _("its group"),
                  _("group by"), _("order"), _("filter"), _("next wrong"), _("history"), _("back in time"));
}

/* In words, and those that are wrong by name: a row of dots says nothing to the ear. */
static void plain_group(struct buffer *out, const struct wire_group *group, unsigned number)
{
    unsigned told = 0;
    buffer_printf(out, "%3u  %s  %u:", number, *group->key ? group->key : _("(none)"), group->total);
    for (int health = HEALTH_COUNT - 1; health >= 0; health--)
        if (group->by_health[health])
            buffer_printf(out, " %u %s", group->by_health[health], health_word((enum health)health));
    for (unsigned cell = 0; cell < group->cell_count; cell++) {
        if (!health_is_wrong(letter_health(group->letters[cell])))
            continue;
        if (told == PLAIN_NAMES) {
            buffer_append_text(out, " ...");
            break;
        }
        buffer_printf(out, "%s %s", told++ ? "," : ";", group->ids[cell]);
    }
    buffer_append_char(out, '\n');
}

static void plain(struct view *view, struct buffer *out)
{
    struct board *board = view->state;
    for (unsigned i = 0; i < board->board.group_count; i++)
        plain_group(out, &board->board.groups[i], i + 1);
    for (unsigned i = 0; i < board->board.contracted_count; i++)
        buffer_printf(out, "     %s %s %u/%u %s\n", _("contracted"), _(board->board.contracted[i].name),
                      board->board.contracted[i].have, board->board.contracted[i].need,
                      board->board.contracted[i].ok ? _("ok") : "!");
}

static bool pick(struct view *view, unsigned number)
{
    struct board *board = view->state;
    if (!number || number > board->board.group_count || !board->board.groups[number - 1].cell_count)
        return false;
    return heat_move_to_id(board->heat, board->board.groups[number - 1].ids[0]);
}

static const char *filter(struct view *view)
{
    return ((struct board *)view->state)->filter;
}

static bool set_filter(struct view *view, const char *text, bool typing, struct error *error)
{
    struct board *board = view->state;
    char *sent = filter_typed(text, typing, error);
    if (!sent)
        return false;
    free(board->sent);
    free(board->filter);
    board->sent = sent;
    board->filter = memory_text(text);
    return true;
}

static void query(struct view *view, struct buffer *out)
{
    struct board *board = view->state;
    buffer_printf(out, "group=%s&order=%s", board->group, board->in_place ? "place" : "worst");
}

const struct view_ops board_view = {
    .name = "board",
    .title = N_("Board"),
    .tab = '1',
    .argument = "[FILTER]",
    .help = N_("the whole site, one cell a gateway"),
    .size = sizeof(struct board),
    .open = board_open,
    .close = board_close,
    .wants = wants,
    .receive = receive,
    .draw = draw,
    .key = key,
    .command = command,
    .targets = targets,
    .crumbs = crumbs,
    .hints = hints,
    .plain = plain,
    .pick = pick,
    .filter = filter,
    .set_filter = set_filter,
    .query = query,
};
