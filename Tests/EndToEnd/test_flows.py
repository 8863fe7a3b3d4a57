# SPDX-License-Identifier: Apache-2.0
"""Which flow a request belongs to: every answer names the FlowSchema and the priority level."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from api import Api, Object, eventually
from server import Server

FLOWS = "/apis/flowcontrol.apiserver.k8s.io/v1"
PODS = "/api/v1/namespaces/default/pods"


@pytest.fixture(scope="module")
def api() -> Iterator[Api]:
    with Server("--nodes", "0") as server:
        yield server.api


def flow(api: Api, path: str, method: str = "GET", **headers: str) -> tuple[str, str]:
    """The names of the FlowSchema and of the priority level of a request, by the UIDs in its answer."""
    answer = api.send(method, path, headers=headers)
    uids = [answer.headers.get(f"x-kubernetes-pf-{part}-uid") for part in ("flowschema", "prioritylevel")]
    names = []
    for uid, kind in zip(uids, ("flowschemas", "prioritylevelconfigurations")):
        items = api.items(f"{FLOWS}/{kind}")
        names.append(next((item["metadata"]["name"] for item in items if item["metadata"]["uid"] == uid), ""))
    return names[0], names[1]


def user(name: str, *groups: str) -> dict[str, str]:
    headers = {"Impersonate-User": name}
    if groups:
        headers["Impersonate-Group"] = groups[0]
    return headers


@pytest.mark.parametrize(
    ("path", "headers", "expected"),
    [
        (PODS, {}, ("exempt", "exempt")),
        ("/api", {}, ("exempt", "exempt")),
        (PODS, user("jane"), ("global-default", "global-default")),
        (f"{PODS}/missing", user("jane"), ("global-default", "global-default")),
        ("/healthz", user("jane"), ("probes", "exempt")),
        ("/version", user("jane"), ("global-default", "global-default")),
        ("/api/v1/nodes/n", user("system:node:n", "system:nodes"), ("system-node-high", "node-high")),
        (PODS, user("system:node:n", "system:nodes"), ("system-nodes", "system")),
        (PODS, user("system:serviceaccount:default:a"), ("service-accounts", "workload-low")),
        (PODS, user("system:serviceaccount:kube-system:a"), ("kube-system-service-accounts", "workload-high")),
        (PODS, user("system:kube-scheduler"), ("kube-scheduler", "workload-high")),
        # Whoever goes on until the client has enough is in no queue.
        (f"{PODS}/missing/log", user("jane"), ("", "")),
    ],
)
def test_every_answer_names_its_flow(
    api: Api, path: str, headers: dict[str, str], expected: tuple[str, str]
) -> None:
    assert flow(api, path, **headers) == expected


def dangling(api: Api) -> tuple[str, str] | None:
    """What the FlowSchema `own` says of its level."""
    conditions = api.get(f"{FLOWS}/flowschemas/own").get("status", {}).get("conditions", [])
    return next(((one["status"], one["reason"]) for one in conditions if one["type"] == "Dangling"), None)


def test_a_schema_of_ones_own_counts_at_once(api: Api) -> None:
    level: Object = {
        "metadata": {"name": "own"},
        "spec": {"type": "Limited", "limited": {"nominalConcurrencyShares": 1, "limitResponse": {"type": "Reject"}}},
    }
    rule = {
        "subjects": [{"kind": "User", "user": {"name": "jane"}}],
        "resourceRules": [
            {"verbs": ["list"], "apiGroups": [""], "resources": ["pods"], "namespaces": ["default"]}
        ],
    }
    schema: Object = {
        "metadata": {"name": "own"},
        "spec": {"priorityLevelConfiguration": {"name": "own"}, "matchingPrecedence": 1000, "rules": [rule]},
    }
    usual = ("global-default", "global-default")
    # A schema without its level is nobody's.
    api.create(f"{FLOWS}/flowschemas", schema)
    assert flow(api, PODS, **user("jane")) == usual
    assert eventually(lambda: dangling(api) == ("True", "NotFound"))
    api.create(f"{FLOWS}/prioritylevelconfigurations", level)
    assert eventually(lambda: dangling(api) == ("False", "Found"))
    assert flow(api, PODS, **user("jane")) == ("own", "own")
    assert flow(api, PODS, **user("joe")) == usual
    assert flow(api, "/api/v1/pods", **user("jane")) == usual
    assert flow(api, f"{PODS}/p", **user("jane")) == usual
    api.delete(f"{FLOWS}/flowschemas/own")
    assert flow(api, PODS, **user("jane")) == usual
