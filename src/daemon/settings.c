#include "daemon/settings.h"

#include <dirent.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"
#include "daemon/paths.h"
#include "daemon/profile.h"
#include "daemon/ruleset.h"
#include "daemon/settings_keys.h"
#include "engine/runbook.h"

#define DEFAULT_OPEN_FILES 65536

struct settings {
    struct config *config;
    char *config_path, *state_dir, *host;
    struct site site;
    struct site_grant *grants;
    struct site_unit *units;
    struct site_listen *listens;
    struct site_population *populations;
    struct profile **profiles;
    size_t profile_count;
    struct settings_source *sources;
    size_t source_count;
    char **ledgers;
    size_t ledger_count;
    struct store_options store;
    struct fleet_options fleet;
    struct notify_plan *notify;
    struct alerts_options alerts;
    struct applications_plan *applications;
    struct heartbeats_plan heartbeats;
    struct hosts_plan hosts;
    struct runbooks *runbooks;
    struct roster roster;
    struct config_problems remarks;
    char **texts;             /* resolved paths and the like, owned */
    size_t text_count, text_capacity;
};

/* ---- helpers ---- */

static const char *keep(struct settings *settings, char *text)
{
    ARRAY_RESERVE(settings->texts, settings->text_capacity, settings->text_count + 1);
    return settings->texts[settings->text_count++] = text;
}

static const char *keep_path(struct settings *settings, const struct config_node *map, const char *key)
{
    const struct config_node *node = config_get(map, key);
    return node && config_scalar(node) ? keep(settings, path_resolve(config_scalar(node), config_file(node))) : "";
}

/* Texts of a list, or of one text standing for a list. */
static size_t text_count(const struct config_node *node)
{
    return !node ? 0 : config_is_list(node) ? config_count(node) : config_scalar(node) ? 1 : 0;
}

static const struct config_node *text_at(const struct config_node *node, size_t index)
{
    return config_is_list(node) ? config_at(node, index) : node;
}

static const char *text_of(const struct config_node *node)
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

static void read_site(struct settings *settings, const struct config_node *root)
{
    const struct config_node *site = config_get(root, "site");
    char host[256] = "localhost";
    gethostname(host, sizeof host - 1);
    settings->host = memory_text(host);
    settings->site.name = config_text(site, "name", settings->host);
    settings->site.timezone = config_text(site, "timezone", "");
    settings->site.language = config_text(site, "language", "en");
    settings->site.version = NOCTURNE_VERSION;
    settings->site.config_path = settings->config_path ? settings->config_path : "";
}

static void check_store_url(const struct config_node *node, const char *url, struct config_problems *problems)
{
    if (strcmp(url, "memory") != 0 && strcmp(url, "sqlite") != 0 && strncmp(url, "sqlite:", 7) != 0)
        config_problem(problems, node, "expected sqlite, sqlite:PATH or memory; got `%s`", url);
}

static void read_store(struct settings *settings, const struct config_node *root, const struct options *options,
                       struct config_problems *problems)
{
    const struct config_node *node = config_get(root, "store"), *map = NULL;
    const char *url = "sqlite";
    if (node && config_is_map(node)) {
        if (config_check(node, settings_store_keys, problems))
            map = node;
        node = config_get(node, "url");
    }
    if (node && config_scalar(node)) {
        url = config_scalar(node);
        check_store_url(node, url, problems);
    } else if (node) {
        config_problem(problems, node, "expected sqlite, sqlite:PATH, memory, or a mapping with url and retention");
    }
    if (strncmp(url, "sqlite:", 7) == 0) {
        char *path = path_resolve(url + 7, config_file(node));
        url = keep(settings, memory_printf("sqlite:%s", path));
        free(path);
    }
    settings->state_dir = path_state(options->state_dir);
    bool nowhere = strcmp(settings->state_dir, "none") == 0 || strcmp(url, "memory") == 0;
    if (nowhere)
        settings->state_dir[0] = '\0';
    settings->store = (struct store_options){
        .url = nowhere ? "memory" : url,
        .state_dir = settings->state_dir,
        .keep_readings = config_span(map, "keep_readings", 31 * SPAN_DAY),
        .keep_hourly = config_span(map, "keep_hourly", 400 * SPAN_DAY),
        .keep_daily = config_span(map, "keep_daily", 3650 * SPAN_DAY),
        .keep_states = config_span(map, "keep_states", 400 * SPAN_DAY),
        .queue_limit = (size_t)config_integer(map, "queue_limit", 2000000),
    };
    settings->site.state_dir = settings->state_dir;
}

static void check_file(const struct config_node *map, const char *key, const char *path, struct config_problems *problems)
{
    if (!path[0])
        config_problem(problems, map, "`%s` is missing: tls needs a certificate and its key, as PEM files", key);
    else if (access(path, R_OK) != 0)
        config_problem(problems, config_get(map, key), "`%s` cannot be read", path);
}

static void read_listen(struct settings *settings, const struct config_node *root, const struct options *options,
                        struct config_problems *problems)
{
    const struct config_node *list = config_get(root, "listen");
    size_t count = list && config_is_list(list) ? config_count(list) : 0;
    settings->listens = memory_new_array(count + 1, sizeof *settings->listens);
    bool has_unix = false;
    for (size_t i = 0; i < count; i++) {
        const struct config_node *node = config_at(list, i);
        struct site_listen *listen = &settings->listens[settings->site.listen_count];
        const char *path = config_text(node, "unix", NULL), *tls = config_text(node, "tls", NULL);
        if (!path == !tls) {
            config_problem(problems, node, "expected either unix: or tls: here");
            continue;
        }
        *listen = (struct site_listen){.kind = path ? LISTEN_UNIX : LISTEN_TLS, .path = "", .address = "",
                                       .certificate = "", .key = "", .client_ca = ""};
        listen->where = keep(settings, memory_printf("%s:%u", config_file(node), config_line(node)));
        if (path) {
            has_unix = true;
            if (options->socket)
                continue; /* --socket stands in for the configured ones */
            listen->path = strcmp(path, "default") == 0 ? keep(settings, path_socket()) : keep_path(settings, node, "unix");
        } else {
            char *address;
            if (!settings_split_address(tls, &address, &listen->port))
                continue; /* named by the schema check */
            listen->address = keep(settings, address);
            listen->certificate = keep_path(settings, node, "certificate");
            listen->key = keep_path(settings, node, "key");
            listen->client_ca = keep_path(settings, node, "client_ca");
            check_file(node, "certificate", listen->certificate, problems);
            check_file(node, "key", listen->key, problems);
            if (listen->client_ca[0])
                check_file(node, "client_ca", listen->client_ca, problems);
        }
        settings->site.listen_count++;
    }
    if (options->socket || !has_unix)
        settings->listens[settings->site.listen_count++] = (struct site_listen){
            .kind = LISTEN_UNIX, .path = options->socket ? options->socket : keep(settings, path_socket()),
            .address = "", .certificate = "", .key = "", .client_ca = "", .where = options->socket ? "--socket" : "default"};
    settings->site.listens = settings->listens;
}

/* The user that runs the daemon, and root, may do everything, whatever `roles:` says: the store is theirs already. */
static void read_roles(struct settings *settings, const struct config_node *root)
{
    const struct config_node *roles = config_get(root, "roles");
    const struct passwd *own = getpwuid(geteuid());
    size_t total = 3;
    for (int role = ROLE_VIEWER; roles && role < ROLE_COUNT; role++)
        total += text_count(config_get(roles, role_name((enum role)role)));
    settings->grants = memory_new_array(total, sizeof *settings->grants);
    for (int role = ROLE_VIEWER; roles && role < ROLE_COUNT; role++) {
        const struct config_node *list = config_get(roles, role_name((enum role)role));
        for (size_t i = 0; i < text_count(list); i++)
            settings->grants[settings->site.grant_count++] =
                (struct site_grant){.role = (enum role)role, .who = text_of(text_at(list, i))};
    }
    settings->grants[settings->site.grant_count++] = (struct site_grant){.role = ROLE_ADMIN, .who = "user:root"};
    if (own && strcmp(own->pw_name, "root") != 0)
        settings->grants[settings->site.grant_count++] =
            (struct site_grant){.role = ROLE_ADMIN, .who = keep(settings, memory_printf("user:%s", own->pw_name))};
    settings->site.grants = settings->grants;
}

static void read_units(struct settings *settings, const struct config_node *root, struct config_problems *problems)
{
    const struct config_node *map = config_get(root, "units");
    size_t count = map && config_is_map(map) ? config_count(map) : 0;
    if (map && !config_is_map(map))
        config_problem(problems, map, "expected a mapping of metrics to units, such as {temperature: °C}");
    settings->units = memory_new_array(count + 1, sizeof *settings->units);
    for (size_t i = 0; i < count; i++) {
        const char *unit = config_scalar(config_at(map, i));
        if (unit && strlen(unit) < 16)
            settings->units[settings->site.unit_count++] = (struct site_unit){config_key_at(map, i), unit};
        else
            config_problem(problems, config_at(map, i), "expected a unit, such as kWh");
    }
    settings->site.units = settings->units;
}

static void read_contracts(struct settings *settings, const struct config_node *root, struct config_problems *problems)
{
    const struct config_node *list = config_get(root, "contracts");
    size_t count = text_count(list), populations = 0;
    settings->profiles = memory_new_array(count + 1, sizeof *settings->profiles);
    for (size_t i = 0; i < count; i++) {
        const struct config_node *node = text_at(list, i);
        const char *name = text_of(node);
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
    size_t count = text_count(list);
    settings->ledgers = memory_new_array(count + 1, sizeof *settings->ledgers);
    for (size_t i = 0; i < count; i++) {
        const struct config_node *node = text_at(list, i);
        char *path = path_resolve(text_of(node), config_file(node));
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
    config_problem(problems, node, "expected one of %s; got `%s`", buffer_text(&known), text_of(node));
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

static void read_sources(struct settings *settings, const struct config_node *root, struct config_problems *problems)
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
        .storm_periods = config_number(alerts, "storm_periods", 2),
        .flood_rate = (unsigned)config_integer(alerts, "flood_rate", 100),
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
    const char *folder = keep_path(settings, root, "runbooks");
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
    if (problems->count == before && (!root || (!config_is_map(root) && !text_of(root)[0])))
        log_warning("%s is empty: nothing is watched", settings->config_path);
    if (root && config_is_map(root))
        config_check(root, settings_keys, problems);
    else if (root && problems->count == before && text_of(root)[0])
        config_problem(problems, root, "expected a mapping with site:, sources: and so on");
    if (root && config_is_map(root)) {
        read_sources(settings, root, problems);
        read_contracts(settings, root, problems);
        read_ledgers(settings, root, problems);
        check_rules(settings, root, problems);
        check_groups(root, problems);
    }
    root = root && config_is_map(root) ? root : NULL;
    read_applications(settings, root, problems);
    read_site(settings, root);
    read_store(settings, root, options, problems);
    read_listen(settings, root, options, problems);
    read_roles(settings, root);
    read_units(settings, root, problems);
    read_fleet(settings, root, problems);
    read_runbooks(settings, root, problems);
    roster_read(&settings->roster, config_get(root, "shifts"), problems);
    settings->site.roster = &settings->roster;
    settings->notify = notify_plan_read(config_get(root, "notify"), settings->site.name, settings->site.language, problems);
    heartbeats_plan_read(&settings->heartbeats, config_get(root, "heartbeats"), problems);
    hosts_plan_read(&settings->hosts, config_get(root, "servers"));
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
    runbooks_free(&own->runbooks);
    roster_release(&own->roster);
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
