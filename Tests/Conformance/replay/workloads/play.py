# SPDX-License-Identifier: Apache-2.0
"""Plays scenarios of workload controllers on a cluster of its own.

A scenario is {name, group, nodes, steps, kinds, ask} and what compare.py names. `nodes` are there besides the three
equal ones. A step is {requests, wait, last, sharp, align}: requests {method, path, body, contentType, pause}, then
waiting, then a look at everything. It begins at second `align` of a minute and lasts `wait` seconds; unless it is
`sharp` it may last longer, since the recorder waited until nothing changed, which was so `last` seconds after its
beginning.
"""

from __future__ import annotations

import re
import urllib.parse
from typing import Any

from ..cluster import Cluster
from ..failure import Broken
from ..instants import SECOND
from ..placeholders import mapped
from ..recordings import Case, unknown
from .compare import compare
from .kinds import collection, path_of, watched
from .observe import Bounds, Observer
from .views import Object

SHARED_NODES = ("node-1", "node-2", "node-3")
MINUTE = 60 * SECOND
# How much slower than the recorded ones kubelets may be.
SLOWER, SLOWER_SECONDS = 1.4, 2.0
CALM_SECONDS = 0.5
PICK = re.compile(r"<pick (\w+) (\S+) (-?\d+)>")
UID = re.compile(r"<uid (\w+) (\S+?)>")
NO_UID = "00000000-0000-4000-8000-000000000000"
NOTHING = "nothing-to-pick"
# What is looked at, or known to need no look.
SCENARIO_FIELDS = frozenset("name group nodes steps kinds ask events versions marks".split())
STEP_FIELDS = frozenset("title align requests answers wait last sharp state extremes".split())
REQUEST_FIELDS = frozenset("method path body contentType pause".split())


def play(url: str, scenario: Case) -> list[str]:
    """Plays a scenario once and returns what is different; nothing when it passes."""
    problems = unknown("scenario", [scenario], SCENARIO_FIELDS)
    problems += unknown("step", scenario["steps"], STEP_FIELDS)
    for step in scenario["steps"]:
        problems += unknown("request", step["requests"], REQUEST_FIELDS)
    if problems:
        return problems
    with Cluster(url, f"wl-{scenario['name']}") as cluster:
        try:
            player = Player(cluster, scenario)
            player.prepare()
            steps = [player.step(step) for step in scenario["steps"]]
        except Broken as error:
            return [str(error)]
        return compare(scenario, Observer(scenario, player.namespace, cluster.log).observe(steps))


class Player:
    """Plays one scenario."""

    def __init__(self, cluster: Cluster, scenario: Object) -> None:
        self.cluster, self.scenario = cluster, scenario
        self.namespace = f"wl-{scenario['name']}"

    def prepare(self) -> None:
        """Makes the nodes and the namespace, and begins to watch."""
        cluster = self.cluster
        cluster.read_clock()
        nodes = [shared_node(name) for name in SHARED_NODES] + self._filled(self.scenario.get("nodes", []))
        for node in nodes:
            cluster.demand("POST", "/api/v1/nodes", node_of(node))
        cluster.wait_for_nodes({node["name"] for node in nodes})
        cluster.origin = cluster.now
        cluster.only_namespace = self.namespace
        for kind in watched(self.scenario["kinds"]):
            cluster.watch(kind, collection(kind))
        cluster.make_namespace(self.namespace)
        cluster.advance_by(CALM_SECONDS)
        cluster.settle()

    def step(self, step: Object) -> Bounds:
        """Does what a step asks for and waits until it has happened."""
        cluster = self.cluster
        if step.get("align") is not None:
            cluster.advance_to(cluster.now + (step["align"] * SECOND - cluster.now) % MINUTE)
        begin = cluster.seconds
        answers = []
        for request in step["requests"]:
            if request.get("pause"):
                cluster.advance_until(cluster.seconds + request["pause"])
            answers.append(self._ask(request))
        cluster.settle()
        end = max(begin + step["wait"], cluster.seconds)
        if not step.get("sharp"):
            end = max(end, end - step["wait"] + SLOWER * step.get("last", 0.0) + SLOWER_SECONDS)
        cluster.advance_until(end)
        return Bounds(begin, len(cluster.log), answers)

    def _ask(self, request: Object) -> Object:
        body = self._filled(request.get("body"))
        path = self._filled(request["path"])
        answer = self.cluster.ask(request["method"], path, body, request.get("contentType") or "")
        return {"code": answer.status, "message": answer.message}

    # MARK: Placeholders of requests

    def _filled(self, value: Any) -> Any:
        """A request without placeholders."""
        return mapped(value, self._filled_text)

    def _filled_text(self, text: str) -> str:
        text = UID.sub(self._uid, PICK.sub(self._picked, text))
        return text.replace("<ns>", self.namespace)

    def _picked(self, match: re.Match[str]) -> str:
        """The name of the Nth object of a kind and selector, by age and name, without those that are being deleted."""
        kind, selector, index = match[1], urllib.parse.quote(match[2]), int(match[3])
        answer = self.cluster.ask("GET", f"{path_of(kind, self.namespace)}?labelSelector={selector}")
        found = [value["metadata"] for value in answer.object.get("items") or []]
        found = [metadata for metadata in found if not metadata.get("deletionTimestamp")]
        found.sort(key=lambda metadata: (metadata["creationTimestamp"], metadata["name"]))
        return str(found[index]["name"]) if -len(found) <= index < len(found) else NOTHING

    def _uid(self, match: re.Match[str]) -> str:
        answer = self.cluster.ask("GET", path_of(match[1], self.namespace, match[2].replace("<ns>", self.namespace)))
        return str(answer.object.get("metadata", {}).get("uid", NO_UID))


def shared_node(name: str) -> Object:
    """One of the equal nodes."""
    return {
        "name": name,
        "labels": {"kubernetes.io/hostname": name, "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64"},
    }


def node_of(recorded: Object) -> Object:
    """The Node {name, labels, spec, status} as an object."""
    metadata = {"name": recorded["name"], "labels": recorded.get("labels", {})}
    node = {"apiVersion": "v1", "kind": "Node", "metadata": metadata, "spec": recorded.get("spec", {})}
    return {**node, "status": recorded["status"]} if recorded.get("status") else node
