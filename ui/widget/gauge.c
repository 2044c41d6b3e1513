#include <math.h>

#include "widget/plot.h"

void gauge_draw(struct surface *surface, int row, int column, int columns, uint8_t role, double fraction)
{
    if (!(fraction > 0))
        fraction = 0; /* NaN as well */
    if (fraction > 1)
        fraction = 1;
    int eighths = (int)lround(fraction * columns * 8);
    if (fraction > 0 && eighths == 0)
        eighths = 1; /* something is not nothing */
    if (fraction < 1 && eighths == columns * 8)
        eighths--;   /* and not quite all is not all */
    for (int i = 0; i < columns; i++) {
        int here = eighths - i * 8;
        if (here >= 8 || (surface->ascii && here >= 4))
            surface_put(surface, row, column + i, role, glyph_code(GLYPH_BLOCK, surface->ascii));
        else if (here > 0 && !surface->ascii)
            surface_put(surface, row, column + i, role, 0x2590u - (uint32_t)here); /* U+2589 seven eighths .. U+258F one */
        else
            surface_put(surface, row, column + i, ROLE_RULE, glyph_code(GLYPH_SHADE, surface->ascii));
    }
}
