#include "engine/heartbeats.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"

#define KIND "heartbeat"
#define WRITE_EVERY (10 * SPAN_MINUTE) /* a beat alone; what changes its state is written at once */

struct heartbeat {
    struct heartbeat_plan plan;   /* its texts are owned here */
    bool planned;
    enum heartbeat_state state;
    msec last, received;          /* wall: when it says, and when it came; CLOCK_NEVER */
    msec due;                     /* steady: missed then; CLOCK_NEVER: it waits for the first, or is missed already */
    uint64_t beats, failures;
    char message[200], by[80];
    msec written;                 /* steady */
    bool dirty;
};

struct heartbeats {
    struct fleet *fleet;
    struct alerts *alerts;
    struct store *store;
    struct heartbeat *row;
    size_t count, capacity;
    uv_timer_t *timer;
};

const char *heartbeat_state_name(enum heartbeat_state state)
{
    static const char *const names[] = {"waiting", "ok", "late", "missing", "failed"};
    return names[state];
}

static struct heartbeat *find(const struct heartbeats *heartbeats, const char *name)
{
    for (size_t i = 0; i < heartbeats->count; i++)
        if (strcmp(heartbeats->row[i].plan.name, name) == 0)
            return &heartbeats->row[i];
    return NULL;
}

/* ---- the store ---- */

static void write_row(struct heartbeats *heartbeats, struct heartbeat *heartbeat)
{
    struct buffer body = BUFFER_INIT;
    struct json_writer writer;
    json_start(&writer, &body);
    json_write_object(&writer, NULL);
    json_write_integer(&writer, "last", heartbeat->last);
    json_write_integer(&writer, "beats", (int64_t)heartbeat->beats);
    json_write_integer(&writer, "failures", (int64_t)heartbeat->failures);
    json_write_text(&writer, "state", heartbeat_state_name(heartbeat->state));
    json_write_text(&writer, "message", heartbeat->message);
    json_write_text(&writer, "by", heartbeat->by);
    json_write_object_end(&writer);
    struct store_action *action = store_action_new(heartbeats->store, "system", "heartbeat", heartbeat->plan.name, "");
    store_action_quiet(action);
    store_action_record(action, KIND, heartbeat->plan.name, -1, buffer_text(&body));
    store_action_commit(action, NULL, NULL);
    buffer_release(&body);
    heartbeat->dirty = false;
    heartbeat->written = clock_steady();
}

static struct heartbeat *add(struct heartbeats *heartbeats, const char *name)
{
    ARRAY_RESERVE(heartbeats->row, heartbeats->capacity, heartbeats->count + 1);
    struct heartbeat *row = &heartbeats->row[heartbeats->count++];
    *row = (struct heartbeat){.plan.name = memory_text(name), .last = CLOCK_NEVER, .received = CLOCK_NEVER, .due = CLOCK_NEVER,
                              .written = clock_steady() - WRITE_EVERY};
    return row;
}

static void record_loaded(void *owner, const char *kind, const char *id, int64_t revision, const char *body)
{
    struct heartbeats *heartbeats = owner;
    (void)revision;
    struct json_object *object = strcmp(kind, KIND) == 0 ? json_parse(body, strlen(body), 4, NULL) : NULL;
    if (!object)
        return;
    struct heartbeat *row = add(heartbeats, id);
    const char *state = json_get_text(object, "state", ""), *message = json_get_text(object, "message", ""),
               *by = json_get_text(object, "by", "");
    row->last = row->received = json_get_integer(object, "last", CLOCK_NEVER);
    row->beats = (uint64_t)json_get_integer(object, "beats", 0);
    row->failures = (uint64_t)json_get_integer(object, "failures", 0);
    text_clean_into(row->message, sizeof row->message, message, strlen(message));
    text_clean_into(row->by, sizeof row->by, by, strlen(by));
    for (int each = HEARTBEAT_WAITING; each <= HEARTBEAT_FAILED; each++)
        if (strcmp(heartbeat_state_name((enum heartbeat_state)each), state) == 0)
            row->state = (enum heartbeat_state)each;
    json_object_put(object);
}

bool heartbeats_load(struct heartbeats *heartbeats, struct error *error)
{
    const struct store_load_ops ops = {.record = record_loaded};
    return store_load(heartbeats->store, &ops, heartbeats, error);
}

/* ---- the alert ---- */

static void report_fill(const struct heartbeats *heartbeats, const struct heartbeat *heartbeat, struct alert_report *report)
{
    const struct heartbeat_plan *plan = &heartbeat->plan;
    *report = (struct alert_report){
        .source = N_("heartbeat"), .rule = plan->name, .key = plan->name, .name = plan->title, .type = plan->type, .point = "",
        .asset = plan->asset[0] ? fleet_find(heartbeats->fleet, plan->asset) : FLEET_NONE, .severity = plan->severity,
        .runbook = plan->runbook, .summary = ""};
}

static uint64_t print_of(const struct heartbeats *heartbeats, const struct heartbeat *heartbeat)
{
    struct alert_report report = {.source = "heartbeat", .key = heartbeat->plan.name, .asset = FLEET_NONE};
    return alert_fingerprint(heartbeats->alerts, &report);
}

static void raise_missing(struct heartbeats *heartbeats, const struct heartbeat *heartbeat)
{
    struct alert_report report;
    char every[SPAN_TEXT], summary[160], since[INSTANT_TEXT] = "";
    report_fill(heartbeats, heartbeat, &report);
    instant_format_short(since, heartbeat->last, clock_wall());
    snprintf(summary, sizeof summary, N_("no beat since %s; expected every %s"), since, span_format(every, heartbeat->plan.every));
    report.summary = summary;
    alerts_breach(heartbeats->alerts, &report);
}

static void raise_failed(struct heartbeats *heartbeats, const struct heartbeat *heartbeat)
{
    struct alert_report report;
    char summary[240];
    report_fill(heartbeats, heartbeat, &report);
    snprintf(summary, sizeof summary, "failed%s%s", heartbeat->message[0] ? ": " : "", heartbeat->message);
    report.summary = summary;
    alerts_breach(heartbeats->alerts, &report);
}

/* ---- time ---- */

static void due(uv_timer_t *timer);

static void timer_set(struct heartbeats *heartbeats)
{
    msec first = CLOCK_NEVER, now = clock_steady();
    for (size_t i = 0; i < heartbeats->count; i++) {
        msec next = heartbeats->row[i].planned ? heartbeats->row[i].due : CLOCK_NEVER;
        if (next != CLOCK_NEVER && (first == CLOCK_NEVER || next < first))
            first = next;
    }
    if (first == CLOCK_NEVER)
        uv_timer_stop(heartbeats->timer);
    else
        uv_timer_start(heartbeats->timer, due, first > now ? (uint64_t)(first - now) : 0, 0);
}

void heartbeats_turn(struct heartbeats *heartbeats)
{
    msec now = clock_steady();
    for (size_t i = 0; i < heartbeats->count; i++) {
        struct heartbeat *heartbeat = &heartbeats->row[i];
        if (!heartbeat->planned || heartbeat->due == CLOCK_NEVER || now < heartbeat->due)
            continue;
        heartbeat->due = CLOCK_NEVER;
        heartbeat->state = HEARTBEAT_MISSING;
        raise_missing(heartbeats, heartbeat);
        write_row(heartbeats, heartbeat);
    }
    timer_set(heartbeats);
}

static void due(uv_timer_t *timer)
{
    heartbeats_turn(timer->data);
}

/* ---- beats ---- */

static void beat_now(struct heartbeats *heartbeats, struct heartbeat *heartbeat, const struct heartbeat_beat *beat)
{
    enum heartbeat_state before = heartbeat->state;
    msec wall = clock_wall(), late = beat->time == CLOCK_NEVER || beat->time > wall ? 0 : wall - beat->time;
    const char *message = beat->message ? beat->message : "", *by = beat->by ? beat->by : "";
    heartbeat->last = wall - late;
    heartbeat->received = wall;
    heartbeat->beats++;
    heartbeat->failures += beat->failed;
    text_clean_into(heartbeat->message, sizeof heartbeat->message, message, strlen(message));
    text_clean_into(heartbeat->by, sizeof heartbeat->by, by, strlen(by));
    heartbeat->state = beat->failed ? HEARTBEAT_FAILED : HEARTBEAT_OK;
    heartbeat->due = clock_steady() + heartbeat->plan.every + heartbeat->plan.grace - late;
    heartbeat->dirty = true;
    if (beat->failed)
        raise_failed(heartbeats, heartbeat);
    else
        alerts_normal(heartbeats->alerts, print_of(heartbeats, heartbeat));
    if (heartbeat->state != before || clock_steady() - heartbeat->written >= WRITE_EVERY)
        write_row(heartbeats, heartbeat);
    timer_set(heartbeats);
}

bool heartbeats_beat(struct heartbeats *heartbeats, const char *name, const struct heartbeat_beat *beat, struct error *error)
{
    struct heartbeat *heartbeat = find(heartbeats, name);
    if (heartbeat && heartbeat->planned) {
        beat_now(heartbeats, heartbeat, beat);
        return true;
    }
    struct buffer names = BUFFER_INIT;
    for (size_t i = 0; i < heartbeats->count && names.length < 200; i++)
        if (heartbeats->row[i].planned)
            buffer_printf(&names, "%s%s", names.length ? ", " : "", heartbeats->row[i].plan.name);
    error_set(error, ERROR_NOT_FOUND, names.length ? N_("no heartbeat `%.60s`; there are %s")
                                                   : N_("no heartbeat `%.60s`; %s"),
              name, names.length ? buffer_text(&names) : N_("add one under `heartbeats:` in nocturne.yml"));
    buffer_release(&names);
    return false;
}

bool heartbeats_hear(struct heartbeats *heartbeats, const char *source, const char *rule, bool active, msec time)
{
    bool known = false;
    for (size_t i = 0; i < heartbeats->count; i++) {
        struct heartbeat *heartbeat = &heartbeats->row[i];
        const struct heartbeat_plan *plan = &heartbeat->plan;
        if (!heartbeat->planned || !plan->alert[0] || strcmp(plan->alert, rule) != 0 ||
            (plan->source[0] && strcmp(plan->source, source) != 0))
            continue;
        known = true;
        /* What was said before is no new sign of life: a list repeats it as long as it stands. */
        bool news = time == CLOCK_NEVER || heartbeat->last == CLOCK_NEVER || time > heartbeat->last;
        if (active && news && (time == CLOCK_NEVER || clock_wall() - time < plan->every + plan->grace))
            beat_now(heartbeats, heartbeat, &(struct heartbeat_beat){.by = source, .time = time});
    }
    return known;
}

/* ---- configuration ---- */

static void plan_take(struct heartbeat *heartbeat, const struct heartbeat_plan *plan)
{
    struct heartbeats_plan old = {.row = memory_new(sizeof *old.row), .count = 1};
    old.row[0] = heartbeat->plan;
    heartbeat->plan = (struct heartbeat_plan){
        .name = memory_text(plan->name), .title = memory_text(plan->title), .type = memory_text(plan->type),
        .asset = memory_text(plan->asset), .runbook = memory_text(plan->runbook), .alert = memory_text(plan->alert),
        .source = memory_text(plan->source), .every = plan->every, .grace = plan->grace, .severity = plan->severity};
    heartbeats_plan_release(&old);
}

/* As it begins: its whole span again, unless it is missed. A crash may have kept the alert and lost the row, or the other
 * way round. */
static void settle(struct heartbeats *heartbeats, struct heartbeat *row, msec now)
{
    bool known = alerts_known(heartbeats->alerts, print_of(heartbeats, row));
    if (row->last == CLOCK_NEVER)
        return;
    if (known && row->state != HEARTBEAT_FAILED)
        row->state = HEARTBEAT_MISSING;
    else if (!known && row->state == HEARTBEAT_MISSING)
        raise_missing(heartbeats, row);
    else if (!known && row->state == HEARTBEAT_FAILED)
        raise_failed(heartbeats, row);
    row->due = row->state == HEARTBEAT_MISSING ? CLOCK_NEVER : now + row->plan.every + row->plan.grace;
}

void heartbeats_use(struct heartbeats *heartbeats, const struct heartbeats_plan *plan)
{
    msec now = clock_steady();
    bool *was = memory_new_array(heartbeats->count + 1, sizeof *was);
    size_t known = heartbeats->count;
    for (size_t i = 0; i < known; i++) {
        was[i] = heartbeats->row[i].planned;
        heartbeats->row[i].planned = false;
    }
    for (unsigned i = 0; i < plan->count; i++) {
        struct heartbeat *row = find(heartbeats, plan->row[i].name);
        if (!row)
            row = add(heartbeats, plan->row[i].name);
        bool same = (size_t)(row - heartbeats->row) < known && was[row - heartbeats->row] && row->plan.every == plan->row[i].every &&
                    row->plan.grace == plan->row[i].grace;
        plan_take(row, &plan->row[i]);
        row->planned = true;
        if (!same)
            settle(heartbeats, row, now);
    }
    for (size_t i = 0; i < known; i++)
        if (was[i] && !heartbeats->row[i].planned) {
            alerts_normal_because(heartbeats->alerts, print_of(heartbeats, &heartbeats->row[i]), "no longer configured");
            heartbeats->row[i].due = CLOCK_NEVER;
        }
    free(was);
    timer_set(heartbeats);
}

/* ---- reading ---- */

static void view_fill(const struct heartbeats *heartbeats, const struct heartbeat *heartbeat, struct heartbeat_view *view)
{
    const struct alert *alert = alerts_by_fingerprint(heartbeats->alerts, print_of(heartbeats, heartbeat));
    bool open = alert && alert_life(alert)->condition == CONDITION_ACTIVE;
    *view = (struct heartbeat_view){
        .plan = &heartbeat->plan, .state = heartbeat->state, .last = heartbeat->last, .beats = heartbeat->beats,
        .failures = heartbeat->failures, .message = heartbeat->message, .by = heartbeat->by, .due = CLOCK_NEVER,
        .alert = open ? alert_id(alert) : ""};
    if (heartbeat->due == CLOCK_NEVER)
        return;
    msec left = heartbeat->due - clock_steady();
    view->due = clock_wall() + left;
    if (view->state == HEARTBEAT_OK && left < heartbeat->plan.grace)
        view->state = HEARTBEAT_LATE;
}

bool heartbeats_at(const struct heartbeats *heartbeats, unsigned index, struct heartbeat_view *view)
{
    for (size_t i = 0; i < heartbeats->count; i++)
        if (heartbeats->row[i].planned && index-- == 0) {
            view_fill(heartbeats, &heartbeats->row[i], view);
            return true;
        }
    return false;
}

bool heartbeats_get(const struct heartbeats *heartbeats, const char *name, struct heartbeat_view *view)
{
    const struct heartbeat *heartbeat = find(heartbeats, name);
    if (!heartbeat || !heartbeat->planned)
        return false;
    view_fill(heartbeats, heartbeat, view);
    return true;
}

/* ---- begin and end ---- */

struct heartbeats *heartbeats_new(uv_loop_t *loop, struct fleet *fleet, struct alerts *alerts, struct store *store)
{
    struct heartbeats *heartbeats = memory_new(sizeof *heartbeats);
    heartbeats->fleet = fleet;
    heartbeats->alerts = alerts;
    heartbeats->store = store;
    heartbeats->timer = memory_new(sizeof *heartbeats->timer);
    uv_timer_init(loop, heartbeats->timer);
    heartbeats->timer->data = heartbeats;
    return heartbeats;
}

static void free_handle(uv_handle_t *handle)
{
    free(handle);
}

void heartbeats_free(struct heartbeats **slot)
{
    struct heartbeats *heartbeats = *slot;
    if (!heartbeats)
        return;
    *slot = NULL;
    for (size_t i = 0; i < heartbeats->count; i++)
        if (heartbeats->row[i].dirty)
            write_row(heartbeats, &heartbeats->row[i]);
    for (size_t i = 0; i < heartbeats->count; i++) {
        struct heartbeats_plan old = {.row = memory_new(sizeof *old.row), .count = 1};
        old.row[0] = heartbeats->row[i].plan;
        heartbeats_plan_release(&old);
    }
    uv_close((uv_handle_t *)heartbeats->timer, free_handle);
    free(heartbeats->row);
    free(heartbeats);
}
