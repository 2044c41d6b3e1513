/* The mapping of a source of type events: where in another system's JSON the parts of an alert stand. A part is given as
 *   /host/name         a JSON pointer into the item
 *   ^/receiver         into the whole body
 *   {/host}: {/text}   a text with pointers in it
 *   web                anything else: that text itself
 * or a list of these, of which the first that is there counts. Private to the collector and its tests. */
#ifndef COLLECT_EVENTS_MAP_H
#define COLLECT_EVENTS_MAP_H

#include "collect/alarm.h"
#include "model/labels.h"

enum event_part {
    EVENT_ASSET, EVENT_PLACE, EVENT_NAME, EVENT_RULE, EVENT_SEVERITY, EVENT_STATE, EVENT_SUMMARY, EVENT_VALUE, EVENT_TIME,
    EVENT_KEY, EVENT_RUNBOOK, EVENT_TYPE, EVENT_PARTS
};

struct event_texts {
    char **text;
    unsigned count;
};

struct events_map {
    char *items;                      /* pointer to the list, "" the body itself; NULL: wherever it usually is */
    struct event_texts part[EVENT_PARTS];
    struct event_texts labels, annotations;  /* pointers */
    struct event_texts raise, clear, ignore; /* words of the state, `*` any run */
    struct severity_words severities;
    bool has_state;                   /* the configuration names it: an item without one is wrong */
    msec expire;
};
extern const struct config_key events_keys[];
void events_map_read(struct events_map *map, const struct config_node *node, struct config_problems *problems);
void events_map_release(struct events_map *map);

/* One item as an alarm; its texts live here until the next. */
struct event_alarm {
    struct alarm alarm;
    struct buffer part[EVENT_PARTS], key, label_text;
    struct labels_draft draft;
};
void event_alarm_release(struct event_alarm *event);
enum event_verdict { EVENT_USED, EVENT_IGNORED, EVENT_WRONG };
enum event_verdict event_alarm_read(struct event_alarm *event, const struct events_map *map, const struct alarm_sink *sink,
                                    struct json_object *item, struct json_object *whole, struct error *error);
/* The items of a body: the list, or the body itself as the only one (*list is NULL then). False: not there. */
bool events_items(const struct events_map *map, struct json_object *whole, struct json_object **list, struct error *error);

#endif
