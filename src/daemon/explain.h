/* `nocturned --check-config`; and what a start and a reload say of the same: mistakes, ledgers, shifts. */
#ifndef DAEMON_EXPLAIN_H
#define DAEMON_EXPLAIN_H

#include "base/buffer.h"
#include "base/log.h"
#include "daemon/settings.h"
#include "engine/ledger.h"

/* Explain every mistake of configuration, profiles and ledgers. The program's exit code. */
int explain_run(const struct options *options);

/* Texts of a line per finding. */
void lines_print(const char *text); /* to standard error */
void lines_log(enum log_level level, const char *text);
/* All files of `ledger:` as one change; free it. `refused` gets a line for each that cannot be used at all; what is wrong
 * with rows is in the summary. `fleet` may be NULL. */
struct ledger_change *ledgers_read(const struct settings *settings, struct fleet *fleet, struct buffer *refused);
/* Where the shifts of the coming week leave gaps or overlap. */
void roster_lines(const struct roster *roster, struct buffer *out);

#endif
