/* The `:` and `/` lines: readline behind a byte queue, so that people's own inputrc, history and completion work
 * while the loop goes on. readline never reads, draws, signals or touches the terminal by itself: the app feeds it
 * whole keys and draws line_text() with the cursor at line_point().
 *
 * readline's state is one per process, so there is one line; it is set up the first time it is opened. */
#ifndef COMMAND_LINE_H
#define COMMAND_LINE_H

#include <stdbool.h>
#include <stddef.h>

struct line;

/* Offer whole replacements for the word that ends at the cursor. `before` is the text up to the cursor, `word` where
 * the word begins in it. */
typedef void line_offer(void *to, const char *word);
typedef void line_complete(void *owner, const char *before, size_t word, line_offer *offer, void *to);

enum line_kind { LINE_COMMAND, LINE_FILTER, LINE_KINDS }; /* each has its own history */
enum line_event { LINE_NOTHING, LINE_CHANGED, LINE_CANDIDATES, LINE_DONE, LINE_CANCELLED };

struct line *line_new(line_complete *complete, void *owner);
void line_free(struct line **line);

void line_open(struct line *line, enum line_kind kind, const char *initial);
bool line_is_open(const struct line *line);
/* The bytes of one key, whole. Escape is the owner's to give to line_cancel. */
enum line_event line_feed(struct line *line, const char *bytes, size_t length);
void line_cancel(struct line *line);

const char *line_text(const struct line *line);
size_t line_point(const struct line *line);  /* bytes */
const char *line_label(const struct line *line); /* ":" or "/", or readline's own while it searches its history */
enum line_kind line_kind(const struct line *line);
const char *line_result(const struct line *line); /* after LINE_DONE */
/* What TAB offered and could not decide between; NULL-terminated, gone with the next key. */
char *const *line_candidates(const struct line *line, size_t *count);

#endif
