/* What an asset says at a moment, as topic and payload, faults applied. */
#ifndef CAMPUS_MESSAGE_H
#define CAMPUS_MESSAGE_H

#include <stdint.h>

#include "fault.h"
#include "fleet.h"
#include "options.h"
#include "text.h"

struct message {
    char topic[96];
    struct text payload;
};

struct messages {
    const struct fleet *fleet;
    const struct faults *faults;
    enum format format;
};

void message_terminal(const struct messages *messages, size_t terminal, int64_t now, uint64_t turn,
                      struct message *out);
/* A gateway's own figures; it has been up since `boot`. */
void message_gateway(const struct messages *messages, size_t gateway, int64_t now, int64_t boot, uint64_t turn,
                     struct message *out);
/* The index-th unknown terminal that speaks through a gateway. */
void message_stranger(const struct messages *messages, size_t gateway, int index, int64_t now, struct message *out);
/* The retained word on its link, or for ThingsBoard its coming and going. */
void message_presence(const struct messages *messages, size_t gateway, bool online, struct message *out);
/* ThingsBoard only: a terminal introduces itself before its first telemetry. */
void message_introduction(const struct messages *messages, size_t terminal, struct message *out);

#endif
