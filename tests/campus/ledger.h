/* The ledger CSV of the fleet, as the operator's asset register would have it. */
#ifndef CAMPUS_LEDGER_H
#define CAMPUS_LEDGER_H

#include <stdbool.h>
#include <stdio.h>

#include "fleet.h"

/* Periods are divided by `speed` (> 0) and rounded up to whole seconds, so that the watcher's timeouts fit a campus
 * that runs so much faster. False when the stream failed. */
bool ledger_write(const struct fleet *fleet, double speed, FILE *out);

#define LEDGER_PERIOD 24
char *ledger_period(char out[LEDGER_PERIOD], int seconds, double speed);

#endif
