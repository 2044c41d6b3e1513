/* Rewinding the whole console: to an instant, and from one change of state to the next. */
#include <stdlib.h>
#include <string.h>

#include "app/internal.h"
#include "base/memory.h"
#include "command/actions.h"
#include "term/locale.h"

#define STEP_ROWS "2000"
#define STEP_FIRST SPAN_MINUTE        /* the span searched for an earlier change, growing by STEP_GROWS */
#define STEP_GROWS 8
#define STEP_LIMIT (400 * SPAN_DAY)   /* as long as states are kept */

bool action_at(struct app *app, const struct command *command, const char *argument, struct error *error)
{
    msec at, now = clock_wall();
    (void)command;
    if (!*argument) {
        app_open_line(app, LINE_COMMAND, "at ");
        return true;
    }
    if (!instant_parse(argument, now, &at, error))
        return false;
    if (at >= now)
        return error_set(error, ERROR_INVALID, "%s", _("that is not in the past"));
    app_set_at(app, at);
    return true;
}

bool action_live(struct app *app, const struct command *command, const char *argument, struct error *error)
{
    (void)command, (void)argument, (void)error;
    if (app->at != CLOCK_NEVER)
        app_set_at(app, CLOCK_NEVER);
    return true;
}

/* ---- steps ---- */

static void ask_back(struct app *app);

/* The changes of an answer: the latest before `now`, or the earliest after it. */
static msec nearest(const struct wire_interval *rows, unsigned count, msec now, bool back)
{
    msec found = CLOCK_NEVER;
    for (unsigned i = 0; i < count; i++) {
        msec from = rows[i].from;
        if (back ? from < now && (found == CLOCK_NEVER || from > found)
                 : from > now && (found == CLOCK_NEVER || from < found))
            found = from;
    }
    return found;
}

static bool read_step(struct app *app, const struct client_answer *answer, bool back, msec *found, msec *last)
{
    struct arena *arena = arena_new();
    struct wire_page page;
    struct wire_interval *rows = NULL;
    unsigned count = 0;
    struct error error = {0};
    bool good = false;
    app->step_request = NULL;
    if (answer->error)
        app_say(app, ROLE_ERROR, "%s", answer->error->text);
    else if (!wire_read_intervals(answer->body, answer->length, arena, &page, &rows, &count, &error))
        app_say(app, ROLE_ERROR, "%s", error.text);
    else {
        *found = nearest(rows, count, app_now(app), back);
        *last = count >= (unsigned)atoi(STEP_ROWS) ? rows[count - 1].from : CLOCK_NEVER;
        good = true;
    }
    arena_free(&arena);
    return good;
}

static void step_back_came(void *owner, const struct client_answer *answer)
{
    struct app *app = owner;
    msec found, last;
    if (!read_step(app, answer, true, &found, &last))
        return;
    if (last != CLOCK_NEVER && last < app_now(app)) { /* more than came: the latest are still to be asked for */
        app->step_from = last;
        ask_back(app);
    } else if (found != CLOCK_NEVER) {
        app_set_at(app, found);
    } else if (app->step_span < STEP_LIMIT) {
        app->step_span *= STEP_GROWS;
        app->step_from = app_now(app) - app->step_span;
        ask_back(app);
    } else {
        app_say(app, ROLE_HINT, "%s", _("no earlier change of state is stored"));
    }
}

static void step_forward_came(void *owner, const struct client_answer *answer)
{
    struct app *app = owner;
    msec found, last;
    if (!read_step(app, answer, false, &found, &last))
        return;
    if (found != CLOCK_NEVER) {
        app_set_at(app, found);
    } else {
        app_set_at(app, CLOCK_NEVER);
        app_say(app, ROLE_HINT, "%s", _("no later change: this is now"));
    }
}

/* The changes to step through: those of the page's own asset, where it is about one, else all. */
static void changes_path(struct app *app, struct buffer *out)
{
    static const char *const ones[] = {"asset", "history", "server", "application"};
    struct view *view = app_view(app);
    struct view_targets targets = {0};
    bool application = view && strcmp(view->ops->name, "application") == 0;
    for (size_t i = 0; view && i < ARRAY_COUNT(ones); i++)
        if (strcmp(view->ops->name, ones[i]) == 0)
            view->ops->targets(view, &targets);
    if (targets.count) {
        buffer_append_text(out, application ? "/applications/" : "/assets/");
        client_path_segment(out, targets.ids[0]);
    }
    buffer_append_text(out, "/states");
}

static void ask(struct app *app, msec from, msec to, const char *limit, client_done *done)
{
    struct buffer path = BUFFER_INIT, changes = BUFFER_INIT;
    char first[INSTANT_TEXT], second[INSTANT_TEXT];
    if (app->step_request)
        client_cancel(app->step_request);
    changes_path(app, &changes);
    client_path(&path, buffer_text(&changes), "from", instant_format(first, from), "to",
                instant_format(second, to), "limit", limit, NULL);
    app->step_request = client_get(app->client, buffer_text(&path), done, app);
    buffer_release(&path);
    buffer_release(&changes);
}

static void ask_back(struct app *app)
{
    ask(app, app->step_from, app_now(app) - 1, STEP_ROWS, step_back_came);
}

bool action_step_back(struct app *app, const struct command *command, const char *argument, struct error *error)
{
    (void)command, (void)argument, (void)error;
    app->step_span = STEP_FIRST;
    app->step_from = app_now(app) - app->step_span;
    ask_back(app);
    return true;
}

bool action_step_forward(struct app *app, const struct command *command, const char *argument, struct error *error)
{
    (void)command, (void)argument;
    if (app->at == CLOCK_NEVER)
        return error_set(error, ERROR_INVALID, "%s", _("this is now"));
    ask(app, app->at + 1, clock_wall(), "2", step_forward_came); /* one may be what is shown now */
    return true;
}
