/* Request targets and the route table on any bytes. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "api/private.h"
#include "base/memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *raw = memory_text_n((const char *)data, size);
    struct target target;
    struct error error;
    if (target_init(&target, raw, &error)) {
        struct buffer allow = BUFFER_INIT;
        const char *id;
        uint32_t count = 0;
        bool flag = false;
        msec instant = 0;
        route_find(&target, "GET", &id, &allow);
        route_find(&target, "POST", &id, &allow);
        for (unsigned i = 0; i < target.parameter_count; i++) {
            target_count(&target, target.parameter[i].name, 10000, &count, &error);
            target_flag(&target, target.parameter[i].name, &flag, &error);
            target_instant(&target, target.parameter[i].name, 1795230000000, &instant, &error);
        }
        buffer_release(&allow);
    }
    target_release(&target);
    free(raw);
    return 0;
}
