# SPDX-License-Identifier: Apache-2.0
"""The webhooks of cases: an HTTPS server that answers reviews as a case says, and remembers what it was sent.

A call goes to /NAMESPACE/NAME: the namespace tells the case, the name its script. A script is an object, or a list of
them for one call after the other, the last of which stays. `allowed`, `status`, `warnings`, `auditAnnotations`,
`patch`, `patchType` and `uid` are fields of the response; `apiVersion`, `kind` and `noResponse` change the review
around it; `raw` with `code`, `contentType` and `location` is another answer altogether; `delay` waits, `close` closes
the connection. `convert` makes it a conversion webhook: per version the fields to move, with `set`, `skip`, `result`
and `response` for wrong ones.
"""

from __future__ import annotations

import base64
import http.server
import json
import ssl
import subprocess
import tempfile
import threading
import time
import urllib.parse
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..failure import Failure
from ..values import at, copied, drop

Script = dict[str, Any]
# What was sent to a webhook: path, query, contentType, accept and the review.
Call = dict[str, Any]
RESPONSE_FIELDS = ("status", "warnings", "auditAnnotations", "uid", "patchType")
CERTIFICATE_OPTIONS = "-x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -subj /CN=127.0.0.1"


@dataclass
class Scripted:
    """The webhooks of one case."""

    scripts: dict[str, Script | list[Script]]
    calls: list[Call] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)

    def note(self, name: str, call: Call) -> Script:
        """Remembers a call and says how it is answered."""
        count = self.counts.get(name, 0)
        self.counts[name] = count + 1
        self.calls.append(call)
        script = self.scripts.get(name, {"raw": "no such hook", "code": 404})
        return script[min(count, len(script) - 1)] if isinstance(script, list) else script


class Webhooks:
    """The server of all webhooks, for the length of a with block.

    guard  what
    lock   cases, and what is in them
    """

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.cases: dict[str, Scripted] = {}
        with tempfile.TemporaryDirectory() as folder:
            key, certificate = make_certificate(Path(folder))
            self.bundle = base64.b64encode(certificate.read_bytes()).decode()
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate, key)
        self.server = HookServer(self, context)
        self.address = f"127.0.0.1:{self.server.server_address[1]}"
        self.url = f"https://{self.address}"

    def __enter__(self) -> Webhooks:
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()

    def begin(self, namespace: str, scripts: dict[str, Script | list[Script]]) -> None:
        """A case begins."""
        with self.lock:
            self.cases[namespace] = Scripted(scripts)

    def end(self, namespace: str) -> None:
        with self.lock:
            self.cases.pop(namespace, None)

    def called(self, namespace: str, names: list[str]) -> bool:
        """Whether all these webhooks of a case have been called."""
        with self.lock:
            return set(names) <= {call["path"] for call in self.cases[namespace].calls}

    def take(self, namespace: str) -> list[Call]:
        """What was sent since the last time this was asked."""
        with self.lock:
            case = self.cases[namespace]
            calls, case.calls = case.calls, []
            return calls

    def script(self, namespace: str, name: str, call: Call) -> Script:
        """How a call is answered."""
        with self.lock:
            case = self.cases.get(namespace)
            return case.note(name, call) if case is not None else {"raw": "no such case", "code": 404}


class HookServer(http.server.ThreadingHTTPServer):
    """A thread a connection, since a script may wait."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, hooks: Webhooks, context: ssl.SSLContext) -> None:
        self.hooks, self.context = hooks, context
        super().__init__(("127.0.0.1", 0), Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away in the middle of a call is part of some cases."""


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers calls on one connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: HookServer

    def setup(self) -> None:
        # Here and not when the connection is accepted, so that a handshake blocks nobody else.
        self.request = self.server.context.wrap_socket(self.request, server_side=True)
        super().setup()

    def finish(self) -> None:
        super().finish()
        self.request.close()

    def do_POST(self) -> None:
        target = urllib.parse.urlsplit(self.path)
        namespace, _, name = target.path.lstrip("/").partition("/")
        data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            review = json.loads(data)
        except ValueError:
            review = {"undecodable": data.decode("utf-8", "replace")[:200]}
        script = self.server.hooks.script(
            namespace,
            name,
            {
                "path": name,
                "query": target.query,
                "contentType": self.headers.get("Content-Type"),
                "accept": self.headers.get("Accept"),
                "review": review,
            },
        )
        if script.get("delay"):
            time.sleep(script["delay"])
        if script.get("close"):
            self.close_connection = True
            return
        answer = script["raw"] if "raw" in script else json.dumps(answered(script, review))
        self.reply(script, answer.encode())

    def reply(self, script: Script, body: bytes) -> None:
        self.send_response(script.get("code", 200))
        self.send_header("Content-Type", script.get("contentType", "application/json"))
        if script.get("location"):
            self.send_header("Location", script["location"])
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: calls are looked at by the cases."""


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """A new key and a certificate for 127.0.0.1."""
    key, certificate = folder / "key", folder / "certificate"
    command = ["openssl", "req", *CERTIFICATE_OPTIONS.split(), "-addext", "subjectAltName=IP:127.0.0.1"]
    try:
        subprocess.run([*command, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise Failure(f"openssl makes no certificate for the webhooks: {error}") from error
    return key, certificate


def answered(script: Script, review: Any) -> dict[str, Any]:
    """The review that answers a review."""
    request = review.get("request") if isinstance(review, dict) else None
    request = request if isinstance(request, dict) else {}
    if "convert" in script:
        return converted(script, request)
    response = {"uid": request.get("uid"), "allowed": script.get("allowed", True)}
    response.update({key: script[key] for key in RESPONSE_FIELDS if key in script})
    if "patch" in script:
        patch = script["patch"] if isinstance(script["patch"], str) else json.dumps(script["patch"])
        response["patch"] = base64.b64encode(patch.encode()).decode()
        if response.setdefault("patchType", "JSONPatch") is None:
            del response["patchType"]
    answer = {
        "apiVersion": script.get("apiVersion", "admission.k8s.io/v1"),
        "kind": script.get("kind", "AdmissionReview"),
    }
    return answer if script.get("noResponse") else {**answer, "response": response}


def converted(script: Script, request: dict[str, Any]) -> dict[str, Any]:
    """The review of a conversion: objects with the wanted apiVersion and their fields moved, [[FROM, TO], ...]."""
    objects = copied(request.get("objects") or [])
    for value in objects:
        value["apiVersion"] = request.get("desiredAPIVersion")
        for source, target in script["convert"].get(str(value["apiVersion"]).rpartition("/")[2], ()):
            move(value, source, target)
        value.update(script.get("set", {}))
    response = {
        "uid": request.get("uid"),
        "result": script.get("result", {"status": "Success"}),
        "convertedObjects": objects[script.get("skip", 0) :],
        **script.get("response", {}),
    }
    return {"apiVersion": "apiextensions.k8s.io/v1", "kind": "ConversionReview", "response": response}


def move(value: dict[str, Any], source: str, target: str) -> None:
    """Moves a field from one path to another, where it is there."""
    moved = at(value, source)
    if moved is None:
        return
    drop(value, source)
    *way, last = target.split(".")
    for part in way:
        value = value.setdefault(part, {})
    value[last] = moved
