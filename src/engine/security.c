/* Security: what is in force, the turns that do the work in slices, and the counts by the hour. */
#include "engine/security_private.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define BREATH 10        /* ms between two slices */
#define BREATH_ASKED 2   /* while somebody waits */
#define HOUR (60 * SPAN_MINUTE)
#define VERIFY_FIRST (10 * SPAN_SECOND)
#define VERIFY_EVERY SPAN_DAY
#define SCAN_AFTER (3 * SPAN_SECOND) /* a reload: what was raised just before has reached the store */

/* ---- rows ---- */

const struct security_control *security_control_of(const struct security *security, unsigned row)
{
    return row >= SECURITY_FIRST && row - SECURITY_FIRST < security->plan->count ? &security->plan->controls[row - SECURITY_FIRST] : NULL;
}

uint64_t security_rows_of_control(const struct security *security, unsigned control)
{
    const struct security_control *of = &security->plan->controls[control];
    uint64_t rows = security_row_bit(SECURITY_FIRST + control);
    if (of->layer < LAYER_COUNT)
        rows |= security_row_bit(of->layer);
    if (of->measure < MEASURE_COUNT)
        rows |= security_row_bit(LAYER_COUNT + of->measure);
    return rows;
}

int security_row_find(const struct security *security, const char *name)
{
    for (unsigned row = 0; row < LAYER_COUNT; row++)
        if (strcmp(security_layer_name((enum security_layer)row), name) == 0)
            return (int)row;
    for (unsigned row = 0; row < MEASURE_COUNT; row++)
        if (strcmp(security_measure_name((enum security_measure)row), name) == 0)
            return (int)(LAYER_COUNT + row);
    for (unsigned i = 0; security->plan && i < security->plan->count; i++)
        if (strcmp(security->plan->controls[i].name, name) == 0)
            return (int)(SECURITY_FIRST + i);
    return -1;
}

/* ---- by the hour ---- */

static void hours_advance(struct security *security, msec hour)
{
    if (hour - security->hour >= SECURITY_HOURS)
        for (unsigned row = 0; row < SECURITY_ROWS; row++)
            memset(security->hours[row].raised, 0, sizeof security->hours[row].raised);
    else
        for (msec at = security->hour + 1; at <= hour; at++)
            for (unsigned row = 0; row < SECURITY_ROWS; row++)
                security->hours[row].raised[at % SECURITY_HOURS] = 0;
    security->hour = hour;
}

void security_count(struct security *security, uint64_t rows, msec time)
{
    msec hour = time / HOUR;
    if (hour > security->hour)
        hours_advance(security, hour);
    for (; rows; rows &= rows - 1) {
        struct security_hours *hours = &security->hours[__builtin_ctzll(rows)];
        if (hour > security->hour - SECURITY_HOURS)
            hours->raised[hour % SECURITY_HOURS]++;
        if (hours->last == CLOCK_NEVER || time > hours->last)
            hours->last = time;
    }
}

/* ---- turns ---- */

void security_wake(struct security *security, msec wait)
{
    uv_timer_t *turn = &security->link->turn;
    if (uv_is_closing((uv_handle_t *)turn) || (uv_is_active((uv_handle_t *)turn) && uv_timer_get_due_in(turn) <= (uint64_t)wait))
        return;
    uv_timer_start(turn, turn->timer_cb, (uint64_t)wait, 0);
}

static void turn_due(uv_timer_t *timer)
{
    struct security_link *link = timer->data;
    struct security *security = link->security;
    if (!security || !security->plan)
        return;
    msec now = clock_steady(), next = CLOCK_NEVER;
    bool more = security_alerts_turn(security, uv_hrtime() + SECURITY_SLICE_NS);
    more |= security_watch_turn(security, uv_hrtime() + SECURITY_SLICE_NS);
    if (security->scan_due && now >= security->scan_due) {
        security->scan_due = 0;
        security_scan_begin(security);
    }
    if (security->verify_due && now >= security->verify_due) {
        security->verify_due = now + VERIFY_EVERY;
        security_audit_verify(security);
    }
    if (more)
        next = now + (security->asking ? BREATH_ASKED : BREATH);
    if (security->scan_due && (next == CLOCK_NEVER || security->scan_due < next))
        next = security->scan_due;
    if (security->verify_due && (next == CLOCK_NEVER || security->verify_due < next))
        next = security->verify_due;
    if (next != CLOCK_NEVER)
        security_wake(security, next > now ? next - now : 0);
}

/* ---- life ---- */

static void turn_closed(uv_handle_t *handle)
{
    security_link_release(handle->data);
}

void security_link_release(struct security_link *link)
{
    if (--link->holders == 0)
        free(link);
}

struct security *security_new(const struct security_parts *parts)
{
    struct security *security = memory_new(sizeof *security);
    security->parts = *parts;
    security->link = memory_new(sizeof *security->link);
    *security->link = (struct security_link){.security = security, .holders = 1};
    uv_timer_init(parts->loop, &security->link->turn);
    security->link->turn.data = security->link;
    security->link->turn.timer_cb = turn_due;
    security->watch = memory_new_array(SECURITY_ROWS, sizeof *security->watch);
    security->fresh = memory_new_array(SECURITY_ROWS, sizeof *security->fresh);
    security->sweep_at = UINT32_MAX;
    security->begun = clock_wall();
    security_alerts_begin(security);
    return security;
}

static void filters_free(struct security *security)
{
    for (unsigned i = 0; i < SECURITY_CONTROLS_MAX; i++) {
        filter_free(&security->alerts_filter[i]);
        filter_free(&security->assets_filter[i]);
        filter_free(&security->watched_filter[i]);
    }
    for (unsigned row = 0; row < SECURITY_ROWS; row++) {
        free(security->alerts_text[row]);
        security->alerts_text[row] = NULL;
    }
}

/* "( a ) | ( b )": what belongs to any control of a layer or measure. */
static void join_filters(struct security *security, unsigned row)
{
    struct buffer text = BUFFER_INIT;
    for (unsigned i = 0; i < security->plan->count; i++)
        if (security->plan->controls[i].alerts[0] && security_rows_of_control(security, i) & security_row_bit(row))
            buffer_printf(&text, "%s( %s )", text.length ? " | " : "", security->plan->controls[i].alerts);
    security->alerts_text[row] = text.length ? buffer_take(&text) : memory_text("");
    buffer_release(&text);
}

static void filters_parse(struct security *security)
{
    msec now = clock_wall();
    for (unsigned i = 0; i < security->plan->count; i++) {
        const struct security_control *control = &security->plan->controls[i];
        if (control->alerts[0])
            security->alerts_filter[i] = filter_parse(control->alerts, FILTER_STRICT, now, NULL);
        if (control->assets[0])
            security->assets_filter[i] = filter_parse(control->assets, FILTER_STRICT, now, NULL);
        if (control->watched[0])
            security->watched_filter[i] = filter_parse(control->watched, FILTER_STRICT, now, NULL);
        security->alerts_text[SECURITY_FIRST + i] = memory_text(control->alerts);
    }
    for (unsigned row = 0; row < SECURITY_FIRST; row++)
        join_filters(security, row);
}

void security_use(struct security *security, const struct security_plan *plan, const struct site *site)
{
    bool first = !security->plan;
    filters_free(security);
    security->plan = plan;
    security->site = site;
    security->generation++;
    filters_parse(security);
    memset(security->hours, 0, sizeof security->hours);
    for (unsigned row = 0; row < SECURITY_ROWS; row++)
        security->hours[row].last = CLOCK_NEVER;
    security->hour = clock_wall() / HOUR;
    if (!first)
        security->begun = clock_wall();
    security->scanning = security->counted = false;
    security->scanned = 0;
    security->scan_due = clock_steady() + (first ? 0 : SCAN_AFTER);
    if (!security->verify_due)
        security->verify_due = clock_steady() + VERIFY_FIRST;
    security_alerts_again(security);
    security_watch_again(security);
    security_audit_again(security);
    security_policy_judge(security);
    security_wake(security, 0);
}

void security_free(struct security **slot)
{
    struct security *security = *slot;
    if (!security)
        return;
    *slot = NULL;
    security_alerts_end(security);
    while (security->asking) {
        struct security_asking *asking = security->asking;
        security->asking = asking->next;
        asking->done(asking->owner, NULL);
        free(asking);
    }
    security->link->security = NULL;
    uv_close((uv_handle_t *)&security->link->turn, turn_closed);
    filters_free(security);
    for (unsigned i = 0; i < SECURITY_CONTROLS_MAX; i++)
        free(security->acts[i]);
    free(security->records);
    free(security->queue);
    free(security->watch);
    free(security->fresh);
    free(security);
}

void security_provide(struct security *security, enum security_facts sort, security_fact_source *source, void *from)
{
    security->provided[sort].source = source;
    security->provided[sort].from = from;
}
