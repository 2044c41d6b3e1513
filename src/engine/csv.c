#include "engine/csv.h"

#include <string.h>

char csv_separator(const char *text)
{
    size_t line = strcspn(text, "\r\n");
    for (const char *each = ",;\t"; *each; each++)
        if (memchr(text, *each, line))
            return *each;
    return ',';
}

static bool field_ends(const struct csv *csv)
{
    return csv->at == csv->end || *csv->at == csv->separator || *csv->at == '\n' || *csv->at == '\r';
}

/* A quoted field, unescaped in place. Text after the closing quote is kept, as spreadsheets do. */
static char *take_quoted(struct csv *csv, char **close)
{
    char *start = ++csv->at, *out = start;
    unsigned line = csv->line;
    for (;; csv->at++) {
        if (csv->at == csv->end) {
            csv->unclosed = true;
            csv->unclosed_line = line;
            *close = out;
            return start;
        }
        if (*csv->at == '"' && *++csv->at != '"')
            break; /* past the closing quote; a doubled one stands for itself */
        csv->line += *csv->at == '\n';
        *out++ = *csv->at ? *csv->at : ' ';
    }
    while (!field_ends(csv))
        *out++ = *csv->at++;
    *close = out;
    return start;
}

static char *take_plain(struct csv *csv, char **close)
{
    char *start = csv->at;
    for (; !field_ends(csv); csv->at++)
        if (!*csv->at)
            *csv->at = ' ';
    *close = csv->at;
    return start;
}

bool csv_next(struct csv *csv, unsigned *line)
{
    if (csv->at >= csv->end)
        return false;
    *line = csv->line;
    csv->field_count = 0;
    for (;;) {
        char *close;
        char *start = *csv->at == '"' ? take_quoted(csv, &close) : take_plain(csv, &close);
        if (csv->field_count < CSV_FIELDS)
            csv->field[csv->field_count] = start;
        csv->field_count++;
        bool last = csv->at == csv->end;
        char stop = *csv->at;
        *close = '\0';
        if (last)
            return true;
        csv->at++;
        if (stop == csv->separator)
            continue;
        if (stop == '\r' && *csv->at == '\n')
            csv->at++;
        csv->line++;
        return true;
    }
}

bool csv_is_blank(const struct csv *csv)
{
    for (unsigned i = 0; i < csv->field_count && i < CSV_FIELDS; i++)
        if (csv->field[i][strspn(csv->field[i], " \t")])
            return false;
    return true;
}
