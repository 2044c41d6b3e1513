/* What a daemon, or something in its place, may send: HTTP answers and event streams. */
#include <stddef.h>
#include <stdint.h>

#include "client/event_parser.h"
#include "client/http_response.h"

static void parsed(void *owner, uint64_t id, const char *kind, const char *data, size_t length)
{
    (void)owner, (void)id, (void)kind, (void)data, (void)length;
}

static void body(void *owner, const char *bytes, size_t length)
{
    event_parser_feed(owner, bytes, length, parsed, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct event_parser parser;
    struct http_response response;
    event_parser_init(&parser);
    http_response_init(&response);
    size_t piece = size ? data[0] % 61 + 1 : 1; /* pieces of a size that the input chooses */
    for (size_t at = 1; at < size; at += piece) {
        size_t length = size - at < piece ? size - at : piece;
        size_t used = http_response_feed(&response, (const char *)data + at, length, body, &parser);
        if (response.phase == HTTP_DONE || response.phase == HTTP_BAD) {
            http_response_restart(&response);
            event_parser_feed(&parser, (const char *)data + at + used, length - used, parsed, NULL);
        }
    }
    http_response_end(&response);
    http_response_release(&response);
    event_parser_release(&parser);
    return 0;
}
