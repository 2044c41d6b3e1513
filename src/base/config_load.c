#include "base/config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/config_tree.h"
#include "base/memory.h"

#define FILE_MAX ((size_t)16 << 20)

struct anchor {
    char *name;
    struct config_node *node;
};

struct level {
    struct config_node *node;
    char *key; /* read, its value not yet */
    struct config_place key_place;
};

struct loader {
    struct config *config;
    struct config_problems *problems;
    yaml_parser_t parser;
    const char *file, *text;
    size_t length;
    struct level levels[CONFIG_DEPTH];
    size_t depth;
    struct config_node *root;
    struct anchor *anchors;
    size_t anchor_count, anchor_capacity;
    unsigned documents;
};

static struct config_place place_of(const struct loader *loader, yaml_mark_t mark)
{
    return (struct config_place){loader->file, (unsigned)mark.line + 1, (unsigned)mark.column + 1};
}

static bool fail_at(struct loader *loader, struct config_place place, const char *what)
{
    const struct config_node *inside = loader->depth ? loader->levels[loader->depth - 1].node : NULL;
    config_problem_at(loader->problems, place, inside, "%s", what);
    return false;
}

/* Does the line (from 1) begin with a tab somewhere in its indentation? libyaml's own words for it puzzle people. */
static bool line_has_tab(const struct loader *loader, size_t line)
{
    const char *at = loader->text, *end = loader->text + loader->length;
    for (; line > 1 && at; line--) {
        at = memchr(at, '\n', (size_t)(end - at));
        at = at ? at + 1 : NULL;
    }
    for (; at && at < end && (*at == ' ' || *at == '\t'); at++)
        if (*at == '\t')
            return true;
    return false;
}

static bool fail_yaml(struct loader *loader)
{
    const yaml_parser_t *parser = &loader->parser;
    struct config_place place = place_of(loader, parser->problem_mark);
    if (parser->error == YAML_READER_ERROR) {
        place.line = place.column = 1;
        for (size_t i = 0; i < parser->problem_offset && i < loader->length; i++) {
            place.column = loader->text[i] == '\n' ? 1 : place.column + 1;
            place.line += loader->text[i] == '\n';
        }
        config_problem_at(loader->problems, place, NULL, "not UTF-8 text: %s", parser->problem);
    } else if (line_has_tab(loader, place.line)) {
        config_problem_at(loader->problems, place, NULL, "a tab in the indentation: YAML indents with blanks");
    } else if (parser->context) {
        config_problem_at(loader->problems, place, NULL, "not YAML: %s %s that begins in line %zu",
                          parser->problem ? parser->problem : "bad text", parser->context,
                          parser->context_mark.line + 1);
    } else {
        config_problem_at(loader->problems, place, NULL, "not YAML: %s",
                          parser->problem ? parser->problem : "bad text");
    }
    return false;
}

/* A node made just now becomes the root or a child of the innermost open one. */
static bool loader_attach(struct loader *loader, struct config_node *node)
{
    if (loader->config->made_count > CONFIG_NODES_MAX)
        return fail_at(loader, node->place, "more than 2000000 values");
    if (!loader->depth) {
        loader->root = node;
        return true;
    }
    struct level *top = &loader->levels[loader->depth - 1];
    if (top->node->shape == CONFIG_IS_MAP && top->node->count >= CONFIG_KEYS_MAX)
        return fail_at(loader, node->place, "more than 4096 keys in one mapping");
    config_node_add(top->node, node, top->key, top->key_place);
    top->key = NULL;
    return true;
}

static bool wants_key(const struct loader *loader)
{
    return loader->depth && loader->levels[loader->depth - 1].node->shape == CONFIG_IS_MAP &&
           !loader->levels[loader->depth - 1].key;
}

static void loader_anchor(struct loader *loader, const yaml_char_t *name, struct config_node *node)
{
    if (!name)
        return;
    for (size_t i = 0; i < loader->anchor_count; i++)
        if (!strcmp(loader->anchors[i].name, (const char *)name)) {
            loader->anchors[i].node = node;
            return;
        }
    ARRAY_RESERVE(loader->anchors, loader->anchor_capacity, loader->anchor_count + 1);
    loader->anchors[loader->anchor_count++] = (struct anchor){memory_text((const char *)name), node};
}

static bool load_key(struct loader *loader, const yaml_event_t *event, struct config_place place)
{
    struct level *top = &loader->levels[loader->depth - 1];
    const char *key = (const char *)event->data.scalar.value;
    if (strlen(key) != event->data.scalar.length)
        return fail_at(loader, place, "a key holds a NUL character");
    const struct config_node *first = config_node_find(top->node, key, NULL);
    if (first) {
        config_problem_at(loader->problems, place, first, "given twice; the first time in line %u",
                          first->key_place.line);
        return false;
    }
    top->key = memory_text(key);
    top->key_place = place;
    return true;
}

static bool load_scalar(struct loader *loader, const yaml_event_t *event, struct config_place place)
{
    if (wants_key(loader))
        return load_key(loader, event, place);
    const char *text = (const char *)event->data.scalar.value;
    if (strlen(text) != event->data.scalar.length)
        return fail_at(loader, place, "a text holds a NUL character");
    struct config_node *node = config_node_new(loader->config, CONFIG_IS_SCALAR, place);
    node->text = memory_text(text);
    node->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE && !event->data.scalar.tag;
    loader_anchor(loader, event->data.scalar.anchor, node);
    return loader_attach(loader, node);
}

static bool load_open(struct loader *loader, enum config_shape shape, const yaml_char_t *anchor,
                      struct config_place place)
{
    if (wants_key(loader))
        return fail_at(loader, place, "a key must be a text");
    if (loader->depth == CONFIG_DEPTH)
        return fail_at(loader, place, "nested deeper than 32");
    struct config_node *node = config_node_new(loader->config, shape, place);
    node->open = true;
    loader_anchor(loader, anchor, node);
    if (!loader_attach(loader, node))
        return false;
    loader->levels[loader->depth++] = (struct level){.node = node};
    return true;
}

/* `<<: *base` (or a list of them): keys of the base that the mapping does not have itself. */
static bool apply_merge_key(struct loader *loader, struct config_node *map)
{
    size_t index;
    struct config_node *merge = config_node_find(map, "<<", &index);
    if (!merge)
        return true;
    memmove(map->children + index, map->children + index + 1, (map->count - index - 1) * sizeof *map->children);
    map->count--;
    size_t bases = merge->shape == CONFIG_IS_LIST ? merge->count : 1;
    for (size_t i = 0; i < bases; i++) {
        struct config_node *base = merge->shape == CONFIG_IS_LIST ? merge->children[i] : merge;
        if (base->shape != CONFIG_IS_MAP)
            return fail_at(loader, merge->key_place, "`<<` takes a mapping or a list of mappings");
        for (size_t j = 0; j < base->count; j++) {
            struct config_node *child = base->children[j];
            if (!config_node_find(map, child->key, NULL))
                config_node_add(map, child, child->key, child->key_place);
        }
    }
    return true;
}

static bool load_close(struct loader *loader)
{
    struct config_node *node = loader->levels[loader->depth - 1].node;
    if (node->shape == CONFIG_IS_MAP && !apply_merge_key(loader, node))
        return false;
    loader->depth--;
    node->open = false;
    for (size_t i = 0; i < node->count; i++)
        if (node->height <= node->children[i]->height)
            node->height = (unsigned char)(node->children[i]->height + 1);
    return true;
}

/* A copy, so that each place keeps its own path. The height is at most CONFIG_DEPTH. */
static struct config_node *copy_node(struct loader *loader, const struct config_node *from)
{
    if (loader->config->made_count > CONFIG_NODES_MAX)
        return NULL;
    struct config_node *copy = config_node_new(loader->config, from->shape, from->place);
    copy->plain = from->plain;
    copy->height = from->height;
    copy->text = memory_text(from->text);
    for (size_t i = 0; i < from->count; i++) {
        struct config_node *child = copy_node(loader, from->children[i]);
        if (!child)
            return NULL;
        config_node_add(copy, child, memory_text(from->children[i]->key), from->children[i]->key_place);
    }
    return copy;
}

static bool load_alias(struct loader *loader, const char *name, struct config_place place)
{
    if (wants_key(loader))
        return fail_at(loader, place, "a key must be a text");
    const struct config_node *target = NULL;
    for (size_t i = 0; i < loader->anchor_count; i++)
        if (!strcmp(loader->anchors[i].name, name))
            target = loader->anchors[i].node;
    if (!target)
        return fail_at(loader, place, "this alias has no anchor above it");
    if (target->open)
        return fail_at(loader, place, "this alias stands inside its own anchor");
    if (loader->depth + target->height >= CONFIG_DEPTH)
        return fail_at(loader, place, "nested deeper than 32");
    struct config_node *copy = copy_node(loader, target);
    if (!copy)
        return fail_at(loader, place, "more than 2000000 values");
    return loader_attach(loader, copy);
}

static bool load_event(struct loader *loader, const yaml_event_t *event)
{
    struct config_place place = place_of(loader, event->start_mark);
    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        return loader->documents++ == 0 || fail_at(loader, place, "a second document; one file holds one");
    case YAML_SCALAR_EVENT:
        return load_scalar(loader, event, place);
    case YAML_ALIAS_EVENT:
        return load_alias(loader, (const char *)event->data.alias.anchor, place);
    case YAML_SEQUENCE_START_EVENT:
        return load_open(loader, CONFIG_IS_LIST, event->data.sequence_start.anchor, place);
    case YAML_MAPPING_START_EVENT:
        return load_open(loader, CONFIG_IS_MAP, event->data.mapping_start.anchor, place);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        return load_close(loader);
    default:
        return true;
    }
}

static bool load_events(struct loader *loader)
{
    for (;;) {
        yaml_event_t event;
        if (!yaml_parser_parse(&loader->parser, &event))
            return fail_yaml(loader);
        bool last = event.type == YAML_STREAM_END_EVENT, done = load_event(loader, &event);
        yaml_event_delete(&event);
        if (!done || last)
            return done;
    }
}

static bool load_into(struct config *config, struct loader *loader)
{
    if (config_node_is_null(loader->root)) /* an empty file says nothing */
        return true;
    if (loader->root->shape != CONFIG_IS_MAP)
        return fail_at(loader, loader->root->place, "expected `key: value` lines");
    if (!config->root->count)
        config->root->place = loader->root->place;
    config_node_merge(config->root, loader->root);
    return true;
}

bool config_load_text(struct config *config, const char *name, const char *text, size_t length,
                      struct config_problems *problems)
{
    ARRAY_RESERVE(config->files, config->file_capacity, config->file_count + 1);
    config->files[config->file_count] = memory_text(name);
    struct loader loader = {
        .config = config,
        .problems = problems,
        .file = config->files[config->file_count++],
        .text = text,
        .length = length,
    };
    if (length > FILE_MAX)
        return fail_at(&loader, (struct config_place){.file = loader.file}, "larger than 16 MiB");
    if (!yaml_parser_initialize(&loader.parser))
        abort();
    yaml_parser_set_input_string(&loader.parser, (const unsigned char *)text, length);
    bool done = load_events(&loader) && load_into(config, &loader);
    yaml_parser_delete(&loader.parser);
    for (size_t i = 0; i < loader.depth; i++)
        free(loader.levels[i].key);
    for (size_t i = 0; i < loader.anchor_count; i++)
        free(loader.anchors[i].name);
    free(loader.anchors);
    return done;
}

bool config_load(struct config *config, const char *path, struct config_problems *problems)
{
    struct config_place place = {.file = path};
    FILE *file = fopen(path, "rbe");
    if (!file) {
        config_problem_at(problems, place, NULL, "cannot be opened: %s", strerror(errno));
        return false;
    }
    struct buffer text = BUFFER_INIT;
    size_t got;
    do {
        buffer_reserve(&text, 65536);
        got = fread(text.data + text.length, 1, 65536, file);
        text.length += got;
    } while (got && text.length <= FILE_MAX);
    bool done = !ferror(file);
    if (!done)
        config_problem_at(problems, place, NULL, "cannot be read: %s", strerror(errno));
    else
        done = config_load_text(config, path, buffer_text(&text), text.length, problems);
    fclose(file);
    buffer_release(&text);
    return done;
}
