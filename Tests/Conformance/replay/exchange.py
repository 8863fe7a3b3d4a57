# SPDX-License-Identifier: Apache-2.0
"""HTTP as the replays need it: a connection that is kept, and a stream that is read without waiting for its end."""

from __future__ import annotations

import http.client
import json
import socket
import time
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .failure import Broken

# From this name the server derives the field manager, which recorded managedFields tell.
USER_AGENT = "conformance/1.0"
BUFFER = 1 << 16
# What a server that closes a kept connection between two requests looks like.
CLOSED = (BrokenPipeError, ConnectionResetError, http.client.RemoteDisconnected)


class Lost(Broken):
    """The server does not answer a request."""


@dataclass(frozen=True)
class Answer:
    """The answer to a request."""

    status: int
    headers: http.client.HTTPMessage
    data: bytes

    @property
    def object(self) -> dict[str, Any]:
        """The body as JSON; what is no JSON object becomes the message of one."""
        try:
            value = json.loads(self.data)
        except ValueError:
            value = None
        return value if isinstance(value, dict) else {"message": self.data[:300].decode("utf-8", "replace")}

    @property
    def message(self) -> str | None:
        """What the server says of an error; None where there is none."""
        return self.object.get("message") if self.status >= 400 else None


class Connection:
    """A connection to a server, opened when it is needed. `prefix` stands before every target."""

    def __init__(
        self, url: str, prefix: str = "", timeout: float = 60, headers: Mapping[str, str] | None = None
    ) -> None:
        parts = urllib.parse.urlsplit(url)
        self.host, self.port = parts.hostname or "", parts.port or 80
        self.netloc = parts.netloc
        self.prefix = prefix
        self.timeout = timeout
        self.headers = {"User-Agent": USER_AGENT, **(headers or {})}
        self.kept: http.client.HTTPConnection | None = None

    def send(
        self, method: str, target: str, headers: Mapping[str, str | None] | None = None, body: bytes | None = None
    ) -> Answer:
        """Sends a request, once more when the server closed the kept connection meanwhile."""
        kept = self.kept
        try:
            return self._send(method, target, headers or {}, body)
        except (http.client.HTTPException, OSError) as error:
            self.close()
            if kept is None or not isinstance(error, CLOSED):
                raise Lost(f"{method} {target}: {type(error).__name__}: {error}") from error
        return self.send(method, target, headers, body)

    def _send(self, method: str, target: str, headers: Mapping[str, str | None], body: bytes | None) -> Answer:
        connection = self.kept = self.kept or self.open()
        self.write(connection, method, target, headers, body)
        response = connection.getresponse()
        answer = Answer(response.status, response.headers, response.read())
        if response.will_close:
            self.close()
        return answer

    def json(self, method: str, target: str, body: Any = None, content: str = "", accept: str = "") -> Answer:
        """Sends JSON and asks for JSON."""
        headers = {"Accept": accept or "application/json"}
        if body is None:
            return self.send(method, target, headers)
        headers["Content-Type"] = content or "application/json"
        return self.send(method, target, headers, json.dumps(body).encode())

    def open(self) -> http.client.HTTPConnection:
        """A connection of its own."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=self.timeout)
        connection.connect()
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def write(
        self,
        connection: http.client.HTTPConnection,
        method: str,
        target: str,
        headers: Mapping[str, str | None],
        body: bytes | None,
    ) -> None:
        """Writes a request. A header that is None is not sent, be it a default."""
        connection.putrequest(method, self.prefix + target, skip_accept_encoding=True)
        given = {name.lower() for name in headers}
        defaults = {name: value for name, value in self.headers.items() if name.lower() not in given}
        for name, value in {**defaults, **headers}.items():
            if value is not None:
                connection.putheader(name, value)
        if body is not None or method in ("POST", "PUT", "PATCH"):
            connection.putheader("Content-Length", str(len(body or b"")))
        connection.endheaders(body)

    def close(self) -> None:
        if self.kept is not None:
            self.kept.close()
        self.kept = None


class Stream:
    """The answer to a watch. Reads what has come without waiting for more.

    http.client reads the head. The rest is read here, since its responses cannot be used again once they had to wait.
    """

    def __init__(
        self,
        connection: Connection,
        method: str,
        target: str,
        headers: Mapping[str, str | None] | None = None,
        body: bytes | None = None,
    ) -> None:
        try:
            self.connection = connection.open()
            # The response may let go of the connection, but is read from this.
            self.socket: socket.socket = self.connection.sock
            connection.write(self.connection, method, target, headers or {}, body)
            self.response = self.connection.getresponse()
        except (http.client.HTTPException, OSError) as error:
            raise Lost(f"{method} {target}: {type(error).__name__}: {error}") from error
        self.status, self.headers = self.response.status, self.response.headers
        self.ended = False
        self._raw: bytes | None = None
        self._left = 0

    def whole(self) -> Answer:
        """The answer as one, for a server that does not stream."""
        return Answer(self.status, self.headers, self.response.read())

    def read(self, seconds: float) -> bytes | None:
        """The next bytes of the body; None when none come in time, empty at the end."""
        deadline = time.monotonic() + seconds
        while not self.ended:
            data = self._unpacked()
            if data or self.ended:
                return data
            try:
                self.socket.settimeout(max(0.0, deadline - time.monotonic()))
                more = self.socket.recv(BUFFER)
            except (BlockingIOError, TimeoutError):
                return None
            except OSError:
                more = b""
            self.ended = not more or self.ended
            self._raw = (self._raw or b"") + more
        return self._unpacked()

    def _unpacked(self) -> bytes:
        """Takes the body out of the bytes that have come, the frames of chunks aside."""
        if self._raw is None:
            self._raw = self._read_ahead()
        if not self.response.chunked:
            data, self._raw = self._raw, b""
            return data
        data = b""
        while self._raw:
            if self._left > 2:
                part = self._raw[: self._left - 2]
                data += part
                self._raw, self._left = self._raw[len(part) :], self._left - len(part)
            elif self._left:
                # The line end behind a chunk.
                skipped = min(self._left, len(self._raw))
                self._raw, self._left = self._raw[skipped:], self._left - skipped
            else:
                line, end, rest = self._raw.partition(b"\r\n")
                if not end:
                    break
                size = int(line.split(b";")[0], 16)
                self.ended = self.ended or size == 0
                self._raw, self._left = rest, size + 2
        return data

    def _read_ahead(self) -> bytes:
        """What http.client has read beyond the head."""
        self.socket.setblocking(False)
        file = self.response.fp
        return file.read(len(file.peek(1))) if file is not None else b""

    def close(self) -> None:
        self.connection.close()
        self.socket.close()
