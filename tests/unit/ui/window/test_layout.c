#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "window/layout.h"

enum { TITLE, BODY, SIDE, HINTS, PANES };

static const struct layout title = {.pane = TITLE, .fixed = 2};
static const struct layout body = {.pane = BODY, .minimum = 20, .weight = 2};
static const struct layout side = {.pane = SIDE, .minimum = 30, .maximum = 60, .weight = 1, .drop = 1};
static const struct layout hints = {.pane = HINTS, .fixed = 1, .drop = 2};
static const struct layout middle = {
    .kind = LAYOUT_COLUMNS, .gap = 1, .minimum = 3, .children = (const struct layout *const[]){&body, &side, NULL}};
static const struct layout root = {
    .kind = LAYOUT_ROWS, .children = (const struct layout *const[]){&title, &middle, &hints, NULL}};

static void assert_rect(struct rect rect, int row, int column, int rows, int columns)
{
    assert_int_equal(rect.row, row);
    assert_int_equal(rect.column, column);
    assert_int_equal(rect.rows, rows);
    assert_int_equal(rect.columns, columns);
}

static void fills_a_large_screen(void **state)
{
    (void)state;
    struct rect panes[PANES];
    layout_place(&root, (struct rect){0, 0, 60, 200}, panes, PANES);
    assert_rect(panes[TITLE], 0, 0, 2, 200);
    assert_rect(panes[BODY], 2, 0, 57, 139);
    assert_rect(panes[SIDE], 2, 140, 57, 60); /* its maximum; the rest went to the body */
    assert_rect(panes[HINTS], 59, 0, 1, 200);
}

static void drops_what_does_not_fit(void **state)
{
    (void)state;
    struct rect panes[PANES];
    layout_place(&root, (struct rect){0, 0, 24, 50}, panes, PANES);
    assert_rect(panes[BODY], 2, 0, 21, 50);
    assert_true(rect_is_empty(panes[SIDE]));
    layout_place(&root, (struct rect){0, 0, 24, 51}, panes, PANES);
    assert_rect(panes[SIDE], 2, 21, 21, 30);
    layout_place(&root, (struct rect){0, 0, 5, 20}, panes, PANES);
    assert_rect(panes[BODY], 2, 0, 3, 20);
    assert_true(rect_is_empty(panes[HINTS]));
}

/* Whatever the size, panes lie inside, do not overlap, and together fill what is not a gap. */
static void never_overlaps(void **state)
{
    (void)state;
    for (int rows = 0; rows < 30; rows++)
        for (int columns = 0; columns < 130; columns += 3) {
            struct rect panes[PANES], area = {3, 5, rows, columns};
            layout_place(&root, area, panes, PANES);
            int cells = 0;
            for (int i = 0; i < PANES; i++) {
                if (rect_is_empty(panes[i]))
                    continue;
                cells += panes[i].rows * panes[i].columns;
                assert_in_range(panes[i].row, area.row, area.row + rows - panes[i].rows);
                assert_in_range(panes[i].column, area.column, area.column + columns - panes[i].columns);
                for (int j = 0; j < i; j++)
                    assert_true(rect_is_empty(panes[j]) || rect_is_empty(rect_clip(panes[i], panes[j])));
            }
            int gaps = rect_is_empty(panes[SIDE]) ? 0 : panes[SIDE].rows;
            assert_int_equal(cells + gaps, rows * columns);
        }
}

static void cuts_rectangles(void **state)
{
    (void)state;
    struct rect rest = {0, 0, 10, 20};
    assert_rect(rect_cut_top(&rest, 3), 0, 0, 3, 20);
    assert_rect(rect_cut_bottom(&rest, 2), 8, 0, 2, 20);
    assert_rect(rect_cut_left(&rest, 5), 3, 0, 5, 5);
    assert_rect(rect_cut_right(&rest, 99), 3, 5, 5, 15);
    assert_rect(rest, 3, 5, 5, 0);
    assert_rect(rect_inset((struct rect){0, 0, 3, 3}, 5, 1), 1, 1, 1, 1);
}

static void keeps_dialogs_inside(void **state)
{
    (void)state;
    struct rect screen = {0, 0, 24, 80};
    assert_rect(dialog_place(screen, 10, 40, 0), 4, 20, 10, 40);
    for (unsigned depth = 0; depth < 30; depth++) {
        struct rect place = dialog_place(screen, 100, 100, depth);
        assert_rect(place, 0, 0, 24, 80);
        place = dialog_place(screen, 20, 70, depth);
        assert_in_range(place.row, 0, 4);
        assert_in_range(place.column, 0, 10);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fills_a_large_screen), cmocka_unit_test(drops_what_does_not_fit),
        cmocka_unit_test(never_overlaps),       cmocka_unit_test(cuts_rectangles),
        cmocka_unit_test(keeps_dialogs_inside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
