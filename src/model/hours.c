#include "model/hours.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

static bool parse_day(const char **at, int *day)
{
    static const char *const days[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
    for (int i = 0; i < 7; i++)
        if (strncasecmp(*at, days[i], 3) == 0) {
            *day = i;
            *at += 3;
            return true;
        }
    return false;
}

static bool parse_time(const char **at, int *minutes)
{
    int hour, minute, used = 0;
    if (sscanf(*at, "%2d:%2d%n", &hour, &minute, &used) < 2 || hour < 0 || hour > 24 || minute < 0 || minute > 59 ||
        hour * 60 + minute > 24 * 60)
        return false;
    *minutes = hour * 60 + minute;
    *at += used;
    return true;
}

bool hours_add(struct hours *hours, const char *text)
{
    if (hours->count == HOURS_MAX)
        return false;
    const char *at = text + strspn(text, " ");
    int first = 0, last = 6, from, to;
    if (parse_day(&at, &first)) {
        last = first;
        if (*at == '-' && (at++, !parse_day(&at, &last)))
            return false;
        at += strspn(at, " ");
    }
    if (!parse_time(&at, &from) || *at++ != '-' || !parse_time(&at, &to) || at[strspn(at, " ")] != '\0')
        return false;
    hours->span[hours->count].first_day = first;
    hours->span[hours->count].last_day = last;
    hours->span[hours->count].from = from;
    hours->span[hours->count++].to = to;
    return true;
}

static bool day_within(int day, int first, int last)
{
    return first <= last ? day >= first && day <= last : day >= first || day <= last;
}

bool hours_contain(const struct hours *hours, msec now)
{
    if (hours->count == 0)
        return true;
    time_t seconds = (time_t)(now / 1000);
    struct tm local;
    localtime_r(&seconds, &local);
    int day = (local.tm_wday + 6) % 7, minute = local.tm_hour * 60 + local.tm_min;
    for (unsigned i = 0; i < hours->count; i++) {
        int from = hours->span[i].from, to = hours->span[i].to;
        bool today = day_within(day, hours->span[i].first_day, hours->span[i].last_day);
        bool yesterday = day_within((day + 6) % 7, hours->span[i].first_day, hours->span[i].last_day);
        if (from < to ? today && minute >= from && minute < to : (today && minute >= from) || (yesterday && minute < to))
            return true;
    }
    return false;
}

msec hours_end(const struct hours *hours, msec now)
{
    if (!hours_contain(hours, now))
        return now;
    msec minute = now - now % SPAN_MINUTE;
    for (msec end = now + 8 * SPAN_DAY; minute < end; minute += SPAN_MINUTE)
        if (minute > now && !hours_contain(hours, minute))
            return minute;
    return CLOCK_NEVER;
}

bool hours_read(struct hours *hours, const struct config_node *node, struct config_problems *problems)
{
    bool list = node && config_is_list(node);
    for (size_t i = 0; node && i < (list ? config_count(node) : 1); i++) {
        const struct config_node *each = list ? config_at(node, i) : node;
        if (hours_add(hours, config_scalar(each) ? config_scalar(each) : ""))
            continue;
        config_problem(problems, each, "expected hours such as `08:00-19:00` or `mon-fri 08:00-19:00`, at most %d of them; got `%s`",
                       HOURS_MAX, config_scalar(each) ? config_scalar(each) : "something else");
        return false;
    }
    return true;
}
