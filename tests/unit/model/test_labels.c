/* Labels as one text: kept within bounds, said when cut, read back as they were; and lookups in it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "model/labels.h"

static const char *written(struct labels_draft *draft, struct buffer *out)
{
    buffer_clear(out);
    labels_draft_write(draft, out);
    return buffer_text(out);
}

static void they_are_one_text_in_order(void **state)
{
    (void)state;
    struct labels_draft draft = {0};
    struct buffer out = BUFFER_INIT, value = BUFFER_INIT;
    assert_string_equal(written(&draft, &out), "");
    labels_draft_add(&draft, true, "runbook_url", "https://wiki/a,b=\"c\"");
    labels_draft_add(&draft, false, "severity", "page\n");
    labels_draft_add(&draft, false, "alertname", "Disk\\Full\x1b[31m");
    labels_draft_add(&draft, false, "odd name", "x");
    labels_draft_add(&draft, false, "empty", "");
    labels_draft_add(&draft, false, "", "x");
    labels_draft_add(&draft, false, "空", "泵房");
    labels_draft_add(&draft, false, "severity", "critical"); /* a tag that comes twice */
    assert_string_equal(written(&draft, &out), "alertname=\"Disk\\\\Full\",\"odd name\"=\"x\",severity=\"page,critical\",空=\"泵房\","
                                               "@runbook_url=\"https://wiki/a,b=\\\"c\\\"\"");
    assert_int_equal(labels_left_out(buffer_text(&out)), 0);
    assert_true(label_find(buffer_text(&out), false, "alertname", &value));
    assert_string_equal(buffer_text(&value), "Disk\\Full");
    assert_true(label_find(buffer_text(&out), false, "odd name", &value));
    assert_string_equal(buffer_text(&value), "x");
    assert_true(label_find(buffer_text(&out), true, "runbook_url", &value));
    assert_string_equal(buffer_text(&value), "https://wiki/a,b=\"c\"");
    assert_false(label_find(buffer_text(&out), false, "runbook_url", &value));
    assert_false(label_find(buffer_text(&out), false, "sever", &value));
    assert_string_equal(buffer_text(&value), "");
    labels_draft_release(&draft);
    buffer_release(&out);
    buffer_release(&value);
}

static void what_is_too_much_is_cut_and_said(void **state)
{
    (void)state;
    struct labels_draft draft = {0};
    struct buffer out = BUFFER_INIT, value = BUFFER_INIT;
    char name[300], text[3000];
    memset(name, 'n', sizeof name);
    name[sizeof name - 1] = '\0';
    labels_draft_add(&draft, false, name, "x"); /* a name longer than names may be */
    for (size_t i = 0; i + 3 < sizeof text; i += 3)
        memcpy(text + i, "泵", 3);
    text[sizeof text - 3] = '\0';
    labels_draft_add(&draft, false, "long", text);
    for (int i = 0; i < 100; i++) {
        snprintf(name, sizeof name, "l%03d", i);
        labels_draft_add(&draft, false, name, "some value");
    }
    for (int i = 0; i < 10; i++) {
        snprintf(name, sizeof name, "a%d", i);
        labels_draft_add(&draft, true, name, text);
    }
    const char *labels = written(&draft, &out);
    assert_in_range(out.length, 1500, LABELS_BYTES_MOST);
    assert_true(label_find(labels, false, "long", &value));
    assert_in_range(value.length, LABEL_VALUE_MOST - 5, LABEL_VALUE_MOST);
    assert_memory_equal(value.data + value.length - 6, "泵…", 6); /* cut at a character */
    struct label label = {0};
    unsigned kept[2] = {0, 0};
    for (const char *at = labels; label_next(&at, &label);)
        kept[label.annotation]++;
    assert_int_equal(kept[0], LABELS_MOST);
    assert_in_range(kept[1], 1, 3);
    assert_int_equal(kept[0] + kept[1] + labels_left_out(labels), 1 + 1 + 100 + 10);
    label_release(&label);
    labels_draft_release(&draft);
    buffer_release(&out);
    buffer_release(&value);
}

/* A store or a capsule may hold anything. */
static void other_texts_end_where_they_are_wrong(void **state)
{
    (void)state;
    static const struct { const char *text; unsigned labels, left_out; } cases[] = {
        {"", 0, 0}, {"+7", 0, 7}, {"a=\"b", 0, 0}, {"a=b", 0, 0}, {"a=\"b\"x", 0, 0}, {"a=\"b\",", 1, 0}, {"a=\"b\",,", 1, 0},
        {"a=\"b\",+2", 1, 2}, {"\"a=\"b\"", 0, 0}, {"a=\"b\\", 0, 0}, {"@", 0, 0}, {"=\"b\"", 0, 0}, {"a=\"\\\"\",b=\"c\"", 2, 0}};
    struct buffer value = BUFFER_INIT;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *at = cases[i].text;
        struct label label = {0};
        unsigned count = 0;
        while (label_next(&at, &label))
            count++;
        assert_int_equal(count, cases[i].labels);
        assert_int_equal(labels_left_out(cases[i].text), cases[i].left_out);
        assert_false(label_find(cases[i].text, false, "none", &value));
        label_release(&label);
    }
    buffer_release(&value);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(they_are_one_text_in_order), cmocka_unit_test(what_is_too_much_is_cut_and_said),
        cmocka_unit_test(other_texts_end_where_they_are_wrong)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
