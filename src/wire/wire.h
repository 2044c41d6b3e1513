/* The resources as they travel: the one codec of both sides. The daemon fills these structs and encodes them; the
 * console decodes into the same structs. Decoding never trusts: absent members get neutral values, unknown members
 * are ignored, text is copied into the struct's arena.
 *
 * Reads answer {"items":[...],"total":N,"hidden":{...},"revision":R,"as_of":T} (DESIGN.md section 5); the comments
 * below show one item each. Spans travel as milliseconds, instants as RFC 3339. */
#ifndef WIRE_WIRE_H
#define WIRE_WIRE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "model/asset.h"
#include "model/health.h"
#include "model/reading.h"

/* Memory of one decoded answer; freed as a whole. */
struct arena;
struct arena *arena_new(void);
void arena_free(struct arena **arena);
char *arena_text(struct arena *arena, const char *text); /* "" for NULL */
void *arena_alloc(struct arena *arena, size_t size);     /* zeroed */

struct wire_page {          /* the envelope */
    uint32_t total;         /* rows that match */
    uint32_t population;    /* rows there are: "hidden":{"filtered": population - total} */
    uint32_t offset;
    uint64_t revision;
    msec as_of;             /* the instant that is shown: now, or `at` */
    bool past;              /* as_of is in the past: "at" was given */
};

struct wire_value { const char *metric, *unit; double value; msec time; enum reading_flag flag; };

/* {"id":"GW-A-0042","name":"供水网关042","kind":"gateway","class":"gateway","parent":"","subsystem":"供水管理",
 *  "site":"创新港","building":"涵英楼","floor":"3F","room":"弱电间2","model":"EG-201","vendor":"..","serial":"..",
 *  "asset_tag":"..","unit":"后勤","tags":["泵房"],"address":"127.1.0.42","period_ms":60000,"status":"installed",
 *  "contract":"campus-iot","attributes":{},"discovered":false,"revision":3,
 *  "health":"offline","reason":"not-reached","since":"..","link":"down","link_since":"..","comm":"silent",
 *  "comm_since":"..","last_heard":"..","evidence":"no echo for 31 s",
 *  "children":44,"children_by_health":{"unreachable":44},"below":44,
 *  "values":[{"metric":"temperature","value":31.2,"unit":"°C","time":"..","flag":1}]}
 * `?fields=` (comma list) limits the members; id and health always come. `values` only when asked for. */
struct wire_asset {
    const char *field[ASSET_FIELD_COUNT]; /* tags joined by ";" */
    const char *attributes;               /* JSON object text, "" when none */
    bool discovered;
    int64_t revision;
    msec period;
    enum health health;
    enum health_reason reason;
    msec since, link_since, comm_since, last_heard;
    enum link_state link;
    enum comm_state comm;
    const char *evidence;
    uint32_t children, below;
    uint32_t children_by_health[HEALTH_COUNT];
    struct wire_value *values;
    unsigned value_count;
};

/* GET /assets/{id}: the asset, plus
 * "path":[{"id":"..","name":"..","health":"ok"}] from the root down to its parent,
 * "neighbours":[asset..] (same parent, worst first, at most 12, itself left out),
 * "messages":[{"received":"..","source":"campus","text":".."}] newest first,
 * "redundancy":{"name":"..","alive":1,"total":2,"need":1,"gone":false,"alert":""} where it is in a group,
 * "fleet_revision":R,"as_of":T,"past":false ("revision" is the asset's own). */
struct wire_step { const char *id, *name; enum health health; };
struct wire_message { msec received; const char *source, *text; };
/* The redundancy group it is in; name "": none. alert: the group's while it is gone. */
struct wire_standby {
    const char *name, *alert;
    uint32_t alive, total, need;
    bool gone;
};
struct wire_asset_page {
    struct wire_page page;
    struct wire_asset asset;
    struct wire_step *path;
    unsigned path_count;
    struct wire_asset *neighbours;
    unsigned neighbour_count;
    struct wire_message *messages;
    unsigned message_count;
    struct wire_standby standby;
};

/* GET /assets/{id}/readings?metric=M&from=&to=&buckets=N ->
 * {"metric":"temperature","unit":"°C","from":..,"to":..,"bucket_ms":60000,
 *  "buckets":[[start_ms,min,max,mean,last,count]|null,...],"as_of":..} */
struct wire_series {
    const char *metric, *unit;
    msec from, to;
    struct reading_bucket *buckets;
    unsigned bucket_count;
};

/* GET /assets/{id}/states?from=&to= and GET /states (all assets; adds "id") ->
 * {"id":"..","from":..,"to":null,"health":"offline","reason":"no-data","link":"up","comm":"silent"} */
struct wire_interval {
    const char *id;
    msec from, to;
    enum health health;
    enum health_reason reason;
    enum link_state link;
    enum comm_state comm;
};

/* GET /board?group=building|subsystem|unit|contract|site|floor&order=worst|place&filter=&offset=&limit=&at= : one
 * item a group: {"key":"涵英楼","total":110,"by_health":{"ok":108,"offline":2},"all_by_health":{..},
 *  "letters":"x....","ids":["GW-A-0042",...]}. offset/limit count groups; `cells` limits letters and ids a group
 * (default 2000). Beside items: "by_health", "all_by_health" of the whole site and
 * "contracted":[{"name":"gateways","contract":"campus-iot","need":1000,"have":1091,"total":1100,"ok":true}]. */
struct wire_group {
    const char *key;
    uint32_t total;
    uint32_t by_health[HEALTH_COUNT], all_by_health[HEALTH_COUNT];
    const char *letters;    /* one ASCII letter a cell */
    const char **ids;
    unsigned cell_count;
};
struct wire_contracted { const char *name, *contract; uint32_t need, have, total; bool ok; };
struct wire_board {
    struct wire_page page;
    struct wire_group *groups;
    unsigned group_count;
    uint32_t by_health[HEALTH_COUNT], all_by_health[HEALTH_COUNT];
    struct wire_contracted *contracted;
    unsigned contracted_count;
};

/* GET /overview: {"site":"创新港","timezone":"Asia/Shanghai","language":"zh_CN","version":"0.1.0","started":..,
 *  "assets":49100,"by_health":{..},"kinds":[{"kind":"gateway","total":1100,"by_health":{..}}],"contracted":[..],
 *  "sources":{"total":3,"running":3,"worst":"running","oldest_heard":".."},"rate":22.1,"discovered":2,
 *  "quiet":{"name":"夜间","until":"..","held":3} while quiet hours of notify are in force,
 *  "store":{"engine":"sqlite","writable":true,"problem":"","bytes":..,"queued":0},
 *  "shift":{"name":"夜班","people":"王","from":..,"to":..}|null,"revision":..,"as_of":..} */
struct wire_kind { const char *kind; uint32_t total; uint32_t by_health[HEALTH_COUNT]; };
struct wire_overview {
    struct wire_page page;
    const char *site, *timezone, *language, *version;
    msec started;
    uint32_t assets, discovered;
    uint32_t by_health[HEALTH_COUNT];
    struct wire_kind *kinds;
    unsigned kind_count;
    struct wire_contracted *contracted;
    unsigned contracted_count;
    uint32_t sources, sources_running;
    const char *sources_worst;      /* "running", "troubled", "down" */
    msec oldest_heard, newest_heard;
    double rate;                    /* readings a second */
    const char *store_engine, *store_problem;
    bool store_writable;
    uint64_t store_bytes, store_queued;
    const char *quiet;              /* name of the quiet hours in force, or ""; until when; how many messages wait for their end */
    msec quiet_until;
    uint32_t held;
    const char *shift, *shift_people; /* "": nobody is on duty by the roster, or there is none */
    msec shift_from, shift_to;
};

/* GET /sources: {"name":"campus","type":"mqtt","state":"running","detail":"connected, 2 topics","since":..,
 *  "last_heard":..,"rate":22.0,"messages":..,"readings":..,"bytes":..,"bad":3,"duplicates":0,"checks":0,"failures":0,
 *  "reconnects":0,"targets":0,"examples":[{"time":..,"reason":"not JSON","sample":".."}]} */
struct wire_example { msec time; const char *reason, *sample; };
struct wire_source {
    const char *name, *type, *state, *detail;
    msec since, last_heard;
    double rate;
    uint64_t messages, readings, bytes, bad, duplicates, checks, failures, reconnects, targets;
    struct wire_example *examples;
    unsigned example_count;
};

/* GET /facets?field=building&filter= : {"value":"涵英楼","count":4012,"by_health":{..}} */
struct wire_facet { const char *value; uint32_t count; uint32_t by_health[HEALTH_COUNT]; };
/* GET /audit?before=&limit= : {"sequence":7,"time":..,"actor":"user:wang","verb":"ledger import","target":"",
 *  "detail":{..},"hash":".."} */
struct wire_audit { int64_t sequence; msec time; const char *actor, *verb, *target, *detail, *hash; };
/* GET /views (saved views): {"name":"泵房","resource":"assets","query":"filter=..&sort=..&columns=..","owner":"user:wang","revision":1} */
struct wire_saved_view { const char *name, *resource, *query, *owner; int64_t revision; };
/* GET /whoami: {"name":"user:wang","role":"operator"} */
struct wire_whoami { const char *name, *role; };

/* Server-Sent Events of /events: `id:` is SEQ, `event:` the kind, `data:` one line of JSON.
 *   fleet      {"revision":R,"total":n,"ids":["..."],"by_health":{..}}   at most 10 a second
 *   sources    {"names":["campus"]}                                      at most 1 a second
 *   pulse      {"as_of":..,"rate":22.1,"newest_heard":..,"queued":0}     once a second: the heartbeat
 *   ledger     {"revision":R}     reload {}     */

/* Encoders write one JSON value (into arrays: key NULL). `fields` limits members, NULL for all. */
void wire_write_by_health(struct json_writer *writer, const char *key, const uint32_t by_health[HEALTH_COUNT]);
void wire_write_asset(struct json_writer *writer, const struct wire_asset *asset, const char *fields);
void wire_write_asset_page(struct json_writer *writer, const struct wire_asset_page *page); /* whole answer */
void wire_write_series(struct json_writer *writer, const struct wire_series *series);       /* whole answer */
void wire_write_interval(struct json_writer *writer, const struct wire_interval *interval);
void wire_write_board(struct json_writer *writer, const struct wire_board *board);          /* whole answer */
void wire_write_overview(struct json_writer *writer, const struct wire_overview *overview); /* whole answer */
void wire_write_source(struct json_writer *writer, const struct wire_source *source);
void wire_write_facet(struct json_writer *writer, const struct wire_facet *facet);
void wire_write_audit(struct json_writer *writer, const struct wire_audit *audit);
void wire_write_saved_view(struct json_writer *writer, const struct wire_saved_view *view);
void wire_write_whoami(struct json_writer *writer, const struct wire_whoami *whoami);
/* Envelope round a list: begin, then items, then end. */
void wire_list_begin(struct json_writer *writer, const struct wire_page *page);
void wire_list_end(struct json_writer *writer);

/* Decoders take a whole answer (not NUL-terminated) and allocate in the arena. False: not the shape expected. */
#define WIRE_DECODE_LIST(name, type)                                                                        \
    bool wire_read_##name(const char *bytes, size_t length, struct arena *arena, struct wire_page *page,     \
                          struct type **items, unsigned *count, struct error *error);
WIRE_DECODE_LIST(assets, wire_asset)
WIRE_DECODE_LIST(intervals, wire_interval)
WIRE_DECODE_LIST(sources, wire_source)
WIRE_DECODE_LIST(facets, wire_facet)
WIRE_DECODE_LIST(audit, wire_audit)
WIRE_DECODE_LIST(saved_views, wire_saved_view)
bool wire_read_asset_page(const char *bytes, size_t length, struct arena *arena, struct wire_asset_page *page, struct error *error);
bool wire_read_series(const char *bytes, size_t length, struct arena *arena, struct wire_series *series, struct error *error);
bool wire_read_board(const char *bytes, size_t length, struct arena *arena, struct wire_board *board, struct error *error);
bool wire_read_overview(const char *bytes, size_t length, struct arena *arena, struct wire_overview *overview, struct error *error);
bool wire_read_whoami(const char *bytes, size_t length, struct arena *arena, struct wire_whoami *whoami, struct error *error);

/* Errors: application/problem+json (RFC 9457). */
/* Begin leaves the object open, for members of one's own (json_write_object_end closes it). */
void wire_problem_begin(struct json_writer *writer, int status, const struct error *error, const char *instance);
void wire_write_problem(struct buffer *out, int status, const struct error *error, const char *instance);
bool wire_read_problem(const char *bytes, size_t length, struct error *error);

#endif
