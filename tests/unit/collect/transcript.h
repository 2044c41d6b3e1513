/* What a format says of a payload, as text, so that a test reads like the payload's meaning. */
#ifndef TESTS_TRANSCRIPT_H
#define TESTS_TRANSCRIPT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/config.h"
#include "base/memory.h"
#include "base/text.h"
#include "collect/format.h"

static inline void transcript_message(void *owner, const struct decoded *message)
{
    struct buffer *out = owner;
    if (message->gateway)
        buffer_printf(out, "%.*s>", (int)message->gateway_length, message->gateway);
    buffer_printf(out, "%.*s", (int)message->asset_length, message->asset);
    if (message->time != CLOCK_NEVER)
        buffer_printf(out, " @%lld", (long long)message->time);
    for (unsigned i = 0; i < message->count; i++) {
        char number[32];
        text_format_number(number, sizeof number, message->values[i].value);
        buffer_printf(out, " %.*s=%s", (int)message->values[i].metric_length, message->values[i].metric, number);
    }
    buffer_append_char(out, '\n');
}

static inline void transcript_link(void *owner, const char *id, size_t length, enum link_state state, const char *evidence)
{
    buffer_printf(owner, "%.*s %s (%s)\n", (int)length, id, link_state_name(state), evidence);
}

static inline void transcript_bad(void *owner, unsigned item, const char *sample, size_t length, const char *reason)
{
    (void)sample, (void)length;
    buffer_printf(owner, "bad %u: %s\n", item, reason);
}

/* A format from the text of its mapping; fails the test when the text has problems. */
static inline struct format *format_of(const char *yaml)
{
    struct config *config = config_new();
    struct config_problems problems;
    struct error error;
    config_problems_init(&problems);
    assert_true(config_load_text(config, "test.yml", yaml, strlen(yaml), &problems));
    format_validate(config_root(config), &problems);
    assert_string_equal(buffer_text(&problems.text), "");
    struct format *format = format_new(config_root(config), &error);
    assert_non_null(format);
    config_problems_release(&problems);
    config_free(&config);
    return format;
}

/* The transcript of one payload; valid until the next call. */
static inline const char *says_n(struct format *format, const char *topic, const char *payload, size_t length)
{
    static struct buffer out;
    const struct decode_sink sink = {&out, transcript_message, transcript_link, transcript_bad};
    const struct format_input input = {.topic = topic, .topic_length = topic ? strlen(topic) : 0, .payload = payload, .payload_length = length};
    buffer_clear(&out);
    /* In memory of its own, so that reading past its end shows under the sanitizers. */
    char *copy = memory_new(length ? length : 1);
    memcpy(copy, payload, length);
    const struct format_input copied = {.topic = input.topic, .topic_length = input.topic_length, .payload = copy, .payload_length = length};
    format_decode(format, &copied, &sink);
    free(copy);
    return buffer_text(&out);
}

static inline const char *says(struct format *format, const char *topic, const char *payload)
{
    return says_n(format, topic, payload, strlen(payload));
}

#endif
