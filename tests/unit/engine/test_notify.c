/* Being told: routes, chains, storms, quiet hours, resolves, restarts. Messages go through real commands that append
 * what they are given to a file; the desk is a table of alerts that the test moves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json.h"
#include "base/memory.h"
#include "engine/notify_private.h"

#define ALERTS 400

struct world {
    uv_loop_t loop;
    uv_timer_t pace;
    char directory[64], path[96];
    struct store *store;
    struct notify *notify;
    struct wire_alert row[ALERTS];
    char id[ALERTS][24];
    msec handled_for[ALERTS];
    unsigned count;
    char noted[200];
};

/* ---- the desk ---- */

static const char *row_text(const void *subject, const char *field)
{
    const struct wire_alert *row = subject;
    return strcmp(field, "severity") == 0 ? severity_name(row->severity) : strcmp(field, "type") == 0 ? row->type : NULL;
}

static bool row_number(const void *subject, const char *field, double *number)
{
    (void)subject;
    (void)field;
    (void)number;
    return false;
}

static const char *row_words(const void *subject)
{
    return ((const struct wire_alert *)subject)->name;
}

static const struct filter_subject_ops row_ops = {.text = row_text, .number = row_number, .words = row_words};

static struct notify_alert facts(struct world *world, unsigned place)
{
    return (struct notify_alert){.row = world->row[place], .handled_for = world->handled_for[place], .ops = &row_ops,
                                 .subject = &world->row[place]};
}

static bool desk_find(void *owner, const char *id, struct notify_alert *alert)
{
    struct world *world = owner;
    for (unsigned i = 0; i < world->count; i++)
        if (strcmp(world->id[i], id) == 0) {
            *alert = facts(world, i);
            return true;
        }
    return false;
}

static void desk_each(void *owner, void (*visit)(void *visitor, const struct notify_alert *alert), void *visitor)
{
    struct world *world = owner;
    for (unsigned i = 0; i < world->count; i++) {
        struct notify_alert alert = facts(world, i);
        visit(visitor, &alert);
    }
}

static unsigned alert_up(struct world *world, enum severity severity)
{
    unsigned place = world->count++;
    snprintf(world->id[place], sizeof world->id[place], "A-20261121-%04u", place + 1);
    world->row[place] = (struct wire_alert){
        .id = world->id[place], .name = "网关离线", .type = "communication", .severity = severity, .state = ALERT_UNACKNOWLEDGED,
        .raised_at = 1763672400000, .condition = CONDITION_ACTIVE, .asset = "GW-1", .asset_name = "一号网关", .gateway = "",
        .place = "涵英楼 3F", .unit = "后勤", .subsystem = "供水管理", .summary = "silent for 3 periods of 1m; disconnected", .metric = "", .rule = "gateway-offline",
        .runbook = "gateway", .cleared_at = CLOCK_NEVER};
    return place;
}

static void say(struct world *world, unsigned place, enum alert_notice notice)
{
    struct notify_alert alert = facts(world, place);
    notify_notice(world->notify, &alert, notice);
}

static void alert_over(struct world *world, unsigned place)
{
    world->row[place].condition = CONDITION_CLEARED;
    world->row[place].state = ALERT_CLEARED_UNACKNOWLEDGED;
    world->row[place].cleared_at = 1763672700000;
    say(world, place, NOTICE_RESOLVE);
}

static void desk_note(void *owner, const char *id, const char *text)
{
    struct world *world = owner;
    snprintf(world->noted, sizeof world->noted, "%s: %s", id, text);
}

/* ---- the world ---- */

static const char *shifts = ""; /* of the site, beside notify's own */

static void read_shifts(struct notify_plan *plan, const struct config *notify, struct config_problems *problems)
{
    struct config *site = config_new();
    assert_true(config_load_text(site, "site.yml", shifts, strlen(shifts), problems));
    notify_plan_shifts(plan, *shifts ? config_get(config_root(site), "shifts") : NULL, config_root(notify), problems);
    config_free(&site);
    shifts = "";
}

static void notify_begin(struct world *world, const char *configuration)
{
    struct error error = {0};
    struct config_problems problems;
    struct config *config = config_new();
    char *text = memory_printf("channels:\n  - {name: file, type: command, to: all, rate: 60000, parallel: 1, command: [/bin/sh, -c, "
                               "'cat >>\"$1\"; echo >>\"$1\"', sh, %s]}\n%s", world->path, configuration);
    config_problems_init(&problems);
    world->store = store_open(&world->loop, &(struct store_options){.url = "sqlite", .state_dir = world->directory}, &error);
    if (!world->store || !config_load_text(config, "notify.yml", text, strlen(text), &problems))
        fail_msg("%s %s", error.text, buffer_text(&problems.text));
    struct notify_plan *plan = notify_plan_read(config_root(config), "创新港", "zh_CN", &problems);
    read_shifts(plan, config, &problems);
    if (problems.count)
        fail_msg("%s", buffer_text(&problems.text));
    world->notify = notify_new(&world->loop, world->store, &error);
    assert_non_null(world->notify);
    notify_use(world->notify, plan);
    notify_plan_free(&plan);
    notify_attach(world->notify, &(struct notify_desk){.owner = world, .find = desk_find, .each = desk_each, .note = desk_note});
    config_problems_release(&problems);
    config_free(&config);
    free(text);
}

static void notify_end(struct world *world)
{
    notify_free(&world->notify);
    store_close(&world->store);
    while (uv_run(&world->loop, UV_RUN_DEFAULT))
        ;
}

static struct world *world_new(const char *configuration)
{
    struct world *world = memory_new(sizeof *world);
    uv_loop_init(&world->loop);
    strcpy(world->directory, "/tmp/nocturne-notify-XXXXXX");
    assert_non_null(mkdtemp(world->directory));
    snprintf(world->path, sizeof world->path, "%s/messages", world->directory);
    notify_begin(world, configuration);
    return world;
}

static void world_free(struct world *world)
{
    notify_end(world);
    assert_int_equal(uv_loop_close(&world->loop), 0);
    char *command = memory_printf("rm -r %s", world->directory);
    assert_int_equal(system(command), 0);
    free(command);
    free(world);
}

static void tick(uv_timer_t *timer)
{
    (void)timer;
}

static void pass(struct world *world, msec span)
{
    uv_timer_init(&world->loop, &world->pace);
    uv_timer_start(&world->pace, tick, 5, 5);
    for (msec end = clock_steady() + span; clock_steady() < end;)
        uv_run(&world->loop, UV_RUN_ONCE);
    uv_close((uv_handle_t *)&world->pace, NULL);
    uv_run(&world->loop, UV_RUN_NOWAIT);
}

static unsigned messages(struct world *world, const char *containing)
{
    char line[65536];
    unsigned count = 0;
    FILE *file = fopen(world->path, "r");
    while (file && fgets(line, sizeof line, file))
        count += strstr(line, containing) != NULL;
    if (file)
        fclose(file);
    return count;
}

static void until(struct world *world, const char *containing, unsigned wanted)
{
    for (int i = 0; i < 2400 && messages(world, containing) < wanted; i++)
        pass(world, 25);
    assert_int_equal(messages(world, containing), wanted);
}

/* A message in the file is not yet one that notify knows to be sent, and what it does not know is told again after a restart. */
static void until_known(struct world *world, const char *containing, unsigned wanted)
{
    struct notify_status status;
    until(world, containing, wanted);
    for (int i = 0; i < 2400; i++, pass(world, 25)) {
        notify_status(world->notify, &status);
        if (status.waiting == 0)
            return;
    }
    fail_msg("%u deliveries still wait", status.waiting);
}

#define ROUTE_TO_ALL "chains: [{name: all, steps: [{notify: channel:file}]}]\nroutes: [{chain: all}]\n"
#define ONE_ROUTE ROUTE_TO_ALL "batch: {gather: 100ms}\n"

/* ---- tests ---- */

static void a_raise_is_told_and_its_end_too(void **state)
{
    (void)state;
    struct world *world = world_new(ONE_ROUTE);
    unsigned place = alert_up(world, SEVERITY_CRITICAL);
    say(world, place, NOTICE_RAISE);
    until(world, "\"what\":\"raise\"", 1);
    /* R020: name, type, severity, state and time come first, in the text and in the JSON */
    assert_int_equal(messages(world, "详情：无数据达 3 个周期（1m）；已断开\\n"), 1);
    assert_int_equal(messages(world, "告警名称：网关离线\\n类型：通信\\n级别：紧急\\n状态：未确认\\n告警时间："), 1);
    assert_int_equal(messages(world, "{\"name\":\"网关离线\",\"type\":\"communication\",\"severity\":\"critical\",\"state\":\"unacknowledged\",\"raised_at\":"), 1);
    alert_over(world, place);
    until(world, "\"what\":\"resolve\"", 1);
    assert_int_equal(world->notify->case_count, 0);
    world_free(world);
}

static void an_end_before_anybody_was_told_tells_nobody(void **state)
{
    (void)state;
    struct world *world = world_new(ONE_ROUTE);
    unsigned place = alert_up(world, SEVERITY_CRITICAL);
    say(world, place, NOTICE_RAISE);
    alert_over(world, place);
    pass(world, 400);
    assert_int_equal(messages(world, "{"), 0);
    assert_int_equal(world->notify->case_count, 0);
    world_free(world);
}

static void a_storm_is_one_message_and_so_is_its_end(void **state)
{
    (void)state;
    struct world *world = world_new(ONE_ROUTE);
    for (unsigned i = 0; i < 300; i++)
        say(world, alert_up(world, i == 7 ? SEVERITY_CRITICAL : SEVERITY_MAJOR), NOTICE_RAISE);
    until(world, "\"count\":300", 1);
    assert_int_equal(messages(world, "紧急 1，重要 299"), 1);
    assert_int_equal(messages(world, "{"), 1);
    for (unsigned i = 0; i < 300; i++)
        alert_over(world, i);
    until(world, "\"what\":\"resolve\"", 1);
    assert_int_equal(messages(world, "\"count\":300"), 2);
    assert_int_equal(world->notify->case_count, 0);
    world_free(world);
}

static void routes_choose_by_filter(void **state)
{
    (void)state;
    struct world *world = world_new("chains: [{name: all, steps: [{notify: channel:file}]}]\nbatch: {gather: 100ms}\n"
                                    "routes: [{filter: \"severity:critical\", chain: all}]\n");
    say(world, alert_up(world, SEVERITY_MINOR), NOTICE_RAISE);
    say(world, alert_up(world, SEVERITY_CRITICAL), NOTICE_RAISE);
    until(world, "A-20261121-0002", 1);
    assert_int_equal(messages(world, "A-20261121-0001"), 0);
    world_free(world);
}

#define CHAIN "people: [{name: wang, contacts: {file: first}}, {name: li, contacts: {file: second}}]\n" \
              "teams: [{name: duty, members: [li]}]\nroutes: [{chain: night}]\nbatch: {gather: 100ms}\n" \
              "chains: [{name: night, steps: [{notify: wang}, {wait: 1s}, {notify: \"team:duty\"}]}]\n"

static unsigned told(struct world *world, const char *to, const char *state)
{
    unsigned count = 0;
    for (const struct delivery *each = world->notify->oldest; each; each = each->newer)
        count += strcmp(each->to, to) == 0 && strcmp(delivery_state_name(each->state), state) == 0;
    return count;
}

static void suppression_freezes_the_chain_and_acknowledging_stops_it(void **state)
{
    (void)state;
    struct world *world = world_new(CHAIN);
    unsigned frozen = alert_up(world, SEVERITY_CRITICAL), acknowledged = alert_up(world, SEVERITY_CRITICAL);
    say(world, frozen, NOTICE_RAISE);
    say(world, acknowledged, NOTICE_RAISE);
    until(world, "{", 2);
    world->row[acknowledged].acknowledged = true;
    pass(world, 1500); /* handled_for does not move: frozen */
    assert_int_equal(told(world, "second", "sent"), 0);
    world->handled_for[frozen] = 1000;
    world->handled_for[acknowledged] = 1000;
    until(world, "{", 3);
    pass(world, 300);
    assert_int_equal(told(world, "second", "sent"), 1);
    alert_over(world, frozen);
    until(world, "\"what\":\"resolve\"", 2); /* both who were told */
    world_free(world);
}

static void reminders_repeats_and_hours(void **state)
{
    (void)state;
    struct world *world = world_new("people: [{name: wang, contacts: {file: first}}, {name: li, contacts: {file: second}}]\n"
                                    "routes: [{chain: again}]\nbatch: {gather: 100ms}\nchains: [{name: again, steps: [{notify: wang}, "
                                    "{notify: li, hours: \"00:00-00:00\"}, {notify: li, hours: \"mon 00:00-00:01\"}, {wait: 1s}, {repeat: 1}]}]\n");
    unsigned place = alert_up(world, SEVERITY_CRITICAL);
    say(world, place, NOTICE_RAISE);
    until(world, "\"what\":\"raise\"", 2); /* 00:00-00:00 is all day; a minute on Mondays is hardly ever now */
    say(world, place, NOTICE_REMIND);
    until(world, "\"what\":\"remind\"", 2);
    world->handled_for[place] = 1000;
    until(world, "\"what\":\"raise\"", 4);
    world->handled_for[place] = 9000;
    pass(world, 1500);
    assert_int_equal(messages(world, "\"what\":\"raise\""), 4); /* repeated once, then the chain is at its end */
    world_free(world);
}

static void quiet_hours_hold_in_sight_and_end(void **state)
{
    (void)state;
    struct world *world = world_new(ONE_ROUTE "quiet: [{name: night, hours: \"00:00-23:59\", filter: \"severity:minor\"}]\n");
    struct notify_status status;
    notify_status(world->notify, &status);
    if (!status.quiet[0]) { /* the one minute of the day outside */
        world_free(world);
        return;
    }
    say(world, alert_up(world, SEVERITY_MINOR), NOTICE_RAISE);
    say(world, alert_up(world, SEVERITY_CRITICAL), NOTICE_RAISE);
    until_known(world, "{", 1);
    notify_status(world->notify, &status);
    assert_int_equal(status.held, 1);
    assert_true(status.quiet_ends > clock_wall());
    notify_end(world); /* the next configuration has none: what was held is told */
    notify_begin(world, ONE_ROUTE);
    until(world, "A-20261121-0001", 1);
    assert_int_equal(messages(world, "{"), 2);
    world_free(world);
}

static void a_restart_in_a_storm_tells_all_once(void **state)
{
    (void)state;
    struct world *world = world_new(ROUTE_TO_ALL "batch: {gather: 60s}\n");
    for (unsigned i = 0; i < 40; i++)
        say(world, alert_up(world, SEVERITY_MAJOR), NOTICE_RAISE);
    pass(world, 50); /* gathered, written, not sent */
    assert_int_equal(messages(world, "{"), 0);
    notify_end(world);
    for (unsigned i = 0; i < 10; i++) { /* ended while nobody listened */
        world->row[i].condition = CONDITION_CLEARED;
        world->row[i].state = ALERT_CLEARED_UNACKNOWLEDGED;
    }
    alert_up(world, SEVERITY_MAJOR); /* came up while nobody listened */
    notify_begin(world, ONE_ROUTE);
    until_known(world, "\"count\":31", 1);
    notify_end(world);
    notify_begin(world, ONE_ROUTE);
    pass(world, 400);
    assert_int_equal(messages(world, "{"), 1);
    for (unsigned i = 10; i < 41; i++)
        alert_over(world, i);
    until(world, "\"what\":\"resolve\"", 1);
    world_free(world);
}

static void a_full_queue_gathers_and_loses_nothing(void **state)
{
    (void)state;
    struct world *world = world_new("  - {name: slow, type: command, to: x, queue: 2, parallel: 1, rate: 60000, command: [/bin/sh, -c, "
                                    "'sleep 0.3; cat >>\"$1\"; echo >>\"$1\"', sh, \"/dev/null\"]}\n"
                                    "batch: {gather: 100ms, storm: 1000}\nroutes: [{chain: all}]\n"
                                    "chains: [{name: all, steps: [{notify: channel:slow}]}]\n");
    for (unsigned i = 0; i < 12; i++) { /* each gathered alone; four times faster than they can go */
        say(world, alert_up(world, SEVERITY_MAJOR), NOTICE_RAISE);
        pass(world, 150);
    }
    for (int i = 0; i < 200 && world->notify->sent + world->notify->failed == 0; i++)
        pass(world, 50);
    struct notify_status status;
    do {
        pass(world, 100);
        notify_status(world->notify, &status);
        assert_true(status.waiting <= 3 + 12);
    } while (status.waiting || status.held);
    assert_int_equal(status.failed, 0);
    for (unsigned i = 0; i < 12; i++) {
        struct notify_case *one = case_find(world->notify, world->id[i], "all");
        assert_non_null(one);
        assert_true(one->targets[0].told);
    }
    world_free(world);
}

static void test_done(void *owner, const struct wire_notification *row, const struct error *error)
{
    snprintf(owner, 200, "%s|%.150s", row ? row->state : error_code_name(error->code), row ? row->detail : error->text);
}

/* A step that tells the shift tells who is on duty; while nobody is, the chain's fallback, and the alert says so. */
static void the_shift_or_the_fallback(void **state)
{
    static const char *const days[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};
    (void)state;
    for (int gap = 0; gap < 2; gap++) {
        time_t now = (time_t)(clock_wall() / SPAN_SECOND);
        struct tm local;
        localtime_r(&now, &local);
        char *hours = gap ? memory_printf("%s 08:00-20:00", days[(local.tm_wday + 3) % 7]) : memory_text("00:00-24:00");
        char *text = memory_printf("batch: {gather: 100ms}\n"
                                   "people: [{name: wang, contacts: {file: to-wang}}, {name: li, contacts: {file: to-li}}]\n"
                                   "chains: [{name: all, steps: [{notify: [shift]}], fallback: [li]}]\nroutes: [{chain: all}]\n");
        char *roster = memory_printf("shifts: [{name: duty, hours: \"%s\", people: [wang]}]\n", hours);
        shifts = roster;
        struct world *world = world_new(text);
        free(roster);
        unsigned place = alert_up(world, SEVERITY_MAJOR);
        say(world, place, NOTICE_RAISE);
        until(world, "\"what\":\"raise\"", 1);
        const struct notify_case *one = case_find(world->notify, world->id[place], "all");
        assert_int_equal(one->target_count, 1);
        assert_string_equal(one->targets[0].to, gap ? "to-li" : "to-wang");
        assert_true(gap ? strstr(world->noted, "nobody is on duty: the fallback of chain all is told: li") != NULL : !world->noted[0]);
        world_free(world);
        free(hours);
        free(text);
    }
}

static void shift_mistakes(void **state)
{
    static const struct { const char *shifts, *text, *mistake; } cases[] = {
        {"", "chains: [{name: all, steps: [{notify: [shift]}], fallback: [li]}]\n", "there are no shifts"},
        {"shifts: [{name: duty, hours: \"08:00-20:00\", people: [li]}]\n", "chains: [{name: all, steps: [{notify: [shift]}]}]\n", "give the chain a fallback"},
        {"shifts: [{name: duty, hours: \"08:00-20:00\", people: [zhao]}]\n", "chains: [{name: all, steps: [{notify: [shift]}], fallback: [li]}]\n", "`zhao`"},
        {"", "chains: [{name: all, steps: [{notify: [li]}], fallback: [nobody]}]\n", "`nobody`"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct config *config = config_new();
        struct config_problems problems;
        char *text = memory_printf("channels: [{name: file, type: command, command: [\"true\"]}]\npeople: [{name: li, contacts: {file: x}}]\n%s", cases[i].text);
        config_problems_init(&problems);
        assert_true(config_load_text(config, "notify.yml", text, strlen(text), &problems));
        struct notify_plan *plan = notify_plan_read(config_root(config), "site", "en", &problems);
        shifts = cases[i].shifts;
        read_shifts(plan, config, &problems);
        if (!strstr(buffer_text(&problems.text), cases[i].mistake))
            fail_msg("%s: %s", cases[i].mistake, buffer_text(&problems.text));
        notify_plan_free(&plan);
        config_problems_release(&problems);
        config_free(&config);
        free(text);
    }
}

static void a_channel_can_be_tested(void **state)
{
    (void)state;
    char said[200] = "";
    struct world *world = world_new("");
    notify_test(world->notify, "fil", "", test_done, said);
    assert_non_null(strstr(said, "not-found|no channel is named `fil`"));
    notify_test(world->notify, "file", "", test_done, said);
    until(world, "\"what\":\"test\"", 1);
    pass(world, 300);
    assert_string_equal(said, "sent|exit 0");
    world_free(world);
}

int main(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
    signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_raise_is_told_and_its_end_too),
        cmocka_unit_test(an_end_before_anybody_was_told_tells_nobody),
        cmocka_unit_test(a_storm_is_one_message_and_so_is_its_end),
        cmocka_unit_test(routes_choose_by_filter),
        cmocka_unit_test(suppression_freezes_the_chain_and_acknowledging_stops_it),
        cmocka_unit_test(reminders_repeats_and_hours),
        cmocka_unit_test(quiet_hours_hold_in_sight_and_end),
        cmocka_unit_test(a_restart_in_a_storm_tells_all_once),
        cmocka_unit_test(a_full_queue_gathers_and_loses_nothing),
        cmocka_unit_test(a_channel_can_be_tested),
        cmocka_unit_test(the_shift_or_the_fallback),
        cmocka_unit_test(shift_mistakes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
