# SPDX-License-Identifier: Apache-2.0
"""What is different in every run of a scenario becomes a placeholder, as it was when the scenario was recorded.

| Here | Recorded | Why |
| --- | --- | --- |
| every time | <time> | runs begin at different times |
| the namespace | <ns> | it is named after the run |
| a name from generateName | NAME-<rand> | it is random |
| a pod-template-hash | <hash-N> | it hashes Go's internal types |
| the hash of a ControllerRevision | <rev-N> | likewise |
| the end of a CronJob's Job | <minute+N> | it is the minute, from the first one on |
| uids | <uid KIND/NAME>, <uid ?> | they are random |
| addresses | <ip POD>, <clusterIP> | whoever comes first gets the first |
| one of the equal nodes | <node> | the scheduler may take any |
"""

from __future__ import annotations

import re
from typing import Any

from ..cluster import Sight
from ..placeholders import RANDOM, UUID, Replacement, alternatives, mapped
from .kinds import POD_MAKERS

TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
NODE = re.compile(r"(?<![\w-])node-\d+(?![\w-])")
MINUTE = re.compile(r"-(\d{8,11})$")
# A whole object quoted as an invalid value, in the words of Go's internal types.
INVALID_OBJECT = re.compile(r"Invalid value: \{.*\}: ", re.S)
# The shortest hash of a ControllerRevision.
HASH_LENGTH = 5


class Normaliser:
    """Placeholders for a whole scenario, from all that was seen of it."""

    def __init__(self, namespace: str, log: list[Sight]) -> None:
        self.namespace = namespace
        self.hashed = Replacement(hashes(log), r"(?<![0-9a-z])", r"(?![0-9a-z])")
        self.generated: dict[str, str] = {}
        self.uids: dict[str, str] = {}
        addresses: dict[str, str] = {}
        for sight in log:
            if sight.kind == "Event":
                continue
            if sight.uid not in self.uids:
                self._note(sight)
            if sight.kind == "Pod":
                for entry in sight.object.get("status", {}).get("podIPs") or []:
                    addresses[entry["ip"]] = f"<ip {self.name(sight.name)}>"
            if sight.kind == "Service":
                given = sight.object["spec"].get("clusterIPs") or []
                addresses.update({address: "<clusterIP>" for address in given if address not in ("None", "")})
        self._generated = Replacement(self.generated, r"(?<![0-9a-z-])", r"(?![0-9a-z])")
        self._addresses = Replacement(addresses, r"(?<![\d.])", r"(?![\d.]*\d)")
        makers = {sight.name for sight in log if sight.kind in POD_MAKERS}
        pattern = f"(?<![0-9a-z-])((?:{alternatives(makers)})-(?:\\d+-)?){RANDOM}(?![0-9a-z-])"
        self._refused = re.compile(pattern) if makers else None

    def _note(self, sight: Sight) -> None:
        """Notes the uid of an object, and its name if that was generated."""
        prefix, name = sight.metadata.get("generateName"), sight.name
        if prefix and name.startswith(prefix) and re.fullmatch(RANDOM, name[len(prefix) :]):
            self.generated[name] = self.hashed(f"{prefix}<rand>")
        self.uids[sight.uid] = f"<uid {sight.kind}/{self.name(name)}>"

    def name(self, name: str) -> str:
        """The name of an object, before everything is known."""
        return self.generated.get(name) or self.hashed(name)

    def shown(self, name: str) -> str:
        """The name of an object, by which the recordings know it."""
        return self.generated.get(name) or self.text(name)

    def __call__(self, value: Any) -> Any:
        return mapped(value, self.text)

    def text(self, text: str) -> str:
        """A text with placeholders."""
        if TIMESTAMP.fullmatch(text):
            return "<time>"
        text = self._generated(text)
        if self._refused:
            # Names of pods that were refused, and so never seen.
            text = self._refused.sub(r"\g<1><rand>", text)
        text = self.hashed(text)
        text = UUID.sub(lambda match: self.uids.get(match[0], "<uid ?>"), text)
        text = TIMESTAMP.sub("<time>", self._addresses(text))
        return NODE.sub("<node>", text.replace(self.namespace, "<ns>"))

    def message(self, text: str | None) -> str | None:
        """The message of an answer; None where there is none."""
        return INVALID_OBJECT.sub("Invalid value: <object>: ", self.text(text)) if text else None


def hashes(log: list[Sight]) -> dict[str, str]:
    """Placeholders for hashes and minutes in names, numbered as they appear."""
    templates: dict[str, str] = {}
    revisions: dict[str, str] = {}
    minutes: set[str] = set()
    for sight in log:
        end = sight.name.rsplit("-", 1)[-1]
        known = end in templates or end in revisions
        if sight.kind == "ReplicaSet":
            label = (sight.metadata.get("labels") or {}).get("pod-template-hash")
            if label and sight.name.endswith(f"-{label}") and label not in templates and label not in revisions:
                templates[label] = f"<hash-{len(templates) + 1}>"
        elif sight.kind == "ControllerRevision" and not known and len(end) >= HASH_LENGTH:
            revisions[end] = f"<rev-{len(revisions) + 1}>"
        elif sight.kind == "Job" and (match := MINUTE.search(sight.name)):
            owners = sight.metadata.get("ownerReferences") or []
            minutes |= {match[1] for owner in owners if owner["kind"] == "CronJob"}
    first = min(map(int, minutes), default=0)
    return {**templates, **revisions, **{minute: f"<minute+{int(minute) - first}>" for minute in minutes}}
