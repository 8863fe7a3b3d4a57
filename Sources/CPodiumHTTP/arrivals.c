// SPDX-License-Identifier: Apache-2.0
// Sees the bytes that libmicrohttpd reads, in front of recv and shutdown: whether a request has begun that it would drop
// without a word, and whether the chunks of a body are as RFC 9112 wants them, which the library leaves open.
#define _GNU_SOURCE
#include "library.h"
#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>

/// Sockets with higher descriptors are served without being watched.
enum { watched_descriptors = 1 << 16 };

static _Atomic(struct podium_http_arrivals *) watched[watched_descriptors];

struct podium_http_arrivals *podium_arrivals_of(int socket) {
    if (socket < 0 || socket >= watched_descriptors) return NULL;
    return atomic_load_explicit(&watched[socket], memory_order_acquire);
}

bool podium_http_watch(struct podium_http_arrivals *arrivals, int socket) {
    *arrivals = (struct podium_http_arrivals){.socket = socket};
    if (socket < 0 || socket >= watched_descriptors) return false;
    atomic_store_explicit(&watched[socket], arrivals, memory_order_release);
    return true;
}

void podium_http_forget(struct podium_http_arrivals *arrivals) {
    if (podium_arrivals_of(arrivals->socket) != arrivals) return;
    atomic_store_explicit(&watched[arrivals->socket], NULL, memory_order_release);
}

// MARK: Chunks

enum { in_nothing, in_size, in_extension, in_size_end, in_data, in_data_end, in_data_line_end, in_trailer_start,
       in_trailer, in_trailer_line_end, in_trailer_end };

/// The digits of a chunk's size, its extensions, and all lines of a trailer; RFC 9112 asks for some limit.
enum { size_digits = 16, extension_bytes = 4 << 10, trailer_bytes = 8 << 10 };

static int digit(char character) {
    if (character >= '0' && character <= '9') return character - '0';
    character |= 0x20;
    return character >= 'a' && character <= 'f' ? character - 'a' + 10 : -1;
}

static unsigned int read_size(struct podium_http_arrivals *arrivals, char character) {
    int value = digit(character);
    if (value >= 0) {
        arrivals->size = arrivals->size << 4 | (uint64_t)value;
        if (arrivals->size > arrivals->largest) return 413;
        return ++arrivals->length > size_digits ? 400 : 0;
    }
    if (arrivals->length == 0) return 400;
    arrivals->length = 0;
    arrivals->place = character == ';' ? in_extension : in_size_end;
    return character == ';' || character == '\r' ? 0 : 400;
}

/// A character of a line: its end, or one of those that may stand in it.
static unsigned int read_line(
    struct podium_http_arrivals *arrivals, char character, int next, uint32_t limit, unsigned int excess
) {
    if (character == '\r') {
        arrivals->place = next;
        return 0;
    }
    if ((unsigned char)character < ' ' && character != '\t') return 400;
    return ++arrivals->length > limit ? excess : 0;
}

static unsigned int expect(struct podium_http_arrivals *arrivals, char character, char expected, int next) {
    arrivals->place = next;
    return character == expected ? 0 : 400;
}

static unsigned int read_character(struct podium_http_arrivals *arrivals, char character) {
    switch (arrivals->place) {
    case in_size: return read_size(arrivals, character);
    case in_extension: return read_line(arrivals, character, in_size_end, extension_bytes, 400);
    case in_size_end:
        arrivals->length = 0;
        return expect(arrivals, character, '\n', arrivals->size == 0 ? in_trailer_start : in_data);
    case in_data_end: return expect(arrivals, character, '\r', in_data_line_end);
    case in_data_line_end:
        arrivals->length = 0;
        return expect(arrivals, character, '\n', in_size);
    case in_trailer_start:
        if (character == '\r') return expect(arrivals, character, '\r', in_trailer_end);
        arrivals->place = in_trailer;
        return read_line(arrivals, character, in_trailer_line_end, trailer_bytes, 431);
    case in_trailer: return read_line(arrivals, character, in_trailer_line_end, trailer_bytes, 431);
    case in_trailer_line_end: return expect(arrivals, character, '\n', in_trailer_start);
    case in_trailer_end: return expect(arrivals, character, '\n', in_nothing);
    default: return 0;
    }
}

/// Goes over bytes of a body until it ends.
static unsigned int read_chunks(struct podium_http_arrivals *arrivals, const char *bytes, size_t count) {
    for (size_t index = 0; index < count && arrivals->place != in_nothing;) {
        if (arrivals->place != in_data) {
            unsigned int code = read_character(arrivals, bytes[index++]);
            if (code) return code;
            continue;
        }
        size_t rest = count - index;
        size_t taken = arrivals->size < rest ? (size_t)arrivals->size : rest;
        arrivals->size -= taken;
        index += taken;
        if (arrivals->size == 0) arrivals->place = in_data_end;
    }
    return 0;
}

unsigned int podium_http_follow(struct podium_http_arrivals *arrivals, const char *body, uint64_t largest) {
    // Without a read since the last answer, the library has moved what it had, and where that ends is not known.
    if (!arrivals->end || body > arrivals->end) return 0;
    arrivals->place = in_size;
    arrivals->size = 0;
    arrivals->length = 0;
    arrivals->largest = largest;
    unsigned int code = read_chunks(arrivals, body, (size_t)(arrivals->end - body));
    if (code) arrivals->place = in_nothing;
    return code;
}

// MARK: In front of the C library

/// What is owed when these bytes have arrived as well.
static enum podium_http_debt debt_after(enum podium_http_debt debt, const char *bytes, size_t count) {
    if (debt >= podium_http_debt_owed) return debt;
    size_t index = 0;
    // Empty lines in front of a request begin nothing.
    while (debt == podium_http_debt_none && index < count && (bytes[index] == '\r' || bytes[index] == '\n')) index++;
    if (index == count) return debt;
    return memchr(bytes + index, '\n', count - index) ? podium_http_debt_owed : podium_http_debt_begun;
}

static void settle(struct podium_http_arrivals *arrivals, unsigned int code) {
    if (arrivals->debt != podium_http_debt_owed) return;
    arrivals->debt = podium_http_debt_paid;
    podium_http_refuse(arrivals->socket, code);
}

/// Called by the library, and by whoever else reads from a socket.
__attribute__((visibility("default"))) ssize_t recv(int socket, void *buffer, size_t size, int flags) {
    ssize_t count = podium_library_recv(socket, buffer, size, flags);
    // Whoever reads with flags is not the library.
    struct podium_http_arrivals *arrivals = flags || count < 0 ? NULL : podium_arrivals_of(socket);
    if (!arrivals) return count;
    if (count == 0) {
        // The client has ended its side before its request was complete.
        if (size > 0) settle(arrivals, 400);
        return 0;
    }
    arrivals->end = (const char *)buffer + count;
    arrivals->debt = debt_after(arrivals->debt, buffer, (size_t)count);
    unsigned int code = arrivals->place == in_nothing ? 0 : read_chunks(arrivals, buffer, (size_t)count);
    if (code == 0) return count;
    arrivals->place = in_nothing;
    settle(arrivals, code);
    // For the library, the client has gone.
    return 0;
}

/// Called by the library when it closes a connection, and by whoever else ends a socket.
__attribute__((visibility("default"))) int shutdown(int socket, int how) {
    struct podium_http_arrivals *arrivals = how == SHUT_WR ? podium_arrivals_of(socket) : NULL;
    if (arrivals) settle(arrivals, 400);
    return podium_library_shutdown(socket, how);
}
