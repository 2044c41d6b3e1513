/* Incident capsules: any bytes as a file; and, since a fuzzer does not invent checksums, any bytes as one of the parts of
 * a file that is otherwise whole. What is let in can be written again and reads the same. */
#include <archive.h>
#include <archive_entry.h>
#include <sodium.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "engine/capsule.h"
#include "engine/capsule_format.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct { const char *name, *text; } parts[] = {
    {CAPSULE_MANIFEST, "{\"format\":\"nocturne-capsule\",\"version\":2,\"incident\":\"A-20261121-0007\",\"timezone\":\"Asia/Shanghai\","
                       "\"taken_at\":\"2026-11-21T03:20:00+08:00\",\"moment\":\"2026-11-21T03:12:00+08:00\","
                       "\"from\":\"2026-11-21T02:42:00+08:00\",\"to\":\"2026-11-21T03:20:00+08:00\"}"},
    {"assets.jsonl", "{\"id\":\"GW-1\",\"name\":\"g\",\"attributes\":\"{\\\"a\\\":1}\"}\n{\"id\":\"T-1\",\"parent\":\"GW-1\"}\n"},
    {"units.json", "{\"flow\":\"m3/h\"}"},
    {"states.jsonl", "{\"asset\":\"GW-1\",\"from\":\"2026-11-21T03:12:00+08:00\",\"health\":\"offline\",\"reason\":\"no-data\",\"link\":\"up\",\"comm\":\"silent\"}\n"},
    {"readings.jsonl", "{\"asset\":\"T-1\",\"metric\":\"flow\",\"rows\":[1795202000000,1.5,1795202001000,2]}\n"},
    {"alerts.jsonl", "{\"number\":202611210000007,\"asset\":\"GW-1\",\"raised_at\":\"2026-11-21T03:12:00+08:00\",\"policy\":\"0 1 0 0 1 2 4 5 1\"}\n"},
    {"events.jsonl", "{\"number\":202611210000007,\"time\":\"2026-11-21T03:12:00+08:00\",\"actor\":\"rule\",\"verb\":\"raised\",\"state\":130}\n"},
    {"rules.json", "{\"items\":[{\"name\":\"r\",\"severity\":\"major\"}]}"},
    {"notifications.json", "{\"items\":[{\"id\":\"1\"}]}"},
    {"silences.json", "{\"items\":[{\"id\":\"S-0001\",\"filter\":\"x\"}]}"},
    {"downtimes.json", "{\"items\":[]}"},
    {"audit.json", "{\"items\":[{\"sequence\":1,\"verb\":\"ack\",\"detail\":{\"a\":1}}]}"},
    {"runbooks.jsonl", "{\"name\":\"gateway\",\"text\":\"# a\\nb\"}\n"},
    {"kept.jsonl", "{\"asset\":\"GW-1\",\"time\":\"2026-11-21T03:12:00+08:00\",\"processes\":[{\"pid\":7,\"name\":\"x\",\"memory\":1e6}],"
                   "\"units\":[{\"name\":\"a.service\",\"failed\":true}],\"logins\":[],\"ports\":[{\"port\":80}]}\n"},
    {"applications.jsonl", "{\"id\":\"energy\",\"health\":\"critical\",\"servers\":[\"GW-1\"],\"as_of\":\"2026-11-21T03:12:00+08:00\",\"nodes\":"
                           "[{\"id\":\"energy/db\",\"verdict\":\"critical\",\"needs\":[\"x\"],\"figures\":[{\"name\":\"ms\",\"value\":1}]}],"
                           "\"recoveries\":[{\"unit\":\"a.service\"}]}\n"},
};
#define PARTS (sizeof parts / sizeof *parts)

static la_ssize_t take(struct archive *archive, void *owner, const void *bytes, size_t length)
{
    (void)archive;
    buffer_append(owner, bytes, length);
    return (la_ssize_t)length;
}

static void add(struct archive *archive, const char *name, const void *bytes, size_t length, struct buffer *sums)
{
    unsigned char hash[crypto_hash_sha256_BYTES];
    char hex[2 * sizeof hash + 1];
    struct archive_entry *entry = archive_entry_new();
    archive_entry_set_pathname(entry, name);
    archive_entry_set_size(entry, (la_int64_t)length);
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    archive_write_header(archive, entry);
    archive_write_data(archive, bytes, length);
    archive_entry_free(entry);
    crypto_hash_sha256(hash, bytes, length);
    buffer_printf(sums, "%s  %s\n", sodium_bin2hex(hex, sizeof hex, hash, sizeof hash), name);
}

/* One part replaced by the fuzzer's bytes; uncompressed parts need no zstd, but the reader wants one: level 1. */
static void build(struct buffer *out, size_t place, const uint8_t *data, size_t size)
{
    struct buffer sums = BUFFER_INIT, rest = BUFFER_INIT;
    struct archive *archive = archive_write_new();
    archive_write_set_format_ustar(archive);
    archive_write_add_filter_zstd(archive);
    archive_write_set_options(archive, "zstd:compression-level=1");
    archive_write_set_bytes_in_last_block(archive, 1);
    archive_write_open(archive, out, NULL, take, NULL);
    for (size_t i = 0; i < PARTS; i++)
        if (i == place)
            add(archive, parts[i].name, data, size, &sums);
        else
            add(archive, parts[i].name, parts[i].text, strlen(parts[i].text), &sums);
    add(archive, CAPSULE_SUMS, buffer_text(&sums), sums.length, &rest);
    archive_write_close(archive);
    archive_write_free(archive);
    buffer_release(&sums);
    buffer_release(&rest);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buffer file = BUFFER_INIT, again = BUFFER_INIT, text = BUFFER_INIT, redacted = BUFFER_INIT;
    struct error error;
    if (!size)
        return 0;
    bool whole = data[0] >= PARTS;
    if (!whole)
        build(&file, data[0], data + 1, size - 1);
    struct capsule *capsule = whole ? capsule_read((const char *)data + 1, size - 1, &error) : capsule_read(file.data, file.length, &error);
    if (capsule) {
        if (!capsule_write(capsule, &again, &error))
            abort();
        struct capsule *same = capsule_read(again.data, again.length, &error);
        if (!same || same->alerts_count != capsule->alerts_count || same->readings != capsule->readings ||
            same->states_count != capsule->states_count || same->assets_count != capsule->assets_count ||
            same->kept_rows != capsule->kept_rows || same->nodes != capsule->nodes)
            abort();
        capsule_free(&same);
        capsule_free(&capsule);
    }
    buffer_append(&text, data + 1, size - 1);
    capsule_redact(&redacted, buffer_text(&text));
    capsule_redact_json(&redacted, buffer_text(&text));
    buffer_release(&file);
    buffer_release(&again);
    buffer_release(&text);
    buffer_release(&redacted);
    return 0;
}
