/* What people are told of an alert, as one line: for those who listen without a screen. */
#ifndef COMMAND_NOTICE_H
#define COMMAND_NOTICE_H

#include "base/buffer.h"
#include "base/json.h"

/* "  raise  critical  A-20261121-0007  网关离线  GW-0042  涵英楼 3F  silent for 3m": of a `notice` event, cleaned, in the
 * language of this process's reader. */
void notice_line(struct buffer *out, struct json_object *notice);

#endif
