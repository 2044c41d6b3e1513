/* From a format's words to the engine's numbers: asset ids and metric names are looked up once and remembered, what
 * was decoded goes to the source's sink, and what could not be used is counted and kept as an example. One feed a
 * source; for every collector that carries payloads. */
#ifndef COLLECT_FEED_H
#define COLLECT_FEED_H

#include "collect/collector.h"
#include "collect/format.h"

struct feed;

struct feed *feed_new(struct source *source);
void feed_free(struct feed **feed);
/* The payloads are answers to questions asked again and again, so the last value of a device that died comes each time: only
 * a time later than the last one seen is a sign of life, and what is seen first only if it is not older than `fresh`. */
void feed_of_answers(struct feed *feed, msec fresh);

/* Once before a run of payloads (say, all that one read brought): sees whether the ledger changed. */
void feed_begin(struct feed *feed);
/* These payloads (FEED_AHEAD at most) are the next ones: the memory of all that they will touch is on its way while the first
 * of them is worked on. Their topics stay where they are until then. It only ever saves time. */
#define FEED_AHEAD 16
void feed_ahead(struct feed *feed, const struct format *format, const struct format_input *inputs, unsigned count);
/* Decode one payload and hand it over; a retained sample only when it has its own time, and as kept rather
 * than news; a retained status always. Counts readings and bad; messages, bytes and last_heard are the caller's. */
void feed_payload(struct feed *feed, struct format *format, const struct format_input *input);

/* One by one, for callers with a decode_sink of their own. False: the engine does not take the asset, or none of the
 * metrics; `reason` says so. */
bool feed_message(struct feed *feed, const struct decoded *message, const char **reason);
bool feed_link(struct feed *feed, const char *id, size_t length, enum link_state state, const char *evidence,
               const char **reason);

#endif
