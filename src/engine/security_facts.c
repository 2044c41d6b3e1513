/* What is counted beside assets, one function a sort (security_facts.def). */
#include "engine/security_private.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "engine/applications_private.h"
#include "engine/heartbeats.h"
#include "engine/rules.h"
#include "engine/site.h"

/* ---- the ways here ---- */

void security_ways(struct security *security, void (*visit)(void *owner, const struct security_way *way), void *owner)
{
    const struct applications *applications = security->parts.applications;
    for (size_t i = 0; i < security->site->source_count; i++) {
        const struct source *source = security->site->sources[i];
        visit(owner, &(struct security_way){.name = source->name, .asset = FLEET_NONE, .protection = &source->protection});
    }
    for (unsigned i = 0; applications && i < applications->count; i++)
        for (unsigned c = 0; c < applications->items[i]->check_count; c++) {
            const struct application_check *check = applications->items[i]->checks[c];
            if (!check->waits)
                visit(owner, &(struct security_way){.name = check->id, .endpoint = true, .asset = applications->items[i]->asset,
                                                    .protection = &check->protection});
        }
}

struct ways { struct security *security; bool endpoints; security_fact_visit *visit; void *owner; };

static void way_fact(void *owner, const struct security_way *way)
{
    const struct ways *ways = owner;
    const struct protection *protection = way->protection;
    bool weak = protection->level == PROTECTION_PLAIN || protection->level == PROTECTION_UNVERIFIED;
    bool allowed = weak && security_plain_allowed(ways->security->plan, way->name);
    char detail[160], id[128];
    if (way->endpoint != ways->endpoints)
        return;
    snprintf(detail, sizeof detail, allowed ? N_("%s, which is allowed") : "%s", *protection->detail ? protection->detail : N_("not known"));
    snprintf(id, sizeof id, "%.*s", (int)(way->endpoint ? strcspn(way->name, "/") : sizeof id - 1), way->name);
    ways->visit(ways->owner, &(struct security_fact){.name = way->name, .detail = detail, .good = !weak || allowed,
                                                     .view = way->endpoint ? "application" : "sources", .id = id});
}

static void sources(struct security *security, security_fact_visit *visit, void *owner)
{
    security_ways(security, way_fact, &(struct ways){security, false, visit, owner});
}

static void endpoints(struct security *security, security_fact_visit *visit, void *owner)
{
    security_ways(security, way_fact, &(struct ways){security, true, visit, owner});
}

/* ---- sources and applications ---- */

static void running(struct security *security, security_fact_visit *visit, void *owner)
{
    for (size_t i = 0; i < security->site->source_count; i++) {
        const struct source *source = security->site->sources[i];
        visit(owner, &(struct security_fact){.name = source->name, .detail = *source->detail ? source->detail : source_state_name(source->status),
                                             .good = source->status == SOURCE_RUNNING, .view = "sources", .id = source->name});
    }
}

enum check_sort { CHECKS_CLOSED, CHECKS_DATABASES };

static bool is_of(const struct application_check *check, enum check_sort sort)
{
    static const char *const databases[] = {"postgres", "mysql", "redis"};
    for (size_t i = 0; sort == CHECKS_DATABASES && i < ARRAY_COUNT(databases); i++)
        if (strcmp(check->type, databases[i]) == 0)
            return true;
    return sort == CHECKS_CLOSED && check->refuses;
}

static void checks(struct security *security, enum check_sort sort, security_fact_visit *visit, void *owner)
{
    const struct applications *applications = security->parts.applications;
    for (unsigned i = 0; applications && i < applications->count; i++)
        for (unsigned c = 0; c < applications->items[i]->check_count; c++) {
            const struct application_check *check = applications->items[i]->checks[c];
            if (is_of(check, sort) && !check->waits)
                visit(owner, &(struct security_fact){.name = check->id, .detail = check->evidence, .view = "application",
                                                     .id = applications->items[i]->id,
                                                     .good = applications->parts[check->part].verdict == PART_OK});
        }
}

static void closed(struct security *security, security_fact_visit *visit, void *owner)
{
    checks(security, CHECKS_CLOSED, visit, owner);
}

static void databases(struct security *security, security_fact_visit *visit, void *owner)
{
    checks(security, CHECKS_DATABASES, visit, owner);
}

static void all_applications(struct security *security, security_fact_visit *visit, void *owner)
{
    const struct applications *applications = security->parts.applications;
    for (unsigned i = 0; applications && i < applications->count; i++) {
        const struct application *application = applications->items[i];
        enum part_verdict verdict = applications->parts[application->part].verdict;
        visit(owner, &(struct security_fact){.name = application->name, .view = "application", .id = application->id,
                                             .detail = verdict == PART_WAITING ? N_("waiting for an address") : part_verdict_name(verdict),
                                             .good = verdict != PART_WAITING});
    }
}

/* ---- what watches ---- */

static void heartbeats(struct security *security, security_fact_visit *visit, void *owner)
{
    struct heartbeat_view view;
    for (unsigned i = 0; security->parts.heartbeats && heartbeats_at(security->parts.heartbeats, i, &view); i++)
        visit(owner, &(struct security_fact){.name = view.plan->title, .detail = heartbeat_state_name(view.state), .view = "sources",
                                             .id = view.plan->name, .good = view.state != HEARTBEAT_WAITING});
}

static void rules(struct security *security, security_fact_visit *visit, void *owner)
{
    for (size_t i = 0; security->parts.rules && i < rules_count(security->parts.rules); i++) {
        struct rules_status status;
        rules_get(security->parts.rules, i, &status);
        visit(owner, &(struct security_fact){.name = status.rule->title, .view = "rules", .id = status.rule->name, .good = status.applies > 0,
                                             .detail = *status.problem ? status.problem : status.rule->name});
    }
}

/* ---- our own doors ---- */

static void listeners(struct security *security, security_fact_visit *visit, void *owner)
{
    for (size_t i = 0; i < security->site->listen_count; i++) {
        const struct site_listen *listen = &security->site->listens[i];
        char name[160];
        bool tls = listen->kind == LISTEN_TLS;
        if (tls)
            snprintf(name, sizeof name, "%.100s:%u", listen->address, listen->port);
        else
            snprintf(name, sizeof name, "%.150s", listen->path);
        visit(owner, &(struct security_fact){.name = name, .view = "", .id = "", .good = true,
                                             .detail = !tls ? N_("on this host, the kernel says who it is")
                                                       : *listen->client_ca ? N_("TLS, by token or client certificate") : N_("TLS, by token")});
    }
}

static void grants(struct security *security, security_fact_visit *visit, void *owner)
{
    for (size_t i = 0; i < security->site->grant_count; i++) {
        const struct site_grant *grant = &security->site->grants[i];
        bool everybody = strcmp(grant->who, "*") == 0;
        bool loose = everybody && grant->role >= ROLE_OPERATOR;
        visit(owner, &(struct security_fact){.name = grant->who, .view = "", .id = "", .good = !loose,
                                             .detail = loose ? N_("everybody who reaches it may act") : role_name(grant->role)});
    }
}

/* libpq's `prefer`, which is its default, checks nobody. */
static void store(struct security *security, security_fact_visit *visit, void *owner)
{
    const char *url = security->site->store_url ? security->site->store_url : "";
    struct protection protection = {0};
    const char *mode = strstr(url, "sslmode=");
    mode = mode ? mode + strlen("sslmode=") : "prefer";
    if (strncmp(url, "postgresql://", 13) == 0)
        protection_of_address(&protection, url + 13, "postgresql", strncmp(mode, "require", 7) == 0 || strncmp(mode, "verify", 6) == 0,
                              strncmp(mode, "verify", 6) == 0);
    else
        protection_set(&protection, PROTECTION_NONE_NEEDED, N_("a file of this host"));
    bool weak = protection.level == PROTECTION_PLAIN || protection.level == PROTECTION_UNVERIFIED;
    visit(owner, &(struct security_fact){.name = strncmp(url, "postgresql", 10) == 0 ? "postgresql" : "sqlite", .detail = protection.detail,
                                         .view = "", .id = "", .good = !weak});
}

static void chain(struct security *security, security_fact_visit *visit, void *owner)
{
    char detail[96], when[INSTANT_TEXT];
    instant_format(when, security->verified);
    if (security->broken)
        snprintf(detail, sizeof detail, N_("BROKEN at entry %lld"), (long long)security->broken_at);
    else if (security->verified == CLOCK_NEVER || !security->verified)
        snprintf(detail, sizeof detail, "%s", N_("not verified yet"));
    else
        snprintf(detail, sizeof detail, N_("%lld entries, whole at %.19s"), (long long)security->audit_rows, when);
    visit(owner, &(struct security_fact){.name = "audit", .detail = detail, .view = "audit", .id = "", .good = !security->broken});
}

void security_facts(struct security *security, enum security_facts sort, security_fact_visit *visit, void *owner)
{
    static void (*const tell[FACTS_COUNT])(struct security *security, security_fact_visit *visit, void *owner) = {
        [FACTS_SOURCES] = sources, [FACTS_RUNNING] = running, [FACTS_ENDPOINTS] = endpoints, [FACTS_CLOSED] = closed,
        [FACTS_DATABASES] = databases, [FACTS_APPLICATIONS] = all_applications, [FACTS_HEARTBEATS] = heartbeats, [FACTS_RULES] = rules,
        [FACTS_LISTENERS] = listeners, [FACTS_GRANTS] = grants, [FACTS_STORE] = store, [FACTS_CHAIN] = chain};
    if (!security->site)
        return;
    if (tell[sort])
        tell[sort](security, visit, owner);
    else if (security->provided[sort].source)
        security->provided[sort].source(security->provided[sort].from, visit, owner);
}
