#include "widget/steps.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "widget/wrap.h"

#define STEP_INDENT 4
#define COLUMNS_LEAST 20
#define COLUMNS_MOST 100 /* longer lines are hard to follow */

static void add(struct steps *steps, const char *text, size_t length, uint8_t role, int indent, int command)
{
    ARRAY_RESERVE(steps->lines, steps->capacity, steps->count + 1);
    steps->lines[steps->count++] = (struct steps_line){.text = memory_text_n(text, length), .role = role, .indent = indent, .command = command};
}

static void blank(struct steps *steps)
{
    if (steps->count && steps->lines[steps->count - 1].text[0])
        add(steps, "", 0, ROLE_TEXT, 0, -1);
}

/* `lead` stands before the first line, and as wide a room before the others. */
static void add_wrapped(struct steps *steps, const char *lead, const char *text, uint8_t role, int indent, int command)
{
    int hang = text_width(lead), room = steps->columns - indent - hang;
    size_t length = strlen(text), at = 0, skip;
    room = room < COLUMNS_LEAST ? COLUMNS_LEAST : room;
    do {
        size_t used = wrap_line(text + at, length - at, room, &skip);
        struct buffer line = BUFFER_INIT;
        if (at == 0)
            buffer_append_text(&line, lead);
        else
            buffer_printf(&line, "%*s", hang, "");
        buffer_append(&line, text + at, used);
        add(steps, buffer_text(&line), line.length, role, indent, command);
        buffer_release(&line);
        at += used + skip;
    } while (at < length);
}

static void add_lines(struct steps *steps, const char *lead, const char *text, uint8_t role, int indent, int command)
{
    for (const char *line = text;; line++) {
        size_t length = strcspn(line, "\n");
        char *one = memory_text_n(line, length);
        add_wrapped(steps, lead, one, role, indent, command);
        free(one);
        line += length;
        if (!*line)
            return;
    }
}

static void add_block(struct steps *steps, const struct wire_runbook_block *block, bool ascii)
{
    char lead[16];
    int under = block->number ? STEP_INDENT : 0;
    if (strcmp(block->kind, "heading") == 0) {
        blank(steps);
        add_wrapped(steps, "", block->text, ROLE_HEADING, 0, -1);
        if (block->number < 2)
            blank(steps);
    } else if (strcmp(block->kind, "step") == 0) {
        snprintf(lead, sizeof lead, "%2u  ", block->number);
        add_wrapped(steps, lead, block->text, ROLE_TEXT, 0, -1);
    } else if (strcmp(block->kind, "item") == 0) {
        add_wrapped(steps, "- ", block->text, ROLE_TEXT, under, -1);
    } else if (strcmp(block->kind, "command") == 0 || strcmp(block->kind, "host-command") == 0) {
        bool on_host = strcmp(block->kind, "host-command") == 0;
        snprintf(lead, sizeof lead, "%s%s ", on_host ? "@" : "", glyph_text(GLYPH_ARROW_RIGHT, ascii));
        steps->on_host[steps->command_count] = on_host;
        add_lines(steps, lead, block->text, ROLE_KEY, STEP_INDENT, (int)steps->command_count);
        steps->commands[steps->command_count++] = block->text;
    } else if (strcmp(block->kind, "code") == 0) {
        add_lines(steps, ascii ? "| " : "│ ", block->text, ROLE_DIM, STEP_INDENT, -1);
    } else {
        add_wrapped(steps, "", block->text, ROLE_TEXT, under, -1);
    }
}

void steps_layout(struct steps *steps, const struct wire_runbook *runbook, int columns, bool title, bool ascii)
{
    steps_release(steps);
    steps->columns = columns < COLUMNS_MOST ? columns : COLUMNS_MOST;
    steps->commands = memory_new_array(runbook->block_count + 1, sizeof *steps->commands);
    steps->on_host = memory_new_array(runbook->block_count + 1, sizeof *steps->on_host);
    bool titled = runbook->block_count && strcmp(runbook->blocks[0].kind, "heading") == 0;
    for (unsigned i = titled && !title; i < runbook->block_count; i++)
        add_block(steps, &runbook->blocks[i], ascii);
}

void steps_release(struct steps *steps)
{
    for (size_t i = 0; i < steps->count; i++)
        free(steps->lines[i].text);
    free(steps->lines);
    free(steps->commands);
    free(steps->on_host);
    *steps = (struct steps){0};
}

static bool holds(const char *text, const char *search)
{
    struct buffer folded = BUFFER_INIT;
    text_fold(&folded, text, strlen(text));
    bool found = strstr(buffer_text(&folded), search) != NULL;
    buffer_release(&folded);
    return found;
}

void steps_draw(const struct steps *steps, struct surface *surface, struct rect area, size_t top, int command, const char *search)
{
    for (int row = 0; row < area.rows && top + (size_t)row < steps->count; row++) {
        const struct steps_line *line = &steps->lines[top + (size_t)row];
        bool chosen = line->command >= 0 && line->command == command;
        uint8_t role = *search && holds(line->text, search) ? ROLE_MATCH : line->role;
        if (chosen)
            surface_put(surface, area.row + row, area.column + line->indent - 2, ROLE_CURSOR, glyph_code(GLYPH_CURSOR_BAR, surface->ascii));
        surface_text(surface, area.row + row, area.column + line->indent, area.columns - line->indent, role, line->text);
    }
}

size_t steps_of_command(const struct steps *steps, int command)
{
    size_t i = 0;
    while (i < steps->count && steps->lines[i].command != command)
        i++;
    return i;
}

size_t steps_find(const struct steps *steps, size_t from, const char *search)
{
    while (from < steps->count && !holds(steps->lines[from].text, search))
        from++;
    return from;
}
