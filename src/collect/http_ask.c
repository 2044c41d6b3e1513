#include "collect/http_ask.h"

#include <math.h>
#include <regex.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buffer.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "collect/assertion.h"

#define BODY_LIMIT (1u << 20) /* bytes of an answer that are looked at */
#define ASSERTIONS_MAX 16

struct http_plan {
    char *method, *contains, *equals, *user, *password;
    struct curl_slist *headers;
    struct assertion *json[ASSERTIONS_MAX];
    unsigned json_count;
    regex_t matches;
    bool has_matches;
    struct transfer_way way;
    long status_low, status_high, redirects;
    msec slow;
    double warn_days, critical_days;
};

struct http_ask {
    const struct http_plan *plan;
    struct transfers *transfers;
    CURL *easy;
    struct buffer body;
    msec timeout;
    struct fault_watch watch;
    struct http_verdict verdict;
    http_ask_done *done;
    void *owner;
};

/* ---- configuration ---- */

const char *const http_plan_methods[] = {"GET", "HEAD", "POST", "OPTIONS", NULL};

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

bool http_plan_check_status(const struct config_node *node, const char *text, struct error *error)
{
    (void)node;
    long low, high;
    return parse_status(text, &low, &high) ||
           error_set(error, ERROR_INVALID, "expected a status such as 200, 2xx or 200-299; got `%s`", text);
}

bool http_plan_check_url(const struct config_node *node, const char *text, struct error *error)
{
    (void)node;
    return strncmp(text, "http://", 7) == 0 || strncmp(text, "https://", 8) == 0 ||
           error_set(error, ERROR_INVALID, "expected http:// or https://; got `%s`", text);
}

bool http_plan_check_regex(const struct config_node *node, const char *text, struct error *error)
{
    (void)node;
    regex_t regex;
    char why[160];
    int code = regcomp(&regex, text, REG_EXTENDED | REG_NOSUB | REG_NEWLINE);
    if (code == 0) {
        regfree(&regex);
        return true;
    }
    regerror(code, &regex, why, sizeof why);
    return error_set(error, ERROR_INVALID, "not a regular expression: %s", why);
}

bool http_plan_check_json(const struct config_node *node, const char *text, struct error *error)
{
    (void)node;
    struct assertion *assertion = assertion_parse(text, error);
    bool good = assertion && (assertion_subject(assertion)[0] == '/' ||
                              error_set(error, ERROR_INVALID, "expected a JSON pointer, which begins with /; got `%s`", text));
    assertion_free(&assertion);
    return good;
}

static void json_add(struct http_plan *plan, const char *text)
{
    struct assertion *assertion = plan->json_count < ASSERTIONS_MAX ? assertion_parse(text, NULL) : NULL;
    if (assertion)
        plan->json[plan->json_count++] = assertion;
}

/* Texts of a list, or of one text standing for a list. */
static void each_text(const struct config_node *node, void (*add)(struct http_plan *plan, const char *text), struct http_plan *plan)
{
    if (node && config_scalar(node))
        add(plan, config_scalar(node));
    for (size_t i = 0; node && config_is_list(node) && i < config_count(node); i++)
        add(plan, config_scalar(config_at(node, i)));
}

static void header_add(struct http_plan *plan, const char *text)
{
    if (!strpbrk(text, "\r\n"))
        plan->headers = curl_slist_append(plan->headers, text);
}

struct http_plan *http_plan_new(const struct config_node *node, struct error *error)
{
    struct http_plan *plan = memory_new(sizeof *plan);
    plan->method = memory_text(config_text(node, "method", "GET"));
    plan->contains = memory_text(config_text(node, "contains", NULL));
    plan->equals = memory_text(config_text(node, "equals", NULL));
    plan->slow = config_span(node, "slow", 0);
    plan->redirects = (long)config_integer(node, "redirects", 0);
    plan->warn_days = config_number(node, "certificate_warning_days", 30);
    plan->critical_days = config_number(node, "certificate_critical_days", 7);
    parse_status(config_text(node, "status", "2xx"), &plan->status_low, &plan->status_high);
    const char *matches = config_text(node, "matches", NULL);
    plan->has_matches = matches && regcomp(&plan->matches, matches, REG_EXTENDED | REG_NOSUB | REG_NEWLINE) == 0;
    each_text(config_get(node, "headers"), header_add, plan);
    each_text(config_get(node, "json"), json_add, plan);
    if (!transfer_way_load(&plan->way, node, error))
        http_plan_free(&plan);
    return plan;
}

void http_plan_user(struct http_plan *plan, const char *user, const char *password)
{
    free(plan->user);
    free(plan->password);
    plan->user = memory_text(user);
    plan->password = memory_text(password);
}

void http_plan_free(struct http_plan **slot)
{
    struct http_plan *plan = *slot;
    if (!plan)
        return;
    *slot = NULL;
    for (unsigned i = 0; i < plan->json_count; i++)
        assertion_free(&plan->json[i]);
    if (plan->has_matches)
        regfree(&plan->matches);
    curl_slist_free_all(plan->headers);
    free(plan->method);
    free(plan->contains);
    free(plan->equals);
    free(plan->user);
    secret_free(&plan->password);
    transfer_way_release(&plan->way);
    free(plan);
}

/* ---- judging ---- */

static void worse(struct http_ask *ask, enum health health, const char *format, ...) __attribute__((format(printf, 3, 4)));
static void worse(struct http_ask *ask, enum health health, const char *format, ...)
{
    struct http_verdict *verdict = &ask->verdict;
    char text[sizeof verdict->evidence * 2];
    if (health_rank(health) <= health_rank(verdict->health))
        return;
    verdict->health = health;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    text_clean_into(verdict->evidence, sizeof verdict->evidence, text, strlen(text));
}

static double ms_of(CURL *easy, CURLINFO what)
{
    double seconds = 0;
    curl_easy_getinfo(easy, what, &seconds);
    return seconds > 0 ? seconds * 1000.0 : NAN;
}

static void judge_json(struct http_ask *ask)
{
    const struct http_plan *plan = ask->plan;
    struct error error;
    char why[160];
    struct json_object *document = json_parse(buffer_text(&ask->body), ask->body.length, 0, &error);
    if (!document) {
        worse(ask, HEALTH_CRITICAL, "the answer is not JSON: %.120s", error.text);
        return;
    }
    for (unsigned i = 0; i < plan->json_count; i++)
        if (!assertion_json(plan->json[i], document, why, sizeof why))
            worse(ask, HEALTH_CRITICAL, "%s", why);
    if (plan->equals && plan->json_count) {
        const char *pointer = assertion_subject(plan->json[0]);
        struct json_object *found = json_at(document, pointer);
        const char *text = found ? json_object_get_string(found) : NULL;
        if (text && strcmp(text, plan->equals) != 0)
            worse(ask, HEALTH_CRITICAL, "%.40s is %.60s, not %.60s", pointer, text, plan->equals);
    }
    json_object_put(document);
}

static void judge_status(struct http_ask *ask)
{
    const struct http_plan *plan = ask->plan;
    long status = ask->verdict.status;
    char *where = NULL;
    if (status >= plan->status_low && status <= plan->status_high)
        return;
    curl_easy_getinfo(ask->easy, CURLINFO_REDIRECT_URL, &where);
    if (where)
        worse(ask, HEALTH_CRITICAL, "HTTP %ld, a redirect to %.100s, expected %ld%s", status, where, plan->status_low,
              plan->status_high > plan->status_low ? " " N_("or so") : "");
    else
        worse(ask, HEALTH_CRITICAL, "HTTP %ld, expected %ld%s", status, plan->status_low,
              plan->status_high > plan->status_low ? " " N_("or so") : "");
}

static void judge_body(struct http_ask *ask)
{
    const struct http_plan *plan = ask->plan;
    const char *body = buffer_text(&ask->body);
    size_t length = ask->body.length;
    if (plan->contains && !memmem(body, length, plan->contains, strlen(plan->contains)))
        worse(ask, HEALTH_CRITICAL, "the answer lacks `%.80s`", plan->contains);
    regmatch_t whole = {.rm_so = 0, .rm_eo = (regoff_t)length};
    if (plan->has_matches && regexec(&plan->matches, body, 1, &whole, REG_STARTEND) != 0)
        worse(ask, HEALTH_CRITICAL, "nothing in the answer is as it should be (`matches`)");
    if (plan->json_count)
        judge_json(ask);
}

static void judge_answer(struct http_ask *ask)
{
    const struct http_plan *plan = ask->plan;
    struct http_verdict *verdict = &ask->verdict;
    int length = snprintf(verdict->evidence, sizeof verdict->evidence, "HTTP %ld, %.0f ms", verdict->status, verdict->latency);
    if (ask->watch.certificate.seen)
        snprintf(verdict->evidence + length, sizeof verdict->evidence - (size_t)length, ", " N_("certificate %.0f d"), verdict->certificate_days);
    judge_status(ask);
    judge_body(ask);
    if (plan->slow > 0 && verdict->latency > (double)plan->slow)
        worse(ask, HEALTH_WARNING, "slow: %.0f ms", verdict->latency);
    if (ask->watch.certificate.seen && verdict->certificate_days < 0)
        worse(ask, HEALTH_CRITICAL, "its certificate expired %.1f d ago (%s)", -verdict->certificate_days, ask->watch.certificate.name);
    else if (ask->watch.certificate.seen && verdict->certificate_days < plan->critical_days)
        worse(ask, HEALTH_CRITICAL, "certificate ends in %.1f d", verdict->certificate_days);
    else if (ask->watch.certificate.seen && verdict->certificate_days < plan->warn_days)
        worse(ask, HEALTH_WARNING, "certificate ends in %.1f d", verdict->certificate_days);
}

static void judge(struct http_ask *ask, CURLcode result)
{
    struct http_verdict *verdict = &ask->verdict;
    struct error error;
    bool cut = result == CURLE_WRITE_ERROR && ask->body.length >= BODY_LIMIT;
    curl_easy_getinfo(ask->easy, CURLINFO_RESPONSE_CODE, &verdict->status);
    verdict->health = HEALTH_OK;
    verdict->answered = result == CURLE_OK || cut;
    verdict->latency = ms_of(ask->easy, CURLINFO_TOTAL_TIME);
    verdict->connect = ms_of(ask->easy, CURLINFO_CONNECT_TIME);
    verdict->handshake = ms_of(ask->easy, CURLINFO_APPCONNECT_TIME);
    verdict->first_byte = ms_of(ask->easy, CURLINFO_STARTTRANSFER_TIME);
    verdict->certificate_days = ask->watch.certificate.seen ? ask->watch.certificate.days : NAN;
    verdict->bytes = (double)ask->body.length;
    if (verdict->answered)
        judge_answer(ask);
    else if (result == CURLE_TOO_MANY_REDIRECTS)
        worse(ask, HEALTH_CRITICAL, "more than %ld redirects: it goes in circles, or too far", ask->plan->redirects);
    else if (!fault_transfer(&ask->watch, ask->easy, result, &error))
        worse(ask, HEALTH_CRITICAL, "%s", error.text);
}

/* ---- asking ---- */

static size_t body_arrived(char *bytes, size_t size, size_t count, void *owner)
{
    struct http_ask *ask = owner;
    size_t length = size * count, room = BODY_LIMIT - ask->body.length;
    buffer_append(&ask->body, bytes, length < room ? length : room);
    return length <= room ? length : 0; /* enough was seen */
}

static void ask_free(struct http_ask *ask)
{
    curl_easy_cleanup(ask->easy);
    buffer_release(&ask->body);
    free(ask);
}

static void ask_done(void *owner, CURL *easy, CURLcode result)
{
    struct http_ask *ask = owner;
    (void)easy;
    judge(ask, result);
    struct http_verdict verdict = ask->verdict;
    http_ask_done *done = ask->done;
    void *whose = ask->owner;
    ask_free(ask);
    done(whose, &verdict);
}

struct http_ask *http_ask_start(const struct http_plan *plan, struct transfers *transfers, const char *url, msec timeout,
                                http_ask_done *done, void *owner)
{
    struct http_ask *ask = memory_new(sizeof *ask);
    *ask = (struct http_ask){.plan = plan, .transfers = transfers, .easy = curl_easy_init(), .timeout = timeout, .done = done, .owner = owner};
    CURL *easy = ask->easy;
    transfer_way_set(&plan->way, easy, url, timeout, &ask->watch);
    transfer_sign_in(easy, plan->user, plan->password, NULL);
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, plan->redirects > 0 ? 1L : 0L);
    curl_easy_setopt(easy, CURLOPT_MAXREDIRS, plan->redirects);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)timeout);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)timeout * 2);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, body_arrived);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, ask);
    curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
    curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_SESSIONID_CACHE, 0L); /* a resumed session shows no certificate */
    if (plan->headers)
        curl_easy_setopt(easy, CURLOPT_HTTPHEADER, plan->headers);
    if (strcmp(plan->method, "HEAD") == 0)
        curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    else if (strcmp(plan->method, "GET") != 0)
        curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, plan->method);
    transfer_start(transfers, easy, ask_done, ask);
    return ask;
}

void http_ask_cancel(struct http_ask **slot)
{
    struct http_ask *ask = *slot;
    if (!ask)
        return;
    *slot = NULL;
    transfer_cancel(ask->transfers, ask->easy);
    ask_free(ask);
}
