/* A MySQL or MariaDB, by libmariadb's non-blocking calls: it lets us in, and tells of connections, transactions,
 * replication, its buffer pool and size. The account needs USAGE; PROCESS and REPLICATION CLIENT let it tell more. */
#include <math.h>
#include <mysql.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/memory.h"
#include "base/text.h"
#include "collect/check_private.h"

struct mysql_check;

/* What a row of two columns, name and value, means. */
static const struct { const char *variable, *figure, *unit; } known[] = {
    {"Threads_connected", "connections", ""}, {"Threads_running", "threads_running", ""}, {"max_connections", "connections_max", ""},
    {"Uptime", "uptime_s", "s"}, {"Slow_queries", "slow_queries", ""}, {"Aborted_connects", "aborted_connects", ""},
    {"Innodb_row_lock_current_waits", "locks_waiting", ""}, {"oldest_transaction_s", "oldest_transaction_s", "s"},
    {"database_bytes", "database_bytes", "B"}};

/* In this order; what the account may not ask is left out, but for the first. */
static const struct { const char *text; bool required, replica; } questions[] = {
    {.text = "SHOW GLOBAL STATUS WHERE Variable_name IN ('Threads_connected','Threads_running','Uptime','Slow_queries',"
             "'Aborted_connects','Innodb_row_lock_current_waits','Innodb_buffer_pool_reads','Innodb_buffer_pool_read_requests')",
     .required = true},
    {.text = "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('max_connections','version')", .required = true},
    {.text = "SELECT 'oldest_transaction_s', max(timestampdiff(SECOND, trx_started, now())) FROM information_schema.innodb_trx"},
    {.text = "SELECT 'database_bytes', sum(data_length + index_length) FROM information_schema.tables WHERE table_schema = database()"},
    {.text = "SHOW SLAVE STATUS", .replica = true},
};

enum step { STEP_CONNECT, STEP_QUERY, STEP_RESULT };

struct mysql_check {
    char *host, *database, *user, *password, *authority, *socket;
    unsigned port, question;
    bool tls;
    MYSQL *connection;
    uv_poll_t *poll;
    enum step step;
    char address[INET6_ADDRSTRLEN], version[64];
    double reads, requests;
    uint64_t asked_at;
};

static void poll_freed(uv_handle_t *handle)
{
    free(handle);
}

static void unwatch(struct mysql_check *mysql)
{
    if (!mysql->poll)
        return;
    uv_poll_stop(mysql->poll);
    uv_close((uv_handle_t *)mysql->poll, poll_freed);
    mysql->poll = NULL;
}

static void go_on(uv_poll_t *poll, int status, int events);

static void watch(struct check *check, int wanted)
{
    struct mysql_check *mysql = check->state;
    int events = (wanted & MYSQL_WAIT_READ ? UV_READABLE : 0) | (wanted & MYSQL_WAIT_WRITE ? UV_WRITABLE : 0) |
                 (wanted & MYSQL_WAIT_EXCEPT ? UV_PRIORITIZED : 0);
    unwatch(mysql);
    mysql->poll = memory_new(sizeof *mysql->poll);
    if (uv_poll_init_socket(check->loop, mysql->poll, mysql_get_socket(mysql->connection)) != 0) {
        free(mysql->poll);
        mysql->poll = NULL;
        check_fail(check, "its socket cannot be watched");
        return;
    }
    mysql->poll->data = check;
    uv_poll_start(mysql->poll, events, go_on);
}

static void library_fail(struct check *check)
{
    struct mysql_check *mysql = check->state;
    unsigned code = mysql_errno(mysql->connection);
    /* 1044 and 1045: the account; 1040 too many connections; 1130 not from this host */
    bool refused = code == 1044 || code == 1045 || code == 1130 || code == 1040 || code == 1049;
    check_fail(check, "%s%.160s (%u)", refused ? "it refuses: " : "", mysql_error(mysql->connection), code);
}

/* ---- answers ---- */

static void take_pair(struct check *check, const char *name, const char *value)
{
    struct mysql_check *mysql = check->state;
    double number;
    if (strcmp(name, "version") == 0)
        text_clean_into(mysql->version, sizeof mysql->version, value, strlen(value));
    if (!text_number(value, &number))
        return;
    if (strcmp(name, "Innodb_buffer_pool_reads") == 0)
        mysql->reads = number;
    if (strcmp(name, "Innodb_buffer_pool_read_requests") == 0)
        mysql->requests = number;
    for (size_t i = 0; i < ARRAY_COUNT(known); i++)
        if (strcmp(known[i].variable, name) == 0)
            check_figure(check, known[i].figure, known[i].unit, number);
}

static void take_replica(struct check *check, MYSQL_RES *result)
{
    MYSQL_ROW row = mysql_fetch_row(result);
    MYSQL_FIELD *fields = mysql_fetch_fields(result);
    double lag;
    for (unsigned i = 0; row && i < mysql_num_fields(result); i++) {
        if (strcmp(fields[i].name, "Seconds_Behind_Master") == 0 && row[i] && text_number(row[i], &lag))
            check_figure(check, "replication_lag_s", "s", lag);
        bool runs = strcmp(fields[i].name, "Slave_IO_Running") == 0 || strcmp(fields[i].name, "Slave_SQL_Running") == 0;
        if (runs && row[i] && strcmp(row[i], "Yes") != 0)
            check_worse(check, HEALTH_CRITICAL, "a replica that does not replicate: %s is %.40s", fields[i].name, row[i]);
    }
}

static void take(struct check *check, MYSQL_RES *result)
{
    struct mysql_check *mysql = check->state;
    if (questions[mysql->question].replica) {
        take_replica(check, result);
        return;
    }
    for (MYSQL_ROW row; mysql_num_fields(result) == 2 && (row = mysql_fetch_row(result)) != NULL;)
        if (row[0] && row[1])
            take_pair(check, row[0], row[1]);
}

static double figure_of(const struct check *check, const char *name)
{
    for (unsigned i = 0; i < check->answer.figure_count; i++)
        if (strcmp(check->answer.figures[i].name, name) == 0)
            return check->answer.figures[i].value;
    return NAN;
}

static void finish(struct check *check)
{
    const struct mysql_check *mysql = check->state;
    double used = figure_of(check, "connections"), most = figure_of(check, "connections_max");
    check_figure(check, "connections_percent", "%", 100 * used / most);
    check_figure(check, "cache_hit_percent", "%", mysql->requests > 0 ? 100 * (1 - mysql->reads / mysql->requests) : NAN);
    check_note(check, "%s, %.1f ms, %.0f of %.0f connections", mysql->version, figure_of(check, "latency_ms"), used, most);
    check_end(check);
}

/* ---- steps: each may wait for the socket any number of times ---- */

static void next_step(struct check *check);

static void ask(struct check *check)
{
    struct mysql_check *mysql = check->state;
    int failed, wanted;
    mysql->step = STEP_QUERY;
    check_phase(check, "answer to a query");
    wanted = mysql_real_query_start(&failed, mysql->connection, questions[mysql->question].text,
                                    strlen(questions[mysql->question].text));
    if (wanted)
        watch(check, wanted);
    else
        next_step(check);
}

static void next_question(struct check *check)
{
    struct mysql_check *mysql = check->state;
    if (mysql->question == 0)
        check_figure(check, "latency_ms", "ms", (double)(uv_hrtime() - mysql->asked_at) / 1e6);
    if (++mysql->question < ARRAY_COUNT(questions))
        ask(check);
    else
        finish(check);
}

static void result_in(struct check *check, MYSQL_RES *result)
{
    if (result) {
        take(check, result);
        mysql_free_result(result);
    }
    next_question(check);
}

/* What was begun is done; go on with what comes next. */
static void next_step(struct check *check)
{
    struct mysql_check *mysql = check->state;
    if (mysql->step == STEP_CONNECT) {
        if (mysql_errno(mysql->connection)) {
            library_fail(check);
            return;
        }
        check_figure(check, "connect_ms", "ms", check_elapsed(check));
        mysql->asked_at = uv_hrtime();
        ask(check);
    } else if (mysql_errno(mysql->connection)) {
        if (questions[mysql->question].required || mysql_errno(mysql->connection) >= 2000)
            library_fail(check); /* 2000 and above: the connection */
        else
            next_question(check);
    } else if (mysql->step == STEP_QUERY) {
        MYSQL_RES *result;
        mysql->step = STEP_RESULT;
        int wanted = mysql_store_result_start(&result, mysql->connection);
        if (wanted)
            watch(check, wanted);
        else
            result_in(check, result);
    }
}

static void go_on(uv_poll_t *poll, int status, int events)
{
    struct check *check = poll->data;
    struct mysql_check *mysql = check->state;
    int ready = (events & UV_READABLE ? MYSQL_WAIT_READ : 0) | (events & UV_WRITABLE ? MYSQL_WAIT_WRITE : 0) |
                (events & UV_PRIORITIZED ? MYSQL_WAIT_EXCEPT : 0);
    int wanted = 0, failed;
    MYSQL *connected;
    MYSQL_RES *result = NULL;
    ready = status < 0 ? MYSQL_WAIT_READ | MYSQL_WAIT_WRITE : ready;
    unwatch(mysql); /* before the library may close the descriptor */
    if (mysql->step == STEP_CONNECT)
        wanted = mysql_real_connect_cont(&connected, mysql->connection, ready);
    else if (mysql->step == STEP_QUERY)
        wanted = mysql_real_query_cont(&failed, mysql->connection, ready);
    else
        wanted = mysql_store_result_cont(&result, mysql->connection, ready);
    if (wanted)
        watch(check, wanted);
    else if (mysql->step == STEP_RESULT && !mysql_errno(mysql->connection))
        result_in(check, result);
    else
        next_step(check);
}

static void start(struct check *check)
{
    struct mysql_check *mysql = check->state;
    MYSQL *connected;
    unsigned never = 0, seconds = 60;
    my_bool enforce = 1;
    mysql->connection = mysql_init(NULL);
    mysql->question = 0;
    mysql->step = STEP_CONNECT;
    mysql->reads = mysql->requests = 0;
    mysql->version[0] = '\0';
    mysql_options(mysql->connection, MYSQL_OPT_NONBLOCK, 0);
    mysql_options(mysql->connection, MYSQL_OPT_LOCAL_INFILE, &never); /* a server must not ask us for files */
    mysql_options(mysql->connection, MYSQL_OPT_CONNECT_TIMEOUT, &seconds);
    if (mysql->tls) {
        mysql_ssl_set(mysql->connection, NULL, NULL, mysql->authority, NULL, NULL);
        mysql_options(mysql->connection, MYSQL_OPT_SSL_ENFORCE, &enforce);
    }
    check_phase(check, "connection that lets us in");
    int wanted = mysql_real_connect_start(&connected, mysql->connection, mysql->socket ? NULL : mysql->address, mysql->user,
                                          mysql->password, mysql->database, mysql->port, mysql->socket, 0);
    if (wanted)
        watch(check, wanted);
    else
        next_step(check);
}

static void found(struct check *check, const struct check_address *address)
{
    struct mysql_check *mysql = check->state;
    memcpy(mysql->address, address->text, sizeof mysql->address);
    start(check);
}

static void mysql_begin(struct check *check)
{
    struct mysql_check *mysql = check->state;
    if (mysql->socket)
        start(check);
    else
        check_resolve(check, mysql->host, mysql->port, found); /* the library would block on a name */
}

static void mysql_stop(struct check *check)
{
    struct mysql_check *mysql = check->state;
    if (!mysql)
        return;
    unwatch(mysql);
    if (!mysql->connection)
        return;
    my_socket socket = mysql_get_socket(mysql->connection);
    if (socket >= 0)
        shutdown(socket, SHUT_RDWR); /* so that its goodbye cannot wait */
    mysql_close(mysql->connection);
    mysql->connection = NULL;
}

static void mysql_check_close(struct check *check)
{
    struct mysql_check *mysql = check->state;
    free(mysql->host);
    free(mysql->socket);
    free(mysql->database);
    free(mysql->user);
    free(mysql->authority);
    secret_free(&mysql->password);
    free(mysql);
}

static bool mysql_open(struct check *check, const struct config_node *node, struct error *error)
{
    struct mysql_check *mysql = check->state = memory_new(sizeof *mysql);
    const char *address = config_text(node, "address", "");
    if (address[0] == '/')
        mysql->socket = memory_text(address);
    else
        mysql->host = check_host_of(node, 3306, &mysql->port);
    mysql->database = memory_text(config_text(node, "database", NULL));
    mysql->user = memory_text(config_text(node, "user", "nocturne"));
    mysql->tls = config_bool(node, "tls", false);
    mysql->authority = memory_text(config_text(node, "authority", NULL));
    return check_secret(check, node, "password", &mysql->password, error);
}

static bool check_place(const struct config_node *node, const char *text, struct error *error)
{
    return text[0] == '/' || check_address_valid(node, text, error);
}

static const struct config_key mysql_keys[] = {
    {.name = "address", .type = CONFIG_TEXT, .check = check_place, .help = "HOST or HOST:PORT (default port 3306), or the path of a unix socket; without it the check waits"},
    {.name = "database", .type = CONFIG_TEXT, .help = "whose size is told (default: none)"},
    {.name = "user", .type = CONFIG_TEXT, .help = "an account with USAGE, best with PROCESS and REPLICATION CLIENT (default nocturne)"},
    CHECK_SECRET_KEY("password"),
    {.name = "tls", .type = CONFIG_BOOL, .help = "TLS is required; the chain is checked, the name is not (default false)"},
    {.name = "authority", .type = CONFIG_PATH, .help = "PEM file of the authorities to trust"},
    {.name = NULL},
};

static const char *const mysql_limits[] = {"warning connections_percent > 80", "critical connections_percent > 95",
                                           "warning oldest_transaction_s > 3600", "warning replication_lag_s > 60",
                                           "warning locks_waiting > 20", NULL};

static void mysql_protection(const struct config_node *node, struct protection *protection)
{
    protection_of_address(protection, config_text(node, "address", ""), "mysql", config_bool(node, "tls", false), true);
}

const struct check_ops check_mysql = {
    .type = "mysql",
    .help = "A MySQL or MariaDB: connections, oldest transaction, locks waiting, replication, buffer pool, size",
    .keys = mysql_keys,
    .protection = mysql_protection,
    .address = "address",
    .limits = mysql_limits,
    .open = mysql_open,
    .begin = mysql_begin,
    .stop = mysql_stop,
    .close = mysql_check_close,
};
