/* What the views of alerts share: words, the row's look, the header that never lies, and one alert explained in little
 * room (three lines under the list, a pane beside it, or its own page). */
#ifndef VIEW_ALERTS_H
#define VIEW_ALERTS_H

#include "view/view.h"
#include "widget/table.h"

const char *alert_state_word(enum alert_state state);
const char *severity_word(enum severity severity);
/* "silenced, dependency": why the queue hides it; "" for nothing. */
void suppression_text(struct buffer *out, uint8_t suppression);
/* "gateway offline silent for 3m", with the mark of its response before it, and "+44" for its symptoms behind its name. */
void alert_what(struct buffer *out, const struct wire_alert *alert, bool ascii);
/* Who has it: the assignee, else who acknowledged. */
const char *alert_who(const struct wire_alert *alert);
/* What runs out next: an acknowledgement, a shelf; "" for nothing. */
char *alert_until(char out[SPAN_TEXT + 4], const struct wire_alert *alert, msec now);
const char *place_within(const char *site, const char *place); /* within one site its name says nothing; "": unknown */
const char *news_mark(const char *news); /* one column: what changed since this person looked */
/* "14 of 63 · 31 silenced · 12 filtered · 6 acked": shown, and all that is not, by its reason. */
void hidden_text(struct buffer *out, const struct wire_page *page, const struct wire_alert_hidden *hidden, unsigned marks);
/* The row that a view of alerts knows under this id; NULL: not here, or no view of alerts. */
const struct wire_alert *alert_here(struct view *view, const char *id);
const struct wire_alert *alerts_row(struct view *view, const char *id); /* of the list, for alert_here */

extern const struct view_ops alerts_view, alert_view;

/* ---- one alert explained ---- */

enum { ALERT_SLOT_PAGE, ALERT_SLOT_SERIES, ALERT_SLOTS };

struct alert_detail {
    struct arena *arena[ALERT_SLOTS];
    struct wire_alert_page page;
    struct wire_series series;
    bool have;
    struct buffer told;           /* its page's: who was told of it, and by what */
    struct buffer elsewhere;      /* what became of its silence in other systems */
};

void alert_detail_release(struct alert_detail *detail);
/* Want what explains `id`; `pane` also the metric around the moment. */
void alert_detail_want(struct alert_detail *detail, struct view *view, struct view_wants *wants, unsigned slot, const char *id, bool pane);
bool alert_detail_receive(struct alert_detail *detail, unsigned part, const struct client_answer *answer, struct error *error);
bool alert_detail_about(const struct alert_detail *detail, const char *id);
void alert_draw_lines(struct alert_detail *detail, struct view *view, struct surface *surface, struct rect area, const char *id);
/* Title, place, timeline, chart, similar ones: as much as the room takes. */
void alert_draw_pane(struct alert_detail *detail, struct view *view, struct surface *surface, struct rect area, const char *id);
/* Parts of it, for the page; each takes its rows from the top of the area. `across`: fields side by side. */
void alert_draw_head(struct alert_detail *detail, struct view *view, struct surface *surface, struct rect *area, unsigned across);
/* alert_story.c: its lines, wrapped; `back`: so many of the last are scrolled away, less where there are fewer. */
unsigned alert_timeline_lines(const struct alert_detail *detail, struct view *view, int columns);
void alert_draw_timeline(struct alert_detail *detail, struct view *view, struct surface *surface, struct rect *area, int rows, unsigned *back);
void alert_draw_similar(struct alert_detail *detail, struct view *view, struct surface *surface, struct rect *area);
void alert_draw_chart(struct alert_detail *detail, struct surface *surface, struct rect area);
const char *alert_verb_word(const char *verb);
/* alert_labels.c: what came with it from elsewhere; `cursor` counts labels, then annotations. */
unsigned alert_labels_count(const struct wire_alert *alert);
bool alert_label_value(const struct wire_alert *alert, unsigned index, struct buffer *out);
void alert_draw_label_line(const struct wire_alert *alert, struct surface *surface, struct rect *area);
void alert_draw_labels(const struct wire_alert *alert, struct surface *surface, struct rect area, unsigned cursor, bool focused);
void alert_labels_plain(const struct wire_alert *alert, struct buffer *out);
/* One line of the past. */
void similar_text(struct buffer *out, const struct wire_similar *similar, msec now);

/* ---- the queue gathered by a field ---- */

struct alert_groups;
struct alert_groups *alert_groups_new(void);
void alert_groups_free(struct alert_groups **groups);
struct table *alert_groups_table(struct alert_groups *groups);
/* The path of the rows to have, where `shown` are shown. */
void alert_groups_want(struct alert_groups *groups, size_t shown, struct buffer *path, const char *by, const char *filter, bool all);
bool alert_groups_receive(struct alert_groups *groups, const struct client_answer *answer, struct error *error);
void alert_groups_draw(struct alert_groups *groups, struct surface *surface, struct rect area, msec now, bool stale, const char *site);
void alert_groups_plain(const struct alert_groups *groups, struct buffer *out, msec now);

#endif
