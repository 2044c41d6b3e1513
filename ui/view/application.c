/* One business system: what it is made of as a tree, each node with its verdict and evidence, the first broken one
 * marked and one key away; its recoveries and its alerts (R022, R361). */
#include "view/application.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "term/locale.h"
#include "view/alerts.h"
#include "view/application_private.h"
#include "view/host_text.h"
#include "view/parts.h"

#define ALERTS_MOST "50"
#define ASSETS_MOST 32u

enum { SLOT_PAGE, SLOT_ALERTS };

/* ---- life ---- */

static bool application_open(struct view *view, const char *argument, struct error *error)
{
    struct application *app = view->state;
    if (!*argument)
        return error_set(error, ERROR_INVALID, "%s", _("application needs an id: `:application energy`"));
    app->id = memory_text(argument);
    app->now = clock_wall();
    app->hurt = true;
    application_make_tables(app);
    return true;
}

static void application_close(struct view *view)
{
    struct application *app = view->state;
    for (unsigned i = 0; i < PANES; i++)
        table_free(&app->table[i]);
    arena_free(&app->arena);
    arena_free(&app->alert_arena);
    buffer_release(&app->what);
    buffer_release(&app->path);
    free(app->id);
}

/* The alerts of the application and of what it stands on. */
static void alerts_path(struct application *app)
{
    struct buffer filter = BUFFER_INIT, one = BUFFER_INIT;
    const char *assets[ASSETS_MOST] = {app->id};
    unsigned count = 1;
    for (unsigned i = 0; i < app->page.node_count && count < ASSETS_MOST; i++) {
        const char *asset = app->page.nodes[i].asset;
        bool known = !*asset;
        for (unsigned a = 0; a < count && !known; a++)
            known = strcmp(assets[a], asset) == 0;
        if (!known)
            assets[count++] = asset;
    }
    for (unsigned i = 0; i < count; i++) {
        buffer_clear(&one);
        filter_value(&one, "asset", assets[i]);
        buffer_append_text(&filter, i ? "," : "asset:");
        buffer_append_text(&filter, buffer_text(&one) + strlen("asset:"));
    }
    buffer_clear(&app->path);
    client_path(&app->path, "/alerts", "filter", buffer_text(&filter), "all", "1", "limit", ALERTS_MOST, NULL);
    buffer_release(&filter);
    buffer_release(&one);
}

static void wants(struct view *view, struct view_wants *out)
{
    struct application *app = view->state;
    struct buffer path = BUFFER_INIT;
    buffer_append_text(&path, "/applications/");
    client_path_segment(&path, app->id);
    view_want(out, SLOT_PAGE, "fleet ledger pulse", 1000, buffer_text(&path));
    if (app->have)
        view_want(out, SLOT_ALERTS, "alerts", 1000, buffer_text(&app->path));
    buffer_release(&path);
}

static bool to_hurt(struct application *app)
{
    for (unsigned i = 0; i < app->page.node_count; i++)
        if (app->page.nodes[i].cause) {
            app->pane = PANE_NODES;
            table_move_to(app->table[PANE_NODES], i);
            return true;
        }
    return false;
}

static bool receive_page(struct application *app, const struct client_answer *answer, struct error *error)
{
    struct arena *arena = arena_new(), *old = app->arena;
    struct wire_application_page fresh = {0};
    if (!wire_read_application_page(answer->body, answer->length, arena, &fresh, error)) {
        arena_free(&arena);
        return false;
    }
    app->arena = arena;
    app->page = fresh;
    app->have = true;
    app->problem[0] = '\0';
    alerts_path(app);
    application_show_page(app);
    if (app->hurt)
        to_hurt(app);
    app->hurt = false;
    arena_free(&old);
    return true;
}

static bool receive_alerts(struct application *app, const struct client_answer *answer, struct error *error)
{
    struct arena *arena = arena_new(), *old = app->alert_arena;
    struct wire_page envelope;
    struct wire_alert_hidden hidden;
    struct wire_alert *rows = NULL;
    unsigned count = 0;
    if (!wire_read_alerts(answer->body, answer->length, arena, &envelope, &hidden, &rows, &count, error)) {
        arena_free(&arena);
        return false;
    }
    app->alert_arena = arena;
    app->alerts = rows;
    app->alert_count = count;
    application_show_alerts(app);
    arena_free(&old);
    return true;
}

static bool receive(struct view *view, unsigned slot, const struct client_answer *answer, struct error *error)
{
    struct application *app = view->state;
    if (answer->error) {
        *error = *answer->error;
        if (slot == SLOT_PAGE)
            snprintf(app->problem, sizeof app->problem, "%s", answer->error->text);
        return false;
    }
    return slot == SLOT_PAGE ? receive_page(app, answer, error) : receive_alerts(app, answer, error);
}

const struct wire_node *application_node(struct view *view)
{
    if (view->ops != &application_view)
        return NULL;
    struct application *app = view->state;
    size_t at = table_cursor(app->table[PANE_NODES]);
    return at < app->page.node_count ? &app->page.nodes[at] : NULL;
}

const char *application_id(struct view *view)
{
    return view->ops == &application_view ? ((struct application *)view->state)->id : NULL;
}

const char *application_name(struct view *view)
{
    const struct application *app = view->state;
    return app->have && *app->page.application.name ? app->page.application.name : app->id;
}

/* ---- doing ---- */

static enum reaction open_current(struct view *view)
{
    struct application *app = view->state;
    const struct wire_node *node = application_node(view);
    const char *id = table_cursor_id(app->table[app->pane]);
    if (app->pane == PANE_ALERTS && id) {
        view->host_ops->open(view->host, "alert", id);
    } else if (app->pane == PANE_NODES && node && *node->asset && strcmp(node->asset, app->id) != 0) {
        view->host_ops->open(view->host, "asset", node->asset); /* its own page, whatever kind it is */
    } else if (app->pane == PANE_NODES && node && node->depth) {
        view->host_ops->say(view->host, ROLE_HINT, "%s", _("this node stands on no asset of the ledger"));
    }
    return REACT_HANDLED;
}

static enum reaction key(struct view *view, const struct key_event *key)
{
    struct application *app = view->state;
    switch (table_key(app->table[app->pane], key)) {
    case TABLE_IGNORED: return REACT_IGNORED;
    case TABLE_CHOSEN: return open_current(view) | REACT_DRAW;
    default: return REACT_HANDLED | REACT_DRAW;
    }
}

static enum reaction command(struct view *view, const char *name, const char *argument, struct error *error)
{
    struct application *app = view->state;
    struct key_event motion;
    (void)argument, (void)error;
    if (strcmp(name, "pane") == 0)
        app->pane = (enum pane)((app->pane + 1) % PANES);
    else if (strcmp(name, "previous-pane") == 0)
        app->pane = (enum pane)((app->pane + PANES - 1) % PANES);
    else if (strcmp(name, "hurts") == 0) {
        if (!to_hurt(app))
            view->host_ops->say(view->host, ROLE_HINT, "%s", _("nothing hurts here"));
    } else if (strcmp(name, "open") == 0)
        return open_current(view);
    else if (motion_key(name, &motion))
        return key(view, &motion);
    else
        return REACT_IGNORED;
    return REACT_HANDLED | REACT_DRAW;
}

static void targets(struct view *view, struct view_targets *out)
{
    struct application *app = view->state;
    app->target = app->id;
    app->revision = -1;
    *out = (struct view_targets){.ids = &app->target, .revisions = &app->revision, .count = 1, .resource = "assets"};
}

static void crumbs(struct view *view, struct buffer *out)
{
    site_crumbs(view, out, _("applications"), application_name(view), NULL);
}

static void hints(struct view *view, struct buffer *out)
{
    const struct application *app = view->state;
    const struct wire_node *node = application_node(view);
    buffer_printf(out, "b %s  Enter %s", _("where it hurts"), app->pane == PANE_ALERTS ? _("alert") : _("server"));
    if (node && node->may_restart)
        buffer_printf(out, "  R %s", _("restart"));
    buffer_printf(out, "  f %s  l %s  Tab %s  h %s  Esc %s", _("check now"), _("logs"), _("next pane"), _("history"), _("back"));
}

static void plain(struct view *view, struct buffer *out)
{
    struct application *app = view->state;
    const struct wire_application *row = &app->page.application;
    char when[INSTANT_TEXT];
    (void)view;
    if (!app->have) {
        buffer_printf(out, "%s\n", app->problem);
        return;
    }
    buffer_printf(out, "%s  %s  %s\n  %s\n", row->id, health_word(row->health), row->name, *row->hurts ? row->hurts : _("nothing hurts"));
    for (unsigned i = 0; i < app->page.node_count; i++) {
        const struct wire_node *node = &app->page.nodes[i];
        buffer_printf(out, "%3u  %*s%s  %s  %s  %s%s%s%s\n", i + 1, (int)(2 * node->depth), "", application_verdict(node),
                      *node->name ? node->name : node->id, value_word(node->kind), node->evidence, *application_place(node) ? _(" · on ") : "", application_place(node),
                      node->cause ? _("  <- here it hurts") : "");
    }
    for (unsigned i = 0; i < app->page.recovery_count; i++)
        buffer_printf(out, "  %s  %s  %s  %s\n", instant_format(when, app->page.recoveries[i].time), app->page.recoveries[i].unit,
                      app->page.recoveries[i].asset, app->page.recoveries[i].result);
    for (unsigned i = 0; i < app->alert_count; i++)
        buffer_printf(out, "  %s  %s  %s  %s\n", app->alerts[i].id, severity_word(app->alerts[i].severity), app->alerts[i].name, app->alerts[i].summary);
}

static bool pick(struct view *view, unsigned number)
{
    struct application *app = view->state;
    if (!number || number > app->page.node_count)
        return false;
    app->pane = PANE_NODES;
    table_move_to(app->table[PANE_NODES], number - 1);
    return true;
}

const struct view_ops application_view = {
    .name = "application",
    .title = N_("Application"),
    .argument = "ID",
    .help = N_("one application: what it is made of, and what broke first"),
    .size = sizeof(struct application),
    .open = application_open,
    .close = application_close,
    .wants = wants,
    .receive = receive,
    .draw = application_draw,
    .key = key,
    .command = command,
    .targets = targets,
    .crumbs = crumbs,
    .hints = hints,
    .plain = plain,
    .pick = pick,
};
