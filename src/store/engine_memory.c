/* The engine without a disk: for `--state-dir none` and for tests. One lock around plain arrays; raw readings only,
 * dropped after keep_readings. Nothing outlives the process. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "store/engine.h"
#include "store/queue.h"

#define PRUNE_EVERY SPAN_HOUR

/* Numbers to places in an array. */
struct map {
    uint64_t *keys;
    uint32_t *places; /* UINT32_MAX: free */
    size_t count, size;
};

struct line { /* the readings of one asset and metric, by time */
    uint32_t asset, metric;
    struct store_samples samples;
};

struct history { /* the states of one asset, by start */
    uint32_t asset;
    struct store_state *rows;
    size_t count, capacity;
};

struct asset_row {
    uint32_t key;
    bool removed;
    struct asset asset;
    char *text;
};

struct record {
    char *kind, *id, *body;
    int64_t revision;
};

struct remembered { /* an idempotency key */
    char *actor, *key, *verb, *target;
    msec time;
};

struct store_engine {
    uv_mutex_t lock;
    struct store_options options;
    struct map line_map, history_map, asset_map;
    struct line *lines;
    size_t line_count, line_capacity;
    struct history *histories;
    size_t history_count, history_capacity;
    struct asset_row *assets;
    size_t asset_count, asset_capacity;
    struct store_metric_name *metrics;
    size_t metric_count, metric_capacity;
    struct record *records;
    size_t record_count, record_capacity;
    struct store_audit *audits;
    size_t audit_count, audit_capacity;
    unsigned char audit_hash[AUDIT_HASH_BYTES];
    struct remembered *remembered;
    size_t remembered_count, remembered_capacity;
    struct store_alert_write *alerts; /* by number */
    size_t alert_count, alert_capacity;
    struct store_event_write *events;
    size_t event_count, event_capacity;
    msec pruned_at;
    uint64_t bytes;
};

struct store_reader {
    struct store_engine *engine;
};

/* ---- the map ---- */

static uint64_t scramble(uint64_t key)
{
    key = (key ^ (key >> 31)) * 0x9e3779b97f4a7c15u;
    return key ^ (key >> 29);
}

static uint32_t map_find(const struct map *map, uint64_t key)
{
    if (map->size == 0)
        return UINT32_MAX;
    for (size_t at = scramble(key) & (map->size - 1);; at = (at + 1) & (map->size - 1)) {
        if (map->places[at] == UINT32_MAX || map->keys[at] == key)
            return map->places[at];
    }
}

static void map_put(struct map *map, uint64_t key, uint32_t place)
{
    size_t at = scramble(key) & (map->size - 1);
    while (map->places[at] != UINT32_MAX)
        at = (at + 1) & (map->size - 1);
    map->keys[at] = key;
    map->places[at] = place;
    map->count++;
}

static void map_add(struct map *map, uint64_t key, uint32_t place)
{
    if (4 * (map->count + 1) > 3 * map->size) {
        struct map bigger = {.size = map->size ? 2 * map->size : 64};
        bigger.keys = memory_new_array(bigger.size, sizeof *bigger.keys);
        bigger.places = memory_new_array(bigger.size, sizeof *bigger.places);
        memset(bigger.places, 0xff, bigger.size * sizeof *bigger.places);
        for (size_t i = 0; i < map->size; i++) {
            if (map->places[i] != UINT32_MAX)
                map_put(&bigger, map->keys[i], map->places[i]);
        }
        free(map->keys);
        free(map->places);
        *map = bigger;
    }
    map_put(map, key, place);
}

static void map_release(struct map *map)
{
    free(map->keys);
    free(map->places);
}

/* ---- opening and closing ---- */

static bool memory_open(struct store_engine **engine_pointer, const char *place, const struct store_options *options,
                        struct error *error)
{
    (void)place;
    (void)error;
    struct store_engine *engine = *engine_pointer = memory_new(sizeof *engine);
    engine->options = *options;
    uv_mutex_init(&engine->lock);
    return true;
}

static void record_release(struct record *record)
{
    free(record->kind);
    free(record->id);
    free(record->body);
}

static void remembered_release(struct remembered *row)
{
    free(row->actor);
    free(row->key);
    free(row->verb);
    free(row->target);
}

static void memory_close(struct store_engine *engine)
{
    for (size_t i = 0; i < engine->line_count; i++)
        free(engine->lines[i].samples.rows);
    for (size_t i = 0; i < engine->history_count; i++)
        free(engine->histories[i].rows);
    for (size_t i = 0; i < engine->asset_count; i++)
        free(engine->assets[i].text);
    for (size_t i = 0; i < engine->metric_count; i++)
        free(engine->metrics[i].name);
    for (size_t i = 0; i < engine->record_count; i++)
        record_release(&engine->records[i]);
    for (size_t i = 0; i < engine->remembered_count; i++)
        remembered_release(&engine->remembered[i]);
    for (size_t i = 0; i < engine->audit_count; i++) {
        free((char *)engine->audits[i].actor);
        free((char *)engine->audits[i].verb);
        free((char *)engine->audits[i].target);
        free((char *)engine->audits[i].detail);
        free((char *)engine->audits[i].hash);
    }
    for (size_t i = 0; i < engine->alert_count; i++)
        free(engine->alerts[i].text);
    for (size_t i = 0; i < engine->event_count; i++)
        free(engine->events[i].text);
    free(engine->alerts);
    free(engine->events);
    free(engine->lines);
    free(engine->histories);
    free(engine->assets);
    free(engine->metrics);
    free(engine->records);
    free(engine->audits);
    free(engine->remembered);
    map_release(&engine->line_map);
    map_release(&engine->history_map);
    map_release(&engine->asset_map);
    uv_mutex_destroy(&engine->lock);
    free(engine);
}

static void load_lines(struct store_engine *engine, const struct store_load_ops *ops, void *owner)
{
    for (size_t i = 0; i < engine->line_count; i++) {
        const struct line *line = &engine->lines[i];
        if (line->samples.count == 0)
            continue;
        const struct reading *last = &line->samples.rows[line->samples.count - 1];
        ops->last(owner, line->asset, line->metric, last->time, last->value);
    }
}

static bool memory_load(struct store_reader *reader, const struct store_load_ops *ops, void *owner, struct error *error)
{
    struct store_engine *engine = reader->engine;
    (void)error;
    uv_mutex_lock(&engine->lock);
    for (size_t i = 0; ops->asset && i < engine->asset_count; i++) {
        if (!engine->assets[i].removed)
            ops->asset(owner, engine->assets[i].key, &engine->assets[i].asset);
    }
    for (size_t i = 0; ops->metric && i < engine->metric_count; i++)
        ops->metric(owner, engine->metrics[i].key, engine->metrics[i].name);
    for (size_t i = 0; ops->state && i < engine->history_count; i++) {
        const struct store_state *state = &engine->histories[i].rows[engine->histories[i].count - 1];
        ops->state(owner, state->asset, state->from, state->health, state->reason, state->link, state->comm);
    }
    if (ops->last)
        load_lines(engine, ops, owner);
    for (size_t i = 0; ops->record && i < engine->record_count; i++) {
        const struct record *record = &engine->records[i];
        ops->record(owner, record->kind, record->id, record->revision, record->body);
    }
    for (size_t i = 0; ops->alert && i < engine->alert_count; i++) {
        const struct store_alert *alert = &engine->alerts[i].row;
        if (alert->closed_at == CLOCK_NEVER || alert->closed_at >= ops->alerts_since)
            ops->alert(owner, alert);
    }
    uv_mutex_unlock(&engine->lock);
    return true;
}

/* ---- telemetry ---- */

static size_t first_at_or_after(const struct store_samples *samples, msec time)
{
    size_t low = 0, high = samples->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (samples->rows[middle].time < time)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct line *line_of(struct store_engine *engine, uint32_t asset, uint32_t metric)
{
    uint64_t key = (uint64_t)asset << 32 | metric;
    uint32_t place = map_find(&engine->line_map, key);
    if (place == UINT32_MAX) {
        place = (uint32_t)engine->line_count++;
        ARRAY_RESERVE(engine->lines, engine->line_capacity, engine->line_count);
        engine->lines[place] = (struct line){.asset = asset, .metric = metric};
        map_add(&engine->line_map, key, place);
        engine->bytes += sizeof *engine->lines;
    }
    return &engine->lines[place];
}

static void add_sample(struct store_engine *engine, const struct store_sample *sample)
{
    struct store_samples *samples = &line_of(engine, sample->asset, sample->metric)->samples;
    size_t at = samples->count;
    if (at > 0 && samples->rows[at - 1].time >= sample->time)
        at = first_at_or_after(samples, sample->time);
    if (at < samples->count && samples->rows[at].time == sample->time) {
        samples->rows[at].value = sample->value;
        return;
    }
    ARRAY_RESERVE(samples->rows, samples->capacity, samples->count + 1);
    memmove(samples->rows + at + 1, samples->rows + at, (samples->count - at) * sizeof *samples->rows);
    samples->rows[at] = (struct reading){sample->time, sample->value};
    samples->count++;
    engine->bytes += sizeof *samples->rows;
}

static void add_state(struct store_engine *engine, const struct store_state *state)
{
    uint32_t place = map_find(&engine->history_map, state->asset);
    if (place == UINT32_MAX) {
        place = (uint32_t)engine->history_count++;
        ARRAY_RESERVE(engine->histories, engine->history_capacity, engine->history_count);
        engine->histories[place] = (struct history){.asset = state->asset};
        map_add(&engine->history_map, state->asset, place);
    }
    struct history *history = &engine->histories[place];
    while (history->count > 0 && history->rows[history->count - 1].from >= state->from)
        history->count--;
    ARRAY_RESERVE(history->rows, history->capacity, history->count + 1);
    history->rows[history->count++] = *state;
    engine->bytes += sizeof *state;
}

static bool memory_telemetry_begin(struct store_engine *engine, struct error *error)
{
    (void)engine;
    (void)error;
    return true;
}

static bool memory_telemetry_apply(struct store_engine *engine, const struct store_batch *batch, struct error *error)
{
    (void)error;
    uv_mutex_lock(&engine->lock);
    for (size_t i = 0; i < batch->metric_count; i++) {
        ARRAY_RESERVE(engine->metrics, engine->metric_capacity, engine->metric_count + 1);
        engine->metrics[engine->metric_count++] =
            (struct store_metric_name){batch->metrics[i].key, memory_text(batch->metrics[i].name)};
    }
    for (size_t i = 0; i < batch->sample_count; i++)
        add_sample(engine, &batch->samples[i]);
    for (size_t i = 0; i < batch->state_count; i++)
        add_state(engine, &batch->states[i]);
    uv_mutex_unlock(&engine->lock);
    return true;
}

static bool memory_telemetry_commit(struct store_engine *engine, struct error *error)
{
    (void)engine;
    (void)error;
    return true;
}

static void prune_states(struct history *history, msec oldest)
{
    size_t drop = 0; /* the one that covers `oldest` stays */
    while (drop + 1 < history->count && history->rows[drop + 1].from <= oldest)
        drop++;
    memmove(history->rows, history->rows + drop, (history->count - drop) * sizeof *history->rows);
    history->count -= drop;
}

static bool memory_maintain(struct store_engine *engine, msec now, bool *more, struct error *error)
{
    (void)error;
    *more = false;
    uv_mutex_lock(&engine->lock);
    if (now - engine->pruned_at >= PRUNE_EVERY || now < engine->pruned_at) {
        engine->pruned_at = now;
        for (size_t i = 0; i < engine->line_count; i++) {
            struct store_samples *samples = &engine->lines[i].samples;
            size_t drop = first_at_or_after(samples, now - engine->options.keep_readings);
            memmove(samples->rows, samples->rows + drop, (samples->count - drop) * sizeof *samples->rows);
            samples->count -= drop;
            engine->bytes -= drop * sizeof *samples->rows;
        }
        for (size_t i = 0; i < engine->history_count; i++)
            prune_states(&engine->histories[i], now - engine->options.keep_states);
    }
    uv_mutex_unlock(&engine->lock);
    return true;
}

/* ---- actions ---- */

static struct record *record_find(struct store_engine *engine, const char *kind, const char *id)
{
    for (size_t i = 0; i < engine->record_count; i++) {
        if (strcmp(engine->records[i].id, id) == 0 && strcmp(engine->records[i].kind, kind) == 0)
            return &engine->records[i];
    }
    return NULL;
}

static bool records_expected(struct store_engine *engine, struct store_action *action)
{
    for (size_t i = 0; i < action->record_count; i++) {
        const struct store_record_write *write = &action->records[i];
        const struct record *record = record_find(engine, write->kind, write->id);
        int64_t revision = record ? record->revision : 0;
        if (write->expected >= 0 && write->expected != revision)
            return error_set(&action->error, ERROR_CONFLICT, "%s %s has revision %lld, not %lld", write->kind, write->id,
                             (long long)revision, (long long)write->expected);
    }
    return true;
}

static void record_write(struct store_engine *engine, const struct store_record_write *write)
{
    struct record *record = record_find(engine, write->kind, write->id);
    if (!write->body) {
        if (record) {
            record_release(record);
            *record = engine->records[--engine->record_count];
        }
        return;
    }
    if (!record) {
        ARRAY_RESERVE(engine->records, engine->record_capacity, engine->record_count + 1);
        record = &engine->records[engine->record_count++];
        *record = (struct record){.kind = memory_text(write->kind), .id = memory_text(write->id)};
    }
    free(record->body);
    record->body = memory_text(write->body);
    record->revision++;
}

static void asset_write(struct store_engine *engine, struct store_asset_write *write)
{
    uint32_t place = map_find(&engine->asset_map, write->key);
    if (place == UINT32_MAX) {
        place = (uint32_t)engine->asset_count++;
        ARRAY_RESERVE(engine->assets, engine->asset_capacity, engine->asset_count);
        engine->assets[place] = (struct asset_row){.key = write->key};
        map_add(&engine->asset_map, write->key, place);
    }
    struct asset_row *row = &engine->assets[place];
    free(row->text);
    row->text = write->text; /* the action's copy changes hands */
    write->text = NULL;
    row->asset = write->asset;
    row->removed = write->removed;
}

static void audit_write(struct store_engine *engine, const struct store_action *action)
{
    char hex[AUDIT_HASH_HEX];
    struct store_audit row = {
        .sequence = (int64_t)engine->audit_count + 1, .time = action->time, .actor = memory_text(action->actor),
        .verb = memory_text(action->verb), .target = memory_text(action->target), .detail = memory_text(action->detail)};
    audit_hash(engine->audit_hash, engine->audit_hash, &row);
    audit_hash_hex(hex, engine->audit_hash);
    row.hash = memory_text(hex);
    ARRAY_RESERVE(engine->audits, engine->audit_capacity, engine->audit_count + 1);
    engine->audits[engine->audit_count++] = row;
}

/* ---- alerts ---- */

static size_t alert_place(const struct store_engine *engine, int64_t number)
{
    size_t low = 0, high = engine->alert_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (engine->alerts[middle].row.number < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void alert_write(struct store_engine *engine, struct store_alert_write *write)
{
    size_t at = alert_place(engine, write->row.number);
    bool known = at < engine->alert_count && engine->alerts[at].row.number == write->row.number;
    if (known)
        free(engine->alerts[at].text);
    if (write->removed) {
        if (known)
            memmove(engine->alerts + at, engine->alerts + at + 1, (--engine->alert_count - at) * sizeof *engine->alerts);
        return;
    }
    if (!known) {
        ARRAY_RESERVE(engine->alerts, engine->alert_capacity, engine->alert_count + 1);
        memmove(engine->alerts + at + 1, engine->alerts + at, (engine->alert_count++ - at) * sizeof *engine->alerts);
    }
    engine->alerts[at] = *write; /* the action's copy changes hands */
    write->text = NULL;
}

static void event_write(struct store_engine *engine, struct store_event_write *write)
{
    ARRAY_RESERVE(engine->events, engine->event_capacity, engine->event_count + 1);
    size_t at = engine->event_count++; /* by time, in order of arrival within an instant */
    for (; at > 0 && engine->events[at - 1].event.time > write->event.time; at--)
        engine->events[at] = engine->events[at - 1];
    engine->events[at] = *write;
    write->text = NULL;
}

static bool memory_alert_events(struct store_reader *reader, int64_t number, store_event_visit *visit, void *owner,
                                struct error *error)
{
    struct store_engine *engine = reader->engine;
    (void)error;
    uv_mutex_lock(&engine->lock);
    for (size_t i = 0; i < engine->event_count; i++)
        if (engine->events[i].event.alert == number && !visit(owner, &engine->events[i].event))
            break;
    uv_mutex_unlock(&engine->lock);
    return true;
}

static bool memory_alerts_like(struct store_reader *reader, int64_t fingerprint, msec since, unsigned limit,
                               store_alert_visit *visit, void *owner, struct error *error)
{
    struct store_engine *engine = reader->engine;
    (void)error;
    uv_mutex_lock(&engine->lock);
    for (size_t i = engine->alert_count; limit > 0 && i-- > 0;) {
        const struct store_alert *alert = &engine->alerts[i].row;
        if (alert->fingerprint != fingerprint || alert->raised_at < since)
            continue;
        limit--;
        if (!visit(owner, alert, NULL))
            break;
    }
    uv_mutex_unlock(&engine->lock);
    return true;
}

static bool memory_alerts_at(struct store_reader *reader, msec at, store_alert_visit *visit, void *owner, struct error *error)
{
    struct store_engine *engine = reader->engine;
    (void)error;
    uv_mutex_lock(&engine->lock);
    for (size_t i = 0; i < engine->alert_count; i++) {
        const struct store_alert *alert = &engine->alerts[i].row;
        const struct store_alert_event *last = NULL;
        if ((alert->closed_at != CLOCK_NEVER && alert->closed_at <= at) || alert->pending_since > at)
            continue;
        for (size_t k = 0; k < engine->event_count && engine->events[k].event.time <= at; k++)
            if (engine->events[k].event.alert == alert->number)
                last = &engine->events[k].event;
        if (last && !visit(owner, alert, last))
            break;
    }
    uv_mutex_unlock(&engine->lock);
    return true;
}

/* True when the action was done before, or may not be done: its verdict stands then. */
static bool settled_before(struct store_engine *engine, struct store_action *action)
{
    if (!action->idempotency[0])
        return false;
    for (size_t i = engine->remembered_count; i-- > 0;) {
        const struct remembered *row = &engine->remembered[i];
        if (action->time - row->time >= SPAN_DAY || strcmp(row->key, action->idempotency) != 0 ||
            strcmp(row->actor, action->actor) != 0)
            continue;
        if (strcmp(row->verb, action->verb) != 0 || strcmp(row->target, action->target) != 0)
            error_set(&action->error, ERROR_CONFLICT, "the idempotency key %s was used for `%s %s`",
                      action->idempotency, row->verb, row->target);
        return true;
    }
    return false;
}

static void remember(struct store_engine *engine, const struct store_action *action)
{
    if (!action->idempotency[0])
        return;
    ARRAY_RESERVE(engine->remembered, engine->remembered_capacity, engine->remembered_count + 1);
    engine->remembered[engine->remembered_count++] = (struct remembered){
        memory_text(action->actor), memory_text(action->idempotency), memory_text(action->verb),
        memory_text(action->target), action->time};
}

static bool memory_act(struct store_engine *engine, struct store_action *actions, struct error *error)
{
    (void)error;
    uv_mutex_lock(&engine->lock);
    for (struct store_action *action = actions; action; action = action->next) {
        if (settled_before(engine, action) || !records_expected(engine, action))
            continue;
        for (size_t i = 0; i < action->asset_count; i++)
            asset_write(engine, &action->assets[i]);
        for (size_t i = 0; i < action->record_count; i++)
            record_write(engine, &action->records[i]);
        for (size_t i = 0; i < action->alert_count; i++)
            alert_write(engine, &action->alerts[i]);
        for (size_t i = 0; i < action->event_count; i++)
            event_write(engine, &action->events[i]);
        if (!action->quiet)
            audit_write(engine, action);
        remember(engine, action);
    }
    uv_mutex_unlock(&engine->lock);
    return true;
}

/* ---- reads ---- */

static bool memory_reader_open(struct store_engine *engine, struct store_reader **reader, struct error *error)
{
    (void)error;
    *reader = memory_new(sizeof **reader);
    (*reader)->engine = engine;
    return true;
}

static void memory_reader_close(struct store_reader *reader)
{
    free(reader);
}

static bool memory_readings(struct store_reader *reader, uint32_t asset, uint32_t metric, msec from, msec to,
                            bool newest_first, store_reading_visit *visit, void *owner, struct error *error)
{
    struct store_engine *engine = reader->engine;
    (void)error;
    uv_mutex_lock(&engine->lock);
    uint32_t place = map_find(&engine->line_map, (uint64_t)asset << 32 | metric);
    if (place != UINT32_MAX && from <= to) {
        const struct store_samples *samples = &engine->lines[place].samples;
        size_t first = first_at_or_after(samples, from), end = first_at_or_after(samples, to);
        if (end < samples->count && samples->rows[end].time == to)
            end++;
        for (size_t i = first; i < end; i++) {
            const struct reading *row = &samples->rows[newest_first ? end - 1 - (i - first) : i];
            if (!visit(owner, row->time, row->value))
                break;
        }
    }
    uv_mutex_unlock(&engine->lock);
    return true;
}

static unsigned memory_coverage(struct store_reader *reader, int64_t day)
{
    (void)reader;
    (void)day;
    return DAY_RAW;
}

static bool memory_last_at(struct store_reader *reader, uint32_t asset, msec at, store_last_visit *visit, void *owner,
                           struct error *error)
{
    struct store_engine *engine = reader->engine;
    (void)error;
    uv_mutex_lock(&engine->lock);
    for (size_t i = 0; i < engine->line_count; i++) {
        const struct line *line = &engine->lines[i];
        if (line->asset != asset)
            continue;
        size_t end = first_at_or_after(&line->samples, at);
        if (end < line->samples.count && line->samples.rows[end].time == at)
            end++;
        if (end > 0 && !visit(owner, &(struct store_last){asset, line->metric, line->samples.rows[end - 1]}))
            break;
    }
    uv_mutex_unlock(&engine->lock);
    return true;
}

static void history_add(const struct history *history, size_t index, struct store_intervals *out)
{
    msec to = index + 1 < history->count ? history->rows[index + 1].from : CLOCK_NEVER;
    store_intervals_add(out, &(struct store_interval){history->rows[index], to});
}

static bool memory_states(struct store_reader *reader, uint32_t asset, msec from, msec to, struct store_intervals *out,
                          struct error *error)
{
    struct store_engine *engine = reader->engine;
    (void)error;
    uv_mutex_lock(&engine->lock);
    uint32_t place = map_find(&engine->history_map, asset);
    for (size_t i = 0; place != UINT32_MAX && i < engine->histories[place].count; i++) {
        const struct history *history = &engine->histories[place];
        bool ends_before = i + 1 < history->count && history->rows[i + 1].from <= from;
        if (!ends_before && history->rows[i].from <= to)
            history_add(history, i, out);
    }
    uv_mutex_unlock(&engine->lock);
    return true;
}

static int compare_assets(const void *left, const void *right)
{
    uint32_t a = ((const struct store_interval *)left)->state.asset, b = ((const struct store_interval *)right)->state.asset;
    return (a > b) - (a < b);
}

static int compare_starts(const void *left, const void *right)
{
    msec a = ((const struct store_interval *)left)->state.from, b = ((const struct store_interval *)right)->state.from;
    return a != b ? (a > b) - (a < b) : compare_assets(left, right);
}

static bool memory_states_at(struct store_reader *reader, msec at, struct store_intervals *out, struct error *error)
{
    struct store_engine *engine = reader->engine;
    (void)error;
    uv_mutex_lock(&engine->lock);
    for (size_t i = 0; i < engine->history_count; i++) {
        const struct history *history = &engine->histories[i];
        size_t k = history->count;
        while (k > 0 && history->rows[k - 1].from > at)
            k--;
        if (k > 0)
            store_intervals_add(out, &(struct store_interval){history->rows[k - 1], CLOCK_NEVER});
    }
    uv_mutex_unlock(&engine->lock);
    if (out->count > 0)
        qsort(out->rows, out->count, sizeof *out->rows, compare_assets);
    return true;
}

static bool memory_states_between(struct store_reader *reader, msec from, msec to, unsigned limit,
                                  struct store_intervals *out, struct error *error)
{
    struct store_engine *engine = reader->engine;
    (void)error;
    uv_mutex_lock(&engine->lock);
    for (size_t i = 0; i < engine->history_count; i++) {
        const struct history *history = &engine->histories[i];
        for (size_t k = history->count; k > 0 && history->rows[k - 1].from >= from; k--) {
            if (history->rows[k - 1].from <= to)
                history_add(history, k - 1, out);
        }
    }
    uv_mutex_unlock(&engine->lock);
    if (out->count > 0)
        qsort(out->rows, out->count, sizeof *out->rows, compare_starts);
    if (limit > 0 && out->count > limit)
        out->count = limit;
    return true;
}

static bool memory_audit(struct store_reader *reader, int64_t before, unsigned limit, store_audit_visit *visit,
                         void *owner, struct error *error)
{
    struct store_engine *engine = reader->engine;
    (void)error;
    uv_mutex_lock(&engine->lock);
    int64_t newest = (int64_t)engine->audit_count;
    if (before > 0 && before - 1 < newest)
        newest = before - 1;
    for (unsigned given = 0; newest > 0 && (limit == 0 || given < limit); given++, newest--) {
        if (!visit(owner, &engine->audits[newest - 1]))
            break;
    }
    uv_mutex_unlock(&engine->lock);
    return true;
}

static bool memory_audit_chain(struct store_reader *reader, store_audit_visit *visit, void *owner,
                               struct store_audit_end *end, struct error *error)
{
    struct store_engine *engine = reader->engine;
    (void)error;
    uv_mutex_lock(&engine->lock);
    for (size_t i = 0; i < engine->audit_count && visit(owner, &engine->audits[i]); i++)
        ;
    end->sequence = (int64_t)engine->audit_count;
    memcpy(end->hash, engine->audit_hash, sizeof end->hash);
    uv_mutex_unlock(&engine->lock);
    return true;
}

static void memory_status(struct store_engine *engine, struct store_engine_status *status)
{
    uv_mutex_lock(&engine->lock);
    status->bytes = engine->bytes;
    uv_mutex_unlock(&engine->lock);
}

const struct store_engine_ops store_engine_memory = {
    .name = "memory",
    .open = memory_open,
    .close = memory_close,
    .load = memory_load,
    .telemetry_begin = memory_telemetry_begin,
    .telemetry_apply = memory_telemetry_apply,
    .telemetry_commit = memory_telemetry_commit,
    .maintain = memory_maintain,
    .act = memory_act,
    .reader_open = memory_reader_open,
    .reader_close = memory_reader_close,
    .readings = memory_readings,
    .coverage = memory_coverage,
    .last_at = memory_last_at,
    .states = memory_states,
    .states_at = memory_states_at,
    .states_between = memory_states_between,
    .alert_events = memory_alert_events,
    .alerts_like = memory_alerts_like,
    .alerts_at = memory_alerts_at,
    .audit = memory_audit,
    .audit_chain = memory_audit_chain,
    .status = memory_status,
};
