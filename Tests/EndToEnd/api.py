# SPDX-License-Identifier: Apache-2.0
"""A plain HTTP client for the tests: what goes over the wire is what the test wrote, nothing more."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

Object = dict[str, Any]

TIMEOUT = 20.0


@dataclass(frozen=True)
class Answer:
    """An answer read to its end."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def object(self) -> Object:
        value = json.loads(self.body)
        assert isinstance(value, dict), self.body
        return value


class Api:
    """The API of one server, one connection a request."""

    def __init__(self, host: str, port: int, prefix: str = "", headers: dict[str, str] | None = None) -> None:
        """`headers` go with every request that does not bring its own of the same names."""
        self.host = host
        self.port = port
        self.prefix = prefix
        self.headers = headers or {}

    def send(
        self,
        method: str,
        path: str,
        body: bytes | str | Object | list[Any] | None = None,
        content_type: str = "application/json",
        accept: str = "application/json",
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """Sends one request. A body that is not text is sent as JSON."""
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
        if isinstance(body, str):
            body = body.encode()
        headers = {"Accept": accept, **self.headers, **(headers or {})}
        if body is not None:
            headers["Content-Type"] = content_type
        with closing(http.client.HTTPConnection(self.host, self.port, timeout=TIMEOUT)) as connection:
            connection.request(method, self.prefix + path, body, headers)
            answer = connection.getresponse()
            return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())

    def get(self, path: str) -> Object:
        return self._expect("GET", path, None)

    def create(self, path: str, body: Object | str, content_type: str = "application/json") -> Object:
        return self._expect("POST", path, body, content_type)

    def delete(self, path: str, body: Object | None = None) -> Object:
        return self._expect("DELETE", path, body)

    def items(self, path: str) -> list[Object]:
        items = self.get(path)["items"]
        assert isinstance(items, list)
        return items

    def advance(self, by: str) -> Object:
        """Lets time pass on a virtual clock, and returns when all that follows from it has happened."""
        return self._expect("POST", "/podium/v1/clock/advance", {"by": by})

    def watch_lines(self, path: str, **query: str | int) -> Iterator[bytes]:
        """The lines of a watch as they are on the wire, until the server ends it."""
        query = {"watch": "1", **query}
        with closing(http.client.HTTPConnection(self.host, self.port, timeout=TIMEOUT)) as connection:
            connection.request("GET", f"{self.prefix}{path}?{urlencode(query)}")
            answer = connection.getresponse()
            assert answer.status == 200, answer.read()
            while line := answer.readline():
                yield line

    def watch(self, path: str, **query: str | int) -> Iterator[Object]:
        for line in self.watch_lines(path, **query):
            yield json.loads(line)

    def history(self, path: str, since: str, until: str) -> list[bytes]:
        """The lines of the watch from one resourceVersion, not included, to another, included."""
        lines = []
        for line in self.watch_lines(path, resourceVersion=since):
            lines.append(line)
            if json.loads(line)["object"]["metadata"]["resourceVersion"] == until:
                return lines
        raise AssertionError(f"the watch of {path} ended before resourceVersion {until}: {lines}")

    def _expect(
        self, method: str, path: str, body: Object | str | None, content_type: str = "application/json"
    ) -> Object:
        answer = self.send(method, path, body, content_type)
        assert 200 <= answer.status < 300, f"{method} {path}: {answer.status} {answer.body.decode(errors='replace')}"
        return answer.object


def error_of(answer: Answer, code: int, reason: str | None = None) -> Object:
    """The Status that an answer is, checked for its shape."""
    assert answer.status == code, (answer.status, answer.body)
    status = answer.object
    assert status["kind"] == "Status" and status["apiVersion"] == "v1", status
    assert status["status"] == "Failure" and status["code"] == code, status
    assert set(status["metadata"]) <= {"continue"}, status
    if reason is not None:
        assert status["reason"] == reason, status
    return status


def eventually(probe: Callable[[], bool]) -> bool:
    """Whether a thing comes true within ten seconds."""
    end = time.monotonic() + 10
    while time.monotonic() < end:
        if probe():
            return True
        time.sleep(0.01)
    return False
