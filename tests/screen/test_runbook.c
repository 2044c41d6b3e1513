/* Running a runbook's step (issue 4): a real command here and one on the asset's host, its output attached to the alert; what
 * is shipped, unfilled or read-only is not run. */
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

#include "base/buffer.h"
#include "screen/console.h"
#include "screen/site.h"

static struct site_fixture site;
static char folder[] = "/tmp/nocturne-books-XXXXXX";

static int start_site(void **state)
{
    (void)state;
    struct buffer yaml = BUFFER_INIT;
    char path[300];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/mend.md", folder);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs("# Mend it\n1. Look here\n```sh\nprintf 'seen %s\\n' {name}; printf '\\033[31mred\\033[0m\\n'; false\n```\n"
          "2. Look there\n```sh host\necho there-$((40+2)); exit 7\n```\n3. Wait\n```sh\nread answer; echo said $answer\n```\n", file);
    fclose(file);
    buffer_printf(&yaml,
        "site: {name: 创新港, timezone: Asia/Shanghai, language: en}\nroles: {admin: [\"user:root\"], viewer: [\"*\"]}\nledger: [assets.csv]\n"
        "sources: [{name: this-host, type: local, asset: web-1, interval: 1s}]\nrunbooks: %s\n"
        "rules:\n  - {name: hot, title: too hot, type: environmental, severity: major, select: \"id:web-1\", when: \"heat > 30\", clear: \"heat < 28\", runbook: mend}\n"
        "servers:\n  - {select: \"kind:server\", shell: \"sh\"}\n", folder);
    site_start_with(&site, buffer_text(&yaml),
                    "id,name,kind,class,parent,subsystem,site,building,floor,room,model,unit,address,period,status,contract\n"
                    "web-1,it's $(here),server,,,能源,创新港,机房东,,A03,,信息中心,127.0.0.1,,installed,\n");
    buffer_release(&yaml);
    site_push(&site, "[{\"asset\":\"web-1\",\"metric\":\"heat\",\"value\":40}]");
    return 0;
}

static int stop_site(void **state)
{
    char command[400];
    (void)state;
    site_stop(&site);
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command);
}

static struct harness *open_console(const char *option)
{
    struct harness *harness = console_open(site.socket, &(struct console_look){.arguments = {option}, .environment = {"SHELL=/bin/sh"}});
    harness_mask(harness, "^ 创新港  .*$", " 创新港");
    harness_mask(harness, "(after|用时) [0-9]+s", "after 0s");
    harness_mask(harness, "A-[0-9]+-[0-9]+", "A-1");
    return harness;
}

/* The question shows it whole, Enter does not answer it, and what it said goes to the alert, cleaned. */
static void a_step_is_run_here(void **state)
{
    (void)state;
    struct harness *harness = open_console(NULL);
    press(harness, "2", "too hot");
    press(harness, "r", "Mend it");
    press(harness, "X", "go to a command first");
    press(harness, "n X", "Run this here, as yourself?");
    harness_golden(harness, "runbook-run-80x24");
    harness_pump(harness, DEAF); /* keys typed ahead of a question do not answer it */
    press(harness, "Enter", NULL);
    press(harness, "n", "nothing was run");
    press(harness, "X", "Run this here, as yourself?");
    harness_pump(harness, DEAF);
    press(harness, "y", "exit code 1 after");
    assert_true(harness_wait_alternate(harness, true, PATIENCE));
    harness_golden(harness, "runbook-ran-80x24");
    harness_pump(harness, DEAF);
    press(harness, "a", "attached to");
    press(harness, "Esc Esc", "too hot");
    press(harness, "Enter", "noted");
    leave(&harness);
    char command[400], told[8192];
    snprintf(command, sizeof command, BUILD_FOLDER "/nocturne --socket %s get alerts -o json", site.socket);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    told[fread(told, 1, sizeof told - 1, pipe)] = '\0';
    assert_int_equal(pclose(pipe), 0);
    if (!strstr(told, "; exit 1; output: seen it's $(here) | red\"")) /* the name is one word; the colour went */
        fail_msg("no note in %s", told);
}

static void a_step_is_run_on_the_host(void **state)
{
    (void)state;
    struct harness *harness = open_console(NULL);
    press(harness, "2", "too hot");
    press(harness, "r", "Mend it");
    press(harness, "n n X", "Run this on web-1?");
    harness_pump(harness, DEAF);
    press(harness, "y", "exit code 7 after");
    await(harness, "there-42");
    harness_pump(harness, DEAF);
    press(harness, "n", "nothing was attached");
    press(harness, ": type:audit Enter", "shell end"); /* start and end are in the record */
    leave(&harness);
}

/* It has the terminal: what is typed is its own. */
static void a_step_may_ask(void **state)
{
    (void)state;
    struct harness *harness = open_console(NULL);
    press(harness, ": type:runbook Space type:mend Space type:web-1 Enter", "Mend it");
    press(harness, "N X", "Run this here, as yourself?");
    harness_pump(harness, DEAF);
    press(harness, "y", "its end brings you back");
    assert_true(harness_wait_alternate(harness, false, PATIENCE));
    harness_type(harness, "yes\r", 4);
    await(harness, "said yes");
    await(harness, "exit code 0 after");
    lacks(harness, "attach it"); /* opened for no alert */
    harness_pump(harness, DEAF);
    press(harness, "n", NULL);
    lacks(harness, "exit code");
    leave(&harness);
}

static void what_is_not_run(void **state)
{
    (void)state;
    struct harness *harness = open_console(NULL);
    press(harness, ": type:runbook Space type:gateway Space type:web-1 Enter", "Gateway offline");
    press(harness, "n X", "shipped runbooks are for reading");
    press(harness, ": type:runbook Space type:mend Enter", "Mend it"); /* for nobody: {name} stands for nothing */
    press(harness, "n X", "nothing is known for {name}");
    press(harness, "n X", "on which host?");
    leave(&harness);
    harness = open_console("--read-only");
    press(harness, ": type:runbook Space type:mend Space type:web-1 Enter", "Mend it");
    press(harness, "n X", "read-only");
    leave(&harness);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_step_is_run_here), cmocka_unit_test(a_step_is_run_on_the_host), cmocka_unit_test(a_step_may_ask),
        cmocka_unit_test(what_is_not_run),
    };
    return cmocka_run_group_tests_name("runbook", tests, start_site, stop_site);
}
