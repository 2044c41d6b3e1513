#include "widget/letters.h"

#include <stdio.h>

enum role health_role(enum health health)
{
    static const enum role roles[HEALTH_COUNT] = {
        [HEALTH_OK] = ROLE_OK, [HEALTH_MAINTENANCE] = ROLE_MAINTENANCE, [HEALTH_UNKNOWN] = ROLE_UNKNOWN,
        [HEALTH_STALE] = ROLE_STALE, [HEALTH_WARNING] = ROLE_WARNING, [HEALTH_UNREACHABLE] = ROLE_UNREACHABLE,
        [HEALTH_OFFLINE] = ROLE_OFFLINE, [HEALTH_CRITICAL] = ROLE_CRITICAL,
    };
    return health < HEALTH_COUNT ? roles[health] : ROLE_UNKNOWN;
}

uint32_t health_glyph(enum health health, bool ascii)
{
    if (health == HEALTH_OK)
        return glyph_code(GLYPH_DOT, ascii);
    return (uint32_t)health_letter(health < HEALTH_COUNT ? health : HEALTH_UNKNOWN);
}

enum role severity_role(char letter)
{
    switch (letter) {
    case 'C': return ROLE_CRITICAL;
    case 'M': return ROLE_MAJOR;
    case 'm': return ROLE_MINOR;
    case 'w': return ROLE_WARNING;
    case 'i': return ROLE_INFO;
    default: return ROLE_TEXT;
    }
}

char *count_text(char out[24], uint64_t number)
{
    char digits[24];
    int length = snprintf(digits, sizeof digits, "%llu", (unsigned long long)number), at = 0;
    for (int i = 0; i < length && at < 22; i++) {
        if (i && (length - i) % 3 == 0)
            out[at++] = ',';
        out[at++] = digits[i];
    }
    out[at] = '\0';
    return out;
}
