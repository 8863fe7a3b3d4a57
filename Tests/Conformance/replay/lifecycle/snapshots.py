# SPDX-License-Identifier: Apache-2.0
"""A version of a pod or a node, ready to be compared: its content without what may differ, and the times taken out of
it.

An entry of a recorded timeline is {t, pod, type, metadata, spec, status} or, of a node, {t, type, name, state}; `t2`
is when it came in a second run, `flaky` that it did not come there, `lasts` how long it lasted, `printed` what a table
of pods says of it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from .views import STATUSES, Object

STAMP = re.compile(r"^T([+-]\d+)$")
PAST = "T-past"
PAST_SECOND = -(10**6)
DURATION = re.compile(r"<\d+s>")
IMAGE_SIZE = re.compile(r"Image size: \d+ bytes")
NODE = re.compile(r"(?<![\w-])node-\d+(?![\w-])")
PLAIN_NODE = re.compile(r"(?<![\w-])(?:n|late)\d+(?![\w-])")
BACK_OFF = re.compile(r"back-off (10|20|40)s ")
# A version that lasted less may be missing; one that is marked as luck may last this long.
SHORT_SECONDS, LUCK_SECONDS = 0.5, 1.2
# A run that is over within this may be seen running or not.
INSTANT_SECONDS = 1
UNKNOWN_LENGTH = 99

# A container of a pod: the list of statuses that it is in, and its name.
Container = tuple[str, str]
# {pod: the nodes that it was bound to or nominated for}.
Nodes = dict[str, set[str]]


@dataclass
class Snapshot:
    """An entry for comparison. `stamps` are the times in it, as (path, seconds), and stand in `content` as T."""

    entry: Object
    content: Any
    key: str
    stamps: list[tuple[str, int]]
    required: bool = True
    # Seconds up to the next version; None for the last one.
    lasts: float | None = None

    @property
    def time(self) -> float:
        return float(self.entry["t"])

    @property
    def second_time(self) -> float | None:
        """When it came in a second run."""
        return self.entry.get("t2")

    @property
    def subject(self) -> str:
        """The pod or node."""
        return str(self.entry.get("pod") or self.entry.get("name"))

    @property
    def containers(self) -> dict[Container, Object]:
        status = self.entry.get("status", {})
        return {(kind, container["name"]): container for kind in STATUSES for container in status.get(kind, [])}

    def brief(self) -> str:
        """On one line what somebody who reads the report wants to know."""
        if "state" in self.entry:
            state = self.entry["state"]
            ready = next((each["status"] for each in state["conditions"] if each["type"] == "Ready"), "?")
            taints = [f"{taint['key']}:{taint['effect']}" for taint in state["taints"]]
            return f"{self.subject} taints={taints} Ready={ready}"
        status, metadata = self.entry.get("status", {}), self.entry.get("metadata", {})
        grace = metadata.get("deletionGracePeriodSeconds")
        deleting = f" deleting({grace})" if metadata.get("deletionTimestamp") else ""
        containers = "; ".join(map(brief_container, self.containers.values()))
        conditions = " ".join(f"{each['type']}={each['status'][0]}" for each in status.get("conditions", []))
        change = f"{self.subject} {self.entry['type']} {status.get('phase')}{deleting}"
        return f"{change} [{containers}] {{{conditions}}}"


def brief_container(container: Object) -> str:
    state, facts = next(iter(container.get("state", {}).items()), ("-", {}))
    reason = f":{facts['reason']}" if facts.get("reason") else ""
    return f"{container['name']}={state}{reason} r{container.get('restartCount', 0)}"


def snapshots(entries: Iterable[Object], nodes: Nodes, exact_placement: bool) -> list[Snapshot]:
    """A timeline for comparison. Where the placement is not exact, nodes without a kubelet are all alike."""
    listed = list(entries)
    lengths = run_lengths(listed)
    found = []
    for entry in listed:
        snapshot = normalised(entry, nodes, exact_placement)
        short = entry.get("lasts") is not None and entry["lasts"] < SHORT_SECONDS
        snapshot.required = not (entry.get("flaky") or short or is_luck(entry, lengths))
        found.append(snapshot)
    following: dict[str, float] = {}
    for snapshot in reversed(found):
        if snapshot.subject in following:
            snapshot.lasts = following[snapshot.subject] - snapshot.time
        following[snapshot.subject] = snapshot.time
    return found


def normalised(entry: Object, nodes: Nodes, exact_placement: bool) -> Snapshot:
    """An entry with its times taken out and its nodes told apart only as its own and others."""
    own = nodes.get(entry.get("pod") or entry["name"], set())
    stamps: list[tuple[str, int]] = []

    def leaf(path: str, text: str) -> str:
        seconds = PAST_SECOND if text == PAST else stamp(text)
        if seconds is not None:
            stamps.append((path, seconds))
            return PAST if text == PAST or (seconds < -1 and "nodeState" in path) else "T"
        if path.startswith(".nodeState.labels") or path == ".name":
            return text
        return without_nodes(without_durations(text), own, exact_placement)

    content = {key: entry[key] for key in ("pod", "type", "metadata", "spec", "status", "name") if key in entry}
    if "state" in entry:
        content["nodeState"] = entry["state"]
    if has_instant_end(entry):
        content["status"] = {**content["status"], "phase": "Pending or Running"}
    content = walked(content, leaf)
    return Snapshot(entry, content, json.dumps(content, sort_keys=True), stamps)


def walked(value: Any, leaf: Callable[[str, str], str], path: str = "") -> Any:
    """A copy of a JSON value with `leaf` applied to the path and the text of every text."""
    if isinstance(value, dict):
        return {key: walked(part, leaf, f"{path}.{key}") for key, part in sorted(value.items())}
    if isinstance(value, list):
        return [walked(part, leaf, f"{path}[{index}]") for index, part in enumerate(value)]
    return leaf(path, value) if isinstance(value, str) else value


def without_durations(text: str) -> str:
    """How long pulls took and how large images are, nobody models."""
    if "<" not in text and "Image size" not in text:
        return text
    text = IMAGE_SIZE.sub("Image size: <n> bytes", text.replace("<0s>", "<subsecond>"))
    return DURATION.sub("<dur>", text)


def without_nodes(text: str, own: set[str], exact_placement: bool) -> str:
    """Which of several equal nodes a pod is on says nothing, only whether a text means that one."""
    text = NODE.sub(lambda match: "<node>" if match[0] in own else "<other-node>", text)
    return text if exact_placement else PLAIN_NODE.sub("<node>", text)


def nodes_of(timeline: Iterable[Object], node_timeline: Iterable[Object]) -> Nodes:
    """The nodes of each pod; a node is its own."""
    found: Nodes = {}
    for entry in timeline:
        for node in (entry["spec"].get("nodeName"), entry["status"].get("nominatedNodeName")):
            if node:
                found.setdefault(entry["pod"], set()).add(node)
    for entry in node_timeline:
        found.setdefault(entry["name"], set()).add(entry["name"])
    return found


# MARK: Times of containers


def stamp(value: Any) -> int | None:
    """The seconds of T+n."""
    match = STAMP.match(value) if isinstance(value, str) else None
    return int(match[1]) if match else None


def run_length(terminated: Object) -> int | None:
    """How long a run took that has ended."""
    start, end = stamp(terminated.get("startedAt")), stamp(terminated.get("finishedAt"))
    return end - start if start is not None and end is not None else None


def run_lengths(entries: Iterable[Object]) -> dict[tuple[str, str], int]:
    """{(pod, container id): seconds} of all runs that were seen to end."""
    found = {}
    for entry in entries:
        for statuses in STATUSES:
            for container in entry.get("status", {}).get(statuses, []):
                for state in ("state", "lastState"):
                    terminated = container.get(state, {}).get("terminated") or {}
                    length = run_length(terminated)
                    if length is not None:
                        found[(entry["pod"], terminated.get("containerID"))] = length
    return found


def is_luck(entry: Object, lengths: dict[tuple[str, str], int]) -> bool:
    """Whether an entry shows a run that is over within a second, or the back-off right after it.

    The kubelet looks at containers once a second: it may see such a run or not, and then its back-off at once or not.
    """
    for statuses in STATUSES:
        for container in entry.get("status", {}).get(statuses, []):
            state = container.get("state", {})
            if lengths.get((entry["pod"], container.get("containerID")), UNKNOWN_LENGTH) > INSTANT_SECONDS:
                continue
            if "running" in state and (entry.get("lasts") or UNKNOWN_LENGTH) <= LUCK_SECONDS:
                return True
            if BACK_OFF.match(state.get("waiting", {}).get("message", "")):
                return True
    return False


def has_instant_end(entry: Object) -> bool:
    """Whether all containers have ended, one of them at once: the phase may have been Running before or not."""
    status = entry.get("status", {})
    containers = status.get("containerStatuses", [])
    if status.get("phase") not in ("Pending", "Running") or not containers:
        return False
    ends = [container.get("state", {}).get("terminated") for container in containers]
    if any(end is None for end in ends):
        return False
    lengths = [run_length(end) for end, container in zip(ends, containers) if container.get("restartCount", 0) == 0]
    return any(length is not None and length <= INSTANT_SECONDS for length in lengths)


def newest_time(container: Object) -> int | None:
    """The latest time in a container's states."""
    states = [*container.get("state", {}).values(), *container.get("lastState", {}).values()]
    times = [stamp(state.get(key)) for state in states for key in ("startedAt", "finishedAt")]
    return max((time for time in times if time is not None), default=None)


def start_time(container: Object) -> int | None:
    """When the newest run began."""
    state = container.get("state", {})
    return stamp((state.get("running") or state.get("terminated") or {}).get("startedAt"))


def finish_time(container: Object) -> int | None:
    """When the newest run that has ended did."""
    ends = [container.get(state, {}).get("terminated", {}).get("finishedAt") for state in ("state", "lastState")]
    return stamp(ends[0]) or stamp(ends[1])


def waiting_reason(container: Object) -> str | None:
    reason: str | None = container.get("state", {}).get("waiting", {}).get("reason")
    return reason
