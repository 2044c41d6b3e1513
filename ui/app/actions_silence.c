/* Silences and downtimes: by forms, or in one line, `:silence 2h building:涵英楼 -- cable works`; rehearsed before they are
 * put in force, and ended. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/desk.h"
#include "app/internal.h"
#include "base/json.h"
#include "base/memory.h"
#include "command/actions.h"
#include "command/body.h"
#include "command/reach.h"
#include "term/locale.h"
#include "view/alerts.h"
#include "view/cover.h"
#include "view/parts.h"

struct silence { struct app *app; char *filter, *span, *why; };

static void silence_free(struct silence *silence)
{
    free(silence->filter);
    free(silence->span);
    free(silence->why);
    free(silence);
}

static void saved(void *owner, const struct client_answer *answer)
{
    struct silence *silence = owner;
    struct json_object *object = answer->error ? NULL : json_parse(answer->body, answer->length, 8, NULL);
    if (answer->error) {
        app_say(silence->app, ROLE_ERROR, "%s", answer->error->text);
    } else {
        const char *id = object ? json_get_text(object, "id", "") : "";
        desk_undo_silence(silence->app->desk, id);
        app_say(silence->app, ROLE_OK, _("silence %s for %s; U ends it"), id, silence->span);
    }
    if (object)
        json_object_put(object);
    silence_free(silence);
}

static void confirmed(struct app *app, int choice, void *owner)
{
    struct silence *silence = owner;
    struct buffer body = BUFFER_INIT;
    if (choice != 'y') {
        app_say(app, ROLE_HINT, "%s", _("left as it was"));
        silence_free(silence);
        return;
    }
    body_silence(&body, silence->filter, silence->span, silence->why);
    client_send(app->client, "POST", "/silences", buffer_text(&body), body.length, "application/json", -1, saved, silence);
    buffer_release(&body);
}

static void rehearsed(void *owner, const struct client_answer *answer)
{
    struct silence *silence = owner;
    struct json_object *object = answer->error ? NULL : json_parse(answer->body, answer->length, 8, NULL);
    if (answer->error || !object) {
        app_say(silence->app, ROLE_ERROR, "%s", answer->error ? answer->error->text : _("the rehearsal cannot be read"));
        silence_free(silence);
        return;
    }
    const struct dialog_choice choices[] = {{'y', _("silence them"), ROLE_CRITICAL}, {'n', _("leave it"), ROLE_TEXT}};
    char *title = memory_printf(_("Silence %s for %s?"), silence->filter, silence->span);
    char *text = memory_printf(_("Alerts that match now: %lld. It would have hidden in the last 7 days: %lld (notifications: %lld)."),
                               (long long)json_get_integer(object, "matches", 0), (long long)json_get_integer(object, "would_have_hidden", 0),
                               (long long)json_get_integer(object, "notifications", 0));
    struct buffer both = BUFFER_INIT;
    buffer_append_text(&both, text);
    cover_shift_text(&both, json_get(object, "ends_in"));
    silence_reach_text(&both, json_get(object, "elsewhere"));
    free(text);
    text = buffer_take(&both);
    struct json_object *ids = json_get(object, "ids");
    const char *names[20];
    size_t count = json_object_is_type(ids, json_type_array) ? json_object_array_length(ids) : 0, shown = 0;
    for (; shown < count && shown < ARRAY_COUNT(names); shown++)
        names[shown] = json_object_get_string(json_object_array_get_idx(ids, shown));
    const struct dialog_options options = {.title = title, .text = text, .names = names, .name_count = shown, .choices = choices, .choice_count = 2};
    app_ask(silence->app, &options, confirmed, silence);
    free(title);
    free(text);
    json_object_put(object);
}

/* ---- forms ---- */

/* Opened by a key: for the filter in force, else for what stands under the cursor. */
static bool open_form(struct app *app, const struct view_ops *form, struct error *error)
{
    struct view *view = app_view(app);
    struct buffer filter = BUFFER_INIT;
    struct view_targets targets = {0};
    const char *text = view && view->ops->filter ? view->ops->filter(view) : NULL;
    bool listed = view && (view->ops == &alerts_view ? form == &silence_view : strcmp(view->ops->name, "devices") == 0 && form == &downtime_view);
    if (view && view->ops->targets)
        view->ops->targets(view, &targets);
    const struct wire_alert *alert = targets.count ? alert_here(view, targets.ids[0]) : NULL;
    const char *asset = alert ? alert->asset : targets.count && strcmp(targets.resource, "assets") == 0 ? targets.ids[0] : "";
    if (listed && text && *text)
        buffer_append_text(&filter, text);
    else if (*asset)
        filter_value(&filter, form == &downtime_view ? "id" : "asset", asset);
    else if (alert && form == &silence_view)
        filter_value(&filter, "rule", alert->rule);
    bool good = app_open(app, form, buffer_text(&filter), error);
    buffer_release(&filter);
    return good;
}

struct announcing { struct app *app; char *path, *body; bool silence; };

static void announcing_free(struct announcing *announcing)
{
    free(announcing->path);
    free(announcing->body);
    free(announcing);
}

static void announced(void *owner, const struct client_answer *answer)
{
    struct announcing *announcing = owner;
    struct app *app = announcing->app;
    struct view *view = app_view(app);
    bool form = view && (view->ops == &silence_view || view->ops == &downtime_view);
    struct json_object *object = answer->error ? NULL : json_parse(answer->body, answer->length, 8, NULL);
    const char *id = object ? json_get_text(object, "id", "") : "";
    if (answer->error) {
        app_say(app, ROLE_ERROR, "%s", answer->error->text);
        if (form)
            cover_complain(view, answer->error->text);
    } else {
        if (form)
            app_pop(app);
        if (announcing->silence)
            desk_undo_silence(app->desk, id);
        app_say(app, ROLE_OK, announcing->silence ? _("silence %s is in force; U ends it") : _("downtime %s is announced; :silences lists it"), id);
        feed_event(app->feed, "alerts");
        desk_ask(app->desk);
    }
    json_object_put(object);
    announcing_free(announcing);
}

static void announce_confirmed(struct app *app, int choice, void *owner)
{
    struct announcing *announcing = owner;
    if (choice == 'y') {
        client_send(app->client, "POST", announcing->path, announcing->body, strlen(announcing->body), "application/json", -1, announced, announcing);
        return;
    }
    app_say(app, ROLE_HINT, "%s", _("left as it was"));
    announcing_free(announcing);
}

/* The form is filled in: ask, with what it covers. */
bool action_announce(struct app *app, const struct command *command, const char *argument, struct error *error)
{
    const struct dialog_choice choices[] = {{'y', _("put it in force"), ROLE_CRITICAL}, {'n', _("leave it"), ROLE_TEXT}};
    struct cover_request request;
    (void)command, (void)argument;
    if (!cover_request(app_view(app), &request))
        return error_set(error, ERROR_INVALID, "%s", _("not yet: what is wrong stands below the form"));
    struct announcing *announcing = memory_new(sizeof *announcing);
    *announcing = (struct announcing){.app = app, .path = memory_text(buffer_text(&request.path)), .body = memory_text(buffer_text(&request.body)),
                                      .silence = strcmp(buffer_text(&request.path), "/silences") == 0};
    const struct dialog_options options = {.title = buffer_text(&request.title), .text = buffer_text(&request.text), .names = request.ids,
                                           .name_count = request.id_count, .choices = choices, .choice_count = 2};
    app_ask(app, &options, announce_confirmed, announcing);
    cover_request_release(&request);
    return true;
}

bool action_downtime(struct app *app, const struct command *command, const char *argument, struct error *error)
{
    (void)command;
    return *argument ? app_open(app, &downtime_view, argument, error) : open_form(app, &downtime_view, error);
}

/* ---- ending ---- */

struct ending { struct app *app; char *id; int64_t revision; };

static void ending_free(struct ending *ending)
{
    free(ending->id);
    free(ending);
}

static void ended(void *owner, const struct client_answer *answer)
{
    struct ending *ending = owner;
    if (answer->error)
        app_say(ending->app, ROLE_ERROR, "%s", answer->error->text);
    else
        app_say(ending->app, ROLE_OK, _("%s is ended"), ending->id);
    feed_event(ending->app->feed, "alerts");
    desk_ask(ending->app->desk);
    ending_free(ending);
}

static void end_confirmed(struct app *app, int choice, void *owner)
{
    struct ending *ending = owner;
    struct buffer path = BUFFER_INIT;
    if (choice != 'y') {
        app_say(app, ROLE_HINT, "%s", _("left as it was"));
        ending_free(ending);
        return;
    }
    bool downtime = strncmp(ending->id, "D-", 2) == 0 && !strchr(ending->id, ':'); /* "SOURCE:ID": another system's */
    buffer_append_text(&path, downtime ? "/downtimes/" : "/silences/");
    client_path_segment(&path, ending->id);
    client_send(app->client, "DELETE", buffer_text(&path), NULL, 0, NULL, ending->revision > 0 ? ending->revision : -1, ended, ending);
    buffer_release(&path);
}

bool action_end_cover(struct app *app, const struct command *command, const char *argument, struct error *error)
{
    const struct dialog_choice choices[] = {{'y', _("end it"), ROLE_CRITICAL}, {'n', _("leave it"), ROLE_TEXT}};
    struct view *view = app_view(app);
    struct view_targets targets = {0};
    (void)command, (void)argument;
    if (view && view->ops == &silences_view)
        view->ops->targets(view, &targets);
    if (!targets.count)
        return error_set(error, ERROR_INVALID, "%s", _("no silence under the cursor"));
    struct ending *ending = memory_new(sizeof *ending);
    *ending = (struct ending){.app = app, .id = memory_text(targets.ids[0]), .revision = targets.revisions[0]};
    char *title = memory_printf(_("End %s?"), ending->id);
    app_ask(app, &(struct dialog_options){.title = title, .text = _("What it hides is told of from now on."), .choices = choices, .choice_count = 2},
            end_confirmed, ending);
    free(title);
    return true;
}

/* ---- the line ---- */

bool action_silence(struct app *app, const struct command *command, const char *argument, struct error *error)
{
    char span[40] = "";
    int used = 0;
    msec length;
    (void)command;
    if (!*argument && app->line)
        return open_form(app, &silence_view, error);
    const char *why = strstr(argument, " -- ");
    if (sscanf(argument, "%39s %n", span, &used) < 1 || !span_parse(span, &length, NULL) || !why || why <= argument + used || !why[4])
        return error_set(error, ERROR_INVALID, "%s", _("silence needs how long, a filter, and why: `:silence 2h building:A -- cable works`"));
    struct silence *silence = memory_new(sizeof *silence);
    *silence = (struct silence){.app = app, .filter = memory_printf("%.*s", (int)(why - argument - used), argument + used),
                                .span = memory_text(span), .why = memory_text(why + 4)};
    struct buffer body = BUFFER_INIT;
    body_silence(&body, silence->filter, silence->span, NULL);
    client_send(app->client, "POST", "/silences/rehearse", buffer_text(&body), body.length, "application/json", -1, rehearsed, silence);
    buffer_release(&body);
    return true;
}
