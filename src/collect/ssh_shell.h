/* A /bin/sh on a channel that stays: scripts go in by its input, each answer comes out between two marks that nobody can
 * guess, so that banners, start-up files and late output of the question before are not taken for it. A new exec channel
 * for each question would cost the server a login shell with its start-up files each time. Private to src/collect. */
#ifndef COLLECT_SSH_SHELL_H
#define COLLECT_SSH_SHELL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "collect/ssh_session.h"

/* ---- the marks, alone: no I/O ---- */

#define SSH_MARK_SIZE 33

enum ssh_frame_state { SSH_FRAME_BEFORE, SSH_FRAME_INSIDE, SSH_FRAME_DONE, SSH_FRAME_OVER };

struct ssh_frame {
    char mark[SSH_MARK_SIZE];
    enum ssh_frame_state state;
    size_t limit;                /* bytes between the marks, and before them */
    size_t skipped;
    struct buffer text;          /* what was found between; while before: the tail that may begin a mark */
    struct buffer noise;         /* the last of what came outside the marks, as it came: banners, late output */
    int status;                  /* of the script */
};

#define SSH_NOISE_MAX 16384

/* A new random mark when NULL. The noise stays, until its owner clears it. */
void ssh_frame_begin(struct ssh_frame *frame, const char *mark, size_t limit);
/* Returns the state: DONE leaves the answer in text, OVER: it passed the limit. */
enum ssh_frame_state ssh_frame_feed(struct ssh_frame *frame, const char *bytes, size_t length);
void ssh_frame_release(struct ssh_frame *frame);
/* The shell text that prints the marks around `script` (one line, no newline at its end). */
void ssh_frame_wrap(const struct ssh_frame *frame, const char *script, struct buffer *out);

/* ---- the shell ---- */

struct ssh_shell;

struct ssh_shell_ops {
    void (*ready)(void *owner);
    /* What a process that was left behind said since the answer before stands in front. `whole`: the second mark came.
     * Half an answer comes before `failed`. */
    void (*answered)(void *owner, const char *text, size_t length, int status, bool whole);
    /* Free it, here or later. The session may live on. */
    void (*failed)(void *owner, const struct ssh_failure *failure);
};

struct ssh_shell *ssh_shell_new(struct ssh_session *session, const struct ssh_shell_ops *ops, void *owner);
void ssh_shell_free(struct ssh_shell **shell);
/* One question at a time. `script` is sent once and then called by its number (0-31): it must not change. `before` is run each
 * time before it, in one line; "" nothing. */
void ssh_shell_ask(struct ssh_shell *shell, unsigned number, const struct buffer *script, const char *before, size_t limit);
/* What it said that was no answer, cleaned: "This account is currently not available." */
void ssh_shell_noise(const struct ssh_shell *shell, char *out, size_t size);

#endif
