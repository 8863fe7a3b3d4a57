// SPDX-License-Identifier: Apache-2.0
// Many watchers in one process: connects them, counts the events that come, and says when all have come.
//
//   cc -O2 -o watchers scripts/bench-support/watchers.c
//   watchers PORT CLIENTS TARGET
//
// Each client sends `GET TARGET`. When all have got the head of their answer it says "ready". Then each line
// "COUNT" on its input has it answer, once COUNT events in all have come: the time of CLOCK_MONOTONIC in nanoseconds.
// An event is a line of the body; the lines of heads and chunks end in CR LF and do not count.

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static char buffer[1 << 18];
static long events = 0;
static long heads = 0;

struct client {
    int descriptor;
    char last;
    char matched; // How much of "\r\n\r\n" stands at the end of what came; 4 once the head is over.
};

static int connect_client(int port, const char *target) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int descriptor = socket(AF_INET, SOCK_STREAM, 0);
    char request[1024];
    int size = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", target);
    if (connect(descriptor, (struct sockaddr *)&address, sizeof address) != 0) return -1;
    return send(descriptor, request, (size_t)size, MSG_NOSIGNAL) == size ? descriptor : -1;
}

// Counts the events in what came; an LF behind a CR is framing.
static void count(struct client *client, const char *bytes, ssize_t size) {
    ssize_t i = 0;
    for (; i < size && client->matched < 4; i++) {
        char next = "\r\n\r\n"[(int)client->matched];
        client->matched = bytes[i] == next ? client->matched + 1 : bytes[i] == '\r';
        if (client->matched == 4) heads++;
        client->last = bytes[i];
    }
    for (const char *end; i < size && (end = memchr(bytes + i, '\n', (size_t)(size - i))) != NULL; i = end - bytes + 1) {
        char before = end == bytes ? client->last : end[-1];
        if (before != '\r') events++;
    }
    client->last = bytes[size - 1];
}

static int receive(int poll, int wait) {
    struct epoll_event ready[256];
    int found = epoll_wait(poll, ready, 256, wait);
    for (int i = 0; i < found; i++) {
        struct client *client = ready[i].data.ptr;
        ssize_t size = recv(client->descriptor, buffer, sizeof buffer, MSG_DONTWAIT);
        if (size <= 0) return 0;
        count(client, buffer, size);
    }
    return 1;
}

static void say_time(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    printf("%lld\n", now.tv_sec * 1000000000LL + now.tv_nsec);
}

int main(int argc, char **argv) {
    if (argc != 4) return 2;
    int clients = atoi(argv[2]), poll_set = epoll_create1(0);
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    struct client *all = calloc((size_t)clients, sizeof *all);
    for (int i = 0; i < clients; i++) {
        all[i].descriptor = connect_client(atoi(argv[1]), argv[3]);
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = &all[i]};
        if (all[i].descriptor < 0 || epoll_ctl(poll_set, EPOLL_CTL_ADD, all[i].descriptor, &event) != 0) {
            perror("watchers");
            return 1;
        }
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    while (heads < clients) {
        if (!receive(poll_set, 1000)) return 1;
    }
    puts("ready");
    char line[64];
    while (fgets(line, sizeof line, stdin) != NULL) {
        long wanted = atol(line);
        while (events < wanted) {
            if (!receive(poll_set, 1000)) return 1;
        }
        say_time();
    }
    return 0;
}
