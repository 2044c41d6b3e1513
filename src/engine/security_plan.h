/* What the security view is made of, as data (R361, R362): controls, shipped in profiles/security/controls.yml and the
 * site's own under `security:`. A control belongs to a layer, to a measure, or to both. */
#ifndef ENGINE_SECURITY_PLAN_H
#define ENGINE_SECURITY_PLAN_H

#include "base/config.h"

enum security_layer { LAYER_PHYSICAL, LAYER_NETWORK, LAYER_HOST, LAYER_APPLICATION, LAYER_DATA, LAYER_COUNT };
enum security_measure {
    MEASURE_AUTHENTICATION, MEASURE_ENCRYPTION, MEASURE_AUTHORISATION, MEASURE_AUDIT, MEASURE_ANOMALY, MEASURE_COUNT
};
const char *security_layer_name(enum security_layer layer);       /* "physical", ...; "" for none (LAYER_COUNT) */
const char *security_measure_name(enum security_measure measure); /* "authentication", ... */

/* What no filter over the ledger can say of a server: the configuration names its ports, destinations, logs. */
enum security_probe { PROBE_NONE, PROBE_PORTS, PROBE_OUTBOUND, PROBE_LOGS, PROBE_COUNT };
/* What is counted beside assets; one line each in security_facts.def. */
enum security_facts {
    FACTS_NONE,
#define FACTS(id, name, help) FACTS_##id,
#include "engine/security_facts.def"
#undef FACTS
    FACTS_COUNT
};

struct security_control {
    const char *name, *title, *title_zh, *lacks, *lacks_zh, *requirement;
    enum security_layer layer;       /* LAYER_COUNT: none */
    enum security_measure measure;   /* MEASURE_COUNT: none */
    const char *alerts;              /* filter over alerts: its breaches; "" none */
    const char *assets, *watched;    /* filters over the ledger; "" none */
    const char *audit;               /* verb of audit entries that it counts, * any; "" none */
    enum security_probe probe;
    enum security_facts facts;
};
#define SECURITY_CONTROLS_MAX 54

struct security_plan {
    struct security_control controls[SECURITY_CONTROLS_MAX];
    unsigned count;
    bool require_tls;
    const struct config_node *plain_allowed; /* names; NULL none */
    struct config *shipped;
};
extern const struct config_key security_keys[];
/* `own` was checked by the keys, or is NULL; its texts stay the configuration's. Mistakes beyond the keys are added. */
void security_plan_read(struct security_plan *plan, const struct config_node *own, struct config_problems *problems);
void security_plan_release(struct security_plan *plan);
bool security_plain_allowed(const struct security_plan *plan, const char *name);

#endif
