/* libevent: level-triggered, on epoll, with its defaults. */
#include <event2/event.h>
#include <event2/thread.h>
#include <pthread.h>

#include "c_loop.h"

struct loop {
    struct event_base *base;
    struct event *watchdog, *timer, *waker;
    ready_function *ready;
    void *context;
    size_t waker_token;
    unsigned events, ticks, timed_out;
    struct watchers watchers;
};

struct watcher {
    struct loop *loop;
    size_t token;
    struct event *event;
};

static void on_ready(evutil_socket_t fd, short what, void *argument)
{
    struct watcher *watcher = argument;
    (void)fd, (void)what;
    watcher->loop->events++;
    watcher->loop->ready(watcher->loop->context, watcher->token);
}

static void on_wake(evutil_socket_t fd, short what, void *argument)
{
    struct loop *loop = argument;
    (void)fd, (void)what;
    loop->events++;
    loop->ready(loop->context, loop->waker_token);
}

static void on_tick(evutil_socket_t fd, short what, void *argument)
{
    (void)fd, (void)what;
    ((struct loop *)argument)->ticks++;
}

static void on_timeout(evutil_socket_t fd, short what, void *argument)
{
    (void)fd, (void)what;
    ((struct loop *)argument)->timed_out = 1;
}

static void use_threads(void)
{
    evthread_use_pthreads();
}

static void close_base(struct loop *loop)
{
    if (loop->watchdog != NULL)
        event_free(loop->watchdog);
    if (loop->timer != NULL)
        event_free(loop->timer);
    if (loop->base != NULL)
        event_base_free(loop->base);
    loop->watchdog = loop->timer = NULL;
    loop->base = NULL;
}

/* Locks are for a loop that others wake: the flags are then 0. */
static int open_base(struct loop *loop, int flags)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, use_threads);
    struct event_config *config = event_config_new();
    if (config == NULL)
        return -ENOMEM;
    event_config_set_flag(config, flags);
    loop->base = event_base_new_with_config(config);
    event_config_free(config);
    if (loop->base == NULL)
        return -ENOMEM;
    struct timeval patience = {.tv_sec = PATIENCE_S};
    loop->watchdog = event_new(loop->base, -1, EV_PERSIST, on_tick, loop);
    loop->timer = evtimer_new(loop->base, on_timeout, loop);
    if (loop->watchdog == NULL || loop->timer == NULL)
        return -ENOMEM;
    return event_add(loop->watchdog, &patience) == 0 ? 0 : -ENOMEM;
}

static void close_loop(void *opaque)
{
    struct loop *loop = opaque;
    for (size_t token = 0; token < loop->watchers.length; token++) {
        struct watcher *watcher = watchers_take(&loop->watchers, token);
        if (watcher != NULL) {
            event_free(watcher->event);
            free(watcher);
        }
    }
    if (loop->waker != NULL)
        event_free(loop->waker);
    close_base(loop);
    free(loop->watchers.of_token);
    free(loop);
}

static void *open_loop(ready_function *ready)
{
    struct loop *loop = calloc(1, sizeof *loop);
    if (loop == NULL)
        return NULL;
    loop->ready = ready;
    if (open_base(loop, EVENT_BASE_FLAG_NOLOCK) < 0) {
        close_loop(loop);
        return NULL;
    }
    return loop;
}

static int add(void *opaque, int fd, size_t token)
{
    struct loop *loop = opaque;
    void **place = watchers_place(&loop->watchers, token);
    struct watcher *watcher = malloc(sizeof *watcher);
    if (place == NULL || watcher == NULL)
        return free(watcher), -ENOMEM;
    *watcher = (struct watcher){.loop = loop, .token = token};
    watcher->event = event_new(loop->base, fd, EV_READ | EV_PERSIST, on_ready, watcher);
    if (watcher->event == NULL)
        return free(watcher), -ENOMEM;
    *place = watcher;
    return event_add(watcher->event, NULL) == 0 ? 0 : -EIO;
}

static int remove_watcher(void *opaque, size_t token)
{
    struct watcher *watcher = watchers_take(&((struct loop *)opaque)->watchers, token);
    if (watcher == NULL)
        return -ENOENT;
    event_free(watcher->event);
    free(watcher);
    return 0;
}

static int open_waker(void *opaque, size_t token)
{
    struct loop *loop = opaque;
    close_base(loop);
    int result = open_base(loop, 0);
    if (result < 0)
        return result;
    loop->waker_token = token;
    loop->waker = event_new(loop->base, -1, 0, on_wake, loop);
    return loop->waker != NULL ? 0 : -ENOMEM;
}

static int wake(void *opaque)
{
    event_active(((struct loop *)opaque)->waker, EV_READ, 0);
    return 0;
}

static int wait_for_events(void *opaque, int64_t timeout_ns, void *context)
{
    struct loop *loop = opaque;
    loop->context = context;
    loop->events = loop->ticks = loop->timed_out = 0;
    int result = 0;
    if (timeout_ns == 0) {
        result = event_base_loop(loop->base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
    } else if (timeout_ns >= PATIENCE_S * INT64_C(1000000000)) {
        /* One tick may come at any time; two are the whole of the time. */
        while (result >= 0 && loop->events == 0 && loop->ticks < 2)
            result = event_base_loop(loop->base, EVLOOP_ONCE);
    } else {
        struct timeval timeout = {
            .tv_sec = timeout_ns / 1000000000,
            .tv_usec = (timeout_ns % 1000000000 + 999) / 1000,
        };
        event_add(loop->timer, &timeout);
        while (result >= 0 && loop->events == 0 && !loop->timed_out)
            result = event_base_loop(loop->base, EVLOOP_ONCE);
        event_del(loop->timer);
    }
    return result < 0 ? -EIO : 0;
}

const struct c_library libevent_library = {
    .version = event_get_version,
    .open = open_loop,
    .add = add,
    .remove = remove_watcher,
    .open_waker = open_waker,
    .wake = wake,
    .wait = wait_for_events,
    .close = close_loop,
};
