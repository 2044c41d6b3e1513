/* Redis' protocol (RESP2), the little of it that a check needs: a simple answer or a bulk text, and what INFO says. */
#ifndef COLLECT_RESP_H
#define COLLECT_RESP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"

#define RESP_TEXT_MAX ((size_t)512 << 10)

enum resp_kind { RESP_MORE, RESP_TEXT, RESP_ERROR, RESP_BROKEN };
struct resp {
    enum resp_kind kind;     /* MORE: not whole yet; BROKEN: no RESP */
    const char *text;        /* of TEXT and ERROR; points into the bytes, not NUL-terminated */
    size_t length;
    size_t used;             /* bytes of the whole answer */
};
struct resp resp_read(const char *bytes, size_t length);
/* A command as an array of bulk texts. */
void resp_write(struct buffer *out, const char *const *words, unsigned count);
/* "used_memory:123\r\n" in INFO's text: the value as text, cut to size. False when it is not there. */
bool resp_info(const char *info, size_t length, const char *name, char *value, size_t size);
bool resp_info_number(const char *info, size_t length, const char *name, double *value);

#endif
