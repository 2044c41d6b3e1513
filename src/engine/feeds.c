#include "engine/feeds.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "engine/feeds_there.h"
#include "engine/heartbeats.h"

#define TOLD_MAX 500
#define SILENCES_MAX 1000

struct told {                 /* of one silence by one source */
    char id[32];
    char source[48];
    char text[400];
};

struct shadow {               /* a silence in force, its filter read once */
    struct filter *filter;
    unsigned index;           /* alerts_silence_at */
};

struct feeds {
    struct fleet *fleet;
    struct alerts *alerts;
    struct heartbeats *heartbeats;
    struct locator *locator;
    uint64_t *listed;         /* fingerprints, while a source lists */
    size_t listed_count, listed_capacity;
    bool listing;
    struct told *told;
    size_t told_count, told_capacity;
    struct shadow *shadows;
    size_t shadow_count, shadow_capacity;
    uint64_t shadow_mark;
    struct there *there;
    struct buffer scratch, missing;
};

struct named {                /* what the desk calls a source */
    char text[80];
};

static struct named name_of(const struct source *source)
{
    struct named named;
    bool events = strcmp(source->ops->type, "events") == 0;
    snprintf(named.text, sizeof named.text, "%s:%s", events ? "event" : source->ops->type, source->name);
    return named;
}

static uint64_t print_of(const struct feeds *feeds, const struct source *source, const char *key)
{
    struct named named = name_of(source);
    char clean[160];
    text_clean_into(clean, sizeof clean, key, strlen(key));
    return alert_fingerprint(feeds->alerts, &(struct alert_report){.source = named.text, .key = clean, .asset = FLEET_NONE});
}

/* ---- assets ---- */

static uint32_t on_find(void *owner, const char *text)
{
    struct feeds *feeds = owner;
    uint32_t asset = locator_find(feeds->locator, text);
    return asset == FLEET_NONE ? SINK_NONE : asset;
}

static const char *on_asset_id(void *owner, uint32_t asset)
{
    struct feeds *feeds = owner;
    struct fleet_view view;
    fleet_get(feeds->fleet, asset, &view);
    return view.row.field[ASSET_id];
}

/* ---- reports ---- */

/* Texts of templates often end with a line's end. */
static const char *clean(char *out, size_t size, const char *text)
{
    text_clean_into(out, size, text ? text : "", text ? strlen(text) : 0);
    for (size_t length = strlen(out); length && out[length - 1] == ' '; length--)
        out[length - 1] = '\0';
    return out;
}

static void raise_alarm(struct feeds *feeds, const struct source *source, const struct alarm *alarm)
{
    struct named named = name_of(source);
    char key[160], rule[120], name[160], type[40], place[160], summary[400], runbook[300];
    const struct alert_report report = {
        .source = named.text, .key = clean(key, sizeof key, alarm->key), .rule = clean(rule, sizeof rule, alarm->rule),
        .name = clean(name, sizeof name, alarm->name ? alarm->name : alarm->rule), .type = clean(type, sizeof type, alarm->type),
        .asset = alarm->asset == SINK_NONE ? FLEET_NONE : alarm->asset,
        .point = clean(place, sizeof place, alarm->asset == SINK_NONE ? alarm->place : NULL), .severity = alarm->severity,
        .summary = clean(summary, sizeof summary, alarm->summary), .runbook = clean(runbook, sizeof runbook, alarm->runbook),
        .labels = alarm->labels ? alarm->labels : "", .has_value = alarm->has_value, .value = alarm->value, .threshold = __builtin_nan(""),
    };
    alerts_breach(feeds->alerts, &report);
}

static void hold(struct feeds *feeds, uint64_t fingerprint, const char *why)
{
    const struct alert *alert = alerts_by_fingerprint(feeds->alerts, fingerprint);
    bool held = alert && alert_life(alert)->suppression & SUPPRESSED_INHIBITED;
    if (alert && held != (why != NULL))
        alerts_hold(feeds->alerts, fingerprint, why != NULL, why);
}

static void on_report(void *owner, struct source *source, const struct alarm *alarm)
{
    struct feeds *feeds = owner;
    if (feeds->heartbeats && heartbeats_hear(feeds->heartbeats, source->name, alarm->rule, alarm->active, alarm->time))
        return;
    uint64_t fingerprint = print_of(feeds, source, alarm->key);
    if (feeds->listing) {
        ARRAY_RESERVE(feeds->listed, feeds->listed_capacity, feeds->listed_count + 1);
        feeds->listed[feeds->listed_count++] = fingerprint;
    }
    if (!alarm->active) {
        alerts_normal(feeds->alerts, fingerprint);
        return;
    }
    const struct alert *known = alarm->asked ? alerts_by_fingerprint(feeds->alerts, fingerprint) : NULL;
    if (known && alert_life(known)->condition == CONDITION_CLEARED && alert_life(known)->cleared_at > alarm->asked)
        return; /* the list is older than its end */
    raise_alarm(feeds, source, alarm);
    if (alarm->knows_held)
        hold(feeds, fingerprint, alarm->held);
}

/* ---- complete lists ---- */

static void on_list_begin(void *owner, struct source *source)
{
    struct feeds *feeds = owner;
    (void)source;
    feeds->listing = true;
    feeds->listed_count = 0;
}

static int compare_prints(const void *left, const void *right)
{
    uint64_t one = *(const uint64_t *)left, other = *(const uint64_t *)right;
    return one < other ? -1 : one > other;
}

static void miss(void *owner, uint64_t fingerprint, const struct alert *alert)
{
    struct feeds *feeds = owner;
    (void)alert;
    if (!feeds->listed_count || !bsearch(&fingerprint, feeds->listed, feeds->listed_count, sizeof fingerprint, compare_prints))
        buffer_append(&feeds->missing, &fingerprint, sizeof fingerprint);
}

/* Those gathered in `missing` go back to normal. */
static unsigned clear_missing(struct feeds *feeds, bool clear, const char *why)
{
    size_t count = feeds->missing.length / sizeof(uint64_t);
    for (size_t i = 0; clear && i < count; i++) {
        uint64_t fingerprint;
        memcpy(&fingerprint, feeds->missing.data + i * sizeof fingerprint, sizeof fingerprint);
        alerts_normal_because(feeds->alerts, fingerprint, why);
    }
    buffer_release(&feeds->missing);
    return (unsigned)count;
}

static unsigned on_list_end(void *owner, struct source *source, bool clear, const char *why)
{
    struct feeds *feeds = owner;
    struct named named = name_of(source);
    feeds->listing = false;
    if (feeds->listed_count)
        qsort(feeds->listed, feeds->listed_count, sizeof *feeds->listed, compare_prints);
    alerts_of_source(feeds->alerts, named.text, miss, feeds);
    return clear_missing(feeds, clear, why);
}

struct old { struct feeds *feeds; msec before; };

static void old_one(void *owner, uint64_t fingerprint, const struct alert *alert)
{
    const struct old *old = owner;
    if (alert_life(alert)->last_seen < old->before)
        buffer_append(&old->feeds->missing, &fingerprint, sizeof fingerprint);
}

static unsigned on_expire(void *owner, struct source *source, msec age, const char *why)
{
    struct feeds *feeds = owner;
    struct named named = name_of(source);
    struct old old = {feeds, clock_wall() - age};
    alerts_of_source(feeds->alerts, named.text, old_one, &old);
    return clear_missing(feeds, true, why);
}

static unsigned on_active(void *owner, struct source *source)
{
    struct feeds *feeds = owner;
    struct named named = name_of(source);
    return alerts_of_source(feeds->alerts, named.text, NULL, NULL);
}

/* ---- sources that are no more ---- */

struct keep {
    struct feeds *feeds;
    struct source *const *sources;
    size_t count;
};

/* What nobody configured takes pushes under its type's name (api/feeds.c). */
static bool is_kept(const struct keep *keep, const char *source)
{
    if (strcmp(source, "alertmanager:alertmanager") == 0 || strcmp(source, "event:events") == 0)
        return true;
    for (size_t i = 0; i < keep->count; i++) {
        struct named named = name_of(keep->sources[i]);
        if (strcmp(named.text, source) == 0)
            return true;
    }
    return false;
}

static void keep_source(void *owner, const char *source)
{
    const struct keep *keep = owner;
    bool ours = strncmp(source, "alertmanager:", 13) == 0 || strncmp(source, "event:", 6) == 0;
    keep->feeds->listed_count = 0;
    if (ours && !is_kept(keep, source))
        alerts_of_source(keep->feeds->alerts, source, miss, keep->feeds);
}

void feeds_keep(struct feeds *feeds, struct source *const *sources, size_t count)
{
    struct keep keep = {feeds, sources, count};
    alerts_sources(feeds->alerts, keep_source, &keep);
    there_keep(&feeds->there, sources, count);
    clear_missing(feeds, true, "its source is no longer configured");
}

/* ---- our silences ---- */

static uint64_t shadows_mark(const struct feeds *feeds)
{
    uint64_t mark = TEXT_HASH;
    struct alert_silence silence;
    for (unsigned i = 0; i < SILENCES_MAX && alerts_silence_at(feeds->alerts, i, &silence); i++)
        if (silence.active)
            mark = text_hash(mark, silence.id) + i;
    return mark;
}

/* Shelving and acknowledging are told by alerts, which come and go all the time: the desk's revision would move with each
 * of them, so only these two are mixed in. */
static void mix_quiet(void *owner, uint64_t fingerprint, const struct alert *alert)
{
    uint64_t *mark = owner;
    const struct alert_life *life = alert_life(alert);
    if (life->acknowledged || life->suppression & SUPPRESSED_SHELVED)
        *mark += (fingerprint | 1) * (1 + life->acknowledged + 2u * (life->suppression & SUPPRESSED_SHELVED));
}

static uint64_t on_silences_mark(void *owner, struct source *source)
{
    struct feeds *feeds = owner;
    struct named named = name_of(source);
    uint64_t mark = shadows_mark(feeds);
    alerts_of_source(feeds->alerts, named.text, mix_quiet, &mark);
    return mark;
}

static void shadows_drop(struct feeds *feeds)
{
    for (size_t i = 0; i < feeds->shadow_count; i++)
        filter_free(&feeds->shadows[i].filter);
    feeds->shadow_count = 0;
}

static void shadows_ready(struct feeds *feeds)
{
    struct alert_silence silence;
    uint64_t mark = shadows_mark(feeds);
    if (mark == feeds->shadow_mark)
        return;
    feeds->shadow_mark = mark;
    shadows_drop(feeds);
    for (unsigned i = 0; i < SILENCES_MAX && alerts_silence_at(feeds->alerts, i, &silence); i++) {
        struct filter *filter = silence.active ? filter_parse(silence.filter, FILTER_STRICT, clock_wall(), NULL) : NULL;
        if (!filter)
            continue;
        ARRAY_RESERVE(feeds->shadows, feeds->shadow_capacity, feeds->shadow_count + 1);
        feeds->shadows[feeds->shadow_count++] = (struct shadow){filter, i};
    }
}

/* What people did to the alert itself. */
static unsigned own_silences(struct feeds *feeds, const struct alert *alert, struct alarm_silence *silences, unsigned max)
{
    const struct alert_life *life = alert_life(alert);
    unsigned count = 0;
    if (life->suppression & SUPPRESSED_SHELVED && count < max) {
        silences[count] = (struct alarm_silence){.why = "shelved", .by = "nocturne", .ends = life->shelved_until};
        snprintf(silences[count++].id, sizeof silences->id, "%s", alert_id(alert));
    }
    if (life->acknowledged && count < max) {
        silences[count] = (struct alarm_silence){.why = "acknowledged", .by = "nocturne", .ends = life->acknowledge_until,
                                                 .acknowledged = true};
        snprintf(silences[count++].id, sizeof silences->id, "%s/ack", alert_id(alert));
    }
    (void)feeds;
    return count;
}

static unsigned on_silences(void *owner, struct source *source, const char *key, struct alarm_silence *silences, unsigned max)
{
    struct feeds *feeds = owner;
    const struct alert *alert = alerts_by_fingerprint(feeds->alerts, print_of(feeds, source, key));
    if (!alert)
        return 0;
    shadows_ready(feeds);
    struct alert_subject subject = {feeds->alerts, alert};
    unsigned count = own_silences(feeds, alert, silences, max);
    for (size_t i = 0; i < feeds->shadow_count && count < max; i++) {
        struct alert_silence silence;
        if (!filter_match(feeds->shadows[i].filter, &alert_subject_ops, &subject) ||
            !alerts_silence_at(feeds->alerts, feeds->shadows[i].index, &silence))
            continue;
        silences[count] = (struct alarm_silence){.why = silence.why, .by = silence.by, .ends = silence.ends,
                                                 .filter = feeds->shadows[i].filter};
        snprintf(silences[count++].id, sizeof silences->id, "%s", silence.id);
    }
    return count;
}

static bool on_silence_active(void *owner, const char *id)
{
    struct feeds *feeds = owner;
    struct alert_silence silence;
    if (id[0] == 'A') {
        size_t length = strcspn(id, "/");
        char number[24] = "";
        if (length < sizeof number)
            memcpy(number, id, length);
        const struct alert *alert = alerts_find(feeds->alerts, number);
        return alert && (id[length] ? alert_life(alert)->acknowledged : alert_life(alert)->suppression & SUPPRESSED_SHELVED);
    }
    size_t length = strcspn(id, "/"); /* "S-0003/one": of a single alert */
    for (unsigned i = 0; alerts_silence_at(feeds->alerts, i, &silence); i++)
        if (strlen(silence.id) == length && strncmp(silence.id, id, length) == 0)
            return silence.active;
    return false;
}

static bool on_silence_at(void *owner, unsigned index, struct alarm_silence *out)
{
    struct feeds *feeds = owner;
    struct alert_silence silence;
    shadows_ready(feeds);
    for (; index < feeds->shadow_count; index++) {
        if (!alerts_silence_at(feeds->alerts, feeds->shadows[index].index, &silence))
            continue;
        *out = (struct alarm_silence){.why = silence.why, .by = silence.by, .ends = silence.ends, .filter = feeds->shadows[index].filter};
        snprintf(out->id, sizeof out->id, "%s", silence.id);
        return true;
    }
    return false;
}

static void on_silence_ended(void *owner, struct source *source, const char *id)
{
    struct feeds *feeds = owner;
    struct named named = name_of(source);
    log_notice("source %s: silence %s was ended there: it ends here, too", source->name, id);
    alerts_unsilence(feeds->alerts, id, -1, named.text, NULL, NULL);
}

static void on_silences_there(void *owner, struct source *source, const struct alarm_there *rows, unsigned count)
{
    struct feeds *feeds = owner;
    there_take(&feeds->there, source->name, rows, count);
}

bool feeds_silence_at(const struct feeds *feeds, unsigned index, struct feeds_silence *silence)
{
    return there_at(feeds->there, index, silence);
}

static void on_silence_told(void *owner, struct source *source, const char *id, const char *what)
{
    struct feeds *feeds = owner;
    struct told *told = NULL;
    for (size_t i = 0; i < feeds->told_count && !told; i++)
        if (strcmp(feeds->told[i].id, id) == 0 && strncmp(feeds->told[i].source, source->name, sizeof told->source - 1) == 0)
            told = &feeds->told[i];
    if (!told) {
        if (feeds->told_count == TOLD_MAX) /* the oldest goes */
            memmove(feeds->told, feeds->told + 1, --feeds->told_count * sizeof *feeds->told);
        ARRAY_RESERVE(feeds->told, feeds->told_capacity, feeds->told_count + 1);
        told = &feeds->told[feeds->told_count++];
        snprintf(told->id, sizeof told->id, "%s", id);
        snprintf(told->source, sizeof told->source, "%s", source->name);
    }
    snprintf(told->text, sizeof told->text, "%s", what);
}

const char *feeds_silence_told(struct feeds *feeds, const char *id)
{
    buffer_clear(&feeds->scratch);
    for (size_t i = 0; i < feeds->told_count; i++)
        if (strcmp(feeds->told[i].id, id) == 0 && feeds->told[i].text[0])
            buffer_printf(&feeds->scratch, "%s%s: %s", feeds->scratch.length ? "; " : "", feeds->told[i].source,
                          feeds->told[i].text);
    return buffer_text(&feeds->scratch);
}

/* ---- begin and end ---- */

struct feeds *feeds_new(struct fleet *fleet, struct alerts *alerts, struct heartbeats *heartbeats)
{
    struct feeds *feeds = memory_new(sizeof *feeds);
    feeds->fleet = fleet;
    feeds->alerts = alerts;
    feeds->heartbeats = heartbeats;
    feeds->locator = locator_new(fleet);
    return feeds;
}

void feeds_free(struct feeds **slot)
{
    struct feeds *feeds = *slot;
    if (!feeds)
        return;
    *slot = NULL;
    locator_free(&feeds->locator);
    there_free(&feeds->there);
    shadows_drop(feeds);
    buffer_release(&feeds->scratch);
    buffer_release(&feeds->missing);
    free(feeds->shadows);
    free(feeds->listed);
    free(feeds->told);
    free(feeds);
}

struct alarm_sink feeds_sink(struct feeds *feeds)
{
    static const struct alarm_ops ops = {
        .find = on_find, .asset_id = on_asset_id, .report = on_report, .list_begin = on_list_begin, .list_end = on_list_end,
        .expire = on_expire, .active = on_active, .silences = on_silences, .silence_active = on_silence_active,
        .silences_mark = on_silences_mark, .silence_told = on_silence_told, .silence_at = on_silence_at,
        .silence_ended = on_silence_ended, .silences_there = on_silences_there,
    };
    return (struct alarm_sink){.ops = &ops, .owner = feeds};
}
