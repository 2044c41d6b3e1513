/* SQL on a PostgreSQL server, by libpq. Private to the PostgreSQL engine.
 *
 * Statements without rows are sent in a pipeline and not waited for, so that a batch costs a few exchanges with the
 * server, not one for each row. A connection that was lost is made again when the next transaction begins, after a
 * pause that grows; what was in the lost one fails, and its writer brings it again. */
#ifndef STORE_POSTGRES_DB_H
#define STORE_POSTGRES_DB_H

#include <libpq-fe.h>
#include <stdatomic.h>
#include <uv.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "store/sql_internal.h"

/* What all connections to one server share; any thread. */
struct postgres_server {
    PQconninfoOption *options; /* the url, taken apart; the password too */
    char *password;            /* from elsewhere; NULL: none */
    char *address;             /* for people: postgresql://USER@HOST:PORT/DATABASE */
    char *name;                /* of this daemon, as the server's lists show it */
    int64_t incarnation;       /* of this daemon, noted in the database as its writer */
    atomic_bool detached;      /* the daemon works from what it kept: nobody reads yet */
    bool claimed;              /* so noted: a connection made later looks whether it is still so */
    atomic_ullong cleaned;     /* texts that were no UTF-8 */
    uv_mutex_t lock;           /* what follows */
    msec try_at, pause;        /* ticks; after a failed connection */
    struct error refused;      /* why it failed */
};

bool postgres_server_init(struct postgres_server *server, const char *url, const char *password, struct error *error);
void postgres_server_release(struct postgres_server *server);

#define POSTGRES_SCHEMA_RECORDS "nocturne_records"
#define POSTGRES_SCHEMA_TELEMETRY "nocturne_telemetry"

/* Milliseconds of the machine, whatever the wall says. */
static inline msec ticks(void)
{
    return (msec)(uv_hrtime() / 1000000);
}

struct postgres_statement;

/* A connection: one thread at a time. */
struct postgres {
    struct postgres_server *server;
    enum sql_part part;
    bool write;                 /* holds the lock of its part */
    PGconn *link;               /* NULL: none */
    unsigned generation;        /* how often it was made */
    unsigned names;             /* statements named so far */
    unsigned pending;           /* sent, their outcome not read */
    size_t pending_bytes;
    struct postgres_statement *reading; /* whose rows are on their way */
    bool in_transaction;
    bool in_doubt;              /* the answer to the last COMMIT was lost */
    struct error failure;       /* of something sent in this transaction; ERROR_NONE: none */
    char state[6];              /* SQLSTATE of the last failure */
    char tag[24];               /* the last command's: "COMMIT" */
    struct buffer garbage;      /* names of statements to be forgotten, each with its end */
};

/* Ready to be used; the server is asked only when something is done with it. */
void postgres_open(struct database *db, struct postgres_server *server, enum sql_part part, bool write);
static inline struct postgres *postgres_of(const struct database *db)
{
    return db->connection;
}

/* postgres_link.c: the connection itself. */
void postgres_try_now(struct postgres_server *server); /* without the pause after a failed connection */
bool postgres_connect(struct postgres *postgres, struct error *error);
void postgres_disconnect(struct postgres *postgres);
/* Notes the failure with its SQLSTATE; false. `result` NULL: the connection's own trouble, which ends it. */
bool postgres_fail(struct postgres *postgres, const PGresult *result, struct error *error);
/* The next result of what was sent, waiting for the server but not for ever; NULL at the end of one, or with `*lost`. */
PGresult *postgres_result(struct postgres *postgres, bool *lost);
/* One statement or several, outside the pipeline, waited for; the last one's result for PQclear, NULL: failed. */
PGresult *postgres_ask(struct postgres *postgres, const char *sql, struct error *error);

/* postgres_db.c: read the outcome of all that was sent. False: something failed, now or earlier. */
bool postgres_settle(struct postgres *postgres, struct error *error);
bool postgres_usable(struct postgres *postgres, struct error *error);
/* Whether an idle connection has ended meanwhile; if so, it is let go. */
void postgres_look(struct postgres *postgres);

/* postgres_statement.c */
struct statement *postgres_prepare(struct database *db, const char *sql, struct error *error);
bool postgres_step(struct database *db, struct statement *statement, bool *row, struct error *error);
bool postgres_finish(struct database *db, struct statement *statement, struct error *error);
void postgres_keep_rows(struct postgres *postgres); /* of the statement being read: to its end, into memory */
void postgres_free(struct statement *statement);
void postgres_reset(struct statement *statement);
void postgres_bind_integer(struct statement *statement, int place, int64_t number);
void postgres_bind_real(struct statement *statement, int place, double number);
void postgres_bind_null(struct statement *statement, int place);
void postgres_bind_text(struct statement *statement, int place, const char *text);
void postgres_bind_blob(struct statement *statement, int place, const void *bytes, size_t length);
bool postgres_is_null(struct statement *statement, int column);
int64_t postgres_integer(struct statement *statement, int column);
double postgres_real(struct statement *statement, int column);
const char *postgres_text(struct statement *statement, int column);
const void *postgres_blob(struct statement *statement, int column);
size_t postgres_bytes(struct statement *statement, int column);
extern const struct database_ops postgres_ops;

#endif
