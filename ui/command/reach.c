#include "command/reach.h"

#include "base/phrase.h"
#include "term/locale.h"

void silence_reach_text(struct buffer *out, struct json_object *elsewhere)
{
    size_t count = json_object_is_type(elsewhere, json_type_array) ? json_object_array_length(elsewhere) : 0;
    for (size_t i = 0; i < count; i++) {
        struct json_object *each = json_object_array_get_idx(elsewhere, i);
        const char *source = json_get_text(each, "source", "");
        char why[200];
        buffer_append_char(out, '\n');
        if (json_get_bool(each, "whole", false)) {
            buffer_printf(out, _("%s: one silence there, %s; what comes later is silenced there, too."), source, json_get_text(each, "what", ""));
            continue;
        }
        phrase_said(why, sizeof why, json_get_text(each, "why", ""));
        buffer_printf(out, _("%s: alert by alert (%lld now), for there %s."), source, (long long)json_get_integer(each, "matches", 0), why);
    }
}
