/* What each person has looked at: an instant for everything, and later ones for single alerts. Kept so that `n` steps
 * through what is new, worse, again there or gone by itself since this person looked. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "engine/alerts_private.h"

#define SINGLES_MAX 4096u /* then the oldest are forgotten: they count as not looked at */

struct single { int64_t number; msec at; };

struct seen {
    struct seen *next;
    char *person;
    msec all, last;
    struct single *singles; /* a ring once full */
    size_t count, capacity, oldest;
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

static struct single *single_find(const struct seen *seen, int64_t number)
{
    for (size_t i = 0; i < seen->count; i++)
        if (seen->singles[i].number == number)
            return &seen->singles[i];
    return NULL;
}

static void single_put(struct seen *seen, int64_t number, msec at)
{
    struct single *single = single_find(seen, number);
    if (!single && seen->count == SINGLES_MAX) {
        single = &seen->singles[seen->oldest++ % SINGLES_MAX];
    } else if (!single) {
        ARRAY_RESERVE(seen->singles, seen->capacity, seen->count + 1);
        single = &seen->singles[seen->count++];
    }
    *single = (struct single){number, at};
}

void seen_mark(struct alerts *alerts, const char *person, const struct alert *alert, msec now)
{
    struct seen *seen = seen_of(alerts, person);
    single_put(seen, alert->number, now);
    seen->last = now;
    seen->counted_revision = 0;
}

void seen_mark_all(struct alerts *alerts, const char *person, msec now)
{
    struct seen *seen = seen_of(alerts, person);
    seen->all = seen->last = now;
    seen->count = seen->oldest = 0;
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
    const struct seen *seen = seen_of(alerts, person);
    struct buffer out = BUFFER_INIT;
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
