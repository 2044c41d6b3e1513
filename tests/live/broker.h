/* A real mosquitto on a free loopback port, a folder for its files, and a client to publish with. */
#ifndef TESTS_LIVE_BROKER_H
#define TESTS_LIVE_BROKER_H

#include <arpa/inet.h>
#include <fcntl.h>
#include <mosquitto.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char folder[] = "/tmp/nocturne-mqtt-XXXXXX";

static inline void pause_ms(long ms)
{
    nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000}, NULL);
}

static inline int free_port(void)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    if (bind(fd, (struct sockaddr *)&address, sizeof address) || getsockname(fd, (struct sockaddr *)&address, &size))
        abort();
    close(fd);
    return ntohs(address.sin_port);
}

static inline bool port_answers(int port)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    bool answers = connect(fd, (struct sockaddr *)&address, sizeof address) == 0;
    close(fd);
    return answers;
}

/* The text of a file in the folder; its path, valid until the next call but three. */
static inline const char *folder_path(const char *name)
{
    static char paths[4][128];
    static unsigned next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

static inline void folder_write(const char *name, const char *text)
{
    FILE *file = fopen(folder_path(name), "w");
    if (!file || fputs(text, file) < 0 || fclose(file))
        abort();
}

static inline void folder_run(const char *command)
{
    char line[2048];
    snprintf(line, sizeof line, "cd %s && { %s; } >/dev/null 2>&1", folder, command);
    if (system(line) != 0) {
        fprintf(stderr, "failed: %s\n", command);
        abort();
    }
}

/* Starts a broker whose configuration is `listener PORT 127.0.0.1` and `more`; waits until it answers. */
static inline pid_t broker_start(int port, const char *more)
{
    char text[2048], name[32];
    snprintf(text, sizeof text, "listener %d 127.0.0.1\n%s\nuser root\nlog_dest file %s/log\n%s", port, more, folder,
             strstr(more, "max_inflight") ? "" : "max_inflight_messages 100\nmax_queued_messages 10000\n");
    snprintf(name, sizeof name, "%d.conf", port);
    folder_write(name, text);
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that fails leaves no broker behind */
        int quiet = open("/dev/null", O_RDWR);
        dup2(quiet, 1), dup2(quiet, 2);
        execlp("mosquitto", "mosquitto", "-c", folder_path(name), (char *)NULL);
        _exit(127);
    }
    for (int i = 0; i < 250 && !port_answers(port); i++)
        pause_ms(20);
    return pid;
}

static inline void broker_stop(pid_t pid)
{
    kill(pid, SIGCONT);
    kill(pid, SIGTERM);
    waitpid(pid, NULL, 0);
}

static inline void on_published(struct mosquitto *client, void *sent, int id)
{
    (void)client, (void)id;
    ++*(unsigned *)sent;
}

static inline struct mosquitto *publisher_open(int port, unsigned *sent)
{
    struct mosquitto *client = mosquitto_new(NULL, true, sent);
    mosquitto_publish_callback_set(client, on_published);
    mosquitto_max_inflight_messages_set(client, 50);
    if (mosquitto_connect(client, "127.0.0.1", port, 60) != MOSQ_ERR_SUCCESS)
        abort();
    return client;
}

/* Until the broker has them all. */
static inline void publisher_close(struct mosquitto *client, const unsigned *sent, unsigned count)
{
    for (int turns = 0; *sent < count && turns < 10000; turns++)
        mosquitto_loop(client, 5, 1);
    if (*sent < count)
        abort();
    mosquitto_disconnect(client);
    mosquitto_loop(client, 5, 1);
    mosquitto_destroy(client);
}

/* Publishes `count` messages; `payload` may hold one %u for the number. */
static inline void publish(int port, const char *topic, const char *payload, unsigned count, int qos, bool retain)
{
    unsigned sent = 0;
    struct mosquitto *client = publisher_open(port, &sent);
    char text[256];
    for (unsigned i = 0; i < count; i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        int length = snprintf(text, sizeof text, payload, i);
#pragma GCC diagnostic pop
        mosquitto_publish(client, NULL, topic, length, text, qos, retain);
        mosquitto_loop(client, 0, 1);
    }
    publisher_close(client, &sent, count);
}

static inline void publish_bytes(int port, const char *topic, const void *bytes, size_t length)
{
    unsigned sent = 0;
    struct mosquitto *client = publisher_open(port, &sent);
    mosquitto_publish(client, NULL, topic, (int)length, bytes, 1, false);
    publisher_close(client, &sent, 1);
}

#endif
