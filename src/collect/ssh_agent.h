/* The ssh-agent of whoever runs the daemon: which keys it holds, and signatures by them. An agent may ask its owner, or
 * hang; nothing waits for it but the sign-in at hand, and that not for ever. Private to src/collect. */
#ifndef COLLECT_SSH_AGENT_H
#define COLLECT_SSH_AGENT_H

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

#include "base/buffer.h"
#include "base/error.h"

struct ssh_agent_request;

/* `answer`: the message without its length, NULL with a cause. Called once, never inside the call that began it. */
typedef void ssh_agent_done(void *owner, const struct buffer *answer, const struct error *error);

/* Ask the agent on a unix socket. */
struct ssh_agent_request *ssh_agent_list(uv_loop_t *loop, const char *path, ssh_agent_done *done, void *owner);
struct ssh_agent_request *ssh_agent_sign(uv_loop_t *loop, const char *path, const struct buffer *public, const void *data,
                                         size_t length, ssh_agent_done *done, void *owner);
void ssh_agent_cancel(struct ssh_agent_request **request); /* done is not called; NULL is fine */

/* What the answers say. False when they are not what was asked for. At most 64 keys are visited. */
bool ssh_agent_keys(const struct buffer *answer, void (*visit)(void *owner, const void *public, size_t length), void *owner,
                    struct error *error);
bool ssh_agent_signature(const struct buffer *answer, struct buffer *signature, struct error *error);

#endif
