/* Deliveries and the lanes they wait in: one lane a channel, with its rate, its concurrency, and retries that back off.
 * A delivery goes out only after its row is on the disk, and a resolve only after its raise is done. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "engine/notify_private.h"

#define KEPT 2000               /* deliveries that are done stay so many */
#define BACK_OFF_FIRST (2 * SPAN_SECOND)
#define BACK_OFF_MOST (5 * SPAN_MINUTE)
#define BURST 5                 /* messages at once, whatever the rate */

const char *delivery_state_name(enum delivery_state state)
{
    static const char *const names[] = {N_("waiting"), N_("sent"), N_("failed")};
    return names[state];
}

struct lane *lane_of(struct notify *notify, const char *channel)
{
    struct lane *lane = notify->lanes;
    while (lane && strcmp(lane->name, channel) != 0)
        lane = lane->next;
    if (lane)
        return lane;
    lane = memory_new(sizeof *lane);
    lane->name = memory_text(channel);
    lane->last = &lane->first;
    lane->failing = true; /* not known: the first that arrives ends what the last run raised */
    lane->tokens = BURST;
    lane->tokens_at = clock_steady();
    lane->blocked_until = lane->tokens_at;
    lane->next = notify->lanes;
    notify->lanes = lane;
    return lane;
}

/* ---- one delivery ---- */

struct delivery *delivery_new(struct notify *notify, const char *what, const char *channel, const char *to, const char *alert)
{
    struct delivery *delivery = memory_new(sizeof *delivery);
    delivery->time = clock_wall();
    int day = instant_day(delivery->time);
    if (day > notify->day) { /* a clock that stepped back goes on with the later day's numbers */
        notify->day = day;
        notify->number = 0;
    }
    snprintf(delivery->id, sizeof delivery->id, "N-%08d-%05u", notify->day, ++notify->number);
    delivery->what = what;
    delivery->channel = memory_text(channel);
    delivery->to = memory_text(to);
    delivery->alert = memory_text(alert);
    delivery->due = clock_steady();
    delivery->first = CLOCK_NEVER;
    delivery->dirty = true;
    return delivery;
}

void delivery_queue(struct notify *notify, struct delivery *delivery)
{
    delivery->older = notify->newest;
    *(notify->newest ? &notify->newest->newer : &notify->oldest) = delivery;
    notify->newest = delivery;
    notify->delivery_count++;
    if (delivery->state == DELIVERY_WAITING) {
        struct lane *lane = lane_of(notify, delivery->channel);
        *lane->last = delivery;
        lane->last = &delivery->next;
        lane->waiting++;
    }
}

static void delivery_free(struct delivery *delivery)
{
    free(delivery->channel);
    free(delivery->to);
    free(delivery->alert);
    free(delivery->title);
    free(delivery->text);
    free(delivery->json);
    free(delivery);
}

/* Newest first: what is asked for is seldom old. */
struct delivery *delivery_find(struct notify *notify, const char *id)
{
    struct delivery *delivery = notify->newest;
    while (delivery && strcmp(delivery->id, id) != 0)
        delivery = delivery->older;
    return delivery;
}

void delivery_row(const struct delivery *delivery, struct wire_notification *row)
{
    *row = (struct wire_notification){
        .id = delivery->id, .channel = delivery->channel, .to = delivery->to, .alert = delivery->alert, .what = delivery->what,
        .state = delivery_state_name(delivery->state), .detail = delivery->detail, .time = delivery->time,
        .attempts = delivery->attempts,
    };
}

static void lane_remove(struct lane *lane, struct delivery *delivery)
{
    struct delivery **link = &lane->first;
    while (*link != delivery)
        link = &(*link)->next;
    *link = delivery->next;
    if (lane->last == &delivery->next)
        lane->last = link;
    lane->waiting--;
}

static void tell_tester(struct delivery *delivery)
{
    struct wire_notification row;
    notify_tested *tested = delivery->tested;
    if (!tested)
        return;
    delivery->tested = NULL;
    delivery_row(delivery, &row);
    tested(delivery->tester, &row, NULL);
}

/* A channel that cannot deliver is an alert of its own, so that somebody sees it before the next night. */
static void tell_desk(struct notify *notify, const struct delivery *delivery)
{
    struct lane *lane = lane_of(notify, delivery->channel);
    bool failed = delivery->state == DELIVERY_FAILED, was = lane->failing;
    if (strcmp(delivery->what, "test") == 0 && failed)
        return; /* whoever tested knows */
    lane->failing = failed;
    if (notify->desk.channel && (failed || was))
        notify->desk.channel(notify->desk.owner, delivery->channel, !failed, delivery->detail);
}

static void delivery_settle(struct notify *notify, struct delivery *delivery, enum delivery_state state)
{
    lane_remove(lane_of(notify, delivery->channel), delivery);
    delivery->state = state;
    delivery->dirty = true;
    *(state == DELIVERY_SENT ? &notify->sent : &notify->failed) += 1;
    if (state == DELIVERY_FAILED)
        log_warning("notify: %s by %s failed for good: %s", delivery->id, delivery->channel, delivery->detail);
    tell_tester(delivery);
    tell_desk(notify, delivery);
}

/* ---- sendings ---- */

void sending_detail(struct sending *sending, const char *format, ...)
{
    struct buffer text = BUFFER_INIT;
    va_list arguments;
    va_start(arguments, format);
    buffer_vprintf(&text, format, arguments);
    va_end(arguments);
    while (text.length && text.data[text.length - 1] == ' ')
        text.length--;
    secrets_redact(&sending->channel->secrets, buffer_text(&text), text.length, sending->detail, sizeof sending->detail);
    buffer_release(&text);
}

static void sending_free(struct sending *sending)
{
    struct sending **link = &sending->notify->sendings;
    while (*link != sending)
        link = &(*link)->next;
    *link = sending->next;
    if (sending->easy)
        curl_easy_cleanup(sending->easy);
    curl_slist_free_all(sending->headers);
    curl_slist_free_all(sending->recipients);
    buffer_release(&sending->upload);
    buffer_release(&sending->answer);
    free(sending->url);
    notify_plan_free(&sending->plan);
    free(sending);
}

static msec back_off(unsigned attempts)
{
    msec wait = BACK_OFF_FIRST;
    for (unsigned i = 1; i < attempts && wait < BACK_OFF_MOST; i++)
        wait *= 2;
    wait = wait < BACK_OFF_MOST ? wait : BACK_OFF_MOST;
    return wait - wait / 8 + (msec)(uv_hrtime() / 1000 % (uint64_t)(wait / 4)); /* spread by an eighth either way */
}

void sending_end(struct sending *sending, enum outcome outcome)
{
    struct notify *notify = sending->notify;
    struct delivery *delivery = sending->delivery;
    struct lane *lane = lane_of(notify, delivery->channel);
    msec now = clock_steady();
    lane->busy--;
    delivery->busy = false;
    snprintf(delivery->detail, sizeof delivery->detail, "%s", sending->detail);
    if (sending->retry_after && now + sending->retry_after > lane->blocked_until)
        lane->blocked_until = now + sending->retry_after;
    bool over = now - delivery->first >= sending->channel->give_up || strcmp(delivery->what, "test") == 0;
    if (outcome == OUTCOME_SENT) {
        delivery_settle(notify, delivery, DELIVERY_SENT);
    } else if (outcome == OUTCOME_REFUSED || over) {
        delivery_settle(notify, delivery, DELIVERY_FAILED);
    } else {
        msec wait = back_off(delivery->attempts);
        delivery->due = now + (sending->retry_after > wait ? sending->retry_after : wait);
        delivery->dirty = true;
        notify->retried++;
    }
    sending_free(sending);
    notify_wake(notify);
}

static void delivery_start(struct notify *notify, struct lane *lane, const struct channel *channel, struct delivery *delivery)
{
    struct error error = {0};
    struct sending *sending = memory_new(sizeof *sending);
    *sending = (struct sending){
        .next = notify->sendings, .notify = notify, .plan = notify_plan_hold(notify->plan), .channel = channel,
        .delivery = delivery, .to = delivery->to[0] ? delivery->to : channel->to, .title = delivery->title,
        .text = delivery->text, .json = delivery->json, .id = delivery->id,
    };
    notify->sendings = sending;
    lane->busy++;
    lane->tokens -= 1;
    delivery->busy = true;
    delivery->attempts++;
    if (delivery->first == CLOCK_NEVER)
        delivery->first = clock_steady();
    if (!channel->ops->start(sending, &error)) {
        sending_detail(sending, "%s", error.text);
        sending_end(sending, OUTCOME_REFUSED);
    }
}

/* ---- lanes ---- */

static void lane_fill(struct lane *lane, const struct channel *channel, msec now)
{
    if (now > lane->tokens_at)
        lane->tokens += (double)(now - lane->tokens_at) * channel->rate / SPAN_MINUTE;
    lane->tokens_at = now;
    if (lane->tokens > BURST)
        lane->tokens = BURST;
}

static bool is_ready(struct notify *notify, const struct delivery *delivery)
{
    if (!delivery->durable || delivery->busy)
        return false;
    const struct delivery *before = delivery->after[0] ? delivery_find(notify, delivery->after) : NULL;
    return !before || before->state != DELIVERY_WAITING;
}

static void least(msec *next, msec candidate)
{
    if (*next == CLOCK_NEVER || candidate < *next)
        *next = candidate;
}

/* Nobody sends by a channel that the configuration has no more. */
static void lane_abandon(struct notify *notify, struct lane *lane)
{
    for (struct delivery *delivery = lane->first, *next; delivery; delivery = next) {
        next = delivery->next;
        if (delivery->busy)
            continue;
        snprintf(delivery->detail, sizeof delivery->detail, N_("no channel is named %s any more"), lane->name);
        delivery_settle(notify, delivery, DELIVERY_FAILED);
    }
}

static void lane_turn(struct notify *notify, struct lane *lane, msec now, msec *next)
{
    const struct channel *channel = plan_channel(notify->plan, lane->name);
    if (!channel) {
        lane_abandon(notify, lane);
        return;
    }
    lane_fill(lane, channel, now);
    struct delivery *delivery = lane->first, *following;
    for (; delivery && lane->busy < channel->parallel; delivery = following) {
        following = delivery->next;
        if (!is_ready(notify, delivery))
            continue;
        if (now < lane->blocked_until || delivery->due > now) {
            least(next, delivery->due > lane->blocked_until ? delivery->due : lane->blocked_until);
            continue;
        }
        if (lane->tokens < 1) {
            least(next, now + 1 + (msec)((1 - lane->tokens) * SPAN_MINUTE / channel->rate));
            return;
        }
        delivery_start(notify, lane, channel, delivery);
    }
}

msec lanes_turn(struct notify *notify, msec now)
{
    msec next = CLOCK_NEVER;
    for (struct lane *lane = notify->lanes; lane; lane = lane->next)
        if (lane->first)
            lane_turn(notify, lane, now, &next);
    return next;
}

void lanes_trim(struct notify *notify)
{
    struct delivery *delivery = notify->oldest, *newer;
    for (; delivery && notify->delivery_count > KEPT; delivery = newer) {
        newer = delivery->newer;
        if (delivery->state == DELIVERY_WAITING || delivery->dirty)
            continue;
        *(delivery->older ? &delivery->older->newer : &notify->oldest) = newer;
        *(newer ? &newer->older : &notify->newest) = delivery->older;
        notify->delivery_count--;
        if (delivery->in_store) {
            ARRAY_RESERVE(notify->forgotten, notify->forgotten_capacity, notify->forgotten_count + 1);
            notify->forgotten[notify->forgotten_count++] = memory_text(delivery->id);
        }
        delivery_free(delivery);
    }
}

void lanes_release(struct notify *notify)
{
    while (notify->sendings) {
        struct sending *sending = notify->sendings;
        if (sending->command)
            command_abandon(&sending->command);
        if (sending->easy)
            transfer_cancel(notify->transfers, sending->easy);
        sending_free(sending);
    }
    while (notify->oldest) {
        struct delivery *newer = notify->oldest->newer;
        struct error error;
        error_set(&error, ERROR_UNAVAILABLE, "the daemon is ending");
        if (notify->oldest->tested)
            notify->oldest->tested(notify->oldest->tester, NULL, &error);
        delivery_free(notify->oldest);
        notify->oldest = newer;
    }
    while (notify->lanes) {
        struct lane *next = notify->lanes->next;
        free(notify->lanes->name);
        free(notify->lanes);
        notify->lanes = next;
    }
    for (unsigned i = 0; i < notify->forgotten_count; i++)
        free(notify->forgotten[i]);
    free(notify->forgotten);
}
