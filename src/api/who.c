/* Who is at the other end, and what they may do. Names and groups come from the system's databases, which may ask a
 * directory over the network: off the loop, kept for a minute. */
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/private.h"
#include "base/memory.h"
#include "base/text.h"

#define PEOPLE_MAX 128
#define PERSON_AGE (60 * SPAN_SECOND)

struct person {
    uid_t uid;
    msec looked_up; /* steady */
    struct who who;
};

struct people {
    uv_loop_t *loop;
    struct person *person[PEOPLE_MAX];
    unsigned next;           /* overwritten next */
    struct lookup *lookups;
};

struct lookup {
    uv_work_t work;
    struct lookup *next, **link;
    struct people *people;   /* NULL: gone meanwhile */
    uid_t uid;
    gid_t gid;
    struct who who;
    people_done *done;
    void *owner;
};

static bool grant_matches(const struct site_grant *grant, const struct who *who)
{
    if (strcmp(grant->who, "*") == 0 || strcmp(grant->who, who->name) == 0)
        return true;
    if (strncmp(grant->who, "group:", 6) != 0)
        return false;
    for (unsigned i = 0; i < who->group_count; i++)
        if (strcmp(grant->who + 6, who->groups[i]) == 0)
            return true;
    return false;
}

enum role who_role(const struct site *site, const struct who *who)
{
    enum role role = who->least;
    for (size_t i = 0; i < site->grant_count; i++)
        if (site->grants[i].role > role && grant_matches(&site->grants[i], who))
            role = site->grants[i].role;
    return role;
}

struct people *people_new(uv_loop_t *loop)
{
    struct people *people = memory_new(sizeof *people);
    people->loop = loop;
    return people;
}

void people_free(struct people **people)
{
    if (!*people)
        return;
    for (struct lookup *lookup = (*people)->lookups; lookup; lookup = lookup->next)
        lookup->people = NULL;
    for (unsigned i = 0; i < PEOPLE_MAX; i++)
        free((*people)->person[i]);
    free(*people);
    *people = NULL;
}

static void add_group(struct who *who, gid_t gid)
{
    char bytes[16384];
    struct group entry, *found = NULL;
    char *name = who->groups[who->group_count++];
    if (getgrgid_r(gid, &entry, bytes, sizeof bytes, &found) == 0 && found)
        snprintf(name, sizeof who->groups[0], "%s", found->gr_name);
    else
        snprintf(name, sizeof who->groups[0], "%u", (unsigned)gid);
}

static void look_up(uv_work_t *work)
{
    struct lookup *lookup = (struct lookup *)work;
    struct who *who = &lookup->who;
    char bytes[16384];
    struct passwd entry, *found = NULL;
    gid_t groups[WHO_GROUPS];
    int count = WHO_GROUPS;
    if (getpwuid_r(lookup->uid, &entry, bytes, sizeof bytes, &found) != 0 || !found) {
        snprintf(who->name, sizeof who->name, "user:%u", (unsigned)lookup->uid);
        add_group(who, lookup->gid);
    } else {
        snprintf(who->name, sizeof who->name, "user:%s", found->pw_name);
        getgrouplist(found->pw_name, found->pw_gid, groups, &count); /* of more than fit, the first */
        for (int i = 0; i < count && i < WHO_GROUPS; i++)
            add_group(who, groups[i]);
    }
    /* Whoever runs the daemon could as well edit its files. */
    who->least = lookup->uid == geteuid() ? ROLE_ADMIN : ROLE_NONE;
}

static void looked_up(uv_work_t *work, int status)
{
    (void)status;
    struct lookup *lookup = (struct lookup *)work;
    struct people *people = lookup->people;
    if (people) {
        *lookup->link = lookup->next;
        if (lookup->next)
            lookup->next->link = lookup->link;
        struct person **slot = &people->person[people->next++ % PEOPLE_MAX];
        free(*slot);
        *slot = memory_new(sizeof **slot);
        **slot = (struct person){.uid = lookup->uid, .looked_up = clock_steady(), .who = lookup->who};
    }
    lookup->done(lookup->owner, &lookup->who);
    free(lookup);
}

const struct who *people_find(struct people *people, uid_t uid, gid_t gid, people_done *done, void *owner)
{
    msec now = clock_steady();
    for (unsigned i = 0; i < PEOPLE_MAX; i++) {
        struct person *person = people->person[i];
        if (person && person->uid == uid && now - person->looked_up < PERSON_AGE)
            return &person->who;
    }
    struct lookup *lookup = memory_new(sizeof *lookup);
    *lookup = (struct lookup){.people = people, .uid = uid, .gid = gid, .done = done, .owner = owner};
    lookup->next = people->lookups;
    lookup->link = &people->lookups;
    if (lookup->next)
        lookup->next->link = &lookup->next;
    people->lookups = lookup;
    uv_queue_work(people->loop, &lookup->work, look_up, looked_up);
    return NULL;
}
