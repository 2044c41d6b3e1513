/* The devices as a tree: building, what stands in it, what hangs below each. Children are asked for when a branch
 * opens, one branch at a time. */
#ifndef VIEW_DEVICE_TREE_H
#define VIEW_DEVICE_TREE_H

#include "view/devices.h"
#include "view/view.h"
#include "widget/tree.h"

struct device_tree;

struct device_tree *device_tree_new(struct view *view, struct device_columns *columns, const char *filter);
void device_tree_free(struct device_tree **tree);
void device_tree_restart(struct device_tree *tree, const char *filter); /* another filter */
struct table *device_tree_table(struct device_tree *tree);
void device_tree_want(struct device_tree *tree, struct view_wants *wants, unsigned first_slot);
bool device_tree_receive(struct device_tree *tree, unsigned slot, const struct client_answer *answer, struct error *error);
void device_tree_draw(struct device_tree *tree, struct surface *surface, struct rect area, msec now);
enum table_answer device_tree_key(struct device_tree *tree, const struct key_event *key);
bool device_tree_is_group(const struct device_tree *tree, const char *id); /* a building, not an asset */
void device_tree_toggle(struct device_tree *tree, const char *id);
const char *device_tree_label(const struct device_tree *tree, const char *id);
void device_tree_headline(const struct device_tree *tree, struct buffer *out);

#endif
