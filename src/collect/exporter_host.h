/* node_exporter's series as a struct host: gathered series by series, made into a host at the page's end; rates are
 * against the gathering before. Source: node_exporter 1.x names (0.16 and later). Private to src/collect. */
#ifndef COLLECT_EXPORTER_HOST_H
#define COLLECT_EXPORTER_HOST_H

#include "collect/exposition.h"
#include "model/host.h"

struct exporter_host;

/* A tag for exporter_host_take, or EXPOSITION_UNWANTED. Tags are below exporter_host_tags(). */
uint32_t exporter_host_wants(const char *name, size_t length);
uint32_t exporter_host_tags(void);
const char *exporter_host_name(uint32_t tag);

struct exporter_host *exporter_host_new(void);
void exporter_host_free(struct exporter_host **gathered);
void exporter_host_take(struct exporter_host *gathered, const struct exposition_series *series);
bool exporter_host_is_host(const struct exporter_host *gathered); /* it brought what a host's page has */
/* `before` NULL: the first. steady_ns: when the page was complete. */
struct host *exporter_host_make(const struct exporter_host *before, struct exporter_host *gathered, uint64_t steady_ns, msec wall);

#endif
