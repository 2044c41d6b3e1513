/* The whole console on duty: a terminal that says no language speaks the site's; line 1 tells the shift and quiet hours
 * while they hold (issue 3, points 3 and 4; R123). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "screen/console.h"
#include "screen/site.h"

static struct site_fixture site = {.language = "zh_CN"};
static char more[1600];

/* Quiet hours and a shift that hold now and end at times to be seen: an hour that began a while ago, in Shanghai. */
static int start_site(void **state)
{
    (void)state;
    time_t now = time(NULL) + 8 * 3600;
    struct tm tm;
    gmtime_r(&now, &tm);
    int from = (tm.tm_hour + 23) % 24, to = (tm.tm_hour + 2) % 24;
    snprintf(more, sizeof more,
             "rules:\n  - {name: hot, title: 温度过高, type: environmental, severity: major, select: \"kind:terminal\",\n"
             "     when: \"temperature > 30\", clear: \"temperature < 28\", runbook: no-such}\n"
             "  - {name: pumps, severity: minor, select: \"kind:pump\", when: \"flow < 1\"}\n"
             "shifts:\n  - {name: 夜班, hours: \"%02d:00-%02d:00\", people: [王]}\n  - {name: 白班, hours: \"%02d:00-%02d:00\", people: [李, 张]}\n"
             "notify:\n  channels: [{name: log, type: command, command: [/bin/true]}]\n  people: [{name: wang, contacts: {log: wang}}]\n"
             "  chains: [{name: all, steps: [{notify: wang}]}]\n  routes: [{filter: \"\", chain: all}]\n"
             "  quiet: [{name: night, hours: \"%02d:00-%02d:00\", filter: \"severity:info\"}]\n",
             from, to, to, from, from, to);
    site.more = more;
    site_start(&site);
    return 0;
}

static int stop_site(void **state)
{
    (void)state;
    site_stop(&site);
    return 0;
}

static struct harness *open_console(int rows, int columns, const char *locale, const char *extra)
{
    return console_open(site.socket, &(struct console_look){.rows = rows, .columns = columns, .locale = locale, .environment = {extra}});
}

/* A terminal whose locale says characters and no language, as over many a jump host. */
static void speaks_the_sites_language(void **state)
{
    (void)state;
    struct harness *harness = open_console(24, 80, "C.UTF-8", NULL);
    await(harness, "1 总览");
    harness_keys(harness, "3");
    await(harness, "名称"); /* a column's title as well */
    leave(&harness);
    harness = open_console(24, 80, "C.UTF-8", "LANGUAGE=en"); /* the person chose */
    await(harness, "1 Board");
    settle(harness);
    lacks(harness, "总览");
    leave(&harness);
}

static void line_1_tells_who_is_on_duty(void **state)
{
    (void)state;
    static const struct { int columns; const char *colour; } looks[] = {{80, NULL}, {200, "NO_COLOR=1"}};
    for (unsigned i = 0; i < 2; i++) {
        struct harness *harness = open_console(24, looks[i].columns, "en_US.UTF-8", looks[i].colour);
        await(harness, "GW-05");
        await(harness, "夜班 · 王");
        row_has(harness, 0, "quiet till");
        row_has(harness, 0, ":00");
        leave(&harness);
    }
    struct harness *harness = open_console(24, 50, "en_US.UTF-8", NULL); /* no room: the counts stay */
    await(harness, "GW-05");
    settle(harness);
    assert_null(strstr(harness_row(harness, 0), "quiet till"));
    row_has(harness, 0, "C1");
    leave(&harness);
}

/* A silence says whose shift it ends in. */
static void whose_shift_a_silence_ends_in(void **state)
{
    (void)state;
    struct harness *harness = open_console(24, 80, "en_US.UTF-8", NULL);
    await(harness, "GW-05");
    harness_keys(harness, "2");
    await(harness, "gateway-offline");
    harness_keys(harness, ": type:silence Space type:4h Space type:asset:GW-05 Space type:-- Space type:cable Enter");
    await(harness, "It ends in the shift 白班: 李, 张");
    harness_pump(harness, DEAF);
    harness_keys(harness, "n");
    await(harness, "left as it was");
    leave(&harness);
}

/* Every rule with what is wrong with it and how its alerts behave; one, with its rehearsal on the stored readings; its
 * alerts; who raises the most (issue 3, points 1 and 6). */
static void rules_are_judged(void **state)
{
    (void)state;
    struct harness *harness = open_console(24, 80, "en_US.UTF-8", NULL);
    site_push(&site, "[{\"asset\":\"T-01-1\",\"metric\":\"temperature\",\"value\":33},{\"asset\":\"T-02-1\",\"metric\":\"temperature\",\"value\":20}]");
    await(harness, "GW-05");
    harness_keys(harness, ": type:rules Enter");
    await(harness, "12 rules · 1 holding · 2 with a problem");
    await(harness, "gateway-offline"); /* the detector that is built in */
    has(harness, "selects nothing");
    harness_keys(harness, "Tab");
    await(harness, "worst actors, 30 days");
    has(harness, "T-01-1");
    harness_keys(harness, "Esc Enter");
    await(harness, "its runbook is missing");
    await(harness, "rehearsed over the last 7d");
    for (int tries = 0; tries < 300 && !strstr(harness_text(harness), "1 of 36 assets"); tries++) { /* stored within a second */
        harness_pump(harness, 200);
        harness_keys(harness, "z");
        harness_wait_text(harness, "would have raised", PATIENCE);
    }
    has(harness, "would have raised 1 alerts on 1 of 36 assets");
    has(harness, "T-01-1");
    harness_keys(harness, "L");
    await(harness, "rule:hot");
    await(harness, "temperature 33");
    leave(&harness);
}

static unsigned count_of(struct harness *harness, const char *sequence)
{
    size_t length, size = strlen(sequence);
    const char *raw = harness_raw(harness, &length);
    unsigned count = 0;
    for (size_t i = 0; i + size <= length; i++)
        count += memcmp(raw + i, sequence, size) == 0;
    return count;
}

/* A new alert by desktop sequences as chosen, through tmux when chosen there, nowhere by default; the bell from the
 * severity that was chosen on. */
static void new_alerts_leave_the_terminal(void **state)
{
    (void)state;
    static const struct { const char *desktop, *bell, *tmux, *begins; unsigned strokes; } cases[] = {
        {"NOCTURNE_DESKTOP=osc777", "NOCTURNE_BELL=critical", "TMUX", "\033]777;notify;Nocturne · 创新港;M 温度过高 T-", 0},
        {"NOCTURNE_DESKTOP=osc9", "NOCTURNE_BELL=off", "TMUX=x", "\033Ptmux;\033\033]9;* Nocturne", 0},
        {"NOCTURNE_DESKTOP=auto", "NOCTURNE_BELL=major", "TMUX", NULL, 2},
    };
    for (unsigned i = 0; i < 3; i++) {
        struct harness *harness = console_open(site.socket, &(struct console_look){
            .locale = "en_US.UTF-8", .environment = {"TERM_PROGRAM", "STY", cases[i].desktop, cases[i].bell, cases[i].tmux}});
        await(harness, "GW-05");
        settle(harness);
        char body[120];
        unsigned bells = count_of(harness, "\a");
        snprintf(body, sizeof body, "[{\"asset\":\"T-0%u-2\",\"metric\":\"temperature\",\"value\":41}]", i + 6);
        site_push(&site, body);
        for (int tries = 0; tries < 400 && !(cases[i].begins ? count_of(harness, cases[i].begins) : count_of(harness, "\a") - bells >= cases[i].strokes); tries++)
            harness_pump(harness, 100);
        harness_pump(harness, 600);
        assert_int_equal(count_of(harness, "\a") - bells, cases[i].strokes);
        assert_int_equal(count_of(harness, "777;notify") + count_of(harness, "]9;*"), cases[i].begins ? 1 : 0);
        leave(&harness);
    }
    struct harness *harness = open_console(24, 80, "en_US.UTF-8", NULL);
    await(harness, "GW-05");
    harness_keys(harness, ": type:desktop Space type:osc99 Enter");
    await(harness, "by osc99");
    harness_keys(harness, ": type:bell Space type:critical Enter");
    await(harness, "from critical on");
    leave(&harness);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(speaks_the_sites_language),
        cmocka_unit_test(line_1_tells_who_is_on_duty),
        cmocka_unit_test(whose_shift_a_silence_ends_in),
        cmocka_unit_test(rules_are_judged),
        cmocka_unit_test(new_alerts_leave_the_terminal),
    };
    return cmocka_run_group_tests(tests, start_site, stop_site);
}
