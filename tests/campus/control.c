#include "control.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define LINE_MOST 4096

struct client {
    uv_pipe_t pipe;
    struct control *control;
    struct client *next, **link;
    struct text line;
    char buffer[1024];
};

struct control {
    uv_pipe_t pipe;
    uv_loop_t *loop;
    control_handle *handle;
    void *context;
    struct client *clients;
    char path[108];
};

struct answer {
    uv_write_t write;
    struct text text;
};

static void client_closed(uv_handle_t *handle)
{
    struct client *client = handle->data;
    text_release(&client->line);
    free(client);
}

static void client_close(struct client *client)
{
    if (uv_is_closing((uv_handle_t *)&client->pipe))
        return;
    *client->link = client->next;
    if (client->next)
        client->next->link = client->link;
    uv_close((uv_handle_t *)&client->pipe, client_closed);
}

static void answer_written(uv_write_t *write, int status)
{
    struct answer *answer = write->data;
    (void)status;
    text_release(&answer->text);
    free(answer);
}

static void client_line(struct client *client)
{
    struct answer *answer = calloc(1, sizeof *answer);
    if (!answer)
        abort();
    answer->write.data = answer;
    client->control->handle(client->control->context, client->line.bytes, &answer->text);
    text_adds(&answer->text, "\n");
    text_clear(&client->line);
    uv_buf_t bytes = uv_buf_init(answer->text.bytes, (unsigned)answer->text.length);
    if (uv_write(&answer->write, (uv_stream_t *)&client->pipe, &bytes, 1, answer_written) != 0)
        answer_written(&answer->write, 0);
}

static void client_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    struct client *client = handle->data;
    (void)suggested;
    *buffer = uv_buf_init(client->buffer, sizeof client->buffer);
}

static void client_read(uv_stream_t *stream, ssize_t length, const uv_buf_t *buffer)
{
    struct client *client = stream->data;
    for (ssize_t i = 0; i < length; i++) {
        if (buffer->base[i] == '\n') {
            text_add(&client->line, "", 0);
            client_line(client);
        } else if (buffer->base[i] != 0) {
            text_add(&client->line, &buffer->base[i], 1);
        }
    }
    if (length < 0 || client->line.length > LINE_MOST)
        client_close(client);
}

static void control_connection(uv_stream_t *server, int status)
{
    struct control *control = server->data;
    struct client *client = status == 0 ? calloc(1, sizeof *client) : NULL;
    if (!client)
        return;
    client->control = control;
    client->pipe.data = client;
    uv_pipe_init(control->loop, &client->pipe, 0);
    client->next = control->clients;
    client->link = &control->clients;
    if (client->next)
        client->next->link = &client->next;
    control->clients = client;
    if (uv_accept(server, (uv_stream_t *)&client->pipe) != 0 ||
        uv_read_start((uv_stream_t *)&client->pipe, client_buffer, client_read) != 0)
        client_close(client);
}

static int control_connect(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    if (descriptor >= 0 && connect(descriptor, (struct sockaddr *)&address, sizeof address) != 0) {
        int reason = errno;
        close(descriptor);
        errno = reason;
        return -1;
    }
    return descriptor;
}

struct control *control_new(uv_loop_t *loop, const char *path, control_handle *handle, void *context)
{
    int other = control_connect(path);
    if (other >= 0) {
        close(other);
        fprintf(stderr, "campus: another campus listens on %s\n", path);
        return NULL;
    }
    struct stat status;
    if (errno == ECONNREFUSED && stat(path, &status) == 0 && S_ISSOCK(status.st_mode))
        unlink(path); /* left behind by one that was killed */
    struct control *control = calloc(1, sizeof *control);
    if (!control)
        abort();
    control->loop = loop;
    control->handle = handle;
    control->context = context;
    control->pipe.data = control;
    snprintf(control->path, sizeof control->path, "%s", path);
    uv_pipe_init(loop, &control->pipe, 0);
    mode_t mask = umask(077);
    int result = uv_pipe_bind(&control->pipe, path);
    umask(mask);
    if (result == 0)
        result = uv_listen((uv_stream_t *)&control->pipe, 16, control_connection);
    if (result != 0) {
        fprintf(stderr, "campus: cannot listen on %s: %s\n", path, uv_strerror(result));
        control->path[0] = 0;
        control_free(&control);
    }
    return control;
}

static void control_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void control_free(struct control **owned)
{
    struct control *control = *owned;
    *owned = NULL;
    if (!control)
        return;
    while (control->clients)
        client_close(control->clients);
    uv_close((uv_handle_t *)&control->pipe, control_closed); /* libuv removes the path */
}

int control_ask(const char *path, char *const *words, int count)
{
    struct text line = {0};
    char answer[1024];
    ssize_t length;
    bool first = true, done = false;
    for (int i = 0; i < count; i++)
        text_addf(&line, "%s%s", i ? " " : "", words[i]);
    text_adds(&line, "\n");
    int descriptor = control_connect(path);
    if (descriptor < 0) {
        fprintf(stderr, "campus: no campus listens on %s: %s\n", path, strerror(errno));
        text_release(&line);
        return 1;
    }
    if (write(descriptor, line.bytes, line.length) == (ssize_t)line.length)
        while ((length = read(descriptor, answer, sizeof answer)) > 0) {
            if (first)
                done = length >= 2 && memcmp(answer, "ok", 2) == 0;
            first = false;
            fwrite(answer, 1, (size_t)length, stdout);
            if (answer[length - 1] == '\n')
                break;
        }
    close(descriptor);
    text_release(&line);
    return done ? 0 : 1;
}
