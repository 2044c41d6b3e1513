/* What a server tells of itself: is the unit running, are there enough processes of a kind? The server is watched by
 * some source; nothing is asked here. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "collect/check_private.h"
#include "model/host.h"

static void nothing_to_stop(struct check *check)
{
    (void)check;
}

/* ---- unit ---- */

struct unit { char *name; };

static bool same_unit(const char *unit, const char *wanted)
{
    size_t length = strlen(wanted);
    return strncmp(unit, wanted, length) == 0 && (!unit[length] || (!strchr(wanted, '.') && strcmp(unit + length, ".service") == 0));
}

static bool unit_look(struct check *check, const struct host *host)
{
    const struct unit *unit = check->state;
    char when[INSTANT_TEXT] = "";
    const char *missing = host_fact(host, "missing:units");
    for (unsigned i = 0; i < host->unit_count; i++) {
        const struct host_unit *found = &host->units[i];
        if (!same_unit(found->name, unit->name))
            continue;
        if (found->since != CLOCK_NEVER)
            instant_format_short(when, found->since, host->taken);
        bool runs = strcmp(found->state, "active") == 0;
        if (found->failed)
            check_worse(check, HEALTH_CRITICAL, when[0] ? N_("failed since %s") : N_("failed%s"), when);
        else if (!runs)
            check_worse(check, HEALTH_CRITICAL, when[0] ? N_("%s (%s) since %s") : "%s (%s)%s", found->state, found->sub, when);
        check_note(check, when[0] ? N_("%s (%s) since %s") : "%s (%s)%s", found->state, found->sub, when);
        check_figure(check, "running", "", runs && !found->failed);
        return true;
    }
    if (missing[0])
        check_worse(check, HEALTH_UNKNOWN, "the server cannot tell of its units: %s", missing);
    else if (!(host->lists & 1u << HOST_units))
        check_worse(check, HEALTH_UNKNOWN, "the server does not tell of its units");
    else
        check_worse(check, HEALTH_CRITICAL, "not running, and not known to fail: the server does not list it");
    if (check->answer.verdict == HEALTH_CRITICAL)
        check_figure(check, "running", "", 0);
    return true;
}

static bool unit_open(struct check *check, const struct config_node *node, struct error *error)
{
    struct unit *unit = check->state = memory_new(sizeof *unit);
    (void)error;
    unit->name = memory_text(config_text(node, "unit", ""));
    return true;
}

static void unit_close(struct check *check)
{
    struct unit *unit = check->state;
    free(unit->name);
    free(unit);
}

bool check_unit_name(const struct config_node *node, const char *text, struct error *error)
{
    (void)node;
    size_t good = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789@._:-");
    return (*text && !text[good]) || error_set(error, ERROR_INVALID, "expected a unit such as nginx.service; got `%s`", text);
}

static const struct config_key unit_keys[] = {
    {.name = "unit", .type = CONFIG_TEXT, .required = true, .check = check_unit_name, .help = "of the server's init system: nginx.service, or nginx"},
    {.name = NULL},
};

const struct check_ops check_unit = {
    .type = "unit",
    .help = "A unit of a watched server (`on`): is it running",
    .keys = unit_keys,
    .protection = protection_local,
    .open = unit_open,
    .look = unit_look,
    .stop = nothing_to_stop,
    .close = unit_close,
};

/* ---- process ---- */

struct process {
    char *pattern, *user;
    unsigned least, most;
};

static bool process_look(struct check *check, const struct host *host)
{
    const struct process *process = check->state;
    const char *missing = host_fact(host, "missing:processes");
    unsigned count = 0;
    double memory = 0, cpu = 0;
    msec oldest = CLOCK_NEVER;
    if (!(host->lists & 1u << HOST_processes) && missing[0]) {
        check_worse(check, HEALTH_UNKNOWN, "the server cannot tell of its processes: %s", missing);
        return true;
    }
    if (!(host->lists & 1u << HOST_processes))
        return false;
    for (unsigned i = 0; i < host->process_count; i++) {
        const struct host_process *each = &host->processes[i];
        bool fits = text_glob(process->pattern, each->name) || text_glob(process->pattern, each->command);
        if (!fits || each->state == 'Z' || (process->user && strcmp(process->user, each->user) != 0))
            continue;
        count++;
        memory += each->memory;
        cpu += each->cpu_percent;
        oldest = oldest == CLOCK_NEVER || each->started < oldest ? each->started : oldest;
    }
    check_figure(check, "processes", "", count);
    check_figure(check, "memory_bytes", "B", memory);
    check_figure(check, "cpu_percent", "%", cpu);
    if (oldest != CLOCK_NEVER && host->taken > oldest)
        check_figure(check, "uptime_s", "s", (double)(host->taken - oldest) / 1000);
    if (count < process->least)
        check_worse(check, HEALTH_CRITICAL,
                    COUNTED(count, N_("%u process like %s, expected at least %u"),
                            N_("%u processes like %s, expected at least %u")), count, process->pattern, process->least);
    else if (process->most && count > process->most)
        check_worse(check, HEALTH_WARNING, "%u processes like %s, expected at most %u", count, process->pattern, process->most);
    check_note(check, COUNTED(count, N_("%u process, %.0f MiB"), N_("%u processes, %.0f MiB")), count, memory / 1048576);
    return true;
}

static bool process_open(struct check *check, const struct config_node *node, struct error *error)
{
    struct process *process = check->state = memory_new(sizeof *process);
    (void)error;
    process->pattern = memory_text(config_text(node, "process", ""));
    process->user = memory_text(config_text(node, "user", NULL));
    process->least = (unsigned)config_integer(node, "at_least", 1);
    process->most = (unsigned)config_integer(node, "at_most", 0);
    return true;
}

static void process_close(struct check *check)
{
    struct process *process = check->state;
    free(process->pattern);
    free(process->user);
    free(process);
}

static const struct config_key process_keys[] = {
    {.name = "process", .type = CONFIG_TEXT, .required = true, .help = "its name or command line; * any run: java*energy*"},
    {.name = "user", .type = CONFIG_TEXT, .help = "only this user's"},
    {.name = "at_least", .type = CONFIG_INTEGER, .minimum = 0, .maximum = 100000, .help = "fewer is critical (default 1)"},
    {.name = "at_most", .type = CONFIG_INTEGER, .minimum = 1, .maximum = 100000, .help = "more is a warning"},
    {.name = NULL},
};

const struct check_ops check_process = {
    .type = "process",
    .help = "Processes of a watched server (`on`): how many there are, their memory and processor time",
    .keys = process_keys,
    .protection = protection_local,
    .open = process_open,
    .look = process_look,
    .stop = nothing_to_stop,
    .close = process_close,
};
