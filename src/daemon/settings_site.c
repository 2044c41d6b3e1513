/* The site's own sections: its name, its store, its doors, who may do what, and units. */
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/secret.h"
#include "daemon/paths.h"
#include "daemon/settings_keys.h"
#include "daemon/settings_private.h"

static void read_names(struct settings *settings, const struct config_node *root)
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
    struct error error;
    if (strncmp(url, "postgresql:", 11) == 0) {
        if (!store_url_check(url, &error))
            config_problem(problems, node, "%s", error.text);
    } else if (strcmp(url, "memory") != 0 && strcmp(url, "sqlite") != 0 && strncmp(url, "sqlite:", 7) != 0) {
        config_problem(problems, node, "expected sqlite, sqlite:PATH, postgresql://... or memory; got `%s`", url);
    }
}

void settings_read_store(struct settings *settings, const struct config_node *root, const struct options *options,
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
        config_problem(problems, node, "expected sqlite, sqlite:PATH, postgresql://..., memory, or a mapping with url and retention");
    }
    if (strncmp(url, "sqlite:", 7) == 0) {
        char *path = path_resolve(url + 7, config_file(node));
        url = settings_keep(settings, memory_printf("sqlite:%s", path));
        free(path);
    }
    settings->state_dir = path_state(options->state_dir);
    bool nowhere = strcmp(settings->state_dir, "none") == 0 || strcmp(url, "memory") == 0;
    if (nowhere)
        settings->state_dir[0] = '\0';
    if (map)
        settings->store_password = secret_load(&settings->secrets, map, "password", false, problems);
    settings->store = (struct store_options){
        .url = nowhere ? "memory" : url,
        .password = settings->store_password,
        .state_dir = settings->state_dir,
        .keep_readings = config_span(map, "keep_readings", 31 * SPAN_DAY),
        .keep_hourly = config_span(map, "keep_hourly", 400 * SPAN_DAY),
        .keep_daily = config_span(map, "keep_daily", 3650 * SPAN_DAY),
        .keep_states = config_span(map, "keep_states", 400 * SPAN_DAY),
        .queue_limit = (size_t)config_integer(map, "queue_limit", 2000000),
    };
    settings->site.state_dir = settings->state_dir;
    settings->site.store_url = settings->store.url;
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
        listen->where = settings_keep(settings, memory_printf("%s:%u", config_file(node), config_line(node)));
        if (path) {
            has_unix = true;
            if (options->socket)
                continue; /* --socket stands in for the configured ones */
            listen->path = strcmp(path, "default") == 0 ? settings_keep(settings, path_socket()) : settings_keep_path(settings, node, "unix");
        } else {
            char *address;
            if (!settings_split_address(tls, &address, &listen->port))
                continue; /* named by the schema check */
            listen->address = settings_keep(settings, address);
            listen->certificate = settings_keep_path(settings, node, "certificate");
            listen->key = settings_keep_path(settings, node, "key");
            listen->client_ca = settings_keep_path(settings, node, "client_ca");
            check_file(node, "certificate", listen->certificate, problems);
            check_file(node, "key", listen->key, problems);
            if (listen->client_ca[0])
                check_file(node, "client_ca", listen->client_ca, problems);
        }
        settings->site.listen_count++;
    }
    if (options->socket || !has_unix)
        settings->listens[settings->site.listen_count++] = (struct site_listen){
            .kind = LISTEN_UNIX, .path = options->socket ? options->socket : settings_keep(settings, path_socket()),
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
        total += settings_text_count(config_get(roles, role_name((enum role)role)));
    settings->grants = memory_new_array(total, sizeof *settings->grants);
    for (int role = ROLE_VIEWER; roles && role < ROLE_COUNT; role++) {
        const struct config_node *list = config_get(roles, role_name((enum role)role));
        for (size_t i = 0; i < settings_text_count(list); i++)
            settings->grants[settings->site.grant_count++] =
                (struct site_grant){.role = (enum role)role, .who = settings_text(settings_text_at(list, i))};
    }
    settings->grants[settings->site.grant_count++] = (struct site_grant){.role = ROLE_ADMIN, .who = "user:root"};
    if (own && strcmp(own->pw_name, "root") != 0)
        settings->grants[settings->site.grant_count++] =
            (struct site_grant){.role = ROLE_ADMIN, .who = settings_keep(settings, memory_printf("user:%s", own->pw_name))};
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

void settings_read_site(struct settings *settings, const struct config_node *root, const struct options *options,
                        struct config_problems *problems)
{
    read_names(settings, root);
    settings_read_store(settings, root, options, problems);
    read_listen(settings, root, options, problems);
    read_roles(settings, root);
    read_units(settings, root, problems);
}
