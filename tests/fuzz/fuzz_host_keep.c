/* Records of what is kept of a host, from any bytes: refused, or rows that are packed and applied to the same again. The
 * first byte says which list, each record is led by its length. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "model/host_keep.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const enum host_list lists[] = {HOST_ports, HOST_units, HOST_processes, HOST_logins};

/* What is kept of what was kept is nothing new: else a state would drift away from its records. (Of processes whose
 * figures round to the same, others may be the first ten.) */
static void check_again(const struct host *host, enum host_list list)
{
    struct buffer record = BUFFER_INIT;
    struct error error;
    if (!host_keep_pack(NULL, host, list, 0, &record))
        abort();
    struct host *again = host_keep_apply(NULL, list, 0, record.data, record.length, &error);
    if (!again)
        abort();
    size_t length = record.length;
    if (list != HOST_processes && (host_keep_pack(again, again, list, 1, &record) || record.length != length))
        abort();
    host_free(&again);
    buffer_release(&record);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct host *state = NULL;
    struct error error;
    if (size < 2)
        return 0;
    enum host_list list = lists[data[0] % 4];
    const uint8_t *at = data + 1, *end = data + size;
    while (at < end) {
        size_t length = *at++;
        length = length > (size_t)(end - at) ? (size_t)(end - at) : length;
        struct host *next = host_keep_apply(state, list, 1, at, length, &error);
        host_free(&state);
        state = next;
        at += length;
        if (state)
            check_again(state, list);
    }
    host_free(&state);
    return 0;
}
