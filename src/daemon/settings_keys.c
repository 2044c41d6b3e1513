/* What may stand in the configuration. The manual is made of these tables. */
#include "daemon/settings_keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "daemon/settings.h"
#include "engine/heartbeats.h"
#include "engine/capacity_plan.h"
#include "engine/hosts_plan.h"
#include "engine/notify.h"
#include "model/filter.h"
#include "model/rule.h"
#include "model/shift.h"

static bool check_timezone(const struct config_node *node, const char *text, struct error *error)
{
    (void)node;
    char path[300];
    snprintf(path, sizeof path, "/usr/share/zoneinfo/%s", text);
    bool strange = strstr(text, "..") || text[0] == '/' || !text[0];
    struct stat status;
    if (strange || (access("/usr/share/zoneinfo", F_OK) == 0 && (stat(path, &status) != 0 || !S_ISREG(status.st_mode))))
        return error_set(error, ERROR_INVALID, "expected the name of a time zone, such as Asia/Shanghai; got `%s`", text);
    return true;
}

static bool check_grant(const struct config_node *node, const char *text, struct error *error)
{
    static const char *const kinds[] = {"user:", "group:", "token:", "certificate:"};
    (void)node;
    if (strcmp(text, "*") == 0)
        return true;
    for (size_t i = 0; i < ARRAY_COUNT(kinds); i++)
        if (strncmp(text, kinds[i], strlen(kinds[i])) == 0 && text[strlen(kinds[i])])
            return true;
    return error_set(error, ERROR_INVALID, "expected user:NAME, group:NAME, token:NAME, certificate:NAME or *; got `%s`",
                     text);
}

bool settings_split_address(const char *text, char **address, uint16_t *port)
{
    const char *colon = strrchr(text, ':');
    if (!colon || colon == text || strspn(colon + 1, "0123456789") != strlen(colon + 1))
        return false;
    long number = strtol(colon + 1, NULL, 10);
    bool bracket = text[0] == '[' && colon[-1] == ']';
    if (number < 1 || number > 65535 || (!bracket && memchr(text, ':', (size_t)(colon - text))))
        return false;
    *port = (uint16_t)number;
    *address = memory_text_n(text + bracket, (size_t)(colon - text) - 2u * bracket);
    return true;
}

static bool check_address(const struct config_node *node, const char *text, struct error *error)
{
    (void)node;
    char *address;
    uint16_t port;
    if (!settings_split_address(text, &address, &port))
        return error_set(error, ERROR_INVALID, "expected ADDRESS:PORT, such as 0.0.0.0:8443 or [::]:8443; got `%s`", text);
    free(address);
    return true;
}

/* ---- the schema ---- */

static const char *const languages[] = {"zh_CN", "en", "en_US", NULL};
const char *const settings_log_levels[] = {"error", "warning", "notice", "info", "debug", NULL};

static const struct config_key site_keys[] = {
    {.name = "name", .type = CONFIG_TEXT, .help = "shown in every title (default: the host's name)"},
    {.name = "timezone", .type = CONFIG_TEXT, .check = check_timezone, .help = "such as Asia/Shanghai (default: the system's)"},
    {.name = "language", .type = CONFIG_CHOICE, .choices = languages, .help = "of the site (default en)"},
    {.name = NULL},
};
const struct config_key settings_store_keys[] = {
    {.name = "url", .type = CONFIG_TEXT, .help = "sqlite, sqlite:PATH, postgresql://... or memory (default sqlite)"},
    {.name = "password", .type = CONFIG_ANY, .help = "of the PostgreSQL user, where ~/.pgpass or a certificate does not do: {file: PATH} of mode 0600, {env: NAME} or {credential: NAME}"},
    {.name = "keep_readings", .type = CONFIG_SPAN, .minimum = 1.0 * SPAN_DAY, .maximum = 400.0 * SPAN_DAY, .help = "raw readings, and what is kept of servers beside them (default 31d)"},
    {.name = "keep_hourly", .type = CONFIG_SPAN, .minimum = 1.0 * SPAN_DAY, .maximum = 36500.0 * SPAN_DAY, .help = "hourly roll-ups (default 400d)"},
    {.name = "keep_daily", .type = CONFIG_SPAN, .minimum = 1.0 * SPAN_DAY, .maximum = 36500.0 * SPAN_DAY, .help = "daily roll-ups (default 3650d)"},
    {.name = "keep_states", .type = CONFIG_SPAN, .minimum = 1.0 * SPAN_DAY, .maximum = 36500.0 * SPAN_DAY, .help = "history of health (default 400d)"},
    {.name = "queue_limit", .type = CONFIG_INTEGER, .minimum = 1000, .maximum = 100e6, .help = "rows held while the disk refuses or the server is away (default 2000000)"},
    {.name = NULL},
};
static const struct config_key listen_keys[] = {
    {.name = "unix", .type = CONFIG_PATH, .help = "default, or the path of a socket"},
    {.name = "tls", .type = CONFIG_TEXT, .check = check_address, .help = "ADDRESS:PORT"},
    {.name = "certificate", .type = CONFIG_PATH, .help = "PEM file, with tls"},
    {.name = "key", .type = CONFIG_PATH, .help = "PEM file, with tls"},
    {.name = "client_ca", .type = CONFIG_PATH, .help = "PEM file: ask for client certificates of these"},
    {.name = NULL},
};
static const struct config_key role_keys[] = {
    {.name = "viewer", .type = CONFIG_TEXT_LIST, .check = check_grant, .help = "may look"},
    {.name = "operator", .type = CONFIG_TEXT_LIST, .check = check_grant, .help = "may act"},
    {.name = "supervisor", .type = CONFIG_TEXT_LIST, .check = check_grant, .help = "may approve"},
    {.name = "admin", .type = CONFIG_TEXT_LIST, .check = check_grant, .help = "may change everything"},
    {.name = NULL},
};
static const struct config_key health_keys[] = {
    {.name = "stale_periods", .type = CONFIG_NUMBER, .minimum = 1, .maximum = 100, .help = "late after so many reporting periods (default 1.5)"},
    {.name = "timeout_periods", .type = CONFIG_NUMBER, .minimum = 1, .maximum = 1000, .help = "offline after so many (default 3)"},
    {.name = "default_period", .type = CONFIG_SPAN, .minimum = 100, .maximum = 24.0 * SPAN_DAY, .help = "where the ledger says none (default 15m)"},
    {.name = NULL},
};
static const struct config_key alert_keys[] = {
    {.name = "storm_share", .type = CONFIG_NUMBER, .minimum = 0.01, .maximum = 1, .help = "silent share of one gateway's, building's or network's children that is a storm (default 30%)"},
    {.name = "storm_children", .type = CONFIG_INTEGER, .minimum = 2, .maximum = 1e6, .help = "and at least so many (default 10)"},
    {.name = "storm_gateways", .type = CONFIG_INTEGER, .minimum = 2, .maximum = 1e6, .help = "of gateways that are lost, the same share of a building's or network's, and at least so many (default 3)"},
    {.name = "storm_periods", .type = CONFIG_NUMBER, .minimum = 0.1, .maximum = 100, .help = "within so many reporting periods (default 2)"},
    {.name = "flood_rate", .type = CONFIG_INTEGER, .minimum = 1, .maximum = 1e6, .help = "new alerts a minute that are a flood (default 100)"},
    {.name = "history", .type = CONFIG_SPAN, .minimum = 60.0 * SPAN_MINUTE, .maximum = 400.0 * SPAN_DAY, .help = "closed alerts stay at hand this long (default 7d)"},
    {.name = NULL},
};
static const char *const severities[] = {"info", "warning", "minor", "major", "critical", NULL};
static bool check_members(const struct config_node *node, const char *text, struct error *error)
{
    (void)node;
    struct filter *filter = filter_parse(text, FILTER_STRICT, clock_wall(), error);
    bool good = filter && (!filter_is_empty(filter) || error_set(error, ERROR_INVALID, "an empty filter would make a group of everything"));
    filter_free(&filter);
    return good;
}
static const struct config_key redundancy_keys[] = {
    {.name = "name", .type = CONFIG_TEXT, .required = true, .help = "shown with the alert of its loss and on its members' pages"},
    {.name = "members", .type = CONFIG_FILTER, .check = check_members, .required = true, .help = "assets that stand in for each other: a filter over the ledger, such as id:GW-A,GW-B"},
    {.name = "need", .type = CONFIG_INTEGER, .minimum = 1, .maximum = 1e6, .help = "while so many live, what is below any of them is not cut off (default 1)"},
    {.name = "severity", .type = CONFIG_CHOICE, .choices = severities, .help = "of a loss that the others make good (default minor); with fewer than needed it is critical"},
    {.name = NULL},
};
static const struct config_key limit_keys[] = {
    {.name = "discovered", .type = CONFIG_INTEGER, .minimum = 0, .maximum = 10e6, .help = "assets that no ledger names (default 10000)"},
    {.name = "sample_future", .type = CONFIG_SPAN, .minimum = 1000, .maximum = 2.0 * SPAN_DAY, .help = "a sample further ahead is bad (default 5m)"},
    {.name = "sample_past", .type = CONFIG_SPAN, .minimum = 1000, .maximum = 400.0 * SPAN_DAY, .help = "an older sample is bad (default 30d)"},
    {.name = "open_files", .type = CONFIG_INTEGER, .minimum = 64, .maximum = 1048576, .help = "descriptors asked for (default 65536)"},
    {.name = NULL},
};
const struct config_key settings_keys[] = {
    {.name = "site", .type = CONFIG_MAP, .keys = site_keys, .help = "name, timezone, language"},
    {.name = "store", .type = CONFIG_ANY, .keys = settings_store_keys, .help = "sqlite, postgresql://..., or a mapping with url and retention"},
    {.name = "listen", .type = CONFIG_LIST, .keys = listen_keys, .help = "where the API is served"},
    {.name = "roles", .type = CONFIG_MAP, .keys = role_keys, .help = "who may do what"},
    {.name = "units", .type = CONFIG_ANY, .help = "metric: unit, as in {temperature: °C, power*: kW}"},
    {.name = "contracts", .type = CONFIG_TEXT_LIST, .help = "profiles: campus-iot, ... or paths"},
    {.name = "ledger", .type = CONFIG_TEXT_LIST, .help = "CSV files for the first start"},
    {.name = "sources", .type = CONFIG_ANY, .help = "list of what to collect"},
    {.name = "applications", .type = CONFIG_ANY, .help = "business systems: what makes them up, what is asked of it, what is restarted"},
    {.name = "rules", .type = CONFIG_LIST, .keys = rule_keys, .help = "what raises an alert, beside the contracts' own rules"},
    {.name = "capacity", .type = CONFIG_LIST, .keys = capacity_keys, .help = "what counts as full, of which figure and whose (default: 100 of every percentage)"},
    {.name = "servers", .type = CONFIG_LIST, .keys = hosts_keys, .help = "what is expected of servers: ports, services, destinations; how one is restarted"},
    {.name = "security", .type = CONFIG_MAP, .keys = security_keys, .help = "what must be encrypted; controls of the security view, beside and in place of the shipped ones"},
    {.name = "heartbeats", .type = CONFIG_LIST, .keys = heartbeat_keys, .help = "jobs and machines that should say every so often that they are well"},
    {.name = "shifts", .type = CONFIG_LIST, .keys = shift_keys, .help = "who is on duty when: the title and silences say so"},
    {.name = "runbooks", .type = CONFIG_PATH, .help = "folder of the site's own runbooks, NAME.md or NAME.zh.md"},
    {.name = "notify", .type = CONFIG_MAP, .keys = notify_keys, .help = "who is told of alerts, and how"},
    {.name = "health", .type = CONFIG_MAP, .keys = health_keys, .help = "when an asset is late and when offline"},
    {.name = "alerts", .type = CONFIG_MAP, .keys = alert_keys, .help = "storms, floods, history of the alert desk"},
    {.name = "redundancy", .type = CONFIG_LIST, .keys = redundancy_keys, .help = "groups of assets that stand in for each other"},
    {.name = "limits", .type = CONFIG_MAP, .keys = limit_keys, .help = "bounds"},
    {.name = "log", .type = CONFIG_CHOICE, .choices = settings_log_levels, .help = "error, warning, notice, info or debug"},
    {.name = NULL},
};
