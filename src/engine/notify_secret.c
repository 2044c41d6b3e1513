/* A channel's secrets; base/secret.h reads them. */
#include "base/memory.h"
#include "engine/channel.h"

char *secret_read(struct channel *channel, const struct config_node *map, const char *key, bool required,
                  struct config_problems *problems)
{
    return secret_load(&channel->secrets, map, key, required, problems);
}

char *secret_or_text(struct channel *channel, const struct config_node *map, const char *key, bool required,
                     struct config_problems *problems)
{
    const struct config_node *node = config_get(map, key);
    const char *text = node ? config_scalar(node) : NULL;
    return text ? memory_text(text) : secret_read(channel, map, key, required, problems);
}
