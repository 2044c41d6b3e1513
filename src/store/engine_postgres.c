/* The engine on PostgreSQL: two schemas in one database, one writer. The writer's two connections each hold a lock of
 * the session (pg_advisory_lock), so that the server itself lets go of it with the connection; and each daemon leaves
 * its number in the database, so that one that was cut off finds out whether another wrote meanwhile. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/memory.h"
#include "store/postgres_db.h"

#define SIZE_EVERY SPAN_MINUTE
#define DOUBT_MS 10000 /* how long to ask whether a commit was made */

struct postgres_engine {
    struct store_engine base;
    struct postgres_server server;
    int64_t acts;           /* transactions of actions so far */
    msec sized_at;          /* ticks */
    atomic_ullong bytes;
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

/* The new connection has the lock of the old one, so that one is over, in one way or the other. */
static bool marked(struct store_engine *engine)
{
    struct database *db = &engine->records.db;
    int64_t acts = -1;
    bool known = false;
    for (int waited = 0; postgres_of(db)->in_doubt && !known && waited < DOUBT_MS; waited += 250) {
        if (waited > 0)
            usleep(250000);
        own(engine)->server.try_at = 0;
        known = database_meta(db, "acts", -1, &acts, NULL);
    }
    postgres_of(db)->in_doubt = false;
    return known && acts == own(engine)->acts;
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
    if (!database_meta(records, "acts", 0, &engine->acts, error) ||
        !database_meta_set(records, "writer", engine->server.incarnation, error) ||
        !database_meta_set(telemetry, "writer", engine->server.incarnation, error))
        return false;
    engine->server.claimed = true;
    return measure(engine, error);
}

static void engine_free(struct postgres_engine *engine)
{
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
    if (engine_open_parts(&engine->base, true, error)) {
        if (claim(engine, error)) {
            *engine_pointer = &engine->base;
            return true;
        }
        engine_close_parts(&engine->base);
    }
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
    return sql_act(engine, actions, error);
}

static bool maintain(struct store_engine *engine, msec now, bool *more, struct error *error)
{
    if (!sql_maintain(engine, now, more, error))
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
    .status = status,
    .maintain = maintain,
    SQL_ENGINE_OPS,
};
