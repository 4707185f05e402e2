/* libev: level-triggered, on epoll, with its defaults. */
#include <ev.h>
#include <stdio.h>

#include "c_loop.h"

struct loop {
    struct ev_loop *loop;
    ev_timer watchdog, timer;
    ev_async waker;
    ready_function *ready;
    void *context;
    size_t waker_token;
    unsigned events, ticks, timed_out;
    struct watchers watchers;
};

struct watcher {
    ev_io io;
    struct loop *loop;
    size_t token;
};

static void on_ready(struct ev_loop *inner, ev_io *io, int events)
{
    struct watcher *watcher = (struct watcher *)io;
    (void)inner, (void)events;
    watcher->loop->events++;
    watcher->loop->ready(watcher->loop->context, watcher->token);
}

static void on_wake(struct ev_loop *inner, ev_async *waker, int events)
{
    struct loop *loop = waker->data;
    (void)inner, (void)events;
    loop->events++;
    loop->ready(loop->context, loop->waker_token);
}

static void on_tick(struct ev_loop *inner, ev_timer *timer, int events)
{
    (void)inner, (void)events;
    ((struct loop *)timer->data)->ticks++;
}

static void on_timeout(struct ev_loop *inner, ev_timer *timer, int events)
{
    (void)inner, (void)events;
    ((struct loop *)timer->data)->timed_out = 1;
}

static const char *version(void)
{
    static char text[16];
    snprintf(text, sizeof text, "%d.%d", ev_version_major(), ev_version_minor());
    return text;
}

static void *open_loop(ready_function *ready)
{
    struct loop *loop = calloc(1, sizeof *loop);
    if (loop == NULL)
        return NULL;
    loop->ready = ready;
    loop->loop = ev_loop_new(EVBACKEND_EPOLL);
    if (loop->loop == NULL)
        return free(loop), NULL;
    ev_timer_init(&loop->watchdog, on_tick, PATIENCE_S, PATIENCE_S);
    ev_timer_init(&loop->timer, on_timeout, 0, 0);
    loop->watchdog.data = loop->timer.data = loop;
    ev_timer_start(loop->loop, &loop->watchdog);
    return loop;
}

static int add(void *opaque, int fd, size_t token)
{
    struct loop *loop = opaque;
    void **place = watchers_place(&loop->watchers, token);
    struct watcher *watcher = malloc(sizeof *watcher);
    if (place == NULL || watcher == NULL)
        return free(watcher), -ENOMEM;
    ev_io_init(&watcher->io, on_ready, fd, EV_READ);
    watcher->loop = loop;
    watcher->token = token;
    *place = watcher;
    ev_io_start(loop->loop, &watcher->io);
    return 0;
}

static int remove_watcher(void *opaque, size_t token)
{
    struct loop *loop = opaque;
    struct watcher *watcher = watchers_take(&loop->watchers, token);
    if (watcher == NULL)
        return -ENOENT;
    ev_io_stop(loop->loop, &watcher->io);
    free(watcher);
    return 0;
}

static int open_waker(void *opaque, size_t token)
{
    struct loop *loop = opaque;
    loop->waker_token = token;
    ev_async_init(&loop->waker, on_wake);
    loop->waker.data = loop;
    ev_async_start(loop->loop, &loop->waker);
    return 0;
}

static int wake(void *opaque)
{
    struct loop *loop = opaque;
    ev_async_send(loop->loop, &loop->waker);
    return 0;
}

static int wait_for_events(void *opaque, int64_t timeout_ns, void *context)
{
    struct loop *loop = opaque;
    loop->context = context;
    loop->events = loop->ticks = loop->timed_out = 0;
    if (timeout_ns == 0) {
        ev_run(loop->loop, EVRUN_NOWAIT);
    } else if (timeout_ns >= PATIENCE_S * INT64_C(1000000000)) {
        /* One tick may come at any time; two are the whole of the time. */
        while (loop->events == 0 && loop->ticks < 2)
            ev_run(loop->loop, EVRUN_ONCE);
    } else {
        /* It counts from the time that the loop last looked at the clock. */
        ev_now_update(loop->loop);
        ev_timer_set(&loop->timer, timeout_ns / 1e9, 0);
        ev_timer_start(loop->loop, &loop->timer);
        while (loop->events == 0 && !loop->timed_out)
            ev_run(loop->loop, EVRUN_ONCE);
        ev_timer_stop(loop->loop, &loop->timer);
    }
    return 0;
}

static void close_loop(void *opaque)
{
    struct loop *loop = opaque;
    for (size_t token = 0; token < loop->watchers.length; token++)
        remove_watcher(loop, token);
    ev_async_stop(loop->loop, &loop->waker);
    ev_timer_stop(loop->loop, &loop->watchdog);
    ev_loop_destroy(loop->loop);
    free(loop->watchers.of_token);
    free(loop);
}

const struct c_library libev_library = {
    .version = version,
    .open = open_loop,
    .add = add,
    .remove = remove_watcher,
    .open_waker = open_waker,
    .wake = wake,
    .wait = wait_for_events,
    .close = close_loop,
};
