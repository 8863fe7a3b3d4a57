// SPDX-License-Identifier: Apache-2.0
// Finds the functions of libmicrohttpd and of the C library behind ours: once, and the same for all threads.
#define _GNU_SOURCE
#include "library.h"
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>

static void *find(_Atomic(void *) *known, const char *name) {
    void *function = atomic_load_explicit(known, memory_order_acquire);
    if (!function) {
        function = dlsym(RTLD_NEXT, name);
        atomic_store_explicit(known, function, memory_order_release);
    }
    return function;
}

enum MHD_Result podium_library_queue(
    struct MHD_Connection *connection, unsigned int status, struct MHD_Response *response
) {
    static _Atomic(void *) known;
    enum MHD_Result (*function)(struct MHD_Connection *, unsigned int, struct MHD_Response *) =
        find(&known, "MHD_queue_response");
    return function ? function(connection, status, response) : MHD_NO;
}

enum MHD_Result podium_library_lookup(
    struct MHD_Connection *connection, enum MHD_ValueKind kind, const char *key, size_t key_size, const char **value,
    size_t *value_size
) {
    static _Atomic(void *) known;
    enum MHD_Result (*function)(
        struct MHD_Connection *, enum MHD_ValueKind, const char *, size_t, const char **, size_t *) =
        find(&known, "MHD_lookup_connection_value_n");
    return function ? function(connection, kind, key, key_size, value, value_size) : MHD_NO;
}

ssize_t podium_library_recv(int socket, void *buffer, size_t size, int flags) {
    static _Atomic(void *) known;
    ssize_t (*function)(int, void *, size_t, int) = find(&known, "recv");
    if (function) return function(socket, buffer, size, flags);
    errno = ENOSYS;
    return -1;
}

int podium_library_shutdown(int socket, int how) {
    static _Atomic(void *) known;
    int (*function)(int, int) = find(&known, "shutdown");
    if (function) return function(socket, how);
    errno = ENOSYS;
    return -1;
}

int podium_library_socket(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    return info ? info->connect_fd : -1;
}
