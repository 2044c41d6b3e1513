/* The handlers that commands.def names. Console handlers are the app's (ui/app/actions.c); shell handlers stand in
 * this folder (shell_*.c). */
#ifndef COMMAND_ACTIONS_H
#define COMMAND_ACTIONS_H

#include "command/command.h"

#define CONSOLE_ACTIONS(X)                                                                                     \
    X(quit) X(back) X(view_open) X(help) X(command_line) X(filter_line) X(filter) X(at) X(live)         \
    X(step_back) X(step_forward) X(copy) X(export) X(redraw) X(suspend) X(theme) X(asset) X(history)           \
    X(save) X(saved) X(forget) X(adopt) X(ledger) X(reload) X(next_tab)                                            \
    X(restart) X(check) X(logs) X(shell) X(server) X(application) X(capacity) X(security)                                             \
    X(alert) X(alert_act) X(seen) X(silence) X(undo) X(bell) X(runbook) X(run) X(announce) X(desktop) X(downtime) X(end_cover)

#define X(name) \
    bool action_##name(struct app *app, const struct command *command, const char *argument, struct error *error);
CONSOLE_ACTIONS(X)
#undef X

#define SHELL_ACTIONS(X)                                                                                       \
    X(get) X(overview) X(show) X(history) X(watch) X(adopt) X(ledger) X(config) X(doctor) X(snapshot) X(audit) \
    X(completion) X(rules) X(export) X(notify) X(alert_act) X(silence) X(runbook) \
    X(beat) X(events) X(report) X(check) X(restart) X(logs)

#define X(name) int shell_##name(struct shell *shell, int argc, char **argv);
SHELL_ACTIONS(X)
#undef X

#endif
