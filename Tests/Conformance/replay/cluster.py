# SPDX-License-Identifier: Apache-2.0
"""A cluster on the virtual clock that a scenario has to itself: its time, its nodes, and watches of its objects.

Time moves by requests only, from timer to timer. After each step that wrote anything a list tells which versions the
watches must have delivered: whatever they bring up to there happened at this time.
"""

from __future__ import annotations

import json
import time
import urllib.parse
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from .exchange import Answer, Connection, Lost, Stream
from .failure import Broken
from .instants import SECOND, microseconds, rfc3339

# The clock is not moved by less, so that timers that lie close together cost one step.
SMALLEST_STEP = SECOND // 20
# How long a scenario may take, and how long a watch may be behind a list.
SCENARIO_SECONDS = 180.0
WATCH_SECONDS = 10.0
# How long the server keeps a watch open by itself: longer than any scenario takes.
WATCH_LIFETIME = 7000
METADATA_LIST = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,application/json"
READY_SECONDS = 120
NOT_READY = "node.kubernetes.io/not-ready"

Object = dict[str, Any]
# Namespace and name.
Key = tuple[str, str]


@dataclass(frozen=True)
class Sight:
    """What a watch showed: `time` in seconds of the scenario, and `change` as ADDED, MODIFIED or DELETED."""

    time: float
    kind: str
    change: str
    object: Object

    @property
    def metadata(self) -> Object:
        metadata: Object = self.object["metadata"]
        return metadata

    @property
    def name(self) -> str:
        return str(self.metadata["name"])

    @property
    def uid(self) -> str:
        return str(self.metadata["uid"])


@dataclass(frozen=True)
class Listed:
    """What a list tells of the objects of a kind."""

    version: str
    versions: dict[Key, str]
    uids: set[str]
    document: Object

    @classmethod
    def of(cls, document: Object) -> Listed:
        if document.get("kind") == "Table":
            entries = [row["object"]["metadata"] for row in document.get("rows") or []]
        else:
            entries = [entry["metadata"] for entry in document.get("items") or []]
        versions = {key_of(entry): entry.get("resourceVersion", "") for entry in entries}
        version = document.get("metadata", {}).get("resourceVersion", "")
        return cls(version, versions, {entry.get("uid", "") for entry in entries}, document)


def key_of(metadata: Object) -> Key:
    return metadata.get("namespace", ""), metadata["name"]


class Watch:
    """The watch of a collection from a version on."""

    def __init__(self, connection: Connection, kind: str, path: str, start: Listed) -> None:
        self.kind, self.path = kind, path
        # The versions that clients of this watch know, and the uids of what they know to be gone.
        self.versions = dict(start.versions)
        self.deleted: set[str] = set()
        self.data = b""
        self.error = ""
        query = urllib.parse.urlencode(
            {"watch": 1, "resourceVersion": start.version, "timeoutSeconds": WATCH_LIFETIME}
        )
        self.stream = Stream(connection, "GET", f"{path}?{query}", {"Accept": "application/json"})
        if self.stream.status != 200:
            raise Broken(f"watch {path}: {self.stream.status} {self.stream.whole().message}")

    def catch_up(self, listed: Listed, gone: set[str], seen: Callable[[str, str, Object], None]) -> None:
        """Reads up to the state of a list, in which those uids are gone, and hands on (kind, change, object)."""
        deadline = time.monotonic() + WATCH_SECONDS
        self._read(0, seen)
        while self.versions != listed.versions or not gone <= self.deleted:
            left = deadline - time.monotonic()
            if self.error or left <= 0 or not self._read(left, seen):
                raise Broken(f"the watch of {self.path} does not show what a list shows: {self._behind(listed, gone)}")

    def _behind(self, listed: Listed, gone: set[str]) -> str:
        known = listed.versions | self.versions
        keys = sorted(key for key in known if listed.versions.get(key) != self.versions.get(key))
        return f"{keys[:4] or sorted(gone - self.deleted)[:4]}; {self.error or 'it is silent'}"

    def _read(self, seconds: float, seen: Callable[[str, str, Object], None]) -> bool:
        """Reads what comes within that time; false when that is nothing."""
        data = self.stream.read(seconds)
        if not data:
            if data is not None:
                self.error = "it has ended"
            return False
        *lines, self.data = (self.data + data).split(b"\n")
        for line in filter(None, lines):
            self._event(json.loads(line), seen)
        return True

    def _event(self, event: Object, seen: Callable[[str, str, Object], None]) -> None:
        change, value = event["type"], event["object"]
        if change == "BOOKMARK":
            return
        if change == "ERROR":
            self.error = json.dumps(value)[:300]
            return
        key = key_of(value["metadata"])
        if change == "DELETED":
            self.versions.pop(key, None)
            self.deleted.add(value["metadata"].get("uid", ""))
        else:
            self.versions[key] = value["metadata"].get("resourceVersion", "")
        seen(self.kind, change, value)

    def close(self) -> None:
        self.stream.close()


class Cluster:
    """A cluster of its own below /clusters/NAME, for the length of a with block.

    `log` has what the watches showed. Scenarios begin at `origin`; before that is set they have not begun.
    """

    def __init__(self, url: str, name: str) -> None:
        self.url, self.path = url, f"/clusters/{name}"
        self.connection = Connection(url, self.path)
        self.began = time.monotonic()
        self.watches: list[Watch] = []
        self.log: list[Sight] = []
        self.origin: int | None = None
        self.now = 0
        self.next_timer: int | None = None
        self._version: str | None = None
        # Where this is set, what is elsewhere does not come into the log.
        self.only_namespace: str | None = None
        # The uids of a kind that must have been seen to go, given those that are listed.
        self.must_be_gone: Callable[[str, set[str]], set[str]] = lambda kind, listed: set()

    def __enter__(self) -> Cluster:
        return self

    def __exit__(self, *_: object) -> None:
        for watch in self.watches:
            watch.close()
        self.connection.close()
        administration = Connection(self.url)
        # Only to free its memory: what there was to see has been seen.
        with suppress(Lost):
            administration.json("DELETE", self.path)
        administration.close()

    # MARK: Requests

    def ask(self, method: str, path: str, body: Any = None, content: str = "", accept: str = "") -> Answer:
        """A request whose answer is for the caller to judge."""
        return self.connection.json(method, path, body, content, accept)

    def demand(self, method: str, path: str, body: Any = None, content: str = "", accept: str = "") -> Object:
        """A request without whose success the scenario cannot be played."""
        answer = self.ask(method, path, body, content, accept)
        if answer.status >= 300:
            raise Broken(f"{method} {path}: {answer.status} {answer.message}")
        return answer.object

    def listed(self, path: str, accept: str = METADATA_LIST) -> Listed:
        return Listed.of(self.demand("GET", path, accept=accept))

    # MARK: Time

    @property
    def seconds(self) -> float:
        """Seconds of the scenario."""
        return (self.now - self.origin) / SECOND if self.origin is not None else 0.0

    def read_clock(self) -> None:
        clock = self.demand("GET", "/podium/v1/clock")
        if clock.get("mode") != "virtual":
            raise Broken(f"the clock is {clock.get('mode')}, not virtual")
        self._set(clock)

    def _set(self, clock: Object) -> None:
        self.now = microseconds(clock["now"])
        timer = clock.get("nextTimer")
        self.next_timer = microseconds(timer, up=True) if timer else None

    def settle(self) -> None:
        """Lets happen what follows at this instant from what was asked for."""
        self._advance({"by": "0s"})

    def _advance(self, how: Object) -> None:
        if time.monotonic() - self.began > SCENARIO_SECONDS:
            raise Broken(f"after {SCENARIO_SECONDS:.0f} s only {self.seconds:.0f} s of the scenario have passed")
        clock = self.demand("POST", "/podium/v1/clock/advance", how)
        self._set(clock)
        if self.watches and clock["resourceVersion"] != self._version:
            self._version = clock["resourceVersion"]
            self.read_watches()

    def advance_to(self, instant: int, stop: Callable[[], bool] | None = None, longest: int | None = None) -> bool:
        """From timer to timer up to an instant; true once `stop` is so on the way there."""
        while self.now < instant:
            step = max(self.next_timer if self.next_timer is not None else instant, self.now + SMALLEST_STEP)
            if longest is not None:
                step = min(step, self.now + longest)
            before = self.now
            self._advance({"to": rfc3339(min(step, instant))})
            if self.now <= before:
                raise Broken(f"the clock stays at {rfc3339(before)}")
            if stop is not None and stop():
                return True
        return False

    def advance_by(self, seconds: float) -> None:
        self.advance_to(self.now + round(seconds * SECOND))

    def advance_until(self, seconds: float) -> None:
        """Up to a second of the scenario."""
        assert self.origin is not None
        self.advance_to(self.origin + round(seconds * SECOND))

    # MARK: Watches

    def watch(self, kind: str, path: str, accept: str = METADATA_LIST) -> Listed:
        """Watches a collection from now on, and returns what is there already."""
        listed = self.listed(path, accept)
        self.watches.append(Watch(self.connection, kind, path, listed))
        self._version = None
        return listed

    def read_watches(self) -> None:
        """Puts into the log what the watches bring up to this instant."""
        for watch in self.watches:
            listed = self.listed(watch.path)
            watch.catch_up(listed, self.must_be_gone(watch.kind, listed.uids), self.note)

    def note(self, kind: str, change: str, value: Object, time: float | None = None) -> None:
        """Puts into the log what was seen, now or at a second of the scenario."""
        if self.only_namespace not in (None, value["metadata"].get("name" if kind == "Namespace" else "namespace")):
            return
        self.log.append(Sight(self.seconds if time is None else time, kind, change, value))

    # MARK: Beginnings

    def make_namespace(self, name: str) -> None:
        """Makes a namespace and waits for its service account, without which there are no pods."""
        self.demand("POST", "/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
        for _ in range(READY_SECONDS):
            if self.ask("GET", f"/api/v1/namespaces/{name}/serviceaccounts/default").status == 200:
                return
            self.advance_by(0.25)

    def wait_for_nodes(self, names: set[str]) -> None:
        """Waits until nodes are ready and free of the taint that says they are not."""
        for _ in range(READY_SECONDS):
            nodes = self.demand("GET", "/api/v1/nodes").get("items") or []
            waiting = names - {node["metadata"]["name"] for node in nodes if is_ready(node) and not has_taint(node)}
            if not waiting:
                return
            self.advance_by(1)
        raise Broken(f"node {sorted(waiting)[0]} is not ready after {READY_SECONDS} s")


def is_ready(value: Object) -> bool:
    """Whether a node or a pod is ready."""
    conditions = value.get("status", {}).get("conditions") or []
    return any(condition["type"] == "Ready" and condition["status"] == "True" for condition in conditions)


def has_taint(node: Object, key: str = NOT_READY) -> bool:
    return any(taint["key"] == key for taint in node.get("spec", {}).get("taints") or [])
