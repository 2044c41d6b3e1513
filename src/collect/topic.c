#include "collect/topic.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"

#define LEVEL_ANY (-1)    /* + or a name that only people care about */
#define LEVEL_LITERAL (-2)

struct topic_level {
    int name;             /* enum topic_name or one of the above */
    char *before, *after; /* literal text around the name; a literal level has all in `before` */
    size_t before_length, after_length;
};

static const char *const capture_names[TOPIC_NAMES] = {
    [TOPIC_ASSET] = "asset", [TOPIC_GATEWAY] = "gateway", [TOPIC_METRIC] = "metric",
};

static struct topic_level *level_add(struct topic_template *template, int name, const char *before,
                                     size_t before_length, const char *after, size_t after_length)
{
    template->levels = memory_resize(template->levels, template->count + 1, sizeof *template->levels);
    struct topic_level *level = &template->levels[template->count++];
    *level = (struct topic_level){name, memory_text_n(before, before_length), memory_text_n(after, after_length),
                                  before_length, after_length};
    return level;
}

static bool refuse(struct error *error, const char *text, const char *at, const char *what)
{
    return error_set(error, ERROR_INVALID, "topic `%s`, column %zu: %s", text, (size_t)(at - text) + 1, what);
}

/* A level that holds {name}; `open` is its brace. */
static bool parse_name(struct topic_template *template, const char *text, const char *level, size_t length,
                       const char *open, struct error *error)
{
    const char *end = level + length;
    const char *close = memchr(open, '}', (size_t)(end - open));
    if (!close)
        return refuse(error, text, open, "`{` without `}`");
    if (close == open + 1)
        return refuse(error, text, open, "a name was expected, such as {asset} or {gateway}");
    if (memchr(close + 1, '{', (size_t)(end - close - 1)))
        return refuse(error, text, close + 1, "one name a level, please");
    size_t name_length = (size_t)(close - open - 1);
    int name = LEVEL_ANY;
    for (int i = 0; i < TOPIC_NAMES; i++)
        if (strlen(capture_names[i]) == name_length && memcmp(capture_names[i], open + 1, name_length) == 0)
            name = i;
    if (name >= 0 && template->names[name])
        return refuse(error, text, open, "this name stands in an earlier level already");
    if (name >= 0)
        template->names[name] = true;
    level_add(template, name, level, (size_t)(open - level), close + 1, (size_t)(end - close - 1));
    return true;
}

static bool parse_level(struct topic_template *template, const char *text, const char *level, size_t length,
                        struct error *error)
{
    bool last = level[length] == '\0';
    const char *wild = memchr(level, '+', length), *rest = memchr(level, '#', length);
    const char *open = memchr(level, '{', length);
    if (rest && (length != 1 || !last))
        return refuse(error, text, rest, "`#` stands alone in the last level");
    if (wild && length != 1)
        return refuse(error, text, wild, "`+` stands alone in its level");
    if (rest) {
        template->any_rest = true;
        return true;
    }
    if (open)
        return parse_name(template, text, level, length, open, error);
    if (memchr(level, '}', length))
        return refuse(error, text, memchr(level, '}', length), "`}` without `{`");
    level_add(template, wild ? LEVEL_ANY : LEVEL_LITERAL, wild ? "" : level, wild ? 0 : length, "", 0);
    return true;
}

static char *filter_text(const struct topic_template *template, const char *text, size_t share_length)
{
    struct buffer filter = BUFFER_INIT;
    buffer_append(&filter, text, share_length);
    for (unsigned i = 0; i < template->count; i++) {
        if (i)
            buffer_append_char(&filter, '/');
        buffer_append_text(&filter, template->levels[i].name == LEVEL_LITERAL ? template->levels[i].before : "+");
    }
    if (template->any_rest)
        buffer_append_text(&filter, template->count ? "/#" : "#");
    return buffer_take(&filter);
}

bool topic_template_parse(struct topic_template *template, const char *text, struct error *error)
{
    memset(template, 0, sizeof *template);
    if (!*text || strlen(text) > 65535)
        return error_set(error, ERROR_INVALID, "a topic has 1 to 65,535 bytes");
    const char *level = text;
    if (strncmp(text, "$share/", 7) == 0) {
        const char *slash = strchr(text + 7, '/');
        if (!slash || slash == text + 7 || !slash[1])
            return refuse(error, text, text + 7, "a shared subscription reads $share/GROUP/TOPIC");
        level = slash + 1;
    }
    size_t share_length = (size_t)(level - text);
    for (;;) {
        size_t length = strcspn(level, "/");
        if (!parse_level(template, text, level, length, error)) {
            topic_template_release(template);
            return false;
        }
        if (!level[length])
            break;
        level += length + 1;
    }
    template->filter = filter_text(template, text, share_length);
    return true;
}

void topic_template_release(struct topic_template *template)
{
    for (unsigned i = 0; i < template->count; i++) {
        free(template->levels[i].before);
        free(template->levels[i].after);
    }
    free(template->levels);
    free(template->filter);
    memset(template, 0, sizeof *template);
}

static enum topic_match match_level(const struct topic_level *level, const char *text, size_t length,
                                    struct topic_captures *captures)
{
    if (level->name == LEVEL_LITERAL)
        return length == level->before_length && memcmp(text, level->before, length) == 0 ? TOPIC_FITS : TOPIC_FOREIGN;
    if (length < level->before_length + level->after_length ||
        memcmp(text, level->before, level->before_length) != 0 ||
        memcmp(text + length - level->after_length, level->after, level->after_length) != 0)
        return TOPIC_OTHER_TEXT;
    if (level->name >= 0) {
        captures->text[level->name] = text + level->before_length;
        captures->length[level->name] = length - level->before_length - level->after_length;
    }
    return TOPIC_FITS;
}

enum topic_match topic_match(const struct topic_template *template, const char *topic, size_t length,
                             struct topic_captures *captures)
{
    const char *at = topic, *end = topic + length;
    enum topic_match verdict = TOPIC_FITS;
    memset(captures, 0, sizeof *captures);
    for (unsigned i = 0; i < template->count; i++) {
        if (!at)
            return TOPIC_FOREIGN;
        const char *slash = memchr(at, '/', (size_t)(end - at));
        enum topic_match level = match_level(&template->levels[i], at, (size_t)((slash ? slash : end) - at), captures);
        if (level == TOPIC_FOREIGN)
            return level;
        if (level == TOPIC_OTHER_TEXT)
            verdict = level;
        at = slash ? slash + 1 : NULL;
    }
    /* `a/#` also covers `a` itself. */
    return at == NULL || template->any_rest ? verdict : TOPIC_FOREIGN;
}
