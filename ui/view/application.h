/* What the console's actions need of the application page. */
#ifndef VIEW_APPLICATION_H
#define VIEW_APPLICATION_H

#include "view/view.h"

extern const struct view_ops application_view, server_view;

/* The node under the cursor of an application's page; NULL: another view, or none. Valid until the next answer. */
const struct wire_node *application_node(struct view *view);
const char *application_id(struct view *view);
const char *application_name(struct view *view); /* of an application's page only */
/* Of a server's page. */
const char *server_unit(struct view *view);
const char *server_id(struct view *view);        /* NULL: another view */
const struct wire_server_page *server_answer(struct view *view); /* NULL: another view, or nothing came yet */

#endif
