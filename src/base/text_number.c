#include "base/text.h"

#include <errno.h>
#include <iconv.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/plain_locale.h"

/* Digits with at most 15 significant ones and a small exponent are exact by one division of two exact doubles
 * (Clinger's fast path); anything else goes to strtod. */
static bool number_simple(const char *text, double *number)
{
    static const double powers[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7,
                                    1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    const char *at = text;
    bool negative = *at == '-';
    if (*at == '-' || *at == '+')
        at++;
    uint64_t digits = 0;
    int count = 0, after = 0;
    for (; *at >= '0' && *at <= '9'; at++, count++)
        digits = digits * 10 + (uint64_t)(*at - '0');
    if (*at == '.' && count <= 15)
        for (at++; *at >= '0' && *at <= '9' && count <= 15; at++, count++, after++)
            digits = digits * 10 + (uint64_t)(*at - '0');
    if (*at || !count || count > 15)
        return false;
    double value = (double)digits / powers[after];
    *number = negative ? -value : value;
    return true;
}

bool text_number(const char *text, double *number)
{
    if (number_simple(text, number))
        return true;
    /* strtod also takes blanks, hexadecimal, inf and nan. */
    size_t length = strspn(text, "0123456789+-.eE");
    if (!length || text[length])
        return false;
    errno = 0;
    char *end;
    locale_t plain = plain_locale();
    double value = plain ? strtod_l(text, &end, plain) : strtod(text, &end);
    if (*end || end == text || !isfinite(value))
        return false;
    *number = value;
    return true;
}

/* `digits` decimal digits after the point, without trailing zeros. */
static int format_fixed(char *out, size_t size, double number, int digits)
{
    char text[64];
    int length = snprintf(text, sizeof text, "%.*f", digits, number);
    if (digits > 0) {
        while (text[length - 1] == '0')
            length--;
        if (text[length - 1] == '.')
            length--;
        text[length] = '\0';
    }
    return snprintf(out, size, "%s", strcmp(text, "-0") ? text : "0");
}

static int format_exponent(char *out, size_t size, double number)
{
    char text[64];
    snprintf(text, sizeof text, "%.5e", number);
    char *exponent = strchr(text, 'e');
    int power = atoi(exponent + 1);
    char *end = exponent;
    while (end[-1] == '0')
        end--;
    if (end[-1] == '.')
        end--;
    *end = '\0';
    return snprintf(out, size, "%se%d", text, power);
}

int text_format_number(char *out, size_t size, double number)
{
    if (isnan(number))
        return snprintf(out, size, "nan");
    if (isinf(number))
        return snprintf(out, size, "%s", number < 0 ? "-inf" : "inf");
    if (number == 0)
        return snprintf(out, size, "0");
    locale_t plain = plain_locale(), before = plain ? uselocale(plain) : (locale_t)0;
    int length;
    /* Round to six digits first: 999999999.6 has ten digits, 0.000099999999 is 1e-4. */
    char rounded[32];
    snprintf(rounded, sizeof rounded, "%.5e", number);
    int power = atoi(strchr(rounded, 'e') + 1);
    if (power < -4 || power >= 9)
        length = format_exponent(out, size, number);
    else if (power >= 5)
        length = format_fixed(out, size, number, 0);
    else
        length = format_fixed(out, size, number, 5 - power);
    if (plain)
        uselocale(before);
    return length;
}

bool text_from_gb18030(struct buffer *out, const char *bytes, size_t length, struct error *error)
{
    iconv_t converter = iconv_open("UTF-8", "GB18030");
    if (converter == (iconv_t)-1)
        return error_set(error, ERROR_UNAVAILABLE, "this system cannot convert GB18030: %s", strerror(errno));
    char *in = (char *)bytes;
    size_t left = length, start = out->length;
    bool done = true;
    while (left > 0) {
        buffer_reserve(out, left + left / 2 + 16);
        char *write = out->data + out->length;
        size_t room = out->capacity - 1 - out->length;
        size_t result = iconv(converter, &in, &left, &write, &room);
        int cause = errno;
        out->length = (size_t)(write - out->data);
        out->data[out->length] = '\0';
        if (result == (size_t)-1 && cause != E2BIG) {
            done = error_set(error, ERROR_INVALID, "not GB18030 at byte %zu%s", length - left,
                             cause == EINVAL ? ": " N_("the text ends inside a character") : "");
            break;
        }
    }
    iconv_close(converter);
    if (!done && out->data) {
        out->length = start;
        out->data[start] = '\0';
    }
    return done;
}

unsigned text_words(char *text, const char **words, unsigned max)
{
    static const char *const wide[] = {"\357\274\214", "\357\274\233", "\343\200\201", "\343\200\200"};
    unsigned count = 0;
    char *rest = NULL;
    for (size_t i = 0; i < sizeof wide / sizeof wide[0]; i++)
        for (char *at = text; (at = strstr(at, wide[i]));)
            memset(at, ' ', 3);
    for (char *word = strtok_r(text, " \t,;", &rest); word; word = strtok_r(NULL, " \t,;", &rest), count++)
        if (count < max)
            words[count] = word;
    return count;
}
