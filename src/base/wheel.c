#include "base/wheel.h"

#include <assert.h>
#include <limits.h>
#include <stddef.h>
#include <stdlib.h>

#include "base/memory.h"

/* Four levels of 256 slots (Varghese and Lauck, 1987, scheme 6): level 0 holds the next 256 ticks, each further
 * level 256 times as many. A timer moves down a level at most three times in its life. */
#define TICK ((msec)100)
#define LEVELS 4
#define SLOT_BITS 8
#define SLOTS (1 << SLOT_BITS)
#define SLOT_MASK (SLOTS - 1)
#define REACH (((int64_t)1 << (LEVELS * SLOT_BITS)) - 1)

struct wheel {
    struct wheel_timer *slots[LEVELS * SLOTS];
    uint64_t used[LEVELS][SLOTS / 64]; /* a bit per slot that holds a timer */
    struct wheel_timer *expired;       /* due, not yet run */
    int64_t tick;                      /* the last one whose timers were taken out */
    wheel_callback *callback;
    void *owner;
    bool advancing;
};

static int64_t tick_floor(msec time)
{
    return time / TICK - (time % TICK < 0);
}

static int64_t tick_ceiling(msec time)
{
    return time / TICK + (time % TICK > 0);
}

struct wheel *wheel_new(msec steady_now, wheel_callback *callback, void *owner)
{
    struct wheel *wheel = memory_new(sizeof *wheel);
    wheel->tick = tick_floor(steady_now);
    wheel->callback = callback;
    wheel->owner = owner;
    return wheel;
}

void wheel_free(struct wheel **wheel)
{
    free(*wheel);
    *wheel = NULL;
}

bool wheel_scheduled(const struct wheel_timer *timer)
{
    return timer->link != NULL;
}

static void list_push(struct wheel_timer **head, struct wheel_timer *timer)
{
    timer->next = *head;
    timer->link = head;
    if (timer->next)
        timer->next->link = &timer->next;
    *head = timer;
}

static void list_take(struct wheel_timer *timer)
{
    *timer->link = timer->next;
    if (timer->next)
        timer->next->link = timer->link;
    timer->next = NULL;
    timer->link = NULL;
}

/* Into the slot of its due tick, which lies `least` or more ticks ahead. */
static void wheel_place(struct wheel *wheel, struct wheel_timer *timer, int64_t least)
{
    int64_t due = tick_ceiling(timer->due), ahead;
    if (due < wheel->tick + least)
        due = wheel->tick + least;
    ahead = due - wheel->tick;
    if (ahead > REACH) /* past the last level: it comes round and is placed again */
        due = wheel->tick + (ahead = REACH);
    int level = 0;
    while (level < LEVELS - 1 && ahead >> ((level + 1) * SLOT_BITS))
        level++;
    unsigned slot = (unsigned)(due >> (level * SLOT_BITS)) & SLOT_MASK;
    list_push(&wheel->slots[level * SLOTS + (int)slot], timer);
    wheel->used[level][slot / 64] |= (uint64_t)1 << (slot % 64);
}

void wheel_cancel(struct wheel *wheel, struct wheel_timer *timer)
{
    struct wheel_timer **link = timer->link;
    if (!link)
        return;
    list_take(timer);
    uintptr_t offset = (uintptr_t)link - (uintptr_t)wheel->slots;
    if (offset < sizeof wheel->slots && !*link) {
        size_t slot = offset / sizeof *wheel->slots;
        wheel->used[slot / SLOTS][slot % SLOTS / 64] &= ~((uint64_t)1 << (slot % 64));
    }
}

void wheel_schedule(struct wheel *wheel, struct wheel_timer *timer, msec due)
{
    assert(due != CLOCK_NEVER);
    wheel_cancel(wheel, timer);
    timer->due = due;
    wheel_place(wheel, timer, 1);
}

/* Empty a slot and give its list. */
static struct wheel_timer *wheel_empty_slot(struct wheel *wheel, int level, unsigned slot)
{
    struct wheel_timer **head = &wheel->slots[level * SLOTS + (int)slot], *list = *head;
    *head = NULL;
    wheel->used[level][slot / 64] &= ~((uint64_t)1 << (slot % 64));
    return list;
}

static void wheel_cascade(struct wheel *wheel)
{
    for (int level = 1; level < LEVELS; level++) {
        unsigned slot = (unsigned)(wheel->tick >> (level * SLOT_BITS)) & SLOT_MASK;
        for (struct wheel_timer *timer = wheel_empty_slot(wheel, level, slot), *next; timer; timer = next) {
            next = timer->next;
            wheel_place(wheel, timer, 0);
        }
        if (slot)
            break;
    }
}

/* Slots from `from` on, going round, to the first used one: 0..255, or -1. */
static int used_after(const uint64_t used[SLOTS / 64], unsigned from)
{
    for (unsigned seen = 0; seen < SLOTS;) {
        unsigned slot = (from + seen) & SLOT_MASK;
        uint64_t word = used[slot / 64] >> (slot % 64);
        if (word) {
            seen += (unsigned)__builtin_ctzll(word);
            return seen < SLOTS ? (int)seen : -1;
        }
        seen += 64 - slot % 64;
    }
    return -1;
}

/* The next tick at which timers expire or move down a level; INT64_MAX when there are none. */
static int64_t wheel_next_tick(const struct wheel *wheel)
{
    int64_t best = INT64_MAX;
    for (int level = 0; level < LEVELS; level++) {
        int64_t current = wheel->tick >> (level * SLOT_BITS);
        int ahead = used_after(wheel->used[level], (unsigned)(current + 1) & SLOT_MASK);
        if (ahead < 0)
            continue;
        /* A multiplication, not a shift, since ticks may be negative. */
        int64_t tick = (current + 1 + ahead) * ((int64_t)1 << (level * SLOT_BITS));
        if (tick < best)
            best = tick;
    }
    return best;
}

static unsigned wheel_run_expired(struct wheel *wheel, unsigned limit)
{
    unsigned ran = 0;
    while (wheel->expired && ran < limit) {
        struct wheel_timer *timer = wheel->expired;
        list_take(timer);
        ran++;
        wheel->callback(wheel->owner, timer);
    }
    return ran;
}

unsigned wheel_advance(struct wheel *wheel, msec steady_now, unsigned limit)
{
    assert(!wheel->advancing);
    wheel->advancing = true;
    if (!limit)
        limit = UINT_MAX;
    int64_t target = tick_floor(steady_now);
    unsigned ran = wheel_run_expired(wheel, limit);
    while (!wheel->expired && ran < limit && wheel->tick < target) {
        int64_t next = wheel_next_tick(wheel);
        if (next > target) {
            wheel->tick = target;
            break;
        }
        wheel->tick = next;
        if (!(next & SLOT_MASK))
            wheel_cascade(wheel);
        wheel->expired = wheel_empty_slot(wheel, 0, (unsigned)next & SLOT_MASK);
        if (wheel->expired)
            wheel->expired->link = &wheel->expired;
        ran += wheel_run_expired(wheel, limit - ran);
    }
    wheel->advancing = false;
    return ran;
}

msec wheel_next(const struct wheel *wheel)
{
    if (wheel->expired)
        return wheel->tick * TICK;
    int64_t tick = wheel_next_tick(wheel);
    return tick == INT64_MAX ? CLOCK_NEVER : tick * TICK;
}
