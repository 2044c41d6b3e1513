/* The linear twin: numbered lines instead of a screen, append-only, the same commands. For screen readers, dumb
 * terminals and scripts: each line read from standard input is a row's number, a command, or /FILTER. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/internal.h"
#include "base/memory.h"
#include "client/replay.h"
#include "command/notice.h"
#include "term/locale.h"
#include "view/parts.h"

#define PATIENCE ((msec)10000)

struct plain {
    struct app app;
    struct buffer input;
    bool ended;
    uv_poll_t poll;
    uv_timer_t timer;
    bool over;
    uint32_t by_health[HEALTH_COUNT];
    bool announced;
};

static void say_message(struct app *app)
{
    if (app->message[0])
        printf("%s%s\n", app->message_role == ROLE_ERROR ? "! " : "", app->message);
    app->message[0] = '\0';
}

static void patience_over(uv_timer_t *timer)
{
    ((struct plain *)timer->data)->over = true;
}

static void print_page(struct plain *plain)
{
    struct app *app = &plain->app;
    struct view *view = app_view(app); /* another takes its place when the first answers tell the language */
    struct buffer text = BUFFER_INIT, crumbs = BUFFER_INIT;
    plain->over = false;
    uv_timer_start(&plain->timer, patience_over, PATIENCE, 0);
    while (!plain->over && !app->quit && (feed_waiting(app->feed, view) || app->overview_request) &&
           app->link != CLIENT_LOST) {
        uv_run(app->loop, UV_RUN_ONCE);
        app_draw(app); /* a table knows what it wants once it was drawn */
        view = app_view(app);
        feed_update(app->feed, view);
    }
    uv_timer_stop(&plain->timer);
    say_message(app);
    if (view->ops->crumbs)
        view->ops->crumbs(view, &crumbs);
    printf("== %s: %s", _(view->ops->title), buffer_text(&crumbs));
    if (app->options->capsule)
        printf("  %s %s", _("REPLAY"), app->options->capsule->incident);
    if (app->at != CLOCK_NEVER) {
        char at[INSTANT_TEXT];
        printf("  " "%s %s", _("AS OF"), instant_format(at, app->at));
    }
    const char *filter = view->ops->filter ? view->ops->filter(view) : NULL;
    if (filter && *filter)
        printf("  /%s", filter);
    putchar('\n');
    if (app->link == CLIENT_LOST)
        printf("! %s\n", app->link_cause);
    if (view->ops->plain)
        view->ops->plain(view, &text);
    fwrite(buffer_text(&text), 1, text.length, stdout);
    fflush(stdout);
    buffer_release(&text);
    buffer_release(&crumbs);
}

/* A change for the worse or the better, in one line, whenever the whole site's counts move. */
static void announce(struct plain *plain)
{
    struct app *app = &plain->app;
    struct buffer text = BUFFER_INIT;
    if (!app->have_overview || app->at != CLOCK_NEVER)
        return;
    if (plain->announced && memcmp(plain->by_health, app->overview.by_health, sizeof plain->by_health) != 0) {
        char now[INSTANT_TEXT];
        for (int health = 0; health < HEALTH_COUNT; health++)
            if (plain->by_health[health] != app->overview.by_health[health])
                buffer_printf(&text, "  %s %u (%+d)", health_word((enum health)health),
                              app->overview.by_health[health],
                              (int)app->overview.by_health[health] - (int)plain->by_health[health]);
        printf("-- %s%s\n", instant_format_short(now, clock_wall(), clock_wall()), buffer_text(&text));
        fflush(stdout);
    }
    memcpy(plain->by_health, app->overview.by_health, sizeof plain->by_health);
    plain->announced = true;
    buffer_release(&text);
}

/* One line for what people are told of, as `watch alerts` has it; the end of it, too. */
static void say_notice(struct app *app, struct json_object *notice)
{
    struct buffer line = BUFFER_INIT;
    char now[INSTANT_TEXT];
    (void)app;
    notice_line(&line, notice);
    printf("-- %s%s\n", instant_format_short(now, clock_wall(), clock_wall()), buffer_text(&line));
    fflush(stdout);
    buffer_release(&line);
}

/* The next line, waited for: what was read ahead comes first. "" at the end of the input. */
static char *read_answer(struct plain *plain)
{
    char *newline;
    while (!(newline = plain->input.length ? memchr(plain->input.data, '\n', plain->input.length) : NULL) &&
           !plain->ended) {
        char bytes[4096];
        struct pollfd waiting = {.fd = STDIN_FILENO, .events = POLLIN};
        poll(&waiting, 1, -1);
        ssize_t length = read(STDIN_FILENO, bytes, sizeof bytes);
        if (length > 0)
            buffer_append(&plain->input, bytes, (size_t)length);
        else if (length == 0 || (errno != EAGAIN && errno != EINTR))
            plain->ended = true;
    }
    size_t length = newline ? (size_t)(newline - plain->input.data) : 0;
    char *answer = memory_text_n(newline ? plain->input.data : "", length);
    if (newline)
        buffer_consume(&plain->input, length + 1);
    return answer;
}

static void do_line(struct plain *plain, char *line)
{
    struct app *app = &plain->app;
    struct view *view = app_view(app);
    char *end;
    line += strspn(line, " \t");
    unsigned long number = strtoul(line, &end, 10);
    if (end != line && !*end) {
        struct error error = {0};
        if (!view->ops->pick || !view->ops->pick(view, (unsigned)number))
            printf("! %s\n", _("no such row"));
        else if (view->ops->command)
            app_react(app, view, view->ops->command(view, "open", "", &error));
    } else if (*line == '/') {
        char *filter = memory_printf("filter %s", line + 1);
        app_command_line(app, filter);
        free(filter);
    } else if (*line == '?') {
        app_command_line(app, "help");
    } else if (strcmp(line, "b") == 0) {
        app_command_line(app, "back");
    } else if (*line) {
        app_command_line(app, line);
    } else {
        app_command_line(app, "redraw");
    }
    while (app->dialog_count) {
        struct app_dialog asked = app->dialogs[--app->dialog_count];
        printf("? %s [y/N] ", asked.question);
        fflush(stdout);
        char *answer = read_answer(plain);
        dialog_free(&asked.dialog);
        free(asked.question);
        asked.answer(app, strcmp(answer, "y") == 0 ? 'y' : DIALOG_CANCEL, asked.owner);
        free(answer);
    }
    if (!app->quit)
        print_page(plain);
}

static void take_lines(struct plain *plain)
{
    char *newline;
    while (!plain->app.quit && plain->input.length &&
           (newline = memchr(plain->input.data, '\n', plain->input.length))) {
        size_t length = (size_t)(newline - plain->input.data);
        char *line = memory_text_n(plain->input.data, length);
        buffer_consume(&plain->input, length + 1);
        do_line(plain, line);
        free(line);
    }
    if (plain->ended)
        plain->app.quit = true;
}

static void input_ready(uv_poll_t *poll, int status, int events)
{
    struct plain *plain = poll->data;
    char bytes[4096];
    (void)status, (void)events;
    ssize_t length = read(STDIN_FILENO, bytes, sizeof bytes);
    if (length > 0) {
        buffer_append(&plain->input, bytes, (size_t)length);
    } else if (length == 0 || (errno != EAGAIN && errno != EINTR)) {
        plain->ended = true;
        uv_poll_stop(poll);
    }
}

/* Standard input may be a file, which cannot be polled: then all of it is read first. */
static bool watch_input(struct plain *plain)
{
    if (uv_poll_init(plain->app.loop, &plain->poll, STDIN_FILENO) == 0) {
        plain->poll.data = plain;
        uv_poll_start(&plain->poll, UV_READABLE, input_ready);
        return true;
    }
    char bytes[4096];
    ssize_t length;
    while ((length = read(STDIN_FILENO, bytes, sizeof bytes)) > 0)
        buffer_append(&plain->input, bytes, (size_t)length);
    plain->ended = true;
    return false;
}

int app_run_plain(uv_loop_t *loop, struct client *client, const struct options *options)
{
    struct plain plain;
    struct error error = {0};
    memset(&plain, 0, sizeof plain);
    if (!app_init(&plain.app, loop, client, options, &error)) {
        fprintf(stderr, "nocturne: %s\n", error.text);
        app_release(&plain.app);
        return 2;
    }
    plain.app.noticed = say_notice;
    surface_init(&plain.app.surface, 40, 120, !locale_is_utf8());
    uv_timer_init(loop, &plain.timer);
    plain.timer.data = &plain;
    app_switch(&plain.app, 0);
    print_page(&plain);
    bool polled = watch_input(&plain);
    take_lines(&plain);
    while (!plain.app.quit) {
        uv_run(loop, UV_RUN_ONCE);
        take_lines(&plain);
        announce(&plain);
        if (plain.app.overview_old && !plain.app.overview_request && clock_steady() - plain.app.overview_asked > 1000)
            app_ask_overview(&plain.app);
    }
    if (polled)
        uv_close((uv_handle_t *)&plain.poll, NULL);
    uv_close((uv_handle_t *)&plain.timer, NULL);
    uv_run(loop, UV_RUN_NOWAIT);
    buffer_release(&plain.input);
    app_release(&plain.app);
    return 0;
}
