/* HTTP(S) checks: does a page answer, with the right status, body, JSON value, in time, with a certificate that
 * lasts? One URL for one asset, or a URL template over the assets that a filter selects. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buffer.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/transfer.h"
#include "collect/probe.h"

#define BODY_LIMIT (1u << 20) /* bytes of an answer that are looked at */
#define RUNNING_LIMIT 64

struct http_check {
    struct http *http;
    struct probe_target *target;
    CURL *easy;
    struct buffer body;
    char cause[CURL_ERROR_SIZE];
    struct http_check *next;
};

struct http {
    struct probe probe;
    struct transfers *transfers;
    struct http_check *running;
    unsigned running_count;
    char *url;                   /* with {address} and {id} */
    char *method, *contains, *pointer, *equals, *authority, *user;
    struct curl_slist *headers;
    long status_low, status_high;
    bool verify;
    msec slow;
    double warn_days, critical_days;
};

/* ---- judging an answer ---- */

struct verdict {
    enum health health;
    char evidence[192];
};

static void verdict_worse(struct verdict *verdict, enum health health, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void verdict_worse(struct verdict *verdict, enum health health, const char *format, ...)
{
    if (health_rank(health) <= health_rank(verdict->health))
        return;
    verdict->health = health;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(verdict->evidence, sizeof verdict->evidence, format, arguments);
    va_end(arguments);
}

static void judge_json(const struct http *http, const struct buffer *body, struct verdict *verdict)
{
    struct error error;
    struct json_object *document = json_parse(buffer_text(body), body->length, 0, &error);
    if (!document) {
        verdict_worse(verdict, HEALTH_CRITICAL, "the answer is not JSON: %.120s", error.text);
        return;
    }
    struct json_object *found = json_at(document, http->pointer);
    const char *text = found ? json_object_get_string(found) : NULL;
    if (!text)
        verdict_worse(verdict, HEALTH_CRITICAL, "nothing at %.60s in the answer", http->pointer);
    else if (http->equals && strcmp(text, http->equals) != 0)
        verdict_worse(verdict, HEALTH_CRITICAL, "%.40s is %.60s, not %.60s", http->pointer, text, http->equals);
    json_object_put(document);
}

/* Days until the first certificate of the chain to expire does; false where there is none (plain HTTP). */
static bool certificate_days(CURL *easy, double *days)
{
    struct curl_certinfo *chain = NULL;
    if (curl_easy_getinfo(easy, CURLINFO_CERTINFO, &chain) != CURLE_OK || !chain || chain->num_of_certs == 0)
        return false;
    bool known = false;
    for (int i = 0; i < chain->num_of_certs; i++)
        for (struct curl_slist *line = chain->certinfo[i]; line; line = line->next) {
            if (strncmp(line->data, "Expire date:", 12) != 0)
                continue;
            time_t end = curl_getdate(line->data + 12, NULL);
            double left = difftime(end, (time_t)(clock_wall() / 1000)) / 86400.0;
            if (end > 0 && (!known || left < *days))
                *days = left;
            known = known || end > 0;
        }
    return known;
}

static void judge(struct http_check *check, CURLcode result, struct verdict *verdict)
{
    const struct http *http = check->http;
    long status = 0;
    double seconds = 0, days = 0;
    curl_easy_getinfo(check->easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(check->easy, CURLINFO_TOTAL_TIME, &seconds);
    *verdict = (struct verdict){.health = HEALTH_OK};
    snprintf(verdict->evidence, sizeof verdict->evidence, "HTTP %ld, %.0f ms", status, seconds * 1000.0);
    bool cut = result == CURLE_WRITE_ERROR && check->body.length >= BODY_LIMIT;
    if (result != CURLE_OK && !cut) {
        verdict_worse(verdict, HEALTH_CRITICAL, "%s", check->cause[0] ? check->cause : curl_easy_strerror(result));
        return;
    }
    if (status < http->status_low || status > http->status_high)
        verdict_worse(verdict, HEALTH_CRITICAL, "HTTP %ld, expected %ld%s", status, http->status_low,
                      http->status_high > http->status_low ? " or so" : "");
    if (http->contains && !memmem(buffer_text(&check->body), check->body.length, http->contains, strlen(http->contains)))
        verdict_worse(verdict, HEALTH_CRITICAL, "the answer lacks `%.80s`", http->contains);
    if (http->pointer)
        judge_json(http, &check->body, verdict);
    if (http->slow > 0 && seconds * 1000.0 > (double)http->slow)
        verdict_worse(verdict, HEALTH_WARNING, "slow: %.0f ms", seconds * 1000.0);
    if (certificate_days(check->easy, &days)) {
        if (days < http->critical_days)
            verdict_worse(verdict, HEALTH_CRITICAL, "certificate ends in %.1f d", days);
        else if (days < http->warn_days)
            verdict_worse(verdict, HEALTH_WARNING, "certificate ends in %.1f d", days);
    }
}

/* ---- one check ---- */

static size_t body_arrived(char *bytes, size_t size, size_t count, void *owner)
{
    struct http_check *check = owner;
    size_t length = size * count;
    if (check->body.length + length > BODY_LIMIT)
        return 0; /* enough was seen */
    buffer_append(&check->body, bytes, length);
    return length;
}

static struct probe_target *check_end(struct http_check *check)
{
    struct http *http = check->http;
    struct probe_target *target = check->target;
    struct http_check **link = &http->running;
    while (*link != check)
        link = &(*link)->next;
    *link = check->next;
    http->running_count--;
    buffer_release(&check->body);
    curl_easy_cleanup(check->easy);
    free(check);
    return target;
}

static void check_done(void *owner, CURL *easy, CURLcode result)
{
    struct http_check *check = owner;
    (void)easy;
    struct verdict verdict;
    judge(check, result, &verdict);
    char evidence[sizeof verdict.evidence];
    text_clean_into(evidence, sizeof evidence, verdict.evidence, strlen(verdict.evidence));
    struct probe_target *target = check_end(check);
    struct probe *probe = target->probe;
    struct source *source = probe->source;
    bool answered = result == CURLE_OK || result == CURLE_WRITE_ERROR;
    bool settled = verdict.health == HEALTH_OK || target->failures + 1 >= probe->attempts;
    if (!target->retired && settled)
        source->sink.ops->check(source->sink.owner, source, target->asset, verdict.health, evidence);
    if (verdict.health != HEALTH_CRITICAL)
        probe_up(target, evidence);
    else if (answered)
        probe_wrong(target, evidence); /* it is there: the check says what is wrong, the link stays up */
    else
        probe_failed(target, evidence);
}

static enum probe_sent http_send(struct probe *probe, struct probe_target *target)
{
    struct http *http = probe->owner;
    if (http->running_count >= RUNNING_LIMIT)
        return PROBE_LATER;
    struct http_check *check = memory_new(sizeof *check);
    *check = (struct http_check){.http = http, .target = target, .easy = curl_easy_init(), .next = http->running};
    http->running = check;
    http->running_count++;
    char *url = probe_expand_url(http->url, target);
    CURL *easy = check->easy;
    curl_easy_setopt(easy, CURLOPT_URL, url);
    free(url);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "nocturned/" NOCTURNE_VERSION);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)probe->timeout);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, check->cause);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, body_arrived);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, check);
    curl_easy_setopt(easy, CURLOPT_CERTINFO, 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, http->verify ? 1L : 0L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, http->verify ? 2L : 0L);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    if (http->authority)
        curl_easy_setopt(easy, CURLOPT_CAINFO, http->authority);
    if (http->headers)
        curl_easy_setopt(easy, CURLOPT_HTTPHEADER, http->headers);
    if (strcmp(http->method, "HEAD") == 0)
        curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    else if (strcmp(http->method, "GET") != 0)
        curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, http->method);
    transfer_start(http->transfers, easy, check_done, check);
    return PROBE_SENT;
}

static const struct probe_ops http_probe_ops = {.send = http_send, .resolves = false};

/* ---- the collector ---- */

static bool parse_status(const char *text, long *low, long *high)
{
    char *end;
    *low = *high = strtol(text, &end, 10);
    if (end != text && *end == '-')
        *high = strtol(end + 1, &end, 10);
    else if (strcmp(end, "xx") == 0) { /* 2xx */
        *low *= 100;
        *high = *low + 99;
        end += 2;
    }
    return end != text && *end == '\0' && *low >= 100 && *high <= 599 && *low <= *high;
}

static bool check_status(const struct config_node *node, const char *text, struct error *error)
{
    (void)node;
    long low, high;
    return parse_status(text, &low, &high) ||
           error_set(error, ERROR_INVALID, "expected a status such as 200, 2xx or 200-299; got `%s`", text);
}

static bool check_url(const struct config_node *node, const char *text, struct error *error)
{
    (void)node;
    return strncmp(text, "http://", 7) == 0 || strncmp(text, "https://", 8) == 0 ||
           error_set(error, ERROR_INVALID, "expected http:// or https://, perhaps with {address}, {host} or {id}; got `%s`", text);
}

static char *text_or_null(const struct config_node *node, const char *key)
{
    return memory_text(config_text(node, key, NULL));
}

static bool http_start(struct source *source, const struct config_node *node, struct error *error)
{
    struct http *http = memory_new(sizeof *http);
    source->state = http;
    http->transfers = transfers_new(source->loop, RUNNING_LIMIT);
    http->url = memory_text(config_text(node, "url", ""));
    http->probe.address_optional = !strstr(http->url, "{address}") && !strstr(http->url, "{host}");
    http->method = memory_text(config_text(node, "method", "GET"));
    http->contains = text_or_null(node, "contains");
    http->pointer = text_or_null(node, "json");
    http->equals = text_or_null(node, "equals");
    http->authority = text_or_null(node, "authority");
    http->verify = config_bool(node, "verify", true);
    http->slow = config_span(node, "slow", 0);
    http->warn_days = config_number(node, "certificate_warning_days", 30);
    http->critical_days = config_number(node, "certificate_critical_days", 7);
    parse_status(config_text(node, "status", "2xx"), &http->status_low, &http->status_high);
    const struct config_node *headers = config_get(node, "headers");
    for (size_t i = 0; headers && i < config_count(headers); i++)
        http->headers = curl_slist_append(http->headers, config_scalar(config_at(headers, i)));
    return probe_start(&http->probe, source, &http_probe_ops, http, node, 30 * SPAN_SECOND, error);
}

static void http_ledger_changed(struct source *source)
{
    struct http *http = source->state;
    probe_reselect(&http->probe);
}

static void http_probe_stopped(struct probe *probe)
{
    struct http *http = probe->owner;
    transfers_free(&http->transfers);
    curl_slist_free_all(http->headers);
    free(http->url);
    free(http->method);
    free(http->contains);
    free(http->pointer);
    free(http->equals);
    free(http->authority);
    free(http);
}

static void http_stop(struct source *source)
{
    struct http *http = source->state;
    source->state = NULL;
    http->probe.stopping = true;
    while (http->running) {
        transfer_cancel(http->transfers, http->running->easy);
        probe_dropped(check_end(http->running));
    }
    probe_stop(&http->probe, http_probe_stopped);
}

static const char *const http_methods[] = {"GET", "HEAD", "POST", "OPTIONS", NULL};

static const struct config_key http_keys[] = {
    {.name = "url", .type = CONFIG_TEXT, .required = true, .check = check_url,
     .help = "what to ask for; {address}, {host} (without its port) and {id} stand for the asset's"},
    PROBE_KEYS("30s"),
    {.name = "method", .type = CONFIG_CHOICE, .choices = http_methods, .help = "default GET"},
    {.name = "headers", .type = CONFIG_TEXT_LIST, .help = "request headers, each `Name: value`"},
    {.name = "status", .type = CONFIG_TEXT, .check = check_status, .help = "statuses that are right (default 2xx)"},
    {.name = "contains", .type = CONFIG_TEXT, .help = "bytes that the answer must contain"},
    {.name = "json", .type = CONFIG_TEXT, .help = "JSON pointer that must lead to something, e.g. /status"},
    {.name = "equals", .type = CONFIG_TEXT, .help = "the text that must stand there"},
    {.name = "slow", .type = CONFIG_SPAN, .help = "an answer later than this is a warning"},
    {.name = "verify", .type = CONFIG_BOOL, .help = "check the server's certificate and name (default true)"},
    {.name = "authority", .type = CONFIG_PATH, .help = "PEM file of the authorities to trust (default: the system's)"},
    {.name = "certificate_warning_days", .type = CONFIG_NUMBER, .maximum = 3650, .help = "default 30"},
    {.name = "certificate_critical_days", .type = CONFIG_NUMBER, .maximum = 3650, .help = "default 7"},
    {.name = NULL},
};

const struct collector_ops collector_http = {
    .type = "http",
    .help = "HTTP(S) checks: status, body, JSON value, latency, certificate days",
    .keys = http_keys,
    .start = http_start,
    .ledger_changed = http_ledger_changed,
    .stop = http_stop,
};
