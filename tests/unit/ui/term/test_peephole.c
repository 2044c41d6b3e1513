#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <vterm.h>

#include <cmocka.h>

#include "base/memory.h"
#include "term/peephole.h"

static void assert_shortened(const char *bytes, const char *expected)
{
    char *copy = memory_text(bytes);
    size_t length = peephole(copy, strlen(copy));
    if (length != strlen(expected) || memcmp(copy, expected, length) != 0)
        fail_msg("%.*s", (int)length, copy);
    free(copy);
}

static void joins_and_drops(void **state)
{
    (void)state;
    assert_shortened("\033(B\033[0;1m\033[38;5;80mx\033[39m\033(B\033[m y", "\033[0;1;38;5;80mx\033[m y");
    assert_shortened("\033[39m\033(B\033[0;7m\033[23m\033[38;5;240m.", "\033[0;7;23;38;5;240m.");
    assert_shortened("\033[m\033[1mx", "\033[0;1mx");
    assert_shortened("\033[1m\033[2;3H\033[m", "\033[1m\033[2;3H\033[m"); /* a move between: both count */
    assert_shortened("plain 泵房 \033[2;3H\033[?25l\033[K", "plain 泵房 \033[2;3H\033[?25l\033[K");
    assert_shortened("\033[38;2;1;2;3m\033[0m\033[4mx", "\033[0;4mx");
    assert_shortened("\033[38;5;1m\033[48;5;2m\033[1;3m\033[4;7m\033[38;5;3mx", /* never too many parameters */
                     "\033[38;5;1;48;5;2;1;3;4;7m\033[38;5;3mx");
    assert_shortened("\033[", "\033[");
    assert_shortened("", "");
}

/* The picture is the same: random sequences through a terminal, shortened and not. */
static uint64_t picture_of(const char *bytes, size_t length)
{
    VTerm *terminal = vterm_new(4, 40);
    VTermScreen *screen = vterm_obtain_screen(terminal);
    uint64_t sum = 14695981039346656037u;
    vterm_set_utf8(terminal, 1);
    vterm_screen_reset(screen, 1);
    vterm_input_write(terminal, bytes, length);
    for (int row = 0; row < 4; row++)
        for (int column = 0; column < 40; column++) {
            VTermScreenCell cell;
            vterm_screen_get_cell(screen, (VTermPos){row, column}, &cell);
            uint32_t parts[] = {cell.chars[0], cell.attrs.bold, cell.attrs.underline, cell.attrs.reverse, cell.attrs.italic,
                                cell.fg.type, cell.fg.indexed.idx, cell.bg.type, cell.bg.indexed.idx};
            for (size_t i = 0; i < ARRAY_COUNT(parts); i++)
                sum = (sum ^ parts[i]) * 1099511628211u;
        }
    vterm_free(terminal);
    return sum;
}

static void draws_the_same(void **state)
{
    (void)state;
    static const char *const parts[] = {"\033[m", "\033(B", "\033[0;1m", "\033[38;5;80m", "\033[39;49m", "\033[7m", "\033[23m",
                                        "\033[3m", "\033[48;5;17m", "x", "\033[2;5H", "\033[4m", "abc", "\033[24;39m"};
    unsigned dice = 12345;
    size_t saved = 0;
    for (int round = 0; round < 2000; round++) {
        char before[512] = "", after[512];
        for (int i = 0; i < 12; i++) {
            dice = dice * 1664525 + 1013904223;
            strcat(before, parts[(dice >> 16) % ARRAY_COUNT(parts)]);
        }
        strcat(before, "z");
        memcpy(after, before, sizeof after);
        size_t length = peephole(after, strlen(after));
        assert_true(length <= strlen(before));
        saved += strlen(before) - length;
        if (picture_of(before, strlen(before)) != picture_of(after, length))
            fail_msg("another picture: %s", before);
    }
    assert_true(saved > 2000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(joins_and_drops), cmocka_unit_test(draws_the_same)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
