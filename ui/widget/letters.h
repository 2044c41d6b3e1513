/* Health and severity as every screen shows them: a letter first, a role second. */
#ifndef WIDGET_LETTERS_H
#define WIDGET_LETTERS_H

#include <stdint.h>

#include "model/health.h"
#include "term/surface.h"

enum role health_role(enum health health);
uint32_t health_glyph(enum health health, bool ascii); /* U+00B7 for ok, '.' in ASCII; w ! x ~ / ? m */
/* 'C' 'M' 'm' 'w' 'i'. */
enum role severity_role(char letter);
char *count_text(char out[24], uint64_t number); /* "48,000" */

#endif
