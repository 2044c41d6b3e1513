/* One SQL database and one way into it: statements, transactions, errors people can act on. The SQL engines stand on
 * this, so that what a table means is written once: sqlite_db.c and postgres_db.c are the two ways. Private to them.
 *
 * The SQL itself is what both understand: `?` and `?1` for values, ON CONFLICT in place of INSERT OR REPLACE, columns
 * qualified where PostgreSQL finds them ambiguous. Tables are written with INTEGER, REAL, TEXT, BLOB and WITHOUT ROWID;
 * each way reads those as its own.
 *
 * Statements that give no rows may be sent without waiting for their outcome: it shows at the next row that is asked
 * for, at the latest when the transaction commits. */
#ifndef STORE_SQL_DB_H
#define STORE_SQL_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"

struct database_ops;

/* A connection; used by one thread at a time. */
struct database {
    const struct database_ops *ops;
    void *connection; /* the way's own */
    char *path;       /* for messages: a file, or an address without its password */
};

/* Begins each way's own statement. */
struct statement {
    const struct database_ops *ops;
};

struct database_ops {
    void (*close)(struct database *db);
    bool (*run)(struct database *db, const char *sql, struct error *error); /* several, parted by `;` */
    bool (*begin)(struct database *db, bool write, struct error *error);
    bool (*commit)(struct database *db, struct error *error); /* false: what was written is undone, or may be */
    void (*rollback)(struct database *db);
    struct statement *(*prepare)(struct database *db, const char *sql, struct error *error);
    void (*free)(struct statement *statement);
    bool (*step)(struct database *db, struct statement *statement, bool *row, struct error *error);
    bool (*finish)(struct database *db, struct statement *statement, struct error *error);
    void (*reset)(struct statement *statement);
    /* Places count from 1, columns from 0. Texts and blobs stay the caller's until the statement was stepped. */
    void (*bind_integer)(struct statement *statement, int place, int64_t value);
    void (*bind_real)(struct statement *statement, int place, double value);
    void (*bind_null)(struct statement *statement, int place);
    void (*bind_text)(struct statement *statement, int place, const char *text);
    void (*bind_blob)(struct statement *statement, int place, const void *bytes, size_t length);
    bool (*is_null)(struct statement *statement, int column);
    int64_t (*integer)(struct statement *statement, int column);
    double (*real)(struct statement *statement, int column);
    const char *(*text)(struct statement *statement, int column);
    const void *(*blob)(struct statement *statement, int column);
    size_t (*bytes)(struct statement *statement, int column);
    /* As database_check below; and a copy of everything before its schema is changed. */
    bool (*check)(struct database *db, const char *table, int limit_ms, char damage[200]);
    bool (*backup)(struct database *db, int64_t version, struct error *error);
    bool (*damaged)(const struct database *db);       /* the last failure was damage */
    bool (*table_missing)(const struct database *db); /* the last failure was a table that is not there */
    uint64_t (*size)(const struct database *db);
    /* After rows came with their numbers: those it gives itself go on from there. NULL: they do so anyway. */
    bool (*renumber)(struct database *db, const char *table, const char *column, struct error *error);
    bool far;                              /* an exchange costs more than what it does */
    const char *count_tables;              /* SELECT of how many tables have a name of which this is true: */
    const char *meta_create;               /* the table of the schema's version */
    const char *meta_number, *meta_bytes;  /* its columns */
};

void database_close(struct database *db);
/* Run statements that give no rows. */
bool database_run(struct database *db, struct error *error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Prepare unless *statement is there already. */
bool database_prepare(struct database *db, struct statement **statement, struct error *error, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* *row: a row is there; else the statement is done and reset. On false it is reset too. */
static inline bool database_step(struct database *db, struct statement *statement, bool *row, struct error *error)
{
    return db->ops->step(db, statement, row, error);
}
/* Step to the end, for statements whose rows nobody wants. */
static inline bool database_finish(struct database *db, struct statement *statement, struct error *error)
{
    return db->ops->finish(db, statement, error);
}
/* Before the next use, when left in the middle; clears bindings. */
static inline void database_reset(struct statement *statement)
{
    statement->ops->reset(statement);
}
void statement_free(struct statement **statement);
static inline bool database_begin(struct database *db, bool write, struct error *error)
{
    return db->ops->begin(db, write, error);
}
static inline bool database_commit(struct database *db, struct error *error)
{
    return db->ops->commit(db, error);
}
static inline void database_rollback(struct database *db)
{
    db->ops->rollback(db);
}

static inline void statement_bind_integer(struct statement *statement, int place, int64_t value)
{
    statement->ops->bind_integer(statement, place, value);
}
static inline void statement_bind_real(struct statement *statement, int place, double value)
{
    statement->ops->bind_real(statement, place, value);
}
static inline void statement_bind_null(struct statement *statement, int place)
{
    statement->ops->bind_null(statement, place);
}
static inline void statement_bind_text(struct statement *statement, int place, const char *text)
{
    statement->ops->bind_text(statement, place, text);
}
static inline void statement_bind_blob(struct statement *statement, int place, const void *bytes, size_t length)
{
    statement->ops->bind_blob(statement, place, bytes, length);
}
static inline bool statement_is_null(struct statement *statement, int column)
{
    return statement->ops->is_null(statement, column);
}
static inline int64_t statement_integer(struct statement *statement, int column)
{
    return statement->ops->integer(statement, column);
}
static inline double statement_real(struct statement *statement, int column)
{
    return statement->ops->real(statement, column);
}
/* Valid until the next step; NULL where there is none. */
static inline const char *statement_text(struct statement *statement, int column)
{
    return statement->ops->text(statement, column);
}
static inline const void *statement_blob(struct statement *statement, int column)
{
    return statement->ops->blob(statement, column);
}
static inline size_t statement_bytes(struct statement *statement, int column)
{
    return statement->ops->bytes(statement, column);
}

/* Invalid bytes become U+FFFD. False: there were none, and nothing was appended. */
bool sql_text_repair(struct buffer *out, const char *text);

/* The meta table: numbers by name. */
bool database_meta(struct database *db, const char *name, int64_t absent, int64_t *value, struct error *error);
bool database_meta_set(struct database *db, const char *name, int64_t value, struct error *error);

/* sql_migrate.c: bring the database to this program's schema. `part` is "records" or "telemetry". Before an old schema
 * is changed, it is copied away (only when `backup`, and where the way can). ERROR_TOO_NEW, ERROR_CORRUPT. */
bool database_migrate(struct database *db, const char *part, bool backup, struct error *error);
/* Is the named table (NULL: all) sound, as far as `limit_ms` allow; `*damage` gets the first finding, "" when sound.
 * False only when the check could not be made. */
static inline bool database_check(struct database *db, const char *table, int limit_ms, char damage[200])
{
    return db->ops->check(db, table, limit_ms, damage);
}

#endif
