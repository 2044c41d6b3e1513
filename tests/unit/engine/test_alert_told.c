/* The desk and being told of it, together: what was told, the memory of having told, and the alert are one action. */
#include "desk.h"
#include "engine/notify.h"

struct seen { unsigned alerts, cases, notifications; };

static void alert_seen(void *owner, const struct store_alert *row)
{
    struct seen *seen = owner;
    assert_string_equal(row->rule, "flood");
    assert_int_equal(row->raise_told, 1);
    seen->alerts++;
}

static void record_seen(void *owner, const char *kind, const char *id, int64_t revision, const char *body)
{
    struct seen *seen = owner;
    (void)id, (void)revision, (void)body;
    seen->cases += strcmp(kind, "notify-case") == 0;
    seen->notifications += strcmp(kind, "notification") == 0;
}

static struct notify_plan *plan_of(const char *text)
{
    struct config_problems problems;
    struct config *config = config_new();
    config_problems_init(&problems);
    if (!config_load_text(config, "notify.yml", text, strlen(text), &problems))
        fail_msg("%s", buffer_text(&problems.text));
    struct notify_plan *plan = notify_plan_read(config_root(config), "site", "en", &problems);
    if (problems.count)
        fail_msg("%s", buffer_text(&problems.text));
    config_problems_release(&problems);
    config_free(&config);
    return plan;
}

/* The desk writes what machines do a quarter of a second later; who is told is on the disk at once. As the store stands at
 * the first instant that it has the case, it has the alert, too. */
static void test_one_action(void **state)
{
    (void)state;
    struct world *world = world_new();
    struct desk desk;
    struct error error = {0};
    struct seen seen = {0};
    desk_open(&desk, world, NULL);
    struct notify *notify = notify_new(&world->loop, world->store, &error);
    struct notify_plan *plan = plan_of("channels:\n  - {name: log, type: command, to: all, command: [/bin/cat]}\n"
                                       "chains:\n  - {name: all, steps: [{notify: [\"channel:log\"]}]}\n"
                                       "routes:\n  - {filter: \"severity:critical\", chain: all}\n");
    notify_use(notify, plan);
    notify_plan_free(&plan);
    notify_follow(notify, desk.alerts);
    desk_breach(&desk, "flood", NULL, SEVERITY_CRITICAL);
    for (int i = 0; i < 5000 && !seen.cases; i++) {
        memset(&seen, 0, sizeof seen);
        uv_timer_stop(&desk.alerts->link->flush); /* the desk itself writes nothing */
        uv_run(&world->loop, UV_RUN_NOWAIT);
        uv_sleep(1);
        assert_true(store_load(world->store, &(struct store_load_ops){.alert = alert_seen, .record = record_seen}, &seen, &error));
        assert_true(!seen.cases || seen.alerts == 1);
    }
    assert_int_equal(seen.cases, 1);
    assert_int_equal(desk.alerts->dirty_count, 1);
    notify_free(&notify);
    desk_close(&desk);
    world_free(world);
}

int main(void)
{
    setenv("TZ", "UTC", 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_action),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
