/* A form: labelled fields with the message beside the field that is wrong. The form edits text; what it means is
 * the owner's business through `check`. */
#ifndef WIDGET_FORM_H
#define WIDGET_FORM_H

#include <stdbool.h>
#include <stddef.h>

#include "term/key.h"
#include "term/surface.h"

enum form_kind { FORM_TEXT, FORM_SECRET, FORM_CHOICE, FORM_SWITCH };

struct form_field {
    const char *name;          /* stable */
    const char *label, *hint;  /* translated */
    enum form_kind kind;
    const char *value;         /* at first; FORM_SWITCH "yes" or "" */
    const char *const *choices; /* FORM_CHOICE: NULL-terminated */
    bool required;
    int columns;               /* width of the entry; 0: what there is */
};

/* Say what is wrong with a value: fill message (at most size bytes) and return false. Called as it is typed. */
typedef bool form_check(void *owner, const char *name, const char *value, char *message, size_t size);

struct form;
struct form *form_new(const struct form_field *fields, unsigned count, form_check *check, void *owner); /* copies */
void form_free(struct form **form);
void form_draw(struct form *form, struct surface *surface, struct rect area);
int form_rows(const struct form *form);

enum form_answer { FORM_IGNORED, FORM_CHANGED, FORM_SUBMIT, FORM_CANCEL };
/* Tab, arrows between fields; Enter goes on and submits from the last field; C-s submits; Esc cancels. A form with a
 * wrong field does not submit: it goes to that field. */
enum form_answer form_key(struct form *form, const struct key_event *key);
const char *form_value(const struct form *form, const char *name); /* "" when empty; NULL: no such field */
void form_set(struct form *form, const char *name, const char *value);
void form_complain(struct form *form, const char *name, const char *message); /* the daemon's own objection */
bool form_valid(struct form *form);

#endif
