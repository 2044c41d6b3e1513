/* An MQTT broker: it lets us in, tells of itself under $SYS, and carries a message of ours round in time. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "collect/check_private.h"
#include "collect/mqtt_codec.h"
#include "collect/mqtt_settings.h"
#include "collect/stream.h"

#define SYS_WAIT 300 /* ms for retained $SYS figures after the round trip */

static const struct { const char *topic, *figure, *unit; } figures[] = {
    {"$SYS/broker/clients/connected", "clients", ""},
    {"$SYS/broker/clients/disconnected", "clients_away", ""},
    {"$SYS/broker/subscriptions/count", "subscriptions", ""},
    {"$SYS/broker/messages/stored", "messages_stored", ""},
    {"$SYS/broker/store/messages/count", "messages_stored", ""},
    {"$SYS/broker/load/messages/received/1min", "messages_in_per_minute", "/min"},
    {"$SYS/broker/load/messages/sent/1min", "messages_out_per_minute", "/min"},
    {"$SYS/broker/publish/messages/dropped", "messages_dropped", ""},
    {"$SYS/broker/heap/current", "heap_bytes", "B"},
};

enum step { STEP_CONNECT, STEP_SUBSCRIBE, STEP_ROUND, STEP_SYS };

struct mqtt {
    struct talk talk;
    struct mqtt_reader reader;
    bool reading;
    struct mqtt_address address;
    char *user, *password, *authority, *client, *topic;
    enum step step;
    char round_topic[160], token[24];
    uint64_t published;
    uint32_t seen;          /* bits of figures */
    double round_trip;
    uv_timer_t *pause;
};

static void say(struct check *check, const char *missing, struct buffer *out)
{
    struct mqtt *mqtt = check->state;
    talk_say(&mqtt->talk, missing, buffer_text(out), out->length);
    buffer_release(out);
}

static void finish(struct check *check)
{
    const struct mqtt *mqtt = check->state;
    check_figure(check, "round_trip_ms", "ms", mqtt->round_trip);
    check_figure(check, "latency_ms", "ms", mqtt->round_trip);
    check_note(check, "there and back in %.1f ms", mqtt->round_trip);
    for (unsigned i = 0; i < check->answer.figure_count; i++)
        if (strcmp(check->answer.figures[i].name, "clients") == 0)
            check_note(check, "%.0f clients", check->answer.figures[i].value);
    if (!mqtt->seen)
        check_note(check, "nothing under $SYS for us");
    check_end(check);
}

static void pause_over(uv_timer_t *timer)
{
    finish(timer->data);
}

static void subscribe(struct check *check)
{
    struct mqtt *mqtt = check->state;
    struct buffer out = BUFFER_INIT;
    const char *filters[] = {mqtt->round_topic, "$SYS/broker/#"};
    mqtt->step = STEP_SUBSCRIBE;
    mqtt_write_subscribe(&out, MQTT_3_1_1, 1, filters, ARRAY_COUNT(filters), 0, 0);
    say(check, "answer to SUBSCRIBE", &out);
}

static void publish(struct check *check, const struct mqtt_packet *packet)
{
    struct mqtt *mqtt = check->state;
    struct buffer out = BUFFER_INIT;
    if (packet->granted_count < 1 || packet->granted[0] >= 0x80) {
        check_fail(check, "we may not subscribe to %s", mqtt->round_topic);
        return;
    }
    mqtt->step = STEP_ROUND;
    mqtt->published = uv_hrtime();
    mqtt_write_publish(&out, mqtt->round_topic, mqtt->token, strlen(mqtt->token));
    say(check, "message of our own back", &out);
}

static void sys_taken(struct check *check, const struct mqtt_packet *packet)
{
    struct mqtt *mqtt = check->state;
    char text[64];
    double value;
    for (size_t i = 0; i < ARRAY_COUNT(figures); i++) {
        if (packet->topic_length != strlen(figures[i].topic) || memcmp(packet->topic, figures[i].topic, packet->topic_length) != 0)
            continue;
        if ((mqtt->seen & 1u << i) || !packet->payload || packet->payload_length >= sizeof text)
            return;
        memcpy(text, packet->payload, packet->payload_length);
        text[packet->payload_length] = '\0';
        if (text_number(text, &value)) {
            mqtt->seen |= 1u << i;
            check_figure(check, figures[i].figure, figures[i].unit, value);
        }
    }
}

/* False when the attempt is over. */
static bool published(struct check *check, const struct mqtt_packet *packet)
{
    struct mqtt *mqtt = check->state;
    bool ours = packet->topic_length == strlen(mqtt->round_topic) && memcmp(packet->topic, mqtt->round_topic, packet->topic_length) == 0;
    if (!ours) {
        sys_taken(check, packet);
        return true;
    }
    bool back = mqtt->step == STEP_ROUND && packet->payload && packet->payload_length == strlen(mqtt->token) &&
                memcmp(packet->payload, mqtt->token, packet->payload_length) == 0;
    if (!back)
        return true;
    mqtt->round_trip = (double)(uv_hrtime() - mqtt->published) / 1e6;
    mqtt->step = STEP_SYS;
    uv_timer_stop(&check->timer);
    uv_timer_start(mqtt->pause, pause_over, mqtt->seen ? 20 : SYS_WAIT, 0);
    return true;
}

static bool packet_taken(struct check *check, const struct mqtt_packet *packet)
{
    struct mqtt *mqtt = check->state;
    if (packet->type == MQTT_CONNACK && mqtt->step == STEP_CONNECT) {
        if (packet->reason) {
            check_fail(check, "the broker refuses: %s", mqtt_connack_text(MQTT_3_1_1, packet->reason));
            return false;
        }
        check_figure(check, "connect_ms", "ms", check_elapsed(check));
        subscribe(check);
    } else if (packet->type == MQTT_SUBACK && mqtt->step == STEP_SUBSCRIBE) {
        publish(check, packet);
    } else if (packet->type == MQTT_PUBLISH) {
        return published(check, packet);
    }
    return check->running;
}

static void mqtt_heard(struct check *check)
{
    struct mqtt *mqtt = check->state;
    struct mqtt_packet packet;
    struct error error;
    while (mqtt->talk.in.length) {
        size_t room;
        uint8_t *to = mqtt_reader_room(&mqtt->reader, &room);
        room = room < mqtt->talk.in.length ? room : mqtt->talk.in.length;
        memcpy(to, mqtt->talk.in.data, room);
        mqtt_reader_added(&mqtt->reader, room);
        buffer_consume(&mqtt->talk.in, room);
        enum mqtt_next next;
        while ((next = mqtt_reader_next(&mqtt->reader, &packet, &error)) == MQTT_NEXT_PACKET)
            if (!packet_taken(check, &packet))
                return;
        if (next == MQTT_NEXT_BROKEN) {
            check_fail(check, "what answers there does not speak MQTT: %s", error.text);
            return;
        }
    }
}

static void mqtt_opened(struct check *check)
{
    struct mqtt *mqtt = check->state;
    struct buffer out = BUFFER_INIT;
    mqtt->step = STEP_CONNECT;
    mqtt_write_connect(&out, &(struct mqtt_connect){.version = MQTT_3_1_1, .client_id = mqtt->client, .user = mqtt->user,
                       .password = mqtt->password, .keep_alive = 60, .clean = true});
    say(check, "answer to CONNECT", &out);
}

static void mqtt_begin(struct check *check)
{
    struct mqtt *mqtt = check->state;
    const struct mqtt_address *address = &mqtt->address;
    const struct tls_settings tls = {check->contexts, {.ca = mqtt->authority}, address->host};
    const struct websocket_settings websocket = {.host = address->host, .port = address->port, .tls = address->tls,
                                                 .path = address->path, .protocol = "mqtt"};
    const struct stream_settings settings = {address->host, address->port, address->tls ? &tls : NULL,
                                             address->path ? &websocket : NULL};
    mqtt_reader_init(&mqtt->reader, MQTT_3_1_1);
    mqtt->reading = true;
    mqtt->seen = 0;
    mqtt->step = STEP_CONNECT;
    check_random_text(mqtt->token, sizeof mqtt->token);
    snprintf(mqtt->round_topic, sizeof mqtt->round_topic, "%.120s/%s", mqtt->topic, mqtt->token);
    free(mqtt->client);
    mqtt->client = memory_printf("nocturne-check-%.7s", mqtt->token); /* 23 bytes at most, 3.1.3.1 */
    mqtt->pause = memory_new(sizeof *mqtt->pause);
    uv_timer_init(check->loop, mqtt->pause);
    mqtt->pause->data = check;
    talk_open_to(&mqtt->talk, check, &settings, mqtt_opened, mqtt_heard);
}

static void freed(uv_handle_t *handle)
{
    free(handle);
}

static void mqtt_stop(struct check *check)
{
    struct mqtt *mqtt = check->state;
    if (!mqtt)
        return;
    if (mqtt->pause) {
        uv_timer_stop(mqtt->pause);
        uv_close((uv_handle_t *)mqtt->pause, freed);
        mqtt->pause = NULL;
    }
    if (mqtt->reading)
        mqtt_reader_release(&mqtt->reader);
    mqtt->reading = false;
    talk_close(&mqtt->talk);
}

static void mqtt_close(struct check *check)
{
    struct mqtt *mqtt = check->state;
    mqtt_address_release(&mqtt->address);
    free(mqtt->user);
    free(mqtt->authority);
    free(mqtt->client);
    free(mqtt->topic);
    secret_free(&mqtt->password);
    free(mqtt);
}

/* A url says all of it; HOST[:PORT] leaves TLS to `tls:`. */
static bool read_address(struct mqtt_address *address, const struct config_node *node, struct error *error)
{
    const char *text = config_text(node, "address", "");
    if (strstr(text, "://"))
        return mqtt_address_parse(address, text, error);
    address->tls = config_bool(node, "tls", false);
    address->host = check_host_of(node, address->tls ? 8883 : 1883, &address->port);
    return true;
}

static bool check_broker(const struct config_node *node, const char *text, struct error *error)
{
    struct mqtt_address address;
    if (!strstr(text, "://"))
        return check_address_valid(node, text, error);
    bool good = mqtt_address_parse(&address, text, error);
    mqtt_address_release(&address);
    return good;
}

static bool mqtt_open(struct check *check, const struct config_node *node, struct error *error)
{
    struct mqtt *mqtt = check->state = memory_new(sizeof *mqtt);
    mqtt->user = memory_text(config_text(node, "user", NULL));
    mqtt->authority = memory_text(config_text(node, "authority", NULL));
    mqtt->topic = memory_text(config_text(node, "topic", "nocturne/check"));
    return read_address(&mqtt->address, node, error) && check_secret(check, node, "password", &mqtt->password, error);
}

static bool check_topic(const struct config_node *node, const char *text, struct error *error)
{
    (void)node;
    return (*text && strlen(text) < 100 && !strpbrk(text, "+#$")) ||
           error_set(error, ERROR_INVALID, "expected a topic without wildcards, such as nocturne/check; got `%s`", text);
}

static const struct config_key mqtt_check_keys[] = {
    {.name = "address", .type = CONFIG_TEXT, .check = check_broker,
     .help = "HOST or HOST:PORT (default port 1883, with tls 8883), or a url: mqtt://, mqtts://, ws://HOST:PORT/PATH, wss://; without it the check waits"},
    {.name = "topic", .type = CONFIG_TEXT, .check = check_topic, .help = "below which a message of ours goes round (default nocturne/check)"},
    {.name = "user", .type = CONFIG_TEXT, .help = "to sign in with"},
    CHECK_SECRET_KEY("password"),
    {.name = "tls", .type = CONFIG_BOOL, .help = "with TLS, the certificate checked (default false)"},
    {.name = "authority", .type = CONFIG_PATH, .help = "PEM file of the authorities to trust (default: the system's)"},
    {.name = NULL},
};

static const char *const mqtt_limits[] = {"warning round_trip_ms > 1000", NULL};

static void mqtt_protection(const struct config_node *node, struct protection *protection)
{
    protection_of_address(protection, config_text(node, "address", ""), "mqtt", config_bool(node, "tls", false), true);
}

const struct check_ops check_mqtt = {
    .type = "mqtt",
    .help = "An MQTT broker: it lets us in, a message of ours comes back in time, and what it tells under $SYS",
    .keys = mqtt_check_keys,
    .protection = mqtt_protection,
    .address = "address",
    .limits = mqtt_limits,
    .open = mqtt_open,
    .begin = mqtt_begin,
    .stop = mqtt_stop,
    .close = mqtt_close,
};
