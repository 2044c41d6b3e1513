#include "base/config.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/config_tree.h"
#include "base/memory.h"
#include "base/text.h"

#define PROBLEMS_SHOWN 200

void config_problems_init(struct config_problems *problems)
{
    buffer_init(&problems->text);
    problems->count = 0;
}

void config_problems_release(struct config_problems *problems)
{
    buffer_release(&problems->text);
    problems->count = 0;
}

/* "sources[1].interval" */
static void append_path(struct buffer *out, const struct config_node *node)
{
    const struct config_node *chain[2 * CONFIG_DEPTH + 2];
    size_t depth = 0;
    for (; node && node->parent && depth < ARRAY_COUNT(chain); node = node->parent)
        chain[depth++] = node;
    size_t start = out->length;
    while (depth-- > 0) {
        const struct config_node *step = chain[depth];
        if (step->parent->shape == CONFIG_IS_LIST) {
            size_t index = 0;
            while (index < step->parent->count && step->parent->children[index] != step)
                index++;
            buffer_printf(out, "[%zu]", index);
        } else {
            buffer_printf(out, "%s%s", out->length > start ? "." : "", step->key ? step->key : "");
        }
    }
}

static void problem_add(struct config_problems *problems, struct config_place place, const struct config_node *node,
                        const char *format, va_list arguments)
{
    problems->count++;
    if (problems->count > PROBLEMS_SHOWN)
        return;
    struct buffer line = BUFFER_INIT;
    buffer_printf(&line, "%s:", place.file);
    if (place.line)
        buffer_printf(&line, "%u:%u:", place.line, place.column);
    buffer_append_char(&line, ' ');
    size_t before = line.length;
    append_path(&line, node);
    if (line.length > before)
        buffer_append_text(&line, ": ");
    buffer_vprintf(&line, format, arguments);
    text_clean(&problems->text, buffer_text(&line), line.length);
    buffer_append_char(&problems->text, '\n');
    if (problems->count == PROBLEMS_SHOWN)
        buffer_append_text(&problems->text, "(more of them are counted, not shown)\n");
    buffer_release(&line);
}

void config_problem_at(struct config_problems *problems, struct config_place place, const struct config_node *node,
                       const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    problem_add(problems, place, node, format, arguments);
    va_end(arguments);
}

void config_problem(struct config_problems *problems, const struct config_node *node, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    struct config_place nowhere = {.file = "configuration"};
    problem_add(problems, node ? node->place : nowhere, node, format, arguments);
    va_end(arguments);
}

struct config *config_new(void)
{
    struct config *config = memory_new(sizeof *config);
    struct config_place nowhere = {.file = "configuration"};
    config->root = config_node_new(config, CONFIG_IS_MAP, nowhere);
    return config;
}

void config_free(struct config **config)
{
    if (!*config)
        return;
    for (struct config_node *node = (*config)->made, *next; node; node = next) {
        next = node->next_made;
        free(node->text);
        free(node->key);
        free(node->children);
        free(node);
    }
    for (size_t i = 0; i < (*config)->file_count; i++)
        free((*config)->files[i]);
    free((*config)->files);
    free(*config);
    *config = NULL;
}

struct config_node *config_node_new(struct config *config, enum config_shape shape, struct config_place place)
{
    struct config_node *node = memory_new(sizeof *node);
    node->shape = shape;
    node->place = node->key_place = place;
    node->next_made = config->made;
    config->made = node;
    config->made_count++;
    return node;
}

void config_node_add(struct config_node *parent, struct config_node *child, char *key, struct config_place key_place)
{
    ARRAY_RESERVE(parent->children, parent->capacity, parent->count + 1);
    parent->children[parent->count++] = child;
    child->parent = parent;
    child->key = key;
    child->key_place = key_place;
}

bool config_node_is_null(const struct config_node *node)
{
    return !node || (node->shape == CONFIG_IS_SCALAR && node->plain &&
                     (!*node->text || !strcmp(node->text, "~") || !strcasecmp(node->text, "null")));
}

struct config_node *config_node_find(const struct config_node *map, const char *key, size_t *index)
{
    if (!map || map->shape != CONFIG_IS_MAP)
        return NULL;
    for (size_t i = 0; i < map->count; i++)
        if (!strcmp(map->children[i]->key, key)) {
            if (index)
                *index = i;
            return map->children[i];
        }
    return NULL;
}

void config_node_merge(struct config_node *into, struct config_node *from)
{
    for (size_t i = 0; i < from->count; i++) {
        struct config_node *child = from->children[i], *old = NULL;
        size_t index = 0;
        if (into->shape == CONFIG_IS_MAP)
            old = config_node_find(into, child->key, &index);
        if (!old) {
            config_node_add(into, child, child->key, child->key_place);
        } else if (old->shape == child->shape && old->shape != CONFIG_IS_SCALAR) {
            config_node_merge(old, child);
        } else {
            child->parent = into;
            into->children[index] = child;
        }
    }
    if (into->height < from->height)
        into->height = from->height;
}

const struct config_node *config_root(const struct config *config)
{
    return config->root;
}

const struct config_node *config_get(const struct config_node *map, const char *key)
{
    const struct config_node *node = config_node_find(map, key, NULL);
    return config_node_is_null(node) ? NULL : node;
}

size_t config_count(const struct config_node *node)
{
    return node ? node->count : 0;
}

const struct config_node *config_at(const struct config_node *node, size_t index)
{
    return node && index < node->count ? node->children[index] : NULL;
}

const char *config_key_at(const struct config_node *map, size_t index)
{
    return map && map->shape == CONFIG_IS_MAP && index < map->count ? map->children[index]->key : NULL;
}

const char *config_scalar(const struct config_node *node)
{
    return node && node->shape == CONFIG_IS_SCALAR && !config_node_is_null(node) ? node->text : NULL;
}

bool config_is_map(const struct config_node *node)
{
    return node && node->shape == CONFIG_IS_MAP;
}

bool config_is_list(const struct config_node *node)
{
    return node && node->shape == CONFIG_IS_LIST;
}

const char *config_text(const struct config_node *map, const char *key, const char *absent)
{
    const char *text = config_scalar(config_get(map, key));
    return text ? text : absent;
}

int64_t config_integer(const struct config_node *map, const char *key, int64_t absent)
{
    int64_t number;
    const char *text = config_text(map, key, NULL);
    return text && config_parse_integer(text, &number) ? number : absent;
}

double config_number(const struct config_node *map, const char *key, double absent)
{
    double number;
    const char *text = config_text(map, key, NULL);
    return text && text_number(text, &number) ? number : absent;
}

bool config_bool(const struct config_node *map, const char *key, bool absent)
{
    bool value;
    const char *text = config_text(map, key, NULL);
    return text && config_parse_bool(text, &value) ? value : absent;
}

msec config_span(const struct config_node *map, const char *key, msec absent)
{
    msec span;
    const char *text = config_text(map, key, NULL);
    return text && span_parse(text, &span, NULL) ? span : absent;
}

const char *config_file(const struct config_node *node)
{
    return node ? node->place.file : "configuration";
}

unsigned config_line(const struct config_node *node)
{
    return node ? node->place.line : 0;
}
