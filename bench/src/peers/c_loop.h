/* One shape for the event loops of three C libraries, so that one file of Rust drives
 * them all. Each library fills a table; the functions answer 0 or a negative errno. */
#ifndef C_LOOP_H
#define C_LOOP_H

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* As the Rust side's PATIENCE: a wait this long is one that ends by an event. */
#define PATIENCE_S 5

/* Called for every source that is readable, within a wait. */
typedef void ready_function(void *context, size_t token);

struct c_library {
    const char *(*version)(void);
    /* NULL where the library gives none. */
    void *(*open)(ready_function *ready);
    int (*add)(void *loop, int fd, size_t token);
    int (*remove)(void *loop, size_t token);
    /* The one waker of a loop; asked for before anything is added. */
    int (*open_waker)(void *loop, size_t token);
    /* The only function that another thread may call. */
    int (*wake)(void *loop);
    /* Ends at an event, or after the time; PATIENCE_S or longer costs no timer of its own. */
    int (*wait)(void *loop, int64_t timeout_ns, void *context);
    void (*close)(void *loop);
};

/* The watchers of a loop by token, each in memory of its own, as a C program has them in
 * its connections. */
struct watchers {
    void **of_token;
    size_t length;
};

/* Room for the watcher of a token; NULL where there is no memory. */
static inline void **watchers_place(struct watchers *watchers, size_t token)
{
    if (token >= watchers->length) {
        size_t length = token < 32 ? 64 : token * 2;
        void **of_token = realloc(watchers->of_token, length * sizeof *of_token);
        if (of_token == NULL)
            return NULL;
        for (size_t index = watchers->length; index < length; index++)
            of_token[index] = NULL;
        watchers->of_token = of_token;
        watchers->length = length;
    }
    return &watchers->of_token[token];
}

/* The watcher of a token, which is now the caller's; NULL where there is none. */
static inline void *watchers_take(struct watchers *watchers, size_t token)
{
    if (token >= watchers->length)
        return NULL;
    void *watcher = watchers->of_token[token];
    watchers->of_token[token] = NULL;
    return watcher;
}

#endif
