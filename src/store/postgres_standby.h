/* What a daemon must know to start while its PostgreSQL server is away: the ledger, documents, alerts, metrics and what
 * each asset was, as the database has them, in two SQLite files of the state directory. Written after each commit, never
 * asked while the server answers, and made anew whenever it is not exactly what the database has. */
#ifndef STORE_POSTGRES_STANDBY_H
#define STORE_POSTGRES_STANDBY_H

#include <stdatomic.h>

#include "store/sql_internal.h"

struct standby {
    char *directory;         /* NULL: there is no place for it */
    int64_t address;         /* a hash of where the database is */
    atomic_bool usable;
    struct records records;  /* of the actions' thread */
    struct database telemetry;
    struct statement *put_metric, *put_state; /* of telemetry's */
    struct store_metric_name *metrics;        /* of the transaction under way */
    size_t metric_count, metric_capacity;
    struct store_state *states;
    size_t state_count, state_capacity;
    msec forgotten_at;
};

/* What a database is, and how far it has come. */
struct standing {
    int64_t identity;  /* a number it got when it was first used; 0: none */
    int64_t acts;      /* transactions of actions */
    int64_t metrics, newest_metric;
};
static inline bool standing_same(const struct standing *left, const struct standing *right)
{
    return left->identity == right->identity && left->acts == right->acts && left->metrics == right->metrics &&
           left->newest_metric == right->newest_metric;
}
/* `metric` is the table's name as the connection knows it. */
bool standing_read(struct database *records, struct database *telemetry, const char *metric, struct standing *standing,
                   struct error *error);

/* What is there of the database at that address; damaged files, and another's, are begun anew. Without a directory, or a writable one, it is not usable. */
void standby_open(struct standby *standby, const char *directory, const char *address, struct standing *standing);
void standby_close(struct standby *standby);
/* All anew from the database. */
void standby_fill(struct standby *standby, struct database *records, struct database *telemetry,
                  const struct standing *standing);
bool standby_load(struct store_engine *engine, const char *directory, const struct store_load_ops *ops, void *owner,
                  struct error *error);

/* After the database has committed them. */
void standby_act(struct standby *standby, struct store_action *actions, int64_t acts);
void standby_forget(struct standby *standby, msec at, msec before);
void standby_telemetry_begin(struct standby *standby);
void standby_telemetry_note(struct standby *standby, const struct store_batch *batch);
void standby_telemetry_commit(struct standby *standby);

#endif
