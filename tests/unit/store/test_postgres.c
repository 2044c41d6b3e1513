/* A PostgreSQL server's bad days, each on a real one: what was acknowledged is there afterwards, what was queued comes
 * when it can, and one line says what is wrong. */
#include "fixture.h"
#include "postgres_server.h"
#include "store/postgres_db.h"

#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/un.h>

static struct postgres_test server;
static struct answer answer;

static struct fixture *open_site(void)
{
    struct fixture *fixture = fixture_new(postgres_test_url(&server, postgres_test_database(&server)));
    fixture_open(fixture);
    return fixture;
}

static const char *database_of(const struct fixture *fixture)
{
    static char name[24];
    const char *slash = strstr(fixture->engine, "@/") + 2;
    snprintf(name, sizeof name, "%.*s", (int)strcspn(slash, "?"), slash);
    return name;
}

static bool act(struct fixture *fixture, int number)
{
    char id[24];
    snprintf(id, sizeof id, "T-%d", number);
    struct store_action *action = store_action_new(fixture->store, "user:wang", "ticket open", id, "{}");
    store_action_record(action, "ticket", id, 0, "{\"title\":\"泵房\"}");
    memset(&answer, 0, sizeof answer);
    store_action_commit(action, answer_action, &answer);
    answer_wait(fixture, &answer);
    return answer.ok;
}

/* A bit for each ticket that is there. */
static void note_ticket(void *owner, const char *kind, const char *id, int64_t revision, const char *body)
{
    bool *there = owner;
    if (strcmp(kind, "ticket") == 0) {
        assert_int_equal(revision, 1);
        assert_string_equal(body, "{\"title\":\"泵房\"}");
        there[atoi(id + 2)] = true;
    }
}

static void verify_chain(struct fixture *fixture)
{
    memset(&answer, 0, sizeof answer);
    store_audit_verify(fixture->store, answer_verify, &answer);
    answer_wait(fixture, &answer);
    assert_true(answer.ok);
    assert_int_equal(answer.broken_at, -1);
}

static size_t count_readings(struct fixture *fixture, uint32_t asset)
{
    memset(&answer, 0, sizeof answer);
    store_readings(fixture->store, asset, 1, NOON - SPAN_DAY, NOON + SPAN_DAY, 0, answer_readings, &answer);
    answer_wait(fixture, &answer);
    assert_true(answer.ok);
    return answer.count;
}

/* Turn the loop until the store says what it should, for a generous while. */
static void wait_writable(struct fixture *fixture, bool writable)
{
    struct store_status status;
    for (int i = 0; i < 6000; i++) {
        uv_run(&fixture->loop, UV_RUN_NOWAIT);
        store_status(fixture->store, &status);
        if (status.writable == writable && (!writable || status.queued == 0))
            return;
        usleep(10000);
    }
    fail_msg("still %s: %s", writable ? "not writable" : "writable", status.problem);
}

static void fixture_patient_settle(struct fixture *fixture)
{
    for (int i = 0; i < 3; i++) {
        uv_mutex_lock(&fixture->store->lock);
        queue_hand_over(&fixture->store->queue);
        uv_cond_signal(&fixture->store->telemetry.wake);
        uv_mutex_unlock(&fixture->store->lock);
        wait_writable(fixture, true);
    }
}

#define TICKETS 400

/* Work while something happens to the server; then all that was acknowledged is there, and every reading once. */
static void work_through(struct fixture *fixture, void (*trouble)(struct fixture *fixture, int round))
{
    bool acknowledged[TICKETS] = {false}, there[TICKETS] = {false};
    int done = 0;
    for (int i = 0; i < TICKETS; i++) {
        store_reading(fixture->store, 3, 1, NOON + i, i);
        if (i % 20 == 0)
            store_state(fixture->store, &(struct store_state){3, NOON + i, HEALTH_OK, REASON_FRESH, LINK_UP, COMM_SPEAKING});
        if (i % 10 == 0) {
            uv_mutex_lock(&fixture->store->lock);
            queue_hand_over(&fixture->store->queue);
            uv_cond_signal(&fixture->store->telemetry.wake);
            uv_mutex_unlock(&fixture->store->lock);
        }
        if (i % 4 == 0)
            done += acknowledged[i] = act(fixture, i);
        trouble(fixture, i);
    }
    fixture_patient_settle(fixture);
    assert_true(done > TICKETS / 40);
    assert_int_equal(count_readings(fixture, 3), TICKETS);
    fixture_reopen(fixture);
    assert_int_equal(count_readings(fixture, 3), TICKETS);
    assert_true(store_load(fixture->store, &(struct store_load_ops){.record = note_ticket}, there, NULL));
    for (int i = 0; i < TICKETS; i++)
        if (acknowledged[i] && !there[i])
            fail_msg("ticket %d was acknowledged and is lost", i);
    verify_chain(fixture);
    fixture_free(fixture);
}

static void restart(struct fixture *fixture, int round)
{
    (void)fixture;
    if (round == 100)
        postgres_test_stop(&server, SIGINT);
    if (round == 140)
        assert_true(postgres_test_start(&server));
}

static void test_restart(void **state)
{
    (void)state;
    work_through(open_site(), restart);
}

static void crash(struct fixture *fixture, int round)
{
    (void)fixture;
    if (round != 200)
        return;
    postgres_test_stop(&server, SIGQUIT);
    assert_true(postgres_test_start(&server));
}

static void test_crash(void **state)
{
    (void)state;
    work_through(open_site(), crash);
}

static void cut(struct fixture *fixture, int round)
{
    char sql[200];
    if (round % 50 != 25)
        return;
    snprintf(sql, sizeof sql, "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname='%s'",
             database_of(fixture));
    assert_true(postgres_test_number(&server, "postgres", sql) > 0);
}

static void test_cut(void **state)
{
    (void)state;
    work_through(open_site(), cut);
}

/* While it is away: readings wait and are readable, actions are refused with a reason, and it says so. */
static void test_away(void **state)
{
    (void)state;
    struct fixture *fixture = open_site();
    struct store_status status;
    assert_true(act(fixture, 1));
    postgres_test_stop(&server, SIGINT);
    assert_false(act(fixture, 2));
    assert_int_equal(answer.error.code, ERROR_UNAVAILABLE);
    store_reading(fixture->store, 3, 1, NOON, 7);
    uv_mutex_lock(&fixture->store->lock);
    queue_hand_over(&fixture->store->queue);
    uv_cond_signal(&fixture->store->telemetry.wake);
    uv_mutex_unlock(&fixture->store->lock);
    store_status(fixture->store, &status);
    assert_false(status.writable);
    assert_int_equal(status.queued, 1);
    assert_non_null(strstr(status.problem, "postgresql://"));
    assert_true(postgres_test_start(&server));
    fixture_patient_settle(fixture);
    assert_int_equal(count_readings(fixture, 3), 1);
    assert_true(act(fixture, 2));
    fixture_free(fixture);
}

static void note_metric(void *owner, uint32_t key, const char *name)
{
    assert_int_equal(key, 1);
    assert_string_equal(name, "temperature");
    ++*(int *)owner;
}

static void note_state(void *owner, uint32_t asset, msec from, enum health health, enum health_reason reason,
                       enum link_state link, enum comm_state comm)
{
    (void)reason, (void)link, (void)comm;
    assert_true(asset == 3 && from == NOON + 1 && health == HEALTH_OFFLINE);
    ++*(int *)owner;
}

/* The daemon starts while the server is away: from what it kept, and with a queue that is written when it is back. */
static void test_absent_at_start(void **state)
{
    (void)state;
    struct fixture *fixture = open_site();
    bool there[TICKETS] = {false};
    int seen = 0;
    for (int i = 0; i < 5; i++)
        assert_true(act(fixture, i));
    store_metric(fixture->store, 1, "temperature");
    store_state(fixture->store, &(struct store_state){3, NOON + 1, HEALTH_OFFLINE, REASON_NO_DATA, LINK_DOWN, COMM_SILENT});
    fixture_settle(fixture);
    fixture_reopen(fixture); /* what was kept is still good: it is not made anew */
    assert_true(act(fixture, 5));
    fixture_close(fixture);
    postgres_test_stop(&server, SIGINT);

    fixture_open(fixture);
    assert_true(store_load(fixture->store, &(struct store_load_ops){.record = note_ticket}, there, NULL));
    assert_true(store_load(fixture->store, &(struct store_load_ops){.metric = note_metric, .state = note_state}, &seen, NULL));
    for (int i = 0; i < 6; i++)
        assert_true(there[i]);
    assert_int_equal(seen, 2);
    assert_false(act(fixture, 6));
    assert_int_equal(answer.error.code, ERROR_UNAVAILABLE);
    memset(&answer, 0, sizeof answer);
    store_readings(fixture->store, 3, 1, 0, INT64_MAX, 0, answer_readings, &answer);
    answer_wait(fixture, &answer);
    assert_false(answer.ok);
    for (int i = 0; i < 100; i++)
        store_reading(fixture->store, 3, 1, NOON + i, i);
    wait_writable(fixture, false);

    assert_true(postgres_test_start(&server));
    fixture_patient_settle(fixture);
    assert_int_equal(count_readings(fixture, 3), 100);
    assert_true(act(fixture, 6));
    verify_chain(fixture);
    fixture_reopen(fixture);
    assert_int_equal(count_readings(fixture, 3), 100);
    fixture_free(fixture);
}

static void assert_refused(struct fixture *fixture, enum error_code code, const char *says)
{
    struct error error = {0};
    struct store *store = store_open(&fixture->loop, &fixture->options, &error);
    if (store || error.code != code || !strstr(error.text, says) || strchr(error.text, '\n'))
        fail_msg("expected %d with `%s`; got %d `%s`", (int)code, says, (int)error.code, store ? "opened" : error.text);
}

/* The second daemon is told who the first is. */
static void test_two(void **state)
{
    (void)state;
    struct fixture *fixture = open_site();
    char pid[40];
    snprintf(pid, sizeof pid, "nocturned pid %ld on ", (long)getpid());
    assert_refused(fixture, ERROR_CONFLICT, pid);
    assert_refused(fixture, ERROR_CONFLICT, "is in use by another nocturned");
    assert_true(act(fixture, 1));
    fixture_free(fixture);
}

/* Cut off, and another one wrote meanwhile: this one's memory is of no use any more, so it writes nothing. */
static void test_overtaken(void **state)
{
    (void)state;
    struct fixture *fixture = open_site();
    struct store_status status;
    assert_true(act(fixture, 1));
    PQclear(postgres_test_ask(&server, database_of(fixture), "UPDATE nocturne_records.meta SET number=7 WHERE name='writer';"
                              "UPDATE nocturne_telemetry.meta SET number=7 WHERE name='writer'"));
    cut(fixture, 25);
    for (int i = 0; i < 3; i++)
        assert_false(act(fixture, 2));
    store_status(fixture->store, &status);
    assert_false(status.writable);
    assert_non_null(strstr(status.problem, "another nocturned has written"));
    assert_int_equal(postgres_test_number(&server, database_of(fixture), "SELECT count(*) FROM nocturne_records.record"), 1);
    fixture_reopen(fixture);
    assert_true(act(fixture, 2));
    fixture_free(fixture);
}

/* Away at the start, and when it is back it is not what this daemon knows: it does not write over it. */
static void test_changed_meanwhile(void **state)
{
    (void)state;
    struct fixture *fixture = open_site();
    struct store_status status;
    assert_true(act(fixture, 1));
    fixture_close(fixture);
    PQclear(postgres_test_ask(&server, database_of(fixture), "UPDATE nocturne_records.meta SET number=number+1 WHERE name='acts'"));
    postgres_test_stop(&server, SIGINT);
    fixture_open(fixture);
    assert_true(postgres_test_start(&server));
    for (int i = 0; i < 1000; i++) {
        assert_false(act(fixture, 2));
        if (answer.error.code == ERROR_CONFLICT)
            break;
        usleep(20000);
    }
    store_status(fixture->store, &status);
    assert_non_null(strstr(status.problem, "start this one again"));
    fixture_reopen(fixture);
    assert_true(act(fixture, 2));
    fixture_close(fixture);
    /* And without anything kept it cannot begin. */
    postgres_test_stop(&server, SIGINT);
    char path[120];
    snprintf(path, sizeof path, "%s/nocturne-standby.db", fixture->directory);
    assert_int_equal(unlink(path), 0);
    assert_refused(fixture, ERROR_UNAVAILABLE, "postgresql://");
    assert_true(postgres_test_start(&server));
    fixture_free(fixture);
}

static void test_too_new(void **state)
{
    (void)state;
    struct fixture *fixture = open_site();
    fixture_close(fixture);
    PQclear(postgres_test_ask(&server, database_of(fixture), "UPDATE nocturne_records.meta SET number=99 WHERE name='schema'"));
    assert_refused(fixture, ERROR_TOO_NEW, "later version");
    fixture_free(fixture);
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    assert_int_equal(chmod(path, 0600), 0);
}

static void test_refusals(void **state)
{
    (void)state;
    struct fixture *fixture = fixture_new("postgresql:");
    char url[200], path[120], line[200];
    snprintf(url, sizeof url, "postgresql://guard@/postgres?host=%s", server.directory);
    snprintf(path, sizeof path, "%s/data/pg_hba.conf", server.directory);
    PQclear(postgres_test_ask(&server, "postgres", "SET password_encryption='scram-sha-256'; CREATE ROLE guard LOGIN PASSWORD 'pump-house 9'"));
    write_file(path, "local all guard scram-sha-256\nlocal all all trust\n");
    if (geteuid() == 0)
        assert_int_equal(chown(path, PG_NOBODY, PG_NOBODY), 0);
    assert_int_equal(postgres_test_number(&server, "postgres", "SELECT pg_reload_conf()::int"), 1);
    for (int tries = 0; tries < 3000; tries++, usleep(10000)) { /* the server's processes have it a moment later */
        PGconn *guard = PQconnectdb(url);
        bool refused = PQstatus(guard) == CONNECTION_BAD;
        PQfinish(guard);
        if (refused)
            break;
    }
    fixture->options.url = url;
    assert_refused(fixture, ERROR_DENIED, "no password supplied");
    fixture->options.password = "pump-house 8";
    assert_refused(fixture, ERROR_DENIED, "password authentication failed");
    fixture->options.password = "pump-house 9";
    assert_refused(fixture, ERROR_DENIED, "GRANT CREATE");
    fixture->options.password = NULL;
    snprintf(path, sizeof path, "%s/pgpass", fixture->directory);
    snprintf(line, sizeof line, "*:*:*:guard:pump-house 9\n");
    write_file(path, line);
    setenv("PGPASSFILE", path, 1);
    PQclear(postgres_test_ask(&server, "postgres", "GRANT CREATE ON DATABASE postgres TO guard"));
    fixture_open(fixture);
    fixture_close(fixture);
    unsetenv("PGPASSFILE");
    fixture->options.url = postgres_test_url(&server, "no_such_site");
    assert_refused(fixture, ERROR_NOT_FOUND, "\"no_such_site\" does not exist");
    PQclear(postgres_test_ask(&server, "postgres", "CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0"));
    fixture->options.url = postgres_test_url(&server, "latin");
    assert_refused(fixture, ERROR_INVALID, "LATIN1");
    fixture->options.url = "postgresql://u:hidden@h/d";
    assert_refused(fixture, ERROR_INVALID, "a password in the url");
    fixture->options.url = "postgresql://u:hidden@h:x%zz/d";
    struct error error = {0};
    assert_null(store_open(&fixture->loop, &fixture->options, &error));
    assert_null(strstr(error.text, "hidden"));
    fixture->options.url = "postgresql://h/d?colour=red";
    assert_refused(fixture, ERROR_INVALID, "colour");
    fixture->options.url = "postgresql://127.0.0.1:1/d";
    assert_refused(fixture, ERROR_UNAVAILABLE, "refused");
    fixture_free(fixture);
}

/* A transaction that fails, time after time, leaves the server no statements to remember: one that is full may stay so for
 * a night. */
static void test_failing_for_long(void **state)
{
    (void)state;
    struct postgres_server place;
    struct database db;
    struct error error = {0};
    struct statement *once = NULL, *put = NULL, *other = NULL, *count = NULL;
    bool row = false;
    assert_true(postgres_server_init(&place, postgres_test_url(&server, postgres_test_database(&server)), NULL, &error));
    postgres_open(&db, &place, SQL_RECORDS, true);
    assert_true(database_run(&db, &error, "CREATE TABLE public.tries (a BIGINT PRIMARY KEY)"));
    assert_true(database_prepare(&db, &put, &error, "INSERT INTO public.tries VALUES (?)"));
    for (int i = 0; i < 40; i++) {
        assert_true(database_begin(&db, true, &error));
        assert_true(database_prepare(&db, &once, &error, "DELETE FROM public.tries WHERE a=?"));
        for (int k = 0; k < 4; k++) { /* from the second use on it has a name at the server */
            statement_bind_integer(once, 1, -k);
            database_finish(&db, once, &error);
            statement_bind_integer(put, 1, i % 4 == 3 ? k : 0);
            database_finish(&db, put, &error); /* the same key again: what follows is not even read */
        }
        assert_true(database_prepare(&db, &other, &error, "SELECT a FROM public.tries WHERE a=?"));
        statement_free(&once);
        assert_int_equal(database_commit(&db, &error), i == 3);
        statement_free(&other);
    }
    assert_true(database_prepare(&db, &count, &error, "SELECT count(*) FROM pg_prepared_statements"));
    assert_true(database_step(&db, count, &row, &error) && row);
    assert_true(statement_integer(count, 0) <= 2);
    statement_free(&count);
    statement_free(&put);
    database_close(&db);
    postgres_server_release(&place);
}

/* Bytes that are no UTF-8 are cleaned before they are hashed, and counted. */
static void test_strange_texts(void **state)
{
    (void)state;
    struct fixture *fixture = open_site();
    struct store_status status;
    struct store_action *action = store_action_new(fixture->store, "user:w\xff", "note", "\xed\xa0\x80", "{\"a\":\"\\u0000\"}");
    store_action_record(action, "note", "n\xc3", -1, "b\xf8z");
    memset(&answer, 0, sizeof answer);
    store_action_commit(action, answer_action, &answer);
    answer_wait(fixture, &answer);
    assert_true(answer.ok);
    store_metric(fixture->store, 1, "t\xfe");
    fixture_settle(fixture);
    store_status(fixture->store, &status);
    assert_true(status.texts_cleaned >= 5);
    verify_chain(fixture);
    assert_int_equal(postgres_test_number(&server, database_of(fixture), "SELECT count(*) FROM nocturne_records.record WHERE "
                                          "body='b\uFFFDz' AND id='n\uFFFD'"), 1);
    fixture_free(fixture);
}

/* ---- an answer lost on its way ---- */

static int listen_on(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%.100s", path);
    int door = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(door, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(door, 16), 0);
    return door;
}

static int reach(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%.100s", path);
    int line = socket(AF_UNIX, SOCK_STREAM, 0);
    return connect(line, (struct sockaddr *)&address, sizeof address) == 0 ? line : -1;
}

/* Carries bytes both ways; once a file of that name is there, the first COMMIT of a ticket goes to the server, and its
 * answer nowhere. */
static void carry(int near, int far, const char *trap)
{
    char bytes[65536];
    bool ticket = false;
    for (;;) {
        struct pollfd ends[2] = {{.fd = near, .events = POLLIN}, {.fd = far, .events = POLLIN}};
        poll(ends, 2, -1);
        for (int i = 0; i < 2; i++) {
            if (!ends[i].revents)
                continue;
            ssize_t length = read(ends[i].fd, bytes, sizeof bytes);
            if (length <= 0 || write(ends[1 - i].fd, bytes, (size_t)length) != length)
                _exit(0);
            ticket |= i == 0 && memmem(bytes, (size_t)length, "ticket", 6) != NULL;
            if (i == 0 && ticket && memmem(bytes, (size_t)length, "COMMIT", 6) && unlink(trap) == 0) {
                usleep(200000);
                _exit(0);
            }
        }
    }
}

static pid_t proxy(const char *path, const char *real, const char *trap, const char *shut)
{
    int door = listen_on(path);
    pid_t child = fork();
    if (child != 0) {
        close(door);
        return child;
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGCHLD, SIG_IGN);
    for (;;) {
        int near = accept(door, NULL, NULL);
        if (near < 0)
            continue;
        if (access(shut, F_OK) != 0 && fork() == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            carry(near, reach(real), trap);
        }
        close(near);
    }
}

static void test_lost_answer(void **state)
{
    (void)state;
    struct fixture *fixture = fixture_new("postgresql:");
    char path[160], real[160], trap[160], shut[160], url[300];
    bool there[TICKETS] = {false};
    snprintf(path, sizeof path, "%s/.s.PGSQL.5432", fixture->directory);
    snprintf(trap, sizeof trap, "%s/trap", fixture->directory);
    snprintf(shut, sizeof shut, "%s/shut", fixture->directory);
    snprintf(real, sizeof real, "%s/.s.PGSQL.5432", server.directory);
    snprintf(url, sizeof url, "postgresql://nocturne@/%s?host=%s", postgres_test_database(&server), fixture->directory);
    pid_t child = proxy(path, real, trap, shut);
    fixture->options.url = url;
    fixture_open(fixture);
    for (int i = 0; i < 20; i++) {
        if (i % 5 == 2)
            write_file(trap, "");
        assert_true(act(fixture, i)); /* the answer was lost, the commit was not: it is found out */
        assert_int_equal(access(trap, F_OK), -1);
    }
    assert_true(store_load(fixture->store, &(struct store_load_ops){.record = note_ticket}, there, NULL));
    for (int i = 0; i < 20; i++)
        assert_true(there[i]);
    verify_chain(fixture);
    /* It cannot be found out: that is said, and a later start without the server does not take what was kept for whole. */
    write_file(shut, "");
    write_file(trap, "");
    assert_false(act(fixture, 20));
    assert_non_null(strstr(answer.error.text, "whether it was done is not known"));
    assert_int_equal(unlink(shut), 0);
    wait_writable(fixture, true);
    assert_true(act(fixture, 21));
    verify_chain(fixture);
    fixture_close(fixture);
    write_file(shut, "");
    fixture_open(fixture);
    assert_int_equal(unlink(shut), 0);
    do
        assert_false(act(fixture, 22));
    while (answer.error.code == ERROR_UNAVAILABLE);
    assert_non_null(strstr(answer.error.text, "has changed since"));
    fixture_reopen(fixture);
    assert_true(act(fixture, 23));
    assert_true(store_load(fixture->store, &(struct store_load_ops){.record = note_ticket}, there, NULL));
    assert_true(there[20] && there[21] && there[23]);
    fixture_close(fixture);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    fixture_free(fixture);
}

/* ---- a full disk: a small file system of its own for one database ---- */

static void test_full(void **state)
{
    (void)state;
    struct fixture *fixture = fixture_new("postgresql:");
    char room[100], ballast[140], sql[240], block[4096] = "";
    snprintf(room, sizeof room, "%s/room", server.directory);
    snprintf(ballast, sizeof ballast, "%s/ballast", room);
    if (access(room, F_OK) != 0)
        skip();
    snprintf(sql, sizeof sql, "CREATE TABLESPACE small LOCATION '%s/space'", room);
    PQclear(postgres_test_ask(&server, "postgres", sql));
    PQclear(postgres_test_ask(&server, "postgres", "CREATE DATABASE full_site TABLESPACE small"));
    fixture->options.url = postgres_test_url(&server, "full_site");
    fixture_open(fixture);
    assert_true(act(fixture, 0));
    int file = open(ballast, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    while (write(file, block, sizeof block) > 0)
        ;
    close(file);
    int accepted = 1;
    while (accepted < TICKETS - 10 && act(fixture, accepted))
        accepted++;
    assert_int_equal(answer.error.code, ERROR_FULL);
    for (int i = 0; i < 200000; i++)
        store_reading(fixture->store, (uint32_t)i % 100, 1, NOON + i / 100, i * 0.37);
    wait_writable(fixture, false);
    assert_int_equal(unlink(ballast), 0);
    fixture_patient_settle(fixture);
    assert_true(act(fixture, TICKETS - 1));
    bool there[TICKETS] = {false};
    assert_true(store_load(fixture->store, &(struct store_load_ops){.record = note_ticket}, there, NULL));
    for (int i = 0; i < accepted; i++)
        assert_true(there[i]);
    assert_int_equal(count_readings(fixture, 5), 2000);
    fixture_free(fixture);
}

/* A mount that only this process and its server see. */
static void make_room(void)
{
    char room[100];
    snprintf(room, sizeof room, "%s/room", server.directory);
    if (geteuid() != 0 || unshare(CLONE_NEWNS) != 0 || mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) != 0 ||
        mkdir(room, 0755) != 0)
        return;
    char space[120];
    snprintf(space, sizeof space, "%s/space", room);
    if (mount("tmpfs", room, "tmpfs", 0, "size=18m") != 0 || mkdir(space, 0700) != 0 || chown(space, PG_NOBODY, PG_NOBODY) != 0)
        rmdir(room);
}

static int start(void **state)
{
    (void)state;
    clock_fake(NOON, 0);
    return 0;
}

#define EACH(name) cmocka_unit_test_setup(name, start)

int main(void)
{
    const struct CMUnitTest tests[] = {
        EACH(test_two), EACH(test_overtaken), EACH(test_too_new), EACH(test_refusals), EACH(test_failing_for_long), EACH(test_strange_texts),
        EACH(test_lost_answer), EACH(test_absent_at_start), EACH(test_changed_meanwhile), EACH(test_cut), EACH(test_away), EACH(test_restart), EACH(test_crash), EACH(test_full),
    };
    if (!postgres_test_there(&server)) {
        puts("PostgreSQL is not installed: scripts/deps --test");
        return 77;
    }
    if (!postgres_test_open(&server))
        return 1;
    postgres_test_stop(&server, SIGINT);
    make_room();
    if (!postgres_test_start(&server))
        return 1;
    int failed = cmocka_run_group_tests_name("postgresql", tests, NULL, NULL);
    postgres_test_stop(&server, SIGINT);
    char room[100];
    snprintf(room, sizeof room, "%s/room", server.directory);
    umount2(room, MNT_DETACH);
    fixture_remove(server.directory);
    return failed ? 1 : 0;
}
