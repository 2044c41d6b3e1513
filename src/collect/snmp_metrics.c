/* Metrics that the configuration chooses by OID: one variable, or a column of a table made one figure. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "collect/snmp_profile.h"

#define METRICS_MAX 64

enum as { AS_VALUE, AS_RATE };
enum over { OVER_SUM, OVER_MAX, OVER_MIN, OVER_MEAN, OVER_COUNT };
static const char *const as_names[] = {"value", "rate", NULL};
static const char *const over_names[] = {"sum", "max", "min", "mean", "count", NULL};

struct snmp_choice {
    struct chosen { char *name; unsigned column; enum as as; enum over over; double scale; } chosen[METRICS_MAX];
    unsigned count;
};

static bool check_name(const struct config_node *node, const char *text, struct error *error)
{
    oid name[SNMP_NAME_MAX];
    size_t length;
    (void)node;
    return snmp_name_parse(text, name, &length, error);
}

const struct config_key snmp_metric_keys[] = {
    {.name = "name", .type = CONFIG_TEXT, .required = true, .help = "of the metric here"},
    {.name = "oid", .type = CONFIG_TEXT, .required = true, .check = check_name, .help = "in numbers: a variable (its instance too: .0), or with over: a column"},
    {.name = "as", .type = CONFIG_CHOICE, .choices = as_names, .help = "value, or rate: growth a second (default value)"},
    {.name = "over", .type = CONFIG_CHOICE, .choices = over_names, .help = "it is a table's column: its rows become one by sum, max, min, mean or count"},
    {.name = "scale", .type = CONFIG_NUMBER, .help = "what it is multiplied by (default 1)"},
    {.name = NULL},
};

static unsigned choose(const char *text, const char *const *names)
{
    for (unsigned i = 0; names[i]; i++)
        if (strcmp(names[i], text) == 0)
            return i;
    return 0;
}

struct snmp_choice *snmp_choice_new(const struct config_node *list, struct snmp_plan *plan, struct error *error)
{
    struct snmp_choice *choice = memory_new(sizeof *choice);
    for (size_t i = 0; list && i < config_count(list); i++) {
        const struct config_node *entry = config_at(list, i);
        const char *over = config_text(entry, "over", NULL);
        unsigned column = choice->count < METRICS_MAX ? snmp_plan_add(plan, config_text(entry, "oid", ""), over != NULL) : UINT32_MAX;
        if (column == UINT32_MAX) {
            error_set(error, ERROR_INVALID, "at most %d metrics", METRICS_MAX);
            snmp_choice_free(&choice);
            return NULL;
        }
        choice->chosen[choice->count++] = (struct chosen){
            .name = memory_text(config_text(entry, "name", "")), .column = column, .as = choose(config_text(entry, "as", "value"), as_names),
            .over = over ? choose(over, over_names) : OVER_SUM, .scale = config_number(entry, "scale", 1)};
    }
    return choice;
}

void snmp_choice_free(struct snmp_choice **choice)
{
    if (!*choice)
        return;
    for (unsigned i = 0; i < (*choice)->count; i++)
        free((*choice)->chosen[i].name);
    free(*choice);
    *choice = NULL;
}

static double value_of(const struct chosen *chosen, const struct snmp_reading *reading)
{
    const struct snmp_column *now = &reading->now->columns[chosen->column];
    const struct snmp_column *before = reading->before ? &reading->before->columns[chosen->column] : NULL;
    double sum = 0, least = NAN, most = NAN;
    unsigned count = 0;
    for (size_t i = 0; i < now->count; i++) {
        const struct snmp_cell *cell = &now->cells[i];
        double value = cell->number;
        if (chosen->as == AS_RATE)
            value = before ? snmp_rate(snmp_column_row(before, cell->row, i), cell, reading->seconds, NAN) : NAN;
        if (!isfinite(value) && chosen->over != OVER_COUNT)
            continue;
        count++;
        sum += value;
        least = fmin(least, value);
        most = fmax(most, value);
    }
    if (chosen->over == OVER_COUNT)
        return now->absent ? NAN : count;
    if (count == 0)
        return NAN;
    switch (chosen->over) {
    case OVER_MAX: return most;
    case OVER_MIN: return least;
    case OVER_MEAN: return sum / count;
    default: return sum;
    }
}

bool snmp_choice_wants(const struct snmp_choice *choice, unsigned column)
{
    for (unsigned i = 0; i < choice->count; i++)
        if (choice->chosen[i].column == column)
            return true;
    return false;
}

bool snmp_choice_read(const struct snmp_choice *choice, const struct snmp_reading *reading, struct snmp_result *result)
{
    bool any = choice->count == 0;
    for (unsigned i = 0; i < choice->count; i++) {
        const struct chosen *chosen = &choice->chosen[i];
        any |= !reading->now->columns[chosen->column].absent;
        result->put(result->owner, chosen->name, value_of(chosen, reading) * chosen->scale);
    }
    return any;
}
