/* The first processes of a page in an order, for whoever shows some of twenty thousand: finding them costs a look at
 * each, writing them all would cost the loop twenty times that. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "api/servers.h"
#include "base/memory.h"
#include "base/text.h"

enum field { BY_PID, BY_USER, BY_STATE, BY_CPU, BY_MEMORY, BY_IO, BY_STARTED, BY_COMMAND, FIELDS };
static const char *const fields[FIELDS] = {"pid", "user", "state", "cpu_percent", "memory", "io_rate", "started", "command"};

struct ranked { double number; const char *text; unsigned index; }; /* text NULL: by number, NAN last either way */
struct ranking { struct ranked *rows; bool descending; };

static struct ranked rank_of(const struct host_process *process, enum field field, unsigned index)
{
    switch (field) {
    case BY_PID: return (struct ranked){process->pid, NULL, index};
    case BY_STATE: return (struct ranked){process->state, NULL, index};
    case BY_CPU: return (struct ranked){process->cpu_percent, NULL, index};
    case BY_MEMORY: return (struct ranked){process->memory, NULL, index};
    case BY_IO: return (struct ranked){process->io_rate, NULL, index};
    case BY_STARTED: return (struct ranked){process->started == CLOCK_NEVER ? NAN : (double)process->started, NULL, index};
    case BY_USER: return (struct ranked){NAN, process->user, index};
    default: return (struct ranked){NAN, *process->command ? process->command : process->name, index};
    }
}

static bool before(const struct ranking *ranking, const struct ranked *a, const struct ranked *b)
{
    int order;
    if (a->text) {
        order = text_compare_natural(a->text, b->text);
    } else if (isnan(a->number) || isnan(b->number)) {
        if (isnan(a->number) != isnan(b->number))
            return isnan(b->number);
        order = 0;
    } else {
        order = (a->number > b->number) - (a->number < b->number);
    }
    if (order)
        return ranking->descending ? order > 0 : order < 0;
    return a->index < b->index;
}

/* Hoare's selection: afterwards the first `wanted` of first..end are those of the order, in any order among themselves. */
static void select_first(const struct ranking *ranking, size_t first, size_t end, size_t wanted)
{
    struct ranked *rows = ranking->rows;
    while (end - first > 1) {
        struct ranked pivot = rows[first + (end - first - 1) / 2];
        size_t low = first, high = end - 1;
        for (;;) {
            while (before(ranking, &rows[low], &pivot))
                low++;
            while (before(ranking, &pivot, &rows[high]))
                high--;
            if (low >= high)
                break;
            struct ranked swapped = rows[low];
            rows[low++] = rows[high];
            rows[high--] = swapped;
        }
        if (wanted <= high + 1 && high + 1 < end)
            end = high + 1;
        else
            first = high + 1;
        if (wanted <= first)
            return;
    }
}

static bool order_of(const char *text, enum field *field, bool *descending, struct error *error)
{
    *descending = *text == '-';
    for (unsigned i = 0; i < FIELDS; i++)
        if (strcmp(text + *descending, fields[i]) == 0) {
            *field = (enum field)i;
            return true;
        }
    return error_set(error, ERROR_INVALID, "sort: processes have no `%.40s`; there are pid, user, state, cpu_percent, memory, io_rate, "
                     "started and command", text + *descending);
}

bool host_cut(const struct host **host, const char *sort, uint32_t limit, struct arena *arena, struct error *error)
{
    struct ranking ranking;
    enum field field = BY_CPU;
    if (!order_of(sort, &field, &ranking.descending, error))
        return false;
    const struct host *whole = *host;
    if (!whole || whole->process_count <= limit)
        return true;
    struct host *cut = arena_alloc(arena, sizeof *cut);
    char *left_out = arena_alloc(arena, 16);
    ranking.rows = memory_new_array(whole->process_count, sizeof *ranking.rows);
    for (unsigned i = 0; i < whole->process_count; i++)
        ranking.rows[i] = rank_of(&whole->processes[i], field, i);
    if (limit)
        select_first(&ranking, 0, whole->process_count, limit);
    *cut = *whole;
    cut->processes = arena_alloc(arena, (limit + 1) * sizeof *cut->processes);
    cut->process_count = limit;
    for (uint32_t i = 0; i < limit; i++)
        cut->processes[i] = whole->processes[ranking.rows[i].index];
    cut->facts = arena_alloc(arena, (whole->fact_count + 1) * sizeof *cut->facts);
    if (whole->fact_count)
        memcpy(cut->facts, whole->facts, whole->fact_count * sizeof *cut->facts);
    snprintf(left_out, 16, "%u", whole->process_count - limit);
    cut->facts[cut->fact_count++] = (struct host_fact){"cut:processes", left_out};
    free(ranking.rows);
    *host = cut;
    return true;
}
