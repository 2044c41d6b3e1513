/* The one locale that text handling uses, whatever the process's own: UTF-8, decimal point. Private to base. */
#ifndef BASE_PLAIN_LOCALE_H
#define BASE_PLAIN_LOCALE_H

#include <locale.h>

/* (locale_t)0 where the C library has no C.UTF-8. Opened at first use, by any thread, and kept. */
locale_t plain_locale(void);

#endif
