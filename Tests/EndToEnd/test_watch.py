# SPDX-License-Identifier: Apache-2.0
"""What informers rely on: watches that begin anywhere, lose nothing and say when they are up to date."""

from __future__ import annotations

import re
import threading

import pytest
from api import Api, Object, error_of
from server import Server

MAPS = "/api/v1/namespaces/{}/configmaps"


@pytest.fixture
def maps(server: Server, request: pytest.FixtureRequest) -> str:
    """The path of the ConfigMaps of a namespace of the test's own, in which there is nothing else."""
    name = re.sub("[^a-z0-9]+", "-", request.node.name.removeprefix("test_"))[:63].strip("-")
    server.api.create("/api/v1/namespaces", {"metadata": {"name": name}})
    path = MAPS.format(name)
    next(server.api.watch(path, fieldSelector="metadata.name=kube-root-ca.crt", timeoutSeconds=10))
    return path


@pytest.fixture
def api(server: Server) -> Api:
    return server.api


def make(api: Api, maps: str, name: str, **labels: str) -> Object:
    return api.create(maps, {"metadata": {"name": name, "labels": labels}})


def change(api: Api, maps: str, name: str, body: Object) -> Object:
    return api.send("PATCH", f"{maps}/{name}", body, "application/merge-patch+json").object


def version(item: Object) -> str:
    return str(item["metadata"]["resourceVersion"])


def seen(events: list[Object]) -> list[tuple[str, str]]:
    return [(event["type"], event["object"]["metadata"]["name"]) for event in events]


def read(api: Api, maps: str, count: int, **query: str | int) -> list[Object]:
    """So many events of a watch."""
    events = api.watch(maps, timeoutSeconds=10, **query)
    return [next(events) for _ in range(count)]


def test_from_a_list(api: Api, maps: str) -> None:
    make(api, maps, "before")
    listed = api.get(maps)
    make(api, maps, "after")
    change(api, maps, "before", {"data": {"a": "b"}})
    api.delete(f"{maps}/after")
    events = read(api, maps, 3, resourceVersion=listed["metadata"]["resourceVersion"])
    assert seen(events) == [("ADDED", "after"), ("MODIFIED", "before"), ("DELETED", "after")]
    versions = [int(version(event["object"])) for event in events]
    assert versions == sorted(set(versions))


@pytest.mark.parametrize("start", ["", "0"], ids=["none", "zero"])
def test_without_a_version_it_begins_with_what_is_there(api: Api, maps: str, start: str) -> None:
    make(api, maps, "one")
    events = read(api, maps, 2, **({"resourceVersion": start} if start else {}))
    assert sorted(seen(events)) == [("ADDED", "kube-root-ca.crt"), ("ADDED", "one")]


def test_initial_events_end_with_a_bookmark(api: Api, maps: str) -> None:
    """Without this bookmark informers of client-go wait for ever."""
    make(api, maps, "one")
    query = {"sendInitialEvents": "true", "allowWatchBookmarks": "true", "resourceVersionMatch": "NotOlderThan"}
    *first, bookmark = read(api, maps, 3, **query)
    assert sorted(seen(first)) == [("ADDED", "kube-root-ca.crt"), ("ADDED", "one")]
    assert bookmark["type"] == "BOOKMARK"
    metadata = bookmark["object"]["metadata"]
    assert metadata["annotations"] == {"k8s.io/initial-events-end": "true"}
    assert bookmark["object"]["kind"] == "ConfigMap" and bookmark["object"]["apiVersion"] == "v1"
    make(api, maps, "two")
    assert seen(read(api, maps, 1, resourceVersion=metadata["resourceVersion"])) == [("ADDED", "two")]


def test_a_label_that_comes_and_goes(api: Api, maps: str) -> None:
    """What leaves the selection is seen as deleted, what enters it as added."""
    start = version(make(api, maps, "moving", colour="red"))
    for colour in ("green", "green", "red"):
        change(api, maps, "moving", {"metadata": {"labels": {"colour": colour}}, "data": {"colour": colour}})
    change(api, maps, "moving", {"data": {"a": "b"}})
    change(api, maps, "moving", {"metadata": {"labels": {"colour": "green"}}})
    events = read(api, maps, 3, resourceVersion=start, labelSelector="colour=green")
    assert seen(events) == [("ADDED", "moving"), ("DELETED", "moving"), ("ADDED", "moving")]
    assert events[1]["object"]["metadata"]["labels"] == {"colour": "green"}


def test_a_field_selector(api: Api, maps: str) -> None:
    start = version(make(api, maps, "other"))
    for name in ("wanted", "unwanted"):
        make(api, maps, name)
    api.delete(f"{maps}/wanted")
    events = read(api, maps, 2, resourceVersion=start, fieldSelector="metadata.name=wanted")
    assert seen(events) == [("ADDED", "wanted"), ("DELETED", "wanted")]


def test_tables_and_metadata_alone(api: Api, maps: str) -> None:
    make(api, maps, "one", colour="red")
    listed = api.send("GET", maps, accept="application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io").object
    assert listed["kind"] == "PartialObjectMetadataList" and listed["apiVersion"] == "meta.k8s.io/v1"
    one = listed["items"][1]
    assert one["metadata"]["labels"] == {"colour": "red"} and set(one) <= {"kind", "apiVersion", "metadata"}


def test_the_time_out_ends_it(api: Api, maps: str) -> None:
    start = api.get(maps)["metadata"]["resourceVersion"]
    assert list(api.watch(maps, resourceVersion=start, timeoutSeconds=1)) == []


def test_a_version_from_the_future(api: Api, maps: str) -> None:
    status = error_of(api.send("GET", f"{maps}?resourceVersion=999999999"), 504, "Timeout")
    assert "Too large resource version" in status["message"]


def test_writers_do_not_lose_each_others_events(api: Api, maps: str) -> None:
    """Four writers at once, and every watcher sees the same events in the same order, each once."""
    start = api.get(maps)["metadata"]["resourceVersion"]

    def write(writer: int) -> None:
        for number in range(25):
            make(api, maps, f"w{writer}-{number}")
            api.delete(f"{maps}/w{writer}-{number}")

    histories: list[list[Object]] = [[] for _ in range(4)]

    def follow(history: list[Object]) -> None:
        history.extend(read(api, maps, 200, resourceVersion=start))

    threads = [threading.Thread(target=follow, args=(history,)) for history in histories]
    threads += [threading.Thread(target=write, args=(writer,)) for writer in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert all(history == histories[0] for history in histories)
    versions = [int(version(event["object"])) for event in histories[0]]
    assert versions == sorted(set(versions)) and len(versions) == 200
    for writer in range(4):
        names = [name for kind, name in seen(histories[0]) if kind == "ADDED" and name.startswith(f"w{writer}-")]
        assert names == [f"w{writer}-{number}" for number in range(25)]


def test_lost_updates_are_refused(api: Api, maps: str) -> None:
    """Counting up with the version that was read: each success counts, whoever else writes."""
    api.create(maps, {"metadata": {"name": "counter"}, "data": {"value": "0"}})
    successes: list[int] = []

    def count_up() -> None:
        for _ in range(20):
            item = api.get(f"{maps}/counter")
            item["data"]["value"] = str(int(item["data"]["value"]) + 1)
            answer = api.send("PUT", f"{maps}/counter", item)
            if answer.status == 200:
                successes.append(1)
            else:
                error_of(answer, 409, "Conflict")

    threads = [threading.Thread(target=count_up) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert api.get(f"{maps}/counter")["data"]["value"] == str(len(successes))
    assert len(successes) >= 20
