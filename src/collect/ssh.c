#include "collect/ssh.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"
#include "collect/probe.h"
#include "collect/ssh_key.h"

#define TICK SPAN_SECOND

/* ---- turns to connect ---- */

static void turns_give(struct ssh *ssh)
{
    while (ssh->first_queued && ssh->connecting < ssh->connects && !ssh->closing) {
        struct ssh_host *host = ssh->first_queued;
        ssh->first_queued = host->next_queued;
        if (!ssh->first_queued)
            ssh->last_queued = NULL;
        host->next_queued = NULL;
        host->holds_turn = true;
        ssh->connecting++;
        ssh_host_connect(host);
    }
}

void ssh_turn_ask(struct ssh_host *host)
{
    struct ssh *ssh = host->ssh;
    host->state = SSH_HOST_QUEUED;
    if (ssh->last_queued)
        ssh->last_queued->next_queued = host;
    else
        ssh->first_queued = host;
    ssh->last_queued = host;
    uv_timer_start(&ssh->timer, ssh->timer.timer_cb, 0, (uint64_t)TICK); /* not within a call of whoever asks */
}

void ssh_turn_leave(struct ssh_host *host)
{
    struct ssh *ssh = host->ssh;
    if (host->holds_turn) {
        host->holds_turn = false;
        ssh->connecting--;
        if (ssh->first_queued && ssh->timer_open)
            uv_timer_start(&ssh->timer, ssh->timer.timer_cb, 0, (uint64_t)TICK);
    }
    struct ssh_host *before = NULL;
    for (struct ssh_host *at = ssh->first_queued; at; before = at, at = at->next_queued) {
        if (at != host)
            continue;
        if (before)
            before->next_queued = host->next_queued;
        else
            ssh->first_queued = host->next_queued;
        if (ssh->last_queued == host)
            ssh->last_queued = before;
        host->next_queued = NULL;
        break;
    }
}

/* ---- what all hosts share ---- */

const struct buffer *ssh_script(struct ssh *ssh, unsigned depths)
{
    struct buffer *script = &ssh->scripts[depths % SSH_SCRIPTS];
    if (script->length == 0)
        host_script(script, depths, (const char *const *)ssh->certificates, ssh->certificate_count);
    return script;
}

void ssh_status_due(struct ssh *ssh)
{
    ssh->status_due = true;
}

static void tell_status(struct ssh *ssh)
{
    size_t watched = 0, troubled = 0;
    const struct ssh_host *worst = NULL;
    for (size_t i = 0; i < ssh->count; i++) {
        const struct ssh_host *host = ssh->hosts[i];
        watched += ssh_host_watched(host);
        troubled += *host->trouble != '\0';
        if (*host->trouble && (!worst || (host->check == HEALTH_CRITICAL && worst->check != HEALTH_CRITICAL)))
            worst = host;
    }
    ssh->status_due = false;
    if (ssh->count == 0)
        source_status(ssh->source, ssh->unusable ? SOURCE_TROUBLED : SOURCE_RUNNING, "no asset with an address matches");
    else if (worst)
        source_status(ssh->source, watched == 0 && troubled == ssh->count ? SOURCE_DOWN : SOURCE_TROUBLED,
                      "%zu of %zu well; %.40s at %.80s: %s", watched, ssh->count, worst->id, worst->address, worst->trouble);
    else if (ssh->unusable)
        source_status(ssh->source, SOURCE_TROUBLED,
                      COUNTED(ssh->count, N_("%zu host, %u without a usable address"),
                              N_("%zu hosts, %u without a usable address")), ssh->count, ssh->unusable);
    else if (watched < ssh->count)
        source_status(ssh->source, SOURCE_STARTING, "%zu of %zu answer", watched, ssh->count);
    else
        source_status(ssh->source, SOURCE_RUNNING,
                      COUNTED(ssh->count, N_("%zu host"),
                              N_("%zu hosts")), ssh->count);
}

static void tick(uv_timer_t *timer)
{
    struct ssh *ssh = timer->data;
    if (ssh->barred > 0)
        ssh_known_refresh(ssh->known); /* each connection does, too */
    bool changed = ssh->known_seen != ssh_known_revision(ssh->known);
    ssh->known_seen = ssh_known_revision(ssh->known);
    if (changed)
        for (size_t i = 0; i < ssh->count; i++)
            ssh_host_unbar(ssh->hosts[i]);
    turns_give(ssh);
    if (ssh->status_due || ssh->source->status == SOURCE_STARTING)
        tell_status(ssh);
}

/* ---- targets ---- */

struct selection {
    struct ssh *ssh;
    struct ssh_host **old;
    size_t old_count;
};

static int compare_hosts(const void *left, const void *right)
{
    uint32_t a = (*(struct ssh_host *const *)left)->asset, b = (*(struct ssh_host *const *)right)->asset;
    return a < b ? -1 : a > b;
}

/* The same host as before, taken out of the old list; NULL when it is new, or its address is. */
static struct ssh_host *keep(struct selection *selection, const struct sink_target *target)
{
    struct ssh_host key = {.asset = target->asset}, *wanted = &key;
    struct ssh_host **found = selection->old_count == 0 ? NULL
        : bsearch(&wanted, selection->old, selection->old_count, sizeof wanted, compare_hosts);
    return found && !(*found)->closing && strcmp((*found)->address, target->address) == 0 ? *found : NULL;
}

static void select_host(void *visitor, const struct sink_target *target)
{
    struct selection *selection = visitor;
    struct ssh *ssh = selection->ssh;
    struct error error = {0};
    if (!*target->address)
        return;
    struct ssh_host *host = keep(selection, target);
    if (!host) {
        host = ssh_host_new(ssh, target->asset, target->id, target->address);
        if (!ssh_host_begin(host, &error)) {
            source_bad(ssh->source, error.text, strlen(error.text), "%.80s", target->id);
            ssh->unusable++;
            ssh_host_close(host);
            return;
        }
    }
    ARRAY_RESERVE(ssh->hosts, ssh->capacity, ssh->count + 1);
    ssh->hosts[ssh->count++] = host;
}

static bool select_all(struct ssh *ssh, struct error *error)
{
    struct selection selection = {.ssh = ssh, .old = ssh->hosts, .old_count = ssh->count};
    struct source *source = ssh->source;
    if (ssh->count > 1)
        qsort(selection.old, selection.old_count, sizeof *selection.old, compare_hosts);
    ssh->hosts = NULL;
    ssh->count = ssh->capacity = 0;
    ssh->unusable = 0;
    bool fine = source->sink.ops->targets(source->sink.owner, ssh->filter, select_host, &selection, error);
    for (size_t i = 0; i < selection.old_count; i++)
        selection.old[i]->offset = -1;
    for (size_t i = 0; i < ssh->count; i++)
        ssh->hosts[i]->offset = (msec)((double)ssh->interval * (double)i / (double)ssh->count);
    for (size_t i = 0; i < selection.old_count; i++)
        if (selection.old[i]->offset < 0)
            ssh_host_close(selection.old[i]);
    free(selection.old);
    source->targets = (unsigned)ssh->count;
    ssh_status_due(ssh);
    return fine;
}

static void ssh_ledger_changed(struct source *source)
{
    struct ssh *ssh = source->state;
    struct error error = {0};
    ssh_config_free(&ssh->config); /* a new host may have come with a new entry there */
    ssh->config = ssh_config_new(ssh->config_path);
    if (!select_all(ssh, &error))
        source_status(source, SOURCE_TROUBLED, "%s", error.text);
}

static struct ssh_host *host_of(struct source *source, uint32_t asset)
{
    struct ssh *ssh = source->state;
    for (size_t i = 0; ssh && i < ssh->count; i++)
        if (ssh->hosts[i]->asset == asset)
            return ssh->hosts[i];
    return NULL;
}

static void ssh_attend(struct source *source, uint32_t asset, msec interval)
{
    struct ssh_host *host = host_of(source, asset);
    if (host)
        ssh_host_attend(host, interval);
}

static struct host_running *ssh_run_on(struct source *source, uint32_t asset, const struct host_run *run, struct error *error)
{
    struct ssh_host *host = host_of(source, asset);
    if (host)
        return ssh_run(host, run, error);
    error_set(error, ERROR_NOT_FOUND, "source %s does not watch that host", source->name);
    return NULL;
}

static void ssh_cancel(struct source *source, struct host_running *running)
{
    (void)source;
    ssh_run_cancel(running);
}

/* ---- configuration ---- */

static const char *const limit_keys_default[SSH_PHASE_COUNT] = {
    [SSH_RESOLVE] = "10s", [SSH_TCP] = "5s", [SSH_BANNER] = "10s", [SSH_EXCHANGE] = "15s",
    [SSH_SIGN_IN] = "20s", [SSH_CHANNEL] = "15s", [SSH_ANSWER] = "10s",
};

#define LIMIT(key, what) {.name = key, .type = CONFIG_SPAN, .minimum = 50, .maximum = 600e3, .help = what}
static const struct config_key limit_keys[] = {
    LIMIT("name", "to find its name (default 10s)"),
    LIMIT("tcp", "to connect (default 5s)"),
    LIMIT("banner", "for its SSH banner (default 10s)"),
    LIMIT("exchange", "for the key exchange (default 15s)"),
    LIMIT("sign_in", "for signing in (default 20s)"),
    LIMIT("channel", "to open a channel; its shell's start-up files get twice as long (default 15s)"),
    LIMIT("answer", "for an answer (default 10s)"),
    {.name = NULL},
};

/* A list of texts, or one text. */
static size_t list_count(const struct config_node *node)
{
    return !node ? 0 : config_is_list(node) ? config_count(node) : 1;
}

static const char *list_at(const struct config_node *node, size_t index)
{
    const char *text = config_scalar(config_is_list(node) ? config_at(node, index) : node);
    return text ? text : "";
}

static bool check_certificate(const char *path)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+@%*?";
    return path[0] == '/' && strspn(path, plain) == strlen(path);
}

static void ssh_validate(const struct config_node *node, struct config_problems *problems)
{
    const struct config_node *keys = config_get(node, "key"), *certificates = config_get(node, "certificates");
    const char *agent = config_text(node, "agent", ""), *file = config_text(node, "ssh_config", "");
    if (list_count(keys) > SSH_IDENTITIES_MAX)
        config_problem(problems, keys, "expected at most %d keys", SSH_IDENTITIES_MAX);
    for (size_t i = 0; i < list_count(keys); i++) {
        struct error error = {0};
        struct buffer public = BUFFER_INIT;
        char *path = ssh_config_path(list_at(keys, i));
        struct ssh_key *key = ssh_key_load(path, &public, &error);
        if (!key && (error.code != ERROR_UNAVAILABLE || (!*agent && !getenv("SSH_AUTH_SOCK"))))
            config_problem(problems, config_is_list(keys) ? config_at(keys, i) : keys, "%s", error.text);
        ssh_key_free(&key);
        buffer_release(&public);
        free(path);
    }
    for (size_t i = 0; i < list_count(certificates); i++)
        if (!check_certificate(list_at(certificates, i)))
            config_problem(problems, certificates, "expected absolute paths, which may have * and ?; got `%s`",
                           list_at(certificates, i));
    if (*file && strcmp(file, "none") != 0) {
        char *path = ssh_config_path(file);
        if (access(path, R_OK) != 0)
            config_problem(problems, config_get(node, "ssh_config"), "`%s` cannot be read", path);
        free(path);
    }
}

static void take_known(struct ssh *ssh, const struct config_node *node)
{
    const struct config_node *list = config_get(node, "known_hosts");
    const char *const usual[] = {"~/.ssh/known_hosts", "/etc/ssh/ssh_known_hosts"};
    size_t count = list ? list_count(list) : ARRAY_COUNT(usual);
    char **paths = memory_new_array(count + 1, sizeof *paths);
    for (size_t i = 0; i < count; i++)
        paths[i] = ssh_config_path(list ? list_at(list, i) : usual[i]);
    ssh->known = ssh_known_new((const char *const *)paths, (unsigned)count);
    for (size_t i = 0; i < count; i++)
        free(paths[i]);
    free(paths);
}

static void take_texts(const struct config_node *list, char ***texts, unsigned *count)
{
    size_t found = list_count(list);
    *texts = memory_new_array(found + 1, sizeof **texts);
    for (size_t i = 0; i < found; i++)
        (*texts)[(*count)++] = ssh_config_path(list_at(list, i));
}

struct ssh *ssh_settings_read(struct source *source, const struct config_node *node)
{
    struct ssh *ssh = memory_new(sizeof *ssh);
    const char *agent = config_text(node, "agent", getenv("SSH_AUTH_SOCK")), *user = config_text(node, "user", NULL);
    const char *file = config_text(node, "ssh_config", "~/.ssh/config"), *jump = config_text(node, "jump", NULL);
    const char *depth = config_text(node, "depth", "full");
    const struct config_node *limits = config_get(node, "limits");
    ssh->source = source;
    ssh->filter = memory_text(config_text(node, "select", "kind:server has:address"));
    ssh->user = memory_text(user);
    ssh->jump = memory_text(jump);
    ssh->agent = agent && *agent && strcmp(agent, "none") != 0 ? ssh_config_path(agent) : NULL;
    ssh->interval = config_span(node, "interval", 5 * SPAN_SECOND);
    ssh->depths = strcmp(depth, "quick") == 0 ? HOST_QUICK : strcmp(depth, "usual") == 0 ? HOST_QUICK | HOST_USUAL | HOST_SLOW
                  : HOST_QUICK | HOST_USUAL | HOST_FULL | HOST_SLOW;
    ssh->default_port = (unsigned)config_integer(node, "port", 22);
    ssh->connects = (unsigned)config_integer(node, "connects", 32);
    ssh->config_path = strcmp(file, "none") != 0 ? ssh_config_path(file) : NULL;
    ssh->config = ssh_config_new(ssh->config_path);
    ssh->keyring = ssh_keyring_new();
    take_known(ssh, node);
    take_texts(config_get(node, "key"), &ssh->identities, &ssh->identity_count);
    take_texts(config_get(node, "certificates"), &ssh->certificates, &ssh->certificate_count);
    for (enum ssh_phase phase = 0; phase < SSH_PHASE_COUNT; phase++) {
        span_parse(limit_keys_default[phase], &ssh->limits[phase], NULL);
        if (limits)
            ssh->limits[phase] = config_span(limits, ssh_phase_name(phase), ssh->limits[phase]);
    }
    return ssh;
}

void ssh_settings_free(struct ssh *ssh)
{
    ssh_known_free(&ssh->known);
    ssh_keyring_free(&ssh->keyring);
    ssh_config_free(&ssh->config);
    memory_free_texts(ssh->identities, ssh->identity_count);
    memory_free_texts(ssh->certificates, ssh->certificate_count);
    for (unsigned i = 0; i < SSH_SCRIPTS; i++)
        buffer_release(&ssh->scripts[i]);
    free(ssh->config_path);
    free(ssh->filter);
    free(ssh->user);
    free(ssh->agent);
    free(ssh->jump);
    free(ssh->hosts);
    free(ssh);
}

/* ---- life ---- */

static bool ssh_start(struct source *source, const struct config_node *node, struct error *error)
{
    struct ssh *ssh = ssh_settings_read(source, node);
    source->state = ssh;
    ssh->timer.data = ssh;
    ssh->timer_open = true;
    uv_timer_init(source->loop, &ssh->timer);
    uv_timer_start(&ssh->timer, tick, 0, (uint64_t)TICK);
    return select_all(ssh, error);
}

void ssh_host_gone(struct ssh *ssh)
{
    ssh->open_hosts--;
    if (ssh->closing && ssh->open_hosts == 0 && !ssh->timer_open)
        ssh_settings_free(ssh);
}

static void timer_closed(uv_handle_t *handle)
{
    struct ssh *ssh = handle->data;
    ssh->timer_open = false;
    ssh->open_hosts++;
    ssh_host_gone(ssh);
}

static void ssh_stop(struct source *source)
{
    struct ssh *ssh = source->state;
    source->state = NULL;
    ssh->closing = true;
    for (size_t i = 0; i < ssh->count; i++)
        ssh_host_close(ssh->hosts[i]);
    ssh->count = 0;
    ssh_jumps_free(ssh);
    uv_close((uv_handle_t *)&ssh->timer, timer_closed);
}

static const char *const depths[] = {"quick", "usual", "full", NULL};

static const struct config_key ssh_keys[] = {
    {.name = "select", .type = CONFIG_FILTER, .check = filter_check,
     .help = "which assets to watch (default kind:server); their address is host, host:port or a Host of ~/.ssh/config"},
    {.name = "user", .type = CONFIG_TEXT, .help = "whom to sign in as (default: what ~/.ssh/config says, then root)"},
    {.name = "key", .type = CONFIG_TEXT_LIST,
     .help = "private key files, closed to others (mode 0600); one with a passphrase needs the agent (default: what "
             "~/.ssh/config says, then the agent's keys and ~/.ssh/id_ed25519, id_ecdsa, id_rsa)"},
    {.name = "agent", .type = CONFIG_TEXT, .help = "socket of an ssh-agent, or none (default $SSH_AUTH_SOCK)"},
    {.name = "interval", .type = CONFIG_SPAN, .minimum = 1000, .maximum = 24 * 3600e3,
     .help = "time from one question to the next (default 5s); 1 s while somebody looks at the host"},
    {.name = "depth", .type = CONFIG_CHOICE, .choices = depths,
     .help = "quick: figures of /proc alone, each interval; usual: also ports, sessions, units and logins each 30 s, and updates, "
             "certificates and facts each hour (updates first 20 s after signing in); full (default): also processes and peers each minute"},
    {.name = "port", .type = CONFIG_INTEGER, .minimum = 1, .maximum = 65535,
     .help = "where neither address nor ~/.ssh/config names one (default 22)"},
    {.name = "jump", .type = CONFIG_TEXT,
     .help = "user@host:port to go through, several by commas; none: straight (default: what ~/.ssh/config says)"},
    {.name = "known_hosts", .type = CONFIG_TEXT_LIST,
     .help = "files of host keys; the first one takes new keys (default ~/.ssh/known_hosts, /etc/ssh/ssh_known_hosts)"},
    {.name = "ssh_config", .type = CONFIG_TEXT, .help = "file of Host entries, or none (default ~/.ssh/config)"},
    {.name = "certificates", .type = CONFIG_TEXT_LIST,
     .help = "certificates on the hosts to watch: absolute paths, * and ? allowed"},
    {.name = "connects", .type = CONFIG_INTEGER, .minimum = 1, .maximum = 1024,
     .help = "connections being made at one time (default 32)"},
    {.name = "limits", .type = CONFIG_MAP, .keys = limit_keys, .help = "how long each phase may take"},
    {.name = NULL},
};

static void ssh_protection(const struct config_node *node, struct protection *protection)
{
    (void)node;
    protection_set(protection, PROTECTION_ENCRYPTED, N_("SSH, host key checked")); /* there is no way around known_hosts */
}

const struct collector_ops collector_ssh = {
    .type = "ssh",
    .help = "servers, seen from inside through SSH: no agent on them, no root, one shell each",
    .keys = ssh_keys,
    .protection = ssh_protection,
    .validate = ssh_validate,
    .start = ssh_start,
    .ledger_changed = ssh_ledger_changed,
    .attend = ssh_attend,
    .run = ssh_run_on,
    .cancel = ssh_cancel,
    .stop = ssh_stop,
};
