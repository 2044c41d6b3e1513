/* The engine on SQLite: two files and a lock in the state directory. What is in them: migrations/. How readings are
 * kept: sqlite_internal.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/memory.h"
#include "store/sqlite_internal.h"

void engine_problem(struct store_engine *engine, const char *format, ...)
{
    char text[sizeof engine->problem];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    log_error("store: %s", text);
    uv_mutex_lock(&engine->problem_lock);
    memcpy(engine->problem, text, sizeof text);
    uv_mutex_unlock(&engine->problem_lock);
}

/* With the directories above it: ~/.local/state is not there on a fresh account. */
static bool make_directory(const char *directory, struct error *error)
{
    char *path = memory_text(directory);
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(path, 0700); /* what matters is whether the last one works */
        *slash = '/';
    }
    bool made = mkdir(path, 0700) == 0 || errno == EEXIST;
    free(path);
    if (made)
        return true;
    enum error_code code = errno == EACCES || errno == EPERM || errno == EROFS ? ERROR_DENIED
                           : errno == ENOSPC || errno == EDQUOT                ? ERROR_FULL
                                                                               : ERROR_UNAVAILABLE;
    return error_set(error, code, "%s: the state directory cannot be made: %s", directory, strerror(errno));
}

/* Everything stands beside the records' file: PATH/nocturne.db, PATH/nocturne-telemetry.db, PATH/nocturne.lock. */
static bool name_files(struct store_engine *engine, const char *place, struct error *error)
{
    const char *directory = engine->options.state_dir;
    if (!place[0] && (!directory || !directory[0]))
        return error_set(error, ERROR_INVALID, "store: sqlite needs a state directory or `sqlite:PATH`");
    if (!place[0] && !make_directory(directory, error))
        return false;
    engine->records_path = place[0] ? memory_text(place) : memory_printf("%s/nocturne.db", directory);
    size_t length = strlen(engine->records_path);
    int stem = (int)(length > 3 && strcmp(engine->records_path + length - 3, ".db") == 0 ? length - 3 : length);
    engine->telemetry_path = memory_printf("%.*s-telemetry.db", stem, engine->records_path);
    engine->lock_path = memory_printf("%.*s.lock", stem, engine->records_path);
    return true;
}

/* The file says whether the last daemon ended well: it is emptied then, and holds a pid otherwise. */
static bool lock(struct store_engine *engine, bool *was_clean, struct error *error)
{
    char text[32] = "";
    engine->lock_file = open(engine->lock_path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (engine->lock_file < 0) {
        bool denied = errno == EACCES || errno == EPERM || errno == EROFS;
        return error_set(error, denied ? ERROR_DENIED : errno == ENOSPC ? ERROR_FULL : ERROR_UNAVAILABLE,
                         "%s: cannot be written: %s%s", engine->lock_path, strerror(errno),
                         denied ? "; the state directory must be writable by this user" : "");
    }
    bool locked = flock(engine->lock_file, LOCK_EX | LOCK_NB) == 0;
    ssize_t length = pread(engine->lock_file, text, sizeof text - 1, 0);
    if (!locked)
        return error_set(error, ERROR_CONFLICT, "%s is in use by another nocturned (pid %.*s): end that one, or name "
                         "another state directory", engine->records_path, (int)strcspn(text, "\n"), text);
    *was_clean = length == 0;
    int written = snprintf(text, sizeof text, "%ld\n", (long)getpid());
    if (ftruncate(engine->lock_file, 0) != 0 || pwrite(engine->lock_file, text, (size_t)written, 0) != written)
        return error_set(error, errno == ENOSPC ? ERROR_FULL : ERROR_UNAVAILABLE, "%s: cannot be written: %s",
                         engine->lock_path, strerror(errno));
    return true;
}

static void unlock(struct store_engine *engine, bool clean)
{
    if (engine->lock_file < 0)
        return;
    if (clean && ftruncate(engine->lock_file, 0) != 0)
        log_warning("store: %s: %s", engine->lock_path, strerror(errno));
    close(engine->lock_file);
}

static void engine_free(struct store_engine *engine)
{
    uv_mutex_destroy(&engine->problem_lock);
    free(engine->records_path);
    free(engine->telemetry_path);
    free(engine->lock_path);
    free(engine);
}

static bool engine_open(struct store_engine **engine_pointer, const char *place, const struct store_options *options,
                        struct error *error)
{
    struct store_engine *engine = memory_new(sizeof *engine);
    bool was_clean = false;
    engine->options = *options;
    engine->lock_file = -1;
    uv_mutex_init(&engine->problem_lock);
    if (name_files(engine, place, error) && lock(engine, &was_clean, error)) {
        if (records_open(engine, was_clean, error)) {
            if (telemetry_open(engine, was_clean, error)) {
                *engine_pointer = engine;
                return true;
            }
            records_close(engine);
        }
    }
    unlock(engine, false);
    engine_free(engine);
    return false;
}

static void engine_close(struct store_engine *engine)
{
    records_close(engine);
    telemetry_close(engine);
    unlock(engine, !engine->damaged);
    engine_free(engine);
}

static void reader_close(struct store_reader *reader)
{
    database_close(&reader->records);
    database_close(&reader->telemetry);
    free(reader->chunk);
    free(reader);
}

static bool reader_open(struct store_engine *engine, struct store_reader **reader_pointer, struct error *error)
{
    struct store_reader *reader = memory_new(sizeof *reader);
    reader->engine = engine;
    reader->chunk = memory_new_array(PACK_READINGS_MAX, sizeof *reader->chunk);
    if (database_open(&reader->records, engine->records_path, false, 1024, error) &&
        database_open(&reader->telemetry, engine->telemetry_path, false, 2048, error)) {
        *reader_pointer = reader;
        return true;
    }
    reader_close(reader);
    return false;
}

static bool load(struct store_reader *reader, const struct store_load_ops *ops, void *owner, struct error *error)
{
    return records_load(reader, ops, owner, error) && telemetry_load(reader, ops, owner, error);
}

static void status(struct store_engine *engine, struct store_engine_status *status)
{
    status->bytes = database_bytes(&engine->records.db) + database_bytes(&engine->telemetry.db);
    uv_mutex_lock(&engine->problem_lock);
    memcpy(status->problem, engine->problem, sizeof status->problem);
    uv_mutex_unlock(&engine->problem_lock);
}

const struct store_engine_ops store_engine_sqlite = {
    .name = "sqlite",
    .open = engine_open,
    .close = engine_close,
    .load = load,
    .telemetry_begin = sqlite_telemetry_begin,
    .telemetry_apply = sqlite_telemetry_apply,
    .telemetry_commit = sqlite_telemetry_commit,
    .maintain = sqlite_maintain,
    .act = sqlite_act,
    .act_idle = sqlite_act_idle,
    .reader_open = reader_open,
    .reader_close = reader_close,
    .readings = sqlite_readings,
    .coverage = sqlite_coverage,
    .rollups = sqlite_rollups,
    .last_at = sqlite_last_at,
    .states = sqlite_states,
    .states_at = sqlite_states_at,
    .states_between = sqlite_states_between,
    .alert_events = sqlite_alert_events,
    .alert_row = sqlite_alert_row,
    .alerts_like = sqlite_alerts_like,
    .alerts_at = sqlite_alerts_at,
    .audit = sqlite_audit,
    .audit_chain = sqlite_audit_chain,
    .status = status,
};
