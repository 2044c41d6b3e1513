/* The engine without a disk: for `--state-dir none` and for tests. Raw readings only, dropped after keep_readings.
 * Nothing outlives the process. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "store/memory_internal.h"

#define PRUNE_EVERY SPAN_HOUR

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

static void memory_close(struct store_engine *engine)
{
    for (size_t i = 0; i < engine->line_count; i++)
        free(engine->lines[i].samples.rows);
    for (size_t i = 0; i < engine->history_count; i++)
        free(engine->histories[i].rows);
    for (size_t i = 0; i < engine->metric_count; i++)
        free(engine->metrics[i].name);
    free(engine->lines);
    free(engine->histories);
    free(engine->metrics);
    memory_records_release(engine);
    memory_kept_release(engine);
    memory_map_release(&engine->line_map);
    memory_map_release(&engine->history_map);
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
    memory_records_load(engine, ops, owner);
    for (size_t i = 0; ops->metric && i < engine->metric_count; i++)
        ops->metric(owner, engine->metrics[i].key, engine->metrics[i].name);
    for (size_t i = 0; ops->state && i < engine->history_count; i++) {
        const struct store_state *state = &engine->histories[i].rows[engine->histories[i].count - 1];
        ops->state(owner, state->asset, state->from, state->health, state->reason, state->link, state->comm);
    }
    if (ops->last)
        load_lines(engine, ops, owner);
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
    uint32_t place = memory_map_find(&engine->line_map, key);
    if (place == UINT32_MAX) {
        place = (uint32_t)engine->line_count++;
        ARRAY_RESERVE(engine->lines, engine->line_capacity, engine->line_count);
        engine->lines[place] = (struct line){.asset = asset, .metric = metric};
        memory_map_add(&engine->line_map, key, place);
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
    uint32_t place = memory_map_find(&engine->history_map, state->asset);
    if (place == UINT32_MAX) {
        place = (uint32_t)engine->history_count++;
        ARRAY_RESERVE(engine->histories, engine->history_capacity, engine->history_count);
        engine->histories[place] = (struct history){.asset = state->asset};
        memory_map_add(&engine->history_map, state->asset, place);
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
    for (size_t i = 0; i < batch->kept_count; i++)
        memory_kept_add(engine, &batch->kept[i]);
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
        memory_kept_prune(engine, now - engine->options.keep_readings);
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
    uint32_t place = memory_map_find(&engine->line_map, (uint64_t)asset << 32 | metric);
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

static bool memory_last_at(struct store_reader *reader, uint32_t asset, msec since, msec at, store_last_visit *visit, void *owner,
                           struct error *error)
{
    struct store_engine *engine = reader->engine;
    (void)error, (void)since;
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
    uint32_t place = memory_map_find(&engine->history_map, asset);
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
    .alert_row = memory_alert_row,
    .alerts_like = memory_alerts_like,
    .alerts_at = memory_alerts_at,
    .alerts_raised = memory_alerts_raised,
    .nodes_at = memory_nodes_at,
    .nodes_between = memory_nodes_between,
    .kept = memory_kept,
    .audit = memory_audit,
    .audit_chain = memory_audit_chain,
    .status = memory_status,
};
