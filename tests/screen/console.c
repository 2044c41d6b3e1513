#include "screen/console.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/memory.h"

#define SETTLE 1000 /* ms, which the harness stretches; what moves by itself may never fall quiet */

/* Who listens there; 0: nobody. */
static pid_t listener(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct ucred peer = {0};
    socklen_t length = sizeof peer;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    strncpy(address.sun_path, path, sizeof address.sun_path - 1);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0 || getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0)
        peer.pid = 0;
    close(fd);
    return peer.pid;
}

struct harness *console_open(const char *socket, const struct console_look *look)
{
    const char *arguments[ARRAY_COUNT(look->arguments) + 4] = {BUILD_FOLDER "/nocturne"};
    const char *environment[ARRAY_COUNT(look->environment) + 3] = {"XDG_CONFIG_HOME=/nonexistent", "XDG_STATE_HOME=/nonexistent"};
    size_t count = 1;
    if (socket) {
        arguments[count++] = "--socket";
        arguments[count++] = socket;
    }
    for (size_t i = 0; i < ARRAY_COUNT(look->arguments) && look->arguments[i]; i++)
        arguments[count++] = look->arguments[i];
    for (size_t i = 0; i < ARRAY_COUNT(look->environment) && look->environment[i]; i++)
        environment[i + 2] = look->environment[i];
    struct harness *harness = harness_start(&(struct harness_options){
        .rows = look->rows, .columns = look->columns, .arguments = arguments, .environment = environment,
        .terminal = look->terminal, .locale = look->locale, .folder = look->folder});
    pid_t daemon = socket ? listener(socket) : 0;
    if (daemon > 0)
        harness_watch(harness, daemon);
    return harness;
}

void console_mask(struct harness *harness)
{
    harness_mask(harness, " *([0-9]+ ms  )?[0-9][0-9.]*/s( +[0-9]+[smhd][0-9]*)?", ">0/s");
}

void settle(struct harness *harness)
{
    harness_wait_quiet(harness, QUIET, SETTLE);
}

void await(struct harness *harness, const char *text)
{
    if (!harness_wait_text(harness, text, PATIENCE))
        fail_msg("`%s` did not come:\n%s", text, harness_text(harness));
    settle(harness);
}

void press(struct harness *harness, const char *keys, const char *until)
{
    harness_keys(harness, keys);
    if (until && !harness_wait_text(harness, until, PATIENCE))
        fail_msg("`%s` did not come after %s:\n%s", until, keys, harness_text(harness));
    settle(harness);
}

void has(struct harness *harness, const char *text)
{
    if (!harness_wait_text(harness, text, PATIENCE))
        fail_msg("no `%s` in:\n%s", text, harness_text(harness));
}

void row_has(struct harness *harness, int row, const char *text)
{
    if (!harness_wait_row(harness, row, text, PATIENCE))
        fail_msg("no `%s` in row %d of:\n%s", text, row, harness_text(harness));
}

void lacks(struct harness *harness, const char *text)
{
    if (!harness_wait_no_text(harness, text, PATIENCE))
        fail_msg("`%s` in:\n%s", text, harness_text(harness));
}

void leave(struct harness **harness)
{
    int status = -1;
    harness_keys(*harness, "q");
    if (!harness_wait_exit(*harness, PATIENCE, &status))
        fail_msg("it does not end:\n%s", harness_text(*harness));
    assert_int_equal(status, 0);
    assert_false(harness_alternate(*harness));
    harness_free(harness);
}
