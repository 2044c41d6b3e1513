/* Runbooks as they travel.
 *
 * GET /runbooks: {"name":"gateway","title":"网关离线","languages":["en","zh"],"shipped":true,"rules":["gateway-offline"]};
 * those that a rule names and that are not there come too, with "missing":true and no title.
 *
 * GET /runbooks/{name}?language=zh_CN&asset=ID: {"name":"gateway","title":"..","language":"zh","shipped":true,"cut":false,
 * "asset":"GW-A-0042","blocks":[{"kind":"heading|text|step|item|code|command|host-command","number":n,"text":".."}]}. `number` is a
 * heading's level, a step's number, and the step that what follows it belongs to. Nothing here runs a
 * command; one of kind host-command is meant for the asset itself. */
#ifndef WIRE_RUNBOOK_H
#define WIRE_RUNBOOK_H

#include "wire/wire.h"

struct wire_runbook_block { const char *kind, *text; uint32_t number; };
struct wire_runbook {
    const char *name, *title, *language, *asset;
    bool shipped, cut;
    struct wire_runbook_block *blocks;
    unsigned block_count;
};

void wire_write_runbook(struct json_writer *writer, const struct wire_runbook *runbook); /* whole answer */
bool wire_read_runbook(const char *bytes, size_t length, struct arena *arena, struct wire_runbook *runbook, struct error *error);

#endif
