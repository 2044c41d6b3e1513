#include "engine/security_plan.h"

#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "model/filter.h"

/* Generated from profiles/security/controls.yml by mk/engine.mk. */
static const char shipped_text[] =
#include "security_controls.inc"
    ;

static const char *const layers[] = {
    [LAYER_PHYSICAL] = "physical", [LAYER_NETWORK] = "network", [LAYER_HOST] = "host",
    [LAYER_APPLICATION] = "application", [LAYER_DATA] = "data", [LAYER_COUNT] = NULL};
static const char *const measures[] = {
    [MEASURE_AUTHENTICATION] = "authentication", [MEASURE_ENCRYPTION] = "encryption", [MEASURE_AUTHORISATION] = "authorisation",
    [MEASURE_AUDIT] = "audit", [MEASURE_ANOMALY] = "anomaly", [MEASURE_COUNT] = NULL};
static const char *const probes[] = {"none", "ports", "outbound", "logs", NULL};
static const char *const facts[] = {
    "none",
#define FACTS(id, name, help) name,
#include "engine/security_facts.def"
#undef FACTS
    NULL};

const char *security_layer_name(enum security_layer layer)
{
    return layer < LAYER_COUNT ? layers[layer] : "";
}

const char *security_measure_name(enum security_measure measure)
{
    return measure < MEASURE_COUNT ? measures[measure] : "";
}

static bool check_name(const struct config_node *node, const char *text, struct error *error)
{
    (void)node;
    size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-");
    return (length && length < 40 && !text[length]) ||
           error_set(error, ERROR_INVALID, "expected a short name of a-z, 0-9 and -, such as host-logins; got `%s`", text);
}

static const struct config_key control_keys[] = {
    {.name = "name", .type = CONFIG_TEXT, .required = true, .check = check_name, .help = "takes the place of a shipped control of that name"},
    {.name = "layer", .type = CONFIG_CHOICE, .choices = layers, .help = "one of the five layers; none: it belongs to a measure only"},
    {.name = "measure", .type = CONFIG_CHOICE, .choices = measures, .help = "one of the five measures, in place of a layer or beside it"},
    {.name = "title", .type = CONFIG_TEXT, .help = "for people (default: the name)"},
    {.name = "title_zh", .type = CONFIG_TEXT, .help = "the same for a Chinese reader"},
    {.name = "alerts", .type = CONFIG_FILTER, .check = filter_check, .help = "alerts that are its breaches: rule:my-rule, type:security"},
    {.name = "assets", .type = CONFIG_FILTER, .check = filter_check, .help = "what of the ledger should be watched: kind:server"},
    {.name = "watched", .type = CONFIG_FILTER, .check = filter_check, .help = "which of them are watched indeed (default: those that ever told anything)"},
    {.name = "probe", .type = CONFIG_CHOICE, .choices = probes, .help = "instead of watched: servers whose expected ports, allowed destinations (outbound) or logs are configured"},
    {.name = "facts", .type = CONFIG_CHOICE, .choices = facts, .help = "what is counted beside assets"},
    {.name = "audit", .type = CONFIG_TEXT, .help = "entries of the audit with this verb are counted in place of alerts; * any"},
    {.name = "lacks", .type = CONFIG_TEXT, .help = "what it means where something is not watched: no expected ports"},
    {.name = "lacks_zh", .type = CONFIG_TEXT, .help = "the same for a Chinese reader"},
    {.name = "requirement", .type = CONFIG_TEXT, .help = "row of the contract: R041"},
    {.name = NULL},
};
const struct config_key security_keys[] = {
    {.name = "require_tls", .type = CONFIG_BOOL, .help = "sources and endpoints of applications in the clear, or whose certificate is not checked, raise an alert (default false)"},
    {.name = "plain_allowed", .type = CONFIG_TEXT_LIST, .help = "names of sources and endpoints (APPLICATION/CHECK) that may all the same"},
    {.name = "controls", .type = CONFIG_LIST, .keys = control_keys, .help = "the site's own controls, and others in place of shipped ones"},
    {.name = NULL},
};

/* Its place in a list of names; `absent` where the key is not given. */
static int choice(const struct config_node *node, const char *key, const char *const *names, int absent)
{
    const char *text = config_text(node, key, NULL);
    for (int i = 0; text && names[i]; i++)
        if (strcmp(names[i], text) == 0)
            return i;
    return absent;
}

static struct security_control control_read(const struct config_node *node)
{
    struct security_control control = {
        .name = config_text(node, "name", ""), .lacks = config_text(node, "lacks", "not watched"),
        .requirement = config_text(node, "requirement", ""), .alerts = config_text(node, "alerts", ""),
        .assets = config_text(node, "assets", ""), .audit = config_text(node, "audit", ""),
        .layer = (enum security_layer)choice(node, "layer", layers, LAYER_COUNT),
        .measure = (enum security_measure)choice(node, "measure", measures, MEASURE_COUNT),
        .probe = (enum security_probe)choice(node, "probe", probes, PROBE_NONE),
        .facts = (enum security_facts)choice(node, "facts", facts, FACTS_NONE)};
    control.title = config_text(node, "title", control.name);
    control.title_zh = config_text(node, "title_zh", control.title);
    control.lacks_zh = config_text(node, "lacks_zh", config_get(node, "lacks") ? control.lacks : "未监测");
    control.watched = config_text(node, "watched", control.probe ? "" : "-health:unknown");
    return control;
}

static bool named_above(const struct config_node *list, size_t end, const char *name)
{
    for (size_t i = 0; list && i < end; i++)
        if (strcmp(config_text(config_at(list, i), "name", ""), name) == 0)
            return true;
    return false;
}

static void add_list(struct security_plan *plan, const struct config_node *list, const struct config_node *instead,
                     struct config_problems *problems)
{
    for (size_t i = 0; list && i < config_count(list); i++) {
        const struct config_node *node = config_at(list, i);
        const char *name = config_text(node, "name", "");
        if (named_above(list, i, name))
            config_problem(problems, config_get(node, "name"), "another control above has this name");
        if (instead && named_above(instead, config_count(instead), name))
            continue;
        if (!config_get(node, "layer") && !config_get(node, "measure"))
            config_problem(problems, node, "expected a layer: (physical, network, host, application, data) or a measure: "
                           "(authentication, encryption, authorisation, audit, anomaly)");
        if (plan->count == SECURITY_CONTROLS_MAX) {
            config_problem(problems, node, "more than %d controls with the shipped ones", SECURITY_CONTROLS_MAX);
            return;
        }
        plan->controls[plan->count++] = control_read(node);
    }
}

void security_plan_read(struct security_plan *plan, const struct config_node *own, struct config_problems *problems)
{
    const struct config_node *list = own ? config_get(own, "controls") : NULL;
    list = list && config_is_list(list) ? list : NULL; /* else the keys have said so */
    *plan = (struct security_plan){.require_tls = config_bool(own, "require_tls", false),
                                   .plain_allowed = own ? config_get(own, "plain_allowed") : NULL, .shipped = config_new()};
    if (config_load_text(plan->shipped, "profiles/security/controls.yml", shipped_text, sizeof shipped_text - 1, problems) &&
        config_check(config_root(plan->shipped), (const struct config_key[]){{.name = "controls", .type = CONFIG_LIST, .keys = control_keys}, {0}},
                     problems))
        add_list(plan, config_get(config_root(plan->shipped), "controls"), list, problems);
    add_list(plan, list, NULL, problems);
}

void security_plan_release(struct security_plan *plan)
{
    config_free(&plan->shipped);
    *plan = (struct security_plan){0};
}

bool security_plain_allowed(const struct security_plan *plan, const char *name)
{
    const struct config_node *list = plan->plain_allowed;
    size_t count = !list ? 0 : config_is_list(list) ? config_count(list) : 1;
    for (size_t i = 0; i < count; i++) {
        const char *allowed = config_scalar(config_is_list(list) ? config_at(list, i) : list);
        if (allowed && text_glob(allowed, name))
            return true;
    }
    return false;
}
