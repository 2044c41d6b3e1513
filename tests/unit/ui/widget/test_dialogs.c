/* What is answered: dialogs, forms, menus, and the pager that explains. */
#include <stdio.h>

#include "unit/ui/drawn.h"
#include "widget/dialog.h"
#include "widget/form.h"
#include "widget/menu.h"
#include "widget/pager.h"

static struct key_event key(const char *name)
{
    struct key_event out;
    assert_true(key_parse(name, &out));
    return out;
}

/* ---- dialog ---- */

static const struct dialog_choice choices[] = {{'y', "restart 9", ROLE_CRITICAL}, {'o', "only this", ROLE_TEXT}};
static const char *const names[] = {"GW-1", "GW-2", "GW-3", "GW-4", "GW-5", "GW-6", "GW-7", "GW-8", "GW-9"};

static struct dialog *restart(const char *type_to_confirm)
{
    return dialog_new(&(struct dialog_options){.title = "Restart", .text = "312 terminals become unreachable.", .names = names,
                                               .name_count = 9, .choices = choices, .choice_count = 2,
                                               .type_to_confirm = type_to_confirm}, 1000);
}

static int answer(struct dialog *dialog, const char *name, msec now)
{
    struct key_event event = key(name);
    return dialog_key(dialog, &event, now);
}

static void dialog_drops_what_was_typed_ahead(void **state)
{
    (void)state;
    struct dialog *dialog = restart(NULL);
    assert_int_equal(answer(dialog, "y", 1100), DIALOG_OPEN);
    assert_int_equal(answer(dialog, "Esc", 1299), DIALOG_OPEN);
    assert_int_equal(answer(dialog, "Enter", 1400), DIALOG_OPEN); /* never yes */
    assert_int_equal(answer(dialog, "C-y", 1400), DIALOG_OPEN);
    assert_int_equal(answer(dialog, "x", 1400), DIALOG_OPEN);
    assert_int_equal(answer(dialog, "y", 1400), 'y');
    dialog_changed(dialog, "GW-3 came back", 2000);
    assert_int_equal(answer(dialog, "y", 2200), DIALOG_OPEN);
    assert_int_equal(answer(dialog, "q", 2400), DIALOG_CANCEL);
    assert_int_equal(answer(dialog, "Esc", 2400), DIALOG_CANCEL);
    dialog_free(&dialog);
}

static void dialog_shows_names_and_count(void **state)
{
    (void)state;
    struct dialog *dialog = restart(NULL);
    struct surface surface;
    int rows, columns;
    surface_init(&surface, 13, 44, false);
    dialog_size(dialog, 44, &rows, &columns);
    assert_int_equal(rows, 13);
    assert_int_equal(columns, 44);
    dialog_draw(dialog, &surface, (struct rect){0, 0, rows, columns});
    assert_drawn(&surface, "┌─ Restart ────────────────────────────────┐\n"
                           "│ 312 terminals become unreachable.        │\n"
                           "│                                          │\n"
                           "│   GW-1                                   │\n"
                           "│   GW-2                                   │\n"
                           "│   GW-3                                   │\n"
                           "│   GW-4                                   │\n"
                           "│   GW-5                                   │\n"
                           "│   GW-6                                   │\n"
                           "│   and 3 more                             │\n"
                           "│                                          │\n"
                           "│ y restart 9  o only this        Esc back │\n"
                           "└──────────────────────────────────────────┘\n");
    for (int i = 0; i < 13; i++) /* any room is safe */
        for (int j = 0; j < 44; j++)
            dialog_draw(dialog, &surface, (struct rect){0, 0, i, j});
    surface_release(&surface);
    dialog_free(&dialog);
}

static void large_radius_wants_typing(void **state)
{
    (void)state;
    struct dialog *dialog = restart("9");
    assert_int_equal(answer(dialog, "y", 1400), DIALOG_OPEN);
    assert_int_equal(answer(dialog, "Backspace", 1400), DIALOG_OPEN);
    assert_int_equal(answer(dialog, "9", 1400), DIALOG_OPEN);
    assert_int_equal(answer(dialog, "y", 1400), 'y');
    dialog_free(&dialog);
}

/* ---- form ---- */

static bool check(void *owner, const char *name, const char *value, char *message, size_t size)
{
    (void)owner;
    if (strcmp(name, "for") == 0 && strcmp(value, "2h") != 0) {
        snprintf(message, size, "a span: 30m, 2h");
        return false;
    }
    return true;
}

static struct form *silence(void)
{
    static const char *const severities[] = {"critical", "major", NULL};
    static const struct form_field fields[] = {
        {.name = "match", .label = "匹配", .kind = FORM_TEXT, .required = true},
        {.name = "for", .label = "for", .hint = "30m, 2h", .kind = FORM_TEXT, .value = "2x"},
        {.name = "severity", .label = "severity", .kind = FORM_CHOICE, .choices = severities, .value = "major"},
        {.name = "token", .label = "token", .kind = FORM_SECRET, .value = "abc"},
        {.name = "page", .label = "page", .kind = FORM_SWITCH},
    };
    return form_new(fields, 5, check, NULL);
}

static enum form_answer fill(struct form *form, const char *name)
{
    struct key_event event = key(name);
    return form_key(form, &event);
}

static void form_blames_the_field(void **state)
{
    (void)state;
    struct form *form = silence();
    struct surface surface;
    surface_init(&surface, 5, 50, false);
    form_draw(form, &surface, (struct rect){0, 0, 5, 50});
    assert_drawn(&surface, "▌ 匹配      ______________________________________\n"
                           "  for       2x____________________________________\n"
                           "  severity   critical [major]\n"
                           "  token     ***___________________________________\n"
                           "  page      [ ]\n");
    assert_int_equal(surface.cursor_row, 0);
    assert_int_equal(surface.cursor_column, 12);
    assert_int_equal(fill(form, "C-s"), FORM_CHANGED); /* wrong: goes to the first wrong field */
    fill(form, "泵");
    fill(form, "Enter");
    form_draw(form, &surface, (struct rect){0, 0, 5, 50});
    assert_int_equal(surface.cursor_row, 1);
    assert_int_equal(role_at(&surface, 1, 33), ROLE_ERROR);
    assert_false(form_valid(form));
    fill(form, "Backspace");
    fill(form, "h");
    assert_true(form_valid(form));
    assert_string_equal(form_value(form, "match"), "泵");
    assert_string_equal(form_value(form, "for"), "2h");
    assert_null(form_value(form, "nosuch"));
    surface_release(&surface);
    form_free(&form);
}

static void form_goes_through_its_fields(void **state)
{
    (void)state;
    struct form *form = silence();
    form_set(form, "match", "x");
    form_set(form, "for", "2h");
    fill(form, "Tab");
    fill(form, "Tab");
    fill(form, "Right"); /* round */
    assert_string_equal(form_value(form, "severity"), "critical");
    fill(form, "Left");
    assert_string_equal(form_value(form, "severity"), "major");
    fill(form, "BackTab");
    fill(form, "Down");
    fill(form, "Down");
    fill(form, "Down");
    fill(form, "Space");
    assert_string_equal(form_value(form, "page"), "yes");
    assert_int_equal(fill(form, "Enter"), FORM_SUBMIT); /* the last field */
    form_complain(form, "match", "matches nothing");
    assert_false(form_valid(form));
    assert_int_equal(fill(form, "Esc"), FORM_CANCEL);
    form_free(&form);
}

static void text_is_edited_by_characters(void **state)
{
    (void)state;
    struct form *form = silence();
    static const char *const keys[] = {"泵", "房", "a", "Left", "Left", "x", "Home", "Delete", "End", "b", "C-b", "C-h"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys - 1; i++)
        fill(form, keys[i]);
    assert_string_equal(form_value(form, "match"), "x房ab");
    fill(form, "C-u");
    assert_string_equal(form_value(form, "match"), "b");
    fill(form, "C-k");
    assert_string_equal(form_value(form, "match"), "");
    static const char *const words[] = {"a", "Space", "b", "c", "C-w"};
    for (size_t i = 0; i < 5; i++)
        fill(form, words[i]);
    assert_string_equal(form_value(form, "match"), "a ");
    form_free(&form);
}

/* ---- menu ---- */

static void menu_narrows_and_runs(void **state)
{
    (void)state;
    static const struct menu_item items[] = {
        {"ack", "a", "acknowledge 确认", "marked alerts", "alerts", false},
        {"ticket", "t", "open a ticket", "needs operator", "alerts", true},
        {"live", "=", "return to live", NULL, "time", false},
    };
    struct menu *menu = menu_new("help", items, 3);
    struct surface surface;
    surface_init(&surface, 9, 46, false);
    menu_draw(menu, &surface, (struct rect){0, 0, 9, 46});
    assert_drawn(&surface, "┌─ help ─────────────────────────────────────┐\n"
                           "│ /                                      3/3 │\n"
                           "│ ────────────────────────────────────────── │\n"
                           "│   alerts                                   │\n"
                           "│ ▌ a  acknowledge 确认  marked alerts       │\n"
                           "│   t  open a ticket     needs operator      │\n"
                           "│   time                                     │\n"
                           "│   =  return to live                        │\n"
                           "└────────────────────────────────────────────┘\n");
    struct key_event event = key("Down");
    assert_int_equal(menu_key(menu, &event), MENU_OPEN);
    event = key("Enter");
    assert_int_equal(menu_key(menu, &event), MENU_OPEN); /* disabled */
    static const char *const typed[] = {"L", "i", "v", "Space", "r", "e", "t"};
    for (size_t i = 0; i < 7; i++) {
        event = key(typed[i]);
        menu_key(menu, &event);
    }
    assert_string_equal(menu_current(menu), "live"); /* words in any order, folded */
    event = key("Enter");
    assert_int_equal(menu_key(menu, &event), MENU_CHOSEN);
    event = key("Esc");
    assert_int_equal(menu_key(menu, &event), MENU_OPEN); /* one layer: the typed text */
    assert_int_equal(menu_key(menu, &event), MENU_CANCEL);
    event = key("认");
    menu_key(menu, &event);
    assert_string_equal(menu_current(menu), "ack");
    event = key("x");
    menu_key(menu, &event);
    assert_null(menu_current(menu));
    menu_draw(menu, &surface, (struct rect){0, 0, 9, 46});
    menu_draw_plain(menu, &surface, (struct rect){0, 0, 2, 30}, -1);
    surface_release(&surface);
    menu_free(&menu);
}

/* ---- pager ---- */

static void press(struct pager *pager, const char *name)
{
    struct key_event event = key(name);
    pager_key(pager, &event);
}

static void pager_wraps_scrolls_and_searches(void **state)
{
    (void)state;
    static const char text[] = "\001Dheading\none two three four\n检查弱电间电源\nlast Line\n";
    struct pager *pager = pager_new();
    struct surface surface;
    surface_init(&surface, 4, 12, false);
    pager_draw(pager, &surface, (struct rect){0, 0, 4, 12});
    pager_set_text(pager, text, sizeof text - 1, false);
    pager_draw(pager, &surface, (struct rect){0, 0, 4, 12});
    assert_drawn(&surface, "heading\none two\nthree four\n检查弱电间电\n");
    assert_int_equal(role_at(&surface, 0, 0), ROLE_HEADING);
    press(pager, "G");
    pager_draw(pager, &surface, (struct rect){0, 0, 4, 12});
    assert_drawn(&surface, "three four\n检查弱电间电\n源\nlast Line\n");
    press(pager, "k");
    press(pager, "k");
    press(pager, "k");
    pager_draw(pager, &surface, (struct rect){0, 0, 4, 12});
    assert_drawn(&surface, "heading\none two\nthree four\n检查弱电间电\n");
    assert_int_equal(pager_search(pager, "LINE"), 1); /* folded */
    pager_draw(pager, &surface, (struct rect){0, 0, 4, 12});
    assert_int_equal(role_at(&surface, 3, 5), ROLE_MATCH);
    assert_int_equal(role_at(&surface, 3, 4), ROLE_TEXT);
    assert_int_equal(pager_search(pager, "nothing"), 0);
    assert_int_equal(pager_search(pager, ""), 0);
    press(pager, "w");
    press(pager, "g");
    press(pager, "Right");
    pager_draw(pager, &surface, (struct rect){0, 0, 4, 12});
    assert_drawn(&surface, "\nthree four\n间电源\ne\n");
    size_t top, lines;
    pager_position(pager, &top, &lines);
    assert_int_equal(top, 1);
    assert_int_equal(lines, 4);
    surface_release(&surface);
    pager_free(&pager);
}

static void pager_follows_the_end(void **state)
{
    (void)state;
    struct pager *pager = pager_new();
    struct surface surface;
    surface_init(&surface, 2, 10, false);
    pager_set_text(pager, "1\n2\n3\n", 6, true);
    pager_draw(pager, &surface, (struct rect){0, 0, 2, 10});
    assert_drawn(&surface, "2\n3\n");
    pager_set_text(pager, "1\n2\n3\n4\n", 8, true);
    pager_draw(pager, &surface, (struct rect){0, 0, 2, 10});
    assert_drawn(&surface, "3\n4\n");
    press(pager, "k");
    pager_set_text(pager, "1\n2\n3\n4\n5\n", 10, true); /* somebody reads: stay */
    pager_draw(pager, &surface, (struct rect){0, 0, 2, 10});
    assert_drawn(&surface, "2\n3\n");
    pager_set_text(pager, "", 0, true);
    pager_draw(pager, &surface, (struct rect){0, 0, 2, 10});
    press(pager, "j");
    surface_release(&surface);
    pager_free(&pager);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dialog_drops_what_was_typed_ahead), cmocka_unit_test(dialog_shows_names_and_count),
        cmocka_unit_test(large_radius_wants_typing), cmocka_unit_test(form_blames_the_field),
        cmocka_unit_test(form_goes_through_its_fields), cmocka_unit_test(text_is_edited_by_characters),
        cmocka_unit_test(menu_narrows_and_runs), cmocka_unit_test(pager_wraps_scrolls_and_searches),
        cmocka_unit_test(pager_follows_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
