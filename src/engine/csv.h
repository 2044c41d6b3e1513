/* RFC 4180, cut in place: fields lie in the text given, unquoted and ended there. Quoted fields may hold line ends. */
#ifndef ENGINE_CSV_H
#define ENGINE_CSV_H

#include <stdbool.h>

#define CSV_FIELDS 256 /* a record's; those past them are only counted */

struct csv {
    char *at, *end;          /* the text; *end is NUL */
    char separator;
    unsigned line;           /* of `at`; 1 at the start */
    char *field[CSV_FIELDS]; /* of the record read last */
    unsigned field_count;
    bool unclosed;           /* a quote was open at the end of the text */
    unsigned unclosed_line;  /* where it opened */
};

/* What separates the fields of the first line: a comma, a semicolon or a tab; a comma when there is none. */
char csv_separator(const char *text);
/* The next record; false at the end of the text. `line` is where it starts. */
bool csv_next(struct csv *csv, unsigned *line);
bool csv_is_blank(const struct csv *csv);

#endif
