/* Every view once on a large screen, 200x60: what a hall screen or a wide terminal shows of it. The pages of servers and
 * applications are in the unit tests' golden screens, the figures that fill up in test_capacity.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

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

/* What is never the same twice: times, ages, rates, the heart, marks on a chart, the store's size, the build's folder. */
static void mask(struct harness *harness)
{
    harness_mask(harness, "^ 创新港  1 x.*$", " 创新港  1 x");
    harness_mask(harness, "^ [0-9]+ (commands|个命令)", " 00"); /* there will be more of them */
    harness_mask(harness, "( +[0-9]{2}[:-][0-9]{2}(:[0-9]{2})?){2,} *$", ""); /* a time axis: its ticks move */
    harness_mask(harness, "^ ([?~x]|·)+ *$", " (health)");
    harness_mask(harness, " *(\342[\240-\243][\200-\277])+ *", "");
    harness_mask(harness, "[0-9][0-9]:[0-9][0-9]:[0-9][0-9]", "00:00:00");
    harness_mask(harness, "nocturned [0-9].*(discovered|个) *", "nocturned");
    harness_mask(harness, "[0-9]+ of [0-9]+ sources running.* ago *", "sources");
    harness_mask(harness, "[0-9]+/[0-9]+ 个数据源运行.*前 *", "sources");
    harness_mask(harness, "(store|存储) sqlite.*(waiting|待写) *", "store");
    harness_mask(harness, "[0-9.]+ alerts a person", "0.0 alerts a person");
    harness_mask(harness, "\\([0-9]+[sm] ago\\) +", "(0s ago) ");
    harness_mask(harness, "  +offline [0-9]+[sm] +[(]since [0-9:]+[)]", ">offline 0s (since 00:00:00)");
    harness_mask(harness, " · heard [0-9]+[sm] ago · every 1s", " · heard 0s ago · every 1s");
    harness_mask(harness, " +[0-9]+[sm]\\b", " 0s");
    harness_mask(harness, "[(][0-9]+[smh] ago[)]", "(0s ago)");
    harness_mask(harness, "[34] states", "some states"); /* unknown may have lasted less than a moment */
    harness_mask(harness, "^  [?]  00:00:00.*never heard.*$", "");
    harness_mask(harness, "A-20[0-9]{6}-", "A-20000000-");
    harness_mask(harness, "ledger import  /[^ ]*", "ledger import  /...");
}

static struct harness *open_console(const char *locale)
{
    struct harness *harness = console_open(site.socket, &(struct console_look){
        .rows = 60, .columns = 200, .locale = locale, .folder = site.folder});
    mask(harness);
    await(harness, "GW-05");
    return harness;
}

/* Go there from the board, until `text` stands on it; then compare. */
static void look(struct harness *harness, const char *keys, const char *text, const char *golden)
{
    press(harness, "1", "worst first");
    press(harness, keys, text);
    harness_golden(harness, golden);
    harness_keys(harness, "Esc Esc");
}

static void every_view(void **state)
{
    (void)state;
    static const struct { const char *keys, *text, *golden; } views[] = {
        {"2", "by cause", "wide-alerts"},
        {"2 Enter", "3 symptoms", "wide-alert"},
        {"3", "EG-201", "wide-devices"},
        {"3 Enter", "last messages", "wide-asset"},
        {"3 h", "31 days", "wide-history"},
        {"4", "no server is known", "wide-servers-none"},
        {"5", "no application is known", "wide-applications-none"},
        {"9", "waiting for pushes", "wide-sources"},
        {"0", "responsible units", "wide-overview"},
        {": type:rules Enter", "worst actors", "wide-rules"},
        {": type:silences Enter", "nothing hides any alert", "wide-silences-none"},
        {": type:runbooks Enter", "runbooks", "wide-runbooks"},
        {": type:runbook Space type:gateway Enter", "Look first", "wide-runbook"},
        {": type:audit Enter", "last entries", "wide-audit"},
        {": type:capacity Enter", "nothing that can fill up", "wide-capacity-none"},
    };
    struct harness *harness = open_console(NULL);
    for (size_t i = 0; i < sizeof views / sizeof *views; i++)
        look(harness, views[i].keys, views[i].text, views[i].golden);
    harness_free(&harness);
}

static void in_chinese(void **state)
{
    (void)state;
    struct harness *harness = open_console("zh_CN.UTF-8");
    press(harness, "0", "责任单位");
    harness_golden(harness, "wide-overview-zh");
    harness_free(&harness);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_view), cmocka_unit_test(in_chinese)};
    return cmocka_run_group_tests_name("wide", tests, start_site, stop_site);
}
