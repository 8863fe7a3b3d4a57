# SPDX-License-Identifier: Apache-2.0
"""Random edits, failures and losses over all kinds of workloads: at no moment of the history are there more pods than
are allowed, and in the end everything is as it should be.

`PODIUM_SEEDS=100:200` takes other seeds than the few of every run.
"""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from api import Object
from charts import APPS, Chart, condition, names
from server import Server
from workloads import IMAGE, NEXT_IMAGE, daemon_set, deployment, stateful_set

FIRST, LAST = (int(part) for part in os.environ.get("PODIUM_SEEDS", "1:7").split(":"))
STEPS = 14
NODES = ("node-1", "node-2", "node-3")
ENDED = ("Succeeded", "Failed")
BAD_IMAGE = "registry.invalid/none:1"

JOB = """
apiVersion: batch/v1
kind: Job
metadata: {name: work}
spec:
  completions: 6
  parallelism: 3
  backoffLimit: 100
  template:
    metadata: {labels: {app: work}}
    spec:
      restartPolicy: Never
      terminationGracePeriodSeconds: 1
      containers: [{name: main, image: "busybox:1.36", command: [sleep, "40"]}]
"""


def count(value: int | str, of: int, rounds_up: bool) -> int:
    """A number of pods that may be given in percent."""
    if isinstance(value, int):
        return value
    share = int(value.rstrip("%")) * of
    return -(-share // 100) if rounds_up else share // 100


def bounds(spec: Object) -> tuple[int, int]:
    """How many pods a rolling Deployment may have more than wanted, and how many fewer may be available."""
    rolling, replicas = spec["strategy"]["rollingUpdate"], spec["replicas"]
    surge = count(rolling["maxSurge"], replicas, rounds_up=True)
    unavailable = count(rolling["maxUnavailable"], replicas, rounds_up=False)
    return (surge, unavailable) if surge or unavailable else (0, 1)


class World:
    """A cluster and what is done to it. Calm worlds have no failures: there availability is promised, too."""

    def __init__(self, chart: Chart, seed: int) -> None:
        self.chart = chart
        self.random = random.Random(seed)
        self.is_calm = seed % 2 == 0
        self.removed: set[str] = set()

    def steps(self) -> list[Callable[[], None]]:
        calm: list[Callable[[], None]] = [
            self.scale, self.scale, self.change_template, self.change_template, self.change_strategy, self.restart,
            self.pause_or_resume,
        ]  # fmt: skip
        return (
            calm
            if self.is_calm
            else [*calm, self.break_template, self.lose_pod, self.lose_pod, self.switch_node, self.cordon]
        )

    def scale(self) -> None:
        plural, name = self.random.choice([("deployments", "web"), ("statefulsets", "db"), ("deployments", "api")])
        self.chart.patch(plural, name, {"spec": {"replicas": self.random.randint(0, 6)}})

    def change_template(self) -> None:
        plural, name = self.random.choice(
            [("deployments", "web"), ("deployments", "api"), ("statefulsets", "db"), ("daemonsets", "agent")]
        )
        self.chart.set_image(plural, name, "main", self.random.choice([IMAGE, NEXT_IMAGE, "nginx:1.29"]))

    def break_template(self) -> None:
        plural, name = self.random.choice([("deployments", "web"), ("daemonsets", "agent")])
        self.chart.set_image(plural, name, "main", BAD_IMAGE)

    def change_strategy(self) -> None:
        surge, unavailable = self.random.choice([(1, 0), ("50%", "50%"), (0, 1), (3, 2), ("25%", "25%")])
        rolling = {"maxSurge": surge, "maxUnavailable": unavailable}
        self.chart.patch("deployments", "web", {"spec": {"strategy": {"rollingUpdate": rolling}}})
        surge, unavailable = self.random.choice([(1, 0), (0, 1), (0, 2), ("50%", 0)])
        rolling = {"maxSurge": surge, "maxUnavailable": unavailable}
        self.chart.patch("daemonsets", "agent", {"spec": {"updateStrategy": {"rollingUpdate": rolling}}})
        partition = {"partition": self.random.randint(0, 2)}
        self.chart.patch("statefulsets", "db", {"spec": {"updateStrategy": {"rollingUpdate": partition}}})

    def restart(self) -> None:
        stamp = {"metadata": {"annotations": {"stamp": str(self.random.random())}}}
        self.chart.patch("deployments", self.random.choice(["web", "api"]), {"spec": {"template": stamp}})

    def pause_or_resume(self) -> None:
        self.chart.patch("deployments", "web", {"spec": {"paused": self.random.random() < 0.5}})

    def lose_pod(self) -> None:
        pods = self.chart.pods()
        if pods:
            pod = self.random.choice(pods)
            self.removed.add(pod["metadata"]["uid"])
            if self.random.random() < 0.5:
                self.chart.evict(pod["metadata"]["name"])
            else:
                self.chart.api.delete(f"/api/v1/namespaces/default/pods/{pod['metadata']['name']}")

    def switch_node(self) -> None:
        self.chart.power(self.random.choice(NODES), self.random.choice(["unreachable", "off", "restart", "on", "on"]))

    def cordon(self) -> None:
        node = self.random.choice(NODES)
        change = {"spec": {"unschedulable": self.random.random() < 0.5}}
        answer = self.chart.api.send("PATCH", f"/api/v1/nodes/{node}", change, "application/merge-patch+json")
        assert answer.status == 200

    def heal(self) -> None:
        """Nothing is broken any more, and time enough passes for all back-offs and evictions."""
        for node in NODES:
            self.chart.power(node, "on")
            change = {"spec": {"unschedulable": False}}
            self.chart.api.send("PATCH", f"/api/v1/nodes/{node}", change, "application/merge-patch+json")
        self.chart.patch("deployments", "web", {"spec": {"paused": False}})
        self.chart.patch("statefulsets", "db", {"spec": {"updateStrategy": {"rollingUpdate": {"partition": 0}}}})
        for plural, name in (("deployments", "web"), ("daemonsets", "agent")):
            self.chart.set_image(plural, name, "main", IMAGE)
        self.chart.advance("20m")


def histories(chart: Chart, since: str) -> Iterator[Object]:
    """All events of pods and their owners, in the order in which they happened."""
    paths = [
        "/api/v1/pods",
        "/apis/apps/v1/replicasets",
        *(f"/apis/apps/v1/{plural}" for plural in ("deployments", "statefulsets", "daemonsets")),
    ]
    with ThreadPoolExecutor(len(paths)) as threads:
        bodies = threads.map(
            lambda path: chart.api.send("GET", f"{path}?watch=1&resourceVersion={since}&timeoutSeconds=1").body, paths
        )
        events = [json.loads(line) for body in bodies for line in body.splitlines()]
    return iter(sorted(events, key=lambda event: int(event["object"]["metadata"]["resourceVersion"])))


class History:
    """The world at one moment of its history, and what must be true of it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.objects: dict[str, Object] = {}
        self.pods: dict[str, Object] = {}

    def take(self, event: Object) -> None:
        thing = event["object"]
        uid = thing["metadata"]["uid"]
        table = self.pods if thing["kind"] == "Pod" else self.objects
        old = table.get(uid)
        if event["type"] == "DELETED":
            table.pop(uid, None)
        else:
            table[uid] = thing
        if thing["kind"] != "Pod":
            return
        if event["type"] == "ADDED":
            self.check_creation(thing)
        was_leaving = old is not None and "deletionTimestamp" in old["metadata"]
        if self.world.is_calm and old and not was_leaving and "deletionTimestamp" in thing["metadata"]:
            self.check_removal(old)

    def owner(self, thing: Object) -> Object | None:
        references = thing["metadata"].get("ownerReferences", [])
        return self.objects.get(references[0]["uid"]) if references else None

    def top(self, pod: Object) -> Object | None:
        owner = self.owner(pod)
        return (self.owner(owner) or owner) if owner else None

    def active(self, owner: Object) -> list[Object]:
        return [
            pod
            for pod in self.pods.values()
            if "deletionTimestamp" not in pod["metadata"]
            and pod["status"]["phase"] not in ENDED
            and (top := self.top(pod)) is not None
            and top["metadata"]["uid"] == owner["metadata"]["uid"]
        ]

    def check_creation(self, pod: Object) -> None:
        owner = self.top(pod)
        if owner is None:
            return
        active, spec = self.active(owner), owner["spec"]
        if owner["kind"] == "Deployment" and spec["strategy"]["type"] == "RollingUpdate":
            limit = spec["replicas"] + bounds(spec)[0]
            assert len(active) <= limit, f"{names(active)} at {pod['metadata']['resourceVersion']}"
        elif owner["kind"] == "Deployment":
            templates = {
                other["metadata"]["labels"]["pod-template-hash"]
                for other in self.pods.values()
                if self.top(other) is owner and other["status"]["phase"] not in ENDED
            }
            assert templates == {pod["metadata"]["labels"]["pod-template-hash"]}, "two templates at once"
        elif owner["kind"] == "StatefulSet":
            number = int(pod["metadata"]["name"].rsplit("-", 1)[1])
            before = {p["metadata"]["name"]: p for p in active}
            for lower in range(number):
                predecessor = before.get(f"{owner['metadata']['name']}-{lower}")
                assert predecessor and condition(predecessor, "Ready") == "True", f"db-{number} before db-{lower}"
        elif owner["kind"] == "DaemonSet":
            rolling = spec["updateStrategy"]["rollingUpdate"]
            terms = [self.target(other) for other in active]
            assert terms.count(self.target(pod)) <= (2 if rolling.get("maxSurge") not in (None, 0, "0%") else 1)

    @staticmethod
    def target(pod: Object) -> str:
        required = pod["spec"]["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
        return str(required["nodeSelectorTerms"][0]["matchFields"][0]["values"][0])

    def check_removal(self, pod: Object) -> None:
        """A controller has taken a ready pod away: there are enough others."""
        owner = self.top(pod)
        if owner is None or owner["kind"] != "Deployment" or condition(pod, "Ready") != "True":
            return
        spec = owner["spec"]
        if spec["strategy"]["type"] != "RollingUpdate":
            return
        ready = [other for other in self.active(owner) if condition(other, "Ready") == "True"]
        needed = spec["replicas"] - bounds(spec)[1]
        assert len(ready) >= needed, f"{names(ready)} are left at {pod['metadata']['resourceVersion']}"


def check_end(chart: Chart) -> None:
    """Everything is as its specification says, and nothing is left over."""
    for plural in ("deployments", "statefulsets"):
        for workload in chart.list(plural):
            wanted, status = workload["spec"]["replicas"], workload["status"]
            assert status["observedGeneration"] == workload["metadata"]["generation"]
            shown = [
                status.get(field, 0) for field in ("replicas", "readyReplicas", "availableReplicas", "updatedReplicas")
            ]
            assert shown == [wanted] * 4, (workload["metadata"]["name"], status)
    agent = chart.get("daemonsets", "agent")["status"]
    fields = (
        "desiredNumberScheduled",
        "currentNumberScheduled",
        "numberReady",
        "numberAvailable",
        "updatedNumberScheduled",
    )
    assert [agent[field] for field in fields] == [3] * 5, agent
    job = chart.get("jobs", "work")
    assert condition(job, "Complete") == "True" and job["status"]["succeeded"] == 6 and "active" not in job["status"]
    pods = chart.list("pods")
    assert not [pod["metadata"]["name"] for pod in pods if "deletionTimestamp" in pod["metadata"]]
    assert not [pod["metadata"]["name"] for pod in pods if "finalizers" in pod["metadata"]]
    owners = {
        item["metadata"]["uid"]
        for plural in ("replicasets", "statefulsets", "daemonsets", "jobs")
        for item in chart.list(plural)
    }
    assert all(pod["metadata"]["ownerReferences"][0]["uid"] in owners for pod in pods)
    assert chart.addresses("db") == {pod["status"]["podIP"] for pod in chart.ready(app="db")}


@pytest.mark.parametrize("seed", range(FIRST, LAST))
def test_whatever_happens(seed: int, home: Path) -> None:
    with Server("--clock", "virtual", "--seed", str(seed)) as server:
        chart = Chart(server, home)
        world = World(chart, seed)
        since = str(server.api.get(f"{APPS}/deployments")["metadata"]["resourceVersion"])
        recreated = deployment("api").replace("spec:\n", "spec:\n  strategy: {type: Recreate}\n", 1)
        for manifest in (deployment("web", 4), recreated, stateful_set("db", 3), daemon_set("agent"), JOB):
            chart.apply(manifest)
        chart.advance("10s")
        for _ in range(STEPS):
            world.random.choice(world.steps())()
            chart.advance(f"{world.random.choice([100, 700, 3000, 20000, 90000])}ms")
        world.heal()
        check_end(chart)
        history = History(world)
        for event in histories(chart, since):
            history.take(event)
