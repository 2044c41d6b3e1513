/* What people made: actions, documents, the audit chain, the ledger's rows. */
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/log.h"
#include "base/memory.h"
#include "store/sql_internal.h"

enum { S_SAVE, S_RELEASE, S_UNDO, S_KNOWN, S_REMEMBER, S_REVISION, S_RECORD, S_RECORD_REMOVE, S_ASSET, S_ASSET_REMOVE, S_AUDIT, S_END, S_NODE, S_ALERTS };

static bool load_end(struct records *records, struct error *error)
{
    struct statement *statement = NULL;
    bool row = false;
    if (!database_prepare(&records->db, &statement, error, "SELECT %s FROM meta WHERE name='audit_end'",
                          records->db.ops->meta_bytes) ||
        !database_step(&records->db, statement, &row, error)) {
        statement_free(&statement);
        return false;
    }
    memset(&records->end, 0, sizeof records->end);
    if (row && statement_bytes(statement, 0) == sizeof records->end)
        memcpy(&records->end, statement_blob(statement, 0), sizeof records->end);
    statement_free(&statement);
    return true;
}

/* A copy that was broken off would look like a site with half its ledger. */
static bool whole(struct database *db, struct error *error)
{
    int64_t unfinished;
    if (!database_meta(db, "unfinished", 0, &unfinished, error))
        return false;
    return !unfinished || error_set(error, ERROR_CORRUPT, "%s: holds a copy that was not finished: empty it and copy again",
                                    db->path);
}

bool records_open(struct store_engine *engine, bool was_clean, struct error *error)
{
    struct records *records = &engine->records;
    if (!engine->way->open(engine, SQL_RECORDS, true, &records->db, error))
        return false;
    if ((!engine->way->sound || engine->way->sound(engine, was_clean, error)) &&
        database_migrate(&records->db, "records", true, error) && load_end(records, error) && whole(&records->db, error))
        return true;
    database_close(&records->db);
    return false;
}

void records_close(struct store_engine *engine)
{
    struct records *records = &engine->records;
    for (size_t i = 0; i < RECORDS_STATEMENTS; i++)
        statement_free(&records->statements[i]);
    database_close(&records->db);
}

/* ---- actions ---- */

static bool prepare(struct records *records, struct error *error)
{
    struct buffer columns = BUFFER_INIT, values = BUFFER_INIT, empty = BUFFER_INIT;
#define X(member, column)                       \
    buffer_append_text(&columns, ", " column);  \
    buffer_append_text(&values, ", ?");         \
    buffer_append_text(&empty, ", ''");
    ASSET_FIELDS(X)
#undef X
    struct database *db = &records->db;
    struct statement **s = records->statements;
    bool done =
        database_prepare(db, &s[S_SAVE], error, "SAVEPOINT action") &&
        database_prepare(db, &s[S_RELEASE], error, "RELEASE action") &&
        database_prepare(db, &s[S_UNDO], error, "ROLLBACK TO action") &&
        database_prepare(db, &s[S_KNOWN], error,
                         "SELECT verb, target FROM idempotency WHERE actor=? AND key=? AND time>?") &&
        database_prepare(db, &s[S_REMEMBER], error, "INSERT INTO idempotency VALUES (?, ?, ?, ?, ?) ON CONFLICT (actor, key) DO UPDATE SET "
                         "verb=excluded.verb, target=excluded.target, time=excluded.time") &&
        database_prepare(db, &s[S_REVISION], error, "SELECT revision FROM record WHERE kind=? AND id=?") &&
        database_prepare(db, &s[S_RECORD], error,
                         "INSERT INTO record VALUES (?, ?, 1, ?) ON CONFLICT (kind, id) DO UPDATE SET "
                         "revision=record.revision+1, body=excluded.body") &&
        database_prepare(db, &s[S_RECORD_REMOVE], error, "DELETE FROM record WHERE kind=? AND id=?") &&
        database_prepare(db, &s[S_ASSET], error,
                         "INSERT INTO asset (key, time, removed, revision, discovered, attributes%s) "
                         "VALUES (?, ?, 0, ?, ?, ?%s)", buffer_text(&columns), buffer_text(&values)) &&
        database_prepare(db, &s[S_ASSET_REMOVE], error,
                         "INSERT INTO asset (key, time, removed, revision, discovered, attributes%s) "
                         "VALUES (?, ?, 1, 0, 0, ''%s)", buffer_text(&columns), buffer_text(&empty)) &&
        database_prepare(db, &s[S_AUDIT], error, "INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?)") &&
        database_prepare(db, &s[S_END], error, "INSERT INTO meta (name, %1$s) VALUES ('audit_end', ?) ON CONFLICT (name) "
                         "DO UPDATE SET %1$s=excluded.%1$s", db->ops->meta_bytes) &&
        nodes_prepare(records, &s[S_NODE], error) && alerts_prepare(records, &s[S_ALERTS], error);
    buffer_release(&columns);
    buffer_release(&values);
    buffer_release(&empty);
    return done;
}

static void bind_texts(struct statement *statement, int first, const char *const *texts, int count)
{
    for (int i = 0; i < count; i++)
        statement_bind_text(statement, first + i, texts[i]);
}

/* An action's verdict: false only when the file refuses; the verdict of the action itself is in its error. */
static bool known_before(struct records *records, struct store_action *action, bool *settled, struct error *error)
{
    struct statement *statement = records->statements[S_KNOWN];
    bool row = false;
    *settled = false;
    if (!action->idempotency[0])
        return true;
    bind_texts(statement, 1, (const char *[]){action->actor, action->idempotency}, 2);
    statement_bind_integer(statement, 3, action->time - SPAN_DAY);
    if (!database_step(&records->db, statement, &row, error))
        return false;
    if (!row)
        return true;
    const char *verb = statement_text(statement, 0);
    const char *target = statement_text(statement, 1);
    *settled = true;
    if (strcmp(verb, action->verb) != 0 || strcmp(target, action->target) != 0)
        error_set(&action->error, ERROR_CONFLICT, "the idempotency key %s was used for `%s %s`", action->idempotency,
                  verb, target);
    database_reset(statement);
    return true;
}

static bool write_record(struct records *records, struct store_action *action, const struct store_record_write *write,
                         struct error *error)
{
    struct statement *statement = records->statements[S_REVISION];
    bool row = false;
    bind_texts(statement, 1, (const char *[]){write->kind, write->id}, 2);
    if (!database_step(&records->db, statement, &row, error))
        return false;
    int64_t revision = row ? statement_integer(statement, 0) : 0;
    if (row)
        database_reset(statement);
    if (write->expected >= 0 && write->expected != revision) {
        error_set(&action->error, ERROR_CONFLICT, "%s %s has revision %lld, not %lld", write->kind, write->id,
                  (long long)revision, (long long)write->expected);
        return true;
    }
    statement = records->statements[write->body ? S_RECORD : S_RECORD_REMOVE];
    bind_texts(statement, 1, (const char *[]){write->kind, write->id, write->body}, write->body ? 3 : 2);
    return database_finish(&records->db, statement, error);
}

static bool write_asset(struct records *records, const struct store_action *action,
                        const struct store_asset_write *write, struct error *error)
{
    struct statement *statement = records->statements[write->removed ? S_ASSET_REMOVE : S_ASSET];
    statement_bind_integer(statement, 1, write->key);
    statement_bind_integer(statement, 2, action->time);
    if (!write->removed) {
        statement_bind_integer(statement, 3, write->asset.revision);
        statement_bind_integer(statement, 4, write->asset.discovered);
        statement_bind_text(statement, 5, write->asset.attributes);
        bind_texts(statement, 6, write->asset.field, ASSET_FIELD_COUNT);
    }
    return database_finish(&records->db, statement, error);
}

static bool write_audit(struct records *records, const struct store_action *action, struct error *error)
{
    struct store_audit_end end = {.sequence = records->end.sequence + 1};
    struct store_audit row = {end.sequence, action->time, action->actor, action->verb, action->target, action->detail, ""};
    audit_hash(end.hash, records->end.hash, &row);
    struct statement *statement = records->statements[S_AUDIT];
    statement_bind_integer(statement, 1, row.sequence);
    statement_bind_integer(statement, 2, row.time);
    bind_texts(statement, 3, (const char *[]){row.actor, row.verb, row.target, row.detail}, 4);
    statement_bind_blob(statement, 7, end.hash, sizeof end.hash);
    if (!database_finish(&records->db, statement, error))
        return false;
    statement_bind_blob(records->statements[S_END], 1, &end, sizeof end);
    if (!database_finish(&records->db, records->statements[S_END], error))
        return false;
    records->end = end;
    return true;
}

static bool remember(struct records *records, const struct store_action *action, struct error *error)
{
    if (!action->idempotency[0])
        return true;
    struct statement *statement = records->statements[S_REMEMBER];
    bind_texts(statement, 1, (const char *[]){action->actor, action->idempotency, action->verb, action->target}, 4);
    statement_bind_integer(statement, 5, action->time);
    return database_finish(&records->db, statement, error);
}

static bool write_action(struct records *records, struct store_action *action, struct error *error)
{
    for (size_t i = 0; i < action->record_count && action->error.code == ERROR_NONE; i++) {
        if (!write_record(records, action, &action->records[i], error))
            return false;
    }
    for (size_t i = 0; i < action->asset_count && action->error.code == ERROR_NONE; i++) {
        if (!write_asset(records, action, &action->assets[i], error))
            return false;
    }
    if (action->error.code != ERROR_NONE)
        return true;
    return alerts_write(records, &records->statements[S_ALERTS], action, error) &&
           nodes_write(records, records->statements[S_NODE], action, error) &&
           (action->quiet || write_audit(records, action, error)) && remember(records, action, error);
}

static bool act_one(struct records *records, struct store_action *action, struct error *error)
{
    bool settled;
    if (!known_before(records, action, &settled, error))
        return false;
    action->repeated = settled;
    if (settled)
        return true;
    struct database *db = &records->db;
    if (!database_finish(db, records->statements[S_SAVE], error) || !write_action(records, action, error))
        return false;
    if (action->error.code != ERROR_NONE && !database_finish(db, records->statements[S_UNDO], error))
        return false;
    return database_finish(db, records->statements[S_RELEASE], error);
}

bool sql_act(struct store_engine *engine, struct store_action *actions, struct error *error)
{
    struct records *records = &engine->records;
    if (!prepare(records, error) || !database_begin(&records->db, true, error))
        return false;
    bool done = !records->stale || load_end(records, error);
    struct store_audit_end before = records->end;
    for (struct store_action *action = actions; action && done; action = action->next)
        done = act_one(records, action, error);
    if (!actions)
        done = database_meta_set(&records->db, "tried", clock_wall(), error);
    done = done && (!engine->way->mark || engine->way->mark(engine, error));
    if (done)
        done = database_commit(&records->db, error) || (engine->way->marked && engine->way->marked(engine, error));
    else
        database_rollback(&records->db);
    records->stale = !done; /* where the answer to a commit was lost, only the database knows */
    if (!done)
        records->end = before;
    return done;
}

static bool repeat_one(struct records *records, const struct store_action *action, struct error *error)
{
    for (size_t i = 0; i < action->record_count; i++) {
        const struct store_record_write *write = &action->records[i];
        struct statement *statement = records->statements[write->body ? S_RECORD : S_RECORD_REMOVE];
        bind_texts(statement, 1, (const char *[]){write->kind, write->id, write->body}, write->body ? 3 : 2);
        if (!database_finish(&records->db, statement, error))
            return false;
    }
    for (size_t i = 0; i < action->asset_count; i++)
        if (!write_asset(records, action, &action->assets[i], error))
            return false;
    return alerts_write_rows(records, &records->statements[S_ALERTS], action, error);
}

bool records_repeat(struct records *records, const struct store_action *actions, int64_t acts, struct error *error)
{
    if (!prepare(records, error) || !database_begin(&records->db, true, error))
        return false;
    bool done = true;
    for (const struct store_action *action = actions; action && done; action = action->next)
        done = action->error.code != ERROR_NONE || action->repeated || repeat_one(records, action, error);
    if (done && database_meta_set(&records->db, "acts", acts, error))
        return database_commit(&records->db, error);
    database_rollback(&records->db);
    return false;
}

/* Between actions, so that nobody waits for it: keys older than a day are forgotten. */
void sql_act_idle(struct store_engine *engine)
{
    struct records *records = &engine->records;
    struct error error = {0};
    msec now = clock_wall();
    if (now - records->forgotten_at >= SPAN_HOUR || now < records->forgotten_at) {
        records->forgotten_at = now;
        if (!database_run(&records->db, &error, "DELETE FROM idempotency WHERE time<=%lld", (long long)(now - SPAN_DAY)) ||
            !alerts_forget(records, now - engine->options.keep_states, &error) ||
            !nodes_forget(records, now - engine->options.keep_states, &error))
            log_warning("store: %s", error.text);
    }
    if (engine->way->idle)
        engine->way->idle(engine);
}

/* ---- reading ---- */

static bool load_assets(struct store_reader *reader, const struct store_load_ops *ops, void *owner, struct error *error)
{
    struct buffer columns = BUFFER_INIT;
    struct statement *statement = NULL;
    bool row = false, done;
#define X(member, column) buffer_append_text(&columns, ", " column);
    ASSET_FIELDS(X)
#undef X
    done = database_prepare(&reader->records, &statement, error,
                            "SELECT key, revision, discovered, attributes%s FROM asset "
                            "WHERE number IN (SELECT max(number) FROM asset GROUP BY key) AND removed=0 ORDER BY key",
                            buffer_text(&columns));
    buffer_release(&columns);
    while (done && (done = database_step(&reader->records, statement, &row, error)) && row) {
        struct asset asset = {.revision = statement_integer(statement, 1),
                              .discovered = statement_integer(statement, 2) != 0,
                              .attributes = statement_text(statement, 3)};
        for (int i = 0; i < ASSET_FIELD_COUNT; i++)
            asset.field[i] = statement_text(statement, 4 + i);
        ops->asset(owner, (uint32_t)statement_integer(statement, 0), &asset);
    }
    statement_free(&statement);
    return done;
}

static bool load_records(struct store_reader *reader, const struct store_load_ops *ops, void *owner, struct error *error)
{
    struct statement *statement = NULL;
    bool row = false;
    bool done = database_prepare(&reader->records, &statement, error, "SELECT kind, id, revision, body FROM record");
    while (done && (done = database_step(&reader->records, statement, &row, error)) && row)
        ops->record(owner, statement_text(statement, 0),
                    statement_text(statement, 1), statement_integer(statement, 2),
                    statement_text(statement, 3));
    statement_free(&statement);
    return done;
}

bool records_load(struct store_reader *reader, const struct store_load_ops *ops, void *owner, struct error *error)
{
    return (!ops->asset || load_assets(reader, ops, owner, error)) &&
           (!ops->record || load_records(reader, ops, owner, error)) &&
           (!ops->alert || alerts_load_rows(reader, ops, owner, error));
}

static bool visit_audit(struct store_reader *reader, struct statement *statement, store_audit_visit *visit, void *owner,
                        struct error *error)
{
    bool row = false, done;
    while ((done = database_step(&reader->records, statement, &row, error)) && row) {
        char hex[AUDIT_HASH_HEX] = "";
        if (statement_bytes(statement, 6) == AUDIT_HASH_BYTES)
            audit_hash_hex(hex, statement_blob(statement, 6));
        struct store_audit entry = {
            .sequence = statement_integer(statement, 0),
            .time = statement_integer(statement, 1),
            .actor = statement_text(statement, 2),
            .verb = statement_text(statement, 3),
            .target = statement_text(statement, 4),
            .detail = statement_text(statement, 5),
            .hash = hex,
        };
        if (!visit(owner, &entry))
            break;
    }
    return done;
}

bool sql_audit(struct store_reader *reader, int64_t before, unsigned limit, store_audit_visit *visit, void *owner,
                  struct error *error)
{
    struct statement *statement = NULL;
    bool done = database_prepare(&reader->records, &statement, error,
                                 "SELECT * FROM audit WHERE sequence<? ORDER BY sequence DESC LIMIT ?");
    if (done) {
        statement_bind_integer(statement, 1, before > 0 ? before : INT64_MAX);
        statement_bind_integer(statement, 2, limit > 0 ? (int64_t)limit : INT64_MAX);
        done = visit_audit(reader, statement, visit, owner, error);
    }
    statement_free(&statement);
    return done;
}

/* Chain and end are read as of one moment. */
bool sql_audit_chain(struct store_reader *reader, store_audit_visit *visit, void *owner,
                        struct store_audit_end *end, struct error *error)
{
    struct records moment = {.db = reader->records};
    struct statement *statement = NULL;
    if (!database_begin(&reader->records, false, error))
        return false;
    bool done = database_prepare(&reader->records, &statement, error, "SELECT * FROM audit ORDER BY sequence") &&
                visit_audit(reader, statement, visit, owner, error);
    statement_free(&statement);
    done = done && load_end(&moment, error);
    *end = moment.end;
    database_rollback(&reader->records);
    return done;
}
