/* Queries: filter, sort, keep. A window of a list costs its rows, because the list itself is kept until something it
 * depends on changes; a very large list that changes all the time is made anew only so often that making it stays a
 * small part of the loop's time. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "engine/fleet_private.h"

#define ENTRIES 12
#define DEFAULT_SORT "-health,since,id"
#define SLOW 10000u          /* us: a list that takes longer is kept at least SLOW_KEEP times that long */
#define SLOW_KEEP 20u
#define MOVING_KEEP 250      /* ms: ages and values move all the time */

enum { DEPENDS_HEALTH = 1, DEPENDS_MOVING = 2 };

struct query_entry {
    char *filter, *sort;
    uint64_t past;           /* serial; 0: now */
    uint32_t *assets;
    uint32_t total;
    uint64_t ledger_revision, revision, messages;
    msec made;               /* steady */
    uint64_t made_us, cost_us;
    unsigned depends;
    uint64_t used;
};

struct query_cache {
    struct query_entry entries[ENTRIES];
    uint64_t uses;
};

static uint64_t now_us(void)
{
    return uv_hrtime() / 1000;
}

static void entry_release(struct query_entry *entry)
{
    free(entry->filter);
    free(entry->sort);
    free(entry->assets);
    *entry = (struct query_entry){0};
}

void fleet_queries_free(struct fleet *fleet)
{
    for (size_t i = 0; fleet->queries && i < ENTRIES; i++)
        entry_release(&fleet->queries->entries[i]);
    free(fleet->queries);
    fleet->queries = NULL;
}

static struct query_entry *entry_find(struct fleet *fleet, const char *filter, const char *sort, uint64_t past)
{
    for (size_t i = 0; i < ENTRIES; i++) {
        struct query_entry *entry = &fleet->queries->entries[i];
        if (entry->filter && entry->past == past && strcmp(entry->filter, filter) == 0 && strcmp(entry->sort, sort) == 0)
            return entry;
    }
    return NULL;
}

static struct query_entry *entry_oldest(struct fleet *fleet)
{
    struct query_entry *oldest = &fleet->queries->entries[0];
    for (size_t i = 0; i < ENTRIES; i++) {
        struct query_entry *entry = &fleet->queries->entries[i];
        if (entry->used < oldest->used)
            oldest = entry;
    }
    return oldest;
}

static bool entry_fresh(const struct fleet *fleet, const struct query_entry *entry)
{
    if (entry->ledger_revision != fleet->ledger_revision)
        return false;
    if (entry->past)
        return true;
    if (entry->cost_us > SLOW && now_us() - entry->made_us < entry->cost_us * SLOW_KEEP)
        return true;
    if (entry->depends & DEPENDS_HEALTH && entry->revision != fleet->revision)
        return false;
    if (entry->depends & DEPENDS_MOVING)
        return entry->messages == fleet->messages && clock_steady() - entry->made < MOVING_KEEP;
    return true;
}

/* What a filter's answer depends on besides the ledger, from the field names in its text: every word of it, so a
 * bare word that happens to be a field's name only costs work. */
static unsigned filter_depends(struct fleet *fleet, const char *text)
{
    unsigned depends = 0;
    while (*text) {
        size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyz_.ABCDEFGHIJKLMNOPQRSTUVWXYZ");
        char word[40];
        if (length && length < sizeof word) {
            for (size_t i = 0; i < length; i++)
                word[i] = (char)(text[i] | (text[i] >= 'A' && text[i] <= 'Z' ? 0x20 : 0));
            word[length] = '\0';
            enum subject_field field = subject_field_find(fleet, word, NULL);
            if (subject_field_is_live(field))
                depends |= field == SUBJECT_AGE || field == SUBJECT_LAST_HEARD || field == SUBJECT_EVIDENCE ||
                                   field == SUBJECT_METRIC ? DEPENDS_MOVING : DEPENDS_HEALTH;
            if (strcmp(word, "has") == 0)
                depends |= DEPENDS_MOVING;
        } else if (length) {
            depends |= strncmp(text, "metric.", 7) == 0 ? DEPENDS_MOVING : 0;
        }
        text += length ? length : 1;
    }
    return depends;
}

static uint32_t filter_run(struct fleet *fleet, const struct filter *filter, const struct fleet_past *past, uint32_t *assets)
{
    uint32_t count = 0;
    const char *word = filter_single_word(filter);
    if (word && word[0])
        return fleet_search(fleet, word, assets);
    bool all = filter_is_empty(filter);
    struct fleet_subject subject = {.fleet = fleet, .past = past};
    for (uint32_t asset = 0; asset < fleet->count; asset++) {
        subject.asset = asset;
        if (live_exists(live_at(fleet, asset)) && (all || filter_match(filter, &fleet_subject_ops, &subject)))
            assets[count++] = asset;
    }
    return count;
}

/* Put `count` handles in the order of the whole fleet's list, when that is at hand: a walk instead of a sort. */
static bool order_by_walk(struct fleet *fleet, uint32_t *assets, uint32_t count, const char *sort, uint64_t past,
                          bool *live)
{
    const struct query_entry *whole = entry_find(fleet, "", sort, past);
    if (!whole || !entry_fresh(fleet, whole) || count < whole->total / 8)
        return false;
    uint8_t *chosen = memory_new((size_t)fleet->count / 8 + 1);
    for (uint32_t i = 0; i < count; i++)
        chosen[assets[i] >> 3] |= (uint8_t)(1u << (assets[i] & 7));
    uint32_t out = 0;
    for (uint32_t i = 0; i < whole->total; i++) {
        uint32_t asset = whole->assets[i];
        if (chosen[asset >> 3] >> (asset & 7) & 1)
            assets[out++] = asset;
    }
    free(chosen);
    *live = whole->depends & DEPENDS_HEALTH;
    return true;
}

static bool entry_make(struct fleet *fleet, struct query_entry *entry, const char *text, const char *sort,
                       const struct fleet_past *past, struct error *error)
{
    uint64_t started = now_us();
    struct filter *filter = filter_parse(text, FILTER_STRICT, past ? fleet_past_at(past) : clock_wall(), error);
    if (!filter)
        return false;
    uint32_t *assets = memory_new_array((size_t)fleet->count + 1, sizeof *assets);
    uint32_t total = filter_run(fleet, filter, past, assets);
    filter_free(&filter);
    bool live_order = true;
    if (!order_by_walk(fleet, assets, total, sort, fleet_past_serial(past), &live_order) &&
        !fleet_sort(fleet, assets, total, sort, past, &live_order, error)) {
        free(assets);
        return false;
    }
    entry_release(entry);
    *entry = (struct query_entry){
        .filter = memory_text(text),
        .sort = memory_text(sort),
        .past = fleet_past_serial(past),
        .assets = memory_resize(assets, (size_t)total + 1, sizeof *assets),
        .total = total,
        .ledger_revision = fleet->ledger_revision,
        .revision = fleet->revision,
        .messages = fleet->messages,
        .made = clock_steady(),
        .depends = filter_depends(fleet, text) | (live_order ? DEPENDS_HEALTH : 0),
    };
    if (strstr(sort, "age") || strstr(sort, "last_heard") || strstr(sort, "metric."))
        entry->depends |= DEPENDS_MOVING;
    entry->made_us = now_us();
    entry->cost_us = entry->made_us - started;
    return true;
}

bool fleet_select(struct fleet *fleet, const struct fleet_query *query, struct fleet_result *result, struct error *error)
{
    const char *filter = query->filter ? query->filter : "";
    const char *sort = query->sort && query->sort[0] ? query->sort : DEFAULT_SORT;
    filter += strspn(filter, " \t");
    if (!fleet->queries)
        fleet->queries = memory_new(sizeof *fleet->queries);
    struct query_entry *entry = entry_find(fleet, filter, sort, fleet_past_serial(query->past));
    if (!entry || !entry_fresh(fleet, entry)) {
        if (!entry)
            entry = entry_oldest(fleet);
        if (!entry_make(fleet, entry, filter, sort, query->past, error))
            return false;
    }
    entry->used = ++fleet->queries->uses;
    *result = (struct fleet_result){
        .assets = entry->assets,
        .total = entry->total,
        .population = fleet->living,
        .revision = entry->revision,
    };
    return true;
}

/* A list that only the ledger changes: kept like any other, in id order. */
bool fleet_members(struct fleet *fleet, const char *filter, const uint32_t **assets, uint32_t *count, struct error *error)
{
    struct fleet_result result;
    if (!fleet_select(fleet, &(struct fleet_query){.filter = filter, .sort = "id"}, &result, error))
        return false;
    *assets = result.assets;
    *count = result.total;
    return true;
}

size_t fleet_caches_memory(const struct fleet *fleet)
{
    size_t memory = 0;
    for (size_t i = 0; fleet->queries && i < ENTRIES; i++)
        memory += fleet->queries->entries[i].total * sizeof(uint32_t);
    return memory;
}

/* ---- facets ---- */

static int compare_facets(const void *left, const void *right)
{
    const struct fleet_facet *a = left, *b = right;
    if (a->count != b->count)
        return a->count < b->count ? 1 : -1;
    return text_compare_natural(a->value, b->value);
}

struct facet_counts {
    struct fleet_facet *items;
    size_t count, capacity;
};

static void facet_add(struct fleet *fleet, struct facet_counts *counts, const char *value, size_t length, enum health health)
{
    uint32_t number = intern_id(fleet->facet_values, value, length);
    ARRAY_RESERVE(counts->items, counts->capacity, number + 1);
    if (number >= counts->count) {
        counts->items[number] = (struct fleet_facet){.value = intern_name(fleet->facet_values, number)};
        counts->count = number + 1;
    }
    counts->items[number].count++;
    counts->items[number].by_health[health]++;
}

static void facet_add_tags(struct fleet *fleet, struct facet_counts *counts, const char *tags, enum health health)
{
    while (*tags) {
        size_t length = strcspn(tags, ";,|"), used = length;
        const char *tag = tags;
        while (used && *tag == ' ')
            tag++, used--;
        while (used && tag[used - 1] == ' ')
            used--;
        if (used)
            facet_add(fleet, counts, tag, used, health);
        tags += length;
        tags += *tags != '\0';
    }
}

unsigned fleet_facets(struct fleet *fleet, const char *field, const char *filter, struct fleet_facet *facets, unsigned max,
                      struct error *error)
{
    struct fleet_result result;
    uint32_t metric;
    enum subject_field code = subject_field_find(fleet, field, &metric);
    bool tags = code == (enum subject_field)ASSET_tags || strcmp(field, "tag") == 0;
    if (!fleet_select(fleet, &(struct fleet_query){.filter = filter}, &result, error))
        return 0;
    intern_free(&fleet->facet_values); /* the last answer's texts */
    fleet->facet_values = intern_new();
    struct facet_counts counts = {0};
    for (uint32_t i = 0; i < result.total; i++) {
        struct fleet_subject subject = {.fleet = fleet, .asset = result.assets[i]};
        enum health health = live_at(fleet, result.assets[i])->health;
        if (tags) {
            facet_add_tags(fleet, &counts, fleet_text(fleet, result.assets[i], ASSET_tags), health);
            continue;
        }
        const char *value = subject_text(&subject, code, field);
        facet_add(fleet, &counts, value ? value : "", value ? strlen(value) : 0, health);
    }
    if (counts.count)
        qsort(counts.items, counts.count, sizeof *counts.items, compare_facets);
    for (size_t i = 0; i < counts.count && i < max; i++)
        facets[i] = counts.items[i];
    free(counts.items);
    return (unsigned)counts.count;
}
