#include "collect/check.h"

#include <arpa/inet.h>
#include <math.h>
#include <netdb.h>
#include <stdarg.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "collect/assertion.h"
#include "collect/check_private.h"
#include "base/fault.h"
#include "collect/probe.h"

#define CHECK(name) extern const struct check_ops check_##name;
#include "collect/checks.def"
#undef CHECK

static const struct check_ops *const kinds[] = {
#define CHECK(name) &check_##name,
#include "collect/checks.def"
#undef CHECK
    NULL,
};

const struct check_ops *const *check_all(void)
{
    return kinds;
}

const struct check_ops *check_find(const char *type)
{
    for (const struct check_ops *const *ops = kinds; *ops; ops++)
        if (strcmp((*ops)->type, type) == 0)
            return *ops;
    return NULL;
}

/* ---- configuration ---- */

static bool check_name(const struct config_node *node, const char *text, struct error *error)
{
    (void)node;
    bool good = *text && strlen(text) < 40;
    for (const char *at = text; *at; at++)
        good = good && (unsigned char)*at > ' ' && !strchr("/\\.\"'", *at);
    return good || error_set(error, ERROR_INVALID, "expected a short name without blanks, dots, slashes and quotes; got `%s`", text);
}

static bool check_limit(const struct config_node *node, const char *text, struct error *error)
{
    (void)node;
    struct assertion *assertion = assertion_parse(text, error);
    bool good = assertion && (assertion_is_number(assertion) ||
                              error_set(error, ERROR_INVALID, "expected FIGURE and a number, such as `latency_ms > 500`; got `%s`", text));
    assertion_free(&assertion);
    return good;
}

const struct config_key check_keys[] = {
    {.name = "name", .type = CONFIG_TEXT, .required = true, .check = check_name, .help = "short, unique in the application; its figures are stored as NAME.FIGURE"},
    {.name = "type", .type = CONFIG_TEXT, .required = true, .help = "http, tcp, unit, ..."},
    {.name = "title", .type = CONFIG_TEXT, .help = "for people (default: the name)"},
    {.name = "on", .type = CONFIG_TEXT, .help = "id of the server that it runs on: a node below it in the tree"},
    {.name = "needs", .type = CONFIG_TEXT_LIST, .help = "names of checks here, or ids of applications, that it cannot do without"},
    {.name = "interval", .type = CONFIG_SPAN, .minimum = 1000, .maximum = 24 * 3600e3, .help = "time from one attempt to the next (default 30s)"},
    {.name = "timeout", .type = CONFIG_SPAN, .minimum = 100, .maximum = 60e3, .help = "for each phase: connection, handshake, every answer (default 5s)"},
    {.name = "attempts", .type = CONFIG_INTEGER, .minimum = 1, .maximum = 20, .help = "failures in a row before it counts as broken (default 2)"},
    {.name = "retry", .type = CONFIG_SPAN, .minimum = 100, .maximum = 3600e3, .help = "time from a first failure to the next attempt (default 2s)"},
    {.name = "degrades", .type = CONFIG_BOOL, .help = "true: without it the application is worse, but not down (default false)"},
    {.name = "warning", .type = CONFIG_TEXT_LIST, .check = check_limit, .help = "a figure's limit: `latency_ms > 500`"},
    {.name = "critical", .type = CONFIG_TEXT_LIST, .check = check_limit, .help = "the same, for worse"},
    {.name = NULL},
};

static size_t key_count(const struct config_key *keys)
{
    size_t count = 0;
    while (keys && keys[count].name)
        count++;
    return count;
}

static const struct check_ops *kind_of(const struct config_node *node, struct config_problems *problems)
{
    const struct config_node *type = config_is_map(node) ? config_get(node, "type") : NULL;
    const char *name = type ? config_scalar(type) : NULL;
    const struct check_ops *ops = name ? check_find(name) : NULL;
    if (!name && problems) {
        config_problem(problems, node, "expected a mapping with name: and type:, such as {name: web, type: http, url: ...}");
    } else if (!ops && problems) {
        struct buffer known = BUFFER_INIT;
        for (size_t i = 0; kinds[i]; i++)
            buffer_printf(&known, "%s%s", i ? ", " : "", kinds[i]->type);
        config_problem(problems, type, "expected one of %s; got `%s`", buffer_text(&known), name);
        buffer_release(&known);
    }
    return ops;
}

bool check_validate(const struct config_node *node, struct config_problems *problems)
{
    unsigned before = problems->count;
    const struct check_ops *ops = kind_of(node, problems);
    if (!ops)
        return false;
    size_t common = key_count(check_keys), own = key_count(ops->keys);
    struct config_key *all = memory_new_array(common + own + 1, sizeof *all);
    memcpy(all, check_keys, common * sizeof *all);
    memcpy(all + common, ops->keys, own * sizeof *all);
    if (config_check(node, all, problems) && ops->validate)
        ops->validate(node, problems);
    free(all);
    return problems->count == before;
}

bool check_waits(const struct config_node *node)
{
    const struct check_ops *ops = kind_of(node, NULL);
    const char *key = !ops ? NULL : ops->address ? ops->address : "on";
    return !key || !config_text(node, key, "")[0];
}

bool check_address_valid(const struct config_node *node, const char *text, struct error *error)
{
    char host[256];
    unsigned port;
    (void)node;
    return probe_parse_address(text, host, sizeof host, &port) ||
           error_set(error, ERROR_INVALID, "expected an address such as db-1, 10.0.0.1:5432 or [::1]:25; got `%s`", text);
}

unsigned check_port(const struct config_node *node)
{
    char host[256];
    unsigned port = 0;
    probe_parse_address(config_text(node, "url", config_text(node, "address", "")), host, sizeof host, &port);
    return port;
}

char *check_host_of(const struct config_node *node, unsigned default_port, unsigned *port)
{
    char host[256] = "";
    *port = 0;
    probe_parse_address(config_text(node, "address", ""), host, sizeof host, port);
    *port = *port ? *port : default_port;
    return memory_text(host);
}

bool check_secret(struct check *check, const struct config_node *node, const char *key, char **secret, struct error *error)
{
    struct config_problems problems;
    config_problems_init(&problems);
    *secret = secret_load(&check->secrets, node, key, false, &problems);
    if (problems.count)
        error_set(error, ERROR_INVALID, "%.300s", buffer_text(&problems.text));
    bool good = problems.count == 0;
    config_problems_release(&problems);
    return good;
}

/* ---- limits ---- */

static void limit_add(struct check *check, enum health verdict, const char *text)
{
    struct assertion *assertion = assertion_parse(text, NULL);
    if (!assertion)
        return;
    check->limits = memory_resize(check->limits, check->limit_count + 1, sizeof *check->limits);
    check->limits[check->limit_count++] = (struct check_limit){verdict, assertion};
}

static void limits_of(struct check *check, const struct config_node *node, const char *key, enum health verdict)
{
    const struct config_node *list = config_get(node, key);
    if (list && config_scalar(list))
        limit_add(check, verdict, config_scalar(list));
    for (size_t i = 0; list && config_is_list(list) && i < config_count(list); i++)
        limit_add(check, verdict, config_scalar(config_at(list, i)));
}

static bool is_limited(const struct check *check, const char *figure, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        if (strcmp(assertion_subject(check->limits[i].assertion), figure) == 0)
            return true;
    return false;
}

/* The kind's own stand for figures that the configuration is silent about. */
static void limits_read(struct check *check, const struct config_node *node)
{
    limits_of(check, node, "critical", HEALTH_CRITICAL);
    limits_of(check, node, "warning", HEALTH_WARNING);
    unsigned own = check->limit_count;
    for (const char *const *text = check->ops->limits; text && *text; text++) {
        enum health verdict = strncmp(*text, "critical ", 9) == 0 ? HEALTH_CRITICAL : HEALTH_WARNING;
        const char *claim = strchr(*text, ' ') + 1;
        struct assertion *assertion = assertion_parse(claim, NULL);
        if (assertion && !is_limited(check, assertion_subject(assertion), own))
            limit_add(check, verdict, claim);
        assertion_free(&assertion);
    }
}

static void limits_judge(struct check *check)
{
    for (unsigned i = 0; i < check->limit_count; i++)
        for (unsigned f = 0; f < check->answer.figure_count; f++) {
            const struct check_figure *figure = &check->answer.figures[f];
            const struct check_limit *limit = &check->limits[i];
            char number[40];
            if (strcmp(figure->name, assertion_subject(limit->assertion)) != 0 || !assertion_number(limit->assertion, figure->value))
                continue;
            text_format_number(number, sizeof number, round(figure->value * 100) / 100);
            check_worse(check, limit->verdict, "%s is %s%s%s (%s)", figure->name, number, figure->unit[0] ? " " : "", figure->unit,
                        assertion_text(limit->assertion));
        }
}

/* ---- putting an answer together ---- */

static void evidence_set(struct check *check, const char *format, va_list arguments)
{
    char text[sizeof check->answer.evidence * 2], shown[sizeof check->answer.evidence];
    vsnprintf(text, sizeof text, format, arguments);
    secrets_redact(&check->secrets, text, strlen(text), shown, sizeof shown);
    memcpy(check->answer.evidence, shown, sizeof shown);
}

void check_worse(struct check *check, enum health verdict, const char *format, ...)
{
    if (check->answer.verdict != HEALTH_OK && health_rank(verdict) <= health_rank(check->answer.verdict))
        return;
    check->answer.verdict = verdict;
    va_list arguments;
    va_start(arguments, format);
    evidence_set(check, format, arguments);
    va_end(arguments);
}

void check_note(struct check *check, const char *format, ...)
{
    if (check->answer.verdict != HEALTH_OK)
        return;
    char text[sizeof check->answer.evidence], *old = check->answer.evidence;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    size_t used = strlen(old);
    snprintf(old + used, sizeof check->answer.evidence - used, "%s%s", used ? ", " : "", text);
    char clean[sizeof check->answer.evidence];
    secrets_redact(&check->secrets, old, strlen(old), clean, sizeof clean);
    memcpy(old, clean, sizeof clean);
}

void check_figure(struct check *check, const char *name, const char *unit, double value)
{
    if (!isfinite(value) || check->answer.figure_count == CHECK_FIGURES)
        return;
    struct check_figure *figure = &check->answer.figures[check->answer.figure_count++];
    *figure = (struct check_figure){.unit = unit, .value = value};
    snprintf(figure->name, sizeof figure->name, "%s", name);
}

double check_elapsed(const struct check *check)
{
    return (double)(uv_hrtime() - check->began) / 1e6;
}

/* ---- one attempt ---- */

static void let_go(struct check *check);

static void phase_over(uv_timer_t *timer)
{
    struct check *check = timer->data;
    char span[SPAN_TEXT];
    span_format(span, check->timeout);
    if (check->stuck)
        check_fail(check, "%s within %s", check->stuck(check), span);
    else
        check_fail(check, "no %s within %s", check->phase, span);
}

void check_phase(struct check *check, const char *missing)
{
    check->phase = missing;
    check->stuck = NULL;
    uv_timer_start(&check->timer, phase_over, (uint64_t)check->timeout, 0);
}

void check_end(struct check *check)
{
    if (!check->running)
        return;
    let_go(check);
    limits_judge(check);
    struct check_answer answer = check->answer;
    check->done(check->owner, &answer);
}

void check_fail(struct check *check, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    if (check->answer.verdict != HEALTH_CRITICAL) {
        check->answer.verdict = HEALTH_CRITICAL;
        evidence_set(check, format, arguments);
    }
    va_end(arguments);
    check_end(check);
}

void check_run(struct check *check, check_done *done, void *owner)
{
    if (check->running || !check->ops->begin)
        return;
    check->running = true;
    check->done = done;
    check->owner = owner;
    check->began = uv_hrtime();
    check->answer = (struct check_answer){.verdict = HEALTH_OK};
    check_phase(check, "connection");
    check->ops->begin(check);
}

bool check_running(const struct check *check)
{
    return check->running;
}

bool check_looks(const struct check *check)
{
    return check->ops->look != NULL;
}

bool check_look(struct check *check, const struct host *host, struct check_answer *answer)
{
    check->answer = (struct check_answer){.verdict = HEALTH_OK};
    if (!check->ops->look(check, host))
        return false;
    limits_judge(check);
    *answer = check->answer;
    return true;
}

/* ---- names ---- */

struct check_lookup {
    uv_getaddrinfo_t request;
    struct check *check; /* NULL: nobody waits any more */
    unsigned port;
    char host[256];
    void (*found)(struct check *check, const struct check_address *address);
};

static void address_fill(struct check_address *address, const struct addrinfo *answer, unsigned port)
{
    memcpy(&address->to, answer->ai_addr, answer->ai_addrlen);
    address->length = answer->ai_addrlen;
    if (answer->ai_family == AF_INET) {
        struct sockaddr_in *four = (struct sockaddr_in *)&address->to;
        four->sin_port = htons((uint16_t)port);
        inet_ntop(AF_INET, &four->sin_addr, address->text, sizeof address->text);
    } else {
        struct sockaddr_in6 *six = (struct sockaddr_in6 *)&address->to;
        six->sin6_port = htons((uint16_t)port);
        inet_ntop(AF_INET6, &six->sin6_addr, address->text, sizeof address->text);
    }
}

static void looked_up(uv_getaddrinfo_t *request, int status, struct addrinfo *answer)
{
    struct check_lookup *lookup = request->data;
    struct check *check = lookup->check;
    struct check_address address = {.length = 0};
    if (check)
        check->lookup = NULL;
    if (check && status == 0 && answer)
        address_fill(&address, answer, lookup->port);
    uv_freeaddrinfo(answer);
    if (check && address.length)
        lookup->found(check, &address);
    else if (check)
        check_fail(check, "the name %.120s is not known: %s", lookup->host, fault_name_reason(status));
    free(lookup);
}

void check_resolve(struct check *check, const char *host, unsigned port,
                   void (*found)(struct check *check, const struct check_address *address))
{
    static const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct check_lookup *lookup = memory_new(sizeof *lookup);
    lookup->check = check;
    lookup->port = port;
    lookup->found = found;
    lookup->request.data = lookup;
    snprintf(lookup->host, sizeof lookup->host, "%s", host);
    check_phase(check, "answer to who its name is");
    int status = uv_getaddrinfo(check->loop, &lookup->request, looked_up, lookup->host, NULL, &hints);
    if (status == 0) {
        check->lookup = lookup;
        return;
    }
    free(lookup);
    check_fail(check, "the name %.120s cannot be looked up: %s", host, fault_name_reason(status));
}

static void let_go(struct check *check)
{
    check->running = false;
    uv_timer_stop(&check->timer);
    if (check->lookup) {
        check->lookup->check = NULL;
        uv_cancel((uv_req_t *)&check->lookup->request);
        check->lookup = NULL;
    }
    check->ops->stop(check);
}

/* ---- lifetime ---- */

static void check_gone(uv_handle_t *handle)
{
    struct check *check = handle->data;
    for (unsigned i = 0; i < check->limit_count; i++)
        assertion_free(&check->limits[i].assertion);
    free(check->limits);
    secrets_release(&check->secrets);
    free(check);
}

struct check *check_new(const struct check_parts *parts, const struct config_node *node, struct error *error)
{
    struct check *check = memory_new(sizeof *check);
    check->ops = kind_of(node, NULL);
    check->loop = parts->loop;
    check->transfers = parts->transfers;
    check->contexts = parts->contexts;
    check->timeout = config_span(node, "timeout", 5 * SPAN_SECOND);
    uv_timer_init(check->loop, &check->timer);
    check->timer.data = check;
    limits_read(check, node);
    if (!check->ops->open(check, node, error))
        check_free(&check);
    return check;
}

void check_free(struct check **slot)
{
    struct check *check = *slot;
    if (!check)
        return;
    *slot = NULL;
    let_go(check);
    check->ops->close(check);
    uv_close((uv_handle_t *)&check->timer, check_gone);
}

void check_random_text(char *out, size_t size)
{
    static const char letters[] = "0123456789abcdefghijklmnopqrstuvwxyz";
    for (size_t i = 0; i + 1 < size; i++)
        out[i] = letters[randombytes_uniform(sizeof letters - 1)];
    out[size - 1] = '\0';
}
