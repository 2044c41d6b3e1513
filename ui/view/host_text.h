/* Figures of hosts in words: what a host cannot tell is an em dash. */
#ifndef VIEW_HOST_TEXT_H
#define VIEW_HOST_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"

#define FIGURE_TEXT 32

char *percent_text(char out[FIGURE_TEXT], double percent);        /* "37", "0.4" below 1; the unit is the caller's */
char *bytes_text(char out[FIGURE_TEXT], double bytes);            /* "38.9 GiB" */
char *bytes_short(char out[FIGURE_TEXT], double bytes);           /* "38.9G": for columns */
char *bits_text(char out[FIGURE_TEXT], double bytes_per_second);  /* "41 Mb/s": as speeds of interfaces are said */
char *bits_short(char out[FIGURE_TEXT], double bytes_per_second); /* "41M": for columns */
char *speed_text(char out[FIGURE_TEXT], double bits_per_second);  /* "1 Gb/s" */
char *number_text(char out[FIGURE_TEXT], double number);          /* "2.1", "188" */
char *days_text(char out[FIGURE_TEXT], double seconds);           /* "212d", "3h12": how long it is up */
/* "▇▇▇░░" of so many columns. */
char *gauge_text(char *out, size_t size, double percent, int columns, bool ascii);
/* How bad a percentage of something that fills up is; the same limits as the shipped rules (80 and 90). */
uint8_t fill_role(double percent, uint8_t quiet);

#endif
