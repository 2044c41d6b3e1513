#include "options.h"

#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "usage: campus --ledger FILE [FLEET...]\n"
    "       campus run --broker mqtt://[USER:PASSWORD@]HOST[:PORT] [--ledger FILE] [FLEET...] [RUN...]\n"
    "       campus fault --control SOCKET VERB [ARGUMENT...]\n"
    "\n"
    "A simulated campus: gateways and terminals of contract 000 that publish to an MQTT broker.\n"
    "\n"
    "FLEET, everything derives from it:\n"
    "  --seed N             (1)\n"
    "  --gateways N         of one zone (1100)\n"
    "  --terminals N        of one zone (48000)\n"
    "  --scale Nx           zones, 1x to 26x (1x)\n"
    "  --speed N            messages come N times as often; the ledger's periods are divided by N (1)\n"
    "  --rate R|max         instead of a speed: terminal messages a second, or as many as the broker takes\n"
    "\n"
    "RUN:\n"
    "  --control SOCKET     listen there for faults: one line in, one line out (send \"help\")\n"
    "  --duration SPAN      stop after 90s, 5m, 2h... (until interrupted)\n"
    "  --count N            stop after N terminal messages\n"
    "  --warmup SPAN        every terminal speaks once within it (20s)\n"
    "  --connections N      TCP connections the gateways share; as many as gateways: one each, with a last will (8)\n"
    "  --qos 0|1            of the telemetry (0)\n"
    "  --format json|thingsboard\n"
    "  --quiet              no closing figures on standard output\n"
    "\n"
    "  --ledger FILE        write the ledger CSV (- for standard output), then run if asked to\n"
    "  --help, --version\n"
    "\n"
    "Exit: 0 done, 1 failed, 2 wrong usage.\n";

enum option_code {
    OPTION_LEDGER = 256, OPTION_SEED, OPTION_GATEWAYS, OPTION_TERMINALS, OPTION_SCALE, OPTION_SPEED, OPTION_RATE,
    OPTION_BROKER, OPTION_CONTROL, OPTION_DURATION, OPTION_COUNT, OPTION_WARMUP, OPTION_CONNECTIONS, OPTION_QOS,
    OPTION_FORMAT, OPTION_QUIET, OPTION_HELP, OPTION_VERSION
};

static const struct option long_options[] = {
    {"ledger", required_argument, NULL, OPTION_LEDGER},
    {"seed", required_argument, NULL, OPTION_SEED},
    {"gateways", required_argument, NULL, OPTION_GATEWAYS},
    {"terminals", required_argument, NULL, OPTION_TERMINALS},
    {"scale", required_argument, NULL, OPTION_SCALE},
    {"speed", required_argument, NULL, OPTION_SPEED},
    {"rate", required_argument, NULL, OPTION_RATE},
    {"broker", required_argument, NULL, OPTION_BROKER},
    {"control", required_argument, NULL, OPTION_CONTROL},
    {"duration", required_argument, NULL, OPTION_DURATION},
    {"count", required_argument, NULL, OPTION_COUNT},
    {"warmup", required_argument, NULL, OPTION_WARMUP},
    {"connections", required_argument, NULL, OPTION_CONNECTIONS},
    {"qos", required_argument, NULL, OPTION_QOS},
    {"format", required_argument, NULL, OPTION_FORMAT},
    {"quiet", no_argument, NULL, OPTION_QUIET},
    {"help", no_argument, NULL, OPTION_HELP},
    {"version", no_argument, NULL, OPTION_VERSION},
    {NULL, 0, NULL, 0},
};

static bool number_parse(const char *text, uint64_t least, uint64_t most, uint64_t *number)
{
    char *end;
    if (*text < '0' || *text > '9')
        return false;
    unsigned long long value = strtoull(text, &end, 10);
    if (*end || value < least || value > most)
        return false;
    *number = value;
    return true;
}

static bool real_parse(const char *text, double *number, char **end)
{
    if ((*text < '0' || *text > '9') && *text != '.')
        return false;
    *number = strtod(text, end);
    return isfinite(*number);
}

bool options_span(const char *text, int64_t *milliseconds)
{
    static const struct {
        const char *unit;
        double size;
    } units[] = {{"ms", 1}, {"s", 1e3}, {"m", 6e4}, {"h", 36e5}, {"d", 864e5}};
    char *end;
    double number;
    if (!real_parse(text, &number, &end) || number > 1e9)
        return false;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (strcmp(end, units[i].unit) == 0) {
            *milliseconds = (int64_t)(number * units[i].size + 0.5);
            return true;
        }
    return false;
}

bool options_rate(const char *text, double *rate)
{
    char *end;
    if (strcmp(text, "max") == 0) {
        *rate = INFINITY;
        return true;
    }
    return real_parse(text, rate, &end) && !*end && *rate > 0;
}

/* mqtt://[USER:PASSWORD@]HOST[:PORT] */
static bool broker_parse(const char *url, struct options *options)
{
    static const char scheme[] = "mqtt://";
    if (strncmp(url, scheme, sizeof scheme - 1) != 0)
        return false;
    const char *host = url + sizeof scheme - 1, *at = strrchr(host, '@');
    if (at) {
        const char *colon = memchr(host, ':', (size_t)(at - host));
        if (!colon || (size_t)(colon - host) >= sizeof options->user ||
            (size_t)(at - colon) > sizeof options->password)
            return false;
        snprintf(options->user, sizeof options->user, "%.*s", (int)(colon - host), host);
        snprintf(options->password, sizeof options->password, "%.*s", (int)(at - colon - 1), colon + 1);
        host = at + 1;
    }
    const char *colon = strrchr(host, ':');
    size_t length = colon ? (size_t)(colon - host) : strlen(host);
    uint64_t port = 1883;
    if (length == 0 || length >= sizeof options->host || (colon && !number_parse(colon + 1, 1, 65535, &port)))
        return false;
    snprintf(options->host, sizeof options->host, "%.*s", (int)length, host);
    options->port = (int)port;
    return true;
}

static bool scale_parse(const char *text, int *zones)
{
    char plain[8];
    size_t length = strlen(text);
    uint64_t number;
    if (length == 0 || length >= sizeof plain)
        return false;
    memcpy(plain, text, length + 1);
    if (plain[length - 1] == 'x')
        plain[length - 1] = 0;
    if (!number_parse(plain, 1, FLEET_ZONES_MAX, &number))
        return false;
    *zones = (int)number;
    return true;
}

static bool speed_parse(const char *text, double *speed)
{
    char *end;
    return real_parse(text, speed, &end) && !*end && *speed > 0 && *speed <= 1e6;
}

static bool size_parse(const char *text, size_t *size)
{
    uint64_t number;
    if (!number_parse(text, 1, 10000000, &number))
        return false;
    *size = (size_t)number;
    return true;
}

static bool int_parse(const char *text, int least, int most, int *out)
{
    uint64_t number;
    if (!number_parse(text, (uint64_t)least, (uint64_t)most, &number))
        return false;
    *out = (int)number;
    return true;
}

static bool format_parse(const char *text, enum format *format)
{
    *format = strcmp(text, "thingsboard") == 0 ? FORMAT_THINGSBOARD : FORMAT_JSON;
    return *format == FORMAT_THINGSBOARD || strcmp(text, "json") == 0;
}

/* False when the value does not fit the option. */
static bool option_apply(struct options *options, int code, const char *value)
{
    switch (code) {
    case OPTION_LEDGER: options->ledger = value; return true;
    case OPTION_CONTROL: options->control = value; return true;
    case OPTION_QUIET: options->quiet = true; return true;
    case OPTION_SEED: return number_parse(value, 0, UINT64_MAX, &options->seed);
    case OPTION_GATEWAYS: return size_parse(value, &options->size.gateways);
    case OPTION_TERMINALS: return size_parse(value, &options->size.terminals);
    case OPTION_SCALE: return scale_parse(value, &options->size.zones);
    case OPTION_SPEED: return speed_parse(value, &options->speed);
    case OPTION_RATE: return options_rate(value, &options->rate);
    case OPTION_BROKER: return broker_parse(value, options);
    case OPTION_DURATION: return options_span(value, &options->duration);
    case OPTION_COUNT: return number_parse(value, 1, UINT64_MAX, &options->count);
    case OPTION_WARMUP: return options_span(value, &options->warmup);
    case OPTION_CONNECTIONS: return int_parse(value, 1, 100000, &options->connections);
    case OPTION_QOS: return int_parse(value, 0, 1, &options->qos);
    case OPTION_FORMAT: return format_parse(value, &options->format);
    default: return false;
    }
}

static bool usage_error(const char *what, const char *value)
{
    fprintf(stderr, "campus: %s%s%s\nTry 'campus --help'.\n", what, value ? ": " : "", value ? value : "");
    return false;
}

static bool options_check(const struct options *options)
{
    if (options->mode == MODE_NONE && !options->ledger)
        return usage_error("say --ledger FILE, run or fault", NULL);
    if (options->mode == MODE_RUN && !options->host[0])
        return usage_error("run needs --broker mqtt://HOST:PORT", NULL);
    if (options->mode == MODE_FAULT && (!options->control || options->word_count == 0))
        return usage_error("fault needs --control SOCKET and a verb", NULL);
    if (options->size.terminals < options->size.gateways)
        return usage_error("--terminals must not be fewer than --gateways", NULL);
    if (options->control && strlen(options->control) > 100)
        return usage_error("the path of the control socket is too long", options->control);
    return true;
}

bool options_parse(struct options *options, int count, char **arguments, int *status)
{
    *options = (struct options){
        .seed = 1, .speed = 1, .warmup = 20000, .connections = 8,
        .size = {.gateways = CATALOGUE_GATEWAYS, .terminals = CATALOGUE_TERMINALS, .zones = 1},
    };
    *status = 2;
    while (optind < count) {
        int index = 0, code = getopt_long(count, arguments, "+", long_options, &index);
        if (code == -1) {
            if (optind >= count)
                break;
            const char *word = arguments[optind];
            if (options->mode == MODE_FAULT)
                break;
            if (options->mode == MODE_NONE && strcmp(word, "run") == 0)
                options->mode = MODE_RUN;
            else if (options->mode == MODE_NONE && strcmp(word, "fault") == 0)
                options->mode = MODE_FAULT;
            else
                return usage_error("unexpected argument", word);
            optind++;
            continue;
        }
        if (code == OPTION_HELP || code == OPTION_VERSION) {
            printf("%s", code == OPTION_HELP ? help : "campus " NOCTURNE_VERSION "\n");
            *status = 0;
            return false;
        }
        if (code == '?')
            return usage_error("see above", NULL);
        if (!option_apply(options, code, optarg)) {
            fprintf(stderr, "campus: --%s does not take '%s'\n", long_options[index].name, optarg);
            return usage_error("wrong value", NULL);
        }
    }
    options->words = arguments + optind;
    options->word_count = count - optind;
    return options_check(options);
}
