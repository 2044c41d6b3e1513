/* Counts on line 1 and the bell. The bell rings for an alert that people are told of, in a pattern by severity, then
 * again after a minute, two, four ... while anything is unhandled; acknowledging ends it. */
#include "app/desk.h"

#include <stdlib.h>
#include <string.h>

#include "app/internal.h"
#include "base/json.h"
#include "base/memory.h"

#define COUNT_LEAST ((msec)1000)
#define STROKE ((msec)250)         /* between the strokes of a pattern */
#define BELL_LEAST ((msec)3000)    /* a storm rings once */
#define AGAIN_FIRST (60 * (msec)1000)
#define AGAIN_MOST (15 * AGAIN_FIRST)

struct desk {
    struct app *app;
    struct client_request *request;
    struct wire_alert_hidden counts;
    bool have, old;
    msec asked;                    /* steady */
    uv_timer_t *timer, *bell_timer;

    bool bell;
    unsigned strokes, pattern;     /* left of the pattern; its length */
    msec rung, again;              /* steady, of the last; the wait before the next */
    struct frozen *frozen;
    struct undo *undo;
};

static void count(struct desk *desk);

static void count_due(uv_timer_t *timer)
{
    count(timer->data);
}

static void counted(void *owner, const struct client_answer *answer)
{
    struct desk *desk = owner;
    struct arena *arena = arena_new();
    struct wire_page page;
    struct wire_alert_hidden counts;
    struct wire_alert *rows = NULL;
    unsigned number = 0;
    desk->request = NULL;
    if (!answer->error && wire_read_alerts(answer->body, answer->length, arena, &page, &counts, &rows, &number, NULL)) {
        desk->counts = counts;
        desk->have = true;
        app_dirty(desk->app, false);
        if (!counts.unhandled) {
            desk->again = 0;
            desk->strokes = 0;
            uv_timer_stop(desk->bell_timer);
        }
    }
    arena_free(&arena);
    if (desk->old)
        count(desk);
}

static void count(struct desk *desk)
{
    struct buffer path = BUFFER_INIT;
    char at[INSTANT_TEXT] = "";
    msec now = clock_steady();
    desk->old = true;
    if (desk->request)
        return;
    if (desk->asked != CLOCK_NEVER && now < desk->asked + COUNT_LEAST) {
        uv_timer_start(desk->timer, count_due, (uint64_t)(desk->asked + COUNT_LEAST - now), 0);
        return;
    }
    desk->old = false;
    desk->asked = now;
    client_path(&path, "/alerts", "limit", "1", "fields", "id", "at",
                desk->app->at == CLOCK_NEVER ? "" : instant_format(at, desk->app->at), NULL);
    desk->request = client_get(desk->app->client, buffer_text(&path), counted, desk);
    buffer_release(&path);
}

void desk_ask(struct desk *desk)
{
    if (desk->request)
        client_cancel(desk->request);
    desk->request = NULL;
    desk->asked = CLOCK_NEVER;
    count(desk);
}

/* ---- the bell ---- */

static void stroke(struct desk *desk);

static void stroke_due(uv_timer_t *timer)
{
    struct desk *desk = timer->data;
    if (!desk->strokes) { /* nobody has answered: once more, later each time */
        desk->strokes = desk->pattern;
        desk->again = desk->again * 2 > AGAIN_MOST ? AGAIN_MOST : desk->again * 2;
    }
    stroke(desk);
}

static void stroke(struct desk *desk)
{
    if (!desk->bell || !desk->app->screen || !desk->strokes)
        return;
    screen_bell(desk->app->screen);
    desk->rung = clock_steady();
    msec wait = --desk->strokes ? STROKE : desk->again;
    if (wait)
        uv_timer_start(desk->bell_timer, stroke_due, (uint64_t)wait, 0);
}

static void notice(struct desk *desk, const struct client_event *event)
{
    static const unsigned patterns[SEVERITY_COUNT] = {[SEVERITY_MINOR] = 1, [SEVERITY_MAJOR] = 2, [SEVERITY_CRITICAL] = 3};
    struct json_object *object = json_parse(event->data, event->length, 8, NULL);
    enum severity severity;
    if (!object)
        return;
    bool calls = strcmp(json_get_text(object, "what", ""), "resolve") != 0 &&
                 severity_parse(json_get_text(object, "severity", ""), &severity) && patterns[severity];
    json_object_put(object);
    if (!calls || desk->app->at != CLOCK_NEVER)
        return;
    if (desk->pattern < patterns[severity] || !desk->again)
        desk->pattern = patterns[severity];
    desk->again = AGAIN_FIRST;
    if (desk->rung != CLOCK_NEVER && clock_steady() < desk->rung + BELL_LEAST)
        return;
    desk->strokes = desk->pattern;
    stroke(desk);
}

bool desk_bell(struct desk *desk, bool on)
{
    bool was = desk->bell;
    desk->bell = on;
    if (!on)
        uv_timer_stop(desk->bell_timer);
    return was;
}

bool desk_bell_is_on(const struct desk *desk)
{
    return desk->bell;
}

void desk_event(struct desk *desk, const struct client_event *event)
{
    if (strcmp(event->kind, "notice") == 0)
        notice(desk, event);
    else if ((strcmp(event->kind, "alerts") == 0 && desk->app->at == CLOCK_NEVER) || strcmp(event->kind, "reset") == 0)
        count(desk);
}

/* ---- life ---- */

const struct wire_alert_hidden *desk_counts(const struct desk *desk)
{
    return desk && desk->have ? &desk->counts : NULL;
}

struct frozen **desk_frozen(struct desk *desk)
{
    return &desk->frozen;
}

struct undo **desk_undo(struct desk *desk)
{
    return &desk->undo;
}

void desk_thaw(struct desk *desk)
{
    frozen_free(&desk->frozen);
}

static uv_timer_t *timer_new(struct desk *desk)
{
    uv_timer_t *timer = memory_new(sizeof *timer);
    uv_timer_init(desk->app->loop, timer);
    timer->data = desk;
    return timer;
}

struct desk *desk_new(struct app *app)
{
    struct desk *desk = memory_new(sizeof *desk);
    desk->app = app;
    desk->bell = true;
    desk->asked = desk->rung = CLOCK_NEVER;
    desk->timer = timer_new(desk);
    desk->bell_timer = timer_new(desk);
    return desk;
}

static void timer_closed(uv_handle_t *handle)
{
    free(handle);
}

void desk_free(struct desk **pointer)
{
    struct desk *desk = *pointer;
    if (!desk)
        return;
    *pointer = NULL;
    if (desk->request)
        client_cancel(desk->request);
    frozen_free(&desk->frozen);
    undo_free(&desk->undo);
    uv_close((uv_handle_t *)desk->timer, timer_closed);
    uv_close((uv_handle_t *)desk->bell_timer, timer_closed);
    free(desk);
}
