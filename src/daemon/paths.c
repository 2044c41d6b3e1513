#include "daemon/paths.h"

#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"

static const char *variable(const char *name)
{
    const char *value = getenv(name);
    return value && value[0] ? value : NULL;
}

static const char *home(void)
{
    const char *value = variable("HOME");
    if (value)
        return value;
    const struct passwd *user = getpwuid(geteuid());
    return user ? user->pw_dir : "/";
}

char *path_config(const char *given)
{
    if (!given)
        given = variable("NOCTURNE_CONFIG");
    if (given)
        return memory_text(given);
    const char *folder = variable("XDG_CONFIG_HOME");
    char *path = folder ? memory_printf("%s/nocturne/nocturne.yml", folder)
                        : memory_printf("%s/.config/nocturne/nocturne.yml", home());
    if (access(path, F_OK) == 0)
        return path;
    free(path);
    path = memory_text(NOCTURNE_SYSCONFDIR "/nocturne/nocturne.yml");
    if (access(path, F_OK) == 0)
        return path;
    free(path);
    return NULL;
}

char *path_state(const char *given)
{
    if (given)
        return memory_text(given);
    const char *folder = variable("STATE_DIRECTORY"); /* systemd's StateDirectory= */
    if (folder)
        return memory_text_n(folder, strcspn(folder, ":"));
    folder = variable("XDG_STATE_HOME");
    if (folder)
        return memory_printf("%s/nocturne", folder);
    return geteuid() == 0 ? memory_text("/var/lib/nocturne") : memory_printf("%s/.local/state/nocturne", home());
}

char *path_socket(void)
{
    const char *folder = variable("XDG_RUNTIME_DIR");
    return folder ? memory_printf("%s/nocturne/api.sock", folder) : memory_text("/run/nocturne/api.sock");
}

char *path_resolve(const char *path, const char *named_in)
{
    if (path[0] == '~' && path[1] == '/')
        return memory_printf("%s%s", home(), path + 1);
    const char *slash = path[0] == '/' ? NULL : strrchr(named_in, '/');
    return slash ? memory_printf("%.*s%s", (int)(slash + 1 - named_in), named_in, path) : memory_text(path);
}

bool path_make_private(const char *folder, struct error *error)
{
    char *path = memory_text(folder);
    bool good = true;
    for (char *at = path + 1; good; at++) {
        char end = *at;
        if (end != '/' && end)
            continue;
        *at = '\0';
        if (mkdir(path, 0700) != 0 && errno != EEXIST)
            good = error_set(error, errno == EACCES || errno == EROFS ? ERROR_DENIED : ERROR_UNAVAILABLE,
                             "%s: cannot be made: %s", path, strerror(errno));
        *at = end;
        if (!end)
            break;
    }
    free(path);
    return good;
}
