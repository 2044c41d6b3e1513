/* The table of commands, and what is made from it: keys, key map files, options, manual, completion. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "command/body.h"
#include "command/command.h"
#include "command/keymap.h"
#include "command/options.h"
#include "view/view.h"

static struct key_event key_of(const char *name)
{
    struct key_event key = {0};
    assert_true(key_parse(name, &key));
    return key;
}

static void every_row_is_whole(void **state)
{
    (void)state;
    for (unsigned i = 0; i < command_count; i++) {
        const struct command *command = &commands[i];
        assert_non_null(command->name);
        assert_true(command->help && *command->help);
        assert_true(command->section && *command->section);
        assert_non_null(command->views);
        assert_true(*command->views || command->shell); /* it can be given somewhere */
        assert_ptr_equal(command_find(command->name, strlen(command->name)), command); /* no name twice */
        if (command->writes)
            assert_int_not_equal(command->confirm, CONFIRM_NONE);
        const char *views = command->views, *view;
        size_t length;
        while ((view = command_next_word(&views, &length))) {
            char name[32];
            snprintf(name, sizeof name, "%.*s", (int)length, view);
            assert_true(strcmp(name, "*") == 0 || view_find(name) != NULL);
        }
        const char *keys = command->keys, *key;
        while ((key = command_next_word(&keys, &length))) {
            char name[32];
            struct key_event event;
            snprintf(name, sizeof name, "%.*s", (int)length, key);
            if (!key_parse(name, &event))
                fail_msg("%s: no key %s", command->name, name);
        }
    }
}

static bool share_a_view(const struct command *left, const struct command *right)
{
    for (unsigned v = 0; v < view_count; v++)
        if (command_in_view(left, view_list[v]->name) && command_in_view(right, view_list[v]->name))
            return true;
    return false;
}

static void no_two_keys_collide_in_one_view(void **state)
{
    (void)state;
    for (unsigned a = 0; a < command_count; a++)
        for (unsigned b = a + 1; b < command_count; b++) {
            const char *keys = commands[a].keys, *key;
            size_t length;
            if (!share_a_view(&commands[a], &commands[b]))
                continue;
            while ((key = command_next_word(&keys, &length))) {
                char name[32];
                snprintf(name, sizeof name, "%.*s", (int)length, key);
                if (command_word_in(commands[b].keys, name))
                    fail_msg("%s is both %s and %s", name, commands[a].name, commands[b].name);
            }
        }
}

/* Every F-key has a letter twin, and no bare control key destroys. */
static void keys_are_kind(void **state)
{
    (void)state;
    for (unsigned i = 0; i < command_count; i++) {
        const char *keys = commands[i].keys, *key;
        size_t length;
        bool function = false, other = false, control = false;
        while ((key = command_next_word(&keys, &length))) {
            function |= key[0] == 'F' && length > 1;
            control |= length > 2 && key[0] == 'C' && key[1] == '-';
            other |= !(key[0] == 'F' && length > 1);
        }
        assert_true(!function || other);
        assert_false(control && commands[i].writes);
    }
}

static void every_view_can_be_opened(void **state)
{
    (void)state;
    for (unsigned v = 0; v < view_count; v++)
        assert_non_null(command_find(view_list[v]->name, strlen(view_list[v]->name)));
}

static void key_maps(void **state)
{
    (void)state;
    struct keymap *keymap = keymap_new();
    struct error error = {0};
    struct key_event j = key_of("j"), v = key_of("v"), f5 = key_of("F5"), e = key_of("e");
    assert_string_equal(keymap_find(keymap, "board", &j)->command->name, "down");
    assert_string_equal(keymap_find(keymap, "board", &v)->command->name, "group-by");
    assert_string_equal(keymap_find(keymap, "devices", &v)->command->name, "tree");
    assert_null(keymap_find(keymap, "board", &e));
    static const char text[] = "# mine\r\nbind board e group-by subsystem\n  bind * F5 quit\nunbind board j\n\n";
    assert_true(keymap_parse(keymap, "keys", text, sizeof text - 1, &error));
    assert_string_equal(keymap_find(keymap, "board", &e)->argument, "subsystem");
    assert_null(keymap_find(keymap, "board", &j));
    assert_non_null(keymap_find(keymap, "devices", &j));
    assert_string_equal(keymap_find(keymap, "sources", &f5)->command->name, "quit");
    keymap_free(&keymap);
}

static void key_map_mistakes_name_the_line(void **state)
{
    (void)state;
    static const struct { const char *text, *expected; } bad[] = {
        {"bind board\n", "keys:1"}, {"\nbound x y z\n", "keys:2"}, {"bind nowhere j down\n", "nowhere"},
        {"bind board Hyper-q down\n", "Hyper-q"}, {"bind board j fly\n", "fly"}, {"bind board j get\n", "get"},
        {"unbind board\n", "unbind"},
    };
    for (unsigned i = 0; i < ARRAY_COUNT(bad); i++) {
        struct keymap *keymap = keymap_new();
        struct error error = {0};
        assert_false(keymap_parse(keymap, "keys", bad[i].text, strlen(bad[i].text), &error));
        if (!strstr(error.text, bad[i].expected))
            fail_msg("`%s`: %s", bad[i].text, error.text);
        keymap_free(&keymap);
    }
}

static void options_parse_anywhere(void **state)
{
    (void)state;
    struct options options;
    struct error error = {0};
    const char *const good[] = {"nocturne", "get", "--filter=a b", "assets", "-o", "csv", "--limit", "5", "--", "-x", NULL};
    assert_true(arguments_parse(&options, 10, good, &error));
    assert_int_equal(options.count, 3);
    assert_string_equal(options.words[1], "assets");
    assert_string_equal(options.words[2], "-x");
    assert_string_equal(options.filter, "a b");
    assert_string_equal(options.output, "csv");
    assert_string_equal(options.limit, "5");
    arguments_release(&options);
    static const char *const bad[][4] = {{"n", "--nosuch", NULL}, {"n", "--filter", NULL}, {"n", "--plain=x", NULL}, {"n", "-Z", NULL}};
    for (unsigned i = 0; i < ARRAY_COUNT(bad); i++) {
        assert_false(arguments_parse(&options, 2, bad[i], &error));
        assert_non_null(strstr(error.text, "--") ? strstr(error.text, "--") : strstr(error.text, "-"));
        arguments_release(&options);
    }
}

/* Manual, help and completion name every command and every option: they are made from the same rows. */
static void nothing_is_missing_from_the_manual(void **state)
{
    (void)state;
    struct buffer manual = BUFFER_INIT, help = BUFFER_INIT, list = BUFFER_INIT;
    struct keymap *keymap = keymap_new();
    command_manual(&manual);
    arguments_help(&help);
    command_help(&list, NULL, keymap);
    for (unsigned i = 0; i < command_count; i++) {
        struct buffer name = BUFFER_INIT;
        for (const char *at = commands[i].name; *at; at++)
            buffer_printf(&name, *at == '-' ? "\\-" : "%c", *at);
        assert_non_null(strstr(buffer_text(&manual), buffer_text(&name)));
        buffer_release(&name);
        if (commands[i].shell)
            assert_non_null(strstr(buffer_text(&help), commands[i].name));
        if (*commands[i].views)
            assert_non_null(strstr(buffer_text(&list), commands[i].name));
    }
    for (unsigned i = 0; i < option_count; i++)
        assert_non_null(strstr(buffer_text(&help), option_rows[i].name));
    keymap_free(&keymap);
    buffer_release(&manual);
    buffer_release(&help);
    buffer_release(&list);
}

static void fields_become_json(void **state)
{
    (void)state;
    struct buffer out = BUFFER_INIT;
    struct error error = {0};
    assert_true(body_fields(&out, "name=泵房温度 building=\"涵英 楼\"", &error));
    assert_string_equal(buffer_text(&out), "{\"name\":\"泵房温度\",\"building\":\"涵英 楼\"}");
    buffer_clear(&out);
    assert_false(body_fields(&out, "colour=red", &error));
    assert_non_null(strstr(error.text, "colour"));
    buffer_clear(&out);
    assert_false(body_fields(&out, "name", &error));
    buffer_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_is_whole),
        cmocka_unit_test(no_two_keys_collide_in_one_view),
        cmocka_unit_test(keys_are_kind),
        cmocka_unit_test(every_view_can_be_opened),
        cmocka_unit_test(key_maps),
        cmocka_unit_test(key_map_mistakes_name_the_line),
        cmocka_unit_test(options_parse_anywhere),
        cmocka_unit_test(nothing_is_missing_from_the_manual),
        cmocka_unit_test(fields_become_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
