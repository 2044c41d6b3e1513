#include "collect/exporter_metrics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define METRICS_MAX 256

enum as { AS_VALUE, AS_RATE };
enum over { OVER_SUM, OVER_MAX, OVER_MIN, OVER_MEAN, OVER_COUNT };
static const char *const as_names[] = {"value", "rate", NULL};
static const char *const over_names[] = {"sum", "max", "min", "mean", "count", NULL};

struct chosen { /* one configured metric */
    char *name;
    struct selector *selector;
    enum as as;
    enum over over;
    unsigned next; /* of the same series name; UINT32_MAX the last */
};

struct exporter_choice {
    struct chosen chosen[METRICS_MAX];
    unsigned count;
};

struct gathering { double sum, least, most; unsigned count; }; /* of one chosen metric */

struct exporter_page {
    const struct exporter_choice *choice;
    struct gathering *gathered;    /* by chosen metric */
    uint64_t *seen;                /* hashes of chosen series; 0 free */
    uint32_t seen_mask, seen_count;
    unsigned duplicates;
};

/* ---- the choice ---- */

static bool check_selector(const struct config_node *node, const char *text, struct error *error)
{
    (void)node;
    struct selector *selector = selector_parse(text, error);
    bool good = selector != NULL;
    selector_free(&selector);
    return good;
}

static unsigned choose(const struct config_node *node, const char *key, const char *const *names, const char *absent)
{
    const char *text = config_text(node, key, absent);
    for (unsigned i = 0; names[i]; i++)
        if (strcmp(names[i], text) == 0)
            return i;
    return 0;
}

struct exporter_choice *exporter_choice_new(const struct config_node *list, struct error *error)
{
    struct exporter_choice *choice = memory_new(sizeof *choice);
    for (size_t i = 0; list && i < config_count(list); i++) {
        const struct config_node *entry = config_at(list, i);
        bool room = choice->count < METRICS_MAX;
        struct chosen *chosen = room ? &choice->chosen[choice->count++] : NULL;
        if (chosen)
            *chosen = (struct chosen){.name = memory_text(config_text(entry, "name", "")), .next = UINT32_MAX,
                                      .as = choose(entry, "as", as_names, "value"), .over = choose(entry, "over", over_names, "sum"),
                                      .selector = selector_parse(config_text(entry, "series", ""), error)};
        else
            error_set(error, ERROR_INVALID, "at most %d metrics", METRICS_MAX);
        if (!chosen || !chosen->selector) {
            exporter_choice_free(&choice);
            return NULL;
        }
    }
    return choice;
}

void exporter_choice_free(struct exporter_choice **choice)
{
    if (!*choice)
        return;
    for (unsigned i = 0; i < (*choice)->count; i++) {
        free((*choice)->chosen[i].name);
        selector_free(&(*choice)->chosen[i].selector);
    }
    free(*choice);
    *choice = NULL;
}

unsigned exporter_choice_count(const struct exporter_choice *choice)
{
    return choice->count;
}

const char *exporter_choice_series(const struct exporter_choice *choice, unsigned index)
{
    return selector_name(choice->chosen[index].selector);
}

void exporter_choice_link(struct exporter_choice *choice, unsigned index, unsigned next)
{
    choice->chosen[index].next = next;
}

const struct config_key exporter_metric_keys[] = {
    {.name = "name", .type = CONFIG_TEXT, .required = true, .help = "of the metric here"},
    {.name = "series", .type = CONFIG_TEXT, .required = true, .check = check_selector,
     .help = "what to take, as in http_requests_total{code=~\"5..\"}"},
    {.name = "as", .type = CONFIG_CHOICE, .choices = as_names, .help = "value, or rate: a counter's growth a second (default value)"},
    {.name = "over", .type = CONFIG_CHOICE, .choices = over_names, .help = "several series become one by sum, max, min, mean or count (default sum)"},
    {.name = NULL},
};

/* ---- one page ---- */

static uint64_t hash_bytes(uint64_t hash, const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (unsigned char)bytes[i]) * 1099511628211u;
    return hash;
}

struct exporter_page *exporter_page_new(const struct exporter_choice *choice)
{
    struct exporter_page *page = memory_new(sizeof *page);
    page->choice = choice;
    page->gathered = memory_new_array(choice->count + 1, sizeof *page->gathered);
    return page;
}

void exporter_page_free(struct exporter_page **page)
{
    free((*page)->gathered);
    free((*page)->seen);
    free(*page);
    *page = NULL;
}

unsigned exporter_page_duplicates(const struct exporter_page *page)
{
    return page->duplicates;
}

/* False when this series stood on the page before. */
static bool first_seen(struct exporter_page *page, uint64_t hash)
{
    hash += hash == 0;
    if (2 * page->seen_count >= page->seen_mask) {
        uint32_t size = page->seen ? 2 * (page->seen_mask + 1) : 64;
        uint64_t *old = page->seen;
        uint32_t old_size = old ? page->seen_mask + 1 : 0;
        page->seen = memory_new_array(size, sizeof *page->seen);
        page->seen_mask = size - 1;
        page->seen_count = 0;
        for (uint32_t i = 0; i < old_size; i++)
            if (old[i])
                first_seen(page, old[i]);
        free(old);
    }
    uint32_t at = (uint32_t)(hash >> 9) & page->seen_mask;
    for (; page->seen[at]; at = (at + 1) & page->seen_mask)
        if (page->seen[at] == hash)
            return false;
    page->seen[at] = hash;
    page->seen_count++;
    return true;
}

void exporter_page_take(struct exporter_page *page, unsigned first, const struct exposition_series *series)
{
    uint64_t hash = hash_bytes(hash_bytes(14695981039346656037u, series->name, series->name_length), series->labels, series->labels_length);
    if (!first_seen(page, hash)) {
        page->duplicates++;
        return;
    }
    for (unsigned i = first; i != UINT32_MAX; i = page->choice->chosen[i].next) {
        struct gathering *gathered = &page->gathered[i];
        if (!isfinite(series->value) || !selector_match(page->choice->chosen[i].selector, series))
            continue;
        gathered->least = gathered->count && gathered->least < series->value ? gathered->least : series->value;
        gathered->most = gathered->count && gathered->most > series->value ? gathered->most : series->value;
        gathered->sum += series->value;
        gathered->count++;
    }
}

/* ---- metrics of it ---- */

static double gathered_value(const struct chosen *chosen, const struct gathering *gathered)
{
    if (chosen->over == OVER_COUNT)
        return gathered->count;
    if (gathered->count == 0)
        return NAN;
    switch (chosen->over) {
    case OVER_MAX: return gathered->most;
    case OVER_MIN: return gathered->least;
    case OVER_MEAN: return gathered->sum / gathered->count;
    default: return gathered->sum;
    }
}

void exporter_page_metrics(const struct exporter_page *page, double *counters, double seconds, exporter_metric *put, void *owner)
{
    for (unsigned i = 0; i < page->choice->count; i++) {
        const struct chosen *chosen = &page->choice->chosen[i];
        double value = gathered_value(chosen, &page->gathered[i]);
        if (chosen->as == AS_RATE) {
            double grown = value - counters[i];
            counters[i] = value;
            value = grown >= 0 && seconds > 0 ? grown / seconds : NAN; /* a counter that went back tells nothing this time */
        }
        put(owner, chosen->name, value);
    }
}
