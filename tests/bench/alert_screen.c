/* From a reading to the alert on a person's screen: pushes one reading over its limit, and waits until the console, in the
 * Alerts view of a terminal of 200x60, shows the name of what it is about. The clock starts before the push.
 *   alert_screen NOCTURNE SOCKET PREFIX FIRST COUNT
 * pushes to PREFIX0000FIRST and on, at most as many as fit; prints the ms of each that came. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <uv.h>

#include "base/buffer.h"
#include "client/client.h"
#include "screen/harness.h"

#define PATIENCE 2000

static void push(struct client *client, const char *id)
{
    char body[120];
    struct error error = {0};
    struct buffer answer = BUFFER_INIT;
    snprintf(body, sizeof body, "[{\"asset\":\"%s\",\"metric\":\"temperature\",\"value\":99}]", id);
    if (!client_call(client, "POST", "/ingest/readings", body, strlen(body), NULL, &answer, &error)) {
        fprintf(stderr, "%s\n", error.text);
        exit(1);
    }
    buffer_release(&answer);
}

int main(int argc, char **argv)
{
    if (argc != 6)
        return 2;
    int first = atoi(argv[4]), count = atoi(argv[5]), missed = 0;
    const char *arguments[] = {argv[1], "--socket", argv[2], NULL};
    struct harness *harness = harness_start(&(struct harness_options){.rows = 60, .columns = 200, .arguments = arguments});
    uv_loop_t loop;
    struct error error = {0};
    uv_loop_init(&loop);
    struct client *client = client_new(&loop, &(struct client_options){.socket = argv[2]}, &error);
    harness_pump(harness, 1500);
    harness_keys(harness, "2");
    harness_pump(harness, 1500);
    for (int i = 0; i < count && missed < 5; i++) {
        char id[40];
        snprintf(id, sizeof id, "%s%06d", argv[3], first + i);
        harness_keys(harness, "g"); /* the top: the cursor keeps its row, and would leave with it */
        harness_pump(harness, 50 + 37 * (i % 11)); /* out of step with the console's own refresh */
        uint64_t started = uv_hrtime();
        push(client, id);
        if (harness_wait_text(harness, id, PATIENCE))
            printf("%.1f\n", (double)(uv_hrtime() - started) / 1e6);
        else if (missed++ == 0)
            fprintf(stderr, "%s did not come:\n%s", id, harness_text(harness));
    }
    harness_keys(harness, "q");
    harness_free(&harness);
    client_free(&client);
    while (uv_run(&loop, UV_RUN_DEFAULT))
        ;
    return missed > 0;
}
