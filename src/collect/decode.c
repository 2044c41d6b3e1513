#include "collect/decode.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "base/text.h"

#define SAMPLE_SHOWN 200 /* bytes of an input that an example can use at all */

void decode_bad(struct decoding *decoding, const char *sample, size_t length, const char *format, ...)
{
    char reason[160];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reason, sizeof reason, format, arguments);
    va_end(arguments);
    decoding->sink->bad(decoding->sink->owner, decoding->message.item, sample,
                        length < SAMPLE_SHOWN ? length : SAMPLE_SHOWN, reason);
}

static bool bad_encoding(struct decoding *decoding, const char *bytes, size_t length)
{
    struct buffer converted = BUFFER_INIT;
    bool chinese = text_from_gb18030(&converted, bytes, length, NULL);
    if (chinese)
        decode_bad(decoding, buffer_text(&converted), converted.length,
                   "not UTF-8, but GB18030: set `encoding: gb18030`");
    else
        decode_bad(decoding, bytes, length, "not UTF-8");
    buffer_release(&converted);
    return false;
}

bool decode_scan(struct decoding *decoding)
{
    struct format *format = decoding->format;
    const char *bytes = decoding->input->payload;
    size_t length = decoding->input->payload_length;
    struct error error;

    /* Firmware written in C likes to send the terminating NUL, and Windows tools the mark. */
    while (length && bytes[length - 1] == '\0')
        length--;
    if (length >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0) {
        bytes += 3;
        length -= 3;
    }
    if (format->gb18030) {
        buffer_clear(&format->converted);
        if (!text_from_gb18030(&format->converted, bytes, length, &error)) {
            decode_bad(decoding, bytes, length, "not GB18030: %s", error.text);
            return false;
        }
        bytes = buffer_text(&format->converted);
        length = format->converted.length;
    }
    if (!scan_read(&format->scan, bytes, length, &error)) {
        decode_bad(decoding, bytes, length, "not JSON: %s", error.text);
        return false;
    }
    if (!format->scan.plain && !format->gb18030 && !text_is_utf8(bytes, length))
        return bad_encoding(decoding, bytes, length);
    return true;
}

/* Days from 1970-01-01 to a date of the Gregorian calendar: years are counted from March, so that the leap day is
 * the last of its year. */
static int64_t days_of_date(int year, int month, int day)
{
    int64_t shifted = (int64_t)year - (month <= 2);
    int64_t march_month = (month + 9) % 12;
    int64_t leap_days = shifted / 4 - shifted / 100 + shifted / 400;
    return shifted * 365 + leap_days + (march_month * 153 + 2) / 5 + day - 1 - 719468;
}

static bool two_digits(const char *at, int minimum, int maximum, int *number)
{
    if (at[0] < '0' || at[0] > '9' || at[1] < '0' || at[1] > '9')
        return false;
    *number = (at[0] - '0') * 10 + at[1] - '0';
    return *number >= minimum && *number <= maximum;
}

/* The offset at the end of an RFC 3339 time, in minutes; also without its colon, as many devices write it. */
static bool parse_offset(const char *at, int *minutes)
{
    int hour, minute;
    if ((at[0] == 'Z' || at[0] == 'z') && !at[1]) {
        *minutes = 0;
        return true;
    }
    if ((at[0] != '+' && at[0] != '-') || strlen(at) < 5 || !two_digits(at + 1, 0, 23, &hour))
        return false;
    const char *rest = at + 3 + (at[3] == ':');
    if (strlen(rest) != 2 || !two_digits(rest, 0, 59, &minute))
        return false;
    *minutes = (at[0] == '-' ? -1 : 1) * (hour * 60 + minute);
    return true;
}

static bool parse_rfc3339(const char *text, msec *time)
{
    int century, year, month, day, hour, minute, second, offset;
    if (strlen(text) < 19 || !two_digits(text, 0, 99, &century) || !two_digits(text + 2, 0, 99, &year) ||
        text[4] != '-' || !two_digits(text + 5, 1, 12, &month) || text[7] != '-' ||
        !two_digits(text + 8, 1, 31, &day) || !strchr("Tt ", text[10]) || !two_digits(text + 11, 0, 23, &hour) ||
        text[13] != ':' || !two_digits(text + 14, 0, 59, &minute) || text[16] != ':' ||
        !two_digits(text + 17, 0, 60, &second))
        return false;
    static const int lengths[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    year += century * 100;
    if (day > lengths[month - 1] || (month == 2 && day == 29 && (year % 4 || (year % 100 == 0 && year % 400))))
        return false;
    int fraction = 0, weight = 100;
    const char *at = text + 19;
    if (*at == '.' || *at == ',')
        for (at++; *at >= '0' && *at <= '9'; at++, weight /= 10)
            fraction += (*at - '0') * weight;
    if (!*at) /* no offset: the site's own time */
        return instant_parse(text, 0, time, NULL);
    if (!parse_offset(at, &offset))
        return false;
    *time = ((days_of_date(year, month, day) * 24 + hour) * 60 + minute - offset) * SPAN_MINUTE + second * SPAN_SECOND +
            fraction;
    return true;
}

/* Which unit a bare number is in: 1e11 s is the year 5138, 1e11 ms is March 1973, and so on upwards. */
static double unit_scale(enum time_unit unit, double number)
{
    static const double scale[] = {[TIME_UNIT_S] = 1e3, [TIME_UNIT_MS] = 1, [TIME_UNIT_US] = 1e-3, [TIME_UNIT_NS] = 1e-6};
    if (unit == TIME_UNIT_AUTO) {
        double size = fabs(number);
        unit = size < 1e11 ? TIME_UNIT_S : size < 1e14 ? TIME_UNIT_MS : size < 1e17 ? TIME_UNIT_US : TIME_UNIT_NS;
    }
    return scale[unit];
}

bool decode_time(const struct format *format, uint32_t token, msec *time)
{
    const struct scan *scan = &format->scan;
    const struct scan_token *at = &scan->tokens[token];
    double number;
    char text[48];
    *time = CLOCK_NEVER;
    switch (at->type) {
    case SCAN_NULL:
        return true;
    case SCAN_NUMBER:
        if (!scan_number(scan, token, &number))
            return false;
        break;
    case SCAN_TEXT:
        if (at->escaped || at->length >= sizeof text)
            return false;
        memcpy(text, scan->bytes + at->start, at->length);
        text[at->length] = '\0';
        if (strlen(text) != at->length)
            return false;
        if (!text_number(text, &number))
            return parse_rfc3339(text, time);
        break;
    default:
        return false;
    }
    number *= unit_scale(format->unit, number);
    /* Far beyond any clock, yet safe to add spans to: the range of ECMAScript's dates. */
    if (!(fabs(number) <= 8.64e15))
        return false;
    *time = (msec)floor(number);
    return true;
}

bool decode_id(const struct format *format, uint32_t token, struct buffer *room, const char **text, size_t *length)
{
    const struct scan_token *at = &format->scan.tokens[token];
    if (at->type != SCAN_TEXT && at->type != SCAN_NUMBER)
        return false;
    *text = format->scan.bytes + at->start;
    *length = at->length;
    if (at->escaped) {
        buffer_clear(room);
        scan_text(&format->scan, token, room);
        *text = buffer_text(room);
        *length = room->length;
    }
    return *length > 0;
}

void sample_begin(struct decoding *decoding, uint32_t token)
{
    struct decoded *message = &decoding->message;
    const struct format_input *input = decoding->input;
    message->asset = message->gateway = NULL;
    message->asset_length = message->gateway_length = 0;
    message->time = CLOCK_NEVER;
    message->values = decoding->format->batch;
    message->count = 0;
    message->raw = input->payload;
    message->raw_length = input->payload_length;
    if (token != 0) {
        message->raw = decoding->format->scan.bytes + decoding->format->scan.tokens[token].start;
        message->raw_length = decoding->format->scan.tokens[token].length;
    }
    decoding->taken = decoding->refused = decoding->words = decoding->skip_count = 0;
    decoding->format->names_used = 0;
}

static void sample_flush(struct decoding *decoding)
{
    decoding->sink->message(decoding->sink->owner, &decoding->message);
    decoding->message.count = 0;
    decoding->format->names_used = 0;
}

static void sample_number(struct decoding *decoding, const char *name, size_t length, double number)
{
    struct decoded *message = &decoding->message;
    decoding->format->batch[message->count++] = (struct decoded_value){name, length, number};
    decoding->taken++;
}

static void refuse_value(struct decoding *decoding, const char *name, size_t length, const char *what)
{
    decoding->refused++;
    decode_bad(decoding, decoding->message.raw, decoding->message.raw_length, "%.*s: %s",
               (int)(length < 60 ? length : 60), name, what);
}

/* A word in telemetry ("mode": "auto") is no fault and no number: it stays visible in the raw message. */
static void sample_word(struct decoding *decoding, const char *name, size_t length, uint32_t token)
{
    const struct scan *scan = &decoding->format->scan;
    const struct scan_token *at = &scan->tokens[token];
    char text[64];
    double number;
    decoding->words++;
    if (at->escaped || at->length >= sizeof text)
        return;
    memcpy(text, scan->bytes + at->start, at->length);
    text[at->length] = '\0';
    if (text_number(text, &number))
        sample_number(decoding, name, length, number);
    else if (strcasecmp(text, "nan") == 0 || strcasecmp(text, "inf") == 0 || strcasecmp(text, "infinity") == 0)
        refuse_value(decoding, name, length, "not a finite number");
}

void sample_value(struct decoding *decoding, const char *name, size_t length, uint32_t token)
{
    const struct scan *scan = &decoding->format->scan;
    double number;
    if (length == 0 || length > DECODE_NAME_MAX) {
        refuse_value(decoding, name, length, length ? N_("metric name over 256 bytes") : N_("metric without a name"));
        return;
    }
    if (decoding->message.count == DECODE_BATCH)
        sample_flush(decoding);
    switch (scan->tokens[token].type) {
    case SCAN_NUMBER:
        if (scan_number(scan, token, &number))
            sample_number(decoding, name, length, number);
        else
            refuse_value(decoding, name, length, "number too large");
        break;
    case SCAN_TRUE:
    case SCAN_FALSE:
        sample_number(decoding, name, length, scan->tokens[token].type == SCAN_TRUE);
        break;
    case SCAN_NOT_FINITE:
        refuse_value(decoding, name, length, "not a finite number");
        break;
    case SCAN_TEXT:
        sample_word(decoding, name, length, token);
        break;
    default: /* null, no value: containers are the caller's */
        decoding->words++;
        break;
    }
}

/* A name, or "prefix.name", in the batch's own room; hands the batch over first when that is full. */
static const char *keep_name(struct decoding *decoding, const char *prefix, size_t prefix_length, const char *name,
                             size_t length, size_t *kept_length)
{
    struct format *format = decoding->format;
    *kept_length = prefix_length + (prefix_length != 0) + length;
    if (*kept_length > DECODE_NAME_MAX)
        return NULL;
    if (format->names_used + *kept_length > DECODE_NAMES || decoding->message.count == DECODE_BATCH)
        sample_flush(decoding);
    char *kept = format->names + format->names_used, *at = kept;
    if (prefix_length) {
        memcpy(at, prefix, prefix_length);
        at += prefix_length;
        *at++ = '.';
    }
    memcpy(at, name, length);
    format->names_used += *kept_length;
    return kept;
}

static bool is_skipped(const struct decoding *decoding, uint32_t token)
{
    for (unsigned i = 0; i < decoding->skip_count; i++)
        if (decoding->skip[i] == token)
            return true;
    return false;
}

/* The path to a container, so that names can be joined after a batch was handed over in between. */
struct path {
    char text[DECODE_NAME_MAX + 1];
    size_t length;
};

/* A member's name, which lies in the payload or, `passing`, only until the next one is read. */
struct member {
    const char *name;
    size_t length;
    bool passing;
};

static void flatten(struct decoding *decoding, struct path *path, uint32_t container, unsigned depth);

static void flatten_member(struct decoding *decoding, struct path *path, const struct member *member, uint32_t value,
                           unsigned depth)
{
    const struct scan_token *token = &decoding->format->scan.tokens[value];
    size_t before = path->length;
    if (before + (before != 0) + member->length > DECODE_NAME_MAX) {
        refuse_value(decoding, member->name, member->length, "metric name over 256 bytes");
        return;
    }
    if (token->type != SCAN_OBJECT && token->type != SCAN_ARRAY) {
        const char *name = member->name;
        size_t length = member->length;
        if (before || member->passing)
            name = keep_name(decoding, path->text, before, member->name, member->length, &length);
        sample_value(decoding, name, length, value);
        return;
    }
    if (depth >= decoding->format->depth) {
        refuse_value(decoding, member->name, member->length, "nested deeper than `depth`");
        return;
    }
    if (before)
        path->text[path->length++] = '.';
    memcpy(path->text + path->length, member->name, member->length);
    path->length += member->length;
    flatten(decoding, path, value, depth + 1);
    path->length = before;
}

static void flatten_list(struct decoding *decoding, struct path *path, uint32_t list, unsigned depth)
{
    const struct scan *scan = &decoding->format->scan;
    unsigned position = 0;
    for (uint32_t item = list + 1; item < scan->tokens[list].next; item = scan->tokens[item].next) {
        char name[16];
        int length = snprintf(name, sizeof name, "%u", position++);
        flatten_member(decoding, path, &(struct member){name, (size_t)length, true}, item, depth);
    }
}

static void flatten(struct decoding *decoding, struct path *path, uint32_t container, unsigned depth)
{
    const struct scan *scan = &decoding->format->scan;
    if (scan->tokens[container].type == SCAN_ARRAY) {
        flatten_list(decoding, path, container, depth);
        return;
    }
    struct buffer resolved = BUFFER_INIT;
    for (uint32_t key = container + 1; key < scan->tokens[container].next; key = scan->tokens[key + 1].next) {
        const struct scan_token *token = &scan->tokens[key];
        struct member member = {scan->bytes + token->start, token->length, token->escaped};
        if (is_skipped(decoding, key + 1))
            continue;
        if (token->escaped) {
            buffer_clear(&resolved);
            scan_text(scan, key, &resolved);
            member.name = buffer_text(&resolved);
            member.length = resolved.length;
        }
        flatten_member(decoding, path, &member, key + 1, depth);
    }
    buffer_release(&resolved);
}

void sample_values(struct decoding *decoding, const char *prefix, size_t prefix_length, uint32_t token)
{
    struct path path = {.length = 0};
    if (prefix_length > DECODE_NAME_MAX) {
        refuse_value(decoding, prefix, prefix_length, "metric name over 256 bytes");
        return;
    }
    memcpy(path.text, prefix, prefix_length);
    path.length = prefix_length;
    flatten(decoding, &path, token, 1);
}

void sample_end(struct decoding *decoding)
{
    if (decoding->message.count || (decoding->words && !decoding->taken))
        sample_flush(decoding);
    else if (!decoding->taken && !decoding->refused)
        decode_bad(decoding, decoding->message.raw, decoding->message.raw_length, "no number in it");
}
