/* What a person does to servers and applications: restart a unit, check now, read logs. (A shell: actions_shell.c.) */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/internal.h"
#include "base/json.h"
#include "base/memory.h"
#include "command/actions.h"
#include "term/locale.h"
#include "view/application.h"
#include "view/parts.h"

#define FOLLOW_FOR 30u     /* seconds for which the health after a restart is looked at */
#define OUTPUT_SHOWN 1500u /* bytes of a failed command's own words */

/* A restart from its question to the health that follows. One at a time; it hangs from struct app. */
struct restart {
    struct app *app;
    char *what, *host, *whose;    /* the unit, where it runs, what should be well after it */
    char *path, *body, *watch;    /* the write, and what to read until it is well */
    struct client_request *request;
    uv_timer_t *timer;
    msec started;
    unsigned seconds;
    bool ran, application;
};

static void timer_closed(uv_handle_t *handle)
{
    free(handle);
}

static void restart_free(struct restart *restart)
{
    if (restart->request)
        client_cancel(restart->request);
    if (restart->timer)
        uv_close((uv_handle_t *)restart->timer, timer_closed);
    if (restart->app->restart == restart)
        restart->app->restart = NULL;
    free(restart->what);
    free(restart->host);
    free(restart->whose);
    free(restart->path);
    free(restart->body);
    free(restart->watch);
    free(restart);
}

void restart_end(struct restart **pointer)
{
    if (*pointer)
        restart_free(*pointer);
    *pointer = NULL;
}

/* ---- the health that follows ---- */

static enum health health_of(const struct restart *restart, const struct client_answer *answer)
{
    struct arena *arena = arena_new();
    enum health health = HEALTH_UNKNOWN;
    if (!answer->error && restart->application) {
        struct wire_application_page page = {0};
        if (wire_read_application_page(answer->body, answer->length, arena, &page, NULL))
            health = page.application.health;
    } else if (!answer->error) {
        struct wire_server_page page = {0};
        if (wire_read_server_page(answer->body, answer->length, arena, &page, NULL))
            health = page.server.health;
    }
    arena_free(&arena);
    return health;
}

static void health_came(void *owner, const struct client_answer *answer)
{
    struct restart *restart = owner;
    struct app *app = restart->app;
    enum health health = health_of(restart, answer);
    restart->request = NULL;
    feed_event(app->feed, "pulse");
    if (health == HEALTH_OK && restart->seconds >= 2) {
        app_say(app, ROLE_OK, _("%s was restarted; %s is ok"), restart->what, restart->whose);
        restart_free(restart);
    } else if (restart->seconds >= FOLLOW_FOR) {
        app_say(app, ROLE_WARNING, _("%s was restarted; %s is %s still"), restart->what, restart->whose, health_word(health));
        restart_free(restart);
    } else {
        app_say(app, ROLE_HINT, _("%s was restarted; %s is %s, watching %us"), restart->what, restart->whose, health_word(health), restart->seconds);
    }
}

static void second_passed(uv_timer_t *timer)
{
    struct restart *restart = timer->data;
    restart->seconds++;
    if (!restart->ran)
        app_say(restart->app, ROLE_HINT, _("restarting %s on %s ... %us"), restart->what, restart->host, restart->seconds);
    else if (!restart->request)
        restart->request = client_get(restart->app->client, restart->watch, health_came, restart);
}

/* ---- the command ---- */

static void read_and_done(struct app *app, int choice, void *owner)
{
    (void)app, (void)choice, (void)owner;
}

/* An application's restart answers with the exit code and one line. */
static bool read_result(const struct restart *restart, const struct client_answer *answer, struct arena *arena, struct wire_run_result *result,
                        struct error *error)
{
    if (!restart->application)
        return wire_read_run_result(answer->body, answer->length, arena, result, error);
    struct json_object *object = json_parse(answer->body, answer->length, 8, error);
    if (!object)
        return false;
    *result = (struct wire_run_result){.unit = "", .state = "", .sub = "", .output = arena_text(arena, json_get_text(object, "result", "")),
                                       .exit_code = (int)json_get_integer(object, "exit", -1),
                                       .took = clock_steady() - restart->started};
    json_object_put(object);
    return true;
}

/* It ran and did not do what it should: its own words. */
static void show_failure(struct restart *restart, const struct wire_run_result *result)
{
    struct buffer text = BUFFER_INIT;
    char *title = memory_printf(_("%s did not come back on %s"), restart->what, restart->host);
    buffer_printf(&text, _("exit code %d after %lld ms"), result->exit_code, (long long)result->took);
    if (*result->state)
        buffer_printf(&text, _("; the unit is %s %s"), result->state, result->sub);
    size_t length = strlen(result->output), skip = length > OUTPUT_SHOWN ? length - OUTPUT_SHOWN : 0;
    while (skip && skip < length && ((unsigned char)result->output[skip] & 0xC0) == 0x80)
        skip++; /* the last of it, from a whole character on */
    if (length)
        buffer_printf(&text, "\n\n%s", result->output + skip);
    const struct dialog_choice choices[] = {{'c', _("close"), ROLE_TEXT}};
    app_ask(restart->app, &(struct dialog_options){.title = title, .text = buffer_text(&text), .choices = choices, .choice_count = 1}, read_and_done, NULL);
    free(title);
    buffer_release(&text);
}

static void restarted(void *owner, const struct client_answer *answer)
{
    struct restart *restart = owner;
    struct arena *arena = arena_new();
    struct wire_run_result result = {0};
    struct error error = {0};
    restart->request = NULL;
    if (answer->error) {
        app_say(restart->app, ROLE_ERROR, "%s", answer->error->text);
        restart_free(restart);
    } else if (!read_result(restart, answer, arena, &result, &error)) {
        app_say(restart->app, ROLE_ERROR, "%s", error.text);
        restart_free(restart);
    } else if (result.exit_code != 0 || strcmp(result.state, "failed") == 0) {
        app_say(restart->app, ROLE_ERROR, _("%s did not come back on %s"), restart->what, restart->host);
        show_failure(restart, &result);
        restart_free(restart);
    } else {
        restart->ran = true;
        restart->seconds = 0;
        app_say(restart->app, ROLE_OK, _("%s on %s: %s %s after %lld ms"), restart->what, restart->host, *result.state ? result.state : _("done"),
                result.sub, (long long)result.took);
        feed_event(restart->app->feed, "pulse");
    }
    arena_free(&arena);
}

static void confirmed(struct app *app, int choice, void *owner)
{
    struct restart *restart = owner;
    if (choice != 'y') {
        app_say(app, ROLE_HINT, "%s", _("left as it was"));
        restart_free(restart);
        return;
    }
    restart->started = clock_steady();
    restart->timer = memory_new(sizeof *restart->timer);
    uv_timer_init(app->loop, restart->timer);
    restart->timer->data = restart;
    uv_timer_start(restart->timer, second_passed, 1000, 1000);
    restart->request = client_send(app->client, "POST", restart->path, restart->body, strlen(restart->body), "application/json", -1, restarted, restart);
    app_say(app, ROLE_HINT, _("restarting %s on %s ..."), restart->what, restart->host);
}

static char *one_member(const char *name, const char *value)
{
    struct buffer body = BUFFER_INIT;
    struct json_writer writer;
    json_start(&writer, &body);
    json_write_object(&writer, NULL);
    json_write_text(&writer, name, value);
    json_write_object_end(&writer);
    return buffer_take(&body);
}

static char *resource_path(const char *resource, const char *id, const char *verb)
{
    struct buffer path = BUFFER_INIT;
    buffer_printf(&path, "/%s/", resource);
    client_path_segment(&path, id);
    buffer_append_text(&path, verb);
    return buffer_take(&path);
}

static void ask(struct restart *restart, const char *text)
{
    const struct dialog_choice choices[] = {{'y', _("restart it"), ROLE_CRITICAL}, {'n', _("leave it"), ROLE_TEXT}};
    char *title = memory_printf(_("Restart %s on %s?"), restart->what, restart->host);
    restart->app->restart = restart;
    app_ask(restart->app, &(struct dialog_options){.title = title, .text = text, .choices = choices, .choice_count = 2}, confirmed, restart);
    free(title);
}

static bool restart_node(struct app *app, struct view *view, struct error *error)
{
    const struct wire_node *node = application_node(view);
    if (!node)
        return error_set(error, ERROR_INVALID, "%s", _("restart: go to a node first"));
    if (!node->may_restart)
        return error_set(error, ERROR_DENIED, _("restart: nothing is configured that could restart %s, or you may not"), node->name);
    struct restart *restart = memory_new(sizeof *restart);
    *restart = (struct restart){.app = app, .application = true,
                                .what = memory_text(*node->unit ? node->unit : *node->name ? node->name : node->id),
                                .host = memory_text(*node->unit_on ? node->unit_on : *node->asset ? node->asset : application_id(view)),
                                .whose = memory_text(application_name(view)),
                                .path = resource_path("applications", application_id(view), "/restart"), .body = one_member("node", node->id),
                                .watch = resource_path("applications", application_id(view), "")};
    ask(restart, _("The command configured for it runs there at once. Whoever uses it is interrupted."));
    return true;
}

bool action_restart(struct app *app, const struct command *command, const char *argument, struct error *error)
{
    struct view *view = app_view(app);
    (void)command;
    if (app->restart)
        return error_set(error, ERROR_CONFLICT, _("restart: %s is still under way"), app->restart->what);
    if (view && application_id(view))
        return restart_node(app, view, error);
    const char *id = view ? server_id(view) : NULL, *unit = *argument ? argument : id ? server_unit(view) : NULL;
    const struct wire_server_page *page = id ? server_answer(view) : NULL;
    if (!id || !unit)
        return error_set(error, ERROR_INVALID, "%s", _("restart: go to a unit (Tab), or name it: `:restart nginx.service`"));
    if (page && !page->may_restart)
        return error_set(error, ERROR_DENIED, _("restart: no command is configured for it on %s, or you may not"), id);
    struct restart *restart = memory_new(sizeof *restart);
    *restart = (struct restart){.app = app, .what = memory_text(unit), .host = memory_text(id),
                                .whose = memory_text(id), .path = resource_path("servers", id, "/restart"),
                                .body = one_member("unit", unit), .watch = resource_path("servers", id, "")};
    ask(restart, _("The command configured for it runs there at once. Whoever uses it is interrupted."));
    return true;
}

/* ---- pages ---- */

/* An id and what follows it; without one, the asset of the current row. */
static bool open_page(struct app *app, const char *page, const char *argument, struct error *error)
{
    struct view *view = app_view(app);
    struct view_targets targets = {0};
    if (!*argument && view && view->ops->targets)
        view->ops->targets(view, &targets);
    bool asset = targets.count && strcmp(targets.resource, "assets") == 0;
    return app_open(app, view_find(page), *argument ? argument : asset ? targets.ids[0] : "", error);
}

/* `F` on the servers keeps their filter; on a server's page it is about that one. */
bool action_capacity(struct app *app, const struct command *command, const char *argument, struct error *error)
{
    struct view *view = app_view(app);
    struct buffer filter = BUFFER_INIT;
    buffer_append_text(&filter, argument);
    if (strcmp(command->name, "full-when") == 0 && view && server_id(view))
        filter_value(&filter, "id", server_id(view));
    else if (strcmp(command->name, "full-when") == 0 && view && view->ops->filter)
        buffer_append_text(&filter, view->ops->filter(view));
    bool good = app_open(app, view_find("capacity"), buffer_text(&filter), error);
    buffer_release(&filter);
    return good;
}

bool action_security(struct app *app, const struct command *command, const char *argument, struct error *error)
{
    (void)command;
    return app_open(app, view_find("security"), argument, error);
}

bool action_server(struct app *app, const struct command *command, const char *argument, struct error *error)
{
    (void)command;
    return open_page(app, "server", argument, error);
}

bool action_application(struct app *app, const struct command *command, const char *argument, struct error *error)
{
    (void)command;
    return open_page(app, "application", argument, error);
}

/* ---- check now ---- */

static void checked(void *owner, const struct client_answer *answer)
{
    struct app *app = owner;
    if (answer->error)
        app_say(app, ROLE_ERROR, "%s", answer->error->text);
    else
        app_say(app, ROLE_OK, "%s", _("checked now"));
    feed_event(app->feed, "pulse");
}

bool action_check(struct app *app, const struct command *command, const char *argument, struct error *error)
{
    struct view *view = app_view(app);
    const char *id = view ? application_id(view) : NULL;
    const struct wire_node *node = id ? application_node(view) : NULL;
    (void)command;
    if (!id || (!*argument && !node))
        return error_set(error, ERROR_INVALID, "%s", _("check: open an application and go to a node"));
    char *path = resource_path("applications", id, "/check"), *body = one_member("node", *argument ? argument : node->id);
    client_send(app->client, "POST", path, body, strlen(body), "application/json", -1, checked, app);
    app_say(app, ROLE_HINT, _("checking %s ..."), *argument ? argument : *node->name ? node->name : node->id);
    free(path);
    free(body);
    return true;
}

/* ---- logs ---- */

/* The log that a unit writes, when the server offers it. */
static const char *log_of_unit(const struct wire_server_page *page, const char *unit)
{
    size_t length = strcspn(unit, ".");
    for (unsigned i = 0; page && i < page->log_count; i++) {
        const char *colon = strchr(page->logs[i], ':'), *name = colon ? colon + 1 : page->logs[i];
        if (strcmp(name, unit) == 0 || (strlen(name) == length && strncmp(name, unit, length) == 0))
            return page->logs[i];
    }
    return NULL;
}

bool action_logs(struct app *app, const struct command *command, const char *argument, struct error *error)
{
    struct view *view = app_view(app);
    const struct wire_node *node = view ? application_node(view) : NULL;
    struct view_targets targets = {0};
    (void)command;
    if (*argument)
        return app_open(app, view_find("log"), argument, error);
    if (view && application_id(view)) {
        if (!node || !*node->asset)
            return error_set(error, ERROR_INVALID, "%s", _("logs: this node stands on no server"));
        return app_open(app, view_find("log"), node->asset, error);
    }
    if (view && view->ops->targets)
        view->ops->targets(view, &targets);
    if (!targets.count)
        return error_set(error, ERROR_INVALID, "%s", _("logs: go to a server's row first"));
    const char *unit = server_id(view) ? server_unit(view) : NULL, *log = unit ? log_of_unit(server_answer(view), unit) : NULL;
    if (unit && !log)
        app_say(app, ROLE_HINT, _("no log of %s is offered; these are"), unit);
    char *where = log ? memory_printf("%s %s", targets.ids[0], log) : memory_text(targets.ids[0]);
    bool good = app_open(app, view_find("log"), where, error);
    free(where);
    return good;
}
