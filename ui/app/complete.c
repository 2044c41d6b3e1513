/* What TAB may offer. readline wants its answer at once, so whatever only the daemon knows (values of a field, ids,
 * saved views) is fetched while the line is being typed and kept for the moment TAB is pressed. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/internal.h"
#include "base/memory.h"
#include "model/filter.h"
#include "view/devices.h"

#define FACETS_MOST "60"
#define IDS_MOST "30"
#define CACHED_FIELDS 12
#define LABELS "label"

struct words { char **word; size_t count, capacity; };

struct facet_cache { char field[64]; struct words values; };

struct completion {
    struct app *app;
    struct facet_cache facets[CACHED_FIELDS];
    unsigned facet_count;
    char facet_asked[64];
    struct words ids, saved;
    char *ids_of;                      /* the word that `ids` answers */
    struct client_request *facet_request, *id_request, *saved_request;
};

static void words_clear(struct words *words)
{
    for (size_t i = 0; i < words->count; i++)
        free(words->word[i]);
    words->count = 0;
}

static void words_add(struct words *words, const char *text)
{
    ARRAY_RESERVE(words->word, words->capacity, words->count + 1);
    words->word[words->count++] = memory_text(text);
}

struct completion *completion_new(struct app *app)
{
    struct completion *completion = memory_new(sizeof *completion);
    completion->app = app;
    return completion;
}

void completion_free(struct completion **pointer)
{
    struct completion *completion = *pointer;
    if (!completion)
        return;
    struct client_request *requests[] = {completion->facet_request, completion->id_request,
                                         completion->saved_request};
    for (unsigned i = 0; i < ARRAY_COUNT(requests); i++)
        if (requests[i])
            client_cancel(requests[i]);
    for (unsigned i = 0; i < completion->facet_count; i++) {
        words_clear(&completion->facets[i].values);
        free(completion->facets[i].values.word);
    }
    words_clear(&completion->ids);
    words_clear(&completion->saved);
    free(completion->ids.word);
    free(completion->saved.word);
    free(completion->ids_of);
    free(completion);
    *pointer = NULL;
}

/* ---- fetching ahead ---- */

static void facets_came(void *owner, const struct client_answer *answer)
{
    struct completion *completion = owner;
    struct arena *arena = arena_new();
    struct wire_page page;
    struct wire_facet *rows = NULL;
    unsigned count = 0;
    completion->facet_request = NULL;
    if (!answer->error && completion->facet_count < CACHED_FIELDS &&
        wire_read_facets(answer->body, answer->length, arena, &page, &rows, &count, NULL)) {
        struct facet_cache *cache = &completion->facets[completion->facet_count++];
        snprintf(cache->field, sizeof cache->field, "%s", completion->facet_asked);
        for (unsigned i = 0; i < count; i++)
            if (*rows[i].value)
                words_add(&cache->values, rows[i].value);
    }
    arena_free(&arena);
}

static struct facet_cache *facet_find(struct completion *completion, const char *field)
{
    for (unsigned i = 0; i < completion->facet_count; i++)
        if (strcmp(completion->facets[i].field, field) == 0)
            return &completion->facets[i];
    return NULL;
}

static void want_facets(struct completion *completion, const char *field)
{
    enum asset_field known;
    struct buffer path = BUFFER_INIT;
    if (completion->facet_request || facet_find(completion, field) || (!asset_field_parse(field, &known) && strcmp(field, LABELS) != 0 && strncmp(field, LABELS ".", 6) != 0))
        return;
    snprintf(completion->facet_asked, sizeof completion->facet_asked, "%s", field);
    client_path(&path, "/facets", "field", field, "limit", FACETS_MOST, NULL);
    completion->facet_request = client_get(completion->app->client, buffer_text(&path), facets_came, completion);
    buffer_release(&path);
}

static void ids_came(void *owner, const struct client_answer *answer)
{
    struct completion *completion = owner;
    struct arena *arena = arena_new();
    struct wire_page page;
    struct wire_asset *rows = NULL;
    unsigned count = 0;
    completion->id_request = NULL;
    if (!answer->error && wire_read_assets(answer->body, answer->length, arena, &page, &rows, &count, NULL)) {
        words_clear(&completion->ids);
        for (unsigned i = 0; i < count; i++)
            words_add(&completion->ids, rows[i].field[ASSET_id]);
    }
    arena_free(&arena);
}

static void want_ids(struct completion *completion, const char *word)
{
    struct buffer path = BUFFER_INIT, filter = BUFFER_INIT;
    if (!*word || (completion->ids_of && strcmp(completion->ids_of, word) == 0))
        return;
    if (completion->id_request)
        client_cancel(completion->id_request);
    free(completion->ids_of);
    completion->ids_of = memory_text(word);
    buffer_printf(&filter, "\"%s\"", word);
    client_path(&path, "/assets", "filter", buffer_text(&filter), "limit", IDS_MOST, "fields", "id", "sort",
                "id", NULL);
    completion->id_request = client_get(completion->app->client, buffer_text(&path), ids_came, completion);
    buffer_release(&path);
    buffer_release(&filter);
}

static void saved_came(void *owner, const struct client_answer *answer)
{
    struct completion *completion = owner;
    struct arena *arena = arena_new();
    struct wire_page page;
    struct wire_saved_view *rows = NULL;
    unsigned count = 0;
    completion->saved_request = NULL;
    if (!answer->error && wire_read_saved_views(answer->body, answer->length, arena, &page, &rows, &count, NULL)) {
        words_clear(&completion->saved);
        for (unsigned i = 0; i < count; i++)
            words_add(&completion->saved, rows[i].name);
    }
    arena_free(&arena);
}

/* The command that the line begins with, if its name is complete. */
static const struct command *command_of(const char *text)
{
    size_t name = strcspn(text, " ");
    return text[name] ? command_find(text, name) : NULL;
}

static const char *last_word(const char *text)
{
    const char *blank = strrchr(text, ' ');
    return blank ? blank + 1 : text;
}

void completion_prepare(struct app *app)
{
    struct completion *completion = app->completion;
    const char *text = line_text(app->line), *word = last_word(text);
    const struct command *command = line_kind(app->line) == LINE_COMMAND ? command_of(text) : NULL;
    if (!completion)
        return;
    if (line_kind(app->line) == LINE_FILTER || (command && command->complete == COMPLETE_FILTER)) {
        size_t field = strcspn(word + (*word == '-'), ":~");
        char name[64];
        snprintf(name, sizeof name, "%.*s", (int)field, word + (*word == '-'));
        if (word[field + (*word == '-')])
            want_facets(completion, name);
        else if (strncmp(name, LABELS, 2) == 0) /* its names, by the time that its dot is typed */
            want_facets(completion, LABELS);
    } else if (command && command->complete == COMPLETE_ASSET) {
        want_ids(completion, word);
    } else if (command && command->complete == COMPLETE_SAVED && !completion->saved_request) {
        completion->saved_request = client_get(app->client, "/views", saved_came, completion);
    }
}

/* ---- offering ---- */

struct offering { line_offer *offer; void *to; const char *prefix; struct completion *completion; };

static void offer_if(const struct offering *offering, const char *word)
{
    if (strncmp(word, offering->prefix, strlen(offering->prefix)) == 0)
        offering->offer(offering->to, word);
}

static void offer_list(const struct offering *offering, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        offer_if(offering, words[i]);
}

static void offer_named(void *owner, const char *word)
{
    offer_if(owner, word);
}

/* `label.NAME:` of those that alerts here have. */
static void offer_labels(struct offering *offering)
{
    const struct facet_cache *names = facet_find(offering->completion, LABELS);
    if (strncmp(offering->prefix, LABELS ".", 6) != 0)
        return;
    for (size_t i = 0; names && i < names->values.count; i++) {
        char *whole = memory_printf(LABELS ".%s:", names->values.word[i]);
        offer_if(offering, whole);
        free(whole);
    }
}

/* Values after the last comma of `field:a,b`: whole replacements of the word. */
static void offer_filter(struct offering *offering)
{
    const char *word = offering->prefix;
    bool negated = *word == '-';
    size_t field = strcspn(word + negated, ":~");
    if (!word[negated + field]) {
        struct offering fields = *offering;
        fields.prefix = word + negated;
        filter_complete(fields.prefix, offer_named, &fields);
        offer_labels(&fields);
        return;
    }
    char name[64];
    snprintf(name, sizeof name, "%.*s", (int)field, word + negated);
    const char *comma = strrchr(word, ',');
    const char *value = comma ? comma + 1 : word + negated + field + 1;
    struct facet_cache *cache = facet_find(offering->completion, name);
    size_t head = (size_t)(value - word);
    for (size_t i = 0; cache && i < cache->values.count; i++) {
        const char *text = cache->values.word[i];
        if (strncmp(text, value, strlen(value)) != 0 || strchr(text, ' '))
            continue;
        char *whole = memory_printf("%.*s%s", (int)head, word, text);
        offering->offer(offering->to, whole);
        free(whole);
    }
    filter_complete(word, offer_named, offering);
}

/* Columns and sort fields, after the last comma. */
struct field_offering { struct offering *offering; const char *head; size_t head_length; const char *part; };

static void offer_field(void *owner, const char *name)
{
    struct field_offering *field = owner;
    if (strncmp(name, field->part, strlen(field->part)) != 0)
        return;
    char *whole = memory_printf("%.*s%s", (int)field->head_length, field->head, name);
    field->offering->offer(field->offering->to, whole);
    free(whole);
}

static void offer_fields(struct offering *offering)
{
    const char *comma = strrchr(offering->prefix, ',');
    const char *part = comma ? comma + 1 : offering->prefix;
    part += *part == '-';
    struct field_offering field = {offering, offering->prefix, (size_t)(part - offering->prefix), part};
    device_column_offer(offer_field, &field);
}

static void offer_files(const struct offering *offering)
{
    const char *slash = strrchr(offering->prefix, '/');
    size_t head = slash ? (size_t)(slash - offering->prefix) + 1 : 0;
    char *folder = head ? memory_text_n(offering->prefix, head) : memory_text(".");
    DIR *directory = opendir(folder);
    struct dirent *entry;
    for (int most = 500; directory && most && (entry = readdir(directory)); most--) {
        if (entry->d_name[0] == '.')
            continue;
        char *whole = memory_printf("%.*s%s%s", (int)head, offering->prefix, entry->d_name,
                                    entry->d_type == DT_DIR ? "/" : "");
        offer_if(offering, whole);
        free(whole);
    }
    if (directory)
        closedir(directory);
    free(folder);
}

static void offer_commands(const struct offering *offering, const char *view)
{
    for (unsigned i = 0; i < command_count; i++)
        if (*commands[i].views && command_in_view(&commands[i], view))
            offer_if(offering, commands[i].name);
}

static void offer_argument(struct offering *offering, const struct command *command)
{
    static const char *const spans[] = {"1h", "6h", "24h", "7d", "30d"};
    static const char *const groups[] = {"building", "subsystem", "unit",  "contract",
                                         "site",     "floor",     "class", "kind"};
    static const char *const orders[] = {"worst", "place"};
    static const char *const times[] = {"-5m", "-15m", "-1h", "-6h", "-1d", "now"};
    static const char *const ledger[] = {"import", "export"};
    static const char *const audit[] = {"verify"};
    switch (command->complete) {
    case COMPLETE_FILTER: offer_filter(offering); break;
    case COMPLETE_ASSET:
        offer_list(offering, (const char *const *)offering->completion->ids.word,
                   offering->completion->ids.count);
        break;
    case COMPLETE_SAVED:
        offer_list(offering, (const char *const *)offering->completion->saved.word,
                   offering->completion->saved.count);
        break;
    case COMPLETE_FIELD: offer_fields(offering); break;
    case COMPLETE_FILE: offer_files(offering); break;
    case COMPLETE_LEDGER: offer_list(offering, ledger, ARRAY_COUNT(ledger)); offer_files(offering); break;
    case COMPLETE_AUDIT: offer_list(offering, audit, ARRAY_COUNT(audit)); break;
    case COMPLETE_SPAN: offer_list(offering, spans, ARRAY_COUNT(spans)); break;
    case COMPLETE_GROUP: offer_list(offering, groups, ARRAY_COUNT(groups)); break;
    case COMPLETE_ORDER: offer_list(offering, orders, ARRAY_COUNT(orders)); break;
    case COMPLETE_TIME: offer_list(offering, times, ARRAY_COUNT(times)); break;
    case COMPLETE_COMMAND: offer_commands(offering, "board"); break;
    case COMPLETE_VIEW:
        for (unsigned i = 0; i < view_count; i++)
            offer_if(offering, view_list[i]->name);
        break;
    case COMPLETE_THEME: {
        struct buffer names = BUFFER_INIT;
        theme_list(&names);
        for (char *save = NULL, *name = strtok_r((char *)buffer_text(&names), "\n", &save);
             name && names.length; name = strtok_r(NULL, "\n", &save))
            offer_if(offering, name);
        buffer_release(&names);
        break;
    }
    case COMPLETE_NONE: case COMPLETE_RESOURCE: case COMPLETE_SHELL_NAME: case COMPLETE_CONFIG:
        break;
    }
}

void completion_offer(void *owner, const char *before, size_t word, line_offer *offer, void *to)
{
    struct app *app = owner;
    struct offering offering = {.offer = offer, .to = to, .prefix = before + word, .completion = app->completion};
    struct view *view = app_view(app);
    const struct command *command = command_of(before);
    if (!app->completion)
        return;
    if (line_kind(app->line) == LINE_FILTER)
        offer_filter(&offering);
    else if (!strchr(before, ' '))
        offer_commands(&offering, view ? view->ops->name : "board");
    else if (command)
        offer_argument(&offering, command);
}
