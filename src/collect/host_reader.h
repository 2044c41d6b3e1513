/* From what a Unix host says about itself to a struct host. One script text is run by `sh` (through SSH; the local
 * collector reads the same files without a shell, section by section); its answer is sections, each begun by a mark
 * line, and each is parsed on its own, so that a tool that is missing, refuses or prints nonsense costs its section and
 * nothing else. Counters become rates against the sample before. Needs no root; BusyBox, CentOS 7 and containers
 * degrade by figure. */
#ifndef COLLECT_HOST_READER_H
#define COLLECT_HOST_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/error.h"
#include "model/host.h"

/* What is read, cheapest first. QUICK: /proc figures only, no process is started but cat (or head) and df. USUAL adds
 * ports, sessions, peers (outbound connections are watched whether anybody looks or not), units, logins, and with them
 * pids and users. FULL adds processes. SLOW (each hour): updates, certificates, time offset, facts. Every answer
 * should have QUICK in it. */
enum host_depth { HOST_QUICK = 1, HOST_USUAL = 2, HOST_FULL = 4, HOST_SLOW = 8 };

/* An answer begins with a line that starts so and ends with this line; what stands outside is kept apart (the late line
 * of a df that hung, a banner). Each script is one answer. */
#define HOST_ANSWER_BEGIN "=nocturne begin"
#define HOST_ANSWER_END "=nocturne end\n"

/* The script for these depths (bits), for `sh` reading commands from its input: no newline inside quotes, nothing that
 * waits without a limit (df of a dead NFS server is left behind by a timeout), LC_ALL=C. `certificates` are paths or
 * globs given by the configuration, checked to hold no shell character; may be NULL. Static or owned by `text`. */
struct buffer;
void host_script(struct buffer *text, unsigned depths, const char *const *certificates, unsigned certificate_count);

/* What stands before a script with USUAL in it, on the same line: the units that are told whatever their type and state: those that
 * somebody expects on this asset's host (`units` of the sink). */
struct source;
void host_units_ask(struct source *source, uint32_t asset, struct buffer *text);

struct host_reader;   /* what is remembered of one host between two answers: its counters */
struct host_reader *host_reader_new(void);
void host_reader_free(struct host_reader **reader);
/* One whole answer of the script. `steady_ns`: when it was complete. NULL with a cause when it is not an answer of the
 * script at all (a banner, somebody else's text); half an answer gives what is whole, with the fact "missing:SECTION". */
struct host *host_reader_take(struct host_reader *reader, const char *text, size_t length, uint64_t steady_ns, msec wall,
                              struct error *error);
/* The depths to ask for now, by what was taken when: QUICK always, and alone in the first, so that a host shows at
 * once; USUAL every 15 s, SLOW each hour, FULL each minute and while attended. */
unsigned host_reader_due(const struct host_reader *reader, msec steady, bool attended);
void host_reader_forget(struct host_reader *reader); /* the next sample has no rates */

#endif
