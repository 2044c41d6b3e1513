/* What the files of the applications share. Private to src/engine/applications*.c. */
#ifndef ENGINE_APPLICATIONS_PRIVATE_H
#define ENGINE_APPLICATIONS_PRIVATE_H

#include "collect/check.h"
#include "engine/applications.h"
#include "engine/hosts.h"
#include "model/application.h"

#define RECOVERIES_KEPT 20
#define PASTS_KEPT 4

struct plan_application {
    const struct config_node *shipped, *own; /* either may be NULL */
    const char *id, *contract;
    const struct config_node **checks;       /* an own one in place of a shipped one of its name */
    unsigned check_count;
};
struct applications_plan {
    struct plan_application *items;
    unsigned count;
    size_t capacity;
};
/* A key of the entry: the site's own word before the shipped one. */
const struct config_node *plan_get(const struct plan_application *item, const char *key);
const char *plan_text(const struct plan_application *item, const char *key, const char *absent);
/* Texts of a list, or of one text standing for a list. */
unsigned plan_texts(const struct config_node *node);
const char *plan_text_at(const struct config_node *node, unsigned index);

struct application_check {
    struct application *application;
    char *id, *name, *title, *type, *on;     /* id: "energy/web"; on: "" none */
    char *endpoint;                          /* of an HTTP check: its URL without user and question; else "" */
    char *unit;                              /* of a unit check, what a restart is for; else "" */
    char **needs;
    unsigned need_count, part, attempts, failures, port;
    bool waits, asked;                       /* asked: judged once since the start */
    bool refuses;                            /* a refusal (401, 403) is the right answer */
    struct protection protection;
    msec interval, retry;
    struct check *check;                     /* NULL: it waits, or could not be opened */
    char *trouble;                           /* why it could not be opened */
    uv_timer_t timer;
    bool wants_host;                         /* a look is due at the next answer of the host */
    msec wanted_since;                       /* steady */
    msec since, checked;                     /* wall; CLOCK_NEVER */
    char evidence[200];
    struct check_figure figures[CHECK_FIGURES];
    unsigned figure_count;
};

struct recovery_row { msec time; char *node, *asset, *unit, *result; };

enum recovery_state { RECOVERY_IDLE, RECOVERY_RUNNING, RECOVERY_WATCHING, RECOVERY_IN_VAIN, RECOVERY_GAVE_UP };
struct recovery {
    char *unit, *on;                         /* NULL unit: none is configured */
    char **checks;                           /* that may ask for it; none: every check on the server */
    unsigned check_count, attempts;
    msec backoff, window;
    enum recovery_state state;
    msec *tries;                             /* wall; of the window */
    unsigned try_count;
    msec next;                               /* steady; not before */
    msec ended;                              /* wall, of the last restart: what was seen before says nothing of it */
    msec ended_steady;                       /* the same; 0: none */
    char held[64];                           /* why it holds back; "" */
};

struct restart;
struct reckoning;
struct application {
    struct applications *applications;
    char *id, *name, *subsystem, *contract, *requirement, *unit;
    char **servers;
    unsigned server_count;
    struct application_check **checks;
    unsigned check_count, part;
    unsigned *own;                           /* parts: its checks and servers */
    unsigned own_count;
    uint32_t asset;
    bool judged;                             /* since the start */
    unsigned cause;                          /* part; PARTS_NONE */
    char hurts[240];
    /* from the store, up to `reckoned`; live from then on */
    struct uptime month, days30;
    msec reckoned;                           /* wall; CLOCK_NEVER: not yet */
    msec turned, rose;                       /* wall: its health changed last, it came up last; CLOCK_NEVER: not since the start */
    msec counted;                            /* wall: its users, last */
    struct reckoning *reckoning;             /* asked of the store; NULL none */
    struct recovery recovery;
    uv_timer_t recovery_timer;
    struct recovery_row rows[RECOVERIES_KEPT]; /* newest first */
    unsigned row_count;
    struct restart *restart;                 /* under way */
};

enum part_owner { OWNER_APPLICATION, OWNER_CHECK, OWNER_SERVER };
struct part_owner_of {
    struct application *application;         /* of OWNER_APPLICATION and OWNER_CHECK */
    struct application_check *check;
    char *server;                            /* id */
    uint32_t asset;                          /* of a server, refreshed when the ledger changes */
};

struct applications {
    uv_loop_t *loop;
    struct fleet *fleet;
    struct store *store;
    struct alerts *alerts;
    struct hosts *hosts;
    struct source *source;                   /* ours, as the fleet knows it */
    struct check_parts asking;
    struct application **items;
    unsigned count;
    struct part *parts;
    struct part_owner_of *owners;            /* by part */
    unsigned part_count, server_first;
    struct applications_past *pasts[PASTS_KEPT]; /* newest first; each holds one reference */
    struct applications_index *index;        /* NULL: no plan is in force yet */
    uint64_t revision, ledger_revision;
    uv_timer_t soon, minute;                 /* soon: servers changed, judge all; minute: availability */
    struct stored_rows *stored;              /* recoveries read at the start, by id */
    unsigned open;                           /* handles, store answers */
    bool closing;
};

/* applications.c */
struct application_check *application_check_find(const struct application *application, const char *node);
void applications_hold(struct applications *applications);     /* something of ours is on its way */
void applications_release(struct applications *applications);  /* it came back */

/* applications_index.c */
struct applications_index;
void applications_index_replace(struct applications *applications, const struct applications_index *old);
void applications_index_free(struct applications_index **index);

/* applications_endpoints.c */
struct applications_endpoints;
char *endpoint_of(const char *type, const char *url);
struct applications_endpoints *applications_endpoints_make(const struct applications *applications);
void applications_endpoints_free(struct applications_endpoints **endpoints);
const struct applications_endpoints *applications_index_endpoints(struct applications *applications); /* of today's ledger */

/* applications_check.c */
void application_check_open(struct application_check *check, const struct config_node *node);
void application_check_close(struct application_check *check); /* frees it on a later turn */
void application_check_soon(struct application_check *check, msec wait);
void applications_units(void *owner, uint32_t asset, struct buffer *names);
void applications_host_taken(void *owner, uint32_t asset, const struct host *host);

/* applications_judge.c */
void applications_judge(struct applications *applications);     /* after a verdict or a server changed */
void application_describe(const struct application *application, char *text, size_t size);
enum part_verdict application_verdict(const struct application *application);
const char *applications_part_name(const struct applications *applications, unsigned part);

/* applications_wire.c */
/* Once a minute, as its metric `users`; nothing where none of its ports is watched. */
void application_count_users(struct application *application, msec now);

/* applications_uptime.c */
void application_reckon(struct application *application);
msec application_reckons_from(msec until); /* the month's start, or 30 days before */
/* Its health changes now: what was so until now is counted as that. */
void application_turned(struct application *application, enum health from, enum health to);
void application_reckoned(const struct store_interval *rows, size_t count, msec until, struct uptime *month, struct uptime *days30);
void reckoning_abandon(struct application *application);
void application_bridge(struct application *application); /* the time that nobody watched, into the store */
struct uptime application_uptime(const struct application *application, const struct uptime *stored);

/* applications_recovery.c */
void recovery_open(struct application *application, const struct plan_application *item);
void recovery_release(struct application *application);
void recovery_consider(struct application *application);
void recovery_text(const struct application *application, char *text, size_t size); /* "2 of 3 tries left" */
/* applications_rows.c */
void recovery_row_release(struct recovery_row *row);
void recovery_row_add(struct application *application, const struct recovery_row *row); /* copied, as the newest */
void recovery_row_result(struct application *application, msec began, const char *result);
char *recovery_rows_text(const struct application *application); /* JSON; the caller frees */
void recovery_rows_save(struct application *application);        /* without an audit entry: what was asked for is in it */
bool applications_rows_load(struct applications *applications, struct error *error);
void applications_rows_free(struct applications *applications);
void recovery_rows_take(struct application *application); /* what was stored for its id */
void restart_abandon(struct application *application);
const char *restart_unit(const struct application *application, const struct application_check *check, const char **on);

#endif
