#include "view/view.h"

#include <assert.h>
#include <string.h>

#define VIEW(name) extern const struct view_ops name##_view;
#include "view/views.def"
#undef VIEW

const struct view_ops *const view_list[] = {
#define VIEW(name) &name##_view,
#include "view/views.def"
#undef VIEW
};
const unsigned view_count = sizeof view_list / sizeof *view_list;

const struct view_ops *view_find(const char *name)
{
    for (unsigned i = 0; i < view_count; i++)
        if (strcmp(view_list[i]->name, name) == 0)
            return view_list[i];
    return NULL;
}

void view_want(struct view_wants *wants, unsigned slot, const char *refresh, msec at_most_every, const char *path)
{
    assert(wants->count < VIEW_SLOTS);
    struct view_want *want = &wants->want[wants->count++];
    want->slot = slot;
    want->refresh = refresh;
    want->at_most_every = at_most_every;
    want->rest = 0;
    want->lines = false;
    buffer_clear(&want->path);
    buffer_append_text(&want->path, path);
}
