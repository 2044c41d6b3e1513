#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/memory.h"

static void grows_and_stays_terminated(void **state)
{
    (void)state;
    struct buffer buffer = BUFFER_INIT;
    assert_string_equal(buffer_text(&buffer), "");
    for (int i = 0; i < 1000; i++)
        buffer_printf(&buffer, "%d,", i);
    buffer_append_char(&buffer, '!');
    assert_int_equal(buffer.length, strlen(buffer.data));
    assert_int_equal(buffer.data[buffer.length - 1], '!');
    buffer_clear(&buffer);
    assert_string_equal(buffer_text(&buffer), "");
    buffer_release(&buffer);
}

static void printf_longer_than_the_room(void **state)
{
    (void)state;
    char long_text[5000];
    memset(long_text, 'x', sizeof long_text - 1);
    long_text[sizeof long_text - 1] = '\0';
    struct buffer buffer = BUFFER_INIT;
    buffer_append_text(&buffer, "a");
    buffer_printf(&buffer, "%s|", long_text);
    assert_int_equal(buffer.length, 1 + 4999 + 1);
    assert_int_equal(buffer.data[buffer.length - 1], '|');
    assert_int_equal(buffer.data[buffer.length], '\0');
    buffer_release(&buffer);
}

static void consume_and_take(void **state)
{
    (void)state;
    struct buffer buffer = BUFFER_INIT;
    buffer_append(&buffer, "ab\0cd", 5);
    buffer_consume(&buffer, 3);
    assert_string_equal(buffer_text(&buffer), "cd");
    buffer_consume(&buffer, 99);
    assert_int_equal(buffer.length, 0);
    char *empty = buffer_take(&buffer);
    assert_string_equal(empty, "");
    free(empty);
    empty = buffer_take(&buffer);
    assert_string_equal(empty, "");
    free(empty);
    assert_null(buffer.data);
}

static void arrays_double(void **state)
{
    (void)state;
    int *items = NULL;
    size_t capacity = 0;
    ARRAY_RESERVE(items, capacity, 1);
    assert_int_equal(capacity, 8);
    ARRAY_RESERVE(items, capacity, 9);
    assert_int_equal(capacity, 16);
    ARRAY_RESERVE(items, capacity, 100);
    assert_int_equal(capacity, 100);
    free(items);
    char *text = memory_printf("%s-%d", "gw", 7);
    assert_string_equal(text, "gw-7");
    free(text);
    assert_null(memory_text(NULL));
    text = memory_text_n("abc", 2);
    assert_string_equal(text, "ab");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grows_and_stays_terminated),
        cmocka_unit_test(printf_longer_than_the_room),
        cmocka_unit_test(consume_and_take),
        cmocka_unit_test(arrays_double),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
