#include "collect/ssh_trust.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/memory.h"
#include "collect/ssh.h"

struct look {
    struct ssh_host *host;
    struct buffer key;
    struct ssh_failure failure;
    bool done;
};

static void look_end(struct look *look)
{
    if (!look->done)
        ssh_host_close(look->host);
    look->done = true;
}

static void saw_key(void *owner, const void *blob, size_t length)
{
    struct look *look = owner;
    buffer_append(&look->key, blob, length);
    look_end(look);
}

static void saw_nothing(void *owner, const struct ssh_failure *failure)
{
    struct look *look = owner;
    look->failure = *failure;
    look_end(look);
}

static void close_any(uv_handle_t *handle, void *unused)
{
    (void)unused;
    if (!uv_is_closing(handle))
        uv_close(handle, NULL);
}

/* False with a cause on standard error. */
static bool look_at(struct ssh *ssh, uv_loop_t *loop, const char *address, struct look *look)
{
    static const struct ssh_session_ops ops = {.host_key = saw_key, .failed = saw_nothing};
    struct error error = {0};
    look->host = ssh_host_new(ssh, 0, address, address);
    look->host->look = &ops;
    look->host->look_owner = look;
    if (!ssh_route_make(ssh, address, 0, &look->host->route, &error)) {
        fprintf(stderr, "nocturned: %s\n", error.text);
        look_end(look);
        uv_run(loop, UV_RUN_DEFAULT);
        return false;
    }
    ssh_host_connect(look->host);
    while (!look->done && uv_run(loop, UV_RUN_ONCE))
        ;
    if (look->key.length == 0)
        fprintf(stderr, "nocturned: %s: %s\n", address, look->failure.text);
    return look->key.length > 0;
}

static bool asked(const struct ssh *ssh)
{
    char answer[16];
    if (!isatty(STDIN_FILENO)) {
        fprintf(stderr, "nocturned: nobody to ask: give what the host itself says with --fingerprint SHA256:...\n");
        return false;
    }
    printf("Add it to %s? Type yes: ", ssh_known_path(ssh->known));
    fflush(stdout);
    return fgets(answer, sizeof answer, stdin) && strcasecmp(answer, "yes\n") == 0;
}

static const char *host_key_file(const char *kind)
{
    return strcmp(kind, "ED25519") == 0 ? "ed25519" : strcmp(kind, "ECDSA") == 0 ? "ecdsa" : "rsa";
}

static int decide(struct ssh *ssh, const struct ssh_route *route, const struct look *look, const char *wanted)
{
    const struct ssh_settings *settings = &route->settings;
    struct ssh_known_answer known;
    char fingerprint[SSH_FINGERPRINT_TEXT], kind[32], name[300];
    struct error error = {0};
    ssh_known_check(ssh->known, settings->key_name, settings->port, look->key.data, look->key.length, &known);
    ssh_known_fingerprint(look->key.data, look->key.length, fingerprint);
    ssh_known_kind(look->key.data, look->key.length, kind, sizeof kind);
    ssh_known_name(name, sizeof name, settings->key_name, settings->port);
    printf("%s shows this key:\n  %s %s\n", name, kind, fingerprint);
    if (known.verdict == SSH_KNOWN_MATCH) {
        printf("It is known already (%s).\n", known.where);
        return 0;
    }
    if (known.verdict != SSH_KNOWN_UNKNOWN) {
        printf("THIS IS NOT THE KEY THAT IS KNOWN: %s %s (%s).\n"
               "Either the host was installed anew, or somebody stands in between. Find out which, at the host itself.\n"
               "If it is the host: ssh-keygen -f '%.*s' -R '%s', then come back.\n",
               known.verdict == SSH_KNOWN_REVOKED ? "revoked" : "expected", known.fingerprint, known.where,
               (int)strcspn(known.where, ":"), known.where, name);
        return 1;
    }
    if (wanted && strcmp(wanted, fingerprint) != 0) {
        printf("It is not the one you gave (%s): not trusted.\n", wanted);
        return 1;
    }
    if (!wanted)
        printf("Compare it with what the host itself says, at its own console:\n"
               "  ssh-keygen -lf /etc/ssh/ssh_host_%s_key.pub\n",
               host_key_file(kind));
    if (!wanted && !asked(ssh)) {
        printf("Not trusted.\n");
        return 1;
    }
    if (!ssh_known_add(ssh_known_path(ssh->known), settings->key_name, settings->port, look->key.data, look->key.length,
                       &error)) {
        fprintf(stderr, "nocturned: %s\n", error.text);
        return 1;
    }
    printf("Added to %s; a running daemon takes it up by itself.\n", ssh_known_path(ssh->known));
    return 0;
}

int ssh_trust(const struct config_node *node, const char *address, const char *fingerprint)
{
    uv_loop_t loop;
    struct look look = {0};
    uv_loop_init(&loop);
    struct source *source = source_new(&loop, (struct sink){0}, "trust", NULL);
    struct ssh *ssh = ssh_settings_read(source, node);
    struct ssh_route route = {0};
    int code = 1;
    if (look_at(ssh, &loop, address, &look) && ssh_route_make(ssh, address, 0, &route, NULL))
        code = decide(ssh, &route, &look, fingerprint);
    ssh_route_release(&route);
    ssh_jumps_free(ssh);
    uv_walk(&loop, close_any, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    uv_loop_close(&loop);
    ssh_settings_free(ssh);
    buffer_release(&look.key);
    source_free(&source);
    return code;
}
