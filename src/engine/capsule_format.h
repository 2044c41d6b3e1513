/* What the writer and the reader of capsules share: the files inside, and the columns of an alert. Private to
 * src/engine. */
#ifndef ENGINE_CAPSULE_FORMAT_H
#define ENGINE_CAPSULE_FORMAT_H

#include "base/json.h"
#include "engine/capsule.h"

#define CAPSULE_FORMAT "nocturne-capsule"
#define CAPSULE_MANIFEST "capsule.json"
#define CAPSULE_SUMS "SHA256SUMS"
#define CAPSULE_LINE_MOST ((size_t)512 << 10)
#define CAPSULE_LINE_READINGS 2000

/* In the order in which they stand in a file; PART(name, bytes at most, what, version it came with). What is read may name
 * what came before. */
#define CAPSULE_PARTS(PART)                                                \
    PART("assets.jsonl", 16 << 20, assets, 1)                              \
    PART("units.json", 1 << 20, units, 1)                                  \
    PART("states.jsonl", 32 << 20, states, 1)                              \
    PART("readings.jsonl", 80 << 20, readings, 1)                          \
    PART("alerts.jsonl", 8 << 20, alerts, 1)                               \
    PART("events.jsonl", 16 << 20, events, 1)                              \
    PART("rules.json", 1 << 20, rules, 1)                                  \
    PART("notifications.json", 1 << 20, notifications, 1)                  \
    PART("silences.json", 1 << 20, silences, 1)                            \
    PART("downtimes.json", 1 << 20, downtimes, 1)                          \
    PART("audit.json", 2 << 20, audit, 1)                                  \
    PART("runbooks.jsonl", 4 << 20, runbooks, 1)                           \
    PART("kept.jsonl", 64 << 20, kept, 2)                                  \
    PART("applications.jsonl", 32 << 20, applications, 2)

/* The members of a stored alert by what they are, so that each is kept within what the engine computes with. */
#define CAPSULE_ALERT_INSTANTS(X)                                                                              \
    X(closed_at) X(news_at) X(pending_since) X(raised_at) X(cleared_at) X(normal_since) X(last_seen)           \
    X(acknowledged_at) X(acknowledge_until) X(shelved_until) X(counted_at) X(reminded_at)
#define CAPSULE_ALERT_COUNTS(X)                                                                                \
    X(revision) X(rule_version) X(cause_by_hand) X(notes) X(news) X(condition) X(acknowledged) X(sticky)       \
    X(suppression) X(severity) X(worst) X(raise_told) X(closed) X(occurrences) X(reopens) X(breaches) X(flaps)
#define CAPSULE_ALERT_LONGS(X) X(fingerprint) X(cause) X(previous)
#define CAPSULE_ALERT_SPANS(X) X(unsuppressed_for)

/* One file being read (capsule_read.c). */
struct reading_in {
    struct capsule *capsule;
    const char *part;
    unsigned line;
    int version;
    bool compressed;             /* it begins as a capsule does */
    struct buffer scratch;
    struct error *error;
    struct place { const char *id; uint32_t place; } *places; /* by id, once all assets are in */
};
bool reading_wrong(struct reading_in *in, const char *what); /* false, with the part and the line */
void reading_clean(struct reading_in *in, const char **text);
const struct place *reading_place(const struct reading_in *in, const char *asset); /* NULL: the capsule has none such */

/* capsule_nodes.c: servers and applications. */
void capsule_write_kept(const struct capsule *capsule, struct json_writer *writer);
void capsule_write_applications(const struct capsule *capsule, struct json_writer *writer);
bool capsule_part_kept(struct reading_in *in, const struct buffer *bytes);
bool capsule_part_applications(struct reading_in *in, const struct buffer *bytes);

/* One line of SHA256SUMS, as sha256sum(1) writes it. */
void capsule_note_sum(struct buffer *sums, const char *name, const struct buffer *bytes);

#endif
