/* A theme file of any bytes: parsed or refused with a place, and every style within bounds at every depth. */
#include <stdlib.h>
#include <string.h>

#include "term/theme.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error error;
    struct theme *theme = theme_parse("fuzz.theme", (const char *)data, size, &error);
    if (!theme) {
        if (strncmp(error.text, "fuzz.theme:", 11) != 0 || strchr(error.text, '\n'))
            abort();
        return 0;
    }
    for (int depth = 0; depth < DEPTH_COUNT; depth++) {
        theme_set_depth(theme, (enum depth)depth);
        for (int role = 0; role < 256; role++) {
            struct style style = theme_style(theme, (uint8_t)role);
            int32_t most = depth == DEPTH_DIRECT ? (COLOUR_RGB | 0xffffff) : depth == DEPTH_256 ? 255
                         : depth == DEPTH_16     ? 15
                         : depth == DEPTH_8      ? 7
                                                 : -1;
            if (style.foreground < -1 || style.foreground > most || style.background < -1 || style.background > most)
                abort();
        }
    }
    theme_free(&theme);
    return 0;
}
