#include "command/notice.h"

#include "base/memory.h"
#include "base/phrase.h"
#include "base/text.h"

void notice_line(struct buffer *out, struct json_object *notice)
{
    static const char *const shown[] = {"what", "severity", "id", "name", "asset", "place", "summary"};
    for (unsigned i = 0; i < ARRAY_COUNT(shown); i++) {
        struct buffer clean = BUFFER_INIT, said = BUFFER_INIT;
        phrase_say(&said, json_get_text(notice, shown[i], ""));
        text_clean(&clean, buffer_text(&said), said.length);
        if (clean.length)
            buffer_printf(out, "  %s", buffer_text(&clean));
        buffer_release(&said);
        buffer_release(&clean);
    }
}
