/* The loop's side of the store: opening and closing, handing work to the threads, giving answers back. */
#include "store/store.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "store/internal.h"

/* Telemetry is handed over this long after its first row, so that with the commit itself it is safe within a second. */
#define HAND_OVER_MS 400
#define QUEUE_LIMIT_DEFAULT 2000000

static void handle_closed(uv_handle_t *handle)
{
    struct store_handles *handles = handle->data;
    if (--handles->open == 0)
        free(handles);
}

static void hand_over(struct store *store)
{
    uv_mutex_lock(&store->lock);
    queue_hand_over(&store->queue);
    uv_cond_signal(&store->telemetry.wake);
    uv_mutex_unlock(&store->lock);
}

static void on_hand_over(uv_timer_t *timer)
{
    struct store_handles *handles = timer->data;
    hand_over(handles->store);
}

static void answered(struct store *store)
{
    if (--store->outstanding == 0)
        uv_unref((uv_handle_t *)&store->handles->finished);
}

static void expect_answer(struct store *store)
{
    if (store->outstanding++ == 0)
        uv_ref((uv_handle_t *)&store->handles->finished);
}

static void give_answers(struct store *store)
{
    uv_mutex_lock(&store->lock);
    struct store_action *action = store->actions_finished;
    struct request *request = store->requests_finished;
    store->actions_finished = NULL;
    store->actions_finished_tail = &store->actions_finished;
    store->requests_finished = NULL;
    store->requests_finished_tail = &store->requests_finished;
    uv_mutex_unlock(&store->lock);
    while (action) {
        struct store_action *next = action->next;
        answered(store);
        if (action->done)
            action->done(action->owner, action->error.code == ERROR_NONE ? NULL : &action->error);
        store_action_free(&action);
        action = next;
    }
    while (request) {
        struct request *next = request->next;
        answered(store);
        request->finish(request);
        store_request_free(request);
        request = next;
    }
}

static void on_finished(uv_async_t *async)
{
    struct store_handles *handles = async->data;
    if (handles->store)
        give_answers(handles->store);
}

static void handles_open(struct store *store)
{
    struct store_handles *handles = store->handles = memory_new(sizeof *handles);
    handles->store = store;
    handles->open = 2;
    uv_async_init(store->loop, &handles->finished, on_finished);
    uv_timer_init(store->loop, &handles->hand_over);
    handles->finished.data = handles->hand_over.data = handles;
    uv_unref((uv_handle_t *)&handles->finished);
}

static void handles_close(struct store *store)
{
    struct store_handles *handles = store->handles;
    handles->store = NULL;
    uv_close((uv_handle_t *)&handles->finished, handle_closed);
    uv_close((uv_handle_t *)&handles->hand_over, handle_closed);
}

static void options_fill(struct store_options *options)
{
    if (options->keep_readings <= 0)
        options->keep_readings = 31 * SPAN_DAY;
    if (options->keep_hourly <= 0)
        options->keep_hourly = 400 * SPAN_DAY;
    if (options->keep_daily <= 0)
        options->keep_daily = 3653 * SPAN_DAY;
    if (options->keep_states <= 0)
        options->keep_states = 400 * SPAN_DAY;
    if (options->queue_limit == 0)
        options->queue_limit = QUEUE_LIMIT_DEFAULT;
}

static void start_threads(struct store *store)
{
    uv_mutex_init(&store->lock);
    uv_cond_init(&store->telemetry.wake);
    uv_cond_init(&store->actions.wake);
    uv_cond_init(&store->requests_wake);
    uv_thread_create(&store->telemetry.thread, store_telemetry_thread, store);
    uv_thread_create(&store->actions.thread, store_actions_thread, store);
    for (int i = 0; i < STORE_READERS; i++)
        uv_thread_create(&store->reader_threads[i], store_reader_thread, store);
}

static bool open_readers(struct store *store, struct error *error)
{
    for (int i = 0; i < STORE_READERS; i++) {
        if (store->ops->reader_open(store->engine, &store->readers[i], error))
            continue;
        while (i-- > 0)
            store->ops->reader_close(store->readers[i]);
        return false;
    }
    return true;
}

struct store *store_open(uv_loop_t *loop, const struct store_options *options, struct error *error)
{
    const char *place;
    const struct store_engine_ops *ops = store_engine_find(options->url, &place, error);
    if (!ops)
        return NULL;
    struct store *store = memory_new(sizeof *store);
    store->loop = loop;
    store->ops = ops;
    store->options = *options;
    options_fill(&store->options);
    if (!ops->open(&store->engine, place, &store->options, error)) {
        free(store);
        return NULL;
    }
    if (!open_readers(store, error)) {
        ops->close(store->engine);
        free(store);
        return NULL;
    }
    store->options.url = store->options.state_dir = store->options.password = NULL;
    store->queue.limit = store->options.queue_limit;
    store->actions_tail = &store->actions_waiting;
    store->actions_finished_tail = &store->actions_finished;
    store->requests_tail = &store->requests_waiting;
    store->requests_finished_tail = &store->requests_finished;
    handles_open(store);
    start_threads(store);
    return store;
}

static void join_threads(struct store *store)
{
    uv_mutex_lock(&store->lock);
    store->stopping = true;
    queue_hand_over(&store->queue);
    uv_cond_signal(&store->telemetry.wake);
    uv_cond_signal(&store->actions.wake);
    uv_cond_broadcast(&store->requests_wake);
    uv_mutex_unlock(&store->lock);
    uv_thread_join(&store->actions.thread);
    for (int i = 0; i < STORE_READERS; i++)
        uv_thread_join(&store->reader_threads[i]);
    uv_thread_join(&store->telemetry.thread);
}

void store_close(struct store **store_pointer)
{
    struct store *store = *store_pointer;
    if (!store)
        return;
    *store_pointer = NULL;
    join_threads(store);
    give_answers(store);
    if (queue_count(&store->queue) > 0)
        log_error("store: closed with %zu rows of telemetry that could not be written: %s", queue_count(&store->queue),
                  store->telemetry.problem);
    for (int i = 0; i < STORE_READERS; i++)
        store->ops->reader_close(store->readers[i]);
    store->ops->close(store->engine);
    queue_release(&store->queue);
    uv_cond_destroy(&store->telemetry.wake);
    uv_cond_destroy(&store->actions.wake);
    uv_cond_destroy(&store->requests_wake);
    uv_mutex_destroy(&store->lock);
    handles_close(store);
    free(store);
}

bool store_load(struct store *store, const struct store_load_ops *ops, void *owner, struct error *error)
{
    struct store_reader *reader;
    if (!store->ops->reader_open(store->engine, &reader, error))
        return false;
    bool loaded = store->ops->load(reader, ops, owner, error);
    store->ops->reader_close(reader);
    return loaded;
}

/* The first row of a chunk starts the clock; a full chunk goes at once. */
static void queued(struct store *store, bool full)
{
    if (full)
        hand_over(store);
    else if (!uv_is_active((uv_handle_t *)&store->handles->hand_over))
        uv_timer_start(&store->handles->hand_over, on_hand_over, HAND_OVER_MS, 0);
}

void store_metric(struct store *store, uint32_t key, const char *name)
{
    queued(store, queue_metric(&store->queue, key, name));
}

/* The window of times is days wide: a group's readings are held against it as of when the first of them came. */
static msec group_time(const struct store *store)
{
    return store->queue.filling ? store->queue.filling->queued_at : clock_wall();
}

void store_reading(struct store *store, uint32_t asset, uint32_t metric, msec time, double value)
{
    if (!store_time_accepted(time, group_time(store)) || !isfinite(value)) {
        store->readings_refused++;
        return;
    }
    queued(store, queue_sample(&store->queue, &(struct store_sample){asset, metric, time, value}));
}

void store_state(struct store *store, const struct store_state *state)
{
    msec now = clock_wall();
    struct store_state kept = *state;
    if (kept.from < now - STORE_WINDOW_BACK)
        kept.from = now - STORE_WINDOW_BACK;
    if (kept.from > now + STORE_WINDOW_AHEAD)
        kept.from = now + STORE_WINDOW_AHEAD;
    queued(store, queue_state(&store->queue, &kept));
}

void store_keep(struct store *store, const struct store_kept *kept)
{
    if (store_time_accepted(kept->time, clock_wall()))
        queued(store, queue_kept(&store->queue, kept));
}

void store_action_commit(struct store_action *action, store_done *done, void *owner)
{
    struct store *store = action->store;
    action->done = done;
    action->owner = owner;
    action->time = clock_wall();
    expect_answer(store);
    uv_mutex_lock(&store->lock);
    *store->actions_tail = action;
    store->actions_tail = &action->next;
    uv_cond_signal(&store->actions.wake);
    uv_mutex_unlock(&store->lock);
}

void store_request_submit(struct request *request)
{
    struct store *store = request->store;
    expect_answer(store);
    *store->requests_tail = request;
    store->requests_tail = &request->next;
    uv_cond_signal(&store->requests_wake);
}

static int compare_doubles(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

static void latency_percentiles(const struct store *store, struct store_status *status)
{
    double sorted[STORE_LATENCIES];
    unsigned count = store->latency_count < STORE_LATENCIES ? store->latency_count : STORE_LATENCIES;
    if (count == 0)
        return;
    memcpy(sorted, store->latencies, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, compare_doubles);
    status->commit_p50 = sorted[count / 2];
    status->commit_p99 = sorted[(count * 99) / 100 < count ? (count * 99) / 100 : count - 1];
}

void store_status(const struct store *store_constant, struct store_status *status)
{
    struct store *store = (struct store *)store_constant; /* the lock is no part of what a caller sees change */
    struct store_engine_status engine = {0};
    store->ops->status(store->engine, &engine);
    memset(status, 0, sizeof *status);
    status->engine = store->ops->name;
    status->bytes = engine.bytes;
    status->texts_cleaned = engine.texts_cleaned;
    uv_mutex_lock(&store->lock);
    status->writable = !store->telemetry.problem[0] && !store->actions.problem[0];
    const char *problem = store->actions.problem[0]     ? store->actions.problem
                          : store->telemetry.problem[0] ? store->telemetry.problem
                                                        : engine.problem;
    memcpy(status->problem, problem, sizeof status->problem);
    status->readings_written = store->readings_written;
    status->states_written = store->states_written;
    status->actions_written = store->actions_written;
    status->readings_dropped = store->queue.samples_dropped;
    status->states_dropped = store->queue.states_dropped;
    status->readings_refused = store->readings_refused;
    status->queued = queue_count(&store->queue);
    status->oldest_queued = queue_oldest(&store->queue);
    latency_percentiles(store, status);
    uv_mutex_unlock(&store->lock);
}
