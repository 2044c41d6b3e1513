/* Last values and last messages: small runs in one array, and one block an asset for what it said last. */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "engine/fleet_private.h"

/* Run lengths by class; a run grows to the next class when its asset reports one metric more. */
static const uint16_t class_size[] = {1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 255};
_Static_assert(ARRAY_COUNT(class_size) == 16, "values_free has a head for each class");

static uint32_t run_take(struct fleet *fleet, unsigned class)
{
    uint32_t run = fleet->values_free[class];
    if (run != FLEET_NONE) {
        fleet->values_free[class] = (uint32_t)fleet->values[run].delay;
        return run;
    }
    uint32_t need = fleet->values_used + class_size[class];
    if (need > fleet->values_capacity) {
        /* By an eighth: this array is large, and a doubled one would be half empty. */
        uint32_t grown = need + need / 8 + 256;
        fleet->values = memory_resize(fleet->values, grown, sizeof *fleet->values);
        fleet->values_capacity = grown;
    }
    run = fleet->values_used;
    fleet->values_used = need;
    return run;
}

static void run_give(struct fleet *fleet, uint32_t run, unsigned class)
{
    fleet->values[run].delay = (int32_t)fleet->values_free[class];
    fleet->values_free[class] = run;
}

struct value_cell *fleet_value_cell(struct fleet *fleet, struct fleet_live *live, uint32_t metric, bool create)
{
    for (unsigned i = 0; i < live->value_count; i++)
        if (fleet->values[live->values + i].metric == metric)
            return &fleet->values[live->values + i];
    if (!create || live->value_count == VALUES_LIMIT || metric >= METRIC_LIMIT)
        return NULL;
    if (live->values == FLEET_NONE) {
        live->value_class = 0;
        live->values = run_take(fleet, 0);
    } else if (live->value_count == class_size[live->value_class]) {
        uint32_t run = run_take(fleet, live->value_class + 1u);
        memcpy(&fleet->values[run], &fleet->values[live->values], live->value_count * sizeof *fleet->values);
        run_give(fleet, live->values, live->value_class);
        live->values = run;
        live->value_class++;
    }
    struct value_cell *cell = &fleet->values[live->values + live->value_count++];
    *cell = (struct value_cell){.time = CLOCK_NEVER, .metric = (uint16_t)metric};
    return cell;
}

void fleet_value_set(struct value_cell *cell, msec time, msec received, double value, enum reading_flag flag)
{
    msec delay = received - time;
    cell->time = time;
    cell->value = value;
    cell->delay = delay > INT32_MAX ? INT32_MAX : delay < INT32_MIN ? INT32_MIN : (int32_t)delay;
    cell->flag = (uint8_t)flag;
}

void fleet_values_drop(struct fleet *fleet, struct fleet_live *live)
{
    if (live->values != FLEET_NONE)
        run_give(fleet, live->values, live->value_class);
    live->values = FLEET_NONE;
    live->value_count = 0;
}

unsigned fleet_values(const struct fleet *fleet, uint32_t asset, struct fleet_value *values, unsigned max)
{
    const struct fleet_live *live = live_at(fleet, asset);
    for (unsigned i = 0; i < live->value_count && i < max; i++) {
        const struct value_cell *cell = &fleet->values[live->values + i];
        values[i] = (struct fleet_value){
            .metric = fleet->metric_name[cell->metric],
            .value = cell->value,
            .time = cell->time,
            .received = cell->time + cell->delay,
            .flag = cell->flag,
        };
    }
    return live->value_count;
}

/* ---- last messages ---- */

/* What all last messages together may take; past it, new ones are cut short. */
static size_t raw_budget(const struct fleet *fleet)
{
    return ((size_t)8 << 20) + (size_t)fleet->living * 256;
}

static struct fleet_raw *raw_new(struct fleet *fleet, size_t length)
{
    size_t capacity = (length + 31) & ~(size_t)31;
    struct fleet_raw *raw = memory_resize(NULL, 1, sizeof *raw + capacity);
    raw->next = NULL;
    raw->capacity = (uint16_t)capacity;
    fleet->raw_bytes += sizeof *raw + capacity;
    return raw;
}

static void raw_free(struct fleet *fleet, struct fleet_raw *raw)
{
    fleet->raw_bytes -= sizeof *raw + raw->capacity;
    free(raw);
}

/* The ring's oldest node made to hold `length` bytes, in its place; a node of a fitting size is used again. */
static struct fleet_raw *raw_refit(struct fleet *fleet, struct fleet_raw *oldest, size_t length)
{
    if (oldest->capacity >= length && oldest->capacity <= length + 128)
        return oldest;
    struct fleet_raw *fresh = raw_new(fleet, length), *before = oldest;
    while (before->next != oldest)
        before = before->next;
    fresh->next = oldest->next == oldest ? fresh : oldest->next;
    before->next = fresh;
    raw_free(fleet, oldest);
    return fresh;
}

static struct fleet_raw *raw_add(struct fleet *fleet, struct fleet_live *live, size_t length)
{
    struct fleet_raw *fresh = raw_new(fleet, length), *newest = live->raw;
    fresh->next = newest ? newest : fresh;
    while (newest && newest->next != live->raw)
        newest = newest->next;
    if (newest)
        newest->next = fresh;
    live->raw_count++;
    return fresh;
}

static uint32_t source_text(struct fleet *fleet, const char *source)
{
    if (strcmp(intern_name(fleet->texts, fleet->raw_source), source) != 0)
        fleet->raw_source = intern_id(fleet->texts, source, strlen(source));
    return fleet->raw_source;
}

void fleet_raw_keep(struct fleet *fleet, struct fleet_live *live, const char *source, msec received, const char *bytes,
                    size_t length)
{
    if (length > RAW_LIMIT)
        length = RAW_LIMIT;
    if (length > 192 && fleet->raw_bytes > raw_budget(fleet))
        length = 192;
    bool grows = live->raw_count < (live->family == FLEET_NONE ? 1 : RAW_FAMILY);
    struct fleet_raw *raw = grows ? raw_add(fleet, live, length) : raw_refit(fleet, live->raw, length);
    /* Where the ring grew, the oldest stays the oldest; else what was the oldest is now the newest. */
    if (!grows || live->raw_count == 1)
        live->raw = raw->next;
    raw->received = received;
    raw->source = source_text(fleet, source);
    raw->length = (uint16_t)length;
    memcpy(raw->bytes, bytes, length);
}

void fleet_raw_drop(struct fleet *fleet, struct fleet_live *live)
{
    struct fleet_raw *raw = live->raw;
    for (; live->raw_count; live->raw_count--) {
        struct fleet_raw *next = raw->next;
        raw_free(fleet, raw);
        raw = next;
    }
    live->raw = NULL;
}

unsigned fleet_messages(const struct fleet *fleet, uint32_t asset, struct fleet_message *messages, unsigned max)
{
    struct fleet *own = (struct fleet *)fleet; /* scratch only */
    struct buffer *scratch = &own->message_scratch;
    buffer_clear(scratch);
    buffer_reserve(scratch, (RAW_LIMIT * 3 + 1) * RAW_FAMILY); /* each bad byte becomes three: never moves below */
    const struct fleet_live *live = live_at(fleet, asset);
    const struct fleet_raw *raw = live->raw;
    for (unsigned count = live->raw_count; count-- > 0; raw = raw->next) { /* oldest first, so from the end */
        if (count >= max)
            continue;
        size_t start = scratch->length;
        text_clean(scratch, raw->bytes, raw->length);
        buffer_append_char(scratch, '\0');
        messages[count] = (struct fleet_message){
            .received = raw->received,
            .source = intern_name(fleet->texts, raw->source),
            .text = scratch->data + start,
        };
    }
    return live->raw_count;
}
