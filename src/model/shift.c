#include "model/shift.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"
#include "base/phrase.h"
#include "base/text.h"

const struct config_key shift_keys[] = {
    {.name = "name", .type = CONFIG_TEXT, .required = true, .help = "short, shown in every title: 夜班, night"},
    {.name = "hours", .type = CONFIG_TEXT_LIST, .required = true, .help = "such as 20:00-08:00 or `mon-fri 08:00-20:00`, local time"},
    {.name = "people", .type = CONFIG_TEXT_LIST, .help = "who is on duty then"},
    {.name = NULL},
};

static char *read_people(const struct config_node *node)
{
    struct buffer names = BUFFER_INIT;
    bool list = node && config_is_list(node);
    for (size_t i = 0; node && i < (list ? config_count(node) : 1); i++) {
        const char *name = config_scalar(list ? config_at(node, i) : node);
        if (names.length)
            buffer_append_text(&names, ", ");
        text_clean(&names, name ? name : "", name ? strlen(name) : 0);
    }
    char *people = memory_text(buffer_text(&names));
    buffer_release(&names);
    return people;
}

void roster_read(struct roster *roster, const struct config_node *list, struct config_problems *problems)
{
    size_t count = list && config_is_list(list) ? config_count(list) : 0;
    *roster = (struct roster){.shifts = memory_new_array(count + 1, sizeof *roster->shifts)};
    for (size_t i = 0; i < count; i++) {
        const struct config_node *node = config_at(list, i);
        const char *name = config_is_map(node) ? config_text(node, "name", "") : "";
        struct shift *shift = &roster->shifts[roster->count];
        char clean[64];
        if (!config_is_map(node) || !config_get(node, "hours") || !hours_read(&shift->hours, config_get(node, "hours"), problems))
            continue; /* named by who checked it */
        text_clean_into(clean, sizeof clean, name, strlen(name));
        shift->name = memory_text(clean);
        shift->people = read_people(config_get(node, "people"));
        roster->count++;
    }
}

void roster_release(struct roster *roster)
{
    for (unsigned i = 0; i < roster->count; i++) {
        free(roster->shifts[i].name);
        free(roster->shifts[i].people);
    }
    free(roster->shifts);
    *roster = (struct roster){0};
}

/* Minute by minute, as the clock on the wall went: what a change of the clock skips or repeats is skipped or repeated. */
static msec begin_of(const struct hours *hours, msec now)
{
    msec minute = now - now % SPAN_MINUTE;
    for (msec end = now - 8 * SPAN_DAY; minute > end; minute -= SPAN_MINUTE)
        if (!hours_contain(hours, minute - SPAN_MINUTE))
            return minute;
    return CLOCK_NEVER;
}

bool roster_at(const struct roster *roster, msec now, struct shift_span *span)
{
    for (unsigned i = 0; i < roster->count; i++)
        if (hours_contain(&roster->shifts[i].hours, now)) {
            span->shift = &roster->shifts[i];
            span->from = begin_of(&span->shift->hours, now);
            span->to = hours_end(&span->shift->hours, now);
            return true;
        }
    return false;
}

/* ---- gaps and overlaps ---- */

static void two_on_duty(const struct roster *roster, msec now, const struct shift *two[2])
{
    two[0] = two[1] = NULL;
    for (unsigned i = 0; i < roster->count && !two[1]; i++)
        if (hours_contain(&roster->shifts[i].hours, now))
            two[two[0] ? 1 : 0] = &roster->shifts[i];
}

void roster_check(const struct roster *roster, msec now, void (*found)(void *owner, const struct roster_finding *finding), void *owner)
{
    struct roster_finding open = {0};
    bool any = false;
    msec minute = now - now % SPAN_MINUTE, end = minute + 7 * SPAN_DAY;
    for (; roster->count && minute <= end; minute += SPAN_MINUTE) {
        const struct shift *two[2];
        two_on_duty(roster, minute, two);
        bool wrong = minute < end && (!two[0] || two[1]);
        bool same = any && wrong && two[1] == open.other && (!two[1] || two[0] == open.one);
        if (any && !same) {
            open.to = minute;
            found(owner, &open);
        }
        if (wrong && !same)
            open = (struct roster_finding){two[1] ? two[0] : NULL, two[1], minute, minute};
        any = wrong;
    }
}

static void write_time(char out[32], msec at, const char *format)
{
    time_t seconds = (time_t)(at / SPAN_SECOND);
    struct tm local;
    localtime_r(&seconds, &local);
    strftime(out, 32, format, &local);
}

struct lines { struct buffer *out; unsigned most, count; };

static void add_line(void *owner, const struct roster_finding *finding)
{
    struct lines *lines = owner;
    char from[32], to[32], day[32];
    if (++lines->count > lines->most)
        return;
    write_time(from, finding->from, "%Y-%m-%d %H:%M");
    write_time(to, finding->to, "%Y-%m-%d %H:%M");
    write_time(day, finding->to, "%Y-%m-%d");
    const char *end = strncmp(from, day, 10) == 0 ? to + 11 : to;
    if (lines->out->length)
        buffer_append_char(lines->out, '\n');
    if (finding->other)
        buffer_printf(lines->out, N_("%s and %s are both on duty from %s to %s"), finding->one->name, finding->other->name, from, end);
    else
        buffer_printf(lines->out, N_("nobody is on duty from %s to %s"), from, end);
}

unsigned roster_findings(const struct roster *roster, msec now, unsigned most, struct buffer *out)
{
    struct lines lines = {out, most, 0};
    roster_check(roster, now, add_line, &lines);
    return lines.count;
}

static bool nobody(const struct roster *roster, msec now)
{
    const struct shift *two[2];
    two_on_duty(roster, now, two);
    return !two[0];
}

void roster_gap(const struct roster *roster, msec now, msec *from, msec *to)
{
    msec minute = now - now % SPAN_MINUTE;
    for (*from = minute; *from > minute - 8 * SPAN_DAY && nobody(roster, *from - SPAN_MINUTE); *from -= SPAN_MINUTE)
        continue;
    for (*to = minute; *to < minute + 8 * SPAN_DAY && nobody(roster, *to); *to += SPAN_MINUTE)
        continue;
}

const char *roster_next(const char *people, char *name, size_t size)
{
    size_t length = strcspn(people, ",");
    if (!*people)
        return NULL;
    size_t kept = length < size ? length : size - 1;
    memcpy(name, people, kept);
    name[kept] = '\0';
    people += length;
    return people + strspn(people, ", ");
}
