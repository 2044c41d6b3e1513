/* The event stream: what is told, what is told again, and what becomes of those who do not listen. */
#include "door.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>

static struct door door;

static int open_door(void **state)
{
    (void)state;
    door_prepare(&door);
    door_start(&door);
    return 0;
}

static int close_door(void **state)
{
    (void)state;
    door_close(&door);
    return 0;
}

/* ---- a listener ---- */

struct ear {
    int fd;
    struct buffer heard;
};

static void ear_open(struct ear *ear, const char *query, const char *header)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char request[256];
    snprintf(address.sun_path, sizeof address.sun_path, "%s", door.socket);
    *ear = (struct ear){.fd = socket(AF_UNIX, SOCK_STREAM, 0)};
    assert_int_equal(connect(ear->fd, (struct sockaddr *)&address, sizeof address), 0);
    struct timeval patience = {.tv_sec = 60};
    setsockopt(ear->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    int length = snprintf(request, sizeof request, "GET /api/v1/events%s HTTP/1.1\r\nHost: x\r\n%s\r\n", query, header);
    assert_int_equal(send(ear->fd, request, (size_t)length, MSG_NOSIGNAL), length);
}

static void ear_close(struct ear *ear)
{
    close(ear->fd);
    buffer_release(&ear->heard);
}

/* Listen until a text is heard; false when the stream ends, nothing comes for a minute, or only other things do. */
static bool ear_hears(struct ear *ear, const char *text)
{
    char bytes[65536];
    for (msec until = clock_steady() + SPAN_MINUTE; !strstr(buffer_text(&ear->heard), text);) {
        if (clock_steady() > until)
            return false;
        ssize_t got = recv(ear->fd, bytes, sizeof bytes, 0);
        if (got <= 0)
            return false;
        buffer_append(&ear->heard, bytes, (size_t)got);
    }
    return true;
}

static bool ear_hears_the_end(struct ear *ear)
{
    char bytes[65536];
    ssize_t got;
    while ((got = recv(ear->fd, bytes, sizeof bytes, 0)) > 0)
        buffer_append(&ear->heard, bytes, (size_t)got);
    return got == 0;
}

static unsigned long long last_id(struct ear *ear, const char *kind)
{
    char mark[64];
    snprintf(mark, sizeof mark, "\nevent: %s\n", kind);
    assert_true(ear_hears(ear, mark));
    const char *at = strstr(ear->heard.data, mark);
    while (at > ear->heard.data && at[-1] != '\n')
        at--;
    assert_memory_equal(at, "id: ", 4);
    return strtoull(at + 4, NULL, 10);
}

static void push(const char *body)
{
    struct answer answer = ASK(.method = "POST", .path = "/api/v1/ingest/readings", .body = body);
    expect_status(&answer, 200);
    answer_release(&answer);
}

struct shout { const char *kind; size_t size; unsigned count; };

static void shout(struct door *at, void *argument)
{
    const struct shout *shout = argument;
    struct buffer text = BUFFER_INIT;
    buffer_append_char(&text, '"');
    while (text.length < shout->size)
        buffer_append_char(&text, 'x');
    buffer_append_char(&text, '"');
    for (unsigned i = 0; i < shout->count; i++)
        events_publish(at->api->events, shout->kind, text.data, text.length);
    buffer_release(&text);
}

/* ---- tests ---- */

static void changes_and_the_pulse_are_told(void **state)
{
    (void)state;
    struct ear ear;
    ear_open(&ear, "", "");
    assert_true(ear_hears(&ear, "text/event-stream"));
    assert_true(ear_hears(&ear, ": nocturne "));
    push("{\"asset\":\"T-1\",\"metric\":\"t\",\"value\":1}");
    assert_true(ear_hears(&ear, "event: fleet\ndata: {\"revision\":"));
    assert_true(ear_hears(&ear, "\"ids\":[\"T-1\"]"));
    assert_true(ear_hears(&ear, "event: ledger\n"));
    assert_true(ear_hears(&ear, "event: pulse\ndata: {\"as_of\":\""));
    assert_true(ear_hears(&ear, "\"newest_heard\":null")); /* no source spoke */
    struct shout reload = {"reload", 0, 1};
    door_run(&door, shout, &reload);
    assert_true(ear_hears(&ear, "event: reload\n"));
    ear_close(&ear);
}

static void what_was_missed_is_told_again(void **state)
{
    (void)state;
    struct ear first, again, header;
    struct shout one = {"one", 8, 1}, two = {"two", 8, 1};
    char query[64];
    ear_open(&first, "", "");
    assert_true(ear_hears(&first, ": nocturne "));
    door_run(&door, shout, &one);
    unsigned long long id = last_id(&first, "one");
    ear_close(&first);
    door_run(&door, shout, &two);

    snprintf(query, sizeof query, "?since=%llu", id);
    ear_open(&again, query, "");
    assert_true(ear_hears(&again, "event: two\n"));
    assert_null(strstr(again.heard.data, "event: one\n"));
    assert_null(strstr(again.heard.data, "event: reset\n"));
    assert_int_equal(last_id(&again, "two"), id + 1);
    ear_close(&again);

    snprintf(query, sizeof query, "Last-Event-ID: %llu\r\n", id);
    ear_open(&header, "", query);
    assert_true(ear_hears(&header, "event: two\n"));
    ear_close(&header);
}

static void what_is_too_old_begins_anew(void **state)
{
    (void)state;
    static const char *const old[] = {"?since=1", "?since=9999999999999999", "?since=18446744073709551615"};
    for (size_t i = 0; i < ARRAY_COUNT(old); i++) {
        struct ear ear;
        ear_open(&ear, old[i], "");
        assert_true(ear_hears(&ear, "event: reset\n"));
        ear_close(&ear);
    }
    expect_problem(ASK(.path = "/api/v1/events?since=yesterday"), 400, "invalid", "since");
}

static void read_dropped(struct door *at, void *argument)
{
    *(uint64_t *)argument = at->api->figures.dropped_streams;
}

static void a_slow_reader_is_sent_away_and_nobody_waits(void **state)
{
    (void)state;
    struct ear slow, quick;
    struct shout flood = {"flood", 8000, 200};
    uint64_t dropped = 0;
    ear_open(&slow, "", "");
    assert_true(ear_hears(&slow, ": nocturne "));
    ear_open(&quick, "", "");
    assert_true(ear_hears(&quick, ": nocturne "));
    for (int i = 0; i < 40 && !dropped; i++) { /* much more than the ring and the socket hold */
        door_run(&door, shout, &flood);
        door_run(&door, shout, &(struct shout){"ebb", 8, 1});
        assert_true(ear_hears(&quick, "event: ebb\n")); /* all of it, however long that takes */
        buffer_clear(&quick.heard);
        door_run(&door, read_dropped, &dropped);
    }
    assert_int_equal(dropped, 1);
    assert_true(ear_hears_the_end(&slow));
    assert_non_null(strstr(slow.heard.data, ": you are too slow"));
    struct shout last = {"last", 8, 1};
    door_run(&door, shout, &last);
    assert_true(ear_hears(&quick, "event: last\n"));
    struct answer answer = ASK(.path = "/metrics");
    assert_non_null(strstr(answer.body.data, "nocturne_event_streams_dropped_total 1\n"));
    answer_release(&answer);
    ear_close(&slow);
    ear_close(&quick);
}

static void closing_the_door_ends_the_streams(void **state)
{
    (void)state;
    struct ear ears[20];
    for (size_t i = 0; i < ARRAY_COUNT(ears); i++)
        ear_open(&ears[i], "", "");
    for (size_t i = 0; i < ARRAY_COUNT(ears); i++)
        assert_true(ear_hears(&ears[i], ": nocturne "));
    ear_close(&ears[0]); /* one that left without a word */
    door_close(&door);
    for (size_t i = 1; i < ARRAY_COUNT(ears); i++) {
        char byte[4096];
        ssize_t got;
        while ((got = recv(ears[i].fd, byte, sizeof byte, 0)) > 0)
            continue;
        assert_true(got == 0 || errno == ECONNRESET);
        ear_close(&ears[i]);
    }
    open_door(NULL);
}

static void a_viewer_may_listen_and_nobody_else(void **state)
{
    (void)state;
    expect_problem(ASK(.path = "/api/v1/events", .token = "noc_x"), 401, "denied", "token");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_door, close_door)
    const struct CMUnitTest tests[] = {
        TEST(changes_and_the_pulse_are_told),
        TEST(what_was_missed_is_told_again),
        TEST(what_is_too_old_begins_anew),
        TEST(a_slow_reader_is_sent_away_and_nobody_waits),
        TEST(closing_the_door_ends_the_streams),
        TEST(a_viewer_may_listen_and_nobody_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
