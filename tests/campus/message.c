#include "message.h"

#include <stdio.h>
#include <string.h>

#include "garbage.h"
#include "metric.h"
#include "random.h"

enum purpose { PURPOSE_LOAD = 600, PURPOSE_MEMORY, PURPOSE_SIGNAL };

#define YEAR_2099 4070908800000LL

/* What the faults make of one message. */
struct distortion {
    int64_t sampled;               /* the moment the values are of */
    int64_t stamp;                 /* the moment they claim */
    const struct fault *negative, *garbage;
    const struct fault *values[4]; /* metrics forced */
    int value_count;
};

static int64_t stamp_wrong(const struct fault *fault, int64_t now)
{
    switch ((enum clock_fault)fault->variant) {
    case CLOCK_SHIFTED: return now + fault->offset;
    case CLOCK_1970: return now - fault->since; /* started counting when the fault did */
    case CLOCK_2099: return YEAR_2099 + (now - fault->since);
    case CLOCK_ZERO: return 0;
    case CLOCK_SECONDS: return now / 1000;
    }
    return now;
}

static struct distortion distort(const struct messages *messages, size_t asset, int64_t now)
{
    struct distortion distortion = {.sampled = now, .stamp = now};
    const struct faults *faults = messages->faults;
    if (!(faults->bits[asset] & ASSET_DISTORTED))
        return distortion;
    for (size_t i = 0; i < faults->count; i++) {
        const struct fault *fault = &faults->list[i];
        if (!fault_covers(messages->fleet, fault, asset))
            continue;
        switch (fault->kind) {
        case FAULT_TERMINAL_STUCK: distortion.sampled = fault->since; break;
        case FAULT_NEGATIVE_ENERGY: distortion.negative = fault; break;
        case FAULT_CLOCK_WRONG: distortion.stamp = stamp_wrong(fault, now); break;
        case FAULT_GARBAGE: distortion.garbage = fault; break;
        case FAULT_VALUE:
            if (distortion.value_count < 4)
                distortion.values[distortion.value_count++] = fault;
            break;
        default: break;
        }
    }
    return distortion;
}

static double value_distorted(const struct messages *messages, size_t terminal, int metric,
                              const struct distortion *distortion)
{
    const struct metric *what = &fleet_class_of(messages->fleet, terminal)->metrics[metric];
    for (int i = 0; i < distortion->value_count; i++)
        if (strcmp(distortion->values[i]->metric, what->name) == 0)
            return distortion->values[i]->value;
    double value = metric_value(messages->fleet, terminal, metric, distortion->sampled);
    const struct fault *negative = distortion->negative;
    if (negative && negative->variant & NEGATIVE_REGISTER && what->signal == SIGNAL_REGISTER) {
        double start = metric_value(messages->fleet, terminal, metric, negative->since);
        return start - 3 * (value - start) - 1;
    }
    if (negative && negative->variant & NEGATIVE_POWER && what->signal == SIGNAL_LOAD)
        return -value;
    return value;
}

/* {"ts":N,"values":{  or for ThingsBoard {"ID":[{"ts":N,"values":{ */
static void payload_open(const struct messages *messages, size_t asset, int64_t stamp, struct text *payload)
{
    text_clear(payload);
    if (messages->format == FORMAT_THINGSBOARD) {
        char id[FLEET_ID];
        fleet_id(messages->fleet, asset, id);
        text_addf(payload, "{\"%s\":[", id);
    }
    text_adds(payload, "{\"ts\":");
    text_add_integer(payload, stamp);
    text_adds(payload, ",\"values\":{");
}

static void payload_close(const struct messages *messages, struct text *payload)
{
    text_adds(payload, messages->format == FORMAT_THINGSBOARD ? "}}]}" : "}}");
}

static void payload_value(struct text *payload, bool first, const char *name, double value, int decimals)
{
    text_adds(payload, first ? "\"" : ",\"");
    text_adds(payload, name);
    text_adds(payload, "\":");
    text_add_fixed(payload, value, decimals);
}

static void topic_telemetry(const struct messages *messages, size_t asset, struct message *out)
{
    if (messages->format == FORMAT_THINGSBOARD) {
        strcpy(out->topic, "v1/gateway/telemetry");
        return;
    }
    const struct fleet *fleet = messages->fleet;
    char *at = stpcpy(out->topic, "campus/");
    at += fleet_id(fleet, fleet_gateway_asset(fleet, fleet_gateway_of(fleet, asset)), at);
    *at++ = '/';
    at += fleet_id(fleet, asset, at);
    strcpy(at, "/telemetry");
}

void message_terminal(const struct messages *messages, size_t terminal, int64_t now, uint64_t turn,
                      struct message *out)
{
    const struct terminal_class *class = fleet_class_of(messages->fleet, terminal);
    struct distortion distortion = distort(messages, terminal, now);
    topic_telemetry(messages, terminal, out);
    payload_open(messages, terminal, distortion.stamp, &out->payload);
    for (int i = 0; i < METRICS_MAX && class->metrics[i].name; i++)
        payload_value(&out->payload, i == 0, class->metrics[i].name,
                      value_distorted(messages, terminal, i, &distortion), class->metrics[i].decimals);
    payload_close(messages, &out->payload);
    if (distortion.garbage)
        garbage_apply(&out->payload, distortion.garbage->variant, distortion.stamp, turn);
}

void message_gateway(const struct messages *messages, size_t gateway, int64_t now, int64_t boot, uint64_t turn,
                     struct message *out)
{
    const struct fleet *fleet = messages->fleet;
    const struct gateway *here = &fleet->gateways[gateway];
    size_t asset = fleet_gateway_asset(fleet, gateway);
    struct distortion distortion = distort(messages, asset, now);
    uint64_t minute = (uint64_t)now / 60000, subject = asset ^ minute << 24;
    unsigned online = 0;
    for (size_t t = here->first; t < here->first + here->count; t++)
        online += !faults_silent(messages->faults, t, now);
    topic_telemetry(messages, asset, out);
    payload_open(messages, asset, distortion.stamp, &out->payload);
    payload_value(&out->payload, true, "cpu",
                  6 + 0.12 * online + 9 * random_unit(fleet->seed, subject, PURPOSE_LOAD), 1);
    payload_value(&out->payload, false, "mem",
                  31 + 20 * random_unit(fleet->seed, asset, PURPOSE_MEMORY) +
                      2 * random_unit(fleet->seed, subject, PURPOSE_MEMORY), 1);
    payload_value(&out->payload, false, "rssi",
                  -52 - 26 * random_unit(fleet->seed, asset, PURPOSE_SIGNAL) -
                      4 * random_unit(fleet->seed, subject, PURPOSE_SIGNAL), 0);
    payload_value(&out->payload, false, "online_terminals", online, 0);
    payload_value(&out->payload, false, "uptime", (double)((now - boot) / 1000), 0);
    payload_close(messages, &out->payload);
    if (distortion.garbage)
        garbage_apply(&out->payload, distortion.garbage->variant, distortion.stamp, turn);
}

void message_stranger(const struct messages *messages, size_t gateway, int index, int64_t now, struct message *out)
{
    char parent[FLEET_ID], id[48];
    fleet_id(messages->fleet, fleet_gateway_asset(messages->fleet, gateway), parent);
    snprintf(id, sizeof id, "XX-%s-%03d", parent + 3, index + 1);
    text_clear(&out->payload);
    if (messages->format == FORMAT_THINGSBOARD) {
        strcpy(out->topic, "v1/gateway/telemetry");
        text_addf(&out->payload, "{\"%s\":[", id);
    } else {
        snprintf(out->topic, sizeof out->topic, "campus/%s/%s/telemetry", parent, id);
    }
    text_addf(&out->payload, "{\"ts\":%lld,\"values\":{", (long long)now);
    payload_value(&out->payload, true, "temperature", 21 + index % 7, 1);
    payload_value(&out->payload, false, "battery", 100, 0);
    payload_close(messages, &out->payload);
}

void message_presence(const struct messages *messages, size_t gateway, bool online, struct message *out)
{
    char id[FLEET_ID];
    fleet_id(messages->fleet, fleet_gateway_asset(messages->fleet, gateway), id);
    text_clear(&out->payload);
    if (messages->format == FORMAT_THINGSBOARD) {
        snprintf(out->topic, sizeof out->topic, "v1/gateway/%s", online ? "connect" : "disconnect");
        text_addf(&out->payload, online ? "{\"device\":\"%s\",\"type\":\"iot-gateway\"}" : "{\"device\":\"%s\"}", id);
    } else {
        snprintf(out->topic, sizeof out->topic, "campus/%s/status", id);
        text_adds(&out->payload, online ? "online" : "offline");
    }
}

void message_introduction(const struct messages *messages, size_t terminal, struct message *out)
{
    char id[FLEET_ID];
    fleet_id(messages->fleet, terminal, id);
    strcpy(out->topic, "v1/gateway/connect");
    text_clear(&out->payload);
    text_addf(&out->payload, "{\"device\":\"%s\",\"type\":\"%s\"}", id, fleet_class_of(messages->fleet, terminal)->name);
}
