#include <stdio.h>
#include <stdlib.h>

#include "unit/ui/drawn.h"
#include "widget/heat.h"

#define GROUPS 3
#define CELLS 40

struct bench {
    struct heat *heat;
    struct surface surface;
    uint8_t cells[GROUPS][CELLS];
    struct heat_group groups[GROUPS];
    size_t shift; /* ids move by so many cells */
    char id[16];
};

static const char *id_of(void *owner, size_t group, size_t cell)
{
    struct bench *bench = owner;
    snprintf(bench->id, sizeof bench->id, "%zu/%zu", group, cell + bench->shift);
    return bench->id;
}

static bool find(void *owner, const char *id, size_t *group, size_t *cell)
{
    struct bench *bench = owner;
    if (sscanf(id, "%zu/%zu", group, cell) != 2 || *cell < bench->shift)
        return false;
    *cell -= bench->shift;
    return *group < GROUPS && *cell < bench->groups[*group].count;
}

static void refresh(struct bench *bench)
{
    heat_refreshed(bench->heat, &(struct heat_source){bench, bench->groups, GROUPS, id_of, find});
}

static void draw(struct bench *bench, int rows, int columns)
{
    surface_resize(&bench->surface, rows, columns);
    heat_draw(bench->heat, &bench->surface, (struct rect){0, 0, rows, columns});
}

static enum heat_answer press(struct bench *bench, const char *name)
{
    struct key_event key;
    assert_true(key_parse(name, &key));
    return heat_key(bench->heat, &key);
}

static int set_up(void **state)
{
    static const char *const names[GROUPS] = {"涵英楼", "主楼", "4号巨构"}, *const summaries[GROUPS] = {"38/40", "40/40", "39/40"};
    struct bench *bench = calloc(1, sizeof *bench);
    bench->heat = heat_new();
    surface_init(&bench->surface, 1, 1, false);
    for (int i = 0; i < GROUPS; i++)
        bench->groups[i] = (struct heat_group){names[i], names[i], summaries[i], i == 1 ? ROLE_DIM : ROLE_TEXT, bench->cells[i], CELLS};
    bench->cells[0][0] = HEALTH_OFFLINE;
    bench->cells[0][1] = HEALTH_STALE;
    bench->cells[2][0] = HEALTH_CRITICAL;
    refresh(bench);
    *state = bench;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *bench = *state;
    heat_free(&bench->heat);
    surface_release(&bench->surface);
    free(bench);
    return 0;
}

static void spreads_where_there_is_room(void **state)
{
    struct bench *bench = *state;
    draw(bench, 6, 55); /* 40 columns for cells: twenty of two columns a line */
    assert_drawn(&bench->surface, "▌涵英楼  38/40 x ~ · · · · · · · · · · · · · · · · · ·\n"
                                  "               · · · · · · · · · · · · · · · · · · · ·\n"
                                  " 主楼    40/40 · · · · · · · · · · · · · · · · · · · ·\n"
                                  "               · · · · · · · · · · · · · · · · · · · ·\n"
                                  " 4号巨构 39/40 ! · · · · · · · · · · · · · · · · · · ·\n"
                                  "               · · · · · · · · · · · · · · · · · · · ·\n");
    draw(bench, 5, 55);
    assert_drawn(&bench->surface, "▌涵英楼  38/40 x~······································\n"
                                  " 主楼    40/40 ········································\n"
                                  " 4号巨构 39/40 !·······································\n");
    assert_int_equal(role_at(&bench->surface, 0, 15), ROLE_OFFLINE | ROLE_REVERSE);
    assert_int_equal(role_at(&bench->surface, 0, 16), ROLE_STALE);
    assert_int_equal(role_at(&bench->surface, 1, 1), ROLE_DIM); /* what is well is quiet */
    assert_int_equal(heat_rows(bench->heat, 55), 6);
}

static void folds_only_what_is_quiet(void **state)
{
    struct bench *bench = *state;
    draw(bench, 4, 40);
    assert_drawn(&bench->surface, "▌涵英楼  38/40 x~·······················\n"
                                  "               ···············\n"
                                  " 主楼    40/40 ····················· +19\n"
                                  " 4号巨构 39/40 !···················· +19\n");
    draw(bench, 3, 40);
    assert_int_equal(bench->surface.cells[40 + 1].code, 0x4e3b); /* one line a group */
    bench->cells[1][39] = HEALTH_WARNING; /* in place, not worst first: the last cell is wrong */
    refresh(bench);
    draw(bench, 4, 40);
    assert_drawn(&bench->surface, "▌涵英楼  38/40 x~··················· +19\n"
                                  " 主楼    40/40 ·························\n"
                                  "               ··············w\n"
                                  " 4号巨构 39/40 !···················· +19\n");
    heat_set_fold(bench->heat, false);
    draw(bench, 3, 40); /* scrolls instead */
    assert_drawn(&bench->surface, "▌涵英楼  38/40 x~·······················\n"
                                  "               ···············\n"
                                  " 主楼    40/40 ·························\n");
}

/* The whole site on one screen: groups side by side where one lane is too long. */
static void lies_in_lanes_when_too_long(void **state)
{
    struct bench *bench = *state;
    draw(bench, 2, 80);
    assert_drawn(&bench->surface,
                 "▌涵英楼  38/40 x~·················· +20   4号巨构 39/40 !··················· +20\n"
                 " 主楼    40/40 ···················· +20\n");
    press(bench, "n");
    assert_string_equal(heat_cursor_id(bench->heat), "0/1");
    press(bench, "j");
    press(bench, "j"); /* down the lane and on to the next */
    assert_string_equal(heat_cursor_id(bench->heat), "2/1");
    draw(bench, 2, 80);
    assert_int_equal(bench->surface.cells[41].code, 0x258c);
    press(bench, "g");
    draw(bench, 1, 60); /* and page by page where even lanes do not help */
    assert_drawn(&bench->surface, "▌涵英楼  38/40 x~········ +30   主楼    40/40 ·········· +30\n");
    press(bench, "G");
    draw(bench, 1, 60);
    assert_int_equal(bench->surface.cells[1].code, '4');
    press(bench, "g");
    draw(bench, 1, 68); /* narrow lanes: the summary counts */
    assert_drawn(&bench->surface, "▌涵英楼  38/40 x~···…   主楼    40/40 ·····…   4号巨构 39/40 !····…\n");
    press(bench, "g");
    draw(bench, 2, 80);
    struct key_event click = {.special = KEY_MOUSE_, .mouse = MOUSE_PRESS, .mouse_row = 0, .mouse_column = 57,
                              .mouse_clicks = 1};
    assert_int_equal(heat_key(bench->heat, &click), HEAT_MOVED);
    assert_string_equal(heat_cursor_id(bench->heat), "2/1");
    click.mouse_row = 1;
    assert_int_equal(heat_key(bench->heat, &click), HEAT_IGNORED);
    for (int rows = 1; rows < 4; rows++) /* any size is safe */
        for (int columns = 1; columns < 130; columns++) {
            draw(bench, rows, columns);
            press(bench, "j");
            press(bench, "l");
        }
}

static void cursor_reaches_folded_cells(void **state)
{
    struct bench *bench = *state;
    draw(bench, 3, 40);
    for (int i = 0; i < 25; i++)
        press(bench, "Right");
    assert_string_equal(heat_cursor_id(bench->heat), "0/25");
    draw(bench, 3, 40);
    int reversed = 0;
    for (int column = 0; column < 40; column++)
        reversed += (role_at(&bench->surface, 0, column) & ROLE_REVERSE) != 0;
    assert_int_equal(reversed, 1);
}

static void moves_about(void **state)
{
    struct bench *bench = *state;
    assert_int_equal(press(bench, "l"), HEAT_MOVED);
    draw(bench, 6, 55);
    assert_string_equal(heat_cursor_id(bench->heat), "0/1");
    press(bench, "j");
    assert_string_equal(heat_cursor_id(bench->heat), "0/21"); /* the next line, the same column */
    press(bench, "Down");
    assert_string_equal(heat_cursor_id(bench->heat), "1/1");
    press(bench, "k");
    assert_string_equal(heat_cursor_id(bench->heat), "0/21");
    press(bench, "n");
    assert_string_equal(heat_cursor_id(bench->heat), "2/0");
    press(bench, "n"); /* round the end */
    assert_string_equal(heat_cursor_id(bench->heat), "0/0");
    press(bench, "N");
    assert_string_equal(heat_cursor_id(bench->heat), "2/0");
    press(bench, "Left");
    assert_string_equal(heat_cursor_id(bench->heat), "1/39");
    press(bench, "K");
    assert_string_equal(heat_cursor_group(bench->heat), "涵英楼");
    press(bench, "G");
    assert_string_equal(heat_cursor_id(bench->heat), "2/39");
    press(bench, "Down");
    assert_string_equal(heat_cursor_id(bench->heat), "2/39");
    assert_int_equal(press(bench, "Enter"), HEAT_CHOSEN);
    assert_int_equal(press(bench, "h"), HEAT_IGNORED); /* history */
    struct key_event click = {.special = KEY_MOUSE_, .mouse = MOUSE_PRESS, .mouse_row = 1, .mouse_column = 17, .mouse_clicks = 2};
    assert_int_equal(heat_key(bench->heat, &click), HEAT_CHOSEN);
    assert_string_equal(heat_cursor_id(bench->heat), "0/21");
}

static void cursor_keeps_to_its_id(void **state)
{
    struct bench *bench = *state;
    draw(bench, 6, 55);
    for (int i = 0; i < 10; i++)
        press(bench, "l");
    bench->shift = 4;
    refresh(bench);
    assert_string_equal(heat_cursor_id(bench->heat), "0/10");
    size_t group, cell;
    assert_true(heat_cursor(bench->heat, &group, &cell));
    assert_int_equal(cell, 6);
    assert_true(heat_move_to_id(bench->heat, "2/8"));
    assert_false(heat_move_to_id(bench->heat, "9/8"));
}

/* Groups may vanish between a drawing and a key. */
static void survives_shrinking(void **state)
{
    struct bench *bench = *state;
    draw(bench, 6, 55);
    press(bench, "G");
    for (int i = 0; i < GROUPS; i++)
        bench->groups[i].count = i == 1 ? 3 : 0;
    refresh(bench);
    static const char *const keys[] = {"j", "k", "l", "Left", "n", "N", "J", "K", "g", "G", "C-d", "PageUp"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        press(bench, keys[i]);
    assert_string_equal(heat_cursor_group(bench->heat), "主楼");
    heat_set_empty(bench->heat, "no gateway", "the ledger is empty");
    heat_refreshed(bench->heat, &(struct heat_source){bench, bench->groups, 0, id_of, find});
    press(bench, "j");
    draw(bench, 3, 30);
    assert_drawn(&bench->surface, " no gateway\n the ledger is empty\n");
    draw(bench, 1, 1);
}

static void old_data_has_no_colour(void **state)
{
    struct bench *bench = *state;
    heat_set_stale(bench->heat, true);
    draw(bench, 5, 55);
    assert_int_equal(role_at(&bench->surface, 0, 16), ROLE_STALE);
    assert_int_equal(role_at(&bench->surface, 2, 15), ROLE_STALE);
}

#define with(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        with(spreads_where_there_is_room), with(folds_only_what_is_quiet), with(lies_in_lanes_when_too_long), with(cursor_reaches_folded_cells),
        with(moves_about), with(cursor_keeps_to_its_id), with(survives_shrinking), with(old_data_has_no_colour),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
