/* `notify:` of the configuration: its keys, and the plan that they make. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "engine/notify_private.h"

#define MATCH_FRESH SPAN_SECOND /* ages in a filter are this exact */

static const struct config_key person_keys[] = {
    {.name = "name", .type = CONFIG_TEXT, .required = true, .help = "as in steps and teams"},
    {.name = "contacts", .type = CONFIG_MAP, .required = true, .help = "channel: address, such as {mail: wang@example.org, sms: \"13800000000\"}"},
    {.name = NULL},
};
static const struct config_key team_keys[] = {
    {.name = "name", .type = CONFIG_TEXT, .required = true, .help = "as in steps"},
    {.name = "members", .type = CONFIG_TEXT_LIST, .required = true, .help = "people"},
    {.name = NULL},
};
static const struct config_key step_keys[] = {
    {.name = "notify", .type = CONFIG_TEXT_LIST, .help = "whom: a person, team:NAME, channel:NAME, or `shift`: who is on duty by `shifts:`"},
    {.name = "by", .type = CONFIG_TEXT_LIST, .help = "channels (default: every contact of the person)"},
    {.name = "hours", .type = CONFIG_TEXT_LIST, .help = "with notify: only then, local time, such as `mon-fri 08:00-18:00`"},
    {.name = "wait", .type = CONFIG_SPAN, .minimum = 1000, .maximum = 30.0 * SPAN_DAY, .help = "time unacknowledged and unsuppressed before the next step"},
    {.name = "repeat", .type = CONFIG_INTEGER, .minimum = 1, .maximum = 1000, .help = "from the first step again, so many times"},
    {.name = NULL},
};
static const struct config_key chain_keys[] = {
    {.name = "name", .type = CONFIG_TEXT, .required = true, .help = "as in routes"},
    {.name = "steps", .type = CONFIG_LIST, .keys = step_keys, .required = true, .help = "in order; each is notify, wait or repeat"},
    {.name = "fallback", .type = CONFIG_TEXT_LIST, .help = "whom `shift` means while nobody is on duty; needed where a step says `shift`"},
    {.name = NULL},
};
static const struct config_key route_keys[] = {
    {.name = "filter", .type = CONFIG_FILTER, .check = filter_check, .help = "which alerts: severity, type, place, unit, ... (default: all)"},
    {.name = "chain", .type = CONFIG_TEXT, .required = true, .help = "the chain that tells of them"},
    {.name = "continue", .type = CONFIG_BOOL, .help = "later routes may match too (default no: the first one decides)"},
    {.name = NULL},
};
static const struct config_key quiet_keys[] = {
    {.name = "name", .type = CONFIG_TEXT, .required = true, .help = "shown with what is held"},
    {.name = "hours", .type = CONFIG_TEXT_LIST, .required = true, .help = "such as 22:00-07:00, local time"},
    {.name = "filter", .type = CONFIG_FILTER, .check = filter_check, .required = true, .help = "what is held until they end, such as severity:info,warning"},
    {.name = NULL},
};
static const struct config_key batch_keys[] = {
    {.name = "gather", .type = CONFIG_SPAN, .minimum = 100, .maximum = 600000, .help = "what comes within is looked at together (default 3s)"},
    {.name = "storm", .type = CONFIG_INTEGER, .minimum = 2, .maximum = 100000, .help = "so many for one address are one message with counts (default 5)"},
    {.name = "window", .type = CONFIG_SPAN, .minimum = 1000, .maximum = 24.0 * SPAN_HOUR, .help = "a storm that goes on is told of so often (default 1m)"},
    {.name = NULL},
};
const struct config_key notify_keys[] = {
    {.name = "channels", .type = CONFIG_ANY, .help = "list of ways to reach people, each with name: and type:"},
    {.name = "people", .type = CONFIG_LIST, .keys = person_keys, .help = "who can be told"},
    {.name = "teams", .type = CONFIG_LIST, .keys = team_keys, .help = "several people under one name"},
    {.name = "chains", .type = CONFIG_LIST, .keys = chain_keys, .help = "escalation: whom first, how long to wait, whom then"},
    {.name = "routes", .type = CONFIG_LIST, .keys = route_keys, .help = "which alerts take which chain; the first that matches"},
    {.name = "quiet", .type = CONFIG_LIST, .keys = quiet_keys, .help = "quiet hours: what is held until they end"},
    {.name = "batch", .type = CONFIG_MAP, .keys = batch_keys, .help = "how a storm becomes one message"},
    {.name = NULL},
};

const struct config_key channel_keys[] = {
    {.name = "name", .type = CONFIG_TEXT, .required = true, .help = "short, as in steps and contacts"},
    {.name = "type", .type = CONFIG_TEXT, .required = true, .help = "mail, wecom, dingtalk, feishu, webhook, sms, voice or command"},
    {.name = "to", .type = CONFIG_TEXT, .help = "address for channel:NAME"},
    {.name = "rate", .type = CONFIG_NUMBER, .minimum = 0.1, .maximum = 60000, .help = "messages a minute (default 60; robots 20)"},
    {.name = "parallel", .type = CONFIG_INTEGER, .minimum = 1, .maximum = 64, .help = "at once (default 2)"},
    {.name = "timeout", .type = CONFIG_SPAN, .minimum = 100, .maximum = 600000, .help = "of one attempt (default 10s)"},
    {.name = "give_up", .type = CONFIG_SPAN, .minimum = 1000, .maximum = 7.0 * SPAN_DAY, .help = "a message is tried again for so long (default 1h)"},
    {.name = "queue", .type = CONFIG_INTEGER, .minimum = 1, .maximum = 100000, .help = "messages waiting; beyond, alerts are gathered into one (default 200)"},
    {.name = NULL},
};
#define COMMON_KEYS (ARRAY_COUNT(channel_keys) - 1)

/* ---- small helpers ---- */

static size_t list_count(const struct config_node *node)
{
    return !node ? 0 : config_is_list(node) ? config_count(node) : 1;
}

static const struct config_node *list_at(const struct config_node *node, size_t index)
{
    return config_is_list(node) ? config_at(node, index) : node;
}

static char **read_texts(const struct config_node *node, unsigned *count)
{
    *count = (unsigned)list_count(node);
    char **texts = memory_new_array(*count + 1, sizeof *texts);
    for (unsigned i = 0; i < *count; i++)
        texts[i] = memory_text(config_scalar(list_at(node, i)) ? config_scalar(list_at(node, i)) : "");
    return texts;
}

/* ---- channels ---- */

static void unknown_type(const struct config_node *node, struct config_problems *problems)
{
    struct buffer known = BUFFER_INIT;
    for (const struct channel_ops *const *ops = channel_ops_all; *ops; ops++)
        buffer_printf(&known, "%s%s", known.length ? ", " : "", (*ops)->type);
    config_problem(problems, node, "expected one of %s; got `%s`", buffer_text(&known), config_scalar(node));
    buffer_release(&known);
}

static bool check_channel(const struct config_node *node, const struct channel_ops *ops, struct config_problems *problems)
{
    size_t count = 0;
    while (ops->keys && ops->keys[count].name)
        count++;
    struct config_key *all = memory_new_array(COMMON_KEYS + count + 1, sizeof *all);
    memcpy(all, channel_keys, COMMON_KEYS * sizeof *all);
    if (count)
        memcpy(all + COMMON_KEYS, ops->keys, count * sizeof *all);
    bool good = config_check(node, all, problems);
    free(all);
    return good;
}

static void read_channel(struct notify_plan *plan, const struct config_node *node, struct config_problems *problems)
{
    const struct config_node *type = config_is_map(node) ? config_get(node, "type") : NULL;
    if (!type || !config_scalar(type)) {
        config_problem(problems, node, "expected a mapping with name: and type:, such as {name: duty, type: wecom, url: ...}");
        return;
    }
    const struct channel_ops *ops = channel_ops_find(config_scalar(type));
    if (!ops) {
        unknown_type(type, problems);
        return;
    }
    if (!check_channel(node, ops, problems))
        return;
    const char *name = config_text(node, "name", "");
    if (plan_channel(plan, name)) {
        config_problem(problems, config_get(node, "name"), "there is a channel `%s` already", name);
        return;
    }
    struct channel *channel = &plan->channels[plan->channel_count++];
    bool robot = strcmp(ops->type, "wecom") == 0 || strcmp(ops->type, "dingtalk") == 0;
    *channel = (struct channel){
        .name = memory_text(name), .ops = ops, .to = memory_text(config_text(node, "to", "")),
        .rate = config_number(node, "rate", robot ? 20 : 60), /* both refuse more than 20 a minute */
        .parallel = (unsigned)config_integer(node, "parallel", 2),
        .queue = (unsigned)config_integer(node, "queue", 200),
        .timeout = config_span(node, "timeout", 10 * SPAN_SECOND),
        .give_up = config_span(node, "give_up", SPAN_HOUR),
    };
    transfer_way_read(&channel->way, node, &channel->secrets, problems);
    ops->read(channel, node, problems);
}

static void read_channels(struct notify_plan *plan, const struct config_node *list, struct config_problems *problems)
{
    if (list && !config_is_list(list))
        config_problem(problems, list, "expected a list, each with name: and type:");
    size_t count = list && config_is_list(list) ? config_count(list) : 0;
    plan->channels = memory_new_array(count + 1, sizeof *plan->channels);
    for (size_t i = 0; i < count; i++)
        read_channel(plan, config_at(list, i), problems);
}

/* ---- people, teams, chains ---- */

static void read_people(struct notify_plan *plan, const struct config_node *list, struct config_problems *problems)
{
    plan->people = memory_new_array(config_count(list) + 1, sizeof *plan->people);
    for (size_t i = 0; i < config_count(list); i++) {
        const struct config_node *node = config_at(list, i), *contacts = config_get(node, "contacts");
        const char *name = config_text(node, "name", "");
        if (plan_person(plan, name))
            config_problem(problems, node, "there is a person `%s` already", name);
        struct notify_person *person = &plan->people[plan->person_count++];
        person->name = memory_text(name);
        person->contacts = memory_new_array(config_count(contacts) + 1, sizeof *person->contacts);
        for (size_t j = 0; j < config_count(contacts); j++) {
            const char *channel = config_key_at(contacts, j), *address = config_scalar(config_at(contacts, j));
            if (!plan_channel(plan, channel))
                config_problem(problems, config_at(contacts, j), "no channel is named `%s`", channel);
            else if (!address)
                config_problem(problems, config_at(contacts, j), "expected an address");
            else
                person->contacts[person->contact_count++] =
                    (struct notify_contact){memory_text(channel), memory_text(address)};
        }
    }
}

static void read_teams(struct notify_plan *plan, const struct config_node *list, struct config_problems *problems)
{
    plan->teams = memory_new_array(config_count(list) + 1, sizeof *plan->teams);
    for (size_t i = 0; i < config_count(list); i++) {
        const struct config_node *node = config_at(list, i);
        struct notify_team *team = &plan->teams[plan->team_count++];
        team->name = memory_text(config_text(node, "name", ""));
        team->members = read_texts(config_get(node, "members"), &team->member_count);
        for (unsigned j = 0; j < team->member_count; j++)
            if (!plan_person(plan, team->members[j]))
                config_problem(problems, list_at(config_get(node, "members"), j), "nobody in people is named `%s`", team->members[j]);
    }
}

static void check_who(const struct notify_plan *plan, const struct config_node *node, const char *who, struct config_problems *problems)
{
    if (strncmp(who, "team:", 5) == 0) {
        if (!plan_team(plan, who + 5))
            config_problem(problems, node, "no team is named `%s`", who + 5);
    } else if (strncmp(who, "channel:", 8) == 0) {
        const struct channel *channel = plan_channel(plan, who + 8);
        if (!channel)
            config_problem(problems, node, "no channel is named `%s`", who + 8);
        else if (channel->ops->wants_address && !channel->to[0])
            config_problem(problems, node, "channel `%s` has no address of its own: give it `to`, such as %s", who + 8, channel->ops->example);
    } else if (strcmp(who, "shift") != 0 && !plan_person(plan, who)) {
        config_problem(problems, node, "expected a person, team:NAME, channel:NAME or shift; nobody in people is named `%s`", who);
    }
}

static void read_step(const struct notify_plan *plan, struct notify_step *step, const struct config_node *node, struct config_problems *problems)
{
    const struct config_node *notify = config_get(node, "notify"), *wait = config_get(node, "wait"),
                             *repeat = config_get(node, "repeat"), *by = config_get(node, "by");
    if (!!notify + !!wait + !!repeat != 1)
        config_problem(problems, node, "expected one of notify, wait and repeat in a step");
    if (!notify && (by || config_get(node, "hours")))
        config_problem(problems, node, "by and hours belong to notify");
    step->kind = notify ? STEP_NOTIFY : wait ? STEP_WAIT : STEP_REPEAT;
    step->wait = config_span(node, "wait", 0);
    step->repeat = (unsigned)config_integer(node, "repeat", 0);
    step->who = read_texts(notify, &step->who_count);
    step->by = read_texts(by, &step->by_count);
    hours_read(&step->hours, config_get(node, "hours"), problems);
    for (unsigned i = 0; i < step->who_count; i++)
        check_who(plan, list_at(notify, i), step->who[i], problems);
    for (unsigned i = 0; i < step->by_count; i++)
        if (!plan_channel(plan, step->by[i]))
            config_problem(problems, list_at(by, i), "no channel is named `%s`", step->by[i]);
}

static void read_chains(struct notify_plan *plan, const struct config_node *list, struct config_problems *problems)
{
    plan->chains = memory_new_array(config_count(list) + 1, sizeof *plan->chains);
    for (size_t i = 0; i < config_count(list); i++) {
        const struct config_node *node = config_at(list, i), *steps = config_get(node, "steps");
        const char *name = config_text(node, "name", "");
        if (plan_chain(plan, name))
            config_problem(problems, node, "there is a chain `%s` already", name);
        struct notify_chain *chain = &plan->chains[plan->chain_count++];
        chain->name = memory_text(name);
        chain->steps = memory_new_array(config_count(steps) + 1, sizeof *chain->steps);
        chain->fallback = read_texts(config_get(node, "fallback"), &chain->fallback_count);
        for (unsigned j = 0; j < chain->fallback_count; j++)
            check_who(plan, list_at(config_get(node, "fallback"), j), chain->fallback[j], problems);
        bool waits = false;
        for (size_t j = 0; j < config_count(steps); j++) {
            struct notify_step *step = &chain->steps[chain->step_count++];
            read_step(plan, step, config_at(steps, j), problems);
            waits = waits || step->kind == STEP_WAIT;
            if (step->kind == STEP_REPEAT && !waits)
                config_problem(problems, config_at(steps, j), "repeat needs a wait before it");
            if (step->kind == STEP_REPEAT && j + 1 < config_count(steps))
                config_problem(problems, config_at(steps, j), "repeat is a chain's last step");
        }
    }
}

static void read_match(struct notify_match *match, const struct config_node *node)
{
    match->text = memory_text(config_text(node, "filter", ""));
    match->parsed = CLOCK_NEVER;
}

static void read_routes(struct notify_plan *plan, const struct config_node *list, struct config_problems *problems)
{
    plan->routes = memory_new_array(config_count(list) + 1, sizeof *plan->routes);
    for (size_t i = 0; i < config_count(list); i++) {
        const struct config_node *node = config_at(list, i);
        struct notify_route *route = &plan->routes[plan->route_count++];
        read_match(&route->match, node);
        route->chain = memory_text(config_text(node, "chain", ""));
        route->onward = config_bool(node, "continue", false);
        if (route->chain[0] && !plan_chain(plan, route->chain))
            config_problem(problems, config_get(node, "chain"), "no chain is named `%s`", route->chain);
    }
}

static void read_quiet(struct notify_plan *plan, const struct config_node *list, struct config_problems *problems)
{
    plan->quiets = memory_new_array(config_count(list) + 1, sizeof *plan->quiets);
    for (size_t i = 0; i < config_count(list); i++) {
        const struct config_node *node = config_at(list, i);
        struct notify_quiet *quiet = &plan->quiets[plan->quiet_count++];
        quiet->name = memory_text(config_text(node, "name", ""));
        read_match(&quiet->match, node);
        if (hours_read(&quiet->hours, config_get(node, "hours"), problems) && quiet->hours.count &&
            hours_end(&quiet->hours, clock_wall()) == CLOCK_NEVER)
            config_problem(problems, config_get(node, "hours"), "quiet hours must end at some time of the week");
    }
}

static bool says_shift(const struct notify_chain *chain)
{
    for (unsigned i = 0; i < chain->step_count; i++)
        for (unsigned j = 0; j < chain->steps[i].who_count; j++)
            if (strcmp(chain->steps[i].who[j], "shift") == 0)
                return true;
    return false;
}

/* Whom a chain's `shift` means, and whom when nobody is on duty, has to be known before the night. */
void notify_plan_shifts(struct notify_plan *plan, const struct config_node *shifts, const struct config_node *notify,
                        struct config_problems *problems)
{
    struct config_problems told_already;
    const struct config_node *chains = config_get(notify, "chains");
    bool used = false;
    config_problems_init(&told_already);
    roster_read(&plan->roster, shifts, &told_already);
    config_problems_release(&told_already);
    for (unsigned i = 0; i < plan->chain_count; i++) {
        if (!says_shift(&plan->chains[i]))
            continue;
        used = true;
        if (!plan->roster.count)
            config_problem(problems, config_at(chains, i), "a step says `shift`, but there are no shifts: give them under `shifts:`");
        if (!plan->chains[i].fallback_count)
            config_problem(problems, config_at(chains, i), "a step says `shift`: give the chain a fallback, for when nobody is on duty");
    }
    for (unsigned i = 0; used && i < plan->roster.count; i++) {
        char name[120];
        for (const char *at = plan->roster.shifts[i].people; (at = roster_next(at, name, sizeof name));)
            if (!plan_person(plan, name))
                config_problem(problems, config_at(shifts, i), "nobody in notify's people is named `%s`, and a chain tells the shift", name);
    }
}

struct notify_plan *notify_plan_read(const struct config_node *node, const char *site, const char *language,
                                     struct config_problems *problems)
{
    struct notify_plan *plan = memory_new(sizeof *plan);
    plan->holdings = 1;
    plan->site = memory_text(site ? site : "");
    plan->chinese = language && strncmp(language, "zh", 2) == 0;
    plan->book = plan->chinese ? phrasebook_new(language) : NULL;
    struct config_problems shape;
    config_problems_init(&shape);
    if (node && !config_check(node, notify_keys, &shape))
        node = NULL; /* named by who checked it; what else is wrong shows when that is right */
    config_problems_release(&shape);
    const struct config_node *batch = config_get(node, "batch");
    plan->gather = config_span(batch, "gather", 3 * SPAN_SECOND);
    plan->window = config_span(batch, "window", SPAN_MINUTE);
    plan->storm = (unsigned)config_integer(batch, "storm", 5);
    read_channels(plan, config_get(node, "channels"), problems);
    read_people(plan, config_get(node, "people"), problems);
    read_teams(plan, config_get(node, "teams"), problems);
    read_chains(plan, config_get(node, "chains"), problems);
    read_routes(plan, config_get(node, "routes"), problems);
    read_quiet(plan, config_get(node, "quiet"), problems);
    return plan;
}

struct notify_plan *notify_plan_hold(struct notify_plan *plan)
{
    plan->holdings++;
    return plan;
}

static void chain_release(struct notify_chain *chain)
{
    for (unsigned i = 0; i < chain->step_count; i++) {
        memory_free_texts(chain->steps[i].who, chain->steps[i].who_count);
        memory_free_texts(chain->steps[i].by, chain->steps[i].by_count);
    }
    memory_free_texts(chain->fallback, chain->fallback_count);
    free(chain->steps);
    free(chain->name);
}

static void channel_release(struct channel *channel)
{
    if (channel->settings)
        channel->ops->release(channel->settings);
    secrets_release(&channel->secrets);
    transfer_way_release(&channel->way);
    free(channel->name);
    free(channel->to);
}

static void person_release(struct notify_person *person)
{
    for (unsigned i = 0; i < person->contact_count; i++) {
        free(person->contacts[i].channel);
        free(person->contacts[i].address);
    }
    free(person->contacts);
    free(person->name);
}

static void match_release(struct notify_match *match)
{
    filter_free(&match->filter);
    free(match->text);
}

void notify_plan_free(struct notify_plan **owned)
{
    struct notify_plan *plan = *owned;
    *owned = NULL;
    if (!plan || --plan->holdings > 0)
        return;
    phrasebook_free(&plan->book);
    for (unsigned i = 0; i < plan->channel_count; i++)
        channel_release(&plan->channels[i]);
    for (unsigned i = 0; i < plan->person_count; i++)
        person_release(&plan->people[i]);
    for (unsigned i = 0; i < plan->team_count; i++) {
        memory_free_texts(plan->teams[i].members, plan->teams[i].member_count);
        free(plan->teams[i].name);
    }
    roster_release(&plan->roster);
    for (unsigned i = 0; i < plan->chain_count; i++)
        chain_release(&plan->chains[i]);
    for (unsigned i = 0; i < plan->route_count; i++) {
        match_release(&plan->routes[i].match);
        free(plan->routes[i].chain);
    }
    for (unsigned i = 0; i < plan->quiet_count; i++) {
        match_release(&plan->quiets[i].match);
        free(plan->quiets[i].name);
    }
    free(plan->channels);
    free(plan->people);
    free(plan->teams);
    free(plan->chains);
    free(plan->routes);
    free(plan->quiets);
    free(plan->site);
    free(plan);
}

/* ---- looking things up ---- */

bool notify_matches(struct notify_match *match, const struct notify_alert *alert)
{
    msec now = clock_wall();
    if (!match->filter || now - match->parsed > MATCH_FRESH || now < match->parsed) {
        filter_free(&match->filter);
        match->filter = filter_parse(match->text, FILTER_STRICT, now, NULL);
        match->parsed = now;
    }
    return match->filter && filter_match(match->filter, alert->ops, alert->subject);
}

#define FIND(function, type, rows, count)                                          \
    const struct type *function(const struct notify_plan *plan, const char *name)  \
    {                                                                              \
        for (unsigned i = 0; i < plan->count; i++)                                 \
            if (strcmp(plan->rows[i].name, name) == 0)                             \
                return &plan->rows[i];                                             \
        return NULL;                                                               \
    }
FIND(plan_channel, channel, channels, channel_count)
FIND(plan_chain, notify_chain, chains, chain_count)
FIND(plan_person, notify_person, people, person_count)
FIND(plan_team, notify_team, teams, team_count)
#undef FIND

const struct channel_ops *const channel_ops_all[] = {
#define CHANNEL(ops) &ops,
#include "engine/channels.def"
#undef CHANNEL
    NULL,
};

const struct channel_ops *channel_ops_find(const char *type)
{
    for (const struct channel_ops *const *ops = channel_ops_all; *ops; ops++)
        if (strcmp((*ops)->type, type) == 0)
            return *ops;
    return NULL;
}
