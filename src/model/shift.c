#include "model/shift.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
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
