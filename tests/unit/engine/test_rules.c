/* Rules on a real fleet and a real desk: evaluated on arrival and by time, put in force, taken away, rehearsed
 * (R021, R030, R063, R375-R381, R384). */
#include "desk.h"

#include "engine/rules_private.h"

static const char ledger[] =
    "id,name,kind,class,parent,subsystem,site,building,floor,room,period,limit\n"
    "GW-1,网关一,gateway,gateway,,供水管理,创新港,涵英楼,1F,弱电间,1m,\n"
    "T-1,泵房温度,terminal,temperature,GW-1,供水管理,创新港,涵英楼,1F,泵房,1m,\n"
    "T-2,机房温度,terminal,temperature,GW-1,供水管理,创新港,涵英楼,1F,机房,1m,40\n"
    "M-1,总表,terminal,meter,GW-1,供水管理,创新港,涵英楼,1F,泵房,1m,\n";

struct site_night { struct desk desk; struct world *world; struct rules *rules; };

static int begin(void **state)
{
    struct site_night *night = memory_new(sizeof *night);
    night->world = world_new();
    world_ledger(night->world, ledger);
    desk_open(&night->desk, night->world, NULL);
    night->rules = rules_new(&night->world->loop, night->world->fleet, night->desk.alerts);
    *state = night;
    return 0;
}

static int end(void **state)
{
    struct site_night *night = *state;
    rules_free(&night->rules);
    desk_close(&night->desk);
    world_free(night->world);
    free(night);
    return 0;
}

/* Put the rules of a YAML list in force. */
static void use(struct site_night *night, const char *yaml)
{
    struct config_problems problems;
    struct config *config = config_new();
    struct rule *list[8];
    size_t count = 0;
    config_problems_init(&problems);
    char *text = memory_printf("rules: %s", yaml);
    assert_true(config_load_text(config, "rules.yml", text, strlen(text), &problems));
    free(text);
    const struct config_node *root = config_get(config_root(config), "rules");
    for (size_t i = 0; root && i < config_count(root); i++) {
        assert_true(config_check(config_at(root, i), rule_keys, &problems));
        list[count] = rule_read(config_at(root, i), "", &problems);
        count += list[count] != NULL;
    }
    assert_string_equal(buffer_text(&problems.text), "");
    config_problems_release(&problems);
    config_free(&config);
    rules_use(night->rules, list, count);
}

/* Time passes; the gateway goes on speaking, so that what is below it is judged by itself. */
static void pass(struct site_night *night, msec span)
{
    for (; span > 0; span -= SPAN_MINUTE) {
        world_say(night->world, "GW-1", NULL, "cpu", 1);
        desk_pass(&night->desk, span < SPAN_MINUTE ? span : SPAN_MINUTE);
        rules_turn(night->rules);
    }
}

static uint32_t active(struct site_night *night)
{
    const struct alert *const *rows;
    return desk_queue(&night->desk, "condition:active", false, &rows, NULL);
}

static void say(struct site_night *night, const char *id, const char *metric, double value)
{
    world_say(night->world, id, NULL, metric, value);
}

static void test_threshold_with_separate_clear(void **state)
{
    struct site_night *night = *state;
    use(night, "[{name: hot, title: 温度过高, type: environmental, severity: major, select: 'class:temperature',"
               " when: 'temperature > attribute(limit, 30)', clear: 'temperature < 28', for: 2m, runbook: aircon}]");
    say(night, "T-1", "temperature", 31.2);
    say(night, "T-2", "temperature", 31.2); /* its own limit is 40 */
    say(night, "M-1", "temperature", 99);   /* not selected */
    assert_int_equal(active(night), 0);     /* held for two minutes */
    pass(night, 2 * SPAN_MINUTE);
    assert_int_equal(active(night), 1);
    struct wire_alert row;
    alerts_wire(night->desk.alerts, desk_only(&night->desk, "condition:active"), NULL, &row);
    assert_string_equal(row.name, "温度过高");
    assert_string_equal(row.asset, "T-1");
    assert_string_equal(row.runbook, "aircon");
    assert_string_equal(row.metric, "temperature");
    assert_true(row.value == 31.2 && row.threshold == 30);
    say(night, "T-1", "temperature", 29);   /* between the two: neither */
    assert_int_equal(active(night), 1);
    say(night, "T-1", "temperature", 27);
    assert_int_equal(active(night), 0);
}

/* Of everything: an alert for each that speaks so, none for who is silent, all over with the rule. */
static void test_of_everything(void **state)
{
    struct site_night *night = *state;
    struct rules_status status;
    use(night, "[{name: all, severity: minor, select: 'kind:*', when: 'temperature > -1000'}]");
    rules_get(night->rules, 0, &status);
    assert_int_equal(status.applies, 4);
    say(night, "T-1", "temperature", 20);
    say(night, "T-2", "temperature", -273);
    assert_int_equal(active(night), 2);
    use(night, "[]");
    assert_int_equal(active(night), 0);
}

/* A plain contradiction is refused when it is read (model/rule.c). One that cannot be seen then: what raises and clears at once
 * is raised; it does not come and go with each reading. */
static void test_raise_and_clear_contradict(void **state)
{
    struct site_night *night = *state;
    static const char plain[] = "{name: odd, severity: minor, select: 'class:temperature', when: 'temperature > 30', clear: 'temperature > 20'}";
    struct config_problems problems;
    struct config *config = config_new();
    config_problems_init(&problems);
    assert_true(config_load_text(config, "rules.yml", plain, sizeof plain - 1, &problems));
    assert_null(rule_read(config_root(config), "", &problems));
    assert_non_null(strstr(buffer_text(&problems.text), "contradicts `when: temperature > 30`"));
    config_problems_release(&problems);
    config_free(&config);
    use(night, "[{name: odd, severity: minor, select: 'class:temperature', when: 'temperature > 30', clear: 'temperature > 20 and temperature > 19'}]");
    for (int i = 0; i < 20; i++)
        say(night, "T-1", "temperature", 35);
    assert_int_equal(active(night), 1);
    const struct alert *alert = desk_only(&night->desk, "condition:active");
    assert_int_equal(alert_life(alert)->reopens, 0);
    assert_int_equal(night->desk.told[NOTICE_RAISE], 1);
    say(night, "T-1", "temperature", 10); /* neither: it stays */
    assert_int_equal(active(night), 1);
    say(night, "T-1", "temperature", 25);
    assert_int_equal(active(night), 0);
}

static void test_a_rule_in_force_looks_back(void **state)
{
    struct site_night *night = *state;
    say(night, "T-1", "temperature", 50);
    use(night, "[{name: hot, severity: major, select: 'class:temperature', when: 'temperature > 30'}]");
    assert_int_equal(active(night), 1);
    use(night, "[{name: hot, severity: major, select: 'class:temperature', when: 'temperature > 30'}]"); /* the same again */
    assert_int_equal(active(night), 1);
    assert_int_equal(night->desk.told[NOTICE_RAISE], 1);
    use(night, "[]"); /* removed while firing: it clears, with the reason, and whoever was told is told */
    assert_int_equal(active(night), 0);
    assert_int_equal(night->desk.told[NOTICE_RESOLVE], 1);
}

static void test_change_and_flat_line(void **state)
{
    struct site_night *night = *state;
    use(night, "[{name: back, severity: warning, select: 'class:meter', when: 'change(energy, 1h) < 0'},"
               " {name: flat, severity: warning, select: 'class:meter', when: 'range(power, 1h) = 0 and power > 0.05'}]");
    for (int minute = 0; minute < 40; minute++) {
        say(night, "M-1", "energy", 100 + minute);
        say(night, "M-1", "power", 5);
        pass(night, SPAN_MINUTE);
    }
    const struct alert *flat = desk_only(&night->desk, "condition:active"); /* half the span is enough to say so */
    assert_non_null(flat);
    say(night, "M-1", "power", 6);
    assert_int_equal(active(night), 0);
    say(night, "M-1", "energy", 7); /* the register ran back */
    assert_int_equal(active(night), 1);
}

static void test_silence(void **state)
{
    struct site_night *night = *state;
    use(night, "[{name: mute, severity: major, select: 'class:meter', when: 'silence > 30m'}]");
    say(night, "M-1", "energy", 1);
    pass(night, 25 * SPAN_MINUTE);
    assert_int_equal(active(night), 0);
    pass(night, 7 * SPAN_MINUTE);
    assert_int_equal(active(night), 1);
    say(night, "M-1", "energy", 2);
    assert_int_equal(active(night), 0);
    pass(night, 40 * SPAN_MINUTE);
    assert_int_equal(active(night), 1);
    say(night, "M-1", NULL, 0); /* a message without a value is a sign of life all the same */
    assert_int_equal(active(night), 0);
}

static void test_children(void **state)
{
    struct site_night *night = *state;
    use(night, "[{name: many, severity: critical, select: 'kind:gateway', when: 'share(health:offline,stale) > 60%'}]");
    for (int minute = 0; minute < 10; minute++) { /* the meter goes on, both thermometers fall silent */
        say(night, "M-1", "energy", minute);
        if (minute == 0) {
            say(night, "T-1", "temperature", 20);
            say(night, "T-2", "temperature", 20);
        }
        pass(night, SPAN_MINUTE);
    }
    assert_int_equal(active(night), 1);
    assert_string_equal(alert_id(desk_only(&night->desk, "condition:active")), "A-20261121-0001");
}

static void test_ledger_changes(void **state)
{
    struct site_night *night = *state;
    struct rules_status status;
    use(night, "[{name: hot, severity: major, select: 'class:temperature', when: 'temperature > 30'},"
               " {name: none, severity: major, select: 'class:nothing', when: 'x > 30'},"
               " {name: all, severity: info, select: 'id:*', when: 'x > 1e9'}]");
    rules_get(night->rules, 0, &status);
    assert_int_equal(status.applies, 2);
    rules_get(night->rules, 1, &status); /* a rule that matches nothing says so */
    assert_string_equal(status.problem, "selects nothing");
    rules_get(night->rules, 2, &status);
    assert_int_equal(status.applies, 4);
    world_ledger(night->world, "id,kind,class,period\nT-9,terminal,temperature,1m\n");
    rules_turn(night->rules);
    rules_get(night->rules, 0, &status);
    assert_int_equal(status.applies, 3);
    say(night, "T-9", "temperature", 31);
    assert_int_equal(active(night), 1);
    const struct rule *of[4];
    assert_int_equal(rules_of(night->rules, fleet_find(night->world->fleet, "T-9"), of, 4), 2);
}

struct rehearsed { struct rehearsal result; bool done; };
static void rehearsed(void *owner, const struct rehearsal *rehearsal)
{
    struct rehearsed *into = owner;
    into->result = *rehearsal;
    into->done = true;
}

static void test_rehearsal(void **state)
{
    struct site_night *night = *state;
    for (int minute = 0; minute < 60; minute++) { /* two waves over the threshold */
        say(night, "T-1", "temperature", minute % 30 < 10 ? 35 : 20);
        say(night, "T-2", "temperature", 20);
        pass(night, SPAN_MINUTE);
    }
    world_flush(night->world);
    struct config_problems problems;
    struct config *config = config_new();
    const char *yaml = "{name: hot, severity: major, select: 'class:temperature', when: 'temperature > 30', for: 5m}";
    config_problems_init(&problems);
    assert_true(config_load_text(config, "r.yml", yaml, strlen(yaml), &problems));
    struct rule *rule = rule_read(config_root(config), "", &problems);
    config_problems_release(&problems);
    config_free(&config);
    struct rehearsed answer = {0};
    rules_rehearse(night->world->fleet, night->world->store, rule, clock_wall() - 2 * SPAN_HOUR, 10 * SPAN_SECOND, rehearsed, &answer);
    for (int i = 0; i < 5000 && !answer.done; i++) {
        uv_run(&night->world->loop, UV_RUN_NOWAIT);
        uv_sleep(1);
    }
    assert_true(answer.done);
    assert_true(answer.result.complete);
    assert_int_equal(answer.result.assets, 2);
    assert_int_equal(answer.result.assets_raised, 1);
    assert_int_equal(answer.result.raised, 2);
    assert_int_equal(answer.result.readings, 120);
    assert_int_equal(answer.result.longest, 5 * SPAN_MINUTE); /* each wave was ten minutes, five of them held */
    assert_int_equal(active(night), 0);                       /* the desk was not touched */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_threshold_with_separate_clear, begin, end),
        cmocka_unit_test_setup_teardown(test_of_everything, begin, end),
        cmocka_unit_test_setup_teardown(test_raise_and_clear_contradict, begin, end),
        cmocka_unit_test_setup_teardown(test_a_rule_in_force_looks_back, begin, end),
        cmocka_unit_test_setup_teardown(test_change_and_flat_line, begin, end),
        cmocka_unit_test_setup_teardown(test_silence, begin, end),
        cmocka_unit_test_setup_teardown(test_children, begin, end),
        cmocka_unit_test_setup_teardown(test_ledger_changes, begin, end),
        cmocka_unit_test_setup_teardown(test_rehearsal, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
