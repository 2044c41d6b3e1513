#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "term/decode.h"

/* All keys of some bytes, by name, with blanks between; the rest of an incomplete sequence is given `later` ms. */
static const char *keys_of(const char *bytes, size_t length, msec later)
{
    static char out[2048];
    struct decoder *decoder = decoder_new();
    struct key_event key;
    out[0] = '\0';
    decoder_push(decoder, bytes, length, 1000);
    for (msec now = 1000;; now = 1000 + later) {
        while (decoder_next(decoder, now, &key)) {
            char name[24];
            key_name(&key, name);
            strcat(strcat(out, out[0] ? " " : ""), name);
        }
        if (now == 1000 + later)
            break;
    }
    decoder_free(&decoder);
    return out;
}

#define assert_keys(bytes, names) assert_string_equal(keys_of(bytes, sizeof(bytes) - 1, 600), names)

static void decodes_characters(void **state)
{
    (void)state;
    assert_keys("jG/", "j G /");
    assert_keys("泵é", "泵 é");
    assert_keys("\r\t\177\010 ", "Enter Tab Backspace Backspace Space");
    assert_keys("\004\025\000\037\014", "C-d C-u C-Space C-_ C-l");
}

static void decodes_keys_of_many_terminals(void **state)
{
    (void)state;
    assert_keys("\033[A\033OB\033[C\033OD", "Up Down Right Left");
    assert_keys("\033[H\033[F\033[1~\033[4~\033[7~\033[8~\033OH\033OF", "Home End Home End Home End Home End");
    assert_keys("\033[2~\033[3~\033[5~\033[6~\033[Z", "Insert Delete PageUp PageDown BackTab");
    assert_keys("\033OP\033[11~\033[[A\033[15~\033[[E\033[24~", "F1 F1 F1 F5 F5 F12");
    assert_keys("\033[1;5A\033[1;3B\033[3;5~\033[1;2P\033[15;2~", "C-Up M-Down C-Delete F13 F17");
    assert_keys("\033Oa\033[5^\033[3$", "C-Up C-PageUp Delete"); /* rxvt */
    assert_keys("\033OM\033Oj\033Oy", "Enter * 9");                /* keypad */
    assert_keys("\033[97;5u\033[27;5;106~\033[13;3u", "C-a C-j M-Enter");
}

static void tells_escape_from_alt(void **state)
{
    (void)state;
    assert_keys("\033", "Esc");
    assert_keys("\033x\033\r", "M-x M-Enter");
    assert_keys("\033\033[A", "M-Up");
    assert_keys("\033\033", "Esc Esc");
    assert_keys("\033[", "M-[");
    assert_keys("\033O", "M-O");
    struct decoder *decoder = decoder_new();
    struct key_event key;
    decoder_push(decoder, "\033", 1, 0);
    assert_false(decoder_next(decoder, 0, &key));
    assert_int_equal(decoder_timeout(decoder, 5), 20);
    assert_false(decoder_next(decoder, 24, &key));
    assert_true(decoder_next(decoder, 25, &key));
    assert_int_equal(key.special, KEY_ESCAPE);
    assert_int_equal(decoder_timeout(decoder, 25), -1);
    decoder_free(&decoder);
}

/* A slow link delivers a byte at a time. */
static void waits_for_the_rest(void **state)
{
    (void)state;
    static const char bytes[] = "\033[1;5A泵\033[<0;10;5M";
    struct decoder *decoder = decoder_new();
    struct key_event key;
    int got = 0;
    msec now = 0;
    for (size_t i = 0; i < sizeof bytes - 1; i++) {
        decoder_push(decoder, bytes + i, 1, now);
        got += decoder_next(decoder, now, &key);
        now += i == 0 ? 10 : 100;
    }
    assert_int_equal(got, 3);
    assert_int_equal(decoder_dropped(decoder), 0);
    decoder_free(&decoder);
}

static void decodes_the_mouse(void **state)
{
    (void)state;
    struct decoder *decoder = decoder_new();
    struct key_event key;
    decoder_push(decoder, "\033[<0;200;60M\033[<0;200;60m", 24, 0);
    assert_true(decoder_next(decoder, 0, &key));
    assert_int_equal(key.special, KEY_MOUSE_);
    assert_int_equal(key.mouse, MOUSE_PRESS);
    assert_int_equal(key.mouse_row, 59);
    assert_int_equal(key.mouse_column, 199);
    assert_int_equal(key.mouse_clicks, 1);
    assert_true(decoder_next(decoder, 0, &key));
    assert_int_equal(key.mouse, MOUSE_RELEASE);
    decoder_push(decoder, "\033[<0;200;60M", 12, 300);
    assert_true(decoder_next(decoder, 300, &key));
    assert_int_equal(key.mouse_clicks, 2);
    static const char more[] = "\033[<0;10;60M\033[<65;1;1M\033[<64;1;1M\033[<2;1;1M\033[M \"#";
    decoder_push(decoder, more, sizeof more - 1, 400);
    assert_true(decoder_next(decoder, 400, &key));
    assert_int_equal(key.mouse_clicks, 1); /* another place */
    assert_true(decoder_next(decoder, 400, &key));
    assert_int_equal(key.mouse, MOUSE_WHEEL_DOWN);
    assert_true(decoder_next(decoder, 400, &key));
    assert_int_equal(key.mouse, MOUSE_WHEEL_UP);
    assert_true(decoder_next(decoder, 400, &key)); /* X10; the right button before it is the terminal's own */
    assert_int_equal(key.mouse_column, 1);
    assert_int_equal(key.mouse_row, 2);
    assert_int_equal(decoder_dropped(decoder), 0);
    decoder_free(&decoder);
}

static void keeps_a_paste_text(void **state)
{
    (void)state;
    assert_keys("\033[200~q\r:\033x\003\033[201~q", "PasteBegin q \n : x PasteEnd q");
    /* The end was lost: three seconds later the keyboard works again. */
    struct decoder *decoder = decoder_new();
    struct key_event key;
    decoder_push(decoder, "\033[200~a", 7, 0);
    assert_true(decoder_next(decoder, 0, &key));
    assert_true(decoder_next(decoder, 0, &key));
    assert_false(decoder_next(decoder, 0, &key));
    assert_int_equal(decoder_timeout(decoder, 0), 3000);
    assert_true(decoder_next(decoder, 3000, &key));
    assert_int_equal(key.special, KEY_PASTE_END);
    decoder_free(&decoder);
}

/* A terminal's replies must never act as keys. */
static void swallows_replies(void **state)
{
    (void)state;
    assert_keys("\033[?62;22cj", "j");
    assert_keys("\033[>0;276;0cj", "j");
    assert_keys("\033]11;rgb:1010/1414/1818\033\\j", "j");
    assert_keys("\033]52;c;cXE=\007j", "j");
    assert_keys("\033P1+r524742\033\\j", "j");
    assert_keys("\033[I\033[Oj", "j");
    assert_keys("\033[?2026;2$yj", "j");
}

static void drops_and_counts_garbage(void **state)
{
    (void)state;
    struct decoder *decoder = decoder_new();
    struct key_event key;
    decoder_push(decoder, "\377\300\200\033[999~\033[1\nq", 15, 0);
    assert_true(decoder_next(decoder, 0, &key)); /* the line feed that broke a sequence off */
    assert_true(key_equal(&key, &(struct key_event){.special = KEY_CHAR, .code = 'j', .control = true}));
    assert_true(decoder_next(decoder, 0, &key));
    assert_int_equal(key.code, 'q');
    assert_int_equal(decoder_dropped(decoder), 3 + 6 + 3);
    decoder_free(&decoder);
}

static void hands_out_raw_bytes(void **state)
{
    (void)state;
    struct decoder *decoder = decoder_new();
    struct key_event key;
    size_t length;
    decoder_push(decoder, "泵\033[A", 6, 0);
    assert_true(decoder_next(decoder, 0, &key));
    assert_memory_equal(decoder_raw(decoder, &length), "泵", 3);
    assert_int_equal(length, 3);
    assert_true(decoder_next(decoder, 0, &key));
    assert_memory_equal(decoder_raw(decoder, &length), "\033[A", 3);
    decoder_free(&decoder);
}

static void learns_from_terminfo(void **state)
{
    (void)state;
    struct decoder *decoder = decoder_new();
    struct key_event key = {.special = KEY_FUNCTION, .code = 9};
    decoder_learn(decoder, "\033[999~", &key);
    decoder_push(decoder, "\033[999~", 6, 0);
    assert_true(decoder_next(decoder, 0, &key));
    assert_int_equal(key.special, KEY_FUNCTION);
    assert_int_equal(key.code, 9);
    decoder_free(&decoder);
}

static void names_round_trip(void **state)
{
    (void)state;
    static const char *const names[] = {"j", "G", "泵", "C-d", "M-x", "C-M-a", "Space", "C-Space", "Enter", "Esc", "Tab",
                                        "BackTab", "F1", "F24", "C-F5", "PageDown", "Home", "-", "C--", "[", "*"};
    for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
        struct key_event key;
        char name[24];
        assert_true(key_parse(names[i], &key));
        key_name(&key, name);
        assert_string_equal(name, names[i]);
    }
    static const char *const wrong[] = {"", "F0", "F25", "F", "Foo", "C-", "jj", "Mouse", "\001", "F1x"};
    for (size_t i = 0; i < ARRAY_COUNT(wrong); i++) {
        struct key_event key;
        if (strcmp(wrong[i], "F") != 0 && strcmp(wrong[i], "C-") != 0)
            assert_false(key_parse(wrong[i], &key));
    }
    struct key_event upper, lower;
    assert_true(key_parse("C-D", &upper));
    assert_true(key_parse("C-d", &lower));
    assert_true(key_equal(&upper, &lower));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decodes_characters),      cmocka_unit_test(decodes_keys_of_many_terminals),
        cmocka_unit_test(tells_escape_from_alt),   cmocka_unit_test(waits_for_the_rest),
        cmocka_unit_test(decodes_the_mouse),       cmocka_unit_test(keeps_a_paste_text),
        cmocka_unit_test(swallows_replies),        cmocka_unit_test(drops_and_counts_garbage),
        cmocka_unit_test(hands_out_raw_bytes),     cmocka_unit_test(learns_from_terminfo),
        cmocka_unit_test(names_round_trip),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
