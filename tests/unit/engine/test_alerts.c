/* The alert desk: deduplication, order, people's verbs, conflicts, restart, clocks (DOMAIN.md C1; R019-R021, R030). */
#include "desk.h"

static const char ledger[] =
    "id,name,kind,class,parent,subsystem,site,building,floor,room,period\n"
    "GW-1,网关一,gateway,gateway,,供水管理,创新港,涵英楼,1F,弱电间,1m\n"
    "GW-2,网关二,gateway,gateway,,供水管理,创新港,泓理楼,1F,弱电间,1m\n"
    "T-1,泵房温度,terminal,temperature,GW-1,供水管理,创新港,涵英楼,1F,泵房,1m\n"
    "T-2,泵房湿度,terminal,humidity,GW-1,供水管理,创新港,涵英楼,1F,泵房,1m\n"
    "T-3,走廊温度,terminal,temperature,GW-2,供水管理,创新港,泓理楼,1F,走廊,1m\n";

static int begin(void **state)
{
    *state = night_new(ledger, NULL);
    return 0;
}

static void test_one_alert(void **state)
{
    struct desk *desk = &((struct night *)*state)->desk;
    const struct alert *const *rows;
    struct alert_counts counts;
    struct wire_alert row;
    desk_breach(desk, "hot", "T-1", SEVERITY_MAJOR);
    desk_breach(desk, "hot", "T-1", SEVERITY_MAJOR);
    assert_int_equal(desk_queue(desk, "", false, &rows, &counts), 1);
    assert_int_equal(counts.unhandled, 1);
    assert_int_equal(counts.by_severity[SEVERITY_MAJOR], 1);
    assert_string_equal(alert_id(rows[0]), "A-20261121-0001");
    alerts_wire(desk->alerts, rows[0], "user:wang", &row);
    assert_string_equal(row.name, "hot"); /* R020: name, type, severity, state, time */
    assert_string_equal(row.type, "environmental");
    assert_int_equal(row.severity, SEVERITY_MAJOR);
    assert_int_equal(row.state, ALERT_UNACKNOWLEDGED);
    assert_int_equal(row.raised_at, clock_wall());
    assert_string_equal(row.gateway, "GW-1");
    assert_int_equal(row.occurrences, 2);
    assert_string_equal(row.news, "new");
    assert_int_equal(desk->told[NOTICE_RAISE], 1); /* a duplicate tells nobody */
    desk_normal(desk, "hot", "T-1");
    assert_int_equal(desk->told[NOTICE_RESOLVE], 1);
    assert_state(rows[0], ALERT_CLEARED_UNACKNOWLEDGED);
    desk_breach(desk, "hot", "T-1", SEVERITY_MAJOR); /* within 15 minutes: the same one */
    assert_string_equal(alert_id(desk_only(desk, "")), "A-20261121-0001");
    desk_normal(desk, "hot", "T-1");
    desk_pass(desk, 16 * SPAN_MINUTE);
    desk_breach(desk, "hot", "T-1", SEVERITY_MAJOR); /* later: another, linked */
    assert_int_equal(desk_queue(desk, "", true, &rows, NULL), 2);
    alerts_wire(desk->alerts, alerts_find(desk->alerts, "A-20261121-0002"), NULL, &row);
    assert_string_equal(row.previous, "A-20261121-0001");
}

static void test_order_and_filters(void **state)
{
    struct desk *desk = &((struct night *)*state)->desk;
    const struct alert *const *rows;
    struct alert_counts counts;
    desk_breach(desk, "a", "T-1", SEVERITY_MINOR);
    desk_pass(desk, SPAN_SECOND);
    desk_breach(desk, "b", "T-2", SEVERITY_CRITICAL);
    desk_pass(desk, SPAN_SECOND);
    desk_breach(desk, "c", "T-3", SEVERITY_CRITICAL);
    desk_breach(desk, "d", "GW-2", SEVERITY_INFO);
    assert_int_equal(desk_queue(desk, "", false, &rows, &counts), 4);
    const char *order[] = {"A-20261121-0002", "A-20261121-0003", "A-20261121-0001", "A-20261121-0004"};
    for (int i = 0; i < 4; i++)
        assert_string_equal(alert_id(rows[i]), order[i]);
    assert_int_equal(desk_act(desk, ALERT_ACK, "user:wang", order[0], -1, "seen it", CLOCK_NEVER), 200);
    assert_int_equal(desk_queue(desk, "", false, &rows, &counts), 4);
    assert_string_equal(alert_id(rows[3]), order[0]); /* handled behind unhandled */
    assert_int_equal(counts.unhandled, 3);
    assert_int_equal(counts.by_state[ALERT_ACKNOWLEDGED], 1);
    assert_int_equal(desk_queue(desk, "building:涵英楼", false, &rows, &counts), 2);
    assert_int_equal(counts.filtered, 2);
    assert_int_equal(desk_queue(desk, "under:GW-1", false, &rows, NULL), 2);
    assert_int_equal(desk_queue(desk, "severity:critical state:unacknowledged", false, &rows, NULL), 1);
    assert_int_equal(desk_queue(desk, "走廊", false, &rows, NULL), 1);
    assert_int_equal(desk_queue(desk, "age>1500ms", false, &rows, NULL), 1);
    struct error error;
    uint32_t count;
    struct alert_select select = {.sort = "-raised_at,name"};
    assert_true(alerts_select(desk->alerts, &select, &rows, &count, &counts, &error));
    assert_string_equal(alert_id(rows[0]), order[1]);
    select.filter = "health:";
    assert_false(alerts_select(desk->alerts, &select, &rows, &count, &counts, &error));
    assert_non_null(strstr(error.text, "column"));
}

static const struct alerts_gathered *gathered(struct desk *desk, const char *by, const char *filter, uint32_t expected)
{
    const struct alerts_gathered *rows;
    struct alert_select select = {.filter = filter};
    uint32_t count;
    struct error error = {0};
    if (!alerts_gather(desk->alerts, &select, by, &rows, &count, &error))
        fail_msg("%s", error.text);
    assert_int_equal(count, expected);
    return rows;
}

/* By what they have in common: worst first, kept until something changes (R020). */
static void test_gathered(void **state)
{
    struct desk *desk = &((struct night *)*state)->desk;
    gathered(desk, "rule", "", 0);
    desk_breach(desk, "hot", "T-1", SEVERITY_MINOR);
    desk_breach(desk, "hot", "T-3", SEVERITY_MAJOR);
    desk_breach(desk, "wet", "T-2", SEVERITY_CRITICAL);
    const struct alerts_gathered *rows = gathered(desk, "rule", "", 2);
    assert_ptr_equal(gathered(desk, "rule", "", 2), rows);
    assert_string_equal(rows[0].key, "wet");
    assert_string_equal(rows[1].key, "hot");
    assert_int_equal(rows[1].count, 2);
    assert_int_equal(rows[1].unhandled, 2);
    assert_int_equal(rows[1].worst, SEVERITY_MAJOR);
    assert_int_equal(rows[1].id_count, 2);
    assert_string_equal(rows[1].ids[0], "A-20261121-0002"); /* in the queue's order */
    assert_int_equal(rows[1].oldest, clock_wall());
    rows = gathered(desk, "building", "rule:hot", 2);
    assert_string_equal(rows[0].key, "泓理楼");
    gathered(desk, "cause", "", 3);
    gathered(desk, "ticket", "", 1);
    for (int i = 0; i < 3; i++) /* more questions than are kept */
        gathered(desk, i == 0 ? "asset" : i == 1 ? "name" : "severity", "", i == 1 ? 2 : 3);
    desk_normal(desk, "wet", "T-2");
    assert_int_equal(desk_act(desk, ALERT_ACK, "user:wang", "A-20261121-0003", -1, "", CLOCK_NEVER), 200); /* closes */
    rows = gathered(desk, "rule", "", 1);
    assert_string_equal(rows[0].key, "hot");
    assert_int_equal(desk_act(desk, ALERT_CAUSE, "user:wang", "A-20261121-0001", -1, "A-20261121-0002", CLOCK_NEVER), 200);
    rows = gathered(desk, "cause", "", 1); /* its symptom is hidden from the queue, and counted here */
    assert_string_equal(rows[0].key, "A-20261121-0002");
    assert_int_equal(rows[0].count, 2);
    gathered(desk, "rule", "", 1);
    const struct alert_select wrong = {.filter = "health:"};
    struct error error = {0};
    uint32_t count;
    assert_false(alerts_gather(desk->alerts, &wrong, "rule", &rows, &count, &error));
}

/* Every field of its own is found by its name: they are looked for in order. */
static void test_fields(void **state)
{
    static const char *const texts[] = {"id", "name", "type", "severity", "state", "condition", "acknowledged", "asset", "asset_name",
                                        "gateway", "place", "summary", "metric", "acknowledged_by", "note", "assignee", "rule", "source"};
    static const char *const numbers[] = {"severity", "state", "raised_at", "since", "last_seen", "age", "occurrences", "reopens",
                                          "symptoms", "notes"};
    struct desk *desk = &((struct night *)*state)->desk;
    double number;
    desk_breach(desk, "hot", "T-1", SEVERITY_MAJOR);
    const char *id = "A-20261121-0001";
    assert_int_equal(desk_act(desk, ALERT_ACK, "user:wang", id, -1, "seen it", CLOCK_NEVER), 200);
    assert_int_equal(desk_act(desk, ALERT_ASSIGN, "user:wang", id, -1, "zhao", CLOCK_NEVER), 200);
    struct alert_subject subject = {desk->alerts, alerts_find(desk->alerts, id)};
    for (size_t i = 0; i < ARRAY_COUNT(texts); i++)
        if (!alert_subject_ops.text(&subject, texts[i]))
            fail_msg("no text `%s`", texts[i]);
    for (size_t i = 0; i < ARRAY_COUNT(numbers); i++)
        if (!alert_subject_ops.number(&subject, numbers[i], &number))
            fail_msg("no number `%s`", numbers[i]);
    assert_null(alert_subject_ops.text(&subject, "nothing"));
}

static void test_two_people(void **state)
{
    struct desk *desk = &((struct night *)*state)->desk;
    desk_breach(desk, "hot", "T-1", SEVERITY_MAJOR);
    const struct alert *alert = desk_only(desk, "");
    int64_t seen = alert_revision(alert);
    const char *id = "A-20261121-0001";
    struct alert_request wang = {.verb = ALERT_ACK, .actor = "user:wang", .text = "去看", .until = CLOCK_NEVER};
    struct alert_request li = {.verb = ALERT_ACK, .actor = "user:li", .text = "我来", .until = CLOCK_NEVER};
    alerts_act(desk->alerts, &wang, &id, &seen, 1, desk_answered, desk);
    alerts_act(desk->alerts, &li, &id, &seen, 1, desk_answered, desk); /* the same millisecond */
    assert_int_equal(desk->outcomes[0].status, 409);
    assert_non_null(strstr(desk->details[0], "user:wang"));
    assert_non_null(strstr(desk->details[0], "去看"));
    desk_wait(desk, 2);
    assert_int_equal(desk->outcomes[0].status, 200);
    assert_state(alert, ALERT_ACKNOWLEDGED);
    assert_int_equal(desk_act(desk, ALERT_NOTE, "user:li", id, alert_revision(alert), "", CLOCK_NEVER), 422);
    assert_int_equal(desk_act(desk, ALERT_NOTE, "user:li", "A-20261121-0099", -1, "x", CLOCK_NEVER), 404);
    assert_int_equal(desk_act(desk, ALERT_ASSIGN, "user:li", id, -1, "zhao", CLOCK_NEVER), 200);
    assert_int_equal(desk_act(desk, ALERT_UNACK, "user:li", id, -1, NULL, CLOCK_NEVER), 200);
    assert_state(alert, ALERT_UNACKNOWLEDGED);
    assert_int_equal(desk_act(desk, ALERT_CLOSE, "user:li", id, -1, "", CLOCK_NEVER), 422);
    assert_int_equal(desk_act(desk, ALERT_CLOSE, "user:li", id, -1, "换了探头", CLOCK_NEVER), 200);
    assert_state(alert, ALERT_CLOSED);
    assert_int_equal(desk->told[NOTICE_RESOLVE], 1);
}

static void test_timers(void **state)
{
    struct desk *desk = &((struct night *)*state)->desk;
    struct alert_policy policy = alert_policy_default;
    policy.hold = 2 * SPAN_MINUTE;
    policy.repeat = 10 * SPAN_MINUTE;
    desk_breach_policy(desk, "hot", "T-1", SEVERITY_MAJOR, &policy);
    const struct alert *alert = desk_only(desk, "");
    assert_state(alert, ALERT_PENDING);
    desk_pass(desk, SPAN_MINUTE);
    assert_state(alert, ALERT_PENDING);
    desk_pass(desk, SPAN_MINUTE + SPAN_SECOND);
    assert_state(alert, ALERT_UNACKNOWLEDGED);
    assert_int_equal(desk->told[NOTICE_RAISE], 1);
    desk_pass(desk, 10 * SPAN_MINUTE + SPAN_SECOND);
    assert_int_equal(desk->told[NOTICE_REMIND], 1);
    msec until = clock_wall() + 5 * SPAN_MINUTE;
    assert_int_equal(desk_act(desk, ALERT_ACK, "user:wang", alert_id(alert), -1, "", until), 200);
    desk_pass(desk, 5 * SPAN_MINUTE + SPAN_SECOND);
    assert_state(alert, ALERT_UNACKNOWLEDGED);
    assert_int_equal(desk->told[NOTICE_RAISE], 2);
    assert_int_equal(desk_act(desk, ALERT_SHELVE, "user:wang", alert_id(alert), -1, "等备件", clock_wall() + SPAN_HOUR), 200);
    assert_state(alert, ALERT_SHELVED);
    desk_pass(desk, SPAN_HOUR + SPAN_SECOND);
    assert_state(alert, ALERT_UNACKNOWLEDGED);
    assert_int_equal(desk->told[NOTICE_RAISE], 3);
    assert_int_equal(desk->told[NOTICE_REMIND], 1); /* shelved time does not count */
}

static void test_pending_leaves_nothing(void **state)
{
    struct desk *desk = &((struct night *)*state)->desk;
    const struct alert *const *rows;
    struct alert_policy policy = alert_policy_default;
    policy.hold = SPAN_MINUTE;
    desk_breach_policy(desk, "hot", "T-1", SEVERITY_MAJOR, &policy);
    desk_settle(desk);
    desk_normal(desk, "hot", "T-1");
    assert_int_equal(desk_queue(desk, "", true, &rows, NULL), 0);
    desk_settle(desk);
    desk_close(desk);
    desk_open(desk, desk->world, NULL);
    assert_int_equal(desk_queue(desk, "", true, &rows, NULL), 0);
    assert_int_equal(desk->told[NOTICE_RAISE], 0);
}

/* The clock is set an hour forward, then two back: a hold of two minutes stays two minutes. */
static void test_clock_jumps(void **state)
{
    struct desk *desk = &((struct night *)*state)->desk;
    struct alert_policy policy = alert_policy_default;
    policy.hold = 2 * SPAN_MINUTE;
    desk_breach_policy(desk, "hot", "T-1", SEVERITY_MAJOR, &policy);
    const struct alert *alert = desk_only(desk, "");
    msec steady = desk->world->steady;
    clock_fake(NOON + steady + SPAN_HOUR, steady + SPAN_MINUTE);
    alerts_turn(desk->alerts);
    assert_state(alert, ALERT_PENDING);
    clock_fake(NOON + steady - SPAN_HOUR, steady + SPAN_MINUTE + 30 * SPAN_SECOND);
    alerts_turn(desk->alerts);
    assert_state(alert, ALERT_PENDING);
    clock_fake(NOON + steady - SPAN_HOUR + 31 * SPAN_SECOND, steady + 2 * SPAN_MINUTE + SPAN_SECOND);
    alerts_turn(desk->alerts);
    assert_state(alert, ALERT_UNACKNOWLEDGED);
}

static void test_restart(void **state)
{
    struct desk *desk = &((struct night *)*state)->desk;
    struct alert_policy policy = alert_policy_default;
    struct wire_alert before, after;
    policy.hold = 5 * SPAN_MINUTE;
    desk_breach(desk, "hot", "T-1", SEVERITY_MAJOR);
    desk_breach(desk, "wet", "T-2", SEVERITY_MINOR);
    desk_breach_policy(desk, "slow", "T-3", SEVERITY_CRITICAL, &policy);
    assert_int_equal(desk_act(desk, ALERT_ACK, "user:wang", "A-20261121-0001", -1, "去看", clock_wall() + SPAN_HOUR), 200);
    desk_settle(desk);
    alerts_wire(desk->alerts, alerts_find(desk->alerts, "A-20261121-0001"), NULL, &before);
    int64_t revision = before.revision;
    desk_close(desk);
    desk_open(desk, desk->world, NULL);
    const struct alert *hot = alerts_find(desk->alerts, "A-20261121-0001"), *slow = alerts_find(desk->alerts, "A-20261121-0003");
    alerts_wire(desk->alerts, hot, NULL, &after);
    assert_int_equal(after.revision, revision);
    assert_string_equal(after.acknowledged_by, "user:wang");
    assert_string_equal(after.note, "去看");
    assert_state(hot, ALERT_ACKNOWLEDGED);
    assert_state(slow, ALERT_PENDING);
    desk_breach(desk, "hot", "T-1", SEVERITY_MAJOR); /* known by its fingerprint */
    assert_int_equal(alert_life(hot)->occurrences, 2);
    assert_int_equal(desk->told[NOTICE_RAISE], 0);
    desk_pass(desk, 5 * SPAN_MINUTE + SPAN_SECOND);
    assert_state(slow, ALERT_UNACKNOWLEDGED);
    desk_pass(desk, SPAN_HOUR);
    assert_state(hot, ALERT_UNACKNOWLEDGED);
    desk_normal(desk, "wet", "T-2");
    assert_int_equal(desk->told[NOTICE_RESOLVE], 1); /* its raise was told before the restart */
    desk_breach(desk, "new", "T-3", SEVERITY_INFO);
    assert_non_null(alerts_find(desk->alerts, "A-20261121-0004"));
}

static void test_news(void **state)
{
    struct desk *desk = &((struct night *)*state)->desk;
    const struct alert *const *rows;
    struct alert_counts counts;
    struct alert_request all = {.verb = ALERT_SEEN, .actor = "user:wang", .until = CLOCK_NEVER};
    desk_breach(desk, "hot", "T-1", SEVERITY_MAJOR);
    desk_breach(desk, "wet", "T-2", SEVERITY_MINOR);
    desk_queue(desk, "", false, &rows, &counts);
    assert_int_equal(counts.news, 2);
    assert_int_equal(desk_act(desk, ALERT_SEEN, "user:wang", "A-20261121-0001", -1, NULL, CLOCK_NEVER), 200);
    desk_queue(desk, "", false, &rows, &counts);
    assert_int_equal(counts.news, 1);
    alerts_act(desk->alerts, &all, NULL, NULL, 0, desk_answered, desk);
    desk_wait(desk, 2);
    desk_queue(desk, "", false, &rows, &counts);
    assert_int_equal(counts.news, 0);
    desk_pass(desk, SPAN_SECOND);
    desk_normal(desk, "hot", "T-1");
    desk_breach(desk, "wet", "T-2", SEVERITY_MAJOR);
    desk_queue(desk, "", false, &rows, &counts);
    assert_int_equal(counts.news, 2);
    struct wire_alert row;
    alerts_wire(desk->alerts, alerts_find(desk->alerts, "A-20261121-0001"), "user:wang", &row);
    assert_string_equal(row.news, "cleared");
    alerts_wire(desk->alerts, alerts_find(desk->alerts, "A-20261121-0002"), "user:wang", &row);
    assert_string_equal(row.news, "worse");
    alerts_wire(desk->alerts, alerts_find(desk->alerts, "A-20261121-0002"), "user:li", &row);
    assert_string_equal(row.news, "worse");
    desk_settle(desk);
    desk_close(desk);
    desk_open(desk, desk->world, NULL); /* what each looked at is kept */
    desk_queue(desk, "", false, &rows, &counts);
    assert_int_equal(counts.news, 2);
}

static void test_rule_gone(void **state)
{
    struct desk *desk = &((struct night *)*state)->desk;
    desk_breach(desk, "hot", "T-1", SEVERITY_MAJOR);
    assert_int_equal(alerts_rule_active(desk->alerts, "rule", "hot"), 1);
    alerts_rule_gone(desk->alerts, "rule", "hot", "the rule was removed");
    assert_int_equal(alerts_rule_active(desk->alerts, "rule", "hot"), 0);
    assert_state(desk_only(desk, ""), ALERT_CLEARED_UNACKNOWLEDGED);
    assert_int_equal(desk->told[NOTICE_RESOLVE], 1);
}

struct told_history { bool done; unsigned events, similar; char first[32], last[32], actor[40], fixed[80]; };

static void history_told(void *owner, const struct alerts_history *history, const struct error *error)
{
    struct told_history *told = owner;
    assert_null(error);
    told->done = true;
    told->events = history->event_count;
    told->similar = history->similar_count;
    snprintf(told->first, sizeof told->first, "%s", history->events[0].verb);
    snprintf(told->last, sizeof told->last, "%s", history->events[history->event_count - 1].verb);
    snprintf(told->actor, sizeof told->actor, "%s", history->events[history->event_count - 1].actor);
    if (history->similar_count)
        snprintf(told->fixed, sizeof told->fixed, "%s", history->similar[0].fixed_by);
}

static void test_history(void **state)
{
    struct desk *desk = &((struct night *)*state)->desk;
    struct told_history told = {0};
    desk_breach(desk, "hot", "T-1", SEVERITY_MAJOR);
    assert_int_equal(desk_act(desk, ALERT_CLOSE, "user:li", "A-20261121-0001", -1, "换了探头", CLOCK_NEVER), 200);
    desk_pass(desk, SPAN_HOUR);
    desk_breach(desk, "hot", "T-1", SEVERITY_MAJOR);
    desk_settle(desk);
    desk_pass(desk, SPAN_MINUTE);
    assert_int_equal(desk_act(desk, ALERT_NOTE, "user:wang", "A-20261121-0002", -1, "again", CLOCK_NEVER), 200);
    alerts_history(desk->alerts, "A-20261121-0002", history_told, &told);
    for (int i = 0; i < 2000 && !told.done; i++, uv_sleep(1))
        uv_run(&desk->world->loop, UV_RUN_NOWAIT);
    assert_true(told.done);
    assert_int_equal(told.events, 2);
    assert_string_equal(told.first, "raised");
    assert_string_equal(told.last, "noted");
    assert_string_equal(told.actor, "user:wang");
    assert_int_equal(told.similar, 1);
    assert_string_equal(told.fixed, "换了探头");
}

/* Closed ones leave memory after their time, or when there are too many; the store keeps them. */
static void test_closed_leave(void **state)
{
    struct desk *desk = &((struct night *)*state)->desk;
    const struct alert *const *rows;
    char rule[16];
    for (int i = 0; i < 20100; i++) {
        snprintf(rule, sizeof rule, "r%d", i);
        desk_breach(desk, rule, "T-1", SEVERITY_MINOR);
        struct alert *alert = alert_current(desk->alerts, desk_print(desk, rule, "T-1"));
        alert_effect(desk->alerts, alert, alert_close(&alert->life, alert->policy, clock_wall()), "test", NULL, clock_wall());
    }
    desk_settle(desk);
    history_trim(desk->alerts, clock_wall());
    assert_int_equal(desk_queue(desk, "", true, &rows, NULL), 20100); /* each may still reopen */
    desk_pass(desk, 16 * SPAN_MINUTE);
    history_trim(desk->alerts, clock_wall());
    assert_int_equal(desk_queue(desk, "", true, &rows, NULL), 20000);
    assert_null(alerts_find(desk->alerts, "A-20261121-0100"));
    assert_non_null(alerts_find(desk->alerts, "A-20261121-0101"));
    history_trim(desk->alerts, clock_wall() + 8 * SPAN_DAY);
    assert_int_equal(desk_queue(desk, "", true, &rows, NULL), 0);
    desk_breach(desk, "r5", "T-1", SEVERITY_MINOR);
    assert_int_equal(desk_queue(desk, "", true, &rows, NULL), 1);
}

static void told_of_one(void *owner, const struct alerts_history *history, const struct error *error)
{
    struct buffer *told = owner;
    if (error)
        buffer_append_text(told, error->text);
    else
        buffer_printf(told, "%s %s %s %s", alert_id(history->alert), alert_state_name(alert_state_of(alert_life(history->alert))),
                      history->events[0].verb, history->events[history->event_count - 1].text);
}

static void ask_one(struct desk *desk, const char *id, const char *expected)
{
    struct buffer told = BUFFER_INIT;
    alerts_history(desk->alerts, id, told_of_one, &told);
    for (int i = 0; i < 2000 && !told.length; i++, uv_sleep(1))
        uv_run(&desk->world->loop, UV_RUN_NOWAIT);
    assert_string_equal(buffer_text(&told), expected);
    buffer_release(&told);
}

/* One that left the memory answers from the store, timeline and all. */
static void test_page_from_the_store(void **state)
{
    struct desk *desk = &((struct night *)*state)->desk;
    desk_breach(desk, "hot", "T-1", SEVERITY_MINOR);
    desk_settle(desk);
    assert_int_equal(desk_act(desk, ALERT_CLOSE, "user:wang", "A-20261121-0001", -1, "换了探头", CLOCK_NEVER), 200);
    desk_settle(desk);
    history_trim(desk->alerts, clock_wall() + 8 * SPAN_DAY);
    assert_null(alerts_find(desk->alerts, "A-20261121-0001"));
    ask_one(desk, "A-20261121-0001", "A-20261121-0001 closed raised 换了探头");
    ask_one(desk, "A-20261121-0002", "no alert `A-20261121-0002`");
    ask_one(desk, "nonsense", "no alert `nonsense`");
}

/* An asset that speaks is as well as its worst active alert; the verdict on a silent one stays the fleet's own. */
static void test_health_follows(void **state)
{
    struct desk *desk = &((struct night *)*state)->desk;
    struct world *world = desk->world;
    world_say(world, "T-1", "GW-1", "t", 31);
    assert_health(world, "T-1", HEALTH_OK, REASON_FRESH);
    desk_breach(desk, "hot", "T-1", SEVERITY_MINOR);
    desk_breach(desk, "wet", "T-1", SEVERITY_CRITICAL);
    desk_breach(desk, "dry", "T-1", SEVERITY_INFO);
    desk_pass(desk, 100);
    assert_health(world, "T-1", HEALTH_CRITICAL, REASON_ALERT);
    assert_health(world, "GW-1", HEALTH_OK, REASON_FRESH);
    desk_normal(desk, "wet", "T-1");
    desk_pass(desk, 100);
    assert_health(world, "T-1", HEALTH_WARNING, REASON_ALERT);
    desk_normal(desk, "hot", "T-1");
    desk_pass(desk, 100);
    assert_health(world, "T-1", HEALTH_OK, REASON_FRESH);
    desk_breach(desk, "hot", "T-1", SEVERITY_MAJOR);
    desk_pass(desk, 5 * SPAN_MINUTE);
    assert_health(world, "T-1", HEALTH_UNREACHABLE, REASON_PARENT);
}

int main(void)
{
    setenv("TZ", "UTC", 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_one_alert, begin, night_end),
        cmocka_unit_test_setup_teardown(test_order_and_filters, begin, night_end),
        cmocka_unit_test_setup_teardown(test_gathered, begin, night_end),
        cmocka_unit_test_setup_teardown(test_fields, begin, night_end),
        cmocka_unit_test_setup_teardown(test_two_people, begin, night_end),
        cmocka_unit_test_setup_teardown(test_timers, begin, night_end),
        cmocka_unit_test_setup_teardown(test_pending_leaves_nothing, begin, night_end),
        cmocka_unit_test_setup_teardown(test_clock_jumps, begin, night_end),
        cmocka_unit_test_setup_teardown(test_restart, begin, night_end),
        cmocka_unit_test_setup_teardown(test_news, begin, night_end),
        cmocka_unit_test_setup_teardown(test_rule_gone, begin, night_end),
        cmocka_unit_test_setup_teardown(test_history, begin, night_end),
        cmocka_unit_test_setup_teardown(test_closed_leave, begin, night_end),
        cmocka_unit_test_setup_teardown(test_page_from_the_store, begin, night_end),
        cmocka_unit_test_setup_teardown(test_health_follows, begin, night_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
