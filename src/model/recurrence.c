#include "model/recurrence.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

/* "Mon-Fri 01:00", "Sat,Sun 02:30", "daily 03:00", "day 1 02:00". */
struct schedule { unsigned weekdays; int monthday, minute; };

static int weekday_parse(const char *text, size_t length)
{
    static const char names[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    for (int day = 0; length == 3 && day < 7; day++)
        if (strncasecmp(names[day], text, 3) == 0)
            return day;
    return -1;
}

static bool weekdays_parse(const char *text, unsigned *days)
{
    for (*days = 0; *text;) {
        size_t length = strcspn(text, ",");
        const char *dash = memchr(text, '-', length);
        int first = weekday_parse(text, dash ? (size_t)(dash - text) : length);
        int last = dash ? weekday_parse(dash + 1, length - (size_t)(dash + 1 - text)) : first;
        if (first < 0 || last < 0)
            return false;
        for (int day = first;; day = (day + 1) % 7) {
            *days |= 1u << day;
            if (day == last)
                break;
        }
        text += length;
        text += *text == ',';
    }
    return *days != 0;
}

static bool schedule_parse(const char *text, struct schedule *schedule, struct error *error)
{
    char head[40], clock[8], number[8];
    int hour, minute, end = 0;
    *schedule = (struct schedule){0};
    bool monthly = sscanf(text, "day %7s %7s%n", number, clock, &end) == 2 && !text[end];
    bool good = monthly || (sscanf(text, "%39s %7s%n", head, clock, &end) == 2 && !text[end]);
    good = good && sscanf(clock, "%2d:%2d", &hour, &minute) == 2 && hour >= 0 && hour < 24 && minute >= 0 && minute < 60;
    if (good && monthly) {
        schedule->monthday = atoi(number);
        good = schedule->monthday >= 1 && schedule->monthday <= 31;
    } else if (good && strcmp(head, "daily") == 0) {
        schedule->weekdays = 0x7f;
    } else if (good) {
        good = weekdays_parse(head, &schedule->weekdays);
    }
    if (!good)
        return error_set(error, ERROR_INVALID, "schedule: expected `daily 03:00`, `Mon-Fri 01:00`, `Sat,Sun 02:30` or "
                         "`day 1 02:00`; got `%.40s`", text);
    schedule->minute = hour * 60 + minute;
    return true;
}

bool recurrence_check(const char *text, struct error *error)
{
    struct schedule schedule;
    return schedule_parse(text, &schedule, error);
}

/* Looks back as far as it may last. */
bool recurrence_covers(const char *text, msec duration, msec now)
{
    struct schedule schedule;
    if (!schedule_parse(text, &schedule, NULL))
        return false;
    for (msec back = 0; back <= duration + SPAN_DAY && back <= 32 * SPAN_DAY; back += SPAN_DAY) {
        time_t seconds = (time_t)((now - back) / SPAN_SECOND);
        struct tm local;
        localtime_r(&seconds, &local);
        bool day = schedule.monthday ? local.tm_mday == schedule.monthday : schedule.weekdays >> local.tm_wday & 1;
        local.tm_hour = schedule.minute / 60;
        local.tm_min = schedule.minute % 60;
        local.tm_sec = 0;
        local.tm_isdst = -1;
        msec began = (msec)mktime(&local) * SPAN_SECOND;
        if (day && began <= now && now < began + duration)
            return true;
    }
    return false;
}
