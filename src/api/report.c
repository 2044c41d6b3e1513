#include "api/report.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <xlsxwriter.h>

#include "base/csv.h"
#include "base/memory.h"
#include "base/text.h"

#define COLUMNS_MAX 32
#define WIDTH_MAX 48 /* columns of a column in plain text */

struct cell {
    char *text;                   /* as it is read; NULL empty */
    double number;                /* of a number or a date (days since 1899-12-30); NAN: none */
};

struct report {
    char *title;
    struct buffer remarks;        /* lines */
    struct { char *heading; enum report_column kind; } column[COLUMNS_MAX];
    unsigned columns;
    struct cell *cells;           /* row by row */
    size_t rows, cell_capacity;
    unsigned at;                  /* the next cell of the row being written */
};

static const struct { const char *name, *content_type; } formats[REPORT_FORMAT_COUNT] = {
    [REPORT_TXT] = {"txt", "text/plain; charset=utf-8"},
    [REPORT_MD] = {"md", "text/markdown; charset=utf-8"},
    [REPORT_CSV] = {"csv", "text/csv; charset=utf-8"},
    [REPORT_XLSX] = {"xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
};

bool report_format_parse(const char *name, enum report_format *format)
{
    for (int i = 0; i < REPORT_FORMAT_COUNT; i++)
        if (strcmp(formats[i].name, name) == 0) {
            *format = (enum report_format)i;
            return true;
        }
    return false;
}

const char *report_format_name(enum report_format format)
{
    return formats[format].name;
}

const char *report_content_type(enum report_format format)
{
    return formats[format].content_type;
}

/* ---- filling ---- */

struct report *report_new(const char *title)
{
    struct report *report = memory_new(sizeof *report);
    report->title = memory_text(title);
    return report;
}

void report_free(struct report **report)
{
    struct report *gone = *report;
    if (!gone)
        return;
    for (size_t i = 0; i < gone->cell_capacity; i++)
        free(gone->cells[i].text);
    for (unsigned i = 0; i < gone->columns; i++)
        free(gone->column[i].heading);
    buffer_release(&gone->remarks);
    free(gone->cells);
    free(gone->title);
    free(gone);
    *report = NULL;
}

void report_remark(struct report *report, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    buffer_vprintf(&report->remarks, format, arguments);
    va_end(arguments);
    buffer_append_char(&report->remarks, '\n');
}

void report_add_column(struct report *report, const char *heading, enum report_column kind)
{
    report->column[report->columns].heading = memory_text(heading);
    report->column[report->columns++].kind = kind;
}

static const struct cell *cell_of(const struct report *report, size_t row, unsigned column)
{
    return &report->cells[row * report->columns + column];
}

static struct cell *next_cell(struct report *report)
{
    size_t need = (report->rows + 1) * report->columns, had = report->cell_capacity;
    ARRAY_RESERVE(report->cells, report->cell_capacity, need);
    for (size_t i = had; i < report->cell_capacity; i++)
        report->cells[i] = (struct cell){NULL, NAN};
    return &report->cells[report->rows * report->columns + report->at++];
}

void report_text(struct report *report, const char *text)
{
    struct cell *cell = next_cell(report);
    struct buffer clean = BUFFER_INIT;
    text_clean(&clean, text, strlen(text));
    cell->text = clean.length ? buffer_take(&clean) : NULL;
}

void report_number(struct report *report, double number, unsigned significant)
{
    struct cell *cell = next_cell(report);
    char text[40];
    if (!isfinite(number))
        return;
    if (significant > 0 && number != 0) {
        double scale = pow(10, significant - 1 - floor(log10(fabs(number))));
        number = isfinite(scale) && scale > 0 ? round(number * scale) / scale : number;
    }
    cell->number = number;
    text_format_number(text, sizeof text, number);
    cell->text = memory_text(text);
}

void report_date(struct report *report, msec instant)
{
    struct cell *cell = next_cell(report);
    if (instant == CLOCK_NEVER)
        return;
    time_t seconds = (time_t)(instant / 1000);
    struct tm local;
    char text[40];
    localtime_r(&seconds, &local);
    strftime(text, sizeof text, "%Y-%m-%d %H:%M", &local);
    cell->text = memory_text(text);
    cell->number = 25569.0 + (double)(seconds + local.tm_gmtoff) / 86400.0;
}

void report_row_end(struct report *report)
{
    if (report->at == 0)
        report_text(report, "");
    report->rows++;
    report->at = 0;
}

/* ---- text ---- */

static void put_padded(struct buffer *out, const char *text, int width, bool right)
{
    struct buffer fitted = BUFFER_INIT;
    int used = text_fit(&fitted, text ? text : "", width, TEXT_CUT_MIDDLE, false);
    if (right)
        buffer_printf(out, "%*s", width - used, "");
    buffer_append(out, buffer_text(&fitted), fitted.length);
    if (!right)
        buffer_printf(out, "%*s", width - used, "");
    buffer_release(&fitted);
}

static void write_txt(const struct report *report, struct buffer *out)
{
    int width[COLUMNS_MAX];
    for (unsigned column = 0; column < report->columns; column++) {
        width[column] = text_width(report->column[column].heading);
        for (size_t row = 0; row < report->rows; row++) {
            const char *text = cell_of(report, row, column)->text;
            int wide = text ? text_width(text) : 0;
            width[column] = wide > width[column] ? wide : width[column];
        }
        if (width[column] > WIDTH_MAX && column + 1 < report->columns)
            width[column] = WIDTH_MAX;
    }
    buffer_printf(out, "%s\n%s\n", report->title, buffer_text(&report->remarks));
    for (size_t line = 0; line <= report->rows; line++) {
        for (unsigned column = 0; column < report->columns; column++) {
            const char *text = line == 0 ? report->column[column].heading : cell_of(report, line - 1, column)->text;
            put_padded(out, text, width[column], report->column[column].kind == REPORT_NUMBER);
            buffer_append_text(out, column + 1 < report->columns ? "  " : "");
        }
        while (out->length > 0 && out->data[out->length - 1] == ' ')
            out->data[--out->length] = '\0';
        buffer_append_char(out, '\n');
    }
}

static void put_markdown(struct buffer *out, const char *text)
{
    for (; text && *text; text++) {
        if (strchr("|\\`*_<>[]", *text))
            buffer_append_char(out, '\\');
        buffer_append_char(out, *text);
    }
}

static void write_md(const struct report *report, struct buffer *out)
{
    buffer_printf(out, "# %s\n\n", report->title);
    for (const char *at = buffer_text(&report->remarks); *at;) {
        size_t length = strcspn(at, "\n");
        buffer_printf(out, "%.*s\n\n", (int)length, at);
        at += length + (at[length] == '\n');
    }
    for (size_t line = 0; line <= report->rows; line++) {
        for (unsigned column = 0; column < report->columns; column++) {
            buffer_append_text(out, "| ");
            put_markdown(out, line == 0 ? report->column[column].heading : cell_of(report, line - 1, column)->text);
            buffer_append_char(out, ' ');
        }
        buffer_append_text(out, "|\n");
        for (unsigned column = 0; line == 0 && column < report->columns; column++)
            buffer_append_text(out, report->column[column].kind == REPORT_NUMBER ? "|---:" : "|---");
        buffer_append_text(out, line == 0 ? "|\n" : "");
    }
}

static void write_csv(const struct report *report, struct buffer *out)
{
    buffer_append_text(out, CSV_BOM);
    for (size_t line = 0; line <= report->rows; line++) {
        for (unsigned column = 0; column < report->columns; column++) {
            const char *text = line == 0 ? report->column[column].heading : cell_of(report, line - 1, column)->text;
            buffer_append_text(out, column ? "," : "");
            csv_cell(out, text ? text : "");
        }
        buffer_append_text(out, "\r\n");
    }
}

/* ---- a spreadsheet ---- */

struct styles { lxw_format *title, *heading, *date, *wrap; };

static void sheet_rows(const struct report *report, lxw_worksheet *sheet, const struct styles *styles, lxw_row_t first)
{
    for (unsigned column = 0; column < report->columns; column++)
        worksheet_write_string(sheet, first, (lxw_col_t)column, report->column[column].heading, styles->heading);
    for (size_t row = 0; row < report->rows; row++)
        for (unsigned column = 0; column < report->columns; column++) {
            const struct cell *cell = cell_of(report, row, column);
            lxw_row_t at = first + 1 + (lxw_row_t)row;
            if (isfinite(cell->number))
                worksheet_write_number(sheet, at, (lxw_col_t)column, cell->number, report->column[column].kind == REPORT_DATE ? styles->date : NULL);
            else if (cell->text)
                worksheet_write_string(sheet, at, (lxw_col_t)column, cell->text, NULL);
        }
}

static void sheet_widths(const struct report *report, lxw_worksheet *sheet)
{
    for (unsigned column = 0; column < report->columns; column++) {
        int width = text_width(report->column[column].heading);
        for (size_t row = 0; row < report->rows && row < 1000; row++) {
            const char *text = cell_of(report, row, column)->text;
            int wide = text ? text_width(text) : 0;
            width = wide > width ? wide : width;
        }
        worksheet_set_column(sheet, (lxw_col_t)column, (lxw_col_t)column, (width > 60 ? 60 : width) + 2, NULL);
    }
}

static void fill_book(const struct report *report, lxw_workbook *book)
{
    lxw_worksheet *sheet = workbook_add_worksheet(book, NULL);
    struct styles styles = {workbook_add_format(book), workbook_add_format(book), workbook_add_format(book), workbook_add_format(book)};
    format_set_bold(styles.title);
    format_set_font_size(styles.title, 14);
    format_set_bold(styles.heading);
    format_set_bottom(styles.heading, LXW_BORDER_THIN);
    format_set_num_format(styles.date, "yyyy-mm-dd hh:mm");
    worksheet_write_string(sheet, 0, 0, report->title, styles.title);
    lxw_row_t row = 1;
    char line[2048];
    for (const char *at = buffer_text(&report->remarks); *at;) {
        size_t length = strcspn(at, "\n");
        snprintf(line, sizeof line, "%.*s", (int)length, at);
        worksheet_write_string(sheet, row++, 0, line, NULL);
        at += length + (at[length] == '\n');
    }
    row++;
    sheet_widths(report, sheet);
    sheet_rows(report, sheet, &styles, row);
    if (report->columns > 0)
        worksheet_autofilter(sheet, row, 0, row + (lxw_row_t)report->rows, (lxw_col_t)(report->columns - 1));
    worksheet_freeze_panes(sheet, row + 1, 0);
}

static bool read_back(const char *path, struct buffer *out, struct error *error)
{
    FILE *file = fopen(path, "re");
    char piece[65536];
    size_t length;
    if (!file)
        return error_set(error, ERROR_UNAVAILABLE, "%s: %s", path, strerror(errno));
    while ((length = fread(piece, 1, sizeof piece, file)) > 0)
        buffer_append(out, piece, length);
    fclose(file);
    return true;
}

static bool write_xlsx(const struct report *report, const char *directory, struct buffer *out, struct error *error)
{
    char path[4200];
    snprintf(path, sizeof path, "%.4000s/report.XXXXXX", *directory ? directory : "/tmp");
    int file = mkstemp(path);
    if (file < 0)
        return error_set(error, ERROR_UNAVAILABLE, "%.200s: %s", path, strerror(errno));
    close(file);
    lxw_workbook_options options = {.constant_memory = LXW_FALSE, .tmpdir = *directory ? (char *)directory : NULL};
    lxw_workbook *book = workbook_new_opt(path, &options);
    fill_book(report, book);
    lxw_error failed = workbook_close(book);
    bool good = failed ? error_set(error, ERROR_FULL, "the spreadsheet could not be written: %s", lxw_strerror(failed)) : read_back(path, out, error);
    unlink(path);
    return good;
}

bool report_write(const struct report *report, enum report_format format, const char *directory, struct buffer *out,
                  struct error *error)
{
    switch (format) {
    case REPORT_TXT: write_txt(report, out); return true;
    case REPORT_MD: write_md(report, out); return true;
    case REPORT_CSV: write_csv(report, out); return true;
    default: return write_xlsx(report, directory, out, error);
    }
}
