/* Heartbeats as the Sources view shows them. */
#ifndef VIEW_HEARTBEAT_ROWS_H
#define VIEW_HEARTBEAT_ROWS_H

#include "client/client.h"
#include "term/surface.h"
#include "window/layout.h"

struct heartbeat_rows {
    struct wire_heartbeat *row;
    const char **ids;      /* "heartbeat/NAME": apart from the sources' names */
    unsigned count;
    struct arena *arena;   /* of all of it */
};

bool heartbeat_rows_read(struct heartbeat_rows *rows, const char *body, size_t length, struct error *error);
void heartbeat_rows_release(struct heartbeat_rows *rows);
uint8_t heartbeat_role(const struct wire_heartbeat *beat);
const char *heartbeat_letter(const struct wire_heartbeat *beat, bool ascii);
const char *heartbeat_word(const struct wire_heartbeat *beat); /* its state, for people */
/* "every 5m, 2m to go", "waits for its first beat, every 5m", "failed: exit code 3: no space left". */
void heartbeat_detail(char *out, size_t size, const struct wire_heartbeat *beat, msec now);
void heartbeat_draw(const struct wire_heartbeat *beat, struct surface *surface, struct rect area, msec now);

#endif
