/* The server page's look: what the machine is and how it stands in eight lines, then one section of its lists in full;
 * on a wide screen also its charts and the lists beside it. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "term/locale.h"
#include "view/alerts.h"
#include "view/parts.h"
#include "view/server.h"
#include "view/server_brief.h"
#include "widget/letters.h"
#include "window/layout.h"

#define WIDE_FROM 150
#define LABEL 6
#define VALUE 6

/* ---- the first line ---- */

/* Right to left: how old the data is, its alerts. Returns the first column used. */
static int draw_right(struct server_page *page, struct view *view, struct surface *surface, struct rect line)
{
    const struct wire_server *server = server_row(page);
    char text[64], age[SPAN_TEXT];
    int right = line.column + line.columns - 1;
    bool stale = server_is_stale(page, view);
    msec taken = page->host ? page->host->taken : server->taken;
    if (taken == CLOCK_NEVER)
        snprintf(text, sizeof text, "%s", page->past ? _("nothing stored") : _("never answered"));
    else if (page->past)
        snprintf(text, sizeof text, "%s %s", age_text(age, taken, page->now), _("stored"));
    else
        snprintf(text, sizeof text, "%s %s", age_text(age, taken, page->now), stale ? _("old") : page->page.attended ? _("live") : _("ago"));
    right -= text_width(text);
    surface_text(surface, line.row, right, line.columns, stale ? ROLE_STALE : ROLE_DIM, text);
    if (server->alerts) {
        char letter = server->worst >= 0 ? severity_letter((enum severity)server->worst) : 'i';
        snprintf(text, sizeof text, "%c%u", letter, server->alerts);
        right -= text_width(text) + 3;
        surface_text(surface, line.row, right, 8, (uint8_t)severity_role(letter), text);
    }
    if (health_is_wrong(server->health) && server->since != CLOCK_NEVER) {
        snprintf(text, sizeof text, "%s %s", health_word(server->health), age_text(age, server->since, page->now));
        right -= text_width(text) + 3;
        surface_text(surface, line.row, right, 32, (uint8_t)health_role(server->health), text);
    }
    return right;
}

/* "Debian GNU/Linux 12 (bookworm)" is "Debian 12" here: what stands on the machine needs the room. */
static const char *system_short(char out[96], const char *system)
{
    static const char long_word[] = " GNU/Linux";
    snprintf(out, 96, "%s", system);
    char *word = strstr(out, long_word), *remark = strstr(out, " (");
    if (remark && remark > out)
        *remark = '\0';
    if (word)
        memmove(word, word + strlen(long_word), strlen(word + strlen(long_word)) + 1);
    return out;
}

static void draw_title(struct server_page *page, struct view *view, struct surface *surface, struct rect line)
{
    const struct wire_server *server = server_row(page);
    struct buffer text = BUFFER_INIT, applications = BUFFER_INIT;
    char up[FIGURE_TEXT], system[96];
    int right = draw_right(page, view, surface, line);
    surface_put(surface, line.row, line.column + 1, (uint8_t)health_role(server->health), health_glyph(server->health, surface->ascii));
    int used = 3 + surface_text_cut(surface, line.row, line.column + 3, line.columns / 4, ROLE_STRONG, page->id, TEXT_CUT_MIDDLE) + 2;
    const struct wire_overview *overview = view->host_ops->overview(view->host);
    const char *const words[] = {strcmp(server->name, page->id) != 0 ? server->name : "",
                                 place_within(overview ? overview->site : "", server->place), system_short(system, server->system)};
    for (unsigned i = 0; i < ARRAY_COUNT(words); i++)
        if (*words[i])
            buffer_printf(&text, "%s%s", text.length ? " · " : "", words[i]);
    if (isfinite(server->uptime))
        buffer_append_text(&text, text.length ? " · " : "");
    if (isfinite(server->uptime))
        buffer_printf(&text, _("up %s"), days_text(up, server->uptime));
    server_applications(&applications, server);
    if (applications.length)
        {
        buffer_append_text(&text, "  ");
        buffer_printf(&text, _("apps: %s"), buffer_text(&applications));
    }
    surface_text_cut(surface, line.row, line.column + used, right - used - 2 - line.column, ROLE_TEXT, buffer_text(&text), TEXT_CUT_END);
    buffer_release(&text);
    buffer_release(&applications);
}

/* ---- the lines of figures ---- */

/* The host's own; what it did not tell then, as it was stored last. */
static double figure(const struct server_page *page, const char *metric, double live)
{
    return page->host && (!page->past || isfinite(live)) ? live : trends_last(page->trends, metric, page->now);
}

struct head { struct server_page *page; struct view *view; struct surface *surface; struct rect line; int spark, first, second; msec from, to; };

static void draw_label(const struct head *head, const char *label, const char *value, uint8_t role)
{
    surface_text(head->surface, head->line.row, head->line.column + 1, LABEL - 1, ROLE_DIM, label);
    surface_text_right(head->surface, head->line.row, head->line.column + LABEL, VALUE, role, value);
}

/* Words from a column on, cut before `end`. */
static void draw_words(const struct head *head, int column, int end, uint8_t role, const char *text)
{
    if (end > column)
        surface_text_cut(head->surface, head->line.row, head->line.column + column, end - column, role, text, TEXT_CUT_END);
}

static void draw_spark(const struct head *head, const char *metric, int column, int columns, double low, double high)
{
    trends_spark(head->page->trends, metric, head->surface, head->line.row, head->line.column + column, columns, ROLE_CHART, head->from,
                 head->to, low, high);
}

/* Right-aligned words, where there is room beside what was said. */
static int draw_end(const struct head *head, uint8_t role, const char *text)
{
    int width = text_width(text), column = head->line.columns - 1 - width;
    if (width && column > head->second)
        surface_text(head->surface, head->line.row, head->line.column + column, width, role, text);
    return width && column > head->second ? column - 2 : head->line.columns - 1;
}

static void percent_words(char *out, size_t size, double percent)
{
    char text[FIGURE_TEXT];
    snprintf(out, size, "%s %%", percent_text(text, percent));
}

static char *load_text(char out[FIGURE_TEXT], double load)
{
    if (!isfinite(load))
        return number_text(out, load);
    snprintf(out, FIGURE_TEXT, "%.*f", load < 99.95 ? 1 : 0, load);
    return out;
}

static void draw_cpu(const struct head *head)
{
    const struct host *host = head->page->host;
    const struct server_page *page = head->page;
    double cpu = figure(page, "cpu_percent", host ? host->cpu : NAN);
    char value[48], one[FIGURE_TEXT], five[FIGURE_TEXT], fifteen[FIGURE_TEXT], text[120];
    percent_words(value, sizeof value, cpu);
    draw_label(head, "cpu", value, cpu >= 95 ? ROLE_WARNING : ROLE_STRONG);
    draw_spark(head, "cpu_percent", LABEL + VALUE + 1, head->spark, 0, 100);
    int end = head->line.columns - 1;
    if (host) {
        snprintf(text, sizeof text, "psi %s", percent_text(one, host->pressure_cpu));
        end = draw_end(head, host->pressure_cpu >= 20 ? ROLE_WARNING : ROLE_DIM, text);
        snprintf(text, sizeof text, "us %.0f sy %.0f io %.0f st %.0f", host->user, host->system,
                 isfinite(host->iowait) ? host->iowait : 0, isfinite(host->steal) ? host->steal : 0);
        if (isfinite(host->user))
            draw_words(head, head->first, head->second - 1, host->iowait >= 20 || host->steal >= 10 ? ROLE_WARNING : ROLE_TEXT, text);
    }
    double load = figure(page, "load1", host ? host->load1 : NAN);
    if (host && host->online_cores)
        snprintf(text, sizeof text, _("load %s %s %s of %u"), load_text(one, load), load_text(five, host->load5),
                 load_text(fifteen, host->load15), host->online_cores);
    else
        snprintf(text, sizeof text, _("load %s"), load_text(one, load));
    draw_words(head, head->second, end, host && host->online_cores && load > 2 * host->online_cores ? ROLE_WARNING : ROLE_TEXT, text);
}

static void draw_memory(const struct head *head)
{
    const struct host *host = head->page->host;
    const struct server_page *page = head->page;
    double memory = figure(page, "memory_percent", host ? 100 * host->memory_used / host->memory_total : NAN);
    char value[48], used[FIGURE_TEXT], total[FIGURE_TEXT], text[120];
    percent_words(value, sizeof value, memory);
    draw_label(head, _("mem"), value, memory >= 95 ? ROLE_WARNING : ROLE_STRONG);
    draw_spark(head, "memory_percent", LABEL + VALUE + 1, head->spark, 0, 100);
    if (!host)
        return;
    snprintf(text, sizeof text, _("%s of %s"), bytes_text(used, host->memory_used), bytes_text(total, host->memory_total));
    draw_words(head, head->first, head->second - 1, ROLE_TEXT, text);
    snprintf(text, sizeof text, "oom %s", number_text(used, host->oom_kills));
    int end = draw_end(head, host->oom_kills > 0 ? ROLE_WARNING : ROLE_DIM, text);
    if (host->swap_total > 0)
        snprintf(text, sizeof text, _("swap %s of %s"), bytes_text(used, host->swap_used), bytes_text(total, host->swap_total));
    else
        snprintf(text, sizeof text, "%s", host->swap_total == 0 ? _("no swap") : _("swap \342\200\224"));
    draw_words(head, head->second, end, host->swap_used > host->swap_total / 2 && host->swap_total > 0 ? ROLE_WARNING : ROLE_TEXT, text);
}

/* The interface that carries most says what there is to carry with. */
static double widest_speed(const struct host *host)
{
    double speed = NAN, most = -1;
    for (unsigned i = 0; i < host->interface_count; i++) {
        const struct host_interface *interface = &host->interfaces[i];
        double carried = interface->in_rate + interface->out_rate;
        if (!interface->loopback && isfinite(interface->speed) && (isnan(carried) ? 0 : carried) > most) {
            most = isnan(carried) ? 0 : carried;
            speed = interface->speed;
        }
    }
    return speed;
}

static void draw_network(const struct head *head)
{
    const struct host *host = head->page->host;
    char in[FIGURE_TEXT], out[FIGURE_TEXT], text[160], more[FIGURE_TEXT];
    double down = figure(head->page, "net_in_bytes_per_second", host ? host->in_rate : NAN),
           up = figure(head->page, "net_out_bytes_per_second", host ? host->out_rate : NAN);
    bool ascii = head->surface->ascii;
    int half = head->spark / 2 > 5 ? head->spark / 2 : 5, column = LABEL;
    surface_text(head->surface, head->line.row, head->line.column + 1, LABEL - 1, ROLE_DIM, _("net"));
    snprintf(text, sizeof text, "%s%s", ascii ? "in " : "\342\206\223", bits_text(in, down));
    surface_text_right(head->surface, head->line.row, head->line.column + column, 11, ROLE_STRONG, text);
    draw_spark(head, "net_in_bytes_per_second", column + 12, half, 0, 0);
    column += 12 + half + 1;
    snprintf(text, sizeof text, "%s%s", ascii ? "out " : "\342\206\221", bits_text(out, up));
    surface_text_right(head->surface, head->line.row, head->line.column + column, 11, ROLE_STRONG, text);
    draw_spark(head, "net_out_bytes_per_second", column + 12, half, 0, 0);
    column += 12 + half + 2;
    if (!host)
        return;
    double errors = NAN;
    for (unsigned i = 0; i < host->interface_count; i++)
        if (host->interfaces[i].error_rate >= 0)
            errors = (isnan(errors) ? 0 : errors) + host->interfaces[i].error_rate;
    snprintf(text, sizeof text, "est %s", number_text(more, host->tcp_established));
    int end = draw_end(head, ROLE_DIM, text);
    double speed = widest_speed(host);
    if (isfinite(speed))
        snprintf(text, sizeof text, _("of %s  err %s"), speed_text(in, speed), number_text(more, errors));
    else
        snprintf(text, sizeof text, _("err %s"), number_text(more, errors));
    draw_words(head, column > head->second ? column : head->second, end, errors > 0 ? ROLE_WARNING : ROLE_TEXT, text);
}

static const struct host_disk *worst_disk(const struct host *host, const struct host_disk **hung)
{
    const struct host_disk *worst = NULL;
    *hung = NULL;
    for (unsigned i = 0; i < host->disk_count; i++) {
        const struct host_disk *disk = &host->disks[i];
        if (disk->hung)
            *hung = disk;
        if (isfinite(disk->used_percent) && (!worst || disk->used_percent > worst->used_percent))
            worst = disk;
    }
    return worst;
}

/* Before how busy it is: when it is full, where that is near enough to matter. */
static int draw_full(const struct head *head, const struct host_disk *disk, int column, int end)
{
    const struct wire_capacity *heading = capacity_note_disk(&head->page->capacity, disk->mount);
    enum capacity_advice advice = heading ? capacity_advice(heading, head->page->now) : CAPACITY_UNKNOWN;
    char text[CAPACITY_TEXT];
    if (advice <= CAPACITY_ENOUGH)
        return column;
    capacity_full(text, heading, head->page->now, head->surface->ascii);
    if (column + text_width(text) > end) { /* how sure that is can be looked up */
        char when[CAPACITY_TEXT];
        snprintf(text, sizeof text, _("full in %.40s"), capacity_in(when, heading->full, head->page->now));
        if (column + text_width(text) > end)
            return column; /* the table of disks has it */
    }
    draw_words(head, column, end, capacity_advice_role(advice), text);
    return column + text_width(text) + 2;
}

static void draw_disk(const struct head *head)
{
    const struct host *host = head->page->host;
    const struct host_disk *hung = NULL, *disk = host ? worst_disk(host, &hung) : NULL;
    double used = figure(head->page, "disk_worst_percent", disk ? disk->used_percent : NAN);
    char value[48], gauge[128], one[FIGURE_TEXT], two[FIGURE_TEXT], text[160];
    uint8_t role = fill_role(used, ROLE_STRONG);
    percent_words(value, sizeof value, used);
    draw_label(head, _("disk"), value, role);
    gauge_text(gauge, sizeof gauge, used, head->spark < 40 ? head->spark : 40, head->surface->ascii);
    surface_text(head->surface, head->line.row, head->line.column + LABEL + VALUE + 1, head->spark, role == ROLE_STRONG ? ROLE_GAUGE : role, gauge);
    int end = head->line.columns - 1, column = head->first;
    if (hung) {
        snprintf(text, sizeof text, _("%s does not answer"), hung->mount);
        end = draw_end(head, ROLE_CRITICAL, text);
    }
    if (!disk)
        return;
    snprintf(text, sizeof text, _("%s  %s of %s"), disk->mount, bytes_text(one, disk->used), bytes_text(two, disk->size));
    draw_words(head, column, end, role == ROLE_STRONG ? ROLE_TEXT : role, text);
    column += text_width(text) + 2;
    column = column > head->second ? column : head->second;
    column = draw_full(head, disk, column, end);
    if (!hung) {
        snprintf(text, sizeof text, _("busy %s %%  %s ms"), percent_text(one, disk->busy_percent), number_text(two, disk->latency));
        end = column + text_width(text) < end ? draw_end(head, ROLE_DIM, text) : end;
    }
    snprintf(text, sizeof text, _("inodes %s %%"), percent_text(one, disk->inodes_percent));
    if (column + text_width(text) <= end)
        draw_words(head, column, end, fill_role(disk->inodes_percent, ROLE_DIM), text);
}

/* Words side by side until the line is full; then how many are left out. */
static bool say(const struct head *head, int *column, int end, uint8_t role, const char *text)
{
    int width = text_width(text);
    if (*column + width > end)
        return false;
    surface_text(head->surface, head->line.row, head->line.column + *column, width, role, text);
    *column += width + 2;
    return true;
}

/* How many API endpoints are declared for it, and how many of them are well (R041). */
static int draw_endpoints(const struct head *head)
{
    const struct server_page *page = head->page;
    unsigned count = page->page.endpoint_count, failing = page->sections[SECTION_endpoints].wrong;
    char text[64];
    if (!count)
        return head->line.columns - 1;
    snprintf(text, sizeof text, failing ? _("api %u of %u") : _("api %u"), failing ? count - failing : count, count);
    return draw_end(head, failing ? ROLE_CRITICAL : ROLE_DIM, text);
}

static void draw_ports(const struct head *head)
{
    struct server_page *page = head->page;
    const struct section_state *state = &page->sections[SECTION_ports];
    char text[160];
    int column = LABEL + 1, end = head->line.columns - 1;
    unsigned told = 0;
    surface_text(head->surface, head->line.row, head->line.column + 1, LABEL - 1, ROLE_DIM, _("ports"));
    if (!state->count) {
        const char *why = server_missing(page, "ports");
        snprintf(text, sizeof text, "\342\200\224 %s", page->past && page->host && !*why ? _("none then") : why);
        draw_words(head, column, end, ROLE_DIM, text);
        return;
    }
    end = draw_endpoints(head);
    if (state->wrong)
        end -= 8;
    for (unsigned turn = 0; turn < 2 * page->page.deviation_count; turn++) { /* first what is missing */
        const struct wire_deviation *deviation = &page->page.deviations[turn % page->page.deviation_count];
        bool missing = turn < page->page.deviation_count;
        if (strcmp(deviation->kind, missing ? "port-missing" : "port-unexpected") != 0)
            continue;
        const char *process = "";
        for (unsigned p = 0; !missing && p < page->host->port_count; p++)
            if (page->host->ports[p].port == (unsigned)strtoul(deviation->point, NULL, 10))
                process = page->host->ports[p].process;
        snprintf(text, sizeof text, missing ? _("- %s%s missing") : _("+ %s %s not expected"), deviation->point, process);
        told += say(head, &column, end, missing ? ROLE_CRITICAL : ROLE_WARNING, text) && !missing;
    }
    for (unsigned i = 0; i < state->count; i++) {
        unsigned index = state->rows[i].index;
        const struct host_port *port = index < page->host->port_count ? &page->host->ports[index] : NULL;
        if (!port || port->protocol == HOST_UDP || server_sections[SECTION_ports]->wrong(page, index))
            continue;
        if (port->sessions)
            snprintf(text, sizeof text, "%u %s%s%u", port->port, port->process, *port->process ? " " : "\303\227", port->sessions);
        else
            snprintf(text, sizeof text, "%u %s", port->port, port->process);
        if (!say(head, &column, end - 4, ROLE_TEXT, text))
            break;
        told++;
    }
    unsigned listed = 0;
    for (unsigned i = 0; i < page->host->port_count; i++)
        listed += page->host->ports[i].protocol == HOST_TCP;
    if (listed > told)
        surface_printf(head->surface, head->line.row, head->line.column + column, 6, ROLE_DIM, "+%u", listed - told);
}

static void draw_units(const struct head *head)
{
    struct server_page *page = head->page;
    const struct section_state *state = &page->sections[SECTION_units];
    char text[160];
    int column = LABEL + 1;
    surface_text(head->surface, head->line.row, head->line.column + 1, LABEL - 1, ROLE_DIM, _("units"));
    if (!state->count) {
        const char *why = server_missing(page, "units");
        snprintf(text, sizeof text, "\342\200\224 %s", page->past && page->host && !*why ? _("none then") : why);
        draw_words(head, column, head->line.columns - 1, ROLE_DIM, text);
        return;
    }
    unsigned running = 0;
    for (unsigned i = 0; i < page->host->unit_count; i++)
        running += strcmp(page->host->units[i].sub, "running") == 0;
    if (page->past && !(page->host->lists & 1u << HOST_units)) /* only what its alerts told of */
        snprintf(text, sizeof text, _("%u wrong"), state->wrong);
    else if (state->wrong)
        snprintf(text, sizeof text, _("%u wrong · %u running"), state->wrong, running);
    else
        snprintf(text, sizeof text, _("%u running"), running);
    int end = draw_end(head, state->wrong ? ROLE_CRITICAL : ROLE_DIM, text);
    for (unsigned i = 0; i < state->count; i++) {
        unsigned index = state->rows[i].index;
        const struct host_unit *unit = index < page->host->unit_count ? &page->host->units[index] : NULL;
        bool wrong = server_sections[SECTION_units]->wrong(page, index);
        if (unit && !wrong) {
            size_t length = strlen(unit->name), suffix = length > 8 && strcmp(unit->name + length - 8, ".service") == 0 ? 8 : 0;
            snprintf(text, sizeof text, "%.*s", (int)(length - suffix), unit->name);
        } else {
            snprintf(text, sizeof text, "%s %s", unit ? unit->name : _("missing"), unit ? unit->state : "");
        }
        if (!say(head, &column, end, wrong ? ROLE_CRITICAL : ROLE_TEXT, text))
            break;
    }
}

static int draw_head(struct server_page *page, struct view *view, struct surface *surface, struct rect area)
{
    static void (*const lines[])(const struct head *) = {draw_cpu, draw_memory, draw_network, draw_disk, draw_ports, draw_units};
    struct head head = {.page = page, .view = view, .surface = surface, .line = {area.row, area.column, 1, area.columns}};
    int count = area.rows >= 14 ? 6 : area.rows >= 10 ? 4 : 0;
    head.spark = area.columns < 100 ? 9 : area.columns < 150 ? 18 : 36;
    head.first = LABEL + VALUE + 1 + head.spark + 2;
    head.second = head.first + 24;
    server_window(page, view, &head.from, &head.to);
    draw_title(page, view, surface, head.line);
    for (int i = 0; i < count; i++) {
        head.line.row++;
        lines[i](&head);
    }
    return count + 1;
}

/* ---- the sections ---- */

/* " processes 182  charts  cores 8 ...": the current one bold, what needs a person in a colour. Where not all fit, those
 * round the current one. */
static int tab_width(const struct server_page *page, unsigned section, char *out, size_t size)
{
    const struct section_state *state = &page->sections[section];
    if (state->wrong)
        snprintf(out, size, "%s %u!", _(server_sections[section]->title), state->wrong);
    else
        snprintf(out, size, "%s", _(server_sections[section]->title));
    return text_width(out);
}

static void draw_tabs(struct server_page *page, struct surface *surface, struct rect line)
{
    char text[80];
    int widths[SECTION_COUNT], total = 1, gap = 2;
    unsigned first = 0;
    for (unsigned i = 0; i < SECTION_COUNT; i++)
        total += (widths[i] = tab_width(page, i, text, sizeof text)) + gap;
    if (total > line.columns)
        gap = 1;
    int before = 1, room = line.columns - 2;
    for (unsigned i = 0; i <= page->section; i++)
        before += widths[i] + gap;
    for (; before > room && first < page->section; first++) /* leave out from the front until the current one fits */
        before -= widths[first] + gap;
    surface_rule(surface, line.row, line.column, line.columns);
    page->tabs_area = line;
    page->tabs_first = first;
    page->tabs_gap = gap;
    int column = line.column + 1;
    for (unsigned i = first; i < SECTION_COUNT; i++) {
        tab_width(page, i, text, sizeof text);
        if (column + widths[i] > line.column + room) {
            surface_text(surface, line.row, line.column + line.columns - 1, 1, ROLE_HINT, ">");
            break;
        }
        uint8_t role = i == page->section ? ROLE_TAB_CURRENT : page->sections[i].wrong ? ROLE_WARNING : ROLE_TAB;
        surface_fill(surface, (struct rect){line.row, column - 1, 1, widths[i] + 2}, ' ', ROLE_TEXT);
        surface_text(surface, line.row, column, widths[i], role, text);
        column += widths[i] + gap;
    }
    if (first)
        surface_text(surface, line.row, line.column, 1, ROLE_HINT, "<");
}

static void section_empty(struct server_page *page, enum section section)
{
    const struct section_ops *ops = server_sections[section];
    char text[160];
    bool told = page->host && (page->host->lists & ops->list);
    const char *why = server_missing(page, ops->name);
    if (ops->none)
        snprintf(text, sizeof text, "%s", _(ops->none));
    else if (page->past && !told)
        snprintf(text, sizeof text, "%s", !page->host ? _("nothing was stored of it then") : *why ? _("not kept then; = returns to now")
                                                                                               : _("not kept over time; = returns to now"));
    else if (!page->host)
        snprintf(text, sizeof text, "%s", _("it has not answered yet"));
    else if (*why || !told)
        snprintf(text, sizeof text, _("not told: %s"), *why ? why : _("the answer brought none"));
    else
        snprintf(text, sizeof text, "%s", _("none"));
    table_set_empty(page->sections[section].table, text, "");
}

/* Where these are not all. Of the past they are of a moment just before, too. */
static void draw_part(const struct server_page *page, struct surface *surface, struct rect line)
{
    char text[160], when[INSTANT_TEXT];
    msec seen;
    struct error error;
    if (!page->past)
        snprintf(text, sizeof text, _("the first %u of %u in this order; more come as you go down"), page->host->process_count,
                 page->host->process_count + (unsigned)strtoul(host_fact(page->host, "cut:processes"), NULL, 10));
    else
        snprintf(text, sizeof text, _("what used most processor and memory, as seen at %s; %u tasks in all"),
                 instant_format_short(when, instant_parse(host_fact(page->host, "kept:processes"), page->now, &seen, &error)
                                                ? seen : page->host->taken, page->now), page->host->tasks);
    surface_text(surface, line.row, line.column + 1, line.columns - 2, ROLE_DIM, text);
}

static void draw_section(struct server_page *page, struct view *view, struct surface *surface, struct rect area, enum section section)
{
    if (section == SECTION_charts) {
        server_charts_draw(page, view, surface, area, area.columns >= 90 ? (unsigned)area.columns / 60 + 1 : 2);
        return;
    }
    section_empty(page, section);
    if (section == SECTION_processes && page->sections[section].count && (page->past || *host_fact(page->host, "cut:processes")))
        draw_part(page, surface, rect_cut_top(&area, 1));
    table_set_stale(page->sections[section].table, server_is_stale(page, view));
    table_draw(page->sections[section].table, surface, area);
}

/* The lists that fit beside the chosen one, each in as many rows as it needs. */
static void draw_others(struct server_page *page, struct view *view, struct surface *surface, struct rect area)
{
    static const enum section order[] = {SECTION_ports, SECTION_units, SECTION_disks, SECTION_network, SECTION_people};
    for (unsigned i = 0; i < ARRAY_COUNT(order) && area.rows >= 4; i++) {
        const struct section_state *state = &page->sections[order[i]];
        char title[80];
        int rows = (int)state->count + 2 < 9 ? (int)state->count + 2 : 9;
        if (order[i] == page->section || !state->count)
            continue;
        if (rows > area.rows - 1)
            rows = area.rows - 1;
        tab_width(page, order[i], title, sizeof title);
        surface_text(surface, area.row, area.column + 1, area.columns - 2, state->wrong ? ROLE_WARNING : ROLE_HEADING, title);
        rect_cut_top(&area, 1);
        table_set_focus(state->table, false);
        draw_section(page, view, surface, rect_cut_top(&area, rows), order[i]);
        table_set_focus(state->table, true);
    }
}

static void draw_wide(struct server_page *page, struct view *view, struct surface *surface, struct rect rest)
{
    struct rect right = rect_cut_right(&rest, rest.columns * 2 / 5);
    rect_cut_left(&right, 2);
    rect_cut_top(&right, 1);
    int main_rows = page->section == SECTION_charts ? rest.rows : rest.rows * 3 / 5;
    struct rect below = rest;
    struct rect top = rect_cut_top(&below, main_rows);
    draw_tabs(page, surface, rect_cut_top(&top, 1));
    draw_section(page, view, surface, top, page->section);
    if (page->section == SECTION_charts) {
        draw_others(page, view, surface, right);
        return;
    }
    rect_cut_top(&below, 1);
    draw_others(page, view, surface, below);
    server_charts_draw(page, view, surface, right, 1);
}

void server_draw(struct view *view, struct surface *surface, struct rect area)
{
    struct server_page *page = view->state;
    struct rect rest = area;
    if (rect_is_empty(area))
        return;
    page->ascii = surface->ascii;
    page->now = view->host_ops->now(view->host);
    if (!page->have) {
        surface_text(surface, area.row, area.column + 1, area.columns - 2, ROLE_STRONG, page->id);
        if (area.rows > 1)
            surface_text(surface, area.row + 1, area.column + 1, area.columns - 2, page->problem[0] ? ROLE_ERROR : ROLE_DIM,
                         page->problem[0] ? page->problem : _("loading ..."));
        return;
    }
    rect_cut_top(&rest, draw_head(page, view, surface, area));
    if (area.columns >= WIDE_FROM && rest.rows >= 20) {
        draw_wide(page, view, surface, rest);
        return;
    }
    if (page->section != SECTION_charts)
        page->charts_shown = 0;
    draw_tabs(page, surface, rect_cut_top(&rest, 1));
    draw_section(page, view, surface, rest, page->section);
}
