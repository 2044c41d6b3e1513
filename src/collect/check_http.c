/* A page: status, body, JSON, latency, redirects, certificate (http_ask.h). */
#include <stdlib.h>

#include "base/memory.h"
#include "collect/check_private.h"
#include "collect/http_ask.h"

struct http {
    struct http_plan *plan;
    struct http_ask *ask;
    char *url;
};

static void http_answered(void *owner, const struct http_verdict *verdict)
{
    struct check *check = owner;
    struct http *http = check->state;
    http->ask = NULL;
    if (verdict->answered)
        check_figure(check, "latency_ms", "ms", verdict->latency);
    check_figure(check, "connect_ms", "ms", verdict->connect);
    check_figure(check, "handshake_ms", "ms", verdict->handshake);
    check_figure(check, "first_byte_ms", "ms", verdict->first_byte);
    check_figure(check, "certificate_days", "d", verdict->certificate_days);
    if (verdict->status)
        check_figure(check, "status", "", (double)verdict->status);
    if (verdict->answered)
        check_figure(check, "bytes", "B", verdict->bytes);
    if (verdict->health == HEALTH_OK)
        check_note(check, "%s", verdict->evidence);
    else
        check_worse(check, verdict->health, "%s", verdict->evidence);
    check_end(check);
}

static void http_begin(struct check *check)
{
    struct http *http = check->state;
    uv_timer_stop(&check->timer); /* the asking has its own limits, and says how far it came */
    http->ask = http_ask_start(http->plan, check->transfers, http->url, check->timeout, http_answered, check);
}

static void http_stop(struct check *check)
{
    struct http *http = check->state;
    if (http)
        http_ask_cancel(&http->ask);
}

static void http_close(struct check *check)
{
    struct http *http = check->state;
    if (!http)
        return;
    http_plan_free(&http->plan);
    free(http->url);
    free(http);
}

static bool http_open(struct check *check, const struct config_node *node, struct error *error)
{
    struct http *http = check->state = memory_new(sizeof *http);
    const char *user = config_text(node, "user", NULL);
    char *password = NULL;
    http->url = memory_text(config_text(node, "url", ""));
    http->plan = http_plan_new(node, error);
    bool good = http->plan && check_secret(check, node, "password", &password, error);
    if (good && user)
        http_plan_user(http->plan, user, password);
    free(password);
    return good;
}

static bool check_url(const struct config_node *node, const char *text, struct error *error)
{
    return !*text || http_plan_check_url(node, text, error); /* empty: it waits */
}

static const struct config_key http_keys[] = {
    {.name = "url", .type = CONFIG_TEXT, .check = check_url, .help = "what to ask for; without it the check waits for an address"},
    HTTP_PLAN_KEYS,
    {.name = "user", .type = CONFIG_TEXT, .help = "for basic authentication"},
    CHECK_SECRET_KEY("password"),
    {.name = NULL},
};

const struct check_ops check_http = {
    .type = "http",
    .help = "A page by HTTP or HTTPS: status, body, JSON, redirects, latency, and the certificate: days left, expired, self-signed, another name",
    .keys = http_keys,
    .validate = transfer_way_validate,
    .protection = protection_by_url,
    .address = "url",
    .open = http_open,
    .begin = http_begin,
    .stop = http_stop,
    .close = http_close,
};
