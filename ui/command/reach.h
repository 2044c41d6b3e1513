/* How a silence would reach other systems, as its rehearsal says. */
#ifndef COMMAND_REACH_H
#define COMMAND_REACH_H

#include "base/buffer.h"
#include "base/json.h"

/* "prod: one silence there, severity="page"; ..", each system on a new line, nothing where there is none. `elsewhere` of POST
 * /silences/rehearse; NULL: not asked. */
void silence_reach_text(struct buffer *out, struct json_object *elsewhere);

#endif
