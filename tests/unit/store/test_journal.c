/* Batches come back bit by bit, in few bytes; damaged ones give what stands before the damage, and are never overrun. */
#include "fixture.h"

#include <math.h>

#include "store/journal.h"

static uint64_t random_state = 88172645463325252u;

static uint64_t random_bits(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

static bool same(const struct store_sample *left, const struct store_sample *right)
{
    return left->asset == right->asset && left->metric == right->metric && left->time == right->time &&
           memcmp(&left->value, &right->value, sizeof left->value) == 0;
}

static size_t round_trip(const struct store_sample *rows, size_t count)
{
    struct buffer packed = BUFFER_INIT;
    struct store_sample *back;
    size_t got;
    journal_pack(&packed, rows, count);
    assert_true(journal_unpack(packed.data, packed.length, JOURNAL_PACKED, &back, &got));
    assert_int_equal(got, count);
    for (size_t i = 0; i < count; i++)
        assert_true(same(&back[i], &rows[i]));
    free(back);
    size_t length = packed.length;
    buffer_release(&packed);
    return length;
}

/* What a campus sends: four metrics a message, decimals of one place, a few milliseconds between messages. */
static size_t campus_rows(struct store_sample *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint32_t message = (uint32_t)(i / 4);
        double values[] = {(15 * 10 + message % 170) / 10.0, 40.2 + message % 31, -40 - (double)(message % 50), message % 101};
        rows[i] = (struct store_sample){message * 7919 % 48000, (uint32_t)(i % 4), NOON + message / 10, values[i % 4]};
    }
    return count;
}

static void test_campus(void **state)
{
    static struct store_sample rows[4000];
    (void)state;
    size_t length = round_trip(rows, campus_rows(rows, ARRAY_COUNT(rows)));
    assert_in_range(length, 1, 5 * ARRAY_COUNT(rows));
}

static void test_extremes(void **state)
{
    const double values[] = {0, -0.0, 1e308, -1e308, -1e-308, 5e-324, 0.1, -0.1, 23.4, 0.00005, 0.0001, 1.0 / 3, 9007199254740991.0, 9007199254740992.0,
                             9007199254740993.0, -9007199254740992.0, 900719925474.0991, 1e15, 1e22, -123456.7891, 4503599627370497.5};
    const uint32_t numbers[] = {0, 1, 127, 128, 59999, UINT32_MAX - 1, UINT32_MAX, 0};
    struct store_sample rows[ARRAY_COUNT(values) + ARRAY_COUNT(numbers)];
    size_t count = 0;
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(values); i++)
        rows[count++] = (struct store_sample){3, 5, i % 2 ? 0 : NOON * 2, values[i]};
    for (size_t i = 0; i < ARRAY_COUNT(numbers); i++)
        rows[count++] = (struct store_sample){numbers[i], numbers[i], NOON, 1};
    round_trip(rows, count);
    for (size_t i = 0; i < count; i++)
        round_trip(&rows[i], 1);
    round_trip(rows, 0);
}

static void test_random(void **state)
{
    static struct store_sample rows[3000];
    (void)state;
    for (int round = 0; round < 200; round++) {
        size_t count = 1 + random_bits() % (round % 20 == 0 ? ARRAY_COUNT(rows) : 40);
        for (size_t i = 0; i < count; i++) {
            uint64_t bits = random_bits() & ~((uint64_t)1 << 62); /* never infinite, never NaN */
            double value = (double)(int64_t)(random_bits() % 100000) / 100 - 500;
            if (round % 3 == 0)
                memcpy(&value, &bits, sizeof value);
            rows[i] = (struct store_sample){(uint32_t)random_bits() % (round % 5 ? 4 : UINT32_MAX), (uint32_t)random_bits() % 6,
                                            NOON + (msec)(random_bits() % (round % 2 ? 3 : 1000000000)), value};
        }
        round_trip(rows, count);
    }
}

/* Every length cut, every byte changed: the rows before the damage are those that were, and no row breaks its promises. */
static void test_damage(void **state)
{
    struct store_sample rows[40], *back;
    struct buffer packed = BUFFER_INIT;
    size_t count, got;
    (void)state;
    count = campus_rows(rows, ARRAY_COUNT(rows));
    rows[7].value = 1.0 / 3;
    journal_pack(&packed, rows, count);
    size_t whole = 0;
    for (size_t length = 0; length <= packed.length; length++) {
        char *exact = memory_new(length + 1);
        memcpy(exact, packed.data, length);
        exact = memory_resize(exact, length ? length : 1, 1); /* a byte more is a fault that a sanitizer sees */
        whole += journal_unpack(exact, length, JOURNAL_PACKED, &back, &got);
        assert_true(got <= count);
        for (size_t i = 0; i < got; i++)
            assert_true(same(&back[i], &rows[i]));
        free(back);
        free(exact);
    }
    assert_int_equal(whole, count + 1); /* between readings, and nothing at all */
    for (size_t at = 0; at < packed.length; at++) {
        for (int bit = 0; bit < 8; bit++) {
            packed.data[at] ^= (char)(1 << bit);
            journal_unpack(packed.data, packed.length, JOURNAL_PACKED, &back, &got);
            for (size_t i = 0; i < got; i++)
                assert_true(isfinite(back[i].value) && back[i].time >= 0);
            free(back);
            packed.data[at] ^= (char)(1 << bit);
        }
    }
    buffer_release(&packed);
}

static void test_plain(void **state)
{
    struct store_sample rows[10], *back;
    size_t got, count = campus_rows(rows, ARRAY_COUNT(rows));
    (void)state;
    assert_true(journal_unpack(rows, sizeof rows, JOURNAL_PLAIN, &back, &got));
    assert_int_equal(got, count);
    assert_memory_equal(back, rows, sizeof rows);
    free(back);
    assert_false(journal_unpack(rows, sizeof rows - 1, JOURNAL_PLAIN, &back, &got));
    assert_int_equal(got, count - 1);
    free(back);
    for (enum journal_form form = JOURNAL_PLAIN; form <= JOURNAL_PACKED; form++) {
        assert_true(journal_unpack(NULL, 0, form, &back, &got));
        assert_int_equal(got, 0);
        free(back);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_campus), cmocka_unit_test(test_extremes), cmocka_unit_test(test_random),
        cmocka_unit_test(test_damage), cmocka_unit_test(test_plain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
