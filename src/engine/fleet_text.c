/* The fleet's text: shared by number where it repeats, in an arena where it does not, and folded into one sweepable
 * run for searches. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "engine/fleet_private.h"

/* ---- text ---- */

const char *arena_at(const struct text_arena *arena, uint32_t reference)
{
    return arena->chunks[reference >> 16] + (reference & 0xffff);
}

uint32_t arena_put(struct text_arena *arena, const char *text, size_t length)
{
    assert(length < ARENA_CHUNK / 2);
    if (!length && arena->count)
        return 0;
    if (!arena->count || arena->used + length + 1 > ARENA_CHUNK) {
        assert(arena->count < 65536);
        ARRAY_RESERVE(arena->chunks, arena->capacity, arena->count + 1);
        arena->chunks[arena->count++] = memory_resize(NULL, 1, ARENA_CHUNK);
        arena->used = 0;
        if (arena->count == 1) {
            arena->chunks[0][0] = '\0'; /* reference 0 is the empty text */
            arena->used = 1;
            if (!length)
                return 0;
        }
    }
    char *chunk = arena->chunks[arena->count - 1];
    uint32_t reference = (uint32_t)(arena->count - 1) << 16 | arena->used;
    memcpy(chunk + arena->used, text, length);
    chunk[arena->used + length] = '\0';
    arena->used += (uint32_t)length + 1;
    return reference;
}

void arena_release(struct text_arena *arena)
{
    for (size_t i = 0; i < arena->count; i++)
        free(arena->chunks[i]);
    free(arena->chunks);
}

const char *fleet_text(const struct fleet *fleet, uint32_t asset, enum asset_field field)
{
    uint32_t reference = row_at(fleet, asset)->text[field];
    return field_is_own(field) ? arena_at(&fleet->arena, reference) : intern_name(fleet->texts, reference);
}

const char *fleet_attributes(const struct fleet *fleet, uint32_t asset)
{
    return arena_at(&fleet->arena, row_at(fleet, asset)->attributes);
}

const char *fleet_place(const struct fleet *fleet, uint32_t asset)
{
    return intern_name(fleet->places, fleet->place_of[asset]);
}

const char *fleet_place_folded(struct fleet *fleet, uint32_t place)
{
    uint32_t need = intern_count(fleet->places);
    if (need > fleet->folded_place_count) {
        fleet->folded_places = memory_resize(fleet->folded_places, need, sizeof *fleet->folded_places);
        struct buffer folded = BUFFER_INIT;
        for (uint32_t i = fleet->folded_place_count; i < need; i++) {
            const char *text = intern_name(fleet->places, i);
            buffer_clear(&folded);
            text_fold(&folded, text, strlen(text));
            fleet->folded_places[i] = memory_text(buffer_text(&folded));
        }
        buffer_release(&folded);
        fleet->folded_place_count = need;
    }
    return fleet->folded_places[place];
}

void fleet_set_text(struct fleet *fleet, uint32_t asset, enum asset_field field, const char *text)
{
    struct fleet_row *row = row_at(fleet, asset);
    if (!field_is_own(field)) {
        /* Neighbours in a ledger say mostly the same. */
        if (strcmp(intern_name(fleet->texts, fleet->last_text[field]), text) != 0)
            fleet->last_text[field] = intern_id(fleet->texts, text, strlen(text));
        row->text[field] = fleet->last_text[field];
        return;
    }
    if (strcmp(arena_at(&fleet->arena, row->text[field]), text) == 0)
        return;
    row->text[field] = arena_put(&fleet->arena, text, strlen(text));
    if (field == ASSET_name)
        fleet->words_dirty = true;
}

void fleet_set_place(struct fleet *fleet, uint32_t asset)
{
    static const enum asset_field parts[] = {ASSET_site, ASSET_building, ASSET_floor, ASSET_room};
    char place[1024];
    size_t used = 0;
    place[0] = '\0';
    for (size_t i = 0; i < ARRAY_COUNT(parts); i++) {
        const char *part = fleet_text(fleet, asset, parts[i]);
        size_t length = strlen(part);
        if (!length || used + length + 2 > sizeof place)
            continue;
        if (used)
            place[used++] = ' ';
        memcpy(place + used, part, length + 1);
        used += length;
    }
    fleet->place_of[asset] = intern_id(fleet->places, place, used);
}

void fleet_row_get(const struct fleet *fleet, uint32_t asset, struct asset *row)
{
    for (int field = 0; field < ASSET_FIELD_COUNT; field++)
        row->field[field] = fleet_text(fleet, asset, field);
    row->attributes = fleet_attributes(fleet, asset);
    row->discovered = live_at(fleet, asset)->flags & LIVE_DISCOVERED;
    row->revision = row_at(fleet, asset)->revision;
}

/* ---- words: the folded text that searches sweep ---- */

void words_append(struct fleet *fleet, uint32_t asset, struct buffer *folded)
{
    buffer_clear(folded);
    if (live_exists(live_at(fleet, asset))) {
        const char *id = fleet_text(fleet, asset, ASSET_id), *name = fleet_text(fleet, asset, ASSET_name);
        text_fold(folded, id, strlen(id));
        buffer_append_char(folded, ' ');
        text_fold(folded, name, strlen(name));
    }
    buffer_append_char(folded, '\n');
    if (fleet->words_length + folded->length > fleet->words_capacity) {
        size_t grown = fleet->words_capacity + fleet->words_capacity / 8 + folded->length + 4096;
        fleet->words = memory_resize(fleet->words, grown, 1);
        fleet->words_capacity = grown;
    }
    fleet->word_start[asset] = (uint32_t)fleet->words_length;
    memcpy(fleet->words + fleet->words_length, folded->data, folded->length);
    fleet->words_length += folded->length;
    for (size_t i = 0; i < folded->length; i++)
        fleet->word_bytes[(unsigned char)folded->data[i]]++;
}

void fleet_words_ready(struct fleet *fleet)
{
    if (!fleet->words_dirty)
        return;
    struct buffer folded = BUFFER_INIT;
    fleet->words_length = 0;
    memset(fleet->word_bytes, 0, sizeof fleet->word_bytes);
    for (uint32_t asset = 0; asset < fleet->count; asset++)
        words_append(fleet, asset, &folded);
    buffer_release(&folded);
    fleet->words_dirty = false;
}
