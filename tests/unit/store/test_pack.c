/* Chunks and buckets come back bit by bit; damaged bytes are refused, never believed or overrun. */
#include "fixture.h"

#include "store/pack.h"

static uint64_t random_state = 88172645463325252u;

static uint64_t random_bits(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

static size_t round_trip(const struct reading *rows, size_t count)
{
    static struct reading back[PACK_READINGS_MAX];
    struct buffer packed = BUFFER_INIT;
    size_t got;
    pack_readings(&packed, rows, count);
    assert_true(unpack_readings(packed.data, packed.length, rows[0].time, back, &got));
    assert_int_equal(got, count);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(back[i].time, rows[i].time);
        assert_memory_equal(&back[i].value, &rows[i].value, sizeof(double));
    }
    size_t length = packed.length;
    buffer_release(&packed);
    return length;
}

static void test_readings(void **state)
{
    (void)state;
    struct reading steady[60], one = {NOON, -0.0};
    const double odd[] = {0, -0.0, 1e308, -1e-308, 5e-324, 0.1, 1.0 / 3, 9007199254740992.0, 9007199254740993.0, -123456.789,
                          1e9, 1e-9, 1e-10, 4503599627370497.5};
    struct reading strange[ARRAY_COUNT(odd)];
    round_trip(&one, 1);
    for (size_t i = 0; i < ARRAY_COUNT(odd); i++) {
        strange[i] = (struct reading){NOON + (msec)(i * i * 7 + i), odd[i]};
        struct reading single = {NOON, odd[i]};
        round_trip(&single, 1);
    }
    round_trip(strange, ARRAY_COUNT(odd));
    char text[32];
    for (int i = 0; i < 60; i++) { /* a sensor: one decimal, every ten seconds, now and then a step */
        snprintf(text, sizeof text, "%d.%d", 23 + (i > 30), i / 7 % 10);
        steady[i] = (struct reading){NOON + i * 10000, atof(text)};
    }
    assert_true(round_trip(steady, 60) <= 60 * 2 + 8);
}

static void test_random_readings(void **state)
{
    (void)state;
    static struct reading rows[PACK_READINGS_MAX];
    for (int round = 0; round < 300; round++) {
        size_t count = 1 + random_bits() % (round % 10 == 0 ? PACK_READINGS_MAX : 40);
        msec time = NOON;
        for (size_t i = 0; i < count; i++) {
            uint64_t bits = random_bits() & ~((uint64_t)1 << 62); /* never infinite, never NaN */
            double value = (double)(int64_t)(random_bits() % 100000) / 100 - 500;
            if (round % 3 == 0)
                memcpy(&value, &bits, sizeof value);
            rows[i] = (struct reading){time, value};
            time += 1 + (msec)(random_bits() % (round % 2 ? 100 : 30000));
        }
        round_trip(rows, count);
    }
}

static void test_buckets(void **state)
{
    (void)state;
    struct reading_bucket buckets[24] = {0}, back[24];
    struct buffer packed = BUFFER_INIT;
    pack_buckets(&packed, buckets, 24);
    assert_true(unpack_buckets(packed.data, packed.length, NOON, SPAN_HOUR, back, 24));
    for (int i = 0; i < 24; i++)
        assert_int_equal(back[i].count, 0);
    for (int i = 3; i < 24; i += 4)
        buckets[i] = (struct reading_bucket){0, i - 0.5, i + 0.25, 1.0 / 3 * i, i, (unsigned)i * 1000};
    buffer_clear(&packed);
    pack_buckets(&packed, buckets, 24);
    assert_true(unpack_buckets(packed.data, packed.length, NOON, SPAN_HOUR, back, 24));
    for (int i = 0; i < 24; i++) {
        buckets[i].start = NOON + i * SPAN_HOUR;
        assert_memory_equal(&back[i], &buckets[i], sizeof back[i]);
    }
    assert_false(unpack_buckets(packed.data, packed.length, NOON, SPAN_HOUR, back, 1)); /* more than asked for */
    buffer_release(&packed);
}

static void test_numbers(void **state)
{
    (void)state;
    const int64_t numbers[] = {0, 1, -1, 63, -64, 64, 127, 128, 300, INT64_MAX, INT64_MIN};
    struct buffer packed = BUFFER_INIT;
    for (size_t i = 0; i < ARRAY_COUNT(numbers); i++)
        pack_number(&packed, pack_signed(numbers[i]));
    const unsigned char *at = (const unsigned char *)packed.data, *end = at + packed.length;
    uint64_t number;
    for (size_t i = 0; i < ARRAY_COUNT(numbers); i++) {
        assert_true(unpack_number(&at, end, &number));
        assert_int_equal(unpack_signed(number), numbers[i]);
    }
    assert_false(unpack_number(&at, end, &number));
    buffer_release(&packed);
}

/* Every byte of a chunk changed and every length cut: refused, or a chunk that keeps its promises. */
static void test_damage(void **state)
{
    (void)state;
    static struct reading back[PACK_READINGS_MAX];
    struct reading rows[20];
    struct buffer packed = BUFFER_INIT;
    size_t count;
    for (int kind = 0; kind < 2; kind++) {
        for (int i = 0; i < 20; i++)
            rows[i] = (struct reading){NOON + i * 997, kind ? 1.0 / (i + 1) : i * 1.5};
        buffer_clear(&packed);
        pack_readings(&packed, rows, 20);
        for (size_t cut = 0; cut < packed.length; cut++)
            assert_false(unpack_readings(packed.data, cut, NOON, back, &count));
        for (size_t at = 0; at < packed.length; at++) {
            for (int byte = 0; byte < 256; byte++) {
                char kept = packed.data[at];
                packed.data[at] = (char)byte;
                if (unpack_readings(packed.data, packed.length, NOON, back, &count)) {
                    for (size_t i = 1; i < count; i++)
                        assert_true(back[i].time > back[i - 1].time);
                }
                packed.data[at] = kept;
            }
        }
    }
    buffer_release(&packed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_readings), cmocka_unit_test(test_random_readings), cmocka_unit_test(test_buckets),
        cmocka_unit_test(test_numbers),  cmocka_unit_test(test_damage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) ? 1 : 0;
}
