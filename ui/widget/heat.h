/* The board: groups of small cells, one per asset, a health letter each. Cells are two columns wide where all fits so,
 * else one. Where even that does not fit and `fold` allows, each group takes the lines its wrong cells need and says
 * how many quiet ones follow ("+51"); if need be groups lie in several lanes side by side, and then page by page.
 * Without folding it scrolls. The cursor is on a cell and keeps to its id. */
#ifndef WIDGET_HEAT_H
#define WIDGET_HEAT_H

#include <stdbool.h>
#include <stddef.h>

#include "model/health.h"
#include "term/key.h"
#include "term/surface.h"

struct heat_group {
    const char *id, *name;
    const char *summary;    /* "108/110": right-aligned before the cells */
    uint8_t role;           /* of the summary: ROLE_DIM where all is well */
    const uint8_t *cells;   /* enum health each, in the order shown */
    size_t count;
};

struct heat_source {
    void *owner;
    const struct heat_group *groups;
    size_t count;
    const char *(*cell_id)(void *owner, size_t group, size_t cell);
    bool (*find)(void *owner, const char *id, size_t *group, size_t *cell);
};

struct heat;

struct heat *heat_new(void);
void heat_free(struct heat **heat);
void heat_set_fold(struct heat *heat, bool fold);   /* worst first: folding hides nothing that is wrong. Default on */
void heat_set_stale(struct heat *heat, bool stale); /* the data is old: everything dim, no colour of health */
void heat_set_empty(struct heat *heat, const char *text, const char *why);
/* The groups came or changed; copied shallowly: they must stay valid until the next call. */
void heat_refreshed(struct heat *heat, const struct heat_source *source);
void heat_draw(struct heat *heat, struct surface *surface, struct rect area);

enum heat_answer { HEAT_IGNORED, HEAT_MOVED, HEAT_CHOSEN };
/* Arrows, j k l (h is history), g G, pages, n N next wrong round the whole board, J K groups, Enter,
 * click and double click. */
enum heat_answer heat_key(struct heat *heat, const struct key_event *key);

const char *heat_cursor_id(const struct heat *heat); /* NULL while empty */
const char *heat_cursor_group(const struct heat *heat);
bool heat_cursor(const struct heat *heat, size_t *group, size_t *cell);
bool heat_move_to_id(struct heat *heat, const char *id);
/* Rows that all groups would take in this width, for layouts that size themselves. */
int heat_rows(const struct heat *heat, int columns);

#endif
