#include "command/line.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <readline/history.h>
#include <readline/readline.h>

#include "base/buffer.h"
#include "base/memory.h"

#define HISTORY_LINES 1000

struct line {
    line_complete *complete;
    void *owner;
    bool ready;                     /* readline is set up */
    bool open, done, eof;
    enum line_kind kind;
    struct buffer queue;            /* bytes for readline, whole keys only */
    struct buffer before;           /* text at the last feed, to tell whether it changed */
    struct buffer result;
    char **candidates;
    size_t candidate_count, candidate_capacity;
    char **offered;                 /* while completing */
    size_t offered_count, offered_capacity;
    HISTORY_STATE *history[LINE_KINDS];
    char *history_path[LINE_KINDS];
};

/* readline has no owner pointer in its hooks; this is the one line of the process while it is open. */
static struct line *current;

/* ---- what readline calls ---- */

static int next_byte(FILE *unused)
{
    (void)unused;
    if (!current || !current->queue.length)
        return EOF;
    unsigned char byte = (unsigned char)current->queue.data[0];
    buffer_consume(&current->queue, 1);
    return byte;
}

static int bytes_waiting(void)
{
    return current && current->queue.length > 0;
}

static void draw_nothing(void)
{
}

static void line_entered(char *text)
{
    rl_callback_handler_remove();
    current->done = true;
    current->eof = !text;
    buffer_clear(&current->result);
    buffer_append_text(&current->result, text ? text : "");
    free(text);
}

static void offer(void *to, const char *word)
{
    struct line *line = to;
    for (size_t i = 0; i < line->offered_count; i++)
        if (strcmp(line->offered[i], word) == 0)
            return;
    ARRAY_RESERVE(line->offered, line->offered_capacity, line->offered_count + 1);
    line->offered[line->offered_count++] = memory_text(word);
}

static char *next_offered(const char *text, int state)
{
    (void)text;
    static size_t at;
    if (!state)
        at = 0;
    return at < current->offered_count ? memory_text(current->offered[at++]) : NULL;
}

static void candidates_clear(struct line *line)
{
    for (size_t i = 0; i < line->candidate_count; i++)
        free(line->candidates[i]);
    line->candidate_count = 0;
}

static void offered_clear(struct line *line)
{
    for (size_t i = 0; i < line->offered_count; i++)
        free(line->offered[i]);
    line->offered_count = 0;
}

static char **complete_word(const char *text, int start, int end)
{
    struct line *line = current;
    rl_attempted_completion_over = 1; /* never file names by itself */
    offered_clear(line);
    char *before = memory_text_n(rl_line_buffer, (size_t)end);
    line->complete(line->owner, before, (size_t)start, offer, line);
    free(before);
    rl_completion_append_character = ' ';
    if (line->offered_count == 1) {
        size_t length = strlen(line->offered[0]);
        char last = length ? line->offered[0][length - 1] : '\0';
        if (last == ':' || last == '/' || last == '=' || last == '~')
            rl_completion_append_character = '\0';
    }
    char **matches = line->offered_count ? rl_completion_matches(text, next_offered) : NULL;
    offered_clear(line);
    return matches;
}

/* readline would print them over the screen: the app shows them above the line instead. */
static void keep_candidates(char **matches, int count, int longest)
{
    (void)longest;
    struct line *line = current;
    candidates_clear(line);
    for (int i = 1; i <= count; i++) {
        ARRAY_RESERVE(line->candidates, line->candidate_capacity, line->candidate_count + 2);
        line->candidates[line->candidate_count++] = memory_text(matches[i]);
    }
}

/* ---- life ---- */

struct line *line_new(line_complete *complete, void *owner)
{
    struct line *line = memory_new(sizeof *line);
    line->complete = complete;
    line->owner = owner;
    return line;
}

static void make_parents(char *path)
{
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(path, 0700);
        *slash = '/';
    }
}

static char *history_file(enum line_kind kind)
{
    static const char *const names[LINE_KINDS] = {[LINE_COMMAND] = "commands", [LINE_FILTER] = "filters"};
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    if (state && *state)
        return memory_printf("%s/nocturne/history-%s", state, names[kind]);
    return home && *home ? memory_printf("%s/.local/state/nocturne/history-%s", home, names[kind]) : NULL;
}

static void bind_if_free(const char *sequence, rl_command_func_t *function)
{
    rl_bind_keyseq_if_unbound(sequence, function);
}

static void set_up(struct line *line)
{
    line->ready = true;
    rl_readline_name = "nocturne";
    rl_catch_signals = 0;
    rl_catch_sigwinch = 0;
    rl_change_environment = 0;
    rl_prep_term_function = NULL;
    rl_deprep_term_function = NULL;
    rl_outstream = fopen("/dev/null", "we");
    rl_getc_function = next_byte;
    rl_input_available_hook = bytes_waiting;
    rl_redisplay_function = draw_nothing;
    rl_attempted_completion_function = complete_word;
    rl_completion_display_matches_hook = keep_candidates;
    rl_completer_word_break_characters = " ";
    rl_basic_word_break_characters = " ";
    rl_completer_quote_characters = "";
    rl_initialize(); /* reads inputrc: what must hold is set after it */
    rl_variable_bind("bell-style", "none");
    rl_variable_bind("page-completions", "off");
    rl_variable_bind("keyseq-timeout", "20");
    rl_variable_bind("show-all-if-ambiguous", "on");
    rl_variable_bind("completion-query-items", "0");
    rl_variable_bind("enable-bracketed-paste", "off");
    bind_if_free("\\e[3~", rl_delete);
    bind_if_free("\\e[1~", rl_beg_of_line);
    bind_if_free("\\e[4~", rl_end_of_line);
    bind_if_free("\\e[7~", rl_beg_of_line);
    bind_if_free("\\e[8~", rl_end_of_line);
    bind_if_free("\\e[1;5C", rl_forward_word);
    bind_if_free("\\e[1;5D", rl_backward_word);
    for (int kind = 0; kind < LINE_KINDS; kind++) {
        static HISTORY_STATE empty;
        history_set_history_state(&empty);
        using_history();
        stifle_history(HISTORY_LINES);
        line->history_path[kind] = history_file(kind);
        if (line->history_path[kind])
            read_history(line->history_path[kind]);
        line->history[kind] = history_get_history_state();
    }
}

void line_free(struct line **pointer)
{
    struct line *line = *pointer;
    if (!line)
        return;
    static HISTORY_STATE empty;
    if (line->open)
        line_cancel(line);
    for (int kind = 0; kind < LINE_KINDS; kind++) {
        if (line->history[kind]) {
            history_set_history_state(line->history[kind]);
            clear_history();
            HISTORY_STATE *cleared = history_get_history_state(); /* the array of entries is nobody else's */
            free(cleared->entries);
            free(cleared);
            free(line->history[kind]);
            history_set_history_state(&empty);
        }
        free(line->history_path[kind]);
    }
    candidates_clear(line);
    free(line->candidates);
    offered_clear(line);
    free(line->offered);
    buffer_release(&line->queue);
    buffer_release(&line->before);
    buffer_release(&line->result);
    free(line);
    *pointer = NULL;
}

void line_open(struct line *line, enum line_kind kind, const char *initial)
{
    if (line->open)
        line_cancel(line);
    current = line;
    if (!line->ready)
        set_up(line);
    line->kind = kind;
    history_set_history_state(line->history[kind]);
    using_history();
    line->open = true;
    line->done = false;
    buffer_clear(&line->queue);
    candidates_clear(line);
    rl_callback_handler_install("", line_entered);
    if (initial && *initial)
        rl_insert_text(initial);
    buffer_clear(&line->before);
    buffer_append_text(&line->before, rl_line_buffer);
}

bool line_is_open(const struct line *line)
{
    return line->open;
}

static void history_keep(struct line *line)
{
    free(line->history[line->kind]);
    line->history[line->kind] = history_get_history_state();
}

static void history_add(struct line *line, const char *text)
{
    HIST_ENTRY *last = history_length ? history_get(history_base + history_length - 1) : NULL;
    if (!*text || (last && strcmp(last->line, text) == 0))
        return;
    add_history(text);
    char *path = line->history_path[line->kind];
    if (path && append_history(1, path) != 0) { /* the first time there is no file to append to */
        make_parents(path);
        write_history(path);
    }
}

void line_cancel(struct line *line)
{
    if (!line->open)
        return;
    rl_callback_sigcleanup(); /* leaves an incremental search */
    rl_replace_line("", 1);
    rl_callback_handler_remove();
    candidates_clear(line);
    history_keep(line);
    line->open = false;
}

static enum line_event line_end(struct line *line)
{
    line->open = false;
    if (line->eof) {
        history_keep(line);
        return LINE_CANCELLED;
    }
    history_add(line, buffer_text(&line->result));
    history_keep(line);
    return LINE_DONE;
}

enum line_event line_feed(struct line *line, const char *bytes, size_t length)
{
    if (!line->open)
        return LINE_NOTHING;
    current = line;
    candidates_clear(line);
    /* Erasing on an empty line leaves it, as in every pager and editor. */
    if (length == 1 && (bytes[0] == 0x7f || bytes[0] == 0x08) && !rl_end && !(rl_readline_state & RL_STATE_ISEARCH)) {
        line_cancel(line);
        return LINE_CANCELLED;
    }
    buffer_append(&line->queue, bytes, length);
    while (line->queue.length && !line->done)
        rl_callback_read_char();
    buffer_clear(&line->queue);
    if (line->done)
        return line_end(line);
    if (line->candidate_count)
        return LINE_CANDIDATES;
    if (strcmp(buffer_text(&line->before), rl_line_buffer) == 0)
        return LINE_NOTHING;
    buffer_clear(&line->before);
    buffer_append_text(&line->before, rl_line_buffer);
    return LINE_CHANGED;
}

const char *line_text(const struct line *line)
{
    return line->open && rl_line_buffer ? rl_line_buffer : "";
}

size_t line_point(const struct line *line)
{
    return line->open ? (size_t)rl_point : 0;
}

const char *line_label(const struct line *line)
{
    if (line->open && (rl_readline_state & (RL_STATE_ISEARCH | RL_STATE_NSEARCH)) && rl_display_prompt)
        return rl_display_prompt;
    return line->kind == LINE_FILTER ? "/" : ":";
}

enum line_kind line_kind(const struct line *line)
{
    return line->kind;
}

const char *line_result(const struct line *line)
{
    return buffer_text(&line->result);
}

char *const *line_candidates(const struct line *line, size_t *count)
{
    *count = line->candidate_count;
    return line->candidates;
}
