/* What is made of an agent's answers, with an agent that is a sorted list of variables (the real one is in
 * tests/live/test_snmp): walks, rates, and the profiles' figures and verdicts. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "collect/snmp_profile.h"

struct variable { const char *name; int type; double number; const char *text; };

struct agent {
    const struct variable *variables; /* sorted by name; ends with a NULL name */
    unsigned too_big;                 /* more repetitions than this are too many; 0: any */
    const char *blamed;               /* a GET that asks for it is genErr */
};

static int compare(const oid *left, size_t left_length, const char *right)
{
    oid name[SNMP_NAME_MAX];
    size_t length;
    struct error error;
    assert_true(snmp_name_parse(right, name, &length, &error));
    return snmp_oid_compare(left, left_length, name, length);
}

static void add(netsnmp_pdu *answer, const struct variable *variable)
{
    oid name[SNMP_NAME_MAX];
    size_t length;
    struct error error;
    long number = (long)variable->number;
    struct counter64 wide = {.high = (u_long)((uint64_t)variable->number >> 32), .low = (u_long)((uint64_t)variable->number & UINT32_MAX)};
    snmp_name_parse(variable->name, name, &length, &error);
    if (variable->type == ASN_OBJECT_ID) {
        oid object[SNMP_NAME_MAX];
        size_t objects;
        snmp_name_parse(variable->text, object, &objects, &error);
        snmp_pdu_add_variable(answer, name, length, ASN_OBJECT_ID, object, objects * sizeof(oid));
    } else if (variable->text) {
        snmp_pdu_add_variable(answer, name, length, ASN_OCTET_STR, variable->text, strlen(variable->text));
    } else if (variable->type == ASN_COUNTER64) {
        snmp_pdu_add_variable(answer, name, length, ASN_COUNTER64, &wide, sizeof wide);
    } else {
        snmp_pdu_add_variable(answer, name, length, (u_char)variable->type, &number, sizeof number);
    }
}

static void answer_get(const struct agent *agent, const netsnmp_pdu *request, netsnmp_pdu *answer)
{
    long at = 0;
    for (const netsnmp_variable_list *asked = request->variables; asked; asked = asked->next_variable) {
        const struct variable *found = agent->variables;
        at++;
        if (agent->blamed && compare(asked->name, asked->name_length, agent->blamed) == 0) {
            answer->errstat = SNMP_ERR_GENERR;
            answer->errindex = at;
        }
        while (found->name && compare(asked->name, asked->name_length, found->name) != 0)
            found++;
        if (found->name)
            add(answer, found);
        else
            snmp_pdu_add_variable(answer, asked->name, asked->name_length, SNMP_NOSUCHOBJECT, NULL, 0);
    }
}

static void answer_bulk(const struct agent *agent, const netsnmp_pdu *request, netsnmp_pdu *answer)
{
    const netsnmp_variable_list *row = request->variables;
    netsnmp_pdu *last = NULL;
    if (agent->too_big && request->max_repetitions > (long)agent->too_big)
        answer->errstat = SNMP_ERR_TOOBIG;
    for (long repetition = 0; repetition < request->max_repetitions && !answer->errstat; repetition++) {
        netsnmp_pdu *here = snmp_pdu_create(SNMP_MSG_RESPONSE);
        for (const netsnmp_variable_list *asked = row; asked; asked = asked->next_variable) {
            const struct variable *next = agent->variables;
            while (next->name && compare(asked->name, asked->name_length, next->name) >= 0)
                next++;
            if (next->name) {
                add(here, next);
                add(answer, next);
            } else {
                snmp_pdu_add_variable(here, asked->name, asked->name_length, SNMP_ENDOFMIBVIEW, NULL, 0);
                snmp_pdu_add_variable(answer, asked->name, asked->name_length, SNMP_ENDOFMIBVIEW, NULL, 0);
            }
        }
        if (last)
            snmp_free_pdu(last);
        last = here;
        row = here->variables;
    }
    if (last)
        snmp_free_pdu(last);
}

static struct snmp_walk walk;

static unsigned walk_all(const struct snmp_plan *plan, const struct agent *agent)
{
    netsnmp_pdu *request;
    snmp_walk_begin(&walk, plan);
    while (!walk.wrong && (request = snmp_walk_next(&walk))) {
        netsnmp_pdu *answer = snmp_pdu_create(SNMP_MSG_RESPONSE);
        answer->errstat = SNMP_ERR_NOERROR;
        if (request->command == SNMP_MSG_GET)
            answer_get(agent, request, answer);
        else
            answer_bulk(agent, request, answer);
        snmp_walk_take(&walk, answer);
        snmp_free_pdu(answer);
        snmp_free_pdu(request);
        assert_in_range(walk.requests, 1, 500);
    }
    return walk.requests;
}

/* ---- names, rates ---- */

static void test_names(void **state)
{
    oid name[SNMP_NAME_MAX];
    size_t length;
    struct error error;
    (void)state;
    assert_true(snmp_name_parse(".1.3.6.1.2.1.33.1.2.4.0", name, &length, &error));
    assert_int_equal(length, 11);
    assert_int_equal(name[6], 33);
    assert_true(snmp_name_parse("1.3.4294967295", name, &length, &error));
    static const char *const bad[] = {"", ".", "1", "1.3", "sysUpTime.0", "1.3.6.", "1..3", "1.3.4294967296", "1.3.-6", "1.3. 6", "7.1.2",
                                      "1.3.99999999999999999999999", "1.3.6.1.x"};
    for (size_t i = 0; i < ARRAY_COUNT(bad); i++)
        assert_false(snmp_name_parse(bad[i], name, &length, &error));
}

static void test_rates(void **state)
{
    (void)state;
    static const struct { enum snmp_kind kind; uint64_t before, now; double most, rate; } cases[] = {
        {SNMP_COUNTER32, 100, 300, NAN, 100}, {SNMP_COUNTER32, 4294967200u, 104, NAN, 100}, /* wrapped */
        {SNMP_COUNTER32, 4294967200u, 104, 1000, 100}, {SNMP_COUNTER32, 4294967200u, 104, 99, NAN}, /* faster than the line: a reset */
        {SNMP_COUNTER32, 1000, 10, NAN, NAN}, {SNMP_COUNTER64, 1000, 10, NAN, NAN},
        {SNMP_COUNTER64, UINT64_MAX - 1, UINT64_MAX, NAN, 0.5}, {SNMP_COUNTER64, 5000000000u, 5000000200u, 1, 100},
    };
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        struct snmp_cell before = {.kind = cases[i].kind, .count = cases[i].before}, now = {.kind = cases[i].kind, .count = cases[i].now};
        double rate = snmp_rate(&before, &now, 2, cases[i].most);
        assert_true(isnan(cases[i].rate) ? isnan(rate) : fabs(rate - cases[i].rate) < 1e-9);
        assert_true(isnan(snmp_rate(NULL, &now, 2, NAN)));
        assert_true(isnan(snmp_rate(&before, &now, 0, NAN)));
    }
}

/* ---- walks ---- */

static const struct variable few[] = {
    {"1.3.6.1.2.1.1.3.0", ASN_TIMETICKS, 500, NULL}, {"1.3.6.1.9.1.1.1", ASN_INTEGER, -5, NULL}, {"1.3.6.1.9.1.1.2", ASN_INTEGER, 6, NULL},
    {"1.3.6.1.9.1.1.900", ASN_INTEGER, 7, NULL}, {"1.3.6.1.9.1.2.1", ASN_OCTET_STR, 0, "3.25"}, {"1.3.6.1.9.1.2.2", ASN_OCTET_STR, 0, "none"},
    {NULL, 0, 0, NULL}};

static void test_walk(void **state)
{
    struct snmp_plan plan = {.rows_max = 100};
    (void)state;
    unsigned uptime = snmp_plan_add(&plan, "1.3.6.1.2.1.1.3.0", false), gone = snmp_plan_add(&plan, "1.3.6.1.9.7.0", false);
    unsigned first = snmp_plan_add(&plan, "1.3.6.1.9.1.1", true), second = snmp_plan_add(&plan, "1.3.6.1.9.1.2", true);
    unsigned none = snmp_plan_add(&plan, "1.3.6.1.9.2.1", true);
    assert_int_equal(snmp_plan_add(&plan, ".1.3.6.1.9.1.1", true), first);
    walk_all(&plan, &(struct agent){.variables = few});
    assert_false(walk.wrong);
    assert_int_equal(walk.odd, 0);
    assert_true(snmp_harvest_number(&walk.harvest, uptime) == 500);
    assert_true(walk.harvest.columns[gone].absent && walk.harvest.columns[none].absent && !walk.harvest.columns[first].absent);
    assert_int_equal(walk.harvest.columns[first].count, 3);
    assert_int_equal(walk.harvest.columns[first].cells[2].row, 900);
    assert_true(walk.harvest.columns[first].cells[0].number == -5);
    assert_true(walk.harvest.columns[second].cells[0].number == 3.25 && isnan(walk.harvest.columns[second].cells[1].number));
    assert_ptr_equal(snmp_column_row(&walk.harvest.columns[first], 2, 2), &walk.harvest.columns[first].cells[1]);
    assert_null(snmp_column_row(&walk.harvest.columns[first], 3, 0));
    snmp_walk_release(&walk);
}

static void test_walk_with_errors(void **state)
{
    struct snmp_plan plan = {.rows_max = 2};
    (void)state;
    unsigned uptime = snmp_plan_add(&plan, "1.3.6.1.2.1.1.3.0", false), bad = snmp_plan_add(&plan, "1.3.6.1.9.7.0", false);
    unsigned table = snmp_plan_add(&plan, "1.3.6.1.9.1.1", true);
    walk_all(&plan, &(struct agent){.variables = few, .too_big = 1, .blamed = "1.3.6.1.9.7.0"});
    assert_false(walk.wrong);
    assert_true(walk.harvest.columns[bad].absent);
    assert_true(snmp_harvest_number(&walk.harvest, uptime) == 500);
    assert_int_equal(walk.harvest.columns[table].count, 2); /* no more rows than asked for, and it is said */
    assert_true(walk.harvest.cut);
    snmp_walk_release(&walk);

    snmp_walk_begin(&walk, &plan);
    snmp_free_pdu(snmp_walk_next(&walk));
    snmp_walk_take(&walk, &(netsnmp_pdu){.errstat = SNMP_ERR_AUTHORIZATIONERROR});
    assert_true(walk.wrong);
    assert_non_null(strstr(walk.cause, "authorizationError"));
    snmp_walk_release(&walk);
}

/* ---- profiles ---- */

static struct { char name[40]; double value; } metrics[64];
static unsigned metric_count;

static void put(void *owner, const char *name, double value)
{
    (void)owner;
    if (!isfinite(value))
        return;
    strncpy(metrics[metric_count].name, name, sizeof metrics[0].name - 1);
    metrics[metric_count++].value = value;
}

static double metric(const char *name)
{
    for (unsigned i = 0; i < metric_count; i++)
        if (strcmp(metrics[i].name, name) == 0)
            return metrics[i].value;
    return NAN;
}

static struct snmp_result result;

/* Reads one profile of two agents' states, ten seconds apart; the host is the caller's. */
static struct host *read_profile(const char *name, const struct variable *before, const struct variable *now, bool *read)
{
    static struct snmp_plan plan;
    unsigned columns[SNMP_PROFILE_COLUMNS];
    struct snmp_harvest old = {0};
    const struct snmp_profile *profile = snmp_profile_find(name);
    plan = (struct snmp_plan){.rows_max = 100};
    metric_count = 0;
    for (unsigned i = 0; profile->columns[i].name; i++)
        columns[i] = snmp_plan_add(&plan, profile->columns[i].name, profile->columns[i].table);
    if (before) {
        walk_all(&plan, &(struct agent){.variables = before});
        old = walk.harvest;
        walk.harvest = (struct snmp_harvest){0};
        snmp_walk_release(&walk);
    }
    walk_all(&plan, &(struct agent){.variables = now});
    result = (struct snmp_result){.put = put, .builder = host_builder_new(), .verdict = HEALTH_OK};
    struct snmp_reading reading = {.now = &walk.harvest, .before = before ? &old : NULL, .seconds = 10, .columns = columns};
    *read = profile->read(&reading, &result);
    struct host *host = host_builder_make(result.builder, 1000);
    host_builder_free(&result.builder);
    snmp_walk_release(&walk);
    snmp_harvest_release(&old);
    return host;
}

#define UPS "1.3.6.1.2.1.33.1."
#define ALARM "1.3.6.1.2.1.33.1.6.3."

static void test_ups(void **state)
{
    static const struct { int status, source, seconds; const char *alarm; enum health verdict; const char *words; } cases[] = {
        {2, 3, 0, NULL, HEALTH_OK, ""},
        {2, 5, 0, NULL, HEALTH_WARNING, "on battery, 80 % left, for 33 min"},
        {1, 1, 9, NULL, HEALTH_WARNING, "on battery"},
        {2, 1, 0, "2", HEALTH_WARNING, "on battery"},
        {3, 5, 100, NULL, HEALTH_CRITICAL, "battery low, on battery"},
        {4, 5, 100, "16", HEALTH_CRITICAL, "battery depleted"},
        {3, 3, 0, NULL, HEALTH_CRITICAL, "battery low, 80 % left"},
        {2, 3, 0, "3", HEALTH_CRITICAL, "battery low"},
        {2, 3, 0, "16", HEALTH_WARNING, "fan failure"},
        {2, 5, 1, "8", HEALTH_WARNING, "for 33 min; output overload"},
        {2, 3, 0, "24", HEALTH_OK, ""}, {2, 3, 0, "11", HEALTH_OK, ""}, {2, 3, 0, "4000000000", HEALTH_OK, ""},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        char alarm[64];
        bool read;
        snprintf(alarm, sizeof alarm, ALARM "%s", cases[i].alarm ? cases[i].alarm : "0");
        const struct variable variables[] = {
            {UPS "2.1.0", ASN_INTEGER, cases[i].status, NULL}, {UPS "2.2.0", ASN_INTEGER, cases[i].seconds, NULL}, {UPS "2.3.0", ASN_INTEGER, 33, NULL},
            {UPS "2.4.0", ASN_INTEGER, 80, NULL}, {UPS "3.3.1.3.1", ASN_INTEGER, 231, NULL}, {UPS "3.3.1.3.2", ASN_INTEGER, 190, NULL},
            {UPS "4.1.0", ASN_INTEGER, cases[i].source, NULL}, {UPS "6.2.1.2.7", ASN_OBJECT_ID, 0, alarm}, {NULL, 0, 0, NULL}};
        struct host *host = read_profile("ups", NULL, variables, &read);
        assert_true(read);
        assert_int_equal(result.verdict, cases[i].verdict);
        assert_non_null(strstr(result.evidence, cases[i].words));
        assert_true(metric("battery_percent") == 80 && metric("input_volts") == 190 && isnan(metric("load_percent")));
        assert_false(result.is_host);
        host_free(&host);
    }
    bool read;
    struct host *host = read_profile("ups", NULL, few, &read);
    assert_false(read);
    host_free(&host);
}

#define IF "1.3.6.1.2.1.2.2.1."
#define IFX "1.3.6.1.2.1.31.1.1.1."

/* Interface 1: loopback. 2: 100 Mbit/s, 32-bit counters only. 3: 10 Gbit/s by ifXTable, both counters. 4: on and down. */
#define INTERFACES(in32, out32, wide, stale)                                                                                   \
    {IF "2.1", ASN_OCTET_STR, 0, "lo"}, {IF "2.2", ASN_OCTET_STR, 0, "FastEthernet0/2"}, {IF "2.3", ASN_OCTET_STR, 0, "Te0/3"}, {IF "2.4", ASN_OCTET_STR, 0, "Te0/4"}, \
    {IF "3.1", ASN_INTEGER, 24, NULL}, {IF "3.2", ASN_INTEGER, 6, NULL}, {IF "3.3", ASN_INTEGER, 6, NULL}, {IF "3.4", ASN_INTEGER, 6, NULL},               \
    {IF "5.2", ASN_GAUGE, 100e6, NULL}, {IF "5.3", ASN_GAUGE, 4294967295.0, NULL}, {IF "5.4", ASN_GAUGE, 4294967295.0, NULL},            \
    {IF "7.1", ASN_INTEGER, 1, NULL}, {IF "7.2", ASN_INTEGER, 1, NULL}, {IF "7.3", ASN_INTEGER, 1, NULL}, {IF "7.4", ASN_INTEGER, 1, NULL},                \
    {IF "8.1", ASN_INTEGER, 1, NULL}, {IF "8.2", ASN_INTEGER, 1, NULL}, {IF "8.3", ASN_INTEGER, 1, NULL}, {IF "8.4", ASN_INTEGER, 2, NULL},                \
    {IF "10.1", ASN_COUNTER, 5, NULL}, {IF "10.2", ASN_COUNTER, in32, NULL}, {IF "10.3", ASN_COUNTER, stale, NULL},                      \
    {IF "16.2", ASN_COUNTER, out32, NULL}, {IFX "1.3", ASN_OCTET_STR, 0, "Uplink\x1b[2J"}, {IFX "6.3", ASN_COUNTER64, wide, NULL},               \
    {IFX "15.3", ASN_GAUGE, 10000, NULL}, {NULL, 0, 0, NULL}

static void test_interfaces(void **state)
{
    static const struct variable before[] = {INTERFACES(4294967000u, 4294967000u, 8e12, 7)}, now[] = {INTERFACES(704, 1e9, 8e12 + 3e9, 1)};
    bool read;
    (void)state;
    struct host *host = read_profile("interfaces", before, now, &read);
    assert_true(read && result.is_host);
    assert_int_equal(host->interface_count, 4);
    const struct host_interface *row = host->interfaces;
    assert_true(row[0].loopback && row[0].up && isnan(row[0].speed));
    assert_string_equal(row[1].name, "FastEthernet0/2");
    assert_true(row[1].speed == 100e6 && fabs(row[1].in_rate - 100) < 1e-9);
    assert_true(isnan(row[1].out_rate)); /* 1e9 bytes in 10 s are more than the line carries: no wrap, a reset */
    assert_true(row[2].speed == 10e9 && fabs(row[2].in_rate - 3e8) < 1e-3 && isnan(row[2].out_rate));
    assert_null(strchr(row[2].name, '\x1b'));
    assert_true(!row[3].up && isnan(row[3].in_rate) && isnan(row[3].speed));
    assert_true(metric("interfaces_up") == 2 && metric("interfaces_down") == 1);
    assert_true(fabs(host->in_rate - 3e8 - 100) < 1e-3);
    host_free(&host);
    host = read_profile("interfaces", NULL, now, &read);
    assert_true(read && isnan(host->interfaces[2].in_rate) && isnan(host->in_rate));
    host_free(&host);
}

#define HR "1.3.6.1.2.1.25."

static void test_host(void **state)
{
    static const struct variable windows[] = {
        {HR "1.1.0", ASN_TIMETICKS, 360000, NULL}, {HR "1.6.0", ASN_GAUGE, 88, NULL},
        {HR "2.3.1.2.1", ASN_OBJECT_ID, 0, HR "2.1.4"}, {HR "2.3.1.2.2", ASN_OBJECT_ID, 0, HR "2.1.2"}, {HR "2.3.1.2.3", ASN_OBJECT_ID, 0, HR "2.1.4"},
        {HR "2.3.1.3.1", ASN_OCTET_STR, 0, "C:\\ Label:System  Serial Number 1a2b"}, {HR "2.3.1.3.2", ASN_OCTET_STR, 0, "Physical Memory"},
        {HR "2.3.1.3.3", ASN_OCTET_STR, 0, "/run/user"},
        {HR "2.3.1.4.1", ASN_INTEGER, 4096, NULL}, {HR "2.3.1.4.2", ASN_INTEGER, 65536, NULL}, {HR "2.3.1.4.3", ASN_INTEGER, 1, NULL},
        {HR "2.3.1.5.1", ASN_INTEGER, -1294967296.0, NULL}, {HR "2.3.1.5.2", ASN_INTEGER, 1000, NULL}, {HR "2.3.1.5.3", ASN_INTEGER, 1, NULL},
        {HR "2.3.1.6.1", ASN_INTEGER, 1500000000, NULL}, {HR "2.3.1.6.2", ASN_INTEGER, 250, NULL}, {HR "2.3.1.6.3", ASN_INTEGER, 1, NULL},
        {HR "3.3.1.1.6", ASN_OBJECT_ID, 0, "1.3.0"}, {HR "3.3.1.1.7", ASN_OBJECT_ID, 0, "1.3.0"}, {HR "3.3.1.2.6", ASN_INTEGER, 10, NULL},
        {HR "3.3.1.2.7", ASN_INTEGER, 30, NULL}, {NULL, 0, 0, NULL}};
    bool read;
    (void)state;
    struct host *host = read_profile("host", NULL, windows, &read);
    assert_true(read && result.is_host && host->cpu == 20 && host->online_cores == 2 && host->tasks == 88 && host->uptime == 3600);
    assert_true(host->memory_total == 65536000 && host->memory_used == 16384000);
    assert_int_equal(host->disk_count, 1); /* three thousand million units ran over 2^31 */
    assert_string_equal(host->disks[0].mount, "C:\\");
    assert_true(host->disks[0].size == 3e9 * 4096 && fabs(host->disks[0].used_percent - 50) < 1e-9);
    host_free(&host);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names), cmocka_unit_test(test_rates), cmocka_unit_test(test_walk), cmocka_unit_test(test_walk_with_errors),
        cmocka_unit_test(test_ups), cmocka_unit_test(test_interfaces), cmocka_unit_test(test_host),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
