/* A rest source without a network (R037): mistakes named with their remedy, places filled for where they stand, pages of each
 * kind to their end and no further, logins read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "collect/collector.h"
#include "collect/rest_plan.h"

static struct config *load(const char *yaml, struct config_problems *problems)
{
    const struct collector_ops *ops = collector_find("rest");
    struct config *config = config_new();
    config_problems_init(problems);
    assert_true(config_load_text(config, "n.yml", yaml, strlen(yaml), problems));
    if (config_check(config_root(config), ops->keys, problems))
        ops->validate(config_root(config), problems);
    return config;
}

static void plan_of(struct rest_plan *plan, const char *yaml)
{
    struct config_problems problems;
    struct error error = {0};
    struct config *config = load(yaml, &problems);
    assert_string_equal(buffer_text(&problems.text), "");
    if (!rest_plan_load(plan, config_root(config), &error))
        fail_msg("%s", error.text);
    config_problems_release(&problems);
    config_free(&config);
}

static void test_mistakes(void **state)
{
    static const struct { const char *yaml, *says; } cases[] = {
        {"{url: 'ftp://h', asset: a}", "url: expected http:// or https://; got `ftp://h`"},
        {"{url: 'http://h'}", "whose values are they? set `asset:`, an id or a JSON pointer such as /name, or `select:`"},
        {"{url: 'http://h/{id}', asset: a}", "{id} and {address} need `select:`, which says whose"},
        {"{url: 'http://h/?p={page}', asset: a}", "{page}, {offset} and {cursor} need `pages:`"},
        {"{url: 'http://h', asset: a, pages: {size: 5}}", "nothing in `url` or `body` says which page"},
        {"{url: 'http://h?p={page}', asset: a, pages: {more: hasNext}}", "pages.more: a JSON pointer starts with"},
        {"{url: 'http://h', asset: a, topic: 'x/{asset}'}", "topic: unknown key"},
        {"{url: 'http://h', format: status}", "format status comes by topics only; json, readings and thingsboard-rest are what answers can be"},
        {"{url: 'http://h', asset: a, headers: [Bearer]}", "headers[0]: expected a header such as `X-Tenant: 7`; got `Bearer`"},
        {"{url: 'http://h', asset: a, user: u}", "`password` is missing"},
        {"{url: 'http://h', asset: a, password: {file: /no/such}}", "/no/such"},
        {"{url: 'http://h', asset: a, login: {url: 'http://h/l'}}", "login: `body` is missing"},
        {"{url: 'http://h', asset: a, login: {url: 'http://h/l', body: x, refresh: {url: 'http://h/r'}}}", "`refresh` needs `refresh_token` beside it"},
        {"{url: 'http://h', asset: a, items: rows}", "items: a JSON pointer starts with"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct config_problems problems;
        struct config *config = load(cases[i].yaml, &problems);
        if (!strstr(buffer_text(&problems.text), cases[i].says))
            fail_msg("%s: %s", cases[i].yaml, buffer_text(&problems.text));
        config_problems_release(&problems);
        config_free(&config);
    }
}

static void test_places(void **state)
{
    struct rest_plan plan;
    struct buffer out = BUFFER_INIT;
    const struct rest_values values = {.page = 3, .offset = 200, .size = 100, .cursor = "a b&c", .id = "T-1", .address = "泵房/1",
                                       .token = "tok\"en", .since = 1763690000123, .now = 1763690060000};
    (void)state;
    plan_of(&plan, "{url: 'http://h', asset: a}");
    plan.user = strdup("o\"p\\s");
    rest_fill(&plan, &values, "/x?p={page}&o={offset}&n={size}&c={cursor}&i={id}&a={address}&s={since}&t={now_s}", REST_URL, &out);
    assert_string_equal(buffer_text(&out), "/x?p=3&o=200&n=100&c=a%20b%26c&i=T-1&a=%E6%B3%B5%E6%88%BF%2F1&s=1763690000123&t=1763690060");
    buffer_clear(&out);
    rest_fill(&plan, &values, "{\"a\": {\"page\": {page}}, \"u\": \"{user}\", \"t\": \"{token}\", \"x\": {}, \"y\": {unknown}, {", REST_JSON, &out);
    assert_string_equal(buffer_text(&out), "{\"a\": {\"page\": 3}, \"u\": \"o\\\"p\\\\s\", \"t\": \"tok\\\"en\", \"x\": {}, \"y\": {unknown}, {");
    buffer_clear(&out);
    rest_fill(&plan, &values, "{since_iso}|{refresh}|{password}|{now_iso}", REST_PLAIN, &out);
    assert_non_null(strstr(buffer_text(&out), "2025-11-2"));
    assert_non_null(strstr(buffer_text(&out), "|||2025-11-2"));
    buffer_release(&out);
    rest_plan_release(&plan);
}

/* Answers one after the other; how it went: "next next done", with where it stands. */
static void walk(const char *yaml, const char *const *answers, const char *expected)
{
    struct rest_plan plan;
    struct rest_position position = {0};
    struct scan scan;
    struct error error = {0};
    char text[512];
    size_t used = 0;
    enum rest_next next = REST_NEXT;
    plan_of(&plan, yaml);
    scan_init(&scan);
    rest_position_begin(&position, &plan);
    for (; *answers && next == REST_NEXT; answers++) {
        next = rest_position_advance(&position, &plan, &scan, "https://h:8443/a/b?c=d", *answers, strlen(*answers), &error);
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%s", used ? " " : "", next == REST_NEXT ? "next" : next == REST_DONE ? "done" : error.text);
        if (next == REST_NEXT)
            used += (size_t)snprintf(text + used, sizeof text - used, ":%u,%u,%s%s", position.page, position.offset, position.cursor ? position.cursor : "",
                                     position.url ? position.url : "");
    }
    assert_string_equal(text, expected);
    rest_position_release(&position);
    scan_release(&scan);
    rest_plan_release(&plan);
}

static void test_pages(void **state)
{
    (void)state;
    walk("{url: 'http://h', asset: a}", (const char *[]){"[1]", NULL}, "done");
    walk("{url: 'http://h?{page}', asset: a, pages: {more: /more}}", (const char *[]){"{\"more\":true}", "{\"more\":true,\"a\":1}", "{\"more\":false}", NULL},
         "next:1,0, next:2,0, done");
    walk("{url: 'http://h?{page}', asset: a, pages: {first: 1, count: /pages}}", (const char *[]){"{\"pages\":2,\"a\":1}", "{\"pages\":\"2\"}", NULL}, "next:2,0, done");
    walk("{url: 'http://h?{offset}', asset: a, items: /r, pages: {total: /t}}", (const char *[]){"{\"r\":[1,2],\"t\":3}", "{\"r\":[3],\"t\":3}", NULL}, "next:1,2, done");
    walk("{url: 'http://h?{offset}', asset: a, items: /r, pages: {total: /t}}", (const char *[]){"{\"r\":[],\"t\":3}", NULL}, "done"); /* promised and not there */
    walk("{url: 'http://h?{page}', asset: a, pages: {size: 2}}", (const char *[]){"[1,2]", "[3,4]", "[5]", NULL}, "next:1,2, next:2,4, done");
    walk("{url: 'http://h?{cursor}', asset: a, pages: {next: /n}}", (const char *[]){"{\"n\":\"c1\"}", "{\"n\":77}", "{\"n\":null}", NULL}, "next:1,0,c1 next:2,0,77 done");
    walk("{url: 'http://h', asset: a, pages: {next: /n}}", (const char *[]){"{\"n\":\"?p=2\"}", "{\"n\":\"/x\"}", "{\"n\":\"https://h:8443/y\"}", "{}", NULL},
         "next:1,0,https://h:8443/a/b?p=2 next:2,0,https://h:8443/x next:3,0,https://h:8443/y done");
    walk("{url: 'http://h', asset: a, pages: {next: /n}}", (const char *[]){"{\"n\":\"https://h/y\"}", NULL}, "the next page is at another host, which is not asked: https://h/y");
    walk("{url: 'http://h', asset: a, pages: {next: /n}}", (const char *[]){"{\"n\":\"http://h:8443/y\"}", NULL}, "the next page is at another host, which is not asked: http://h:8443/y");
    walk("{url: 'http://h', asset: a, pages: {next: /n}}", (const char *[]){"{\"n\":\"c\"}", "{\"n\":\"c\",\"x\":1}", NULL}, "next:1,0,c the next page is this one again: c");
    walk("{url: 'http://h?{page}', asset: a, pages: {more: /more}}", (const char *[]){"{\"more\":true}", "{\"more\":true}", NULL},
         "next:1,0, page 2 is the same as the one before: does the platform know `{page}` where it stands?");
    walk("{url: 'http://h?{page}', asset: a, pages: {more: /more, limit: 1}}", (const char *[]){"{\"more\":true}", NULL},
         "more than 1 pages: raise `pages.limit` or ask for larger ones");
    walk("{url: 'http://h?{page}', asset: a, pages: {more: /more}}", (const char *[]){"<html>", NULL}, "done");
}

static void test_logins(void **state)
{
    struct rest_plan plan;
    struct rest_session session = {0};
    struct error error;
    (void)state;
    plan_of(&plan, "{url: 'http://h', asset: a, login: {url: 'http://h/l', body: 'a={user}', token: /data/0/token, expires: /exp, refresh_token: /r, lifetime: 1h}}");
    const char *good = "{\"data\":[{\"token\":\"abcdefgh\\u0041\"}],\"exp\":100,\"r\":\"rrr\"}", *more = "{\"data\":[{\"token\":\"token-two\"}]}";
    assert_true(rest_session_read(&session, &plan, good, strlen(good), 1000, &error));
    assert_string_equal(session.token, "abcdefghA");
    assert_string_equal(session.refresh, "rrr");
    assert_true(session.ends == 1000 + 90000); /* a little before it is over */
    assert_int_equal(plan.secrets.count, 1);
    assert_true(rest_session_read(&session, &plan, more, strlen(more), 1000, &error));
    assert_int_equal(plan.secrets.count, 1); /* the old token is forgotten */
    assert_string_equal(plan.secrets.text[0], "token-two");
    assert_null(session.refresh);
    assert_true(session.ends == 1000 + 3600000);
    static const char *const bad[] = {"", "<html>", "{}", "{\"data\":[{\"token\":null}]}", "{\"data\":[{\"token\":\"\"}]}", "{\"data\":[{\"token\":{}}]}"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_false(rest_session_read(&session, &plan, bad[i], strlen(bad[i]), 0, &error));
        assert_non_null(strstr(error.text, "the login's answer"));
    }
    rest_session_release(&session);
    rest_plan_release(&plan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mistakes),
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_pages),
        cmocka_unit_test(test_logins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
