/* Members that need no thought stand once, in a table that both directions go through, so that what is written is what
 * is read. A table is a macro of a macro: for `struct wire_example { msec time; const char *reason; };`
 *
 *     #define EXAMPLE(X) X(INSTANT, time, "time") X(PROSE, reason, "reason")
 *
 * EXAMPLE(MEMBER_WRITE) writes `row` by `writer`; EXAMPLE(MEMBER_READ) reads it from `object` into `arena`. The kinds:
 * TEXT, PROSE (of the daemon, for people), INSTANT, SPAN (msec), COUNT (uint32_t), TOTAL (uint64_t), LONG (int64_t),
 * NUMBER (double, NAN where absent), AMOUNT (double, 0 where absent), FLAG, HEALTH, REASON, LINK, COMM, BY_HEALTH.
 * Private to src/wire. */
#ifndef WIRE_MEMBERS_H
#define WIRE_MEMBERS_H

#include <math.h>

#include "wire/read.h"

#define MEMBER_WRITE(kind, member, key) WRITE_##kind(member, key)
#define MEMBER_READ(kind, member, key) READ_##kind(member, key)

#define WRITE_TEXT(member, key) json_write_text(writer, key, row->member ? row->member : "");
#define WRITE_PROSE(member, key) WRITE_TEXT(member, key)
#define WRITE_INSTANT(member, key) json_write_instant(writer, key, row->member);
#define WRITE_SPAN(member, key) json_write_integer(writer, key, row->member);
#define WRITE_COUNT(member, key) json_write_integer(writer, key, row->member);
#define WRITE_TOTAL(member, key) json_write_integer(writer, key, (int64_t)row->member);
#define WRITE_LONG(member, key) json_write_integer(writer, key, row->member);
#define WRITE_NUMBER(member, key) json_write_number(writer, key, row->member);
#define WRITE_AMOUNT(member, key) json_write_number(writer, key, row->member);
#define WRITE_FLAG(member, key) json_write_bool(writer, key, row->member);
#define WRITE_HEALTH(member, key) json_write_text(writer, key, health_name(row->member));
#define WRITE_REASON(member, key) json_write_text(writer, key, health_reason_name(row->member));
#define WRITE_LINK(member, key) json_write_text(writer, key, link_state_name(row->member));
#define WRITE_COMM(member, key) json_write_text(writer, key, comm_state_name(row->member));
#define WRITE_BY_HEALTH(member, key) wire_write_by_health(writer, key, row->member);

#define READ_TEXT(member, key) row->member = read_text(object, key, arena);
#define READ_PROSE(member, key) row->member = read_prose(object, key, arena);
#define READ_INSTANT(member, key) row->member = flat_instant(object, key);
#define READ_SPAN(member, key) row->member = flat_integer(object, key, 0);
#define READ_COUNT(member, key) row->member = read_count(object, key);
#define READ_TOTAL(member, key) row->member = read_total(object, key);
#define READ_LONG(member, key) row->member = flat_integer(object, key, 0);
#define READ_NUMBER(member, key) row->member = flat_number(object, key, NAN);
#define READ_AMOUNT(member, key) row->member = flat_number(object, key, 0);
#define READ_FLAG(member, key) row->member = flat_bool(object, key, false);
#define READ_HEALTH(member, key) row->member = read_health(object, key);
#define READ_REASON(member, key) row->member = read_reason(object, key);
#define READ_LINK(member, key) row->member = read_link(object, key);
#define READ_COMM(member, key) row->member = read_comm(object, key);
#define READ_BY_HEALTH(member, key) read_by_health(object, key, row->member);

/* Where an answer is one moment's: {.., "revision":R, "as_of":T, "past":false}. */
void write_moment(struct json_writer *writer, const char *revision, const struct wire_page *page);
void read_moment(struct flat *object, const char *revision, struct wire_page *page); /* total and population: 1 */

/* An array of rows that are their table and nothing else: write_NAME(writer, key, rows, count). */
#define WRITE_ROWS(name, type, TABLE)                                                                             \
    static void write_##name(struct json_writer *writer, const char *key, const struct type *rows, unsigned count) \
    {                                                                                                             \
        json_write_array(writer, key);                                                                            \
        for (const struct type *row = rows; row < rows + count; row++) {                                          \
            json_write_object(writer, NULL);                                                                      \
            TABLE(MEMBER_WRITE)                                                                                   \
            json_write_object_end(writer);                                                                        \
        }                                                                                                         \
        json_write_array_end(writer);                                                                             \
    }
/* rows = read_NAME(object, key, arena, &count). */
#define READ_ROWS(name, type, TABLE)                                                                              \
    static struct type *read_##name(struct flat *from, const char *key, struct arena *arena, unsigned *count)     \
    {                                                                                                             \
        struct flat *array;                                                                                       \
        *count = read_array(from, key, &array);                                                                   \
        struct type *rows = arena_alloc(arena, *count * sizeof *rows);                                            \
        for (unsigned i = 0; i < *count; i++) {                                                                   \
            struct flat *object = flat_at(array, i);                                                              \
            struct type *row = &rows[i];                                                                          \
            TABLE(MEMBER_READ)                                                                                    \
        }                                                                                                         \
        return rows;                                                                                              \
    }
#define BOTH_ROWS(name, type, TABLE) WRITE_ROWS(name, type, TABLE) READ_ROWS(name, type, TABLE)

/* The reader of a list answer: wire_read_NAME. Rows that are not what they should be are left out, never guessed. */
#define READ_LIST(name, type, read_item)                                                                          \
    bool wire_read_##name(const char *bytes, size_t length, struct arena *arena, struct wire_page *page,          \
                          struct type **items, unsigned *count, struct error *error)                              \
    {                                                                                                             \
        struct flat *array, *object = read_list(bytes, length, &array, error);                                    \
        if (!object)                                                                                              \
            return false;                                                                                         \
        unsigned rows = flat_count(array);                                                                        \
        read_page(object, page);                                                                                  \
        *items = arena_alloc(arena, rows * sizeof **items);                                                       \
        *count = 0;                                                                                               \
        for (unsigned i = 0; i < rows; i++) {                                                                     \
            struct flat *row = flat_at(array, i);                                                                 \
            *count += flat_type(row) == FLAT_OBJECT && read_item(row, arena, &(*items)[*count]);                  \
        }                                                                                                         \
        flat_free(&object);                                                                                       \
        return true;                                                                                              \
    }

#endif
