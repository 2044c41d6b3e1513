/* Payloads that no device should send and some do. */
#ifndef CAMPUS_GARBAGE_H
#define CAMPUS_GARBAGE_H

#include <stdint.h>

#include "text.h"

extern const char *const garbage_names[];
extern const int garbage_count;

/* Ruin a good payload in place. `turn` chooses the variant when it is GARBAGE_ALL. */
void garbage_apply(struct text *payload, int variant, int64_t stamp, uint64_t turn);
/* -2 when there is none of that name. */
int garbage_parse(const char *name);

#endif
