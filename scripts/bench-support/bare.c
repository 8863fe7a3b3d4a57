// SPDX-License-Identifier: Apache-2.0
// The yardstick of the benchmarks: libmicrohttpd alone, answering every request with the same bytes.
//
//   cc -O2 -o bare scripts/bench-support/bare.c -lmicrohttpd
//   bare [-p port] [-n bytes] [-t threads] [-m memory]
//
// Listens on 127.0.0.1 until a signal comes. `-n` is the size of the body (2048), `-t` the number of threads (one for
// each core), `-m` libmicrohttpd's memory for one connection (32768, as in Podium).

#include <arpa/inet.h>
#include <microhttpd.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct MHD_Response *response;

static enum MHD_Result answer(void *context, struct MHD_Connection *connection, const char *url, const char *method,
                              const char *version, const char *upload, size_t *upload_size, void **request) {
    static int seen;
    (void)context, (void)url, (void)method, (void)version, (void)upload;
    // An answer at the first call would close the connection.
    if (*request == NULL) {
        *request = &seen;
        return MHD_YES;
    }
    if (*upload_size != 0) {
        *upload_size = 0;
        return MHD_YES;
    }
    return MHD_queue_response(connection, MHD_HTTP_OK, response);
}

int main(int argc, char **argv) {
    int port = 8080;
    size_t size = 2048, memory = 32768;
    long threads = sysconf(_SC_NPROCESSORS_ONLN);
    for (int option; (option = getopt(argc, argv, "p:n:t:m:")) != -1;) {
        switch (option) {
        case 'p': port = atoi(optarg); break;
        case 'n': size = strtoul(optarg, NULL, 10); break;
        case 't': threads = atol(optarg); break;
        case 'm': memory = strtoul(optarg, NULL, 10); break;
        default: return 2;
        }
    }
    char *body = malloc(size + 1);
    if (body == NULL) return 1;
    memset(body, 'x', size);
    response = MHD_create_response_from_buffer(size, body, MHD_RESPMEM_PERSISTENT);
    MHD_add_response_header(response, "Content-Type", "application/json");

    sigset_t ends;
    sigemptyset(&ends);
    sigaddset(&ends, SIGINT);
    sigaddset(&ends, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &ends, NULL);

    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    enum MHD_OPTION pool = threads > 1 ? MHD_OPTION_THREAD_POOL_SIZE : MHD_OPTION_END;
    struct MHD_Daemon *daemon = MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD, 0, NULL, NULL, answer, NULL,
        MHD_OPTION_SOCK_ADDR, &address,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, memory,
        MHD_OPTION_CONNECTION_LIMIT, 16384u,
        MHD_OPTION_CONNECTION_TIMEOUT, 90u,
        MHD_OPTION_LISTEN_BACKLOG_SIZE, 1024u,
        pool, (unsigned int)threads,
        MHD_OPTION_END);
    if (daemon == NULL) {
        fprintf(stderr, "bare: cannot listen on port %d\n", port);
        return 1;
    }
    int signal;
    sigwait(&ends, &signal);
    MHD_stop_daemon(daemon);
    MHD_destroy_response(response);
    free(body);
    return 0;
}
