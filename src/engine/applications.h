/* Applications: what makes up a business system (checks, servers, other applications), what it is by them, where it hurts,
 * how long it was up, and putting it right (R022, R023, R044). Declared by the configuration and the contracts' profiles;
 * one whose checks have an address is an asset of kind application, so that alerts, rules, history and the time machine
 * hold for it; the others wait for an address and stand in the list only.
 *
 * A check is asked every interval, at once when something that stands on it breaks, and again after `retry` until
 * `attempts` failures in a row make it broken. Its figures are stored as metrics CHECK.FIGURE of the application's asset.
 *
 * Uptime and availability come from the stored intervals of health: up is ok or warning, down is critical; time in which
 * nobody watched (before it was declared, unknown, the daemon not running) counts neither way.
 *
 * Recovery restarts a unit when the part that hurts stands on it, at most `attempts` times in a `window`, `backoff` apart
 * and twice that each time. It holds back while the application's alert is in a downtime, silenced, shelved or
 * acknowledged: then a person has it in hand. Each restart is audited, noted on the alert and raised as an alert of its
 * own; when tries are used up, a critical one says so.
 *
 * On the loop's thread; nothing blocks. */
#ifndef ENGINE_APPLICATIONS_H
#define ENGINE_APPLICATIONS_H

#include <stdbool.h>
#include <uv.h>

#include "base/config.h"
#include "base/error.h"
#include "engine/alerts.h"
#include "engine/fleet.h"
#include "store/store.h"

struct applications;
struct application;
struct applications_plan;
struct hosts;
struct wire_application;
struct wire_application_page;
struct arena;

/* ---- configuration ---- */
extern const struct config_key application_keys[]; /* one entry of `applications:`; its `checks` are check.h's */
struct applications_list { const struct config_node *node; const char *contract; }; /* node may be NULL */
/* The profiles' lists first, the site's own last: an entry with an id that stands before fills it in, key by key and check
 * by check. NULL never; mistakes are added: keys, unknown needs, circles with their path. Nodes must outlive the plan. */
struct applications_plan *applications_plan_read(const struct applications_list *lists, unsigned count,
                                                 struct config_problems *problems);
void applications_plan_free(struct applications_plan **plan);

/* ---- life ---- */
struct applications_parts {
    uv_loop_t *loop;
    struct fleet *fleet;     /* loaded */
    struct store *store;
    struct alerts *alerts;   /* loaded */
    struct hosts *hosts;     /* NULL: nothing is known of servers but their health, and nothing can be restarted */
};
struct applications *applications_new(const struct applications_parts *parts, struct error *error);
/* In force from now on; what is the same by its id keeps its state. */
void applications_use(struct applications *applications, const struct applications_plan *plan);
/* Before alerts_free and fleet_free; handles close on later turns of the loop. */
void applications_free(struct applications **applications);

/* ---- reading; pointers are valid until the next turn of the loop ---- */
unsigned applications_count(const struct applications *applications);
struct application *applications_at(const struct applications *applications, unsigned index);
struct application *applications_find(const struct applications *applications, const char *id);
uint64_t applications_revision(const struct applications *applications);
/* As they were: what each part was, from its stored changes and figures; the tree is today's. `done` at once or on a
 * later turn, with a reference to release or an error; `fleet` must live until then. What is loaded is good until the
 * next turn after it came. */
struct applications_past;
typedef void applications_past_done(void *owner, struct applications_past *past, const struct error *error);
void applications_past_load(struct applications *applications, const struct fleet_past *fleet, applications_past_done *done,
                            void *owner);
void applications_past_release(struct applications_past *past);
/* As they travel; `past` NULL: now. Text lives in the arena. */
void applications_wire(struct application *application, const struct applications_past *past, struct arena *arena,
                       struct wire_application *row);
void applications_wire_page(struct application *application, const struct applications_past *past, struct arena *arena,
                            struct wire_application_page *page);
/* Names of the applications that stand on a server, themselves or through others, in the configuration's order. */
unsigned applications_on(struct applications *applications, uint32_t asset, const char *const **names);
/* API endpoints of a server (R041): HTTP checks with `on:` it, or with its address in their URL, in the configuration's order;
 * `past` NULL: now. */
struct wire_endpoint;
unsigned applications_endpoints(struct applications *applications, uint32_t asset, const struct applications_past *past,
                                struct arena *arena, struct wire_endpoint **endpoints);
unsigned applications_endpoint_count(struct applications *applications, uint32_t asset, unsigned *failing);
uint32_t application_asset(const struct application *application); /* FLEET_NONE: it waits for an address */

/* ---- acting ---- */
/* `node` "" for all checks, "energy/web" or "web" for one. False with a cause. */
bool applications_check(struct application *application, const char *node, struct error *error);
/* Restart the unit of a node (its own, or what `recovery` names for its server). Audited before it runs; `done` once,
 * later, with the exit code and one line of what came of it, or an error. False with a cause: not started. */
typedef void applications_restarted(void *owner, int exit_code, const char *result, const struct error *error);
bool applications_restart(struct application *application, const char *node, const char *actor,
                          applications_restarted *done, void *owner, struct error *error);

#endif
