#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "collect/format.h"
#include "collect/http_ask.h"
#include "collect/rest_plan.h"
#include "model/filter.h"

#define TOKEN_HEADER "Authorization: Bearer {token}"

static bool check_pointer(const struct config_node *node, const char *text, struct error *error)
{
    struct scan_pointer pointer;
    (void)node;
    if (!scan_pointer_parse(&pointer, text, error))
        return false;
    scan_pointer_release(&pointer);
    return true;
}

static bool check_header(const struct config_node *node, const char *text, struct error *error)
{
    (void)node;
    const char *colon = strchr(text, ':');
    return (colon && colon > text && !strpbrk(text, "\r\n") && strcspn(text, " \t") > (size_t)(colon - text)) ||
           error_set(error, ERROR_INVALID, "expected a header such as `X-Tenant: 7`; got `%s`", text);
}

static const struct config_key refresh_keys[] = {
    {.name = "url", .type = CONFIG_TEXT, .required = true, .check = http_plan_check_url, .help = "where a new token is had"},
    {.name = "body", .type = CONFIG_TEXT, .help = "what is posted, with {refresh} in it"},
    {.name = NULL},
};

static const struct config_key login_keys[] = {
    {.name = "url", .type = CONFIG_TEXT, .required = true, .check = http_plan_check_url, .help = "where a token is had"},
    {.name = "body", .type = CONFIG_TEXT, .required = true,
     .help = "what is posted, JSON or a form, with {user} and {password} in it"},
    {.name = "token", .type = CONFIG_TEXT, .check = check_pointer, .help = "JSON pointer to the token in the answer (default /token)"},
    {.name = "expires", .type = CONFIG_TEXT, .check = check_pointer, .help = "JSON pointer to the seconds it is good for, such as /expires_in"},
    {.name = "lifetime", .type = CONFIG_SPAN, .minimum = 1000, .maximum = 400.0 * SPAN_DAY, .help = "how long it is good for (default: until it is refused)"},
    {.name = "refresh_token", .type = CONFIG_TEXT, .check = check_pointer, .help = "JSON pointer to the refresh token in the answer"},
    {.name = "refresh", .type = CONFIG_MAP, .keys = refresh_keys, .help = "how a new token is had by the refresh token; by a new login when not given"},
    {.name = NULL},
};

static const struct config_key pages_keys[] = {
    {.name = "first", .type = CONFIG_INTEGER, .minimum = 0, .maximum = 1000000, .help = "number of the first page (default 0)"},
    {.name = "size", .type = CONFIG_INTEGER, .minimum = 1, .maximum = 100000, .help = "items a page, for {size} (default 100); a shorter page is the last, unless one of the pointers says"},
    {.name = "limit", .type = CONFIG_INTEGER, .minimum = 1, .maximum = 100000, .help = "pages a round at most (default 1000)"},
    {.name = "more", .type = CONFIG_TEXT, .check = check_pointer, .help = "JSON pointer to true while more pages follow, such as /hasNext"},
    {.name = "count", .type = CONFIG_TEXT, .check = check_pointer, .help = "JSON pointer to the number of pages, such as /totalPages"},
    {.name = "total", .type = CONFIG_TEXT, .check = check_pointer, .help = "JSON pointer to the number of items in all, such as /total"},
    {.name = "next", .type = CONFIG_TEXT, .check = check_pointer, .help = "JSON pointer to the next page: its url, or what goes into {cursor}"},
    {.name = NULL},
};

const struct config_key rest_keys[] = {
    {.name = "url", .type = CONFIG_TEXT, .required = true, .check = http_plan_check_url,
     .help = "what to ask; {page} {offset} {size} {cursor} {since} {now} are filled in (times in ms; {since_s}, {since_iso}), with `select:` also {id} and {address}"},
    {.name = "body", .type = CONFIG_TEXT, .help = "posted where given, JSON or a form, with the same places; without it GET"},
    {.name = "headers", .type = CONFIG_TEXT_LIST, .check = check_header, .help = "request headers, each `Name: value`"},
    {.name = "select", .type = CONFIG_FILTER, .check = filter_check, .help = "ask once for each of these assets, and what comes is theirs (default: one question for all)"},
    {.name = "user", .type = CONFIG_TEXT, .help = "to sign in with: by `login:` where given, else with each request"},
    {.name = "password", .type = CONFIG_ANY, .help = "its password: {file: PATH} of mode 0600, {env: NAME} or {credential: NAME}"},
    {.name = "token", .type = CONFIG_ANY, .help = "a token or API key, given in the same way"},
    {.name = "token_header", .type = CONFIG_TEXT, .check = check_header, .help = "how a token is sent (default `" TOKEN_HEADER "`)"},
    {.name = "login", .type = CONFIG_MAP, .keys = login_keys, .help = "how a token is had"},
    {.name = "pages", .type = CONFIG_MAP, .keys = pages_keys, .help = "answers come in pages"},
    {.name = "interval", .type = CONFIG_SPAN, .minimum = 1000, .maximum = 24 * 3600e3, .help = "from one round to the next (default 1m)"},
    {.name = "timeout", .type = CONFIG_SPAN, .minimum = 100, .maximum = 300e3, .help = "for each answer (default 10s)"},
    {.name = "history", .type = CONFIG_SPAN, .maximum = 400.0 * SPAN_DAY, .help = "how far back {since} of the first round is (default 1h)"},
    {.name = "overlap", .type = CONFIG_SPAN, .maximum = 24 * 3600e3, .help = "how far {since} goes back behind the last good round, for what comes late (default 1m)"},
    TRANSFER_WAY_KEYS,
    FORMAT_VALUE_KEYS,
    {.name = NULL},
};

void rest_validate(const struct config_node *node, struct config_problems *problems)
{
    const struct config_node *login = config_get(node, "login"), *pages = config_get(node, "pages");
    struct secrets secrets = {0};
    free(secret_load(&secrets, node, "password", config_text(node, "user", NULL) != NULL, problems));
    free(secret_load(&secrets, node, "token", false, problems));
    secrets_release(&secrets);
    transfer_way_validate(node, problems);
    if (login && config_get(node, "token"))
        config_problem(problems, config_get(node, "token"), "one of `token` and `login`, please");
    if (login && config_get(login, "refresh") && !config_get(login, "refresh_token"))
        config_problem(problems, config_get(login, "refresh"), "`refresh` needs `refresh_token` beside it");
    const char *url = config_text(node, "url", ""), *body = config_text(node, "body", "");
    bool turns = strstr(url, "{page}") || strstr(url, "{offset}") || strstr(url, "{cursor}") || strstr(body, "{page}") ||
                 strstr(body, "{offset}") || strstr(body, "{cursor}");
    if (pages && !turns && !config_get(pages, "next"))
        config_problem(problems, pages, "nothing in `url` or `body` says which page: write {page}, {offset} or {cursor} there, or set `next`");
    if (!pages && turns)
        config_problem(problems, node, "{page}, {offset} and {cursor} need `pages:`, which says when the last one was reached");
    if (!config_get(node, "select") && (strstr(url, "{id}") || strstr(url, "{address}")))
        config_problem(problems, config_get(node, "url"), "{id} and {address} need `select:`, which says whose");
    format_validate_asked(node, config_get(node, "select") != NULL, problems);
}

/* ---- loading ---- */

static bool pointer_set(struct rest_pointer *pointer, const struct config_node *node, const char *key, const char *absent, struct error *error)
{
    const char *text = node ? config_text(node, key, absent) : NULL;
    pointer->given = text != NULL;
    return !text || scan_pointer_parse(&pointer->at, text, error) || error_prefix(error, "%s", key);
}

static void header_add(struct rest_request *request, const char *text)
{
    request->headers = memory_resize(request->headers, request->header_count + 1, sizeof *request->headers);
    request->headers[request->header_count++] = memory_text(text);
}

static void request_set(struct rest_request *request, const struct config_node *node, const struct config_node *headers)
{
    request->url = memory_text(config_text(node, "url", ""));
    request->body = memory_text(config_text(node, "body", NULL));
    const char *begin = request->body ? request->body + strspn(request->body, " \t\r\n") : "";
    request->json = *begin == '{' || *begin == '[';
    if (headers && config_scalar(headers))
        header_add(request, config_scalar(headers));
    for (size_t i = 0; headers && config_is_list(headers) && i < config_count(headers); i++)
        header_add(request, config_scalar(config_at(headers, i)));
}

static bool login_set(struct rest_login *login, const struct config_node *node, const struct config_node *headers, struct error *error)
{
    if (!node)
        return true;
    login->given = true;
    request_set(&login->ask, node, headers);
    login->lifetime = config_span(node, "lifetime", 0);
    if (config_get(node, "refresh"))
        request_set(&login->refresh, config_get(node, "refresh"), headers);
    return pointer_set(&login->token, node, "token", "/token", error) && pointer_set(&login->expires, node, "expires", NULL, error) &&
           pointer_set(&login->refresh_token, node, "refresh_token", NULL, error);
}

static bool pages_set(struct rest_pages *pages, const struct config_node *node, struct error *error)
{
    if (!node)
        return true;
    pages->given = true;
    pages->first = (unsigned)config_integer(node, "first", 0);
    pages->size = (unsigned)config_integer(node, "size", 100);
    pages->limit = (unsigned)config_integer(node, "limit", 1000);
    return pointer_set(&pages->more, node, "more", NULL, error) && pointer_set(&pages->count, node, "count", NULL, error) &&
           pointer_set(&pages->total, node, "total", NULL, error) && pointer_set(&pages->next, node, "next", NULL, error);
}

bool rest_plan_load(struct rest_plan *plan, const struct config_node *node, struct error *error)
{
    struct config_problems problems;
    const struct config_node *headers = config_get(node, "headers");
    *plan = (struct rest_plan){0};
    request_set(&plan->ask, node, headers);
    plan->select = memory_text(config_text(node, "select", NULL));
    plan->user = memory_text(config_text(node, "user", NULL));
    plan->token_header = memory_text(config_text(node, "token_header", TOKEN_HEADER));
    plan->interval = config_span(node, "interval", SPAN_MINUTE);
    plan->timeout = config_span(node, "timeout", 10 * SPAN_SECOND);
    plan->history = config_span(node, "history", 60 * SPAN_MINUTE);
    plan->overlap = config_span(node, "overlap", SPAN_MINUTE);
    config_problems_init(&problems);
    plan->password = secret_load(&plan->secrets, node, "password", plan->user != NULL, &problems);
    plan->token = secret_load(&plan->secrets, node, "token", false, &problems);
    transfer_way_read(&plan->way, node, &plan->secrets, &problems);
    bool good = problems.count == 0 || error_set(error, ERROR_INVALID, "%.300s", buffer_text(&problems.text));
    config_problems_release(&problems);
    const char *items = config_text(node, "items", NULL);
    if (!items && strcmp(config_text(node, "format", "json"), "thingsboard-rest") == 0)
        items = "/data";
    plan->items.given = items != NULL;
    return good && (!items || scan_pointer_parse(&plan->items.at, items, error)) &&
           login_set(&plan->login, config_get(node, "login"), headers, error) && pages_set(&plan->pages, config_get(node, "pages"), error);
}

static void request_release(struct rest_request *request)
{
    for (unsigned i = 0; i < request->header_count; i++)
        free(request->headers[i]);
    free(request->headers);
    free(request->url);
    free(request->body);
}

static void pointer_release(struct rest_pointer *pointer)
{
    if (pointer->given)
        scan_pointer_release(&pointer->at);
}

void rest_plan_release(struct rest_plan *plan)
{
    struct rest_pointer *pointers[] = {&plan->login.token, &plan->login.expires, &plan->login.refresh_token, &plan->pages.more,
                                       &plan->pages.count, &plan->pages.total, &plan->pages.next, &plan->items};
    for (size_t i = 0; i < ARRAY_COUNT(pointers); i++)
        pointer_release(pointers[i]);
    request_release(&plan->ask);
    request_release(&plan->login.ask);
    request_release(&plan->login.refresh);
    secret_free(&plan->password);
    secret_free(&plan->token);
    char *texts[] = {plan->select, plan->user, plan->token_header};
    for (size_t i = 0; i < ARRAY_COUNT(texts); i++)
        free(texts[i]);
    transfer_way_release(&plan->way);
    secrets_release(&plan->secrets);
    *plan = (struct rest_plan){0};
}
