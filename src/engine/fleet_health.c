/* Health: from what was observed to what an asset is (DOMAIN.md C1).
 *
 * Silence is counted from the last message by the asset's own period P: late (stale) after 1.5 P but at least 2 s,
 * silent (no-data) after 3 P. For a gateway every message that came through it counts as its own.
 * Several observations of one asset combine so; the first rule that applies decides:
 *   1. taken out of service in the ledger                         maintenance
 *   2. its parent is down, and it showed no life of its own since unreachable, parent
 *   3. any source says that its link is down                       offline, disconnected (a broker) or not-reached
 *   4. silent past the timeout                                     offline, no-data (a half-open link ends here)
 *   5. any check of ours is critical                               critical, check-failed
 *   6. any check of ours is a warning                              warning, check-failed
 *   7. late                                                        stale, late
 *   8. heard, or its link is up, or a check passed                 ok, fresh; warning or critical, alert, by its worst
 *                                                                  active alert
 *   9. nothing known                                               unknown, never-heard
 * An asset is down, for what is below it, when 2, 3 or 4 holds, in service or not, unless it is sheltered: others of
 * its redundancy group stand in for it.
 * Each source holds one link verdict an asset; "down" by any of them is down. A broker's "down" is taken back by a
 * message that comes two seconds or more after it, because a broker tells of a return only once and we may miss it;
 * a probe's is not: it asks again by itself.
 * When a parent returns, silence of its children is not judged until each had one of its own periods (they are
 * stale meanwhile when late). Verdicts use the steady clock; what is stored and shown uses the wall clock. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "engine/fleet_private.h"

#define NOTICE_SPACING 100
#define STALE_MINIMUM 2000
#define BROKER_TRUST 2000

struct verdict {
    enum health health;
    enum health_reason reason;
    enum comm_state comm;
    bool down;
    msec due; /* steady: when time alone may change it; CLOCK_NEVER */
};

static msec stale_span(const struct fleet *fleet, const struct fleet_live *live)
{
    msec span = (msec)(live->period * fleet->options.stale_periods);
    return span < STALE_MINIMUM ? STALE_MINIMUM : span;
}

static msec timeout_span(const struct fleet *fleet, const struct fleet_live *live)
{
    msec span = (msec)(live->period * fleet->options.timeout_periods), stale = stale_span(fleet, live);
    return span < stale ? stale : span;
}

static enum link_state link_of(const struct fleet_live *live)
{
    if (!live->evidence)
        return LINK_UNKNOWN;
    return live->evidence->link_down ? LINK_DOWN : live->evidence->link_up ? LINK_UP : LINK_UNKNOWN;
}

static struct verdict verdict_of(const struct fleet *fleet, const struct fleet_live *live, msec now)
{
    bool heard = live->heard != CLOCK_NEVER;
    msec stale_at = CLOCK_NEVER, silent_at = CLOCK_NEVER;
    if (heard) {
        stale_at = live->heard + stale_span(fleet, live);
        silent_at = live->heard + timeout_span(fleet, live);
        if (silent_at < live->grace)
            silent_at = live->grace;
    }
    bool silent = heard && now >= silent_at, late = heard && now >= stale_at;
    const struct fleet_evidence *evidence = live->evidence;
    bool link_down = link_of(live) == LINK_DOWN;
    bool blocked = live->flags & LIVE_BLOCKED && (!(live->flags & LIVE_SPOKE) || silent || link_down);

    struct verdict verdict = {.comm = !heard ? COMM_UNKNOWN : silent ? COMM_SILENT : COMM_SPEAKING, .due = CLOCK_NEVER};
    verdict.down = blocked || link_down || silent;
    if (blocked)
        verdict.comm = COMM_UNKNOWN; /* nothing can be said of it, and nothing is judged until the parent returns */
    else if (heard && !silent)
        verdict.due = late ? silent_at : stale_at < silent_at ? stale_at : silent_at;

    if (live->flags & LIVE_RETIRED) {
        verdict.health = HEALTH_MAINTENANCE, verdict.reason = REASON_MAINTENANCE;
    } else if (blocked) {
        verdict.health = HEALTH_UNREACHABLE, verdict.reason = REASON_PARENT;
    } else if (link_down) {
        bool broker = (evidence->link_down & ~evidence->link_broker) == 0;
        verdict.health = HEALTH_OFFLINE, verdict.reason = broker ? REASON_DISCONNECTED : REASON_NOT_REACHED;
    } else if (silent) {
        verdict.health = HEALTH_OFFLINE, verdict.reason = REASON_NO_DATA;
    } else if (evidence && evidence->check_critical) {
        verdict.health = HEALTH_CRITICAL, verdict.reason = REASON_CHECK_FAILED;
    } else if (evidence && evidence->check_warning) {
        verdict.health = HEALTH_WARNING, verdict.reason = REASON_CHECK_FAILED;
    } else if (late) {
        verdict.health = HEALTH_STALE, verdict.reason = REASON_LATE;
    } else if (heard || (evidence && (evidence->link_up || evidence->check_ok))) {
        bool alert = live->alert_level != HEALTH_OK;
        verdict.health = live->alert_level, verdict.reason = alert ? REASON_ALERT : REASON_FRESH;
    } else {
        verdict.health = HEALTH_UNKNOWN, verdict.reason = REASON_NEVER_HEARD;
    }
    return verdict;
}

/* ---- telling ---- */

void fleet_notice_flush(struct fleet *fleet)
{
    if (!fleet->changed_total)
        return;
    uint32_t assets[CHANGED_MAX], count = fleet->changed_count, total = fleet->changed_total;
    memcpy(assets, fleet->changed, count * sizeof *assets);
    fleet->changed_count = fleet->changed_total = 0;
    fleet->noticed = clock_steady();
    for (unsigned i = 0; i < fleet->listener_count; i++)
        if (fleet->listeners[i].changed)
            fleet->listeners[i].changed(fleet->listeners[i].owner, fleet->revision, assets, count, total);
}

static void notice_due(uv_timer_t *timer)
{
    fleet_notice_flush(timer->data);
}

void fleet_touch(struct fleet *fleet, uint32_t asset)
{
    fleet->revision++;
    /* What changed before anybody listens must not be counted: only the first change of a batch sets the timer. */
    if (fleet->closing || !fleet->listener_count)
        return;
    if (!fleet->changed_total) {
        msec next = fleet->noticed == CLOCK_NEVER ? 0 : fleet->noticed + NOTICE_SPACING - clock_steady();
        uv_timer_start(&fleet->notice_timer, notice_due, next > 0 ? (uint64_t)next : 0, 0);
    }
    fleet->changed_total++;
    if (asset != FLEET_NONE && fleet->changed_count < CHANGED_MAX)
        fleet->changed[fleet->changed_count++] = asset;
}

void fleet_notice(struct fleet *fleet, uint32_t asset)
{
    fleet_touch(fleet, asset);
}

void fleet_ledger_touched(struct fleet *fleet)
{
    fleet->ledger_revision++;
    fleet_touch(fleet, FLEET_NONE);
}

/* ---- turns ---- */

static void turn_at(struct fleet *fleet, msec due);

static void turn_due(uv_timer_t *timer)
{
    struct fleet *fleet = timer->data;
    fleet->turn_at = CLOCK_NEVER;
    fleet_turn(fleet);
    msec next = wheel_next(fleet->wheel);
    if (next != CLOCK_NEVER)
        turn_at(fleet, next);
}

/* See to it that a turn comes at a steady time, or earlier. */
static void turn_at(struct fleet *fleet, msec due)
{
    if (fleet->closing || (fleet->turn_at != CLOCK_NEVER && fleet->turn_at <= due))
        return;
    msec wait = due - clock_steady();
    fleet->turn_at = due;
    /* Not 0: libuv would run it in this same round of timers, before anybody else. */
    uv_timer_start(&fleet->turn_timer, turn_due, wait > 0 ? (uint64_t)wait : 1, 0);
}

/* ---- judging ---- */

static void stack_push(struct fleet *fleet, uint32_t asset)
{
    ARRAY_RESERVE(fleet->stack, fleet->stack_capacity, fleet->stack_count + 1);
    fleet->stack[fleet->stack_count++] = asset;
}

static void children_block(struct fleet *fleet, const struct fleet_live *parent, bool blocked, msec steady)
{
    for (uint32_t child = parent->first_child; child != FLEET_NONE;) {
        struct fleet_live *live = live_at(fleet, child);
        live->flags &= (uint8_t)~(LIVE_BLOCKED | LIVE_SPOKE);
        if (blocked)
            live->flags |= LIVE_BLOCKED;
        else
            live->grace = steady + live->period;
        stack_push(fleet, child);
        child = live->next_child;
    }
}

static void state_set(struct fleet *fleet, struct fleet_live *live, const struct verdict *verdict, msec wall)
{
    enum link_state link = link_of(live);
    bool health_changed = live->health != verdict->health;
    enum health before = live->health;
    bool news = health_changed || live->reason != verdict->reason;
    bool first = live->since == CLOCK_NEVER;
    if (health_changed || first)
        live->since = wall;
    if (live->link != link || (first && link != LINK_UNKNOWN))
        live->link_since = wall;
    if (live->comm != verdict->comm || (first && verdict->comm != COMM_UNKNOWN))
        live->comm_since = wall;
    if (health_changed) {
        fleet->by_health[live->health]--;
        fleet->by_health[verdict->health]++;
        if (live->parent != FLEET_NONE) {
            struct fleet_family *family = &fleet->families[live_at(fleet, live->parent)->family];
            family->by_health[live->health]--;
            family->by_health[verdict->health]++;
        }
    }
    live->health = (uint8_t)verdict->health;
    live->reason = (uint8_t)verdict->reason;
    live->link = (uint8_t)link;
    live->comm = (uint8_t)verdict->comm;
    store_state(fleet->store, &(struct store_state){
        .asset = live->self,
        .from = wall,
        .health = live->health,
        .reason = live->reason,
        .link = live->link,
        .comm = live->comm,
    });
    fleet_touch(fleet, live->self);
    for (unsigned i = 0; news && i < fleet->listener_count; i++)
        if (fleet->listeners[i].judged)
            fleet->listeners[i].judged(fleet->listeners[i].owner, live->self, before, live->health);
}

static void judge_one(struct fleet *fleet, struct fleet_live *live, msec steady, msec wall)
{
    struct verdict verdict = verdict_of(fleet, live, steady);
    if (live->since == CLOCK_NEVER || verdict.health != live->health || verdict.reason != live->reason ||
        verdict.comm != live->comm || link_of(live) != live->link)
        state_set(fleet, live, &verdict, wall);
    if (verdict.down != !!(live->flags & LIVE_DOWN)) {
        live->flags ^= LIVE_DOWN;
        if (!live->sheltered)
            children_block(fleet, live, verdict.down, steady);
    }
    if (verdict.due == CLOCK_NEVER) {
        if (wheel_scheduled(&live->timer))
            wheel_cancel(fleet->wheel, &live->timer);
    } else if (!wheel_scheduled(&live->timer) || live->timer.due > verdict.due) {
        wheel_schedule(fleet->wheel, &live->timer, verdict.due);
        turn_at(fleet, verdict.due);
    } /* else the timer fires early, finds nothing due, and moves on: messages never touch the wheel */
}

static void judge_down_to(struct fleet *fleet, size_t floor, msec steady)
{
    msec wall = clock_wall();
    while (fleet->stack_count > floor) {
        struct fleet_live *live = live_at(fleet, fleet->stack[--fleet->stack_count]);
        if (live_exists(live))
            judge_one(fleet, live, steady, wall);
    }
}

void fleet_judge(struct fleet *fleet, uint32_t asset, msec steady)
{
    size_t floor = fleet->stack_count;
    stack_push(fleet, asset);
    judge_down_to(fleet, floor, steady);
}

void fleet_shelter(struct fleet *fleet, uint32_t asset, bool on)
{
    struct fleet_live *live = live_at(fleet, asset);
    size_t floor = fleet->stack_count;
    msec steady = clock_steady();
    if (live->sheltered == on)
        return;
    live->sheltered = on;
    if (!(live->flags & LIVE_DOWN))
        return;
    children_block(fleet, live, !on, steady);
    judge_down_to(fleet, floor, steady);
}

/* ---- evidence ---- */

void fleet_heard(struct fleet *fleet, struct fleet_live *live, msec wall, msec steady)
{
    live->heard = steady;
    live->last_heard = wall;
    for (unsigned i = 0; i < fleet->listener_count; i++)
        if (fleet->listeners[i].spoke)
            fleet->listeners[i].spoke(fleet->listeners[i].owner, live->self);
    struct fleet_evidence *evidence = live->evidence;
    bool plain = live->health == HEALTH_OK && live->comm == COMM_SPEAKING && !(live->flags & LIVE_BLOCKED);
    if (plain && wheel_scheduled(&live->timer) && (!evidence || !evidence->link_down))
        return; /* the common case: it was well and still is */
    if (evidence && evidence->link_down & (evidence->link_broker | 1u << SLOT_RESTORED) &&
        steady >= evidence->link_down_at + BROKER_TRUST) {
        evidence->link_down &= ~(evidence->link_broker | 1u << SLOT_RESTORED);
        if (!evidence->link_down) {
            evidence->link_up |= evidence->link_broker & ~(1u << SLOT_RESTORED);
            text_clean_into(evidence->text, sizeof evidence->text, N_("spoke after it was said to have left"), 36);
        }
    }
    live->flags |= LIVE_SPOKE;
    fleet_judge(fleet, live->self, steady);
}

static struct fleet_evidence *evidence_of(struct fleet_live *live)
{
    if (!live->evidence)
        live->evidence = memory_new(sizeof *live->evidence);
    return live->evidence;
}

static void evidence_text(struct fleet_evidence *evidence, const char *text)
{
    text_clean_into(evidence->text, sizeof evidence->text, text, strlen(text));
}

void fleet_link_seen(struct fleet *fleet, struct fleet_live *live, unsigned slot, bool broker, enum link_state state,
                     const char *text, msec steady)
{
    struct fleet_evidence *evidence = evidence_of(live);
    uint32_t bit = 1u << slot, restored = 1u << SLOT_RESTORED;
    uint32_t up = evidence->link_up, down = evidence->link_down;
    evidence->link_up = up & ~(bit | restored);
    evidence->link_down = down & ~(bit | restored);
    if (state == LINK_UP)
        evidence->link_up |= bit;
    if (state == LINK_DOWN) {
        evidence->link_down |= bit;
        evidence->link_down_at = steady;
    }
    evidence->link_broker = broker ? evidence->link_broker | bit : evidence->link_broker & ~bit;
    /* What is shown explains the state: a source that is content does not hide another one's complaint. */
    if (state == LINK_DOWN || !evidence->link_down)
        evidence_text(evidence, text);
    bool revived = state == LINK_UP && live->flags & LIVE_BLOCKED && !(live->flags & LIVE_SPOKE);
    if (evidence->link_up == up && evidence->link_down == down && !revived)
        return;
    if (state == LINK_UP)
        live->flags |= LIVE_SPOKE;
    fleet_judge(fleet, live->self, steady);
}

void fleet_check_seen(struct fleet *fleet, struct fleet_live *live, unsigned slot, enum health verdict, const char *text,
                      msec steady)
{
    struct fleet_evidence *evidence = evidence_of(live);
    uint32_t bit = 1u << slot, clear = ~(bit | 1u << SLOT_RESTORED);
    uint32_t before[] = {evidence->check_ok, evidence->check_warning, evidence->check_critical};
    evidence->check_ok = (before[0] & clear) | (verdict == HEALTH_OK ? bit : 0);
    evidence->check_warning = (before[1] & clear) | (verdict == HEALTH_WARNING ? bit : 0);
    evidence->check_critical = (before[2] & clear) | (verdict == HEALTH_CRITICAL ? bit : 0);
    bool others_worse = (evidence->check_critical & ~bit) || (verdict == HEALTH_OK && (evidence->check_warning & ~bit));
    if (!others_worse && !evidence->link_down)
        evidence_text(evidence, text);
    bool revived = verdict != HEALTH_CRITICAL && live->flags & LIVE_BLOCKED && !(live->flags & LIVE_SPOKE);
    if (before[0] == evidence->check_ok && before[1] == evidence->check_warning &&
        before[2] == evidence->check_critical && !revived)
        return;
    if (verdict != HEALTH_CRITICAL)
        live->flags |= LIVE_SPOKE;
    fleet_judge(fleet, live->self, steady);
}

/* A source is gone: its verdicts no longer count. */
void fleet_slot_clear(struct fleet *fleet, unsigned slot)
{
    uint32_t keep = ~(1u << slot);
    msec steady = clock_steady();
    for (uint32_t asset = 0; asset < fleet->count; asset++) {
        struct fleet_live *live = live_at(fleet, asset);
        struct fleet_evidence *evidence = live->evidence;
        if (!evidence)
            continue;
        evidence->link_up &= keep, evidence->link_down &= keep, evidence->link_broker &= keep;
        evidence->check_ok &= keep, evidence->check_warning &= keep, evidence->check_critical &= keep;
        if (!evidence->link_down && !evidence->check_warning && !evidence->check_critical)
            evidence->text[0] = '\0';
        fleet_judge(fleet, asset, steady);
    }
}

/* The stored state is already in `live`. Time while we were down was not the asset's silence: who spoke has the full
 * timeout from now, who was late stays late meanwhile, who was silent or not reached stays so until it shows life. */
void fleet_restore(struct fleet *fleet, struct fleet_live *live, msec steady)
{
    bool heard = live->heard != CLOCK_NEVER; /* it has last values, or spoke */
    if (live->comm != COMM_UNKNOWN)
        heard = true;
    if (live->comm == COMM_SILENT) {
        live->heard = steady - timeout_span(fleet, live);
    } else if (heard) {
        live->heard = steady;
        if (live->health == HEALTH_STALE) {
            live->heard = steady - stale_span(fleet, live);
            live->grace = steady + timeout_span(fleet, live);
        }
    }
    uint32_t restored = 1u << SLOT_RESTORED;
    if (live->link == LINK_UP)
        evidence_of(live)->link_up |= restored;
    if (live->link == LINK_DOWN) {
        struct fleet_evidence *evidence = evidence_of(live);
        evidence->link_down |= restored;
        evidence->link_down_at = steady;
        if (live->reason == REASON_DISCONNECTED)
            evidence->link_broker |= restored;
    }
    if (live->reason == REASON_ALERT)
        live->alert_level = live->health; /* until the desk says otherwise */
    if (live->reason == REASON_CHECK_FAILED) {
        struct fleet_evidence *evidence = evidence_of(live);
        *(live->health == HEALTH_CRITICAL ? &evidence->check_critical : &evidence->check_warning) |= restored;
    }
    if (live->health == HEALTH_OK && !heard && live->link != LINK_UP)
        evidence_of(live)->check_ok |= restored;
    if (live->reason == REASON_NO_DATA || live->link == LINK_DOWN || live->health == HEALTH_UNREACHABLE)
        live->flags |= LIVE_DOWN;
}

void fleet_alert_level(struct fleet *fleet, uint32_t asset, enum health level)
{
    struct fleet_live *live = live_at(fleet, asset);
    if (!live_exists(live) || live->alert_level == level)
        return;
    live->alert_level = (uint8_t)level;
    fleet_judge(fleet, asset, clock_steady());
}

static void timer_due(void *owner, struct wheel_timer *timer)
{
    struct fleet_live *live = (struct fleet_live *)((char *)timer - offsetof(struct fleet_live, timer));
    fleet_judge(owner, live->self, clock_steady());
}

struct wheel *fleet_wheel_new(struct fleet *fleet)
{
    return wheel_new(clock_steady(), timer_due, fleet);
}

bool fleet_turn(struct fleet *fleet)
{
    uint64_t until = uv_hrtime() + TURN_TIME;
    unsigned ran;
    do
        ran = wheel_advance(fleet->wheel, clock_steady(), TURN_LIMIT);
    while (ran >= TURN_LIMIT && uv_hrtime() < until);
    return ran >= TURN_LIMIT;
}
