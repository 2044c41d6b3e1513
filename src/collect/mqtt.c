/* MQTT: one connection to a broker a source. Own codec and own reading, because libmosquitto reads each message with
 * three system calls (2.2 us a message at 10,000/s, gathered, before anything is parsed; this way all of it, parsed
 * and handed over, takes less), resolves names on the caller's thread and acknowledges before the message is in
 * other hands. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "collect/collector.h"
#include "collect/feed.h"
#include "collect/mqtt_codec.h"
#include "collect/mqtt_settings.h"
#include "collect/stream.h"

#define ROUND_BYTES ((size_t)512 << 10) /* read at once, then the loop gets its turn */
#define ROUND_TIME 8                    /* ms; a line of 50 bytes that a gateway is gone may have a hundred verdicts behind it */
#define STEADY (30 * SPAN_SECOND)       /* a connection that held so long starts the back-off anew */
#define HURRY_ACKS 8                    /* so many QoS 1 messages at once: the broker's window may be used up */

enum phase { PHASE_WAITING, PHASE_OPENING, PHASE_GREETING, PHASE_SUBSCRIBING, PHASE_RUNNING };

struct mqtt {
    struct source *source;
    struct mqtt_settings settings;
    struct format *format;
    struct feed *feed;
    char **filters;
    unsigned filter_count;

    enum phase phase;
    unsigned version;          /* of this connection */
    unsigned attempt;          /* failures in a row */
    bool was_connected;
    bool pinged, ping_waiting; /* sent, and not answered yet */
    bool refused;              /* some topic was */
    unsigned keep_alive;       /* seconds, the broker's choice */
    unsigned acks;             /* of this round */
    msec connected_at;         /* steady */
    struct tls_contexts *contexts;
    struct stream *stream;
    struct mqtt_reader reader;
    struct mqtt_packet ahead[FEED_AHEAD]; /* read and not handled yet */
    unsigned ahead_next, ahead_count;
    struct buffer out;
    uv_timer_t alarm;          /* next try, deadline or ping, as the phase has it */
};

static void connect_now(struct mqtt *mqtt);
static void on_alarm(uv_timer_t *timer);

static void alarm_in(struct mqtt *mqtt, msec delay)
{
    uv_timer_start(&mqtt->alarm, on_alarm, (uint64_t)delay, 0);
}

/* Half of the doubled pause is certain, half is chance: a hundred daemons do not knock at one moment. */
static msec retry_delay(struct mqtt *mqtt)
{
    msec delay = mqtt->settings.retry_min;
    uint32_t chance = 0;
    for (unsigned i = 0; i < mqtt->attempt && delay < mqtt->settings.retry_max; i++)
        delay *= 2;
    if (delay > mqtt->settings.retry_max)
        delay = mqtt->settings.retry_max;
    uv_random(NULL, NULL, &chance, sizeof chance, 0, NULL);
    return delay / 2 + (msec)(chance % (uint32_t)(delay / 2 + 1));
}

static void connection_lost(struct mqtt *mqtt, const char *why)
{
    const struct mqtt_address *address = &mqtt->settings.address;
    char span[SPAN_TEXT];
    if (mqtt->phase == PHASE_RUNNING && clock_steady() - mqtt->connected_at >= STEADY)
        mqtt->attempt = 0;
    msec delay = retry_delay(mqtt);
    /* A broker of 3.1.1 alone may just close when it is greeted with 5. */
    if (mqtt->phase == PHASE_GREETING && mqtt->settings.version == 0)
        mqtt->version = mqtt->version == MQTT_5 ? MQTT_3_1_1 : MQTT_5;
    mqtt->attempt++;
    mqtt->phase = PHASE_WAITING;
    mqtt->source->failures++;
    stream_free(&mqtt->stream);
    mqtt_reader_release(&mqtt->reader);
    span_format(span, delay < SPAN_SECOND ? delay : (delay + 500) / 1000 * 1000);
    source_status(mqtt->source, SOURCE_DOWN, strchr(address->host, ':') ? N_("[%s]:%u: %s; next try in %s") : N_("%s:%u: %s; next try in %s"),
                  address->host, address->port, why, span);
    alarm_in(mqtt, delay);
}

static void connection_failed(struct mqtt *mqtt, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void connection_failed(struct mqtt *mqtt, const char *format, ...)
{
    char why[384];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(why, sizeof why, format, arguments);
    va_end(arguments);
    connection_lost(mqtt, why);
}

static void send_out(struct mqtt *mqtt)
{
    stream_write(mqtt->stream, mqtt->out.data, mqtt->out.length);
    buffer_clear(&mqtt->out);
}

/* -- Greeting -- */

static void on_opened(void *owner)
{
    struct mqtt *mqtt = owner;
    const struct mqtt_settings *settings = &mqtt->settings;
    char password[1024];
    struct error error;
    bool secret = settings->password_file || settings->password_env;
    if (!mqtt_settings_password(settings, password, sizeof password, &error)) {
        connection_lost(mqtt, error.text);
        return;
    }
    const struct mqtt_connect connect = {
        .version = mqtt->version,
        .client_id = settings->client_id,
        .user = settings->user,
        .password = secret ? password : NULL,
        .keep_alive = (uint16_t)settings->keep_alive,
        .clean = settings->session_expiry == 0,
        .session_expiry = settings->session_expiry,
        .receive_maximum = (uint16_t)settings->receive_maximum,
    };
    mqtt_reader_init(&mqtt->reader, mqtt->version);
    mqtt->ahead_next = mqtt->ahead_count = 0;
    mqtt_write_connect(&mqtt->out, &connect);
    mqtt->phase = PHASE_GREETING;
    stream_write(mqtt->stream, mqtt->out.data, mqtt->out.length);
    explicit_bzero(mqtt->out.data, mqtt->out.length);
    explicit_bzero(password, sizeof password);
    buffer_clear(&mqtt->out);
}

static void subscribe(struct mqtt *mqtt)
{
    /* MQTT 5 sends what is retained only with a new subscription: a reconnect into a kept session brings none twice. */
    mqtt_write_subscribe(&mqtt->out, mqtt->version, 1, (const char *const *)mqtt->filters, mqtt->filter_count,
                         mqtt->settings.qos, 1);
}

static bool handle_connack(struct mqtt *mqtt, const struct mqtt_packet *packet)
{
    if (mqtt->phase != PHASE_GREETING) {
        connection_failed(mqtt, "protocol error: an unexpected CONNACK");
        return false;
    }
    if (packet->reason == 0) {
        mqtt->keep_alive = packet->keep_alive ? packet->keep_alive : mqtt->settings.keep_alive;
        mqtt->phase = PHASE_SUBSCRIBING;
        subscribe(mqtt);
        return true;
    }
    mqtt->phase = PHASE_SUBSCRIBING; /* it answered: whatever it dislikes, it is not silence */
    if (mqtt->settings.version == 0 && mqtt->version == MQTT_5 && (packet->reason == 0x84 || packet->reason == 1)) {
        mqtt->version = MQTT_3_1_1;
        stream_free(&mqtt->stream);
        mqtt_reader_release(&mqtt->reader);
        connect_now(mqtt);
        return false;
    }
    connection_failed(mqtt, "the broker refused: %s%s%.*s", mqtt_connack_text(mqtt->version, packet->reason),
                      packet->text_length ? ": " : "", (int)(packet->text_length < 80 ? packet->text_length : 80),
                      packet->text ? packet->text : "");
    return false;
}

static bool handle_suback(struct mqtt *mqtt, const struct mqtt_packet *packet)
{
    unsigned refused = 0, first = 0;
    if (packet->granted_count != mqtt->filter_count) {
        connection_failed(mqtt,
                          COUNTED(packet->granted_count, N_("protocol error: %zu answer to %u subscriptions"),
                                  N_("protocol error: %zu answers to %u subscriptions")), packet->granted_count,
                          mqtt->filter_count);
        return false;
    }
    for (unsigned i = mqtt->filter_count; i-- > 0;)
        if (packet->granted[i] >= 0x80) {
            refused++;
            first = i;
        }
    if (mqtt->phase == PHASE_SUBSCRIBING) {
        mqtt->phase = PHASE_RUNNING;
        mqtt->pinged = mqtt->ping_waiting = false;
        mqtt->connected_at = clock_steady();
        mqtt->source->reconnects += mqtt->was_connected;
        mqtt->was_connected = true;
        alarm_in(mqtt, mqtt->keep_alive * SPAN_SECOND);
    }
    mqtt->refused = refused > 0;
    if (refused)
        source_status(mqtt->source, SOURCE_TROUBLED, "connected, but %u of %u topics refused: %s: %s", refused,
                      mqtt->filter_count, mqtt->filters[first], mqtt_reason_text(packet->granted[first]));
    else
        source_status(mqtt->source, SOURCE_RUNNING, mqtt->settings.address.path ? N_("connected by MQTT %s over WebSocket, %u topic%s")
                                                                                : N_("connected by MQTT %s, %u topic%s"),
                      mqtt->version == MQTT_5 ? "5" : "3.1.1", mqtt->filter_count, COUNTED(mqtt->filter_count, "", "s"));
    return true;
}

/* -- Messages -- */

static struct format_input input_of(const struct mqtt_packet *packet)
{
    return (struct format_input){.topic = packet->topic, .topic_length = packet->topic_length, .payload = packet->payload,
                                 .payload_length = packet->payload_length, .retained = packet->retained};
}

static void handle_publish(struct mqtt *mqtt, const struct mqtt_packet *packet)
{
    struct source *source = mqtt->source;
    source->messages++;
    source->bytes += packet->payload_length;
    if (packet->payload) {
        const struct format_input input = input_of(packet);
        feed_payload(mqtt->feed, mqtt->format, &input);
    } else {
        source_bad(source, packet->topic, packet->topic_length, "payload of %zu KiB: over 1 MiB, passed over",
                   packet->payload_length >> 10);
    }
    if (packet->qos == 1) { /* only now: what is not acknowledged comes again */
        mqtt_write_puback(&mqtt->out, packet->id);
        mqtt->acks++;
    }
}

/* False: the connection is gone. */
static bool handle_packet(struct mqtt *mqtt, const struct mqtt_packet *packet)
{
    switch (packet->type) {
    case MQTT_PUBLISH: /* a kept session may speak before the SUBACK */
        if (packet->qos > 1) {
            connection_failed(mqtt, "protocol error: a message of QoS 2, which was not asked for");
            return false;
        }
        handle_publish(mqtt, packet);
        return true;
    case MQTT_CONNACK:
        return handle_connack(mqtt, packet);
    case MQTT_SUBACK:
        return handle_suback(mqtt, packet);
    case MQTT_DISCONNECT:
        connection_failed(mqtt, "the broker closed: %s", mqtt_reason_text(packet->reason));
        return false;
    default:
        return true;
    }
}

enum round { ROUND_DONE, ROUND_TIRED, ROUND_LOST };

/* Some packets at once: to wait for the memory of one asset after the other costs more than to read their payloads. */
static enum mqtt_next look_ahead(struct mqtt *mqtt, struct error *error)
{
    struct format_input inputs[FEED_AHEAD];
    enum mqtt_next next = MQTT_NEXT_PACKET;
    unsigned count = 0;
    mqtt->ahead_next = mqtt->ahead_count = 0;
    while (mqtt->ahead_count < FEED_AHEAD) {
        const struct mqtt_packet *packet = &mqtt->ahead[mqtt->ahead_count];
        next = mqtt_reader_next(&mqtt->reader, &mqtt->ahead[mqtt->ahead_count], error);
        if (next != MQTT_NEXT_PACKET)
            break;
        mqtt->ahead_count++;
        if (packet->type == MQTT_PUBLISH)
            inputs[count++] = input_of(packet);
    }
    feed_ahead(mqtt->feed, mqtt->format, inputs, count);
    return mqtt->ahead_count ? MQTT_NEXT_PACKET : next;
}

/* What was read; tired: the loop is to have its turn, and more is left. */
static enum round handle_packets(struct mqtt *mqtt, msec until)
{
    struct error error;
    for (;;) {
        while (mqtt->ahead_next < mqtt->ahead_count) {
            if (!handle_packet(mqtt, &mqtt->ahead[mqtt->ahead_next++]))
                return ROUND_LOST;
            if (clock_coarse() > until)
                return ROUND_TIRED;
        }
        switch (look_ahead(mqtt, &error)) {
        case MQTT_NEXT_MORE:
            return ROUND_DONE;
        case MQTT_NEXT_BROKEN:
            connection_failed(mqtt, "protocol error: %s", error.text);
            return ROUND_LOST;
        case MQTT_NEXT_PACKET:
            break;
        }
    }
}

static void on_readable(void *owner)
{
    struct mqtt *mqtt = owner;
    size_t total = 0, room;
    msec until = clock_coarse() + ROUND_TIME;
    mqtt->acks = 0;
    feed_begin(mqtt->feed);
    enum round round = handle_packets(mqtt, until); /* what the last one left */
    while (round == ROUND_DONE && total < ROUND_BYTES) {
        uint8_t *bytes = mqtt_reader_room(&mqtt->reader, &room);
        size_t got = stream_read(mqtt->stream, bytes, room);
        if (!got)
            break;
        total += got;
        mqtt_reader_added(&mqtt->reader, got);
        round = handle_packets(mqtt, until);
    }
    if (round == ROUND_LOST)
        return;
    if (round == ROUND_TIRED)
        stream_again(mqtt->stream);
    if (total) {
        mqtt->source->last_heard = clock_wall();
        mqtt->ping_waiting = false; /* any byte shows that the broker lives */
    }
    if (mqtt->out.length)
        send_out(mqtt);
    if (mqtt->acks >= HURRY_ACKS && round == ROUND_DONE)
        stream_hurry(mqtt->stream);
}

static void on_failed(void *owner, const char *why)
{
    struct mqtt *mqtt = owner;
    if (mqtt->phase != PHASE_RUNNING || handle_packets(mqtt, INT64_MAX) != ROUND_LOST) /* what it said is not lost */
        connection_lost(mqtt, why);
}

/* -- Connecting and keeping alive -- */

static void connect_now(struct mqtt *mqtt)
{
    static const struct stream_ops ops = {on_opened, on_readable, on_failed};
    const struct mqtt_settings *settings = &mqtt->settings;
    const struct mqtt_address *address = &settings->address;
    struct buffer headers = BUFFER_INIT;
    struct error error;

    mqtt->phase = PHASE_OPENING;
    buffer_clear(&mqtt->out);
    if (!mqtt->was_connected && mqtt->attempt == 0)
        source_status(mqtt->source, SOURCE_STARTING, "connecting to %s port %u", address->host, address->port);
    if (mqtt_settings_headers(settings, &headers, &error)) {
        const struct tls_settings tls = {mqtt->contexts, {settings->ca, settings->certificate, settings->key},
                                         settings->tls_name ? settings->tls_name : address->host};
        const struct websocket_settings websocket = {.host = address->host, .port = address->port, .tls = address->tls,
                                                     .path = address->path, .protocol = "mqtt", .headers = headers.data};
        const struct stream_settings target = {address->host, address->port, address->tls ? &tls : NULL,
                                               address->path ? &websocket : NULL};
        mqtt->stream = stream_new(mqtt->source->loop, &target, &ops, mqtt, &error);
    }
    if (headers.length)
        explicit_bzero(headers.data, headers.length);
    buffer_release(&headers);
    if (mqtt->stream)
        alarm_in(mqtt, settings->timeout);
    else
        connection_lost(mqtt, error.text);
}

static void on_alarm(uv_timer_t *timer)
{
    struct mqtt *mqtt = timer->data;
    char span[SPAN_TEXT];
    switch (mqtt->phase) {
    case PHASE_WAITING:
        connect_now(mqtt);
        return;
    case PHASE_RUNNING:
        if (mqtt->pinged && !mqtt->ping_waiting) {
            mqtt->pinged = false;
            msec rest = mqtt->keep_alive * SPAN_SECOND - mqtt->settings.timeout;
            alarm_in(mqtt, rest > 0 ? rest : 0);
            return;
        }
        if (!mqtt->ping_waiting) {
            mqtt->pinged = mqtt->ping_waiting = true;
            if (mqtt->refused) /* perhaps it is allowed by now */
                subscribe(mqtt);
            mqtt_write_pingreq(&mqtt->out);
            send_out(mqtt);
            alarm_in(mqtt, mqtt->settings.timeout);
            return;
        }
        connection_failed(mqtt, "the connection is dead: no answer to a ping within %s",
                          span_format(span, mqtt->settings.timeout));
        return;
    default:
        connection_failed(mqtt, "%s within %s", stream_missing(mqtt->stream),
                          span_format(span, mqtt->settings.timeout));
    }
}

/* -- The collector -- */

static void on_alarm_closed(uv_handle_t *handle)
{
    struct mqtt *mqtt = handle->data;
    for (unsigned i = 0; i < mqtt->filter_count; i++)
        free(mqtt->filters[i]);
    free(mqtt->filters);
    format_free(&mqtt->format);
    feed_free(&mqtt->feed);
    tls_contexts_free(&mqtt->contexts);
    mqtt_reader_release(&mqtt->reader);
    buffer_release(&mqtt->out);
    mqtt_settings_release(&mqtt->settings);
    free(mqtt);
}

static void mqtt_stop(struct source *source)
{
    struct mqtt *mqtt = source->state;
    if (!mqtt)
        return;
    source->state = NULL;
    if (mqtt->phase == PHASE_RUNNING) {
        mqtt_write_disconnect(&mqtt->out);
        send_out(mqtt);
    }
    stream_free(&mqtt->stream);
    uv_close((uv_handle_t *)&mqtt->alarm, on_alarm_closed);
    source_status(source, SOURCE_STOPPED, "stopped");
}

static void filters_set(struct mqtt *mqtt)
{
    mqtt->filter_count = format_topic_count(mqtt->format);
    mqtt->filters = memory_new_array(mqtt->filter_count, sizeof *mqtt->filters);
    for (unsigned i = 0; i < mqtt->filter_count; i++) {
        const char *filter = format_topic(mqtt->format, i);
        if (mqtt->settings.share && strncmp(filter, "$share/", 7) != 0)
            mqtt->filters[i] = memory_printf("$share/%s/%s", mqtt->settings.share, filter);
        else
            mqtt->filters[i] = memory_text(filter);
    }
}

static bool mqtt_start(struct source *source, const struct config_node *node, struct error *error)
{
    struct mqtt *mqtt = memory_new(sizeof *mqtt);
    if (!mqtt_settings_load(&mqtt->settings, node, source->name, error) || !(mqtt->format = format_new(node, error))) {
        mqtt_settings_release(&mqtt->settings);
        free(mqtt);
        return false;
    }
    mqtt->source = source;
    mqtt->feed = feed_new(source);
    mqtt->contexts = tls_contexts_new();
    mqtt->version = mqtt->settings.version ? mqtt->settings.version : MQTT_5;
    filters_set(mqtt);
    uv_timer_init(source->loop, &mqtt->alarm);
    mqtt->alarm.data = mqtt;
    source->state = mqtt;
    connect_now(mqtt);
    return true;
}

const struct collector_ops collector_mqtt = {
    .type = "mqtt",
    .help = "subscribes to topics of an MQTT broker",
    .keys = mqtt_keys,
    .protection = protection_by_url,
    .validate = mqtt_validate,
    .start = mqtt_start,
    .stop = mqtt_stop,
};
