/* What views share: words, counts, filters as they are typed, columns of assets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "term/theme.h"
#include "view/devices.h"
#include "view/parts.h"

static void counts_and_places(void **state)
{
    (void)state;
    char text[24];
    assert_string_equal(count_text(text, 0), "0");
    assert_string_equal(count_text(text, 999), "999");
    assert_string_equal(count_text(text, 48000), "48,000");
    assert_string_equal(count_text(text, 1234567890), "1,234,567,890");
    struct wire_asset asset = {.field = {[ASSET_site] = "创新港", [ASSET_building] = "涵英楼", [ASSET_floor] = "", [ASSET_room] = "泵房"}};
    struct buffer place = BUFFER_INIT;
    place_text(&place, &asset);
    assert_string_equal(buffer_text(&place), "涵英楼 泵房");
    buffer_clear(&place);
    asset.field[ASSET_building] = asset.field[ASSET_room] = "";
    place_text(&place, &asset);
    assert_string_equal(buffer_text(&place), "创新港");
    buffer_release(&place);
}

static void every_health_and_reason_has_a_word(void **state)
{
    (void)state;
    for (int health = 0; health < HEALTH_COUNT; health++)
        assert_true(*health_word((enum health)health));
    for (int reason = REASON_FRESH; reason < REASON_COUNT; reason++)
        assert_true(*reason_word((enum health_reason)reason));
}

/* The header never lies: what is hidden is said. */
static void what_is_shown_and_what_is_not(void **state)
{
    (void)state;
    struct buffer text = BUFFER_INIT;
    shown_text(&text, 1100, 49100, 0);
    assert_string_equal(buffer_text(&text), "1,100 of 49,100 · 48,000 filtered");
    buffer_clear(&text);
    shown_text(&text, 5, 5, 2);
    assert_string_equal(buffer_text(&text), "all 5 · 2 marked");
    buffer_release(&text);
}

static void half_typed_filters_are_no_errors(void **state)
{
    (void)state;
    static const char *const typed[] = {"", "泵", "kind:", "kind:gate", "health:off", "age>", "( a | b", "\"open quote", "-", "building~"};
    for (unsigned i = 0; i < sizeof typed / sizeof *typed; i++) {
        struct error error = {0};
        char *sent = filter_typed(typed[i], true, &error);
        if (!sent)
            fail_msg("`%s`: %s", typed[i], error.text);
        free(sent);
    }
    struct error error = {0};
    assert_null(filter_typed("kind:", false, &error));
    assert_true(error.text[0]);
}

static void values_are_quoted_where_they_need_it(void **state)
{
    (void)state;
    struct buffer filter = BUFFER_INIT;
    filter_value(&filter, "building", "涵英楼");
    filter_value(&filter, "room", "B1 \"泵\"房");
    assert_string_equal(buffer_text(&filter), "building:涵英楼 room:\"B1 \\\"泵\\\"房\"");
    char *canonical = filter_typed(buffer_text(&filter), false, NULL);
    assert_non_null(canonical); /* the language takes it back */
    free(canonical);
    buffer_release(&filter);
}

static void columns(void **state)
{
    (void)state;
    struct device_columns chosen = {.count = 0};
    struct error error = {0};
    struct buffer text = BUFFER_INIT;
    assert_true(device_columns_set(&chosen, DEVICE_COLUMNS_DEFAULT, &error));
    assert_true(device_columns_set(&chosen, "name, since value", &error));
    device_columns_names(&chosen, &text);
    assert_string_equal(buffer_text(&text), "name,since,value");
    buffer_clear(&text);
    device_columns_fields(&chosen, &text);
    assert_non_null(strstr(buffer_text(&text), "values"));
    assert_false(device_columns_set(&chosen, "name,colour", &error));
    assert_non_null(strstr(error.text, "colour"));
    assert_false(device_columns_set(&chosen, "", &error));
    assert_int_equal(chosen.count, 4); /* a mistake leaves the old ones: the letter and three */
    buffer_release(&text);
}

static void moving_commands_have_keys(void **state)
{
    (void)state;
    struct key_event key;
    assert_true(motion_key("down", &key));
    assert_true(motion_key("next-wrong", &key));
    assert_false(motion_key("quit", &key));
}

static void counts_by_health_keep_to_their_room(void **state)
{
    (void)state;
    uint32_t by_health[HEALTH_COUNT] = {[HEALTH_OK] = 1091, [HEALTH_OFFLINE] = 3, [HEALTH_STALE] = 4, [HEALTH_MAINTENANCE] = 2};
    for (int columns = 1; columns < 60; columns++) {
        struct surface surface;
        surface_init(&surface, 1, 80, false);
        assert_true(draw_by_health(&surface, 0, 0, columns, by_health, false) <= columns);
        for (int column = columns; column < 80; column++)
            assert_true(surface.cells[column].code == ' ' || surface.cells[column].code == 0);
        surface_release(&surface);
    }
    struct surface surface;
    struct buffer text = BUFFER_INIT;
    surface_init(&surface, 1, 40, false);
    draw_by_health(&surface, 0, 0, 40, by_health, true);
    surface_print(&surface, &text, NULL);
    assert_string_equal(buffer_text(&text), "                 1,091 ok  3 x  4 ~  2 m\n");
    buffer_release(&text);
    surface_release(&surface);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_and_places),
        cmocka_unit_test(every_health_and_reason_has_a_word),
        cmocka_unit_test(what_is_shown_and_what_is_not),
        cmocka_unit_test(half_typed_filters_are_no_errors),
        cmocka_unit_test(values_are_quoted_where_they_need_it),
        cmocka_unit_test(columns),
        cmocka_unit_test(moving_commands_have_keys),
        cmocka_unit_test(counts_by_health_keep_to_their_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
