/* The desk and the store. Every alert has one row, a snapshot that replaces the one before; the timeline is appended to.
 * What machines do is gathered and written in small actions, one on its way at a time, so that a person's action never
 * waits behind a storm for longer than one of them; it is on the disk within a second. All of it, machines' and
 * people's, goes one way in one order, so that the last row written is the last state. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "engine/alerts_private.h"

#define FLUSH_AFTER 250
#define RETRY_AFTER 1000
#define BATCH_ROWS 1500u   /* about 15 ms of the disk, 2 ms of the loop: what a person's action may wait for */
#define BATCH_EVENTS 6000u
#define EVENTS_MAX 1000000u

/* ---- packing ---- */

int64_t alert_state_pack(const struct alert *alert)
{
    const struct alert_life *life = &alert->life;
    return (int64_t)life->condition | (int64_t)life->acknowledged << 2 | (int64_t)life->sticky << 3 |
           (int64_t)life->closed << 4 | (int64_t)life->severity << 5 | (int64_t)life->suppression << 8;
}

void alert_state_unpack(int64_t state, struct alert_life *life)
{
    life->condition = (enum alert_condition)(state & 3);
    life->acknowledged = state >> 2 & 1;
    life->sticky = state >> 3 & 1;
    life->closed = state >> 4 & 1;
    int severity = (int)(state >> 5 & 7);
    life->severity = severity < SEVERITY_COUNT ? (enum severity)severity : SEVERITY_WARNING;
    life->suppression = (uint8_t)(state >> 8 & 0xff);
}

void policy_write(char text[96], const struct alert_policy *policy)
{
    snprintf(text, 96, "%lld %u %lld %lld %lld %lld %d %lld %d", (long long)policy->hold, policy->attempts,
             (long long)policy->clear_delay, (long long)policy->repeat, (long long)policy->reopen_window,
             (long long)policy->auto_close, (int)policy->auto_close_severity, (long long)policy->max_shelve,
             policy->flap_detection);
}

static struct alert_policy policy_read(const char *text)
{
    long long hold, clear, repeat, reopen, close, shelve;
    unsigned attempts;
    int severity, flap;
    if (sscanf(text, "%lld %u %lld %lld %lld %lld %d %lld %d", &hold, &attempts, &clear, &repeat, &reopen, &close,
               &severity, &shelve, &flap) != 9 || severity < 0 || severity >= SEVERITY_COUNT)
        return alert_policy_default;
    return (struct alert_policy){hold, attempts, clear, repeat, reopen, close, (enum severity)severity, shelve, flap != 0};
}

void alert_row(const struct alerts *alerts, const struct alert *alert, struct store_alert *row)
{
    const struct alert_life *life = &alert->life;
    *row = (struct store_alert){
        .number = alert->number, .fingerprint = (int64_t)alert->fingerprint, .asset = alert->asset,
        .closed_at = alert->closed_at, .revision = alert->revision, .rule_version = alert->rule_version,
        .cause = alert->cause_number, .cause_by_hand = alert->cause_kind, .previous = alert->previous,
        .notes = alert->notes, .news = alert->news, .news_at = alert->news_at,
#define LIFE(member) .member = life->member
        LIFE(condition), LIFE(acknowledged), LIFE(sticky), LIFE(suppression), LIFE(severity), LIFE(worst),
        LIFE(raise_told), LIFE(closed), LIFE(occurrences), LIFE(reopens), LIFE(breaches), LIFE(flaps),
        LIFE(pending_since), LIFE(raised_at), LIFE(cleared_at), LIFE(normal_since), LIFE(last_seen),
        LIFE(acknowledged_at), LIFE(acknowledge_until), LIFE(shelved_until), LIFE(unsuppressed_for), LIFE(counted_at),
        LIFE(reminded_at),
#undef LIFE
        .value = alert->value, .threshold = alert->threshold,
        .source = desk_text(alerts, alert->source), .rule = desk_text(alerts, alert->rule),
        .point = desk_text(alerts, alert->point), .name = desk_text(alerts, alert->name),
        .type = desk_text(alerts, alert->type), .summary = text_or_empty(alert->summary),
        .runbook = desk_text(alerts, alert->runbook), .policy = ((const struct desk_policy *)alert->policy)->text, .note = text_or_empty(alert->note),
        .acknowledged_by = desk_text(alerts, alert->acknowledged_by), .assignee = desk_text(alerts, alert->assignee),
        .ticket = desk_text(alerts, alert->ticket), .silence = desk_text(alerts, alert->silence),
        .fixed_by = text_or_empty(alert->fixed_by), .labels = text_or_empty(alert->labels),
    };
}

static int64_t within(int64_t number, int64_t low, int64_t high)
{
    return number < low ? low : number > high ? high : number;
}

void alert_restore(struct alerts *alerts, struct alert *alert, const struct store_alert *row)
{
    struct alert_life *life = &alert->life;
    struct alert_policy policy = policy_read(row->policy);
    alert->fingerprint = (uint64_t)row->fingerprint;
    alert->asset = row->asset >= 0 && row->asset < FLEET_KEY_LIMIT ? (uint32_t)row->asset : FLEET_NONE;
    alert->closed_at = row->closed_at;
    alert->revision = row->revision;
    alert->rule_version = (uint32_t)row->rule_version;
    alert->cause_number = row->cause;
    alert->cause_kind = (uint8_t)within(row->cause_by_hand, CAUSE_NONE, CAUSE_GROUP);
    alert->previous = row->previous;
    alert->notes = (uint32_t)row->notes;
    alert->news = (uint8_t)within(row->news, NEWS_NONE, NEWS_CLEARED);
    alert->news_at = row->news_at;
    *life = (struct alert_life){
        .condition = (enum alert_condition)within(row->condition, CONDITION_NORMAL, CONDITION_CLEARED),
        .acknowledged = row->acknowledged != 0, .sticky = row->sticky != 0, .suppression = (uint8_t)row->suppression,
        .severity = (enum severity)within(row->severity, 0, SEVERITY_CRITICAL),
        .worst = (enum severity)within(row->worst, 0, SEVERITY_CRITICAL), .raise_told = row->raise_told != 0,
        .closed = row->closed != 0, .occurrences = (uint32_t)row->occurrences, .reopens = (uint32_t)row->reopens,
        .breaches = (uint32_t)row->breaches, .flaps = (uint32_t)row->flaps, .pending_since = row->pending_since,
        .raised_at = row->raised_at, .cleared_at = row->cleared_at, .normal_since = row->normal_since,
        .last_seen = row->last_seen, .acknowledged_at = row->acknowledged_at, .acknowledge_until = row->acknowledge_until,
        .shelved_until = row->shelved_until, .unsuppressed_for = row->unsuppressed_for, .counted_at = row->counted_at,
        .reminded_at = row->reminded_at,
    };
    life->flap_at = life->condition == CONDITION_CLEARED ? life->cleared_at : life->last_seen;
    alert->value = row->value;
    alert->threshold = row->threshold;
    alert->source = desk_number(alerts, row->source);
    alert->rule = desk_number(alerts, row->rule);
    alert->point = desk_number(alerts, row->point);
    alert->name = desk_number(alerts, row->name);
    alert->type = desk_number(alerts, row->type);
    alert->runbook = desk_number(alerts, row->runbook);
    alert->acknowledged_by = desk_number(alerts, row->acknowledged_by);
    alert->assignee = desk_number(alerts, row->assignee);
    alert->ticket = desk_number(alerts, row->ticket);
    alert->silence = desk_number(alerts, row->silence);
    alert_text_set(&alert->summary, row->summary);
    alert_text_set(&alert->note, row->note);
    alert_text_set(&alert->fixed_by, row->fixed_by);
    alert_labels_set(alert, row->labels);
    alert->policy = desk_policy(alerts, &policy);
    alert->entry = desk_rule(alerts, alert->source, alert->rule, alert->name);
    alert->flags |= ALERT_STORED;
}

/* ---- writing ---- */

static void flush_due(uv_timer_t *timer)
{
    struct desk_link *link = timer->data;
    if (link->alerts)
        alerts_flush(link->alerts);
}

static void flush_want(struct alerts *alerts, msec after)
{
    if (!alerts->flushing && !uv_is_active((uv_handle_t *)&alerts->link->flush))
        uv_timer_start(&alerts->link->flush, flush_due, (uint64_t)after, 0);
}

void alert_mark(struct alerts *alerts, struct alert *alert)
{
    if (!(alert->flags & ALERT_DIRTY)) {
        alert->flags |= ALERT_DIRTY;
        ARRAY_RESERVE(alerts->dirty, alerts->dirty_capacity, alerts->dirty_count + 1);
        alerts->dirty[alerts->dirty_count++] = alert->self;
    }
    flush_want(alerts, FLUSH_AFTER);
}

void alert_note_event(struct alerts *alerts, const struct alert *alert, const char *actor, const char *verb,
                      const char *text, msec now)
{
    if (alerts->event_count >= EVENTS_MAX) {
        alerts->events_dropped++;
        return;
    }
    size_t actor_size = strlen(actor) + 1, verb_size = strlen(verb) + 1, text_size = strlen(text) + 1;
    char *block = memory_resize(NULL, actor_size + verb_size + text_size, 1);
    memcpy(block, actor, actor_size);
    memcpy(block + actor_size, verb, verb_size);
    memcpy(block + actor_size + verb_size, text, text_size);
    ARRAY_RESERVE(alerts->events, alerts->event_capacity, alerts->event_count + 1);
    alerts->events[alerts->event_count++] = (struct pending_event){
        {alert->number, now, block, block + actor_size, block + actor_size + verb_size, alert_state_pack(alert)}, block, alert->self};
    alert_at(alerts, alert->self)->unwritten++;
    flush_want(alerts, FLUSH_AFTER);
}

static void events_free(struct pending_event **events, size_t *count)
{
    for (size_t i = 0; i < *count; i++)
        free((*events)[i].text);
    free(*events);
    *events = NULL;
    *count = 0;
}

void desk_events_free(struct alerts *alerts)
{
    events_free(&alerts->events, &alerts->event_count);
}

/* The alert that an entry is of; NULL when it has left the memory. */
static struct alert *alert_of_event(const struct alerts *alerts, const struct pending_event *event)
{
    struct alert *alert = alert_at(alerts, event->handle);
    return alert->flags & ALERT_LIVE && alert->number == event->event.alert ? alert : NULL;
}

static void count_unwritten(const struct alerts *alerts, const struct pending_event *event, int by)
{
    struct alert *alert = alert_of_event(alerts, event);
    if (alert)
        alert->unwritten += (uint32_t)by;
}

struct taken_events {
    struct taken_events *next;
    struct pending_event *events;
    size_t count;
};

static struct taken_events *take_marked(struct alerts *alerts, const uint8_t *asked, struct store_action *action)
{
    struct taken_events *taken = memory_new(sizeof *taken);
    size_t capacity = 0, kept = 0;
    for (size_t i = 0; i < alerts->event_count; i++) {
        struct pending_event *each = &alerts->events[i];
        if (!(asked[each->handle / 8] >> each->handle % 8 & 1) || !alert_of_event(alerts, each)) {
            alerts->events[kept++] = *each;
            continue;
        }
        count_unwritten(alerts, each, -1);
        store_action_alert_event(action, &each->event);
        ARRAY_RESERVE(taken->events, capacity, taken->count + 1);
        taken->events[taken->count++] = *each;
    }
    alerts->event_count = kept;
    taken->next = alerts->taken;
    return alerts->taken = taken;
}

struct taken_events *alert_events_take(struct alerts *alerts, const uint32_t *handles, size_t count, struct store_action *action)
{
    size_t wanted = 0;
    for (size_t i = 0; i < count; i++)
        wanted += alert_at(alerts, handles[i])->unwritten;
    if (!wanted)
        return NULL;
    uint8_t *asked = memory_new_array(alerts->count / 8 + 1, 1);
    for (size_t i = 0; i < count; i++)
        asked[handles[i] / 8] |= (uint8_t)(1u << handles[i] % 8);
    struct taken_events *taken = take_marked(alerts, asked, action);
    free(asked);
    return taken;
}

/* Before those that came meanwhile. */
static void events_give_back(struct alerts *alerts, struct pending_event **events, size_t *count)
{
    if (!*count)
        return;
    for (size_t i = 0; i < *count; i++)
        count_unwritten(alerts, &(*events)[i], 1);
    size_t all = *count + alerts->event_count;
    *events = memory_resize(*events, all, sizeof **events);
    if (alerts->event_count)
        memcpy(*events + *count, alerts->events, alerts->event_count * sizeof **events);
    free(alerts->events);
    alerts->events = *events;
    alerts->event_count = alerts->event_capacity = all;
    *events = NULL;
    *count = 0;
    flush_want(alerts, RETRY_AFTER);
}

void alert_events_end(struct alerts *alerts, struct taken_events **slot, bool refused)
{
    struct taken_events *taken = *slot;
    if (!taken)
        return;
    *slot = NULL;
    struct taken_events **link = alerts ? &alerts->taken : NULL;
    while (link && *link != taken)
        link = &(*link)->next;
    if (link)
        *link = taken->next;
    if (alerts && refused)
        events_give_back(alerts, &taken->events, &taken->count);
    events_free(&taken->events, &taken->count);
    free(taken);
}

/* What one action took, so that it can be taken again when the disk refuses. */
struct batch {
    struct desk_link *link;
    uint32_t *handles;
    size_t count;
    struct pending_event *events;
    size_t event_count;
};

static void batch_free(struct batch *batch)
{
    events_free(&batch->events, &batch->event_count);
    desk_link_release(batch->link);
    free(batch->handles);
    free(batch);
}

static void take_back(struct alerts *alerts, struct batch *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        struct alert *alert = alert_at(alerts, batch->handles[i]);
        if (!(alert->flags & ALERT_LIVE))
            continue;
        alert->flags &= (uint8_t)~ALERT_STORED;
        alert_mark(alerts, alert);
    }
    events_give_back(alerts, &batch->events, &batch->event_count);
    seen_again(alerts);
}

static void batch_written(void *owner, const struct error *error)
{
    struct batch *batch = owner;
    struct alerts *alerts = batch->link->alerts;
    if (alerts) {
        alerts->flushing = false;
        alerts->on_its_way = NULL;
        if (error)
            take_back(alerts, batch);
        if (error || alerts->dirty_count || alerts->event_count)
            flush_want(alerts, error ? RETRY_AFTER : 0);
    }
    batch_free(batch);
}

static void put_row(struct store_action *action, struct alerts *alerts, struct alert *alert)
{
    struct store_alert row;
    alert->flags &= (uint8_t)~(ALERT_DIRTY | ALERT_STORED);
    if (!(alert->flags & ALERT_LIVE))
        return;
    if (alert->life.condition == CONDITION_NORMAL) { /* it never became an alert */
        store_action_alert_remove(action, alert->number);
        return;
    }
    alert_row(alerts, alert, &row);
    store_action_alert(action, &row);
    alert->flags |= ALERT_STORED;
}

void alerts_put(const struct alerts *alerts, const char *id, struct store_action *action)
{
    const struct alert *alert = alerts_find(alerts, id);
    struct store_alert row;
    if (!alert || !(alert->flags & ALERT_DIRTY) || alert->life.condition == CONDITION_NORMAL)
        return;
    alert_row(alerts, alert, &row);
    store_action_alert(action, &row);
}

/* Entries whose rows are in the store, or in this action; no entry is there before its row, so that a number is not given
 * out again with a history. Those that wait for their row keep their order. */
static size_t events_ready(const struct alerts *alerts, size_t most)
{
    size_t ready = 0;
    for (; ready < alerts->event_count && ready < most; ready++) {
        const struct alert *alert = alert_of_event(alerts, &alerts->events[ready]);
        if (alert && alert->flags & ALERT_DIRTY && !(alert->flags & ALERT_STORED))
            break;
    }
    return ready;
}

static void batch_events(struct batch *batch, struct alerts *alerts, struct store_action *action, size_t most)
{
    batch->event_count = events_ready(alerts, most);
    batch->events = memory_resize(NULL, batch->event_count + 1, sizeof *batch->events);
    for (size_t i = 0; i < batch->event_count; i++) {
        batch->events[i] = alerts->events[i];
        count_unwritten(alerts, &batch->events[i], -1);
        store_action_alert_event(action, &batch->events[i].event);
    }
    alerts->event_count -= batch->event_count;
    if (batch->event_count)
        memmove(alerts->events, alerts->events + batch->event_count, alerts->event_count * sizeof *alerts->events);
}

static struct batch *batch_begin(struct alerts *alerts, struct store_action *action, size_t rows, size_t events)
{
    struct batch *batch = memory_new(sizeof *batch);
    batch->link = alerts->link;
    batch->link->holders++;
    batch->count = alerts->dirty_count < rows ? alerts->dirty_count : rows;
    batch->handles = memory_resize(NULL, batch->count + 1, sizeof *batch->handles);
    if (batch->count) {
        memcpy(batch->handles, alerts->dirty, batch->count * sizeof *batch->handles);
        alerts->dirty_count -= batch->count;
        memmove(alerts->dirty, alerts->dirty + batch->count, alerts->dirty_count * sizeof *alerts->dirty);
    }
    for (size_t i = 0; i < batch->count; i++)
        put_row(action, alerts, alert_at(alerts, batch->handles[i]));
    batch_events(batch, alerts, action, events);
    return batch;
}

static void copy_of_one(const struct pending_event *events, size_t count, int64_t number, struct store_alert_event **rows,
                        size_t *found, size_t *capacity)
{
    for (size_t i = 0; i < count; i++) {
        if (events[i].event.alert != number)
            continue;
        ARRAY_RESERVE(*rows, *capacity, *found + 1);
        struct store_alert_event *row = &(*rows)[(*found)++];
        *row = events[i].event;
        row->actor = memory_text(row->actor);
        row->verb = memory_text(row->verb);
        row->text = memory_text(row->text);
    }
}

size_t alert_pending_events(const struct alerts *alerts, int64_t number, struct store_alert_event **rows)
{
    size_t found = 0, capacity = 0;
    *rows = NULL;
    if (alerts->on_its_way)
        copy_of_one(alerts->on_its_way->events, alerts->on_its_way->event_count, number, rows, &found, &capacity);
    for (const struct taken_events *taken = alerts->taken; taken; taken = taken->next)
        copy_of_one(taken->events, taken->count, number, rows, &found, &capacity);
    copy_of_one(alerts->events, alerts->event_count, number, rows, &found, &capacity);
    return found;
}

/* Which alerts a person acted on they have seen; nobody waits for that to be written. */
static void put_seen(struct alerts *alerts, struct store_action *action)
{
    const char *person;
    while ((person = seen_unwritten(alerts))) {
        char *body = seen_body(alerts, person);
        store_action_record(action, "seen", person, -1, body);
        free(body);
    }
}

bool alerts_flush(struct alerts *alerts)
{
    if (alerts->flushing || (!alerts->dirty_count && !alerts->event_count && !seen_unwritten(alerts)))
        return false;
    struct store_action *action = store_action_new(alerts->store, "system", "alerts", "", "");
    store_action_quiet(action);
    alerts->flushing = true;
    put_seen(alerts, action);
    alerts->on_its_way = batch_begin(alerts, action, BATCH_ROWS, BATCH_EVENTS);
    store_action_commit(action, batch_written, alerts->on_its_way);
    return true;
}

void alerts_write_rest(struct alerts *alerts)
{
    if (!alerts->dirty_count && !alerts->event_count && !seen_unwritten(alerts))
        return;
    struct store_action *action = store_action_new(alerts->store, "system", "alerts", "", "");
    store_action_quiet(action);
    put_seen(alerts, action);
    struct batch *batch = batch_begin(alerts, action, alerts->dirty_count, alerts->event_count);
    store_action_commit(action, batch_written, batch);
}

/* ---- loading ---- */

static void alert_loaded(void *owner, const struct store_alert *row)
{
    struct alerts *alerts = owner;
    struct alert *alert = alert_slot(alerts);
    alert_restore(alerts, alert, row);
    alert_number_set(alerts, alert, row->number);
    if (alert->asset != FLEET_NONE && !fleet_exists(alerts->fleet, alert->asset))
        alert->asset = FLEET_NONE;
    alert_index(alerts, alert); /* by number, so that the newest of a fingerprint ends as the current one */
    if (row->number > alerts->last_number)
        alerts->last_number = row->number;
}

static void record_loaded(void *owner, const char *kind, const char *id, int64_t revision, const char *body)
{
    if (strcmp(kind, "silence") == 0 || strcmp(kind, "downtime") == 0)
        silences_record(owner, kind, id, revision, body);
    else if (strcmp(kind, "seen") == 0)
        seen_record(owner, id, body);
}

static void not_later(msec *instant, msec now)
{
    if (*instant != CLOCK_NEVER && *instant > now)
        *instant = now;
}

/* Before the clock stood elsewhere: what would lie ahead began now. */
static void life_begin(struct alert_life *life, msec now)
{
    not_later(&life->pending_since, now);
    not_later(&life->normal_since, now);
    not_later(&life->counted_at, now);
    not_later(&life->cleared_at, now);
    not_later(&life->last_seen, now);
    not_later(&life->flap_at, now);
}

struct numbered { int64_t number; uint32_t handle; };

static int compare_numbers(const void *left, const void *right)
{
    int64_t a = ((const struct numbered *)left)->number, b = ((const struct numbered *)right)->number;
    return (a > b) - (a < b);
}

static int compare_closed(const void *left, const void *right)
{
    msec a = ((const struct closed_entry *)left)->closed_at, b = ((const struct closed_entry *)right)->closed_at;
    return (a > b) - (a < b);
}

/* Causes are stored by number. */
static void link_causes(struct alerts *alerts)
{
    struct numbered *numbers = memory_resize(NULL, (size_t)alerts->count + 1, sizeof *numbers);
    for (uint32_t handle = 0; handle < alerts->count; handle++)
        numbers[handle] = (struct numbered){alert_at(alerts, handle)->number, handle};
    qsort(numbers, alerts->count, sizeof *numbers, compare_numbers);
    for (uint32_t handle = 0; handle < alerts->count; handle++) {
        struct alert *alert = alert_at(alerts, handle);
        if (!alert->cause_number || alert->life.closed)
            continue;
        struct numbered wanted = {alert->cause_number, 0};
        struct numbered *found = bsearch(&wanted, numbers, alerts->count, sizeof *numbers, compare_numbers);
        enum cause_kind kind = (enum cause_kind)alert->cause_kind;
        if (found && found->handle != handle)
            cause_set(alerts, alert, alert_at(alerts, found->handle), kind);
    }
    free(numbers);
}

bool alerts_load(struct alerts *alerts, struct error *error)
{
    msec now = desk_now(alerts);
    struct store_load_ops ops = {.alert = alert_loaded, .record = record_loaded,
                                 .alerts_since = now - alerts->options.history};
    if (!store_load(alerts->store, &ops, alerts, error))
        return false;
    link_causes(alerts);
    for (uint32_t handle = 0; handle < alerts->count; handle++) {
        struct alert *alert = alert_at(alerts, handle);
        alert_recount(alerts, alert);
        queue_move(alerts, alert);
        if (alert->life.closed && alert->closed_at != CLOCK_NEVER) {
            closed_append(alerts, alert);
            continue;
        }
        life_begin(&alert->life, now);
        alert_check_period(alerts, alert);
        storm_restore(alerts, alert);
        alert_schedule(alerts, alert, now);
    }
    if (alerts->closed_count)
        qsort(alerts->closed, alerts->closed_count, sizeof *alerts->closed, compare_closed);
    settle_load(alerts);
    silences_loaded(alerts, now);
    alerts->revision++;
    return true;
}

/* ---- its own figures ---- */

void alerts_status(const struct alerts *alerts, struct alerts_status *status)
{
    uint32_t all = 0;
    for (int state = 0; state < ALERT_STATE_COUNT; state++)
        all += alerts->by_state[state];
    *status = (struct alerts_status){
        .raised = alerts->raised, .cleared = alerts->cleared, .deduplicated = alerts->deduplicated,
        .notices = alerts->notices, .storms = alerts->storm_count, .dropped = alerts->events_dropped,
        .pending = alerts->by_state[ALERT_PENDING], .closed = alerts->by_state[ALERT_CLOSED],
        .unwritten = (uint32_t)(alerts->dirty_count + alerts->event_count),
        .memory = (size_t)alerts->chunk_count * ALERT_CHUNK * sizeof(struct alert) +
                  (size_t)(alerts->hash_mask + 1) * sizeof *alerts->hash + intern_memory(alerts->texts) +
                  (size_t)alerts->queue_count * sizeof *alerts->queue + alerts->by_asset_capacity * sizeof(uint32_t),
    };
    status->active = all - status->pending - status->closed;
}
