#include "campus.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "heap.h"
#include "links.h"
#include "message.h"
#include "random.h"
#include "wall.h"

enum purpose { PURPOSE_FIRST = 700, PURPOSE_PHASE, PURPOSE_JITTER, PURPOSE_RETURN, PURPOSE_BOOT };

#define ONCE 0x80000000u  /* in a heap subject: this event does not repeat */
#define BATCH 256         /* messages between two looks at the sockets */
#define LATE_MOST 2000    /* ms the schedule may lag before it slips instead */
#define RETURN_MOST 6000  /* ms within which everything speaks again after a recovery */
#define RATE_SECONDS 10   /* of the moving rate */

enum presence { PRESENCE_UNKNOWN, PRESENCE_ONLINE, PRESENCE_OFFLINE };

struct gateway_life {
    int64_t boot; /* ms, wall clock */
    enum presence announced;
    bool started;
};

struct campus {
    const struct options *options;
    const struct fleet *fleet;
    uv_loop_t *loop;
    struct faults faults;
    struct messages messages;
    struct message message; /* the one being made */
    struct heap heap;
    struct links *links;
    size_t link_count;
    uv_timer_t pump, second, end;
    uv_idle_t pump_now;
    int open_handles;
    struct gateway_life *gateways;
    uint8_t *introduced;    /* ThingsBoard: one byte per terminal */
    uint8_t *previous_bits; /* faults before the last change */
    double natural_rate, speed; /* readings a second at speed 1; INFINITY: flat out */
    double clock;           /* of the schedule, ms */
    uint64_t pumped_at;     /* ns, steady */
    bool started;
    int64_t started_at;     /* wall, ms */
    uint64_t turn, readings, statuses, suppressed;
    uint64_t second_readings[RATE_SECONDS];
    unsigned seconds;
};

static void *array_new(size_t count, size_t size)
{
    void *array = calloc(count ? count : 1, size);
    if (!array) {
        perror("campus: memory");
        abort();
    }
    return array;
}

static double schedule_speed(const struct campus *campus)
{
    return isinf(campus->speed) ? 1 : campus->speed;
}

static size_t gateway_link(const struct campus *campus, size_t gateway)
{
    return gateway % campus->link_count;
}

static bool own_links(const struct campus *campus)
{
    return campus->link_count == campus->fleet->gateway_count;
}

static bool publish(struct campus *campus, size_t gateway, int qos, bool retain)
{
    const struct message *message = &campus->message;
    return links_publish(campus->links, gateway_link(campus, gateway), message->topic, message->payload.bytes,
                         message->payload.length, qos, retain);
}

/* Say on the gateway's behalf whether it is there. Lost words are said again when the connection is back. */
static void presence_announce(struct campus *campus, size_t gateway, bool online)
{
    message_presence(&campus->messages, gateway, online, &campus->message);
    if (publish(campus, gateway, 0, campus->options->format == FORMAT_JSON))
        campus->gateways[gateway].announced = online ? PRESENCE_ONLINE : PRESENCE_OFFLINE;
}

/* Make what the broker was told agree with the faults. With a connection of its own a gateway just vanishes, and the
 * broker speaks its will. */
static void presence_sync(struct campus *campus, size_t gateway, int64_t now)
{
    struct gateway_life *life = &campus->gateways[gateway];
    size_t asset = fleet_gateway_asset(campus->fleet, gateway);
    bool offline = faults_offline(&campus->faults, gateway, now);
    if (own_links(campus)) {
        bool silent = faults_silent(&campus->faults, asset, now);
        links_set(campus->links, gateway, offline ? LINK_CUT : silent ? LINK_FROZEN : LINK_LIVE);
        if (offline && life->announced == PRESENCE_ONLINE)
            life->announced = PRESENCE_OFFLINE;
    }
    if (!life->started || life->announced == (offline ? PRESENCE_OFFLINE : PRESENCE_ONLINE))
        return;
    if (!offline && life->announced == PRESENCE_OFFLINE)
        life->boot = now;
    presence_announce(campus, gateway, !offline);
}

static void presence_sync_all(struct campus *campus)
{
    int64_t now = wall_now();
    for (size_t g = 0; g < campus->fleet->gateway_count; g++)
        presence_sync(campus, g, now);
}

static void speak_strangers(struct campus *campus, size_t gateway, int64_t now)
{
    for (size_t f = 0; f < campus->faults.count; f++) {
        const struct fault *fault = &campus->faults.list[f];
        if (fault->kind != FAULT_STRANGER || fault->target != gateway)
            continue;
        for (int i = 0; i < fault->variant; i++) {
            message_stranger(&campus->messages, gateway, i, now, &campus->message);
            publish(campus, gateway, campus->options->qos, false);
        }
    }
}

static void speak_gateway(struct campus *campus, size_t gateway, int64_t now)
{
    campus->gateways[gateway].started = true;
    presence_sync(campus, gateway, now);
    message_gateway(&campus->messages, gateway, now, campus->gateways[gateway].boot, campus->turn, &campus->message);
    campus->statuses += publish(campus, gateway, campus->options->qos, false);
    if (campus->faults.bits[fleet_gateway_asset(campus->fleet, gateway)] & ASSET_DISTORTED)
        speak_strangers(campus, gateway, now);
}

static void speak_terminal(struct campus *campus, size_t terminal, int64_t now)
{
    size_t gateway = campus->fleet->terminals[terminal].gateway;
    if (campus->options->format == FORMAT_THINGSBOARD && !campus->introduced[terminal]) {
        message_introduction(&campus->messages, terminal, &campus->message);
        campus->introduced[terminal] = publish(campus, gateway, campus->options->qos, false);
    }
    message_terminal(&campus->messages, terminal, now, campus->turn, &campus->message);
    campus->readings += publish(campus, gateway, campus->options->qos, false);
}

static double schedule_now(const struct campus *campus)
{
    if (!campus->started || isinf(campus->speed))
        return campus->clock;
    return campus->clock + (double)(uv_hrtime() - campus->pumped_at) / 1e6 * campus->speed;
}

/* In so many milliseconds of real time, once. */
static void event_once(struct campus *campus, size_t asset, double milliseconds)
{
    heap_push(&campus->heap, (int64_t)(schedule_now(campus) + milliseconds * schedule_speed(campus)) + 1,
              (uint32_t)asset | ONCE);
}

/* The first event of the heap is due. */
static void event_handle(struct campus *campus, int64_t now)
{
    struct heap_item item = *heap_first(&campus->heap);
    size_t asset = item.subject & ~ONCE;
    campus->turn++;
    if (faults_silent(&campus->faults, asset, now))
        campus->suppressed++;
    else if (fleet_is_gateway(campus->fleet, asset))
        speak_gateway(campus, asset - campus->fleet->terminal_count, now);
    else
        speak_terminal(campus, asset, now);
    if (item.subject & ONCE) {
        heap_pop(&campus->heap);
        /* the two clocks differ by a little: who was called just before its return is called again */
        if (campus->faults.bits[asset] & ASSET_RECOVERING && !(campus->faults.bits[asset] & ASSET_SILENT) &&
            now < faults_recovery_time(&campus->faults, asset))
            event_once(campus, asset, (double)(faults_recovery_time(&campus->faults, asset) - now) + 1);
        return;
    }
    /* devices' clocks are no better than a few parts in a thousand */
    double jitter = 1 + 0.004 * (random_unit(campus->fleet->seed, asset ^ campus->turn << 24, PURPOSE_JITTER) - 0.5);
    heap_again(&campus->heap, item.due + (int64_t)(fleet_period(campus->fleet, asset) * 1000 * jitter));
}

static bool count_reached(const struct campus *campus)
{
    return campus->options->count && campus->readings >= campus->options->count;
}

static void pump_timer(uv_timer_t *timer);
static void pump_idle(uv_idle_t *idle);

/* Overdue work goes on at the loop's next turn, after the sockets had theirs (a timer of 0 would not let them). */
static void pump_schedule(struct campus *campus)
{
    uv_idle_stop(&campus->pump_now);
    uv_timer_stop(&campus->pump);
    if (!campus->started || links_congested(campus->links) || campus->heap.count == 0)
        return; /* `connected` and `drained` start it again */
    double wait = 0;
    if (!isinf(campus->speed))
        wait = ceil(((double)heap_first(&campus->heap)->due - schedule_now(campus)) / campus->speed);
    if (wait <= 0)
        uv_idle_start(&campus->pump_now, pump_idle);
    else
        uv_timer_start(&campus->pump, pump_timer, wait > 1000 ? 1000 : (uint64_t)wait, 0);
}

static void pump_run(struct campus *campus)
{
    uint64_t now = uv_hrtime();
    double elapsed = (double)(now - campus->pumped_at) / 1e6;
    campus->pumped_at = now;
    bool flat_out = isinf(campus->speed);
    if (!flat_out) {
        /* where the broker or this machine cannot follow, time slips and nothing heaps up */
        double latest = (double)heap_first(&campus->heap)->due + LATE_MOST * campus->speed;
        campus->clock += elapsed * campus->speed;
        if (campus->clock > latest)
            campus->clock = latest;
    }
    int64_t wall = wall_now();
    for (int i = 0; i < BATCH && !links_congested(campus->links) && !count_reached(campus); i++) {
        int64_t due = heap_first(&campus->heap)->due;
        if (flat_out)
            campus->clock = (double)due;
        else if ((double)due > campus->clock)
            break;
        event_handle(campus, wall);
    }
    if (count_reached(campus))
        uv_stop(campus->loop);
    else
        pump_schedule(campus);
}

static void pump_timer(uv_timer_t *timer)
{
    pump_run(timer->data);
}

static void pump_idle(uv_idle_t *idle)
{
    pump_run(idle->data);
}

/* Each speaks once within the warm-up, gateways in its first fifth, and goes on at a random point of its period. */
static void events_init(struct campus *campus)
{
    const struct fleet *fleet = campus->fleet;
    double warmup = (double)campus->options->warmup;
    for (size_t a = 0; a < fleet_asset_count(fleet); a++) {
        double share = random_unit(fleet->seed, a, PURPOSE_FIRST);
        double first = warmup * (fleet_is_gateway(fleet, a) ? 0.2 * share : 0.2 + 0.8 * share);
        double next = first * schedule_speed(campus) +
                      1000.0 * fleet_period(fleet, a) * random_unit(fleet->seed, a, PURPOSE_PHASE);
        event_once(campus, a, first);
        heap_push(&campus->heap, (int64_t)next + 1, (uint32_t)a);
    }
}

/* Who was silent and may speak now does so soon, not at the end of a long period: it has just booted. */
static void silence_changed(struct campus *campus)
{
    const struct fleet *fleet = campus->fleet;
    int64_t now = wall_now();
    for (size_t a = 0; a < fleet_asset_count(fleet); a++) {
        uint8_t before = campus->previous_bits[a], after = campus->faults.bits[a];
        if (before == after)
            continue;
        if (after & ASSET_RECOVERING && !(after & ASSET_SILENT)) {
            int64_t wait = faults_recovery_time(&campus->faults, a) - now;
            event_once(campus, a, wait < 0 ? 0 : (double)wait + 5);
        } else if (before & ASSET_SILENT && !(after & (ASSET_SILENT | ASSET_RECOVERING))) {
            double share = random_unit(fleet->seed, a, PURPOSE_RETURN);
            event_once(campus, a, RETURN_MOST * (fleet_is_gateway(fleet, a) ? 0.15 * share : 0.2 + 0.8 * share));
        }
    }
    memcpy(campus->previous_bits, campus->faults.bits, fleet_asset_count(fleet));
    presence_sync_all(campus);
    pump_schedule(campus);
}

/* An absent broker delays the morning; one that goes away later does not stop the clock. */
static void start(struct campus *campus)
{
    campus->started = true;
    campus->pumped_at = uv_hrtime();
    pump_schedule(campus);
}

/* Whom a new fault distorts speaks at once (a few), or within seconds (a building): somebody is watching. */
static void fault_show(struct campus *campus, const struct fault *fault)
{
    const struct fleet *fleet = campus->fleet;
    size_t covered = 0;
    for (int walk = 0; walk < 2; walk++)
        for (size_t a = 0; a < fleet_asset_count(fleet); a++)
            if (campus->faults.bits[a] & ASSET_DISTORTED && fault_covers(fleet, fault, a)) {
                if (walk == 0)
                    covered++;
                else
                    event_once(campus, a, (covered > 100 ? 8000 : 500) * random_unit(fleet->seed, a, PURPOSE_RETURN));
            }
    pump_schedule(campus);
}

static void link_connected(void *context, size_t link)
{
    struct campus *campus = context;
    struct links_figures figures = links_figures(campus->links);
    if (!campus->started && figures.connected == figures.links)
        start(campus);
    for (size_t g = link; g < campus->fleet->gateway_count; g += campus->link_count)
        if (campus->gateways[g].started)
            presence_announce(campus, g, !faults_offline(&campus->faults, g, wall_now()));
    if (campus->started)
        pump_schedule(campus);
}

static void links_drained(void *context)
{
    pump_schedule(context);
}

static struct link_will link_will(void *context, size_t link)
{
    const struct campus *campus = context;
    struct link_will will = {.topic = ""};
    if (!own_links(campus)) {
        snprintf(will.client, sizeof will.client, "campus-%d-%zu", (int)getpid(), link);
        return will;
    }
    char id[FLEET_ID];
    fleet_id(campus->fleet, fleet_gateway_asset(campus->fleet, link), id);
    snprintf(will.client, sizeof will.client, "%s", id);
    if (campus->options->format == FORMAT_JSON) {
        snprintf(will.topic, sizeof will.topic, "campus/%s/status", id);
        snprintf(will.payload, sizeof will.payload, "offline");
    }
    return will;
}

static void second_passed(uv_timer_t *timer)
{
    struct campus *campus = timer->data;
    bool recovering = false;
    if (!campus->started && links_figures(campus->links).connected > 0)
        start(campus); /* the other connections may never come */
    campus->second_readings[++campus->seconds % RATE_SECONDS] = campus->readings;
    for (size_t i = 0; i < campus->faults.count; i++)
        recovering |= campus->faults.list[i].kind == FAULT_SLOW_RECOVERY;
    if (!recovering)
        return;
    presence_sync_all(campus);
    if (faults_expire(&campus->faults, wall_now()))
        silence_changed(campus);
}

static void duration_over(uv_timer_t *timer)
{
    struct campus *campus = timer->data;
    uv_stop(campus->loop);
}

static void timer_init(struct campus *campus, uv_timer_t *timer)
{
    uv_timer_init(campus->loop, timer);
    timer->data = campus;
    campus->open_handles++;
}

struct campus *campus_new(uv_loop_t *loop, const struct options *options, const struct fleet *fleet)
{
    struct campus *campus = array_new(1, sizeof *campus);
    campus->options = options;
    campus->fleet = fleet;
    campus->loop = loop;
    campus->started_at = wall_now();
    campus->natural_rate = fleet_rate(fleet);
    campus->speed = options->speed;
    faults_init(&campus->faults, fleet);
    campus->messages = (struct messages){fleet, &campus->faults, options->format};
    campus->gateways = array_new(fleet->gateway_count, sizeof *campus->gateways);
    campus->introduced = array_new(fleet->terminal_count, 1);
    campus->previous_bits = array_new(fleet_asset_count(fleet), 1);
    for (size_t g = 0; g < fleet->gateway_count; g++)
        campus->gateways[g].boot =
            campus->started_at - (int64_t)(random_unit(fleet->seed, g, PURPOSE_BOOT) * 90 * 86400e3);
    campus->link_count = (size_t)options->connections;
    if (campus->link_count > fleet->gateway_count)
        campus->link_count = fleet->gateway_count;
    timer_init(campus, &campus->pump);
    timer_init(campus, &campus->second);
    timer_init(campus, &campus->end);
    uv_idle_init(loop, &campus->pump_now);
    campus->pump_now.data = campus;
    campus->open_handles++;
    uv_timer_start(&campus->second, second_passed, 1000, 1000);
    if (options->duration > 0)
        uv_timer_start(&campus->end, duration_over, (uint64_t)options->duration, 0);
    events_init(campus);
    struct links_owner owner = {campus, link_connected, links_drained, link_will};
    campus->links = links_new(loop, options, campus->link_count, &owner);
    return campus;
}

static void handle_closed(uv_handle_t *handle)
{
    struct campus *campus = handle->data;
    if (--campus->open_handles > 0)
        return;
    faults_release(&campus->faults);
    heap_release(&campus->heap);
    text_release(&campus->message.payload);
    free(campus->gateways);
    free(campus->introduced);
    free(campus->previous_bits);
    free(campus);
}

void campus_free(struct campus **owned)
{
    struct campus *campus = *owned;
    *owned = NULL;
    links_free(&campus->links);
    uv_close((uv_handle_t *)&campus->pump, handle_closed);
    uv_close((uv_handle_t *)&campus->pump_now, handle_closed);
    uv_close((uv_handle_t *)&campus->second, handle_closed);
    uv_close((uv_handle_t *)&campus->end, handle_closed);
}

static double rate_now(const struct campus *campus)
{
    unsigned span = campus->seconds < RATE_SECONDS - 1 ? campus->seconds : RATE_SECONDS - 1;
    if (span == 0)
        return 0;
    uint64_t first = campus->second_readings[(campus->seconds - span) % RATE_SECONDS];
    return (double)(campus->second_readings[campus->seconds % RATE_SECONDS] - first) / span;
}

const struct fleet *campus_fleet(const struct campus *campus)
{
    return campus->fleet;
}

struct faults *campus_faults(struct campus *campus)
{
    return &campus->faults;
}

void campus_faults_changed(struct campus *campus, const struct fault *added)
{
    silence_changed(campus);
    if (added)
        fault_show(campus, added);
}

void campus_set_rate(struct campus *campus, double rate)
{
    campus->speed = rate / campus->natural_rate;
    campus->pumped_at = uv_hrtime();
    pump_schedule(campus);
}

void campus_status(const struct campus *campus, struct text *out)
{
    struct links_figures figures = links_figures(campus->links);
    text_addf(out, "rate=%.1f target=", rate_now(campus));
    if (isinf(campus->speed))
        text_adds(out, "max");
    else
        text_addf(out, "%.1f speed=%.4g", campus->natural_rate * campus->speed, campus->speed);
    text_addf(out, " readings=%llu gateway_messages=%llu suppressed=%llu sent=%llu lost=%llu connected=%zu/%zu "
                   "reconnects=%llu faults=%zu gateways=%zu terminals=%zu seed=%llu running=%llds",
              (unsigned long long)campus->readings, (unsigned long long)campus->statuses,
              (unsigned long long)campus->suppressed, (unsigned long long)figures.sent,
              (unsigned long long)figures.lost, figures.connected, figures.links,
              (unsigned long long)figures.reconnects, campus->faults.count, campus->fleet->gateway_count,
              campus->fleet->terminal_count, (unsigned long long)campus->fleet->seed,
              (long long)(wall_now() - campus->started_at) / 1000);
}

void campus_figures(const struct campus *campus, struct text *out)
{
    struct links_figures figures = links_figures(campus->links);
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    double wall = (double)(wall_now() - campus->started_at) / 1000;
    text_addf(out, "{\"readings\":%llu,\"messages\":%llu,\"lost\":%llu,\"bytes\":%llu,\"wall\":%.3f,\"rate\":%.1f,"
                   "\"cpu\":%.3f,\"rss_kib\":%ld}",
              (unsigned long long)campus->readings, (unsigned long long)figures.sent,
              (unsigned long long)figures.lost, (unsigned long long)figures.bytes, wall,
              wall > 0 ? (double)campus->readings / wall : 0,
              (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                  (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6, usage.ru_maxrss);
}
