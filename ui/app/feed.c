#include "app/feed.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "command/command.h"

#define RATE_DEFAULT ((msec)100)
#define ANSWER_LARGE 131072u
#define READ_APART 262144u /* bytes: what reads in half a millisecond is read at once, sooner than a thread would wake */
#define RETRY_AFTER ((msec)1000) /* a failed answer is asked for again after so long */

/* An answer that a thread reads. */
struct apart {
    uv_work_t work;
    struct feed_slot *slot;     /* NULL: nobody wants it any more */
    struct view_reader reader;
    struct client_answer answer;
    struct arena *arena;
    void *read;
    struct error error;
    char body[];
};

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
    struct apart *reading;    /* its answer came and is being read */
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
    feed_took *took;
    void *owner;
};

static void schedule(struct feed *feed);

static bool under_way(const struct feed_slot *slot)
{
    return slot->request || slot->reading;
}

/* Whatever is under way is not wanted any more. */
static void abandon(struct feed_slot *slot)
{
    if (slot->request)
        client_cancel(slot->request);
    if (slot->reading)
        slot->reading->slot = NULL;
    slot->request = NULL;
    slot->reading = NULL;
}

/* ---- large answers ---- */

static void read_apart(uv_work_t *work)
{
    struct apart *reading = work->data;
    reading->read = reading->reader.read(reading->reader.how, &reading->answer, reading->arena, &reading->error);
    if (reading->answer.length > ANSWER_LARGE)
        malloc_trim(0); /* the decoder's tree is many times the text, and gone by now */
}

static void was_read(uv_work_t *work, int status)
{
    struct apart *reading = work->data;
    struct feed_slot *slot = reading->slot;
    if (slot && status == 0) {
        struct feed *feed = slot->feed;
        bool asked = slot->asked;
        slot->reading = NULL;
        slot->asked = false;
        slot->heard = true;
        if (reading->read) {
            feed->took(feed->owner, slot->owner->view, slot->number, reading->arena, reading->read, asked);
            reading->arena = NULL;
        } else {
            reading->answer.error = &reading->error;
            feed->received(feed->owner, slot->owner->view, slot->number, &reading->answer, asked);
        }
        schedule(feed); /* the slot may be gone by now */
    }
    arena_free(&reading->arena);
    free(reading);
}

static bool begin_reading(struct feed_slot *slot, const struct client_answer *answer)
{
    struct view *view = slot->owner->view;
    struct view_reader reader = {0};
    if (answer->error || answer->length < READ_APART || !view->ops->reader || !(reader = view->ops->reader(view, slot->number)).read)
        return false;
    struct apart *reading = memory_new(sizeof *reading + answer->length + 1);
    memcpy(reading->body, answer->body, answer->length);
    reading->slot = slot;
    reading->reader = reader;
    reading->answer = *answer;
    reading->answer.body = reading->body;
    reading->arena = arena_new();
    reading->work.data = reading;
    if (uv_queue_work(slot->feed->timer->loop, &reading->work, read_apart, was_read) != 0) {
        arena_free(&reading->arena);
        free(reading);
        return false;
    }
    slot->reading = reading;
    return true;
}

static void answered(void *owner, const struct client_answer *answer)
{
    struct feed_slot *slot = owner;
    struct feed *feed = slot->feed;
    bool asked = slot->asked;
    slot->heard |= answer->more;
    if (answer->more) {
        slot->asked = false;
        feed->received(feed->owner, slot->owner->view, slot->number, answer, asked);
        return;
    }
    slot->request = NULL;
    if (begin_reading(slot, answer)) {
        slot->failed = false;
        return;
    }
    slot->asked = false;
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
    abandon(slot);
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
            if (!slot->used || !slot->old || under_way(slot))
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

struct feed *feed_new(uv_loop_t *loop, struct client *client, feed_received *received, feed_took *took, void *owner)
{
    struct feed *feed = memory_new(sizeof *feed);
    feed->client = client;
    feed->received = received;
    feed->took = took;
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
    abandon(slot);
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
        abandon(slot);
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
            abandon(slot);
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
        if (entry->slots[i].used && !entry->slots[i].heard && (under_way(&entry->slots[i]) || (entry->slots[i].old && entry->shown)))
            return true;
    return false;
}

uint64_t feed_requests(const struct feed *feed)
{
    return feed->requests;
}
