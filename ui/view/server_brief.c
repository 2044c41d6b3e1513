#include "view/server_brief.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "term/locale.h"
#include "view/alerts.h"
#include "view/host_text.h"
#include "view/parts.h"
#include "view/trend.h"
#include "widget/letters.h"
#include "window/layout.h"

#define SPAN SPAN_HOUR
#define BUCKETS "60"
#define REST ((msec)150) /* a cursor that runs asks for nothing; one that rests is explained */

static const struct { const char *metric, *label, *unit; double floor, ceiling, scale; } lines[SERVER_BRIEF_SLOTS] = {
    {"cpu_percent", "cpu", "%", 0, 100, 1},
    {"memory_percent", N_("memory"), "%", 0, 100, 1},
    {"disk_worst_percent", N_("disk"), "%", 0, 100, 1},
    {"load1", N_("load"), "", 0, 0, 1},
    {"net_in_bytes_per_second", N_("downlink"), "b/s", 0, 0, 8},
    {"net_out_bytes_per_second", N_("uplink"), "b/s", 0, 0, 8},
};

struct server_brief {
    struct trends *trends;
    char *id;
    msec from, to;
};

struct server_brief *server_brief_new(void)
{
    struct server_brief *brief = memory_new(sizeof *brief);
    brief->trends = trends_new();
    return brief;
}

void server_brief_free(struct server_brief **pointer)
{
    struct server_brief *brief = *pointer;
    if (!brief)
        return;
    *pointer = NULL;
    trends_free(&brief->trends);
    free(brief->id);
    free(brief);
}

void server_brief_want(struct server_brief *brief, struct view *view, struct view_wants *wants, unsigned slot, const char *id)
{
    struct buffer base = BUFFER_INIT, path = BUFFER_INIT;
    char from[INSTANT_TEXT], to[INSTANT_TEXT];
    /* Whole minutes, so that the path stays the same while nothing else changes; the past stands still. */
    brief->to = view->host_ops->now(view->host);
    if (view->host_ops->at(view->host) == CLOCK_NEVER)
        brief->to = brief->to / SPAN_MINUTE * SPAN_MINUTE + SPAN_MINUTE;
    brief->from = brief->to - SPAN;
    if (!brief->id || strcmp(brief->id, id) != 0) {
        free(brief->id);
        brief->id = memory_text(id);
        trends_forget(brief->trends);
    }
    buffer_append_text(&base, "/assets/");
    client_path_segment(&base, id);
    buffer_append_text(&base, "/readings");
    for (unsigned i = 0; i < SERVER_BRIEF_SLOTS; i++) {
        buffer_clear(&path);
        client_path(&path, buffer_text(&base), "metric", lines[i].metric, "from", instant_format(from, brief->from), "to",
                    instant_format(to, brief->to), "buckets", BUCKETS, NULL);
        view_want(wants, slot + i, "pulse", 10000, buffer_text(&path));
        wants->want[wants->count - 1].rest = REST;
    }
    buffer_release(&base);
    buffer_release(&path);
}

bool server_brief_receive(struct server_brief *brief, unsigned part, const struct client_answer *answer, struct error *error)
{
    struct arena *arena = arena_new();
    struct wire_series series = {0};
    bool good = false;
    if (answer->error) {
        if (answer->status != 404) /* a metric that was never heard */
            *error = *answer->error;
    } else if (part < SERVER_BRIEF_SLOTS) {
        good = wire_read_series(answer->body, answer->length, arena, &series, error);
        if (good)
            trends_set_stored(brief->trends, &series);
    }
    arena_free(&arena);
    return good;
}

void server_applications(struct buffer *out, const struct wire_server *server)
{
    for (unsigned i = 0; i < server->application_count; i++)
        buffer_printf(out, "%s%s", i ? ", " : "", server->applications[i]);
}

static void health_text(char *out, size_t size, const struct wire_server *server, msec now)
{
    char age[SPAN_TEXT], since[INSTANT_TEXT];
    if (server->since == CLOCK_NEVER)
        snprintf(out, size, "%s", health_word(server->health));
    else
        snprintf(out, size, _("%s %s  (since %s)"), health_word(server->health), age_text(age, server->since, now),
                 instant_format_short(since, server->since, now));
}

static void title_line(struct view *view, struct surface *surface, struct rect area, const struct wire_server *server)
{
    const struct wire_overview *overview = view->host_ops->overview(view->host);
    const char *place = place_within(overview ? overview->site : "", server->place);
    msec now = view->host_ops->now(view->host);
    char text[120];
    uint8_t role = (uint8_t)health_role(server->health);
    health_text(text, sizeof text, server, now);
    int width = text_width(text);
    surface_text(surface, area.row, area.column + area.columns - 1 - width, width, role, text);
    struct buffer line = BUFFER_INIT;
    int used = 3 + surface_text_cut(surface, area.row, area.column + 1, area.columns / 3, ROLE_STRONG, server->id, TEXT_CUT_MIDDLE);
    if (strcmp(server->name, server->id) != 0)
        buffer_printf(&line, "%s  ", server->name);
    buffer_printf(&line, "%s%s%s", server->address, *place && *server->address ? " · " : "", place);
    surface_text_cut(surface, area.row, area.column + used, area.columns - used - width - 3, ROLE_TEXT, buffer_text(&line), TEXT_CUT_MIDDLE);
    buffer_release(&line);
}

static void figures_text(struct buffer *out, const struct wire_server *server, bool past)
{
    char text[FIGURE_TEXT], more[FIGURE_TEXT];
    if (server->taken == CLOCK_NEVER) {
        buffer_append_text(out, past ? _("nothing was stored of it then") : _("it has not answered yet"));
        return;
    }
    buffer_printf(out, "cpu %s %%", percent_text(text, server->cpu));
    if (server->cores)
        buffer_printf(out, _(" of %u cores"), server->cores);
    if (isfinite(server->iowait))
        buffer_printf(out, _(", io %s %%"), percent_text(text, server->iowait));
    buffer_printf(out, _(" · memory %s %% of %s"), percent_text(text, server->memory), bytes_text(more, server->memory_total));
    if (isfinite(server->swap) && server->swap > 0)
        buffer_printf(out, _(", swap %s %%"), percent_text(text, server->swap));
    if (isfinite(server->speed))
        buffer_printf(out, _(" · net %s"), speed_text(text, server->speed));
    if (isfinite(server->uptime))
        buffer_printf(out, _(" · up %s"), days_text(text, server->uptime));
}

static void standing_text(struct buffer *out, const struct wire_server *server)
{
    struct buffer applications = BUFFER_INIT;
    server_applications(&applications, server);
    if (applications.length)
        buffer_printf(out, _("apps: %s"), buffer_text(&applications));
    if (server->logins)
        buffer_printf(out, _("%s%u logged in"), out->length ? " · " : "", server->logins);
    if (server->unexpected)
        buffer_printf(out, "%s%u %s", out->length ? " · " : "", server->unexpected, _("ports not expected"));
    if (server->failed_units)
        buffer_printf(out, "%s%u %s", out->length ? " · " : "", server->failed_units, _("failed units"));
    if (*server->evidence)
        buffer_printf(out, "%s%s", out->length ? " · " : "", server->evidence);
    if (*server->source)
        buffer_printf(out, _("%sby %s"), out->length ? " · " : "", server->source);
    buffer_release(&applications);
}

void server_brief_lines(struct view *view, struct surface *surface, struct rect area, const struct wire_server *server)
{
    struct buffer line = BUFFER_INIT;
    if (area.rows < 3)
        return;
    title_line(view, surface, area, server);
    if (*server->system)
        buffer_printf(&line, "%s · ", server->system);
    figures_text(&line, server, view->host_ops->at(view->host) != CLOCK_NEVER);
    surface_text_cut(surface, area.row + 1, area.column + 1, area.columns - 2, ROLE_TEXT, buffer_text(&line), TEXT_CUT_END);
    buffer_clear(&line);
    standing_text(&line, server);
    surface_text_cut(surface, area.row + 2, area.column + 1, area.columns - 2,
                     server->unexpected || server->failed_units ? ROLE_WARNING : ROLE_DIM, buffer_text(&line), TEXT_CUT_END);
    buffer_release(&line);
}

static void draw_trends(struct server_brief *brief, struct surface *surface, struct rect *area)
{
    for (unsigned i = 0; i < SERVER_BRIEF_SLOTS && area->rows > 2; i++) {
        char value[FIGURE_TEXT + 8];
        double last = trends_last(brief->trends, lines[i].metric, brief->to);
        struct rect line = rect_cut_top(area, 2);
        if (lines[i].scale > 1)
            speed_text(value, last * lines[i].scale);
        else if (*lines[i].unit && isfinite(last))
            snprintf(value, sizeof value, "%.1f %s", last, lines[i].unit);
        else
            number_text(value, last);
        surface_text(surface, line.row, line.column + 1, 8, ROLE_DIM, _(lines[i].label));
        surface_text_right(surface, line.row, line.column + 9, 10, ROLE_TEXT, value);
        trends_spark(brief->trends, lines[i].metric, surface, line.row, line.column + 21, line.columns - 22, ROLE_CHART, brief->from,
                     brief->to, lines[i].floor, lines[i].ceiling);
    }
    if (area->rows > 1) {
        time_axis_draw(surface, area->row, area->column + 21, area->columns - 22, brief->from, brief->to);
        rect_cut_top(area, 2);
    }
}

void server_brief_draw(struct server_brief *brief, struct view *view, struct surface *surface, struct rect area,
                       const struct wire_server *server)
{
    struct buffer text = BUFFER_INIT;
    if (area.rows < 6)
        return;
    title_line(view, surface, rect_cut_top(&area, 1), server);
    surface_text_cut(surface, area.row, area.column + 1, area.columns - 2, ROLE_DIM, server->system, TEXT_CUT_END);
    rect_cut_top(&area, 1);
    figures_text(&text, server, view->host_ops->at(view->host) != CLOCK_NEVER);
    surface_text_cut(surface, area.row, area.column + 1, area.columns - 2, ROLE_TEXT, buffer_text(&text), TEXT_CUT_END);
    buffer_clear(&text);
    standing_text(&text, server);
    surface_text_cut(surface, area.row + 1, area.column + 1, area.columns - 2,
                     server->unexpected || server->failed_units ? ROLE_WARNING : ROLE_DIM, buffer_text(&text), TEXT_CUT_END);
    buffer_release(&text);
    rect_cut_top(&area, 3);
    surface_text(surface, area.row, area.column + 1, area.columns - 2, ROLE_HEADING, _("the last hour"));
    rect_cut_top(&area, 2);
    draw_trends(brief, surface, &area);
}
