/* What the desk does for alerts that other systems raised: they are known by source and key, held back by those systems,
 * and cleared when they are no more. */
#include "engine/alerts_private.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "model/labels.h"

static bool is_open(const struct alert *alert)
{
    return alert->life.condition == CONDITION_PENDING || alert->life.condition == CONDITION_ACTIVE;
}

void alert_labels_set(struct alert *alert, const char *labels)
{
    free(alert->labels);
    alert->labels = labels && *labels ? memory_text_n(labels, strnlen(labels, LABELS_BYTES_MOST)) : NULL;
}

bool alerts_known(const struct alerts *alerts, uint64_t fingerprint)
{
    const struct alert *alert = alert_current(alerts, fingerprint);
    return alert && (is_open(alert) || alert_closed_active(alert));
}

void alerts_hold(struct alerts *alerts, uint64_t fingerprint, bool on, const char *why)
{
    struct alert *alert = alert_current(alerts, fingerprint);
    msec now = desk_now(alerts);
    if (alert && alert_is_open(alert))
        alert_suppression(alerts, alert, SUPPRESSED_INHIBITED, on, why, now);
}

void alerts_inhibit(struct alerts *alerts, uint64_t fingerprint, bool on)
{
    alerts_hold(alerts, fingerprint, on, NULL);
}

unsigned alerts_of_source(const struct alerts *alerts, const char *source,
                          void (*visit)(void *owner, uint64_t fingerprint, const struct alert *alert), void *owner)
{
    uint32_t number = intern_find(alerts->texts, source, strlen(source));
    unsigned count = 0;
    for (uint32_t handle = 0; number != UINT32_MAX && handle < alerts->count; handle++) {
        const struct alert *alert = alert_at(alerts, handle);
        if (!(alert->flags & ALERT_LIVE) || alert->source != number || (!is_open(alert) && !alert_closed_active(alert)))
            continue;
        count += is_open(alert);
        if (visit)
            visit(owner, alert->fingerprint, alert);
    }
    return count;
}

void alerts_sources(const struct alerts *alerts, void (*visit)(void *owner, const char *source), void *owner)
{
    uint32_t count = intern_count(alerts->rule_names); /* one entry a source and rule, in order of arrival */
    for (uint32_t i = 0; i < count; i++) {
        bool seen = false;
        for (uint32_t before = 0; before < i && !seen; before++)
            seen = alerts->rules[before].source == alerts->rules[i].source;
        if (!seen)
            visit(owner, desk_text(alerts, alerts->rules[i].source));
    }
}

const struct alert *alerts_by_fingerprint(const struct alerts *alerts, uint64_t fingerprint)
{
    return alert_current(alerts, fingerprint);
}
