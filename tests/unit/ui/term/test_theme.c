#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/memory.h"
#include "term/theme.h"

static struct theme *parse(const char *text, struct error *error)
{
    return theme_parse("my.theme", text, strlen(text), error);
}

static void assert_fails(const char *text, const char *message)
{
    struct error error;
    struct theme *theme = parse(text, &error);
    assert_null(theme);
    if (!strstr(error.text, message))
        fail_msg("\"%s\" does not say \"%s\"", error.text, message);
}

static void picks_by_depth(void **state)
{
    (void)state;
    struct error error;
    struct theme *theme = parse("# a comment\n\ncritical = #ff5f5f | 203 | red bold | reverse bold\r\n"
                                "past = black on yellow\n", &error);
    assert_non_null(theme);
    assert_string_equal(theme_name(theme), "my");
    theme_set_depth(theme, DEPTH_DIRECT);
    assert_int_equal(theme_style(theme, ROLE_CRITICAL).foreground, COLOUR_RGB | 0xff5f5f);
    theme_set_depth(theme, DEPTH_256);
    assert_int_equal(theme_style(theme, ROLE_CRITICAL).foreground, 203);
    theme_set_depth(theme, DEPTH_16);
    assert_int_equal(theme_style(theme, ROLE_CRITICAL).foreground, 1);
    assert_int_equal(theme_style(theme, ROLE_CRITICAL).attributes, STYLE_BOLD);
    theme_set_depth(theme, DEPTH_MONO);
    assert_int_equal(theme_style(theme, ROLE_CRITICAL).foreground, COLOUR_DEFAULT);
    assert_int_equal(theme_style(theme, ROLE_CRITICAL).attributes, STYLE_BOLD | STYLE_REVERSE);
    assert_int_equal(theme_style(theme, ROLE_PAST).attributes, STYLE_REVERSE); /* a background says "look here" */
    assert_int_equal(theme_style(theme, ROLE_CRITICAL | ROLE_REVERSE).attributes,
                     STYLE_BOLD | STYLE_REVERSE | STYLE_UNDERLINE); /* turned back it would be no cursor */
    theme_free(&theme);
}

static void comes_down_to_poorer_terminals(void **state)
{
    (void)state;
    struct error error;
    struct theme *theme = parse("critical = #ff5f5f bold\nwarning = bright-yellow\nok = 240\n", &error);
    assert_non_null(theme);
    theme_set_depth(theme, DEPTH_256);
    assert_int_equal(theme_style(theme, ROLE_CRITICAL).foreground, 203);
    theme_set_depth(theme, DEPTH_8);
    assert_int_equal(theme_style(theme, ROLE_CRITICAL).foreground, 1);
    assert_int_equal(theme_style(theme, ROLE_WARNING).foreground, 3);
    theme_set_depth(theme, DEPTH_MONO);
    assert_int_equal(theme_style(theme, ROLE_OK).foreground, COLOUR_DEFAULT);
    theme_free(&theme);
}

static void text_gives_the_background(void **state)
{
    (void)state;
    struct error error;
    struct theme *theme = parse("text = 254 on 17\nok = 240\npast = 0 on 220\n", &error);
    assert_int_equal(theme_style(theme, ROLE_OK).background, 17);
    assert_int_equal(theme_style(theme, ROLE_STRONG).background, 17); /* not mentioned: as text */
    assert_int_equal(theme_style(theme, ROLE_PAST).background, 220);
    theme_free(&theme);
}

static void errors_say_where_and_what_instead(void **state)
{
    (void)state;
    assert_fails("text = default\ncritcal = red\n", "my.theme:2:1: no role is called \"critcal\": did you mean \"critical\"?");
    assert_fails("  critical red\n", "my.theme:1:12: \"=\" is missing");
    assert_fails("critical = orang\n", "my.theme:1:12: \"orang\" is neither a colour");
    assert_fails("critical = red | \n", "my.theme:1:18: nothing stands here");
    assert_fails("critical = red blue\n", "my.theme:1:16: a second colour");
    assert_fails("critical = red on\n", "\"on\" wants a colour");
    assert_fails("critical = 256\n", "my.theme:1:12:");
    assert_fails("critical = #ff5f5\n", "my.theme:1:12:");
    assert_fails("critical = red\ncritical = blue\n", "my.theme:2:1: \"critical\" stands above already");
    assert_fails("关键 = red\n", "my.theme:1:1: no role is called");
}

/* Dark cockpit (DESIGN section 6): what is well has no colour of its own kind; the wrong ones differ from each other
 * and, without any colour, from the rest by letter plus weight; the selection is seen in every depth. */
static void built_in_themes_keep_their_promises(void **state)
{
    (void)state;
    static const char *const names[] = {"night", "day", "contrast", "mono"};
    static const enum role wrong[] = {ROLE_WARNING, ROLE_CRITICAL, ROLE_OFFLINE, ROLE_MAINTENANCE};
    setenv("XDG_CONFIG_HOME", "/nonexistent", 1);
    for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
        struct error error;
        struct theme *theme = theme_load(names[i], &error);
        if (!theme)
            fail_msg("%s", error.text);
        for (int depth = 0; depth < DEPTH_COUNT; depth++) {
            theme_set_depth(theme, (enum depth)depth);
            struct style text = theme_style(theme, ROLE_TEXT), selection = theme_style(theme, ROLE_SELECTION);
            struct style cursor = theme_style(theme, ROLE_CURSOR), ok = theme_style(theme, ROLE_OK);
            assert_true(memcmp(&text, &selection, sizeof text) != 0);
            assert_true(memcmp(&text, &cursor, sizeof text) != 0);
            assert_false(ok.attributes & (STYLE_BOLD | STYLE_REVERSE));
            for (int role = ROLE_OK; role <= ROLE_MAINTENANCE; role++) { /* the board's cursor, on any cell */
                struct style cell = theme_style(theme, (uint8_t)role);
                assert_false(cell.attributes & STYLE_REVERSE);
                assert_true(theme_style(theme, (uint8_t)(role | ROLE_REVERSE)).attributes & STYLE_REVERSE);
            }
            for (size_t j = 0; j < ARRAY_COUNT(wrong); j++) {
                struct style style = theme_style(theme, wrong[j]);
                assert_true(style.foreground != ok.foreground || style.attributes != ok.attributes ||
                            style.background != ok.background);
                for (size_t k = 0; k < j && depth >= DEPTH_8 && i != 3; k++) {
                    struct style other = theme_style(theme, wrong[k]);
                    assert_true(style.foreground != other.foreground || style.background != other.background);
                }
                if (depth == DEPTH_MONO)
                    assert_int_equal(style.foreground, COLOUR_DEFAULT);
            }
        }
        theme_free(&theme);
    }
}

static void finds_the_persons_own(void **state)
{
    (void)state;
    char folder[] = "/tmp/nocturne-theme-XXXXXX";
    assert_non_null(mkdtemp(folder));
    char *path = memory_printf("%s/nocturne", folder), *themes = memory_printf("%s/themes", path);
    char *file = memory_printf("%s/mine.theme", themes), *bad = memory_printf("%s/bad.theme", themes);
    assert_int_equal(mkdir(path, 0700) | mkdir(themes, 0700), 0);
    FILE *out = fopen(file, "w");
    fputs("text = 250 on 235\n", out);
    fclose(out);
    out = fopen(bad, "w");
    fputs("text = purplish\n", out);
    fclose(out);
    setenv("XDG_CONFIG_HOME", folder, 1);
    struct error error;
    struct theme *theme = theme_load("mine", &error);
    assert_non_null(theme);
    assert_int_equal(theme_style(theme, ROLE_TEXT).background, 235);
    theme_free(&theme);
    theme = theme_load(file, &error); /* by path */
    assert_non_null(theme);
    theme_free(&theme);
    assert_null(theme_load("bad", &error));
    assert_non_null(strstr(error.text, "bad.theme:1:8: \"purplish\""));
    assert_null(theme_load("nosuch", &error));
    assert_int_equal(error.code, ERROR_NOT_FOUND);
    assert_non_null(strstr(error.text, "night day contrast mono"));
    assert_non_null(strstr(error.text, "mine"));
    unlink(file);
    unlink(bad);
    rmdir(themes);
    rmdir(path);
    rmdir(folder);
    free(path);
    free(themes);
    free(file);
    free(bad);
}

static void reads_the_environment(void **state)
{
    (void)state;
    unsetenv("NO_COLOR");
    unsetenv("COLORTERM");
    setenv("TERM", "xterm-256color", 1);
    assert_int_equal(depth_of_environment(), DEPTH_256);
    setenv("COLORTERM", "truecolor", 1);
    assert_int_equal(depth_of_environment(), DEPTH_DIRECT);
    setenv("NO_COLOR", "1", 1);
    assert_int_equal(depth_of_environment(), DEPTH_MONO);
    setenv("NO_COLOR", "", 1); /* empty does not count: no-color.org */
    setenv("TERM", "linux", 1);
    unsetenv("COLORTERM");
    assert_int_equal(depth_of_environment(), DEPTH_8);
    unsetenv("TERM");
    assert_int_equal(depth_of_environment(), DEPTH_MONO);
}

/* The manual names every role, so that a theme can be written from it. */
static void the_manual_names_every_role(void **state)
{
    (void)state;
    static char manual[16384];
    FILE *file = fopen("man/nocturne-theme.5", "r");
    assert_non_null(file);
    manual[fread(manual, 1, sizeof manual - 1, file)] = '\0';
    fclose(file);
    for (unsigned i = 0; i < ROLE_COUNT; i++) {
        char word[40];
        snprintf(word, sizeof word, " %s", theme_role_name((enum role)i));
        if (!strstr(manual, word))
            fail_msg("man/nocturne-theme.5 does not name the role%s", word);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(picks_by_depth),
        cmocka_unit_test(comes_down_to_poorer_terminals),
        cmocka_unit_test(text_gives_the_background),
        cmocka_unit_test(errors_say_where_and_what_instead),
        cmocka_unit_test(built_in_themes_keep_their_promises),
        cmocka_unit_test(finds_the_persons_own),
        cmocka_unit_test(reads_the_environment),
        cmocka_unit_test(the_manual_names_every_role),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
