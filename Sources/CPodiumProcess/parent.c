// SPDX-License-Identifier: Apache-2.0
// The end of the process that started this one, seen without asking again and again.
#include "CPodiumProcess.h"
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

// glibc has a wrapper since 2.36 only.
static int open_process(pid_t process) { return (int)syscall(SYS_pidfd_open, process, 0); }

static void *await_end(void *argument) {
    struct pollfd parent = {.fd = (int)(intptr_t)argument, .events = POLLIN};
    while (poll(&parent, 1, -1) < 0 && errno == EINTR) {}
    kill(getpid(), SIGTERM);
    return NULL;
}

int podium_process_end_with_parent(void) {
    pid_t parent = getppid();
    if (parent == 0) return ESRCH;
    int descriptor = open_process(parent);
    if (descriptor < 0) return errno;
    // It may have ended before it was opened, and its number may belong to another process by now.
    if (getppid() != parent) {
        close(descriptor);
        return ESRCH;
    }
    pthread_t thread;
    int result = pthread_create(&thread, NULL, await_end, (void *)(intptr_t)descriptor);
    if (result == 0) pthread_detach(thread);
    return result;
}
