/* SQL on one SQLite file. Private to the SQLite engine. */
#ifndef STORE_SQLITE_DB_H
#define STORE_SQLITE_DB_H

#include <sqlite3.h>

#include "store/sql_db.h"

/* WAL mode, no waiting on locks beyond a second; the file is made readable for its owner only. `cache_kib` bounds the
 * memory of its page cache. */
bool sqlite_open(struct database *db, const char *path, bool full_sync, int cache_kib, struct error *error);
/* Fill the error from SQLite's last failure: "FILE: what: why". Returns false. */
bool sqlite_fail(const struct database *db, const char *what, struct error *error);
static inline sqlite3 *sqlite_handle(const struct database *db)
{
    return db->connection;
}

/* An empty file that only its owner may read, unless it is there. */
bool sqlite_create_file(const char *path, struct error *error);

/* sqlite_check.c */
bool sqlite_check(struct database *db, const char *table, int limit_ms, char damage[200]);
bool sqlite_backup(struct database *db, int64_t version, struct error *error);

#endif
