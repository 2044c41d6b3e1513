#include "unit/ui/drawn.h"
#include "widget/lines.h"
#include "widget/wrap.h"

static const struct tab tabs[] = {{'1', "Board", 0, 0}, {'2', "Alerts", 14, ROLE_CRITICAL}, {'3', "设备", 0, 0},
                                  {'4', "Tickets", 5, ROLE_TEXT}};

static void tabs_shrink_in_order(void **state)
{
    (void)state;
    struct surface surface;
    surface_init(&surface, 4, 50, false);
    tabs_draw(&surface, 0, 0, 50, tabs, 4, 1);
    tabs_draw(&surface, 1, 0, 38, tabs, 4, 1);
    tabs_draw(&surface, 2, 0, 30, tabs, 4, 1);
    tabs_draw(&surface, 3, 0, 14, tabs, 4, 1);
    assert_drawn(&surface, " 1 Board  2 Alerts 14  3 设备  4 Tickets 5\n"
                           " 1 Board  2 Alerts 14  3 设备  4\n"
                           " 1 Board  2 Alerts 14  3  4\n"
                           " 1  2 Alerts >\n");
    assert_int_equal(role_at(&surface, 0, 10), ROLE_TAB_CURRENT);
    assert_int_equal(role_at(&surface, 0, 19), ROLE_CRITICAL);
    assert_int_equal(tabs_at(tabs, 4, 1, 50, 11), 1);
    assert_int_equal(tabs_at(tabs, 4, 1, 50, 24), 2);
    assert_int_equal(tabs_at(tabs, 4, 1, 50, 49), -1);
    surface_release(&surface);
}

static void hints_are_cut_whole(void **state)
{
    (void)state;
    static const char hints[] = "Enter open  v group by  / filter  ? help";
    struct surface surface;
    surface_init(&surface, 5, 50, false);
    hints_draw(&surface, 0, 0, 50, hints);
    hints_draw(&surface, 1, 0, 39, hints);
    hints_draw(&surface, 2, 0, 20, hints);
    hints_draw(&surface, 3, 0, 7, hints);
    hints_draw(&surface, 4, 0, 3, hints);
    assert_drawn(&surface, "Enter open  v group by  / filter  ? help\n"
                           "Enter open  v group by  ? help\n"
                           "Enter open  ? help\n"
                           "? help\n");
    assert_int_equal(role_at(&surface, 0, 0), ROLE_KEY);
    assert_int_equal(role_at(&surface, 0, 6), ROLE_HINT);
    hints_draw(&surface, 4, 0, 50, " Enter open  q quit");
    assert_int_equal(role_at(&surface, 4, 1), ROLE_KEY);
    assert_int_equal(role_at(&surface, 4, 7), ROLE_HINT);
    hints_draw(&surface, 0, 0, 50, "");
    hints_draw(&surface, 0, 0, 50, "   ");
    surface_release(&surface);
}

static void prompt_shows_the_cursor(void **state)
{
    (void)state;
    struct surface surface;
    surface_init(&surface, 1, 12, false);
    prompt_draw(&surface, 0, 0, 12, "/", "泵房", 3, "hint");
    assert_drawn(&surface, "/泵房\n"); /* no hint while the cursor is inside */
    assert_int_equal(surface.cursor_column, 3);
    prompt_draw(&surface, 0, 0, 12, ":", "ab", 2, "ck ID");
    assert_drawn(&surface, ":abck ID\n");
    prompt_draw(&surface, 0, 0, 12, ":", "泵房网关涵英楼", 21, NULL); /* scrolled */
    assert_drawn(&surface, ":网关涵英楼\n");
    assert_in_range(surface.cursor_column, 8, 11);
    surface_clear(&surface);
    prompt_error_draw(&surface, 0, 0, 12, "/", "a:b", 3, 2, "?");
    assert_int_equal(role_at(&surface, 0, 3), ROLE_ERROR);
    assert_int_equal(role_at(&surface, 0, 2), ROLE_INPUT);
    surface_release(&surface);
}

static void left_gives_way_to_right(void **state)
{
    (void)state;
    struct surface surface;
    surface_init(&surface, 2, 20, false);
    split_line_draw(&surface, 0, 0, 20, ROLE_TEXT, "site ▸ 涵英楼 ▸ GW-A-0042", "fresh");
    split_line_draw(&surface, 1, 0, 20, ROLE_TEXT, "site", "all the sources are stale");
    assert_drawn(&surface, "site ▸ 涵英楼… fresh\nall the sources are…\n");
    surface_release(&surface);
}

static void a_tiny_terminal_still_says_something(void **state)
{
    (void)state;
    struct surface surface;
    surface_init(&surface, 5, 20, false);
    small_draw(&surface, 16, 60, "C3 M12 m41", "terminal too small");
    assert_drawn(&surface, "C3 M12 m41\nterminal too small\n20x5 < 60x16\n");
    surface_release(&surface);
}

static void wraps_by_the_rules(void **state)
{
    (void)state;
    size_t skip;
    assert_int_equal(wrap_line("restart nine gateways", 21, 12, &skip), 12);
    assert_int_equal(skip, 1);
    assert_int_equal(wrap_line("gatewaygatewaygateway", 21, 12, &skip), 12);
    assert_int_equal(wrap_line("检查弱电间电源，再检查", 33, 8, &skip), 12);
    assert_int_equal(wrap_line("弱电间电源，再检查", 27, 10, &skip), 12); /* no comma at a line's start */
    assert_int_equal(wrap_line("x", 1, 0, &skip), 1);                    /* always ends */
    assert_int_equal(wrap_count("one two\n\nthree", 4), 5);
    assert_int_equal(wrap_count("", 4), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tabs_shrink_in_order), cmocka_unit_test(hints_are_cut_whole),
        cmocka_unit_test(prompt_shows_the_cursor), cmocka_unit_test(left_gives_way_to_right),
        cmocka_unit_test(a_tiny_terminal_still_says_something), cmocka_unit_test(wraps_by_the_rules),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
