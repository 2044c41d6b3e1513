#include "collect/websocket.h"

#include <ctype.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <uv.h>

#include "base/memory.h"
#include "base/text.h"

#define HEAD_MAX ((size_t)16 << 10) /* of the answer to the upgrade */
#define CONTROL_MAX 125u            /* 5.5 */
#define HEADER_MAX 10u              /* what a server sends: 2 bytes and a length of 8 */
#define KEY_TEXT 25                 /* 16 bytes in base64 */
#define ACCEPT_TEXT 29              /* 20 bytes in base64 */

enum opcode { OP_CONTINUATION = 0, OP_TEXT = 1, OP_BINARY = 2, OP_CLOSE = 8, OP_PING = 9, OP_PONG = 10 };

struct websocket {
    char accept[ACCEPT_TEXT];    /* what the server must answer to our key, 4.2.2 */
    char *protocol, *path;
    struct buffer head;          /* of the answer; after it, what came early */
    /* The frame being read. */
    uint8_t header[HEADER_MAX];
    unsigned header_length;
    uint64_t left;               /* of its payload */
    enum opcode opcode;
    bool fragmented;             /* a message waits for its continuation */
    uint8_t control[CONTROL_MAX];
    unsigned control_length;
    /* Masks are drawn by the handful. */
    uint8_t chance[256];
    unsigned chance_used;
};

/* ---- the upgrade ---- */

static void accept_of(const char *key, char accept[ACCEPT_TEXT])
{
    char text[64];
    uint8_t digest[SHA_DIGEST_LENGTH];
    int length = snprintf(text, sizeof text, "%s258EAFA5-E914-47DA-95CA-C5AB0DC85B11", key);
    SHA1((const unsigned char *)text, (size_t)length, digest);
    EVP_EncodeBlock((unsigned char *)accept, digest, sizeof digest);
}

static void host_append(struct buffer *out, const struct websocket_settings *settings)
{
    bool numbered = strchr(settings->host, ':') != NULL; /* IPv6 */
    buffer_printf(out, numbered ? "[%s]" : "%s", settings->host);
    if (settings->port != (settings->tls ? 443 : 80))
        buffer_printf(out, ":%u", settings->port);
}

struct websocket *websocket_new(const struct websocket_settings *settings, struct buffer *out)
{
    struct websocket *websocket = memory_new(sizeof *websocket);
    uint8_t nonce[16];
    char key[KEY_TEXT];
    uv_random(NULL, NULL, nonce, sizeof nonce, 0, NULL);
    EVP_EncodeBlock((unsigned char *)key, nonce, sizeof nonce);
    accept_of(key, websocket->accept);
    websocket->protocol = memory_text(settings->protocol);
    websocket->path = memory_text(settings->path);
    websocket->chance_used = sizeof websocket->chance;

    buffer_printf(out, "GET %s HTTP/1.1\r\nHost: ", settings->path);
    host_append(out, settings);
    buffer_printf(out, "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: %s\r\nSec-WebSocket-Version: 13\r\n"
                       "Sec-WebSocket-Protocol: %s\r\nUser-Agent: nocturne\r\n%s\r\n",
                  key, settings->protocol, settings->headers ? settings->headers : "");
    return websocket;
}

void websocket_free(struct websocket **slot)
{
    struct websocket *websocket = *slot;
    if (!websocket)
        return;
    *slot = NULL;
    free(websocket->protocol);
    free(websocket->path);
    buffer_release(&websocket->head);
    free(websocket);
}

/* The value of a header in a head whose lines end with CR LF and which is NUL-terminated; `out` is "" without one.
 * Several of one name are joined by commas, as lists are. */
static bool header_value(const char *head, const char *name, char *out, size_t size)
{
    size_t length = strlen(name), used = 0;
    bool found = false;
    *out = '\0';
    for (const char *line = strstr(head, "\r\n"); line; line = strstr(line, "\r\n")) {
        line += 2;
        if (strncasecmp(line, name, length) != 0 || line[length] != ':')
            continue;
        const char *value = line + length + 1;
        value += strspn(value, " \t");
        size_t end = strcspn(value, "\r\n");
        while (end && (value[end - 1] == ' ' || value[end - 1] == '\t'))
            end--;
        int put = snprintf(out + used, size - used, "%s%.*s", found ? "," : "", (int)end, value);
        used += put > 0 && (size_t)put < size - used ? (size_t)put : 0;
        found = true;
    }
    return found;
}

/* Is the word one of a list by commas? */
static bool list_has(const char *list, const char *word)
{
    size_t length = strlen(word);
    while (*list) {
        list += strspn(list, ", \t");
        size_t item = strcspn(list, ", \t");
        if (item == length && strncasecmp(list, word, length) == 0)
            return true;
        list += item;
    }
    return false;
}

/* An answer that is HTTP and no upgrade: what it says, and what a person can do. */
static bool refused(const struct websocket *websocket, unsigned status, const char *head, struct error *error)
{
    char reason[64], answer[80], where[160];
    const char *phrase = head + strcspn(head, " ");
    phrase += strspn(phrase, " 0123456789");
    text_clean_into(reason, sizeof reason, phrase, strcspn(phrase, "\r\n"));
    snprintf(answer, sizeof answer, "HTTP %u%s%s", status, *reason ? " " : "", reason);
    header_value(head, "Location", where, sizeof where);
    if (status >= 300 && status < 400 && *where)
        return error_set(error, ERROR_UNAVAILABLE, "the WebSocket upgrade is redirected (%s) to %s: write the url of the "
                                                   "broker itself", answer, where);
    if (status == 401 || status == 403 || status == 407)
        return error_set(error, ERROR_DENIED, "the WebSocket upgrade is not allowed (%s): look at `headers:`", answer);
    if (status == 404 || status == 410)
        return error_set(error, ERROR_NOT_FOUND, "no WebSocket at %s (%s): is the url's path right?", websocket->path, answer);
    if (status >= 500)
        return error_set(error, ERROR_UNAVAILABLE, "the WebSocket upgrade failed on the other side (%s)", answer);
    return error_set(error, ERROR_UNAVAILABLE, "a web server answers, no WebSocket (%s): are the url's port and path "
                                               "the broker's?", answer);
}

/* The whole head is there, NUL-terminated. 4.1, "the client MUST validate the server's response". */
static bool head_check(const struct websocket *websocket, const char *head, struct error *error)
{
    char value[256];
    unsigned status = 0;
    if (sscanf(head, "HTTP/1.%*1u %3u", &status) != 1 || status < 100)
        return error_set(error, ERROR_UNAVAILABLE, "the answer to the WebSocket upgrade is not HTTP");
    if (status != 101)
        return refused(websocket, status, head, error);
    header_value(head, "Upgrade", value, sizeof value);
    bool upgrades = list_has(value, "websocket");
    header_value(head, "Connection", value, sizeof value);
    if (!upgrades || !list_has(value, "upgrade"))
        return error_set(error, ERROR_UNAVAILABLE, "the answer to the WebSocket upgrade lacks `Upgrade: websocket`: something "
                                                   "in between strips it");
    header_value(head, "Sec-WebSocket-Accept", value, sizeof value);
    if (strcmp(value, websocket->accept) != 0)
        return error_set(error, ERROR_UNAVAILABLE, "the answer to the WebSocket upgrade is not to our question: "
                                                   "Sec-WebSocket-Accept is %s", *value ? N_("wrong") : N_("missing"));
    if (header_value(head, "Sec-WebSocket-Protocol", value, sizeof value) && strcmp(value, websocket->protocol) != 0)
        return error_set(error, ERROR_UNAVAILABLE, "the WebSocket speaks `%.60s`, not %s", value, websocket->protocol);
    if (header_value(head, "Sec-WebSocket-Extensions", value, sizeof value) && *value)
        return error_set(error, ERROR_UNAVAILABLE, "the WebSocket uses an extension that was not asked for: %.80s", value);
    return true;
}

bool websocket_greet(struct websocket *websocket, const void *bytes, size_t length, bool *done, struct error *error)
{
    static const char begin[] = "HTTP/1.";
    *done = false;
    buffer_append(&websocket->head, bytes, length);
    size_t have = websocket->head.length < sizeof begin - 1 ? websocket->head.length : sizeof begin - 1;
    if (memcmp(buffer_text(&websocket->head), begin, have) != 0)
        return error_set(error, ERROR_UNAVAILABLE, "the answer to the WebSocket upgrade is not HTTP: is this the broker's "
                                                   "WebSocket port?");
    char *end = memmem(buffer_text(&websocket->head), websocket->head.length, "\r\n\r\n", 4);
    if (!end && websocket->head.length > HEAD_MAX)
        return error_set(error, ERROR_UNAVAILABLE, "the answer to the WebSocket upgrade has no end within 16 KiB");
    if (!end)
        return true;
    end[2] = '\0'; /* the last line keeps its end */
    if (!head_check(websocket, websocket->head.data, error))
        return false;
    buffer_consume(&websocket->head, (size_t)(end + 4 - websocket->head.data));
    *done = true;
    return true;
}

size_t websocket_early(struct websocket *websocket, void *bytes, size_t room)
{
    size_t length = websocket->head.length < room ? websocket->head.length : room;
    if (length) {
        memcpy(bytes, websocket->head.data, length);
        buffer_consume(&websocket->head, length);
    } else {
        buffer_release(&websocket->head);
    }
    return length;
}

/* ---- frames out ---- */

static void mask_of(struct websocket *websocket, uint8_t mask[4])
{
    if (websocket->chance_used + 4 > sizeof websocket->chance) {
        uv_random(NULL, NULL, websocket->chance, sizeof websocket->chance, 0, NULL);
        websocket->chance_used = 0;
    }
    memcpy(mask, websocket->chance + websocket->chance_used, 4);
    websocket->chance_used += 4;
}

static void frame_append(struct websocket *websocket, struct buffer *out, enum opcode opcode, const void *payload, size_t length)
{
    uint8_t header[14] = {0x80 | (uint8_t)opcode}, mask[4];
    size_t used = 2, width = length < 126 ? 0 : length <= 0xFFFF ? 2 : 8;
    header[1] = 0x80 | (uint8_t)(width == 0 ? length : width == 2 ? 126 : 127);
    for (size_t i = width; i-- > 0;)
        header[used++] = (uint8_t)((uint64_t)length >> (8 * i));
    mask_of(websocket, mask);
    memcpy(header + used, mask, 4);
    buffer_append(out, header, used + 4);
    if (!length)
        return;
    buffer_append(out, payload, length);
    uint8_t *at = (uint8_t *)out->data + out->length - length;
    for (size_t i = 0; i < length; i++)
        at[i] ^= mask[i & 3];
}

void websocket_frame(struct websocket *websocket, struct buffer *out, const void *payload, size_t length)
{
    frame_append(websocket, out, OP_BINARY, payload, length);
}

static void close_append(struct websocket *websocket, struct buffer *out, unsigned code)
{
    const uint8_t payload[2] = {(uint8_t)(code >> 8), (uint8_t)code};
    frame_append(websocket, out, OP_CLOSE, payload, sizeof payload);
}

void websocket_goodbye(struct websocket *websocket, struct buffer *out)
{
    close_append(websocket, out, WEBSOCKET_NORMAL);
}

/* ---- frames in ---- */

static const char *close_text(unsigned code)
{
    static const struct { unsigned code; const char *text; } texts[] = {
        {1000, N_("it is done")}, {1001, N_("it goes away")}, {1002, N_("protocol error")}, {1003, N_("it does not accept such data")},
        {1007, N_("inconsistent data")}, {1008, N_("against its policy")}, {1009, N_("a message too big for it")},
        {1010, N_("it wants an extension")}, {1011, N_("an error on its side")}, {1012, N_("it restarts")}, {1013, N_("try again later")},
        {1014, N_("a bad gateway behind it")},
    };
    for (size_t i = 0; i < ARRAY_COUNT(texts); i++)
        if (texts[i].code == code)
            return texts[i].text;
    return N_("a code of its own");
}

/* Our verdict on what came: the other side is told by the code, the person by the error. */
static bool frame_wrong(struct websocket *websocket, struct buffer *out, unsigned code, struct error *error, const char *what)
{
    close_append(websocket, out, code);
    return error_set(error, ERROR_UNAVAILABLE, "WebSocket protocol error: %s", what);
}

static bool closed(struct websocket *websocket, struct buffer *out, struct error *error)
{
    char reason[CONTROL_MAX + 1];
    unsigned length = websocket->control_length;
    if (length == 0) {
        close_append(websocket, out, WEBSOCKET_NORMAL);
        return error_set(error, ERROR_UNAVAILABLE, "the broker closed the WebSocket without saying why");
    }
    if (length == 1)
        return frame_wrong(websocket, out, WEBSOCKET_PROTOCOL_ERROR, error, N_("half a close code"));
    unsigned code = (unsigned)websocket->control[0] << 8 | websocket->control[1];
    text_clean_into(reason, sizeof reason, (const char *)websocket->control + 2, length - 2);
    frame_append(websocket, out, OP_CLOSE, websocket->control, 2);
    if (*reason)
        return error_set(error, ERROR_UNAVAILABLE, "the broker closed the WebSocket: %u (%s): %s", code, close_text(code), reason);
    return error_set(error, ERROR_UNAVAILABLE, "the broker closed the WebSocket: %u (%s)", code, close_text(code));
}

static unsigned header_needs(const struct websocket *websocket)
{
    if (websocket->header_length < 2)
        return 2;
    unsigned size = websocket->header[1] & 0x7F;
    return size == 126 ? 4 : size == 127 ? 10 : 2;
}

/* The header is complete. 5.2. */
static bool frame_begin(struct websocket *websocket, struct buffer *out, struct error *error)
{
    const uint8_t *header = websocket->header;
    unsigned width = header_needs(websocket) - 2;
    bool final = header[0] & 0x80, control = header[0] & 0x08;
    enum opcode opcode = header[0] & 0x0F;
    uint64_t size = header[1] & 0x7F;
    if (width)
        size = 0;
    for (unsigned i = 0; i < width; i++)
        size = size << 8 | header[2 + i];
    const char *wrong = NULL;
    if (header[0] & 0x70)
        wrong = N_("a frame with reserved bits");
    else if (header[1] & 0x80)
        wrong = N_("a masked frame, as only clients send them");
    else if ((opcode > OP_BINARY && opcode < OP_CLOSE) || opcode > OP_PONG)
        wrong = N_("a frame of unknown kind");
    else if (control && (!final || size > CONTROL_MAX))
        wrong = N_("a control frame that is too long or in parts");
    else if ((width == 2 && size < 126) || (width == 8 && size <= 0xFFFF))
        wrong = N_("a length written longer than needed");
    else if (!control && (opcode == OP_CONTINUATION) != websocket->fragmented)
        wrong = websocket->fragmented ? N_("a new message amid another") : N_("the rest of a message that did not begin");
    if (wrong)
        return frame_wrong(websocket, out, WEBSOCKET_PROTOCOL_ERROR, error, wrong);
    if (opcode == OP_TEXT)
        return frame_wrong(websocket, out, WEBSOCKET_NOT_ACCEPTED, error, N_("a text frame; MQTT comes in binary ones"));
    if (size > WEBSOCKET_FRAME_MAX)
        return frame_wrong(websocket, out, WEBSOCKET_TOO_BIG, error, N_("a frame of more than 256 MiB"));
    if (!control)
        websocket->fragmented = !final;
    websocket->opcode = opcode;
    websocket->left = size;
    websocket->control_length = 0;
    return true;
}

/* A control frame is complete. */
static bool control_take(struct websocket *websocket, struct buffer *out, struct error *error)
{
    if (websocket->opcode == OP_CLOSE)
        return closed(websocket, out, error);
    if (websocket->opcode == OP_PING)
        frame_append(websocket, out, OP_PONG, websocket->control, websocket->control_length);
    return true;
}

bool websocket_unframe(struct websocket *websocket, uint8_t *bytes, size_t *length, struct buffer *out, struct error *error)
{
    size_t at = 0, kept = 0, end = *length;
    bool good = true;
    while (good && at < end) {
        if (websocket->left == 0) { /* a header, perhaps the rest of one */
            while (at < end && websocket->header_length < header_needs(websocket))
                websocket->header[websocket->header_length++] = bytes[at++];
            if (websocket->header_length < header_needs(websocket))
                break;
            good = frame_begin(websocket, out, error);
            websocket->header_length = 0;
            if (good && websocket->left == 0 && websocket->opcode >= OP_CLOSE)
                good = control_take(websocket, out, error);
            continue;
        }
        size_t part = end - at < websocket->left ? end - at : (size_t)websocket->left;
        if (websocket->opcode >= OP_CLOSE) {
            memcpy(websocket->control + websocket->control_length, bytes + at, part);
            websocket->control_length += (unsigned)part;
        } else {
            memmove(bytes + kept, bytes + at, part);
            kept += part;
        }
        at += part;
        websocket->left -= part;
        if (websocket->left == 0 && websocket->opcode >= OP_CLOSE)
            good = control_take(websocket, out, error);
    }
    *length = kept;
    return good;
}
