#include "collect/snmp_walk.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

#define VARIABLES_AT_ONCE 48  /* about what one datagram of a network without fragments holds */
#define COLUMNS_AT_ONCE 12
#define TEXT_MAX 512
#define HASHED (1ull << 63)   /* a row of several numbers */

/* ---- the plan ---- */

bool snmp_name_parse(const char *text, oid *name, size_t *length, struct error *error)
{
    const char *at = *text == '.' ? text + 1 : text;
    *length = 0;
    for (;;) {
        char *end;
        unsigned long number = *at >= '0' && *at <= '9' ? strtoul(at, &end, 10) : ULONG_MAX;
        if (number > UINT32_MAX || *length == SNMP_NAME_MAX)
            return error_set(error, ERROR_INVALID, "expected an OID in numbers, such as 1.3.6.1.2.1.33.1.2.4.0; got `%.60s`", text);
        name[(*length)++] = number;
        if (*end == '\0')
            break;
        if (*end != '.')
            return error_set(error, ERROR_INVALID, "expected an OID in numbers; got `%.60s`", text);
        at = end + 1;
    }
    return (*length > 2 && name[0] <= 2) || error_set(error, ERROR_INVALID, "`%.60s` is no OID: too short", text);
}

unsigned snmp_plan_add(struct snmp_plan *plan, const char *name, bool table)
{
    struct error error;
    struct snmp_wanted wanted = {.table = table};
    if (!snmp_name_parse(name, wanted.name, &wanted.length, &error))
        return UINT32_MAX;
    for (unsigned i = 0; i < plan->count; i++)
        if (plan->wanted[i].table == table && snmp_oid_compare(plan->wanted[i].name, plan->wanted[i].length, wanted.name, wanted.length) == 0)
            return i;
    if (plan->count == SNMP_COLUMNS_MAX)
        return UINT32_MAX;
    plan->wanted[plan->count] = wanted;
    return plan->count++;
}

/* ---- the harvest ---- */

void snmp_harvest_release(struct snmp_harvest *harvest)
{
    for (unsigned i = 0; i < harvest->column_count; i++) {
        for (size_t cell = 0; cell < harvest->columns[i].count; cell++)
            free(harvest->columns[i].cells[cell].text);
        free(harvest->columns[i].cells);
    }
    free(harvest->columns);
    *harvest = (struct snmp_harvest){0};
}

const struct snmp_cell *snmp_harvest_one(const struct snmp_harvest *harvest, unsigned column)
{
    return column < harvest->column_count && harvest->columns[column].count ? &harvest->columns[column].cells[0] : NULL;
}

double snmp_harvest_number(const struct snmp_harvest *harvest, unsigned column)
{
    const struct snmp_cell *cell = snmp_harvest_one(harvest, column);
    return cell ? cell->number : NAN;
}

static int compare_rows(const void *left, const void *right)
{
    uint64_t a = ((const struct snmp_cell *)left)->row, b = ((const struct snmp_cell *)right)->row;
    return a < b ? -1 : a > b;
}

const struct snmp_cell *snmp_column_row(const struct snmp_column *column, uint64_t row, size_t hint)
{
    if (hint < column->count && column->cells[hint].row == row)
        return &column->cells[hint];
    if (!(row & HASHED)) /* names grow along a walk, and so do the rows of one number */
        return column->count ? bsearch(&(struct snmp_cell){.row = row}, column->cells, column->count, sizeof *column->cells, compare_rows) : NULL;
    for (size_t i = 0; i < column->count; i++)
        if (column->cells[i].row == row)
            return &column->cells[i];
    return NULL;
}

double snmp_rate(const struct snmp_cell *before, const struct snmp_cell *now, double seconds, double most)
{
    if (!before || !now || before->kind != now->kind || !(seconds > 0))
        return NAN;
    if (now->kind != SNMP_COUNTER32 && now->kind != SNMP_COUNTER64)
        return now->number >= before->number ? (now->number - before->number) / seconds : NAN;
    if (now->count >= before->count)
        return (double)(now->count - before->count) / seconds;
    if (now->kind == SNMP_COUNTER64)
        return NAN;
    double grown = (double)(uint32_t)(now->count - before->count);
    bool wrapped = isfinite(most) ? grown / seconds <= most : grown <= (double)(UINT32_MAX / 2);
    return wrapped ? grown / seconds : NAN;
}

static uint64_t row_of(const struct snmp_wanted *wanted, const netsnmp_variable_list *variable)
{
    if (variable->name_length == wanted->length + 1)
        return variable->name[wanted->length];
    uint64_t hash = 14695981039346656037u;
    for (size_t i = wanted->length; i < variable->name_length; i++)
        hash = (hash ^ variable->name[i]) * 1099511628211u;
    return hash | HASHED;
}

/* False for what is no value (a NULL, an unknown kind). */
static bool cell_of(const netsnmp_variable_list *variable, struct snmp_cell *cell)
{
    cell->kind = SNMP_NUMBER;
    switch (variable->type) {
    case ASN_INTEGER:
        cell->number = (double)*variable->val.integer;
        return true;
    case ASN_GAUGE:
    case ASN_TIMETICKS:
    case ASN_UINTEGER:
        cell->number = (double)(uint32_t)*variable->val.integer;
        return true;
    case ASN_COUNTER:
        cell->kind = SNMP_COUNTER32;
        cell->count = (uint32_t)*variable->val.integer;
        cell->number = (double)cell->count;
        return true;
    case ASN_COUNTER64:
    case ASN_OPAQUE_COUNTER64:
        cell->kind = SNMP_COUNTER64;
        cell->count = (uint64_t)(uint32_t)variable->val.counter64->high << 32 | (uint32_t)variable->val.counter64->low;
        cell->number = (double)cell->count;
        return true;
    case ASN_OPAQUE_FLOAT:
        cell->number = *variable->val.floatVal;
        return true;
    case ASN_OPAQUE_DOUBLE:
        cell->number = *variable->val.doubleVal;
        return true;
    case ASN_OBJECT_ID:
        cell->kind = SNMP_OBJECT;
        cell->count = variable->val_len >= sizeof(oid) ? variable->val.objid[variable->val_len / sizeof(oid) - 1] : 0;
        cell->number = (double)cell->count;
        return true;
    case ASN_OCTET_STR:
        cell->kind = SNMP_TEXT;
        cell->text = memory_text_n((const char *)variable->val.string, variable->val_len < TEXT_MAX ? variable->val_len : TEXT_MAX);
        if (!text_number(cell->text, &cell->number))
            cell->number = NAN;
        return true;
    default:
        return false;
    }
}

static void column_put(struct snmp_walk *walk, unsigned index, const netsnmp_variable_list *variable)
{
    struct snmp_column *column = &walk->harvest.columns[index];
    struct snmp_cell cell = {.row = row_of(&walk->plan->wanted[index], variable)};
    if (!cell_of(variable, &cell))
        return;
    ARRAY_RESERVE(column->cells, column->capacity, column->count + 1);
    column->cells[column->count++] = cell;
}

/* ---- the walk ---- */

void snmp_walk_begin(struct snmp_walk *walk, const struct snmp_plan *plan)
{
    *walk = (struct snmp_walk){.plan = plan, .variables = VARIABLES_AT_ONCE};
    walk->harvest.columns = memory_new_array(plan->count + 1, sizeof *walk->harvest.columns);
    walk->harvest.column_count = plan->count;
    walk->progress = memory_new_array(plan->count + 1, sizeof *walk->progress);
    for (unsigned i = 0; i < plan->count; i++) {
        memcpy(walk->progress[i].last, plan->wanted[i].name, plan->wanted[i].length * sizeof(oid));
        walk->progress[i].length = plan->wanted[i].length;
    }
}

void snmp_walk_release(struct snmp_walk *walk)
{
    snmp_harvest_release(&walk->harvest);
    free(walk->progress);
    walk->progress = NULL;
}

static void choose(struct snmp_walk *walk, bool tables, unsigned limit)
{
    walk->asked_count = 0;
    walk->bulk = tables;
    for (unsigned i = 0; i < walk->plan->count && walk->asked_count < limit; i++)
        if (!walk->progress[i].done && walk->plan->wanted[i].table == tables)
            walk->asked[walk->asked_count++] = i;
}

netsnmp_pdu *snmp_walk_next(struct snmp_walk *walk)
{
    choose(walk, false, walk->variables / 2 ? walk->variables / 2 : 1);
    if (walk->asked_count == 0)
        choose(walk, true, walk->variables < COLUMNS_AT_ONCE ? walk->variables : COLUMNS_AT_ONCE);
    if (walk->asked_count == 0)
        return NULL;
    netsnmp_pdu *pdu = snmp_pdu_create(walk->bulk ? SNMP_MSG_GETBULK : SNMP_MSG_GET);
    if (walk->bulk) {
        unsigned repetitions = walk->variables / walk->asked_count;
        pdu->non_repeaters = 0;
        pdu->max_repetitions = repetitions ? repetitions : 1;
    }
    for (unsigned i = 0; i < walk->asked_count; i++) {
        const struct snmp_progress *progress = &walk->progress[walk->asked[i]];
        snmp_add_null_var(pdu, progress->last, progress->length);
    }
    walk->requests++;
    return pdu;
}

static bool is_below(const struct snmp_wanted *wanted, const netsnmp_variable_list *variable)
{
    return variable->name_length > wanted->length && memcmp(variable->name, wanted->name, wanted->length * sizeof(oid)) == 0;
}

static void take_one(struct snmp_walk *walk, unsigned index, const netsnmp_variable_list *variable)
{
    struct snmp_progress *progress = &walk->progress[index];
    struct snmp_column *column = &walk->harvest.columns[index];
    const struct snmp_wanted *wanted = &walk->plan->wanted[index];
    bool same = snmp_oid_compare(variable->name, variable->name_length, wanted->name, wanted->length) == 0;
    progress->done = true;
    walk->odd += !same;
    if (same)
        column_put(walk, index, variable);
    column->absent = column->count == 0;
}

static void take_row(struct snmp_walk *walk, unsigned index, const netsnmp_variable_list *variable)
{
    struct snmp_progress *progress = &walk->progress[index];
    struct snmp_column *column = &walk->harvest.columns[index];
    if (progress->done)
        return;
    bool over = variable->type == SNMP_ENDOFMIBVIEW || variable->type == SNMP_NOSUCHOBJECT || variable->type == SNMP_NOSUCHINSTANCE ||
                !is_below(&walk->plan->wanted[index], variable);
    /* An agent whose names do not grow would be walked for ever. */
    bool stuck = !over && (variable->name_length > MAX_OID_LEN ||
                           snmp_oid_compare(variable->name, variable->name_length, progress->last, progress->length) <= 0);
    bool full = !over && column->count >= walk->plan->rows_max;
    walk->odd += stuck;
    walk->harvest.cut |= full;
    if (over || stuck || full) {
        progress->done = true;
        column->absent = column->count == 0;
        return;
    }
    column_put(walk, index, variable);
    memcpy(progress->last, variable->name, variable->name_length * sizeof(oid));
    progress->length = variable->name_length;
}

/* An answer that is an error: RFC 3416, 3. What one variable is to blame for is left out, and the rest asked again. */
static void take_error(struct snmp_walk *walk, const netsnmp_pdu *answer)
{
    long status = answer->errstat;
    if (status == SNMP_ERR_TOOBIG && walk->variables > 1) {
        walk->variables /= 2;
        return;
    }
    bool blamed = answer->errindex >= 1 && answer->errindex <= (long)walk->asked_count;
    if (blamed && (status == SNMP_ERR_NOSUCHNAME || status == SNMP_ERR_GENERR || status == SNMP_ERR_RESOURCEUNAVAILABLE)) {
        unsigned index = walk->asked[answer->errindex - 1];
        walk->progress[index].done = true;
        walk->harvest.columns[index].absent = walk->harvest.columns[index].count == 0;
        return;
    }
    walk->wrong = true;
    bool refused = status == SNMP_ERR_AUTHORIZATIONERROR || status == SNMP_ERR_NOACCESS;
    snprintf(walk->cause, sizeof walk->cause, refused ? N_("the agent refuses what is asked (%s): a higher level or another view is needed") : N_("the agent answers with an error: %s"),
             snmp_errstring((int)status));
}

void snmp_walk_take(struct snmp_walk *walk, const netsnmp_pdu *answer)
{
    if (answer->errstat != SNMP_ERR_NOERROR) {
        take_error(walk, answer);
        return;
    }
    unsigned taken = 0;
    for (const netsnmp_variable_list *variable = answer->variables; variable; variable = variable->next_variable, taken++) {
        if (walk->bulk)
            take_row(walk, walk->asked[taken % walk->asked_count], variable);
        else if (taken < walk->asked_count)
            take_one(walk, walk->asked[taken], variable);
    }
    /* A first row may be cut short; what no answer brings on would be asked for ever. */
    for (unsigned i = walk->bulk && taken ? walk->asked_count : taken; i < walk->asked_count; i++) {
        walk->progress[walk->asked[i]].done = true;
        walk->harvest.columns[walk->asked[i]].absent = walk->harvest.columns[walk->asked[i]].count == 0;
    }
}
