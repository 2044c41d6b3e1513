/* What people made, and alerts, in the memory engine. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "store/memory_internal.h"

static void record_release(struct record *record)
{
    free(record->kind);
    free(record->id);
    free(record->body);
}

static void remembered_release(struct remembered *row)
{
    free(row->actor);
    free(row->key);
    free(row->verb);
    free(row->target);
}

void memory_records_release(struct store_engine *engine)
{
    for (size_t i = 0; i < engine->asset_count; i++)
        free(engine->assets[i].text);
    for (size_t i = 0; i < engine->record_count; i++)
        record_release(&engine->records[i]);
    for (size_t i = 0; i < engine->remembered_count; i++)
        remembered_release(&engine->remembered[i]);
    for (size_t i = 0; i < engine->audit_count; i++) {
        free((char *)engine->audits[i].actor);
        free((char *)engine->audits[i].verb);
        free((char *)engine->audits[i].target);
        free((char *)engine->audits[i].detail);
        free((char *)engine->audits[i].hash);
    }
    for (size_t i = 0; i < engine->alert_count; i++)
        free(engine->alerts[i].text);
    for (size_t i = 0; i < engine->event_count; i++)
        free(engine->events[i].text);
    for (size_t i = 0; i < engine->node_count; i++)
        free(engine->nodes[i].text);
    free(engine->alerts);
    free(engine->events);
    free(engine->nodes);
    free(engine->assets);
    free(engine->records);
    free(engine->audits);
    free(engine->remembered);
    memory_map_release(&engine->asset_map);
}

void memory_records_load(struct store_engine *engine, const struct store_load_ops *ops, void *owner)
{
    for (size_t i = 0; ops->asset && i < engine->asset_count; i++) {
        if (!engine->assets[i].removed)
            ops->asset(owner, engine->assets[i].key, &engine->assets[i].asset);
    }
    for (size_t i = 0; ops->record && i < engine->record_count; i++) {
        const struct record *record = &engine->records[i];
        ops->record(owner, record->kind, record->id, record->revision, record->body);
    }
    for (size_t i = 0; ops->alert && i < engine->alert_count; i++) {
        const struct store_alert *alert = &engine->alerts[i].row;
        if (alert->closed_at == CLOCK_NEVER || alert->closed_at >= ops->alerts_since)
            ops->alert(owner, alert);
    }
}

/* ---- actions ---- */

static struct record *record_find(struct store_engine *engine, const char *kind, const char *id)
{
    for (size_t i = 0; i < engine->record_count; i++) {
        if (strcmp(engine->records[i].id, id) == 0 && strcmp(engine->records[i].kind, kind) == 0)
            return &engine->records[i];
    }
    return NULL;
}

static bool records_expected(struct store_engine *engine, struct store_action *action)
{
    for (size_t i = 0; i < action->record_count; i++) {
        const struct store_record_write *write = &action->records[i];
        const struct record *record = record_find(engine, write->kind, write->id);
        int64_t revision = record ? record->revision : 0;
        if (write->expected >= 0 && write->expected != revision)
            return error_set(&action->error, ERROR_CONFLICT, "%s %s has revision %lld, not %lld", write->kind, write->id,
                             (long long)revision, (long long)write->expected);
    }
    return true;
}

static void record_write(struct store_engine *engine, const struct store_record_write *write)
{
    struct record *record = record_find(engine, write->kind, write->id);
    if (!write->body) {
        if (record) {
            record_release(record);
            *record = engine->records[--engine->record_count];
        }
        return;
    }
    if (!record) {
        ARRAY_RESERVE(engine->records, engine->record_capacity, engine->record_count + 1);
        record = &engine->records[engine->record_count++];
        *record = (struct record){.kind = memory_text(write->kind), .id = memory_text(write->id)};
    }
    free(record->body);
    record->body = memory_text(write->body);
    record->revision++;
}

static void asset_write(struct store_engine *engine, struct store_asset_write *write)
{
    uint32_t place = memory_map_find(&engine->asset_map, write->key);
    if (place == UINT32_MAX) {
        place = (uint32_t)engine->asset_count++;
        ARRAY_RESERVE(engine->assets, engine->asset_capacity, engine->asset_count);
        engine->assets[place] = (struct asset_row){.key = write->key};
        memory_map_add(&engine->asset_map, write->key, place);
    }
    struct asset_row *row = &engine->assets[place];
    free(row->text);
    row->text = write->text; /* the action's copy changes hands */
    write->text = NULL;
    row->asset = write->asset;
    row->removed = write->removed;
}

static void audit_write(struct store_engine *engine, const struct store_action *action)
{
    char hex[AUDIT_HASH_HEX];
    struct store_audit row = {
        .sequence = (int64_t)engine->audit_count + 1, .time = action->time, .actor = memory_text(action->actor),
        .verb = memory_text(action->verb), .target = memory_text(action->target), .detail = memory_text(action->detail)};
    audit_hash(engine->audit_hash, engine->audit_hash, &row);
    audit_hash_hex(hex, engine->audit_hash);
    row.hash = memory_text(hex);
    ARRAY_RESERVE(engine->audits, engine->audit_capacity, engine->audit_count + 1);
    engine->audits[engine->audit_count++] = row;
}

/* ---- alerts ---- */

static size_t alert_place(const struct store_engine *engine, int64_t number)
{
    size_t low = 0, high = engine->alert_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (engine->alerts[middle].row.number < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void alert_write(struct store_engine *engine, struct store_alert_write *write)
{
    size_t at = alert_place(engine, write->row.number);
    bool known = at < engine->alert_count && engine->alerts[at].row.number == write->row.number;
    if (known)
        free(engine->alerts[at].text);
    if (write->removed) {
        if (known)
            memmove(engine->alerts + at, engine->alerts + at + 1, (--engine->alert_count - at) * sizeof *engine->alerts);
        return;
    }
    if (!known) {
        ARRAY_RESERVE(engine->alerts, engine->alert_capacity, engine->alert_count + 1);
        memmove(engine->alerts + at + 1, engine->alerts + at, (engine->alert_count++ - at) * sizeof *engine->alerts);
    }
    engine->alerts[at] = *write; /* the action's copy changes hands */
    write->text = NULL;
}

static void event_write(struct store_engine *engine, struct store_event_write *write)
{
    ARRAY_RESERVE(engine->events, engine->event_capacity, engine->event_count + 1);
    size_t at = engine->event_count++; /* by time, in order of arrival within an instant */
    for (; at > 0 && engine->events[at - 1].event.time > write->event.time; at--)
        engine->events[at] = engine->events[at - 1];
    engine->events[at] = *write;
    write->text = NULL;
}

static void node_write(struct store_engine *engine, struct store_node_write *write)
{
    ARRAY_RESERVE(engine->nodes, engine->node_capacity, engine->node_count + 1);
    size_t at = engine->node_count++;
    for (; at > 0 && engine->nodes[at - 1].node.from > write->node.from; at--)
        engine->nodes[at] = engine->nodes[at - 1];
    engine->nodes[at] = *write;
    write->text = NULL;
}

/* The rows are few and in no order but time's: each that no later one follows. */
bool memory_nodes_at(struct store_reader *reader, msec at, store_node_visit *visit, void *owner, struct error *error)
{
    struct store_engine *engine = reader->engine;
    (void)error;
    uv_mutex_lock(&engine->lock);
    size_t count = 0;
    while (count < engine->node_count && engine->nodes[count].node.from <= at)
        count++;
    for (size_t i = 0; i < count; i++) {
        bool last = true;
        for (size_t later = i + 1; later < count && last; later++)
            last = strcmp(engine->nodes[later].node.id, engine->nodes[i].node.id) != 0;
        if (last && !visit(owner, &engine->nodes[i].node))
            break;
    }
    uv_mutex_unlock(&engine->lock);
    return true;
}

bool memory_nodes_between(struct store_reader *reader, msec from, msec to, store_node_visit *visit, void *owner,
                          struct error *error)
{
    struct store_engine *engine = reader->engine;
    (void)error;
    uv_mutex_lock(&engine->lock);
    for (size_t i = 0; i < engine->node_count; i++) {
        const struct store_node *node = &engine->nodes[i].node;
        if (node->from >= from && node->from <= to && !visit(owner, node))
            break;
    }
    uv_mutex_unlock(&engine->lock);
    return true;
}

bool memory_alert_events(struct store_reader *reader, int64_t number, store_event_visit *visit, void *owner,
                                struct error *error)
{
    struct store_engine *engine = reader->engine;
    (void)error;
    uv_mutex_lock(&engine->lock);
    for (size_t i = 0; i < engine->event_count; i++)
        if (engine->events[i].event.alert == number && !visit(owner, &engine->events[i].event))
            break;
    uv_mutex_unlock(&engine->lock);
    return true;
}

bool memory_alert_row(struct store_reader *reader, int64_t number, store_alert_visit *visit, void *owner, struct error *error)
{
    struct store_engine *engine = reader->engine;
    (void)error;
    uv_mutex_lock(&engine->lock);
    for (size_t i = 0; i < engine->alert_count; i++)
        if (engine->alerts[i].row.number == number) {
            visit(owner, &engine->alerts[i].row, NULL);
            break;
        }
    uv_mutex_unlock(&engine->lock);
    return true;
}

bool memory_alerts_like(struct store_reader *reader, int64_t fingerprint, msec since, unsigned limit,
                               store_alert_visit *visit, void *owner, struct error *error)
{
    struct store_engine *engine = reader->engine;
    (void)error;
    uv_mutex_lock(&engine->lock);
    for (size_t i = engine->alert_count; limit > 0 && i-- > 0;) {
        const struct store_alert *alert = &engine->alerts[i].row;
        if (alert->fingerprint != fingerprint || alert->raised_at < since)
            continue;
        limit--;
        if (!visit(owner, alert, NULL))
            break;
    }
    uv_mutex_unlock(&engine->lock);
    return true;
}

bool memory_alerts_raised(struct store_reader *reader, msec from, msec to, int64_t after, unsigned limit, store_alert_visit *visit,
                          void *owner, struct error *error)
{
    struct store_engine *engine = reader->engine;
    (void)error;
    uv_mutex_lock(&engine->lock);
    for (size_t i = 0; i < engine->alert_count && limit > 0; i++) { /* by number */
        const struct store_alert *alert = &engine->alerts[i].row;
        if (alert->number <= after || alert->raised_at < from || alert->raised_at >= to)
            continue;
        limit--;
        if (!visit(owner, alert, NULL))
            break;
    }
    uv_mutex_unlock(&engine->lock);
    return true;
}

static bool open_at(const struct store_alert *alert, msec at)
{
    return (alert->closed_at == CLOCK_NEVER || alert->closed_at > at) && alert->pending_since <= at;
}

/* Of one alert, oldest first; it had an event by then, so it was there. */
static bool visit_people(const struct store_engine *engine, int64_t number, msec at, store_event_visit *person, void *owner)
{
    for (size_t k = 0; k < engine->event_count && engine->events[k].event.time <= at; k++) {
        const struct store_alert_event *event = &engine->events[k].event;
        if (event->alert == number && strchr(event->actor, ':') && !person(owner, event))
            return false;
    }
    return true;
}

bool memory_alerts_at(struct store_reader *reader, msec at, store_alert_visit *visit, store_event_visit *person, void *owner,
                      struct error *error)
{
    struct store_engine *engine = reader->engine;
    (void)error;
    uv_mutex_lock(&engine->lock);
    for (size_t i = 0; i < engine->alert_count; i++) {
        const struct store_alert *alert = &engine->alerts[i].row;
        const struct store_alert_event *last = NULL;
        if (!open_at(alert, at))
            continue;
        for (size_t k = 0; k < engine->event_count && engine->events[k].event.time <= at; k++)
            if (engine->events[k].event.alert == alert->number)
                last = &engine->events[k].event;
        if (last && !visit(owner, alert, last))
            break;
    }
    for (size_t i = 0; i < engine->alert_count; i++)
        if (open_at(&engine->alerts[i].row, at) && !visit_people(engine, engine->alerts[i].row.number, at, person, owner))
            break;
    uv_mutex_unlock(&engine->lock);
    return true;
}

/* True when the action was done before, or may not be done: its verdict stands then. */
static bool settled_before(struct store_engine *engine, struct store_action *action)
{
    if (!action->idempotency[0])
        return false;
    for (size_t i = engine->remembered_count; i-- > 0;) {
        const struct remembered *row = &engine->remembered[i];
        if (action->time - row->time >= SPAN_DAY || strcmp(row->key, action->idempotency) != 0 ||
            strcmp(row->actor, action->actor) != 0)
            continue;
        if (strcmp(row->verb, action->verb) != 0 || strcmp(row->target, action->target) != 0)
            error_set(&action->error, ERROR_CONFLICT, "the idempotency key %s was used for `%s %s`",
                      action->idempotency, row->verb, row->target);
        return true;
    }
    return false;
}

static void remember(struct store_engine *engine, const struct store_action *action)
{
    if (!action->idempotency[0])
        return;
    ARRAY_RESERVE(engine->remembered, engine->remembered_capacity, engine->remembered_count + 1);
    engine->remembered[engine->remembered_count++] = (struct remembered){
        memory_text(action->actor), memory_text(action->idempotency), memory_text(action->verb),
        memory_text(action->target), action->time};
}

bool memory_act(struct store_engine *engine, struct store_action *actions, struct error *error)
{
    (void)error;
    uv_mutex_lock(&engine->lock);
    for (struct store_action *action = actions; action; action = action->next) {
        if (settled_before(engine, action) || !records_expected(engine, action))
            continue;
        for (size_t i = 0; i < action->asset_count; i++)
            asset_write(engine, &action->assets[i]);
        for (size_t i = 0; i < action->record_count; i++)
            record_write(engine, &action->records[i]);
        for (size_t i = 0; i < action->alert_count; i++)
            alert_write(engine, &action->alerts[i]);
        for (size_t i = 0; i < action->event_count; i++)
            event_write(engine, &action->events[i]);
        for (size_t i = 0; i < action->node_count; i++)
            node_write(engine, &action->nodes[i]);
        if (!action->quiet)
            audit_write(engine, action);
        remember(engine, action);
    }
    uv_mutex_unlock(&engine->lock);
    return true;
}

bool memory_audit(struct store_reader *reader, int64_t before, unsigned limit, store_audit_visit *visit,
                         void *owner, struct error *error)
{
    struct store_engine *engine = reader->engine;
    (void)error;
    uv_mutex_lock(&engine->lock);
    int64_t newest = (int64_t)engine->audit_count;
    if (before > 0 && before - 1 < newest)
        newest = before - 1;
    for (unsigned given = 0; newest > 0 && (limit == 0 || given < limit); given++, newest--) {
        if (!visit(owner, &engine->audits[newest - 1]))
            break;
    }
    uv_mutex_unlock(&engine->lock);
    return true;
}

bool memory_audit_chain(struct store_reader *reader, store_audit_visit *visit, void *owner,
                               struct store_audit_end *end, struct error *error)
{
    struct store_engine *engine = reader->engine;
    (void)error;
    uv_mutex_lock(&engine->lock);
    for (size_t i = 0; i < engine->audit_count && visit(owner, &engine->audits[i]); i++)
        ;
    end->sequence = (int64_t)engine->audit_count;
    memcpy(end->hash, engine->audit_hash, sizeof end->hash);
    uv_mutex_unlock(&engine->lock);
    return true;
}
