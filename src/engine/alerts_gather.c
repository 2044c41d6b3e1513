/* The queue by what its alerts have in common: a cause, a place, a rule. Worked out at a reading, and kept until something
 * changes, so that consoles that show the same cost one pass; a ledger that changes shows within the second. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "engine/alerts_private.h"

#define GATHERINGS 4
#define GATHERED_AGE SPAN_SECOND

struct group {
    struct alerts_gathered shown;
    const char **ids;
    size_t capacity;
};

struct gathering {
    char *filter, *by;
    bool all;
    uint64_t revision;
    msec made, used;                  /* steady */
    struct intern *keys;              /* by arrival */
    struct group *groups;             /* the same */
    size_t capacity;
    struct alerts_gathered *rows;     /* in order; what is handed out */
    uint32_t count;
};

struct gather_cache { struct gathering kept[GATHERINGS]; };

static void gathering_release(struct gathering *gathering)
{
    for (uint32_t i = 0; i < gathering->count; i++)
        free(gathering->groups[i].ids);
    free(gathering->groups);
    free(gathering->rows);
    free(gathering->filter);
    free(gathering->by);
    intern_free(&gathering->keys);
    *gathering = (struct gathering){0};
}

void gathers_free(struct alerts *alerts)
{
    for (int i = 0; alerts->gathers && i < GATHERINGS; i++)
        gathering_release(&alerts->gathers->kept[i]);
    free(alerts->gathers);
    alerts->gathers = NULL;
}

/* ---- one pass ---- */

static int compare_rows(const void *left, const void *right)
{
    const struct alerts_gathered *a = left, *b = right;
    if ((a->unhandled > 0) != (b->unhandled > 0))
        return a->unhandled ? -1 : 1;
    if (a->worst != b->worst)
        return (int)b->worst - (int)a->worst;
    if (a->count != b->count)
        return a->count < b->count ? 1 : -1;
    return strcmp(a->key, b->key);
}

static struct group *group_of_key(struct gathering *gathering, const char *key)
{
    uint32_t place = intern_id(gathering->keys, key, strlen(key));
    if (place == gathering->count) {
        ARRAY_RESERVE(gathering->groups, gathering->capacity, place + 1);
        gathering->groups[place] = (struct group){.shown = {.key = intern_name(gathering->keys, place), .oldest = CLOCK_NEVER}};
        gathering->count++;
    }
    return &gathering->groups[place];
}

static void group_add(struct group *group, const struct alert *alert)
{
    struct alerts_gathered *row = &group->shown;
    row->count++;
    row->unhandled += alert_needs_hands(&alert->life);
    if (alert->life.severity > row->worst)
        row->worst = alert->life.severity;
    if (alert->life.raised_at != CLOCK_NEVER && (row->oldest == CLOCK_NEVER || alert->life.raised_at < row->oldest))
        row->oldest = alert->life.raised_at;
    if (row->id_count < ALERT_GATHERED_MAX) {
        ARRAY_RESERVE(group->ids, group->capacity, row->id_count + 1u);
        group->ids[row->id_count++] = alert->id;
    }
}

static bool is_shown_or_folded(const struct alert *alert)
{
    enum alert_state state = alert_state_of(&alert->life);
    return state == ALERT_UNACKNOWLEDGED || state == ALERT_ACKNOWLEDGED || state == ALERT_CLEARED_UNACKNOWLEDGED ||
           state == ALERT_DEPENDENCY;
}

static bool work_out(struct alerts *alerts, struct gathering *into, struct error *error)
{
    bool causes = strcmp(into->by, "cause") == 0;
    struct alert_select select = {.filter = into->filter, .all = into->all || causes};
    const struct alert *const *rows;
    uint32_t count;
    if (!alerts_select(alerts, &select, &rows, &count, NULL, error))
        return false;
    into->keys = intern_new();
    for (uint32_t i = 0; i < count; i++) {
        struct alert_subject subject = {alerts, rows[i]};
        if (causes && !into->all && !is_shown_or_folded(rows[i]))
            continue;
        const struct alert *cause = causes ? alert_cause(alerts, rows[i]) : NULL;
        const char *key = causes ? alert_id(cause ? cause : rows[i]) : alert_subject_ops.text(&subject, into->by);
        group_add(group_of_key(into, text_or_empty(key)), rows[i]);
    }
    into->rows = memory_new_array((size_t)into->count + 1, sizeof *into->rows);
    for (uint32_t i = 0; i < into->count; i++) {
        into->rows[i] = into->groups[i].shown;
        into->rows[i].ids = into->groups[i].ids;
    }
    if (into->count)
        qsort(into->rows, into->count, sizeof *into->rows, compare_rows);
    return true;
}

/* ---- what is kept ---- */

static bool is_of(const struct gathering *gathering, const char *filter, const char *by, bool all)
{
    return gathering->by && gathering->all == all && strcmp(gathering->by, by) == 0 && strcmp(gathering->filter, filter) == 0;
}

/* The one that was asked before, else the one that nobody asked for longest. */
static struct gathering *gathering_place(struct alerts *alerts, const char *filter, const char *by, bool all)
{
    if (!alerts->gathers)
        alerts->gathers = memory_new(sizeof *alerts->gathers);
    struct gathering *oldest = &alerts->gathers->kept[0];
    for (int i = 0; i < GATHERINGS; i++) {
        struct gathering *kept = &alerts->gathers->kept[i];
        if (is_of(kept, filter, by, all))
            return kept;
        if (!kept->by || (oldest->by && kept->used < oldest->used))
            oldest = kept;
    }
    return oldest;
}

bool alerts_gather(struct alerts *alerts, const struct alert_select *select, const char *by,
                   const struct alerts_gathered **rows, uint32_t *count, struct error *error)
{
    const char *filter = text_or_empty(select->filter);
    msec now = clock_steady();
    struct gathering *kept = gathering_place(alerts, filter, by, select->all);
    if (!is_of(kept, filter, by, select->all) || kept->revision != alerts->revision || now - kept->made >= GATHERED_AGE) {
        gathering_release(kept);
        *kept = (struct gathering){.filter = memory_text(filter), .by = memory_text(by), .all = select->all,
                                   .revision = alerts->revision, .made = now};
        if (!work_out(alerts, kept, error)) {
            gathering_release(kept);
            return false;
        }
    }
    kept->used = now;
    *rows = kept->rows;
    *count = kept->count;
    return true;
}
