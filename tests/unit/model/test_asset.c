#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "model/asset.h"
#include "model/health.h"

static void fields_have_the_ledgers_names(void **state)
{
    (void)state;
    enum asset_field field;
    for (int i = 0; i < ASSET_FIELD_COUNT; i++) {
        assert_true(asset_field_parse(asset_field_name((enum asset_field)i), &field));
        assert_int_equal(field, i);
    }
    assert_int_equal(ASSET_FIELD_COUNT, 20);
    assert_string_equal(asset_field_name(ASSET_class_), "class");
    assert_true(asset_field_parse("responsible_unit", &field));
    assert_int_equal(field, ASSET_unit);
    assert_false(asset_field_parse("place", &field));
    assert_false(asset_field_parse("", &field));
}

static void ids(void **state)
{
    (void)state;
    struct error error;
    const char *const right[] = {"gw-1", "3号楼/泵房:2", "a@b.c_d", "é"};
    for (size_t i = 0; i < sizeof right / sizeof *right; i++)
        assert_true(asset_id_valid(right[i], &error));
    const char *const wrong[] = {"", "a b", "a\tb", "a\xE3\x80\x80" "b", "a\xFF", "a*", "a,b",
                                 "\"a\"", "a\xC2\x9B" "b",
                                 "a\xE2\x80\xAE"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        if (asset_id_valid(wrong[i], &error))
            fail_msg("`%s` was taken", wrong[i]);
        assert_int_equal(error.code, ERROR_INVALID);
    }
    char longest[ASSET_ID_MAX + 2];
    memset(longest, 'x', sizeof longest);
    longest[ASSET_ID_MAX] = '\0';
    assert_true(asset_id_valid(longest, &error));
    longest[ASSET_ID_MAX] = 'x';
    longest[ASSET_ID_MAX + 1] = '\0';
    assert_false(asset_id_valid(longest, &error));
}

static void healths_have_names_and_letters(void **state)
{
    (void)state;
    for (int i = 0; i < HEALTH_COUNT; i++) {
        enum health health;
        assert_true(health_parse(health_name((enum health)i), &health));
        assert_int_equal(health, i);
        for (int j = 0; j < i; j++)
            assert_int_not_equal(health_letter((enum health)i), health_letter((enum health)j));
    }
    /* SCREENS.md's letters, by name, since the order of the enum is not theirs. */
    const char *const names[] = {"ok", "warning", "critical", "offline", "stale",
                                 "unreachable", "unknown", "maintenance"};
    for (size_t i = 0; i < 8; i++) {
        enum health health;
        assert_true(health_parse(names[i], &health));
        assert_int_equal(health_letter(health), ".w!x~/?m"[i]);
    }
    enum health health;
    assert_false(health_parse("fine", &health));
    assert_string_equal(health_name((enum health)99), "unknown");
    assert_false(health_is_wrong(HEALTH_OK));
    assert_false(health_is_wrong(HEALTH_UNKNOWN));
    assert_false(health_is_wrong(HEALTH_MAINTENANCE));
    assert_true(health_is_wrong(HEALTH_STALE));
    assert_true(health_is_wrong(HEALTH_CRITICAL));
}

static void reasons_read_back(void **state)
{
    (void)state;
    for (int i = 0; i < REASON_COUNT; i++) {
        enum health_reason reason;
        assert_true(health_reason_parse(health_reason_name((enum health_reason)i), &reason));
        assert_int_equal(reason, i);
    }
    assert_string_equal(health_reason_name(REASON_NO_DATA), "no-data");
    assert_string_equal(link_state_name(LINK_UP), "up");
    assert_string_equal(comm_state_name(COMM_SILENT), "silent");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_have_the_ledgers_names),
        cmocka_unit_test(ids),
        cmocka_unit_test(healths_have_names_and_letters),
        cmocka_unit_test(reasons_read_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
