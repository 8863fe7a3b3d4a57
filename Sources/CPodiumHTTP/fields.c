// SPDX-License-Identifier: Apache-2.0
// Stands in front of the library's look at header fields: it takes blanks behind a value for a part of it, answers a
// Content-Length that is no number twice, and spends a connection's memory on cookies that nobody reads.
#define _GNU_SOURCE
#include "library.h"
#include <string.h>
#include <strings.h>

/// Longer values are none that the library compares with anything.
enum { longest_value = 64 };

static bool is_blank(char character) { return character == ' ' || character == '\t'; }

/// Both names begin with a C, as few others of their sizes do.
static inline bool is_called(const char *key, size_t key_size, const char *name) {
    return key_size == strlen(name) && (key[0] | 0x20) == 'c' && strncasecmp(key, name, key_size) == 0;
}

/// A number as the library reads it: without zeros before it, and 0 for what is none, which RequestHead refuses.
static const char *plain_number(const char *digits) {
    while (digits[0] == '0' && digits[1]) digits++;
    size_t count = strspn(digits, "0123456789");
    // The largest of 64 bits has 20 digits.
    return count == 0 || digits[count] || count >= 20 ? "0" : digits;
}

/// Called by the library in place of its own.
__attribute__((visibility("default"))) enum MHD_Result MHD_lookup_connection_value_n(
    struct MHD_Connection *connection, enum MHD_ValueKind kind, const char *key, size_t key_size, const char **value,
    size_t *value_size
) {
    static _Thread_local char trimmed[longest_value];
    if (!key || kind != MHD_HEADER_KIND) {
        return podium_library_lookup(connection, kind, key, key_size, value, value_size);
    }
    if (is_called(key, key_size, MHD_HTTP_HEADER_COOKIE)) return MHD_NO;
    const char *found = NULL;
    size_t size = 0;
    if (podium_library_lookup(connection, kind, key, key_size, &found, &size) == MHD_NO) return MHD_NO;
    bool is_length = is_called(key, key_size, MHD_HTTP_HEADER_CONTENT_LENGTH);
    if (found && (is_length || (size > 0 && is_blank(found[size - 1])))) {
        while (size > 0 && is_blank(found[size - 1])) size--;
        if (size < longest_value) {
            memcpy(trimmed, found, size);
            trimmed[size] = 0;
            found = is_length ? plain_number(trimmed) : trimmed;
            size = strlen(found);
        } else if (is_length) {
            found = "0";
            size = 1;
        }
    }
    if (value) *value = found;
    if (value_size) *value_size = size;
    return MHD_YES;
}
