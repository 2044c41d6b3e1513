/* One server explained in little room: three lines under the list, or a pane beside it with its last hour. */
#ifndef VIEW_SERVER_BRIEF_H
#define VIEW_SERVER_BRIEF_H

#include "view/view.h"

#define SERVER_BRIEF_SLOTS 6

struct server_brief;
struct server_brief *server_brief_new(void);
void server_brief_free(struct server_brief **brief);
void server_brief_want(struct server_brief *brief, struct view *view, struct view_wants *wants, unsigned slot, const char *id);
bool server_brief_receive(struct server_brief *brief, unsigned part, const struct client_answer *answer, struct error *error);
void server_brief_draw(struct server_brief *brief, struct view *view, struct surface *surface, struct rect area,
                       const struct wire_server *server);
void server_brief_lines(struct view *view, struct surface *surface, struct rect area, const struct wire_server *server);
/* "能源态势, 供水": what stands on it. */
void server_applications(struct buffer *out, const struct wire_server *server);

#endif
