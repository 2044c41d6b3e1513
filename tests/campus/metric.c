#include "metric.h"

#include <math.h>
#include <string.h>

#include "curve.h"
#include "random.h"

enum purpose { PURPOSE_PHASE = 300, PURPOSE_RATED, PURPOSE_START, PURPOSE_LEVEL, PURPOSE_FIXED, PURPOSE_NOISE = 400 };

#define DAY 86400000.0

/* One terminal at one moment. */
struct sample {
    const struct fleet *fleet;
    size_t terminal;
    const struct terminal_class *class;
    enum profile profile;
    double phase, load;
    int64_t time;
    int index; /* of the metric */
};

static double sample_unit(const struct sample *sample, uint64_t purpose)
{
    return random_unit(sample->fleet->seed, sample->terminal, purpose);
}

/* Measurement noise in [-1, 1), new at every moment. */
static double noise(const struct sample *sample)
{
    uint64_t subject = sample->terminal ^ ((uint64_t)sample->time << 20);
    return 2 * random_unit(sample->fleet->seed, subject, PURPOSE_NOISE + (uint64_t)sample->index) - 1;
}

static double between(const struct metric *metric, double share)
{
    return metric->low + (metric->high - metric->low) * share;
}

static double rated(const struct sample *sample, const struct metric *metric)
{
    return between(metric, sample_unit(sample, PURPOSE_RATED));
}

static double value_voltage(const struct sample *sample, const struct metric *metric)
{
    return between(metric, 0.72 - 0.3 * sample->load + 0.18 * noise(sample));
}

static double value_load(const struct sample *sample, const struct metric *metric)
{
    return rated(sample, metric) * sample->load * (1 + 0.012 * noise(sample));
}

static double value_current(const struct sample *sample, const struct metric *metric)
{
    for (int i = 0; i < metric_count(sample->class); i++) {
        const struct metric *power = &sample->class->metrics[i];
        if (power->signal == SIGNAL_LOAD && strcmp(power->name, "power") == 0)
            return rated(sample, power) * sample->load * 1000 / (metric->low > 2 ? 380 * 1.732 : 220) / 0.92;
    }
    return 0;
}

static double value_register(const struct sample *sample, const struct metric *metric)
{
    double start = sample_unit(sample, PURPOSE_START) * 9000;
    return rated(sample, metric) * (start + curve_hours(sample->profile, sample->phase, sample->time));
}

static double value_pressure(const struct sample *sample, const struct metric *metric)
{
    return between(metric, 0.92 - 0.8 * sample->load + 0.05 * noise(sample));
}

static double value_room(const struct sample *sample, const struct metric *metric)
{
    return between(metric, 0.25 + 0.65 * sample->load) + 0.05 * (curve_outside(sample->time) - 14) +
           2 * (sample->phase - 0.5) + 0.15 * noise(sample);
}

static double value_outside(const struct sample *sample, const struct metric *metric)
{
    return curve_outside(sample->time) + metric->low + 0.3 * noise(sample);
}

static double value_plant(const struct sample *sample, const struct metric *metric)
{
    return between(metric, 0.9 * sample->load + 0.1 * sample->phase) + 0.2 * noise(sample);
}

static double value_humidity(const struct sample *sample, const struct metric *metric)
{
    double weather = sin(2 * M_PI * ((double)sample->time / DAY / 4.1 + sample->phase));
    return between(metric, 0.55 - 0.3 * sample->load + 0.2 * weather + 0.02 * noise(sample));
}

static double value_level(const struct sample *sample, const struct metric *metric)
{
    double hours = 5 + 9 * sample_unit(sample, PURPOSE_LEVEL);
    double turn = (double)sample->time / 3600000 / hours + sample->phase, part = turn - floor(turn);
    double share = part < 0.3 ? part / 0.3 : (1 - part) / 0.7; /* fills faster than it drains */
    return between(metric, share) + 0.005 * noise(sample);
}

static double value_switch(const struct sample *sample, const struct metric *metric)
{
    return sample->load > metric->low ? 1 : 0;
}

static double value_percent(const struct sample *sample, const struct metric *metric)
{
    double load = sample->load < 0 ? 0 : sample->load > 1 ? 1 : sample->load;
    return round(load * 100 / metric->low) * metric->low;
}

static double value_battery(const struct sample *sample, const struct metric *metric)
{
    double years = (double)sample->time / DAY / 730 + sample_unit(sample, PURPOSE_LEVEL);
    return between(metric, 1 - (years - floor(years)));
}

static double value_rssi(const struct sample *sample, const struct metric *metric)
{
    return between(metric, 0.1 + 0.8 * sample_unit(sample, PURPOSE_FIXED)) + 3 * noise(sample);
}

static double value_constant(const struct sample *sample, const struct metric *metric)
{
    return between(metric, sample_unit(sample, PURPOSE_FIXED));
}

static double value_balance(const struct sample *sample, const struct metric *metric)
{
    const struct metric *counter = &sample->class->metrics[sample->index - 1];
    double spent = 0.56 * value_register(sample, counter); /* CNY per kWh */
    return metric->high - fmod(spent, metric->high - metric->low);
}

static double value_crowd(const struct sample *sample, const struct metric *metric)
{
    return between(metric, sample->load + 0.04 * noise(sample));
}

static double value_daylight(const struct sample *sample, const struct metric *metric)
{
    return between(metric, curve_daylight(sample->time) * (0.9 + 0.1 * noise(sample)));
}

typedef double signal_value(const struct sample *sample, const struct metric *metric);

static signal_value *const signal_values[SIGNAL_COUNT] = {
    [SIGNAL_VOLTAGE] = value_voltage,   [SIGNAL_CURRENT] = value_current,   [SIGNAL_LOAD] = value_load,
    [SIGNAL_REGISTER] = value_register, [SIGNAL_PRESSURE] = value_pressure, [SIGNAL_ROOM] = value_room,
    [SIGNAL_OUTSIDE] = value_outside,   [SIGNAL_PLANT] = value_plant,       [SIGNAL_HUMIDITY] = value_humidity,
    [SIGNAL_LEVEL] = value_level,       [SIGNAL_SWITCH] = value_switch,     [SIGNAL_PERCENT] = value_percent,
    [SIGNAL_BATTERY] = value_battery,   [SIGNAL_RSSI] = value_rssi,         [SIGNAL_CONSTANT] = value_constant,
    [SIGNAL_BALANCE] = value_balance,   [SIGNAL_CROWD] = value_crowd,       [SIGNAL_DAYLIGHT] = value_daylight,
};

static enum profile terminal_profile(const struct terminal_class *class, enum use use)
{
    if (class->profile == PROFILE_INDOOR && use == USE_OUTDOOR)
        return PROFILE_ROAD;
    return class->profile == PROFILE_USE ? profile_of_use(use) : class->profile;
}

double metric_value(const struct fleet *fleet, size_t terminal, int metric, int64_t time)
{
    const struct terminal_class *class = fleet_class_of(fleet, terminal);
    struct sample sample = {
        .fleet = fleet, .terminal = terminal, .class = class, .time = time, .index = metric,
        .profile = terminal_profile(class, fleet->buildings[fleet->terminals[terminal].building].type->use),
        .phase = random_unit(fleet->seed, terminal, PURPOSE_PHASE),
    };
    sample.load = curve_load(sample.profile, sample.phase, time);
    return signal_values[class->metrics[metric].signal](&sample, &class->metrics[metric]);
}

int metric_count(const struct terminal_class *class)
{
    int count = 0;
    while (count < METRICS_MAX && class->metrics[count].name)
        count++;
    return count;
}
