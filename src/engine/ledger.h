/* The ledger CSV (DESIGN.md section 5): reading, checking against the fleet, writing.
 *
 * UTF-8 or GB18030 (told apart by validity), with or without a byte-order mark, RFC 4180 quoting, header row in any
 * order, unknown columns kept as attributes. Every bad row is reported with file:line and column and skipped; the
 * rest goes in, unless the file as a whole is unusable (no header, no id column, truncated in a quoted field). */
#ifndef ENGINE_LEDGER_H
#define ENGINE_LEDGER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "model/asset.h"

struct fleet;
struct ledger_change;

struct ledger_summary {
    uint32_t rows, added, changed, unchanged, removed, rejected, warnings;
    const char *problems; /* lines "assets.csv:17: period: expected a span such as 15m; got `soon`"; at most 200 */
};
/* Parse and compare. `name` is for messages. Two rows with one id in one file: the first wins, the second is
 * rejected and named with both lines; a parent that exists nowhere, or a loop of parents: the row goes in without
 * its parent, with a warning. `complete`: ledger rows that the file lacks are to be removed. */
/* Several files as one change: what a configuration names. Where two files have one id, the first wins; a difference
 * between them is reported with both places. `fleet` NULL: compare with nothing (--check-config). */
struct ledger_change *ledger_change_new(struct fleet *fleet);
bool ledger_change_add(struct ledger_change *change, const char *name, const char *bytes, size_t length,
                       struct error *error);
bool ledger_change_add_file(struct ledger_change *change, const char *path, struct error *error);
/* Parents checked, compared with the fleet; needed before the summary is read and before it is applied. */
void ledger_change_close(struct ledger_change *change, bool complete);
/* The same for one file. */
bool ledger_read(struct fleet *fleet, const char *name, const char *bytes, size_t length, bool complete,
                 struct ledger_change **change, struct error *error);
void ledger_change_free(struct ledger_change **change);
void ledger_change_summary(const struct ledger_change *change, struct ledger_summary *summary);
/* Append the fleet's ledger (or what a filter selects) as CSV. */
bool ledger_write(struct fleet *fleet, const char *filter, struct buffer *out, struct error *error);

#endif
