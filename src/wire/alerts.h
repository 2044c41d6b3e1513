/* Alerts, silences, downtimes and notifications as they travel (see wire.h for the envelope and the habits). */
#ifndef WIRE_ALERTS_H
#define WIRE_ALERTS_H

#include "model/alert.h"
#include "wire/wire.h"

/* GET /alerts (filter, sort, offset, limit, fields, at): the default order is the queue's: unhandled first, then
 * severity, then age. "hidden" in the envelope counts what the default view leaves out: {"silenced":n,"downtime":n,
 * "dependency":n,"flapping":n,"closed":n,"filtered":n}; `?all=1` leaves nothing out.
 * {"id":"A-20261121-0007","name":"gateway offline","type":"communication","severity":"critical","state":"unacknowledged",
 *  "raised_at":"..",                                     <- the five fields of R020 come first, with the id
 *  "condition":"active","acknowledged":false,"suppression":["dependency"],"asset":"GW-A-0042","asset_name":"..",
 *  "gateway":"GW-A-0042","place":"涵英楼 3F 弱电间2","unit":"后勤","subsystem":"供水管理","summary":"silent for 3m",
 *  "metric":"temperature","value":31.2,"threshold":30,"since":"..","last_seen":"..","cleared_at":null,
 *  "occurrences":4,"reopens":0,"acknowledged_by":"","acknowledged_at":null,"acknowledge_until":null,"note":"",
 *  "sticky":false,"assignee":"","ticket":"","cause":"","symptoms":44,"silence":"","shelved_until":null,"rule":"gateway-offline",
 *  "rule_version":3,"runbook":"gateway","source":"rule","previous":"","notes":2,"news":"new","revision":7,
 *  "labels":{"severity":"page",..},"annotations":{"summary":".."},"labels_left_out":0} <- what came from elsewhere with it */
struct wire_alert {
    const char *id, *name, *type;
    enum severity severity;
    enum alert_state state;
    msec raised_at;
    enum alert_condition condition;
    bool acknowledged, sticky;
    uint8_t suppression;             /* enum suppression bits */
    const char *asset, *asset_name, *gateway, *place, *unit, *subsystem, *summary, *metric;
    double value, threshold;         /* NaN where the rule compares nothing */
    msec since, last_seen, cleared_at, acknowledged_at, acknowledge_until, shelved_until;
    uint32_t occurrences, reopens, symptoms, notes;
    const char *acknowledged_by, *note, *assignee, *ticket, *cause, *silence, *rule, *runbook, *source, *previous;
    int64_t rule_version, revision;
    const char *news;                /* since this person last looked: "", "new", "worse", "again", "cleared" */
    const char *labels;              /* and annotations, in the form of model/labels.h; "" none */
};

/* GET /alerts/{id}: the alert, plus "timeline":[{"time":..,"actor":"rule","verb":"raised","text":".."}] oldest first,
 * "similar":[alert..] (same rule and asset, the last 30 days, newest first, at most 5, with "fixed_by": the closing
 * note), "symptom_ids":[..] (at most 200). */
struct wire_alert_event { msec time; const char *actor, *verb, *text; };
struct wire_similar { const char *id; msec raised_at, cleared_at; const char *fixed_by; };
struct wire_alert_page {
    struct wire_page page;
    struct wire_alert alert;
    struct wire_alert_event *timeline;
    unsigned timeline_count;
    struct wire_similar *similar;
    unsigned similar_count;
    const char **symptoms;
    unsigned symptom_count;
    bool runbook_missing;            /* the alert names one that is not there */
};

/* What the queue hides, in the envelope's "hidden" of GET /alerts (acknowledged ones are shown; they are counted so that
 * the header can say so), and how the desk stands: "desk":{"unhandled":n,"news":n,"rate":per minute,"flood":false,
 * "by_severity":{..of what is not closed}}. */
struct wire_alert_hidden {
    uint32_t silenced, shelved, downtime, dependency, inhibited, flapping, out_of_service, pending, closed, filtered, acknowledged;
    uint32_t unhandled, news, by_severity[SEVERITY_COUNT];
    double rate;
    bool flood;
};
/* The envelope with its counts: in place of wire_list_begin; wire_list_end closes it. */
void wire_alerts_begin(struct json_writer *writer, const struct wire_page *page, const struct wire_alert_hidden *hidden);
/* GET /alerts/groups?by=cause|place|subsystem|rule|unit: {"key":"..","count":n,"unhandled":n,"worst":"critical",
 * "oldest":"..","ids":[at most 200]} */
struct wire_alert_group { const char *key; uint32_t count, unhandled; enum severity worst; msec oldest; const char *const *ids; unsigned id_count; };

/* Writes, all with If-Match where one target is named, bulk by {"ids":[..],"revisions":[..]} or {"filter":".."}:
 *   POST /alerts/{id}/ack  or /alerts/ack   {"note":"..","until":"..","sticky":false}
 *   POST .../unack {}   .../assign {"to":"wang"}   .../note {"text":".."}   .../shelve {"until":"..","why":".."}
 *   .../unshelve {}   .../cause {"cause":"A-.."|""}   .../close {"why":".."}   .../reopen {}   .../seen {}
 * Bulk answers {"done":[ids],"failed":[{"id":..,"status":409,"detail":".."}]}.
 *
 * GET /silences: {"id":"S-0003","filter":"building:涵英楼","starts":..,"ends":..,"why":"..","by":"user:wang","created":..,
 *  "active":true,"matches":31,"revision":1}; POST /silences {filter,starts,ends,why}; DELETE /silences/{id};
 * POST /silences/rehearse {filter} -> {"matches":n,"ids":[..],"would_have_hidden":n,"notifications":n,
 *  "elsewhere":[{"source":"prod","whole":true,"what":"severity=\"page\"","why":"","matches":n}]} (last 7 days).
 *
 * GET /downtimes: {"id":"D-0001","filter":"..","kind":"fixed|flexible|recurring","starts":..,"ends":..,"duration_ms":..,
 *  "schedule":"..","with_children":true,"why":"..","by":"..","active":false,"revision":1}; POST, DELETE.
 *
 * GET /rules: {"name":"..","type":"..","severity":"..","select":"..","when":"..","clear":"..","for_ms":..,"runbook":"..",
 *  "contract":"campus-iot","requirement":"R030","version":3,"applies":48000,"active":3,"problem":""}.
 * GET /notifications: {"id":..,"time":..,"channel":"..","to":"..","alert":"A-..","what":"raise|remind|resolve|storm|test",
 *  "state":"sent|waiting|failed","attempts":1,"detail":"250 ok"}. */
/* POST /downtimes {filter,kind,starts,ends,duration_ms,schedule,with_children,why}.
 * GET /alerts/stats?from= (default 30 days back; what is in memory): {"rules":[{"source","rule","name","raised","active",
 * "acknowledged","cleared","standing","chattering","mtta_ms":null|n,"mttr_ms":null|n}],"worst":[{"asset","name","raised"}],
 * "per_person":n,"people":n,"since":..} */
/* GET /heartbeats: {"name":"backup","title":"heartbeat backup","state":"waiting|ok|late|missing|failed","last":..,"due":..,
 * "every_ms":..,"grace_ms":..,"severity":"major","asset":"","message":"","by":"user:root","alert":"A-..","beats":n,"failures":n} */
struct wire_heartbeat { const char *name, *title, *state, *severity, *asset, *message, *by, *alert; msec last, due, every, grace; int64_t beats, failures; };
/* `elsewhere`: what became of it in other systems ("prod: one silence there: .."). `source`: the one whose own silence it is, its id
 * "prod:ID" and its filter in that one's words; "" for ours. */
struct wire_silence { const char *id, *filter, *why, *by; msec starts, ends, created; bool active; uint32_t matches; int64_t revision; const char *elsewhere, *source; };
struct wire_downtime { const char *id, *filter, *kind, *schedule, *why, *by; msec starts, ends, duration; bool with_children, active; uint32_t matches; int64_t revision; };
struct wire_rule { const char *name, *type, *select, *when, *clear, *runbook, *contract, *requirement, *problem; enum severity severity; msec hold; int64_t version; uint32_t applies, active; };
struct wire_notification { const char *id, *channel, *to, *alert, *what, *state, *detail; msec time; uint32_t attempts; };

/* Events of /events: `alerts` {"revision":R,"ids":[at most 64],"unhandled":n,"worst":"critical"} at most 10 a second;
 * `notice` {"id":"A-..","what":"raise","severity":"critical","name":"..","place":".."}: what bells and desktop
 * notifications follow. */

#define WIRE_ALERT_WHOLE UINT64_MAX
uint64_t wire_alert_members(const char *fields); /* those that "name,value" names; NULL: all */
void wire_write_alert(struct json_writer *writer, const struct wire_alert *alert, uint64_t members);
void wire_write_alert_page(struct json_writer *writer, const struct wire_alert_page *page); /* whole answer */
void wire_write_alert_group(struct json_writer *writer, const struct wire_alert_group *group);
void wire_write_silence(struct json_writer *writer, const struct wire_silence *silence);
void wire_write_downtime(struct json_writer *writer, const struct wire_downtime *downtime);
void wire_write_rule(struct json_writer *writer, const struct wire_rule *rule);
void wire_write_heartbeat(struct json_writer *writer, const struct wire_heartbeat *heartbeat);
void wire_write_notification(struct json_writer *writer, const struct wire_notification *notification);

bool wire_read_alerts(const char *bytes, size_t length, struct arena *arena, struct wire_page *page,
                      struct wire_alert_hidden *hidden, struct wire_alert **items, unsigned *count, struct error *error);
bool wire_read_alert_page(const char *bytes, size_t length, struct arena *arena, struct wire_alert_page *page, struct error *error);
WIRE_DECODE_LIST(alert_groups, wire_alert_group)
WIRE_DECODE_LIST(silences, wire_silence)
WIRE_DECODE_LIST(downtimes, wire_downtime)
WIRE_DECODE_LIST(rules, wire_rule)
WIRE_DECODE_LIST(notifications, wire_notification)
WIRE_DECODE_LIST(heartbeats, wire_heartbeat)

#endif
