/* The ledger reader against arbitrary bytes: nothing crashes, and what it takes in it can write and read again. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "engine/fleet.h"
#include "engine/ledger.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ledger_change *change = ledger_change_new(NULL);
    struct error error;
    size_t half = size / 2;
    ledger_change_add(change, "one.csv", (const char *)data, half, &error);
    ledger_change_add(change, "two.csv", (const char *)data + half, size - half, &error);
    ledger_change_close(change, true);
    struct ledger_summary summary;
    ledger_change_summary(change, &summary);
    assert(summary.added == summary.rows);
    ledger_change_free(&change);
    if (ledger_read(NULL, "whole.csv", (const char *)data, size, false, &change, &error))
        ledger_change_free(&change);
    return 0;
}
