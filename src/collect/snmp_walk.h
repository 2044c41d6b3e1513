/* What is asked of an SNMP agent in one round, and what it said: single variables by GET, columns of tables by GETBULK, row
 * by row, bounded. Private to src/collect. */
#ifndef COLLECT_SNMP_WALK_H
#define COLLECT_SNMP_WALK_H

#include <net-snmp/net-snmp-config.h>

#include <net-snmp/net-snmp-includes.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"

#define SNMP_COLUMNS_MAX 192
#define SNMP_NAME_MAX 40 /* numbers in the name of a column */

enum snmp_kind { SNMP_NUMBER, SNMP_COUNTER32, SNMP_COUNTER64, SNMP_TEXT, SNMP_OBJECT };

struct snmp_cell {
    uint64_t row;    /* the last number of its name where a table has one; else a hash of them */
    uint64_t count;  /* of a counter; of an object's name its last number */
    double number;   /* of all but texts that are none: then NAN */
    char *text;      /* raw bytes and a NUL; NULL unless a text */
    enum snmp_kind kind;
};

/* Columns and single variables, each once; its index is how it is named below. */
struct snmp_plan {
    struct snmp_wanted { oid name[SNMP_NAME_MAX]; size_t length; bool table; } wanted[SNMP_COLUMNS_MAX];
    unsigned count;
    unsigned rows_max;   /* of a table; what is beyond is left out and said */
};

/* "1.3.6.1.2.1.33.1.2.4.0", perhaps with a dot before. */
bool snmp_name_parse(const char *text, oid *name, size_t *length, struct error *error);
/* The index; an equal one is not added again. UINT32_MAX when there is no room, or the name is none. */
unsigned snmp_plan_add(struct snmp_plan *plan, const char *name, bool table);

struct snmp_harvest {
    struct snmp_column { struct snmp_cell *cells; size_t count, capacity; bool absent; } *columns;
    unsigned column_count;
    bool cut;            /* a table had more rows than asked for */
};
void snmp_harvest_release(struct snmp_harvest *harvest);
const struct snmp_cell *snmp_harvest_one(const struct snmp_harvest *harvest, unsigned column); /* the first; NULL */
double snmp_harvest_number(const struct snmp_harvest *harvest, unsigned column);               /* NAN */
/* The cell of a row; `hint` is where it is likely to be. NULL where it has none. */
const struct snmp_cell *snmp_column_row(const struct snmp_column *column, uint64_t row, size_t hint);
/* Growth a second. A 32-bit counter that went back has wrapped, if the growth is then at most `most` a second (NAN: if it
 * is at most half of what it can count); one of 64 bits was reset. NAN where nothing can be said. */
double snmp_rate(const struct snmp_cell *before, const struct snmp_cell *now, double seconds, double most);

struct snmp_walk {
    const struct snmp_plan *plan;
    struct snmp_harvest harvest;
    struct snmp_progress { oid last[MAX_OID_LEN]; size_t length; bool done; } *progress; /* by column */
    unsigned asked[64], asked_count;     /* columns of the request under way */
    bool bulk;
    unsigned variables;                  /* in one answer at most; halved when it would be too big */
    unsigned requests;
    bool wrong;                          /* the last answer ends the walk */
    char cause[120];
    unsigned odd;                        /* answers out of order or not asked for */
};

void snmp_walk_begin(struct snmp_walk *walk, const struct snmp_plan *plan);
netsnmp_pdu *snmp_walk_next(struct snmp_walk *walk);                   /* NULL: all is here */
void snmp_walk_take(struct snmp_walk *walk, const netsnmp_pdu *answer);
void snmp_walk_release(struct snmp_walk *walk);

#endif
