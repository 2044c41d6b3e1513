/* What the ledger says is expected of a server: columns of its row, for what `servers:` of the configuration leaves open. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "engine/capacity_plan.h"
#include "engine/hosts_plan.h"
#include "engine/hosts_private.h"

#define WORDS_MAX 1000

static const char *const names[HOSTS_COLUMNS] = {[HOSTS_COLUMN_PORTS] = "ports", [HOSTS_COLUMN_UNITS] = "units",
                                                 [HOSTS_COLUMN_OUTBOUND] = "outbound"};

static bool words_check(const char *name, const char *text, bool (*check)(const char *name, const char *word, struct error *error),
                        struct error *error)
{
    const char **words = memory_new_array(WORDS_MAX, sizeof *words);
    char *copy = memory_text(text);
    unsigned count = text_words(copy, words, WORDS_MAX);
    bool good = count <= WORDS_MAX || error_set(error, ERROR_INVALID, "more than %d words", WORDS_MAX);
    for (unsigned i = 0; i < count && good; i++)
        good = check(name, words[i], error);
    free(copy);
    free(words);
    return good;
}

bool hosts_attribute_check(const char *name, const char *text, struct error *error)
{
    if (strcmp(name, CAPACITY_COLUMN) == 0)
        return words_check(name, text, capacity_word_check, error);
    for (int i = 0; i < HOSTS_COLUMNS; i++)
        if (strcmp(name, names[i]) == 0)
            return words_check(name, text, hosts_word_check, error);
    return true;
}

void hosts_own_release(struct hosts_own *own)
{
    for (int i = 0; i < HOSTS_COLUMNS; i++) {
        free(own->text[i]);
        free(own->words[i]);
    }
    *own = (struct hosts_own){0};
}

/* What is malformed was told of when the ledger was read, and says nothing here: half a list would raise alerts. */
void hosts_own_read(const struct fleet *fleet, uint32_t asset, struct hosts_own *own)
{
    const struct fleet_subject subject = {.fleet = fleet, .asset = asset};
    struct fleet_view view;
    hosts_own_release(own);
    fleet_get(fleet, asset, &view);
    if (strcmp(view.row.field[ASSET_kind], "server") != 0)
        return;
    for (int i = 0; i < HOSTS_COLUMNS; i++) {
        char field[32];
        snprintf(field, sizeof field, "attribute.%s", names[i]);
        const char *text = fleet_subject_ops.text(&subject, field);
        if (!text || !*text || !hosts_attribute_check(names[i], text, NULL))
            continue;
        own->text[i] = memory_text(text);
        own->words[i] = memory_new_array(strlen(text) + 1, sizeof *own->words[i]);
        own->count[i] = text_words(own->text[i], own->words[i], WORDS_MAX);
    }
}
