/* Alerts sorted into the rows that they belong to: those in memory as they are counted, those of the last 31 days that
 * were raised before this run from the store. */
#include "engine/security_private.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define PAGE 200         /* rows of the store a turn */
#define AT_ONCE 16       /* alerts between two looks at the clock */
#define KEPT (31 * SPAN_DAY)

/* ---- sorting ---- */

uint64_t security_classify(const struct security *security, const struct alert *alert)
{
    const struct alert_subject subject = {security->parts.alerts, alert};
    uint64_t rows = 0;
    for (unsigned i = 0; i < security->plan->count; i++)
        if (security->alerts_filter[i] && filter_match(security->alerts_filter[i], &alert_subject_ops, &subject))
            rows |= security_rows_of_control(security, i);
    return rows;
}

static struct security_record *record_of(struct security *security, uint32_t handle)
{
    if (handle >= security->record_count) {
        uint32_t count = security->record_count ? security->record_count : 256;
        while (count <= handle)
            count *= 2;
        security->records = memory_resize(security->records, count, sizeof *security->records);
        memset(security->records + security->record_count, 0, (count - security->record_count) * sizeof *security->records);
        security->record_count = count;
    }
    return &security->records[handle];
}

static void enqueue(struct security *security, uint32_t handle)
{
    security->records[handle].queued = true;
    if (security->queue_first == security->queue_count)
        security->queue_first = security->queue_count = 0;
    ARRAY_RESERVE(security->queue, security->queue_capacity, security->queue_count + 1);
    security->queue[security->queue_count++] = handle;
    if (security->plan)
        security_wake(security, 20);
}

/* On the desk's path: notes what is cheap, and leaves the filters to a turn. */
static void alert_counted(void *owner, const struct alert *alert)
{
    struct security *security = owner;
    const struct alert_life *life = &alert->life;
    struct security_record *record = record_of(security, alert->self);
    if (!(alert->flags & ALERT_LIVE) || life->condition == CONDITION_NORMAL) {
        record->active = record->shown = false;
        return;
    }
    bool same = record->number == alert->number, queued = record->queued;
    if (!same)
        *record = (struct security_record){.number = alert->number, .queued = queued};
    enum alert_state state = alert_state_of(life);
    bool again = !same || record->severity != life->severity || (!record->counted && life->raised_at != CLOCK_NEVER);
    record->active = life->condition == CONDITION_ACTIVE;
    record->shown = record->active && (state == ALERT_UNACKNOWLEDGED || state == ALERT_ACKNOWLEDGED);
    record->severity = (uint8_t)life->severity;
    record->raised_at = life->raised_at;
    if (again && !queued)
        enqueue(security, alert->self);
}

static void sort_one(struct security *security, uint32_t handle)
{
    struct security_record *record = &security->records[handle];
    const struct alert *alert = alert_at(security->parts.alerts, handle);
    record->queued = false;
    if (!(alert->flags & ALERT_LIVE) || alert->number != record->number)
        return;
    record->rows = security_classify(security, alert);
    if (record->counted || record->raised_at == CLOCK_NEVER)
        return;
    record->counted = true;
    if (record->raised_at >= security->begun)
        security_count(security, record->rows, record->raised_at);
}

bool security_alerts_turn(struct security *security, uint64_t until_ns)
{
    while (security->queue_first < security->queue_count) {
        for (unsigned i = 0; i < AT_ONCE && security->queue_first < security->queue_count; i++)
            sort_one(security, security->queue[security->queue_first++]);
        if (uv_hrtime() >= until_ns)
            break;
    }
    return security->queue_first < security->queue_count;
}

/* ---- those before ---- */

struct page_request { struct security_link *link; uint64_t generation; };

static void stored_seen(void *owner, const struct alert *alert)
{
    struct security *security = owner;
    security_count(security, security_classify(security, alert), alert->life.raised_at);
}

static void page_ask(struct security *security);

static void page_came(void *owner, const struct store_alert *alerts, size_t count, const struct error *error)
{
    struct page_request *request = owner;
    struct security *security = request->link->security;
    if (security && security->generation == request->generation) {
        security->scanning = false;
        for (size_t i = 0; i < count; i++)
            alerts_stored(security->parts.alerts, &alerts[i], stored_seen, security);
        if (count)
            security->scanned = alerts[count - 1].number;
        if (error)
            security->scan_due = clock_steady() + 5 * SPAN_SECOND; /* and the store says why */
        else if (count == PAGE)
            page_ask(security);
        else
            security->counted = true;
        security_wake(security, error ? 5 * SPAN_SECOND : 0);
    }
    security_link_release(request->link);
    free(request);
}

static void page_ask(struct security *security)
{
    struct page_request *request = memory_new(sizeof *request);
    *request = (struct page_request){security->link, security->generation};
    security->link->holders++;
    security->scanning = true;
    store_alerts_raised(security->parts.store, security->begun - KEPT, security->begun, security->scanned, PAGE, page_came, request);
}

void security_scan_begin(struct security *security)
{
    if (!security->scanning && !security->counted)
        page_ask(security);
}

/* ---- life ---- */

static void see_all(struct security *security)
{
    struct alerts *alerts = security->parts.alerts;
    for (uint32_t handle = 0; handle < alerts->count; handle++)
        if (alert_at(alerts, handle)->flags & ALERT_LIVE)
            alert_counted(security, alert_at(alerts, handle));
}

void security_alerts_begin(struct security *security)
{
    alerts_listen(security->parts.alerts, &(struct alerts_listener){.owner = security, .counted = alert_counted});
    see_all(security);
}

/* What the store will count is counted; what is raised from now on counts live. */
void security_alerts_again(struct security *security)
{
    for (uint32_t handle = 0; handle < security->record_count; handle++) {
        struct security_record *record = &security->records[handle];
        if (!record->number)
            continue;
        record->counted = record->raised_at != CLOCK_NEVER && record->raised_at < security->begun;
        if (!record->queued)
            enqueue(security, handle);
    }
}

void security_alerts_resort(struct security *security)
{
    for (uint32_t handle = 0; handle < security->record_count; handle++)
        if (security->records[handle].active && !security->records[handle].queued)
            enqueue(security, handle);
}

void security_alerts_end(struct security *security)
{
    alerts_unlisten(security->parts.alerts, security);
}
