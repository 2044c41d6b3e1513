/* Queries over the fleet: filters, sorts, facets, the board, the past, and the word sweep against a naive search. */
#include "unit/engine/fixture.h"

#include "base/text.h"

static const char campus[] =
    "id,name,kind,class,parent,subsystem,building,floor,room,tags,period,warranty\n"
    "GW-10,供水网关十,gateway,iot-gateway,,供水,3号楼,2F,弱电间,重点;泵房,10s,2027\n"
    "GW-9,供电网关九,gateway,iot-gateway,,供电,1号楼,1F,弱电间,,10s,2026\n"
    "T-1,泵房温度,terminal,temperature,GW-10,供水,3号楼,2F,泵房,用能,10s,2030\n"
    "T-2,走廊湿度,terminal,humidity,GW-10,供水,3号楼,10F,走廊,spare,10s,\n"
    "T-3,Meter Ａ,terminal,meter,GW-9,供电,1号楼,1F,配电室,,10s,\n"
    "S-1,API host,server,server,,,,,,,10s,\n";

static uint32_t select_count(struct world *world, const char *filter)
{
    struct fleet_result result;
    struct error error = {0};
    if (!fleet_select(world->fleet, &(struct fleet_query){.filter = filter}, &result, &error))
        fail_msg("%s: %s", filter, error.text);
    return result.total;
}

static const char *select_ids(struct world *world, const char *filter, const char *sort)
{
    static char ids[512];
    struct fleet_result result;
    struct error error = {0};
    if (!fleet_select(world->fleet, &(struct fleet_query){.filter = filter, .sort = sort}, &result, &error))
        fail_msg("%s: %s", filter, error.text);
    ids[0] = '\0';
    for (uint32_t i = 0; i < result.total; i++) {
        strcat(ids, i ? " " : "");
        strcat(ids, fleet_text(world->fleet, result.assets[i], ASSET_id));
    }
    return ids;
}

static void test_filters(void **state)
{
    (void)state;
    struct world *world = world_new();
    world_ledger(world, campus);
    world_say(world, "T-1", "GW-10", "temperature", 31.5);
    assert_int_equal(select_count(world, ""), 6);
    assert_string_equal(select_ids(world, "kind:gateway", "id"), "GW-9 GW-10");
    assert_string_equal(select_ids(world, "building~\"3号\"", "id"), "GW-10 T-1 T-2");
    assert_string_equal(select_ids(world, "-tag:spare kind:terminal", "id"), "T-1 T-3");
    assert_string_equal(select_ids(world, "tag:泵房", "id"), "GW-10");
    assert_string_equal(select_ids(world, "泵房", "id"), "T-1"); /* name and place, not tags */
    assert_string_equal(select_ids(world, "泵", "id"), "T-1");
    assert_string_equal(select_ids(world, "弱电间", "id"), "GW-9 GW-10");
    assert_string_equal(select_ids(world, "meter", "id"), "T-3");
    assert_string_equal(select_ids(world, "\"meter a\"", "id"), "T-3"); /* full width is folded */
    assert_string_equal(select_ids(world, "under:GW-10", "id"), "T-1 T-2");
    assert_string_equal(select_ids(world, "health:ok", "id"), "GW-10 T-1");
    assert_string_equal(select_ids(world, "metric.temperature>30", "id"), "T-1");
    assert_string_equal(select_ids(world, "has:warranty", "id"), "GW-9 GW-10 T-1");
    assert_string_equal(select_ids(world, "warranty>2026", "id"), "GW-10 T-1");
    assert_string_equal(select_ids(world, "( kind:server | class:meter )", "id"), "S-1 T-3");
    world_pass(world, 8000);
    assert_string_equal(select_ids(world, "age>5s", "id"), "GW-10 T-1");
    struct fleet_result result;
    struct error error = {0};
    assert_false(fleet_select(world->fleet, &(struct fleet_query){.filter = "health:"}, &result, &error));
    assert_int_equal(error.code, ERROR_INVALID);
    assert_non_null(strstr(error.text, "column"));
    assert_false(fleet_select(world->fleet, &(struct fleet_query){.sort = "shoesize"}, &result, &error));
    world_free(world);
}

static void test_sorts(void **state)
{
    (void)state;
    struct world *world = world_new();
    world_ledger(world, campus);
    assert_string_equal(select_ids(world, "", "id"), "GW-9 GW-10 S-1 T-1 T-2 T-3");
    assert_string_equal(select_ids(world, "", "-id"), "T-3 T-2 T-1 S-1 GW-10 GW-9");
    assert_string_equal(select_ids(world, "", "building,-id"), "T-3 GW-9 T-2 T-1 GW-10 S-1"); /* without one: last */
    assert_string_equal(select_ids(world, "kind:terminal", "floor"), "T-3 T-1 T-2");            /* 2F before 10F */
    assert_string_equal(select_ids(world, "", "-below,id"), "GW-10 GW-9 S-1 T-1 T-2 T-3");
    world_ledger(world, "id,name\nN-1,same\nN-3,same\nN-2,same\n");
    assert_string_equal(select_ids(world, "same", "name,-id"), "N-3 N-2 N-1");
    assert_string_equal(select_ids(world, "same", "name"), "N-1 N-2 N-3");
    world_say(world, "T-3", "GW-9", "power", 5);
    world_link(world, &world->probe, "S-1", LINK_DOWN);
    assert_string_equal(select_ids(world, "-same", ""), "S-1 GW-10 T-1 T-2 GW-9 T-3"); /* worst first, then since, id */
    world_say(world, "T-1", NULL, "power", 9);
    world_say(world, "T-2", NULL, "power", -3);
    assert_string_equal(select_ids(world, "-same", "metric.power"), "T-2 T-3 T-1 GW-9 GW-10 S-1");
    assert_string_equal(select_ids(world, "-same", "-metric.power"), "T-1 T-3 T-2 GW-9 GW-10 S-1");
    world_free(world);
}

static void test_results_follow_changes(void **state)
{
    (void)state;
    struct world *world = world_new();
    world_ledger(world, campus);
    assert_int_equal(select_count(world, "health:offline"), 0);
    world_link(world, &world->probe, "S-1", LINK_DOWN);
    assert_int_equal(select_count(world, "health:offline"), 1);
    assert_int_equal(select_count(world, "主机"), 0);
    world_ledger(world, "id,name,kind\nS-1,主机,server\n");
    assert_int_equal(select_count(world, "主机"), 1);
    assert_int_equal(select_count(world, "\"api host\""), 0);
    world_say(world, "NEW-1", NULL, "m", 1);
    assert_int_equal(select_count(world, "new-1"), 1);
    assert_int_equal(select_count(world, "discovered:yes"), 1);
    world_free(world);
}

static void test_facets(void **state)
{
    (void)state;
    struct world *world = world_new();
    struct fleet_facet facets[8];
    world_ledger(world, campus);
    assert_int_equal(fleet_facets(world->fleet, "building", "", facets, 8, NULL), 3);
    assert_string_equal(facets[0].value, "3号楼");
    assert_int_equal(facets[0].count, 3);
    assert_int_equal(facets[0].by_health[HEALTH_UNKNOWN], 3);
    assert_int_equal(fleet_facets(world->fleet, "tag", "kind:gateway", facets, 1, NULL), 2); /* more than there is room for */
    assert_string_equal(facets[0].value, "泵房");
    struct error error;
    assert_int_equal(fleet_facets(world->fleet, "kind", "health:", facets, 8, &error), 0);
    world_free(world);
}

static void test_board(void **state)
{
    (void)state;
    struct world *world = world_new();
    struct fleet_board board;
    struct error error = {0};
    world_ledger(world, campus);
    world_link(world, &world->probe, "GW-10", LINK_DOWN);
    assert_true(fleet_board(world->fleet, "building", NULL, FLEET_WORST_FIRST, NULL, &board, &error));
    assert_int_equal(board.group_count, 3);
    assert_string_equal(board.groups[0].key, "3号楼");
    assert_int_equal(board.groups[0].cell_count, 1);
    assert_int_equal(board.groups[0].cells_by_health[HEALTH_OFFLINE], 1);
    assert_int_equal(board.groups[0].all_by_health[HEALTH_UNREACHABLE], 2);
    assert_int_equal(board.cells_by_health[HEALTH_OFFLINE], 1);
    assert_int_equal(board.all_by_health[HEALTH_UNREACHABLE], 2);
    assert_int_equal(board.all_by_health[HEALTH_UNKNOWN], 3);
    assert_true(fleet_board(world->fleet, "building", NULL, FLEET_IN_PLACE, NULL, &board, &error));
    assert_string_equal(board.groups[0].key, "1号楼");
    assert_string_equal(board.groups[2].key, ""); /* what has no building stands last */
    assert_true(fleet_board(world->fleet, "floor", "kind:terminal", FLEET_IN_PLACE, NULL, &board, &error));
    assert_string_equal(board.groups[1].key, "3号楼 2F");
    assert_string_equal(board.groups[2].key, "3号楼 10F");
    assert_false(fleet_board(world->fleet, "health", NULL, FLEET_IN_PLACE, NULL, &board, &error));
    assert_false(fleet_board(world->fleet, "building", "kind:", FLEET_IN_PLACE, NULL, &board, &error));
    world_free(world);
}

static void past_loaded(void *owner, struct fleet_past *past, const struct error *error)
{
    if (error)
        fail_msg("%s", error->text);
    *(struct fleet_past **)owner = past;
}

static struct fleet_past *past_at(struct world *world, msec at)
{
    struct fleet_past *past = NULL;
    fleet_past_load(world->fleet, at, past_loaded, &past);
    for (int i = 0; !past && i < 2000; i++) {
        uv_run(&world->loop, UV_RUN_NOWAIT);
        uv_sleep(1);
    }
    assert_non_null(past);
    return past;
}

static void test_past(void **state)
{
    (void)state;
    struct world *world = world_new();
    struct fleet_result result;
    struct fleet_board board;
    world_ledger(world, campus);
    world_say(world, "T-1", "GW-10", "temperature", 20);
    world_pass(world, 5000);
    msec well = clock_wall();
    world_pass(world, 1000);
    world_link(world, &world->probe, "GW-10", LINK_DOWN);
    world_pass(world, 60000);
    msec dead = clock_wall() - 1;
    world_link(world, &world->probe, "GW-10", LINK_UP);
    world_say(world, "T-1", "GW-10", "temperature", 20);
    world_pass(world, 9000);
    world_flush(world);
    struct fleet_past *before = past_at(world, well), *during = past_at(world, dead), *again = past_at(world, dead);
    assert_ptr_equal(during, again);
    struct store_state then;
    fleet_past_get(before, fleet_find(world->fleet, "T-1"), &then);
    assert_int_equal(then.health, HEALTH_OK);
    fleet_past_get(during, fleet_find(world->fleet, "T-1"), &then);
    assert_int_equal(then.health, HEALTH_UNREACHABLE);
    assert_true(fleet_select(world->fleet, &(struct fleet_query){.filter = "health:unreachable", .past = during}, &result, NULL));
    assert_int_equal(result.total, 2);
    assert_int_equal(select_count(world, "health:unreachable"), 0);
    assert_true(fleet_board(world->fleet, "building", NULL, FLEET_WORST_FIRST, during, &board, NULL));
    assert_int_equal(board.cells_by_health[HEALTH_OFFLINE], 1);
    fleet_past_release(before);
    fleet_past_release(during);
    fleet_past_release(again);
    world_free(world);
}

/* ---- the sweep ---- */

static unsigned draw(unsigned *seed, unsigned below)
{
    *seed = *seed * 1103515245u + 12345u;
    return (*seed >> 16) % below;
}

static void test_sweep_finds_what_a_naive_search_finds(void **state)
{
    (void)state;
    static const char *const parts[] = {"泵", "房", "温度", "a", "B", "0", "7", "-", "照明", "é", "x1"};
    struct world *world = world_new();
    unsigned seed = 7;
    struct buffer csv = BUFFER_INIT;
    buffer_append_text(&csv, "id,name,building\n");
    for (int i = 0; i < 3000; i++) {
        buffer_printf(&csv, "A%d,", i);
        for (unsigned n = draw(&seed, 6); n; n--)
            buffer_append_text(&csv, parts[draw(&seed, LENGTH_OF(parts))]);
        buffer_printf(&csv, ",%s%u\n", parts[draw(&seed, LENGTH_OF(parts))], draw(&seed, 4));
    }
    world_ledger(world, buffer_text(&csv));
    buffer_release(&csv);
    uint32_t *found = memory_new_array(world->fleet->count + 1, sizeof *found);
    for (int round = 0; round < 300; round++) {
        char needle[64] = "";
        for (unsigned n = 1 + draw(&seed, 3); n; n--)
            strcat(needle, parts[draw(&seed, LENGTH_OF(parts))]);
        struct buffer folded = BUFFER_INIT;
        text_fold(&folded, needle, strlen(needle));
        uint32_t count = fleet_search(world->fleet, buffer_text(&folded), found), next = 0;
        for (uint32_t asset = 0; asset < world->fleet->count; asset++) {
            struct fleet_subject subject = {.fleet = world->fleet, .asset = asset};
            if (!strstr(fleet_subject_ops.words(&subject), buffer_text(&folded)))
                continue;
            if (next >= count || found[next++] != asset)
                fail_msg("`%s`: %u is missing", needle, asset);
        }
        assert_int_equal(next, count);
        buffer_release(&folded);
    }
    free(found);
    world_free(world);
}

/* The radix keys and the comparison of texts must agree, whatever the texts. */
static void test_name_order_is_natural(void **state)
{
    (void)state;
    static const char *const parts[] = {"GW-", "a", "B", "泵房", "0", "00", "9", "10", "123456789012345678901234567890", " ", "-",
                                        ":", "é", "二楼东侧弱电间配电柜内", "x"};
    struct world *world = world_new();
    struct buffer csv = BUFFER_INIT;
    unsigned seed = 11;
    buffer_append_text(&csv, "id,name\n");
    for (int i = 0; i < 4000; i++) {
        buffer_printf(&csv, "A%d,n", i);
        for (unsigned n = draw(&seed, 7); n; n--)
            buffer_append_text(&csv, parts[draw(&seed, LENGTH_OF(parts))]);
        buffer_append_char(&csv, '\n');
    }
    world_ledger(world, buffer_text(&csv));
    buffer_release(&csv);
    struct fleet_result result;
    assert_true(fleet_select(world->fleet, &(struct fleet_query){.sort = "name"}, &result, NULL));
    for (uint32_t i = 1; i < result.total; i++) {
        const char *left = fleet_text(world->fleet, result.assets[i - 1], ASSET_name);
        const char *right = fleet_text(world->fleet, result.assets[i], ASSET_name);
        int order = text_compare_natural(left, right);
        if (order > 0)
            fail_msg("`%s` stands before `%s`", left, right);
        if (order == 0) /* ties by id */
            assert_true(text_compare_natural(fleet_text(world->fleet, result.assets[i - 1], ASSET_id),
                                             fleet_text(world->fleet, result.assets[i], ASSET_id)) < 0);
    }
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_filters),
        cmocka_unit_test(test_sorts),
        cmocka_unit_test(test_results_follow_changes),
        cmocka_unit_test(test_facets),
        cmocka_unit_test(test_board),
        cmocka_unit_test(test_past),
        cmocka_unit_test(test_name_order_is_natural),
        cmocka_unit_test(test_sweep_finds_what_a_naive_search_finds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
