/* The settings' body, for the files that read its sections. */
#ifndef DAEMON_SETTINGS_PRIVATE_H
#define DAEMON_SETTINGS_PRIVATE_H

#include "base/secret.h"
#include "daemon/settings.h"

struct settings {
    struct config *config;
    char *config_path, *state_dir, *host;
    struct site site;
    struct site_grant *grants;
    struct site_unit *units;
    struct site_listen *listens;
    struct site_population *populations;
    struct profile **profiles;
    size_t profile_count;
    struct settings_source *sources;
    size_t source_count;
    char **ledgers;
    size_t ledger_count;
    struct store_options store;
    struct fleet_options fleet;
    struct notify_plan *notify;
    struct alerts_options alerts;
    struct applications_plan *applications;
    struct heartbeats_plan heartbeats;
    struct hosts_plan hosts;
    struct capacity_plan capacity;
    struct security_plan security;
    struct runbooks *runbooks;
    struct roster roster;
    struct secrets secrets;
    char *store_password;
    struct config_problems remarks;
    char **texts;             /* resolved paths and the like, owned */
    size_t text_count, text_capacity;
};

/* A text that lives as long as the settings, which free it. */
const char *settings_keep(struct settings *settings, char *text);
/* The path under a key, resolved against the file that says it; "" when there is none. */
const char *settings_keep_path(struct settings *settings, const struct config_node *map, const char *key);
/* Texts of a list, or of one text standing for a list. */
size_t settings_text_count(const struct config_node *node);
const struct config_node *settings_text_at(const struct config_node *node, size_t index);
const char *settings_text(const struct config_node *node); /* "" for what is no text */

/* settings_site.c: the site, where it is kept, who reaches it and as what. */
void settings_read_site(struct settings *settings, const struct config_node *root, const struct options *options,
                        struct config_problems *problems);
/* Its `store:` alone. */
void settings_read_store(struct settings *settings, const struct config_node *root, const struct options *options,
                         struct config_problems *problems);

#endif
