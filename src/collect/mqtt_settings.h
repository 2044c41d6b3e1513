/* What the configuration says of an MQTT source, and where a broker is: private to mqtt.c and check_mqtt.c. */
#ifndef COLLECT_MQTT_SETTINGS_H
#define COLLECT_MQTT_SETTINGS_H

#include "base/config.h"

/* Where a broker listens: mqtt://HOST[:1883], mqtts://HOST[:8883], ws://HOST[:80][/PATH], wss://HOST[:443][/PATH]. */
struct mqtt_address {
    char *host;
    unsigned port;
    bool tls;
    char *path; /* of a WebSocket, "/mqtt" where the url has none; NULL: plain MQTT */
};
bool mqtt_address_parse(struct mqtt_address *address, const char *url, struct error *error);
void mqtt_address_release(struct mqtt_address *address);

struct mqtt_settings {
    struct mqtt_address address;
    char *headers, *headers_file; /* of its upgrade: lines that end with CR LF; NULL: none */
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
/* The first line of the password file, or the variable; "" without either. Read each time: it may be changed while we run. */
bool mqtt_settings_password(const struct mqtt_settings *settings, char *password, size_t size, struct error *error);
/* The upgrade's further lines, those of the file included (read each time); the caller wipes and releases. */
bool mqtt_settings_headers(const struct mqtt_settings *settings, struct buffer *lines, struct error *error);

#endif
