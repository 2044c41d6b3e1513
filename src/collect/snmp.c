/* SNMP, v2c and v3: UPS, switches, voice gateways, air conditioners and servers that take no SSH. Each target has one
 * session, kept open; a round asks for all columns of the profiles and of the configuration, one request at a time. */
#include <arpa/inet.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "base/memory.h"
#include "base/text.h"
#include "collect/probe.h"
#include "collect/snmp_agent.h"
#include "collect/snmp_profile.h"
#include "collect/source_values.h"

#define RUNNING_LIMIT 64
#define PROFILES_MAX 8
#define ROUND_AT_LEAST (30 * SPAN_SECOND)
#define SNMP_PORT 161
#define EVIDENCE_AGAIN SPAN_MINUTE /* the figures in the evidence of one verdict */

struct snmp {
    struct probe probe;
    struct snmp_login login;
    struct snmp_plan plan;
    struct snmp_choice *choice;
    unsigned port;                  /* of the source; 0: the address's */
    struct { const struct snmp_profile *profile; unsigned columns[SNMP_PROFILE_COLUMNS]; } profiles[PROFILES_MAX];
    unsigned profile_count;
    struct polled *polled;          /* by asset */
    struct round *running;
    unsigned running_count;
};

/* Of one asset, between two rounds. */
struct polled {
    UT_hash_handle hh;
    uint32_t asset;
    bool selected, described;
    enum health told;               /* HEALTH_UNKNOWN: no check yet */
    char evidence[192];             /* told with it */
    msec told_at;                   /* steady */
    struct snmp_agent *agent;       /* NULL: none open */
    struct sockaddr_storage to;     /* where it is open to */
    struct round *round;            /* under way */
    struct snmp_harvest before;     /* column_count 0: none */
    uint64_t before_ns;
    bool *named;                    /* columns that were said to be absent, by index */
    bool cut_named;
};

struct round {
    struct snmp *snmp;
    struct polled *polled;
    struct probe_target *target;
    struct round *next;
    struct snmp_walk walk;
    uint64_t begun_ns;
    unsigned garbled;               /* of the agent when it began */
};

/* ---- targets ---- */

static struct polled *polled_of(struct snmp *snmp, uint32_t asset)
{
    struct polled *polled;
    HASH_FIND(hh, snmp->polled, &asset, sizeof asset, polled);
    if (!polled) {
        polled = memory_new(sizeof *polled);
        *polled = (struct polled){.asset = asset, .selected = true, .told = HEALTH_UNKNOWN};
        polled->named = memory_new_array(snmp->plan.count + 1, sizeof *polled->named);
        HASH_ADD(hh, snmp->polled, asset, sizeof polled->asset, polled);
    }
    return polled;
}

static void forget(struct snmp *snmp, struct polled *polled)
{
    HASH_DEL(snmp->polled, polled);
    snmp_agent_free(&polled->agent);
    snmp_harvest_release(&polled->before);
    free(polled->named);
    free(polled);
}

/* The port of the source, of the address, or SNMP's. */
static void address_of(const struct snmp *snmp, const struct probe_target *target, struct sockaddr_storage *to)
{
    uint16_t port = htons((uint16_t)(snmp->port ? snmp->port : target->port ? target->port : SNMP_PORT));
    memset(to, 0, sizeof *to);
    memcpy(to, &target->to, target->to_length);
    if (to->ss_family == AF_INET)
        ((struct sockaddr_in *)to)->sin_port = port;
    else
        ((struct sockaddr_in6 *)to)->sin6_port = port;
}

/* ---- what came of a round ---- */

static void tell_check(struct round *round, enum health verdict, const char *evidence)
{
    struct polled *polled = round->polled;
    struct source *source = round->snmp->probe.source;
    bool fresh = polled->told == verdict && (verdict == HEALTH_OK || strcmp(polled->evidence, evidence) == 0 ||
                                             clock_steady() - polled->told_at < EVIDENCE_AGAIN);
    if (fresh || round->target->retired)
        return;
    polled->told = verdict;
    polled->told_at = clock_steady();
    snprintf(polled->evidence, sizeof polled->evidence, "%s", evidence);
    source->sink.ops->check(source->sink.owner, source, round->target->asset, verdict, evidence);
}

/* Frees the round; its target goes to probe_up() and the like. */
static struct probe_target *round_end(struct round *round)
{
    struct snmp *snmp = round->snmp;
    struct probe_target *target = round->target;
    struct round **link = &snmp->running;
    while (*link != round)
        link = &(*link)->next;
    *link = round->next;
    snmp->running_count--;
    struct polled *polled = round->polled;
    polled->round = NULL;
    snmp_walk_release(&round->walk);
    free(round);
    if (!polled->selected)
        forget(snmp, polled);
    return target;
}

static void count_bad(struct round *round)
{
    struct source *source = round->snmp->probe.source;
    const char *id = round->target->id;
    unsigned garbled = round->polled->agent ? snmp_agent_garbled(round->polled->agent) - round->garbled : 0;
    if (garbled) {
        source->bad += garbled - 1;
        source_bad(source, id, strlen(id), "a datagram that is not SNMP, or damaged");
    }
    if (round->walk.odd) {
        source->bad += round->walk.odd - 1;
        source_bad(source, id, strlen(id), "answers out of order, or to what was not asked");
    }
}

/* It is there, and what it says is of no use. The session is opened anew the next time: another engine, other boots. */
static void round_wrong(struct round *round, const char *cause)
{
    struct probe_target *target = round->target;
    struct source *source = target->probe->source;
    char evidence[192];
    text_clean_into(evidence, sizeof evidence, cause, strlen(cause));
    if (target->failures + 1 >= target->probe->attempts)
        tell_check(round, HEALTH_CRITICAL, evidence);
    source_bad(source, target->id, strlen(target->id), "%.90s", evidence);
    count_bad(round);
    snmp_agent_free(&round->polled->agent);
    probe_wrong(round_end(round), evidence);
}

static void round_silent(struct round *round, const char *cause)
{
    char evidence[192];
    snprintf(evidence, sizeof evidence, "%.180s", cause);
    count_bad(round);
    snmp_agent_free(&round->polled->agent);
    probe_failed(round_end(round), evidence);
}

/* What the agent does not have is said once. */
static void name_absent(struct round *round)
{
    struct snmp *snmp = round->snmp;
    struct source *source = snmp->probe.source;
    const struct snmp_harvest *now = &round->walk.harvest;
    const char *id = round->target->id;
    for (unsigned i = 0; i < snmp->plan.count; i++) {
        const struct snmp_wanted *wanted = &snmp->plan.wanted[i];
        char name[160] = "";
        if (!now->columns[i].absent || round->polled->named[i])
            continue;
        round->polled->named[i] = true;
        if (!snmp_choice_wants(snmp->choice, i))
            continue; /* what a profile misses is said by the profile, if it misses all */
        for (size_t at = 0; at < wanted->length && strlen(name) < 140; at++)
            snprintf(name + strlen(name), sizeof name - strlen(name), at ? ".%lu" : "%lu", wanted->name[at]);
        source_bad(source, name, strlen(name), "%.40s has no such variable", id);
    }
    if (now->cut && !round->polled->cut_named)
        source_bad(source, id, strlen(id), "a table of more than %u rows: the rest is left out (rows:)", snmp->plan.rows_max);
    round->polled->cut_named |= now->cut;
}

static void describe(struct round *round, const struct snmp_result *result)
{
    struct source *source = round->snmp->probe.source;
    struct asset hint = {.field = {[ASSET_kind] = result->kind[0] ? result->kind : result->is_host ? "server" : "",
                                   [ASSET_name] = result->name, [ASSET_model] = result->model, [ASSET_vendor] = result->vendor}};
    for (int i = 0; i < ASSET_FIELD_COUNT; i++)
        if (!hint.field[i])
            hint.field[i] = "";
    hint.attributes = "";
    if (source->sink.ops->describe && !round->polled->described)
        source->sink.ops->describe(source->sink.owner, source, round->target->asset, &hint);
    round->polled->described = true;
}

/* The first profile that finds nothing of its own, as text; NULL when each found something. */
static const char *read_profiles(struct round *round, struct snmp_reading *reading, struct snmp_result *result)
{
    struct snmp *snmp = round->snmp;
    const char *absent = NULL;
    for (unsigned i = 0; i < snmp->profile_count; i++) {
        reading->columns = snmp->profiles[i].columns;
        if (!snmp->profiles[i].profile->read(reading, result) && i > 0)
            absent = snmp->profiles[i].profile->absent;
    }
    reading->columns = NULL;
    return snmp_choice_read(snmp->choice, reading, result) ? absent : N_("none of the metrics that are asked for");
}

/* sysUpTime went back: its counters began anew. */
static bool agent_restarted(const struct round *round)
{
    unsigned uptime = round->snmp->profiles[0].columns[SNMP_SYSTEM_UPTIME];
    return !(snmp_harvest_number(&round->walk.harvest, uptime) >= snmp_harvest_number(&round->polled->before, uptime));
}

static void keep_harvest(struct round *round)
{
    struct polled *polled = round->polled;
    snmp_harvest_release(&polled->before);
    polled->before = round->walk.harvest;
    polled->before_ns = round->begun_ns;
    round->walk.harvest = (struct snmp_harvest){0};
    for (unsigned i = 0; i < polled->before.column_count; i++) {
        struct snmp_column *column = &polled->before.columns[i];
        for (size_t cell = 0; cell < column->count; cell++) {
            free(column->cells[cell].text);
            column->cells[cell].text = NULL;
        }
    }
}

static void hand_over(struct round *round, struct snmp_result *result, struct source_values *values)
{
    struct host *host = host_builder_make(result->builder, clock_wall());
    host->cost = (msec)((uv_hrtime() - round->begun_ns) / 1000000);
    if (result->is_host)
        host_metrics(host, source_values_put, values);
    else
        source_values_put(values, "uptime_seconds", host->uptime);
    if (!result->is_host)
        host_free(&host);
    describe(round, result);
    source_values_give(values, round->target->asset, 0, NULL, 0, host);
}

static void round_complete(struct round *round)
{
    struct polled *polled = round->polled;
    struct source *source = round->snmp->probe.source;
    struct source_values values = {.source = source, .spoken = true};
    struct snmp_result result = {.put = source_values_put, .owner = &values, .builder = host_builder_new(), .verdict = HEALTH_OK};
    bool comparable = polled->before.column_count > 0 && !agent_restarted(round);
    struct snmp_reading reading = {.now = &round->walk.harvest, .before = comparable ? &polled->before : NULL,
                                   .seconds = (double)(round->begun_ns - polled->before_ns) / 1e9};
    char text[256];
    const char *absent = read_profiles(round, &reading, &result);
    name_absent(round);
    if (!round->target->retired)
        hand_over(round, &result, &values);
    keep_harvest(round);
    source_values_release(&values);
    host_builder_free(&result.builder);
    if (absent) {
        snprintf(text, sizeof text, N_("it answers, and has %s"), absent);
        round_wrong(round, text);
        return;
    }
    snprintf(text, sizeof text,
             COUNTED(round->walk.requests, N_("%u request in %.0f ms"),
                     N_("%u requests in %.0f ms")),
             round->walk.requests, (double)(uv_hrtime() - round->begun_ns) / 1e6);
    if (result.verdict != HEALTH_OK)
        snprintf(text, sizeof text, "%s", result.evidence); /* also what is said when the link is first seen up */
    tell_check(round, result.verdict, text);
    count_bad(round);
    probe_up(round_end(round), text);
}

/* ---- a round ---- */

static void round_step(struct round *round)
{
    struct error error;
    netsnmp_pdu *pdu = snmp_walk_next(&round->walk);
    msec limit = round->snmp->probe.interval > ROUND_AT_LEAST ? round->snmp->probe.interval : ROUND_AT_LEAST;
    if (!pdu) {
        round_complete(round);
        return;
    }
    if (uv_hrtime() - round->begun_ns > (uint64_t)limit * 1000000) {
        char cause[120];
        snprintf(cause, sizeof cause,
                 COUNTED(round->walk.requests, N_("not all answered after %u request in %lld s"),
                         N_("not all answered after %u requests in %lld s")),
                 round->walk.requests, (long long)(limit / 1000));
        snmp_free_pdu(pdu);
        round_wrong(round, cause);
        return;
    }
    if (!snmp_agent_ask(round->polled->agent, pdu, &error))
        round_silent(round, error.text);
}

static void answer_arrived(void *owner, const netsnmp_pdu *answer)
{
    struct polled *polled = owner;
    if (polled->round)
        snmp_walk_take(&polled->round->walk, answer);
}

static void answer_done(void *owner, enum snmp_outcome outcome, const char *cause)
{
    struct polled *polled = owner;
    struct round *round = polled->round;
    if (!round)
        return;
    if (outcome == SNMP_SILENT)
        round_silent(round, cause);
    else if (outcome == SNMP_REFUSED)
        round_wrong(round, cause);
    else if (round->walk.wrong)
        round_wrong(round, round->walk.cause);
    else
        round_step(round);
}

static const struct snmp_agent_ops agent_ops = {.arrived = answer_arrived, .done = answer_done};

static enum probe_sent ask_target(struct probe *probe, struct probe_target *target)
{
    struct snmp *snmp = probe->owner;
    struct sockaddr_storage to;
    struct error error;
    struct polled *polled = polled_of(snmp, target->asset);
    if (snmp->running_count >= RUNNING_LIMIT || polled->round)
        return PROBE_LATER;
    address_of(snmp, target, &to);
    if (polled->agent && memcmp(&to, &polled->to, sizeof to) != 0)
        snmp_agent_free(&polled->agent);
    polled->to = to;
    if (!polled->agent)
        polled->agent = snmp_agent_new(probe->source->loop, &snmp->login, (struct sockaddr *)&to, probe->timeout, &agent_ops, polled, &error);
    if (!polled->agent) {
        probe_failed(target, error.text);
        return PROBE_SENT;
    }
    struct round *round = memory_new(sizeof *round);
    *round = (struct round){.snmp = snmp, .polled = polled, .target = target, .next = snmp->running, .begun_ns = uv_hrtime(),
                            .garbled = snmp_agent_garbled(polled->agent)};
    snmp_walk_begin(&round->walk, &snmp->plan);
    snmp->running = round;
    snmp->running_count++;
    polled->round = round;
    round_step(round);
    return PROBE_SENT;
}

static void snmp_tick_end(struct probe *probe)
{
    struct snmp *snmp = probe->owner;
    for (struct round *round = snmp->running, *next; round; round = next) {
        next = round->next;
        snmp_agent_tick(round->polled->agent);
    }
}

static const struct probe_ops snmp_probe_ops = {.send = ask_target, .tick_end = snmp_tick_end, .resolves = true};

/* ---- the collector ---- */

static void profile_add(struct snmp *snmp, const struct snmp_profile *profile)
{
    for (unsigned i = 0; i < snmp->profile_count; i++)
        if (snmp->profiles[i].profile == profile)
            return;
    unsigned *columns = snmp->profiles[snmp->profile_count].columns;
    snmp->profiles[snmp->profile_count++].profile = profile;
    for (unsigned i = 0; profile->columns[i].name; i++)
        columns[i] = snmp_plan_add(&snmp->plan, profile->columns[i].name, profile->columns[i].table);
}

/* One profile or a list of them; problems name the node. */
static void profiles_read(struct snmp *snmp, const struct config_node *node, struct config_problems *problems)
{
    const struct config_node *given = config_get(node, "profile");
    size_t count = !given ? 0 : config_is_list(given) ? config_count(given) : 1;
    for (size_t i = 0; i < count; i++) {
        const struct config_node *entry = config_is_list(given) ? config_at(given, i) : given;
        const char *name = config_scalar(entry);
        const struct snmp_profile *profile = name ? snmp_profile_find(name) : NULL;
        if (!profile)
            config_problem(problems, entry, "expected ups, interfaces or host; got `%s`", name ? name : "no text");
        else
            profile_add(snmp, profile);
    }
    if (count == 0 && !config_get(node, "metrics"))
        config_problem(problems, node, "nothing to ask for: give profile: (ups, interfaces, host) or metrics:");
}

static bool snmp_start(struct source *source, const struct config_node *node, struct error *error)
{
    struct snmp *snmp = memory_new(sizeof *snmp);
    struct config_problems problems;
    source->state = snmp;
    snmp->port = (unsigned)config_integer(node, "port", 0);
    snmp->plan.rows_max = (unsigned)config_integer(node, "rows", 2000);
    config_problems_init(&problems);
    profile_add(snmp, &snmp_profile_system);
    profiles_read(snmp, node, &problems);
    snmp_login_read(&snmp->login, node, &problems);
    bool good = problems.count == 0 || error_set(error, ERROR_INVALID, "%s", buffer_text(&problems.text));
    config_problems_release(&problems);
    if (!good || !(snmp->choice = snmp_choice_new(config_get(node, "metrics"), &snmp->plan, error)))
        return false;
    return probe_start(&snmp->probe, source, &snmp_probe_ops, snmp, node, 30 * SPAN_SECOND, error);
}

static void snmp_ledger_changed(struct source *source)
{
    struct snmp *snmp = source->state;
    struct polled *polled, *next;
    probe_reselect(&snmp->probe);
    HASH_ITER(hh, snmp->polled, polled, next)
        polled->selected = false;
    for (size_t i = 0; i < snmp->probe.count; i++)
        polled_of(snmp, snmp->probe.targets[i]->asset)->selected = true;
    HASH_ITER(hh, snmp->polled, polled, next)
        if (!polled->selected && !polled->round)
            forget(snmp, polled);
}

static void snmp_stopped(struct probe *probe)
{
    struct snmp *snmp = probe->owner;
    snmp_choice_free(&snmp->choice);
    snmp_login_release(&snmp->login);
    free(snmp);
}

static void snmp_stop(struct source *source)
{
    struct snmp *snmp = source->state;
    struct polled *polled, *next;
    source->state = NULL;
    snmp->probe.stopping = true;
    while (snmp->running)
        probe_dropped(round_end(snmp->running));
    HASH_ITER(hh, snmp->polled, polled, next)
        forget(snmp, polled);
    probe_stop(&snmp->probe, snmp_stopped);
}

static void snmp_validate(const struct config_node *node, struct config_problems *problems)
{
    struct snmp *snmp = memory_new(sizeof *snmp);
    snmp_login_read(&snmp->login, node, problems);
    snmp_login_release(&snmp->login);
    profiles_read(snmp, node, problems);
    free(snmp);
}

static const struct config_key snmp_keys[] = {
    PROBE_KEYS("30s"),
    {.name = "port", .type = CONFIG_INTEGER, .minimum = 1, .maximum = 65535, .help = "UDP port (default: the one in the asset's address, or 161)"},
    SNMP_LOGIN_KEYS,
    {.name = "profile", .type = CONFIG_TEXT_LIST, .help = "what to read, one or several: ups (RFC 1628), interfaces, host"},
    {.name = "metrics", .type = CONFIG_LIST, .keys = snmp_metric_keys, .help = "variables by OID that become metrics of the asset"},
    {.name = "rows", .type = CONFIG_INTEGER, .minimum = 1, .maximum = 20000, .help = "at most so many rows of a table (default 2000)"},
    {.name = NULL},
};

static void snmp_protection(const struct config_node *node, struct protection *protection)
{
    bool third = strcmp(config_text(node, "version", config_get(node, "user") ? "3" : "2c"), "3") == 0;
    if (!third)
        protection_set(protection, PROTECTION_PLAIN, N_("SNMP v2c, its community in the clear"));
    else if (config_get(node, "privacy_password") || config_get(node, "privacy"))
        protection_set(protection, PROTECTION_ENCRYPTED, N_("SNMP v3, signed and encrypted"));
    else if (config_get(node, "auth_password") || config_get(node, "auth"))
        protection_set(protection, PROTECTION_PLAIN, N_("SNMP v3, signed, in the clear"));
    else
        protection_set(protection, PROTECTION_PLAIN, N_("SNMP v3, neither signed nor encrypted"));
}

const struct collector_ops collector_snmp = {
    .type = "snmp",
    .help = "reads UPS, switches, gateways and servers by SNMP v2c or v3",
    .keys = snmp_keys,
    .protection = snmp_protection,
    .validate = snmp_validate,
    .start = snmp_start,
    .ledger_changed = snmp_ledger_changed,
    .stop = snmp_stop,
};
