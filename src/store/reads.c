/* Reads: what is still queued is noted on the loop's thread, the engine is asked on a reader thread, and the two are
 * laid over each other there. The note is taken first, so a row that is committed in between is seen twice, which the
 * overlay settles, and never missed. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "store/action.h"
#include "store/internal.h"
#include "store/overlay.h"
#include "store/series.h"

void store_reader_thread(void *argument)
{
    struct store *store = argument;
    uv_mutex_lock(&store->lock);
    struct store_reader *reader = store->readers[store->readers_started++];
    for (;;) {
        struct request *request = store->requests_waiting;
        if (request) {
            store->requests_waiting = request->next;
            if (!store->requests_waiting)
                store->requests_tail = &store->requests_waiting;
            request->next = NULL;
            uv_mutex_unlock(&store->lock);
            request->run(request, reader);
            uv_mutex_lock(&store->lock);
            *store->requests_finished_tail = request;
            store->requests_finished_tail = &request->next;
            uv_async_send(&store->handles->finished);
        } else if (store->stopping) {
            break;
        } else {
            uv_cond_wait(&store->requests_wake, &store->lock);
        }
    }
    uv_mutex_unlock(&store->lock);
}

static void audit_release(struct store_audit *row)
{
    free((char *)row->actor);
    free((char *)row->verb);
    free((char *)row->target);
    free((char *)row->detail);
    free((char *)row->hash);
}

void store_request_free(struct request *request)
{
    for (size_t i = 0; i < request->audit_count; i++)
        audit_release(&request->audits[i]);
    for (size_t i = 0; i < request->alert_count; i++)
        free(request->alert_texts[i]);
    for (size_t i = 0; i < request->event_count; i++)
        free(request->event_texts[i]);
    for (size_t i = 0; i < request->node_count; i++)
        free(request->node_texts[i]);
    for (size_t i = 0; i < request->kept_count; i++)
        free((void *)(uintptr_t)request->kept[i].bytes);
    free(request->kept);
    free(request->nodes);
    free(request->node_texts);
    free(request->assets);
    free(request->prefix);
    free(request->alerts);
    free(request->alert_texts);
    free(request->events);
    free(request->event_texts);
    free(request->audits);
    free(request->buckets);
    free(request->samples.rows);
    free(request->pending_samples.rows);
    free(request->pending_states.rows);
    free(request->lasts.rows);
    free(request->pending_lasts.rows);
    store_intervals_release(&request->intervals);
    free(request);
}

static struct request *request_new(struct store *store, void (*run)(struct request *, struct store_reader *),
                                   void (*finish)(struct request *), void (*done)(void), void *owner)
{
    struct request *request = memory_new(sizeof *request);
    request->store = store;
    request->run = run;
    request->finish = finish;
    request->done = done;
    request->owner = owner;
    return request;
}

static const struct error *request_error(const struct request *request)
{
    return request->ok ? NULL : &request->error;
}

/* ---- series and raw readings ---- */

static void run_series(struct request *request, struct store_reader *reader)
{
    request->ok = series_valid(request->from, request->to, request->limit, &request->error);
    if (!request->ok)
        return;
    request->buckets = memory_new_array(request->limit, sizeof *request->buckets);
    request->ok = series_read(request->store->ops, reader, request->asset, request->metric, request->from, request->to,
                              request->limit, &request->pending_samples, request->buckets, &request->error);
}

static void finish_series(struct request *request)
{
    ((store_series_done *)request->done)(request->owner, request->buckets, request->ok ? request->limit : 0,
                                         request_error(request));
}

void store_series(struct store *store, uint32_t asset, uint32_t metric, msec from, msec to, unsigned count,
                  store_series_done *done, void *owner)
{
    struct request *request = request_new(store, run_series, finish_series, (void (*)(void))done, owner);
    request->asset = asset;
    request->metric = metric;
    request->from = from;
    request->to = to;
    request->limit = count;
    uv_mutex_lock(&store->lock);
    if (from < to)
        queue_find_samples(&store->queue, asset, metric, from, to - 1, &request->pending_samples);
    store_request_submit(request);
    uv_mutex_unlock(&store->lock);
}

static bool keep_reading(void *owner, msec time, double value)
{
    struct request *request = owner;
    ARRAY_RESERVE(request->samples.rows, request->samples.capacity, request->samples.count + 1);
    request->samples.rows[request->samples.count++] = (struct reading){time, value};
    return request->limit == 0 || request->samples.count < request->limit;
}

static void run_readings(struct request *request, struct store_reader *reader)
{
    struct overlay overlay = {.rows = request->pending_samples.rows, .count = request->pending_samples.count,
                              .newest_first = true, .visit = keep_reading, .owner = request};
    request->ok = request->store->ops->readings(reader, request->asset, request->metric, request->from, request->to, true,
                                                overlay_visit, &overlay, &request->error);
    if (request->ok)
        overlay_finish(&overlay);
}

static void finish_readings(struct request *request)
{
    ((store_readings_done *)request->done)(request->owner, request->samples.rows,
                                           request->ok ? request->samples.count : 0, request_error(request));
}

void store_readings(struct store *store, uint32_t asset, uint32_t metric, msec from, msec to, unsigned limit,
                    store_readings_done *done, void *owner)
{
    struct request *request = request_new(store, run_readings, finish_readings, (void (*)(void))done, owner);
    request->asset = asset;
    request->metric = metric;
    request->from = from;
    request->to = to;
    request->limit = limit;
    uv_mutex_lock(&store->lock);
    queue_find_samples(&store->queue, asset, metric, from, to, &request->pending_samples);
    store_request_submit(request);
    uv_mutex_unlock(&store->lock);
}

/* ---- last values ---- */

static bool keep_last(void *owner, const struct store_last *last)
{
    struct request *request = owner;
    struct store_lasts *lasts = &request->lasts;
    if (last->reading.time < request->from)
        return true;
    for (size_t i = lasts->count; i-- > 0 && lasts->rows[i].asset == last->asset;) {
        if (lasts->rows[i].metric != last->metric)
            continue;
        if (last->reading.time >= lasts->rows[i].reading.time)
            lasts->rows[i] = *last;
        return true;
    }
    ARRAY_RESERVE(lasts->rows, lasts->capacity, lasts->count + 1);
    lasts->rows[lasts->count++] = *last;
    return true;
}

static void run_last_at(struct request *request, struct store_reader *reader)
{
    request->ok = request->store->ops->last_at(reader, request->asset, request->from, request->to, keep_last, request, &request->error);
    for (size_t i = 0; i < request->pending_lasts.count; i++)
        keep_last(request, &request->pending_lasts.rows[i]);
}

static void finish_last_at(struct request *request)
{
    ((store_last_done *)request->done)(request->owner, request->lasts.rows, request->ok ? request->lasts.count : 0,
                                       request_error(request));
}

void store_last_at(struct store *store, uint32_t asset, msec at, store_last_done *done, void *owner)
{
    struct request *request = request_new(store, run_last_at, finish_last_at, (void (*)(void))done, owner);
    request->asset = asset;
    request->to = at;
    uv_mutex_lock(&store->lock);
    queue_find_lasts(&store->queue, asset, at, &request->pending_lasts);
    store_request_submit(request);
    uv_mutex_unlock(&store->lock);
}

static void run_lasts_at(struct request *request, struct store_reader *reader)
{
    request->ok = true;
    for (size_t i = 0; i < request->asset_count && request->ok; i++)
        request->ok = request->store->ops->last_at(reader, request->assets[i], request->from, request->to, keep_last, request,
                                                   &request->error);
}

void store_lasts_at(struct store *store, const uint32_t *assets, size_t asset_count, msec since, msec at,
                    store_last_done *done, void *owner)
{
    struct request *request = request_new(store, run_lasts_at, finish_last_at, (void (*)(void))done, owner);
    request->assets = memory_new_array(asset_count + 1, sizeof *request->assets);
    request->asset_count = asset_count;
    for (size_t i = 0; i < asset_count; i++)
        request->assets[i] = assets[i];
    request->from = since;
    request->to = at;
    uv_mutex_lock(&store->lock);
    store_request_submit(request);
    uv_mutex_unlock(&store->lock);
}

/* ---- states ---- */

static void run_states(struct request *request, struct store_reader *reader)
{
    request->ok = request->store->ops->states(reader, request->asset, request->from, request->to, &request->intervals,
                                              &request->error);
    overlay_states(&request->intervals, &request->pending_states, request->from, request->to);
}

static void run_states_at(struct request *request, struct store_reader *reader)
{
    request->ok = request->store->ops->states_at(reader, request->from, &request->intervals, &request->error);
    overlay_states_at(&request->intervals, &request->pending_states, request->from);
}

static void run_states_between(struct request *request, struct store_reader *reader)
{
    request->ok = request->store->ops->states_between(reader, request->from, request->to, request->limit,
                                                      &request->intervals, &request->error);
    overlay_states_between(&request->intervals, &request->pending_states, request->from, request->to, request->limit);
}

static void finish_states(struct request *request)
{
    ((store_states_done *)request->done)(request->owner, request->intervals.rows,
                                         request->ok ? request->intervals.count : 0, request_error(request));
}

static void submit_states(struct request *request, uint32_t asset, msec from, msec to, unsigned limit)
{
    struct store *store = request->store;
    request->asset = asset;
    request->from = from;
    request->to = to;
    request->limit = limit;
    uv_mutex_lock(&store->lock);
    queue_find_states(&store->queue, asset, &request->pending_states);
    store_request_submit(request);
    uv_mutex_unlock(&store->lock);
}

void store_states(struct store *store, uint32_t asset, msec from, msec to, store_states_done *done, void *owner)
{
    submit_states(request_new(store, run_states, finish_states, (void (*)(void))done, owner), asset, from, to, 0);
}

void store_states_at(struct store *store, msec at, store_states_done *done, void *owner)
{
    submit_states(request_new(store, run_states_at, finish_states, (void (*)(void))done, owner), UINT32_MAX, at, at, 0);
}

void store_states_between(struct store *store, msec from, msec to, unsigned limit, store_states_done *done, void *owner)
{
    submit_states(request_new(store, run_states_between, finish_states, (void (*)(void))done, owner), UINT32_MAX, from,
                  to, limit);
}

/* ---- audit ---- */

static bool keep_audit(void *owner, const struct store_audit *row)
{
    struct request *request = owner;
    ARRAY_RESERVE(request->audits, request->audit_capacity, request->audit_count + 1);
    request->audits[request->audit_count++] = (struct store_audit){
        .sequence = row->sequence, .time = row->time, .actor = memory_text(row->actor), .verb = memory_text(row->verb),
        .target = memory_text(row->target), .detail = memory_text(row->detail), .hash = memory_text(row->hash)};
    return true;
}

static void run_audit(struct request *request, struct store_reader *reader)
{
    request->ok = request->store->ops->audit(reader, request->before, request->limit, keep_audit, request,
                                             &request->error);
}

static void finish_audit(struct request *request)
{
    ((store_audit_done *)request->done)(request->owner, request->audits, request->ok ? request->audit_count : 0,
                                        request_error(request));
}

void store_audit(struct store *store, int64_t before, unsigned limit, store_audit_done *done, void *owner)
{
    struct request *request = request_new(store, run_audit, finish_audit, (void (*)(void))done, owner);
    request->before = before;
    request->limit = limit;
    uv_mutex_lock(&store->lock);
    store_request_submit(request);
    uv_mutex_unlock(&store->lock);
}

struct chain {
    int64_t rows, broken_at;
    unsigned char hash[AUDIT_HASH_BYTES];
};

static bool check_link(void *owner, const struct store_audit *row)
{
    struct chain *chain = owner;
    char hex[AUDIT_HASH_HEX];
    chain->rows++;
    audit_hash(chain->hash, chain->hash, row);
    audit_hash_hex(hex, chain->hash);
    if (row->sequence == chain->rows && strcmp(hex, row->hash) == 0)
        return true;
    chain->broken_at = chain->rows;
    return false;
}

static void run_verify(struct request *request, struct store_reader *reader)
{
    struct chain chain = {0, -1, {0}};
    struct store_audit_end end = {0};
    request->ok = request->store->ops->audit_chain(reader, check_link, &chain, &end, &request->error);
    if (chain.broken_at < 0 && (end.sequence != chain.rows || memcmp(end.hash, chain.hash, sizeof end.hash) != 0))
        chain.broken_at = chain.rows + 1;
    request->chain_rows = chain.rows;
    request->broken_at = chain.broken_at;
}

static void finish_verify(struct request *request)
{
    ((store_verify_done *)request->done)(request->owner, request->chain_rows, request->broken_at,
                                         request_error(request));
}

void store_audit_verify(struct store *store, store_verify_done *done, void *owner)
{
    struct request *request = request_new(store, run_verify, finish_verify, (void (*)(void))done, owner);
    uv_mutex_lock(&store->lock);
    store_request_submit(request);
    uv_mutex_unlock(&store->lock);
}

/* ---- alerts ---- */

static bool keep_event(void *owner, const struct store_alert_event *event)
{
    struct request *request = owner;
    size_t at = request->event_count++;
    ARRAY_RESERVE(request->events, request->event_capacity, at + 1);
    ARRAY_RESERVE(request->event_texts, request->event_text_capacity, at + 1);
    request->event_texts[at] = store_event_copy(&request->events[at], event);
    return true;
}

static bool keep_alert(void *owner, const struct store_alert *alert, const struct store_alert_event *event)
{
    struct request *request = owner;
    size_t at = request->alert_count++;
    ARRAY_RESERVE(request->alerts, request->alert_capacity, at + 1);
    ARRAY_RESERVE(request->alert_texts, request->alert_text_capacity, at + 1);
    request->alert_texts[at] = store_alert_copy(&request->alerts[at], alert);
    return !event || keep_event(request, event);
}

static void run_alert_history(struct request *request, struct store_reader *reader)
{
    const struct store_engine_ops *ops = request->store->ops;
    request->ok = request->fingerprint || ops->alert_row(reader, request->number, keep_alert, request, &request->error);
    if (!request->ok || (!request->fingerprint && !request->alert_count))
        return;
    if (!request->fingerprint)
        request->fingerprint = request->alerts[0].fingerprint;
    request->ok = ops->alert_events(reader, request->number, keep_event, request, &request->error) &&
                  ops->alerts_like(reader, request->fingerprint, request->from, request->limit, keep_alert, request,
                                   &request->error);
}

static void finish_alert_history(struct request *request)
{
    ((store_alert_history_done *)request->done)(request->owner, request->events, request->ok ? request->event_count : 0,
                                                request->alerts, request->ok ? request->alert_count : 0,
                                                request_error(request));
}

void store_alert_history(struct store *store, int64_t number, int64_t fingerprint, msec since, unsigned limit,
                         store_alert_history_done *done, void *owner)
{
    struct request *request = request_new(store, run_alert_history, finish_alert_history, (void (*)(void))done, owner);
    request->number = number;
    request->fingerprint = fingerprint;
    request->from = since;
    request->limit = limit;
    uv_mutex_lock(&store->lock);
    store_request_submit(request);
    uv_mutex_unlock(&store->lock);
}

static void run_alerts_at(struct request *request, struct store_reader *reader)
{
    request->ok = request->store->ops->alerts_at(reader, request->from, keep_alert, keep_event, request, &request->error);
}

static void finish_alerts_at(struct request *request)
{
    size_t alerts = request->ok ? request->alert_count : 0; /* each has one event; what people did comes after those */
    ((store_alerts_at_done *)request->done)(request->owner, request->alerts, request->events, alerts,
                                            request->events + alerts, request->ok ? request->event_count - alerts : 0,
                                            request_error(request));
}

void store_alerts_at(struct store *store, msec at, store_alerts_at_done *done, void *owner)
{
    struct request *request = request_new(store, run_alerts_at, finish_alerts_at, (void (*)(void))done, owner);
    request->from = at;
    uv_mutex_lock(&store->lock);
    store_request_submit(request);
    uv_mutex_unlock(&store->lock);
}

static void run_alerts_raised(struct request *request, struct store_reader *reader)
{
    request->ok = request->store->ops->alerts_raised(reader, request->from, request->to, request->number, request->limit, keep_alert,
                                                     request, &request->error);
}

static void finish_alerts_raised(struct request *request)
{
    ((store_alerts_raised_done *)request->done)(request->owner, request->alerts, request->ok ? request->alert_count : 0,
                                                request_error(request));
}

void store_alerts_raised(struct store *store, msec from, msec to, int64_t after, unsigned limit,
                         store_alerts_raised_done *done, void *owner)
{
    struct request *request = request_new(store, run_alerts_raised, finish_alerts_raised, (void (*)(void))done, owner);
    int64_t oldest = (int64_t)instant_day(from - 40 * SPAN_DAY) * 10000000;
    request->from = from;
    request->to = to;
    request->number = after > oldest ? after : oldest;
    request->limit = limit;
    uv_mutex_lock(&store->lock);
    store_request_submit(request);
    uv_mutex_unlock(&store->lock);
}

/* ---- parts of applications ---- */

static bool keep_node(void *owner, const struct store_node *node)
{
    struct request *request = owner;
    if (request->prefix && strncmp(node->id, request->prefix, strlen(request->prefix)) != 0)
        return true;
    size_t at = request->node_count++;
    ARRAY_RESERVE(request->nodes, request->node_capacity, at + 1);
    ARRAY_RESERVE(request->node_texts, request->node_text_capacity, at + 1);
    request->node_texts[at] = store_node_copy(&request->nodes[at], node);
    return !request->limit || request->node_count < request->limit;
}

static void run_nodes_at(struct request *request, struct store_reader *reader)
{
    request->ok = request->store->ops->nodes_at(reader, request->to, keep_node, request, &request->error);
}

static void run_nodes_between(struct request *request, struct store_reader *reader)
{
    request->ok = request->store->ops->nodes_between(reader, request->from, request->to, keep_node, request, &request->error);
}

static void finish_nodes(struct request *request)
{
    ((store_nodes_done *)request->done)(request->owner, request->nodes, request->ok ? request->node_count : 0,
                                        request_error(request));
}

void store_nodes_at(struct store *store, msec at, store_nodes_done *done, void *owner)
{
    struct request *request = request_new(store, run_nodes_at, finish_nodes, (void (*)(void))done, owner);
    request->to = at;
    uv_mutex_lock(&store->lock);
    store_request_submit(request);
    uv_mutex_unlock(&store->lock);
}

void store_nodes_between(struct store *store, const char *prefix, msec from, msec to, unsigned limit, store_nodes_done *done,
                         void *owner)
{
    struct request *request = request_new(store, run_nodes_between, finish_nodes, (void (*)(void))done, owner);
    request->prefix = memory_text(prefix);
    request->from = from;
    request->to = to;
    request->limit = limit;
    uv_mutex_lock(&store->lock);
    store_request_submit(request);
    uv_mutex_unlock(&store->lock);
}

/* ---- what is kept of hosts ---- */

static bool keep_kept(void *owner, const struct store_kept *kept)
{
    struct request *request = owner;
    void *bytes = memory_resize(NULL, 1, kept->length + 1);
    if (kept->length)
        memcpy(bytes, kept->bytes, kept->length);
    ARRAY_RESERVE(request->kept, request->kept_capacity, request->kept_count + 1);
    request->kept[request->kept_count] = *kept;
    request->kept[request->kept_count++].bytes = bytes;
    return true;
}

static int compare_kept(const void *left, const void *right)
{
    const struct store_kept *a = left, *b = right;
    return a->list != b->list ? (a->list > b->list) - (a->list < b->list) : (a->time > b->time) - (a->time < b->time);
}

static void run_kept(struct request *request, struct store_reader *reader)
{
    request->ok = true;
    for (size_t i = 0; i < request->asset_count && request->ok; i++) {
        size_t before = request->kept_count;
        request->ok = request->store->ops->kept(reader, request->assets[i], request->from, request->to, keep_kept, request,
                                                &request->error);
        if (request->kept_count > before + 1)
            qsort(request->kept + before, request->kept_count - before, sizeof *request->kept, compare_kept);
    }
}

static void finish_kept(struct request *request)
{
    ((store_kept_done *)request->done)(request->owner, request->kept, request->ok ? request->kept_count : 0,
                                       request_error(request));
}

void store_kept(struct store *store, const uint32_t *assets, size_t asset_count, msec from, msec to, store_kept_done *done,
                void *owner)
{
    struct request *request = request_new(store, run_kept, finish_kept, (void (*)(void))done, owner);
    request->from = from;
    request->to = to;
    request->assets = memory_new_array(asset_count + 1, sizeof *assets);
    if (asset_count)
        memcpy(request->assets, assets, asset_count * sizeof *assets);
    request->asset_count = asset_count;
    uv_mutex_lock(&store->lock);
    store_request_submit(request);
    uv_mutex_unlock(&store->lock);
}
