/* What people do on a server: restart a unit by the configuration's command, open a shell. Each is in the audit before it
 * begins, and again with what came of it. */
#include "api/servers.h"

#include <stdlib.h>
#include <string.h>

#include "api/handlers.h"
#include "base/memory.h"
#include "base/text.h"
#include "wire/servers.h"

#define RESTART_PATIENCE (60 * SPAN_SECOND)
#define OUTPUT_MAX ((size_t)64 * 1024)
#define COMMAND_MAX 2048

/* The command's output ends here, and after it the state that the unit has then. */
#define STATE_MARK "=nocturne state "
static const char state_script[] =
    "\n} 2>&1; nocturne_x=$?; echo; echo \"" STATE_MARK "$(systemctl show -p ActiveState -p SubState {unit} 2>/dev/null | tr '\\n' ' ')\"; exit $nocturne_x";

struct restart {
    struct request *request;
    uint32_t asset;
    char *unit, *command, *actor, *target;
    struct store *store;
    struct buffer output;
    msec began;
};

static void restart_free(struct restart *restart)
{
    buffer_release(&restart->output);
    free(restart->unit);
    free(restart->command);
    free(restart->actor);
    free(restart->target);
    free(restart);
}

static void nothing_done(void *owner, const struct error *error)
{
    (void)owner, (void)error;
}

static void note(struct store *store, const char *actor, const char *verb, const char *target, struct buffer *detail)
{
    store_action_commit(store_action_new(store, actor, verb, target, buffer_text(detail)), nothing_done, NULL);
    buffer_release(detail);
}

static void note_result(const struct restart *restart, int exit_code, const struct error *error, const char *state)
{
    struct buffer detail = BUFFER_INIT;
    struct json_writer writer;
    json_start(&writer, &detail);
    json_write_object(&writer, NULL);
    json_write_text(&writer, "unit", restart->unit);
    json_write_integer(&writer, "exit_code", exit_code);
    if (error)
        json_write_text(&writer, "error", error->text);
    json_write_text(&writer, "state", state);
    json_write_integer(&writer, "took_ms", clock_steady() - restart->began);
    json_write_object_end(&writer);
    note(restart->store, restart->actor, "restarted", restart->target, &detail);
}

static void restart_output(void *owner, const char *bytes, size_t length, bool error_stream)
{
    struct restart *restart = owner;
    (void)error_stream;
    buffer_append(&restart->output, bytes, length);
}

/* "ActiveState=active SubState=running": cut out of the output. */
static void take_state(struct restart *restart, char state[64], char sub[64])
{
    char *text = restart->output.data, *mark = text ? strstr(text, "\n" STATE_MARK) : NULL;
    state[0] = sub[0] = '\0';
    if (!mark)
        return;
    const char *active = strstr(mark, "ActiveState="), *detail = strstr(mark, "SubState=");
    if (active)
        text_clean_into(state, 64, active + 12, strcspn(active + 12, " \n"));
    if (detail)
        text_clean_into(sub, 64, detail + 9, strcspn(detail + 9, " \n"));
    *mark = '\0';
    restart->output.length = (size_t)(mark - text);
}

static void restart_done(void *owner, int exit_code, const struct error *error)
{
    struct restart *restart = owner;
    struct request *request = restart->request;
    char state[64], sub[64];
    take_state(restart, state, sub);
    note_result(restart, exit_code, error, state);
    if (request_alive(request)) {
        if (error) {
            request_fail(request, error);
        } else {
            struct buffer clean = BUFFER_INIT;
            struct json_writer writer;
            text_clean(&clean, buffer_text(&restart->output), restart->output.length);
            json_start(&writer, &request->answer);
            wire_write_run_result(&writer, &(struct wire_run_result){
                .unit = restart->unit, .output = buffer_text(&clean), .state = state, .sub = sub, .exit_code = exit_code,
                .took = clock_steady() - restart->began});
            buffer_release(&clean);
            request_finish_json(request);
        }
    }
    restart_free(restart);
}

/* It is in the audit: now do it. */
static void restart_noted(void *owner, const struct error *error)
{
    struct restart *restart = owner;
    struct error cause;
    bool alive = request_alive(restart->request);
    if (!alive) {
        restart_free(restart); /* whoever asked is gone before anything was done */
        return;
    }
    restart->began = clock_steady();
    struct host_run run = {.command = restart->command, .timeout = RESTART_PATIENCE, .output_limit = OUTPUT_MAX,
                           .output = restart_output, .done = restart_done, .owner = restart};
    if (!error && hosts_run(restart->request->api->hosts, restart->asset, &run, &cause))
        return;
    note_result(restart, -1, error ? error : &cause, "");
    request_fail(restart->request, error ? error : &cause);
    restart_free(restart);
}

static bool make_command(const char *template, const char *unit, char out[COMMAND_MAX], struct error *error)
{
    struct hosts_argument argument = {"unit", unit};
    char *whole = memory_printf("{ %s%s", template, state_script);
    bool good = hosts_command(whole, &argument, 1, out, COMMAND_MAX, error);
    free(whole);
    return good;
}

/* What the question is about, before it is asked: nothing is done. */
static void answer_dry(struct request *request, uint32_t asset, const char *unit, const char *template)
{
    const struct host *host = hosts_find(request->api->hosts, asset);
    struct hosts_argument argument = {"unit", unit};
    char command[COMMAND_MAX];
    const char *state = "", *sub = "";
    unsigned sessions = 0;
    for (unsigned i = 0; host && i < host->unit_count; i++)
        if (strcmp(host->units[i].name, unit) == 0 || (strncmp(host->units[i].name, unit, strlen(unit)) == 0 && strcmp(host->units[i].name + strlen(unit), ".service") == 0)) {
            state = host->units[i].state;
            sub = host->units[i].sub;
        }
    for (unsigned i = 0; host && i < host->port_count; i++)
        sessions += host->ports[i].sessions;
    hosts_command(template, &argument, 1, command, sizeof command, NULL);
    struct json_writer writer;
    json_start(&writer, &request->answer);
    json_write_object(&writer, NULL);
    json_write_text(&writer, "unit", unit);
    json_write_text(&writer, "command", command);
    json_write_text(&writer, "state", state);
    json_write_text(&writer, "sub", sub);
    json_write_integer(&writer, "sessions", sessions);
    json_write_bool(&writer, "dry_run", true);
    json_write_object_end(&writer);
    request_finish_json(request);
}

static void begin_restart(struct request *request, uint32_t asset, const char *unit, const char *template)
{
    char command[COMMAND_MAX];
    struct error error;
    bool dry = false;
    if (!make_command(template, unit, command, &error) || !target_flag(&request->target, "dry_run", &dry, &error)) {
        request_fail(request, &error);
        return;
    }
    if (dry) {
        answer_dry(request, asset, unit, template);
        return;
    }
    struct restart *restart = memory_new(sizeof *restart);
    *restart = (struct restart){.request = request, .asset = asset, .unit = memory_text(unit), .command = memory_text(command),
        .actor = memory_text(request->who.name), .target = memory_text(request->id), .store = request->api->store,
        .output = BUFFER_INIT};
    struct buffer detail = BUFFER_INIT;
    struct json_writer writer;
    json_start(&writer, &detail);
    json_write_object(&writer, NULL);
    json_write_text(&writer, "unit", unit);
    json_write_object_end(&writer);
    store_action_commit(store_action_new(restart->store, restart->actor, "restart", restart->target, buffer_text(&detail)), restart_noted, restart);
    buffer_release(&detail);
}

void post_server_restart(struct request *request)
{
    uint32_t asset;
    struct hosts_expectation expected;
    struct json_object *body = server_of(request, &asset) ? request_json(request) : NULL;
    if (!body)
        return;
    hosts_expected(request->api->hosts, asset, &expected);
    if (!*expected.restart)
        request_refuse(request, 422, ERROR_INVALID, "nothing may be restarted on %s: `servers:` of the configuration gives no restart: command for it", request->id);
    else
        begin_restart(request, asset, json_get_text(body, "unit", ""), expected.restart);
    json_object_put(body);
}

/* ---- a shell ---- */

/* A word of the template with its arguments in it; for exec, so nothing is quoted. */
static bool fill_word(struct buffer *out, const char *word, size_t length, const struct hosts_argument *arguments, unsigned count,
                      struct error *error)
{
    char *text = memory_text_n(word, length);
    bool good = true;
    for (const char *at = text; good && *at;) {
        size_t name = *at == '{' ? strcspn(at, "}") : 0;
        const struct hosts_argument *argument = NULL;
        for (unsigned i = 0; name && at[name] && i < count && !argument; i++)
            if (strlen(arguments[i].name) == name - 1 && memcmp(arguments[i].name, at + 1, name - 1) == 0)
                argument = &arguments[i];
        if (!argument) {
            buffer_append_char(out, *at++);
            continue;
        }
        char checked[600];
        good = hosts_command("", argument, 1, checked, sizeof checked, error);
        buffer_append_text(out, argument->value);
        at += name + 1;
    }
    free(text);
    return good;
}

static bool write_words(struct json_writer *writer, const char *template, const struct hosts_argument *arguments, unsigned count,
                        struct error *error)
{
    bool good = true;
    json_write_array(writer, "command");
    for (const char *at = template + strspn(template, " "); good && *at; at += strspn(at, " ")) {
        struct buffer word = BUFFER_INIT;
        size_t length = strcspn(at, " ");
        good = fill_word(&word, at, length, arguments, count, error);
        json_write_text(writer, NULL, buffer_text(&word));
        buffer_release(&word);
        at += length;
    }
    json_write_array_end(writer);
    return good;
}

static void shell_noted(void *owner, const struct error *error)
{
    struct request *request = request_answered(owner, error);
    if (request)
        request_finish_json(request);
}

/* {user} is the person's own name, {host} and {port} the ledger's address. */
static bool shell_answer(struct request *request, uint32_t asset, const char *template, const char *session, struct error *error)
{
    struct fleet_view view;
    char host[256], port[8] = "22";
    fleet_get(request->api->fleet, asset, &view);
    const char *address = view.row.field[ASSET_address], *colon = strrchr(address, ':'), *user = strchr(request->who.name, ':');
    bool with_port = colon && strchr(address, ':') == colon;
    snprintf(host, sizeof host, "%.*s", with_port ? (int)(colon - address) : (int)strlen(address), *address ? address : "localhost");
    if (!*address)
        snprintf(host, sizeof host, "%.250s", request->id);
    if (with_port)
        snprintf(port, sizeof port, "%.6s", colon + 1);
    const struct hosts_argument arguments[] = {{"user", user ? user + 1 : request->who.name}, {"host", host}, {"port", port}};
    struct json_writer writer;
    json_start(&writer, &request->answer);
    json_write_object(&writer, NULL);
    json_write_text(&writer, "session", session);
    bool good = write_words(&writer, template, arguments, ARRAY_COUNT(arguments), error);
    json_write_object_end(&writer);
    return good;
}

static void shell_phase(struct request *request, uint32_t asset, struct json_object *body, const char *template)
{
    const char *phase = json_get_text(body, "phase", ""), *given = json_get_text(body, "session", "");
    bool end = strcmp(phase, "end") == 0;
    char session[80];
    struct error error;
    if (!end && strcmp(phase, "start") != 0) {
        request_refuse(request, 400, ERROR_INVALID, "phase: expected start or end; got `%.40s`", phase);
        return;
    }
    if (end)
        text_clean_into(session, sizeof session, given, strlen(given));
    else
        snprintf(session, sizeof session, "S-%lld-%u", (long long)request->now, (unsigned)(request->started_ns % 1000000));
    if (!shell_answer(request, asset, template, session, &error)) {
        buffer_clear(&request->answer);
        request_fail(request, &error);
        return;
    }
    struct buffer detail = BUFFER_INIT;
    struct json_writer writer;
    json_start(&writer, &detail);
    json_write_object(&writer, NULL);
    json_write_text(&writer, "session", session);
    if (end)
        json_write_integer(&writer, "exit_code", json_get_integer(body, "exit_code", 0));
    json_write_object_end(&writer);
    store_action_commit(store_action_new(request->api->store, request->who.name, end ? N_("shell end") : N_("shell start"), request->id,
                                         buffer_text(&detail)), shell_noted, request);
    buffer_release(&detail);
}

void post_server_shell(struct request *request)
{
    uint32_t asset;
    struct hosts_expectation expected;
    struct json_object *body = server_of(request, &asset) ? request_json(request) : NULL;
    if (!body)
        return;
    hosts_expected(request->api->hosts, asset, &expected);
    if (!*expected.shell)
        request_refuse(request, 422, ERROR_INVALID, "no shell on %s: `servers:` of the configuration gives no shell: command for it", request->id);
    else
        shell_phase(request, asset, body, expected.shell);
    json_object_put(body);
}
