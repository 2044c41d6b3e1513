/* An answer, cut into its sections and put together again as a host. What each section means stands in host_take_*.c. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collect/host_private.h"

#define USUAL_EVERY (15 * SPAN_SECOND)
#define FULL_EVERY SPAN_MINUTE
#define SLOW_EVERY SPAN_HOUR
#define USERS_MAX 10000

enum section_id {
    SECTION_PROC, SECTION_DISKS, SECTION_MORE, SECTION_PORTS, SECTION_SESSIONS, SECTION_UNITS, SECTION_LOGINS, SECTION_FAILED,
    SECTION_PROCESSES, SECTION_COMMANDS, SECTION_IO, SECTION_FACTS, SECTION_PASSWD, SECTION_OFFSET, SECTION_UPDATES,
    SECTION_CERTIFICATES, SECTION_COUNT
};

/* In the order in which they are understood, which is not the one in which they come. */
static const struct section {
    const char *name;
    enum host_depth depth;
    bool optional;           /* not asked for in every configuration */
    const char *why;         /* it may say nothing */
    bool (*take)(struct host_take *take, char *text);
} sections[SECTION_COUNT] = {
    [SECTION_PROC] = {"proc", HOST_QUICK, false, N_("no /proc"), host_take_proc},
    [SECTION_DISKS] = {"disks", HOST_QUICK, false, N_("neither stat nor df answered"), host_take_disks},
    [SECTION_PASSWD] = {"passwd", HOST_SLOW, false, N_("no users"), host_take_passwd},
    [SECTION_FACTS] = {"facts", HOST_SLOW, false, N_("nothing told"), host_take_facts},
    [SECTION_OFFSET] = {"offset", HOST_SLOW, false, N_("neither chrony, ntp nor timesyncd answered"), host_take_offset},
    [SECTION_UPDATES] = {"updates", HOST_SLOW, false, "no known package manager", host_take_updates},
    [SECTION_CERTIFICATES] = {"certificates", HOST_SLOW, true, N_("no openssl"), host_take_certificates},
    [SECTION_MORE] = {"more", HOST_USUAL, false, N_("nothing told"), host_take_more},
    [SECTION_PORTS] = {"ports", HOST_USUAL, false, N_("ss did not end"), host_take_ports},
    [SECTION_SESSIONS] = {"sessions", HOST_USUAL, false, N_("ss did not end"), host_take_sessions},
    [SECTION_UNITS] = {"units", HOST_USUAL, false, N_("systemd does not answer"), host_take_units},
    [SECTION_LOGINS] = {"logins", HOST_USUAL, false, N_("no who"), host_take_logins},
    [SECTION_FAILED] = {"failed", HOST_USUAL, false, N_("no log of logins that may be read"), host_take_failed},
    [SECTION_COMMANDS] = {"commands", HOST_FULL, false, "no ps", host_take_commands},
    [SECTION_IO] = {"io", HOST_FULL, false, N_("not permitted"), host_take_io},
    [SECTION_PROCESSES] = {"processes", HOST_FULL, false, N_("no /proc"), host_take_processes},
};

/* ---- life ---- */

struct host_reader *host_reader_new(void)
{
    struct host_reader *reader = memory_new(sizeof *reader);
    for (size_t i = 0; i < ARRAY_COUNT(reader->taken); i++)
        reader->taken[i] = CLOCK_NEVER;
    return reader;
}

void host_reader_forget(struct host_reader *reader)
{
    host_counters_release(&reader->cores);
    host_counters_release(&reader->disks);
    host_counters_release(&reader->interfaces);
    free(reader->ticks);
    reader->ticks = NULL;
    reader->tick_count = 0;
    reader->uptime = 0;
    reader->has_cpu = false;
}

void host_reader_free(struct host_reader **held)
{
    struct host_reader *reader = *held;
    if (!reader)
        return;
    host_reader_forget(reader);
    for (unsigned i = 0; i < reader->remote_count; i++)
        free(reader->remotes[i].mount);
    host_users_clear(reader);
    for (unsigned i = 0; i < reader->fact_count; i++) {
        free(reader->facts[i].name);
        free(reader->facts[i].value);
    }
    free(reader->remotes);
    free(reader->users);
    free(reader->facts);
    free(reader->devices);
    free(reader);
    *held = NULL;
}

unsigned host_reader_due(const struct host_reader *reader, msec steady, bool attended)
{
    unsigned depths = HOST_QUICK | (attended ? HOST_FULL : 0);
    if (reader->taken[0] == CLOCK_NEVER)
        return HOST_QUICK;
    if (reader->taken[1] == CLOCK_NEVER || steady - reader->taken[1] >= (attended ? 3 * SPAN_SECOND : USUAL_EVERY))
        depths |= HOST_USUAL;
    if (reader->taken[1] != CLOCK_NEVER && (reader->taken[2] == CLOCK_NEVER || steady - reader->taken[2] >= FULL_EVERY))
        depths |= HOST_FULL;
    if (reader->taken[3] == CLOCK_NEVER || steady - reader->taken[3] >= SLOW_EVERY)
        depths |= HOST_SLOW;
    return depths;
}

/* ---- counters ---- */

struct host_counter *host_counters_add(struct host_counters *counters, const char *name)
{
    ARRAY_RESERVE(counters->rows, counters->capacity, counters->count + 1);
    struct host_counter *row = &counters->rows[counters->count++];
    memset(row, 0, sizeof *row);
    snprintf(row->name, sizeof row->name, "%s", name);
    return row;
}

const struct host_counter *host_counters_find(const struct host_counters *counters, const char *name, unsigned hint)
{
    for (unsigned i = 0; i < counters->count; i++) {
        const struct host_counter *row = &counters->rows[(hint + i) % counters->count];
        if (strcmp(row->name, name) == 0)
            return row;
    }
    return NULL;
}

void host_counters_release(struct host_counters *counters)
{
    free(counters->rows);
    *counters = (struct host_counters){0};
}

double host_rate(double before, double now, double seconds, double ceiling)
{
    const double turn = 4294967296.0; /* 2^32 */
    if (!(seconds > 0))
        return NAN;
    if (now >= before)
        return (now - before) / seconds;
    double wrapped = (turn - before + now) / seconds;
    return before >= turn / 2 && before < turn && wrapped <= ceiling ? wrapped : NAN;
}

/* ---- what stays known ---- */

void host_fact_set(struct host_reader *reader, const char *name, const char *value)
{
    for (unsigned i = 0; i < reader->fact_count; i++) {
        struct host_name *fact = &reader->facts[i];
        if (strcmp(fact->name, name) != 0)
            continue;
        free(fact->value);
        fact->value = memory_text(value);
        if (value)
            return;
        free(fact->name);
        *fact = reader->facts[--reader->fact_count];
        return;
    }
    if (!value || reader->fact_count == 100)
        return;
    ARRAY_RESERVE(reader->facts, reader->fact_capacity, reader->fact_count + 1);
    reader->facts[reader->fact_count++] = (struct host_name){memory_text(name), memory_text(value)};
}

void host_users_clear(struct host_reader *reader)
{
    for (unsigned i = 0; i < reader->user_count; i++)
        free(reader->users[i].name);
    reader->user_count = 0;
}

void host_user_add(struct host_reader *reader, unsigned uid, const char *name)
{
    if (reader->user_count == USERS_MAX)
        return;
    ARRAY_RESERVE(reader->users, reader->user_capacity, reader->user_count + 1);
    reader->users[reader->user_count++] = (struct host_user){uid, memory_text(name)};
}

const char *host_user_name(struct host_reader *reader, unsigned uid)
{
    char number[16];
    for (unsigned i = 0; i < reader->user_count; i++)
        if (reader->users[i].uid == uid)
            return reader->users[i].name;
    snprintf(number, sizeof number, "%u", uid);
    if (reader->user_count == USERS_MAX)
        return "";
    host_user_add(reader, uid, uid ? number : "root"); /* of a directory that is not read here */
    return reader->users[reader->user_count - 1].name;
}

static void tell_missing(struct host_reader *reader, const struct section *section, const char *why)
{
    char name[40];
    snprintf(name, sizeof name, "missing:%s", section->name);
    host_fact_set(reader, name, why);
}

/* ---- cutting ---- */

/* The answer as one text that may be cut; NUL bytes become blanks. */
static char *answer_copy(const char *text, size_t length)
{
    char *copy = memory_text_n(text, length);
    for (size_t i = 0; i < length; i++)
        if (!copy[i])
            copy[i] = ' ';
    return copy;
}

static bool begins(const char *line, const char *with)
{
    return strncmp(line, with, strlen(with)) == 0;
}

/* The last answer in the text: where it begins, NULL when none does. Answers before it were cut off. */
static char *answer_begin(char *text)
{
    char *last = NULL;
    for (char *at = strstr(text, HOST_ANSWER_BEGIN); at; at = strstr(at + 1, HOST_ANSWER_BEGIN))
        if (at == text || at[-1] == '\n')
            last = at;
    return last;
}

static const struct section *section_find(const char *name)
{
    for (int i = 0; i < SECTION_COUNT; i++)
        if (strcmp(sections[i].name, name) == 0)
            return &sections[i];
    return NULL;
}

/* Late lines stand anywhere, in the middle of sections too: taken out and blanked. */
static void take_late(struct host_take *take, char *text)
{
    for (char *at = text; at; at = strchr(at, '\n'), at = at ? at + 1 : NULL) {
        if (!begins(at, "=late "))
            continue;
        size_t length = strcspn(at, "\n");
        char *line = memory_text_n(at, length);
        if (at[length] == '\n' && begins(line, "=late updates ")) /* a line cut in half tells nothing */
            take->figures->security_updates = host_number(line + strlen("=late updates "));
        else if (at[length] == '\n')
            host_late_disk(take, line);
        free(line);
        memset(at, ' ', length);
    }
}

/* Cut at the marks; true when the end was there. A section that is not whole is left out of `bodies`. */
static bool cut_sections(char *at, char *bodies[SECTION_COUNT])
{
    const struct section *open = NULL;
    char *start = at;
    for (char *line = at; line; ) {
        char *next = strchr(line, '\n');
        if (begins(line, "=nocturne ")) {
            if (open) {
                line[-1] = '\0';
                bodies[open - sections] = start;
            }
            if (!next)
                return begins(line, "=nocturne end") && line[13] == '\0';
            *next = '\0';
            if (strcmp(line, "=nocturne end") == 0)
                return true;
            open = section_find(line + strlen("=nocturne "));
            start = next + 1;
        }
        line = next ? next + 1 : NULL;
    }
    return false;
}

/* ---- together ---- */

static void put_facts(struct host_take *take)
{
    host_builder_has(take->builder, HOST_facts);
    for (unsigned i = 0; i < take->reader->fact_count; i++)
        host_builder_fact(take->builder, &(struct host_fact){take->reader->facts[i].name, take->reader->facts[i].value});
}

static void take_sections(struct host_take *take, char *bodies[SECTION_COUNT], bool whole)
{
    static const int order[] = {SECTION_PASSWD, SECTION_PROC, SECTION_DISKS, SECTION_FACTS, SECTION_MORE, SECTION_OFFSET,
        SECTION_UPDATES, SECTION_CERTIFICATES, SECTION_PORTS, SECTION_SESSIONS, SECTION_UNITS, SECTION_LOGINS, SECTION_FAILED,
        SECTION_COMMANDS, SECTION_IO, SECTION_PROCESSES};
    for (size_t i = 0; i < ARRAY_COUNT(order); i++) {
        const struct section *section = &sections[order[i]];
        char *body = bodies[order[i]];
        if (!(take->depths & section->depth))
            continue;
        if (!body && whole && section->optional)
            continue;
        bool told = body && section->take(take, body);
        tell_missing(take->reader, section, told ? NULL : body ? section->why : N_("the answer was cut short"));
    }
}

static void remember(struct host_take *take, bool whole)
{
    struct host_reader *reader = take->reader;
    for (unsigned bit = 0; bit < ARRAY_COUNT(reader->taken); bit++)
        if (take->depths & 1u << bit && whole)
            reader->taken[bit] = (msec)(take->steady_ns / 1000000);
    if (!(take->depths & HOST_QUICK) || !take->uptime)
        return;
    reader->uptime = take->uptime;
    struct { struct host_counters *before, *now; } kept[] = {
        {&reader->cores, &take->cores}, {&reader->disks, &take->disks}, {&reader->interfaces, &take->interfaces}};
    for (size_t i = 0; i < ARRAY_COUNT(kept); i++) {
        host_counters_release(kept[i].before);
        *kept[i].before = *kept[i].now;
        *kept[i].now = (struct host_counters){0};
    }
}

struct host *host_reader_take(struct host_reader *reader, const char *text, size_t length, uint64_t steady_ns, msec wall,
                              struct error *error)
{
    char *copy = answer_copy(text, length), *at = answer_begin(copy), *bodies[SECTION_COUNT] = {0};
    unsigned version = 0, depths = 0;
    struct host_take take = {.reader = reader, .builder = host_builder_new(), .steady_ns = steady_ns, .wall = wall,
                             .host_now = CLOCK_NEVER, .booted = CLOCK_NEVER};
    struct host *host = NULL;
    take.figures = host_builder_figures(take.builder);
    take_late(&take, copy);
    if (!at || sscanf(at, HOST_ANSWER_BEGIN " %u %u", &version, &depths) != 2 || version != 1) {
        char sample[80];
        snprintf(sample, sizeof sample, "%.*s", (int)strcspn(copy, "\n"), copy);
        error_set(error, ERROR_INVALID, "not an answer of our script: `%s`", sample);
    } else {
        take.depths = depths;
        bool whole = cut_sections(at + strcspn(at, "\n"), bodies);
        take_sections(&take, bodies, whole);
        host_put_interfaces(&take);
        host_put_disks(&take);
        host_put_ports(&take);
        put_facts(&take);
        host = host_builder_make(take.builder, wall);
        remember(&take, whole);
    }
    host_counters_release(&take.cores);
    host_counters_release(&take.disks);
    host_counters_release(&take.interfaces);
    host_ports_clear(&take);
    free(take.ports);
    free(take.commands);
    host_builder_free(&take.builder);
    free(copy);
    return host;
}
