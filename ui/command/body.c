#include "command/body.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/memory.h"
#include "model/asset.h"
#include "term/locale.h"

bool body_fields(struct buffer *out, const char *text, struct error *error)
{
    struct json_writer writer;
    bool good = true;
    json_start(&writer, out);
    json_write_object(&writer, NULL);
    for (text += strspn(text, " "); good && *text; text += strspn(text, " ")) {
        size_t name = strcspn(text, "= ");
        enum asset_field field;
        char key[64];
        if (text[name] != '=' || !name || name >= sizeof key) {
            good = error_set(error, ERROR_INVALID, _("expected FIELD=VALUE, got `%s`"), text);
            break;
        }
        memcpy(key, text, name);
        key[name] = '\0';
        if (!asset_field_parse(key, &field)) {
            good = error_set(error, ERROR_INVALID, _("no field `%s`: name, kind, class, parent, subsystem, building ..."), key);
            break;
        }
        text += name + 1;
        bool quoted = *text == '"';
        text += quoted;
        size_t length = quoted ? strcspn(text, "\"") : strcspn(text, " ");
        json_write_text_n(&writer, key, text, length);
        text += length + (quoted && text[length]);
    }
    json_write_object_end(&writer);
    return good;
}

void body_ledger_summary(struct buffer *out, const char *json, size_t length)
{
    struct json_object *summary = json_parse(json, length, 8, NULL);
    if (!summary)
        return;
    buffer_printf(out, _("%lld rows: %lld added, %lld changed, %lld unchanged, %lld removed, %lld rejected"),
                  (long long)json_get_integer(summary, "rows", 0), (long long)json_get_integer(summary, "added", 0),
                  (long long)json_get_integer(summary, "changed", 0), (long long)json_get_integer(summary, "unchanged", 0),
                  (long long)json_get_integer(summary, "removed", 0), (long long)json_get_integer(summary, "rejected", 0));
    struct json_object *problems = json_get(summary, "problems");
    if (json_object_is_type(problems, json_type_string) && json_object_get_string_len(problems))
        buffer_printf(out, "\n%s", json_object_get_string(problems));
    for (size_t i = 0; json_object_is_type(problems, json_type_array) && i < json_object_array_length(problems); i++)
        buffer_printf(out, "\n%s", json_object_get_string(json_object_array_get_idx(problems, i)));
    json_object_put(summary);
}

bool body_read_file(struct buffer *out, const char *path, struct error *error)
{
    char bytes[65536];
    ssize_t length;
    bool standard = strcmp(path, "-") == 0;
    int file = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return error_set(error, ERROR_NOT_FOUND, "%s: %s", path, strerror(errno));
    while ((length = read(file, bytes, sizeof bytes)) > 0)
        buffer_append(out, bytes, (size_t)length);
    int cause = errno;
    if (!standard)
        close(file);
    return length == 0 || error_set(error, ERROR_INVALID, "%s: %s", path, strerror(cause));
}

bool body_write_file(const char *path, const char *bytes, size_t length, struct error *error)
{
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    bool good = file >= 0;
    while (good && length) {
        ssize_t wrote = write(file, bytes, length);
        good = wrote >= 0 || errno == EINTR;
        if (wrote > 0) {
            bytes += wrote;
            length -= (size_t)wrote;
        }
    }
    int cause = errno;
    if (file >= 0)
        good = close(file) == 0 && good;
    return good || error_set(error, ERROR_INVALID, "%s: %s", path, strerror(cause));
}

void body_silence(struct buffer *out, const char *filter, const char *span, const char *why)
{
    struct json_writer writer;
    json_start(&writer, out);
    json_write_object(&writer, NULL);
    json_write_text(&writer, "filter", filter);
    if (span)
        json_write_text(&writer, "ends", span);
    if (why)
        json_write_text(&writer, "why", why);
    json_write_object_end(&writer);
}

bool body_is_alert(const char *text)
{
    return strncmp(text, "A-", 2) == 0 && strspn(text + 2, "0123456789") == 8 && text[10] == '-' && strspn(text + 11, "0123456789") > 0;
}
