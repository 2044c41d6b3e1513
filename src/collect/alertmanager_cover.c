#include "collect/alertmanager_cover.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/phrase.h"

#define PUSHED_MAX 500               /* silences made there in one round; the rest follows in the next ones */
#define ACKNOWLEDGED (4 * SPAN_HOUR) /* renewed while it is acknowledged */
#define COVERS 8                     /* of ours over one alert */
#define REFUSED_MAX 100
#define EARLY SPAN_SECOND            /* before its time: a person ended it */
#define ONE "/one"                   /* in the comment of a silence of a single alert */

struct ours {                        /* one of our silences, or what a person did to one alert */
    char id[32];
    bool whole;                      /* one silence says it there */
    bool unsure;                     /* it would, once an alert of this source is among what it covers */
    struct alertmanager_matchers matchers;
    uint64_t hash;
    const struct alertmanager_silence *there; /* NULL: not yet */
    bool made, changed;              /* in this round; there, by a person */
    char odd[120];                   /* not whole: why */
    unsigned done, failed, left, ended;       /* alert by alert */
    char refusal[120];
};

struct change { char *body, *id; size_t ours; bool whole; }; /* ours: SIZE_MAX where nobody waits for it */

struct refused { char id[32], why[120]; };

struct cover {
    struct source *source;
    const struct alertmanager_settings *settings;
    const char *signature;
    struct alertmanager_silences *there;
    struct ours *ours;
    size_t ours_count, ours_capacity;
    struct change *changes;
    size_t change_count, change_capacity, change_at;
    struct refused *refused;         /* as a whole: alert by alert from then on */
    size_t refused_count, refused_capacity;
    char **to_end;
    size_t to_end_count, to_end_capacity;
};

/* ---- the round's own things ---- */

struct cover *cover_new(struct source *source, const struct alertmanager_settings *settings, const char *signature)
{
    struct cover *cover = memory_new(sizeof *cover);
    *cover = (struct cover){.source = source, .settings = settings, .signature = signature};
    return cover;
}

void cover_drop(struct cover *cover)
{
    for (size_t i = 0; i < cover->ours_count; i++)
        alertmanager_matchers_release(&cover->ours[i].matchers);
    for (size_t i = 0; i < cover->change_count; i++) {
        free(cover->changes[i].body);
        free(cover->changes[i].id);
    }
    cover->ours_count = cover->change_count = cover->change_at = 0;
    cover->there = NULL;
}

void cover_free(struct cover **slot)
{
    struct cover *cover = *slot;
    if (!cover)
        return;
    *slot = NULL;
    cover_drop(cover);
    for (size_t i = 0; i < cover->to_end_count; i++)
        free(cover->to_end[i]);
    free(cover->to_end);
    free(cover->refused);
    free(cover->changes);
    free(cover->ours);
    free(cover);
}

void cover_want_end(struct cover *cover, const char *id)
{
    ARRAY_RESERVE(cover->to_end, cover->to_end_capacity, cover->to_end_count + 1);
    cover->to_end[cover->to_end_count++] = memory_text(id);
}

static struct ours *ours_find(struct cover *cover, const char *id)
{
    for (size_t i = 0; i < cover->ours_count; i++)
        if (strcmp(cover->ours[i].id, id) == 0)
            return &cover->ours[i];
    ARRAY_RESERVE(cover->ours, cover->ours_capacity, cover->ours_count + 1);
    struct ours *ours = &cover->ours[cover->ours_count++];
    *ours = (struct ours){0};
    snprintf(ours->id, sizeof ours->id, "%s", id);
    return ours;
}

static void change_add(struct cover *cover, const struct ours *ours, bool whole, char *body, const char *id)
{
    ARRAY_RESERVE(cover->changes, cover->change_capacity, cover->change_count + 1);
    cover->changes[cover->change_count++] =
        (struct change){.body = body, .id = memory_text(id), .ours = ours ? (size_t)(ours - cover->ours) : SIZE_MAX, .whole = whole};
}

static void push(struct cover *cover, const struct ours *ours, bool whole, const struct alertmanager_matchers *matchers,
                 const struct alarm_silence *silence)
{
    struct buffer body = BUFFER_INIT;
    alertmanager_silence_write(&body, matchers, silence, cover->signature, clock_wall());
    change_add(cover, ours, whole, buffer_take(&body), NULL);
}

/* The one there of this name and these matchers; those that are there once more are not kept. */
static const struct alertmanager_silence *keep_there(struct cover *cover, const char *name, uint64_t hash)
{
    const struct alertmanager_silence *found = NULL;
    for (unsigned i = 0; i < cover->there->count; i++) {
        struct alertmanager_silence *row = &cover->there->row[i];
        if (row->expired || row->hash != hash || strcmp(row->ours, name) != 0)
            continue;
        row->kept = !found;
        found = found ? found : row;
    }
    return found;
}

/* It was there, and ended before its time: not by us, for ours is in force. */
static bool ended_there(const struct cover *cover, const char *name, uint64_t hash, msec ends)
{
    for (unsigned i = 0; i < cover->there->count && ends != CLOCK_NEVER; i++) {
        const struct alertmanager_silence *row = &cover->there->row[i];
        if (row->expired && row->hash == hash && strcmp(row->ours, name) == 0 && row->ends != CLOCK_NEVER &&
            row->ends < ends - EARLY)
            return true;
    }
    return false;
}

/* ---- as one silence ---- */

/* Somebody there gave it other matchers: Alertmanager ends the old one and makes another of the same comment. */
static bool changed_there(struct cover *cover, struct ours *ours)
{
    for (unsigned i = 0; i < cover->there->count; i++) {
        struct alertmanager_silence *row = &cover->there->row[i];
        if (row->expired || strcmp(row->ours, ours->id) != 0)
            continue;
        row->kept = true;
        ours->there = row;
        return ours->changed = true;
    }
    return false;
}

static const char *refused_before(const struct cover *cover, const char *id)
{
    for (size_t i = 0; i < cover->refused_count; i++)
        if (strcmp(cover->refused[i].id, id) == 0)
            return cover->refused[i].why;
    return NULL;
}

static void take_whole(struct cover *cover, struct ours *ours, const struct alarm_silence *silence)
{
    const struct alarm_sink *sink = &cover->source->alarms;
    ours->whole = true;
    ours->unsure = false;
    ours->hash = alertmanager_matchers_hash(&ours->matchers);
    ours->there = keep_there(cover, ours->id, ours->hash);
    if (ours->there || ours->matchers.none)
        return;
    if (!ended_there(cover, ours->id, ours->hash, silence->ends))
        push(cover, ours, true, &ours->matchers, silence);
    else if (!changed_there(cover, ours))
        sink->ops->silence_ended(sink->owner, cover->source, ours->id);
}

void cover_begin(struct cover *cover, struct alertmanager_silences *there)
{
    const struct alarm_sink *sink = &cover->source->alarms;
    struct alarm_silence silence;
    cover_drop(cover);
    cover->there = there;
    for (unsigned i = 0; cover->settings->push_silences && sink->ops->silence_at(sink->owner, i, &silence); i++) {
        struct ours *ours = ours_find(cover, silence.id);
        struct error odd = {0};
        const char *refused = refused_before(cover, silence.id);
        bool said = !refused && alertmanager_matchers_make(&ours->matchers, cover->settings, cover->source->name, silence.filter, &odd);
        ours->unsure = said && ours->matchers.unsure && !keep_there(cover, ours->id, alertmanager_matchers_hash(&ours->matchers));
        if (said && !ours->unsure)
            take_whole(cover, ours, &silence);
        else if (!said)
            snprintf(ours->odd, sizeof ours->odd, "%.119s", refused ? refused : odd.text);
    }
}

/* ---- alert by alert ---- */

static bool is_held_by(struct json_object *object, const char *id)
{
    struct json_object *by = json_get(json_get(object, "status"), "silencedBy");
    size_t count = by && json_object_is_type(by, json_type_array) ? json_object_array_length(by) : 0;
    for (size_t i = 0; i < count; i++) {
        const char *text = json_object_get_string(json_object_array_get_idx(by, i));
        if (text && strcmp(text, id) == 0)
            return true;
    }
    return false;
}

/* The whole one holds this alert, or will once it is made. */
static bool whole_holds(const struct ours *ours, struct json_object *object)
{
    return ours->whole && (!ours->there || ours->changed || ours->there->pending || is_held_by(object, ours->there->id));
}

static void cover_one(struct cover *cover, struct alarm_silence *silence, struct json_object *object)
{
    struct ours *ours = ours_find(cover, silence->id);
    msec now = clock_wall();
    if (ours->unsure)
        take_whole(cover, ours, silence);
    if (whole_holds(ours, object))
        return;
    char name[32];
    struct alertmanager_matchers matchers = {0};
    snprintf(name, sizeof name, "%.27s%s", silence->id, silence->filter ? ONE : "");
    alertmanager_matchers_of_labels(&matchers, json_get(object, "labels"));
    uint64_t hash = alertmanager_matchers_hash(&matchers);
    if (keep_there(cover, name, hash)) {
        ours->done++;
    } else if (silence->filter && ended_there(cover, name, hash, silence->ends)) {
        ours->ended++;
    } else if (cover->change_count >= PUSHED_MAX) {
        ours->left++;
    } else {
        struct alarm_silence named = *silence;
        snprintf(named.id, sizeof named.id, "%s", name);
        if (named.ends == CLOCK_NEVER || (named.acknowledged && named.ends - now > ACKNOWLEDGED))
            named.ends = now + ACKNOWLEDGED;
        push(cover, ours, false, &matchers, &named);
    }
    alertmanager_matchers_release(&matchers);
}

void cover_alert(struct cover *cover, const struct alertmanager_alert *alert, struct json_object *object)
{
    const struct alarm_sink *sink = &cover->source->alarms;
    struct alarm_silence silences[COVERS];
    unsigned count = sink->ops->silences(sink->owner, cover->source, alert->alarm.key, silences, COVERS);
    for (unsigned i = 0; i < count; i++)
        if (silences[i].acknowledged ? cover->settings->push_acknowledgements : cover->settings->push_silences)
            cover_one(cover, &silences[i], object);
}

/* Ours whose cause is over, and those made there that people here ended. */
void cover_end(struct cover *cover)
{
    const struct alarm_sink *sink = &cover->source->alarms;
    for (unsigned i = 0; i < cover->there->count; i++) {
        const struct alertmanager_silence *row = &cover->there->row[i];
        if (row->ours[0] && !row->expired && !row->kept && !sink->ops->silence_active(sink->owner, row->ours))
            change_add(cover, NULL, false, NULL, row->id);
    }
    for (size_t i = 0; i < cover->to_end_count; i++)
        change_add(cover, NULL, false, NULL, cover->to_end[i]);
}

/* It was answered: what people here ended is no longer to do. */
static void end_answered(struct cover *cover, const char *id)
{
    size_t kept = 0;
    for (size_t i = 0; i < cover->to_end_count; i++) {
        if (strcmp(cover->to_end[i], id) == 0)
            free(cover->to_end[i]);
        else
            cover->to_end[kept++] = cover->to_end[i];
    }
    cover->to_end_count = kept;
}

/* ---- making it so ---- */

bool cover_change(struct cover *cover, struct cover_change *out)
{
    if (cover->change_at == cover->change_count)
        return false;
    const struct change *change = &cover->changes[cover->change_at];
    *out = (struct cover_change){.id = change->id, .body = change->body};
    return true;
}

static void refuse_whole(struct cover *cover, struct ours *ours, const char *what)
{
    if (cover->refused_count == REFUSED_MAX)
        memmove(cover->refused, cover->refused + 1, --cover->refused_count * sizeof *cover->refused);
    ARRAY_RESERVE(cover->refused, cover->refused_capacity, cover->refused_count + 1);
    struct refused *refused = &cover->refused[cover->refused_count++];
    snprintf(refused->id, sizeof refused->id, "%s", ours->id);
    snprintf(refused->why, sizeof refused->why, "%.119s", what);
    ours->whole = false;
    snprintf(ours->odd, sizeof ours->odd, "%.119s", what);
}

void cover_answered(struct cover *cover, long status, const char *what)
{
    const struct change *change = &cover->changes[cover->change_at++];
    if (change->ours == SIZE_MAX) { /* gone already is as good */
        end_answered(cover, change->id);
        return;
    }
    struct ours *ours = &cover->ours[change->ours];
    char shown[120];
    secrets_redact(&cover->settings->secrets, what, strlen(what), shown, sizeof shown);
    if (status == 200 && change->whole) {
        ours->made = true;
    } else if (status == 200) {
        ours->done++;
    } else {
        ours->failed++;
        snprintf(ours->refusal, sizeof ours->refusal, "%s", shown);
        if (change->whole && status >= 400 && status < 500)
            refuse_whole(cover, ours, shown);
    }
}

/* ---- telling ---- */

static void add_part(struct buffer *text, const char *part)
{
    buffer_printf(text, "%s%s", text->length ? "; " : "", part);
}

static void tell(struct cover *cover, const struct ours *ours)
{
    const struct alarm_sink *sink = &cover->source->alarms;
    struct buffer text = BUFFER_INIT, matchers = BUFFER_INIT;
    char part[400];
    bool there = ours->whole && !ours->matchers.none && (ours->there || ours->made);
    alertmanager_matchers_text(&ours->matchers, &matchers);
    if (ours->changed)
        snprintf(part, sizeof part, N_("changed there to %s"), ours->there->matchers);
    else
        snprintf(part, sizeof part, N_("one silence there: %s"), buffer_text(&matchers));
    if (there)
        add_part(&text, part);
    if (ours->done) {
        snprintf(part, sizeof part, ours->odd[0] ? N_("%u silenced there one by one: %s") : N_("%u silenced there one by one"), ours->done,
                 ours->odd);
        add_part(&text, part);
    }
    const struct { const char *format; unsigned count; } more[] = {
        {N_("%u ended there by hand"), ours->ended}, {N_("%u to come"), ours->left}};
    if (ours->failed) {
        snprintf(part, sizeof part, N_("%u not: %s"), ours->failed, ours->refusal);
        add_part(&text, part);
    }
    for (size_t i = 0; i < ARRAY_COUNT(more); i++)
        if (more[i].count) {
            snprintf(part, sizeof part, more[i].format, more[i].count);
            add_part(&text, part);
        }
    sink->ops->silence_told(sink->owner, cover->source, ours->id, buffer_text(&text));
    buffer_release(&text);
    buffer_release(&matchers);
}

unsigned cover_tell(struct cover *cover, unsigned *failed, char refusal[120])
{
    unsigned pushed = 0;
    *failed = 0;
    for (size_t i = 0; i < cover->ours_count; i++) {
        const struct ours *ours = &cover->ours[i];
        tell(cover, ours);
        pushed += ours->done + (ours->whole && !ours->matchers.none && (ours->there || ours->made));
        *failed += ours->failed;
        if (ours->failed)
            memcpy(refusal, ours->refusal, sizeof ours->refusal);
    }
    cover_drop(cover);
    return pushed;
}
