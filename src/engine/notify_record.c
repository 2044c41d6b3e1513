/* Cases and deliveries in the store: documents of kind "notify-case" and "notification", written together as they
 * change, so that a message and the memory of having sent it never part. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/memory.h"
#include "engine/notify_private.h"

#define RETRY (5 * SPAN_SECOND) /* after the store refused */

static const char *const whats[] = {N_("raise"), N_("remind"), N_("resolve"), N_("storm"), N_("test")};

struct commit {
    struct commit *next;
    struct notify *notify; /* NULL: it has ended */
    char (*ids)[NOTIFY_ID];
    unsigned count;
};

/* ---- writing ---- */

static void write_delivery(struct store_action *action, struct delivery *delivery)
{
    struct buffer body = BUFFER_INIT;
    struct json_writer writer;
    json_start(&writer, &body);
    json_write_object(&writer, NULL);
    json_write_integer(&writer, "time", delivery->time);
    json_write_text(&writer, "what", delivery->what);
    json_write_text(&writer, "channel", delivery->channel);
    json_write_text(&writer, "to", delivery->to);
    json_write_text(&writer, "alert", delivery->alert);
    json_write_text(&writer, "state", delivery_state_name(delivery->state));
    json_write_integer(&writer, "attempts", delivery->attempts);
    json_write_text(&writer, "detail", delivery->detail);
    json_write_text(&writer, "after", delivery->after);
    json_write_text(&writer, "title", delivery->title);
    if (delivery->state == DELIVERY_WAITING) { /* what is done needs no text any more */
        json_write_text(&writer, "text", delivery->text);
        json_write_text(&writer, "json", delivery->json);
    }
    json_write_object_end(&writer);
    store_action_record(action, "notification", delivery->id, -1, buffer_text(&body));
    buffer_release(&body);
    delivery->dirty = false;
    delivery->in_store = true;
}

static void write_case(struct store_action *action, struct notify_case *one)
{
    struct buffer body = BUFFER_INIT;
    struct json_writer writer;
    json_start(&writer, &body);
    json_write_object(&writer, NULL);
    json_write_text(&writer, "alert", one->alert);
    json_write_text(&writer, "chain", one->chain);
    json_write_text(&writer, "name", one->name);
    json_write_integer(&writer, "step", one->step);
    json_write_integer(&writer, "round", one->round);
    json_write_integer(&writer, "base", one->base);
    json_write_bool(&writer, "waiting", one->waiting);
    json_write_bool(&writer, "stopped", one->stopped);
    json_write_array(&writer, "targets");
    for (unsigned i = 0; i < one->target_count; i++) {
        const struct case_target *target = &one->targets[i];
        json_write_object(&writer, NULL);
        json_write_text(&writer, "channel", target->channel);
        json_write_text(&writer, "to", target->to);
        json_write_bool(&writer, "owed", target->state == TARGET_OWED);
        json_write_bool(&writer, "told", target->told);
        json_write_text(&writer, "delivery", target->delivery);
        json_write_object_end(&writer);
    }
    json_write_array_end(&writer);
    json_write_object_end(&writer);
    char *id = memory_printf("%s/%s", one->alert, one->chain);
    store_action_record(action, "notify-case", id, -1, buffer_text(&body));
    free(id);
    buffer_release(&body);
    one->dirty = false;
    one->in_store = true;
}

static void commit_unlink(struct commit *commit)
{
    struct commit **link = &commit->notify->commits;
    while (*link != commit)
        link = &(*link)->next;
    *link = commit->next;
}

static void cases_touch(struct notify *notify)
{
    for (unsigned i = 0; i < CASE_BUCKETS; i++)
        for (struct notify_case *one = notify->cases[i]; one; one = one->next)
            one->dirty = true;
}

/* Being told matters more than having it on record: what the store refuses is sent all the same, and written later. */
static void committed(void *owner, const struct error *error)
{
    struct commit *commit = owner;
    struct notify *notify = commit->notify;
    if (notify) {
        commit_unlink(commit);
        if (error && notify->store_retry == CLOCK_NEVER) {
            notify->store_retry = clock_steady() + RETRY;
            log_warning("notify: the store refuses: %s", error->text);
        }
        if (error)
            cases_touch(notify);
        for (unsigned i = 0; i < commit->count; i++) {
            struct delivery *delivery = delivery_find(notify, commit->ids[i]);
            if (!delivery)
                continue;
            delivery->durable = true;
            delivery->dirty = delivery->dirty || error;
        }
        notify_wake(notify);
    }
    free(commit->ids);
    free(commit);
}

static void write_deliveries(struct notify *notify, struct store_action *action, struct commit *commit)
{
    size_t capacity = 0;
    for (struct delivery *delivery = notify->newest; delivery; delivery = delivery->older) {
        if (!delivery->dirty)
            continue;
        ARRAY_RESERVE(commit->ids, capacity, commit->count + 1);
        memcpy(commit->ids[commit->count++], delivery->id, NOTIFY_ID);
        write_delivery(action, delivery);
    }
}

static void write_cases(struct notify *notify, struct store_action *action)
{
    for (unsigned i = 0; i < CASE_BUCKETS; i++)
        for (struct notify_case *one = notify->cases[i]; one; one = one->next)
            if (one->dirty) {
                if (notify->desk.put)
                    notify->desk.put(notify->desk.owner, one->alert, action);
                write_case(action, one);
            }
}

static void write_removals(struct store_action *action, const char *kind, char **ids, unsigned *count)
{
    for (; *count > 0; free(ids[*count]))
        store_action_record(action, kind, ids[--*count], -1, NULL);
}

static bool anything_changed(const struct notify *notify)
{
    bool changed = notify->gone_count || notify->forgotten_count;
    for (const struct delivery *delivery = notify->newest; delivery && !changed; delivery = delivery->older)
        changed = delivery->dirty;
    for (unsigned i = 0; i < CASE_BUCKETS && !changed; i++)
        for (const struct notify_case *one = notify->cases[i]; one && !changed; one = one->next)
            changed = one->dirty;
    return changed;
}

void notify_records_save(struct notify *notify)
{
    msec now = clock_steady();
    if (notify->store_retry != CLOCK_NEVER && now < notify->store_retry)
        return;
    notify->store_retry = CLOCK_NEVER;
    if (!anything_changed(notify))
        return;
    struct store_action *action = store_action_new(notify->store, "system", "notify", "", "");
    store_action_quiet(action);
    struct commit *commit = memory_new(sizeof *commit);
    write_removals(action, "notify-case", notify->gone_cases, &notify->gone_count);
    write_removals(action, "notification", notify->forgotten, &notify->forgotten_count);
    write_cases(notify, action);
    write_deliveries(notify, action, commit);
    commit->notify = notify;
    commit->next = notify->commits;
    notify->commits = commit;
    store_action_commit(action, committed, commit);
}

void notify_records_detach(struct notify *notify)
{
    for (struct commit *commit = notify->commits; commit; commit = commit->next)
        commit->notify = NULL;
    notify->commits = NULL;
}

/* ---- reading ---- */

static const char *what_of(const char *text)
{
    for (size_t i = 0; i < ARRAY_COUNT(whats); i++)
        if (strcmp(whats[i], text) == 0)
            return whats[i];
    return whats[0];
}

static void read_case(struct notify *notify, struct json_object *body)
{
    struct json_object *targets = json_get(body, "targets");
    struct notify_case *one = case_add(notify, json_get_text(body, "alert", ""), json_get_text(body, "chain", ""),
                                       json_get_text(body, "name", ""));
    one->step = (unsigned)json_get_integer(body, "step", 0);
    one->round = (unsigned)json_get_integer(body, "round", 0);
    one->base = json_get_integer(body, "base", 0);
    one->waiting = json_get_bool(body, "waiting", false);
    one->stopped = json_get_bool(body, "stopped", false);
    one->in_store = true;
    for (size_t i = 0; targets && json_object_is_type(targets, json_type_array) && i < json_object_array_length(targets); i++) {
        struct json_object *row = json_object_array_get_idx(targets, i);
        struct case_target *target = case_target_add(one, json_get_text(row, "channel", ""), json_get_text(row, "to", ""));
        target->state = json_get_bool(row, "owed", false) ? TARGET_OWED : TARGET_TOLD;
        target->told = json_get_bool(row, "told", false);
        snprintf(target->delivery, sizeof target->delivery, "%s", json_get_text(row, "delivery", ""));
    }
}

struct loading {
    struct notify *notify;
    struct delivery **rows;
    size_t count, capacity;
};

static struct delivery *read_delivery(const char *id, struct json_object *body)
{
    struct delivery *delivery = memory_new(sizeof *delivery);
    const char *state = json_get_text(body, "state", "failed");
    snprintf(delivery->id, sizeof delivery->id, "%s", id);
    snprintf(delivery->after, sizeof delivery->after, "%s", json_get_text(body, "after", ""));
    snprintf(delivery->detail, sizeof delivery->detail, "%s", json_get_text(body, "detail", ""));
    delivery->time = json_get_integer(body, "time", 0);
    delivery->what = what_of(json_get_text(body, "what", ""));
    delivery->channel = memory_text(json_get_text(body, "channel", ""));
    delivery->to = memory_text(json_get_text(body, "to", ""));
    delivery->alert = memory_text(json_get_text(body, "alert", ""));
    delivery->title = memory_text(json_get_text(body, "title", ""));
    delivery->text = memory_text(json_get_text(body, "text", ""));
    delivery->json = memory_text(json_get_text(body, "json", "{}"));
    delivery->attempts = (unsigned)json_get_integer(body, "attempts", 0);
    delivery->state = strcmp(state, "waiting") == 0 ? DELIVERY_WAITING : strcmp(state, "sent") == 0 ? DELIVERY_SENT : DELIVERY_FAILED;
    delivery->due = clock_steady();
    delivery->first = CLOCK_NEVER;
    delivery->durable = delivery->in_store = true;
    return delivery;
}

static void loaded(void *owner, const char *kind, const char *id, int64_t revision, const char *text)
{
    struct loading *loading = owner;
    bool is_case = strcmp(kind, "notify-case") == 0;
    (void)revision;
    if (!is_case && strcmp(kind, "notification") != 0)
        return;
    struct json_object *body = json_parse(text, strlen(text), 0, NULL);
    if (body && is_case) {
        read_case(loading->notify, body);
    } else if (body) {
        ARRAY_RESERVE(loading->rows, loading->capacity, loading->count + 1);
        loading->rows[loading->count++] = read_delivery(id, body);
    } else {
        log_warning("notify: %s %s in the store cannot be read", kind, id);
    }
    json_object_put(body);
}

static int compare_ids(const void *left, const void *right)
{
    return strcmp((*(struct delivery *const *)left)->id, (*(struct delivery *const *)right)->id);
}

bool notify_records_load(struct notify *notify, struct error *error)
{
    struct loading loading = {.notify = notify};
    struct store_load_ops ops = {.record = loaded};
    if (!store_load(notify->store, &ops, &loading, error))
        return false;
    if (loading.count)
        qsort(loading.rows, loading.count, sizeof *loading.rows, compare_ids);
    for (size_t i = 0; i < loading.count; i++) {
        delivery_queue(notify, loading.rows[i]);
        if (sscanf(loading.rows[i]->id, "N-%8d-%u", &notify->day, &notify->number) != 2)
            notify->day = 0;
    }
    free(loading.rows);
    return true;
}
