// SPDX-License-Identifier: Apache-2.0
// Tells ThreadSanitizer what it cannot see of Swift's Mutex on Linux: a contended lock is handed over by the kernel.
//
//   clang -shared -fPIC -o mutex.so scripts/support/tsan-mutex.c
//   LD_PRELOAD=mutex.so swift test --sanitize=thread …
//
// Without this, every pair of accesses under one Mutex is reported as a race as soon as two threads contend for it.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>

#define LOCK_SLOW "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define UNLOCK_SLOW "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

typedef __attribute__((swiftcall)) void (*lock_slow_t)(uint32_t, __attribute__((swift_context)) void *);
typedef __attribute__((swiftcall)) void (*unlock_slow_t)(__attribute__((swift_context)) void *);

// Weak: only programs that were built with the sanitizer have them.
extern void __tsan_acquire(void *) __attribute__((weak));
extern void __tsan_release(void *) __attribute__((weak));

__attribute__((swiftcall)) void lock_slow(uint32_t, __attribute__((swift_context)) void *) __asm__(LOCK_SLOW);
__attribute__((swiftcall)) void unlock_slow(__attribute__((swift_context)) void *) __asm__(UNLOCK_SLOW);

__attribute__((swiftcall)) void lock_slow(uint32_t thread, __attribute__((swift_context)) void *mutex) {
    ((lock_slow_t)dlsym(RTLD_NEXT, LOCK_SLOW))(thread, mutex);
    if (__tsan_acquire) __tsan_acquire(mutex);
}

__attribute__((swiftcall)) void unlock_slow(__attribute__((swift_context)) void *mutex) {
    if (__tsan_release) __tsan_release(mutex);
    ((unlock_slow_t)dlsym(RTLD_NEXT, UNLOCK_SLOW))(mutex);
}
