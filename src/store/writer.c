/* The two writing threads: telemetry in groups, actions at once. */
#include <string.h>

#include "base/log.h"
#include "store/internal.h"

#define TAKE_ROWS 65536              /* of telemetry in one transaction */
#define RETRY_NS 1000000000ull       /* after the disk refused */
#define MAINTAIN_NS (20 * 1000000000ull)
#define CLOSING_TRIES 3

static void note_latency(struct store *store, uint64_t started)
{
    store->latencies[store->latency_count++ % STORE_LATENCIES] = (double)(uv_hrtime() - started) / 1e6;
    if (store->latency_count == 2 * STORE_LATENCIES)
        store->latency_count = STORE_LATENCIES;
}

/* Under the lock. Says so once when it breaks and once when it heals. */
static void note_outcome(struct store_lane *lane, const char *what, bool ok, const struct error *error)
{
    if (ok) {
        if (lane->problem[0])
            log_notice("store: %s can be written again", what);
        lane->problem[0] = '\0';
        return;
    }
    if (!lane->problem[0])
        log_error("store: %s cannot be written: %s; it is tried again and again", what, error->text);
    size_t length = strlen(error->text);
    if (length >= sizeof lane->problem)
        for (length = sizeof lane->problem - 1; ((unsigned char)error->text[length] & 0xc0) == 0x80; length--)
            ;
    memcpy(lane->problem, error->text, length);
    lane->problem[length] = '\0';
}

static bool write_chunks(struct store *store, const struct queue_chunk *chunk, struct error *error)
{
    if (!store->ops->telemetry_begin(store->engine, error))
        return false;
    for (; chunk; chunk = chunk->next) {
        struct store_batch batch = {
            .metrics = chunk->metrics,
            .metric_count = chunk->metric_count,
            .samples = chunk->samples ? chunk->samples + chunk->sample_first : NULL,
            .sample_count = chunk->sample_count - chunk->sample_first,
            .states = chunk->states ? chunk->states + chunk->state_first : NULL,
            .state_count = chunk->state_count - chunk->state_first,
            .kept = chunk->kept,
            .kept_count = chunk->kept_count,
        };
        if (!store->ops->telemetry_apply(store->engine, &batch, error))
            return false;
    }
    return store->ops->telemetry_commit(store->engine, error);
}

/* Takes a group from the queue and writes it; called and left with the lock held. */
static bool write_group(struct store *store)
{
    struct error error = {0};
    uint64_t samples = 0, states = 0;
    const struct queue_chunk *group = queue_take(&store->queue, TAKE_ROWS);
    for (const struct queue_chunk *chunk = group; chunk; chunk = chunk->next) {
        samples += chunk->sample_count - chunk->sample_first;
        states += chunk->state_count - chunk->state_first;
    }
    uv_mutex_unlock(&store->lock);
    uint64_t started = uv_hrtime();
    bool ok = write_chunks(store, group, &error);
    uv_mutex_lock(&store->lock);
    note_outcome(&store->telemetry, "telemetry", ok, &error);
    if (!ok) {
        queue_put_back(&store->queue);
        return false;
    }
    note_latency(store, started);
    store->readings_written += samples;
    store->states_written += states;
    queue_settle(&store->queue);
    return true;
}

/* Returns whether there is more to do at once. */
static bool maintain(struct store *store)
{
    struct error error = {0};
    bool more = false;
    uv_mutex_unlock(&store->lock);
    bool ok = store->ops->maintain(store->engine, clock_wall(), &more, &error);
    uv_mutex_lock(&store->lock);
    note_outcome(&store->telemetry, "telemetry", ok, &error);
    return ok && more;
}

static void wait_to_retry(struct store *store)
{
    uint64_t now = uv_hrtime(), end = now + (store->stopping ? RETRY_NS / 10 : RETRY_NS);
    bool stopping = store->stopping;
    for (; now < end && store->stopping == stopping; now = uv_hrtime())
        uv_cond_timedwait(&store->telemetry.wake, &store->lock, end - now);
}

void store_telemetry_thread(void *argument)
{
    struct store *store = argument;
    bool more = true;
    unsigned closing_tries = 0;
    uv_mutex_lock(&store->lock);
    for (;;) {
        if (store->queue.waiting) {
            if (write_group(store)) {
                more = maintain(store);
            } else if (store->stopping && ++closing_tries == CLOSING_TRIES) {
                break;
            } else {
                wait_to_retry(store);
            }
        } else if (store->stopping) {
            break;
        } else if (more) {
            more = maintain(store);
        } else {
            more = uv_cond_timedwait(&store->telemetry.wake, &store->lock, MAINTAIN_NS) != 0;
        }
    }
    uv_mutex_unlock(&store->lock);
}

static void fail_all(struct store_action *actions, const struct error *error)
{
    for (struct store_action *action = actions; action; action = action->next)
        action->error = *error;
}

/* Commits all waiting actions together: one sync serves them all. Called and left with the lock held. */
static void act_group(struct store *store)
{
    struct error error = {0};
    struct store_action *group = store->actions_waiting;
    store->actions_waiting = NULL;
    store->actions_tail = &store->actions_waiting;
    uv_mutex_unlock(&store->lock);
    uint64_t started = uv_hrtime();
    bool ok = store->ops->act(store->engine, group, &error);
    if (!ok)
        fail_all(group, &error);
    uv_mutex_lock(&store->lock);
    note_outcome(&store->actions, "actions", ok, &error);
    if (ok)
        note_latency(store, started);
    for (struct store_action *action = group; action; action = action->next) {
        store->actions_written += action->error.code == ERROR_NONE;
        if (!action->next)
            store->actions_finished_tail = (*store->actions_finished_tail = group, &action->next);
    }
    uv_async_send(&store->handles->finished);
}

/* Nobody may act for hours, so find out without them when writing goes again. */
static void probe(struct store *store)
{
    struct error error = {0};
    uv_cond_timedwait(&store->actions.wake, &store->lock, RETRY_NS);
    if (store->actions_waiting || store->stopping)
        return;
    uv_mutex_unlock(&store->lock);
    bool ok = store->ops->act(store->engine, NULL, &error);
    uv_mutex_lock(&store->lock);
    note_outcome(&store->actions, "actions", ok, &error);
}

void store_actions_thread(void *argument)
{
    struct store *store = argument;
    bool idle_work = false;
    uv_mutex_lock(&store->lock);
    for (;;) {
        if (store->actions_waiting) {
            act_group(store);
            idle_work = store->ops->act_idle != NULL;
        } else if (store->stopping) {
            break;
        } else if (store->actions.problem[0]) {
            probe(store);
        } else if (idle_work) {
            uv_mutex_unlock(&store->lock);
            store->ops->act_idle(store->engine);
            uv_mutex_lock(&store->lock);
            idle_work = false;
        } else {
            uv_cond_wait(&store->actions.wake, &store->lock);
        }
    }
    uv_mutex_unlock(&store->lock);
}
