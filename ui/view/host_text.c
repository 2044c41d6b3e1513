#include "view/host_text.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "term/surface.h"
#include "view/parts.h"

#define NOT_TOLD "\342\200\224"

static char *scaled(char out[FIGURE_TEXT], double number, double step, const char *const *units, const char *between)
{
    unsigned at = 0;
    if (!isfinite(number))
        return strcpy(out, NOT_TOLD);
    while (fabs(number) >= step * 0.9995 && units[at + 1]) {
        number /= step;
        at++;
    }
    int decimals = at == 0 || fabs(number) >= 99.95 ? 0 : fabs(number) >= 9.995 ? 1 : 2;
    char digits[FIGURE_TEXT];
    snprintf(digits, sizeof digits, "%.*f", decimals, number);
    if (strchr(digits, '.')) /* "1.00 Gb/s" says no more than "1 Gb/s" */
        for (size_t end = strlen(digits); digits[end - 1] == '0' || digits[end - 1] == '.'; digits[--end] = '\0')
            if (digits[end - 1] == '.') {
                digits[end - 1] = '\0';
                break;
            }
    snprintf(out, FIGURE_TEXT, "%.20s%s%s", digits, *units[at] ? between : "", units[at]);
    return out;
}

char *percent_text(char out[FIGURE_TEXT], double percent)
{
    if (!isfinite(percent))
        return strcpy(out, NOT_TOLD);
    snprintf(out, FIGURE_TEXT, "%.*f", percent > 0 && percent < 0.95 ? 1 : 0, percent);
    return out;
}

char *bytes_text(char out[FIGURE_TEXT], double bytes)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", NULL};
    return scaled(out, bytes, 1024, units, " ");
}

char *bytes_short(char out[FIGURE_TEXT], double bytes)
{
    static const char *const units[] = {"", "K", "M", "G", "T", "P", NULL};
    return scaled(out, bytes, 1024, units, "");
}

char *speed_text(char out[FIGURE_TEXT], double bits)
{
    static const char *const units[] = {"b/s", "kb/s", "Mb/s", "Gb/s", "Tb/s", NULL};
    return scaled(out, bits, 1000, units, " ");
}

char *bits_text(char out[FIGURE_TEXT], double bytes)
{
    return speed_text(out, bytes * 8);
}

char *bits_short(char out[FIGURE_TEXT], double bytes)
{
    static const char *const units[] = {"", "k", "M", "G", "T", NULL};
    return scaled(out, bytes * 8, 1000, units, "");
}

char *number_text(char out[FIGURE_TEXT], double number)
{
    if (!isfinite(number))
        return strcpy(out, NOT_TOLD);
    bool whole = number == floor(number) || fabs(number) >= 100;
    snprintf(out, FIGURE_TEXT, "%.*f", whole ? 0 : fabs(number) >= 10 ? 1 : 2, number);
    return out;
}

char *days_text(char out[FIGURE_TEXT], double seconds)
{
    char span[SPAN_TEXT];
    if (!isfinite(seconds) || seconds < 0 || seconds > 1e11)
        return strcpy(out, NOT_TOLD);
    if (seconds >= 86400)
        snprintf(out, FIGURE_TEXT, "%.0fd", floor(seconds / 86400));
    else
        snprintf(out, FIGURE_TEXT, "%s", span_format_short(span, (msec)(seconds * 1000)));
    return out;
}

char *gauge_text(char *out, size_t size, double percent, int columns, bool ascii)
{
    int full = isfinite(percent) ? (int)(percent / 100 * columns + 0.5) : 0;
    size_t used = 0;
    *out = '\0';
    for (int i = 0; i < columns; i++) {
        const char *glyph = !isfinite(percent) ? " " : glyph_text(i < full ? GLYPH_BLOCK : GLYPH_SHADE, ascii);
        int written = snprintf(out + used, size - used, "%s", glyph);
        if (written < 0 || used + (size_t)written >= size)
            break;
        used += (size_t)written;
    }
    return out;
}

uint8_t fill_role(double percent, uint8_t quiet)
{
    return percent >= 90 ? ROLE_CRITICAL : percent >= 80 ? ROLE_WARNING : quiet;
}
