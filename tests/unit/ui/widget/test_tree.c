#include <stdio.h>
#include <stdlib.h>

#include "unit/ui/drawn.h"
#include "widget/tree.h"

static const struct table_column columns[] = {{.name = "name", .title = "name", .minimum = 30, .strong = true}};

static int released;

static void fill_row(void *owner, const struct tree_node *node, struct table_row *row)
{
    (void)owner;
    row->cells[0] = (struct table_cell){node->data ? node->data : node->id, ROLE_TEXT};
}

static void release(void *owner, void *data)
{
    (void)owner;
    free(data);
    released++;
}

static void give(struct tree *tree, const char *parent, const char *const *ids, size_t count, bool branches)
{
    struct tree_node nodes[16];
    for (size_t i = 0; i < count; i++)
        nodes[i] = (struct tree_node){.id = ids[i], .branch = branches};
    tree_set_children(tree, parent, nodes, count);
}

static enum table_answer press(struct tree *tree, const char *name)
{
    struct key_event key;
    assert_true(key_parse(name, &key));
    return tree_key(tree, &key);
}

struct bench {
    struct tree *tree;
    struct surface surface;
};

static int set_up(void **state)
{
    struct bench *bench = calloc(1, sizeof *bench);
    bench->tree = tree_new(columns, 1, fill_row, release, NULL);
    surface_init(&bench->surface, 10, 34, false);
    *state = bench;
    released = 0;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *bench = *state;
    tree_free(&bench->tree);
    surface_release(&bench->surface);
    free(bench);
    return 0;
}

static void draw(struct bench *bench)
{
    surface_clear(&bench->surface);
    table_set_header(tree_table(bench->tree), false);
    tree_draw(bench->tree, &bench->surface, (struct rect){0, 0, 10, 34});
}

static const char *const site[] = {"site"}, *const houses[] = {"涵英楼", "主楼"}, *const gateways[] = {"GW-1", "GW-2"};

static void loads_lazily_and_draws_branches(void **state)
{
    struct bench *bench = *state;
    assert_string_equal(tree_wanted(bench->tree), ""); /* the roots */
    tree_asked(bench->tree, "");
    assert_null(tree_wanted(bench->tree));
    give(bench->tree, NULL, site, 1, true);
    assert_null(tree_wanted(bench->tree)); /* closed */
    assert_int_equal(press(bench->tree, "Right"), TABLE_SCROLLED);
    assert_string_equal(tree_wanted(bench->tree), "site");
    give(bench->tree, "site", houses, 2, true);
    press(bench->tree, "Right"); /* goes in */
    assert_string_equal(table_cursor_id(tree_table(bench->tree)), "涵英楼");
    press(bench->tree, "+");
    give(bench->tree, "涵英楼", gateways, 2, false);
    draw(bench);
    assert_drawn(&bench->surface, "  ▾ site\n"
                                  "▌ ├ ▾ 涵英楼\n"
                                  "  │ ├   GW-1\n"
                                  "  │ └   GW-2\n"
                                  "  └ ▸ 主楼\n");
    assert_string_equal(tree_parent(bench->tree, "GW-1"), "涵英楼");
    assert_null(tree_parent(bench->tree, "site"));
}

static void keeps_what_is_open(void **state)
{
    struct bench *bench = *state;
    loads_lazily_and_draws_branches(state);
    table_move_to_id(tree_table(bench->tree), "GW-2");
    tree_forget(bench->tree);
    assert_string_equal(tree_wanted(bench->tree), "");
    give(bench->tree, NULL, site, 1, true);
    static const char *const more[] = {"图书馆", "涵英楼", "主楼"};
    assert_string_equal(tree_wanted(bench->tree), "site");
    give(bench->tree, "site", more, 3, true);
    assert_true(tree_is_open(bench->tree, "涵英楼"));
    assert_string_equal(table_cursor_id(tree_table(bench->tree)), "GW-2");
    assert_string_equal(tree_wanted(bench->tree), "涵英楼");
    press(bench->tree, "-"); /* to the parent */
    assert_string_equal(table_cursor_id(tree_table(bench->tree)), "涵英楼");
    press(bench->tree, "Left"); /* closes it */
    assert_false(tree_is_open(bench->tree, "涵英楼"));
    assert_int_equal(table_total(tree_table(bench->tree)), 4);
    assert_null(tree_wanted(bench->tree));
}

static void survives_loops_and_doubles(void **state)
{
    struct bench *bench = *state;
    static const char *const a[] = {"a"}, *const b[] = {"b", "b", "a", ""};
    give(bench->tree, NULL, a, 1, true);
    tree_open(bench->tree, "a", true);
    give(bench->tree, "a", b, 4, true); /* twice, its own ancestor, and no id */
    assert_int_equal(table_total(tree_table(bench->tree)), 2);
    tree_open(bench->tree, "b", true);
    give(bench->tree, "b", a, 1, true);
    assert_int_equal(table_total(tree_table(bench->tree)), 2);
    give(bench->tree, "nobody", a, 1, true);
    assert_false(tree_open(bench->tree, "nobody", true));
    give(bench->tree, NULL, b, 1, true); /* b becomes a root: a goes, b keeps */
    assert_int_equal(table_total(tree_table(bench->tree)), 1);
    assert_true(tree_is_open(bench->tree, "b"));
}

static void releases_data_once(void **state)
{
    struct bench *bench = *state;
    struct tree_node node = {.id = "a", .branch = false, .data = strdup("first")};
    tree_set_children(bench->tree, NULL, &node, 1);
    node.data = strdup("second");
    tree_set_children(bench->tree, NULL, &node, 1);
    assert_int_equal(released, 1);
    assert_string_equal(tree_data(bench->tree, "a"), "second");
    node.data = strdup("lost");
    tree_set_children(bench->tree, "nobody", &node, 1);
    assert_int_equal(released, 2);
    tree_set_children(bench->tree, NULL, NULL, 0);
    assert_int_equal(released, 3);
}

#define with(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {with(loads_lazily_and_draws_branches), with(keeps_what_is_open),
                                       with(survives_loops_and_doubles), with(releases_data_once)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
