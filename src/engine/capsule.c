/* A capsule in memory. */
#include "engine/capsule.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "engine/capsule_format.h"

struct capsule *capsule_new(void)
{
    struct capsule *capsule = memory_new(sizeof *capsule);
    capsule->arena = arena_new();
    capsule->incident = capsule->made_by = capsule->taken_by = capsule->site = capsule->timezone = capsule->language =
        capsule->left_out = "";
    capsule->taken_at = capsule->moment = capsule->from = capsule->to = CLOCK_NEVER;
    return capsule;
}

void capsule_free(struct capsule **capsule)
{
    struct capsule *own = *capsule;
    if (!own)
        return;
    for (size_t i = 0; i < own->series_count; i++)
        free(own->series[i].rows);
    free(own->assets);
    free(own->units);
    free(own->series);
    free(own->states);
    free(own->alerts);
    free(own->events);
    free(own->rules);
    free(own->notifications);
    free(own->silences);
    free(own->downtimes);
    free(own->audit);
    free(own->runbooks);
    free(own->kept);
    free(own->applications);
    arena_free(&own->arena);
    free(own);
    *capsule = NULL;
}

struct capsule_series *capsule_series(struct capsule *capsule, uint32_t asset, const char *metric)
{
    for (size_t i = capsule->series_count; i-- > 0;) /* they are filled one after the other */
        if (capsule->series[i].asset == asset && strcmp(capsule->series[i].metric, metric) == 0)
            return &capsule->series[i];
    ARRAY_RESERVE(capsule->series, capsule->series_capacity, capsule->series_count + 1);
    struct capsule_series *series = &capsule->series[capsule->series_count++];
    *series = (struct capsule_series){.asset = asset, .metric = arena_text(capsule->arena, metric)};
    return series;
}

void capsule_series_add(struct capsule *capsule, struct capsule_series *series, msec time, double value)
{
    ARRAY_RESERVE(series->rows, series->capacity, series->count + 1);
    series->rows[series->count++] = (struct reading){time, value};
    capsule->readings++;
}

const char *capsule_text(struct capsule *capsule, const char *text)
{
    struct buffer clean = BUFFER_INIT;
    if (!text || !*text)
        return "";
    capsule_redact(&clean, text);
    const char *kept = arena_text(capsule->arena, buffer_text(&clean));
    buffer_release(&clean);
    return kept;
}

void capsule_note_sum(struct buffer *sums, const char *name, const struct buffer *bytes)
{
    unsigned char hash[crypto_hash_sha256_BYTES];
    char hex[2 * sizeof hash + 1];
    crypto_hash_sha256(hash, (const unsigned char *)buffer_text(bytes), bytes->length);
    sodium_bin2hex(hex, sizeof hex, hash, sizeof hash);
    buffer_printf(sums, "%s  %s\n", hex, name);
}
