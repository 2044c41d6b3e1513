/* The simulated fleet and its ledger: what contract 000 counts, and the same bytes for the same seed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "campus/fleet.h"
#include "campus/ledger.h"

static const struct fleet_size whole = {.gateways = CATALOGUE_GATEWAYS, .terminals = CATALOGUE_TERMINALS, .zones = 1};

static char *ledger_text(uint64_t seed, struct fleet_size size, double speed)
{
    struct fleet fleet;
    char *bytes = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&bytes, &length);
    fleet_init(&fleet, seed, size);
    assert_true(ledger_write(&fleet, speed, out));
    fclose(out);
    fleet_release(&fleet);
    return bytes;
}

/* R009, R010, R046-R049: the contracted populations. R011: 1,920,000 readings a day. */
static void test_contract_counts(void **state)
{
    (void)state;
    struct fleet fleet;
    fleet_init(&fleet, 7, whole);
    size_t meters = 0, lighting = 0, sensing = 0, seen[SUBSYSTEM_COUNT] = {0};
    double daily = 0;
    for (size_t t = 0; t < fleet.terminal_count; t++) {
        const struct terminal_class *class = fleet_class_of(&fleet, t);
        size_t length = strlen(class->name);
        meters += length > 6 && strcmp(class->name + length - 6, "-meter") == 0;
        lighting += strcmp(class->name, "lighting-controller") == 0;
        sensing += strcmp(class->name, "sensing") == 0;
        seen[class->subsystem]++;
        daily += 86400.0 / fleet_period(&fleet, t);
    }
    assert_int_equal(fleet.gateway_count, 1100);
    assert_int_equal(fleet.terminal_count, 48000);
    assert_int_equal(meters, 9112);
    assert_int_equal(lighting, 3800);
    assert_true(sensing >= 40);
    for (int s = 0; s < SUBSYSTEM_COUNT; s++)
        assert_true(seen[s] > 0); /* R001-R008 */
    assert_true(daily > 1919999.5 && daily < 1920000.5);
    fleet_release(&fleet);
}

/* Every terminal hangs under exactly the gateway that counts it, in its building, within what one can serve. */
static void check_tree(struct fleet_size size)
{
    struct fleet fleet;
    fleet_init(&fleet, 3, size);
    size_t next = 0;
    for (size_t g = 0; g < fleet.gateway_count; g++) {
        const struct gateway *gateway = &fleet.gateways[g];
        assert_int_equal(gateway->first, next);
        assert_true(gateway->count >= 1);
        next += gateway->count;
        for (size_t t = gateway->first; t < next; t++) {
            assert_int_equal(fleet.terminals[t].gateway, g);
            assert_int_not_equal(fleet.terminals[t].floor, 0);
            assert_true(fleet.terminals[t].room >= 1);
            if (size.gateways >= 300) {
                assert_int_equal(fleet.terminals[t].building, gateway->building);
                assert_int_equal(fleet_class_of(&fleet, t)->subsystem, gateway->subsystem);
            }
        }
    }
    assert_int_equal(next, fleet.terminal_count);
    fleet_release(&fleet);
}

static void test_tree(void **state)
{
    (void)state;
    check_tree(whole);
    check_tree((struct fleet_size){1, 1, 1});
    check_tree((struct fleet_size){1, 50, 1});
    check_tree((struct fleet_size){7, 7, 1});
    check_tree((struct fleet_size){40, 400, 3});
    check_tree((struct fleet_size){299, 5000, 1});
}

static int compare_words(const void *left, const void *right)
{
    return strcmp(*(char *const *)left, *(char *const *)right);
}

/* The column's values over all rows, sorted; the ledger is cut into pieces for it. */
static size_t column(char *ledger, int index, char **out)
{
    size_t count = 0;
    char *rest = NULL;
    for (char *line = strtok_r(ledger, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        char *field = line;
        for (int i = 0; i < index; i++)
            field = strchr(field, ',') + 1;
        field[strcspn(field, ",")] = 0;
        out[count++] = field;
    }
    qsort(out, count, sizeof *out, compare_words);
    return count;
}

static void check_unique(int index)
{
    char **values = calloc(60000, sizeof *values), *ledger = ledger_text(1, whole, 1);
    size_t count = column(ledger, index, values), empty = 0;
    assert_int_equal(count, 1 + 1100 + 48000);
    for (size_t i = 1; i < count; i++) {
        empty += !*values[i];
        assert_true(strcmp(values[i - 1], values[i]) != 0);
    }
    assert_int_equal(empty, 0);
    free(ledger);
    free(values);
}

static void test_unique(void **state)
{
    (void)state;
    check_unique(0);  /* id */
    check_unique(12); /* serial */
    check_unique(13); /* asset tag */
}

static void test_ledger_deterministic(void **state)
{
    (void)state;
    char *first = ledger_text(42, whole, 1), *second = ledger_text(42, whole, 1), *other = ledger_text(43, whole, 1);
    assert_string_equal(first, second);
    assert_string_not_equal(first, other);
    static const char header[] =
        "id,name,kind,class,parent,subsystem,site,building,floor,room,model,vendor,serial,asset_tag,unit,tags,address,"
        "period,status,contract\n";
    assert_memory_equal(first, header, sizeof header - 1);
    size_t commas = 0, lines = 0;
    for (const char *c = first; *c; c++) {
        commas += *c == ',';
        lines += *c == '\n';
    }
    assert_int_equal(lines, 49101);
    assert_int_equal(commas, 19 * lines);
    free(first);
    free(second);
    free(other);
}

/* A campus at 20 times the speed has periods of a twentieth, rounded up and never nothing. */
static void test_ledger_period(void **state)
{
    (void)state;
    char out[LEDGER_PERIOD];
    assert_string_equal(ledger_period(out, 2160, 1), "36m");
    assert_string_equal(ledger_period(out, 900, 1), "15m");
    assert_string_equal(ledger_period(out, 60, 1), "60s");
    assert_string_equal(ledger_period(out, 2160, 20), "108s");
    assert_string_equal(ledger_period(out, 60, 20), "3s");
    assert_string_equal(ledger_period(out, 60, 45), "2s");
    assert_string_equal(ledger_period(out, 60, 1000), "1s");
    assert_string_equal(ledger_period(out, 60, 0.5), "2m");
    char *ledger = ledger_text(1, (struct fleet_size){8, 200, 1}, 20);
    assert_non_null(strstr(ledger, ",3s,installed,campus-iot\n"));
    assert_null(strstr(ledger, ",20m,installed"));
    free(ledger);
}

/* Ten times the fleet is ten zones with their own names. */
static void test_scale(void **state)
{
    (void)state;
    struct fleet fleet;
    size_t asset, building;
    char id[FLEET_ID];
    fleet_init(&fleet, 1, (struct fleet_size){.gateways = 300, .terminals = 3000, .zones = 10});
    assert_int_equal(fleet.gateway_count, 3000);
    assert_int_equal(fleet.terminal_count, 30000);
    assert_true(fleet_find(&fleet, "GW-J-0300", &asset));
    fleet_id(&fleet, asset, id);
    assert_string_equal(id, "GW-J-0300");
    assert_true(fleet_find_building(&fleet, "J区涵英楼", &building));
    assert_true(fleet_find_building(&fleet, "涵英楼", &building));
    assert_false(fleet_find(&fleet, "GW-K-0001", &asset));
    assert_false(fleet_find(&fleet, "", &asset));
    fleet_release(&fleet);
}

static void test_find(void **state)
{
    (void)state;
    struct fleet fleet;
    fleet_init(&fleet, 9, (struct fleet_size){.gateways = 20, .terminals = 500, .zones = 2});
    for (size_t a = 0; a < fleet_asset_count(&fleet); a++) {
        char id[FLEET_ID];
        size_t found;
        fleet_id(&fleet, a, id);
        assert_true(fleet_find(&fleet, id, &found));
        assert_int_equal(found, a);
    }
    fleet_release(&fleet);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_contract_counts), cmocka_unit_test(test_tree),
        cmocka_unit_test(test_unique),          cmocka_unit_test(test_ledger_deterministic),
        cmocka_unit_test(test_ledger_period),   cmocka_unit_test(test_scale),
        cmocka_unit_test(test_find),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
