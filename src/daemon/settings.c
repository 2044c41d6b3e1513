#include "daemon/settings.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"
#include "daemon/paths.h"
#include "daemon/profile.h"
#include "daemon/ruleset.h"
#include "daemon/settings_keys.h"
#include "daemon/settings_private.h"
#include "engine/runbook.h"

#define DEFAULT_OPEN_FILES 65536

/* ---- helpers ---- */

const char *settings_keep(struct settings *settings, char *text)
{
    ARRAY_RESERVE(settings->texts, settings->text_capacity, settings->text_count + 1);
    return settings->texts[settings->text_count++] = text;
}

const char *settings_keep_path(struct settings *settings, const struct config_node *map, const char *key)
{
    const struct config_node *node = config_get(map, key);
    return node && config_scalar(node) ? settings_keep(settings, path_resolve(config_scalar(node), config_file(node))) : "";
}

size_t settings_text_count(const struct config_node *node)
{
    return !node ? 0 : config_is_list(node) ? config_count(node) : config_scalar(node) ? 1 : 0;
}

const struct config_node *settings_text_at(const struct config_node *node, size_t index)
{
    return config_is_list(node) ? config_at(node, index) : node;
}

const char *settings_text(const struct config_node *node)
{
    const char *text = config_scalar(node);
    return text ? text : "";
}

/* Everything below a node in one form, so that two configurations can be compared. */
static void node_write(const struct config_node *node, struct buffer *out)
{
    const char *text = config_scalar(node);
    if (text) {
        buffer_printf(out, "%zu:%s", strlen(text), text);
        return;
    }
    buffer_append_char(out, config_is_map(node) ? '{' : '[');
    for (size_t i = 0; i < config_count(node); i++) {
        if (config_is_map(node))
            buffer_printf(out, "%s=", config_key_at(node, i));
        node_write(config_at(node, i), out);
        buffer_append_char(out, ' ');
    }
    buffer_append_char(out, '}');
}

/* ---- reading files ---- */

static int compare_names(const struct dirent **left, const struct dirent **right)
{
    return strcmp((*left)->d_name, (*right)->d_name);
}

static int is_yml(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name);
    return entry->d_name[0] != '.' && length > 4 && strcmp(entry->d_name + length - 4, ".yml") == 0;
}

static void load_files(struct settings *settings, struct config_problems *problems)
{
    if (!settings->config_path) { /* nothing configured: this host, which is never wrong to watch */
        static const char own[] = "sources:\n  - {name: this-host, type: local}\n";
        config_load_text(settings->config, "built-in", own, sizeof own - 1, problems);
        return;
    }
    config_load(settings->config, settings->config_path, problems);
    const char *slash = strrchr(settings->config_path, '/');
    char *folder = slash ? memory_printf("%.*s/conf.d", (int)(slash - settings->config_path), settings->config_path)
                         : memory_text("conf.d");
    struct dirent **names;
    int count = scandir(folder, &names, is_yml, compare_names);
    for (int i = 0; i < count; i++) {
        char *path = memory_printf("%s/%s", folder, names[i]->d_name);
        config_load(settings->config, path, problems);
        free(path);
        free(names[i]);
    }
    if (count >= 0)
        free(names);
    free(folder);
}

/* ---- sections ---- */

static void read_contracts(struct settings *settings, const struct config_node *root, struct config_problems *problems)
{
    const struct config_node *list = config_get(root, "contracts");
    size_t count = settings_text_count(list), populations = 0;
    settings->profiles = memory_new_array(count + 1, sizeof *settings->profiles);
    for (size_t i = 0; i < count; i++) {
        const struct config_node *node = settings_text_at(list, i);
        const char *name = settings_text(node);
        struct error error = {0};
        bool is_path = strchr(name, '/') || (strlen(name) > 4 && strcmp(name + strlen(name) - 4, ".yml") == 0);
        char *path = is_path ? path_resolve(name, config_file(node)) : memory_text(name);
        struct profile *profile = profile_load(path, problems, &error);
        free(path);
        if (!profile && error.code != ERROR_NONE)
            config_problem(problems, node, "%s", error.text);
        if (profile)
            settings->profiles[settings->profile_count++] = profile;
    }
    const struct site_population *of_profile;
    for (size_t i = 0; i < settings->profile_count; i++)
        populations += profile_populations(settings->profiles[i], &of_profile);
    settings->populations = memory_new_array(populations + 1, sizeof *settings->populations);
    for (size_t i = 0; i < settings->profile_count; i++) {
        size_t here = profile_populations(settings->profiles[i], &of_profile);
        memcpy(settings->populations + settings->site.population_count, of_profile, here * sizeof *of_profile);
        settings->site.population_count += here;
    }
    settings->site.populations = settings->populations;
}

static void read_ledgers(struct settings *settings, const struct config_node *root, struct config_problems *problems)
{
    const struct config_node *list = config_get(root, "ledger");
    size_t count = settings_text_count(list);
    settings->ledgers = memory_new_array(count + 1, sizeof *settings->ledgers);
    for (size_t i = 0; i < count; i++) {
        const struct config_node *node = settings_text_at(list, i);
        char *path = path_resolve(settings_text(node), config_file(node));
        if (access(path, R_OK) != 0)
            config_problem(problems, node, "`%s` cannot be read", path);
        settings->ledgers[settings->ledger_count++] = path;
    }
}

/* ---- sources ---- */

static const struct config_key name_key = {.name = "name", .type = CONFIG_TEXT, .required = true, .help = "short, shown in Sources"};
static const struct config_key type_key = {.name = "type", .type = CONFIG_TEXT, .required = true, .help = "mqtt, icmp, ..."};

static void unknown_type(const struct config_node *node, struct config_problems *problems)
{
    struct buffer known = BUFFER_INIT;
    for (const struct collector_ops *const *ops = collector_all(); *ops; ops++)
        buffer_printf(&known, "%s%s", known.length ? ", " : "", (*ops)->type);
    config_problem(problems, node, "expected one of %s; got `%s`", buffer_text(&known), settings_text(node));
    buffer_release(&known);
}

static void check_source(const struct config_node *node, const struct collector_ops *ops, struct config_problems *problems)
{
    size_t count = 0;
    while (ops->keys && ops->keys[count].name)
        count++;
    struct config_key *all = memory_new_array(count + 3, sizeof *all);
    all[0] = name_key;
    all[1] = type_key;
    if (count)
        memcpy(all + 2, ops->keys, count * sizeof *all);
    if (config_check(node, all, problems) && ops->validate)
        ops->validate(node, problems);
    free(all);
}

/* `only`: of this type; NULL: all. */
static void read_sources(struct settings *settings, const struct config_node *root, const char *only, struct config_problems *problems)
{
    const struct config_node *list = config_get(root, "sources");
    if (list && !config_is_list(list))
        config_problem(problems, list, "expected a list, each with name: and type:");
    size_t count = list && config_is_list(list) ? config_count(list) : 0;
    settings->sources = memory_new_array(count + 1, sizeof *settings->sources);
    for (size_t i = 0; i < count; i++) {
        const struct config_node *node = config_at(list, i), *type = NULL;
        if (config_is_map(node))
            type = config_get(node, "type");
        if (!type || !config_scalar(type)) {
            config_problem(problems, node, "expected a mapping with name: and type:, such as {name: self, type: local}");
            continue;
        }
        const struct collector_ops *ops = collector_find(config_scalar(type));
        if (!ops) {
            unknown_type(type, problems);
            continue;
        }
        if (only && strcmp(ops->type, only) != 0)
            continue;
        check_source(node, ops, problems);
        const char *name = config_text(node, "name", "");
        for (size_t before = 0; before < settings->source_count; before++)
            if (strcmp(settings->sources[before].name, name) == 0)
                config_problem(problems, config_get(node, "name"), "there is a source `%s` already, at %s:%u", name,
                               config_file(settings->sources[before].node), config_line(settings->sources[before].node));
        struct buffer text = BUFFER_INIT;
        node_write(node, &text);
        settings->sources[settings->source_count++] =
            (struct settings_source){.name = name, .ops = ops, .node = node, .text = buffer_take(&text)};
    }
}

static void read_fleet(struct settings *settings, const struct config_node *root, struct config_problems *problems)
{
    const struct config_node *health = config_get(root, "health"), *limits = config_get(root, "limits");
    settings->fleet = (struct fleet_options){
        .stale_periods = config_number(health, "stale_periods", 1.5),
        .timeout_periods = config_number(health, "timeout_periods", 3),
        .default_period = config_span(health, "default_period", 15 * SPAN_MINUTE),
        .discovered_limit = (unsigned)config_integer(limits, "discovered", 10000),
        .future_limit = config_span(limits, "sample_future", 5 * SPAN_MINUTE),
        .past_limit = config_span(limits, "sample_past", 30 * SPAN_DAY),
    };
    const struct config_node *alerts = config_get(root, "alerts");
    settings->alerts = (struct alerts_options){
        .storm_share = config_number(alerts, "storm_share", 0.30),
        .storm_children = (unsigned)config_integer(alerts, "storm_children", 10),
        .storm_gateways = (unsigned)config_integer(alerts, "storm_gateways", 3),
        .storm_periods = config_number(alerts, "storm_periods", 2),
        .flood_rate = (unsigned)config_integer(alerts, "flood_rate", 100),
        .language = settings->site.language,
        .history = config_span(alerts, "history", 7 * SPAN_DAY),
    };
    if (settings->fleet.timeout_periods < settings->fleet.stale_periods)
        config_problem(problems, health, "timeout_periods must not be below stale_periods: an asset is late before it is offline");
}

unsigned settings_groups(const struct settings *settings, struct alert_group **groups)
{
    const struct config_node *list = config_get(config_root(settings->config), "redundancy");
    unsigned count = (unsigned)config_count(list);
    *groups = memory_new_array(count + 1, sizeof **groups);
    for (unsigned i = 0; i < count; i++) {
        const struct config_node *node = config_at(list, i);
        struct alert_group *group = &(*groups)[i];
        *group = (struct alert_group){.name = config_text(node, "name", ""), .members = config_text(node, "members", ""),
                                      .need = (unsigned)config_integer(node, "need", 1), .severity = SEVERITY_MINOR};
        severity_parse(config_text(node, "severity", "minor"), &group->severity);
    }
    return count;
}

static void check_groups(const struct config_node *root, struct config_problems *problems)
{
    const struct config_node *list = config_get(root, "redundancy");
    for (size_t i = 0; i < config_count(list); i++)
        for (size_t k = 0; k < i; k++)
            if (strcmp(config_text(config_at(list, i), "name", ""), config_text(config_at(list, k), "name", " ")) == 0)
                config_problem(problems, config_at(list, i), "redundancy: two groups are named `%s`",
                               config_text(config_at(list, i), "name", ""));
}

static void check_rules(struct settings *settings, const struct config_node *root, struct config_problems *problems)
{
    struct rule **rules;
    size_t count = ruleset_read(settings->profiles, settings->profile_count, root, &rules, problems);
    ruleset_free(&rules, count);
}

/* ---- runbooks ---- */

static void remark_missing(struct settings *settings, const struct config_node *list)
{
    for (size_t i = 0; list && config_is_list(list) && i < config_count(list); i++) {
        const struct config_node *node = config_get(config_at(list, i), "runbook");
        const char *name = node ? config_scalar(node) : NULL;
        if (name && *name && !runbook_is_url(name) && !runbooks_have(settings->runbooks, name))
            config_problem(&settings->remarks, node, "no runbook `%s`: expected %s.md in the folder that `runbooks:` names, or an address (https://...)",
                           name, name);
    }
}

static void read_runbooks(struct settings *settings, const struct config_node *root, struct config_problems *problems)
{
    const struct config_node *node = config_get(root, "runbooks");
    const char *folder = settings_keep_path(settings, root, "runbooks");
    struct buffer remarks = BUFFER_INIT;
    if (!runbooks_load(&settings->runbooks, *folder ? folder : NULL, &remarks))
        config_problem(problems, node, "`%s` cannot be read: expected a folder with NAME.md files", folder);
    for (const char *line = buffer_text(&remarks); *line; line += strcspn(line, "\n"), line += *line == '\n')
        config_problem(&settings->remarks, node, "%.*s", (int)strcspn(line, "\n"), line);
    buffer_release(&remarks);
    for (size_t i = 0; i < settings->profile_count; i++)
        remark_missing(settings, profile_rules(settings->profiles[i]));
    remark_missing(settings, config_get(root, "rules"));
    settings->site.runbooks = settings->runbooks;
}

const struct config_problems *settings_remarks(const struct settings *settings)
{
    return &settings->remarks;
}

size_t settings_rules(const struct settings *settings, struct rule ***rules)
{
    struct config_problems none; /* they were checked when the settings were loaded */
    config_problems_init(&none);
    size_t count = ruleset_read(settings->profiles, settings->profile_count, config_root(settings->config), rules, &none);
    config_problems_release(&none);
    return count;
}

/* The contracts' systems first: the site's own words fill them in. */
static void read_applications(struct settings *settings, const struct config_node *root, struct config_problems *problems)
{
    struct applications_list *lists = memory_new_array(settings->profile_count + 1, sizeof *lists);
    for (size_t i = 0; i < settings->profile_count; i++)
        lists[i] = (struct applications_list){profile_applications(settings->profiles[i]), profile_contract(settings->profiles[i])};
    lists[settings->profile_count] = (struct applications_list){root ? config_get(root, "applications") : NULL, ""};
    settings->applications = applications_plan_read(lists, (unsigned)settings->profile_count + 1, problems);
    free(lists);
}

/* ---- the whole ---- */

struct settings *settings_load(const struct options *options, msec started, const struct site_counters *counters,
                               struct config_problems *problems)
{
    struct settings *settings = memory_new(sizeof *settings);
    unsigned before = problems->count;
    settings->config = config_new();
    config_problems_init(&settings->remarks);
    settings->config_path = path_config(options->config);
    settings->site.started = started;
    settings->site.counters = counters;
    load_files(settings, problems);
    const struct config_node *root = config_root(settings->config);
    if (problems->count == before && (!root || (!config_is_map(root) && !settings_text(root)[0])))
        log_warning("%s is empty: nothing is watched", settings->config_path);
    if (root && config_is_map(root))
        config_check(root, settings_keys, problems);
    else if (root && problems->count == before && settings_text(root)[0])
        config_problem(problems, root, "expected a mapping with site:, sources: and so on");
    if (options->copy_from) { /* as with --trust below */
        settings_read_store(settings, root && config_is_map(root) ? root : NULL, options, problems);
        if (problems->count != before)
            settings_free(&settings);
        return settings;
    }
    if (root && config_is_map(root))
        read_sources(settings, root, options->trust ? "ssh" : NULL, problems);
    if (options->trust) { /* only they matter; secrets of all else may be out of reach from the command line */
        if (problems->count != before)
            settings_free(&settings);
        return settings;
    }
    if (root && config_is_map(root)) {
        read_contracts(settings, root, problems);
        read_ledgers(settings, root, problems);
        check_rules(settings, root, problems);
        check_groups(root, problems);
    }
    root = root && config_is_map(root) ? root : NULL;
    read_applications(settings, root, problems);
    settings_read_site(settings, root, options, problems);
    read_fleet(settings, root, problems);
    read_runbooks(settings, root, problems);
    roster_read(&settings->roster, config_get(root, "shifts"), problems);
    settings->site.roster = &settings->roster;
    settings->notify = notify_plan_read(config_get(root, "notify"), settings->site.name, settings->site.language, problems);
    notify_plan_shifts(settings->notify, config_get(root, "shifts"), config_get(root, "notify"), problems);
    heartbeats_plan_read(&settings->heartbeats, config_get(root, "heartbeats"), problems);
    hosts_plan_read(&settings->hosts, config_get(root, "servers"));
    capacity_plan_read(&settings->capacity, config_get(root, "capacity"));
    settings->site.capacity = &settings->capacity;
    security_plan_read(&settings->security, config_get(root, "security"), problems);
    if (problems->count != before)
        settings_free(&settings);
    return settings;
}

void settings_free(struct settings **settings)
{
    struct settings *own = *settings;
    if (!own)
        return;
    for (size_t i = 0; i < own->profile_count; i++)
        profile_free(&own->profiles[i]);
    for (size_t i = 0; i < own->source_count; i++)
        free(own->sources[i].text);
    for (size_t i = 0; i < own->ledger_count; i++)
        free(own->ledgers[i]);
    for (size_t i = 0; i < own->text_count; i++)
        free(own->texts[i]);
    notify_plan_free(&own->notify);
    applications_plan_free(&own->applications);
    heartbeats_plan_release(&own->heartbeats);
    hosts_plan_release(&own->hosts);
    capacity_plan_release(&own->capacity);
    security_plan_release(&own->security);
    runbooks_free(&own->runbooks);
    roster_release(&own->roster);
    if (own->store_password)
        explicit_bzero(own->store_password, strlen(own->store_password));
    free(own->store_password);
    secrets_release(&own->secrets);
    config_problems_release(&own->remarks);
    config_free(&own->config);
    free(own->profiles);
    free(own->sources);
    free(own->ledgers);
    free(own->texts);
    free(own->grants);
    free(own->units);
    free(own->listens);
    free(own->populations);
    free(own->config_path);
    free(own->state_dir);
    free(own->host);
    free(own);
    *settings = NULL;
}

struct site *settings_site(struct settings *settings)
{
    return &settings->site;
}

struct applications_plan *settings_applications(const struct settings *settings)
{
    return settings->applications;
}

struct notify_plan *settings_notify(const struct settings *settings)
{
    return settings->notify;
}

const struct hosts_plan *settings_hosts(const struct settings *settings)
{
    return &settings->hosts;
}

const struct security_plan *settings_security(const struct settings *settings)
{
    return &settings->security;
}

const struct heartbeats_plan *settings_heartbeats(const struct settings *settings)
{
    return &settings->heartbeats;
}

const struct store_options *settings_store(const struct settings *settings)
{
    return &settings->store;
}

const struct alerts_options *settings_alerts(const struct settings *settings)
{
    return &settings->alerts;
}

const struct fleet_options *settings_fleet(const struct settings *settings)
{
    return &settings->fleet;
}

size_t settings_sources(const struct settings *settings, const struct settings_source **sources)
{
    *sources = settings->sources;
    return settings->source_count;
}

bool settings_same(const struct settings *left, const struct settings *right, const char *key)
{
    struct buffer texts[2] = {BUFFER_INIT, BUFFER_INIT};
    const struct settings *both[2] = {left, right};
    for (int i = 0; i < 2; i++) {
        const struct config_node *root = config_root(both[i]->config);
        const struct config_node *node = root && config_is_map(root) ? config_get(root, key) : NULL;
        if (node)
            node_write(node, &texts[i]);
    }
    bool same = strcmp(buffer_text(&texts[0]), buffer_text(&texts[1])) == 0;
    buffer_release(&texts[0]);
    buffer_release(&texts[1]);
    return same;
}

size_t settings_ledgers(const struct settings *settings, char *const **paths)
{
    *paths = settings->ledgers;
    return settings->ledger_count;
}

enum log_level settings_log(const struct settings *settings)
{
    const struct config_node *root = config_root(settings->config);
    const char *name = root && config_is_map(root) ? config_text(root, "log", "notice") : "notice";
    for (int i = 0; settings_log_levels[i]; i++)
        if (strcmp(settings_log_levels[i], name) == 0)
            return (enum log_level)(LOG_LEVEL_ERROR + i);
    return LOG_LEVEL_NOTICE;
}

unsigned settings_open_files(const struct settings *settings)
{
    const struct config_node *root = config_root(settings->config);
    const struct config_node *limits = root && config_is_map(root) ? config_get(root, "limits") : NULL;
    return (unsigned)config_integer(limits, "open_files", DEFAULT_OPEN_FILES);
}
