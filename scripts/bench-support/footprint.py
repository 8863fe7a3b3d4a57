# SPDX-License-Identifier: Apache-2.0
"""What the process costs: time to the first answer, memory at rest, memory of each pod."""
import time

from manifests import create_pods
from report import Figure

START_LIMIT_MS = 100
IDLE_LIMIT_MB = 30
REST = 1.0


def time_start(make):
    server = make()
    begin = time.monotonic()
    with server:
        return 1000 * (time.monotonic() - begin)


def measure_start(programs, scale):
    rounds = [(time_start(programs.podium), time_start(programs.bare)) for _ in range(scale.starts)]
    figure = Figure.of_rounds("exec to first answer", "ms", rounds)
    return [figure.aim(f"<= {START_LIMIT_MS} ms", figure.podium <= START_LIMIT_MS)]


def measure_memory(programs, scale):
    with programs.bare() as bare, programs.podium() as server:
        time.sleep(REST)
        idle = Figure("memory at rest, three nodes", "MB", server.resident / 1e6, bare.resident / 1e6)
    with programs.podium_api() as server:
        create_pods(server.port, 1, "first")
        before = server.resident
        size = create_pods(server.port, scale.pods)
        stored = (server.resident - before) / scale.pods
    return [
        idle.aim(f"< {IDLE_LIMIT_MB} MB", idle.podium < IDLE_LIMIT_MB),
        Figure(f"memory of a stored pod, {scale.pods:,} pods", "bytes", stored, size, "its JSON"),
    ]
