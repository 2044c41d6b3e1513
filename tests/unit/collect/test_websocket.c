/* The client's half of RFC 6455: the upgrade is checked, frames come out as their payload however they were cut, and what
 * a server must not send ends it with the right close code. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/evp.h>
#include <openssl/sha.h>

#include "collect/websocket.h"

static const struct websocket_settings settings = {.host = "broker", .port = 8083, .path = "/mqtt", .protocol = "mqtt",
                                                   .headers = "X-Site: 1\r\n"};

/* The line of a request, after its name. */
static void request_line(const struct buffer *request, const char *name, char *value, size_t size)
{
    const char *at = strstr(buffer_text(request), name);
    assert_non_null(at);
    at += strlen(name);
    snprintf(value, size, "%.*s", (int)strcspn(at, "\r"), at);
}

/* What a server makes of our key, by the RFC and not by our code. */
static void accept_for(const struct buffer *request, char *accept)
{
    char key[64], text[128];
    unsigned char digest[SHA_DIGEST_LENGTH];
    request_line(request, "Sec-WebSocket-Key: ", key, sizeof key);
    int length = snprintf(text, sizeof text, "%s258EAFA5-E914-47DA-95CA-C5AB0DC85B11", key);
    SHA1((unsigned char *)text, (size_t)length, digest);
    EVP_EncodeBlock((unsigned char *)accept, digest, sizeof digest);
}

/* Answers `head`, in which %s stands for the right accept. */
static bool greet(const char *head, size_t cut, struct websocket **websocket, bool *done, struct error *error)
{
    struct buffer request = BUFFER_INIT;
    char accept[64], answer[20000];
    *websocket = websocket_new(&settings, &request);
    accept_for(&request, accept);
    const char *hole = strstr(head, "%s");
    int length = hole ? snprintf(answer, sizeof answer, "%.*s%s%s", (int)(hole - head), head, accept, hole + 2)
                      : snprintf(answer, sizeof answer, "%s", head);
    buffer_release(&request);
    bool good = true;
    *done = false;
    for (size_t at = 0; good && at < (size_t)length && !*done; at += cut)
        good = websocket_greet(*websocket, answer + at, (size_t)length - at < cut ? (size_t)length - at : cut, done, error);
    return good;
}

#define HEAD "HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\nConnection: keep-alive, upgrade\r\n"

static struct websocket *open_one(void)
{
    struct websocket *websocket;
    struct error error;
    bool done;
    assert_true(greet(HEAD "sec-websocket-accept: %s\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n", 100000, &websocket, &done, &error));
    assert_true(done);
    return websocket;
}

static void test_request(void **state)
{
    struct buffer request = BUFFER_INIT, other = BUFFER_INIT;
    char one[64], two[64];
    (void)state;
    struct websocket *websocket = websocket_new(&settings, &request);
    assert_memory_equal(buffer_text(&request), "GET /mqtt HTTP/1.1\r\nHost: broker:8083\r\nUpgrade: websocket\r\n", 59);
    assert_non_null(strstr(buffer_text(&request), "\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: mqtt\r\n"));
    assert_string_equal(buffer_text(&request) + request.length - 15, "\r\nX-Site: 1\r\n\r\n");
    request_line(&request, "Sec-WebSocket-Key: ", one, sizeof one);
    assert_int_equal(strlen(one), 24);
    websocket_free(&websocket);
    websocket = websocket_new(&(struct websocket_settings){.host = "::1", .port = 443, .tls = true, .path = "/", .protocol = "mqtt"}, &other);
    assert_non_null(strstr(buffer_text(&other), "\r\nHost: [::1]\r\n"));
    request_line(&other, "Sec-WebSocket-Key: ", two, sizeof two);
    assert_string_not_equal(one, two);
    websocket_free(&websocket);
    buffer_release(&request);
    buffer_release(&other);
}

static void test_answers(void **state)
{
    static const struct { const char *head, *error; } cases[] = {
        {HEAD "Sec-WebSocket-Accept: %s\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n", NULL},
        {HEAD "Sec-WebSocket-Accept: %s\r\n\r\n", NULL},
        {HEAD "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n", "not to our question: Sec-WebSocket-Accept is wrong"},
        {HEAD "\r\n", "not to our question: Sec-WebSocket-Accept is missing"},
        {HEAD "Sec-WebSocket-Accept: %s\r\nSec-WebSocket-Protocol: soap\r\n\r\n", "the WebSocket speaks `soap`, not mqtt"},
        {HEAD "Sec-WebSocket-Accept: %s\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n", "an extension that was not asked for: permessage-deflate"},
        {"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n", "lacks `Upgrade: websocket`"},
        {"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: %s\r\n\r\n", "lacks `Upgrade: websocket`"},
        {"HTTP/1.1 401 Unauthorized\r\n\r\n", "the WebSocket upgrade is not allowed (HTTP 401 Unauthorized): look at `headers:`"},
        {"HTTP/1.1 404\r\n\r\n", "no WebSocket at /mqtt (HTTP 404): is the url's path right?"},
        {"HTTP/1.1 302 Found\r\nLocation: https://elsewhere/mqtt\r\n\r\n", "redirected (HTTP 302 Found) to https://elsewhere/mqtt"},
        {"HTTP/1.0 502 Bad Gateway\r\n\r\n", "failed on the other side (HTTP 502 Bad Gateway)"},
        {"HTTP/1.1 200 OK\r\n\r\n", "a web server answers, no WebSocket (HTTP 200 OK)"},
        {"HTTP/1.1 4\x1b[31m00\r\n\r\n", "is not HTTP"},
        {"SSH-2.0-OpenSSH_9.2\r\n", "is not HTTP"},
        {"\r\n\r\n", "is not HTTP"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (size_t cut = 1; cut < 400; cut += 37) {
            struct websocket *websocket;
            struct error error = {0};
            bool done, good = greet(cases[i].head, cut, &websocket, &done, &error);
            if (!cases[i].error)
                assert_true(good && done);
            else if (good || !strstr(error.text, cases[i].error))
                fail_msg("%s: %s", cases[i].error, error.text);
            websocket_free(&websocket);
        }
}

static void test_answer_without_end(void **state)
{
    char head[19000];
    struct websocket *websocket;
    struct error error;
    bool done;
    (void)state;
    snprintf(head, sizeof head, "HTTP/1.1 101 Switching Protocols\r\nX: %017000d", 1);
    assert_false(greet(head, 1000, &websocket, &done, &error));
    assert_non_null(strstr(error.text, "no end within 16 KiB"));
    websocket_free(&websocket);
}

static void test_early_bytes(void **state)
{
    struct websocket *websocket;
    struct error error;
    char bytes[8];
    bool done;
    (void)state;
    assert_true(greet(HEAD "Sec-WebSocket-Accept: %s\r\n\r\n\x82\x03" "abc", 100000, &websocket, &done, &error) && done);
    assert_int_equal(websocket_early(websocket, bytes, 3), 3);
    assert_memory_equal(bytes, "\x82\x03" "a", 3);
    assert_int_equal(websocket_early(websocket, bytes, sizeof bytes), 2);
    assert_int_equal(websocket_early(websocket, bytes, sizeof bytes), 0);
    websocket_free(&websocket);
}

/* Removes the mask of the frames in `out`; what they are, as text: "8:03ea" is a close with a code. */
static void frames_of(const struct buffer *out, char *text, size_t size)
{
    const uint8_t *at = (const uint8_t *)buffer_text(out), *end = at + out->length;
    size_t used = 0;
    *text = '\0';
    while (at < end) {
        assert_true(end - at >= 6 && (at[0] & 0x80) && (at[1] & 0x80) && (at[1] & 0x7F) < 126);
        unsigned length = at[1] & 0x7F;
        used += (size_t)snprintf(text + used, size - used, "%s%u:", used ? " " : "", at[0] & 0x0Fu);
        for (unsigned i = 0; i < length; i++)
            used += (size_t)snprintf(text + used, size - used, "%02x", at[6 + i] ^ at[2 + i % 4]);
        at += 6 + length;
    }
}

static void test_frames(void **state)
{
    static const struct { const char *bytes; size_t length; const char *payload, *said, *error; } cases[] = {
        {"\x82\x03" "abc", 5, "abc", "", NULL},
        {"\x02\x01" "a\x00\x01" "b\x80\x01" "c", 9, "abc", "", NULL},                        /* three parts */
        {"\x02\x01" "a\x89\x02" "hi\x80\x01" "b", 10, "ab", "10:6869", NULL},               /* a ping between them */
        {"\x82\x00\x80\x00", 2, "", "", NULL},
        {"\x8A\x02" "hi\x82\x01" "x", 7, "x", "", NULL},                                     /* a pong that nobody asked for */
        {"\x82\x01" "a\x88\x00", 5, "a", "8:03e8", "closed the WebSocket without saying why"},
        {"\x82\x01" "a\x88\x06\x03\xF0" "left", 11, "a", "8:03f0", "closed the WebSocket: 1008 (against its policy): left"},
        {"\x88\x02\x0F\xA0", 4, "", "8:0fa0", "closed the WebSocket: 4000 (a code of its own)"},
        {"\x88\x01\x03", 3, "", "8:03ea", "half a close code"},
        {"\x81\x01" "a", 3, "", "8:03eb", "a text frame; MQTT comes in binary ones"},
        {"\x82\x81" "MASKa", 7, "", "8:03ea", "a masked frame, as only clients send them"},
        {"\xC2\x01" "a", 3, "", "8:03ea", "reserved bits"},
        {"\x83\x01" "a", 3, "", "8:03ea", "unknown kind"},
        {"\x8B\x00", 2, "", "8:03ea", "unknown kind"},
        {"\x09\x00", 2, "", "8:03ea", "control frame that is too long or in parts"},
        {"\x89\x7E\x00\x7E", 4, "", "8:03ea", "control frame that is too long or in parts"},
        {"\x80\x01" "a", 3, "", "8:03ea", "the rest of a message that did not begin"},
        {"\x02\x01" "a\x82\x01" "b", 6, "a", "8:03ea", "a new message amid another"},
        {"\x82\x7E\x00\x03" "abc", 7, "", "8:03ea", "a length written longer than needed"},
        {"\x82\x7F\0\0\0\0\0\0\xFF\xFF", 10, "", "8:03ea", "a length written longer than needed"},
        {"\x82\x7F\x80\0\0\0\0\0\0\1", 10, "", "8:03f1", "a frame of more than 256 MiB"},
        {"\x82\x7F\0\0\0\0\x10\0\0\1", 10, "", "8:03f1", "a frame of more than 256 MiB"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (size_t cut = 1; cut <= cases[i].length; cut++) {
            struct websocket *websocket = open_one();
            struct buffer out = BUFFER_INIT, payload = BUFFER_INIT;
            struct error error = {0};
            char said[256];
            bool good = true;
            for (size_t at = 0; at < cases[i].length && good; at += cut) {
                uint8_t part[64];
                size_t length = cases[i].length - at < cut ? cases[i].length - at : cut;
                memcpy(part, cases[i].bytes + at, length);
                good = websocket_unframe(websocket, part, &length, &out, &error);
                buffer_append(&payload, part, length);
            }
            frames_of(&out, said, sizeof said);
            assert_string_equal(buffer_text(&payload), cases[i].payload);
            assert_string_equal(said, cases[i].said);
            assert_int_equal(good, cases[i].error == NULL);
            if (!good && !strstr(error.text, cases[i].error))
                fail_msg("%s: %s", cases[i].error, error.text);
            buffer_release(&out);
            buffer_release(&payload);
            websocket_free(&websocket);
        }
}

/* What we send, read back by the rules of a server: masked, of each width of length. */
static void test_our_frames(void **state)
{
    static const struct { size_t length, header; } cases[] = {{1, 2}, {125, 2}, {126, 4}, {65535, 4}, {65536, 10}};
    static char text[65536];
    (void)state;
    memset(text, 'x', sizeof text);
    struct websocket *websocket = open_one();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buffer out = BUFFER_INIT;
        websocket_frame(websocket, &out, text, cases[i].length);
        const uint8_t *at = (const uint8_t *)buffer_text(&out);
        assert_int_equal(out.length, cases[i].header + 4 + cases[i].length);
        assert_int_equal(at[0], 0x82);
        assert_true(at[1] & 0x80);
        size_t length = at[1] & 0x7F;
        if (cases[i].header > 2)
            for (length = 0, at += 2; at < (const uint8_t *)out.data + cases[i].header; at++)
                length = length << 8 | *at;
        assert_int_equal(length, cases[i].length);
        at = (const uint8_t *)out.data + cases[i].header;
        for (size_t j = 0; j < length; j++)
            assert_int_equal(at[4 + j] ^ at[j % 4], 'x');
        buffer_release(&out);
    }
    struct buffer out = BUFFER_INIT;
    char said[32];
    websocket_goodbye(websocket, &out);
    frames_of(&out, said, sizeof said);
    assert_string_equal(said, "8:03e8");
    buffer_release(&out);
    websocket_free(&websocket);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_request),
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_answer_without_end),
        cmocka_unit_test(test_early_bytes),
        cmocka_unit_test(test_frames),
        cmocka_unit_test(test_our_frames),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
