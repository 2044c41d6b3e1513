/* Who was told, and trying whether they could be. */
#include <stdlib.h>
#include <string.h>

#include "api/handlers.h"
#include "api/private.h"
#include "base/memory.h"
#include "engine/capsule.h"
#include "engine/notify.h"

#define LIMIT_DEFAULT 200
#define LIMIT_MOST 2000

static bool has_notify(struct request *request)
{
    if (request->api->notify)
        return true;
    request_refuse(request, 503, ERROR_UNAVAILABLE, "this daemon tells nobody");
    return false;
}

/* Those about one alert, of which a part is written. */
struct told {
    struct json_writer *writer;  /* NULL: they are counted */
    const char *alert;           /* NULL: all */
    uint32_t offset, limit, count;
};

static void take_row(void *owner, const struct wire_notification *row)
{
    struct told *told = owner;
    if (told->alert && strcmp(row->alert, told->alert) != 0)
        return;
    if (told->writer && told->count >= told->offset && told->count - told->offset < told->limit)
        wire_write_notification(told->writer, row);
    told->count++;
}

static void each_row(struct request *request, struct told *told)
{
    const struct capsule *capsule = request->api->capsule;
    unsigned total;
    told->count = 0;
    if (!capsule)
        notify_list(request->api->notify, 0, UINT32_MAX, &total, take_row, told);
    for (size_t i = 0; capsule && i < capsule->notifications_count; i++)
        take_row(told, &capsule->notifications[i]);
}

void get_notifications(struct request *request)
{
    struct wire_page page = {0};
    struct json_writer writer;
    struct error error;
    struct told told = {.alert = target_get(&request->target, "alert"), .limit = LIMIT_DEFAULT};
    if (!request->api->capsule && !has_notify(request))
        return;
    if (!target_count(&request->target, "offset", UINT32_MAX, &told.offset, &error) ||
        !target_count(&request->target, "limit", LIMIT_MOST, &told.limit, &error)) {
        request_fail(request, &error);
        return;
    }
    each_row(request, &told);
    page.total = page.population = told.count;
    page.offset = told.offset;
    request_page(request, &page);
    json_start(&writer, &request->answer);
    wire_list_begin(&writer, &page);
    told.writer = &writer;
    each_row(request, &told);
    wire_list_end(&writer);
    request_finish_json(request);
}

/* ---- a test ---- */

struct test {
    char *channel, *to;
};

static void test_release(void *state)
{
    struct test *test = state;
    free(test->channel);
    free(test->to);
    free(test);
}

static void tested(void *owner, const struct wire_notification *row, const struct error *error)
{
    struct request *request = request_answered(owner, error);
    struct json_writer writer;
    if (!request)
        return;
    json_start(&writer, &request->answer);
    wire_write_notification(&writer, row);
    request_finish_json(request);
}

static void noted(void *owner, const struct error *error)
{
    struct request *request = request_answered(owner, error);
    if (!request)
        return;
    const struct test *test = request->state;
    notify_test(request->api->notify, test->channel, test->to, tested, request);
}

void post_notification_test(struct request *request)
{
    struct json_object *body = has_notify(request) ? request_json(request) : NULL;
    if (!body)
        return;
    const char *channel = json_get_text(body, "channel", "");
    if (!channel[0]) {
        request_refuse(request, 400, ERROR_INVALID, "channel: expected the name of one");
    } else {
        struct test *test = request->state = memory_new(sizeof *test);
        request->release_state = test_release;
        test->channel = memory_text(channel);
        test->to = memory_text(json_get_text(body, "to", ""));
        store_action_commit(store_action_new(request->api->store, request->who.name, "notify test", channel, ""), noted, request);
    }
    json_object_put(body);
}
