/* CSV for people's spreadsheets: RFC 4180 quoting, and no cell that a spreadsheet would take for a formula. */
#ifndef BASE_CSV_H
#define BASE_CSV_H

#include "base/buffer.h"

#define CSV_BOM "\xef\xbb\xbf" /* first in a file, for spreadsheets that take UTF-8 for something else without it */

/* Append one cell. What begins with = + - @, a tab or a line break and is no plain number gets a leading ': a spreadsheet
 * would compute it, and it may come from anybody (CWE-1236). */
void csv_cell(struct buffer *out, const char *text);

#endif
