/* Languages. `_()` translates at run time; N_() marks a text in a table that is translated where it is shown. What the
 * daemon says is put into the same language where it is read (base/phrase.h). */
#ifndef TERM_LOCALE_H
#define TERM_LOCALE_H

#include <libintl.h>
#include <stdbool.h>

#include "base/phrase.h"

#define _(text) locale_text(text)

/* The text in the person's language: gettext's, which is asked once for each. */
const char *locale_text(const char *text) __attribute__((format_arg(1)));

/* Set the locale from the environment and find the translations: $NOCTURNE_LOCALEDIR, `locale` beside the program
 * (in a build tree), PREFIX/share/locale. A UTF-8 locale that is asked for but not installed becomes C.UTF-8 with
 * the same language. Call once, first in main. */
void locale_init(void);
/* Make `language` ("zh_CN", "en") the language where the environment does not choose one itself. True when texts are
 * other ones from now on: what was translated before is to be made anew. */
bool locale_prefer(const char *language);
/* The language that texts are shown in: "zh_CN", "en". Valid until the next call of these. */
const char *locale_language(void);
bool locale_is_utf8(void);

#endif
