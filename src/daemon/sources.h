/* The sources that run: started as the settings say, kept over reloads where their configuration is the same, ended. */
#ifndef DAEMON_SOURCES_H
#define DAEMON_SOURCES_H

#include "daemon/settings.h"
#include "engine/feeds.h"

struct sources;

/* Of these parts, which outlive sources_stop(). */
struct sources *sources_new(uv_loop_t *loop, struct fleet *fleet, struct feeds *feeds, struct hosts *hosts);
/* Bring what runs in line with the settings: sources whose configuration is the same, to the letter, keep running. The
 * site of the settings shows them from now on. */
void sources_follow(struct sources *sources, struct settings *settings);
size_t sources_count(const struct sources *sources);
/* Does one of them look into what it was started with? */
bool sources_use(const struct sources *sources, const struct settings *settings);
/* Once a second, at `steady`; `ledger_changed` since the last time. */
void sources_second(struct sources *sources, msec steady, bool ledger_changed);
void sources_stop(struct sources *sources);
/* After the loop has ended: until then a collector may still be closing. */
void sources_free(struct sources **sources);

#endif
