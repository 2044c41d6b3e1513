/* Commands on hosts: made from templates, run by whichever source reaches the host. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "engine/hosts_private.h"

/* ---- templates ---- */

static bool all_of(const char *text, const char *others)
{
    for (const char *at = text; *at; at++)
        if (!isalnum((unsigned char)*at) && !strchr(others, *at))
            return false;
    return *text != '\0';
}

static bool no_controls(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7F)
            return false;
    return true;
}

static bool argument_check(const struct hosts_argument *argument, struct error *error)
{
    static const struct { const char *name, *others; } shapes[] = {
        {"unit", "@._:-"}, {"lines", ""}, {"port", ""}, {"since", ""}, {"user", "._-"}, {"host", "._:-"}};
    const char *value = argument->value;
    bool free_text = strcmp(argument->name, "search") == 0; /* it is only ever the pattern behind -e */
    bool good = *value && (free_text || *value != '-') && no_controls(value) && strlen(value) < 512;
    for (size_t i = 0; i < ARRAY_COUNT(shapes); i++)
        if (strcmp(shapes[i].name, argument->name) == 0)
            good = good && all_of(value, shapes[i].others);
    if (strcmp(argument->name, "path") == 0)
        good = good && *value == '/' && !strstr(value, "/../");
    return good || error_set(error, ERROR_INVALID, "`%.80s` cannot be the %s of a command", value, argument->name);
}

static bool put(char **out, const char *end, const char *text, size_t length)
{
    if ((size_t)(end - *out) <= length)
        return false;
    memcpy(*out, text, length);
    *out += length;
    return true;
}

/* 'it'\''s' */
static bool put_quoted(char **out, const char *end, const char *text)
{
    bool fits = put(out, end, "'", 1);
    for (; fits && *text; text++)
        fits = *text == '\'' ? put(out, end, "'\\''", 4) : put(out, end, text, 1);
    return fits && put(out, end, "'", 1);
}

bool hosts_command(const char *template, const struct hosts_argument *arguments, unsigned count, char *out, size_t size,
                   struct error *error)
{
    const char *end = out + size;
    bool fits = size > 0;
    for (unsigned i = 0; i < count; i++)
        if (!argument_check(&arguments[i], error))
            return false;
    for (const char *at = template; fits && *at;) {
        size_t length = *at == '{' ? strcspn(at, "}") : 0;
        const struct hosts_argument *argument = NULL;
        for (unsigned i = 0; length && i < count && !argument; i++)
            if (strlen(arguments[i].name) == length - 1 && memcmp(arguments[i].name, at + 1, length - 1) == 0)
                argument = &arguments[i];
        if (argument) {
            fits = put_quoted(&out, end, argument->value);
            at += length + 1;
        } else {
            fits = put(&out, end, at++, 1);
        }
    }
    if (!fits)
        return error_set(error, ERROR_INVALID, "the command is longer than %zu bytes", size);
    *out = '\0';
    return true;
}

/* ---- running ---- */

static void run_free(struct hosts_running *running)
{
    *running->link = running->next;
    if (running->next)
        running->next->link = running->link;
    free(running);
}

static void run_output(void *owner, const char *bytes, size_t length, bool error_stream)
{
    struct hosts_running *running = owner;
    if (running->run.output)
        running->run.output(running->run.owner, bytes, length, error_stream);
}

static void run_done(void *owner, int exit_code, const struct error *error)
{
    struct hosts_running *running = owner;
    struct host_run run = running->run;
    run_free(running);
    run.done(run.owner, exit_code, error);
}

struct hosts_running *hosts_run(struct hosts *hosts, uint32_t asset, const struct host_run *run, struct error *error)
{
    struct source *source = hosts_source(hosts, asset);
    if (!source || !source->state || !source->ops->run) {
        error_set(error, ERROR_UNAVAILABLE, source ? "the source %s that watches this host runs nothing on it; one of type ssh or local does"
                                                   : N_("no source has reached this host yet%s"), source ? source->name : "");
        return NULL;
    }
    struct hosts_running *running = memory_new(sizeof *running);
    running->hosts = hosts;
    running->source = source;
    running->run = *run;
    running->next = hosts->runs;
    running->link = &hosts->runs;
    if (running->next)
        running->next->link = &running->next;
    hosts->runs = running;
    struct host_run own = *run;
    own.output = run_output;
    own.done = run_done;
    own.owner = running;
    running->running = source->ops->run(source, asset, &own, error);
    if (running->running)
        return running;
    run_free(running);
    return NULL;
}

void hosts_cancel(struct hosts *hosts, struct hosts_running *running)
{
    (void)hosts;
    if (running->source->ops->cancel)
        running->source->ops->cancel(running->source, running->running);
    run_free(running);
}

/* The source goes away: what runs through it is over. */
void hosts_forget_runs(struct hosts *hosts, const struct source *source)
{
    struct error gone;
    error_set(&gone, ERROR_UNAVAILABLE, "the source that reached this host was stopped");
    for (struct hosts_running *running = hosts->runs; running;) {
        if (source && running->source != source) {
            running = running->next;
            continue;
        }
        struct host_run run = running->run;
        hosts_cancel(hosts, running);
        run.done(run.owner, -1, &gone);
        running = hosts->runs; /* whoever was told may have begun or ended others */
    }
}
