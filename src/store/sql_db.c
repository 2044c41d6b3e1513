#include "store/sql_db.h"

#include <stdarg.h>
#include <string.h>

#include "base/text.h"

void database_close(struct database *db)
{
    if (db->ops)
        db->ops->close(db);
    *db = (struct database){0};
}

bool database_run(struct database *db, struct error *error, const char *format, ...)
{
    struct buffer sql = BUFFER_INIT;
    va_list arguments;
    va_start(arguments, format);
    buffer_vprintf(&sql, format, arguments);
    va_end(arguments);
    bool done = db->ops->run(db, buffer_text(&sql), error);
    buffer_release(&sql);
    return done;
}

bool database_prepare(struct database *db, struct statement **statement, struct error *error, const char *format, ...)
{
    if (*statement)
        return true;
    struct buffer sql = BUFFER_INIT;
    va_list arguments;
    va_start(arguments, format);
    buffer_vprintf(&sql, format, arguments);
    va_end(arguments);
    *statement = db->ops->prepare(db, buffer_text(&sql), error);
    buffer_release(&sql);
    return *statement != NULL;
}

void statement_free(struct statement **statement)
{
    if (*statement)
        (*statement)->ops->free(*statement);
    *statement = NULL;
}

bool database_meta(struct database *db, const char *name, int64_t absent, int64_t *value, struct error *error)
{
    struct statement *statement = NULL;
    bool row = false;
    *value = absent;
    if (!database_prepare(db, &statement, error, "SELECT %s FROM meta WHERE name=?", db->ops->meta_number))
        return false;
    statement_bind_text(statement, 1, name);
    bool done = database_step(db, statement, &row, error);
    if (done && row)
        *value = statement_integer(statement, 0);
    statement_free(&statement);
    return done;
}

bool database_meta_set(struct database *db, const char *name, int64_t value, struct error *error)
{
    return database_run(db, error, "INSERT INTO meta (name, %1$s) VALUES ('%2$s', %3$lld) ON CONFLICT (name) DO UPDATE SET "
                        "%1$s=excluded.%1$s", db->ops->meta_number, name, (long long)value);
}

bool sql_text_repair(struct buffer *out, const char *text)
{
    size_t length = strlen(text);
    uint32_t code;
    if (text_is_utf8(text, length))
        return false;
    while (length > 0) {
        size_t used = text_decode(text, length, &code);
        if (used == 1 && code == 0xfffd)
            buffer_append_text(out, "\xef\xbf\xbd");
        else
            buffer_append(out, text, used);
        text += used;
        length -= used;
    }
    return true;
}
