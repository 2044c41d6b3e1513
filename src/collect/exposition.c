#include "collect/exposition.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

#define HOPELESS 20 /* bad lines before the first good one */

void exposition_begin(struct exposition *exposition, const struct exposition_ops *ops, void *owner, bool open_metrics)
{
    *exposition = (struct exposition){.ops = ops, .owner = owner, .open_metrics = open_metrics};
}

void exposition_release(struct exposition *exposition)
{
    buffer_release(&exposition->rest);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* What may stand in a name: 1 anywhere, 2 not first. */
static const unsigned char name_bytes[256] = {
    ['a' ... 'z'] = 1, ['A' ... 'Z'] = 1, ['_'] = 1, [':'] = 1, ['0' ... '9'] = 2};

static const char *name_end(const char *at, const char *end)
{
    if (at < end && name_bytes[(unsigned char)*at] == 1)
        while (at < end && name_bytes[(unsigned char)*at])
            at++;
    return at;
}

static void bad_line(struct exposition *exposition, const char *line, const char *end, const char *reason)
{
    if (exposition->bad++ > 0)
        return;
    snprintf(exposition->reason, sizeof exposition->reason, "%s", reason);
    text_clean_into(exposition->example, sizeof exposition->example, line, (size_t)(end - line));
}

/* ---- labels ---- */

/* One pair at `at`: name="value". Returns what follows the closing quote; NULL when it is no pair. */
static const char *pair_end(const char *at, const char *end, const char **stop, const char **value)
{
    const char *name = at;
    at = name_end(name, end);
    *stop = at;
    while (at < end && is_blank(*at))
        at++;
    if (at == name || at == end || *at != '=')
        return NULL;
    at++;
    while (at < end && is_blank(*at))
        at++;
    if (at == end || *at != '"')
        return NULL;
    *value = ++at;
    for (; at < end && *at != '"'; at++)
        if (*at == '\\' && ++at == end)
            return NULL;
    return at < end ? at + 1 : NULL;
}

/* From behind the opening brace to the closing one; NULL when the labels are malformed. */
static const char *labels_end(const char *at, const char *end)
{
    for (;;) {
        while (at < end && (is_blank(*at) || *at == ','))
            at++;
        if (at == end)
            return NULL;
        if (*at == '}')
            return at;
        const char *stop, *value;
        at = pair_end(at, end, &stop, &value);
        if (!at || at == end || (!is_blank(*at) && *at != ',' && *at != '}'))
            return NULL;
    }
}

static void unescape(const char *at, const char *end, char *out, size_t size)
{
    size_t used = 0;
    for (; at < end && used + 1 < size; at++) {
        char c = *at;
        if (c == '\\' && at + 1 < end) {
            at++;
            c = *at == 'n' ? '\n' : *at;
        }
        out[used++] = c;
    }
    out[used] = '\0';
}

bool exposition_label(const struct exposition_series *series, const char *name, char *out, size_t size)
{
    const char *at = series->labels, *end = at + series->labels_length;
    size_t length = strlen(name);
    for (;;) {
        while (at < end && (is_blank(*at) || *at == ','))
            at++;
        const char *stop, *value, *from = at;
        if (at == end || !(at = pair_end(at, end, &stop, &value)))
            return false;
        if ((size_t)(stop - from) == length && memcmp(from, name, length) == 0) {
            unescape(value, at - 1, out, size);
            return true;
        }
    }
}

/* ---- one line ---- */

static bool parse_number(const char *from, const char *end, double *number)
{
    char text[64];
    size_t length = (size_t)(end - from);
    if (length == 0 || length >= sizeof text)
        return false;
    memcpy(text, from, length);
    text[length] = '\0';
    const char *plain = text + (text[0] == '+');
    if (strcasecmp(plain, "nan") == 0)
        *number = NAN;
    else if (strcasecmp(plain, "inf") == 0 || strcasecmp(plain, "infinity") == 0)
        *number = INFINITY;
    else if (strcasecmp(plain, "-inf") == 0 || strcasecmp(plain, "-infinity") == 0)
        *number = -INFINITY;
    else
        return text_number(plain, number);
    return true;
}

static const char *word_end(const char *at, const char *end)
{
    while (at < end && !is_blank(*at))
        at++;
    return at;
}

static const char *skip_blanks(const char *at, const char *end)
{
    while (at < end && is_blank(*at))
        at++;
    return at;
}

static bool parse_time(const struct exposition *exposition, const char *from, const char *end, msec *time)
{
    double number;
    if (!parse_number(from, end, &number) || !isfinite(number))
        return false;
    number *= exposition->open_metrics ? 1000.0 : 1.0;
    if (fabs(number) > 1e15)
        return false;
    *time = (msec)number;
    return true;
}

/* What follows a wanted name. NULL: taken; else what is wrong. */
static const char *take_series(struct exposition *exposition, struct exposition_series *series, const char *at, const char *end)
{
    if (at < end && *at == '{') {
        series->labels = ++at;
        const char *close = labels_end(at, end);
        if (!close)
            return N_("labels without an end");
        series->labels_length = (size_t)(close - at);
        at = close + 1;
    }
    at = skip_blanks(at, end);
    const char *stop = word_end(at, end);
    if (!parse_number(at, stop, &series->value))
        return N_("no number");
    at = skip_blanks(stop, end);
    if (at < end && *at != '#') {
        stop = word_end(at, end);
        if (!parse_time(exposition, at, stop, &series->time))
            return N_("no time");
        at = skip_blanks(stop, end);
        if (at < end && *at != '#')
            return N_("more than a number and a time");
    }
    exposition->wanted++;
    exposition->ops->series(exposition->owner, series);
    return NULL;
}

static void take_line(struct exposition *exposition, const char *line, const char *end)
{
    if (end > line && end[-1] == '\r')
        end--;
    const char *at = skip_blanks(line, end);
    if (at == end)
        return;
    if (*at == '#') {
        if (end - at == 5 && memcmp(at, "# EOF", 5) == 0)
            exposition->ended = true;
        return;
    }
    struct exposition_series series = {.name = at, .labels = "", .time = CLOCK_NEVER};
    at = name_end(at, end);
    series.name_length = (size_t)(at - series.name);
    if (series.name_length == 0 || at == end || (*at != '{' && !is_blank(*at))) {
        bad_line(exposition, line, end, "no name of a metric");
        return;
    }
    series.tag = exposition->ops->wants(exposition->owner, series.name, series.name_length);
    const char *wrong = NULL;
    if (series.tag != EXPOSITION_UNWANTED)
        wrong = take_series(exposition, &series, skip_blanks(at, end), end);
    if (wrong)
        bad_line(exposition, line, end, wrong);
    else
        exposition->series++;
}

/* ---- the page ---- */

bool exposition_feed(struct exposition *exposition, const char *bytes, size_t length)
{
    const char *at = bytes, *end = bytes + length;
    exposition->bytes += length;
    while (at < end) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        if (!stop || exposition->rest.length > 0)
            buffer_append(&exposition->rest, at, (size_t)((stop ? stop : end) - at));
        if (exposition->rest.length > EXPOSITION_LINE_MAX) {
            bad_line(exposition, exposition->rest.data, exposition->rest.data + 64, "a line without an end");
            return false;
        }
        if (!stop)
            break;
        if (exposition->rest.length > 0) {
            take_line(exposition, exposition->rest.data, exposition->rest.data + exposition->rest.length);
            buffer_clear(&exposition->rest);
        } else {
            take_line(exposition, at, stop);
        }
        if (exposition->series == 0 && exposition->bad >= HOPELESS)
            return false;
        at = stop + 1;
    }
    return true;
}

bool exposition_end(struct exposition *exposition, struct error *error)
{
    if (exposition->rest.length > 0 && !exposition->open_metrics) { /* a last line without its newline */
        take_line(exposition, exposition->rest.data, exposition->rest.data + exposition->rest.length);
        buffer_clear(&exposition->rest);
    } else if (exposition->rest.length > 0 && strcmp(buffer_text(&exposition->rest), "# EOF") == 0) {
        exposition->ended = true;
    }
    if (exposition->open_metrics && !exposition->ended)
        return error_set(error, ERROR_INVALID, "cut: OpenMetrics without its # EOF");
    if (exposition->series == 0)
        return exposition->bad ? error_set(error, ERROR_INVALID, "not an exposition: %s in `%.60s`", exposition->reason,
                                           exposition->example)
                               : error_set(error, ERROR_INVALID, "no series");
    return true;
}
