/* What must not leave the site with a capsule. Ledgers and messages are written by people and machines that do not
 * always know what a secret is, so text is searched for the shapes that secrets have: rather too much is blotted out
 * than too little. */
#include <string.h>
#include <strings.h>

#include "base/json.h"
#include "base/memory.h"
#include "engine/capsule.h"

#define BLOT "***"

/* Anywhere in a name. */
static const char *const telling[] = {"password", "passwd", "passphrase", "secret", "token", "apikey", "api_key", "api-key",
                                      "access_key", "accesskey", "private_key", "credential", "authorization", "signature",
                                      "community", "密码", "口令", "密钥", "令牌", "凭证"};
/* Only as the whole name: too short to look for inside words. */
static const char *const telling_whole[] = {"pass", "pwd", "key", "sign", "auth", "pin", "sig"};

static bool same(const char *text, size_t length, const char *word)
{
    return strlen(word) == length && strncasecmp(text, word, length) == 0;
}

static bool contains(const char *text, size_t length, const char *word)
{
    size_t size = strlen(word);
    for (size_t at = 0; at + size <= length; at++)
        if (strncasecmp(text + at, word, size) == 0)
            return true;
    return false;
}

bool capsule_is_secret_name(const char *name, size_t length)
{
    for (size_t i = 0; i < ARRAY_COUNT(telling_whole); i++)
        if (same(name, length, telling_whole[i]))
            return true;
    for (size_t i = 0; i < ARRAY_COUNT(telling); i++)
        if (contains(name, length, telling[i]))
            return true;
    return false;
}

/* Chinese punctuation ends a name: U+3000 to U+303F, and full-width forms. */
static bool is_mark(const char *text)
{
    return strncmp(text, "\xe3\x80", 2) == 0 || strncmp(text, "\xef\xbc", 2) == 0 || strncmp(text, "\xef\xbd", 2) == 0;
}

static bool is_name_byte(const char *text)
{
    char byte = *text;
    if (is_mark(text))
        return false;
    return (byte & 0x80) || byte == '_' || byte == '-' || (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
           (byte >= 'A' && byte <= 'Z');
}

/* Bytes of a value that begins here: to its closing quote, or to what ends a word. */
static size_t value_length(const char *text)
{
    if (*text == '"' || *text == '\'') {
        size_t length = 1;
        while (text[length] && text[length] != *text)
            length += text[length] == '\\' && text[length + 1] ? 2 : 1;
        return length + (text[length] == *text);
    }
    size_t length = 0;
    while (text[length] && !strchr(" \t\r\n&,;\"'<>|)]}", text[length]) && !is_mark(text + length))
        length++;
    return length;
}

/* "://user:password@": the place behind the "@", NULL when this is no such thing. */
static const char *userinfo_end(const char *text)
{
    size_t length = strcspn(text, "/?# \t\r\n\"'<>");
    for (size_t at = length; at-- > 0;)
        if (text[at] == '@')
            return memchr(text, ':', at) ? text + at : NULL;
    return NULL;
}

/* `name` ended just before `at`: NAME=VALUE, NAME: VALUE, "NAME":"VALUE". The place of the value, or NULL. */
static const char *value_behind(const char *at)
{
    if (*at == '"' || *at == '\'')
        at++;
    at += strspn(at, " \t");
    if (*at == '=' || *at == ':')
        at++;
    else if (strncmp(at, "：", strlen("：")) == 0)
        at += strlen("：");
    else
        return NULL;
    at += strspn(at, " \t");
    return *at && strncmp(at, "//", 2) != 0 ? at : NULL;
}

static const char *blot_value(struct buffer *out, const char *value)
{
    bool quoted = *value == '"' || *value == '\'';
    size_t length = value_length(value);
    if (!quoted && strncasecmp(value, "bearer ", 7) == 0)
        length = 7 + value_length(value + 7);
    else if (!quoted && strncasecmp(value, "basic ", 6) == 0)
        length = 6 + value_length(value + 6);
    if (quoted)
        buffer_printf(out, "%c" BLOT "%c", *value, *value);
    else if (length)
        buffer_append_text(out, BLOT);
    return value + length;
}

void capsule_redact(struct buffer *out, const char *text)
{
    while (*text) {
        if (strncmp(text, "://", 3) == 0) {
            const char *end = userinfo_end(text + 3);
            buffer_append_text(out, "://");
            text += 3;
            if (end) {
                buffer_append_text(out, BLOT);
                text = end;
            }
        } else if (is_name_byte(text)) {
            size_t length = 0;
            while (is_name_byte(text + length))
                length++;
            const char *value = capsule_is_secret_name(text, length) ? value_behind(text + length) : NULL;
            bool bearer = same(text, length, "bearer") && text[length] == ' ';
            size_t kept = value ? (size_t)(value - text) : length;
            buffer_append(out, text, kept);
            text += kept;
            if (value) {
                text = blot_value(out, value);
            } else if (bearer && value_length(text + 1) >= 16) {
                buffer_append_text(out, " " BLOT);
                text += 1 + value_length(text + 1);
            } else if (length > 8 && strncmp(text - length, "noc_", 4) == 0) { /* a token of our own door */
                out->length -= length;
                buffer_append_text(out, BLOT);
            }
        } else {
            size_t length = is_mark(text) && text[2] ? 3 : 1;
            buffer_append(out, text, length);
            text += length;
        }
    }
}

static void redact_value(struct json_writer *writer, const char *key, struct json_object *value);

static void redact_members(struct json_writer *writer, struct json_object *object)
{
    json_object_object_foreach(object, name, member)
    {
        bool plain = !json_object_is_type(member, json_type_object) && !json_object_is_type(member, json_type_array);
        if (plain && member && capsule_is_secret_name(name, strlen(name)))
            json_write_text(writer, name, BLOT);
        else
            redact_value(writer, name, member);
    }
}

static void redact_value(struct json_writer *writer, const char *key, struct json_object *value)
{
    struct buffer text = BUFFER_INIT;
    switch (json_object_get_type(value)) {
    case json_type_object:
        json_write_object(writer, key);
        redact_members(writer, value);
        json_write_object_end(writer);
        break;
    case json_type_array:
        json_write_array(writer, key);
        for (size_t i = 0; i < json_object_array_length(value); i++)
            redact_value(writer, NULL, json_object_array_get_idx(value, i));
        json_write_array_end(writer);
        break;
    case json_type_string:
        capsule_redact(&text, json_object_get_string(value));
        json_write_text(writer, key, buffer_text(&text));
        buffer_release(&text);
        break;
    default: {
        const char *plain = value ? json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN) : "null";
        json_write_raw(writer, key, plain, strlen(plain));
    }
    }
}

void capsule_redact_json(struct buffer *out, const char *text)
{
    struct json_object *root = *text ? json_parse(text, strlen(text), 16, NULL) : NULL;
    struct json_writer writer;
    if (!root) {
        capsule_redact(out, text);
        return;
    }
    json_start(&writer, out);
    redact_value(&writer, NULL, root);
    json_object_put(root);
}
