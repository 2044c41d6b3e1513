/* Counts on line 1, the bell and the desktop. The bell rings for an alert that people are told of, in a pattern by
 * severity, then again after a minute, two, four ... in the pattern of the worst that is still unhandled; acknowledging
 * ends it. A desktop notification goes with a ring that something new caused, and counts those that came meanwhile. */
#include "app/desk.h"

#include <stdlib.h>
#include <string.h>

#include "app/internal.h"
#include "base/json.h"
#include "base/memory.h"
#include "term/locale.h"

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

    enum severity bell;            /* rings from here on; SEVERITY_COUNT: never */
    enum notice_kind desktop;
    unsigned untold;               /* since the last desktop notification */
    unsigned strokes, pattern;     /* left of the pattern; its length */
    msec rung, again;              /* steady, of the last; the wait before the next */
    struct frozen *frozen;
    struct undo *undo;
};

/* Strokes of the bell. */
static const unsigned patterns[SEVERITY_COUNT] = {[SEVERITY_MINOR] = 1, [SEVERITY_MAJOR] = 2, [SEVERITY_CRITICAL] = 3};

static void count(struct desk *desk);

/* The worst that nobody has acknowledged: less than what rang last rings less, nothing stops it. */
static void quieten(struct desk *desk, enum severity worst)
{
    unsigned pattern = worst >= desk->bell ? patterns[worst] : 0;
    if (pattern < desk->pattern)
        desk->pattern = pattern;
    if (desk->pattern)
        return;
    desk->again = 0;
    desk->strokes = 0;
    uv_timer_stop(desk->bell_timer);
}

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
        quieten(desk, counts.unhandled && number ? rows[0].severity : SEVERITY_INFO);
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
    client_path(&path, "/alerts", "limit", "1", "fields", "severity", "at",
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
    if (!desk->app->screen || !desk->strokes)
        return;
    screen_bell(desk->app->screen);
    desk->rung = clock_steady();
    msec wait = --desk->strokes ? STROKE : desk->again;
    if (wait)
        uv_timer_start(desk->bell_timer, stroke_due, (uint64_t)wait, 0);
}

/* "C gateway offline GW-0042 涵英楼 3F": from outside, so cleaned on its way (term/notice.c). */
static void tell_desktop(struct desk *desk, struct json_object *alert, enum severity severity)
{
    struct app *app = desk->app;
    struct buffer title = BUFFER_INIT, body = BUFFER_INIT;
    const char *name = json_get_text(alert, "name", ""), *asset = json_get_text(alert, "asset", ""), *place = json_get_text(alert, "place", "");
    char said[200];
    buffer_printf(&title, "Nocturne%s%s", app->have_overview ? " · " : "", app->have_overview ? app->overview.site : "");
    buffer_printf(&body, "%c %s%s%s%s%s", severity_letter(severity), alert_source_is_own(json_get_text(alert, "source", "")) ? phrase_said(said, sizeof said, name) : name, *asset ? " " : "", asset, *place ? " " : "", place);
    if (desk->untold)
        buffer_printf(&body, _(" (and %u more)"), desk->untold);
    desk->untold = 0;
    screen_notice(app->screen, desk->desktop, buffer_text(&title), buffer_text(&body));
    buffer_release(&title);
    buffer_release(&body);
}

static void ring(struct desk *desk, struct json_object *alert, enum severity severity)
{
    bool rings = severity >= desk->bell;
    if (rings && (desk->pattern < patterns[severity] || !desk->again))
        desk->pattern = patterns[severity];
    if (rings)
        desk->again = AGAIN_FIRST;
    if (desk->rung != CLOCK_NEVER && clock_steady() < desk->rung + BELL_LEAST) {
        desk->untold++;
        return;
    }
    desk->rung = clock_steady();
    if (desk->app->screen && desk->desktop != NOTICE_NONE)
        tell_desktop(desk, alert, severity);
    if (rings) {
        desk->strokes = desk->pattern;
        stroke(desk);
    }
}

static void notice(struct desk *desk, const struct client_event *event)
{
    struct json_object *object = json_parse(event->data, event->length, 8, NULL);
    enum severity severity;
    if (!object)
        return;
    bool calls = strcmp(json_get_text(object, "what", ""), "resolve") != 0 &&
                 severity_parse(json_get_text(object, "severity", ""), &severity) && patterns[severity];
    if (calls && desk->app->at == CLOCK_NEVER)
        ring(desk, object, severity);
    if (desk->app->noticed && desk->app->at == CLOCK_NEVER)
        desk->app->noticed(desk->app, object);
    json_object_put(object);
}

void desk_set_bell(struct desk *desk, enum severity least)
{
    desk->bell = least;
    quieten(desk, least == SEVERITY_COUNT ? SEVERITY_INFO : SEVERITY_CRITICAL);
}

enum severity desk_bell(const struct desk *desk)
{
    return desk->bell;
}

void desk_set_desktop(struct desk *desk, enum notice_kind kind)
{
    desk->desktop = kind;
}

enum notice_kind desk_desktop(const struct desk *desk)
{
    return desk->desktop;
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
    const char *bell = getenv("NOCTURNE_BELL"), *desktop = getenv("NOCTURNE_DESKTOP");
    desk->bell = SEVERITY_MINOR;
    if (bell && !severity_parse(bell, &desk->bell))
        desk->bell = strcmp(bell, "off") == 0 ? SEVERITY_COUNT : SEVERITY_MINOR;
    if (!notice_kind_parse(desktop && *desktop ? desktop : "auto", &desk->desktop))
        notice_kind_parse("auto", &desk->desktop);
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
