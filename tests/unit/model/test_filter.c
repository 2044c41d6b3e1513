#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/text.h"
#include "model/filter.h"
#include "model/health.h"

#define NOW 1795201920000 /* 2026-11-21 03:12 in Shanghai */

/* A subject as the fleet would show it. */
struct thing {
    const char *id, *name, *place, *kind, *class_, *building, *unit, *tags; /* tags: "a,b" */
    enum health health;
    msec since, last_heard;
    double temperature; /* below -999: none */
};

static const char *thing_text(const void *subject, const char *field)
{
    const struct thing *thing = subject;
    const struct {
        const char *field, *text;
    } rows[] = {
        {"id", thing->id}, {"name", thing->name}, {"place", thing->place}, {"kind", thing->kind},
        {"class", thing->class_}, {"building", thing->building}, {"unit", thing->unit},
        {"health", health_name(thing->health)},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (!strcmp(rows[i].field, field))
            return rows[i].text;
    return NULL;
}

static bool thing_number(const void *subject, const char *field, double *number)
{
    const struct thing *thing = subject;
    if (!strcmp(field, "metric.temperature")) {
        *number = thing->temperature;
        return thing->temperature > -999;
    }
    if (!strcmp(field, "age")) {
        *number = (double)NOW - (double)thing->last_heard;
        return thing->last_heard != CLOCK_NEVER;
    }
    if (!strcmp(field, "since")) {
        *number = (double)thing->since;
        return thing->since != CLOCK_NEVER;
    }
    if (!strcmp(field, "health")) {
        *number = health_rank(thing->health);
        return true;
    }
    return false;
}

static bool thing_has_value(const void *subject, const char *field, const char *pattern)
{
    const struct thing *thing = subject;
    char tags[128], *rest = tags;
    assert_string_equal(field, "tag");
    snprintf(tags, sizeof tags, "%s", thing->tags ? thing->tags : "");
    for (char *tag; (tag = strsep(&rest, ","));)
        if (*tag && text_glob(pattern, tag))
            return true;
    return false;
}

static bool thing_under(const void *subject, const char *id)
{
    return !strcmp(((const struct thing *)subject)->id, "t-2") && !strcmp(id, "gw-1");
}

static const char *thing_words(const void *subject)
{
    const struct thing *thing = subject;
    static struct buffer words;
    buffer_clear(&words);
    const char *const parts[] = {thing->id, thing->name, thing->place};
    for (int i = 0; i < 3; i++) {
        if (parts[i])
            text_fold(&words, parts[i], strlen(parts[i]));
        buffer_append_char(&words, ' ');
    }
    return buffer_text(&words);
}

static const struct filter_subject_ops ops = {
    .text = thing_text,
    .number = thing_number,
    .has_value = thing_has_value,
    .under = thing_under,
    .words = thing_words,
};

static const struct thing things[] = {
    {.id = "GW-1", .name = "1号网关", .place = "创新港 3号楼 B1 泵房", .kind = "gateway", .building = "3号楼", .unit = "物业",
     .tags = "core,spare", .health = HEALTH_OFFLINE, .since = NOW - SPAN_HOUR, .last_heard = NOW - 10 * SPAN_MINUTE,
     .temperature = -1000},
    {.id = "t-2", .name = "水泵温度 Pump", .place = "创新港 3号楼 B1", .kind = "terminal", .class_ = "temperature",
     .building = "3号楼", .health = HEALTH_OK, .since = NOW - 2 * SPAN_DAY, .last_heard = NOW - SPAN_SECOND,
     .temperature = 31.2},
    {.id = "srv (a)", .name = "Database, main", .place = "", .kind = "server", .unit = "", .health = HEALTH_UNKNOWN,
     .since = CLOCK_NEVER, .last_heard = CLOCK_NEVER, .temperature = 0},
};
#define THINGS (sizeof things / sizeof *things)

/* Which things match, as "12": by their place in the table. */
static void matching(const struct filter *filter, char out[THINGS + 1])
{
    size_t used = 0;
    for (size_t i = 0; i < THINGS; i++)
        if (filter_match(filter, &ops, &things[i]))
            out[used++] = (char)('1' + i);
    out[used] = '\0';
}

static void expect(const char *text, const char *expected)
{
    struct error error = {0};
    struct filter *filter = filter_parse(text, FILTER_STRICT, NOW, &error);
    if (!filter)
        fail_msg("`%s`: %s", text, error.text);
    assert_int_equal(filter_error_column(text, NOW), 0);
    char found[THINGS + 1];
    matching(filter, found);
    if (strcmp(found, expected))
        fail_msg("`%s` found %s, expected %s", text, found, expected);
    /* The canonical text means the same and is a fixed point. */
    char *canonical = filter_to_text(filter), *again;
    struct filter *back = filter_parse(canonical, FILTER_STRICT, NOW, &error);
    if (!back)
        fail_msg("`%s` became `%s`: %s", text, canonical, error.text);
    matching(back, found);
    assert_string_equal(found, expected);
    again = filter_to_text(back);
    assert_string_equal(again, canonical);
    free(again);
    free(canonical);
    filter_free(&back);
    filter_free(&filter);
    assert_null(filter);
}

static void words_search_id_name_and_place(void **state)
{
    (void)state;
    expect("", "123");
    expect("   ", "123");
    expect("　", "123"); /* the ideographic blank */
    expect("泵", "12");  /* one character inside Chinese text */
    expect("泵房", "1");
    expect("gw-1", "1");
    expect("ｇＷ-１", "1");
    expect("PUMP", "2");
    expect("创新港 3号楼", "12");
    expect("泵房　网关", "1");
    expect("\"3号楼 b1\"", "12");
    expect("\"b1 3号楼\"", "");
    expect("水*pump", "2");
    expect("\"base, m\"", "3");
    expect("base,", "3");
    expect("srv\\ (a", "3");
    expect("(a)", "3");
    expect("\"(a)\"", "3");
    expect("*", "123");
    expect("\\*", "");
    expect("数", "");
}

static void fields_equal_any_value(void **state)
{
    (void)state;
    expect("kind:gateway", "1");
    expect("KIND:Gateway", "1");
    expect("kind:gateway,server", "13");
    expect("kind:gate", "");
    expect("kind:*e*r*", "23");
    expect("kind:g*y", "1");
    expect("building:3号楼", "12");
    expect("building：３号楼", "12"); /* as a Chinese input method types it */
    expect("name:\"database, main\"", "3");
    expect("name:database*main", "3");
    expect("id:\"srv (a)\"", "3");
    expect("id:srv\\ (a)", "3");
    expect("health:offline,unreachable", "1");
    expect("health:un*", "3");
    expect("tag:core", "1");
    expect("tag:sp*", "1");
    expect("tag:co", "");
    expect("tag~pa", "1");
    expect("responsible_unit:物业", "1");
    expect("metric.temperature:31.2", "2");
    expect("电压等级:10kV", ""); /* a ledger's own column, which none has */
}

static void contains(void **state)
{
    (void)state;
    expect("building~\"3号\"", "12");
    expect("name~pump,DATA", "23");
    expect("name~温*p", "2");
    expect("name~\\*", "");
}

static void comparisons_have_units(void **state)
{
    (void)state;
    setenv("TZ", "Asia/Shanghai", 1);
    tzset();
    expect("metric.temperature>30", "2");
    expect("metric.temperature>=31.2", "2");
    expect("metric.temperature<31.2", "3");
    expect("metric.temperature<=31.2", "23");
    expect("metric.temperature＜31.2", "3");
    expect("metric.temperature>3100%", "2");
    expect("metric.temperature<1KiB", "23");
    expect("metric.temperature<0.001kB", "3");
    expect("metric.temperature>-5", "23");
    expect("age>5m", "1");
    expect("age<5m", "2");
    expect("since>-2h", "1");
    expect("since<-2h", "2");
    expect("since>02:00", "1");
    expect("since>2026-11-20", "1");
    expect("since>\"2026-11-21 02:12\"", "");
    expect("since>=\"2026-11-21 02:12\"", "1");
    expect("health>=warning", "1");
    expect("health<stale", "23");
}

static void absent_matches_no_comparison(void **state)
{
    (void)state;
    expect("age<1000d", "12");
    expect("-age<1000d", "3");
    expect("class:temperature", "2");
    expect("-class:temperature", "13");
    expect("class:*", "2");
    expect("has:class", "2");
    expect("has:unit", "1"); /* an empty text is none */
    expect("-has:unit", "23");
    expect("has:tag", "1");
    expect("has:tags,class", "12");
    expect("has:metric.temperature", "23");
    expect("has:age", "12");
    expect("under:gw-1", "2");
    expect("under:gw-2,gw-1", "2");
    expect("-under:gw-1", "13");
}

static void groups_and_negation(void **state)
{
    (void)state;
    expect("( kind:gateway | kind:server )", "13");
    expect("(kind:gateway|kind:server)", "13");
    expect("kind:gateway | kind:server", "13");
    expect("3号楼 ( gateway | pump )", "2");
    expect("泵 -kind:gateway", "2");
    expect("-泵", "3");
    expect("-( 泵 -kind:gateway )", "13");
    expect("-( kind:gateway | kind:server )", "2");
    expect("-( -泵 )", "12");
    expect("-(-(-泵))", "3");
    expect("a | b c | -( d | e f )", "123");
    expect("((((泵))))", "12");
    expect("kind:gateway health:offline age>5m -tag:nobody 泵房", "1");
    expect("\"-泵\"", "");
}

static void refuse(const char *text, int column, const char *expected)
{
    struct error error = {0};
    struct filter *filter = filter_parse(text, FILTER_STRICT, NOW, &error);
    if (filter)
        fail_msg("`%s` was taken", text);
    assert_int_equal(error.code, ERROR_INVALID);
    char head[32];
    snprintf(head, sizeof head, "column %d: ", column);
    if (strncmp(error.text, head, strlen(head)) || !strstr(error.text, expected))
        fail_msg("`%s`: `%s`, expected `%s%s`", text, error.text, head, expected);
    assert_int_equal(filter_error_column(text, NOW), column);
}

static void errors_point_at_a_column(void **state)
{
    (void)state;
    refuse("health:", 8, "expected a value after `health:`");
    refuse("泵房 health: x", 11, "expected a value after `health:`");
    refuse("health:offline,", 16, "expected a value");
    refuse("health:oflin", 8, "expected one of ok,warning,critical");
    refuse("kind:a health:offline,bad", 23, "expected one of");
    refuse("age>", 5, "expected a value after `age>`");
    refuse("age>=5", 6, "expected a span such as 5m or 2h; got `5`");
    refuse("since>yesterday", 7, "expected a time");
    refuse("children>many", 10, "expected a number");
    refuse("metric.x>abc", 10, "expected a number such as 30, 80% or 3.5GB, a span such as 5m");
    refuse("health>bad", 8, "expected a health");
    refuse("( a", 4, "expected `)` for the `(` in column 1");
    refuse("a )", 3, "has no `(`");
    refuse("()", 2, "expected a term after `(`");
    refuse("| a", 1, "expected a term before `|`");
    refuse("a |", 4, "expected a term after `|`");
    refuse("a | | b", 5, "expected a term after `|`");
    refuse("-", 2, "expected a term after `-`");
    refuse("a - b", 4, "expected a term after `-`");
    refuse("--a", 2, "expected a term after `-`");
    refuse("\"abc", 5, "expected `\"` for the one in column 1");
    refuse("a \"\"", 3, "expected text between the quotes");
    refuse("room:\"\"", 6, "-has:room finds what has none");
    refuse("a\\", 3, "expected a character after `\\`");
    refuse("has>3", 4, "expected `:` after `has`");
    refuse("under~x", 6, "expected `:` after `under`");
    refuse("a \xB1\xC3", 3, "not UTF-8");
}

static void typing_ignores_the_unfinished_term(void **state)
{
    (void)state;
    const struct {
        const char *text, *expected;
    } rows[] = {
        {"泵 health:", "12"}, {"泵 health:off", "12"}, {"泵 health:offline", "1"}, {"泵 age>", "12"}, {"泵 age>5", "12"},
        {"泵 age>5m", "1"}, {"泵 -", "12"}, {"泵 (", "12"}, {"泵 ( 房 | ", "1"}, {"泵 ( gw | ga", "1"}, {"泵 |", "12"},
        {"泵 \"", "12"}, {"泵 \"3号楼 b", "12"}, {"泵 -(", "12"}, {"泵 )", "12"}, {"泵 has:", "12"}, {"泵 a\\", "12"},
        {"health:offline,", "123"}, {"(((泵 kind:gateway", "1"}, {"", "123"}, {"()", "123"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct error error = {0};
        struct filter *filter = filter_parse(rows[i].text, FILTER_TYPING, NOW, &error);
        if (!filter)
            fail_msg("`%s`: %s", rows[i].text, error.text);
        char found[THINGS + 1];
        matching(filter, found);
        if (strcmp(found, rows[i].expected))
            fail_msg("`%s` found %s, expected %s", rows[i].text, found, rows[i].expected);
        filter_free(&filter);
    }
    /* A mistake that somebody has left behind is still one. */
    struct error error = {0};
    assert_null(filter_parse("health: 泵", FILTER_TYPING, NOW, &error));
    assert_string_equal(error.text, "column 8: expected a value after `health:`");
}

static void check_text(const char *text, const char *expected)
{
    struct filter *filter = filter_parse(text, FILTER_STRICT, NOW, NULL);
    char *canonical = filter_to_text(filter);
    assert_string_equal(canonical, expected);
    free(canonical);
    filter_free(&filter);
}

static void canonical_text(void **state)
{
    (void)state;
    check_text("  a   B ", "a B");
    check_text("(a|b)c", "( a | b ) c");
    check_text("a b|c", "( a b | c )");
    check_text("-(a b)", "-( a b )");
    check_text("\"two words\"", "\"two words\"");
    check_text("\"one\"", "one");
    check_text("name:a\"b c\"", "name:\"ab c\"");
    check_text("\"health:x\"", "\"health:x\"");
    check_text("\"say \\\"hi\\\"\"", "\"say \\\"hi\\\"\"");
    check_text("Tags:x,\"y,z\"", "tag:x,\"y,z\"");
    check_text("since>03:00", "since>03:00");
    check_text("a\\*b*", "a\\*b*");
}

static void single_words(void **state)
{
    (void)state;
    const struct {
        const char *text, *word;
    } rows[] = {{"PUMP", "pump"}, {"\"3号楼 B1\"", "3号楼 b1"}, {"(泵)", "泵"}, {"a b", NULL}, {"-a", NULL},
                {"a*", NULL}, {"name:a", NULL}, {"", NULL}, {"*", NULL}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct filter *filter = filter_parse(rows[i].text, FILTER_STRICT, NOW, NULL);
        const char *word = filter_single_word(filter);
        if (rows[i].word)
            assert_string_equal(word, rows[i].word);
        else
            assert_null(word);
        assert_int_equal(filter_is_empty(filter), !*rows[i].text);
        filter_free(&filter);
    }
}

static void limits(void **state)
{
    (void)state;
    char deep[400] = "";
    memset(deep, '(', 64);
    deep[64] = 'a';
    memset(deep + 65, ')', 64);
    struct filter *filter = filter_parse(deep, FILTER_STRICT, NOW, NULL);
    assert_non_null(filter);
    filter_free(&filter);
    memset(deep, '(', 65);
    deep[65] = 'a';
    memset(deep + 66, ')', 65);
    refuse(deep, 65, "nested deeper than 64");
    size_t length = 65537;
    char *large = malloc(length + 1);
    for (size_t i = 0; i < length; i++)
        large[i] = i % 2 ? ' ' : 'a';
    large[length] = '\0';
    refuse(large, 1, "longer than 65536 bytes");
    large[65536] = '\0';
    filter = filter_parse(large, FILTER_STRICT, NOW, NULL);
    assert_non_null(filter);
    assert_false(filter_match(filter, &ops, &things[0]));
    filter_free(&filter);
    /* 65,536 unfinished groups end soon. */
    memset(large, '(', 65536);
    assert_null(filter_parse(large, FILTER_STRICT, NOW, NULL));
    for (size_t i = 0; i < 65536; i++)
        large[i] = ",-\"\\"[i % 4];
    filter = filter_parse(large, FILTER_TYPING, NOW, NULL);
    filter_free(&filter);
    free(large);
}

/* Any string of the language's own pieces either fails with a column inside the text, or its canonical text gives the
 * same filter. */
static void random_filters_read_back(void **state)
{
    (void)state;
    static const char *const pieces[] = {
        "a", "泵", " ", " ", "(", ")", "|", "-", "\"", "\\", "*", ":", "~", ">", "<", "=", ",",
        "kind:", "health:", "offline",
        "age>", "5m", "metric.x>", "3", "%", "has:", "under:", "gw-1", "　", "：", "３", ".", "tag:",
    };
    unsigned seed = 42, taken = 0;
    for (int round = 0; round < 300000; round++) {
        char text[256] = "";
        for (int parts = rand_r(&seed) % 14; parts > 0; parts--)
            strcat(text, pieces[(size_t)rand_r(&seed) % (sizeof pieces / sizeof *pieces)]);
        struct error error = {0};
        struct filter *typing = filter_parse(text, FILTER_TYPING, NOW, &error);
        struct filter *filter = filter_parse(text, FILTER_STRICT, NOW, &error);
        if (!filter) {
            int column = filter_error_column(text, NOW);
            if (column < 1 || column > (int)strlen(text) + 1 || error.code != ERROR_INVALID)
                fail_msg("`%s`: column %d", text, column);
            filter_free(&typing);
            continue;
        }
        taken++;
        if (!typing)
            fail_msg("`%s` is right, but not while typing", text);
        char *canonical = filter_to_text(filter);
        struct filter *back = filter_parse(canonical, FILTER_STRICT, NOW, &error);
        if (!back)
            fail_msg("`%s` became `%s`: %s", text, canonical, error.text);
        char *again = filter_to_text(back);
        char one[THINGS + 1], two[THINGS + 1], three[THINGS + 1];
        matching(filter, one);
        matching(back, two);
        matching(typing, three);
        if (strcmp(canonical, again) || strcmp(one, two) || strcmp(one, three))
            fail_msg("`%s` became `%s`, then `%s`: %s %s %s", text, canonical, again, one, two, three);
        free(canonical);
        free(again);
        filter_free(&typing);
        filter_free(&filter);
        filter_free(&back);
    }
    assert_true(taken > 30000);
}

static void collect_word(void *owner, const char *word)
{
    buffer_printf(owner, "%s ", word);
}

static void completes(void **state)
{
    (void)state;
    const struct {
        const char *text, *expected;
    } rows[] = {
        {"hea", "health: "}, {"泵 -hea", "health: "}, {"(hea", "health: "}, {"ag", "age> "},
        {"health:", "ok warning critical offline stale unreachable unknown maintenance "},
        {"health:off", "offline "}, {"health:ok,un", "unreachable unknown "}, {"kind:gate", "gateway "}, {"has:buil", "building "},
        {"building:", ""}, {"\"hea", ""},
        {"link:", "up down unknown "}, {"health>=", ""}, {"zzz", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buffer words = BUFFER_INIT;
        filter_complete(rows[i].text, collect_word, &words);
        if (strcmp(buffer_text(&words), rows[i].expected))
            fail_msg("`%s`: `%s`", rows[i].text, buffer_text(&words));
        buffer_release(&words);
    }
    struct buffer words = BUFFER_INIT;
    filter_complete("泵 ", collect_word, &words);
    assert_true(words.length > 100);
    buffer_release(&words);
}

struct worded {
    char words[160];
};

static const char *worded_words(const void *subject)
{
    return ((const struct worded *)subject)->words;
}

static void is_fast(void **state)
{
    (void)state;
    enum { COUNT = 48000, ROUNDS = 20 };
    static const struct filter_subject_ops worded_ops = {.words = worded_words};
    struct worded *subjects = calloc(COUNT, sizeof *subjects);
    for (int i = 0; i < COUNT; i++)
        snprintf(subjects[i].words, sizeof subjects[i].words, "t-%05d 照明控制器%d号回路 创新港校区 %d号楼 %d层 %d%02d室",
                 i, i % 97, i % 40, i % 12, i % 12, i % 30);
    const char *const texts[] = {"泵", "控制器7", "t-4799", "pump", "照明 -回路"};
    for (size_t t = 0; t < sizeof texts / sizeof *texts; t++) {
        struct filter *filter = filter_parse(texts[t], FILTER_STRICT, NOW, NULL);
        unsigned found = 0;
        struct timespec start, end;
        clock_gettime(CLOCK_MONOTONIC, &start);
        for (int round = 0; round < ROUNDS; round++)
            for (int i = 0; i < COUNT; i++)
                found += filter_match(filter, &worded_ops, &subjects[i]);
        clock_gettime(CLOCK_MONOTONIC, &end);
        double ms = ((double)(end.tv_sec - start.tv_sec) * 1e3 + (double)(end.tv_nsec - start.tv_nsec) / 1e6) / ROUNDS;
        printf("# %s: %u of %d in %.2f ms\n", texts[t], found / ROUNDS, COUNT, ms);
        filter_free(&filter);
    }
    free(subjects);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_search_id_name_and_place),
        cmocka_unit_test(fields_equal_any_value),
        cmocka_unit_test(contains),
        cmocka_unit_test(comparisons_have_units),
        cmocka_unit_test(absent_matches_no_comparison),
        cmocka_unit_test(groups_and_negation),
        cmocka_unit_test(errors_point_at_a_column),
        cmocka_unit_test(typing_ignores_the_unfinished_term),
        cmocka_unit_test(canonical_text),
        cmocka_unit_test(single_words),
        cmocka_unit_test(limits),
        cmocka_unit_test(random_filters_read_back),
        cmocka_unit_test(completes),
        cmocka_unit_test(is_fast),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
