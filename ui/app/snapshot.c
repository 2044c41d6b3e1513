/* A view drawn once, without a terminal: for scripts, reports and tests. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/internal.h"
#include "base/memory.h"
#include "command/actions.h"
#include "command/shell.h"
#include "term/locale.h"

#define PATIENCE ((msec)10000)

static bool parse_size(const char *text, int *columns, int *rows, struct error *error)
{
    *columns = 80;
    *rows = 24;
    if (text && (sscanf(text, "%dx%d", columns, rows) != 2 || *columns < 10 || *rows < 3 || *columns > 1000 ||
                 *rows > 1000))
        return error_set(error, ERROR_INVALID, _("--size: expected COLUMNSxROWS such as 80x24, got `%s`"), text);
    return true;
}

static void patience_over(uv_timer_t *timer)
{
    *(bool *)timer->data = true;
}

/* Run the loop until the view has all it wants: what came may show what else is wanted. */
static bool wait_for(struct app *app, struct view *view)
{
    bool over = false;
    uv_timer_t timer;
    uv_timer_init(app->loop, &timer);
    timer.data = &over;
    uv_timer_start(&timer, patience_over, PATIENCE, 0);
    while (!over && (feed_waiting(app->feed, view) || app->overview_request || app->link == CLIENT_CONNECTING)) {
        uv_run(app->loop, UV_RUN_ONCE);
        if (app->link == CLIENT_LOST)
            break;
        if (!feed_waiting(app->feed, view) && !app->overview_request) {
            app_draw(app); /* a table knows what it wants once it was drawn */
            feed_update(app->feed, view);
        }
    }
    uv_close((uv_handle_t *)&timer, NULL);
    uv_run(app->loop, UV_RUN_NOWAIT);
    return !over && app->link != CLIENT_LOST;
}

static bool run(struct app *app, const struct view_ops *ops, const char *argument, struct error *error)
{
    if (!app_open(app, ops, argument, error))
        return false;
    struct view *view = app_view(app);
    app_draw(app);
    feed_update(app->feed, view);
    if (!wait_for(app, view))
        return error_set(error, ERROR_UNAVAILABLE, "%s",
                         app->link_cause[0] ? app->link_cause : _("the daemon does not answer in time"));
    const char *problem = app->message_role == ROLE_ERROR ? app->message : "";
    if (*problem)
        return error_set(error, ERROR_INVALID, "%s", problem);
    app_draw(app);
    return true;
}

int app_run_snapshot(uv_loop_t *loop, struct client *client, const struct options *options, const char *name,
                     const char *argument)
{
    struct app app;
    struct error error = {0};
    struct buffer out = BUFFER_INIT;
    int columns, rows, code = 1;
    const struct view_ops *ops = view_find(name);
    if (!ops) {
        fprintf(stderr, _("nocturne: no view `%s`:"), name);
        for (unsigned i = 0; i < view_count; i++)
            fprintf(stderr, " %s", view_list[i]->name);
        fputc('\n', stderr);
        return 2;
    }
    bool good = app_init(&app, loop, client, options, &error) && parse_size(options->size, &columns, &rows, &error);
    if (!good) {
        code = 2;
    } else {
        surface_init(&app.surface, rows, columns, !locale_is_utf8());
        for (unsigned i = 0; i < app.tab_count; i++)
            if (app.tabs[i].ops == ops)
                app.tab = i;
        good = run(&app, ops, argument, &error);
        if (good) {
            if (options->ansi)
                theme_set_depth(app.theme, depth_of_environment());
            surface_print(&app.surface, &out, options->ansi ? app.theme : NULL);
            fwrite(buffer_text(&out), 1, out.length, stdout);
            code = 0;
        }
    }
    if (!good)
        fprintf(stderr, "nocturne: %s\n", error.text);
    buffer_release(&out);
    app_release(&app);
    return code;
}

int shell_snapshot(struct shell *shell, int argc, char **argv)
{
    struct buffer argument = BUFFER_INIT;
    if (argc < 2)
        return shell_usage("snapshot");
    if (!shell_connect(shell))
        return 1;
    for (int i = 2; i < argc; i++)
        buffer_printf(&argument, "%s%s", i > 2 ? " " : "", argv[i]);
    int code = app_run_snapshot(&shell->loop, shell->client, shell->options, argv[1], buffer_text(&argument));
    buffer_release(&argument);
    return code;
}
