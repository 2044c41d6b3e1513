/* One question to a name server and its answer (RFC 1035, RFC 3596): bytes to records and back, no sockets. */
#ifndef COLLECT_DNS_CODEC_H
#define COLLECT_DNS_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"

#define DNS_NAME_MAX 256
#define DNS_RECORDS_MAX 32

enum dns_type { DNS_A = 1, DNS_NS = 2, DNS_CNAME = 5, DNS_SOA = 6, DNS_PTR = 12, DNS_MX = 15, DNS_TXT = 16, DNS_AAAA = 28, DNS_SRV = 33 };
extern const char *const dns_type_names[]; /* for a choice; NULL-terminated */
bool dns_type_parse(const char *name, enum dns_type *type);

struct dns_record { char text[DNS_NAME_MAX]; uint32_t ttl; }; /* "192.0.2.7", "10 mail.example.", clean */
struct dns_answer {
    unsigned code;               /* 0 no error, 2 server failure, 3 no such name, 5 refused ... */
    bool cut;                    /* more than fits a datagram */
    bool authoritative;
    struct dns_record records[DNS_RECORDS_MAX]; /* of the type that was asked for */
    unsigned count;
};
/* False when the name cannot be one. */
bool dns_write_query(struct buffer *out, uint16_t id, const char *name, enum dns_type type, struct error *error);
/* False with a cause when it is no answer to this question; an answer to another (id) is ERROR_NOT_FOUND: wait on. */
bool dns_read_answer(const uint8_t *bytes, size_t length, uint16_t id, enum dns_type type, struct dns_answer *answer,
                     struct error *error);
const char *dns_code_text(unsigned code);

#endif
