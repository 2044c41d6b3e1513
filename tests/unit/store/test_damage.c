/* What a start finds wrong: another daemon, a later version, a directory it may not write, damage of either file; and an
 * audit chain that somebody changed. */
#include "fixture.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>

static struct answer answer;

static char *file_of(struct fixture *fixture, const char *name)
{
    static char path[160];
    snprintf(path, sizeof path, "%s/%s", fixture->directory, name);
    return path;
}

static void sql(struct fixture *fixture, const char *name, const char *text)
{
    sqlite3 *db;
    char *problem = NULL;
    assert_int_equal(sqlite3_open(file_of(fixture, name), &db), SQLITE_OK);
    if (sqlite3_exec(db, text, NULL, NULL, &problem) != SQLITE_OK)
        fail_msg("%s: %s", text, problem);
    sqlite3_close(db);
}

static int64_t ask(struct fixture *fixture, const char *name, const char *text)
{
    sqlite3 *db;
    sqlite3_stmt *statement;
    assert_int_equal(sqlite3_open(file_of(fixture, name), &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, text, -1, &statement, NULL), SQLITE_OK);
    int64_t value = sqlite3_step(statement) == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : -1;
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return value;
}

static void assert_refused(struct fixture *fixture, enum error_code code, const char *words)
{
    struct error error = {0};
    struct store *store = store_open(&fixture->loop, &fixture->options, &error);
    assert_null(store);
    assert_int_equal(error.code, code);
    if (!strstr(error.text, words))
        fail_msg("`%s` does not say `%s`", error.text, words);
}

static void commit(struct fixture *fixture, const char *verb)
{
    struct store_action *action = store_action_new(fixture->store, "user:wang", verb, "T-1", "{}");
    memset(&answer, 0, sizeof answer);
    store_action_commit(action, answer_action, &answer);
    answer_wait(fixture, &answer);
    assert_true(answer.ok);
}

static void test_unknown_engine(void **state)
{
    struct fixture *fixture = *state;
    fixture->options.url = "sqlight";
    assert_refused(fixture, ERROR_INVALID, "sqlite, postgresql, memory");
    fixture->options.url = "sqlite";
    fixture->options.state_dir = NULL;
    assert_refused(fixture, ERROR_INVALID, "state directory");
}

static void test_path(void **state)
{
    struct fixture *fixture = *state;
    char url[200];
    snprintf(url, sizeof url, "sqlite:%s", file_of(fixture, "site.db"));
    fixture->options.url = url;
    fixture->options.state_dir = NULL;
    fixture_open(fixture);
    commit(fixture, "x");
    fixture_close(fixture);
    assert_int_equal(access(file_of(fixture, "site-telemetry.db"), F_OK), 0);
    struct stat status;
    assert_int_equal(stat(file_of(fixture, "site.db"), &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
}

static void test_directory_is_made(void **state)
{
    struct fixture *fixture = *state;
    char deep[200];
    snprintf(deep, sizeof deep, "%s", file_of(fixture, "a/b/c"));
    fixture->options.state_dir = deep;
    fixture_open(fixture);
    fixture_close(fixture);
    assert_int_equal(access(file_of(fixture, "a/b/c/nocturne.db"), F_OK), 0);
    snprintf(deep, sizeof deep, "%s", file_of(fixture, "a/b/c/nocturne.db/d"));
    assert_refused(fixture, ERROR_UNAVAILABLE, "cannot be made");
}

static void test_two_daemons(void **state)
{
    struct fixture *fixture = *state;
    char pid[32];
    fixture_open(fixture);
    snprintf(pid, sizeof pid, "(pid %ld)", (long)getpid());
    assert_refused(fixture, ERROR_CONFLICT, pid);
    commit(fixture, "x"); /* the first is not disturbed */
    fixture_close(fixture);
    fixture_open(fixture);
}

static void test_later_version(void **state)
{
    struct fixture *fixture = *state;
    fixture_open(fixture);
    fixture_close(fixture);
    sql(fixture, "nocturne.db", "UPDATE meta SET value=value+998 WHERE name='schema'");
    assert_refused(fixture, ERROR_TOO_NEW, "schema ");
    sql(fixture, "nocturne.db", "UPDATE meta SET value=value-998 WHERE name='schema'");
    sql(fixture, "nocturne-telemetry.db", "UPDATE meta SET value=999 WHERE name='schema'");
    assert_refused(fixture, ERROR_TOO_NEW, "nocturne-telemetry.db");
}

/* An older schema is copied, then brought up to date. */
static void test_older_version(void **state)
{
    struct fixture *fixture = *state;
    fixture_open(fixture);
    commit(fixture, "x");
    fixture_close(fixture);
    sql(fixture, "nocturne.db", "DROP TABLE alert; DROP TABLE alert_event; DROP TABLE node; UPDATE meta SET value=1 WHERE name='schema'");
    fixture_open(fixture);
    commit(fixture, "y");
    fixture_close(fixture);
    assert_true(ask(fixture, "nocturne.db", "SELECT value FROM meta WHERE name='schema'") > 1);
    assert_int_equal(ask(fixture, "nocturne.db", "SELECT count(*) FROM alert"), 0);
    assert_int_equal(ask(fixture, "nocturne.db", "SELECT count(*) FROM audit"), 2);
    assert_int_equal(ask(fixture, "nocturne.db.before-2", "SELECT count(*) FROM audit"), 1);
    assert_int_equal(ask(fixture, "nocturne.db.before-2", "SELECT value FROM meta WHERE name='schema'"), 1);
    struct stat status;
    assert_int_equal(stat(file_of(fixture, "nocturne.db.before-2"), &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
}

/* The detectors' names were Chinese up to schema 3; what a rule of the site found keeps its name. */
static void test_older_names(void **state)
{
    static const struct { const char *source, *rule, *before, *after; } rows[] = {
        {"health", "gateway-offline", "网关离线", "gateway offline"}, {"health", "terminal-down", "宕机", "terminal down"},
        {"health", "host-down", "宕机", "host down"}, {"storm", "storm-building", "楼宇终端成片失联", "building terminals lost"},
        {"redundancy", "泵房", "泵房 冗余失效", "泵房: redundancy lost"}, {"notify", "mail", "通知渠道 mail 无法送达", "channel mail cannot deliver"},
        {"rule", "offline", "网关离线", "网关离线"},
    };
    struct fixture *fixture = *state;
    char text[1000];
    fixture_open(fixture);
    fixture_close(fixture);
    sql(fixture, "nocturne.db", "ALTER TABLE alert DROP COLUMN labels; UPDATE meta SET value=3 WHERE name='schema'"); /* as it was */
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        int length = snprintf(text, sizeof text, "INSERT INTO alert VALUES (%zu", i + 1);
        for (int column = 1; column < 35; column++)
            length += snprintf(text + length, sizeof text - (size_t)length, ",0");
        snprintf(text + length, sizeof text - (size_t)length, ",NULL,NULL,'%s','%s','','%s','','','','','','','','','','')", rows[i].source, rows[i].rule,
                 rows[i].before);
        sql(fixture, "nocturne.db", text);
    }
    fixture_open(fixture);
    fixture_close(fixture);
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        snprintf(text, sizeof text, "SELECT count(*) FROM alert WHERE number=%zu AND name='%s'", i + 1, rows[i].after);
        assert_int_equal(ask(fixture, "nocturne.db", text), 1);
    }
}

static void test_foreign_database(void **state)
{
    struct fixture *fixture = *state;
    sql(fixture, "nocturne.db", "CREATE TABLE recipe (name TEXT)");
    assert_refused(fixture, ERROR_CORRUPT, "not one of this program's");
}

/* As somebody who may not write there: in a child, since root may write anywhere. */
static void test_read_only_directory(void **state)
{
    struct fixture *fixture = *state;
    fixture_open(fixture);
    fixture_close(fixture);
    assert_int_equal(chmod(fixture->directory, 0555), 0);
    for (int kind = 0; kind < 2; kind++) { /* with the files there, and without */
        pid_t child = fork();
        if (child == 0) {
            struct error error = {0};
            if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
                _exit(9);
            struct store *store = store_open(&fixture->loop, &fixture->options, &error);
            bool right = !store && error.code == ERROR_DENIED && strstr(error.text, fixture->directory);
            if (!right)
                fprintf(stderr, "%d %s\n", (int)error.code, error.text);
            _exit(right ? 0 : 1);
        }
        int status;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_int_equal(status, 0);
        assert_int_equal(chmod(fixture->directory, 0755), 0);
        unlink(file_of(fixture, "nocturne.lock"));
        unlink(file_of(fixture, "nocturne.db"));
        assert_int_equal(chmod(fixture->directory, 0555), 0);
    }
    assert_int_equal(chmod(fixture->directory, 0700), 0);
}

/* ---- damage ---- */

static void overwrite(struct fixture *fixture, const char *name, off_t at, size_t length)
{
    char noise[4096];
    memset(noise, 0xa5, sizeof noise);
    int file = open(file_of(fixture, name), O_WRONLY);
    assert_true(file >= 0);
    for (size_t done = 0; done < length; done += sizeof noise)
        assert_int_equal(pwrite(file, noise, sizeof noise, at + (off_t)done), (ssize_t)sizeof noise);
    close(file);
}

static void fill(struct fixture *fixture)
{
    fixture_open(fixture);
    commit(fixture, "x");
    for (int i = 0; i < 20000; i++)
        store_reading(fixture->store, (uint32_t)i % 500, 1, NOON + i, i);
    struct store_state change = {3, NOON, HEALTH_OFFLINE, REASON_NO_DATA, LINK_DOWN, COMM_SILENT};
    store_state(fixture->store, &change);
    fixture_settle(fixture);
}

static void test_damaged_records(void **state)
{
    struct fixture *fixture = *state;
    fill(fixture);
    fixture_close(fixture);
    overwrite(fixture, "nocturne.db", 4096, 5 * 4096);
    assert_refused(fixture, ERROR_CORRUPT, "is damaged");
    assert_refused(fixture, ERROR_CORRUPT, "put back a copy");
    overwrite(fixture, "nocturne.db", 0, 4096);
    assert_refused(fixture, ERROR_CORRUPT, "nocturne.db");
    assert_int_equal(access(file_of(fixture, "nocturne.db"), F_OK), 0); /* still there, for whoever repairs it */
}

/* Without its telemetry a night shift can work; without its console it cannot. */
static void test_damaged_telemetry(void **state)
{
    struct fixture *fixture = *state;
    struct store_status status;
    fill(fixture);
    fixture_close(fixture);
    overwrite(fixture, "nocturne-telemetry.db", 0, 8192);
    fixture_open(fixture);
    store_status(fixture->store, &status);
    assert_non_null(strstr(status.problem, "moved to .damaged-"));
    assert_true(status.writable);
    memset(&answer, 0, sizeof answer);
    store_audit(fixture->store, 0, 0, answer_audit, &answer);
    answer_wait(fixture, &answer);
    assert_int_equal(answer.count, 1); /* what people did is untouched */
    store_reading(fixture->store, 1, 1, NOON, 1);
    fixture_settle(fixture);
    fixture_reopen(fixture);
    store_status(fixture->store, &status);
    assert_string_equal(status.problem, "");
    memset(&answer, 0, sizeof answer);
    store_readings(fixture->store, 1, 1, 0, NOON * 2, 0, answer_readings, &answer);
    answer_wait(fixture, &answer);
    assert_int_equal(answer.count, 1);
}

/* Only the pages of one day's table are damaged: that table is set aside, the rest of the file lives on. */
static void test_damaged_day(void **state)
{
    struct fixture *fixture = *state;
    struct store_status status;
    fill(fixture);
    clock_fake(NOON, 3 * SPAN_HOUR);
    store_reading(fixture->store, 1, 1, NOON + 1, 1);
    fixture_settle(fixture);
    for (int i = 0; i < 6000 && ask(fixture, "nocturne-telemetry.db", "SELECT count(*) FROM journal") > 0; i++)
        usleep(10000);
    fixture_close(fixture);
    off_t page = (off_t)ask(fixture, "nocturne-telemetry.db",
                            "SELECT rootpage FROM sqlite_schema WHERE name='readings_20261121'");
    assert_true(page > 1);
    overwrite(fixture, "nocturne-telemetry.db", (page - 1) * 4096, 4096);
    fixture_open(fixture);
    store_status(fixture->store, &status);
    assert_non_null(strstr(status.problem, "readings_20261121 was damaged"));
    for (int i = 0; i < 100; i++)
        store_reading(fixture->store, 1, 1, NOON + 50000 + i, i);
    fixture_settle(fixture);
    memset(&answer, 0, sizeof answer);
    store_readings(fixture->store, 1, 1, 0, NOON * 2, 0, answer_readings, &answer);
    answer_wait(fixture, &answer);
    assert_true(answer.ok);
    assert_int_equal(answer.count, 100);
    memset(&answer, 0, sizeof answer);
    store_states_at(fixture->store, NOON, answer_states, &answer);
    answer_wait(fixture, &answer);
    assert_int_equal(answer.count, 1); /* states are whole */
    fixture_close(fixture);
    assert_int_equal(ask(fixture, "nocturne-telemetry.db",
                         "SELECT count(*) FROM sqlite_schema WHERE name LIKE 'damaged_readings_20261121_%'"), 1);
}

static size_t readings_of(struct fixture *fixture, uint32_t asset)
{
    memset(&answer, 0, sizeof answer);
    store_readings(fixture->store, asset, 1, 0, NOON * 2, 0, answer_readings, &answer);
    answer_wait(fixture, &answer);
    assert_true(answer.ok);
    return answer.count;
}

/* Batches that wait to be packed were kept as they lay in memory up to schema 1. */
static void test_older_journal(void **state)
{
    struct fixture *fixture = *state;
    struct store_sample rows[] = {{1, 1, NOON, 20.5}, {1, 1, NOON + 1, 21}, {2, 1, NOON, 1.0 / 3}};
    char text[400], *at = text;
    fixture_open(fixture);
    fixture_close(fixture);
    at += sprintf(at, "ALTER TABLE journal DROP COLUMN form; UPDATE meta SET value=1 WHERE name='schema'; INSERT INTO journal VALUES (7, x'");
    for (size_t i = 0; i < sizeof rows; i++)
        at += sprintf(at, "%02x", ((unsigned char *)rows)[i]);
    strcpy(at, "')");
    sql(fixture, "nocturne-telemetry.db", text);
    for (int opened = 0; opened < 2; opened++) { /* then with what is written now beside it */
        fixture_open(fixture);
        assert_int_equal(readings_of(fixture, 1), 2 + opened);
        assert_int_equal(readings_of(fixture, 2), 1);
        store_reading(fixture->store, 1, 1, NOON + 2, 22);
        fixture_settle(fixture);
        fixture_close(fixture);
    }
    assert_int_equal(ask(fixture, "nocturne-telemetry.db", "SELECT count(*) FROM journal WHERE form=0"), 1);
    assert_int_equal(ask(fixture, "nocturne-telemetry.db", "SELECT count(*) FROM journal WHERE form=1"), 2);
}

/* Bytes gone bad inside a batch: what stands before them is there, and somebody is told. */
static void test_damaged_batch(void **state)
{
    struct fixture *fixture = *state;
    struct store_status status;
    fill(fixture);
    fixture_close(fixture);
    sql(fixture, "nocturne-telemetry.db", "UPDATE journal SET data=CAST(substr(data, 1, length(data) - 1) AS BLOB)");
    fixture_open(fixture);
    store_status(fixture->store, &status);
    assert_non_null(strstr(status.problem, "a batch of readings was damaged"));
    assert_in_range(readings_of(fixture, 0), 39, 40);
    assert_true(status.writable);
}

/* ---- the audit chain ---- */

static void assert_broken(struct fixture *fixture, const char *change, int64_t broken_at)
{
    fixture_close(fixture);
    sql(fixture, "nocturne.db", change);
    fixture_open(fixture);
    memset(&answer, 0, sizeof answer);
    store_audit_verify(fixture->store, answer_verify, &answer);
    answer_wait(fixture, &answer);
    assert_true(answer.ok);
    assert_int_equal(answer.broken_at, broken_at);
}

static void test_tampering(void **state)
{
    struct fixture *fixture = *state;
    fixture_open(fixture);
    for (int i = 0; i < 6; i++)
        commit(fixture, "ack");
    assert_broken(fixture, "SELECT 1", -1);
    assert_broken(fixture, "UPDATE audit SET detail='{\"x\":1}' WHERE sequence=3", 3);
    assert_broken(fixture, "UPDATE audit SET detail='{}' WHERE sequence=3", -1);
    assert_broken(fixture, "UPDATE audit SET time=time+1 WHERE sequence=6", 6);
    assert_broken(fixture, "UPDATE audit SET time=time-1 WHERE sequence=6", -1);
    assert_broken(fixture, "UPDATE audit SET actor='user:wan', verb='gack' WHERE sequence=2", 2);
    assert_broken(fixture, "UPDATE audit SET actor='user:wang', verb='ack' WHERE sequence=2", -1);
    assert_broken(fixture, "DELETE FROM audit WHERE sequence=6", 6); /* the newest cut off */
    assert_broken(fixture, "DELETE FROM audit WHERE sequence=2", 2);
}

static int setup(void **state)
{
    clock_fake(NOON, SPAN_HOUR);
    *state = fixture_new("sqlite");
    return 0;
}

static int teardown(void **state)
{
    fixture_free(*state);
    clock_real();
    return 0;
}

#define EACH(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        EACH(test_unknown_engine),   EACH(test_path), EACH(test_directory_is_made),
        EACH(test_two_daemons),      EACH(test_later_version), EACH(test_older_version), EACH(test_older_names),
        EACH(test_foreign_database), EACH(test_read_only_directory),
        EACH(test_damaged_records),  EACH(test_damaged_telemetry),
        EACH(test_older_journal), EACH(test_damaged_batch), EACH(test_damaged_day),      EACH(test_tampering),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) ? 1 : 0;
}
