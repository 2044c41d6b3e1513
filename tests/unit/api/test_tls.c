/* The door over TLS, with an authority of our own: tokens, client certificates, and those who have neither. */
#include "door.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

static struct door door;
static char folder[64], url[64], file[9][96];
enum { CA, CA_KEY, SERVER, SERVER_KEY, CLIENT, CLIENT_KEY, OTHER_CA, STRANGER, STRANGER_KEY };
static const char *const file_name[] = {"ca.pem", "ca.key", "server.pem", "server.key", "client.pem", "client.key",
                                        "other.pem", "stranger.pem", "stranger.key"};

static void shell(const char *format, ...)
{
    char command[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(command, sizeof command, format, arguments);
    va_end(arguments);
    if (system(command) != 0)
        fail_msg("failed: %s", command);
}

static void make_authority(const char *name)
{
    shell("cd %s && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout %s.key -out %s.pem -days 2 "
          "-subj /CN=%s 2>/dev/null", folder, name, name, name);
}

static void make_certificate(const char *authority, const char *name, const char *subject, const char *extension)
{
    shell("cd %s && openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout %s.key -out %s.csr -subj '%s' 2>/dev/null "
          "&& printf '%s' > %s.ext && openssl x509 -req -in %s.csr -CA %s.pem -CAkey %s.key -CAcreateserial -days 2 -extfile %s.ext "
          "-out %s.pem 2>/dev/null", folder, name, name, subject, extension, name, name, authority, authority, name, name);
}

static int make_files(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/nocturne-tls-XXXXXX");
    assert_non_null(mkdtemp(folder));
    for (size_t i = 0; i < ARRAY_COUNT(file_name); i++)
        snprintf(file[i], sizeof file[i], "%s/%s", folder, file_name[i]);
    make_authority("ca");
    make_authority("other");
    make_certificate("ca", "server", "/CN=server", "subjectAltName=IP:127.0.0.1");
    make_certificate("ca", "client", "/CN=northbound", "extendedKeyUsage=clientAuth");
    make_certificate("other", "stranger", "/CN=northbound", "extendedKeyUsage=clientAuth");
    return 0;
}

static int remove_files(void **state)
{
    (void)state;
    shell("rm -rf %s", folder);
    return 0;
}

static uint16_t free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    close(fd);
    return ntohs(address.sin_port);
}

static struct site_listen listen_tls(uint16_t port)
{
    return (struct site_listen){.kind = LISTEN_TLS, .address = "127.0.0.1", .port = port, .certificate = file[SERVER],
                                .key = file[SERVER_KEY], .client_ca = file[CA], .where = "nocturne.yml:5"};
}

static int open_door(void **state)
{
    (void)state;
    uint16_t port = free_port();
    snprintf(url, sizeof url, "https://127.0.0.1:%u", port);
    door_prepare(&door);
    door.listens[0] = listen_tls(port);
    door.site.listen_count = 1;
    door.grants[0] = (struct site_grant){ROLE_VIEWER, "*"};
    door.grants[1] = (struct site_grant){ROLE_SUPERVISOR, "certificate:northbound"};
    door.site.grant_count = 2;
    door_start(&door);
    return 0;
}

static int close_door(void **state)
{
    (void)state;
    door_close(&door);
    return 0;
}

#define ASK_TLS(...) ASK(.url = url, .authority = file[CA], __VA_ARGS__)

static void nobody_is_not_anybody(void **state)
{
    (void)state;
    struct answer answer = ASK_TLS(.path = "/api/v1/whoami");
    assert_non_null(strstr(answer.headers.data, "WWW-Authenticate: Bearer"));
    expect_problem(answer, 401, "denied", "say who you are");
    answer = ASK_TLS(.path = "/healthz");
    expect_status(&answer, 200);
    answer_release(&answer);
    answer = ASK_TLS(.path = "/api/v1/openapi.json");
    expect_status(&answer, 200);
    answer_release(&answer);
    expect_problem(ASK_TLS(.path = "/metrics"), 401, "denied", "say who you are");
}

static void a_token_opens_the_door(void **state)
{
    (void)state;
    char token[TOKEN_TEXT];
    struct answer answer = ASK(.method = "POST", .path = "/api/v1/tokens", .body = "{\"name\":\"north\",\"role\":\"operator\"}");
    expect_status(&answer, 201);
    snprintf(token, sizeof token, "%s", json_get_text(answer.json, "token", ""));
    answer_release(&answer);
    answer = ASK_TLS(.path = "/api/v1/whoami", .token = token);
    expect_status(&answer, 200);
    assert_string_equal(json_get_text(answer.json, "name", ""), "token:north");
    assert_string_equal(json_get_text(answer.json, "role", ""), "operator");
    answer_release(&answer);
    token[strlen(token) - 1] ^= 1;
    expect_problem(ASK_TLS(.path = "/api/v1/whoami", .token = token), 401, "denied", "token");
    expect_problem(ASK_TLS(.path = "/api/v1/whoami", .header = "Authorization: Basic YTpi"), 401, "denied", "token");
}

static void a_certificate_names_its_owner(void **state)
{
    (void)state;
    struct answer answer = ASK_TLS(.path = "/api/v1/whoami", .certificate = file[CLIENT], .key = file[CLIENT_KEY]);
    expect_status(&answer, 200);
    assert_string_equal(json_get_text(answer.json, "name", ""), "certificate:northbound");
    assert_string_equal(json_get_text(answer.json, "role", ""), "supervisor");
    answer_release(&answer);
}

static void a_certificate_of_another_authority_is_refused(void **state)
{
    (void)state;
    struct answer answer;
    CURLcode result = door_try(&door, &(struct ask){.url = url, .authority = file[CA], .path = "/api/v1/whoami",
                                                    .certificate = file[STRANGER], .key = file[STRANGER_KEY]}, &answer);
    assert_true(result != CURLE_OK || answer.status == 401);
    answer_release(&answer);
    /* Nor does it pass where the server's own certificate is used as a client's. */
    result = door_try(&door, &(struct ask){.url = url, .authority = file[OTHER_CA], .path = "/healthz"}, &answer);
    assert_int_not_equal(result, CURLE_OK);
    answer_release(&answer);
}

static void old_tls_is_refused(void **state)
{
    (void)state;
    curl_easy_reset(door.curl);
    curl_easy_setopt(door.curl, CURLOPT_URL, url);
    curl_easy_setopt(door.curl, CURLOPT_CAINFO, file[CA]);
    curl_easy_setopt(door.curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_0 | CURL_SSLVERSION_MAX_TLSv1_1);
    curl_easy_setopt(door.curl, CURLOPT_SSL_CIPHER_LIST, "ALL:@SECLEVEL=0");
    assert_int_not_equal(curl_easy_perform(door.curl), CURLE_OK);
}

static void plain_text_on_the_tls_port_does_no_harm(void **state)
{
    (void)state;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                                  .sin_port = htons(door.listens[0].port)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    char bytes[256];
    struct timeval patience = {.tv_sec = 2};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    send(fd, "GET / HTTP/1.1\r\n\r\n", 18, MSG_NOSIGNAL);
    while (recv(fd, bytes, sizeof bytes, 0) > 0)
        continue;
    close(fd);
    struct answer answer = ASK_TLS(.path = "/healthz");
    expect_status(&answer, 200);
    answer_release(&answer);
}

/* ---- what cannot start says why ---- */

struct attempt { struct site_listen listen_on; enum error_code code; const char *part; };

static void bad_files_and_addresses_are_named(void **state)
{
    (void)state;
    struct attempt attempts[6];
    for (size_t i = 0; i < ARRAY_COUNT(attempts); i++)
        attempts[i].listen_on = listen_tls(free_port());
    attempts[0] = (struct attempt){attempts[0].listen_on, ERROR_NOT_FOUND, "/nowhere.pem"};
    attempts[0].listen_on.certificate = "/nowhere.pem";
    attempts[1] = (struct attempt){attempts[1].listen_on, ERROR_INVALID, "client.key"};
    attempts[1].listen_on.key = file[CLIENT_KEY];
    attempts[2] = (struct attempt){attempts[2].listen_on, ERROR_INVALID, "authority"};
    attempts[2].listen_on.client_ca = file[CLIENT_KEY];
    attempts[3] = (struct attempt){attempts[3].listen_on, ERROR_INVALID, "localhost"};
    attempts[3].listen_on.address = "localhost";
    attempts[4] = (struct attempt){attempts[4].listen_on, ERROR_CONFLICT, "port"};
    attempts[4].listen_on.port = door.listens[0].port;
    attempts[5] = (struct attempt){attempts[5].listen_on, ERROR_UNAVAILABLE, "203.0.113.7"};
    attempts[5].listen_on.address = "203.0.113.7";
    for (size_t i = 0; i < ARRAY_COUNT(attempts); i++) {
        uv_loop_t loop;
        struct error error = {.code = ERROR_NONE};
        uv_loop_init(&loop);
        struct store *store = store_open(&loop, &(struct store_options){.url = "memory", .state_dir = ""}, &error);
        struct fleet *fleet = fleet_new(&loop, store, &(struct fleet_options){1.5, 3, SPAN_MINUTE, 1, SPAN_MINUTE, SPAN_DAY});
        struct site site = {.name = "x", .version = "x", .config_path = "", .listens = &attempts[i].listen_on, .listen_count = 1};
        struct api *api = api_new(&loop, &(struct api_parts){.fleet = fleet, .store = store, .site = &site}, &error);
        assert_false(api_start(api, &error));
        if (error.code != attempts[i].code || !strstr(error.text, attempts[i].part) || !strstr(error.text, "nocturne.yml:5"))
            fail_msg("%zu: %s: %s", i, error_code_name(error.code), error.text);
        api_free(&api);
        fleet_free(&fleet);
        store_close(&store);
        uv_run(&loop, UV_RUN_DEFAULT);
        assert_int_equal(uv_loop_close(&loop), 0);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_door, close_door)
    const struct CMUnitTest tests[] = {
        TEST(nobody_is_not_anybody),
        TEST(a_token_opens_the_door),
        TEST(a_certificate_names_its_owner),
        TEST(a_certificate_of_another_authority_is_refused),
        TEST(old_tls_is_refused),
        TEST(plain_text_on_the_tls_port_does_no_harm),
        TEST(bad_files_and_addresses_are_named),
    };
    return cmocka_run_group_tests(tests, make_files, remove_files);
}
