/* The table of routes, and finding one. */
#include <string.h>

#include "api/handlers.h"
#include "api/private.h"
#include "base/memory.h"

#define NAMES(...) ((const char *const[]){__VA_ARGS__, NULL})
#define ROUTE(...) {__VA_ARGS__},
const struct route routes[] = {
#include "api/routes.def"
};
const unsigned route_count = ARRAY_COUNT(routes);

/* Segment by segment; "{...}" takes any text but the empty one. */
static bool path_matches(const char *pattern, const struct target *target, const char **id)
{
    unsigned segment = 0;
    const char *found = NULL;
    while (*pattern == '/') {
        size_t length = strcspn(++pattern, "/");
        if (segment == target->segment_count)
            return false;
        const char *text = target->segment[segment++];
        if (*pattern == '{' && *text)
            found = text;
        else if (strlen(text) != length || memcmp(text, pattern, length) != 0)
            return false;
        pattern += length;
    }
    if (segment != target->segment_count)
        return false;
    *id = found;
    return true;
}

const struct route *route_find(const struct target *target, const char *method, const char **id, struct buffer *allow)
{
    const struct route *found = NULL;
    for (unsigned i = 0; i < route_count; i++) {
        const char *value;
        if (!path_matches(routes[i].path, target, &value))
            continue;
        if (strcmp(routes[i].method, method) == 0) {
            /* A literal path goes before one with a name in it: "adopt" is no id there. */
            if (!found || !value) {
                found = &routes[i];
                *id = value;
            }
            continue;
        }
        if (!strstr(buffer_text(allow), routes[i].method))
            buffer_printf(allow, "%s%s", allow->length ? ", " : "", routes[i].method);
    }
    return found;
}
