/* Silences (a filter over alerts, from when to when) and downtimes (a filter over assets, fixed, flexible or recurring).
 * Both are documents that people make, in the store as such; here they put their mark on alerts, when they begin, when
 * an alert comes, and take it off when they end. One mark each: a silence's is SILENCED, a downtime's DOWNTIME. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "engine/alerts_private.h"
#include "model/recurrence.h"

struct veil {                      /* a silence or a downtime */
    bool downtime;
    char *id, *filter_text, *why, *by, *schedule;
    struct filter *filter;         /* NULL: could not be read; never in force */
    msec starts, ends, created, duration;
    msec tripped;                  /* flexible: the problem that started it; CLOCK_NEVER */
    enum downtime_kind kind;
    bool with_children, active;
    int64_t revision;
    uint32_t matches;
};

struct silences {
    struct veil **rows;            /* by arrival */
    size_t count, capacity;
    uint32_t last_silence, last_downtime;
    bool loaded;                   /* just now: some may have ended while nobody looked */
    uv_timer_t *timer;
};

static const char *const kind_names[] = {"fixed", "flexible", "recurring"};

const char *downtime_kind_name(enum downtime_kind kind)
{
    return kind_names[kind];
}

bool downtime_kind_parse(const char *name, enum downtime_kind *kind)
{
    for (int i = 0; i < 3; i++)
        if (strcmp(kind_names[i], name) == 0) {
            *kind = (enum downtime_kind)i;
            return true;
        }
    return false;
}

static void veil_free(struct veil *veil)
{
    filter_free(&veil->filter);
    free(veil->id);
    free(veil->filter_text);
    free(veil->why);
    free(veil->by);
    free(veil->schedule);
    free(veil);
}

/* ---- matching ---- */

static bool matches_asset(const struct alerts *alerts, const struct veil *veil, uint32_t asset)
{
    for (uint32_t at = asset; at != FLEET_NONE; at = live_at(alerts->fleet, at)->parent) {
        struct fleet_subject subject = {.fleet = alerts->fleet, .asset = at};
        if (filter_match(veil->filter, &fleet_subject_ops, &subject))
            return true;
        if (!veil->with_children)
            return false;
    }
    return false;
}

static bool matches(const struct alerts *alerts, const struct veil *veil, const struct alert *alert)
{
    if (!veil->filter)
        return false;
    if (veil->downtime)
        return alert->asset != FLEET_NONE && fleet_exists(alerts->fleet, alert->asset) &&
               matches_asset(alerts, veil, alert->asset);
    struct alert_subject subject = {alerts, alert};
    return filter_match(veil->filter, &alert_subject_ops, &subject);
}

static bool in_force(const struct veil *veil, msec now)
{
    if (!veil->filter || now < veil->starts || (veil->ends != CLOCK_NEVER && now >= veil->ends &&
        !(veil->kind == DOWNTIME_FLEXIBLE && veil->tripped != CLOCK_NEVER)))
        return false;
    switch (veil->kind) {
    case DOWNTIME_FLEXIBLE:
        return veil->tripped != CLOCK_NEVER && now < veil->tripped + veil->duration;
    case DOWNTIME_RECURRING:
        return recurrence_covers(veil->schedule, veil->duration, now);
    default:
        return true;
    }
}

/* The first in force that covers it, counted with all others that do; NULL: none. */
static const struct veil *covered_by(const struct alerts *alerts, const struct alert *alert, bool downtime)
{
    const struct veil *first = NULL;
    for (size_t i = 0; i < alerts->silences->count; i++) {
        struct veil *veil = alerts->silences->rows[i];
        if (veil->downtime != downtime || !veil->active || !matches(alerts, veil, alert))
            continue;
        veil->matches++;
        first = first ? first : veil;
    }
    return first;
}

static void cover(struct alerts *alerts, struct alert *alert, bool downtime, const struct veil *veil, msec now)
{
    uint32_t number = veil ? desk_number(alerts, veil->id) : 0;
    bool named = alert->silence && desk_text(alerts, alert->silence)[0] == (downtime ? 'D' : 'S');
    if (veil || named)
        alert->silence = number;
    alert_suppression(alerts, alert, downtime ? SUPPRESSED_DOWNTIME : SUPPRESSED_SILENCED, veil != NULL, veil ? veil->id : NULL,
                      now);
}

/* Marks are taken off, too, unless it is too early for that. */
static void cover_all(struct alerts *alerts, bool downtime, bool uncover, msec now)
{
    for (size_t i = 0; i < alerts->silences->count; i++)
        if (alerts->silences->rows[i]->downtime == downtime)
            alerts->silences->rows[i]->matches = 0;
    for (uint32_t handle = 0; handle < alerts->count; handle++) {
        struct alert *alert = alert_at(alerts, handle);
        if (!(alert->flags & ALERT_LIVE) || !alert_is_open(alert))
            continue;
        const struct veil *veil = covered_by(alerts, alert, downtime);
        if (veil || uncover)
            cover(alerts, alert, downtime, veil, now);
    }
}

static void trip(struct alerts *alerts, struct veil *veil, msec now);

void silences_apply(struct alerts *alerts, struct alert *alert, msec now)
{
    bool found = false;
    if (alert->life.suppression & (SUPPRESSED_DOWNTIME | SUPPRESSED_SILENCED)) { /* of an earlier life */
        alert_suppress(&alert->life, alert->policy, SUPPRESSED_DOWNTIME, false, now);
        alert_suppress(&alert->life, alert->policy, SUPPRESSED_SILENCED, false, now);
        alert->silence = 0;
    }
    for (size_t i = 0; i < alerts->silences->count; i++) {
        struct veil *veil = alerts->silences->rows[i];
        bool waiting = veil->kind == DOWNTIME_FLEXIBLE && veil->tripped == CLOCK_NEVER && now >= veil->starts &&
                       (veil->ends == CLOCK_NEVER || now < veil->ends);
        if ((!veil->active && !waiting) || !matches(alerts, veil, alert))
            continue;
        if (waiting)
            trip(alerts, veil, now);
        veil->matches++;
        if (!found)
            alert->silence = desk_number(alerts, veil->id);
        found = true;
        alert_suppress(&alert->life, alert->policy, veil->downtime ? SUPPRESSED_DOWNTIME : SUPPRESSED_SILENCED, true, now);
    }
}

void silences_turn(struct alerts *alerts, msec now)
{
    struct silences *silences = alerts->silences;
    bool changed[2] = {silences->loaded, silences->loaded};
    silences->loaded = false;
    for (size_t i = 0; i < silences->count; i++) {
        struct veil *veil = silences->rows[i];
        bool active = in_force(veil, now);
        changed[veil->downtime] |= active != veil->active;
        veil->active = active;
    }
    for (int kind = 0; kind < 2; kind++)
        if (changed[kind])
            cover_all(alerts, kind == 1, true, now);
}

/* What is in force hides at once, also what it had no time to mark; what ended meanwhile is taken off at the first turn,
 * when those who are to be told of it listen. */
void silences_loaded(struct alerts *alerts, msec now)
{
    struct silences *silences = alerts->silences;
    for (size_t i = 0; i < silences->count; i++)
        silences->rows[i]->active = in_force(silences->rows[i], now);
    for (int kind = 0; silences->count && kind < 2; kind++)
        cover_all(alerts, kind == 1, false, now);
    silences->loaded = true;
}

/* ---- documents ---- */

static char *veil_body(const struct veil *veil)
{
    struct buffer out = BUFFER_INIT;
    struct json_writer writer;
    json_start(&writer, &out);
    json_write_object(&writer, NULL);
    json_write_text(&writer, "filter", veil->filter_text);
    json_write_text(&writer, "why", veil->why);
    json_write_text(&writer, "by", veil->by);
    json_write_integer(&writer, "starts", veil->starts);
    json_write_integer(&writer, "ends", veil->ends);
    json_write_integer(&writer, "created", veil->created);
    if (veil->downtime) {
        json_write_text(&writer, "kind", kind_names[veil->kind]);
        json_write_text(&writer, "schedule", veil->schedule);
        json_write_integer(&writer, "duration", veil->duration);
        json_write_bool(&writer, "with_children", veil->with_children);
        if (veil->tripped != CLOCK_NEVER)
            json_write_integer(&writer, "tripped", veil->tripped);
    }
    json_write_object_end(&writer);
    return buffer_take(&out);
}

static struct veil *veil_find(const struct alerts *alerts, const char *id)
{
    for (size_t i = 0; i < alerts->silences->count; i++)
        if (strcmp(alerts->silences->rows[i]->id, id) == 0)
            return alerts->silences->rows[i];
    return NULL;
}

static void veil_add(struct alerts *alerts, struct veil *veil)
{
    struct silences *silences = alerts->silences;
    uint32_t number = (uint32_t)strtoul(veil->id + 2, NULL, 10);
    uint32_t *last = veil->downtime ? &silences->last_downtime : &silences->last_silence;
    if (number > *last)
        *last = number;
    ARRAY_RESERVE(silences->rows, silences->capacity, silences->count + 1);
    silences->rows[silences->count++] = veil;
}

static void veil_remove(struct alerts *alerts, struct veil *veil)
{
    struct silences *silences = alerts->silences;
    size_t kept = 0;
    for (size_t i = 0; i < silences->count; i++)
        if (silences->rows[i] != veil)
            silences->rows[kept++] = silences->rows[i];
    silences->count = kept;
    bool downtime = veil->downtime;
    veil_free(veil);
    cover_all(alerts, downtime, true, desk_now(alerts));
}

void silences_record(struct alerts *alerts, const char *kind, const char *id, int64_t revision, const char *body)
{
    struct json_object *object = json_parse(body, strlen(body), 4, NULL);
    if (!object || strlen(id) < 3) {
        json_object_put(object);
        return;
    }
    struct veil *veil = memory_new(sizeof *veil);
    *veil = (struct veil){
        .downtime = strcmp(kind, "downtime") == 0, .id = memory_text(id), .revision = revision,
        .filter_text = memory_text(json_get_text(object, "filter", "")), .why = memory_text(json_get_text(object, "why", "")),
        .by = memory_text(json_get_text(object, "by", "")), .schedule = memory_text(json_get_text(object, "schedule", "")),
        .starts = json_get_integer(object, "starts", CLOCK_NEVER), .ends = json_get_integer(object, "ends", CLOCK_NEVER),
        .created = json_get_integer(object, "created", CLOCK_NEVER), .duration = json_get_integer(object, "duration", 0),
        .with_children = json_get_bool(object, "with_children", true),
        .tripped = json_get_integer(object, "tripped", CLOCK_NEVER)};
    downtime_kind_parse(json_get_text(object, "kind", "fixed"), &veil->kind);
    veil->filter = filter_parse(veil->filter_text, FILTER_STRICT, clock_wall(), NULL);
    json_object_put(object);
    veil_add(alerts, veil);
}

/* ---- people make and end them ---- */

struct save {
    struct desk_link *link;
    char id[24];
    bool remove, tripped;
    struct veil *veil;      /* to put in force once it is on the disk */
    alerts_saved *done;
    void *owner;
};

static void veil_saved(void *owner, const struct error *error)
{
    struct save *save = owner;
    struct alerts *alerts = save->link->alerts;
    if (!error && alerts) {
        struct veil *known = veil_find(alerts, save->id);
        if (save->remove && known)
            veil_remove(alerts, known);
        else if (save->tripped && known)
            known->revision++;
        if (save->veil) {
            veil_add(alerts, save->veil);
            save->veil = NULL;
            silences_turn(alerts, desk_now(alerts));
        }
        alerts->revision++;
    }
    if (save->done)
        save->done(save->owner, save->id, error);
    if (save->veil)
        veil_free(save->veil);
    desk_link_release(save->link);
    free(save);
}

static struct save *save_new(struct alerts *alerts, const char *id, alerts_saved *done, void *owner)
{
    struct save *save = memory_new(sizeof *save);
    *save = (struct save){.link = alerts->link, .done = done, .owner = owner};
    save->link->holders++;
    snprintf(save->id, sizeof save->id, "%s", id);
    return save;
}

/* A flexible downtime begins; a restart finds that it has. */
static void trip(struct alerts *alerts, struct veil *veil, msec now)
{
    veil->tripped = now;
    veil->active = true;
    char *body = veil_body(veil);
    struct store_action *action = store_action_new(alerts->store, "system", N_("downtime"), veil->id, "");
    struct save *save = save_new(alerts, veil->id, NULL, NULL);
    save->tripped = true;
    store_action_quiet(action);
    store_action_record(action, "downtime", veil->id, veil->revision, body);
    store_action_commit(action, veil_saved, save);
    free(body);
}

static void veil_save(struct alerts *alerts, struct veil *veil, alerts_saved *done, void *owner)
{
    struct silences *silences = alerts->silences;
    char id[24];
    snprintf(id, sizeof id, "%c-%04u", veil->downtime ? 'D' : 'S',
             veil->downtime ? ++silences->last_downtime : ++silences->last_silence);
    veil->id = memory_text(id);
    veil->revision = 1;
    veil->created = desk_now(alerts);
    veil->tripped = CLOCK_NEVER;
    char *body = veil_body(veil);
    const char *kind = veil->downtime ? N_("downtime") : N_("silence");
    struct store_action *action = store_action_new(alerts->store, veil->by, kind, id, body);
    store_action_record(action, kind, id, 0, body);
    struct save *save = save_new(alerts, id, done, owner);
    save->veil = veil;
    store_action_commit(action, veil_saved, save);
    free(body);
}

static void fail_now(const struct error *error, alerts_saved *done, void *owner)
{
    if (done)
        done(owner, "", error);
}

static bool times_good(msec starts, msec ends, msec now, bool open_end, struct error *error)
{
    if (ends == CLOCK_NEVER && !open_end)
        return error_set(error, ERROR_INVALID, "ends: when does it end?");
    if (ends != CLOCK_NEVER && ends <= now)
        return error_set(error, ERROR_INVALID, "ends: is in the past");
    return ends == CLOCK_NEVER || ends > starts || error_set(error, ERROR_INVALID, "ends: lies before it starts");
}

static char *clean_text(const char *text)
{
    struct buffer out = BUFFER_INIT;
    text_clean(&out, text ? text : "", text ? strlen(text) : 0);
    return out.data ? buffer_take(&out) : memory_text("");
}

static struct veil *veil_new(const char *filter, const char *why, const char *by, msec now, struct error *error)
{
    if (!why || !*why) {
        error_set(error, ERROR_INVALID, "why: a reason is needed");
        return NULL;
    }
    struct filter *parsed = filter_parse(filter, FILTER_STRICT, now, error);
    if (parsed && filter_is_empty(parsed)) {
        error_set(error, ERROR_INVALID, "filter: an empty one would hide everything");
        filter_free(&parsed);
    }
    if (!parsed)
        return NULL;
    struct veil *veil = memory_new(sizeof *veil);
    *veil = (struct veil){.filter = parsed, .filter_text = memory_text(filter), .why = clean_text(why), .by = memory_text(by),
                          .schedule = memory_text("")};
    return veil;
}

void alerts_silence(struct alerts *alerts, const struct alert_silence *silence, alerts_saved *done, void *owner)
{
    struct error error = {0};
    msec now = desk_now(alerts), starts = silence->starts == CLOCK_NEVER ? now : silence->starts;
    struct veil *veil = times_good(starts, silence->ends, now, false, &error)
                            ? veil_new(silence->filter, silence->why, silence->by, now, &error) : NULL;
    if (!veil) {
        fail_now(&error, done, owner);
        return;
    }
    veil->starts = starts;
    veil->ends = silence->ends;
    veil_save(alerts, veil, done, owner);
}

bool alerts_downtime_check(struct alerts *alerts, const struct alert_downtime *downtime, struct error *error)
{
    msec now = desk_now(alerts), starts = downtime->starts == CLOCK_NEVER ? now : downtime->starts;
    bool recurring = downtime->kind == DOWNTIME_RECURRING;
    if (!times_good(starts, downtime->ends, now, recurring, error))
        return false;
    if (downtime->kind != DOWNTIME_FIXED && downtime->duration <= 0)
        return error_set(error, ERROR_INVALID, "duration_ms: how long does it last?");
    return !recurring || recurrence_check(text_or_empty(downtime->schedule), error);
}

void alerts_downtime(struct alerts *alerts, const struct alert_downtime *downtime, alerts_saved *done, void *owner)
{
    struct error error = {0};
    msec now = desk_now(alerts), starts = downtime->starts == CLOCK_NEVER ? now : downtime->starts;
    bool good = alerts_downtime_check(alerts, downtime, &error);
    struct veil *veil = good ? veil_new(downtime->filter, downtime->why, downtime->by, now, &error) : NULL;
    if (!veil) {
        fail_now(&error, done, owner);
        return;
    }
    veil->downtime = true;
    veil->kind = downtime->kind;
    veil->starts = starts;
    veil->ends = downtime->ends;
    veil->duration = downtime->duration;
    veil->with_children = downtime->with_children;
    free(veil->schedule);
    veil->schedule = memory_text(text_or_empty(downtime->schedule));
    veil_save(alerts, veil, done, owner);
}

static void veil_end(struct alerts *alerts, const char *id, bool downtime, int64_t revision, const char *actor,
                     alerts_saved *done, void *owner)
{
    struct error error = {0};
    const struct veil *veil = veil_find(alerts, id);
    const char *kind = downtime ? "downtime" : "silence";
    if (!veil || veil->downtime != downtime) {
        error_set(&error, ERROR_NOT_FOUND, "no %s `%.24s`", kind, id);
        fail_now(&error, done, owner);
        return;
    }
    struct store_action *action = store_action_new(alerts->store, actor, downtime ? N_("downtime end") : N_("silence end"), id, "");
    store_action_record(action, kind, id, revision, NULL);
    struct save *save = save_new(alerts, id, done, owner);
    save->remove = true;
    store_action_commit(action, veil_saved, save);
}

void alerts_unsilence(struct alerts *alerts, const char *id, int64_t revision, const char *actor, alerts_saved *done, void *owner)
{
    veil_end(alerts, id, false, revision, actor, done, owner);
}

void alerts_undowntime(struct alerts *alerts, const char *id, int64_t revision, const char *actor, alerts_saved *done, void *owner)
{
    veil_end(alerts, id, true, revision, actor, done, owner);
}

/* ---- reading ---- */

static const struct veil *veil_at(const struct alerts *alerts, bool downtime, unsigned index)
{
    for (size_t i = 0; i < alerts->silences->count; i++)
        if (alerts->silences->rows[i]->downtime == downtime && index-- == 0)
            return alerts->silences->rows[i];
    return NULL;
}

bool alerts_silence_at(const struct alerts *alerts, unsigned index, struct alert_silence *out)
{
    const struct veil *veil = veil_at(alerts, false, index);
    if (veil)
        *out = (struct alert_silence){
            .id = veil->id, .filter = veil->filter_text, .why = veil->why, .by = veil->by, .starts = veil->starts,
            .ends = veil->ends, .created = veil->created, .active = veil->active, .matches = veil->matches,
            .revision = veil->revision};
    return veil != NULL;
}

bool alerts_downtime_at(const struct alerts *alerts, unsigned index, struct alert_downtime *out)
{
    const struct veil *veil = veil_at(alerts, true, index);
    if (veil)
        *out = (struct alert_downtime){
            .id = veil->id, .filter = veil->filter_text, .why = veil->why, .by = veil->by, .schedule = veil->schedule,
            .kind = veil->kind, .starts = veil->starts, .ends = veil->ends, .duration = veil->duration,
            .with_children = veil->with_children, .active = veil->active, .matches = veil->matches, .revision = veil->revision};
    return veil != NULL;
}

/* ---- begin and end ---- */

static void free_handle(uv_handle_t *handle)
{
    free(handle);
}

static void tick(uv_timer_t *timer)
{
    struct alerts *alerts = timer->data;
    if (alerts->silences->count || alerts->silences->loaded)
        silences_turn(alerts, desk_now(alerts));
}

/* Once a second: people wait for the end of a silence, and there are few. */
void silences_init(struct alerts *alerts)
{
    alerts->silences = memory_new(sizeof *alerts->silences);
    alerts->silences->timer = memory_new(sizeof(uv_timer_t));
    uv_timer_init(alerts->loop, alerts->silences->timer);
    alerts->silences->timer->data = alerts;
    uv_timer_start(alerts->silences->timer, tick, SPAN_SECOND, SPAN_SECOND);
}

void silences_free(struct alerts *alerts)
{
    for (size_t i = 0; i < alerts->silences->count; i++)
        veil_free(alerts->silences->rows[i]);
    free(alerts->silences->rows);
    uv_close((uv_handle_t *)alerts->silences->timer, free_handle);
    free(alerts->silences);
}
