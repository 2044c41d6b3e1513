/* Health by DOMAIN.md C1: the cases people ask about, and random histories against a slow model. R019-R021, R029,
 * R030: gateway fault perception, network and communication status apart, terminal health. */
#include "unit/engine/fixture.h"

static const char two_levels[] =
    "id,name,kind,parent,period,status\n"
    "GW-1,网关一,gateway,,10s,\n"
    "T-1,温度一,terminal,GW-1,20s,\n"
    "T-2,温度二,terminal,GW-1,60s,\n"
    "S-1,主机,server,,10s,\n"
    "M-1,检修,terminal,GW-1,20s,maintenance\n";

static void test_unheard_is_unknown(void **state)
{
    (void)state;
    struct world *world = world_new();
    world_ledger(world, two_levels);
    world_pass(world, SPAN_HOUR);
    assert_health(world, "T-1", HEALTH_UNKNOWN, REASON_NEVER_HEARD);
    assert_health(world, "GW-1", HEALTH_UNKNOWN, REASON_NEVER_HEARD);
    world_free(world);
}

static void test_own_period_drives(void **state)
{
    (void)state;
    struct world *world = world_new();
    world_ledger(world, two_levels);
    world_say(world, "S-1", NULL, "load", 1);
    assert_health(world, "S-1", HEALTH_OK, REASON_FRESH);
    world_pass(world, 14900);
    assert_health(world, "S-1", HEALTH_OK, REASON_FRESH);
    world_pass(world, 200);
    assert_health(world, "S-1", HEALTH_STALE, REASON_LATE);
    world_pass(world, 14700);
    assert_health(world, "S-1", HEALTH_STALE, REASON_LATE);
    world_pass(world, 300);
    assert_health(world, "S-1", HEALTH_OFFLINE, REASON_NO_DATA);
    assert_int_equal(world_view(world, "S-1").comm, COMM_SILENT);
    assert_int_equal(world_view(world, "S-1").link, LINK_UNKNOWN);
    world_say(world, "S-1", NULL, "load", 1);
    assert_health(world, "S-1", HEALTH_OK, REASON_FRESH);
    assert_int_equal(world_view(world, "S-1").comm, COMM_SPEAKING);
    world_free(world);
}

static void test_children_carry_their_gateway(void **state)
{
    (void)state;
    struct world *world = world_new();
    world_ledger(world, two_levels);
    for (int i = 0; i < 12; i++) {
        world_say(world, "T-1", "GW-1", "temperature", 20 + i);
        world_pass(world, 9000);
        assert_health(world, "GW-1", HEALTH_OK, REASON_FRESH);
    }
    world_pass(world, 22000); /* the gateway's own timeout, 30 s */
    assert_health(world, "GW-1", HEALTH_OFFLINE, REASON_NO_DATA);
    assert_health(world, "T-1", HEALTH_UNREACHABLE, REASON_PARENT);
    assert_health(world, "T-2", HEALTH_UNREACHABLE, REASON_PARENT);
    assert_int_equal(world_view(world, "T-1").comm, COMM_UNKNOWN);
    world_pass(world, SPAN_HOUR);
    assert_health(world, "T-1", HEALTH_UNREACHABLE, REASON_PARENT); /* never offline while its parent is gone */
    world_free(world);
}

static void test_half_open_gateway(void **state)
{
    (void)state;
    struct world *world = world_new();
    world_ledger(world, two_levels);
    world_say(world, "T-1", "GW-1", "temperature", 20);
    for (int i = 0; i < 5; i++) {
        world_link(world, &world->probe, "GW-1", LINK_UP);
        world_pass(world, 8000);
    }
    struct fleet_view gateway = world_view(world, "GW-1");
    assert_int_equal(gateway.health, HEALTH_OFFLINE);
    assert_int_equal(gateway.reason, REASON_NO_DATA);
    assert_int_equal(gateway.link, LINK_UP); /* the two halves of its state, apart (R021) */
    assert_int_equal(gateway.comm, COMM_SILENT);
    assert_health(world, "T-1", HEALTH_UNREACHABLE, REASON_PARENT);
    world_free(world);
}

static void test_return_gives_grace(void **state)
{
    (void)state;
    struct world *world = world_new();
    world_ledger(world, two_levels);
    world_say(world, "T-1", "GW-1", "temperature", 20);
    world_say(world, "T-2", "GW-1", "temperature", 20);
    world_link(world, &world->probe, "GW-1", LINK_DOWN);
    assert_health(world, "GW-1", HEALTH_OFFLINE, REASON_NOT_REACHED);
    assert_health(world, "T-1", HEALTH_UNREACHABLE, REASON_PARENT);
    world_pass(world, 10 * SPAN_MINUTE);
    world_link(world, &world->probe, "GW-1", LINK_UP);
    world_say(world, "GW-1", NULL, NULL, 0);
    assert_health(world, "GW-1", HEALTH_OK, REASON_FRESH);
    assert_health(world, "T-1", HEALTH_STALE, REASON_LATE); /* late for sure; not judged silent for 20 s */
    world_say(world, "T-2", "GW-1", "temperature", 20);
    assert_health(world, "T-2", HEALTH_OK, REASON_FRESH);
    world_pass(world, 19000);
    assert_health(world, "T-1", HEALTH_STALE, REASON_LATE);
    world_pass(world, 1200);
    assert_health(world, "T-1", HEALTH_OFFLINE, REASON_NO_DATA);
    world_free(world);
}

static void test_short_outage_leaves_children_well(void **state)
{
    (void)state;
    struct world *world = world_new();
    world_ledger(world, two_levels);
    world_say(world, "T-2", "GW-1", "temperature", 20);
    world_link(world, &world->probe, "GW-1", LINK_DOWN);
    world_pass(world, 5000);
    world_link(world, &world->probe, "GW-1", LINK_UP);
    assert_health(world, "T-2", HEALTH_OK, REASON_FRESH); /* heard 5 s ago, due in 55 */
    world_free(world);
}

static void test_speaking_child_of_a_dead_gateway(void **state)
{
    (void)state;
    struct world *world = world_new();
    world_ledger(world, two_levels);
    world_link(world, &world->probe, "GW-1", LINK_DOWN);
    assert_health(world, "T-1", HEALTH_UNREACHABLE, REASON_PARENT);
    world_say(world, "T-1", "GW-1", "temperature", 20);
    assert_health(world, "T-1", HEALTH_OK, REASON_FRESH); /* it cannot be unreachable */
    assert_health(world, "GW-1", HEALTH_OFFLINE, REASON_NOT_REACHED);
    assert_int_equal(world_view(world, "GW-1").comm, COMM_SPEAKING);
    world_pass(world, 61000);
    assert_health(world, "T-1", HEALTH_UNREACHABLE, REASON_PARENT);
    world_free(world);
}

static void test_any_down_is_down(void **state)
{
    (void)state;
    struct world *world = world_new();
    world_ledger(world, two_levels);
    world_link(world, &world->probe, "S-1", LINK_UP);
    assert_health(world, "S-1", HEALTH_OK, REASON_FRESH);
    world_link(world, &world->probe2, "S-1", LINK_DOWN);
    assert_health(world, "S-1", HEALTH_OFFLINE, REASON_NOT_REACHED);
    world_link(world, &world->probe, "S-1", LINK_UP);
    assert_health(world, "S-1", HEALTH_OFFLINE, REASON_NOT_REACHED);
    assert_string_equal(world_view(world, "S-1").evidence, "no echo");
    fleet_forget_source(world->fleet, &world->probe2);
    assert_health(world, "S-1", HEALTH_OK, REASON_FRESH);
    world_free(world);
}

static void test_broker_word_is_overruled_by_speech(void **state)
{
    (void)state;
    struct world *world = world_new();
    world_ledger(world, two_levels);
    world_link(world, &world->broker, "GW-1", LINK_UP);
    world_say(world, "GW-1", NULL, NULL, 0);
    world_link(world, &world->broker, "GW-1", LINK_DOWN);
    assert_health(world, "GW-1", HEALTH_OFFLINE, REASON_DISCONNECTED);
    world_say(world, "GW-1", NULL, NULL, 0); /* what was still on its way */
    assert_health(world, "GW-1", HEALTH_OFFLINE, REASON_DISCONNECTED);
    world_pass(world, 2500);
    world_say(world, "GW-1", NULL, NULL, 0);
    assert_health(world, "GW-1", HEALTH_OK, REASON_FRESH);
    assert_int_equal(world_view(world, "GW-1").link, LINK_UP);
    world_free(world);
}

static void test_checks(void **state)
{
    (void)state;
    struct world *world = world_new();
    world_ledger(world, two_levels);
    uint32_t asset = world_asset(world, "S-1");
    world->sink.ops->check(world->sink.owner, &world->probe, asset, HEALTH_WARNING, "certificate 6 d");
    assert_health(world, "S-1", HEALTH_WARNING, REASON_CHECK_FAILED);
    world->sink.ops->check(world->sink.owner, &world->probe2, asset, HEALTH_CRITICAL, "HTTP 503");
    assert_health(world, "S-1", HEALTH_CRITICAL, REASON_CHECK_FAILED);
    world->sink.ops->check(world->sink.owner, &world->probe, asset, HEALTH_OK, "HTTP 200");
    assert_health(world, "S-1", HEALTH_CRITICAL, REASON_CHECK_FAILED);
    assert_string_equal(world_view(world, "S-1").evidence, "HTTP 503");
    world->sink.ops->check(world->sink.owner, &world->probe2, asset, HEALTH_OK, "HTTP 200");
    assert_health(world, "S-1", HEALTH_OK, REASON_FRESH);
    world_free(world);
}

static void test_out_of_service_is_not_judged(void **state)
{
    (void)state;
    struct world *world = world_new();
    world_ledger(world, two_levels);
    world_say(world, "M-1", "GW-1", "temperature", 20);
    assert_health(world, "M-1", HEALTH_MAINTENANCE, REASON_MAINTENANCE);
    world_pass(world, 10 * SPAN_MINUTE);
    assert_health(world, "M-1", HEALTH_MAINTENANCE, REASON_MAINTENANCE);
    world_ledger(world, "id,name,kind,parent,period,status\nM-1,检修,terminal,GW-1,20s,运行中\nT-1,x,terminal,GW-1,20s,Scrapped\n");
    assert_health(world, "M-1", HEALTH_UNREACHABLE, REASON_PARENT); /* back at work, its gateway long silent */
    assert_health(world, "T-1", HEALTH_MAINTENANCE, REASON_MAINTENANCE);
    world_free(world);
}

static void test_restart_is_no_outage(void **state)
{
    (void)state;
    struct world *world = world_new();
    world_ledger(world, two_levels);
    world_say(world, "T-1", "GW-1", "temperature", 20);
    world_say(world, "S-1", NULL, "load", 1);
    world_pass(world, 16000);
    world_say(world, "T-1", "GW-1", "temperature", 21);
    assert_health(world, "S-1", HEALTH_STALE, REASON_LATE);
    world_flush(world);
    fleet_free(&world->fleet);
    world_clock(world, world->steady + 6 * SPAN_HOUR); /* the daemon was down for six hours */
    world_fleet(world);
    struct error error = {0};
    if (!fleet_load(world->fleet, &error))
        fail_msg("%s", error.text);
    assert_int_equal(world->fleet->living, 5);
    assert_health(world, "T-1", HEALTH_OK, REASON_FRESH);
    assert_health(world, "GW-1", HEALTH_OK, REASON_FRESH);
    assert_health(world, "S-1", HEALTH_STALE, REASON_LATE);
    struct fleet_value value;
    assert_int_equal(fleet_values(world->fleet, fleet_find(world->fleet, "T-1"), &value, 1), 1);
    assert_true(value.value == 21);
    world_pass(world, 29000);
    assert_health(world, "GW-1", HEALTH_STALE, REASON_LATE);
    assert_health(world, "S-1", HEALTH_STALE, REASON_LATE);
    world_pass(world, 1500); /* its full timeout from start */
    assert_health(world, "GW-1", HEALTH_OFFLINE, REASON_NO_DATA);
    assert_health(world, "S-1", HEALTH_OFFLINE, REASON_NO_DATA);
    assert_health(world, "T-1", HEALTH_UNREACHABLE, REASON_PARENT);
    world_free(world);
}

static void test_restored_verdicts(void **state)
{
    (void)state;
    struct world *world = world_new();
    world_ledger(world, two_levels);
    world_link(world, &world->probe, "GW-1", LINK_DOWN);
    world->sink.ops->check(world->sink.owner, &world->probe, world_asset(world, "S-1"), HEALTH_CRITICAL, "HTTP 503");
    world_flush(world);
    fleet_free(&world->fleet);
    world_fleet(world);
    assert_true(fleet_load(world->fleet, NULL));
    assert_health(world, "GW-1", HEALTH_OFFLINE, REASON_NOT_REACHED);
    assert_health(world, "T-1", HEALTH_UNREACHABLE, REASON_PARENT);
    assert_health(world, "S-1", HEALTH_CRITICAL, REASON_CHECK_FAILED);
    world_link(world, &world->probe, "GW-1", LINK_UP);
    assert_health(world, "GW-1", HEALTH_OK, REASON_FRESH);
    assert_health(world, "T-1", HEALTH_UNKNOWN, REASON_NEVER_HEARD);
    world_free(world);
}

static void test_other_options(void **state)
{
    (void)state;
    struct world *world = world_new();
    world_ledger(world, two_levels);
    world_say(world, "S-1", NULL, "load", 1);
    world_pass(world, 16000);
    assert_health(world, "S-1", HEALTH_STALE, REASON_LATE);
    struct fleet_options options = world->fleet->options;
    options.stale_periods = 4;
    options.timeout_periods = 6;
    fleet_configure(world->fleet, &options);
    assert_health(world, "S-1", HEALTH_OK, REASON_FRESH);
    world_pass(world, 25000);
    assert_health(world, "S-1", HEALTH_STALE, REASON_LATE);
    world_pass(world, 20000);
    assert_health(world, "S-1", HEALTH_OFFLINE, REASON_NO_DATA);
    world_free(world);
}

static void test_clock_jump(void **state)
{
    (void)state;
    struct world *world = world_new();
    world_ledger(world, two_levels);
    world_say(world, "S-1", NULL, "load", 1);
    clock_fake(NOON + 40 * SPAN_DAY, world->steady + 100); /* the wall clock was set */
    world_turns(world);
    assert_health(world, "S-1", HEALTH_OK, REASON_FRESH);
    clock_fake(NOON - 40 * SPAN_DAY, world->steady + 200);
    world_turns(world);
    assert_health(world, "S-1", HEALTH_OK, REASON_FRESH);
    world_free(world);
}

/* ---- random histories against a model that does everything anew at every tick ---- */

#define ASSETS 14

struct model_asset {
    int parent;          /* lower number, or -1 */
    bool gateway;
    msec period, heard, grace, broker_at;
    bool blocked, spoke, down;
    enum link_state probe, probe2, broker;
    enum health checked;
    enum health health;
    enum health_reason reason;
    enum comm_state comm;
    enum link_state link;
};

struct model {
    struct model_asset assets[ASSETS];
    msec now;
};

static void model_asset_judge(struct model *model, struct model_asset *asset)
{
    msec stale = asset->period * 3 / 2 < 2000 ? 2000 : asset->period * 3 / 2;
    msec timeout = asset->period * 3 < stale ? stale : asset->period * 3;
    bool heard = asset->heard >= 0;
    bool late = heard && model->now >= asset->heard + stale;
    bool silent = heard && model->now >= asset->heard + timeout && model->now >= asset->grace;
    bool broker_down = asset->broker == LINK_DOWN;
    bool probe_down = asset->probe == LINK_DOWN || asset->probe2 == LINK_DOWN;
    bool up = asset->probe == LINK_UP || asset->probe2 == LINK_UP || asset->broker == LINK_UP;
    asset->link = broker_down || probe_down ? LINK_DOWN : up ? LINK_UP : LINK_UNKNOWN;
    bool unreachable = asset->blocked && !(asset->spoke && !silent && asset->link != LINK_DOWN);
    asset->comm = unreachable || !heard ? COMM_UNKNOWN : silent ? COMM_SILENT : COMM_SPEAKING;
    asset->down = unreachable || asset->link == LINK_DOWN || silent;
    if (unreachable)
        asset->health = HEALTH_UNREACHABLE, asset->reason = REASON_PARENT;
    else if (asset->link == LINK_DOWN)
        asset->health = HEALTH_OFFLINE, asset->reason = probe_down ? REASON_NOT_REACHED : REASON_DISCONNECTED;
    else if (silent)
        asset->health = HEALTH_OFFLINE, asset->reason = REASON_NO_DATA;
    else if (asset->checked == HEALTH_CRITICAL || asset->checked == HEALTH_WARNING)
        asset->health = asset->checked, asset->reason = REASON_CHECK_FAILED;
    else if (late)
        asset->health = HEALTH_STALE, asset->reason = REASON_LATE;
    else if (heard || up || asset->checked == HEALTH_OK)
        asset->health = HEALTH_OK, asset->reason = REASON_FRESH;
    else
        asset->health = HEALTH_UNKNOWN, asset->reason = REASON_NEVER_HEARD;
}

static void model_judge(struct model *model)
{
    for (int i = 0; i < ASSETS; i++) {
        struct model_asset *asset = &model->assets[i];
        bool blocked = asset->parent >= 0 && model->assets[asset->parent].down;
        if (blocked != asset->blocked) {
            asset->blocked = blocked;
            asset->spoke = false;
            if (!blocked)
                asset->grace = model->now + asset->period;
        }
        model_asset_judge(model, asset);
    }
}

static void model_heard(struct model *model, int number)
{
    struct model_asset *asset = &model->assets[number];
    asset->heard = model->now;
    if (asset->broker == LINK_DOWN && model->now >= asset->broker_at + 2000)
        asset->broker = asset->probe == LINK_DOWN || asset->probe2 == LINK_DOWN ? LINK_UNKNOWN : LINK_UP;
    asset->spoke = true;
    model_judge(model);
}

static void model_message(struct model *model, int number)
{
    model_heard(model, number);
    for (int above = model->assets[number].parent; above >= 0 && model->assets[above].gateway;
         above = model->assets[above].parent)
        model_heard(model, above);
}

static unsigned draw(unsigned *seed, unsigned below)
{
    *seed = *seed * 1103515245u + 12345u;
    return (*seed >> 16) % below;
}

static void model_plant(struct model *model, struct world *world, unsigned *seed)
{
    char csv[4096];
    size_t used = (size_t)sprintf(csv, "id,kind,parent,period\n");
    for (int i = 0; i < ASSETS; i++) {
        struct model_asset *asset = &model->assets[i];
        *asset = (struct model_asset){.parent = i < 2 ? -1 : (int)draw(seed, (unsigned)i + 1) - 1, .heard = -1,
                                      .gateway = i < 6, .checked = HEALTH_UNKNOWN, .health = HEALTH_UNKNOWN,
                                      .reason = REASON_NEVER_HEARD};
        asset->period = (msec)(draw(seed, 40) + 1) * 200;
        used += (size_t)sprintf(csv + used, "A%d,%s,", i, asset->gateway ? "gateway" : "terminal");
        if (asset->parent >= 0)
            used += (size_t)sprintf(csv + used, "A%d", asset->parent);
        used += (size_t)sprintf(csv + used, ",%lldms\n", (long long)asset->period);
    }
    world_ledger(world, csv);
}

static void model_event(struct model *model, struct world *world, unsigned *seed)
{
    int number = (int)draw(seed, ASSETS);
    struct model_asset *asset = &model->assets[number];
    char id[16];
    sprintf(id, "A%d", number);
    enum link_state state = draw(seed, 3) ? LINK_UP : LINK_DOWN;
    switch (draw(seed, 8)) {
    case 0:
        asset->probe = state;
        asset->spoke |= state == LINK_UP;
        model_judge(model);
        world_link(world, &world->probe, id, state);
        break;
    case 1:
        asset->probe2 = state;
        asset->spoke |= state == LINK_UP;
        model_judge(model);
        world_link(world, &world->probe2, id, state);
        break;
    case 2:
        if (state == LINK_DOWN)
            asset->broker_at = model->now;
        asset->broker = state;
        asset->spoke |= state == LINK_UP;
        model_judge(model);
        world_link(world, &world->broker, id, state);
        break;
    case 3: {
        static const enum health verdicts[] = {HEALTH_OK, HEALTH_WARNING, HEALTH_CRITICAL};
        asset->checked = verdicts[draw(seed, 3)];
        asset->spoke |= asset->checked != HEALTH_CRITICAL;
        model_judge(model);
        world->sink.ops->check(world->sink.owner, &world->probe, world_asset(world, id), asset->checked, "check");
        break;
    }
    default:
        model_message(model, number);
        world_say(world, id, NULL, "m", number);
    }
}

static void model_compare(const struct model *model, struct world *world, unsigned seed, int step)
{
    uint32_t by_health[HEALTH_COUNT] = {0};
    for (int i = 0; i < ASSETS; i++) {
        const struct model_asset *expected = &model->assets[i];
        char id[16];
        sprintf(id, "A%d", i);
        struct fleet_view view = world_view(world, id);
        by_health[view.health]++;
        if (view.health == expected->health && view.reason == expected->reason && view.comm == expected->comm &&
            view.link == expected->link)
            continue;
        fail_msg("seed %u step %d: %s is %s/%s/%s/%s, the model says %s/%s/%s/%s", seed, step, id,
                 health_name(view.health), health_reason_name(view.reason), comm_state_name(view.comm),
                 link_state_name(view.link), health_name(expected->health), health_reason_name(expected->reason),
                 comm_state_name(expected->comm), link_state_name(expected->link));
    }
    for (int health = 0; health < HEALTH_COUNT; health++)
        assert_int_equal(world->fleet->by_health[health], by_health[health]);
}

static void test_random_histories(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= 60; seed++) {
        struct world *world = world_new();
        struct model model;
        unsigned random = seed;
        model_plant(&model, world, &random);
        for (int step = 0; step < 600; step++) {
            world_clock(world, world->steady + 100);
            world_turns(world);
            model.now = world->steady;
            model_judge(&model);
            for (unsigned events = draw(&random, 10) ? 0 : draw(&random, 4); events; events--)
                model_event(&model, world, &random);
            if (draw(&random, 40) == 0) /* now and then everybody is silent for a while */
                for (unsigned quiet = draw(&random, 200); quiet; quiet--) {
                    world_clock(world, world->steady + 100);
                    world_turns(world);
                    model.now = world->steady;
                    model_judge(&model);
                }
            model_compare(&model, world, seed, step);
        }
        world_free(world);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unheard_is_unknown),
        cmocka_unit_test(test_own_period_drives),
        cmocka_unit_test(test_children_carry_their_gateway),
        cmocka_unit_test(test_half_open_gateway),
        cmocka_unit_test(test_return_gives_grace),
        cmocka_unit_test(test_short_outage_leaves_children_well),
        cmocka_unit_test(test_speaking_child_of_a_dead_gateway),
        cmocka_unit_test(test_any_down_is_down),
        cmocka_unit_test(test_broker_word_is_overruled_by_speech),
        cmocka_unit_test(test_checks),
        cmocka_unit_test(test_out_of_service_is_not_judged),
        cmocka_unit_test(test_restart_is_no_outage),
        cmocka_unit_test(test_restored_verdicts),
        cmocka_unit_test(test_other_options),
        cmocka_unit_test(test_clock_jump),
        cmocka_unit_test(test_random_histories),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
