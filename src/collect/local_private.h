/* The local collector's parts: local.c (the source), local_quick.c (reading without a shell), local_run.c (commands). */
#ifndef COLLECT_LOCAL_PRIVATE_H
#define COLLECT_LOCAL_PRIVATE_H

#include "base/buffer.h"
#include "collect/collector.h"
#include "collect/host_reader.h"

/* The quick part of an answer, as the script would give it; for the thread pool, since it may block. What network file
 * systems say is left to the script. */
void local_quick(struct buffer *answer);

/* The environment of what runs here: this process's, but without the site's time zone, which is not the host's. The
 * list is the caller's to free, its texts are not. */
char **local_environment(void);

struct local_runs;
struct local_runs *local_runs_new(uv_loop_t *loop);
/* Ends what runs, without a word; frees itself when its handles are closed. */
void local_runs_end(struct local_runs **runs);
struct host_running *local_run(struct local_runs *runs, const struct host_run *run, struct error *error);
void local_cancel(struct host_running *running);

#endif
