/* The body of struct app, for the files of this folder. */
#ifndef APP_INTERNAL_H
#define APP_INTERNAL_H

#include "app/app.h"
#include "app/feed.h"
#include "command/command.h"
#include "command/keymap.h"
#include "command/line.h"
#include "term/screen.h"
#include "view/view.h"
#include "widget/dialog.h"
#include "widget/lines.h"

#define APP_DEPTH 12
#define APP_DIALOGS 4
#define FRAME_LEAST ((msec)50)   /* between frames that only data asked for: 20 a second */
#define FRAME_MOST ((msec)150)   /* that keys may put such a frame off */
#define MESSAGE_SHOWN ((msec)8000)

struct app_tab {
    const struct view_ops *ops;
    struct view *stack[APP_DEPTH]; /* stack[0] is the tab's own view, made when first shown */
    unsigned depth;
};

typedef void app_answer(struct app *app, int choice, void *owner);
struct app_dialog {
    struct dialog *dialog;
    char *question;    /* the same in one line, for the linear twin */
    app_answer *answer;
    void *owner;       /* the answer releases it, also on DIALOG_CANCEL */
};

struct completion;
struct desk;
struct restart;
struct lent;

struct app {
    uv_loop_t *loop;
    struct client *client;
    const struct options *options;
    struct feed *feed;

    struct screen *screen;         /* NULL without a terminal */
    struct theme *theme;
    struct surface surface;
    struct keymap *keymap;
    struct line *line;
    struct completion *completion;
    char *filter_before;           /* what Esc in the `/` line returns to */
    char *keys_path;

    struct app_tab tabs[9];
    unsigned tab_count, tab;
    struct app_dialog dialogs[APP_DIALOGS];
    unsigned dialog_count;

    struct arena *overview_arena;
    struct wire_overview overview;
    bool have_overview;
    struct client_request *overview_request;
    msec overview_asked;           /* steady */
    bool overview_old;
    struct desk *desk;             /* counts of alerts, the bell, what an open line will act on */
    void (*noticed)(struct app *app, struct json_object *notice); /* people are told of an alert; NULL: nobody listens so */
    char person[64], role[24];
    enum command_need may;         /* by the daemon's word */

    enum client_link link;
    char link_cause[160];
    msec link_since;               /* steady */
    double rate;                   /* readings a second, from the pulse */
    msec newest_heard;             /* wall */
    bool beat;
    msec at;                       /* CLOCK_NEVER: live */
    const struct view_ops *replace_view; /* that a view wants in its place; NULL: none */
    char *replace_argument;
    struct restart *restart;       /* asked for or under way; NULL: none */
    struct lent *lent;             /* a command has the terminal: nothing is drawn, no key is read */
    struct client_request *step_request;
    msec step_from, step_span;     /* of the search for an earlier change */

    uint8_t message_role;
    char message[384];
    msec message_until;            /* steady */

    bool read_only, quit, suspended;
    bool starting;                 /* nothing was drawn yet */
    bool dirty;                    /* something changed since the last frame */
    bool urgent;                   /* a key did it: no waiting for the frame clock */
    struct view *moved;            /* nothing but its cursor did: its echo is drawn first */
    struct view *wanting;          /* whose wants are asked once the echo is out */
    msec drawn, echoed;            /* steady, of the last frame and the last echo */
    msec echoing;                  /* steady, of the first echo since that frame */
    int exit_code;

    uv_poll_t input;
    uv_timer_t key_timer, frame_timer, second_timer, wall_timer;
    uv_signal_t winch, term, hup, interrupt;
    int input_events;
};

/* app.c */
bool app_init(struct app *app, uv_loop_t *loop, struct client *client, const struct options *options, struct error *error);
void app_release(struct app *app);
void app_say(struct app *app, uint8_t role, const char *format, ...) __attribute__((format(printf, 3, 4)));
void app_dirty(struct app *app, bool urgent);
msec app_now(const struct app *app);
void app_set_at(struct app *app, msec at);
void app_on_event(void *owner, const struct client_event *event);
void app_on_link(void *owner, enum client_link link, const char *cause);
void app_ask_overview(struct app *app);
/* May this command run now? Says why not. */
bool app_allows(struct app *app, const struct command *command, struct error *error);

/* stack.c */
extern const struct view_host_ops app_host_ops;
struct view *app_view(const struct app *app);   /* the current one */
struct view *app_view_at(const struct app *app, unsigned depth);
bool app_open(struct app *app, const struct view_ops *ops, const char *argument, struct error *error);
void app_switch(struct app *app, unsigned tab);
bool app_pop(struct app *app);                  /* false at the bottom */
void app_react(struct app *app, struct view *view, enum reaction reaction);
void app_want(struct app *app);                 /* what a move left to ask for */
void app_received(void *owner, struct view *view, unsigned slot, const struct client_answer *answer, bool asked);
void app_took(void *owner, struct view *view, unsigned slot, struct arena *arena, void *read, bool asked);
void app_close_views(struct app *app);
void app_reopen_views(struct app *app);

/* frame.c */
void app_draw(struct app *app);
/* Only the cursor of app->moved did: draw that over the last frame. False: it takes a whole frame. */
bool app_echo(struct app *app);
struct rect app_body(const struct app *app);
/* The tab under a mouse position, -1 for none. */
int app_tab_at(const struct app *app, int row, int column);

/* actions_hosts.c, actions_shell.c: at the console's end */
void restart_end(struct restart **restart);
void lent_end(struct lent **lent);
/* Lend the terminal to a command whose words the terminal shows and `done` gets as well: the last LENT_KEPT bytes.
 * `server` and `session`: a server's shell, whose end the daemon is told; NULL: none. `input`: what it reads, NULL: the
 * terminal. Where it cannot be started `done` gets -1 and why. */
#define LENT_KEPT 16384u
typedef void lent_done(struct app *app, void *owner, int64_t code, msec took, const char *output, size_t length);
struct lending { char **command; const char *server, *session, *input; lent_done *done; void *owner; };
void app_lend(struct app *app, const struct lending *lending);

/* loop.c: lend the terminal to a program, and have it back. */
void app_terminal_away(struct app *app);
void app_terminal_back(struct app *app);

/* input.c */
void app_key(struct app *app, const struct key_event *key, const char *raw, size_t length);
bool app_command(struct app *app, const struct command *command, const char *argument, struct error *error);
void app_command_line(struct app *app, const char *text); /* a `:` line */
void app_ask(struct app *app, const struct dialog_options *options, app_answer *answer, void *owner);
void app_open_line(struct app *app, enum line_kind kind, const char *initial);
void app_dialogs_clear(struct app *app);

/* actions_export.c: fetch and write to a file (taken); bom: for spreadsheets. */
void app_carry_away(struct app *app, const char *path, char *file, bool bom);
bool app_export_report(struct app *app, const char *file, struct error *error); /* actions_report.c */
char *app_dated_name(const char *what); /* "devices-20261121-031207.csv" */

/* complete.c */
struct completion *completion_new(struct app *app);
void completion_free(struct completion **completion);
void completion_offer(void *owner, const char *before, size_t word, line_offer *offer, void *to);
void completion_prepare(struct app *app); /* the line changed: fetch what TAB may need */

#endif
