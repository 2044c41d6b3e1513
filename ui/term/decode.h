/* Bytes from a keyboard to key events: UTF-8, CSI and SS3 keys of xterm, VT, rxvt, Linux and SCO kinds, CSI u,
 * SGR mouse, bracketed paste. Replies that a terminal sends by itself are swallowed. Pure: time comes in as an
 * argument, nothing is read here. Any bytes at all may come; what means nothing is counted and dropped. */
#ifndef TERM_DECODE_H
#define TERM_DECODE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/clock.h"
#include "term/key.h"

#define DECODE_ESCAPE_DELAY ((msec)25) /* an ESC followed by nothing for so long is the Escape key */

struct decoder;

struct decoder *decoder_new(void);
void decoder_free(struct decoder **decoder);
/* Also understand this sequence (from terminfo); the generic ones win when they mean something else. */
void decoder_learn(struct decoder *decoder, const char *sequence, const struct key_event *key);
void decoder_push(struct decoder *decoder, const char *bytes, size_t length, msec steady_now);
/* The next event, if it is complete by now. */
bool decoder_next(struct decoder *decoder, msec steady_now, struct key_event *key);
/* The bytes of the event last returned: whole characters and whole sequences, for a line editor that wants bytes.
 * Valid until the next call. */
const char *decoder_raw(const struct decoder *decoder, size_t *length);
/* Milliseconds until decoder_next is worth calling without more bytes; -1: never. */
int decoder_timeout(const struct decoder *decoder, msec steady_now);
size_t decoder_dropped(const struct decoder *decoder); /* bytes that meant nothing, so far */

#endif
