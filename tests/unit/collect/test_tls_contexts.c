/* Contexts are kept while their files are as they were, and no longer. */
#include <fcntl.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "collect/tls_contexts.h"

static char folder[] = "/tmp/nocturne-tls.XXXXXX";

static char *path_of(const char *name)
{
    static char paths[4][64];
    static unsigned at;
    char *path = paths[at++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

/* A certificate that signed itself, and its key, in one file. */
static void certificate_write(const char *path, const char *name)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = X509_new();
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0);
    X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
    X509_sign(certificate, key, EVP_sha256());
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    PEM_write_X509(file, certificate);
    PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL);
    fclose(file);
    X509_free(certificate);
    EVP_PKEY_free(key);
}

/* The bytes change, and nothing else that anybody could see from outside. */
static void spoil_in_secret(const char *path)
{
    struct stat before;
    int file = open(path, O_RDWR | O_CLOEXEC);
    assert_true(file >= 0 && fstat(file, &before) == 0);
    char *text = calloc(1, (size_t)before.st_size);
    memset(text, 'x', (size_t)before.st_size);
    assert_int_equal(pwrite(file, text, (size_t)before.st_size, 0), before.st_size);
    assert_int_equal(futimens(file, (const struct timespec[]){before.st_atim, before.st_mtim}), 0);
    close(file);
    free(text);
}

static void a_context_is_kept(void **state)
{
    (void)state;
    struct error error;
    struct tls_contexts *contexts = tls_contexts_new();
    const char *ca = path_of("ca"), *own = path_of("own");
    certificate_write(ca, "ca");
    certificate_write(own, "own");
    SSL_CTX *trusting = tls_context(contexts, &(struct tls_files){.ca = ca}, &error);
    SSL_CTX *known = tls_context(contexts, &(struct tls_files){.ca = ca, .certificate = own}, &error);
    assert_non_null(trusting);
    assert_non_null(known);
    assert_ptr_not_equal(trusting, known);
    spoil_in_secret(ca); /* nobody reads it again */
    assert_ptr_equal(tls_context(contexts, &(struct tls_files){.ca = ca}, &error), trusting);
    assert_ptr_equal(tls_context(contexts, &(struct tls_files){.ca = ca, .certificate = own}, &error), known);
    tls_contexts_free(&contexts);
}

static void a_changed_file_is_read_again(void **state)
{
    (void)state;
    struct error error;
    struct tls_contexts *contexts = tls_contexts_new();
    const char *ca = path_of("changing"), *other = path_of("renewed");
    const struct tls_files files = {.ca = ca};
    certificate_write(ca, "ca");
    assert_non_null(tls_context(contexts, &files, &error));
    certificate_write(other, "another name, so that it is longer");
    assert_int_equal(rename(other, ca), 0);
    SSL_CTX *renewed = tls_context(contexts, &files, &error);
    assert_non_null(renewed);
    STACK_OF(X509_OBJECT) *held = X509_STORE_get0_objects(SSL_CTX_get_cert_store(renewed));
    assert_int_equal(sk_X509_OBJECT_num(held), 1);
    assert_int_equal(unlink(ca), 0);
    assert_null(tls_context(contexts, &files, &error));
    assert_string_equal(strrchr(error.text, ':'), ": No such file or directory");
    certificate_write(ca, "back");
    assert_non_null(tls_context(contexts, &files, &error));
    tls_contexts_free(&contexts);
}

static void a_session_keeps_its_context(void **state)
{
    (void)state;
    struct error error;
    struct tls_contexts *contexts = tls_contexts_new();
    SSL *session = SSL_new(tls_context(contexts, &(struct tls_files){.ca = NULL}, &error));
    assert_non_null(session);
    tls_contexts_free(&contexts);
    tls_contexts_free(&contexts); /* none is as good */
    assert_non_null(SSL_get_SSL_CTX(session));
    SSL_free(session);
}

static int folder_make(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int folder_drop(void **state)
{
    (void)state;
    const char *const names[] = {"ca", "own", "changing", "renewed"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        unlink(path_of(names[i]));
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_context_is_kept),
        cmocka_unit_test(a_changed_file_is_read_again),
        cmocka_unit_test(a_session_keeps_its_context),
    };
    return cmocka_run_group_tests(tests, folder_make, folder_drop);
}
