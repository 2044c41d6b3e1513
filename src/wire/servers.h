/* Servers as they travel: the row of the list, the page, what the page can ask for (see wire.h for the envelope). */
#ifndef WIRE_SERVERS_H
#define WIRE_SERVERS_H

#include "model/host.h"
#include "wire/wire.h"

/* GET /servers (filter, sort, offset, limit, at): assets of kind server, and any other that answers as a host.
 * {"id":"db-2","name":"..","address":"..","place":"机房东 A03","system":"Debian 12","health":"ok","reason":"..",
 *  "since":"..","taken":"..","uptime_s":..,"cores":8,"cpu":37.1,"iowait":3,"load1":2.1,"memory":61,"memory_total":..,
 *  "swap":0,"disk":97,"disk_mount":"/data","in_rate":..,"out_rate":..,"speed":..,"sessions":188,"logins":1,
 *  "failed_units":1,"ports":9 (that it listens on),"unexpected":1,"endpoints":3 (API endpoints),"endpoints_failing":1,
 *  "alerts":2,"worst":"critical","applications":["能源态势"],
 *  "source":"hosts","evidence":".."}
 * Sort fields: the members' names. Members that nobody knows are null (NAN). With `at` the figures are those that were stored last by then
 * (`taken` says when), alerts and deviations those of then. */
struct wire_server {
    const char *id, *name, *address, *place, *system, *source, *evidence;
    enum health health;
    enum health_reason reason;
    msec since, taken;
    double uptime, cpu, iowait, load1, memory, memory_total, swap, disk, in_rate, out_rate, speed;
    const char *disk_mount;
    unsigned cores, sessions, logins, failed_units, ports, unexpected, endpoints, endpoints_failing, alerts;
    int worst;                     /* enum severity of its alerts; -1 none */
    const char **applications;     /* names of those that stand on it, through others too */
    unsigned application_count;
};
void wire_write_server(struct json_writer *writer, const struct wire_server *server);

/* GET /servers/{id}: {"server":{..row..},"host":{figures and lists of model/host.h by their names, NAN as null},
 *  "deviations":[{"kind":"port-unexpected","point":"8088/tcp","evidence":"..","since":".."}],"logs":["journal:nginx"],
 *  "endpoints":[{"id":"energy/web","name":"网站","application":"能源态势","address":"https://10.0.0.7/health","verdict":"ok",
 *   "evidence":"200 in 42 ms","status":200,"latency_ms":42,"certificate_days":61,"since":"..","checked":".."}] (HTTP checks of
 *  applications that are declared for it),"may_restart":true,"shell":true,"attended":true}. Asking with `watch=1` is looking closely (1 s, processes too).
 * With `at`: units, logins and ports as they were kept, and of processes those that used most processor or memory, ten of
 * each, at the instant that the fact "kept:processes" tells; a list that was not kept then has the fact "missing:LIST". */
struct wire_deviation { const char *kind, *point, *evidence; msec since; };
struct wire_endpoint {
    const char *id, *name, *application, *address, *verdict, *evidence;
    unsigned status;               /* 0: none came */
    double latency, certificate_days;
    msec since, checked;
};
struct wire_server_page {
    struct wire_page page;
    struct wire_server server;
    const struct host *host;       /* NULL: never answered; in the past: told nothing in the day before */
    struct wire_deviation *deviations;
    unsigned deviation_count;
    struct wire_endpoint *endpoints;
    unsigned endpoint_count;
    const char **logs;
    unsigned log_count;
    bool may_restart, shell, attended;
};
void wire_write_server_page(struct buffer *out, const struct wire_server_page *page);

/* What was kept of a host at an instant, as an incident capsule has it: lists as above, and nothing else.
 * {"asset":"web-1","time":"..","units":[..]} */
struct wire_kept { const char *asset; msec time; const struct host *host; };
void wire_write_kept(struct json_writer *writer, const struct wire_kept *kept);
bool wire_read_kept(const char *bytes, size_t length, struct arena *arena, struct wire_kept *kept, struct error *error);

/* POST /servers/{id}/restart {"unit":"nginx.service"} -> {"unit":"..","exit_code":0,"output":"..","took_ms":812,
 * "state":"active","sub":"running"}: the unit's state after the command, and the health that follows is the asset's.
 * POST /servers/{id}/shell {"phase":"start"|"end","session":"..","exit_code":0} -> {"session":"..","command":["ssh",..]}.
 * GET /servers/{id}/logs?log=journal:nginx&lines=500&since=&search=TEXT&follow=1 -> application/x-ndjson, one object a
 * line: {"time":"..","severity":"warning","unit":"..","text":".."}; severity as the log says or its words suggest. */
struct wire_log_line { msec time; int severity; /* enum severity, -1 none */ const char *unit, *text; };
struct wire_run_result { const char *unit, *output, *state, *sub; int exit_code; msec took; };
void wire_write_log_line(struct json_writer *writer, const struct wire_log_line *line);
void wire_write_run_result(struct json_writer *writer, const struct wire_run_result *result);

/* GET /network: how many links are up of those that are watched, and what hosts do that is not expected of them. */
struct wire_network { unsigned links, up, hosts, unexpected, outbound; double rate; /* NAN: no link is watched */ };
bool wire_read_network(const char *bytes, size_t length, struct wire_network *network, struct error *error);

bool wire_read_servers(const char *bytes, size_t length, struct arena *arena, struct wire_page *page, struct wire_server **items,
                       unsigned *count, struct error *error);
bool wire_read_server_page(const char *bytes, size_t length, struct arena *arena, struct wire_server_page *page, struct error *error);
bool wire_read_log_line(const char *bytes, size_t length, struct arena *arena, struct wire_log_line *line, struct error *error);
bool wire_read_run_result(const char *bytes, size_t length, struct arena *arena, struct wire_run_result *result, struct error *error);

#endif
