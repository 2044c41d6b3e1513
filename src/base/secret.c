#include "base/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"

#define SECRET_MAX 4096
#define SECRET_REDACTED 6 /* shorter texts would hit ordinary words */

static const struct config_key source_keys[] = {
    {.name = "file", .type = CONFIG_PATH, .help = "of mode 0600, absolute"},
    {.name = "env", .type = CONFIG_TEXT, .help = "name of an environment variable"},
    {.name = "credential", .type = CONFIG_TEXT, .help = "systemd's LoadCredential= of this name"},
    {.name = NULL},
};

static char *read_file(const char *path, bool strict, const struct config_node *node, struct config_problems *problems)
{
    struct stat status;
    char text[SECRET_MAX + 1];
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0 || fstat(file, &status) != 0) {
        config_problem(problems, node, "`%s` cannot be read: %s", path, strerror(errno));
        if (file >= 0)
            close(file);
        return NULL;
    }
    const char *wrong = NULL;
    if (!S_ISREG(status.st_mode))
        wrong = "is not a file";
    else if (strict && (status.st_mode & 077) != 0)
        wrong = "can be read by others: chmod 600 it";
    else if (strict && status.st_uid != geteuid() && status.st_uid != 0)
        wrong = "belongs to somebody else";
    ssize_t length = wrong ? 0 : read(file, text, sizeof text);
    close(file);
    if (!wrong && (length <= 0 || length > SECRET_MAX))
        wrong = length > SECRET_MAX ? "is longer than a secret is" : "is empty";
    if (wrong) {
        config_problem(problems, node, "`%s` %s", path, wrong);
        return NULL;
    }
    while (length > 0 && (text[length - 1] == '\n' || text[length - 1] == '\r'))
        length--;
    char *secret = memory_text_n(text, (size_t)length);
    explicit_bzero(text, sizeof text);
    return secret;
}

static char *read_source(const struct config_node *node, struct config_problems *problems)
{
    const char *file = config_text(node, "file", NULL), *env = config_text(node, "env", NULL),
               *credential = config_text(node, "credential", NULL);
    if (!!file + !!env + !!credential != 1) {
        config_problem(problems, node, "expected one of file, env and credential");
        return NULL;
    }
    if (file && file[0] != '/') {
        config_problem(problems, config_get(node, "file"), "expected an absolute path; got `%s`", file);
        return NULL;
    }
    if (file)
        return read_file(file, true, node, problems);
    if (env) {
        const char *value = getenv(env);
        if (!value || !value[0])
            config_problem(problems, node, "the environment has no %s", env);
        return value && value[0] ? memory_text(value) : NULL;
    }
    const char *folder = getenv("CREDENTIALS_DIRECTORY");
    if (!folder || strchr(credential, '/')) {
        config_problem(problems, node, "systemd gave no credentials: LoadCredential=%s:PATH in the unit", credential);
        return NULL;
    }
    char *path = memory_printf("%s/%s", folder, credential);
    char *secret = read_file(path, false, node, problems); /* systemd guards the folder */
    free(path);
    return secret;
}

void secret_free(char **secret)
{
    if (*secret)
        explicit_bzero(*secret, strlen(*secret));
    free(*secret);
    *secret = NULL;
}

void secrets_add(struct secrets *secrets, const char *text)
{
    if (strlen(text) < SECRET_REDACTED)
        return;
    secrets->text = memory_resize(secrets->text, secrets->count + 1, sizeof *secrets->text);
    secrets->text[secrets->count++] = memory_text(text);
}

char *secret_load(struct secrets *secrets, const struct config_node *map, const char *key, bool required,
                  struct config_problems *problems)
{
    const struct config_node *node = config_get(map, key);
    if (!node) {
        if (required)
            config_problem(problems, map, "`%s` is missing: {file: PATH}, {env: NAME} or {credential: NAME}", key);
        return NULL;
    }
    if (!config_is_map(node)) {
        config_problem(problems, node, "a secret does not stand in the configuration: {file: PATH} of mode 0600, {env: NAME} or "
                       "{credential: NAME}");
        return NULL;
    }
    char *secret = config_check(node, source_keys, problems) ? read_source(node, problems) : NULL;
    if (secret)
        secrets_add(secrets, secret);
    return secret;
}

void secrets_release(struct secrets *secrets)
{
    for (unsigned i = 0; i < secrets->count; i++)
        secret_free(&secrets->text[i]);
    free(secrets->text);
    *secrets = (struct secrets){0};
}

static void redact(const struct secrets *secrets, const char *text, size_t length, struct buffer *out)
{
    for (size_t i = 0; i < length;) {
        size_t hidden = 0;
        for (unsigned j = 0; j < secrets->count && !hidden; j++) {
            size_t secret = strlen(secrets->text[j]);
            if (length - i >= secret && memcmp(text + i, secrets->text[j], secret) == 0)
                hidden = secret;
        }
        if (hidden)
            buffer_append_text(out, "***");
        else
            buffer_append_char(out, text[i]);
        i += hidden ? hidden : 1;
    }
}

/* Before cleaning, as cleaning may change a secret's bytes, and after it, as it may join what stood apart. */
void secrets_redact(const struct secrets *secrets, const char *text, size_t length, char *out, size_t size)
{
    struct buffer raw = BUFFER_INIT, clean = BUFFER_INIT, kept = BUFFER_INIT;
    redact(secrets, text, length, &raw);
    text_clean(&clean, buffer_text(&raw), raw.length);
    redact(secrets, buffer_text(&clean), clean.length, &kept);
    text_clean_into(out, size, buffer_text(&kept), kept.length);
    buffer_release(&raw);
    buffer_release(&clean);
    buffer_release(&kept);
}
