/* The site in numbers: kinds by health, what the contracts count, the layers of security, sources, the store, the daemon. */
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "command/security_text.h"
#include "term/locale.h"
#include "view/parts.h"
#include "view/view.h"
#include "widget/plot.h"
#include "window/layout.h"

#define BESIDE_FROM 100              /* columns from which two blocks stand side by side */
#define FACETS_EVERY (10 * SPAN_SECOND) /* counted over the whole fleet */
#define FACETS_MOST "60"
#define SECURITY_EVERY (5 * SPAN_SECOND)

/* What the site is counted by, beside its kinds. */
static const struct { const char *field, *heading; } facets[] = {
    {"subsystem", N_("subsystems")}, {"unit", N_("responsible units")}};
enum { FACETS = ARRAY_COUNT(facets), SLOT_OVERVIEW = 0, SLOT_FACETS, SLOT_SECURITY = SLOT_FACETS + FACETS };

struct facet_list { struct arena *arena; struct wire_facet *rows; unsigned count; };
struct overview {
    struct arena *arena;
    struct wire_overview data;
    struct facet_list by[FACETS];
    struct arena *security_arena; /* NULL: not told */
    struct wire_security_site security;
    bool have;
    char problem[384];
};

static bool overview_open(struct view *view, const char *argument, struct error *error)
{
    (void)view, (void)argument, (void)error;
    return true;
}

static void overview_close(struct view *view)
{
    struct overview *overview = view->state;
    arena_free(&overview->arena);
    arena_free(&overview->security_arena);
    for (unsigned i = 0; i < FACETS; i++)
        arena_free(&overview->by[i].arena);
}

static void wants(struct view *view, struct view_wants *out)
{
    view_want(out, SLOT_OVERVIEW, "fleet sources ledger pulse", 1000, "/overview");
    for (unsigned i = 0; i < FACETS; i++) {
        struct buffer path = BUFFER_INIT;
        client_path(&path, "/facets", "field", facets[i].field, "limit", FACETS_MOST, NULL);
        view_want(out, SLOT_FACETS + i, "fleet ledger", FACETS_EVERY, buffer_text(&path));
        buffer_release(&path);
    }
    if (view->host_ops->at(view->host) == CLOCK_NEVER) /* it is of now */
        view_want(out, SLOT_SECURITY, "alerts reload pulse", SECURITY_EVERY, "/security");
}

static bool receive_security(struct overview *overview, const struct client_answer *answer, struct error *error)
{
    struct arena *arena = arena_new();
    struct wire_security_site fresh;
    if (!wire_read_security_site(answer->body, answer->length, arena, &fresh, error)) {
        arena_free(&arena);
        return false;
    }
    arena_free(&overview->security_arena);
    overview->security_arena = arena;
    overview->security = fresh;
    return true;
}

static bool receive_facets(struct facet_list *list, const struct client_answer *answer, struct error *error)
{
    struct facet_list fresh = {.arena = arena_new()};
    struct wire_page page;
    if (!wire_read_facets(answer->body, answer->length, fresh.arena, &page, &fresh.rows, &fresh.count, error)) {
        arena_free(&fresh.arena);
        return false;
    }
    arena_free(&list->arena);
    *list = fresh;
    return true;
}

static bool receive(struct view *view, unsigned slot, const struct client_answer *answer, struct error *error)
{
    struct overview *overview = view->state;
    struct arena *arena;
    struct wire_overview fresh = {0};
    if (answer->error && slot == SLOT_SECURITY)
        return true; /* an incident replayed keeps none */
    if (answer->error) {
        *error = *answer->error;
        if (slot == SLOT_OVERVIEW)
            snprintf(overview->problem, sizeof overview->problem, "%s", error->text);
        return false;
    }
    if (slot == SLOT_SECURITY)
        return receive_security(overview, answer, error);
    if (slot >= SLOT_FACETS)
        return receive_facets(&overview->by[slot - SLOT_FACETS], answer, error);
    arena = arena_new();
    if (!wire_read_overview(answer->body, answer->length, arena, &fresh, error)) {
        arena_free(&arena);
        return false;
    }
    arena_free(&overview->arena);
    overview->arena = arena;
    overview->data = fresh;
    overview->have = true;
    return true;
}

/* A name and its figure, 30 columns: the name has what the figure leaves. */
static void draw_figure(struct surface *surface, int row, int column, const char *name, uint32_t figure)
{
    char text[24];
    int width = text_width(count_text(text, figure));
    surface_text_cut(surface, row, column + 3, 26 - width, ROLE_TEXT, name, TEXT_CUT_END);
    surface_text(surface, row, column + 30 - width, width, ROLE_STRONG, text);
}

/* "terminal 48,000  47,891 ok  109 /" */
static void draw_count(struct surface *surface, struct rect area, int row, const char *name, uint32_t count,
                       const uint32_t by_health[HEALTH_COUNT])
{
    draw_figure(surface, row, area.column, name, count);
    draw_by_health(surface, row, area.column + 33, area.columns - 34, by_health, false);
}

static int draw_kinds(const struct wire_overview *data, struct surface *surface, struct rect area, int row)
{
    surface_text(surface, row++, area.column + 1, area.columns - 2, ROLE_HEADING, _("kinds"));
    for (unsigned i = 0; i < data->kind_count && row < area.row + area.rows; i++)
        draw_count(surface, area, row++, value_word(data->kinds[i].kind), data->kinds[i].total, data->kinds[i].by_health);
    return row + 1;
}

/* The largest first; those that found no room are told. */
static int draw_facets(const struct overview *overview, unsigned which, struct surface *surface, struct rect area, int row)
{
    const struct facet_list *list = &overview->by[which];
    int room = area.row + area.rows - row - 1;
    if (!list->count || room < 2)
        return row;
    surface_text(surface, row++, area.column + 1, area.columns - 2, ROLE_HEADING, _(facets[which].heading));
    unsigned shown = list->count <= (unsigned)room ? list->count : (unsigned)room - 1;
    for (unsigned i = 0; i < shown; i++) {
        const struct wire_facet *facet = &list->rows[i];
        draw_count(surface, area, row++, *facet->value ? facet->value : _("(none)"), facet->count, facet->by_health);
    }
    if (shown < list->count)
        surface_printf(surface, row++, area.column + 3, area.columns - 4, ROLE_DIM, _("and %u more"), list->count - shown);
    return row + 1;
}

static int draw_contracts(const struct wire_overview *data, struct surface *surface, struct rect area, int row)
{
    if (!data->contracted_count || row + 1 >= area.row + area.rows)
        return row;
    surface_text(surface, row++, area.column + 1, area.columns - 2, ROLE_HEADING,
                 _("kept online and normal, by contract"));
    for (unsigned i = 0; i < data->contracted_count && row < area.row + area.rows; i++, row++) {
        const struct wire_contracted *line = &data->contracted[i];
        char need[24];
        uint8_t role = line->ok ? ROLE_OK : ROLE_CRITICAL;
        draw_figure(surface, row, area.column, _(line->name), line->have);
        surface_printf(surface, row, area.column + 33, 14, ROLE_DIM, _("need %s"), count_text(need, line->need));
        surface_text(surface, row, area.column + 48, 4, role, line->ok ? _("ok") : "!");
        int room = area.columns - 56;
        if (room > 10)
            gauge_draw(surface, row, area.column + 54, room > 40 ? 40 : room, role,
                       line->total ? (double)line->have / line->total : 0);
    }
    return row + 1;
}

/* "M host 5": one layer; returns the columns. */
static int draw_layer(struct surface *surface, int row, int column, int columns, const struct wire_security *layer)
{
    uint8_t role;
    char count[24] = "", text[80];
    const char *mark = security_mark(layer, surface->ascii, &role);
    if (layer->now)
        snprintf(count, sizeof count, " %u", layer->now);
    snprintf(text, sizeof text, "%s %s%s", mark, security_group_brief(layer->name), count);
    if (text_width(text) > columns)
        return 0;
    surface_text(surface, row, column, columns, layer->now ? ROLE_TEXT : ROLE_DIM, text);
    surface_text(surface, row, column, 1, role, mark);
    return text_width(text);
}

/* The five layers in a line, or two where they do not fit (R361). */
static int draw_security(const struct overview *overview, struct surface *surface, struct rect area, int row)
{
    const struct wire_security_site *site = &overview->security;
    int column = area.column + 3, end = area.column + area.columns - 1;
    unsigned breached = 0, controls = 0;
    if (!overview->security_arena || row + 3 > area.row + area.rows)
        return row;
    for (unsigned i = 0; i < site->count; i++) {
        controls += strcmp(site->rows[i].level, "control") == 0;
        breached += strcmp(site->rows[i].level, "control") == 0 && site->rows[i].now;
    }
    int used = surface_text(surface, row, area.column + 1, area.columns - 2, ROLE_HEADING, _("security")) + 3;
    if (breached)
        surface_printf(surface, row, area.column + used, area.columns - used - 1, ROLE_CRITICAL, _("%u of %u controls breached"), breached, controls);
    row++;
    for (unsigned i = 0; i < site->count; i++) {
        if (strcmp(site->rows[i].level, "layer") != 0)
            continue;
        int drawn = draw_layer(surface, row, column, end - column, &site->rows[i]);
        if (!drawn) {
            column = area.column + 3;
            drawn = draw_layer(surface, ++row, column, end - column, &site->rows[i]);
        }
        column += drawn + 3;
    }
    return row + 2;
}

static int draw_rest(struct view *view, const struct wire_overview *data, struct surface *surface,
                     struct rect area, int row)
{
    char text[24], age[SPAN_TEXT], up[SPAN_TEXT];
    msec now = clock_wall();
    if (row + 4 > area.row + area.rows)
        return row;
    surface_text(surface, row++, area.column + 1, area.columns - 2, ROLE_HEADING, _("the daemon"));
    surface_printf(surface, row++, area.column + 3, area.columns - 4, ROLE_TEXT,
                   _("nocturned %s, up %s, %s assets, %u discovered"), data->version,
                   age_text(up, data->started, now), count_text(text, data->assets), data->discovered);
    surface_printf(surface, row++, area.column + 3, area.columns - 4,
                   strcmp(data->sources_worst, "running") == 0 ? ROLE_TEXT : ROLE_WARNING,
                   _("%u of %u sources running, %.1f readings/s, last heard %s ago"), data->sources_running,
                   data->sources, data->rate, age_text(age, data->newest_heard, now));
    surface_printf(surface, row++, area.column + 3, area.columns - 4,
                   data->store_writable ? ROLE_TEXT : ROLE_CRITICAL,
                   _("store %s: %s, %.1f MiB, %llu rows waiting"), data->store_engine,
                   data->store_writable ? _("writable") : data->store_problem,
                   (double)data->store_bytes / (1 << 20), (unsigned long long)data->store_queued);
    (void)view;
    return row + 1;
}

static void draw(struct view *view, struct surface *surface, struct rect area)
{
    struct overview *overview = view->state;
    const struct wire_overview *data = &overview->data;
    if (rect_is_empty(area))
        return;
    if (!overview->have) {
        surface_text(surface, area.row, area.column + 1, area.columns - 2,
                     overview->problem[0] ? ROLE_ERROR : ROLE_DIM,
                     overview->problem[0] ? overview->problem : _("loading ..."));
        return;
    }
    surface_text(surface, area.row, area.column + 1, area.columns - 2, ROLE_STRONG, data->site);
    draw_by_health(surface, area.row, area.column + area.columns / 3, area.columns * 2 / 3 - 1,
                   data->by_health, true);
    struct rect left = area, right = {0};
    rect_cut_top(&left, area.rows > 12 ? 2 : 1);
    if (area.columns >= BESIDE_FROM)
        right = rect_cut_right(&left, area.columns / 2);
    int row = draw_kinds(data, surface, left, left.row);
    row = draw_contracts(data, surface, left, row);
    if (view->host_ops->at(view->host) == CLOCK_NEVER)
        row = draw_security(overview, surface, left, row);
    row = draw_rest(view, data, surface, left, row);
    struct rect under = right.columns ? right : left;
    row = right.columns ? right.row : row;
    for (unsigned i = 0; i < FACETS; i++)
        row = draw_facets(overview, i, surface, under, row);
}

static void crumbs(struct view *view, struct buffer *out)
{
    site_crumbs(view, out, _("overview"), NULL);
}

static void hints(struct view *view, struct buffer *out)
{
    (void)view;
    buffer_printf(out, "1 %s  V %s  Tab %s", _("board"), _("security"), _("next view"));
}

static void plain(struct view *view, struct buffer *out)
{
    struct overview *overview = view->state;
    const struct wire_overview *data = &overview->data;
    if (!overview->have)
        return;
    buffer_printf(out, "%s  %u %s\n", data->site, data->assets, _("assets"));
    for (unsigned i = 0; i < data->kind_count; i++) {
        buffer_printf(out, "  %s %u:", value_word(data->kinds[i].kind), data->kinds[i].total);
        for (int health = 0; health < HEALTH_COUNT; health++)
            if (data->kinds[i].by_health[health])
                buffer_printf(out, " %u %s", data->kinds[i].by_health[health], health_word((enum health)health));
        buffer_append_char(out, '\n');
    }
    for (unsigned i = 0; i < data->contracted_count; i++)
        buffer_printf(out, "  %s %s %u/%u %s\n", _("contracted"), _(data->contracted[i].name),
                      data->contracted[i].have, data->contracted[i].need,
                      data->contracted[i].ok ? _("ok") : "!");
    for (unsigned i = 0; overview->security_arena && i < overview->security.count; i++)
        if (strcmp(overview->security.rows[i].level, "control") != 0)
            buffer_printf(out, "  %s: %s %u\n", security_title(&overview->security.rows[i]), security_state_word(&overview->security.rows[i]),
                          overview->security.rows[i].now);
    for (unsigned i = 0; i < FACETS; i++)
        for (unsigned row = 0; row < overview->by[i].count; row++)
            buffer_printf(out, "  %s %s %u\n", field_word(facets[i].field), overview->by[i].rows[row].value,
                          overview->by[i].rows[row].count);
    buffer_printf(out, "  %u/%u %s, %.1f/s, %s %s\n", data->sources_running, data->sources, _("sources"),
                  data->rate, _("store"), data->store_writable ? _("writable") : data->store_problem);
}

static enum reaction command(struct view *view, const char *name, const char *argument, struct error *error)
{
    (void)view, (void)name, (void)argument, (void)error;
    return REACT_IGNORED;
}

const struct view_ops overview_view = {
    .name = "overview",
    .title = N_("Overview"),
    .tab = '0',
    .argument = "",
    .help = N_("the site in numbers"),
    .size = sizeof(struct overview),
    .open = overview_open,
    .close = overview_close,
    .wants = wants,
    .receive = receive,
    .draw = draw,
    .command = command,
    .crumbs = crumbs,
    .hints = hints,
    .plain = plain,
};
