/* doctor: what could spoil the day, each with its remedy. */
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "client/start.h"
#include "command/actions.h"
#include "command/keymap.h"
#include "command/shell.h"
#include "term/locale.h"
#include "term/screen.h"

struct doctor { struct shell *shell; unsigned problems; int terminal; };

enum verdict { GOOD, NOTE, BAD };

static void tell(struct doctor *doctor, enum verdict verdict, const char *what, const char *remedy, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
static void tell(struct doctor *doctor, enum verdict verdict, const char *what, const char *remedy, const char *format, ...)
{
    static const char *const marks[] = {[GOOD] = "ok", [NOTE] = "-", [BAD] = "!"};
    va_list arguments;
    printf("%-3s%-10s ", marks[verdict], what);
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    putchar('\n');
    if (verdict != GOOD && remedy && *remedy)
        printf("   %-10s -> %s\n", "", remedy);
    doctor->problems += verdict == BAD;
}

static void check_locale(struct doctor *doctor)
{
    const char *asked = getenv("LC_ALL");
    if (!asked || !*asked)
        asked = getenv("LC_CTYPE");
    if (!asked || !*asked)
        asked = getenv("LANG");
    if (locale_is_utf8())
        tell(doctor, GOOD, _("locale"), NULL, "%s, %s", setlocale(LC_CTYPE, NULL), nl_langinfo(CODESET));
    else
        tell(doctor, BAD, _("locale"), _("export LANG=C.UTF-8 (or zh_CN.UTF-8); until then everything is ASCII"), "%s: %s",
             asked && *asked ? asked : _("not set"), nl_langinfo(CODESET));
}

/* Print a text and ask the terminal where its cursor went: how wide it thinks the text is. -1: no answer. */
static int measured_width(int terminal, const char *text)
{
    char answer[64];
    size_t used = 0;
    int row, column;
    dprintf(terminal, "\r%s\033[6n", text);
    while (used < sizeof answer - 1) {
        struct pollfd waiting = {.fd = terminal, .events = POLLIN};
        if (poll(&waiting, 1, 300) <= 0)
            break;
        ssize_t got = read(terminal, answer + used, 1);
        if (got <= 0)
            break;
        used += (size_t)got;
        if (answer[used - 1] == 'R')
            break;
    }
    answer[used] = '\0';
    dprintf(terminal, "\r\033[K");
    const char *escape = strchr(answer, '\033');
    return escape && sscanf(escape, "\033[%d;%dR", &row, &column) == 2 ? column - 1 : -1;
}

static void check_widths(struct doctor *doctor)
{
    static const struct { const char *text, *name; } samples[] = {{"泵房", "CJK"}, {"·", "U+00B7"}, {"…", "U+2026"}, {"⣿", "braille"}, {"█", "block"}};
    struct termios saved, raw;
    if (doctor->terminal < 0 || !locale_is_utf8() || tcgetattr(doctor->terminal, &saved) != 0)
        return;
    raw = saved;
    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    tcsetattr(doctor->terminal, TCSAFLUSH, &raw);
    fflush(stdout);
    struct buffer wrong = BUFFER_INIT;
    bool silent = false;
    for (unsigned i = 0; i < ARRAY_COUNT(samples) && !silent; i++) {
        int width = measured_width(doctor->terminal, samples[i].text), expected = text_width(samples[i].text);
        silent = width < 0;
        if (!silent && width != expected)
            buffer_printf(&wrong, " %s=%d (%d)", samples[i].name, width, expected);
    }
    tcsetattr(doctor->terminal, TCSAFLUSH, &saved);
    if (silent)
        tell(doctor, NOTE, _("width"), _("the terminal does not answer where its cursor is; look whether columns line up"), "%s", _("unknown"));
    else if (wrong.length)
        tell(doctor, BAD, _("width"), _("set the terminal's ambiguous width to narrow, and a font with CJK"), "%s:%s", _("differs"), buffer_text(&wrong));
    else
        tell(doctor, GOOD, _("width"), NULL, "%s", _("CJK, dots, braille and blocks are as wide as we think"));
    buffer_release(&wrong);
}

static void check_terminal(struct doctor *doctor)
{
    const char *term = getenv("TERM"), *tmux = getenv("TMUX"), *screen = getenv("STY");
    enum depth depth = depth_of_environment();
    doctor->terminal = isatty(STDOUT_FILENO) ? open("/dev/tty", O_RDWR | O_CLOEXEC) : -1;
    if (!term || !*term || strcmp(term, "dumb") == 0)
        tell(doctor, BAD, "TERM", _("export TERM=xterm-256color, or use --plain"), "%s", term && *term ? term : _("not set"));
    else
        tell(doctor, GOOD, "TERM", NULL, "%s", term);
    if (getenv("NO_COLOR"))
        tell(doctor, NOTE, _("colours"), _("unset NO_COLOR to have colours"), "%s", _("off by NO_COLOR; letters and shapes say the same"));
    else
        tell(doctor, depth >= DEPTH_256 ? GOOD : NOTE, _("colours"), _("export TERM=xterm-256color if the terminal can"), "%s", depth_name(depth));
    check_widths(doctor);
    tell(doctor, GOOD, "Esc", NULL, _("waits 25 ms for the rest of a key"));
    if (tmux && *tmux)
        tell(doctor, NOTE, "tmux", _("`set -s escape-time 10`, `set -g set-clipboard on`, `set -g mouse on` in tmux.conf"), "%s", _("inside tmux"));
    else if (screen && *screen)
        tell(doctor, NOTE, "screen", _("`maptimeout 10` in .screenrc; screen may cut long clipboard texts"), "%s", _("inside screen"));
    tell(doctor, NOTE, "OSC 52", _("press y on a row and paste elsewhere; in xterm allow it with `xterm*disallowedWindowOps: 20,21,SetXprop`"), "%s",
         _("nobody can ask a terminal whether it obeys"));
    if (doctor->terminal >= 0)
        close(doctor->terminal);
}

static void check_keys(struct doctor *doctor)
{
    struct keymap *keymap = keymap_new();
    struct error error = {0};
    char *path = keymap_default_path();
    if (path && access(path, R_OK) == 0) {
        if (keymap_load(keymap, path, &error))
            tell(doctor, GOOD, _("keys"), NULL, "%s", path);
        else
            tell(doctor, BAD, _("keys"), _("correct that line; the lines before it are in force"), "%s", error.text);
    }
    free(path);
    keymap_free(&keymap);
}

/* Each source that does not run says why, in the collector's own words: an unreadable key, an unknown host, a refusal. */
static void check_sources(struct doctor *doctor)
{
    struct buffer answer = BUFFER_INIT;
    struct json_object *page = NULL;
    if (client_call(doctor->shell->client, "GET", "/sources", NULL, 0, NULL, &answer, NULL))
        page = json_parse(buffer_text(&answer), answer.length, 16, NULL);
    struct json_object *items = page ? json_get(page, "items") : NULL;
    size_t count = json_object_is_type(items, json_type_array) ? json_object_array_length(items) : 0;
    for (size_t i = 0; i < count; i++) {
        struct json_object *source = json_object_array_get_idx(items, i);
        const char *state = json_get_text(source, "state", "");
        char said[400];
        if (strcmp(state, "running") != 0 && strcmp(state, "starting") != 0)
            tell(doctor, NOTE, "", NULL, "%s: %s", json_get_text(source, "name", "?"),
                 phrase_said(said, sizeof said, json_get_text(source, "detail", state)));
    }
    if (page)
        json_object_put(page);
    buffer_release(&answer);
}

static void check_overview(struct doctor *doctor, const struct buffer *answer)
{
    struct arena *arena = arena_new();
    struct wire_overview overview = {0};
    char age[SPAN_TEXT] = "-";
    msec now = clock_wall();
    if (!wire_read_overview(buffer_text(answer), answer->length, arena, &overview, NULL)) {
        tell(doctor, BAD, _("daemon"), _("console and daemon differ: install both from one version"), "%s", _("its answer is not understood"));
        arena_free(&arena);
        return;
    }
    if (strcmp(overview.version, NOCTURNE_VERSION) == 0)
        tell(doctor, GOOD, _("version"), NULL, "%s", overview.version);
    else
        tell(doctor, NOTE, _("version"), _("install both from one version"), _("daemon %s, console %s"), overview.version, NOCTURNE_VERSION);
    if (overview.store_writable)
        tell(doctor, GOOD, _("store"), NULL, "%s, %.1f MiB", overview.store_engine, (double)overview.store_bytes / (1 << 20));
    else
        tell(doctor, BAD, _("store"), strcmp(overview.store_engine, "postgresql") == 0
                                          ? _("look after the database server; the daemon retries by itself")
                                          : _("free space, or mend the state directory; the daemon retries by itself"),
             "%s", overview.store_problem);
    if (overview.newest_heard != CLOCK_NEVER)
        span_format_short(age, now > overview.newest_heard ? now - overview.newest_heard : 0);
    bool running = strcmp(overview.sources_worst, "running") == 0;
    tell(doctor, running && overview.sources ? GOOD : BAD, _("sources"),
         overview.sources ? _("nocturne get sources: what each says") : _("add one under `sources:` in nocturne.yml"),
         _("%u of %u running, last heard %s ago"), overview.sources_running, overview.sources, age);
    if (!running)
        check_sources(doctor);
    if (overview.discovered)
        tell(doctor, NOTE, _("ledger"), _("nocturne get assets --filter discovered:yes, then adopt"), _("%u spoke without being in it"), overview.discovered);
    arena_free(&arena);
}

static void check_daemon(struct doctor *doctor)
{
    const struct options *options = doctor->shell->options;
    struct buffer answer = BUFFER_INIT;
    struct error error = {0};
    char *socket = options->socket ? memory_text(options->socket) : client_default_socket();
    const char *where = options->url ? options->url : socket;
    if (!options->url && !client_socket_answers(socket)) {
        if (client_socket_denied(socket))
            tell(doctor, BAD, _("daemon"), _("become a member of its group, and sign in again"), _("%s is not open to you"), where);
        else
            tell(doctor, BAD, _("daemon"), _("start it: `nocturne` does, or systemctl start nocturned"), _("nobody answers on %s"), where);
        free(socket);
        return;
    }
    if (shell_connect(doctor->shell) && client_call(doctor->shell->client, "GET", "/overview", NULL, 0, NULL, &answer, &error)) {
        tell(doctor, GOOD, _("daemon"), NULL, _("answers on %s in %.1f ms"), where, client_latency(doctor->shell->client));
        struct buffer who = BUFFER_INIT;
        if (client_call(doctor->shell->client, "GET", "/whoami", NULL, 0, NULL, &who, NULL)) {
            struct json_object *whoami = json_parse(buffer_text(&who), who.length, 8, NULL);
            if (whoami)
                tell(doctor, GOOD, _("you"), NULL, "%s, %s", json_get_text(whoami, "name", "?"), json_get_text(whoami, "role", "?"));
            if (whoami)
                json_object_put(whoami);
        }
        buffer_release(&who);
        check_overview(doctor, &answer);
    } else {
        tell(doctor, BAD, _("daemon"), error.code == ERROR_DENIED ? _("ask an admin for a role under `roles:` in nocturne.yml") : "", "%s: %s", where,
             error.text);
    }
    buffer_release(&answer);
    free(socket);
}

int shell_doctor(struct shell *shell, int argc, char **argv)
{
    struct doctor doctor = {.shell = shell};
    (void)argv;
    if (argc != 1)
        return shell_usage("doctor");
    printf("nocturne %s\n", NOCTURNE_VERSION);
    check_locale(&doctor);
    check_terminal(&doctor);
    check_keys(&doctor);
    check_daemon(&doctor);
    if (doctor.problems)
        printf(ngettext("%u problem\n", "%u problems\n", doctor.problems), doctor.problems);
    else
        printf("%s\n", _("nothing is wrong"));
    return doctor.problems ? 1 : 0;
}
