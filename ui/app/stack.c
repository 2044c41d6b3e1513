/* The stack of views in each tab, and what the app does for a view. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "app/internal.h"
#include "base/memory.h"
#include "term/locale.h"

struct view *app_view_at(const struct app *app, unsigned depth)
{
    const struct app_tab *tab = &app->tabs[app->tab];
    return depth < tab->depth ? tab->stack[depth] : NULL;
}

struct view *app_view(const struct app *app)
{
    const struct app_tab *tab = &app->tabs[app->tab];
    return tab->depth ? tab->stack[tab->depth - 1] : NULL;
}

static struct view *view_new(struct app *app, const struct view_ops *ops, const char *argument, struct error *error)
{
    struct view *view = memory_new(sizeof *view);
    view->ops = ops;
    view->state = memory_new(ops->size ? ops->size : 1);
    view->host_ops = &app_host_ops;
    view->host = app;
    view->area = app_body(app);
    view->argument = memory_text(argument ? argument : "");
    if (!ops->open(view, argument ? argument : "", error)) {
        if (ops->close)
            ops->close(view);
        free(view->argument);
        free(view->state);
        free(view);
        return NULL;
    }
    return view;
}

static void view_free(struct app *app, struct view *view)
{
    if (app->moved == view)
        app->moved = NULL;
    if (app->wanting == view)
        app->wanting = NULL;
    feed_forget(app->feed, view);
    if (view->ops->close)
        view->ops->close(view);
    free(view->argument);
    free(view->state);
    free(view);
}

static void show_current(struct app *app, bool shown)
{
    struct view *view = app_view(app);
    if (!view)
        return;
    view->area = app_body(app);
    if (shown)
        feed_update(app->feed, view);
    feed_show(app->feed, view, shown);
}

bool app_open(struct app *app, const struct view_ops *ops, const char *argument, struct error *error)
{
    struct app_tab *tab = &app->tabs[app->tab];
    if (tab->depth == APP_DEPTH)
        return error_set(error, ERROR_FULL, _("%d pages are open here: Esc closes one"), APP_DEPTH);
    struct view *view = view_new(app, ops, argument, error);
    if (!view)
        return false;
    show_current(app, false);
    tab->stack[tab->depth++] = view;
    show_current(app, true);
    app_dirty(app, true);
    return true;
}

void app_switch(struct app *app, unsigned index)
{
    if (index >= app->tab_count)
        return;
    show_current(app, false);
    app->tab = index;
    struct app_tab *tab = &app->tabs[index];
    if (!tab->depth) {
        struct error error = {0};
        struct view *view = view_new(app, tab->ops, "", &error);
        if (view)
            tab->stack[tab->depth++] = view;
        else
            app_say(app, ROLE_ERROR, "%s", error.text);
    }
    show_current(app, true);
    app_dirty(app, true);
}

bool app_pop(struct app *app)
{
    struct app_tab *tab = &app->tabs[app->tab];
    if (tab->depth < 2)
        return false;
    view_free(app, tab->stack[--tab->depth]);
    show_current(app, true);
    app_dirty(app, true);
    return true;
}

void app_close_views(struct app *app)
{
    for (unsigned i = 0; i < app->tab_count; i++)
        while (app->tabs[i].depth)
            view_free(app, app->tabs[i].stack[--app->tabs[i].depth]);
}

/* Views keep the texts they were made with: in another language they are made anew. */
void app_reopen_views(struct app *app)
{
    for (unsigned i = 0; i < app->tab_count; i++)
        for (unsigned depth = 0; depth < app->tabs[i].depth; depth++) {
            struct view **place = &app->tabs[i].stack[depth], *old = *place;
            struct error error = {0};
            struct view *view = view_new(app, old->ops, old->argument, &error);
            if (!view)
                continue; /* stays as it was */
            *place = view;
            view_free(app, old);
        }
    show_current(app, true);
    app_dirty(app, true);
}

/* A move is shown before anything else is done about it. */
static void moved(struct app *app, struct view *view, enum reaction reaction)
{
    if (app->wanting && app->wanting != view)
        app_want(app);
    app->moved = view;
    if (reaction & REACT_WANT)
        app->wanting = view;
    app_dirty(app, false);
}

void app_want(struct app *app)
{
    struct view *view = app->wanting;
    app->wanting = NULL;
    if (view)
        feed_update(app->feed, view);
}

void app_react(struct app *app, struct view *view, enum reaction reaction)
{
    bool whole = reaction & (REACT_DRAW | REACT_BACK);
    if (reaction & REACT_MOVED && app->screen && view->ops->echo && !whole) {
        moved(app, view, reaction);
        return;
    }
    if (reaction & REACT_WANT)
        feed_update(app->feed, view);
    if (reaction & (REACT_DRAW | REACT_WANT | REACT_MOVED))
        app_dirty(app, true);
    if ((reaction & REACT_BACK) && view == app_view(app))
        app_pop(app);
}

/* A page that found that another one shows its subject better. */
static void replace_current(struct app *app)
{
    struct app_tab *tab = &app->tabs[app->tab];
    struct error error = {0};
    struct view *old = tab->depth > 1 ? tab->stack[tab->depth - 1] : NULL;
    const struct view_ops *ops = app->replace_view;
    char *argument = app->replace_argument;
    app->replace_view = NULL;
    app->replace_argument = NULL;
    struct view *view = old ? view_new(app, ops, argument, &error) : NULL;
    if (view) {
        tab->stack[tab->depth - 1] = view;
        view_free(app, old);
        show_current(app, true);
        app_dirty(app, true);
    }
    free(argument);
}

/* A view has news. */
static void came(struct app *app, struct view *view, bool asked)
{
    app_dirty(app, asked);
    if (app->replace_view && view == app_view(app)) {
        replace_current(app);
        return;
    }
    if (view == app_view(app))
        feed_update(app->feed, view); /* what came may show what else is wanted */
}

void app_received(void *owner, struct view *view, unsigned slot, const struct client_answer *answer, bool asked)
{
    struct app *app = owner;
    struct error error = {0};
    if (!view->ops->receive(view, slot, answer, &error) && error.text[0] && answer->status)
        app_say(app, ROLE_ERROR, "%s", error.text);
    came(app, view, asked);
}

void app_took(void *owner, struct view *view, unsigned slot, struct arena *arena, void *read, bool asked)
{
    view->ops->took(view, slot, arena, read);
    came(owner, view, asked);
}

/* ---- for views ---- */

static void host_open(void *host, const char *name, const char *argument)
{
    struct app *app = host;
    struct error error = {0};
    const struct view_ops *ops = view_find(name);
    char *drilled = strcmp(name, "asset") == 0 ? memory_printf("?%s", argument) : NULL;
    if (ops && !app_open(app, ops, drilled ? drilled : argument, &error))
        app_say(app, ROLE_ERROR, "%s", error.text);
    free(drilled);
}

static void host_command(void *host, const char *line)
{
    app_command_line(host, line);
}

static void host_say(void *host, uint8_t role, const char *format, ...)
{
    char text[384];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    app_say(host, role, "%s", text);
}

static msec host_at(void *host)
{
    return ((struct app *)host)->at;
}

static msec host_now(void *host)
{
    return app_now(host);
}

static bool host_read_only(void *host)
{
    return ((struct app *)host)->read_only;
}

static const struct wire_overview *host_overview(void *host)
{
    struct app *app = host;
    return app->have_overview ? &app->overview : NULL;
}

static bool host_stale(void *host)
{
    return ((struct app *)host)->link == CLIENT_LOST;
}

/* The commands of a view, in the order of the table; those of the line only after those that have keys there. */
static unsigned host_commands(void *host, const char *view, struct help_row **rows)
{
    struct app *app = host;
    unsigned count = 0;
    *rows = memory_new_array(command_count, sizeof **rows);
    for (unsigned i = 0; i < command_count; i++) {
        const struct command *command = &commands[i];
        struct buffer keys = BUFFER_INIT;
        if (!*command->views || (*view && !command_in_view(command, view)))
            continue;
        keymap_keys(app->keymap, command, *view ? view : NULL, &keys);
        const char *arguments = command->arguments ? command->arguments : "";
        (*rows)[count++] = (struct help_row){
            .name = command->name,
            .section = command->section,
            .help = command->help,
            .keys = memory_text(buffer_text(&keys)),
            .usage = memory_printf(":%s%s%s", command->name, *arguments ? " " : "", arguments),
            .needs_argument = *arguments && *arguments != '['};
        buffer_release(&keys);
    }
    return count;
}

static void host_run_below(void *host, const char *line)
{
    char *copy = memory_text(line);
    app_pop(host);
    app_command_line(host, copy);
    free(copy);
}

static void host_replace(void *host, const char *name, const char *argument)
{
    struct app *app = host;
    free(app->replace_argument);
    app->replace_view = view_find(name);
    app->replace_argument = memory_text(argument);
}

const struct view_host_ops app_host_ops = {
    .open = host_open,
    .command = host_command,
    .say = host_say,
    .at = host_at,
    .now = host_now,
    .read_only = host_read_only,
    .overview = host_overview,
    .stale = host_stale,
    .commands = host_commands,
    .run_below = host_run_below,
    .replace = host_replace,
};
