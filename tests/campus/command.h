/* The language of the control socket: one line in, one line out. */
#ifndef CAMPUS_COMMAND_H
#define CAMPUS_COMMAND_H

#include "campus.h"
#include "text.h"

/* `line` is taken apart. The answer is one line, "ok ..." or "error ...", without its end. */
void command_line(struct campus *campus, char *line, struct text *answer);

#endif
