/* What labels there are, and what values: facets of the alerts that came from elsewhere. */
#include <stdlib.h>
#include <string.h>

#include "api/private.h"
#include "base/intern.h"
#include "base/memory.h"
#include "model/labels.h"
#include "wire/wire.h"

struct count { const char *value; uint32_t count; };

struct counts {
    struct intern *values;
    struct count *rows;
    size_t capacity;
};

static void count_value(struct counts *counts, const char *value)
{
    uint32_t known = intern_count(counts->values), at = intern_id(counts->values, value, strlen(value));
    if (at == known) {
        ARRAY_RESERVE(counts->rows, counts->capacity, at + 1);
        counts->rows[at] = (struct count){intern_name(counts->values, at), 0};
    }
    counts->rows[at].count++;
}

static void count_names(struct counts *counts, const char *labels)
{
    struct label label = {0};
    while (label_next(&labels, &label))
        if (!label.annotation)
            count_value(counts, buffer_text(&label.name));
    label_release(&label);
}

static int compare_counts(const void *left, const void *right)
{
    const struct count *a = left, *b = right;
    return a->count != b->count ? (a->count < b->count ? 1 : -1) : strcmp(a->value, b->value);
}

void label_facets(struct request *request, const char *field, unsigned limit)
{
    struct alert_select select = {.filter = target_get(&request->target, "filter"), .all = true};
    const struct alert *const *rows;
    struct error error;
    uint32_t total = 0;
    if (!request_has_desk(request))
        return;
    if (!alerts_select(request->api->alerts, &select, &rows, &total, NULL, &error)) {
        request_fail(request, &error);
        return;
    }
    struct counts counts = {.values = intern_new()};
    struct buffer value = BUFFER_INIT;
    for (uint32_t i = 0; i < total; i++) {
        const char *labels = alert_labels(rows[i]);
        if (*labels && !field[5])
            count_names(&counts, labels);
        else if (*labels && label_find(labels, false, field + 6, &value))
            count_value(&counts, buffer_text(&value));
    }
    uint32_t count = intern_count(counts.values);
    struct wire_page page = {.total = count, .population = count};
    struct json_writer writer;
    request_page(request, &page);
    json_start(&writer, &request->answer);
    wire_list_begin(&writer, &page);
    if (count)
        qsort(counts.rows, count, sizeof *counts.rows, compare_counts);
    for (uint32_t i = 0; i < count && i < limit; i++)
        wire_write_facet(&writer, &(struct wire_facet){.value = counts.rows[i].value, .count = counts.rows[i].count});
    wire_list_end(&writer);
    request_finish_json(request);
    buffer_release(&value);
    free(counts.rows);
    intern_free(&counts.values);
}
