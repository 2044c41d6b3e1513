/* Silences that were made in other systems, as their sources last listed them. Private to the feeds. */
#ifndef ENGINE_FEEDS_THERE_H
#define ENGINE_FEEDS_THERE_H

#include "engine/feeds.h"

struct there;
void there_free(struct there **there);
void there_take(struct there **there, const char *source, const struct alarm_there *rows, unsigned count); /* all of this source */
void there_keep(struct there **there, struct source *const *sources, size_t count); /* those of other sources go */
bool there_at(const struct there *there, unsigned index, struct feeds_silence *silence);

#endif
