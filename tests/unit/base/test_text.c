#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include <cmocka.h>

#include "base/text.h"

static void decodes_only_valid_utf8(void **state)
{
    (void)state;
    const struct {
        const char *bytes;
        size_t length, used;
        uint32_t code;
    } rows[] = {
        {"a", 1, 1, 'a'},
        {"\xC3\xA9", 2, 2, 0xE9},
        {"泵", 3, 3, 0x6CF5},
        {"\xF0\x9F\x94\xA5", 4, 4, 0x1F525},
        {"\xC0\x80", 2, 1, 0xFFFD},         /* overlong */
        {"\xE0\x80\x80", 3, 1, 0xFFFD},     /* overlong */
        {"\xED\xA0\x80", 3, 1, 0xFFFD},     /* surrogate */
        {"\xF4\x90\x80\x80", 4, 1, 0xFFFD}, /* beyond U+10FFFF */
        {"\xE6\xB3", 2, 1, 0xFFFD},         /* cut short */
        {"\x80", 1, 1, 0xFFFD},
        {"\xFF", 1, 1, 0xFFFD},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint32_t code;
        assert_int_equal(text_decode(rows[i].bytes, rows[i].length, &code), rows[i].used);
        assert_int_equal(code, rows[i].code);
    }
    assert_true(text_is_utf8("泵房 pump 3号 plain ascii", strlen("泵房 pump 3号 plain ascii")));
    assert_false(text_is_utf8("plain ascii then \xB1\xC3", 19));
    assert_true(text_is_utf8("\xEF\xBF\xBD", 3)); /* U+FFFD itself is text */
}

static void encoding_reverses_decoding(void **state)
{
    (void)state;
    for (uint32_t code = 0; code <= 0x10FFFF; code++) {
        if (code >= 0xD800 && code <= 0xDFFF)
            continue;
        char bytes[4];
        uint32_t back;
        size_t length = text_encode(code, bytes);
        if (text_decode(bytes, length, &back) != length || back != code)
            fail_msg("U+%04X", (unsigned)code);
    }
}

static void widths_do_not_depend_on_the_locale(void **state)
{
    (void)state;
    const char *const locales[] = {"C", "C.UTF-8", "POSIX"};
    for (size_t i = 0; i < 3; i++) {
        setlocale(LC_ALL, locales[i]);
        assert_int_equal(text_width("泵房 pump"), 9);
        assert_int_equal(text_width("３号楼"), 6);      /* full-width digit */
        assert_int_equal(text_width("e\xCC\x81t\xC3\xA9"), 3); /* combining acute */
        assert_int_equal(text_width("\xF0\x9F\x94\xA5"), 2);
        assert_int_equal(text_width("한글ｶﾅ"), 6);      /* half-width kana */
        assert_int_equal(text_width("\t\n\033[31m"), 4); /* controls take nothing */
        assert_int_equal(text_width("\xFF\xFE"), 2);      /* each drawn as U+FFFD */
        assert_int_equal(text_width("…±°"), 3);
    }
    setlocale(LC_ALL, "C");
    text_ambiguous_wide(true);
    assert_int_equal(text_width("…±°"), 6);
    assert_int_equal(text_width("ab"), 2);
    text_ambiguous_wide(false);
}

static void widths_are_those_of_wcwidth(void **state)
{
    (void)state;
    assert_non_null(setlocale(LC_CTYPE, "C.UTF-8"));
    for (uint32_t code = 0xA0; code <= 0x10FFFF; code++) {
        int width = wcwidth((wchar_t)code);
        if (width >= 0 && text_code_width(code) != width)
            fail_msg("U+%04X: %d, wcwidth says %d", (unsigned)code, text_code_width(code), width);
    }
    setlocale(LC_CTYPE, "C");
    assert_int_equal(text_code_width(0xFFFFFFFF), 1);
}

static void check_fit(const char *text, int columns, enum text_cut cut, bool ascii, const char *expected)
{
    struct buffer out = BUFFER_INIT;
    int used = text_fit(&out, text, columns, cut, ascii);
    assert_string_equal(buffer_text(&out), expected);
    assert_int_equal(used, text_width(expected));
    buffer_release(&out);
}

static void fits_by_columns(void **state)
{
    (void)state;
    check_fit("pump", 4, TEXT_CUT_END, false, "pump");
    check_fit("pumps", 4, TEXT_CUT_END, false, "pum…");
    check_fit("pumps", 4, TEXT_CUT_END, true, "pum~");
    check_fit("泵房水泵", 5, TEXT_CUT_END, false, "泵房…");
    check_fit("泵房水泵", 4, TEXT_CUT_END, false, "泵…"); /* no half character: three columns */
    check_fit("building-3-gateway", 9, TEXT_CUT_MIDDLE, false, "buil…eway");
    check_fit("创新港3号楼网关", 9, TEXT_CUT_MIDDLE, false, "创新…网关");
    check_fit("building", 4, TEXT_CUT_START, false, "…ing");
    check_fit("泵房", 1, TEXT_CUT_END, false, "…");
    check_fit("泵房", 1, TEXT_CUT_MIDDLE, false, "…");
    check_fit("泵房", 0, TEXT_CUT_END, false, "");
    check_fit("泵房", -3, TEXT_CUT_END, false, "");
    check_fit("", 3, TEXT_CUT_END, false, "");
    /* A combining mark goes with its letter, never with the ellipsis. */
    check_fit("ae\xCC\x81xyz", 3, TEXT_CUT_END, false, "ae\xCC\x81…");
    check_fit("abce\xCC\x81xyz", 4, TEXT_CUT_START, false, "…xyz");
    check_fit("\xFFxyz", 3, TEXT_CUT_END, false, "\xEF\xBF\xBDx…");
    text_ambiguous_wide(true);
    check_fit("pumps", 4, TEXT_CUT_END, false, "pu…");
    check_fit("pumps", 1, TEXT_CUT_END, false, "~");
    text_ambiguous_wide(false);
}

/* Pieces that make trouble, strung together at random. */
static const char *const pieces[] = {
    "a", "Z", "7", "0", " ", "泵", "３", "é", "e\xCC\x81", "\xF0\x9F\x94\xA5", "\xFF", "\xE6\xB3", "\033[31m",
    "\033]0;t\a", "\033", "\xE2\x80\xAE", "\xEF\xBB\xBF", "\n", "\x9B", "\xC2\x9B", "*", "Ω", "-", "\x7F", "ｶ",
};

static void random_text(char *out, size_t size, unsigned *seed)
{
    size_t used = 0;
    out[0] = '\0';
    for (int parts = rand_r(seed) % 12; parts > 0; parts--) {
        const char *piece = pieces[(size_t)rand_r(seed) % (sizeof pieces / sizeof *pieces)];
        if (used + strlen(piece) + 1 > size)
            return;
        memcpy(out + used, piece, strlen(piece) + 1);
        used += strlen(piece);
    }
}

static void fit_never_exceeds_its_columns(void **state)
{
    (void)state;
    unsigned seed = 7;
    struct buffer out = BUFFER_INIT;
    for (int round = 0; round < 200000; round++) {
        char text[128];
        random_text(text, sizeof text, &seed);
        int columns = rand_r(&seed) % 20 - 1;
        buffer_clear(&out);
        text_ambiguous_wide(round & 1);
        int used = text_fit(&out, text, columns, (enum text_cut)(rand_r(&seed) % 3), rand_r(&seed) & 1);
        int width = text_width(buffer_text(&out));
        if (used != width || (used > columns && used > 0) || !text_is_utf8(buffer_text(&out), out.length))
            fail_msg("`%s` in %d: used %d, width %d, `%s`", text, columns, used, width, buffer_text(&out));
    }
    text_ambiguous_wide(false);
    buffer_release(&out);
}

static void check_clean(const char *bytes, size_t length, const char *expected)
{
    struct buffer out = BUFFER_INIT;
    bool same = text_clean(&out, bytes, length);
    assert_string_equal(buffer_text(&out), expected);
    assert_int_equal(same, length == strlen(expected) && !memcmp(bytes, expected, length));
    buffer_release(&out);
}

static void cleans_what_could_harm(void **state)
{
    (void)state;
    check_clean("3号泵房 OK", strlen("3号泵房 OK"), "3号泵房 OK");
    check_clean("\033[31mred\033[0m", 12, "red");
    check_clean("a\033[1;2;3 qb", 11, "ab");
    check_clean("a\033]0;title\ab", 12, "ab");
    check_clean("a\033]52;c;ZXZpbA==\033\\b", 20, "ab");
    check_clean("a\033Pq#1\033\\b", 10, "ab");
    check_clean("a\033_gone\033\\b", 10, "ab");
    check_clean("a\033(Bb", 5, "ab");
    check_clean("a\033cb", 4, "ab");
    check_clean("a\033", 2, "a");
    check_clean("a\033[", 3, "a");
    check_clean("a\033[31", 5, "a");
    check_clean("a\xC2\x9B" "31mb", 7, "ab");
    check_clean("a\xC2\x9D" "0;t\xC2\x9C" "b", 9, "ab");
    check_clean("a\033]never ends", 13, "anever ends");
    check_clean("a\tb\r\nc\n\n\nd", 10, "a b c d");
    check_clean("a\0b\x07" "c\x7F" "d", 7, "abcd");
    check_clean("\xE2\x80\xAEgpj.exe\xE2\x80\xAC", 13, "gpj.exe");
    check_clean("a\xE2\x81\xA6x\xE2\x81\xA9" "b", 9, "axb");
    check_clean("\xEF\xBB\xBF" "a\xE2\x80\x8B" "b\xE2\x81\xA0", 11, "ab");
    check_clean("a\xF3\xA0\x81\x81" "b", 6, "ab");
    check_clean("\xB1\xC3\xB7\xBF", 4, "\xEF\xBF\xBD\xC3\xB7\xEF\xBF\xBD");
    check_clean("a\xFF", 2, "a\xEF\xBF\xBD");
    check_clean("", 0, "");
}

static void cleaning_twice_changes_nothing(void **state)
{
    (void)state;
    unsigned seed = 11;
    struct buffer once = BUFFER_INIT, twice = BUFFER_INIT;
    for (int round = 0; round < 100000; round++) {
        char text[128];
        random_text(text, sizeof text, &seed);
        buffer_clear(&once);
        buffer_clear(&twice);
        text_clean(&once, text, strlen(text));
        if (!text_clean(&twice, buffer_text(&once), once.length))
            fail_msg("`%s` came clean as `%s`", text, buffer_text(&once));
        for (size_t i = 0; i < once.length; i++)
            assert_true((unsigned char)once.data[i] >= 0x20 && once.data[i] != 0x7F);
    }
    buffer_release(&once);
    buffer_release(&twice);
}

static void cleaning_a_flood_is_linear(void **state)
{
    (void)state;
    size_t length = 4 << 20;
    char *flood = malloc(length);
    for (size_t i = 0; i + 1 < length; i += 2)
        memcpy(flood + i, "\033]", 2);
    struct buffer out = BUFFER_INIT;
    assert_false(text_clean(&out, flood, length));
    assert_int_equal(out.length, 0);
    buffer_release(&out);
    free(flood);
}

static void cleans_into_an_array(void **state)
{
    (void)state;
    char out[8];
    assert_true(text_clean_into(out, sizeof out, "pump", 4));
    assert_string_equal(out, "pump");
    assert_false(text_clean_into(out, sizeof out, "泵房水泵", 12));
    assert_string_equal(out, "泵房");
    assert_true(text_clean_into(out, sizeof out, "泵房", 6));
    assert_false(text_clean_into(out, sizeof out, "\033[1mpump", 8));
    assert_string_equal(out, "pump");
    assert_false(text_clean_into(out, 1, "x", 1));
    assert_string_equal(out, "");
    assert_true(text_clean_into(out, sizeof out, NULL, 0));
    assert_false(text_clean_into(out, 0, "x", 1));
}

static void check_fold(const char *text, const char *expected)
{
    struct buffer out = BUFFER_INIT;
    text_fold(&out, text, strlen(text));
    assert_string_equal(buffer_text(&out), expected);
    buffer_release(&out);
}

static void folds_for_searching(void **state)
{
    (void)state;
    check_fold("Pump 泵房", "pump 泵房");
    check_fold("ＧＷ－０１２　Ａ", "gw-012 a");
    check_fold("ÉCOLE Ω Ж µ", "école ω ж μ");
    check_fold("\xFF", "\xEF\xBF\xBD");
    check_fold("", "");
    assert_int_equal(text_compare_folded("GW-1", "ｇｗ-1"), 0);
    assert_true(text_compare_folded("a", "B") < 0);
    assert_true(text_compare_folded("a", "ab") < 0);
    unsigned seed = 3;
    struct buffer once = BUFFER_INIT, twice = BUFFER_INIT;
    for (int round = 0; round < 50000; round++) {
        char text[128];
        random_text(text, sizeof text, &seed);
        buffer_clear(&once);
        buffer_clear(&twice);
        text_fold(&once, text, strlen(text));
        text_fold(&twice, buffer_text(&once), once.length);
        assert_string_equal(buffer_text(&once), buffer_text(&twice));
        assert_int_equal(text_compare_folded(text, buffer_text(&once)), 0);
    }
    buffer_release(&once);
    buffer_release(&twice);
}

static void natural_order(void **state)
{
    (void)state;
    const char *const sorted[] = {"1号楼",  "2号楼",   "10号楼", "GW-9",  "gw-10",
                                  "GW-10a", "gw-010b", "gw-011", "泵房2", "泵房10"};
    size_t count = sizeof sorted / sizeof *sorted;
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < count; j++) {
            int order = text_compare_natural(sorted[i], sorted[j]);
            if ((order > 0) - (order < 0) != (i > j) - (i < j))
                fail_msg("%s and %s: %d", sorted[i], sorted[j], order);
        }
    assert_int_equal(text_compare_natural("GW-７", "gw-7"), 0);
    assert_true(text_compare_natural("a01", "a1") != 0);
    assert_true(text_compare_natural("a99999999999999999999998", "a99999999999999999999999") < 0);
    /* A total order on anything. */
    unsigned seed = 5;
    for (int round = 0; round < 100000; round++) {
        char a[64], b[64], c[64];
        random_text(a, sizeof a, &seed);
        random_text(b, sizeof b, &seed);
        random_text(c, sizeof c, &seed);
        int ab = text_compare_natural(a, b), ba = text_compare_natural(b, a);
        assert_int_equal((ab > 0) - (ab < 0), (ba < 0) - (ba > 0));
        if (ab <= 0 && text_compare_natural(b, c) <= 0 && text_compare_natural(a, c) > 0)
            fail_msg("`%s` `%s` `%s`", a, b, c);
    }
}

static void globs(void **state)
{
    (void)state;
    assert_true(text_glob("*", ""));
    assert_true(text_glob("gw-*", "GW-12"));
    assert_false(text_glob("gw-*", "AGW-12"));
    assert_true(text_glob("*泵*房", "3号泵房"));
    assert_false(text_glob("*泵*室", "3号泵房"));
    assert_true(text_glob("a*b*c", "aXbXbXc"));
    assert_false(text_glob("a*b*c", "aXbXbX"));
    assert_true(text_glob("", ""));
    assert_false(text_glob("", "x"));
    assert_false(text_glob("water", "waters"));
    assert_true(text_glob("**", "x"));
    char many[5001];
    memset(many, 'a', 5000);
    many[5000] = '\0';
    assert_false(text_glob("a*a*a*a*a*a*a*a*b", many)); /* and ends soon */
}

static void numbers(void **state)
{
    (void)state;
    double number;
    const struct {
        const char *text;
        double number;
    } right[] = {{"0", 0}, {"-3.5", -3.5}, {"+7", 7}, {"1e3", 1000}, {"0.1", 0.1}, {".5", 0.5}, {"31.2", 31.2},
                 {"123456789012345678", 123456789012345678.0}, {"2.2250738585072014e-308", 2.2250738585072014e-308}};
    for (size_t i = 0; i < sizeof right / sizeof *right; i++) {
        assert_true(text_number(right[i].text, &number));
        assert_true(number == right[i].number);
    }
    const char *const wrong[] = {"", " 1", "1 ", "nan", "inf", "Infinity", "1e400", "-1e400", "0x10", "1,5", "--1",
                                 "1.2.3", "e5", ".", "-", "三"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        if (text_number(wrong[i], &number))
            fail_msg("`%s` was taken", wrong[i]);
}

static void numbers_to_text(void **state)
{
    (void)state;
    const struct {
        double number;
        const char *text;
    } rows[] = {
        {31.2, "31.2"}, {0.0004, "0.0004"}, {1.2e12, "1.2e12"}, {0, "0"}, {-0.0, "0"}, {100, "100"},
        {1.0 / 3, "0.333333"}, {123456.7, "123457"}, {123456789, "123456789"}, {999999999.6, "1e9"},
        {0.00001234, "1.234e-5"}, {-17.50, "-17.5"}, {9.9999999, "10"}, {0.000099999999, "0.0001"},
        {1e300, "1e300"}, {65535, "65535"}, {NAN, "nan"}, {-INFINITY, "-inf"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char out[32];
        assert_int_equal(text_format_number(out, sizeof out, rows[i].number), strlen(rows[i].text));
        assert_string_equal(out, rows[i].text);
    }
}

static void gb18030_becomes_utf8(void **state)
{
    (void)state;
    struct buffer out = BUFFER_INIT;
    struct error error;
    assert_true(text_from_gb18030(&out, "\xB1\xC3\xB7\xBF 3", 6, &error));
    assert_string_equal(buffer_text(&out), "泵房 3");
    assert_true(text_from_gb18030(&out, "\x81\x30\x81\x30", 4, &error)); /* four-byte U+0080 */
    assert_string_equal(buffer_text(&out), "泵房 3\xC2\x80");
    assert_false(text_from_gb18030(&out, "ab\xFF\xFF", 4, &error));
    assert_string_equal(error.text, "not GB18030 at byte 2");
    assert_string_equal(buffer_text(&out), "泵房 3\xC2\x80");
    assert_false(text_from_gb18030(&out, "a\xB1", 2, &error));
    assert_string_equal(error.text, "not GB18030 at byte 1: the text ends inside a character");
    buffer_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decodes_only_valid_utf8),
        cmocka_unit_test(encoding_reverses_decoding),
        cmocka_unit_test(widths_do_not_depend_on_the_locale),
        cmocka_unit_test(widths_are_those_of_wcwidth),
        cmocka_unit_test(fits_by_columns),
        cmocka_unit_test(fit_never_exceeds_its_columns),
        cmocka_unit_test(cleans_what_could_harm),
        cmocka_unit_test(cleaning_twice_changes_nothing),
        cmocka_unit_test(cleaning_a_flood_is_linear),
        cmocka_unit_test(cleans_into_an_array),
        cmocka_unit_test(folds_for_searching),
        cmocka_unit_test(natural_order),
        cmocka_unit_test(globs),
        cmocka_unit_test(numbers),
        cmocka_unit_test(numbers_to_text),
        cmocka_unit_test(gb18030_becomes_utf8),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
