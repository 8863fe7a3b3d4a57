# SPDX-License-Identifier: Apache-2.0
"""Brings what watches showed into the form of the recordings: every version of every pod that differs from the last."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from ..cluster import Sight
from . import views
from .normalise import Normaliser
from .views import Object

ASKED_TIME = re.compile(r'"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z)"')


def asked_times(scenario: Object) -> set[str]:
    """The times in the requests of a scenario, which come back as they are."""
    text = json.dumps([scenario.get(part) for part in ("setup", "manifests", "actions")])
    return set(ASKED_TIME.findall(text))


def records_managed_fields(scenario: Object) -> bool:
    """Whether the recorder kept who owns the fields of pods."""
    return any("managedFields" in entry["metadata"] for entry in scenario["timeline"])


class Observer:
    """The entries of a scenario from what was seen of it."""

    def __init__(self, scenario: Object, log: list[Sight], namespace: str, origin: int) -> None:
        self.log = log
        self.managed_fields = records_managed_fields(scenario)
        self.watched_nodes = {entry["name"] for entry in scenario.get("nodeTimeline", [])}
        pods = (sight.object for sight in log if sight.kind == "Pod")
        self.normalised = Normaliser(namespace, origin, pods, asked_times(scenario))

    def timeline(self) -> list[Object]:
        sights = self._of("Pod")
        return self._changes(map(self._pod_entry, sights), sights)

    def node_timeline(self) -> list[Object]:
        sights = [sight for sight in self._of("Node") if sight.name in self.watched_nodes]
        return self._changes(map(self._node_entry, sights), sights)

    def events(self) -> list[Object]:
        """Events of the namespace. What is told of nodes belongs to all scenarios."""
        return [
            {"t": seconds(sight), "op": sight.change, **self.normalised(views.event(sight.object))}
            for sight in self._of("Event")
            if sight.change != "DELETED" and sight.object.get("involvedObject", {}).get("kind") != "Node"
        ]

    def _of(self, kind: str) -> list[Sight]:
        return [sight for sight in self.log if sight.kind == kind]

    def _pod_entry(self, sight: Sight) -> Object:
        pod = sight.object
        parts: dict[str, Any] = {
            "pod": sight.name,
            "type": sight.change,
            "metadata": views.pod_metadata(pod, self.managed_fields),
            "spec": views.pod_spec(pod),
            "status": pod.get("status", {}),
        }
        return {"t": seconds(sight), **self.normalised(parts)}

    def _node_entry(self, sight: Sight) -> Object:
        state = self.normalised(views.node(sight.object))
        return {"t": seconds(sight), "type": sight.change, "name": sight.name, "state": state}

    @staticmethod
    def _changes(entries: Iterable[Object], sights: list[Sight]) -> list[Object]:
        """Without versions that differ in nothing that is recorded."""
        found = []
        last: dict[str, str] = {}
        for entry, sight in zip(entries, sights):
            text = json.dumps({**entry, "t": 0, "type": ""}, sort_keys=True)
            if sight.change != "MODIFIED" or last.get(sight.uid) != text:
                found.append(entry)
            last[sight.uid] = text
        return found


def seconds(sight: Sight) -> float:
    return round(sight.time, 3)
