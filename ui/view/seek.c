#include "view/seek.h"

#include "term/locale.h"

#define PIECE_FIRST 500
#define PIECE_MOST 10000 /* what the daemon gives in one answer */

/* The next piece after (or before) what was looked at; false: all the way round. */
static bool next_piece(struct seek *seek, size_t edge)
{
    size_t size = seek->count ? seek->count * 4 : PIECE_FIRST;
    size = size < PIECE_MOST ? size : PIECE_MOST;
    if (!seek->wrapped && (seek->forward ? edge >= seek->total : edge == 0)) {
        seek->wrapped = true;
        edge = seek->forward ? 0 : seek->total;
    }
    size_t limit = seek->forward ? (seek->wrapped ? seek->from : seek->total) : (seek->wrapped ? seek->from + 1 : 0);
    if (seek->forward ? edge >= limit : edge <= limit)
        return false;
    size_t room = seek->forward ? limit - edge : edge - limit;
    seek->count = room < size ? room : size;
    seek->offset = seek->forward ? edge : edge - seek->count;
    return true;
}

void seek_start(struct seek *seek, size_t from, size_t total, bool forward, bool wrap)
{
    *seek = (struct seek){.forward = forward, .wrapped = wrap, .from = from, .total = total};
    seek->on = next_piece(seek, wrap ? (forward ? 0 : total) : forward ? from + 1 : from);
}

enum seek_answer seek_took(struct seek *seek, size_t offset, size_t count, size_t total, bool (*matches)(const void *owner, size_t i),
                           const void *owner, size_t *found)
{
    seek->total = total;
    if (seek->from > total)
        seek->from = total;
    for (size_t n = 0; n < count; n++) {
        size_t i = seek->forward ? n : count - 1 - n;
        if (!matches(owner, i))
            continue;
        *found = offset + i;
        seek->on = false;
        return SEEK_FOUND;
    }
    /* An empty piece of a list that shrank ends there too. */
    seek->on = next_piece(seek, seek->forward ? (count ? offset + count : total) : offset);
    return seek->on ? SEEK_MORE : SEEK_NONE;
}

void seek_say(const struct seek *seek, struct view *view, enum seek_answer answer, bool wrapped, const char *none)
{
    if (answer == SEEK_NONE)
        view->host_ops->say(view->host, ROLE_HINT, "%s", none);
    else if (answer == SEEK_FOUND && wrapped)
        view->host_ops->say(view->host, ROLE_HINT, "%s", seek->forward ? _("round the end: on from the top") : _("round the top: on from the end"));
}
