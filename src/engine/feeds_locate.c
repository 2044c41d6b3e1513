/* Which asset do they mean? Ids are the fleet's to find; names and addresses are indexed when first asked for, and again
 * after the ledger changed. The tables hold numbers only: the texts are the fleet's. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "engine/feeds.h"
#include "engine/fleet_private.h"

#define TEXT_MAX 256

struct locator {
    struct fleet *fleet;
    uint64_t revision;
    bool built;
    uint32_t *by_name, *by_address; /* open addressing */
    uint32_t mask;
};

/* "http://[2001:db8::1]:9100/metrics" is 2001:db8::1; "10.0.0.5:9100" is 10.0.0.5; "2001:db8::1" stays. */
static bool host_of(const char *text, char host[TEXT_MAX])
{
    const char *scheme = strstr(text, "://");
    const char *start = scheme ? scheme + 3 : text;
    size_t length;
    if (*start == '[') {
        length = strcspn(++start, "]");
    } else {
        length = strcspn(start, "/?#");
        const char *at = memchr(start, '@', length), *colon;
        if (at) {
            length -= (size_t)(at + 1 - start);
            start = at + 1;
        }
        colon = memchr(start, ':', length);
        if (colon && !memchr(colon + 1, ':', length - (size_t)(colon + 1 - start)))
            length = (size_t)(colon - start);
    }
    if (!length || length >= TEXT_MAX)
        return false;
    memcpy(host, start, length);
    host[length] = '\0';
    return true;
}

static uint32_t hash_of(const char *text)
{
    uint32_t hash = 2166136261u;
    for (; *text; text++) {
        unsigned char byte = (unsigned char)*text;
        hash = (hash ^ (byte >= 'A' && byte <= 'Z' ? byte + 32u : byte)) * 16777619u;
    }
    return hash ^ hash >> 15;
}

/* What an asset stands under in a table, "" nothing. */
static const char *key_of(const struct locator *locator, bool address, uint32_t asset, char host[TEXT_MAX])
{
    if (!address)
        return fleet_text(locator->fleet, asset, ASSET_name);
    return host_of(fleet_text(locator->fleet, asset, ASSET_address), host) ? host : "";
}

/* The slot of a text: with an asset of that text, or empty. Bit 31 marks a text that two assets have. */
#define SHARED 0x80000000u
static uint32_t *slot_of(const struct locator *locator, bool address, const char *text)
{
    uint32_t *table = address ? locator->by_address : locator->by_name;
    char host[TEXT_MAX];
    for (uint32_t at = hash_of(text) & locator->mask;; at = (at + 1) & locator->mask)
        if (table[at] == FLEET_NONE || strcasecmp(key_of(locator, address, table[at] & ~SHARED, host), text) == 0)
            return &table[at];
}

static void index_all(struct locator *locator)
{
    uint32_t count = fleet_count(locator->fleet), size = 64;
    char host[TEXT_MAX];
    while (size < count * 2)
        size *= 2;
    locator->mask = size - 1;
    locator->by_name = memory_resize(locator->by_name, size, sizeof *locator->by_name);
    locator->by_address = memory_resize(locator->by_address, size, sizeof *locator->by_address);
    memset(locator->by_name, 0xff, size * sizeof *locator->by_name);
    memset(locator->by_address, 0xff, size * sizeof *locator->by_address);
    for (uint32_t asset = 0; asset < count; asset++)
        for (int address = 0; address < 2 && fleet_exists(locator->fleet, asset); address++) {
            const char *text = key_of(locator, address, asset, host);
            uint32_t *slot = *text ? slot_of(locator, address, text) : NULL;
            if (slot)
                *slot = *slot == FLEET_NONE ? asset : *slot | SHARED;
        }
    locator->revision = fleet_ledger_revision(locator->fleet);
    locator->built = true;
}

static uint32_t in_table(const struct locator *locator, bool address, const char *text)
{
    uint32_t asset = *text ? *slot_of(locator, address, text) : FLEET_NONE;
    return asset != FLEET_NONE && asset & SHARED ? FLEET_NONE : asset;
}

static uint32_t by_all(struct locator *locator, const char *text)
{
    uint32_t asset = fleet_find(locator->fleet, text);
    if (asset == FLEET_NONE)
        asset = in_table(locator, false, text);
    return asset == FLEET_NONE ? in_table(locator, true, text) : asset;
}

uint32_t locator_find(struct locator *locator, const char *text)
{
    char host[TEXT_MAX];
    if (!text || !*text || strlen(text) >= TEXT_MAX)
        return FLEET_NONE;
    if (!locator->built || locator->revision != fleet_ledger_revision(locator->fleet))
        index_all(locator);
    uint32_t asset = by_all(locator, text);
    if (asset != FLEET_NONE || !host_of(text, host))
        return asset;
    asset = strcmp(host, text) != 0 ? by_all(locator, host) : FLEET_NONE;
    size_t first = strcspn(host, ".");
    bool domain = host[first] && strspn(host, "0123456789.") != strlen(host); /* db-1.example.com: db-1 */
    if (asset != FLEET_NONE || !domain)
        return asset;
    host[first] = '\0';
    return by_all(locator, host);
}

struct locator *locator_new(struct fleet *fleet)
{
    struct locator *locator = memory_new(sizeof *locator);
    locator->fleet = fleet;
    return locator;
}

void locator_free(struct locator **slot)
{
    struct locator *locator = *slot;
    if (!locator)
        return;
    *slot = NULL;
    free(locator->by_name);
    free(locator->by_address);
    free(locator);
}
