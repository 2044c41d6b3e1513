/* What the writer and the reader of capsules share: the files inside, and the columns of an alert. Private to
 * src/engine. */
#ifndef ENGINE_CAPSULE_FORMAT_H
#define ENGINE_CAPSULE_FORMAT_H

#include "engine/capsule.h"

#define CAPSULE_FORMAT "nocturne-capsule"
#define CAPSULE_MANIFEST "capsule.json"
#define CAPSULE_SUMS "SHA256SUMS"
#define CAPSULE_LINE_MOST ((size_t)512 << 10)
#define CAPSULE_LINE_READINGS 2000

/* In the order in which they stand in a file; PART(name, bytes at most, what). What is read may name what came before. */
#define CAPSULE_PARTS(PART)                                                \
    PART("assets.jsonl", 16 << 20, assets)                                 \
    PART("units.json", 1 << 20, units)                                     \
    PART("states.jsonl", 32 << 20, states)                                 \
    PART("readings.jsonl", 80 << 20, readings)                             \
    PART("alerts.jsonl", 8 << 20, alerts)                                  \
    PART("events.jsonl", 16 << 20, events)                                 \
    PART("rules.json", 1 << 20, rules)                                     \
    PART("notifications.json", 1 << 20, notifications)                     \
    PART("silences.json", 1 << 20, silences)                               \
    PART("downtimes.json", 1 << 20, downtimes)                             \
    PART("audit.json", 2 << 20, audit)                                     \
    PART("runbooks.jsonl", 4 << 20, runbooks)

/* The members of a stored alert by what they are, so that each is kept within what the engine computes with. */
#define CAPSULE_ALERT_INSTANTS(X)                                                                              \
    X(closed_at) X(news_at) X(pending_since) X(raised_at) X(cleared_at) X(normal_since) X(last_seen)           \
    X(acknowledged_at) X(acknowledge_until) X(shelved_until) X(counted_at) X(reminded_at)
#define CAPSULE_ALERT_COUNTS(X)                                                                                \
    X(revision) X(rule_version) X(cause_by_hand) X(notes) X(news) X(condition) X(acknowledged) X(sticky)       \
    X(suppression) X(severity) X(worst) X(raise_told) X(closed) X(occurrences) X(reopens) X(breaches) X(flaps)
#define CAPSULE_ALERT_LONGS(X) X(fingerprint) X(cause) X(previous)
#define CAPSULE_ALERT_SPANS(X) X(unsuppressed_for)

/* One line of SHA256SUMS, as sha256sum(1) writes it. */
void capsule_note_sum(struct buffer *sums, const char *name, const struct buffer *bytes);

#endif
