/* What is wrong with the campus at the moment. Faults are only seen in the messages: the ledger stays as it is. */
#ifndef CAMPUS_FAULT_H
#define CAMPUS_FAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fleet.h"
#include "text.h"

/* What the faults together do to an asset. */
enum asset_bit {
    ASSET_SILENT = 1,
    ASSET_OFFLINE = 2,   /* a gateway: its link is down too, which the broker notices */
    ASSET_DISTORTED = 4, /* speaks, but some fault changes what it says */
    ASSET_RECOVERING = 8 /* silent until its own moment */
};

enum fault_kind {
#define FAULT(kind, verb, arguments, gateway, terminal, help) FAULT_##kind,
#include "faults.def"
#undef FAULT
    FAULT_KIND_COUNT
};

struct fault_type {
    const char *verb, *arguments, *help;
    uint8_t gateway_bits, terminal_bits;
};
extern const struct fault_type fault_types[FAULT_KIND_COUNT];

enum scope { SCOPE_TERMINAL, SCOPE_GATEWAY, SCOPE_BUILDING, SCOPE_ALL };

enum clock_fault { CLOCK_SHIFTED, CLOCK_1970, CLOCK_2099, CLOCK_ZERO, CLOCK_SECONDS };
enum { NEGATIVE_REGISTER = 1, NEGATIVE_POWER = 2 };
#define GARBAGE_ALL (-1)

struct fault {
    enum fault_kind kind;
    enum scope scope;
    size_t target;     /* index of the terminal, gateway or building; SCOPE_ALL: 0 */
    uint8_t *members;  /* one bit per asset, narrowing the scope; NULL: all of it. Owned. */
    unsigned number;   /* for people: #3 */
    int64_t since;     /* ms, wall clock */
    int64_t span;      /* slow recovery */
    int64_t offset;    /* clock */
    int variant;       /* enum clock_fault, NEGATIVE_*, the garbage variant, the number of strangers */
    bool with_gateways; /* storm: the gateways go down, not only their terminals */
    double value;
    char metric[32];
    char words[160];   /* as given */
};

struct faults {
    const struct fleet *fleet;
    struct fault *list;
    size_t count, capacity;
    unsigned last_number;
    uint8_t *bits; /* per asset */
};

void faults_init(struct faults *faults, const struct fleet *fleet);
void faults_release(struct faults *faults);

/* One line as from the control socket, split into words: "garbage EM-A-00001 nan". False with a reason in `answer`,
 * else the fault is on and described there. */
bool faults_add(struct faults *faults, char *const *words, int count, int64_t now, struct text *answer);
/* By "all", "#3", a fault's verb, id or building name: takes away the faults on it and below it. False with a reason. */
bool faults_recover(struct faults *faults, const char *target, struct text *answer);
/* Drops what is over (slow recoveries); true when something was. */
bool faults_expire(struct faults *faults, int64_t now);

bool fault_covers(const struct fleet *fleet, const struct fault *fault, size_t asset);
bool faults_silent(const struct faults *faults, size_t asset, int64_t now);
bool faults_offline(const struct faults *faults, size_t gateway, int64_t now); /* by the gateway's index */
/* When an asset that is recovering speaks again. */
int64_t faults_recovery_time(const struct faults *faults, size_t asset);
void faults_list(const struct faults *faults, int64_t now, struct text *out);

#endif
