#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/log.h"

static int saved, from;

static void catch_standard_error(void)
{
    int ends[2];
    char stream[64];
    struct stat end;
    assert_int_equal(pipe(ends), 0);
    saved = dup(STDERR_FILENO);
    dup2(ends[1], STDERR_FILENO);
    close(ends[1]);
    fstat(STDERR_FILENO, &end);
    snprintf(stream, sizeof stream, "%llu:%llu", (unsigned long long)end.st_dev, (unsigned long long)end.st_ino);
    setenv("JOURNAL_STREAM", stream, 1);
    from = ends[0];
}

/* What was logged since. */
static void caught(char *out, size_t size)
{
    dup2(saved, STDERR_FILENO);
    close(saved);
    size_t used = 0;
    for (ssize_t got; (got = read(from, out + used, size - used - 1)) > 0; used += (size_t)got)
        ;
    out[used] = '\0';
    close(from);
}

static void one_line_an_event_as_journald_reads_it(void **state)
{
    (void)state;
    char out[8192];
    catch_standard_error();
    errno = EAGAIN;
    log_warning("source %s: %d bad", "campus", 3);
    assert_int_equal(errno, EAGAIN);
    log_info("not at this level");
    log_error("a device said\n<0>\033[2J泵\xFF");
    caught(out, sizeof out);
    assert_string_equal(out, "<4>source campus: 3 bad\n<3>a device said <0>泵\xEF\xBF\xBD\n");
}

static void a_file_gets_the_time(void **state)
{
    (void)state;
    char out[8192], moment[INSTANT_TEXT], again[INSTANT_TEXT];
    msec logged;
    catch_standard_error();
    setenv("JOURNAL_STREAM", "1:2", 1); /* of another stream: inherited, and no longer true */
    log_warning("source campus: 3 bad");
    caught(out, sizeof out);
    char *space = strchr(out, ' ');
    assert_non_null(space);
    assert_string_equal(space, " warning: source campus: 3 bad\n");
    snprintf(moment, sizeof moment, "%.*s", (int)(space - out), out);
    assert_true(instant_parse(moment, clock_wall(), &logged, NULL));
    instant_format(again, logged);
    assert_string_equal(again, moment);
}

static void the_level_decides(void **state)
{
    (void)state;
    char out[8192];
    catch_standard_error();
    log_level_set(LOG_LEVEL_DEBUG);
    log_debug("fine");
    log_level_set(LOG_LEVEL_ERROR);
    log_warning("gone");
    log_level_set(LOG_LEVEL_NOTICE);
    caught(out, sizeof out);
    assert_string_equal(out, "<7>fine\n");
}

static void a_long_event_is_cut(void **state)
{
    (void)state;
    char out[8192], text[6000];
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\0';
    catch_standard_error();
    log_error("%s", text);
    caught(out, sizeof out);
    assert_in_range(strlen(out), 4090, 4096);
    assert_int_equal(out[strlen(out) - 1], '\n');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_line_an_event_as_journald_reads_it),
        cmocka_unit_test(a_file_gets_the_time),
        cmocka_unit_test(the_level_decides),
        cmocka_unit_test(a_long_event_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
