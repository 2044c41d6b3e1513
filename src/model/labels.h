/* Labels and annotations of an alert that came from elsewhere, as one line of text: what the desk holds, the store and
 * capsules keep, and both ends of the wire read. Labels first, each kind by name; `+N` last, where N were left out:
 *   alertname="DiskFull",severity="page",@runbook_url="https://..",+3
 * A name with anything but letters, digits, `_`, `.`, `-`, `/` and `:` in it is quoted as well. No control characters;
 * `\"` and `\\` within quotes. Text of another form is read as far as it has this one. */
#ifndef MODEL_LABELS_H
#define MODEL_LABELS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"

#define LABELS_MOST 64            /* of each kind */
#define LABEL_NAME_MOST 128       /* bytes; longer ones are left out */
#define LABEL_VALUE_MOST 512      /* bytes; longer ones are cut, and end in an ellipsis */
#define ANNOTATION_VALUE_MOST 1024
#define LABELS_BYTES_MOST 4096    /* of the whole text */

/* Labels being gathered, as they come from outside; zero to begin with. */
struct labels_draft {
    struct labels_entry { size_t name, value; bool annotation; } *entries; /* offsets in `text` */
    size_t count, capacity;
    struct buffer text, scratch;
    unsigned left_out;
};
void labels_draft_clear(struct labels_draft *draft);
void labels_draft_release(struct labels_draft *draft);
/* Cleaned and cut; an empty name or value is no label. A name that comes again adds its value to the first, after a comma. */
void labels_draft_add(struct labels_draft *draft, bool annotation, const char *name, const char *value);
void labels_draft_write(struct labels_draft *draft, struct buffer *out); /* appends nothing where there is none */

struct label { bool annotation; struct buffer name, value; };
void label_release(struct label *label);
/* The one at *at into `label`, whose buffers are used again; false at the end. */
bool label_next(const char **at, struct label *label);
/* The value of one name; false: there is none. */
bool label_find(const char *labels, bool annotation, const char *name, struct buffer *value);
unsigned labels_left_out(const char *labels);
/* name="value", as it stands in the text. */
void label_write(struct buffer *out, const char *name, const char *value);

#endif
