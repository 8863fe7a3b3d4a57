// SPDX-License-Identifier: Apache-2.0
// How a server shows that it understood a WebSocket handshake (RFC 6455, section 4.2.2).
#include "CPodiumHTTP.h"
#include <nettle/base64.h>
#include <nettle/sha1.h>

void podium_http_websocket_accept(const char *key, size_t size, char accept[PODIUM_WEBSOCKET_ACCEPT_BYTES]) {
    static const char suffix[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    struct sha1_ctx context;
    uint8_t digest[SHA1_DIGEST_SIZE];
    sha1_init(&context);
    sha1_update(&context, size, (const uint8_t *)key);
    sha1_update(&context, sizeof suffix - 1, (const uint8_t *)suffix);
    sha1_digest(&context, sizeof digest, digest);
    base64_encode_raw(accept, sizeof digest, digest);
}
