/* Files of ~/.ssh, which may be anything: config, known_hosts, private keys. The first byte says which. */
#include <sodium.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "collect/ssh_config.h"
#include "collect/ssh_key.h"
#include "collect/ssh_known.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void take_config(const char *text, size_t length)
{
    static const char *const names[] = {"web", "db-1.example", "", "127.0.0.1", "a%hb"};
    struct ssh_config *config = ssh_config_new_text(text, length);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct ssh_place place;
        ssh_config_find(config, names[i], &place);
        if (place.identity_count > SSH_IDENTITIES_MAX || place.port > 65535)
            __builtin_trap();
        ssh_place_release(&place);
    }
    ssh_config_free(&config);
}

static void take_known(const char *text, size_t length)
{
    static const char key[] = "\0\0\0\x0bssh-ed25519\0\0\0\x20" "0123456789abcdef0123456789abcdef";
    struct ssh_known *known = ssh_known_new(NULL, 0);
    struct ssh_known_answer answer;
    struct buffer names = BUFFER_INIT;
    ssh_known_read_text(known, "fuzzed", text, length);
    ssh_known_check(known, "Web", 22, key, sizeof key - 1, &answer);
    ssh_known_check(known, "10.0.0.1", 2222, text, length, &answer);
    ssh_known_algorithms(known, "web", 22, &names);
    ssh_known_usable(known, "web", 22);
    char kind[32], fingerprint[SSH_FINGERPRINT_TEXT];
    ssh_known_kind(text, length, kind, sizeof kind);
    ssh_known_fingerprint(text, length, fingerprint);
    buffer_release(&names);
    ssh_known_free(&known);
}

static void take_key(const char *text, size_t length)
{
    struct buffer public = BUFFER_INIT, offered = BUFFER_INIT, signature = BUFFER_INIT;
    struct error error = {0};
    struct ssh_key *key = ssh_key_parse(text, length, &public, &error);
    if (key) {
        ssh_key_offered(ssh_key_public(key), &offered);
        ssh_key_sign(key, "data", 4, &signature);
    } else if (error.code == ERROR_NONE) {
        __builtin_trap();
    }
    ssh_key_free(&key);
    buffer_release(&public);
    buffer_release(&offered);
    buffer_release(&signature);
}

/* The bytes inside OpenSSH's armour. */
static void take_openssh_key(const uint8_t *bytes, size_t length)
{
    struct buffer text = BUFFER_INIT;
    char *armour = malloc(sodium_base64_ENCODED_LEN(length, sodium_base64_VARIANT_ORIGINAL));
    sodium_bin2base64(armour, sodium_base64_ENCODED_LEN(length, sodium_base64_VARIANT_ORIGINAL), bytes, length,
                      sodium_base64_VARIANT_ORIGINAL);
    buffer_printf(&text, "-----BEGIN OPENSSH PRIVATE KEY-----\n%s\n-----END OPENSSH PRIVATE KEY-----\n", armour);
    take_key(text.data, text.length);
    buffer_release(&text);
    free(armour);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    const char *text = (const char *)data + 1;
    switch (data[0] % 3) {
    case 0: take_config(text, size - 1); break;
    case 1: take_known(text, size - 1); break;
    default:
        take_key(text, size - 1);
        take_openssh_key(data + 1, size - 1);
        break;
    }
    return 0;
}
