/* DingTalk (钉钉) custom robot: POST .../robot/send?access_token=T[&timestamp=MS&sign=S], {"msgtype":"text","text":
 * {"content":..},"at":{"atMobiles":[..],"isAtAll":false}}; S is the URL-encoded base64 of HMAC-SHA256 over
 * "MS\nSECRET" by SECRET, good for an hour; {"errcode":0}; 20 messages a minute. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "engine/channel_robot.h"

#define CONTENT_MAX 18000
#define CODE_TOO_OFTEN 130101
#define CODE_TOO_OFTEN_TOO 130102

static char *signed_url(const struct robot *robot)
{
    if (!robot->secret)
        return memory_text(robot->url);
    char *message = memory_printf("%lld\n%s", (long long)clock_wall(), robot->secret);
    char *sign = robot_sign(robot->secret, strlen(robot->secret), message, strlen(message));
    char *escaped = curl_easy_escape(NULL, sign, 0);
    char *url = memory_printf("%s%ctimestamp=%.*s&sign=%s", robot->url, strchr(robot->url, '?') ? '&' : '?',
                              (int)strcspn(message, "\n"), message, escaped);
    curl_free(escaped);
    free(sign);
    free(message);
    return url;
}

static bool dingtalk_start(struct sending *sending, struct error *error)
{
    struct buffer body = BUFFER_INIT, text = BUFFER_INIT;
    struct json_writer writer;
    (void)error;
    robot_text(&text, sending, CONTENT_MAX);
    json_start(&writer, &body);
    json_write_object(&writer, NULL);
    json_write_text(&writer, "msgtype", "text");
    json_write_object(&writer, "text");
    json_write_text(&writer, "content", buffer_text(&text));
    json_write_object_end(&writer);
    json_write_object(&writer, "at");
    robot_write_people(&writer, "atMobiles", sending->to);
    json_write_bool(&writer, "isAtAll", false);
    json_write_object_end(&writer);
    json_write_object_end(&writer);
    char *url = signed_url(sending->channel->settings);
    robot_post(sending, url, buffer_text(&body));
    free(url);
    buffer_release(&text);
    buffer_release(&body);
    return true;
}

static bool dingtalk_judge(struct sending *sending, const char *answer, size_t length, bool *again)
{
    static const char *const names[] = {"errcode", NULL};
    long long code;
    bool taken = robot_judge(sending, answer, length, names, &code);
    *again = code == CODE_TOO_OFTEN || code == CODE_TOO_OFTEN_TOO || code == -1;
    return taken;
}

const struct channel_ops channel_dingtalk = {
    .type = "dingtalk", .help = "A DingTalk group robot", .keys = robot_signed_keys, .example = "13800000000",
    .read = robot_read, .release = robot_release, .start = dingtalk_start, .judge = dingtalk_judge,
};
