/* The alert desk on the screen, against a real daemon: one silent gateway, its terminals folded under it, and what a
 * person does about it (R009, R020, R021, R030). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "screen/console.h"
#include "screen/site.h"

static struct site_fixture site;

static int start_site(void **state)
{
    (void)state;
    site_start(&site);
    return 0;
}

static int stop_site(void **state)
{
    (void)state;
    site_stop(&site);
    return 0;
}

static struct harness *open_console(int rows, int columns, const char *locale)
{
    struct harness *harness = console_open(site.socket, &(struct console_look){.rows = rows, .columns = columns, .locale = locale});
    console_mask(harness);
    harness_mask(harness, "[0-9][0-9]:[0-9][0-9]:[0-9][0-9]", "00:00:00");
    harness_mask(harness, "[0-9][0-9]:[0-9][0-9]", "00:00");
    harness_mask(harness, " *\\b[0-9]+[smh]\\b", "  0s");
    harness_mask(harness, "(•|∙) 00", "* 00");
    harness_mask(harness, "A-[0-9]{8}", "A-00000000");
    harness_mask(harness, "silent for .*", "silent");
    harness_mask(harness, " · [0-9] news", "");
    return harness;
}

static void open_alerts(struct harness *harness)
{
    await(harness, "GW-05");
    press(harness, "2", "gateway-offline"); /* the rule, in the lines that explain the cursor's alert */
}

/* One cause on the screen, its terminals counted behind it, and the header says what is not shown. */
static void one_cause_stands_for_its_symptoms(void **state)
{
    (void)state;
    struct harness *harness = open_console(24, 80, NULL);
    open_alerts(harness);
    has(harness, "1 of 4 · 3 symptoms");
    row_has(harness, 0, "C1");
    row_has(harness, 1, "Alerts 1");
    press(harness, ".", NULL); /* seen: the mark of news goes */
    assert_true(harness_wait_no_text(harness, "+ C", PATIENCE));
    harness_golden(harness, "alerts-80x24");
    press(harness, "+", "终端1");
    has(harness, "终端3");
    press(harness, "Esc", NULL);
    lacks(harness, "终端1");
    press(harness, "H", "with what is hidden");
    press(harness, "Esc", "1 of 4");
    press(harness, "v", "by building");
    press(harness, "Enter", "building:");
    press(harness, "Esc", "1 of 4");
    leave(&harness);
}

static void the_page_tells_the_story(void **state)
{
    (void)state;
    struct harness *harness = open_console(24, 80, NULL);
    open_alerts(harness);
    press(harness, "Enter", "timeline");
    has(harness, "raised");
    has(harness, "后勤处"); /* the unit that answers for it, from the ledger */
    press(harness, "Tab", "3 symptoms");
    press(harness, "Enter", "T-05"); /* into a symptom, and from there to its cause */
    press(harness, "u", "gateway-offline");
    press(harness, "Esc Esc Esc", "1 of 4");
    leave(&harness);
}

/* x offers the incident or the list; the incident's file opens by itself, with nothing of the site. */
static void an_incident_is_carried_away(void **state)
{
    static const char file[] = "/tmp/nocturne-screen-test.capsule";
    char command[400];
    (void)state;
    struct harness *harness = open_console(24, 80, NULL);
    open_alerts(harness);
    press(harness, "x", "CSV for spreadsheets");
    harness_golden(harness, "alerts-export-80x24");
    harness_pump(harness, DEAF); /* what is typed before it was seen is dropped */
    press(harness, "Esc", NULL);
    press(harness, ": type:export Space type:incident Space type:/tmp/nocturne-screen-test.capsule Enter", "wrote /tmp");
    leave(&harness);
    snprintf(command, sizeof command, "env -i HOME=/nonexistent PATH=/usr/bin:/bin LC_ALL=C.UTF-8 " BUILD_FOLDER
             "/nocturne --replay %s snapshot alerts | grep -q 'REPLAY A-'", file);
    int code = system(command);
    unlink(file);
    assert_int_equal(code, 0);
}

/* Acknowledged with a note, undone, claimed; Enter alone says nothing. */
static void a_person_acts_and_takes_it_back(void **state)
{
    (void)state;
    struct harness *harness = open_console(24, 80, NULL);
    open_alerts(harness);
    press(harness, "a", ":ack");
    press(harness, "Enter", "needs a note");
    press(harness, "a", ":ack");
    press(harness, "type:calling Enter", "U undoes it");
    await(harness, "1 acked");
    press(harness, "U", "not acknowledged any more");
    assert_true(harness_wait_no_text(harness, "1 acked", PATIENCE));
    press(harness, "o", ":assign");
    press(harness, "Enter", "is assigned");
    press(harness, "U", NULL);
    press(harness, "s", ":shelve 2h");
    press(harness, "type:strip Enter", "is shelved");
    await(harness, "· 1 shelved");
    press(harness, "U", "back from the shelf");
    press(harness, "g : type:close Space type:gone Enter", "leave it"); /* cannot be taken back: asked, with its name */
    has(harness, "GW-05");
    harness_pump(harness, DEAF);
    press(harness, "Enter", "leave it");
    press(harness, "n", "left as it was");
    leave(&harness);
}

/* Many at once: what is marked, or what a filter leaves, and nothing that is not on the screen. */
static void many_at_once(void **state)
{
    (void)state;
    struct harness *harness = open_console(24, 80, NULL);
    open_alerts(harness);
    press(harness, "+", "终端3");
    press(harness, "* c", ":note");
    press(harness, "type:strip-lights Enter", "4 alerts");
    harness_pump(harness, DEAF);
    press(harness, "y", "noted at 4 alerts");
    press(harness, "Esc Esc", "1 of 4");
    press(harness, "H / type:asset:T-05-2 Enter", "终端2");
    press(harness, "* c", ":note");
    press(harness, "type:only-this-one Enter", "noted at");
    press(harness, "Enter", "only-this-one");
    leave(&harness);
}

static void a_silence_is_rehearsed(void **state)
{
    (void)state;
    struct harness *harness = open_console(24, 80, NULL);
    open_alerts(harness);
    press(harness, "S", "Alerts that match now: 1."); /* the form, filled for the row under the cursor */
    press(harness, "C-s", "is needed");
    press(harness, "type:cable", "cable"); /* letters are text here: q does not leave */
    press(harness, "type:q1 C-s", "put it in force");
    harness_pump(harness, DEAF);
    press(harness, "Enter", "put it in force");
    press(harness, "y", "U ends it");
    await(harness, "· 1 silenced");
    press(harness, "U", "the silence is ended");
    assert_true(harness_wait_no_text(harness, "· 1 silenced", PATIENCE));
    leave(&harness);
}

/* A downtime is validated while it is filled in, says what it covers with what hangs below, is listed, and ended. */
static void a_downtime_is_announced(void **state)
{
    (void)state;
    struct harness *harness = open_console(24, 80, NULL);
    open_alerts(harness);
    press(harness, "M", "Assets covered: 1, with what hangs below 4.");
    press(harness, "Tab Right Right", "recurring");
    press(harness, "Tab Tab Tab", "how long does it last");
    press(harness, "type:90m", "schedule:");
    press(harness, "Tab type:nightly", "got `nightly`");
    harness_golden(harness, "downtime-form-80x24");
    press(harness, "C-u type:daily Space type:03:00 Tab", "Assets covered: 1");
    press(harness, "Space", "Assets covered: 1, with what hangs below 1.");
    press(harness, "Tab type:relay Space type:test C-s", "Announce a downtime of id:GW-05?");
    harness_pump(harness, DEAF);
    press(harness, "y", "is announced");
    press(harness, ": type:silences Enter", "daily 03:00");
    has(harness, "relay test");
    press(harness, "D", "End D-");
    harness_pump(harness, DEAF);
    press(harness, "y", "is ended");
    press(harness, "Esc", "1 of 4");
    press(harness, "M Tab Tab Tab Tab Tab Tab Tab type:fixed Space type:now C-s", "Announce a downtime");
    harness_pump(harness, DEAF);
    press(harness, "y", "is announced");
    await(harness, "in downtime");
    press(harness, ": type:silences Enter", "1 in force of 1");
    harness_mask(harness, "[DS]-[0-9]{4}", "D-0000");
    harness_mask(harness, "(1h[0-5][0-9]|  2h) [a-z]+ +fixed now", "1h59 somebody fixed now");
    harness_golden(harness, "silences-80x24");
    press(harness, "Enter", "with what is hidden");
    await(harness, "gateway-offline");
    press(harness, "Esc Esc Esc", "1 in force of 1");
    press(harness, "D", "End D-");
    harness_pump(harness, DEAF);
    press(harness, "y", "nothing hides any alert");
    leave(&harness);
}

static void in_chinese_and_wide(void **state)
{
    (void)state;
    struct harness *harness = open_console(24, 80, "zh_CN.UTF-8");
    open_alerts(harness);
    assert_true(harness_wait_no_text(harness, "+ C", PATIENCE));
    harness_golden(harness, "alerts-zh-80x24");
    leave(&harness);
    harness = open_console(60, 200, NULL);
    open_alerts(harness);
    await(harness, "timeline");
    press(harness, "+", "终端1");
    has(harness, "subsystem");
    leave(&harness);
}

/* `r` opens what to do, for this gateway, with its commands to copy; a missing one is said, never an empty screen. */
static void the_runbook_is_at_hand(void **state)
{
    (void)state;
    struct harness *harness = open_console(24, 80, NULL);
    open_alerts(harness);
    press(harness, "r", "Gateway offline");
    await(harness, "GW-05");
    press(harness, "n", "ping -c 5 -i 0.5 127.1.1.5");
    harness_golden(harness, "runbook-80x24");
    press(harness, "y", "copied");
    press(harness, "/ type:breaker Enter", "reset the breaker");
    press(harness, "Esc Esc Esc", "1 of 4");
    press(harness, ": type:runbook Space type:no-such Enter", "is missing");
    has(harness, "no-such.md");
    press(harness, "Esc", "1 of 4");
    press(harness, ": type:runbook Space type:https://wiki.example/gw Enter", "lies elsewhere");
    press(harness, "y", "copied https://wiki.example/gw");
    press(harness, "Esc", "1 of 4");
    press(harness, ": type:runbooks Enter", "battery");
    press(harness, "Esc", "1 of 4");
    press(harness, "Enter", "timeline"); /* from the alert's asset as well */
    press(harness, "Enter", "T-05");
    press(harness, "r", "Gateway offline");
    leave(&harness);
    harness = open_console(24, 80, "zh_CN.UTF-8");
    open_alerts(harness);
    press(harness, "r", "从值班机确认");
    harness_golden(harness, "runbook-zh-80x24");
    leave(&harness);
}

static unsigned bells(struct harness *harness)
{
    size_t length;
    const char *raw = harness_raw(harness, &length);
    unsigned count = 0;
    for (size_t i = 0; i < length; i++)
        count += raw[i] == '\a';
    return count;
}

/* Heard again and silent again: the same alert comes back, and the bell rings for it by its severity. */
static void the_bell_rings(void **state)
{
    (void)state;
    struct harness *harness = open_console(24, 80, NULL);
    open_alerts(harness);
    unsigned before = bells(harness);
    site_push(&site, "[{\"asset\":\"GW-05\",\"metric\":\"cpu\",\"value\":15}]");
    for (int tries = 0; tries < 100 && bells(harness) < before + 3; tries++)
        harness_pump(harness, 200);
    assert_in_range(bells(harness), before + 3, before + 6);
    press(harness, ": type:bell Space type:off Enter", "the bell is off");
    leave(&harness);
}

static void run(const char *arguments, char *out, size_t size)
{
    char line[900];
    snprintf(line, sizeof line, BUILD_FOLDER "/nocturne --socket %s %s 2>&1", site.socket, arguments);
    FILE *pipe = popen(line, "r");
    assert_non_null(pipe);
    size_t length = fread(out, 1, size - 1, pipe);
    out[length] = '\0';
    pclose(pipe);
}

/* The same from the shell: list, act, show, and a refusal that says why. */
static void from_the_shell(void **state)
{
    (void)state;
    char out[8192], line[200], id[32];
    run("get alerts", out, sizeof out);
    assert_non_null(strstr(out, "GW-05"));
    const char *at = strstr(out, "A-");
    assert_non_null(at);
    snprintf(id, sizeof id, "%.*s", (int)strcspn(at, " "), at);
    snprintf(line, sizeof line, "ack %s on my way", id);
    run(line, out, sizeof out);
    assert_non_null(strstr(out, id));
    snprintf(line, sizeof line, "show %s", id);
    run(line, out, sizeof out);
    assert_non_null(strstr(out, "on my way"));
    assert_non_null(strstr(out, "acknowledged"));
    snprintf(line, sizeof line, "unack %s", id);
    run(line, out, sizeof out);
    run(line, out, sizeof out);
    assert_non_null(strstr(out, "not acknowledged"));
    snprintf(line, sizeof line, "close %s fixed </dev/null", id);
    run(line, out, sizeof out);
    assert_non_null(strstr(out, "--yes"));
    run("silence --filter asset:GW-05 --yes 1h cable", out, sizeof out);
    assert_non_null(strstr(out, "S-"));
    run("get silences", out, sizeof out);
    assert_non_null(strstr(out, "cable"));
    run("runbook gateway GW-05", out, sizeof out);
    assert_non_null(strstr(out, "127.1.1.5"));
    run("runbook ../../etc/passwd", out, sizeof out);
    assert_null(strstr(out, "root:"));
    run("runbook nothing", out, sizeof out);
    assert_non_null(strstr(out, "nothing.md"));
    run("runbook", out, sizeof out);
    assert_non_null(strstr(out, "terminal-network"));
    run("ack", out, sizeof out);
    assert_non_null(strstr(out, "ID..."));
}

/* While the note was typed somebody else commented: what changed is shown, and Enter does not overrule it. */
static void what_changed_meanwhile_is_asked_about(void **state)
{
    (void)state;
    char out[8192], line[200];
    run("get alerts --filter asset:GW-05", out, sizeof out);
    const char *at = strstr(out, "A-");
    assert_non_null(at);
    struct harness *harness = open_console(24, 80, NULL);
    open_alerts(harness);
    press(harness, "a", ":ack");
    snprintf(line, sizeof line, "note %.*s cable found loose", (int)strcspn(at, " "), at);
    run(line, out, sizeof out);
    press(harness, "type:mine Enter", "changed meanwhile");
    has(harness, "cable found loose");
    harness_pump(harness, DEAF);
    press(harness, "Enter", "changed meanwhile");
    press(harness, "y", "is acknowledged");
    press(harness, "U", "not acknowledged any more");
    leave(&harness);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_cause_stands_for_its_symptoms),
        cmocka_unit_test(the_page_tells_the_story),
        cmocka_unit_test(in_chinese_and_wide),
        cmocka_unit_test(a_person_acts_and_takes_it_back),
        cmocka_unit_test(a_silence_is_rehearsed),
        cmocka_unit_test(a_downtime_is_announced),
        cmocka_unit_test(the_runbook_is_at_hand),
        cmocka_unit_test(an_incident_is_carried_away),
        cmocka_unit_test(the_bell_rings),
        cmocka_unit_test(what_changed_meanwhile_is_asked_about),
        cmocka_unit_test(many_at_once), /* leaves notes; the next leaves a silence */
        cmocka_unit_test(from_the_shell),
    };
    return cmocka_run_group_tests(tests, start_site, stop_site);
}
