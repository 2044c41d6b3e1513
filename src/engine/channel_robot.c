#include "engine/channel_robot.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define URL_HELP "the robot's address; it holds a key, so {file: PATH}, {env: NAME} or {credential: NAME}"

const struct config_key robot_keys[] = {
    {.name = "url", .type = CONFIG_ANY, .required = true, .help = URL_HELP},
    TRANSFER_AUTHORITY_KEY,
    TRANSFER_PROXY_KEYS,
    {.name = NULL},
};
const struct config_key robot_signed_keys[] = {
    {.name = "url", .type = CONFIG_ANY, .required = true, .help = URL_HELP},
    {.name = "secret", .type = CONFIG_ANY, .help = "for signed messages: {file: PATH}, {env: NAME} or {credential: NAME}"},
    TRANSFER_AUTHORITY_KEY,
    TRANSFER_PROXY_KEYS,
    {.name = NULL},
};

void robot_read(struct channel *channel, const struct config_node *node, struct config_problems *problems)
{
    struct robot *robot = channel->settings = memory_new(sizeof *robot);
    const struct config_node *url = config_get(node, "url");
    if (url && config_scalar(url) && (strstr(config_scalar(url), "key=") || strstr(config_scalar(url), "token=") ||
                                      strstr(config_scalar(url), "/hook/")))
        config_problem(problems, url, "this address holds a key: put it into a file of mode 0600 and write {file: PATH}");
    else
        robot->url = secret_or_text(channel, node, "url", true, problems);
    if (robot->url && strncmp(robot->url, "https://", 8) != 0 && strncmp(robot->url, "http://", 7) != 0)
        config_problem(problems, url, "expected an address that begins with https://");
    robot->secret = secret_read(channel, node, "secret", false, problems);
    const char *key = robot->url ? strrchr(robot->url, '=') : NULL;
    if (!key && robot->url)
        key = strrchr(robot->url, '/');
    if (key && config_is_map(url))
        secrets_add(&channel->secrets, key + 1); /* alone it must not be shown either */
}

void robot_release(void *settings)
{
    struct robot *robot = settings;
    free(robot->url);
    free(robot->secret);
    free(robot);
}

void robot_post(struct sending *sending, const char *url, const char *body)
{
    sending_post(sending, url, body, "application/json; charset=utf-8");
    sending_go(sending);
}

bool robot_judge(struct sending *sending, const char *answer, size_t length, const char *const *names, long long *code)
{
    struct json_object *object = json_parse(answer, length, 0, NULL);
    *code = -1;
    bool known = false;
    for (; *names && !known; names++)
        if (object && json_get(object, *names)) {
            *code = json_get_integer(object, *names, -1);
            known = true;
        }
    json_object_put(object);
    if (known && *code == 0)
        return true;
    sending_detail(sending, known ? N_("refused: %s") : N_("the answer is not a robot's: %s"), answer);
    return false;
}

char *robot_sign(const char *key, size_t key_length, const char *message, size_t length)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    HMAC(EVP_sha256(), key, (int)key_length, (const unsigned char *)message, length, digest, &size);
    size_t room = sodium_base64_encoded_len(size, sodium_base64_VARIANT_ORIGINAL);
    char *text = memory_new(room);
    sodium_bin2base64(text, room, digest, size, sodium_base64_VARIANT_ORIGINAL);
    return text;
}

void robot_write_people(struct json_writer *writer, const char *key, const char *to)
{
    char *list = memory_text(to), *rest = list, *one;
    json_write_array(writer, key);
    while ((one = strsep(&rest, ", ")))
        if (*one)
            json_write_text(writer, NULL, one);
    json_write_array_end(writer);
    free(list);
}

void robot_text(struct buffer *out, const struct sending *sending, size_t bytes)
{
    buffer_printf(out, "%s\n%s", sending->title, sending->text);
    if (out->length <= bytes)
        return;
    size_t keep = bytes - 3;
    while (keep > 0 && ((unsigned char)out->data[keep] & 0xC0) == 0x80)
        keep--;
    out->length = keep;
    buffer_append_text(out, "…");
}
