// SPDX-License-Identifier: Apache-2.0
// The yardstick of the watch fan-out: plain sockets, and nothing but one send for each event and client.
//
//   cc -O2 -o spread scripts/bench-support/spread.c
//   spread PORT CLIENTS BYTES
//
// Accepts CLIENTS connections on 127.0.0.1, answers each with the head of a chunked response, and says "ready". Then
// each line "COUNT" on its input has it write COUNT events of BYTES bytes to every client, one after the other.

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static int send_all(int client, const char *bytes, size_t size) {
    while (size > 0) {
        ssize_t sent = send(client, bytes, size, MSG_NOSIGNAL);
        if (sent <= 0) return 0;
        bytes += sent;
        size -= (size_t)sent;
    }
    return 1;
}

static int accept_client(int listener) {
    static const char head[] = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    char request[8192];
    int client = accept(listener, NULL, NULL), yes = 1;
    if (client < 0 || recv(client, request, sizeof request, 0) <= 0) return -1;
    setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    return send_all(client, head, sizeof head - 1) ? client : -1;
}

// One event as one chunk: a line of BYTES bytes, its end included.
static char *make_chunk(size_t bytes, size_t *size) {
    char *chunk = malloc(bytes + 32);
    if (chunk == NULL) return NULL;
    int head = sprintf(chunk, "%zx\r\n", bytes);
    memset(chunk + head, 'x', bytes - 1);
    memcpy(chunk + head + bytes - 1, "\n\r\n", 3);
    *size = (size_t)head + bytes + 2;
    return chunk;
}

int main(int argc, char **argv) {
    if (argc != 4) return 2;
    int clients = atoi(argv[2]), yes = 1, listener = socket(AF_INET, SOCK_STREAM, 0);
    size_t size = 0;
    char *chunk = make_chunk(strtoul(argv[3], NULL, 10), &size);
    int *client = calloc((size_t)clients, sizeof(int));
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[1]))};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (chunk == NULL || client == NULL || bind(listener, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(listener, 4096) != 0) {
        perror("spread");
        return 1;
    }
    for (int i = 0; i < clients; i++) {
        if ((client[i] = accept_client(listener)) < 0) return 1;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    puts("ready");
    char line[64];
    while (fgets(line, sizeof line, stdin) != NULL) {
        for (int count = atoi(line); count > 0; count--) {
            for (int i = 0; i < clients; i++) {
                if (!send_all(client[i], chunk, size)) return 1;
            }
        }
    }
    return 0;
}
