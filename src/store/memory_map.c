#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "store/memory_internal.h"

static uint64_t scramble(uint64_t key)
{
    key = (key ^ (key >> 31)) * 0x9e3779b97f4a7c15u;
    return key ^ (key >> 29);
}

uint32_t memory_map_find(const struct map *map, uint64_t key)
{
    if (map->size == 0)
        return UINT32_MAX;
    for (size_t at = scramble(key) & (map->size - 1);; at = (at + 1) & (map->size - 1)) {
        if (map->places[at] == UINT32_MAX || map->keys[at] == key)
            return map->places[at];
    }
}

static void map_put(struct map *map, uint64_t key, uint32_t place)
{
    size_t at = scramble(key) & (map->size - 1);
    while (map->places[at] != UINT32_MAX)
        at = (at + 1) & (map->size - 1);
    map->keys[at] = key;
    map->places[at] = place;
    map->count++;
}

void memory_map_add(struct map *map, uint64_t key, uint32_t place)
{
    if (4 * (map->count + 1) > 3 * map->size) {
        struct map bigger = {.size = map->size ? 2 * map->size : 64};
        bigger.keys = memory_new_array(bigger.size, sizeof *bigger.keys);
        bigger.places = memory_new_array(bigger.size, sizeof *bigger.places);
        memset(bigger.places, 0xff, bigger.size * sizeof *bigger.places);
        for (size_t i = 0; i < map->size; i++) {
            if (map->places[i] != UINT32_MAX)
                map_put(&bigger, map->keys[i], map->places[i]);
        }
        free(map->keys);
        free(map->places);
        *map = bigger;
    }
    map_put(map, key, place);
}

void memory_map_release(struct map *map)
{
    free(map->keys);
    free(map->places);
}
