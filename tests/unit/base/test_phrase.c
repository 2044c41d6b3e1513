/* The daemon's sentences in the reader's language: recognised, put in order, and safe whatever a text holds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/phrase.h"

static const struct phrase_pair pairs[] = {
    {"silent for %s", "已 %s 无数据"},
    {"offline", "离线"},
    {"disconnected", "已断开"},
    {"status %s", "状态 %s"},
    {"column %u: %s", "第 %u 列：%s"},
    {"no check `%s`; there are %s", "没有检查项 `%s`；可用 %s"},
    {"%s on %s: %s", "%2$s 上的 %1$s：%3$s"},
    {"%s is %s", "%s 为 %s"},
    {"%s is not in the ledger", "%s 不在台账中"},
    {"%u processes like %s, expected at least %u", "匹配 %2$s 的进程 %1$u 个，至少应有 %3$u 个"},
    {"%.1f %% of %s used", "%2$s 已用 %1$.1f %%"},
    {"%u check%s failing", "%u 项检查失败"},
    {"%u up", "%u 个在线"},
    {"battery low%s%s", "电池电量低%s%s"},
    {"silent for %g periods of %s%s%s", "无数据达 %g 个周期（%s）%s%s"},
    {"connected, %u topic%s", "已连接，%u 个主题%.0s"},
    {"%d minutes left", "还剩 %d 分钟"},
    {"%<PRIu64> rows", "%<PRIu64> 行"},
    {"letter %c seen", "见到字母 %c"},
    {"%s", "从不"},
    {"%s: %s", "从不"},
    {"a number such as 80%, 30 or %s", "数字，如 80%、30 或 %s"},
    {"names %s", "多出 %2$s"},
};

static struct phrasebook *book;

static int make(void **state)
{
    (void)state;
    book = phrasebook_of(pairs, ARRAY_COUNT(pairs));
    return 0;
}

static int drop(void **state)
{
    (void)state;
    phrasebook_free(&book);
    return 0;
}

static void expect(const char *text, const char *said)
{
    struct buffer out = BUFFER_INIT;
    bool known = phrasebook_say(book, &out, text);
    assert_string_equal(buffer_text(&out), said);
    assert_int_equal(known, strcmp(text, said) != 0);
    buffer_clear(&out);
    phrasebook_say(book, &out, text); /* as kept */
    assert_string_equal(buffer_text(&out), said);
    buffer_release(&out);
}

static void takes_arguments_out_and_puts_them_in_order(void **state)
{
    (void)state;
    expect("silent for 3m", "已 3m 无数据");
    expect("0 processes like nginx: master*, expected at least 1", "匹配 nginx: master* 的进程 0 个，至少应有 1 个");
    expect("97.5 % of /data used", "/data 已用 97.5 %");
    expect("1 check failing", "1 项检查失败");
    expect("2 checks failing", "2 项检查失败");
    expect("18446744073709551615 rows", "18446744073709551615 行");
    expect("letter 泵 seen", "见到字母 泵");
}

static void translates_what_is_nested_and_joined(void **state)
{
    (void)state;
    expect("disconnected: status offline", "已断开：状态 离线");
    expect("nginx on web-1: 0 processes like nginx*, expected at least 1", "web-1 上的 nginx：匹配 nginx* 的进程 0 个，至少应有 1 个");
    expect("column 3: no check `offline`; there are a, b", "第 3 列：没有检查项 `offline`；可用 a, b"); /* in quotes is a name */
    expect("battery low, 12 minutes left", "电池电量低，还剩 12 分钟");
    expect("battery low", "电池电量低");
    expect("silent for 3 periods of 1m; offline", "无数据达 3 个周期（1m）；离线");
    expect("silent for 3 periods of 1m", "无数据达 3 个周期（1m）");
    expect("connected, 2 topics", "已连接，2 个主题");
    expect("offline; silent for 3m · 5 up", "离线；已 3m 无数据 · 5 个在线");
    expect("GW-1 is offline", "GW-1 为 离线");
}

static void leaves_what_it_does_not_know(void **state)
{
    (void)state;
    expect("pump is broken", "pump is broken"); /* no argument of a phrase so short is one */
    expect("", "");
    expect("it is cold, they say: very", "it is cold, they say: very");
    expect("many processes like a, expected at least two", "many processes like a, expected at least two"); /* no numbers */
    expect("letter ab seen", "letter ab seen");
    expect("names x", "names x"); /* its translation names an argument that is not there */
    expect("a number such as 80%, 30 or 5", "数字，如 80%、30 或 5"); /* not every % is a conversion */
}

static void no_text_is_a_format(void **state)
{
    (void)state;
    expect("%n%s%999999d is not in the ledger", "%n%s%999999d 不在台账中");
    expect("silent for %s is not in the ledger", "已 %s 无数据 不在台账中"); /* the weightier one is outside */
    expect("%2$s", "%2$s");
    expect("%", "%");
}

static void a_long_text_ends(void **state)
{
    (void)state;
    char text[PHRASE_LONGEST + 1];
    struct buffer out = BUFFER_INIT;
    for (size_t i = 0; i < PHRASE_LONGEST; i++)
        text[i] = ", : ; is 0"[i % 10];
    text[PHRASE_LONGEST] = '\0';
    msec start = clock_steady();
    for (int i = 0; i < 20; i++) {
        buffer_clear(&out);
        phrasebook_say(book, &out, text);
        assert_string_equal(buffer_text(&out), text);
    }
    assert_true(clock_steady() - start < 5000);
    buffer_release(&out);
}

/* The shipped tables: every translation can stand for its format, and is found by a text made of that format. */
static void shipped_translations_fit(void **state)
{
    (void)state;
    size_t count;
    const struct phrase_pair *shipped = phrase_pairs("zh_CN.UTF-8", &count);
    assert_non_null(shipped);
    assert_null(phrase_pairs("en_GB.UTF-8", &(size_t){0}));
    assert_null(phrase_pairs("C", &(size_t){0}));
    for (size_t i = 0; i < count; i++)
        if (shipped[i].format[0] && !phrase_pair_fits(&shipped[i])) /* "": the file's own head */
            fail_msg("`%s` cannot stand for `%s`", shipped[i].translation, shipped[i].format);
}

static void every_phrase_is_translated(void **state)
{
    (void)state;
    if (system("command -v msgcmp >/dev/null") != 0)
        skip();
    if (system("msgcmp ui/po/daemon.zh_CN.po " PHRASES_POT) != 0)
        fail_msg("a phrase of the daemon has no Chinese translation: make po, then translate ui/po/daemon.zh_CN.po");
}

static void the_process_has_one_reader(void **state)
{
    (void)state;
    struct buffer out = BUFFER_INIT;
    char small[8] = "offline";
    assert_false(phrase_say(&out, "offline"));
    phrase_language("zh_CN");
    assert_true(phrase_say(&out, "offline"));
    assert_string_equal(buffer_text(&out), "offline离线");
    phrase_say_into(small, sizeof small);
    assert_string_equal(small, "离线");
    phrase_language("en");
    buffer_clear(&out);
    assert_false(phrase_say(&out, "offline"));
    buffer_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(takes_arguments_out_and_puts_them_in_order, make, drop),
        cmocka_unit_test_setup_teardown(translates_what_is_nested_and_joined, make, drop),
        cmocka_unit_test_setup_teardown(leaves_what_it_does_not_know, make, drop),
        cmocka_unit_test_setup_teardown(no_text_is_a_format, make, drop),
        cmocka_unit_test_setup_teardown(a_long_text_ends, make, drop),
        cmocka_unit_test(shipped_translations_fit),
        cmocka_unit_test(every_phrase_is_translated),
        cmocka_unit_test(the_process_has_one_reader),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
