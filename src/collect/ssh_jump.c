/* Routes, and the jump hosts on them. A jump host is connected once for all the hosts behind it, when the first of them
 * needs it, and its key is checked like any other's. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "collect/probe.h"
#include "collect/ssh.h"

struct ssh_jump {
    struct ssh *ssh;
    char *name;                    /* as written: user@host:port */
    struct ssh_route route;
    struct ssh_session *session;
    bool ready, waits_for_jump;
    struct ssh_host *waiting;      /* hosts */
    struct ssh_jump *behind;       /* a jump host that waits for this one; more of them by next_behind */
    struct ssh_jump *next_behind;
    struct ssh_jump *next;
};

static struct ssh_jump *jump_find(struct ssh *ssh, const char *name, unsigned deep, struct error *error);

/* ---- routes ---- */

/* "user@host:port" in parts; the user is "" where none is said. */
static bool split_address(const char *address, char *user, size_t user_size, char *host, size_t host_size, unsigned *port)
{
    const char *at = strrchr(address, '@');
    size_t length = at ? (size_t)(at - address) : 0;
    if (length >= user_size)
        return false;
    memcpy(user, address, length);
    user[length] = '\0';
    return probe_parse_address(at ? at + 1 : address, host, host_size, port);
}

static void take_identities(struct ssh *ssh, struct ssh_route *route)
{
    static const char *const usual[] = {"~/.ssh/id_ed25519", "~/.ssh/id_ecdsa", "~/.ssh/id_rsa"};
    struct ssh_place *place = &route->place;
    struct ssh_settings *settings = &route->settings;
    settings->identities_only = place->identities_only || ssh->identity_count > 0;
    if (ssh->identity_count > 0) {
        for (unsigned i = 0; i < ssh->identity_count; i++)
            route->identities[settings->identity_count++] = ssh->identities[i];
    } else {
        for (unsigned i = 0; place->identity_count == 0 && i < ARRAY_COUNT(usual); i++) {
            char *path = ssh_config_path(usual[i]);
            if (access(path, R_OK) == 0)
                place->identities[place->identity_count++] = path;
            else
                free(path);
        }
        for (unsigned i = 0; i < place->identity_count; i++)
            route->identities[settings->identity_count++] = place->identities[i];
    }
    settings->identities = route->identities;
    settings->agent = *place->agent && strcmp(place->agent, "none") != 0 ? place->agent : ssh->agent;
    if (strcmp(place->agent, "none") == 0)
        settings->agent = NULL;
    else if (strcmp(place->agent, "SSH_AUTH_SOCK") == 0)
        settings->agent = ssh->agent;
}

bool ssh_route_make(struct ssh *ssh, const char *address, unsigned deep, struct ssh_route *route, struct error *error)
{
    char user[64], host[256];
    unsigned port;
    *route = (struct ssh_route){0};
    if (!split_address(address, user, sizeof user, host, sizeof host, &port))
        return error_set(error, ERROR_INVALID, "`%.80s` is not an address: expected host, host:port or a Host of ~/.ssh/config",
                         address);
    struct ssh_place *place = &route->place;
    ssh_config_find(ssh->config, host, place);
    if (*place->command)
        return error_set(error, ERROR_INVALID, "ProxyCommand `%.60s` of ~/.ssh/config is not run here: write ProxyJump in its place, or ProxyCommand ssh -W %%h:%%p BASTION",
                         place->command);
    unsigned where = port ? port : place->port ? place->port : ssh->default_port;
    const char *who = *user ? user : ssh->user ? ssh->user : *place->user ? place->user : NULL;
    if (who != place->user)
        snprintf(place->user, sizeof place->user, "%s", who ? who : "root");
    route->key_name = memory_text(*place->key_alias ? place->key_alias : place->host);
    route->trust = memory_printf("nocturned --trust %s", address);
    route->settings = (struct ssh_settings){.loop = ssh->source->loop, .host = place->host, .port = where,
        .key_name = route->key_name, .user = place->user, .known = ssh->known, .keyring = ssh->keyring,
        .limits = ssh->limits, .trust_command = route->trust};
    take_identities(ssh, route);
    /* The source's own jump host is for hosts; jump hosts have what ~/.ssh/config says, and `Host *` may say themselves. */
    const char *jump = *place->jump ? place->jump : deep == 0 ? ssh->jump : NULL;
    if (!jump || strcmp(jump, "none") == 0 || strcmp(jump, address) == 0 || (deep > 0 && strcmp(jump, host) == 0))
        return true;
    route->jump = jump_find(ssh, jump, deep + 1, error);
    return route->jump != NULL;
}

void ssh_route_release(struct ssh_route *route)
{
    ssh_place_release(&route->place);
    free(route->key_name);
    free(route->trust);
}

/* ---- jump hosts ---- */

/* "a,b": through a, then b; so b's route goes by way of a. */
static bool jump_route(struct ssh *ssh, struct ssh_jump *jump, unsigned deep, struct error *error)
{
    const char *comma = strrchr(jump->name, ',');
    if (!comma)
        return ssh_route_make(ssh, jump->name, deep, &jump->route, error);
    if (!ssh_route_make(ssh, comma + 1, deep, &jump->route, error))
        return false;
    char *before = memory_text_n(jump->name, (size_t)(comma - jump->name));
    jump->route.jump = jump_find(ssh, before, deep + 1, error);
    free(before);
    return jump->route.jump != NULL;
}

static void jump_free(struct ssh_jump *jump)
{
    ssh_session_free(&jump->session);
    ssh_route_release(&jump->route);
    free(jump->name);
    free(jump);
}

static struct ssh_jump *jump_find(struct ssh *ssh, const char *name, unsigned deep, struct error *error)
{
    for (struct ssh_jump *jump = ssh->jumps; jump; jump = jump->next)
        if (strcmp(jump->name, name) == 0)
            return jump;
    if (deep > SSH_JUMPS_DEEP) {
        error_set(error, ERROR_INVALID, "more than %d jump hosts, or a circle of them, at %.80s", SSH_JUMPS_DEEP, name);
        return NULL;
    }
    struct ssh_jump *jump = memory_new(sizeof *jump);
    jump->ssh = ssh;
    jump->name = memory_text(name);
    if (!jump_route(ssh, jump, deep, error)) {
        jump_free(jump);
        return NULL;
    }
    jump->next = ssh->jumps;
    ssh->jumps = jump;
    return jump;
}

static void jump_told(struct ssh_jump *jump, const struct ssh_failure *failure);

static void tell_waiting(struct ssh_jump *jump, const struct ssh_failure *failure)
{
    struct ssh_failure named;
    if (failure) {
        named = *failure;
        snprintf(named.text, sizeof named.text, N_("its jump host %.60s: %.300s"), jump->name, failure->text);
    }
    struct ssh_host *host = jump->waiting;
    jump->waiting = NULL;
    while (host) {
        struct ssh_host *next = host->next_waiting;
        ssh_host_jumped(host, failure ? NULL : jump->session, failure ? &named : NULL);
        host = next;
    }
    struct ssh_jump *behind = jump->behind;
    jump->behind = NULL;
    while (behind) {
        struct ssh_jump *next = behind->next_behind;
        jump_told(behind, failure ? &named : NULL);
        behind = next;
    }
}

static void jump_ready(void *owner)
{
    struct ssh_jump *jump = owner;
    jump->ready = true;
    tell_waiting(jump, NULL);
}

static void jump_failed(void *owner, const struct ssh_failure *failure)
{
    struct ssh_jump *jump = owner;
    jump->ready = false;
    ssh_session_free(&jump->session);
    tell_waiting(jump, failure);
}

static void jump_connect(struct ssh_jump *jump, struct ssh_session *via)
{
    static const struct ssh_session_ops ops = {.ready = jump_ready, .failed = jump_failed};
    jump->route.settings.via = via;
    jump->session = ssh_session_new(&jump->route.settings, &ops, jump);
}

/* The jump host before this one is there, or is not. */
static void jump_told(struct ssh_jump *jump, const struct ssh_failure *failure)
{
    jump->waits_for_jump = false;
    if (failure)
        tell_waiting(jump, failure);
    else
        jump_connect(jump, jump->route.jump->session);
}

static void jump_begin(struct ssh_jump *jump)
{
    struct ssh_jump *before = jump->route.jump;
    if (jump->session || jump->waits_for_jump)
        return;
    if (!before) {
        jump_connect(jump, NULL);
    } else if (before->ready) {
        jump_connect(jump, before->session);
    } else {
        jump->waits_for_jump = true;
        jump->next_behind = before->behind;
        before->behind = jump;
        jump_begin(before);
    }
}

void ssh_jump_use(struct ssh_jump *jump, struct ssh_host *host)
{
    if (jump->ready) {
        ssh_host_jumped(host, jump->session, NULL);
        return;
    }
    host->next_waiting = jump->waiting;
    jump->waiting = host;
    jump_begin(jump);
}

void ssh_jump_leave(struct ssh_jump *jump, struct ssh_host *host)
{
    for (struct ssh_host **at = &jump->waiting; *at; at = &(*at)->next_waiting)
        if (*at == host) {
            *at = host->next_waiting;
            return;
        }
}

/* Those that are reached through others go first. They stand before them in the list: one is added after what it needs. */
void ssh_jumps_free(struct ssh *ssh)
{
    while (ssh->jumps) {
        struct ssh_jump *jump = ssh->jumps;
        ssh->jumps = jump->next;
        jump_free(jump);
    }
}
