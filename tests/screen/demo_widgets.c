/* All widgets on one terminal, to be looked at: demo_widgets [--theme NAME] [--ascii] [PAGE]. Digits change the page,
 * keys go to the page's widget, T the theme, q leaves. The test of the terminal (test_screen) drives it, too. */
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"
#include "term/locale.h"
#include "term/screen.h"
#include "widget/dialog.h"
#include "widget/form.h"
#include "widget/heat.h"
#include "widget/letters.h"
#include "widget/lines.h"
#include "widget/menu.h"
#include "widget/pager.h"
#include "widget/plot.h"
#include "widget/table.h"
#include "widget/tree.h"
#include "window/layout.h"

#define BUILDINGS 10
#define ROWS 48000

static const char *const buildings[BUILDINGS] = {"涵英楼",   "能源中心", "4号巨构",  "学生公寓C3", "图书馆",
                                                 "主楼",     "1号巨构",  "体育馆",   "会议中心",   "机房东"};

struct demo {
    struct screen *screen;
    struct surface surface;
    struct theme *theme;
    unsigned page;
    struct heat *heat;
    struct heat_group groups[BUILDINGS];
    char summaries[BUILDINGS][16];
    uint8_t cells[BUILDINGS][128];
    char id[32], text[8][96];
    struct table *table;
    struct tree *tree;
    struct form *form;
    struct dialog *dialog;
    struct menu *menu;
    struct pager *pager;
    struct buffer said;
    bool done, pasting;
};

/* ---- the data: made up, always the same ---- */

static unsigned noise(unsigned seed)
{
    seed ^= seed << 13;
    seed ^= seed >> 17;
    seed ^= seed << 5;
    return seed;
}

static const char *cell_id(void *owner, size_t group, size_t cell)
{
    struct demo *demo = owner;
    snprintf(demo->id, sizeof demo->id, "GW-%c-%04zu", (char)('A' + group), cell);
    return demo->id;
}

static bool cell_find(void *owner, const char *id, size_t *group, size_t *cell)
{
    struct demo *demo = owner;
    char letter;
    if (sscanf(id, "GW-%c-%zu", &letter, cell) != 2)
        return false;
    *group = (size_t)(letter - 'A');
    return *group < BUILDINGS && *cell < demo->groups[*group].count;
}

static void make_board(struct demo *demo)
{
    static const uint8_t wrong[BUILDINGS][4] = {
        {HEALTH_OFFLINE, HEALTH_STALE}, {HEALTH_CRITICAL}, {0}, {HEALTH_STALE, HEALTH_STALE, HEALTH_STALE},
        {HEALTH_WARNING}, {0}, {HEALTH_MAINTENANCE, HEALTH_MAINTENANCE}, {0}, {HEALTH_UNKNOWN}, {HEALTH_UNREACHABLE},
    };
    for (unsigned i = 0; i < BUILDINGS; i++) {
        unsigned bad = 0;
        for (unsigned j = 0; j < 4 && wrong[i][j]; j++)
            demo->cells[i][j] = wrong[i][bad = j], bad++;
        snprintf(demo->summaries[i], sizeof demo->summaries[i], "%u/110", 110 - bad);
        demo->groups[i] = (struct heat_group){.id = buildings[i], .name = buildings[i], .summary = demo->summaries[i],
                                              .role = bad ? ROLE_TEXT : ROLE_DIM, .cells = demo->cells[i], .count = 110};
    }
    demo->heat = heat_new();
    heat_refreshed(demo->heat, &(struct heat_source){.owner = demo, .groups = demo->groups, .count = BUILDINGS,
                                                     .cell_id = cell_id, .find = cell_find});
}

static const struct table_column columns[] = {
    {.name = "health", .title = "", .minimum = 1, .maximum = 1},
    {.name = "id", .title = "id", .minimum = 9, .maximum = 16, .cut = TEXT_CUT_MIDDLE},
    {.name = "name", .title = "name", .minimum = 12, .weight = 3, .cut = TEXT_CUT_MIDDLE, .strong = true},
    {.name = "place", .title = "place", .minimum = 8, .weight = 2, .cut = TEXT_CUT_MIDDLE, .drop = 1},
    {.name = "value", .title = "value", .minimum = 6, .right = true},
    {.name = "age", .title = "age", .minimum = 4, .right = true},
    {.name = "class", .title = "class", .minimum = 6, .maximum = 12, .drop = 3},
};

static void table_row(void *owner, size_t index, struct table_row *row)
{
    struct demo *demo = owner;
    static const char *const classes[] = {"水表", "电表", "temperature", "lighting", "压力"};
    unsigned dice = noise((unsigned)index * 2654435761u + 1);
    enum health health = dice % 37 == 0 ? (enum health)(dice / 37 % HEALTH_COUNT) : HEALTH_OK;
    snprintf(demo->text[0], sizeof demo->text[0], "%s", health == HEALTH_OK && !demo->surface.ascii ? "·" : "");
    if (!demo->text[0][0])
        snprintf(demo->text[0], 2, "%c", health_letter(health));
    snprintf(demo->text[1], sizeof demo->text[1], "T-%05zu", index);
    snprintf(demo->text[2], sizeof demo->text[2], "%s%u层%s终端%03u", buildings[dice % BUILDINGS], dice / 10 % 12 + 1,
             dice & 64 ? "东侧弱电间供水" : "", dice / 100 % 1000);
    snprintf(demo->text[3], sizeof demo->text[3], "%s %uF", buildings[dice % BUILDINGS], dice / 10 % 12 + 1);
    snprintf(demo->text[4], sizeof demo->text[4], "%.1f", (double)(dice % 4000) / 100);
    snprintf(demo->text[5], sizeof demo->text[5], "%us", dice % 60);
    row->id = demo->text[1];
    row->stale = health == HEALTH_STALE;
    row->unhandled = health_is_wrong(health);
    for (unsigned i = 0; i < 6; i++)
        row->cells[i] = (struct table_cell){demo->text[i], ROLE_TEXT};
    row->cells[0].role = (uint8_t)health_role(health);
    row->cells[1].role = ROLE_DIM;
    row->cells[3].role = ROLE_DIM;
    row->cells[6] = (struct table_cell){classes[dice / 7 % 5], ROLE_DIM};
}

static void tree_row(void *owner, const struct tree_node *node, struct table_row *row)
{
    (void)owner;
    row->cells[2] = (struct table_cell){node->id, ROLE_TEXT};
    row->cells[0] = (struct table_cell){node->branch ? "" : ".", ROLE_OK};
}

static void feed_tree(struct demo *demo)
{
    const char *wanted;
    while ((wanted = tree_wanted(demo->tree))) {
        char names[12][64];
        struct tree_node nodes[12];
        unsigned count = wanted[0] ? 6 : 1;
        for (unsigned i = 0; i < count; i++) {
            if (!wanted[0])
                snprintf(names[i], sizeof names[i], "创新港");
            else if (strcmp(wanted, "创新港") == 0)
                snprintf(names[i], sizeof names[i], "%s", buildings[i]);
            else
                snprintf(names[i], sizeof names[i], "%.40s/%u", wanted, i + 1);
            nodes[i] = (struct tree_node){.id = names[i], .branch = strlen(names[i]) < 14};
        }
        char *id = memory_text(wanted);
        tree_set_children(demo->tree, id, nodes, count);
        free(id);
    }
}

static bool check_field(void *owner, const char *name, const char *value, char *message, size_t size)
{
    (void)owner;
    if (strcmp(name, "for") == 0 && value[0] && strspn(value, "0123456789smhd") != strlen(value)) {
        snprintf(message, size, "a span: 30m, 2h, 3d");
        return false;
    }
    return true;
}

static void make_rest(struct demo *demo)
{
    static const char *const choices[] = {"critical", "major", "minor", NULL};
    static const struct form_field fields[] = {
        {.name = "match", .label = "匹配 match", .kind = FORM_TEXT, .value = "building~\"3号\" class:水表", .required = true},
        {.name = "for", .label = "时长 for", .hint = "30m, 2h, 3d", .kind = FORM_TEXT, .value = "2x"},
        {.name = "severity", .label = "severity", .kind = FORM_CHOICE, .choices = choices, .value = "major"},
        {.name = "page", .label = "page too", .kind = FORM_SWITCH, .value = "yes"},
        {.name = "why", .label = "原因 why", .hint = "who asked, until when", .kind = FORM_TEXT, .required = true},
    };
    static const struct menu_item items[] = {
        {"ack", "a", "acknowledge", "marked or current alerts", "alerts", false},
        {"silence", "s", "silence …", "by filter, with an end", "alerts", false},
        {"ticket", "t", "open a ticket", "needs role operator", "alerts", true},
        {"back", "[", "step back in time", NULL, "time", false},
        {"live", "=", "return to live", NULL, "time", false},
        {"quit", "q", "leave", "the daemon goes on", "program", false},
        {"filter", "/", "filter 过滤", "kind:gateway health:offline", "program", false},
    };
    static const char *const names[] = {"GW-A-0042 涵英楼 3F 弱电间2 · 供水网关042", "GW-B-0007 能源中心", "GW-D-0101",
                                        "GW-D-0102", "GW-D-0103", "GW-D-0104", "GW-D-0105", "GW-D-0106", "GW-D-0107"};
    static const struct dialog_choice answers[] = {{'y', "restart 9 gateways", ROLE_CRITICAL}, {'o', "only the current", ROLE_TEXT}};
    demo->table = table_new(columns, ARRAY_COUNT(columns));
    table_set_sort(demo->table, "name", false);
    table_refreshed(demo->table, &(struct table_source){.owner = demo, .total = ROWS, .count = ROWS, .row = table_row});
    demo->tree = tree_new(columns, ARRAY_COUNT(columns), tree_row, NULL, demo);
    feed_tree(demo);
    demo->form = form_new(fields, ARRAY_COUNT(fields), check_field, NULL);
    demo->menu = menu_new("help", items, ARRAY_COUNT(items));
    demo->dialog = dialog_new(&(struct dialog_options){.title = "Restart 9 gateways", .text =
        "They drop their terminals for about a minute; 312 terminals become unreachable. 重启期间不采集数据。",
        .names = names, .name_count = ARRAY_COUNT(names), .choices = answers, .choice_count = 2}, 0);
    demo->pager = pager_new();
    struct buffer text = BUFFER_INIT;
    for (int i = 1; i <= 60; i++)
        buffer_printf(&text, "%s%d. When the gateway is silent, look at its power strip first; 先检查弱电间电源，再检查"
                      "交换机端口。 Two of two were fixed by power.\n", i % 7 == 1 ? "\001D" : "", i);
    pager_set_text(demo->pager, buffer_text(&text), text.length, false);
    buffer_release(&text);
}

/* ---- pages ---- */

static void draw_plots(struct demo *demo, struct rect area)
{
    enum { N = 240 };
    static msec times[N];
    static double load[N], low[N], high[N], other[N];
    const msec from = 1763668800000, to = from + 4 * SPAN_HOUR; /* 2025-11-21 04:00 +08:00 */
    for (int i = 0; i < N; i++) {
        times[i] = from + i * SPAN_MINUTE;
        load[i] = 24 + 6 * sin(i / 25.0) + (double)(noise((unsigned)i + 7) % 100) / 60;
        low[i] = load[i] - 2;
        high[i] = load[i] + 2;
        other[i] = 18 + 3 * cos(i / 40.0);
        if (i > 120 && i < 150)
            load[i] = low[i] = high[i] = NAN;
    }
    struct chart_series series[] = {
        {"温度", ROLE_CHART, N, times, load, low, high, 5 * SPAN_MINUTE},
        {"湿度", ROLE_CHART_2, N, times, other, NULL, NULL, 0},
    };
    struct chart chart = {.unit = "°C", .from = from, .to = to, .series = series, .count = 2, .floor = NAN,
                          .ceiling = NAN, .limit = 30, .empty = "no reading in this span"};
    const struct strip_interval intervals[] = {
        {from, from + 100 * SPAN_MINUTE, HEALTH_OK}, {from + 100 * SPAN_MINUTE, from + 112 * SPAN_MINUTE, HEALTH_STALE},
        {from + 112 * SPAN_MINUTE, from + 150 * SPAN_MINUTE, HEALTH_OFFLINE}, {from + 150 * SPAN_MINUTE, CLOCK_NEVER, HEALTH_OK},
    };
    struct rect top = rect_cut_top(&area, area.rows * 2 / 3);
    chart_draw(&demo->surface, top, &chart);
    struct surface *s = &demo->surface;
    int row = area.row, wide = area.columns - 12 > 60 ? 60 : area.columns - 12;
    surface_text(s, row, area.column, 8, ROLE_DIM, "health");
    strip_draw(s, row++, area.column + 9, wide, intervals, 4, from, to);
    time_axis_draw(s, row++, area.column + 9, wide, from, to);
    surface_text(s, row, area.column, 8, ROLE_DIM, "link");
    spark_draw(s, row++, area.column + 9, 30, ROLE_CHART, load, N, 0, 40);
    for (int i = 0; i < 3 && row < area.row + area.rows; i++, row++) {
        surface_printf(s, row, area.column, 8, ROLE_TEXT, "disk %d %%", 31 * (i + 1));
        gauge_draw(s, row, area.column + 9, 20, i == 2 ? ROLE_CRITICAL : ROLE_GAUGE, 0.31 * (i + 1));
    }
    if (area.rows > 8) {
        chart.style = CHART_BLOCK;
        chart.count = 1;
        rect_cut_top(&area, 6);
        chart_draw(s, area, &chart);
    }
}

static void draw_roles(struct demo *demo, struct rect area)
{
    for (int i = 0; i < ROLE_COUNT; i++) {
        int row = area.row + i % area.rows, column = area.column + 1 + i / area.rows * 38;
        surface_printf(&demo->surface, row, column, 16, (uint8_t)i, "%s", theme_role_name((enum role)i));
        surface_text(&demo->surface, row, column + 17, 8, (uint8_t)i, "C 网关离线");
        surface_text(&demo->surface, row, column + 27, 8, (uint8_t)(i | ROLE_REVERSE), "cursor");
    }
}

static void draw(struct demo *demo)
{
    static const struct tab tabs[] = {{'1', "Board", 0, 0}, {'2', "Alerts", 14, ROLE_CRITICAL}, {'3', "Charts", 0, 0},
                                      {'4', "Form", 0, 0}, {'5', "Dialog", 5, ROLE_TEXT}, {'6', "Help", 0, 0},
                                      {'7', "Tree", 0, 0}, {'8', "Text", 0, 0}, {'9', "Roles", 0, 0}};
    struct surface *s = &demo->surface;
    surface_clear(s);
    if (s->rows < 6 || s->columns < 24) {
        small_draw(s, 6, 24, "C3 M12 m41", "too small");
        return;
    }
    struct rect area = {0, 0, s->rows, s->columns};
    struct rect title = rect_cut_top(&area, 1), bar = rect_cut_top(&area, 1), hints = rect_cut_bottom(&area, 1);
    struct rect line = rect_cut_bottom(&area, 1);
    rect_cut_top(&area, 1);
    surface_text(s, title.row, 1, 40, ROLE_TITLE, "港区 创新港");
    split_line_draw(s, title.row, 30, s->columns - 31, ROLE_TEXT, "", "C3 M12 m41   22/s 1s  03:42");
    tabs_draw(s, bar.row, 0, s->columns, tabs, ARRAY_COUNT(tabs), demo->page - 1);
    area = rect_inset(area, 0, 1);
    switch (demo->page) {
    case 1: heat_draw(demo->heat, s, area); break;
    case 2: table_draw(demo->table, s, area); break;
    case 3: draw_plots(demo, area); break;
    case 4: form_draw(demo->form, s, area); break;
    case 5: {
        int rows, wide;
        table_draw(demo->table, s, area);
        dialog_size(demo->dialog, area.columns, &rows, &wide);
        dialog_draw(demo->dialog, s, dialog_place(area, rows, wide, 0));
        break;
    }
    case 6: {
        int rows, wide;
        table_draw(demo->table, s, area);
        menu_size(demo->menu, area.columns, &rows, &wide);
        menu_draw(demo->menu, s, dialog_place(area, rows, wide, 0));
        break;
    }
    case 7: tree_draw(demo->tree, s, area); break;
    case 8: pager_draw(demo->pager, s, area); break;
    default: draw_roles(demo, area);
    }
    const char *id = demo->page == 1 ? heat_cursor_id(demo->heat) : demo->page == 2 ? table_cursor_id(demo->table) : "";
    split_line_draw(s, line.row, 1, s->columns - 2, ROLE_DIM, demo->said.length ? buffer_text(&demo->said) : id,
                    "all sources fresh");
    hints_draw(s, hints.row, 1, s->columns - 2, "Enter open  v group by  / filter  n next wrong  a ack  t ticket  [ back in time  ? help");
}

static void key(struct demo *demo, const struct key_event *event)
{
    char name[24];
    key_name(event, name);
    buffer_clear(&demo->said);
    if (event->special == KEY_PASTE_BEGIN || event->special == KEY_PASTE_END)
        demo->pasting = event->special == KEY_PASTE_BEGIN;
    if (demo->pasting) { /* text, never commands */
        if (demo->page == 4)
            form_key(demo->form, event);
        return;
    }
    if (event->special == KEY_HANGUP || strcmp(name, "C-c") == 0 || strcmp(name, "q") == 0)
        demo->done = true;
    else if (strcmp(name, "C-z") == 0)
        screen_suspend(demo->screen);
    else if (strcmp(name, "C-l") == 0)
        screen_redraw(demo->screen);
    else if (strcmp(name, "F12") == 0)
        abort();
    else if (strcmp(name, "F11") == 0)
        screen_copy(demo->screen, "泵房", strlen("泵房"), NULL);
    else if (strcmp(name, "F10") == 0)
        screen_describe(demo->screen, &demo->said);
    else if (event->special == KEY_CHAR && event->code >= '1' && event->code <= '9' && !event->alt)
        demo->page = event->code - '0';
    else if (demo->page == 1)
        heat_key(demo->heat, event);
    else if (demo->page == 2)
        table_key(demo->table, event);
    else if (demo->page == 4)
        form_key(demo->form, event);
    else if (demo->page == 6)
        menu_key(demo->menu, event);
    else if (demo->page == 7) {
        tree_key(demo->tree, event);
        feed_tree(demo);
    } else if (demo->page == 8)
        pager_key(demo->pager, event);
    else
        buffer_append_text(&demo->said, name);
}

static volatile sig_atomic_t resized;

static void on_resize(int number)
{
    (void)number;
    resized = 1;
}

static void run(struct demo *demo)
{
    struct sigaction action = {.sa_handler = on_resize};
    sigset_t held, open;
    sigaction(SIGWINCH, &action, NULL);
    sigemptyset(&held);
    sigaddset(&held, SIGWINCH);
    sigprocmask(SIG_BLOCK, &held, &open); /* taken only while waiting, so that none is missed */
    surface_init(&demo->surface, screen_rows(demo->screen), screen_columns(demo->screen), screen_ascii(demo->screen));
    while (!demo->done && !screen_gone(demo->screen)) {
        struct key_event event;
        if (resized) {
            resized = 0;
            if (screen_resize(demo->screen))
                surface_resize(&demo->surface, screen_rows(demo->screen), screen_columns(demo->screen));
        }
        while (!demo->done && screen_read(demo->screen, &event))
            key(demo, &event);
        if (demo->done)
            break;
        int wait = -1;
        if (screen_ready(demo->screen, clock_steady(), &wait)) {
            draw(demo);
            screen_show(demo->screen, &demo->surface);
        }
        int timeout = screen_timeout(demo->screen);
        if (wait >= 0 && (timeout < 0 || wait < timeout))
            timeout = wait;
        struct pollfd watch = {.fd = screen_fd(demo->screen), .events = POLLIN};
        if (!screen_flush(demo->screen))
            watch.events |= POLLOUT;
        struct timespec span = {timeout / 1000, timeout % 1000 * 1000000L};
        ppoll(&watch, 1, timeout < 0 ? NULL : &span, &open);
    }
}

int main(int count, char **arguments)
{
    struct error error;
    struct demo demo = {.page = 1};
    struct screen_options options = {.fd = 0, .mouse = true};
    const char *theme = NULL;
    locale_init();
    for (int i = 1; i < count; i++) {
        if (strcmp(arguments[i], "--theme") == 0 && i + 1 < count)
            theme = arguments[++i];
        else if (strcmp(arguments[i], "--ascii") == 0)
            options.ascii = true;
        else if (strcmp(arguments[i], "--rate") == 0 && i + 1 < count)
            options.bytes_per_second = (size_t)atol(arguments[++i]);
        else
            demo.page = (unsigned)atoi(arguments[i]);
    }
    demo.theme = theme_load(theme, &error);
    if (!demo.theme) {
        fprintf(stderr, "%s\n", error.text);
        return 2;
    }
    make_board(&demo);
    make_rest(&demo);
    demo.screen = screen_open(&options, demo.theme, &error);
    if (!demo.screen) {
        fprintf(stderr, "%s\n", error.text);
        return 1;
    }
    screen_title(demo.screen, "demo \033]0;x\a泵房"); /* cleaned on its way */
    run(&demo);
    screen_close(&demo.screen);
    surface_release(&demo.surface);
    heat_free(&demo.heat);
    table_free(&demo.table);
    tree_free(&demo.tree);
    form_free(&demo.form);
    dialog_free(&demo.dialog);
    menu_free(&demo.menu);
    pager_free(&demo.pager);
    buffer_release(&demo.said);
    theme_free(&demo.theme);
    return 0;
}
