/* The yardstick of PEERS.md section 3: a libmosquitto subscriber that throws everything away.
 * mqtt_discard PORT FILTER COUNT: ends after COUNT messages, or when none came for 3 s. */
#include <mosquitto.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static long received;
static const char *filter;

static void on_connect(struct mosquitto *client, void *owner, int code)
{
    (void)owner, (void)code;
    mosquitto_subscribe(client, NULL, filter, 0);
}

static void on_subscribe(struct mosquitto *client, void *owner, int id, int count, const int *granted)
{
    (void)client, (void)owner, (void)id, (void)count, (void)granted;
    puts("ready");
    fflush(stdout);
}

static void on_message(struct mosquitto *client, void *owner, const struct mosquitto_message *message)
{
    (void)client, (void)owner, (void)message;
    received++;
}

int main(int count, char **words)
{
    if (count < 4)
        return 2;
    long wanted = atol(words[3]), last = 0;
    filter = words[2];
    mosquitto_lib_init();
    struct mosquitto *client = mosquitto_new(NULL, true, NULL);
    mosquitto_connect_callback_set(client, on_connect);
    mosquitto_subscribe_callback_set(client, on_subscribe);
    mosquitto_message_callback_set(client, on_message);
    if (mosquitto_connect(client, "127.0.0.1", atoi(words[1]), 60) != MOSQ_ERR_SUCCESS)
        return 1;
    time_t heard = time(NULL);
    while (received < wanted && time(NULL) - heard < (received ? 3 : 20)) {
        if (mosquitto_loop(client, 100, 64) != MOSQ_ERR_SUCCESS)
            break;
        if (received != last)
            heard = time(NULL);
        last = received;
    }
    printf("%ld\n", received);
    return 0;
}
