# SPDX-License-Identifier: Apache-2.0
"""Compares a scenario as it was seen with its recording: pods, nodes, Events, placement and answers."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from . import events, jitter
from .jitter import Freedom, Jitter
from .snapshots import NODE, SHORT_SECONDS, Nodes, Snapshot, nodes_of, snapshots
from .track import Track
from .views import Object

AGE = re.compile(r" \(.*ago\)")
EXACT = "exact"


@dataclass
class Seen:
    """What was seen of a scenario, in the form of the recordings. `answers` belong to manifests and actions."""

    timeline: list[Object] = field(default_factory=list)
    events: list[Object] = field(default_factory=list)
    node_timeline: list[Object] = field(default_factory=list)
    created: list[Object] = field(default_factory=list)
    acted: list[Object | None] = field(default_factory=list)


def compare(scenario: Object, seen: Seen) -> list[str]:
    """What is different, as lines; none when the scenario passes."""
    return Comparison(scenario, seen).problems()


class Comparison:
    """One scenario beside what was seen of it."""

    def __init__(self, scenario: Object, seen: Seen) -> None:
        self.scenario, self.seen = scenario, seen
        self.placement = scenario.get("placement", EXACT)
        self.loose = scenario.get("loose", [])
        self.end = float(scenario["recordedSeconds"])
        self.recorded_nodes = nodes_of(scenario["timeline"], scenario.get("nodeTimeline", []))
        self.seen_nodes = nodes_of(seen.timeline, seen.node_timeline)
        # When something began whose time is free.
        self.free = [float(act["t"]) for act in scenario["actions"] if "kubelet" in act]

    def problems(self) -> list[str]:
        return [*self._pods(), *self._nodes(), *self._events(), *self._placement(), *self._answers()]

    def _snapshots(self, entries: Iterable[Object], nodes: Nodes, placement: str) -> list[Snapshot]:
        return snapshots(entries, nodes, exact_placement=placement == EXACT)

    def _pods(self) -> list[str]:
        recorded = by_subject(self._snapshots(self.scenario["timeline"], self.recorded_nodes, self.placement))
        seen = by_subject(self._snapshots(self.seen.timeline, self.seen_nodes, self.placement))
        freedoms = Jitter(self.scenario)
        found = []
        for pod in {**recorded, **seen}:
            versions = recorded.get(pod, [])
            track = self._track(versions, seen.get(pod, []), freedoms.of_pod(versions))
            if track.first_free is not None:
                self.free.append(track.first_free)
            found += track.problems
        return found

    def _nodes(self) -> list[str]:
        """Nodes from the beginning of the scenario on. How they were before it is no part of it."""
        timeline = self.scenario.get("nodeTimeline", [])
        recorded = by_subject(self._snapshots(timeline, self.recorded_nodes, EXACT))
        seen = by_subject(self._snapshots(self.seen.node_timeline, self.seen_nodes, EXACT))
        found = []
        for node in sorted(recorded):
            versions = since_beginning(recorded[node])
            for version in versions:
                version.required = version.required and (version.lasts is None or version.lasts >= SHORT_SECONDS)
            found += self._track(versions, since_beginning(seen.get(node, [])), jitter.of_node(versions)).problems
        return found

    def _track(self, recorded: list[Snapshot], seen: list[Snapshot], freedoms: list[Freedom]) -> Track:
        track = Track(recorded, seen, freedoms, self.loose, self.end)
        track.compare()
        return track

    def _events(self) -> list[str]:
        exact = self.placement == EXACT
        within = [event for event in self.seen.events if event["t"] <= self.end]
        return events.Events(
            recorded=events.totals(self.scenario["events"], self.recorded_nodes, exact),
            seen=events.totals(self.seen.events, self.seen_nodes, exact),
            within=events.totals(within, self.seen_nodes, exact),
            loose=self.loose,
            end=self.end,
            free=min(self.free, default=None),
        ).problems()

    def _placement(self) -> list[str]:
        """A node that a manifest names must be the pod's; otherwise a spread may be asked for."""
        recorded, seen = bound(self.scenario["timeline"]), bound(self.seen.timeline)
        manifests = {manifest["metadata"]["name"]: json.dumps(manifest) for manifest in self.scenario["manifests"]}
        found = []
        for pod, node in recorded.items():
            is_named = NODE.fullmatch(node) and f'"{node}"' in manifests.get(pod, "")
            if is_named and pod in seen and seen[pod] != node:
                found.append(f"pod {pod} is on {seen[pod]}, must be on {node}")
        if self.placement.startswith("by:"):
            label = self.placement[3:]
            values = {node["name"]: node["labels"].get(label, node["name"]) for node in self.scenario["nodes"]}
            if spread(recorded, recorded, values) != spread(recorded, seen, values):
                found.append(f"the pods are spread over {label} as {seen}, expected a spread like {recorded}")
        return found

    def _answers(self) -> list[str]:
        found = []
        for index, (want, got) in enumerate(zip(self.scenario.get("createResponses", []), self.seen.created)):
            if want["code"] != got["code"]:
                found.append(f"manifest {index}: {want['code']} expected, {got['code']} seen ({got.get('message')})")
        for index, (want, answer) in enumerate(zip(self.scenario["actions"], self.seen.acted)):
            if "responseCode" not in want or answer is None:
                continue
            title = f"action {index} {want['method']} {want['path']}"
            if answer.get("skipped"):
                found.append(f"{title} was not done: {want.get('after')} never became true")
            elif want["responseCode"] != answer["code"]:
                seen = f"{answer['code']} ({answer.get('message')})"
                found.append(f"{title}: {want['responseCode']} expected, {seen} seen")
            elif want.get("responseMessage") and unplaced(want["responseMessage"]) != unplaced(answer.get("message")):
                found.append(f"{title}: {want['responseMessage']!r} expected, {answer.get('message')!r} seen")
        return found


def by_subject(versions: list[Snapshot]) -> dict[str, list[Snapshot]]:
    """The versions of each pod or node, in the order of first appearance."""
    found: dict[str, list[Snapshot]] = {}
    for version in versions:
        found.setdefault(version.subject, []).append(version)
    return found


def since_beginning(versions: list[Snapshot]) -> list[Snapshot]:
    return [version for version in versions if version.time >= -0.05]


def bound(timeline: list[Object]) -> dict[str, str]:
    """The node of each pod that got one."""
    return {entry["pod"]: entry["spec"]["nodeName"] for entry in timeline if entry["spec"].get("nodeName")}


def spread(pods: Iterable[str], nodes: dict[str, str], values: dict[str, str]) -> list[int]:
    """Which pods share a value of a label: equal numbers for equal values."""
    numbers: dict[str | None, int] = {}
    found = []
    for pod in sorted(pods):
        node = nodes.get(pod)
        value = values.get(node, node) if node is not None else None
        found.append(numbers.setdefault(value, len(numbers)))
    return found


def unplaced(message: str | None) -> str:
    return NODE.sub("<node>", message or "")
