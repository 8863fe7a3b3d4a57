// SPDX-License-Identifier: Apache-2.0
// Stands between libmicrohttpd and the sockets: its own refusals become answers that Kubernetes clients understand, and
// what it overlooks in the bytes that arrive is seen.
#pragma once
#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// MHD_queue_response for our own answers, which pass as they are.
enum MHD_Result podium_http_queue(
    struct MHD_Connection *connection, unsigned int status, struct MHD_Response *response);

/// Writes a Status object with `status` to a socket that nothing else writes to, and ends what can be written to it.
void podium_http_refuse(int socket, unsigned int status);

/// How far the answer to what has arrived on a socket has come.
enum podium_http_debt {
    /// Nothing has arrived since the last answer but blank lines.
    podium_http_debt_none,
    /// A part of a line has, which is no request yet.
    podium_http_debt_begun,
    /// A line has, and must not be met with silence.
    podium_http_debt_owed,
    /// The answer has begun.
    podium_http_debt_paid,
};

/// What is known of the bytes that arrive on one socket. Only the thread that owns the connection uses it.
struct podium_http_arrivals {
    int socket;
    enum podium_http_debt debt;
    /// Behind the last byte in the buffer of the library; NULL when it has moved its buffer since.
    const char *end;
    /// Where in a chunked body the last byte was; 0 outside of one.
    int place;
    /// The size of the present chunk, what remains of it, and the largest that is allowed.
    uint64_t size, largest;
    /// How long the present line has become, or all lines of the trailer.
    uint32_t length;
};

/// Begins to watch what arrives; `arrivals` must live until `podium_http_forget`. False for descriptors beyond the table.
bool podium_http_watch(struct podium_http_arrivals *arrivals, int socket);
/// Ends it, before the socket is closed.
void podium_http_forget(struct podium_http_arrivals *arrivals);

/// Follows the chunks of a body that begins at `body`, as far as it has arrived, and from then on by itself. Returns the
/// code with which the request must be refused, 0 for none.
unsigned int podium_http_follow(struct podium_http_arrivals *arrivals, const char *body, uint64_t largest);

enum {
    /// The length of the value of Sec-WebSocket-Accept.
    PODIUM_WEBSOCKET_ACCEPT_BYTES = 28,
};

/// Answers the `size` characters of a Sec-WebSocket-Key.
void podium_http_websocket_accept(const char *key, size_t size, char accept[PODIUM_WEBSOCKET_ACCEPT_BYTES]);

/// The compression of the headers on one SPDY connection.
struct podium_spdy_headers;
/// NULL without memory.
struct podium_spdy_headers *podium_spdy_headers_make(void);
void podium_spdy_headers_free(struct podium_spdy_headers *headers);
/// How many bytes a compressed block expands to; -1 when it is none or does not fit.
ptrdiff_t podium_spdy_headers_expand(
    struct podium_spdy_headers *headers, const uint8_t *bytes, size_t count, uint8_t *text, size_t room);
/// How many bytes a block is compressed to; -1 when that does not fit.
ptrdiff_t podium_spdy_headers_compress(
    struct podium_spdy_headers *headers, const uint8_t *text, size_t count, uint8_t *bytes, size_t room);
