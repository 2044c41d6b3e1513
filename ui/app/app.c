#include "app/app.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "app/desk.h"
#include "app/internal.h"
#include "base/memory.h"
#include "client/replay.h"
#include "term/locale.h"

#define OVERVIEW_LEAST ((msec)2000)

msec app_now(const struct app *app)
{
    return app->at == CLOCK_NEVER ? clock_wall() : app->at;
}

void app_dirty(struct app *app, bool urgent)
{
    app->dirty = true;
    app->urgent |= urgent;
}

void app_say(struct app *app, uint8_t role, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(app->message, sizeof app->message, format, arguments);
    va_end(arguments);
    if (role == ROLE_ERROR)
        phrase_say_into(app->message, sizeof app->message); /* of what came as JSON; an error's text is said already */
    app->message_role = role;
    app->message_until = clock_steady() + MESSAGE_SHOWN;
    app_dirty(app, true);
}

/* ---- what the whole frame shows ---- */

static enum command_need need_of_role(const char *role)
{
    static const char *const names[] = {[NEEDS_VIEWER] = "viewer", [NEEDS_OPERATOR] = "operator",
                                        [NEEDS_SUPERVISOR] = "supervisor", [NEEDS_ADMIN] = "admin"};
    for (unsigned i = 0; i < ARRAY_COUNT(names); i++)
        if (strcmp(names[i], role) == 0)
            return (enum command_need)i;
    return NEEDS_VIEWER;
}

/* People at the site think in the site's time, wherever the terminal is. */
static void use_timezone(const char *timezone)
{
    const char *own = getenv("TZ");
    if (*timezone && (!own || strcmp(own, timezone) != 0) && !getenv("NOCTURNE_OWN_TZ")) {
        setenv("TZ", timezone, 1);
        tzset();
    }
}

static void overview_came(void *owner, const struct client_answer *answer)
{
    struct app *app = owner;
    app->overview_request = NULL;
    if (answer->error)
        return;
    struct arena *arena = arena_new();
    struct wire_overview overview = {0};
    struct error error = {0};
    if (!wire_read_overview(answer->body, answer->length, arena, &overview, &error)) {
        arena_free(&arena);
        app_say(app, ROLE_ERROR, "%s", error.text);
        return;
    }
    if (app->overview_arena)
        arena_free(&app->overview_arena);
    app->overview_arena = arena;
    app->overview = overview;
    bool first = !app->have_overview;
    if (first)
        use_timezone(overview.timezone);
    app->have_overview = true;
    /* What is printed for a script is in the language that the script's environment says. */
    if (first && (app->screen || app->options->plain) && locale_prefer(overview.language))
        app_reopen_views(app);
    app->newest_heard = overview.newest_heard;
    app->rate = overview.rate;
    if (app_view(app)) /* a board without gateways shows what there is instead */
        feed_update(app->feed, app_view(app));
    app_dirty(app, false);
}

void app_ask_overview(struct app *app)
{
    struct buffer path = BUFFER_INIT;
    char text[INSTANT_TEXT] = "";
    if (app->overview_request)
        client_cancel(app->overview_request);
    client_path(&path, "/overview", "at", app->at == CLOCK_NEVER ? "" : instant_format(text, app->at), NULL);
    app->overview_request = client_get(app->client, buffer_text(&path), overview_came, app);
    app->overview_asked = clock_steady();
    app->overview_old = false;
    buffer_release(&path);
}

static void whoami_came(void *owner, const struct client_answer *answer)
{
    struct app *app = owner;
    struct wire_whoami whoami = {0};
    struct arena *arena = arena_new();
    if (!answer->error && wire_read_whoami(answer->body, answer->length, arena, &whoami, NULL)) {
        snprintf(app->person, sizeof app->person, "%s", whoami.name);
        snprintf(app->role, sizeof app->role, "%s", whoami.role);
        app->may = need_of_role(whoami.role);
    }
    arena_free(&arena);
}

bool app_allows(struct app *app, const struct command *command, struct error *error)
{
    if (command->writes && app->at != CLOCK_NEVER)
        return error_set(error, ERROR_DENIED, _("%s: not in the past; = returns to now"), command->name);
    if (command->writes && app->read_only)
        return error_set(error, ERROR_DENIED, _("%s: this console is read-only"), command->name);
    if (command->needs > app->may && app->role[0])
        return error_set(error, ERROR_DENIED, _("%s: your role is %s, which may not"), command->name, app->role);
    return true;
}

void app_set_at(struct app *app, msec at)
{
    app->at = at;
    feed_set_at(app->feed, at);
    feed_restart(app->feed);
    app_ask_overview(app);
    desk_ask(app->desk);
    app_dirty(app, true);
}

/* ---- the event stream ---- */

static void note_pulse(struct app *app, const struct client_event *event)
{
    struct json_object *pulse = json_parse(event->data, event->length, 8, NULL);
    if (!pulse)
        return;
    double rate = json_get_number(pulse, "rate", app->rate);
    msec newest = json_get_instant(pulse, "newest_heard");
    if (newest != CLOCK_NEVER)
        app->newest_heard = newest;
    /* The heart beats for a pulse that found its sources running: collecting lives, and so does drawing. */
    if (!app->have_overview || app->overview.sources_running)
        app->beat = !app->beat;
    app->rate = rate;
    json_object_put(pulse);
}

void app_on_event(void *owner, const struct client_event *event)
{
    struct app *app = owner;
    if (strcmp(event->kind, "pulse") == 0) {
        note_pulse(app, event);
    } else if (strcmp(event->kind, "reload") == 0 || strcmp(event->kind, "reset") == 0) {
        feed_restart(app->feed);
        app->overview_old = true;
    } else if (app->at == CLOCK_NEVER) {
        app->overview_old = true;
    }
    feed_event(app->feed, event->kind);
    desk_event(app->desk, event);
    app_dirty(app, false);
}

void app_on_link(void *owner, enum client_link link, const char *cause)
{
    struct app *app = owner;
    if (link != app->link)
        app->link_since = clock_steady();
    if (link == CLIENT_UP && app->link == CLIENT_LOST) {
        app_say(app, ROLE_OK, "%s", _("the link is back"));
        feed_restart(app->feed);
        app_ask_overview(app);
        desk_ask(app->desk);
    }
    app->link = link;
    snprintf(app->link_cause, sizeof app->link_cause, "%s", cause);
    app_dirty(app, false);
}

/* ---- life ---- */

static bool parse_at(struct app *app, struct error *error)
{
    msec at;
    const char *text = options_at(app->options);
    if (!text)
        return true;
    if (!instant_parse(text, clock_wall(), &at, error))
        return error_prefix(error, "--at");
    if (app->options->capsule && at >= clock_wall()) /* its end */
        return true;
    app->at = at;
    feed_set_at(app->feed, at);
    return true;
}

static void init_tabs(struct app *app)
{
    for (unsigned i = 0; i < view_count && app->tab_count < ARRAY_COUNT(app->tabs); i++)
        if (view_list[i]->tab)
            app->tabs[app->tab_count++].ops = view_list[i];
}

bool app_init(struct app *app, uv_loop_t *loop, struct client *client, const struct options *options, struct error *error)
{
    memset(app, 0, sizeof *app);
    app->loop = loop;
    app->client = client;
    app->options = options;
    app->at = CLOCK_NEVER;
    app->newest_heard = CLOCK_NEVER;
    app->read_only = options->read_only != NULL;
    app->may = NEEDS_ADMIN; /* until the daemon says otherwise: it judges every write itself */
    app->feed = feed_new(loop, client, app_received, app_took, app);
    app->desk = desk_new(app);
    app->keymap = keymap_new();
    app->theme = theme_load(options->theme, error);
    init_tabs(app);
    if (!app->theme || !parse_at(app, error))
        return false;
    client_listen(client, app_on_event, app_on_link, app);
    app_ask_overview(app);
    desk_ask(app->desk);
    client_get(client, "/whoami", whoami_came, app);
    if (options->capsule && *options->capsule->left_out)
        app_say(app, ROLE_HINT, _("not in this capsule: %s"), options->capsule->left_out);
    return true;
}

void app_release(struct app *app)
{
    app_dialogs_clear(app);
    restart_end(&app->restart);
    app_close_views(app);
    if (app->overview_request)
        client_cancel(app->overview_request);
    if (app->step_request)
        client_cancel(app->step_request);
    completion_free(&app->completion);
    line_free(&app->line);
    desk_free(&app->desk);
    feed_free(&app->feed);
    keymap_free(&app->keymap);
    theme_free(&app->theme);
    if (app->overview_arena)
        arena_free(&app->overview_arena);
    free(app->filter_before);
    free(app->replace_argument);
    free(app->keys_path);
    surface_release(&app->surface);
}

void app_drain(uv_loop_t *loop)
{
    while (uv_run(loop, UV_RUN_DEFAULT) != 0)
        ;
}
