/* The decoders of applications on any bytes. */
#include <stddef.h>
#include <stdint.h>

#include "wire/applications.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *bytes = (const char *)data;
    struct arena *arena = arena_new();
    struct wire_page page;
    struct wire_application *items;
    struct wire_application_page one;
    struct buffer out = BUFFER_INIT;
    struct json_writer writer;
    struct error error;
    unsigned count;
    json_start(&writer, &out);
    if (wire_read_applications(bytes, size, arena, &page, &items, &count, &error))
        for (unsigned i = 0; i < count; i++)
            wire_write_application(&writer, &items[i]);
    if (wire_read_application_page(bytes, size, arena, &one, &error))
        wire_write_application_page(&out, &one);
    buffer_release(&out);
    arena_free(&arena);
    return 0;
}
