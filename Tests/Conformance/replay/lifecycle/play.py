# SPDX-License-Identifier: Apache-2.0
"""Plays the lives of pods on a cluster of its own.

A scenario is {name, group, nodes, setup, pre, manifests, createResponses, actions, timeline, events, recordedSeconds}:
the nodes at its beginning, objects and requests before the pods, the pods, and what is done later. An action is a
request {method, path, body, contentType, responseCode, responseMessage} or {kubelet, node}, `seconds` after the first
pod or `plus` seconds after what `after` says in words. `nodeTimeline` tells of nodes, `placement` and `loose` how much
of the recording is no chance (compare.py).
"""

from __future__ import annotations

import re
from typing import Any

from ..cluster import Cluster, is_ready
from ..exchange import Answer
from ..failure import Broken
from ..instants import SECOND, microseconds
from ..placeholders import mapped
from ..recordings import Case, unknown
from ..values import copied
from .compare import Seen, compare
from .jitter import Jitter
from .observe import Observer
from .snapshots import nodes_of, snapshots
from .views import Object

PATHS = {
    "Pod": "/api/v1/namespaces/<ns>/pods",
    "ConfigMap": "/api/v1/namespaces/<ns>/configmaps",
    "Secret": "/api/v1/namespaces/<ns>/secrets",
    "Service": "/api/v1/namespaces/<ns>/services",
    "PersistentVolumeClaim": "/api/v1/namespaces/<ns>/persistentvolumeclaims",
    "PodDisruptionBudget": "/apis/policy/v1/namespaces/<ns>/poddisruptionbudgets",
    "PriorityClass": "/apis/scheduling.k8s.io/v1/priorityclasses",
    "Event": "/api/v1/namespaces/<ns>/events",
    "Node": "/api/v1/nodes",
}
# A Node that is there to be bound to only: nobody reports for it, and nobody misses that.
NO_KUBELET = {"podium.dev/kubelet": "none"}
LIVE_NODE = re.compile(r"node-\d+")
READY_CONDITION = {
    "type": "Ready",
    "status": "True",
    "reason": "KubeletReady",
    "message": "kubelet is posting ready status",
    "lastHeartbeatTime": "2026-01-01T00:00:00Z",
    "lastTransitionTime": "2026-01-01T00:00:00Z",
}
POWER = {"pause": "unreachable", "resume": "on", "restart": "restart"}
CONDITION = re.compile(
    r"pod (\S+) (?:is (gone|Ready)|has phase (\S+)|has (spec\.nodeName)|container (\S+) is waiting with reason (\S+))"
)
ASKED_UID = re.compile(r"<uid-(\d+)>")
# Scenarios begin two seconds after all is ready, and just after a full second, as they were recorded.
CALM, AFTER_FULL_SECOND = 2 * SECOND, SECOND // 50
# What is looked at, or known to need no look.
SCENARIO_FIELDS = frozenset(
    """name group nodes setup pre manifests createResponses actions timeline events nodeTimeline nodeEvents
    recordedSeconds placement loose""".split()
)
ACTION_FIELDS = frozenset(
    "t seconds after plus skipped method path contentType body responseCode responseMessage kubelet node".split()
)
ENTRY_FIELDS = frozenset("t t2 pod type metadata spec status printed lasts flaky".split())


def play(url: str, scenario: Case) -> list[str]:
    """Plays a scenario once and returns what is different; nothing when it passes."""
    problems = unknown("scenario", [scenario], SCENARIO_FIELDS)
    problems += unknown("action", scenario["actions"], ACTION_FIELDS)
    problems += unknown("version", scenario["timeline"], ENTRY_FIELDS)
    if problems:
        return problems
    with Cluster(url, "lc-" + re.sub(r"[^a-z0-9-]", "-", scenario["name"].lower())) as cluster:
        try:
            player = Player(cluster, scenario)
            player.prepare()
            return compare(scenario, player.play())
        except Broken as error:
            return [str(error)]


class Player:
    """Plays one scenario."""

    def __init__(self, cluster: Cluster, scenario: Object) -> None:
        self.cluster, self.scenario = cluster, scenario
        self.namespace = f"lc-{scenario['name']}"
        self.pods: dict[str, Object] = {}
        # Those that were made: each is listed, or its deletion must be seen.
        self.uids: set[str] = set()
        self.read = 0

    # MARK: Before the pods

    def prepare(self) -> None:
        """Makes nodes and everything else that is there before the first pod, and begins to watch."""
        cluster = self.cluster
        cluster.read_clock()
        for node in self.scenario["nodes"]:
            cluster.demand("POST", PATHS["Node"], self._node(node))
        cluster.settle()
        cluster.make_namespace(self.namespace)
        cluster.wait_for_nodes({node["name"] for node in self.scenario["nodes"] if node["name"].startswith("node-")})
        for value in self.scenario["setup"]:
            cluster.demand("POST", self._filled(PATHS[value["kind"]]), self._filled(value))
        for request in self.scenario.get("pre", []):
            body = self._filled(request["body"])
            cluster.demand(request["method"], self._filled(request["path"]), body, request["contentType"])
        cluster.settle()
        cluster.advance_to((cluster.now + CALM + SECOND - 1) // SECOND * SECOND + AFTER_FULL_SECOND)
        for kind in ("Pod", "Event"):
            cluster.watch(kind, self._path(kind))
        if self.scenario.get("nodeTimeline"):
            nodes = cluster.watch("Node", PATHS["Node"], "application/json")
            for node in nodes.document["items"]:
                cluster.note("Node", "EXISTING", node, -1.0)
        cluster.must_be_gone = self._gone
        cluster.origin = cluster.now

    def _path(self, kind: str) -> str:
        return PATHS[kind].replace("<ns>", self.namespace)

    def _node(self, recorded: Object) -> Object:
        """A node as it was at the beginning; what only happens to a live one, happens by itself or by `pre`."""
        live = LIVE_NODE.fullmatch(recorded["name"]) is not None
        is_patched = any(request["path"].endswith(f"/{recorded['name']}") for request in self.scenario.get("pre", []))
        metadata: Object = {"name": recorded["name"], "labels": recorded["labels"]}
        status: Object = {"capacity": recorded["capacity"], "allocatable": recorded["allocatable"]}
        taints = [{key: value for key, value in taint.items() if key != "timeAdded"} for taint in recorded["taints"]]
        if live:
            taints = [taint for taint in taints if not taint["key"].startswith("node.kubernetes.io/")]
        else:
            metadata["annotations"] = NO_KUBELET
            status["conditions"] = [READY_CONDITION]
        spec: Object = {}
        if taints and not (live and is_patched):
            spec["taints"] = taints
        if recorded["unschedulable"] and not (live and is_patched):
            spec["unschedulable"] = True
        return {"apiVersion": "v1", "kind": "Node", "metadata": metadata, "spec": spec, "status": status}

    # MARK: The pods and their lives

    def play(self) -> Seen:
        """From the first pod to the end of the recording, and as much longer as a slower run may take."""
        created = None
        seen = Seen()
        for manifest in self.scenario["manifests"]:
            answer = self._ask("POST", PATHS[manifest["kind"]], manifest)
            seen.created.append({"code": answer.status, "message": answer.message})
            if answer.status <= 201 and created is None and manifest["kind"] == "Pod":
                created = answer.object["metadata"]["creationTimestamp"]
        self.cluster.settle()
        for action in self.scenario["actions"]:
            seen.acted.append(self._act_in_time(action))
        self.cluster.advance_until(float(self.scenario["recordedSeconds"]) + self._overtime())
        assert self.cluster.origin is not None
        origin = microseconds(created) if created else self.cluster.origin
        observer = Observer(self.scenario, self.cluster.log, self.namespace, origin // SECOND)
        seen.timeline, seen.events = observer.timeline(), observer.events()
        seen.node_timeline = observer.node_timeline()
        # Last, since uids that belong to no pod are numbered as they are first seen.
        seen.created, seen.acted = observer.normalised(seen.created), observer.normalised(seen.acted)
        return seen

    def _overtime(self) -> float:
        nodes = nodes_of(self.scenario["timeline"], [])
        return Jitter(self.scenario).overtime(snapshots(self.scenario["timeline"], nodes, exact_placement=True))

    def _act_in_time(self, action: Object) -> Object | None:
        """Waits for the time of an action and does it; returns its answer, None where it was not recorded."""
        cluster = self.cluster
        if action.get("skipped"):
            return None
        if action.get("seconds") is not None:
            cluster.advance_until(action["seconds"])
        else:
            if not self._wait(action["after"]):
                return {"skipped": True}
            if action.get("plus"):
                cluster.advance_until(cluster.seconds + action["plus"])
        answer = self._act(action)
        cluster.settle()
        return answer

    def _wait(self, condition: str) -> bool:
        """Until a condition holds, or to the end of the recording."""
        assert self.cluster.origin is not None
        end = self.cluster.origin + round(self.scenario["recordedSeconds"] * SECOND)

        def holds() -> bool:
            return self._holds(condition)

        return holds() or self.cluster.advance_to(end, holds, longest=SECOND)

    def _act(self, action: Object) -> Object:
        if "kubelet" in action:
            path = f"/podium/v1/nodes/{action['node']}/power"
            self.cluster.demand("PUT", path, {"state": POWER[action["kubelet"]]})
            return {"code": 200}
        body = copied(action["body"])
        if action["method"] == "POST" and isinstance(body, dict) and body.get("kind") == "Node":
            body["metadata"].setdefault("annotations", {}).update(NO_KUBELET)
        answer = self._ask(action["method"], action["path"], body, action.get("contentType") or "")
        return {"code": answer.status, "message": answer.message}

    def _ask(self, method: str, path: str, body: Any, content: str = "") -> Answer:
        answer = self.cluster.ask(method, self._filled(path), self._filled(body), content)
        if method == "POST" and answer.status == 201 and isinstance(body, dict) and body.get("kind") == "Pod":
            self.uids.add(answer.object.get("metadata", {}).get("uid", ""))
        return answer

    def _gone(self, kind: str, listed: set[str]) -> set[str]:
        """The uids of pods that must have been seen to go."""
        return self.uids - listed - {""} if kind == "Pod" else set()

    def _filled(self, value: Any) -> Any:
        """A request without placeholders."""
        return mapped(value, self._filled_text)

    def _filled_text(self, text: str) -> str:
        text = ASKED_UID.sub(lambda match: f"00000000-0000-4000-8000-{int(match[1]):012d}", text)
        return text.replace("<ns>", self.namespace).replace("<hash>", "ab" * 32)

    # MARK: Conditions in words

    def _holds(self, text: str) -> bool:
        """Whether the pods are as a text says."""
        match = CONDITION.fullmatch(text)
        if match is None:
            raise Broken(f"condition not understood: {text}")
        name, state, phase, node, container, reason = match.groups()
        pod = self._pods().get(name)
        if state == "gone":
            return pod is None
        if pod is None:
            return False
        status = pod.get("status", {})
        if state == "Ready":
            return is_ready(pod)
        if phase:
            return bool(status.get("phase") == phase)
        if node:
            return bool(pod.get("spec", {}).get("nodeName"))
        listed = [enumerate(status.get(kind, [])) for kind in ("containerStatuses", "initContainerStatuses")]
        return any(
            container in (str(index), each["name"]) and each.get("state", {}).get("waiting", {}).get("reason") == reason
            for statuses in listed
            for index, each in statuses
        )

    def _pods(self) -> dict[str, Object]:
        """The pods as the log shows them up to now."""
        for sight in self.cluster.log[self.read :]:
            if sight.kind == "Pod" and sight.change == "DELETED":
                self.pods.pop(sight.name, None)
            elif sight.kind == "Pod":
                self.pods[sight.name] = sight.object
        self.read = len(self.cluster.log)
        return self.pods
