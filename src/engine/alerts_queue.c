/* The queue: unhandled first, then severity, then age; kept in order as alerts change. Moves are gathered and merged in
 * one pass at the next reading, so that a storm of n among m costs n log n + m, whenever it is looked at. What the
 * default view shows is a prefix. Other filters and orders are worked out and kept until something changes. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "engine/alerts_private.h"

#define SELECTS 8
#define SELECT_AGE SPAN_SECOND /* ages in filters move by themselves */
#define SORT_KEYS 4

/* ---- the order ---- */

enum group { GROUP_UNHANDLED, GROUP_HANDLED, GROUP_HIDDEN, GROUP_CLOSED };
#define GROUP_SHIFT 62

static enum group group_of(const struct alert *alert)
{
    switch (alert_state_of(&alert->life)) {
    case ALERT_UNACKNOWLEDGED:
    case ALERT_CLEARED_UNACKNOWLEDGED:
        return GROUP_UNHANDLED;
    case ALERT_ACKNOWLEDGED:
        return GROUP_HANDLED;
    case ALERT_CLOSED:
        return GROUP_CLOSED;
    default:
        return GROUP_HIDDEN;
    }
}

/* Two bits of group, three of severity, then time: oldest first among the open, newest first among the closed. */
uint64_t queue_key(const struct alert *alert)
{
    enum group group = group_of(alert);
    msec since = alert->life.raised_at != CLOCK_NEVER ? alert->life.raised_at : alert->life.pending_since;
    uint64_t time = (uint64_t)(since < 0 ? 0 : since) & ((1ull << 52) - 1);
    if (group == GROUP_CLOSED)
        return (uint64_t)group << GROUP_SHIFT | (~(uint64_t)(alert->closed_at < 0 ? 0 : alert->closed_at) & ((1ull << 52) - 1));
    return (uint64_t)group << GROUP_SHIFT | (uint64_t)(SEVERITY_CRITICAL - alert->life.severity) << 59 | time;
}

static bool before(struct queue_entry left, struct queue_entry right)
{
    return left.key != right.key ? left.key < right.key : left.handle < right.handle;
}

static int compare_entries(const void *left, const void *right)
{
    return before(*(const struct queue_entry *)left, *(const struct queue_entry *)right) ? -1 : 1;
}

/* The first place whose entry is not before this one. */
static uint32_t place_of(const struct alerts *alerts, struct queue_entry entry)
{
    uint32_t low = 0, high = alerts->queue_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (before(alerts->queue[middle], entry))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void queue_move(struct alerts *alerts, struct alert *alert)
{
    if (alert->flags & ALERT_MOVED)
        return;
    alert->flags |= ALERT_MOVED;
    ARRAY_RESERVE(alerts->moved, alerts->moved_capacity, alerts->moved_count + 1);
    alerts->moved[alerts->moved_count++] = alert->self;
}

void queue_forget(struct alerts *alerts, struct alert *alert)
{
    if (alert->flags & ALERT_QUEUED) { /* its entry goes with the next merge, also when the slot has been given anew */
        queue_move(alerts, alert);
        alerts->revision++;
    }
    if (alert->flags & ALERT_COUNTED) {
        uint8_t live = alert->flags & ALERT_LIVE;
        alert->flags &= (uint8_t)~ALERT_LIVE;
        alert_recount(alerts, alert);
        alert->flags |= live;
    }
}

/* The new entries of what moved, sorted. */
static uint32_t new_entries(struct alerts *alerts, struct queue_entry *fresh)
{
    uint32_t count = 0;
    for (size_t i = 0; i < alerts->moved_count; i++) {
        struct alert *alert = alert_at(alerts, alerts->moved[i]);
        alert->flags &= (uint8_t)~ALERT_MOVED;
        if (!(alert->flags & ALERT_LIVE) || alert->life.condition == CONDITION_NORMAL)
            continue;
        fresh[count++] = (struct queue_entry){queue_key(alert), alert->self};
    }
    qsort(fresh, count, sizeof *fresh, compare_entries);
    return count;
}

void queue_ready(struct alerts *alerts)
{
    if (!alerts->moved_count)
        return;
    struct queue_entry *fresh = memory_resize(NULL, alerts->moved_count, sizeof *fresh);
    struct queue_entry *gone = memory_resize(NULL, alerts->moved_count, sizeof *gone);
    uint32_t gone_count = 0;
    for (size_t i = 0; i < alerts->moved_count; i++) {
        const struct alert *alert = alert_at(alerts, alerts->moved[i]);
        if (alert->flags & ALERT_QUEUED)
            gone[gone_count++] = (struct queue_entry){alert->key, alert->self};
    }
    qsort(gone, gone_count, sizeof *gone, compare_entries);
    uint32_t fresh_count = new_entries(alerts, fresh), kept = alerts->queue_count - gone_count;
    struct queue_entry *merged = memory_resize(NULL, (size_t)kept + fresh_count + 1, sizeof *merged);
    uint32_t from = 0, out = 0, g = 0, f = 0;
    for (; from < alerts->queue_count; from++) {
        struct queue_entry entry = alerts->queue[from];
        if (g < gone_count && gone[g].key == entry.key && gone[g].handle == entry.handle) {
            g++;
            continue;
        }
        while (f < fresh_count && before(fresh[f], entry))
            merged[out++] = fresh[f++];
        merged[out++] = entry;
    }
    while (f < fresh_count)
        merged[out++] = fresh[f++];
    for (size_t i = 0; i < alerts->moved_count; i++)
        alert_at(alerts, alerts->moved[i])->flags &= (uint8_t)~ALERT_QUEUED;
    for (uint32_t i = 0; i < fresh_count; i++) {
        struct alert *alert = alert_at(alerts, fresh[i].handle);
        alert->key = fresh[i].key;
        alert->flags |= ALERT_QUEUED;
    }
    free(alerts->queue);
    alerts->queue = merged;
    alerts->queue_count = out;
    alerts->moved_count = 0;
    free(fresh);
    free(gone);
}

static uint32_t group_start(const struct alerts *alerts, enum group group)
{
    return place_of(alerts, (struct queue_entry){(uint64_t)group << GROUP_SHIFT, 0});
}

/* ---- answers that are kept ---- */

struct selected {
    char *filter, *sort;
    bool all;
    uint64_t revision;
    msec made, used;            /* steady */
    const struct alert **rows;
    uint32_t count, filtered;
};

struct select_cache { struct selected kept[SELECTS]; };

static void selected_release(struct selected *selected)
{
    free(selected->filter);
    free(selected->sort);
    free(selected->rows);
    *selected = (struct selected){0};
}

void selects_free(struct alerts *alerts)
{
    for (int i = 0; alerts->selects && i < SELECTS; i++)
        selected_release(&alerts->selects->kept[i]);
    free(alerts->selects);
    alerts->selects = NULL;
}

/* ---- orders other than the queue's ---- */

struct sort_row {
    const struct alert *alert;
    struct { double number; const char *text; } key[SORT_KEYS];
};

struct sort_order {
    unsigned count;
    bool down[SORT_KEYS];
};

static int compare_rows(const void *left_row, const void *right_row, void *owner)
{
    const struct sort_row *left = left_row, *right = right_row;
    const struct sort_order *order = owner;
    for (unsigned i = 0; i < order->count; i++) {
        int by;
        if (left->key[i].text && right->key[i].text)
            by = left->key[i].text == right->key[i].text ? 0 : text_compare_natural(left->key[i].text, right->key[i].text);
        else if (left->key[i].text || right->key[i].text)
            by = left->key[i].text ? -1 : 1; /* what has none comes last */
        else
            by = (left->key[i].number > right->key[i].number) - (left->key[i].number < right->key[i].number);
        if (by)
            return order->down[i] ? -by : by;
    }
    return (left->alert->number > right->alert->number) - (left->alert->number < right->alert->number);
}

/* A field is a number for sorting when the subject has it as one, else a text that the desk or the fleet owns. */
static void sort_key(const struct alert_subject *subject, const char *name, struct sort_row *row, unsigned key)
{
    double number;
    row->key[key].text = NULL;
    row->key[key].number = 0;
    if (alert_subject_ops.number(subject, name, &number)) {
        row->key[key].number = number;
        return;
    }
    const char *text = alert_subject_ops.text(subject, name);
    row->key[key].text = text ? intern_text(subject->alerts->texts, text) : NULL;
}

bool alerts_sort(struct alerts *alerts, const struct alert **rows, uint32_t count, const char *sort, struct error *error)
{
    char names[SORT_KEYS][40];
    struct sort_order order = {0};
    for (const char *at = sort; *at;) {
        size_t length = strcspn(at, ",");
        bool down = *at == '-';
        if (*at == '-' || *at == '+')
            at++, length--;
        if (!length || length >= sizeof names[0] || order.count == SORT_KEYS)
            return error_set(error, ERROR_INVALID, "sort: expected up to %d field names with commas between, got `%.60s`",
                             SORT_KEYS, sort);
        memcpy(names[order.count], at, length);
        names[order.count][length] = '\0';
        order.down[order.count++] = down;
        at += length;
        at += *at == ',';
    }
    struct sort_row *keyed = memory_resize(NULL, (size_t)count + 1, sizeof *keyed);
    for (uint32_t i = 0; i < count; i++) {
        struct alert_subject subject = {alerts, rows[i]};
        keyed[i].alert = rows[i];
        for (unsigned key = 0; key < order.count; key++)
            sort_key(&subject, names[key], &keyed[i], key);
    }
    qsort_r(keyed, count, sizeof *keyed, compare_rows, &order);
    for (uint32_t i = 0; i < count; i++)
        rows[i] = keyed[i].alert;
    free(keyed);
    return true;
}

/* ---- selecting ---- */

/* The value of a first term `asset:`, `gateway:` or `under:` that is one whole id, in a filter of ANDed terms: then only
 * what lies there can match, and the index by asset serves it. The whole filter is still asked of each. */
static uint32_t place_named(const struct alerts *alerts, const char *filter, bool *below)
{
    static const struct { const char *name; bool below; } places[] = {{"asset:", false}, {"gateway:", true}, {"under:", true}};
    char id[ASSET_ID_MAX + 1];
    if (strpbrk(filter, "|()\"\\"))
        return FLEET_NONE;
    for (size_t i = 0; i < ARRAY_COUNT(places); i++) {
        size_t skip = strlen(places[i].name), length;
        if (strncmp(filter, places[i].name, skip) != 0)
            continue;
        length = strcspn(filter + skip, " ");
        if (length == 0 || length >= sizeof id || memchr(filter + skip, '*', length) || memchr(filter + skip, ',', length))
            return FLEET_NONE;
        memcpy(id, filter + skip, length);
        id[length] = '\0';
        *below = places[i].below;
        return fleet_find(alerts->fleet, id);
    }
    return FLEET_NONE;
}

struct gathering { struct queue_entry *entries; uint32_t count; size_t capacity; };

static void gather(struct alerts *alerts, uint32_t asset, bool below, uint64_t end, struct gathering *into)
{
    ALERT_EACH_OF_ASSET(alerts, alert, asset) {
        if (!(alert->flags & ALERT_QUEUED) || alert->key >= end)
            continue;
        ARRAY_RESERVE(into->entries, into->capacity, into->count + 1);
        into->entries[into->count++] = (struct queue_entry){alert->key, alert->self};
    }
    for (uint32_t child = live_at(alerts->fleet, asset)->first_child; below && child != FLEET_NONE;
         child = live_at(alerts->fleet, child)->next_child)
        gather(alerts, child, true, end, into);
}

static void match(struct alerts *alerts, const struct filter *filter, bool every, const struct queue_entry *entries,
                  uint32_t count, struct selected *into)
{
    into->rows = memory_resize(NULL, (size_t)count + 1, sizeof *into->rows);
    into->count = 0;
    for (uint32_t i = 0; i < count; i++) {
        const struct alert *alert = alert_at(alerts, entries[i].handle);
        struct alert_subject subject = {alerts, alert};
        if (every || filter_match(filter, &alert_subject_ops, &subject))
            into->rows[into->count++] = alert;
    }
}

static bool work_out(struct alerts *alerts, struct selected *into, struct error *error)
{
    struct filter *filter = filter_parse(into->filter, FILTER_STRICT, clock_wall(), error);
    if (!filter)
        return false;
    uint32_t end = into->all ? alerts->queue_count : group_start(alerts, GROUP_HIDDEN);
    bool below = false;
    uint32_t place = place_named(alerts, into->filter, &below);
    if (place != FLEET_NONE && fleet_exists(alerts->fleet, place)) {
        struct gathering gathered = {0};
        gather(alerts, place, below, into->all ? UINT64_MAX : (uint64_t)GROUP_HIDDEN << GROUP_SHIFT, &gathered);
        if (gathered.count)
            qsort(gathered.entries, gathered.count, sizeof *gathered.entries, compare_entries);
        match(alerts, filter, false, gathered.entries, gathered.count, into);
        free(gathered.entries);
    } else {
        match(alerts, filter, filter_is_empty(filter), alerts->queue, end, into);
    }
    into->filtered = end - into->count;
    filter_free(&filter);
    return !into->sort[0] || alerts_sort(alerts, into->rows, into->count, into->sort, error);
}

static struct selected *selected_find(struct alerts *alerts, const struct alert_select *select, struct error *error)
{
    const char *filter = text_or_empty(select->filter), *sort = text_or_empty(select->sort);
    msec now = clock_steady();
    if (!alerts->selects)
        alerts->selects = memory_new(sizeof *alerts->selects);
    struct selected *oldest = &alerts->selects->kept[0];
    for (int i = 0; i < SELECTS; i++) {
        struct selected *kept = &alerts->selects->kept[i];
        if (kept->filter && kept->all == select->all && strcmp(kept->filter, filter) == 0 && strcmp(kept->sort, sort) == 0) {
            kept->used = now;
            if (kept->revision == alerts->revision && (!filter[0] || now - kept->made < SELECT_AGE))
                return kept;
            oldest = kept;
            break;
        }
        if (!kept->filter || (oldest->filter && kept->used < oldest->used))
            oldest = kept;
    }
    selected_release(oldest);
    *oldest = (struct selected){.filter = memory_text(filter), .sort = memory_text(sort), .all = select->all,
                                .revision = alerts->revision, .made = now, .used = now};
    if (work_out(alerts, oldest, error))
        return oldest;
    selected_release(oldest);
    return NULL;
}

static void count_all(struct alerts *alerts, const struct alert_select *select, struct alert_counts *counts)
{
    memset(counts, 0, sizeof *counts);
    counts->unhandled = group_start(alerts, GROUP_HANDLED);
    memcpy(counts->by_state, alerts->by_state, sizeof counts->by_state);
    memcpy(counts->by_severity, alerts->by_severity, sizeof counts->by_severity);
    for (int state = 0; !select->all && state < ALERT_STATE_COUNT; state++)
        if (state != ALERT_UNACKNOWLEDGED && state != ALERT_ACKNOWLEDGED && state != ALERT_CLEARED_UNACKNOWLEDGED)
            counts->hidden[state] = alerts->by_state[state];
    counts->silenced = select->all ? 0 : alerts->silenced;
    counts->rate = desk_rate(alerts);
    counts->flood = alerts->flood;
    if (select->person)
        counts->news = seen_count(alerts, select->person);
}

bool alerts_select(struct alerts *alerts, const struct alert_select *select, const struct alert *const **rows, uint32_t *count,
                   struct alert_counts *counts, struct error *error)
{
    if (select->past)
        return alerts_past_select(alerts, select, rows, count, counts, error);
    desk_now(alerts);
    queue_ready(alerts);
    struct selected *selected = selected_find(alerts, select, error);
    if (!selected)
        return false;
    *rows = selected->rows;
    *count = selected->count;
    if (counts) {
        count_all(alerts, select, counts);
        counts->filtered = selected->filtered;
    }
    return true;
}

uint64_t alerts_revision(const struct alerts *alerts)
{
    return alerts->revision;
}

/* ---- what is new to a person ---- */

uint32_t seen_count(struct alerts *alerts, const char *person)
{
    uint32_t count, end;
    if (seen_count_kept(alerts, person, &count))
        return count;
    count = 0;
    queue_ready(alerts);
    end = group_start(alerts, GROUP_HIDDEN);
    for (uint32_t i = 0; i < end; i++)
        count += seen_news(alerts, person, alert_at(alerts, alerts->queue[i].handle)) != NEWS_NONE;
    seen_count_keep(alerts, person, count);
    return count;
}
