/* A memory of looked-up names: bytes to a number. It only ever saves time: an entry may be forgotten (each name has
 * sixteen places, and the last one gives way), so that nobody who invents names can make it slow or large. */
#ifndef COLLECT_NAMES_H
#define COLLECT_NAMES_H

#include <stddef.h>
#include <stdint.h>

struct names;

struct names *names_new(void);
void names_free(struct names **names);
void names_clear(struct names *names);
/* UINT32_MAX when it is not remembered. */
uint32_t names_find(const struct names *names, const char *bytes, size_t length);
/* The same in two steps, for several names at once: what near() returns is for find_near(), and meanwhile the place where the
 * name would be is fetched. */
uint32_t names_near(const struct names *names, const char *bytes, size_t length);
uint32_t names_find_near(const struct names *names, uint32_t near, const char *bytes, size_t length);
void names_add(struct names *names, const char *bytes, size_t length, uint32_t number);
size_t names_memory(const struct names *names); /* bytes held */

#endif
