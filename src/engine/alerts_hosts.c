/* The detector of what hosts do beside what is expected of them (R041, R198): each deviation is an alert of its own, with
 * the process and user behind it, and clears when it is gone. */
#include "engine/alerts_hosts.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/phrase.h"
#include "engine/alerts_private.h"

#define DEVIATIONS_MAX 200

struct alerts_hosts {
    struct alerts *alerts;
    struct hosts *hosts;
};

/* What a restart of a service passes through is not worth a call: what is missing waits a little. */
static const struct {
    const char *name, *type;
    enum severity severity;
    msec hold;
} kinds[] = {
    [HOST_PORT_UNEXPECTED] = {N_("unexpected port open"), "security", SEVERITY_MAJOR, 0},
    [HOST_PORT_MISSING] = {N_("port not listening"), "application", SEVERITY_MAJOR, 30 * SPAN_SECOND},
    [HOST_UNIT_MISSING] = {N_("unit not running"), "application", SEVERITY_MAJOR, 30 * SPAN_SECOND},
    [HOST_UNIT_FAILED] = {N_("unit failed"), "application", SEVERITY_MAJOR, 0},
    [HOST_OUTBOUND] = {N_("forbidden connection out"), "security", SEVERITY_CRITICAL, 0},
};

static bool still_there(const struct alerts *alerts, const struct alert *alert, const struct host_deviation *found, unsigned count)
{
    const char *rule = desk_text(alerts, alert->rule), *point = desk_text(alerts, alert->point);
    for (unsigned i = 0; i < count; i++)
        if (strcmp(host_deviation_name(found[i].kind), rule) == 0 && strcmp(found[i].point, point) == 0)
            return true;
    return false;
}

static void end_gone(struct alerts_hosts *watch, uint32_t asset, const struct host_deviation *found, unsigned count)
{
    ALERT_EACH_OF_ASSET(watch->alerts, alert, asset) {
        bool running = alert->life.condition == CONDITION_ACTIVE || alert->life.condition == CONDITION_PENDING ||
                       alert_closed_active(alert);
        if (running && strcmp(desk_text(watch->alerts, alert->source), "host") == 0 &&
            !still_there(watch->alerts, alert, found, count))
            alerts_normal(watch->alerts, alert->fingerprint);
    }
}

static void report(struct alerts_hosts *watch, uint32_t asset, const struct host_deviation *deviation)
{
    struct alert_policy policy = alert_policy_default;
    policy.hold = kinds[deviation->kind].hold;
    struct alert_report row = {
        .source = N_("host"), .rule = host_deviation_name(deviation->kind), .rule_version = 1, .asset = asset,
        .point = deviation->point, .name = kinds[deviation->kind].name, .type = kinds[deviation->kind].type,
        .severity = kinds[deviation->kind].severity, .summary = deviation->evidence, .runbook = "host", .policy = &policy};
    alerts_breach(watch->alerts, &row);
}

static void taken(void *owner, uint32_t asset, const struct host *host)
{
    struct alerts_hosts *watch = owner;
    struct host_deviation found[DEVIATIONS_MAX];
    (void)host;
    unsigned count = hosts_deviations(watch->hosts, asset, found, DEVIATIONS_MAX);
    count = count < DEVIATIONS_MAX ? count : DEVIATIONS_MAX;
    end_gone(watch, asset, found, count);
    for (unsigned i = 0; i < count; i++) {
        const struct alert *alert = alerts_by_fingerprint(watch->alerts, alert_fingerprint(watch->alerts, &(struct alert_report){
            .source = "host", .rule = host_deviation_name(found[i].kind), .asset = asset, .point = found[i].point}));
        /* What stands already is not counted anew with every answer. */
        if (!alert || (alert->life.condition != CONDITION_ACTIVE && !alert_closed_active(alert)))
            report(watch, asset, &found[i]);
    }
}

struct alerts_hosts *alerts_hosts_new(struct alerts *alerts, struct hosts *hosts)
{
    struct alerts_hosts *watch = memory_new(sizeof *watch);
    watch->alerts = alerts;
    watch->hosts = hosts;
    hosts_listen(hosts, &(struct hosts_listener){.owner = watch, .taken = taken});
    return watch;
}

void alerts_hosts_free(struct alerts_hosts **watch)
{
    if (!*watch)
        return;
    hosts_unlisten((*watch)->hosts, *watch);
    free(*watch);
    *watch = NULL;
}
