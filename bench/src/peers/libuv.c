/* libuv: uv_poll_t, level-triggered, on epoll. */
#include <uv.h>

#include "c_loop.h"

struct loop {
    uv_loop_t loop;
    uv_timer_t watchdog, timer;
    uv_async_t waker;
    ready_function *ready;
    void *context;
    size_t waker_token;
    unsigned events, ticks, timed_out;
    int has_waker;
    struct watchers watchers;
};

struct watcher {
    uv_poll_t poll;
    size_t token;
};

static void on_ready(uv_poll_t *poll, int status, int events)
{
    struct loop *loop = poll->loop->data;
    (void)status, (void)events;
    loop->events++;
    loop->ready(loop->context, ((struct watcher *)poll)->token);
}

static void on_wake(uv_async_t *waker)
{
    struct loop *loop = waker->loop->data;
    loop->events++;
    loop->ready(loop->context, loop->waker_token);
}

static void on_tick(uv_timer_t *timer)
{
    ((struct loop *)timer->loop->data)->ticks++;
}

static void on_timeout(uv_timer_t *timer)
{
    ((struct loop *)timer->loop->data)->timed_out = 1;
}

static void on_closed(uv_handle_t *handle)
{
    free(handle);
}

static void *open_loop(ready_function *ready)
{
    struct loop *loop = calloc(1, sizeof *loop);
    if (loop == NULL)
        return NULL;
    loop->ready = ready;
    if (uv_loop_init(&loop->loop) < 0)
        return free(loop), NULL;
    loop->loop.data = loop;
    uv_timer_init(&loop->loop, &loop->watchdog);
    uv_timer_init(&loop->loop, &loop->timer);
    uv_timer_start(&loop->watchdog, on_tick, PATIENCE_S * 1000, PATIENCE_S * 1000);
    return loop;
}

static int add(void *opaque, int fd, size_t token)
{
    struct loop *loop = opaque;
    void **place = watchers_place(&loop->watchers, token);
    struct watcher *watcher = malloc(sizeof *watcher);
    if (place == NULL || watcher == NULL)
        return free(watcher), -ENOMEM;
    watcher->token = token;
    int result = uv_poll_init(&loop->loop, &watcher->poll, fd);
    if (result < 0)
        return free(watcher), result;
    *place = watcher;
    return uv_poll_start(&watcher->poll, UV_READABLE, on_ready);
}

static int remove_watcher(void *opaque, size_t token)
{
    struct watcher *watcher = watchers_take(&((struct loop *)opaque)->watchers, token);
    if (watcher == NULL)
        return -ENOENT;
    /* The next turn of the loop frees it. */
    uv_close((uv_handle_t *)&watcher->poll, on_closed);
    return 0;
}

static int open_waker(void *opaque, size_t token)
{
    struct loop *loop = opaque;
    loop->waker_token = token;
    loop->has_waker = 1;
    return uv_async_init(&loop->loop, &loop->waker, on_wake);
}

static int wake(void *opaque)
{
    return uv_async_send(&((struct loop *)opaque)->waker);
}

static int wait_for_events(void *opaque, int64_t timeout_ns, void *context)
{
    struct loop *loop = opaque;
    loop->context = context;
    loop->events = loop->ticks = loop->timed_out = 0;
    if (timeout_ns == 0) {
        uv_run(&loop->loop, UV_RUN_NOWAIT);
    } else if (timeout_ns >= PATIENCE_S * INT64_C(1000000000)) {
        /* One tick may come at any time; two are the whole of the time. */
        while (loop->events == 0 && loop->ticks < 2)
            uv_run(&loop->loop, UV_RUN_ONCE);
    } else {
        /* It counts from the time that the loop last looked at the clock. */
        uv_update_time(&loop->loop);
        uv_timer_start(&loop->timer, on_timeout, (timeout_ns + 999999) / 1000000, 0);
        while (loop->events == 0 && !loop->timed_out)
            uv_run(&loop->loop, UV_RUN_ONCE);
        uv_timer_stop(&loop->timer);
    }
    return 0;
}

static void close_loop(void *opaque)
{
    struct loop *loop = opaque;
    for (size_t token = 0; token < loop->watchers.length; token++)
        remove_watcher(loop, token);
    uv_close((uv_handle_t *)&loop->watchdog, NULL);
    uv_close((uv_handle_t *)&loop->timer, NULL);
    if (loop->has_waker)
        uv_close((uv_handle_t *)&loop->waker, NULL);
    uv_run(&loop->loop, UV_RUN_DEFAULT);
    uv_loop_close(&loop->loop);
    free(loop->watchers.of_token);
    free(loop);
}

const struct c_library libuv_library = {
    .version = uv_version_string,
    .open = open_loop,
    .add = add,
    .remove = remove_watcher,
    .open_waker = open_waker,
    .wake = wake,
    .wait = wait_for_events,
    .close = close_loop,
};
