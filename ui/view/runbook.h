/* What the runbook page tells those who run its steps. */
#ifndef VIEW_RUNBOOK_H
#define VIEW_RUNBOOK_H

#include "view/view.h"

struct runbook_choice {
    const char *name;             /* the runbook */
    const char *command;          /* whole, as it is shown */
    const char *asset, *alert;    /* opened for; "" none */
    bool on_host, shipped;
};
/* The chosen command of the page; false: this is another view, or none is chosen. Valid until the page is read anew. */
bool runbook_chosen(struct view *view, struct runbook_choice *out);

#endif
