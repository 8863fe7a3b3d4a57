# SPDX-License-Identifier: Apache-2.0
"""curl alone is enough of a client."""

from __future__ import annotations

import json
import re
import subprocess

import pytest

from api import Object
from manifests import WEB_POD
from server import Server

PODS = "/api/v1/namespaces/default/pods"
MAPS = "/api/v1/namespaces/default/configmaps"


class Curl:
    def __init__(self, url: str) -> None:
        self.url = url

    def start(self, path: str, *arguments: str) -> subprocess.Popen[str]:
        command = ["curl", "--silent", "--show-error", "--no-buffer", "--max-time", "20", *arguments, self.url + path]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def text(self, path: str, *arguments: str) -> tuple[int, str]:
        process = self.start(path, "--write-out", "\n%{http_code}", *arguments)
        output, _ = process.communicate(timeout=30)
        assert process.returncode == 0, output
        body, _, status = output.rpartition("\n")
        return int(status), body

    def __call__(self, status: int, path: str, *arguments: str) -> Object:
        """The object that is answered, with the wanted status."""
        seen, body = self.text(path, *arguments)
        assert seen == status, body
        value = json.loads(body)
        assert isinstance(value, dict)
        return value

    def post(self, status: int, path: str, body: object, kind: str = "application/json") -> Object:
        data = body if isinstance(body, str) else json.dumps(body)
        return self(status, path, "--header", f"Content-Type: {kind}", "--data-binary", data)

    def patch(self, status: int, path: str, kind: str, body: object) -> Object:
        header = f"Content-Type: application/{kind}"
        return self(status, path, "--request", "PATCH", "--header", header, "--data-binary", json.dumps(body))


@pytest.fixture
def curl(server: Server) -> Curl:
    return Curl(server.url)


def config_map(name: str, **data: str) -> Object:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def test_create_json_and_get(curl: Curl) -> None:
    created = curl.post(201, MAPS, config_map("json", colour="green"))
    assert created["data"] == {"colour": "green"}
    metadata = created["metadata"]
    assert metadata["name"] == "json" and metadata["namespace"] == "default"
    assert len(metadata["uid"]) == 36 and int(metadata["resourceVersion"]) > 0 and metadata["creationTimestamp"]
    assert curl(200, f"{MAPS}/json") == created


def test_create_yaml(curl: Curl) -> None:
    created = curl.post(201, PODS, WEB_POD, "application/yaml")
    assert created["metadata"]["labels"] == {"app": "web"}
    assert created["spec"]["restartPolicy"] == "Always"
    assert created["spec"]["containers"][0]["ports"] == [{"containerPort": 80, "protocol": "TCP"}]
    curl(200, f"{PODS}/web?gracePeriodSeconds=0", "--request", "DELETE")


def test_read_as_yaml(curl: Curl) -> None:
    curl.post(201, MAPS, config_map("as-yaml", colour="green"))
    status, body = curl.text(f"{MAPS}/as-yaml", "--header", "Accept: application/yaml")
    assert status == 200
    assert "kind: ConfigMap\n" in body and "data:\n  colour: green\n" in body


def test_list_with_selectors(curl: Curl) -> None:
    for name, tier in (("a", "front"), ("b", "back"), ("c", "back")):
        item = config_map(f"listed-{name}")
        item["metadata"]["labels"] = {"tier": tier}
        curl.post(201, MAPS, item)
    listed = curl(200, f"{MAPS}?labelSelector=tier%3Dback")
    assert listed["kind"] == "ConfigMapList" and listed["apiVersion"] == "v1"
    assert [item["metadata"]["name"] for item in listed["items"]] == ["listed-b", "listed-c"]
    listed = curl(200, f"{MAPS}?labelSelector=tier+in+(front)")
    assert [item["metadata"]["name"] for item in listed["items"]] == ["listed-a"]
    listed = curl(200, f"{MAPS}?fieldSelector=metadata.name%3Dlisted-c")
    assert [item["metadata"]["name"] for item in listed["items"]] == ["listed-c"]


def test_list_in_pages(curl: Curl) -> None:
    for number in range(5):
        item = config_map(f"page-{number}")
        item["metadata"]["labels"] = {"paged": "yes"}
        curl.post(201, MAPS, item)
    names: list[str] = []
    token, versions = "", set()
    while True:
        page = curl(200, f"{MAPS}?labelSelector=paged&limit=2&continue={token}")
        names += [item["metadata"]["name"] for item in page["items"]]
        versions.add(page["metadata"]["resourceVersion"])
        token = page["metadata"].get("continue", "")
        if not token:
            break
        assert page["metadata"].get("remainingItemCount") is None
    assert names == [f"page-{number}" for number in range(5)]
    assert len(versions) == 1


def test_watch_from_a_resource_version(curl: Curl) -> None:
    first = curl.post(201, MAPS, config_map("watched", step="one"))
    curl.patch(200, f"{MAPS}/watched", "merge-patch+json", {"data": {"step": "two"}})
    query = f"?watch=1&timeoutSeconds=1&fieldSelector=metadata.name%3Dwatched&resourceVersion={first['metadata']['resourceVersion']}"
    with curl.start(MAPS + query) as watch:
        curl(200, f"{MAPS}/watched", "--request", "DELETE")
        output, _ = watch.communicate(timeout=20)
        assert watch.returncode == 0
    events = [json.loads(line) for line in output.splitlines()]
    assert [event["type"] for event in events] == ["MODIFIED", "DELETED"]
    assert [event["object"]["data"]["step"] for event in events] == ["two", "two"]
    versions = [int(event["object"]["metadata"]["resourceVersion"]) for event in events]
    assert int(first["metadata"]["resourceVersion"]) < versions[0] < versions[1]


def test_patch_in_three_ways(curl: Curl) -> None:
    item = config_map("patched", a="1", b="2")
    item["metadata"]["finalizers"] = ["example.com/one"]
    curl.post(201, MAPS, item)
    path = f"{MAPS}/patched"
    merged = curl.patch(200, path, "merge-patch+json", {"data": {"a": None, "c": "3"}})
    assert merged["data"] == {"b": "2", "c": "3"}
    operations = [{"op": "test", "path": "/data/b", "value": "2"}, {"op": "move", "from": "/data/b", "path": "/data/d"}]
    assert curl.patch(200, path, "json-patch+json", operations)["data"] == {"c": "3", "d": "2"}
    # A merge patch replaces a list; a strategic one adds to this one.
    strategic = curl.patch(200, path, "strategic-merge-patch+json", {"metadata": {"finalizers": ["example.com/two"]}})
    assert sorted(strategic["metadata"]["finalizers"]) == ["example.com/one", "example.com/two"]
    emptied = curl.patch(200, path, "merge-patch+json", {"metadata": {"finalizers": None}})
    assert "finalizers" not in emptied["metadata"]


def test_update_with_a_stale_resource_version(curl: Curl) -> None:
    old = curl.post(201, MAPS, config_map("contended", a="1"))
    curl.patch(200, f"{MAPS}/contended", "merge-patch+json", {"data": {"a": "2"}})
    status = curl(
        409, f"{MAPS}/contended", "--request", "PUT",
        "--header", "Content-Type: application/json", "--data-binary", json.dumps(old),
    )  # fmt: skip
    assert status["reason"] == "Conflict"
    assert status["message"] == (
        'Operation cannot be fulfilled on configmaps "contended": the object has been modified; '
        "please apply your changes to the latest version and try again"
    )


def test_delete(curl: Curl) -> None:
    created = curl.post(201, MAPS, config_map("deleted"))
    status = curl(200, f"{MAPS}/deleted", "--request", "DELETE")
    assert status["kind"] == "Status" and status["status"] == "Success"
    assert status["details"] == {"name": "deleted", "kind": "configmaps", "uid": created["metadata"]["uid"]}
    missing = curl(404, f"{MAPS}/deleted")
    assert missing == {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": 'configmaps "deleted" not found',
        "reason": "NotFound",
        "details": {"name": "deleted", "kind": "configmaps"},
        "code": 404,
    }


def test_errors_are_status_objects(curl: Curl) -> None:
    curl.post(201, MAPS, config_map("twice"))
    again = curl.post(409, MAPS, config_map("twice"))
    assert again["reason"] == "AlreadyExists" and again["message"] == 'configmaps "twice" already exists'
    invalid = curl.post(422, PODS, {"metadata": {"name": "No_Good"}, "spec": {"containers": []}})
    assert invalid["reason"] == "Invalid" and invalid["details"]["kind"] == "Pod"
    assert {cause["field"] for cause in invalid["details"]["causes"]} == {"metadata.name", "spec.containers"}
    elsewhere = curl.post(404, "/api/v1/namespaces/nowhere/configmaps", config_map("x"))
    assert elsewhere["message"] == 'namespaces "nowhere" not found'


def test_a_watch_from_too_long_ago_ends_with_an_error(curl: Curl) -> None:
    event = curl(200, f"{PODS}?watch=1&resourceVersion=1")
    assert event["type"] == "ERROR"
    assert event["object"]["kind"] == "Status" and event["object"]["code"] == 410
    assert event["object"]["reason"] == "Expired"
    oldest = re.fullmatch(r"too old resource version: 1 \((\d+)\)", event["object"]["message"])
    assert oldest and int(oldest[1]) > 1


def test_table(curl: Curl) -> None:
    table = curl(200, "/api/v1/nodes", "--header", "Accept: application/json;as=Table;v=v1;g=meta.k8s.io")
    assert table["kind"] == "Table" and table["apiVersion"] == "meta.k8s.io/v1"
    names = [column["name"] for column in table["columnDefinitions"] if column["priority"] == 0]
    assert names == ["Name", "Status", "Roles", "Age", "Version"]
    assert [row["cells"][:3] for row in table["rows"]] == [
        [f"node-{number}", "Ready", "<none>"] for number in (1, 2, 3)
    ]
    assert table["rows"][0]["object"]["kind"] == "PartialObjectMetadata"


@pytest.mark.parametrize("path", ["/healthz", "/livez", "/readyz"])
def test_health(curl: Curl, path: str) -> None:
    assert curl.text(path) == (200, "ok")


def test_version(curl: Curl) -> None:
    version = curl(200, "/version")
    assert (version["major"], version["minor"]) == ("1", "36")
    assert version["gitVersion"].startswith("v1.36.")
