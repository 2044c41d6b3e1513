#include "engine/runbook_text.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

#define NAME_MOST 24 /* of {placeholder} */

const char *runbook_kind_name(enum runbook_kind kind)
{
    static const char *const names[RUNBOOK_KINDS] = {
        [RUNBOOK_HEADING] = "heading", [RUNBOOK_TEXT] = "text", [RUNBOOK_STEP] = "step",
        [RUNBOOK_ITEM] = "item", [RUNBOOK_CODE] = "code", [RUNBOOK_COMMAND] = "command",
        [RUNBOOK_HOST_COMMAND] = "host-command",
    };
    return names[kind];
}

/* ---- what {names} stand for ---- */

static bool plain_word(const char *value)
{
    return *value && *value != '-' &&
           strspn(value, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:@/-") == strlen(value);
}

static void append_value(struct buffer *out, const char *value, bool command)
{
    struct buffer clean = BUFFER_INIT;
    text_clean(&clean, value, strlen(value));
    if (!command || plain_word(buffer_text(&clean))) {
        buffer_append_text(out, buffer_text(&clean));
    } else {
        buffer_append_char(out, '\'');
        for (const char *at = buffer_text(&clean); *at; at++)
            if (*at == '\'')
                buffer_append_text(out, "'\\''");
            else
                buffer_append_char(out, *at);
        buffer_append_char(out, '\'');
    }
    buffer_release(&clean);
}

/* One {name} at `at`: appended and true; false: not a name that means something. */
static bool take_name(struct buffer *out, const char *at, const struct runbook_fill *fill, bool command, size_t *used)
{
    char name[NAME_MOST + 1];
    size_t length = strspn(at + 1, "abcdefghijklmnopqrstuvwxyz_");
    if (!fill || !length || length > NAME_MOST || at[length + 1] != '}')
        return false;
    memcpy(name, at + 1, length);
    name[length] = '\0';
    const char *value = fill->value(fill->owner, name);
    if (!value || !*value)
        return false;
    append_value(out, value, command);
    *used = length + 2;
    return true;
}

static void append_filled(struct buffer *out, const char *text, const struct runbook_fill *fill, bool command)
{
    size_t used;
    while (*text) {
        size_t plain = strcspn(text, "{");
        buffer_append(out, text, plain);
        text += plain;
        if (!*text)
            break;
        if (take_name(out, text, fill, command, &used))
            text += used;
        else
            buffer_append_char(out, *text++);
    }
}

/* ---- lines ---- */

struct reader {
    struct runbook_text *text;
    const struct runbook_fill *fill;
    unsigned step;            /* the last step's number, until the next heading */
    bool fenced, open;        /* open: the next plain line belongs to the last block */
    enum runbook_kind fence;
    struct buffer code, line;
};

static void add(struct reader *reader, enum runbook_kind kind, unsigned number, const char *text)
{
    struct runbook_text *all = reader->text;
    struct buffer filled = BUFFER_INIT;
    if (all->count == RUNBOOK_BLOCKS_MOST) {
        all->cut = true;
        return;
    }
    append_filled(&filled, text, reader->fill, kind == RUNBOOK_COMMAND || kind == RUNBOOK_HOST_COMMAND);
    ARRAY_RESERVE(all->blocks, all->capacity, all->count + 1);
    all->blocks[all->count++] = (struct runbook_block){.kind = kind, .number = number, .text = memory_text(buffer_text(&filled))};
    buffer_release(&filled);
}

/* A line that goes on with the paragraph before it; Chinese needs no blank between. */
static void continue_last(struct reader *reader, const char *line)
{
    struct runbook_block *last = &reader->text->blocks[reader->text->count - 1];
    struct buffer joined = BUFFER_INIT;
    size_t length = strlen(last->text);
    bool blank = length && !(last->text[length - 1] & 0x80) && !(*line & 0x80);
    buffer_printf(&joined, "%s%s", last->text, blank ? " " : "");
    append_filled(&joined, line, reader->fill, false);
    free(last->text);
    last->text = buffer_take(&joined);
}

static void close_fence(struct reader *reader)
{
    reader->fenced = reader->open = false;
    if (reader->code.length)
        add(reader, reader->fence, reader->step, buffer_text(&reader->code));
    buffer_clear(&reader->code);
}

static void open_fence(struct reader *reader, const char *word)
{
    static const char *const shells[] = {"sh", "bash", "shell", "console"};
    reader->fenced = true;
    reader->fence = RUNBOOK_CODE;
    word += strspn(word, " ");
    for (unsigned i = 0; i < ARRAY_COUNT(shells); i++) {
        size_t length = strlen(shells[i]);
        if (strncmp(word, shells[i], length) != 0 || (word[length] && word[length] != ' '))
            continue;
        const char *where = word + length + strspn(word + length, " ");
        reader->fence = strcmp(where, "host") == 0 ? RUNBOOK_HOST_COMMAND : *where ? RUNBOOK_CODE : RUNBOOK_COMMAND;
    }
}

static void take_fenced(struct reader *reader, const char *line, size_t indent)
{
    if (strncmp(line + strspn(line, " "), "```", 3) == 0) {
        close_fence(reader);
        return;
    }
    size_t skip = strspn(line, " ");
    if (reader->code.length)
        buffer_append_char(&reader->code, '\n');
    buffer_append_text(&reader->code, line + (skip < indent ? skip : indent));
}

/* "12. text" or "12) text" or "12、text": the number, and where the text begins; 0: no step. */
static unsigned step_number(const char *line, const char **rest)
{
    size_t digits = strspn(line, "0123456789");
    const char *at = line + digits;
    if (!digits || digits > 3)
        return 0;
    if ((*at == '.' || *at == ')') && at[1] == ' ')
        *rest = at + 2;
    else if (strncmp(at, "、", 3) == 0)
        *rest = at + 3;
    else
        return 0;
    *rest += strspn(*rest, " ");
    return (unsigned)atoi(line);
}

static void take_plain(struct reader *reader, const char *line)
{
    const char *rest;
    size_t marks = strspn(line, "#");
    unsigned step = step_number(line, &rest);
    bool was_open = reader->open && reader->text->count && !reader->text->cut;
    reader->open = true;
    if (marks && marks < 7 && line[marks] == ' ') {
        reader->step = 0;
        reader->open = false;
        add(reader, RUNBOOK_HEADING, (unsigned)marks, line + marks + strspn(line + marks, " "));
    } else if (step) {
        reader->step = step;
        add(reader, RUNBOOK_STEP, step, rest);
    } else if ((*line == '-' || *line == '*') && line[1] == ' ') {
        add(reader, RUNBOOK_ITEM, reader->step, line + 2 + strspn(line + 2, " "));
    } else if (was_open) {
        continue_last(reader, line);
    } else {
        add(reader, RUNBOOK_TEXT, reader->step, line);
    }
}

static void take_line(struct reader *reader, const char *bytes, size_t length, size_t *indent)
{
    struct buffer spread = BUFFER_INIT;
    for (size_t i = 0; i < length; i++)
        if (bytes[i] == '\t')
            buffer_append_text(&spread, "    ");
        else
            buffer_append_char(&spread, bytes[i]);
    buffer_clear(&reader->line);
    text_clean(&reader->line, buffer_text(&spread), spread.length);
    buffer_release(&spread);
    while (reader->line.length && reader->line.data[reader->line.length - 1] == ' ')
        reader->line.data[--reader->line.length] = '\0';
    const char *line = buffer_text(&reader->line), *text = line + strspn(line, " ");
    if (reader->fenced) {
        take_fenced(reader, line, *indent);
    } else if (strncmp(text, "```", 3) == 0) {
        *indent = (size_t)(text - line);
        open_fence(reader, text + 3);
    } else if (!*text) {
        reader->open = false;
    } else {
        take_plain(reader, text);
    }
}

void runbook_text_read(struct runbook_text *text, const char *bytes, size_t length, const struct runbook_fill *fill)
{
    struct reader reader = {.text = text, .fill = fill, .code = BUFFER_INIT, .line = BUFFER_INIT};
    size_t indent = 0;
    *text = (struct runbook_text){.cut = length > RUNBOOK_BYTES_MOST};
    length = length > RUNBOOK_BYTES_MOST ? RUNBOOK_BYTES_MOST : length;
    if (length >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0) {
        bytes += 3;
        length -= 3;
    }
    for (size_t at = 0; at < length;) {
        const char *end = memchr(bytes + at, '\n', length - at);
        size_t line = end ? (size_t)(end - (bytes + at)) : length - at;
        size_t kept = line && bytes[at + line - 1] == '\r' ? line - 1 : line;
        take_line(&reader, bytes + at, kept, &indent);
        at += line + 1;
    }
    close_fence(&reader); /* one that was never closed ends with the text */
    buffer_release(&reader.code);
    buffer_release(&reader.line);
}

void runbook_text_release(struct runbook_text *text)
{
    for (unsigned i = 0; i < text->count; i++)
        free(text->blocks[i].text);
    free(text->blocks);
    *text = (struct runbook_text){0};
}

const char *runbook_text_title(const struct runbook_text *text)
{
    for (unsigned i = 0; i < text->count; i++)
        if (text->blocks[i].kind == RUNBOOK_HEADING)
            return text->blocks[i].text;
    return "";
}
