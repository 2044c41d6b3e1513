/* What people do to alerts. The targets and their revisions are frozen when the line opens; what changed meanwhile is
 * shown and asked about again, never overwritten. What can be taken back has `undo` and no question. */
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

#define NAMES_MOST 200

struct frozen {
    char *verb;
    unsigned count;
    char **ids, **names, **before; /* before: who had it, or its cause, for undo */
    int64_t *revisions;
};

struct undo { char *verb, *silence; struct frozen *targets; };

/* member: of the body that carries the text; inverse: what undoes it, NULL where nothing does. */
struct verb {
    const char *name, *member, *inverse;
    const char *done, *many, *missing; /* for one, for several, and when the text is missing */
    bool needs_text, asks, asks_many;
};

static const struct verb verbs[] = {
    {.name = "ack", .member = "note", .inverse = "unack", .needs_text = true, .done = N_("%s is acknowledged"),
     .many = N_("%u alerts are acknowledged"), .missing = N_("ack needs a note: what was seen, who acts")},
    {.name = "unack", .inverse = "ack", .done = N_("%s is not acknowledged any more"), .many = N_("%u alerts are not acknowledged any more")},
    {.name = "assign", .member = "to", .inverse = "assign", .needs_text = true, .done = N_("%s is assigned"), .many = N_("%u alerts are assigned"),
     .missing = N_("assign needs a name; - for nobody")},
    {.name = "note", .member = "text", .needs_text = true, .asks_many = true, .done = N_("noted at %s"), .many = N_("noted at %u alerts"),
     .missing = N_("the comment is empty")},
    {.name = "shelve", .member = "why", .inverse = "unshelve", .needs_text = true, .done = N_("%s is shelved"), .many = N_("%u alerts are shelved"),
     .missing = N_("shelve needs how long and why: `:shelve 2h pump is being replaced`")},
    {.name = "unshelve", .done = N_("%s is back from the shelf"), .many = N_("%u alerts are back from the shelf")},
    {.name = "cause", .member = "cause", .inverse = "cause", .needs_text = true, .done = N_("%s is re-ranked"), .many = N_("%u alerts are re-ranked"),
     .missing = N_("cause needs the id of the cause; - for none")},
    {.name = "close", .member = "why", .inverse = "reopen", .needs_text = true, .asks = true, .done = N_("%s is closed"), .many = N_("%u alerts are closed"),
     .missing = N_("close needs the reason: what fixed it, or why it does not matter")},
    {.name = "reopen", .done = N_("%s is open again"), .many = N_("%u alerts are open again")},
    {.name = "seen"},
};

static const struct verb *verb_find(const char *name)
{
    for (unsigned i = 0; i < ARRAY_COUNT(verbs); i++)
        if (strcmp(verbs[i].name, name) == 0)
            return &verbs[i];
    return NULL;
}

/* ---- targets ---- */

static struct frozen *frozen_new(const char *verb)
{
    struct frozen *frozen = memory_new(sizeof *frozen);
    frozen->verb = memory_text(verb);
    return frozen;
}

static void frozen_room(struct frozen *frozen, unsigned count)
{
    frozen->ids = memory_new_array(count + 1, sizeof *frozen->ids);
    frozen->names = memory_new_array(count + 1, sizeof *frozen->names);
    frozen->before = memory_new_array(count + 1, sizeof *frozen->before);
    frozen->revisions = memory_new_array(count + 1, sizeof *frozen->revisions);
}

void frozen_free(struct frozen **pointer)
{
    struct frozen *frozen = *pointer;
    if (!frozen)
        return;
    *pointer = NULL;
    for (unsigned i = 0; i < frozen->count; i++) {
        free(frozen->ids[i]);
        free(frozen->names[i]);
        free(frozen->before[i]);
    }
    free(frozen->ids);
    free(frozen->names);
    free(frozen->before);
    free(frozen->revisions);
    free(frozen->verb);
    free(frozen);
}

void undo_free(struct undo **pointer)
{
    struct undo *undo = *pointer;
    if (!undo)
        return;
    *pointer = NULL;
    frozen_free(&undo->targets);
    free(undo->verb);
    free(undo->silence);
    free(undo);
}

void desk_undo_silence(struct desk *desk, const char *id)
{
    struct undo **slot = desk_undo(desk);
    undo_free(slot);
    *slot = memory_new(sizeof **slot);
    (*slot)->silence = memory_text(id);
}

static void frozen_add(struct frozen *frozen, const char *id, const char *name, const char *before, int64_t revision)
{
    frozen->ids[frozen->count] = memory_text(id);
    frozen->names[frozen->count] = memory_text(name);
    frozen->before[frozen->count] = memory_text(before);
    frozen->revisions[frozen->count++] = revision;
}

static const char *before_of(const char *verb, const struct wire_alert *alert)
{
    if (!alert)
        return "";
    return strcmp(verb, "assign") == 0 ? alert->assignee : strcmp(verb, "cause") == 0 ? alert->cause
         : strcmp(verb, "unack") == 0 ? alert->note : "";
}

static struct frozen *freeze(struct app *app, const char *verb, struct error *error)
{
    struct view *view = app_view(app);
    struct view_targets targets = {0};
    if (view && view->ops->targets)
        view->ops->targets(view, &targets);
    if (!targets.count || strcmp(targets.resource, "alerts") != 0) {
        error_set(error, ERROR_INVALID, "%s", _("no alert under the cursor: go to a row, or mark some"));
        return NULL;
    }
    struct frozen *frozen = frozen_new(verb);
    frozen_room(frozen, targets.count);
    for (unsigned i = 0; i < targets.count; i++) {
        const struct wire_alert *alert = alert_here(view, targets.ids[i]);
        char *name = memory_printf("%s %s %s", targets.ids[i], alert ? alert->name : "", alert ? alert->asset : "");
        frozen_add(frozen, targets.ids[i], name, before_of(verb, alert), targets.revisions[i]);
        free(name);
    }
    return frozen;
}

/* ---- one request ---- */

struct act {
    struct app *app;
    const struct verb *verb;
    struct frozen *targets;
    char *text, *until;
    bool sticky, undoing;
};

static void act_free(struct act *act)
{
    frozen_free(&act->targets);
    free(act->text);
    free(act->until);
    free(act);
}

static void act_body(const struct act *act, struct buffer *body)
{
    struct json_writer writer;
    json_start(&writer, body);
    json_write_object(&writer, NULL);
    json_write_array(&writer, "ids");
    for (unsigned i = 0; i < act->targets->count; i++)
        json_write_text(&writer, NULL, act->targets->ids[i]);
    json_write_array_end(&writer);
    if (act->verb->member || act->verb->inverse) {
        json_write_array(&writer, "revisions");
        for (unsigned i = 0; i < act->targets->count; i++)
            json_write_integer(&writer, NULL, act->targets->revisions[i]);
        json_write_array_end(&writer);
    }
    if (act->verb->member)
        json_write_text(&writer, act->verb->member, act->text);
    if (act->until && *act->until)
        json_write_text(&writer, "until", act->until);
    if (act->sticky)
        json_write_bool(&writer, "sticky", true);
    json_write_object_end(&writer);
}

static void act_answered(void *owner, const struct client_answer *answer);

static void act_send(struct act *act)
{
    struct buffer body = BUFFER_INIT, path = BUFFER_INIT;
    act_body(act, &body);
    buffer_printf(&path, "/alerts/%s", act->verb->name);
    client_send(act->app->client, "POST", buffer_text(&path), buffer_text(&body), body.length, "application/json", -1, act_answered, act);
    buffer_release(&body);
    buffer_release(&path);
}

static void ask(struct act *act, const char *title, const char *text, const char *verb);

static unsigned index_of(const struct frozen *frozen, const char *id)
{
    unsigned i = 0;
    while (i < frozen->count && strcmp(frozen->ids[i], id) != 0)
        i++;
    return i;
}

static void keep_undo(struct act *act, struct json_object *done, struct json_object *revisions)
{
    struct undo **slot = desk_undo(act->app->desk);
    size_t count = json_object_array_length(done);
    undo_free(slot);
    if (act->undoing || !act->verb->inverse)
        return;
    struct undo *undo = memory_new(sizeof *undo);
    undo->verb = memory_text(act->verb->inverse);
    undo->targets = frozen_new(act->verb->inverse);
    frozen_room(undo->targets, (unsigned)count);
    for (size_t i = 0; i < count; i++) {
        const char *id = json_object_get_string(json_object_array_get_idx(done, i));
        unsigned at = index_of(act->targets, id ? id : "");
        if (at < act->targets->count)
            frozen_add(undo->targets, id, act->targets->names[at], act->targets->before[at],
                       json_object_get_int64(json_object_array_get_idx(revisions, i)));
    }
    *slot = undo;
}

static void say_done(struct act *act, struct json_object *done)
{
    size_t count = json_object_array_length(done);
    char text[200];
    if (!act->verb->done)
        return;
    if (count == 1)
        snprintf(text, sizeof text, _(act->verb->done), json_object_get_string(json_object_array_get_idx(done, 0)));
    else
        snprintf(text, sizeof text, _(act->verb->many), (unsigned)count);
    bool can_undo = !act->undoing && act->verb->inverse;
    app_say(act->app, ROLE_OK, "%s%s", text, can_undo ? _("; U undoes it") : "");
}

/* Those that somebody else, or a machine, changed since they were looked at: show how they are now, and ask. */
static bool ask_again(struct act *act, struct json_object *failed)
{
    struct buffer text = BUFFER_INIT;
    struct frozen *left = frozen_new(act->verb->name);
    size_t count = json_object_array_length(failed);
    frozen_room(left, (unsigned)count);
    for (size_t i = 0; i < count; i++) {
        struct json_object *row = json_object_array_get_idx(failed, i);
        const char *id = json_get_text(row, "id", "");
        char said[400];
        unsigned at = index_of(act->targets, id);
        if (json_get_integer(row, "status", 0) != 409 || at == act->targets->count)
            continue;
        frozen_add(left, id, act->targets->names[at], act->targets->before[at], json_get_integer(row, "revision", -1));
        if (left->count <= 5)
            buffer_printf(&text, "%s: %s\n", id, phrase_said(said, sizeof said, json_get_text(row, "detail", "")));
    }
    bool any = left->count > 0;
    if (any) {
        struct act *again = memory_new(sizeof *again);
        *again = (struct act){.app = act->app, .verb = act->verb, .targets = left, .text = memory_text(act->text),
                              .until = memory_text(act->until), .sticky = act->sticky, .undoing = act->undoing};
        char *title = memory_printf(_("%u changed meanwhile: %s all the same?"), left->count, act->verb->name);
        ask(again, title, buffer_text(&text), _("do it all the same"));
        free(title);
    } else {
        frozen_free(&left);
    }
    buffer_release(&text);
    return any;
}

static void act_answered(void *owner, const struct client_answer *answer)
{
    struct act *act = owner;
    struct error error = {0};
    struct json_object *object = answer->error ? NULL : json_parse(answer->body, answer->length, 16, &error);
    struct json_object *done = object ? json_get(object, "done") : NULL, *failed = object ? json_get(object, "failed") : NULL;
    if (!json_object_is_type(done, json_type_array) || !json_object_is_type(failed, json_type_array)) {
        app_say(act->app, ROLE_ERROR, "%s", answer->error ? answer->error->text : error.text);
    } else if (act->verb->done) {
        if (json_object_array_length(done)) {
            keep_undo(act, done, json_get(object, "revisions"));
            say_done(act, done);
        }
        if (json_object_array_length(failed) && !ask_again(act, failed)) {
            struct json_object *first = json_object_array_get_idx(failed, 0);
            app_say(act->app, ROLE_ERROR, "%s: %s", json_get_text(first, "id", ""), json_get_text(first, "detail", ""));
        }
    }
    if (object)
        json_object_put(object);
    feed_event(act->app->feed, "alerts"); /* what was done is seen at once; marks of news have no event of their own */
    desk_ask(act->app->desk);
    act_free(act);
}

static void confirmed(struct app *app, int choice, void *owner)
{
    if (choice == 'y') {
        act_send(owner);
        return;
    }
    app_say(app, ROLE_HINT, "%s", _("left as it was"));
    act_free(owner);
}

static void ask(struct act *act, const char *title, const char *text, const char *verb)
{
    const struct dialog_choice choices[] = {{'y', verb, ROLE_CRITICAL}, {'n', _("leave it"), ROLE_TEXT}};
    const struct dialog_options options = {.title = title, .text = text, .names = (const char *const *)act->targets->names,
                                           .name_count = act->targets->count < NAMES_MOST ? act->targets->count : NAMES_MOST,
                                           .choices = choices, .choice_count = 2};
    app_ask(act->app, &options, confirmed, act);
}

/* ---- what the line says ---- */

/* "for 2h sticky the note": what stands before the text. */
static const char *take_options(struct act *act, const char *argument)
{
    char span[40] = "";
    msec length;
    int used = 0;
    if (strcmp(act->verb->name, "shelve") == 0) {
        if (sscanf(argument, "%39s %n", span, &used) >= 1 && span_parse(span, &length, NULL)) {
            act->until = memory_text(span);
            return argument + (used ? used : (int)strlen(argument));
        }
        return "";
    }
    if (strcmp(act->verb->name, "ack") != 0)
        return argument;
    if (sscanf(argument, "for %39s %n", span, &used) >= 1 && span_parse(span, &length, NULL)) {
        act->until = memory_text(span);
        argument += used ? used : (int)strlen(argument);
    }
    if (strncmp(argument, "sticky", 6) == 0 && (argument[6] == ' ' || !argument[6])) {
        act->sticky = true;
        argument += 6 + strspn(argument + 6, " ");
    }
    return argument;
}

static void open_line(struct app *app, const struct verb *verb, struct frozen *frozen)
{
    const char *person = strncmp(app->person, "user:", 5) == 0 ? app->person + 5 : app->person;
    char *line = memory_printf("%s %s", verb->name, strcmp(verb->name, "assign") == 0 ? person
                                                   : strcmp(verb->name, "shelve") == 0 ? "2h " : "");
    app_open_line(app, LINE_COMMAND, line); /* forgets older targets */
    *desk_frozen(app->desk) = frozen;
    free(line);
}

bool action_alert_act(struct app *app, const struct command *command, const char *argument, struct error *error)
{
    const struct verb *verb = verb_find(command->name);
    struct frozen **kept = desk_frozen(app->desk), *frozen = *kept;
    bool from_line = frozen && strcmp(frozen->verb, verb->name) == 0;
    if (from_line)
        *kept = NULL;
    else
        frozen = freeze(app, verb->name, error);
    if (!frozen)
        return false;
    if (verb->needs_text && !*argument && !from_line && app->line) {
        open_line(app, verb, frozen);
        return true;
    }
    struct act *act = memory_new(sizeof *act);
    *act = (struct act){.app = app, .verb = verb, .targets = frozen};
    const char *text = take_options(act, argument);
    if (verb->needs_text && !*text) {
        act_free(act);
        return error_set(error, ERROR_INVALID, "%s", _(verb->missing));
    }
    bool nobody = strcmp(text, "-") == 0 && (strcmp(verb->name, "assign") == 0 || strcmp(verb->name, "cause") == 0);
    act->text = memory_text(nobody ? "" : text);
    if (verb->asks || (verb->asks_many && frozen->count > 1)) {
        char *title = memory_printf(_("%s: %u alerts?"), verb->name, frozen->count);
        ask(act, title, text, verb->name);
        free(title);
    } else {
        act_send(act);
    }
    return true;
}

static void all_seen(void *owner, const struct client_answer *answer)
{
    struct app *app = owner;
    if (answer->error)
        app_say(app, ROLE_ERROR, "%s", answer->error->text);
    feed_event(app->feed, "alerts"); /* marks of news have no event of their own */
}

bool action_seen(struct app *app, const struct command *command, const char *argument, struct error *error)
{
    struct act *act;
    (void)command;
    if (strcmp(argument, "all") == 0) {
        client_send(app->client, "POST", "/alerts/seen", "{\"filter\":\"\"}", 13, "application/json", -1, all_seen, app);
        return true;
    }
    if (*argument && !app->screen)
        return true; /* a view noted that it was opened, but a snapshot is not a person's look */
    struct frozen *frozen = *argument ? frozen_new("seen") : freeze(app, "seen", error);
    if (!frozen)
        return false;
    if (*argument) {
        frozen_room(frozen, 1);
        frozen_add(frozen, argument, "", "", -1);
    }
    act = memory_new(sizeof *act);
    *act = (struct act){.app = app, .verb = verb_find("seen"), .targets = frozen, .text = memory_text("")};
    act_send(act);
    return true;
}

/* ---- undo ---- */

static void silence_ended(void *owner, const struct client_answer *answer)
{
    struct app *app = owner;
    app_say(app, answer->error ? ROLE_ERROR : ROLE_OK, "%s", answer->error ? answer->error->text : _("the silence is ended"));
}

/* One request for each text that is to come back. */
static void undo_send(struct app *app, const struct undo *undo)
{
    const struct frozen *all = undo->targets;
    const struct verb *verb = verb_find(undo->verb);
    for (unsigned first = 0; first < all->count; first++) {
        unsigned earlier = 0;
        while (strcmp(all->before[earlier], all->before[first]) != 0)
            earlier++;
        if (earlier < first)
            continue; /* went with that one */
        struct act *act = memory_new(sizeof *act);
        *act = (struct act){.app = app, .verb = verb, .undoing = true, .targets = frozen_new(verb->name), .text = memory_text(all->before[first])};
        frozen_room(act->targets, all->count);
        for (unsigned i = first; i < all->count; i++)
            if (strcmp(all->before[i], all->before[first]) == 0)
                frozen_add(act->targets, all->ids[i], all->names[i], "", all->revisions[i]);
        act_send(act);
    }
}

bool action_undo(struct app *app, const struct command *command, const char *argument, struct error *error)
{
    struct undo **slot = desk_undo(app->desk), *undo = *slot;
    (void)command, (void)argument;
    if (!undo)
        return error_set(error, ERROR_INVALID, "%s", _("there is nothing to undo"));
    *slot = NULL;
    if (undo->silence) {
        struct buffer path = BUFFER_INIT;
        buffer_append_text(&path, "/silences/");
        client_path_segment(&path, undo->silence);
        client_send(app->client, "DELETE", buffer_text(&path), NULL, 0, NULL, -1, silence_ended, app);
        buffer_release(&path);
    } else {
        undo_send(app, undo);
    }
    undo_free(&undo);
    return true;
}

bool action_alert(struct app *app, const struct command *command, const char *argument, struct error *error)
{
    (void)command;
    return app_open(app, view_find("alert"), argument, error);
}

bool action_bell(struct app *app, const struct command *command, const char *argument, struct error *error)
{
    enum severity least = SEVERITY_MINOR;
    (void)command;
    if (!*argument)
        least = desk_bell(app->desk) == SEVERITY_COUNT ? SEVERITY_MINOR : SEVERITY_COUNT;
    else if (strcmp(argument, "off") == 0)
        least = SEVERITY_COUNT;
    else if (strcmp(argument, "on") != 0 && (!severity_parse(argument, &least) || least < SEVERITY_MINOR))
        return error_set(error, ERROR_INVALID, "%s", _("bell on, off, or from minor, major or critical on"));
    desk_set_bell(app->desk, least);
    if (least == SEVERITY_COUNT)
        app_say(app, ROLE_HINT, "%s", _("the bell is off in this console"));
    else
        app_say(app, ROLE_HINT, _("the bell rings for new alerts from %s on"), severity_word(least));
    return true;
}

bool action_desktop(struct app *app, const struct command *command, const char *argument, struct error *error)
{
    enum notice_kind kind = desk_desktop(app->desk);
    (void)command;
    if (*argument && !notice_kind_parse(argument, &kind))
        return error_set(error, ERROR_INVALID, "%s", _("desktop auto, off, osc9, osc777 or osc99"));
    desk_set_desktop(app->desk, kind);
    if (kind == NOTICE_NONE)
        app_say(app, ROLE_HINT, "%s", _("no desktop notifications from this console"));
    else
        app_say(app, ROLE_HINT, _("new alerts are shown on the desktop by %s, where the terminal takes it"), notice_kind_name(kind));
    return true;
}
