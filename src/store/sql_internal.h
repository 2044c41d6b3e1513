/* What the engines on SQL share: all but how a database is reached. Two databases (SQLite: files, PostgreSQL: schemas),
 * so that neither waits for or endangers the other: records hold what people made (full sync), telemetry readings and
 * states (normal sync).
 *
 * Readings: each commit appends its batch to `journal` as one row, whatever the number of assets, and to the head in
 * memory. When the head is large or old enough it is packed into the day's table by series, in short steps. So a
 * reading costs a sequential write when it comes and a share of one row later, instead of a page of a B-tree at once. */
#ifndef STORE_SQL_INTERNAL_H
#define STORE_SQL_INTERNAL_H

#include <uv.h>

#include "store/engine.h"
#include "store/head.h"
#include "store/pack.h"
#include "store/sql_db.h"

/* ---- parts: the tables made as time goes by (sql_parts.c) ---- */

enum part_kind { PART_READINGS, PART_HOURS, PART_DAYS, PART_STATES, PART_KEPT, PART_KINDS };

struct part {
    enum part_kind kind;
    int number; /* as in the table's name: YYYYMMDD, YYYYMM or YYYY */
    bool closed;
    bool fresh; /* made by a transaction that is not committed: only its own thread sees it */
};

/* The writer changes it, anybody asks. */
struct parts {
    uv_mutex_t lock;
    uv_thread_t writer; /* of the fresh ones */
    bool any_fresh;
    struct part *rows; /* by kind, number */
    size_t count, capacity;
};

void parts_init(struct parts *parts);
void parts_release(struct parts *parts);
bool parts_load(struct parts *parts, struct database *db, struct error *error);
bool parts_find(struct parts *parts, enum part_kind kind, int number, struct part *found);
/* A copy of those of a kind with first <= number <= last, ascending. The caller frees. */
struct part *parts_list(struct parts *parts, enum part_kind kind, int first, int last, size_t *count);
/* Inside a write transaction; after a rollback load again. */
bool parts_ensure(struct parts *parts, struct database *db, enum part_kind kind, int number, struct error *error);
/* COMMIT; what was made since BEGIN is there for everybody. */
bool parts_commit(struct parts *parts, struct database *db, struct error *error);
bool parts_close(struct parts *parts, struct database *db, int number, struct error *error);
bool parts_drop(struct parts *parts, struct database *db, enum part_kind kind, int number, struct error *error);
/* Rename a damaged table out of the way, so that a new one can take its place. */
bool parts_set_aside(struct parts *parts, struct database *db, enum part_kind kind, int number, struct error *error);
const char *part_name(enum part_kind kind); /* "readings" */
/* The part that a day (since 1970) belongs to, and the first day of a part. */
int part_number(enum part_kind kind, int64_t day);
int64_t part_first_day(enum part_kind kind, int number);

/* ---- records: what people made (sql_records.c) ---- */

enum { RECORDS_STATEMENTS = 17 };
struct records {
    struct database db;
    struct statement *statements[RECORDS_STATEMENTS];
    struct store_audit_end end;
    bool stale;        /* the last transaction failed: the end is read again before the next */
    msec forgotten_at; /* when old idempotency keys were last removed */
};

bool records_open(struct store_engine *engine, bool was_clean, struct error *error);
void records_close(struct store_engine *engine);
/* What was done to one database done to another, without its audit and its history. */
bool records_repeat(struct records *records, const struct store_action *actions, int64_t acts, struct error *error);
bool sql_act(struct store_engine *engine, struct store_action *actions, struct error *error);
void sql_act_idle(struct store_engine *engine);
/* sql_nodes.c */
bool nodes_prepare(struct records *records, struct statement **statement, struct error *error);
bool nodes_write(struct records *records, struct statement *statement, const struct store_action *action, struct error *error);
bool nodes_forget(struct records *records, msec before, struct error *error); /* what nodes were before, but the last */
bool sql_nodes_at(struct store_reader *reader, msec at, store_node_visit *visit, void *owner, struct error *error);
bool sql_nodes_between(struct store_reader *reader, msec from, msec to, store_node_visit *visit, void *owner,
                       struct error *error);
/* sql_alerts.c */
bool alerts_prepare(struct records *records, struct statement **statements, struct error *error); /* four of them */
bool alerts_write_rows(struct records *records, struct statement *const *statements, const struct store_action *action,
                       struct error *error);
bool alerts_write(struct records *records, struct statement *const *statements, const struct store_action *action,
                  struct error *error);
bool alerts_forget(struct records *records, msec before, struct error *error); /* those that closed before */
bool alerts_load_rows(struct store_reader *reader, const struct store_load_ops *ops, void *owner, struct error *error);
bool sql_alert_events(struct store_reader *reader, int64_t number, store_event_visit *visit, void *owner,
                         struct error *error);
bool sql_alert_row(struct store_reader *reader, int64_t number, store_alert_visit *visit, void *owner, struct error *error);
bool sql_alerts_like(struct store_reader *reader, int64_t fingerprint, msec since, unsigned limit,
                        store_alert_visit *visit, void *owner, struct error *error);
bool sql_alerts_at(struct store_reader *reader, msec at, store_alert_visit *visit, store_event_visit *person,
                      void *owner, struct error *error);
bool sql_alerts_raised(struct store_reader *reader, msec from, msec to, int64_t after, unsigned limit, store_alert_visit *visit,
                       void *owner, struct error *error);
bool records_load(struct store_reader *reader, const struct store_load_ops *ops, void *owner, struct error *error);
bool sql_audit(struct store_reader *reader, int64_t before, unsigned limit, store_audit_visit *visit, void *owner,
                  struct error *error);
bool sql_audit_chain(struct store_reader *reader, store_audit_visit *visit, void *owner,
                        struct store_audit_end *end, struct error *error);

/* ---- telemetry: readings and states ---- */

/* The statements of one day's table, kept while rows of that day are packed. */
struct day_table {
    int number; /* 0: none */
    struct statement *newest, *all, *put, *clear;
};
#define DAY_TABLES 4

/* sql_ahead.c: the newest chunk of each of the series that are packed next. */
#define AHEAD_SERIES 256
struct ahead_chunk {
    uint32_t asset, metric;
    bool there;
    int64_t start;
    size_t offset, length; /* in `bytes` */
};
struct ahead {
    int number; /* of the day; 0: nothing was looked for */
    struct ahead_chunk chunks[AHEAD_SERIES];
    size_t count, next;
    struct buffer bytes;
};
/* That of the series which `rows`, the next to be packed, begin with; NULL: there is none. */
bool ahead_newest(struct store_engine *engine, int number, const struct store_sample *rows, size_t count, msec *start,
                  const void **bytes, size_t *length, struct error *error);
void ahead_forget(struct store_engine *engine); /* at a step's end: what was written is not what was looked for */
void ahead_release(struct store_engine *engine);

enum { TELEMETRY_STATEMENTS = 16 };
struct telemetry {
    struct database db;
    struct parts parts;
    struct head head;
    struct statement *statements[TELEMETRY_STATEMENTS];
    struct day_table day_tables[DAY_TABLES];
    unsigned next_day_table;
    struct ahead ahead[2];                /* two days: a head that reaches over midnight */
    unsigned next_ahead;

    struct store_sample *staged; /* of the open transaction */
    size_t staged_count, staged_capacity;
    int64_t journal_next, journal_frozen; /* ids */
    size_t packed;                        /* rows of the frozen run already packed */
    int suspect;                          /* the day whose table was found damaged while working on it; 0: none */
    msec head_since;                      /* steady time of its first row */

    int closing;                          /* day being closed, as a part number; 0: none */
    int64_t closing_asset, closing_metric; /* the last series done */
    int rollup_number[2], states_number, kept_number; /* the parts that the prepared statements write */
    struct statement *kept_put;
    msec retained_at;

    msec newest_frame;                    /* CLOCK_NEVER: none */
    size_t changes;                       /* of state since then, or since the start */
    size_t frame_assets;                  /* in that frame */
    msec *since;                          /* of each asset's open state, by its number; a far database only */
    size_t since_count;
    bool since_known;

    struct reading *rows;                 /* scratch for one series' day */
    size_t row_capacity;
    struct buffer blob;
    bool stale;                           /* what memory knows of the database is to be read again */
};

/* The memory of it; then the database, once or again after it could not be reached. */
void telemetry_init(struct store_engine *engine);
bool telemetry_attach(struct store_engine *engine, bool was_clean, struct error *error);
bool metric_put(struct database *db, struct statement **statement, const struct store_metric_name *metric,
                struct error *error);
bool state_open_put(struct database *db, struct statement **statement, const struct store_state *state,
                    struct error *error);
bool telemetry_open(struct store_engine *engine, bool was_clean, struct error *error);
void telemetry_close(struct store_engine *engine);
bool telemetry_begin(struct store_engine *engine, struct error *error); /* a transaction that writes */
void telemetry_rollback(struct store_engine *engine); /* and forget what memory held of the transaction */
bool telemetry_load(struct store_reader *reader, const struct store_load_ops *ops, void *owner, struct error *error);
bool sql_telemetry_begin(struct store_engine *engine, struct error *error);
bool sql_telemetry_apply(struct store_engine *engine, const struct store_batch *batch, struct error *error);
bool sql_telemetry_commit(struct store_engine *engine, struct error *error);

/* sql_pack.c: moving the head into day tables, one step at a time. */
bool flush_begin(struct store_engine *engine);
bool flush_step(struct store_engine *engine, msec now, bool *more, struct error *error);
void day_tables_release(struct telemetry *telemetry);
/* A day's table found damaged while working on it (telemetry->suspect) is set aside, so that work can go on. */
bool set_suspect_aside(struct store_engine *engine, struct error *error);
/* All of one series' day, into telemetry->rows. */
bool day_read(struct store_engine *engine, int number, uint32_t asset, uint32_t metric, size_t *count,
              struct error *error);

/* sql_rollup.c */
/* Write the hourly and daily row of one series' day from its readings. */
bool rollup_write(struct store_engine *engine, int64_t day, uint32_t asset, uint32_t metric,
                  const struct reading *rows, size_t count, struct error *error);
/* Add readings of a day whose raw readings are gone to its rows. */
bool rollup_merge(struct store_engine *engine, int64_t day, uint32_t asset, uint32_t metric,
                  const struct reading *rows, size_t count, struct error *error);
/* The oldest day that ended long enough ago and is not closed, as a part number; 0: none. */
int closing_due(struct store_engine *engine, msec now);
bool closing_step(struct store_engine *engine, int number, bool *more, struct error *error);
bool retention_step(struct store_engine *engine, msec now, bool *more, struct error *error);
bool sql_maintain(struct store_engine *engine, msec now, bool *more, struct error *error);

/* sql_states.c */
bool states_apply(struct store_engine *engine, const struct store_state *state, struct error *error);
bool states_note_frames(struct store_engine *engine, struct error *error); /* from the file */
bool frames_step(struct store_engine *engine, msec now, struct error *error);
bool frames_trim(struct store_engine *engine, msec now, struct error *error); /* inside a transaction */
bool sql_states(struct store_reader *reader, uint32_t asset, msec from, msec to, struct store_intervals *out,
                   struct error *error);
bool sql_states_at(struct store_reader *reader, msec at, struct store_intervals *out, struct error *error);
bool sql_states_between(struct store_reader *reader, msec from, msec to, unsigned limit,
                           struct store_intervals *out, struct error *error);

/* sql_kept.c */
bool kept_apply(struct store_engine *engine, const struct store_kept *kept, size_t count, struct error *error);
bool sql_kept(struct store_reader *reader, uint32_t asset, msec from, msec to, store_kept_visit *visit, void *owner,
              struct error *error);

/* sql_read.c */
bool sql_readings(struct store_reader *reader, uint32_t asset, uint32_t metric, msec from, msec to,
                     bool newest_first, store_reading_visit *visit, void *owner, struct error *error);
unsigned sql_coverage(struct store_reader *reader, int64_t day);
bool sql_rollups(struct store_reader *reader, enum store_rollup unit, uint32_t asset, uint32_t metric, msec from,
                    msec to, store_bucket_visit *visit, void *owner, struct error *error);
bool sql_last_at(struct store_reader *reader, uint32_t asset, msec since, msec at, store_last_visit *visit, void *owner,
                    struct error *error);

/* ---- the engine ---- */

enum sql_part { SQL_RECORDS, SQL_TELEMETRY };

/* What each engine on SQL does in its own way. */
struct sql_way {
    bool (*open)(struct store_engine *engine, enum sql_part part, bool write, struct database *db, struct error *error);
    /* Before the records are read at the start; may be NULL. */
    bool (*sound)(struct store_engine *engine, bool was_clean, struct error *error);
    /* A telemetry database that is damaged as a whole goes where it hinders nobody. */
    bool (*move_away)(struct store_engine *engine, const struct error *cause, struct error *error);
    void (*idle)(struct store_engine *engine); /* of the actions' thread; may be NULL */
    /* Where the answer to a commit can be lost on its way (NULL: never): a mark written with each transaction of
     * actions, and whether, the commit having failed, it is there after all. */
    bool (*mark)(struct store_engine *engine, struct error *error);
    bool (*marked)(struct store_engine *engine, struct error *error);
};

/* Begins each one's own. */
struct store_engine {
    const struct sql_way *way;
    struct store_options options;
    struct records records;
    struct telemetry telemetry;
    bool damaged; /* found while running: the next start looks at everything, as after a crash */
    uv_mutex_t problem_lock;
    char problem[200];
};
void engine_init(struct store_engine *engine, const struct sql_way *way, const struct store_options *options);
void engine_release(struct store_engine *engine);
/* Records, then telemetry; nothing stays open when it fails. */
bool engine_open_parts(struct store_engine *engine, bool was_clean, struct error *error);
void engine_close_parts(struct store_engine *engine);
/* Damage found and set aside: logged, and shown in the status until the next start. */
void engine_problem(struct store_engine *engine, const char *format, ...) __attribute__((format(printf, 2, 3)));

struct store_reader {
    struct store_engine *engine;
    struct database records, telemetry;
    struct reading *chunk; /* PACK_READINGS_MAX */
};
bool sql_reader_open(struct store_engine *engine, struct store_reader **reader, struct error *error);
void sql_reader_close(struct store_reader *reader);
bool sql_load(struct store_reader *reader, const struct store_load_ops *ops, void *owner, struct error *error);

/* What their ops have in common. */
#define SQL_ENGINE_OPS                              \
    .reader_open = sql_reader_open,                 \
    .reader_close = sql_reader_close,               \
    .coverage = sql_coverage,                       \
    .rollups = sql_rollups,                         \
    .last_at = sql_last_at,                         \
    .states = sql_states,                           \
    .states_at = sql_states_at,                     \
    .states_between = sql_states_between,           \
    .alert_events = sql_alert_events,               \
    .alert_row = sql_alert_row,                     \
    .alerts_like = sql_alerts_like,                 \
    .alerts_at = sql_alerts_at,                     \
    .alerts_raised = sql_alerts_raised,             \
    .nodes_at = sql_nodes_at,                       \
    .nodes_between = sql_nodes_between,             \
    .kept = sql_kept,                               \
    .audit = sql_audit,                             \
    .audit_chain = sql_audit_chain

/* Steps of maintenance end after about this long. */
#define STEP_NS 40000000ull

#endif
