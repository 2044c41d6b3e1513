#include "engine/window.h"

#include <string.h>

void window_init(struct window *window, msec span)
{
    memset(window, 0, sizeof *window);
    window->span = span;
}

static msec slice_length(const struct window *window)
{
    msec length = window->span / WINDOW_SLICES;
    return length > 0 ? length : 1;
}

static struct window_slice *slice_of(struct window *window, msec time)
{
    return &window->slices[time / slice_length(window) % (WINDOW_SLICES + 1)];
}

void window_add(struct window *window, msec time, double value)
{
    msec length = slice_length(window);
    struct window_slice *slice = slice_of(window, time);
    if (slice->used && slice->first_at / length > time / length)
        return; /* the slice belongs to a later time already */
    if (!slice->used || slice->first_at / length != time / length) {
        *slice = (struct window_slice){.first_at = time, .last_at = time, .first = value, .last = value,
                                       .smallest = value, .largest = value, .used = true};
        return;
    }
    if (time < slice->first_at) {
        slice->first_at = time;
        slice->first = value;
    }
    if (time >= slice->last_at) {
        slice->last_at = time;
        slice->last = value;
    }
    if (value < slice->smallest)
        slice->smallest = value;
    if (value > slice->largest)
        slice->largest = value;
}

bool window_read(const struct window *window, msec now, double *oldest, double *newest, double *smallest, double *largest,
                 msec *covered)
{
    const struct window_slice *first = NULL, *last = NULL;
    for (int i = 0; i <= WINDOW_SLICES; i++) {
        const struct window_slice *slice = &window->slices[i];
        if (!slice->used || slice->last_at < now - window->span)
            continue;
        if (!first || slice->first_at < first->first_at)
            first = slice;
        if (!last || slice->last_at > last->last_at)
            last = slice;
        if (first == slice && last == slice) {
            *smallest = slice->smallest;
            *largest = slice->largest;
        }
        if (slice->smallest < *smallest)
            *smallest = slice->smallest;
        if (slice->largest > *largest)
            *largest = slice->largest;
    }
    if (!first)
        return false;
    *oldest = first->first;
    *newest = last->last;
    *covered = last->last_at - first->first_at;
    return true;
}
