/* Servers and applications on the screen against a real daemon on this very host: a real nginx is killed, the console
 * names the part that broke, and the restart brings it back (R022, R023, R361); the server's page, its logs, a shell in
 * place and back (R040, R359). */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <arpa/inet.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "screen/console.h"
#include "screen/site.h"

#define PAGE_BUDGET 300 /* ms from Enter to the page with its data (issue 4) */

static struct site_fixture site;
static char folder[] = "/tmp/nocturne-nginx-XXXXXX";
static unsigned port;

/* ---- nginx ---- */

static unsigned free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &length), 0);
    close(fd);
    return ntohs(address.sin_port);
}

static void write_file(const char *name, mode_t mode, const char *text)
{
    char path[300];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    chmod(path, mode);
}

static pid_t nginx_pid(void)
{
    char path[300];
    int pid = 0;
    snprintf(path, sizeof path, "%s/pid", folder);
    FILE *file = fopen(path, "r");
    if (file) {
        if (fscanf(file, "%d", &pid) != 1)
            pid = 0;
        fclose(file);
    }
    return pid;
}

static bool nginx_start(void)
{
    char command[400];
    snprintf(command, sizeof command, "PATH=$PATH:/usr/sbin nginx -c %s/nginx.conf 2>%s/start.log", folder, folder);
    return system(command) == 0;
}

static void nginx_stop(void)
{
    pid_t pid = nginx_pid();
    for (int tries = 0; pid > 0 && tries < 300 && kill(pid, tries < 250 ? SIGTERM : SIGKILL) == 0; tries++)
        usleep(20000);
}

static void make_nginx(void)
{
    struct buffer text = BUFFER_INIT;
    buffer_printf(&text, "worker_processes 1;\npid %s/pid;\nerror_log %s/error.log;\nevents { worker_connections 64; }\nhttp {\n", folder, folder);
    static const char *const paths[] = {"client_body", "proxy", "fastcgi", "uwsgi", "scgi"};
    for (unsigned i = 0; i < sizeof paths / sizeof *paths; i++)
        buffer_printf(&text, "  %s_temp_path %s/%s;\n", paths[i], folder, paths[i]);
    buffer_printf(&text, "  access_log %s/access.log;\n  server { listen 127.0.0.1:%u; location / { return 200 \"ok\\n\"; } }\n}\n", folder, port);
    write_file("nginx.conf", 0600, buffer_text(&text));
    buffer_clear(&text);
    /* In place of systemctl, which a container lacks; while `held` is there it fails, as a broken unit does. */
    buffer_printf(&text, "#!/bin/sh\nif [ -e %s/held ]; then echo \"$1: nginx.conf test failed\"; exit 1; fi\n"
                  "PATH=$PATH:/usr/sbin exec nginx -c %s/nginx.conf\n", folder, folder);
    write_file("restart", 0700, buffer_text(&text));
    buffer_release(&text);
}

/* ---- the site ---- */

static int start_site(void **state)
{
    (void)state;
    struct buffer yaml = BUFFER_INIT;
    assert_non_null(mkdtemp(folder));
    port = free_port();
    make_nginx();
    assert_true(nginx_start());
    write_file("app.log", 0600, "all is well\nERROR: cannot open the door\nall is well again\n");
    buffer_printf(&yaml,
        "site: {name: 创新港, timezone: Asia/Shanghai, language: en}\nroles: {admin: [\"user:root\"], viewer: [\"*\"]}\nledger: [assets.csv]\n"
        "sources: [{name: this-host, type: local, asset: web-1, interval: 1s}]\n"
        "applications:\n  - id: energy\n    name: 能源态势\n    subsystem: 能源\n    servers: [web-1]\n    checks:\n"
        "      - {name: page, title: 网站, type: http, url: \"http://127.0.0.1:%u/\", interval: 1s, needs: [nginx], on: web-1}\n"
        "      - {name: nginx, title: nginx, type: process, process: \"nginx: master*%s*\", on: web-1, interval: 1s}\n"
        "    recovery: {unit: nginx.service, on: web-1, checks: [nginx, page], attempts: 1, backoff: 10m, window: 30m}\n"
        "servers:\n  - {select: \"kind:server\", restart: \"%s/restart {unit}\", logs: [\"file:%s/app.log\"], shell: \"sh\"}\n",
        port, folder, folder, folder);
    site_start_with(&site, buffer_text(&yaml),
                    "id,name,kind,class,parent,subsystem,site,building,floor,room,model,unit,address,period,status,contract\n"
                    "web-1,前端服务器,server,,,能源,创新港,机房东,,A03,,信息中心,127.0.0.1,,installed,\n");
    buffer_release(&yaml);
    return 0;
}

static int stop_site(void **state)
{
    char command[400];
    (void)state;
    site_stop(&site);
    nginx_stop();
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command);
}

static struct harness *open_console(int rows, int columns, const char *locale, const char *more)
{
    struct harness *harness = console_open(site.socket, &(struct console_look){
        .rows = rows, .columns = columns, .locale = locale, .environment = {more}});
    harness_mask(harness, "^ 创新港  .*$", " 创新港"); /* other processes of this very host may keep it busy */
    harness_mask(harness, "[0-9][0-9]:[0-9][0-9]:[0-9][0-9]", "00:00:00");
    harness_mask(harness, "[0-9][0-9]:[0-9][0-9]", "00:00");
    /* To the end of the row, before spans are masked one by one: how long it took may have one digit or two. */
    harness_mask(harness, "(after [0-9]+m?s|[0-9]+m?s后).*$", "after");
    harness_mask(harness, " +(ok|正常) +[0-9]+[smh] *(\\(since|（自).*$", "  well again");
    harness_mask(harness, "  +critical [0-9]+[smh] +[(]since [0-9:]+[)]", ">critical (since 00:00:00)");
    harness_mask(harness, "checked [0-9]+[smh] ago.*$", "checked");
    harness_mask(harness, " *\\b[0-9]+[smh]\\b", "  0s");
    harness_mask(harness, "(•|∙) 00", "* 00");
    harness_mask(harness, "[0-9.]+ (ms|MiB|%)", "0 ms");
    harness_mask(harness, "[0-9]+\\.[0-9]+", "0");
    harness_mask(harness, "(Alerts|告警) [0-9]+ ", "Alerts ");
    harness_mask(harness, "^.*web-1 +(server|服务器) .*$", "  web-1 server");
    harness_mask(harness, " · (this month|本月) .*$", "");
    harness_mask(harness, "memory_bytes .*$", "memory_bytes");
    harness_mask(harness, "nocturne-nginx-......", "nocturne-nginx");
    harness_mask(harness, "[0-9]+ (users|用户)", "0 users");
    return harness;
}

/* ---- the tests ---- */

static void nginx_dies_is_named_and_comes_back(void **state)
{
    (void)state;
    char held[300];
    struct harness *harness = open_console(24, 80, NULL, NULL);
    press(harness, "5", "能源态势");
    press(harness, "Enter", "nothing hurts");
    await(harness, "HTTP 200");
    has(harness, "2 of 2 checks good");
    snprintf(held, sizeof held, "%s/held", folder);
    write_file("held", 0600, "");
    assert_int_equal(kill(nginx_pid(), SIGTERM), 0);
    await(harness, "0 processes like");
    await(harness, "0 of 2 checks good");
    await(harness, "0 of 1 tries left"); /* what is tried by itself failed, as the unit is held */
    press(harness, "b", "◂ 0 processes");
    settle(harness);
    has(harness, "◂ 0 processes like nginx");
    press(harness, "Tab Tab", "nginx.conf test fai"); /* the recoveries: what other alerts this host has is its own matter */
    harness_golden(harness, "application-down-80x24");
    assert_int_equal(unlink(held), 0);
    press(harness, "R", "Restart nginx.service on web-1?");
    harness_pump(harness, DEAF); /* keys typed ahead of a question do not answer it */
    press(harness, "Enter", NULL); /* Enter never means yes */
    has(harness, "Restart nginx.service on web-1?");
    harness_golden(harness, "application-restart-80x24");
    press(harness, "y", "nginx.service was restarted; 能源态势 is ok");
    assert_true(harness_wait_no_text(harness, "watching", PATIENCE));
    await(harness, "nothing hurts"); /* the page's own answer may come a moment later */
    await(harness, "2 of 2 checks good");
    press(harness, "g", "well again after");
    harness_golden(harness, "application-back-80x24");
    leave(&harness);
    assert_true(nginx_pid() > 0);
}

static void in_chinese_without_colour(void **state)
{
    (void)state;
    struct harness *harness = open_console(24, 80, "zh_CN.UTF-8", "NO_COLOR=1");
    press(harness, "5", "能源态势");
    press(harness, "Enter", "HTTP 200");
    press(harness, "Tab Tab", "后恢复正常");
    harness_golden(harness, "application-zh-80x24");
    leave(&harness);
}

static void the_page_comes_with_its_data(void **state)
{
    (void)state;
    struct harness *harness = open_console(24, 80, NULL, NULL);
    double best = 1e9;
    press(harness, "4", "前端服务器");
    for (int i = 0; i < 5; i++) {
        msec before = clock_steady();
        harness_keys(harness, "Enter");
        assert_true(harness_wait_text(harness, "s live", PATIENCE) && harness_wait_text(harness, "cpu%↓", PATIENCE));
        double took = (double)(clock_steady() - before);
        best = took < best ? took : best;
        press(harness, "Esc", "worst first");
    }
    print_message("# server page with its data after %.0f ms at best of 5\n", best);
    assert_true(best < PAGE_BUDGET);
    press(harness, "Enter", "1s live");
    press(harness, "Tab Tab", "iowait%");
    press(harness, "Tab Tab", "lo ");
    press(harness, "Tab", "sessions");
    harness_resize(harness, 60, 200);
    await(harness, "processes  charts");
    await(harness, "pressure  cpu");
    leave(&harness);
}

static void logs_are_searched(void **state)
{
    (void)state;
    struct harness *harness = open_console(24, 80, NULL, NULL);
    press(harness, "4", "前端服务器");
    press(harness, "l", "app.log");
    press(harness, "Enter", "all is well again");
    press(harness, "/ type:door Enter", "1 match");
    char path[300];
    snprintf(path, sizeof path, "%s/app.log", folder);
    FILE *file = fopen(path, "a");
    fputs("WARNING: a line more\n", file);
    fclose(file);
    await(harness, "a line more");
    press(harness, "Esc Esc Esc", "worst first");
    leave(&harness);
}

/* The command has the whole terminal: what is typed, interrupts, its size; and the console comes back as it was. */
static void a_shell_in_place(void **state)
{
    (void)state;
    struct harness *harness = open_console(24, 80, NULL, NULL);
    press(harness, "4", "前端服务器");
    press(harness, "!", "its end brings you back");
    assert_true(harness_wait_alternate(harness, false, PATIENCE));
    assert_true(harness_wait_cooked(harness, true, PATIENCE));
    harness_type(harness, "echo it-is-$((40+2))\r", 21);
    await(harness, "it-is-42");
    harness_type(harness, "sleep 1000\r", 11);
    harness_pump(harness, 300);
    harness_type(harness, "\003", 1); /* the command's interrupt, not the console's */
    harness_pump(harness, 300);
    harness_resize(harness, 30, 100);
    harness_type(harness, "stty size\r", 10);
    await(harness, "30 100");
    harness_type(harness, "exit 3\r", 7);
    await(harness, "back from web-1 after");
    has(harness, "exit code 3");
    assert_true(harness_wait_alternate(harness, true, PATIENCE));
    press(harness, "5", "能源态势"); /* keys are the console's again, at the new size */
    row_has(harness, 29, "help"); /* at the new size */
    leave(&harness);
}

/* A shell killed in its own process group leaves a terminal that is ours again. */
static void a_shell_that_is_killed(void **state)
{
    (void)state;
    struct harness *harness = open_console(24, 80, NULL, NULL);
    press(harness, "4", "前端服务器");
    press(harness, "!", "its end brings you back");
    harness_type(harness, "stty -echo; kill -9 $$\r", 23);
    await(harness, "exit code 137");
    press(harness, "5", "能源态势");
    leave(&harness);
}

/* The terminal goes away while the shell has it: neither is left behind. */
static void a_hang_up_during_a_shell(void **state)
{
    (void)state;
    int status = -1;
    struct harness *harness = open_console(24, 80, NULL, NULL);
    press(harness, "4", "前端服务器");
    press(harness, "!", "its end brings you back");
    harness_hang_up(harness);
    assert_true(harness_wait_exit(harness, PATIENCE, &status));
    harness_free(&harness);
}

static void read_only_does_not_act(void **state)
{
    (void)state;
    struct harness *harness = console_open(site.socket, &(struct console_look){.arguments = {"--read-only"}});
    press(harness, "5", "能源态势");
    press(harness, "Enter", "HTTP 200");
    press(harness, "R", "read-only");
    press(harness, "!", "read-only");
    leave(&harness);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nginx_dies_is_named_and_comes_back), cmocka_unit_test(in_chinese_without_colour),
        cmocka_unit_test(the_page_comes_with_its_data), cmocka_unit_test(logs_are_searched), cmocka_unit_test(a_shell_in_place),
        cmocka_unit_test(a_shell_that_is_killed), cmocka_unit_test(a_hang_up_during_a_shell), cmocka_unit_test(read_only_does_not_act),
    };
    return cmocka_run_group_tests_name("servers", tests, start_site, stop_site);
}
