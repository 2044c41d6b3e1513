#include "view/capacity_text.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "term/locale.h"
#include "view/host_text.h"
#include "view/parts.h"

#define DAYS_EXPAND 30
#define DAYS_PLAN 180
#define NOTE_EVERY (10 * SPAN_MINUTE)

static double days_until(msec when, msec now)
{
    return when == CLOCK_NEVER ? INFINITY : (double)(when - now) / SPAN_DAY;
}

enum capacity_advice capacity_advice(const struct wire_capacity *row, msec now)
{
    if (!row->fitted)
        return CAPACITY_UNKNOWN;
    if (days_until(row->full, now) < DAYS_EXPAND)
        return CAPACITY_EXPAND;
    if (days_until(row->full, now) < DAYS_PLAN)
        return CAPACITY_PLAN;
    return days_until(row->earliest, now) < DAYS_PLAN ? CAPACITY_WATCH : CAPACITY_ENOUGH;
}

const char *capacity_advice_word(enum capacity_advice advice)
{
    static const char *const words[] = {N_("no trend"), N_("enough"), N_("watch"), N_("plan more"), N_("expand now")};
    return _(words[advice]);
}

uint8_t capacity_advice_role(enum capacity_advice advice)
{
    static const uint8_t roles[] = {ROLE_DIM, ROLE_DIM, ROLE_TEXT, ROLE_WARNING, ROLE_CRITICAL};
    return roles[advice];
}

/* The daemon's words are English; what they are made of has a word of its own here. */
static const struct { const char *prefix, *suffix, *word; } names[] = {
    {"disk ", "", N_("disk %s")}, {"inodes ", "", N_("inodes %s")}, {"memory", "", N_("memory%s")}, {"swap", "", N_("swap%s")},
    {"", " connections", N_("%s connections")}, {"", " memory", N_("%s memory")}, {"", " size", N_("%s size")},
    {"", " database", N_("%s database")},
};

char *capacity_what(char out[CAPACITY_TEXT], const char *what)
{
    size_t length = strlen(what);
    for (unsigned i = 0; i < ARRAY_COUNT(names); i++) {
        size_t before = strlen(names[i].prefix), after = strlen(names[i].suffix);
        if (length < before + after || strncmp(what, names[i].prefix, before) != 0 ||
            strcmp(what + length - after, names[i].suffix) != 0)
            continue;
        char part[96];
        snprintf(part, sizeof part, "%.*s", (int)(length - before - after), what + before);
        const char *word = _(names[i].word), *mark = strstr(word, "%s");
        snprintf(out, CAPACITY_TEXT, "%.*s%s%s", mark ? (int)(mark - word) : 0, word, part, mark ? mark + 2 : "");
        return out;
    }
    snprintf(out, CAPACITY_TEXT, "%s", what);
    return out;
}

char *capacity_problem(char out[CAPACITY_TEXT], const struct wire_capacity *row)
{
    unsigned points, least;
    if (sscanf(row->problem, "%u point%*[s:] a trend needs at least %u", &points, &least) == 2)
        snprintf(out, CAPACITY_TEXT, _("no trend yet: %u stored points, it needs at least %u"), points, least);
    else if (strcmp(row->problem, "less than an hour of points") == 0)
        snprintf(out, CAPACITY_TEXT, "%s", _("no trend yet: less than an hour is stored"));
    else
        snprintf(out, CAPACITY_TEXT, _("no trend: %s"), row->problem);
    return out;
}

static void number_of_days(char *out, size_t size, double days)
{
    snprintf(out, size, days < 9.95 ? "%.1f" : "%.0f", days < 0 ? 0 : days);
}

char *capacity_in(char out[CAPACITY_TEXT], msec when, msec now)
{
    char number[24];
    double days = days_until(when, now);
    out[0] = '\0';
    if (!isfinite(days))
        return out;
    number_of_days(number, sizeof number, days);
    if (days < 0.05)
        snprintf(out, CAPACITY_TEXT, "%s", _("now"));
    else if (days < 1000)
        snprintf(out, CAPACITY_TEXT, _("%s d"), number);
    else
        snprintf(out, CAPACITY_TEXT, _("%.1f y"), days / 365.25);
    return out;
}

char *capacity_range(char out[CAPACITY_TEXT], const struct wire_capacity *row, msec now, bool ascii)
{
    char from[24], to[24];
    double earliest = days_until(row->earliest, now), latest = days_until(row->latest, now);
    out[0] = '\0';
    if (!row->fitted || !isfinite(earliest))
        return out;
    bool years = days_until(row->full, now) >= 1000 || earliest >= 1000; /* as capacity_in says it */
    number_of_days(from, sizeof from, years ? earliest / 365.25 : earliest);
    number_of_days(to, sizeof to, isfinite(latest) ? (years ? latest / 365.25 : latest) : 0);
    if (isfinite(latest))
        snprintf(out, CAPACITY_TEXT, "%s%s%s", from, ascii ? "-" : "\342\200\223", to);
    else
        snprintf(out, CAPACITY_TEXT, "%s+", from);
    return out;
}

char *capacity_full(char out[CAPACITY_TEXT], const struct wire_capacity *row, msec now, bool ascii)
{
    char in[CAPACITY_TEXT], range[CAPACITY_TEXT];
    double days = row->fitted ? days_until(row->full, now) : INFINITY;
    out[0] = '\0';
    if (!isfinite(days))
        return out;
    if (days < 0.05)
        snprintf(out, CAPACITY_TEXT, "%s", _("full now"));
    else
        snprintf(out, CAPACITY_TEXT, _("full in %.60s (%.60s)"), capacity_in(in, row->full, now), capacity_range(range, row, now, ascii));
    return out;
}

char *capacity_figure(char out[CAPACITY_TEXT], const struct wire_capacity *row, double value)
{
    char text[FIGURE_TEXT];
    if (strcmp(row->unit, "B") == 0)
        snprintf(out, CAPACITY_TEXT, "%s", bytes_text(text, value));
    else if (isfinite(value))
        snprintf(out, CAPACITY_TEXT, "%.1f %s", value, row->unit);
    else
        snprintf(out, CAPACITY_TEXT, "\342\200\224");
    return out;
}

char *capacity_slope(char out[CAPACITY_TEXT], const struct wire_capacity *row, double slope)
{
    char text[FIGURE_TEXT];
    if (strcmp(row->unit, "B") == 0)
        snprintf(out, CAPACITY_TEXT, "%s%s", slope < 0 ? "-" : "+", bytes_short(text, fabs(slope)));
    else if (fabs(slope) < 0.005)
        snprintf(out, CAPACITY_TEXT, "0");
    else
        snprintf(out, CAPACITY_TEXT, fabs(slope) < 9.995 ? "%+.2f" : fabs(slope) < 99.95 ? "%+.1f" : "%+.0f", slope);
    return out;
}

/* ---- on a server's page ---- */

void capacity_note_want(struct view_wants *wants, unsigned slot, const char *id)
{
    struct buffer path = BUFFER_INIT, filter = BUFFER_INIT;
    filter_value(&filter, "id", id);
    client_path(&path, "/capacity", "filter", buffer_text(&filter), NULL);
    view_want(wants, slot, "pulse", NOTE_EVERY, buffer_text(&path));
    buffer_release(&path);
    buffer_release(&filter);
}

bool capacity_note_receive(struct capacity_note *note, const struct client_answer *answer, struct error *error)
{
    struct arena *arena = arena_new();
    struct capacity_note fresh = {.arena = arena};
    struct wire_page page;
    if (answer->error || !wire_read_capacity(answer->body, answer->length, arena, &page, &fresh.rows, &fresh.count, error)) {
        arena_free(&arena);
        return false;
    }
    capacity_note_release(note);
    *note = fresh;
    return true;
}

void capacity_note_release(struct capacity_note *note)
{
    arena_free(&note->arena);
    *note = (struct capacity_note){0};
}

/* A mount inside a metric's name is written as model/host.h says. */
const struct wire_capacity *capacity_note_disk(const struct capacity_note *note, const char *mount)
{
    char metric[160];
    snprintf(metric, sizeof metric, "disk_%.120s_percent", mount[0] == '/' ? (mount[1] ? mount + 1 : "root") : mount);
    for (char *at = metric; *at; at++)
        *at = isalnum((unsigned char)*at) ? *at : '_';
    for (unsigned i = 0; i < note->count; i++)
        if (strcmp(note->rows[i].metric, metric) == 0)
            return note->rows[i].fitted && note->rows[i].full != CLOCK_NEVER ? &note->rows[i] : NULL;
    return NULL;
}
