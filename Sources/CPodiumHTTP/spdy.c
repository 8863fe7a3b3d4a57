// SPDX-License-Identifier: Apache-2.0
// Compresses the headers of SPDY streams: one zlib stream each way for a connection, both begun with the words that the
// protocol expects.
#include "CPodiumHTTP.h"
#include <stdlib.h>
#include <zlib.h>

// draft-mbelshe-httpbis-spdy-00, section 2.6.10.1
static const char dictionary[] =
    "\0\0\0\007" "options" "\0\0\0\004" "head" "\0\0\0\004" "post" "\0\0\0\003" "put" "\0\0\0\006" "delete"
    "\0\0\0\005" "trace" "\0\0\0\006" "accept" "\0\0\0\016" "accept-charset" "\0\0\0\017" "accept-encoding"
    "\0\0\0\017" "accept-language" "\0\0\0\015" "accept-ranges" "\0\0\0\003" "age" "\0\0\0\005" "allow"
    "\0\0\0\015" "authorization" "\0\0\0\015" "cache-control" "\0\0\0\012" "connection" "\0\0\0\014" "content-base"
    "\0\0\0\020" "content-encoding" "\0\0\0\020" "content-language" "\0\0\0\016" "content-length"
    "\0\0\0\020" "content-location" "\0\0\0\013" "content-md5" "\0\0\0\015" "content-range"
    "\0\0\0\014" "content-type" "\0\0\0\004" "date" "\0\0\0\004" "etag" "\0\0\0\006" "expect" "\0\0\0\007" "expires"
    "\0\0\0\004" "from" "\0\0\0\004" "host" "\0\0\0\010" "if-match" "\0\0\0\021" "if-modified-since"
    "\0\0\0\015" "if-none-match" "\0\0\0\010" "if-range" "\0\0\0\023" "if-unmodified-since"
    "\0\0\0\015" "last-modified" "\0\0\0\010" "location" "\0\0\0\014" "max-forwards" "\0\0\0\006" "pragma"
    "\0\0\0\022" "proxy-authenticate" "\0\0\0\023" "proxy-authorization" "\0\0\0\005" "range" "\0\0\0\007" "referer"
    "\0\0\0\013" "retry-after" "\0\0\0\006" "server" "\0\0\0\002" "te" "\0\0\0\007" "trailer"
    "\0\0\0\021" "transfer-encoding" "\0\0\0\007" "upgrade" "\0\0\0\012" "user-agent" "\0\0\0\004" "vary"
    "\0\0\0\003" "via" "\0\0\0\007" "warning" "\0\0\0\020" "www-authenticate" "\0\0\0\006" "method" "\0\0\0\003" "get"
    "\0\0\0\006" "status" "\0\0\0\006" "200 OK" "\0\0\0\007" "version" "\0\0\0\010" "HTTP/1.1" "\0\0\0\003" "url"
    "\0\0\0\006" "public" "\0\0\0\012" "set-cookie" "\0\0\0\012" "keep-alive" "\0\0\0\006" "origin"
    "100101201202205206300302303304305306307402405406407408409410411412413414415416417502504505"
    "203 Non-Authoritative Information204 No Content301 Moved Permanently400 Bad Request401 Unauthorized"
    "403 Forbidden404 Not Found500 Internal Server Error501 Not Implemented503 Service Unavailable"
    "Jan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec 00:00:00 Mon, Tue, Wed, Thu, Fri, Sat, Sun, GMT"
    "chunked,text/html,image/png,image/jpg,image/gif,application/xml,application/xhtml+xml,text/plain,"
    "text/javascript,publicprivatemax-age=gzip,deflate,sdchcharset=utf-8charset=iso-8859-1,utf-,*,enq=0.";

struct podium_spdy_headers {
    z_stream in, out;
};

struct podium_spdy_headers *podium_spdy_headers_make(void) {
    struct podium_spdy_headers *headers = calloc(1, sizeof *headers);
    if (!headers) return NULL;
    if (inflateInit(&headers->in) != Z_OK) {
        free(headers);
        return NULL;
    }
    // The smallest windows: these headers are few, and there may be a thousand connections.
    if (deflateInit2(&headers->out, Z_BEST_SPEED, Z_DEFLATED, 11, 1, Z_DEFAULT_STRATEGY) != Z_OK ||
        deflateSetDictionary(&headers->out, (const Bytef *)dictionary, sizeof dictionary - 1) != Z_OK) {
        podium_spdy_headers_free(headers);
        return NULL;
    }
    return headers;
}

void podium_spdy_headers_free(struct podium_spdy_headers *headers) {
    inflateEnd(&headers->in);
    deflateEnd(&headers->out);
    free(headers);
}

ptrdiff_t podium_spdy_headers_expand(
    struct podium_spdy_headers *headers, const uint8_t *bytes, size_t count, uint8_t *text, size_t room
) {
    z_stream *stream = &headers->in;
    stream->next_in = (Bytef *)bytes;
    stream->avail_in = (uInt)count;
    stream->next_out = text;
    stream->avail_out = (uInt)room;
    for (;;) {
        int result = inflate(stream, Z_SYNC_FLUSH);
        if (result == Z_NEED_DICT) {
            if (inflateSetDictionary(stream, (const Bytef *)dictionary, sizeof dictionary - 1) != Z_OK) return -1;
            continue;
        }
        // Without progress all has been read.
        if (result == Z_BUF_ERROR) break;
        if (result != Z_OK) return -1;
        if (stream->avail_out == 0) return -1;
        if (stream->avail_in == 0) break;
    }
    return (ptrdiff_t)(room - stream->avail_out);
}

ptrdiff_t podium_spdy_headers_compress(
    struct podium_spdy_headers *headers, const uint8_t *text, size_t count, uint8_t *bytes, size_t room
) {
    z_stream *stream = &headers->out;
    stream->next_in = (Bytef *)text;
    stream->avail_in = (uInt)count;
    stream->next_out = bytes;
    stream->avail_out = (uInt)room;
    if (deflate(stream, Z_SYNC_FLUSH) != Z_OK || stream->avail_in > 0 || stream->avail_out == 0) return -1;
    return (ptrdiff_t)(room - stream->avail_out);
}
