/* The engine on PostgreSQL: two schemas in one database, one writer. The writer's two connections each hold a lock of
 * the session (pg_advisory_lock), so that the server itself lets go of it with the connection; and each daemon leaves
 * its number in the database, so that one that was cut off finds out whether another wrote meanwhile. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sodium.h>

#include "base/log.h"
#include "base/memory.h"
#include "store/postgres_db.h"
#include "store/postgres_standby.h"

#define SIZE_EVERY SPAN_MINUTE
#define DOUBT_MS 10000 /* how long to ask whether a commit was made */

struct postgres_engine {
    struct store_engine base;
    struct postgres_server server;
    int64_t acts;           /* transactions of actions so far */
    msec sized_at;          /* ticks */
    atomic_ullong bytes;
    struct standby standby;
    struct standing standing; /* as the standby had it at the start */
    uv_mutex_t attaching;
    struct error stranded;    /* ERROR_NONE, or why this daemon and the database can not come together any more */
};

static struct postgres_engine *own(struct store_engine *engine)
{
    return (struct postgres_engine *)engine;
}

/* ---- opening ---- */

/* CREATE SCHEMA IF NOT EXISTS wants the right to create even where there is nothing to do. */
static bool ensure_schema(struct database *db, const char *schema, struct error *error)
{
    struct statement *statement = NULL;
    bool row = false;
    bool done = database_prepare(db, &statement, error, "SELECT oid FROM pg_namespace WHERE nspname='%s'", schema) &&
                database_step(db, statement, &row, error);
    statement_free(&statement);
    if (!done || row)
        return done;
    struct error cause = {0};
    if (database_run(db, &cause, "CREATE SCHEMA %s", schema))
        return true;
    if (cause.code == ERROR_DENIED)
        return error_set(error, ERROR_DENIED, "%s: this user may not make a schema there: GRANT CREATE ON DATABASE ... TO ...",
                         db->path);
    return error_set(error, cause.code, "%s", cause.text);
}

static bool open_part(struct store_engine *engine, enum sql_part part, bool write, struct database *db,
                      struct error *error)
{
    postgres_open(db, &own(engine)->server, part, write);
    if (!write)
        return true;
    if (postgres_connect(postgres_of(db), error) &&
        ensure_schema(db, part == SQL_RECORDS ? POSTGRES_SCHEMA_RECORDS : POSTGRES_SCHEMA_TELEMETRY, error))
        return true;
    database_close(db);
    return false;
}

static bool move_away(struct store_engine *engine, const struct error *cause, struct error *error)
{
    struct database db;
    char stamp[24];
    time_t now = time(NULL);
    struct tm broken;
    gmtime_r(&now, &broken);
    strftime(stamp, sizeof stamp, "%Y%m%dt%H%M%Sz", &broken);
    if (!open_part(engine, SQL_TELEMETRY, true, &db, error))
        return false;
    bool moved = database_run(&db, error, "ALTER SCHEMA " POSTGRES_SCHEMA_TELEMETRY " RENAME TO "
                              POSTGRES_SCHEMA_TELEMETRY "_damaged_%s", stamp);
    database_close(&db);
    if (moved)
        engine_problem(engine, "%s: the telemetry was damaged (%.60s) and is moved to " POSTGRES_SCHEMA_TELEMETRY
                       "_damaged_%s; history begins anew", own(engine)->server.address, cause->text, stamp);
    return moved;
}

/* ---- commits whose answer is lost ---- */

static bool mark(struct store_engine *engine, struct error *error)
{
    return database_meta_set(&engine->records.db, "acts", ++own(engine)->acts, error);
}

/* The new connection has the lock of the old one, so that one is over, in one way or the other. Where that is not found
 * out, what is kept for a start without the server may lack it, and is followed no further: it is seen to be old then. */
static bool marked(struct store_engine *engine, struct error *error)
{
    struct postgres_engine *postgres = own(engine);
    struct database *db = &engine->records.db;
    int64_t acts = -1;
    bool doubt = postgres_of(db)->in_doubt, known = false;
    for (int waited = 0; doubt && !known && waited < DOUBT_MS; waited += 250) {
        if (waited > 0)
            usleep(250000);
        postgres_try_now(&postgres->server);
        known = database_meta(db, "acts", -1, &acts, NULL);
    }
    postgres_of(db)->in_doubt = false;
    if (doubt && !known) {
        postgres->standby.usable = false;
        error_set(error, ERROR_UNAVAILABLE, "%s: the connection was lost at the commit; whether it was done is not known: look "
                  "before you do it again", postgres->server.address);
    }
    return known && acts == postgres->acts;
}

static const struct sql_way postgres_way = {
    .open = open_part,
    .move_away = move_away,
    .mark = mark,
    .marked = marked,
};

/* Also finds out, when nothing is written for long, that the server is gone. */
static bool measure(struct postgres_engine *engine, struct error *error)
{
    struct statement *statement = NULL;
    bool row = false;
    struct database *db = &engine->base.telemetry.db;
    bool done = database_prepare(db, &statement, error, "SELECT coalesce(sum(pg_total_relation_size(oid)), 0)::bigint FROM "
                                 "pg_class WHERE relkind='r' AND relnamespace IN ('" POSTGRES_SCHEMA_RECORDS "'::regnamespace, "
                                 "'" POSTGRES_SCHEMA_TELEMETRY "'::regnamespace)") &&
                database_step(db, statement, &row, error);
    if (done && row)
        atomic_store(&engine->bytes, (unsigned long long)statement_integer(statement, 0));
    statement_free(&statement);
    return done;
}

/* From here on the database is this daemon's: who comes later finds the number changed. */
static bool claim(struct postgres_engine *engine, struct error *error)
{
    struct database *records = &engine->base.records.db, *telemetry = &engine->base.telemetry.db;
    struct standing now;
    if (!standing_read(records, telemetry, "metric", &now, error))
        return false;
    if (now.identity == 0) {
        randombytes_buf(&now.identity, sizeof now.identity);
        now.identity = (now.identity & INT64_MAX) | 1;
    }
    if (!database_meta_set(records, "identity", now.identity, error) ||
        !database_meta_set(records, "writer", engine->server.incarnation, error) ||
        !database_meta_set(telemetry, "writer", engine->server.incarnation, error))
        return false;
    engine->acts = now.acts;
    engine->server.claimed = true;
    if (!engine->server.detached && !standing_same(&engine->standing, &now))
        standby_fill(&engine->standby, records, telemetry, &now);
    return measure(engine, error);
}

/* ---- starting without the server ---- */

/* What this daemon began with is what the database has: it has not been anybody else's meanwhile. */
static bool unchanged(struct postgres_engine *engine, struct error *error)
{
    struct database *db = &engine->base.records.db;
    struct standing now;
    if (!standing_read(db, db, POSTGRES_SCHEMA_TELEMETRY ".metric", &now, error))
        return false;
    if (standing_same(&engine->standing, &now))
        return true;
    error_set(&engine->stranded, ERROR_CONFLICT, "%s: has changed since this nocturned last saw it: start this one again",
              engine->server.address);
    return error_set(error, engine->stranded.code, "%s", engine->stranded.text);
}

static bool attach(struct store_engine *engine, struct error *error)
{
    struct postgres_engine *postgres = own(engine);
    if (!postgres->server.detached)
        return true;
    uv_mutex_lock(&postgres->attaching);
    bool done = !postgres->server.detached, opened = false;
    if (!done && postgres->stranded.code != ERROR_NONE)
        error_set(error, postgres->stranded.code, "%s", postgres->stranded.text);
    else if (!done && (opened = records_open(engine, true, error)))
        done = unchanged(postgres, error) && telemetry_attach(engine, true, error);
    if (opened && done && !claim(postgres, error)) {
        database_close(&engine->telemetry.db);
        done = false;
    }
    if (opened && done) {
        postgres->server.detached = false;
        log_notice("store: %s is there; what waited is written", postgres->server.address);
    } else if (opened) {
        records_close(engine);
    }
    uv_mutex_unlock(&postgres->attaching);
    return done;
}

/* The server is not there. What was kept lets the daemon begin all the same, if it is of this database. */
static bool detach(struct postgres_engine *engine, const struct error *cause)
{
    if (cause->code != ERROR_UNAVAILABLE || !engine->standby.usable || engine->standing.identity == 0)
        return false;
    telemetry_init(&engine->base);
    engine->server.detached = true;
    log_error("store: %s; starting with what was known of it last, readings wait until it is there", cause->text);
    return true;
}

static void engine_free(struct postgres_engine *engine)
{
    standby_close(&engine->standby);
    uv_mutex_destroy(&engine->attaching);
    engine_release(&engine->base);
    postgres_server_release(&engine->server);
    free(engine);
}

static bool check(const char *place, struct error *error)
{
    struct postgres_server server;
    char *url = memory_printf("postgresql:%s", place);
    bool good = postgres_server_init(&server, url, NULL, error);
    if (good)
        postgres_server_release(&server);
    free(url);
    return good;
}

static bool engine_open(struct store_engine **engine_pointer, const char *place, const struct store_options *options,
                        struct error *error)
{
    struct postgres_engine *engine = memory_new(sizeof *engine);
    char *url = memory_printf("postgresql:%s", place);
    bool parsed = postgres_server_init(&engine->server, url, options->password, error);
    free(url);
    if (!parsed) {
        free(engine);
        return false;
    }
    engine_init(&engine->base, &postgres_way, options);
    engine->base.options.password = NULL;
    uv_mutex_init(&engine->attaching);
    standby_open(&engine->standby, options->state_dir, engine->server.address, &engine->standing);
    struct error cause = {0};
    bool opened = engine_open_parts(&engine->base, true, &cause);
    if (opened && !claim(engine, &cause)) {
        engine_close_parts(&engine->base);
        opened = false;
    }
    if (opened || detach(engine, &cause)) {
        *engine_pointer = &engine->base;
        return true;
    }
    if (error)
        *error = cause;
    engine_free(engine);
    return false;
}

static void engine_close(struct store_engine *engine)
{
    engine_close_parts(engine);
    engine_free(own(engine));
}

/* ---- working ---- */

static void clean_text(struct postgres_engine *engine, char **text)
{
    struct buffer good = BUFFER_INIT;
    if (sql_text_repair(&good, *text)) {
        free(*text);
        *text = memory_text(buffer_text(&good));
        atomic_fetch_add(&engine->server.cleaned, 1);
    }
    buffer_release(&good);
}

/* What the audit's hashes are made of is cleaned before, so that they are of what is stored. */
static bool act(struct store_engine *engine, struct store_action *actions, struct error *error)
{
    for (struct store_action *action = actions; action; action = action->next) {
        clean_text(own(engine), &action->actor);
        clean_text(own(engine), &action->verb);
        clean_text(own(engine), &action->target);
        clean_text(own(engine), &action->detail);
    }
    if (!attach(engine, error) || !sql_act(engine, actions, error))
        return false;
    standby_act(&own(engine)->standby, actions, own(engine)->acts);
    return true;
}

static void act_idle(struct store_engine *engine)
{
    if (own(engine)->server.detached)
        return;
    sql_act_idle(engine);
    standby_forget(&own(engine)->standby, engine->records.forgotten_at, clock_wall() - engine->options.keep_states);
}

static bool begin_telemetry(struct store_engine *engine, struct error *error)
{
    standby_telemetry_begin(&own(engine)->standby);
    return attach(engine, error) && sql_telemetry_begin(engine, error);
}

static bool apply_telemetry(struct store_engine *engine, const struct store_batch *batch, struct error *error)
{
    if (!sql_telemetry_apply(engine, batch, error))
        return false;
    standby_telemetry_note(&own(engine)->standby, batch);
    return true;
}

static bool commit_telemetry(struct store_engine *engine, struct error *error)
{
    if (!sql_telemetry_commit(engine, error))
        return false;
    standby_telemetry_commit(&own(engine)->standby);
    return true;
}

/* Without a day to look into, nothing would ask the server. */
static bool readings(struct store_reader *reader, uint32_t asset, uint32_t metric, msec from, msec to, bool newest_first,
                     store_reading_visit *visit, void *owner, struct error *error)
{
    const struct postgres_server *server = &own(reader->engine)->server;
    if (server->detached)
        return error_set(error, ERROR_UNAVAILABLE, "%s: not reached since the start", server->address);
    return sql_readings(reader, asset, metric, from, to, newest_first, visit, owner, error);
}

static bool load(struct store_reader *reader, const struct store_load_ops *ops, void *owner, struct error *error)
{
    struct postgres_engine *engine = own(reader->engine);
    return engine->server.detached ? standby_load(&engine->base, engine->standby.directory, ops, owner, error)
                                   : sql_load(reader, ops, owner, error);
}

static bool maintain(struct store_engine *engine, msec now, bool *more, struct error *error)
{
    *more = false;
    if (!attach(engine, error) || !sql_maintain(engine, now, more, error))
        return false;
    if (*more || (own(engine)->sized_at != 0 && ticks() - own(engine)->sized_at < SIZE_EVERY &&
                  postgres_of(&engine->telemetry.db)->link))
        return true;
    own(engine)->sized_at = ticks();
    return measure(own(engine), error);
}

static void status(struct store_engine *engine, struct store_engine_status *status)
{
    status->bytes = atomic_load(&own(engine)->bytes);
    status->texts_cleaned = atomic_load(&own(engine)->server.cleaned);
    uv_mutex_lock(&engine->problem_lock);
    memcpy(status->problem, engine->problem, sizeof status->problem);
    uv_mutex_unlock(&engine->problem_lock);
}

const struct store_engine_ops store_engine_postgres = {
    .name = "postgresql",
    .check = check,
    .open = engine_open,
    .close = engine_close,
    .act = act,
    .act_idle = act_idle,
    .load = load,
    .readings = readings,
    .telemetry_begin = begin_telemetry,
    .telemetry_apply = apply_telemetry,
    .telemetry_commit = commit_telemetry,
    .maintain = maintain,
    .status = status,
    SQL_ENGINE_OPS,
};
