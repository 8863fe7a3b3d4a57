// SPDX-License-Identifier: Apache-2.0
// What Swift cannot import of libmicrohttpd (variadic functions, va_list), and the Linux event calls that Glibc's
// module leaves out.
//
// Socket types are declared here and in Glibc's module. Which of the two Swift takes for their owner depends on the
// order in which it happens to load them, so a file that uses any imports both.
#pragma once
#include <limits.h>
#include <microhttpd.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/timerfd.h>

/// Everything a daemon is started with. Must outlive the daemon: the log callback points to it.
struct podium_http_setup {
    /// Threads; each has its own epoll and its own connections.
    unsigned int threads;
    size_t memory_bytes;
    unsigned int idle_seconds;
    /// The first argument of every callback.
    void *context;
    MHD_AccessHandlerCallback handle;
    MHD_RequestCompletedCallback completed;
    MHD_NotifyConnectionCallback notified;
    /// Called with the raw request target; what it returns is the request's context.
    void *(*target)(void *context, const char *target, struct MHD_Connection *connection);
    void (*log)(void *context, const char *line);
};

/// Leaves percent escapes as they are: the library would decode %2F to a separator and cut the path at %00.
static size_t podium_http_unescape(void *context, struct MHD_Connection *connection, char *text) {
    (void)context;
    (void)connection;
    return strlen(text);
}

static void podium_http_log(void *context, const char *format, va_list arguments) {
    const struct podium_http_setup *setup = (const struct podium_http_setup *)context;
    char line[512];
    vsnprintf(line, sizeof line, format, arguments);
    setup->log(setup->context, line);
}

/// Whether the library is as lenient as 0.9.75, so that the header lines must be checked where they lie in memory.
/// Later versions refuse bare line feeds, folded lines and NUL bytes themselves when told to be strict.
static inline int podium_http_is_lenient(void) {
    unsigned int major = 0, minor = 0, patch = 0;
    sscanf(MHD_get_version(), "%u.%u.%u", &major, &minor, &patch);
    return major == 0 && (minor < 9 || (minor == 9 && patch <= 75));
}

/// Starts a daemon; NULL when the library refuses.
static inline struct MHD_Daemon *podium_http_start(const struct podium_http_setup *setup) {
    // A pool of one is refused, so the option is left out by ending the list before it.
    enum MHD_OPTION pool = setup->threads > 1 ? MHD_OPTION_THREAD_POOL_SIZE : MHD_OPTION_END;
    return MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ERROR_LOG | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_NO_LISTEN_SOCKET, 0,
        NULL, NULL, setup->handle, setup->context,
        MHD_OPTION_EXTERNAL_LOGGER, podium_http_log, (void *)setup,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, setup->memory_bytes,
        // Whoever adds connections counts them; the library would divide its limit among the threads.
        MHD_OPTION_CONNECTION_LIMIT, (unsigned int)INT_MAX,
        MHD_OPTION_CONNECTION_TIMEOUT, setup->idle_seconds,
        // Version 0.9.75 would answer for itself, in HTML; Podium's own check is stricter.
        MHD_OPTION_STRICT_FOR_CLIENT, podium_http_is_lenient() ? 0 : 1,
        MHD_OPTION_UNESCAPE_CALLBACK, podium_http_unescape, NULL,
        MHD_OPTION_URI_LOG_CALLBACK, setup->target, setup->context,
        MHD_OPTION_NOTIFY_COMPLETED, setup->completed, setup->context,
        MHD_OPTION_NOTIFY_CONNECTION, setup->notified, setup->context,
        pool, setup->threads,
        MHD_OPTION_END);
}

/// The context that was set when the connection was accepted.
static inline void *podium_http_connection_context(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info == NULL ? NULL : info->socket_context;
}

/// The socket of a connection, -1 when there is none.
static inline int podium_http_connection_socket(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    return info == NULL ? -1 : info->connect_fd;
}

/// The address of the peer, NULL when it is unknown.
static inline const struct sockaddr *podium_http_connection_peer(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    return info == NULL ? NULL : info->client_addr;
}

/// The size of the request line and the headers with the empty line behind them, 0 before they are complete.
static inline size_t podium_http_head_size(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    return info == NULL ? 0 : info->header_size;
}

// Glibc declares it for GNU sources only.
extern int accept4(int descriptor, struct sockaddr *address, socklen_t *length, int flags);

/// Accepts a connection that does not block and is not inherited; -1 and errno when there is none.
static inline int podium_http_accept(int descriptor, struct sockaddr *address, socklen_t *length) {
    return accept4(descriptor, address, length, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

/// Names the calling thread, for whoever looks at the process.
static inline void podium_http_name_thread(const char *name) { prctl(PR_SET_NAME, name, 0, 0, 0); }
