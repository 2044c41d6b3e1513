/* The daemon's command line. */
#ifndef DAEMON_OPTIONS_H
#define DAEMON_OPTIONS_H

#include <stdbool.h>

struct options {
    const char *config;    /* NULL: search */
    const char *state_dir; /* NULL: the default */
    const char *socket;    /* NULL: as configured */
    const char *replay;    /* an incident capsule to show in place of a site; NULL: watch */
    const char *copy_from, *copy_to; /* stores; NULL: watch */
    const char *trust;     /* the address of a host whose key to accept; NULL: watch */
    const char *source, *fingerprint; /* with trust; NULL: the only one, and ask */
    bool check_config;
    bool verbose;
};

/* Fills the options; 0: go on, else the exit code plus one (1: --help or --version was answered, 3: wrong usage). */
int options_parse(int count, char **arguments, struct options *options);

#endif
