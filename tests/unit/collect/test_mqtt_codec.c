/* Packets by the OASIS standards, byte by byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "collect/mqtt_codec.h"

static struct mqtt_reader reader;
static struct mqtt_packet packet;
static struct error error;

static void put_bytes(const void *bytes, size_t length)
{
    const char *at = bytes;
    while (length) {
        size_t room, part;
        uint8_t *to = mqtt_reader_room(&reader, &room);
        assert_true(room >= 4096);
        part = room < length ? room : length;
        memcpy(to, at, part);
        mqtt_reader_added(&reader, part);
        at += part;
        length -= part;
    }
}

/* Start anew and read packets from hex text with blanks. */
static enum mqtt_next read_hex(unsigned version, const char *hex)
{
    unsigned value;
    int used;
    mqtt_reader_release(&reader);
    mqtt_reader_init(&reader, version);
    for (; sscanf(hex, " %2x%n", &value, &used) == 1; hex += used)
        put_bytes(&(uint8_t){(uint8_t)value}, 1);
    return mqtt_reader_next(&reader, &packet, &error);
}

static void assert_hex(struct buffer *out, const char *hex)
{
    char text[512] = "";
    for (size_t i = 0; i < out->length; i++)
        sprintf(text + strlen(text), "%s%02x", i ? " " : "", (unsigned char)out->data[i]);
    assert_string_equal(text, hex);
    buffer_clear(out);
}

static void test_writing(void **state)
{
    static const char *const filters[] = {"a/+", "b/#"};
    struct buffer out = BUFFER_INIT;
    struct mqtt_connect connect = {.version = MQTT_3_1_1, .client_id = "me", .keep_alive = 30, .clean = true};
    (void)state;
    mqtt_write_connect(&out, &connect);
    assert_hex(&out, "10 0e 00 04 4d 51 54 54 04 02 00 1e 00 02 6d 65");
    connect = (struct mqtt_connect){.version = MQTT_3_1_1, .client_id = "me", .user = "u", .password = "pw", .keep_alive = 30};
    mqtt_write_connect(&out, &connect);
    assert_hex(&out, "10 15 00 04 4d 51 54 54 04 c0 00 1e 00 02 6d 65 00 01 75 00 02 70 77");
    connect = (struct mqtt_connect){.version = MQTT_5, .client_id = "me", .keep_alive = 300, .session_expiry = 3600, .receive_maximum = 1000};
    mqtt_write_connect(&out, &connect);
    assert_hex(&out, "10 17 00 04 4d 51 54 54 05 00 01 2c 08 11 00 00 0e 10 21 03 e8 00 02 6d 65");
    mqtt_write_subscribe(&out, MQTT_3_1_1, 1, filters, 2, 1, 1);
    assert_hex(&out, "82 0e 00 01 00 03 61 2f 2b 01 00 03 62 2f 23 01");
    mqtt_write_subscribe(&out, MQTT_5, 258, filters, 1, 0, 1);
    assert_hex(&out, "82 09 01 02 00 00 03 61 2f 2b 10");
    mqtt_write_puback(&out, 0x1234);
    mqtt_write_pingreq(&out);
    mqtt_write_disconnect(&out);
    assert_hex(&out, "40 02 12 34 c0 00 e0 00");
    buffer_release(&out);
}

static void test_connack(void **state)
{
    (void)state;
    assert_int_equal(read_hex(MQTT_3_1_1, "20 02 01 00"), MQTT_NEXT_PACKET);
    assert_int_equal(packet.type, MQTT_CONNACK);
    assert_true(packet.session_present);
    assert_int_equal(packet.reason, 0);
    assert_int_equal(read_hex(MQTT_5, "20 0b 00 87 08 13 00 3c 1f 00 02 6e 6f"), MQTT_NEXT_PACKET);
    assert_int_equal(packet.reason, 0x87);
    assert_int_equal(packet.keep_alive, 60);
    assert_int_equal(packet.text_length, 2);
    assert_memory_equal(packet.text, "no", 2);
    /* a broker of 3.1.1 answers a client of 5 without properties */
    assert_int_equal(read_hex(MQTT_5, "20 02 00 01"), MQTT_NEXT_PACKET);
    assert_int_equal(packet.reason, 1);
    /* every kind of property: receive maximum, maximum QoS, retain, packet size, assigned id, alias, pair, wildcard */
    assert_int_equal(read_hex(MQTT_5, "20 25 00 00 22 21 00 14 24 01 25 00 27 00 00 ff ff 12 00 03 61 62 63 22 00 0a "
                                      "26 00 01 6b 00 01 76 28 01 29 01 2a 01"), MQTT_NEXT_PACKET);
    assert_int_equal(read_hex(MQTT_5, "20 04 00 00 01 7f"), MQTT_NEXT_BROKEN); /* no such property */
    assert_int_equal(read_hex(MQTT_5, "20 04 00 00 05 13"), MQTT_NEXT_BROKEN); /* longer than the packet */
    assert_int_equal(read_hex(MQTT_5, "20 01 00"), MQTT_NEXT_BROKEN);
}

static void test_publish(void **state)
{
    (void)state;
    assert_int_equal(read_hex(MQTT_3_1_1, "30 06 00 03 61 2f 62 21"), MQTT_NEXT_PACKET);
    assert_int_equal(packet.topic_length, 3);
    assert_memory_equal(packet.topic, "a/b", 3);
    assert_int_equal(packet.payload_length, 1);
    assert_memory_equal(packet.payload, "!", 1);
    assert_int_equal(packet.qos, 0);
    assert_int_equal(read_hex(MQTT_3_1_1, "3b 05 00 01 61 00 07"), MQTT_NEXT_PACKET);
    assert_int_equal(packet.qos, 1);
    assert_true(packet.duplicate && packet.retained);
    assert_int_equal(packet.id, 7);
    assert_int_equal(packet.payload_length, 0);
    assert_non_null(packet.payload);
    assert_int_equal(read_hex(MQTT_5, "32 0b 00 01 61 00 07 03 02 00 01 68 69"), MQTT_NEXT_PACKET);
    assert_int_equal(packet.payload_length, 2);
    assert_memory_equal(packet.payload, "hi", 2);
    assert_int_equal(read_hex(MQTT_3_1_1, "36 05 00 01 61 00 07"), MQTT_NEXT_BROKEN); /* QoS 3 */
    assert_int_equal(read_hex(MQTT_3_1_1, "30 02 00 00"), MQTT_NEXT_BROKEN);          /* no topic */
    assert_int_equal(read_hex(MQTT_3_1_1, "32 05 00 01 61 00 00"), MQTT_NEXT_BROKEN); /* packet id 0 */
    assert_int_equal(read_hex(MQTT_3_1_1, "30 02 00 05"), MQTT_NEXT_BROKEN);          /* topic beyond the packet */
    assert_int_equal(read_hex(MQTT_5, "30 04 00 01 61 09"), MQTT_NEXT_BROKEN);        /* properties beyond it */
}

static void test_suback_and_disconnect(void **state)
{
    (void)state;
    assert_int_equal(read_hex(MQTT_3_1_1, "90 04 00 01 01 80"), MQTT_NEXT_PACKET);
    assert_int_equal(packet.granted_count, 2);
    assert_int_equal(packet.granted[1], 0x80);
    assert_int_equal(read_hex(MQTT_5, "90 05 00 01 00 00 8f"), MQTT_NEXT_PACKET);
    assert_int_equal(packet.granted_count, 2);
    assert_int_equal(packet.granted[1], 0x8f);
    assert_int_equal(read_hex(MQTT_5, "e0 00"), MQTT_NEXT_PACKET);
    assert_int_equal(packet.reason, 0);
    assert_int_equal(read_hex(MQTT_5, "e0 02 8b 00"), MQTT_NEXT_PACKET);
    assert_string_equal(mqtt_reason_text(packet.reason), "it is shutting down");
    assert_int_equal(read_hex(MQTT_5, "d0 00"), MQTT_NEXT_PACKET);
    assert_int_equal(packet.type, MQTT_PINGRESP);
}

static void test_what_no_broker_sends(void **state)
{
    (void)state;
    assert_int_equal(read_hex(MQTT_5, "48"), MQTT_NEXT_BROKEN); /* the H of HTTP */
    assert_string_equal(error.text, "not a packet that a broker sends");
    assert_int_equal(read_hex(MQTT_5, "30 ff ff ff ff 01"), MQTT_NEXT_BROKEN);
    assert_string_equal(error.text, "a packet's length is malformed");
    assert_int_equal(read_hex(MQTT_5, "90 ff ff ff 7f"), MQTT_NEXT_BROKEN);
    assert_int_equal(read_hex(MQTT_5, ""), MQTT_NEXT_MORE);
    assert_int_equal(read_hex(MQTT_5, "30 ff ff ff"), MQTT_NEXT_MORE);
}

/* The same packets however the network cuts them. */
static void test_any_cut(void **state)
{
    static const uint8_t stream[] = "\x20\x03\x00\x00\x00\x90\x04\x00\x01\x00\x00\x30\x06\x00\x01""a\x00hi\x32\x08\x00\x01""b\x00\x01\x00yo\xd0";
    (void)state;
    for (size_t cut = 1; cut < sizeof stream; cut++) {
        unsigned packets = 0;
        mqtt_reader_release(&reader);
        mqtt_reader_init(&reader, MQTT_5);
        for (size_t at = 0; at < sizeof stream; at += cut) {
            put_bytes(stream + at, sizeof stream - at < cut ? sizeof stream - at : cut);
            enum mqtt_next next;
            while ((next = mqtt_reader_next(&reader, &packet, &error)) == MQTT_NEXT_PACKET)
                packets++;
            assert_int_equal(next, MQTT_NEXT_MORE);
        }
        assert_int_equal(packets, 5);
        assert_int_equal(packet.type, MQTT_PINGRESP);
    }
}

/* Payloads up to 1 MiB are held, larger ones pass by; the reader gives its memory back. */
static void test_large_packets(void **state)
{
    static const size_t sizes[] = {100, 60000, 65536, 70000, 1 << 20, (1 << 20) + 1, (1 << 20) + 70000, 5 << 20};
    (void)state;
    mqtt_reader_release(&reader);
    mqtt_reader_init(&reader, MQTT_3_1_1);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        size_t body = 2 + 5 + 2 + sizes[i], length = 5 + body;
        uint8_t *bytes = memory_new(length + 2), *at = bytes;
        *at++ = 0x32;
        for (int j = 0; j < 4; j++)
            *at++ = (uint8_t)((body >> (7 * j) & 0x7f) | (j < 3 ? 0x80 : 0));
        memcpy(at, "\0\005topic\0\1", 9);
        memset(at + 9, 'x', sizes[i]);
        memcpy(bytes + length, "\xd0\0", 2);
        unsigned packets = 0;
        for (size_t sent = 0; sent < length + 2;) {
            size_t room;
            uint8_t *to = mqtt_reader_room(&reader, &room);
            if (room > length + 2 - sent)
                room = length + 2 - sent;
            memcpy(to, bytes + sent, room);
            mqtt_reader_added(&reader, room);
            sent += room;
            assert_true(reader.capacity <= (1 << 20) + (256 << 10));
            enum mqtt_next next;
            while ((next = mqtt_reader_next(&reader, &packet, &error)) == MQTT_NEXT_PACKET) {
                if (packets++)
                    continue;
                assert_int_equal(packet.type, MQTT_PUBLISH);
                assert_int_equal(packet.id, 1);
                assert_memory_equal(packet.topic, "topic", 5);
                assert_int_equal(packet.payload_length, sizes[i]);
                assert_int_equal(packet.payload != NULL, sizes[i] <= MQTT_PAYLOAD_MAX);
            }
            assert_int_equal(next, MQTT_NEXT_MORE);
        }
        assert_int_equal(packets, 2);
        assert_int_equal(packet.type, MQTT_PINGRESP);
        free(bytes);
    }
    size_t room;
    mqtt_reader_room(&reader, &room);
    assert_true(reader.capacity <= 64 << 10);
}

/* Packets read one after the other keep their texts until room is asked for, whatever follows them: here the beginning of
 * one that is larger than all the reader holds. */
static void test_packets_at_once(void **state)
{
    static const uint8_t stream[] = "\x30\x04\x00\x01""ax\x30\x04\x00\x01""by\x30\x80\x80\x10\x00\x01""c";
    struct mqtt_packet first, second, third;
    size_t room;
    (void)state;
    mqtt_reader_release(&reader);
    mqtt_reader_init(&reader, MQTT_3_1_1);
    put_bytes(stream, sizeof stream - 1);
    assert_int_equal(mqtt_reader_next(&reader, &first, &error), MQTT_NEXT_PACKET);
    assert_int_equal(mqtt_reader_next(&reader, &second, &error), MQTT_NEXT_PACKET);
    assert_int_equal(mqtt_reader_next(&reader, &third, &error), MQTT_NEXT_MORE);
    assert_memory_equal(first.topic, "ax", 2);
    assert_memory_equal(second.topic, "by", 2);
    mqtt_reader_room(&reader, &room);
    assert_true(room >= (256 << 10) - 3);
}

static void test_words(void **state)
{
    (void)state;
    assert_string_equal(mqtt_connack_text(MQTT_3_1_1, 4), "bad user name or password");
    assert_string_equal(mqtt_connack_text(MQTT_5, 0x86), "bad user name or password");
    assert_string_equal(mqtt_connack_text(MQTT_5, 1), "it does not speak this version of MQTT");
    assert_string_equal(mqtt_connack_text(MQTT_3_1_1, 200), "no reason known");
    assert_string_equal(mqtt_reason_text(0xff), "no reason known");
    assert_string_equal(mqtt_reason_text(0x92), "no reason known");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_writing),
        cmocka_unit_test(test_connack),
        cmocka_unit_test(test_publish),
        cmocka_unit_test(test_suback_and_disconnect),
        cmocka_unit_test(test_what_no_broker_sends),
        cmocka_unit_test(test_any_cut),
        cmocka_unit_test(test_large_packets),
        cmocka_unit_test(test_packets_at_once),
        cmocka_unit_test(test_words),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    mqtt_reader_release(&reader);
    return failed;
}
