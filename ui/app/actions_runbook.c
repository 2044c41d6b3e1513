/* `r`: the runbook of the alert under the cursor, or of the worst alert of the asset under it. */
#include <stdlib.h>
#include <string.h>

#include "app/internal.h"
#include "base/memory.h"
#include "command/actions.h"
#include "term/locale.h"
#include "view/alerts.h"
#include "view/parts.h"

static void open_for(struct app *app, const char *runbook, const char *asset, const char *rule, const char *alert)
{
    struct error error = {0};
    char *argument = memory_printf("%s\n%s\n%s", runbook, asset, alert);
    if (!*runbook)
        app_say(app, ROLE_WARNING, _("rule %s names no runbook: give it `runbook: NAME` in the configuration"), *rule ? rule : "?");
    else if (!app_open(app, view_find("runbook"), argument, &error))
        app_say(app, ROLE_ERROR, "%s", error.text);
    free(argument);
}

static void alerts_came(void *owner, const struct client_answer *answer)
{
    struct app *app = owner;
    struct arena *arena = arena_new();
    struct wire_page page;
    struct wire_alert_hidden hidden;
    struct wire_alert *rows = NULL;
    unsigned count = 0;
    struct error error = {0};
    if (answer->error)
        app_say(app, ROLE_ERROR, "%s", answer->error->text);
    else if (!wire_read_alerts(answer->body, answer->length, arena, &page, &hidden, &rows, &count, &error))
        app_say(app, ROLE_ERROR, "%s", error.text);
    else if (!count)
        app_say(app, ROLE_HINT, "%s", _("no alert stands at this asset: `:runbook NAME` opens one, `:runbooks` lists them"));
    else
        open_for(app, rows[0].runbook, rows[0].asset, rows[0].rule, rows[0].id);
    arena_free(&arena);
}

/* The queue's own order: the first is the one to begin with, were it folded under a cause or not. */
static void ask_for_asset(struct app *app, const char *asset)
{
    struct buffer path = BUFFER_INIT, filter = BUFFER_INIT;
    filter_value(&filter, "asset", asset);
    buffer_append_text(&filter, " condition:active");
    client_path(&path, "/alerts", "filter", buffer_text(&filter), "all", "true", "limit", "1", "fields", "id,asset,rule,runbook", NULL);
    client_get(app->client, buffer_text(&path), alerts_came, app);
    buffer_release(&path);
    buffer_release(&filter);
}

bool action_runbook(struct app *app, const struct command *command, const char *argument, struct error *error)
{
    struct view *view = app_view(app);
    struct view_targets targets = {0};
    (void)command;
    if (*argument) {
        size_t name = strcspn(argument, " ");
        char *both = memory_printf("%.*s\n%s", (int)name, argument, argument + name + strspn(argument + name, " "));
        bool good = app_open(app, view_find("runbook"), both, error);
        free(both);
        return good;
    }
    if (view && view->ops->targets)
        view->ops->targets(view, &targets);
    const struct wire_alert *alert = targets.count ? alert_here(view, targets.ids[0]) : NULL;
    if (alert)
        open_for(app, alert->runbook, alert->asset, alert->rule, alert->id);
    else if (targets.count && strcmp(targets.resource, "assets") == 0)
        ask_for_asset(app, targets.ids[0]);
    else
        return app_open(app, view_find("runbooks"), "", error);
    return true;
}
