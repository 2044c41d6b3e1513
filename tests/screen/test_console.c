/* The console against a real daemon: what a person sees, at several sizes, languages and terminals, and that each end
 * of it leaves the terminal as it was. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "screen/console.h"
#include "screen/site.h"

static struct site_fixture site;

static int start_site(void **state)
{
    (void)state;
    site_start(&site);
    return 0;
}

static int stop_site(void **state)
{
    (void)state;
    site_stop(&site);
    return 0;
}

/* What is never the same twice: times, ages, rates, the heart. An age is of any length: it is masked with the
 * blanks in front of it, or with what stands behind it in its line. */
static void mask(struct harness *harness)
{
    console_mask(harness);
    harness_mask(harness, "^ [0-9]+ (commands|个命令)", " 00"); /* there will be more of them */
    harness_mask(harness, "( +[0-9]{2}[:-][0-9]{2}){2,} *$", "");                /* a time axis: its ticks move */
    harness_mask(harness, " *(⢀|⡀|⠄|⠠|⠂|⠐|⠁|⠈)+", "");                          /* the one value on a chart moves too */
    harness_mask(harness, "[0-9][0-9]:[0-9][0-9]:[0-9][0-9]", "00:00:00");
    harness_mask(harness, "[0-9][0-9]:[0-9][0-9]", "00:00");
    harness_mask(harness, "  +offline [0-9]+[sm] +[(]since [0-9:]+[)]", ">offline 0s (since 00:00:00)");
    harness_mask(harness, "  +unreachable [0-9]+[sm] +[(]since [0-9:]+[)]", ">unreachable 0s (since 00:00:00)");
    harness_mask(harness, "  +离线 [0-9]+[sm] *（自 [0-9:]+）", ">离线 0s（自 00:00:00）");
    harness_mask(harness, " · heard [0-9]+[sm] ago · every 1s", " · heard 0s ago · every 1s");
    harness_mask(harness, " · heard [0-9]+[sm] ago · every 1h00", " · heard 0s ago · every 1h00");
    harness_mask(harness, "  +[0-9]+[sm]  +[0-9]+[sm]\\b", ">0s    0s");
    harness_mask(harness, "  +[0-9]+[sm]\\b", ">0s");
    harness_mask(harness, "(•|∙) 00", "* 00");
    harness_mask(harness, "[0-9]+ ms", "");
}

static struct harness *open_console(struct console_look look)
{
    struct harness *harness = console_open(site.socket, &look);
    mask(harness);
    return harness;
}

/* Until the board knows which gateway is gone. */
static void see_board(struct harness *harness)
{
    await(harness, "GW-05");
    settle(harness);
}

/* R009, R010, R021: which gateway of which building died, when, and what hangs on it, without a key pressed. */
static void board_shows_what_is_wrong(void **state)
{
    (void)state;
    struct harness *harness = open_console((struct console_look){0});
    see_board(harness);
    has(harness, "能源中心");
    has(harness, "offline");
    harness_golden(harness, "console-board-80x24");
    press(harness, "v", "by subsystem");
    harness_golden(harness, "console-board-subsystem-80x24");
    press(harness, "w", "in place");
    harness_golden(harness, "console-board-place-80x24");
    leave(&harness);
}

static void board_wide(void **state)
{
    (void)state;
    struct harness *harness = open_console((struct console_look){.rows = 60, .columns = 200});
    see_board(harness);
    await(harness, "health, 6 h");
    settle(harness);
    harness_golden(harness, "console-board-200x60");
    leave(&harness);
}

/* R029: from the site to one terminal's last reading, and back one layer at a time. */
static void drills_down_and_back(void **state)
{
    (void)state;
    struct harness *harness = open_console((struct console_look){0});
    see_board(harness);
    press(harness, "Enter", "3 below");
    harness_golden(harness, "console-gateway-80x24");
    press(harness, "Tab Enter", "T-05-1");
    await(harness, "energy");
    settle(harness);
    harness_golden(harness, "console-terminal-80x24");
    press(harness, "h", "states in 31 days");
    press(harness, "Esc", "energy");
    press(harness, "Esc", "3 below");
    press(harness, "Esc", "by building");
    leave(&harness);
}

static void devices_table_filters_sorts_and_marks(void **state)
{
    (void)state;
    struct harness *harness = open_console((struct console_look){0});
    see_board(harness);
    press(harness, "3", "all 48");
    harness_golden(harness, "console-devices-80x24");
    press(harness, "/ type:图书馆", "12 of 48");
    press(harness, "type:.health:unk", "12 of 48"); /* one word: matches nothing, and is not an error */
    press(harness, "Esc", "all 48");
    press(harness, "/ type:kind:gateway Space type:涵英 Enter", "3 of 48");
    harness_golden(harness, "console-devices-filtered-80x24");
    press(harness, "Space Space", "2 marked");
    press(harness, "Esc", NULL);
    lacks(harness, "marked");
    has(harness, "3 of 48"); /* one layer: the filter is still there */
    press(harness, "Esc", "all 48");
    press(harness, "v", "by building");
    press(harness, "g Right", "GW-05"); /* a step for each answer: the cursor goes to what is there */
    press(harness, "Down Right", "T-05-1");
    harness_golden(harness, "console-tree-80x24");
    leave(&harness);
}

static void sources_overview_and_help(void **state)
{
    (void)state;
    struct harness *harness = open_console((struct console_look){0});
    see_board(harness);
    press(harness, "0", "nocturned");
    press(harness, "?", "commands");
    harness_golden(harness, "console-help-80x24");
    press(harness, "/ type:leave Enter", "1 of ");
    press(harness, "Esc", "commands");
    press(harness, "Esc", "nocturned");
    press(harness, "1", "by building");
    press(harness, "? / type:group Enter", "group-by");
    press(harness, "g Enter", "by subsystem"); /* help runs what it shows, on the page below */
    leave(&harness);
}

static void command_line_completes_and_explains(void **state)
{
    (void)state;
    struct harness *harness = open_console((struct console_look){0});
    see_board(harness);
    press(harness, ": type:so Tab", "sources");
    press(harness, "Esc", NULL);
    press(harness, ": type:the Tab", "theme");
    press(harness, "Tab", "contrast"); /* several: shown above the line, not over the screen */
    press(harness, "Esc", NULL);
    press(harness, ": type:nonsense Enter", "no command");
    press(harness, ": type:filter Space type:health:nosuch Enter", "expected one of");
    press(harness, "Esc", NULL);
    press(harness, ": type:at Space type:yesterdayish Enter", "expected a time");
    leave(&harness);
}

/* The whole console shows another moment, says so, and lets nothing be changed there. */
static void goes_back_in_time(void **state)
{
    (void)state;
    struct harness *harness = open_console((struct console_look){0});
    see_board(harness);
    press(harness, "[", "AS OF");
    press(harness, "3 : type:save Space type:x Enter", "not in the past");
    press(harness, "=", NULL);
    assert_true(harness_wait_no_text(harness, "AS OF", PATIENCE));
    press(harness, "1 Enter", "3 below");
    press(harness, "[", "AS OF"); /* on a page of one asset: to its own change, the moment it went offline */
    has(harness, "offline 0s");
    press(harness, "[", NULL);
    assert_true(harness_wait_no_text(harness, "offline", PATIENCE));
    press(harness, "]", "offline 0s");
    press(harness, "=", NULL);
    assert_true(harness_wait_no_text(harness, "AS OF", PATIENCE));
    press(harness, "1 : type:at Space type:-1s Enter", "AS OF");
    press(harness, "]", NULL);
    leave(&harness);
}

static void dialogs_ignore_what_was_typed_ahead(void **state)
{
    (void)state;
    struct harness *harness = open_console((struct console_look){0});
    see_board(harness);
    press(harness, "3 : type:save Space type:mine Enter", "saved");
    harness_keys(harness, ": type:forget Space type:mine");
    harness_type(harness, "\ry", 2); /* at once: y came too early */
    await(harness, "Forget the saved view");
    has(harness, "Forget the saved view");
    harness_pump(harness, DEAF);
    press(harness, "Enter", NULL); /* Enter never means yes */
    has(harness, "Forget the saved view");
    press(harness, "y", "forgot the view");
    leave(&harness);
}

static void read_only_changes_nothing(void **state)
{
    (void)state;
    struct harness *harness = open_console((struct console_look){.arguments = {"--read-only"}});
    see_board(harness);
    has(harness, "read-only");
    press(harness, "3 : type:save Space type:x Enter", "read-only");
    leave(&harness);
}

static void the_mouse_points(void **state)
{
    (void)state;
    struct harness *harness = open_console((struct console_look){0});
    see_board(harness);
    harness_type(harness, "\033[<0;15;5M\033[<0;15;5m", 20); /* the second cell of the second group */
    await(harness, "图书馆 ▸ GW-0");
    harness_type(harness, "\033[<0;26;2M\033[<0;26;2m", 20); /* the third tab */
    await(harness, "all 48");
    harness_type(harness, "\033[<65;10;10M\033[<65;10;10M", 24); /* the wheel */
    settle(harness);
    leave(&harness);
}

/* y reaches the person's own clipboard, x writes the whole list as it is filtered and sorted. */
static void carries_away(void **state)
{
    (void)state;
    char path[320], line[256] = "";
    unsigned rows = 0;
    struct harness *harness = open_console((struct console_look){0});
    see_board(harness);
    press(harness, "y", "copied GW-05");
    size_t length;
    const char *raw = harness_raw(harness, &length);
    assert_non_null(memmem(raw, length, "\033]52;c;R1ctMDU=", 15)); /* base64 of GW-05 */
    press(harness, "3 / type:kind:gateway Enter", "12 of 48");
    snprintf(path, sizeof path, "%s/list.csv", site.folder);
    char keys[400];
    snprintf(keys, sizeof keys, ": type:export Space type:%s Enter", path);
    press(harness, keys, "wrote");
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file))
        rows++;
    fclose(file);
    assert_int_equal(rows, 13); /* a head and twelve gateways */
    leave(&harness);
}

/* The user's own keys, and a mistake in them, which must be seen. */
static void own_keys(void **state)
{
    (void)state;
    char folder[320], path[1024];
    snprintf(folder, sizeof folder, "%s/config", site.folder);
    snprintf(path, sizeof path, "mkdir -p %s/nocturne && printf 'bind board e group-by subsystem\nbind board Q fly\n' > %s/nocturne/keys", folder, folder);
    assert_int_equal(system(path), 0);
    snprintf(path, sizeof path, "XDG_CONFIG_HOME=%s", folder);
    struct harness *harness = open_console((struct console_look){.environment = {path}});
    see_board(harness);
    has(harness, "keys:2");
    press(harness, "e", "by subsystem");
    leave(&harness);
}

/* ^Z gives the terminal back to the shell, fg takes it again. */
static void stops_and_goes_on(void **state)
{
    (void)state;
    char line[700];
    snprintf(line, sizeof line, "set -m; " BUILD_FOLDER "/nocturne --socket %s; echo STOPPED; read x; fg; echo BACK", site.socket);
    const char *arguments[] = {"bash", "-c", line, NULL};
    struct harness *harness = harness_start(&(struct harness_options){.arguments = arguments});
    see_board(harness);
    harness_keys(harness, "C-z");
    await(harness, "STOPPED");
    assert_true(harness_wait_alternate(harness, false, PATIENCE));
    harness_keys(harness, "Enter");
    see_board(harness);
    assert_true(harness_wait_alternate(harness, true, PATIENCE));
    has(harness, "by building");
    harness_keys(harness, "q");
    await(harness, "BACK");
    harness_free(&harness);
}

/* ---- every kind of terminal ---- */

static void speaks_chinese(void **state)
{
    (void)state;
    struct harness *harness = open_console((struct console_look){.locale = "zh_CN.UTF-8"});
    see_board(harness);
    harness_golden(harness, "console-board-zh-80x24");
    press(harness, "3", NULL);
    harness_golden(harness, "console-devices-zh-80x24");
    press(harness, "?", NULL);
    harness_golden(harness, "console-help-zh-80x24");
    leave(&harness);
}

static void without_colours(void **state)
{
    (void)state;
    struct harness *harness = open_console((struct console_look){.environment = {"NO_COLOR=1"}});
    see_board(harness);
    harness_golden_looks(harness, "console-board-mono-80x24");
    leave(&harness);
}

/* R009: on more lines than terminfo says, too, one page's hints leave nothing of another's behind. */
static void one_page_after_another(void **state)
{
    (void)state;
    static const char *const locales[] = {"C.UTF-8", "zh_CN.UTF-8"};
    static const char *const keys[] = {"Right", "Enter", "Esc", "Esc", "3", "Enter", "Esc", "2", "1", "Enter", "1"};
    for (size_t i = 0; i < sizeof locales / sizeof *locales; i++) {
        struct harness *harness = open_console((struct console_look){
            .rows = 40, .columns = 120, .environment = {"NO_COLOR=1"}, .locale = locales[i]});
        see_board(harness);
        for (size_t key = 0; key < sizeof keys / sizeof *keys; key++) {
            char hints[1024];
            press(harness, keys[key], NULL);
            snprintf(hints, sizeof hints, "%s", harness_row(harness, 39));
            press(harness, "C-l", NULL); /* painted from nothing */
            assert_string_equal(hints, harness_row(harness, 39));
        }
        harness_free(&harness);
    }
}

static void on_the_linux_console(void **state)
{
    (void)state;
    struct harness *harness = open_console((struct console_look){.terminal = "linux"});
    see_board(harness);
    harness_golden(harness, "console-board-linux-80x24");
    leave(&harness);
}

static void in_an_ascii_locale(void **state)
{
    (void)state;
    struct harness *harness = open_console((struct console_look){.locale = "C"});
    await(harness, "GW-05");
    settle(harness);
    harness_golden(harness, "console-board-ascii-80x24");
    leave(&harness);
}

static void in_very_little_room(void **state)
{
    (void)state;
    struct harness *harness = open_console((struct console_look){.rows = 5, .columns = 20});
    await(harness, "x");
    settle(harness);
    press(harness, "3 j j / type:GW Enter", NULL);
    press(harness, "Esc", NULL);
    press(harness, "1", NULL);
    harness_golden(harness, "console-board-20x5");
    harness_resize(harness, 24, 80);
    see_board(harness);
    has(harness, "by building, worst first");
    harness_resize(harness, 3, 10);
    settle(harness);
    harness_resize(harness, 60, 200);
    await(harness, "health, 6 h");
    leave(&harness);
}

/* ---- ends ---- */

static void a_hang_up_ends_it(void **state)
{
    (void)state;
    int status;
    struct harness *harness = open_console((struct console_look){0});
    see_board(harness);
    harness_hang_up(harness);
    assert_true(harness_wait_exit(harness, PATIENCE, &status));
    harness_free(&harness);
    harness = open_console((struct console_look){0});
    see_board(harness);
    kill(harness_pid(harness), SIGTERM);
    assert_true(harness_wait_exit(harness, PATIENCE, &status));
    assert_true(harness_wait_alternate(harness, false, PATIENCE));
    harness_free(&harness);
}

static void a_lost_daemon_is_said_and_comes_back(void **state)
{
    (void)state;
    struct harness *harness = open_console((struct console_look){0});
    see_board(harness);
    site_kill_daemon(&site);
    await(harness, "NO LINK");
    site_start_daemon(&site);
    assert_true(harness_wait_no_text(harness, "NO LINK", PATIENCE));
    see_board(harness);
    leave(&harness);
}

/* A daemon that answers nothing must not freeze the console: keys work on what is here. */
static void a_silent_daemon_does_not_freeze_it(void **state)
{
    (void)state;
    struct harness *harness = open_console((struct console_look){0});
    see_board(harness);
    site_pause(&site, true);
    press(harness, "Right", "▸ GW-04");
    press(harness, "?", "commands");
    press(harness, "Esc", "by building");
    site_pause(&site, false);
    leave(&harness);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(board_shows_what_is_wrong),
        cmocka_unit_test(board_wide),
        cmocka_unit_test(drills_down_and_back),
        cmocka_unit_test(devices_table_filters_sorts_and_marks),
        cmocka_unit_test(sources_overview_and_help),
        cmocka_unit_test(command_line_completes_and_explains),
        cmocka_unit_test(goes_back_in_time),
        cmocka_unit_test(dialogs_ignore_what_was_typed_ahead),
        cmocka_unit_test(read_only_changes_nothing),
        cmocka_unit_test(the_mouse_points),
        cmocka_unit_test(carries_away),
        cmocka_unit_test(own_keys),
        cmocka_unit_test(stops_and_goes_on),
        cmocka_unit_test(speaks_chinese),
        cmocka_unit_test(without_colours),
        cmocka_unit_test(one_page_after_another),
        cmocka_unit_test(on_the_linux_console),
        cmocka_unit_test(in_an_ascii_locale),
        cmocka_unit_test(in_very_little_room),
        cmocka_unit_test(a_silent_daemon_does_not_freeze_it),
        cmocka_unit_test(a_hang_up_ends_it),
        cmocka_unit_test(a_lost_daemon_is_said_and_comes_back),
    };
    return cmocka_run_group_tests(tests, start_site, stop_site);
}
