/* What ~/.ssh says (config, known_hosts, keys), an agent's answers, and the marks around a shell's answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "collect/ssh_agent.h"
#include "collect/ssh_config.h"
#include "collect/ssh_key.h"
#include "collect/ssh_known.h"
#include "collect/ssh_shell.h"

/* ---- config ---- */

static void find(const char *text, const char *name, struct ssh_place *place)
{
    struct ssh_config *config = ssh_config_new_text(text, strlen(text));
    ssh_config_find(config, name, place);
    ssh_config_free(&config);
}

static void test_config_first_value_holds(void **state)
{
    (void)state;
    static const char text[] =
        "# comment\n"
        "Host web-* !web-9\n"
        "  HostName %h.campus.example\n"
        "\tPort=2222\n"
        "  User \"ops\"\r\n"
        "  IdentityFile /k/one\n"
        "  IdentityFile /k/two\n"
        "Host db\n"
        "  hostname 10.0.0.7\n"
        "  ProxyJump ops@bastion:2200,inner\n"
        "  HostKeyAlias db-key\n"
        "Host *\n"
        "  Port 22022\n"
        "  User everybody\n"
        "  IdentitiesOnly yes\n"
        "Match user root\n"
        "  Port 1\n"
        "Match all\n"
        "  IdentityFile /k/last\n";
    struct ssh_place place;
    find(text, "web-1", &place);
    assert_string_equal(place.host, "web-1.campus.example");
    assert_int_equal(place.port, 2222);
    assert_string_equal(place.user, "ops");
    assert_int_equal(place.identity_count, 3);
    assert_string_equal(place.identities[1], "/k/two");
    assert_string_equal(place.identities[2], "/k/last");
    assert_true(place.identities_only);
    ssh_place_release(&place);
    find(text, "web-9", &place);
    assert_string_equal(place.host, "web-9");
    assert_int_equal(place.port, 22022);
    assert_string_equal(place.user, "everybody");
    ssh_place_release(&place);
    find(text, "db", &place);
    assert_string_equal(place.host, "10.0.0.7");
    assert_string_equal(place.jump, "ops@bastion:2200,inner");
    assert_string_equal(place.key_alias, "db-key");
    ssh_place_release(&place);
    find("", "10.1.1.1", &place);
    assert_string_equal(place.host, "10.1.1.1");
    assert_int_equal(place.port, 0);
    ssh_place_release(&place);
    static const struct { const char *command, *jump, *other; } commands[] = {
        {"ssh -W %h:%p bastion", "bastion", ""}, {"/usr/bin/ssh -q -W [%h]:%p -p 2200 -l ops gate", "ops@gate:2200", ""},
        {"exec ssh ops@gate -W %h:%p", "ops@gate", ""}, {"none", "", ""}, {"nc -X 5 -x proxy:1080 %h %p", "", "nc -X 5 -x proxy:1080 %h %p"},
        {"ssh gate nc %h %p", "", "ssh gate nc %h %p"}, {"ssh -W %h:22 gate", "", "ssh -W %h:22 gate"}, {"ssh -W", "", "ssh -W"}, {"ssh -W %h:%p $(x)", "", "ssh -W %h:%p $(x)"},
        {"ssh -o ProxyCommand=x -W %h:%p gate", "", "ssh -o ProxyCommand=x -W %h:%p gate"}};
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        char both[200];
        snprintf(both, sizeof both, "Host *\nProxyCommand %s\nProxyJump later\n", commands[i].command);
        find(both, "a", &place);
        assert_string_equal(place.jump, commands[i].jump);
        assert_string_equal(place.command, commands[i].other);
        ssh_place_release(&place);
    }
    find("Host *\nProxyJump none\nPort 99999\nPort x\n", "a", &place);
    assert_string_equal(place.jump, "");
    assert_int_equal(place.port, 0);
    ssh_place_release(&place);
}

/* ---- known_hosts ---- */


/* A key of a type that says nothing: `fill` thirty-two times. */
static void make_key(struct buffer *blob, const char *type, char fill)
{
    char body[32];
    memset(body, fill, sizeof body);
    ssh_put(blob, type, strlen(type));
    ssh_put(blob, body, sizeof body);
}

static void test_known_hosts(void **state)
{
    (void)state;
    char path[] = "/tmp/nocturne-known.XXXXXX", name[64];
    struct buffer one = BUFFER_INIT, two = BUFFER_INIT, other = BUFFER_INIT, names = BUFFER_INIT;
    struct ssh_known_answer answer;
    make_key(&one, "ssh-ed25519", 1);
    make_key(&two, "ssh-ed25519", 2);
    make_key(&other, "ecdsa-sha2-nistp256", 3);
    assert_non_null(mkdtemp(path));
    snprintf(name, sizeof name, "%s/deep/known_hosts", path);
    assert_true(ssh_known_add(name, "Web.example", 22, one.data, one.length, NULL));
    assert_true(ssh_known_add(name, "10.0.0.1", 2222, other.data, other.length, NULL));
    struct stat about;
    assert_int_equal(stat(name, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0600);

    const char *const paths[] = {name};
    struct ssh_known *known = ssh_known_new(paths, 1);
    assert_int_equal(ssh_known_count(known), 2);
    ssh_known_check(known, "WEB.example", 22, one.data, one.length, &answer);
    assert_int_equal(answer.verdict, SSH_KNOWN_MATCH);
    ssh_known_check(known, "web.example", 22, two.data, two.length, &answer);
    assert_int_equal(answer.verdict, SSH_KNOWN_CHANGED);
    assert_non_null(strstr(answer.where, "known_hosts:1"));
    assert_memory_equal(answer.fingerprint, "SHA256:", 7);
    ssh_known_check(known, "web.example", 22, other.data, other.length, &answer);
    assert_int_equal(answer.verdict, SSH_KNOWN_CHANGED); /* a key of another type is no way in, either */
    ssh_known_check(known, "web.example", 2222, one.data, one.length, &answer);
    assert_int_equal(answer.verdict, SSH_KNOWN_UNKNOWN); /* another port is another server */
    ssh_known_algorithms(known, "10.0.0.1", 2222, &names);
    assert_memory_equal(buffer_text(&names), "ecdsa-sha2-nistp256,ssh-ed25519,", 32);

    assert_false(ssh_known_refresh(known));
    assert_true(ssh_known_add(name, "web.example", 22, two.data, two.length, NULL));
    assert_true(ssh_known_refresh(known));
    ssh_known_check(known, "web.example", 22, two.data, two.length, &answer);
    assert_int_equal(answer.verdict, SSH_KNOWN_MATCH);
    unlink(name);
    assert_true(ssh_known_refresh(known));
    assert_int_equal(ssh_known_count(known), 0);
    ssh_known_free(&known);
    snprintf(name, sizeof name, "%s/deep", path);
    rmdir(name);
    rmdir(path);
    buffer_release(&one);
    buffer_release(&two);
    buffer_release(&other);
    buffer_release(&names);
}

static void run(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void run(const char *format, ...)
{
    char command[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(command, sizeof command, format, arguments);
    va_end(arguments);
    assert_int_equal(system(command), 0);
}

/* Lines that ssh-keygen made: hashed names, and what it prints as fingerprint. */
static void test_known_hosts_of_openssh(void **state)
{
    (void)state;
    char path[] = "/tmp/nocturne-known.XXXXXX", name[64], shown[200] = "", fingerprint[SSH_FINGERPRINT_TEXT];
    struct ssh_known_answer answer;
    struct buffer public = BUFFER_INIT;
    assert_non_null(mkdtemp(path));
    run("cd %s && ssh-keygen -q -t ed25519 -N '' -f key && { printf 'web,[db]:2222,10.9.* '; cut -d' ' -f1,2 key.pub; "
        "printf '@revoked * '; cut -d' ' -f1,2 key.pub | sed s/AAAAI/AAAAJ/; echo '@cert-authority * ssh-ed25519 AAAA'; "
        "echo 'broken line'; echo; echo '# x'; } > known && ssh-keygen -q -H -f known 2>/dev/null >&2; ssh-keygen -lf key.pub > shown", path);
    snprintf(name, sizeof name, "%s/key", path);
    struct ssh_key *key = ssh_key_load(name, &public, NULL);
    assert_non_null(key);
    snprintf(name, sizeof name, "%s/known", path);
    const char *const paths[] = {name};
    struct ssh_known *known = ssh_known_new(paths, 1);
    const struct buffer *blob = ssh_key_public(key);
    static const struct { const char *host; unsigned port; enum ssh_known_verdict verdict; } cases[] = {
        {"web", 22, SSH_KNOWN_MATCH}, {"db", 2222, SSH_KNOWN_MATCH}, {"db", 22, SSH_KNOWN_UNKNOWN}, {"webb", 22, SSH_KNOWN_UNKNOWN},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ssh_known_check(known, cases[i].host, cases[i].port, blob->data, blob->length, &answer);
        assert_int_equal(answer.verdict, cases[i].verdict);
    }
    ssh_known_fingerprint(blob->data, blob->length, fingerprint);
    snprintf(name, sizeof name, "%s/shown", path);
    FILE *file = fopen(name, "r");
    assert_non_null(fgets(shown, sizeof shown, file));
    fclose(file);
    assert_non_null(strstr(shown, fingerprint));
    ssh_known_free(&known);
    ssh_key_free(&key);
    buffer_release(&public);
    run("rm -r %s", path);
}

/* ---- keys ---- */

static void test_keys(void **state)
{
    (void)state;
    static const struct { const char *type, *more; bool rsa; } kinds[] = {
        {"ed25519", "", false}, {"ecdsa", "-b 256", false}, {"ecdsa", "-b 384", false}, {"ecdsa", "-b 521", false},
        {"ecdsa", "-m PEM", false}, {"rsa", "-b 2048", true}, {"rsa", "-b 2048 -m PEM", true}, {"rsa", "-b 2048 -m PKCS8", true},
    };
    char path[] = "/tmp/nocturne-key.XXXXXX", name[64];
    assert_non_null(mkdtemp(path));
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct buffer public = BUFFER_INIT, signature = BUFFER_INIT, offered = BUFFER_INIT;
        struct error error = {0};
        run("cd %s && rm -f key key.pub && ssh-keygen -q -t %s %s -N '' -f key", path, kinds[i].type, kinds[i].more);
        snprintf(name, sizeof name, "%s/key", path);
        struct ssh_key *key = ssh_key_load(name, &public, &error);
        assert_non_null(key);
        assert_int_equal(ssh_key_is_rsa(ssh_key_public(key)), kinds[i].rsa);
        ssh_key_offered(ssh_key_public(key), &offered);
        assert_true(ssh_key_sign(key, "words", 5, &signature));
        assert_true(signature.length >= 64);
        if (kinds[i].rsa)
            assert_memory_equal(offered.data, "\0\0\0\x0crsa-sha2-256", 16);
        else
            assert_int_equal(offered.length, ssh_key_public(key)->length);
        /* The public half is what ssh-keygen wrote. */
        struct ssh_known *known = ssh_known_new(NULL, 0);
        struct ssh_known_answer answer;
        char line[4096] = "h ";
        snprintf(name, sizeof name, "%s/key.pub", path);
        FILE *file = fopen(name, "r");
        assert_non_null(fgets(line + 2, sizeof line - 2, file));
        fclose(file);
        ssh_known_read_text(known, "x", line, strlen(line));
        ssh_known_check(known, "h", 22, ssh_key_public(key)->data, ssh_key_public(key)->length, &answer);
        assert_int_equal(answer.verdict, SSH_KNOWN_MATCH);
        ssh_known_free(&known);
        ssh_key_free(&key);
        buffer_release(&public);
        buffer_release(&signature);
        buffer_release(&offered);
    }
    run("rm -r %s", path);
}

static void test_keys_that_cannot_be_used(void **state)
{
    (void)state;
    char path[] = "/tmp/nocturne-key.XXXXXX", name[64];
    struct buffer public = BUFFER_INIT;
    struct error error = {0};
    assert_non_null(mkdtemp(path));
    snprintf(name, sizeof name, "%s/key", path);
    assert_null(ssh_key_load(name, &public, &error));
    assert_int_equal(error.code, ERROR_NOT_FOUND);
    run("cd %s && ssh-keygen -q -t ed25519 -N secret -f key", path);
    assert_null(ssh_key_load(name, &public, &error));
    assert_int_equal(error.code, ERROR_UNAVAILABLE);
    assert_non_null(strstr(error.text, "ssh-add"));
    assert_int_equal(public.length, 51); /* its public half is known all the same */
    buffer_clear(&public);
    run("cd %s && rm key key.pub && ssh-keygen -q -t rsa -b 2048 -m PEM -N secret -f key", path);
    assert_null(ssh_key_load(name, &public, &error));
    assert_int_equal(error.code, ERROR_UNAVAILABLE);
    assert_true(ssh_key_is_rsa(&public)); /* from key.pub */
    run("chmod 640 %s/key", path);
    assert_null(ssh_key_load(name, &public, &error));
    assert_int_equal(error.code, ERROR_DENIED);
    assert_non_null(strstr(error.text, "chmod 600"));
    run("echo hello > %s/key; chmod 600 %s/key", path, path);
    assert_null(ssh_key_load(name, &public, &error));
    assert_int_equal(error.code, ERROR_INVALID);
    buffer_release(&public);
    run("rm -r %s", path);
}

/* ---- marks ---- */

#define MARK "00112233445566778899aabbccddeeff"

static void test_frames_whatever_the_pieces(void **state)
{
    (void)state;
    static const char said[] = "Welcome!\n<" MARK "\n<" MARK ">\n=one\ntwo</" MARK "\n</" MARK "> 3\nlate words\n";
    for (size_t step = 1; step <= sizeof said; step++) {
        struct ssh_frame frame = {0};
        ssh_frame_begin(&frame, MARK, 1000);
        for (size_t at = 0; at < sizeof said - 1; at += step)
            ssh_frame_feed(&frame, said + at, sizeof said - 1 - at < step ? sizeof said - 1 - at : step);
        assert_int_equal(frame.state, SSH_FRAME_DONE);
        assert_int_equal(frame.status, 3);
        assert_string_equal(buffer_text(&frame.text), "=one\ntwo</" MARK "\n");
        assert_string_equal(buffer_text(&frame.noise), "Welcome!\n<" MARK "\nlate words\n");
        ssh_frame_release(&frame);
    }
}

static void test_frames_are_bounded(void **state)
{
    (void)state;
    char block[8192];
    struct ssh_frame frame = {0};
    memset(block, 'y', sizeof block);
    ssh_frame_begin(&frame, NULL, 100000);
    assert_int_equal(strlen(frame.mark), 32);
    for (int i = 0; i < 13; i++)
        ssh_frame_feed(&frame, block, sizeof block);
    assert_int_equal(frame.state, SSH_FRAME_OVER);
    assert_true(frame.noise.length <= SSH_NOISE_MAX && frame.text.length < 64);
    ssh_frame_begin(&frame, MARK, 10000);
    ssh_frame_feed(&frame, "<" MARK ">\n", 35);
    ssh_frame_feed(&frame, block, sizeof block);
    assert_int_equal(frame.state, SSH_FRAME_INSIDE);
    ssh_frame_feed(&frame, block, sizeof block);
    assert_int_equal(frame.state, SSH_FRAME_OVER);
    ssh_frame_release(&frame);
}

/* ---- agent ---- */

static void count_key(void *owner, const void *public, size_t length)
{
    (void)public, (void)length;
    ++*(unsigned *)owner;
}

static void test_agent_answers(void **state)
{
    (void)state;
    struct buffer answer = BUFFER_INIT, inner = BUFFER_INIT, signature = BUFFER_INIT;
    struct error error = {0};
    unsigned count = 0;
    buffer_append_char(&answer, 12);
    ssh_put_u32(&answer, 2);
    ssh_put(&answer, "key-one", 7);
    ssh_put(&answer, "comment", 7);
    assert_false(ssh_agent_keys(&answer, count_key, &count, &error)); /* it said two */
    ssh_put(&answer, "key-two", 7);
    ssh_put(&answer, "", 0);
    count = 0;
    assert_true(ssh_agent_keys(&answer, count_key, &count, &error));
    assert_int_equal(count, 2);
    buffer_clear(&answer);
    buffer_append_char(&answer, 5);
    assert_false(ssh_agent_keys(&answer, count_key, &count, &error));
    assert_false(ssh_agent_signature(&answer, &signature, &error));
    ssh_put(&inner, "ssh-rsa", 7);
    ssh_put(&inner, "old", 3);
    buffer_clear(&answer);
    buffer_append_char(&answer, 14);
    ssh_put(&answer, inner.data, inner.length);
    assert_false(ssh_agent_signature(&answer, &signature, &error)); /* SHA-1 */
    buffer_clear(&inner);
    ssh_put(&inner, "rsa-sha2-256", 12);
    ssh_put(&inner, "new", 3);
    buffer_clear(&answer);
    buffer_append_char(&answer, 14);
    ssh_put(&answer, inner.data, inner.length);
    assert_true(ssh_agent_signature(&answer, &signature, &error));
    assert_string_equal(buffer_text(&signature), "new");
    buffer_release(&answer);
    buffer_release(&inner);
    buffer_release(&signature);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_config_first_value_holds),
        cmocka_unit_test(test_known_hosts),
        cmocka_unit_test(test_known_hosts_of_openssh),
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_keys_that_cannot_be_used),
        cmocka_unit_test(test_frames_whatever_the_pieces),
        cmocka_unit_test(test_frames_are_bounded),
        cmocka_unit_test(test_agent_answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
