/* Every decoder of the wire on any bytes: what a console does with a daemon (or a proxy) gone mad. */
#include <stddef.h>
#include <stdint.h>

#include "wire/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *bytes = (const char *)data;
    struct arena *arena = arena_new();
    struct wire_page page;
    struct error error;
    unsigned count;
#define LIST(name, type, write)                                                          \
    do {                                                                                 \
        struct type *items;                                                              \
        struct buffer out = BUFFER_INIT;                                                 \
        struct json_writer writer;                                                       \
        json_start(&writer, &out);                                                       \
        if (wire_read_##name(bytes, size, arena, &page, &items, &count, &error))         \
            for (unsigned i = 0; i < count; i++)                                         \
                write;                                                                   \
        buffer_release(&out);                                                            \
    } while (0)
    LIST(assets, wire_asset, wire_write_asset(&writer, &items[i], NULL));
    LIST(intervals, wire_interval, wire_write_interval(&writer, &items[i]));
    LIST(sources, wire_source, wire_write_source(&writer, &items[i]));
    LIST(facets, wire_facet, wire_write_facet(&writer, &items[i]));
    LIST(audit, wire_audit, wire_write_audit(&writer, &items[i]));
    LIST(saved_views, wire_saved_view, wire_write_saved_view(&writer, &items[i]));
#define WHOLE(name)                                                      \
    do {                                                                 \
        struct wire_##name one;                                          \
        struct buffer out = BUFFER_INIT;                                 \
        struct json_writer writer;                                       \
        json_start(&writer, &out);                                       \
        if (wire_read_##name(bytes, size, arena, &one, &error))          \
            wire_write_##name(&writer, &one);                            \
        buffer_release(&out);                                            \
    } while (0)
    WHOLE(asset_page);
    WHOLE(series);
    WHOLE(board);
    WHOLE(overview);
    WHOLE(whoami);
    wire_read_problem(bytes, size, &error);
    arena_free(&arena);
    return 0;
}
