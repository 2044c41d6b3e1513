/* What the security views and the shell say in the same way: names of layers and measures, states, what is not watched. */
#ifndef COMMAND_SECURITY_TEXT_H
#define COMMAND_SECURITY_TEXT_H

#include <stdbool.h>

#include "base/buffer.h"
#include "client/client.h"
#include "term/surface.h"

bool security_is_group(const char *name);                     /* a layer's or measure's name */
const char *security_group_word(const char *name);            /* "host security", "encryption" */
const char *security_group_brief(const char *name);           /* "host", "encryption" */
const char *security_title(const struct wire_security *row);  /* in the reader's language */
const char *security_state_word(const struct wire_security *row);
/* The letter before it: the worst severity of what is active; else a dot for what is watched, ? for what is not, wholly. */
const char *security_mark(const struct wire_security *row, bool ascii, uint8_t *role);
bool security_is_wrong(const struct wire_security *row);      /* breached, or not watched wholly */
/* "51 of 54"; "" where there is nothing to watch. */
char *security_watched(char out[40], const struct wire_security *row);
/* What is not watched of a control, plainly: "servers without expected ports: 3 of 54, 1 silent now", "nothing of it in the
 * ledger". Brief: beside a column that has the total. */
void security_gap(struct buffer *out, const struct wire_security *row, bool brief);
/* The same over the controls of a layer or measure: "servers ..: 3 of 54; none at all: Air conditioning". */
void security_gaps(struct buffer *out, const struct wire_security_site *site, const struct wire_security *group, bool brief);
bool security_belongs(const struct wire_security *control, const struct wire_security *group);
/* The filter of the alerts view for what is active: "( rule:outbound ) condition:active". */
void security_active_filter(struct buffer *out, const struct wire_security *row);

#endif
