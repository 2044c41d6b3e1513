/* A report as a document: a title, remarks, one table; as plain text, Markdown, CSV or a spreadsheet. Private to src/api. */
#ifndef API_REPORT_H
#define API_REPORT_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/error.h"

enum report_format { REPORT_TXT, REPORT_MD, REPORT_CSV, REPORT_XLSX, REPORT_FORMAT_COUNT };
bool report_format_parse(const char *name, enum report_format *format);
const char *report_format_name(enum report_format format);   /* "xlsx" */
const char *report_content_type(enum report_format format);

enum report_column { REPORT_TEXT, REPORT_NUMBER, REPORT_DATE };

struct report;
struct report *report_new(const char *title);
void report_free(struct report **report);
void report_remark(struct report *report, const char *format, ...) __attribute__((format(printf, 2, 3)));
void report_add_column(struct report *report, const char *heading, enum report_column kind);
/* Cells of the row being written, from left to right; what is left out is empty. NaN and CLOCK_NEVER are empty. */
void report_text(struct report *report, const char *text);
void report_number(struct report *report, double number, unsigned significant); /* digits that are shown; 0: six */
void report_date(struct report *report, msec instant);
void report_row_end(struct report *report);
/* Append the document. A spreadsheet is written through a temporary file in `directory`. */
bool report_write(const struct report *report, enum report_format format, const char *directory, struct buffer *out,
                  struct error *error);

#endif
