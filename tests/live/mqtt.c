/* The MQTT collector against real brokers (R037): versions, TLS, passwords, restarts, half-open links, shared and kept
 * subscriptions. A scripted peer stands in only for what no healthy broker does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <uv.h>

#include "base/log.h"
#include "base/memory.h"
#include "collect/collector.h"
#include "live/broker.h"

#define TELEMETRY "topic: 'campus/{gateway}/{asset}/telemetry', time: /ts, values: /values"

static uv_loop_t loop;

/* -- A sink that keeps what it is told -- */

#define SEEN 4096

struct recorder {
    char ids[64][64];
    unsigned id_count;
    unsigned messages, kept, links;
    enum link_state link[64];
    char evidence[160];
    bool seen[SEEN];    /* values of metric n */
    unsigned seen_count;
    msec last_time;
    uint32_t last_asset, last_via;
};

static uint32_t recorder_asset(void *owner, struct source *source, const char *id, size_t length)
{
    struct recorder *recorder = owner;
    (void)source;
    for (unsigned i = 0; i < recorder->id_count; i++)
        if (strlen(recorder->ids[i]) == length && memcmp(recorder->ids[i], id, length) == 0)
            return i;
    assert_true(recorder->id_count < 64 && length < 64);
    memcpy(recorder->ids[recorder->id_count], id, length);
    return recorder->id_count++;
}

static uint32_t recorder_metric(void *owner, const char *name, size_t length)
{
    (void)owner;
    return length == 1 && *name == 'n' ? 0 : 1;
}

static void recorder_message(void *owner, struct source *source, uint32_t asset, uint32_t via, msec time,
                             const struct sink_value *values, unsigned count, const char *raw, size_t raw_length)
{
    struct recorder *recorder = owner;
    (void)source, (void)raw, (void)raw_length;
    recorder->messages++;
    recorder->last_asset = asset;
    recorder->last_via = via;
    recorder->last_time = time;
    for (unsigned i = 0; i < count; i++)
        if (values[i].metric == 0 && values[i].value < SEEN && !recorder->seen[(unsigned)values[i].value]) {
            recorder->seen[(unsigned)values[i].value] = true;
            recorder->seen_count++;
        }
}

static void recorder_kept(void *owner, struct source *source, uint32_t asset, uint32_t via, msec time,
                          const struct sink_value *values, unsigned count, const char *raw, size_t raw_length)
{
    struct recorder *recorder = owner;
    recorder->kept++;
    recorder->messages--;
    recorder_message(owner, source, asset, via, time, values, count, raw, raw_length);
}

static void recorder_link(void *owner, struct source *source, uint32_t asset, enum link_state state, const char *evidence)
{
    struct recorder *recorder = owner;
    (void)source;
    recorder->links++;
    recorder->link[asset] = state;
    snprintf(recorder->evidence, sizeof recorder->evidence, "%s", evidence);
}

static uint64_t recorder_revision(void *owner)
{
    (void)owner;
    return 1;
}

static const struct sink_ops recorder_ops = {
    .asset = recorder_asset, .metric = recorder_metric, .message = recorder_message, .kept = recorder_kept, .link = recorder_link,
    .ledger_revision = recorder_revision,
};

/* -- Sources -- */

static struct source *source_of(struct recorder *recorder, const char *format, ...) __attribute__((format(printf, 2, 3)));
static struct source *source_of(struct recorder *recorder, const char *format, ...)
{
    char yaml[1024];
    va_list arguments;
    struct error error;
    struct config_problems problems;
    va_start(arguments, format);
    vsnprintf(yaml, sizeof yaml, format, arguments);
    va_end(arguments);
    struct config *config = config_new();
    const struct collector_ops *ops = collector_find("mqtt");
    config_problems_init(&problems);
    config_load_text(config, "test.yml", yaml, strlen(yaml), &problems);
    config_check(config_root(config), ops->keys, &problems);
    ops->validate(config_root(config), &problems);
    assert_string_equal(buffer_text(&problems.text), "");
    memset(recorder, 0, sizeof *recorder);
    struct source *source = source_new(&loop, (struct sink){&recorder_ops, recorder}, "test", ops);
    assert_true(ops->start(source, config_root(config), &error));
    config_problems_release(&problems);
    config_free(&config);
    return source;
}

static void source_end(struct source **source)
{
    (*source)->ops->stop(*source);
    assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0);
    source_free(source);
}

static void on_tick(uv_timer_t *timer)
{
    (void)timer;
}

/* Turn the loop until a condition holds, at most `ms`. */
#define TURN_UNTIL(condition, ms)                                                                  \
    do {                                                                                           \
        uv_timer_t tick_;                                                                          \
        msec end_ = clock_steady() + (ms);                                                         \
        uv_timer_init(&loop, &tick_);                                                              \
        uv_timer_start(&tick_, on_tick, 10, 10);                                                   \
        while (!(condition) && clock_steady() < end_)                                              \
            uv_run(&loop, UV_RUN_ONCE);                                                            \
        uv_close((uv_handle_t *)&tick_, NULL);                                                     \
        uv_run(&loop, UV_RUN_NOWAIT);                                                              \
    } while (0)

static void assert_status(struct source *source, enum source_state status, const char *detail)
{
    TURN_UNTIL(source->status == status && strstr(source->detail, detail), 8000);
    if (source->status != status || !strstr(source->detail, detail))
        print_message("# %s: %s\n", source_state_name(source->status), source->detail);
    assert_int_equal(source->status, status);
    assert_non_null(strstr(source->detail, detail));
}

/* -- Tests -- */

static void check_version(const char *version, const char *detail)
{
    struct recorder recorder;
    int port = free_port();
    pid_t broker = broker_start(port, "allow_anonymous true");
    struct source *source = source_of(&recorder, "{url: 'mqtt://127.0.0.1:%d', version: '%s', " TELEMETRY
                                      ", status_topic: 'campus/{gateway}/status'}", port, version);
    assert_status(source, SOURCE_RUNNING, detail);
    publish(port, "campus/GW-1/T-1/telemetry", "{\"ts\":1763690000123,\"values\":{\"n\":%u}}", 300, 0, false);
    publish(port, "campus/GW-1/status", "online", 1, 1, true);
    TURN_UNTIL(recorder.messages == 300 && recorder.links == 1, 5000);
    assert_int_equal(recorder.seen_count, 300);
    assert_int_equal(recorder.link[recorder.last_via], LINK_UP);
    assert_string_equal(recorder.ids[recorder.last_asset], "T-1");
    assert_string_equal(recorder.ids[recorder.last_via], "GW-1");
    assert_true(recorder.last_time == 1763690000123);
    assert_int_equal(source->messages, 301);
    assert_int_equal(source->readings, 300);
    assert_int_equal(source->bad, 0);
    assert_true(clock_wall() - source->last_heard < 5000);
    source_end(&source);
    broker_stop(broker);
}

static void test_version_5(void **state)
{
    (void)state;
    check_version("5", "connected by MQTT 5, 2 topics");
}

static void test_version_3_1_1(void **state)
{
    (void)state;
    check_version("3.1.1", "connected by MQTT 3.1.1, 2 topics");
}

static void test_retained(void **state)
{
    struct recorder recorder;
    int port = free_port();
    (void)state;
    pid_t broker = broker_start(port, "allow_anonymous true");
    publish(port, "campus/GW-1/T-1/telemetry", "{\"ts\":1763690000,\"values\":{\"n\":7}}", 1, 1, true);
    publish(port, "campus/GW-1/T-2/telemetry", "{\"values\":{\"n\":8}}", 1, 1, true);
    publish(port, "campus/GW-1/status", "offline", 1, 1, true);
    struct source *source = source_of(&recorder, "{url: 'mqtt://127.0.0.1:%d', " TELEMETRY
                                      ", status_topic: 'campus/{gateway}/status'}", port);
    TURN_UNTIL(source->messages == 3, 5000);
    assert_int_equal(source->messages, 3);
    assert_int_equal(recorder.messages, 0); /* none of it is a sign of life */
    assert_int_equal(recorder.kept, 1);     /* and without a time of its own it is no value either */
    assert_true(recorder.seen[7] && !recorder.seen[8]);
    assert_true(recorder.last_time == 1763690000000);
    assert_int_equal(recorder.links, 1);
    assert_string_equal(recorder.evidence, "status: offline");
    source_end(&source);
    broker_stop(broker);
}

static void test_passwords(void **state)
{
    struct recorder recorder;
    char more[256];
    int port = free_port();
    (void)state;
    folder_run("mosquitto_passwd -b -c users ops secret");
    folder_write("right", "secret\n");
    folder_write("wrong", "guess\n");
    snprintf(more, sizeof more, "allow_anonymous false\npassword_file %s/users", folder);
    pid_t broker = broker_start(port, more);
    struct source *source = source_of(&recorder, "{url: 'mqtt://127.0.0.1:%d', user: ops, password_file: '%s', " TELEMETRY "}",
                                      port, folder_path("right"));
    assert_status(source, SOURCE_RUNNING, "connected by MQTT 5, 1 topic");
    source_end(&source);
    setenv("NOCTURNE_TEST_PASSWORD", "secret", 1);
    source = source_of(&recorder, "{url: 'mqtt://127.0.0.1:%d', version: 3.1.1, user: ops, password_env: NOCTURNE_TEST_PASSWORD, "
                       TELEMETRY "}", port);
    assert_status(source, SOURCE_RUNNING, "connected by MQTT 3.1.1");
    source_end(&source);
    source = source_of(&recorder, "{url: 'mqtt://127.0.0.1:%d', user: ops, password_file: '%s', " TELEMETRY "}",
                       port, folder_path("wrong"));
    assert_status(source, SOURCE_DOWN, "the broker refused: not authorized; next try in ");
    assert_null(strstr(source->detail, "guess"));
    source_end(&source);
    source = source_of(&recorder, "{url: 'mqtt://127.0.0.1:%d', version: 3.1.1, " TELEMETRY "}", port);
    assert_status(source, SOURCE_DOWN, "the broker refused: not authorized; next try in ");
    source_end(&source);
    broker_stop(broker);
}

static void make_certificates(void)
{
    folder_run("for ca in ca other; do openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout $ca.key "
               "-out $ca.pem -days 2 -subj /CN=$ca; done; "
               "for who in server client; do openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout $who.key "
               "-out $who.csr -subj /CN=$who && "
               "printf 'subjectAltName=IP:127.0.0.1,DNS:broker.test' > ext && "
               "openssl x509 -req -in $who.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile ext -out $who.pem; done");
}

static void test_tls(void **state)
{
    struct recorder recorder;
    char more[512];
    int port = free_port();
    (void)state;
    snprintf(more, sizeof more, "allow_anonymous true\ncafile %s/ca.pem\ncertfile %s/server.pem\nkeyfile %s/server.key",
             folder, folder, folder);
    pid_t broker = broker_start(port, more);
    struct source *source = source_of(&recorder, "{url: 'mqtts://127.0.0.1:%d', ca: '%s', " TELEMETRY "}", port,
                                      folder_path("ca.pem"));
    assert_status(source, SOURCE_RUNNING, "connected by MQTT 5");
    snprintf(more, sizeof more, "for i in $(seq 500 699); do echo '{\"values\":{\"n\":'$i'}}'; done | mosquitto_pub -h 127.0.0.1 "
             "-p %d --cafile ca.pem -t campus/G/T/telemetry -l", port);
    folder_run(more);
    TURN_UNTIL(recorder.messages == 200, 5000);
    assert_int_equal(recorder.seen_count, 200);
    source_end(&source);

    source = source_of(&recorder, "{url: 'mqtts://127.0.0.1:%d', ca: '%s', " TELEMETRY "}", port, folder_path("other.pem"));
    assert_status(source, SOURCE_DOWN, "its certificate (broker.test) is signed by somebody we do not trust");
    source_end(&source);
    source = source_of(&recorder, "{url: 'mqtts://127.0.0.1:%d', " TELEMETRY "}", port);
    assert_status(source, SOURCE_DOWN, "its certificate (broker.test) is signed by somebody we do not trust");
    source_end(&source);
    source = source_of(&recorder, "{url: 'mqtts://127.0.0.1:%d', ca: '%s', tls_name: elsewhere.test, " TELEMETRY "}", port,
                       folder_path("ca.pem"));
    assert_status(source, SOURCE_DOWN, "its certificate is for broker.test, not for elsewhere.test");
    source_end(&source);
    source = source_of(&recorder, "{url: 'mqtts://127.0.0.1:%d', ca: '%s', tls_name: broker.test, " TELEMETRY "}", port,
                       folder_path("ca.pem"));
    assert_status(source, SOURCE_RUNNING, "connected");
    source_end(&source);
    broker_stop(broker);
}

static void test_client_certificate(void **state)
{
    struct recorder recorder;
    char more[512];
    int port = free_port();
    (void)state;
    snprintf(more, sizeof more, "allow_anonymous true\ncafile %s/ca.pem\ncertfile %s/server.pem\nkeyfile %s/server.key\n"
             "require_certificate true", folder, folder, folder);
    pid_t broker = broker_start(port, more);
    struct source *source = source_of(&recorder, "{url: 'mqtts://127.0.0.1:%d', ca: '%s', certificate: '%s', key: '%s', "
                                      TELEMETRY "}", port, folder_path("ca.pem"), folder_path("client.pem"),
                                      folder_path("client.key"));
    assert_status(source, SOURCE_RUNNING, "connected");
    source_end(&source);
    source = source_of(&recorder, "{url: 'mqtts://127.0.0.1:%d', ca: '%s', " TELEMETRY "}", port, folder_path("ca.pem"));
    assert_status(source, SOURCE_DOWN, "certificate required");
    source_end(&source);
    broker_stop(broker);
}

static void test_broker_restart(void **state)
{
    struct recorder recorder;
    int port = free_port();
    (void)state;
    pid_t broker = broker_start(port, "allow_anonymous true");
    struct source *source = source_of(&recorder, "{url: 'mqtt://127.0.0.1:%d', retry_min: 200ms, retry_max: 400ms, " TELEMETRY "}",
                                      port);
    assert_status(source, SOURCE_RUNNING, "connected");
    broker_stop(broker);
    assert_status(source, SOURCE_DOWN, "connection refused; next try in ");
    assert_true(source->failures >= 2);
    broker = broker_start(port, "allow_anonymous true");
    assert_status(source, SOURCE_RUNNING, "connected");
    assert_int_equal(source->reconnects, 1);
    publish(port, "campus/GW-1/T-1/telemetry", "{\"values\":{\"n\":%u}}", 10, 1, false);
    TURN_UNTIL(recorder.messages == 10, 5000);
    assert_int_equal(recorder.messages, 10);
    source_end(&source);
    broker_stop(broker);
}

/* A broker that stopped without a word (emqx#3903): only the ping can tell. What is published meanwhile at QoS 1 waits
 * in the session and comes when the link is back; nothing is lost. */
static void test_half_open_and_kept_session(void **state)
{
    struct recorder recorder;
    int port = free_port();
    (void)state;
    pid_t broker = broker_start(port, "allow_anonymous true");
    struct source *source = source_of(&recorder, "{url: 'mqtt://127.0.0.1:%d', qos: 1, session_expiry: 1h, client_id: keeper, "
                                      "keep_alive: 1s, timeout: 500ms, retry_min: 100ms, retry_max: 200ms, " TELEMETRY "}", port);
    assert_status(source, SOURCE_RUNNING, "connected");
    kill(broker, SIGSTOP);
    assert_status(source, SOURCE_DOWN, "the connection is dead: no answer to a ping within 500ms");
    kill(broker, SIGCONT);
    publish(port, "campus/GW-1/T-1/telemetry", "{\"values\":{\"n\":%u}}", 600, 1, false);
    TURN_UNTIL(recorder.seen_count == 600, 8000);
    assert_int_equal(recorder.seen_count, 600);
    assert_status(source, SOURCE_RUNNING, "connected");
    assert_int_equal(source->reconnects, 1);
    TURN_UNTIL(false, 200); /* so that the broker has our acknowledgements */
    source_end(&source);

    publish(port, "campus/GW-1/T-1/telemetry", "{\"values\":{\"n\":%u}}", 400, 1, false);
    source = source_of(&recorder, "{url: 'mqtt://127.0.0.1:%d', qos: 1, session_expiry: 1h, client_id: keeper, " TELEMETRY "}", port);
    TURN_UNTIL(recorder.seen_count == 400, 8000);
    assert_int_equal(recorder.seen_count, 400);
    TURN_UNTIL(false, 200);

    /* Somebody else takes the name; then ours takes it back. */
    struct mosquitto *thief = mosquitto_new("keeper", true, NULL);
    assert_int_equal(mosquitto_connect(thief, "127.0.0.1", port, 60), MOSQ_ERR_SUCCESS);
    mosquitto_loop(thief, 100, 1);
    assert_status(source, SOURCE_DOWN, "closed by the other side; next try in ");
    assert_status(source, SOURCE_RUNNING, "connected");
    mosquitto_destroy(thief);
    source_end(&source);
    broker_stop(broker);
}

static void test_shared_subscription(void **state)
{
    struct recorder left, right;
    int port = free_port();
    (void)state;
    pid_t broker = broker_start(port, "allow_anonymous true");
    struct source *one = source_of(&left, "{url: 'mqtt://127.0.0.1:%d', share: noc, qos: 1, " TELEMETRY "}", port);
    struct source *two = source_of(&right, "{url: 'mqtt://127.0.0.1:%d', qos: 1, "
                                   "topic: '$share/noc/campus/{gateway}/{asset}/telemetry', values: /values}", port);
    assert_status(one, SOURCE_RUNNING, "connected");
    assert_status(two, SOURCE_RUNNING, "connected");
    publish(port, "campus/GW-1/T-1/telemetry", "{\"values\":{\"n\":%u}}", 1000, 1, false);
    TURN_UNTIL(left.messages + right.messages >= 1000, 5000);
    assert_int_equal(left.seen_count + right.seen_count, 1000);
    assert_int_equal(left.messages + right.messages, 1000);
    assert_true(left.messages > 100 && right.messages > 100);
    one->ops->stop(one);
    source_end(&two);
    source_free(&one);
    broker_stop(broker);
}

/* Topics that match two sources: each counts on its own; the engine tells duplicates. */
static void test_one_message_for_two_sources(void **state)
{
    struct recorder left, right;
    int port = free_port();
    (void)state;
    pid_t broker = broker_start(port, "allow_anonymous true");
    struct source *one = source_of(&left, "{url: 'mqtt://127.0.0.1:%d', " TELEMETRY "}", port);
    struct source *two = source_of(&right, "{url: 'mqtt://127.0.0.1:%d', topic: ['campus/#', 'campus/+/{asset}/#'], asset: X, values: /values}", port);
    assert_status(one, SOURCE_RUNNING, "connected");
    assert_status(two, SOURCE_RUNNING, "connected by MQTT 5, 2 topics");
    publish(port, "campus/GW-1/T-1/telemetry", "{\"values\":{\"n\":%u}}", 100, 1, false);
    TURN_UNTIL(left.messages == 100 && right.messages >= 100, 5000);
    assert_int_equal(one->messages, 100);
    assert_int_equal(left.seen_count, 100);
    assert_int_equal(right.seen_count, 100);
    assert_int_equal(two->messages, right.messages); /* overlapping filters may bring it twice (3.3.4) */
    one->ops->stop(one);
    source_end(&two);
    source_free(&one);
    broker_stop(broker);
}

static void test_large_payloads(void **state)
{
    struct recorder recorder;
    int port = free_port();
    (void)state;
    pid_t broker = broker_start(port, "allow_anonymous true");
    struct source *source = source_of(&recorder, "{url: 'mqtt://127.0.0.1:%d', qos: 1, " TELEMETRY "}", port);
    assert_status(source, SOURCE_RUNNING, "connected");
    char *large = malloc(3 << 20);
    memset(large, 'x', 3 << 20);
    publish_bytes(port, "campus/GW-1/T-1/telemetry", large, 3 << 20);
    publish_bytes(port, "campus/GW-1/T-1/telemetry", large, 1 << 20);
    memset(large, ' ', 1 << 20);
    memcpy(large, "{\"values\":{\"n\":5}}", 18);
    publish_bytes(port, "campus/GW-1/T-1/telemetry", large, 1 << 20);
    publish(port, "campus/GW-1/T-1/telemetry", "{\"values\":{\"n\":6}}", 1, 1, false);
    TURN_UNTIL(recorder.seen[6], 8000);
    assert_int_equal(recorder.seen_count, 2);
    assert_int_equal(source->messages, 4);
    assert_int_equal(source->bad, 2);
    assert_string_equal(source->examples[0].reason, "not JSON: a value was expected at byte 1");
    assert_string_equal(source->examples[1].reason, "payload of 3072 KiB: over 1 MiB, passed over");
    assert_string_equal(source->examples[1].sample, "campus/GW-1/T-1/telemetry");
    assert_int_equal(source->reconnects, 0);
    free(large);
    source_end(&source);
    broker_stop(broker);
}

/* R021: the broker itself knows who is connected. */
static void test_mosquitto_tells_of_its_clients(void **state)
{
    struct recorder recorder;
    int port = free_port();
    (void)state;
    pid_t broker = broker_start(port, "allow_anonymous true\nlog_dest topic\nlog_type notice");
    struct source *source = source_of(&recorder, "{url: 'mqtt://127.0.0.1:%d', format: mosquitto-status, client: 'gw-{asset}'}", port);
    assert_status(source, SOURCE_RUNNING, "connected");
    struct mosquitto *gateway = mosquitto_new("gw-0042", true, NULL);
    assert_int_equal(mosquitto_connect(gateway, "127.0.0.1", port, 60), MOSQ_ERR_SUCCESS);
    mosquitto_loop(gateway, 100, 1);
    TURN_UNTIL(recorder.links == 1, 5000);
    assert_string_equal(recorder.ids[0], "0042");
    assert_int_equal(recorder.link[0], LINK_UP);
    mosquitto_destroy(gateway);
    TURN_UNTIL(recorder.links == 2, 5000);
    assert_int_equal(recorder.link[0], LINK_DOWN);
    assert_string_equal(recorder.evidence, "broker: closed its connection");
    source_end(&source);
    broker_stop(broker);
}

/* -- A peer with a script -- */

struct script {
    uv_tcp_t server;
    uv_stream_t *connection;
    const char *const *answers; /* hex, one for each packet received, NULL-terminated; "" says nothing */
    unsigned next, connections;
    int port;
};

static void on_script_closed(uv_handle_t *handle)
{
    free(handle);
}

static void on_script_alloc(uv_handle_t *handle, size_t size, uv_buf_t *buffer)
{
    static char room[65536];
    (void)handle, (void)size;
    *buffer = uv_buf_init(room, sizeof room);
}

static void on_script_read(uv_stream_t *stream, ssize_t length, const uv_buf_t *buffer)
{
    struct script *script = stream->data;
    (void)buffer;
    if (length < 0) {
        uv_close((uv_handle_t *)stream, on_script_closed);
        script->connection = NULL;
        return;
    }
    const char *hex = script->answers[script->next];
    if (!hex)
        return;
    script->next++;
    char bytes[256];
    size_t count = 0;
    unsigned value;
    for (; sscanf(hex, "%2x", &value) == 1; hex += 2)
        bytes[count++] = (char)value;
    uv_buf_t out = uv_buf_init(bytes, (unsigned)count);
    if (count)
        uv_try_write(stream, &out, 1);
}

static void on_script_connection(uv_stream_t *server, int status)
{
    struct script *script = server->data;
    (void)status;
    uv_tcp_t *connection = calloc(1, sizeof *connection);
    uv_tcp_init(&loop, connection);
    connection->data = script;
    script->connections++;
    uv_accept(server, (uv_stream_t *)connection);
    script->connection = (uv_stream_t *)connection;
    uv_read_start(script->connection, on_script_alloc, on_script_read);
}

static void script_start(struct script *script, const char *const *answers)
{
    struct sockaddr_in address;
    int size = sizeof address;
    memset(script, 0, sizeof *script);
    script->answers = answers;
    uv_ip4_addr("127.0.0.1", 0, &address);
    uv_tcp_init(&loop, &script->server);
    script->server.data = script;
    uv_tcp_bind(&script->server, (struct sockaddr *)&address, 0);
    assert_int_equal(uv_listen((uv_stream_t *)&script->server, 8, on_script_connection), 0);
    uv_tcp_getsockname(&script->server, (struct sockaddr *)&address, &size);
    script->port = ntohs(address.sin_port);
}

static void script_end(struct script *script)
{
    uv_close((uv_handle_t *)&script->server, NULL);
    if (script->connection)
        uv_close((uv_handle_t *)script->connection, on_script_closed);
    uv_run(&loop, UV_RUN_DEFAULT);
}

static void check_script(const char *const *answers, const char *more, enum source_state status, const char *detail)
{
    struct script script;
    struct recorder recorder;
    script_start(&script, answers);
    struct source *source = source_of(&recorder, "{url: 'mqtt://127.0.0.1:%d', timeout: 500ms, " TELEMETRY "%s}", script.port, more);
    assert_status(source, status, detail);
    source->ops->stop(source);
    script_end(&script);
    source_free(&source);
}

static void test_peers_that_misbehave(void **state)
{
    (void)state;
    check_script((const char *[]){NULL}, "", SOURCE_DOWN, "accepted but did not answer within 500ms; next try in ");
    check_script((const char *[]){"485454502f312e31203430300d0a", NULL}, "", SOURCE_DOWN,
                 "protocol error: it answers in HTTP: a WebSocket's url begins with ws:// or wss://; next try in ");
    check_script((const char *[]){"20020003", NULL}, ", version: 3.1.1", SOURCE_DOWN,
                 "the broker refused: its service is unavailable; next try in ");
    check_script((const char *[]){"20100089" "0d" "1f000a746f6f206d616e792121", NULL}, "", SOURCE_DOWN,
                 "the broker refused: it is busy: too many!!; next try in ");
    /* Answers of MQTT 5: greeting, then a topic refused. */
    check_script((const char *[]){"2003000000", "9004000100" "87", NULL}, "", SOURCE_TROUBLED,
                 "connected, but 1 of 1 topics refused: campus/+/+/telemetry: not authorized");
    check_script((const char *[]){"2003000000", "9005000100" "0000", NULL}, "", SOURCE_DOWN,
                 "protocol error: 2 answers to 1 subscriptions");
    check_script((const char *[]){"2003000000", "9004000100" "00" "e0028e00", NULL}, "", SOURCE_DOWN,
                 "the broker closed: another client took the session over: the client id is used twice; next try in ");
    check_script((const char *[]){"2003000000", "9004000100" "00" "3403000161", NULL}, "", SOURCE_DOWN, "protocol error: ");
    /* A broker of 3.1.1 alone: refuses, and is asked again in its own version. */
    check_script((const char *[]){"20020001", "20020000", "9003000100", NULL}, "", SOURCE_RUNNING, "connected by MQTT 3.1.1, 1 topic");
}

static void test_nobody_there(void **state)
{
    struct recorder recorder;
    (void)state;
    struct source *source = source_of(&recorder, "{url: 'mqtt://127.0.0.1:%d', " TELEMETRY "}", free_port());
    assert_status(source, SOURCE_DOWN, "connection refused; next try in ");
    source_end(&source);
    source = source_of(&recorder, "{url: 'mqtt://no-such-host.invalid', " TELEMETRY "}");
    assert_status(source, SOURCE_DOWN, "its name was not found");
    source_end(&source);
}

static void test_stop_at_any_moment(void **state)
{
    struct recorder recorder;
    int port = free_port();
    (void)state;
    pid_t broker = broker_start(port, "allow_anonymous true");
    for (int turns = 0; turns < 24; turns++) {
        struct source *source = source_of(&recorder, "{url: 'mqtt://localhost:%d', " TELEMETRY "}", port);
        for (int i = 0; i < turns; i++) {
            uv_run(&loop, UV_RUN_NOWAIT);
            pause_ms(turns % 3);
        }
        source_end(&source);
    }
    broker_stop(broker);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_version_5),
        cmocka_unit_test(test_version_3_1_1),
        cmocka_unit_test(test_retained),
        cmocka_unit_test(test_passwords),
        cmocka_unit_test(test_tls),
        cmocka_unit_test(test_client_certificate),
        cmocka_unit_test(test_broker_restart),
        cmocka_unit_test(test_half_open_and_kept_session),
        cmocka_unit_test(test_shared_subscription),
        cmocka_unit_test(test_one_message_for_two_sources),
        cmocka_unit_test(test_large_payloads),
        cmocka_unit_test(test_mosquitto_tells_of_its_clients),
        cmocka_unit_test(test_peers_that_misbehave),
        cmocka_unit_test(test_nobody_there),
        cmocka_unit_test(test_stop_at_any_moment),
    };
    if (!mkdtemp(folder))
        return 1;
    log_level_set(LOG_LEVEL_ERROR);
    mosquitto_lib_init();
    uv_loop_init(&loop);
    make_certificates();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    uv_loop_close(&loop);
    char command[64];
    snprintf(command, sizeof command, "rm -r %s", folder);
    return system(command) || failed;
}
