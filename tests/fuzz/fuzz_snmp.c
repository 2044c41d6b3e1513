/* What an agent may answer: any PDU, to a GET or a GETBULK, however often. The walk ends, no table grows beyond its rows,
 * and the profiles read whatever came, beside what came before. Each byte string is one answer after the other: a length
 * byte pair and a PDU as it stands in a message. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "collect/snmp_profile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ROWS 50
#define REQUESTS 4000

static const char *const names[] = {"system", "ups", "interfaces", "host"};

static void put(void *owner, const char *name, double value)
{
    (void)owner;
    (void)value;
    if (name[0] == '\0')
        abort();
}

static void answer(struct snmp_walk *walk, const uint8_t **data, size_t *size)
{
    size_t length = *size < 2 ? 0 : (size_t)(*data)[0] << 8 | (*data)[1];
    length = *size < 2 ? 0 : length < *size - 2 ? length : *size - 2;
    netsnmp_pdu *pdu = calloc(1, sizeof *pdu);
    unsigned char *bytes = malloc(length + 1);
    if (length)
        memcpy(bytes, *data + 2, length);
    size_t left = length;
    if (snmp_pdu_parse(pdu, bytes, &left) == 0)
        snmp_walk_take(walk, pdu);
    else
        snmp_walk_take(walk, &(netsnmp_pdu){.errstat = SNMP_ERR_NOERROR});
    free(bytes);
    snmp_free_pdu(pdu);
    *data += *size < 2 ? *size : length + 2;
    *size -= *size < 2 ? *size : length + 2;
}

static struct snmp_harvest one_walk(const struct snmp_plan *plan, const uint8_t **data, size_t *size)
{
    struct snmp_walk walk;
    netsnmp_pdu *request;
    unsigned requests = 0;
    snmp_walk_begin(&walk, plan);
    while ((request = snmp_walk_next(&walk)) && !walk.wrong) {
        if (++requests > REQUESTS)
            abort();
        snmp_free_pdu(request);
        answer(&walk, data, size);
    }
    if (request)
        snmp_free_pdu(request);
    for (unsigned i = 0; i < plan->count; i++)
        if (walk.harvest.columns[i].count > ROWS)
            abort();
    struct snmp_harvest harvest = walk.harvest;
    walk.harvest = (struct snmp_harvest){0};
    snmp_walk_release(&walk);
    return harvest;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct snmp_plan plan = {.rows_max = ROWS};
    unsigned columns[4][SNMP_PROFILE_COLUMNS];
    const struct snmp_profile *profiles[4];
    for (unsigned p = 0; p < 4; p++) {
        profiles[p] = p == 0 ? &snmp_profile_system : snmp_profile_find(names[p]);
        for (unsigned i = 0; profiles[p]->columns[i].name; i++)
            columns[p][i] = snmp_plan_add(&plan, profiles[p]->columns[i].name, profiles[p]->columns[i].table);
    }
    struct snmp_harvest before = one_walk(&plan, &data, &size), now = one_walk(&plan, &data, &size);
    struct snmp_result result = {.put = put, .builder = host_builder_new(), .verdict = HEALTH_OK};
    struct snmp_reading reading = {.now = &now, .before = &before, .seconds = 1};
    for (unsigned p = 0; p < 4; p++) {
        reading.columns = columns[p];
        profiles[p]->read(&reading, &result);
    }
    struct host *host = host_builder_make(result.builder, 0);
    host_free(&host);
    host_builder_free(&result.builder);
    snmp_harvest_release(&before);
    snmp_harvest_release(&now);
    return 0;
}
