# SPDX-License-Identifier: Apache-2.0
"""Pods a second from the first POST until the last one runs: scheduler and kubelets included, in real time.

The yardstick is the same POST requests of the same client to bare libmicrohttpd, which answers them at once.
"""
import json
import socket
import threading
import time

from client import Client
from manifests import PODS, create_pods
from report import Figure

PATIENCE = 120


class RunningPods(threading.Thread):
    """Watches all pods and notes when the last of them runs."""

    def __init__(self, port, count):
        super().__init__(daemon=True)
        self.count = count
        self.finished = None
        self.running = set()
        self.connection = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self.connection.sendall(f"GET {PODS}?watch=true HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        self.start()

    def run(self):
        rest = b""
        with self.connection:
            while len(self.running) < self.count:
                try:
                    piece = self.connection.recv(1 << 20)
                except TimeoutError:
                    return
                if not piece:
                    return
                *lines, rest = (rest + piece).split(b"\n")
                for line in lines:
                    self.read(line)
        self.finished = time.monotonic()

    def read(self, line):
        # Only events of pods that run are worth the parsing.
        if b'"phase":"Running"' not in line:
            return
        event = json.loads(line)
        if event["object"]["status"]["phase"] == "Running":
            self.running.add(event["object"]["metadata"]["name"])


def measure_lifetimes(programs, scale):
    with programs.podium("--nodes", "100") as server:
        before = server.resident
        watch = RunningPods(server.port, scale.running_pods)
        begin = time.monotonic()
        size = create_pods(server.port, scale.running_pods)
        posted = time.monotonic() - begin
        watch.join(PATIENCE)
        if watch.finished is None:
            raise RuntimeError(f"only {len(watch.running)} of {scale.running_pods} pods came to run")
        running = watch.finished - begin
        used = server.processor_seconds
        time.sleep(1)
        memory = (server.resident - before) / scale.running_pods
    with programs.bare(size) as bare:
        begin = time.monotonic()
        create_pods(bare.port, scale.running_pods)
        floor = time.monotonic() - begin
    count = scale.running_pods
    name = f"{count:,} pods on 100 nodes"
    return [
        Figure(f"{name}, POST to Running", "pods/s", count / running, count / floor, "POST to bare"),
        Figure(f"{name}, POST alone", "pods/s", count / posted, count / floor, "POST to bare"),
        Figure(f"{name}, server CPU", "us/pod", 1e6 * used / count),
        Figure(f"{name}, memory of a pod", "bytes", memory, size, "its JSON"),
    ]
