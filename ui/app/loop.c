/* The full-screen console's loop: keys, timers and signals in; a frame out when something changed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/internal.h"
#include "base/memory.h"
#include "term/locale.h"

#define FIRST_FRAME_PATIENCE 150 /* ms */
#define WALL_TURN 15000u /* ms a view stays on the hall screen */

static void settle(struct app *app);
static void signalled(uv_signal_t *signal, int number);

/* ---- drawing ---- */

static void frame_due(uv_timer_t *timer)
{
    settle(timer->data);
}

static void input_ready(uv_poll_t *poll, int status, int events);

static void poll_input(struct app *app)
{
    int events = UV_READABLE | (screen_pending(app->screen) ? UV_WRITABLE : 0);
    if (events != app->input_events) {
        app->input_events = events;
        uv_poll_start(&app->input, events, input_ready);
    }
}

/* The first frame waits for the first answers, which take a few milliseconds, so that the screen is painted once and
 * whole; it does not wait long. */
static bool started(struct app *app)
{
    struct view *view = app_view(app);
    if (clock_steady() - app->drawn < FIRST_FRAME_PATIENCE && (app->overview_request || (view && feed_waiting(app->feed, view))))
        return false;
    app->starting = false;
    app_dirty(app, true);
    return true;
}

/* When a frame that no key asked for may come: not too soon after the last one, nor after an echo, behind which the
 * next key is likely; keys do not put it off for ever. */
static msec frame_time(const struct app *app)
{
    msec due = app->drawn + FRAME_LEAST, rest = app->echoed + FRAME_LEAST, last = app->echoing + FRAME_MOST;
    if (rest > last)
        rest = last;
    return due > rest ? due : rest;
}

/* Draw now if something changed and the link takes it, else come back when it does. What only data changed waits for
 * the frame clock, so that a storm of events costs twenty frames a second and not one a change; a cursor that moved is
 * drawn by itself, and what depends on it with the next frame. */
static void settle(struct app *app)
{
    int wait = 0;
    if (app->quit) {
        uv_stop(app->loop);
        return;
    }
    if (app->lent)
        return;
    if (app->starting && !started(app))
        return poll_input(app);
    if (app->dirty) {
        bool ready = screen_ready(app->screen, clock_steady(), &wait);
        if (ready && app->moved && !app->urgent)
            app->urgent = !app_echo(app);
        msec due = app->urgent ? 0 : frame_time(app) - clock_steady();
        if (!ready) {
            if (wait >= 0)
                uv_timer_start(&app->frame_timer, frame_due, (uint64_t)(wait ? wait : 1), 0);
        } else if (due > 0) {
            uv_timer_start(&app->frame_timer, frame_due, (uint64_t)due, 0);
        } else {
            app_draw(app);
            screen_show(app->screen, &app->surface);
        }
    }
    poll_input(app);
    app_want(app);
}

static void resized(struct app *app)
{
    screen_resize(app->screen);
    surface_resize(&app->surface, screen_rows(app->screen), screen_columns(app->screen));
    struct view *view = app_view(app);
    if (view) {
        view->area = app_body(app);
        app_draw(app); /* a view learns its room by being drawn; only then does it know what it wants */
        feed_update(app->feed, view);
    }
    app_dirty(app, true);
}

/* ---- lending the terminal ---- */

void app_terminal_away(struct app *app)
{
    uv_poll_stop(&app->input);
    uv_timer_stop(&app->key_timer);
    uv_timer_stop(&app->frame_timer);
    screen_leave(app->screen);
}

void app_terminal_back(struct app *app)
{
    uv_signal_start(&app->interrupt, signalled, SIGINT);
    screen_enter(app->screen);
    app->input_events = 0; /* poll anew */
    resized(app);
    app->urgent = true;
    settle(app);
}

/* ---- input ---- */

static void key_due(uv_timer_t *timer);

static void read_keys(struct app *app)
{
    struct key_event key;
    while (!app->quit && screen_read(app->screen, &key)) {
        size_t length;
        const char *raw = screen_raw(app->screen, &length);
        if (key.special == KEY_HANGUP) {
            app->quit = true;
        } else if (key.special == KEY_RESIZED) {
            resized(app);
        } else {
            app_key(app, &key, raw, length);
        }
        if (app->suspended) {
            app->suspended = false;
            screen_suspend(app->screen);
            resized(app);
        }
    }
    if (screen_gone(app->screen))
        app->quit = true;
    int timeout = screen_timeout(app->screen);
    if (timeout >= 0)
        uv_timer_start(&app->key_timer, key_due, (uint64_t)timeout, 0);
}

static void key_due(uv_timer_t *timer)
{
    read_keys(timer->data);
    settle(timer->data);
}

static void input_ready(uv_poll_t *poll, int status, int events)
{
    struct app *app = poll->data;
    if (status < 0) {
        app->quit = true;
    } else {
        if (events & UV_WRITABLE)
            screen_flush(app->screen);
        if (events & UV_READABLE)
            read_keys(app);
    }
    settle(app);
}

/* ---- time and signals ---- */

static void second_passed(uv_timer_t *timer)
{
    struct app *app = timer->data;
    if (app->overview_old && !app->overview_request && clock_steady() - app->overview_asked >= 2000)
        app_ask_overview(app);
    app_dirty(app, false); /* ages grow; only the cells that differ are sent */
    settle(app);
}

static void wall_turned(uv_timer_t *timer)
{
    struct app *app = timer->data;
    struct view *view = app_view(app);
    struct error error = {0};
    /* The board shows each of its groupings before the next view comes. */
    if (view && strcmp(view->ops->name, "board") == 0) {
        app_react(app, view, view->ops->command(view, "group-by", "", &error));
        if (view->ops->query) {
            struct buffer query = BUFFER_INIT;
            view->ops->query(view, &query);
            bool round = strstr(buffer_text(&query), "group=building") != NULL;
            buffer_release(&query);
            if (!round)
                return;
        }
    }
    app_switch(app, (app->tab + 1) % app->tab_count);
}

static void signalled(uv_signal_t *signal, int number)
{
    struct app *app = signal->data;
    if (app->lent && (number == SIGWINCH || number == SIGINT))
        return; /* the command's, now */
    if (number == SIGWINCH) {
        resized(app);
    } else {
        app->exit_code = number == SIGHUP ? 1 : 0;
        app->quit = true;
    }
    settle(app);
}

/* Each turn of the loop ends here: what requests and events changed is drawn in one frame. */
static void turn_over(uv_check_t *check)
{
    struct app *app = check->data;
    if (app->dirty || app->quit || app->starting)
        settle(app);
}

static void start_handles(struct app *app, uv_check_t *check)
{
    uv_poll_init(app->loop, &app->input, screen_fd(app->screen));
    uv_timer_init(app->loop, &app->key_timer);
    uv_timer_init(app->loop, &app->frame_timer);
    uv_timer_init(app->loop, &app->second_timer);
    uv_timer_init(app->loop, &app->wall_timer);
    uv_check_init(app->loop, check);
    uv_signal_init(app->loop, &app->winch);
    uv_signal_init(app->loop, &app->term);
    uv_signal_init(app->loop, &app->hup);
    uv_signal_init(app->loop, &app->interrupt);
    app->input.data = app->key_timer.data = app->frame_timer.data = app->second_timer.data = app;
    app->wall_timer.data = app->winch.data = app->term.data = app->hup.data = app->interrupt.data = app;
    check->data = app;
    uv_check_start(check, turn_over);
    uv_timer_start(&app->second_timer, second_passed, 1000, 1000);
    if (app->options->wall)
        uv_timer_start(&app->wall_timer, wall_turned, WALL_TURN, WALL_TURN);
    uv_signal_start(&app->winch, signalled, SIGWINCH);
    uv_signal_start(&app->term, signalled, SIGTERM);
    uv_signal_start(&app->hup, signalled, SIGHUP);
    uv_signal_start(&app->interrupt, signalled, SIGINT);
}

static void stop_handles(struct app *app, uv_check_t *check)
{
    uv_handle_t *handles[] = {(uv_handle_t *)&app->input, (uv_handle_t *)&app->key_timer, (uv_handle_t *)&app->frame_timer,
                              (uv_handle_t *)&app->second_timer, (uv_handle_t *)&app->wall_timer, (uv_handle_t *)check,
                              (uv_handle_t *)&app->winch, (uv_handle_t *)&app->term, (uv_handle_t *)&app->hup,
                              (uv_handle_t *)&app->interrupt};
    for (unsigned i = 0; i < ARRAY_COUNT(handles); i++)
        uv_close(handles[i], NULL);
    uv_run(app->loop, UV_RUN_NOWAIT); /* they are part of the app: closed for good before it goes */
}

static void load_keys(struct app *app)
{
    struct error error = {0};
    app->keys_path = keymap_default_path();
    if (app->keys_path && !keymap_load(app->keymap, app->keys_path, &error))
        app_say(app, ROLE_ERROR, "%s", error.text);
}

static void run(struct app *app)
{
    uv_check_t check;
    app->line = line_new(completion_offer, app);
    app->completion = completion_new(app);
    feed_follow(app->feed, true);
    surface_init(&app->surface, screen_rows(app->screen), screen_columns(app->screen), screen_ascii(app->screen));
    load_keys(app);
    start_handles(app, &check);
    app_switch(app, 0);
    app->starting = true;
    app->drawn = clock_steady();
    uv_timer_start(&app->frame_timer, frame_due, FIRST_FRAME_PATIENCE, 0);
    poll_input(app);
    uv_run(app->loop, UV_RUN_DEFAULT);
    lent_end(&app->lent);
    stop_handles(app, &check);
}

int app_run_screen(uv_loop_t *loop, struct client *client, const struct options *options)
{
    struct app app;
    struct error error = {0};
    int code = 2;
    if (app_init(&app, loop, client, options, &error)) {
        struct screen_options screen_options = {.fd = 0, .mouse = true};
        app.screen = screen_open(&screen_options, app.theme, &error);
        if (app.screen) {
            run(&app);
            code = app.exit_code;
            screen_close(&app.screen);
        }
    }
    if (error.text[0])
        fprintf(stderr, "nocturne: %s\n", error.text);
    app_release(&app);
    return code;
}
