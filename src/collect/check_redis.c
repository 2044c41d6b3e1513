/* A Redis: answers PING, and tells by INFO of memory, clients, hits, saving and replication. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "collect/check_private.h"
#include "collect/resp.h"
#include "collect/stream.h"

enum step { STEP_AUTH, STEP_PING, STEP_INFO };

struct redis {
    struct talk talk;
    char *host, *user, *password, *authority;
    unsigned port;
    bool tls;
    enum step step;
    uint64_t asked;   /* ns, of PING */
};

static void say(struct check *check, enum step step, const char *missing, const char *const *words, unsigned count)
{
    struct redis *redis = check->state;
    struct buffer out = BUFFER_INIT;
    redis->step = step;
    resp_write(&out, words, count);
    talk_say(&redis->talk, missing, buffer_text(&out), out.length);
    explicit_bzero(out.data, out.length); /* it may hold the password */
    buffer_release(&out);
}

static void ping(struct check *check)
{
    struct redis *redis = check->state;
    redis->asked = uv_hrtime();
    say(check, STEP_PING, "answer to PING", (const char *const[]){"PING"}, 1);
}

static void judge_states(struct check *check, const char *info, size_t length)
{
    char text[64];
    double number, lag = NAN;
    if (resp_info(info, length, "loading", text, sizeof text) && strcmp(text, "1") == 0)
        check_worse(check, HEALTH_WARNING, "it is still loading its data");
    if (resp_info(info, length, "rdb_last_bgsave_status", text, sizeof text) && strcmp(text, "ok") != 0)
        check_worse(check, HEALTH_WARNING, "the last save to disk failed (rdb_last_bgsave_status is %s)", text);
    if (resp_info(info, length, "aof_last_write_status", text, sizeof text) && strcmp(text, "ok") != 0)
        check_worse(check, HEALTH_CRITICAL, "the append-only file cannot be written (aof_last_write_status is %s)", text);
    if (!resp_info(info, length, "role", text, sizeof text))
        return;
    if (strcmp(text, "slave") == 0) {
        if (resp_info(info, length, "master_link_status", text, sizeof text) && strcmp(text, "up") != 0)
            check_worse(check, HEALTH_CRITICAL, "a replica, and its master is not reached");
        if (resp_info_number(info, length, "master_last_io_seconds_ago", &number) && number >= 0)
            lag = number;
    } else if (resp_info_number(info, length, "connected_slaves", &number)) {
        check_figure(check, "replicas", "", number);
    }
    check_figure(check, "replication_lag_s", "s", lag);
}

static void judge_info(struct check *check, const char *info, size_t length)
{
    static const struct { const char *field, *figure, *unit; } plain[] = {
        {"used_memory", "memory_bytes", "B"}, {"connected_clients", "clients", ""}, {"blocked_clients", "blocked_clients", ""},
        {"instantaneous_ops_per_sec", "commands_per_second", "/s"}, {"evicted_keys", "evicted_keys", ""},
        {"rejected_connections", "rejected_connections", ""}, {"uptime_in_seconds", "uptime_s", "s"},
        {"rdb_changes_since_last_save", "unsaved_changes", ""}, {"mem_fragmentation_ratio", "fragmentation", ""}};
    double number, limit, used, hits, misses, clients;
    char version[32] = "";
    for (size_t i = 0; i < ARRAY_COUNT(plain); i++)
        if (resp_info_number(info, length, plain[i].field, &number))
            check_figure(check, plain[i].figure, plain[i].unit, number);
    if (resp_info_number(info, length, "maxmemory", &limit) && limit > 0 && resp_info_number(info, length, "used_memory", &used))
        check_figure(check, "memory_percent", "%", 100 * used / limit);
    if (resp_info_number(info, length, "maxclients", &limit) && limit > 0 && resp_info_number(info, length, "connected_clients", &clients))
        check_figure(check, "clients_percent", "%", 100 * clients / limit);
    if (resp_info_number(info, length, "keyspace_hits", &hits) && resp_info_number(info, length, "keyspace_misses", &misses) && hits + misses > 0)
        check_figure(check, "hit_percent", "%", 100 * hits / (hits + misses));
    if (!resp_info(info, length, "redis_version", version, sizeof version))
        check_worse(check, HEALTH_WARNING, "it answers, and INFO tells no version: is it a Redis?");
    check_note(check, "Redis %s", version);
    if (resp_info_number(info, length, "connected_clients", &clients) && resp_info_number(info, length, "used_memory", &used))
        check_note(check, "%.0f clients, %.1f MiB", clients, used / 1048576);
    judge_states(check, info, length);
}

static void refused(struct check *check, const struct resp *answer)
{
    char text[120];
    text_clean_into(text, sizeof text, answer->text, answer->length);
    check_fail(check, "it refuses: %s", text);
}

static void redis_heard(struct check *check)
{
    struct redis *redis = check->state;
    struct resp answer = resp_read(buffer_text(&redis->talk.in), redis->talk.in.length);
    if (answer.kind == RESP_MORE)
        return;
    if (answer.kind == RESP_BROKEN) {
        check_fail(check, "what answers there does not speak Redis' protocol");
        return;
    }
    if (answer.kind == RESP_ERROR) {
        refused(check, &answer);
        return;
    }
    if (redis->step == STEP_INFO) {
        judge_info(check, answer.text, answer.length);
        check_end(check);
        return;
    }
    buffer_consume(&redis->talk.in, answer.used);
    if (redis->step == STEP_AUTH) {
        ping(check);
        return;
    }
    double latency = (double)(uv_hrtime() - redis->asked) / 1e6;
    check_figure(check, "latency_ms", "ms", latency);
    check_note(check, "PING in %.1f ms", latency);
    say(check, STEP_INFO, "answer to INFO", (const char *const[]){"INFO"}, 1);
}

static void redis_opened(struct check *check)
{
    struct redis *redis = check->state;
    if (redis->password && redis->user)
        say(check, STEP_AUTH, "answer to AUTH", (const char *const[]){"AUTH", redis->user, redis->password}, 3);
    else if (redis->password)
        say(check, STEP_AUTH, "answer to AUTH", (const char *const[]){"AUTH", redis->password}, 2);
    else
        ping(check);
}

static void redis_begin(struct check *check)
{
    struct redis *redis = check->state;
    struct tls_settings tls = {check->contexts, {.ca = redis->authority}, redis->host};
    talk_open(&redis->talk, check, redis->host, redis->port, redis->tls ? &tls : NULL, redis_opened, redis_heard);
}

static void redis_stop(struct check *check)
{
    struct redis *redis = check->state;
    if (redis)
        talk_close(&redis->talk);
}

static void redis_close(struct check *check)
{
    struct redis *redis = check->state;
    free(redis->host);
    free(redis->user);
    free(redis->authority);
    secret_free(&redis->password);
    free(redis);
}

static bool redis_open(struct check *check, const struct config_node *node, struct error *error)
{
    struct redis *redis = check->state = memory_new(sizeof *redis);
    redis->host = check_host_of(node, 6379, &redis->port);
    redis->user = memory_text(config_text(node, "user", NULL));
    redis->authority = memory_text(config_text(node, "authority", NULL));
    redis->tls = config_bool(node, "tls", false);
    return check_secret(check, node, "password", &redis->password, error);
}

static const struct config_key redis_keys[] = {
    {.name = "address", .type = CONFIG_TEXT, .check = check_address_valid, .help = "HOST or HOST:PORT (default port 6379); without it the check waits"},
    {.name = "user", .type = CONFIG_TEXT, .help = "of an ACL; default: the password alone"},
    CHECK_SECRET_KEY("password"),
    {.name = "tls", .type = CONFIG_BOOL, .help = "with TLS, the certificate checked (default false)"},
    {.name = "authority", .type = CONFIG_PATH, .help = "PEM file of the authorities to trust (default: the system's)"},
    {.name = NULL},
};

static const char *const redis_limits[] = {"warning memory_percent > 90", "critical memory_percent > 98", "warning clients_percent > 80",
                                           "critical clients_percent > 95", "warning replication_lag_s > 30", NULL};

static void redis_protection(const struct config_node *node, struct protection *protection)
{
    protection_of_address(protection, config_text(node, "address", ""), "redis", config_bool(node, "tls", false), true);
}

const struct check_ops check_redis = {
    .type = "redis",
    .help = "A Redis: PING and INFO: memory, clients, hit rate, last save, replication",
    .keys = redis_keys,
    .protection = redis_protection,
    .address = "address",
    .limits = redis_limits,
    .open = redis_open,
    .begin = redis_begin,
    .stop = redis_stop,
    .close = redis_close,
};
