/* What is kept of hosts, by host in the order of its coming. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "store/memory_internal.h"

#define DAY_AND_BEFORE(at) ((store_day(at) - 1) * SPAN_DAY)

static void kept_free(const struct store_kept *kept)
{
    free((void *)(uintptr_t)kept->bytes);
}

void memory_kept_release(struct store_engine *engine)
{
    for (size_t i = 0; i < engine->kept_count; i++) {
        for (size_t k = 0; k < engine->kept[i].count; k++)
            kept_free(&engine->kept[i].rows[k]);
        free(engine->kept[i].rows);
    }
    free(engine->kept);
    memory_map_release(&engine->kept_map);
}

void memory_kept_add(struct store_engine *engine, const struct store_kept *kept)
{
    uint32_t place = memory_map_find(&engine->kept_map, kept->asset);
    if (place == UINT32_MAX) {
        place = (uint32_t)engine->kept_count++;
        ARRAY_RESERVE(engine->kept, engine->kept_capacity, engine->kept_count);
        engine->kept[place] = (struct keeping){.asset = kept->asset};
        memory_map_add(&engine->kept_map, kept->asset, place);
    }
    struct keeping *keeping = &engine->kept[place];
    struct store_kept copy = *kept;
    char *bytes = memory_resize(NULL, 1, kept->length + 1);
    copy.bytes = memcpy(bytes, kept->bytes, kept->length);
    ARRAY_RESERVE(keeping->rows, keeping->capacity, keeping->count + 1);
    keeping->rows[keeping->count++] = copy;
    engine->bytes += sizeof copy + copy.length;
}

void memory_kept_prune(struct store_engine *engine, msec oldest)
{
    for (size_t i = 0; i < engine->kept_count; i++) {
        struct keeping *keeping = &engine->kept[i];
        size_t left = 0;
        for (size_t k = 0; k < keeping->count; k++) {
            if (keeping->rows[k].time >= oldest) {
                keeping->rows[left++] = keeping->rows[k];
                continue;
            }
            engine->bytes -= sizeof keeping->rows[k] + keeping->rows[k].length;
            kept_free(&keeping->rows[k]);
        }
        keeping->count = left;
    }
}

/* Where the newest whole record of a list at or before `at` stands; the count of rows when there is none. */
static size_t whole_of(const struct keeping *keeping, unsigned list, msec at)
{
    size_t found = keeping->count;
    for (size_t i = 0; i < keeping->count; i++) {
        const struct store_kept *row = &keeping->rows[i];
        if (row->list == list && row->whole && row->time <= at && row->time >= DAY_AND_BEFORE(at) &&
            (found == keeping->count || row->time >= keeping->rows[found].time))
            found = i;
    }
    return found;
}

bool memory_kept(struct store_reader *reader, uint32_t asset, msec from, msec to, store_kept_visit *visit, void *owner,
                 struct error *error)
{
    struct store_engine *engine = reader->engine;
    (void)error;
    uv_mutex_lock(&engine->lock);
    uint32_t place = memory_map_find(&engine->kept_map, asset);
    const struct keeping none = {0}, *keeping = place == UINT32_MAX ? &none : &engine->kept[place];
    for (unsigned list = 0; keeping->count && list < STORE_KEPT_LISTS; list++) {
        size_t whole = whole_of(keeping, list, from);
        msec since = whole < keeping->count ? keeping->rows[whole].time : from + 1;
        for (size_t i = whole < keeping->count ? whole : 0; i < keeping->count; i++)
            if (keeping->rows[i].list == list && keeping->rows[i].time >= since && keeping->rows[i].time <= to)
                visit(owner, &keeping->rows[i]);
    }
    uv_mutex_unlock(&engine->lock);
    return true;
}
