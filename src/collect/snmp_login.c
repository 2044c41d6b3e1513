#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/secret.h"
#include "collect/snmp_agent.h"

const char *const snmp_versions[] = {"2c", "3", NULL};
const char *const snmp_auth_names[] = {"md5", "sha", "sha-224", "sha-256", "sha-384", "sha-512", NULL};
const char *const snmp_privacy_names[] = {"aes", "aes-192", "aes-256", "aes-192-cisco", "aes-256-cisco", NULL};

#define PROTOCOL(name, protocol) {name, protocol, sizeof protocol / sizeof *protocol}
static const struct { const char *name; const oid *protocol; size_t length; } auths[] = {
    PROTOCOL("md5", usmHMACMD5AuthProtocol),
    PROTOCOL("sha", usmHMACSHA1AuthProtocol),
    PROTOCOL("sha-224", usmHMAC128SHA224AuthProtocol),
    PROTOCOL("sha-256", usmHMAC192SHA256AuthProtocol),
    PROTOCOL("sha-384", usmHMAC256SHA384AuthProtocol),
    PROTOCOL("sha-512", usmHMAC384SHA512AuthProtocol),
};

/* Longer keys are nobody's standard: draft-blumenthal-aes-usm-04, and as Cisco's and others' devices lengthen them
 * (draft-reeder-snmpv3-usm-3desede). */
static const struct { const char *name; const oid *protocol; size_t length; } privacies[] = {
    PROTOCOL("aes", usmAESPrivProtocol),
    PROTOCOL("aes-192", usmAES192PrivProtocol),
    PROTOCOL("aes-256", usmAES256PrivProtocol),
    PROTOCOL("aes-192-cisco", usmAES192CiscoPrivProtocol),
    PROTOCOL("aes-256-cisco", usmAES256CiscoPrivProtocol),
};

static void choose_privacy(struct snmp_login *login, const char *name)
{
    for (size_t i = 0; i < ARRAY_COUNT(privacies); i++)
        if (strcmp(privacies[i].name, name) == 0) {
            login->privacy = privacies[i].protocol;
            login->privacy_length = privacies[i].length;
        }
}

static void choose_auth(struct snmp_login *login, const char *name)
{
    for (size_t i = 0; i < ARRAY_COUNT(auths); i++)
        if (strcmp(auths[i].name, name) == 0) {
            login->auth_name = auths[i].name;
            login->auth = auths[i].protocol;
            login->auth_length = auths[i].length;
        }
}

/* The password made a key, and wiped. */
static void key_of(const struct snmp_login *login, const struct config_node *node, const char *what, char *password,
                   unsigned char *key, size_t *length, struct config_problems *problems)
{
    if (!password)
        return;
    if (strlen(password) < USM_LENGTH_P_MIN)
        config_problem(problems, config_get(node, what), "%s is shorter than %d characters, which SNMPv3 does not allow", what, USM_LENGTH_P_MIN);
    else if (generate_Ku(login->auth, (unsigned)login->auth_length, (unsigned char *)password, strlen(password), key, length) != SNMPERR_SUCCESS)
        config_problem(problems, config_get(node, what), "no key can be made of it by %s", login->auth_name);
    explicit_bzero(password, strlen(password));
    free(password);
}

static void read_user(struct snmp_login *login, const struct config_node *node, struct secrets *secrets, struct config_problems *problems)
{
    bool private = config_get(node, "privacy_password") || config_get(node, "privacy");
    const char *context = config_text(node, "context", "");
    login->context = memory_text(context);
    if (strlen(context) > 32) /* RFC 3411, SnmpAdminString of a context */
        config_problem(problems, config_get(node, "context"), "a context has at most 32 characters");
    bool signs = config_get(node, "auth_password") || config_get(node, "auth") || private;
    login->user = memory_text(config_text(node, "user", NULL));
    if (!login->user || strlen(login->user) == 0 || strlen(login->user) > 32)
        config_problem(problems, node, "SNMPv3 needs a user: of 1 to 32 characters");
    login->level = private ? SNMP_SEC_LEVEL_AUTHPRIV : signs ? SNMP_SEC_LEVEL_AUTHNOPRIV : SNMP_SEC_LEVEL_NOAUTH;
    if (!signs)
        return;
    choose_auth(login, config_text(node, "auth", "sha"));
    login->auth_key_length = sizeof login->auth_key;
    key_of(login, node, "auth_password", secret_load(secrets, node, "auth_password", true, problems), login->auth_key, &login->auth_key_length, problems);
    if (!private)
        return;
    choose_privacy(login, config_text(node, "privacy", "aes"));
    login->privacy_key_length = sizeof login->privacy_key;
    key_of(login, node, "privacy_password", secret_load(secrets, node, "privacy_password", true, problems), login->privacy_key,
           &login->privacy_key_length, problems);
}

bool snmp_login_read(struct snmp_login *login, const struct config_node *node, struct config_problems *problems)
{
    unsigned before = problems->count;
    struct secrets secrets = {0};
    *login = (struct snmp_login){.level = SNMP_SEC_LEVEL_NOAUTH};
    bool third = strcmp(config_text(node, "version", config_get(node, "user") ? "3" : "2c"), "3") == 0;
    login->version = third ? SNMP_VERSION_3 : SNMP_VERSION_2c;
    if (third)
        read_user(login, node, &secrets, problems);
    else
        login->community = secret_load(&secrets, node, "community", true, problems);
    static const char *const third_only[] = {"user", "auth", "auth_password", "privacy", "privacy_password", "context"};
    for (size_t i = 0; !third && i < ARRAY_COUNT(third_only); i++)
        if (config_get(node, third_only[i]))
            config_problem(problems, config_get(node, third_only[i]), "%s belongs to version 3", third_only[i]);
    if (third && config_get(node, "community"))
        config_problem(problems, config_get(node, "community"), "version 3 has no community: give user, auth_password and privacy_password");
    secrets_release(&secrets);
    return problems->count == before;
}

void snmp_login_release(struct snmp_login *login)
{
    explicit_bzero(login->auth_key, sizeof login->auth_key);
    explicit_bzero(login->privacy_key, sizeof login->privacy_key);
    secret_free(&login->community);
    free(login->user);
    free(login->context);
}
