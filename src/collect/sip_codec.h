/* SIP (RFC 3261), as much as an OPTIONS and its answer need. Pure. */
#ifndef COLLECT_SIP_CODEC_H
#define COLLECT_SIP_CODEC_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"

struct sip_options {
    const char *target;      /* "sip:pbx.example:5060" */
    const char *own;         /* "192.0.2.1:40000": where the answer comes back to */
    const char *branch, *tag, *call; /* random, of letters and digits */
};
void sip_write_options(struct buffer *out, const struct sip_options *options);

struct sip_answer {
    int code;                /* 200 */
    char reason[64];         /* "OK", clean */
    char server[64];         /* what it calls itself, "" */
    bool ours;               /* of this call */
};
/* False: it is no SIP answer. */
bool sip_read_answer(const char *bytes, size_t length, const char *call, struct sip_answer *answer);

#endif
