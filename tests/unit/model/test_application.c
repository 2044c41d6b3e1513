/* What an application hangs on: circles, folding, the first broken part, uptime (R022, R044). */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "model/application.h"

/* 0 portal application; 1 web, 2 api, 3 db, 4 nginx checks; 5 server web-1; 6 login application; 7 its check */
static unsigned of_portal[] = {1, 4}, of_web[] = {4, 2}, of_api[] = {3, 6}, of_nginx[] = {5}, of_login[] = {7};
static struct part parts[8];

static void reset(void)
{
    memset(parts, 0, sizeof parts);
    for (unsigned i = 0; i < 8; i++)
        parts[i].kind = i == 0 || i == 6 ? PART_APPLICATION : i == 5 ? PART_SERVER : PART_CHECK;
#define NEEDS(part, list) parts[part].needs = (list), parts[part].need_count = ARRAY_COUNT(list)
    NEEDS(0, of_portal);
    NEEDS(1, of_web);
    NEEDS(2, of_api);
    NEEDS(4, of_nginx);
    NEEDS(6, of_login);
}

static unsigned cause(enum part_verdict of_root)
{
    parts[0].verdict = of_root;
    return parts_cause(parts, 8, 0);
}

static void the_first_broken_part_is_named(void **state)
{
    (void)state;
    reset();
    assert_int_equal(cause(PART_OK), PARTS_NONE);
    parts[1].verdict = PART_CRITICAL;
    assert_int_equal(cause(PART_CRITICAL), 1); /* nothing below it is broken */
    parts[4].verdict = PART_CRITICAL;
    assert_int_equal(cause(PART_CRITICAL), 4); /* the page is down because nginx is */
    parts[5].verdict = PART_CRITICAL;
    assert_int_equal(cause(PART_CRITICAL), 5); /* and nginx because its server is */
    parts[5].verdict = parts[4].verdict = PART_OK;
    parts[7].verdict = PART_CRITICAL;
    parts[6].verdict = PART_CRITICAL;
    assert_int_equal(cause(PART_CRITICAL), 7); /* through another application */
    parts[7].verdict = PART_WARNING;
    assert_int_equal(cause(PART_CRITICAL), 1); /* a warning does not explain that it is down */
    parts[1].verdict = PART_WARNING;
    assert_int_equal(cause(PART_WARNING), 7);
    parts[7].verdict = PART_UNKNOWN;
    assert_int_equal(cause(PART_WARNING), 1);
}

static void an_application_is_what_its_parts_make_of_it(void **state)
{
    (void)state;
    static const unsigned own[] = {1, 2, 5};
    reset();
    assert_int_equal(parts_fold(parts, own, 3), PART_OK);
    parts[2].verdict = PART_WAITING;
    assert_int_equal(parts_fold(parts, own, 3), PART_OK);
    parts[1].verdict = PART_WAITING;
    assert_int_equal(parts_fold(parts, own, 3), PART_WAITING);
    parts[1].verdict = PART_UNKNOWN;
    assert_int_equal(parts_fold(parts, own, 3), PART_UNKNOWN);
    parts[2].verdict = PART_WARNING;
    assert_int_equal(parts_fold(parts, own, 3), PART_WARNING);
    parts[1].verdict = PART_CRITICAL;
    assert_int_equal(parts_fold(parts, own, 3), PART_CRITICAL);
    parts[1].degrades = true;
    assert_int_equal(parts_fold(parts, own, 3), PART_WARNING);
    parts[1].verdict = parts[2].verdict = PART_OK;
    parts[5].verdict = PART_UNKNOWN; /* a server that no ledger knows says nothing */
    assert_int_equal(parts_fold(parts, own, 3), PART_OK);
    parts[5].verdict = PART_CRITICAL; /* one of two may be down */
    assert_int_equal(parts_fold(parts, own, 3), PART_WARNING);
    assert_int_equal(parts_fold(parts, own, 0), PART_UNKNOWN);
}

static void circles_are_found_with_their_path(void **state)
{
    (void)state;
    unsigned path[9];
    unsigned back[] = {0};
    reset();
    assert_int_equal(parts_circle(parts, 8, path), 0);
    NEEDS(7, back);
    assert_int_equal(parts_circle(parts, 8, path), 6);
    static const unsigned expected[] = {0, 1, 2, 6, 7, 0};
    assert_memory_equal(path, expected, sizeof expected);
    unsigned self[] = {3};
    parts[7].need_count = 0;
    NEEDS(3, self);
    assert_int_equal(parts_circle(parts, 8, path), 2);
    assert_int_equal(path[0], 3);
    assert_int_equal(path[1], 3);
}

struct visits { unsigned part[8], depth[8], count; };

static bool visit(void *owner, unsigned part, unsigned depth)
{
    struct visits *visits = owner;
    visits->part[visits->count] = part;
    visits->depth[visits->count++] = depth;
    return true;
}

static void the_tree_shows_each_part_once(void **state)
{
    (void)state;
    struct visits visits = {.count = 0};
    reset();
    parts_walk(parts, 8, 0, visit, &visits);
    static const unsigned order[] = {0, 1, 4, 5, 2, 3, 6, 7}, depth[] = {0, 1, 2, 3, 2, 3, 3, 4};
    assert_int_equal(visits.count, 8);
    assert_memory_equal(visits.part, order, sizeof order);
    assert_memory_equal(visits.depth, depth, sizeof depth);
}

static void a_long_chain_needs_no_deep_stack(void **state)
{
    (void)state;
    enum { LENGTH = 200000 };
    struct part *chain = memory_new_array(LENGTH, sizeof *chain);
    unsigned *next = memory_new_array(LENGTH, sizeof *next), *path = memory_new_array(LENGTH + 1, sizeof *path);
    for (unsigned i = 0; i < LENGTH; i++) {
        next[i] = (i + 1) % LENGTH;
        chain[i] = (struct part){.kind = PART_CHECK, .verdict = PART_CRITICAL, .needs = &next[i], .need_count = i + 1 < LENGTH};
    }
    assert_int_equal(parts_circle(chain, LENGTH, path), 0);
    assert_int_equal(parts_cause(chain, LENGTH, 0), LENGTH - 1);
    chain[LENGTH - 1].need_count = 1;
    assert_int_equal(parts_circle(chain, LENGTH, path), LENGTH + 1);
    free(chain);
    free(next);
    free(path);
}

#define HOUR SPAN_HOUR
static void time_that_nobody_watched_is_not_up(void **state)
{
    (void)state;
    static const struct uptime_interval rows[] = {
        {0, 10 * HOUR, HEALTH_OK}, {10 * HOUR, 11 * HOUR, HEALTH_CRITICAL}, {11 * HOUR, 15 * HOUR, HEALTH_UNKNOWN},
        {15 * HOUR, 17 * HOUR, HEALTH_WARNING}, {17 * HOUR, CLOCK_NEVER, HEALTH_OK}};
    struct uptime uptime = uptime_of(rows, 5, 0, 20 * HOUR);
    assert_int_equal(uptime.up, 15 * HOUR);
    assert_int_equal(uptime.down, HOUR);
    assert_int_equal(uptime.since, 15 * HOUR); /* a warning is up */
    assert_true(fabs(uptime_share(&uptime) - 15.0 / 16) < 1e-12);
    uptime = uptime_of(rows, 5, 10 * HOUR + HOUR / 2, 12 * HOUR); /* clipped at both ends */
    assert_int_equal(uptime.up, 0);
    assert_int_equal(uptime.down, HOUR / 2);
    assert_int_equal(uptime.since, CLOCK_NEVER);
    uptime = uptime_of(rows, 0, 0, HOUR);
    assert_true(isnan(uptime_share(&uptime)));
    static const struct uptime_interval gap[] = {{0, HOUR, HEALTH_OK}, {2 * HOUR, 3 * HOUR, HEALTH_OK}};
    uptime = uptime_of(gap, 2, 0, 3 * HOUR);
    assert_int_equal(uptime.up, 2 * HOUR); /* no row: not watched */
    assert_int_equal(uptime.since, 2 * HOUR);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_broken_part_is_named),
        cmocka_unit_test(an_application_is_what_its_parts_make_of_it),
        cmocka_unit_test(circles_are_found_with_their_path),
        cmocka_unit_test(the_tree_shows_each_part_once),
        cmocka_unit_test(a_long_chain_needs_no_deep_stack),
        cmocka_unit_test(time_that_nobody_watched_is_not_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
