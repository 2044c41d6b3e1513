/* Alerts from the shell: act on them, silence, and watch them come. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "command/actions.h"
#include "command/body.h"
#include "command/notice.h"
#include "command/reach.h"
#include "command/shell.h"
#include "model/labels.h"
#include "term/locale.h"

/* Which member of the body carries the words after the ids; NULL: there are none. */
static const struct { const char *verb, *member; bool span, asks; } verbs[] = {
    {"ack", "note", false, false}, {"unack", NULL, false, false}, {"assign", "to", false, false}, {"note", "text", false, false},
    {"shelve", "why", true, false}, {"unshelve", NULL, false, false}, {"cause", "cause", false, false}, {"close", "why", false, true},
    {"reopen", NULL, false, false},
};

static int verb_of(const char *name)
{
    for (unsigned i = 0; i < ARRAY_COUNT(verbs); i++)
        if (strcmp(verbs[i].verb, name) == 0)
            return (int)i;
    return -1;
}

static bool agreed(const struct shell *shell, const char *what)
{
    char answer[16];
    if (shell->options->yes)
        return true;
    if (!isatty(STDIN_FILENO)) {
        fprintf(stderr, "%s\n", _("nocturne: --yes does it without a question"));
        return false;
    }
    fprintf(stderr, "%s [y/N] ", what);
    return fgets(answer, sizeof answer, stdin) && strcmp(answer, "y\n") == 0;
}

static bool acted(struct shell *shell, const struct buffer *answer)
{
    struct json_object *object = json_parse(buffer_text(answer), answer->length, 16, NULL);
    struct json_object *done = json_get(object, "done"), *failed = json_get(object, "failed");
    size_t good = json_object_is_type(done, json_type_array) ? json_object_array_length(done) : 0;
    size_t bad = json_object_is_type(failed, json_type_array) ? json_object_array_length(failed) : 0;
    if (shell_output(shell) == OUTPUT_JSON) {
        shell_print(answer);
        putchar('\n');
    } else {
        for (size_t i = 0; i < good; i++)
            printf("%s\n", json_object_get_string(json_object_array_get_idx(done, i)));
    }
    for (size_t i = 0; i < bad; i++) {
        struct json_object *row = json_object_array_get_idx(failed, i);
        char said[400];
        fprintf(stderr, "nocturne: %s: %s\n", json_get_text(row, "id", ""), phrase_said(said, sizeof said, json_get_text(row, "detail", "")));
    }
    if (object)
        json_object_put(object);
    return !bad;
}

static void join(struct buffer *out, int argc, char **argv, int from)
{
    for (int i = from; i < argc; i++)
        buffer_printf(out, "%s%s", i > from ? " " : "", argv[i]);
}

int shell_alert_act(struct shell *shell, int argc, char **argv)
{
    int verb = verb_of(argv[0]), first = 1, ids;
    struct buffer body = BUFFER_INIT, path = BUFFER_INIT, text = BUFFER_INIT, answer = BUFFER_INIT;
    struct json_writer writer;
    struct error error = {0};
    int code = 1;
    while (first < argc && body_is_alert(argv[first]))
        first++;
    if (verb >= 0 && strcmp(verbs[verb].verb, "cause") == 0 && first == argc && first > 2)
        first--; /* the last one is the cause */
    ids = first;
    const char *span = verb >= 0 && verbs[verb].span && first < argc ? argv[first++] : NULL;
    join(&text, argc, argv, first);
    bool named = ids > 1 || shell->options->filter;
    if (verb < 0 || !named || (ids > 1 && shell->options->filter) || (verbs[verb].span && !span) ||
        (verbs[verb].member ? !text.length : text.length > 0)) {
        buffer_release(&text);
        return shell_usage(argv[0]);
    }
    json_start(&writer, &body);
    json_write_object(&writer, NULL);
    if (shell->options->filter) {
        json_write_text(&writer, "filter", shell->options->filter);
    } else {
        json_write_array(&writer, "ids");
        for (int i = 1; i < ids; i++)
            json_write_text(&writer, NULL, argv[i]);
        json_write_array_end(&writer);
    }
    if (verbs[verb].member)
        json_write_text(&writer, verbs[verb].member, strcmp(buffer_text(&text), "-") == 0 ? "" : buffer_text(&text));
    if (span)
        json_write_text(&writer, "until", span);
    json_write_object_end(&writer);
    buffer_printf(&path, "/alerts/%s", verbs[verb].verb);
    if (verbs[verb].asks && !agreed(shell, _("close them?")))
        code = 1;
    else if (!shell_connect(shell))
        code = 1;
    else if (!client_call(shell->client, "POST", buffer_text(&path), buffer_text(&body), body.length, "application/json", &answer, &error))
        code = shell_fail(&error);
    else
        code = acted(shell, &answer) ? 0 : 1;
    buffer_release(&body);
    buffer_release(&path);
    buffer_release(&text);
    buffer_release(&answer);
    return code;
}

/* ---- silence: told what it would hide, then put in force ---- */

static bool silence_post(struct shell *shell, const char *path, const struct buffer *body, struct json_object **object, struct error *error)
{
    struct buffer answer = BUFFER_INIT;
    bool good = client_call(shell->client, "POST", path, buffer_text(body), body->length, "application/json", &answer, error);
    *object = good ? json_parse(buffer_text(&answer), answer.length, 16, error) : NULL;
    buffer_release(&answer);
    return *object != NULL;
}

int shell_silence(struct shell *shell, int argc, char **argv)
{
    struct buffer body = BUFFER_INIT, why = BUFFER_INIT, reach = BUFFER_INIT;
    struct json_object *rehearsal = NULL, *silence = NULL;
    struct error error = {0};
    const char *filter = shell->options->filter;
    int code = 1;
    if (argc < 3 || !filter)
        return shell_usage("silence");
    if (!shell_connect(shell))
        return 1;
    body_silence(&body, filter, NULL, NULL);
    if (!silence_post(shell, "/silences/rehearse", &body, &rehearsal, &error)) {
        code = shell_fail(&error);
    } else {
        printf(_("matches %lld alerts now; would have hidden %lld (%lld notifications) in the last 7 days\n"),
               (long long)json_get_integer(rehearsal, "matches", 0), (long long)json_get_integer(rehearsal, "would_have_hidden", 0),
               (long long)json_get_integer(rehearsal, "notifications", 0));
        silence_reach_text(&reach, json_get(rehearsal, "elsewhere"));
        printf("%s%s", buffer_text(&reach) + (reach.length > 0), reach.length ? "\n" : ""); /* it begins a new line */
        buffer_release(&reach);
        fflush(stdout);
        join(&why, argc, argv, 2);
        buffer_clear(&body);
        body_silence(&body, filter, argv[1], buffer_text(&why));
        if (agreed(shell, _("silence them?"))) {
            if (silence_post(shell, "/silences", &body, &silence, &error)) {
                printf("%s\n", json_get_text(silence, "id", ""));
                code = 0;
            } else {
                code = shell_fail(&error);
            }
        }
    }
    if (rehearsal)
        json_object_put(rehearsal);
    if (silence)
        json_object_put(silence);
    buffer_release(&body);
    buffer_release(&why);
    return code;
}

/* ---- one alert ---- */

static void print_labels(const char *labels)
{
    struct label label = {0};
    unsigned left_out = labels_left_out(labels);
    int before = -1;
    while (label_next(&labels, &label)) {
        if (before != label.annotation)
            printf("%s\n", label.annotation ? _("annotations") : _("labels"));
        before = label.annotation;
        printf("  %-20s %s\n", buffer_text(&label.name), buffer_text(&label.value));
    }
    if (left_out) {
        printf("  ");
        printf(_("%u more were too many or too long to keep"), left_out);
        printf("\n");
    }
    label_release(&label);
}

void shell_print_alert(const struct buffer *answer)
{
    struct arena *arena = arena_new();
    struct wire_alert_page page = {0};
    struct error error = {0};
    char time[INSTANT_TEXT];
    if (!wire_read_alert_page(buffer_text(answer), answer->length, arena, &page, &error)) {
        shell_fail(&error);
        arena_free(&arena);
        return;
    }
    const struct wire_alert *alert = &page.alert;
    const struct { const char *name, *text; } rows[] = {
        {"id", alert->id}, {"name", alert->name}, {"type", alert->type}, {"severity", severity_name(alert->severity)},
        {"state", alert_state_name(alert->state)}, {"raised_at", instant_format(time, alert->raised_at)}, {"summary", alert->summary},
        {"asset", alert->asset}, {"asset_name", alert->asset_name}, {"gateway", alert->gateway}, {"place", alert->place},
        {"unit", alert->unit}, {"subsystem", alert->subsystem}, {"metric", alert->metric}, {"rule", alert->rule},
        {"runbook", alert->runbook}, {"acknowledged_by", alert->acknowledged_by}, {"note", alert->note}, {"assignee", alert->assignee},
        {"ticket", alert->ticket}, {"cause", alert->cause}, {"silence", alert->silence},
    };
    for (unsigned i = 0; i < ARRAY_COUNT(rows); i++)
        if (rows[i].text && *rows[i].text)
            printf("%-16s %s\n", rows[i].name, rows[i].text);
    print_labels(alert->labels);
    for (unsigned i = 0; i < page.timeline_count; i++)
        printf("%s%s  %s  %s  %s\n", i ? "  " : _("timeline\n  "), instant_format(time, page.timeline[i].time), page.timeline[i].actor,
               page.timeline[i].verb, page.timeline[i].text);
    for (unsigned i = 0; i < page.similar_count; i++)
        printf("%s%s  %s  %s\n", i ? "  " : _("before\n  "), page.similar[i].id, instant_format(time, page.similar[i].raised_at), page.similar[i].fixed_by);
    for (unsigned i = 0; i < page.symptom_count; i++)
        printf("%s%s\n", i ? "  " : _("symptoms\n  "), page.symptoms[i]);
    arena_free(&arena);
}

/* ---- watch alerts: one line for each thing that people are told ---- */

static void watch_event(void *owner, const struct client_event *event)
{
    struct shell *shell = owner;
    struct json_object *object = strcmp(event->kind, "notice") == 0 ? json_parse(event->data, event->length, 8, NULL) : NULL;
    char now[INSTANT_TEXT];
    if (!object)
        return;
    if (shell_output(shell) == OUTPUT_JSON) {
        printf("%.*s\n", (int)event->length, event->data);
    } else {
        struct buffer line = BUFFER_INIT;
        notice_line(&line, object);
        printf("%s%s\n", instant_format(now, clock_wall()), buffer_text(&line));
        buffer_release(&line);
    }
    fflush(stdout);
    json_object_put(object);
}

static void watch_link(void *owner, enum client_link link, const char *cause)
{
    (void)owner;
    if (link == CLIENT_LOST)
        fprintf(stderr, "nocturne: %s\n", cause);
}

int shell_watch_alerts(struct shell *shell)
{
    if (shell->options->filter) {
        fprintf(stderr, _("nocturne: %s does not go with %s\n"), "--filter", "watch alerts");
        return 2;
    }
    if (shell_output(shell) == OUTPUT_BAD)
        return 2;
    if (!shell_connect(shell))
        return 1;
    client_listen(shell->client, watch_event, watch_link, shell);
    while (!ferror(stdout)) /* until stopped */
        uv_run(&shell->loop, UV_RUN_ONCE);
    return 0;
}
