/* Documents that only the door needs: tokens and saved views. All of them are in memory, filled at start and changed
 * after each commit; there are few. */
#include <stdlib.h>
#include <string.h>

#include "api/private.h"
#include "base/memory.h"

struct record *record_find(struct api *api, const char *kind, const char *id)
{
    for (struct record *record = api->records; record; record = record->next)
        if (strcmp(record->kind, kind) == 0 && strcmp(record->id, id) == 0)
            return record;
    return NULL;
}

static void record_free(struct record *record)
{
    json_object_put(record->body);
    free(record->kind);
    free(record->id);
    free(record);
}

void record_put(struct api *api, const char *kind, const char *id, int64_t revision, const char *body)
{
    struct json_object *object = json_parse(body, strlen(body), 0, NULL);
    if (!object)
        return; /* not one of ours: this door only writes JSON */
    record_remove(api, kind, id);
    struct record *record = memory_new(sizeof *record);
    *record = (struct record){.kind = memory_text(kind), .id = memory_text(id), .revision = revision, .body = object};
    /* In the order of their names, as they are listed. */
    struct record **link = &api->records;
    while (*link && strcmp((*link)->id, id) < 0)
        link = &(*link)->next;
    record->next = *link;
    *link = record;
}

void record_remove(struct api *api, const char *kind, const char *id)
{
    for (struct record **link = &api->records; *link; link = &(*link)->next)
        if (strcmp((*link)->kind, kind) == 0 && strcmp((*link)->id, id) == 0) {
            struct record *record = *link;
            *link = record->next;
            record_free(record);
            return;
        }
}

static void loaded(void *owner, const char *kind, const char *id, int64_t revision, const char *body)
{
    if (strcmp(kind, "token") == 0 || strcmp(kind, "view") == 0)
        record_put(owner, kind, id, revision, body);
}

bool api_records_load(struct api *api, struct error *error)
{
    struct store_load_ops ops = {.record = loaded};
    return store_load(api->store, &ops, api, error);
}

void records_free(struct api *api)
{
    for (struct record *record = api->records, *next; record; record = next) {
        next = record->next;
        record_free(record);
    }
    api->records = NULL;
}
