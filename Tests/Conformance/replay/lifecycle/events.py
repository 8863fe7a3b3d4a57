# SPDX-License-Identifier: Apache-2.0
"""Compares the Events that were seen with those that were recorded: all of them, in order, as often, first in time.

An entry is {t, op, type, reason, message, count, object, source, ...}; `op` says whether it is new or was counted up.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from .snapshots import PAST, Nodes, without_durations, without_nodes
from .track import TOLERANCE
from .views import Object

# Reasons that come again with every retry.
RETRIED = ("BackOff", "Failed", "Pulling", "FailedMount", "InspectFailed", "FailedScheduling", "FailedPostStartHook")
RETRIED_SHARE, OTHER_SHARE = 0.6, 0.25
# Counts up to this must fit to one.
SMALL_COUNT = 3
COMBINED = "(combined from similar events)"
# A probe says that before its container is ready for it, or while it ends.
PROBE, PROBE_SECONDS, SURPLUS_PROBES, FIRST_PROBE_SECONDS = "Unhealthy", 2.0, 2, 1.5
# The order of what one container tells while it starts.
START = {"Pulling", "Pulled", "Created", "Started"}
# What comes at the end of a recording may come after it, with jitter much later.
END_SECONDS, JITTERED_END_SECONDS = 1.5, 25.0
BEFORE_FREE_SECONDS = 1.5


class Key(NamedTuple):
    """What makes an Event the same as another."""

    kind: str | None
    name: str | None
    type: str | None
    reason: str | None
    message: str
    field: str
    component: str
    host: str
    action: str

    def __str__(self) -> str:
        return f"{self.type} {self.reason} {self.message[:200]!r} of {self.name} {self.field}"


@dataclass
class Total:
    """All entries of a key: when the first came, in a second run as well, and how often it was in all."""

    first: float
    second: float | None
    entry: Object
    always_flaky: bool = True
    sometimes_flaky: bool = False
    finished: int = 0
    running: int = 0

    @property
    def count(self) -> int:
        return self.finished + self.running

    def add(self, entry: Object) -> None:
        """A new Event counts beside those before it, one that was counted up instead of itself."""
        is_new = entry.get("op", "ADDED") == "ADDED"
        if is_new:
            self.finished += self.running
        if not entry.get("flaky"):
            self.always_flaky = False
        elif is_new:
            self.sometimes_flaky = True
        self.running = entry.get("count") or (entry.get("series") or {}).get("count") or 1


Totals = dict[Key, Total]


def key_of(event: Object, nodes: Nodes, exact_placement: bool) -> Key:
    regarding, source = event.get("object", {}), event.get("source", {})
    own = nodes.get(regarding.get("name"), set())

    def text(value: Any) -> str:
        return without_nodes(without_durations(value or ""), own, exact_placement)

    component = event.get("reportingComponent") or source.get("component", "")
    return Key(
        regarding.get("kind"),
        regarding.get("name"),
        event.get("type"),
        event.get("reason"),
        text(event.get("message")),
        regarding.get("fieldPath", ""),
        component,
        text(source.get("host")),
        event.get("action", ""),
    )


def totals(events: Iterable[Object], nodes: Nodes, exact_placement: bool) -> Totals:
    """In the order of first appearance."""
    found: Totals = {}
    for event in events:
        key = key_of(event, nodes, exact_placement)
        found.setdefault(key, Total(event["t"], event.get("t2"), event)).add(event)
    return found


@dataclass
class Events:
    """The Events of a scenario that ends at `end`; `free` is when the first thing happened whose time is free."""

    recorded: Totals
    seen: Totals
    # What was seen up to the end of the recording.
    within: Totals
    loose: list[str]
    end: float
    free: float | None

    def problems(self) -> list[str]:
        """What is wrong with them."""
        found: list[str] = []
        right: list[Key] = []
        for key, total in self.recorded.items():
            if not is_required(key, total):
                continue
            problem = self._problem(key, total)
            if problem is None:
                right.append(key)
            elif problem:
                found.append(f"event {key}: {problem}")
        found += self._disordered([key for key in right if key in self.seen])
        if "extra" not in self.loose:
            found += [f"event not recorded: {key} at t={total.first:.1f}" for key, total in self._surplus()]
        return found

    @property
    def _end_slack(self) -> float:
        return END_SECONDS if self.free is None else JITTERED_END_SECONDS

    def _is_jittered(self, time: float) -> bool:
        return self.free is not None and time >= self.free - BEFORE_FREE_SECONDS

    def _problem(self, key: Key, total: Total) -> str | None:
        """What is wrong with one; None when nothing is."""
        seen = self.seen.get(key)
        if seen is None:
            if self._is_jittered(total.first) and total.first > self.end - self._end_slack:
                return None
            return f"not seen, recorded at t={total.first:.1f}{self._nearest(key)}"
        count = self.within.get(key, seen).count
        counted_before = total.entry.get("firstTimestamp") == PAST
        if abs(count - total.count) > self._count_limit(key, total.count):
            if not counted_before and "counts" not in self.loose:
                return f"count {total.count} expected, {count} seen"
        # A first probe may come before the container is ready for it.
        early = total.sometimes_flaky or (key.reason == PROBE and seen.first < FIRST_PROBE_SECONDS)
        if self._is_jittered(total.first) or early:
            return None
        times = [total.first] if total.second is None else [total.first, total.second]
        allowed = TOLERANCE + (PROBE_SECONDS if key.reason == PROBE else 0.0)
        if min(times) - allowed <= seen.first <= max(times) + allowed:
            return None
        return f"first at t={total.first:.1f} expected, t={seen.first:.1f} seen"

    def _count_limit(self, key: Key, count: int) -> int:
        """By how much a count may differ."""
        if self.free is None and count <= SMALL_COUNT:
            return 1
        share = RETRIED_SHARE if key.reason in RETRIED else OTHER_SHARE
        return max(1, math.ceil(count * share)) + (1 if self.free is not None else 0)

    def _nearest(self, key: Key) -> str:
        """What was seen in its place."""
        others = [other for other in self.seen if other.name == key.name and other not in self.recorded]
        alike = [other for other in others if other.reason == key.reason]
        alike = alike or [other for other in others if other.field == key.field]
        return f"; instead {alike[0]}" if alike else ""

    def _disordered(self, right: list[Key]) -> list[str]:
        """What came in another order. What happens together has none."""
        found = []
        rank = {key: place for place, key in enumerate(self.seen)}
        wrong: set[Key] = set()
        for place, first in enumerate(right):
            for second in right[place + 1 :]:
                flaky = self.recorded[first].sometimes_flaky or self.recorded[second].sometimes_flaky
                if rank[first] < rank[second] or second in wrong or flaky:
                    continue
                if self._have_order(first, second):
                    wrong.add(second)
                    found.append(f"event {second} came before {first}, in the recording after it")
        return found

    def _have_order(self, first: Key, second: Key) -> bool:
        earlier, later = self.recorded[first], self.recorded[second]
        gap = later.first - earlier.first
        if earlier.second is not None and later.second is not None:
            gap = min(gap, later.second - earlier.second)
        one_container = first.name == second.name and first.field == second.field != ""
        if one_container and first.component == second.component and {first.reason, second.reason} <= START:
            if gap >= -0.01 and self.seen[first].first >= self.seen[second].first:
                return True
        return gap > TOLERANCE and (self.free is None or later.first < self.free - BEFORE_FREE_SECONDS)

    def _surplus(self) -> list[tuple[Key, Total]]:
        """What nobody recorded, and what is not explained by jitter or by luck either."""
        combined = {key[:4] for key in self.recorded if COMBINED in key.message}
        varied = {(key.name, key.reason) for key, total in self.recorded.items() if total.always_flaky}
        return [
            (key, total)
            for key, total in self.within.items()
            if key.kind == "Pod"
            and key not in self.recorded
            and key[:4] not in combined
            and COMBINED not in key.message
            and total.first <= self.end - self._end_slack
            and not (key.reason == PROBE and total.count <= SURPLUS_PROBES)
            and (key.name, key.reason) not in varied
        ]


def is_required(key: Key, total: Total) -> bool:
    """Not what only one run had, what came before the pods, or a probe that was too early for a starting server."""
    too_early = key.reason == PROBE and total.count <= 1 and "connection refused" in key.message
    return not total.always_flaky and COMBINED not in key.message and total.first >= -0.05 and not too_early
