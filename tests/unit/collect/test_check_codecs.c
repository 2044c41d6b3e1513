/* What checks read from name servers, Redis, mail and SIP servers; and claims about values. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "base/memory.h"
#include "collect/assertion.h"
#include "collect/dns_codec.h"
#include "collect/mqtt_codec.h"
#include "collect/resp.h"
#include "collect/sip_codec.h"
#include "collect/smtp_reply.h"

/* ---- claims ---- */

static void claims_name_the_column(void **state)
{
    (void)state;
    static const struct { const char *text, *error; } wrong[] = {
        {"", "column 1"}, {"/a is b", "column 4"}, {"/a ==", "expected a value"}, {"/a < x", "expected a number"}, {"/a == \"b", "the quote does not end"}};
    struct error error;
    for (size_t i = 0; i < ARRAY_COUNT(wrong); i++) {
        assert_null(assertion_parse(wrong[i].text, &error));
        assert_non_null(strstr(error.text, wrong[i].error));
    }
}

static void claims_hold_or_say_what_stands_there(void **state)
{
    (void)state;
    static const char text[] = "{\"status\":\"UP\",\"n\":7,\"list\":[1,{\"x\":true}],\"zero\":null}";
    static const struct { const char *claim, *why; } all[] = {
        {"/status", NULL}, {"/status == UP", NULL}, {"/status = UP", NULL}, {"/status != DOWN", NULL}, {"/status ~ U", NULL}, {"/n == 7.0", NULL},
        {"/n >= 7", NULL}, {"/list/1/x == true", NULL}, {"/status == \"UP\"", NULL}, {"/status == DOWN", "/status is UP, expected == DOWN"},
        {"/n < 7", "/n is 7, expected < 7"}, {"/status > 3", "/status is UP"}, {"/none", "nothing at /none"}, {"/zero", "nothing at /zero"}};
    struct error error;
    char why[160];
    struct json_object *document = json_parse(text, sizeof text - 1, 0, &error);
    for (size_t i = 0; i < ARRAY_COUNT(all); i++) {
        struct assertion *assertion = assertion_parse(all[i].claim, &error);
        assert_non_null(assertion);
        bool good = assertion_json(assertion, document, why, sizeof why);
        if (good != !all[i].why || (!good && !strstr(why, all[i].why)))
            fail_msg("%s: %s", all[i].claim, good ? "holds" : why);
        assertion_free(&assertion);
    }
    json_object_put(document);
}

/* ---- names ---- */

static void a_question_and_its_answers(void **state)
{
    (void)state;
    struct buffer out = BUFFER_INIT;
    struct error error;
    struct dns_answer answer;
    assert_true(dns_write_query(&out, 0x1234, "www.test.", DNS_A, &error));
    assert_int_equal(out.length, 12 + 10 + 4);
    static const uint8_t records[] = {0xc0, 12, 0, 5, 0, 1, 0, 0, 0, 9, 0, 2, 0xc0, 12,                 /* a CNAME to pass over */
                                      0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 7};
    out.data[2] = (char)0x81, out.data[3] = (char)0x80, out.data[7] = 2;
    buffer_append(&out, records, sizeof records);
    const uint8_t *bytes = (const uint8_t *)out.data;
    assert_true(dns_read_answer(bytes, out.length, 0x1234, DNS_A, &answer, &error));
    assert_int_equal(answer.count, 1);
    assert_string_equal(answer.records[0].text, "192.0.2.7");
    assert_int_equal(answer.records[0].ttl, 60);
    assert_true(dns_read_answer(bytes, out.length, 0x1234, DNS_CNAME, &answer, &error));
    assert_string_equal(answer.records[0].text, "www.test.");
    assert_false(dns_read_answer(bytes, out.length, 1, DNS_A, &answer, &error));
    assert_int_equal(error.code, ERROR_NOT_FOUND); /* another's: wait on */
    for (size_t cut = 0; cut < out.length; cut++)
        assert_false(dns_read_answer(bytes, cut, 0x1234, DNS_A, &answer, &error));
    out.data[out.length - 4 - 12 + 1] = (char)(out.length - 16); /* a name that points at itself */
    assert_false(dns_read_answer(bytes, out.length, 0x1234, DNS_A, &answer, &error));
    buffer_release(&out);
    char label[70];
    memset(label, 'a', 64);
    label[64] = '\0';
    assert_false(dns_write_query(&out, 1, label, DNS_A, &error));
    assert_false(dns_write_query(&out, 1, "a..b", DNS_A, &error));
    buffer_release(&out);
}

/* ---- Redis ---- */

static struct resp read_text(const char *text)
{
    return resp_read(text, strlen(text));
}

static void redis_answers(void **state)
{
    (void)state;
    assert_int_equal(read_text("+PONG\r\n").kind, RESP_TEXT);
    assert_int_equal(read_text("+PONG\r").kind, RESP_MORE);
    assert_int_equal(read_text("-NOAUTH no\r\n").kind, RESP_ERROR);
    assert_int_equal(read_text("$5\r\nhel").kind, RESP_MORE);
    struct resp bulk = read_text("$5\r\nhello\r\n+next\r\n");
    assert_int_equal(bulk.kind, RESP_TEXT);
    assert_int_equal(bulk.length, 5);
    assert_int_equal(bulk.used, 11);
    static const char *const broken[] = {"HTTP/1.1 400\r\n", "$-1\r\n", "$\r\n", "$99999999999999999999\r\n", "+x\ry", "*1\r\n"};
    for (size_t i = 0; i < ARRAY_COUNT(broken); i++)
        assert_int_equal(read_text(broken[i]).kind, RESP_BROKEN);
    static const char info[] = "# Memory\r\nused_memory:1048576\r\nrole:master\r\nlast:1";
    char value[8];
    double number;
    assert_true(resp_info_number(info, sizeof info - 1, "used_memory", &number) && number == 1048576);
    assert_true(resp_info(info, sizeof info - 1, "role", value, sizeof value));
    assert_string_equal(value, "master");
    assert_true(resp_info_number(info, sizeof info - 1, "last", &number) && number == 1);
    assert_false(resp_info(info, sizeof info - 1, "used", value, sizeof value));
    struct buffer out = BUFFER_INIT;
    resp_write(&out, (const char *const[]){"AUTH", "x y"}, 2);
    assert_string_equal(buffer_text(&out), "*2\r\n$4\r\nAUTH\r\n$3\r\nx y\r\n");
    buffer_release(&out);
}

/* ---- mail ---- */

static void mail_replies(void **state)
{
    (void)state;
    static const char ehlo[] = "250-mail.test\r\n250-STARTTLS\r\n250-SIZE 1000\r\n250 HELP\r\n";
    struct smtp_reply reply = smtp_reply_read(ehlo, sizeof ehlo - 1);
    assert_int_equal(reply.kind, SMTP_REPLY);
    assert_int_equal(reply.code, 250);
    assert_int_equal(reply.used, sizeof ehlo - 1);
    assert_true(smtp_offers(ehlo, sizeof ehlo - 1, "starttls"));
    assert_true(smtp_offers(ehlo, sizeof ehlo - 1, "SIZE"));
    assert_false(smtp_offers(ehlo, sizeof ehlo - 1, "START"));
    for (size_t cut = 0; cut + 1 < sizeof ehlo - 1; cut++)
        assert_int_equal(smtp_reply_read(ehlo, cut).kind, SMTP_MORE);
    assert_int_equal(smtp_reply_read("220 x", 5).kind, SMTP_MORE);
    assert_int_equal(smtp_reply_read("220\n", 4).kind, SMTP_REPLY);
    assert_int_equal(smtp_reply_read("ab", 2).kind, SMTP_BROKEN);
    assert_int_equal(smtp_reply_read("250-a\r\n251 b\r\n", 14).kind, SMTP_BROKEN);
    assert_int_equal(smtp_reply_read("220x\r\n", 6).kind, SMTP_BROKEN);
    char line[3000];
    memset(line, 'x', sizeof line);
    memcpy(line, "220 ", 4);
    assert_int_equal(smtp_reply_read(line, sizeof line).kind, SMTP_BROKEN);
}

/* ---- SIP ---- */

static void sip_answers(void **state)
{
    (void)state;
    struct buffer out = BUFFER_INIT;
    struct sip_answer answer;
    sip_write_options(&out, &(struct sip_options){.target = "sip:pbx.test:5060", .own = "192.0.2.1:40000", .branch = "b", .tag = "t", .call = "c1"});
    assert_non_null(strstr(buffer_text(&out), "OPTIONS sip:pbx.test:5060 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1:40000;branch=z9hG4bKb;rport\r\n"));
    assert_string_equal(buffer_text(&out) + out.length - 4, "\r\n\r\n");
    assert_false(sip_read_answer(buffer_text(&out), out.length, "c1", &answer)); /* a question is no answer */
    buffer_release(&out);
    static const char ok[] = "SIP/2.0 200 OK\r\ni: c1\r\nServer: pbx/1\r\n\r\nCall-ID: c2\r\n";
    assert_true(sip_read_answer(ok, sizeof ok - 1, "c1", &answer));
    assert_true(answer.ours && answer.code == 200);
    assert_string_equal(answer.reason, "OK");
    assert_string_equal(answer.server, "pbx/1");
    assert_true(sip_read_answer(ok, sizeof ok - 1, "c2", &answer));
    assert_false(answer.ours); /* the body is no header */
    assert_false(sip_read_answer("SIP/2.0 99 x\r\n", 14, "c", &answer));
    assert_false(sip_read_answer("SIP/2.0", 7, "c", &answer));
}

static void a_message_of_our_own(void **state)
{
    (void)state;
    struct buffer out = BUFFER_INIT;
    mqtt_write_publish(&out, "a/b", "xy", 2);
    static const char bytes[] = {0x30, 7, 0, 3, 'a', '/', 'b', 'x', 'y'};
    assert_int_equal(out.length, sizeof bytes);
    assert_memory_equal(out.data, bytes, sizeof bytes);
    buffer_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(claims_name_the_column),
        cmocka_unit_test(claims_hold_or_say_what_stands_there),
        cmocka_unit_test(a_question_and_its_answers),
        cmocka_unit_test(redis_answers),
        cmocka_unit_test(mail_replies),
        cmocka_unit_test(sip_answers),
        cmocka_unit_test(a_message_of_our_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
