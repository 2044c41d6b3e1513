/* Alerts that other systems raised, on their way to the alert desk. A source that brings them reports each by a key that
 * stays the same from report to report; what to make of it is the engine's, which implements the sink.
 *
 * Texts are as they came: the engine cleans and cuts them. All calls happen on the loop's thread. */
#ifndef COLLECT_ALARM_H
#define COLLECT_ALARM_H

#include "base/json.h"
#include "collect/collector.h"
#include "model/alert.h"

struct alarm {
    const char *key;         /* of its own within the source; never empty */
    bool active;             /* or back to normal: then only the key, the rule and the time count */
    const char *rule;        /* the other system's name of it */
    const char *name;        /* for people; NULL: the rule */
    const char *type;        /* R020: communication, environmental, ... */
    const char *summary, *runbook;
    const char *place;       /* where, for people, when the ledger does not know the asset */
    const char *labels;      /* in the form of model/labels.h; NULL: none */
    uint32_t asset;          /* SINK_NONE: none of the ledger's */
    enum severity severity;
    bool has_value;
    double value;
    msec time;               /* when the other system last said so; CLOCK_NEVER: now */
    msec asked;              /* of a list: when it was asked for (wall), so that an end told meanwhile holds; else 0 */
    bool knows_held;         /* `held` is given */
    const char *held;        /* why the other system keeps it back (a silence of its own, an inhibition); NULL: it does not */
};

/* What of ours keeps an alarm quiet: a silence ("S-0003"), a person who shelved the alert (its id) or, marked as such, one
 * who acknowledged it (its id and "/ack"). */
struct alarm_silence {
    char id[32];
    const char *why, *by;
    msec ends;               /* CLOCK_NEVER: not known */
    bool acknowledged;
    const struct filter *filter; /* of a silence; NULL: of what a person did to one alert */
};

/* A silence that was made in the other system. */
struct alarm_there {
    const char *id, *what, *why, *by; /* what: in its own words */
    msec starts, ends;
    bool active;
    unsigned alerts;         /* that it keeps back */
};

/* How a silence of a filter would reach the other system. */
struct alarm_reach {
    bool none;               /* it means nothing of this source */
    bool unsure;             /* it is of rules only: whole where an alert of the source is among what it covers */
    bool whole;              /* as one silence, `what` in its words: what comes later is silenced there, too */
    struct buffer what;
    char why[160];           /* not whole: what of it cannot be said there, so that it goes alert by alert */
};

struct alarm_ops {
    /* The ledger's asset of this id, name or address (a port, a scheme and a path around a host are left out); SINK_NONE
     * when there is none, or more than one. Never discovers. */
    uint32_t (*find)(void *owner, const char *text);
    const char *(*asset_id)(void *owner, uint32_t asset);
    void (*report)(void *owner, struct source *source, const struct alarm *alarm);
    /* For a source that is told everything there is: between the two calls it reports all of it. Then, with `clear`, what
     * the desk still holds of this source and was not among them clears, `why` in its timeline. Returns how many are missing. */
    void (*list_begin)(void *owner, struct source *source);
    unsigned (*list_end)(void *owner, struct source *source, bool clear, const char *why);
    /* Clears what was not reported for longer than `age`. */
    unsigned (*expire)(void *owner, struct source *source, msec age, const char *why);
    unsigned (*active)(void *owner, struct source *source); /* how many of this source the desk holds */
    /* Our silences in force over an alarm; returns how many were written. Valid until the next call. */
    unsigned (*silences)(void *owner, struct source *source, const char *key, struct alarm_silence *silences, unsigned max);
    bool (*silence_active)(void *owner, const char *id);
    /* The silences in force, 0..; false past the end. Valid until the next call. */
    bool (*silence_at)(void *owner, unsigned index, struct alarm_silence *silence);
    /* A person ended ours in the other system: it ends here, too. */
    void (*silence_ended)(void *owner, struct source *source, const char *id);
    void (*silences_there)(void *owner, struct source *source, const struct alarm_there *rows, unsigned count); /* all of them */
    uint64_t (*silences_mark)(void *owner, struct source *source);  /* differs whenever the two may answer differently */
    /* What became of one of our silences in the other system, for people: "2 alerts", "refused: ..."; "" nothing. */
    void (*silence_told)(void *owner, struct source *source, const char *id, const char *what);
};

struct ingest_result;

/* Which words mean which severity. */
struct severity_words {
    struct { char *word; enum severity severity; } *word;
    unsigned count;
    enum severity otherwise;
};
/* A mapping of words to severities, before the usual ones ("page", "error", "High", "disaster", "1", ...). */
void severity_words_read(struct severity_words *words, const struct config_node *map, enum severity otherwise,
                         struct config_problems *problems);
void severity_words_release(struct severity_words *words);
/* NULL and unknown words: `otherwise`. */
enum severity severity_words_find(const struct severity_words *words, const char *word);

/* Count a pushed item that could not be used, and keep it as an example of the source; `source` NULL: a dry run. */
void alarm_reject(struct source *source, struct ingest_result *result, unsigned item, const char *sample, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
/* Clears by a timer what a source did not repeat for `age`; NULL with an age of 0. */
struct alarm_expiry;
struct alarm_expiry *alarm_expiry_new(struct source *source, msec age);
void alarm_expiry_free(struct alarm_expiry **expiry); /* its timer closes on the loop's next turn */

/* What an alarm would become, as JSON. */
void alarm_write(struct json_writer *writer, const struct source *source, const struct alarm *alarm);

#endif
