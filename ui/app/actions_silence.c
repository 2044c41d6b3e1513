/* Silences: rehearsed before they are put in force. `:silence 2h building:涵英楼 -- cable works` */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/desk.h"
#include "app/internal.h"
#include "base/json.h"
#include "base/memory.h"
#include "command/actions.h"
#include "command/body.h"
#include "term/locale.h"
#include "view/alerts.h"
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

/* "It ends in the shift 夜班 (王)." NULL: there is no roster. The caller frees. */
static char *shift_text(struct json_object *shift)
{
    const char *name = shift ? json_get_text(shift, "name", "") : "", *people = shift ? json_get_text(shift, "people", "") : "";
    if (!*name)
        return NULL;
    return *people ? memory_printf(_("It ends in the shift %s: %s."), name, people) : memory_printf(_("It ends in the shift %s."), name);
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
    char *text = memory_printf(_("It matches %lld alerts now, and would have hidden %lld (%lld notifications) in the last 7 days."),
                               (long long)json_get_integer(object, "matches", 0), (long long)json_get_integer(object, "would_have_hidden", 0),
                               (long long)json_get_integer(object, "notifications", 0));
    char *shift = shift_text(json_get(object, "ends_in"));
    if (shift) {
        char *both = memory_printf("%s\n%s", text, shift);
        free(text);
        free(shift);
        text = both;
    }
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

/* Opened by its key: the filter in force, else the current row's asset. */
static bool open_line(struct app *app, struct error *error)
{
    struct view *view = app_view(app);
    struct buffer line = BUFFER_INIT, filter = BUFFER_INIT;
    struct view_targets targets = {0};
    const char *text = view && view->ops->filter ? view->ops->filter(view) : NULL;
    if (view && view->ops->targets)
        view->ops->targets(view, &targets);
    const struct wire_alert *alert = targets.count ? alert_here(view, targets.ids[0]) : NULL;
    if (text && *text)
        buffer_append_text(&filter, text);
    else if (alert)
        filter_value(&filter, "asset", alert->asset);
    bool good = filter.length || error_set(error, ERROR_INVALID, "%s", _("no alert under the cursor: go to a row, or mark some"));
    if (good) {
        buffer_printf(&line, "silence 2h %s -- ", buffer_text(&filter));
        app_open_line(app, LINE_COMMAND, buffer_text(&line));
    }
    buffer_release(&line);
    buffer_release(&filter);
    return good;
}

bool action_silence(struct app *app, const struct command *command, const char *argument, struct error *error)
{
    char span[40] = "";
    int used = 0;
    msec length;
    (void)command;
    if (!*argument && app->line)
        return open_line(app, error);
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
