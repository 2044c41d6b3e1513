#include "store/engine.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"

static const struct {
    const char *name;
    const struct store_engine_ops *ops;
} engines[] = {
#define ENGINE(name, ops) {#name, &ops},
#include "store/engines.def"
#undef ENGINE
};

const struct store_engine_ops *store_engine_find(const char *url, const char **place, struct error *error)
{
    size_t length = strcspn(url, ":");
    for (size_t i = 0; i < ARRAY_COUNT(engines); i++) {
        if (strlen(engines[i].name) == length && memcmp(engines[i].name, url, length) == 0) {
            *place = url[length] == ':' ? url + length + 1 : "";
            return engines[i].ops;
        }
    }
    struct buffer known = BUFFER_INIT;
    for (size_t i = 0; i < ARRAY_COUNT(engines); i++)
        buffer_printf(&known, "%s%s", i > 0 ? ", " : "", engines[i].name);
    error_set(error, ERROR_INVALID, "store: expected one of %s; got `%s`", buffer_text(&known), url);
    buffer_release(&known);
    return NULL;
}

bool store_url_check(const char *url, struct error *error)
{
    const char *place;
    const struct store_engine_ops *ops = store_engine_find(url, &place, error);
    return ops && (!ops->check || ops->check(place, error));
}

void store_intervals_add(struct store_intervals *intervals, const struct store_interval *interval)
{
    ARRAY_RESERVE(intervals->rows, intervals->capacity, intervals->count + 1);
    intervals->rows[intervals->count++] = *interval;
}

void store_intervals_release(struct store_intervals *intervals)
{
    free(intervals->rows);
    *intervals = (struct store_intervals){0};
}
