#include <math.h>

#include "widget/plot.h"

void spark_draw(struct surface *surface, int row, int column, int columns, uint8_t role, const double *values,
                size_t count, double low, double high)
{
    if (columns <= 0 || count == 0)
        return;
    if (!(low < high)) {
        low = high = NAN;
        for (size_t i = 0; i < count; i++) {
            low = isnan(values[i]) ? low : fmin(low, values[i]);
            high = isnan(values[i]) ? high : fmax(high, values[i]);
        }
    }
    size_t shown = count < (size_t)columns ? count : (size_t)columns;
    for (size_t slot = 0; slot < shown; slot++) {
        double value = NAN;
        for (size_t i = slot * count / shown; i < (slot + 1) * count / shown; i++)
            value = fmax(value, values[i]); /* fmax ignores a NaN */
        if (isnan(value))
            continue;
        /* The lowest value still shows a sliver: a blank means nothing was measured. */
        double part = high > low ? (value - low) / (high - low) : 0.5;
        part = part < 0 ? 0 : part > 1 ? 1 : part;
        unsigned eighths = 1 + (unsigned)lround(part * 7);
        surface_put(surface, row, column + columns - (int)shown + (int)slot, role, glyph_bar(eighths, surface->ascii));
    }
}
