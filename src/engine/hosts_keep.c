/* What is kept of hosts for a look back: which processes used most each minute; units, people and listening ports when
 * they change. Bounded: one host writes at most KEEP_A_DAY bytes a day beside what it may owe once. */
#include <stdlib.h>

#include "base/memory.h"
#include "engine/hosts_private.h"
#include "model/host_keep.h"
#include "store/store.h"

#define PROCESSES_EVERY (50 * SPAN_SECOND) /* sources bring them each minute, or each second while somebody looks */
#define CHAIN 60                           /* records until the next whole one: what a lost one can spoil */
#define KEEP_A_DAY (1024.0 * 1024)
#define CREDIT_MOST (64.0 * 1024)
#define ROW_COST 24                        /* of a record in the store beside its bytes */

struct hosts_kept {
    struct host *state;                    /* the lists as the records tell them */
    msec at[HOST_LIST_COUNT];              /* wall, of the last record */
    unsigned length[HOST_LIST_COUNT];      /* of the chain; 0: none was begun */
    double credit;                         /* bytes that may be written now */
    msec credit_at;                        /* steady */
};

void hosts_kept_free(struct hosts_kept **held)
{
    if (*held)
        host_free(&(*held)->state);
    free(*held);
    *held = NULL;
}

void hosts_keep_in(struct hosts *hosts, struct store *store)
{
    hosts->store = store;
}

static bool may_write(struct hosts_kept *kept)
{
    msec now = clock_steady();
    kept->credit += (double)(now - kept->credit_at) * (KEEP_A_DAY / (double)SPAN_DAY);
    kept->credit = kept->credit > CREDIT_MOST ? CREDIT_MOST : kept->credit;
    kept->credit_at = now;
    return kept->credit > 0;
}

/* The record and the state it leads to come from the same bytes, so that whoever reads them later finds what is here. */
static void keep_list(struct hosts *hosts, const struct hosts_member *member, enum host_list list)
{
    struct hosts_kept *kept = member->kept;
    msec taken = member->host->taken, since = taken - kept->at[list];
    bool follows = kept->length[list] > 0 && kept->length[list] < CHAIN && since > 0 &&
                   taken / SPAN_DAY == kept->at[list] / SPAN_DAY; /* a day's table is read by itself */
    struct buffer record = BUFFER_INIT;
    struct error error;
    if (host_keep_pack(follows ? kept->state : NULL, member->host, list, since, &record)) {
        struct host *now = host_keep_apply(kept->state, list, since, record.data, record.length, &error);
        if (now) {
            kept->state = host_merge(kept->state, now);
            store_keep(hosts->store, &(struct store_kept){fleet_store_key(hosts->fleet, member->asset), list, taken, !follows,
                                                          record.data, record.length});
            kept->at[list] = taken;
            kept->length[list] = follows ? kept->length[list] + 1 : 1;
            kept->credit -= (double)record.length + ROW_COST;
        }
    }
    buffer_release(&record);
}

void hosts_keep(struct hosts *hosts, struct hosts_member *member, unsigned brought)
{
    if (!hosts->store)
        return;
    if (!member->kept) {
        member->kept = memory_new(sizeof *member->kept);
        member->kept->credit = CREDIT_MOST;
        member->kept->credit_at = clock_steady();
    }
    struct hosts_kept *kept = member->kept;
    for (enum host_list list = 0; list < HOST_LIST_COUNT; list++) {
        if (!host_keeps(list) || !(brought & 1u << list))
            continue;
        msec since = member->host->taken - kept->at[list];
        bool soon = list == HOST_processes && kept->length[list] && since >= 0 && since < PROCESSES_EVERY;
        if (!soon && may_write(kept))
            keep_list(hosts, member, list);
    }
}
