/* Security at one place (R361, R362) on the screen: the layers and measures, a layer's controls, what a control's counts are
 * made of, its breaches, and the way from each count to its rows; small and wide, in English and in Chinese. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "screen/console.h"
#include "screen/site.h"

/* One server that tells of failed logins, one that tells nothing, a UPS that runs out, a door that nobody hears; a source in
 * the clear and one whose certificate nobody checks, neither of which has a target: nothing is sent. */
static const char configuration[] =
    "site: {name: 创新港, timezone: Asia/Shanghai, language: en}\n"
    "roles: {admin: [\"user:root\"], viewer: [\"*\"]}\n"
    "ledger: [assets.csv]\n"
    "security: {require_tls: true, plain_allowed: [lab]}\n"
    "sources:\n"
    "  - {name: exporters, type: prometheus, select: \"id:none\"}\n"
    "  - {name: lab, type: prometheus, select: \"id:none\"}\n"
    "  - {name: pages, type: http, url: \"https://{address}/\", verify: false, select: \"id:none\"}\n"
    "rules:\n"
    "  - {name: ups-low, title: ups low, type: power, severity: critical, select: \"kind:ups\", when: \"charge < 20\"}\n";
static const char ledger[] =
    "id,name,kind,class,site,building,period\n"
    "web-1,web-1,server,,创新港,机房东,1h\nweb-2,web-2,server,,创新港,机房东,1h\nUPS-1,ups-1,ups,,创新港,机房东,1h\n"
    "DR-1,east door,terminal,door,创新港,机房东,1h\nTH-1,room,sensor,temperature,创新港,机房东,1h\n";

static struct site_fixture site;

static int start_site(void **state)
{
    (void)state;
    site_start_with(&site, configuration, ledger);
    site_push(&site, "[{\"asset\":\"web-1\",\"metric\":\"failed_logins\",\"value\":250},{\"asset\":\"UPS-1\",\"metric\":\"charge\",\"value\":12},"
                     "{\"asset\":\"TH-1\",\"metric\":\"temperature\",\"value\":21}]");
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
    struct harness *harness = console_open(site.socket, &(struct console_look){
        .rows = rows, .columns = columns, .locale = locale, .folder = site.folder});
    console_mask(harness);
    harness_mask(harness, "^ 创新港  .*$", " 创新港");
    harness_mask(harness, "[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}", "0000-00-00 00:00");
    harness_mask(harness, "[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}", "00-00 00:00");
    harness_mask(harness, " +[0-9]+[smh][0-9]*( |$)", " 0s ");
    harness_mask(harness, "oldest for [0-9]+[smh][0-9]*; ", "oldest for 0s; ");
    harness_mask(harness, "持续 [0-9]+[smh][0-9]*；.*$", "持续 0s");
    harness_mask(harness, "oldest for 0s; .*$", "oldest for 0s");
    return harness;
}

/* All is sorted and the ledger gone through: what the golden screens show. */
static void security_ready(struct harness *harness, const char *text)
{
    harness_keys(harness, ": type:security Enter");
    await(harness, text);
}

static void small(void **state)
{
    (void)state;
    struct harness *harness = open_console(24, 80, NULL);
    security_ready(harness, "4 of 40 controls breached");
    harness_golden(harness, "security-80x24");
    press(harness, "j j", "the worst");
    has(harness, "breached now: 1, the oldest for");
    press(harness, "Enter", "all of it");
    harness_golden(harness, "security-host-80x24");
    press(harness, "j Enter", "breaches of 24 h");
    harness_golden(harness, "security-control-80x24");
    press(harness, "j Enter", "newest first");
    harness_golden(harness, "security-breaches-80x24");
    press(harness, "Enter", "nothing like it in 30 days"); /* an alert's page */
    press(harness, "Esc", "newest first");
    press(harness, "Esc", "made of");
    press(harness, "k Enter", "rule:server-failed-logins"); /* the count of now: the queue, filtered to it */
    has(harness, "1 of 4");
    press(harness, "Esc Esc", "made of");
    press(harness, "G Enter", "web-2");          /* what is not watched: the asset's page */
    leave(&harness);
}

static void where_it_came_from(void **state)
{
    (void)state;
    struct harness *harness = open_console(24, 80, NULL);
    press(harness, "0", "controls breached");
    has(harness, "C physical 1");
    has(harness, "M host 1");
    press(harness, "V", "five layers, five measures");
    press(harness, ": type:control Space type:source-encryption Enter", "http in the clear");
    has(harness, "http in the clear, which is allowed");
    has(harness, "https, certificate not checked");
    press(harness, ": type:security Space type:roof Enter", "no layer or measure `roof`");
    press(harness, "x", "Every breach of the last 31 days");
    harness_pump(harness, DEAF);
    harness_keys(harness, "Esc");
    lacks(harness, "Every breach of the last 31 days");
    press(harness, ": type:at Space type:-1h Enter", "as of now");
    leave(&harness);
}

static void wide(void **state)
{
    (void)state;
    struct harness *harness = open_console(60, 200, NULL);
    security_ready(harness, "4 of 40 controls breached");
    press(harness, "j j j j j j", "Sources");
    harness_golden(harness, "security-200x60");
    harness_free(&harness);
}

static void in_chinese(void **state)
{
    (void)state;
    struct harness *harness = open_console(24, 80, "zh_CN.UTF-8");
    security_ready(harness, "40 个控制项中 4 个有违规");
    harness_golden(harness, "security-zh-80x24");
    press(harness, "j j Enter", "整体");
    press(harness, "j Enter", "24小时违规");
    harness_golden(harness, "security-control-zh-80x24");
    harness_free(&harness);
    harness = open_console(60, 200, "zh_CN.UTF-8");
    security_ready(harness, "40 个控制项中 4 个有违规");
    harness_golden(harness, "security-zh-200x60");
    harness_free(&harness);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(small), cmocka_unit_test(where_it_came_from), cmocka_unit_test(wide),
                                       cmocka_unit_test(in_chinese)};
    return cmocka_run_group_tests_name("security", tests, start_site, stop_site);
}
