/* Status topics: the network half of a gateway's state (R021). Gateways say it themselves (a retained word and a
 * will), or the broker says it of its clients. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "collect/decode.h"

static bool words_have(const struct words *words, const char *text, size_t length)
{
    for (unsigned i = 0; i < words->count; i++)
        if (strlen(words->items[i]) == length && strncasecmp(words->items[i], text, length) == 0)
            return true;
    return false;
}

static void trim(const char **text, size_t *length)
{
    while (*length && ((unsigned char)**text <= ' ' || **text == '"'))
        (*text)++, (*length)--;
    while (*length && ((unsigned char)(*text)[*length - 1] <= ' ' || (*text)[*length - 1] == '"'))
        (*length)--;
}

/* The word that says up or down: the payload itself, or what `state:` points at in it. */
static bool status_word(struct decoding *decoding, const char **word, size_t *length)
{
    struct format *format = decoding->format;
    *word = decoding->input->payload;
    *length = decoding->input->payload_length;
    if (!format->state.text) {
        while (*length && (*word)[*length - 1] == '\0')
            (*length)--;
        trim(word, length);
        return true;
    }
    if (!decode_scan(decoding))
        return false;
    uint32_t token = scan_at(&format->scan, 0, &format->state.pointer);
    if (token == SCAN_NOTHING) {
        decode_bad(decoding, *word, *length, "nothing at %s", format->state.text);
        return false;
    }
    const struct scan_token *at = &format->scan.tokens[token];
    if (at->type == SCAN_TEXT)
        return decode_id(format, token, &format->asset_text, word, length) || (*length = 0, true);
    *word = format->scan.bytes + at->start;
    *length = at->length;
    return true;
}

static void status_decode(struct decoding *decoding)
{
    const struct format *format = decoding->format;
    enum topic_name name = decoding->captures.text[TOPIC_ASSET] ? TOPIC_ASSET : TOPIC_GATEWAY;
    const char *id = decoding->captures.text[name], *word;
    size_t id_length = decoding->captures.length[name], length;
    char evidence[80];

    if (decoding->input->payload_length == 0 || !status_word(decoding, &word, &length))
        return;
    if (!id || !id_length) {
        decode_bad(decoding, decoding->input->payload, decoding->input->payload_length, "no asset id");
        return;
    }
    bool up = words_have(&format->up, word, length);
    if (!up && !words_have(&format->down, word, length)) {
        decode_bad(decoding, decoding->input->payload, decoding->input->payload_length,
                   "neither an up nor a down word");
        return;
    }
    snprintf(evidence, sizeof evidence, N_("status: %.*s"), (int)(length < 60 ? length : 60), word);
    decoding->sink->link(decoding->sink->owner, id, id_length, up ? LINK_UP : LINK_DOWN, evidence);
}

static const char *const status_uses[] = {"state", "up", "down", NULL};

const struct format_ops format_status = {
    .name = "status",
    .help = "a word that says whether the asset of the topic is up or down",
    .uses = status_uses,
    .needs_asset = true,
    .decode = status_decode,
};

/* EMQX: $SYS/brokers/NODE/clients/CLIENT/connected|disconnected, JSON with the reason of a disconnect. */
static void emqx_decode(struct decoding *decoding)
{
    struct format *format = decoding->format;
    const struct format_input *input = decoding->input;
    const char *id = decoding->captures.text[TOPIC_ASSET], *reason = NULL;
    size_t length = 0;
    bool down = input->topic_length > 13 && memcmp(input->topic + input->topic_length - 13, "/disconnected", 13) == 0;
    char evidence[96] = N_("broker: connected");

    if (!id || !decoding->captures.length[TOPIC_ASSET] || input->payload_length == 0 || !decode_scan(decoding))
        return;
    if (down) {
        uint32_t token = scan_member(&format->scan, 0, "reason", 6);
        if (token == SCAN_NOTHING || !decode_id(format, token, &format->asset_text, &reason, &length))
            length = 0;
        snprintf(evidence, sizeof evidence, N_("broker: disconnected%s%.*s"), length ? ", " : "",
                 (int)(length < 60 ? length : 60), reason ? reason : "");
    }
    decoding->sink->link(decoding->sink->owner, id, decoding->captures.length[TOPIC_ASSET],
                         down ? LINK_DOWN : LINK_UP, evidence);
}

static const char *const emqx_topics[] = {"$SYS/brokers/+/clients/{asset}/connected",
                                          "$SYS/brokers/+/clients/{asset}/disconnected", NULL};

const struct format_ops format_emqx_status = {
    .name = "emqx-status",
    .help = "EMQX's own word on its clients: connected, disconnected and why",
    .topics = emqx_topics,
    .needs_asset = true,
    .decode = emqx_decode,
};

/* mosquitto tells of its clients only in its log, which `log_dest topic` publishes line by line (2.0):
 *   1763690000: New client connected from 10.1.2.3:4242 as gw-1 (p2, c1, k60).
 *   1763690000: Client gw-1 disconnected.   ... closed its connection.   ... has exceeded timeout, disconnecting.
 * Bridges have a state topic of their own, 1 or 0. */
static const char *find_text(const char *at, const char *end, const char *text)
{
    return memmem(at, (size_t)(end - at), text, strlen(text));
}

static void client_link(struct decoding *decoding, const char *id, size_t length, enum link_state state,
                        const char *why, size_t why_length)
{
    const struct topic_template *client = &decoding->format->client;
    struct topic_captures captures;
    char evidence[96];
    if (client->filter) {
        if (topic_match(client, id, length, &captures) != TOPIC_FITS)
            return;
        enum topic_name name = captures.text[TOPIC_ASSET] ? TOPIC_ASSET : TOPIC_GATEWAY;
        id = captures.text[name];
        length = captures.length[name];
    }
    if (!length)
        return;
    snprintf(evidence, sizeof evidence, N_("broker: %.*s"), (int)(why_length < 70 ? why_length : 70), why);
    decoding->sink->link(decoding->sink->owner, id, length, state, evidence);
}

static void log_line_decode(struct decoding *decoding, const char *at, const char *end)
{
    static const char arrival[] = "New client connected from ", departure[] = "Client ";
    static const char *const departures[] = {" disconnected", " closed its connection", " has exceeded timeout"};
    const char *stamp = at;
    while (stamp < end && *stamp >= '0' && *stamp <= '9')
        stamp++;
    if (stamp > at && end - stamp > 2 && stamp[0] == ':' && stamp[1] == ' ')
        at = stamp + 2;
    if ((size_t)(end - at) > sizeof arrival && memcmp(at, arrival, sizeof arrival - 1) == 0) {
        const char *id = find_text(at, end, " as ");
        if (!id)
            return;
        id += 4;
        const char *stop = find_text(id, end, " (p");
        client_link(decoding, id, (size_t)((stop ? stop : end) - id), LINK_UP, "connected", 9);
        return;
    }
    if ((size_t)(end - at) <= sizeof departure || memcmp(at, departure, sizeof departure - 1) != 0)
        return;
    at += sizeof departure - 1;
    for (size_t i = 0; i < sizeof departures / sizeof *departures; i++) {
        const char *stop = find_text(at, end, departures[i]);
        if (stop) {
            size_t left = (size_t)(end - stop - 1);
            client_link(decoding, at, (size_t)(stop - at), LINK_DOWN, stop + 1, left - (end[-1] == '.'));
            return;
        }
    }
}

static void mosquitto_decode(struct decoding *decoding)
{
    const struct format_input *input = decoding->input;
    const char *id = decoding->captures.text[TOPIC_ASSET];
    size_t length = input->payload_length;
    while (length && (unsigned char)input->payload[length - 1] <= ' ')
        length--;
    if (length == 0)
        return;
    if (!id)
        log_line_decode(decoding, input->payload, input->payload + length);
    else if (length == 1 && (*input->payload == '0' || *input->payload == '1'))
        client_link(decoding, id, decoding->captures.length[TOPIC_ASSET], *input->payload == '1' ? LINK_UP : LINK_DOWN,
                    *input->payload == '1' ? "bridge up" : "bridge down", *input->payload == '1' ? 9 : 11);
    else
        decode_bad(decoding, input->payload, length, "a bridge's state is 0 or 1");
}

static const char *const mosquitto_uses[] = {"client", NULL};
static const char *const mosquitto_topics[] = {"$SYS/broker/log/N", "$SYS/broker/connection/{asset}/state", NULL};

const struct format_ops format_mosquitto_status = {
    .name = "mosquitto-status",
    .help = "mosquitto's own word on its clients (its configuration needs `log_dest topic`) and bridges",
    .topics = mosquitto_topics,
    .uses = mosquitto_uses,
    .decode = mosquitto_decode,
};
