// SPDX-License-Identifier: Apache-2.0
// Embeds openapi/images.json.
#include "CPodiumData.h"

// `#embed` is of C23; the compiler takes it in older dialects too, but would warn.
#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char bytes[] = {
#embed "../../openapi/images.json"
};

podium_data podium_data_images(void) { return (podium_data){bytes, sizeof bytes}; }
