#include "collect/mqtt_codec.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define ROOM_IDLE ((size_t)64 << 10)
#define ROOM_LEAST ((size_t)4 << 10)
#define HEADER_MAX 5
#define TOPIC_PART_MAX (2 + 65535 + 2)                         /* topic and packet id */
#define PUBLISH_MAX (MQTT_PAYLOAD_MAX + TOPIC_PART_MAX)        /* remaining length that is still held */
#define OTHER_MAX ((size_t)256 << 10)                          /* of every other packet */

/* A cursor over one packet's body; `broken` sticks, so that callers check once. */
struct body {
    const uint8_t *at, *end;
    bool broken;
};

static size_t body_left(const struct body *body)
{
    return (size_t)(body->end - body->at);
}

static unsigned take_number(struct body *body, unsigned bytes)
{
    unsigned number = 0;
    if (body_left(body) < bytes) {
        body->broken = true;
        body->at = body->end;
        return 0;
    }
    while (bytes--)
        number = number << 8 | *body->at++;
    return number;
}

static const char *take_bytes(struct body *body, size_t length)
{
    const uint8_t *at = body->at;
    if (body_left(body) < length) {
        body->broken = true;
        length = body_left(body);
    }
    body->at += length;
    return (const char *)at;
}

static const char *take_text(struct body *body, size_t *length)
{
    *length = take_number(body, 2);
    const char *text = take_bytes(body, *length);
    if (body->broken)
        *length = 0;
    return text;
}

/* 1.5.5: seven bits a byte, at most four bytes. Returns the bytes used, 0 when more are needed, 5 when it is none. */
static unsigned varint_read(const uint8_t *at, size_t length, uint32_t *number)
{
    *number = 0;
    for (unsigned i = 0; i < 4; i++) {
        if (i == length)
            return 0;
        *number |= (uint32_t)(at[i] & 0x7F) << (7 * i);
        if (!(at[i] & 0x80))
            return i + 1;
    }
    return 5;
}

static uint32_t take_varint(struct body *body)
{
    uint32_t number;
    unsigned used = varint_read(body->at, body_left(body), &number);
    if (used == 0 || used == 5) {
        body->broken = true;
        body->at = body->end;
        return 0;
    }
    body->at += used;
    return number;
}

/* -- Properties (MQTT 5, 2.2.2) -- */

enum { PROPERTY_SESSION_EXPIRY = 0x11, PROPERTY_SERVER_KEEP_ALIVE = 0x13, PROPERTY_REASON_STRING = 0x1F,
       PROPERTY_RECEIVE_MAXIMUM = 0x21 };

enum property_type { PROPERTY_NONE, PROPERTY_BYTE, PROPERTY_TWO, PROPERTY_FOUR, PROPERTY_VARINT, PROPERTY_TEXT, PROPERTY_PAIR };

static const uint8_t property_types[] = {
    [0x01] = PROPERTY_BYTE,   [0x02] = PROPERTY_FOUR, [0x03] = PROPERTY_TEXT, [0x08] = PROPERTY_TEXT,
    [0x09] = PROPERTY_TEXT,   [0x0B] = PROPERTY_VARINT, [0x11] = PROPERTY_FOUR, [0x12] = PROPERTY_TEXT,
    [0x13] = PROPERTY_TWO,    [0x15] = PROPERTY_TEXT, [0x16] = PROPERTY_TEXT, [0x17] = PROPERTY_BYTE,
    [0x18] = PROPERTY_FOUR,   [0x19] = PROPERTY_BYTE, [0x1A] = PROPERTY_TEXT, [0x1C] = PROPERTY_TEXT,
    [0x1F] = PROPERTY_TEXT,   [0x21] = PROPERTY_TWO,  [0x22] = PROPERTY_TWO,  [0x23] = PROPERTY_TWO,
    [0x24] = PROPERTY_BYTE,   [0x25] = PROPERTY_BYTE, [0x26] = PROPERTY_PAIR, [0x27] = PROPERTY_FOUR,
    [0x28] = PROPERTY_BYTE,   [0x29] = PROPERTY_BYTE, [0x2A] = PROPERTY_BYTE,
};

static void take_property(struct body *body, struct mqtt_packet *packet)
{
    uint32_t id = take_varint(body);
    enum property_type type = id < ARRAY_COUNT(property_types) ? property_types[id] : PROPERTY_NONE;
    size_t length;
    const char *text;
    unsigned number = 0;
    switch (type) {
    case PROPERTY_BYTE:
        take_number(body, 1);
        break;
    case PROPERTY_TWO:
        number = take_number(body, 2);
        break;
    case PROPERTY_FOUR:
        take_number(body, 4);
        break;
    case PROPERTY_VARINT:
        take_varint(body);
        break;
    case PROPERTY_PAIR:
        take_text(body, &length);
        take_text(body, &length);
        break;
    case PROPERTY_TEXT:
        text = take_text(body, &length);
        if (id == PROPERTY_REASON_STRING && !body->broken) {
            packet->text = text;
            packet->text_length = length;
        }
        break;
    case PROPERTY_NONE:
        body->broken = true;
        break;
    }
    if (id == PROPERTY_SERVER_KEEP_ALIVE && !body->broken)
        packet->keep_alive = (uint16_t)number;
}

static void take_properties(struct body *body, struct mqtt_packet *packet)
{
    uint32_t length = take_varint(body);
    struct body properties = {body->at, body->at, body->broken};
    take_bytes(body, length);
    properties.end = body->at;
    while (!properties.broken && !body->broken && properties.at < properties.end)
        take_property(&properties, packet);
    body->broken |= properties.broken;
}

/* -- Reading -- */

void mqtt_reader_init(struct mqtt_reader *reader, unsigned version)
{
    memset(reader, 0, sizeof *reader);
    reader->version = version;
}

void mqtt_reader_release(struct mqtt_reader *reader)
{
    free(reader->bytes);
    mqtt_reader_init(reader, reader->version);
}

/* Make `need` bytes from `start` on fit, moving what is there to the front. */
static void make_room(struct mqtt_reader *reader, size_t need)
{
    if (reader->start) {
        memmove(reader->bytes, reader->bytes + reader->start, reader->end - reader->start);
        reader->end -= reader->start;
        reader->start = 0;
    }
    if (need > reader->capacity) {
        reader->capacity = need < ROOM_IDLE ? ROOM_IDLE : need;
        reader->bytes = memory_resize(reader->bytes, reader->capacity, 1);
    }
}

uint8_t *mqtt_reader_room(struct mqtt_reader *reader, size_t *room)
{
    if (reader->start == reader->end) {
        reader->start = reader->end = 0;
        if (reader->capacity > ROOM_IDLE) {
            free(reader->bytes);
            reader->bytes = NULL;
            reader->capacity = 0;
        }
    }
    size_t least = reader->end - reader->start + ROOM_LEAST;
    if (reader->need > reader->capacity || reader->capacity - reader->end < ROOM_LEAST)
        make_room(reader, reader->need > least ? reader->need : least);
    reader->need = 0;
    *room = reader->capacity - reader->end;
    return reader->bytes + reader->end;
}

void mqtt_reader_added(struct mqtt_reader *reader, size_t length)
{
    reader->end += length;
}

static enum mqtt_next broken(struct error *error, const char *what)
{
    error_set(error, ERROR_INVALID, "%s", what);
    return MQTT_NEXT_BROKEN;
}

/* 3.3. The payload is what the properties leave; they are stepped over, not looked at. */
static void parse_publish(const struct mqtt_reader *reader, struct body *body, uint8_t flags, struct mqtt_packet *packet)
{
    packet->duplicate = flags & 8;
    packet->qos = flags >> 1 & 3;
    packet->retained = flags & 1;
    packet->topic = take_text(body, &packet->topic_length);
    packet->id = packet->qos ? (uint16_t)take_number(body, 2) : 0;
    if (packet->qos == 3 || packet->topic_length == 0 || (packet->qos && packet->id == 0))
        body->broken = true; /* an empty topic would be an alias, which we never allowed */
    if (reader->version == MQTT_5)
        take_bytes(body, take_varint(body));
    packet->payload = (const char *)body->at;
    packet->payload_length = body_left(body);
}

static void parse_packet(const struct mqtt_reader *reader, struct body *body, uint8_t first, struct mqtt_packet *packet)
{
    bool properties = reader->version == MQTT_5;
    memset(packet, 0, sizeof *packet);
    packet->type = (enum mqtt_type)(first >> 4);
    switch (packet->type) {
    case MQTT_PUBLISH:
        parse_publish(reader, body, first & 15, packet);
        break;
    case MQTT_CONNACK:
        packet->session_present = take_number(body, 1) & 1;
        packet->reason = (uint8_t)take_number(body, 1);
        /* A broker of 3.1.1 refuses MQTT 5 in its own words, without properties. */
        if (properties && body_left(body))
            take_properties(body, packet);
        break;
    case MQTT_SUBACK:
        packet->id = (uint16_t)take_number(body, 2);
        if (properties)
            take_properties(body, packet);
        packet->granted = body->at;
        packet->granted_count = body_left(body);
        break;
    case MQTT_DISCONNECT: /* from the broker only in MQTT 5 */
        packet->reason = body_left(body) ? (uint8_t)take_number(body, 1) : 0;
        if (properties && body_left(body))
            take_properties(body, packet);
        break;
    case MQTT_PINGRESP:
        break;
    default: /* the reader let only these through */
        break;
    }
}

/* A PUBLISH that is too large to hold: its topic and id are read, the rest is passed over as it comes. */
static enum mqtt_next next_oversized(struct mqtt_reader *reader, size_t header, uint32_t remaining,
                                     struct mqtt_packet *packet, struct error *error)
{
    const uint8_t *at = reader->bytes + reader->start;
    size_t held = reader->end - reader->start, need = header + TOPIC_PART_MAX;
    if (held < need) {
        reader->need = need;
        return MQTT_NEXT_MORE;
    }
    struct body body = {at + header, at + held, false};
    memset(packet, 0, sizeof *packet);
    packet->type = MQTT_PUBLISH;
    packet->duplicate = at[0] & 8;
    packet->qos = at[0] >> 1 & 3;
    packet->retained = at[0] & 1;
    packet->topic = take_text(&body, &packet->topic_length);
    packet->id = packet->qos ? (uint16_t)take_number(&body, 2) : 0;
    if (body.broken || packet->qos == 3 || packet->topic_length == 0 || (packet->qos && packet->id == 0))
        return broken(error, "a PUBLISH packet is malformed");
    packet->payload_length = remaining - (size_t)(body.at - at - header);
    uint64_t total = (uint64_t)header + remaining;
    size_t here = held < total ? held : (size_t)total;
    reader->skip = total - here;
    reader->start += here;
    return MQTT_NEXT_PACKET;
}

/* What a broker sends to one who only subscribes. Anything else is told by its first byte, before waiting for more. */
static bool type_expected(unsigned type)
{
    return type == MQTT_CONNACK || type == MQTT_PUBLISH || type == MQTT_SUBACK || type == MQTT_PINGRESP ||
           type == MQTT_DISCONNECT;
}

enum mqtt_next mqtt_reader_next(struct mqtt_reader *reader, struct mqtt_packet *packet, struct error *error)
{
    size_t held = reader->end - reader->start;
    if (reader->skip) {
        size_t part = reader->skip < held ? (size_t)reader->skip : held;
        reader->skip -= part;
        reader->start += part;
        held -= part;
    }
    const uint8_t *at = reader->bytes + reader->start;
    if (held && !type_expected(at[0] >> 4))
        return broken(error, held >= 4 && memcmp(at, "HTTP", 4) == 0
                                 ? "it answers in HTTP: a WebSocket's url begins with ws:// or wss://"
                                 : "not a packet that a broker sends");
    if (held < 2)
        return MQTT_NEXT_MORE;
    uint32_t remaining;
    unsigned used = varint_read(at + 1, held - 1 < 4 ? held - 1 : 4, &remaining);
    if (used == 0)
        return MQTT_NEXT_MORE;
    if (used == 5)
        return broken(error, "a packet's length is malformed");
    size_t header = 1 + used;
    bool publish = at[0] >> 4 == MQTT_PUBLISH;
    if (publish && remaining > PUBLISH_MAX)
        return next_oversized(reader, header, remaining, packet, error);
    if (!publish && remaining > OTHER_MAX)
        return broken(error, "a packet is absurdly long");
    if (held < header + remaining) {
        reader->need = header + remaining;
        return MQTT_NEXT_MORE;
    }
    struct body body = {at + header, at + header + remaining, false};
    parse_packet(reader, &body, at[0], packet);
    if (body.broken)
        return broken(error, publish ? N_("a PUBLISH packet is malformed") : N_("a packet is malformed"));
    reader->start += header + remaining;
    if (publish && packet->payload_length > MQTT_PAYLOAD_MAX)
        packet->payload = NULL;
    return MQTT_NEXT_PACKET;
}

/* -- Writing -- */

static void put_number(struct buffer *out, uint32_t number, unsigned bytes)
{
    while (bytes--)
        buffer_append_char(out, (char)(number >> (8 * bytes)));
}

static void put_varint(struct buffer *out, uint32_t number)
{
    do {
        buffer_append_char(out, (char)((number & 0x7F) | (number > 0x7F ? 0x80 : 0)));
        number >>= 7;
    } while (number);
}

static void put_text(struct buffer *out, const char *text)
{
    size_t length = strlen(text);
    if (length > 65535)
        length = 65535;
    put_number(out, (uint32_t)length, 2);
    buffer_append(out, text, length);
}

static void put_packet(struct buffer *out, uint8_t first, struct buffer *body)
{
    buffer_append_char(out, (char)first);
    put_varint(out, (uint32_t)body->length);
    if (body->length)
        buffer_append(out, body->data, body->length);
    buffer_release(body);
}

static void put_connect_properties(struct buffer *body, const struct mqtt_connect *connect)
{
    struct buffer properties = BUFFER_INIT;
    if (connect->session_expiry) {
        put_number(&properties, PROPERTY_SESSION_EXPIRY, 1);
        put_number(&properties, connect->session_expiry, 4);
    }
    if (connect->receive_maximum) {
        put_number(&properties, PROPERTY_RECEIVE_MAXIMUM, 1);
        put_number(&properties, connect->receive_maximum, 2);
    }
    put_varint(body, (uint32_t)properties.length);
    if (properties.length)
        buffer_append(body, properties.data, properties.length);
    buffer_release(&properties);
}

void mqtt_write_connect(struct buffer *out, const struct mqtt_connect *connect)
{
    struct buffer body = BUFFER_INIT;
    put_text(&body, "MQTT");
    put_number(&body, connect->version, 1);
    put_number(&body, (connect->user ? 0x80u : 0) | (connect->user && connect->password ? 0x40u : 0) |
                          (connect->clean ? 0x02u : 0), 1);
    put_number(&body, connect->keep_alive, 2);
    if (connect->version == MQTT_5)
        put_connect_properties(&body, connect);
    put_text(&body, connect->client_id);
    if (connect->user)
        put_text(&body, connect->user);
    if (connect->user && connect->password)
        put_text(&body, connect->password);
    put_packet(out, MQTT_CONNECT << 4, &body);
}

void mqtt_write_subscribe(struct buffer *out, unsigned version, uint16_t id, const char *const *filters, unsigned count,
                          unsigned qos, unsigned retain_handling)
{
    struct buffer body = BUFFER_INIT;
    put_number(&body, id, 2);
    if (version == MQTT_5)
        put_varint(&body, 0);
    for (unsigned i = 0; i < count; i++) {
        put_text(&body, filters[i]);
        put_number(&body, qos | (version == MQTT_5 ? retain_handling << 4 : 0), 1);
    }
    put_packet(out, MQTT_SUBSCRIBE << 4 | 2, &body);
}

void mqtt_write_publish(struct buffer *out, const char *topic, const void *payload, size_t length)
{
    struct buffer body = BUFFER_INIT;
    put_text(&body, topic);
    buffer_append(&body, payload, length);
    put_packet(out, MQTT_PUBLISH << 4, &body);
}

void mqtt_write_puback(struct buffer *out, uint16_t id)
{
    const char packet[] = {MQTT_PUBACK << 4, 2, (char)(id >> 8), (char)id};
    buffer_append(out, packet, sizeof packet);
}

void mqtt_write_pingreq(struct buffer *out)
{
    buffer_append(out, "\xC0\x00", 2);
}

void mqtt_write_disconnect(struct buffer *out)
{
    buffer_append(out, "\xE0\x00", 2);
}

/* -- Words -- */

const char *mqtt_connack_text(unsigned version, uint8_t reason)
{
    static const char *const texts[] = {
        [1] = N_("it does not speak this version of MQTT"), [2] = N_("it does not allow this client id"),
        [3] = N_("its service is unavailable"), [4] = N_("bad user name or password"), [5] = N_("not authorized"),
    };
    if (version == MQTT_5 && reason >= 0x80)
        return mqtt_reason_text(reason);
    return reason < ARRAY_COUNT(texts) && texts[reason] ? texts[reason] : N_("no reason known");
}

/* MQTT 5, 2.4. */
const char *mqtt_reason_text(uint8_t reason)
{
    static const char *const texts[] = {
        [0x80] = N_("no reason given"), [0x81] = N_("malformed packet"), [0x82] = N_("protocol error"),
        [0x83] = N_("implementation-specific error"), [0x84] = N_("it does not speak this version of MQTT"),
        [0x85] = N_("it does not allow this client id"), [0x86] = N_("bad user name or password"), [0x87] = N_("not authorized"),
        [0x88] = N_("its service is unavailable"), [0x89] = N_("it is busy"), [0x8A] = N_("banned"),
        [0x8B] = N_("it is shutting down"), [0x8C] = N_("bad authentication method"), [0x8D] = N_("keep-alive timeout"),
        [0x8E] = N_("another client took the session over: the client id is used twice"),
        [0x8F] = N_("topic filter not valid"), [0x90] = N_("topic name not valid"), [0x91] = N_("packet id in use"),
        [0x93] = N_("receive maximum exceeded"), [0x94] = N_("topic alias not valid"), [0x95] = N_("packet too large"),
        [0x96] = N_("message rate too high"), [0x97] = N_("quota exceeded"), [0x98] = N_("administrative action"),
        [0x99] = N_("payload format not valid"), [0x9A] = N_("it does not keep retained messages"),
        [0x9B] = N_("it does not support this QoS"), [0x9C] = N_("use another server"), [0x9D] = N_("the server moved"),
        [0x9E] = N_("it does not support shared subscriptions"), [0x9F] = N_("connection rate exceeded"),
        [0xA0] = N_("maximum connect time"), [0xA1] = N_("it does not support subscription identifiers"),
        [0xA2] = N_("it does not support wildcard subscriptions"),
    };
    return reason < ARRAY_COUNT(texts) && texts[reason] ? texts[reason] : N_("no reason known");
}
