/* A PostgreSQL, by libpq without blocking: it lets us in, and tells of connections, transactions, locks, replication,
 * cache and size. The role needs no more than CONNECT; pg_monitor lets it see others' transactions. */
#include <libpq-fe.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "collect/check_private.h"

/* One row, a column a figure; the names are the figures'. NULL stands for what this server or role cannot tell. */
static const char question[] =
    "SELECT (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend') AS connections,"
    " current_setting('max_connections')::int AS connections_max,"
    " (SELECT extract(epoch FROM now() - min(xact_start)) FROM pg_stat_activity"
    "   WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()) AS oldest_transaction_s,"
    " (SELECT count(*) FROM pg_locks WHERE NOT granted) AS locks_waiting,"
    " CASE WHEN pg_is_in_recovery() THEN"
    "   CASE WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN 0"
    "     ELSE extract(epoch FROM now() - pg_last_xact_replay_timestamp()) END"
    "  ELSE (SELECT max(extract(epoch FROM replay_lag)) FROM pg_stat_replication) END AS replication_lag_s,"
    " CASE WHEN pg_is_in_recovery() THEN NULL ELSE (SELECT count(*) FROM pg_stat_replication) END AS replicas,"
    " (SELECT 100.0 * sum(blks_hit) / nullif(sum(blks_hit) + sum(blks_read), 0) FROM pg_stat_database) AS cache_hit_percent,"
    " pg_database_size(current_database()) AS database_bytes,"
    " (SELECT sum(n_dead_tup) FROM pg_stat_user_tables) AS dead_rows,"
    " (SELECT 100.0 * sum(n_dead_tup) / nullif(sum(n_dead_tup) + sum(n_live_tup), 0) FROM pg_stat_user_tables) AS dead_percent,"
    " (SELECT sum(deadlocks) FROM pg_stat_database) AS deadlocks,"
    " (SELECT max(age(datfrozenxid)) FROM pg_database) AS transaction_age,"
    " extract(epoch FROM now() - pg_postmaster_start_time()) AS uptime_s,"
    " current_setting('server_version') AS version,"
    " pg_is_in_recovery()::int AS replica";

static const struct { const char *figure, *unit; } units[] = {
    {"oldest_transaction_s", "s"}, {"replication_lag_s", "s"}, {"cache_hit_percent", "%"}, {"database_bytes", "B"},
    {"dead_percent", "%"}, {"uptime_s", "s"}};

struct postgres {
    char *host, *database, *user, *password, *mode, *authority, *socket;
    unsigned port;
    PGconn *connection;
    uv_poll_t *poll;         /* of the connection's socket, which may be another after each step */
    bool asked;
    uint64_t asked_at;
};

static void poll_freed(uv_handle_t *handle)
{
    free(handle);
}

static void unwatch(struct postgres *postgres)
{
    if (!postgres->poll)
        return;
    uv_poll_stop(postgres->poll);
    uv_close((uv_handle_t *)postgres->poll, poll_freed);
    postgres->poll = NULL;
}

static void go_on(uv_poll_t *poll, int status, int events);

static void watch(struct check *check, int events)
{
    struct postgres *postgres = check->state;
    unwatch(postgres);
    postgres->poll = memory_new(sizeof *postgres->poll);
    int status = uv_poll_init_socket(check->loop, postgres->poll, PQsocket(postgres->connection));
    if (status != 0) {
        free(postgres->poll);
        postgres->poll = NULL;
        check_fail(check, "%s", uv_strerror(status));
        return;
    }
    postgres->poll->data = check;
    uv_poll_start(postgres->poll, events, go_on);
}

/* libpq's complaint as one line, without the address it repeats. */
static void library_fail(struct check *check, const char *text)
{
    const char *fatal = strstr(text, "FATAL: "), *error = strstr(text, "ERROR: "), *failed = strstr(text, " failed: ");
    const char *best = fatal ? fatal + 7 : error ? error + 7 : failed ? failed + 9 : text;
    char line[200];
    while (*best == ' ')
        best++;
    text_clean_into(line, sizeof line, best, strcspn(best, "\n"));
    check_fail(check, "%s%s", fatal ? "it refuses: " : "", line);
}

static const char *unit_of(const char *figure)
{
    for (size_t i = 0; i < ARRAY_COUNT(units); i++)
        if (strcmp(units[i].figure, figure) == 0)
            return units[i].unit;
    return "";
}

static double column(const PGresult *result, const char *name)
{
    int at = PQfnumber(result, name);
    double number;
    return at >= 0 && PQntuples(result) == 1 && !PQgetisnull(result, 0, at) && text_number(PQgetvalue(result, 0, at), &number) ? number : NAN;
}

static void judge(struct check *check, const PGresult *result)
{
    const struct postgres *postgres = check->state;
    double used = column(result, "connections"), most = column(result, "connections_max"), latency;
    int version = PQfnumber(result, "version");
    latency = (double)(uv_hrtime() - postgres->asked_at) / 1e6;
    check_figure(check, "latency_ms", "ms", latency);
    for (int i = 0; i < PQnfields(result); i++)
        if (i != version)
            check_figure(check, PQfname(result, i), unit_of(PQfname(result, i)), column(result, PQfname(result, i)));
    check_figure(check, "connections_percent", "%", 100 * used / most);
    check_note(check, "PostgreSQL %s%s, %.1f ms, %.0f of %.0f connections", version >= 0 ? PQgetvalue(result, 0, version) : "",
               column(result, "replica") > 0 ? " (replica)" : "", latency, used, most);
}

static void take_result(struct check *check)
{
    struct postgres *postgres = check->state;
    if (!PQconsumeInput(postgres->connection)) {
        library_fail(check, PQerrorMessage(postgres->connection));
        return;
    }
    if (PQisBusy(postgres->connection)) {
        watch(check, UV_READABLE);
        return;
    }
    PGresult *result = PQgetResult(postgres->connection);
    if (PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) == 1) {
        judge(check, result);
        PQclear(result);
        check_end(check);
        return;
    }
    char text[400];
    snprintf(text, sizeof text, "%s", PQresultErrorMessage(result));
    PQclear(result);
    library_fail(check, text[0] ? text : N_("it answers with something else than a row"));
}

static void ask(struct check *check)
{
    struct postgres *postgres = check->state;
    check_figure(check, "connect_ms", "ms", check_elapsed(check));
    postgres->asked = true;
    postgres->asked_at = uv_hrtime();
    check_phase(check, "answer to a query");
    PQsetnonblocking(postgres->connection, 1);
    if (!PQsendQuery(postgres->connection, question)) {
        library_fail(check, PQerrorMessage(postgres->connection));
        return;
    }
    watch(check, PQflush(postgres->connection) == 1 ? UV_READABLE | UV_WRITABLE : UV_READABLE);
}

static void connect_step(struct check *check)
{
    struct postgres *postgres = check->state;
    PostgresPollingStatusType status = PQconnectPoll(postgres->connection);
    if (status == PGRES_POLLING_FAILED)
        library_fail(check, PQerrorMessage(postgres->connection));
    else if (status == PGRES_POLLING_OK)
        ask(check);
    else
        watch(check, status == PGRES_POLLING_READING ? UV_READABLE : UV_WRITABLE);
}

static void go_on(uv_poll_t *poll, int status, int events)
{
    struct check *check = poll->data;
    struct postgres *postgres = check->state;
    (void)status, (void)events;
    unwatch(postgres); /* before libpq may close the descriptor */
    if (!postgres->asked) {
        connect_step(check);
    } else if (PQflush(postgres->connection) == 1) {
        watch(check, UV_READABLE | UV_WRITABLE);
    } else {
        take_result(check);
    }
}

static void start(struct check *check, const char *address)
{
    struct postgres *postgres = check->state;
    char port[8];
    snprintf(port, sizeof port, "%u", postgres->port);
    const char *names[] = {"host", "hostaddr", "port", "dbname", "user", "password", "sslmode", "sslrootcert", "application_name",
                           "options", "passfile", "gssencmode", NULL};
    const char *values[] = {postgres->socket ? postgres->socket : postgres->host, address, port, postgres->database, postgres->user,
                            postgres->password, postgres->mode, postgres->authority, "nocturned",
                            "-c statement_timeout=30000 -c default_transaction_read_only=on", "/dev/null/none", "disable", NULL};
    check_phase(check, "connection that lets us in");
    postgres->asked = false;
    postgres->connection = PQconnectStartParams(names, values, 0);
    if (!postgres->connection || PQstatus(postgres->connection) == CONNECTION_BAD)
        library_fail(check, postgres->connection ? PQerrorMessage(postgres->connection) : N_("no memory"));
    else
        watch(check, UV_WRITABLE);
}

static void found(struct check *check, const struct check_address *address)
{
    start(check, address->text);
}

static void postgres_begin(struct check *check)
{
    struct postgres *postgres = check->state;
    if (postgres->socket)
        start(check, NULL);
    else
        check_resolve(check, postgres->host, postgres->port, found); /* libpq would block on a name */
}

static void postgres_stop(struct check *check)
{
    struct postgres *postgres = check->state;
    if (!postgres)
        return;
    unwatch(postgres);
    if (postgres->connection)
        PQfinish(postgres->connection);
    postgres->connection = NULL;
}

static void postgres_close(struct check *check)
{
    struct postgres *postgres = check->state;
    free(postgres->host);
    free(postgres->socket);
    free(postgres->database);
    free(postgres->user);
    free(postgres->mode);
    free(postgres->authority);
    secret_free(&postgres->password);
    free(postgres);
}

static bool postgres_open(struct check *check, const struct config_node *node, struct error *error)
{
    struct postgres *postgres = check->state = memory_new(sizeof *postgres);
    const char *address = config_text(node, "address", "");
    if (address[0] == '/') {
        postgres->socket = memory_text(address);
        postgres->port = (unsigned)config_integer(node, "port", 5432);
    } else {
        postgres->host = check_host_of(node, 5432, &postgres->port);
    }
    postgres->database = memory_text(config_text(node, "database", "postgres"));
    postgres->user = memory_text(config_text(node, "user", "nocturne"));
    postgres->mode = memory_text(config_text(node, "sslmode", "prefer"));
    postgres->authority = memory_text(config_text(node, "authority", NULL));
    return check_secret(check, node, "password", &postgres->password, error);
}

static bool check_place(const struct config_node *node, const char *text, struct error *error)
{
    return text[0] == '/' || check_address_valid(node, text, error);
}

static const char *const modes[] = {"disable", "prefer", "require", "verify-ca", "verify-full", NULL};

static const struct config_key postgres_keys[] = {
    {.name = "address", .type = CONFIG_TEXT, .check = check_place, .help = "HOST or HOST:PORT (default port 5432), or the folder of a unix socket; without it the check waits"},
    {.name = "port", .type = CONFIG_INTEGER, .minimum = 1, .maximum = 65535, .help = "with a unix socket (default 5432)"},
    {.name = "database", .type = CONFIG_TEXT, .help = "default postgres"},
    {.name = "user", .type = CONFIG_TEXT, .help = "a role that may connect, best with pg_monitor (default nocturne)"},
    CHECK_SECRET_KEY("password"),
    {.name = "sslmode", .type = CONFIG_CHOICE, .choices = modes, .help = "as in libpq (default prefer)"},
    {.name = "authority", .type = CONFIG_PATH, .help = "PEM file of the authorities to trust, for verify-ca and verify-full"},
    {.name = NULL},
};

static const char *const postgres_limits[] = {
    "warning connections_percent > 80", "critical connections_percent > 95", "warning oldest_transaction_s > 3600",
    "warning replication_lag_s > 60", "warning locks_waiting > 20", "warning transaction_age > 1000000000",
    "critical transaction_age > 1800000000", NULL};

/* libpq's `prefer` takes TLS where it is had and checks nobody; only verify-ca and verify-full look at who it is. */
static void postgres_protection(const struct config_node *node, struct protection *protection)
{
    const char *mode = config_text(node, "sslmode", "prefer");
    bool tls = strcmp(mode, "disable") != 0 && strcmp(mode, "prefer") != 0, verify = strncmp(mode, "verify-", 7) == 0;
    protection_of_address(protection, config_text(node, "address", ""), "postgres", tls, verify);
}

const struct check_ops check_postgres = {
    .type = "postgres",
    .help = "A PostgreSQL: connections, oldest transaction, locks waiting, replication lag, cache hits, size, dead rows",
    .keys = postgres_keys,
    .protection = postgres_protection,
    .address = "address",
    .limits = postgres_limits,
    .open = postgres_open,
    .begin = postgres_begin,
    .stop = postgres_stop,
    .close = postgres_close,
};
