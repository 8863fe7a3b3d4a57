// SPDX-License-Identifier: Apache-2.0
// What a process may ask of the system that Swift's overlay of the C library leaves out.
#pragma once

/// Lets malloc keep at most `count` arenas; 0 when it does not know such a limit.
int podium_process_limit_arenas(int count);

/// Has this process get SIGTERM when the one that started it ends, however that ends; the number of an error else.
int podium_process_end_with_parent(void);
