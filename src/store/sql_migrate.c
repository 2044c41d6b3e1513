/* Schema versions: each part of the store has its own database and its own row of migrations, which are data
 * (migrations/NNN-PART-NAME.sql). The version is in its meta table. */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "store/sql_db.h"

static const struct migration {
    const char *part;
    int version;
    const char *name;
    const char *sql;
} migrations[] = {
#include "store_migrations.h"
};

static int newest_version(const char *part)
{
    int newest = 0;
    for (size_t i = 0; i < ARRAY_COUNT(migrations); i++) {
        if (strcmp(migrations[i].part, part) == 0 && migrations[i].version > newest)
            newest = migrations[i].version;
    }
    return newest;
}

static bool count_tables(struct database *db, const char *condition, int *count, struct error *error)
{
    struct statement *statement = NULL;
    bool row = false;
    bool done = database_prepare(db, &statement, error, "%s %s", db->ops->count_tables, condition) &&
                database_step(db, statement, &row, error);
    if (done && row)
        *count = statement_integer(statement, 0);
    statement_free(&statement);
    return done;
}

static bool read_version(struct database *db, int64_t *version, struct error *error)
{
    int meta = 0, others = 0;
    *version = 0;
    if (!count_tables(db, "name='meta'", &meta, error) || !count_tables(db, "name<>'meta'", &others, error))
        return false;
    if (meta == 0 && others > 0)
        return error_set(error, ERROR_CORRUPT, "%s: is a database, but not one of this program's: name another state "
                         "directory, or move it away", db->path);
    return meta == 0 || database_meta(db, "schema", 0, version, error);
}

static bool apply(struct database *db, const struct migration *migration, struct error *error)
{
    if (!database_begin(db, true, error))
        return false;
    if (database_run(db, error, "%s", db->ops->meta_create) &&
        database_run(db, error, "%s", migration->sql) && database_meta_set(db, "schema", migration->version, error))
        return database_commit(db, error);
    database_rollback(db);
    return error_prefix(error, "migration %s", migration->name);
}

bool database_migrate(struct database *db, const char *part, bool backup, struct error *error)
{
    int64_t version;
    int newest = newest_version(part);
    if (!read_version(db, &version, error))
        return false;
    if (version > newest)
        return error_set(error, ERROR_TOO_NEW, "%s: was written by a later version of this program (schema %lld; this "
                         "one knows up to %d): start that version, or name another state directory",
                         db->path, (long long)version, newest);
    if (version == newest)
        return true;
    if (version > 0 && backup && !db->ops->backup(db, version, error))
        return false;
    for (size_t i = 0; i < ARRAY_COUNT(migrations); i++) {
        if (strcmp(migrations[i].part, part) != 0 || migrations[i].version <= version)
            continue;
        if (!apply(db, &migrations[i], error))
            return false;
        if (version > 0)
            log_notice("store: applied migration %s", migrations[i].name);
    }
    return true;
}
