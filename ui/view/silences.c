/* What hides alerts: silences and downtimes, in force or to come, with what each hides now and who made it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/phrase.h"
#include "term/locale.h"
#include "view/cover.h"
#include "view/parts.h"
#include "widget/table.h"
#include "window/layout.h"

enum { SLOT_SILENCES, SLOT_DOWNTIMES, SLOTS };
enum { COLUMN_STATE, COLUMN_ID, COLUMN_KIND, COLUMN_WHAT, COLUMN_HIDES, COLUMN_LEFT, COLUMN_WHO, COLUMN_WHY, COLUMNS };

/* One row of either list. */
struct veil { const char *id, *kind, *filter, *schedule, *why, *by, *elsewhere, *source; msec starts, ends; bool active; uint32_t matches; int64_t revision; };

struct silences {
    struct table *table;
    struct arena *arena[SLOTS];
    struct veil *veils[SLOTS];
    unsigned count[SLOTS];
    bool have;
    msec now;
    char problem[384], hides[24], left[SPAN_TEXT + 16];
    const char *target;
    int64_t revision;
    char roster[200];          /* the first of what is wrong with the coming week's shifts; "" */
    unsigned roster_findings;
};

static const struct veil *veil_at(const struct silences *silences, size_t index)
{
    return index < silences->count[SLOT_SILENCES] ? &silences->veils[SLOT_SILENCES][index]
                                                  : &silences->veils[SLOT_DOWNTIMES][index - silences->count[SLOT_SILENCES]];
}

static const char *kind_word(const char *kind)
{
    static const struct { const char *kind, *word; } words[] = {
        {"silence", N_("silence")}, {"fixed", N_("downtime")}, {"flexible", N_("flexible")}, {"recurring", N_("recurring")}};
    for (unsigned i = 0; i < ARRAY_COUNT(words); i++)
        if (strcmp(words[i].kind, kind) == 0)
            return _(words[i].word);
    return kind;
}

/* "1h12" until it ends, "in 3h" until it begins, the schedule of a recurring one. */
static void left_text(struct silences *silences, const struct veil *veil)
{
    char span[SPAN_TEXT];
    if (*veil->schedule)
        snprintf(silences->left, sizeof silences->left, "%s", veil->schedule);
    else if (veil->starts != CLOCK_NEVER && veil->starts > silences->now)
        snprintf(silences->left, sizeof silences->left, _("in %s"), span_format_short(span, veil->starts - silences->now));
    else if (veil->ends == CLOCK_NEVER)
        silences->left[0] = '\0';
    else
        snprintf(silences->left, sizeof silences->left, "%s", veil->ends > silences->now ? span_format_short(span, veil->ends - silences->now) : _("over"));
}

static void fill(void *owner, size_t index, struct table_row *row)
{
    struct silences *silences = owner;
    const struct veil *veil = veil_at(silences, index);
    uint8_t text = veil->active ? ROLE_TEXT : ROLE_DIM;
    left_text(silences, veil);
    count_text(silences->hides, veil->matches);
    row->id = veil->id;
    row->revision = veil->revision;
    row->unhandled = veil->active && veil->matches;
    row->cells[COLUMN_STATE] = (struct table_cell){veil->active ? "*" : "", ROLE_MAINTENANCE};
    row->cells[COLUMN_ID] = (struct table_cell){veil->id, text};
    row->cells[COLUMN_KIND] = (struct table_cell){kind_word(veil->kind), text};
    row->cells[COLUMN_WHAT] = (struct table_cell){veil->filter, text};
    row->cells[COLUMN_HIDES] = (struct table_cell){silences->hides, veil->matches ? ROLE_STRONG : ROLE_DIM};
    row->cells[COLUMN_LEFT] = (struct table_cell){silences->left, text};
    row->cells[COLUMN_WHO] = (struct table_cell){strncmp(veil->by, "user:", 5) == 0 ? veil->by + 5 : veil->by, text};
    row->cells[COLUMN_WHY] = (struct table_cell){veil->why, text};
}

static bool silences_open(struct view *view, const char *argument, struct error *error)
{
    struct silences *silences = view->state;
    const struct table_column columns[COLUMNS] = {
        [COLUMN_STATE] = {.name = "state", .title = "", .minimum = 1, .maximum = 1},
        [COLUMN_ID] = {.name = "id", .title = _("id"), .minimum = 6, .maximum = 12, .strong = true},
        [COLUMN_KIND] = {.name = "kind", .title = _("kind"), .minimum = 8, .maximum = 10},
        [COLUMN_WHAT] = {.name = "what", .title = _("covers"), .minimum = 16, .weight = 2, .cut = TEXT_CUT_END},
        [COLUMN_HIDES] = {.name = "hides", .title = _("hides"), .minimum = 5, .maximum = 7, .right = true},
        [COLUMN_LEFT] = {.name = "left", .title = _("left"), .minimum = 5, .maximum = 16, .right = true},
        [COLUMN_WHO] = {.name = "who", .title = _("who"), .minimum = 5, .maximum = 12, .drop = 1},
        [COLUMN_WHY] = {.name = "why", .title = _("why"), .minimum = 12, .weight = 1, .cut = TEXT_CUT_END, .drop = 2},
    };
    (void)argument, (void)error;
    silences->table = table_new(columns, COLUMNS);
    return true;
}

static void silences_close(struct view *view)
{
    struct silences *silences = view->state;
    table_free(&silences->table);
    for (unsigned i = 0; i < SLOTS; i++)
        arena_free(&silences->arena[i]);
}

static void wants(struct view *view, struct view_wants *out)
{
    (void)view;
    view_want(out, SLOT_SILENCES, "alerts", 1000, "/silences");
    view_want(out, SLOT_DOWNTIMES, "alerts", 1000, "/downtimes");
}

/* One of another system's own, in full. */
static const char *made_there(struct arena *arena, const struct wire_silence *row)
{
    struct buffer text = BUFFER_INIT;
    buffer_printf(&text, _("made in %s by %s: %s"), row->source, row->by, row->filter);
    const char *kept = arena_text(arena, buffer_text(&text));
    buffer_release(&text);
    return kept;
}

static bool read_rows(struct arena *arena, unsigned slot, const struct client_answer *answer, struct veil **veils, unsigned *count, struct error *error)
{
    struct wire_page page;
    struct wire_silence *rows = NULL;
    struct wire_downtime *downtimes = NULL;
    bool good = slot == SLOT_SILENCES ? wire_read_silences(answer->body, answer->length, arena, &page, &rows, count, error)
                                      : wire_read_downtimes(answer->body, answer->length, arena, &page, &downtimes, count, error);
    if (!good)
        return false;
    *veils = arena_alloc(arena, (*count + 1) * sizeof **veils);
    for (unsigned i = 0; rows && i < *count; i++)
        (*veils)[i] = (struct veil){rows[i].id, *rows[i].source ? rows[i].source : "silence", rows[i].filter, "", rows[i].why, rows[i].by,
                                    *rows[i].source ? made_there(arena, &rows[i]) : rows[i].elsewhere, rows[i].source, rows[i].starts,
                                    rows[i].ends, rows[i].active, rows[i].matches, rows[i].revision};
    for (unsigned i = 0; downtimes && i < *count; i++)
        (*veils)[i] = (struct veil){downtimes[i].id, downtimes[i].kind, downtimes[i].filter, downtimes[i].schedule, downtimes[i].why, downtimes[i].by, "", "",
                                    downtimes[i].starts, downtimes[i].ends, downtimes[i].active, downtimes[i].matches, downtimes[i].revision};
    return true;
}

static void read_roster(struct silences *silences, const struct client_answer *answer)
{
    struct json_object *object = json_parse(answer->body, answer->length, 0, NULL);
    phrase_said(silences->roster, sizeof silences->roster, object ? json_get_text(object, "roster", "") : "");
    silences->roster_findings = object ? (unsigned)json_get_integer(object, "roster_findings", 0) : 0;
    json_object_put(object);
}

static bool receive(struct view *view, unsigned slot, const struct client_answer *answer, struct error *error)
{
    struct silences *silences = view->state;
    struct arena *arena = arena_new(), *old = silences->arena[slot];
    struct veil *veils = NULL;
    unsigned count = 0;
    bool good = answer->error ? (*error = *answer->error, false) : read_rows(arena, slot, answer, &veils, &count, error);
    if (!good) {
        snprintf(silences->problem, sizeof silences->problem, "%s", error->text);
        arena_free(&arena);
        return false;
    }
    silences->arena[slot] = arena;
    silences->veils[slot] = veils;
    silences->count[slot] = count;
    if (slot == SLOT_SILENCES)
        read_roster(silences, answer);
    silences->have = true;
    silences->problem[0] = '\0';
    count = silences->count[SLOT_SILENCES] + silences->count[SLOT_DOWNTIMES];
    table_refreshed(silences->table, &(struct table_source){.owner = silences, .total = count, .count = count, .row = fill});
    arena_free(&old);
    return true;
}

/* What the shifts lack, and what became of the silence under the cursor in other systems. */
static void draw_below(struct silences *silences, struct surface *surface, struct rect *rest)
{
    const char *id = table_cursor_id(silences->table);
    const char *elsewhere = id ? veil_at(silences, table_cursor(silences->table))->elsewhere : "";
    if (silences->roster[0] && rest->rows > 4) {
        struct rect line = rect_cut_bottom(rest, 1);
        if (silences->roster_findings > 1)
            surface_printf(surface, line.row, line.column + 1, line.columns - 2, ROLE_WARNING, _("shifts: %s; %u more"),
                           silences->roster, silences->roster_findings - 1);
        else
            surface_printf(surface, line.row, line.column + 1, line.columns - 2, ROLE_WARNING, _("shifts: %s"), silences->roster);
    }
    if (elsewhere && *elsewhere && rest->rows > 4) {
        struct rect line = rect_cut_bottom(rest, 1);
        surface_printf(surface, line.row, line.column + 1, line.columns - 2, ROLE_DIM, _("elsewhere: %s"), elsewhere);
    }
}

static void draw(struct view *view, struct surface *surface, struct rect area)
{
    struct silences *silences = view->state;
    struct rect rest = area;
    if (rect_is_empty(area))
        return;
    silences->now = view->host_ops->now(view->host);
    struct rect head = rect_cut_top(&rest, 1);
    unsigned active = 0, hidden = 0, all = silences->count[SLOT_SILENCES] + silences->count[SLOT_DOWNTIMES];
    for (unsigned i = 0; i < all; i++) {
        active += veil_at(silences, i)->active;
        hidden += veil_at(silences, i)->matches;
    }
    surface_printf(surface, head.row, head.column + 1, head.columns - 2, ROLE_HEADING, _("%u in force of %u, %u alerts hidden by them"), active, all, hidden);
    table_set_stale(silences->table, view->host_ops->stale(view->host));
    table_set_empty(silences->table, silences->have ? _("nothing hides any alert") : silences->problem[0] ? silences->problem : _("loading ..."), "");
    draw_below(silences, surface, &rest);
    table_draw(silences->table, surface, rest);
}

static enum reaction key(struct view *view, const struct key_event *event)
{
    struct silences *silences = view->state;
    enum table_answer answer = table_key(silences->table, event);
    const char *id = table_cursor_id(silences->table);
    if (answer == TABLE_CHOSEN && id) { /* what it hides: the queue, with all that is hidden */
        const struct veil *veil = veil_at(silences, table_cursor(silences->table));
        struct buffer filter = BUFFER_INIT;
        if (*veil->source) { /* what is held back there, by whatever there */
            buffer_printf(&filter, "source~\":%s\"", veil->source);
            filter_value(&filter, "suppression", "inhibited");
        } else {
            filter_value(&filter, "silence", veil->id);
        }
        view->host_ops->open(view->host, "alerts", buffer_text(&filter));
        view->host_ops->command(view->host, "hidden");
        buffer_release(&filter);
    }
    return answer == TABLE_IGNORED ? REACT_IGNORED : REACT_HANDLED | REACT_DRAW;
}

static enum reaction command(struct view *view, const char *name, const char *argument, struct error *error)
{
    struct key_event motion;
    (void)argument, (void)error;
    return motion_key(name, &motion) ? key(view, &motion) : REACT_IGNORED;
}

static void targets(struct view *view, struct view_targets *out)
{
    struct silences *silences = view->state;
    silences->target = table_cursor_lost(silences->table) ? NULL : table_cursor_id(silences->table);
    silences->revision = table_cursor_revision(silences->table);
    *out = (struct view_targets){.ids = &silences->target, .revisions = &silences->revision, .count = silences->target != NULL, .resource = "silences"};
}

static void crumbs(struct view *view, struct buffer *out)
{
    site_crumbs(view, out, _("silences"), NULL);
}

static void hints(struct view *view, struct buffer *out)
{
    (void)view;
    buffer_printf(out, "Enter %s  D %s  S %s  M %s  Esc %s", _("what it hides"), _("end it"), _("new silence"), _("new downtime"), _("back"));
}

static void plain(struct view *view, struct buffer *out)
{
    struct silences *silences = view->state;
    for (unsigned i = 0; i < silences->count[SLOT_SILENCES] + silences->count[SLOT_DOWNTIMES]; i++) {
        const struct veil *veil = veil_at(silences, i);
        left_text(silences, veil);
        buffer_printf(out, "%3u  %s  %s  %s  %s  %u  %s  %s  %s\n", i + 1, veil->active ? _("in force") : "-", veil->id, kind_word(veil->kind), veil->filter,
                      veil->matches, silences->left, veil->by, veil->why);
        if (*veil->elsewhere)
            buffer_printf(out, _("elsewhere: %s"), veil->elsewhere);
        buffer_append_text(out, *veil->elsewhere ? "\n" : "");
    }
    if (silences->roster[0])
        buffer_printf(out, _("shifts: %s"), silences->roster);
    buffer_append_text(out, silences->roster[0] ? "\n" : "");
}

const struct view_ops silences_view = {
    .name = "silences",
    .title = N_("Silences"),
    .argument = "",
    .help = N_("silences and downtimes: what each hides now, and until when"),
    .size = sizeof(struct silences),
    .open = silences_open,
    .close = silences_close,
    .wants = wants,
    .receive = receive,
    .draw = draw,
    .key = key,
    .command = command,
    .targets = targets,
    .crumbs = crumbs,
    .hints = hints,
    .plain = plain,
};
