/* Sorting handles. Text has precomputed ranks (natural order, so that GW-9 stands before GW-10), everything else is
 * a number: each field becomes a 64-bit key, and stable radix passes run from the last field to the first. Ranks
 * are made when first needed and again only when rows changed; the old order is where the next one starts. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "engine/fleet_private.h"

#define SORT_FIELDS 8
#define KEY_ABSENT UINT64_MAX /* last, whichever way */

struct sort_field {
    enum subject_field field;
    uint32_t metric;
    bool descending;
};

struct pair {
    uint64_t key;
    uint32_t asset;
};

/* ---- ranks ---- */

typedef int rank_compare(const void *owner, uint32_t left, uint32_t right);

/* A merge sort that uses the runs it finds: nearly sorted input costs about one comparison an element. */
static void merge_sort(uint32_t *items, uint32_t count, rank_compare *compare, const void *owner)
{
    uint32_t *spare = memory_new_array(count + 1, sizeof *spare);
    uint32_t *runs = memory_new_array(count + 2, sizeof *runs), run_count = 0;
    for (uint32_t i = 0; i < count;) {
        runs[run_count++] = i++;
        while (i < count && compare(owner, items[i - 1], items[i]) <= 0)
            i++;
    }
    runs[run_count] = count;
    uint32_t *from = items, *to = spare;
    while (run_count > 1) {
        uint32_t merged = 0;
        for (uint32_t run = 0; run < run_count; run += 2) {
            uint32_t left = runs[run], middle = runs[run + 1], right = run + 2 <= run_count ? runs[run + 2] : middle;
            uint32_t a = left, b = middle, out = left;
            while (a < middle && b < right)
                to[out++] = compare(owner, from[b], from[a]) < 0 ? from[b++] : from[a++];
            memcpy(to + out, from + a, (middle - a) * sizeof *to);
            memcpy(to + out + (middle - a), from + b, (right - b) * sizeof *to);
            runs[merged++] = left;
        }
        runs[merged] = count;
        run_count = merged;
        uint32_t *swap = from;
        from = to, to = swap;
    }
    if (from != items)
        memcpy(items, from, count * sizeof *items);
    free(spare);
    free(runs);
}

struct field_owner {
    const struct fleet *fleet;
    enum asset_field field;
};

static int compare_field(const void *owner, uint32_t left, uint32_t right)
{
    const struct field_owner *own = owner;
    int order = text_compare_natural(fleet_text(own->fleet, left, own->field), fleet_text(own->fleet, right, own->field));
    return order ? order : (left > right) - (left < right);
}

static const uint32_t *field_ranks(struct fleet *fleet, enum asset_field field)
{
    struct field_rank *rank = &fleet->field_ranks[field];
    if (rank->revision == fleet->ledger_revision)
        return rank->ranks;
    rank->ranks = memory_resize(rank->ranks, fleet->count + 1, sizeof *rank->ranks);
    rank->order = memory_resize(rank->order, fleet->count + 1, sizeof *rank->order);
    for (uint32_t asset = rank->count; asset < fleet->count; asset++)
        rank->order[asset] = asset;
    rank->count = fleet->count;
    struct field_owner owner = {fleet, field};
    merge_sort(rank->order, rank->count, compare_field, &owner);
    for (uint32_t i = 0; i < rank->count; i++)
        rank->ranks[rank->order[i]] = i;
    rank->revision = fleet->ledger_revision;
    return rank->ranks;
}

static int compare_text(const void *owner, uint32_t left, uint32_t right)
{
    return text_compare_natural(intern_name(owner, left), intern_name(owner, right));
}

static const uint32_t *pool_ranks(const struct intern *pool, uint32_t **ranks, uint32_t *count)
{
    uint32_t need = intern_count(pool);
    if (*count == need)
        return *ranks;
    uint32_t *order = memory_new_array(need, sizeof *order);
    for (uint32_t i = 0; i < need; i++)
        order[i] = i;
    merge_sort(order, need, compare_text, pool);
    *ranks = memory_resize(*ranks, need, sizeof **ranks);
    for (uint32_t i = 0; i < need; i++)
        (*ranks)[order[i]] = i;
    *count = need;
    free(order);
    return *ranks;
}

void fleet_ranks_free(struct fleet *fleet)
{
    for (int field = 0; field < ASSET_FIELD_COUNT; field++) {
        free(fleet->field_ranks[field].ranks);
        free(fleet->field_ranks[field].order);
    }
    free(fleet->text_ranks);
    free(fleet->place_ranks);
}

/* ---- keys ---- */

/* Doubles as integers in the same order. */
static uint64_t key_of_number(double number)
{
    uint64_t bits;
    memcpy(&bits, &number, sizeof bits);
    return bits >> 63 ? ~bits : bits | (uint64_t)1 << 63;
}

static void fill_ranked(struct pair *pairs, uint32_t count, const uint32_t *ranks, bool own, const struct fleet *fleet,
                        enum asset_field field)
{
    for (uint32_t i = 0; i < count; i++) {
        uint32_t reference = row_at(fleet, pairs[i].asset)->text[field];
        pairs[i].key = !reference ? KEY_ABSENT : ranks[own ? pairs[i].asset : reference];
    }
}

static void fill_number(struct pair *pairs, uint32_t count, const struct fleet *fleet, const struct sort_field *field,
                        const struct fleet_past *past)
{
    struct fleet_subject subject = {.fleet = fleet, .past = past};
    for (uint32_t i = 0; i < count; i++) {
        double number;
        subject.asset = pairs[i].asset;
        pairs[i].key = subject_number(&subject, field->field, field->metric, &number) ? key_of_number(number) : KEY_ABSENT;
    }
}

static void fill_state(struct pair *pairs, uint32_t count, const struct fleet *fleet, enum subject_field field,
                       const struct fleet_past *past)
{
    struct fleet_subject subject = {.fleet = fleet, .past = past};
    for (uint32_t i = 0; i < count; i++) {
        subject.asset = pairs[i].asset;
        struct store_state state = subject_state(&subject);
        pairs[i].key = field == SUBJECT_HEALTH ? (uint64_t)health_rank(state.health)
                     : field == SUBJECT_REASON ? (uint64_t)state.reason
                     : field == SUBJECT_LINK   ? (uint64_t)state.link
                                               : (uint64_t)state.comm;
    }
}

static void fill_keys(struct fleet *fleet, struct pair *pairs, uint32_t count, const struct sort_field *field,
                      const struct fleet_past *past)
{
    if (field->field == (enum subject_field)ASSET_period || field->field >= SUBJECT_SINCE) {
        fill_number(pairs, count, fleet, field, past);
    } else if ((int)field->field < ASSET_FIELD_COUNT) {
        bool own = field_is_own((enum asset_field)field->field);
        const uint32_t *ranks = own ? field_ranks(fleet, (enum asset_field)field->field)
                                    : pool_ranks(fleet->texts, &fleet->text_ranks, &fleet->text_rank_count);
        fill_ranked(pairs, count, ranks, own, fleet, (enum asset_field)field->field);
    } else if (field->field == SUBJECT_PLACE) {
        const uint32_t *ranks = pool_ranks(fleet->places, &fleet->place_ranks, &fleet->place_rank_count);
        for (uint32_t i = 0; i < count; i++) {
            uint32_t place = fleet->place_of[pairs[i].asset];
            pairs[i].key = place ? ranks[place] : KEY_ABSENT;
        }
    } else {
        fill_state(pairs, count, fleet, field->field, past);
    }
    if (field->descending)
        for (uint32_t i = 0; i < count; i++)
            pairs[i].key = pairs[i].key == KEY_ABSENT ? KEY_ABSENT : ~pairs[i].key - 1;
}

/* Least significant byte first, bytes that are equal everywhere left out. Returns where the result lies. */
static struct pair *radix_sort(struct pair *from, struct pair *to, uint32_t count)
{
    uint64_t any = 0, all = UINT64_MAX;
    for (uint32_t i = 0; i < count; i++) {
        any |= from[i].key;
        all &= from[i].key;
    }
    uint64_t differ = any ^ all;
    for (int shift = 0; shift < 64; shift += 8) {
        if (!(differ >> shift & 0xff))
            continue;
        uint32_t starts[256] = {0}, sum = 0;
        for (uint32_t i = 0; i < count; i++)
            starts[from[i].key >> shift & 0xff]++;
        for (int digit = 0; digit < 256; digit++) {
            uint32_t here = starts[digit];
            starts[digit] = sum;
            sum += here;
        }
        for (uint32_t i = 0; i < count; i++)
            to[starts[from[i].key >> shift & 0xff]++] = from[i];
        struct pair *swap = from;
        from = to, to = swap;
    }
    return from;
}

static bool field_sortable(enum subject_field field)
{
    return field != SUBJECT_ATTRIBUTE && field != SUBJECT_EVIDENCE && field != SUBJECT_DISCOVERED;
}

static bool sort_parse(struct fleet *fleet, const char *sort, struct sort_field *fields, unsigned *count, struct error *error)
{
    *count = 0;
    for (const char *at = sort; *at;) {
        size_t length = strcspn(at, ",");
        char name[64];
        bool descending = *at == '-';
        if (descending || *at == '+')
            at++, length--;
        if (!length || length >= sizeof name)
            return error_set(error, ERROR_INVALID, "sort: expected field names with commas between, got `%s`", sort);
        memcpy(name, at, length);
        name[length] = '\0';
        if (*count == SORT_FIELDS)
            return error_set(error, ERROR_INVALID, "sort: more than %d fields", SORT_FIELDS);
        struct sort_field *field = &fields[*count];
        *field = (struct sort_field){.descending = descending};
        field->field = subject_field_find(fleet, name, &field->metric);
        if (!field_sortable(field->field))
            return error_set(error, ERROR_INVALID, "sort: no field `%s` to sort by", name);
        ++*count;
        at += length;
        at += *at == ',';
    }
    if (*count < SORT_FIELDS && (!*count || fields[*count - 1].field != (enum subject_field)ASSET_id))
        fields[(*count)++] = (struct sort_field){.field = (enum subject_field)ASSET_id};
    return true;
}

bool fleet_sort(struct fleet *fleet, uint32_t *assets, uint32_t count, const char *sort, const struct fleet_past *past,
                bool *live, struct error *error)
{
    struct sort_field fields[SORT_FIELDS];
    unsigned field_count;
    if (!sort_parse(fleet, sort, fields, &field_count, error))
        return false;
    struct pair *pairs = memory_resize(NULL, (size_t)count * 2 + 1, sizeof *pairs), *from = pairs, *to = pairs + count;
    for (uint32_t i = 0; i < count; i++)
        from[i] = (struct pair){.asset = assets[i]};
    for (unsigned i = field_count; i-- > 0;) {
        fill_keys(fleet, from, count, &fields[i], past);
        struct pair *sorted = radix_sort(from, to, count);
        to = sorted == pairs ? pairs + count : pairs;
        from = sorted;
    }
    for (uint32_t i = 0; i < count; i++)
        assets[i] = from[i].asset;
    free(pairs);
    if (live) {
        *live = false;
        for (unsigned i = 0; i < field_count; i++)
            *live |= subject_field_is_live(fields[i].field);
    }
    return true;
}
