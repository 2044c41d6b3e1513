/* The frame round every view: what is wrong anywhere, how old the data is, where we are, what can be done. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "app/desk.h"
#include "app/internal.h"
#include "base/text.h"
#include "client/replay.h"
#include "model/filter.h"
#include "term/locale.h"
#include "view/parts.h"
#include "widget/letters.h"
#include "window/layout.h"

#define ROWS_FOR_TABS 8
#define ROWS_FOR_HINTS 6
#define ROWS_FOR_CRUMBS 10

static int rows_above(int rows)
{
    return rows >= ROWS_FOR_TABS ? 2 : 1;
}

static int rows_below(int rows)
{
    return (rows >= ROWS_FOR_HINTS) + (rows >= ROWS_FOR_CRUMBS);
}

struct rect app_body(const struct app *app)
{
    int rows = app->surface.rows, above = rows_above(rows), below = rows_below(rows);
    if (app->line && line_is_open(app->line) && !below)
        below = 1;
    return (struct rect){.row = above, .column = 0, .rows = rows > above + below ? rows - above - below : 0,
                         .columns = app->surface.columns};
}

/* ---- line 1 ---- */

/* "C3 M12 m41": alerts that are not closed. */
static int draw_alerts(struct app *app, int column, int limit)
{
    const struct wire_alert_hidden *counts = desk_counts(app->desk);
    for (int severity = SEVERITY_CRITICAL; counts && severity >= SEVERITY_MINOR; severity--) {
        char letter = severity_letter((enum severity)severity);
        char text[16];
        snprintf(text, sizeof text, "%c%u", letter, counts->by_severity[severity]);
        if (counts->by_severity[severity] && column + text_width(text) + 1 <= limit)
            column += surface_text(&app->surface, 0, column, limit - column, (uint8_t)severity_role(letter), text) + 1;
    }
    return column;
}

static bool is_hidden(const struct wire_alert_hidden *counts)
{
    return counts->silenced || counts->shelved || counts->downtime || counts->dependency || counts->inhibited || counts->flapping;
}

static int draw_counts(struct app *app, int column, int limit)
{
    uint32_t wrong_by_health[HEALTH_COUNT] = {0};
    bool wrong = false;
    for (int health = 0; health < HEALTH_COUNT; health++)
        if (health_is_wrong((enum health)health) && app->overview.by_health[health]) {
            wrong_by_health[health] = app->overview.by_health[health];
            wrong = true;
        }
    column += draw_by_health(&app->surface, 0, column, limit - column, wrong_by_health, false);
    if (!wrong && app->have_overview && app->link == CLIENT_UP && !app->options->capsule) {
        /* Green is impossible while anything is unknown, stands hidden, or its sources are troubled. */
        const struct wire_alert_hidden *counts = desk_counts(app->desk);
        if (counts && (counts->unhandled || is_hidden(counts)))
            return column;
        bool sure = !app->overview.by_health[HEALTH_UNKNOWN] && app->overview.assets &&
                    strcmp(app->overview.sources_worst, "running") == 0;
        if (sure)
            column += surface_text(&app->surface, 0, column, limit - column, ROLE_OK, _("all is well"));
        else
            column += surface_printf(&app->surface, 0, column, limit - column, ROLE_UNKNOWN, _("%u not heard yet"),
                                     app->overview.by_health[HEALTH_UNKNOWN]);
    }
    return column;
}

static void clock_text(char out[16], msec now, bool seconds)
{
    time_t instant = (time_t)(now / 1000);
    struct tm tm;
    localtime_r(&instant, &tm);
    strftime(out, 16, seconds ? "%H:%M:%S" : "%H:%M", &tm);
}

static void past_text(char *out, size_t size, msec at)
{
    char moment[INSTANT_TEXT], before[SPAN_TEXT];
    msec now = clock_wall();
    instant_format_short(moment, at, now);
    span_format_short(before, now - at);
    snprintf(out, size, _("AS OF %s (%s ago) = live"), moment, before);
}

/* An incident that is replayed: which one, and the moment shown of it. */
static void replay_text(const struct app *app, char *out, size_t size)
{
    char moment[INSTANT_TEXT], *zone;
    instant_format(moment, app_now(app) / SPAN_SECOND * SPAN_SECOND);
    moment[10] = ' ';
    zone = moment + 19;
    *zone = '\0';
    snprintf(out, size, _("REPLAY %s  read-only  %s"), app->options->capsule->incident, moment);
}

static void live_text(struct app *app, char *out, size_t size)
{
    char age[SPAN_TEXT] = "";
    msec now = clock_wall();
    if (app->newest_heard != CLOCK_NEVER)
        span_format_short(age, now > app->newest_heard ? now - app->newest_heard : 0);
    double latency = client_latency(app->client);
    char link[24] = "";
    if (latency >= 50)
        snprintf(link, sizeof link, "%.0f ms  ", latency);
    snprintf(out, size, "%s%.*f/s %s", link, app->rate < 10 ? 1 : 0, app->rate, age);
}

/* Quiet hours hold messages back: said as long as they do. */
static int draw_quiet(struct app *app, int right)
{
    const struct wire_overview *overview = &app->overview;
    char until[16], text[64];
    if (!app->have_overview || !overview->quiet || !*overview->quiet || overview->quiet_until == CLOCK_NEVER || right <= 40)
        return right;
    clock_text(until, overview->quiet_until, false);
    if (overview->held)
        snprintf(text, sizeof text, _("quiet till %s, %u held"), until, overview->held);
    else
        snprintf(text, sizeof text, _("quiet till %s"), until);
    right -= text_width(text) + 2;
    surface_text(&app->surface, 0, right, text_width(text), ROLE_STRONG, text);
    return right;
}

/* "夜班 · 王", as much of it as there is room for after the counts. */
static void draw_shift(struct app *app, int column, int right, uint8_t ground)
{
    struct surface *surface = &app->surface;
    const struct wire_overview *overview = &app->overview;
    char text[160];
    if (!app->have_overview || !*overview->shift)
        return;
    snprintf(text, sizeof text, "%s%s%s", overview->shift, *overview->shift_people ? " · " : "", overview->shift_people);
    int width = text_width(text);
    if (column + width + 2 > right) { /* the name alone */
        snprintf(text, sizeof text, "%s", overview->shift);
        width = text_width(text);
    }
    if (column + width + 2 <= right)
        surface_text(surface, 0, right - width - 2, width, ground, text);
}

static void draw_title(struct app *app)
{
    struct surface *surface = &app->surface;
    int columns = surface->columns, right = columns;
    uint8_t ground = app->at != CLOCK_NEVER ? ROLE_PAST : app->link == CLIENT_LOST ? ROLE_ERROR : ROLE_TITLE;
    char text[200], now[16];
    surface_fill(surface, (struct rect){0, 0, 1, columns}, ' ', ground);
    const struct client_replay *replay = app->options->capsule;
    if (replay) {
        *now = '\0';
        ground = app->link == CLIENT_LOST ? ROLE_ERROR : ROLE_PAST;
        surface_fill(surface, (struct rect){0, 0, 1, columns}, ' ', ground);
    } else {
        clock_text(now, clock_wall(), columns >= 100);
        right -= (int)strlen(now) + 1;
    }
    surface_text(surface, 0, right, columns - right, ground, now);
    if (replay && app->link == CLIENT_UP)
        replay_text(app, text, sizeof text);
    else if (app->at != CLOCK_NEVER)
        past_text(text, sizeof text, app->at);
    else if (app->link == CLIENT_LOST) {
        char since[SPAN_TEXT];
        snprintf(text, sizeof text, _("NO LINK %s"), span_format_short(since, clock_steady() - app->link_since));
    } else if (app->link == CLIENT_CONNECTING)
        snprintf(text, sizeof text, "%s", _("connecting"));
    else
        live_text(app, text, sizeof text);
    if (app->link == CLIENT_UP && app->at == CLOCK_NEVER && !replay) {
        right -= 2;
        surface_put(surface, 0, right, ground, glyph_code(app->beat ? GLYPH_HEARTBEAT_A : GLYPH_HEARTBEAT_B, surface->ascii));
    }
    int width = text_width(text);
    right -= width + 1;
    if (right > 0)
        surface_text(surface, 0, right, width, ground, text);
    const char *mode = app->read_only && !replay ? _("read-only") : "";
    if (*mode && right > 40) {
        right -= text_width(mode) + 2;
        surface_text(surface, 0, right, columns - right, ROLE_DIM, mode);
    }
    right = draw_quiet(app, right);
    const char *site = app->have_overview && *app->overview.site ? app->overview.site : "nocturne";
    int column = 1 + surface_text_cut(surface, 0, 1, columns > 60 ? 24 : 10, ground, site, TEXT_CUT_MIDDLE) + 2, counts = column;
    if (app->have_overview)
        column = draw_counts(app, column, right);
    column += column > counts ? 2 : 0;
    column = draw_alerts(app, column, right);
    if (ground != ROLE_TITLE) /* the bar says that this is not now; letters still tell the counts apart */
        surface_role(surface, (struct rect){0, counts, 1, column - counts}, ground);
    draw_shift(app, column, right, ground);
}

/* ---- line 2 ---- */

static unsigned fill_tabs(const struct app *app, struct tab *tabs)
{
    const struct wire_alert_hidden *counts = desk_counts(app->desk);
    for (unsigned i = 0; i < app->tab_count; i++) {
        tabs[i] = (struct tab){.key = app->tabs[i].ops->tab, .title = _(app->tabs[i].ops->title)};
        if (counts && counts->unhandled && tabs[i].key == '2') {
            tabs[i].count = counts->unhandled;
            tabs[i].count_role = ROLE_WARNING;
        }
    }
    return app->tab_count;
}

static void draw_tabs(struct app *app)
{
    struct tab tabs[9];
    unsigned count = fill_tabs(app, tabs);
    tabs_draw(&app->surface, 1, 0, app->surface.columns, tabs, count, app->tab);
}

int app_tab_at(const struct app *app, int row, int column)
{
    struct tab tabs[9];
    unsigned count = fill_tabs(app, tabs);
    return row == 1 && rows_above(app->surface.rows) == 2
               ? tabs_at(tabs, count, app->tab, app->surface.columns, column) : -1;
}

/* ---- the last two lines ---- */

static void sources_text(const struct app *app, char *out, size_t size)
{
    const struct wire_overview *overview = &app->overview;
    const struct client_replay *replay = app->options->capsule;
    *out = '\0';
    if (!app->have_overview)
        return;
    if (replay) {
        char taken[INSTANT_TEXT];
        instant_format(taken, replay->taken_at);
        taken[16] = '\0';
        taken[10] = ' ';
        snprintf(out, size, _("taken %s, %u/%u assets"), taken, replay->assets, replay->fleet);
        return;
    }
    if (!overview->store_writable)
        snprintf(out, size, _("store: %s"), *overview->store_problem ? overview->store_problem : _("not writable"));
    else if (!overview->sources)
        snprintf(out, size, "%s", _("no sources configured"));
    else if (strcmp(overview->sources_worst, "running") == 0)
        snprintf(out, size, "%s", _("all sources running"));
    else
        snprintf(out, size, _("%u of %u sources %s"), overview->sources - overview->sources_running, overview->sources,
                 _(overview->sources_worst));
}

static void draw_crumbs(struct app *app, int row)
{
    struct surface *surface = &app->surface;
    struct buffer crumbs = BUFFER_INIT;
    char right[200];
    uint8_t role = ROLE_DIM;
    struct view *view = app_view(app);
    if (view && view->ops->crumbs)
        view->ops->crumbs(view, &crumbs);
    if (app->message[0] && clock_steady() < app->message_until) {
        surface_text(surface, row, 1, surface->columns - 2, app->message_role, app->message);
    } else {
        if (app->link == CLIENT_LOST) {
            snprintf(right, sizeof right, "%s", app->link_cause);
            role = ROLE_ERROR;
        } else {
            sources_text(app, right, sizeof right);
            if (app->have_overview && !app->options->capsule && (!app->overview.store_writable ||
                                       (app->overview.sources && strcmp(app->overview.sources_worst, "running") != 0)))
                role = ROLE_WARNING;
        }
        int width = text_width(right), room = surface->columns - 2;
        if (width > room / 2)
            width = room / 2;
        surface_text_cut(surface, row, 1, room - width - 1, ROLE_DIM, buffer_text(&crumbs), TEXT_CUT_START);
        surface_text_cut(surface, row, surface->columns - 1 - width, width, role, right, TEXT_CUT_END);
    }
    buffer_release(&crumbs);
}

static void draw_hints(struct app *app, int row)
{
    struct buffer hints = BUFFER_INIT;
    struct view *view = app_view(app);
    buffer_append_char(&hints, ' ');
    if (view && view->ops->hints)
        view->ops->hints(view, &hints);
    buffer_printf(&hints, "  q %s  ? %s", _("quit"), _("help"));
    hints_draw(&app->surface, row, 0, app->surface.columns, buffer_text(&hints));
    buffer_release(&hints);
}

/* What TAB could not decide between, in rows above the line. */
static void draw_candidates(struct app *app, int line_row)
{
    size_t count;
    char *const *words = line_candidates(app->line, &count);
    int widest = 0, columns = app->surface.columns;
    if (!count)
        return;
    for (size_t i = 0; i < count; i++)
        if (text_width(words[i]) > widest)
            widest = text_width(words[i]);
    widest = widest + 2 > columns ? columns : widest + 2;
    int across = columns / widest, rows = (int)((count + (size_t)across - 1) / (size_t)across);
    int most = app->surface.rows / 3 ? app->surface.rows / 3 : 1;
    int shown = rows > most ? most : rows;
    for (int row = 0; row < shown; row++) {
        int at = line_row - shown + row;
        surface_fill(&app->surface, (struct rect){at, 0, 1, columns}, ' ', ROLE_INPUT);
        for (int i = 0; i < across; i++) {
            size_t index = (size_t)(row * across + i);
            if (index < count)
                surface_text_cut(&app->surface, at, i * widest, widest - 1, ROLE_INPUT, words[index], TEXT_CUT_MIDDLE);
        }
    }
    if (rows > shown)
        surface_printf(&app->surface, line_row - 1, columns - 12, 12, ROLE_HINT, _("+%zu more"), count - (size_t)(shown * across));
}

static void draw_line(struct app *app, int row)
{
    const char *text = line_text(app->line);
    struct view *view = app_view(app);
    surface_fill(&app->surface, (struct rect){row, 0, 1, app->surface.columns}, ' ', ROLE_INPUT);
    if (line_kind(app->line) == LINE_FILTER && view && view->ops->search_hint) {
        prompt_draw(&app->surface, row, 0, app->surface.columns, line_label(app->line), text, line_point(app->line),
                    *text ? "" : _(view->ops->search_hint));
        return;
    }
    if (line_kind(app->line) == LINE_FILTER) {
        int wrong = filter_error_column(text, clock_wall());
        if (wrong && view && view->ops->set_filter)
            prompt_error_draw(&app->surface, row, 0, app->surface.columns, line_label(app->line), text, line_point(app->line),
                              wrong - 1, "");
        else
            prompt_draw(&app->surface, row, 0, app->surface.columns, line_label(app->line), text, line_point(app->line),
                        *text ? "" : _("words, building:NAME, health:offline, age>5m ..."));
        return;
    }
    size_t name = strcspn(text, " ");
    const struct command *command = name ? command_find(text, name) : NULL;
    char hint[200] = "";
    if (command)
        snprintf(hint, sizeof hint, "  %s%s%s", text[name] || !command->arguments ? "" : command->arguments,
                 text[name] || !command->arguments ? "" : "  ", _(command->help));
    prompt_draw(&app->surface, row, 0, app->surface.columns, line_label(app->line), text, line_point(app->line), hint);
}

static void draw_dialogs(struct app *app)
{
    struct rect whole = {0, 0, app->surface.rows, app->surface.columns};
    for (unsigned i = 0; i < app->dialog_count; i++) {
        int rows, columns;
        dialog_size(app->dialogs[i].dialog, whole.columns - 4, &rows, &columns);
        dialog_draw(app->dialogs[i].dialog, &app->surface, dialog_place(whole, rows, columns, i));
    }
}

void app_draw(struct app *app)
{
    struct surface *surface = &app->surface;
    int rows = surface->rows;
    bool editing = app->line && line_is_open(app->line);
    struct view *view = app_view(app);
    surface_clear(surface);
    surface->cursor_row = surface->cursor_column = -1;
    draw_title(app);
    if (rows_above(rows) == 2)
        draw_tabs(app);
    if (view) {
        view->area = app_body(app);
        view->ops->draw(view, surface, view->area);
    }
    if (rows >= ROWS_FOR_CRUMBS)
        draw_crumbs(app, rows - 2);
    if (editing) {
        draw_candidates(app, rows - 1);
        draw_line(app, rows - 1);
    } else if (rows >= ROWS_FOR_HINTS) {
        draw_hints(app, rows - 1);
    }
    draw_dialogs(app);
    app->drawn = clock_steady();
    app->dirty = app->urgent = false;
    app->moved = NULL;
}

bool app_echo(struct app *app)
{
    struct view *view = app->moved;
    struct surface *surface = &app->surface;
    int rows[ECHO_ROWS + 1];
    app->moved = NULL;
    unsigned count = view == app_view(app) && !app->dialog_count && !(app->line && line_is_open(app->line))
                         ? view->ops->echo(view, surface, rows) : 0;
    if (!count)
        return false;
    if (surface->rows >= ROWS_FOR_HINTS) { /* what can be done is the row's */
        surface_fill(surface, (struct rect){surface->rows - 1, 0, 1, surface->columns}, ' ', ROLE_TEXT);
        draw_hints(app, surface->rows - 1);
        rows[count++] = surface->rows - 1;
    }
    screen_show_rows(app->screen, surface, rows, count);
    if (app->echoed <= app->drawn)
        app->echoing = clock_steady();
    app->echoed = clock_steady();
    return true;
}
