/* What every list does in the same way: its window, its order, its filter, the search for what is wrong, its voice. */
#include <math.h>
#include <time.h>

#include "hosted.h"
#include "view/list.h"

#define HAS(text, part)                                                        \
    do {                                                                       \
        if (!strstr(text, part))                                               \
            fail_msg("`%s` is not in\n%s", part, text);                        \
    } while (0)

extern const struct view_ops devices_view, servers_view, applications_view;

/* Rows offset..offset+count-1 of `total`, those at `wrong` and `wrong` + 1000 offline. */
static void answer(struct hosted *hosted, unsigned slot, unsigned offset, unsigned count, unsigned total, unsigned wrong)
{
    struct buffer json = BUFFER_INIT;
    buffer_printf(&json, "{\"total\":%u,\"hidden\":{\"filtered\":0},\"offset\":%u,\"items\":[", total, offset);
    for (unsigned i = offset; i < offset + count && i < total; i++)
        buffer_printf(&json, "%s{\"id\":\"A-%u\",\"name\":\"asset %u\",\"health\":\"%s\"}", i > offset ? "," : "", i, i,
                      i == wrong || i == wrong + 1000 ? "offline" : "ok");
    buffer_append_text(&json, "]}");
    hosted_answer(hosted, slot, buffer_text(&json), json.length);
    buffer_release(&json);
}

static struct list *list_of(struct hosted *hosted) { return hosted->view.state; }

static const char *cursor(struct hosted *hosted)
{
    return table_cursor_id(list_table(list_of(hosted)));
}

static void only_a_window_is_asked_for(void **state)
{
    (void)state;
    struct hosted *hosted = hosted_new(&servers_view, "", 20, 80);
    HAS(hosted_want(hosted, LIST_SLOT_ROWS), "/servers?sort=-health,id&limit=");
    assert_null(strstr(hosted_want(hosted, LIST_SLOT_ROWS), "offset"));
    assert_true(list_of(hosted)->asked >= 20 && list_of(hosted)->asked < 500);
    answer(hosted, LIST_SLOT_ROWS, 0, 272, 5000, 9999);
    hosted_draw(hosted);
    for (int i = 0; i < 20; i++)
        hosted_command(hosted, "page-down", "");
    hosted_draw(hosted);
    HAS(hosted_want(hosted, LIST_SLOT_ROWS), "&offset="); /* round the cursor */
    hosted_free(hosted);
}

static void the_order_has_a_name(void **state)
{
    (void)state;
    struct hosted *hosted = hosted_new(&servers_view, "", 20, 100);
    answer(hosted, LIST_SLOT_ROWS, 0, 30, 30, 2);
    HAS(hosted_draw(hosted), "worst first · row 1");
    hosted_command(hosted, "down", "");
    HAS(hosted_draw(hosted), "worst first · row 2");
    hosted_command(hosted, "sort-next", "");
    HAS(hosted_want(hosted, LIST_SLOT_ROWS), "sort=name,id");
    HAS(hosted_draw(hosted), "by server");
    hosted_command(hosted, "reverse", "");
    HAS(hosted_want(hosted, LIST_SLOT_ROWS), "sort=-name,id");
    hosted_command(hosted, "sort", "-cpu");
    HAS(hosted_draw(hosted), "by cpu%");
    hosted_command(hosted, "sort", "");
    hosted_command(hosted, "reverse", "");
    HAS(hosted_draw(hosted), "worst last");
    hosted_command(hosted, "sort-previous", ""); /* round the left end: the last column, the smallest first as times go */
    HAS(hosted_draw(hosted), "by heard");
    hosted_free(hosted);
}

/* n looks beyond the rows that are here, piece by piece, and says when nothing is left. */
static void n_goes_on_beyond_the_window(void **state)
{
    (void)state;
    struct hosted *hosted = hosted_new(&servers_view, "", 20, 80);
    hosted_command(hosted, "sort", "name,id");
    answer(hosted, LIST_SLOT_ROWS, 0, 100, 2000, 700);
    hosted_draw(hosted);
    assert_string_equal(hosted_want(hosted, LIST_SLOT_SEEK), "");
    hosted_command(hosted, "next-wrong", "");
    unsigned offset = 1;
    for (int pieces = 0; list_of(hosted)->seek.on && pieces < 50; pieces++) {
        HAS(hosted_want(hosted, LIST_SLOT_SEEK), "/servers?sort=name,id&offset=");
        offset = (unsigned)list_of(hosted)->seek.offset;
        answer(hosted, LIST_SLOT_SEEK, offset, (unsigned)list_of(hosted)->seek.count, 2000, 700);
    }
    assert_int_equal(table_cursor(list_of(hosted)->table), 700);
    HAS(hosted_want(hosted, LIST_SLOT_ROWS), "&offset=");
    hosted_free(hosted);
    /* Worst first: where the window ends with one that is well, nothing wrong follows. */
    hosted = hosted_new(&servers_view, "", 20, 80);
    answer(hosted, LIST_SLOT_ROWS, 0, 100, 2000, 0);
    hosted_draw(hosted);
    hosted_command(hosted, "next-wrong", "");
    if (list_of(hosted)->seek.on) /* on from the top, to where it began */
        answer(hosted, LIST_SLOT_SEEK, (unsigned)list_of(hosted)->seek.offset, (unsigned)list_of(hosted)->seek.count, 2000, 9999);
    HAS(hosted->said, "nothing else is wrong");
    hosted_free(hosted);
}

/* Where all rows are here, n goes round the end. */
static void n_goes_round_a_short_list(void **state)
{
    (void)state;
    struct hosted *hosted = hosted_new(&applications_view, "", 20, 80);
    answer(hosted, LIST_SLOT_ROWS, 0, 8, 8, 2);
    hosted_draw(hosted);
    hosted_command(hosted, "bottom", "");
    hosted_command(hosted, "next-wrong", "");
    assert_string_equal(cursor(hosted), "A-2");
    HAS(hosted->said, "round the end");
    hosted_command(hosted, "next-wrong", "");
    assert_string_equal(cursor(hosted), "A-2");
    HAS(hosted->said, "nothing else is wrong");
    hosted_free(hosted);
}

static void it_keeps_its_row_when_data_moves(void **state)
{
    (void)state;
    struct hosted *hosted = hosted_new(&applications_view, "", 20, 80);
    answer(hosted, LIST_SLOT_ROWS, 0, 8, 8, 9999);
    hosted_draw(hosted);
    hosted_command(hosted, "down", "");
    assert_string_equal(cursor(hosted), "A-1");
    static const char moved[] = "{\"total\":3,\"items\":[{\"id\":\"A-7\",\"health\":\"ok\"},{\"id\":\"A-3\",\"health\":\"ok\"},"
                                "{\"id\":\"A-1\",\"health\":\"ok\"}]}";
    hosted_answer(hosted, LIST_SLOT_ROWS, moved, sizeof moved - 1);
    hosted_draw(hosted);
    assert_string_equal(cursor(hosted), "A-1");
    static const char gone[] = "{\"total\":1,\"items\":[{\"id\":\"A-7\",\"health\":\"ok\"}]}";
    hosted_answer(hosted, LIST_SLOT_ROWS, gone, sizeof gone - 1);
    hosted_draw(hosted);
    hosted_command(hosted, "open", ""); /* another row stands there: it says so, and opens nothing */
    HAS(hosted->said, "that row has gone");
    assert_string_equal(hosted->opened, "");
    struct view_targets targets;
    applications_view.targets(&hosted->view, &targets);
    assert_int_equal(targets.count, 0);
    hosted_free(hosted);
}

static void it_has_one_voice(void **state)
{
    (void)state;
    static const struct { const struct view_ops *ops; const char *none, *unmatched; } lists[] = {
        {&devices_view, "no asset is known", "no asset matches"},
        {&servers_view, "no server is known", "no server matches"},
        {&applications_view, "no application is known", "no application matches"}};
    for (unsigned i = 0; i < ARRAY_COUNT(lists); i++) {
        struct hosted *hosted = hosted_new(lists[i].ops, "", 20, 80);
        struct error error = {0}, cause = {.code = ERROR_INVALID, .text = "the daemon is reading its ledger"};
        struct client_answer failed = {.error = &cause};
        assert_false(lists[i].ops->receive(&hosted->view, LIST_SLOT_ROWS, &failed, &error));
        answer(hosted, LIST_SLOT_ROWS, 0, 0, 0, 9999);
        HAS(hosted_draw(hosted), lists[i].none);
        assert_true(lists[i].ops->set_filter(&hosted->view, "building:nowhere", false, &error));
        answer(hosted, LIST_SLOT_ROWS, 0, 0, 0, 9999);
        HAS(hosted_draw(hosted), lists[i].unmatched);
        HAS(hosted_draw(hosted), "building:nowhere");
        HAS(hosted_draw(hosted), "Esc clears the filter");
        assert_false(lists[i].ops->set_filter(&hosted->view, "building:", false, &error));
        assert_true(*error.text);
        hosted_free(hosted);
    }
}

/* Only where the others have what they wish for; `C` shows and takes the mark. */
static void spare_columns_give_way(void **state)
{
    (void)state;
    struct error error = {0};
    struct hosted *hosted = hosted_new(&devices_view, "", 12, 80);
    answer(hosted, LIST_SLOT_ROWS, 0, 12, 12, 2);
    assert_null(strstr(hosted_draw(hosted), "model"));
    hosted_free(hosted);
    hosted = hosted_new(&devices_view, "", 12, 140);
    answer(hosted, LIST_SLOT_ROWS, 0, 12, 12, 2);
    HAS(hosted_draw(hosted), "model");
    hosted_command(hosted, "columns", "id,name,model?");
    HAS(hosted_draw(hosted), "model");
    hosted_command(hosted, "columns", "");
    HAS(hosted->commanded, "command-line columns id,name,model?");
    assert_false(error.text[0]);
    hosted_free(hosted);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_a_window_is_asked_for), cmocka_unit_test(the_order_has_a_name),
        cmocka_unit_test(n_goes_on_beyond_the_window), cmocka_unit_test(n_goes_round_a_short_list),
        cmocka_unit_test(it_keeps_its_row_when_data_moves), cmocka_unit_test(it_has_one_voice),
        cmocka_unit_test(spare_columns_give_way),
    };
    setenv("TZ", "Asia/Shanghai", 1);
    tzset();
    return cmocka_run_group_tests_name("list", tests, NULL, NULL);
}
