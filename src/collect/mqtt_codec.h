/* MQTT 3.1.1 and 5.0 packets, the subscriber's half and a plain PUBLISH: bytes to packets and packets to bytes, no sockets and no clock.
 *
 * Why not libmosquitto: it takes three system calls a message and acknowledges before the message is handed over.
 * Section numbers are those of the OASIS standards. */
#ifndef COLLECT_MQTT_CODEC_H
#define COLLECT_MQTT_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"

#define MQTT_3_1_1 4u /* protocol levels, 3.1.2.2 */
#define MQTT_5 5u
#define MQTT_PAYLOAD_MAX ((size_t)1 << 20) /* larger ones are passed over without being held */

enum mqtt_type {
    MQTT_CONNECT = 1, MQTT_CONNACK = 2, MQTT_PUBLISH = 3, MQTT_PUBACK = 4, MQTT_SUBSCRIBE = 8, MQTT_SUBACK = 9,
    MQTT_PINGREQ = 12, MQTT_PINGRESP = 13, MQTT_DISCONNECT = 14,
};

/* A packet from the broker. Texts point into the reader and are valid until it is asked for room. */
struct mqtt_packet {
    enum mqtt_type type;
    uint8_t reason;              /* CONNACK, DISCONNECT */
    const char *text;            /* the broker's own reason string (MQTT 5), NULL without */
    size_t text_length;
    /* CONNACK */
    bool session_present;
    uint16_t keep_alive;         /* the broker's choice in seconds; 0: ours stands */
    /* SUBACK */
    const uint8_t *granted;      /* one code a topic: the granted QoS, or 0x80 and above */
    size_t granted_count;
    /* PUBLISH, SUBACK */
    uint16_t id;
    /* PUBLISH */
    unsigned qos;
    bool retained, duplicate;
    const char *topic;
    size_t topic_length;
    const char *payload;         /* NULL: larger than MQTT_PAYLOAD_MAX, passed over */
    size_t payload_length;
};

enum mqtt_next { MQTT_NEXT_PACKET, MQTT_NEXT_MORE, MQTT_NEXT_BROKEN };

/* Bytes on their way to becoming packets. Holds one packet at most, and 64 KiB when idle. */
struct mqtt_reader {
    unsigned version;
    uint8_t *bytes;
    size_t start, end, capacity;
    size_t need;   /* of the packet that is on its way, from `start`; 0: what there is will do */
    uint64_t skip; /* bytes of an oversized packet still to come */
};

void mqtt_reader_init(struct mqtt_reader *reader, unsigned version);
void mqtt_reader_release(struct mqtt_reader *reader);
/* Room for the next bytes (at least 4 KiB, once all packets that are there were asked for), and how many were put there. */
uint8_t *mqtt_reader_room(struct mqtt_reader *reader, size_t *room);
void mqtt_reader_added(struct mqtt_reader *reader, size_t length);
/* BROKEN: the other side does not speak MQTT as the standard has it; the connection is of no more use. */
enum mqtt_next mqtt_reader_next(struct mqtt_reader *reader, struct mqtt_packet *packet, struct error *error);

struct mqtt_connect {
    unsigned version;
    const char *client_id, *user, *password; /* user and password may be NULL */
    uint16_t keep_alive;                     /* seconds */
    bool clean;                              /* start without what an earlier session left */
    uint32_t session_expiry;                 /* seconds the broker keeps the session; MQTT 5 */
    uint16_t receive_maximum;                /* QoS 1 messages on their way at once; MQTT 5; 0: 65,535 */
};
void mqtt_write_connect(struct buffer *out, const struct mqtt_connect *connect);
/* `retain_handling`: 0 send retained messages, 1 only for new subscriptions, 2 never (MQTT 5, 3.8.3.1). */
void mqtt_write_subscribe(struct buffer *out, unsigned version, uint16_t id, const char *const *filters, unsigned count,
                          unsigned qos, unsigned retain_handling);
/* QoS 0, MQTT 3.1.1. */
void mqtt_write_publish(struct buffer *out, const char *topic, const void *payload, size_t length);
void mqtt_write_puback(struct buffer *out, uint16_t id);
void mqtt_write_pingreq(struct buffer *out);
void mqtt_write_disconnect(struct buffer *out);

/* Why a broker refused or left, in words: "not authorized". */
const char *mqtt_connack_text(unsigned version, uint8_t reason);
const char *mqtt_reason_text(uint8_t reason);

#endif
