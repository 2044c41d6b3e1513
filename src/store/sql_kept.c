/* What is kept of hosts beside their figures: a table for each UTC day, written as it comes and dropped as a whole. */
#include <stdlib.h>

#include "store/sql_internal.h"

#define DAYS_BACK 1 /* a day's first record of a list is whole, but comes only some time after midnight */
#define LAST_DAY ((msec)40000) /* since 1970: later ones have no number */

bool kept_apply(struct store_engine *engine, const struct store_kept *kept, size_t count, struct error *error)
{
    struct telemetry *telemetry = &engine->telemetry;
    bool done = true;
    for (size_t i = 0; i < count && done; i++) {
        int number = part_number(PART_KEPT, store_day(kept[i].time));
        if (telemetry->kept_number != number)
            statement_free(&telemetry->kept_put);
        done = parts_ensure(&telemetry->parts, &telemetry->db, PART_KEPT, number, error) &&
               database_prepare(&telemetry->db, &telemetry->kept_put, error,
                                "INSERT INTO kept_%d VALUES (?, ?, ?, ?, ?) ON CONFLICT (asset, list, time) DO UPDATE SET "
                                "whole=excluded.whole, data=excluded.data", number);
        if (!done)
            break;
        telemetry->kept_number = number;
        statement_bind_integer(telemetry->kept_put, 1, kept[i].asset);
        statement_bind_integer(telemetry->kept_put, 2, kept[i].list);
        statement_bind_integer(telemetry->kept_put, 3, kept[i].time);
        statement_bind_integer(telemetry->kept_put, 4, kept[i].whole);
        statement_bind_blob(telemetry->kept_put, 5, kept[i].bytes, kept[i].length);
        done = database_finish(&telemetry->db, telemetry->kept_put, error);
    }
    return done;
}

struct search { uint32_t asset; store_kept_visit *visit; void *owner; uint64_t found, before; };

static void visit_row(struct search *search, struct statement *statement)
{
    struct store_kept kept = {
        .asset = search->asset, .list = (unsigned)statement_integer(statement, 0), .time = statement_integer(statement, 1),
        .whole = statement_integer(statement, 2) != 0, .bytes = statement_blob(statement, 3), .length = statement_bytes(statement, 3)};
    if (kept.list >= STORE_KEPT_LISTS || search->before & (uint64_t)1 << kept.list)
        return; /* a later day has told of it */
    search->found |= (uint64_t)1 << kept.list;
    search->visit(search->owner, &kept);
}

static bool visit_all(struct store_reader *reader, struct statement *statement, bool prepared, struct search *search, struct error *error)
{
    struct database *db = &reader->telemetry;
    bool row = false, done = prepared;
    while (done && (done = database_step(db, statement, &row, error)) && row)
        visit_row(search, statement);
    statement_free(&statement);
    if (done || !db->ops->table_missing(db))
        return done;
    database_rollback(db); /* dropped meanwhile; a failure ends a transaction of PostgreSQL's */
    return database_begin(db, false, error);
}

/* Each list from its last whole record on, as a day tells it. */
static bool visit_chains(struct store_reader *reader, int number, msec at, struct search *search, struct error *error)
{
    struct statement *statement = NULL;
    bool prepared = database_prepare(&reader->telemetry, &statement, error,
                                     "SELECT k.list, k.time, k.whole, k.data FROM kept_%1$d AS k JOIN (SELECT list, max(time) AS newest "
                                     "FROM kept_%1$d WHERE asset=%2$u AND whole=1 AND time<=%3$lld GROUP BY list) AS w ON k.list=w.list "
                                     "AND k.time>=w.newest WHERE k.asset=%2$u AND k.time<=%3$lld ORDER BY k.list, k.time",
                                     number, search->asset, (long long)at);
    return visit_all(reader, statement, prepared, search, error);
}

static bool visit_after(struct store_reader *reader, int number, msec from, msec to, struct search *search, struct error *error)
{
    struct statement *statement = NULL;
    bool prepared = database_prepare(&reader->telemetry, &statement, error, "SELECT list, time, whole, data FROM kept_%d WHERE "
                                     "asset=%u AND time>%lld AND time<=%lld", number, search->asset, (long long)from, (long long)to);
    return visit_all(reader, statement, prepared, search, error);
}

static msec within(msec time)
{
    return time < 0 ? -1 : time > LAST_DAY * SPAN_DAY ? LAST_DAY * SPAN_DAY : time;
}

bool sql_kept(struct store_reader *reader, uint32_t asset, msec from, msec to, store_kept_visit *visit, void *owner,
              struct error *error)
{
    struct search search = {.asset = asset, .visit = visit, .owner = owner};
    struct parts *parts = &reader->engine->telemetry.parts;
    size_t count;
    from = within(from);
    to = within(to);
    if (to < 0)
        return true;
    bool done = database_begin(&reader->telemetry, false, error);
    if (!done)
        return false;
    for (int back = 0; back <= DAYS_BACK && done && from >= back * SPAN_DAY; back++) {
        int number = part_number(PART_KEPT, store_day(from) - back);
        if (parts_find(parts, PART_KEPT, number, NULL))
            done = visit_chains(reader, number, from, &search, error);
        search.before = search.found;
    }
    search.before = 0;
    struct part *list = parts_list(parts, PART_KEPT, part_number(PART_KEPT, from < 0 ? 0 : store_day(from)),
                                   part_number(PART_KEPT, store_day(to)), &count);
    for (size_t i = 0; i < count && done && to > from; i++)
        done = visit_after(reader, list[i].number, from, to, &search, error);
    free(list);
    database_rollback(&reader->telemetry);
    return done;
}
