#include "garbage.h"

#include <string.h>

#include "fault.h"

#define BIG_PAYLOAD (1024 * 1024)
#define DEEP_PAYLOAD 10000

/* Every ruin starts with the good payload in place and the time it claims. */
typedef void garbage_ruin(struct text *payload, int64_t stamp);

static void replace(struct text *payload, int64_t stamp, const char *values)
{
    text_clear(payload);
    text_addf(payload, "{\"ts\":%lld,\"values\":%s}", (long long)stamp, values);
}

static void ruin_utf8(struct text *payload, int64_t stamp)
{
    replace(payload, stamp, "{\"power\":1.5,\"note\":\"\xff\xfe\xc3(\xed\xa0\x80\",\"\xf8\x88\":1}");
}

static void ruin_truncated(struct text *payload, int64_t stamp)
{
    (void)stamp;
    payload->length = payload->length * 2 / 3;
}

static void ruin_nan(struct text *payload, int64_t stamp)
{
    replace(payload, stamp, "{\"power\":NaN,\"voltage\":220.1}");
}

static void ruin_infinity(struct text *payload, int64_t stamp)
{
    replace(payload, stamp, "{\"power\":Infinity,\"voltage\":-Infinity}");
}

static void ruin_overflow(struct text *payload, int64_t stamp)
{
    replace(payload, stamp, "{\"power\":1e400,\"voltage\":-1e400,\"energy\":123456789012345678901234567890}");
}

static void ruin_big(struct text *payload, int64_t stamp)
{
    static const char filler[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    text_clear(payload);
    text_addf(payload, "{\"ts\":%lld,\"values\":{\"power\":1.5,\"log\":\"", (long long)stamp);
    while (payload->length < BIG_PAYLOAD - 3)
        text_add(payload, filler, BIG_PAYLOAD - 3 - payload->length < 64 ? BIG_PAYLOAD - 3 - payload->length : 64);
    text_adds(payload, "\"}}");
}

static void ruin_deep(struct text *payload, int64_t stamp)
{
    text_clear(payload);
    text_addf(payload, "{\"ts\":%lld,\"values\":", (long long)stamp);
    for (int i = 0; i < DEEP_PAYLOAD; i++)
        text_adds(payload, i % 2 ? "[" : "{\"a\":");
    text_adds(payload, "1");
    for (int i = DEEP_PAYLOAD; i-- > 0;)
        text_adds(payload, i % 2 ? "]" : "}");
    text_adds(payload, "}");
}

static void ruin_empty(struct text *payload, int64_t stamp)
{
    (void)stamp;
    text_clear(payload);
}

static void ruin_text(struct text *payload, int64_t stamp)
{
    (void)stamp;
    text_clear(payload);
    text_adds(payload, "ERR 17: sensor bus timeout, retry 3/3\r\n");
}

static void ruin_binary(struct text *payload, int64_t stamp)
{
    static const char frame[] = "\x01\x03\x10\x00\x00\xdc\x41\x00\x00\x80\x3f\x00\x7f\xc0\x00\x00\x00\x9a\x3c";
    (void)stamp;
    text_clear(payload);
    text_add(payload, frame, sizeof frame - 1);
}

static void ruin_gb18030(struct text *payload, int64_t stamp)
{
    /* "状态" and "正常" as GB18030 */
    replace(payload, stamp, "{\"power\":1.5,\"\xd7\xb4\xcc\xac\":\"\xd5\xfd\xb3\xa3\"}");
}

static void ruin_escape(struct text *payload, int64_t stamp)
{
    /* raw and escaped terminal sequences, a right-to-left override, a zero-width joiner, NUL */
    replace(payload, stamp, "{\"power\":1.5,\"\\u001b[2J\\u001b[31mname\":2,"
                            "\"note\":\"\x1b]0;owned\x07\\u202egpj.exe\\u200d\\u0000end\"}");
}

static void ruin_types(struct text *payload, int64_t stamp)
{
    (void)stamp;
    text_clear(payload);
    text_adds(payload, "{\"ts\":\"yesterday\",\"values\":{\"power\":\"12.3\",\"voltage\":null,\"energy\":[1,2,3],"
                       "\"current\":{\"a\":1},\"switch\":true}}");
}

static void ruin_duplicate(struct text *payload, int64_t stamp)
{
    replace(payload, stamp, "{\"power\":1.5,\"power\":-2,\"power\":\"x\"},\"values\":{\"voltage\":220}");
}

static void ruin_missing(struct text *payload, int64_t stamp)
{
    (void)stamp;
    text_clear(payload);
    text_adds(payload, "{\"time\":1,\"data\":{\"power\":1.5}}");
}

#define VARIANTS(X)                                                                                         \
    X(utf8) X(truncated) X(nan) X(infinity) X(overflow) X(big) X(deep) X(empty) X(text) X(binary)           \
    X(gb18030) X(escape) X(types) X(duplicate) X(missing)

const char *const garbage_names[] = {
#define X(name) #name,
    VARIANTS(X)
#undef X
};

static garbage_ruin *const ruins[] = {
#define X(name) ruin_##name,
    VARIANTS(X)
#undef X
};

const int garbage_count = sizeof garbage_names / sizeof *garbage_names;

int garbage_parse(const char *name)
{
    for (int i = 0; i < garbage_count; i++)
        if (strcmp(garbage_names[i], name) == 0)
            return i;
    return strcmp(name, "all") == 0 ? GARBAGE_ALL : -2;
}

void garbage_apply(struct text *payload, int variant, int64_t stamp, uint64_t turn)
{
    if (variant == GARBAGE_ALL)
        variant = (int)(turn % (uint64_t)garbage_count);
    ruins[variant](payload, stamp);
}
