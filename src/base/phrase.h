/* The daemon's sentences in the reader's language.
 *
 * The daemon composes, logs, stores and sends one language, English: logs stay greppable, and what was stored years
 * ago reads like what is said now. Whoever shows such a text to a person, the console and the notifications of a
 * Chinese site, translates it by its *format*: the formats of src/ are extracted where they are composed (as
 * arguments of error_set and its like, or marked N_()), translated in ui/po/daemon.*.po, and compiled into the
 * programs. "silent for 3m" is recognised as "silent for %s", its arguments are taken out, themselves translated where
 * they are phrases, and put into the translation, perhaps in another order (%2$s).
 *
 * A message's id and arguments in the store and on the wire instead would be exact, but every text of today's stores
 * and capsules would need this as well, logs and `curl` would have to carry both, and every place that joins, cuts or
 * keeps a text would have to do so twice.
 *
 * What is not recognised stays as it is. Texts are data throughout, also those of devices and people: neither they nor
 * translations are ever a format of printf. The work for one text is bounded. */
#ifndef BASE_PHRASE_H
#define BASE_PHRASE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"

/* Marks a phrase or format that is composed elsewhere than in a call whose name says it (mk/ui_phrases.mk). */
#define N_(text) text
/* One of two phrases by a count, as English needs it ("1 host", "2 hosts"); both take the same arguments. */
#define COUNTED(count, one, many) ((count) == 1 ? (one) : (many))

#define PHRASE_LONGEST 2048 /* bytes; what is longer stays as it is */

struct phrase_pair { const char *format, *translation; };
struct phrasebook;

/* NULL when nothing is translated into `language` ("zh_CN", "zh_CN.UTF-8"), as for English. */
struct phrasebook *phrasebook_new(const char *language);
/* Of pairs that outlive it; those that cannot be one are passed over. */
struct phrasebook *phrasebook_of(const struct phrase_pair *pairs, size_t count);
void phrasebook_free(struct phrasebook **book);
/* Append `text` translated. False: no part of it is known, and it was appended as it is. A NULL book knows nothing. */
bool phrasebook_say(struct phrasebook *book, struct buffer *out, const char *text);

/* The formats there are, for tests; NULL and 0 for a language without. */
const struct phrase_pair *phrase_pairs(const char *language, size_t *count);
/* Is `translation` one that can stand for `format`: every argument it names is there? */
bool phrase_pair_fits(const struct phrase_pair *pair);

/* The language of this process's reader, as gettext's one for the process: the console sets it (ui/term/locale.c), and
 * src/wire and src/client hand out prose in it. The daemon never does. From any thread. */
void phrase_language(const char *language);
bool phrase_say(struct buffer *out, const char *text);
/* The same into an array, which it returns: for what was read as plain JSON. */
const char *phrase_said(char *out, size_t size, const char *text);
/* The same in place, cut at a character to fit. */
void phrase_say_into(char *text, size_t size);

#endif
