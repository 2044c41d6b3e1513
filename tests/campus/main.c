/* campus: a simulated campus IoT fleet (contract 000) for demonstrations, live tests and benches. It is a world of
 * devices outside the product and shares no code with it. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "fleet.h"
#include "ledger.h"
#include "options.h"

static bool ledger_save(const struct options *options, const struct fleet *fleet)
{
    bool standard = strcmp(options->ledger, "-") == 0;
    FILE *out = standard ? stdout : fopen(options->ledger, "w");
    bool done = out && ledger_write(fleet, options->speed, out);
    if (out && !standard && fclose(out) != 0)
        done = false;
    if (!done)
        fprintf(stderr, "campus: cannot write the ledger %s: %s\n", options->ledger, strerror(errno));
    return done;
}

int main(int count, char **arguments)
{
    struct options options;
    struct fleet fleet;
    int status;
    if (!options_parse(&options, count, arguments, &status))
        return status;
    fleet_init(&fleet, options.seed, options.size);
    status = options.ledger && !ledger_save(&options, &fleet) ? 1 : 0;
    fleet_release(&fleet);
    return status;
}
