/* `X` on a runbook: the command under the cursor is run, in this terminal or on the asset's own host, after a question that
 * shows it whole; then its output may go to the alert as a note, which is also the record that it was run. Only what the
 * site itself wrote is run: shipped runbooks are for reading. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/internal.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "command/actions.h"
#include "term/locale.h"
#include "view/runbook.h"

#define COMMAND_MOST 600u  /* bytes: what a question can show whole */
#define LINES_MOST 8u
#define SHOWN_LINES 10u    /* the last of the output, in the question */
#define NOTE_BYTES 1500u   /* of the output, in the note */

struct step {
    struct app *app;
    char *command, *asset, *alert;
    bool on_host;
    int64_t code;
    char *note;
};

static void step_free(struct step *step)
{
    free(step->command);
    free(step->asset);
    free(step->alert);
    free(step->note);
    free(step);
}

/* ---- afterwards ---- */

static void noted(void *owner, const struct client_answer *answer)
{
    struct step *step = owner;
    if (answer->error)
        app_say(step->app, ROLE_ERROR, "%s", answer->error->text);
    else
        app_say(step->app, ROLE_OK, _("attached to %s"), step->alert);
    feed_event(step->app->feed, "alerts");
    step_free(step);
}

static void attach(struct step *step)
{
    struct buffer path = BUFFER_INIT, body = BUFFER_INIT;
    struct json_writer writer;
    buffer_append_text(&path, "/alerts/");
    client_path_segment(&path, step->alert);
    buffer_append_text(&path, "/note");
    json_start(&writer, &body);
    json_write_object(&writer, NULL);
    json_write_text(&writer, "text", step->note);
    json_write_object_end(&writer);
    client_send(step->app->client, "POST", buffer_text(&path), buffer_text(&body), body.length, "application/json", -1, noted, step);
    buffer_release(&path);
    buffer_release(&body);
}

static void answered(struct app *app, int choice, void *owner)
{
    struct step *step = owner;
    if (choice == 'a') {
        attach(step);
        return;
    }
    if (*step->alert)
        app_say(app, ROLE_HINT, "%s", _("nothing was attached"));
    step_free(step);
}

/* The last lines, each cleaned, with `between` them; what is left out is said by an ellipsis. */
static void last_lines(struct buffer *out, const char *bytes, size_t length, size_t most_lines, size_t most_bytes, const char *between)
{
    while (length && (bytes[length - 1] == '\n' || bytes[length - 1] == '\r'))
        length--;
    size_t from = length, lines = 0;
    while (from && lines < most_lines && length - from < most_bytes)
        if (bytes[--from] == '\n' && ++lines == most_lines)
            from++;
    if (lines == most_lines && from)
        lines--;
    while (from && from < length && ((unsigned char)bytes[from] & 0xC0) == 0x80)
        from++; /* from a whole character on */
    if (from)
        buffer_printf(out, "... %s", between);
    while (from < length) {
        const char *end = memchr(bytes + from, '\n', length - from);
        size_t line = end ? (size_t)(end - (bytes + from)) : length - from;
        text_clean(out, bytes + from, line);
        from += line + (end != NULL);
        if (end && from < length)
            buffer_append_text(out, between);
    }
}

static void make_note(struct step *step, const char *output, size_t length)
{
    struct buffer note = BUFFER_INIT;
    const char *command = step->command;
    buffer_append_text(&note, "ran: ");
    for (const char *end; (end = strchr(command, '\n')); command = end + 1)
        buffer_printf(&note, "%.*s; ", (int)(end - command), command);
    buffer_printf(&note, "%s", command);
    if (step->on_host)
        buffer_printf(&note, " (on %s)", step->asset);
    buffer_printf(&note, "; exit %lld; output: ", (long long)step->code);
    if (length)
        last_lines(&note, output, length, 100, NOTE_BYTES, " | ");
    else
        buffer_append_text(&note, "none");
    step->note = buffer_take(&note);
}

static void ran(struct app *app, void *owner, int64_t code, msec took, const char *output, size_t length)
{
    static const struct dialog_choice choices[] = {{'a', N_("attach it to the alert"), ROLE_TEXT}, {'n', N_("leave it"), ROLE_TEXT}};
    struct step *step = owner;
    struct buffer text = BUFFER_INIT;
    char span[SPAN_TEXT];
    if (!output || code < 0) { /* the console ends, or it never began */
        if (output)
            app_say(app, ROLE_ERROR, _("it cannot be started: %s"), output);
        step_free(step);
        return;
    }
    step->code = code;
    make_note(step, output, length);
    if (length)
        last_lines(&text, output, length, SHOWN_LINES, 1200, "\n");
    else
        buffer_append_text(&text, _("It said nothing."));
    char *title = memory_printf(_("exit code %lld after %s"), (long long)code, span_format_short(span, took));
    struct dialog_choice offered[2] = {{choices[0].key, _(choices[0].label), ROLE_TEXT}, {choices[1].key, _(choices[1].label), ROLE_TEXT}};
    if (!*step->alert)
        offered[1].label = _("close");
    bool alert = *step->alert;
    app_ask(app, &(struct dialog_options){.title = title, .text = buffer_text(&text), .names = (const char *const *)&step->alert,
                                          .name_count = alert, .choices = offered + !alert, .choice_count = 1u + alert}, answered, step);
    free(title);
    buffer_release(&text);
}

/* ---- running ---- */

static void run_here(struct step *step)
{
    const char *shell = getenv("SHELL");
    char *command[] = {memory_text(shell && *shell ? shell : "/bin/sh"), memory_text("-c"), memory_text(step->command), NULL};
    app_lend(step->app, &(struct lending){.command = command, .done = ran, .owner = step});
    for (unsigned i = 0; i < 3; i++)
        free(command[i]);
}

/* The daemon says which command reaches the host, as for `!`; the shell at its end reads the step. */
static void reached(void *owner, const struct client_answer *answer)
{
    struct step *step = owner;
    struct error error = {0};
    struct json_object *object = answer->error ? NULL : json_parse(answer->body, answer->length, 8, &error), *words = NULL;
    size_t count = 0;
    if (object && json_object_object_get_ex(object, "command", &words) && json_object_is_type(words, json_type_array))
        count = json_object_array_length(words);
    if (answer->error || !count || step->app->lent) {
        app_say(step->app, ROLE_ERROR, "%s", answer->error ? answer->error->text : count ? _("the terminal is not free") : error.text);
        step_free(step);
    } else {
        char **command = memory_new_array(count + 1, sizeof *command), *input = memory_printf("%s\n", step->command);
        for (size_t i = 0; i < count; i++)
            command[i] = memory_text(json_object_get_string(json_object_array_get_idx(words, i)));
        app_lend(step->app, &(struct lending){.command = command, .server = step->asset, .session = json_get_text(object, "session", ""),
                                              .input = input, .done = ran, .owner = step});
        for (size_t i = 0; i < count; i++)
            free(command[i]);
        free(command);
        free(input);
    }
    if (object)
        json_object_put(object);
}

static void confirmed(struct app *app, int choice, void *owner)
{
    static const char start[] = "{\"phase\":\"start\"}";
    struct step *step = owner;
    if (choice != 'y') {
        app_say(app, ROLE_HINT, "%s", _("nothing was run"));
        step_free(step);
    } else if (step->on_host) {
        struct buffer path = BUFFER_INIT;
        buffer_append_text(&path, "/servers/");
        client_path_segment(&path, step->asset);
        buffer_append_text(&path, "/shell");
        client_send(app->client, "POST", buffer_text(&path), start, sizeof start - 1, "application/json", -1, reached, step);
        buffer_release(&path);
    } else {
        run_here(step);
    }
}

/* What the daemon could not fill in must not reach a shell. */
static const char *unfilled(const char *command)
{
    static const char *const names[] = {"{id}", "{name}", "{address}", "{gateway}", "{unit}", "{model}", "{serial}", "{subsystem}", "{place}"};
    for (unsigned i = 0; i < ARRAY_COUNT(names); i++) {
        const char *at = strstr(command, names[i]);
        if (at && (at == command || at[-1] != '$'))
            return names[i];
    }
    return NULL;
}

static bool may_run(struct app *app, const struct runbook_choice *choice, struct error *error)
{
    size_t lines = 1;
    for (const char *at = choice->command; *at; at++)
        lines += *at == '\n';
    if (app->options->capsule)
        return error_set(error, ERROR_DENIED, "%s", _("run: this is an incident of the past; nothing is run from it"));
    if (choice->shipped)
        return error_set(error, ERROR_DENIED, _("run: shipped runbooks are for reading (y copies): put your own %s.md into `runbooks:`"), choice->name);
    if (!app->screen)
        return error_set(error, ERROR_UNAVAILABLE, "%s", _("run: there is no terminal here to lend"));
    if (unfilled(choice->command))
        return error_set(error, ERROR_INVALID, _("run: nothing is known for %s: open the runbook from an alert or an asset"), unfilled(choice->command));
    if (choice->on_host && !*choice->asset)
        return error_set(error, ERROR_INVALID, "%s", _("run: on which host? open the runbook from an alert or an asset"));
    if (strlen(choice->command) > COMMAND_MOST || lines > LINES_MOST)
        return error_set(error, ERROR_INVALID, "%s", _("run: too long to be shown whole before it runs: y copies it"));
    return true;
}

bool action_run(struct app *app, const struct command *command, const char *argument, struct error *error)
{
    const struct dialog_choice choices[] = {{'y', _("run it"), ROLE_CRITICAL}, {'n', _("leave it"), ROLE_TEXT}};
    struct view *view = app_view(app);
    struct runbook_choice choice;
    (void)command, (void)argument;
    if (!view || !runbook_chosen(view, &choice))
        return error_set(error, ERROR_INVALID, "%s", _("run: go to a command first (n)"));
    if (!may_run(app, &choice, error))
        return false;
    struct step *step = memory_new(sizeof *step);
    *step = (struct step){.app = app, .command = memory_text(choice.command), .asset = memory_text(choice.asset),
                          .alert = memory_text(choice.alert), .on_host = choice.on_host};
    char *title = choice.on_host ? memory_printf(_("Run this on %s?"), choice.asset) : memory_text(_("Run this here, as yourself?"));
    app_ask(app, &(struct dialog_options){.title = title, .text = step->command, .choices = choices, .choice_count = 2}, confirmed, step);
    free(title);
    return true;
}
