/* Replies of a mail server (RFC 5321, 4.2): "250-first\r\n250 last\r\n". Pure. */
#ifndef COLLECT_SMTP_REPLY_H
#define COLLECT_SMTP_REPLY_H

#include <stdbool.h>
#include <stddef.h>

enum smtp_kind { SMTP_MORE, SMTP_REPLY, SMTP_BROKEN };
struct smtp_reply {
    enum smtp_kind kind;
    int code;
    const char *text;        /* of the last line; points into the bytes */
    size_t length, used;
};
struct smtp_reply smtp_reply_read(const char *bytes, size_t length);
/* Does one of the lines of a whole EHLO reply offer this extension? */
bool smtp_offers(const char *bytes, size_t length, const char *extension);

#endif
