#include <stdio.h>
#include <stdlib.h>

#include "unit/ui/drawn.h"
#include "widget/table.h"

/* Rows named by numbers, in any order. */
struct rows {
    int ids[200];
    size_t offset, count, total;
    char id[16], name[64], age[16];
    bool stale;
    unsigned asked; /* how often rows were asked for */
};

static void row_of(void *owner, size_t index, struct table_row *row)
{
    struct rows *rows = owner;
    int id = rows->ids[index - rows->offset];
    rows->asked++;
    snprintf(rows->id, sizeof rows->id, "G%d", id);
    snprintf(rows->name, sizeof rows->name, "%d号楼泵房网关", id);
    snprintf(rows->age, sizeof rows->age, "%dm", id * 3);
    row->id = rows->id;
    row->revision = id * 100;
    row->stale = rows->stale && id % 2;
    row->unhandled = id % 5 == 0;
    row->cells[0] = (struct table_cell){id % 5 ? "·" : "x", id % 5 ? ROLE_OK : ROLE_OFFLINE};
    row->cells[1] = (struct table_cell){rows->name, ROLE_TEXT};
    row->cells[2] = (struct table_cell){"能源中心", ROLE_DIM};
    row->cells[3] = (struct table_cell){rows->age, ROLE_TEXT};
}

static const struct table_column columns[] = {
    {.name = "health", .title = "", .minimum = 1, .maximum = 1},
    {.name = "name", .title = "name", .minimum = 8, .weight = 1, .cut = TEXT_CUT_MIDDLE, .strong = true},
    {.name = "place", .title = "place", .minimum = 4, .drop = 2},
    {.name = "age", .title = "age", .minimum = 4, .right = true, .drop = 1},
};

static void fill(struct rows *rows, size_t offset, size_t count, size_t total)
{
    rows->offset = offset;
    rows->count = count;
    rows->total = total;
    for (size_t i = 0; i < count; i++)
        rows->ids[i] = (int)(offset + i);
}

static void refresh(struct table *table, struct rows *rows)
{
    table_refreshed(table, &(struct table_source){.owner = rows, .total = rows->total, .offset = rows->offset, .count = rows->count, .row = row_of});
}

static enum table_answer press(struct table *table, const char *name)
{
    struct key_event key;
    assert_true(key_parse(name, &key));
    return table_key(table, &key);
}

struct bench {
    struct table *table;
    struct surface surface;
    struct rows rows;
};

static int set_up(void **state)
{
    struct bench *bench = calloc(1, sizeof *bench);
    bench->table = table_new(columns, 4);
    surface_init(&bench->surface, 7, 40, false);
    fill(&bench->rows, 0, 30, 30);
    *state = bench;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *bench = *state;
    table_free(&bench->table);
    surface_release(&bench->surface);
    free(bench);
    return 0;
}

static void draw(struct bench *bench)
{
    surface_clear(&bench->surface);
    table_draw(bench->table, &bench->surface,
               (struct rect){0, 0, bench->surface.rows, bench->surface.columns});
}

static void draws_rows(void **state)
{
    struct bench *bench = *state;
    refresh(bench->table, &bench->rows);
    table_set_sort(bench->table, "age", true);
    draw(bench);
    assert_drawn(&bench->surface, "    name             place    age↓\n"
                                  "▌ x 0号楼泵房网关    能源中心   0m\n"
                                  "  · 1号楼泵房网关    能源中心   3m\n"
                                  "  · 2号楼泵房网关    能源中心   6m\n"
                                  "  · 3号楼泵房网关    能源中心   9m\n"
                                  "  · 4号楼泵房网关    能源中心  12m\n"
                                  "  x 5号楼泵房网关    能源中心  15m\n");
    assert_int_equal(role_at(&bench->surface, 1, 0), ROLE_CURSOR);
    assert_int_equal(role_at(&bench->surface, 1, 4), ROLE_STRONG); /* seen without any colour */
    assert_int_equal(role_at(&bench->surface, 2, 4), ROLE_TEXT);
    assert_int_equal(role_at(&bench->surface, 1, 2), ROLE_OFFLINE);
}

static void drops_columns_and_cuts_names(void **state)
{
    struct bench *bench = *state;
    refresh(bench->table, &bench->rows);
    surface_resize(&bench->surface, 3, 20);
    draw(bench);
    assert_drawn(&bench->surface, " >  name         age\n"
                                  "▌ x 0号楼…网关    0m\n"
                                  "  · 1号楼…网关    3m\n");
    surface_resize(&bench->surface, 3, 14);
    draw(bench);
    assert_drawn(&bench->surface, " >  name\n"
                                  "▌ x 0号楼…网关\n"
                                  "  · 1号楼…网关\n");
    assert_int_equal(press(bench->table, "Right"), TABLE_MOVED); /* the health column scrolls away */
    draw(bench);
    assert_int_equal(bench->surface.cells[0].code, '<');
    surface_resize(&bench->surface, 1, 1);
    draw(bench); /* nothing sensible fits: nothing breaks */
}

static void draws_in_ascii(void **state)
{
    struct bench *bench = *state;
    surface_release(&bench->surface);
    surface_init(&bench->surface, 2, 24, true);
    refresh(bench->table, &bench->rows);
    table_mark(bench->table, "G0", 0, true);
    draw(bench);
    struct buffer out = BUFFER_INIT;
    surface_print(&bench->surface, &out, NULL);
    assert_non_null(strstr(out.data, ">*x"));
    assert_null(strstr(out.data, "…"));
    buffer_release(&out);
}

static void moves_and_scrolls(void **state)
{
    struct bench *bench = *state;
    refresh(bench->table, &bench->rows);
    draw(bench);
    assert_int_equal(press(bench->table, "j"), TABLE_MOVED);
    assert_string_equal(table_cursor_id(bench->table), "G1");
    assert_int_equal(press(bench->table, "G"), TABLE_SCROLLED);
    assert_string_equal(table_cursor_id(bench->table), "G29");
    assert_int_equal(press(bench->table, "Down"), TABLE_MOVED);
    assert_int_equal(press(bench->table, "C-u"), TABLE_MOVED);
    assert_string_equal(table_cursor_id(bench->table), "G26");
    assert_int_equal(press(bench->table, "g"), TABLE_SCROLLED);
    assert_int_equal(press(bench->table, "PageDown"), TABLE_SCROLLED);
    assert_string_equal(table_cursor_id(bench->table), "G6");
    assert_int_equal(press(bench->table, "n"), TABLE_SCROLLED);
    assert_string_equal(table_cursor_id(bench->table), "G10");
    press(bench->table, "N");
    assert_string_equal(table_cursor_id(bench->table), "G5");
    assert_int_equal(press(bench->table, "Enter"), TABLE_CHOSEN);
    assert_int_equal(press(bench->table, "a"), TABLE_IGNORED);
    assert_int_equal(press(bench->table, "C-x"), TABLE_IGNORED);
}

/* A move is quick: rows seen a moment ago are not asked for again. Any other drawing asks, so that ages go on. */
static void a_move_asks_for_new_rows_only(void **state)
{
    struct bench *bench = *state;
    refresh(bench->table, &bench->rows);
    draw(bench);
    bench->rows.asked = 0;
    press(bench->table, "j");
    draw(bench);
    assert_in_range(bench->rows.asked, 0, 2); /* the cursor's identity */
    press(bench->table, "C-d");
    press(bench->table, "C-d");
    bench->rows.asked = 0;
    draw(bench);
    assert_in_range(bench->rows.asked, 1, 5); /* those that came into sight */
    bench->rows.asked = 0;
    draw(bench);
    assert_int_equal(bench->rows.asked, 6);
    press(bench->table, "j");
    bench->rows.ids[7] = 42;
    refresh(bench->table, &bench->rows);
    bench->rows.asked = 0;
    draw(bench);
    assert_int_equal(bench->rows.asked, 6);
}

/* However the cursor came there, the picture is the one drawn from nothing: whole, or echoed over the last one. */
static void moves_draw_the_same_picture(void **state)
{
    struct bench *bench = *state;
    static const char *const keys[] = {"j", "j", "Space", "k", "C-d", "j", "n", "N", "G", "k", "Right", "j", "Left", "*", "j", "*", "g", "j"};
    int rows[2];
    unsigned echoes = 0;
    struct surface fresh;
    surface_init(&fresh, 7, 40, false);
    refresh(bench->table, &bench->rows);
    draw(bench);
    unsigned dice = 7;
    for (int i = 0; i < 3000; i++) {
        dice = dice * 1664525 + 1013904223;
        unsigned pick = (dice >> 20) % (sizeof keys / sizeof *keys);
        press(bench->table, keys[pick]);
        if (dice >> 24 == 3) {
            bench->rows.ids[pick] = (int)(dice >> 8 & 1023);
            refresh(bench->table, &bench->rows);
        }
        if (dice >> 30 == 1)
            continue; /* several keys in one frame */
        bool echoed = dice >> 20 & 1 && table_echo(bench->table, &bench->surface, rows);
        echoes += echoed;
        if (!echoed || dice >> 21 & 1) /* behind an echo comes a frame, or another echo */
            draw(bench);
        surface_clear(&fresh);
        table_draw(bench->table, &fresh, (struct rect){0, 0, 7, 40}); /* not after a move: from nothing */
        for (int cell = 0; cell < 7 * 40; cell++)
            if (fresh.cells[cell].code != bench->surface.cells[cell].code ||
                fresh.cells[cell].role != bench->surface.cells[cell].role)
                fail_msg("step %d, key %s%s: row %d column %d", i, keys[pick], echoed ? ", echoed" : "", cell / 40, cell % 40);
    }
    assert_in_range(echoes, 200, 2000);
    surface_release(&fresh);
}

/* Beside something else a scroll sends all rows: so it goes by quarters of the page, and shows what comes. */
static void scrolls_by_quarters_beside_a_pane(void **state)
{
    struct bench *bench = *state;
    refresh(bench->table, &bench->rows);
    surface_resize(&bench->surface, 9, 80);
    table_draw(bench->table, &bench->surface, (struct rect){0, 0, 9, 40});
    for (int i = 0; i < 7; i++)
        assert_int_equal(press(bench->table, "j"), TABLE_MOVED);
    assert_int_equal(press(bench->table, "j"), TABLE_SCROLLED);
    assert_string_equal(table_cursor_id(bench->table), "G8");
    assert_int_equal(press(bench->table, "j"), TABLE_MOVED);
    press(bench->table, "G");
    assert_string_equal(table_cursor_id(bench->table), "G29");
    for (int i = 0; i < 7; i++)
        assert_int_equal(press(bench->table, "k"), TABLE_MOVED);
    assert_int_equal(press(bench->table, "k"), TABLE_SCROLLED);
    assert_int_equal(press(bench->table, "k"), TABLE_MOVED);
    assert_string_equal(table_cursor_id(bench->table), "G20");
}

/* Identity, not position (DESIGN section 6): the rows above the cursor come and go, the cursor's row stays under it and
 * on its screen line. */
static void cursor_follows_its_row(void **state)
{
    struct bench *bench = *state;
    refresh(bench->table, &bench->rows);
    draw(bench);
    for (int i = 0; i < 12; i++)
        press(bench->table, "j");
    draw(bench);
    struct surface before;
    surface_init(&before, 7, 40, false);
    memcpy(before.cells, bench->surface.cells, 7 * 40 * sizeof *before.cells);
    /* Three rows went away at the top. */
    bench->rows.total = bench->rows.count = 27;
    for (size_t i = 0; i < 27; i++)
        bench->rows.ids[i] = (int)i + 3;
    refresh(bench->table, &bench->rows);
    assert_string_equal(table_cursor_id(bench->table), "G12");
    assert_int_equal(table_cursor(bench->table), 9);
    draw(bench);
    for (int i = 0; i < 7 * 40; i++)
        assert_int_equal(before.cells[i].code, bench->surface.cells[i].code);
    surface_release(&before);
    /* It was turned round: sorted the other way. */
    for (size_t i = 0; i < 27; i++)
        bench->rows.ids[i] = 29 - (int)i;
    refresh(bench->table, &bench->rows);
    assert_string_equal(table_cursor_id(bench->table), "G12");
    assert_int_equal(table_cursor(bench->table), 17);
    assert_false(table_cursor_lost(bench->table));
}

static void top_of_the_list_shows_what_arrives(void **state)
{
    struct bench *bench = *state;
    refresh(bench->table, &bench->rows);
    draw(bench);
    for (size_t i = 0; i < 30; i++)
        bench->rows.ids[i] = (int)i - 2 + (i < 2 ? 100 : 0); /* two new rows on top */
    refresh(bench->table, &bench->rows);
    draw(bench);
    assert_string_equal(table_cursor_id(bench->table), "G0");
    assert_int_equal(bench->surface.cells[3 * 40].code, 0x258c);
}

/* A row that is gone is not silently replaced under the cursor. */
static void says_that_the_row_is_lost(void **state)
{
    struct bench *bench = *state;
    refresh(bench->table, &bench->rows);
    draw(bench);
    press(bench->table, "j");
    for (size_t i = 1; i < 29; i++)
        bench->rows.ids[i] = (int)i + 1;
    bench->rows.total = bench->rows.count = 29;
    refresh(bench->table, &bench->rows);
    assert_true(table_cursor_lost(bench->table));
    draw(bench);
    assert_int_equal(bench->surface.cells[2 * 40].code, '?');
    press(bench->table, "k");
    assert_false(table_cursor_lost(bench->table));
}

static void asks_for_the_window_it_shows(void **state)
{
    struct bench *bench = *state;
    size_t offset, count;
    assert_true(table_wanted(bench->table, &offset, &count));
    assert_int_equal(offset, 0);
    fill(&bench->rows, 0, 18, 48000);
    refresh(bench->table, &bench->rows);
    draw(bench); /* shows 6 */
    assert_false(table_wanted(bench->table, &offset, &count));
    for (int i = 0; i < 10; i++)
        press(bench->table, "j");
    assert_false(table_wanted(bench->table, &offset, &count));
    for (int i = 0; i < 6; i++)
        press(bench->table, "j");
    assert_true(table_wanted(bench->table, &offset, &count)); /* before the edge is reached */
    press(bench->table, "G");
    assert_int_equal(table_cursor(bench->table), 47999);
    assert_null(table_cursor_id(bench->table)); /* not here yet: no verb may act on it */
    draw(bench);
    assert_drawn(&bench->surface, "    name             place     age\n  …\n  …\n  …\n  …\n  …\n▌ …\n");
    assert_true(table_wanted(bench->table, &offset, &count));
    assert_in_range(47994, offset, offset + count);
    fill(&bench->rows, 47980, 20, 48000);
    refresh(bench->table, &bench->rows);
    assert_string_equal(table_cursor_id(bench->table), "G47999");
    assert_false(table_wanted(bench->table, &offset, &count));
}

static void marks_by_id(void **state)
{
    struct bench *bench = *state;
    const char *ids[8];
    int64_t revisions[8];
    refresh(bench->table, &bench->rows);
    draw(bench);
    assert_int_equal(table_targets(bench->table, ids, revisions, 8), 1);
    assert_string_equal(ids[0], "G0");
    assert_int_equal(press(bench->table, "Space"), TABLE_MARKED);
    press(bench->table, "j");
    press(bench->table, "Space");
    assert_int_equal(table_marks(bench->table), 2);
    draw(bench);
    assert_int_equal(bench->surface.cells[1 * 40 + 1].code, 0x2022);
    for (size_t i = 0; i < 30; i++)
        bench->rows.ids[i] = 29 - (int)i;
    refresh(bench->table, &bench->rows);
    assert_int_equal(table_targets(bench->table, ids, revisions, 8), 2);
    assert_string_equal(ids[0], "G0");
    assert_string_equal(ids[1], "G2");
    assert_int_equal(revisions[1], 200); /* as it was when marked */
    press(bench->table, "*");
    assert_int_equal(table_marks(bench->table), 30);
    press(bench->table, "*");
    assert_int_equal(table_marks(bench->table), 0);
}

static void goes_to_an_id_when_it_comes(void **state)
{
    struct bench *bench = *state;
    fill(&bench->rows, 0, 20, 100);
    refresh(bench->table, &bench->rows);
    draw(bench);
    table_move_to_id(bench->table, "G55");
    assert_string_equal(table_cursor_id(bench->table), "G0");
    fill(&bench->rows, 40, 20, 100);
    refresh(bench->table, &bench->rows);
    assert_string_equal(table_cursor_id(bench->table), "G55");
    assert_int_equal(table_cursor(bench->table), 55);
}

static void explains_emptiness(void **state)
{
    struct bench *bench = *state;
    draw(bench);
    assert_drawn(&bench->surface, "    name     place  age\n\n  …\n"); /* not yet heard: not "none" */
    table_set_empty(bench->table, "no gateway matches", "12 are hidden by the filter");
    bench->rows.total = bench->rows.count = 0;
    refresh(bench->table, &bench->rows);
    draw(bench);
    assert_drawn(&bench->surface, "    name     place  age\n\n  no gateway matches\n  12 are hidden by the filter\n");
    assert_int_equal(press(bench->table, "j"), TABLE_MOVED);
    assert_int_equal(press(bench->table, "Enter"), TABLE_IGNORED);
    assert_null(table_cursor_id(bench->table));
}

static void stale_rows_look_stale(void **state)
{
    struct bench *bench = *state;
    bench->rows.stale = true;
    refresh(bench->table, &bench->rows);
    draw(bench);
    assert_int_equal(role_at(&bench->surface, 2, 4), ROLE_STALE);
    assert_int_equal(role_at(&bench->surface, 3, 4), ROLE_TEXT);
    table_set_stale(bench->table, true);
    draw(bench);
    assert_int_equal(role_at(&bench->surface, 1, 2), ROLE_STALE); /* no colour of health on old data */
    assert_int_equal(role_at(&bench->surface, 3, 4), ROLE_STALE);
}

static void obeys_the_mouse(void **state)
{
    struct bench *bench = *state;
    refresh(bench->table, &bench->rows);
    draw(bench);
    struct key_event key = {.special = KEY_MOUSE_, .mouse = MOUSE_PRESS, .mouse_row = 3, .mouse_column = 6, .mouse_clicks = 1};
    assert_int_equal(table_key(bench->table, &key), TABLE_MOVED);
    assert_string_equal(table_cursor_id(bench->table), "G2");
    key.mouse_clicks = 2;
    assert_int_equal(table_key(bench->table, &key), TABLE_CHOSEN);
    key.mouse_row = 0;
    assert_int_equal(table_key(bench->table, &key), TABLE_SORT);
    assert_string_equal(table_clicked_column(bench->table), "name");
    key.mouse = MOUSE_WHEEL_DOWN;
    assert_int_equal(table_key(bench->table, &key), TABLE_SCROLLED);
    key.mouse_row = 30;
    assert_int_equal(table_key(bench->table, &key), TABLE_IGNORED);
}

#define with(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        with(draws_rows),           with(drops_columns_and_cuts_names),
        with(draws_in_ascii),       with(moves_and_scrolls),
        with(scrolls_by_quarters_beside_a_pane), with(a_move_asks_for_new_rows_only),
        with(moves_draw_the_same_picture), with(cursor_follows_its_row), with(top_of_the_list_shows_what_arrives),
        with(says_that_the_row_is_lost), with(asks_for_the_window_it_shows),
        with(marks_by_id),          with(goes_to_an_id_when_it_comes),
        with(explains_emptiness),   with(stale_rows_look_stale),
        with(obeys_the_mouse),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
