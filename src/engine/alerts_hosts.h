/* What hosts do beside what is expected of them, as alerts of the source "host"; the point is the port, unit or far end. */
#ifndef ENGINE_ALERTS_HOSTS_H
#define ENGINE_ALERTS_HOSTS_H

#include "engine/alerts.h"
#include "engine/hosts.h"

struct alerts_hosts;
struct alerts_hosts *alerts_hosts_new(struct alerts *alerts, struct hosts *hosts);
void alerts_hosts_free(struct alerts_hosts **watch); /* before both */

#endif
