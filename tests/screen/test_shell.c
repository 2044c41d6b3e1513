/* The commands from the shell, the linear twin and snapshots, against a real daemon: what they print, where they print
 * it, and their exit codes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "screen/site.h"

static struct site_fixture site;
static char output[1 << 18];

static int start_site(void **state)
{
    (void)state;
    setenv("LC_ALL", "C.UTF-8", 1);
    unsetenv("LANGUAGE");
    unsetenv("NO_COLOR");
    site_start(&site);
    return 0;
}

static int stop_site(void **state)
{
    (void)state;
    site_stop(&site);
    return 0;
}

/* Runs `nocturne --socket SITE WORDS` by the shell (so that tests read as people type); both outputs go to `output`. */
static int run(const char *words)
{
    struct buffer line = BUFFER_INIT;
    buffer_printf(&line, "cd '%s' && " BUILD_FOLDER "/nocturne --socket '%s' %s 2>&1", site.folder, site.socket, words);
    FILE *pipe = popen(buffer_text(&line), "r");
    assert_non_null(pipe);
    size_t length = fread(output, 1, sizeof output - 1, pipe);
    output[length] = '\0';
    int status = pclose(pipe);
    buffer_release(&line);
    return WEXITSTATUS(status);
}

static void says(const char *words, int code, const char *expected)
{
    int got = run(words);
    if (got != code || !strstr(output, expected))
        fail_msg("`nocturne %s` gave %d (expected %d), and not `%s`:\n%s", words, got, code, expected, output);
}

static void lists_in_every_format(void **state)
{
    (void)state;
    says("get assets --filter kind:gateway", 0, "offline  GW-05");
    assert_null(strstr(output, "T-05-1"));
    says("get assets --filter 'under:GW-05' --sort id -o csv", 0, "T-05-1");
    says("get assets --filter id:GW-05 -o json", 0, "\"health\":\"offline\"");
    says("get assets --filter id:GW-05 -o wide", 0, "no-data");
    says("get assets --columns id,building --filter id:GW-05", 0, "能源中心");
    says("get assets --limit 2", 0, "2 of 48"); /* never pretends that this is all */
    says("get facets building", 0, "涵英楼");
    says("get states --limit 5", 0, "GW-");
    says("get sources", 0, "state");
    says("overview", 0, "48");
    says("show GW-05", 0, "health       offline");
    says("history GW-05", 0, "no-data");
}

static void mistakes_are_told_with_the_way_out(void **state)
{
    (void)state;
    says("get", 2, "usage: nocturne get");
    says("get cars", 2, "usage: nocturne get");
    says("fly", 2, "no command `fly`");
    says("get assets --filter 'health:nosuch'", 2, "column 8");
    says("get assets -o xml", 2, "table, wide, json or csv");
    says("get sources --filter x", 2, "--filter does not go with sources");
    says("show NOSUCH", 1, "NOSUCH");
    says("snapshot nowhere", 2, "board alerts devices");
    says("snapshot board --size big", 2, "80x24");
    says("--nosuch", 2, "--help");
    says("--help", 0, "Commands:");
    says("--version", 0, "nocturne ");
    int code = WEXITSTATUS(system(BUILD_FOLDER "/nocturne --socket /nonexistent/x get assets >/dev/null 2>&1"));
    assert_int_equal(code, 1);
}

static void snapshots_need_no_terminal(void **state)
{
    (void)state;
    says("snapshot board", 0, "能源中心");
    assert_null(strchr(output, '\033'));
    says("snapshot board --size 200x50", 0, "health, 6 h");
    says("snapshot asset GW-05", 0, "3 below");
    says("snapshot devices kind:gateway", 0, "12 of 48");
    says("snapshot sources", 0, "Sources");
    says("snapshot history GW-05", 0, "offline");
    setenv("TERM", "xterm-256color", 1);
    says("snapshot board --ansi", 0, "\033[");
    says("</dev/null", 0, "by building"); /* without a terminal the console prints the board and ends */
}

/* Reads numbers, filters and commands; answers in lines. */
static void the_linear_twin(void **state)
{
    (void)state;
    FILE *file;
    char path[300];
    snprintf(path, sizeof path, "%s/lines", site.folder);
    file = fopen(path, "w");
    fputs("1\nb\ndevices\nsave mine\nforget mine\nn\nforget mine\ny\n\n/图书馆 kind:gateway\n2\nnonsense\n999\nat -1s\nlive\nquit\n", file);
    fclose(file);
    says("--plain < lines", 0, "== Board");
    assert_non_null(strstr(output, "1 offline"));
    assert_non_null(strstr(output, "; GW-05"));
    assert_non_null(strstr(output, "== Asset"));
    assert_non_null(strstr(output, "3 of 48"));
    assert_non_null(strstr(output, "no command `nonsense`"));
    assert_non_null(strstr(output, "no such row"));
    assert_non_null(strstr(output, "AS OF"));
    assert_non_null(strstr(output, "Forget the saved view mine?"));
    assert_non_null(strstr(output, "left as it was"));
    assert_null(strchr(output, '\033')); /* nothing but text */
}

static void the_ledger_goes_out_and_comes_in(void **state)
{
    (void)state;
    says("ledger export out.csv", 0, "");
    assert_int_equal(WEXITSTATUS(system("true")), 0);
    says("ledger import out.csv --yes", 0, "0 added, 0 changed, 48 unchanged");
    says("ledger import out.csv < /dev/null", 1, "--yes"); /* tried, shown, and left alone */
    says("ledger import nosuch.csv", 1, "nosuch.csv");
    says("audit", 0, "ledger import");
    says("audit verify", 0, "is whole");
}

static void discovered_assets_are_adopted(void **state)
{
    (void)state;
    site_push(&site, "[{\"asset\":\"NEW-1\",\"metric\":\"t\",\"value\":1}]");
    says("get assets --filter discovered:yes", 0, "NEW-1");
    says("adopt NEW-1 colour=red", 2, "colour");
    says("adopt NEW-1 kind=sensor 'name=新 传感器' building=图书馆", 0, "in the ledger");
    says("show NEW-1", 0, "新 传感器");
    says("audit", 0, "adopt");
    says("--read-only adopt NEW-1", 1, "read-only");
}

static void watch_prints_changes_as_they_come(void **state)
{
    (void)state;
    struct buffer line = BUFFER_INIT;
    buffer_printf(&line, "cd '%s' && (timeout 120 " BUILD_FOLDER "/nocturne --socket '%s' watch assets > seen & p=$!; sleep 1; "
                  "echo started; for i in $(seq 400); do grep -q GW-05 seen && break; sleep 0.3; done; kill $p 2>/dev/null; cat seen)",
                  site.folder, site.socket);
    FILE *pipe = popen(buffer_text(&line), "r");
    char first[64];
    assert_non_null(fgets(first, sizeof first, pipe)); /* it listens: now the gateway speaks again, then falls silent */
    site_push(&site, "[{\"asset\":\"GW-05\",\"metric\":\"cpu\",\"value\":1}]");
    size_t length = fread(output, 1, sizeof output - 1, pipe);
    output[length] = '\0';
    pclose(pipe);
    buffer_release(&line);
    assert_non_null(strstr(output, "GW-05"));
}

static void doctor_names_remedies(void **state)
{
    (void)state;
    setenv("TERM", "xterm-256color", 1);
    run("doctor");
    assert_non_null(strstr(output, "ok locale"));
    assert_non_null(strstr(output, "daemon"));
    assert_non_null(strstr(output, "admin"));
    setenv("LC_ALL", "C", 1);
    says("doctor", 1, "LANG=C.UTF-8");
    setenv("LC_ALL", "C.UTF-8", 1);
}

static void scripts_for_three_shells(void **state)
{
    (void)state;
    says("completion bash", 0, "complete -F _nocturne nocturne");
    says("completion bash | bash -n && echo fine", 0, "fine");
    says("completion zsh", 0, "#compdef nocturne");
    says("completion fish", 0, "complete -c nocturne");
    says("completion man", 0, ".SH OPTIONS");
    says("completion tcsh", 2, "usage");
}

static void config_check_is_the_daemons(void **state)
{
    (void)state;
    FILE *file;
    char path[300];
    says("config check nocturne.yml", 0, "");
    snprintf(path, sizeof path, "%s/bad.yml", site.folder);
    file = fopen(path, "w");
    fputs("site: {nmae: x}\n", file);
    fclose(file);
    says("config check bad.yml", 2, "bad.yml:1:");
}

/* Over TLS, with a token, to a certificate that is checked. */
static void a_daemon_elsewhere(void **state)
{
    (void)state;
    static const char script[] =
        "command -v curl >/dev/null || { echo SKIP; exit; }\ncd '%s' && mkdir -p far && cd far && openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 "
        "-subj /CN=localhost -addext subjectAltName=DNS:localhost 2>/dev/null || { echo SKIP; exit; }\n"
        "port=$((20000 + $$ %% 20000)); printf 'site: {name: 远方}\\nroles: {admin: [\"user:root\", \"token:desk\"]}\\n"
        "listen: [{unix: %%s/s.sock}, {tls: \"127.0.0.1:%%s\", certificate: cert.pem, key: key.pem}]\\nsources: [{name: self, type: local}]\\n' "
        "$PWD $port > nocturne.yml\n"
        BUILD_FOLDER "/nocturned --config $PWD/nocturne.yml --state-dir $PWD/state > log 2>&1 & pid=$!\n"
        "for i in $(seq 600); do [ -S s.sock ] && break; sleep 0.1; done\n"
        "token=$(curl -s --unix-socket s.sock -X POST -H 'Content-Type: application/json' -d '{\"name\":\"desk\",\"role\":\"admin\"}' "
        "http://x/api/v1/tokens | sed 's/.*\"token\":\"\\([^\"]*\\)\".*/\\1/')\n"
        "n=" BUILD_FOLDER "/nocturne; url=https://localhost:$port; export NOCTURNE_AUTHORITY=$PWD/cert.pem\n"
        "NOCTURNE_TOKEN=$token $n --url $url overview; NOCTURNE_TOKEN=$token $n --url $url snapshot board; "
        "NOCTURNE_TOKEN=wrong $n --url $url overview; NOCTURNE_AUTHORITY= NOCTURNE_TOKEN=$token $n --url $url overview && echo UNCHECKED; "
        "$n --url https://localhost:1 overview; $n --url ftp://localhost overview; kill $pid; wait $pid 2>/dev/null; cat log";
    struct buffer line = BUFFER_INIT;
    char path[320];
    snprintf(path, sizeof path, "%s/far.sh", site.folder);
    FILE *file = fopen(path, "w");
    fprintf(file, script, site.folder);
    fclose(file);
    buffer_printf(&line, "bash %s 2>&1", path);
    FILE *pipe = popen(buffer_text(&line), "r");
    size_t length = fread(output, 1, sizeof output - 1, pipe);
    output[length] = '\0';
    pclose(pipe);
    buffer_release(&line);
    if (strncmp(output, "SKIP", 4) == 0)
        skip();
    static const char *const expected[] = {"远方  1", "1/1 ·", "token is not known", "localhost:1:", "expected https://"};
    for (unsigned i = 0; i < sizeof expected / sizeof *expected; i++)
        if (!strstr(output, expected[i]))
            fail_msg("no `%s` in:\n%s", expected[i], output);
    assert_null(strstr(output, "UNCHECKED"));
}

/* Nobody listens on the default socket: the console starts the daemon beside itself, and it stays. */
static void starts_the_users_own_daemon(void **state)
{
    (void)state;
    struct buffer line = BUFFER_INIT;
    buffer_printf(&line, "cd '%s' && mkdir -p run && export XDG_RUNTIME_DIR=$PWD/run XDG_STATE_HOME=$PWD/own NOCTURNE_CONFIG=$PWD/own.yml && "
                  "echo 'site: {name: own}' > own.yml && " BUILD_FOLDER "/nocturne overview 2>&1; " BUILD_FOLDER "/nocturne overview -o json | head -c 60; "
                  "ls own/nocturne; kill $(cat own.pid 2>/dev/null) 2>/dev/null; "
                  "for p in /proc/[0-9]*; do [ \"$(readlink $p/exe)\" = " BUILD_FOLDER "/nocturned ] && grep -qz \"XDG_RUNTIME_DIR=$PWD/run\" $p/environ && kill ${p#/proc/}; done; true",
                  site.folder);
    FILE *pipe = popen(buffer_text(&line), "r");
    size_t length = fread(output, 1, sizeof output - 1, pipe);
    output[length] = '\0';
    pclose(pipe);
    buffer_release(&line);
    if (!strstr(output, "own  ") || !strstr(output, "nocturned.log"))
        fail_msg("no daemon was started:\n%s", output);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_in_every_format),
        cmocka_unit_test(mistakes_are_told_with_the_way_out),
        cmocka_unit_test(snapshots_need_no_terminal),
        cmocka_unit_test(the_linear_twin),
        cmocka_unit_test(the_ledger_goes_out_and_comes_in),
        cmocka_unit_test(discovered_assets_are_adopted),
        cmocka_unit_test(watch_prints_changes_as_they_come),
        cmocka_unit_test(doctor_names_remedies),
        cmocka_unit_test(scripts_for_three_shells),
        cmocka_unit_test(config_check_is_the_daemons),
        cmocka_unit_test(a_daemon_elsewhere),
        cmocka_unit_test(starts_the_users_own_daemon),
    };
    return cmocka_run_group_tests(tests, start_site, stop_site);
}
