/* Restarting units: by itself, within limits, and by hand. Both are audited before they run, and both leave a row. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/phrase.h"
#include "base/text.h"
#include "engine/applications_private.h"

#define RESTART_TIMEOUT SPAN_MINUTE
#define OUTPUT_LIMIT 16384
#define HOLD_AGAIN (10 * SPAN_SECOND)
#define SETTLE SPAN_MINUTE       /* a restarted unit has so long to make the application well */
#define LOOK_AFTER 500           /* ms after a restart until its checks are asked again */

struct restart {
    struct application *application; /* NULL: gone meanwhile */
    struct applications *applications;
    struct hosts_running *running;
    char *node, *unit, *on, *command, *actor;
    uint32_t asset;
    bool automatic;
    unsigned attempt;
    msec began;                      /* wall */
    char last[120];                  /* last line that it said */
    applications_restarted *done;
    void *owner;
};

/* ---- alerts ---- */

static void report(struct application *application, const char *rule, const char *name, enum severity severity, const char *summary)
{
    struct alerts *alerts = application->applications->alerts;
    struct alert_report row = {.source = "application", .rule = rule, .rule_version = 1, .asset = application->asset, .point = "",
                               .name = name, .type = "application", .severity = severity, .summary = summary, .runbook = "application"};
    if (summary)
        alerts_breach(alerts, &row);
    else if (alerts_known(alerts, alert_fingerprint(alerts, &row)))
        alerts_normal(alerts, alert_fingerprint(alerts, &row));
}

static void tell_restarted(struct application *application, const char *summary)
{
    report(application, "application-restarted", N_("application restarted"), SEVERITY_WARNING, summary);
}

static void tell_gave_up(struct application *application, const char *summary)
{
    report(application, "application-recovery-failed", N_("application recovery failed"), SEVERITY_CRITICAL, summary);
}

/* The application's own active alert; NULL none. */
static const struct alert *down_alert(const struct application *application)
{
    const struct alert *found[16];
    struct alerts *alerts = application->applications->alerts;
    struct alert_report row = {.source = "application", .rule = "application-down", .asset = application->asset, .point = ""};
    uint64_t fingerprint = alert_fingerprint(alerts, &row);
    unsigned count = alerts_of_asset(alerts, application->asset, found, 16);
    for (unsigned i = 0; i < count && i < 16; i++)
        if (alert_fingerprint_of(found[i]) == fingerprint && alert_life(found[i])->condition == CONDITION_ACTIVE)
            return found[i];
    return NULL;
}

static void note(struct application *application, const char *text)
{
    const struct alert *alert = down_alert(application);
    if (!alert)
        return;
    const char *id = alert_id(alert);
    alerts_act(application->applications->alerts, &(struct alert_request){.verb = ALERT_NOTE, .actor = "system", .text = text, .until = CLOCK_NEVER},
               &id, NULL, 1, NULL, NULL);
}

/* ---- one restart ---- */

static void restart_free(struct restart *restart)
{
    if (restart->application && restart->application->restart == restart)
        restart->application->restart = NULL;
    free(restart->node);
    free(restart->unit);
    free(restart->on);
    free(restart->command);
    free(restart->actor);
    applications_release(restart->applications);
    free(restart);
}

void restart_abandon(struct application *application)
{
    struct restart *restart = application->restart;
    if (!restart)
        return;
    application->restart = NULL;
    restart->application = NULL;
    if (!restart->running)
        return; /* the store still has it */
    hosts_cancel(restart->applications->hosts, restart->running);
    struct error error;
    error_set(&error, ERROR_UNAVAILABLE, "the configuration changed while it ran; what came of it is not known");
    if (restart->done)
        restart->done(restart->owner, -1, "", &error);
    restart_free(restart);
}

static void ask_again(struct application *application, msec wait)
{
    for (unsigned i = 0; i < application->check_count; i++)
        application_check_soon(application->checks[i], wait);
}

static void later(struct application *application, msec wait);

static void restart_ended(struct restart *restart, int exit_code, const struct error *error)
{
    struct application *application = restart->application;
    char result[200];
    if (error)
        snprintf(result, sizeof result, "%.190s", error->text);
    else
        snprintf(result, sizeof result, N_("exit %d%s%s"), exit_code, restart->last[0] && exit_code ? ": " : "", exit_code ? restart->last : "");
    if (application) {
        char text[400];
        recovery_row_result(application, restart->began, result);
        recovery_rows_save(application);
        snprintf(text, sizeof text, N_("%s on %s restarted by %s: %s"), restart->unit, restart->on, restart->actor, result);
        note(application, text);
        if (restart->automatic) {
            snprintf(text, sizeof text, N_("%s on %s restarted, try %u of %u: %s"), restart->unit, restart->on, restart->attempt,
                     application->recovery.attempts, result);
            tell_restarted(application, text);
        }
        application->recovery.ended = clock_wall();
        application->recovery.ended_steady = clock_steady();
        if (application->recovery.unit) {
            application->recovery.state = RECOVERY_WATCHING;
            later(application, SETTLE);
        }
        application->restart = NULL;
        ask_again(application, LOOK_AFTER);
    }
    if (restart->done)
        restart->done(restart->owner, exit_code, result, error);
    restart_free(restart);
}

static void said(void *owner, const char *bytes, size_t length, bool error_stream)
{
    struct restart *restart = owner;
    (void)error_stream;
    while (length && (bytes[length - 1] == '\n' || bytes[length - 1] == '\r'))
        length--;
    const char *line = length ? memrchr(bytes, '\n', length) : NULL;
    size_t start = line ? (size_t)(line - bytes) + 1 : 0;
    if (length)
        text_clean_into(restart->last, sizeof restart->last, bytes + start, length - start);
}

static void ran(void *owner, int exit_code, const struct error *error)
{
    struct restart *restart = owner;
    restart->running = NULL;
    restart_ended(restart, exit_code, error);
}

static void audited(void *owner, const struct error *error)
{
    struct restart *restart = owner;
    struct error why;
    if (error && !restart->automatic) {
        restart_ended(restart, -1, error); /* what cannot be audited is not done */
        return;
    }
    if (!restart->application) {
        if (restart->done) {
            error_set(&why, ERROR_UNAVAILABLE, "the configuration changed meanwhile; nothing was done");
            restart->done(restart->owner, -1, "", &why);
        }
        restart_free(restart);
        return;
    }
    restart->running = hosts_run(restart->applications->hosts, restart->asset,
                                 &(struct host_run){.command = restart->command, .timeout = RESTART_TIMEOUT, .output_limit = OUTPUT_LIMIT,
                                                    .output = said, .done = ran, .owner = restart}, &why);
    if (!restart->running)
        restart_ended(restart, -1, &why);
}

static char *audit_detail(const struct restart *restart)
{
    struct buffer out = BUFFER_INIT;
    struct json_writer writer;
    json_start(&writer, &out);
    json_write_object(&writer, NULL);
    json_write_text(&writer, "node", restart->node);
    json_write_text(&writer, "unit", restart->unit);
    json_write_text(&writer, "server", restart->on);
    json_write_text(&writer, "command", restart->command);
    if (restart->automatic)
        json_write_integer(&writer, "try", restart->attempt);
    json_write_object_end(&writer);
    return buffer_take(&out);
}

static bool restart_command(struct applications *applications, uint32_t asset, const char *on, const char *unit, char *command, size_t size,
                            struct error *error)
{
    struct hosts_expectation expected = {0};
    if (asset == FLEET_NONE)
        return error_set(error, ERROR_NOT_FOUND, "no asset `%s`: the server is not in the ledger", on);
    if (!applications->hosts)
        return error_set(error, ERROR_UNAVAILABLE, "this daemon reaches no server");
    hosts_expected(applications->hosts, asset, &expected);
    if (!expected.restart || !expected.restart[0])
        return error_set(error, ERROR_INVALID, "the configuration does not say how a unit is restarted on %s (`servers:`, `restart:`)", on);
    return hosts_command(expected.restart, &(struct hosts_argument){"unit", unit}, 1, command, size, error);
}

static bool restart_begin(struct application *application, struct restart *wanted, struct error *error)
{
    struct applications *applications = application->applications;
    char command[1024];
    wanted->asset = fleet_find(applications->fleet, wanted->on);
    if (application->restart)
        return error_set(error, ERROR_CONFLICT, "%s on %s is being restarted already", application->restart->unit, application->restart->on);
    if (!restart_command(applications, wanted->asset, wanted->on, wanted->unit, command, sizeof command, error))
        return false;
    struct restart *restart = memory_new(sizeof *restart);
    *restart = *wanted;
    restart->application = application;
    restart->applications = applications;
    restart->node = memory_text(wanted->node);
    restart->unit = memory_text(wanted->unit);
    restart->on = memory_text(wanted->on);
    restart->actor = memory_text(wanted->actor);
    restart->command = memory_text(command);
    restart->began = clock_wall();
    application->restart = restart;
    applications_hold(applications);
    recovery_row_add(application, &(struct recovery_row){restart->began, restart->node, restart->on, restart->unit, (char *)"running"});
    char *detail = audit_detail(restart), *body = recovery_rows_text(application);
    struct store_action *action = store_action_new(applications->store, restart->actor, "application restart", application->id, detail);
    store_action_record(action, "application", application->id, -1, body);
    free(detail);
    free(body);
    store_action_commit(action, audited, restart);
    return true;
}

/* ---- by itself ---- */

/* Is a restart of the unit an answer to this check's failing? */
static bool serves(const struct recovery *recovery, const struct application_check *check)
{
    for (unsigned i = 0; i < recovery->check_count; i++)
        if (strcmp(recovery->checks[i], check->name) == 0)
            return true;
    return recovery->check_count == 0 && strcmp(check->on, recovery->on) == 0;
}

static bool concerns(const struct application *application)
{
    const struct applications *applications = application->applications;
    const struct recovery *recovery = &application->recovery;
    const struct application_check *check = application->cause == PARTS_NONE ? NULL : applications->owners[application->cause].check;
    if (!check || check->application != application || application_verdict(application) != PART_CRITICAL)
        return false;
    return serves(recovery, check);
}

/* A person has it in hand, or does not want it touched; or it cannot be done now. */
static const char *held_by(const struct application *application)
{
    const struct alert *alert = down_alert(application);
    const struct alert_life *life = alert ? alert_life(alert) : NULL;
    if (!life)
        return "";
    if (life->suppression & SUPPRESSED_DOWNTIME)
        return N_("in a downtime");
    if (life->suppression & SUPPRESSED_SILENCED)
        return N_("its alert is silenced");
    if (life->suppression & SUPPRESSED_SHELVED)
        return N_("its alert is shelved");
    if (life->acknowledged)
        return N_("somebody has acknowledged it");
    const struct applications *applications = application->applications;
    uint32_t asset = fleet_find(applications->fleet, application->recovery.on);
    /* Not a try: nothing can be done until the server is reached (the daemon has just started, say). */
    bool reached = asset != FLEET_NONE && applications->hosts && hosts_source(applications->hosts, asset);
    return asset == FLEET_NONE || reached ? "" : N_("its server is not reached yet");
}

static bool seen_before(const struct application *application, msec when)
{
    const struct application_check *check = application->applications->owners[application->cause].check;
    return check->checked == CLOCK_NEVER || check->checked < when;
}

static void tries_forget(struct recovery *recovery, msec now)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < recovery->try_count; i++)
        if (recovery->tries[i] > now - recovery->window)
            recovery->tries[kept++] = recovery->tries[i];
    recovery->try_count = kept;
}

/* A restart that did not help leaves its row so. */
static void still_down(struct application *application)
{
    char result[300];
    if (application->recovery.state != RECOVERY_WATCHING || !application->row_count)
        return;
    snprintf(result, sizeof result, N_("%.120s; still down: %.120s"), application->rows[0].result, application->hurts);
    recovery_row_result(application, application->rows[0].time, result);
    recovery_rows_save(application);
    application->recovery.state = RECOVERY_IN_VAIN;
}

static void consider_again(uv_timer_t *timer)
{
    struct application *application = timer->data;
    bool waited = clock_steady() - application->recovery.ended_steady >= SETTLE;
    if (waited && application_verdict(application) == PART_CRITICAL)
        still_down(application);
    recovery_consider(application);
}

static void later(struct application *application, msec wait)
{
    uv_timer_start(&application->recovery_timer, consider_again, (uint64_t)(wait > 1 ? wait : 1), 0);
}

static void well_again(struct application *application)
{
    struct recovery *recovery = &application->recovery;
    if (recovery->state == RECOVERY_WATCHING && application->row_count) {
        char result[300], span[SPAN_TEXT];
        msec took = clock_wall() - application->rows[0].time;
        snprintf(result, sizeof result, N_("%.200s, well again after %s"), application->rows[0].result,
                 span_format(span, took > SPAN_SECOND ? took - took % SPAN_SECOND : took));
        recovery_row_result(application, application->rows[0].time, result);
        recovery_rows_save(application);
    }
    tell_restarted(application, NULL);
    tell_gave_up(application, NULL);
    recovery->state = RECOVERY_IDLE;
    recovery->held[0] = '\0';
    uv_timer_stop(&application->recovery_timer);
}

static void give_up(struct application *application, const char *why)
{
    struct recovery *recovery = &application->recovery;
    char text[400];
    if (recovery->state == RECOVERY_GAVE_UP)
        return;
    still_down(application);
    recovery->state = RECOVERY_GAVE_UP;
    snprintf(text, sizeof text, N_("%s on %s is not restarted any more: %s; %.160s"), recovery->unit, recovery->on, why, application->hurts);
    tell_gave_up(application, text);
    note(application, text);
    log_warning("application %s: %s", application->id, text);
}

static void try_now(struct application *application, msec now)
{
    struct recovery *recovery = &application->recovery;
    const struct application_check *check = application->applications->owners[application->cause].check;
    struct error error;
    still_down(application);
    struct restart wanted = {.node = check->id, .unit = recovery->unit, .on = recovery->on, .actor = (char *)"system", .automatic = true,
                             .attempt = recovery->try_count + 1};
    recovery->tries[recovery->try_count++] = now;
    recovery->next = clock_steady() + (recovery->backoff << (recovery->try_count > 16 ? 15 : recovery->try_count - 1));
    recovery->state = RECOVERY_RUNNING;
    if (!restart_begin(application, &wanted, &error))
        give_up(application, error.text);
}

void recovery_consider(struct application *application)
{
    struct recovery *recovery = &application->recovery;
    msec now = clock_wall(), steady = clock_steady();
    char why[80];
    if (!recovery->unit || application->asset == FLEET_NONE || application->restart)
        return;
    if (application_verdict(application) != PART_CRITICAL) {
        bool over = recovery->state != RECOVERY_IDLE && (application_verdict(application) == PART_OK || application_verdict(application) == PART_WARNING);
        if (over)
            well_again(application);
        return;
    }
    if (!concerns(application))
        return;
    const char *held = held_by(application);
    snprintf(recovery->held, sizeof recovery->held, "%s", held);
    tries_forget(recovery, now);
    if (held[0]) {
        later(application, HOLD_AGAIN);
    } else if (recovery->try_count >= recovery->attempts) {
        char span[SPAN_TEXT];
        snprintf(why, sizeof why,
                 COUNTED(recovery->attempts, N_("%u try within %s"),
                         N_("%u tries within %s")), recovery->attempts, span_format(span, recovery->window));
        if (recovery->state == RECOVERY_WATCHING && steady < recovery->next)
            later(application, recovery->next - steady); /* the last one may still help */
        else
            give_up(application, why);
    } else if (recovery->state == RECOVERY_GAVE_UP) {
        return; /* until it was well, or a person restarted it */
    } else if (recovery->try_count && steady < recovery->next) {
        later(application, recovery->next - steady);
    } else if (recovery->ended && seen_before(application, recovery->ended + LOOK_AFTER)) {
        later(application, LOOK_AFTER); /* its checks have not been asked since */
    } else {
        try_now(application, now);
    }
}

void recovery_text(const struct application *application, char *text, size_t size)
{
    const struct recovery *recovery = &application->recovery;
    unsigned tries = 0;
    text[0] = '\0';
    if (!recovery->unit)
        return;
    for (unsigned i = 0; i < recovery->try_count; i++)
        tries += recovery->tries[i] > clock_wall() - recovery->window;
    if (application->restart)
        snprintf(text, size, N_("restarting %s"), application->restart->unit);
    else if (recovery->state == RECOVERY_GAVE_UP)
        snprintf(text, size, N_("gave up"));
    else if (recovery->held[0])
        snprintf(text, size, N_("held: %s"), recovery->held);
    else
        snprintf(text, size, N_("%u of %u tries left"), tries < recovery->attempts ? recovery->attempts - tries : 0, recovery->attempts);
}

void recovery_open(struct application *application, const struct plan_application *item)
{
    const struct config_node *node = plan_get(item, "recovery");
    struct recovery *recovery = &application->recovery;
    uv_timer_init(application->applications->loop, &application->recovery_timer);
    application->recovery_timer.data = application;
    if (!node)
        return;
    const struct config_node *checks = config_get(node, "checks");
    recovery->unit = memory_text(config_text(node, "unit", ""));
    recovery->on = memory_text(config_text(node, "on", ""));
    recovery->attempts = (unsigned)config_integer(node, "attempts", 3);
    recovery->backoff = config_span(node, "backoff", 30 * SPAN_SECOND);
    recovery->window = config_span(node, "window", SPAN_HOUR);
    recovery->tries = memory_new_array(recovery->attempts + 1u, sizeof *recovery->tries);
    recovery->check_count = plan_texts(checks);
    recovery->checks = memory_new_array(recovery->check_count + 1u, sizeof *recovery->checks);
    for (unsigned i = 0; i < recovery->check_count; i++)
        recovery->checks[i] = memory_text(plan_text_at(checks, i));
}

void recovery_release(struct application *application)
{
    struct recovery *recovery = &application->recovery;
    for (unsigned i = 0; i < recovery->check_count; i++)
        free(recovery->checks[i]);
    free(recovery->checks);
    free(recovery->unit);
    free(recovery->on);
    free(recovery->tries);
    for (unsigned i = 0; i < application->row_count; i++)
        recovery_row_release(&application->rows[i]);
}

/* ---- by hand ---- */

const char *restart_unit(const struct application *application, const struct application_check *check, const char **on)
{
    const struct recovery *recovery = &application->recovery;
    if (check && check->unit[0] && check->on[0]) {
        *on = check->on;
        return check->unit;
    }
    *on = recovery->on;
    return recovery->unit && (!check || serves(recovery, check)) ? recovery->unit : NULL;
}

bool applications_restart(struct application *application, const char *node, const char *actor,
                          applications_restarted *done, void *owner, struct error *error)
{
    bool whole = !node[0] || strcmp(node, application->id) == 0;
    const struct application_check *check = whole ? NULL : application_check_find(application, node);
    const char *on, *unit;
    if (!whole && !check)
        return error_set(error, ERROR_NOT_FOUND, "no check `%.60s` in %s", node, application->id);
    unit = restart_unit(application, check, &on);
    if (!unit)
        return error_set(error, ERROR_INVALID, "nothing of %s can be restarted: it is no unit on a server, and has no `recovery:`",
                         check ? check->id : application->id);
    struct restart wanted = {.node = check ? check->id : application->id, .unit = (char *)unit, .on = (char *)on, .actor = (char *)actor,
                             .done = done, .owner = owner};
    return restart_begin(application, &wanted, error);
}
