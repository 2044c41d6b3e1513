/* What changes slowly: units, people, facts, clock offset, updates, certificates. */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/text.h"
#include "collect/host_private.h"

#define WANTED_MAX 256 /* units of one host that are asked for by name; more are told twice */

/* ---- units ---- */

struct unit { const char *name, *what, *state, *sub, *file, *loaded; double since; };

/* Those that were asked for by name: told whatever they are, and not again among the others. */
struct wanted_units { const char *name[WANTED_MAX]; unsigned count; bool now; };

static bool told_as_wanted(const struct wanted_units *wanted, const char *name)
{
    for (unsigned i = 0; i < wanted->count; i++)
        if (strcmp(wanted->name[i], name) == 0)
            return true;
    return false;
}

static void put_unit(struct host_take *take, const struct unit *unit, struct wanted_units *wanted)
{
    bool failed = strcmp(unit->state, "failed") == 0, idle = strcmp(unit->state, "inactive") == 0;
    bool enabled = strncmp(unit->file, "enabled", 7) == 0;
    const char *kind = strrchr(unit->name, '.');
    bool service = !kind || strcmp(kind, ".service") == 0, mount = kind && (strcmp(kind, ".mount") == 0 || strcmp(kind, ".swap") == 0);
    /* systemd's own sockets and timers, and mounts that are well, are nobody's matter. Old versions tell all that match. */
    bool noise = mount || (!service && !enabled && strncmp(unit->name, "systemd-", 8) == 0);
    bool told = wanted->now || failed || (!noise && (!idle || enabled));
    if (!*unit->name || !told || (strcmp(unit->loaded, "not-found") == 0 && !failed) || told_as_wanted(wanted, unit->name))
        return;
    if (wanted->now && wanted->count < WANTED_MAX)
        wanted->name[wanted->count++] = unit->name;
    take->figures->failed_units += failed;
    host_builder_unit(take->builder, &(struct host_unit){.name = unit->name, .state = unit->state, .sub = unit->sub,
        .what = unit->what, .failed = failed,
        .since = unit->since > 0 && unit->since < 1e17 && take->booted != CLOCK_NEVER ? take->booted + (msec)(unit->since / 1000) : CLOCK_NEVER});
}

/* `systemctl show`: KEY=VALUE lines, a blank line between units; between the lines "wanted" and "others" those that were asked
 * for by name. */
bool host_take_units(struct host_take *take, char *text)
{
    const struct unit none = {"", "", "", "", "", "", 0};
    struct unit unit = none;
    char *end = strstr(text, "\nok"), *last = end;
    struct wanted_units wanted = {.count = 0};
    bool any = false;
    while (last && (last = strstr(last + 1, "\nok")))
        end = last;
    if (!end || (end[3] && end[3] != '\n'))
        return false; /* not all of it: units that run would look missing */
    for (char *line; (line = host_line(&text));) {
        char *value = strchr(line, '=');
        if (!value) {
            put_unit(take, &unit, &wanted);
            unit = none;
            wanted.now = (wanted.now || strcmp(line, "wanted") == 0) && strcmp(line, "others") != 0;
            continue;
        }
        *value++ = '\0';
        if (strcmp(line, "StateChangeTimestampMonotonic") == 0)
            unit.since = host_number(value); /* microseconds since the start of the machine */
        const struct { const char *key; const char **member; } members[] = {
            {"Id", &unit.name}, {"Description", &unit.what}, {"LoadState", &unit.loaded}, {"ActiveState", &unit.state},
            {"SubState", &unit.sub}, {"UnitFileState", &unit.file}};
        for (size_t i = 0; i < ARRAY_COUNT(members); i++)
            if (strcmp(line, members[i].key) == 0) {
                *members[i].member = value;
                any = true;
            }
    }
    put_unit(take, &unit, &wanted);
    if (any)
        host_builder_has(take->builder, HOST_units);
    return any;
}

/* ---- people ---- */

/* "root     pts/0        Nov 21 06:31 (10.0.0.5)"; BusyBox: "root  pts/0  00:00  Nov 21 06:31:43  10.0.0.5" */
bool host_take_logins(struct host_take *take, char *text)
{
    char *how = host_line(&text);
    if (!how || strcmp(how, "who") != 0)
        return false;
    host_builder_has(take->builder, HOST_logins);
    for (char *line; (line = host_line(&text));) {
        char *fields[3];
        const char *end = NULL;
        msec since = CLOCK_NEVER;
        if (host_split(line, fields, 3) < 3)
            continue;
        for (char *at = fields[2]; *at && since == CLOCK_NEVER; at++)
            if (at == fields[2] || at[-1] == ' ')
                since = host_time(take, at, &end);
        if (since == CLOCK_NEVER)
            continue; /* the heading */
        char *from = fields[2] + (end - fields[2]);
        from += strspn(from, " (");
        from[strcspn(from, " )")] = '\0';
        host_builder_login(take->builder, &(struct host_login){.user = fields[0], .terminal = fields[1], .from = from, .since = since});
    }
    return true;
}

/* Only the times of the lines come; those of the last hour count. */
bool host_take_failed(struct host_take *take, char *text)
{
    char *how = host_line(&text);
    msec now = take->host_now != CLOCK_NEVER ? take->host_now : take->wall;
    if (!how || strcmp(how, "log") != 0)
        return false;
    take->figures->failed_logins = 0;
    for (char *line; (line = host_line(&text));) {
        const char *end;
        msec time = host_time(take, line, &end);
        take->figures->failed_logins += time != CLOCK_NEVER && time > now - SPAN_HOUR;
    }
    return true;
}

bool host_take_passwd(struct host_take *take, char *text)
{
    host_users_clear(take->reader);
    for (char *line; (line = host_line(&text));) {
        char *colon = strchr(line, ':');
        double uid = colon ? host_number(colon + 1) : NAN;
        if (!(uid >= 0 && uid < 4294967295.0))
            continue;
        *colon = '\0';
        host_user_add(take->reader, (unsigned)uid, line);
    }
    return take->reader->user_count > 0;
}

/* ---- facts ---- */

bool host_take_facts(struct host_take *take, char *text)
{
    bool any = false;
    for (char *line; (line = host_line(&text));) {
        char *value = strchr(line, '='), *colon = strchr(line, ':');
        const char *name = line;
        if (strncmp(line, "model name", 10) == 0 && colon) {
            name = "processor";
            value = colon;
        }
        if (!value)
            continue;
        *value++ = '\0';
        value += strspn(value, " \t\"");
        value[strcspn(value, "\"")] = '\0';
        if (strcmp(name, "PRETTY_NAME") == 0)
            name = "system";
        host_fact_set(take->reader, name, value);
        any = true;
    }
    return any;
}

/* chrony: "System time     : 0.000012 seconds slow of NTP time"; ntp: "..., offset=-0.123, ..." in ms;
 * timesyncd: "       Offset: +1.234ms". Positive: this host is ahead. */
static double offset_read(const char *how, char *text)
{
    char *at;
    if (strcmp(how, "chrony") == 0 && (at = strstr(text, "System time")) && (at = strchr(at, ':'))) {
        double seconds = host_number(at + 1 + strspn(at + 1, " "));
        return strncmp(at + strcspn(at, "f\n"), "fast", 4) == 0 ? seconds : -seconds;
    }
    if (strcmp(how, "ntp") == 0 && (at = strstr(text, "offset=")))
        return -host_number(at + 7) / 1000;
    if (strcmp(how, "timesync") == 0 && (at = strstr(text, "Offset:"))) {
        at += 7 + strspn(at + 7, " ");
        double number = host_number(at);
        const char *unit = at + strspn(at, "+-0123456789.");
        return -number * (strncmp(unit, "us", 2) == 0 ? 1e-6 : strncmp(unit, "ms", 2) == 0 ? 1e-3 : strncmp(unit, "min", 3) == 0 ? 60 : 1);
    }
    return NAN;
}

bool host_take_offset(struct host_take *take, char *text)
{
    char *how = host_line(&text);
    if (how)
        take->figures->time_offset = offset_read(how, text);
    return !isnan(take->figures->time_offset);
}

/* The manager's name; the number comes late. */
bool host_take_updates(struct host_take *take, char *text)
{
    (void)take;
    char *line = host_line(&text);
    return line && *line;
}

/* "notAfter=Nov 21 06:31:43 2026 GMT" */
static msec certificate_end(const char *text)
{
    static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    char month[4];
    struct tm parts = {0};
    if (sscanf(text, "%3s %2d %2d:%2d:%2d %4d", month, &parts.tm_mday, &parts.tm_hour, &parts.tm_min, &parts.tm_sec, &parts.tm_year) != 6)
        return CLOCK_NEVER;
    const char *at = strstr(names, month);
    if (!at || strlen(month) != 3)
        return CLOCK_NEVER;
    parts.tm_mon = (int)(at - names) / 3;
    parts.tm_year -= 1900;
    return (msec)timegm(&parts) * SPAN_SECOND;
}

bool host_take_certificates(struct host_take *take, char *text)
{
    char *how = host_line(&text);
    struct host_certificate row = {"", "", CLOCK_NEVER};
    if (!how || strcmp(how, "openssl") != 0)
        return false;
    host_builder_has(take->builder, HOST_certificates);
    for (char *line;;) {
        line = host_line(&text);
        if (!line || strncmp(line, "file ", 5) == 0) {
            if (*row.path)
                host_builder_certificate(take->builder, &row);
            if (!line)
                return true;
            row = (struct host_certificate){line + 5, "", CLOCK_NEVER};
        } else if (strncmp(line, "subject=", 8) == 0) {
            row.subject = line + 8 + strspn(line + 8, " ");
        } else if (strncmp(line, "notAfter=", 9) == 0) {
            row.ends = certificate_end(line + 9);
        }
    }
}
