/* Looking back: the timeline and the like of one alert, the queue as it was at an instant, and what the rules did. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "engine/alerts_private.h"

#define SIMILAR_SPAN (30 * SPAN_DAY)
#define SIMILAR_MAX 6 /* itself, and five */

/* ---- one alert ---- */

struct history_request {
    struct desk_link *link;
    int64_t number;
    struct store_alert_event *pending;
    size_t pending_count;
    alerts_history_done *done;
    void *owner;
};

/* In one millisecond the machine comes first: what people did is written at once, what the machine did a moment later. */
static bool comes_after(const struct store_alert_event *left, const struct store_alert_event *right)
{
    if (left->time != right->time)
        return left->time > right->time;
    return strchr(left->actor, ':') && !strchr(right->actor, ':'); /* "user:wang", "token:north" beside "rule" */
}

static void timeline_put(struct store_alert_event *rows, unsigned *count, const struct store_alert_event *event)
{
    unsigned at = (*count)++;
    for (; at > 0 && comes_after(&rows[at - 1], event); at--)
        rows[at] = rows[at - 1];
    rows[at] = *event;
}

/* The store's, then what was waiting when it was asked, unless it was written in between. */
static struct store_alert_event *timeline_join(const struct history_request *request, const struct store_alert_event *events,
                                               size_t count, unsigned *joined)
{
    struct store_alert_event *rows = memory_resize(NULL, count + request->pending_count + 1, sizeof *rows);
    *joined = 0;
    for (size_t i = 0; i < count; i++)
        timeline_put(rows, joined, &events[i]);
    for (size_t i = 0; i < request->pending_count; i++) {
        const struct store_alert_event *each = &request->pending[i];
        bool known = false;
        for (size_t k = 0; k < count && !known; k++)
            known = events[k].time == each->time && strcmp(events[k].verb, each->verb) == 0;
        if (!known)
            timeline_put(rows, joined, each);
    }
    return rows;
}

static void history_request_free(struct history_request *request)
{
    for (size_t i = 0; i < request->pending_count; i++) {
        free((char *)request->pending[i].actor);
        free((char *)request->pending[i].verb);
        free((char *)request->pending[i].text);
    }
    free(request->pending);
    desk_link_release(request->link);
    free(request);
}

/* An alert of a stored row, as a list of its own: past queues, and closed ones that left the memory. */
static void stored_release(struct alert *alert)
{
    free(alert->summary);
    free(alert->note);
    free(alert->fixed_by);
    free(alert->labels);
}

static void stored_make(struct alerts *alerts, const struct store_alert *row, struct alert *alert)
{
    *alert = (struct alert){.self = ALERT_NONE, .cause = ALERT_NONE, .first_symptom = ALERT_NONE, .storm = ALERT_NONE};
    alert_restore(alerts, alert, row);
    alert->number = row->number;
    alert_id_of(alert->number, alert->id);
}

void alerts_stored(struct alerts *alerts, const struct store_alert *row, void (*visit)(void *owner, const struct alert *alert),
                   void *owner)
{
    char id[ALERT_ID];
    alert_id_of(row->number, id);
    const struct alert *known = alerts_find(alerts, id);
    struct alert stored = {.self = ALERT_NONE};
    if (!known)
        stored_make(alerts, row, &stored);
    visit(owner, known ? known : &stored);
    stored_release(&stored);
}

static void history_loaded(void *owner, const struct store_alert_event *events, size_t event_count,
                           const struct store_alert *rows, size_t row_count, const struct error *error)
{
    struct history_request *request = owner;
    struct alerts *alerts = request->link->alerts;
    struct store_alert similar[SIMILAR_MAX];
    struct alerts_history history = {.similar = similar};
    struct alert stored = {.self = ALERT_NONE};
    struct error gone;
    char id[ALERT_ID];
    alert_id_of(request->number, id);
    history.alert = alerts ? alerts_find(alerts, id) : NULL;
    if (!history.alert && alerts && !error && row_count && rows[0].number == request->number) {
        stored_make(alerts, &rows[0], &stored);
        history.alert = &stored;
    }
    if (!history.alert && !error) {
        error_set(&gone, alerts ? ERROR_NOT_FOUND : ERROR_UNAVAILABLE, alerts ? "no alert `%.40s`" : "the daemon is ending", id);
        error = &gone;
    }
    struct store_alert_event *timeline = timeline_join(request, events, event_count, &history.event_count);
    history.events = timeline;
    for (size_t i = 0; i < row_count && history.similar_count < SIMILAR_MAX - 1; i++)
        if (rows[i].number != request->number)
            similar[history.similar_count++] = rows[i];
    request->done(request->owner, error ? NULL : &history, error);
    stored_release(&stored);
    free(timeline);
    history_request_free(request);
}

void alerts_history(struct alerts *alerts, const char *id, alerts_history_done *done, void *owner)
{
    const struct alert *alert = alerts_find(alerts, id);
    int64_t number = alert_number_of(id);
    struct error error;
    if (number <= 0) {
        error_set(&error, ERROR_NOT_FOUND, "no alert `%.40s`", id);
        done(owner, NULL, &error);
        return;
    }
    struct history_request *request = memory_new(sizeof *request);
    *request = (struct history_request){.link = alerts->link, .number = number, .done = done, .owner = owner};
    request->link->holders++;
    request->pending_count = alert_pending_events(alerts, number, &request->pending);
    store_alert_history(alerts->store, number, alert ? (int64_t)alert->fingerprint : 0, desk_now(alerts) - SIMILAR_SPAN,
                        SIMILAR_MAX, history_loaded, request);
}

/* ---- the queue at an instant ---- */

struct alerts_past {
    msec at;
    struct alert *alerts;
    const struct alert **rows, **selected;
    uint32_t count;
};

struct past_request {
    struct desk_link *link;
    msec at;
    alerts_past_done *done;
    void *owner;
};

static int compare_past(const void *left, const void *right)
{
    const struct alert *a = *(const struct alert *const *)left, *b = *(const struct alert *const *)right;
    return a->key != b->key ? (a->key > b->key) - (a->key < b->key) : (a->number > b->number) - (a->number < b->number);
}

/* What people had said by then; the row says it as it is now. */
static void take_people(struct alerts *alerts, struct alert *alert, const struct store_alert_event *people, size_t count)
{
    alert->acknowledged_by = alert->assignee = alert->ticket = alert->notes = 0;
    alert->life.acknowledged_at = CLOCK_NEVER;
    alert_text_set(&alert->note, NULL);
    for (size_t i = 0; i < count; i++) {
        bool ack = strcmp(people[i].verb, "acknowledged") == 0;
        if (ack) {
            alert->acknowledged_by = desk_number(alerts, people[i].actor);
            alert->life.acknowledged_at = people[i].time;
        }
        if ((ack || strcmp(people[i].verb, "noted") == 0) && people[i].text[0]) {
            alert_text_set(&alert->note, people[i].text);
            alert->notes++;
        }
        if (strcmp(people[i].verb, "assigned") == 0)
            alert->assignee = desk_number(alerts, people[i].text);
        if (strcmp(people[i].verb, "ticketed") == 0)
            alert->ticket = desk_number(alerts, people[i].text);
    }
}

/* What was folded under each cause then; `alerts` are by number. */
static void count_symptoms(struct alerts_past *past)
{
    for (uint32_t i = 0; i < past->count; i++) {
        const struct alert *symptom = &past->alerts[i];
        uint32_t low = 0, high = past->count;
        if (!symptom->cause_number || !(symptom->life.suppression & SUPPRESSED_DEPENDENCY))
            continue;
        while (low < high) {
            uint32_t middle = low + (high - low) / 2;
            if (past->alerts[middle].number < symptom->cause_number)
                low = middle + 1;
            else
                high = middle;
        }
        if (low < past->count && past->alerts[low].number == symptom->cause_number)
            past->alerts[low].symptoms++;
    }
}

/* `people` by number, as `rows` are. */
static struct alerts_past *past_make(struct alerts *alerts, msec at, const struct store_alert *rows,
                                     const struct store_alert_event *events, size_t count,
                                     const struct store_alert_event *people, size_t people_count)
{
    struct alerts_past *past = memory_new(sizeof *past);
    past->at = at;
    past->alerts = memory_new_array(count + 1, sizeof *past->alerts);
    past->rows = memory_new_array(count + 1, sizeof *past->rows);
    past->selected = memory_new_array(count + 1, sizeof *past->selected);
    for (size_t i = 0; i < count; i++) {
        struct alert *alert = &past->alerts[past->count];
        stored_make(alerts, &rows[i], alert);
        alert_state_unpack(events[i].state, &alert->life);
        while (people_count && people->alert < alert->number)
            people++, people_count--;
        size_t own = 0;
        while (own < people_count && people[own].alert == alert->number)
            own++;
        take_people(alerts, alert, people, own);
        if (alert->life.closed || alert->life.condition == CONDITION_NORMAL) {
            stored_release(alert);
            continue;
        }
        if (alert->life.cleared_at > at)
            alert->life.cleared_at = CLOCK_NEVER;
        alert->key = queue_key(alert);
        past->rows[past->count++] = alert;
    }
    count_symptoms(past);
    qsort(past->rows, past->count, sizeof *past->rows, compare_past);
    return past;
}

static void past_loaded(void *owner, const struct store_alert *rows, const struct store_alert_event *events, size_t count,
                        const struct store_alert_event *people, size_t people_count, const struct error *error)
{
    struct past_request *request = owner;
    struct alerts *alerts = request->link->alerts;
    struct alerts_past *past = error || !alerts ? NULL : past_make(alerts, request->at, rows, events, count, people,
                                                                          people_count);
    struct error gone;
    if (!past && !error) {
        error_set(&gone, ERROR_UNAVAILABLE, "the daemon is ending");
        error = &gone;
    }
    request->done(request->owner, past, error);
    desk_link_release(request->link);
    free(request);
}

void alerts_past_load(struct alerts *alerts, msec at, alerts_past_done *done, void *owner)
{
    struct past_request *request = memory_new(sizeof *request);
    *request = (struct past_request){alerts->link, at, done, owner};
    alerts->link->holders++;
    store_alerts_at(alerts->store, at, past_loaded, request);
}

void alerts_past_free(struct alerts_past **slot)
{
    struct alerts_past *past = *slot;
    if (!past)
        return;
    *slot = NULL;
    for (uint32_t i = 0; i < past->count; i++)
        stored_release(&past->alerts[i]);
    free(past->alerts);
    free(past->rows);
    free(past->selected);
    free(past);
}

static bool is_shown(enum alert_state state)
{
    return state == ALERT_UNACKNOWLEDGED || state == ALERT_ACKNOWLEDGED || state == ALERT_CLEARED_UNACKNOWLEDGED;
}

bool alerts_past_select(struct alerts *alerts, const struct alert_select *select, const struct alert *const **rows,
                        uint32_t *count, struct alert_counts *counts, struct error *error)
{
    struct alerts_past *past = (struct alerts_past *)select->past; /* its list of selected ones only */
    struct filter *filter = filter_parse(text_or_empty(select->filter), FILTER_STRICT, past->at, error);
    struct alert_counts own = {0};
    if (!filter)
        return false;
    *count = 0;
    for (uint32_t i = 0; i < past->count; i++) {
        struct alert_subject subject = {alerts, past->rows[i]};
        enum alert_state state = alert_state_of(&past->rows[i]->life);
        own.by_state[state]++;
        own.by_severity[past->rows[i]->life.severity]++;
        own.unhandled += alert_needs_hands(&past->rows[i]->life);
        if (!select->all && !is_shown(state))
            own.hidden[state]++;
        else if (filter_match(filter, &alert_subject_ops, &subject))
            past->selected[(*count)++] = past->rows[i];
        else
            own.filtered++;
    }
    filter_free(&filter);
    if (counts)
        *counts = own;
    *rows = past->selected;
    const char *sort = text_or_empty(select->sort);
    return !sort[0] || alerts_sort(alerts, past->selected, *count, sort, error);
}

/* ---- statistics ---- */

struct tally {
    struct alerts_rule_stats row;
    double acknowledge_sum, repair_sum;
};

static bool in_span(const struct alert *alert, msec since)
{
    return alert->flags & ALERT_LIVE && alert->life.raised_at != CLOCK_NEVER && alert->life.raised_at >= since;
}

static void tally_alert(struct tally *tally, const struct alert *alert, msec now)
{
    const struct alert_life *life = &alert->life;
    tally->row.raised += 1 + life->reopens;
    tally->row.active += life->condition == CONDITION_ACTIVE;
    tally->row.standing += life->condition == CONDITION_ACTIVE && now - life->raised_at > SPAN_DAY;
    if (life->acknowledged_at != CLOCK_NEVER && life->acknowledged_at >= life->raised_at) {
        tally->row.acknowledged++;
        tally->acknowledge_sum += (double)(life->acknowledged_at - life->raised_at);
    }
    if (life->cleared_at != CLOCK_NEVER && life->condition == CONDITION_CLEARED) {
        tally->row.cleared++;
        tally->repair_sum += (double)(life->cleared_at - life->raised_at);
    }
    /* Chattering: three raises within 60 s, of reopens or of fresh instances. */
    msec length = (life->cleared_at != CLOCK_NEVER ? life->cleared_at : now) - life->raised_at;
    tally->row.chattering += life->reopens >= 2 && length <= (msec)(life->reopens + 1) * 30 * SPAN_SECOND;
}

static int compare_stats(const void *left, const void *right)
{
    uint32_t a = ((const struct alerts_rule_stats *)left)->raised, b = ((const struct alerts_rule_stats *)right)->raised;
    return (a < b) - (a > b);
}

static void worst_put(struct alerts *alerts, struct alerts_statistics *out, uint32_t asset, uint32_t raised)
{
    unsigned at = out->worst_count < 10 ? out->worst_count++ : 10;
    if (at == 10 && out->worst[9].raised >= raised)
        return;
    if (at == 10)
        at = 9;
    for (; at > 0 && out->worst[at - 1].raised < raised; at--)
        out->worst[at] = out->worst[at - 1];
    out->worst[at] = (struct alerts_actor){fleet_text(alerts->fleet, asset, ASSET_id), fleet_text(alerts->fleet, asset, ASSET_name), raised};
}

static void find_worst(struct alerts *alerts, msec since, struct alerts_statistics *out)
{
    for (uint32_t asset = 0; asset < alerts->by_asset_capacity; asset++) {
        uint32_t raised = 0;
        ALERT_EACH_OF_ASSET(alerts, alert, asset)
            raised += in_span(alert, since) ? 1 + alert->life.reopens : 0;
        if (raised && fleet_exists(alerts->fleet, asset))
            worst_put(alerts, out, asset, raised);
    }
}

void alerts_statistics(struct alerts *alerts, msec since, struct alerts_statistics *out)
{
    msec now = desk_now(alerts);
    uint32_t rules = intern_count(alerts->rule_names), ten_minutes = 0;
    struct tally *tallies = memory_new_array(rules + 1, sizeof *tallies);
    memset(out, 0, sizeof *out);
    for (uint32_t handle = 0; handle < alerts->count; handle++) {
        const struct alert *alert = alert_at(alerts, handle);
        if (!in_span(alert, since))
            continue;
        tally_alert(&tallies[alert->entry], alert, now);
        ten_minutes += !alert->life.suppression && now - alert->life.raised_at <= 10 * SPAN_MINUTE; /* what is folded asks nobody */
    }
    out->rules = memory_new_array(rules + 1, sizeof *out->rules);
    for (uint32_t i = 0; i < rules; i++) {
        struct tally *tally = &tallies[i];
        if (!tally->row.raised)
            continue;
        tally->row.source = desk_text(alerts, alerts->rules[i].source);
        tally->row.rule = desk_text(alerts, alerts->rules[i].rule);
        tally->row.name = desk_text(alerts, alerts->rules[i].name);
        tally->row.mtta_ms = tally->row.acknowledged ? tally->acknowledge_sum / tally->row.acknowledged : NAN;
        tally->row.mttr_ms = tally->row.cleared ? tally->repair_sum / tally->row.cleared : NAN;
        out->rules[out->rule_count++] = tally->row;
    }
    qsort(out->rules, out->rule_count, sizeof *out->rules, compare_stats);
    free(tallies);
    find_worst(alerts, since, out);
    out->people = seen_people(alerts, now - SPAN_HOUR);
    out->per_person = (double)ten_minutes / (out->people ? out->people : 1);
}

void alerts_statistics_release(struct alerts_statistics *statistics)
{
    free(statistics->rules);
    statistics->rules = NULL;
}
