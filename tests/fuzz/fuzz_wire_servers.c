/* The decoders of servers on any bytes, and what they read written again. */
#include <stddef.h>
#include <stdint.h>

#include "wire/servers.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *bytes = (const char *)data;
    struct arena *arena = arena_new();
    struct wire_page page;
    struct wire_server *servers;
    struct wire_server_page one;
    struct wire_log_line line;
    struct wire_run_result result;
    struct buffer out = BUFFER_INIT;
    struct json_writer writer;
    struct error error;
    unsigned count;
    json_start(&writer, &out);
    json_write_array(&writer, NULL);
    if (wire_read_servers(bytes, size, arena, &page, &servers, &count, &error))
        for (unsigned i = 0; i < count; i++)
            wire_write_server(&writer, &servers[i]);
    struct wire_network network;
    wire_read_network(bytes, size, &network, &error);
    if (wire_read_log_line(bytes, size, arena, &line, &error))
        wire_write_log_line(&writer, &line);
    if (wire_read_run_result(bytes, size, arena, &result, &error))
        wire_write_run_result(&writer, &result);
    if (wire_read_server_page(bytes, size, arena, &one, &error)) {
        buffer_clear(&out);
        wire_write_server_page(&out, &one);
        if (!wire_read_server_page(out.data, out.length, arena, &one, &error))
            __builtin_trap(); /* what is written must be read */
    }
    buffer_release(&out);
    arena_free(&arena);
    return 0;
}
