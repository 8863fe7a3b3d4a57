# SPDX-License-Identifier: Apache-2.0
"""One change to a thousand watchers: how many deliveries a second, and how long until the last one has it.

The yardstick is plain sockets: a C program that writes an event of the same size to each client with one `send`.
"""
import json
import subprocess
import time
from contextlib import contextmanager
from statistics import median

from client import Client
from report import Figure
from servers import free_port

COLLECTION = "/api/v1/namespaces/default/configmaps"
OBJECT = f"{COLLECTION}/news"


class Watchers:
    """A process that holds all the watching connections."""

    def __init__(self, programs, port, count, target):
        self.count = count
        self.seen = 0
        self.process = subprocess.Popen(
            [programs.tool("watchers"), str(port), str(count), target],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
        )

    def wait_ready(self):
        if self.process.stdout.readline() != "ready\n":
            raise RuntimeError("not all watchers were let in")

    def expect(self, events):
        """Has the process wait until every watcher has got `events` more. To be followed by `arrival`."""
        self.seen += events * self.count
        self.process.stdin.write(f"{self.seen}\n")

    def arrival(self):
        """When the last watcher got the last event, in seconds of the monotonic clock."""
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("a watch ended early")
        return int(line) / 1e9

    def close(self):
        self.process.kill()
        self.process.wait()


class PodiumSource:
    """Changes of a ConfigMap."""

    def __init__(self, port):
        self.client = Client(port)
        self.revision = 0

    def create(self):
        value = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "news"}, "data": {"filler": "x" * 700}}
        return json.loads(self.client.call("POST", COLLECTION, value))["metadata"]["resourceVersion"]

    def publish(self, events):
        """Patches one after the other; each is an event."""
        requests = []
        for _ in range(events):
            self.revision += 1
            body = json.dumps({"data": {"revision": f"{self.revision:08}"}}).encode()
            requests.append(Client.request("PATCH", OBJECT, body, "application/merge-patch+json"))
        if self.client.call_all(requests) != events:
            raise RuntimeError("a patch was refused")

    def event_size(self):
        return len(self.client.call("GET", OBJECT)) + len('{"type":"MODIFIED","object":}\n')

    def close(self):
        self.client.connection.close()


class SpreadSource:
    """The yardstick."""

    def __init__(self, programs, watchers, size):
        self.port = free_port()
        self.process = subprocess.Popen(
            [programs.tool("spread"), str(self.port), str(watchers), str(size)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
        )

    def publish(self, events):
        self.process.stdin.write(f"{events}\n")

    def close(self):
        self.process.kill()
        self.process.wait()


def one_round(source, watchers, events):
    """Deliveries a second of a burst, and the milliseconds from a single write to its last watcher."""
    watchers.expect(events)
    begin = time.monotonic()
    source.publish(events)
    rate = events * watchers.count / (watchers.arrival() - begin)
    delays = []
    for _ in range(5):
        time.sleep(0.01)
        watchers.expect(1)
        begin = time.monotonic()
        source.publish(1)
        delays.append(1000 * (watchers.arrival() - begin))
    return rate, median(delays)


@contextmanager
def podium_pair(programs, server, count):
    source = PodiumSource(server.port)
    revision = source.create()
    source.publish(1)
    target = f"{COLLECTION}?watch=true&resourceVersion={revision}"
    watchers = Watchers(programs, server.port, count, target)
    watchers.wait_ready()
    watchers.expect(1)
    watchers.arrival()
    try:
        yield source, watchers
    finally:
        watchers.close()
        source.close()


@contextmanager
def spread_pair(programs, size, count):
    source = SpreadSource(programs, count, size)
    time.sleep(0.2)
    watchers = Watchers(programs, source.port, count, "/")
    watchers.wait_ready()
    try:
        yield source, watchers
    finally:
        watchers.close()
        source.close()


def measure_fanout(programs, scale):
    rounds = []
    with programs.podium_api() as server, podium_pair(programs, server, scale.watchers) as ours:
        with spread_pair(programs, ours[0].event_size(), scale.watchers) as theirs:
            for _ in range(scale.rounds):
                yardstick = one_round(*theirs, scale.events)
                rounds.append(tuple(zip(one_round(*ours, scale.events), yardstick)))
    rates, delays = zip(*rounds)
    name = f"watch, {scale.watchers:,} watchers"
    return [
        Figure.of_rounds(name, "deliveries/s", rates, "a send each"),
        Figure.of_rounds(f"{name}, write to the last", "ms", delays, "a send each"),
    ]
