#include <string.h>

#include "collect/collector.h"

#define COLLECTOR(name) extern const struct collector_ops collector_##name;
#include "collect/collectors.def"
#undef COLLECTOR

static const struct collector_ops *const collectors[] = {
#define COLLECTOR(name) &collector_##name,
#include "collect/collectors.def"
#undef COLLECTOR
    NULL,
};

const struct collector_ops *const *collector_all(void)
{
    return collectors;
}

const struct collector_ops *collector_find(const char *type)
{
    for (const struct collector_ops *const *ops = collectors; *ops; ops++)
        if (strcmp((*ops)->type, type) == 0)
            return *ops;
    return NULL;
}
