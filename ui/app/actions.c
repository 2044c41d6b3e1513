/* The console's own commands (commands.def names them); what only a view can do is in the view. */
#include "command/actions.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "app/internal.h"
#include "base/memory.h"
#include "command/body.h"
#include "term/locale.h"
#include "view/alerts.h"

#define ACTION(name) \
    bool action_##name(struct app *app, const struct command *command, const char *argument, struct error *error)
#define UNUSED_REST (void)command, (void)argument, (void)error

ACTION(quit)
{
    UNUSED_REST;
    app->quit = true;
    return true;
}

/* One layer: what the view itself can undo (a mark, an open branch), its filter, the page, the past. */
ACTION(back)
{
    UNUSED_REST;
    struct view *view = app_view(app);
    if (app->message[0] && clock_steady() < app->message_until && app->message_role == ROLE_ERROR) {
        app->message[0] = '\0';
        app_dirty(app, true);
        return true;
    }
    enum reaction reaction = view && view->ops->command ? view->ops->command(view, "back", "", error) : REACT_IGNORED;
    if (reaction != REACT_IGNORED) {
        app_react(app, view, reaction);
        return true;
    }
    const char *filter = view && view->ops->filter ? view->ops->filter(view) : NULL;
    if (filter && *filter && view->ops->set_filter) {
        view->ops->set_filter(view, "", false, error);
        app_react(app, view, REACT_DRAW | REACT_WANT);
        return true;
    }
    if (app_pop(app))
        return true;
    if (app->at != CLOCK_NEVER)
        app_set_at(app, CLOCK_NEVER);
    else
        app_say(app, ROLE_HINT, "%s", _("nothing to undo: q leaves"));
    return true;
}

ACTION(next_tab)
{
    UNUSED_REST;
    app_switch(app, (app->tab + 1) % app->tab_count);
    return true;
}

/* A tab's view: go there; with an argument, or where it is no tab, a page of its own. */
ACTION(view_open)
{
    const struct view_ops *ops = view_find(command->name);
    for (unsigned i = 0; i < app->tab_count && !*argument; i++)
        if (app->tabs[i].ops == ops) {
            if (app->tab == i) /* its key again goes to the tab's own page */
                while (app_pop(app))
                    ;
            app_switch(app, i);
            return true;
        }
    return app_open(app, ops, argument, error);
}

static bool current_id(struct app *app, const char *argument, struct buffer *id, struct error *error)
{
    struct view *view = app_view(app);
    if (*argument) {
        buffer_append_text(id, argument);
        return true;
    }
    struct view_targets targets = {0};
    if (view && view->ops->targets)
        view->ops->targets(view, &targets);
    const struct wire_alert *alert = targets.count ? alert_here(view, targets.ids[0]) : NULL;
    if (alert && *alert->asset) {
        buffer_append_text(id, alert->asset);
        return true;
    }
    if (!targets.count || strcmp(targets.resource, "assets") != 0)
        return error_set(error, ERROR_INVALID, "%s", _("no asset here: give an id"));
    buffer_append_text(id, targets.ids[0]);
    return true;
}

static bool open_with_id(struct app *app, const char *view, const char *argument, struct error *error)
{
    struct buffer id = BUFFER_INIT;
    bool good = current_id(app, argument, &id, error) && app_open(app, view_find(view), buffer_text(&id), error);
    buffer_release(&id);
    return good;
}

ACTION(asset)
{
    (void)command;
    if (body_is_alert(argument))
        return app_open(app, &alert_view, argument, error);
    return open_with_id(app, "asset", argument, error);
}

ACTION(history)
{
    (void)command;
    return open_with_id(app, "history", argument, error);
}

ACTION(help)
{
    struct view *view = app_view(app);
    char *about = memory_printf("%s\n%s", view ? view->ops->name : "", argument);
    (void)command;
    bool good = (view && strcmp(view->ops->name, "help") == 0) || app_open(app, view_find("help"), about, error);
    free(about);
    return good;
}

ACTION(command_line)
{
    (void)command, (void)error;
    app_open_line(app, LINE_COMMAND, argument);
    return true;
}

ACTION(filter_line)
{
    UNUSED_REST;
    app_open_line(app, LINE_FILTER, NULL);
    return true;
}

ACTION(filter)
{
    struct view *view = app_view(app);
    (void)command;
    if (!view || !view->ops->set_filter)
        return error_set(error, ERROR_INVALID, "%s", _("this page has no filter"));
    bool good = view->ops->set_filter(view, argument, false, error);
    app_react(app, view, REACT_DRAW | REACT_WANT);
    return good;
}

/* ---- the program ---- */

ACTION(redraw)
{
    UNUSED_REST;
    if (app->screen)
        screen_redraw(app->screen);
    feed_restart(app->feed);
    app_ask_overview(app);
    app_dirty(app, true);
    return true;
}

ACTION(suspend)
{
    UNUSED_REST;
    app->suspended = true;
    return true;
}

ACTION(theme)
{
    (void)command;
    if (!*argument) {
        struct buffer names = BUFFER_INIT;
        theme_list(&names);
        for (size_t i = 0; i < names.length; i++)
            if (names.data[i] == '\n')
                names.data[i] = ' ';
        app_say(app, ROLE_HINT, _("theme %s of: %s"), theme_name(app->theme), buffer_text(&names));
        buffer_release(&names);
        return true;
    }
    struct theme *theme = theme_load(argument, error);
    if (!theme)
        return false;
    struct theme *old = app->theme;
    app->theme = theme;
    if (app->screen)
        screen_set_theme(app->screen, theme);
    theme_free(&old);
    app_dirty(app, true);
    return true;
}

ACTION(copy)
{
    (void)command, (void)argument;
    struct view *view = app_view(app);
    struct view_targets targets = {0};
    struct buffer text = BUFFER_INIT;
    if (view && view->ops->copied && view->ops->copied(view, &text)) {
        bool done = !app->screen || screen_copy(app->screen, buffer_text(&text), text.length, error);
        if (done)
            app_say(app, ROLE_HINT, _("copied %s"), buffer_text(&text));
        buffer_release(&text);
        return done;
    }
    if (view && view->ops->targets)
        view->ops->targets(view, &targets);
    if (!targets.count)
        return error_set(error, ERROR_INVALID, "%s", _("nothing to copy here"));
    for (unsigned i = 0; i < targets.count; i++)
        buffer_printf(&text, "%s%s", i ? "\n" : "", targets.ids[i]);
    bool good = !app->screen || screen_copy(app->screen, buffer_text(&text), text.length, error);
    if (good && targets.count == 1)
        app_say(app, ROLE_HINT, _("copied %s"), targets.ids[0]);
    else if (good)
        app_say(app, ROLE_HINT, _("copied %u ids"), targets.count);
    buffer_release(&text);
    return good;
}
