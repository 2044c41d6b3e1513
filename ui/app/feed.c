#include "app/feed.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "command/command.h"

#define RATE_DEFAULT ((msec)100)
#define ANSWER_LARGE 131072u
#define RETRY_AFTER ((msec)1000) /* a failed answer is asked for again after so long */

struct feed_slot {
    struct feed *feed;
    struct feed_view *owner;
    unsigned number;
    bool used;
    struct buffer path;
    const char *refresh;
    msec every;                 /* least time between fetches */
    msec fetched;               /* steady, when last asked; CLOCK_NEVER */
    msec not_before;            /* steady: the path changed and has yet to stand */
    bool old, failed;
    bool lines;                 /* an answer without end */
    bool heard;                 /* an answer to this path came, or a piece of it; events may have made it old since */
    bool asked;                 /* the request under way is for a path that a person's key changed */
    struct client_request *request;
};

struct feed_view {
    struct feed_view *next;
    struct view *view;
    bool shown;
    struct feed_slot slots[VIEW_SLOTS];
};

struct feed {
    struct client *client;
    uv_timer_t *timer;
    struct feed_view *views;
    struct view_wants wants;    /* scratch, its buffers kept */
    msec at;
    bool follows;
    uint64_t requests;
    feed_received *received;
    void *owner;
};

static void schedule(struct feed *feed);

static void answered(void *owner, const struct client_answer *answer)
{
    struct feed_slot *slot = owner;
    struct feed *feed = slot->feed;
    bool asked = slot->asked;
    slot->asked = false;
    slot->heard |= answer->more;
    if (answer->more) {
        feed->received(feed->owner, slot->owner->view, slot->number, answer, asked);
        return;
    }
    slot->request = NULL;
    slot->failed = answer->error && answer->status != 400 && answer->status != 404 && answer->status != 422;
    slot->failed |= slot->lines && feed->follows && !answer->error; /* it should not have ended */
    if (slot->failed)
        slot->old = true;
    else
        slot->heard = true;
    feed->received(feed->owner, slot->owner->view, slot->number, answer, asked);
    if (answer->length > ANSWER_LARGE)
        malloc_trim(0); /* the decoder's tree is many times the text, and gone by now */
    schedule(feed); /* the slot may be gone by now: only the feed is touched */
}

/* Resources that can be shown as they were; series and histories are asked for by their own `to`. */
static bool takes_at(const char *path)
{
    static const char *const whole[] = {"/servers", "/applications"}; /* the list and each one's page */
    if (strncmp(path, "/board", 6) == 0 || strncmp(path, "/alerts?", 8) == 0 || strncmp(path, "/overview", 9) == 0)
        return true;
    size_t length = strcspn(path, "?");
    const char *last = memrchr(path, '/', length);
    for (size_t i = 0; i < ARRAY_COUNT(whole); i++) {
        size_t front = strlen(whole[i]);
        if (strncmp(path, whole[i], front) == 0 && (last == path || last == path + front))
            return true;
    }
    return strncmp(path, "/assets", 7) == 0 && strncmp(last, "/readings", 9) != 0 && strncmp(last, "/states", 7) != 0;
}

static void fetch(struct feed_slot *slot, msec now)
{
    struct feed *feed = slot->feed;
    if (slot->request)
        client_cancel(slot->request);
    slot->old = false;
    slot->failed = false;
    slot->fetched = now;
    feed->requests++;
    if (slot->lines && feed->follows) {
        struct buffer endless = BUFFER_INIT;
        client_path(&endless, buffer_text(&slot->path), "follow", "1", NULL);
        slot->request = client_follow(feed->client, buffer_text(&endless), answered, slot);
        buffer_release(&endless);
        return;
    }
    if (feed->at == CLOCK_NEVER || !takes_at(buffer_text(&slot->path))) {
        slot->request = client_get(feed->client, buffer_text(&slot->path), answered, slot);
        return;
    }
    struct buffer path = BUFFER_INIT;
    char text[INSTANT_TEXT];
    client_path(&path, buffer_text(&slot->path), "at", instant_format(text, feed->at), NULL);
    slot->request = client_get(feed->client, buffer_text(&path), answered, slot);
    buffer_release(&path);
}

static void timer_due(uv_timer_t *timer)
{
    schedule(timer->data);
}

/* Fetch what is due; set the timer for what will be. */
static void schedule(struct feed *feed)
{
    msec now = clock_steady(), next = CLOCK_NEVER;
    for (struct feed_view *view = feed->views; view; view = view->next) {
        for (unsigned i = 0; view->shown && i < VIEW_SLOTS; i++) {
            struct feed_slot *slot = &view->slots[i];
            if (!slot->used || !slot->old || slot->request)
                continue;
            msec wait = slot->failed ? RETRY_AFTER : slot->every;
            msec due = slot->fetched == CLOCK_NEVER ? now : slot->fetched + wait;
            if (due < slot->not_before)
                due = slot->not_before;
            if (due <= now)
                fetch(slot, now);
            else if (next == CLOCK_NEVER || due < next)
                next = due;
        }
    }
    if (next == CLOCK_NEVER)
        uv_timer_stop(feed->timer);
    else
        uv_timer_start(feed->timer, timer_due, (uint64_t)(next - now), 0);
}

struct feed *feed_new(uv_loop_t *loop, struct client *client, feed_received *received, void *owner)
{
    struct feed *feed = memory_new(sizeof *feed);
    feed->client = client;
    feed->received = received;
    feed->owner = owner;
    feed->at = CLOCK_NEVER;
    feed->timer = memory_new(sizeof *feed->timer);
    uv_timer_init(loop, feed->timer);
    feed->timer->data = feed;
    return feed;
}

static void timer_closed(uv_handle_t *handle)
{
    free(handle);
}

static void slot_clear(struct feed_slot *slot)
{
    if (slot->request)
        client_cancel(slot->request);
    slot->request = NULL;
    slot->used = false;
    buffer_clear(&slot->path);
}

static void view_release(struct feed_view *entry)
{
    for (unsigned i = 0; i < VIEW_SLOTS; i++) {
        slot_clear(&entry->slots[i]);
        buffer_release(&entry->slots[i].path);
    }
    free(entry);
}

void feed_free(struct feed **pointer)
{
    struct feed *feed = *pointer;
    if (!feed)
        return;
    *pointer = NULL;
    while (feed->views) {
        struct feed_view *entry = feed->views;
        feed->views = entry->next;
        view_release(entry);
    }
    for (unsigned i = 0; i < VIEW_SLOTS; i++)
        buffer_release(&feed->wants.want[i].path);
    uv_close((uv_handle_t *)feed->timer, timer_closed);
    free(feed);
}

static struct feed_view *find(const struct feed *feed, const struct view *view)
{
    struct feed_view *entry = feed->views;
    while (entry && entry->view != view)
        entry = entry->next;
    return entry;
}

static struct feed_view *find_or_add(struct feed *feed, struct view *view)
{
    struct feed_view *entry = find(feed, view);
    if (entry)
        return entry;
    entry = memory_new(sizeof *entry);
    entry->view = view;
    entry->shown = true;
    for (unsigned i = 0; i < VIEW_SLOTS; i++) {
        entry->slots[i].feed = feed;
        entry->slots[i].owner = entry;
        entry->slots[i].number = i;
    }
    entry->next = feed->views;
    feed->views = entry;
    return entry;
}

void feed_update(struct feed *feed, struct view *view)
{
    struct feed_view *entry = find_or_add(feed, view);
    bool wanted[VIEW_SLOTS] = {false};
    msec now = clock_steady();
    bool waiting = false;
    feed->wants.count = 0;
    view->ops->wants(view, &feed->wants);
    for (unsigned i = 0; i < feed->wants.count; i++) {
        struct view_want *want = &feed->wants.want[i];
        struct feed_slot *slot = &entry->slots[want->slot];
        if (!want->path.length)
            continue;
        wanted[want->slot] = true;
        slot->refresh = want->refresh;
        slot->every = want->at_most_every ? want->at_most_every : RATE_DEFAULT;
        slot->lines = want->lines;
        if (slot->used && strcmp(buffer_text(&slot->path), buffer_text(&want->path)) == 0)
            continue;
        bool wait = slot->used && want->rest;
        slot->used = true;
        buffer_clear(&slot->path);
        buffer_append_text(&slot->path, buffer_text(&want->path));
        slot->heard = false;
        slot->not_before = wait ? now + want->rest : now;
        if (entry->shown && !wait) {
            fetch(slot, now); /* a stale answer on its way is dropped */
            slot->asked = true;
            continue;
        }
        if (slot->request)
            client_cancel(slot->request);
        slot->request = NULL;
        slot->old = true;
        slot->fetched = CLOCK_NEVER;
        waiting = true;
    }
    for (unsigned i = 0; i < VIEW_SLOTS; i++)
        if (!wanted[i] && entry->slots[i].used)
            slot_clear(&entry->slots[i]);
    if (waiting)
        schedule(feed);
}

void feed_forget(struct feed *feed, const struct view *view)
{
    for (struct feed_view **link = &feed->views; *link; link = &(*link)->next)
        if ((*link)->view == view) {
            struct feed_view *entry = *link;
            *link = entry->next;
            view_release(entry);
            return;
        }
}

void feed_show(struct feed *feed, const struct view *view, bool shown)
{
    struct feed_view *entry = find(feed, view);
    if (entry && entry->shown != shown) {
        entry->shown = shown;
        schedule(feed);
    }
}

void feed_event(struct feed *feed, const char *kind)
{
    if (feed->at != CLOCK_NEVER)
        return; /* the past does not change */
    for (struct feed_view *entry = feed->views; entry; entry = entry->next)
        for (unsigned i = 0; i < VIEW_SLOTS; i++)
            if (entry->slots[i].used && command_word_in(entry->slots[i].refresh, kind))
                entry->slots[i].old = true;
    schedule(feed);
}

void feed_restart(struct feed *feed)
{
    for (struct feed_view *entry = feed->views; entry; entry = entry->next)
        for (unsigned i = 0; i < VIEW_SLOTS; i++) {
            struct feed_slot *slot = &entry->slots[i];
            if (!slot->used)
                continue;
            if (slot->request)
                client_cancel(slot->request);
            slot->request = NULL;
            slot->old = true;
            slot->failed = slot->heard = false;
            slot->fetched = CLOCK_NEVER;
        }
    schedule(feed);
}

void feed_set_at(struct feed *feed, msec at)
{
    feed->at = at;
}

void feed_follow(struct feed *feed, bool follows)
{
    feed->follows = follows;
}

bool feed_waiting(const struct feed *feed, const struct view *view)
{
    const struct feed_view *entry = find(feed, view);
    for (unsigned i = 0; entry && i < VIEW_SLOTS; i++)
        if (entry->slots[i].used && !entry->slots[i].heard && (entry->slots[i].request || (entry->slots[i].old && entry->shown)))
            return true;
    return false;
}

uint64_t feed_requests(const struct feed *feed)
{
    return feed->requests;
}
