/* Alerts that come from elsewhere: what sources report to the desk in the words of collect/alarm.h. Finds the asset in the
 * ledger, keeps one alert a key, clears what a complete list lacks, hands a heartbeat's signs of life on, and answers which
 * of our silences cover what. On the loop's thread; nothing blocks.
 *
 * An alert's source is "TYPE:NAME" ("alertmanager:prod", "event:zabbix"), so that restarts find what is theirs. */
#ifndef ENGINE_FEEDS_H
#define ENGINE_FEEDS_H

#include "collect/alarm.h"
#include "engine/alerts.h"

struct feeds;
struct heartbeats;

/* `heartbeats` may be NULL. All three outlive it. */
struct feeds *feeds_new(struct fleet *fleet, struct alerts *alerts, struct heartbeats *heartbeats);
void feeds_free(struct feeds **feeds);
struct alarm_sink feeds_sink(struct feeds *feeds);

/* These sources there are, from now on: alerts of others that brought some clear. */
void feeds_keep(struct feeds *feeds, struct source *const *sources, size_t count);

/* Silences that were made in other systems, 0..; false past the end. `id` is "SOURCE:ID of its own"; valid until the loop's
 * next turn. */
struct feeds_silence { const char *id, *source, *own; struct alarm_there there; };
bool feeds_silence_at(const struct feeds *feeds, unsigned index, struct feeds_silence *silence);

/* What became of a silence of ours elsewhere: "prod: 3 silenced there"; "" where nothing was said. Valid until the next call. */
const char *feeds_silence_told(struct feeds *feeds, const char *id);

/* The ledger's asset of an id, name or address as other systems write them; FLEET_NONE. */
struct locator;
struct locator *locator_new(struct fleet *fleet);
void locator_free(struct locator **locator);
uint32_t locator_find(struct locator *locator, const char *text);

#endif
