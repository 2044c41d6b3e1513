/* The answer: rows of layers, measures and controls from what is counted, and one row with what it is made of. */
#include "engine/security_private.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "wire/alerts.h"

#define FRESH (10 * SPAN_SECOND)  /* a pass over the ledger is good for so long, */
#define LATEST (30 * SPAN_SECOND) /* and beyond that an answer waits for the next */
#define HOUR (60 * SPAN_MINUTE)
#define DAY_HOURS 24
#define WEEK_HOURS (7 * 24)
#define MONTH_HOURS (31 * 24)
#define ITEMS_MOST 500

/* ---- what is active ---- */

struct standing { uint32_t now, hidden, top; uint8_t worst; msec since, top_raised; bool any; };

static void stand(struct standing *row, const struct security_record *record, uint32_t handle)
{
    if (!record->shown) {
        row->hidden++;
        return;
    }
    row->now++;
    if (row->since == CLOCK_NEVER || record->raised_at < row->since)
        row->since = record->raised_at;
    if (row->any && (record->severity < row->worst || (record->severity == row->worst && record->raised_at < row->top_raised)))
        return;
    row->any = true;
    row->worst = record->severity;
    row->top = handle;
    row->top_raised = record->raised_at;
}

static void stand_all(const struct security *security, struct standing rows[SECURITY_ROWS])
{
    for (unsigned row = 0; row < SECURITY_ROWS; row++)
        rows[row] = (struct standing){.since = CLOCK_NEVER};
    for (uint32_t handle = 0; handle < security->record_count; handle++) {
        const struct security_record *record = &security->records[handle];
        if (record->active)
            for (uint64_t left = record->rows; left; left &= left - 1)
                stand(&rows[__builtin_ctzll(left)], record, handle);
    }
}

/* ---- rows ---- */

struct tally { uint32_t total, good; };

static void tally_fact(void *owner, const struct security_fact *fact)
{
    struct tally *tally = owner;
    tally->total++;
    tally->good += fact->good;
}

static uint32_t hours_sum(const struct security *security, unsigned row, msec hour, unsigned hours)
{
    uint32_t sum = 0;
    for (msec at = hour - hours + 1; at <= hour && at <= security->hour; at++)
        if (at > security->hour - SECURITY_HOURS)
            sum += security->hours[row].raised[at % SECURITY_HOURS];
    return sum;
}

static const char *state_of(const struct wire_security *row, bool by_alerts)
{
    if (row->now)
        return "breached";
    if (!row->total)
        return by_alerts ? "watched" : "nothing";
    if (!row->watched)
        return "unwatched";
    return row->watched < row->total || row->silent ? "partly" : "watched";
}

/* A layer is watched when each of its controls is: what has nothing to watch is a hole as well. */
static const char *state_over(const struct wire_security *row, const struct security *security, const struct wire_security *rows, unsigned at)
{
    unsigned whole = 0, some = 0, all = 0;
    for (unsigned i = 0; i < security->plan->count; i++) {
        if (!(security_rows_of_control(security, i) & security_row_bit(at)))
            continue;
        const char *state = rows[SECURITY_FIRST + i].state;
        bool watched = strcmp(state, "watched") == 0 || strcmp(state, "breached") == 0;
        all++;
        whole += watched;
        some += watched || strcmp(state, "partly") == 0;
    }
    if (row->now)
        return "breached";
    return !all ? "nothing" : whole == all ? "watched" : some ? "partly" : "unwatched";
}

static void name_row(const struct security *security, unsigned at, struct wire_security *row)
{
    const struct security_control *control = security_control_of(security, at);
    *row = (struct wire_security){.level = at < LAYER_COUNT ? "layer" : at < SECURITY_FIRST ? "measure" : "control", .layer = "", .measure = "",
                                  .title = "", .title_zh = "", .lacks = "", .lacks_zh = "", .requirement = at < LAYER_COUNT ? "R361" : "R362",
                                  .worst = "", .alerts = security->alerts_text[at], .assets = "", .audit = "", .top_id = "",
                                  .top_name = "", .top_where = "", .since = CLOCK_NEVER, .last = CLOCK_NEVER};
    if (at < LAYER_COUNT)
        row->name = row->layer = security_layer_name((enum security_layer)at);
    else if (at < SECURITY_FIRST)
        row->name = row->measure = security_measure_name((enum security_measure)(at - LAYER_COUNT));
    if (!control)
        return;
    row->name = control->name;
    row->layer = security_layer_name(control->layer);
    row->measure = security_measure_name(control->measure);
    row->title = control->title;
    row->title_zh = control->title_zh;
    row->lacks = control->lacks;
    row->lacks_zh = control->lacks_zh;
    row->requirement = control->requirement;
    row->assets = control->assets;
    row->audit = control->audit;
}

static void fill_standing(const struct security *security, const struct standing *standing, struct arena *arena, struct wire_security *row)
{
    struct wire_alert alert;
    row->now = standing->now;
    row->hidden = standing->hidden;
    row->since = standing->since;
    if (!standing->any)
        return;
    row->worst = severity_name((enum severity)standing->worst);
    alerts_wire(security->parts.alerts, alert_at(security->parts.alerts, standing->top), NULL, &alert);
    row->top_id = arena_text(arena, alert.id);
    row->top_name = arena_text(arena, alert.name);
    row->top_where = arena_text(arena, *alert.asset_name ? alert.asset_name : *alert.asset ? alert.asset : alert.place);
}

static void fill_row(struct security *security, unsigned at, const struct standing *standing, msec hour, struct arena *arena,
                     struct wire_security *row)
{
    name_row(security, at, row);
    row->total = security->watch[at].total;
    row->watched = security->watch[at].watched;
    row->silent = security->watch[at].silent;
    row->day = hours_sum(security, at, hour, DAY_HOURS);
    row->week = hours_sum(security, at, hour, WEEK_HOURS);
    row->month = hours_sum(security, at, hour, MONTH_HOURS);
    row->last = security->hours[at].last;
    fill_standing(security, standing, arena, row);
}

/* Facts belong to their control, and through it to its layer and measure. */
static void add_facts(struct security *security, struct wire_security *rows)
{
    for (unsigned i = 0; i < security->plan->count; i++) {
        struct tally tally = {0};
        if (!security->plan->controls[i].facts)
            continue;
        security_facts(security, security->plan->controls[i].facts, tally_fact, &tally);
        for (uint64_t left = security_rows_of_control(security, i); left; left &= left - 1) {
            struct wire_security *row = &rows[__builtin_ctzll(left)];
            row->total += tally.total;
            row->watched += tally.good;
        }
    }
}

static struct wire_security *make_rows(struct security *security, struct arena *arena, unsigned *count)
{
    struct standing standing[SECURITY_ROWS];
    msec hour = clock_wall() / HOUR;
    *count = SECURITY_FIRST + security->plan->count;
    struct wire_security *rows = arena_alloc(arena, *count * sizeof *rows);
    stand_all(security, standing);
    for (unsigned at = 0; at < *count; at++)
        fill_row(security, at, &standing[at], hour, arena, &rows[at]);
    add_facts(security, rows);
    for (unsigned i = 0; i < security->plan->count; i++) {
        struct wire_security *row = &rows[SECURITY_FIRST + i];
        for (uint64_t left = security_rows_of_control(security, i) & (security_row_bit(SECURITY_FIRST) - 1); left; left &= left - 1)
            rows[__builtin_ctzll(left)].controls++;
        bool by_alerts = !*row->assets && (*row->alerts || *row->audit);
        row->state = state_of(row, by_alerts && !security->plan->controls[i].facts);
    }
    for (unsigned at = 0; at < SECURITY_FIRST; at++)
        rows[at].state = state_over(&rows[at], security, rows, at);
    return rows;
}

static void make_site(struct security *security, struct arena *arena, struct wire_security_site *site)
{
    msec now = clock_wall(), hour = now / HOUR;
    *site = (struct wire_security_site){
        .page = {.revision = alerts_revision(security->parts.alerts), .as_of = now}, .counted = security->counted,
        .require_tls = security->plan->require_tls, .waiting = (uint32_t)(security->queue_count - security->queue_first),
        .day_since = (hour - DAY_HOURS + 1) * HOUR, .week_since = (hour - WEEK_HOURS + 1) * HOUR, .month_since = (hour - MONTH_HOURS + 1) * HOUR};
    site->rows = make_rows(security, arena, &site->count);
}

/* ---- asking ---- */

static bool ready(const struct security *security)
{
    return security->plan && security->swept && security->audit_ready && clock_steady() - security->swept < LATEST &&
           security->sweep_ledger == fleet_ledger_revision(security->parts.fleet);
}

/* Those who wait are answered once all there is to know is known. */
void security_answer_all(struct security *security)
{
    struct wire_security_site site;
    if (!security->asking || !ready(security))
        return;
    struct security_asking *asking = security->asking;
    security->asking = NULL;
    security_alerts_turn(security, uv_hrtime() + SECURITY_SLICE_NS);
    struct arena *arena = arena_new();
    make_site(security, arena, &site);
    while (asking) {
        struct security_asking *each = asking;
        asking = each->next;
        each->done(each->owner, &site);
        free(each);
    }
    arena_free(&arena);
}

void security_ask(struct security *security, security_done *done, void *owner)
{
    struct security_asking *asking = memory_new(sizeof *asking);
    *asking = (struct security_asking){security->asking, done, owner};
    security->asking = asking;
    if (!security->plan)
        return; /* answered when the configuration is in force */
    if (!security->swept || clock_steady() - security->swept >= FRESH || !ready(security))
        security_watch_begin(security);
    security_audit_read(security);
    security_answer_all(security);
}

/* ---- one row ---- */

struct gathering { struct arena *arena; struct wire_security_page *page; bool good; unsigned room; };

static void put_item(struct gathering *gathering, const struct wire_security_item *item)
{
    struct wire_security_page *page = gathering->page;
    if (page->count == ITEMS_MOST) {
        page->left_out++;
        return;
    }
    struct wire_security_item *row = &page->items[page->count++];
    *row = *item;
    row->name = arena_text(gathering->arena, item->name);
    row->detail = arena_text(gathering->arena, item->detail);
    row->view = arena_text(gathering->arena, item->view);
    row->id = arena_text(gathering->arena, item->id);
}

static void gather_fact(void *owner, const struct security_fact *fact)
{
    struct gathering *gathering = owner;
    if (fact->good == gathering->good)
        put_item(gathering, &(struct wire_security_item){.kind = "fact", .name = fact->name, .detail = fact->detail, .good = fact->good,
                                                         .view = fact->view, .id = fact->id, .time = CLOCK_NEVER});
}

static void gather_assets(struct gathering *gathering, const struct security *security, const char *kind, const uint32_t *assets,
                          unsigned count, uint32_t all, const char *detail)
{
    for (unsigned i = 0; i < count; i++) {
        struct fleet_view view;
        if (!fleet_exists(security->parts.fleet, assets[i]))
            continue;
        fleet_get(security->parts.fleet, assets[i], &view);
        const char *const *field = view.row.field;
        bool server = strcmp(field[ASSET_kind], "server") == 0;
        put_item(gathering, &(struct wire_security_item){.kind = kind, .name = *field[ASSET_name] ? field[ASSET_name] : field[ASSET_id],
                                                         .detail = *detail ? detail : health_name(view.health), .time = CLOCK_NEVER,
                                                         .view = server ? "server" : "asset", .id = field[ASSET_id]});
    }
    gathering->page->left_out += all > count ? all - count : 0;
}

static void gather_acts(struct gathering *gathering, const struct security_acts *acts)
{
    for (unsigned i = 0; acts && i < acts->count; i++)
        put_item(gathering, &(struct wire_security_item){.kind = "act", .name = acts->row[i].actor, .detail = acts->row[i].verb, .good = true,
                                                         .view = "audit", .id = acts->row[i].target, .time = acts->row[i].time});
}

bool security_page(struct security *security, const char *name, bool everything, struct arena *arena, struct wire_security_page *page)
{
    struct wire_security_site site;
    int at = security_row_find(security, name);
    if (at < 0)
        return false;
    make_site(security, arena, &site);
    *page = (struct wire_security_page){.page = site.page, .row = site.rows[at], .day_since = site.day_since, .week_since = site.week_since,
                                        .month_since = site.month_since, .items = arena_alloc(arena, ITEMS_MOST * sizeof *page->items)};
    const struct security_control *control = security_control_of(security, (unsigned)at);
    if (!control)
        return true;
    struct gathering gathering = {.arena = arena, .page = page, .good = false};
    const struct security_watch *watch = &security->watch[at];
    security_facts(security, control->facts, gather_fact, &gathering);
    gather_assets(&gathering, security, "missing", watch->missing, watch->missing_count, watch->total - watch->watched, "");
    gather_assets(&gathering, security, "silent", watch->quiet, watch->quiet_count, watch->silent, "");
    gather_acts(&gathering, security->acts[(unsigned)at - SECURITY_FIRST]);
    gathering.good = true;
    security_facts(security, control->facts, gather_fact, &gathering);
    if (!everything && (*control->audit || control->facts == FACTS_GRANTS || control->facts == FACTS_TOKENS)) {
        page->left_out += page->count;
        page->count = 0;
    }
    return true;
}

/* ---- a period ---- */

#define PAGE 200

struct scanning {
    struct security_link *link;
    msec from, to;
    security_visit *visit;
    security_scanned *done;
    void *owner;
};

struct seen { const struct scanning *scanning; const char *fixed_by; };

static void scan_seen(void *owner, const struct alert *alert)
{
    const struct seen *seen = owner;
    const struct security *security = seen->scanning->link->security;
    uint64_t rows = security_classify(security, alert);
    struct wire_alert wire;
    if (!rows)
        return;
    alerts_wire(security->parts.alerts, alert, NULL, &wire);
    seen->scanning->visit(seen->scanning->owner, &wire, seen->fixed_by, rows);
}

static void scan_came(void *owner, const struct store_alert *alerts, size_t count, const struct error *error)
{
    struct scanning *scanning = owner;
    struct security *security = scanning->link->security;
    struct error gone;
    for (size_t i = 0; security && i < count; i++)
        alerts_stored(security->parts.alerts, &alerts[i], scan_seen, &(struct seen){scanning, alerts[i].fixed_by});
    if (security && !error && count == PAGE) {
        store_alerts_raised(security->parts.store, scanning->from, scanning->to, alerts[count - 1].number, PAGE, scan_came, scanning);
        return;
    }
    if (!security && !error) {
        error_set(&gone, ERROR_UNAVAILABLE, "the daemon is ending");
        error = &gone;
    }
    scanning->done(scanning->owner, error);
    security_link_release(scanning->link);
    free(scanning);
}

void security_scan(struct security *security, msec from, msec to, security_visit *visit, security_scanned *done, void *owner)
{
    struct scanning *scanning = memory_new(sizeof *scanning);
    *scanning = (struct scanning){security->link, from, to, visit, done, owner};
    security->link->holders++;
    store_alerts_raised(security->parts.store, from, to, 0, PAGE, scan_came, scanning);
}
