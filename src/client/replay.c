#include "client/replay.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "client/internal.h"

#define PATIENCE (90 * SPAN_SECOND) /* a large capsule on a slow machine */
#define END_PATIENCE (6 * SPAN_SECOND)
#define LINE_MOST 65536

struct pipes { int in[2], out[2], err[2]; };

static void run_child(const char *program, const char *file, const struct pipes *pipes)
{
    setsid(); /* what the terminal sends is for us; the pipe tells it when we end */
    dup2(pipes->in[0], STDIN_FILENO);
    dup2(pipes->out[1], STDOUT_FILENO);
    dup2(pipes->err[1], STDERR_FILENO);
    closefrom(STDERR_FILENO + 1);
    execl(program, "nocturned", "--replay", file, (char *)NULL);
    _exit(127);
}

/* All that comes until a line ends, the other side does, or time is up. */
static void read_line(int file, struct buffer *line, msec until)
{
    struct pollfd wait = {.fd = file, .events = POLLIN};
    char piece[4096];
    while (line->length < LINE_MOST && !memchr(buffer_text(line), '\n', line->length)) {
        msec left = until - clock_steady();
        int ready = left > 0 ? poll(&wait, 1, (int)left) : 0;
        if (ready < 0 && errno == EINTR)
            continue;
        ssize_t length = ready > 0 ? read(file, piece, sizeof piece) : 0;
        if (length <= 0)
            return;
        buffer_append(line, piece, (size_t)length);
    }
}

static char *member(struct json_object *object, const char *key)
{
    return memory_text(json_get_text(object, key, ""));
}

static bool understand(struct client_replay *replay, const struct buffer *line)
{
    struct json_object *object = json_parse(buffer_text(line), line->length, 4, NULL);
    bool good = json_object_is_type(object, json_type_object) && json_get_instant(object, "taken_at") != CLOCK_NEVER;
    if (good) {
        replay->socket = member(object, "socket");
        replay->incident = member(object, "incident");
        replay->site = member(object, "site");
        replay->timezone = member(object, "timezone");
        replay->taken_by = member(object, "taken_by");
        replay->left_out = member(object, "left_out");
        replay->taken_at = json_get_instant(object, "taken_at");
        replay->moment = json_get_instant(object, "moment");
        replay->from = json_get_instant(object, "from");
        replay->to = json_get_instant(object, "to");
        replay->assets = (unsigned)json_get_integer(object, "assets", 0);
        replay->fleet = (unsigned)json_get_integer(object, "fleet", 0);
    }
    json_object_put(object);
    return good;
}

static bool explain(int file, msec until, struct error *error)
{
    static const char prefix[] = "nocturned: ";
    struct buffer line = BUFFER_INIT;
    char text[300];
    read_line(file, &line, until);
    const char *said = buffer_text(&line);
    if (strncmp(said, prefix, strlen(prefix)) == 0)
        said += strlen(prefix);
    text_clean_into(text, sizeof text, said, strcspn(said, "\n"));
    buffer_release(&line);
    return error_set(error, ERROR_UNAVAILABLE, "%s", *text ? text : N_("the capsule was not opened in time"));
}

static bool begin(struct client_replay *replay, const char *program, const char *file, struct error *error)
{
    struct pipes pipes;
    struct buffer line = BUFFER_INIT;
    msec until = clock_steady() + PATIENCE;
    if (pipe2(pipes.in, O_CLOEXEC) != 0 || pipe2(pipes.out, O_CLOEXEC) != 0 || pipe2(pipes.err, O_CLOEXEC) != 0)
        return error_set(error, ERROR_INTERNAL, "no pipe: %s", strerror(errno));
    replay->child = fork();
    if (replay->child == 0)
        run_child(program, file, &pipes);
    close(pipes.in[0]);
    close(pipes.out[1]);
    close(pipes.err[1]);
    replay->alive = pipes.in[1];
    bool good = replay->child > 0;
    if (!good) {
        error_set(error, ERROR_INTERNAL, "nocturned cannot be started: %s", strerror(errno));
    } else {
        read_line(pipes.out[0], &line, until);
        good = understand(replay, &line) || explain(pipes.err[0], clock_steady() + SPAN_SECOND, error);
    }
    close(pipes.out[0]);
    close(pipes.err[0]);
    buffer_release(&line);
    return good;
}

bool client_replay_open(struct client_replay *replay, const char *file, struct error *error)
{
    memset(replay, 0, sizeof *replay);
    char *program = client_daemon_path();
    if (!program)
        return error_set(error, ERROR_UNAVAILABLE, "no nocturned was found beside this program or in PATH");
    bool good = begin(replay, program, file, error);
    free(program);
    if (!good) {
        client_replay_close(replay);
        return false;
    }
    clock_hold_wall(replay->taken_at);
    if (*replay->timezone && !getenv("NOCTURNE_OWN_TZ") && setenv("TZ", replay->timezone, 1) == 0)
        tzset();
    return true;
}

void client_replay_close(struct client_replay *replay)
{
    if (replay->child > 0) {
        close(replay->alive);
        kill(replay->child, SIGTERM);
        msec until = clock_steady() + END_PATIENCE;
        while (waitpid(replay->child, NULL, WNOHANG) == 0) {
            if (clock_steady() > until)
                kill(replay->child, SIGKILL);
            poll(NULL, 0, 2);
        }
    }
    free(replay->socket);
    free(replay->incident);
    free(replay->site);
    free(replay->timezone);
    free(replay->taken_by);
    free(replay->left_out);
    memset(replay, 0, sizeof *replay);
}
