/* Alertmanager, both ways: what it sends (its webhook, POST /api/v1/ingest/alertmanager) and what it is asked for (its v2
 * API) become one set of alerts, for both name an alert by the same fingerprint. */
#include "collect/alertmanager.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "base/memory.h"

static const char *const default_labels[] = {"asset", "asset_id", "device", "gateway", "instance", "host",
                                             "hostname", "node", "nodename", "target"};
static const char *const states[] = {"active", "silenced", "inhibited", "unprocessed"};
static const char *const severities[] = {"critical", "major", "minor", "warning", "info", NULL};

static bool check_url(const struct config_node *node, const char *text, struct error *error)
{
    (void)node;
    if (strncmp(text, "http://", 7) != 0 && strncmp(text, "https://", 8) != 0)
        return error_set(error, ERROR_INVALID, "expected http://HOST:9093 or https://HOST; got `%s`", text);
    return !strchr(text, '@') || error_set(error, ERROR_INVALID, "no user or password in the url; use `user:` and `password:`");
}

static bool check_state(const struct config_node *node, const char *text, struct error *error)
{
    (void)node;
    for (size_t i = 0; i < ARRAY_COUNT(states); i++)
        if (strcmp(states[i], text) == 0)
            return true;
    return error_set(error, ERROR_INVALID, "expected active, silenced, inhibited or unprocessed; got `%s`", text);
}

const struct config_key alertmanager_keys[] = {
    {.name = "url", .type = CONFIG_TEXT, .check = check_url,
     .help = "http://HOST:9093, as its own pages are reached; without it, the source only takes its webhook"},
    {.name = "interval", .type = CONFIG_SPAN, .minimum = 200, .maximum = 3600000, .help = "between two pulls (default 15s)"},
    {.name = "timeout", .type = CONFIG_SPAN, .minimum = 100, .maximum = 300000, .help = "for each request (default 10s)"},
    {.name = "filter", .type = CONFIG_TEXT_LIST, .help = "Alertmanager's matchers, as in [team=\"noc\", severity!=\"none\"]"},
    {.name = "states", .type = CONFIG_TEXT_LIST, .check = check_state,
     .help = "which alerts to pull: active, silenced, inhibited, unprocessed (default all)"},
    {.name = "asset_labels", .type = CONFIG_TEXT_LIST,
     .help = "labels that may name an asset by id, name or address; the first that does counts (default asset, asset_id, device, "
             "gateway, instance, host, hostname, node, nodename, target)"},
    {.name = "severity_label", .type = CONFIG_TEXT, .help = "label that holds the severity (default severity)"},
    {.name = "severities", .type = CONFIG_ANY, .help = "its words, as in {page: critical, ticket: minor}; the usual ones are known"},
    {.name = "default_severity", .type = CONFIG_CHOICE, .choices = severities, .help = "for other words (default warning)"},
    {.name = "alert_type", .type = CONFIG_TEXT, .help = "type of its alerts here (default application)"},
    {.name = "user", .type = CONFIG_TEXT, .help = "for basic authentication"},
    {.name = "password", .type = CONFIG_ANY, .help = "{file: PATH} of mode 0600, {env: NAME} or {credential: NAME}"},
    {.name = "token", .type = CONFIG_ANY, .help = "bearer token: {file: PATH}, {env: NAME} or {credential: NAME}"},
    TRANSFER_WAY_KEYS,
    {.name = "push_silences", .type = CONFIG_BOOL,
     .help = "silences and shelving made here over its alerts become silences there, and end with them (default yes)"},
    {.name = "push_acknowledgements", .type = CONFIG_BOOL, .help = "an acknowledged alert is silenced there, too (default no)"},
    {.name = "settle", .type = CONFIG_SPAN, .minimum = 0, .maximum = 86400000,
     .help = "an Alertmanager that has just started knows of no alert until Prometheus sends it again: for so long, what is "
             "missing in its list does not clear (default 5m)"},
    {.name = "expire", .type = CONFIG_SPAN, .minimum = 1000, .maximum = 31 * 24 * 3600000.0,
     .help = "clear what its webhook did not repeat for so long; longer than its repeat_interval (default never)"},
    {.name = NULL},
};

/* ---- settings ---- */

static void query_add(struct buffer *query, const char *name, const char *value)
{
    char *escaped = curl_easy_escape(NULL, value, 0);
    buffer_printf(query, "%s%s=%s", query->length ? "&" : "?", name, escaped);
    curl_free(escaped);
}

/* Texts of a list, or of one text standing for a list. */
static const char *text_at(const struct config_node *node, size_t index)
{
    if (!node || !config_is_list(node))
        return node && index == 0 ? config_scalar(node) : NULL;
    return index < config_count(node) ? config_scalar(config_at(node, index)) : NULL;
}

static bool has_text(const struct config_node *node, const char *wanted)
{
    const char *text;
    for (size_t i = 0; (text = text_at(node, i)); i++)
        if (strcmp(text, wanted) == 0)
            return true;
    return !node;
}

static void read_query(struct alertmanager_settings *settings, const struct config_node *node)
{
    struct buffer query = BUFFER_INIT;
    const struct config_node *chosen = config_get(node, "states"), *filter = config_get(node, "filter");
    const char *text;
    for (size_t i = 0; i < ARRAY_COUNT(states); i++)
        query_add(&query, states[i], has_text(chosen, states[i]) ? "true" : "false");
    for (size_t i = 0; (text = text_at(filter, i)); i++)
        query_add(&query, "filter", text);
    settings->query = buffer_take(&query);
}

static void read_labels(struct alertmanager_settings *settings, const struct config_node *node)
{
    const struct config_node *list = config_get(node, "asset_labels");
    size_t count = list ? config_is_list(list) ? config_count(list) : 1 : ARRAY_COUNT(default_labels);
    settings->labels = memory_new_array(count + 1, sizeof *settings->labels);
    for (size_t i = 0; i < count; i++) {
        const char *text = list ? text_at(list, i) : default_labels[i];
        if (text)
            settings->labels[settings->label_count++] = memory_text(text);
    }
}

static void check_together(const struct alertmanager_settings *settings, const struct config_node *node,
                           struct config_problems *problems)
{
    static const char *const pulled[] = {"interval", "filter", "states", "user", "password", "token", "verify", "authority", "proxy",
                                         "push_silences", "push_acknowledgements", "settle"};
    for (size_t i = 0; !settings->url && i < ARRAY_COUNT(pulled); i++)
        if (config_get(node, pulled[i]))
            config_problem(problems, config_get(node, pulled[i]), "`%s` is for pulling: it needs `url:`", pulled[i]);
    if (config_get(node, "user") && config_get(node, "token"))
        config_problem(problems, config_get(node, "token"), "one of `user` and `token`, please");
    if (settings->url && settings->push_silences && !has_text(config_get(node, "states"), "silenced"))
        config_problem(problems, config_get(node, "states"),
                       "without silenced, what is silenced here would seem to be over: add it, or `push_silences: no`");
}

void alertmanager_settings_read(struct alertmanager_settings *settings, const struct config_node *node,
                                struct config_problems *problems)
{
    enum severity otherwise = SEVERITY_WARNING;
    *settings = (struct alertmanager_settings){
        .url = memory_text(config_text(node, "url", NULL)),
        .severity_label = memory_text(config_text(node, "severity_label", "severity")),
        .alert_type = memory_text(config_text(node, "alert_type", "application")),
        .user = memory_text(config_text(node, "user", NULL)),
        .interval = config_span(node, "interval", 15 * SPAN_SECOND), .timeout = config_span(node, "timeout", 10 * SPAN_SECOND),
        .settle = config_span(node, "settle", 5 * SPAN_MINUTE), .expire = config_span(node, "expire", 0),
        .push_silences = config_bool(node, "push_silences", true),
        .push_acknowledgements = config_bool(node, "push_acknowledgements", false),
    };
    for (size_t length = settings->url ? strlen(settings->url) : 0; length && settings->url[length - 1] == '/'; length--)
        settings->url[length - 1] = '\0';
    settings->password = secret_load(&settings->secrets, node, "password", settings->user != NULL, problems);
    settings->token = secret_load(&settings->secrets, node, "token", false, problems);
    transfer_way_read(&settings->way, node, &settings->secrets, problems);
    severity_parse(config_text(node, "default_severity", "warning"), &otherwise);
    severity_words_read(&settings->severities, config_get(node, "severities"), otherwise, problems);
    read_query(settings, node);
    read_labels(settings, node);
    check_together(settings, node, problems);
}

void alertmanager_settings_release(struct alertmanager_settings *settings)
{
    char *texts[] = {settings->url, settings->query, settings->severity_label, settings->alert_type, settings->user};
    secret_free(&settings->password);
    secret_free(&settings->token);
    transfer_way_release(&settings->way);
    for (size_t i = 0; i < ARRAY_COUNT(texts); i++)
        free(texts[i]);
    for (unsigned i = 0; i < settings->label_count; i++)
        free(settings->labels[i]);
    free(settings->labels);
    severity_words_release(&settings->severities);
    secrets_release(&settings->secrets);
    *settings = (struct alertmanager_settings){0};
}

/* ---- the collector ---- */

struct alertmanager {
    struct alertmanager_settings settings;
    struct alertmanager_pull *pull; /* NULL: webhooks only */
    struct alarm_expiry *expiry;
};

static void validate(const struct config_node *node, struct config_problems *problems)
{
    struct alertmanager_settings settings;
    alertmanager_settings_read(&settings, node, problems);
    alertmanager_settings_release(&settings);
}

static bool start(struct source *source, const struct config_node *node, struct error *error)
{
    struct alertmanager *own = source->state = memory_new(sizeof *own);
    struct config_problems problems;
    config_problems_init(&problems);
    alertmanager_settings_read(&own->settings, node, &problems);
    bool good = !problems.count || error_set(error, ERROR_INVALID, "%s", buffer_text(&problems.text));
    config_problems_release(&problems);
    if (good && own->settings.url && !source->alarms.ops)
        good = error_set(error, ERROR_INVALID, "there is no alert desk to report to");
    if (good && own->settings.url)
        own->pull = alertmanager_pull_new(source, &own->settings);
    else if (good)
        source_status(source, SOURCE_RUNNING, "webhook: nothing came yet");
    if (good)
        own->expiry = alarm_expiry_new(source, own->settings.expire);
    return good;
}

static void stop(struct source *source)
{
    struct alertmanager *own = source->state;
    alertmanager_pull_free(&own->pull);
    alarm_expiry_free(&own->expiry);
    alertmanager_settings_release(&own->settings);
    free(own);
    source->state = NULL;
}

static bool push(struct source *source, const char *body, size_t length, struct json_writer *dry_run, struct ingest_result *result,
                 struct error *error)
{
    const struct alertmanager *own = source->state;
    bool good = alertmanager_webhook(source, &own->settings, body, length, dry_run, result, error);
    if (good && !dry_run && own->pull)
        alertmanager_pull_soon(own->pull); /* a silence of ours may cover what is new */
    return good;
}

static void alertmanager_protection(const struct config_node *node, struct protection *protection)
{
    const char *url = config_text(node, "url", "");
    if (*url)
        protection_of_url(protection, url, config_bool(node, "verify", true));
    else
        protection_pushed(node, protection);
}

static void silence_reach(struct source *source, const struct filter *filter, struct alarm_reach *reach)
{
    const struct alertmanager *own = source->state;
    struct alertmanager_matchers matchers = {0};
    struct error odd = {0};
    bool pushes = own->pull && own->settings.push_silences;
    reach->whole = pushes && alertmanager_matchers_make(&matchers, &own->settings, source->name, filter, &odd);
    reach->unsure = matchers.unsure;
    reach->none = !pushes || matchers.none;
    alertmanager_matchers_text(&matchers, &reach->what);
    snprintf(reach->why, sizeof reach->why, "%.159s", odd.text);
    alertmanager_matchers_release(&matchers);
}

static bool silence_end(struct source *source, const char *id)
{
    const struct alertmanager *own = source->state;
    if (own->pull)
        alertmanager_pull_end(own->pull, id);
    return own->pull != NULL;
}

const struct collector_ops collector_alertmanager = {
    .type = "alertmanager",
    .help = "Prometheus's Alertmanager: its webhook, and its alerts and silences by the v2 API",
    .keys = alertmanager_keys,
    .protection = alertmanager_protection,
    .validate = validate,
    .start = start,
    .stop = stop,
    .push = push,
    .silence_reach = silence_reach,
    .silence_end = silence_end,
};
