/* Two answers of the host script after each other, any bytes: the second makes rates against the first. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "collect/host_reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ignore(void *owner, const char *name, double value)
{
    (void)owner;
    if (!*name || value != value)
        __builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct host_reader *reader = host_reader_new();
    struct error error;
    size_t half = size > 2 ? ((size_t)data[0] << 8 | data[1]) % size : 0;
    struct host *merged = NULL;
    for (int round = 0; round < 3; round++) {
        const char *text = (const char *)data + (round == 1 ? half : 0);
        struct host *host = host_reader_take(reader, text, round == 1 ? size - half : size, 1000000000ull * (unsigned)(3 * round + 1), 1700000000000 + 3000 * round, &error);
        if (!host)
            continue;
        host_metrics(host, ignore, NULL);
        merged = host_merge(merged, host);
        host_metrics(merged, ignore, NULL);
    }
    host_free(&merged);
    host_reader_free(&reader);
    return 0;
}
