/* A person at the console in a screen test: a real nocturne, keys pressed until what they lead to is there. The verbs are
 * short because the tests read as scripts of them. Each fails the cmocka test when what it expects does not come, and
 * shows the screen it got instead. */
#ifndef SCREEN_CONSOLE_H
#define SCREEN_CONSOLE_H

#include "screen/harness.h"

#define PATIENCE 20000 /* ms that a wait is given; the harness stretches it on a busy machine */
#define QUIET 150      /* ms without output: the picture has settled */
#define DEAF 400       /* ms after which a question hears keys: those typed ahead of it do not answer it */

struct console_look {
    int rows, columns;                      /* these four as the harness's options */
    const char *terminal, *locale, *folder;
    const char *arguments[3];               /* after the program's name and, if one is given, its socket */
    const char *environment[6];             /* over a person's who has no settings */
};

/* socket: a site's, or NULL when the arguments say what is shown. */
struct harness *console_open(const char *socket, const struct console_look *look);

/* Hides what the first row says of the moment: the link's delay where it is long, the rate, the age of the newest word. */
void console_mask(struct harness *harness);

void press(struct harness *harness, const char *keys, const char *until); /* until: a text on the screen, or NULL; settled */
void await(struct harness *harness, const char *text);                    /* the same without a key */
void settle(struct harness *harness);                                     /* what moves by itself may keep it from it */
void has(struct harness *harness, const char *text);                      /* by and by: on a busy machine it may still come, */
void row_has(struct harness *harness, int row, const char *text);
void lacks(struct harness *harness, const char *text);                    /* and this may still go */
void leave(struct harness **harness);                                     /* by q: exit code 0, the terminal given back */

#endif
