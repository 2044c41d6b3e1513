/* Looking for the next row that needs a person, in pieces, both ways, round the end, in a list that changes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/memory.h"
#include "view/seek.h"

struct list { const bool *rows; size_t offset; };

static bool matches(const void *owner, size_t i)
{
    const struct list *list = owner;
    return list->rows[list->offset + i];
}

/* What it finds in a list of `total`, of which those in `wanted` match; -1: nothing. */
static long look(size_t total, const size_t *wanted, size_t count, size_t from, bool forward, bool wrap, unsigned *pieces)
{
    bool *rows = memory_new_array(total + 1, sizeof *rows);
    for (size_t i = 0; i < count; i++)
        rows[wanted[i]] = true;
    struct seek seek;
    size_t found = 0;
    enum seek_answer answer = SEEK_NONE;
    *pieces = 0;
    seek_start(&seek, from, total, forward, wrap);
    while (seek.on) {
        struct list list = {rows, seek.offset};
        assert_true(seek.count > 0 && seek.offset + seek.count <= total);
        answer = seek_took(&seek, seek.offset, seek.count, total, matches, &list, &found);
        assert_in_range(++*pieces, 1, 100);
        assert_int_equal(seek.on, answer == SEEK_MORE);
    }
    free(rows);
    return answer == SEEK_FOUND ? (long)found : -1;
}

static void both_ways_and_round(void **state)
{
    (void)state;
    const size_t wanted[] = {3, 47999};
    unsigned pieces;
    assert_int_equal(look(48000, wanted, 2, 3, true, false, &pieces), 47999);
    assert_int_equal(look(48000, wanted, 2, 47999, true, false, &pieces), 3);
    assert_int_equal(pieces, 1);
    assert_int_equal(look(48000, wanted, 2, 3, false, false, &pieces), 47999);
    assert_int_equal(look(48000, wanted, 2, 47999, false, false, &pieces), 3);
    assert_in_range(pieces, 5, 9);
    assert_int_equal(look(48000, wanted, 2, 100, true, true, &pieces), 3); /* known: none follows */
    assert_int_equal(pieces, 1);
}

/* The row it began at is not the next one, however lonely; an empty list has none. */
static void none_other(void **state)
{
    (void)state;
    const size_t own[] = {700};
    unsigned pieces;
    assert_int_equal(look(2000, own, 1, 700, true, false, &pieces), -1);
    assert_int_equal(look(2000, own, 1, 700, false, false, &pieces), -1);
    assert_int_equal(look(1, own, 0, 0, true, false, &pieces), -1);
    assert_int_equal(look(1, own, 0, 0, false, false, &pieces), -1);
    assert_int_equal(look(0, own, 0, 0, true, false, &pieces), -1);
    assert_int_equal(look(0, own, 0, 0, false, true, &pieces), -1);
}

/* The list shrinks below where it looks: it goes on round, and ends. */
static void a_list_that_shrinks(void **state)
{
    (void)state;
    const bool rows[600] = {[5] = true};
    struct seek seek;
    size_t found = 0;
    seek_start(&seek, 1000, 5000, true, false);
    struct list list = {rows, 0};
    assert_int_equal(seek_took(&seek, seek.offset, 0, 600, matches, &list, &found), SEEK_MORE);
    assert_int_equal(seek.offset, 0);
    assert_int_equal(seek_took(&seek, 0, seek.count, 600, matches, &list, &found), SEEK_FOUND);
    assert_int_equal(found, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_ways_and_round),
        cmocka_unit_test(none_other),
        cmocka_unit_test(a_list_that_shrinks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
