/* Long text to read: scrolls, wraps by columns, searches. */
#ifndef WIDGET_PAGER_H
#define WIDGET_PAGER_H

#include <stdbool.h>
#include <stddef.h>

#include "term/key.h"
#include "term/surface.h"

struct pager;
struct pager *pager_new(void);
void pager_free(struct pager **pager);
/* Lines by \n, already clean. `follow`: keep at the end while at the end. A line may begin with "\001r" where r is
 * 'A' + enum role: the line's role. */
void pager_set_text(struct pager *pager, const char *text, size_t length, bool follow);
void pager_draw(struct pager *pager, struct surface *surface, struct rect area);
/* j k g G d u, Space, arrows, pages, w wrap, n N next and previous match, wheel. True when it did something. */
bool pager_key(struct pager *pager, const struct key_event *key);
/* Folded search; "" ends it. Goes to the first match at or after the top, else to the last before it. Returns the matching lines' number. */
size_t pager_search(struct pager *pager, const char *text);
void pager_move_to(struct pager *pager, size_t line); /* put this line (from 0) at the top, or as near as it comes */
bool pager_wraps(const struct pager *pager);
bool pager_at_end(const struct pager *pager);
void pager_position(const struct pager *pager, size_t *top_line, size_t *lines); /* for "12 of 340" */

#endif
