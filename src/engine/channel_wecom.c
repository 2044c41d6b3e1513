/* WeCom (企业微信) group robot: POST .../cgi-bin/webhook/send?key=K, {"msgtype":"text","text":{"content":..,
 * "mentioned_mobile_list":[..]}}; content at most 2,048 bytes; {"errcode":0,"errmsg":"ok"}; 20 messages a minute. */
#include "engine/channel_robot.h"

#define CONTENT_MAX 2048
#define CODE_TOO_OFTEN 45009

static bool wecom_start(struct sending *sending, struct error *error)
{
    const struct robot *robot = sending->channel->settings;
    struct buffer body = BUFFER_INIT, text = BUFFER_INIT;
    struct json_writer writer;
    (void)error;
    robot_text(&text, sending, CONTENT_MAX);
    json_start(&writer, &body);
    json_write_object(&writer, NULL);
    json_write_text(&writer, "msgtype", "text");
    json_write_object(&writer, "text");
    json_write_text(&writer, "content", buffer_text(&text));
    robot_write_people(&writer, "mentioned_mobile_list", sending->to);
    json_write_object_end(&writer);
    json_write_object_end(&writer);
    robot_post(sending, robot->url, buffer_text(&body));
    buffer_release(&text);
    buffer_release(&body);
    return true;
}

static bool wecom_judge(struct sending *sending, const char *answer, size_t length, bool *again)
{
    static const char *const names[] = {"errcode", NULL};
    long long code;
    bool taken = robot_judge(sending, answer, length, names, &code);
    *again = code == CODE_TOO_OFTEN || code == -1; /* -1: the system is busy, or somebody else answered */
    return taken;
}

const struct channel_ops channel_wecom = {
    .type = "wecom", .help = "A WeCom group robot", .keys = robot_keys, .example = "13800000000",
    .read = robot_read, .release = robot_release, .start = wecom_start, .judge = wecom_judge,
};
