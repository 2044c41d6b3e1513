/* What the configuration says of an MQTT source: private to mqtt.c. */
#ifndef COLLECT_MQTT_SETTINGS_H
#define COLLECT_MQTT_SETTINGS_H

#include "base/config.h"

struct mqtt_settings {
    char *host;
    unsigned port;
    bool tls;
    char *ca, *certificate, *key, *tls_name; /* NULL: not given */
    char *user, *password_file, *password_env;
    char *client_id;         /* never NULL */
    unsigned version;        /* MQTT_3_1_1 or MQTT_5; 0: the newest that the broker speaks */
    unsigned qos;
    unsigned keep_alive;     /* seconds */
    unsigned session_expiry; /* seconds; 0: every connection starts anew */
    unsigned receive_maximum;
    char *share;             /* group of a shared subscription; NULL: none */
    msec timeout, retry_min, retry_max;
};

extern const struct config_key mqtt_keys[];
void mqtt_validate(const struct config_node *node, struct config_problems *problems);
/* From a checked mapping; `name` is the source's. */
bool mqtt_settings_load(struct mqtt_settings *settings, const struct config_node *node, const char *name,
                        struct error *error);
void mqtt_settings_release(struct mqtt_settings *settings);

#endif
