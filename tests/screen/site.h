/* A small, always equal site: nocturned in a folder of its own, four buildings of gateways and terminals, fed by
 * POST /ingest/readings. One gateway falls silent, so that its terminals are unreachable. */
#ifndef SCREEN_SITE_H
#define SCREEN_SITE_H

#include <stdbool.h>
#include <sys/types.h>

struct site_fixture {
    const char *language, *more;   /* set before the start: of the site (NULL: en), and further YAML */
    char folder[256], socket[300];
    pid_t daemon;
};

/* Ends the test program when the daemon does not come up. With SITE_AGE=N in the environment it lies for N seconds before
 * the tests begin: pictures must be the same then. */
void site_start(struct site_fixture *site);
/* The same program on a configuration and a ledger of the test's own; nothing is pushed. */
void site_start_with(struct site_fixture *site, const char *configuration, const char *ledger);
void site_stop(struct site_fixture *site);   /* by its pid; the folder goes too */
void site_pause(struct site_fixture *site, bool paused); /* SIGSTOP, SIGCONT: a daemon that falls silent */
void site_kill_daemon(struct site_fixture *site);
void site_start_daemon(struct site_fixture *site);       /* again, on the same state */
void site_post(struct site_fixture *site, const char *path, const char *json); /* ends the program where it is refused */
/* POST one body to /ingest/readings. */
void site_push(struct site_fixture *site, const char *json);

#endif
