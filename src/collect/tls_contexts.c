#include "collect/tls_contexts.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/memory.h"

#define SYSTEM_FRESH (10 * SPAN_MINUTE)
#define UNUSED_KEPT SPAN_HOUR /* then nobody is configured so any more */
#define FILES 3

struct stamp { /* all zero: no such file */
    dev_t device;
    ino_t inode;
    off_t size;
    struct timespec changed;
};

struct kept {
    struct kept *next;
    char *path[FILES];
    struct stamp stamp[FILES];
    SSL_CTX *context;
    msec read, used; /* steady */
};

struct tls_contexts {
    struct kept *kept;
};

struct tls_contexts *tls_contexts_new(void)
{
    return memory_new(sizeof(struct tls_contexts));
}

static void kept_drop(struct kept **link)
{
    struct kept *kept = *link;
    *link = kept->next;
    SSL_CTX_free(kept->context);
    for (size_t i = 0; i < FILES; i++)
        free(kept->path[i]);
    free(kept);
}

void tls_contexts_free(struct tls_contexts **contexts)
{
    while (*contexts && (*contexts)->kept)
        kept_drop(&(*contexts)->kept);
    free(*contexts);
    *contexts = NULL;
}

/* ---- files ---- */

static void stamps_take(char *const *path, struct stamp *stamps)
{
    for (size_t i = 0; i < FILES; i++) {
        struct stat found;
        memset(&stamps[i], 0, sizeof stamps[i]);
        if (!path[i] || stat(path[i], &found) != 0)
            continue;
        stamps[i].device = found.st_dev;
        stamps[i].inode = found.st_ino;
        stamps[i].size = found.st_size;
        stamps[i].changed = found.st_mtim;
    }
}

static bool load(SSL_CTX *context, const struct tls_files *files, struct error *error)
{
    if (files->ca ? SSL_CTX_load_verify_locations(context, files->ca, NULL) != 1 : SSL_CTX_set_default_verify_paths(context) != 1)
        return fault_tls_file(files->ca ? files->ca : N_("the system's certificates"), error);
    if (!files->certificate)
        return true;
    const char *key = files->key ? files->key : files->certificate;
    if (SSL_CTX_use_certificate_chain_file(context, files->certificate) != 1)
        return fault_tls_file(files->certificate, error);
    if (SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1 || SSL_CTX_check_private_key(context) != 1)
        return fault_tls_file(key, error);
    return true;
}

static int verify(X509_STORE_CTX *chain, void *nothing)
{
    const SSL *session = X509_STORE_CTX_get_ex_data(chain, SSL_get_ex_data_X509_STORE_CTX_idx());
    (void)nothing;
    return fault_certificate_verify(chain, SSL_get_app_data(session));
}

static SSL_CTX *context_new(const struct tls_files *files, struct error *error)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_cert_verify_callback(context, verify, NULL);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF); /* each handshake shows the certificate */
    if (!load(context, files, error)) {
        SSL_CTX_free(context);
        return NULL;
    }
    return context;
}

/* ---- what is kept ---- */

static bool same_text(const char *one, const char *other)
{
    return one && other ? strcmp(one, other) == 0 : one == other;
}

static bool is_of(const struct kept *kept, const struct tls_files *files)
{
    return same_text(kept->path[0], files->ca) && same_text(kept->path[1], files->certificate) && same_text(kept->path[2], files->key);
}

static bool is_fresh(const struct kept *kept, msec now)
{
    struct stamp stamps[FILES];
    stamps_take(kept->path, stamps);
    return (kept->path[0] || now - kept->read < SYSTEM_FRESH) && memcmp(stamps, kept->stamp, sizeof stamps) == 0;
}

SSL_CTX *tls_context(struct tls_contexts *contexts, const struct tls_files *files, struct error *error)
{
    msec now = clock_steady();
    for (struct kept **link = &contexts->kept; *link;) {
        struct kept *kept = *link;
        bool wanted = is_of(kept, files);
        if (wanted && is_fresh(kept, now)) {
            kept->used = now;
            return kept->context;
        }
        if (wanted || now - kept->used > UNUSED_KEPT)
            kept_drop(link);
        else
            link = &kept->next;
    }
    struct kept *kept = memory_new(sizeof *kept);
    *kept = (struct kept){.next = contexts->kept, .read = now, .used = now,
                          .path = {memory_text(files->ca), memory_text(files->certificate), memory_text(files->key)}};
    contexts->kept = kept;
    stamps_take(kept->path, kept->stamp); /* before they are read: what changes meanwhile is read again */
    kept->context = context_new(files, error);
    if (!kept->context) {
        kept_drop(&contexts->kept);
        return NULL;
    }
    return kept->context;
}
