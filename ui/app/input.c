/* What a key means: the top dialog, else the line, else the key map, else the view itself. */
#include <stdlib.h>
#include <string.h>

#include "app/desk.h"
#include "app/internal.h"
#include "base/memory.h"
#include "term/locale.h"
#include "window/layout.h"

/* ---- dialogs ---- */

void app_ask(struct app *app, const struct dialog_options *options, app_answer *answer, void *owner)
{
    if (app->dialog_count == APP_DIALOGS) {
        answer(app, DIALOG_CANCEL, owner);
        return;
    }
    app->dialogs[app->dialog_count++] = (struct app_dialog){
        .dialog = dialog_new(options, clock_steady()), .answer = answer, .owner = owner,
        .question = memory_printf("%s %s", options->title, options->text ? options->text : "")};
    app_dirty(app, true);
}

static void dialog_key_pressed(struct app *app, const struct key_event *key)
{
    struct app_dialog *top = &app->dialogs[app->dialog_count - 1];
    int choice = dialog_key(top->dialog, key, clock_steady());
    app_dirty(app, true);
    if (choice == DIALOG_OPEN)
        return;
    struct app_dialog closed = *top;
    app->dialog_count--;
    dialog_free(&closed.dialog);
    free(closed.question);
    closed.answer(app, choice, closed.owner);
}

void app_dialogs_clear(struct app *app)
{
    while (app->dialog_count) {
        struct app_dialog *top = &app->dialogs[--app->dialog_count];
        dialog_free(&top->dialog);
        free(top->question);
        top->answer(app, DIALOG_CANCEL, top->owner);
    }
}

/* ---- the line ---- */

static bool view_filter_set(struct app *app, const char *text, bool typing, struct error *error)
{
    struct view *view = app_view(app);
    if (!view || !view->ops->set_filter)
        return error_set(error, ERROR_INVALID, "%s", _("this page has no filter"));
    bool good = view->ops->set_filter(view, text, typing, error);
    app_react(app, view, REACT_DRAW | REACT_WANT);
    return good;
}

void app_open_line(struct app *app, enum line_kind kind, const char *initial)
{
    struct view *view = app_view(app);
    if (!app->line)
        return;
    if (kind == LINE_FILTER) {
        const char *filter = view && view->ops->filter ? view->ops->filter(view) : NULL;
        if (!view || !view->ops->set_filter) {
            app_say(app, ROLE_HINT, "%s", _("this page has no filter"));
            return;
        }
        free(app->filter_before);
        app->filter_before = memory_text(filter ? filter : "");
        initial = app->filter_before;
    }
    desk_thaw(app->desk);
    app->message[0] = '\0';
    line_open(app->line, kind, initial);
    completion_prepare(app);
    app_dirty(app, true);
}

static void line_finished(struct app *app)
{
    struct error error = {0};
    char *text = memory_text(line_result(app->line));
    if (line_kind(app->line) == LINE_FILTER) {
        if (!view_filter_set(app, text, false, &error)) {
            app_say(app, ROLE_ERROR, "%s", error.text);
            app_open_line(app, LINE_FILTER, text);
        }
    } else {
        app_command_line(app, text);
        if (!line_is_open(app->line))
            desk_thaw(app->desk);
    }
    free(text);
}

static void line_left(struct app *app)
{
    if (line_kind(app->line) == LINE_FILTER)
        view_filter_set(app, app->filter_before ? app->filter_before : "", false, NULL);
    desk_thaw(app->desk);
    app_dirty(app, true);
}

static void line_key(struct app *app, const struct key_event *key, const char *raw, size_t length)
{
    enum line_event event;
    if (key->special == KEY_MOUSE_ || key->special == KEY_PASTE_BEGIN || key->special == KEY_PASTE_END)
        return;
    app_dirty(app, true);
    if (key->special == KEY_ESCAPE || (key->special == KEY_CHAR && key->control && (key->code == 'c' || key->code == 'g'))) {
        line_cancel(app->line);
        line_left(app);
        return;
    }
    event = line_feed(app->line, raw, length);
    switch (event) {
    case LINE_CHANGED:
        completion_prepare(app);
        if (line_kind(app->line) == LINE_FILTER)
            view_filter_set(app, line_text(app->line), true, NULL);
        break;
    case LINE_DONE:
        line_finished(app);
        break;
    case LINE_CANCELLED:
        line_left(app);
        break;
    case LINE_NOTHING:
    case LINE_CANDIDATES:
        break;
    }
}

/* ---- commands ---- */

bool app_command(struct app *app, const struct command *command, const char *argument, struct error *error)
{
    struct view *view = app_view(app);
    if (!app_allows(app, command, error))
        return false;
    if (command->run)
        return command->run(app, command, argument, error);
    if (!view || !view->ops->command)
        return true;
    app_react(app, view, view->ops->command(view, command->name, argument, error));
    return !error->text[0];
}

void app_command_line(struct app *app, const char *text)
{
    struct error error = {0};
    struct view *view = app_view(app);
    text += strspn(text, " :");
    size_t length = strcspn(text, " ");
    if (!length)
        return;
    const struct command *command = command_find(text, length);
    if (!command || !*command->views) {
        app_say(app, ROLE_ERROR, _("no command `%.*s`: ? lists them"), (int)length, text);
        return;
    }
    if (view && !command_in_view(command, view->ops->name)) {
        app_say(app, ROLE_ERROR, _("%s works in: %s"), command->name, command->views);
        return;
    }
    const char *argument = text + length + strspn(text + length, " ");
    if (!app_command(app, command, argument, &error))
        app_say(app, ROLE_ERROR, "%s", error.text);
}

/* ---- keys ---- */

static void mouse(struct app *app, const struct key_event *key)
{
    struct view *view = app_view(app);
    int tab = key->mouse == MOUSE_PRESS ? app_tab_at(app, key->mouse_row, key->mouse_column) : -1;
    if (tab >= 0)
        app_switch(app, (unsigned)tab);
    else if (view && view->ops->key)
        app_react(app, view, view->ops->key(view, key));
}

void app_key(struct app *app, const struct key_event *key, const char *raw, size_t length)
{
    struct view *view = app_view(app);
    struct error error = {0};
    if (app->dialog_count) {
        dialog_key_pressed(app, key);
        return;
    }
    if (app->line && line_is_open(app->line)) {
        line_key(app, key, raw, length);
        return;
    }
    if (key->special == KEY_MOUSE_) {
        mouse(app, key);
        return;
    }
    if (view && view->ops->typing && view->ops->typing(view)) {
        enum reaction reaction = view->ops->key(view, key);
        if (reaction != REACT_IGNORED) {
            app_react(app, view, reaction);
            return;
        }
    }
    const struct binding *binding = view ? keymap_find(app->keymap, view->ops->name, key) : NULL;
    if (app->message[0] && app->message_role != ROLE_ERROR)
        app->message[0] = '\0';
    if (!binding && key->special == KEY_CHAR && key->control && key->code == 'c')
        app_say(app, ROLE_HINT, "%s", _("q leaves"));
    if (binding) {
        if (!app_command(app, binding->command, binding->argument, &error))
            app_say(app, ROLE_ERROR, "%s", error.text);
    } else if (view && view->ops->key) {
        app_react(app, view, view->ops->key(view, key));
    }
}
