/* A claim about one value: "/status == ok" of a JSON document, "connections_percent > 80" of a figure. Pure. */
#ifndef COLLECT_ASSERTION_H
#define COLLECT_ASSERTION_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct json_object;
struct assertion;

/* "SUBJECT", "SUBJECT == VALUE", != < <= > >= ~ (contains). A subject alone claims that it is there. The value may be
 * in double quotes; numbers compare as numbers where both sides are. Errors name the column. */
struct assertion *assertion_parse(const char *text, struct error *error);
void assertion_free(struct assertion **assertion);
const char *assertion_subject(const struct assertion *assertion);
const char *assertion_text(const struct assertion *assertion); /* as it was written */
bool assertion_number(const struct assertion *assertion, double value); /* does it hold for this number? */
bool assertion_is_number(const struct assertion *assertion);            /* compares with a number, by < <= > >= == != */
/* The subject is a JSON pointer (RFC 6901). Where the claim does not hold, `why` says what stands there. */
bool assertion_json(const struct assertion *assertion, struct json_object *document, char *why, size_t size);

#endif
