// SPDX-License-Identifier: Apache-2.0
// The functions behind those that stand in front of them, for the files of this target.
#pragma once
#include "CPodiumHTTP.h"
#include <sys/types.h>

enum MHD_Result podium_library_queue(
    struct MHD_Connection *connection, unsigned int status, struct MHD_Response *response);
enum MHD_Result podium_library_lookup(
    struct MHD_Connection *connection, enum MHD_ValueKind kind, const char *key, size_t key_size, const char **value,
    size_t *value_size);
ssize_t podium_library_recv(int socket, void *buffer, size_t size, int flags);
int podium_library_shutdown(int socket, int how);

/// The socket of a connection, -1 when there is none.
int podium_library_socket(struct MHD_Connection *connection);
/// What is known of a socket, NULL when it is not watched.
struct podium_http_arrivals *podium_arrivals_of(int socket);
