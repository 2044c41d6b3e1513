/* Our silences in Alertmanager, in one round of asking: what is to be made there, what is to end. A silence whose filter
 * its matchers can say is one silence there; what of it that one does not hold, and all others, alert by alert.
 *
 * Nothing of ours is remembered between two rounds but what was refused: what was pushed is known by its creator and its
 * comment ("S-0003 ..", "S-0003/one .." for a single alert), so that restarts of either side make nothing twice. */
#ifndef COLLECT_ALERTMANAGER_COVER_H
#define COLLECT_ALERTMANAGER_COVER_H

#include "collect/alertmanager.h"

struct cover;
struct cover_change { const char *id, *body; }; /* body NULL: end `id` */

/* All outlive it. `signature`: the creator's name of what we push. */
struct cover *cover_new(struct source *source, const struct alertmanager_settings *settings, const char *signature);
void cover_free(struct cover **cover);

/* A round: begin with what there is, show every alert listed, end; then the changes one after the other, each answered. */
void cover_begin(struct cover *cover, struct alertmanager_silences *there);
void cover_alert(struct cover *cover, const struct alertmanager_alert *alert, struct json_object *object);
void cover_end(struct cover *cover);
bool cover_change(struct cover *cover, struct cover_change *change); /* the one to make now; false: none is left */
void cover_answered(struct cover *cover, long status, const char *what);
/* What became of each, to the desk; the round is over. Returns how many silences of ours there are, `refusal` of those refused. */
unsigned cover_tell(struct cover *cover, unsigned *failed, char refusal[120]);
void cover_drop(struct cover *cover);                                /* the round failed */

/* End a silence that was made there, in the next round. */
void cover_want_end(struct cover *cover, const char *id);

#endif
