# SPDX-License-Identifier: Apache-2.0
"""The image table of a cluster: read, replaced, and obeyed by its nodes; and what becomes of images nobody knows."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from api import Api
from server import Server, podium_binary

PODS = "/api/v1/namespaces/default/pods"


@pytest.fixture()
def api() -> Iterator[Api]:
    with Server("--clock", "virtual", "--nodes", "1") as server:
        yield server.api


def create(api: Api, name: str, containers: list[dict[str, Any]], **spec: Any) -> None:
    body = {"metadata": {"name": name}, "spec": {"containers": containers, **spec}}
    answer = api.send("POST", PODS, body)
    assert answer.status == 201, answer.body


def advance(api: Api, length: str) -> None:
    assert api.send("POST", "/podium/v1/clock/advance", {"by": length}).status == 200


def status(api: Api, name: str) -> dict[str, Any]:
    return api.send("GET", f"{PODS}/{name}").object["status"]


def test_own_images_let_a_pod_start_and_end(api: Api) -> None:
    main = {"name": "web", "image": "nginx:1.27"}
    migrate = {"name": "migrate", "image": "registry.example.com/shop/migrations:1.4"}
    create(api, "shop", [main], initContainers=[migrate])
    create(api, "job", [{"name": "main", "image": "perl:5.34", "command": ["perl", "-wle", "print 1"]}], restartPolicy="Never")
    advance(api, "20s")
    assert status(api, "shop")["phase"] == "Running"
    assert status(api, "job")["phase"] == "Succeeded"
    events = api.send("GET", "/api/v1/namespaces/default/events").object["items"]
    said = [event for event in events if event["reason"] == "NotSimulated"]
    assert {event["involvedObject"]["name"] for event in said} == {"shop", "job"}
    assert {event["type"] for event in said} == {"Warning"}
    assert all("podium.dev/plan." in event["message"] for event in said)


def test_a_table_is_replaced_and_obeyed(api: Api) -> None:
    rules = [
        {"match": "acme/api:2", "pull": "notFound"},
        {"match": "acme/api", "ports": [8080], "user": 1001, "stopCode": 3, "size": 1234},
    ]
    answer = api.send("PUT", "/podium/v1/images", {"rules": rules})
    assert answer.status == 200, answer.body
    assert api.send("GET", "/podium/v1/images").object == {"rules": rules, "unlisted": "ok"}
    for tag in ("1", "2"):
        create(api, f"api-{tag}", [{"name": "main", "image": f"acme/api:{tag}"}])
    advance(api, "30s")
    assert status(api, "api-1")["phase"] == "Running"
    assert status(api, "api-1")["containerStatuses"][0]["user"]["linux"]["uid"] == 1001
    assert "Pull" in status(api, "api-2")["containerStatuses"][0]["state"]["waiting"]["reason"]
    node = api.send("GET", "/api/v1/nodes/node-1").object
    assert [image["sizeBytes"] for image in node["status"]["images"]] == [1234]
    assert node["status"]["images"][0]["names"][1] == "docker.io/acme/api:1"
    # A wrong document changes nothing, and says everything that is wrong with it.
    answer = api.send("PUT", "/podium/v1/images", {"rules": [{"match": "a//b"}, {"match": "c", "colour": 1}]})
    assert answer.status == 422
    causes = [cause["field"] for cause in answer.object["details"]["causes"]]
    assert causes == ["rules[0].match", "rules[1].colour"]
    assert api.send("GET", "/podium/v1/images").object["rules"] == rules
    assert api.send("POST", "/podium/v1/reset").status == 200
    assert api.send("GET", "/podium/v1/images").object == {"rules": [], "unlisted": "ok"}


def test_an_exhaustive_table_has_only_what_it_names() -> None:
    with Server("--clock", "virtual", "--nodes", "1", "--images", "known") as server:
        api = server.api
        assert api.send("GET", "/podium/v1/images").object == {"rules": [], "unlisted": "notFound"}
        create(api, "known", [{"name": "main", "image": "nginx:1.27"}])
        create(api, "unknown", [{"name": "main", "image": "acme/api:1"}])
        advance(api, "20s")
        assert status(api, "known")["phase"] == "Running"
        assert "Pull" in status(api, "unknown")["containerStatuses"][0]["state"]["waiting"]["reason"]


def test_the_command_lists_and_sets(tmp_path: Path) -> None:
    with Server("--clock", "virtual", "--nodes", "1") as server:
        address = server.url.removeprefix("http://")

        def podium(*words: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
            command = [str(podium_binary()), "images", *words, "--server", address]
            return subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)

        assert json.loads(podium().stdout) == {"rules": [], "unlisted": "ok"}
        assert len(json.loads(podium("list", "--standard").stdout)["rules"]) > 100
        file = tmp_path / "images.json"
        file.write_text('{"rules": [{"match": "acme/**", "pull": "denied"}]}')
        assert podium("set", str(file)).returncode == 0
        assert json.loads(podium("list").stdout)["rules"] == [{"match": "acme/**", "pull": "denied"}]
        assert podium("set", "-", stdin='{"rules": [], "unlisted": "notFound"}').returncode == 0
        assert json.loads(podium("list").stdout) == {"rules": [], "unlisted": "notFound"}
        wrong = podium("set", "-", stdin='{"rules": 1}')
        assert wrong.returncode == 1
        assert "rules" in wrong.stdout
