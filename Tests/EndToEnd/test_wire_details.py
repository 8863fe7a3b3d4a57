# SPDX-License-Identifier: Apache-2.0
"""Small things in which clients could tell Podium from another API server."""

from __future__ import annotations

import json
from typing import Any

import pytest
from api import Api, error_of
from server import Server

CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"
DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"
TEMPLATE: dict[str, Any] = {
    "metadata": {"labels": {"app": "x"}},
    "spec": {"containers": [{"name": "c", "image": "img:1"}]},
}
WORKLOAD: dict[str, Any] = {"selector": {"matchLabels": {"app": "x"}}, "template": TEMPLATE}


@pytest.mark.parametrize(
    ("version", "status"),
    [("", 201), ("0", 201), ("v1", 201), ("abc", 201), ("-1", 201), ("+1", 201), ("1.5", 201), ("12", 500), ("007", 500)],
)
def test_a_version_of_a_new_object_counts_when_it_is_a_number(server: Server, version: str, status: int) -> None:
    name = f"rv-{version.encode().hex()}x"
    answer = server.api.send("POST", CONFIG_MAPS, {"metadata": {"name": name, "resourceVersion": version}})
    assert answer.status == status
    if status == 201:
        assert answer.object["metadata"]["resourceVersion"].isdecimal()


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("strategic-merge-patch", '{"kind":"Deployment","spec":{"replicas":2}}', 200),
        ("strategic-merge-patch", '{"apiVersion":"apps/v1","kind":"Nope","spec":{"replicas":3}}', 200),
        ("merge-patch", '{"kind":"Deployment","spec":{"replicas":2}}', 422),
        ("merge-patch", '{"spec":{"replicas":4}}', 200),
        ("json-patch", '[{"op":"replace","path":"/spec/replicas","value":5}]', 200),
        ("json-patch", '[{"op":"test","path":"/spec/replicas","value":77}]', 422),
        ("other-patch", '{"spec":{"replicas":2}}', 415),
    ],
)
def test_a_scale_is_patched_as_the_header_says(server: Server, kind: str, body: str, status: int) -> None:
    if server.api.send("GET", f"{DEPLOYMENTS}/scaled").status == 404:
        server.api.create(DEPLOYMENTS, {"metadata": {"name": "scaled"}, "spec": WORKLOAD})
    answer = server.api.send("PATCH", f"{DEPLOYMENTS}/scaled/scale", body, content_type=f"application/{kind}+json")
    assert answer.status == status
    if status == 200:
        scale = answer.object
        assert (scale["kind"], scale["apiVersion"]) == ("Scale", "autoscaling/v1")
        wanted = json.loads(body)
        replicas = wanted[0]["value"] if isinstance(wanted, list) else wanted["spec"]["replicas"]
        assert scale["spec"]["replicas"] == replicas


def test_the_changes_of_a_daemon_sets_template_are_counted(server: Server) -> None:
    path = "/apis/apps/v1/namespaces/default/daemonsets"

    def generation(object_: dict[str, Any]) -> str:
        return str(object_["metadata"]["annotations"]["deprecated.daemonset.template.generation"])

    made = server.api.create(path, {"metadata": {"name": "d"}, "spec": WORKLOAD})
    assert generation(made) == "1"
    patch = {"metadata": {"annotations": {"deprecated.daemonset.template.generation": "9"}}}
    changed = server.api.send("PATCH", f"{path}/d", patch, content_type="application/merge-patch+json").object
    assert generation(changed) == "1"
    patch = {"spec": {"template": {"metadata": {"labels": {"b": "c"}}}}}
    changed = server.api.send("PATCH", f"{path}/d", patch, content_type="application/merge-patch+json").object
    assert generation(changed) == "2"


def test_what_is_given_up_about_volumes_is_warned_of() -> None:
    body = {
        "metadata": {"name": "pv", "annotations": {"volume.beta.kubernetes.io/storage-class": "x"}},
        "spec": {
            "capacity": {"storage": "1Gi"},
            "accessModes": ["ReadWriteOnce"],
            "persistentVolumeReclaimPolicy": "Recycle",
            "hostPath": {"path": "/x"},
        },
    }
    with Server("--nodes", "0", "--controllers=") as server:
        answer = server.api.send("POST", "/api/v1/persistentvolumes", body)
    assert answer.status == 201
    warning = answer.headers["warning"]
    assert "spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated." in warning


def test_names_of_a_definition_stand_in_their_order(server: Server) -> None:
    names = {"kind": "Foo", "plural": "foos", "categories": ["all"], "shortNames": ["f"]}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": {"type": "object"}}}
    body = {
        "metadata": {"name": "foos.example.com"},
        "spec": {"group": "example.com", "scope": "Cluster", "names": names, "versions": [version]},
    }
    made = server.api.create("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", body)
    assert list(made["spec"]["names"]) == ["plural", "singular", "shortNames", "kind", "listKind", "categories"]


@pytest.mark.parametrize(("arguments", "healthy"), [((), True), (("--controllers=",), False)])
def test_components_are_healthy_when_they_run(arguments: tuple[str, ...], healthy: bool) -> None:
    with Server("--nodes", "0", *arguments) as server:
        path = "/api/v1/componentstatuses"
        listed = server.api.get(path)
        assert listed["kind"] == "ComponentStatusList" and listed["metadata"] == {}
        found = {item["metadata"]["name"]: item["conditions"][0]["status"] for item in listed["items"]}
        others = "True" if healthy else "False"
        assert found == {"controller-manager": others, "scheduler": others, "etcd-0": "True"}
        assert server.api.get(f"{path}/etcd-0")["conditions"] == [{"type": "Healthy", "status": "True", "message": "ok"}]
        assert server.api.send("GET", f"{path}/nope").status == 404


BOOKMARKED = {
    "/api/v1/namespaces/default/pods": {"spec": {"containers": None}, "status": {}},
    CONFIG_MAPS: {},
    "/api/v1/services": {"spec": {}, "status": {"loadBalancer": {}}},
}


@pytest.mark.parametrize("path", BOOKMARKED)
@pytest.mark.parametrize("revision", ["", "0"])
def test_a_watch_of_everything_marks_the_end_of_what_was_there(server: Server, path: str, revision: str) -> None:
    events = list(
        server.api.watch(path, resourceVersion=revision, allowWatchBookmarks="true", timeoutSeconds=1)
    )
    (bookmark,) = [event["object"] for event in events if event["type"] == "BOOKMARK"]
    metadata = bookmark.pop("metadata")
    assert metadata.pop("resourceVersion").isdecimal()
    assert metadata == {"annotations": {"k8s.io/initial-events-end": "true"}}
    assert {key: bookmark[key] for key in bookmark if key not in ("kind", "apiVersion")} == BOOKMARKED[path]


def test_without_bookmarks_nothing_is_marked(server: Server) -> None:
    events = list(server.api.watch(CONFIG_MAPS, timeoutSeconds=1))
    assert all(event["type"] == "ADDED" for event in events)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_415_names_what_is_accepted_and_nothing_else(server: Server, method: str) -> None:
    server.api.send("POST", CONFIG_MAPS, {"metadata": {"name": "typed"}})
    path = CONFIG_MAPS if method == "POST" else f"{CONFIG_MAPS}/typed"
    refusal = server.api.send(method, path, "x", content_type="text/nothing")
    assert refusal.status == 415
    _, _, list_of_types = refusal.object["message"].partition("accepted media types include: ")
    for named in filter(None, list_of_types.split(", ")):
        answer = server.api.send(method, path, "x", content_type=named)
        assert answer.status != 415, (named, answer.body)


def test_a_list_that_is_too_old_goes_on_inconsistently() -> None:
    path = "/api/v1/namespaces"
    with Server("--nodes", "0") as server:
        first = server.api.get(f"{path}?limit=1")
        version, token = first["metadata"]["resourceVersion"], first["metadata"]["continue"]
        # What was is no longer kept then.
        server.api.create("/podium/v1/reset", {})
        expired = error_of(server.api.send("GET", f"{path}?limit=1&continue={token}"), 410, "Expired")
        assert "use the continue token in this response" in expired["message"]
        rest = server.api.get(f"{path}?limit=2&continue={expired['metadata']['continue']}")
        names = [item["metadata"]["name"] for item in first["items"] + rest["items"]]
        assert names == ["default", "kube-node-lease", "kube-public"]
        assert int(rest["metadata"]["resourceVersion"]) > int(version)
        last = server.api.get(f"{path}?continue={rest['metadata']['continue']}")
        assert [item["metadata"]["name"] for item in last["items"]] == ["kube-system"]
        # Without a token there is nothing to go on with.
        exact = server.api.send("GET", f"{path}?resourceVersion={version}&resourceVersionMatch=Exact")
        assert error_of(exact, 410, "Expired")["metadata"] == {}
        assert exact.object["message"] == "The resourceVersion for the provided list is too old."
