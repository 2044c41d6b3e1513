/* A JSON text read at once into one array of values, in the order they stand: what large answers are decoded from.
 * Reading takes a tenth of what building a tree of objects does, and two blocks of memory instead of thousands.
 *
 * A value belongs to its text: flat_free of what flat_parse gave ends them all. The bytes parsed must stay as they are
 * until then, too (flat_raw points into them). Members are found fastest in the order they were written in, elements when asked for one
 * after the other: asking notes where it was, so a text is one thread's. */
#ifndef BASE_FLAT_H
#define BASE_FLAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/error.h"

#define FLAT_DEPTH 32

enum flat_type { FLAT_NULL, FLAT_BOOL, FLAT_NUMBER, FLAT_TEXT, FLAT_ARRAY, FLAT_OBJECT };
struct flat;

/* The whole, as strict as json_parse. NULL with an error that names line and column. */
struct flat *flat_parse(const char *bytes, size_t length, struct error *error);
void flat_free(struct flat **flat);

enum flat_type flat_type(const struct flat *value); /* of NULL: FLAT_NULL */
/* Members by name, with a default where absent or null or of another type. NULL objects have none. */
struct flat *flat_get(struct flat *object, const char *key); /* NULL where absent or null */
const char *flat_text(struct flat *object, const char *key, const char *absent);
double flat_number(struct flat *object, const char *key, double absent);
int64_t flat_integer(struct flat *object, const char *key, int64_t absent);
bool flat_bool(struct flat *object, const char *key, bool absent);
msec flat_instant(struct flat *object, const char *key); /* RFC 3339; CLOCK_NEVER where absent or bad */

unsigned flat_count(const struct flat *container); /* elements or members; 0 for anything else */
struct flat *flat_at(struct flat *array, unsigned index); /* NULL beyond; one after the other costs nothing */
/* The child behind `before`, NULL: the first; NULL at the end. And what a member is called; NULL of anything else. */
struct flat *flat_next(struct flat *container, struct flat *before);
const char *flat_key(const struct flat *member);

/* A value by itself; the default for another type. */
const char *flat_as_text(const struct flat *value, const char *absent);
double flat_as_number(const struct flat *value, double absent);
int64_t flat_as_integer(const struct flat *value, int64_t absent);
const char *flat_raw(const struct flat *value, size_t *length); /* as it was written; not of a text */

#endif
