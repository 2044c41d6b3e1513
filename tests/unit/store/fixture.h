/* What every test of the store needs: a loop, a state directory of its own, and answers waited for. */
#ifndef TESTS_STORE_FIXTURE_H
#define TESTS_STORE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "store/internal.h"
#include "store/store.h"

#define NOON ((msec)20778 * SPAN_DAY + 12 * SPAN_HOUR) /* 2026-11-21 12:00 UTC */

struct fixture {
    char *engine; /* the url */
    uv_loop_t loop;
    char directory[64];
    struct store_options options;
    struct store *store;
};

static inline void fixture_open(struct fixture *fixture)
{
    struct error error = {0};
    fixture->store = store_open(&fixture->loop, &fixture->options, &error);
    if (!fixture->store)
        fail_msg("store_open: %s", error.text);
}

static inline void fixture_turn(struct fixture *fixture)
{
    while (uv_run(&fixture->loop, UV_RUN_DEFAULT) != 0)
        ;
}

static inline void fixture_close(struct fixture *fixture)
{
    store_close(&fixture->store);
    fixture_turn(fixture);
}

static inline void fixture_reopen(struct fixture *fixture)
{
    fixture_close(fixture);
    fixture_open(fixture);
}

static inline struct fixture *fixture_new(const char *engine)
{
    struct fixture *fixture = memory_new(sizeof *fixture);
    fixture->engine = memory_text(engine);
    uv_loop_init(&fixture->loop);
    strcpy(fixture->directory, "/tmp/nocturne-store-XXXXXX");
    assert_non_null(mkdtemp(fixture->directory));
    fixture->options = (struct store_options){.url = fixture->engine, .state_dir = fixture->directory};
    return fixture;
}

static inline int fixture_remove_one(const char *path, const struct stat *status, int flag, struct FTW *walk)
{
    (void)status;
    (void)flag;
    (void)walk;
    return remove(path);
}

static inline void fixture_remove(const char *directory)
{
    nftw(directory, fixture_remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static inline void fixture_free(struct fixture *fixture)
{
    if (fixture->store)
        fixture_close(fixture);
    assert_int_equal(uv_loop_close(&fixture->loop), 0);
    fixture_remove(fixture->directory);
    free(fixture->engine);
    free(fixture);
}

/* ---- answers, copied out of their callbacks ---- */

struct answer {
    bool given, ok;
    struct error error;
    size_t count;
    struct reading_bucket buckets[512];
    struct reading readings[4096];
    struct store_interval intervals[4096];
    struct store_last lasts[64];
    int64_t rows, broken_at;
    struct store_audit audits[64];
    char audit_text[64][160]; /* "actor|verb|target|detail" */
};

static inline void answer_start(struct answer *answer, size_t count, const struct error *error)
{
    answer->given = true;
    answer->ok = !error;
    answer->count = count;
    if (error)
        answer->error = *error;
}

static inline void answer_action(void *owner, const struct error *error)
{
    answer_start(owner, 0, error);
}

static inline void answer_series(void *owner, const struct reading_bucket *rows, size_t count, const struct error *error)
{
    struct answer *answer = owner;
    answer_start(answer, count, error);
    assert_true(count <= 512);
    if (count > 0)
        memcpy(answer->buckets, rows, count * sizeof *rows);
}

static inline void answer_readings(void *owner, const struct reading *rows, size_t count, const struct error *error)
{
    struct answer *answer = owner;
    answer_start(answer, count, error);
    if (count > 0)
        memcpy(answer->readings, rows, (count < 4096 ? count : 4096) * sizeof *rows);
}

static inline void answer_states(void *owner, const struct store_interval *rows, size_t count, const struct error *error)
{
    struct answer *answer = owner;
    answer_start(answer, count, error);
    if (count > 0)
        memcpy(answer->intervals, rows, (count < 4096 ? count : 4096) * sizeof *rows);
}

static inline void answer_last(void *owner, const struct store_last *rows, size_t count, const struct error *error)
{
    struct answer *answer = owner;
    answer_start(answer, count, error);
    assert_true(count <= 64);
    if (count > 0)
        memcpy(answer->lasts, rows, count * sizeof *rows);
}

static inline void answer_audit(void *owner, const struct store_audit *rows, size_t count, const struct error *error)
{
    struct answer *answer = owner;
    answer_start(answer, count, error);
    for (size_t i = 0; i < count && i < 64; i++) {
        answer->audits[i] = rows[i];
        snprintf(answer->audit_text[i], sizeof answer->audit_text[i], "%s|%s|%s|%s", rows[i].actor, rows[i].verb,
                 rows[i].target, rows[i].detail);
    }
}

static inline void answer_verify(void *owner, int64_t rows, int64_t broken_at, const struct error *error)
{
    struct answer *answer = owner;
    answer_start(answer, 0, error);
    answer->rows = rows;
    answer->broken_at = broken_at;
}

static inline void answer_wait(struct fixture *fixture, const struct answer *answer)
{
    while (!answer->given)
        uv_run(&fixture->loop, UV_RUN_ONCE);
}

/* Until everything queued is committed, without the half second that rows are gathered for. */
static inline void fixture_settle(struct fixture *fixture)
{
    struct store_status status;
    for (int i = 0; i < 60000; i++) {
        uv_mutex_lock(&fixture->store->lock);
        queue_hand_over(&fixture->store->queue);
        uv_cond_signal(&fixture->store->telemetry.wake);
        uv_mutex_unlock(&fixture->store->lock);
        uv_run(&fixture->loop, UV_RUN_NOWAIT);
        store_status(fixture->store, &status);
        if (status.queued == 0)
            return;
        usleep(1000);
    }
    fail_msg("the queue does not empty: %s", status.problem);
}

#endif
