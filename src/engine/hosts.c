#include "engine/hosts_private.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "model/filter.h"

#define ATTENTION (10 * SPAN_SECOND)
#define CLOSE_INTERVAL SPAN_SECOND

/* Where an asset's member is, or belongs. */
static unsigned place_of(const struct hosts *hosts, uint32_t asset)
{
    unsigned low = 0, high = hosts->member_count;
    while (low < high) {
        unsigned middle = low + (high - low) / 2;
        if (hosts->members[middle]->asset < asset)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct hosts_member *hosts_member(const struct hosts *hosts, uint32_t asset)
{
    unsigned place = place_of(hosts, asset);
    return place < hosts->member_count && hosts->members[place]->asset == asset ? hosts->members[place] : NULL;
}

static struct hosts_member *member_make(struct hosts *hosts, uint32_t asset)
{
    unsigned place = place_of(hosts, asset);
    if (place < hosts->member_count && hosts->members[place]->asset == asset)
        return hosts->members[place];
    ARRAY_RESERVE(hosts->members, hosts->member_capacity, hosts->member_count + 1);
    memmove(hosts->members + place + 1, hosts->members + place, (hosts->member_count - place) * sizeof(struct hosts_member *));
    hosts->member_count++;
    struct hosts_member *member = memory_new(sizeof *member);
    member->asset = asset;
    member->attended_until = CLOCK_NEVER;
    return hosts->members[place] = member;
}

static void member_free(struct hosts_member *member)
{
    host_free(&member->host);
    free(member->deviations);
    hosts_own_release(&member->own);
    hosts_kept_free(&member->kept);
    free(member);
}

/* ---- answers ---- */

void hosts_take(struct hosts *hosts, struct source *source, uint32_t asset, struct host *host)
{
    if (!fleet_exists(hosts->fleet, asset)) {
        host_free(&host);
        return;
    }
    struct hosts_member *member = member_make(hosts, asset);
    unsigned brought = host->lists;
    if (!member->source || source->ops->run || !member->source->ops->run)
        member->source = source; /* of several, the one that can also act */
    member->host = host_merge(member->host, host);
    member->revision++;
    if (source == member->source) {
        /* One question at a time: this answer's was asked after the answer before it had come. */
        for (unsigned list = 0; list < HOST_LIST_COUNT; list++)
            if (brought & 1u << list)
                member->told[list] = member->answered;
        member->answered = clock_steady();
    }
    if (brought & (1u << HOST_ports | 1u << HOST_units | 1u << HOST_peers))
        hosts_judge(hosts, member);
    hosts_keep(hosts, member, brought);
    for (unsigned i = 0; i < hosts->listener_count; i++)
        hosts->listeners[i].taken(hosts->listeners[i].owner, asset, member->host);
}

static void fleet_told(void *owner, struct source *source, uint32_t asset, struct host *host)
{
    hosts_take(owner, source, asset, host);
}

static void units_of(void *owner, uint32_t asset, struct buffer *names)
{
    struct hosts_expectation expected;
    hosts_expected(owner, asset, &expected);
    for (unsigned i = 0; i < expected.unit_count; i++)
        buffer_printf(names, " %s", expected.units[i]);
}

void hosts_forget_source(struct hosts *hosts, struct source *source)
{
    hosts_forget_runs(hosts, source);
    for (unsigned i = 0; i < hosts->member_count; i++)
        if (hosts->members[i]->source == source) {
            hosts->members[i]->source = NULL;
            hosts->members[i]->attended_until = CLOCK_NEVER;
        }
}

const struct host *hosts_find(const struct hosts *hosts, uint32_t asset)
{
    const struct hosts_member *member = hosts_member(hosts, asset);
    return member ? member->host : NULL;
}

msec hosts_told(const struct hosts *hosts, uint32_t asset, unsigned list)
{
    const struct hosts_member *member = hosts_member(hosts, asset);
    return member ? member->told[list] : 0;
}

struct source *hosts_source(const struct hosts *hosts, uint32_t asset)
{
    const struct hosts_member *member = hosts_member(hosts, asset);
    return member ? member->source : NULL;
}

uint64_t hosts_revision(const struct hosts *hosts, uint32_t asset)
{
    const struct hosts_member *member = hosts_member(hosts, asset);
    return member ? member->revision : 0;
}

uint32_t hosts_at(const struct hosts *hosts, unsigned index)
{
    return index < hosts->member_count ? hosts->members[index]->asset : FLEET_NONE;
}

/* ---- looking closely ---- */

static void attend_source(const struct hosts_member *member, msec interval)
{
    if (member->source && member->source->ops->attend && member->source->state)
        member->source->ops->attend(member->source, member->asset, interval);
}

/* Nobody looks any more: what only lookers need is let go; the next answer gives its memory back. */
static void leave(struct hosts_member *member)
{
    member->attended_until = CLOCK_NEVER;
    attend_source(member, 0);
    if (member->host) {
        member->host->process_count = 0;
        member->host->processes = NULL;
        member->host->lists &= ~(1u << HOST_processes);
    }
}

static void attention_tick(uv_timer_t *timer)
{
    struct hosts *hosts = timer->data;
    msec now = clock_steady();
    bool any = false;
    for (unsigned i = 0; i < hosts->member_count; i++) {
        struct hosts_member *member = hosts->members[i];
        if (member->attended_until == CLOCK_NEVER)
            continue;
        if (now >= member->attended_until)
            leave(member);
        else
            any = true;
    }
    if (!any)
        uv_timer_stop(timer);
}

void hosts_attend(struct hosts *hosts, uint32_t asset)
{
    struct hosts_member *member = hosts_member(hosts, asset);
    if (!member)
        return; /* it never answered: there is nothing to look at */
    bool news = member->attended_until == CLOCK_NEVER;
    member->attended_until = clock_steady() + ATTENTION;
    if (!news)
        return;
    attend_source(member, CLOSE_INTERVAL);
    if (!uv_is_active((uv_handle_t *)hosts->timer))
        uv_timer_start(hosts->timer, attention_tick, 1000, 1000);
}

bool hosts_attended(const struct hosts *hosts, uint32_t asset)
{
    const struct hosts_member *member = hosts_member(hosts, asset);
    return member && member->attended_until != CLOCK_NEVER;
}

/* ---- being told ---- */

void hosts_listen(struct hosts *hosts, const struct hosts_listener *listener)
{
    assert(hosts->listener_count < HOSTS_LISTENERS);
    hosts->listeners[hosts->listener_count++] = *listener;
}

void hosts_unlisten(struct hosts *hosts, const void *owner)
{
    ARRAY_DROP_OWNER(hosts->listeners, hosts->listener_count, owner);
}

/* ---- life ---- */

struct hosts *hosts_new(uv_loop_t *loop, struct fleet *fleet)
{
    struct hosts *hosts = memory_new(sizeof *hosts);
    hosts->loop = loop;
    hosts->fleet = fleet;
    hosts->timer = memory_new(sizeof *hosts->timer);
    uv_timer_init(loop, hosts->timer);
    hosts->timer->data = hosts;
    fleet_listen(fleet, &(struct fleet_listener){.owner = hosts, .host = fleet_told, .units = units_of});
    return hosts;
}

static void free_handle(uv_handle_t *handle)
{
    free(handle);
}

void hosts_free(struct hosts **held)
{
    struct hosts *hosts = *held;
    if (!hosts)
        return;
    hosts_forget_runs(hosts, NULL);
    hosts_pasts_forget(hosts);
    fleet_unlisten(hosts->fleet, hosts);
    uv_close((uv_handle_t *)hosts->timer, free_handle);
    hosts_configure(hosts, NULL, 0);
    for (unsigned i = 0; i < hosts->member_count; i++)
        member_free(hosts->members[i]);
    free(hosts->members);
    free(hosts);
    *held = NULL;
}
