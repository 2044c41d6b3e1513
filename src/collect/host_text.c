/* Small readings of the text of answers. */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "collect/host_private.h"

char *host_line(char **rest)
{
    char *line = *rest;
    if (!line || !*line)
        return NULL;
    size_t length = strcspn(line, "\n");
    *rest = line[length] ? line + length + 1 : line + length;
    line[length] = '\0';
    if (length && line[length - 1] == '\r')
        line[length - 1] = '\0';
    return line;
}

unsigned host_split(char *line, char **fields, unsigned max)
{
    unsigned count = 0;
    for (char *at = line; count < max;) {
        at += strspn(at, " \t");
        if (!*at)
            break;
        fields[count++] = at;
        if (count == max)
            break;
        at += strcspn(at, " \t");
        if (*at)
            *at++ = '\0';
    }
    for (unsigned i = count; i < max; i++)
        fields[i] = line + strlen(line); /* "" for what is not there */
    return count;
}

double host_number(const char *text)
{
    char *end;
    if (!isdigit((unsigned char)*text) && *text != '-' && *text != '+' && *text != '.')
        return NAN;
    double number = strtod(text, &end);
    return end == text || !isfinite(number) ? NAN : number;
}

static int month_of(const char *text)
{
    static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    for (int month = 0; month < 12; month++)
        if (strncmp(text, names + 3 * month, 3) == 0)
            return month;
    return -1;
}

static msec from_parts(const struct host_take *take, struct tm *parts)
{
    parts->tm_isdst = 0;
    time_t seconds = timegm(parts);
    return ((msec)seconds - 60 * take->reader->zone) * SPAN_SECOND;
}

msec host_time(const struct host_take *take, const char *text, const char **end)
{
    msec now = take->host_now != CLOCK_NEVER ? take->host_now : take->wall;
    struct tm parts = {0};
    int used = 0, month = month_of(text);
    if (month >= 0) {
        time_t local = (time_t)(now / SPAN_SECOND + 60 * take->reader->zone);
        struct tm today;
        if (sscanf(text + 3, " %2d %2d:%2d%n", &parts.tm_mday, &parts.tm_hour, &parts.tm_min, &used) != 3 || !gmtime_r(&local, &today))
            return CLOCK_NEVER;
        used += 3;
        parts.tm_mon = month;
        parts.tm_year = today.tm_year;
        int more = 0;
        if (sscanf(text + used, ":%2d%n", &parts.tm_sec, &more) == 1)
            used += more;
        *end = text + used;
        msec instant = from_parts(take, &parts);
        if (instant > now + SPAN_DAY) { /* of last year */
            parts.tm_year--;
            instant = from_parts(take, &parts);
        }
        return instant;
    }
    if (sscanf(text, "%4d-%2d-%2d%*1[ T]%2d:%2d%n", &parts.tm_year, &parts.tm_mon, &parts.tm_mday, &parts.tm_hour, &parts.tm_min,
               &used) != 5 || !used)
        return CLOCK_NEVER;
    int more = 0;
    if (sscanf(text + used, ":%2d%n", &parts.tm_sec, &more) == 1)
        used += more;
    *end = text + used;
    parts.tm_year -= 1900;
    parts.tm_mon--;
    return from_parts(take, &parts);
}
