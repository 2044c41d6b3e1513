/* Answers of an ssh-agent. */
#include <stdint.h>
#include <stdlib.h>

#include "collect/ssh_agent.h"
#include "collect/ssh_key.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void visit(void *owner, const void *public, size_t length)
{
    unsigned *count = owner;
    struct buffer key = BUFFER_INIT, offered = BUFFER_INIT;
    buffer_append(&key, public, length);
    ssh_key_offered(&key, &offered);
    buffer_release(&key);
    buffer_release(&offered);
    if (++*count > 64)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buffer answer = BUFFER_INIT, signature = BUFFER_INIT;
    struct error error = {0};
    unsigned count = 0;
    if (size)
        buffer_append(&answer, data, size);
    ssh_agent_keys(&answer, visit, &count, &error);
    ssh_agent_signature(&answer, &signature, &error);
    buffer_release(&answer);
    buffer_release(&signature);
    return 0;
}
