/* The console: one loop, a stack of views in each tab, dialogs over them, the line below them. */
#ifndef APP_APP_H
#define APP_APP_H

#include <stdbool.h>
#include <uv.h>

#include "base/error.h"
#include "client/client.h"
#include "command/options.h"

struct app;

/* The full-screen console until it is left. Returns the exit code. */
int app_run_screen(uv_loop_t *loop, struct client *client, const struct options *options);
/* Lines in, lines out, append-only. */
int app_run_plain(uv_loop_t *loop, struct client *client, const struct options *options);
/* Draw one view once and print it. */
int app_run_snapshot(uv_loop_t *loop, struct client *client, const struct options *options, const char *view,
                     const char *argument);
/* Closed handles need the loop once more: run it until it is empty. */
void app_drain(uv_loop_t *loop);

#endif
