/* Printing lists: aligned by screen columns, or as CSV, or the daemon's JSON as it came. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/csv.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "command/shell.h"
#include "term/locale.h"

#define COLUMNS_MOST 24

static void place_of(struct json_object *item, struct buffer *out)
{
    static const char *const parts[] = {"building", "floor", "room"};
    for (unsigned i = 0; i < ARRAY_COUNT(parts); i++) {
        const char *text = json_get_text(item, parts[i], "");
        if (*text)
            buffer_printf(out, "%s%s", out->length ? " " : "", text);
    }
}

static void member_text(struct json_object *item, const struct shell_column *column, bool exact, struct buffer *out)
{
    struct json_object *member = json_get(item, column->member);
    char text[INSTANT_TEXT + SPAN_TEXT];
    if (column->format == FORMAT_PLACE) {
        place_of(item, out);
    } else if (!member) {
        return;
    } else if (column->format == FORMAT_AGE && !exact) {
        msec since = json_get_instant(item, column->member), now = clock_wall();
        if (since != CLOCK_NEVER)
            buffer_append_text(out, span_format_short(text, now > since ? now - since : 0));
    } else if (column->format == FORMAT_SPAN && !exact) {
        buffer_append_text(out, span_format_short(text, json_object_get_int64(member)));
    } else if (column->format == FORMAT_NUMBER || column->format == FORMAT_SPAN) {
        text_format_number(text, sizeof text, json_object_get_double(member));
        buffer_append_text(out, text);
    } else {
        const char *value = json_object_get_string(member);
        struct buffer said = BUFFER_INIT;
        if (value && column->format == FORMAT_PROSE && !exact)
            phrase_say(&said, value);
        else
            buffer_append_text(&said, value ? value : "");
        text_clean(out, buffer_text(&said), said.length);
        buffer_release(&said);
    }
}

static unsigned choose(const struct shell_column *all, unsigned count, bool wide, const struct shell_column **chosen)
{
    unsigned used = 0;
    for (unsigned i = 0; i < count && used < COLUMNS_MOST; i++)
        if (wide || !all[i].wide)
            chosen[used++] = &all[i];
    return used;
}

static void print_table(struct json_object *items, const struct shell_column **columns, unsigned count)
{
    size_t rows = json_object_array_length(items);
    char **texts = memory_new_array((rows + 1) * count, sizeof *texts);
    int widths[COLUMNS_MOST] = {0};
    struct buffer out = BUFFER_INIT;
    for (size_t row = 0; row <= rows; row++)
        for (unsigned i = 0; i < count; i++) {
            struct buffer text = BUFFER_INIT;
            if (row)
                member_text(json_object_array_get_idx(items, row - 1), columns[i], false, &text);
            else
                buffer_append_text(&text, _(columns[i]->title));
            int width = text_width(buffer_text(&text));
            widths[i] = width > widths[i] ? width : widths[i];
            texts[row * count + i] = text.data ? buffer_take(&text) : memory_text("");
        }
    for (size_t row = 0; row <= rows; row++) {
        size_t start = out.length;
        for (unsigned i = 0; i < count; i++) {
            const char *text = texts[row * count + i];
            int pad = widths[i] - text_width(text);
            bool right = columns[i]->format == FORMAT_NUMBER || columns[i]->format == FORMAT_AGE ||
                         columns[i]->format == FORMAT_SPAN;
            buffer_printf(&out, "%s%*s%s%*s", i ? "  " : "", right ? pad : 0, "", text, right ? 0 : pad, "");
        }
        while (out.length > start && out.data[out.length - 1] == ' ')
            out.length--;
        buffer_append_char(&out, '\n');
    }
    shell_print(&out);
    buffer_release(&out);
    for (size_t i = 0; i < (rows + 1) * count; i++)
        free(texts[i]);
    free(texts);
}

static void print_csv(struct json_object *items, const struct shell_column **columns, unsigned count)
{
    struct buffer out = BUFFER_INIT, text = BUFFER_INIT;
    for (unsigned i = 0; i < count; i++)
        buffer_printf(&out, "%s%s", i ? "," : "", columns[i]->member);
    buffer_append_char(&out, '\n');
    for (size_t row = 0; row < json_object_array_length(items); row++) {
        for (unsigned i = 0; i < count; i++) {
            buffer_clear(&text);
            member_text(json_object_array_get_idx(items, row), columns[i], true, &text);
            if (i)
                buffer_append_char(&out, ',');
            csv_cell(&out, buffer_text(&text));
        }
        buffer_append_char(&out, '\n');
    }
    shell_print(&out);
    buffer_release(&out);
    buffer_release(&text);
}

bool shell_print_list(struct shell *shell, const struct buffer *answer, const struct shell_column *columns, unsigned count)
{
    const struct shell_column *chosen[COLUMNS_MOST];
    struct error error = {0};
    enum shell_output output = shell_output(shell);
    if (output == OUTPUT_JSON) {
        shell_print(answer);
        putchar('\n');
        return true;
    }
    struct json_object *root = json_parse(buffer_text(answer), answer->length, 16, &error);
    struct json_object *items = root ? json_get(root, "items") : NULL;
    if (!json_object_is_type(items, json_type_array)) {
        fprintf(stderr, "nocturne: %s\n", error.text[0] ? error.text : _("the daemon's answer is no list"));
        if (root)
            json_object_put(root);
        return false;
    }
    unsigned used = choose(columns, count, output != OUTPUT_TABLE, chosen);
    if (output == OUTPUT_CSV)
        print_csv(items, chosen, used);
    else
        print_table(items, chosen, used);
    size_t shown = json_object_array_length(items);
    int64_t total = json_get_integer(root, "total", (int64_t)shown);
    if (output != OUTPUT_CSV && total > (int64_t)shown) /* never pretend that this is all */
        fprintf(stderr, _("%zu of %lld; --limit shows more\n"), shown, (long long)total);
    json_object_put(root);
    return true;
}
