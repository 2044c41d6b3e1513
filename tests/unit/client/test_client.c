/* The client against a server of our own on a unix socket, which can misbehave as no daemon should. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "client/client.h"
#include "unit/client/server.h"

static struct client *client_of(struct server *server)
{
    struct error error = {0};
    struct client *client = client_new(&server->loop, &(struct client_options){.socket = server->path}, &error);
    assert_non_null(client);
    return client;
}

#define OK_(length, body) "HTTP/1.1 200 OK\r\nContent-Length: " #length "\r\n\r\n" body

static void answers_and_problems(void **state)
{
    (void)state;
    struct server server;
    struct buffer answer = BUFFER_INIT;
    struct error error = {0};
    server_start(&server);
    server.answers[0] = OK_(2, "{}");
    server.answers[1] = "HTTP/1.1 409 Conflict\r\nContent-Type: application/problem+json\r\nContent-Length: 91\r\n\r\n"
                        "{\"type\":\"urn:nocturne:problem:conflict\",\"title\":\"x\",\"status\":409,\"detail\":\"wang was first\"}";
    server.answers[2] = "HTTP/1.1 500 Oh\r\nContent-Length: 3\r\n\r\nwat";
    server.answers[3] = "garbage\r\n";
    struct client *client = client_of(&server);
    assert_true(client_call(client, "GET", "/overview", NULL, 0, NULL, &answer, &error));
    assert_string_equal(buffer_text(&answer), "{}");
    assert_false(client_call(client, "POST", "/x", "{}", 2, NULL, NULL, &error));
    assert_non_null(strstr(error.text, "wang was first"));
    assert_non_null(strstr(buffer_text(&server.requests), "Idempotency-Key: "));
    assert_non_null(strstr(buffer_text(&server.requests), "POST /api/v1/x HTTP/1.1"));
    assert_false(client_call(client, "GET", "/y", NULL, 0, NULL, NULL, &error));
    assert_non_null(strstr(error.text, "500"));
    assert_false(client_call(client, "GET", "/z", NULL, 0, NULL, NULL, &error));
    assert_int_equal(error.code, ERROR_UNAVAILABLE);
    buffer_release(&answer);
    client_free(&client);
    server_stop(&server);
}

/* The daemon lets idle connections go: a read on one of those is asked again on a new one, a write is not. */
static void a_spare_connection_may_be_gone(void **state)
{
    (void)state;
    struct server server;
    struct error error = {0};
    server_start(&server);
    server.answers[0] = OK_(1, "a");
    server.answers[1] = NULL;
    server.answers[2] = OK_(1, "b");
    server.answers[3] = NULL;
    struct client *client = client_of(&server);
    assert_true(client_call(client, "GET", "/1", NULL, 0, NULL, NULL, &error));
    assert_true(client_call(client, "GET", "/2", NULL, 0, NULL, NULL, &error));
    assert_int_equal(server.asked, 3);
    assert_false(client_call(client, "POST", "/3", "", 0, NULL, NULL, &error));
    assert_int_equal(server.asked, 4);
    client_free(&client);
    server_stop(&server);
}

static void nobody_listens(void **state)
{
    (void)state;
    struct error error = {0};
    uv_loop_t loop;
    uv_loop_init(&loop);
    struct client *client = client_new(&loop, &(struct client_options){.socket = "/nonexistent/api.sock"}, &error);
    assert_false(client_call(client, "GET", "/overview", NULL, 0, NULL, NULL, &error));
    assert_non_null(strstr(error.text, "/nonexistent/api.sock"));
    assert_non_null(strstr(error.text, "nocturned")); /* the remedy */
    client_free(&client);
    while (uv_run(&loop, UV_RUN_DEFAULT) != 0)
        ;
    assert_int_equal(uv_loop_close(&loop), 0);
    assert_null(client_new(&loop, &(struct client_options){.url = "ftp://x"}, &error));
    assert_non_null(strstr(error.text, "https://"));
}

static void never(void *owner, const struct client_answer *answer)
{
    (void)owner, (void)answer;
    fail();
}

static void cancelled_requests_say_nothing(void **state)
{
    (void)state;
    struct server server;
    server_start(&server);
    server.answers[0] = "";
    server.answers[1] = "";
    struct client *client = client_of(&server);
    struct client_request *request = client_get(client, "/slow", never, NULL);
    client_cancel(request);
    client_get(client, "/slower", never, NULL);
    for (int i = 0; i < 5; i++)
        uv_run(&server.loop, UV_RUN_NOWAIT);
    client_free(&client); /* cancels what runs */
    server_stop(&server);
}

struct seen { struct buffer events, links; };

static void event_seen(void *owner, const struct client_event *event)
{
    struct seen *seen = owner;
    buffer_printf(&seen->events, "%llu:%s:%.*s ", (unsigned long long)event->sequence, event->kind, (int)event->length, event->data);
}

static void link_changed(void *owner, enum client_link link, const char *cause)
{
    struct seen *seen = owner;
    (void)cause;
    buffer_append_text(&seen->links, link == CLIENT_UP ? "up " : "lost ");
}

static void the_stream_resumes_where_it_was(void **state)
{
    (void)state;
    struct server server;
    struct seen seen = {BUFFER_INIT, BUFFER_INIT};
    server_start(&server);
    server.answers[0] = "!HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1d\r\nid: 41\nevent: fleet\ndata: {}\n\r\n1\r\n\n\r\n";
    server.answers[1] = "HTTP/1.1 200 OK\r\n\r\nid: 42\nevent: pulse\ndata: x\n\n";
    struct client *client = client_of(&server);
    client_listen(client, event_seen, link_changed, &seen);
    for (int i = 0; i < 400 && !strstr(buffer_text(&seen.events), "42"); i++)
        uv_run(&server.loop, UV_RUN_ONCE);
    assert_string_equal(buffer_text(&seen.events), "41:fleet:{} 42:pulse:x ");
    assert_string_equal(buffer_text(&seen.links), "up lost up ");
    assert_non_null(strstr(buffer_text(&server.requests), "GET /api/v1/events?since=41 "));
    client_free(&client);
    server_stop(&server);
    buffer_release(&seen.events);
    buffer_release(&seen.links);
}

static void paths_are_escaped(void **state)
{
    (void)state;
    struct buffer path = BUFFER_INIT;
    client_path(&path, "/assets", "filter", "building~\"3号\" & x", "sort", NULL, "limit", "", "offset", "5", NULL);
    assert_string_equal(buffer_text(&path), "/assets?filter=building~%223%E5%8F%B7%22%20%26%20x&offset=5");
    buffer_clear(&path);
    buffer_append_text(&path, "/assets/");
    client_path_segment(&path, "泵/1?");
    assert_string_equal(buffer_text(&path), "/assets/%E6%B3%B5%2F1%3F");
    buffer_release(&path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_and_problems),
        cmocka_unit_test(a_spare_connection_may_be_gone),
        cmocka_unit_test(nobody_listens),
        cmocka_unit_test(cancelled_requests_say_nothing),
        cmocka_unit_test(the_stream_resumes_where_it_was),
        cmocka_unit_test(paths_are_escaped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
