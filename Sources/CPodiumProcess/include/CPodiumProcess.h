// SPDX-License-Identifier: Apache-2.0
// What a process may say about itself to the C library, which Swift's overlay of it leaves out.
#pragma once

/// Lets malloc keep at most `count` arenas; 0 when it does not know such a limit.
int podium_process_limit_arenas(int count);
