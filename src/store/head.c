#include "store/head.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define SORT_SMALL 12
#define WORTH_LEAST ((size_t)300000)
#define WORTH_MOST ((size_t)1500000)

static uint64_t series_key(const struct store_sample *row)
{
    return (uint64_t)row->asset << 32 | row->metric;
}

static int compare(const struct store_sample *left, const struct store_sample *right)
{
    uint64_t a = series_key(left), b = series_key(right);
    if (a != b)
        return a < b ? -1 : 1;
    return (left->time > right->time) - (left->time < right->time);
}

void head_init(struct head *head)
{
    memset(head, 0, sizeof *head);
    uv_mutex_init(&head->lock);
}

void head_release(struct head *head)
{
    for (unsigned i = 0; i < head->run_count; i++)
        free(head->runs[i].rows);
    free(head->frozen.rows);
    uv_mutex_destroy(&head->lock);
}

/* Stable, so that equal rows keep their order of arrival. `spare` is as long as `rows`; the result is in `rows`. */
static void sort_rows(struct store_sample *rows, struct store_sample *spare, size_t count)
{
    if (count <= SORT_SMALL) {
        for (size_t i = 1; i < count; i++) {
            struct store_sample row = rows[i];
            size_t at = i;
            for (; at > 0 && compare(&rows[at - 1], &row) > 0; at--)
                rows[at] = rows[at - 1];
            rows[at] = row;
        }
        return;
    }
    size_t half = count / 2, left = 0, right = half, out = 0;
    sort_rows(rows, spare, half);
    sort_rows(rows + half, spare, count - half);
    if (compare(&rows[half - 1], &rows[half]) <= 0)
        return;
    memcpy(spare, rows, half * sizeof *rows);
    while (left < half && right < count)
        rows[out++] = compare(&rows[right], &spare[left]) < 0 ? rows[right++] : spare[left++];
    memcpy(rows + out, spare + left, (half - left) * sizeof *rows);
}

static size_t keep_latest(struct store_sample *rows, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (kept > 0 && compare(&rows[kept - 1], &rows[i]) == 0)
            kept--;
        rows[kept++] = rows[i];
    }
    return kept;
}

static void append_rows(struct head_run *run, const struct store_sample *rows, size_t count)
{
    if (count > 0)
        memcpy(run->rows + run->count, rows, count * sizeof *rows);
    run->count += count;
}

/* The newer run wins. */
static struct head_run merge(const struct head_run *older, const struct head_run *newer)
{
    struct head_run merged = {memory_resize(NULL, older->count + newer->count + 1, sizeof *merged.rows), 0};
    size_t i = 0, k = 0;
    while (i < older->count && k < newer->count) {
        int order = compare(&older->rows[i], &newer->rows[k]);
        if (order == 0)
            i++;
        merged.rows[merged.count++] = order < 0 ? older->rows[i++] : newer->rows[k++];
    }
    if (i < older->count)
        append_rows(&merged, older->rows + i, older->count - i);
    if (k < newer->count)
        append_rows(&merged, newer->rows + k, newer->count - k);
    return merged;
}

/* Only the writer changes runs, so it merges without the lock and takes it to show the result. */
static void merge_last_two(struct head *head)
{
    struct head_run *older = &head->runs[head->run_count - 2], *newer = older + 1;
    struct head_run merged = merge(older, newer), gone[2] = {*older, *newer};
    uv_mutex_lock(&head->lock);
    *older = merged;
    head->run_count--;
    head->rows = head->rows - gone[0].count - gone[1].count + merged.count;
    uv_mutex_unlock(&head->lock);
    free(gone[0].rows);
    free(gone[1].rows);
}

void head_add(struct head *head, const struct store_sample *samples, size_t count)
{
    if (count == 0)
        return;
    struct head_run run = {memory_resize(NULL, count, sizeof *run.rows), count};
    struct store_sample *spare = memory_resize(NULL, count, sizeof *spare);
    memcpy(run.rows, samples, count * sizeof *run.rows);
    sort_rows(run.rows, spare, count);
    run.count = keep_latest(run.rows, count);
    free(spare);
    uint32_t highest = run.rows[run.count - 1].asset;
    head->highest = highest > head->highest ? highest : head->highest;
    if (head->run_count == HEAD_RUNS)
        merge_last_two(head);
    uv_mutex_lock(&head->lock);
    head->runs[head->run_count++] = run;
    head->rows += run.count;
    uv_mutex_unlock(&head->lock);
    /* Each run at least three times the next keeps them few and each row merged few times. */
    while (head->run_count >= 2 && head->runs[head->run_count - 2].count < 3 * head->runs[head->run_count - 1].count)
        merge_last_two(head);
}

size_t head_worth(const struct head *head)
{
    size_t rows = (size_t)head->highest * 3;
    return rows < WORTH_LEAST ? WORTH_LEAST : rows < WORTH_MOST ? rows : WORTH_MOST;
}

void head_freeze(struct head *head)
{
    while (head->run_count > 1)
        merge_last_two(head);
    uv_mutex_lock(&head->lock);
    head->frozen = head->runs[0];
    head->run_count = 0;
    head->rows = 0;
    uv_mutex_unlock(&head->lock);
}

void head_forget_frozen(struct head *head)
{
    uv_mutex_lock(&head->lock);
    struct store_sample *rows = head->frozen.rows;
    head->frozen = (struct head_run){0};
    uv_mutex_unlock(&head->lock);
    free(rows);
}

static size_t first_at_or_after(const struct head_run *run, const struct store_sample *wanted)
{
    size_t low = 0, high = run->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare(&run->rows[middle], wanted) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Lay the rows of one run over those of older ones. */
static void overlay_run(const struct head_run *run, const struct store_sample *first, msec to, struct store_samples *out)
{
    size_t at = first_at_or_after(run, first), end = at, kept = 0, old = 0;
    while (end < run->count && series_key(&run->rows[end]) == series_key(first) && run->rows[end].time <= to)
        end++;
    if (at == end)
        return;
    size_t new_rows = end - at;
    struct reading *merged = memory_resize(NULL, out->count + new_rows, sizeof *merged);
    while (old < out->count || at < end) {
        if (at == end || (old < out->count && out->rows[old].time < run->rows[at].time)) {
            merged[kept++] = out->rows[old++];
            continue;
        }
        if (old < out->count && out->rows[old].time == run->rows[at].time)
            old++;
        merged[kept++] = (struct reading){run->rows[at].time, run->rows[at].value};
        at++;
    }
    free(out->rows);
    *out = (struct store_samples){merged, kept, out->count + new_rows};
}

void head_find(struct head *head, uint32_t asset, uint32_t metric, msec from, msec to, struct store_samples *out)
{
    struct store_sample first = {asset, metric, from, 0};
    uv_mutex_lock(&head->lock);
    overlay_run(&head->frozen, &first, to, out);
    for (unsigned i = 0; i < head->run_count; i++)
        overlay_run(&head->runs[i], &first, to, out);
    uv_mutex_unlock(&head->lock);
}

static void note_last(struct store_lasts *out, const struct store_sample *row)
{
    size_t k = 0;
    while (k < out->count && out->rows[k].metric != row->metric)
        k++;
    if (k == out->count) {
        ARRAY_RESERVE(out->rows, out->capacity, out->count + 1);
        out->rows[out->count++] = (struct store_last){row->asset, row->metric, {CLOCK_NEVER, 0}};
    }
    if (row->time >= out->rows[k].reading.time)
        out->rows[k].reading = (struct reading){row->time, row->value};
}

static void note_lasts(const struct head_run *run, uint32_t asset, msec at, struct store_lasts *out)
{
    struct store_sample first = {asset, 0, INT64_MIN, 0};
    for (size_t i = first_at_or_after(run, &first); i < run->count && run->rows[i].asset == asset; i++) {
        if (run->rows[i].time <= at)
            note_last(out, &run->rows[i]);
    }
}

void head_find_lasts(struct head *head, uint32_t asset, msec at, struct store_lasts *out)
{
    uv_mutex_lock(&head->lock);
    note_lasts(&head->frozen, asset, at, out);
    for (unsigned i = 0; i < head->run_count; i++)
        note_lasts(&head->runs[i], asset, at, out);
    uv_mutex_unlock(&head->lock);
}

struct store_sample *head_last_rows(struct head *head, size_t *count)
{
    struct head_run all = {0};
    uv_mutex_lock(&head->lock);
    for (unsigned i = 0; i <= head->run_count; i++) {
        struct head_run merged = merge(&all, i == 0 ? &head->frozen : &head->runs[i - 1]);
        free(all.rows);
        all = merged;
    }
    uv_mutex_unlock(&head->lock);
    size_t kept = 0;
    for (size_t i = 0; i < all.count; i++) {
        if (kept > 0 && series_key(&all.rows[kept - 1]) == series_key(&all.rows[i]))
            kept--;
        all.rows[kept++] = all.rows[i];
    }
    *count = kept;
    return all.rows;
}
