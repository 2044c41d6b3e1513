/* What the answers of an agent mean: a profile says which columns it wants, and makes metrics, a host, a verdict and a
 * description of them. Private to src/collect. */
#ifndef COLLECT_SNMP_PROFILE_H
#define COLLECT_SNMP_PROFILE_H

#include "base/config.h"
#include "collect/snmp_walk.h"
#include "model/health.h"
#include "model/host.h"

#define SNMP_PROFILE_COLUMNS 32

/* One round's harvest beside the one before. */
struct snmp_reading {
    const struct snmp_harvest *now, *before; /* before: NULL in the first round, and after the agent started anew */
    double seconds;                          /* between the two */
    const unsigned *columns;                 /* of this profile, in the order of its names: index in the plan */
};

struct snmp_result {
    void (*put)(void *owner, const char *name, double value); /* a metric; NAN is left out */
    void *owner;
    struct host_builder *builder;
    bool is_host;
    enum health verdict;
    char evidence[224];         /* of a verdict that is not HEALTH_OK */
    char kind[16], name[96], model[96], vendor[64]; /* for an asset that no ledger describes; cleaned */
};

struct snmp_column_name { const char *name; bool table; };

struct snmp_profile {
    const char *name;
    const struct snmp_column_name *columns; /* ends with a NULL name */
    /* False when the agent has nothing of it. */
    bool (*read)(const struct snmp_reading *reading, struct snmp_result *result);
    const char *absent;         /* "has no UPS figures (RFC 1628)" */
};

#define SNMP_SYSTEM_UPTIME 1 /* its column of sysUpTime */
extern const struct snmp_profile snmp_profile_system; /* always read, first: what it is and how long it runs */
const struct snmp_profile *snmp_profile_find(const char *name); /* "ups", "interfaces", "host" */

/* Within a profile's read(): column as in its own list. */
double snmp_number(const struct snmp_reading *reading, unsigned column);
bool snmp_text(const struct snmp_reading *reading, unsigned column, char *out, size_t size); /* cleaned; false when absent or empty */
const struct snmp_column *snmp_table(const struct snmp_reading *reading, unsigned column);
const struct snmp_column *snmp_table_before(const struct snmp_reading *reading, unsigned column); /* NULL */
/* The cell of another column in this row, NULL; its number, NAN; its rate, NAN. */
const struct snmp_cell *snmp_row(const struct snmp_reading *reading, unsigned column, uint64_t row, size_t hint);
double snmp_row_number(const struct snmp_reading *reading, unsigned column, uint64_t row, size_t hint);
double snmp_row_rate(const struct snmp_reading *reading, unsigned column, uint64_t row, size_t hint, double most);
/* A verdict with its reason: the worst wins, reasons of the same are joined. */
void snmp_judge(struct snmp_result *result, enum health verdict, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* ---- metrics that the configuration chooses ---- */

struct snmp_choice;
extern const struct config_key snmp_metric_keys[];
struct snmp_choice *snmp_choice_new(const struct config_node *list, struct snmp_plan *plan, struct error *error);
void snmp_choice_free(struct snmp_choice **choice);
bool snmp_choice_wants(const struct snmp_choice *choice, unsigned column);
bool snmp_choice_read(const struct snmp_choice *choice, const struct snmp_reading *reading, struct snmp_result *result);

#endif
