/* The decoders of the alert desk's resources on any bytes. */
#include <stddef.h>
#include <stdint.h>

#include "wire/alerts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *bytes = (const char *)data;
    struct arena *arena = arena_new();
    struct wire_page page;
    struct wire_alert_hidden hidden;
    struct wire_alert *alerts;
    struct wire_alert_page one;
    struct buffer out = BUFFER_INIT;
    struct json_writer writer;
    struct error error;
    unsigned count;
    json_start(&writer, &out);
    if (wire_read_alerts(bytes, size, arena, &page, &hidden, &alerts, &count, &error)) {
        wire_alerts_begin(&writer, &page, &hidden);
        for (unsigned i = 0; i < count; i++)
            wire_write_alert(&writer, &alerts[i], WIRE_ALERT_WHOLE);
        wire_list_end(&writer);
    }
    if (wire_read_alert_page(bytes, size, arena, &one, &error))
        wire_write_alert_page(&writer, &one);
#define LIST(name, resource)                                                             \
    do {                                                                                 \
        struct wire_##resource *items;                                                   \
        if (wire_read_##name(bytes, size, arena, &page, &items, &count, &error))         \
            for (unsigned i = 0; i < count; i++)                                         \
                wire_write_##resource(&writer, &items[i]);                               \
    } while (0)
    LIST(alert_groups, alert_group);
    LIST(silences, silence);
    LIST(downtimes, downtime);
    LIST(rules, rule);
    LIST(notifications, notification);
    buffer_release(&out);
    arena_free(&arena);
    return 0;
}
