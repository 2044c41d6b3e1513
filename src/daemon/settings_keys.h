/* The configuration's schema, shared by the reader and the manual. */
#ifndef DAEMON_SETTINGS_KEYS_H
#define DAEMON_SETTINGS_KEYS_H

#include <stdint.h>

#include "base/config.h"

extern const struct config_key settings_store_keys[]; /* of `store:` as a mapping */
extern const char *const settings_log_levels[];       /* from error on; NULL-terminated */
/* "0.0.0.0:8443", "[::]:8443"; the address is the caller's to free. */
bool settings_split_address(const char *text, char **address, uint16_t *port);

#endif
