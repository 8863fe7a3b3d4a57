# SPDX-License-Identifier: Apache-2.0
"""Brings what watches showed into the form of the recordings.

Of each step: its answers, the state of the namespace at its end, and how many pods lived in it. Of all of them: what
controllers told in Events, the versions of workloads, and when pods came, became ready, ended and went.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ..cluster import Sight, is_ready
from .kinds import ASKED, FOREIGN, HIDDEN, VERSIONED
from .normalise import Normaliser
from .views import Object, view

# Who tells of other things than controllers do.
IGNORED_SOURCES = ("kubelet", "default-scheduler", "persistentvolume-controller", "ipallocator-repair-controller")
# What a controller says when it was too late, and tries again.
CONFLICT = "the object has been modified; please apply"
DELETED = "deleted"


@dataclass(frozen=True)
class Bounds:
    """A step: when it began, how many entries the log had at its end, and its answers as {code, message}."""

    begin: float
    entries: int
    answers: list[Object]


class EventKey(NamedTuple):
    """What makes an Event the same as another."""

    kind: str
    name: str
    type: str
    reason: str
    message: str
    source: str

    def __str__(self) -> str:
        return f"{self.type} {self.reason} {self.message[:160]!r} of {self.kind}/{self.name} ({self.source})"


@dataclass
class Told:
    """How often an Event was told, and the first step in which."""

    count: int
    step: int


@dataclass
class StepSeen:
    """A step. `state` has the objects of each kind, `extremes` the most pods alive and the fewest ready."""

    answers: list[Object]
    state: dict[str, list[Any]]
    extremes: dict[str, int]


@dataclass
class Seen:
    """What was seen of a scenario. `marks` are {(step, what): seconds since the beginning of the step}."""

    steps: list[StepSeen] = field(default_factory=list)
    events: dict[EventKey, Told] = field(default_factory=dict)
    versions: dict[str, list[Any]] = field(default_factory=dict)
    marks: dict[tuple[int, str], float] = field(default_factory=dict)


class Observer:
    """Walks through the log of a scenario."""

    def __init__(self, scenario: Object, namespace: str, log: list[Sight]) -> None:
        self.log = log
        self.asked = set(scenario.get("ask", []))
        self.managed_fields = records_managed_fields(scenario)
        self.normalised = Normaliser(namespace, log)
        self.seen = Seen()
        self.live: dict[str, Sight] = {}
        self.pods: dict[str, Object] = {}
        self.events: dict[str, tuple[int, Object]] = {}
        self.counts: dict[tuple[int, str, str], int] = {}
        self.views: dict[tuple[str, str, str], Any] = {}

    def observe(self, steps: list[Bounds]) -> Seen:
        place = 0
        for number, bounds in enumerate(steps):
            extremes = {"maxAlive": 0, "minReady": 10**6}
            self._measure(extremes)
            for sight in self.log[place : bounds.entries]:
                self._take(number, sight, sight.time - bounds.begin)
                if sight.kind == "Pod":
                    self._measure(extremes)
            place = bounds.entries
            answers = [{**answer, "message": self.normalised.message(answer["message"])} for answer in bounds.answers]
            self.seen.steps.append(StepSeen(answers, self._state(), extremes))
        self._tell_events()
        return self.seen

    def _take(self, step: int, sight: Sight, time: float) -> None:
        """An entry of the log."""
        if sight.kind == "Event":
            if sight.change != "DELETED":
                first = self.events.get(sight.uid, (step, {}))[0]
                self.events[sight.uid] = (first, sight.object)
            return
        if sight.kind in HIDDEN or (sight.kind, sight.name) in FOREIGN:
            return
        if sight.change == "DELETED":
            self.live.pop(sight.uid, None)
        else:
            self.live[sight.uid] = sight
        if sight.kind == "Pod":
            self._mark(step, sight, time)
        # A slice that goes says nothing: its successor may have been there before.
        if sight.kind in VERSIONED and not (sight.kind == "EndpointSlice" and sight.change == "DELETED"):
            versions = self.seen.versions.setdefault(f"{sight.kind}/{self.normalised.shown(sight.name)}", [])
            version = DELETED if sight.change == "DELETED" else self._view(sight)
            if not versions or versions[-1] != version:
                versions.append(version)

    def _view(self, sight: Sight) -> Any:
        key = (sight.kind, sight.uid, sight.metadata.get("resourceVersion", ""))
        if key not in self.views:
            self.views[key] = self.normalised(view(sight.kind, sight.object, self.managed_fields))
        return self.views[key]

    def _mark(self, step: int, sight: Sight, time: float) -> None:
        """Notes what happened to a pod, as `ready web-0 #1`: randomly named ones are counted, not told apart."""
        before = self.pods.get(sight.uid)
        name = self.normalised.shown(sight.name)
        for what in happened(sight, before):
            count = self.counts[(step, what, name)] = self.counts.get((step, what, name), 0) + 1
            self.seen.marks[(step, f"{what} {name} #{count}")] = round(time, 2)
        if sight.change == "DELETED":
            self.pods.pop(sight.uid, None)
        else:
            self.pods[sight.uid] = sight.object

    def _measure(self, extremes: dict[str, int]) -> None:
        alive = [pod for pod in self.pods.values() if not is_done(pod) and not is_going(pod)]
        extremes["maxAlive"] = max(extremes["maxAlive"], len(alive))
        extremes["minReady"] = min(extremes["minReady"], sum(map(is_ready, alive)))

    def _state(self) -> dict[str, list[Any]]:
        """All objects that are compared, by kind, sorted."""
        state: dict[str, list[Any]] = {}
        for sight in self.live.values():
            if sight.kind not in ASKED or sight.kind in self.asked:
                state.setdefault(sight.kind, []).append(self._view(sight))
        return {
            kind: sorted(values, key=lambda value: json.dumps(value, sort_keys=True)) for kind, values in state.items()
        }

    def _tell_events(self) -> None:
        """Adds up the Events that say the same."""
        for step, event in self.events.values():
            source = (event.get("source") or {}).get("component") or event.get("reportingComponent") or ""
            message = event.get("message") or ""
            if source in IGNORED_SOURCES or CONFLICT in message:
                continue
            regarding, text = event["involvedObject"], self.normalised.text
            name, kind = text(regarding.get("name", "")), regarding.get("kind", "")
            key = EventKey(kind, name, event.get("type", ""), event.get("reason", ""), text(message), source)
            told = self.seen.events.setdefault(key, Told(0, step))
            told.count += event.get("count") or (event.get("series") or {}).get("count") or 1
            told.step = min(told.step, step)


def records_managed_fields(scenario: Object) -> bool:
    """Whether the recorder kept who owns the fields of objects."""
    return any('"managedFields"' in json.dumps(step["state"]) for step in scenario["steps"])


def happened(sight: Sight, before: Object | None) -> Iterator[str]:
    """What a version of a pod shows that the one before did not."""
    if sight.change == "DELETED":
        yield "gone"
        return
    pod = sight.object
    if before is None:
        yield "created"
    if is_ready(pod) and not (before and is_ready(before)):
        yield "ready"
    if is_going(pod) and not (before and is_going(before)):
        yield "deleting"
    if is_done(pod) and not (before and is_done(before)) and not is_going(pod):
        yield str(pod["status"]["phase"]).lower()


def is_done(pod: Object) -> bool:
    return pod.get("status", {}).get("phase") in ("Succeeded", "Failed")


def is_going(pod: Object) -> bool:
    return bool(pod["metadata"].get("deletionTimestamp"))
