#include "model/filter.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/text.h"
#include "model/filter_tree.h"

struct filter *filter_parse(const char *text, enum filter_mode mode, msec now, struct error *error)
{
    size_t error_at;
    return filter_parse_at(text, mode, now, &error_at, error);
}

int filter_error_column(const char *text, msec now)
{
    size_t error_at;
    int column = 1;
    struct filter *filter = filter_parse_at(text, FILTER_STRICT, now, &error_at, NULL);
    if (filter) {
        filter_free(&filter);
        return 0;
    }
    for (size_t i = 0; i < error_at; i++)
        column += ((unsigned char)text[i] & 0xC0) != 0x80;
    return column;
}

void filter_free(struct filter **filter)
{
    if (!*filter)
        return;
    for (uint32_t i = 0; i < (*filter)->count; i++) {
        struct filter_node *node = &(*filter)->nodes[i];
        for (uint32_t j = 0; j < node->pattern_count; j++)
            pattern_release(&node->patterns[j]);
        free(node->patterns);
        free(node->field);
    }
    free((*filter)->nodes);
    free(*filter);
    *filter = NULL;
}

bool filter_is_empty(const struct filter *filter)
{
    return filter->root == FILTER_NONE;
}

const char *filter_single_word(const struct filter *filter)
{
    if (filter->root == FILTER_NONE || filter->nodes[filter->root].type != FILTER_WORD)
        return NULL;
    const struct pattern *pattern = &filter->nodes[filter->root].patterns[0];
    bool plain = pattern->count == 1 && pattern->anchored_start && pattern->anchored_end;
    return plain ? pattern->folded : NULL;
}

/* -- writing out --------------------------------------------------------------------------------------- */

static bool needs_quotes(const char *source, enum filter_type type)
{
    if (!*source || strpbrk(source, " \t\r\n()|\"") || strstr(source, "\xE3\x80\x80"))
        return true;
    if (type == FILTER_WORD)
        return *source == '-' || filter_field_at(source);
    return type != FILTER_COMPARE && strchr(source, ',');
}

static void write_source(struct buffer *out, const char *source, enum filter_type type)
{
    if (!needs_quotes(source, type)) {
        buffer_append_text(out, source);
        return;
    }
    buffer_append_char(out, '"');
    for (; *source; source++) {
        if (*source == '"')
            buffer_append_char(out, '\\');
        buffer_append_char(out, *source);
    }
    buffer_append_char(out, '"');
}

static void write_leaf(struct buffer *out, const struct filter_node *node)
{
    if (node->field)
        buffer_append_text(out, node->field);
    if (node->type == FILTER_COMPARE)
        buffer_append_text(out, filter_comparison_text(node->comparison));
    else if (node->type != FILTER_WORD)
        buffer_append_char(out, node->type == FILTER_CONTAINS ? '~' : ':');
    for (uint32_t i = 0; i < node->pattern_count; i++) {
        if (i)
            buffer_append_char(out, ',');
        write_source(out, node->patterns[i].source, node->type);
    }
}

static void write_node(struct buffer *out, const struct filter *filter, uint32_t index, bool inside)
{
    const struct filter_node *nodes = filter->nodes, *node = &nodes[index];
    bool list = node->type == FILTER_ALL || node->type == FILTER_ANY;
    if (node->type == FILTER_NOT) {
        buffer_append_char(out, '-');
        write_node(out, filter, node->child, true);
    } else if (!list) {
        write_leaf(out, node);
    } else {
        bool any = node->type == FILTER_ANY, group = any || inside;
        if (group)
            buffer_append_text(out, "( ");
        for (uint32_t child = node->child; child != FILTER_NONE; child = nodes[child].next) {
            if (child != node->child)
                buffer_append_text(out, any ? " | " : " ");
            /* AND binds closer than OR, so that it needs no group of its own there. */
            write_node(out, filter, child, !any);
        }
        if (group)
            buffer_append_text(out, " )");
    }
}

char *filter_to_text(const struct filter *filter)
{
    struct buffer out = BUFFER_INIT;
    if (filter->root != FILTER_NONE)
        write_node(&out, filter, filter->root, false);
    return buffer_take(&out);
}

bool filter_check(const struct config_node *node, const char *text, struct error *error)
{
    (void)node;
    struct filter *filter = filter_parse(text, FILTER_STRICT, clock_wall(), error);
    bool good = filter != NULL;
    filter_free(&filter);
    return good;
}
