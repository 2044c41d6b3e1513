/* One asset explained in little room: three lines under the board, or a pane beside a list. */
#ifndef VIEW_DETAIL_H
#define VIEW_DETAIL_H

#include "view/view.h"

/* Slots it takes from the one given: the asset, its states, one series, what hangs below it. */
enum { DETAIL_ASSET, DETAIL_STATES, DETAIL_SERIES, DETAIL_BELOW, DETAIL_SLOTS };

struct detail {
    struct arena *arena[DETAIL_SLOTS];
    struct wire_asset_page page;
    struct wire_interval *states;
    unsigned state_count;
    struct wire_series series;
    struct wire_asset *below;   /* ids and health only */
    unsigned below_count;
    bool have;
};

void detail_init(struct detail *detail);
void detail_release(struct detail *detail);
/* Want what explains `id` (NULL: nothing); `pane` also its states and a chart. */
void detail_want(struct detail *detail, struct view *view, struct view_wants *wants, unsigned slot, const char *id, bool pane);
bool detail_receive(struct detail *detail, unsigned part, const struct client_answer *answer, struct error *error);
void detail_draw_lines(struct detail *detail, struct view *view, struct surface *surface, struct rect area, const char *id);
void detail_draw_pane(struct detail *detail, struct view *view, struct surface *surface, struct rect area, const char *id);

#endif
