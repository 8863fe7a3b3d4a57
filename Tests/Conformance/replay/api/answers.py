# SPDX-License-Identifier: Apache-2.0
"""Brings what a server answered into the form of the recordings.

An answer is {status, headers, and one of body, text, stream}; `cmp` of the step says how much of it is compared:
`full`, `headers`, `status`, or `reason`. `pick` keeps the named entries of a list, `at` the part below some keys,
`drop` removes paths. Only the headers of HEADERS are recorded.
"""

from __future__ import annotations

import json
import struct
import time
from collections.abc import Callable
from http.client import HTTPMessage
from typing import Any

from ..exchange import Answer, Stream
from ..values import MISSING, at, child, children, drop, without_prose
from .normalise import Normaliser
from .protobuf import Messages
from .requests import Progress

HEADERS = ("content-type", "warning", "allow", "retry-after", "location", "www-authenticate")
REASON_KEYS = ("kind", "apiVersion", "status", "reason", "code")
# A watch is read until as many events as recorded have come, and then for as long as this.
SILENCE_SECONDS = 0.05
# How long one waits for an event that is missing, and for all of them.
EVENT_SECONDS = 3.0
WATCH_SECONDS = 12.0

Step = dict[str, Any]


def headers_of(headers: HTTPMessage, normaliser: Normaliser) -> dict[str, Any]:
    """The recorded headers; each warning by itself."""
    found: dict[str, Any] = {}
    for name in HEADERS:
        values = [normaliser.text(value) for value in headers.get_all(name) or ()]
        if values:
            found[name] = values if name == "warning" else ", ".join(values)
    return found


def describes_schemas(step: Step) -> bool:
    """Whether the answer to a step is an OpenAPI document."""
    return str(step.get("request", {}).get("path", "")).startswith("/openapi/")


class Reader:
    """Reads the answers of one case. `managed_fields` and `protobuf` say whether the case compares those."""

    def __init__(self, case: dict[str, Any], progress: Progress, normaliser: Normaliser, messages: Messages) -> None:
        self.protobuf = case.get("protobuf", False)
        self.managed_fields = case.get("managedFields", False)
        self.progress, self.normaliser, self.messages = progress, normaliser, messages

    def answer(self, step: Step, name: str, answer: Answer) -> dict[str, Any]:
        """The answer to a step, which later steps know by `name`."""
        mode = step.get("cmp", "full")
        found: dict[str, Any] = {"status": answer.status}
        if mode != "status":
            found["headers"] = headers_of(answer.headers, self.normaliser)
        kind = (answer.headers.get("Content-Type") or "").strip()
        body = self._decoded(name, kind, answer.data, found)
        if isinstance(body, dict):
            self.progress.capture(name, body)
        if mode in ("status", "headers"):
            return found
        if body is MISSING:
            # The beginning of protobuf says that it is some; its bytes differ from run to run.
            protobuf = "protobuf" in kind
            text = answer.data[:4].decode("latin-1") if protobuf else answer.data.decode("utf-8", "replace")
            found["text"] = text if protobuf else self.normaliser.text(text)
            return found
        part = self._part(step, body)
        if describes_schemas(step):
            part = without_prose(part)
        if mode == "reason" and isinstance(part, dict):
            part = {key: part[key] for key in REASON_KEYS if key in part}
        found["body"] = self.normaliser.body(part, self._compares_managed_fields(step))
        if step.get("checkPretty"):
            found["pretty"] = b"\n  " in answer.data
            found["endsWithNewline"] = answer.data.endswith(b"\n")
        return found

    def _decoded(self, name: str, kind: str, data: bytes, found: dict[str, Any]) -> Any:
        """The body as a JSON value; MISSING where it is none."""
        try:
            if data and "json" in kind:
                return json.loads(data)
            if data and "yaml" in kind:
                return loaded_yaml(data)
        except ValueError:
            return MISSING
        if data and "protobuf" in kind and self.protobuf:
            self.progress.answers[name] = data
            try:
                return self.messages.decoded(data)
            except (ValueError, KeyError, IndexError, struct.error) as error:
                found["undecodable"] = f"{type(error).__name__}: {error}"
        return MISSING

    def _part(self, step: Step, body: Any) -> Any:
        """What a step compares of a body."""
        filled = self.progress.filled
        pick(body, json.loads(filled(json.dumps(step.get("pick")))))
        for key in step.get("at") or ():
            key = filled(key) if isinstance(key, str) else key
            body = child(body, str(key), MISSING)
            if body is MISSING:
                body = f"<nothing at {key}>"
                break
        for path in step.get("drop", ()):
            drop(body, path)
        return body

    def _compares_managed_fields(self, step: Step) -> bool:
        return bool(self.managed_fields or step.get("managedFields", False))

    def calls(self, step: Step) -> dict[str, Any]:
        """What the server has sent to the webhooks of the case since they were last asked about."""
        assert self.progress.hooks is not None
        calls = self.progress.hooks.take(self.progress.namespace)
        if isinstance(step["webhookCalls"], list):
            calls = [call for call in calls if call["path"] in step["webhookCalls"]]
        if step.get("sortCalls"):
            calls.sort(key=lambda call: str(call["path"]))
        for call in calls:
            for path in step.get("drop", ()):
                drop(call["review"], path)
            call["review"] = self.normaliser.body(call["review"], self.managed_fields)
        return {"calls": calls}

    def events(self, step: Step, stream: Stream) -> dict[str, Any]:
        """What comes of a watch: {stream: [{type, object}], closed}."""
        wanted = len(step["response"].get("stream", ()))
        until_close = step.get("untilClose", False)
        events = []
        for event in Events(stream, self.messages).read(wanted, until_close):
            if isinstance(event, dict) and "object" in event:
                bookmark = event.get("type") == "BOOKMARK"
                body = self.normaliser.body(event["object"], self._compares_managed_fields(step), bookmark)
                event = {"type": event.get("type"), "object": body}
            events.append(event)
        if step.get("sortEvents"):
            events.sort(key=lambda event: str(at(event, "object.metadata.name")))
        return {"stream": events, "closed": stream.ended} if until_close else {"stream": events}


class Events:
    """The events of a watch, as JSON one after the other or as frames of protobuf."""

    def __init__(self, stream: Stream, messages: Messages) -> None:
        self.stream = stream
        self.data = b""
        self.decode_event = messages.event
        protobuf = "protobuf" in (stream.headers.get("Content-Type") or "")
        self.taken: Callable[[], list[Any]] = self._frames if protobuf else self._values

    def read(self, wanted: int, until_close: bool) -> list[Any]:
        """Reads `wanted` events and a little silence, or until the server is silent for long, or to the end."""
        events: list[Any] = []
        deadline = time.monotonic() + WATCH_SECONDS
        while not self.stream.ended and time.monotonic() < deadline:
            patience = SILENCE_SECONDS if len(events) >= wanted else EVENT_SECONDS
            data = self.stream.read(WATCH_SECONDS if until_close else patience)
            if data is None:
                break
            self.data += data
            events += [event for event in self.taken() if not is_plain_bookmark(event)]
        return events

    def _values(self) -> list[Any]:
        """The JSON values that are complete."""
        decoder = json.JSONDecoder()
        events: list[Any] = []
        text = self.data.decode("utf-8", "surrogateescape").lstrip()
        while text:
            try:
                event, end = decoder.raw_decode(text)
            except ValueError:
                break
            events.append(event)
            text = text[end:].lstrip()
        self.data = text.encode("utf-8", "surrogateescape")
        return events

    def _frames(self) -> list[Any]:
        """The frames that are complete: four bytes of length, big-endian, and an event."""
        events = []
        while len(self.data) >= 4:
            end = 4 + struct.unpack(">I", self.data[:4])[0]
            if len(self.data) < end:
                break
            events.append(self.decode_event(self.data[4:end]))
            self.data = self.data[end:]
        return events


def is_plain_bookmark(event: Any) -> bool:
    """Bookmarks come when the server likes, except for the one that ends the initial events."""
    if not isinstance(event, dict) or event.get("type") != "BOOKMARK":
        return False
    if event.get("object", {}).get("kind") == "Table":
        return "k8s.io/initial-events-end" not in json.dumps(event)
    annotations = at(event, "object.metadata.annotations") or {}
    return bool(annotations.get("k8s.io/initial-events-end") != "true")


def pick(body: Any, rules: list[dict[str, Any]] | None) -> None:
    """Keeps only the entries {path, key, in} of lists: what else a server has is not asked for."""
    for rule in rules or ():
        lists = [body]
        for part in filter(None, rule["path"].split(".")):
            lists = children(lists, part)
        key = rule.get("key")
        for entries in filter(lambda value: isinstance(value, list), lists):
            kept = [entry for entry in entries if (at(entry, key) if key else entry) in rule["in"]]
            if rule.get("sort"):
                kept.sort(key=lambda entry: str(at(entry, key) if key else entry))
            entries[:] = kept


def loaded_yaml(data: bytes) -> Any:
    """YAML as a JSON value. PyYAML is loaded for the few cases that need it."""
    import yaml

    try:
        return yaml.safe_load(data)
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from error
