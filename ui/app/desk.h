/* The alert desk as the whole console sees it: the counts of line 1, the bell, and what a person does to alerts. */
#ifndef APP_DESK_H
#define APP_DESK_H

#include "client/client.h"
#include "term/notice.h"

struct app;
struct desk;

struct desk *desk_new(struct app *app);
void desk_free(struct desk **desk);
void desk_ask(struct desk *desk);                  /* count anew, now */
void desk_event(struct desk *desk, const struct client_event *event);
/* Counts of what is not closed; NULL until they came. */
const struct wire_alert_hidden *desk_counts(const struct desk *desk);
/* From which severity on it rings; SEVERITY_COUNT: never. $NOCTURNE_BELL at first: off, minor, major, critical. */
void desk_set_bell(struct desk *desk, enum severity least);
enum severity desk_bell(const struct desk *desk);
/* Desktop notifications; $NOCTURNE_DESKTOP at first: auto, off, osc9, osc777, osc99. */
void desk_set_desktop(struct desk *desk, enum notice_kind kind);
enum notice_kind desk_desktop(const struct desk *desk);

/* The targets of an action, as they were when its line was opened. */
struct frozen;
struct frozen **desk_frozen(struct desk *desk);    /* owned by the desk */
void frozen_free(struct frozen **frozen);
/* What `undo` would do, by the last reversible action; owned by the desk. */
struct undo;
struct undo **desk_undo(struct desk *desk);
void undo_free(struct undo **undo);
void desk_undo_silence(struct desk *desk, const char *id); /* the last thing done was this silence */

/* The line was opened for something else, or left: its targets are forgotten. */
void desk_thaw(struct desk *desk);

#endif
