/* The configuration: what it means, how files merge, and that every mistake is told at once with its place and its
 * remedy. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "daemon/options.h"
#include "daemon/paths.h"
#include "daemon/settings.h"

static char folder[64];
static struct config_problems problems;
static struct site_counters counters;

static char *in_folder(const char *name)
{
    static char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void put(const char *name, const char *text)
{
    FILE *file = fopen(in_folder(name), "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static struct settings *load(const struct options *options)
{
    config_problems_release(&problems);
    config_problems_init(&problems);
    return settings_load(options, 1, &counters, &problems);
}

static struct settings *load_text(const char *text)
{
    static char path[256];
    put("nocturne.yml", text);
    snprintf(path, sizeof path, "%s/nocturne.yml", folder);
    return load(&(struct options){.config = path, .state_dir = folder});
}

static void assert_told(const char *expected)
{
    if (!strstr(buffer_text(&problems.text), expected))
        fail_msg("`%s` is not among:\n%s", expected, buffer_text(&problems.text));
}

static void test_what_is_expected_of_servers(void **state)
{
    (void)state;
    struct settings *settings = load_text(
        "servers:\n"
        "  - {select: \"kind:server\", ports: [22, \"5432/tcp\", \"8000-8100\"], units: nginx, outbound: [\"10.0.0.0/8\"],\n"
        "     restart: \"sudo -n systemctl restart {unit}\", logs: [\"journal:nginx\", \"file:/var/log/x.log\"], shell: \"ssh {user}@{host}\"}\n"
        "sources: []\n");
    if (!settings)
        fail_msg("%s", buffer_text(&problems.text));
    const struct hosts_plan *plan = settings_hosts(settings);
    assert_int_equal(plan->count, 1);
    assert_int_equal(plan->row[0].port_count, 3);
    assert_string_equal(plan->row[0].units[0], "nginx");
    assert_string_equal(plan->row[0].logs[1], "file:/var/log/x.log");
    assert_non_null(plan->row[0].outbound);
    settings_free(&settings);
    assert_null(load_text("servers:\n  - {ports: [http], units: [\"a b\"], outbound: [\"*.example:443\"], restart: reboot, logs: [/etc/passwd], prots: [1]}\n"));
    assert_told("expected a port such as 22");
    assert_told("expected a unit such as nginx.service");
    assert_told("expected a destination such as 10.0.0.0/8");
    assert_told("expected a command with {unit}");
    assert_told("expected journal:UNIT or file:/PATH");
    assert_told("prots");
}

/* The rules of every site: there without a contract, and a name of one's own takes their place. */
static void test_common_rules(void **state)
{
    (void)state;
    struct rule **rules;
    struct settings *settings = load_text("contracts: [campus-iot]\nrules: [{name: server-clock, severity: info, select: \"kind:server\", when: \"time_offset_seconds > 9\"}]\nsources: []\n");
    if (!settings)
        fail_msg("%s", buffer_text(&problems.text));
    size_t count = settings_rules(settings, &rules);
    unsigned clocks = 0, disks = 0, certificates = 0;
    for (size_t i = 0; i < count; i++) {
        clocks += strcmp(rules[i]->name, "server-clock") == 0 && rules[i]->severity == SEVERITY_INFO;
        disks += strcmp(rules[i]->name, "server-disk") == 0 && strcmp(rules[i]->contract, "campus-iot") == 0;
        certificates += strcmp(rules[i]->name, "server-certificate") == 0;
    }
    assert_int_equal(clocks, 1);
    assert_int_equal(disks, 1);
    assert_int_equal(certificates, 1);
    for (size_t i = 0; i < count; i++)
        rule_free(&rules[i]);
    free(rules);
    settings_free(&settings);
}

static void test_everything_that_is_right(void **state)
{
    (void)state;
    put("assets.csv", "id\nA\n");
    put("cert.pem", "");
    put("mine.yml", "contract: mine\ntitle: mine\ncontracted: [{name: pumps, filter: \"class:pump\", need: 4, requirement: R046}]\n");
    struct settings *settings = load_text(
        "site: {name: 创新港, timezone: Asia/Shanghai, language: zh_CN}\n"
        "store: {url: sqlite, keep_readings: 10d, keep_states: 100d}\n"
        "listen: [{unix: default}, {tls: \"[::]:8443\", certificate: cert.pem, key: cert.pem}]\n"
        "roles: {admin: [\"group:noc-admin\", \"user:lead\"], operator: \"group:noc\", viewer: [\"*\"]}\n"
        "contracts: [campus-iot, mine.yml]\n"
        "ledger: assets.csv\n"
        "health: {timeout_periods: 4}\n"
        "limits: {discovered: 5, sample_past: 1d}\n"
        "log: info\n"
        "units: {\"*temperature\": °C, power: kW}\n"
        "sources:\n"
        "  - {name: self, type: local}\n"
        "  - {name: gateways, type: icmp, select: \"kind:gateway\", interval: 10s}\n");
    if (!settings)
        fail_msg("%s", buffer_text(&problems.text));
    const struct site *site = settings_site(settings);
    assert_string_equal(site->name, "创新港");
    assert_string_equal(site->language, "zh_CN");
    assert_int_equal(site->listen_count, 2);
    assert_int_equal(site->listens[0].kind, LISTEN_UNIX);
    assert_int_equal(site->listens[0].path[0], '/');
    assert_string_equal(site->listens[1].address, "::");
    assert_int_equal(site->listens[1].port, 8443);
    assert_string_equal(site->listens[1].certificate, in_folder("cert.pem"));
    assert_int_equal(site->population_count, 5);
    assert_string_equal(site->populations[4].contract, "mine");
    assert_string_equal(site_metric_unit(site, "supply_temperature"), "°C");
    assert_string_equal(site_metric_unit(site, "power"), "kW");
    assert_string_equal(site_metric_unit(site, "memory_percent"), "%");
    assert_string_equal(site_metric_unit(site, "mood"), "");
    unsigned operators = 0, admins = 0;
    for (size_t i = 0; i < site->grant_count; i++) {
        operators += site->grants[i].role == ROLE_OPERATOR && strcmp(site->grants[i].who, "group:noc") == 0;
        admins += site->grants[i].role == ROLE_ADMIN;
    }
    assert_int_equal(operators, 1);
    assert_true(admins >= 3); /* the two, and root */
    assert_int_equal(settings_store(settings)->keep_readings, 10 * SPAN_DAY);
    assert_int_equal(settings_store(settings)->keep_states, 100 * SPAN_DAY);
    assert_true(settings_fleet(settings)->timeout_periods == 4);
    assert_true(settings_fleet(settings)->stale_periods == 1.5);
    assert_int_equal(settings_fleet(settings)->discovered_limit, 5);
    assert_int_equal(settings_fleet(settings)->past_limit, SPAN_DAY);
    assert_int_equal(settings_log(settings), LOG_LEVEL_INFO);
    const struct settings_source *sources;
    assert_int_equal(settings_sources(settings, &sources), 2);
    assert_string_equal(sources[1].ops->type, "icmp");
    char *const *ledgers;
    assert_int_equal(settings_ledgers(settings, &ledgers), 1);
    assert_string_equal(ledgers[0], in_folder("assets.csv"));
    settings_free(&settings);
}

static void test_every_mistake_in_one_run(void **state)
{
    (void)state;
    struct settings *settings = load_text(
        "site: {name: x, timezone: Mars/Olympus, lanuage: en}\n"    /* 1 */
        "store: postgres\n"                                         /* 2 */
        "listen: [{tls: 8443}, {}]\n"                               /* 3 */
        "roles: {boss: [\"*\"], admin: [root]}\n"                   /* 4 */
        "contracts: [campus]\n"                                     /* 5 */
        "ledger: [nowhere.csv]\n"                                   /* 6 */
        "health: {stale_periods: 5, timeout_periods: 2}\n"          /* 7 */
        "sources:\n"                                                /* 8 */
        "  - {name: a, type: icmp, select: \"kind:\", interval: ten}\n"
        "  - {name: b, type: lokal}\n"                              /* 10 */
        "  - {name: a, type: local}\n"                              /* 11 */
        "  - just text\n"                                           /* 12 */
        "rules: [{name: a, severity: major, select: \"kind:x\", when: \"t >\"}]\n" /* 13 */
        "log: loud\n");                                             /* 14 */
    assert_null(settings);
    static const char *const expected[] = {
        "nocturne.yml:1:", "site.timezone: expected the name of a time zone, such as Asia/Shanghai; got `Mars/Olympus`",
        "did you mean `language`", "nocturne.yml:2:", "expected sqlite, sqlite:PATH, postgresql://... or memory; got `postgres`",
        "nocturne.yml:3:", "listen[0].tls: expected ADDRESS:PORT", "listen[1]: expected either unix: or tls:",
        "nocturne.yml:4:", "roles.boss: unknown key", "expected user:NAME, group:NAME",
        "nocturne.yml:5:13: contracts[0]: no contract profile `campus`; there are campus-iot",
        "nocturne.yml:6:", "cannot be read", "nocturne.yml:7:", "timeout_periods must not be below",
        "nocturne.yml:9:", "sources[0].interval: expected a span", "sources[0].select: column",
        "nocturne.yml:10:", "sources[1].type: expected one of ", "there is a source `a` already, at ",
        "nocturne.yml:12:", "sources[3]: expected a mapping with name: and type:",
        "nocturne.yml:13:", "rules[0].when: column 4: expected a metric", "nocturne.yml:14:", "expected error, warning, notice, info or debug",
    };
    for (size_t i = 0; i < ARRAY_COUNT(expected); i++)
        assert_told(expected[i]);
}

static void test_shapes_that_are_no_configuration(void **state)
{
    (void)state;
    assert_null(load_text("- a\n- b\n"));
    assert_told("nocturne.yml:1:1: expected `key: value` lines");
    assert_null(load_text("site: {name: \n"));
    assert_told("nocturne.yml:2:");
    assert_null(load_text("sources: {name: a}\n"));
    assert_told("sources: expected a list");
    assert_null(load_text("store: [a]\nlisten: 5\nroles: 7\nhealth: x\n"));
    assert_told("store: expected sqlite");
    assert_told("listen: expected a list");
    assert_told("roles: expected a mapping");
    assert_null(load_text("store: \"postgresql://noc:pump-house@db/site\"\n"));
    assert_told("a password in the url would be seen by all");
    assert_null(strstr(buffer_text(&problems.text), "pump-house"));
    assert_null(load_text("store: {url: \"postgresql://noc@db/site\", password: pump-house}\n"));
    assert_told("a secret does not stand in the configuration");
    assert_null(load_text("store: {url: \"postgresql://noc@db/site?colour=red\"}\n"));
    assert_told("the url is not postgresql://");
    struct settings *empty = load_text("\n");
    if (!empty)
        fail_msg("%s", buffer_text(&problems.text));
    settings_free(&empty);
    assert_null(load(&(struct options){.config = "/nonexistent/nocturne.yml"}));
    assert_told("/nonexistent/nocturne.yml");
}

static void test_conf_d_merges_in_order(void **state)
{
    (void)state;
    mkdir(in_folder("conf.d"), 0700);
    put("conf.d/20-b.yml", "site: {name: second}\nsources: [{name: two, type: local}]\n");
    put("conf.d/10-a.yml", "site: {name: first, language: en}\n");
    put("conf.d/.hidden.yml", "nonsense: 1\n");
    put("conf.d/readme.txt", "nonsense\n");
    struct settings *settings = load_text("site: {name: base, timezone: UTC}\nsources: [{name: one, type: local}]\n");
    if (!settings)
        fail_msg("%s", buffer_text(&problems.text));
    const struct settings_source *sources;
    assert_string_equal(settings_site(settings)->name, "second");
    assert_string_equal(settings_site(settings)->timezone, "UTC");
    assert_string_equal(settings_site(settings)->language, "en");
    assert_int_equal(settings_sources(settings, &sources), 2);
    assert_string_equal(sources[0].name, "one");
    settings_free(&settings);
    put("conf.d/20-b.yml", "sources: [{name: one, type: local}]\n");
    assert_null(load_text("sources: [{name: one, type: local}]\n"));
    assert_told("conf.d/20-b.yml:1:");
    assert_told("there is a source `one` already");
    unlink(in_folder("conf.d/20-b.yml"));
    unlink(in_folder("conf.d/10-a.yml"));
}

static void test_search_order(void **state)
{
    (void)state;
    char *path = path_config("/given.yml");
    assert_string_equal(path, "/given.yml");
    free(path);
    setenv("NOCTURNE_CONFIG", "/from/environment.yml", 1);
    path = path_config(NULL);
    assert_string_equal(path, "/from/environment.yml");
    free(path);
    unsetenv("NOCTURNE_CONFIG");
    setenv("XDG_CONFIG_HOME", folder, 1);
    mkdir(in_folder("nocturne"), 0700);
    put("nocturne/nocturne.yml", "site: {name: mine}\n");
    path = path_config(NULL);
    assert_string_equal(path, in_folder("nocturne/nocturne.yml"));
    free(path);
    unlink(in_folder("nocturne/nocturne.yml"));
    path = path_config(NULL);
    assert_true(!path || strcmp(path, NOCTURNE_SYSCONFDIR "/nocturne/nocturne.yml") == 0);
    free(path);
    unsetenv("XDG_CONFIG_HOME");
    setenv("XDG_RUNTIME_DIR", "/run/user/7", 1);
    path = path_socket();
    assert_string_equal(path, "/run/user/7/nocturne/api.sock");
    free(path);
    unsetenv("XDG_RUNTIME_DIR");
    path = path_socket();
    assert_string_equal(path, "/run/nocturne/api.sock");
    free(path);
    setenv("STATE_DIRECTORY", "/var/lib/other:/var/lib/more", 1);
    path = path_state(NULL);
    assert_string_equal(path, "/var/lib/other");
    free(path);
    unsetenv("STATE_DIRECTORY");
    setenv("XDG_STATE_HOME", "/home/x/.local/state", 1);
    path = path_state(NULL);
    assert_string_equal(path, "/home/x/.local/state/nocturne");
    free(path);
    unsetenv("XDG_STATE_HOME");
}

static void test_no_configuration_watches_this_host(void **state)
{
    (void)state;
    setenv("XDG_CONFIG_HOME", folder, 1);
    setenv("HOME", folder, 1);
    char *path = path_config(NULL);
    bool none = !path;
    free(path);
    if (!none)
        skip(); /* this machine has one in /etc */
    struct settings *settings = load(&(struct options){.state_dir = "none", .socket = "/tmp/x.sock"});
    const struct settings_source *sources;
    char host[256] = "";
    gethostname(host, sizeof host - 1);
    assert_non_null(settings);
    assert_string_equal(settings_site(settings)->name, host);
    assert_int_equal(settings_sources(settings, &sources), 1);
    assert_string_equal(sources[0].ops->type, "local");
    assert_string_equal(settings_store(settings)->url, "memory");
    assert_string_equal(settings_site(settings)->listens[0].path, "/tmp/x.sock");
    settings_free(&settings);
}

static void test_equal_sources_have_equal_texts(void **state)
{
    (void)state;
    const struct settings_source *sources;
    struct settings *settings = load_text("sources:\n  - {name: a, type: local, interval: 5s}\n");
    settings_sources(settings, &sources);
    char *before = memory_text(sources[0].text);
    settings_free(&settings);
    settings = load_text("# a comment\nsources:\n  - name: a\n    type: local\n    interval: \"5s\"\n");
    settings_sources(settings, &sources);
    assert_string_equal(sources[0].text, before);
    settings_free(&settings);
    settings = load_text("sources:\n  - {name: a, type: local, interval: 6s}\n");
    settings_sources(settings, &sources);
    assert_string_not_equal(sources[0].text, before);
    settings_free(&settings);
    free(before);
}

/* The example that the manual shows says nothing that the schema does not know. */
static void test_the_example_is_right(void **state)
{
    (void)state;
    struct settings *settings = load(&(struct options){.config = "src/daemon/nocturne.example.yml", .state_dir = "none"});
    if (!settings)
        fail_msg("%s", buffer_text(&problems.text));
    settings_free(&settings);
}

static int parse(int count, const char *first, const char *second, struct options *options)
{
    char *arguments[] = {(char *)(uintptr_t)"nocturned", (char *)(uintptr_t)first, (char *)(uintptr_t)second, NULL};
    optind = 0;
    return options_parse(count, arguments, options);
}

static void test_options(void **state)
{
    (void)state;
    struct options options;
    assert_int_equal(parse(3, "--config", "x.yml", &options), 0);
    assert_string_equal(options.config, "x.yml");
    assert_int_equal(parse(2, "--check-config", NULL, &options), 0);
    assert_true(options.check_config);
    assert_int_equal(parse(2, "--foreground", NULL, &options), 0);
    assert_int_equal(parse(2, "--daemonise", NULL, &options), 3);
    assert_int_equal(parse(2, "word", NULL, &options), 3);
}

static int remove_one(const char *path, const struct stat *status, int flag, struct FTW *walk)
{
    (void)status, (void)flag, (void)walk;
    return remove(path);
}

static int begin(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/nocturne-settings-XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    config_problems_release(&problems);
    return nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_everything_that_is_right),
        cmocka_unit_test(test_every_mistake_in_one_run),
        cmocka_unit_test(test_shapes_that_are_no_configuration),
        cmocka_unit_test(test_conf_d_merges_in_order),
        cmocka_unit_test(test_what_is_expected_of_servers),
        cmocka_unit_test(test_common_rules),
        cmocka_unit_test(test_search_order),
        cmocka_unit_test(test_no_configuration_watches_this_host),
        cmocka_unit_test(test_equal_sources_have_equal_texts),
        cmocka_unit_test(test_the_example_is_right),
        cmocka_unit_test(test_options),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
