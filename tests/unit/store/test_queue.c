/* The queue's bound: oldest readings go first, then oldest states; nothing else is lost, and everything is counted. */
#include "fixture.h"

#include "store/queue.h"

static void fill(struct queue *queue, int first, int count)
{
    for (int i = first; i < first + count; i++) {
        if (queue_sample(queue, &(struct store_sample){1, 1, i, i}))
            queue_hand_over(queue);
    }
    queue_hand_over(queue);
}

static void test_order(void **state)
{
    (void)state;
    struct queue queue = {.limit = 1000000};
    fill(&queue, 0, 3 * QUEUE_CHUNK_ROWS + 10);
    assert_int_equal(queue_count(&queue), 3 * QUEUE_CHUNK_ROWS + 10);
    int next = 0;
    for (struct queue_chunk *chunk = queue_take(&queue, 2 * QUEUE_CHUNK_ROWS); chunk; chunk = chunk->next) {
        for (size_t i = chunk->sample_first; i < chunk->sample_count; i++)
            assert_int_equal(chunk->samples[i].time, next++);
    }
    assert_int_equal(next, 2 * QUEUE_CHUNK_ROWS);
    queue_put_back(&queue); /* not written: the same again */
    assert_int_equal(queue_take(&queue, 1)->samples[0].time, 0);
    queue_settle(&queue);
    assert_int_equal(queue_count(&queue), 2 * QUEUE_CHUNK_ROWS + 10);
    assert_int_equal(queue_take(&queue, 1)->samples[0].time, QUEUE_CHUNK_ROWS);
    queue_settle(&queue);
    queue_take(&queue, SIZE_MAX);
    queue_settle(&queue);
    assert_int_equal(queue_count(&queue), 0);
    assert_null(queue_take(&queue, 1));
    assert_int_equal(queue_oldest(&queue), CLOCK_NEVER);
    queue_release(&queue);
}

static void test_bound(void **state)
{
    (void)state;
    struct queue queue = {.limit = 100};
    struct store_state change = {.asset = 9};
    queue_metric(&queue, 1, "temperature");
    queue_state(&queue, &change);
    fill(&queue, 0, 99);
    assert_int_equal(queue.samples_dropped, 0);
    fill(&queue, 99, 50);
    assert_int_equal(queue_count(&queue), 100);
    assert_int_equal(queue.samples_dropped, 50);
    assert_int_equal(queue.states_dropped, 0);
    struct store_samples left = {0};
    queue_find_samples(&queue, 1, 1, 0, 1000, &left);
    assert_int_equal(left.count, 99);
    assert_int_equal(left.rows[0].time, 50); /* the oldest are gone */
    free(left.rows);
    for (int i = 0; i < 200; i++)
        queue_state(&queue, &change);
    queue_hand_over(&queue);
    assert_int_equal(queue_count(&queue), 100);
    assert_int_equal(queue.samples_dropped, 149);
    assert_int_equal(queue.states_dropped, 101);
    const struct queue_chunk *chunk = queue_take(&queue, SIZE_MAX);
    assert_string_equal(chunk->metrics[0].name, "temperature"); /* names are never dropped */
    queue_put_back(&queue);
    queue_release(&queue);
}

static void test_find(void **state)
{
    (void)state;
    struct queue queue = {.limit = 1000};
    fill(&queue, 10, 10);
    queue_take(&queue, 1); /* being written */
    fill(&queue, 5, 5);    /* late, waiting */
    queue_sample(&queue, &(struct store_sample){1, 1, 12, 99}); /* again, still filling */
    queue_sample(&queue, &(struct store_sample){1, 2, 12, 1});
    struct store_samples found = {0};
    queue_find_samples(&queue, 1, 1, 6, 15, &found);
    assert_int_equal(found.count, 10);
    for (size_t i = 0; i < 10; i++)
        assert_int_equal(found.rows[i].time, 6 + (msec)i);
    assert_true(found.rows[6].value == 99);
    free(found.rows);
    struct store_lasts lasts = {0};
    queue_find_lasts(&queue, 1, 12, &lasts);
    assert_int_equal(lasts.count, 2);
    assert_true(lasts.rows[0].reading.value == 99);
    free(lasts.rows);
    queue_release(&queue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_order), cmocka_unit_test(test_bound),
                                       cmocka_unit_test(test_find)};
    return cmocka_run_group_tests(tests, NULL, NULL) ? 1 : 0;
}
