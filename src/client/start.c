#include "client/start.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"
#include "client/internal.h"

/* 0, or why nobody can be talked to there. */
static int socket_try(const char *socket_path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(socket_path) >= sizeof address.sun_path)
        return ENAMETOOLONG;
    strcpy(address.sun_path, socket_path);
    int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0)
        return errno;
    int why = connect(descriptor, (struct sockaddr *)&address, sizeof address) == 0 ? 0 : errno;
    close(descriptor);
    return why;
}

bool client_socket_answers(const char *socket_path)
{
    return socket_try(socket_path) == 0;
}

bool client_socket_denied(const char *socket_path)
{
    return socket_try(socket_path) == EACCES;
}

char *client_daemon_path(void)
{
    char self[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    if (length > 0) {
        self[length] = '\0';
        char *slash = strrchr(self, '/');
        if (slash) {
            *slash = '\0';
            char *beside = memory_printf("%s/nocturned", self);
            if (access(beside, X_OK) == 0)
                return beside;
            free(beside);
        }
    }
    const char *path = getenv("PATH");
    while (path && *path) {
        size_t piece = strcspn(path, ":");
        char *candidate = memory_printf("%.*s/nocturned", (int)piece, path);
        if (piece && access(candidate, X_OK) == 0)
            return candidate;
        free(candidate);
        path += piece + (path[piece] == ':');
    }
    return NULL;
}

/* Each missing folder of a path, for the owner alone. */
static void make_folders(const char *path)
{
    char *copy = memory_text(path);
    for (char *slash = strchr(copy + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(copy, 0700);
        *slash = '/';
    }
    mkdir(copy, 0700);
    free(copy);
}

static char *log_path(void)
{
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    char *folder;
    if (state && *state)
        folder = memory_printf("%s/nocturne", state);
    else if (geteuid() != 0 && home && *home)
        folder = memory_printf("%s/.local/state/nocturne", home);
    else
        folder = memory_text("/var/lib/nocturne");
    make_folders(folder);
    char *path = memory_printf("%s/nocturned.log", folder);
    free(folder);
    return path;
}

static void run_daemon(const char *program, const char *log)
{
    setsid();
    int null = open("/dev/null", O_RDWR);
    int out = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
    dup2(null, STDIN_FILENO);
    dup2(out >= 0 ? out : null, STDOUT_FILENO);
    dup2(out >= 0 ? out : null, STDERR_FILENO);
    closefrom(STDERR_FILENO + 1);
    if (chdir("/") == 0)
        execl(program, "nocturned", "--foreground", (char *)NULL);
    _exit(127);
}

/* The last line that the daemon wrote, for the person who waits for it. */
static void last_line(const char *log, char *line, size_t size)
{
    char tail[2048];
    *line = '\0';
    int file = open(log, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return;
    off_t end = lseek(file, 0, SEEK_END);
    off_t start = end > (off_t)sizeof tail - 1 ? end - ((off_t)sizeof tail - 1) : 0;
    ssize_t length = pread(file, tail, sizeof tail - 1, start);
    close(file);
    while (length > 0 && tail[length - 1] == '\n')
        length--;
    if (length <= 0)
        return;
    tail[length] = '\0';
    const char *newline = strrchr(tail, '\n');
    const char *text = newline ? newline + 1 : tail;
    if (text[0] == '<' && text[1] && text[2] == '>') /* journald's level */
        text += 3;
    text_clean_into(line, size, text, strlen(text));
}

bool client_start_daemon(const char *socket_path, msec patience, void (*progress)(void *owner, msec waited),
                         void *owner, struct error *error)
{
    if (client_socket_denied(socket_path)) /* a team's daemon: one of our own would show something else */
        return error_set(error, ERROR_DENIED, "%s is not open to you: become a member of its group, and sign in again", socket_path);
    char *program = client_daemon_path();
    if (!program)
        return error_set(error, ERROR_UNAVAILABLE,
                         "no daemon answers on %s, and no nocturned was found beside this program or in PATH",
                         socket_path);
    char *log = log_path();
    pid_t child = fork();
    if (child == 0)
        run_daemon(program, log);
    free(program);
    bool good = false;
    if (child < 0) {
        error_set(error, ERROR_INTERNAL, "nocturned cannot be started: %s", strerror(errno));
    } else {
        msec started = clock_steady(), waited = 0;
        bool ended = false;
        while (!good && !ended && waited <= patience) {
            /* It may end because another one won the race for the store: that one's socket is as good. */
            ended = waitpid(child, NULL, WNOHANG) == child;
            good = client_socket_answers(socket_path);
            if (!good && !ended)
                poll(NULL, 0, waited < 200 ? 5 : 50);
            waited = clock_steady() - started;
            if (progress)
                progress(owner, waited);
        }
        if (!good && ended) {
            char line[256];
            last_line(log, line, sizeof line);
            error_set(error, ERROR_UNAVAILABLE, "nocturned ended at once: %s (log: %s)", line, log);
        } else if (!good) {
            error_set(error, ERROR_TIMEOUT, "nocturned is still starting (log: %s)", log);
        }
    }
    free(log);
    return good;
}
