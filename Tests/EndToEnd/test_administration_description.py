# SPDX-License-Identifier: Apache-2.0
"""`openapi/podium.yaml` describes the administration API as it is: no path, method or field more or less."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from api import Answer, Api
from server import Server

ROOT = Path(__file__).resolve().parents[2]
ADMINISTRATION = ROOT / "Sources/Podium/Administration/AdministrationAPI.swift"
CLUSTERS = ROOT / "Sources/Podium/ClusterHost.swift"
METHODS = ("GET", "PUT", "POST", "PATCH", "DELETE")

DESCRIPTION: dict[str, Any] = yaml.safe_load((ROOT / "openapi/podium.yaml").read_text())

# For each operation a body, and the status that it must have on a virtual clock.
REQUESTS: list[tuple[str, str, Any, int]] = [
    ("GET", "/podium/v1/clock", None, 200),
    ("PUT", "/podium/v1/clock", {"mode": "virtual"}, 200),
    ("PUT", "/podium/v1/clock", {"mode": "scaled"}, 400),
    ("PUT", "/podium/v1/clock", {"mode": "scaled", "rate": 100001}, 400),
    ("PUT", "/podium/v1/clock", {}, 400),
    ("POST", "/podium/v1/clock/advance", {"by": "1s"}, 200),
    ("POST", "/podium/v1/clock/advance", {"until": "idle", "limit": "1s"}, 200),
    ("POST", "/podium/v1/clock/advance", {"to": "2026-01-01T01:00:00Z"}, 200),
    ("POST", "/podium/v1/clock/advance", {"to": "2001-01-01T00:00:00Z"}, 409),
    ("POST", "/podium/v1/clock/advance", {"by": "1"}, 400),
    ("POST", "/podium/v1/clock/advance", {"by": "1s", "until": "idle"}, 400),
    ("GET", "/podium/v1/images", None, 200),
    ("GET", "/podium/v1/images/standard", None, 200),
    ("PUT", "/podium/v1/images", {"rules": [{"match": "acme/api:1", "pull": {"takes": "3s"}, "ports": [80]}]}, 200),
    ("PUT", "/podium/v1/images", {"rules": [], "unlisted": "ok"}, 200),
    ("PUT", "/podium/v1/images", {"rules": [{"match": "a//b"}, {"match": "c", "size": -1}]}, 422),
    ("GET", "/podium/v1/requests", None, 200),
    ("PUT", "/podium/v1/nodes/{name}/power", {"state": "unreachable", "podPhase": "Unknown"}, 200),
    ("PUT", "/podium/v1/nodes/{name}/power", {"state": "off"}, 200),
    ("PUT", "/podium/v1/nodes/{name}/power", {"state": "restart"}, 200),
    ("PUT", "/podium/v1/nodes/{name}/power", {"state": "on"}, 200),
    ("PUT", "/podium/v1/nodes/{name}/power", {"state": "on", "podPhase": "Unknown"}, 400),
    ("PUT", "/podium/v1/nodes/{name}/power", {"state": "asleep"}, 400),
    ("POST", "/podium/v1/reset", None, 200),
    ("DELETE", "/clusters/{cluster}", None, 200),
]


def operations() -> Iterator[tuple[str, str]]:
    for path, item in DESCRIPTION["paths"].items():
        yield from ((key.upper(), path) for key in item if key.upper() in METHODS)


@pytest.fixture(scope="module")
def many() -> Iterator[Api]:
    with Server("--clock", "virtual", "--clusters", "--nodes", "1") as server:
        yield server.api


def target(path: str) -> str:
    return path.replace("{name}", "node-1").replace("{cluster}", "described")


def send(api: Api, method: str, path: str, body: Any = None) -> Answer:
    if "{cluster}" in path:
        # The first request to a cluster makes it.
        assert api.send("GET", "/clusters/described/api/v1").status == 200
    return api.send(method, target(path), body)


def resolve(schema: dict[str, Any]) -> dict[str, Any]:
    while reference := schema.get("$ref"):
        schema = DESCRIPTION
        for part in reference.removeprefix("#/").split("/"):
            schema = schema[part]
    return schema


def check(value: Any, schema: dict[str, Any], where: str) -> None:
    """Holds a value against a schema, as far as the schemas of the description go."""
    schema = resolve(schema)
    if value is None:
        assert schema.get("nullable"), f"{where} is null"
        return
    if "type" not in schema:
        return
    kinds = {"object": dict, "array": list, "string": str, "integer": int, "number": (int, float), "boolean": bool}
    assert isinstance(value, kinds[schema["type"]]), f"{where}: {value!r} is no {schema['type']}"
    if "enum" in schema:
        assert value in schema["enum"], f"{where}: {value!r}"
    if "minimum" in schema:
        assert value >= schema["minimum"], f"{where}: {value!r}"
    if schema["type"] == "array":
        for index, element in enumerate(value):
            check(element, schema["items"], f"{where}[{index}]")
    if schema["type"] == "object":
        properties = schema.get("properties", {})
        missing = set(schema.get("required", [])) - value.keys()
        assert not missing, f"{where} lacks {missing}"
        if schema.get("additionalProperties") is False:
            assert value.keys() <= properties.keys(), f"{where} has {value.keys() - properties.keys()}"
        for name, member in value.items():
            if name in properties:
                check(member, properties[name], f"{where}.{name}")


def test_it_is_openapi_whose_references_lead_somewhere() -> None:
    assert DESCRIPTION["openapi"].startswith("3.0.")

    def visit(node: Any) -> None:
        if isinstance(node, dict):
            assert resolve(node) is not None
            for member in node.values():
                visit(member)
        elif isinstance(node, list):
            for element in node:
                visit(element)

    visit(DESCRIPTION["paths"])
    visit(DESCRIPTION["components"])
    identifiers = [DESCRIPTION["paths"][path][method.lower()]["operationId"] for method, path in operations()]
    assert len(set(identifiers)) == len(identifiers)


def test_every_operation_is_tried_below() -> None:
    assert {(method, path) for method, path, _, _ in REQUESTS} == set(operations())


@pytest.mark.parametrize(("method", "path", "body", "status"), REQUESTS)
def test_answers_are_as_described(many: Api, method: str, path: str, body: Any, status: int) -> None:
    answer = send(many, method, path, body)
    assert answer.status == status, answer.body
    responses = DESCRIPTION["paths"][path][method.lower()]["responses"]
    response = resolve(responses[str(status)])
    check(answer.object, response["content"]["application/json"]["schema"], f"{method} {path}")


def test_methods_that_are_not_described_are_refused(many: Api) -> None:
    described = set(operations())
    for path in DESCRIPTION["paths"]:
        for method in METHODS:
            if (method, path) not in described:
                assert send(many, method, path, {}).status in (404, 405), (method, path)


def test_every_route_of_the_code_is_described() -> None:
    text = ADMINISTRATION.read_text()
    routes = {(method, f"/podium/v1/{rest}") for method, rest in re.findall(r'case \("(\w+)", "([\w/]+)"\)', text)}
    assert routes, "the routes are no longer written as this test reads them"
    named = re.findall(r'case \("(\w+)", _\) where .*parts\[2\] == "(\w+)" && parts\[4\] == "(\w+)"', text)
    routes |= {(method, f"/podium/v1/{collection}/{{name}}/{rest}") for method, collection, rest in named}
    text = CLUSTERS.read_text()
    assert 'parts.dropFirst(2) == ["reset"]' in text and 'request.method == "POST"' in text
    routes |= {("POST", "/podium/v1/reset"), ("DELETE", "/clusters/{cluster}")}
    assert routes == set(operations())
