#include "base/json.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/plain_locale.h"
#include "base/text.h"

void json_start(struct json_writer *writer, struct buffer *out)
{
    writer->out = out;
    writer->need_comma = false;
}

/* How many bytes of the front stand for themselves inside quotes. */
static size_t plain_run(const char *bytes, size_t length)
{
    size_t at = 0;
    while (at < length && (unsigned char)bytes[at] >= 0x20 && (unsigned char)bytes[at] < 0x80 &&
           bytes[at] != '"' && bytes[at] != '\\')
        at++;
    return at;
}

static void write_escape(struct buffer *out, unsigned char byte)
{
    static const char shorts[][3] = {['"'] = "\\\"", ['\\'] = "\\\\", ['\b'] = "\\b", ['\f'] = "\\f",
                                     ['\n'] = "\\n", ['\r'] = "\\r",  ['\t'] = "\\t"};
    if (byte < sizeof shorts / sizeof *shorts && shorts[byte][0])
        buffer_append(out, shorts[byte], 2);
    else
        buffer_printf(out, "\\u%04x", byte);
}

void json_append_inside(struct buffer *out, const char *bytes, size_t length)
{
    for (size_t at = 0; at < length;) {
        size_t run = plain_run(bytes + at, length - at);
        buffer_append(out, bytes + at, run);
        at += run;
        if (at == length)
            break;
        if ((unsigned char)bytes[at] < 0x80) {
            write_escape(out, (unsigned char)bytes[at++]);
            continue;
        }
        uint32_t code;
        size_t step = text_decode(bytes + at, length - at, &code);
        if (step > 1)
            buffer_append(out, bytes + at, step);
        else
            buffer_append(out, "\xEF\xBF\xBD", 3);
        at += step;
    }
}

static void write_quoted(struct buffer *out, const char *bytes, size_t length)
{
    buffer_reserve(out, length + 2);
    buffer_append_char(out, '"');
    json_append_inside(out, bytes, length);
    buffer_append_char(out, '"');
}

static void write_key(struct json_writer *writer, const char *key)
{
    if (writer->need_comma)
        buffer_append_char(writer->out, ',');
    writer->need_comma = true;
    if (key) {
        write_quoted(writer->out, key, strlen(key));
        buffer_append_char(writer->out, ':');
    }
}

static void write_open(struct json_writer *writer, const char *key, char bracket)
{
    write_key(writer, key);
    buffer_append_char(writer->out, bracket);
    writer->need_comma = false;
}

static void write_close(struct json_writer *writer, char bracket)
{
    buffer_append_char(writer->out, bracket);
    writer->need_comma = true;
}

void json_write_object(struct json_writer *writer, const char *key)
{
    write_open(writer, key, '{');
}

void json_write_object_end(struct json_writer *writer)
{
    write_close(writer, '}');
}

void json_write_array(struct json_writer *writer, const char *key)
{
    write_open(writer, key, '[');
}

void json_write_array_end(struct json_writer *writer)
{
    write_close(writer, ']');
}

void json_write_text(struct json_writer *writer, const char *key, const char *text)
{
    if (text)
        json_write_text_n(writer, key, text, strlen(text));
    else
        json_write_null(writer, key);
}

void json_write_text_n(struct json_writer *writer, const char *key, const char *bytes, size_t length)
{
    write_key(writer, key);
    write_quoted(writer->out, bytes, length);
}

void json_write_texts(struct json_writer *writer, const char *key, const char *const *texts, size_t count)
{
    json_write_array(writer, key);
    for (size_t i = 0; i < count; i++)
        json_write_text(writer, NULL, texts[i]);
    json_write_array_end(writer);
}

static void write_integer(struct buffer *out, int64_t number)
{
    char digits[24], *at = digits + sizeof digits;
    uint64_t left = number < 0 ? -(uint64_t)number : (uint64_t)number;
    do {
        *--at = (char)('0' + left % 10);
        left /= 10;
    } while (left);
    if (number < 0)
        *--at = '-';
    buffer_append(out, at, (size_t)(digits + sizeof digits - at));
}

/* Measured values have few decimals: an exact multiple of 10^-k is written as an integer with a point. */
static bool write_decimal(struct buffer *out, double number)
{
    static const double powers[] = {1, 10, 100, 1000, 10000, 100000, 1000000};
    for (int digits = 0; digits <= 6; digits++) {
        double scaled = number * powers[digits];
        if (fabs(scaled) >= 1e15)
            return false;
        double whole = rint(scaled);
        if (whole / powers[digits] != number)
            continue;
        int64_t integer = (int64_t)whole;
        uint64_t left = integer < 0 ? (uint64_t)-integer : (uint64_t)integer;
        char text[32], *at = text + sizeof text;
        for (int i = 0; i < digits; i++, left /= 10)
            *--at = (char)('0' + left % 10);
        if (digits)
            *--at = '.';
        do {
            *--at = (char)('0' + left % 10);
            left /= 10;
        } while (left);
        if (integer < 0)
            *--at = '-';
        buffer_append(out, at, (size_t)(text + sizeof text - at));
        return true;
    }
    return false;
}

void json_write_number(struct json_writer *writer, const char *key, double number)
{
    if (!isfinite(number)) {
        json_write_null(writer, key);
        return;
    }
    write_key(writer, key);
    if (write_decimal(writer->out, number))
        return;
    locale_t plain = plain_locale(), before = plain ? uselocale(plain) : (locale_t)0;
    char text[40];
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, number);
        double back;
        if (text_number(text, &back) && back == number)
            break;
    }
    if (plain)
        uselocale(before);
    buffer_append_text(writer->out, text);
}

void json_write_integer(struct json_writer *writer, const char *key, int64_t number)
{
    write_key(writer, key);
    write_integer(writer->out, number);
}

void json_write_bool(struct json_writer *writer, const char *key, bool value)
{
    write_key(writer, key);
    buffer_append_text(writer->out, value ? "true" : "false");
}

void json_write_null(struct json_writer *writer, const char *key)
{
    write_key(writer, key);
    buffer_append(writer->out, "null", 4);
}

void json_write_instant(struct json_writer *writer, const char *key, msec instant)
{
    char text[INSTANT_TEXT];
    if (!*instant_format(text, instant))
        json_write_null(writer, key);
    else
        json_write_text(writer, key, text);
}

void json_write_raw(struct json_writer *writer, const char *key, const char *json, size_t length)
{
    write_key(writer, key);
    buffer_append(writer->out, json, length);
}
