/* Capacity on the screen (R043): thirty days of readings are fed through the door, the console says what fills up first and
 * draws where it is heading with its range; a server's page says when its disk is full; the report goes to a file. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "screen/console.h"
#include "screen/site.h"

#define DAYS 29 /* all of them newer than the 30 days that a sample may be old, whatever the hour */

static struct site_fixture site;
static msec end; /* of what is fed: the last midnight, so that every run has the same hours */

/* ---- readings ---- */

static double disk(double day) { return 52 + 1.4 * day; }
static double noisy(double day) { return 70 + 0.3 * day + 3 * sin(day * 97) + 2 * sin(day * 41); }
static double steady(double day) { return 55 + 0 * day; }
static double database(double day) { return 2e11 + 3e9 * day; }

static void feed(const char *asset, const char *metric, double (*value)(double), msec last)
{
    struct buffer json = BUFFER_INIT;
    buffer_append_char(&json, '[');
    for (int hour = 0; hour < DAYS * 24; hour++) {
        char stamp[INSTANT_TEXT];
        instant_format(stamp, last - (msec)(DAYS * 24 - hour) * SPAN_HOUR);
        buffer_printf(&json, "%s{\"asset\":\"%s\",\"metric\":\"%s\",\"value\":%.4f,\"time\":\"%s\"}", hour ? "," : "", asset, metric,
                      value(hour / 24.0), stamp);
    }
    buffer_append_char(&json, ']');
    site_push(&site, buffer_text(&json));
    buffer_release(&json);
}

static int start_site(void **state)
{
    (void)state;
    end = clock_wall() / SPAN_DAY * SPAN_DAY;
    site_start_with(&site,
                    "site: {name: 创新港, timezone: Asia/Shanghai, language: en}\nroles: {admin: [\"user:root\"], viewer: [\"*\"]}\nledger: [assets.csv]\n"
                    "sources: [{name: this-host, type: local, asset: web-1, interval: 1s}]\n",
                    "id,name,kind,class,parent,subsystem,site,building,floor,room,model,unit,address,period,status,contract\n"
                    "db-2,数据库二,server,,,能源,创新港,机房东,,A03,,信息中心,,1h,installed,\n"
                    "app-1,应用一,server,,,能源,创新港,机房西,,B01,,信息中心,,1h,installed,\n"
                    "web-1,前端服务器,server,,,能源,创新港,机房东,,A03,,信息中心,127.0.0.1,,installed,\n");
    feed("db-2", "disk_data_percent", disk, end);
    feed("db-2", "memory_percent", steady, end);
    feed("db-2", "postgres.database_bytes", database, end);
    feed("app-1", "disk_root_percent", noisy, end);
    feed("web-1", "disk_root_percent", disk, clock_wall());
    site_push(&site, "[{\"asset\":\"app-1\",\"metric\":\"swap_percent\",\"value\":3}]");
    return 0;
}

static int stop_site(void **state)
{
    (void)state;
    site_stop(&site);
    return 0;
}

static struct harness *open_console(int rows, int columns, const char *locale, const char *more)
{
    struct harness *harness = console_open(site.socket, &(struct console_look){
        .rows = rows, .columns = columns, .locale = locale, .environment = {more}, .folder = site.folder});
    harness_mask(harness, "^ 创新港  .*$", " 创新港");
    harness_mask(harness, "^ [?]+  .*$", " ??????");
    harness_mask(harness, "^ +[0-9][0-9]-[0-9][0-9] .*$", " (days)"); /* where a week begins moves from day to day */
    return harness;
}

static void to_the_end_of_the_readings(struct harness *harness)
{
    char keys[96], stamp[INSTANT_TEXT];
    instant_format(stamp, end);
    snprintf(keys, sizeof keys, ": type:at Space type:%s Enter", stamp);
    press(harness, keys, NULL);
}

/* ---- the tests ---- */

static void soonest_full_comes_first(void **state)
{
    (void)state;
    struct harness *harness = open_console(24, 80, NULL, NULL);
    press(harness, "4", "数据库二");
    to_the_end_of_the_readings(harness);
    press(harness, ": type:capacity Space type:id:db-2,app-1 Enter", "expand now");
    harness_golden(harness, "capacity-80x24");
    press(harness, "n", "+0."); /* the next that needs more room */
    press(harness, "g Enter", "Theil-Sen");
    harness_golden(harness, "growth-80x24");
    press(harness, "z", "· 90d");
    press(harness, "z", "· 24h");
    press(harness, "z", "· 7d");
    press(harness, "P", "█");
    press(harness, "Esc", "soonest full first");
    press(harness, "G", "it needs at least 6"); /* said plainly, in place of a guess */
    press(harness, "Enter", "no trend yet");
    leave(&harness);
}

static void the_range_is_drawn(void **state)
{
    (void)state;
    struct harness *harness = open_console(24, 80, NULL, "NO_COLOR=1");
    to_the_end_of_the_readings(harness);
    press(harness, ": type:growth Space type:app-1 Space type:disk_root_percent Enter", "expected, and how far off");
    harness_golden(harness, "growth-range-80x24");
    leave(&harness);
    harness = open_console(24, 80, "C", NULL);
    to_the_end_of_the_readings(harness);
    press(harness, ": type:growth Space type:app-1 Space type:disk_root_percent Enter", "expected, and how far off");
    has(harness, ":"); /* the band without other glyphs */
    harness_golden(harness, "growth-ascii-80x24");
    leave(&harness);
}

static void wide_and_in_chinese(void **state)
{
    (void)state;
    struct harness *harness = open_console(60, 200, "zh_CN.UTF-8", NULL);
    to_the_end_of_the_readings(harness);
    press(harness, ": type:capacity Space type:id:db-2,app-1 Enter", "实测"); /* the chart beside comes last */
    harness_golden(harness, "capacity-zh-200x60");
    press(harness, "Enter", "Theil-Sen 斜率");
    harness_golden(harness, "growth-zh-200x60");
    leave(&harness);
    harness = open_console(24, 80, "zh_CN.UTF-8", NULL);
    to_the_end_of_the_readings(harness);
    press(harness, ": type:capacity Space type:id:db-2,app-1 Enter", "立即扩容");
    harness_golden(harness, "capacity-zh-80x24");
    leave(&harness);
}

static void a_server_says_when_its_disk_is_full(void **state)
{
    (void)state;
    struct harness *harness = open_console(24, 80, NULL, NULL);
    press(harness, ": type:server Space type:web-1 Enter", "full in");
    press(harness, "F", "disk /"); /* what of it fills up */
    has(harness, "soonest full first");
    lacks(harness, "数据库二");
    press(harness, "Esc", NULL); /* the filter, then the page */
    press(harness, "Esc", "processes");
    leave(&harness);
}

static void the_report_goes_to_a_file(void **state)
{
    (void)state;
    struct harness *harness = open_console(24, 80, NULL, NULL);
    char path[400], text[4096];
    struct stat status;
    to_the_end_of_the_readings(harness);
    press(harness, ": type:capacity Space type:id:db-2,app-1 Enter", "expand now");
    press(harness, "x", "Capacity and expansion report");
    harness_golden(harness, "capacity-export-80x24");
    harness_pump(harness, DEAF); /* keys typed ahead of a question do not answer it */
    press(harness, "Esc", NULL);
    press(harness, "=", NULL);
    press(harness, ": type:capacity Enter", "2 expand now"); /* every server */
    press(harness, "x", "Of every server");
    harness_pump(harness, DEAF);
    press(harness, "m", "wrote capacity-");
    press(harness, ": type:export Space type:plan.md Enter", "wrote plan.md");
    press(harness, ": type:export Space type:plan.xlsx Enter", "wrote plan.xlsx");
    press(harness, ": type:export Space type:plan.pdf Enter", ".txt, .md, .csv or .xlsx");
    snprintf(path, sizeof path, "%s/plan.md", site.folder);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    assert_non_null(strstr(text, "Capacity and expansion report"));
    assert_non_null(strstr(text, "disk data"));
    snprintf(path, sizeof path, "%s/plan.xlsx", site.folder);
    assert_int_equal(stat(path, &status), 0);
    assert_true(status.st_size > 1000);
    leave(&harness);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(soonest_full_comes_first), cmocka_unit_test(the_range_is_drawn), cmocka_unit_test(wide_and_in_chinese),
        cmocka_unit_test(a_server_says_when_its_disk_is_full), cmocka_unit_test(the_report_goes_to_a_file),
    };
    return cmocka_run_group_tests_name("capacity", tests, start_site, stop_site);
}
