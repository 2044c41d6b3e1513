/* Applications as they travel: what makes up a business system, its state, and where it hurts. */
#ifndef WIRE_APPLICATIONS_H
#define WIRE_APPLICATIONS_H

#include "model/health.h"
#include "wire/wire.h"

/* GET /applications (filter, sort, offset, limit, at):
 * {"id":"energy","name":"能源态势","subsystem":"..","contract":"campus-iot","requirement":"R022","health":"critical",
 *  "since":"..","uptime_s":..,"availability":0.9987 (this month, of the time it was watched),"availability_30d":..,
 *  "checks":7,"failing":1,"waiting":0 (checks that have no address yet),"latency_ms":42,"users":188,"in_rate":..,"out_rate":.. (bytes a second, of its servers together),
 *  "hurts":"nginx.service on web-1: failed since 03:31","servers":["web-1","db-2"],"recovery":"2 of 3 tries left"}
 * With `at` all of it is as it was, but for what the tree is made of, which is today's. An application none of whose checks has an address is "unknown" and says "waiting for an address" in `hurts`. */
struct wire_application {
    const char *id, *name, *subsystem, *contract, *requirement, *hurts, *recovery;
    enum health health;
    msec since;
    double uptime, availability, availability_30d, latency, users, in_rate, out_rate;
    unsigned checks, failing, waiting;
    const char **servers;
    unsigned server_count;
};

/* GET /applications/{id}: the row, plus "nodes": the dependency tree in depth-first order, the application first:
 * {"id":"energy/web","name":"网站 HTTPS","kind":"http","depth":1,"needs":["energy/db"],"verdict":"ok"|"warning"|
 *  "critical"|"waiting"|"unknown","evidence":"200 in 42 ms, certificate 61 d","since":"..","checked":"..",
 *  "asset":"web-1","figures":[{"name":"latency_ms","value":42,"unit":"ms"}],"cause":true,
 *  "may_restart":true,"unit":"nginx.service","unit_on":"web-1"} : `cause` marks the first broken
 * node of the walk: broken itself, nothing broken below it. "recoveries":[{"time":..,"unit":..,"asset":..,"result":..}].
 * POST /applications/{id}/check {"node":".."} runs a check now; POST /applications/{id}/restart {"node":".."}. */
struct wire_figure { const char *name, *unit; double value; };
struct wire_node {
    const char *id, *name, *kind, *verdict, *evidence, *asset;
    const char *unit, *unit_on;     /* what a restart of it restarts, and where; "" when it may not be */
    unsigned depth;
    bool cause;
    msec since, checked;
    const char **needs;
    unsigned need_count;
    struct wire_figure *figures;
    unsigned figure_count;
    bool may_restart;
};
struct wire_recovery { msec time; const char *node, *asset, *unit, *result; };
struct wire_application_page {
    struct wire_page page;
    struct wire_application application;
    struct wire_node *nodes;
    unsigned node_count;
    struct wire_recovery *recoveries;
    unsigned recovery_count;
};
void wire_write_application(struct json_writer *writer, const struct wire_application *application);
void wire_write_application_page(struct buffer *out, const struct wire_application_page *page);
bool wire_read_applications(const char *bytes, size_t length, struct arena *arena, struct wire_page *page,
                            struct wire_application **items, unsigned *count, struct error *error);
bool wire_read_application_page(const char *bytes, size_t length, struct arena *arena, struct wire_application_page *page,
                                struct error *error);

#endif
