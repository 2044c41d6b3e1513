/* Bytes from a broker: cut anywhere they give the same packets, nothing is read beyond them, and little is held. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "collect/mqtt_codec.h"

/* A number over all that the packets say. */
static uint64_t mix(uint64_t state, const void *bytes, size_t length)
{
    const uint8_t *at = bytes;
    while (length--)
        state = (state ^ *at++) * 0x100000001B3u;
    return state;
}

static uint64_t read_all(const uint8_t *data, size_t size, unsigned version, size_t cut, size_t *count)
{
    struct mqtt_reader reader;
    struct mqtt_packet packet;
    struct error error;
    enum mqtt_next next = MQTT_NEXT_MORE;
    uint64_t state = 0xCBF29CE484222325u;
    struct { const char *topic; size_t length; uint64_t sum; } held[16]; /* texts stay until room is asked for */
    size_t held_count;
    mqtt_reader_init(&reader, version);
    *count = 0;
    for (size_t at = 0; at < size && next != MQTT_NEXT_BROKEN;) {
        size_t room, part = size - at < cut ? size - at : cut;
        uint8_t *to = mqtt_reader_room(&reader, &room);
        assert(room >= 4096);
        if (part > room)
            part = room;
        memcpy(to, data + at, part);
        mqtt_reader_added(&reader, part);
        at += part;
        held_count = 0;
        while ((next = mqtt_reader_next(&reader, &packet, &error)) == MQTT_NEXT_PACKET) {
            uint64_t numbers[] = {packet.type, packet.reason, packet.id, packet.qos, packet.payload_length, packet.keep_alive};
            ++*count;
            state = mix(state, numbers, sizeof numbers);
            state = mix(state, packet.text, packet.text_length);
            state = mix(state, packet.granted, packet.granted_count);
            state = mix(state, packet.topic, packet.topic_length);
            if (packet.payload)
                state = mix(state, packet.payload, packet.payload_length);
            if (packet.topic && held_count < sizeof held / sizeof *held) {
                held[held_count].topic = packet.topic;
                held[held_count].length = packet.topic_length;
                held[held_count++].sum = mix(0, packet.topic, packet.topic_length);
            }
            mqtt_connack_text(version, packet.reason);
            mqtt_reason_text(packet.reason);
        }
        for (size_t i = 0; i < held_count; i++)
            assert(mix(0, held[i].topic, held[i].length) == held[i].sum);
        assert(reader.capacity <= (2u << 20));
    }
    mqtt_reader_release(&reader);
    return mix(state, &next, sizeof next);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t whole, parts;
    if (size < 2)
        return 0;
    unsigned version = data[0] & 1 ? MQTT_5 : MQTT_3_1_1;
    size_t cut = (size_t)data[1] + 1;
    uint64_t first = read_all(data + 2, size - 2, version, size, &whole);
    uint64_t second = read_all(data + 2, size - 2, version, cut, &parts);
    assert(first == second && whole == parts);
    return 0;
}
