/* The hosts behind the fleet's servers: the last answer of each in full, who looks at it closely, what it is expected
 * to do, and the way to run a command on it. Rows and health belong to the fleet; this holds what a server has beyond
 * an asset. On the loop's thread.
 *
 * Cost: a host's lists live here once (processes only while somebody looks, or a check needs them). */
#ifndef ENGINE_HOSTS_H
#define ENGINE_HOSTS_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "base/error.h"
#include "collect/collector.h"
#include "engine/fleet.h"
#include "model/host.h"

struct hosts;

/* One entry of `servers:`, in order; for each member the first entry that selects the asset and says something about it
 * holds. Texts belong to the configuration and live as long as it is in force. */
struct hosts_expectation {
    const char *select;                     /* filter; "" all servers */
    const char *const *ports;               /* "22", "5432/tcp", "161/udp", "8000-8100"; NULL: not stated */
    unsigned port_count;
    const char *const *units;               /* units that must run; patterns with * */
    unsigned unit_count;
    const char *const *outbound;            /* allowed destinations: "10.0.0.0/8", "192.0.2.7:443", "*.example:443" is not one */
    unsigned outbound_count;
    const char *restart;                    /* "sudo -n systemctl restart {unit}" */
    const char *const *logs;                /* "journal:nginx", "file:/var/log/nginx/error.log" offered by the page */
    unsigned log_count;
    const char *shell;                      /* what a person's console runs for `!`: "ssh {user}@{host} -p {port}"; "" off */
};

struct hosts *hosts_new(uv_loop_t *loop, struct fleet *fleet);
void hosts_free(struct hosts **hosts);
/* Keep over time, in that store, what a look back asks for beside figures (model/host_keep.h): the processes that use most
 * each minute; units, people and listening ports as they change. At most 1 MiB a host and day. */
void hosts_keep_in(struct hosts *hosts, struct store *store);
/* The configuration in force; filters were checked. */
void hosts_configure(struct hosts *hosts, const struct hosts_expectation *expectations, unsigned count);
/* What the fleet's sink hands on; takes the host. */
void hosts_take(struct hosts *hosts, struct source *source, uint32_t asset, struct host *host);
/* Before its stop(): commands that run through it end with ERROR_UNAVAILABLE. */
void hosts_forget_source(struct hosts *hosts, struct source *source);

const struct host *hosts_find(const struct hosts *hosts, uint32_t asset); /* NULL: never told; valid until the next turn */
/* That list (HOST_units, say) is how things were at this steady time or later; 0: not known. Other lists may be older. */
msec hosts_told(const struct hosts *hosts, uint32_t asset, unsigned list);
struct source *hosts_source(const struct hosts *hosts, uint32_t asset);   /* that watches it; NULL none */
/* Read as the configuration has them; false when they are not of the shape. */
struct hosts_ports { unsigned first, last; bool tcp, udp; };
struct hosts_net { unsigned char bytes[16]; unsigned family, prefix, port; }; /* family in bits; port 0: any */
bool hosts_port_parse(const char *text, struct hosts_ports *ports);
bool hosts_net_parse(const char *text, struct hosts_net *net);
/* Ledger columns of a server (kind server) that say what is expected of it where the configuration does not: `ports`,
 * `units` and `outbound`, words as above, and `full` (capacity_plan.h), parted by blanks, commas or semicolons. False, with
 * what would be right, when a word is not of its shape; other names are nobody's business here. */
bool hosts_attribute_check(const char *name, const char *text, struct error *error);
/* In force for an asset, members merged. */
void hosts_expected(struct hosts *hosts, uint32_t asset, struct hosts_expectation *expected);

/* What a host does beside what is expected of it; the page's marks and the network watch's alerts come from here. */
enum host_deviation_kind { HOST_PORT_UNEXPECTED, HOST_PORT_MISSING, HOST_UNIT_MISSING, HOST_UNIT_FAILED, HOST_OUTBOUND };
struct host_deviation {
    enum host_deviation_kind kind;
    char point[96];                         /* "8088/tcp", "nginx.service", "203.0.113.9:4444" : an alert's point */
    char evidence[200];                     /* "python3 (pid 4711, user www) listens on 0.0.0.0:8088" */
    msec since;                             /* first seen so */
};
const char *host_deviation_name(enum host_deviation_kind kind); /* "port-unexpected", ... */
unsigned hosts_deviations(struct hosts *hosts, uint32_t asset, struct host_deviation *found, unsigned max);

/* Look closely for the next ten seconds: each call renews it; sampling goes to 1 s and FULL at the first, and back by
 * itself. Costs nothing when it is so already. */
void hosts_attend(struct hosts *hosts, uint32_t asset);

/* Run a command on the asset's host, through whichever source reaches it. Handles stay valid until done or cancel. */
struct hosts_running;
struct hosts_running *hosts_run(struct hosts *hosts, uint32_t asset, const struct host_run *run, struct error *error);
void hosts_cancel(struct hosts *hosts, struct hosts_running *running);
/* Put arguments into a template: each {name} is replaced by its argument in single quotes for sh. False with a cause
 * when an argument is not of its allowed shape: unit [A-Za-z0-9@._:-]+, path absolute without control bytes, number. */
struct hosts_argument { const char *name, *value; };
bool hosts_command(const char *template, const struct hosts_argument *arguments, unsigned count, char *out, size_t size,
                   struct error *error);

struct hosts_listener {
    void *owner;
    void (*taken)(void *owner, uint32_t asset, const struct host *host); /* after each answer; must not call hosts_take */
};
void hosts_listen(struct hosts *hosts, const struct hosts_listener *listener);
void hosts_unlisten(struct hosts *hosts, const void *owner);
/* The hosts there are, by index until FLEET_NONE. */
uint32_t hosts_at(const struct hosts *hosts, unsigned index);
bool hosts_attended(const struct hosts *hosts, uint32_t asset);
/* Hosts as they were: figures, disks, interfaces and the sessions of ports from the stored readings, each with when it had
 * told (`taken`). With `lists` also units, people, ports and the processes that used most as they were kept: the fact
 * "kept:processes" is when these were seen, and a list that was not kept then has the fact "missing:LIST". `done` at once
 * or on a later turn, with a reference to release or an error. Metrics that an asset no longer has by name are not found. */
struct hosts_past;
typedef void hosts_past_done(void *owner, struct hosts_past *past, const struct error *error);
void hosts_past_load(struct hosts *hosts, struct store *store, const uint32_t *assets, unsigned count, msec at,
                     bool lists, hosts_past_done *done, void *owner);
void hosts_past_release(struct hosts_past *past);
const struct host *hosts_past_find(const struct hosts_past *past, uint32_t asset); /* NULL: nothing in the day before */
double hosts_past_figure(const struct hosts_past *past, uint32_t asset, const char *metric); /* NAN: none */
uint64_t hosts_revision(const struct hosts *hosts, uint32_t asset); /* grows with each answer */

#endif
