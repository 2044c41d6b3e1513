/* Runbooks (issue 3): read into steps and commands, cleaned and bounded; nothing outside their folder; the shipped ones
 * are whole, in both languages, and every shipped rule has one (R021, R030). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/memory.h"
#include "daemon/profile.h"
#include "engine/runbook.h"
#include "engine/runbook_text.h"

static const char *value(const void *owner, const char *name)
{
    (void)owner;
    return strcmp(name, "address") == 0 ? "10.0.0.7" : strcmp(name, "place") == 0 ? "泵房; reboot" : strcmp(name, "unit") == 0 ? "" : NULL;
}

static void read_into_blocks(void **state)
{
    (void)state;
    static const char source[] = "\xEF\xBB\xBF# Gateway {address}\r\n\nLook at\nboth lamps.\n先看\n电源。\n\n1. Ping it from {place}:\n"
                                 "   ```sh\n   ping {address} # {place}\n\n     -c 3\n   ```\n   then wait\n2) Ask {unit} and {nobody} {}\n- a lamp\n"
                                 "```yaml\nkey: {address}\n```\n## Over\ntext\033[31m red\xE2\x80\xAE\n3、完成\n```sh\nnever closed";
    const struct { enum runbook_kind kind; unsigned number; const char *text; } expected[] = {
        {RUNBOOK_HEADING, 1, "Gateway 10.0.0.7"},
        {RUNBOOK_TEXT, 0, "Look at both lamps.先看电源。"},
        {RUNBOOK_STEP, 1, "Ping it from 泵房; reboot:"},
        {RUNBOOK_COMMAND, 1, "ping 10.0.0.7 # '泵房; reboot'\n\n  -c 3"},
        {RUNBOOK_TEXT, 1, "then wait"},
        {RUNBOOK_STEP, 2, "Ask {unit} and {nobody} {}"},
        {RUNBOOK_ITEM, 2, "a lamp"},
        {RUNBOOK_CODE, 2, "key: 10.0.0.7"},
        {RUNBOOK_HEADING, 2, "Over"},
        {RUNBOOK_TEXT, 0, "text red"},
        {RUNBOOK_STEP, 3, "完成"},
        {RUNBOOK_COMMAND, 3, "never closed"},
    };
    const struct runbook_fill fill = {.value = value};
    struct runbook_text text;
    runbook_text_read(&text, source, sizeof source - 1, &fill);
    for (unsigned i = 0; i < text.count && i < ARRAY_COUNT(expected); i++) {
        assert_string_equal(text.blocks[i].text, expected[i].text);
        assert_string_equal(runbook_kind_name(text.blocks[i].kind), runbook_kind_name(expected[i].kind));
        assert_int_equal(text.blocks[i].number, expected[i].number);
    }
    assert_int_equal(text.count, ARRAY_COUNT(expected));
    assert_string_equal(runbook_text_title(&text), "Gateway 10.0.0.7");
    assert_false(text.cut);
    runbook_text_release(&text);
}

static void bounded(void **state)
{
    (void)state;
    struct buffer source = BUFFER_INIT;
    struct runbook_text text;
    for (int i = 0; i < 5000; i++)
        buffer_append_text(&source, "- item\n");
    runbook_text_read(&text, source.data, source.length, NULL);
    assert_int_equal(text.count, RUNBOOK_BLOCKS_MOST);
    assert_true(text.cut);
    runbook_text_release(&text);
    for (int i = 0; i < 20000; i++)
        buffer_append_text(&source, "long line ");
    runbook_text_read(&text, source.data, source.length, NULL);
    assert_true(text.cut);
    runbook_text_release(&text);
    buffer_release(&source);
}

static void names(void **state)
{
    (void)state;
    static const char *const good[] = {"gateway", "GW_1-x", "网关离线"};
    static const char *const bad[] = {"", "-x", "../etc/passwd", "a/b", "a.b", "a b", "a\n", "\xff", "a\033b", "%2e", "网关\xE2\x80\xAE"};
    for (unsigned i = 0; i < ARRAY_COUNT(good); i++)
        assert_true(runbook_name_is_good(good[i]));
    for (unsigned i = 0; i < ARRAY_COUNT(bad); i++)
        assert_false(runbook_name_is_good(bad[i]));
    assert_true(runbook_is_url("https://wiki/gw") && runbook_is_url("http://wiki") && !runbook_is_url("wiki"));
}

static void put(const char *folder, const char *name, const char *text)
{
    char path[400];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

/* A site's own replace the shipped ones; links, folders, giants and strange names are left out and said. */
static void of_a_site(void **state)
{
    (void)state;
    char folder[] = "/tmp/nocturne-runbooks-XXXXXX", line[500];
    struct runbooks *runbooks;
    struct runbook found;
    struct buffer remarks = BUFFER_INIT;
    assert_non_null(mkdtemp(folder));
    put(folder, "gateway.md", "# ours\n");
    put(folder, "泵房.zh.md", "# 泵房\n");
    put(folder, "泵房.md", "# pump\n");
    put(folder, "bad name.md", "x");
    put(folder, "secret.txt", "outside");
    put(folder, "README", "no");
    snprintf(line, sizeof line, "%s/link.md", folder);
    assert_int_equal(symlink("/etc/passwd", line), 0);
    snprintf(line, sizeof line, "%s/folder.md", folder);
    assert_int_equal(mkdir(line, 0700), 0);
    snprintf(line, sizeof line, "%s/pipe.md", folder);
    assert_int_equal(mkfifo(line, 0600), 0); /* does not hang */
    snprintf(line, sizeof line, "truncate -s 70000 %s/giant.md", folder);
    assert_int_equal(system(line), 0);
    assert_true(runbooks_load(&runbooks, folder, &remarks));
    assert_true(runbooks_find(runbooks, "gateway", "zh_CN", &found));
    assert_string_equal(found.text, "# ours\n");
    assert_false(found.shipped);
    assert_true(runbooks_find(runbooks, "泵房", "zh_CN", &found));
    assert_string_equal(found.language, "zh");
    assert_true(runbooks_find(runbooks, "泵房", "en_US", &found));
    assert_string_equal(found.language, "");
    assert_true(runbooks_find(runbooks, "terminal-read", "zh_CN", &found));
    assert_true(found.shipped);
    static const char *const left_out[] = {"bad name", "link", "folder", "giant", "pipe"};
    for (unsigned i = 0; i < ARRAY_COUNT(left_out); i++) {
        snprintf(line, sizeof line, "%s.md: left out", left_out[i]);
        assert_non_null(strstr(buffer_text(&remarks), line));
        assert_false(runbooks_have(runbooks, left_out[i]));
    }
    assert_false(runbooks_have(runbooks, "secret") || runbooks_have(runbooks, "../secret"));
    runbooks_free(&runbooks);
    assert_false(runbooks_load(&runbooks, "/proc/self/status", &remarks));
    runbooks_free(&runbooks);
    buffer_release(&remarks);
    snprintf(line, sizeof line, "rm -r %s", folder);
    assert_int_equal(system(line), 0);
}

/* Each in Chinese and in English, with a title and steps that count 1, 2, 3 ... without a gap. */
static void the_shipped_ones(void **state)
{
    (void)state;
    struct runbooks *runbooks;
    struct runbook each;
    struct buffer remarks = BUFFER_INIT;
    assert_true(runbooks_load(&runbooks, NULL, &remarks));
    assert_int_equal(remarks.length, 0);
    for (size_t i = 0; runbooks_at(runbooks, i, &each); i++) {
        struct runbook_text text;
        unsigned steps = 0;
        runbook_text_read(&text, each.text, each.length, NULL);
        assert_true(*runbook_text_title(&text));
        for (unsigned at = 0; at < text.count; at++)
            if (text.blocks[at].kind == RUNBOOK_STEP)
                assert_int_equal(text.blocks[at].number, ++steps);
        assert_in_range(steps, 4, 14);
        runbook_text_release(&text);
        struct runbook other;
        assert_true(runbooks_find(runbooks, each.name, "zh_CN", &other));
        assert_string_equal(other.language, "zh");
        assert_true(runbooks_find(runbooks, each.name, "en", &other));
        assert_string_equal(other.language, "en");
    }
    static const char *const detector[] = {"gateway", "host", "application", "storm", "redundancy", "terminal-communication", "terminal-network", "terminal-down", "terminal-read"};
    for (unsigned i = 0; i < ARRAY_COUNT(detector); i++)
        assert_true(runbooks_have(runbooks, detector[i]));
    for (size_t i = 0; i < profile_builtin_count(); i++) {
        struct config_problems problems;
        struct error error;
        config_problems_init(&problems);
        struct profile *profile = profile_load(profile_builtin(i), &problems, &error);
        assert_non_null(profile);
        const struct config_node *rules = profile_rules(profile);
        for (size_t at = 0; rules && at < config_count(rules); at++)
            assert_true(runbooks_have(runbooks, config_text(config_at(rules, at), "runbook", "")));
        profile_free(&profile);
        config_problems_release(&problems);
    }
    runbooks_free(&runbooks);
    buffer_release(&remarks);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(read_into_blocks),
        cmocka_unit_test(bounded),
        cmocka_unit_test(names),
        cmocka_unit_test(of_a_site),
        cmocka_unit_test(the_shipped_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
