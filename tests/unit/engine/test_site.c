/* What a contract counts: kept online and normal, of how many (R046 to R049). */
#include "unit/engine/fixture.h"

#include "engine/site.h"

static const struct site_population populations[] = {
    {.name = "gateways", .contract = "c", .requirement = "R046", .filter = "kind:gateway contract:c", .need = 2},
    {.name = "broken", .contract = "c", .requirement = "R047", .filter = "kind:", .need = 1},
};
static const struct site site = {.populations = populations, .population_count = 2};

static struct site_contracted count(struct world *world)
{
    struct site_contracted contracted;
    struct error error = {0};
    if (!site_contracted(&site, world->fleet, 0, NULL, &contracted, &error))
        fail_msg("%s", error.text);
    return contracted;
}

static void test_contracted(void **state)
{
    (void)state;
    struct world *world = world_new();
    world_ledger(world, "id,kind,contract,period\nA,gateway,c,10s\nB,gateway,c,10s\nC,gateway,c,10s\nSPARE,gateway,,10s\nT,terminal,c,10s\n");
    assert_int_equal(count(world).total, 3); /* deployed are more than contracted (A6.6) */
    assert_int_equal(count(world).have, 0);
    assert_false(count(world).ok);
    world_say(world, "A", NULL, "m", 1);
    world_say(world, "B", NULL, "m", 1);
    world_say(world, "SPARE", NULL, "m", 1);
    assert_int_equal(count(world).have, 2);
    assert_true(count(world).ok);
    world_pass(world, 16000);
    assert_int_equal(count(world).have, 0); /* late is not online and normal */
    world_say(world, "C", NULL, "m", 1);
    world->sink.ops->check(world->sink.owner, &world->probe, world_asset(world, "C"), HEALTH_WARNING, "certificate 6 d");
    assert_int_equal(count(world).have, 1);
    world->sink.ops->check(world->sink.owner, &world->probe, world_asset(world, "C"), HEALTH_CRITICAL, "HTTP 503");
    assert_int_equal(count(world).have, 0);
    struct site_contracted contracted;
    struct error error = {0};
    assert_false(site_contracted(&site, world->fleet, 1, NULL, &contracted, &error));
    assert_int_equal(error.code, ERROR_INVALID);
    world_free(world);
}

static void test_roles(void **state)
{
    (void)state;
    enum role role = ROLE_ADMIN;
    for (int each = ROLE_VIEWER; each < ROLE_COUNT; each++) {
        assert_true(role_parse(role_name((enum role)each), &role));
        assert_int_equal(role, each);
    }
    assert_false(role_parse("none", &role));
    assert_false(role_parse("boss", &role));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_contracted), cmocka_unit_test(test_roles)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
