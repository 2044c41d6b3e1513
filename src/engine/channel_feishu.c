/* Feishu (飞书) custom bot: POST .../open-apis/bot/v2/hook/TOKEN, {"timestamp":"SECONDS","sign":S,"msg_type":"text",
 * "content":{"text":..}}; S is the base64 of HMAC-SHA256 over nothing by the key "SECONDS\nSECRET";
 * {"code":0,"msg":"success"} (older: {"StatusCode":0}). People are named by <at user_id="..">. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "engine/channel_robot.h"

#define CONTENT_MAX 18000
#define CODE_TOO_OFTEN 11232
#define CODE_TOO_MANY 9499

static void write_sign(struct json_writer *writer, const char *secret)
{
    char *key = memory_printf("%lld\n%s", (long long)(clock_wall() / 1000), secret);
    char *sign = robot_sign(key, strlen(key), "", 0);
    json_write_text_n(writer, "timestamp", key, strcspn(key, "\n"));
    json_write_text(writer, "sign", sign);
    free(sign);
    free(key);
}

static bool feishu_start(struct sending *sending, struct error *error)
{
    const struct robot *robot = sending->channel->settings;
    struct buffer body = BUFFER_INIT, text = BUFFER_INIT;
    struct json_writer writer;
    (void)error;
    robot_text(&text, sending, CONTENT_MAX);
    if (sending->to[0] && !strpbrk(sending->to, "<>\""))
        buffer_printf(&text, "\n<at user_id=\"%s\"></at>", sending->to);
    json_start(&writer, &body);
    json_write_object(&writer, NULL);
    if (robot->secret)
        write_sign(&writer, robot->secret);
    json_write_text(&writer, "msg_type", "text");
    json_write_object(&writer, "content");
    json_write_text(&writer, "text", buffer_text(&text));
    json_write_object_end(&writer);
    json_write_object_end(&writer);
    robot_post(sending, robot->url, buffer_text(&body));
    buffer_release(&text);
    buffer_release(&body);
    return true;
}

static bool feishu_judge(struct sending *sending, const char *answer, size_t length, bool *again)
{
    static const char *const names[] = {"code", "StatusCode", NULL};
    long long code;
    bool taken = robot_judge(sending, answer, length, names, &code);
    *again = code == CODE_TOO_OFTEN || code == CODE_TOO_MANY || code == -1;
    return taken;
}

const struct channel_ops channel_feishu = {
    .type = "feishu", .help = "A Feishu group bot", .keys = robot_signed_keys, .example = "ou_18eac8",
    .read = robot_read, .release = robot_release, .start = feishu_start, .judge = feishu_judge,
};
