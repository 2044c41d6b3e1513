/* The same tests in each engine: in memory, in SQLite, and in PostgreSQL where that is installed. */
#ifndef TESTS_STORE_EACH_ENGINE_H
#define TESTS_STORE_EACH_ENGINE_H

#include "fixture.h"
#include "postgres_server.h"

static const char *engine_name; /* whose turn it is */
static struct postgres_test engine_server;

/* A fixture of the engine whose turn it is, with nothing in it and not open yet. */
static inline struct fixture *engine_fixture(void)
{
    bool postgres = strcmp(engine_name, "postgresql") == 0;
    return fixture_new(postgres ? postgres_test_url(&engine_server, postgres_test_database(&engine_server)) : engine_name);
}

static inline int engine_setup(void **state)
{
    struct fixture *fixture = engine_fixture();
    fixture_open(fixture);
    *state = fixture;
    return 0;
}

static inline int engine_teardown(void **state)
{
    fixture_free(*state);
    return 0;
}

/* What main() returns. */
static inline int engines_run(const struct CMUnitTest *tests, size_t count, const char *const *names, size_t name_count)
{
    int failed = 0;
    for (size_t i = 0; i < name_count; i++) {
        bool postgres = strcmp(engine_name = names[i], "postgresql") == 0;
        if (postgres && !postgres_test_there(&engine_server)) {
            puts("PostgreSQL is not installed: scripts/deps --test");
            return failed ? 1 : 77;
        }
        if (postgres && !postgres_test_open(&engine_server))
            return 1;
        failed += _cmocka_run_group_tests(engine_name, tests, count, NULL, NULL);
        if (postgres) {
            postgres_test_stop(&engine_server, SIGINT);
            fixture_remove(engine_server.directory);
        }
    }
    return failed ? 1 : 0;
}

#define ENGINES_RUN(tests, ...)                                                                                       \
    engines_run(tests, ARRAY_COUNT(tests), (const char *const[]){__VA_ARGS__},                                        \
                sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

#endif
