#include "collect/mqtt_settings.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "base/memory.h"
#include "collect/format.h"
#include "collect/mqtt_codec.h"

/* One line of a request: a name, a colon, a value, nothing that ends the line. */
static bool header_good(const char *text, size_t length)
{
    static const char token[] = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    size_t name = strspn(text, token);
    if (name == 0 || name >= length || text[name] != ':')
        return false;
    for (size_t i = name; i < length; i++)
        if ((unsigned char)text[i] < ' ' && text[i] != '\t')
            return false;
    return true;
}

static bool check_header(const struct config_node *node, const char *text, struct error *error)
{
    (void)node;
    return header_good(text, strlen(text)) ||
           error_set(error, ERROR_INVALID, "expected a header such as `Authorization: Bearer ...`");
}

static const char *const versions[] = {"auto", "5", "3.1.1", NULL};

const struct config_key mqtt_keys[] = {
    {.name = "url", .type = CONFIG_TEXT, .required = true,
     .help = "mqtt://HOST[:1883], mqtts://HOST[:8883] for TLS; through a WebSocket ws://HOST[:80][/PATH] or wss://HOST[:443][/PATH] "
             "(the path is /mqtt when not given)"},
    {.name = "version", .type = CONFIG_CHOICE, .choices = versions,
     .help = "of MQTT; when not given, 5 where the broker speaks it and 3.1.1 elsewhere"},
    {.name = "user", .type = CONFIG_TEXT, .help = "user name"},
    {.name = "password_file", .type = CONFIG_PATH, .help = "file whose first line is the password"},
    {.name = "password_env", .type = CONFIG_TEXT, .help = "environment variable that holds the password"},
    {.name = "ca", .type = CONFIG_PATH, .help = "PEM file of the certificates to trust; the system's when not given"},
    {.name = "certificate", .type = CONFIG_PATH, .help = "PEM file of our own certificate and its chain"},
    {.name = "key", .type = CONFIG_PATH, .help = "PEM file of its private key; in the certificate's file when not given"},
    {.name = "tls_name", .type = CONFIG_TEXT, .help = "name the broker's certificate must carry; the host when not given"},
    {.name = "headers", .type = CONFIG_TEXT_LIST, .check = check_header,
     .help = "of a WebSocket's upgrade, each `Name: value`; what is secret goes into `headers_file`"},
    {.name = "headers_file", .type = CONFIG_PATH, .help = "file with such headers, one a line: tokens, say; read at each connection"},
    {.name = "client_id", .type = CONFIG_TEXT, .help = "client id; made of host and source name when not given"},
    {.name = "qos", .type = CONFIG_INTEGER, .minimum = 0, .maximum = 1,
     .help = "0 when not given; 1 costs the broker more and limits it to its in-flight window"},
    {.name = "share", .type = CONFIG_TEXT, .help = "group name: several sources share the messages of its topics"},
    {.name = "keep_alive", .type = CONFIG_SPAN, .minimum = 1000, .maximum = 65535000.0,
     .help = "a sign of life at least so often; 30s when not given"},
    {.name = "session_expiry", .type = CONFIG_SPAN, .minimum = 0, .maximum = 4294967000000.0,
     .help = "how long the broker keeps what we miss (QoS 1); not at all when not given"},
    {.name = "receive_maximum", .type = CONFIG_INTEGER, .minimum = 1, .maximum = 65535,
     .help = "QoS 1 messages on their way at once; 1000 when not given"},
    {.name = "timeout", .type = CONFIG_SPAN, .minimum = 100, .maximum = 300000,
     .help = "for the connection, the handshake and each ping; 10s when not given"},
    {.name = "retry_min", .type = CONFIG_SPAN, .minimum = 50, .maximum = 3600000,
     .help = "first pause before connecting again; it doubles each time; 1s when not given"},
    {.name = "retry_max", .type = CONFIG_SPAN, .minimum = 50, .maximum = 3600000,
     .help = "longest pause before connecting again; 1m when not given"},
    FORMAT_CONFIG_KEYS,
    {.name = NULL},
};

static const struct scheme { const char *name; unsigned port; bool tls, websocket; } schemes[] = {
    {"mqtt://", 1883, false, false}, {"mqtts://", 8883, true, false}, {"ws://", 80, false, true}, {"wss://", 443, true, true},
};

static const struct scheme *scheme_of(const char *url)
{
    for (size_t i = 0; i < ARRAY_COUNT(schemes); i++)
        if (strncmp(url, schemes[i].name, strlen(schemes[i].name)) == 0)
            return &schemes[i];
    return NULL;
}

/* What stands behind host and port. */
static bool parse_path(struct mqtt_address *address, const char *url, const char *after, bool websocket, struct error *error)
{
    size_t column = (size_t)(after - url) + 1;
    if (!websocket) {
        column += *after == '/';
        return strcmp(after, "/") == 0 || !*after ||
               error_set(error, ERROR_INVALID, "column %zu: nothing was expected after the port; topics go into `topic:`", column);
    }
    if (*after && *after != '/' && *after != '?')
        return error_set(error, ERROR_INVALID, "column %zu: a path was expected after the port, such as /mqtt", column);
    for (const char *at = after; *at; at++)
        if (*at <= ' ' || *at > '~' || *at == '#')
            return error_set(error, ERROR_INVALID, "column %zu: not allowed in a path: write it percent-encoded",
                             (size_t)(at - url) + 1);
    address->path = *after == '/' ? memory_text(after) : memory_printf("/mqtt%s", after);
    return true;
}

bool mqtt_address_parse(struct mqtt_address *address, const char *url, struct error *error)
{
    const struct scheme *scheme = scheme_of(url);
    *address = (struct mqtt_address){0};
    if (!scheme)
        return error_set(error, ERROR_INVALID, "expected mqtt://HOST[:PORT], mqtts://HOST[:PORT], ws://HOST[:PORT][/PATH] or "
                                               "wss://HOST[:PORT][/PATH]; got `%s`", url);
    const char *rest = url + strlen(scheme->name);
    const char *at = memchr(rest, '@', strcspn(rest, "/?"));
    if (at)
        return error_set(error, ERROR_INVALID, "column %zu: no user or password in the url; use `user:` and "
                                               "`password_file:`", (size_t)(at - url) + 1);
    bool bracket = *rest == '[';
    size_t length = bracket ? strcspn(++rest, "]") : strcspn(rest, ":/?");
    const char *after = rest + length;
    if (length == 0 || (bracket && *after != ']'))
        return error_set(error, ERROR_INVALID, "column %zu: a host was expected", (size_t)(rest - url) + 1);
    after += bracket;
    address->port = scheme->port;
    address->tls = scheme->tls;
    if (*after == ':') {
        char *end;
        unsigned long number = strtoul(after + 1, &end, 10);
        if (end == after + 1 || number == 0 || number > 65535 || after[1] < '0' || after[1] > '9')
            return error_set(error, ERROR_INVALID, "column %zu: a port from 1 to 65535 was expected",
                             (size_t)(after - url) + 2);
        address->port = (unsigned)number;
        after = end;
    }
    if (!parse_path(address, url, after, scheme->websocket, error))
        return false;
    address->host = memory_text_n(rest, length);
    return true;
}

void mqtt_address_release(struct mqtt_address *address)
{
    free(address->host);
    free(address->path);
    *address = (struct mqtt_address){0};
}

static void check_pair(const struct config_node *node, const char *key, const char *needs,
                       struct config_problems *problems)
{
    if (config_get(node, key) && !config_get(node, needs))
        config_problem(problems, config_get(node, key), "`%s` needs `%s` beside it", key, needs);
}

void mqtt_validate(const struct config_node *node, struct config_problems *problems)
{
    const char *url = config_text(node, "url", NULL), *share = config_text(node, "share", NULL);
    struct mqtt_address address = {.tls = true, .path = NULL};
    struct error error;

    bool known = url && mqtt_address_parse(&address, url, &error);
    if (url && !known)
        config_problem(problems, config_get(node, "url"), "%s", error.text);
    static const char *const tls_keys[] = {"ca", "certificate", "key", "tls_name"};
    for (size_t i = 0; known && !address.tls && i < ARRAY_COUNT(tls_keys); i++)
        if (config_get(node, tls_keys[i]))
            config_problem(problems, config_get(node, tls_keys[i]), "`%s` needs TLS: write the url as %s://", tls_keys[i],
                           address.path ? "wss" : "mqtts");
    static const char *const upgrade_keys[] = {"headers", "headers_file"};
    for (size_t i = 0; known && !address.path && i < ARRAY_COUNT(upgrade_keys); i++)
        if (config_get(node, upgrade_keys[i]))
            config_problem(problems, config_get(node, upgrade_keys[i]), "`%s` needs a WebSocket: write the url as ws:// or wss://",
                           upgrade_keys[i]);
    mqtt_address_release(&address);
    static const char *const path_keys[] = {"ca", "certificate", "key", "password_file", "headers_file"};
    for (size_t i = 0; i < ARRAY_COUNT(path_keys); i++) {
        const char *path = config_text(node, path_keys[i], NULL);
        if (path && access(path, R_OK) != 0)
            config_problem(problems, config_get(node, path_keys[i]), "the file cannot be read: %s", path);
    }
    check_pair(node, "key", "certificate", problems);
    check_pair(node, "password_file", "user", problems);
    check_pair(node, "password_env", "user", problems);
    if (config_get(node, "password_file") && config_get(node, "password_env"))
        config_problem(problems, config_get(node, "password_env"), "one of `password_file` and `password_env`, please");
    if (share && (!*share || strpbrk(share, "/+#")))
        config_problem(problems, config_get(node, "share"), "a group name without `/`, `+` and `#` was expected");
    if (config_span(node, "session_expiry", 0) > 0 && config_integer(node, "qos", 0) == 0)
        config_problem(problems, config_get(node, "session_expiry"),
                       "a kept session holds only messages of `qos: 1`");
    format_validate(node, problems);
}

static char *own_text(const struct config_node *node, const char *key)
{
    return memory_text(config_text(node, key, NULL));
}

/* Of a list, or of one text standing for a list. */
static char *header_lines(const struct config_node *node)
{
    struct buffer lines = BUFFER_INIT;
    if (node && config_scalar(node))
        buffer_printf(&lines, "%s\r\n", config_scalar(node));
    for (size_t i = 0; node && config_is_list(node) && i < config_count(node); i++)
        buffer_printf(&lines, "%s\r\n", config_scalar(config_at(node, i)));
    return lines.length ? buffer_take(&lines) : NULL;
}

/* Stable where the broker keeps a session for it, else never twice the same, so that two daemons can run. */
static char *default_client_id(const char *name, bool stable)
{
    char host[65] = "host";
    uint32_t chance = 0;
    gethostname(host, sizeof host - 1);
    if (stable)
        return memory_printf("nocturne-%s-%s", host, name);
    uv_random(NULL, NULL, &chance, sizeof chance, 0, NULL);
    return memory_printf("nocturne-%s-%s-%08x", host, name, chance);
}

bool mqtt_settings_load(struct mqtt_settings *settings, const struct config_node *node, const char *name,
                        struct error *error)
{
    const char *version = config_text(node, "version", "auto");
    memset(settings, 0, sizeof *settings);
    if (!mqtt_address_parse(&settings->address, config_text(node, "url", ""), error))
        return error_prefix(error, "url");
    settings->version = strcmp(version, "5") == 0 ? MQTT_5 : strcmp(version, "3.1.1") == 0 ? MQTT_3_1_1 : 0;
    settings->user = own_text(node, "user");
    settings->password_file = own_text(node, "password_file");
    settings->password_env = own_text(node, "password_env");
    settings->ca = own_text(node, "ca");
    settings->certificate = own_text(node, "certificate");
    settings->key = own_text(node, "key");
    settings->tls_name = own_text(node, "tls_name");
    settings->share = own_text(node, "share");
    settings->headers = header_lines(config_get(node, "headers"));
    settings->headers_file = own_text(node, "headers_file");
    settings->qos = (unsigned)config_integer(node, "qos", 0);
    settings->keep_alive = (unsigned)((config_span(node, "keep_alive", 30 * SPAN_SECOND) + 999) / 1000);
    settings->session_expiry = (unsigned)((config_span(node, "session_expiry", 0) + 999) / 1000);
    settings->receive_maximum = (unsigned)config_integer(node, "receive_maximum", 1000);
    settings->timeout = config_span(node, "timeout", 10 * SPAN_SECOND);
    settings->retry_min = config_span(node, "retry_min", SPAN_SECOND);
    settings->retry_max = config_span(node, "retry_max", SPAN_MINUTE);
    settings->client_id = own_text(node, "client_id");
    if (!settings->client_id)
        settings->client_id = default_client_id(name, settings->session_expiry > 0);
    return true;
}

void mqtt_settings_release(struct mqtt_settings *settings)
{
    char *const texts[] = {settings->headers, settings->headers_file, settings->ca, settings->certificate, settings->key, settings->tls_name,
                           settings->user, settings->password_file, settings->password_env, settings->client_id,
                           settings->share};
    for (size_t i = 0; i < ARRAY_COUNT(texts); i++)
        free(texts[i]);
    mqtt_address_release(&settings->address);
    memset(settings, 0, sizeof *settings);
}

/* -- Secrets, read when they are needed -- */

static bool file_read(const char *path, char *text, size_t size, struct error *error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = fd < 0 ? -1 : read(fd, text, size - 1);
    int code = errno;
    if (fd >= 0)
        close(fd);
    if (length < 0)
        return error_set(error, ERROR_INVALID, "%s: %s", path, strerror(code));
    text[length] = '\0';
    return true;
}

bool mqtt_settings_password(const struct mqtt_settings *settings, char *password, size_t size, struct error *error)
{
    *password = '\0';
    if (settings->password_env) {
        const char *value = getenv(settings->password_env);
        if (!value)
            return error_set(error, ERROR_INVALID, "the environment has no %s, which should hold the password",
                             settings->password_env);
        snprintf(password, size, "%s", value);
    }
    if (settings->password_file && !file_read(settings->password_file, password, size, error))
        return false;
    password[strcspn(password, "\r\n")] = '\0';
    return true;
}

bool mqtt_settings_headers(const struct mqtt_settings *settings, struct buffer *lines, struct error *error)
{
    char text[8192];
    if (settings->headers)
        buffer_append_text(lines, settings->headers);
    if (!settings->headers_file)
        return true;
    if (!file_read(settings->headers_file, text, sizeof text, error))
        return false;
    bool good = true;
    unsigned number = 1;
    for (const char *line = text; *line && good; number++) {
        size_t length = strcspn(line, "\r\n");
        good = length == 0 || header_good(line, length) ||
               error_set(error, ERROR_INVALID, "%s, line %u: expected a header such as `Authorization: Bearer ...`",
                         settings->headers_file, number);
        if (good && length) {
            buffer_append(lines, line, length);
            buffer_append_text(lines, "\r\n");
        }
        line += length;
        line += *line == '\r';
        line += *line == '\n';
    }
    explicit_bzero(text, sizeof text);
    return good;
}
