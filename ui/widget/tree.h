/* A tree of lazily loaded children, drawn and moved through by table.h. A node is known by its id; the tree keeps
 * which nodes are open across refreshes and asks for the children of an open node it does not have. */
#ifndef WIDGET_TREE_H
#define WIDGET_TREE_H

#include "widget/table.h"

struct tree_node {
    const char *id;
    bool branch;          /* may have children */
    void *data;           /* the view's own, handed back to fill */
};

struct tree;
/* Fill the cells of a node's row; id, depth, branch, open, last and passes are already there. */
typedef void tree_fill(void *owner, const struct tree_node *node, struct table_row *row);
/* A node's data is no longer used; NULL when there is nothing to release. */
typedef void tree_release(void *owner, void *data);

struct tree *tree_new(const struct table_column *columns, unsigned count, tree_fill *fill, tree_release *release, void *owner);
void tree_free(struct tree **tree);
struct table *tree_table(struct tree *tree); /* for cursor, marks, columns, draw */

/* Give the children of `parent` (NULL: the roots), replacing the old ones; nodes with a known id keep their open
 * state and their own children. Ids are copied, data is taken. */
void tree_set_children(struct tree *tree, const char *parent, const struct tree_node *nodes, size_t count);
/* The next open node whose children are missing, or NULL; "" stands for the roots. Call tree_asked for it. */
const char *tree_wanted(const struct tree *tree);
void tree_asked(struct tree *tree, const char *id);
void tree_forget(struct tree *tree);       /* all children are old: ask again, keep the drawing until they come */
bool tree_open(struct tree *tree, const char *id, bool open); /* false: not here, or no branch */
bool tree_is_open(const struct tree *tree, const char *id);
const char *tree_parent(const struct tree *tree, const char *id); /* NULL: a root or not here */
void *tree_data(const struct tree *tree, const char *id);

void tree_draw(struct tree *tree, struct surface *surface, struct rect area);
/* As table_key, and: Right or + opens, Left or - closes or goes to the parent. TABLE_SCROLLED when that changed
 * what is wanted. */
enum table_answer tree_key(struct tree *tree, const struct key_event *key);

#endif
