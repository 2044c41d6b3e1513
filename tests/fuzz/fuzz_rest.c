/* Answers of a platform: what they say of the next page and of a login. Pages end, no host but the asked one follows, and a
 * token is never kept twice. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "collect/collector.h"
#include "collect/rest_plan.h"

static const char *const configurations[] = {
    "{url: 'http://h', asset: a, pages: {next: /n}, login: {url: 'http://h/l', body: x, token: /t, refresh_token: /r, expires: /e}}",
    "{url: 'http://h?{page}', asset: a, pages: {more: /more}, login: {url: 'http://h/l', body: x}}",
    "{url: 'http://h?{page}', asset: a, items: /d, pages: {count: /c}, login: {url: 'http://h/l', body: x, token: /0}}",
    "{url: 'http://h?{offset}', asset: a, items: /d, pages: {total: /t}, login: {url: 'http://h/l', body: x, token: /a/b}}",
    "{url: 'http://h?{page}', asset: a, pages: {size: 2}, login: {url: 'http://h/l', body: x}}",
};
#define COUNT (sizeof configurations / sizeof *configurations)

static struct rest_plan plans[COUNT];
static bool ready;

static void plans_make(void)
{
    for (size_t i = 0; i < COUNT; i++) {
        struct config *config = config_new();
        struct config_problems problems;
        struct error error;
        config_problems_init(&problems);
        config_load_text(config, "fuzz", configurations[i], strlen(configurations[i]), &problems);
        assert(rest_plan_load(&plans[i], config_root(config), &error));
        config_problems_release(&problems);
        config_free(&config);
    }
    ready = true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rest_position position = {0};
    struct rest_session session = {0};
    struct scan scan;
    struct error error = {0};
    if (!ready)
        plans_make();
    if (size < 1)
        return 0;
    struct rest_plan *plan = &plans[data[0] % COUNT];
    char *body = malloc(size);
    memcpy(body, data + 1, size - 1);
    body[size - 1] = '\0';
    scan_init(&scan);
    rest_position_begin(&position, plan);
    enum rest_next next = rest_position_advance(&position, plan, &scan, "http://h/a", body, size - 1, &error);
    assert(next != REST_WRONG || error.text[0]);
    assert(!position.url || strncmp(position.url, "http://h/", 9) == 0 || strncmp(position.url, "http://h:80/", 12) == 0 ||
           strncmp(position.url, "http://H", 8) == 0);
    if (next == REST_NEXT) /* the same answer again is never a third page */
        assert(rest_position_advance(&position, plan, &scan, "http://h/a", body, size - 1, &error) != REST_NEXT);
    if (rest_session_read(&session, plan, body, size - 1, 0, &error))
        assert(session.token && *session.token);
    assert(plan->secrets.count <= 1);
    const struct rest_values values = {.cursor = position.cursor, .token = session.token, .refresh = session.refresh};
    struct buffer out = BUFFER_INIT;
    for (enum rest_escape escape = REST_PLAIN; escape <= REST_JSON; escape++)
        rest_fill(plan, &values, body, escape, &out);
    buffer_release(&out);
    rest_session_release(&session);
    rest_position_release(&position);
    scan_release(&scan);
    free(body);
    return 0;
}
