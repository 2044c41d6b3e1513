#include "engine/hosts_plan.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "model/filter.h"

static bool check_port(const struct config_node *node, const char *text, struct error *error)
{
    struct hosts_ports ports;
    (void)node;
    return hosts_port_parse(text, &ports) ||
           error_set(error, ERROR_INVALID, "expected a port such as 22, 5432/tcp, 161/udp or 8000-8100; got `%s`", text);
}

static bool check_unit(const struct config_node *node, const char *text, struct error *error)
{
    (void)node;
    for (const char *at = text; *at; at++)
        if (!isalnum((unsigned char)*at) && !strchr("@._:-*\\", *at)) /* a mount's name may have \x2d */
            return error_set(error, ERROR_INVALID, "expected a unit such as nginx.service or app-*; got `%s`", text);
    return *text || error_set(error, ERROR_INVALID, "expected a unit such as nginx.service or app-*");
}

static bool check_outbound(const struct config_node *node, const char *text, struct error *error)
{
    struct hosts_net net;
    (void)node;
    return hosts_net_parse(text, &net) ||
           error_set(error, ERROR_INVALID, "expected a destination such as 10.0.0.0/8, 192.0.2.7:443 or [2001:db8::7]:443; got `%s`", text);
}

static bool check_restart(const struct config_node *node, const char *text, struct error *error)
{
    (void)node;
    return strstr(text, "{unit}") || error_set(error, ERROR_INVALID, "expected a command with {unit} in it, such as sudo -n systemctl restart {unit}; got `%s`", text);
}

static bool check_log(const struct config_node *node, const char *text, struct error *error)
{
    if (strncmp(text, "journal:", 8) == 0)
        return check_unit(node, text + 8, error);
    bool good = strncmp(text, "file:/", 6) == 0 && !strstr(text, "/../");
    for (const char *at = text; *at; at++)
        good = good && (unsigned char)*at >= 0x20 && *at != '\'';
    return good || error_set(error, ERROR_INVALID, "expected journal:UNIT or file:/PATH; got `%s`", text);
}

const struct config_key hosts_keys[] = {
    {.name = "select", .type = CONFIG_FILTER, .check = filter_check, .help = "which servers this is said of (default all); the first entry that says a thing counts"},
    {.name = "ports", .type = CONFIG_TEXT_LIST, .check = check_port, .help = "ports that may listen: 22, 5432/tcp, 161/udp, 8000-8100; others, and single ones that do not, raise an alert"},
    {.name = "units", .type = CONFIG_TEXT_LIST, .check = check_unit, .help = "units of systemd that must be active: nginx, data.mount, backup.timer; * stands for any run of characters"},
    {.name = "outbound", .type = CONFIG_TEXT_LIST, .check = check_outbound, .help = "destinations that may be connected to: 10.0.0.0/8, 192.0.2.7:443; others raise an alert"},
    {.name = "restart", .type = CONFIG_TEXT, .check = check_restart, .help = "the command that restarts {unit}: sudo -n systemctl restart {unit} (default: nobody restarts)"},
    {.name = "logs", .type = CONFIG_TEXT_LIST, .check = check_log, .help = "logs that may be read: journal:nginx, file:/var/log/nginx/error.log"},
    {.name = "shell", .type = CONFIG_TEXT, .help = "what a console runs for a shell there: ssh {user}@{host} -p {port} (default: none)"},
    {.name = NULL},
};

bool hosts_word_check(const char *key, const char *word, struct error *error)
{
    for (size_t i = 0; hosts_keys[i].name; i++)
        if (strcmp(hosts_keys[i].name, key) == 0)
            return hosts_keys[i].check(NULL, word, error);
    return true;
}

static const char *const *texts(const struct config_node *map, const char *key, unsigned *count)
{
    const struct config_node *node = config_get(map, key);
    *count = 0;
    if (!node)
        return NULL;
    size_t length = config_is_list(node) ? config_count(node) : 1;
    const char **list = memory_new_array(length + 1, sizeof *list);
    for (size_t i = 0; i < length; i++) {
        const char *text = config_scalar(config_is_list(node) ? config_at(node, i) : node);
        if (text && *text)
            list[(*count)++] = text;
    }
    return list;
}

void hosts_plan_read(struct hosts_plan *plan, const struct config_node *list)
{
    size_t count = list && config_is_list(list) ? config_count(list) : 0;
    *plan = (struct hosts_plan){.row = memory_new_array(count + 1, sizeof *plan->row), .count = (unsigned)count};
    for (size_t i = 0; i < count; i++) {
        const struct config_node *node = config_at(list, i);
        struct hosts_expectation *row = &plan->row[i];
        row->select = config_text(node, "select", "");
        row->restart = config_text(node, "restart", "");
        row->shell = config_text(node, "shell", "");
        row->ports = texts(node, "ports", &row->port_count);
        row->units = texts(node, "units", &row->unit_count);
        row->outbound = texts(node, "outbound", &row->outbound_count);
        row->logs = texts(node, "logs", &row->log_count);
    }
}

void hosts_plan_release(struct hosts_plan *plan)
{
    for (unsigned i = 0; i < plan->count; i++) {
        const struct hosts_expectation *row = &plan->row[i];
        const char *const *lists[] = {row->ports, row->units, row->outbound, row->logs};
        for (size_t list = 0; list < ARRAY_COUNT(lists); list++)
            free((void *)(uintptr_t)lists[list]);
    }
    free(plan->row);
    *plan = (struct hosts_plan){0};
}
