/* The head against a plain list: whatever the order and the repetitions, the later of two alike wins. */
#include "fixture.h"

#include "store/head.h"

#define ROWS 20000

static struct store_sample model[ROWS];
static size_t model_count;

static void model_add(const struct store_sample *sample)
{
    for (size_t i = 0; i < model_count; i++) {
        if (model[i].asset == sample->asset && model[i].metric == sample->metric && model[i].time == sample->time) {
            model[i].value = sample->value;
            return;
        }
    }
    model[model_count++] = *sample;
}

static void check(struct head *head, uint32_t asset, uint32_t metric, msec from, msec to)
{
    struct store_samples found = {0};
    size_t expected = 0;
    head_find(head, asset, metric, from, to, &found);
    for (size_t i = 0; i < model_count; i++) {
        const struct store_sample *row = &model[i];
        if (row->asset != asset || row->metric != metric || row->time < from || row->time > to)
            continue;
        expected++;
        size_t k = 0;
        while (k < found.count && found.rows[k].time != row->time)
            k++;
        assert_true(k < found.count && found.rows[k].value == row->value);
    }
    assert_int_equal(found.count, expected);
    for (size_t k = 1; k < found.count; k++)
        assert_true(found.rows[k].time > found.rows[k - 1].time);
    free(found.rows);
}

static void check_all(struct head *head)
{
    for (uint32_t asset = 0; asset < 5; asset++) {
        for (uint32_t metric = 0; metric < 3; metric++) {
            check(head, asset, metric, INT64_MIN, INT64_MAX);
            check(head, asset, metric, 100, 200);
        }
        struct store_lasts lasts = {0};
        head_find_lasts(head, asset, 250, &lasts);
        for (size_t k = 0; k < lasts.count; k++) {
            const struct store_sample *best = NULL;
            for (size_t i = 0; i < model_count; i++) {
                if (model[i].asset == asset && model[i].metric == lasts.rows[k].metric && model[i].time <= 250 &&
                    (!best || model[i].time > best->time))
                    best = &model[i];
            }
            assert_non_null(best);
            assert_int_equal(best->time, lasts.rows[k].reading.time);
            assert_true(best->value == lasts.rows[k].reading.value);
        }
        free(lasts.rows);
    }
    size_t count;
    struct store_sample *lasts = head_last_rows(head, &count);
    assert_int_equal(count, 15);
    for (size_t k = 0; k < count; k++) {
        for (size_t i = 0; i < model_count; i++) {
            if (model[i].asset == lasts[k].asset && model[i].metric == lasts[k].metric)
                assert_true(model[i].time <= lasts[k].time);
        }
    }
    free(lasts);
}

static void test_against_model(void **state)
{
    (void)state;
    struct head head;
    unsigned seed = 4711;
    head_init(&head);
    model_count = 0;
    for (int batch = 0; batch < 60; batch++) {
        struct store_sample samples[200];
        size_t count = 1 + (size_t)rand_r(&seed) % 200;
        for (size_t i = 0; i < count; i++) {
            samples[i] = (struct store_sample){(uint32_t)rand_r(&seed) % 5, (uint32_t)rand_r(&seed) % 3,
                                               rand_r(&seed) % 400, rand_r(&seed) % 1000};
            model_add(&samples[i]);
        }
        head_add(&head, samples, count);
        if (batch == 20)
            check_all(&head);
        if (batch == 30)
            head_freeze(&head);
    }
    check_all(&head); /* over the frozen run too */
    assert_true(head.run_count < HEAD_RUNS / 2);
    head_forget_frozen(&head);
    size_t before = head.rows;
    head_add(&head, NULL, 0);
    assert_int_equal(head.rows, before);
    head_release(&head);
}

static void test_empty(void **state)
{
    (void)state;
    struct head head;
    struct store_samples found = {0};
    struct store_lasts lasts = {0};
    size_t count;
    head_init(&head);
    head_find(&head, 1, 1, INT64_MIN, INT64_MAX, &found);
    head_find_lasts(&head, 1, INT64_MAX, &lasts);
    free(head_last_rows(&head, &count));
    assert_int_equal(found.count + lasts.count + count, 0);
    head_release(&head);
}

/* What is worth packing grows with the fleet, between bounds. */
static void test_worth(void **state)
{
    static const struct { uint32_t asset; size_t worth; } cases[] = {{0, 300000}, {49100, 300000}, {200000, 600000}, {7, 600000},
                                                                     {491000, 1473000}, {UINT32_MAX, 1500000}};
    struct head head;
    (void)state;
    head_init(&head);
    assert_int_equal(head_worth(&head), 300000);
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        struct store_sample rows[] = {{cases[i].asset, 1, NOON, 1}, {0, 1, NOON, 1}};
        head_add(&head, rows, 2);
        assert_int_equal(head_worth(&head), cases[i].worth);
    }
    head_release(&head);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_against_model), cmocka_unit_test(test_empty), cmocka_unit_test(test_worth)};
    return cmocka_run_group_tests(tests, NULL, NULL) ? 1 : 0;
}
