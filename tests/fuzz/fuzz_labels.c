/* Labels: what is gathered from any bytes is within its bounds and reads back as it was; any text is read to where it is
 * wrong; any filter becomes matchers or says what of it cannot. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "collect/alertmanager.h"
#include "model/labels.h"

/* The bytes as pairs: name, 0, value, 0, ... */
static void gather(const char *text, size_t size)
{
    struct labels_draft draft = {0}, again = {0};
    struct buffer out = BUFFER_INIT, second = BUFFER_INIT, value = BUFFER_INIT;
    struct label label = {0};
    const char *at = text, *end = text + size;
    while (at < end) {
        const char *name = at, *content = name + strlen(name) + 1;
        if (content > end)
            break;
        labels_draft_add(&draft, *name & 1, name, content < end ? content : "");
        at = content + (content < end ? strlen(content) + 1 : 0);
        if (content >= end)
            break;
    }
    labels_draft_write(&draft, &out);
    assert(out.length <= LABELS_BYTES_MOST);
    for (const char *each = buffer_text(&out); label_next(&each, &label);) {
        assert(label_find(buffer_text(&out), label.annotation, buffer_text(&label.name), &value));
        assert(strcmp(buffer_text(&value), buffer_text(&label.value)) == 0);
        labels_draft_add(&again, label.annotation, buffer_text(&label.name), buffer_text(&label.value));
    }
    again.left_out += labels_left_out(buffer_text(&out));
    labels_draft_write(&again, &second);
    assert(strcmp(buffer_text(&out), buffer_text(&second)) == 0);
    labels_draft_release(&draft);
    labels_draft_release(&again);
    buffer_release(&out);
    buffer_release(&second);
    buffer_release(&value);
    label_release(&label);
}

static void read_any(const char *text)
{
    struct label label = {0};
    struct buffer value = BUFFER_INIT;
    for (const char *at = text; label_next(&at, &label);)
        assert(at > text && at <= text + strlen(text));
    label_find(text, false, "a", &value);
    labels_left_out(text);
    label_release(&label);
    buffer_release(&value);
}

static void make_matchers(const char *text)
{
    static struct alertmanager_settings settings;
    if (!settings.alert_type)
        settings.alert_type = memory_text("application");
    struct filter *filter = filter_parse(text, FILTER_STRICT, 0, NULL);
    struct alertmanager_matchers matchers = {0};
    struct buffer out = BUFFER_INIT;
    struct error odd = {0};
    if (filter && alertmanager_matchers_make(&matchers, &settings, "fuzz", filter, &odd))
        assert(matchers.none || (matchers.anchored && matchers.count));
    else if (filter)
        assert(*odd.text);
    alertmanager_matchers_text(&matchers, &out);
    alertmanager_matchers_hash(&matchers);
    alertmanager_matchers_release(&matchers);
    buffer_release(&out);
    filter_free(&filter);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = memory_text_n((const char *)data, size);
    gather(text, size);
    read_any(text);
    make_matchers(text);
    free(text);
    return 0;
}
