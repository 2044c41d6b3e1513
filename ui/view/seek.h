/* Looking for the next row that needs a person among those that are not here: the list is asked for in pieces, from the
 * cursor to the list's end, and round to its other end, with nothing but what tells such a row. */
#ifndef VIEW_SEEK_H
#define VIEW_SEEK_H

#include "view/view.h"

struct seek {
    bool on, forward, wrapped;
    size_t from, total;        /* the row it began at */
    size_t offset, count;      /* the piece that is asked for now */
};

/* From row `from` of `total`, without it. `wrap`: no row in that direction can match: go on from the other end. */
void seek_start(struct seek *seek, size_t from, size_t total, bool forward, bool wrap);

enum seek_answer { SEEK_MORE, SEEK_FOUND, SEEK_NONE };
/* A piece came: rows offset..offset+count-1, of which matches(owner, i) says whether row offset+i is one. The list may
 * have changed meanwhile: it now has `total` rows. SEEK_FOUND puts the row's index in *found; SEEK_NONE: it went all
 * the way round. Both end it. */
enum seek_answer seek_took(struct seek *seek, size_t offset, size_t count, size_t total, bool (*matches)(const void *owner, size_t i),
                           const void *owner, size_t *found);
/* Tell the person how it ended; `wrapped`: as it was before the piece. */
void seek_say(const struct seek *seek, struct view *view, enum seek_answer answer, bool wrapped, const char *none);

#endif
