/* One host of the SSH collector: connect, ask, wait for the next time, and say what that means for the asset. One timer
 * a host; nothing sweeps. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "collect/source_values.h"
#include "collect/ssh.h"

#define ANSWER_MAX (24u << 20) /* 20,000 processes with long command lines are 12 MiB */
#define QUICK_MAX (2u << 20)
#define USUAL_EVERY (30 * SPAN_SECOND)
#define FULL_EVERY (60 * SPAN_SECOND)
#define SLOW_EVERY SPAN_HOUR
#define SLOW_FIRST (5 * SPAN_MINUTE)     /* spread over so long: a hundred hosts may share one machine */
#define SLOW_SOON (3 * SPAN_SECOND)      /* after somebody began to look */
#define SECOND_AFTER (SPAN_SECOND / 2)
#define SLOW_LIMIT SPAN_MINUTE           /* for an answer that asks a package manager */
#define REST_FIRST SPAN_SECOND
#define REST_LONGEST SPAN_MINUTE
#define REFUSED_FIRST (15 * SPAN_SECOND) /* a server may count refusals and lock the account */
#define REFUSED_LONGEST (10 * SPAN_MINUTE)
#define RAW_MAX 1024

static void host_fail(struct ssh_host *host, const struct ssh_failure *failure);
static void timer_due(uv_timer_t *timer);

static void host_timer(struct ssh_host *host, msec delay)
{
    uv_timer_start(&host->timer, timer_due, delay > 0 ? (uint64_t)delay : 0, 0);
}

bool ssh_host_watched(const struct ssh_host *host)
{
    return (host->state == SSH_HOST_WAITING || host->state == SSH_HOST_ASKING) && !*host->trouble;
}

/* ---- verdicts ---- */

static void say_link(struct ssh_host *host, enum link_state state, const char *evidence)
{
    struct source *source = host->ssh->source;
    if (host->link == state && state == LINK_UP)
        return;
    host->link = state;
    source->sink.ops->link(source->sink.owner, source, host->asset, state, evidence);
}

static void say_check(struct ssh_host *host, enum health verdict, const char *evidence)
{
    struct source *source = host->ssh->source;
    if (host->check == verdict && verdict == HEALTH_OK)
        return;
    host->check = verdict;
    source->sink.ops->check(source->sink.owner, source, host->asset, verdict, evidence);
}

/* A trouble is told once, in full, with the procedure; the asset's row has the beginning of it. */
static void say_trouble(struct ssh_host *host, enum health verdict, const char *text)
{
    bool news = strcmp(host->trouble, text) != 0;
    snprintf(host->trouble, sizeof host->trouble, "%s", text);
    if (news) {
        log_warning("source %s: %s: %s", host->ssh->source->name, host->id, text);
        source_bad(host->ssh->source, text, strlen(text), "%s", host->id);
    }
    if (verdict == HEALTH_UNKNOWN)
        say_link(host, LINK_DOWN, text);
    else
        say_check(host, verdict, text);
    ssh_status_due(host->ssh);
}

static void say_well(struct ssh_host *host, double took)
{
    char evidence[96];
    bool news = *host->trouble || host->check != HEALTH_OK;
    host->trouble[0] = '\0';
    host->failures = 0;
    snprintf(evidence, sizeof evidence, N_("ssh answers in %.0f ms"), took);
    say_link(host, LINK_UP, evidence);
    say_check(host, HEALTH_OK, evidence);
    if (news)
        ssh_status_due(host->ssh);
}

/* ---- ends ---- */

static void drop_session(struct ssh_host *host)
{
    ssh_shell_free(&host->shell);
    ssh_session_free(&host->session);
    ssh_turn_leave(host);
    if (host->route.jump)
        ssh_jump_leave(host->route.jump, host);
}

/* The exponent by failures, an even spread of half to one and a half around it. */
static msec rest(const struct ssh_host *host, msec first, msec longest)
{
    msec span = first;
    for (unsigned i = 1; i < host->failures && span < longest; i++)
        span *= 2;
    span = span > longest ? longest : span;
    return span / 2 + (msec)randombytes_uniform((uint32_t)span + 1);
}

static void host_rest(struct ssh_host *host, msec delay)
{
    host->state = SSH_HOST_RESTING;
    host_timer(host, delay);
}

static void host_fail(struct ssh_host *host, const struct ssh_failure *failure)
{
    bool was_up = host->failures == 0 && host->check == HEALTH_OK;
    struct ssh_failure kept = *failure; /* it may stand in what goes now */
    host->ssh->source->failures++;
    host->failures += host->failures < 1000;
    drop_session(host);
    ssh_runs_fail(host, kept.text);
    host_reader_forget(host->reader);
    switch (kept.trouble) {
    case SSH_TROUBLE_KEY_UNKNOWN:
    case SSH_TROUBLE_KEY_CHANGED:
        host->state = SSH_HOST_BARRED;
        host->ssh->barred++;
        uv_timer_stop(&host->timer);
        say_trouble(host, kept.trouble == SSH_TROUBLE_KEY_CHANGED ? HEALTH_CRITICAL : HEALTH_WARNING, kept.text);
        break;
    case SSH_TROUBLE_REFUSED:
    case SSH_TROUBLE_SETUP:
        say_trouble(host, HEALTH_WARNING, kept.text);
        host_rest(host, rest(host, REFUSED_FIRST, REFUSED_LONGEST));
        break;
    default:
        if (!was_up) /* a server that restarts is back at the next try */
            say_trouble(host, kept.phase <= SSH_TCP ? HEALTH_UNKNOWN : HEALTH_CRITICAL, kept.text);
        host_rest(host, rest(host, REST_FIRST, REST_LONGEST));
        break;
    }
}

/* ---- answers ---- */

static void give(struct ssh_host *host, struct host *seen, const char *text, size_t length)
{
    struct source_values values = {.source = host->ssh->source};
    host_metrics(seen, source_values_put, &values);
    source_values_give(&values, host->asset, length, text, length < RAW_MAX ? length : RAW_MAX, seen);
    source_values_release(&values);
}

/* Its place in the interval, so that all hosts together are asked at an even pace. */
static void wait_for_next(struct ssh_host *host)
{
    msec interval = host->attend > 0 && host->attend < host->ssh->interval ? host->attend : host->ssh->interval;
    msec now = clock_steady(), since = (now - host->offset) % interval;
    msec left = interval - (since < 0 ? since + interval : since);
    host->state = SSH_HOST_WAITING;
    host_timer(host, left < interval / 4 ? left + interval : left);
}

static void shell_answered(void *owner, const char *text, size_t length, int status, bool whole)
{
    struct ssh_host *host = owner;
    msec now = clock_steady();
    struct error error = {0};
    (void)status;
    host->ssh->source->checks++;
    struct host *seen = host_reader_take(host->reader, text, length, uv_hrtime(), clock_wall(), &error);
    if (seen) {
        seen->cost = now - host->asked;
        give(host, seen, text, length);
        if (whole)
            say_well(host, (double)(now - host->asked));
    } else if (whole) {
        error_prefix(&error, "its shell answers something else");
        say_trouble(host, HEALTH_WARNING, error.text);
    }
    if (!whole)
        return; /* shell_failed follows */
    if (host->depths & HOST_USUAL)
        host->usual_at = now + USUAL_EVERY;
    if (host->depths & HOST_FULL)
        host->full_at = now + FULL_EVERY;
    host->knows_slow |= (host->depths & HOST_SLOW) != 0;
    if (host->depths & HOST_SLOW)
        host->slow_at = now + SLOW_EVERY + (msec)randombytes_uniform((uint32_t)SPAN_MINUTE);
    if (seen && host->usual_at == 0) { /* the first figures are out; soon the rest, and rates */
        host->state = SSH_HOST_WAITING;
        host->usual_at = now;
        host_timer(host, SECOND_AFTER);
    } else {
        wait_for_next(host);
    }
}

static unsigned depths_due(const struct ssh_host *host, msec now)
{
    unsigned depths = HOST_QUICK;
    if (host->usual_at == 0)
        return depths; /* the first question of a connection: figures soon */
    if (now >= host->usual_at)
        depths |= HOST_USUAL;
    if (host->attend > 0 || now >= host->full_at)
        depths |= HOST_USUAL | HOST_FULL;
    if (now >= host->slow_at)
        depths |= HOST_SLOW;
    return host->attend > 0 ? depths : depths & host->ssh->depths;
}

static void host_ask(struct ssh_host *host)
{
    msec now = clock_steady();
    host->depths = depths_due(host, now);
    host->asked = now;
    host->state = SSH_HOST_ASKING;
    host_timer(host, host->depths & HOST_SLOW ? host->ssh->limits[SSH_ANSWER] + SLOW_LIMIT : host->ssh->limits[SSH_ANSWER]);
    struct buffer before = BUFFER_INIT;
    if (host->depths & HOST_USUAL)
        host_units_ask(host->ssh->source, host->asset, &before);
    ssh_shell_ask(host->shell, host->depths, ssh_script(host->ssh, host->depths), buffer_text(&before),
                  host->depths == HOST_QUICK ? QUICK_MAX : ANSWER_MAX);
    buffer_release(&before);
}

/* ---- connecting ---- */

static void shell_ready(void *owner)
{
    struct ssh_host *host = owner;
    host->usual_at = 0;
    host_ask(host);
}

static void shell_failed(void *owner, const struct ssh_failure *failure)
{
    host_fail(owner, failure);
}

static void session_ready(void *owner)
{
    static const struct ssh_shell_ops ops = {.ready = shell_ready, .answered = shell_answered, .failed = shell_failed};
    struct ssh_host *host = owner;
    ssh_turn_leave(host);
    host->state = SSH_HOST_GREETING;
    host->shell = ssh_shell_new(host->session, &ops, host);
    host_timer(host, 2 * host->ssh->limits[SSH_CHANNEL]); /* the opening has its own limit; start-up files have this one */
}

static void session_failed(void *owner, const struct ssh_failure *failure)
{
    host_fail(owner, failure);
}

static void connect_by(struct ssh_host *host, struct ssh_session *via)
{
    static const struct ssh_session_ops ops = {.ready = session_ready, .failed = session_failed};
    host->state = SSH_HOST_CONNECTING;
    host->route.settings.via = via;
    host->session = ssh_session_new(&host->route.settings, host->look ? host->look : &ops,
                                    host->look ? host->look_owner : host);
}

void ssh_host_connect(struct ssh_host *host)
{
    if (!host->route.jump) {
        connect_by(host, NULL);
        return;
    }
    host->state = SSH_HOST_JUMPING;
    ssh_jump_use(host->route.jump, host);
}

void ssh_host_jumped(struct ssh_host *host, struct ssh_session *via, const struct ssh_failure *failure)
{
    if (failure && host->look)
        host->look->failed(host->look_owner, failure);
    else if (failure)
        host_fail(host, failure);
    else
        connect_by(host, via);
}

static void too_late(struct ssh_host *host)
{
    struct ssh_failure failure = {.trouble = SSH_TROUBLE_NETWORK};
    char noise[120];
    ssh_shell_noise(host->shell, noise, sizeof noise);
    bool greeting = host->state == SSH_HOST_GREETING;
    double seconds = (double)(greeting ? 2 * host->ssh->limits[SSH_CHANNEL] : clock_steady() - host->asked) / 1000.0;
    if (greeting)
        snprintf(failure.text, sizeof failure.text, N_("its shell says nothing in %.3g s: a slow start-up file?%s%s"), seconds,
                 *noise ? " " N_("It said") ": " : "", noise);
    else
        snprintf(failure.text, sizeof failure.text, N_("no answer in %.3g s"), seconds);
    failure.phase = greeting ? SSH_CHANNEL : SSH_ANSWER;
    host_fail(host, &failure);
}

static void timer_due(uv_timer_t *timer)
{
    struct ssh_host *host = timer->data;
    switch (host->state) {
    case SSH_HOST_WAITING: host_ask(host); break;
    case SSH_HOST_GREETING:
    case SSH_HOST_ASKING: too_late(host); break;
    case SSH_HOST_RESTING:
        ssh_turn_ask(host);
        break;
    default: break;
    }
}

void ssh_host_unbar(struct ssh_host *host)
{
    if (host->state != SSH_HOST_BARRED)
        return;
    host->ssh->barred--;
    ssh_turn_ask(host);
}

void ssh_host_attend(struct ssh_host *host, msec interval)
{
    bool closer = interval > 0 && host->attend == 0;
    host->attend = interval;
    if (closer && !host->knows_slow)
        host->slow_at = clock_steady() + SLOW_SOON;
    if (closer && host->state == SSH_HOST_WAITING) {
        host->usual_at = host->usual_at ? host->usual_at : clock_steady();
        host_timer(host, 0);
    }
}

/* ---- life ---- */

struct ssh_host *ssh_host_new(struct ssh *ssh, uint32_t asset, const char *id, const char *address)
{
    struct ssh_host *host = memory_new(sizeof *host);
    *host = (struct ssh_host){.ssh = ssh, .asset = asset, .link = LINK_UNKNOWN, .check = HEALTH_UNKNOWN,
                              .state = SSH_HOST_QUEUED};
    host->id = memory_text(id);
    host->address = memory_text(address);
    host->reader = host_reader_new();
    host->slow_at = clock_steady() + SPAN_SECOND + (msec)randombytes_uniform((uint32_t)SLOW_FIRST);
    host->timer.data = host;
    uv_timer_init(ssh->source->loop, &host->timer);
    ssh->open_hosts++;
    return host;
}

bool ssh_host_begin(struct ssh_host *host, struct error *error)
{
    if (!ssh_route_make(host->ssh, host->address, 0, &host->route, error)) {
        say_check(host, HEALTH_WARNING, error->text);
        return false;
    }
    ssh_turn_ask(host);
    return true;
}

static void host_closed(uv_handle_t *handle)
{
    struct ssh_host *host = handle->data;
    struct ssh *ssh = host->ssh;
    ssh_route_release(&host->route);
    host_reader_free(&host->reader);
    free(host->id);
    free(host->address);
    free(host);
    ssh_host_gone(ssh);
}

void ssh_host_close(struct ssh_host *host)
{
    host->closing = true;
    host->ssh->barred -= host->state == SSH_HOST_BARRED;
    ssh_runs_fail(host, "the host is no longer watched");
    drop_session(host);
    uv_close((uv_handle_t *)&host->timer, host_closed);
}
