/* Asks a Prometheus server: each query's series become metrics of the assets that a label names, from now on every
 * interval, and once at the start as far back as `backfill` says, so that charts, trends and capacity have a past that
 * was never collected here. What comes back is stored as any reading; samples that are here already are dropped.
 *
 * Source: Prometheus HTTP API v1, /api/v1/query and /api/v1/query_range (matrix and vector results). */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/transfer.h"
#include "base/transfer_way.h"
#include "collect/http_ask.h"
#include "collect/probe.h"

#define BODY_LIMIT (16u << 20)
#define SAMPLES_AT_ONCE 20000 /* of a past that is asked for in pieces */
#define STEP_MINIMUM (60 * SPAN_SECOND)

struct query {
    char *metric, *text, *label;
    msec oldest, next;           /* of the past: what remains is oldest..next; equal: all is here */
    unsigned series;             /* in the last answer */
};

struct place { UT_hash_handle hh; uint32_t asset; char name[]; }; /* an id, an address or a host to its asset */

struct asking {
    struct source *source;
    struct transfers *transfers;
    uv_timer_t timer;
    bool closing;
    char *url, *select, *user;
    char *password, *token;
    struct secrets secrets;
    struct transfer_way way;
    msec interval, timeout, step;
    struct query *queries;
    unsigned query_count, at;    /* the query under way */
    bool past;                   /* it asks for a piece of the past */
    unsigned wrong;              /* queries of this round that failed */
    struct place *places;
    uint64_t ledger_revision;
    CURL *easy;
    bool running;
    struct buffer body;
    struct fault_watch watch;
};

/* ---- which asset a label means ---- */

static void place_add(struct asking *asking, const char *name, size_t length, uint32_t asset)
{
    struct place *place;
    HASH_FIND(hh, asking->places, name, length, place);
    if (length == 0 || place)
        return; /* the first that bears a name has it */
    place = memory_new(sizeof *place + length + 1);
    memcpy(place->name, name, length);
    place->asset = asset;
    HASH_ADD_KEYPTR(hh, asking->places, place->name, length, place);
}

static void place_target(void *owner, const struct sink_target *target)
{
    char host[256];
    unsigned port;
    place_add(owner, target->id, strlen(target->id), target->asset);
    place_add(owner, target->address, strlen(target->address), target->asset);
    if (probe_parse_address(target->address, host, sizeof host, &port))
        place_add(owner, host, strlen(host), target->asset);
}

static void places_clear(struct asking *asking)
{
    struct place *place, *next;
    HASH_ITER(hh, asking->places, place, next) {
        HASH_DEL(asking->places, place);
        free(place);
    }
}

static void places_fill(struct asking *asking)
{
    struct sink *sink = &asking->source->sink;
    uint64_t revision = sink->ops->ledger_revision(sink->owner);
    if (asking->places && revision == asking->ledger_revision)
        return;
    struct error error;
    places_clear(asking);
    asking->ledger_revision = revision;
    sink->ops->targets(sink->owner, asking->select, place_target, asking, &error);
}

/* The asset of `instance="10.0.0.7:9100"`: as it stands, or without its port. */
static uint32_t place_find(const struct asking *asking, const char *label)
{
    struct place *place;
    HASH_FIND_STR(asking->places, label, place);
    char host[256];
    unsigned port;
    if (!place && probe_parse_address(label, host, sizeof host, &port))
        HASH_FIND_STR(asking->places, host, place);
    return place ? place->asset : SINK_NONE;
}

/* ---- an answer ---- */

static bool sample_of(struct json_object *pair, msec *time, double *value)
{
    if (!json_object_is_type(pair, json_type_array) || json_object_array_length(pair) != 2)
        return false;
    double seconds = json_object_get_double(json_object_array_get_idx(pair, 0));
    const char *text = json_object_get_string(json_object_array_get_idx(pair, 1));
    if (!isfinite(seconds) || fabs(seconds) > 1e12 || !text || !text_number(text, value))
        return false; /* NaN and infinity are no readings */
    *time = (msec)(seconds * 1000);
    return true;
}

static void take_sample(struct asking *asking, uint32_t asset, uint32_t metric, struct json_object *pair)
{
    struct source *source = asking->source;
    struct sink *sink = &source->sink;
    struct sink_value value = {.metric = metric};
    msec time;
    if (!sample_of(pair, &time, &value.value))
        return;
    source->readings++;
    if (asking->past)
        sink->ops->kept(sink->owner, source, asset, SINK_NONE, time, &value, 1, NULL, 0);
    else
        sink->ops->message(sink->owner, source, asset, SINK_NONE, time, &value, 1, NULL, 0);
}

static void take_series(struct asking *asking, struct json_object *series)
{
    const struct query *query = &asking->queries[asking->at];
    struct source *source = asking->source;
    const char *label = json_get_text(json_get(series, "metric"), query->label, "");
    uint32_t asset = place_find(asking, label);
    if (asset == SINK_NONE) {
        source_bad(source, label, strlen(label), "%.40s: no asset of that %.20s", query->metric, query->label);
        return;
    }
    uint32_t metric = source->sink.ops->metric(source->sink.owner, query->metric, strlen(query->metric));
    struct json_object *values = json_get(series, "values"), *value = json_get(series, "value");
    size_t count = values && json_object_is_type(values, json_type_array) ? json_object_array_length(values) : 0;
    for (size_t i = 0; i < count; i++)
        take_sample(asking, asset, metric, json_object_array_get_idx(values, i));
    if (value)
        take_sample(asking, asset, metric, value);
}

/* False with what is wrong. */
static bool take_answer(struct asking *asking, CURLcode result, struct error *error)
{
    long status = 0;
    const char *said;
    curl_easy_getinfo(asking->easy, CURLINFO_RESPONSE_CODE, &status);
    if (asking->body.length >= BODY_LIMIT)
        return error_set(error, ERROR_FULL, "the answer is longer than %u MiB", BODY_LIMIT >> 20);
    if (result != CURLE_OK)
        return fault_transfer(&asking->watch, asking->easy, result, error);
    struct json_object *answer = json_parse(buffer_text(&asking->body), asking->body.length, 0, error);
    if (status != 200 && !(answer && json_get_text(answer, "error", NULL))) {
        json_object_put(answer);
        return fault_status(asking->easy, NULL, 0, error);
    }
    if (!answer)
        return error_set(error, ERROR_UNAVAILABLE, "the answer is not Prometheus': not JSON");
    struct json_object *list = json_get(json_get(answer, "data"), "result");
    bool good = strcmp(json_get_text(answer, "status", ""), "success") == 0 && json_object_is_type(list, json_type_array);
    if (good) {
        asking->queries[asking->at].series = (unsigned)json_object_array_length(list);
        for (size_t i = 0; i < json_object_array_length(list); i++)
            take_series(asking, json_object_array_get_idx(list, i));
    } else {
        said = json_get_text(answer, "error", NULL);
        error_set(error, ERROR_INVALID, "%.200s", said ? said : N_("the answer is not Prometheus': it has no result"));
    }
    json_object_put(answer);
    return good;
}

/* ---- asking ---- */

static void ask_next(struct asking *asking);
static void round_begin(uv_timer_t *timer);

static void asking_closed(uv_handle_t *handle)
{
    struct asking *asking = handle->data;
    free(asking);
}

static void round_end(struct asking *asking)
{
    struct source *source = asking->source;
    unsigned left = 0;
    for (unsigned i = 0; i < asking->query_count; i++)
        left += asking->queries[i].next > asking->queries[i].oldest;
    if (asking->wrong == 0)
        source_status(source, SOURCE_RUNNING,
                      left ? COUNTED(asking->query_count, N_("%u query; the past of %u is still being fetched"),
                                     N_("%u queries; the past of %u is still being fetched"))
                           : COUNTED(asking->query_count, N_("%u query"), N_("%u queries")),
                      asking->query_count, left);
    uv_timer_start(&asking->timer, round_begin, (uint64_t)(left ? 200 : asking->interval), 0);
}

static size_t answer_arrived(char *bytes, size_t size, size_t count, void *owner)
{
    struct asking *asking = owner;
    if (asking->body.length + size * count > BODY_LIMIT) {
        asking->body.length = BODY_LIMIT;
        return 0;
    }
    buffer_append(&asking->body, bytes, size * count);
    return size * count;
}

static void asked(void *owner, CURL *easy, CURLcode result)
{
    struct asking *asking = owner;
    struct source *source = asking->source;
    struct query *query = &asking->queries[asking->at];
    struct error error = {0};
    asking->running = false;
    source->checks++;
    source->bytes += asking->body.length;
    if (take_answer(asking, result, &error)) {
        source->messages++;
        source->last_heard = clock_wall();
    } else {
        char why[240], address[160];
        fault_transfer_address(easy, address, sizeof address);
        secrets_redact(&asking->secrets, error.text, strlen(error.text), why, sizeof why);
        source->failures++;
        asking->wrong++;
        if (result != CURLE_OK)
            source_status(source, SOURCE_DOWN, "asking %s: %s", address, why);
        else
            source_status(source, SOURCE_TROUBLED, "asking %s for %.40s: %s", address, query->metric, why);
        if (asking->past)
            query->next = query->oldest; /* not asked for again: a past that cannot be had must not be tried for ever */
    }
    buffer_release(&asking->body);
    if (asking->past) {
        asking->past = false;
        asking->at++;
    } else if (query->next > query->oldest && asking->wrong == 0) {
        asking->past = true;
    } else {
        asking->at++;
    }
    ask_next(asking);
}

/* The piece of the past that is asked for next, newest first, on the grid of the step. */
static void past_piece(struct asking *asking, struct query *query, struct buffer *form)
{
    unsigned series = query->series ? query->series : 1;
    msec points = SAMPLES_AT_ONCE / series < 10 ? 10 : SAMPLES_AT_ONCE / series;
    msec to = query->next / asking->step * asking->step, from = to - points * asking->step;
    if (from <= query->oldest)
        from = query->oldest / asking->step * asking->step;
    query->next = from > query->oldest ? from : query->oldest;
    buffer_printf(form, "&start=%lld&end=%lld&step=%lld", (long long)(from / 1000), (long long)(to / 1000), (long long)(asking->step / 1000));
}

static void ask_next(struct asking *asking)
{
    if (asking->at >= asking->query_count) {
        round_end(asking);
        return;
    }
    struct query *query = &asking->queries[asking->at];
    struct buffer form = BUFFER_INIT;
    char *escaped = curl_easy_escape(asking->easy, query->text, 0);
    buffer_printf(&form, "query=%s", escaped);
    curl_free(escaped);
    if (asking->past)
        past_piece(asking, query, &form);
    char *url = memory_printf("%s/api/v1/%s", asking->url, asking->past ? "query_range" : "query");
    CURL *easy = asking->easy;
    transfer_way_set(&asking->way, easy, url, asking->timeout, &asking->watch);
    transfer_sign_in(easy, asking->user, asking->password, asking->token);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, answer_arrived);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, asking);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)form.length);
    curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, buffer_text(&form));
    free(url);
    buffer_release(&form);
    asking->running = true;
    transfer_start(asking->transfers, easy, asked, asking);
}

static void round_begin(uv_timer_t *timer)
{
    struct asking *asking = timer->data;
    asking->at = 0;
    asking->wrong = 0;
    asking->past = false;
    places_fill(asking);
    ask_next(asking);
}

/* ---- the collector ---- */

static void queries_read(struct asking *asking, const struct config_node *node)
{
    const struct config_node *list = config_get(node, "queries");
    msec now = clock_wall(), backfill = config_span(node, "backfill", 0);
    asking->queries = memory_new_array(config_count(list) + 1, sizeof *asking->queries);
    for (size_t i = 0; i < config_count(list); i++) {
        const struct config_node *entry = config_at(list, i);
        asking->queries[asking->query_count++] = (struct query){
            .metric = memory_text(config_text(entry, "metric", "")), .text = memory_text(config_text(entry, "query", "")),
            .label = memory_text(config_text(entry, "label", "instance")), .oldest = now - backfill, .next = now};
    }
}

static bool query_start(struct source *source, const struct config_node *node, struct error *error)
{
    struct asking *asking = memory_new(sizeof *asking);
    struct config_problems problems;
    source->state = asking;
    asking->source = source;
    asking->timer.data = asking;
    uv_timer_init(source->loop, &asking->timer);
    asking->transfers = transfers_new(source->loop, 2);
    asking->url = memory_text(config_text(node, "url", ""));
    for (size_t length = strlen(asking->url); length > 0 && asking->url[length - 1] == '/'; length--)
        asking->url[length - 1] = '\0';
    asking->select = memory_text(config_text(node, "select", "kind:server"));
    asking->user = memory_text(config_text(node, "user", NULL));
    asking->interval = config_span(node, "interval", 30 * SPAN_SECOND);
    asking->timeout = config_span(node, "timeout", 10 * SPAN_SECOND);
    asking->step = asking->interval > STEP_MINIMUM ? asking->interval : STEP_MINIMUM;
    config_problems_init(&problems);
    asking->password = secret_load(&asking->secrets, node, "password", asking->user != NULL, &problems);
    asking->token = secret_load(&asking->secrets, node, "token", false, &problems);
    transfer_way_read(&asking->way, node, &asking->secrets, &problems);
    bool good = problems.count == 0;
    if (!good)
        error_set(error, ERROR_INVALID, "%s", buffer_text(&problems.text));
    config_problems_release(&problems);
    queries_read(asking, node);
    asking->easy = curl_easy_init();
    if (good)
        uv_timer_start(&asking->timer, round_begin, 0, 0);
    return good;
}

static void query_stop(struct source *source)
{
    struct asking *asking = source->state;
    source->state = NULL;
    if (asking->running)
        transfer_cancel(asking->transfers, asking->easy);
    transfers_free(&asking->transfers);
    curl_easy_cleanup(asking->easy);
    for (unsigned i = 0; i < asking->query_count; i++) {
        free(asking->queries[i].metric);
        free(asking->queries[i].text);
        free(asking->queries[i].label);
    }
    places_clear(asking);
    buffer_release(&asking->body);
    free(asking->url);
    free(asking->select);
    free(asking->user);
    secret_free(&asking->password);
    secret_free(&asking->token);
    free(asking->queries);
    transfer_way_release(&asking->way);
    secrets_release(&asking->secrets);
    uv_close((uv_handle_t *)&asking->timer, asking_closed);
}

static void query_validate(const struct config_node *node, struct config_problems *problems)
{
    struct secrets secrets = {0};
    free(secret_load(&secrets, node, "password", config_text(node, "user", NULL) != NULL, problems));
    free(secret_load(&secrets, node, "token", false, problems));
    secrets_release(&secrets);
    transfer_way_validate(node, problems);
}

static const struct config_key query_keys[] = {
    {.name = "metric", .type = CONFIG_TEXT, .required = true, .help = "its name here, as in cpu_percent"},
    {.name = "query", .type = CONFIG_TEXT, .required = true, .help = "in PromQL; one series for each asset"},
    {.name = "label", .type = CONFIG_TEXT, .help = "that names the asset by id, address or host (default instance)"},
    {.name = NULL},
};

static const struct config_key keys[] = {
    {.name = "url", .type = CONFIG_TEXT, .required = true, .check = http_plan_check_url, .help = "of the Prometheus server"},
    {.name = "queries", .type = CONFIG_LIST, .keys = query_keys, .required = true, .help = "what to ask"},
    {.name = "select", .type = CONFIG_FILTER, .check = filter_check, .help = "assets that labels may name (default kind:server)"},
    {.name = "interval", .type = CONFIG_SPAN, .minimum = 1000, .maximum = 24.0 * 3600e3, .help = "from one round to the next (default 30s)"},
    {.name = "timeout", .type = CONFIG_SPAN, .minimum = 100, .maximum = 300e3, .help = "wait for an answer (default 10s)"},
    {.name = "backfill", .type = CONFIG_SPAN, .maximum = 400.0 * SPAN_DAY, .help = "fetch this much of the past once (default 0)"},
    {.name = "user", .type = CONFIG_TEXT, .help = "to sign in with"},
    {.name = "password", .type = CONFIG_ANY, .help = "its password: {file: PATH}, {env: NAME} or {credential: NAME}"},
    {.name = "token", .type = CONFIG_ANY, .help = "a bearer token, given in the same way"},
    TRANSFER_WAY_KEYS,
    {.name = NULL},
};

const struct collector_ops collector_prometheus_query = {
    .type = "prometheus-query",
    .help = "asks a Prometheus server, for now and for the past",
    .keys = keys,
    .protection = protection_by_url,
    .validate = query_validate,
    .start = query_start,
    .stop = query_stop,
};
