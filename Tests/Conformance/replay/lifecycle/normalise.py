# SPDX-License-Identifier: Apache-2.0
"""What is different in every run of a scenario becomes a placeholder, as it was when the scenario was recorded.

| Here | Recorded | Why |
| --- | --- | --- |
| times | T+n, seconds after the first pod | runs begin at different times |
| the namespace | <ns> | it is named after the run |
| uids | <uid-POD>; numbered where it is no pod's | they are random |
| containerd://… | <POD/CONTAINER/RESTART> | so are they |
| addresses | <podIP-POD>, <hostIP> | whoever comes first gets the first |
| digests | <hash> | nobody models images down to their bytes |
| kube-api-access-… | kube-api-access-<rand> | it is random |
| how long a pull took | <subsecond>, <8s> | networks differ |
| the port that a probe came from | <port> | it is random |

A pod that was made again under the same name is POD.2, and so is a second address of it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from typing import Any

from ..instants import SECOND, microseconds
from ..placeholders import UUID, Replacement, mapped
from .views import STATUSES, Object

TIMESTAMP = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$")
CONTAINER_ID = re.compile(r"containerd://[0-9a-f]{64}")
DIGEST = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
TOKEN_VOLUME = re.compile(r"kube-api-access-[a-z0-9]{5}")
DURATION = r"([\d.]+(?:[nµu]s|ms|s|m[\d.]+s)|0s)"
PULL = re.compile(rf"in {DURATION} \({DURATION} including waiting\)")
SECONDS = re.compile(r"^([\d.]+)s$")
SOURCE_PORT = re.compile(r"(<podIP-[^>]+>|\d+\.\d+\.\d+\.\d+):\d+->")
# The one digest that scenarios ask for themselves.
ASKED_DIGEST = "ab" * 32
# The seconds of 1970 are zero times, a day before the scenario is history, a minute before it is past.
ZERO_SECONDS, HISTORY_SECONDS, PAST_SECONDS = 1000, 86400, 60


class Normaliser:
    """Placeholders for a whole scenario.

    `origin` is when the first pod was made, in whole seconds since 1970; `pods` are all versions of all pods seen, in
    order; `asked` are the timestamps that requests name.
    """

    def __init__(self, namespace: str, origin: int, pods: Iterable[Object], asked: set[str]) -> None:
        self.namespace, self.origin, self.asked = namespace, origin, asked
        versions = list(pods)
        names = Names(versions)
        self.uids = {uid: f"<uid-{name}>" for uid, name in names.uids.items()}
        self.containers = {identity: f"<{run}>" for identity, run in names.runs.items()}
        addresses = {address: f"<podIP-{name}>" for address, name in names.addresses.items()}
        addresses.update({address: "<hostIP>" for address in names.hosts})
        self.addresses = Replacement(addresses, r"(?<![\w.:])", r"(?![\w.]*\w)")

    def __call__(self, value: Any) -> Any:
        return mapped(value, self.text)

    def text(self, text: str) -> str:
        """A text with placeholders."""
        if TIMESTAMP.match(text):
            return self._time(text)
        text = text.replace(self.namespace, "<ns>")
        text = UUID.sub(lambda match: numbered(self.uids, match[0], "<uid-{}>"), text)
        text = CONTAINER_ID.sub(lambda match: "containerd://" + numbered(self.containers, match[0], "<id-{}>"), text)
        text = DIGEST.sub(lambda match: "<hash>" if match[0] != ASKED_DIGEST else match[0], text)
        text = self.addresses(text)
        text = TOKEN_VOLUME.sub("kube-api-access-<rand>", text)
        text = PULL.sub(lambda match: f"in {duration(match[1])} ({duration(match[2])} including waiting)", text)
        return SOURCE_PORT.sub(r"\1:<port>->", text)

    def _time(self, text: str) -> str:
        instant = microseconds(text)
        since = instant - self.origin * SECOND
        if instant < ZERO_SECONDS * SECOND or text in self.asked or since < -HISTORY_SECONDS * SECOND:
            return text
        return "T-past" if since < -PAST_SECONDS * SECOND else f"T{math.floor((since + 1) / SECOND):+d}"


class Names:
    """Names for the uids, addresses and container runs of pods, from all their versions."""

    def __init__(self, versions: list[Object]) -> None:
        self.uids: dict[str, str] = {}
        self.addresses: dict[str, str] = {}
        self.runs: dict[str, str] = {}
        self.hosts = {address for pod in versions for address in addresses_of(pod, "hostIP", "hostIPs")}
        pods_by_name: dict[str, int] = {}
        guesses: dict[str, str] = {}
        for pod in versions:
            metadata = pod["metadata"]
            if metadata["uid"] not in self.uids:
                count = pods_by_name[metadata["name"]] = pods_by_name.get(metadata["name"], 0) + 1
                self.uids[metadata["uid"]] = metadata["name"] if count == 1 else f"{metadata['name']}.{count}"
            name = self.uids[metadata["uid"]]
            self._note_addresses(pod, name)
            for statuses in STATUSES:
                for status in pod.get("status", {}).get(statuses, []):
                    self._note_runs(status, f"{name}/{status['name']}", guesses)
        self.runs = {**guesses, **self.runs}

    def _note_addresses(self, pod: Object, name: str) -> None:
        for address in addresses_of(pod, "podIP", "podIPs"):
            if address not in self.hosts and address not in self.addresses:
                count = sum(1 for known in self.addresses.values() if known == name or known.startswith(f"{name}."))
                self.addresses[address] = name if count == 0 else f"{name}.{count + 1}"

    def _note_runs(self, status: Object, container: str, guesses: dict[str, str]) -> None:
        """The id of a container that runs or has just ended is that of the run that restartCount tells of.

        That of one that waits may be the one before; it counts where nothing better is seen.
        """
        identity, restarts = status.get("containerID"), status.get("restartCount", 0)
        state = status.get("state", {})
        last = status.get("lastState", {}).get("terminated", {}).get("containerID")
        current = "running" in state or state.get("terminated", {}).get("containerID") == identity
        is_new = bool(current and identity != last)
        if identity and is_new:
            self.runs.setdefault(identity, f"{container}/{restarts}")
        elif identity:
            guesses.setdefault(identity, f"{container}/{restarts}")
        if last:
            guesses.setdefault(last, f"{container}/{restarts - 1 if is_new else restarts}")


def addresses_of(pod: Object, one: str, several: str) -> list[str]:
    """The addresses of a status in two fields."""
    status = pod.get("status", {})
    listed = [entry.get("ip") for entry in status.get(several, [])]
    return [address for address in [status.get(one), *listed] if address]


def numbered(names: dict[str, str], value: str, form: str) -> str:
    """The placeholder of a value, a new one where it has none."""
    return names.setdefault(value, form.format(len(names) + 1))


def duration(text: str) -> str:
    """How long a pull took, as far as it says anything."""
    match = SECONDS.match(text)
    return f"<{round(float(match[1]))}s>" if match and float(match[1]) >= 1 else "<subsecond>"
