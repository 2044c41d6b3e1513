/* The alert desk on the event stream: `alerts` says what changed, `notice` what people are to be told. */
#include <string.h>

#include "api/private.h"
#include "base/memory.h"
#include "wire/alerts.h"

static void alerts_changed(void *owner, uint64_t revision, const struct alert *const *changed, uint32_t count)
{
    struct api *api = owner;
    struct alert_counts counts;
    const struct alert *const *rows;
    struct buffer text = BUFFER_INIT;
    struct json_writer writer;
    uint32_t total;
    enum severity worst = SEVERITY_INFO;
    alerts_select(api->alerts, &(struct alert_select){.filter = ""}, &rows, &total, &counts, NULL);
    for (int severity = 0; severity < SEVERITY_COUNT; severity++)
        if (counts.by_severity[severity])
            worst = (enum severity)severity;
    json_start(&writer, &text);
    json_write_object(&writer, NULL);
    json_write_integer(&writer, "revision", (int64_t)revision);
    json_write_array(&writer, "ids");
    for (uint32_t i = 0; i < count; i++)
        json_write_text(&writer, NULL, alert_id(changed[i]));
    json_write_array_end(&writer);
    json_write_integer(&writer, "unhandled", counts.unhandled);
    json_write_text(&writer, "worst", severity_name(worst));
    json_write_bool(&writer, "flood", counts.flood);
    json_write_object_end(&writer);
    events_publish(api->events, "alerts", text.data, text.length);
    buffer_release(&text);
}

static void alerts_notice(void *owner, const struct alert *alert, enum alert_notice notice)
{
    static const char *const what[] = {"raise", "remind", "resolve", "storm"};
    struct api *api = owner;
    struct wire_alert row;
    struct buffer text = BUFFER_INIT;
    struct json_writer writer;
    alerts_wire(api->alerts, alert, NULL, &row);
    json_start(&writer, &text);
    json_write_object(&writer, NULL);
    json_write_text(&writer, "id", row.id);
    json_write_text(&writer, "what", what[notice]);
    json_write_text(&writer, "severity", severity_name(row.severity));
    json_write_text(&writer, "name", row.name);
    json_write_text(&writer, "source", row.source);
    json_write_text(&writer, "asset", row.asset);
    json_write_text(&writer, "place", row.place);
    json_write_text(&writer, "summary", row.summary);
    json_write_object_end(&writer);
    events_publish(api->events, "notice", text.data, text.length);
    buffer_release(&text);
}

void alerts_events_begin(struct api *api)
{
    if (api->alerts)
        alerts_listen(api->alerts, &(struct alerts_listener){.owner = api, .changed = alerts_changed, .notice = alerts_notice});
}

void alerts_events_end(struct api *api)
{
    if (api->alerts)
        alerts_unlisten(api->alerts, api);
}
