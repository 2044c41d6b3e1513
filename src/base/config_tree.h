/* The body of a configuration node: config_load.c builds the tree, config.c reads it, config_check.c judges it. */
#ifndef BASE_CONFIG_TREE_H
#define BASE_CONFIG_TREE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/config.h"

#define CONFIG_DEPTH 32
#define CONFIG_KEYS_MAX 4096     /* of one mapping */
#define CONFIG_NODES_MAX 2000000 /* of all files, copies by alias included */

enum config_shape { CONFIG_IS_SCALAR, CONFIG_IS_LIST, CONFIG_IS_MAP };

struct config_place {
    const char *file;
    unsigned line, column; /* from 1 */
};

struct config_node {
    struct config_node *next_made; /* every node of a config, for freeing */
    struct config_node *parent;
    struct config_place place;
    enum config_shape shape;
    bool plain;                    /* a scalar without quotes: may be null, or a merge key */
    unsigned char height;          /* levels below */
    bool open;                     /* still being parsed: an alias to it would never end */
    char *text;                    /* of a scalar */
    char *key;                     /* by which the parent mapping holds it */
    struct config_place key_place;
    struct config_node **children;
    size_t count, capacity;
};

struct config {
    struct config_node *root;
    struct config_node *made;
    size_t made_count;
    char **files;
    size_t file_count, file_capacity;
};

struct config_node *config_node_new(struct config *config, enum config_shape shape, struct config_place place);
/* Takes `key`, which is NULL for a list's child. */
void config_node_add(struct config_node *parent, struct config_node *child, char *key, struct config_place key_place);
/* Absent values are null too: `key:` with nothing behind it. */
bool config_node_is_null(const struct config_node *node);
struct config_node *config_node_find(const struct config_node *map, const char *key, size_t *index);
/* Mappings merge by key, lists append, anything else is replaced. */
void config_node_merge(struct config_node *into, struct config_node *from);
/* Whole number in decimal; true and false also as yes, no, on, off in any case. */
bool config_parse_integer(const char *text, int64_t *number);
bool config_parse_bool(const char *text, bool *value);
void config_problem_at(struct config_problems *problems, struct config_place place, const struct config_node *node,
                       const char *format, ...) __attribute__((format(printf, 4, 5)));

#endif
