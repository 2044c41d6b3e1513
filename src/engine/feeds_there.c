#include "engine/feeds_there.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

#define OF_A_SOURCE 500 /* silences shown of one source */

struct row { char *id, *source, *what, *why, *by; struct alarm_there there; };

struct there {
    struct row *rows;
    size_t count, capacity;
};

static void row_release(struct row *row)
{
    free(row->id);
    free(row->source);
    free(row->what);
    free(row->why);
    free(row->by);
}

void there_free(struct there **slot)
{
    struct there *there = *slot;
    if (!there)
        return;
    *slot = NULL;
    for (size_t i = 0; i < there->count; i++)
        row_release(&there->rows[i]);
    free(there->rows);
    free(there);
}

static void drop_source(struct there *there, const char *source)
{
    size_t kept = 0;
    for (size_t i = 0; i < there->count; i++) {
        if (strcmp(there->rows[i].source, source) == 0)
            row_release(&there->rows[i]);
        else
            there->rows[kept++] = there->rows[i];
    }
    there->count = kept;
}

static char *cleaned(const char *text)
{
    struct buffer out = BUFFER_INIT;
    text_clean(&out, text, strnlen(text, 2000));
    return out.data ? buffer_take(&out) : memory_text("");
}

void there_take(struct there **slot, const char *source, const struct alarm_there *rows, unsigned count)
{
    struct there *there = *slot = *slot ? *slot : memory_new(sizeof **slot);
    drop_source(there, source);
    for (unsigned i = 0; i < count && i < OF_A_SOURCE; i++) {
        char *own = cleaned(rows[i].id);
        ARRAY_RESERVE(there->rows, there->capacity, there->count + 1);
        there->rows[there->count++] = (struct row){memory_printf("%s:%s", source, own), memory_text(source), cleaned(rows[i].what),
                                                   cleaned(rows[i].why), cleaned(rows[i].by), rows[i]};
        free(own);
    }
}

void there_keep(struct there **slot, struct source *const *sources, size_t count)
{
    struct there *there = *slot;
    for (size_t at = 0; there && at < there->count;) {
        bool kept = false;
        for (size_t i = 0; i < count && !kept; i++)
            kept = strcmp(sources[i]->name, there->rows[at].source) == 0;
        if (kept) {
            at++;
            continue;
        }
        row_release(&there->rows[at]);
        there->rows[at] = there->rows[--there->count];
    }
}

bool there_at(const struct there *there, unsigned index, struct feeds_silence *silence)
{
    if (!there || index >= there->count)
        return false;
    const struct row *row = &there->rows[index];
    *silence = (struct feeds_silence){row->id, row->source, row->id + strlen(row->source) + 1, row->there};
    silence->there.id = silence->own;
    silence->there.what = row->what;
    silence->there.why = row->why;
    silence->there.by = row->by;
    return true;
}
