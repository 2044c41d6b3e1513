/* A runbook's text, whatever it holds, and its resource on any bytes. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/text.h"
#include "engine/runbook.h"
#include "engine/runbook_text.h"
#include "wire/runbook.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *value(const void *owner, const char *name)
{
    return strcmp(name, "id") == 0 ? owner : strcmp(name, "place") == 0 ? "a'b\033[2J; rm -rf /" : NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *bytes = (const char *)data;
    const struct runbook_fill fill = {.owner = "GW-1", .value = value};
    struct runbook_text text;
    runbook_text_read(&text, bytes, size, &fill);
    assert(text.count <= RUNBOOK_BLOCKS_MOST);
    for (unsigned i = 0; i < text.count; i++) {
        assert(text_is_utf8(text.blocks[i].text, strlen(text.blocks[i].text)));
        assert(!strchr(text.blocks[i].text, '\033') && *runbook_kind_name(text.blocks[i].kind));
    }
    runbook_text_release(&text);
    struct arena *arena = arena_new();
    struct wire_runbook runbook;
    struct buffer out = BUFFER_INIT;
    struct json_writer writer;
    struct error error;
    if (wire_read_runbook(bytes, size, arena, &runbook, &error)) {
        json_start(&writer, &out);
        wire_write_runbook(&writer, &runbook);
    }
    buffer_release(&out);
    arena_free(&arena);
    char name[80];
    size_t length = size < sizeof name ? size : sizeof name - 1;
    memcpy(name, data, length);
    name[length] = '\0';
    assert(!runbook_name_is_good(name) || (!strchr(name, '/') && !strchr(name, '.')));
    return 0;
}
