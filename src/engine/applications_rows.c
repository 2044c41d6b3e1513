/* What came of restarts: the newest rows of each application, kept in the store as one document by its id. */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/memory.h"
#include "engine/applications_private.h"

void recovery_row_release(struct recovery_row *row)
{
    free(row->node);
    free(row->asset);
    free(row->unit);
    free(row->result);
}

void recovery_row_add(struct application *application, const struct recovery_row *row)
{
    if (application->row_count == RECOVERIES_KEPT)
        recovery_row_release(&application->rows[--application->row_count]);
    memmove(application->rows + 1, application->rows, application->row_count * sizeof *application->rows);
    application->rows[0] = (struct recovery_row){row->time, memory_text(row->node), memory_text(row->asset), memory_text(row->unit),
                                                 memory_text(row->result)};
    application->row_count++;
    application->applications->revision++;
}

void recovery_row_result(struct application *application, msec began, const char *result)
{
    for (unsigned i = 0; i < application->row_count; i++)
        if (application->rows[i].time == began) {
            free(application->rows[i].result);
            application->rows[i].result = memory_text(result);
            application->applications->revision++;
            return;
        }
}

char *recovery_rows_text(const struct application *application)
{
    struct buffer out = BUFFER_INIT;
    struct json_writer writer;
    json_start(&writer, &out);
    json_write_object(&writer, NULL);
    json_write_array(&writer, "recoveries");
    for (unsigned i = 0; i < application->row_count; i++) {
        const struct recovery_row *row = &application->rows[i];
        json_write_object(&writer, NULL);
        json_write_instant(&writer, "time", row->time);
        json_write_text(&writer, "node", row->node);
        json_write_text(&writer, "asset", row->asset);
        json_write_text(&writer, "unit", row->unit);
        json_write_text(&writer, "result", row->result);
        json_write_object_end(&writer);
    }
    json_write_array_end(&writer);
    json_write_object_end(&writer);
    return buffer_take(&out);
}

static void saved(void *owner, const struct error *error)
{
    if (error)
        log_warning("application: what came of a restart is not saved: %s", error->text);
    applications_release(owner);
}

/* The machine's own doing: what was asked for is in the audit already. */
void recovery_rows_save(struct application *application)
{
    struct applications *applications = application->applications;
    char *body = recovery_rows_text(application);
    struct store_action *action = store_action_new(applications->store, "system", "recovery", application->id, "");
    store_action_quiet(action);
    store_action_record(action, "application", application->id, -1, body);
    free(body);
    applications_hold(applications);
    store_action_commit(action, saved, applications);
}

struct stored_rows { struct stored_rows *next; char *id; struct json_object *body; };

static void loaded(void *owner, const char *kind, const char *id, int64_t revision, const char *body)
{
    struct applications *applications = owner;
    (void)revision;
    struct json_object *object = strcmp(kind, "application") == 0 ? json_parse(body, strlen(body), 0, NULL) : NULL;
    if (!object)
        return;
    struct stored_rows *stored = memory_new(sizeof *stored);
    *stored = (struct stored_rows){applications->stored, memory_text(id), object};
    applications->stored = stored;
}

bool applications_rows_load(struct applications *applications, struct error *error)
{
    static const struct store_load_ops ops = {.record = loaded};
    return store_load(applications->store, &ops, applications, error);
}

void applications_rows_free(struct applications *applications)
{
    while (applications->stored) {
        struct stored_rows *stored = applications->stored;
        applications->stored = stored->next;
        json_object_put(stored->body);
        free(stored->id);
        free(stored);
    }
}

void recovery_rows_take(struct application *application)
{
    for (const struct stored_rows *stored = application->applications->stored; stored; stored = stored->next) {
        struct json_object *list = strcmp(stored->id, application->id) == 0 ? json_get(stored->body, "recoveries") : NULL;
        if (!list || !json_object_is_type(list, json_type_array))
            continue;
        for (size_t i = json_object_array_length(list); i-- > 0;) {
            struct json_object *row = json_object_array_get_idx(list, i);
            recovery_row_add(application, &(struct recovery_row){
                json_get_instant(row, "time"), (char *)json_get_text(row, "node", ""), (char *)json_get_text(row, "asset", ""),
                (char *)json_get_text(row, "unit", ""), (char *)json_get_text(row, "result", "")});
        }
    }
}
