/* The command line. */
#ifndef CAMPUS_OPTIONS_H
#define CAMPUS_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "fleet.h"

enum format { FORMAT_JSON, FORMAT_THINGSBOARD };

enum mode { MODE_NONE, MODE_RUN, MODE_FAULT };

struct options {
    enum mode mode;
    const char *ledger; /* file, "-" for standard output, NULL for none */
    uint64_t seed;
    struct fleet_size size;
    double speed;       /* of the messages; follows from `rate` when that is given */
    double rate;        /* readings a second; 0: from the speed; INFINITY: as fast as the broker takes them */
    char host[128], user[64], password[64];
    int port;
    const char *control; /* socket path or NULL */
    int64_t duration;    /* ms, 0: until stopped */
    int64_t warmup;      /* ms */
    uint64_t count;      /* readings after which to stop, 0: none */
    int connections;
    int qos;
    enum format format;
    bool quiet;
    char **words;        /* MODE_FAULT: the command for the socket */
    int word_count;
};

/* Returns false when the program should end now with *status (help, version, mistakes; said on the way). */
bool options_parse(struct options *options, int count, char **arguments, int *status);

/* "90s", "5m", "2h", "3d", "250ms", "1.5s"; never negative. */
bool options_span(const char *text, int64_t *milliseconds);
/* A number of readings a second above 0, or "max" (INFINITY). */
bool options_rate(const char *text, double *rate);

#endif
