# SPDX-License-Identifier: Apache-2.0
"""What workloads cost: Deployments from their creation until all pods are available, and a rollout of all of them.

The yardstick is as many pods that clients create themselves, to a server of the same nodes in the same run. Time is
virtual, so that nothing but work is measured; the processor time is that of the servers alone.
"""
import json
import time

from client import Client
from manifests import create_pods, deployment
from report import Figure

DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"
REPLICAS = 10
LONGEST_START = "30s"
LONGEST_ROLLOUT = "120s"
# At most so many times the processor time of a pod without an owner.
OWNED_LIMIT = 1.5


def advance(client, time_span):
    client.call("POST", "/podium/v1/clock/advance", {"by": time_span})


def cluster(programs, scale):
    return programs.podium("--clock", "virtual", "--seed", "1", "--nodes", str(max(3, scale.deployments // 5)))


class Spent:
    """What a server spends on a number of pods during a with block."""

    def __init__(self, server, pods):
        self.server, self.pods = server, pods

    def __enter__(self):
        self.used, self.resident, self.begin = self.server.processor_seconds, self.server.resident, time.monotonic()
        return self

    def __exit__(self, *_):
        self.seconds = time.monotonic() - self.begin
        self.microseconds = 1e6 * (self.server.processor_seconds - self.used) / self.pods
        self.bytes = (self.server.resident - self.resident) / self.pods


def expect_all(client, name, wanted):
    items = json.loads(client.call("GET", DEPLOYMENTS))["items"]
    done = sum(min(item["status"].get(field, 0) for field in ("availableReplicas", "updatedReplicas")) for item in items)
    if done != wanted:
        raise RuntimeError(f"{name}: {done} of {wanted} pods are updated and available")


def measure_rollouts(programs, scale):
    count = scale.deployments * REPLICAS
    with cluster(programs, scale) as server, Client(server.port) as client:
        with Spent(server, count) as bare:
            create_pods(server.port, count)
            advance(client, LONGEST_START)
    with cluster(programs, scale) as server, Client(server.port) as client:
        with Spent(server, count) as owned:
            for index in range(scale.deployments):
                client.call("POST", DEPLOYMENTS, deployment(f"web-{index}", REPLICAS))
            advance(client, LONGEST_START)
        expect_all(client, "creation", count)
        patch = {"spec": {"template": {"metadata": {"annotations": {"version": "2"}}}}}
        with Spent(server, count) as rollout:
            for index in range(scale.deployments):
                client.call("PATCH", f"{DEPLOYMENTS}/web-{index}", patch, "application/merge-patch+json")
            advance(client, LONGEST_ROLLOUT)
        expect_all(client, "rollout", count)
    name = f"{scale.deployments:,} Deployments of {REPLICAS}"
    cost = Figure(f"{name}, server CPU", "us/pod", owned.microseconds, bare.microseconds, "a pod without owner")
    return [
        cost.aim(f"<= {OWNED_LIMIT}", cost.ratio <= OWNED_LIMIT),
        Figure(f"{name}, until available", "s", owned.seconds, bare.seconds, "a pod without owner"),
        Figure(f"{name}, memory", "bytes/pod", owned.bytes, bare.bytes, "a pod without owner"),
        Figure(f"{name}, rollout of all, server CPU", "us/pod", rollout.microseconds, bare.microseconds, "a pod without owner"),
        Figure(f"{name}, rollout of all", "s", rollout.seconds),
    ]
