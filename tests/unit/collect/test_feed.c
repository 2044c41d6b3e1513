/* What a feed looks up ahead is what it would have found: whatever was not known then, and whatever the ledger did since. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "collect/feed.h"

#define NAMES 64

/* Numbers assets by their ids' order of arrival, from `base` on. */
struct ledger {
    char ids[NAMES][16];
    uint32_t count, base;
    uint64_t revision;
    unsigned asked;
    uint32_t expected[2 * FEED_AHEAD];
    unsigned expected_count;
    uint32_t asset, via; /* of the last message */
    double value;
    unsigned messages, kept;
};

static uint32_t ledger_asset(void *owner, struct source *source, const char *id, size_t length)
{
    struct ledger *ledger = owner;
    (void)source;
    ledger->asked++;
    for (uint32_t i = 0; i < ledger->count; i++)
        if (strlen(ledger->ids[i]) == length && memcmp(ledger->ids[i], id, length) == 0)
            return ledger->base + i;
    snprintf(ledger->ids[ledger->count], sizeof ledger->ids[0], "%.*s", (int)length, id);
    return ledger->base + ledger->count++;
}

static uint32_t ledger_metric(void *owner, const char *name, size_t length)
{
    (void)owner, (void)name, (void)length;
    return 7;
}

static void ledger_message(void *owner, struct source *source, uint32_t asset, uint32_t via, msec time,
                           const struct sink_value *values, unsigned count, const char *raw, size_t raw_length)
{
    struct ledger *ledger = owner;
    (void)source, (void)time, (void)raw, (void)raw_length;
    assert_int_equal(count, 1);
    ledger->asset = asset;
    ledger->via = via;
    ledger->value = values->value;
    ledger->messages++;
}

static void ledger_kept(void *owner, struct source *source, uint32_t asset, uint32_t via, msec time, const struct sink_value *values,
                        unsigned count, const char *raw, size_t raw_length)
{
    struct ledger *ledger = owner;
    (void)source, (void)asset, (void)via, (void)time, (void)values, (void)count, (void)raw, (void)raw_length;
    ledger->kept++;
}

static void ledger_expect(void *owner, const uint32_t *assets, unsigned count)
{
    struct ledger *ledger = owner;
    memcpy(ledger->expected, assets, count * sizeof *assets);
    ledger->expected_count = count;
}

static uint64_t ledger_revision(void *owner)
{
    return ((struct ledger *)owner)->revision;
}

static const struct sink_ops ops = {.asset = ledger_asset, .metric = ledger_metric, .message = ledger_message, .kept = ledger_kept,
                                    .expect = ledger_expect, .ledger_revision = ledger_revision};

struct fixture {
    struct ledger ledger;
    struct source *source;
    struct config *config;
    struct format *format;
    struct feed *feed;
};

static int begin(void **state)
{
    static const char yaml[] = "{topic: 'campus/{gateway}/{asset}', values: /values, time: /ts}";
    struct fixture *fixture = calloc(1, sizeof *fixture);
    struct config_problems problems;
    struct error error;
    fixture->config = config_new();
    config_problems_init(&problems);
    config_load_text(fixture->config, "test", yaml, sizeof yaml - 1, &problems);
    config_problems_release(&problems);
    fixture->ledger.base = 100;
    fixture->source = source_new(NULL, (struct sink){&ops, &fixture->ledger}, "test", NULL);
    fixture->format = format_new(config_root(fixture->config), &error);
    fixture->feed = feed_new(fixture->source);
    assert_non_null(fixture->format);
    *state = fixture;
    return 0;
}

static int end(void **state)
{
    struct fixture *fixture = *state;
    feed_free(&fixture->feed);
    format_free(&fixture->format);
    source_free(&fixture->source);
    config_free(&fixture->config);
    free(fixture);
    return 0;
}

static struct format_input input_of(const char *topic, const char *payload)
{
    return (struct format_input){.topic = topic, .topic_length = strlen(topic), .payload = payload, .payload_length = strlen(payload)};
}

static void assert_told(struct fixture *fixture, const struct format_input *input, uint32_t asset, uint32_t via, double value)
{
    unsigned before = fixture->ledger.messages;
    feed_payload(fixture->feed, fixture->format, input);
    assert_int_equal(fixture->ledger.messages, before + 1);
    assert_int_equal(fixture->ledger.asset, asset);
    assert_int_equal(fixture->ledger.via, via);
    assert_true(fixture->ledger.value == value);
}

static void test_ahead(void **state)
{
    struct fixture *fixture = *state;
    const struct format_input inputs[] = {
        input_of("campus/g1/t1", "{\"values\":{\"a\":1}}"), input_of("campus/g1/t2", "{\"values\":{\"a\":2}}"),
        input_of("elsewhere", "{\"values\":{\"a\":3}}"), input_of("campus/g1/t1", "{\"values\":{\"a\":4}}"),
    };
    feed_begin(fixture->feed);
    for (int round = 0; round < 2; round++) {
        feed_ahead(fixture->feed, fixture->format, inputs, 4);
        assert_int_equal(fixture->ledger.expected_count, round == 0 ? 0 : 6);
        assert_told(fixture, &inputs[0], 100, 101, 1);
        assert_told(fixture, &inputs[1], 102, 101, 2);
        feed_payload(fixture->feed, fixture->format, &inputs[2]); /* counted as bad */
        assert_told(fixture, &inputs[3], 100, 101, 4);
    }
    assert_int_equal(fixture->source->bad, 2);
    const uint32_t all[] = {100, 101, 102, 101, 100, 101};
    assert_memory_equal(fixture->ledger.expected, all, sizeof all);
    assert_int_equal(fixture->ledger.asked, 3); /* each id once */
}

/* The ledger changes while payloads that were looked up wait their turn: what it says now counts. */
static void test_ledger_changes_between(void **state)
{
    struct fixture *fixture = *state;
    const struct format_input input = input_of("campus/g1/t1", "{\"values\":{\"a\":1}}");
    feed_begin(fixture->feed);
    assert_told(fixture, &input, 100, 101, 1);
    feed_ahead(fixture->feed, fixture->format, &input, 1);
    fixture->ledger.base = 500;
    fixture->ledger.revision++;
    feed_begin(fixture->feed);
    assert_told(fixture, &input, 500, 501, 1);
}

/* The reader's memory is used again: the same place, other bytes. */
static void test_same_place(void **state)
{
    struct fixture *fixture = *state;
    char topic[] = "campus/g1/t1";
    const struct format_input input = input_of(topic, "{\"values\":{\"a\":1}}");
    feed_begin(fixture->feed);
    for (int round = 0; round < 3; round++)
        for (char last = '1'; last <= '9'; last++) {
            topic[sizeof topic - 2] = last;
            feed_ahead(fixture->feed, fixture->format, &input, 1);
            assert_told(fixture, &input, last == '1' ? 100 : 101 + (uint32_t)(last - '1'), 101, 1);
        }
}

/* More than it looks ahead at once, and nothing at all. */
static void test_too_many(void **state)
{
    struct fixture *fixture = *state;
    struct format_input inputs[FEED_AHEAD + 1];
    char topics[FEED_AHEAD + 1][24];
    feed_begin(fixture->feed);
    for (int i = 0; i <= FEED_AHEAD; i++) {
        snprintf(topics[i], sizeof topics[i], "campus/g1/t%d", i);
        inputs[i] = input_of(topics[i], "{\"values\":{\"a\":1}}");
    }
    for (int round = 0; round < 2; round++) {
        feed_ahead(fixture->feed, fixture->format, inputs, FEED_AHEAD + 1);
        for (int i = 0; i <= FEED_AHEAD; i++)
            assert_told(fixture, &inputs[i], i == 0 ? 100 : 101 + (uint32_t)i, 101, 1);
    }
    assert_int_equal(fixture->ledger.expected_count, 2 * FEED_AHEAD);
    feed_ahead(fixture->feed, fixture->format, NULL, 0);
    assert_told(fixture, &inputs[0], 100, 101, 1);
}

static void say(struct fixture *fixture, msec time)
{
    char payload[80];
    snprintf(payload, sizeof payload, "{\"ts\":%lld,\"values\":{\"a\":1}}", (long long)time);
    const struct format_input input = input_of("campus/g1/t1", payload);
    feed_payload(fixture->feed, fixture->format, &input);
}

/* A platform that is asked repeats itself: what is not newer is no sign of life. A time of the next century is none at all, and
 * takes nothing from what comes after it. */
static void test_answers(void **state)
{
    struct fixture *fixture = *state;
    msec now = clock_wall();
    const struct { msec time; bool news; } said[] = {
        {now - SPAN_HOUR, false}, {now - 5000, true}, {now - 5000, false}, {now - 4000, true}, {now + 1000 * SPAN_DAY, true}, {now - 3000, true},
        {now - 3000, false}, {now - SPAN_HOUR, false},
    };
    feed_of_answers(fixture->feed, SPAN_MINUTE);
    feed_begin(fixture->feed);
    for (size_t i = 0; i < sizeof said / sizeof *said; i++) {
        unsigned messages = fixture->ledger.messages, kept = fixture->ledger.kept;
        say(fixture, said[i].time);
        assert_int_equal(fixture->ledger.messages - messages, said[i].news);
        assert_int_equal(fixture->ledger.kept - kept, !said[i].news);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_ahead, begin, end),
        cmocka_unit_test_setup_teardown(test_ledger_changes_between, begin, end),
        cmocka_unit_test_setup_teardown(test_same_place, begin, end),
        cmocka_unit_test_setup_teardown(test_answers, begin, end),
        cmocka_unit_test_setup_teardown(test_too_many, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
