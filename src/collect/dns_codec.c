#include "collect/dns_codec.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "base/text.h"

#define HEADER 12u
#define JUMPS_MAX 32 /* compression pointers in one name; they must lead back, but a loop is a loop */

const char *const dns_type_names[] = {"A", "AAAA", "CNAME", "MX", "NS", "PTR", "SOA", "SRV", "TXT", NULL};
static const enum dns_type types[] = {DNS_A, DNS_AAAA, DNS_CNAME, DNS_MX, DNS_NS, DNS_PTR, DNS_SOA, DNS_SRV, DNS_TXT};

bool dns_type_parse(const char *name, enum dns_type *type)
{
    for (size_t i = 0; dns_type_names[i]; i++)
        if (strcasecmp(dns_type_names[i], name) == 0) {
            *type = types[i];
            return true;
        }
    return false;
}

static void put16(struct buffer *out, unsigned number)
{
    buffer_append_char(out, (char)(number >> 8));
    buffer_append_char(out, (char)number);
}

bool dns_write_query(struct buffer *out, uint16_t id, const char *name, enum dns_type type, struct error *error)
{
    put16(out, id);
    put16(out, 0x0100); /* recursion wanted */
    put16(out, 1);
    put16(out, 0), put16(out, 0), put16(out, 0);
    size_t whole = 0;
    for (const char *at = name; *at;) {
        size_t label = strcspn(at, ".");
        if (label == 0 || label > 63 || (whole += label + 1) > 254)
            return error_set(error, ERROR_INVALID, "`%.100s` cannot be a name: labels have 1 to 63 bytes, names at most 254", name);
        buffer_append_char(out, (char)label);
        buffer_append(out, at, label);
        at += label + (at[label] == '.');
    }
    buffer_append_char(out, '\0');
    put16(out, type);
    put16(out, 1); /* IN */
    return true;
}

struct reader {
    const uint8_t *bytes;
    size_t length, at;
    bool broken;
};

static unsigned get16(struct reader *reader)
{
    if (reader->at + 2 > reader->length) {
        reader->broken = true;
        return 0;
    }
    reader->at += 2;
    return (unsigned)reader->bytes[reader->at - 2] << 8 | reader->bytes[reader->at - 1];
}

static uint32_t get32(struct reader *reader)
{
    uint32_t high = get16(reader);
    return high << 16 | get16(reader);
}

/* A name at reader->at, which moves behind it. */
static void get_name(struct reader *reader, char *out, size_t size)
{
    size_t at = reader->at, used = 0;
    unsigned jumps = 0;
    bool jumped = false;
    out[0] = '\0';
    for (;;) {
        if (at >= reader->length) {
            reader->broken = true;
            return;
        }
        unsigned label = reader->bytes[at++];
        if (label >= 0xc0) {
            if (at >= reader->length || ++jumps > JUMPS_MAX) {
                reader->broken = true;
                return;
            }
            size_t to = (label & 0x3fu) << 8 | reader->bytes[at++];
            if (!jumped)
                reader->at = at;
            jumped = true;
            at = to;
            continue;
        }
        if (label == 0)
            break;
        if (label > 63 || at + label > reader->length || used + label + 2 > size) {
            reader->broken = true;
            return;
        }
        memcpy(out + used, reader->bytes + at, label);
        used += label;
        out[used++] = '.';
        out[used] = '\0';
        at += label;
    }
    if (!jumped)
        reader->at = at;
}

static void record_text(struct reader *reader, enum dns_type type, size_t size, char *out, size_t room)
{
    char name[DNS_NAME_MAX] = "";
    size_t end = reader->at + size;
    unsigned first = 0, second = 0, third = 0;
    out[0] = '\0';
    switch (type) {
    case DNS_A:
    case DNS_AAAA:
        if (size != (type == DNS_A ? 4u : 16u))
            reader->broken = true;
        else
            inet_ntop(type == DNS_A ? AF_INET : AF_INET6, reader->bytes + reader->at, out, (socklen_t)room);
        break;
    case DNS_TXT:
        if (size && reader->bytes[reader->at] < size)
            snprintf(out, room, "%.*s", (int)reader->bytes[reader->at], (const char *)reader->bytes + reader->at + 1);
        break;
    case DNS_MX:
        first = get16(reader);
        get_name(reader, name, sizeof name);
        snprintf(out, room, "%u %.240s", first, name);
        break;
    case DNS_SRV:
        first = get16(reader), second = get16(reader), third = get16(reader);
        get_name(reader, name, sizeof name);
        snprintf(out, room, "%u %u %u %.220s", first, second, third, name);
        break;
    default:
        get_name(reader, out, room);
        break;
    }
    reader->broken |= reader->at > end;
    reader->at = end;
}

bool dns_read_answer(const uint8_t *bytes, size_t length, uint16_t id, enum dns_type type, struct dns_answer *answer,
                     struct error *error)
{
    struct reader reader = {.bytes = bytes, .length = length};
    char name[DNS_NAME_MAX];
    memset(answer, 0, sizeof *answer);
    unsigned its = get16(&reader), flags = get16(&reader), questions = get16(&reader), answers = get16(&reader);
    reader.at = HEADER;
    if (reader.broken || length < HEADER || !(flags & 0x8000))
        return error_set(error, ERROR_INVALID, "what answers there does not speak DNS");
    if (its != id)
        return error_set(error, ERROR_NOT_FOUND, "an answer to another question");
    answer->code = flags & 15;
    answer->cut = flags & 0x0200;
    answer->authoritative = flags & 0x0400;
    for (unsigned i = 0; i < questions && !reader.broken; i++) {
        get_name(&reader, name, sizeof name);
        reader.at += 4;
    }
    for (unsigned i = 0; i < answers && !reader.broken && !answer->cut; i++) {
        get_name(&reader, name, sizeof name);
        unsigned its_type = get16(&reader);
        get16(&reader);
        uint32_t ttl = get32(&reader);
        size_t size = get16(&reader);
        if (reader.broken || reader.at + size > length)
            return error_set(error, ERROR_INVALID, "a DNS answer that ends in the middle");
        size_t end = reader.at + size;
        if (its_type == type && answer->count < DNS_RECORDS_MAX) {
            struct dns_record *record = &answer->records[answer->count++];
            char raw[DNS_NAME_MAX];
            record_text(&reader, type, size, raw, sizeof raw);
            text_clean_into(record->text, sizeof record->text, raw, strlen(raw));
            record->ttl = ttl;
        }
        reader.at = end;
    }
    return !reader.broken || error_set(error, ERROR_INVALID, "a DNS answer that cannot be read");
}

const char *dns_code_text(unsigned code)
{
    static const char *const texts[] = {N_("no error"), N_("it did not understand the question"), N_("it failed"), N_("no such name"),
                                        N_("it does not do that"), N_("it refuses")};
    return code < ARRAY_COUNT(texts) ? texts[code] : N_("an error of its own");
}
