/* An exporter's page: whatever it holds and however it is cut, the same series come out, and a host of finite text. The
 * first byte is the size of the pieces; the text up to the first NUL is also tried as a selector. */
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "collect/exporter_host.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen { struct exporter_host *host; uint64_t count, hash; };

static uint32_t wants(void *owner, const char *name, size_t length)
{
    (void)owner;
    uint32_t tag = exporter_host_wants(name, length);
    return tag == EXPOSITION_UNWANTED ? exporter_host_tags() : tag;
}

static void series(void *owner, const struct exposition_series *found)
{
    struct seen *seen = owner;
    char label[16];
    seen->count++;
    for (size_t i = 0; i < found->labels_length; i++)
        seen->hash = seen->hash * 31 + (unsigned char)found->labels[i];
    exposition_label(found, "device", label, sizeof label);
    if (found->tag < exporter_host_tags())
        exporter_host_take(seen->host, found);
}

static const struct exposition_ops ops = {wants, series};

static void take(const char *text, size_t size, size_t step, bool open_metrics, struct seen *seen, struct exposition *page)
{
    seen->host = exporter_host_new();
    exposition_begin(page, &ops, seen, open_metrics);
    bool good = true;
    for (size_t at = 0; good && at < size; at += step)
        good = exposition_feed(page, text + at, size - at < step ? size - at : step);
    struct error error;
    if (good)
        exposition_end(page, &error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    const char *text = (const char *)data + 1;
    struct seen whole = {0}, pieces = {0};
    struct exposition first, second;
    take(text, size - 1, size, data[0] & 1, &whole, &first);
    take(text, size - 1, 1 + data[0] / 2, data[0] & 1, &pieces, &second);
    if (whole.count != pieces.count || whole.hash != pieces.hash || first.bad != second.bad)
        abort();
    struct host *host = exporter_host_make(whole.host, pieces.host, 1000000000, 1795201920000);
    host_free(&host);
    char *selector_text = strndup(text, size - 1);
    struct error error;
    struct selector *selector = selector_parse(selector_text, &error);
    struct exposition_series found = {.name = "x", .name_length = 1, .labels = "a=\"1\"", .labels_length = 5};
    if (selector)
        selector_match(selector, &found);
    selector_free(&selector);
    free(selector_text);
    exporter_host_free(&whole.host);
    exporter_host_free(&pieces.host);
    exposition_release(&first);
    exposition_release(&second);
    return 0;
}
