/* Runbooks: what to do about an alert, step by step. Those shipped (src/profiles/runbooks) serve the shipped rules;
 * `runbooks: DIR` adds the site's own, and one of the same name replaces the shipped one. NAME.md is for everybody,
 * NAME.zh.md and NAME.en.md for those who read that language.
 *
 * Read as a whole when the configuration is (re)loaded, so that a slow disk never stops the loop, and nothing outside
 * the directory can be asked for. Immutable afterwards. */
#ifndef ENGINE_RUNBOOK_H
#define ENGINE_RUNBOOK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"

struct runbooks;

#define RUNBOOKS_MOST 500               /* files of a site */
#define RUNBOOKS_BYTES_MOST (8u << 20)  /* of all of them */

/* `folder` may be NULL: the shipped ones alone. What cannot be taken (too big, a strange name, a link, no file) is left
 * out and said in `remarks`, a line each; false: the folder itself cannot be read. */
bool runbooks_load(struct runbooks **runbooks, const char *folder, struct buffer *remarks);
/* Those given and no others, copied: an incident's own, when it is replayed. What has no good name is left out. */
struct runbook;
struct runbooks *runbooks_of(const struct runbook *list, size_t count);
void runbooks_free(struct runbooks **runbooks);

/* Letters of any script, digits, - and _; at most 60 bytes. */
bool runbook_name_is_good(const char *name);
bool runbook_is_url(const char *name); /* http:// or https://: somebody else's page */

struct runbook {
    const char *name, *language;  /* "zh", "en"; "" for everybody */
    const char *text;
    size_t length;
    bool shipped;
};
/* The one in `language` ("zh_CN", "zh"), else for everybody, else in English, else any. False: there is none. */
bool runbooks_find(const struct runbooks *runbooks, const char *name, const char *language, struct runbook *runbook);
bool runbooks_have(const struct runbooks *runbooks, const char *name);
/* By place, 0..; sorted by name and language; those replaced are not among them. */
bool runbooks_at(const struct runbooks *runbooks, size_t index, struct runbook *runbook);

#endif
