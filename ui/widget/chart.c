#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/text.h"
#include "widget/plot.h"

#define WILD 1e100 /* a value beyond is a device's mistake */

/* A canvas of dots: 2x4 a cell in braille, 1x8 in blocks, 1x1 in ASCII. */
struct canvas {
    int rows, columns;       /* cells */
    int across, down;        /* dots a cell */
    int width, height;       /* dots */
    uint16_t *dots;          /* a bit a dot, by cell */
    uint8_t *roles;          /* by cell */
    msec from, to;
    double low, high;
};

double chart_step(double low, double high, int parts)
{
    double rough = (high - low) / (parts > 0 ? parts : 1);
    if (!(rough > 0) || isinf(rough))
        return 1;
    double power = pow(10, floor(log10(rough)));
    double digit = rough / power;
    return power * (digit <= 1 ? 1 : digit <= 2 ? 2 : digit <= 5 ? 5 : 10);
}

static void canvas_dot(struct canvas *canvas, int x, int y, uint8_t role)
{
    if (x < 0 || x >= canvas->width || y < 0 || y >= canvas->height)
        return;
    int cell = (canvas->rows - 1 - y / canvas->down) * canvas->columns + x / canvas->across;
    if (canvas->roles[cell] == ROLE_DIM && role != ROLE_DIM)
        canvas->dots[cell] = 0; /* a line is seen within its band */
    canvas->dots[cell] |= (uint16_t)(1u << (x % canvas->across * canvas->down + y % canvas->down));
    canvas->roles[cell] = role;
}

static int canvas_x(const struct canvas *canvas, msec time)
{
    return (int)((double)(time - canvas->from) / (double)(canvas->to - canvas->from) * canvas->width);
}

static int canvas_y(const struct canvas *canvas, double value)
{
    double part = (value - canvas->low) / (canvas->high - canvas->low);
    return (int)lround(fmin(fmax(part, 0), 1) * (canvas->height - 1));
}

static void canvas_column(struct canvas *canvas, int x, int low, int high, uint8_t role)
{
    for (int y = low; y <= high; y++)
        canvas_dot(canvas, x, y, role);
}

/* The band between two points is drawn along with them, so that it is one shape however far apart they stand. */
static void draw_band(struct canvas *canvas, const struct chart_series *series)
{
    size_t before = SIZE_MAX;
    for (size_t i = 0; series->low && series->high && i < series->count; i++) {
        if (series->times[i] < canvas->from || series->times[i] > canvas->to || isnan(series->low[i]) ||
            isnan(series->high[i])) {
            before = SIZE_MAX;
            continue;
        }
        if (before != SIZE_MAX && series->gap > 0 && series->times[i] - series->times[before] > series->gap)
            before = SIZE_MAX;
        size_t from = before != SIZE_MAX ? before : i;
        int x0 = canvas_x(canvas, series->times[from]), x1 = canvas_x(canvas, series->times[i]);
        for (int x = x0; x <= x1; x++) {
            double part = x1 > x0 ? (double)(x - x0) / (x1 - x0) : 1;
            double low = series->low[from] + (series->low[i] - series->low[from]) * part;
            double high = series->high[from] + (series->high[i] - series->high[from]) * part;
            canvas_column(canvas, x, canvas_y(canvas, low), canvas_y(canvas, high), ROLE_DIM);
        }
        before = i;
    }
}

/* From one point to the next: every column between has a dot, steep parts are filled upward. */
static void draw_segment(struct canvas *canvas, int x0, int y0, int x1, int y1, uint8_t role)
{
    if (x0 == x1) {
        canvas_column(canvas, x0, y0 < y1 ? y0 : y1, y0 < y1 ? y1 : y0, role);
        return;
    }
    int before = y0;
    for (int x = x0; x <= x1; x++) {
        int y = y0 + (int)lround((double)(y1 - y0) * (x - x0) / (x1 - x0));
        int low = before < y ? before + (x > x0) : before > y ? y : y;
        int high = before < y ? y : before > y ? before - (x > x0) : y;
        canvas_column(canvas, x, low, high, role);
        before = y;
    }
}

static void draw_line(struct canvas *canvas, const struct chart_series *series)
{
    bool joined = false;
    int x0 = 0, y0 = 0;
    for (size_t i = 0; i < series->count; i++) {
        if (isnan(series->values[i]) || series->times[i] < canvas->from || series->times[i] > canvas->to) {
            joined = false;
            continue;
        }
        int x = canvas_x(canvas, series->times[i]);
        if (x == canvas->width)
            x--; /* the last instant */
        int y = canvas_y(canvas, series->values[i]);
        if (joined && series->gap > 0 && i > 0 && series->times[i] - series->times[i - 1] > series->gap)
            joined = false;
        if (joined)
            draw_segment(canvas, x0, y0, x, y, series->role);
        else
            canvas_dot(canvas, x, y, series->role);
        x0 = x;
        y0 = y;
        joined = true;
    }
}

/* Blocks show a filled height, the highest value of each column. */
static void draw_blocks(struct canvas *canvas, const struct chart_series *series)
{
    msec before = CLOCK_NEVER;
    int height = -1;
    for (size_t i = 0; i < series->count; i++) {
        if (isnan(series->values[i]) || series->times[i] < canvas->from || series->times[i] > canvas->to) {
            before = CLOCK_NEVER;
            continue;
        }
        int x = canvas_x(canvas, series->times[i]);
        if (before != CLOCK_NEVER && (series->gap == 0 || series->times[i] - before <= series->gap))
            for (int between = canvas_x(canvas, before) + 1; between < x; between++)
                canvas_column(canvas, between, 0, height, series->role);
        height = canvas_y(canvas, series->values[i]);
        canvas_column(canvas, x < canvas->width ? x : canvas->width - 1, 0, height, series->role);
        before = series->times[i];
    }
}

static uint32_t braille(uint16_t dots)
{
    /* Bit of our dot (column-wise from below) to Unicode's dot number. */
    static const uint8_t bits[8] = {0x40, 0x04, 0x02, 0x01, 0x80, 0x20, 0x10, 0x08};
    uint32_t code = 0x2800;
    for (int i = 0; i < 8; i++)
        code |= dots & 1u << i ? bits[i] : 0u;
    return code;
}

static uint32_t cell_code(uint16_t dots, uint8_t role, enum chart_style style)
{
    switch (style) {
    case CHART_BRAILLE:
        return braille(dots);
    case CHART_BLOCK: {
        unsigned eighths = 0;
        for (int i = 0; i < 8; i++)
            eighths = dots & 1u << i ? (unsigned)i + 1 : eighths;
        return glyph_bar(eighths, false);
    }
    default:
        return role == ROLE_DIM ? ':' : '*'; /* the band, the line */
    }
}

static void canvas_put(const struct canvas *canvas, struct surface *surface, int row, int column, enum chart_style style)
{
    for (int y = 0; y < canvas->rows; y++)
        for (int x = 0; x < canvas->columns; x++) {
            int cell = y * canvas->columns + x;
            if (canvas->dots[cell])
                surface_put(surface, row + y, column + x, canvas->roles[cell],
                            cell_code(canvas->dots[cell], canvas->roles[cell], style));
        }
}

static void widen(double *low, double *high, double value)
{
    if (!(fabs(value) <= WILD))
        return; /* no axis can hold it; it is drawn at the edge */
    *low = fmin(*low, value);
    *high = fmax(*high, value);
}

/* The values in sight; false when there is none. */
static bool find_range(const struct chart *chart, double *low, double *high)
{
    *low = *high = NAN;
    for (unsigned s = 0; s < chart->count; s++) {
        const struct chart_series *series = &chart->series[s];
        for (size_t i = 0; i < series->count; i++) {
            if (series->times[i] < chart->from || series->times[i] > chart->to || isnan(series->values[i]))
                continue;
            widen(low, high, series->values[i]);
            if (series->low && series->high) {
                widen(low, high, series->low[i]);
                widen(low, high, series->high[i]);
            }
        }
    }
    if (isnan(*low))
        return false;
    widen(low, high, chart->floor);
    widen(low, high, chart->ceiling);
    widen(low, high, chart->limit);
    return true;
}

struct value_axis {
    double low, high, step;
    int width; /* of the labels with the blank after them */
};

static void axis_label(char out[48], const struct chart *chart, const struct value_axis *axis, double value)
{
    char number[32];
    if (fabs(value) < axis->step / 1000)
        value = 0; /* not -1e-17 */
    text_format_number(number, sizeof number, value);
    bool top = value + axis->step / 2 > axis->high;
    snprintf(out, 48, "%s%s%.12s", number, top && chart->unit && chart->unit[0] ? " " : "",
             top && chart->unit ? chart->unit : "");
}

static void axis_make(struct value_axis *axis, const struct chart *chart, double low, double high, int rows)
{
    if (!(high > low)) { /* one value only: give it air */
        double air = fabs(low) > 0 ? fabs(low) * 0.1 : 1;
        low -= air;
        high += air;
    }
    axis->step = chart_step(low, high, rows >= 12 ? rows / 3 : rows >= 5 ? rows / 2 : 1);
    axis->low = floor(low / axis->step + 1e-9) * axis->step;
    axis->high = ceil(high / axis->step - 1e-9) * axis->step;
    axis->width = 0;
    for (double value = axis->low; value <= axis->high + axis->step / 2; value += axis->step) {
        char label[48];
        axis_label(label, chart, axis, value);
        int width = text_width(label) + 1;
        axis->width = width > axis->width ? width : axis->width;
    }
}

static void axis_draw(const struct value_axis *axis, const struct chart *chart, const struct canvas *canvas,
                      struct surface *surface, int row, int column)
{
    int last = -1;
    for (double value = axis->high; value >= axis->low - axis->step / 2; value -= axis->step) {
        char label[48];
        int at = canvas->rows - 1 - canvas_y(canvas, value) / canvas->down;
        if (at == last)
            continue;
        last = at;
        axis_label(label, chart, axis, value);
        surface_text_right(surface, row + at, column, axis->width - 1, ROLE_DIM, label);
    }
}

static void limit_draw(const struct chart *chart, struct surface *surface, const struct canvas *canvas, int row, int column)
{
    int at = canvas->rows - 1 - canvas_y(canvas, chart->limit) / canvas->down;
    for (int x = 0; x < canvas->columns; x += surface->ascii ? 2 : 1)
        if (!canvas->dots[at * canvas->columns + x])
            surface_put(surface, row + at, column + x, ROLE_WARNING, surface->ascii ? '-' : 0x254c);
}

static void legend_draw(const struct chart *chart, struct surface *surface, int row, int column, int columns)
{
    int at = column + columns;
    for (unsigned i = chart->count; i-- > 0 && chart->count > 1;) {
        const char *name = chart->series[i].name ? chart->series[i].name : "";
        int width = text_width(name);
        if (at - width < column)
            return;
        at -= width;
        surface_text(surface, row, at, width, chart->series[i].role, name);
        at -= 2;
    }
}

static void canvas_init(struct canvas *canvas, const struct chart *chart, const struct value_axis *axis,
                        enum chart_style style, int rows, int columns)
{
    *canvas = (struct canvas){.rows = rows, .columns = columns, .from = chart->from, .to = chart->to,
                              .low = axis->low, .high = axis->high};
    canvas->across = style == CHART_BRAILLE ? 2 : 1;
    canvas->down = style == CHART_BRAILLE ? 4 : style == CHART_BLOCK ? 8 : 1;
    canvas->width = columns * canvas->across;
    canvas->height = rows * canvas->down;
    canvas->dots = memory_new_array((size_t)rows * (size_t)columns, sizeof *canvas->dots);
    canvas->roles = memory_new_array((size_t)rows * (size_t)columns, sizeof *canvas->roles);
}

void chart_draw(struct surface *surface, struct rect area, const struct chart *chart)
{
    enum chart_style style = surface->ascii                ? CHART_ASCII
                             : chart->style == CHART_BEST ? CHART_BRAILLE
                                                          : chart->style;
    struct value_axis axis;
    struct canvas canvas;
    double low, high;
    surface_fill(surface, area, ' ', ROLE_TEXT);
    if (area.rows < 1 || area.columns < 8 || chart->to <= chart->from)
        return;
    if (!find_range(chart, &low, &high)) {
        surface_text(surface, area.row + area.rows / 2, area.column, area.columns, ROLE_DIM, chart->empty);
        if (area.rows > 2)
            time_axis_draw(surface, area.row + area.rows - 1, area.column, area.columns, chart->from, chart->to);
        return;
    }
    int rows = area.rows > 2 ? area.rows - 1 : area.rows;
    axis_make(&axis, chart, low, high, rows);
    if (axis.width > area.columns / 2)
        axis.width = 0;
    int column = area.column + axis.width, columns = area.columns - axis.width;
    canvas_init(&canvas, chart, &axis, style, rows, columns);
    for (unsigned i = 0; i < chart->count && style != CHART_BLOCK; i++)
        draw_band(&canvas, &chart->series[i]);
    for (unsigned i = chart->count; i-- > 0;) { /* the first lies on top */
        if (style == CHART_BLOCK)
            draw_blocks(&canvas, &chart->series[i]);
        else
            draw_line(&canvas, &chart->series[i]);
    }
    if (axis.width > 0)
        axis_draw(&axis, chart, &canvas, surface, area.row, area.column);
    if (fabs(chart->limit) <= WILD)
        limit_draw(chart, surface, &canvas, area.row, column);
    canvas_put(&canvas, surface, area.row, column, style);
    legend_draw(chart, surface, area.row, column, columns);
    if (rows < area.rows)
        time_axis_draw(surface, area.row + rows, column, columns, chart->from, chart->to);
    free(canvas.dots);
    free(canvas.roles);
}
