/* What is kept of a host over time beside its figures: the rows of some lists (units, people, listening ports, and the
 * processes that use most) in few bytes, as a chain of records. A record is whole, or says what differs from the one
 * before. Pure; command lines are cut at 120 bytes, figures rounded to three digits, instants to seconds, sessions of
 * ports left out (they are figures).
 *
 * A record: head (bit 0: whole; bits 1..: the format, 1), of a difference the time since the record before in ms; then
 * operations until the end, each on the rows as they stand in order of their key: rows to pass over * 4 + what (0 drop,
 * 1 change, 2 insert before); of a change the members that changed as bits, then these members; of an insertion all.
 * Numbers are little-endian base-128, signed ones zigzag; a text is its length and its bytes; a figure is two bytes
 * (thousandths with a decimal exponent); an instant is seconds, 0 where there is none. */
#ifndef MODEL_HOST_KEEP_H
#define MODEL_HOST_KEEP_H

#include "base/buffer.h"
#include "base/error.h"
#include "model/host.h"

#define HOST_KEEP_ROWS 300      /* of one list; what is failed comes first, the rest is left out */
#define HOST_KEEP_TOP 10        /* processes by processor, and as many by memory */
bool host_keeps(enum host_list list);

/* Append the record that makes `before` (only its `list` counts; NULL: nothing is kept yet, so the record is whole) what
 * `now` is. False, and nothing appended, when the two are the same. `since`: ms from the record before. */
bool host_keep_pack(const struct host *before, const struct host *now, enum host_list list, msec since, struct buffer *out);
bool host_keep_is_whole(const void *bytes, size_t length);
/* The host, with `list` alone, that `before` becomes by a record of that list; `before` (NULL: nothing) is not changed.
 * NULL with ERROR_CORRUPT when the bytes are no record, or not one that follows `before` after `since` ms. */
struct host *host_keep_apply(const struct host *before, enum host_list list, msec since, const void *bytes, size_t length,
                             struct error *error);

#endif
