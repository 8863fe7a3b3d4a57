# SPDX-License-Identifier: Apache-2.0
"""Requests a second: GET of a pod, LIST of many, POST; wrk against both servers by turns."""
import json
import os
import re
import subprocess
import tempfile
from dataclasses import dataclass

from client import Client
from manifests import PODS, create_pods, pod
from report import Figure

# wrk counts bytes in powers of 1,024.
UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}


@dataclass
class Round:
    """What one run of wrk saw."""

    requests_per_second: float
    megabytes_per_second: float
    processor_micros: float


class Wrk:
    """Runs wrk for `seconds` at a time."""

    def __init__(self, seconds, threads, connections):
        self.seconds = seconds
        self.load = [f"-t{threads}", f"-c{connections}", f"-d{seconds}", "--timeout", "30s"]

    def run(self, server, path, *more):
        before = server.processor_seconds
        command = ["wrk", *self.load, f"http://127.0.0.1:{server.port}{path}", *more]
        if more:
            command = ["wrk", *self.load, "-s", more[0], f"http://127.0.0.1:{server.port}{path}", "--", *more[1:]]
        output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
        used = server.processor_seconds - before
        done = re.search(r"(\d+) requests in ([\d.]+)(ms|s|m), ([\d.]+)([KMG]?)B read", output)
        if not done or "Non-2xx" in output or "Socket errors" in output:
            raise RuntimeError(f"{' '.join(command)}:\n{output}")
        requests = int(done[1])
        length = float(done[2]) * {"ms": 0.001, "s": 1, "m": 60}[done[3]]
        read = float(done[4]) * UNITS[done[5]]
        return Round(requests / length, read / length / 1e6, 1e6 * used / max(1, requests))


def alternate(rounds, podium, bare):
    """Runs both by turns and returns what each pair saw, podium's first."""
    pairs = []
    for turn in range(rounds):
        # Who comes first changes, so that neither profits from the order.
        if turn % 2:
            ours = podium(turn)
            pairs.append((ours, bare(turn)))
        else:
            yardstick = bare(turn)
            pairs.append((podium(turn), yardstick))
    return pairs


def figures_of(pairs, name, **units):
    """One figure for each attribute of the rounds that is named, with its unit."""
    suffixes = {"processor_micros": ", server CPU"}
    return [
        Figure.of_rounds(name + suffixes.get(key, ""), unit, [(getattr(a, key), getattr(b, key)) for a, b in pairs])
        for key, unit in units.items()
    ]


def measure_get(programs, scale):
    wrk = Wrk(scale.seconds, threads=2, connections=32)
    with programs.podium_api() as server:
        size = create_pods(server.port, 1)
        with programs.bare(size) as bare:
            pairs = alternate(
                scale.rounds, lambda _: wrk.run(server, f"{PODS}/pod-0"), lambda _: wrk.run(bare, "/")
            )
    name = f"GET a pod ({size:,} B)"
    rate, cost = figures_of(pairs, name, requests_per_second="requests/s", processor_micros="us/request")
    return [rate.aim("ratio >= 0.8", rate.ratio >= 0.8), cost]


def measure_list(programs, scale):
    wrk = Wrk(scale.seconds, threads=1, connections=4)
    with programs.podium_api() as server:
        create_pods(server.port, scale.pods)
        with Client(server.port) as client:
            size = len(client.call("GET", PODS))
        with programs.bare(size) as bare:
            pairs = alternate(scale.rounds, lambda _: wrk.run(server, PODS), lambda _: wrk.run(bare, "/"))
    name = f"LIST {scale.pods:,} pods ({size / 1e6:.1f} MB)"
    units = {"requests_per_second": "requests/s", "megabytes_per_second": "MB/s", "processor_micros": "us/request"}
    return figures_of(pairs, name, **units)


def measure_post(programs, scale):
    wrk = Wrk(scale.seconds, threads=2, connections=32)
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "post_pods.lua")
    with tempfile.NamedTemporaryFile("w", suffix=".json") as body, programs.podium_api() as server:
        json.dump(pod("NAME"), body)
        body.flush()
        size = create_pods(server.port, 1)
        with programs.bare(size) as bare:
            pairs = alternate(
                scale.rounds,
                lambda turn: wrk.run(server, PODS, script, f"r{turn}", body.name),
                lambda turn: wrk.run(bare, PODS, script, f"r{turn}", body.name),
            )
    units = {"requests_per_second": "requests/s", "processor_micros": "us/request"}
    return figures_of(pairs, "POST a pod, API alone", **units)
