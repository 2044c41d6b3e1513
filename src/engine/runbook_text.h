/* A runbook's text, read into blocks that a screen can draw and a person can follow. A small Markdown: `#` headings,
 * numbered steps, `-` items, fenced code, paragraphs. What is fenced as sh, bash, shell or console under a step is a
 * command that may be run; `sh host` means on the asset itself. Text is cleaned of control and bidirectional characters, and bounded.
 * Pure: no I/O. */
#ifndef ENGINE_RUNBOOK_TEXT_H
#define ENGINE_RUNBOOK_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"

#define RUNBOOK_BYTES_MOST 65536
#define RUNBOOK_BLOCKS_MOST 600

enum runbook_kind { RUNBOOK_HEADING, RUNBOOK_TEXT, RUNBOOK_STEP, RUNBOOK_ITEM, RUNBOOK_CODE, RUNBOOK_COMMAND, RUNBOOK_HOST_COMMAND, RUNBOOK_KINDS };
const char *runbook_kind_name(enum runbook_kind kind); /* "heading", ... */

struct runbook_block {
    enum runbook_kind kind;
    unsigned number;     /* level of a heading; a step's number as written; the step that code and items belong to, 0: none */
    char *text;          /* code keeps its lines, with \n between them */
};
struct runbook_text {
    struct runbook_block *blocks;
    unsigned count, capacity;
    bool cut;            /* there was more than is kept */
};

/* What {id}, {address} and the like stand for; NULL: left as they are. Values are cleaned; in a command one that holds
 * more than letters, digits and ._:@/- is quoted for the shell. */
struct runbook_fill {
    const void *owner;
    const char *(*value)(const void *owner, const char *name); /* NULL: no such name; "": nothing known */
};

void runbook_text_read(struct runbook_text *text, const char *bytes, size_t length, const struct runbook_fill *fill);
void runbook_text_release(struct runbook_text *text);
const char *runbook_text_title(const struct runbook_text *text); /* the first heading, or "" */

#endif
