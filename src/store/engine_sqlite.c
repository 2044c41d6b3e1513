/* The engine on SQLite: two files and a lock in the state directory. What is in them: migrations/. How readings are
 * kept: sql_internal.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/memory.h"
#include "store/sql_internal.h"
#include "store/sqlite_db.h"

#define CHECK_ALWAYS_BELOW (32u << 20) /* bytes; larger files are checked after an unclean end only */
#define CHECK_MS 2000
#define CHECKPOINT_PAGES 2000

struct sqlite_engine {
    struct store_engine base;
    char *records_path, *telemetry_path, *lock_path;
    int lock_file;
    int log_pages; /* in the records' write-ahead log */
};

static struct sqlite_engine *own(struct store_engine *engine)
{
    return (struct sqlite_engine *)engine;
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
static bool name_files(struct sqlite_engine *engine, const char *place, struct error *error)
{
    const char *directory = engine->base.options.state_dir;
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
static bool lock(struct sqlite_engine *engine, bool *was_clean, struct error *error)
{
    char text[32] = "";
    engine->lock_file = open(engine->lock_path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (engine->lock_file < 0) {
        bool denied = errno == EACCES || errno == EPERM || errno == EROFS;
        return error_set(error, denied ? ERROR_DENIED : errno == ENOSPC ? ERROR_FULL : ERROR_UNAVAILABLE,
                         "%s: cannot be written: %s%s", engine->lock_path, strerror(errno),
                         denied ? "; " N_("the state directory must be writable by this user") : "");
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

static void unlock(struct sqlite_engine *engine, bool clean)
{
    if (engine->lock_file < 0)
        return;
    if (clean && ftruncate(engine->lock_file, 0) != 0)
        log_warning("store: %s: %s", engine->lock_path, strerror(errno));
    close(engine->lock_file);
}

static bool records_sound(struct store_engine *engine, bool was_clean, struct error *error)
{
    char damage[200];
    struct database *db = &engine->records.db;
    if (was_clean && db->ops->size(db) > CHECK_ALWAYS_BELOW)
        return true;
    if (!database_check(db, NULL, CHECK_MS, damage))
        return sqlite_fail(db, "checking", error);
    if (!damage[0])
        return true;
    /* Not .recover: the sqlite3 of Debian 12 fails at it even on a sound file. */
    return error_set(error, ERROR_CORRUPT, "%s is damaged (%.60s): put back a copy of it, or save what can be read with "
                     "`sqlite3 %s .dump | sed 's/^ROLLBACK.*/COMMIT;/' | sqlite3 new.db` and put new.db in its place",
                     db->path, damage, db->path);
}

/* Readings and states can be measured again; a night shift without its console cannot. So a telemetry file that is
 * damaged as a whole is moved away, loudly, and a new one begun. */
static bool move_away(struct store_engine *engine, const struct error *cause, struct error *error)
{
    static const char *const ends[] = {"", "-wal", "-shm"};
    char stamp[24];
    time_t now = time(NULL);
    struct tm broken;
    gmtime_r(&now, &broken);
    strftime(stamp, sizeof stamp, "%Y%m%dT%H%M%SZ", &broken);
    for (size_t i = 0; i < ARRAY_COUNT(ends); i++) {
        char *from = memory_printf("%s%s", own(engine)->telemetry_path, ends[i]);
        char *to = memory_printf("%s.damaged-%s%s", own(engine)->telemetry_path, stamp, ends[i]);
        bool moved = rename(from, to) == 0 || i > 0;
        free(from);
        free(to);
        if (!moved)
            return error_set(error, ERROR_CORRUPT, "%s is damaged and cannot be moved away", own(engine)->telemetry_path);
    }
    engine_problem(engine, "%s was damaged (%.60s) and is moved to .damaged-%s; history begins anew",
                   own(engine)->telemetry_path, cause->text, stamp);
    return true;
}

/* In place of SQLite's own checkpoints, which somebody's action would have to wait for. */
static int note_log_pages(void *owner, sqlite3 *handle, const char *name, int pages)
{
    (void)handle;
    (void)name;
    *(int *)owner = pages;
    return SQLITE_OK;
}

static bool open_records(struct sqlite_engine *engine, struct database *db, struct error *error)
{
    if (!sqlite_open(db, engine->records_path, true, 2048, error))
        return error && error->code == ERROR_CORRUPT
                   ? error_set(error, ERROR_CORRUPT, "%s is damaged or no database of this program: put back a copy of it, "
                               "or move it away to start with nothing", engine->records_path)
                   : false;
    sqlite3_wal_hook(sqlite_handle(db), note_log_pages, &engine->log_pages);
    return true;
}

static bool open_part(struct store_engine *engine, enum sql_part part, bool write, struct database *db,
                      struct error *error)
{
    if (part == SQL_RECORDS)
        return write ? open_records(own(engine), db, error)
                     : sqlite_open(db, own(engine)->records_path, false, 1024, error);
    return sqlite_open(db, own(engine)->telemetry_path, false, write ? 8192 : 2048, error);
}

/* The log goes into the file while nobody waits. */
static void checkpoint(struct store_engine *engine)
{
    if (own(engine)->log_pages >= CHECKPOINT_PAGES)
        sqlite3_wal_checkpoint_v2(sqlite_handle(&engine->records.db), NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
}

static const struct sql_way sqlite_way = {
    .open = open_part,
    .sound = records_sound,
    .move_away = move_away,
    .idle = checkpoint,
};

static void engine_free(struct sqlite_engine *engine)
{
    engine_release(&engine->base);
    free(engine->records_path);
    free(engine->telemetry_path);
    free(engine->lock_path);
    free(engine);
}

static bool engine_open(struct store_engine **engine_pointer, const char *place, const struct store_options *options,
                        struct error *error)
{
    struct sqlite_engine *engine = memory_new(sizeof *engine);
    bool was_clean = false;
    engine_init(&engine->base, &sqlite_way, options);
    engine->lock_file = -1;
    if (name_files(engine, place, error) && lock(engine, &was_clean, error) &&
        engine_open_parts(&engine->base, was_clean, error)) {
        *engine_pointer = &engine->base;
        return true;
    }
    unlock(engine, false);
    engine_free(engine);
    return false;
}

static void engine_close(struct store_engine *engine)
{
    engine_close_parts(engine);
    unlock(own(engine), !engine->damaged);
    engine_free(own(engine));
}

static void status(struct store_engine *engine, struct store_engine_status *status)
{
    const struct database *records = &engine->records.db, *telemetry = &engine->telemetry.db;
    status->bytes = records->ops->size(records) + telemetry->ops->size(telemetry);
    uv_mutex_lock(&engine->problem_lock);
    memcpy(status->problem, engine->problem, sizeof status->problem);
    uv_mutex_unlock(&engine->problem_lock);
}

const struct store_engine_ops store_engine_sqlite = {
    .name = "sqlite",
    .open = engine_open,
    .close = engine_close,
    .load = sql_load,
    .readings = sql_readings,
    .telemetry_begin = sql_telemetry_begin,
    .telemetry_apply = sql_telemetry_apply,
    .telemetry_commit = sql_telemetry_commit,
    .act = sql_act,
    .act_idle = sql_act_idle,
    .maintain = sql_maintain,
    .status = status,
    SQL_ENGINE_OPS,
};
