/* Every view: what help lists for it, it does; what its hints name is bound there; and no size breaks it. */
#include <math.h>
#include <time.h>

#include "command/command.h"
#include "command/keymap.h"
#include "hosted.h"

static const struct { const char *view, *argument; } arguments[] = {
    {"alert", "A-1"},           {"asset", "GW-1"},          {"server", "db-2"},  {"application", "energy"},
    {"log", "db-2 journal:x"},  {"growth", "db-2 cpu_percent"}, {"history", "GW-1"}, {"rule", "server-disk"},
    {"runbook", "gateway"},     {"silence", "2h"},        {"control", "outbound"}, {"breaches", "host week"},
};

static struct hosted *open_view(const struct view_ops *ops, int rows, int columns)
{
    const char *argument = "";
    for (unsigned i = 0; i < ARRAY_COUNT(arguments); i++)
        if (strcmp(arguments[i].view, ops->name) == 0)
            argument = arguments[i].argument;
    return hosted_new(ops, argument, rows, columns);
}

/* Without rows there is nowhere to move, and nothing to mark or unfold. */
static bool needs_rows(const struct command *command)
{
    static const char *const names[] = {"mark", "unfold"};
    for (unsigned i = 0; i < ARRAY_COUNT(names); i++)
        if (strcmp(names[i], command->name) == 0)
            return true;
    return strcmp(command->section, "Moving") == 0 && !strstr(command->name, "pane");
}

static void each_does_what_help_lists(void **state)
{
    (void)state;
    for (unsigned v = 0; v < view_count; v++)
        for (unsigned i = 0; i < command_count; i++) {
            const struct command *command = &commands[i];
            if (command->run || needs_rows(command) || !command_in_view(command, view_list[v]->name))
                continue;
            struct hosted *hosted = open_view(view_list[v], 24, 80);
            hosted_draw(hosted);
            if (!view_list[v]->command || hosted_command(hosted, command->name, "") == REACT_IGNORED)
                fail_msg("%s does nothing in %s", command->name, view_list[v]->name);
            hosted_free(hosted);
        }
}

/* "Enter open  / filter  :audit verify check it": keys and commands, two blanks apart. */
static void hint_is_true(const struct keymap *keymap, const char *view, const char *hint)
{
    char word[40];
    struct key_event key;
    snprintf(word, sizeof word, "%.*s", (int)strcspn(hint, " "), hint);
    if (*word == ':' && word[1]) {
        const struct command *command = command_find(word + 1, strlen(word + 1));
        if (!command || !command_in_view(command, view))
            fail_msg("%s hints at %s, which is no command there", view, word);
        return;
    }
    if (!key_parse(word, &key) || !keymap_find(keymap, view, &key))
        fail_msg("%s hints at the key %s, which is not bound there", view, word);
}

static void hints_are_true(void **state)
{
    (void)state;
    struct keymap *keymap = keymap_new();
    for (unsigned v = 0; v < view_count; v++) {
        struct hosted *hosted = open_view(view_list[v], 24, 80);
        struct buffer hints = BUFFER_INIT;
        hosted_draw(hosted);
        view_list[v]->hints(&hosted->view, &hints);
        bool form = view_list[v]->typing && view_list[v]->typing(&hosted->view); /* has its keys before the map */
        for (const char *at = buffer_text(&hints); !form && *at; at += strspn(at, " ")) {
            hint_is_true(keymap, view_list[v]->name, at);
            const char *next = strstr(at, "  ");
            at = next ? next : at + strlen(at);
        }
        buffer_release(&hints);
        hosted_free(hosted);
    }
    keymap_free(&keymap);
}

/* The same key means the same everywhere: where two commands share one, they are two kinds of one thing. */
static void a_key_means_one_thing(void **state)
{
    (void)state;
    static const struct { const char *one, *other; } kin[] = {
        {"group-by", "tree"},     /* v: another arrangement */
        {"order", "wrap"},        /* w: another layout */
        {"pane", "next-tab"},     /* Tab: what comes next */
    };
    for (unsigned i = 0; i < command_count; i++)
        for (unsigned j = 0; j < i; j++) {
            const char *keys = commands[i].keys, *key;
            size_t length;
            while ((key = command_next_word(&keys, &length))) {
                char name[32];
                snprintf(name, sizeof name, "%.*s", (int)length, key);
                if (!commands[j].keys || !command_word_in(commands[j].keys, name))
                    continue;
                bool related = false;
                for (unsigned k = 0; k < ARRAY_COUNT(kin); k++)
                    related |= (strcmp(kin[k].one, commands[i].name) == 0 && strcmp(kin[k].other, commands[j].name) == 0) ||
                               (strcmp(kin[k].one, commands[j].name) == 0 && strcmp(kin[k].other, commands[i].name) == 0);
                if (!related)
                    fail_msg("%s is %s in one view and %s in another", name, commands[i].name, commands[j].name);
            }
        }
}

static void no_size_breaks_one(void **state)
{
    (void)state;
    for (unsigned v = 0; v < view_count; v++)
        for (int rows = 1; rows < 62; rows += 5)
            for (int columns = 1; columns < 210; columns += 19) {
                struct hosted *hosted = open_view(view_list[v], rows, columns);
                hosted_draw(hosted);
                hosted_free(hosted);
            }
}

/* Each path begins at the site, and what is not here yet says so in one voice. */
static void paths_and_waiting_have_one_voice(void **state)
{
    (void)state;
    static const char *const elsewhere[] = {"silence", "downtime", "silences", "alert", "help"}; /* forms and what needs no answer */
    for (unsigned v = 0; v < view_count; v++) {
        struct hosted *hosted = open_view(view_list[v], 24, 100);
        struct buffer crumbs = BUFFER_INIT;
        bool other = false;
        for (unsigned i = 0; i < ARRAY_COUNT(elsewhere); i++)
            other |= strcmp(elsewhere[i], view_list[v]->name) == 0;
        const char *drawn = hosted_draw(hosted);
        if (!other && !strstr(drawn, "...") && !strstr(drawn, "\342\200\246"))
            fail_msg("%s does not say that it waits:\n%s", view_list[v]->name, drawn);
        view_list[v]->crumbs(&hosted->view, &crumbs);
        if (!other && strncmp(buffer_text(&crumbs), "site", 4) != 0)
            fail_msg("%s: its path is %s", view_list[v]->name, buffer_text(&crumbs));
        buffer_release(&crumbs);
        hosted_free(hosted);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_does_what_help_lists), cmocka_unit_test(hints_are_true), cmocka_unit_test(a_key_means_one_thing),
        cmocka_unit_test(no_size_breaks_one), cmocka_unit_test(paths_and_waiting_have_one_voice),
    };
    setenv("TZ", "Asia/Shanghai", 1);
    tzset();
    return cmocka_run_group_tests_name("views", tests, NULL, NULL);
}
