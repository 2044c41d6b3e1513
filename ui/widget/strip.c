#include <stdio.h>
#include <time.h>

#include "base/memory.h"
#include "widget/letters.h"
#include "widget/plot.h"

void strip_draw(struct surface *surface, int row, int column, int columns, const struct strip_interval *intervals,
                size_t count, msec from, msec to)
{
    size_t first = 0;
    for (int slot = 0; slot < columns; slot++) {
        msec begin = from + (to - from) * slot / columns, end = from + (to - from) * (slot + 1) / columns;
        while (first < count && intervals[first].to != CLOCK_NEVER && intervals[first].to <= begin)
            first++;
        int worst = -1;
        for (size_t i = first; i < count && intervals[i].from < end; i++)
            if ((intervals[i].to == CLOCK_NEVER || intervals[i].to > begin) && health_rank(intervals[i].health) > worst)
                worst = health_rank(intervals[i].health);
        if (worst >= 0)
            surface_put(surface, row, column + slot, (uint8_t)health_role((enum health)worst),
                        health_glyph((enum health)worst, surface->ascii));
    }
}

/* Steps that people count time by. */
static const msec steps[] = {
    1 * SPAN_SECOND, 2 * SPAN_SECOND, 5 * SPAN_SECOND, 10 * SPAN_SECOND, 30 * SPAN_SECOND,
    1 * SPAN_MINUTE, 2 * SPAN_MINUTE, 5 * SPAN_MINUTE, 10 * SPAN_MINUTE, 15 * SPAN_MINUTE, 30 * SPAN_MINUTE,
    1 * SPAN_HOUR, 2 * SPAN_HOUR, 3 * SPAN_HOUR, 6 * SPAN_HOUR, 12 * SPAN_HOUR,
    1 * SPAN_DAY, 2 * SPAN_DAY, 7 * SPAN_DAY, 30 * SPAN_DAY, 90 * SPAN_DAY, 365 * SPAN_DAY,
};

static int label_width(msec step)
{
    return step < SPAN_MINUTE ? 8 : 5;
}

static void time_label(char out[32], msec instant, msec step)
{
    time_t seconds = (time_t)(instant / 1000);
    struct tm local;
    localtime_r(&seconds, &local);
    bool midnight = local.tm_hour == 0 && local.tm_min == 0 && local.tm_sec == 0;
    if (step >= SPAN_DAY || (midnight && step >= SPAN_HOUR))
        snprintf(out, 32, "%02d-%02d", local.tm_mon + 1, local.tm_mday);
    else if (step >= SPAN_MINUTE)
        snprintf(out, 32, "%02d:%02d", local.tm_hour, local.tm_min);
    else
        snprintf(out, 32, "%02d:%02d:%02d", local.tm_hour, local.tm_min, local.tm_sec);
}

void time_axis_draw(struct surface *surface, int row, int column, int columns, msec from, msec to)
{
    if (to <= from || columns < 5)
        return;
    msec step = steps[ARRAY_COUNT(steps) - 1];
    for (size_t i = 0; i < ARRAY_COUNT(steps); i++)
        if ((double)steps[i] / (double)(to - from) * columns >= label_width(steps[i]) + 4) {
            step = steps[i];
            break;
        }
    time_t seconds = (time_t)(from / 1000);
    struct tm local;
    localtime_r(&seconds, &local);
    msec offset = (msec)local.tm_gmtoff * 1000; /* round by the wall's clock, not by UTC's */
    msec first = (from + offset + step - 1) / step * step - offset;
    for (msec instant = first; instant <= to; instant += step) {
        char label[32];
        time_label(label, instant, step);
        int width = label_width(step);
        int at = (int)((double)(instant - from) / (double)(to - from) * (columns - 1)) - width / 2;
        if (at >= 0 && at + width <= columns)
            surface_text(surface, row, column + at, width, ROLE_DIM, label);
    }
}
