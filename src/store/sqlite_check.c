/* Is the file sound? Bounded in time, because a start may not wait for gigabytes. And its copy before it is changed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <uv.h>

#include "base/log.h"
#include "base/memory.h"
#include "store/sqlite_db.h"

#define STEPS_BETWEEN_LOOKS 20000

static int past_deadline(void *owner)
{
    return uv_hrtime() > *(const uint64_t *)owner;
}

bool sqlite_check(struct database *db, const char *table, int limit_ms, char damage[200])
{
    uint64_t deadline = uv_hrtime() + (uint64_t)limit_ms * 1000000u;
    sqlite3_stmt *statement = NULL;
    char sql[120];
    snprintf(sql, sizeof sql, table ? "PRAGMA quick_check(%s)" : "PRAGMA quick_check(1)", table);
    damage[0] = '\0';
    sqlite3_progress_handler(sqlite_handle(db), STEPS_BETWEEN_LOOKS, past_deadline, &deadline);
    int result = sqlite3_prepare_v2(sqlite_handle(db), sql, -1, &statement, NULL);
    if (result == SQLITE_OK)
        result = sqlite3_step(statement);
    const char *finding = result == SQLITE_ROW ? (const char *)sqlite3_column_text(statement, 0) : NULL;
    if (finding && strcmp(finding, "ok") != 0)
        snprintf(damage, 200, "%.190s", finding);
    bool cut = (result & 0xff) == SQLITE_INTERRUPT;
    if ((result & 0xff) == SQLITE_CORRUPT || (result & 0xff) == SQLITE_NOTADB)
        snprintf(damage, 200, "%.190s", sqlite3_errmsg(sqlite_handle(db)));
    for (char *newline = damage; (newline = strchr(newline, '\n')) != NULL;)
        *newline = ' ';
    sqlite3_finalize(statement);
    sqlite3_progress_handler(sqlite_handle(db), 0, NULL, NULL);
    if (cut)
        log_notice("store: %s is too large to be checked whole at the start; the first %d ms found no damage", db->path,
                   limit_ms);
    return damage[0] || cut || result == SQLITE_ROW || result == SQLITE_DONE;
}

bool sqlite_backup(struct database *db, int64_t version, struct error *error)
{
    char *path = memory_printf("%s.before-%lld", db->path, (long long)version + 1);
    sqlite3 *copy = NULL;
    if (!sqlite_create_file(path, error)) {
        free(path);
        return false;
    }
    bool done = sqlite3_open(path, &copy) == SQLITE_OK;
    sqlite3_backup *backup = done ? sqlite3_backup_init(copy, "main", sqlite_handle(db), "main") : NULL;
    done = backup && sqlite3_backup_step(backup, -1) == SQLITE_DONE;
    done = backup && sqlite3_backup_finish(backup) == SQLITE_OK && done;
    if (!done)
        error_set(error, ERROR_FULL, "%s: cannot be copied to %s before its schema is changed: %s", db->path, path,
                  sqlite3_errmsg(copy));
    else
        log_notice("store: kept a copy of %s as %s", db->path, path);
    sqlite3_close(copy);
    free(path);
    return done;
}
