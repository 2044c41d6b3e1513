#include "base/phrase.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/phrase_pattern.h"
#include "base/text.h"

#include "phrases.inc" /* catalogues[]: what ui/po/daemon.*.po translate */

#define STEPS_MOST 4000u /* of matching, for one text and all that is nested in it */
#define DEPTH_MOST 12u
#define KEPT 2048u       /* translations kept at hand, more than a list's window has; a power of two */
#define KEPT_LONGEST 400u

struct phrase {
    struct phrase_pattern pattern;
    const char *translation;
    bool strong; /* its own words, or the shapes of its arguments, say that it is meant */
    bool framed; /* it joins */
};

/* Three bytes that begin, and three that end, a phrase's longest literal, as places among GRAMS; NO_GRAM: it is shorter.
 * A text that lacks one of them, whole, has the phrase in no part of it. */
#define GRAMS 4096u
#define NO_GRAM UINT16_MAX
struct grams { uint16_t begin, end; };
struct kept { char *text, *said; bool known; };

struct phrasebook {
    struct phrase *phrases; /* the weightiest first */
    struct grams *grams;    /* of each */
    size_t count, capacity;
    char *pool;             /* of the patterns' literals */
    uint16_t *candidates;   /* room for say_anew: those that the text may hold, in order */
    struct kept kept[KEPT];
};

struct saying {
    const struct phrasebook *book;
    struct buffer *out;
    size_t candidates;
    unsigned steps, depth;
};

/* What joins phrases in the daemon's texts, and in the reader's language; whole ones stand between those that part. */
static const struct { const char *joint, *said; bool parts; } joints[] = {
    {"\n", "\n", true}, {"; ", "；", true}, {" · ", " · ", true}, {", ", "，", false}, {": ", "：", false},
};

/* How sure a phrase has to be of its match. */
enum surety {
    SURE,    /* strong, and no argument of it is more than one */
    STRONG,
    FRAMED,  /* only an argument can tell, and it holds together what would be taken apart */
    WEAK,    /* only an argument can tell */
};

/* ---- the book ---- */

static bool is_strong(const struct phrase_pattern *pattern)
{
    bool shaped = true;
    for (unsigned i = 0; i < pattern->count; i++)
        shaped = shaped && pattern->kind[i] != PHRASE_TEXT && pattern->kind[i] != PHRASE_CHARACTER;
    return pattern->letters >= (phrase_literal(pattern, 0).length ? 4 : 5) || (shaped && pattern->letters);
}

static int weightier(const void *left, const void *right)
{
    const struct phrase *a = left, *b = right;
    int order = (int)b->pattern.weight - (int)a->pattern.weight;
    return order ? order : (a->pattern.text > b->pattern.text) - (a->pattern.text < b->pattern.text);
}

static uint16_t gram_of(const char *bytes)
{
    uint32_t gram = (uint32_t)(unsigned char)bytes[0] << 16 | (uint32_t)(unsigned char)bytes[1] << 8 | (unsigned char)bytes[2];
    return (uint16_t)(gram * 2654435761u >> 20); /* Fibonacci hashing: the upper 12 bits */
}

static struct grams grams_of(const struct phrase_pattern *pattern)
{
    struct phrase_span longest = phrase_literal(pattern, 0);
    for (unsigned i = 1; i <= pattern->count; i++)
        if (phrase_literal(pattern, i).length > longest.length)
            longest = phrase_literal(pattern, i);
    if (longest.length < 3)
        return (struct grams){NO_GRAM, NO_GRAM};
    return (struct grams){gram_of(longest.start), gram_of(longest.start + longest.length - 3)};
}

bool phrase_pair_fits(const struct phrase_pair *pair)
{
    struct phrase_pattern pattern;
    char *pool = memory_new(strlen(pair->format) + 1);
    unsigned next = 0;
    bool good;
    phrase_pattern_parse(&pattern, pair->format, pool, &good);
    for (const char *at = pair->translation; good && (at = strchr(at, '%')); ) {
        int kind;
        unsigned argument;
        size_t length = phrase_conversion(at, &kind, &argument);
        if (kind >= 0)
            good = (argument ? argument : ++next) <= pattern.count;
        at += length ? length : 1;
    }
    free(pool);
    return good;
}

struct phrasebook *phrasebook_of(const struct phrase_pair *pairs, size_t count)
{
    struct phrasebook *book = memory_new(sizeof *book);
    size_t room = 1, used = 0;
    for (size_t i = 0; i < count; i++)
        room += strlen(pairs[i].format);
    book->pool = memory_new(room);
    for (size_t i = 0; i < count && book->count < UINT16_MAX; i++) {
        struct phrase phrase = {.translation = pairs[i].translation};
        bool good;
        size_t more = phrase_pattern_parse(&phrase.pattern, pairs[i].format, book->pool + used, &good);
        if (!good || !phrase.pattern.letters || !phrase_pair_fits(&pairs[i]))
            continue;
        phrase.strong = is_strong(&phrase.pattern);
        phrase.framed = memmem(phrase.pattern.text, phrase.pattern.weight, ": ", 2) != NULL;
        used += more;
        ARRAY_RESERVE(book->phrases, book->capacity, book->count + 1);
        book->phrases[book->count++] = phrase;
    }
    if (book->count)
        qsort(book->phrases, book->count, sizeof *book->phrases, weightier);
    book->grams = memory_new_array(book->count + 1, sizeof *book->grams);
    book->candidates = memory_new_array(book->count + 1, sizeof *book->candidates);
    for (size_t i = 0; i < book->count; i++)
        book->grams[i] = grams_of(&book->phrases[i].pattern);
    return book;
}

const struct phrase_pair *phrase_pairs(const char *language, size_t *count)
{
    size_t length = language ? strcspn(language, ".@:") : 0;
    *count = 0;
    for (size_t i = 0; i < ARRAY_COUNT(catalogues); i++)
        if (length >= 2 && strncmp(catalogues[i].language, language, length) == 0 &&
            (!catalogues[i].language[length] || catalogues[i].language[length] == '_')) {
            *count = catalogues[i].count;
            return catalogues[i].pairs;
        }
    return NULL;
}

struct phrasebook *phrasebook_new(const char *language)
{
    size_t count;
    const struct phrase_pair *pairs = phrase_pairs(language, &count);
    return pairs ? phrasebook_of(pairs, count) : NULL;
}

void phrasebook_free(struct phrasebook **book)
{
    if (!*book)
        return;
    for (size_t i = 0; i < KEPT; i++) {
        free((*book)->kept[i].text);
        free((*book)->kept[i].said);
    }
    free((*book)->grams);
    free((*book)->candidates);
    free((*book)->phrases);
    free((*book)->pool);
    free(*book);
    *book = NULL;
}

/* ---- saying ---- */

static bool say(struct saying *saying, struct phrase_span text);

static const struct phrase *find(struct saying *saying, struct phrase_span text, enum surety surety,
                                 struct phrase_span arguments[PHRASE_ARGUMENTS]);

static bool is_parted(struct saying *saying, const struct phrase_pattern *pattern, const struct phrase_span *arguments)
{
    struct phrase_span unused[PHRASE_ARGUMENTS];
    for (unsigned i = 0; i < pattern->count; i++)
        for (size_t j = 0; arguments[i].length && j < ARRAY_COUNT(joints); j++)
            if (joints[j].parts && memmem(arguments[i].start, arguments[i].length, joints[j].joint, strlen(joints[j].joint)))
                return !find(saying, arguments[i], SURE, unused);
    return false;
}

/* The weightiest phrase that `text` is whole. */
static const struct phrase *find(struct saying *saying, struct phrase_span text, enum surety surety,
                                 struct phrase_span arguments[PHRASE_ARGUMENTS])
{
    const struct phrasebook *book = saying->book;
    for (size_t at = 0; at < saying->candidates && saying->steps; at++) {
        const struct phrase *phrase = &book->phrases[book->candidates[at]];
        if (phrase->strong == (surety <= STRONG) && (surety != FRAMED || phrase->framed) &&
            phrase_pattern_match(&phrase->pattern, text, arguments, &saying->steps) &&
            (surety != SURE || !is_parted(saying, &phrase->pattern, arguments)))
            return phrase;
    }
    return NULL;
}

/* What stands in quotes is a name, not a phrase. */
static bool is_quoted(const struct phrase_pattern *pattern, unsigned index)
{
    struct phrase_span before = phrase_literal(pattern, index);
    return before.length && strchr("`\"'", before.start[before.length - 1]);
}

/* Append the translation with its arguments. True when it says something that `text` does not: it is strong, or an
 * argument is a phrase. */
static bool render(struct saying *saying, const struct phrase *phrase, const struct phrase_span *arguments)
{
    bool known = phrase->strong;
    unsigned next = 0;
    const char *from = phrase->translation;
    for (const char *at; (at = strchr(from, '%')); ) {
        int kind;
        unsigned named;
        buffer_append(saying->out, from, (size_t)(at - from));
        size_t length = phrase_conversion(at, &kind, &named);
        from = at + (length ? length : 1);
        if (kind < 0) {
            buffer_append_char(saying->out, '%');
            continue;
        }
        unsigned index = (named ? named : ++next) - 1;
        const struct phrase_span *argument = &arguments[index];
        if (memmem(at, length, ".0s", 3))
            continue; /* as printf has it: an English plural's s, say, that the translation has no use for */
        if (phrase->pattern.kind[index] == PHRASE_TEXT && !is_quoted(&phrase->pattern, index))
            known = say(saying, *argument) || known;
        else
            buffer_append(saying->out, argument->start, argument->length);
    }
    buffer_append_text(saying->out, from);
    return known;
}

static bool say_whole(struct saying *saying, struct phrase_span text, enum surety surety)
{
    struct phrase_span arguments[PHRASE_ARGUMENTS];
    const struct phrase *phrase = find(saying, text, surety, arguments);
    size_t before = saying->out->length;
    if (!phrase)
        return false;
    if (render(saying, phrase, arguments))
        return true;
    saying->out->length = before;
    return false;
}

static bool say_joined(struct saying *saying, struct phrase_span text)
{
    size_t before = saying->out->length;
    for (size_t at = 0; at < text.length && saying->steps; at++)
        for (size_t i = 0; i < ARRAY_COUNT(joints); i++) {
            size_t length = strlen(joints[i].joint);
            if (text.length - at < length || memcmp(text.start + at, joints[i].joint, length) != 0)
                continue;
            struct phrase_span left = {text.start, at}, right = {text.start + at + length, text.length - at - length};
            struct phrase_span unused[PHRASE_ARGUMENTS];
            bool right_whole = right.length && find(saying, right, SURE, unused);
            if (right_whole || !left.length || find(saying, left, SURE, unused)) {
                bool known = say(saying, left);
                buffer_append_text(saying->out, joints[i].said);
                if (say(saying, right) || known)
                    return true;
                saying->out->length = before;
            }
        }
    return false;
}

static bool say(struct saying *saying, struct phrase_span text)
{
    bool known = false;
    size_t blanks = 0;
    while (blanks < text.length && text.start[blanks] == ' ')
        blanks++;
    buffer_append(saying->out, text.start, blanks);
    text.start += blanks;
    text.length -= blanks;
    if (text.length && saying->depth < DEPTH_MOST && saying->steps) {
        saying->depth++;
        known = say_whole(saying, text, SURE) || say_whole(saying, text, FRAMED) || say_joined(saying, text) ||
                say_whole(saying, text, STRONG) || say_whole(saying, text, WEAK);
        saying->depth--;
    }
    if (!known)
        buffer_append(saying->out, text.start, text.length);
    return known;
}

static size_t choose_candidates(struct phrasebook *book, const char *text, size_t length)
{
    uint64_t there[GRAMS / 64] = {0};
    size_t count = 0;
    for (size_t i = 0; i + 3 <= length; i++) {
        unsigned gram = gram_of(text + i);
        there[gram / 64] |= (uint64_t)1 << gram % 64;
    }
    for (size_t i = 0; i < book->count; i++) {
        struct grams grams = book->grams[i];
        if (grams.begin == NO_GRAM ||
            ((there[grams.begin / 64] >> grams.begin % 64 & 1) && (there[grams.end / 64] >> grams.end % 64 & 1)))
            book->candidates[count++] = (uint16_t)i;
    }
    return count;
}

static bool say_anew(struct phrasebook *book, struct buffer *out, const char *text, size_t length)
{
    struct saying saying = {.book = book, .out = out, .steps = STEPS_MOST};
    saying.candidates = choose_candidates(book, text, length);
    size_t before = out->length;
    bool known = say(&saying, (struct phrase_span){text, length});
    if (!known && out->length >= before) { /* as it is, whatever was tried */
        out->length = before;
        buffer_append(out, text, length);
    }
    return known;
}

bool phrasebook_say(struct phrasebook *book, struct buffer *out, const char *text)
{
    size_t length = strlen(text);
    if (!book || !length || length > PHRASE_LONGEST) {
        buffer_append(out, text, length);
        return false;
    }
    if (length > KEPT_LONGEST)
        return say_anew(book, out, text, length);
    struct kept *kept = &book->kept[text_hash(TEXT_HASH, text) % KEPT];
    if (!kept->text || strcmp(kept->text, text) != 0) {
        struct buffer said = BUFFER_INIT;
        bool known = say_anew(book, &said, text, length);
        free(kept->text);
        free(kept->said);
        *kept = (struct kept){memory_text_n(text, length), buffer_take(&said), known};
    }
    buffer_append_text(out, kept->said);
    return kept->known;
}

/* ---- the process's reader ---- */

/* One for the process, as gettext's language is; its book is made when the first text is said. A book keeps what it said
 * last: one thread at a time. */
static char spoken_language[32];
static struct phrasebook *spoken_book;
static pthread_mutex_t speaking = PTHREAD_MUTEX_INITIALIZER;

void phrase_language(const char *language)
{
    pthread_mutex_lock(&speaking);
    phrasebook_free(&spoken_book);
    snprintf(spoken_language, sizeof spoken_language, "%s", language ? language : "");
    pthread_mutex_unlock(&speaking);
}

static struct phrasebook *spoken(void)
{
    if (!spoken_book && spoken_language[0] && !(spoken_book = phrasebook_new(spoken_language)))
        spoken_language[0] = '\0';
    return spoken_book;
}

bool phrase_say(struct buffer *out, const char *text)
{
    pthread_mutex_lock(&speaking);
    bool known = phrasebook_say(spoken(), out, text);
    pthread_mutex_unlock(&speaking);
    return known;
}

const char *phrase_said(char *out, size_t size, const char *text)
{
    struct buffer said = BUFFER_INIT;
    phrase_say(&said, text);
    text_clean_into(out, size, buffer_text(&said), said.length);
    buffer_release(&said);
    return out;
}

void phrase_say_into(char *text, size_t size)
{
    struct buffer said = BUFFER_INIT;
    if (phrase_say(&said, text))
        text_clean_into(text, size, said.data, said.length);
    buffer_release(&said);
}
