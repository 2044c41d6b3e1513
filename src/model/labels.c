#include "model/labels.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

#define ELLIPSIS "\xe2\x80\xa6"

/* ---- gathering ---- */

void labels_draft_clear(struct labels_draft *draft)
{
    draft->count = 0;
    draft->left_out = 0;
    buffer_clear(&draft->text);
}

void labels_draft_release(struct labels_draft *draft)
{
    buffer_release(&draft->text);
    buffer_release(&draft->scratch);
    free(draft->entries);
    *draft = (struct labels_draft){0};
}

static struct labels_entry *entry_find(const struct labels_draft *draft, bool annotation, const char *name, unsigned *of_kind)
{
    *of_kind = 0;
    for (size_t i = 0; i < draft->count; i++) {
        struct labels_entry *entry = &draft->entries[i];
        if (entry->annotation != annotation)
            continue;
        if (strcmp(draft->text.data + entry->name, name) == 0)
            return entry;
        ++*of_kind;
    }
    return NULL;
}

/* Cut to `most` bytes at a character, with an ellipsis. */
static size_t value_cut(const char *value, size_t length, size_t most)
{
    if (length <= most)
        return length;
    for (length = most - strlen(ELLIPSIS); length && ((unsigned char)value[length] & 0xc0) == 0x80; length--)
        ;
    return length;
}

static size_t keep(struct labels_draft *draft, const char *before, const char *text, size_t most)
{
    size_t at = draft->text.length, length = strlen(text);
    buffer_append_text(&draft->text, before);
    size_t room = most - (draft->text.length - at), kept = value_cut(text, length, room);
    buffer_append(&draft->text, text, kept);
    if (kept < length)
        buffer_append_text(&draft->text, ELLIPSIS);
    buffer_append_char(&draft->text, '\0');
    return at;
}

static const char *cleaned(struct labels_draft *draft, const char *text)
{
    struct buffer *out = &draft->scratch;
    buffer_clear(out);
    text_clean(out, text, strlen(text));
    while (out->length && out->data[out->length - 1] == ' ') /* templates often end with a line's end */
        out->data[--out->length] = '\0';
    return buffer_text(out);
}

static void add_again(struct labels_draft *draft, struct labels_entry *entry, const char *value, size_t most)
{
    char *before = memory_printf("%s,", draft->text.data + entry->value);
    if (strlen(before) + strlen(ELLIPSIS) < most)
        entry->value = keep(draft, before, value, most);
    free(before);
}

void labels_draft_add(struct labels_draft *draft, bool annotation, const char *name, const char *value)
{
    size_t most = annotation ? ANNOTATION_VALUE_MOST : LABEL_VALUE_MOST;
    unsigned of_kind;
    if (!*cleaned(draft, value))
        return;
    if (!*cleaned(draft, name))
        return;
    if (draft->scratch.length > LABEL_NAME_MOST) {
        draft->left_out++;
        return;
    }
    char *kept = memory_text(buffer_text(&draft->scratch));
    struct labels_entry *entry = entry_find(draft, annotation, kept, &of_kind);
    if (!entry && of_kind >= LABELS_MOST) {
        draft->left_out++;
    } else if (entry) {
        add_again(draft, entry, cleaned(draft, value), most);
    } else {
        ARRAY_RESERVE(draft->entries, draft->capacity, draft->count + 1);
        entry = &draft->entries[draft->count++];
        *entry = (struct labels_entry){.name = keep(draft, "", kept, LABEL_NAME_MOST), .annotation = annotation};
        entry->value = keep(draft, "", cleaned(draft, value), most);
    }
    free(kept);
}

/* ---- writing ---- */

static bool name_byte(char byte)
{
    return (byte & 0x80) || byte == '_' || byte == '.' || byte == '-' || byte == '/' || byte == ':' || (byte >= '0' && byte <= '9') ||
           (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

static void write_quoted(struct buffer *out, const char *text)
{
    buffer_append_char(out, '"');
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            buffer_append_char(out, '\\');
        buffer_append_char(out, *text);
    }
    buffer_append_char(out, '"');
}

void label_write(struct buffer *out, const char *name, const char *value)
{
    bool plain = *name != '\0';
    for (const char *at = name; plain && *at; at++)
        plain = name_byte(*at);
    if (plain)
        buffer_append_text(out, name);
    else
        write_quoted(out, name);
    buffer_append_char(out, '=');
    write_quoted(out, value);
}

static int compare_entries(const void *left, const void *right, void *text)
{
    const struct labels_entry *a = left, *b = right;
    if (a->annotation != b->annotation)
        return a->annotation ? 1 : -1;
    return strcmp((const char *)text + a->name, (const char *)text + b->name);
}

void labels_draft_write(struct labels_draft *draft, struct buffer *out)
{
    size_t begin = out->length, most = LABELS_BYTES_MOST - strlen(",+4294967295");
    unsigned left_out = draft->left_out;
    if (draft->count)
        qsort_r(draft->entries, draft->count, sizeof *draft->entries, compare_entries, draft->text.data);
    for (size_t i = 0; i < draft->count; i++) {
        const struct labels_entry *entry = &draft->entries[i];
        size_t before = out->length;
        if (before > begin)
            buffer_append_char(out, ',');
        if (entry->annotation)
            buffer_append_char(out, '@');
        label_write(out, draft->text.data + entry->name, draft->text.data + entry->value);
        if (out->length - begin > most) { /* a smaller one may still fit */
            out->length = before;
            out->data[before] = '\0';
            left_out++;
        }
    }
    if (left_out)
        buffer_printf(out, "%s+%u", out->length > begin ? "," : "", left_out);
}

/* ---- reading ---- */

void label_release(struct label *label)
{
    buffer_release(&label->name);
    buffer_release(&label->value);
}

/* Past the closing quote; NULL: there is none. `out` may be NULL. */
static const char *read_quoted(const char *at, struct buffer *out)
{
    for (at++; *at && *at != '"'; at++) {
        if (*at == '\\' && at[1])
            at++;
        if (out)
            buffer_append_char(out, *at);
    }
    return *at ? at + 1 : NULL;
}

static const char *read_name(const char *at, struct buffer *out)
{
    if (*at == '"')
        return read_quoted(at, out);
    size_t length = 0;
    while (name_byte(at[length]) && at[length])
        length++;
    buffer_append(out, at, length);
    return length ? at + length : NULL;
}

bool label_next(const char **slot, struct label *label)
{
    const char *at = *slot;
    buffer_clear(&label->name);
    buffer_clear(&label->value);
    label->annotation = *at == '@';
    at = read_name(at + label->annotation, &label->name);
    if (!at || *at != '=' || at[1] != '"')
        return false;
    at = read_quoted(at + 1, &label->value);
    if (!at || (*at && *at != ','))
        return false;
    *slot = *at ? at + 1 : at;
    return true;
}

/* Past the name at `at`; `same` says whether it is this one. NULL: there is none. */
static const char *skip_name(const char *at, const char *name, struct buffer *scratch, bool *same)
{
    const char *end = at;
    if (*at == '"') {
        end = read_quoted(at, scratch);
        *same = end && strcmp(buffer_text(scratch), name) == 0;
        buffer_clear(scratch);
        return end;
    }
    while (name_byte(*end))
        end++;
    *same = strlen(name) == (size_t)(end - at) && memcmp(at, name, (size_t)(end - at)) == 0;
    return end > at ? end : NULL;
}

bool label_find(const char *labels, bool annotation, const char *name, struct buffer *value)
{
    buffer_clear(value);
    for (const char *at = labels; *at;) {
        bool same, asked = (*at == '@') == annotation;
        at = skip_name(at + (*at == '@'), name, value, &same);
        if (!at || *at != '=' || at[1] != '"')
            break;
        at = read_quoted(at + 1, same && asked ? value : NULL);
        if (!at)
            break;
        if (same && asked)
            return true;
        at += *at == ',';
    }
    buffer_clear(value);
    return false;
}

unsigned labels_left_out(const char *labels)
{
    struct label label = {0};
    while (label_next(&labels, &label))
        ;
    label_release(&label);
    return *labels == '+' ? (unsigned)strtoul(labels + 1, NULL, 10) : 0;
}
