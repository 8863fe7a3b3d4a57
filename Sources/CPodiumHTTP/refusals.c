// SPDX-License-Identifier: Apache-2.0
// Stands in front of MHD_queue_response, through which libmicrohttpd sends its own refusals in HTML: heads that do not
// fit into its memory, lengths and chunks that are no numbers, versions it does not know. It asks nobody before, and has
// no option for their body. Where a build of the library calls itself without the dynamic linker, its HTML stays.
#define _GNU_SOURCE
#include "CPodiumHTTP.h"
#include <dlfcn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

typedef enum MHD_Result (*queue_function)(struct MHD_Connection *, unsigned int, struct MHD_Response *);

/// The library's own function behind ours; looked up once, and the same for all threads.
static queue_function library_queue(void) {
    static _Atomic(queue_function) found;
    queue_function function = atomic_load_explicit(&found, memory_order_acquire);
    if (!function) {
        function = (queue_function)dlsym(RTLD_NEXT, "MHD_queue_response");
        atomic_store_explicit(&found, function, memory_order_release);
    }
    return function;
}

enum MHD_Result podium_http_queue(
    struct MHD_Connection *connection, unsigned int status, struct MHD_Response *response
) {
    queue_function queue = library_queue();
    return queue ? queue(connection, status, response) : MHD_NO;
}

struct refusal {
    unsigned int status;
    const char *reason;
    const char *message;
};

static const struct refusal refusals[] = {
    {400, "BadRequest", "the request is not valid HTTP"},
    {413, "RequestEntityTooLarge", "Request entity too large"},
    {414, "RequestEntityTooLarge", "Request URI too long"},
    {431, "RequestEntityTooLarge", "Request header fields too large"},
    {505, "BadRequest", "the version of HTTP is not supported"},
};

/// A Status object for the code; NULL for codes that the library gives for reasons of its own.
static struct MHD_Response *make_refusal(unsigned int status) {
    for (size_t index = 0; index < sizeof refusals / sizeof *refusals; index++) {
        const struct refusal *refusal = &refusals[index];
        if (refusal->status != status) continue;
        char body[256];
        int size = snprintf(
            body, sizeof body,
            "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},\"status\":\"Failure\",\"message\":\"%s\","
            "\"reason\":\"%s\",\"code\":%u}\n",
            refusal->message, refusal->reason, status);
        struct MHD_Response *response =
            MHD_create_response_from_buffer((size_t)size, body, MHD_RESPMEM_MUST_COPY);
        if (response) MHD_add_response_header(response, "Content-Type", "application/json");
        return response;
    }
    return NULL;
}

/// Called by the library in place of its own.
__attribute__((visibility("default"))) enum MHD_Result MHD_queue_response(
    struct MHD_Connection *connection, unsigned int status, struct MHD_Response *response
) {
    struct MHD_Response *refusal = make_refusal(status);
    if (!refusal) return podium_http_queue(connection, status, response);
    enum MHD_Result result = podium_http_queue(connection, status, refusal);
    MHD_destroy_response(refusal);
    return result;
}
