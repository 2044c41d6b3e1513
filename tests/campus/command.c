#include "command.h"

#include <string.h>

#include "wall.h"

struct call {
    struct campus *campus;
    char **words;
    int count;
    struct text *answer;
};

static bool command_status(struct call *call)
{
    campus_status(call->campus, call->answer);
    return true;
}

static bool command_list(struct call *call)
{
    faults_list(campus_faults(call->campus), wall_now(), call->answer);
    return true;
}

static bool command_recover(struct call *call)
{
    if (call->count != 2) {
        text_adds(call->answer, "recover what? an id, a building, #NUMBER, a verb or all");
        return false;
    }
    if (!faults_recover(campus_faults(call->campus), call->words[1], call->answer))
        return false;
    campus_faults_changed(call->campus, NULL);
    return true;
}

static bool command_rate(struct call *call)
{
    double rate;
    if (call->count != 2 || !options_rate(call->words[1], &rate)) {
        text_adds(call->answer, "rate needs readings a second, or max");
        return false;
    }
    campus_set_rate(call->campus, rate);
    text_addf(call->answer, "rate %s", call->words[1]);
    return true;
}

static bool command_seed(struct call *call)
{
    text_addf(call->answer, "seed %llu", (unsigned long long)campus_fleet(call->campus)->seed);
    return true;
}

static bool command_buildings(struct call *call)
{
    const struct fleet *fleet = campus_fleet(call->campus);
    for (size_t b = 0; b < fleet->building_count; b++)
        text_addf(call->answer, "%s%s", b ? " " : "", fleet->buildings[b].name);
    return true;
}

static bool command_help(struct call *call);

static const struct command {
    const char *verb, *arguments;
    bool (*run)(struct call *call);
} commands[] = {
    {"recover", "TERMINAL|GATEWAY|BUILDING|#NUMBER|VERB|all", command_recover},
    {"status", "", command_status},
    {"list-faults", "", command_list},
    {"rate", "READINGS_PER_S|max", command_rate},
    {"seed", "", command_seed},
    {"buildings", "", command_buildings},
    {"help", "", command_help},
};

static bool command_help(struct call *call)
{
    for (int i = 0; i < FAULT_KIND_COUNT; i++)
        text_addf(call->answer, "%s %s; ", fault_types[i].verb, fault_types[i].arguments);
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        text_addf(call->answer, "%s%s%s%s", i ? "; " : "", commands[i].verb, *commands[i].arguments ? " " : "",
                  commands[i].arguments);
    return true;
}

static bool command_run(struct call *call)
{
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (strcmp(commands[i].verb, call->words[0]) == 0)
            return commands[i].run(call);
    struct faults *faults = campus_faults(call->campus);
    if (!faults_add(faults, call->words, call->count, wall_now(), call->answer))
        return false;
    campus_faults_changed(call->campus, &faults->list[faults->count - 1]);
    return true;
}

void command_line(struct campus *campus, char *line, struct text *answer)
{
    char *words[8], *rest = NULL;
    struct text said = {0};
    struct call call = {.campus = campus, .words = words, .answer = &said};
    for (char *word = strtok_r(line, " \t\r", &rest); word && call.count < 8; word = strtok_r(NULL, " \t\r", &rest))
        words[call.count++] = word;
    bool done = false;
    if (call.count == 0)
        text_adds(&said, "say something; \"help\" lists it all");
    else
        done = command_run(&call);
    text_addf(answer, "%s %s", done ? "ok" : "error", said.length ? said.bytes : "");
    text_release(&said);
}
