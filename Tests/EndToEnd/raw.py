# SPDX-License-Identifier: Apache-2.0
"""Bytes to a socket and bytes back: for requests that no HTTP client would send."""

from __future__ import annotations

import http.client
import socket
from contextlib import suppress
from http.client import HTTPResponse

from api import Answer

TIMEOUT = 20.0


def exchange(port: int, request: bytes, method: str = "GET") -> Answer | None:
    """Sends the bytes and reads one answer; nil when the server closes without a word."""
    with socket.create_connection(("127.0.0.1", port), TIMEOUT) as connection:
        # The server may have answered and closed before it has read everything.
        with suppress(BrokenPipeError, ConnectionResetError):
            connection.sendall(request)
        return read_answer(connection, method)


def read_answer(connection: socket.socket, method: str = "GET") -> Answer | None:
    answer = HTTPResponse(connection, method=method)
    try:
        answer.begin()
        headers = {key.lower(): value for key, value in answer.getheaders()}
        return Answer(answer.status, headers, answer.read())
    except (http.client.RemoteDisconnected, ConnectionResetError):
        return None


def request_bytes(method: str, target: str, headers: dict[str, str] | None = None, body: bytes = b"") -> bytes:
    """A request as text. Content-Length is the body's unless the headers say otherwise."""
    fields = {"Host": "localhost", "Connection": "close", **(headers or {})}
    if body and not {"content-length", "transfer-encoding"} & {key.lower() for key in fields}:
        fields["Content-Length"] = str(len(body))
    head = "".join(f"{key}: {value}\r\n" for key, value in fields.items())
    return f"{method} {target} HTTP/1.1\r\n{head}\r\n".encode("latin-1") + body
