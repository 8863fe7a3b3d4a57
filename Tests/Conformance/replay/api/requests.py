# SPDX-License-Identifier: Apache-2.0
"""Fills in what a recorded request says of the case that is being played.

Placeholders stand in paths, queries, headers and bodies: {ns} is the namespace of the case; {rv:STEP}, {uid:STEP},
{name:STEP}, {continue:STEP} and {token:STEP} are values from the answer to an earlier step, by its id or its position;
{ago:SECONDS} is a time before now; {webhookURL} and {caBundle} are those of the webhooks.
"""

from __future__ import annotations

import base64
import json
import re
import time
import urllib.parse
from dataclasses import dataclass, field
from typing import Any

from ..exchange import Stream
from ..values import MISSING, at
from .protobuf import Messages
from .webhooks import Webhooks

PLACEHOLDER = re.compile(r"\{(ns|uid|rv|name|continue|token|ago|webhookURL|caBundle)(?::([A-Za-z0-9_.-]+))?\}")
# Where the values that later steps may need are in an answer; the first that is there counts.
CAPTURED = {
    "uid": ("metadata.uid", "details.uid"),
    "rv": ("metadata.resourceVersion",),
    "name": ("metadata.name",),
    "continue": ("metadata.continue",),
    "token": ("status.token",),
}


@dataclass
class Progress:
    """How far a case is: what its steps have brought, by their ids."""

    namespace: str
    hooks: Webhooks | None
    captured: dict[str, dict[str, str]] = field(default_factory=dict)
    streams: dict[str, Stream] = field(default_factory=dict)
    answers: dict[str, bytes] = field(default_factory=dict)

    def capture(self, step: str, answer: dict[str, Any]) -> None:
        """Keeps what later steps may name."""
        found = {
            name: next((value for path in paths if (value := at(answer, path)) is not None), None)
            for name, paths in CAPTURED.items()
        }
        self.captured[step] = {name: value for name, value in found.items() if isinstance(value, str)}

    def filled(self, text: str, quoted: bool = False) -> str:
        """A text without placeholders; `quoted` as a part of a URL."""
        return PLACEHOLDER.sub(lambda match: self._value(match, quoted), text)

    def _value(self, match: re.Match[str], quoted: bool) -> str:
        kind, step = match[1], match[2]
        if kind == "ns":
            return self.namespace
        if kind in ("webhookURL", "caBundle"):
            if self.hooks is None:
                return match[0]
            return self.hooks.bundle if kind == "caBundle" else f"{self.hooks.url}/{self.namespace}"
        if step is None:
            return match[0]
        if kind == "ago":
            return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - int(step)))
        value = self.captured.get(step, {}).get(kind, f"missing-{kind}-of-{step}")
        return urllib.parse.quote(value, safe="") if quoted else value


@dataclass(frozen=True)
class Request:
    """A request as it is sent. A header that is None is not sent."""

    method: str
    target: str
    headers: dict[str, str | None]
    body: bytes | None


def request_of(recorded: dict[str, Any], progress: Progress, messages: Messages, limited: str) -> Request:
    """The request {method, path, query, headers, body, auth} of a step; `limited` is the token of the other user."""
    target = progress.filled(recorded["path"])
    if recorded.get("query"):
        target += "?" + progress.filled(recorded["query"], quoted=True)
    body = body_of(recorded.get("body", MISSING), progress, messages)
    headers: dict[str, str | None] = {"Accept": "application/json"}
    if body is not None:
        headers["Content-Type"] = "application/json"
    for name, value in (recorded.get("headers") or {}).items():
        headers = {other: kept for other, kept in headers.items() if other.lower() != name.lower()}
        headers[name] = None if value is None else progress.filled(value)
    auth = recorded.get("auth")
    if auth == "none":
        headers["Authorization"] = None
    elif auth:
        headers["Authorization"] = f"Bearer {limited}" if auth == "limited" else progress.filled(auth)
    return Request(recorded["method"], target, headers, body)


def body_of(body: Any, progress: Progress, messages: Messages) -> bytes | None:
    """The bytes of a body: a text as it stands, an object with a $ as that says, anything else as JSON."""
    if body is MISSING:
        return None
    if isinstance(body, dict):
        if "$protobuf" in body:
            return messages.encoded(json.loads(progress.filled(json.dumps(body["$protobuf"]))))
        if "$base64" in body:
            return base64.b64decode(body["$base64"])
        if "$answer" in body:
            return progress.answers.get(body["$answer"], b"")
        if "$repeat" in body:
            long = body["$repeat"]
            text = long.get("prefix", "") + long["unit"] * long["count"] + long.get("suffix", "")
            return progress.filled(text).encode()
    text = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
    # A lone surrogate stands for a byte that is no UTF-8.
    return progress.filled(text).encode("utf-8", "surrogateescape")
