/* The second half of gathering: timelines, states, readings and the audit, read after read. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "engine/alerts.h"
#include "engine/capsule_gather.h"
#include "engine/fleet.h"
#include "engine/site.h"

#define SERIES_MOST 20000
#define AUDIT_PAGE 1000
#define AUDIT_PAGES_MOST 50

static void next_alert(struct gather *gather);
static void next_asset(struct gather *gather);
static void next_readings(struct gather *gather);

bool gather_goes_on(struct gather *gather, const struct error *error)
{
    if (!gather->cancelled && !error)
        return true;
    struct error gone = {0};
    gather_finish(gather, error ? error : &gone);
    return false;
}

/* ---- timelines, and what resembles the incident ---- */

void gather_timeline(struct gather *gather, const struct alerts_history *history)
{
    struct capsule *capsule = gather->capsule;
    for (unsigned i = 0; i < history->event_count; i++) {
        const struct store_alert_event *event = &history->events[i];
        if (capsule->events_count >= CAPSULE_EVENTS_MOST) {
            gather_left_out(gather, "the timeline of %s from its event %u on", gather->ids[gather->alert], i);
            break;
        }
        ARRAY_RESERVE(capsule->events, capsule->events_capacity, capsule->events_count + 1);
        struct store_alert_event *kept = &capsule->events[capsule->events_count++];
        *kept = *event;
        kept->actor = arena_text(capsule->arena, event->actor);
        kept->verb = arena_text(capsule->arena, event->verb);
        kept->text = capsule_text(capsule, event->text);
    }
    for (unsigned i = 0; gather->alert == 0 && i < history->similar_count; i++)
        gather_row(gather, &history->similar[i]);
    gather->alert++;
}

static void history_came(void *owner, const struct alerts_history *history, const struct error *error)
{
    struct gather *gather = owner;
    if (!gather_goes_on(gather, error))
        return;
    gather_timeline(gather, history);
    next_alert(gather);
}

static void next_alert(struct gather *gather)
{
    while (gather->alert < gather->id_count) {
        if (alerts_find(gather->parts.alerts, gather->ids[gather->alert])) {
            alerts_history(gather->parts.alerts, gather->ids[gather->alert], history_came, gather);
            return;
        }
        gather->alert++; /* gone meanwhile; its row is kept */
    }
    next_asset(gather);
}

/* ---- assets: states, then each metric's readings ---- */

static uint32_t key_of(const struct gather *gather)
{
    return fleet_store_key(gather->parts.fleet, gather->handles[gather->asset]);
}

static struct gather_metric *metric_of(struct gather *gather, uint32_t key)
{
    for (size_t i = 0; i < gather->metric_count; i++)
        if (gather->metrics[i].key == key)
            return &gather->metrics[i];
    ARRAY_RESERVE(gather->metrics, gather->metric_capacity, gather->metric_count + 1);
    struct gather_metric *metric = &gather->metrics[gather->metric_count++];
    *metric = (struct gather_metric){.key = key, .last = {CLOCK_NEVER, 0}};
    return metric;
}

static void before_came(void *owner, const struct store_last *rows, size_t count, const struct error *error)
{
    struct gather *gather = owner;
    if (!gather_goes_on(gather, error))
        return;
    for (size_t i = 0; i < count; i++) {
        struct gather_metric *metric = metric_of(gather, rows[i].metric);
        metric->before = rows[i].reading;
        metric->has_before = true;
    }
    gather->metric = gather->window = 0;
    next_readings(gather);
}

static void last_came(void *owner, const struct store_last *rows, size_t count, const struct error *error)
{
    struct gather *gather = owner;
    if (!gather_goes_on(gather, error))
        return;
    for (size_t i = 0; i < count; i++)
        metric_of(gather, rows[i].metric)->last = rows[i].reading;
    store_last_at(gather->parts.store, key_of(gather), gather->capsule->from, before_came, gather);
}

static void states_came(void *owner, const struct store_interval *rows, size_t count, const struct error *error)
{
    struct gather *gather = owner;
    if (!gather_goes_on(gather, error))
        return;
    struct capsule *capsule = gather->capsule;
    for (size_t i = 0; i < count; i++) {
        if (capsule->states_count >= CAPSULE_STATES_MOST) {
            gather_left_out(gather, "states from %s on", capsule->assets[gather->asset].field[ASSET_id]);
            break;
        }
        ARRAY_RESERVE(capsule->states, capsule->states_capacity, capsule->states_count + 1);
        struct store_state *kept = &capsule->states[capsule->states_count++];
        *kept = rows[i].state;
        kept->asset = (uint32_t)gather->asset;
    }
    store_last_at(gather->parts.store, key_of(gather), capsule->taken_at, last_came, gather);
}

static void next_asset(struct gather *gather)
{
    gather->metric_count = 0;
    if (gather->asset < gather->handle_count)
        store_states(gather->parts.store, key_of(gather), gather->capsule->from, gather->capsule->taken_at, states_came, gather);
    else
        gather_nodes_take(gather);
}

/* The store knows metrics by number. */
static const char *metric_name(const struct gather *gather, uint32_t key, uint32_t handle)
{
    struct fleet_value values[256];
    unsigned count = fleet_values(gather->parts.fleet, handle, values, ARRAY_COUNT(values));
    for (unsigned i = 0; i < count && i < ARRAY_COUNT(values); i++)
        if (fleet_metric_key(gather->parts.fleet, values[i].metric) == key)
            return values[i].metric;
    return NULL;
}

/* Readings come newest first and go in oldest first, each once. */
static void add_readings(struct gather *gather, struct capsule_series *series, const struct reading *rows, size_t count)
{
    for (size_t i = count; i-- > 0;) {
        if (gather->capsule->readings >= CAPSULE_READINGS_MOST) {
            if (!gather->full)
                gather_left_out(gather, "readings from %s on", gather->capsule->assets[gather->asset].field[ASSET_id]);
            gather->full = true;
            return;
        }
        if (!series->count || series->rows[series->count - 1].time < rows[i].time)
            capsule_series_add(gather->capsule, series, rows[i].time, rows[i].value);
    }
}

static void note_unit(struct gather *gather, const char *metric)
{
    struct capsule *capsule = gather->capsule;
    const char *unit = site_metric_unit(gather->parts.site, metric);
    for (size_t i = 0; i < capsule->units_count; i++)
        if (strcmp(capsule->units[i].metric, metric) == 0)
            return;
    if (!*unit || capsule->units_count >= CAPSULE_ROWS_MOST)
        return;
    ARRAY_RESERVE(capsule->units, capsule->units_capacity, capsule->units_count + 1);
    capsule->units[capsule->units_count++] =
        (struct capsule_unit){arena_text(capsule->arena, metric), arena_text(capsule->arena, unit)};
}

static void readings_came(void *owner, const struct reading *rows, size_t count, const struct error *error)
{
    struct gather *gather = owner;
    if (!gather_goes_on(gather, error))
        return;
    const struct gather_metric *metric = &gather->metrics[gather->metric];
    const char *name = metric_name(gather, metric->key, gather->handles[gather->asset]);
    if (name) {
        struct capsule_series *series = capsule_series(gather->capsule, (uint32_t)gather->asset, name);
        if (gather->window == 0) {
            note_unit(gather, name);
            if (metric->has_before)
                add_readings(gather, series, &metric->before, 1);
        }
        add_readings(gather, series, rows, count);
        if (gather->window + 1 == gather->window_count && metric->last.time != CLOCK_NEVER)
            add_readings(gather, series, &metric->last, 1);
    }
    gather->window++;
    next_readings(gather);
}

static void next_readings(struct gather *gather)
{
    if (gather->window >= gather->window_count) {
        gather->window = 0;
        gather->metric++;
    }
    if (gather->metric >= gather->metric_count || gather->full) {
        gather->asset++;
        next_asset(gather);
        return;
    }
    const struct gather_window *window = &gather->windows[gather->window];
    store_readings(gather->parts.store, key_of(gather), gather->metrics[gather->metric].key, window->from, window->to,
                   SERIES_MOST, readings_came, gather);
}

/* ---- the audit ---- */

static bool names_us(const struct gather *gather, const struct store_audit *row)
{
    const struct capsule *capsule = gather->capsule;
    for (size_t i = 0; i < gather->id_count; i++)
        if (strstr(row->target, gather->ids[i]) || strstr(row->detail, gather->ids[i]))
            return true;
    for (size_t i = 0; i < capsule->assets_count; i++)
        if (strcmp(row->target, capsule->assets[i].field[ASSET_id]) == 0)
            return true;
    for (size_t i = 0; i < capsule->silences_count; i++)
        if (strcmp(row->target, capsule->silences[i].id) == 0)
            return true;
    for (size_t i = 0; i < capsule->downtimes_count; i++)
        if (strcmp(row->target, capsule->downtimes[i].id) == 0)
            return true;
    return false;
}

static void take_audit(struct gather *gather, const struct store_audit *row)
{
    struct capsule *capsule = gather->capsule;
    struct buffer detail = BUFFER_INIT;
    capsule_redact_json(&detail, row->detail);
    ARRAY_RESERVE(capsule->audit, capsule->audit_capacity, capsule->audit_count + 1);
    capsule->audit[capsule->audit_count++] = (struct wire_audit){
        .sequence = row->sequence, .time = row->time, .actor = arena_text(capsule->arena, row->actor),
        .verb = arena_text(capsule->arena, row->verb), .target = capsule_text(capsule, row->target),
        .detail = arena_text(capsule->arena, buffer_text(&detail)), .hash = arena_text(capsule->arena, row->hash)};
    buffer_release(&detail);
}

static void audit_came(void *owner, const struct store_audit *rows, size_t count, const struct error *error)
{
    struct gather *gather = owner;
    if (!gather_goes_on(gather, error))
        return;
    bool more = count == AUDIT_PAGE;
    for (size_t i = 0; i < count; i++) {
        if (rows[i].time < gather->capsule->from) {
            more = false;
            break;
        }
        if (names_us(gather, &rows[i]) && gather->capsule->audit_count < CAPSULE_ROWS_MOST)
            take_audit(gather, &rows[i]);
        gather->audit_before = rows[i].sequence;
    }
    if (more && ++gather->audit_pages < AUDIT_PAGES_MOST) {
        gather_audit(gather);
        return;
    }
    if (more)
        gather_left_out(gather, "the audit before its entry %lld", (long long)gather->audit_before);
    gather_finish(gather, NULL);
}

void gather_audit(struct gather *gather)
{
    if (gather->parts.audit) {
        store_audit(gather->parts.store, gather->audit_before, AUDIT_PAGE, audit_came, gather);
        return;
    }
    gather_left_out(gather, "the audit, which %s may not read", gather->parts.by);
    gather_finish(gather, NULL);
}

void gather_history(struct gather *gather)
{
    next_alert(gather);
}
