/* A connection to the server: made, lost, made again; and what its complaints mean. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "store/postgres_db.h"

#define ANSWER_MS 45000     /* without a byte: the connection is given up */
#define PAUSE_FIRST SPAN_SECOND
#define PAUSE_LONGEST (15 * SPAN_SECOND)
#define LOCK_CLASS 0x6e6f6374 /* "noct"; the second number is the part */
#define LOCK_TRIES 20
#define LOCK_WAIT 100000 /* us */
#define OLDEST_SERVER 120000

/* ---- what went wrong ---- */

static const struct {
    const char *state; /* its beginning */
    enum error_code code;
} meanings[] = {
    {"53100", ERROR_FULL},      {"53400", ERROR_FULL},        {"53", ERROR_UNAVAILABLE}, {"08", ERROR_UNAVAILABLE},
    {"57", ERROR_UNAVAILABLE},  {"55P03", ERROR_TIMEOUT}, {"40", ERROR_UNAVAILABLE}, {"42501", ERROR_DENIED},
    {"25006", ERROR_DENIED},    {"28", ERROR_DENIED},         {"3D000", ERROR_NOT_FOUND}, {"XX001", ERROR_CORRUPT},
    {"XX002", ERROR_CORRUPT},   {"58", ERROR_UNAVAILABLE},
};

static enum error_code meaning_of(const char *state)
{
    for (size_t i = 0; i < ARRAY_COUNT(meanings); i++)
        if (strncmp(state, meanings[i].state, strlen(meanings[i].state)) == 0)
            return meanings[i].code;
    return ERROR_INTERNAL;
}

/* libpq's complaint in one line, without "FATAL:" and the address it repeats. */
static void complaint(char *out, size_t size, const char *text)
{
    const char *best = text;
    static const char *const marks[] = {"FATAL:  ", "ERROR:  ", "PANIC:  ", " failed: "};
    for (size_t i = 0; i < ARRAY_COUNT(marks); i++) {
        const char *mark = strstr(text, marks[i]);
        if (mark) {
            best = mark + strlen(marks[i]);
            break;
        }
    }
    text_clean_into(out, size, best, strcspn(best, "\n"));
}

/* A connection that is refused has no SQLSTATE. */
static enum error_code meaning_of_refusal(const char *text)
{
    if (strstr(text, "does not exist") && strstr(text, "database"))
        return ERROR_NOT_FOUND;
    return strstr(text, "authentication") || strstr(text, "password") || strstr(text, "pg_hba.conf") ||
                   (strstr(text, "role") && strstr(text, "does not exist")) ? ERROR_DENIED : ERROR_UNAVAILABLE;
}

bool postgres_fail(struct postgres *postgres, const PGresult *result, struct error *error)
{
    char line[240];
    const char *state = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
    const char *text = result ? PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) : NULL;
    complaint(line, sizeof line, text ? text : postgres->link ? PQerrorMessage(postgres->link) : "the connection is lost");
    snprintf(postgres->state, sizeof postgres->state, "%s", state ? state : "08006");
    if (result && PQstatus(postgres->link) == CONNECTION_OK)
        error_set(error, meaning_of(postgres->state), "%s: %s", postgres->server->address, line);
    else
        error_set(error, ERROR_UNAVAILABLE, "%s: connection lost: %s", postgres->server->address,
                  line[0] ? line : N_("the server is gone"));
    if (PQstatus(postgres->link) != CONNECTION_OK)
        postgres_disconnect(postgres);
    return false;
}

/* ---- waiting ---- */

PGresult *postgres_result(struct postgres *postgres, bool *lost)
{
    PGconn *link = postgres->link;
    *lost = false;
    for (;;) {
        int flushing = PQflush(link);
        if (flushing < 0 || PQstatus(link) != CONNECTION_OK)
            break;
        if (!flushing && !PQisBusy(link))
            return PQgetResult(link);
        struct pollfd wait = {.fd = PQsocket(link), .events = (short)(POLLIN | (flushing ? POLLOUT : 0))};
        if (wait.fd < 0 || poll(&wait, 1, ANSWER_MS) == 0) /* not a signal: those are the loop's thread's */
            break;
        if ((wait.revents & ~POLLOUT) && !PQconsumeInput(link))
            break;
    }
    *lost = true;
    return NULL;
}

PGresult *postgres_ask(struct postgres *postgres, const char *sql, struct error *error)
{
    PGresult *last = NULL, *result;
    bool lost = false;
    if (!PQsendQuery(postgres->link, sql)) {
        postgres_fail(postgres, NULL, error);
        return NULL;
    }
    while ((result = postgres_result(postgres, &lost)) != NULL) {
        bool bad = last && PQresultStatus(last) == PGRES_FATAL_ERROR;
        PQclear(bad ? result : last);
        last = bad ? last : result;
    }
    if (!lost && last && PQresultStatus(last) != PGRES_FATAL_ERROR)
        return last;
    postgres_fail(postgres, lost ? NULL : last, error);
    if (lost)
        postgres_disconnect(postgres);
    PQclear(last);
    return NULL;
}

/* ---- making a connection ---- */

static void swallow(void *owner, const char *message)
{
    (void)owner;
    (void)message;
}

static void add(const char **names, const char **values, int *count, const char *name, const char *value)
{
    names[*count] = name;
    values[(*count)++] = value;
}

/* What the url says goes first; a silent network is noticed within seconds unless it says otherwise. */
static PGconn *dial(const struct postgres_server *server)
{
    static const char *const defaults[][2] = {{"connect_timeout", "5"}, {"keepalives_idle", "10"},
                                              {"keepalives_interval", "5"}, {"keepalives_count", "3"},
                                              {"tcp_user_timeout", "20000"}};
    const char *names[96], *values[96];
    int count = 0;
    for (size_t i = 0; i < ARRAY_COUNT(defaults); i++)
        add(names, values, &count, defaults[i][0], defaults[i][1]);
    for (const PQconninfoOption *option = server->options; option->keyword; option++)
        if (option->val && count < 90)
            add(names, values, &count, option->keyword, option->val);
    if (server->password)
        add(names, values, &count, "password", server->password);
    add(names, values, &count, "application_name", server->name);
    add(names, values, &count, "client_encoding", "UTF8");
    names[count] = values[count] = NULL;
    return PQconnectdbParams(names, values, 0);
}

static bool refuse(struct postgres *postgres, enum error_code code, const char *text, struct error *error)
{
    struct postgres_server *server = postgres->server;
    struct error refused = {0};
    error_set(&refused, code, "%s: %s", server->address, text);
    postgres_disconnect(postgres);
    uv_mutex_lock(&server->lock);
    server->pause = server->pause == 0 ? PAUSE_FIRST : server->pause * 2 > PAUSE_LONGEST ? PAUSE_LONGEST : server->pause * 2;
    server->try_at = ticks() + server->pause;
    server->refused = refused;
    uv_mutex_unlock(&server->lock);
    snprintf(postgres->state, sizeof postgres->state, "08001");
    if (error)
        *error = refused;
    return false;
}

static bool too_soon(struct postgres_server *server, struct error *error)
{
    uv_mutex_lock(&server->lock);
    bool soon = ticks() < server->try_at;
    if (soon && error)
        *error = server->refused;
    uv_mutex_unlock(&server->lock);
    return soon;
}

void postgres_try_now(struct postgres_server *server)
{
    uv_mutex_lock(&server->lock);
    server->try_at = 0;
    uv_mutex_unlock(&server->lock);
}

static const char *field(const PGresult *result, int column)
{
    return PQntuples(result) > 0 ? PQgetvalue(result, 0, column) : "";
}

/* Who holds the lock, in one line; our own connection of before, which the server has not yet missed, is ended. */
static void tell_holder(struct postgres *postgres, char *line, size_t size)
{
    char sql[500];
    snprintf(sql, sizeof sql, "SELECT a.application_name, coalesce(host(a.client_addr), 'its own host'), "
             "to_char(a.backend_start, 'YYYY-MM-DD HH24:MI:SS TZ'), a.pid FROM pg_locks l JOIN pg_stat_activity a USING (pid) "
             "WHERE l.locktype='advisory' AND l.classid=%d AND l.objid=%d AND l.objsubid=2 AND l.granted AND l.database="
             "(SELECT oid FROM pg_database WHERE datname=current_database())", LOCK_CLASS, (int)postgres->part + 1);
    PGresult *result = postgres_ask(postgres, sql, NULL);
    if (!result)
        return;
    bool ours = strcmp(field(result, 0), postgres->server->name) == 0;
    snprintf(line, size, "is in use by another nocturned (%s, from %s, since %s): end that one, or name another database",
             field(result, 0)[0] ? field(result, 0) : "unnamed", field(result, 1), field(result, 2));
    snprintf(sql, sizeof sql, "SELECT pg_terminate_backend(%s)", field(result, 3)[0] ? field(result, 3) : "0");
    PQclear(result);
    if (ours)
        PQclear(postgres_ask(postgres, sql, NULL));
}

/* A daemon that just ended may not have been missed either, so it is tried for a while. */
static bool lock_part(struct postgres *postgres, struct error *error)
{
    char sql[120], line[300] = "is in use by another nocturned";
    snprintf(sql, sizeof sql, "SELECT pg_try_advisory_lock(%d, %d)", LOCK_CLASS, (int)postgres->part + 1);
    for (int tries = 0; tries < LOCK_TRIES; tries++) {
        PGresult *result = postgres_ask(postgres, sql, error);
        if (!result)
            return false;
        bool locked = field(result, 0)[0] == 't';
        PQclear(result);
        if (locked)
            return true;
        tell_holder(postgres, line, sizeof line);
        if (!postgres->link)
            return error_set(error, ERROR_UNAVAILABLE, "%s: connection lost", postgres->server->address);
        usleep(LOCK_WAIT);
    }
    return refuse(postgres, ERROR_CONFLICT, line, error);
}

/* Another daemon may have written while we were cut off: what our memory holds would then be wrong. */
static bool still_ours(struct postgres *postgres, struct error *error)
{
    if (!postgres->server->claimed)
        return true;
    PGresult *result = postgres_ask(postgres, "SELECT number FROM meta WHERE name='writer'", error);
    if (!result)
        return false;
    bool ours = strtoll(field(result, 0), NULL, 10) == postgres->server->incarnation;
    PQclear(result);
    return ours || refuse(postgres, ERROR_CONFLICT, "another nocturned has written to it since this one was cut off: start "
                          "this one again", error);
}

/* Telemetry is committed for good too: a batch a second costs a server little, and its crash then loses none. */
static bool prepare_session(struct postgres *postgres, struct error *error)
{
    char sql[500];
    snprintf(sql, sizeof sql, "SET search_path=%s; SET client_min_messages=warning; SET lock_timeout='1s'; "
             "SET default_transaction_isolation='%s'; SET default_transaction_read_only=%s; "
             "SET timezone='UTC'; SELECT set_config('synchronous_commit', 'on', false) WHERE "
             "current_setting('synchronous_commit')='off'",
             postgres->part == SQL_RECORDS ? POSTGRES_SCHEMA_RECORDS : POSTGRES_SCHEMA_TELEMETRY,
             postgres->write ? "read committed" : "repeatable read", postgres->write ? "off" : "on");
    PGresult *result = postgres_ask(postgres, sql, error);
    PQclear(result);
    return result != NULL;
}

static bool suits(struct postgres *postgres, struct error *error)
{
    const char *encoding = PQparameterStatus(postgres->link, "server_encoding");
    char line[200];
    if (PQserverVersion(postgres->link) < OLDEST_SERVER) {
        snprintf(line, sizeof line, "is PostgreSQL %s; 12 or later is needed", PQparameterStatus(postgres->link, "server_version"));
        return refuse(postgres, ERROR_INVALID, line, error);
    }
    if (encoding && strcmp(encoding, "UTF8") == 0)
        return true;
    snprintf(line, sizeof line, "has the encoding %s: make it with `createdb -E UTF8 -T template0`", encoding ? encoding : "?");
    return refuse(postgres, ERROR_INVALID, line, error);
}

bool postgres_connect(struct postgres *postgres, struct error *error)
{
    struct postgres_server *server = postgres->server;
    char line[260], why[240];
    snprintf(postgres->state, sizeof postgres->state, "08001");
    if (too_soon(server, error))
        return false;
    if (server->detached && !postgres->write)
        return error_set(error, ERROR_UNAVAILABLE, "%s: not reached since the start", server->address);
    postgres->link = dial(server);
    if (PQstatus(postgres->link) != CONNECTION_OK) {
        const char *text = PQerrorMessage(postgres->link);
        enum error_code code = meaning_of_refusal(text);
        complaint(why, sizeof why, text);
        snprintf(line, sizeof line, "%s%s", code == ERROR_UNAVAILABLE ? "cannot be reached: " : "", why);
        return refuse(postgres, code, line, error);
    }
    postgres->generation++;
    PQsetNoticeProcessor(postgres->link, swallow, NULL);
    PQsetnonblocking(postgres->link, 1);
    struct error cause = {0};
    if (!suits(postgres, error))
        return false;
    if (!prepare_session(postgres, &cause) || (postgres->write && (!lock_part(postgres, &cause) || !still_ours(postgres, &cause))) ||
        !PQenterPipelineMode(postgres->link)) {
        postgres_disconnect(postgres);
        if (error)
            *error = cause;
        return false;
    }
    uv_mutex_lock(&server->lock);
    server->pause = server->try_at = 0;
    uv_mutex_unlock(&server->lock);
    return true;
}

void postgres_disconnect(struct postgres *postgres)
{
    PQfinish(postgres->link);
    postgres->link = NULL;
    postgres->pending = 0;
    postgres->pending_bytes = 0;
    postgres->reading = NULL;
    buffer_clear(&postgres->garbage);
}

/* ---- the server ---- */

static const char *option_of(const PQconninfoOption *options, const char *keyword)
{
    for (; options->keyword; options++)
        if (strcmp(options->keyword, keyword) == 0)
            return options->val && options->val[0] ? options->val : NULL;
    return NULL;
}

static char *address_of(const PQconninfoOption *options)
{
    const char *user = option_of(options, "user"), *host = option_of(options, "host"), *port = option_of(options, "port"),
               *database = option_of(options, "dbname"), *service = option_of(options, "service");
    char *address = memory_printf("postgresql://%s%s%s%s%s/%s%s", user ? user : "", user ? "@" : "", host ? host : "",
                                  port ? ":" : "", port ? port : "", database ? database : "",
                                  service && !database ? service : "");
    return address;
}

bool postgres_server_init(struct postgres_server *server, const char *url, const char *password, struct error *error)
{
    char *wrong = NULL, host[80] = "";
    *server = (struct postgres_server){.options = PQconninfoParse(url, &wrong)};
    if (!server->options) {
        char line[200];
        bool secret = strchr(url, '@') || strstr(url, "password"); /* the complaint may repeat it */
        text_clean_into(line, sizeof line, wrong ? wrong : "", wrong ? strcspn(wrong, "\n") : 0);
        PQfreemem(wrong);
        return error_set(error, ERROR_INVALID, "the url is not postgresql://USER@HOST:PORT/DATABASE?OPTION=VALUE%s%s",
                         secret ? "" : ": ", secret ? "" : line);
    }
    if (option_of(server->options, "password")) {
        PQconninfoFree(server->options);
        return error_set(error, ERROR_INVALID, "a password in the url would be seen by all: name a file in `password:`, or "
                         "use ~/.pgpass");
    }
    gethostname(host, sizeof host - 1);
    randombytes_buf(&server->incarnation, sizeof server->incarnation);
    server->incarnation &= INT64_MAX;
    server->name = memory_printf("nocturned pid %ld on %.24s #%08x", (long)getpid(), host, (unsigned)server->incarnation);
    server->address = address_of(server->options);
    server->password = password ? memory_text(password) : NULL;
    uv_mutex_init(&server->lock);
    return true;
}

void postgres_server_release(struct postgres_server *server)
{
    PQconninfoFree(server->options);
    if (server->password)
        sodium_memzero(server->password, strlen(server->password));
    free(server->password);
    free(server->address);
    free(server->name);
    uv_mutex_destroy(&server->lock);
}
