# SPDX-License-Identifier: Apache-2.0
"""How free the times of a recorded story are. Real kubelets and controllers draw lots, and so may simulated ones."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .snapshots import (
    INSTANT_SECONDS,
    UNKNOWN_LENGTH,
    Container,
    Snapshot,
    finish_time,
    newest_time,
    run_lengths,
    start_time,
    waiting_reason,
)
from .views import Object

# Back-off, and between which seconds a container started again when it was that long.
BACK_OFFS = ((10, 9, 17), (20, 19, 33), (40, 39, 63), (80, 79, 113), (160, 159, 193), (300, 298, 334))
RETRIED = (
    "ErrImagePull",
    "ImagePullBackOff",
    "CreateContainerConfigError",
    "CreateContainerError",
    "InvalidImageName",
    "ErrImageNeverPull",
    "RunContainerError",
    "ImageInspectError",
    "RegistryUnavailable",
    "SignatureValidationFailed",
)
# Seconds within which a kubelet retries, and how long a reason must have shown for a change to be a retry.
RETRY, RETRY_SHOWN = 16.0, 2.5
# The kubelet looks at pods anew every minute and a half: a back-off may show that late.
RESYNC_FIRST, RESYNC_LAST, BACK_OFF_SHOWN, LATE_BACK_OFF = 59, 93, 2.9, 50
EVICTION, POD_COLLECTION, RESUME, RESUMED_WITHIN = 60.0, 25.0, 12.0, 16
# A node's heartbeat is every ten seconds, and looked at every five.
NODE_EARLIER, NODE_LATER = 13.0, 17.0
DEFAULT_PERIOD = 10
# What a run may take longer than recorded at most.
LONGEST_OVERTIME, SPARE_OVERTIME = 120.0, 2.0


@dataclass
class Freedom:
    """How many seconds a version may come earlier or later than recorded, and whether all behind it shifts with it."""

    earlier: float = 0.0
    later: float = 0.0
    shifts: bool = False
    # The containers that have started again after a back-off up to here.
    restarted: frozenset[Container] = frozenset()

    def widen(self, earlier: float, later: float) -> None:
        self.earlier, self.later, self.shifts = min(self.earlier, -earlier), max(self.later, later), True


def back_off(gap: float) -> int:
    """The back-off that a gap between an end and the next start belongs to; 0 for none."""
    return next((seconds for seconds, first, last in BACK_OFFS if first <= gap <= last), 0)


def longest_back_off(seconds: int) -> float:
    return 1.5 * seconds + 2 if seconds <= 40 else seconds + 30.0


class Jitter:
    """The freedoms of a scenario."""

    def __init__(self, scenario: Object) -> None:
        self.scenario = scenario
        self.lengths = run_lengths(scenario["timeline"])
        self.resumed = [act["t"] for act in scenario["actions"] if act.get("kubelet") in ("resume", "restart")]
        self.pods: dict[str, Object] = {}
        bodies = [act.get("body") for act in scenario["actions"] if act.get("method") == "POST"]
        for body in [*scenario["manifests"], *(body for body in bodies if is_pod(body))]:
            self.pods.setdefault(body["metadata"]["name"], body)

    def of_pod(self, versions: list[Snapshot]) -> list[Freedom]:
        """A freedom for each version of a pod."""
        found: list[Freedom] = []
        shown_since: dict[Container, float] = {}
        previous: Snapshot | None = None
        restarted: frozenset[Container] = frozenset()
        for version in versions:
            freedom = Freedom()
            started = self._containers(previous, version, shown_since, restarted, freedom) if previous else set()
            if previous:
                self._pod(previous, version, freedom)
            before = previous.containers if previous else {}
            for key, container in version.containers.items():
                if before.get(key, {}).get("state") != container.get("state") or key not in before:
                    shown_since[key] = version.time
            restarted = freedom.restarted = restarted | started
            found.append(freedom)
            previous = version
        return found

    def _containers(
        self,
        previous: Snapshot,
        version: Snapshot,
        shown_since: dict[Container, float],
        restarted: frozenset[Container],
        freedom: Freedom,
    ) -> set[Container]:
        """Widens for what containers do, and returns those that start after a back-off."""
        started = set()
        before = previous.containers
        for key, container in version.containers.items():
            old = before.get(key)
            if old is None or old == container:
                continue
            finish = finish_time(old)
            if finish is not None and container.get("restartCount", 0) > old.get("restartCount", 0):
                if self._restart(container, finish, freedom):
                    started.add(key)
                    continue
            was, reason = waiting_reason(old), waiting_reason(container)
            if was in RETRIED and old.get("state") != container.get("state"):
                if version.time - shown_since.get(key, version.time) > RETRY_SHOWN:
                    freedom.widen(RETRY, RETRY)
            if reason == "CrashLoopBackOff" and was != reason and finish is not None:
                self._back_off_shown(version, container, version.time - finish, freedom)
            period = self._probe_period(version.subject, key[1]) if key in restarted else 0
            if period:
                freedom.widen(period, period)
        return started

    @staticmethod
    def _restart(container: Object, finish: int, freedom: Freedom) -> bool:
        """Widens for a start after a back-off, if it is one."""
        start = start_time(container)
        reference = start if start is not None and start >= finish else newest_time(container)
        seconds = back_off(reference - finish) if reference is not None else 0
        if reference is None or not seconds:
            return False
        gap = reference - finish
        freedom.widen(gap - seconds + 1.0, longest_back_off(seconds) - gap + 1.0)
        return True

    def _back_off_shown(self, version: Snapshot, container: Object, gap: float, freedom: Freedom) -> None:
        identity = (version.subject, container.get("containerID", ""))
        if self.lengths.get(identity, UNKNOWN_LENGTH) <= INSTANT_SECONDS:
            freedom.widen(gap, RESYNC_LAST - gap)
        elif gap > LATE_BACK_OFF:
            freedom.widen(gap - RESYNC_FIRST, RESYNC_LAST - gap)
        elif gap > BACK_OFF_SHOWN:
            freedom.widen(min(RETRY, gap), RETRY)

    def _probe_period(self, pod: str, container: str) -> float:
        """The longest period of the probes of a container; 0 where it has none."""
        spec = self.pods.get(pod, {}).get("spec", {})
        probes = [
            each[probe]
            for each in spec.get("initContainers", []) + spec.get("containers", [])
            for probe in ("livenessProbe", "startupProbe", "readinessProbe")
            if each["name"] == container and each.get(probe)
        ]
        return max((float(probe.get("periodSeconds", DEFAULT_PERIOD)) for probe in probes), default=0.0)

    def _pod(self, previous: Snapshot, version: Snapshot, freedom: Freedom) -> None:
        """Widens for what happens to the pod as a whole."""
        if becomes(previous, version, is_evicted) or self._runs_into_limit(version):
            freedom.widen(EVICTION, EVICTION)
        if becomes(previous, version, is_lost):
            freedom.widen(NODE_EARLIER, NODE_LATER)
        if becomes(previous, version, is_collected):
            freedom.widen(POD_COLLECTION, POD_COLLECTION)
        for resumed in self.resumed:
            since, before = version.time - resumed, previous.time - resumed
            if 0 < since < RESUMED_WITHIN and not 0 < before < RESUMED_WITHIN:
                freedom.widen(RESUME, RESUME)

    def _runs_into_limit(self, version: Snapshot) -> bool:
        """Whether a scenario about eviction shows a pod over a limit."""
        message = version.entry.get("status", {}).get("message", "")
        return "vict" in self.scenario["name"] and "limit" in json.dumps(message)

    def overtime(self, versions: list[Snapshot]) -> float:
        """How much longer than recorded a slower but right run may take."""
        tracks: dict[str, list[Snapshot]] = {}
        for version in versions:
            tracks.setdefault(version.subject, []).append(version)
        sums = [sum(freedom.later for freedom in self.of_pod(track)) for track in tracks.values()]
        return min(max(sums, default=0.0) + SPARE_OVERTIME, LONGEST_OVERTIME)


def of_node(versions: list[Snapshot]) -> list[Freedom]:
    """A freedom for each version of a node: free is what its kubelet's cycle or the node controller decides."""
    found = []
    before: Object | None = None
    for version in versions:
        state, freedom = version.entry["state"], Freedom()
        free = before is None or before["conditions"] != state["conditions"] or own_taints(before) != own_taints(state)
        by_hand = before is not None and before["unschedulable"] != state["unschedulable"]
        if free and not by_hand:
            freedom.widen(NODE_EARLIER, NODE_LATER)
        found.append(freedom)
        before = state
    return found


def own_taints(state: Object) -> list[Object]:
    """The taints that controllers set."""
    return [taint for taint in state["taints"] if taint["key"].startswith("node.kubernetes.io/")]


def is_pod(body: Any) -> bool:
    return isinstance(body, dict) and body.get("kind") == "Pod"


def becomes(previous: Snapshot, version: Snapshot, holds: Callable[[Object], bool]) -> bool:
    """Whether a status is so now that was not before."""
    return holds(version.entry.get("status", {})) and not holds(previous.entry.get("status", {}))


def is_evicted(status: Object) -> bool:
    return bool(status.get("reason") == "Evicted")


def is_lost(status: Object) -> bool:
    """Not ready and without a reason: so says the node controller."""
    conditions = status.get("conditions", [])
    return any(each["type"] == "Ready" and each["status"] == "False" and not each.get("reason") for each in conditions)


def is_collected(status: Object) -> bool:
    conditions = status.get("conditions", [])
    return any(each["type"] == "DisruptionTarget" and each.get("reason") == "DeletionByPodGC" for each in conditions)
