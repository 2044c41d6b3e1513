/* From what a Unix host says about itself to a struct host. One script text is run by `sh` (through SSH; the local
 * collector reads the same files without a shell, section by section); its answer is sections, each begun by a mark
 * line, and each is parsed on its own, so that a tool that is missing, refuses or prints nonsense costs its section and
 * nothing else. Counters become rates against the sample before. Needs no root; BusyBox, CentOS 7 and containers
 * degrade by figure. */
#ifndef COLLECT_HOST_READER_H
#define COLLECT_HOST_READER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/clock.h"
#include "base/error.h"
#include "model/host.h"

/* What is read, cheapest first. QUICK: /proc figures only, no process is started but cat and df. USUAL adds ports,
 * sessions, units, logins. FULL adds processes, peers, users. SLOW (each hour): updates, certificates, time offset, facts. */
enum host_depth { HOST_QUICK = 1, HOST_USUAL = 2, HOST_FULL = 4, HOST_SLOW = 8 };

/* The script for these depths (bits), for `sh` reading commands from its input: no newline inside quotes, nothing that
 * waits without a limit (df of a dead NFS server is left behind by a timeout), LC_ALL=C. `certificates` are paths or
 * globs given by the configuration, checked to hold no shell character; may be NULL. Static or owned by `text`. */
struct buffer;
void host_script(struct buffer *text, unsigned depths, const char *const *certificates, unsigned certificate_count);

struct host_reader;   /* what is remembered of one host between two answers: its counters */
struct host_reader *host_reader_new(void);
void host_reader_free(struct host_reader **reader);
/* One whole answer of the script. `steady_ns`: when it was complete. NULL with a cause when it is not an answer of the
 * script at all (a banner, somebody else's text); half an answer gives what is whole, with the fact "missing:SECTION". */
struct host *host_reader_take(struct host_reader *reader, const char *text, size_t length, uint64_t steady_ns, msec wall,
                              struct error *error);
void host_reader_forget(struct host_reader *reader); /* the next sample has no rates */

#endif
