/* Security at one place (R361, R362): alerts sorted into the controls of security_plan.h, and through them into the five
 * layers and the five measures; what should be watched and what is; how the ways here are protected.
 *
 * Cost: an alert is sorted once each time the desk counts it anew, off its path, in slices of a few milliseconds; how many
 * were raised is kept by the hour for 31 days, and what was raised before the start is read from the store in pages; the
 * ledger is gone through in slices when somebody asks and what is known is older than 10 s (older than 30 s: the answer
 * waits). An answer costs one pass over the alerts in memory (about 1 ms at 100,000). On the loop's thread. */
#ifndef ENGINE_SECURITY_H
#define ENGINE_SECURITY_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "collect/protection.h"
#include "engine/alerts.h"
#include "engine/security_plan.h"
#include "wire/security.h"

struct applications;
struct heartbeats;
struct hosts;
struct rules;
struct security;
struct site;

struct security_parts {      /* all but loop, fleet, store and alerts may be NULL */
    uv_loop_t *loop;
    struct fleet *fleet;
    struct store *store;
    struct alerts *alerts;
    struct hosts *hosts;
    struct applications *applications;
    struct heartbeats *heartbeats;
    struct rules *rules;
};
struct security *security_new(const struct security_parts *parts); /* after alerts_load */
/* In force from now on, after sources, applications and rules are; both must live until the next call. Counts what was
 * raised anew, and raises the alerts of a policy that is not kept (source "security"). */
void security_use(struct security *security, const struct security_plan *plan, const struct site *site);
/* Before the desk and the others. Its handle closes on later turns. */
void security_free(struct security **security);

/* All rows, layers first, then measures, then controls, when what they count is known: at once or on a later turn. Valid
 * during the call. NULL from security_free. */
typedef void security_done(void *owner, const struct wire_security_site *site);
void security_ask(struct security *security, security_done *done, void *owner);
/* One row and what it is made of; false: there is none of that name. Texts live in the arena or as long as the plan. To be
 * called from security_done. Unless `everything`, who may do what, tokens and acts of people are counted, not listed. */
bool security_page(struct security *security, const char *name, bool everything, struct arena *arena, struct wire_security_page *page);

/* What a period brought: alerts raised in from..to from the store, oldest first, each with the bits of the rows it belongs
 * to (security_row_name). `done` once, also when there is none; later than the call. */
typedef void security_visit(void *owner, const struct wire_alert *alert, const char *closed_by, uint64_t rows);
typedef void security_scanned(void *owner, const struct error *error);
void security_scan(struct security *security, msec from, msec to, security_visit *visit, security_scanned *done, void *owner);
int security_row_find(const struct security *security, const char *name); /* -1: none */

/* ---- facts ---- */
struct security_fact { const char *name, *detail, *view, *id; bool good; };
typedef void security_fact_visit(void *owner, const struct security_fact *fact);
typedef void security_fact_source(void *from, security_fact_visit *visit, void *owner);
/* Who else tells facts of that sort (the API its tokens). */
void security_provide(struct security *security, enum security_facts sort, security_fact_source *source, void *from);

#endif
