/* The themes built into the program: themes/NAME.theme as text, in the order night, day, contrast, mono, others. */
#ifndef TERM_THEME_FILES_H
#define TERM_THEME_FILES_H

struct theme_file { const char *name, *text; };
extern const struct theme_file theme_files[]; /* ends with a NULL name */

#endif
