/* The audit in numbers: entries by verb, by the hour, as they are read newest first down to what is known already; and
 * whether its chain is whole, once a day. */
#include "engine/security_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

#define PAGE 500
#define KEPT (31 * SPAN_DAY)

struct audit_request { struct security_link *link; uint64_t generation; int64_t before; };

void security_audit_again(struct security *security)
{
    security->audit_known = security->audit_newest = 0;
    security->audit_reading = security->audit_ready = false;
    for (unsigned i = 0; i < SECURITY_CONTROLS_MAX; i++) {
        free(security->acts[i]);
        security->acts[i] = NULL;
    }
}

/* Entries come newest first within a reading, and readings follow each other: kept sorted by time. */
static void act_keep(struct security_acts *acts, const struct store_audit *row)
{
    unsigned at = acts->count;
    while (at > 0 && acts->row[at - 1].time < row->time)
        at--;
    if (at == SECURITY_ACTS)
        return;
    if (acts->count < SECURITY_ACTS)
        acts->count++;
    memmove(&acts->row[at + 1], &acts->row[at], (acts->count - 1 - at) * sizeof *acts->row);
    acts->row[at].time = row->time;
    snprintf(acts->row[at].actor, sizeof acts->row[at].actor, "%s", row->actor);
    snprintf(acts->row[at].verb, sizeof acts->row[at].verb, "%s", row->verb);
    snprintf(acts->row[at].target, sizeof acts->row[at].target, "%s", row->target);
}

static void entry_take(struct security *security, const struct store_audit *row)
{
    for (unsigned i = 0; i < security->plan->count; i++) {
        const char *verb = security->plan->controls[i].audit;
        if (!verb[0] || !text_glob(verb, row->verb))
            continue;
        if (!security->acts[i])
            security->acts[i] = memory_new(sizeof *security->acts[i]);
        act_keep(security->acts[i], row);
        security_count(security, security_row_bit(SECURITY_FIRST + i), row->time);
    }
}

static void page_ask(struct security *security, int64_t before);

/* True when this page was the last. */
static bool page_take(struct security *security, const struct store_audit *rows, size_t count)
{
    msec oldest = clock_wall() - KEPT;
    for (size_t i = 0; i < count; i++) {
        if (rows[i].sequence <= security->audit_known || rows[i].time < oldest)
            return true;
        if (rows[i].sequence > security->audit_newest)
            security->audit_newest = rows[i].sequence;
        entry_take(security, &rows[i]);
    }
    return count < PAGE;
}

static void page_came(void *owner, const struct store_audit *rows, size_t count, const struct error *error)
{
    struct audit_request *request = owner;
    struct security *security = request->link->security;
    if (security && security->generation == request->generation) {
        if (!error && !page_take(security, rows, count)) {
            page_ask(security, rows[count - 1].sequence);
        } else {
            security->audit_reading = false;
            security->audit_ready = true;
            security->audit_known = security->audit_newest;
            security_answer_all(security);
        }
    }
    security_link_release(request->link);
    free(request);
}

static void page_ask(struct security *security, int64_t before)
{
    struct audit_request *request = memory_new(sizeof *request);
    *request = (struct audit_request){security->link, security->generation, before};
    security->link->holders++;
    security->audit_reading = true;
    store_audit(security->parts.store, before, PAGE, page_came, request);
}

void security_audit_read(struct security *security)
{
    if (!security->audit_reading)
        page_ask(security, 0);
}

/* ---- its chain ---- */

static void verified(void *owner, int64_t rows, int64_t broken_at, const struct error *error)
{
    struct security_link *link = owner;
    struct security *security = link->security;
    if (security) {
        security->verifying = false;
        if (!error) {
            security->verified = clock_wall();
            security->audit_rows = rows;
            security->broken = broken_at >= 0;
            security->broken_at = broken_at;
            security_policy_chain(security);
        }
    }
    security_link_release(link);
}

void security_audit_verify(struct security *security)
{
    if (security->verifying)
        return;
    security->verifying = true;
    security->link->holders++;
    store_audit_verify(security->parts.store, verified, security->link);
}
