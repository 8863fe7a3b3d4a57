# SPDX-License-Identifier: Apache-2.0
"""What is different in an answer is noticed, and what differs in every run is not."""

from __future__ import annotations

import base64
import json
import random
import ssl
import time
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fake import FakeServer, Reply
from replay.api.play import Stage, player
from replay.api.protobuf import Messages
from replay.api.webhooks import Webhooks, answered

JSON = {"content-type": "application/json"}
# What a server does to an object that it should send as it is.
Change = Callable[[dict[str, Any]], None]


def config_map(namespace: str, version: int) -> dict[str, Any]:
    """A ConfigMap as it comes in one run: its uid, version, time and name are those of no other."""
    suffix = "".join(random.choices("bcdfghjklmnpqrstvwxz2456789", k=5))
    return {
        "kind": "ConfigMap",
        "metadata": {
            "name": f"c-{suffix}",
            "generateName": "c-",
            "namespace": namespace,
            "uid": str(uuid.uuid4()),
            "resourceVersion": str(version),
            "creationTimestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "managedFields": [{"manager": "conformance"}],
        },
        "data": {"a": "1"},
        "list": ["x", "y"],
        "spec": {"clusterIP": f"10.96.0.{random.randrange(1, 250)}", "nodePort": random.randrange(30000, 32000)},
        "message": f"c-{suffix} in {namespace} is fine",
    }


RECORDED = {
    "kind": "ConfigMap",
    "metadata": {
        "name": "c-<gen:1>",
        "generateName": "c-",
        "namespace": "{ns}",
        "uid": "<uid:1>",
        "resourceVersion": "<rv:1>",
        "creationTimestamp": "<time>",
    },
    "data": {"a": "1"},
    "list": ["x", "y"],
    "spec": {"clusterIP": "<ip:1>", "nodePort": "<port:1>"},
    "message": "c-<gen:1> in {ns} is fine",
}
CREATE = {
    "request": {
        "method": "POST",
        "path": "/api/v1/namespaces/{ns}/configmaps",
        "query": "fieldManager=x",
        "body": {"metadata": {"generateName": "c-"}},
    },
    "response": {"status": 201, "headers": JSON, "body": RECORDED},
}


def case(*steps: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"group": "g", "name": "n", "steps": list(steps), **more}


@pytest.fixture(scope="session")
def webhooks() -> Iterator[Webhooks]:
    with Webhooks() as hooks:
        yield hooks


class Cluster:
    """Answers as an API server would, but for a change to what it sends."""

    def __init__(self, change: Change = lambda body: None, status: int = 201) -> None:
        self.change, self.status = change, status
        self.version = random.randrange(100, 1000)

    def __call__(self, method: str, target: str, body: Any) -> Reply:
        if not target.endswith("configmaps?fieldManager=x"):
            return Reply(201 if method == "POST" else 200, {})
        self.version += random.randrange(1, 10)
        made = config_map(target.split("/")[4], self.version)
        self.change(made)
        return Reply(self.status, made)


def problems(recorded: dict[str, Any], behaviour: Callable[..., Reply], webhooks: Webhooks) -> list[str]:
    """Plays a case once and returns what is different."""
    with FakeServer(behaviour) as server:
        return player(Stage(server.url, Messages([]), webhooks, salt=str(uuid.uuid4())))(recorded)


@pytest.mark.parametrize("run", range(5))
def test_what_differs_in_every_run_is_no_difference(run: int, webhooks: Webhooks) -> None:
    assert problems(case(CREATE), Cluster(), webhooks) == []


CHANGES: dict[str, Change] = {
    "body.data: want {\"a\": \"1\"}, got (absent)": lambda body: body.pop("data"),
    "body.more: want (absent), got null": lambda body: body.update(more=None),
    "body.list[0]: want \"x\", got \"y\"": lambda body: body["list"].reverse(),
    "body.list[2]: want (absent), got \"z\"": lambda body: body["list"].append("z"),
    "body.message: want \"c-<gen:1> in {ns} is fine\", got \"no\"": lambda body: body.update(message="no"),
    "body.data.a: want \"1\", got 1": lambda body: body["data"].update(a=1),
    "body.metadata.uid: want \"<uid:1>\", got \"u\"": lambda body: body["metadata"].update(uid="u"),
    "body.metadata.creationTimestamp: want \"<time>\", got \"2001-01-01T00:00:00Z\"": lambda body: body[
        "metadata"
    ].update(creationTimestamp="2001-01-01T00:00:00Z"),
    "body.metadata.name: want \"c-<gen:1>\", got \"c-aeiou\"": lambda body: body["metadata"].update(name="c-aeiou"),
}


@pytest.mark.parametrize("difference", CHANGES)
def test_a_difference_in_the_body_is_noticed(difference: str, webhooks: Webhooks) -> None:
    found = problems(case(CREATE), Cluster(CHANGES[difference]), webhooks)
    assert found[0] == "step 0: POST /api/v1/namespaces/{ns}/configmaps?fieldManager=x"
    assert difference in found


def test_another_status_or_header_is_noticed(webhooks: Webhooks) -> None:
    assert "status: want 201, got 200" in problems(case(CREATE), Cluster(status=200), webhooks)

    def behaviour(method: str, target: str, body: Any) -> Reply:
        reply = Cluster()(method, target, body)
        return Reply(reply.status, reply.body, {**reply.headers, "Warning": '299 - "old"'})

    assert 'headers.warning: want (absent), got ["299 - \\"old\\""]' in problems(case(CREATE), behaviour, webhooks)


def test_managed_fields_are_compared_where_the_case_says_so(webhooks: Webhooks) -> None:
    found = problems(case(CREATE, managedFields=True), Cluster(), webhooks)
    assert 'body.metadata.managedFields: want (absent), got [{"manager": "conformance"}]' in found


def test_a_uid_must_stay_the_same_and_a_version_must_grow(webhooks: Webhooks) -> None:
    again = {**CREATE, "response": {**CREATE["response"], "body": numbered(RECORDED, uid="<uid:2>", version="<rv:2>")}}
    same_uid = {**CREATE, "response": {**CREATE["response"], "body": numbered(RECORDED, version="<rv:2>")}}
    order = ["<rv:1>", "<rv:2>"]
    assert problems(case(CREATE, again, rvOrder=order), Cluster(), webhooks) == []
    found = problems(case(CREATE, again, rvOrder=order[::-1]), Cluster(), webhooks)
    assert found == ["the order of the versions", '(value): want ["<rv:2>", "<rv:1>"], got ["<rv:1>", "<rv:2>"]']
    found = problems(case(CREATE, same_uid), Cluster(), webhooks)
    assert 'body.metadata.uid: want "<uid:1>", got "<uid:2>"' in found


def numbered(body: dict[str, Any], uid: str = "<uid:1>", version: str = "<rv:1>") -> dict[str, Any]:
    """The recorded ConfigMap of a second request."""
    metadata = {**body["metadata"], "name": "c-<gen:2>", "uid": uid, "resourceVersion": version}
    spec = {"clusterIP": "<ip:2>", "nodePort": "<port:2>"}
    return {**body, "metadata": metadata, "spec": spec, "message": "c-<gen:2> in {ns} is fine"}


def test_a_later_step_can_name_what_an_earlier_one_was_answered(webhooks: Webhooks) -> None:
    asked = []

    def behaviour(method: str, target: str, body: Any) -> Reply:
        asked.append(target)
        return Cluster()(method, target, body)

    get = {
        "request": {"method": "GET", "path": "/api/{name:made}/{uid:made}/{name:other}"},
        "response": {"status": 200},
        "cmp": "status",
    }
    assert problems(case({**CREATE, "id": "made"}, get), behaviour, webhooks) == []
    _, _, name, uid, other = asked[2].split("/")
    assert name.startswith("c-") and len(uid) == 36 and other == "missing-name-of-other"


def test_a_step_waits_until_it_is_answered_as_it_should(webhooks: Webhooks) -> None:
    answers = iter([404, 404, 200])

    def behaviour(method: str, target: str, body: Any) -> Reply:
        return Reply(next(answers), {})

    step = {"request": {"method": "GET", "path": "/x"}, "until": 200, "cmp": "status", "response": {"status": 200}}
    assert problems(case(step, ns=False), behaviour, webhooks) == []


@pytest.mark.parametrize(
    ("events", "noticed"),
    [(["ADDED", "MODIFIED"], False), (["ADDED"], True), (["MODIFIED", "ADDED"], True), (["ADDED"] * 3, True)],
)
def test_the_events_of_a_watch_are_compared(events: list[str], noticed: bool, webhooks: Webhooks) -> None:
    bookmark = {"type": "BOOKMARK", "object": {"kind": "Pod", "metadata": {"resourceVersion": "7"}}}

    def behaviour(method: str, target: str, body: Any) -> Reply:
        return Reply(events=[bookmark, *({"type": change, "object": {"kind": "Pod"}} for change in events)])

    stream = [{"type": change, "object": {"kind": "Pod"}} for change in ("ADDED", "MODIFIED")]
    step = {
        "request": {"method": "GET", "path": "/pods", "query": "watch=1"},
        "watch": "collect",
        "response": {"status": 200, "headers": JSON, "stream": stream},
    }
    assert bool(problems(case(step, ns=False), behaviour, webhooks)) == noticed


def test_a_server_that_goes_away_fails_the_case(webhooks: Webhooks) -> None:
    with FakeServer(Cluster()) as server:
        stage = Stage(server.url, Messages([]), webhooks, salt="")
    assert "no answer" in player(stage)(case(CREATE))[0]


def test_a_field_that_nobody_looks_at_fails_the_case(webhooks: Webhooks) -> None:
    found = problems(case({**CREATE, "mood": "strict"}), Cluster(), webhooks)
    assert found == ["the runner does not know what a step means by: mood"]


def test_yaml_is_compared_as_json_is(webhooks: Webhooks) -> None:
    def behaviour(method: str, target: str, body: Any) -> Reply:
        return Reply(data=b"kind: Pod\nnumber: 1\n", headers={"Content-Type": "application/yaml"})

    headers = {"content-type": "application/yaml"}
    step = {
        "request": {"method": "GET", "path": "/x"},
        "response": {"status": 200, "headers": headers, "body": {"kind": "Pod", "number": "1"}},
    }
    assert 'body.number: want "1", got 1' in problems(case(step, ns=False), behaviour, webhooks)


MESSAGES = Messages(
    [
        {
            "name": "k8s.io.api.core.v1.Pod",
            "fields": {
                "metadata": [1, ".k8s.io.apimachinery.pkg.apis.meta.v1.ObjectMeta", "always"],
                "ports": [2, "int32", "repeated"],
                "share": [3, "double", ""],
            },
        },
        {
            "name": "k8s.io.apimachinery.pkg.apis.meta.v1.ObjectMeta",
            "fields": {
                "name": [1, "string", "always"],
                "creationTimestamp": [8, "Time", "always"],
                "labels": [11, ["string", "string"], ""],
            },
        },
        {
            "name": "k8s.io.apimachinery.pkg.runtime.TypeMeta",
            "fields": {"apiVersion": [1, "string", "always"], "kind": [2, "string", "always"]},
        },
    ]
)


def test_protobuf_is_read_as_it_was_written() -> None:
    metadata = {"name": "p", "creationTimestamp": "2026-01-01T00:00:00Z", "labels": {"a": "b", "c": ""}}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "ports": [1, -1, 300], "share": 0.5}
    data = MESSAGES.encoded(pod)
    assert data.startswith(b"k8s\0\n\t\n\x02v1\x12\x03Pod\x12")
    assert MESSAGES.decoded(data) == pod
    assert MESSAGES.decoded(MESSAGES.encoded({"apiVersion": "v1", "kind": "Pod"})) == {
        "apiVersion": "v1",
        "kind": "Pod",
    }
    # The last four bytes say that the envelope has nothing more to say.
    for length in range(len(data) - 4):
        with pytest.raises((ValueError, IndexError, KeyError)):
            assert MESSAGES.decoded(data[:length]) != pod
            raise ValueError("it is another object")
    with pytest.raises(ValueError, match="has no field"):
        MESSAGES.encoded({**pod, "other": 1})


def test_webhooks_answer_as_their_script_says() -> None:
    review = {"request": {"uid": "u", "objects": [{"spec": {"old": 1}}], "desiredAPIVersion": "g/v2"}}
    assert answered({}, review)["response"] == {"uid": "u", "allowed": True}
    assert answered({"allowed": False, "uid": "x"}, review)["response"] == {"uid": "x", "allowed": False}
    patched = answered({"patch": [{"op": "remove"}]}, review)["response"]
    assert patched["patch"] == "W3sib3AiOiAicmVtb3ZlIn1d" and patched["patchType"] == "JSONPatch"
    assert "response" not in answered({"noResponse": True}, review)
    moved = answered({"convert": {"v2": [["spec.old", "spec.new.name"]]}}, review)["response"]["convertedObjects"]
    assert moved == [{"apiVersion": "g/v2", "spec": {"new": {"name": 1}}}]


def test_what_webhooks_were_sent_is_compared(webhooks: Webhooks) -> None:
    kind = "application/json"

    def behaviour(method: str, target: str, body: Any) -> Reply:
        if target == "/call":
            # A server under test does this; it trusts the certificate that the case gave it.
            trust = ssl.create_default_context(cadata=decoded(body["bundle"]))
            review = json.dumps({"request": {"uid": str(uuid.uuid4()), "name": "n"}}).encode()
            call = urllib.request.Request(f"{body['url']}/hook?timeout=1s", review, {"Content-Type": kind})
            urllib.request.urlopen(call, context=trust).close()
        return Reply(200, {})

    call = {
        "request": {"method": "POST", "path": "/call", "body": {"url": "{webhookURL}", "bundle": "{caBundle}"}},
        "untilCalled": ["never"],
        "patience": 0,
        "cmp": "status",
        "response": {"status": 200, "called": False},
    }
    again = {"request": call["request"], "cmp": "status", "response": {"status": 200}}
    sent = {"path": "hook", "query": "timeout=1s", "contentType": kind, "accept": None}
    review = {"request": {"uid": "<uid:1>", "name": "n"}}
    calls = {"webhookCalls": True, "response": {"calls": [{**sent, "review": review}]}}
    hooked = case(call, again, calls, ns=False, webhooks={"hook": {}})
    assert problems(hooked, behaviour, webhooks) == []
    review["request"]["name"] = "other"
    assert 'calls[0].review.request.name: want "other", got "n"' in problems(hooked, behaviour, webhooks)


def decoded(bundle: str) -> str:
    return base64.b64decode(bundle).decode()
