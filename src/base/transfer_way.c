#include "base/transfer_way.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"

bool transfer_check_proxy(const struct config_node *node, const char *text, struct error *error)
{
    static const char *const schemes[] = {"http://", "https://", "socks5://", "socks5h://"};
    bool known = false;
    (void)node;
    for (size_t i = 0; i < ARRAY_COUNT(schemes); i++)
        known |= strncmp(text, schemes[i], strlen(schemes[i])) == 0 && text[strlen(schemes[i])] != '\0';
    if (strchr(text, '@'))
        return error_set(error, ERROR_INVALID, "name and password belong to proxy_login:, not into the address");
    return known || error_set(error, ERROR_INVALID, "expected http://HOST:PORT, https://, socks5:// or socks5h://; got `%.60s`", text);
}

void transfer_way_read(struct transfer_way *way, const struct config_node *node, struct secrets *secrets,
                       struct config_problems *problems)
{
    const struct config_node *login = config_get(node, "proxy_login");
    char *secret = secret_load(secrets, node, "proxy_login", false, problems), *colon = secret ? strchr(secret, ':') : NULL;
    *way = (struct transfer_way){
        .authority = memory_text(config_text(node, "authority", NULL)),
        .proxy = memory_text(config_text(node, "proxy", NULL)),
        .verify = config_bool(node, "verify", true),
    };
    if (login && !way->proxy) {
        config_problem(problems, login, "`proxy_login` needs `proxy` beside it");
    } else if (secret && !colon) {
        config_problem(problems, login, "expected USER:PASSWORD there");
    } else if (secret) {
        way->proxy_user = memory_text_n(secret, (size_t)(colon - secret));
        way->proxy_password = memory_text(colon + 1);
        secrets_add(secrets, way->proxy_password);
    }
    secret_free(&secret);
}

bool transfer_way_load(struct transfer_way *way, const struct config_node *node, struct error *error)
{
    struct secrets secrets = {0};
    struct config_problems problems;
    config_problems_init(&problems);
    transfer_way_read(way, node, &secrets, &problems);
    bool good = !problems.count || error_set(error, ERROR_INVALID, "%.300s", buffer_text(&problems.text));
    config_problems_release(&problems);
    secrets_release(&secrets);
    return good;
}

void transfer_way_validate(const struct config_node *node, struct config_problems *problems)
{
    struct transfer_way way;
    struct secrets secrets = {0};
    transfer_way_read(&way, node, &secrets, problems);
    transfer_way_release(&way);
    secrets_release(&secrets);
}

void transfer_way_release(struct transfer_way *way)
{
    free(way->authority);
    free(way->proxy);
    free(way->proxy_user);
    secret_free(&way->proxy_password);
    *way = (struct transfer_way){.verify = true};
}

void transfer_way_set(const struct transfer_way *way, CURL *easy, const char *url, msec timeout, struct fault_watch *watch)
{
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "nocturned/" NOCTURNE_VERSION);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)timeout);
    curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "");
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, way->verify ? 1L : 0L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, way->verify ? 2L : 0L);
    if (way->authority)
        curl_easy_setopt(easy, CURLOPT_CAINFO, way->authority);
    curl_easy_setopt(easy, CURLOPT_PROXY, way->proxy ? way->proxy : "");
    curl_easy_setopt(easy, CURLOPT_NOPROXY, ""); /* else libcurl reads no_proxy */
    if (way->proxy_user) {
        curl_easy_setopt(easy, CURLOPT_PROXYUSERNAME, way->proxy_user);
        curl_easy_setopt(easy, CURLOPT_PROXYPASSWORD, way->proxy_password);
    }
    fault_watch_begin(watch, easy, timeout, way->proxy);
}

void transfer_sign_in(CURL *easy, const char *user, const char *password, const char *token)
{
    if (user) {
        curl_easy_setopt(easy, CURLOPT_USERNAME, user);
        curl_easy_setopt(easy, CURLOPT_PASSWORD, password ? password : "");
    }
    if (token) {
        curl_easy_setopt(easy, CURLOPT_HTTPAUTH, CURLAUTH_BEARER);
        curl_easy_setopt(easy, CURLOPT_XOAUTH2_BEARER, token);
    }
}

bool transfer_same_place(const char *one_url, const char *other_url)
{
    static const CURLUPart parts[] = {CURLUPART_SCHEME, CURLUPART_HOST, CURLUPART_PORT};
    CURLU *left = curl_url(), *right = curl_url();
    bool same = curl_url_set(left, CURLUPART_URL, one_url, 0) == CURLUE_OK && curl_url_set(right, CURLUPART_URL, other_url, 0) == CURLUE_OK;
    for (size_t i = 0; same && i < ARRAY_COUNT(parts); i++) {
        char *one = NULL, *other = NULL;
        same = curl_url_get(left, parts[i], &one, CURLU_DEFAULT_PORT) == CURLUE_OK &&
               curl_url_get(right, parts[i], &other, CURLU_DEFAULT_PORT) == CURLUE_OK && strcasecmp(one, other) == 0;
        curl_free(one);
        curl_free(other);
    }
    curl_url_cleanup(left);
    curl_url_cleanup(right);
    return same;
}
