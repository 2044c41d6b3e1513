/* Carrying away: lists as CSV, an incident as a capsule. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "app/internal.h"
#include "base/csv.h"
#include "base/memory.h"
#include "command/actions.h"
#include "command/body.h"
#include "term/locale.h"

struct carry {
    struct app *app;
    char *file;
    bool bom;
};

static void carried(void *owner, const struct client_answer *answer)
{
    struct carry *carry = owner;
    struct error error = {0};
    struct buffer bytes = BUFFER_INIT;
    if (answer->error) {
        app_say(carry->app, ROLE_ERROR, "%s", answer->error->text);
    } else {
        buffer_append_text(&bytes, carry->bom ? CSV_BOM : "");
        buffer_append(&bytes, answer->body, answer->length);
        if (!body_write_file(carry->file, buffer_text(&bytes), bytes.length, &error))
            app_say(carry->app, ROLE_ERROR, "%s", error.text);
        else
            app_say(carry->app, ROLE_OK, _("wrote %s (%zu bytes)"), carry->file, bytes.length);
    }
    buffer_release(&bytes);
    free(carry->file);
    free(carry);
}

void app_carry_away(struct app *app, const char *path, char *file, bool bom)
{
    struct carry *carry = memory_new(sizeof *carry);
    carry->app = app;
    carry->file = file;
    carry->bom = bom;
    client_get(app->client, path, carried, carry);
}

char *app_dated_name(const char *what)
{
    char stamp[40];
    time_t now = time(NULL);
    struct tm tm;
    localtime_r(&now, &tm);
    strftime(stamp, sizeof stamp, "%Y%m%d-%H%M%S", &tm);
    return memory_printf("%s-%s.csv", what, stamp);
}

/* ---- lists ---- */

static bool export_list(struct app *app, const char *file, bool bom, struct error *error)
{
    struct view *view = app_view(app);
    struct buffer list = BUFFER_INIT, fields = BUFFER_INIT, path = BUFFER_INIT;
    char at[INSTANT_TEXT] = "";
    bool good = view && view->ops->list && view->ops->list(view, &list, &fields);
    if (good) {
        client_path(&path, buffer_text(&list), "fields", buffer_text(&fields), "limit", EXPORT_MOST, "format",
                    "csv", "at", app->at == CLOCK_NEVER ? "" : instant_format(at, app->at), NULL);
        app_carry_away(app, buffer_text(&path), *file ? memory_text(file) : app_dated_name(view->ops->name), bom);
    }
    buffer_release(&list);
    buffer_release(&fields);
    buffer_release(&path);
    return good || error_set(error, ERROR_INVALID, "%s", _("this page has no list to export"));
}

/* ---- incidents ---- */

static const char *current_alert(struct app *app)
{
    struct view *view = app_view(app);
    struct view_targets targets = {0};
    bool alerts = view && (strcmp(view->ops->name, "alerts") == 0 || strcmp(view->ops->name, "alert") == 0);
    if (alerts && view->ops->targets)
        view->ops->targets(view, &targets);
    return targets.count == 1 ? targets.ids[0] : NULL;
}

/* "[ID] [FILE]": the current alert when no id is given. */
static bool export_incident(struct app *app, const char *rest, struct error *error)
{
    struct buffer path = BUFFER_INIT;
    size_t word = strcspn(rest, " ");
    char *first = memory_text_n(rest, word);
    bool named = body_is_alert(first);
    const char *id = named ? first : current_alert(app), *file = named ? rest + word + strspn(rest + word, " ") : rest;
    if (app->options->capsule) {
        error_set(error, ERROR_DENIED, "%s", _("this is an incident capsule already: copy its file"));
    } else if (!id) {
        error_set(error, ERROR_INVALID, "%s", _("export one incident at a time: give its id, or go to its row"));
    } else {
        buffer_append_text(&path, "/alerts/");
        client_path_segment(&path, id);
        buffer_append_text(&path, "/capsule");
        app_say(app, ROLE_HINT, _("gathering %s ..."), id);
        app_carry_away(app, buffer_text(&path), *file ? memory_text(file) : memory_printf("%s.capsule", id), false);
        error = NULL;
    }
    bool good = path.length > 0;
    buffer_release(&path);
    free(first);
    return good;
}

static void chosen(struct app *app, int choice, void *owner)
{
    struct error error = {0};
    char *id = owner;
    bool good = true;
    if (choice == 'i')
        good = export_incident(app, id, &error);
    else if (choice == 'c' || choice == 's')
        good = export_list(app, "", choice == 's', &error);
    if (!good)
        app_say(app, ROLE_ERROR, "%s", error.text);
    free(id);
}

/* In the queue there are two things to carry away. */
static void ask_what(struct app *app, const char *id)
{
    const struct dialog_choice choices[] = {{'i', _("incident capsule"), ROLE_TEXT},
                                            {'c', _("list as CSV"), ROLE_TEXT},
                                            {'s', _("CSV for spreadsheets"), ROLE_TEXT}};
    const struct dialog_options options = {
        .title = _("Export"), .names = &id, .name_count = 1, .choices = choices, .choice_count = 3,
        .text = _("A capsule holds the alert and all about it: nocturne --replay opens it anywhere.")};
    app_ask(app, &options, chosen, memory_text(id));
}

bool action_export(struct app *app, const struct command *command, const char *argument, struct error *error)
{
    static const char incident[] = "incident", bom[] = "bom";
    size_t word = strcspn(argument, " ");
    const char *rest = argument + word + strspn(argument + word, " "), *id = current_alert(app);
    struct view *view = app_view(app);
    (void)command;
    if (view && command_word_in("capacity growth security control breaches", view->ops->name))
        return app_export_report(app, argument, error);
    if (word == strlen(incident) && memcmp(argument, incident, word) == 0)
        return export_incident(app, rest, error);
    if (word == strlen(bom) && memcmp(argument, bom, word) == 0)
        return export_list(app, rest, true, error);
    if (!word && id && view->ops->list && !app->options->capsule) {
        ask_what(app, id);
        return true;
    }
    if (!word && id && !view->ops->list)
        return export_incident(app, "", error);
    return export_list(app, argument, false, error);
}
