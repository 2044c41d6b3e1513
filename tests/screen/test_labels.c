/* Alerts that came with labels, on the screen: filtered, gathered and silenced by them; their page shows and copies them
 * (issue 3, point 5). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "screen/console.h"
#include "screen/site.h"

static struct site_fixture site = {.more = "sources:\n  - {name: am, type: alertmanager}\n"};

static const char webhook[] =
    "{\"status\":\"firing\",\"alerts\":["
    "{\"labels\":{\"alertname\":\"DiskFull\",\"severity\":\"page\",\"team\":\"noc\",\"instance\":\"10.1.2.3:9100\",\"mountpoint\":\"/var/lib/postgresql\"},"
    "\"annotations\":{\"summary\":\"97 % of /var/lib/postgresql\",\"description\":\"Four hours are left at the rate of the last day; what grows "
    "is pg_wal, see the dashboard.\",\"dashboard\":\"https://grafana.example/d/disk?var-host=db-1\",\"runbook_url\":\"https://wiki.example/disk\"},"
    "\"generatorURL\":\"http://prometheus.example/graph?g0.expr=disk_free\"},"
    "{\"fingerprint\":\"f2\",\"labels\":{\"alertname\":\"DiskFull\",\"severity\":\"ticket\",\"team\":\"dba\",\"instance\":\"10.1.2.4:9100\"},\"annotations\":{\"summary\":"
    "\"81 % of /\"}},"
    "{\"labels\":{\"alertname\":\"CertificateEnds\",\"severity\":\"ticket\",\"team\":\"noc\"},\"annotations\":{}}]}";

static int start_site(void **state)
{
    (void)state;
    site_start(&site);
    site_post(&site, "/ingest/alertmanager", webhook);
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
    harness_mask(harness, " · [0-9] news", "");
    return harness;
}

/* A filter is completed with the names and values that are there; groups go by a label. */
static void found_and_gathered(void **state)
{
    (void)state;
    struct harness *harness = open_console(24, 80, NULL);
    await(harness, "GW-05");
    press(harness, "2", "DiskFull");
    press(harness, "/ type:label.", "label.");
    harness_pump(harness, DEAF); /* the names come while it is typed */
    press(harness, "type:te Tab", "label.team:");
    harness_pump(harness, DEAF);
    press(harness, "type:n Tab", "label.team:noc");
    press(harness, "Enter", "CertificateEnds");
    lacks(harness, "81 %");
    press(harness, "Esc", "81 %");
    press(harness, ": type:group-by Space type:label.team Enter", "label.team");
    has(harness, "dba");
    press(harness, "g Enter", "label.team:noc");
    press(harness, "Esc", "81 %");
    leave(&harness);
}

static void on_its_page(void **state)
{
    (void)state;
    struct harness *harness = open_console(24, 80, NULL);
    await(harness, "GW-05");
    press(harness, "2", "DiskFull");
    press(harness, "/ type:label.severity:page Enter", "97 %");
    lacks(harness, "81 %");
    press(harness, "Enter", "timeline");
    has(harness, "team=noc");
    harness_golden(harness, "alert-labels-80x24");
    press(harness, "Tab", "labels and annotations");
    press(harness, "j j j j j", NULL);
    press(harness, "y", "copied https://grafana.example/d/disk?var-host=db-1");
    harness_golden(harness, "alert-labels-pane-80x24");
    leave(&harness);
}

/* A webhook alone takes no silences: nothing is said of it. The form is filled with the rule, for no asset is known. */
static void silenced(void **state)
{
    (void)state;
    struct harness *harness = open_console(24, 80, NULL);
    await(harness, "GW-05");
    press(harness, "2", "DiskFull");
    press(harness, "/ type:label.severity:page Enter", "97 %");
    lacks(harness, "81 %");
    press(harness, "S", "label.severity:page");
    await(harness, "Alerts that match now: 1.");
    lacks(harness, "one silence there");
    press(harness, "Esc", NULL);
    leave(&harness);
}

static void in_chinese_and_wide(void **state)
{
    (void)state;
    struct harness *harness = open_console(60, 200, "zh_CN.UTF-8");
    await(harness, "GW-05");
    press(harness, "2", "DiskFull");
    press(harness, "/ type:label.severity:page Enter", "97 %");
    lacks(harness, "81 %");
    press(harness, "Enter", "标签与注解");
    has(harness, "https://wiki.example/disk");
    harness_golden(harness, "alert-labels-zh-200x60");
    leave(&harness);
}

static void see_all(struct harness *harness)
{
    press(harness, ": type:seen Space type:all Enter", NULL);
    assert_true(harness_wait_no_text(harness, " news   ", PATIENCE));
}

/* What changed since this person looked has its mark, and n goes from one to the next, each looked at when it is left:
 * new, worse, recurred, cleared by itself. */
static void news_are_stepped_through(void **state)
{
    (void)state;
    static const char *const events[] = {
        /* worse */
        "{\"status\":\"firing\",\"alerts\":[{\"fingerprint\":\"f2\",\"labels\":{\"alertname\":\"DiskFull\",\"severity\":\"critical\",\"team\":"
        "\"dba\",\"instance\":\"10.1.2.4:9100\"},\"annotations\":{\"summary\":\"99 % of /\"}},"
        /* new */
        "{\"labels\":{\"alertname\":\"Fresh\",\"severity\":\"ticket\"},\"annotations\":{}}]}",
        /* over: one stays so, one comes again */
        "{\"status\":\"resolved\",\"alerts\":[{\"labels\":{\"alertname\":\"CertificateEnds\",\"severity\":\"ticket\",\"team\":\"noc\"}},"
        "{\"labels\":{\"alertname\":\"Fresh\",\"severity\":\"ticket\"}}]}",
    };
    static const char again[] =
        "{\"status\":\"firing\",\"alerts\":[{\"labels\":{\"alertname\":\"Fresh\",\"severity\":\"ticket\"},\"annotations\":{}},"
        "{\"labels\":{\"alertname\":\"Latest\",\"severity\":\"ticket\"},\"annotations\":{}}]}";
    struct harness *harness = open_console(24, 80, NULL);
    await(harness, "GW-05");
    press(harness, "2", "DiskFull");
    site_post(&site, "/ingest/alertmanager", events[0]);
    await(harness, "Fresh");
    see_all(harness);
    site_post(&site, "/ingest/alertmanager", webhook); /* better again */
    await(harness, "81 %");
    see_all(harness);
    site_post(&site, "/ingest/alertmanager", events[1]);
    await(harness, "2 news"); /* both cleared by themselves */
    see_all(harness);
    site_post(&site, "/ingest/alertmanager", again);
    await(harness, "2 news");
    site_post(&site, "/ingest/alertmanager", events[0]);
    await(harness, "3 news");
    settle(harness);
    harness_golden(harness, "alerts-news-80x24");
    press(harness, "g n", NULL);
    await(harness, "99 %");
    press(harness, "n", "2 news"); /* the first was looked at */
    press(harness, "n", "1 news");
    press(harness, "n", NULL);
    assert_true(harness_wait_no_text(harness, " news   ", PATIENCE));
    leave(&harness);
}

/* Acknowledged and not any more, by A; put under a cause by hand, and out again. */
static void taken_back_and_ranked(void **state)
{
    (void)state;
    struct harness *harness = open_console(24, 80, NULL);
    await(harness, "GW-05");
    press(harness, "2", "DiskFull");
    press(harness, "/ type:label.severity:page Enter", "97 %");
    lacks(harness, "99 %");
    press(harness, "a", ":ack");
    press(harness, "type:mine Enter", "1 acked");
    press(harness, "A", NULL);
    assert_true(harness_wait_no_text(harness, "1 acked", PATIENCE));
    char command[100], id[40] = "";
    press(harness, "Enter", "timeline");
    has(harness, "unacknowledged");
    assert_int_equal(sscanf(strstr(harness_row(harness, 2), "A-"), "%39s", id), 1);
    press(harness, "Esc", "97 %");
    press(harness, "Esc", "CertificateEnds");
    press(harness, "/ type:rule:CertificateEnds Enter", "CertificateEnds");
    lacks(harness, "97 %");
    snprintf(command, sizeof command, ": type:cause Space type:%s Enter", id);
    press(harness, command, "symptom");
    press(harness, "Esc", "+1");
    press(harness, "U", NULL); /* back out */
    assert_true(harness_wait_no_text(harness, "+1", PATIENCE));
    leave(&harness);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(found_and_gathered), cmocka_unit_test(on_its_page), cmocka_unit_test(silenced),
        cmocka_unit_test(in_chinese_and_wide), cmocka_unit_test(news_are_stepped_through), cmocka_unit_test(taken_back_and_ranked)};
    return cmocka_run_group_tests(tests, start_site, stop_site);
}
