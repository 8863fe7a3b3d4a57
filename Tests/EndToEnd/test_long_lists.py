# SPDX-License-Identifier: Apache-2.0
"""Lists as long as a request allows are merged, patched and validated in linear time."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from api import Api
from server import Server

PODS = "/api/v1/namespaces/default/pods"
MAPS = "/api/v1/namespaces/default/configmaps"
SERVICES = "/api/v1/namespaces/default/services"
REQUESTS = "/apis/certificates.k8s.io/v1/certificatesigningrequests"
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
STRATEGIC = "application/strategic-merge-patch+json"
MERGE = "application/merge-patch+json"
OPERATIONS = "application/json-patch+json"
FINALIZERS = "/metadata/finalizers"
LENGTH = 20_000

# What was quadratic took from 10 s of processor time up, in a release build; this allows for a debug build.
CPU_SECONDS = 5.0


def pod(**spec: object) -> dict[str, object]:
    return {"metadata": {"name": "p"}, "spec": {"containers": [{"name": "c", "image": "x"}], **spec}}


def many(make: Callable[[int], object], length: int = LENGTH) -> list[object]:
    return [make(index) for index in range(length)]


def files(path: Callable[[int], str]) -> list[object]:
    return many(lambda index: {"key": "k", "path": path(index)})


def definition(count: int, stored: bool) -> dict[str, object]:
    versions = many(
        lambda index: {
            "name": f"v{index + 1}",
            "served": True,
            "storage": stored or index == 0,
            "schema": {"openAPIV3Schema": {"type": "object"}},
        },
        count,
    )
    names = {"plural": "xs", "kind": "X", "singular": "x", "listKind": "XList"}
    spec = {"group": "example.com", "scope": "Namespaced", "names": names, "versions": versions}
    return {"metadata": {"name": "xs.example.com"}, "spec": spec}


def spread(index: int) -> object:
    selector = {"matchLabels": {"a": "b"}}
    return {"maxSkew": 1, "topologyKey": f"k{index}", "whenUnsatisfiable": "DoNotSchedule", "labelSelector": selector}


with_env = {"metadata": {"name": "p"}, "spec": {"containers": [{"name": "c", "image": "x", "env": [{"name": "A"}]}]}}
with_keys = {"metadata": {"name": "m"}, "data": {f"k{index}": "" for index in range(LENGTH)}}
with_finalizers = {"metadata": {"name": "m", "finalizers": many(lambda index: f"a.b/{index}", 80_000)}}
without_keys = {"data": {f"k{index}": None for index in range(LENGTH)}}
ports = {"ports": many(lambda index: {"name": f"p{index}", "port": index + 1})}

CREATED = {
    "spread constraints": (PODS, pod(topologySpreadConstraints=many(spread, 10_000))),
    "tolerations": (PODS, pod(tolerations=many(lambda index: {"key": f"k{index}", "operator": "Exists"}))),
    "containers": (
        PODS,
        {"metadata": {"name": "p"}, "spec": {"containers": many(lambda index: {"name": f"c{index}", "image": "x"})}},
    ),
    "volumes": (PODS, pod(volumes=many(lambda index: {"name": f"v{index}", "emptyDir": {}}))),
    "paths": (
        PODS,
        pod(volumes=[{"name": "v", "configMap": {"name": "m", "items": files(lambda index: f"a/{index}")}}]),
    ),
    "the same path": (
        PODS,
        pod(volumes=[{"name": "v", "configMap": {"name": "m", "items": files(lambda _: "a")}}]),
    ),
    "bad labels": (MAPS, {"metadata": {"name": "m", "labels": {f"k {index}": "v v" for index in range(50_000)}}}),
    "owners": (
        MAPS,
        {
            "metadata": {
                "name": "m",
                "ownerReferences": many(
                    lambda index: {"apiVersion": "v1", "kind": "Pod", "name": "p", "uid": f"u{index // 2}"}
                ),
            }
        },
    ),
    "controllers": (
        MAPS,
        {
            "metadata": {
                "name": "m",
                "ownerReferences": many(
                    lambda index: {"apiVersion": "v1", "kind": "Pod", "name": "p", "uid": f"u{index}", "controller": True}
                ),
            }
        },
    ),
    "usages": (
        REQUESTS,
        {
            "metadata": {"name": "r"},
            "spec": {"request": "eA==", "signerName": "a.b/c", "usages": many(lambda index: f"usage {index}", 40_000)},
        },
    ),
    "ports": (SERVICES, {"metadata": {"name": "s"}, "spec": ports}),
    "node ports": (SERVICES, {"metadata": {"name": "s"}, "spec": {"type": "NodePort", **ports}}),
    "versions": (DEFINITIONS, definition(8_000, stored=False)),
    "stored versions": (DEFINITIONS, definition(8_000, stored=True)),
}

PATCHED = {
    "variables": (
        PODS,
        with_env,
        STRATEGIC,
        {"spec": {"containers": [{"name": "c", "env": many(lambda index: {"name": f"E{index}"})}]}},
    ),
    "directives": (
        PODS,
        with_env,
        STRATEGIC,
        {
            "spec": {
                "containers": [{"name": "c", "env": many(lambda index: {"name": f"E{index}", "$patch": "delete"})}],
            }
        },
    ),
    "removed keys": (MAPS, with_keys, MERGE, without_keys),
    "keys removed strategically": (MAPS, with_keys, STRATEGIC, without_keys),
    "keys removed one by one": (
        MAPS,
        with_keys,
        OPERATIONS,
        many(lambda index: {"op": "remove", "path": f"/data/k{index}"}, 9_999),
    ),
    "insertions at the front": (
        MAPS,
        with_finalizers,
        OPERATIONS,
        many(lambda index: {"op": "add", "path": "/metadata/finalizers/0", "value": f"a.c/{index}"}, 9_999),
    ),
    "moves": (
        MAPS,
        with_finalizers,
        OPERATIONS,
        many(lambda _: {"op": "move", "from": f"{FINALIZERS}/70000", "path": f"{FINALIZERS}/0"}, 9_999),
    ),
}


def processor_seconds(server: Server) -> float:
    """Of all threads of the server, so far."""
    fields = Path(f"/proc/{server.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def is_cheap(server: Server, act: Callable[[Api], int]) -> None:
    before = processor_seconds(server)
    status = act(server.api)
    # 500 says that the object has become larger than storage takes.
    assert status in (200, 201, 422, 500), status
    assert server.api.send("GET", "/readyz").status == 200
    assert processor_seconds(server) - before < CPU_SECONDS


@pytest.mark.parametrize("name", CREATED)
def test_creation(name: str) -> None:
    path, body = CREATED[name]
    with Server() as server:
        is_cheap(server, lambda api: api.send("POST", path, body).status)


@pytest.mark.parametrize("name", PATCHED)
def test_patches(name: str) -> None:
    path, original, kind, patch = PATCHED[name]
    with Server() as server:
        assert server.api.send("POST", path, original).status == 201
        target = f"{path}/{original['metadata']['name']}"
        is_cheap(
            server,
            lambda api: api.send("PATCH", target, patch, kind).status,
        )


def test_an_answer_lists_some_causes_and_counts_the_rest() -> None:
    labels = {f"k {index}": "v v" for index in range(1_000)}
    with Server() as server:
        body = {"metadata": {"name": "m", "labels": labels}}
        answer = server.api.send("POST", MAPS, body)
    assert answer.status == 422
    status = json.loads(answer.body)
    causes = status["details"]["causes"]
    assert len(causes) == 257
    assert causes[-1] == {"message": "and 1744 more"}
    assert status["message"].endswith(", and 1744 more]")
    assert len(answer.body) < 256 << 10
