/* What several views show in the same way. */
#ifndef VIEW_PARTS_H
#define VIEW_PARTS_H

#include "base/buffer.h"
#include "client/client.h"
#include "term/key.h"
#include "term/surface.h"
#include "view/view.h"
#include "widget/letters.h"

/* The key that a widget knows for a command ("down" is j), so that keys can be bound anew; false: no moving command. */
bool motion_key(const char *command, struct key_event *key);

void place_text(struct buffer *out, const struct wire_asset *asset); /* "涵英楼 3F 弱电间2" */
const char *asset_name(const struct wire_asset *asset);       /* its name, else its id */
char *age_text(char out[SPAN_TEXT], msec since, msec now);    /* "11m"; "" for never */
/* "31.2 °C"; booleans and counts have no unit. */
char *value_text(char *out, size_t size, double value, const char *unit);

char *health_glyph_text(char out[8], enum health health, bool ascii);

/* Words for people. */
const char *health_word(enum health health);
const char *reason_word(enum health_reason reason);
const char *link_word(enum link_state link);
const char *comm_word(enum comm_state comm);
const char *field_word(const char *field);                    /* column title of a field of an asset */
const char *value_word(const char *value);                    /* a kind, a ledger's status; what has no word is itself */

/* "1,091 ok  3 x  4 ~", each count in its own role; right-aligned when asked. Returns the columns used. */
int draw_by_health(struct surface *surface, int row, int column, int columns, const uint32_t by_health[HEALTH_COUNT], bool right);
/* "1,100 of 49,100 · 12 filtered": what is shown and what is not. */
void shown_text(struct buffer *out, uint32_t total, uint32_t population, unsigned marks);
/* "contracted  gateways 1,091/1,000 ok": how the contract's counts stand. */
void draw_contracted(struct surface *surface, int row, int column, int columns, const struct wire_contracted *rows, unsigned count);
/* "创新港 ▸ servers ▸ web-1": where the person is; NULL ends, "" says nothing. */
void site_crumbs(struct view *view, struct buffer *out, ...) __attribute__((sentinel));
/* Put a value into a filter: quoted where it needs to be. */
void filter_value(struct buffer *out, const char *field, const char *value);
/* What a half-typed filter means: its unfinished last term left out. The caller frees. */
char *filter_typed(const char *text, bool typing, struct error *error);
/* A part of a saved query, "filter=..&sort=..&columns=..", values escaped as in an URL; NULL: not in it. The caller frees. */
char *query_part(const char *query, const char *name);

#endif
