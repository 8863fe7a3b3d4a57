# SPDX-License-Identifier: Apache-2.0
"""/openapi/v2, without which kubectl takes no lists."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from api import Api
from kubectl import Kubectl

PROTOBUF = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"
LIST = """
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: ConfigMap, metadata: {name: one}, data: {colour: red}}
- {apiVersion: v1, kind: ConfigMap, metadata: {name: two}, data: {colour: red}}
"""


@pytest.fixture
def lists(kubectl: Kubectl) -> Kubectl:
    assert kubectl("create", "-f", "-", stdin=LIST) == "configmap/one created\nconfigmap/two created\n"
    return kubectl


def test_what_was_listed_can_be_fed_back(lists: Kubectl) -> None:
    text = lists("get", "configmaps", "one", "two", "-o", "yaml").replace("colour: red", "colour: blue")
    assert lists("replace", "-f", "-", stdin=text) == "configmap/one replaced\nconfigmap/two replaced\n"
    assert lists("get", "configmap", "two", "-o", "jsonpath={.data.colour}") == "blue"


def test_lists_are_applied(lists: Kubectl) -> None:
    assert lists("apply", "-f", "-", stdin=LIST) == "configmap/one configured\nconfigmap/two configured\n"


def test_several_objects_are_edited_at_once(lists: Kubectl) -> None:
    edited = lists("edit", "configmaps", "one", "two", environment={"EDITOR": "sed -i s/red/green/"})
    assert edited == "configmap/one edited\nconfigmap/two edited\n"


def test_a_list_with_an_unknown_field_is_refused(kubectl: Kubectl) -> None:
    problem = kubectl.fails("create", "-f", "-", stdin=LIST.replace("data", "dataa"))
    assert 'unknown field "dataa" in io.k8s.api.core.v1.ConfigMap' in problem


def test_a_kind_that_nobody_knows_is_named(kubectl: Kubectl) -> None:
    bogus = "apiVersion: example.com/v1\nkind: Bogus\nmetadata: {name: x}\n"
    assert 'no matches for kind "Bogus" in version "example.com/v1"' in kubectl.fails("apply", "-f", "-", stdin=bogus)


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for member in value.values():
            yield from references(member)
    elif isinstance(value, list):
        for member in value:
            yield from references(member)


def test_the_document_is_whole(api: Api) -> None:
    document = api.get("/openapi/v2")
    assert document["swagger"] == "2.0"
    assert document["info"] == {"title": "Kubernetes", "version": api.get("/version")["gitVersion"]}
    definitions = {f"#/definitions/{name}" for name in document["definitions"]}
    assert set(references(document)) <= definitions
    pod = document["definitions"]["io.k8s.api.core.v1.Pod"]
    assert pod["x-kubernetes-group-version-kind"] == [{"group": "", "kind": "Pod", "version": "v1"}]
    create = document["paths"]["/api/v1/namespaces/{namespace}/pods"]["post"]
    assert create["parameters"][0]["schema"] == {"$ref": "#/definitions/io.k8s.api.core.v1.Pod"}
    for name, of in [("resource.Quantity", "string"), ("apis.meta.v1.Time", "string")]:
        [definition] = [d for n, d in document["definitions"].items() if n.endswith(name)]
        assert definition["type"] == of


@pytest.mark.parametrize(
    ("accept", "status", "content_type"),
    [
        ("*/*", 200, "application/json"),
        ("application/json", 200, "application/json"),
        (PROTOBUF, 200, PROTOBUF.replace("@", ".")),
        (f"{PROTOBUF}, application/json", 200, PROTOBUF.replace("@", ".")),
        ("text/html, application/json;q=0.5", 200, "application/json"),
        ("text/html", 406, None),
    ],
)
def test_the_client_chooses_the_form(api: Api, accept: str, status: int, content_type: str | None) -> None:
    answer = api.send("GET", "/openapi/v2", accept=accept)
    assert answer.status == status
    if content_type:
        assert answer.headers["content-type"] == content_type
        assert answer.body
