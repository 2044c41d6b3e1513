/* Silences and downtimes: what they hide, when they begin and end, what survives a restart; time travel; statistics. */
#include "desk.h"

static const char ledger[] =
    "id,name,kind,class,parent,building,period\n"
    "GW-1,网关一,gateway,gateway,,涵英楼,1m\nT-1,温度一,terminal,temperature,GW-1,涵英楼,1m\n"
    "T-2,温度二,terminal,temperature,GW-1,涵英楼,1m\nT-3,温度三,terminal,temperature,,泓理楼,1m\n";

static int begin(void **state)
{
    *state = night_new(ledger, NULL);
    return 0;
}

struct told_saved { bool done; char id[24]; struct error error; };

static void saved(void *owner, const char *id, const struct error *error)
{
    struct told_saved *told = owner;
    told->done = true;
    snprintf(told->id, sizeof told->id, "%s", id);
    told->error = error ? *error : (struct error){0};
}

static struct told_saved wait_saved(struct desk *desk, struct told_saved *told)
{
    for (int i = 0; i < 5000 && !told->done; i++, uv_sleep(1))
        uv_run(&desk->world->loop, UV_RUN_NOWAIT);
    assert_true(told->done);
    return *told;
}

static struct told_saved silence(struct desk *desk, const char *filter, msec starts, msec ends)
{
    struct told_saved told = {0};
    alerts_silence(desk->alerts, &(struct alert_silence){.filter = filter, .why = "检修", .by = "user:wang", .starts = starts, .ends = ends},
                   saved, &told);
    return wait_saved(desk, &told);
}

static struct told_saved downtime(struct desk *desk, struct alert_downtime row)
{
    struct told_saved told = {0};
    row.why = "换电池";
    row.by = "user:wang";
    alerts_downtime(desk->alerts, &row, saved, &told);
    return wait_saved(desk, &told);
}

/* Time passes, and with it the desk's second. */
static void pass(struct desk *desk, msec span)
{
    for (msec end = desk->world->steady + span; desk->world->steady < end;) {
        desk_pass(desk, SPAN_SECOND);
        silences_turn(desk->alerts, desk_now(desk->alerts));
    }
}

static void test_silence(void **state)
{
    struct desk *desk = &((struct night *)*state)->desk;
    const struct alert *const *rows;
    struct alert_counts counts;
    msec now = clock_wall();
    desk_breach(desk, "hot", "T-1", SEVERITY_MAJOR);
    assert_string_equal(silence(desk, "building:涵英楼", CLOCK_NEVER, now + SPAN_HOUR).id, "S-0001");
    assert_int_equal(desk_queue(desk, "", false, &rows, &counts), 0);
    assert_int_equal(counts.silenced, 1);
    desk_breach(desk, "wet", "T-2", SEVERITY_MAJOR); /* what comes later, too */
    desk_breach(desk, "wet", "T-3", SEVERITY_MAJOR);
    assert_int_equal(desk_queue(desk, "", false, &rows, &counts), 1);
    assert_int_equal(desk->told[NOTICE_RAISE], 2);
    desk_normal(desk, "wet", "T-2"); /* nobody was told: it closes by itself */
    desk_normal(desk, "hot", "T-1"); /* somebody was: the resolve is sent all the same */
    assert_int_equal(desk->told[NOTICE_RESOLVE], 1);
    desk_breach(desk, "hot", "T-1", SEVERITY_MAJOR);
    desk_settle(desk);
    desk_close(desk);
    desk_open(desk, desk->world, NULL);
    assert_int_equal(desk_queue(desk, "", false, &rows, &counts), 1);
    assert_int_equal(counts.silenced, 1);
    pass(desk, SPAN_HOUR + SPAN_SECOND); /* its end: still firing, so people are told at once */
    assert_int_equal(desk_queue(desk, "", false, &rows, &counts), 2);
    assert_int_equal(counts.silenced, 0);
    assert_int_equal(desk->told[NOTICE_RAISE], 1);
}

static void test_two_silences(void **state)
{
    struct desk *desk = &((struct night *)*state)->desk;
    const struct alert *const *rows;
    struct told_saved told = {0};
    msec now = clock_wall();
    desk_breach(desk, "hot", "T-1", SEVERITY_MAJOR);
    silence(desk, "rule:hot", CLOCK_NEVER, now + SPAN_HOUR);
    silence(desk, "asset:T-1", CLOCK_NEVER, now + 2 * SPAN_HOUR);
    alerts_unsilence(desk->alerts, "S-0001", -1, "user:li", saved, &told);
    wait_saved(desk, &told);
    assert_int_equal(desk_queue(desk, "", false, &rows, NULL), 0); /* the other one still covers it */
    assert_int_equal(silence(desk, "rule:hot", now + SPAN_HOUR, now + SPAN_MINUTE).error.code, ERROR_INVALID);
    assert_int_equal(silence(desk, "rule:hot", CLOCK_NEVER, CLOCK_NEVER).error.code, ERROR_INVALID);
    silence(desk, "rule:wet", now + SPAN_HOUR, now + 2 * SPAN_HOUR); /* not yet */
    desk_breach(desk, "wet", "T-2", SEVERITY_MAJOR);
    assert_int_equal(desk_queue(desk, "", false, &rows, NULL), 1);
    pass(desk, SPAN_HOUR + SPAN_SECOND);
    assert_int_equal(desk_queue(desk, "", false, &rows, NULL), 0);
}

static void test_downtimes(void **state)
{
    struct desk *desk = &((struct night *)*state)->desk;
    const struct alert *const *rows;
    struct alert_counts counts;
    msec now = clock_wall();
    downtime(desk, (struct alert_downtime){.filter = "id:GW-1", .starts = CLOCK_NEVER, .ends = now + SPAN_HOUR, .with_children = true});
    desk_breach(desk, "hot", "T-1", SEVERITY_MAJOR);
    desk_breach(desk, "hot", "GW-1", SEVERITY_MAJOR);
    desk_breach(desk, "hot", "T-3", SEVERITY_MAJOR);
    assert_int_equal(desk_queue(desk, "", false, &rows, &counts), 1);
    assert_int_equal(counts.hidden[ALERT_DOWNTIME], 2);
    pass(desk, SPAN_HOUR + SPAN_SECOND);
    assert_int_equal(desk_queue(desk, "", false, &rows, &counts), 3);
}

/* A flexible one begins with the first problem, and lasts as long as it was said to. */
static void test_flexible(void **state)
{
    struct desk *desk = &((struct night *)*state)->desk;
    const struct alert *const *rows;
    msec now = clock_wall();
    downtime(desk, (struct alert_downtime){.filter = "id:T-1", .kind = DOWNTIME_FLEXIBLE, .starts = now, .ends = now + 4 * SPAN_HOUR,
                                           .duration = 30 * SPAN_MINUTE});
    pass(desk, SPAN_HOUR);
    desk_breach(desk, "hot", "T-1", SEVERITY_MAJOR);
    assert_int_equal(desk_queue(desk, "", false, &rows, NULL), 0);
    pass(desk, 29 * SPAN_MINUTE);
    assert_int_equal(desk_queue(desk, "", false, &rows, NULL), 0);
    pass(desk, 2 * SPAN_MINUTE);
    assert_int_equal(desk_queue(desk, "", false, &rows, NULL), 1);
}

/* The daemon is away for a while. */
static void away(struct desk *desk, msec span)
{
    struct world *world = desk->world;
    desk_settle(desk);
    desk_close(desk);
    world_clock(world, world->steady + span);
    desk_open(desk, world, NULL);
}

/* A silence and a downtime that end while the daemon is away hide nothing afterwards, and people are told. */
static void test_over_while_away(void **state)
{
    struct desk *desk = &((struct night *)*state)->desk;
    const struct alert *const *rows;
    msec now = clock_wall();
    silence(desk, "rule:hot", CLOCK_NEVER, now + SPAN_HOUR);
    downtime(desk, (struct alert_downtime){.filter = "id:T-2", .starts = CLOCK_NEVER, .ends = now + SPAN_HOUR});
    desk_breach(desk, "hot", "T-1", SEVERITY_MAJOR);
    desk_breach(desk, "wet", "T-2", SEVERITY_MAJOR);
    desk_breach(desk, "wet", "T-3", SEVERITY_MAJOR);
    assert_int_equal(desk_queue(desk, "", false, &rows, NULL), 1);
    away(desk, 2 * SPAN_HOUR);
    pass(desk, 2 * SPAN_SECOND);
    assert_int_equal(desk_queue(desk, "", false, &rows, NULL), 3);
    assert_int_equal(desk->told[NOTICE_RAISE], 2);
}

/* Its mark was not written before the end: it hides from the first moment all the same. */
static void test_mark_not_written(void **state)
{
    struct desk *desk = &((struct night *)*state)->desk;
    const struct alert *const *rows;
    desk_breach(desk, "hot", "T-1", SEVERITY_MAJOR);
    desk_settle(desk);
    struct alert *alert = (struct alert *)(uintptr_t)desk_only(desk, "");
    silence(desk, "rule:hot", CLOCK_NEVER, clock_wall() + SPAN_HOUR);
    alert->life.suppression = 0;
    away(desk, SPAN_SECOND);
    assert_int_equal(desk_queue(desk, "", false, &rows, NULL), 0);
    pass(desk, 2 * SPAN_SECOND);
    assert_int_equal(desk_queue(desk, "", false, &rows, NULL), 0);
    assert_int_equal(desk->told[NOTICE_RAISE], 0);
}

/* A flexible downtime under way goes on over a restart, for the rest of its time; one that nothing began still waits. */
static void test_flexible_over_restart(void **state)
{
    struct desk *desk = &((struct night *)*state)->desk;
    const struct alert *const *rows;
    msec now = clock_wall();
    struct alert_downtime row = {.filter = "id:T-1", .kind = DOWNTIME_FLEXIBLE, .starts = now, .ends = now + 4 * SPAN_HOUR,
                                 .duration = 30 * SPAN_MINUTE};
    downtime(desk, row);
    row.filter = "id:T-2";
    downtime(desk, row);
    desk_breach(desk, "hot", "T-1", SEVERITY_MAJOR);
    pass(desk, 10 * SPAN_MINUTE);
    away(desk, 10 * SPAN_MINUTE);
    pass(desk, 2 * SPAN_SECOND);
    assert_int_equal(desk_queue(desk, "", false, &rows, NULL), 0);
    assert_true(alerts_downtime_at(desk->alerts, 0, &row) && row.active && row.matches == 1);
    assert_true(alerts_downtime_at(desk->alerts, 1, &row) && !row.active);
    desk_breach(desk, "hot", "T-2", SEVERITY_MAJOR);
    assert_int_equal(desk_queue(desk, "", false, &rows, NULL), 0);
    pass(desk, 11 * SPAN_MINUTE);
    assert_int_equal(desk_queue(desk, "", false, &rows, NULL), 1);
    assert_int_equal(desk->told[NOTICE_RAISE], 1);
    away(desk, 30 * SPAN_MINUTE);
    pass(desk, 2 * SPAN_SECOND);
    assert_int_equal(desk_queue(desk, "", false, &rows, NULL), 2);
    assert_int_equal(desk->told[NOTICE_RAISE], 1);
}

/* It is Saturday noon. */
static void test_recurring(void **state)
{
    struct desk *desk = &((struct night *)*state)->desk;
    struct alert_downtime row;
    static const struct { const char *schedule; bool active; } cases[] = {
        {"daily 12:00", true}, {"daily 13:00", false}, {"Sat,Sun 11:30", true}, {"Mon-Fri 12:00", false}, {"day 21 12:10", true},
        {"day 22 12:10", false}, {"Fri 23:00", false}, {"Fri-Mon 12:00", true},
    };
    desk_breach(desk, "hot", "T-1", SEVERITY_MAJOR);
    for (size_t i = 0; i < LENGTH_OF(cases); i++) {
        struct told_saved told = downtime(desk, (struct alert_downtime){
            .filter = "id:T-1", .kind = DOWNTIME_RECURRING, .starts = CLOCK_NEVER, .ends = CLOCK_NEVER, .duration = SPAN_HOUR,
            .schedule = cases[i].schedule});
        assert_int_equal(told.error.code, ERROR_NONE);
        assert_true(alerts_downtime_at(desk->alerts, (unsigned)i, &row));
        if (row.active != cases[i].active)
            fail_msg("%s", cases[i].schedule);
    }
    static const char *const wrong[] = {"", "noon", "daily", "daily 25:00", "Mon-Foo 01:00", "day 0 01:00", "Sat 1:60"};
    for (size_t i = 0; i < LENGTH_OF(wrong); i++) {
        struct told_saved told = downtime(desk, (struct alert_downtime){
            .filter = "id:T-1", .kind = DOWNTIME_RECURRING, .starts = CLOCK_NEVER, .ends = CLOCK_NEVER, .duration = SPAN_HOUR,
            .schedule = wrong[i]});
        if (told.error.code != ERROR_INVALID)
            fail_msg("%s was taken", wrong[i]);
    }
}

static void past_told(void *owner, struct alerts_past *past, const struct error *error)
{
    assert_null(error);
    *(struct alerts_past **)owner = past;
}

static struct alerts_past *past_at(struct desk *desk, msec at)
{
    struct alerts_past *past = NULL;
    alerts_past_load(desk->alerts, at, past_told, &past);
    for (int i = 0; i < 2000 && !past; i++, uv_sleep(1))
        uv_run(&desk->world->loop, UV_RUN_NOWAIT);
    assert_non_null(past);
    return past;
}

/* Who had it, what was said, who acknowledged: as it was at each instant, whatever happened since. */
static void test_past_of_people(void **state)
{
    struct desk *desk = &((struct night *)*state)->desk;
    static const struct { enum alert_verb verb; const char *actor, *text, *by, *note, *assignee; } steps[] = {
        {ALERT_NOTE, "user:li", "电话已打", "", "电话已打", ""},
        {ALERT_ASSIGN, "user:li", "wang", "", "电话已打", "wang"},
        {ALERT_ACK, "user:wang", "在路上", "user:wang", "在路上", "wang"},
        {ALERT_UNACK, "user:li", "", "", "在路上", "wang"},
        {ALERT_ASSIGN, "user:li", "", "", "在路上", ""},
        {ALERT_ACK, "user:li", "我来", "user:li", "我来", ""},
    };
    const struct alert *const *rows;
    struct wire_alert row;
    uint32_t count;
    msec after[LENGTH_OF(steps)];
    desk_breach(desk, "hot", "T-1", SEVERITY_MAJOR);
    desk_breach(desk, "hot", "T-2", SEVERITY_MAJOR);
    for (size_t i = 0; i < LENGTH_OF(steps); i++) {
        pass(desk, SPAN_MINUTE);
        assert_int_equal(desk_act(desk, steps[i].verb, steps[i].actor, "A-20261121-0001", -1, steps[i].text, CLOCK_NEVER), 200);
        after[i] = clock_wall() + SPAN_SECOND;
    }
    pass(desk, SPAN_MINUTE);
    desk_settle(desk);
    for (size_t i = 0; i < LENGTH_OF(steps); i++) {
        struct alerts_past *past = past_at(desk, after[i]);
        struct alert_select select = {.past = past, .sort = "id"};
        assert_true(alerts_select(desk->alerts, &select, &rows, &count, NULL, NULL));
        assert_int_equal(count, 2);
        alerts_wire(desk->alerts, rows[0], NULL, &row);
        assert_string_equal(row.acknowledged_by, steps[i].by);
        assert_string_equal(row.note, steps[i].note);
        assert_string_equal(row.assignee, steps[i].assignee);
        alerts_wire(desk->alerts, rows[1], NULL, &row);
        assert_string_equal(row.note, "");
        alerts_past_free(&past);
    }
}

static void test_past_and_statistics(void **state)
{
    struct desk *desk = &((struct night *)*state)->desk;
    struct alerts_past *past = NULL;
    struct alerts_statistics statistics;
    const struct alert *const *rows;
    uint32_t count;
    desk_breach(desk, "hot", "T-1", SEVERITY_MAJOR);
    pass(desk, SPAN_MINUTE);
    msec before = clock_wall();
    pass(desk, SPAN_MINUTE);
    assert_int_equal(desk_act(desk, ALERT_ACK, "user:wang", "A-20261121-0001", -1, "去看", CLOCK_NEVER), 200);
    pass(desk, SPAN_MINUTE);
    desk_normal(desk, "hot", "T-1");
    desk_settle(desk);
    alerts_past_load(desk->alerts, before, past_told, &past);
    for (int i = 0; i < 2000 && !past; i++, uv_sleep(1))
        uv_run(&desk->world->loop, UV_RUN_NOWAIT);
    assert_non_null(past);
    struct alert_select select = {.past = past};
    assert_true(alerts_select(desk->alerts, &select, &rows, &count, NULL, NULL));
    assert_int_equal(count, 1);
    assert_state(rows[0], ALERT_UNACKNOWLEDGED);
    alerts_past_free(&past);
    alerts_statistics(desk->alerts, before - SPAN_HOUR, &statistics);
    assert_int_equal(statistics.rule_count, 1);
    assert_true(statistics.rules[0].mtta_ms == 2 * SPAN_MINUTE && statistics.rules[0].mttr_ms == 3 * SPAN_MINUTE);
    assert_string_equal(statistics.worst[0].asset, "T-1");
    assert_int_equal(statistics.people, 1);
    assert_true(statistics.per_person == 1);
    alerts_statistics_release(&statistics);
    desk_breach(desk, "hot", "T-2", SEVERITY_MAJOR);
    desk_breach(desk, "cold", "GW-1", SEVERITY_MAJOR);
    pass(desk, SPAN_MINUTE);
    alerts_statistics(desk->alerts, before - SPAN_HOUR, &statistics);
    double all = statistics.per_person;
    alerts_statistics_release(&statistics);
    int status = desk_act(desk, ALERT_SHELVE, "user:wang", "A-20261121-0002", -1, "等备件", clock_wall() + SPAN_HOUR);
    assert_int_equal(status, 200);
    alerts_statistics(desk->alerts, before - SPAN_HOUR, &statistics);
    assert_true(statistics.per_person == all - 1); /* what is hidden asks nothing of anybody */
    alerts_statistics_release(&statistics);
}

int main(void)
{
    setenv("TZ", "UTC", 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_silence, begin, night_end),
        cmocka_unit_test_setup_teardown(test_two_silences, begin, night_end),
        cmocka_unit_test_setup_teardown(test_downtimes, begin, night_end),
        cmocka_unit_test_setup_teardown(test_flexible, begin, night_end),
        cmocka_unit_test_setup_teardown(test_over_while_away, begin, night_end),
        cmocka_unit_test_setup_teardown(test_mark_not_written, begin, night_end),
        cmocka_unit_test_setup_teardown(test_flexible_over_restart, begin, night_end),
        cmocka_unit_test_setup_teardown(test_recurring, begin, night_end),
        cmocka_unit_test_setup_teardown(test_past_of_people, begin, night_end),
        cmocka_unit_test_setup_teardown(test_past_and_statistics, begin, night_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
