/* Sorting handles. Text has precomputed ranks (natural order, so that GW-9 stands before GW-10), everything else is
 * a number: each field becomes a 64-bit key, and stable radix passes run from the last field to the first. */
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

/* ---- keys ---- */

/* Doubles as integers in the same order. */
static uint64_t key_of_number(double number)
{
    uint64_t bits;
    memcpy(&bits, &number, sizeof bits);
    return bits >> 63 ? ~bits : bits | (uint64_t)1 << 63;
}

static void fill_ranked(struct sort_pair *pairs, uint32_t count, const uint32_t *ranks, bool own, const struct fleet *fleet,
                        enum asset_field field)
{
    for (uint32_t i = 0; i < count; i++) {
        uint32_t reference = row_at(fleet, pairs[i].asset)->text[field];
        pairs[i].key = !reference ? KEY_ABSENT : ranks[own ? pairs[i].asset : reference];
    }
}

static void fill_number(struct sort_pair *pairs, uint32_t count, const struct fleet *fleet, const struct sort_field *field,
                        const struct fleet_past *past)
{
    struct fleet_subject subject = {.fleet = fleet, .past = past};
    for (uint32_t i = 0; i < count; i++) {
        double number;
        subject.asset = pairs[i].asset;
        pairs[i].key = subject_number(&subject, field->field, field->metric, &number) ? key_of_number(number) : KEY_ABSENT;
    }
}

static void fill_state(struct sort_pair *pairs, uint32_t count, const struct fleet *fleet, enum subject_field field,
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

static void fill_keys(struct fleet *fleet, struct sort_pair *pairs, uint32_t count, const struct sort_field *field,
                      const struct fleet_past *past)
{
    if (field->field == (enum subject_field)ASSET_period || field->field >= SUBJECT_SINCE) {
        fill_number(pairs, count, fleet, field, past);
    } else if ((int)field->field < ASSET_FIELD_COUNT) {
        bool own = field_is_own((enum asset_field)field->field);
        const uint32_t *ranks = own ? rank_field(fleet, (enum asset_field)field->field)
                                    : rank_pool(fleet->texts, &fleet->text_ranks, &fleet->text_rank_count);
        fill_ranked(pairs, count, ranks, own, fleet, (enum asset_field)field->field);
    } else if (field->field == SUBJECT_PLACE) {
        const uint32_t *ranks = rank_pool(fleet->places, &fleet->place_ranks, &fleet->place_rank_count);
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
    struct sort_pair *pairs = memory_resize(NULL, (size_t)count * 2 + 1, sizeof *pairs), *from = pairs, *to = pairs + count;
    for (uint32_t i = 0; i < count; i++)
        from[i] = (struct sort_pair){.asset = assets[i]};
    for (unsigned i = field_count; i-- > 0;) {
        fill_keys(fleet, from, count, &fields[i], past);
        struct sort_pair *sorted = sort_radix(from, to, count);
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
