/* The probing collectors against real loopback addresses and servers: icmp (R021), tcp, http and local (R040). */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "collect/probe.h"
#include "unit/collect/probe_sink.h"

struct bench {
    uv_loop_t loop;
    struct recording *recording;
    struct config *config;
    struct source *source;
};

static void bench_start(struct bench *bench, const char *type, const char *yaml)
{
    struct config_problems problems;
    config_problems_init(&problems);
    bench->config = config_new();
    assert_true(config_load_text(bench->config, "test.yml", yaml, strlen(yaml), &problems));
    const struct collector_ops *ops = collector_find(type);
    assert_non_null(ops);
    config_check(config_root(bench->config), ops->keys, &problems);
    assert_string_equal(buffer_text(&problems.text), "");
    config_problems_release(&problems);
    struct sink sink = {.ops = &recording_ops, .owner = bench->recording};
    bench->source = source_new(&bench->loop, sink, type, ops);
    struct error error;
    assert_true(ops->start(bench->source, config_root(bench->config), &error));
}

static void bench_init(struct bench *bench)
{
    uv_loop_init(&bench->loop);
    bench->recording = memory_new(sizeof *bench->recording);
}

static void give_up(uv_timer_t *timer)
{
    *(bool *)timer->data = true;
}

/* Run until `done` says so; fails the test after ten seconds. */
static void bench_until(struct bench *bench, bool (*done)(struct bench *bench))
{
    bool late = false;
    uv_timer_t limit;
    uv_timer_init(&bench->loop, &limit);
    limit.data = &late;
    uv_timer_start(&limit, give_up, 10000, 0);
    while (!done(bench) && !late)
        uv_run(&bench->loop, UV_RUN_ONCE);
    uv_close((uv_handle_t *)&limit, NULL);
    uv_run(&bench->loop, UV_RUN_NOWAIT);
    if (late)
        fail_msg("not within 10 s; source says: %s", bench->source->detail);
}

static void bench_end(struct bench *bench)
{
    bench->source->ops->stop(bench->source);
    uv_run(&bench->loop, UV_RUN_DEFAULT); /* ends only when nothing of the collector is left */
    assert_int_equal(uv_loop_close(&bench->loop), 0);
    source_free(&bench->source);
    config_free(&bench->config);
    free(bench->recording);
}

static bool all_judged(struct bench *bench)
{
    for (unsigned i = 0; i < bench->recording->count; i++)
        if (bench->recording->asset[i].link == LINK_UNKNOWN)
            return false;
    return true;
}

static int listen_somewhere(unsigned *port)
{
    int descriptor = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    assert_int_equal(bind(descriptor, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(descriptor, 16), 0);
    socklen_t length = sizeof at;
    getsockname(descriptor, (struct sockaddr *)&at, &length);
    *port = ntohs(at.sin_port);
    return descriptor;
}

static void test_addresses(void **state)
{
    (void)state;
    char host[64];
    unsigned port;
    static const struct { const char *text, *host; unsigned port; } right[] = {
        {"10.0.0.1", "10.0.0.1", 0}, {"10.0.0.1:502", "10.0.0.1", 502}, {"[::1]:80", "::1", 80}, {"::1", "::1", 0},
        {"[fe80::2]", "fe80::2", 0}, {"plc-3", "plc-3", 0}, {"plc-3:44818", "plc-3", 44818},
        {"http://a.example/x", "a.example", 80}, {"https://a.example:8443/x?y", "a.example", 8443},
    };
    for (size_t i = 0; i < ARRAY_COUNT(right); i++) {
        assert_true(probe_parse_address(right[i].text, host, sizeof host, &port));
        assert_string_equal(host, right[i].host);
        assert_int_equal(port, right[i].port);
    }
    static const char *const wrong[] = {"", ":80", "10.0.0.1:", "10.0.0.1:x", "10.0.0.1:70000", "[::1", "http://"};
    for (size_t i = 0; i < ARRAY_COUNT(wrong); i++)
        assert_false(probe_parse_address(wrong[i], host, sizeof host, &port));
}

/* Every address of 127/8 answers; the broadcast address may not be sent to at all. */
static void test_icmp(void **state)
{
    struct bench bench;
    (void)state;
    bench_init(&bench);
    for (int i = 1; i <= 1100; i++) {
        char id[32], address[32];
        snprintf(id, sizeof id, "GW-%04d", i);
        snprintf(address, sizeof address, "127.1.%d.%d", i / 250, i % 250 + 1);
        recording_add(bench.recording, id, address);
    }
    uint32_t wrong = recording_add(bench.recording, "GW-X", "255.255.255.255");
    bench_start(&bench, "icmp", "{interval: 1s, timeout: 200ms, attempts: 2, retry: 100ms}");
    if (bench.source->status == SOURCE_DOWN) {
        bench_end(&bench);
        skip();
    }
    bench_until(&bench, all_judged);
    for (unsigned i = 0; i < 1100; i++)
        assert_int_equal(bench.recording->asset[i].link, LINK_UP);
    assert_int_equal(bench.recording->asset[wrong].link, LINK_DOWN);
    assert_int_equal(bench.recording->asset[wrong].links, 1);
    assert_non_null(strstr(bench.recording->asset[wrong].evidence, "permission denied: is it a broadcast address?"));
    assert_int_equal(bench.source->targets, 1101);
    bench_end(&bench);
}

static void test_tcp(void **state)
{
    struct bench bench;
    unsigned open_port, closed_port;
    (void)state;
    int open = listen_somewhere(&open_port);
    close(listen_somewhere(&closed_port));
    bench_init(&bench);
    char address[64];
    snprintf(address, sizeof address, "127.0.0.1:%u", open_port);
    recording_add(bench.recording, "open", address);
    snprintf(address, sizeof address, "localhost:%u", closed_port);
    recording_add(bench.recording, "closed", address);
    recording_add(bench.recording, "portless", "127.0.0.1");
    recording_add(bench.recording, "nameless", "");
    bench_start(&bench, "tcp", "{interval: 200ms, timeout: 300ms, attempts: 2, retry: 100ms}");
    assert_int_equal(bench.source->targets, 2);
    assert_int_equal(bench.source->status, SOURCE_TROUBLED); /* "portless" is said, not dropped */
    assert_int_equal(bench.source->bad, 1);
    bench.recording->asset[2].link = bench.recording->asset[3].link = LINK_DOWN;
    bench_until(&bench, all_judged);
    assert_int_equal(bench.recording->asset[0].link, LINK_UP);
    assert_int_equal(bench.recording->asset[1].link, LINK_DOWN);
    assert_non_null(strstr(bench.recording->asset[1].evidence, "refused"));
    close(open);
    bench_end(&bench);
}

static bool open_went_down(struct bench *bench)
{
    return bench->recording->asset[0].link == LINK_DOWN;
}

static void test_tcp_goes_down_and_ledger_changes(void **state)
{
    struct bench bench;
    unsigned port;
    (void)state;
    int open = listen_somewhere(&port);
    bench_init(&bench);
    char address[64];
    snprintf(address, sizeof address, "127.0.0.1:%u", port);
    recording_add(bench.recording, "a", address);
    bench_start(&bench, "tcp", "{interval: 200ms, timeout: 300ms, attempts: 2, retry: 100ms}");
    bench_until(&bench, all_judged);
    recording_add(bench.recording, "b", address); /* a row comes while attempts run */
    bench.source->ops->ledger_changed(bench.source);
    assert_int_equal(bench.source->targets, 2);
    bench_until(&bench, all_judged);
    close(open);
    bench_until(&bench, open_went_down);
    assert_true(bench.source->failures >= 2);
    bench_end(&bench);
}

/* A server that answers each request with the same text, in a child process. */
static pid_t serve_http(unsigned *port, const char *answer)
{
    int listening = listen_somewhere(port);
    pid_t child = fork();
    if (child == 0) {
        for (;;) {
            int peer = accept(listening, NULL, NULL);
            char request[2048];
            if (peer >= 0 && read(peer, request, sizeof request) > 0 && write(peer, answer, strlen(answer)) < 0)
                _exit(1);
            close(peer);
        }
    }
    close(listening);
    return child;
}

static bool all_checked(struct bench *bench)
{
    for (unsigned i = 0; i < bench->recording->count; i++)
        if (bench->recording->asset[i].checks == 0)
            return false;
    return true;
}

static void check_answer(const char *answer, const char *rules, enum health health, const char *evidence)
{
    struct bench bench;
    unsigned port;
    pid_t server = serve_http(&port, answer);
    bench_init(&bench);
    char address[64], yaml[512];
    snprintf(address, sizeof address, "127.0.0.1:%u", port);
    recording_add(bench.recording, "app", address);
    snprintf(yaml, sizeof yaml, "{url: 'http://{address}/health/{id}', interval: 200ms, attempts: 1%s}", rules);
    bench_start(&bench, "http", yaml);
    bench_until(&bench, all_checked);
    assert_int_equal(bench.recording->asset[0].check, health);
    if (!strstr(bench.recording->asset[0].evidence, evidence))
        fail_msg("expected `%s` in `%s`", evidence, bench.recording->asset[0].evidence);
    bench_end(&bench);
    kill(server, SIGKILL);
    waitpid(server, NULL, 0);
}

static void test_http(void **state)
{
    (void)state;
    check_answer("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "", HEALTH_OK, "HTTP 200");
    check_answer("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n", "", HEALTH_CRITICAL, "HTTP 503, expected 200");
    check_answer("HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n", ", status: 404", HEALTH_OK, "HTTP 404");
    check_answer("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno", ", contains: ready", HEALTH_CRITICAL, "lacks `ready`");
    check_answer("HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n{\"status\":\"UP\"}", ", json: /status, equals: UP", HEALTH_OK, "HTTP 200");
    check_answer("HTTP/1.1 200 OK\r\nContent-Length: 17\r\n\r\n{\"status\":\"DOWN\"}", ", json: /status, equals: UP", HEALTH_CRITICAL, "is DOWN, not UP");
    check_answer("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{\"status\"", ", json: /status", HEALTH_CRITICAL, "not JSON");
    check_answer("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\ncut", "", HEALTH_CRITICAL, "");
    check_answer("\x1b[2Jnot http at all\r\n\r\n", "", HEALTH_CRITICAL, "");
}

static bool local_has_rates(struct bench *bench)
{
    return bench->recording->asset[0].messages >= 2;
}

static void test_local(void **state)
{
    struct bench bench;
    (void)state;
    bench_init(&bench);
    bench_start(&bench, "local", "{interval: 500ms, asset: this-host}");
    bench_until(&bench, local_has_rates);
    static const struct { const char *metric; double low, high; } expected[] = {
        {"cpu_percent", 0, 100}, {"memory_percent", 0.1, 100}, {"disk_root_percent", 0.01, 100}, {"load1", 0, 10000},
        {"uptime_seconds", 1, 1e10}, {"net_in_bytes_per_second", 0, 1e12},
    };
    for (size_t i = 0; i < ARRAY_COUNT(expected); i++) {
        uint32_t metric = recording_metric(bench.recording, expected[i].metric, strlen(expected[i].metric));
        double value = bench.recording->asset[0].values[metric];
        if (value < expected[i].low || value > expected[i].high)
            fail_msg("%s is %g", expected[i].metric, value);
    }
    bench_end(&bench);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_addresses), cmocka_unit_test(test_icmp), cmocka_unit_test(test_tcp),
        cmocka_unit_test(test_tcp_goes_down_and_ledger_changes), cmocka_unit_test(test_http), cmocka_unit_test(test_local),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
