// SPDX-License-Identifier: Apache-2.0
// Sends responses, and gives the refusals that libmicrohttpd makes by itself a body that Kubernetes clients understand.
#pragma once
#include <microhttpd.h>

/// MHD_queue_response for our own answers, which pass as they are.
enum MHD_Result podium_http_queue(
    struct MHD_Connection *connection, unsigned int status, struct MHD_Response *response);
