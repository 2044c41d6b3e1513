/* GET /security: the five layers, the five measures, then their controls (R361, R362), each as one row:
 * {"name":"host-logins","level":"control" (layer, measure),"layer":"host","measure":"authentication","title":"Failed logins",
 *  "title_zh":"登录失败","lacks":"failed logins not told","lacks_zh":"..","requirement":"R041","state":"breached" (watched,
 *  partly, unwatched, nothing),"controls":0,"total":54,"watched":53,"silent":1,"now":1,"hidden":0,"worst":"major","since":"..",
 *  "last":"..","day":1,"week":3,"month":11,"alerts":"rule:server-failed-logins","assets":"kind:server","audit":"",
 *  "top_id":"A-..","top_name":"登录失败过多","top_where":"web-1"}
 * total, watched: assets and facts that should be watched, and are; silent: of those, the ones that say nothing now.
 * now: active breaches that nothing hides; hidden: active, but silenced, in a downtime, or a symptom of another.
 * day, week, month: alerts raised (audit entries for a control over the audit) since "day_since", "week_since" and
 * "month_since" beside the items. "counted":false: those before the start of the daemon are still being counted.
 * "waiting": alerts that wait to be sorted into layers.
 *
 * GET /security/{name}: {"row":[{..}],"items":[{"kind":"fact","name":"campus","detail":"mqtt in the clear","good":false,
 *  "view":"sources","id":"campus","time":null}],..}: what a row is made of, what is wrong first; kind: fact, missing
 *  (an asset that is not watched), silent, act (an entry of the audit). Acts, tokens and who may do what are listed for
 *  supervisors, and counted in "left_out" for others.
 * GET /security/{name}/breaches (from, to): its alerts raised in that time, newest first, as GET /alerts gives them. */
#ifndef WIRE_SECURITY_H
#define WIRE_SECURITY_H

#include "wire/wire.h"

struct wire_security {
    const char *name, *level, *layer, *measure, *title, *title_zh, *lacks, *lacks_zh, *requirement, *state, *worst;
    const char *alerts, *assets, *audit;
    const char *top_id, *top_name, *top_where; /* the worst of what is active; "" none */
    uint32_t controls, total, watched, silent, now, hidden, day, week, month;
    msec since, last;                          /* of the oldest active one; of the last raised; CLOCK_NEVER */
};
struct wire_security_site {
    struct wire_page page;
    struct wire_security *rows;
    unsigned count;
    msec day_since, week_since, month_since;
    bool counted, require_tls;
    uint32_t waiting;
};
struct wire_security_item { const char *kind, *name, *detail, *view, *id; bool good; msec time; };
struct wire_security_page {
    struct wire_page page;
    struct wire_security row;
    struct wire_security_item *items;
    unsigned count;
    uint32_t left_out;                         /* items beyond those */
    msec day_since, week_since, month_since;
};

void wire_write_security_site(struct buffer *out, const struct wire_security_site *site);
bool wire_read_security_site(const char *bytes, size_t length, struct arena *arena, struct wire_security_site *site, struct error *error);
void wire_write_security_page(struct buffer *out, const struct wire_security_page *page);
bool wire_read_security_page(const char *bytes, size_t length, struct arena *arena, struct wire_security_page *page, struct error *error);

#endif
