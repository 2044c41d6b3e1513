/* Applications through the door: the list, one with its tree, asking and restarting. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "api/handlers.h"
#include "api/private.h"
#include "base/memory.h"
#include "base/text.h"
#include "engine/applications.h"
#include "engine/capsule.h"
#include "model/filter.h"
#include "wire/applications.h"

/* ---- rows as the filter language sees them ---- */

struct row {
    struct wire_application wire;
    char *words;
    msec now;
};

static const char *row_text(const void *subject, const char *field)
{
    const struct wire_application *row = subject;
    static const char *const names[] = {"id", "name", "subsystem", "contract", "requirement", "health", "hurts", "recovery"};
    const char *const values[] = {row->id, row->name, row->subsystem, row->contract, row->requirement, health_name(row->health),
                                  row->hurts, row->recovery};
    if (strcmp(field, "kind") == 0)
        return "application";
    for (size_t i = 0; i < ARRAY_COUNT(names); i++)
        if (strcmp(field, names[i]) == 0)
            return values[i][0] ? values[i] : NULL;
    return NULL;
}

static bool row_number(const void *subject, const char *field, double *number)
{
    const struct wire_application *row = subject;
    static const char *const names[] = {"checks", "failing", "waiting", "latency_ms", "users", "availability", "availability_30d", "uptime"};
    const double values[] = {row->checks, row->failing, row->waiting, row->latency, row->users, row->availability, row->availability_30d,
                             row->uptime * 1000};
    for (size_t i = 0; i < ARRAY_COUNT(names); i++)
        if (strcmp(field, names[i]) == 0) {
            *number = values[i];
            return !isnan(values[i]);
        }
    if (strcmp(field, "age") != 0 || row->since == CLOCK_NEVER)
        return false;
    *number = (double)(((const struct row *)subject)->now - row->since);
    return true;
}

static bool row_has(const void *subject, const char *field, const char *pattern)
{
    const struct wire_application *row = subject;
    for (unsigned i = 0; strcmp(field, "server") == 0 && i < row->server_count; i++)
        if (text_glob(pattern, row->servers[i]))
            return true;
    return false;
}


static const char *row_words(const void *subject)
{
    return ((const struct row *)subject)->words;
}

static const struct filter_subject_ops row_ops = {.text = row_text, .number = row_number, .has_value = row_has, .words = row_words};

static char *words_of(const struct wire_application *row)
{
    struct buffer words = BUFFER_INIT;
    const char *parts[] = {row->id, row->name, row->subsystem};
    for (size_t i = 0; i < ARRAY_COUNT(parts); i++) {
        text_fold(&words, parts[i], strlen(parts[i]));
        buffer_append_char(&words, ' ');
    }
    return buffer_take(&words);
}

/* ---- order ---- */

static int by_name(const struct row *a, const struct row *b)
{
    return text_compare_natural(a->wire.name, b->wire.name);
}

static int by_health(const struct row *a, const struct row *b)
{
    return health_rank(a->wire.health) - health_rank(b->wire.health);
}

static int numbers(double a, double b)
{
    if (isnan(a) || isnan(b))
        return isnan(b) - isnan(a); /* what is not known comes first, and last when turned round */
    return a < b ? -1 : a > b;
}

#define BY(name, value)                                              \
    static int by_##name(const struct row *a, const struct row *b)   \
    {                                                                \
        return numbers((double)a->wire.value, (double)b->wire.value); \
    }
BY(in_rate, in_rate) BY(out_rate, out_rate) BY(checks, checks) BY(failing, failing) BY(waiting, waiting) BY(latency, latency) BY(users, users)
BY(availability, availability) BY(availability_30d, availability_30d) BY(uptime, uptime) BY(since, since)

#define BY_TEXT(name)                                                        \
    static int by_##name(const struct row *a, const struct row *b)           \
    {                                                                        \
        return text_compare_natural(a->wire.name, b->wire.name);             \
    }
BY_TEXT(id) BY_TEXT(subsystem) BY_TEXT(contract) BY_TEXT(requirement)

static const struct { const char *field; int (*compare)(const struct row *a, const struct row *b); } orders[] = {
    {"health", by_health}, {"name", by_name}, {"id", by_id}, {"subsystem", by_subsystem}, {"contract", by_contract},
    {"requirement", by_requirement}, {"checks", by_checks}, {"failing", by_failing}, {"waiting", by_waiting}, {"latency_ms", by_latency},
    {"users", by_users}, {"in_rate", by_in_rate}, {"out_rate", by_out_rate}, {"availability", by_availability}, {"availability_30d", by_availability_30d}, {"uptime", by_uptime}, {"since", by_since}};

#define ORDERS_MAX 8
struct order { int (*compare)(const struct row *a, const struct row *b); int sign; };

static bool order_read(struct request *request, const char *text, struct order *order, unsigned *count)
{
    for (*count = 0; *text && *count < ORDERS_MAX; (*count)++) {
        int sign = *text == '-' ? -1 : 1;
        text += *text == '-';
        size_t length = strcspn(text, ","), i = 0;
        while (i < ARRAY_COUNT(orders) && (strlen(orders[i].field) != length || strncmp(orders[i].field, text, length) != 0))
            i++;
        if (i == ARRAY_COUNT(orders)) {
            request_refuse(request, 400, ERROR_INVALID, "sort: no field `%.*s`; there are health, name, id, subsystem, contract, requirement, "
                           "checks, failing, waiting, latency_ms, users, in_rate, out_rate, availability, availability_30d, uptime and since", (int)(length < 60 ? length : 60), text);
            return false;
        }
        order[*count] = (struct order){orders[i].compare, sign};
        text += length + (text[length] == ',');
    }
    return true;
}

static int compare_rows(const void *left, const void *right, void *owner)
{
    const struct order *order = owner;
    for (unsigned i = 0; order[i].compare; i++) {
        int difference = order[i].compare(left, right) * order[i].sign;
        if (difference)
            return difference;
    }
    return by_id(left, right);
}

/* ---- the list ---- */

static bool has_applications(struct request *request)
{
    if (request->api->applications || request->api->capsule)
        return true;
    request_refuse(request, 503, ERROR_UNAVAILABLE, "this daemon watches no applications");
    return false;
}

/* In an incident replayed they are what the capsule has of the instant. */
static unsigned population_of(const struct api *api)
{
    unsigned count = 0;
    if (!api->capsule)
        return applications_count(api->applications);
    while (capsule_application_id(api->capsule, count))
        count++;
    return count;
}

static void row_take(struct request *request, unsigned index, const struct applications_past *past, struct arena *arena,
                     struct wire_application *row)
{
    const struct capsule *capsule = request->api->capsule;
    if (capsule)
        *row = capsule_application(capsule, capsule_application_id(capsule, index), request->past ? request->at : request->now)->application;
    else
        applications_wire(applications_at(request->api->applications, index), past, arena, row);
}

static uint64_t revision_of(const struct api *api)
{
    return api->capsule ? 1 : applications_revision(api->applications);
}

static void write_list(struct request *request, const struct row *rows, uint32_t total, uint32_t population, uint32_t offset, uint32_t limit)
{
    struct json_writer writer;
    struct wire_page page = {.total = total, .population = population, .offset = offset};
    request_page(request, &page);
    page.revision = revision_of(request->api);
    json_start(&writer, &request->answer);
    wire_list_begin(&writer, &page);
    for (uint32_t i = offset; i < total && i - offset < limit; i++)
        wire_write_application(&writer, &rows[i].wire);
    wire_list_end(&writer);
    request_finish_json(request);
}

static void list_then(struct request *request, const struct applications_past *past)
{
    struct order order[ORDERS_MAX + 1] = {{0}};
    struct error error;
    uint32_t offset = 0, limit = 1000, total = 0;
    unsigned orders_count, count = population_of(request->api);
    const char *sort = target_get(&request->target, "sort");
    if (!target_count(&request->target, "offset", UINT32_MAX, &offset, &error) || !target_count(&request->target, "limit", 10000, &limit, &error)) {
        request_fail(request, &error);
        return;
    }
    if (!order_read(request, sort ? sort : "-health,since", order, &orders_count))
        return;
    struct filter *filter = filter_parse(target_get(&request->target, "filter"), FILTER_STRICT, request->now, &error);
    if (!filter) {
        request_fail(request, &error);
        return;
    }
    struct arena *arena = arena_new();
    struct row *rows = memory_new_array(count + 1u, sizeof *rows);
    for (unsigned i = 0; i < count; i++) {
        struct row *row = &rows[total];
        row_take(request, i, past, arena, &row->wire);
        row->words = words_of(&row->wire);
        row->now = request->past ? request->at : request->now;
        if (filter_match(filter, &row_ops, row))
            total++;
        else
            free(row->words);
    }
    qsort_r(rows, total, sizeof *rows, compare_rows, order);
    write_list(request, rows, total, count, offset, limit);
    for (uint32_t i = 0; i < total; i++)
        free(rows[i].words);
    free(rows);
    arena_free(&arena);
    filter_free(&filter);
}

/* ---- the past ---- */

typedef void answer_then(struct request *request, const struct applications_past *past);

static void past_came(struct request *request, struct applications_past *past, const struct error *error, answer_then *answer)
{
    if (request_alive(request)) {
        if (error)
            request_fail(request, error);
        else
            answer(request, past);
    }
    applications_past_release(past);
}

static void list_came(void *owner, struct applications_past *past, const struct error *error)
{
    past_came(owner, past, error, list_then);
}

static void list_applications(struct request *request)
{
    if (request->past && !request->api->capsule)
        applications_past_load(request->api->applications, request->past, list_came, request);
    else
        list_then(request, NULL);
}

void get_applications(struct request *request)
{
    if (has_applications(request))
        request_at(request, list_applications);
}

/* ---- one ---- */

static struct application *find(struct request *request)
{
    if (!has_applications(request))
        return NULL;
    struct application *application = applications_find(request->api->applications, request->id);
    if (!application)
        request_refuse(request, 404, ERROR_NOT_FOUND, "no application `%.80s`", request->id);
    return application;
}

static void show_then(struct request *request, const struct applications_past *past)
{
    struct application *application = find(request);
    if (!application)
        return;
    struct arena *arena = arena_new();
    struct wire_application_page page;
    applications_wire_page(application, past, arena, &page);
    request_page(request, &page.page);
    page.page.revision = applications_revision(request->api->applications);
    wire_write_application_page(&request->answer, &page);
    request_finish_json(request);
    arena_free(&arena);
}

static void show_came(void *owner, struct applications_past *past, const struct error *error)
{
    past_came(owner, past, error, show_then);
}

static void show_replayed(struct request *request)
{
    const struct wire_application_page *then = capsule_application(request->api->capsule, request->id,
                                                                   request->past ? request->at : request->now);
    if (!then) {
        request_refuse(request, 404, ERROR_NOT_FOUND, "this incident has no application `%.80s`", request->id);
        return;
    }
    struct wire_application_page page = *then;
    request_page(request, &page.page);
    page.page.revision = revision_of(request->api);
    wire_write_application_page(&request->answer, &page);
    request_finish_json(request);
}

static void show_application(struct request *request)
{
    if (request->api->capsule)
        show_replayed(request);
    else if (request->past)
        applications_past_load(request->api->applications, request->past, show_came, request);
    else
        show_then(request, NULL);
}

void get_application(struct request *request)
{
    if (has_applications(request))
        request_at(request, show_application);
}

/* ---- acting ---- */

void post_application_check(struct request *request)
{
    struct application *application = find(request);
    struct json_object *body = application ? request_json(request) : NULL;
    struct error error;
    if (!body)
        return;
    bool good = applications_check(application, json_get_text(body, "node", ""), &error);
    json_object_put(body);
    if (good)
        show_application(request);
    else
        request_fail(request, &error);
}

static void restarted(void *owner, int exit_code, const char *result, const struct error *error)
{
    struct request *request = request_answered(owner, error);
    struct json_writer writer;
    if (!request)
        return;
    json_start(&writer, &request->answer);
    json_write_object(&writer, NULL);
    json_write_integer(&writer, "exit", exit_code);
    json_write_text(&writer, "result", result);
    json_write_object_end(&writer);
    request_finish_json(request);
}

void post_application_restart(struct request *request)
{
    struct application *application = find(request);
    struct json_object *body = application ? request_json(request) : NULL;
    struct error error;
    if (!body)
        return;
    char *node = memory_text(json_get_text(body, "node", ""));
    json_object_put(body);
    if (!applications_restart(application, node, request->who.name, restarted, request, &error))
        request_fail(request, &error);
    free(node);
}
