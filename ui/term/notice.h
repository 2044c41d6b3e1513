/* Desktop notifications: the terminal is asked to show a line outside itself. Three sequences are in use (OSC 9, OSC 777,
 * OSC 99); none is sent to a terminal that is not known to understand it, unless a person chose it. */
#ifndef TERM_NOTICE_H
#define TERM_NOTICE_H

#include <stdbool.h>

#include "base/buffer.h"

enum notice_kind { NOTICE_NONE, NOTICE_OSC9, NOTICE_OSC777, NOTICE_OSC99, NOTICE_KINDS };
const char *notice_kind_name(enum notice_kind kind);                    /* "off", "osc9", ... */
bool notice_kind_parse(const char *name, enum notice_kind *kind);       /* also "auto": what the terminal is known for */
/* By TERM and the environment; NOTICE_NONE inside tmux and screen, which hand nothing on unless they were told to. */
enum notice_kind notice_of_terminal(const char *term);
/* The sequence. Texts are cleaned, cut, and freed of what would end or divide it; `utf8` false: ASCII alone. */
void notice_sequence(struct buffer *out, enum notice_kind kind, const char *title, const char *body, bool utf8);

#endif
