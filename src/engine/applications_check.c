/* When each check is asked, and what its answer changes. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "collect/collector.h"
#include "engine/applications_past.h"

#define HOST_PATIENCE (10 * SPAN_SECOND) /* for a host's answer that holds what a look needs */

static struct part *part_of(const struct application_check *check)
{
    return &check->application->applications->parts[check->part];
}

/* ---- answers ---- */

static enum part_verdict verdict_of(enum health health)
{
    return health == HEALTH_OK ? PART_OK : health == HEALTH_WARNING ? PART_WARNING : health == HEALTH_CRITICAL ? PART_CRITICAL : PART_UNKNOWN;
}

static void store_figures(const struct application_check *check)
{
    const struct application *application = check->application;
    struct applications *applications = application->applications;
    struct source *source = applications->source;
    struct sink_value values[CHECK_FIGURES + 1];
    unsigned count = 0;
    char name[96];
    if (application->asset == FLEET_NONE)
        return;
    for (unsigned i = 0; i <= check->figure_count; i++) {
        bool own = i == check->figure_count;
        snprintf(name, sizeof name, "%s.%s", check->name, own ? "verdict" : check->figures[i].name);
        uint32_t metric = source->sink.ops->metric(source->sink.owner, name, strlen(name));
        if (metric != SINK_NONE)
            values[count++] = (struct sink_value){metric, own ? (double)part_of(check)->verdict : check->figures[i].value};
    }
    /* As what was kept, not as what it said: a figure is no sign of life of the application. */
    source->sink.ops->kept(source->sink.owner, source, application->asset, SINK_NONE, check->checked, values, count, NULL, 0);
}

/* What lies below it is asked at once, so that the first broken part is known and not guessed. */
static bool ask_now(void *owner, unsigned part, unsigned depth)
{
    struct applications *applications = owner;
    struct application_check *check = applications->owners[part].check;
    if (check && depth > 0)
        application_check_soon(check, 1);
    return true;
}

static void take(struct application_check *check, const struct check_answer *answer)
{
    struct application *application = check->application;
    struct applications *applications = application->applications;
    struct part *part = part_of(check);
    enum part_verdict before = part->verdict, now = verdict_of(answer->verdict);
    msec wall = clock_wall();
    applications->source->checks++;
    applications->source->failures += now == PART_CRITICAL;
    applications->source->last_heard = wall;
    check->checked = wall;
    check->failures = now == PART_CRITICAL ? check->failures + 1 : 0;
    bool settled = now != PART_CRITICAL || before == PART_CRITICAL || check->failures >= check->attempts;
    application_check_soon(check, settled ? check->interval : check->retry);
    if (!settled)
        return;
    bool news = now != before || !check->asked;
    check->asked = true;
    part->verdict = now;
    if (now != before || check->since == CLOCK_NEVER)
        check->since = wall;
    text_clean_into(check->evidence, sizeof check->evidence, answer->evidence, strlen(answer->evidence));
    memcpy(check->figures, answer->figures, sizeof check->figures);
    check->figure_count = answer->figure_count;
    store_figures(check);
    application_count_users(application, wall);
    if (news)
        application_node_changed(check, now);
    applications->revision++;
    if (now == PART_CRITICAL && before != PART_CRITICAL)
        parts_walk(applications->parts, applications->part_count, check->part, ask_now, applications);
    applications_judge(applications);
}

static void answered(void *owner, const struct check_answer *answer)
{
    take(owner, answer);
}

static void say(struct application_check *check, enum health verdict, const char *format, const char *name)
{
    struct check_answer answer = {.verdict = verdict};
    snprintf(answer.evidence, sizeof answer.evidence, format, name);
    take(check, &answer);
}

/* ---- looking at what a server tells ---- */

static bool server_is_down(const struct application_check *check, uint32_t asset)
{
    struct fleet_view view;
    fleet_get(check->application->applications->fleet, asset, &view);
    return view.health == HEALTH_OFFLINE || view.health == HEALTH_UNREACHABLE;
}

/* What a server told before its unit was restarted says nothing of what came of it. */
static bool told_since_restart(const struct application_check *check, uint32_t asset)
{
    const struct recovery *recovery = &check->application->recovery;
    unsigned list = strcmp(check->type, "process") == 0 ? HOST_processes : HOST_units;
    return !recovery->ended_steady || hosts_told(check->application->applications->hosts, asset, list) > recovery->ended_steady;
}

static void look(struct application_check *check)
{
    struct applications *applications = check->application->applications;
    uint32_t asset = fleet_find(applications->fleet, check->on);
    check->wants_host = false;
    if (asset == FLEET_NONE) {
        say(check, HEALTH_UNKNOWN, "no asset `%s`: the server is not in the ledger", check->on);
    } else if (!applications->hosts || !hosts_source(applications->hosts, asset)) {
        say(check, HEALTH_UNKNOWN, "%s is not watched: no source looks at it from inside", check->on);
    } else if (server_is_down(check, asset)) {
        say(check, HEALTH_CRITICAL, "its server %s is not there", check->on);
    } else {
        struct check_answer answer;
        const struct host *host = hosts_find(applications->hosts, asset);
        bool since = told_since_restart(check, asset);
        bool fresh = host && since && clock_wall() - host->taken < check->interval + HOST_PATIENCE;
        if (strcmp(check->type, "process") == 0 || !since)
            hosts_attend(applications->hosts, asset); /* processes are only listed while somebody looks; units now and then */
        if (fresh && check_look(check->check, host, &answer)) {
            take(check, &answer);
            return;
        }
        check->wants_host = true; /* the next answer is looked at as it comes */
        check->wanted_since = check->wanted_since ? check->wanted_since : clock_steady();
        if (clock_steady() - check->wanted_since > HOST_PATIENCE + check->interval) {
            check->wanted_since = 0;
            say(check, HEALTH_UNKNOWN, "%s has told nothing of itself lately", check->on);
            return;
        }
        application_check_soon(check, HOST_PATIENCE);
    }
}

/* The server tells of those too that it would leave out as nobody's matter. */
void applications_units(void *owner, uint32_t asset, struct buffer *names)
{
    const struct applications *applications = owner;
    for (unsigned i = 0; i < applications->count; i++)
        for (unsigned at = 0; at < applications->items[i]->check_count; at++) {
            const struct application_check *check = applications->items[i]->checks[at];
            if (check->unit[0] && fleet_find(applications->fleet, check->on) == asset)
                buffer_printf(names, " %s", check->unit);
        }
}

void applications_host_taken(void *owner, uint32_t asset, const struct host *host)
{
    struct applications *applications = owner;
    for (unsigned i = 0; i < applications->count; i++)
        for (unsigned c = 0; c < applications->items[i]->check_count; c++) {
            struct application_check *check = applications->items[i]->checks[c];
            struct check_answer answer;
            if (!check->check || !check_looks(check->check) || fleet_find(applications->fleet, check->on) != asset)
                continue;
            if (!told_since_restart(check, asset) || !check_look(check->check, host, &answer))
                continue;
            check->wants_host = false;
            check->wanted_since = 0;
            /* News at once; what is as it was, at its own pace. */
            bool news = verdict_of(answer.verdict) != part_of(check)->verdict || !check->asked;
            if (news || clock_wall() - check->checked >= check->interval)
                take(check, &answer);
        }
}

/* ---- the pace ---- */

static void due(uv_timer_t *timer)
{
    struct application_check *check = timer->data;
    if (check->waits)
        return;
    if (!check->check) {
        say(check, HEALTH_UNKNOWN, "it cannot be asked: %.150s", check->trouble ? check->trouble : "");
        return;
    }
    if (check_looks(check->check)) {
        look(check);
        return;
    }
    if (check_running(check->check))
        return; /* its answer sets the next time */
    check_run(check->check, answered, check);
}

void application_check_soon(struct application_check *check, msec wait)
{
    if (!check->waits)
        uv_timer_start(&check->timer, due, (uint64_t)wait, 0);
}

void application_check_open(struct application_check *check, const struct config_node *node)
{
    struct application *application = check->application;
    struct applications *applications = application->applications;
    struct error error;
    uv_timer_init(applications->loop, &check->timer);
    check->timer.data = check;
    applications->parts[check->part].degrades = config_bool(node, "degrades", false);
    if (check->waits)
        return;
    check->check = check_new(&applications->asking, node, &error);
    if (check->check)
        return;
    check->trouble = memory_text(error.text);
    log_warning("application %s: check %s cannot be asked: %s", application->id, check->name, error.text);
}

static void check_gone(uv_handle_t *handle)
{
    struct application_check *check = handle->data;
    for (unsigned i = 0; i < check->need_count; i++)
        free(check->needs[i]);
    free(check->needs);
    free(check->id);
    free(check->name);
    free(check->title);
    free(check->type);
    free(check->on);
    free(check->unit);
    free(check->endpoint);
    free(check->trouble);
    free(check);
}

void application_check_close(struct application_check *check)
{
    check_free(&check->check);
    uv_close((uv_handle_t *)&check->timer, check_gone);
}

bool applications_check(struct application *application, const char *node, struct error *error)
{
    struct application_check *one = node[0] ? application_check_find(application, node) : NULL;
    bool whole = !node[0] || strcmp(node, application->id) == 0;
    if (!one && !whole)
        return error_set(error, ERROR_NOT_FOUND, "no check `%.60s` in %s", node, application->id);
    if (one && one->waits)
        return error_set(error, ERROR_INVALID, "%s waits for an address: the configuration has none", one->id);
    for (unsigned i = 0; i < application->check_count; i++)
        if (whole || application->checks[i] == one)
            application_check_soon(application->checks[i], 0);
    return true;
}
