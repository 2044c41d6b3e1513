#include "collect/ssh_key.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"

#define FILE_MAX 65536

struct ssh_key {
    EVP_PKEY *private;
    struct buffer public;
};

/* ---- fields ---- */

bool ssh_field_u32(struct ssh_fields *fields, uint32_t *value)
{
    if (fields->left < 4)
        return false;
    *value = (uint32_t)fields->at[0] << 24 | (uint32_t)fields->at[1] << 16 | (uint32_t)fields->at[2] << 8 | fields->at[3];
    fields->at += 4, fields->left -= 4;
    return true;
}

bool ssh_field(struct ssh_fields *fields, const unsigned char **bytes, size_t *length)
{
    uint32_t size;
    if (!ssh_field_u32(fields, &size) || size > fields->left)
        return false;
    *bytes = fields->at, *length = size;
    fields->at += size, fields->left -= size;
    return true;
}

void ssh_put_u32(struct buffer *out, uint32_t value)
{
    unsigned char bytes[4] = {(unsigned char)(value >> 24), (unsigned char)(value >> 16), (unsigned char)(value >> 8),
                              (unsigned char)value};
    buffer_append(out, bytes, sizeof bytes);
}

void ssh_put(struct buffer *out, const void *bytes, size_t length)
{
    ssh_put_u32(out, (uint32_t)length);
    buffer_append(out, bytes, length);
}

static void put_number(struct buffer *out, const BIGNUM *number)
{
    int length = BN_num_bytes(number);
    unsigned char *bytes = memory_new((size_t)length + 1);
    BN_bn2bin(number, bytes + 1);
    bool padded = length > 0 && bytes[1] & 0x80; /* the sign bit is not ours */
    ssh_put(out, padded ? bytes : bytes + 1, (size_t)length + padded);
    sodium_memzero(bytes, (size_t)length + 1);
    free(bytes);
}

/* ---- public halves ---- */

static const struct { const char *type, *curve, *group; } curves[] = {
    {"ecdsa-sha2-nistp256", "nistp256", "prime256v1"},
    {"ecdsa-sha2-nistp384", "nistp384", "secp384r1"},
    {"ecdsa-sha2-nistp521", "nistp521", "secp521r1"},
};

static bool put_ecdsa(EVP_PKEY *key, struct buffer *out)
{
    char group[64];
    unsigned char point[256];
    size_t length;
    if (!EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, group, sizeof group, NULL) ||
        !EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point, &length))
        return false;
    for (size_t i = 0; i < ARRAY_COUNT(curves); i++) {
        if (strcmp(curves[i].group, group) != 0)
            continue;
        ssh_put(out, curves[i].type, strlen(curves[i].type));
        ssh_put(out, curves[i].curve, strlen(curves[i].curve));
        ssh_put(out, point, length);
        return true;
    }
    return false;
}

static bool put_rsa(EVP_PKEY *key, struct buffer *out)
{
    BIGNUM *exponent = NULL, *modulus = NULL;
    bool good = EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &exponent) &&
                EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_N, &modulus);
    if (good) {
        ssh_put(out, "ssh-rsa", 7);
        put_number(out, exponent);
        put_number(out, modulus);
    }
    BN_free(exponent);
    BN_free(modulus);
    return good;
}

static bool put_public(EVP_PKEY *key, struct buffer *out)
{
    unsigned char raw[32];
    size_t length = sizeof raw;
    switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_ED25519:
        if (!EVP_PKEY_get_raw_public_key(key, raw, &length))
            return false;
        ssh_put(out, "ssh-ed25519", 11);
        ssh_put(out, raw, length);
        return true;
    case EVP_PKEY_EC: return put_ecdsa(key, out);
    case EVP_PKEY_RSA: return put_rsa(key, out);
    default: return false;
    }
}

bool ssh_key_is_rsa(const struct buffer *public)
{
    return public->length > 11 && memcmp(public->data, "\0\0\0\7ssh-rsa", 11) == 0;
}

void ssh_key_offered(const struct buffer *public, struct buffer *offered)
{
    size_t skip = ssh_key_is_rsa(public) ? 11 : 0;
    if (skip)
        ssh_put(offered, "rsa-sha2-256", 12);
    buffer_append(offered, public->data + skip, public->length - skip);
}

/* ---- OpenSSH's own private key format (PROTOCOL.key) ---- */

static EVP_PKEY *key_from(const char *type, OSSL_PARAM_BLD *parts)
{
    EVP_PKEY *key = NULL;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(parts);
    if (!context || !params || EVP_PKEY_fromdata_init(context) <= 0 ||
        EVP_PKEY_fromdata(context, &key, EVP_PKEY_KEYPAIR, params) <= 0)
        key = NULL;
    OSSL_PARAM_free(params);
    EVP_PKEY_CTX_free(context);
    return key;
}

static EVP_PKEY *read_ecdsa(struct ssh_fields *fields)
{
    const unsigned char *curve, *point, *secret;
    size_t curve_length, point_length, secret_length;
    if (!ssh_field(fields, &curve, &curve_length) || !ssh_field(fields, &point, &point_length) ||
        !ssh_field(fields, &secret, &secret_length) || secret_length > 128)
        return NULL;
    for (size_t i = 0; i < ARRAY_COUNT(curves); i++) {
        if (strlen(curves[i].curve) != curve_length || memcmp(curves[i].curve, curve, curve_length) != 0)
            continue;
        OSSL_PARAM_BLD *parts = OSSL_PARAM_BLD_new();
        BIGNUM *number = BN_secure_new();
        EVP_PKEY *key = NULL;
        if (parts && number && BN_bin2bn(secret, (int)secret_length, number) &&
            OSSL_PARAM_BLD_push_utf8_string(parts, OSSL_PKEY_PARAM_GROUP_NAME, curves[i].group, 0) &&
            OSSL_PARAM_BLD_push_octet_string(parts, OSSL_PKEY_PARAM_PUB_KEY, point, point_length) &&
            OSSL_PARAM_BLD_push_BN(parts, OSSL_PKEY_PARAM_PRIV_KEY, number))
            key = key_from("EC", parts);
        BN_clear_free(number);
        OSSL_PARAM_BLD_free(parts);
        return key;
    }
    return NULL;
}

static EVP_PKEY *read_rsa(struct ssh_fields *fields)
{
    static const char *const names[] = {OSSL_PKEY_PARAM_RSA_N, OSSL_PKEY_PARAM_RSA_E, OSSL_PKEY_PARAM_RSA_D};
    BIGNUM *numbers[3] = {NULL, NULL, NULL};
    OSSL_PARAM_BLD *parts = OSSL_PARAM_BLD_new();
    bool good = parts != NULL;
    for (size_t i = 0; i < 3 && good; i++) {
        const unsigned char *bytes;
        size_t length;
        good = ssh_field(fields, &bytes, &length) && length <= 2100 &&
               (numbers[i] = BN_bin2bn(bytes, (int)length, NULL)) && OSSL_PARAM_BLD_push_BN(parts, names[i], numbers[i]);
    }
    EVP_PKEY *key = good ? key_from("RSA", parts) : NULL;
    for (size_t i = 0; i < 3; i++)
        BN_clear_free(numbers[i]);
    OSSL_PARAM_BLD_free(parts);
    return key;
}

static EVP_PKEY *read_private(struct ssh_fields *fields)
{
    const unsigned char *type, *skipped, *secret;
    size_t type_length, length;
    uint32_t one, other;
    if (!ssh_field_u32(fields, &one) || !ssh_field_u32(fields, &other) || one != other ||
        !ssh_field(fields, &type, &type_length))
        return NULL;
    if (type_length == 11 && memcmp(type, "ssh-ed25519", 11) == 0)
        return ssh_field(fields, &skipped, &length) && ssh_field(fields, &secret, &length) && length == 64
                   ? EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, secret, 32) : NULL;
    if (type_length > 6 && memcmp(type, "ecdsa-", 6) == 0)
        return read_ecdsa(fields);
    return type_length == 7 && memcmp(type, "ssh-rsa", 7) == 0 ? read_rsa(fields) : NULL;
}

#define PASSPHRASE "has a passphrase, and nobody is here to type it: add it to an agent (ssh-add)"

static EVP_PKEY *read_openssh(const unsigned char *bytes, size_t length, struct buffer *public, struct error *error)
{
    static const char magic[] = "openssh-key-v1";
    const unsigned char *cipher, *kdf, *options, *blob, *section;
    size_t cipher_length, kdf_length, options_length, blob_length, section_length;
    uint32_t keys;
    EVP_PKEY *key = NULL;
    struct ssh_fields fields = {.at = bytes, .left = length};
    if (length < sizeof magic || memcmp(bytes, magic, sizeof magic) != 0) {
        error_set(error, ERROR_INVALID, "is no private key");
        return NULL;
    }
    fields.at += sizeof magic, fields.left -= sizeof magic;
    if (!ssh_field(&fields, &cipher, &cipher_length) || !ssh_field(&fields, &kdf, &kdf_length) ||
        !ssh_field(&fields, &options, &options_length) || !ssh_field_u32(&fields, &keys) || keys != 1 ||
        !ssh_field(&fields, &blob, &blob_length) || !ssh_field(&fields, &section, &section_length)) {
        error_set(error, ERROR_INVALID, "is a private key cut short");
        return NULL;
    }
    buffer_append(public, blob, blob_length);
    if (cipher_length != 4 || memcmp(cipher, "none", 4) != 0) {
        error_set(error, ERROR_UNAVAILABLE, PASSPHRASE);
        return NULL;
    }
    fields = (struct ssh_fields){.at = section, .left = section_length};
    key = read_private(&fields);
    if (!key)
        error_set(error, ERROR_INVALID, "is a private key of a kind that is not known (ed25519, ecdsa and RSA are)");
    return key;
}

/* ---- files ---- */

static int ask_nobody(char *text, int size, int writing, void *asked)
{
    (void)text, (void)size, (void)writing;
    *(bool *)asked = true;
    return 0;
}

static EVP_PKEY *read_pem(const char *text, size_t length, struct error *error)
{
    bool asked = false;
    BIO *bio = BIO_new_mem_buf(text, (int)length);
    EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, ask_nobody, &asked) : NULL;
    BIO_free(bio);
    if (!key && asked)
        error_set(error, ERROR_UNAVAILABLE, PASSPHRASE);
    else if (!key)
        error_set(error, ERROR_INVALID, "is no private key");
    return key;
}

struct ssh_key *ssh_key_parse(const char *text, size_t length, struct buffer *public, struct error *error)
{
    static const char begin[] = "-----BEGIN OPENSSH PRIVATE KEY-----", end[] = "-----END OPENSSH PRIVATE KEY-----";
    const char *from = memmem(text, length, begin, strlen(begin));
    EVP_PKEY *private;
    if (from) {
        from += strlen(begin);
        const char *to = memmem(from, length - (size_t)(from - text), end, strlen(end));
        size_t room = to ? (size_t)(to - from) : 0, decoded = 0;
        unsigned char *bytes = memory_new(room + 1);
        if (sodium_base642bin(bytes, room, from, room, "\r\n \t", &decoded, NULL, sodium_base64_VARIANT_ORIGINAL) != 0)
            decoded = 0;
        private = read_openssh(bytes, decoded, public, error);
        sodium_memzero(bytes, room);
        free(bytes);
    } else {
        private = read_pem(text, length, error);
    }
    if (!private)
        return NULL;
    struct ssh_key *key = memory_new(sizeof *key);
    key->private = private;
    if (!put_public(private, &key->public)) {
        error_set(error, ERROR_INVALID, "is a private key of a kind that is not known (ed25519, ecdsa and RSA are)");
        ssh_key_free(&key);
    }
    return key;
}

/* "type base64 comment" of FILE.pub. */
static void read_public(const char *path, struct buffer *public)
{
    char *name = memory_printf("%s.pub", path), text[16384], type[64], base64[12000];
    int descriptor = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t got = descriptor < 0 ? 0 : read(descriptor, text, sizeof text - 1);
    unsigned char blob[9000];
    size_t decoded;
    text[got > 0 ? got : 0] = '\0';
    if (sscanf(text, "%63s %11999s", type, base64) == 2 &&
        sodium_base642bin(blob, sizeof blob, base64, strlen(base64), NULL, &decoded, NULL,
                          sodium_base64_VARIANT_ORIGINAL) == 0)
        buffer_append(public, blob, decoded);
    if (descriptor >= 0)
        close(descriptor);
    free(name);
}

struct ssh_key *ssh_key_load(const char *path, struct buffer *public, struct error *error)
{
    struct stat about;
    struct ssh_key *key = NULL;
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0 || fstat(descriptor, &about) != 0) {
        error_set(error, errno == ENOENT ? ERROR_NOT_FOUND : ERROR_DENIED, "key %s cannot be read: %s", path, strerror(errno));
    } else if (!S_ISREG(about.st_mode) || about.st_size > FILE_MAX) {
        error_set(error, ERROR_INVALID, "key %s is no private key", path);
    } else if (about.st_mode & 077) {
        error_set(error, ERROR_DENIED, "key %s can be read by others: chmod 600 %s", path, path);
    } else {
        char *text = sodium_init() < 0 ? NULL : sodium_malloc(FILE_MAX);
        ssize_t got = text ? read(descriptor, text, FILE_MAX) : -1;
        key = ssh_key_parse(text, got > 0 ? (size_t)got : 0, public, error);
        if (!key)
            error_prefix(error, "key %s", path);
        if (!key && error && error->code == ERROR_UNAVAILABLE && public->length == 0)
            read_public(path, public);
        sodium_free(text);
    }
    if (descriptor >= 0)
        close(descriptor);
    return key;
}

void ssh_key_free(struct ssh_key **key)
{
    if (!*key)
        return;
    EVP_PKEY_free((*key)->private);
    buffer_release(&(*key)->public);
    free(*key);
    *key = NULL;
}

const struct buffer *ssh_key_public(const struct ssh_key *key)
{
    return &key->public;
}

/* ---- signing ---- */

/* OpenSSL gives DER; the protocol wants the two numbers. */
static bool put_ecdsa_signature(const unsigned char *der, size_t length, struct buffer *out)
{
    ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &der, (long)length);
    if (!pair)
        return false;
    put_number(out, ECDSA_SIG_get0_r(pair));
    put_number(out, ECDSA_SIG_get0_s(pair));
    ECDSA_SIG_free(pair);
    return true;
}

bool ssh_key_sign(const struct ssh_key *key, const void *data, size_t length, struct buffer *signature)
{
    int kind = EVP_PKEY_get_base_id(key->private), bits = EVP_PKEY_get_bits(key->private);
    const EVP_MD *hash = kind == EVP_PKEY_ED25519 ? NULL : kind == EVP_PKEY_RSA || bits <= 256 ? EVP_sha256()
                         : bits <= 384 ? EVP_sha384() : EVP_sha512();
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    size_t size = 0;
    unsigned char *bytes = NULL;
    bool good = context && EVP_DigestSignInit(context, NULL, hash, NULL, key->private) > 0 &&
                EVP_DigestSign(context, NULL, &size, data, length) > 0;
    if (good) {
        bytes = memory_new(size);
        good = EVP_DigestSign(context, bytes, &size, data, length) > 0;
    }
    if (good && kind == EVP_PKEY_EC)
        good = put_ecdsa_signature(bytes, size, signature);
    else if (good)
        buffer_append(signature, bytes, size);
    free(bytes);
    EVP_MD_CTX_free(context);
    return good;
}
