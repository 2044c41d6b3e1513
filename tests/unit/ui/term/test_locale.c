/* Translations: found beside the program, complete, and given where a UTF-8 locale is not installed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "term/locale.h"

static void forget_environment(void)
{
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LC_MESSAGES", "LANG", "LANGUAGE"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        unsetenv(names[i]);
    setenv("NOCTURNE_LOCALEDIR", TRANSLATIONS_FOLDER, 1);
}

static void every_marked_text_is_translated(void **state)
{
    (void)state;
    if (system("command -v msgcmp >/dev/null") != 0)
        skip();
    if (system("msgcmp ui/po/zh_CN.po " TRANSLATIONS_FOLDER "/../generated/nocturne.pot") != 0)
        fail_msg("a marked text has no Chinese translation: make po, then translate ui/po/zh_CN.po");
}

static void speaks_chinese_without_a_chinese_locale(void **state)
{
    (void)state;
    forget_environment();
    setenv("LC_ALL", "zh_CN.UTF-8", 1); /* mostly not generated on a server */
    locale_init();
    assert_true(locale_is_utf8());
    assert_string_equal(_("is needed"), "必填");
    assert_string_equal(localeconv()->decimal_point, ".");
}

static void prefers_the_sites_language(void **state)
{
    (void)state;
    forget_environment();
    setenv("LC_ALL", "C.UTF-8", 1); /* characters, no language */
    locale_init();
    assert_string_equal(_("is needed"), "is needed");
    assert_true(locale_prefer("zh_CN"));
    assert_string_equal(_("is needed"), "必填");
    assert_false(locale_prefer("zh_CN")); /* nothing to make anew */
    assert_string_equal(locale_language(), "zh_CN");
}

static void leaves_the_persons_choice(void **state)
{
    (void)state;
    forget_environment();
    setenv("LC_ALL", "C.UTF-8", 1);
    setenv("LANGUAGE", "en", 1);
    locale_init();
    assert_false(locale_prefer("zh_CN"));
    assert_string_equal(_("is needed"), "is needed");
    assert_string_equal(locale_language(), "en");
}

static void plain_c_is_not_utf8(void **state)
{
    (void)state;
    forget_environment();
    setenv("LC_ALL", "C", 1);
    locale_init();
    assert_false(locale_is_utf8());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_marked_text_is_translated), cmocka_unit_test(speaks_chinese_without_a_chinese_locale),
        cmocka_unit_test(prefers_the_sites_language),      cmocka_unit_test(leaves_the_persons_choice),
        cmocka_unit_test(plain_c_is_not_utf8),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
