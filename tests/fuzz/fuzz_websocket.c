/* Bytes from a WebSocket server: the answer to the upgrade, and frames. Cut anywhere they carry the same, what comes out is
 * never more than what went in, and a verdict stays the same. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "collect/websocket.h"

static const struct websocket_settings settings = {.host = "h", .port = 80, .path = "/mqtt", .protocol = "mqtt"};

static bool read_all(const uint8_t *data, size_t size, size_t cut, struct buffer *payload, size_t *said)
{
    struct buffer out = BUFFER_INIT;
    struct error error = {0};
    struct websocket *websocket = websocket_new(&settings, &out);
    bool good = true;
    buffer_clear(&out);
    for (size_t at = 0; at < size && good;) {
        size_t part = size - at < cut ? size - at : cut, length = part;
        uint8_t *bytes = malloc(part ? part : 1);
        memcpy(bytes, data + at, part);
        good = websocket_unframe(websocket, bytes, &length, &out, &error);
        assert(length <= part);
        buffer_append(payload, bytes, length);
        free(bytes);
        at += part;
    }
    assert(good || (error.text[0] && out.length >= 6));
    *said = out.length;
    buffer_release(&out);
    websocket_free(&websocket);
    return good;
}

static bool greet_all(const uint8_t *data, size_t size, size_t cut, bool *done)
{
    struct buffer out = BUFFER_INIT;
    struct error error = {0};
    struct websocket *websocket = websocket_new(&settings, &out);
    bool good = true;
    *done = false;
    for (size_t at = 0; at < size && good && !*done; at += cut)
        good = websocket_greet(websocket, data + at, size - at < cut ? size - at : cut, done, &error);
    assert(good || error.text[0]);
    uint8_t early[16];
    while (*done && websocket_early(websocket, early, sizeof early))
        ;
    buffer_release(&out);
    websocket_free(&websocket);
    return good;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    size_t cut = (size_t)data[1] + 1, said, again;
    bool done, done_again;
    if (data[0] & 1) { /* an answer that is refused early may be refused for less in one piece */
        bool good = greet_all(data + 2, size - 2, size, &done);
        assert(greet_all(data + 2, size - 2, cut, &done_again) == good || size > (16u << 10));
        assert(!done && !done_again); /* nobody guesses the accept */
        return 0;
    }
    struct buffer whole = BUFFER_INIT, parts = BUFFER_INIT;
    bool good = read_all(data + 2, size - 2, size, &whole, &said);
    assert(read_all(data + 2, size - 2, cut, &parts, &again) == good);
    assert(said == again && whole.length == parts.length);
    assert(whole.length == 0 || memcmp(whole.data, parts.data, whole.length) == 0);
    buffer_release(&whole);
    buffer_release(&parts);
    return 0;
}
