#include "unit/ui/drawn.h"

static void draws_and_clips(void **state)
{
    (void)state;
    struct surface surface;
    surface_init(&surface, 3, 10, false);
    assert_int_equal(surface_text(&surface, 0, 0, 10, ROLE_TEXT, "gateway"), 7);
    assert_int_equal(surface_text(&surface, 1, 7, 10, ROLE_TEXT, "abcdef"), 6); /* clipped by the surface */
    surface_text(&surface, 2, -2, 6, ROLE_TEXT, "xyabc");
    surface_text(&surface, 7, 0, 10, ROLE_TEXT, "outside");
    surface_text(&surface, -1, 0, 10, ROLE_TEXT, "outside");
    surface_put(&surface, 0, 99, ROLE_TEXT, 'x');
    surface_put(&surface, 0, -1, ROLE_TEXT, 'x');
    assert_drawn(&surface, "gateway\n       abc\nabc\n");
    surface_release(&surface);
}

static void cuts_with_an_ellipsis(void **state)
{
    (void)state;
    struct surface surface;
    surface_init(&surface, 4, 20, false);
    assert_int_equal(surface_text(&surface, 0, 0, 5, ROLE_TEXT, "gateway"), 5);
    surface_text_cut(&surface, 1, 0, 9, ROLE_TEXT, "涵英楼3层弱电间", TEXT_CUT_MIDDLE);
    surface_text_right(&surface, 2, 0, 8, ROLE_TEXT, "42.5");
    surface_printf(&surface, 3, 2, 18, ROLE_TEXT, "%d %%", 97);
    struct buffer out = BUFFER_INIT;
    surface_print(&surface, &out, NULL);
    assert_non_null(strstr(out.data, "gate…\n"));
    assert_non_null(strstr(out.data, "\n    42.5\n  97 %\n"));
    const char *middle = strchr(out.data, '\n') + 1;
    assert_true(text_width_n(middle, strcspn(middle, "\n")) <= 9);
    assert_non_null(strstr(middle, "…"));
    buffer_release(&out);
    surface_release(&surface);
}

/* A wide character never straddles an edge, and half of one never stays behind. */
static void keeps_wide_characters_whole(void **state)
{
    (void)state;
    struct surface surface;
    surface_init(&surface, 3, 5, false);
    surface_text(&surface, 0, 0, 5, ROLE_TEXT, "泵房泵");
    surface_put(&surface, 1, 4, ROLE_TEXT, 0x6cf5); /* would need a sixth column */
    surface_text(&surface, 2, 0, 5, ROLE_TEXT, "泵房");
    surface_put(&surface, 2, 1, ROLE_TEXT, 'x');
    surface_put(&surface, 2, 2, ROLE_TEXT, 'y');
    struct buffer out = BUFFER_INIT;
    surface_print(&surface, &out, NULL);
    assert_string_equal(out.data, "泵房…\n\n xy\n");
    for (int i = 0; i < surface.rows * surface.columns; i++)
        if (surface.cells[i].width == 2)
            assert_int_equal(surface.cells[i + 1].width, 0);
        else if (surface.cells[i].width == 0)
            assert_int_equal(surface.cells[i - 1].width, 2);
    buffer_release(&out);
    surface_release(&surface);
}

static void keeps_a_combining_mark(void **state)
{
    (void)state;
    struct surface surface;
    surface_init(&surface, 1, 5, false);
    assert_int_equal(surface_text(&surface, 0, 0, 5, ROLE_TEXT, "e\xcc\x81x"), 2);
    assert_int_equal(surface.cells[0].combining, 0x301);
    assert_drawn(&surface, "e\xcc\x81x\n");
    surface_release(&surface);
}

static void glyphs_are_ascii_where_asked(void **state)
{
    (void)state;
    for (unsigned i = 0; i < GLYPH_COUNT; i++) {
        uint32_t code = glyph_code((enum glyph)i, true), wide = glyph_code((enum glyph)i, false), back;
        const char *text = glyph_text((enum glyph)i, false);
        assert_in_range(code, 0x20, 0x7e);
        assert_int_equal(glyph_text((enum glyph)i, true)[0], code);
        assert_int_equal(glyph_text((enum glyph)i, true)[1], 0);
        assert_int_equal(text_decode(text, strlen(text), &back), strlen(text));
        assert_int_equal(back, wide);
        assert_int_equal(text_code_width(wide), 1);
    }
    for (unsigned eighths = 0; eighths <= 8; eighths++)
        assert_in_range(glyph_bar(eighths, true), 0x20, 0x7e);
    assert_int_equal(glyph_bar(8, false), 0x2588);
    struct surface surface;
    surface_init(&surface, 1, 6, true);
    surface_rule(&surface, 0, 0, 3);
    surface_text(&surface, 0, 3, 3, ROLE_TEXT, "abcdef");
    assert_drawn(&surface, "---ab~\n");
    surface_release(&surface);
}

static void prints_looks(void **state)
{
    (void)state;
    struct error error;
    struct theme *theme = theme_parse("t", "critical = 203 bold\ncursor = default\n", 37, &error);
    assert_non_null(theme);
    struct surface surface;
    struct buffer out = BUFFER_INIT;
    surface_init(&surface, 1, 8, false);
    surface_text(&surface, 0, 0, 8, ROLE_CRITICAL, "C");
    surface_text(&surface, 0, 2, 8, ROLE_CURSOR | ROLE_REVERSE, "x");
    surface_print(&surface, &out, theme);
    assert_string_equal(buffer_text(&out), "\033[1;38;5;203mC\033[0m \033[7mx\033[0m\n");
    buffer_release(&out);
    surface_release(&surface);
    theme_free(&theme);
}

static void survives_no_room(void **state)
{
    (void)state;
    struct surface surface;
    surface_init(&surface, 0, 0, false);
    surface_text(&surface, 0, 0, 5, ROLE_TEXT, "x");
    surface_fill(&surface, (struct rect){-3, -3, 10, 10}, ' ', ROLE_TEXT);
    surface_resize(&surface, -4, 2);
    surface_resize(&surface, 2, 3);
    surface_fill(&surface, (struct rect){-5, -5, 100, 100}, 0x6cf5, ROLE_TEXT);
    surface_release(&surface);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(draws_and_clips),
        cmocka_unit_test(cuts_with_an_ellipsis),
        cmocka_unit_test(keeps_wide_characters_whole),
        cmocka_unit_test(keeps_a_combining_mark),
        cmocka_unit_test(glyphs_are_ascii_where_asked),
        cmocka_unit_test(prints_looks),
        cmocka_unit_test(survives_no_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
