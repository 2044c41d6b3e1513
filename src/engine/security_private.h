/* What the files of security share. Private to src/engine/security*.c and its tests. */
#ifndef ENGINE_SECURITY_PRIVATE_H
#define ENGINE_SECURITY_PRIVATE_H

#include "engine/alerts_private.h"
#include "engine/security.h"
#include "model/filter.h"

#define SECURITY_FIRST (LAYER_COUNT + MEASURE_COUNT)            /* rows before the controls */
#define SECURITY_ROWS (SECURITY_FIRST + SECURITY_CONTROLS_MAX)  /* 64: bits of a row mask */
#define SECURITY_HOURS (31 * 24 + 1)
#define SECURITY_MISSING 200                                    /* named, of what is not watched */
#define SECURITY_ACTS 50                                        /* newest entries kept of a control over the audit */
#define SECURITY_SLICE_NS 2500000u
_Static_assert(SECURITY_ROWS == 64, "rows are bits");

struct security_record {     /* of an alert, by its handle */
    int64_t number;
    msec raised_at;
    uint64_t rows;
    uint8_t severity;
    bool active, shown, queued, counted; /* counted: in the hours */
};

struct security_act { msec time; char actor[80], verb[40], target[120]; };
struct security_acts { struct security_act row[SECURITY_ACTS]; unsigned count; }; /* newest first */

/* By the hour, in a ring: slot hour % SECURITY_HOURS. */
struct security_hours { uint32_t raised[SECURITY_HOURS]; msec last; };

struct security_watch {      /* of one row, as of the last whole pass over the ledger */
    uint32_t total, watched, silent;
    uint32_t missing[SECURITY_MISSING], quiet[SECURITY_MISSING];
    unsigned missing_count, quiet_count;
};

struct security_asking { struct security_asking *next; security_done *done; void *owner; };

/* What the timer and answers of the store hold; outlives the rest until the last of them is gone. */
struct security_link { struct security *security; unsigned holders; uv_timer_t turn; };

struct security {
    struct security_parts parts;
    struct security_link *link;
    const struct security_plan *plan;
    const struct site *site;
    uint64_t generation;     /* of the plan: answers of the store to an earlier one are dropped */
    struct filter *alerts_filter[SECURITY_CONTROLS_MAX], *assets_filter[SECURITY_CONTROLS_MAX], *watched_filter[SECURITY_CONTROLS_MAX];
    char *alerts_text[SECURITY_ROWS]; /* the filter that shows what is active */

    /* alerts: security_alerts.c */
    struct security_record *records;
    uint32_t record_count;
    uint32_t *queue;         /* handles to sort; from queue_first on */
    size_t queue_first, queue_count, queue_capacity;
    struct security_hours hours[SECURITY_ROWS];
    msec hour;               /* the newest in the rings, hours since 1970 */
    msec begun;              /* raised from then on: counted live; before: from the store */
    int64_t scanned;         /* number up to which the store was read */
    bool scanning, counted;
    msec scan_due;           /* steady; 0: none */

    /* the ledger: security_watch.c */
    struct security_watch *watch, *fresh; /* SECURITY_ROWS each */
    uint32_t sweep_at;       /* next handle; UINT32_MAX: no pass under way */
    uint64_t sweep_ledger;   /* revision that `watch` is of */
    msec swept;              /* steady; 0: never */
    struct security_asking *asking;

    /* the audit: security_audit.c */
    int64_t audit_known, audit_newest; /* sequence: counted up to; the newest seen by the reading under way */
    bool audit_reading, audit_ready;
    struct security_acts *acts[SECURITY_CONTROLS_MAX];
    msec verified, verify_due;         /* wall; steady */
    bool verifying, broken;
    int64_t broken_at, audit_rows;

    struct { security_fact_source *source; void *from; } provided[FACTS_COUNT];
};

/* ---- security.c ---- */
static inline uint64_t security_row_bit(unsigned row)
{
    return (uint64_t)1 << row;
}
void security_wake(struct security *security, msec wait);     /* a turn then, or earlier */
uint64_t security_rows_of_control(const struct security *security, unsigned control); /* its own bit and its layer's, its measure's */
void security_link_release(struct security_link *link);
void security_count(struct security *security, uint64_t rows, msec time); /* one more in the hour of `time` */
const struct security_control *security_control_of(const struct security *security, unsigned row); /* NULL: a layer or measure */

/* ---- security_alerts.c ---- */
void security_alerts_begin(struct security *security);        /* listen, and see what stands */
void security_alerts_again(struct security *security);        /* the plan changed */
void security_alerts_resort(struct security *security);       /* the ledger changed */
void security_alerts_end(struct security *security);
bool security_alerts_turn(struct security *security, uint64_t until_ns); /* true: more waits */
uint64_t security_classify(const struct security *security, const struct alert *alert);
void security_scan_begin(struct security *security);

/* ---- security_watch.c ---- */
void security_watch_begin(struct security *security);         /* a pass, unless one runs */
bool security_watch_turn(struct security *security, uint64_t until_ns);
void security_watch_again(struct security *security);         /* the plan changed */

/* ---- security_audit.c ---- */
void security_audit_again(struct security *security);
void security_audit_read(struct security *security);          /* what is new */
void security_audit_verify(struct security *security);

/* ---- security_facts.c ---- */
struct security_way { const char *name; bool endpoint; uint32_t asset; const struct protection *protection; };
void security_ways(struct security *security, void (*visit)(void *owner, const struct security_way *way), void *owner);
void security_facts(struct security *security, enum security_facts sort, security_fact_visit *visit, void *owner);

/* ---- security_policy.c ---- */
void security_policy_judge(struct security *security);        /* raises and ends its alerts */
void security_policy_chain(struct security *security);

/* ---- security_rows.c ---- */
void security_answer_all(struct security *security);          /* whoever waits */

#endif
