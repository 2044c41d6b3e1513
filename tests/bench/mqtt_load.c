/* Publishes telemetry as a campus of gateways does: mqtt_load PORT COUNT RATE TOPICS [CONNECTIONS].
 * RATE messages a second in all, 0 as fast as the broker takes them; TOPICS is a file with one topic a line. Each
 * message is a write of its own, about 100 bytes of JSON with the time of sending, QoS 0. Raw sockets, so that the
 * load costs less than what it loads. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define CONNECTIONS_MAX 64

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void give_up(const char *what)
{
    fprintf(stderr, "mqtt_load: %s: %s\n", what, strerror(errno));
    exit(1);
}

static char **read_topics(const char *path, unsigned *count)
{
    FILE *file = fopen(path, "r");
    char line[512], **topics = NULL;
    if (!file)
        give_up(path);
    while (fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = '\0';
        topics = realloc(topics, (*count + 1) * sizeof *topics);
        topics[(*count)++] = strdup(line);
    }
    fclose(file);
    if (!*count)
        give_up("no topics");
    return topics;
}

static int open_connection(int port, unsigned number)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    unsigned char greeting[64] = {0x10, 0, 0, 4, 'M', 'Q', 'T', 'T', 4, 2, 0, 0, 0};
    int id = snprintf((char *)greeting + 14, 40, "load-%d-%u", (int)getpid(), number);
    greeting[1] = (unsigned char)(12 + id);
    greeting[13] = (unsigned char)id;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) || write(fd, greeting, (size_t)id + 14) < 0 ||
        read(fd, greeting, 4) != 4 || greeting[3] != 0)
        give_up("connect");
    return fd;
}

static void send_all(int fd, const char *bytes, size_t length)
{
    while (length) {
        ssize_t sent = send(fd, bytes, length, MSG_NOSIGNAL);
        if (sent < 0)
            give_up("send");
        bytes += sent;
        length -= (size_t)sent;
    }
}

static void publish(int fd, const char *topic, long number)
{
    char payload[256], packet[1024];
    struct timeval now;
    gettimeofday(&now, NULL);
    int length = snprintf(payload, sizeof payload,
                          "{\"ts\":%lld,\"values\":{\"temperature\":%ld.%ld,\"humidity\":%ld.2,\"rssi\":-%ld,\"battery\":%ld}}",
                          (long long)now.tv_sec * 1000 + now.tv_usec / 1000, 15 + number % 17, number % 10, 40 + number % 31,
                          40 + number % 50, number % 101);
    size_t topic_length = strlen(topic), remaining = 2 + topic_length + (size_t)length, at = 0;
    packet[at++] = 0x30;
    for (; remaining > 127; remaining >>= 7)
        packet[at++] = (char)(remaining | 0x80);
    packet[at++] = (char)remaining;
    packet[at++] = (char)(topic_length >> 8);
    packet[at++] = (char)topic_length;
    memcpy(packet + at, topic, topic_length);
    at += topic_length;
    memcpy(packet + at, payload, (size_t)length);
    send_all(fd, packet, at + (size_t)length);
}

int main(int count, char **words)
{
    if (count < 5) {
        fprintf(stderr, "mqtt_load PORT COUNT RATE TOPICS [CONNECTIONS]\n");
        return 2;
    }
    long wanted = atol(words[2]), sent = 0;
    double rate = atof(words[3]);
    unsigned topic_count = 0, connections = count > 5 ? (unsigned)atoi(words[5]) : 16;
    char **topics = read_topics(words[4], &topic_count);
    int fds[CONNECTIONS_MAX];
    if (connections == 0 || connections > CONNECTIONS_MAX)
        return 2;
    for (unsigned i = 0; i < connections; i++)
        fds[i] = open_connection(atoi(words[1]), i);
    double start = seconds();
    while (sent < wanted) {
        long due = rate > 0 ? (long)((seconds() - start) * rate) : wanted;
        if (due <= sent) {
            nanosleep(&(struct timespec){0, 200000}, NULL);
            continue;
        }
        for (; sent < due && sent < wanted; sent++)
            publish(fds[sent % connections], topics[sent % topic_count], sent);
    }
    double took = seconds() - start;
    printf("{\"sent\": %ld, \"seconds\": %.3f, \"rate\": %.0f}\n", sent, took, (double)sent / took);
    /* Closing with our bytes unread at the other end would lose them: the broker closes once it has read DISCONNECT. */
    for (unsigned i = 0; i < connections; i++) {
        char end;
        send_all(fds[i], "\xE0\x00", 2);
        while (read(fds[i], &end, 1) > 0)
            continue;
        close(fds[i]);
    }
    return 0;
}
