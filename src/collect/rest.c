/* Platforms that are asked rather than told: a REST API's readings, one question for all assets or one for each, by pages,
 * signed in by token, password or a login whose token is had again before or when it ends (R037, R207). What the answers
 * mean is the format's to say (collect/format.h), as with every payload.
 *
 * One request at a time: a platform that serves people is not to feel that it is watched. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "base/transfer.h"
#include "collect/collector.h"
#include "collect/feed.h"
#include "collect/rest_plan.h"

#define ANSWER_MAX ((size_t)32 << 20)   /* bytes of one page */
#define RETRY_FIRST (5 * SPAN_SECOND)
#define RETRY_AFTER_MAX (3600L)         /* seconds; a platform may ask for less trouble, not for none */

struct asked_asset { char *id, *address; };

enum step { STEP_LOGIN, STEP_REFRESH, STEP_ASK };

struct rest {
    struct source *source;
    struct rest_plan plan;
    struct format *format;
    struct feed *feed;
    struct transfers *transfers;
    uv_timer_t timer;
    CURL *easy;
    struct curl_slist *headers;         /* of the request under way */
    struct fault_watch watch;
    struct buffer answer;
    bool running, too_long;

    enum step step;
    struct rest_session session;
    bool fresh;                         /* the session is of this round: a refusal is not for its age */
    struct rest_position position;
    struct scan scan;                   /* of a page, for what it says of the next */
    struct asked_asset *assets;         /* of this round; NULL: one question for all */
    size_t asset_count, asset_capacity, asset_at;

    unsigned attempt;                   /* rounds that failed in a row */
    msec began;                         /* of the round, steady */
    msec since, now;                    /* wall: what is asked for */
    msec last_good;                     /* wall: the beginning of the last good round; CLOCK_NEVER */
    unsigned pages, refused;            /* of the round */
    uint64_t readings_before, bad_before;
};

static void round_begin(uv_timer_t *timer);
static void ask(struct rest *rest);

/* ---- the end of a round ---- */

static void assets_clear(struct rest *rest)
{
    for (size_t i = 0; i < rest->asset_count; i++) {
        free(rest->assets[i].id);
        free(rest->assets[i].address);
    }
    free(rest->assets);
    rest->assets = NULL;
    rest->asset_count = rest->asset_capacity = rest->asset_at = 0;
}

static void round_end(struct rest *rest, msec pause)
{
    assets_clear(rest);
    rest_position_release(&rest->position);
    buffer_release(&rest->answer);
    uv_timer_start(&rest->timer, round_begin, pause > 0 ? (uint64_t)pause : 1, 0);
}

/* `pause`: what the platform asked for; 0: nothing. */
static void round_failed(struct rest *rest, enum source_state state, const char *what, msec pause)
{
    char shown[256], address[160], span[SPAN_TEXT];
    msec delay = RETRY_FIRST;
    for (unsigned i = 0; i < rest->attempt && delay < rest->plan.interval; i++)
        delay *= 2;
    delay = delay < rest->plan.interval ? delay : rest->plan.interval;
    delay = pause > delay ? pause : delay;
    rest->attempt++;
    rest->source->failures++;
    secrets_redact(&rest->plan.secrets, what, strlen(what), shown, sizeof shown);
    fault_transfer_address(rest->easy, address, sizeof address);
    source_status(rest->source, state, rest->step == STEP_ASK ? N_("asking %s: %s; next try in %s")
                                                              : N_("signing in at %s: %s; next try in %s"),
                  address, shown, span_format(span, delay));
    round_end(rest, delay);
}

/* "12 readings from 3 answers in 40ms", and what is odd about it. */
static void say_taken(const struct rest *rest, unsigned long long readings, msec took, struct buffer *out)
{
    char span[SPAN_TEXT];
    buffer_printf(out,
                  COUNTED(readings, COUNTED(rest->pages, N_("%llu reading from %u answer in %s"), N_("%llu reading from %u answers in %s")),
                          COUNTED(rest->pages, N_("%llu readings from %u answer in %s"),
                                  N_("%llu readings from %u answers in %s"))),
                  readings, rest->pages, span_format(span, took));
    if (rest->refused) {
        buffer_append_text(out, "; ");
        buffer_printf(out,
                      COUNTED(rest->refused, N_("%u asset is unknown there"),
                              N_("%u assets are unknown there")), rest->refused);
    }
    if (took > rest->plan.interval)
        buffer_append_text(out, "; " N_("that took longer than the interval"));
}

static void round_done(struct rest *rest)
{
    struct source *source = rest->source;
    struct buffer text = BUFFER_INIT;
    unsigned long long readings = source->readings - rest->readings_before;
    msec took = clock_steady() - rest->began;
    bool nothing = readings == 0 && (rest->refused > 0 || source->bad > rest->bad_before);
    rest->attempt = 0;
    rest->last_good = rest->now;
    say_taken(rest, readings, took, &text);
    if (nothing)
        source_status(source, SOURCE_TROUBLED,
                      COUNTED(rest->pages, N_("no readings in %u answer: see the examples of what could not be used"),
                              N_("no readings in %u answers: see the examples of what could not be used")), rest->pages);
    else
        source_status(source, took > rest->plan.interval ? SOURCE_TROUBLED : SOURCE_RUNNING, "%s", buffer_text(&text));
    buffer_release(&text);
    round_end(rest, rest->plan.interval - took);
}

/* ---- a request ---- */

static size_t answer_arrived(char *bytes, size_t size, size_t count, void *owner)
{
    struct rest *rest = owner;
    size_t length = size * count;
    rest->too_long = rest->answer.length + length > ANSWER_MAX;
    if (rest->too_long)
        return 0;
    buffer_append(&rest->answer, bytes, length);
    return length;
}

static void header_add(struct rest *rest, const struct rest_values *values, const char *template)
{
    struct buffer line = BUFFER_INIT;
    rest_fill(&rest->plan, values, template, REST_PLAIN, &line);
    if (!strpbrk(buffer_text(&line), "\r\n"))
        rest->headers = curl_slist_append(rest->headers, buffer_text(&line));
    explicit_bzero(line.data, line.length);
    buffer_release(&line);
}

static void headers_set(struct rest *rest, const struct rest_request *request, const struct rest_values *values)
{
    curl_slist_free_all(rest->headers);
    rest->headers = curl_slist_append(NULL, "Accept: application/json");
    if (request->body)
        rest->headers = curl_slist_append(rest->headers, request->json ? "Content-Type: application/json"
                                                                       : "Content-Type: application/x-www-form-urlencoded");
    for (unsigned i = 0; i < request->header_count; i++)
        header_add(rest, values, request->headers[i]);
    if (rest->step == STEP_ASK && values->token)
        header_add(rest, values, rest->plan.token_header);
}

static void answered(void *owner, CURL *easy, CURLcode result);

static void request_send(struct rest *rest, const struct rest_request *request, const char *url, const struct rest_values *values)
{
    const struct rest_plan *plan = &rest->plan;
    CURL *easy = rest->easy;
    curl_easy_reset(easy);
    buffer_clear(&rest->answer);
    rest->too_long = false;
    headers_set(rest, request, values);
    transfer_way_set(&plan->way, easy, url, plan->timeout, &rest->watch);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, answer_arrived);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, rest);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, rest->headers);
    if (!plan->login.given)
        transfer_sign_in(easy, plan->user, plan->password, NULL);
    if (request->body) {
        struct buffer body = BUFFER_INIT;
        rest_fill(plan, values, request->body, request->json ? REST_JSON : REST_URL, &body);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)body.length);
        curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, buffer_text(&body));
        if (body.length)
            explicit_bzero(body.data, body.length);
        buffer_release(&body);
    }
    rest->running = true;
    transfer_start(rest->transfers, easy, answered, rest);
}

/* The next request that is due: a token first, where one is needed and none is there. */
static void ask(struct rest *rest)
{
    struct rest_plan *plan = &rest->plan;
    bool over = rest->session.ends && clock_steady() >= rest->session.ends;
    if (plan->login.given && (!rest->session.token || over))
        rest->step = plan->login.refresh.url && rest->session.refresh ? STEP_REFRESH : STEP_LOGIN;
    else
        rest->step = STEP_ASK;
    const struct rest_request *request = rest->step == STEP_LOGIN ? &plan->login.ask : rest->step == STEP_REFRESH ? &plan->login.refresh
                                                                                                                  : &plan->ask;
    const struct asked_asset *asset = rest->assets ? &rest->assets[rest->asset_at] : NULL;
    const struct rest_values values = {
        .page = rest->position.page, .offset = rest->position.offset, .size = plan->pages.size, .cursor = rest->position.cursor,
        .id = asset ? asset->id : NULL, .address = asset ? asset->address : NULL, .token = plan->token ? plan->token : rest->session.token,
        .refresh = rest->session.refresh, .since = rest->since, .now = rest->now,
    };
    struct buffer url = BUFFER_INIT;
    if (rest->step == STEP_ASK && rest->position.url)
        buffer_append_text(&url, rest->position.url);
    else
        rest_fill(plan, &values, request->url, REST_URL, &url);
    request_send(rest, request, buffer_text(&url), &values);
    buffer_release(&url);
}

/* ---- an answer ---- */

static void token_answered(struct rest *rest, long status)
{
    struct error error;
    if (status / 100 == 2 && rest_session_read(&rest->session, &rest->plan, buffer_text(&rest->answer), rest->answer.length,
                                               clock_steady(), &error)) {
        rest->fresh = true;
        ask(rest);
        return;
    }
    if (rest->step == STEP_REFRESH) { /* its time is over, too */
        rest_session_release(&rest->session);
        ask(rest);
        return;
    }
    if (status / 100 != 2)
        fault_status(rest->easy, buffer_text(&rest->answer), rest->answer.length, &error);
    round_failed(rest, SOURCE_DOWN, error.text, 0);
}

static void decode(struct rest *rest)
{
    struct source *source = rest->source;
    const struct asked_asset *asset = rest->assets ? &rest->assets[rest->asset_at] : NULL;
    const struct format_input input = {.payload = buffer_text(&rest->answer), .payload_length = rest->answer.length,
                                       .asset = asset ? asset->id : NULL, .asset_length = asset ? strlen(asset->id) : 0};
    source->messages++;
    source->last_heard = clock_wall();
    rest->pages++;
    feed_begin(rest->feed);
    feed_payload(rest->feed, rest->format, &input);
}

static void asset_next(struct rest *rest)
{
    if (!rest->assets || ++rest->asset_at >= rest->asset_count) {
        round_done(rest);
        return;
    }
    rest_position_begin(&rest->position, &rest->plan);
    ask(rest);
}

static void page_answered(struct rest *rest)
{
    char *asked = NULL;
    struct error error;
    decode(rest);
    curl_easy_getinfo(rest->easy, CURLINFO_EFFECTIVE_URL, &asked);
    switch (rest_position_advance(&rest->position, &rest->plan, &rest->scan, asked ? asked : "", buffer_text(&rest->answer),
                                  rest->answer.length, &error)) {
    case REST_NEXT:
        ask(rest);
        return;
    case REST_DONE:
        asset_next(rest);
        return;
    case REST_WRONG:
        round_failed(rest, SOURCE_TROUBLED, error.text, 0);
    }
}

static void refused(struct rest *rest, long status)
{
    struct error error;
    curl_off_t after = 0;
    if (status == 401 && rest->plan.login.given && !rest->fresh) { /* the token's time is over: another one, once */
        secret_free(&rest->session.token);
        ask(rest);
        return;
    }
    fault_status(rest->easy, buffer_text(&rest->answer), rest->answer.length, &error);
    if (rest->assets && (status == 400 || status == 404)) { /* this one is not known there; the others are asked for */
        const char *id = rest->assets[rest->asset_at].id;
        source_bad(rest->source, id, strlen(id), "%.80s", error.text);
        rest->refused++;
        asset_next(rest);
        return;
    }
    curl_easy_getinfo(rest->easy, CURLINFO_RETRY_AFTER, &after);
    after = after < RETRY_AFTER_MAX ? after : RETRY_AFTER_MAX;
    round_failed(rest, SOURCE_TROUBLED, error.text, (msec)after * SPAN_SECOND);
}

static void answered(void *owner, CURL *easy, CURLcode result)
{
    struct rest *rest = owner;
    struct source *source = rest->source;
    struct error error;
    long status = 0;
    rest->running = false;
    source->checks++;
    source->bytes += rest->answer.length;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    if (rest->too_long) {
        round_failed(rest, SOURCE_TROUBLED, N_("the answer is longer than 32 MiB: ask for smaller pages"), 0);
    } else if (result != CURLE_OK) {
        fault_transfer(&rest->watch, easy, result, &error);
        round_failed(rest, SOURCE_DOWN, error.text, 0);
    } else if (rest->step != STEP_ASK) {
        token_answered(rest, status);
    } else if (status / 100 == 2) {
        page_answered(rest);
    } else {
        refused(rest, status);
    }
}

/* ---- a round ---- */

static void asset_add(void *visitor, const struct sink_target *target)
{
    struct rest *rest = visitor;
    ARRAY_RESERVE(rest->assets, rest->asset_capacity, rest->asset_count + 1);
    rest->assets[rest->asset_count++] = (struct asked_asset){memory_text(target->id), memory_text(target->address)};
}

static void round_begin(uv_timer_t *timer)
{
    struct rest *rest = timer->data;
    struct source *source = rest->source;
    const struct rest_plan *plan = &rest->plan;
    struct error error;
    rest->began = clock_steady();
    rest->now = clock_wall();
    rest->since = rest->last_good == CLOCK_NEVER ? rest->now - plan->history : rest->last_good - plan->overlap;
    rest->pages = rest->refused = 0;
    rest->fresh = false;
    rest->readings_before = source->readings;
    rest->bad_before = source->bad;
    rest_position_begin(&rest->position, plan);
    if (plan->select) {
        assets_clear(rest);
        bool good = source->sink.ops->targets(source->sink.owner, plan->select, asset_add, rest, &error);
        source->targets = (unsigned)rest->asset_count;
        if (!good || !rest->asset_count) {
            if (good)
                source_status(source, SOURCE_RUNNING, "no asset matches");
            else
                source_status(source, SOURCE_TROUBLED, "%s", error.text);
            round_end(rest, plan->interval);
            return;
        }
    }
    ask(rest);
}

/* ---- the collector ---- */

static void rest_closed(uv_handle_t *handle)
{
    struct rest *rest = handle->data;
    assets_clear(rest);
    rest_position_release(&rest->position);
    rest_session_release(&rest->session);
    scan_release(&rest->scan);
    buffer_release(&rest->answer);
    curl_slist_free_all(rest->headers);
    curl_easy_cleanup(rest->easy);
    feed_free(&rest->feed);
    format_free(&rest->format);
    rest_plan_release(&rest->plan);
    free(rest);
}

static bool rest_start(struct source *source, const struct config_node *node, struct error *error)
{
    struct rest *rest = memory_new(sizeof *rest);
    if (!rest_plan_load(&rest->plan, node, error) || !(rest->format = format_new(node, error))) {
        rest_plan_release(&rest->plan);
        free(rest);
        return false;
    }
    rest->source = source;
    rest->feed = feed_new(source);
    feed_of_answers(rest->feed, 2 * rest->plan.interval);
    rest->transfers = transfers_new(source->loop, 1);
    rest->easy = curl_easy_init();
    rest->last_good = CLOCK_NEVER;
    scan_init(&rest->scan);
    uv_timer_init(source->loop, &rest->timer);
    rest->timer.data = rest;
    source->state = rest;
    source_status(source, SOURCE_STARTING, "asking");
    uv_timer_start(&rest->timer, round_begin, 1, 0);
    return true;
}

static void rest_stop(struct source *source)
{
    struct rest *rest = source->state;
    source->state = NULL;
    if (rest->running)
        transfer_cancel(rest->transfers, rest->easy);
    transfers_free(&rest->transfers);
    uv_close((uv_handle_t *)&rest->timer, rest_closed);
    source_status(source, SOURCE_STOPPED, "stopped");
}

const struct collector_ops collector_rest = {
    .type = "rest",
    .help = "asks a platform's REST API: logins, pages, one question for all assets or one for each",
    .keys = rest_keys,
    .protection = protection_by_url,
    .validate = rest_validate,
    .start = rest_start,
    .stop = rest_stop,
};
