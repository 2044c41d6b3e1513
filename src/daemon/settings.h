/* The configuration, checked and resolved: everything the daemon is told from outside. A settings object never
 * changes; a reload makes another. */
#ifndef DAEMON_SETTINGS_H
#define DAEMON_SETTINGS_H

#include "base/config.h"
#include "base/log.h"
#include "daemon/options.h"
#include "engine/alerts.h"
#include "engine/applications.h"
#include "engine/fleet.h"
#include "engine/heartbeats.h"
#include "engine/capacity_plan.h"
#include "engine/hosts_plan.h"
#include "engine/notify.h"
#include "engine/security_plan.h"
#include "engine/site.h"
#include "model/rule.h"
#include "store/store.h"

struct settings;

struct settings_source {
    const char *name;
    const struct collector_ops *ops;
    const struct config_node *node;
    char *text;               /* canonical; equal texts mean that the source did not change */
};

/* Read what the options and the environment point to. Every mistake of files, profiles and sources is added; NULL
 * when there is any. `started` is the daemon's. */
struct settings *settings_load(const struct options *options, msec started, const struct site_counters *counters,
                               struct config_problems *problems);
void settings_free(struct settings **settings);

/* The site as configured; `sources` is the daemon's to fill. */
struct site *settings_site(struct settings *settings);
const struct store_options *settings_store(const struct settings *settings);
const struct alerts_options *settings_alerts(const struct settings *settings);
const struct fleet_options *settings_fleet(const struct settings *settings);
size_t settings_sources(const struct settings *settings, const struct settings_source **sources);
/* What does not keep the daemon from running and should be put right all the same, a line each. */
const struct config_problems *settings_remarks(const struct settings *settings);
size_t settings_ledgers(const struct settings *settings, char *const **paths);
/* Do both say the same under a top-level key? */
bool settings_same(const struct settings *left, const struct settings *right, const char *key);
struct applications_plan *settings_applications(const struct settings *settings);
struct notify_plan *settings_notify(const struct settings *settings); /* who is told */
const struct hosts_plan *settings_hosts(const struct settings *settings); /* what is expected of servers */
const struct security_plan *settings_security(const struct settings *settings); /* controls of the security view */
const struct heartbeats_plan *settings_heartbeats(const struct settings *settings);
/* Redundancy groups, in an array of the caller's to free; texts belong to the settings. */
unsigned settings_groups(const struct settings *settings, struct alert_group **groups);
/* Fresh rules in an array of the caller's to free; the rules are for rules_use to take. */
size_t settings_rules(const struct settings *settings, struct rule ***rules);
enum log_level settings_log(const struct settings *settings);
unsigned settings_open_files(const struct settings *settings);

/* Every key of the configuration but those of the sources, which the collectors have; the manual is made of them. */
extern const struct config_key settings_keys[];

#endif
