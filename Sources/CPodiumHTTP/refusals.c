// SPDX-License-Identifier: Apache-2.0
// Stands in front of MHD_queue_response, through which libmicrohttpd sends its own refusals in HTML: heads that do not
// fit into its memory, chunks that are no numbers, versions it does not know. It asks nobody before, has no option for
// their body, and forgets in places that it has refused. So the answer is written here, and the library is told to
// close. Where a build of the library calls itself without the dynamic linker, its HTML stays.
#define _GNU_SOURCE
#include "CPodiumHTTP.h"
#include "library.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

struct refusal {
    unsigned int status;
    const char *phrase;
    const char *reason;
    const char *message;
};

static const struct refusal refusals[] = {
    {400, "Bad Request", "BadRequest", "the request is not valid HTTP"},
    {408, "Request Timeout", "Timeout", "the request took too long to arrive"},
    {413, "Content Too Large", "RequestEntityTooLarge", "Request entity too large"},
    {414, "URI Too Long", "RequestEntityTooLarge", "Request URI too long"},
    {431, "Request Header Fields Too Large", "RequestEntityTooLarge", "Request header fields too large"},
    {500, "Internal Server Error", "InternalError", "Internal error occurred: the answer could not be sent"},
    {505, "HTTP Version Not Supported", "BadRequest", "the version of HTTP is not supported"},
};

static const struct refusal *find_refusal(unsigned int status) {
    for (size_t index = 0; index < sizeof refusals / sizeof *refusals; index++) {
        if (refusals[index].status == status) return &refusals[index];
    }
    return NULL;
}

/// What is read and thrown away at most, so that the client reads the answer before it learns of the closed connection.
enum { drained_bytes = 1 << 20 };

void podium_http_refuse(int socket, unsigned int status) {
    const struct refusal *refusal = find_refusal(status);
    if (!refusal || socket < 0) return;
    char body[320], answer[768];
    int size = snprintf(
        body, sizeof body,
        "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},\"status\":\"Failure\",\"message\":\"%s\","
        "\"reason\":\"%s\",\"code\":%u}\n",
        refusal->message, refusal->reason, status);
    int length = snprintf(
        answer, sizeof answer,
        "HTTP/1.1 %u %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s", status,
        refusal->phrase, size, body);
    // A few hundred bytes, with nothing before them: they fit, or the client is gone.
    send(socket, answer, (size_t)length, MSG_DONTWAIT | MSG_NOSIGNAL);
    podium_library_shutdown(socket, SHUT_WR);
    char rest[16 << 10];
    for (size_t read = 0; read < drained_bytes;) {
        ssize_t count = podium_library_recv(socket, rest, sizeof rest, MSG_DONTWAIT);
        if (count <= 0) break;
        read += (size_t)count;
    }
}

enum MHD_Result podium_http_queue(
    struct MHD_Connection *connection, unsigned int status, struct MHD_Response *response
) {
    struct podium_http_arrivals *arrivals = podium_arrivals_of(podium_library_socket(connection));
    enum MHD_Result result = podium_library_queue(connection, status, response);
    if (arrivals) arrivals->debt = podium_http_debt_paid;
    if (result == MHD_NO) podium_http_refuse(podium_library_socket(connection), 500);
    return result;
}

/// Called by the library in place of its own.
__attribute__((visibility("default"))) enum MHD_Result MHD_queue_response(
    struct MHD_Connection *connection, unsigned int status, struct MHD_Response *response
) {
    if (!find_refusal(status)) return podium_library_queue(connection, status, response);
    int socket = podium_library_socket(connection);
    struct podium_http_arrivals *arrivals = podium_arrivals_of(socket);
    if (arrivals) arrivals->debt = podium_http_debt_paid;
    podium_http_refuse(socket, status);
    return MHD_NO;
}
