/* api_load SOCKET COUNT PATH...: each path COUNT times over one kept connection; its median and 99th percentile in
 * milliseconds, its size, and its requests a second. The floor of what a client of the unix socket can see. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static double now_ms(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

static int compare(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

/* The whole answer's length, by its Content-Length; -1 when it is not a 200 with one. */
static long read_answer(int fd)
{
    static char bytes[1 << 20];
    size_t have = 0;
    for (;;) {
        ssize_t got = recv(fd, bytes + have, sizeof bytes - 1 - have, 0);
        if (got <= 0)
            return -1;
        have += (size_t)got;
        bytes[have] = '\0';
        char *end = strstr(bytes, "\r\n\r\n"), *length = strstr(bytes, "Content-Length: ");
        if (!end)
            continue;
        if (!length || strncmp(bytes, "HTTP/1.1 200", 12) != 0)
            return -1;
        size_t whole = (size_t)(end + 4 - bytes) + strtoul(length + 16, NULL, 10);
        while (have < whole) {
            got = recv(fd, bytes, whole - have < sizeof bytes ? whole - have : sizeof bytes, 0);
            if (got <= 0)
                return -1;
            have += (size_t)got;
        }
        return (long)whole;
    }
}

int main(int argc, char **argv)
{
    if (argc < 4)
        return 2;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", argv[1]);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0), count = atoi(argv[2]);
    double *took = calloc((size_t)(count > 0 ? count : 1), sizeof *took);
    if (count <= 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        perror(argv[1]);
        return 1;
    }
    for (int i = 3; i < argc; i++) {
        char request[1024];
        long size = 0;
        int length = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", argv[i]);
        double started = now_ms();
        for (int turn = 0; turn < count; turn++) {
            double asked = now_ms();
            if (send(fd, request, (size_t)length, MSG_NOSIGNAL) != length || (size = read_answer(fd)) < 0) {
                fprintf(stderr, "%s: not answered with 200\n", argv[i]);
                return 1;
            }
            took[turn] = now_ms() - asked;
        }
        double all = now_ms() - started;
        qsort(took, (size_t)count, sizeof *took, compare);
        printf("%.3f\t%.3f\t%ld\t%.0f\t%s\n", took[count / 2], took[count * 99 / 100], size, count / all * 1e3, argv[i]);
    }
    free(took);
    close(fd);
    return 0;
}
