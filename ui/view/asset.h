/* The asset page's state, shared by its two files: asset.c (what it knows and does) and asset_draw.c. */
#ifndef VIEW_ASSET_H
#define VIEW_ASSET_H

#include "view/view.h"
#include "widget/plot.h"

#define ASSET_SLOTS 4
#define ASSET_SPANS 5
#define ASSET_BUCKETS "120"

struct asset_span { const char *name; msec length; };
extern const struct asset_span asset_spans[ASSET_SPANS];

enum asset_pane { PANE_METRICS, PANE_BELOW };

struct asset_page {
    char *id;
    struct arena *arena[ASSET_SLOTS];
    struct wire_asset_page page;
    struct wire_interval *states;
    unsigned state_count;
    struct wire_series series;
    struct wire_asset *children;
    unsigned child_count;
    bool have;
    char problem[384];
    unsigned span, metric, child;
    enum asset_pane pane;
    bool chosen;                    /* the person chose the pane */
    bool drilled;                   /* opened from a row as `?ID`, not by its name: a better page may take its place */
    enum chart_style style;
    struct rect metric_area, below_area; /* of the last draw, for the mouse */
    unsigned metric_top, below_top;
    const char *target_id;
    int64_t target_revision;
};

const struct wire_asset *asset_below(const struct asset_page *page, unsigned *count);
void asset_draw(struct view *view, struct surface *surface, struct rect area);

#endif
