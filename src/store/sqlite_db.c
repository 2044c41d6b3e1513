/* SQL on SQLite. */
#include "store/sqlite_db.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"

static enum error_code code_of(int result, int system_errno)
{
    if (system_errno == ENOSPC || system_errno == EDQUOT || system_errno == EFBIG)
        return ERROR_FULL;
    switch (result & 0xff) {
    case SQLITE_FULL:
        return ERROR_FULL;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_CANTOPEN:
        return ERROR_DENIED;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return ERROR_CORRUPT;
    case SQLITE_IOERR:
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return ERROR_UNAVAILABLE;
    default:
        return ERROR_INTERNAL;
    }
}

bool sqlite_fail(const struct database *db, const char *what, struct error *error)
{
    int result = sqlite3_extended_errcode(sqlite_handle(db)), system_errno = sqlite3_system_errno(sqlite_handle(db));
    enum error_code code = code_of(result, (result & 0xff) == SQLITE_IOERR || (result & 0xff) == SQLITE_FULL ? system_errno : 0);
    if (code == ERROR_FULL)
        return error_set(error, code, "%s: no room left on the disk (%s)", db->path, what);
    if (((result & 0xff) == SQLITE_IOERR || (result & 0xff) == SQLITE_CANTOPEN) && system_errno != 0)
        return error_set(error, code, "%s: %s: %s: %s", db->path, what, sqlite3_errmsg(sqlite_handle(db)),
                         strerror(system_errno));
    return error_set(error, code, "%s: %s: %s", db->path, what, sqlite3_errmsg(sqlite_handle(db)));
}

/* SQLite would make the file readable for all; its log and index take the mode of the file. */
bool sqlite_create_file(const char *path, struct error *error)
{
    int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file >= 0) {
        close(file);
        return true;
    }
    enum error_code code = errno == EACCES || errno == EPERM || errno == EROFS ? ERROR_DENIED
                           : errno == ENOSPC || errno == EDQUOT                ? ERROR_FULL
                                                                               : ERROR_UNAVAILABLE;
    return error_set(error, code, "%s: cannot be opened for writing: %s", path, strerror(errno));
}

static const struct database_ops sqlite_ops;

bool sqlite_open(struct database *db, const char *path, bool full_sync, int cache_kib, struct error *error)
{
    sqlite3 *handle = NULL;
    *db = (struct database){0};
    if (!sqlite_create_file(path, error))
        return false;
    int result = sqlite3_open_v2(path, &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);
    *db = (struct database){&sqlite_ops, handle, memory_text(path)};
    if (result != SQLITE_OK) {
        sqlite_fail(db, "opening", error);
        database_close(db);
        return false;
    }
    sqlite3_extended_result_codes(handle, 1);
    sqlite3_busy_timeout(handle, 1000);
    if (database_run(db, error, "PRAGMA cache_size=-%d; PRAGMA temp_store=MEMORY; PRAGMA journal_mode=WAL;"
                     "PRAGMA synchronous=%s; PRAGMA cell_size_check=ON; PRAGMA journal_size_limit=16777216",
                     cache_kib, full_sync ? "FULL" : "NORMAL"))
        return true;
    database_close(db);
    return false;
}

static void sqlite_close(struct database *db)
{
    sqlite3_close_v2(sqlite_handle(db));
    free(db->path);
}

static bool sqlite_run(struct database *db, const char *sql, struct error *error)
{
    char what[60];
    if (sqlite3_exec(sqlite_handle(db), sql, NULL, NULL, NULL) == SQLITE_OK)
        return true;
    snprintf(what, sizeof what, "%.50s", sql);
    return sqlite_fail(db, what, error);
}

static bool sqlite_begin(struct database *db, bool write, struct error *error)
{
    return sqlite_run(db, write ? "BEGIN IMMEDIATE" : "BEGIN", error);
}

static void sqlite_rollback(struct database *db)
{
    if (!sqlite3_get_autocommit(sqlite_handle(db)))
        sqlite3_exec(sqlite_handle(db), "ROLLBACK", NULL, NULL, NULL);
}

static bool sqlite_commit(struct database *db, struct error *error)
{
    if (sqlite_run(db, "COMMIT", error))
        return true;
    sqlite_rollback(db);
    return false;
}

/* ---- statements ---- */

struct sqlite_statement {
    struct statement base;
    sqlite3_stmt *handle;
};

static sqlite3_stmt *handle_of(struct statement *statement)
{
    return ((struct sqlite_statement *)statement)->handle;
}

static struct statement *sqlite_prepare(struct database *db, const char *sql, struct error *error)
{
    sqlite3_stmt *handle = NULL;
    if (sqlite3_prepare_v3(sqlite_handle(db), sql, -1, SQLITE_PREPARE_PERSISTENT, &handle, NULL) != SQLITE_OK) {
        sqlite_fail(db, "preparing", error);
        return NULL;
    }
    struct sqlite_statement *statement = memory_new(sizeof *statement);
    *statement = (struct sqlite_statement){{&sqlite_ops}, handle};
    return &statement->base;
}

static void sqlite_free_statement(struct statement *statement)
{
    sqlite3_finalize(handle_of(statement));
    free(statement);
}

static void sqlite_reset(struct statement *statement)
{
    sqlite3_reset(handle_of(statement));
    sqlite3_clear_bindings(handle_of(statement));
}

static bool sqlite_step(struct database *db, struct statement *statement, bool *row, struct error *error)
{
    int result = sqlite3_step(handle_of(statement));
    *row = result == SQLITE_ROW;
    if (*row)
        return true;
    if (result != SQLITE_DONE)
        sqlite_fail(db, "reading or writing", error);
    sqlite_reset(statement);
    return result == SQLITE_DONE;
}

static bool sqlite_finish(struct database *db, struct statement *statement, struct error *error)
{
    for (bool row = true; row;) {
        if (!sqlite_step(db, statement, &row, error))
            return false;
    }
    return true;
}

static void bind_integer(struct statement *statement, int place, int64_t value)
{
    sqlite3_bind_int64(handle_of(statement), place, value);
}

static void bind_real(struct statement *statement, int place, double value)
{
    sqlite3_bind_double(handle_of(statement), place, value);
}

static void bind_null(struct statement *statement, int place)
{
    sqlite3_bind_null(handle_of(statement), place);
}

static void bind_text(struct statement *statement, int place, const char *text)
{
    sqlite3_bind_text(handle_of(statement), place, text, -1, SQLITE_STATIC);
}

static void bind_blob(struct statement *statement, int place, const void *bytes, size_t length)
{
    sqlite3_bind_blob64(handle_of(statement), place, bytes, length, SQLITE_STATIC);
}

static bool column_is_null(struct statement *statement, int column)
{
    return sqlite3_column_type(handle_of(statement), column) == SQLITE_NULL;
}

static int64_t column_integer(struct statement *statement, int column)
{
    return sqlite3_column_int64(handle_of(statement), column);
}

static double column_real(struct statement *statement, int column)
{
    return sqlite3_column_double(handle_of(statement), column);
}

static const char *column_text(struct statement *statement, int column)
{
    return (const char *)sqlite3_column_text(handle_of(statement), column);
}

static const void *column_blob(struct statement *statement, int column)
{
    return sqlite3_column_blob(handle_of(statement), column);
}

static size_t column_bytes(struct statement *statement, int column)
{
    return (size_t)sqlite3_column_bytes(handle_of(statement), column);
}

/* ---- the file ---- */

static bool sqlite_damaged(const struct database *db)
{
    int result = sqlite3_errcode(sqlite_handle(db)) & 0xff;
    return result == SQLITE_CORRUPT || result == SQLITE_NOTADB;
}

static bool sqlite_table_missing(const struct database *db)
{
    return sqlite3_errcode(sqlite_handle(db)) == SQLITE_ERROR &&
           strstr(sqlite3_errmsg(sqlite_handle(db)), "no such table") != NULL;
}

/* Bytes of the file and its log. */
static uint64_t sqlite_size(const struct database *db)
{
    struct stat status;
    uint64_t bytes = 0;
    char *log = memory_printf("%s-wal", db->path);
    if (stat(db->path, &status) == 0)
        bytes += (uint64_t)status.st_size;
    if (stat(log, &status) == 0)
        bytes += (uint64_t)status.st_size;
    free(log);
    return bytes;
}

static const struct database_ops sqlite_ops = {
    .close = sqlite_close,
    .run = sqlite_run,
    .begin = sqlite_begin,
    .commit = sqlite_commit,
    .rollback = sqlite_rollback,
    .prepare = sqlite_prepare,
    .free = sqlite_free_statement,
    .step = sqlite_step,
    .finish = sqlite_finish,
    .reset = sqlite_reset,
    .bind_integer = bind_integer,
    .bind_real = bind_real,
    .bind_null = bind_null,
    .bind_text = bind_text,
    .bind_blob = bind_blob,
    .is_null = column_is_null,
    .integer = column_integer,
    .real = column_real,
    .text = column_text,
    .blob = column_blob,
    .bytes = column_bytes,
    .check = sqlite_check,
    .backup = sqlite_backup,
    .damaged = sqlite_damaged,
    .table_missing = sqlite_table_missing,
    .size = sqlite_size,
    .count_tables = "SELECT count(*) FROM sqlite_schema WHERE",
    .meta_create = "CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID",
    .meta_number = "value",
    .meta_bytes = "value",
};
