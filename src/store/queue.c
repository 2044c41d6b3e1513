#include "store/queue.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static void kept_release(struct queue_chunk *chunk)
{
    for (size_t i = 0; i < chunk->kept_count; i++)
        free((void *)(uintptr_t)chunk->kept[i].bytes);
    chunk->kept_count = chunk->kept_weight = 0;
}

static void chunk_free(struct queue_chunk *chunk)
{
    kept_release(chunk);
    free(chunk->kept);
    for (size_t i = 0; i < chunk->metric_count; i++)
        free(chunk->metrics[i].name);
    free(chunk->metrics);
    free(chunk->samples);
    free(chunk->states);
    free(chunk);
}

static void chunks_free(struct queue_chunk *chunk)
{
    while (chunk) {
        struct queue_chunk *next = chunk->next;
        chunk_free(chunk);
        chunk = next;
    }
}

void queue_release(struct queue *queue)
{
    chunks_free(queue->filling);
    chunks_free(queue->waiting);
    chunks_free(queue->taken);
    *queue = (struct queue){0};
}

static size_t chunk_rows(const struct queue_chunk *chunk)
{
    return chunk->sample_count - chunk->sample_first + chunk->state_count - chunk->state_first + chunk->kept_weight;
}

static struct queue_chunk *filling_chunk(struct queue *queue)
{
    if (!queue->filling) {
        queue->filling = memory_new(sizeof *queue->filling);
        queue->filling->queued_at = clock_wall();
    }
    return queue->filling;
}

static bool chunk_full(const struct queue_chunk *chunk)
{
    return chunk->sample_count + chunk->state_count + chunk->metric_count + chunk->kept_weight >= QUEUE_CHUNK_ROWS;
}

bool queue_sample(struct queue *queue, const struct store_sample *sample)
{
    struct queue_chunk *chunk = filling_chunk(queue);
    ARRAY_RESERVE(chunk->samples, chunk->sample_capacity, chunk->sample_count + 1);
    chunk->samples[chunk->sample_count++] = *sample;
    return chunk_full(chunk);
}

bool queue_state(struct queue *queue, const struct store_state *state)
{
    struct queue_chunk *chunk = filling_chunk(queue);
    ARRAY_RESERVE(chunk->states, chunk->state_capacity, chunk->state_count + 1);
    chunk->states[chunk->state_count++] = *state;
    return chunk_full(chunk);
}

bool queue_kept(struct queue *queue, const struct store_kept *kept)
{
    struct queue_chunk *chunk = filling_chunk(queue);
    void *bytes = memory_resize(NULL, 1, kept->length + 1);
    if (kept->length)
        memcpy(bytes, kept->bytes, kept->length);
    ARRAY_RESERVE(chunk->kept, chunk->kept_capacity, chunk->kept_count + 1);
    chunk->kept[chunk->kept_count] = *kept;
    chunk->kept[chunk->kept_count++].bytes = bytes;
    chunk->kept_weight += 1 + kept->length / sizeof(struct store_sample);
    return chunk_full(chunk);
}

bool queue_metric(struct queue *queue, uint32_t key, const char *name)
{
    struct queue_chunk *chunk = filling_chunk(queue);
    ARRAY_RESERVE(chunk->metrics, chunk->metric_capacity, chunk->metric_count + 1);
    chunk->metrics[chunk->metric_count++] = (struct store_metric_name){key, memory_text(name)};
    return chunk_full(chunk);
}

static size_t drop_some(size_t *first, size_t count, size_t excess)
{
    size_t drop = count - *first < excess ? count - *first : excess;
    *first += drop;
    return drop;
}

/* Readings go before what is kept of hosts, and both before states: a gap in a chart says so by itself, so does a record
 * that follows none (model/host_keep.h), a lost change of state makes history lie. What is being written just now cannot
 * be dropped. */
static void drop_excess(struct queue *queue)
{
    for (struct queue_chunk *chunk = queue->waiting; chunk && queue->rows > queue->limit; chunk = chunk->next) {
        size_t dropped = drop_some(&chunk->sample_first, chunk->sample_count, queue->rows - queue->limit);
        queue->samples_dropped += dropped;
        queue->rows -= dropped;
    }
    for (struct queue_chunk *chunk = queue->waiting; chunk && queue->rows > queue->limit; chunk = chunk->next) {
        queue->rows -= chunk->kept_weight;
        kept_release(chunk);
    }
    for (struct queue_chunk *chunk = queue->waiting; chunk && queue->rows > queue->limit; chunk = chunk->next) {
        size_t dropped = drop_some(&chunk->state_first, chunk->state_count, queue->rows - queue->limit);
        queue->states_dropped += dropped;
        queue->rows -= dropped;
    }
    while (queue->waiting && chunk_rows(queue->waiting) == 0 && queue->waiting->metric_count == 0) {
        struct queue_chunk *empty = queue->waiting;
        queue->waiting = empty->next;
        if (!queue->waiting)
            queue->waiting_last = NULL;
        chunk_free(empty);
    }
}

void queue_hand_over(struct queue *queue)
{
    struct queue_chunk *chunk = queue->filling;
    if (!chunk)
        return;
    queue->filling = NULL;
    queue->rows += chunk_rows(chunk);
    if (queue->waiting_last)
        queue->waiting_last->next = chunk;
    else
        queue->waiting = chunk;
    queue->waiting_last = chunk;
    drop_excess(queue);
}

struct queue_chunk *queue_take(struct queue *queue, size_t rows)
{
    struct queue_chunk *last = NULL;
    size_t taken = 0;
    for (struct queue_chunk *chunk = queue->waiting; chunk && (!last || taken < rows); chunk = chunk->next) {
        taken += chunk_rows(chunk);
        last = chunk;
    }
    if (!last)
        return NULL;
    queue->taken = queue->waiting;
    queue->waiting = last->next;
    if (!queue->waiting)
        queue->waiting_last = NULL;
    last->next = NULL;
    return queue->taken;
}

void queue_settle(struct queue *queue)
{
    for (const struct queue_chunk *chunk = queue->taken; chunk; chunk = chunk->next)
        queue->rows -= chunk_rows(chunk);
    chunks_free(queue->taken);
    queue->taken = NULL;
}

void queue_put_back(struct queue *queue)
{
    struct queue_chunk *last = queue->taken;
    if (!last)
        return;
    while (last->next)
        last = last->next;
    last->next = queue->waiting;
    if (!queue->waiting)
        queue->waiting_last = last;
    queue->waiting = queue->taken;
    queue->taken = NULL;
    drop_excess(queue);
}

msec queue_oldest(const struct queue *queue)
{
    const struct queue_chunk *oldest = queue->taken ? queue->taken : queue->waiting ? queue->waiting : queue->filling;
    return oldest ? oldest->queued_at : CLOCK_NEVER;
}

size_t queue_count(const struct queue *queue)
{
    return queue->rows + (queue->filling ? chunk_rows(queue->filling) : 0);
}

/* The three places in their order of arrival. */
#define QUEUE_EACH_CHUNK(queue, chunk)                                                                        \
    for (const struct queue_chunk *lists_[] = {(queue)->taken, (queue)->waiting, (queue)->filling}, **list_ = lists_; \
         list_ < lists_ + 3; list_++)                                                                         \
        for (const struct queue_chunk *chunk = *list_; chunk; chunk = chunk->next)

/* Almost always appended at the end; late ones are moved to their place, and a time that is there is replaced. */
static void samples_insert(struct store_samples *samples, msec time, double value)
{
    size_t at = samples->count;
    while (at > 0 && samples->rows[at - 1].time > time)
        at--;
    if (at > 0 && samples->rows[at - 1].time == time) {
        samples->rows[at - 1].value = value;
        return;
    }
    ARRAY_RESERVE(samples->rows, samples->capacity, samples->count + 1);
    for (size_t i = samples->count; i > at; i--)
        samples->rows[i] = samples->rows[i - 1];
    samples->rows[at] = (struct reading){time, value};
    samples->count++;
}

void queue_find_samples(const struct queue *queue, uint32_t asset, uint32_t metric, msec from, msec to,
                        struct store_samples *out)
{
    QUEUE_EACH_CHUNK(queue, chunk) {
        for (size_t i = chunk->sample_first; i < chunk->sample_count; i++) {
            const struct store_sample *sample = &chunk->samples[i];
            if (sample->asset == asset && sample->metric == metric && sample->time >= from && sample->time <= to)
                samples_insert(out, sample->time, sample->value);
        }
    }
}

void queue_find_lasts(const struct queue *queue, uint32_t asset, msec at, struct store_lasts *out)
{
    QUEUE_EACH_CHUNK(queue, chunk) {
        for (size_t i = chunk->sample_first; i < chunk->sample_count; i++) {
            const struct store_sample *sample = &chunk->samples[i];
            if (sample->asset != asset || sample->time > at)
                continue;
            size_t k = 0;
            while (k < out->count && out->rows[k].metric != sample->metric)
                k++;
            if (k == out->count) {
                ARRAY_RESERVE(out->rows, out->capacity, out->count + 1);
                out->rows[out->count++] = (struct store_last){asset, sample->metric, {CLOCK_NEVER, 0}};
            }
            if (sample->time >= out->rows[k].reading.time)
                out->rows[k].reading = (struct reading){sample->time, sample->value};
        }
    }
}

void queue_find_states(const struct queue *queue, uint32_t asset, struct store_pending_states *out)
{
    QUEUE_EACH_CHUNK(queue, chunk) {
        for (size_t i = chunk->state_first; i < chunk->state_count; i++) {
            if (asset != UINT32_MAX && chunk->states[i].asset != asset)
                continue;
            ARRAY_RESERVE(out->rows, out->capacity, out->count + 1);
            out->rows[out->count++] = chunk->states[i];
        }
    }
}
