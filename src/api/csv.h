/* Rows of JSON as lines of CSV: private to src/api. */
#ifndef API_CSV_H
#define API_CSV_H

#include "base/buffer.h"

/* The members of one JSON object that `fields` names, in that order: text as it is, lists joined by blanks, null empty. */
void csv_line(struct buffer *out, const struct buffer *row, const char *fields);

#endif
