# SPDX-License-Identifier: Apache-2.0
"""Plays the cases of an API server that stands alone: nothing but the requests of a case changes an object.

A case is {name, group, steps, rvOrder}. Beside these: `nsLabels` are labels of its namespace, `ns: false` says that it
has none, `cleanup` lists what is deleted afterwards, `managedFields` and `protobuf` say that these are compared,
`webhooks` holds scripts by name, `slow` puts it first.

A step is {request, response} (requests.py, answers.py). `delay` waits before it; `until` repeats it until it answers
with that status, `untilCalled` until these webhooks have been called, for up to `patience` seconds. `watch` opens a
watch and reads it (`collect`) or leaves it open (`start`) for a step {watchEnd: ID}. A step {webhookCalls: ...} is
answered by what was sent to the webhooks. A case passes when every answer is as recorded, and `rvOrder` has the
versions in the order in which they grew.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ..exchange import Answer, Connection, Lost, Stream
from ..failure import Broken
from ..recordings import Case, name_of, unknown
from ..values import Difference, differences
from .answers import Reader, Step, headers_of
from .normalise import Normaliser
from .protobuf import Messages
from .requests import Progress, Request, request_of
from .webhooks import Webhooks

ADMIN_TOKEN, LIMITED_TOKEN = "admintoken", "limitedtoken"
# Who the recorded cluster knew: the administrator that sends the requests, and a user without any rights.
TOKENS = f'{ADMIN_TOKEN},admin,admin-uid,"system:masters"\n{LIMITED_TOKEN},limited,limited-uid,"limited-group"\n'
ANSWER_SECONDS = 20.0
# How long a step is repeated, how often, and how long on a server that never did what it waits for.
PATIENCE_SECONDS = 10.0
RETRY_SECONDS = 0.05
NO_PATIENCE_SECONDS = 0.3
TIMES_IN_VAIN = 3
DEFINITION = re.compile(r"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/([^./]+)\.([^/]+)")
NAMESPACE = re.compile(r"/api/v1/namespaces/([^/]+)")

# What is looked at.
CASE_FIELDS = frozenset(
    "name group steps rvOrder nsLabels ns cleanup managedFields protobuf webhooks slow".split()
)
STEP_FIELDS = frozenset(
    """id request response cmp pick drop at delay until patience untilCalled webhookCalls sortCalls watch watchEnd
    notStream untilClose sortEvents ages managedFields checkPretty""".split()
)


@dataclass
class Waits:
    """How often each sort of waiting was in vain; a sort that once was not is waited for as long as it takes."""

    in_vain: dict[Any, int] = field(default_factory=dict)
    worked: set[Any] = field(default_factory=set)

    def patience(self, sort: Any, seconds: float) -> float:
        hopeless = sort not in self.worked and self.in_vain.get(sort, 0) >= TIMES_IN_VAIN
        return NO_PATIENCE_SECONDS if hopeless else seconds

    def ended(self, sort: Any, done: bool) -> None:
        if done:
            self.worked.add(sort)
        else:
            self.in_vain[sort] = self.in_vain.get(sort, 0) + 1


@dataclass(frozen=True)
class Stage:
    """What all cases share: the server, the messages of protobuf, the webhooks, and what makes namespaces unique."""

    url: str
    messages: Messages
    webhooks: Webhooks
    salt: str
    waits: Waits = field(default_factory=Waits)

    def connection(self) -> Connection:
        return Connection(self.url, timeout=ANSWER_SECONDS, headers={"Authorization": f"Bearer {ADMIN_TOKEN}"})


def play(stage: Stage, case: Case, connection: Connection) -> list[str]:
    """Plays a case once and returns what is different: at which step, and there where. Empty when it passes."""
    problems = unknown("case", [case], CASE_FIELDS) + unknown("step", case["steps"], STEP_FIELDS)
    if problems:
        return problems
    try:
        return Player(stage, case, connection).play()
    except Lost as error:
        return [f"no answer: {error}"]
    except Broken as error:
        return [str(error)]


def player(stage: Stage) -> Callable[[Case], list[str]]:
    """A worker that plays cases on a connection of its own."""
    connection = stage.connection()
    return lambda case: play(stage, case, connection)


class Player:
    """Plays one case."""

    def __init__(self, stage: Stage, case: Case, connection: Connection) -> None:
        self.stage, self.case, self.connection = stage, case, connection
        digest = hashlib.sha256(f"{name_of(case)} {stage.salt}".encode()).hexdigest()
        # As long as the recorder's, since some limits count the characters of names.
        self.namespace = f"t{digest[:9]}"
        self.hooks = stage.webhooks if "webhooks" in case else None
        self.progress = Progress(self.namespace, self.hooks)
        hooks = (self.hooks.address, self.hooks.bundle) if self.hooks else None
        self.normaliser = Normaliser(self.namespace, connection.netloc, hooks)
        self.reader = Reader(case, self.progress, self.normaliser, stage.messages)

    def play(self) -> list[str]:
        """All steps up to the first that is answered differently."""
        if self.hooks:
            self.hooks.begin(self.namespace, self.case["webhooks"])
        if self._has_namespace:
            self._make_namespace()
        try:
            for index, step in enumerate(self.case["steps"]):
                found = differences(step["response"], self._answer(index, step))
                if found:
                    return [title(index, step), *map(str, found)]
            order = self.normaliser.version_order()
            if order != self.case.get("rvOrder", order):
                return ["the order of the versions", str(Difference("", self.case["rvOrder"], order))]
            return []
        finally:
            for stream in self.progress.streams.values():
                stream.close()
            self._clean_up()
            if self.hooks:
                self.hooks.end(self.namespace)

    # MARK: Steps

    def _answer(self, index: int, step: Step) -> dict[str, Any]:
        """Does a step and brings what it was answered into the form of the recordings."""
        if step.get("delay"):
            time.sleep(step["delay"])
        if "watchEnd" in step:
            return self._end_watch(step)
        if "webhookCalls" in step:
            return self.reader.calls(step)
        name = step.get("id", str(index))
        request = request_of(step["request"], self.progress, self.stage.messages, LIMITED_TOKEN)
        self.normaliser.sending(request.body, step.get("ages", False))
        if step.get("watch"):
            return self._watch(step, name, request)
        answer, called = self._repeated(step, request)
        found = self.reader.answer(step, name, answer)
        if step.get("untilCalled"):
            found["called"] = called
        return found

    def _repeated(self, step: Step, request: Request) -> tuple[Answer, bool]:
        """Sends a request until what the step waits for is so, and says whether it is."""
        status, called = step.get("until"), step.get("untilCalled")
        sort = "called" if called else status
        begin, waited = time.monotonic(), False
        patience = self.stage.waits.patience(sort, step.get("patience", PATIENCE_SECONDS))
        while True:
            answer = self.connection.send(request.method, request.target, request.headers, request.body)
            if called and self.hooks:
                done = self.hooks.called(self.namespace, called)
            else:
                done = not status or answer.status == status
            if done or time.monotonic() - begin > patience:
                break
            waited = True
            time.sleep(RETRY_SECONDS)
        if waited or not done:
            self.stage.waits.ended(sort, done)
        if called and self.hooks:
            self.hooks.take(self.namespace)
        return answer, done

    def _watch(self, step: Step, name: str, request: Request) -> dict[str, Any]:
        stream = Stream(self.connection, request.method, request.target, request.headers, request.body)
        if stream.status != 200 or step.get("notStream"):
            try:
                return self.reader.answer(step, name, stream.whole())
            finally:
                stream.close()
        found = {"status": stream.status, "headers": headers_of(stream.headers, self.normaliser)}
        if step["watch"] == "start":
            self.progress.streams[step.get("id", "w")] = stream
            return found
        try:
            return {**found, **self.reader.events(step, stream)}
        finally:
            stream.close()

    def _end_watch(self, step: Step) -> dict[str, Any]:
        stream = self.progress.streams.pop(step["watchEnd"], None)
        if stream is None:
            return {"stream": "no such watch"}
        try:
            return self.reader.events(step, stream)
        finally:
            stream.close()

    # MARK: Around the steps

    @property
    def _has_namespace(self) -> bool:
        paths = [step.get("request", {}).get("path", "") for step in self.case["steps"]]
        return bool(self.case.get("ns", True)) and any("namespaces/{ns}" in path for path in paths)

    def _make_namespace(self) -> None:
        metadata: dict[str, Any] = {"name": self.namespace}
        if self.case.get("nsLabels"):
            metadata["labels"] = self.case["nsLabels"]
        body = {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}
        answer = self.connection.json("POST", "/api/v1/namespaces", body)
        if answer.status not in (200, 201):
            raise Broken(f"the namespace of the case: {answer.status} {answer.data[:200]!r}")

    def _clean_up(self) -> None:
        """Deletes what the case made. That it cannot be deleted is no difference."""
        namespaces = [self.namespace] if self._has_namespace else []
        try:
            for path in map(self.progress.filled, self.case.get("cleanup", ())):
                if match := NAMESPACE.fullmatch(path):
                    namespaces.append(match[1])
                    continue
                if (match := DEFINITION.fullmatch(path)) and self._has_namespace:
                    # A definition goes with its last object only.
                    self.connection.json("DELETE", f"/apis/{match[2]}/v1/namespaces/{self.namespace}/{match[1]}")
                self.connection.json("DELETE", path)
            for name in namespaces:
                self._delete_namespace(name)
        except Lost:
            return

    def _delete_namespace(self, name: str) -> None:
        """Deletes a namespace and finalizes it, which no controller does here."""
        self.connection.json("DELETE", f"/api/v1/namespaces/{name}")
        body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}, "spec": {"finalizers": []}}
        self.connection.json("PUT", f"/api/v1/namespaces/{name}/finalize", body)


def title(index: int, step: Step) -> str:
    """What a step asks."""
    if "webhookCalls" in step:
        return f"step {index}: what the webhooks were sent"
    request = step.get("request")
    if not request:
        return f"step {index}: the end of watch {step.get('watchEnd')}"
    query = f"?{request['query']}" if request.get("query") else ""
    return f"step {index}: {request['method']} {request['path']}{query}"
