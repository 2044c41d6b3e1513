/* What each person has looked at: an instant for everything, and later ones for single alerts. Kept so that `n` steps
 * through what is new, worse, again there or gone by itself since this person looked. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "engine/alerts_private.h"

#define SINGLES_MAX 1024u /* then the oldest are forgotten: they count as not looked at */

struct single { int64_t number; msec at; };

struct seen {
    struct seen *next;
    char *person;
    msec all, last;
    struct single *singles; /* by number */
    size_t count, capacity;
    bool dirty;             /* to be written with what machines did */
    uint64_t counted_revision;
    uint32_t counted;
};

static struct seen *seen_find(const struct alerts *alerts, const char *person)
{
    for (struct seen *seen = alerts->seen; seen; seen = seen->next)
        if (strcmp(seen->person, person) == 0)
            return seen;
    return NULL;
}

static struct seen *seen_of(struct alerts *alerts, const char *person)
{
    struct seen *seen = seen_find(alerts, person);
    if (!seen) {
        seen = memory_new(sizeof *seen);
        *seen = (struct seen){.next = alerts->seen, .person = memory_text(person), .all = CLOCK_NEVER, .last = CLOCK_NEVER};
        alerts->seen = seen;
    }
    return seen;
}

void seen_free(struct alerts *alerts)
{
    for (struct seen *seen = alerts->seen, *next; seen; seen = next) {
        next = seen->next;
        free(seen->person);
        free(seen->singles);
        free(seen);
    }
    alerts->seen = NULL;
}

/* Where a number stands, or ought to. */
static size_t single_place(const struct seen *seen, int64_t number)
{
    size_t low = 0, high = seen->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (seen->singles[middle].number < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static const struct single *single_find(const struct seen *seen, int64_t number)
{
    size_t at = single_place(seen, number);
    return at < seen->count && seen->singles[at].number == number ? &seen->singles[at] : NULL;
}

static void forget_oldest(struct seen *seen)
{
    size_t oldest = 0;
    for (size_t i = 1; i < seen->count; i++)
        if (seen->singles[i].at < seen->singles[oldest].at)
            oldest = i;
    seen->count--;
    memmove(seen->singles + oldest, seen->singles + oldest + 1, (seen->count - oldest) * sizeof *seen->singles);
}

static void single_put(struct seen *seen, int64_t number, msec at)
{
    struct single *known = (struct single *)single_find(seen, number);
    if (known) {
        known->at = at;
        return;
    }
    if (seen->count == SINGLES_MAX)
        forget_oldest(seen);
    ARRAY_RESERVE(seen->singles, seen->capacity, seen->count + 1);
    size_t place = single_place(seen, number);
    memmove(seen->singles + place + 1, seen->singles + place, (seen->count - place) * sizeof *seen->singles);
    seen->singles[place] = (struct single){number, at};
    seen->count++;
}

void seen_mark(struct alerts *alerts, const char *person, const struct alert *alert, msec now)
{
    struct seen *seen = seen_of(alerts, person);
    single_put(seen, alert->number, now);
    seen->last = now;
    seen->dirty = true;
    seen->counted_revision = 0;
}

void seen_mark_all(struct alerts *alerts, const char *person, msec now)
{
    struct seen *seen = seen_of(alerts, person);
    seen->all = seen->last = now;
    seen->count = 0;
    seen->dirty = true;
    seen->counted_revision = 0;
}

void seen_record(struct alerts *alerts, const char *person, const char *body)
{
    struct json_object *object = json_parse(body, strlen(body), 4, NULL);
    if (!object)
        return;
    struct seen *seen = seen_of(alerts, person);
    seen->all = json_get_integer(object, "all", CLOCK_NEVER);
    struct json_object *rows = json_get(object, "alerts");
    size_t count = rows && json_object_is_type(rows, json_type_array) ? json_object_array_length(rows) : 0;
    for (size_t i = 0; i + 1 < count; i += 2)
        single_put(seen, json_object_get_int64(json_object_array_get_idx(rows, i)),
                   json_object_get_int64(json_object_array_get_idx(rows, i + 1)));
    json_object_put(object);
}

char *seen_body(struct alerts *alerts, const char *person)
{
    struct seen *seen = seen_of(alerts, person);
    struct buffer out = BUFFER_INIT;
    seen->dirty = false;
    struct json_writer writer;
    json_start(&writer, &out);
    json_write_object(&writer, NULL);
    json_write_integer(&writer, "all", seen->all);
    json_write_array(&writer, "alerts");
    for (size_t i = 0; i < seen->count; i++) {
        json_write_integer(&writer, NULL, seen->singles[i].number);
        json_write_integer(&writer, NULL, seen->singles[i].at);
    }
    json_write_array_end(&writer);
    json_write_object_end(&writer);
    return buffer_take(&out);
}

enum alert_news seen_news(const struct alerts *alerts, const char *person, const struct alert *alert)
{
    if (alert->news == NEWS_NONE || alert->news_at == CLOCK_NEVER)
        return NEWS_NONE;
    const struct seen *seen = person ? seen_find(alerts, person) : NULL;
    if (seen && seen->all != CLOCK_NEVER && seen->all >= alert->news_at)
        return NEWS_NONE;
    const struct single *single = seen ? single_find(seen, alert->number) : NULL;
    return single && single->at >= alert->news_at ? NEWS_NONE : (enum alert_news)alert->news;
}

/* Who did something at the desk since then. */
unsigned seen_people(const struct alerts *alerts, msec since)
{
    unsigned people = 0;
    for (const struct seen *seen = alerts->seen; seen; seen = seen->next)
        people += seen->last != CLOCK_NEVER && seen->last >= since;
    return people;
}

bool seen_count_kept(struct alerts *alerts, const char *person, uint32_t *count)
{
    const struct seen *seen = seen_of(alerts, person);
    *count = seen->counted;
    return seen->counted_revision == alerts->revision && alerts->revision;
}

void seen_count_keep(struct alerts *alerts, const char *person, uint32_t count)
{
    struct seen *seen = seen_of(alerts, person);
    seen->counted = count;
    seen->counted_revision = alerts->revision;
}

/* Those of whom something is not written; NULL when none is left. */
void seen_again(struct alerts *alerts)
{
    for (struct seen *seen = alerts->seen; seen; seen = seen->next)
        seen->dirty = true;
}

const char *seen_unwritten(const struct alerts *alerts)
{
    for (const struct seen *seen = alerts->seen; seen; seen = seen->next)
        if (seen->dirty)
            return seen->person;
    return NULL;
}
