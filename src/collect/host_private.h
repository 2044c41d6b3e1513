/* Shared by the parts of the host reader (host_reader.h) and by nothing else but the local collector's file list. */
#ifndef COLLECT_HOST_PRIVATE_H
#define COLLECT_HOST_PRIVATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/memory.h"
#include "collect/host_reader.h"

/* The files of the quick section, NULL-terminated; the uptime first, which the others' rates are made with. */
extern const char *const host_proc_files[];
/* A file system whose size answers at once, and one that may hang. */
bool host_disk_is_local(const char *kind, const char *mount);
bool host_disk_is_remote(const char *kind);

/* One thing that counts: an interface, a disk, a core. */
#define HOST_COUNTER_VALUES 8
struct host_counter {
    char name[20];   /* "eth0", "8:1", "cpu12" */
    char label[32];  /* a disk's name */
    double value[HOST_COUNTER_VALUES];
};
struct host_counters {
    struct host_counter *rows;
    unsigned count, capacity;
};
struct host_counter *host_counters_add(struct host_counters *counters, const char *name);
/* `hint`: where it stood in the other list. NULL when it is not there. */
const struct host_counter *host_counters_find(const struct host_counters *counters, const char *name, unsigned hint);
void host_counters_release(struct host_counters *counters);

/* A process between two answers; the start tells it from another of the same pid. */
struct host_ticks {
    int pid;
    uint64_t start;
    double ticks, io;
};

/* A file system of the network and its last word. */
struct host_remote {
    char *mount;
    double blocks, free, available, unit, inodes, inodes_free;
    uint64_t asked, answered; /* steady ns; 0 never */
};

struct host_command { int pid; const char *user, *text; double io; };
struct host_name { char *name, *value; };
struct host_user { unsigned uid; char *name; };
struct host_device { char name[20]; double speed; bool up, physical; };

struct host_reader {
    struct host_counters cores, disks, interfaces;
    struct host_ticks *ticks;
    unsigned tick_count;
    double ticks_uptime;          /* when they were taken; 0: not */
    double uptime;                /* of the sample before; 0: none */
    double cpu[8];
    bool has_cpu;
    struct host_remote *remotes;
    unsigned remote_count, remote_capacity;
    struct host_name *facts;      /* known so far: what a section told stays until it tells anew */
    unsigned fact_count, fact_capacity;
    struct host_user *users;
    unsigned user_count, user_capacity;
    struct host_device *devices;
    unsigned device_count, device_capacity;
    bool any_physical;
    int zone;                     /* the host's minutes east of UTC */
    msec taken[4];                /* steady, by depth's bit; CLOCK_NEVER */
};

/* One answer being read. Lines are cut in place. */
struct host_take {
    struct host_reader *reader;
    struct host_builder *builder;
    struct host *figures;
    unsigned depths;              /* that were asked for */
    uint64_t steady_ns;
    msec wall;
    double uptime;                /* 0: not told */
    double seconds;               /* since the sample before; 0: no rates */
    msec booted;                  /* wall */
    msec host_now;                /* by the host's own clock; CLOCK_NEVER */
    bool slept;
    char *mounts;                 /* mountinfo */
    char *sizes;                  /* the disks section */
    struct host_command *commands; /* by pid: what ps says of them */
    unsigned command_count, command_capacity;
    struct host_counters cores, disks, interfaces;
    struct host_port *ports;
    unsigned port_count, port_capacity;
};

/* ---- text ---- */
char *host_line(char **rest);                                       /* NULL at the end; cuts the newline */
unsigned host_split(char *line, char **fields, unsigned max);       /* on blanks; the last field keeps the rest */
double host_number(const char *text);                               /* NAN when it is none */
/* Growth a second between two values of one counter; NAN after a reset. A 32-bit counter that ran over counts on when
 * what it grew by is at most `ceiling` a second. */
double host_rate(double before, double now, double seconds, double ceiling);
/* "Nov 21 06:31[:43]" (year guessed) or "2026-11-21[T ]06:31[:43]" in the host's zone; CLOCK_NEVER. *end after it. */
msec host_time(const struct host_take *take, const char *text, const char **end);
void host_fact_set(struct host_reader *reader, const char *name, const char *value);  /* NULL: forget it */
const char *host_user_name(struct host_reader *reader, unsigned uid); /* its number when it has no name here */
void host_users_clear(struct host_reader *reader);
void host_user_add(struct host_reader *reader, unsigned uid, const char *name);

/* ---- sections; false: nothing usable in it ---- */
bool host_take_proc(struct host_take *take, char *text);
bool host_take_disks(struct host_take *take, char *text);
bool host_take_more(struct host_take *take, char *text);
bool host_take_ports(struct host_take *take, char *text);
bool host_take_sessions(struct host_take *take, char *text);
bool host_take_units(struct host_take *take, char *text);
bool host_take_logins(struct host_take *take, char *text);
bool host_take_failed(struct host_take *take, char *text);
bool host_take_processes(struct host_take *take, char *text);
bool host_take_commands(struct host_take *take, char *text);
bool host_take_io(struct host_take *take, char *text);
bool host_take_facts(struct host_take *take, char *text);
bool host_take_passwd(struct host_take *take, char *text);
bool host_take_offset(struct host_take *take, char *text);
bool host_take_updates(struct host_take *take, char *text);
bool host_take_certificates(struct host_take *take, char *text);

/* What is made when all sections are in. */
void host_put_interfaces(struct host_take *take);
void host_put_disks(struct host_take *take);
void host_put_ports(struct host_take *take);
void host_ports_clear(struct host_take *take);
void host_late_disk(struct host_take *take, char *line); /* "=late ..." */

#endif
