/* Forms for what hides alerts: a silence over alerts, a downtime over assets; and what they tell the app that sends them. */
#ifndef VIEW_COVER_H
#define VIEW_COVER_H

#include "view/view.h"

extern const struct view_ops silence_view, downtime_view, silences_view;

/* The form as it stands: where it goes, the body, a question with what it covers, and a few ids. False: no form, or one
 * that is not complete (it shows what is missing). */
struct cover_request { struct buffer path, body, title, text; const char *const *ids; size_t id_count; };
bool cover_request(struct view *view, struct cover_request *request);
void cover_request_release(struct cover_request *request);
/* The daemon's objection, shown at the field that it names. */
void cover_complain(struct view *view, const char *message);
/* "It ends in the shift 夜班: 王." on a new line; nothing without a roster. */
void cover_shift_text(struct buffer *out, struct json_object *shift);

#endif
