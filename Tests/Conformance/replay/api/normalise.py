# SPDX-License-Identifier: Apache-2.0
"""What is different in every run of a case becomes a placeholder, on both sides the same.

The recordings are in this form already. What differs by chance and says nothing (an address, the time, a uid) gets a
name, numbered where equal values must stay equal and different ones different; what the recorder left out is left out.
"""

from __future__ import annotations

import datetime
import json
import re
import time
from dataclasses import dataclass
from typing import Any

from ..values import MISSING, at

UUID = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(?:Z|[+-]\d\d:\d\d)")
# A time this far from now was not taken from the clock during the case, and is compared.
NOW_SECONDS = 48 * 3600
AGE = re.compile(r"^(?:\d+[ydhms]){1,2}$")
AGO = re.compile(r"\((?:\d+[ydhms]){1,2} ago\)")
IPV4 = re.compile(r"^\d+\.\d+\.\d+\.\d+$")
JWT = re.compile(r"^eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$")
LOCAL_PORT = re.compile(r"(127\.0\.0\.1:)\d+(?=->)")
# The alphabet that names are generated from, and how much of generateName is kept before them.
RANDOM = "[bcdfghjklmnpqrstvwxz2456789]{5}"
GENERATED = re.compile(f"^{RANDOM}$")
GENERATE_NAME = re.compile(r'"generateName"\s*:\s*"([^"\\]+)"')
PREFIX_LENGTH = 58
# Longer bodies are there to be too long: nothing in them comes back.
REMEMBERED_BYTES = 100_000


@dataclass(frozen=True)
class Rule:
    """A replacement in texts; `hint` is in every text that it could change."""

    hint: str
    pattern: re.Pattern[str]
    replacement: str


RULES = (
    # A whole object quoted as an invalid value, in the words of Go's internal types.
    Rule(
        "Invalid value: ",
        re.compile(r'(Invalid value: "?)\{(?=\\?"(?:apiVersion|kind|metadata|spec|status)\\?":).*\}("?: )', re.S),
        r"\g<1><object>\g<2>",
    ),
    # The difference that follows "pod updates may not change fields other than", likewise.
    Rule("\n@@ ", re.compile(r"\n@@ [^\n]*\n(?:[ +@-][^\n]*\n)*\n*"), ""),
    # Versions in messages are numbers of the cluster, not of the case.
    Rule("ersion", re.compile(r"((?:resource version|ResourceVersion) in object meta: )\d+"), r"\g<1><rv>"),
    Rule("ersion", re.compile(r"(ResourceVersion in precondition: )\d{3,}"), r"\g<1><rv>"),
    Rule("ersion", re.compile(r"(resource version in precondition: )\d{3,}"), r"\g<1><rv>"),
    Rule("ersion", re.compile(r"(the ResourceVersion in the precondition \()\d{2,}(\))"), r"\g<1><rv>\g<2>"),
    Rule("ersion", re.compile(r"(the ResourceVersion in record \()\d+(\))"), r"\g<1><rv>\g<2>"),
    Rule("ersion", re.compile(r"(Too large resource version: \d+, current: )\d+"), r"\g<1><rv>"),
    Rule("ersion", re.compile(r"(too old resource version: )\d+ \(\d+\)"), r"\g<1><rv> (<rv>)"),
    Rule("ersion", re.compile(r'(resourceVersion\\*":\\*")\d+'), r"\g<1><rv>"),
)


class Numbered:
    """Placeholders for values in the order in which they are first seen, so that equal stay equal."""

    def __init__(self, form: str) -> None:
        self.form = form
        self.names: dict[Any, str] = {}

    def __call__(self, value: Any) -> str:
        return self.names.setdefault(value, self.form.format(len(self.names) + 1))


class Normaliser:
    """Normalises the answers of one case and remembers what it has seen between its steps.

    `namespace` is that of the case, `server` the address of the server; `hooks` are the address of the webhooks and
    their certificate, where the case has any.
    """

    def __init__(self, namespace: str, server: str = "", hooks: tuple[str, str] | None = None) -> None:
        self.namespace, self.server, self.hooks = namespace, server, hooks
        self.uids, self.versions = Numbered("<uid:{}>"), Numbered("<rv:{}>")
        self.addresses, self.ports = Numbered("<ip:{}>"), Numbered("<port:{}>")
        self.generated: dict[str, str] = {}
        self.now = time.time()
        self.sent = ""
        self.generate_name: re.Pattern[str] | None = None
        self.ages = False

    def sending(self, body: bytes | None, ages: bool) -> None:
        """Says what is asked next: what a client asked for is no chance. `ages` keeps the ages in tables."""
        text = body.decode("utf-8", "replace") if body is not None and len(body) < REMEMBERED_BYTES else ""
        self.sent += text
        self.ages = ages
        match = GENERATE_NAME.search(text)
        prefix = re.escape(match[1][:PREFIX_LENGTH]) if match else ""
        self.generate_name = re.compile(f"({prefix}){RANDOM}(?![A-Za-z0-9])") if match else None

    def text(self, text: str) -> str:
        """A text with placeholders."""
        for name, placeholder in self.generated.items():
            if name in text:
                text = text.replace(name, placeholder)
        if self.generate_name is not None:
            text = self.generate_name.sub(r"\g<1><gen>", text)
        text = text.replace(self.namespace, "{ns}")
        if "-" in text:
            text = TIME.sub(self._time, UUID.sub(lambda match: self.uids(match[0]), text))
        for rule in RULES:
            if rule.hint in text:
                text = rule.pattern.sub(rule.replacement, text)
        if self.server:
            text = text.replace(self.server, "<server>")
        if self.hooks is not None:
            address, certificate = self.hooks
            text = text.replace(certificate, "{caBundle}").replace(address, "<webhook>")
            text = LOCAL_PORT.sub(r"\g<1><port>", text)
        return text

    def body(self, value: Any, managed_fields: bool = False, bookmark: bool = False) -> Any:
        """A body with placeholders. `managed_fields` keeps them; a bookmark has the version of a list."""
        if isinstance(value, dict):
            sort_conflicts(value)
        self._find_generated(value)
        return self._value(value, "", managed_fields, bookmark)

    def version_order(self) -> list[str]:
        """The placeholders of all versions seen, by the numbers behind them: these must grow from write to write."""
        try:
            ordered = sorted((int(version), name) for version, name in self.versions.names.items())
        except ValueError:
            return ["<not numbers>"]
        return [name for _, name in ordered]

    def _time(self, match: re.Match[str]) -> str:
        text = match[0]
        try:
            moment = datetime.datetime.strptime(text[:19], "%Y-%m-%dT%H:%M:%S").replace(tzinfo=datetime.timezone.utc)
        except ValueError:
            return text
        if abs(moment.timestamp() - self.now) > NOW_SECONDS:
            return text
        zone = "" if text.endswith("Z") else text[-6:]
        return ("<microtime>" if match[1] else "<time>") + zone

    def _find_generated(self, value: Any) -> None:
        """Notes the names of objects that were made from generateName."""
        if isinstance(value, dict):
            metadata = value.get("metadata")
            prefix = metadata.get("generateName") if isinstance(metadata, dict) else None
            if isinstance(prefix, str) and prefix:
                self._note_generated(metadata.get("name"), prefix[:PREFIX_LENGTH])
        if isinstance(value, (dict, list)):
            for part in value.values() if isinstance(value, dict) else value:
                self._find_generated(part)

    def _note_generated(self, name: Any, prefix: str) -> None:
        known = not isinstance(name, str) or name in self.generated
        if not known and name.startswith(prefix) and GENERATED.match(name[len(prefix) :]):
            shown = prefix.replace(self.namespace, "{ns}")
            self.generated[name] = f"{shown}<gen:{len(self.generated) + 1}>"

    def _value(self, value: Any, key: str, managed_fields: bool, bookmark: bool = False) -> Any:
        """`key` is the field that holds the value, or the list around it."""
        if isinstance(value, list):
            return [self._value(part, key, managed_fields) for part in value]
        if isinstance(value, str):
            return self.text(value)
        if not isinstance(value, dict):
            return value
        listed = bookmark or is_list(value)
        found = {}
        for name in sorted(value):
            if name == "storageVersionHash" or (name == "managedFields" and key == "metadata" and not managed_fields):
                continue
            part = value[name]
            if name == "metadata" and isinstance(part, dict) and listed:
                found[name] = self._value(list_metadata(part), name, managed_fields)
                continue
            special = self._field(name, part, key)
            if special is MISSING:
                found[self.text(name)] = self._value(ordered(name, part, key), name, managed_fields)
            else:
                found[name] = special
        return found

    def _field(self, name: str, value: Any, holder: str) -> Any:
        """The placeholder of a field whose values differ by chance; MISSING for any other field."""
        if name == "resourceVersion" and holder == "metadata" and isinstance(value, str):
            return value if value in ("", "0") or value.startswith("<") else self.versions(value)
        if name in ("clusterIP", "clusterIPs") and holder == "spec":
            return self._address(value)
        if name in ("nodePort", "healthCheckNodePort") and isinstance(value, int) and value:
            return MISSING if str(value) in self.sent else self.ports(value)
        if name == "cells" and isinstance(value, list):
            return [self._cell(cell) for cell in value]
        if name == "token" and isinstance(value, str) and JWT.match(value):
            return "<token>"
        return MISSING

    def _address(self, value: Any) -> Any:
        """Cluster addresses that nobody asked for."""
        if isinstance(value, list):
            return [self._address(part) for part in value]
        if isinstance(value, str) and IPV4.match(value) and value not in self.sent:
            return self.addresses(value)
        return value

    def _cell(self, cell: Any) -> Any:
        """A cell of a table: objects age while a case is played."""
        if not isinstance(cell, str):
            return cell
        if self.ages:
            return self.text(cell)
        if AGE.match(cell):
            return "<age>"
        return self._address(cell) if IPV4.match(cell) else self.text(AGO.sub("(<age> ago)", cell))


def is_list(value: dict[str, Any]) -> bool:
    """Whether an object is a list or a table, whose version is that of the cluster."""
    if isinstance(value.get("items"), list) or isinstance(value.get("rows"), list):
        return True
    return value.get("items", MISSING) is None and str(value.get("kind", "")).endswith("List")


def list_metadata(metadata: dict[str, Any]) -> dict[str, Any]:
    """The metadata of a list, whose version and continue token belong to the cluster and not to the case."""
    placeholders = {"resourceVersion": "<listrv>", "continue": "<continue>"}
    return {**metadata, **{key: name for key, name in placeholders.items() if metadata.get(key)}}


def ordered(name: str, value: Any, holder: str) -> Any:
    """Lists without what says nothing: their order where that is an accident, the prose in tables."""
    if name == "managedFields" and holder == "metadata" and isinstance(value, list):
        # The server sorts them by a time in whole seconds.
        return sorted(value, key=manager_order)
    if name == "columnDefinitions" and isinstance(value, list):
        return [without_description(column) for column in value]
    return value


def manager_order(entry: Any) -> str:
    """Sorts entries of managedFields."""
    if not isinstance(entry, dict):
        return ""
    return json.dumps([entry.get(key) for key in ("manager", "operation", "subresource", "apiVersion")])


def without_description(column: Any) -> Any:
    if not isinstance(column, dict):
        return column
    return {key: value for key, value in column.items() if key != "description"}


def sort_conflicts(answer: dict[str, Any]) -> None:
    """The conflicts of an apply come grouped by manager, the managers in any order."""
    causes = at(answer, "details.causes") if answer.get("reason") == "Conflict" else None
    if not isinstance(causes, list):
        return
    if all(isinstance(cause, dict) and cause.get("reason") == "FieldManagerConflict" for cause in causes):
        causes.sort(key=lambda cause: str(cause.get("message")))
