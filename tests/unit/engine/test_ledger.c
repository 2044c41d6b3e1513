/* The ledger CSV: what spreadsheets write, what people get wrong, and one change at a time into the fleet. R053. */
#include "unit/engine/fixture.h"

static struct ledger_summary summary;
static struct ledger_change *change;

static const char *read_text(struct world *world, const char *csv, size_t length, bool complete)
{
    struct error error = {0};
    static char text[512];
    ledger_change_free(&change);
    if (!ledger_read(world ? world->fleet : NULL, "assets.csv", csv, length, complete, &change, &error)) {
        snprintf(text, sizeof text, "%s", error.text);
        return text;
    }
    ledger_change_summary(change, &summary);
    return NULL;
}

#define read_ok(world, csv) assert_null(read_text(world, csv, strlen(csv), false))
#define assert_problem(text)                                                   \
    do {                                                                       \
        if (!strstr(summary.problems, text))                                   \
            fail_msg("`%s` is not among:\n%s", text, summary.problems);        \
    } while (0)

static void test_plain(void **state)
{
    (void)state;
    struct world *world = world_new();
    read_ok(world, "name,id,kind,period,tags,oddity\r\n\"泵房 \"\"一\"\", 南\",A1,terminal,15m,\"x;y\",7\r\n\r\nB1,A2,gateway,,,\r\n");
    assert_int_equal(summary.added, 2);
    assert_int_equal(summary.rejected, 0);
    bool done = false;
    fleet_apply_ledger(world->fleet, change, "user:test", world_applied, &done);
    change = NULL;
    world_settle(world);
    assert_true(done);
    struct fleet_view view = world_view(world, "A1");
    assert_string_equal(view.row.field[ASSET_name], "泵房 \"一\", 南");
    assert_int_equal(view.period, 15 * SPAN_MINUTE);
    assert_string_equal(view.row.attributes, "{\"oddity\":\"7\"}");
    assert_int_equal(view.row.revision, 1);
    read_ok(world, "id,name,kind,period,tags,oddity\nA1,\"泵房 \"\"一\"\", 南\",terminal,15m,x;y,7\nA2,B2,gateway,,,\nA3,,,,,\n");
    assert_int_equal(summary.added, 1);
    assert_int_equal(summary.changed, 1);
    assert_int_equal(summary.unchanged, 1);
    assert_int_equal(summary.removed, 0);
    world_free(world);
}

static void test_encodings(void **state)
{
    (void)state;
    static const char gb[] = "id,name\nA1,\xb1\xc3\xb7\xbf\n"; /* 泵房 in GB18030 */
    static const char bom[] = "\xef\xbb\xbfid,name\nA1,泵房\n";
    static const char utf16[] = "\xff\xfei\0d\0,\0";
    struct world *world = world_new();
    assert_null(read_text(world, gb, sizeof gb - 1, false));
    bool done = false;
    fleet_apply_ledger(world->fleet, change, "user:test", world_applied, &done);
    change = NULL;
    world_settle(world);
    assert_string_equal(world_view(world, "A1").row.field[ASSET_name], "泵房");
    assert_null(read_text(world, bom, sizeof bom - 1, false));
    assert_int_equal(summary.unchanged, 1);
    assert_non_null(strstr(read_text(world, utf16, sizeof utf16 - 1, false), "UTF-16"));
    assert_non_null(strstr(read_text(world, "id\nA\xff\xff\xff\n", 7, false), "neither UTF-8 nor GB18030"));
    assert_null(read_text(world, "id;name\nA1;泵房\n", strlen("id;name\nA1;泵房\n"), false));
    assert_int_equal(summary.unchanged, 1);
    assert_null(read_text(world, "id\tname\rA1\t泵房\r", strlen("id\tname\rA1\t泵房\r"), false));
    assert_int_equal(summary.unchanged, 1);
    world_free(world);
}

static void test_chinese_headers(void **state)
{
    (void)state;
    struct world *world = world_new();
    world_ledger(world, "设备编号,设备名称,设备类型,所属网关,楼宇,上报周期,责任单位,质保到期\n"
                        "GW-1,一号网关,网关,,3号楼,60s,后勤,2027\nT-1,温度,终端,GW-1,3号楼,5m,后勤,\n");
    struct fleet_view view = world_view(world, "T-1");
    assert_string_equal(view.row.field[ASSET_kind], "terminal");
    assert_string_equal(view.row.field[ASSET_building], "3号楼");
    assert_string_equal(view.row.field[ASSET_unit], "后勤");
    assert_int_equal(view.period, 5 * SPAN_MINUTE);
    assert_int_equal(view.parent, fleet_find(world->fleet, "GW-1"));
    assert_string_equal(world_view(world, "GW-1").row.field[ASSET_kind], "gateway");
    assert_string_equal(world_view(world, "GW-1").row.attributes, "{\"质保到期\":\"2027\"}");
    world_free(world);
}

static void test_bad_rows_are_named(void **state)
{
    (void)state;
    read_ok(NULL,
            "id,name,kind,parent,period\n"
            "A1,one,gateway,,15m\n"
            "A1,again,gateway,,15m\n"       /* 3 */
            "A2,two\n"                      /* 4: too few fields */
            "A3,a,b,c,d,e\n"                /* 5: too many */
            ",none,gateway,,\n"             /* 6 */
            "with blank,x,gateway,,\n"      /* 7 */
            "A4,x,terminal,A1,soon\n"       /* 8 */
            "A5,x,terminal,nowhere,\n"      /* 9 */
            "A6,x,terminal,A6,\n"           /* 10 */
            "A7,\"two\nlines\",terminal,A1,\n"
            "A8,x,terminal,A1,0s\n");       /* 13 */
    assert_problem("assets.csv:3: id: `A1` is already in line 2");
    assert_problem("assets.csv:4: expected 5 fields");
    assert_problem("assets.csv:5: expected 5 fields, as the header has; got 6");
    assert_problem("assets.csv:6: id: empty");
    assert_problem("assets.csv:7: id: ");
    assert_problem("assets.csv:8: period: expected a span");
    assert_problem("assets.csv:9: parent: there is no asset `nowhere`");
    assert_problem("assets.csv:10: parent: `A6` names itself");
    assert_problem("assets.csv:13: period:");
    assert_int_equal(summary.rejected, 7);
    assert_int_equal(summary.warnings, 2);
    assert_int_equal(summary.added, 4); /* A1, and without their parent A5, A6; A7 */
}

static void test_unusable_files(void **state)
{
    (void)state;
    assert_non_null(strstr(read_text(NULL, "", 0, false), "empty"));
    assert_non_null(strstr(read_text(NULL, "name,kind\nx,y\n", 14, false), "no `id` column"));
    const char *cut = "id,name\nA1,\"泵房\nA2,x\n";
    assert_non_null(strstr(read_text(NULL, cut, strlen(cut), false), "assets.csv:2: a quoted field is not closed"));
}

static void test_parent_loops(void **state)
{
    (void)state;
    struct world *world = world_new();
    read_ok(NULL, "id,parent\nA,B\nB,C\nC,A\nD,A\nE,D\n");
    assert_int_equal(summary.warnings, 1);
    assert_problem("closes a loop of parents");
    assert_int_equal(summary.added, 5);
    read_ok(NULL, "id,parent\nA,B\nB,A\nX,Y\nY,Z\nZ,Y\nQ,\n");
    assert_int_equal(summary.warnings, 2);
    world_ledger(world, "id,parent\nA,\nB,A\nC,B\n");
    read_ok(world, "id,parent\nA,C\n"); /* closes a loop through rows that the fleet has */
    assert_int_equal(summary.warnings, 1);
    /* And should a damaged store hold one, the fleet cuts it. */
    fleet_set_text(world->fleet, fleet_find(world->fleet, "A"), ASSET_parent, "C");
    fleet_relink(world->fleet);
    uint32_t tops = 0;
    for (uint32_t asset = 0; asset < fleet_count(world->fleet); asset++)
        tops += live_at(world->fleet, asset)->parent == FLEET_NONE;
    assert_int_equal(tops, 1);
    world_free(world);
}

static void test_two_files_disagree(void **state)
{
    (void)state;
    struct ledger_change *both = ledger_change_new(NULL);
    const char *one = "id,name,building\nA1,泵房,3号楼\nA2,x,y\n", *two = "id,name,building\nA2,x,y\nA1,泵房,4号楼\nA3,,\n";
    assert_true(ledger_change_add(both, "one.csv", one, strlen(one), NULL));
    assert_true(ledger_change_add(both, "two.csv", two, strlen(two), NULL));
    ledger_change_close(both, false);
    ledger_change_summary(both, &summary);
    assert_int_equal(summary.added, 3);
    assert_int_equal(summary.rejected, 1);
    assert_problem("two.csv:3: building: `A1` has `4号楼` here but `3号楼` in one.csv:2, which is used");
    ledger_change_free(&both);
}

static void test_complete_removes(void **state)
{
    (void)state;
    struct world *world = world_new();
    world_ledger(world, "id,parent,kind\nG,,gateway\nA,G,terminal\nB,G,terminal\n");
    world_say(world, "X", NULL, "m", 1); /* discovered: no ledger row, so a complete ledger does not remove it */
    assert_null(read_text(world, "id,parent,kind\nA,,terminal\n", strlen("id,parent,kind\nA,,terminal\n"), true));
    assert_int_equal(summary.removed, 2);
    assert_int_equal(summary.changed, 1);
    bool done = false;
    fleet_apply_ledger(world->fleet, change, "user:test", world_applied, &done);
    change = NULL;
    world_settle(world);
    assert_int_equal(fleet_find(world->fleet, "B"), FLEET_NONE);
    assert_int_equal(fleet_find(world->fleet, "G"), FLEET_NONE);
    assert_int_not_equal(fleet_find(world->fleet, "X"), FLEET_NONE);
    assert_int_equal(world_view(world, "A").parent, FLEET_NONE);
    uint32_t before = fleet_next_key(world->fleet);
    world_flush(world);
    fleet_free(&world->fleet);
    world_fleet(world);
    assert_true(fleet_load(world->fleet, NULL));
    assert_true(fleet_next_key(world->fleet) >= before - 1); /* keys are never used again (X is not saved yet) */
    world_free(world);
}

static void test_heard_survives_a_change(void **state)
{
    (void)state;
    struct world *world = world_new();
    world_ledger(world, "id,kind,parent,period\nG1,gateway,,10s\nG2,gateway,,10s\nA,terminal,G1,10s\n");
    world_say(world, "A", "G1", "m", 5);
    world_link(world, &world->probe, "G2", LINK_DOWN);
    world_ledger(world, "id,kind,parent,period\nA,terminal,G2,60s\n");
    assert_health(world, "A", HEALTH_UNREACHABLE, REASON_PARENT); /* its new gateway is dead */
    assert_int_equal(world_view(world, "G1").children, 0);
    assert_int_equal(world_view(world, "G2").children_by_health[HEALTH_UNREACHABLE], 1);
    struct fleet_value value;
    assert_int_equal(fleet_values(world->fleet, fleet_find(world->fleet, "A"), &value, 1), 1);
    assert_int_equal(world_view(world, "A").row.revision, 2);
    assert_int_equal(world_view(world, "A").period, 60000);
    world_pass(world, 10 * SPAN_MINUTE);
    world_say(world, "G1", NULL, "m", 1);
    world_ledger(world, "id,kind,parent,period\nA,terminal,G1,60s\n");
    assert_health(world, "A", HEALTH_STALE, REASON_LATE); /* under a living one again: a period to speak */
    world_say(world, "A", "G1", "m", 5);
    assert_health(world, "A", HEALTH_OK, REASON_FRESH);
    world_free(world);
}

static void test_discovered_becomes_a_row(void **state)
{
    (void)state;
    struct world *world = world_new();
    world_say(world, "A", NULL, "m", 5);
    world_ledger(world, "id,name\nA,甲\n");
    assert_false(world_view(world, "A").row.discovered);
    assert_int_equal(world->fleet->discovered, 0);
    assert_int_equal(world->fleet->living, 1);
    assert_health(world, "A", HEALTH_OK, REASON_FRESH);
    world_free(world);
}

static void refused(void *owner, const struct error *error)
{
    *(enum error_code *)owner = error ? error->code : ERROR_NONE;
}

static void test_one_change_at_a_time(void **state)
{
    (void)state;
    struct world *world = world_new();
    enum error_code first = ERROR_INTERNAL, second = ERROR_INTERNAL;
    struct ledger_change *one, *two;
    assert_true(ledger_read(world->fleet, "one.csv", "id\nA\n", 5, false, &one, NULL));
    assert_true(ledger_read(world->fleet, "two.csv", "id\nA\n", 5, false, &two, NULL));
    fleet_apply_ledger(world->fleet, one, "user:a", refused, &first);
    assert_int_equal(fleet_find(world->fleet, "A"), FLEET_NONE); /* not in force before it is committed */
    fleet_apply_ledger(world->fleet, two, "user:b", refused, &second);
    assert_int_equal(second, ERROR_CONFLICT);
    world_say(world, "A", NULL, "m", 1); /* a message between: no second asset of that id */
    struct fleet_result result;
    world_say(world, "N", NULL, "m", 1);
    assert_true(fleet_select(world->fleet, &(struct fleet_query){.filter = "n kind:terminal"}, &result, NULL));
    assert_true(fleet_select(world->fleet, &(struct fleet_query){.filter = "n"}, &result, NULL));
    assert_int_equal(result.total, 1);
    assert_true(fleet_select(world->fleet, &(struct fleet_query){.filter = "a"}, &result, NULL));
    assert_int_equal(result.total, 0); /* reserved, not there */
    world_settle(world);
    assert_int_equal(first, ERROR_NONE);
    assert_int_equal(world->fleet->living, 2);
    assert_true(fleet_select(world->fleet, &(struct fleet_query){.filter = "a"}, &result, NULL));
    assert_int_equal(result.total, 1);
    world_free(world);
}

static void test_write_reads_back(void **state)
{
    (void)state;
    struct world *world = world_new();
    struct buffer out = BUFFER_INIT;
    world_ledger(world, "id,name,parent,tags,warranty,note\nA,\"a \"\"b\"\", c\",,x;y,2027,\nB,\"line\",A,,,\"1,5\"\n");
    world_say(world, "X", NULL, "m", 1);
    assert_true(ledger_write(world->fleet, "", &out, NULL));
    assert_null(read_text(world, buffer_text(&out), out.length, true));
    assert_int_equal(summary.unchanged, 2);
    assert_int_equal(summary.added + summary.changed + summary.removed + summary.rejected, 0);
    assert_false(ledger_write(world->fleet, "kind:", &out, NULL));
    buffer_release(&out);
    world_free(world);
}

static int release(void **state)
{
    (void)state;
    ledger_change_free(&change);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),
        cmocka_unit_test(test_encodings),
        cmocka_unit_test(test_chinese_headers),
        cmocka_unit_test(test_bad_rows_are_named),
        cmocka_unit_test(test_unusable_files),
        cmocka_unit_test(test_parent_loops),
        cmocka_unit_test(test_two_files_disagree),
        cmocka_unit_test(test_complete_removes),
        cmocka_unit_test(test_heard_survives_a_change),
        cmocka_unit_test(test_discovered_becomes_a_row),
        cmocka_unit_test(test_one_change_at_a_time),
        cmocka_unit_test(test_write_reads_back),
    };
    return cmocka_run_group_tests(tests, NULL, release);
}
