/* One night, as a script (issue 3): a gateway dies with 44 terminals behind it, nobody answers and it escalates, somebody
 * takes it; it comes and goes until it counts as flapping; a building falls silent and half of it returns; a silence;
 * morning. What a person sees is compared as golden screens, and every notification that was sent as a golden list. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "screen/console.h"
#include "screen/site.h"

#define TERMINALS 44           /* behind GW-A, in 涵英楼 */
#define LIBRARY 24             /* in 图书馆, eight behind each of three gateways */
#define GOLDEN_LIST "tests/screen/golden/night-notifications.txt"

/* Who speaks, a few times a second; a child process says it for them. */
struct speakers { volatile bool gateway_a, terminals_a, library[LIBRARY]; };

struct night {
    struct site_fixture site;
    char sent[64];             /* what the channels were given, in order */
    struct speakers *speakers;
    pid_t speaker;
};

static char *configuration(const char *sent)
{
    return memory_printf("site: {name: 创新港, timezone: Asia/Shanghai, language: en}\n"
                         "roles: {admin: [\"user:root\"], viewer: [\"*\"]}\n"
                         "ledger: [assets.csv]\n"
                         "notify:\n"
                         "  batch: {gather: 300ms}\n"
                         "  channels:\n"
                         "    - {name: duty, type: command, to: duty, rate: 6000, parallel: 1,\n"
                         "       command: [/bin/sh, -c, 'printf \"%%s: %%s\\n\" \"$2\" \"$3\" >>\"$1\"', sh, %s, \"{to}\", \"{title}\"]}\n"
                         "    - {name: chief, type: command, to: chief, rate: 6000, parallel: 1,\n"
                         "       command: [/bin/sh, -c, 'printf \"%%s: %%s\\n\" \"$2\" \"$3\" >>\"$1\"', sh, %s, \"{to}\", \"{title}\"]}\n"
                         "  chains:\n"
                         "    - {name: night, steps: [{notify: [\"channel:duty\"]}, {wait: 4s}, {notify: [\"channel:chief\"]}]}\n"
                         "  routes:\n"
                         "    - {filter: \"severity:critical\", chain: night}\n", sent, sent);
}

static char *ledger(void)
{
    struct buffer csv = BUFFER_INIT;
    buffer_append_text(&csv, "id,name,kind,class,parent,subsystem,site,building,floor,unit,period\n"
                             "GW-A,供水网关,gateway,gateway,,供水管理,创新港,涵英楼,1F,后勤处,1s\n");
    for (int t = 0; t < TERMINALS; t++)
        buffer_printf(&csv, "T-A%02d,水表%02d,terminal,meter,GW-A,供水管理,创新港,涵英楼,%dF,后勤处,1h\n", t, t, t % 5 + 1);
    for (int g = 0; g < 3; g++)
        buffer_printf(&csv, "GW-L%d,照明网关%d,gateway,gateway,,智能照明,创新港,图书馆,%dF,基建处,1h\n", g, g, g + 1);
    for (int t = 0; t < LIBRARY; t++)
        buffer_printf(&csv, "T-L%02d,灯控%02d,terminal,lamp,GW-L%d,智能照明,创新港,图书馆,%dF,基建处,1s\n", t, t, t / 8, t / 8 + 1);
    return buffer_take(&csv);
}

/* ---- who speaks ---- */

static void say(struct buffer *json, const char *format, int number)
{
    buffer_append_text(json, json->length > 1 ? ",{\"asset\":\"" : "{\"asset\":\"");
    buffer_printf(json, format, number);
    buffer_append_text(json, "\",\"metric\":\"v\",\"value\":1}");
}

static void speak_once(struct night *night)
{
    struct buffer json = BUFFER_INIT;
    buffer_append_char(&json, '[');
    if (night->speakers->gateway_a)
        say(&json, "GW-A", 0);
    for (int t = 0; t < TERMINALS && night->speakers->terminals_a; t++)
        say(&json, "T-A%02d", t);
    night->speakers->terminals_a = false; /* once an hour is enough for them */
    for (int t = 0; t < LIBRARY; t++)
        if (night->speakers->library[t])
            say(&json, "T-L%02d", t);
    buffer_append_char(&json, ']');
    if (json.length > 2)
        site_push(&night->site, buffer_text(&json));
    buffer_release(&json);
}

static void library_speaks(struct night *night, int from)
{
    for (int t = 0; t < LIBRARY; t++)
        night->speakers->library[t] = t >= from;
}

static int begin(void **state)
{
    struct night *night = memory_new(sizeof *night);
    snprintf(night->sent, sizeof night->sent, "/tmp/nocturne-night-XXXXXX");
    close(mkstemp(night->sent));
    char *config = configuration(night->sent), *assets = ledger();
    site_start_with(&night->site, config, assets);
    free(config);
    free(assets);
    night->speakers = mmap(NULL, sizeof *night->speakers, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    night->speakers->gateway_a = night->speakers->terminals_a = true;
    library_speaks(night, 0);
    night->speaker = fork();
    if (night->speaker == 0) {
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        for (;; usleep(250000))
            speak_once(night);
    }
    *state = night;
    return 0;
}

static int end(void **state)
{
    struct night *night = *state;
    kill(night->speaker, SIGTERM);
    waitpid(night->speaker, NULL, 0);
    site_stop(&night->site);
    unlink(night->sent);
    munmap((void *)night->speakers, sizeof *night->speakers);
    free(night);
    return 0;
}

/* ---- what a person sees ---- */

static struct harness *open_console(struct night *night, const char *locale)
{
    struct harness *harness = console_open(night->site.socket, &(struct console_look){.locale = locale});
    harness_mask(harness, " +([0-9]+ ms  )?[0-9][0-9.]*/s.*$", ""); /* delay, rate, age, heartbeat, clock */
    harness_mask(harness, "^ 1 (Board|总览).*$", " views"); /* other tests show those */
    harness_mask(harness, "[0-9][0-9]:[0-9][0-9]:[0-9][0-9]", "00:00:00");
    harness_mask(harness, "[0-9][0-9]:[0-9][0-9]", "00:00");
    harness_mask(harness, "  +[0-9]+[smh]\\b", "  0s");
    harness_mask(harness, "A-[0-9]{8}", "A-00000000");
    harness_mask(harness, " · [0-9] news", "");
    harness_mask(harness, " · [0-9] 条新消息", "");
    return harness;
}

static void wait_sent(struct night *night, const char *text, int times)
{
    for (int tries = 0; tries < 300; tries++) {
        FILE *file = fopen(night->sent, "r");
        char line[400];
        int found = 0;
        while (file && fgets(line, sizeof line, file))
            found += strstr(line, text) != NULL;
        if (file)
            fclose(file);
        if (found >= times)
            return;
        usleep(50000);
    }
    char *show = memory_printf("sed 's/^/# /' %s", night->sent);
    if (system(show) != 0)
        perror(show);
    fail_msg("`%s` was not sent %d times", text, times);
}

static void shell(struct night *night, const char *arguments)
{
    char *line = memory_printf(BUILD_FOLDER "/nocturne --socket %s %s >/dev/null 2>&1", night->site.socket, arguments);
    if (system(line) != 0)
        fail_msg("%s", line);
    free(line);
}

/* In the order of sending for each receiver; receivers have queues of their own. */
static void compare_sent(struct night *night)
{
    struct buffer list = BUFFER_INIT;
    static const char *const receivers[] = {"duty: ", "chief: "};
    char line[400];
    for (int i = 0; i < 2; i++) {
        FILE *file = fopen(night->sent, "r");
        while (fgets(line, sizeof line, file))
            if (strncmp(line, receivers[i], strlen(receivers[i])) == 0)
                buffer_append_text(&list, line);
        fclose(file);
    }
    if (getenv("UPDATE_GOLDEN")) {
        FILE *file = fopen(GOLDEN_LIST, "w");
        fputs(buffer_text(&list), file);
        fclose(file);
    }
    FILE *file = fopen(GOLDEN_LIST, "r");
    char golden[8192] = "";
    assert_non_null(file);
    golden[fread(golden, 1, sizeof golden - 1, file)] = '\0';
    fclose(file);
    assert_string_equal(buffer_text(&list), golden);
    buffer_release(&list);
}

static void in_chinese(struct night *night, const char *until, const char *name)
{
    struct harness *harness = open_console(night, "zh_CN.UTF-8");
    await(harness, "GW-");
    press(harness, "2", until);
    harness_golden(harness, name);
    harness_keys(harness, "q");
    harness_free(&harness);
}

static void the_night(void **state)
{
    struct night *night = *state;
    struct speakers *speakers = night->speakers;
    struct harness *harness = open_console(night, NULL);
    await(harness, "GW-");
    press(harness, "2", "no alert");
    harness_golden(harness, "night-1-evening");

    /* It dies: one row for 45; duty is told, and after four seconds without an answer the chief. */
    speakers->gateway_a = false;
    await(harness, "+44");
    wait_sent(night, "chief: ", 1);
    await(harness, "1 of 45 · 44 symptoms");
    press(harness, ".", "1 of 45");
    harness_golden(harness, "night-2-gateway");
    in_chinese(night, "+44", "night-2-gateway-zh");
    press(harness, "a", ":ack");
    press(harness, "type:calling Space type:the Space type:keeper Enter", "is acknowledged");
    await(harness, "1 acked");

    /* It comes and goes: after the third return it counts as flapping, and stops calling people. */
    for (int i = 0; i < 3; i++) {
        speakers->gateway_a = true;
        if (!harness_wait_no_text(harness, "+44", PATIENCE))
            fail_msg("it did not return:\n%s", harness_text(harness));
        wait_sent(night, "duty: [RESOLVED] critical gateway offline", i + 1);
        speakers->gateway_a = false;
        if (i < 2) {
            await(harness, "+44");
            wait_sent(night, "duty: [ALERT] critical gateway offline", i + 2);
        }
    }
    await(harness, "44 symptoms · 1 flapping");
    await(harness, "1 x  44 /");
    harness_golden(harness, "night-3-flapping");

    /* The library's 24 fall silent at once though their gateways stand: one storm; then half of them return. */
    library_speaks(night, LIBRARY);
    await(harness, "+24");
    wait_sent(night, "图书馆", 2); /* duty and chief */
    await(harness, "25 x  44 /");
    press(harness, "g .", "▌   C"); /* the cursor's row had gone: a person puts it somewhere again */
    harness_golden(harness, "night-4-building");
    library_speaks(night, LIBRARY / 2);
    await(harness, "+12");
    await(harness, "13 x  44 /");
    harness_golden(harness, "night-5-half-returns");

    /* The electricians are known to be there: silenced. */
    shell(night, "silence --filter building:图书馆 --yes 8h 电工检修");
    await(harness, "13 silenced");
    press(harness, "H", "with what is hidden");
    in_chinese(night, "44 连带", "night-6-silence-zh");
    press(harness, "Esc", "13 silenced");

    /* Morning: everything speaks; who was told of the building is told of its end, though it is silenced. The two that
     * stood in the night wait to be looked at, behind what hides them; they are taken off with one note. */
    library_speaks(night, 0);
    wait_sent(night, "[RESOLVED] critical building terminals lost", 2);
    await(harness, "· 1 silenced"); /* the storm ends before the last of it is back */
    speakers->gateway_a = true;
    await(harness, "0 of 2 · 1 silenced · 1 flapping");
    press(harness, "H", "with what is hidden");
    press(harness, "g", "all 70"); /* the closed ones of the night are below */
    harness_golden(harness, "night-7-morning");
    press(harness, "Space Space a", ":ack");
    press(harness, "type:handed-over Enter", "2 alerts are acknowledged");
    press(harness, "Esc Esc", "no alert");
    await(harness, "all is well");
    harness_keys(harness, "q");
    harness_free(&harness);
    compare_sent(night);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_night, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
