/* Desktop notifications: the right sequence for the terminal, none where it is not known, and nothing from outside that
 * could end the sequence or begin another (issue 3, point 4). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "term/notice.h"

static const char *sequence(struct buffer *out, enum notice_kind kind, const char *title, const char *body, bool utf8)
{
    buffer_clear(out);
    notice_sequence(out, kind, title, body, utf8);
    return buffer_text(out);
}

static void three_sequences(void **state)
{
    (void)state;
    struct buffer out = BUFFER_INIT;
    assert_string_equal(sequence(&out, NOTICE_OSC9, "Nocturne", "4;3;网关", true), "\033]9;* Nocturne: 4,3,网关\033\\");
    assert_string_equal(sequence(&out, NOTICE_OSC777, "a;b", "网关离线", true), "\033]777;notify;a,b;网关离线\033\\");
    assert_string_equal(sequence(&out, NOTICE_OSC99, "a", "b", true), "\033]99;i=nocturne:d=0;a\033\\\033]99;i=nocturne:p=body;b\033\\");
    assert_string_equal(sequence(&out, NOTICE_OSC777, "a", "é", false), "\033]777;notify;a;??\033\\");
    assert_string_equal(sequence(&out, NOTICE_NONE, "a", "b", true), "");
    buffer_release(&out);
}

static void nothing_from_outside_goes_raw(void **state)
{
    (void)state;
    static const char evil[] = "x\033\\\033]52;c;aGk=\a\x9c\xc2\x9c\n\r\x7f\xe2\x80\xae end";
    struct buffer out = BUFFER_INIT;
    for (int kind = NOTICE_OSC9; kind < NOTICE_KINDS; kind++) {
        const char *text = sequence(&out, (enum notice_kind)kind, evil, evil, true);
        unsigned escapes = 0;
        for (size_t i = 0; i < out.length; i++) {
            escapes += text[i] == '\033';
            assert_true(text[i] == '\033' || ((unsigned char)text[i] >= 0x20 && text[i] != 0x7f));
        }
        assert_int_equal(escapes, kind == NOTICE_OSC99 ? 4 : 2);
        assert_null(strstr(text, "]52"));
        assert_null(strstr(text, "\xc2\x9c"));
        assert_null(strstr(text, "\xe2\x80\xae"));
    }
    char *endless = memory_new(5000);
    memset(endless, 'a', 4999);
    sequence(&out, NOTICE_OSC9, endless, endless, true);
    assert_in_range(out.length, 100, 600);
    free(endless);
    buffer_release(&out);
}

static void only_where_it_is_known(void **state)
{
    (void)state;
    static const char *const variables[] = {"TMUX", "STY", "TERM_PROGRAM"};
    for (unsigned i = 0; i < ARRAY_COUNT(variables); i++)
        unsetenv(variables[i]);
    assert_int_equal(notice_of_terminal("xterm-kitty"), NOTICE_OSC99);
    assert_int_equal(notice_of_terminal("foot"), NOTICE_OSC777);
    assert_int_equal(notice_of_terminal("linux"), NOTICE_NONE);
    assert_int_equal(notice_of_terminal("xterm-256color"), NOTICE_NONE);
    assert_int_equal(notice_of_terminal(""), NOTICE_NONE);
    setenv("TERM_PROGRAM", "iTerm.app", 1);
    assert_int_equal(notice_of_terminal("xterm-256color"), NOTICE_OSC9);
    setenv("TMUX", "/tmp/tmux", 1);
    assert_int_equal(notice_of_terminal("xterm-kitty"), NOTICE_NONE); /* what stands outside is not known */
    unsetenv("TMUX");
    enum notice_kind kind = NOTICE_NONE;
    assert_true(notice_kind_parse("osc99", &kind) && kind == NOTICE_OSC99);
    assert_true(notice_kind_parse("off", &kind) && kind == NOTICE_NONE);
    assert_false(notice_kind_parse("loud", &kind));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(three_sequences),
        cmocka_unit_test(nothing_from_outside_goes_raw),
        cmocka_unit_test(only_where_it_is_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
