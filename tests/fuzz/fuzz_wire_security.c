/* The decoders of security on any bytes, and what they read written again. */
#include <stddef.h>
#include <stdint.h>

#include "wire/security.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *bytes = (const char *)data;
    struct arena *arena = arena_new();
    struct wire_security_site site;
    struct wire_security_page page;
    struct buffer out = BUFFER_INIT;
    struct error error;
    if (wire_read_security_site(bytes, size, arena, &site, &error)) {
        wire_write_security_site(&out, &site);
        if (!wire_read_security_site(out.data, out.length, arena, &site, &error))
            __builtin_trap(); /* what is written must be read */
    }
    buffer_clear(&out);
    if (wire_read_security_page(bytes, size, arena, &page, &error)) {
        wire_write_security_page(&out, &page);
        if (!wire_read_security_page(out.data, out.length, arena, &page, &error))
            __builtin_trap();
    }
    buffer_release(&out);
    arena_free(&arena);
    return 0;
}
