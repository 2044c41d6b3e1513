/* The feed: what views want is fetched once, kept fresh by events, not too often, and stale answers are dropped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "app/feed.h"
#include "unit/client/server.h"

struct wish { const char *path, *refresh; msec every, rest; bool lines; };

static void wants(struct view *view, struct view_wants *out)
{
    const struct wish *wish = view->state;
    if (!wish->path)
        return;
    view_want(out, 0, wish->refresh, wish->every, wish->path);
    out->want[out->count - 1].rest = wish->rest;
    out->want[out->count - 1].lines = wish->lines;
}

/* What is large is read on another thread: slowly, here; "!" is wrong. */
static uv_sem_t may_read;
static uv_thread_t loop_thread;
static void *read_apart(const void *how, const struct client_answer *answer, struct arena *arena, struct error *error)
{
    uv_thread_t self = uv_thread_self();
    assert_ptr_equal(how, &may_read);
    uv_sem_wait(&may_read);
    if (answer->body[0] == '!' || uv_thread_equal(&self, &loop_thread))
        return error_set(error, ERROR_INVALID, "wrong"), NULL;
    char *text = arena_alloc(arena, 4);
    memcpy(text, answer->body, 3);
    text[3] = '\0';
    return text;
}

static struct view_reader reader(const struct view *view, unsigned slot)
{
    (void)view, (void)slot;
    return (struct view_reader){read_apart, &may_read};
}

static const struct view_ops ops = {.name = "test", .wants = wants, .reader = reader};

struct bench {
    struct server server;
    struct client *client;
    struct feed *feed;
    struct wish wish;
    struct view view;
    struct buffer got;
};

static void took(void *owner, struct view *view, unsigned slot, struct arena *arena, void *read, bool asked)
{
    struct bench *bench = owner;
    (void)view, (void)slot;
    buffer_printf(&bench->got, "<%s>%s ", (const char *)read, asked ? "!" : "");
    arena_free(&arena);
}

static void received(void *owner, struct view *view, unsigned slot, const struct client_answer *answer, bool asked)
{
    struct bench *bench = owner;
    (void)view, (void)slot;
    if (answer->error && !answer->more) {
        buffer_printf(&bench->got, "error %s ", answer->error->text);
        return;
    }
    if (answer->more)
        buffer_append_text(&bench->got, answer->first ? "[" : "+");
    buffer_printf(&bench->got, "%.*s%s ", (int)answer->length, answer->body, asked ? "!" : "");
}

static void bench_start(struct bench *bench)
{
    struct error error = {0};
    memset(bench, 0, sizeof *bench);
    server_start(&bench->server);
    for (unsigned i = 0; i < 64; i++) {
        char *answer = memory_printf("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n%c%c", 'a' + (int)i / 26, 'a' + (int)i % 26);
        bench->server.answers[i] = answer;
    }
    bench->client = client_new(&bench->server.loop, &(struct client_options){.socket = bench->server.path}, &error);
    bench->feed = feed_new(&bench->server.loop, bench->client, received, took, bench);
    bench->wish = (struct wish){.path = "/assets", .refresh = "fleet ledger", .every = 20};
    bench->view = (struct view){.ops = &ops, .state = &bench->wish};
}

static void bench_stop(struct bench *bench)
{
    feed_free(&bench->feed);
    client_free(&bench->client);
    char *answers[64];
    memcpy(answers, bench->server.answers, sizeof answers);
    server_stop(&bench->server);
    for (unsigned i = 0; i < 64; i++)
        free(answers[i]);
    buffer_release(&bench->got);
}

static void over(uv_timer_t *timer)
{
    *(bool *)timer->data = true;
}

static void run_for(struct bench *bench, unsigned milliseconds)
{
    bool done = false;
    uv_timer_t timer;
    uv_timer_init(&bench->server.loop, &timer);
    timer.data = &done;
    uv_timer_start(&timer, over, milliseconds, 0);
    while (!done)
        uv_run(&bench->server.loop, UV_RUN_ONCE);
    timer.data = NULL;
    uv_close((uv_handle_t *)&timer, NULL);
    uv_run(&bench->server.loop, UV_RUN_NOWAIT);
}

static void asked_once_and_again_after_an_event(void **state)
{
    (void)state;
    struct bench bench;
    bench_start(&bench);
    feed_update(bench.feed, &bench.view);
    feed_update(bench.feed, &bench.view);
    run_for(&bench, 40);
    feed_update(bench.feed, &bench.view);
    run_for(&bench, 10);
    assert_string_equal(buffer_text(&bench.got), "aa! ");
    feed_event(bench.feed, "sources"); /* not its kind */
    run_for(&bench, 30);
    assert_int_equal(feed_requests(bench.feed), 1);
    for (int i = 0; i < 10; i++)
        feed_event(bench.feed, "fleet"); /* a storm is one request, and one for what came after that was sent */
    run_for(&bench, 100);
    assert_string_equal(buffer_text(&bench.got), "aa! ab ac ");
    feed_show(bench.feed, &bench.view, false); /* nobody looks: nothing is asked */
    feed_event(bench.feed, "ledger");
    run_for(&bench, 60);
    assert_int_equal(feed_requests(bench.feed), 3);
    feed_show(bench.feed, &bench.view, true);
    run_for(&bench, 60);
    assert_int_equal(feed_requests(bench.feed), 4);
    bench_stop(&bench);
}

static void not_more_often_than_allowed(void **state)
{
    (void)state;
    struct bench bench;
    bench_start(&bench);
    bench.wish.every = 100000;
    feed_update(bench.feed, &bench.view);
    run_for(&bench, 30);
    feed_event(bench.feed, "fleet");
    run_for(&bench, 60);
    assert_int_equal(feed_requests(bench.feed), 1);
    assert_false(feed_waiting(bench.feed, &bench.view)); /* it is old, and will be asked for; but it was answered once */
    bench_stop(&bench);
}

static void a_stale_answer_is_dropped(void **state)
{
    (void)state;
    struct bench bench;
    bench_start(&bench);
    free((char *)bench.server.answers[0]);
    bench.server.answers[0] = memory_text(""); /* silent: still on its way when the next is typed */
    feed_update(bench.feed, &bench.view);
    run_for(&bench, 30);
    bench.wish.path = "/assets?filter=4";
    feed_update(bench.feed, &bench.view);
    run_for(&bench, 30);
    assert_string_equal(buffer_text(&bench.got), "ab! ");
    assert_non_null(strstr(buffer_text(&bench.server.requests), "/assets?filter=4 "));
    bench_stop(&bench);
}

static void a_running_cursor_asks_for_nothing(void **state)
{
    (void)state;
    struct bench bench;
    static const char *const paths[] = {"/assets/1", "/assets/2", "/assets/3", "/assets/4"};
    bench_start(&bench);
    bench.wish.rest = 400;
    for (unsigned i = 0; i < 4; i++) {
        bench.wish.path = paths[i];
        feed_update(bench.feed, &bench.view);
        run_for(&bench, 15);
    }
    assert_int_equal(feed_requests(bench.feed), 1); /* the first, at once */
    run_for(&bench, 600);
    assert_int_equal(feed_requests(bench.feed), 2); /* and the one it rests on */
    assert_non_null(strstr(buffer_text(&bench.server.requests), "/assets/4 "));
    assert_null(strstr(buffer_text(&bench.server.requests), "/assets/3 "));
    bench_stop(&bench);
}

static void the_past_is_asked_where_there_is_one(void **state)
{
    (void)state;
    struct bench bench;
    bench_start(&bench);
    feed_set_at(bench.feed, 1700000000000);
    feed_update(bench.feed, &bench.view);
    run_for(&bench, 30);
    assert_non_null(strstr(buffer_text(&bench.server.requests), "/assets?at=2023-11-1"));
    bench.wish.path = "/sources"; /* has no past */
    feed_update(bench.feed, &bench.view);
    run_for(&bench, 30);
    assert_non_null(strstr(buffer_text(&bench.server.requests), "/sources HTTP"));
    feed_event(bench.feed, "fleet"); /* and the past does not change */
    run_for(&bench, 60);
    assert_int_equal(feed_requests(bench.feed), 2);
    bench_stop(&bench);
}

static void a_view_may_go_while_its_answer_comes(void **state)
{
    (void)state;
    struct bench bench;
    bench_start(&bench);
    feed_update(bench.feed, &bench.view);
    feed_forget(bench.feed, &bench.view);
    run_for(&bench, 40);
    assert_string_equal(buffer_text(&bench.got), "");
    bench_stop(&bench);
}

static void set_answer(struct bench *bench, unsigned index, const char *text)
{
    free((char *)bench->server.answers[index]);
    bench->server.answers[index] = memory_text(text);
}

/* A log: whole lines are handed on as they come, nobody waits for its end, and one that ends is asked for anew. */
static void an_answer_without_end(void **state)
{
    (void)state;
    struct bench bench;
    bench_start(&bench);
    set_answer(&bench, 0, "!HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\none\ntw\r\n4\r\no\nth\r\n");
    set_answer(&bench, 1, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nfour\nf\r\n");
    bench.wish = (struct wish){.path = "/servers/a/logs?log=x", .refresh = "", .every = 20, .lines = true};
    feed_follow(bench.feed, true);
    feed_update(bench.feed, &bench.view);
    run_for(&bench, 60);
    assert_non_null(strstr(buffer_text(&bench.server.requests), "/servers/a/logs?log=x&follow=1 HTTP"));
    assert_non_null(strstr(buffer_text(&bench.got), "[one\n"));
    assert_non_null(strstr(buffer_text(&bench.got), "two\n"));
    assert_null(strstr(buffer_text(&bench.got), "[four")); /* not at once: the daemon may be in trouble */
    run_for(&bench, 1100);
    assert_non_null(strstr(buffer_text(&bench.got), "[four\n"));
    assert_false(feed_waiting(bench.feed, &bench.view));
    feed_forget(bench.feed, &bench.view); /* and it is left in the middle */
    run_for(&bench, 20);
    bench_stop(&bench);
}

static void set_large(struct bench *bench, unsigned index, char first)
{
    char *body = memory_new_array(300001, 1), *answer;
    memset(body, first, 300000);
    answer = memory_printf("HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n%s", body);
    set_answer(bench, index, answer);
    free(answer);
    free(body);
}

/* Keys and small answers go on meanwhile; what is wrong with it is told; nobody gets what nobody wants any more. */
static void a_large_answer_is_read_apart(void **state)
{
    (void)state;
    struct bench bench;
    bench_start(&bench);
    loop_thread = uv_thread_self();
    uv_sem_init(&may_read, 0);
    set_large(&bench, 0, 'x');
    set_large(&bench, 1, '!');
    set_large(&bench, 2, 'y');
    set_large(&bench, 3, 'z');
    feed_update(bench.feed, &bench.view);
    run_for(&bench, 60);
    feed_event(bench.feed, "fleet"); /* old again: but not asked for twice at a time */
    run_for(&bench, 60);
    assert_string_equal(buffer_text(&bench.got), "");
    assert_true(feed_waiting(bench.feed, &bench.view));
    assert_int_equal(feed_requests(bench.feed), 1);
    uv_sem_post(&may_read);
    while (buffer_text(&bench.got)[0] == '\0')
        uv_run(&bench.server.loop, UV_RUN_ONCE);
    assert_string_equal(buffer_text(&bench.got), "<xxx>! ");
    assert_false(feed_waiting(bench.feed, &bench.view));
    uv_sem_post(&may_read);
    while (!strstr(buffer_text(&bench.got), "error"))
        uv_run(&bench.server.loop, UV_RUN_ONCE);
    assert_string_equal(buffer_text(&bench.got), "<xxx>! error wrong ");
    feed_event(bench.feed, "fleet");
    run_for(&bench, 100);
    bench.wish.path = "/assets?filter=4"; /* while it is read */
    feed_update(bench.feed, &bench.view);
    uv_sem_post(&may_read);
    uv_sem_post(&may_read);
    while (!strstr(buffer_text(&bench.got), "z"))
        uv_run(&bench.server.loop, UV_RUN_ONCE);
    assert_string_equal(buffer_text(&bench.got), "<xxx>! error wrong <zzz>! ");
    set_large(&bench, 4, 'w');
    feed_event(bench.feed, "fleet");
    run_for(&bench, 100);
    feed_forget(bench.feed, &bench.view); /* and the view goes */
    uv_sem_post(&may_read);
    run_for(&bench, 100);
    assert_string_equal(buffer_text(&bench.got), "<xxx>! error wrong <zzz>! ");
    bench_stop(&bench);
    uv_sem_destroy(&may_read);
}

/* Where nobody follows, it is read once, whole. */
static void lines_are_read_once_without_a_screen(void **state)
{
    (void)state;
    struct bench bench;
    bench_start(&bench);
    bench.wish = (struct wish){.path = "/servers/a/logs?log=x", .refresh = "", .every = 20, .lines = true};
    feed_update(bench.feed, &bench.view);
    run_for(&bench, 60);
    assert_null(strstr(buffer_text(&bench.server.requests), "follow"));
    assert_string_equal(buffer_text(&bench.got), "aa! ");
    bench_stop(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(asked_once_and_again_after_an_event),
        cmocka_unit_test(not_more_often_than_allowed),
        cmocka_unit_test(a_stale_answer_is_dropped),
        cmocka_unit_test(a_running_cursor_asks_for_nothing),
        cmocka_unit_test(the_past_is_asked_where_there_is_one),
        cmocka_unit_test(a_view_may_go_while_its_answer_comes),
        cmocka_unit_test(an_answer_without_end),
        cmocka_unit_test(lines_are_read_once_without_a_screen),
        cmocka_unit_test(a_large_answer_is_read_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
