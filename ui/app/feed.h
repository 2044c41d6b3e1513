/* What the open views asked for, kept fresh. Each slot of each view is one request: fetched when its path changes,
 * fetched again when an event of a kind it names arrives, not more often than it allows, and only while its view is
 * shown. The last answer's decoded rows stay in the view, so that returning to one is instant. */
#ifndef APP_FEED_H
#define APP_FEED_H

#include <stdbool.h>
#include <uv.h>

#include "client/client.h"
#include "view/view.h"

struct feed;

/* An answer that is still wanted. The feed has noted it; hand it to the view. `asked`: a person waits for it (a key
 * changed what is wanted); else it only keeps fresh what is shown. */
typedef void feed_received(void *owner, struct view *view, unsigned slot, const struct client_answer *answer, bool asked);

/* The same, of a large answer that was read meanwhile (view.h): the arena is the receiver's. */
typedef void feed_took(void *owner, struct view *view, unsigned slot, struct arena *arena, void *read, bool asked);

struct feed *feed_new(uv_loop_t *loop, struct client *client, feed_received *received, feed_took *took, void *owner);
void feed_free(struct feed **feed);

/* Ask the view what it wants and fetch what is missing or old. */
void feed_update(struct feed *feed, struct view *view);
void feed_forget(struct feed *feed, const struct view *view);
/* Only shown views are refreshed. */
void feed_show(struct feed *feed, const struct view *view, bool shown);
/* An event arrived: what names its kind is old. */
void feed_event(struct feed *feed, const char *kind);
/* Everything is old: another instant, a lost link that is back. */
void feed_restart(struct feed *feed);
/* The instant to ask for; CLOCK_NEVER: now. Call feed_restart after. */
void feed_set_at(struct feed *feed, msec at);
/* Whether answers without end are followed (a screen is there), or read once as they are. */
void feed_follow(struct feed *feed, bool follows);
/* Has anything that this view wants not been answered once? What events made old since does not count: where there is
 * always news a page would never be whole. */
bool feed_waiting(const struct feed *feed, const struct view *view);
uint64_t feed_requests(const struct feed *feed); /* made so far */

#endif
