/* More alerts than anybody can read one by one: the queue gathers itself, drops nothing, says so, and is opened again by a
 * person only (issue 3, flood mode). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "screen/console.h"
#include "screen/site.h"

#define EACH 10 /* terminals in each of three buildings; a flood is more than 20 alerts a minute */

static const char *const buildings[] = {"东楼", "南楼", "西楼"};
static struct site_fixture site;

static int start_site(void **state)
{
    (void)state;
    struct buffer csv = BUFFER_INIT;
    buffer_append_text(&csv, "id,name,kind,class,site,building,period\n");
    for (unsigned t = 0; t < 3 * EACH; t++)
        buffer_printf(&csv, "T-%02u,测温%02u,terminal,temperature,创新港,%s,1h\n", t, t, buildings[t / EACH]);
    site_start_with(&site,
                    "site: {name: 创新港, timezone: Asia/Shanghai, language: en}\n"
                    "roles: {admin: [\"user:root\"], viewer: [\"*\"]}\n"
                    "ledger: [assets.csv]\n"
                    "alerts: {flood_rate: 20}\n"
                    "rules:\n  - {name: hot, title: too hot, type: environmental, severity: major, select: \"kind:terminal\",\n"
                    "     when: \"temperature > 30\", clear: \"temperature < 28\"}\n", buffer_text(&csv));
    buffer_release(&csv);
    return 0;
}

static int stop_site(void **state)
{
    (void)state;
    site_stop(&site);
    return 0;
}

static void say(unsigned from, unsigned to, double temperature)
{
    struct buffer json = BUFFER_INIT;
    for (unsigned t = from; t < to; t++)
        buffer_printf(&json, "%s{\"asset\":\"T-%02u\",\"metric\":\"temperature\",\"value\":%g}", t > from ? "," : "[", t, temperature);
    buffer_append_char(&json, ']');
    site_push(&site, buffer_text(&json));
    buffer_release(&json);
}

static void gathers_itself_and_stays_so(void **state)
{
    (void)state;
    struct harness *harness = console_open(site.socket, &(struct console_look){0});
    await(harness, "东楼");
    press(harness, "2", "no alert");
    say(0, EACH, 35); /* ten are no flood */
    await(harness, "by cause");
    await(harness, "all 10");
    say(EACH, 3 * EACH, 35);
    await(harness, "FLOOD");
    await(harness, "gathered by building");
    for (unsigned i = 0; i < 3; i++)
        has(harness, buildings[i]);
    has(harness, "all 30"); /* nothing is dropped */
    press(harness, "2", "by building");
    press(harness, "v", "by place"); /* by hand */
    settle(harness);
    has(harness, "by place");
    leave(&harness);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(gathers_itself_and_stays_so)};
    return cmocka_run_group_tests_name("flood", tests, start_site, stop_site);
}
