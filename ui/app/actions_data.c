/* Commands that change what the daemon holds. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "app/internal.h"
#include "base/json.h"
#include "base/memory.h"
#include "command/actions.h"
#include "command/body.h"
#include "term/locale.h"

/* A write that waits for its yes, and then for its answer. */
struct write {
    struct app *app;
    char *method, *path, *body, *type, *done;
    size_t length;
    int64_t revision;
};

static void write_free(struct write *write)
{
    free(write->method);
    free(write->path);
    free(write->body);
    free(write->type);
    free(write->done);
    free(write);
}

static void write_answered(void *owner, const struct client_answer *answer)
{
    struct write *write = owner;
    if (answer->error)
        app_say(write->app, ROLE_ERROR, "%s", answer->error->text);
    else
        app_say(write->app, ROLE_OK, "%s", write->done);
    write_free(write);
}

static void write_send(struct write *write)
{
    client_send(write->app->client, write->method, write->path, write->body, write->length, write->type,
                write->revision, write_answered, write);
}

static void write_confirmed(struct app *app, int choice, void *owner)
{
    if (choice == 'y') {
        write_send(owner);
        return;
    }
    app_say(app, ROLE_HINT, "%s", _("left as it was"));
    write_free(owner);
}

static struct write *write_new(struct app *app, const char *method, const char *path, const char *body,
                               const char *done)
{
    struct write *write = memory_new(sizeof *write);
    write->app = app;
    write->method = memory_text(method);
    write->path = memory_text(path);
    write->body = memory_text(body);
    write->length = strlen(body);
    write->type = memory_text("application/json");
    write->done = memory_text(done);
    write->revision = -1;
    return write;
}

static void confirm(struct write *write, const char *title, const char *text, const char *verb)
{
    const struct dialog_choice choices[] = {{'y', verb, ROLE_CRITICAL}, {'n', _("leave it"), ROLE_TEXT}};
    const struct dialog_options options = {.title = title, .text = text, .choices = choices, .choice_count = 2};
    app_ask(write->app, &options, write_confirmed, write);
}

/* ---- saved views ---- */

static void saved_came(void *owner, const struct client_answer *answer)
{
    struct app *app = owner;
    struct error error = {0};
    if (answer->error) {
        app_say(app, ROLE_ERROR, "%s", answer->error->text);
        return;
    }
    struct json_object *view = json_parse(answer->body, answer->length, 8, &error);
    const char *query = view ? json_get_text(view, "query", "") : "";
    char *argument = memory_printf("?%s", query);
    if (!view || !app_open(app, view_find("devices"), argument, &error))
        app_say(app, ROLE_ERROR, "%s", error.text);
    free(argument);
    if (view)
        json_object_put(view);
}

static void view_path(struct buffer *path, const char *name)
{
    buffer_append_text(path, "/views/");
    client_path_segment(path, name);
}

bool action_saved(struct app *app, const struct command *command, const char *argument, struct error *error)
{
    struct buffer path = BUFFER_INIT;
    (void)command;
    if (!*argument)
        return error_set(error, ERROR_INVALID, "%s", _("view needs a name: TAB lists the saved ones"));
    view_path(&path, argument);
    client_get(app->client, buffer_text(&path), saved_came, app);
    buffer_release(&path);
    return true;
}

bool action_save(struct app *app, const struct command *command, const char *argument, struct error *error)
{
    struct view *view = app_view(app);
    struct buffer path = BUFFER_INIT, query = BUFFER_INIT, body = BUFFER_INIT;
    struct json_writer writer;
    (void)command;
    if (!*argument)
        return error_set(error, ERROR_INVALID, "%s", _("save needs a name"));
    view->ops->query(view, &query);
    json_start(&writer, &body);
    json_write_object(&writer, NULL);
    json_write_text(&writer, "resource", "assets");
    json_write_text(&writer, "query", buffer_text(&query));
    json_write_object_end(&writer);
    view_path(&path, argument);
    char *done = memory_printf(_("saved; :view %s opens it, :forget %s undoes it"), argument, argument);
    write_send(write_new(app, "PUT", buffer_text(&path), buffer_text(&body), done));
    free(done);
    buffer_release(&path);
    buffer_release(&query);
    buffer_release(&body);
    return true;
}

bool action_forget(struct app *app, const struct command *command, const char *argument, struct error *error)
{
    struct buffer path = BUFFER_INIT;
    (void)command;
    if (!*argument)
        return error_set(error, ERROR_INVALID, "%s", _("forget needs a name"));
    view_path(&path, argument);
    char *done = memory_printf(_("forgot the view %s"), argument),
         *title = memory_printf(_("Forget the saved view %s?"), argument);
    confirm(write_new(app, "DELETE", buffer_text(&path), "", done), title, _("It goes for everybody."),
            _("forget it"));
    free(done);
    free(title);
    buffer_release(&path);
    return true;
}

/* ---- adopt ---- */

bool action_adopt(struct app *app, const struct command *command, const char *argument, struct error *error)
{
    struct view *view = app_view(app);
    struct view_targets targets = {0};
    struct buffer path = BUFFER_INIT, body = BUFFER_INIT, id = BUFFER_INIT;
    int64_t revision = -1;
    (void)command;
    size_t word = strcspn(argument, " ");
    if (word && !memchr(argument, '=', word)) {
        buffer_append(&id, argument, word);
        argument += word + strspn(argument + word, " ");
    } else if (view && view->ops->targets) {
        view->ops->targets(view, &targets);
        if (targets.count == 1) {
            buffer_append_text(&id, targets.ids[0]);
            revision = targets.revisions[0];
        }
    }
    bool good = id.length ? body_fields(&body, argument, error)
                          : error_set(error, ERROR_INVALID, "%s",
                                      _("adopt one asset at a time: give its id, or go to its row"));
    if (good) {
        buffer_append_text(&path, "/assets/");
        client_path_segment(&path, buffer_text(&id));
        buffer_append_text(&path, "/adopt");
        char *done = memory_printf(_("%s is in the ledger now"), buffer_text(&id)),
             *title = memory_printf(_("Take %s into the ledger?"), buffer_text(&id));
        struct write *write = write_new(app, "POST", buffer_text(&path), buffer_text(&body), done);
        write->revision = revision;
        confirm(write, title, *argument ? argument : _("With the fields it was discovered with."), _("adopt it"));
        free(done);
        free(title);
    }
    buffer_release(&path);
    buffer_release(&body);
    buffer_release(&id);
    return good;
}

/* ---- the ledger ---- */

static void ledger_tried(void *owner, const struct client_answer *answer)
{
    struct write *write = owner;
    struct buffer text = BUFFER_INIT;
    if (answer->error) {
        app_say(write->app, ROLE_ERROR, "%s", answer->error->text);
        write_free(write);
        return;
    }
    body_ledger_summary(&text, answer->body, answer->length);
    /* Tried; now the same without dry_run, if the person says so. */
    char *dry = strstr(write->path, "&dry_run=true");
    if (dry)
        *dry = '\0';
    confirm(write, _("Put this ledger in force?"), buffer_text(&text), _("import it"));
    buffer_release(&text);
}

static bool ledger_import(struct app *app, const char *file, struct error *error)
{
    struct buffer bytes = BUFFER_INIT, path = BUFFER_INIT;
    if (!body_read_file(&bytes, file, error))
        return false;
    const char *slash = strrchr(file, '/');
    client_path(&path, "/ledger/import", "name", slash ? slash + 1 : file, "dry_run", "true", NULL);
    struct write *write = write_new(app, "POST", buffer_text(&path), "", _("the ledger is in force"));
    free(write->body);
    free(write->type);
    write->length = bytes.length;
    write->body = buffer_take(&bytes);
    write->type = memory_text("text/csv");
    client_send(app->client, write->method, write->path, write->body, write->length, write->type, -1,
                ledger_tried, write);
    app_say(app, ROLE_HINT, _("checking %s ..."), file);
    buffer_release(&path);
    return true;
}

bool action_ledger(struct app *app, const struct command *command, const char *argument, struct error *error)
{
    size_t verb = strcspn(argument, " ");
    const char *file = argument + verb + strspn(argument + verb, " ");
    (void)command;
    if (verb == 6 && strncmp(argument, "import", 6) == 0 && *file)
        return ledger_import(app, file, error);
    if (verb == 6 && strncmp(argument, "export", 6) == 0) {
        app_carry_away(app, "/ledger/export", *file ? memory_text(file) : app_dated_name("ledger"), false);
        return true;
    }
    return error_set(error, ERROR_INVALID, "%s", _("ledger import FILE, or ledger export [FILE]"));
}

bool action_reload(struct app *app, const struct command *command, const char *argument, struct error *error)
{
    (void)command, (void)argument, (void)error;
    confirm(write_new(app, "POST", "/reload", "{}", _("the configuration was read again")),
            _("Read the configuration again?"), _("A mistake in it leaves the old one in force."),
            _("reload"));
    return true;
}
