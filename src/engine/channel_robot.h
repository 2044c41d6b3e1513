/* What the group robots of WeCom, DingTalk and Feishu share: an address that holds a key, perhaps a signing secret, one
 * JSON text, and an answer with a code. */
#ifndef ENGINE_CHANNEL_ROBOT_H
#define ENGINE_CHANNEL_ROBOT_H

#include "base/json.h"
#include "engine/channel.h"

struct robot {
    char *url, *secret;
};
extern const struct config_key robot_keys[], robot_signed_keys[];
void robot_read(struct channel *channel, const struct config_node *node, struct config_problems *problems);
void robot_release(void *settings);
void robot_post(struct sending *sending, const char *url, const char *body);
/* The answer's code under one of the names; false with a detail when it is not zero, or not there. */
bool robot_judge(struct sending *sending, const char *answer, size_t length, const char *const *names, long long *code);
/* Base64 of HMAC-SHA256. The caller frees. */
char *robot_sign(const char *key, size_t key_length, const char *message, size_t length);
/* "" or the addresses as an array of texts. */
void robot_write_people(struct json_writer *writer, const char *key, const char *to);
/* At most `bytes` of the title and the text, cut at a character. */
void robot_text(struct buffer *out, const struct sending *sending, size_t bytes);

#endif
