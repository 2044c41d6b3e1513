#include "collect/check_udp.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"

#define FIRST_WAIT 500

static void room(uv_handle_t *handle, size_t wanted, uv_buf_t *out)
{
    (void)handle, (void)wanted;
    *out = uv_buf_init(memory_new(4096), 4096);
}

static void arrived(uv_udp_t *socket, ssize_t length, const uv_buf_t *bytes, const struct sockaddr *from, unsigned flags)
{
    struct udp_asking *asking = socket->data;
    (void)flags;
    if (asking && length > 0 && from)
        asking->heard(asking->check, (const uint8_t *)bytes->base, (size_t)length);
    else if (asking && length < 0)
        check_fail(asking->check, "%s", length == UV_ECONNREFUSED ? N_("nothing listens on that port") : uv_strerror((int)length));
    free(bytes->base);
}

static void freed(uv_handle_t *handle)
{
    free(handle);
}

static void name_of(const struct sockaddr_storage *address, char *out, size_t size)
{
    char text[INET6_ADDRSTRLEN] = "";
    bool six = address->ss_family == AF_INET6;
    const struct sockaddr_in *four = (const struct sockaddr_in *)address;
    const struct sockaddr_in6 *long_one = (const struct sockaddr_in6 *)address;
    inet_ntop(address->ss_family, six ? (const void *)&long_one->sin6_addr : (const void *)&four->sin_addr, text, sizeof text);
    snprintf(out, size, six ? "[%s]:%u" : "%s:%u", text, ntohs(six ? long_one->sin6_port : four->sin_port));
}

bool udp_open(struct udp_asking *asking, struct check *check, const struct check_address *to,
              void (*heard)(struct check *check, const uint8_t *bytes, size_t length))
{
    struct sockaddr_storage own;
    int size = sizeof own;
    *asking = (struct udp_asking){.check = check, .to = *to, .wait = FIRST_WAIT, .heard = heard};
    asking->socket = memory_new(sizeof *asking->socket);
    asking->again = memory_new(sizeof *asking->again);
    uv_udp_init(check->loop, asking->socket);
    uv_timer_init(check->loop, asking->again);
    asking->socket->data = asking->again->data = asking;
    int status = uv_udp_connect(asking->socket, (const struct sockaddr *)&to->to);
    if (status == 0)
        status = uv_udp_recv_start(asking->socket, room, arrived);
    if (status == 0 && uv_udp_getsockname(asking->socket, (struct sockaddr *)&own, &size) == 0)
        name_of(&own, asking->own, sizeof asking->own);
    if (status != 0)
        check_fail(check, "%s", uv_strerror(status));
    return status == 0;
}

static void send_it(struct udp_asking *asking)
{
    uv_buf_t bytes = uv_buf_init(asking->question.data, (unsigned)asking->question.length);
    int status = uv_udp_try_send(asking->socket, &bytes, 1, NULL);
    if (status < 0 && status != UV_EAGAIN)
        check_fail(asking->check, "%s", status == UV_ECONNREFUSED ? N_("nothing listens on that port") : uv_strerror(status));
}

static void ask_again(uv_timer_t *timer)
{
    struct udp_asking *asking = timer->data;
    asking->wait *= 2;
    uv_timer_start(timer, ask_again, (uint64_t)asking->wait, 0);
    send_it(asking);
}

void udp_ask(struct udp_asking *asking, const char *missing)
{
    check_phase(asking->check, missing);
    asking->sent = uv_hrtime();
    uv_timer_start(asking->again, ask_again, (uint64_t)asking->wait, 0);
    send_it(asking);
}

void udp_close(struct udp_asking *asking)
{
    if (asking->socket) {
        asking->socket->data = asking->again->data = NULL;
        uv_timer_stop(asking->again);
        uv_close((uv_handle_t *)asking->socket, freed);
        uv_close((uv_handle_t *)asking->again, freed);
        asking->socket = NULL;
        asking->again = NULL;
    }
    buffer_release(&asking->question);
}
