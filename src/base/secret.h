/* Secrets: never in the configuration itself (it names a file of mode 0600, a variable of the environment or a systemd
 * credential), never logged, never shown. For whoever signs in somewhere: channels, sources. */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/config.h"

/* Texts that must never be shown; every detail from outside goes through secrets_redact. */
struct secrets {
    char **text;
    unsigned count;
};

/* `password: {file: PATH}`, {env: NAME} or {credential: NAME}; remembered in `secrets`, too. The caller frees. NULL with a
 * problem added, or where it is absent and not required. */
char *secret_load(struct secrets *secrets, const struct config_node *map, const char *key, bool required,
                  struct config_problems *problems);
void secret_free(char **secret); /* overwritten first */
void secrets_add(struct secrets *secrets, const char *text);
void secrets_release(struct secrets *secrets);
/* Cleans and redacts text from outside into a fixed array. */
void secrets_redact(const struct secrets *secrets, const char *text, size_t length, char *out, size_t size);

#endif
