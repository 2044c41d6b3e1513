/* `nocturned --copy-store`: the two engines are opened as a daemon would, so neither may be in use. */
#include <sodium.h>

#include "store/sql_copy.h"

static bool open_engine(const struct store_options *options, const struct store_engine_ops **ops,
                        struct store_engine **engine, struct error *error)
{
    const char *place;
    *engine = NULL;
    *ops = store_engine_find(options->url, &place, error);
    if (!*ops)
        return false;
    if (*ops == &store_engine_memory)
        return error_set(error, ERROR_INVALID, "store: a store in memory cannot be copied");
    return (*ops)->open(engine, place, options, error);
}

bool store_copy(const struct store_options *from, const struct store_options *to, struct store_copied *copied,
                struct error *error)
{
    const struct store_engine_ops *from_ops, *to_ops;
    struct store_engine *source, *target;
    if (sodium_init() < 0)
        return error_set(error, ERROR_INTERNAL, "libsodium does not start");
    if (!open_engine(from, &from_ops, &source, error))
        return false;
    bool done = open_engine(to, &to_ops, &target, error);
    if (done) {
        done = sql_copy(source, target, copied, error);
        to_ops->close(target);
    }
    from_ops->close(source);
    return done;
}
