// SPDX-License-Identifier: Apache-2.0
// How the C library's allocator shares memory among threads.
#include "CPodiumProcess.h"
#include <malloc.h>

int podium_process_limit_arenas(int count) {
#ifdef M_ARENA_MAX
    return mallopt(M_ARENA_MAX, count);
#else
    // musl has one arena and no such option.
    (void)count;
    return 0;
#endif
}
