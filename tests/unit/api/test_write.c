/* Writing through the door: who may, what is kept, what a second try does, and what is refused. */
#include "door.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

static struct door door;
static char tokens[ROLE_COUNT][TOKEN_TEXT];

static const char ledger[] = "id,name,kind,parent,building,period\nGW-1,网关1,gateway,,涵英楼,60s\nT-1,水表1,terminal,GW-1,涵英楼,36m\n";

static void make_token(enum role role)
{
    char body[96];
    snprintf(body, sizeof body, "{\"name\":\"%s\",\"role\":\"%s\"}", role_name(role), role_name(role));
    struct answer answer = ASK(.method = "POST", .path = "/api/v1/tokens", .body = body);
    expect_status(&answer, 201);
    snprintf(tokens[role], sizeof tokens[role], "%s", json_get_text(answer.json, "token", ""));
    assert_int_equal(strlen(tokens[role]), 47);
    answer_release(&answer);
}

static int open_door(void **state)
{
    (void)state;
    door_prepare(&door);
    door_start(&door);
    for (int role = ROLE_VIEWER; role < ROLE_COUNT; role++)
        make_token((enum role)role);
    struct answer answer = ASK(.method = "POST", .path = "/api/v1/ledger/import", .body = ledger, .type = "text/csv");
    expect_status(&answer, 200);
    assert_int_equal(json_get_integer(answer.json, "added", 0), 2);
    answer_release(&answer);
    return 0;
}

static int close_door(void **state)
{
    (void)state;
    door_close(&door);
    return 0;
}

/* ---- roles: every route against every role ---- */

static void fill_path(char *out, size_t size, const char *pattern)
{
    const char *brace = strchr(pattern, '{');
    if (!brace)
        snprintf(out, size, "%s", pattern);
    else
        snprintf(out, size, "%.*sT-1%s", (int)(brace - pattern), pattern, strchr(brace, '}') + 1);
}

static void every_route_asks_for_its_role(void **state)
{
    (void)state;
    for (unsigned i = 0; i < route_count; i++) {
        const struct route *route = &routes[i];
        if (strcmp(route->path, "/api/v1/events") == 0)
            continue; /* an answer without end; test_events.c */
        char path[128];
        fill_path(path, sizeof path, route->path);
        for (int role = ROLE_VIEWER; role < ROLE_COUNT; role++) {
            bool csv = route->body && strcmp(route->body, "csv") == 0;
            struct answer answer = ASK(.method = route->method, .path = path, .token = tokens[role],
                                       .body = !route->body ? NULL : csv ? "id\n" : "{}", .type = csv ? "text/csv" : NULL);
            bool refused = answer.status == 403 || answer.status == 401;
            bool may = (enum role)role >= route->role;
            if (refused == may || answer.status >= 500 || answer.status == 405)
                fail_msg("%s %s as %s: %ld %s", route->method, path, role_name((enum role)role), answer.status,
                         buffer_text(&answer.body));
            answer_release(&answer);
        }
        struct answer answer = ASK(.method = route->method, .path = path, .token = "noc_nobody");
        if (route->role != ROLE_NONE)
            expect_problem(answer, 401, "denied", "token");
        else
            answer_release(&answer);
    }
}

static void grants_of_the_configuration_raise_a_role(void **state)
{
    (void)state;
    struct answer answer = ASK(.path = "/api/v1/whoami", .token = tokens[ROLE_VIEWER]);
    assert_string_equal(json_get_text(answer.json, "role", ""), "viewer");
    assert_string_equal(json_get_text(answer.json, "name", ""), "token:viewer");
    answer_release(&answer);
    door.grants[0] = (struct site_grant){ROLE_SUPERVISOR, "token:viewer"};
    door.grants[1] = (struct site_grant){ROLE_OPERATOR, "*"};
    door.site.grant_count = 2;
    answer = ASK(.path = "/api/v1/whoami", .token = tokens[ROLE_VIEWER]);
    assert_string_equal(json_get_text(answer.json, "role", ""), "supervisor");
    answer_release(&answer);

    static const struct { struct who who; enum role role; } people[] = {
        {{.name = "user:wang"}, ROLE_OPERATOR},
        {{.name = "user:li", .groups = {"x", "noc-admin"}, .group_count = 2}, ROLE_ADMIN},
        {{.name = "user:noc-admin"}, ROLE_OPERATOR},
        {{.name = "user:daemon", .least = ROLE_ADMIN}, ROLE_ADMIN},
    };
    door.grants[2] = (struct site_grant){ROLE_ADMIN, "group:noc-admin"};
    door.site.grant_count = 3;
    for (size_t i = 0; i < ARRAY_COUNT(people); i++)
        assert_int_equal(who_role(&door.site, &people[i].who), people[i].role);
    door.site.grant_count = 0;
    assert_int_equal(who_role(&door.site, &people[0].who), ROLE_NONE);
}

static void a_token_is_shown_once_and_can_be_taken_back(void **state)
{
    (void)state;
    struct answer answer = ASK(.path = "/api/v1/tokens");
    expect_status(&answer, 200);
    assert_int_equal(json_object_array_length(json_get(answer.json, "items")), ROLE_COUNT - 1);
    assert_null(strstr(answer.body.data, "noc_"));
    assert_null(strstr(answer.body.data, "hash"));
    answer_release(&answer);
    expect_problem(ASK(.method = "POST", .path = "/api/v1/tokens", .body = "{\"name\":\"viewer\"}"), 409, "conflict", "viewer");
    expect_problem(ASK(.method = "POST", .path = "/api/v1/tokens", .body = "{\"name\":\"a b\"}"), 400, "invalid", "name");
    expect_problem(ASK(.method = "POST", .path = "/api/v1/tokens", .body = "{\"name\":\"x\",\"role\":\"king\"}"), 400, "invalid", "king");
    answer = ASK(.method = "DELETE", .path = "/api/v1/tokens/viewer");
    expect_status(&answer, 204);
    answer_release(&answer);
    expect_problem(ASK(.path = "/api/v1/whoami", .token = tokens[ROLE_VIEWER]), 401, "denied", "taken back");
    expect_problem(ASK(.method = "DELETE", .path = "/api/v1/tokens/viewer"), 404, "not-found", "viewer");
}

/* ---- what is kept ---- */

static unsigned audit_count(const char *verb, const char *actor)
{
    struct answer answer = ASK(.path = "/api/v1/audit?limit=1000");
    struct json_object *items = json_get(answer.json, "items");
    unsigned count = 0;
    for (size_t i = 0; i < json_object_array_length(items); i++) {
        struct json_object *row = json_object_array_get_idx(items, i);
        count += strcmp(json_get_text(row, "verb", ""), verb) == 0 && (!actor || strcmp(json_get_text(row, "actor", ""), actor) == 0);
    }
    answer_release(&answer);
    return count;
}

static void every_write_leaves_an_audit_entry(void **state)
{
    (void)state;
    static const struct { const char *method, *path, *body, *verb; } writes[] = {
        {"PUT", "/api/v1/views/%E6%B3%B5%E6%88%BF", "{\"resource\":\"assets\",\"query\":\"filter=x\"}", "view save"},
        {"DELETE", "/api/v1/views/%E6%B3%B5%E6%88%BF", NULL, "view forget"},
        {"POST", "/api/v1/reload", NULL, "reload"},
        {"POST", "/api/v1/tokens", "{\"name\":\"n\"}", "token make"},
        {"DELETE", "/api/v1/tokens/n", NULL, "token revoke"},
    };
    for (size_t i = 0; i < ARRAY_COUNT(writes); i++) {
        unsigned before = audit_count(writes[i].verb, "token:admin");
        struct answer answer = ASK(.method = writes[i].method, .path = writes[i].path, .body = writes[i].body,
                                   .token = tokens[ROLE_ADMIN]);
        assert_int_equal(answer.status / 100, 2);
        answer_release(&answer);
        assert_int_equal(audit_count(writes[i].verb, "token:admin"), before + 1);
    }
    assert_int_equal(door.reloads, 1);
    door.reload_fails = true;
    expect_problem(ASK(.method = "POST", .path = "/api/v1/reload"), 400, "invalid", "nocturne.yml:3:1");
    assert_int_equal(audit_count("reload", NULL), 1);
}

static void a_view_changed_meanwhile_is_shown(void **state)
{
    (void)state;
    static const char one[] = "{\"resource\":\"assets\",\"query\":\"filter=one\"}";
    static const char two[] = "{\"resource\":\"assets\",\"query\":\"filter=two\"}";
    struct answer answer = ASK(.method = "PUT", .path = "/api/v1/views/v", .body = one);
    expect_status(&answer, 201);
    assert_non_null(strstr(answer.headers.data, "ETag: \"1\""));
    answer_release(&answer);
    answer = ASK(.method = "PUT", .path = "/api/v1/views/v", .body = two, .header = "If-Match: \"1\"");
    expect_status(&answer, 200);
    assert_int_equal(json_get_integer(answer.json, "revision", 0), 2);
    answer_release(&answer);
    answer = ASK(.method = "PUT", .path = "/api/v1/views/v", .body = one, .header = "If-Match: 1");
    expect_status(&answer, 409);
    assert_int_equal(json_get_integer(answer.json, "revision", 0), 2);
    assert_string_equal(json_get_text(json_get(answer.json, "current"), "query", ""), "filter=two");
    answer_release(&answer);
    expect_problem(ASK(.method = "PUT", .path = "/api/v1/views/v", .body = one, .header = "If-Match: x"), 400, "invalid", "If-Match");
    expect_problem(ASK(.method = "DELETE", .path = "/api/v1/views/v", .token = tokens[ROLE_OPERATOR]), 403, "denied", "belongs to");
    expect_problem(ASK(.method = "PUT", .path = "/api/v1/views/w", .body = "{\"query\":\"x\"}"), 400, "invalid", "resource");
    expect_problem(ASK(.method = "PUT", .path = "/api/v1/views/%1b%5B31m", .body = one), 400, "invalid", "control");
    answer = ASK(.path = "/api/v1/views/v");
    assert_string_equal(json_get_text(answer.json, "query", ""), "filter=two");
    answer_release(&answer);
    answer = ASK(.method = "DELETE", .path = "/api/v1/views/v");
    expect_status(&answer, 204);
    answer_release(&answer);
    expect_problem(ASK(.path = "/api/v1/views/v"), 404, "not-found", "v");
}

static void the_same_key_answers_as_the_first_time(void **state)
{
    (void)state;
    static const char body[] = "{\"resource\":\"assets\",\"query\":\"q\"}";
    struct answer first = ASK(.method = "PUT", .path = "/api/v1/views/k", .body = body, .header = "Idempotency-Key: k-1");
    struct answer second = ASK(.method = "PUT", .path = "/api/v1/views/k", .body = body, .header = "Idempotency-Key: k-1");
    expect_status(&first, 201);
    expect_status(&second, 201);
    assert_string_equal(first.body.data, second.body.data);
    assert_non_null(strstr(second.headers.data, "Idempotency-Replayed: true"));
    assert_non_null(strstr(second.headers.data, "ETag: \"1\""));
    assert_int_equal(audit_count("view save", NULL), 1);
    answer_release(&first);
    answer_release(&second);
    expect_problem(ASK(.method = "PUT", .path = "/api/v1/views/k", .body = "{\"resource\":\"assets\",\"query\":\"other\"}",
                       .header = "Idempotency-Key: k-1"), 409, "conflict", "another request");
    expect_problem(ASK(.method = "PUT", .path = "/api/v1/views/k", .body = body, .header = "Idempotency-Key: k-1",
                       .token = tokens[ROLE_OPERATOR]), 403, "denied", "belongs"); /* another's key is another key */
    expect_problem(ASK(.method = "PUT", .path = "/api/v1/views/k", .body = "{", .header = "Idempotency-Key: k-2"), 400, "invalid", "line");
    struct answer third = ASK(.method = "PUT", .path = "/api/v1/views/k", .body = body, .header = "Idempotency-Key: k-2");
    expect_status(&third, 200); /* a refusal is not remembered */
    assert_int_equal(json_get_integer(third.json, "revision", 0), 2);
    answer_release(&third);
}

/* ---- the ledger ---- */

static void an_import_says_what_it_did(void **state)
{
    (void)state;
    static const char csv[] = "id,name,kind,period\nGW-1,网关一,gateway,60s\nS-1,server,server,soon\nS-2,新,server,5m\nS-2,再,server,5m\n";
    struct answer dry = ASK(.method = "POST", .path = "/api/v1/ledger/import?dry_run=1&complete=1&name=a.csv", .body = csv, .type = "text/csv");
    expect_status(&dry, 200);
    assert_true(json_get_bool(dry.json, "dry_run", false));
    assert_int_equal(json_get_integer(dry.json, "removed", -1), 1);
    assert_int_equal(json_get_integer(dry.json, "changed", -1), 1);
    assert_true(json_get_integer(dry.json, "rejected", -1) >= 1);
    assert_non_null(strstr(dry.body.data, "a.csv:3"));
    answer_release(&dry);
    struct answer there = ASK(.path = "/api/v1/assets/T-1");
    expect_status(&there, 200);
    answer_release(&there);
    struct answer done = ASK(.method = "POST", .path = "/api/v1/ledger/import?complete=1", .body = csv, .type = "text/csv");
    expect_status(&done, 200);
    int64_t revision = json_get_integer(done.json, "revision", 0);
    answer_release(&done);
    expect_problem(ASK(.path = "/api/v1/assets/T-1"), 404, "not-found", "T-1");
    char header[64];
    snprintf(header, sizeof header, "If-Match: \"%lld\"", (long long)revision - 1);
    struct answer stale = ASK(.method = "POST", .path = "/api/v1/ledger/import", .body = csv, .type = "text/csv", .header = header);
    expect_status(&stale, 409);
    assert_int_equal(json_get_integer(stale.json, "revision", 0), revision);
    answer_release(&stale);
    expect_problem(ASK(.method = "POST", .path = "/api/v1/ledger/import", .body = "name\nx\n", .type = "text/csv"), 400, "invalid", "id");
}

static void what_spoke_can_be_adopted(void **state)
{
    (void)state;
    static const char readings[] = "[{\"asset\":\"NEW-1\",\"metric\":\"t\",\"value\":1},{\"asset\":\"NEW-2\",\"metric\":\"t\",\"value\":1}]";
    struct answer answer = ASK(.method = "POST", .path = "/api/v1/ingest/readings", .body = readings);
    expect_status(&answer, 200);
    answer_release(&answer);
    answer = ASK(.path = "/api/v1/assets/NEW-1");
    assert_true(json_get_bool(answer.json, "discovered", false));
    answer_release(&answer);
    answer = ASK(.method = "POST", .path = "/api/v1/assets/NEW-1/adopt", .body = "{\"name\":\"新表\",\"kind\":\"terminal\",\"parent\":\"GW-1\"}");
    expect_status(&answer, 200);
    assert_false(json_get_bool(answer.json, "discovered", true));
    assert_string_equal(json_get_text(answer.json, "name", ""), "新表");
    answer_release(&answer);
    answer = ASK(.method = "POST", .path = "/api/v1/assets/NEW-1/adopt", .body = "{}", .header = "If-Match: 77");
    assert_true(answer.status == 409 || answer.status == 400);
    answer_release(&answer);
    expect_problem(ASK(.method = "POST", .path = "/api/v1/assets/GONE/adopt", .body = "{}"), 404, "not-found", "GONE");
    answer = ASK(.method = "POST", .path = "/api/v1/assets/adopt",
                 .body = "{\"ids\":[\"NEW-2\",\"GONE\"],\"fields\":{\"kind\":\"terminal\"}}");
    expect_status(&answer, 200);
    assert_int_equal(json_get_integer(answer.json, "done", 0), 1);
    assert_int_equal(json_get_integer(answer.json, "failed", 0), 1);
    struct json_object *second = json_object_array_get_idx(json_get(answer.json, "items"), 1);
    assert_string_equal(json_get_text(second, "id", ""), "GONE");
    assert_string_equal(json_get_text(second, "code", ""), "not-found");
    answer_release(&answer);
    expect_problem(ASK(.method = "POST", .path = "/api/v1/assets/adopt", .body = "{\"ids\":\"NEW-2\"}"), 400, "invalid", "ids");
}

/* ---- what is refused ---- */

static void strange_requests_get_a_problem(void **state)
{
    (void)state;
    expect_problem(ASK(.path = "/"), 404, "not-found", "no such address");
    expect_problem(ASK(.path = "/api/v2/assets"), 404, "not-found", "no such address");
    expect_problem(ASK(.path = "/api/v1//assets"), 404, "not-found", "no such address");
    expect_problem(ASK(.path = "/api/v1/assets/%zz"), 400, "invalid", "hex");
    struct answer answer = ASK(.method = "PATCH", .path = "/api/v1/views/v");
    assert_non_null(strstr(answer.headers.data, "Allow: GET, PUT, DELETE"));
    expect_problem(answer, 405, "invalid", "PATCH");
    expect_problem(ASK(.method = "BREW", .path = "/api/v1/whoami"), 405, "invalid", "GET");
    expect_problem(ASK(.method = "POST", .path = "/api/v1/tokens", .body = "{}", .type = "text/plain"), 415, "invalid", "application/json");
    expect_problem(ASK(.method = "POST", .path = "/api/v1/reload", .header = "Origin: https://evil.example"), 403, "denied", "browsers");
    expect_problem(ASK(.method = "POST", .path = "/api/v1/tokens", .body = "[1]"), 400, "invalid", "object");
    expect_problem(ASK(.method = "PUT", .path = "/api/v1/views/v", .body = "{\"resource\":\"a\",\"query\":\"\xff\xfe\"}"), 400, "invalid", "");
}

static void bodies_have_their_limits(void **state)
{
    (void)state;
    size_t size = 9 * MEBIBYTE;
    char *garbage = memory_new(size + 1);
    uint32_t seed = 1;
    for (size_t i = 0; i < size; i++)
        garbage[i] = (char)((seed = seed * 1664525u + 1013904223u) >> 24);
    struct answer answer;
    CURLcode result = door_try(&door, &(struct ask){.method = "POST", .path = "/api/v1/ingest/readings", .body = garbage, .length = size}, &answer);
    assert_true(result == CURLE_OK || result == CURLE_SEND_ERROR || result == CURLE_RECV_ERROR);
    if (result == CURLE_OK)
        assert_int_equal(answer.status, 413);
    answer_release(&answer);
    /* Unannounced, in chunks. */
    result = door_try(&door, &(struct ask){.method = "POST", .path = "/api/v1/ingest/readings", .body = garbage, .length = size,
                                           .header = "Transfer-Encoding: chunked"}, &answer);
    if (result == CURLE_OK)
        assert_int_equal(answer.status, 413);
    answer_release(&answer);
    expect_problem(ASK(.method = "POST", .path = "/api/v1/ingest/readings", .body = garbage, .length = MEBIBYTE), 400, "invalid", "");
    answer = ASK(.method = "POST", .path = "/api/v1/ledger/import", .body = garbage, .length = MEBIBYTE, .type = "text/csv");
    assert_int_equal(answer.status, 400);
    answer_release(&answer);
    answer = ASK(.method = "GET", .path = "/api/v1/whoami");
    expect_status(&answer, 200);
    answer_release(&answer);
    free(garbage);
}

static int raw_connect(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", door.socket);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    struct timeval patience = {.tv_usec = 300000};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    return fd;
}

static void raw_garbage_does_no_harm(void **state)
{
    (void)state;
    static const char *const openings[] = {
        "", "GET", "\x16\x03\x01\x02\x00\x01\x00", "GET / HTTP/9.9\r\n\r\n", "GET  HTTP/1.1\r\nHost: x\r\n\r\n",
        "POST /api/v1/tokens HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
        "POST /api/v1/tokens HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999999\r\n\r\n",
        "POST /api/v1/tokens HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "POST /api/v1/tokens HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{",
    };
    for (size_t i = 0; i < ARRAY_COUNT(openings); i++) {
        int fd = raw_connect();
        char got[512];
        assert_int_equal(send(fd, openings[i], strlen(openings[i]), MSG_NOSIGNAL), strlen(openings[i]));
        shutdown(fd, SHUT_WR);
        while (recv(fd, got, sizeof got, 0) > 0)
            continue;
        close(fd);
    }
    int fd = raw_connect();
    char line[1024];
    memset(line, 'a', sizeof line);
    send(fd, "GET /", 5, MSG_NOSIGNAL);
    for (int i = 0; i < 1024 && send(fd, line, sizeof line, MSG_NOSIGNAL) > 0; i++)
        continue;
    close(fd);
    struct answer answer = ASK(.path = "/api/v1/whoami");
    expect_status(&answer, 200);
    answer_release(&answer);
}

static void sweep_at(struct door *at, void *argument)
{
    listeners_sweep(at->api, clock_steady() + *(msec *)argument);
}

static void a_request_that_drips_is_ended(void **state)
{
    (void)state;
    int fd = raw_connect();
    char got[16];
    msec later = 10 * SPAN_SECOND;
    assert_int_equal(send(fd, "GET /api", 8, MSG_NOSIGNAL), 8);
    usleep(50000);
    door_run(&door, sweep_at, &later);
    assert_int_equal(send(fd, "/", 1, MSG_NOSIGNAL), 1); /* still there */
    later = 20 * SPAN_SECOND;
    struct pollfd end = {.fd = fd, .events = POLLIN};
    for (int tries = 0; tries < 3000 && poll(&end, 1, 20) == 0; tries++)
        door_run(&door, sweep_at, &later); /* it may not have been accepted before */
    assert_true(end.revents != 0);
    assert_true(recv(fd, got, sizeof got, MSG_DONTWAIT) <= 0);
    close(fd);
}

/* ---- the socket ---- */

static void a_living_socket_is_not_taken_and_a_stale_one_is(void **state)
{
    (void)state;
    uv_loop_t loop;
    uv_loop_init(&loop);
    struct error error;
    struct stat mode;
    assert_int_equal(stat(door.socket, &mode), 0);
    assert_int_equal(mode.st_mode & 07777, 0660);
    struct store *store = store_open(&loop, &(struct store_options){.url = "memory", .state_dir = ""}, &error);
    struct fleet_options options = {.stale_periods = 1.5, .timeout_periods = 3, .default_period = SPAN_MINUTE, .discovered_limit = 1,
                                    .future_limit = SPAN_MINUTE, .past_limit = SPAN_DAY};
    struct fleet *fleet = fleet_new(&loop, store, &options);
    struct api_parts parts = {.fleet = fleet, .store = store, .site = &door.site, .socket = door.socket};
    struct api *api = api_new(&loop, &parts, &error);
    assert_false(api_start(api, &error));
    assert_int_equal(error.code, ERROR_CONFLICT);
    assert_non_null(strstr(error.text, door.socket));
    api_free(&api);
    assert_int_equal(access(door.socket, F_OK), 0);

    char stale[sizeof((struct sockaddr_un *)NULL)->sun_path];
    snprintf(stale, sizeof stale, "%s/stale.sock", door.folder);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", stale);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    close(fd);
    parts.socket = stale;
    api = api_new(&loop, &parts, &error);
    assert_true(api_start(api, &error));
    assert_string_equal(api_socket(api), stale);
    api_free(&api);
    assert_int_not_equal(access(stale, F_OK), 0);

    FILE *file = fopen(stale, "w");
    fclose(file);
    api = api_new(&loop, &parts, &error);
    assert_false(api_start(api, &error));
    assert_int_equal(error.code, ERROR_INVALID);
    api_free(&api);
    assert_int_equal(access(stale, F_OK), 0);
    fleet_free(&fleet);
    store_close(&store);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_door, close_door)
    const struct CMUnitTest tests[] = {
        TEST(every_route_asks_for_its_role),
        TEST(grants_of_the_configuration_raise_a_role),
        TEST(a_token_is_shown_once_and_can_be_taken_back),
        TEST(every_write_leaves_an_audit_entry),
        TEST(a_view_changed_meanwhile_is_shown),
        TEST(the_same_key_answers_as_the_first_time),
        TEST(an_import_says_what_it_did),
        TEST(what_spoke_can_be_adopted),
        TEST(strange_requests_get_a_problem),
        TEST(bodies_have_their_limits),
        TEST(raw_garbage_does_no_harm),
        TEST(a_request_that_drips_is_ended),
        TEST(a_living_socket_is_not_taken_and_a_stale_one_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
