#include "view/heartbeat_rows.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "term/locale.h"
#include "view/alerts.h"
#include "view/parts.h"

static const struct { const char *state, *letter, *word; uint8_t role; } states[] = {
    {"waiting", "-", N_("waiting"), ROLE_DIM},   {"ok", ".", N_("beating"), ROLE_OK},      {"late", "w", N_("late"), ROLE_WARNING},
    {"missing", "!", N_("missing"), ROLE_CRITICAL}, {"failed", "!", N_("failed"), ROLE_CRITICAL},
};

static size_t state_of(const struct wire_heartbeat *beat)
{
    for (size_t i = 0; i < ARRAY_COUNT(states); i++)
        if (strcmp(states[i].state, beat->state) == 0)
            return i;
    return 0;
}

uint8_t heartbeat_role(const struct wire_heartbeat *beat)
{
    return states[state_of(beat)].role;
}

const char *heartbeat_letter(const struct wire_heartbeat *beat, bool ascii)
{
    const char *letter = states[state_of(beat)].letter;
    return *letter == '.' ? glyph_text(GLYPH_DOT, ascii) : letter;
}

const char *heartbeat_word(const struct wire_heartbeat *beat)
{
    return _(states[state_of(beat)].word);
}

bool heartbeat_rows_read(struct heartbeat_rows *rows, const char *body, size_t length, struct error *error)
{
    struct heartbeat_rows read = {.arena = arena_new()};
    struct wire_page page;
    if (!wire_read_heartbeats(body, length, read.arena, &page, &read.row, &read.count, error)) {
        arena_free(&read.arena);
        return false;
    }
    read.ids = arena_alloc(read.arena, (read.count + 1) * sizeof *read.ids);
    for (unsigned i = 0; i < read.count; i++) {
        char id[100];
        snprintf(id, sizeof id, "heartbeat/%s", read.row[i].name);
        read.ids[i] = arena_text(read.arena, id);
    }
    heartbeat_rows_release(rows);
    *rows = read;
    return true;
}

void heartbeat_rows_release(struct heartbeat_rows *rows)
{
    arena_free(&rows->arena);
    *rows = (struct heartbeat_rows){0};
}

void heartbeat_detail(char *out, size_t size, const struct wire_heartbeat *beat, msec now)
{
    char every[SPAN_TEXT], left[SPAN_TEXT];
    span_format(every, beat->every);
    msec to_go = beat->due == CLOCK_NEVER || beat->due < now ? 0 : beat->due - now;
    if (strcmp(beat->state, "waiting") == 0)
        snprintf(out, size, _("waits for its first beat, every %s"), every);
    else if (strcmp(beat->state, "failed") == 0)
        snprintf(out, size, "%s%s%s", heartbeat_word(beat), *beat->message ? ": " : "", beat->message);
    else if (strcmp(beat->state, "missing") == 0)
        snprintf(out, size, _("missing, every %s"), every);
    else
        snprintf(out, size, strcmp(beat->state, "late") == 0 ? _("late, every %s; missed in %s") : _("every %s; missed in %s"), every,
                 span_format_short(left, to_go));
}

void heartbeat_draw(const struct wire_heartbeat *beat, struct surface *surface, struct rect area, msec now)
{
    char detail[240], last[INSTANT_TEXT] = "", grace[SPAN_TEXT], beats[24], failures[24];
    int row = area.row, bottom = area.row + area.rows;
    enum severity severity = SEVERITY_MAJOR;
    severity_parse(beat->severity, &severity);
    heartbeat_detail(detail, sizeof detail, beat, now);
    surface_printf(surface, row++, area.column + 1, area.columns - 2, ROLE_STRONG, "%s · %s", beat->title, detail);
    if (row < bottom && beat->last != CLOCK_NEVER)
        surface_printf(surface, row++, area.column + 1, area.columns - 2, ROLE_TEXT, _("last heard %s from %s · %s beats · %s failures"),
                       instant_format_short(last, beat->last, now), beat->by, count_text(beats, (uint64_t)beat->beats),
                       count_text(failures, (uint64_t)beat->failures));
    else if (row < bottom)
        surface_printf(surface, row++, area.column + 1, area.columns - 2, ROLE_DIM, _("`nocturne beat %s` is a beat"), beat->name);
    if (row < bottom && *beat->message && strcmp(beat->state, "failed") != 0) /* it stands above then */
        surface_text(surface, row++, area.column + 1, area.columns - 2, ROLE_TEXT, beat->message);
    if (row < bottom && *beat->alert)
        surface_printf(surface, row++, area.column + 1, area.columns - 2, heartbeat_role(beat), _("alert %s"), beat->alert);
    if (row < bottom)
        surface_printf(surface, row++, area.column + 1, area.columns - 2, ROLE_DIM, _("severity %s · grace %s%s%s"), severity_word(severity),
                       span_format(grace, beat->grace), *beat->asset ? " · " : "", beat->asset);
}
