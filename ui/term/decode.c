#include "term/decode.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/text.h"

#define ESC 0x1b
#define SEQUENCE_DELAY ((msec)500)    /* a sequence begun but not ended on a slow link */
#define PASTE_DELAY ((msec)3000)      /* a paste whose end was lost must not swallow the keyboard */
#define CLICK_SPAN ((msec)400)
#define SEQUENCE_LIMIT 4096           /* bytes of a terminal's own reply */

struct learned {
    char *sequence;
    size_t length;
    struct key_event key;
};

struct decoder {
    struct buffer pending; /* bytes not yet understood stand from `start` */
    size_t start;
    struct buffer raw;
    msec arrived;          /* when the last bytes came */
    msec patience;         /* how long the incomplete sequence at the front may still take; 0: not looked at yet */
    bool pasting;
    size_t dropped;
    struct learned *learned;
    size_t learned_count, learned_capacity;
    msec clicked;
    int click_row, click_column, clicks;
};

enum step { STEP_KEY, STEP_DROP, STEP_QUIET /* understood, no key */, STEP_MORE };

/* A complete or incomplete sequence at the front: what it is, its bytes, and the key. */
struct parse {
    struct key_event key;
    size_t used;
    msec patience; /* STEP_MORE: how long the rest may take */
};

struct decoder *decoder_new(void)
{
    struct decoder *decoder = memory_new(sizeof *decoder);
    decoder->clicked = CLOCK_NEVER;
    return decoder;
}

void decoder_free(struct decoder **decoder)
{
    if (!*decoder)
        return;
    for (size_t i = 0; i < (*decoder)->learned_count; i++)
        free((*decoder)->learned[i].sequence);
    free((*decoder)->learned);
    buffer_release(&(*decoder)->pending);
    buffer_release(&(*decoder)->raw);
    free(*decoder);
    *decoder = NULL;
}

void decoder_learn(struct decoder *decoder, const char *sequence, const struct key_event *key)
{
    size_t length = strlen(sequence);
    if (length < 2 || sequence[0] != ESC)
        return; /* a control character or a printable one keeps its own meaning */
    ARRAY_RESERVE(decoder->learned, decoder->learned_capacity, decoder->learned_count + 1);
    decoder->learned[decoder->learned_count++] =
        (struct learned){.sequence = memory_text(sequence), .length = length, .key = *key};
}

void decoder_push(struct decoder *decoder, const char *bytes, size_t length, msec steady_now)
{
    buffer_append(&decoder->pending, bytes, length);
    decoder->arrived = steady_now;
    decoder->patience = 0;
}

static const unsigned char *pending_bytes(const struct decoder *decoder, size_t *length)
{
    *length = decoder->pending.length - decoder->start;
    return (const unsigned char *)decoder->pending.data + decoder->start;
}

/* Bytes leave the front by an index, so that a long paste is not moved once per character. */
static void pending_consume(struct decoder *decoder, size_t used)
{
    decoder->start += used;
    if (decoder->start == decoder->pending.length) {
        buffer_clear(&decoder->pending);
        decoder->start = 0;
    }
}

static enum step more(struct parse *parse, msec patience)
{
    parse->patience = patience;
    return STEP_MORE;
}

static enum step special(struct parse *parse, size_t used, enum key_special which)
{
    parse->key.special = which;
    parse->used = used;
    return STEP_KEY;
}

static enum step drop(struct parse *parse, size_t used)
{
    parse->used = used;
    return STEP_DROP;
}

static enum step quiet(struct parse *parse, size_t used)
{
    parse->used = used;
    return STEP_QUIET;
}

/* One character that is no sequence. */
static enum step parse_character(const unsigned char *bytes, size_t length, struct parse *parse)
{
    unsigned char first = bytes[0];
    parse->used = 1;
    switch (first) {
    case '\r':
        return special(parse, 1, KEY_RETURN);
    case '\t':
        return special(parse, 1, KEY_TABULATOR);
    case 0x7f:
    case 0x08:
        return special(parse, 1, KEY_ERASE);
    default:
        break;
    }
    parse->key.special = KEY_CHAR;
    if (first < 0x20) {
        parse->key.control = true;
        parse->key.code = first == 0 ? ' ' : first <= 26 ? (uint32_t)first + 'a' - 1 : (uint32_t)first + '@';
        return STEP_KEY;
    }
    if (first < 0x80) {
        parse->key.code = first;
        return STEP_KEY;
    }
    size_t need = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc2 ? 2 : 1;
    size_t have = 1;
    while (have < need && have < length && (bytes[have] & 0xc0) == 0x80)
        have++;
    if (have < need && have == length)
        return more(parse, SEQUENCE_DELAY);
    uint32_t code;
    size_t used = text_decode((const char *)bytes, length, &code);
    if (code == 0xfffd && used == 1)
        return drop(parse, 1);
    if (code < 0xa0) /* C1 controls */
        return drop(parse, used);
    parse->key.code = code;
    parse->used = used;
    return STEP_KEY;
}

static void modify(struct key_event *key, unsigned modifier)
{
    unsigned bits = modifier > 0 ? modifier - 1 : 0;
    key->alt = bits & 2;
    key->control = bits & 4;
    if (bits & 1 && key->special == KEY_FUNCTION && key->code <= 12)
        key->code += 12; /* as xterm numbers them */
}

static bool key_of_letter(unsigned char letter, struct key_event *key)
{
    static const struct { unsigned char letter; uint8_t special; uint8_t code; } letters[] = {
        {'A', KEY_ARROW_UP, 0}, {'B', KEY_ARROW_DOWN, 0}, {'C', KEY_ARROW_RIGHT, 0}, {'D', KEY_ARROW_LEFT, 0},
        {'a', KEY_ARROW_UP, 0}, {'b', KEY_ARROW_DOWN, 0}, {'c', KEY_ARROW_RIGHT, 0}, {'d', KEY_ARROW_LEFT, 0},
        {'H', KEY_TO_HOME, 0}, {'F', KEY_TO_END, 0}, {'Z', KEY_BACKTAB, 0},
        {'P', KEY_FUNCTION, 1}, {'Q', KEY_FUNCTION, 2}, {'R', KEY_FUNCTION, 3}, {'S', KEY_FUNCTION, 4},
    };
    for (size_t i = 0; i < ARRAY_COUNT(letters); i++)
        if (letters[i].letter == letter) {
            key->special = letters[i].special;
            key->code = letters[i].code;
            return true;
        }
    return false;
}

static bool key_of_number(unsigned number, struct key_event *key)
{
    static const uint8_t function[35] = {
        [11] = 1, [12] = 2, [13] = 3, [14] = 4, [15] = 5, [17] = 6, [18] = 7, [19] = 8, [20] = 9, [21] = 10,
        [23] = 11, [24] = 12, [25] = 13, [26] = 14, [28] = 15, [29] = 16, [31] = 17, [32] = 18, [33] = 19, [34] = 20,
    };
    static const uint8_t other[9] = {
        [1] = KEY_TO_HOME, [2] = KEY_INSERT_, [3] = KEY_DELETE_, [4] = KEY_TO_END,
        [5] = KEY_PAGE_UP, [6] = KEY_PAGE_DOWN, [7] = KEY_TO_HOME, [8] = KEY_TO_END,
    };
    if (number < ARRAY_COUNT(other) && other[number]) {
        key->special = other[number];
        return true;
    }
    if (number < ARRAY_COUNT(function) && function[number]) {
        key->special = KEY_FUNCTION;
        key->code = function[number];
        return true;
    }
    return false;
}

/* A code point with modifiers, as CSI u and modifyOtherKeys send it. */
static bool key_of_code(unsigned code, unsigned modifier, struct key_event *key)
{
    switch (code) {
    case 27: key->special = KEY_ESCAPE; break;
    case 13: key->special = KEY_RETURN; break;
    case 9: key->special = (modifier > 0 && (modifier - 1) & 1) ? KEY_BACKTAB : KEY_TABULATOR; break;
    case 8:
    case 127: key->special = KEY_ERASE; break;
    default:
        if (code < 0x20 || (code > 0x7e && code < 0xa0) || (code >= 0xd800 && code < 0xe000) || code > 0x10ffff ||
            (code >= 0xe000 && code < 0xf900)) /* private use: keys we have no name for */
            return false;
        key->special = KEY_CHAR;
        key->code = code;
    }
    modify(key, modifier);
    return true;
}

static enum step mouse(struct decoder *decoder, struct parse *parse, unsigned button, int column, int row, bool release)
{
    struct key_event *key = &parse->key;
    key->special = KEY_MOUSE_;
    key->mouse_row = row > 0 ? row - 1 : 0;
    key->mouse_column = column > 0 ? column - 1 : 0;
    key->alt = button & 8;
    key->control = button & 16;
    if (button & 64) {
        if ((button & 3) > 1)
            return STEP_QUIET; /* sideways wheels */
        key->mouse = button & 1 ? MOUSE_WHEEL_DOWN : MOUSE_WHEEL_UP;
        return STEP_KEY;
    }
    if ((button & 3) == 3 && !(button & 32))
        release = true; /* X10 coding does not say which button */
    else if ((button & 3) != 0)
        return STEP_QUIET; /* the middle and right buttons belong to the terminal's own paste and menu */
    key->mouse = release ? MOUSE_RELEASE : button & 32 ? MOUSE_DRAG : MOUSE_PRESS;
    if (key->mouse == MOUSE_PRESS) {
        bool again = decoder->clicked != CLOCK_NEVER && decoder->arrived - decoder->clicked <= CLICK_SPAN &&
                     decoder->click_row == key->mouse_row && decoder->click_column == key->mouse_column;
        decoder->clicks = again ? decoder->clicks + 1 : 1;
        decoder->clicked = decoder->arrived;
        decoder->click_row = key->mouse_row;
        decoder->click_column = key->mouse_column;
    }
    key->mouse_clicks = decoder->clicks;
    return STEP_KEY;
}

static const struct learned *find_learned(const struct decoder *decoder, const unsigned char *bytes, size_t length)
{
    for (size_t i = 0; i < decoder->learned_count; i++)
        if (decoder->learned[i].length == length && memcmp(decoder->learned[i].sequence, bytes, length) == 0)
            return &decoder->learned[i];
    return NULL;
}

/* A whole sequence of `length` bytes that the generic tables do not name. */
static enum step unknown(const struct decoder *decoder, const unsigned char *bytes, size_t length, struct parse *parse)
{
    const struct learned *learned = find_learned(decoder, bytes, length);
    if (!learned)
        return drop(parse, length);
    parse->key = learned->key;
    parse->used = length;
    return STEP_KEY;
}

#define PARAMETERS 4

/* Numbers of "1;5"; returns how many, each clamped. Sub-parameters after ':' are skipped. */
static unsigned parse_numbers(const unsigned char *bytes, size_t length, unsigned numbers[PARAMETERS])
{
    unsigned count = 0;
    bool skip = false;
    memset(numbers, 0, PARAMETERS * sizeof *numbers);
    for (size_t i = 0; i < length && count < PARAMETERS; i++) {
        if (bytes[i] == ';') {
            count++;
            skip = false;
        } else if (bytes[i] == ':') {
            skip = true;
        } else if (!skip && bytes[i] >= '0' && bytes[i] <= '9' && numbers[count] < 10000000) {
            numbers[count] = numbers[count] * 10 + (bytes[i] - '0');
        }
    }
    return count < PARAMETERS ? count + 1 : PARAMETERS;
}

static enum step finish_csi(struct decoder *decoder, const unsigned char *bytes, size_t length, struct parse *parse)
{
    unsigned char final = bytes[length - 1];
    const unsigned char *body = bytes + 2;
    size_t body_length = length - 3;
    unsigned numbers[PARAMETERS];
    parse->used = length;
    if (body_length > 0 && body[0] == '<' && (final == 'M' || final == 'm')) {
        if (parse_numbers(body + 1, body_length - 1, numbers) < 3)
            return STEP_DROP;
        return mouse(decoder, parse, numbers[0], (int)numbers[1], (int)numbers[2], final == 'm');
    }
    if (body_length > 0 && body[0] >= '<')
        return STEP_QUIET; /* a reply to a question ("?...c", ">...") */
    unsigned count = parse_numbers(body, body_length, numbers);
    if (final == 'M' && count == 3)
        return mouse(decoder, parse, numbers[0] >= 32 ? numbers[0] - 32 : 0, (int)numbers[1], (int)numbers[2], false);
    if (final == '~' || final == '^' || final == '@' || final == '$') {
        if (final == '~' && numbers[0] == 200)
            return special(parse, length, KEY_PASTE_BEGIN);
        if (final == '~' && numbers[0] == 201)
            return STEP_QUIET; /* an end without a beginning */
        if (final == '~' && numbers[0] == 27 && count == 3)
            return key_of_code(numbers[2], numbers[1], &parse->key) ? STEP_KEY : STEP_DROP;
        if (key_of_number(numbers[0], &parse->key)) {
            modify(&parse->key, numbers[1]);
            parse->key.control |= final == '^' || final == '@';
            return STEP_KEY;
        }
        return unknown(decoder, bytes, length, parse);
    }
    if (final == 'u')
        return key_of_code(numbers[0], numbers[1], &parse->key) ? STEP_KEY : STEP_DROP;
    if ((final == 'I' || final == 'O') && body_length == 0 && !find_learned(decoder, bytes, length))
        return STEP_QUIET; /* focus */
    if (key_of_letter(final, &parse->key)) {
        modify(&parse->key, numbers[1]);
        return STEP_KEY;
    }
    return unknown(decoder, bytes, length, parse);
}

static enum step parse_csi(struct decoder *decoder, const unsigned char *bytes, size_t length, struct parse *parse)
{
    if (length == 2)
        return more(parse, DECODE_ESCAPE_DELAY);
    if (bytes[2] == '[') { /* Linux console: ESC [ [ A is F1 */
        if (length == 3)
            return more(parse, SEQUENCE_DELAY);
        if (bytes[3] < 'A' || bytes[3] > 'E')
            return drop(parse, 4);
        parse->key.code = (uint32_t)(bytes[3] - 'A' + 1);
        return special(parse, 4, KEY_FUNCTION);
    }
    if (bytes[2] == 'M') { /* X10 mouse: three raw bytes */
        if (length < 6)
            return more(parse, SEQUENCE_DELAY);
        parse->used = 6;
        if (bytes[3] < 32 || bytes[4] < 33 || bytes[5] < 33)
            return STEP_DROP;
        return mouse(decoder, parse, bytes[3] - 32u, bytes[4] - 32, bytes[5] - 32, false);
    }
    for (size_t i = 2; i < length; i++) {
        if (bytes[i] >= 0x40 && bytes[i] <= 0x7e)
            return finish_csi(decoder, bytes, i + 1, parse);
        if (bytes[i] == '$' && i > 2 && i <= 4 && bytes[2] >= '0' && bytes[2] <= '9')
            return finish_csi(decoder, bytes, i + 1, parse); /* rxvt: shifted */
        if (bytes[i] < 0x20 || bytes[i] > 0x7e)
            return drop(parse, i); /* broken off */
        if (i >= SEQUENCE_LIMIT)
            return drop(parse, i);
    }
    return more(parse, SEQUENCE_DELAY);
}

static enum step parse_ss3(const struct decoder *decoder, const unsigned char *bytes, size_t length, struct parse *parse)
{
    static const char keypad[] = "*+,-./0123456789"; /* SS3 j .. y */
    size_t at = 2;
    unsigned modifier = 0;
    while (at < length && bytes[at] >= '0' && bytes[at] <= '9' && at < 5)
        modifier = modifier * 10 + (unsigned)(bytes[at++] - '0');
    if (at == length)
        return more(parse, length == 2 ? DECODE_ESCAPE_DELAY : SEQUENCE_DELAY);
    unsigned char final = bytes[at];
    if (final < 0x20 || final > 0x7e)
        return drop(parse, at);
    parse->used = at + 1;
    if (final == 'M')
        return special(parse, at + 1, KEY_RETURN);
    if (final == 'I')
        return special(parse, at + 1, KEY_TABULATOR);
    if (final >= 'j' && final <= 'y') {
        parse->key.special = KEY_CHAR;
        parse->key.code = (uint32_t)keypad[final - 'j'];
        return STEP_KEY;
    }
    if (key_of_letter(final, &parse->key)) {
        modify(&parse->key, modifier);
        parse->key.control |= final >= 'a' && final <= 'd'; /* rxvt */
        return STEP_KEY;
    }
    return unknown(decoder, bytes, at + 1, parse);
}

/* OSC, DCS, APC, PM, SOS: a reply, ended by ST or (OSC) BEL. Its text must never be taken for keys. */
static enum step parse_string(const unsigned char *bytes, size_t length, struct parse *parse)
{
    for (size_t i = 2; i < length; i++) {
        if (bytes[i] == 0x07 && bytes[1] == ']')
            return quiet(parse, i + 1);
        if (bytes[i] == '\\' && bytes[i - 1] == ESC)
            return quiet(parse, i + 1);
        if (i >= SEQUENCE_LIMIT)
            return drop(parse, i + 1);
    }
    return more(parse, length == 2 ? DECODE_ESCAPE_DELAY : SEQUENCE_DELAY);
}

static enum step parse_escape(struct decoder *decoder, const unsigned char *bytes, size_t length, struct parse *parse)
{
    if (length == 1)
        return more(parse, DECODE_ESCAPE_DELAY);
    switch (bytes[1]) {
    case '[':
        return parse_csi(decoder, bytes, length, parse);
    case 'O':
        return parse_ss3(decoder, bytes, length, parse);
    case ']':
    case 'P':
    case '_':
    case '^':
    case 'X':
        return parse_string(bytes, length, parse);
    case ESC: { /* Alt with a sequence: ESC ESC [ A. Two Escapes otherwise. */
        if (length == 2)
            return more(parse, DECODE_ESCAPE_DELAY);
        if (bytes[2] != '[' && bytes[2] != 'O')
            return special(parse, 1, KEY_ESCAPE);
        enum step step = parse_escape(decoder, bytes + 1, length - 1, parse);
        parse->used += 1;
        parse->key.alt = true;
        return step;
    }
    default: {
        enum step step = parse_character(bytes + 1, length - 1, parse);
        parse->used += 1;
        parse->key.alt = true;
        return step;
    }
    }
}

/* The time is up for an incomplete sequence: make the best of what there is. */
static enum step parse_cut_short(const unsigned char *bytes, size_t length, struct parse *parse)
{
    memset(parse, 0, sizeof *parse);
    if (bytes[0] == ESC && length == 1)
        return special(parse, 1, KEY_ESCAPE);
    if (bytes[0] == ESC && length == 2) {
        if (bytes[1] == ESC)
            return special(parse, 1, KEY_ESCAPE);
        if (bytes[1] >= 0x20 && bytes[1] < 0x7f) {
            parse->key.alt = true;
            parse->key.code = bytes[1];
            return special(parse, 2, KEY_CHAR);
        }
    }
    return drop(parse, bytes[0] == ESC ? length : 1);
}

/* Inside a paste everything is text until ESC [ 2 0 1 ~. */
static enum step parse_pasted(struct decoder *decoder, const unsigned char *bytes, size_t length, struct parse *parse)
{
    static const char end[] = "\033[201~";
    size_t common = 0;
    while (common < sizeof end - 1 && common < length && bytes[common] == (unsigned char)end[common])
        common++;
    if (common == sizeof end - 1) {
        decoder->pasting = false;
        return special(parse, common, KEY_PASTE_END);
    }
    if (common == length)
        return more(parse, PASTE_DELAY);
    if (bytes[0] == ESC)
        return quiet(parse, 1);
    if (bytes[0] == '\r' || bytes[0] == '\n' || bytes[0] == '\t') {
        parse->key.code = bytes[0] == '\t' ? '\t' : '\n';
        return special(parse, 1, KEY_CHAR);
    }
    if (bytes[0] < 0x20 || bytes[0] == 0x7f)
        return quiet(parse, 1);
    return parse_character(bytes, length, parse);
}

static enum step decoder_parse(struct decoder *decoder, struct parse *parse)
{
    size_t length;
    const unsigned char *bytes = pending_bytes(decoder, &length);
    memset(parse, 0, sizeof *parse);
    if (decoder->pasting)
        return parse_pasted(decoder, bytes, length, parse);
    if (bytes[0] == ESC)
        return parse_escape(decoder, bytes, length, parse);
    return parse_character(bytes, length, parse);
}

bool decoder_next(struct decoder *decoder, msec steady_now, struct key_event *key)
{
    buffer_clear(&decoder->raw);
    if (decoder->pasting && decoder->pending.length == 0 && steady_now - decoder->arrived >= PASTE_DELAY) {
        decoder->pasting = false;
        *key = (struct key_event){.special = KEY_PASTE_END};
        return true;
    }
    while (decoder->pending.length > decoder->start) {
        struct parse parse;
        size_t length;
        const unsigned char *bytes = pending_bytes(decoder, &length);
        enum step step = decoder_parse(decoder, &parse);
        if (step == STEP_MORE) {
            decoder->patience = parse.patience;
            if (steady_now - decoder->arrived < parse.patience)
                return false;
            step = parse_cut_short(bytes, length, &parse);
        }
        if (step == STEP_KEY)
            buffer_append(&decoder->raw, bytes, parse.used);
        if (step == STEP_DROP)
            decoder->dropped += parse.used;
        pending_consume(decoder, parse.used);
        if (step == STEP_KEY) {
            if (parse.key.special == KEY_PASTE_BEGIN)
                decoder->pasting = true;
            *key = parse.key;
            return true;
        }
    }
    return false;
}

const char *decoder_raw(const struct decoder *decoder, size_t *length)
{
    *length = decoder->raw.length;
    return buffer_text(&decoder->raw);
}

int decoder_timeout(const struct decoder *decoder, msec steady_now)
{
    bool waiting = decoder->pending.length > decoder->start;
    if (!waiting && !decoder->pasting)
        return -1;
    msec left = decoder->arrived + (waiting ? decoder->patience : PASTE_DELAY) - steady_now;
    return left > 0 ? (int)left : 0;
}

size_t decoder_dropped(const struct decoder *decoder)
{
    return decoder->dropped;
}
