/* The control socket: a line in, a line out. */
#ifndef CAMPUS_CONTROL_H
#define CAMPUS_CONTROL_H

#include <stdbool.h>
#include <uv.h>

#include "text.h"

struct control;

typedef void control_handle(void *context, char *line, struct text *answer);

/* Listens on a path; a socket that nobody serves any more is replaced. NULL after saying why. */
struct control *control_new(uv_loop_t *loop, const char *path, control_handle *handle, void *context);
/* Closes and removes the path; freed once the loop has run. */
void control_free(struct control **control);

/* The client: sends the words as a line, prints the answer. Returns the program's exit status. */
int control_ask(const char *path, char *const *words, int count);

#endif
