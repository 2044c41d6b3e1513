#include "collect/ingest.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "collect/feed.h"
#include "collect/scan.h"

struct ingest {
    struct source *source;
    struct feed *feed;
    struct format *format;
    struct scan scan; /* to see what kind of body it is */
    struct ingest_result *result;
    unsigned first; /* number of the line's first item */
    unsigned items; /* seen in this line */
};

struct ingest *ingest_new(struct source *source)
{
    struct ingest *ingest = memory_new(sizeof *ingest);
    ingest->source = source;
    ingest->feed = feed_new(source);
    ingest->format = format_new_plain("readings");
    scan_init(&ingest->scan);
    return ingest;
}

void ingest_free(struct ingest **ingest)
{
    if (!*ingest)
        return;
    feed_free(&(*ingest)->feed);
    format_free(&(*ingest)->format);
    scan_release(&(*ingest)->scan);
    free(*ingest);
    *ingest = NULL;
}

static void reject(struct ingest *ingest, unsigned item, const char *sample, size_t length, const char *reason)
{
    struct ingest_result *result = ingest->result;
    result->rejected++;
    if (result->reason_count < INGEST_REASONS) {
        struct ingest_reason *kept = &result->reasons[result->reason_count++];
        kept->item = ingest->first + item;
        text_clean_into(kept->text, sizeof kept->text, reason, strlen(reason));
    }
    source_bad(ingest->source, sample, length, "%s", reason);
}

static void seen(struct ingest *ingest, unsigned item)
{
    if (item + 1 > ingest->items)
        ingest->items = item + 1;
}

static void on_message(void *owner, const struct decoded *message)
{
    struct ingest *ingest = owner;
    uint64_t before = ingest->source->readings;
    const char *reason;
    seen(ingest, message->item);
    if (!feed_message(ingest->feed, message, &reason))
        reject(ingest, message->item, message->raw, message->raw_length, reason);
    else
        ingest->source->messages++;
    ingest->result->accepted += (unsigned)(ingest->source->readings - before);
}

static void on_bad(void *owner, unsigned item, const char *sample, size_t length, const char *reason)
{
    struct ingest *ingest = owner;
    seen(ingest, item);
    reject(ingest, item, sample, length, reason);
}

static void decode_part(struct ingest *ingest, const char *bytes, size_t length)
{
    /* Readings say up or down by no word of theirs: on_link stays empty. */
    const struct decode_sink sink = {ingest, on_message, NULL, on_bad};
    const struct format_input input = {.payload = bytes, .payload_length = length};
    ingest->items = 0;
    format_decode(ingest->format, &input, &sink);
    ingest->first += ingest->items;
}

static bool is_blank(const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (!strchr(" \t\r", bytes[i]))
            return false;
    return true;
}

/* The body's first line, if that alone is a JSON text: then the body is one text a line. */
static bool is_lines(struct ingest *ingest, const char *body, size_t length)
{
    const char *end = body + length;
    while (body < end && strchr(" \t\r\n", *body) && *body)
        body++;
    const char *stop = memchr(body, '\n', (size_t)(end - body));
    return stop && scan_read(&ingest->scan, body, (size_t)(stop - body), NULL);
}

static void decode_lines(struct ingest *ingest, const char *body, size_t length)
{
    const char *end = body + length;
    while (body < end) {
        const char *stop = memchr(body, '\n', (size_t)(end - body));
        size_t part = (size_t)((stop ? stop : end) - body);
        if (!is_blank(body, part))
            decode_part(ingest, body, part);
        body += part + 1;
    }
}

bool ingest_decode(struct ingest *ingest, const char *body, size_t length, struct ingest_result *result,
                   struct error *error)
{
    struct error cause;
    memset(result, 0, sizeof *result);
    ingest->result = result;
    ingest->first = 0;
    ingest->source->bytes += length;
    ingest->source->last_heard = clock_wall();
    feed_begin(ingest->feed);

    bool whole = scan_read(&ingest->scan, body, length, &cause);
    if (whole && !ingest->scan.plain && !text_is_utf8(body, length))
        whole = !error_set(&cause, ERROR_INVALID, "not UTF-8") && false;
    else if (whole)
        decode_part(ingest, body, length);
    else if (is_lines(ingest, body, length)) {
        decode_lines(ingest, body, length);
        whole = true;
    }
    ingest->result = NULL;
    if (whole)
        return true;
    source_bad(ingest->source, body, length, "%s", cause.text);
    return error_set(error, ERROR_INVALID, "the body is not JSON: %s", cause.text);
}
