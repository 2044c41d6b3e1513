#include "store/sqlite_db.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
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

bool database_fail(const struct database *db, const char *what, struct error *error)
{
    int result = sqlite3_extended_errcode(db->handle), system_errno = sqlite3_system_errno(db->handle);
    enum error_code code = code_of(result, (result & 0xff) == SQLITE_IOERR || (result & 0xff) == SQLITE_FULL ? system_errno : 0);
    if (code == ERROR_FULL)
        return error_set(error, code, "%s: no room left on the disk (%s)", db->path, what);
    if (((result & 0xff) == SQLITE_IOERR || (result & 0xff) == SQLITE_CANTOPEN) && system_errno != 0)
        return error_set(error, code, "%s: %s: %s: %s", db->path, what, sqlite3_errmsg(db->handle),
                         strerror(system_errno));
    return error_set(error, code, "%s: %s: %s", db->path, what, sqlite3_errmsg(db->handle));
}

/* SQLite would make the file readable for all; its log and index take the mode of the file. */
bool database_create_file(const char *path, struct error *error)
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

bool database_open(struct database *db, const char *path, bool full_sync, int cache_kib, struct error *error)
{
    *db = (struct database){NULL, NULL};
    if (!database_create_file(path, error))
        return false;
    db->path = memory_text(path);
    if (sqlite3_open_v2(path, &db->handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL) !=
        SQLITE_OK) {
        database_fail(db, "opening", error);
        database_close(db);
        return false;
    }
    sqlite3_extended_result_codes(db->handle, 1);
    sqlite3_busy_timeout(db->handle, 1000);
    if (database_run(db, error, "PRAGMA cache_size=-%d; PRAGMA temp_store=MEMORY; PRAGMA journal_mode=WAL;"
                     "PRAGMA synchronous=%s; PRAGMA cell_size_check=ON; PRAGMA journal_size_limit=16777216",
                     cache_kib, full_sync ? "FULL" : "NORMAL"))
        return true;
    database_close(db);
    return false;
}

void database_close(struct database *db)
{
    if (db->handle)
        sqlite3_close_v2(db->handle);
    free(db->path);
    *db = (struct database){NULL, NULL};
}

bool database_run(struct database *db, struct error *error, const char *format, ...)
{
    struct buffer sql = BUFFER_INIT;
    va_list arguments;
    va_start(arguments, format);
    buffer_vprintf(&sql, format, arguments);
    va_end(arguments);
    bool done = sqlite3_exec(db->handle, buffer_text(&sql), NULL, NULL, NULL) == SQLITE_OK;
    if (!done) {
        char what[60];
        snprintf(what, sizeof what, "%.50s", buffer_text(&sql));
        database_fail(db, what, error);
    }
    buffer_release(&sql);
    return done;
}

bool database_prepare(struct database *db, sqlite3_stmt **statement, struct error *error, const char *format, ...)
{
    if (*statement)
        return true;
    struct buffer sql = BUFFER_INIT;
    va_list arguments;
    va_start(arguments, format);
    buffer_vprintf(&sql, format, arguments);
    va_end(arguments);
    bool done = sqlite3_prepare_v3(db->handle, buffer_text(&sql), (int)sql.length, SQLITE_PREPARE_PERSISTENT, statement,
                                   NULL) == SQLITE_OK;
    if (!done)
        database_fail(db, "preparing", error);
    buffer_release(&sql);
    return done;
}

bool database_step(struct database *db, sqlite3_stmt *statement, bool *row, struct error *error)
{
    int result = sqlite3_step(statement);
    *row = result == SQLITE_ROW;
    if (*row)
        return true;
    if (result != SQLITE_DONE)
        database_fail(db, "reading or writing", error);
    database_reset(statement);
    return result == SQLITE_DONE;
}

bool database_finish(struct database *db, sqlite3_stmt *statement, struct error *error)
{
    for (bool row = true; row;) {
        if (!database_step(db, statement, &row, error))
            return false;
    }
    return true;
}

void database_reset(sqlite3_stmt *statement)
{
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
}

bool database_begin(struct database *db, bool write, struct error *error)
{
    return database_run(db, error, write ? "BEGIN IMMEDIATE" : "BEGIN");
}

bool database_commit(struct database *db, struct error *error)
{
    if (database_run(db, error, "COMMIT"))
        return true;
    database_rollback(db);
    return false;
}

void database_rollback(struct database *db)
{
    if (!sqlite3_get_autocommit(db->handle))
        sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
}

uint64_t database_bytes(const struct database *db)
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

bool database_meta(struct database *db, const char *name, int64_t absent, int64_t *value, struct error *error)
{
    sqlite3_stmt *statement = NULL;
    bool row = false;
    *value = absent;
    if (!database_prepare(db, &statement, error, "SELECT value FROM meta WHERE name=?"))
        return false;
    sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC);
    bool done = database_step(db, statement, &row, error);
    if (done && row)
        *value = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return done;
}

bool database_meta_set(struct database *db, const char *name, int64_t value, struct error *error)
{
    return database_run(db, error, "INSERT OR REPLACE INTO meta VALUES ('%s', %lld)", name, (long long)value);
}
