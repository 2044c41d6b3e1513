/* Reading what came as JSON: what every resource's reader needs. Nothing is trusted: an absent member, or one of
 * another type, is neutral. Private to src/wire. */
#ifndef WIRE_READ_H
#define WIRE_READ_H

#include "base/flat.h"
#include "wire/wire.h"

uint32_t read_count(struct flat *object, const char *key);
uint64_t read_total(struct flat *object, const char *key);
const char *read_text(struct flat *object, const char *key, struct arena *arena); /* "" where absent */
/* What the daemon says to people, in the language of this process's reader (base/phrase.h); "" where absent. */
const char *read_prose(struct flat *object, const char *key, struct arena *arena);
/* A text, or anything else as it was written; "" where absent. */
const char *read_raw(struct flat *value, struct arena *arena);
/* Names of the model; one that is not known reads as unknown. */
enum health read_health(struct flat *object, const char *key);
enum health_reason read_reason(struct flat *object, const char *key);
enum link_state read_link(struct flat *object, const char *key);
enum comm_state read_comm(struct flat *object, const char *key);
void read_by_health(struct flat *object, const char *key, uint32_t by_health[HEALTH_COUNT]);
/* Does the comma list `fields` (NULL: all) name this member? */
bool wire_wanted(const char *fields, const char *name);
/* How many elements; *array is NULL with none. */
unsigned read_array(struct flat *object, const char *key, struct flat **array);
const char **read_texts(struct flat *object, const char *key, struct arena *arena, unsigned *count);
void read_page(struct flat *object, struct wire_page *page); /* the envelope */
/* A whole answer that must be an object, and one with a list under `items`. NULL with an error; the caller puts it. */
struct flat *read_object(const char *bytes, size_t length, struct error *error);
struct flat *read_list(const char *bytes, size_t length, struct flat **items, struct error *error);

#endif
