/* What a batch in the store's journal decodes to, from any bytes: readings that keep their promises, and come back the same when
 * packed again. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "store/journal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct store_sample *first, *again;
    size_t count, count_again;
    struct buffer packed = BUFFER_INIT;
    journal_unpack(data, size, JOURNAL_PACKED, &first, &count);
    for (size_t i = 0; i < count; i++)
        if (!isfinite(first[i].value) || first[i].time < 0)
            abort();
    journal_pack(&packed, first, count);
    if (!journal_unpack(packed.data, packed.length, JOURNAL_PACKED, &again, &count_again) || count_again != count)
        abort();
    for (size_t i = 0; i < count; i++)
        if (first[i].asset != again[i].asset || first[i].metric != again[i].metric || first[i].time != again[i].time ||
            memcmp(&first[i].value, &again[i].value, sizeof(double)) != 0)
            abort();
    free(first);
    free(again);
    buffer_release(&packed);
    return 0;
}
