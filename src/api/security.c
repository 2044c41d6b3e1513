/* Security at one place (R361, R362): the layers and measures, one of them with what it is made of, its breaches of a
 * period. */
#include <stdlib.h>
#include <string.h>

#include "api/handlers.h"
#include "api/private.h"
#include "api/security.h"
#include "base/memory.h"
#include "wire/alerts.h"

#define BREACHES_MOST 10000
#define SPAN_USUAL (31 * SPAN_DAY)

static bool has_security(struct request *request)
{
    if (!request->api->security)
        request_refuse(request, 503, ERROR_UNAVAILABLE, "this daemon keeps no security view");
    return request->api->security != NULL;
}

static void site_known(void *owner, const struct wire_security_site *site)
{
    struct request *request = owner;
    if (!request_alive(request) || !site)
        return;
    wire_write_security_site(&request->answer, site);
    request_finish_json(request);
}

void get_security(struct request *request)
{
    if (has_security(request))
        security_ask(request->api->security, site_known, request);
}

/* ---- one row ---- */

static void row_known(void *owner, const struct wire_security_site *site)
{
    struct request *request = owner;
    if (!request_alive(request) || !site)
        return;
    struct wire_security_page page;
    struct arena *arena = arena_new();
    if (security_page(request->api->security, request->id, request->role >= ROLE_SUPERVISOR, arena, &page)) {
        wire_write_security_page(&request->answer, &page);
        request_finish_json(request);
    } else {
        request_refuse(request, 404, ERROR_NOT_FOUND, "no layer, measure or control `%.60s`", request->id);
    }
    arena_free(&arena);
}

void get_security_row(struct request *request)
{
    if (has_security(request))
        security_ask(request->api->security, row_known, request);
}

/* ---- its breaches ---- */

struct breaches {
    unsigned row;
    size_t *starts;          /* of the rows as written */
    struct buffer rows;
    size_t count, start_capacity;
    uint32_t total;          /* seen, of which the newest are kept */
};

static void breaches_free(void *state)
{
    struct breaches *breaches = state;
    buffer_release(&breaches->rows);
    free(breaches->starts);
    free(breaches);
}

/* A bad month has more than anybody reads or a daemon should hold. */
static void drop_older(struct breaches *breaches)
{
    size_t gone = breaches->count - BREACHES_MOST, from = breaches->starts[gone];
    breaches->rows.length -= from;
    memmove(breaches->rows.data, breaches->rows.data + from, breaches->rows.length);
    breaches->count = BREACHES_MOST;
    for (size_t i = 0; i < breaches->count; i++)
        breaches->starts[i] = breaches->starts[i + gone] - from;
}

static void breach_seen(void *owner, const struct wire_alert *alert, const char *closed_by, uint64_t rows)
{
    struct request *request = owner;
    struct breaches *breaches = request->state;
    struct json_writer writer;
    (void)closed_by;
    if (!request->api || !(rows >> breaches->row & 1))
        return;
    breaches->total++;
    if (breaches->count == 2 * BREACHES_MOST)
        drop_older(breaches);
    ARRAY_RESERVE(breaches->starts, breaches->start_capacity, breaches->count + 1);
    breaches->starts[breaches->count++] = breaches->rows.length;
    json_start(&writer, &breaches->rows);
    wire_write_alert(&writer, alert, WIRE_ALERT_WHOLE);
}

static void breaches_known(void *owner, const struct error *error)
{
    struct request *request = request_answered(owner, error);
    if (!request)
        return;
    struct breaches *breaches = request->state;
    struct wire_page page = {.total = breaches->total, .population = breaches->total};
    struct wire_alert_hidden hidden = {0};
    struct json_writer writer;
    request_page(request, &page);
    json_start(&writer, &request->answer);
    wire_alerts_begin(&writer, &page, &hidden);
    for (size_t i = breaches->count; i-- > 0 && breaches->count - i <= BREACHES_MOST;) { /* newest first */
        size_t end = i + 1 < breaches->count ? breaches->starts[i + 1] : breaches->rows.length;
        json_write_raw(&writer, NULL, breaches->rows.data + breaches->starts[i], end - breaches->starts[i]);
    }
    wire_list_end(&writer);
    request_finish_json(request);
}

void get_security_breaches(struct request *request)
{
    msec from, to;
    if (!has_security(request) || !request_span(request, SPAN_USUAL, &from, &to))
        return;
    int row = security_row_find(request->api->security, request->id);
    if (row < 0) {
        request_refuse(request, 404, ERROR_NOT_FOUND, "no layer, measure or control `%.60s`", request->id);
        return;
    }
    struct breaches *breaches = memory_new(sizeof *breaches);
    breaches->row = (unsigned)row;
    request->state = breaches;
    request->release_state = breaches_free;
    security_scan(request->api->security, from, to, breach_seen, breaches_known, request);
}

/* ---- the daemon's tokens, which it counts ---- */

void security_tokens(void *from, security_fact_visit *visit, void *owner)
{
    struct api *api = from;
    for (struct record *record = api->records; record; record = record->next)
        if (strcmp(record->kind, "token") == 0)
            visit(owner, &(struct security_fact){.name = record->id, .detail = json_get_text(record->body, "role", ""), .good = true,
                                                 .view = "", .id = ""});
}
