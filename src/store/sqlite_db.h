/* One SQLite file and one way into it: opening, statements, errors people can act on. Private to the SQLite engine. */
#ifndef STORE_SQLITE_DB_H
#define STORE_SQLITE_DB_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

/* A connection; used by one thread at a time. */
struct database {
    sqlite3 *handle;
    char *path;
};

/* An empty file that only its owner may read, unless it is there. */
bool database_create_file(const char *path, struct error *error);
/* WAL mode, no waiting on locks beyond a second. `cache_kib` bounds the memory of its page cache. */
bool database_open(struct database *db, const char *path, bool full_sync, int cache_kib, struct error *error);
void database_close(struct database *db);

/* Fill the error from SQLite's last failure: "FILE: what: why". Returns false. */
bool database_fail(const struct database *db, const char *what, struct error *error);
/* Run statements that give no rows. */
bool database_run(struct database *db, struct error *error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Prepare unless *statement is there already. */
bool database_prepare(struct database *db, sqlite3_stmt **statement, struct error *error, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* *row: a row is there; else the statement is done and reset. On false it is reset too. */
bool database_step(struct database *db, sqlite3_stmt *statement, bool *row, struct error *error);
/* Step to the end, for statements whose rows nobody wants. */
bool database_finish(struct database *db, sqlite3_stmt *statement, struct error *error);
void database_reset(sqlite3_stmt *statement); /* before the next use, when left in the middle; clears bindings */
bool database_begin(struct database *db, bool write, struct error *error);
bool database_commit(struct database *db, struct error *error); /* rolls back when it cannot */
void database_rollback(struct database *db);
/* Bytes of the file and its log. */
uint64_t database_bytes(const struct database *db);

/* The meta table: numbers and blobs by name. */
bool database_meta(struct database *db, const char *name, int64_t absent, int64_t *value, struct error *error);
bool database_meta_set(struct database *db, const char *name, int64_t value, struct error *error);

/* sqlite_migrate.c: bring the file to this program's schema. `part` is "records" or "telemetry". Before an old schema
 * is changed, the file is copied to PATH.before-N (only when `backup`). ERROR_TOO_NEW, ERROR_CORRUPT. */
bool database_migrate(struct database *db, const char *part, bool backup, struct error *error);
/* sqlite_check.c: quick_check of the named tables (NULL: all), at most `limit_ms` long; `*damage` gets the first
 * finding, "" when sound. False only when the check could not be made. */
bool database_check(struct database *db, const char *table, int limit_ms, char damage[200]);

#endif
