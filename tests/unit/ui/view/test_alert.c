/* The page of one alert: what people and machines said about it is there to its last word, in any width. */
#include <math.h>
#include <time.h>

#include "hosted.h"
#include "view/alerts.h"
#include "wire/alerts.h"

#define ID "A-20261121-0007"
#define SLOT_TOLD 3
#define SLOT_SILENCES 4

static const char long_note[] =
    "已到现场：涵英楼三层弱电间 UPS 输出断路器跳闸，合闸后 10 分钟内再次跳闸；怀疑是空调排水管渗漏进了插线板，"
    "先把网关 GW-A-0042 改接到东侧配电箱，水管等物业早上八点来修。Called the caretaker at 03:20, he brings the key; do not reset it "
    "from remote before he says that the socket strip is dry.\n钥匙在值班室二号柜。";

static struct wire_alert_event events[] = {
    {HOSTED_NOW - 40 * SPAN_MINUTE, "rule", "raised", "silent for 3m: 52 terminals behind it are silent, too"},
    {HOSTED_NOW - 39 * SPAN_MINUTE, "rule", "folded", ""},
    {HOSTED_NOW - 25 * SPAN_MINUTE, "user:wang", "acknowledged", "去现场"},
    {HOSTED_NOW - 8 * SPAN_MINUTE, "user:wang", "noted", long_note},
    {HOSTED_NOW - 7 * SPAN_MINUTE, "notify", "reminded", "supervisor by sms"},
    {HOSTED_NOW - 2 * SPAN_MINUTE, "user:li", "assigned", "wang"},
};
static struct wire_similar before[] = {
    {"A-20261103-0011", HOSTED_NOW - 18 * SPAN_DAY, HOSTED_NOW - 18 * SPAN_DAY + 25 * SPAN_MINUTE, "合上断路器"},
};

static struct hosted *opened(int rows, int columns, const char *note)
{
    struct wire_alert_page page = {
        .page = {.revision = 7, .as_of = HOSTED_NOW},
        .alert = {.id = ID, .name = "网关离线", .type = "communication", .severity = SEVERITY_CRITICAL, .state = ALERT_ACKNOWLEDGED,
                  .raised_at = HOSTED_NOW - 40 * SPAN_MINUTE, .since = HOSTED_NOW - 40 * SPAN_MINUTE, .condition = CONDITION_ACTIVE,
                  .acknowledged = true, .suppression = SUPPRESSED_SILENCED, .asset = "GW-A-0042", .asset_name = "涵英楼3F弱电间网关",
                  .gateway = "", .place = "创新港 涵英楼 3F", .unit = "后勤处", .subsystem = "network", .summary = "silent for 3m", .metric = "",
                  .value = NAN, .threshold = NAN, .last_seen = HOSTED_NOW - 43 * SPAN_MINUTE, .cleared_at = CLOCK_NEVER,
                  .acknowledged_at = HOSTED_NOW - 25 * SPAN_MINUTE, .acknowledge_until = CLOCK_NEVER, .shelved_until = CLOCK_NEVER,
                  .occurrences = 1, .acknowledged_by = "user:wang", .note = note, .assignee = "user:wang", .ticket = "", .cause = "",
                  .silence = "S-3", .rule = "gateway-offline", .rule_version = 1, .runbook = "gateway-offline", .source = "health",
                  .previous = "", .news = "", .notes = 1, .revision = 12},
        .timeline = events, .timeline_count = ARRAY_COUNT(events), .similar = before, .similar_count = ARRAY_COUNT(before)};
    struct hosted *hosted = hosted_new(&alert_view, ID, rows, columns);
    struct buffer body = BUFFER_INIT;
    struct json_writer writer;
    json_start(&writer, &body);
    wire_write_alert_page(&writer, &page);
    hosted_answer(hosted, 0, body.data, body.length);
    buffer_clear(&body);
    json_start(&writer, &body);
    wire_list_begin(&writer, &(struct wire_page){.total = 2});
    wire_write_notification(&writer, &(struct wire_notification){.id = "2", .channel = "sms", .to = "supervisor", .alert = ID, .what = "remind",
                            .state = "failed", .detail = "timeout", .time = HOSTED_NOW - 7 * SPAN_MINUTE, .attempts = 3});
    wire_write_notification(&writer, &(struct wire_notification){.id = "1", .channel = "wecom", .to = "", .alert = ID, .what = "raise",
                            .state = "sent", .detail = "", .time = HOSTED_NOW - 39 * SPAN_MINUTE, .attempts = 1});
    wire_list_end(&writer);
    hosted_answer(hosted, SLOT_TOLD, body.data, body.length);
    buffer_clear(&body);
    json_start(&writer, &body);
    wire_list_begin(&writer, &(struct wire_page){.total = 1});
    wire_write_silence(&writer, &(struct wire_silence){.id = "S-3", .filter = "building:涵英楼", .why = "", .by = "user:wang", .starts = CLOCK_NEVER,
                       .ends = CLOCK_NEVER, .created = CLOCK_NEVER, .active = true, .elsewhere = "prod: 3 silenced there"});
    wire_list_end(&writer);
    hosted_answer(hosted, SLOT_SILENCES, body.data, body.length);
    buffer_release(&body);
    return hosted;
}

static void a_long_note_is_there_as_a_whole(void **state)
{
    (void)state;
    struct hosted *hosted = opened(60, 200, long_note);
    hosted_golden(hosted, "alert-note-200x60");
    hosted_free(hosted);
    hosted = opened(24, 80, long_note);
    hosted_golden(hosted, "alert-note-80x24");
    hosted_free(hosted);
    hosted_language("zh_CN");
    hosted = opened(24, 80, long_note);
    hosted_golden(hosted, "alert-note-zh-80x24");
    hosted_language("en");
    hosted_free(hosted);
}

/* Every word of the timeline comes into sight on the way up, and the way back ends where it began. */
static void a_story_longer_than_the_page_scrolls(void **state)
{
    (void)state;
    static const char *const words[] = {"silent for 3m: 52", "已到现场", "GW-A-0042", "caretaker", "strip is dry", "二号柜", "by sms", "assigned"};
    struct hosted *hosted = opened(20, 80, "");
    bool seen[ARRAY_COUNT(words)] = {false};
    char *end = memory_text(hosted_draw(hosted));
    assert_non_null(strstr(end, "lines above"));
    assert_null(strstr(end, "below"));
    for (int i = 0; i < 40; i++) {
        const char *drawn = hosted_draw(hosted);
        for (size_t j = 0; j < ARRAY_COUNT(words); j++)
            seen[j] |= strstr(drawn, words[j]) != NULL;
        hosted_command(hosted, "up", "");
    }
    for (size_t j = 0; j < ARRAY_COUNT(words); j++)
        if (!seen[j])
            fail_msg("`%s` never came into sight", words[j]);
    assert_null(strstr(hosted_draw(hosted), "lines above"));
    assert_non_null(strstr(hosted_draw(hosted), "below"));
    hosted_command(hosted, "bottom", "");
    assert_string_equal(hosted_draw(hosted), end);
    hosted_command(hosted, "top", "");
    assert_non_null(strstr(hosted_draw(hosted), "raised"));
    free(end);
    hosted_free(hosted);
}

/* Nothing sensible fits: nothing breaks, nothing is drawn outside. */
static void in_any_room(void **state)
{
    (void)state;
    for (int rows = 1; rows < 30; rows += 2)
        for (int columns = 1; columns < 210; columns += columns < 40 ? 3 : 17) {
            struct hosted *hosted = opened(rows, columns, long_note);
            hosted_draw(hosted);
            hosted_command(hosted, "page-up", "");
            hosted_draw(hosted);
            hosted_free(hosted);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_long_note_is_there_as_a_whole),
        cmocka_unit_test(a_story_longer_than_the_page_scrolls),
        cmocka_unit_test(in_any_room),
    };
    setenv("TZ", "Asia/Shanghai", 1);
    tzset();
    hosted_language("en");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
