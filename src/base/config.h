/* YAML with positions: a tree whose every node knows file, line and column, and a walker that checks it against
 * tables of keys. Configuration, profiles and themes' outer shape all go through here, so that every mistake is
 * reported the same way: "nocturne.yml:12:5: sources[1].interval: expected a span such as 10s, 5m; got `ten`". */
#ifndef BASE_CONFIG_H
#define BASE_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/error.h"

struct config;       /* one or more merged files */
struct config_node;  /* lives as long as its config */

enum config_type {
    CONFIG_TEXT, CONFIG_INTEGER, CONFIG_NUMBER, CONFIG_BOOL, CONFIG_SPAN, CONFIG_CHOICE, CONFIG_PATH,
    CONFIG_FILTER,     /* text that `check` validates (the filter language lives above base) */
    CONFIG_TEXT_LIST,  /* a list of texts, or one text */
    CONFIG_LIST,       /* a list of mappings, each checked by `keys` */
    CONFIG_MAP,        /* one mapping, checked by `keys` */
    CONFIG_ANY,        /* checked by its owner */
};

struct config_key {
    const char *name;
    enum config_type type;
    bool required;
    double minimum, maximum;         /* for numbers and spans (ms); both 0: any */
    const char *const *choices;      /* CONFIG_CHOICE, NULL-terminated */
    const struct config_key *keys;   /* CONFIG_LIST and CONFIG_MAP; ends with a NULL name */
    bool (*check)(const struct config_node *node, const char *text, struct error *error); /* optional, scalars */
    const char *help;                /* one line; for the manual and for "what would be right" */
};

/* Mistakes collected, so that one run shows them all; each is one line with file:line:column and key path. */
struct config_problems {
    struct buffer text; /* lines */
    unsigned count;
};
void config_problems_init(struct config_problems *problems);
void config_problems_release(struct config_problems *problems);
/* Add a mistake at a node: "FILE:LINE:COLUMN: PATH: text". */
void config_problem(struct config_problems *problems, const struct config_node *node, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

struct config *config_new(void);
void config_free(struct config **config);
/* Parse a file and merge it over what is there: mappings merge by key, lists append, scalars replace. Anchors and
 * aliases are allowed, depth at most 32, file at most 16 MiB. False when it cannot be read or is not YAML. */
bool config_load(struct config *config, const char *path, struct config_problems *problems);
bool config_load_text(struct config *config, const char *name, const char *text, size_t length,
                      struct config_problems *problems);
const struct config_node *config_root(const struct config *config);

/* Unknown keys (with the nearest known name), missing ones, wrong types, ranges; true when none was added. */
bool config_check(const struct config_node *node, const struct config_key *keys, struct config_problems *problems);

const struct config_node *config_get(const struct config_node *map, const char *key); /* NULL where absent */
size_t config_count(const struct config_node *node);                /* children of a list or mapping */
const struct config_node *config_at(const struct config_node *node, size_t index);    /* value */
const char *config_key_at(const struct config_node *map, size_t index);
const char *config_scalar(const struct config_node *node);          /* NULL unless a scalar */
bool config_is_map(const struct config_node *node);
bool config_is_list(const struct config_node *node);
/* Values of checked keys, with the default where absent. */
const char *config_text(const struct config_node *map, const char *key, const char *absent);
int64_t config_integer(const struct config_node *map, const char *key, int64_t absent);
double config_number(const struct config_node *map, const char *key, double absent);
bool config_bool(const struct config_node *map, const char *key, bool absent);
msec config_span(const struct config_node *map, const char *key, msec absent);
const char *config_file(const struct config_node *node);
unsigned config_line(const struct config_node *node);

#endif
