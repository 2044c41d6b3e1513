/* Redundancy groups: who stands in for whom, and how many are left. */
#include "api/handlers.h"
#include "api/private.h"

static void write_group(struct json_writer *writer, const struct fleet *fleet, const struct alert_group_state *group)
{
    json_write_object(writer, NULL);
    json_write_text(writer, "name", group->name);
    json_write_text(writer, "filter", group->filter);
    json_write_text(writer, "state", group->gone ? "gone" : group->alive < group->total ? "reduced" : "ok");
    json_write_integer(writer, "alive", group->alive);
    json_write_integer(writer, "total", group->total);
    json_write_integer(writer, "need", group->need);
    json_write_text(writer, "severity", severity_name(group->severity));
    json_write_text(writer, "alert", group->alert);
    json_write_array(writer, "members");
    for (unsigned i = 0; i < group->total; i++) {
        struct fleet_view view;
        fleet_get(fleet, group->assets[i], &view);
        json_write_object(writer, NULL);
        json_write_text(writer, "id", view.row.field[ASSET_id]);
        json_write_text(writer, "name", view.row.field[ASSET_name]);
        json_write_text(writer, "health", health_name(view.health));
        json_write_object_end(writer);
    }
    json_write_array_end(writer);
    json_write_object_end(writer);
}

void get_redundancy(struct request *request)
{
    const struct alerts *alerts = request->api->alerts;
    struct alert_group_state group;
    struct json_writer writer;
    unsigned count = 0;
    while (alerts && alerts_group_at(alerts, count, &group))
        count++;
    struct wire_page page = {.total = count, .population = count};
    request_page(request, &page);
    json_start(&writer, &request->answer);
    wire_list_begin(&writer, &page);
    for (unsigned i = 0; i < count; i++)
        if (alerts_group_at(alerts, i, &group))
            write_group(&writer, request->api->fleet, &group);
    wire_list_end(&writer);
    request_finish_json(request);
}
