/* Figures of the server page over time. Live, the last five minutes come second by second; the longer spans, and what
 * was before the page was opened, are the daemon's stored readings, and so is the past. */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "term/locale.h"
#include "view/server.h"
#include "window/layout.h"

#define LIVE_SPAN (5 * SPAN_MINUTE)
#define LIVE_BUCKETS "60"
#define BUCKETS "120"
#define CHART_ROWS 9          /* least for one chart where several stand one above the other */
#define CHARTS_COMMON 6u
#define CHARTS_A_DISK 3u

const struct server_span server_spans[SERVER_SPANS] = {
    {N_("live"), LIVE_SPAN}, {"1h", SPAN_HOUR}, {"6h", 6 * SPAN_HOUR}, {"24h", SPAN_DAY}, {"7d", 7 * SPAN_DAY}, {"30d", 30 * SPAN_DAY}};

/* In the head's small lines whatever charts are shown. */
static const char *const summary[] = {"cpu_percent", "memory_percent", "net_in_bytes_per_second", "net_out_bytes_per_second",
                                      "disk_worst_percent", "load1"};

struct spec { struct trend_chart chart; char title[96], metric[3][96]; };

static const struct { const char *title, *metric[3], *name[3], *unit; double scale, floor, ceiling; } common[CHARTS_COMMON] = {
    {"cpu", {"cpu_percent", "iowait_percent", "steal_percent"}, {N_("busy"), "iowait", "steal"}, "%", 1, 0, 100},
    {N_("memory"), {"memory_percent", "swap_percent"}, {N_("used"), "swap"}, "%", 1, 0, 100},
    {N_("network"), {"net_in_bytes_per_second", "net_out_bytes_per_second"}, {N_("downlink"), N_("uplink")}, "Mb/s", 8e-6, 0, NAN},
    {N_("load"), {"load1", "load5", "load15"}, {"1m", "5m", "15m"}, "", 1, 0, NAN},
    {N_("pressure"), {"pressure_cpu_percent", "pressure_io_percent", "pressure_memory_percent"}, {"cpu", "io", N_("memory")}, "%", 1, 0, NAN},
    {N_("tcp sockets"), {"tcp_established", "tcp_time_wait", "tcp_sockets"}, {N_("established"), N_("time-wait"), N_("all")}, "", 1, 0, NAN},
};

/* A mount or an interface inside a metric's name, as model/host.h writes it. */
static void metric_part(char *out, size_t size, const char *name)
{
    snprintf(out, size, "%s", name[0] == '/' ? (name[1] ? name + 1 : "root") : name);
    for (; *out; out++)
        if (!isalnum((unsigned char)*out))
            *out = '_';
}

static void spec_start(struct spec *spec, const char *title, const char *unit, double scale, double low, double high)
{
    snprintf(spec->title, sizeof spec->title, "%s", title);
    spec->chart = (struct trend_chart){.title = spec->title, .unit = unit, .scale = scale, .floor = low, .ceiling = high};
}

static void spec_line(struct spec *spec, unsigned line, const char *name, const char *format, const char *part)
{
    const char *mark = strstr(format, "%s");
    snprintf(spec->metric[line], sizeof spec->metric[line], "%.*s%s%s", (int)(mark - format), format, part, mark + 2);
    spec->chart.metrics[line] = spec->metric[line];
    spec->chart.names[line] = name;
}

static void disk_spec(struct spec *spec, const struct host_disk *disk, unsigned which)
{
    char part[40], title[96];
    metric_part(part, sizeof part, disk->mount);
    if (which == 0) {
        snprintf(title, sizeof title, _("disk %s"), disk->mount);
        spec_start(spec, title, "%", 1, 0, 100);
        spec_line(spec, 0, _("space"), "disk_%s_percent", part);
        spec_line(spec, 1, _("inodes"), "inodes_%s_percent", part);
    } else if (which == 1) {
        snprintf(title, sizeof title, _("disk %s busy"), disk->mount);
        spec_start(spec, title, "%", 1, 0, 100);
        spec_line(spec, 0, NULL, "disk_%s_busy_percent", part);
    } else {
        snprintf(title, sizeof title, _("disk %s latency"), disk->mount);
        spec_start(spec, title, "ms", 1, 0, NAN);
        spec_line(spec, 0, NULL, "disk_%s_latency_ms", part);
    }
}

static void interface_spec(struct spec *spec, const struct host_interface *interface)
{
    char part[40], title[96];
    metric_part(part, sizeof part, interface->name);
    snprintf(title, sizeof title, _("network %s"), interface->name);
    spec_start(spec, title, "Mb/s", 8e-6, 0, NAN);
    spec_line(spec, 0, _("downlink"), "net_%s_in_bytes_per_second", part);
    spec_line(spec, 1, _("uplink"), "net_%s_out_bytes_per_second", part);
}

static unsigned disk_total(const struct server_page *page)
{
    return page->host ? page->host->disk_count : 0;
}

static unsigned interface_total(const struct server_page *page)
{
    return page->host ? page->host->interface_count : 0;
}

unsigned server_charts_count(const struct server_page *page)
{
    return CHARTS_COMMON + CHARTS_A_DISK * disk_total(page) + interface_total(page);
}

/* What the cursor is on comes first: a disk in the disks, an interface in the network. */
static bool spec_at(const struct server_page *page, unsigned at, struct spec *spec)
{
    unsigned row;
    memset(spec, 0, sizeof *spec);
    if (page->section == SECTION_disks && server_section_current(page, SECTION_disks, &row)) {
        if (at < CHARTS_A_DISK)
            return disk_spec(spec, &page->host->disks[row], at), true;
        at -= CHARTS_A_DISK;
    } else if (page->section == SECTION_network && server_section_current(page, SECTION_network, &row)) {
        if (at == 0)
            return interface_spec(spec, &page->host->interfaces[row]), true;
        at--;
    }
    if (at < CHARTS_COMMON) {
        spec_start(spec, _(common[at].title), common[at].unit, common[at].scale, common[at].floor, common[at].ceiling);
        for (unsigned i = 0; i < 3 && common[at].metric[i]; i++) {
            spec->chart.metrics[i] = common[at].metric[i];
            spec->chart.names[i] = _(common[at].name[i]);
        }
        return true;
    }
    at -= CHARTS_COMMON;
    if (at < CHARTS_A_DISK * disk_total(page))
        return disk_spec(spec, &page->host->disks[at / CHARTS_A_DISK], at % CHARTS_A_DISK), true;
    at -= CHARTS_A_DISK * disk_total(page);
    if (at < interface_total(page))
        return interface_spec(spec, &page->host->interfaces[at]), true;
    return false;
}

void server_window(const struct server_page *page, struct view *view, msec *from, msec *to)
{
    msec length = server_spans[page->span].length, now = view->host_ops->now(view->host);
    *to = now;
    *from = now - length;
}

/* ---- what to ask for ---- */

static bool has(const struct server_page *page, unsigned count, const char *metric)
{
    for (unsigned i = 0; i < count; i++)
        if (strcmp(page->series[i], metric) == 0)
            return true;
    return false;
}

static unsigned choose_series(struct server_page *page)
{
    unsigned count = 0;
    struct spec spec;
    for (unsigned i = 0; i < ARRAY_COUNT(summary); i++)
        snprintf(page->series[count++], sizeof page->series[0], "%s", summary[i]);
    for (unsigned i = 0; i < page->charts_shown && spec_at(page, page->chart_top + i, &spec); i++)
        for (unsigned line = 0; line < 3 && spec.chart.metrics[line] && count < SERVER_SERIES; line++)
            if (!has(page, count, spec.chart.metrics[line]))
                snprintf(page->series[count++], sizeof page->series[0], "%s", spec.chart.metrics[line]);
    return count;
}

void server_charts_want(struct server_page *page, struct view *view, struct view_wants *wants, unsigned slot)
{
    struct buffer base = BUFFER_INIT, path = BUFFER_INIT;
    char from[INSTANT_TEXT], to[INSTANT_TEXT];
    msec span = server_spans[page->span].length, first, last;
    bool live = page->span == 0 && !page->past;
    server_window(page, view, &first, &last);
    if (live) { /* what was before; from then on the answers tell */
        last = page->opened;
        first = last - span;
    } else if (!page->past) { /* in steps of a cell of the chart, so that the path stays the same in between */
        last = last / (span / 60) * (span / 60) + span / 60;
        first = last - span;
    }
    buffer_append_text(&base, "/assets/");
    client_path_segment(&base, page->id);
    buffer_append_text(&base, "/readings");
    unsigned count = choose_series(page);
    for (unsigned i = 0; i < count; i++) {
        buffer_clear(&path);
        client_path(&path, buffer_text(&base), "metric", page->series[i], "from", instant_format(from, first), "to",
                    instant_format(to, last), "buckets", live ? LIVE_BUCKETS : BUCKETS, NULL);
        view_want(wants, slot + i, live ? "" : "pulse", 30000, buffer_text(&path));
    }
    buffer_release(&base);
    buffer_release(&path);
}

/* ---- drawing ---- */

void server_charts_draw(struct server_page *page, struct view *view, struct surface *surface, struct rect area, unsigned across)
{
    msec from, to;
    unsigned total = server_charts_count(page), shown = 0;
    int rows = area.rows / CHART_ROWS > 1 ? area.rows / CHART_ROWS : 1;
    if (across < 1 || rect_is_empty(area))
        return;
    if (rows > (int)(SERVER_SERIES / across / 2))
        rows = (int)(SERVER_SERIES / across / 2) > 0 ? (int)(SERVER_SERIES / across / 2) : 1;
    server_window(page, view, &from, &to);
    if (page->chart_top >= total)
        page->chart_top = total ? total - 1 : 0;
    for (int row = 0; row < rows; row++) {
        int top = area.rows * row / rows, bottom = area.rows * (row + 1) / rows;
        for (unsigned i = 0; i < across; i++) {
            int left = area.columns * (int)i / (int)across, right = area.columns * (int)(i + 1) / (int)across;
            struct rect place = {area.row + top, area.column + left, bottom - top - (row + 1 < rows), right - left - 2};
            struct spec spec;
            if (!spec_at(page, page->chart_top + shown, &spec))
                break;
            trends_draw(page->trends, surface, place, &spec.chart, page->style, from, to);
            shown++;
        }
    }
    page->charts_shown = shown;
}
