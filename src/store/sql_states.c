/* States as a log of changes, by time: an interval ends where its asset's next change begins, so nothing stored is ever
 * rewritten when one ends. Frames, the state of everything at one instant, keep any instant near a starting point. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "store/sql_internal.h"

#define FRAME_CHANGES 20000   /* a frame at the latest after so many changes, or as many as there are assets */
#define FRAME_BEHIND SPAN_MINUTE
#define SINCE_ASSETS 2000000  /* the state of those beyond is asked for */
#define FRAMES_DAILY (35 * SPAN_DAY) /* older ones are thinned to one a week */

enum { T_OPEN_READ = 7, T_OPEN_PUT, T_STATE_PUT };

static struct store_state state_in(struct statement *statement)
{
    return (struct store_state){
        .asset = (uint32_t)statement_integer(statement, 0),
        .from = statement_integer(statement, 1),
        .health = (enum health)statement_integer(statement, 2),
        .reason = (enum health_reason)statement_integer(statement, 3),
        .link = (enum link_state)statement_integer(statement, 4),
        .comm = (enum comm_state)statement_integer(statement, 5),
    };
}

#define STATE_COLUMNS "asset, since, health, reason, link, comm"
#define STATE_CHANGES "health=excluded.health, reason=excluded.reason, link=excluded.link, comm=excluded.comm"

static void bind_state(struct statement *statement, const struct store_state *state)
{
    statement_bind_integer(statement, 1, state->asset);
    statement_bind_integer(statement, 2, state->from);
    statement_bind_integer(statement, 3, state->health);
    statement_bind_integer(statement, 4, state->reason);
    statement_bind_integer(statement, 5, state->link);
    statement_bind_integer(statement, 6, state->comm);
}

/* ---- writing ---- */

static void note_since(struct telemetry *telemetry, uint32_t asset, msec since)
{
    if (!telemetry->db.ops->far || asset >= SINCE_ASSETS)
        return;
    if (asset >= telemetry->since_count) {
        size_t count = asset + asset / 2 + 64;
        telemetry->since = memory_resize(telemetry->since, count, sizeof *telemetry->since);
        for (; telemetry->since_count < count; telemetry->since_count++)
            telemetry->since[telemetry->since_count] = CLOCK_NEVER;
    }
    telemetry->since[asset] = since;
}

/* Of a far database all are kept in memory: thousands of states may come at once, and each would cost an exchange. */
static bool know_since(struct telemetry *telemetry, struct error *error)
{
    struct statement *statement = NULL;
    bool row = false;
    if (telemetry->since_known)
        return true;
    bool done = database_prepare(&telemetry->db, &statement, error, "SELECT asset, since FROM state_open");
    for (size_t i = 0; i < telemetry->since_count; i++)
        telemetry->since[i] = CLOCK_NEVER;
    while (done && (done = database_step(&telemetry->db, statement, &row, error)) && row)
        note_since(telemetry, (uint32_t)statement_integer(statement, 0), statement_integer(statement, 1));
    statement_free(&statement);
    telemetry->since_known = done;
    return done;
}

static bool open_since(struct telemetry *telemetry, uint32_t asset, msec *since, struct error *error)
{
    if (telemetry->db.ops->far && asset < SINCE_ASSETS) {
        if (!know_since(telemetry, error))
            return false;
        *since = asset < telemetry->since_count ? telemetry->since[asset] : CLOCK_NEVER;
        return true;
    }
    struct statement **statement = &telemetry->statements[T_OPEN_READ];
    bool row = false;
    *since = CLOCK_NEVER;
    if (!database_prepare(&telemetry->db, statement, error, "SELECT since FROM state_open WHERE asset=?"))
        return false;
    statement_bind_integer(*statement, 1, asset);
    if (!database_step(&telemetry->db, *statement, &row, error))
        return false;
    if (row)
        *since = statement_integer(*statement, 0);
    database_reset(*statement);
    return true;
}

static bool remove_since(struct telemetry *telemetry, uint32_t asset, msec from, struct error *error)
{
    size_t count;
    struct part *list = parts_list(&telemetry->parts, PART_STATES, part_number(PART_STATES, store_day(from)), INT32_MAX,
                                   &count);
    bool done = true;
    for (size_t i = 0; i < count && done; i++)
        done = database_run(&telemetry->db, error, "DELETE FROM states_%d WHERE asset=%u AND since>=%lld",
                            list[i].number, asset, (long long)from);
    free(list);
    return done;
}

static bool forget_frames(struct telemetry *telemetry, msec from, struct error *error)
{
    return database_run(&telemetry->db, error, "DELETE FROM state_frame WHERE at>=%lld", (long long)from);
}

static bool put_state(struct telemetry *telemetry, const struct store_state *state, struct error *error)
{
    struct statement **statement = &telemetry->statements[T_STATE_PUT];
    int number = part_number(PART_STATES, store_day(state->from));
    if (*statement && telemetry->states_number != number) {
        statement_free(statement);
    }
    if (!parts_ensure(&telemetry->parts, &telemetry->db, PART_STATES, number, error) ||
        !database_prepare(&telemetry->db, statement, error,
                          "INSERT INTO states_%d (" STATE_COLUMNS ") VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (since, asset) "
                          "DO UPDATE SET " STATE_CHANGES, number))
        return false;
    telemetry->states_number = number;
    bind_state(*statement, state);
    return database_finish(&telemetry->db, *statement, error);
}

bool state_open_put(struct database *db, struct statement **statement, const struct store_state *state,
                    struct error *error)
{
    if (!database_prepare(db, statement, error, "INSERT INTO state_open (" STATE_COLUMNS ") VALUES (?, ?, ?, ?, ?, ?) ON "
                          "CONFLICT (asset) DO UPDATE SET since=excluded.since, " STATE_CHANGES))
        return false;
    bind_state(*statement, state);
    return database_finish(db, *statement, error);
}

bool states_apply(struct store_engine *engine, const struct store_state *state, struct error *error)
{
    struct telemetry *telemetry = &engine->telemetry;
    msec since;
    if (!open_since(telemetry, state->asset, &since, error))
        return false;
    if (since != CLOCK_NEVER && since >= state->from && !remove_since(telemetry, state->asset, state->from, error))
        return false;
    if (telemetry->newest_frame != CLOCK_NEVER && telemetry->newest_frame >= state->from &&
        (!forget_frames(telemetry, state->from, error) || !states_note_frames(engine, error)))
        return false;
    telemetry->changes++;
    note_since(telemetry, state->asset, state->from);
    return put_state(telemetry, state, error) &&
           state_open_put(&telemetry->db, &telemetry->statements[T_OPEN_PUT], state, error);
}

bool states_note_frames(struct store_engine *engine, struct error *error)
{
    struct telemetry *telemetry = &engine->telemetry;
    struct statement *statement = NULL;
    bool row = false;
    bool done = database_prepare(&telemetry->db, &statement, error, "SELECT max(at) FROM state_frame") &&
                database_step(&telemetry->db, statement, &row, error);
    if (done)
        telemetry->newest_frame = row && !statement_is_null(statement, 0)
                                      ? statement_integer(statement, 0) : CLOCK_NEVER;
    statement_free(&statement);
    return done;
}

/* ---- frames ---- */

/* By asset: its number less the one before, how long the state had lasted, health and reason, link and comm. */
static void pack_frame(struct buffer *out, msec at, const struct store_intervals *intervals)
{
    uint32_t before = 0;
    for (size_t i = 0; i < intervals->count; i++) {
        const struct store_state *state = &intervals->rows[i].state;
        pack_number(out, state->asset - before);
        pack_number(out, pack_signed(at - state->from));
        pack_number(out, (uint64_t)state->health | (uint64_t)state->reason << 4 | (uint64_t)state->link << 10 |
                             (uint64_t)state->comm << 12);
        before = state->asset;
    }
}

static bool unpack_frame(const unsigned char *bytes, size_t length, msec at, struct store_intervals *out)
{
    const unsigned char *end = bytes + length;
    uint64_t asset = 0, step, age, code;
    while (bytes < end) {
        if (!unpack_number(&bytes, end, &step) || !unpack_number(&bytes, end, &age) || !unpack_number(&bytes, end, &code) ||
            (asset += step) >= UINT32_MAX)
            return false;
        struct store_interval row = {{(uint32_t)asset, at - unpack_signed(age), (enum health)(code & 15),
                                      (enum health_reason)(code >> 4 & 63), (enum link_state)(code >> 10 & 3),
                                      (enum comm_state)(code >> 12 & 3)}, CLOCK_NEVER};
        if (row.state.health >= HEALTH_COUNT || row.state.reason >= REASON_COUNT)
            return false;
        store_intervals_add(out, &row);
    }
    return true;
}

static bool read_frame(struct database *db, msec at, msec *frame_at, struct store_intervals *out, struct error *error)
{
    struct statement *statement = NULL;
    bool row = false;
    *frame_at = INT64_MIN;
    bool done = database_prepare(db, &statement, error, "SELECT at, data FROM state_frame WHERE at<=? ORDER BY at DESC "
                                 "LIMIT 1");
    if (done) {
        statement_bind_integer(statement, 1, at);
        done = database_step(db, statement, &row, error);
    }
    if (done && row) {
        *frame_at = statement_integer(statement, 0);
        if (!unpack_frame(statement_blob(statement, 1), statement_bytes(statement, 1), *frame_at, out))
            done = error_set(error, ERROR_CORRUPT, "%s: a frame of states is damaged", db->path);
    }
    statement_free(&statement);
    return done;
}

static int by_asset_then_time(const void *left, const void *right)
{
    const struct store_state *a = &((const struct store_interval *)left)->state;
    const struct store_state *b = &((const struct store_interval *)right)->state;
    if (a->asset != b->asset)
        return a->asset < b->asset ? -1 : 1;
    return (a->from > b->from) - (a->from < b->from);
}

/* Rows of the log with from < since <= to, by asset, then time. */
static bool read_changes(struct parts *parts, struct database *db, msec from, msec to, struct store_intervals *out,
                         struct error *error)
{
    size_t count;
    int first = from < 0 ? 0 : part_number(PART_STATES, store_day(from));
    struct part *list = parts_list(parts, PART_STATES, first, part_number(PART_STATES, store_day(to)), &count);
    bool done = true;
    for (size_t i = 0; i < count && done; i++) {
        struct statement *statement = NULL;
        bool row = false;
        done = database_prepare(db, &statement, error, "SELECT " STATE_COLUMNS " FROM states_%d WHERE since>%lld AND "
                                "since<=%lld", list[i].number, (long long)from, (long long)to);
        while (done && (done = database_step(db, statement, &row, error)) && row)
            store_intervals_add(out, &(struct store_interval){state_in(statement), CLOCK_NEVER});
        statement_free(&statement);
    }
    free(list);
    if (out->count > 1)
        qsort(out->rows, out->count, sizeof *out->rows, by_asset_then_time);
    return done;
}

/* Of each asset the newest in `changes`, else what the frame has; both by asset. */
static void lay_over(const struct store_intervals *frame, const struct store_intervals *changes,
                     struct store_intervals *out)
{
    size_t i = 0, k = 0;
    while (i < frame->count || k < changes->count) {
        if (k == changes->count || (i < frame->count && frame->rows[i].state.asset < changes->rows[k].state.asset)) {
            store_intervals_add(out, &frame->rows[i++]);
            continue;
        }
        uint32_t asset = changes->rows[k].state.asset;
        while (k + 1 < changes->count && changes->rows[k + 1].state.asset == asset)
            k++;
        if (i < frame->count && frame->rows[i].state.asset == asset)
            i++;
        store_intervals_add(out, &changes->rows[k++]);
    }
}

/* Inside a read transaction. */
static bool states_as_of(struct parts *parts, struct database *db, msec at, struct store_intervals *out,
                         struct error *error)
{
    struct store_intervals frame = {0}, changes = {0};
    msec frame_at;
    bool done = read_frame(db, at, &frame_at, &frame, error) && read_changes(parts, db, frame_at, at, &changes, error);
    if (done)
        lay_over(&frame, &changes, out);
    store_intervals_release(&frame);
    store_intervals_release(&changes);
    return done;
}

static bool put_frame(struct store_engine *engine, msec at, size_t *assets, struct error *error)
{
    struct telemetry *telemetry = &engine->telemetry;
    struct store_intervals intervals = {0};
    struct statement *statement = NULL;
    bool done = states_as_of(&telemetry->parts, &telemetry->db, at, &intervals, error);
    *assets = intervals.count;
    if (done && intervals.count > 0) {
        struct buffer packed = BUFFER_INIT;
        pack_frame(&packed, at, &intervals);
        done = database_prepare(&telemetry->db, &statement, error, "INSERT INTO state_frame VALUES (?, ?) ON CONFLICT (at) DO "
                                "UPDATE SET data=excluded.data");
        if (done) {
            statement_bind_integer(statement, 1, at);
            statement_bind_blob(statement, 2, packed.data, packed.length);
            done = database_finish(&telemetry->db, statement, error);
        }
        statement_free(&statement);
        buffer_release(&packed);
    }
    store_intervals_release(&intervals);
    return done;
}

bool frames_trim(struct store_engine *engine, msec now, struct error *error)
{
    struct telemetry *telemetry = &engine->telemetry;
    size_t count;
    struct part *list = parts_list(&telemetry->parts, PART_STATES, 0, INT32_MAX, &count);
    long long oldest = count > 0 ? part_first_day(PART_STATES, list[0].number) * SPAN_DAY : 0;
    free(list);
    return database_run(&telemetry->db, error, "DELETE FROM state_frame WHERE at<(SELECT max(at) FROM state_frame WHERE "
                        "at<=%lld); DELETE FROM state_frame WHERE at>%lld AND at<%lld AND (at/86400000)%%7<>4",
                        oldest, oldest, (long long)(now - FRAMES_DAILY));
}

/* A frame that cannot be read is only a short cut lost: the one before it and the log say the same. */
static bool drop_newest_frame(struct store_engine *engine, msec at, struct error *error)
{
    engine_problem(engine, "%s: a frame of states was damaged and is removed", engine->telemetry.db.path);
    return database_run(&engine->telemetry.db, error, "DELETE FROM state_frame WHERE at=(SELECT max(at) FROM state_frame "
                        "WHERE at<=%lld)", (long long)at) &&
           states_note_frames(engine, error);
}

/* At each UTC midnight, and a minute behind the present when very much has changed. */
bool frames_step(struct store_engine *engine, msec now, struct error *error)
{
    struct telemetry *telemetry = &engine->telemetry;
    msec midnight = store_day(now) * SPAN_DAY, at = midnight;
    size_t assets = 0;
    bool busy = telemetry->changes >= FRAME_CHANGES && telemetry->changes >= telemetry->frame_assets;
    if (busy && now - FRAME_BEHIND > at)
        at = now - FRAME_BEHIND;
    if (telemetry->changes == 0 || (telemetry->newest_frame != CLOCK_NEVER && telemetry->newest_frame >= at))
        return true;
    if (telemetry_begin(engine, error) && put_frame(engine, at, &assets, error) &&
        frames_trim(engine, now, error) && parts_commit(&telemetry->parts, &telemetry->db, error)) {
        telemetry->newest_frame = at;
        telemetry->frame_assets = assets;
        telemetry->changes = 0;
        return true;
    }
    telemetry_rollback(engine);
    return error->code == ERROR_CORRUPT && drop_newest_frame(engine, at, error);
}

/* ---- reading ---- */

static bool one_state(struct database *db, const char *sql, bool *found, struct store_state *state, struct error *error)
{
    struct statement *statement = NULL;
    *found = false;
    bool done = database_prepare(db, &statement, error, "%s", sql) && database_step(db, statement, found, error);
    if (done && *found)
        *state = state_in(statement);
    statement_free(&statement);
    return done;
}

/* The asset's newest change at or before `bound` (older) or the first after it. */
static bool neighbour(struct store_reader *reader, uint32_t asset, msec bound, bool older, bool *found,
                      struct store_state *state, struct error *error)
{
    size_t count;
    int number = bound < 0 ? 0 : part_number(PART_STATES, store_day(bound));
    struct part *list = parts_list(&reader->engine->telemetry.parts, PART_STATES, older ? 0 : number,
                                   older ? number : INT32_MAX, &count);
    bool done = true;
    *found = false;
    for (size_t i = 0; i < count && done && !*found; i++) {
        int part = list[older ? count - 1 - i : i].number;
        char *sql = memory_printf("SELECT " STATE_COLUMNS " FROM states_%d WHERE asset=%u AND since%s%lld ORDER BY since "
                                  "%s LIMIT 1", part, asset, older ? "<=" : ">", (long long)bound, older ? "DESC" : "ASC");
        done = one_state(&reader->telemetry, sql, found, state, error);
        free(sql);
    }
    free(list);
    return done;
}

static bool open_state(struct store_reader *reader, uint32_t asset, bool *found, struct store_state *state,
                       struct error *error)
{
    char sql[120];
    snprintf(sql, sizeof sql, "SELECT " STATE_COLUMNS " FROM state_open WHERE asset=%u", asset);
    return one_state(&reader->telemetry, sql, found, state, error);
}

static bool asset_changes(struct store_reader *reader, uint32_t asset, msec from, msec to, struct store_intervals *out,
                          struct error *error)
{
    size_t count;
    struct part *list = parts_list(&reader->engine->telemetry.parts, PART_STATES,
                                   from < 0 ? 0 : part_number(PART_STATES, store_day(from)),
                                   to < 0 ? 0 : part_number(PART_STATES, store_day(to)), &count);
    bool done = true;
    for (size_t i = 0; i < count && done; i++) {
        struct statement *statement = NULL;
        bool row = false;
        done = database_prepare(&reader->telemetry, &statement, error, "SELECT " STATE_COLUMNS " FROM states_%d WHERE "
                                "asset=%u AND since>%lld AND since<=%lld ORDER BY since", list[i].number, asset,
                                (long long)from, (long long)to);
        while (done && (done = database_step(&reader->telemetry, statement, &row, error)) && row)
            store_intervals_add(out, &(struct store_interval){state_in(statement), CLOCK_NEVER});
        statement_free(&statement);
    }
    free(list);
    return done;
}

/* Ranges from outside may be any; months are only made for sensible times. */
static msec within(msec time)
{
    const msec latest = (msec)40000 * SPAN_DAY;
    return time < -1 ? -1 : time > latest ? latest : time;
}

static bool history(struct store_reader *reader, uint32_t asset, msec from, msec to, struct store_intervals *out,
                    struct error *error)
{
    struct store_state first, next;
    bool found = false;
    if (!neighbour(reader, asset, from, true, &found, &first, error))
        return false;
    if (!found && (!open_state(reader, asset, &found, &first, error)))
        return false;
    if (found && first.from <= from) /* else the open one began later and is in the log */
        store_intervals_add(out, &(struct store_interval){first, CLOCK_NEVER});
    if (!asset_changes(reader, asset, from, to, out, error) || !neighbour(reader, asset, to, false, &found, &next, error))
        return false;
    for (size_t i = 0; i + 1 < out->count; i++)
        out->rows[i].to = out->rows[i + 1].state.from;
    if (out->count > 0 && found)
        out->rows[out->count - 1].to = next.from;
    return true;
}

bool sql_states(struct store_reader *reader, uint32_t asset, msec from, msec to, struct store_intervals *out,
                   struct error *error)
{
    if (from > to)
        return true;
    if (!database_begin(&reader->telemetry, false, error))
        return false;
    bool done = history(reader, asset, within(from), within(to), out, error);
    database_rollback(&reader->telemetry);
    return done;
}

bool sql_states_at(struct store_reader *reader, msec at, struct store_intervals *out, struct error *error)
{
    if (!database_begin(&reader->telemetry, false, error))
        return false;
    bool done = states_as_of(&reader->engine->telemetry.parts, &reader->telemetry, within(at), out, error);
    database_rollback(&reader->telemetry);
    return done;
}

/* An end is the asset's next start: in the same month's table by a subquery, else asked for in the later ones. */
static bool part_changes(struct store_reader *reader, const struct part *part, bool newest, msec from, msec to,
                         unsigned limit, struct store_intervals *out, struct error *error)
{
    struct statement *statement = NULL;
    bool row = false;
    bool done = database_prepare(&reader->telemetry, &statement, error, "SELECT " STATE_COLUMNS ", (SELECT min(since) FROM "
                                 "states_%1$d AS later WHERE later.asset=states_%1$d.asset AND later.since>"
                                 "states_%1$d.since) FROM states_%1$d WHERE since>=%2$lld AND since<=%3$lld "
                                 "ORDER BY since, asset LIMIT %4$lld", part->number, (long long)from, (long long)to,
                                 limit ? (long long)(limit - out->count) : INT64_MAX);
    while (done && (done = database_step(&reader->telemetry, statement, &row, error)) && row) {
        struct store_interval interval = {state_in(statement), CLOCK_NEVER};
        struct store_state next = {.from = CLOCK_NEVER};
        bool found = false;
        if (!statement_is_null(statement, 6))
            interval.to = statement_integer(statement, 6);
        else if (!newest)
            done = neighbour(reader, interval.state.asset, interval.state.from, false, &found, &next, error);
        if (found)
            interval.to = next.from;
        store_intervals_add(out, &interval);
    }
    statement_free(&statement);
    return done;
}

static bool changes_between(struct store_reader *reader, msec from, msec to, unsigned limit, struct store_intervals *out,
                            struct error *error)
{
    size_t count;
    int last = to < 0 ? 0 : part_number(PART_STATES, store_day(to));
    struct part *list = parts_list(&reader->engine->telemetry.parts, PART_STATES,
                                   from < 0 ? 0 : part_number(PART_STATES, store_day(from)), INT32_MAX, &count);
    bool done = true;
    for (size_t i = 0; i < count && done && list[i].number <= last && (limit == 0 || out->count < limit); i++)
        done = part_changes(reader, &list[i], i + 1 == count, from, to, limit, out, error);
    free(list);
    return done;
}

bool sql_states_between(struct store_reader *reader, msec from, msec to, unsigned limit,
                           struct store_intervals *out, struct error *error)
{
    if (from > to)
        return true;
    if (!database_begin(&reader->telemetry, false, error))
        return false;
    bool done = changes_between(reader, within(from), within(to), limit, out, error);
    database_rollback(&reader->telemetry);
    return done;
}
