#include "base/clock.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* What RFC 3339 can say: years 0000 to 9999, with a day to spare at each end for the offset. */
#define INSTANT_FIRST ((msec)-62167132800 * 1000)
#define INSTANT_LAST ((msec)253402214400 * 1000)
#define SPAN_LONGEST (365000 * SPAN_DAY)

static _Atomic bool clock_faked, clock_held;
static _Atomic msec clock_fake_wall, clock_fake_steady;

static msec clock_read(clockid_t id)
{
    struct timespec time;
    clock_gettime(id, &time);
    return (msec)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

msec clock_wall(void)
{
    return clock_faked || clock_held ? clock_fake_wall : clock_read(CLOCK_REALTIME);
}

msec clock_steady(void)
{
    return clock_faked ? clock_fake_steady : clock_read(CLOCK_MONOTONIC);
}

msec clock_coarse(void)
{
    return clock_read(CLOCK_MONOTONIC_COARSE);
}

void clock_fake(msec wall, msec steady)
{
    clock_fake_wall = wall;
    clock_fake_steady = steady;
    clock_faked = true;
}

void clock_real(void)
{
    clock_faked = clock_held = false;
}

void clock_hold_wall(msec wall)
{
    clock_fake_wall = wall;
    clock_held = true;
}

/* Whole seconds and milliseconds 0..999 of an instant, before 1970 too. */
static time_t instant_seconds(msec instant, int *millis)
{
    msec seconds = instant / 1000;
    int rest = (int)(instant % 1000);
    if (rest < 0) {
        rest += 1000;
        seconds--;
    }
    if (millis)
        *millis = rest;
    return (time_t)seconds;
}

static bool instant_local(msec instant, struct tm *local, int *millis)
{
    time_t seconds = instant_seconds(instant, millis);
    return localtime_r(&seconds, local) != NULL;
}

static msec instant_from_local(struct tm local)
{
    local.tm_isdst = -1;
    return (msec)mktime(&local) * 1000;
}

static char *put_digits(char *out, int digits, long number)
{
    for (int i = digits; i-- > 0; number /= 10)
        out[i] = (char)('0' + number % 10);
    return out + digits;
}

/* Written digit by digit: every row of an answer carries several. */
char *instant_format(char out[INSTANT_TEXT], msec instant)
{
    struct tm local;
    int millis;
    out[0] = '\0';
    if (instant < INSTANT_FIRST || instant > INSTANT_LAST || !instant_local(instant, &local, &millis))
        return out;
    /* Offsets of local mean time have seconds, which RFC 3339 cannot write: show the instant at whole minutes. */
    long offset = local.tm_gmtoff;
    if (offset % 60) {
        offset -= offset % 60;
        time_t shifted = instant_seconds(instant, NULL) + offset;
        gmtime_r(&shifted, &local);
    }
    const struct {
        int digits;
        int number;
        char after;
    } parts[] = {{4, local.tm_year + 1900, '-'}, {2, local.tm_mon + 1, '-'}, {2, local.tm_mday, 'T'},
                 {2, local.tm_hour, ':'},        {2, local.tm_min, ':'},     {2, local.tm_sec, '.'}};
    char *at = out;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        at = put_digits(at, parts[i].digits, parts[i].number);
        *at++ = parts[i].after;
    }
    at = millis ? put_digits(at, 3, millis) : at - 1;
    *at++ = offset < 0 ? '-' : '+';
    long minutes = (offset < 0 ? -offset : offset) / 60;
    at = put_digits(at, 2, minutes / 60);
    *at++ = ':';
    *put_digits(at, 2, minutes % 60) = '\0';
    return out;
}

char *instant_format_short(char out[INSTANT_TEXT], msec instant, msec now)
{
    struct tm local, today;
    out[0] = '\0';
    if (instant < INSTANT_FIRST || instant > INSTANT_LAST || !instant_local(instant, &local, NULL))
        return out;
    bool this_year = instant_local(now, &today, NULL) && today.tm_year == local.tm_year;
    if (this_year && today.tm_yday == local.tm_yday)
        snprintf(out, INSTANT_TEXT, "%02d:%02d:%02d", local.tm_hour, local.tm_min, local.tm_sec);
    else if (this_year)
        snprintf(out, INSTANT_TEXT, "%02d-%02d %02d:%02d", local.tm_mon + 1, local.tm_mday, local.tm_hour,
                 local.tm_min);
    else
        snprintf(out, INSTANT_TEXT, "%04d-%02d-%02d", local.tm_year + 1900, local.tm_mon + 1, local.tm_mday);
    return out;
}

msec instant_day_start(msec instant)
{
    struct tm local, check;
    if (instant < INSTANT_FIRST || instant > INSTANT_LAST || !instant_local(instant, &local, NULL))
        return instant;
    local.tm_hour = local.tm_min = local.tm_sec = 0;
    msec start = instant_from_local(local);
    /* Where the clock skips midnight the day begins at its first instant; where midnight comes twice, at the
     * first of them. Zones change their offset on quarter hours. */
    while (start < instant && instant_local(start, &check, NULL) && check.tm_mday != local.tm_mday)
        start += 15 * SPAN_MINUTE;
    if (instant_local(start - SPAN_HOUR, &check, NULL) && check.tm_mday == local.tm_mday)
        start -= SPAN_HOUR;
    return start;
}

int instant_day(msec instant)
{
    struct tm local;
    if (instant < INSTANT_FIRST || instant > INSTANT_LAST || !instant_local(instant, &local, NULL))
        return 0;
    return (local.tm_year + 1900) * 10000 + (local.tm_mon + 1) * 100 + local.tm_mday;
}

/* Exactly `digits` decimal digits, moved past. */
static bool take_digits(const char **at, int digits, int *number)
{
    int value = 0;
    for (int i = 0; i < digits; i++) {
        if ((*at)[i] < '0' || (*at)[i] > '9')
            return false;
        value = value * 10 + ((*at)[i] - '0');
    }
    *at += digits;
    *number = value;
    return true;
}

static bool take_char(const char **at, const char *any)
{
    if (!**at || !strchr(any, **at))
        return false;
    ++*at;
    return true;
}

static bool take_date(const char **at, struct tm *date)
{
    static const int month_days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int year, month, day;
    if (!take_digits(at, 4, &year) || !take_char(at, "-") || !take_digits(at, 2, &month) ||
        !take_char(at, "-") || !take_digits(at, 2, &day) || month < 1 || month > 12 || day < 1)
        return false;
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    if (day > month_days[month - 1] + (leap && month == 2))
        return false;
    date->tm_year = year - 1900;
    date->tm_mon = month - 1;
    date->tm_mday = day;
    return true;
}

/* hh:mm[:ss[.fraction]]; second 60 is a leap second and counts as the next one. */
static bool take_time(const char **at, struct tm *time, int *millis)
{
    *millis = 0;
    time->tm_sec = 0;
    if (!take_digits(at, 2, &time->tm_hour) || !take_char(at, ":") || !take_digits(at, 2, &time->tm_min) ||
        time->tm_hour > 23 || time->tm_min > 59)
        return false;
    if (!take_char(at, ":"))
        return true;
    if (!take_digits(at, 2, &time->tm_sec) || time->tm_sec > 60)
        return false;
    if (!take_char(at, ".,"))
        return true;
    int scale = 100, digits = 0;
    for (; **at >= '0' && **at <= '9'; ++*at, digits++) {
        *millis += (**at - '0') * scale;
        scale /= 10;
    }
    return digits > 0;
}

static bool take_offset(const char **at, long *offset)
{
    *offset = 0;
    if (take_char(at, "Zz"))
        return true;
    int sign = **at == '-' ? -1 : 1, hours, minutes;
    if (!take_char(at, "+-") || !take_digits(at, 2, &hours))
        return false;
    take_char(at, ":");
    if (!take_digits(at, 2, &minutes) || hours > 23 || minutes > 59)
        return false;
    *offset = sign * (hours * 3600L + minutes * 60L);
    return true;
}

static bool instant_wrong(const char *text, struct error *error)
{
    return error_set(error, ERROR_INVALID,
                     "expected a time such as 2026-11-21T03:12:00+08:00, 2026-11-21 03:12, 03:12, -2h or now; "
                     "got `%.64s`",
                     text);
}

static bool instant_in_range(msec instant, const char *text, struct error *error)
{
    if (instant < INSTANT_FIRST || instant > INSTANT_LAST)
        return error_set(error, ERROR_INVALID, "time out of range (years 0000 to 9999): `%.64s`", text);
    return true;
}

/* Unix seconds with an optional fraction, after the "@". */
static bool instant_parse_unix(const char *text, msec *instant, struct error *error)
{
    const char *at = text + 1;
    bool negative = take_char(&at, "-");
    msec value = 0;
    int digits = 0;
    for (; *at >= '0' && *at <= '9'; at++, digits++) {
        if (digits >= 14)
            return instant_in_range(INT64_MAX, text, error);
        value = value * 10 + (*at - '0');
    }
    if (!digits)
        return instant_wrong(text, error);
    value *= 1000;
    if (take_char(&at, ".")) {
        msec scale = 100;
        for (; *at >= '0' && *at <= '9'; at++, scale /= 10)
            value += (*at - '0') * scale;
    }
    if (*at)
        return instant_wrong(text, error);
    *instant = negative ? -value : value;
    return instant_in_range(*instant, text, error);
}

static bool instant_parse_clock(const char *text, msec now, msec *instant, struct error *error)
{
    struct tm local, time;
    int millis;
    const char *at = text;
    if (!take_time(&at, &time, &millis) || *at)
        return instant_wrong(text, error);
    if (!instant_in_range(now, "now", error) || !instant_local(now, &local, NULL))
        return false;
    local.tm_hour = time.tm_hour;
    local.tm_min = time.tm_min;
    local.tm_sec = time.tm_sec;
    *instant = instant_from_local(local) + millis;
    if (*instant > now) {
        local.tm_mday--;
        *instant = instant_from_local(local) + millis;
    }
    return true;
}

bool instant_parse(const char *text, msec now, msec *instant, struct error *error)
{
    if (!strcmp(text, "now")) {
        *instant = now;
        return true;
    }
    if (text[0] == '@')
        return instant_parse_unix(text, instant, error);
    if (text[0] == '-') {
        msec span;
        if (!span_parse(text + 1, &span, error))
            return false;
        if (!instant_in_range(now, "now", error))
            return false;
        *instant = now - span;
        return instant_in_range(*instant, text, error);
    }
    if (strlen(text) > 2 && text[2] == ':')
        return instant_parse_clock(text, now, instant, error);

    struct tm date = {0};
    const char *at = text;
    int millis = 0;
    long offset;
    if (!take_date(&at, &date))
        return instant_wrong(text, error);
    if (*at) {
        if (!take_char(&at, "Tt ") || !take_time(&at, &date, &millis))
            return instant_wrong(text, error);
    }
    if (!*at) {
        *instant = instant_from_local(date) + millis;
        return instant_in_range(*instant, text, error);
    }
    if (!take_offset(&at, &offset) || *at)
        return instant_wrong(text, error);
    *instant = ((msec)timegm(&date) - offset) * 1000 + millis;
    return instant_in_range(*instant, text, error);
}

static const struct span_unit {
    const char *name;
    msec length;
} span_units[] = {
    {"w", 7 * SPAN_DAY}, {"d", SPAN_DAY}, {"h", SPAN_HOUR}, {"m", SPAN_MINUTE}, {"s", SPAN_SECOND}, {"ms", 1},
};
#define SPAN_UNITS (sizeof span_units / sizeof *span_units)

/* The unit at *at, which must come after `from` in the table (so: larger ones first, none twice). */
static bool take_unit(const char **at, size_t *from, msec *length)
{
    size_t letters = 0;
    while ((*at)[letters] >= 'a' && (*at)[letters] <= 'z')
        letters++;
    for (size_t i = *from; i < SPAN_UNITS; i++)
        if (letters == strlen(span_units[i].name) && !memcmp(*at, span_units[i].name, letters)) {
            *from = i + 1;
            *length = span_units[i].length;
            *at += letters;
            return true;
        }
    return false;
}

bool span_parse(const char *text, msec *span, struct error *error)
{
    const char *at = text;
    msec total = 0;
    size_t unit = 0;
    do {
        msec number = 0, length;
        const char *digits = at;
        for (; *at >= '0' && *at <= '9' && at - digits < 16; at++)
            number = number * 10 + (*at - '0');
        if (at == digits || !take_unit(&at, &unit, &length))
            return error_set(error, ERROR_INVALID, "expected a span such as 90s, 5m, 2h or 1h30m; got `%.64s`",
                             text);
        if (number > SPAN_LONGEST / length || (total += number * length) > SPAN_LONGEST)
            return error_set(error, ERROR_INVALID, "span longer than 365000 days: `%.64s`", text);
    } while (*at);
    *span = total;
    return true;
}

char *span_format(char out[SPAN_TEXT], msec span)
{
    uint64_t left = span < 0 ? -(uint64_t)span : (uint64_t)span;
    int used = 0;
    if (span < 0)
        out[used++] = '-';
    /* Weeks are for reading, not for writing: "14d" is what people look for. */
    for (size_t i = 1; i < SPAN_UNITS; i++) {
        uint64_t length = (uint64_t)span_units[i].length, number = left / length;
        if (!number)
            continue;
        char part[SPAN_TEXT];
        int wide = snprintf(part, sizeof part, "%llu%s", (unsigned long long)number, span_units[i].name);
        if (used + wide >= SPAN_TEXT) /* beyond any span that span_parse gives: the fine end is left off */
            break;
        memcpy(out + used, part, (size_t)wide);
        used += wide;
        left %= length;
    }
    out[used] = '\0';
    return used ? out : strcpy(out, "0s");
}

char *span_format_short(char out[SPAN_TEXT], msec span)
{
    out[0] = '\0';
    if (span == CLOCK_NEVER)
        return out;
    long long seconds = span < 0 ? 0 : span / 1000;
    long long days = seconds / 86400;
    if (seconds < 60)
        snprintf(out, SPAN_TEXT, "%llds", seconds);
    else if (seconds < 3600)
        snprintf(out, SPAN_TEXT, "%lldm", seconds / 60);
    else if (days < 1)
        snprintf(out, SPAN_TEXT, "%lldh%02lld", seconds / 3600, seconds / 60 % 60);
    else if (days < 28)
        snprintf(out, SPAN_TEXT, "%lldd", days);
    else if (days < 7 * 104)
        snprintf(out, SPAN_TEXT, "%lldw", days / 7);
    else
        snprintf(out, SPAN_TEXT, "%lldy", days / 365 > 9999 ? 9999 : days / 365);
    return out;
}
