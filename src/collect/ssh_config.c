#include "collect/ssh_config.h"

#include <ctype.h>
#include <fcntl.h>
#include <glob.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/memory.h"

#define FILE_MAX (1 << 20)
#define LINES_MAX 20000
#define INCLUDE_DEPTH 4
#define NAME_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789@._-"

enum keyword { KEY_HOST, KEY_HOSTNAME, KEY_PORT, KEY_USER, KEY_IDENTITY, KEY_IDENTITIES_ONLY, KEY_AGENT, KEY_ALIAS,
               KEY_JUMP, KEY_COMMAND, KEY_COUNT };

static const char *const keywords[KEY_COUNT] = {
    [KEY_HOST] = "host", [KEY_HOSTNAME] = "hostname", [KEY_PORT] = "port", [KEY_USER] = "user",
    [KEY_IDENTITY] = "identityfile", [KEY_IDENTITIES_ONLY] = "identitiesonly", [KEY_AGENT] = "identityagent",
    [KEY_ALIAS] = "hostkeyalias", [KEY_JUMP] = "proxyjump", [KEY_COMMAND] = "proxycommand",
};

/* The file as a list: a Host line governs those after it. `value` of a Host line: its patterns, blank between. */
struct statement { enum keyword keyword; char *value; };

struct ssh_config {
    struct statement *statements;
    size_t count, capacity;
};

char *ssh_config_path(const char *path)
{
    if (strncmp(path, "~/", 2) != 0 && strncmp(path, "%d/", 3) != 0)
        return memory_text(path);
    const char *home = getenv("HOME");
    if (!home || !*home) {
        const struct passwd *person = getpwuid(geteuid());
        home = person ? person->pw_dir : "/";
    }
    return memory_printf("%s/%s", home, path + (path[0] == '~' ? 2 : 3));
}

/* ---- reading ---- */

static void add(struct ssh_config *config, enum keyword keyword, const char *value, size_t length)
{
    if (config->count >= LINES_MAX)
        return;
    ARRAY_RESERVE(config->statements, config->capacity, config->count + 1);
    config->statements[config->count++] = (struct statement){.keyword = keyword, .value = memory_text_n(value, length)};
}

static void read_text(struct ssh_config *config, const char *text, size_t length, int depth);

static void read_path(struct ssh_config *config, const char *path, int depth)
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0)
        return;
    struct buffer text = BUFFER_INIT;
    ssize_t got = 1;
    while (got > 0 && text.length < FILE_MAX) {
        buffer_reserve(&text, 8192);
        got = read(descriptor, text.data + text.length, 8192);
        if (got > 0)
            text.length += (size_t)got;
    }
    close(descriptor);
    if (text.length)
        read_text(config, text.data, text.length, depth);
    buffer_release(&text);
}

static void include(struct ssh_config *config, const char *value, size_t length, int depth)
{
    if (depth >= INCLUDE_DEPTH)
        return;
    char *pattern = memory_text_n(value, length);
    char *relative = *pattern == '/' || *pattern == '~' ? memory_text(pattern) : memory_printf("~/.ssh/%s", pattern);
    char *path = ssh_config_path(relative);
    glob_t found;
    if (glob(path, GLOB_NOSORT, NULL, &found) == 0) {
        for (size_t i = 0; i < found.gl_pathc; i++)
            read_path(config, found.gl_pathv[i], depth + 1);
        globfree(&found);
    }
    free(path);
    free(relative);
    free(pattern);
}

static void read_line(struct ssh_config *config, const char *at, const char *end, int depth)
{
    while (at < end && isspace((unsigned char)*at))
        at++;
    while (end > at && isspace((unsigned char)end[-1]))
        end--;
    const char *word = at;
    while (at < end && !isspace((unsigned char)*at) && *at != '=')
        at++;
    size_t word_length = (size_t)(at - word);
    while (at < end && (isspace((unsigned char)*at) || *at == '='))
        at++;
    if (word_length == 0 || *word == '#' || at == end)
        return;
    if (end - at >= 2 && *at == '"' && end[-1] == '"')
        at++, end--;
    size_t length = (size_t)(end - at);
    if (word_length == 7 && strncasecmp(word, "include", 7) == 0)
        include(config, at, length, depth);
    if (word_length == 5 && strncasecmp(word, "match", 5) == 0) /* what it governs holds for `all` or nobody */
        add(config, KEY_HOST, length == 3 && strncasecmp(at, "all", 3) == 0 ? "*" : "", length == 3 ? 1 : 0);
    for (enum keyword i = 0; i < KEY_COUNT; i++)
        if (strlen(keywords[i]) == word_length && strncasecmp(word, keywords[i], word_length) == 0)
            add(config, i, at, length);
}

static void read_text(struct ssh_config *config, const char *text, size_t length, int depth)
{
    const char *end = text + length;
    while (text < end) {
        const char *stop = memchr(text, '\n', (size_t)(end - text));
        read_line(config, text, stop ? stop : end, depth);
        text = stop ? stop + 1 : end;
    }
}

struct ssh_config *ssh_config_new_text(const char *text, size_t length)
{
    struct ssh_config *config = memory_new(sizeof *config);
    read_text(config, text, length, INCLUDE_DEPTH);
    return config;
}

struct ssh_config *ssh_config_new(const char *path)
{
    struct ssh_config *config = memory_new(sizeof *config);
    if (path)
        read_path(config, path, 0);
    return config;
}

void ssh_config_free(struct ssh_config **config)
{
    if (!*config)
        return;
    for (size_t i = 0; i < (*config)->count; i++)
        free((*config)->statements[i].value);
    free((*config)->statements);
    free(*config);
    *config = NULL;
}

/* ---- finding ---- */

static bool matches(const char *pattern, size_t length, const char *name)
{
    const char *end = pattern + length, *star = NULL, *resume = NULL;
    while (*name) {
        if (pattern < end && *pattern == '*')
            star = ++pattern, resume = name;
        else if (pattern < end && (*pattern == '?' || *pattern == *name))
            pattern++, name++;
        else if (star)
            pattern = star, name = ++resume;
        else
            return false;
    }
    while (pattern < end && *pattern == '*')
        pattern++;
    return pattern == end;
}

static bool governs(const char *patterns, const char *name)
{
    bool found = false;
    while (*patterns) {
        patterns += strspn(patterns, " \t");
        size_t length = strcspn(patterns, " \t");
        bool negated = *patterns == '!';
        if (length > (size_t)negated && matches(patterns + negated, length - negated, name)) {
            if (negated)
                return false;
            found = true;
        }
        patterns += length;
    }
    return found;
}

/* HostName with %h (the name as given) and %%. */
static void expand_host(char *out, size_t size, const char *pattern, const char *name)
{
    size_t used = 0;
    for (; *pattern && used + 1 < size; pattern++) {
        if (pattern[0] == '%' && pattern[1] == 'h') {
            used += (size_t)snprintf(out + used, size - used, "%s", name);
            if (used >= size)
                used = size - 1;
            pattern++;
        } else {
            pattern += pattern[0] == '%' && pattern[1] == '%';
            out[used++] = *pattern;
        }
    }
    out[used] = '\0';
}

static void fill(char *out, size_t size, const char *value)
{
    if (!*out)
        snprintf(out, size, "%s", value);
}

/* The jump host of "ssh -W %h:%p ops@bastion", as it was written before there was ProxyJump; false: another command. */
static bool command_jump(const char *command, char *jump, size_t size)
{
    char copy[256], *rest, host[128] = "", user[64] = "";
    unsigned port = 0;
    bool through = false;
    if ((size_t)snprintf(copy, sizeof copy, "%s", command) >= sizeof copy)
        return false;
    char *word = strtok_r(copy, " \t", &rest);
    if (word && strcmp(word, "exec") == 0)
        word = strtok_r(NULL, " \t", &rest);
    const char *name = word ? strrchr(word, '/') : NULL;
    if (!word || strcmp(name ? name + 1 : word, "ssh") != 0)
        return false;
    while ((word = strtok_r(NULL, " \t", &rest))) {
        bool option = word[0] == '-' && strchr("Wpl", word[1]) && word[1] && !word[2];
        const char *value = option ? strtok_r(NULL, " \t", &rest) : NULL;
        if (option && !value)
            return false;
        if (option && word[1] == 'W')
            through = strcmp(value, "%h:%p") == 0 || strcmp(value, "[%h]:%p") == 0;
        else if (option && word[1] == 'p')
            port = (unsigned)atoi(value);
        else if (option)
            snprintf(user, sizeof user, "%s", value);
        else if (strcmp(word, "-q") == 0)
            continue;
        else if (word[0] == '-' || host[0] || strspn(word, NAME_CHARACTERS) != strlen(word))
            return false;
        else
            snprintf(host, sizeof host, "%s", word);
    }
    if (!through || !host[0] || port > 65535 || strspn(user, NAME_CHARACTERS) != strlen(user) || (user[0] && strchr(host, '@')))
        return false;
    int length = snprintf(jump, size, "%s%s%s", user, user[0] ? "@" : "", host);
    if (port && length >= 0 && (size_t)length < size)
        length += snprintf(jump + length, size - (size_t)length, ":%u", port);
    return length > 0 && (size_t)length < size;
}

/* Whichever of the two ways is said first holds. */
static void take_command(struct ssh_place *place, const char *command)
{
    if (*place->jump || *place->command)
        return;
    if (strcasecmp(command, "none") == 0)
        fill(place->jump, sizeof place->jump, "none");
    else if (!command_jump(command, place->jump, sizeof place->jump)) {
        place->jump[0] = '\0';
        fill(place->command, sizeof place->command, command);
    }
}

static void take(struct ssh_place *place, const struct statement *statement, const char *name)
{
    const char *value = statement->value;
    char *path;
    switch (statement->keyword) {
    case KEY_HOSTNAME:
        if (!*place->host)
            expand_host(place->host, sizeof place->host, value, name);
        break;
    case KEY_PORT:
        if (place->port == 0 && atoi(value) > 0 && atoi(value) < 65536)
            place->port = (unsigned)atoi(value);
        break;
    case KEY_USER: fill(place->user, sizeof place->user, value); break;
    case KEY_ALIAS: fill(place->key_alias, sizeof place->key_alias, value); break;
    case KEY_JUMP:
        if (!*place->command)
            fill(place->jump, sizeof place->jump, value);
        break;
    case KEY_COMMAND: take_command(place, value); break;
    case KEY_IDENTITIES_ONLY: place->identities_only |= strcasecmp(value, "yes") == 0; break;
    case KEY_AGENT:
        path = ssh_config_path(value);
        fill(place->agent, sizeof place->agent, path);
        free(path);
        break;
    case KEY_IDENTITY:
        if (place->identity_count < SSH_IDENTITIES_MAX)
            place->identities[place->identity_count++] = ssh_config_path(value);
        break;
    default: break;
    }
}

void ssh_config_find(const struct ssh_config *config, const char *name, struct ssh_place *place)
{
    *place = (struct ssh_place){0};
    bool applies = true; /* what stands before the first Host line */
    for (size_t i = 0; i < config->count; i++) {
        if (config->statements[i].keyword == KEY_HOST)
            applies = governs(config->statements[i].value, name);
        else if (applies)
            take(place, &config->statements[i], name);
    }
    fill(place->host, sizeof place->host, name);
    if (strcasecmp(place->jump, "none") == 0)
        place->jump[0] = '\0';
}

void ssh_place_release(struct ssh_place *place)
{
    for (unsigned i = 0; i < place->identity_count; i++)
        free(place->identities[i]);
    place->identity_count = 0;
}
