/* Text stored once: equal texts share one pointer, which stays valid until the pool is freed. For the many
 * thousand assets that repeat a few buildings, classes, metrics and units. */
#ifndef BASE_INTERN_H
#define BASE_INTERN_H

#include <stddef.h>
#include <stdint.h>

struct intern;

struct intern *intern_new(void);
void intern_free(struct intern **pool);
/* Never NULL; "" for NULL. */
const char *intern_text(struct intern *pool, const char *text);
const char *intern_bytes(struct intern *pool, const char *bytes, size_t length);
/* Numbers for texts, counted from 0 in order of arrival; intern_name gives the text back. */
uint32_t intern_id(struct intern *pool, const char *text, size_t length);
/* The number of a text already in the pool, or UINT32_MAX. */
uint32_t intern_find(const struct intern *pool, const char *text, size_t length);
const char *intern_name(const struct intern *pool, uint32_t id);
uint32_t intern_count(const struct intern *pool);
size_t intern_memory(const struct intern *pool); /* bytes held */

#endif
