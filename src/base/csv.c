#include "base/csv.h"

#include <string.h>

#include "base/text.h"

void csv_cell(struct buffer *out, const char *text)
{
    double number;
    bool formula = *text && strchr("=+-@\t\r\n", *text) && !text_number(text, &number);
    if (!formula && !strpbrk(text, ",\"\n\r")) {
        buffer_append_text(out, text);
        return;
    }
    buffer_append_char(out, '"');
    if (formula)
        buffer_append_char(out, '\'');
    for (; *text; text++) {
        if (*text == '"')
            buffer_append_char(out, '"');
        buffer_append_char(out, *text);
    }
    buffer_append_char(out, '"');
}
