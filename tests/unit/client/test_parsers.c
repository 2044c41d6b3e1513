/* What the client reads from the wire, in pieces of every size: event streams and HTTP answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "client/event_parser.h"
#include "client/http_response.h"

static void note_event(void *owner, uint64_t id, const char *kind, const char *data, size_t length)
{
    buffer_printf(owner, "%llu|%s|%.*s\n", (unsigned long long)id, kind, (int)length, data);
}

static void events_are(const char *bytes, size_t length, const char *expected)
{
    for (size_t piece = 1; piece <= length; piece++) {
        struct event_parser parser;
        struct buffer seen = BUFFER_INIT;
        event_parser_init(&parser);
        for (size_t at = 0; at < length; at += piece)
            event_parser_feed(&parser, bytes + at, length - at < piece ? length - at : piece, note_event, &seen);
        assert_string_equal(buffer_text(&seen), expected);
        buffer_release(&seen);
        event_parser_release(&parser);
    }
}

static void events_in_pieces_of_every_size(void **state)
{
    (void)state;
    static const char plain[] = ": hello\n\nid: 7\nevent: fleet\ndata: {\"a\":1}\n\ndata:one\ndata: two\n\n";
    events_are(plain, sizeof plain - 1, "7|fleet|{\"a\":1}\n7|message|one\ntwo\n");
    static const char crlf[] = "id: 8\r\nevent: pulse\r\ndata: 涵英楼\r\n\r\n";
    events_are(crlf, sizeof crlf - 1, "8|pulse|涵英楼\n");
    static const char odd[] = "id: nine\nid: -4\nid\nunknown: x\ndata\n\nevent: empty\n\nid: 12\ndata: y\n\n";
    events_are(odd, sizeof odd - 1, "0|message|\n12|message|y\n"); /* an id that is none is left out */
}

static void an_endless_event_is_dropped(void **state)
{
    (void)state;
    struct event_parser parser;
    struct buffer seen = BUFFER_INIT;
    char *block = malloc(65536);
    memset(block, 'x', 65536);
    event_parser_init(&parser);
    event_parser_feed(&parser, "data: ", 6, note_event, &seen);
    for (int i = 0; i < 40; i++)
        event_parser_feed(&parser, block, 65536, note_event, &seen);
    event_parser_feed(&parser, "\n\ndata: after\n\n", 15, note_event, &seen);
    assert_int_equal(parser.dropped, 1);
    assert_string_equal(buffer_text(&seen), "0|message|after\n");
    assert_true(parser.line.capacity < 4u << 20);
    free(block);
    buffer_release(&seen);
    event_parser_release(&parser);
}

static void note_body(void *owner, const char *bytes, size_t length)
{
    buffer_append(owner, bytes, length);
}

static void answer_is(const char *text, enum http_phase phase, int status, const char *body, bool keep)
{
    size_t length = strlen(text);
    for (size_t piece = 1; piece <= length; piece++) {
        struct http_response response;
        struct buffer got = BUFFER_INIT;
        http_response_init(&response);
        for (size_t at = 0; at < length; at += piece)
            http_response_feed(&response, text + at, length - at < piece ? length - at : piece, note_body, &got);
        assert_int_equal(response.phase, phase);
        assert_int_equal(response.status, status);
        assert_string_equal(buffer_text(&got), body);
        if (phase == HTTP_DONE)
            assert_int_equal(response.keep_alive, keep);
        buffer_release(&got);
        http_response_release(&response);
    }
}

static void answers_in_pieces_of_every_size(void **state)
{
    (void)state;
    answer_is("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", HTTP_DONE, 200, "hello", true);
    answer_is("HTTP/1.1 204 No Content\r\n\r\n", HTTP_DONE, 204, "", true);
    answer_is("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nConnection: close\r\n\r\n", HTTP_DONE, 404, "", false);
    answer_is("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\nT: x\r\n\r\n", HTTP_DONE, 200,
              "abc0123456789", true);
    answer_is("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 1\r\n\r\nx", HTTP_DONE, 201, "x", true);
    answer_is("HTTP/1.1 200 OK\r\n\r\nuntil the end", HTTP_BODY, 200, "until the end", false);
}

static void what_is_not_http_is_an_error(void **state)
{
    (void)state;
    answer_is("SSH-2.0-OpenSSH\r\n", HTTP_BAD, 0, "", false);
    answer_is("HTTP/1.1 200 OK\r\nContent-Length: -4\r\n\r\n", HTTP_BAD, 200, "", false);
    answer_is("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", HTTP_BAD, 200, "", false);
    answer_is("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", HTTP_BAD, 200, "", false);
    struct http_response response;
    struct buffer got = BUFFER_INIT;
    http_response_init(&response);
    http_response_feed(&response, "HTTP/1.1 200 OK\r\n", 17, note_body, &got);
    for (int i = 0; i < 10000 && response.phase != HTTP_BAD; i++)
        http_response_feed(&response, "X-Header: endless\r\n", 19, note_body, &got);
    assert_int_equal(response.phase, HTTP_BAD); /* a head without an end */
    http_response_release(&response);
    http_response_init(&response);
    http_response_feed(&response, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", 42, note_body, &got);
    assert_false(http_response_end(&response)); /* cut short */
    http_response_release(&response);
    buffer_release(&got);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_in_pieces_of_every_size),
        cmocka_unit_test(an_endless_event_is_dropped),
        cmocka_unit_test(answers_in_pieces_of_every_size),
        cmocka_unit_test(what_is_not_http_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
