#include "collect/protection.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/phrase.h"

const char *protection_name(enum protection_level level)
{
    static const char *const names[PROTECTION_LEVELS] = {
        [PROTECTION_UNKNOWN] = "unknown", [PROTECTION_NONE_NEEDED] = "local", [PROTECTION_ENCRYPTED] = "encrypted",
        [PROTECTION_UNVERIFIED] = "unverified", [PROTECTION_PLAIN] = "plain"};
    return names[level];
}

void protection_set(struct protection *protection, enum protection_level level, const char *format, ...)
{
    va_list arguments;
    protection->level = level;
    va_start(arguments, format);
    vsnprintf(protection->detail, sizeof protection->detail, format, arguments);
    va_end(arguments);
}

/* "127.0.0.1:80", "localhost/x", "[::1]:8443", "/run/x.sock"; templates such as {address} are not. */
static bool is_this_host(const char *address)
{
    static const char *const hosts[] = {"localhost", "[::1]", "::1", "/"};
    const char *at = strpbrk(address, "@/?#");
    if (at && *at == '@')
        address = at + 1;
    if (strncmp(address, "127.", 4) == 0)
        return true;
    for (size_t i = 0; i < ARRAY_COUNT(hosts); i++) {
        size_t length = strlen(hosts[i]);
        if (strncmp(address, hosts[i], length) == 0 && (*hosts[i] == '/' || strchr(":/?#", address[length])))
            return true; /* strchr finds the end, too */
    }
    return false;
}

static void judge(struct protection *protection, const char *address, const char *protocol, bool tls, bool verify)
{
    if (is_this_host(address))
        protection_set(protection, PROTECTION_NONE_NEEDED, N_("%.20s within this host"), protocol);
    else if (!tls)
        protection_set(protection, PROTECTION_PLAIN, N_("%.20s in the clear"), protocol);
    else if (!verify)
        protection_set(protection, PROTECTION_UNVERIFIED, N_("%.20s, certificate not checked"), protocol);
    else
        protection_set(protection, PROTECTION_ENCRYPTED, N_("%.20s, certificate checked"), protocol);
}

void protection_of_url(struct protection *protection, const char *url, bool verify)
{
    static const struct { const char *name; bool tls; } schemes[] = {
        {"http", false}, {"https", true}, {"mqtt", false}, {"mqtts", true}, {"ws", false}, {"wss", true},
        {"tcp", false}, {"smtp", false}, {"smtps", true}};
    const char *end = strstr(url, "://");
    size_t length = end ? (size_t)(end - url) : 0;
    for (size_t i = 0; end && i < ARRAY_COUNT(schemes); i++)
        if (strlen(schemes[i].name) == length && strncmp(schemes[i].name, url, length) == 0) {
            judge(protection, end + 3, schemes[i].name, schemes[i].tls, verify);
            return;
        }
    protection_set(protection, PROTECTION_UNKNOWN, N_("its address does not say"));
}

void protection_of_address(struct protection *protection, const char *address, const char *protocol, bool tls, bool verify)
{
    judge(protection, address, protocol, tls, verify);
}

void protection_by_url(const struct config_node *node, struct protection *protection)
{
    protection_of_url(protection, config_text(node, "url", ""), config_bool(node, "verify", true));
}

void protection_nothing_carried(const struct config_node *node, struct protection *protection)
{
    (void)node;
    protection_set(protection, PROTECTION_NONE_NEEDED, N_("carries nothing that could be read"));
}

void protection_pushed(const struct config_node *node, struct protection *protection)
{
    (void)node;
    protection_set(protection, PROTECTION_NONE_NEEDED, N_("pushed to the API, by its listeners"));
}

void protection_local(const struct config_node *node, struct protection *protection)
{
    (void)node;
    protection_set(protection, PROTECTION_NONE_NEEDED, N_("stays on its host"));
}
