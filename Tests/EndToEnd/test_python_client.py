# SPDX-License-Identifier: Apache-2.0
"""The official Python client, as its users write it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from kubernetes import client, utils, watch
from kubernetes.client.exceptions import ApiException

from kubectl import own_labels
from manifests import shell_pod
from server import Server

NAMESPACE = "default"


@pytest.fixture
def api_client(server: Server) -> Iterator[client.ApiClient]:
    with client.ApiClient(client.Configuration(host=server.url)) as api_client:
        yield api_client


@pytest.fixture
def core(api_client: client.ApiClient) -> client.CoreV1Api:
    return client.CoreV1Api(api_client)


def pod(name: str, script: str = "trap 'exit 0' TERM; sleep 3600 & wait", **labels: str) -> client.V1Pod:
    container = client.V1Container(name="main", image="busybox:1.36", command=["sh", "-c", script])
    return client.V1Pod(
        metadata=client.V1ObjectMeta(name=name, labels=labels),
        spec=client.V1PodSpec(containers=[container], termination_grace_period_seconds=1),
    )


def wait_until_ready(core: client.CoreV1Api, name: str, resource_version: str) -> client.V1Pod:
    stream = watch.Watch().stream(
        core.list_namespaced_pod,
        NAMESPACE,
        field_selector=f"metadata.name={name}",
        resource_version=resource_version,
        timeout_seconds=10,
    )
    for event in stream:
        conditions = event["object"].status.conditions or []
        if any(entry.type == "Ready" and entry.status == "True" for entry in conditions):
            return event["object"]
    raise AssertionError(f"{name} did not become ready")


def test_version(api_client: client.ApiClient) -> None:
    assert client.VersionApi(api_client).get_code().major == "1"


def test_nodes(core: client.CoreV1Api) -> None:
    nodes = core.list_node().items
    assert [node.metadata.name for node in nodes] == ["node-1", "node-2", "node-3"]
    assert nodes[0].status.allocatable["pods"] == "110"
    assert {address.type for address in nodes[0].status.addresses} == {"InternalIP", "Hostname"}


def test_create_and_list(core: client.CoreV1Api) -> None:
    created = core.create_namespaced_pod(NAMESPACE, pod("created", app="python"))
    assert created.status.phase == "Pending" and created.metadata.creation_timestamp.tzinfo is not None
    listed = core.list_namespaced_pod(NAMESPACE, label_selector="app=python")
    assert [item.metadata.name for item in listed.items] == ["created"]
    assert int(listed.metadata.resource_version) >= int(created.metadata.resource_version)
    everywhere = core.list_pod_for_all_namespaces(field_selector="metadata.name=created")
    assert [item.metadata.uid for item in everywhere.items] == [created.metadata.uid]


def test_watch_with_a_resource_version(core: client.CoreV1Api) -> None:
    created = core.create_namespaced_pod(NAMESPACE, pod("watched"))
    ready = wait_until_ready(core, "watched", created.metadata.resource_version)
    assert ready.status.phase == "Running" and ready.status.container_statuses[0].started
    core.delete_namespaced_pod("watched", NAMESPACE)
    stream = watch.Watch()
    events = stream.stream(
        core.list_namespaced_pod, NAMESPACE, resource_version=ready.metadata.resource_version, timeout_seconds=10
    )
    kinds = []
    for event in events:
        if event["object"].metadata.name == "watched":
            kinds.append(event["type"])
            if event["type"] == "DELETED":
                stream.stop()
    assert kinds[-1] == "DELETED" and set(kinds[:-1]) == {"MODIFIED"}


def test_patch(core: client.CoreV1Api) -> None:
    core.create_namespaced_pod(NAMESPACE, pod("patched", app="old"))
    patched = core.patch_namespaced_pod("patched", NAMESPACE, {"metadata": {"labels": {"app": "new", "tier": "web"}}})
    assert own_labels(patched.metadata.labels) == {"app": "new", "tier": "web"}
    body = [{"op": "remove", "path": "/metadata/labels/tier"}]
    patched = core.patch_namespaced_pod("patched", NAMESPACE, body)
    assert own_labels(patched.metadata.labels) == {"app": "new"}


def test_replace_conflicts_on_a_stale_version(core: client.CoreV1Api) -> None:
    body = client.V1ConfigMap(metadata=client.V1ObjectMeta(name="contended"), data={"a": "1"})
    stale = core.create_namespaced_config_map(NAMESPACE, body)
    core.patch_namespaced_config_map("contended", NAMESPACE, {"data": {"a": "2"}})
    with pytest.raises(ApiException) as error:
        core.replace_namespaced_config_map("contended", NAMESPACE, stale)
    assert error.value.status == 409 and error.value.reason == "Conflict"


def test_delete(core: client.CoreV1Api) -> None:
    core.create_namespaced_pod(NAMESPACE, pod("deleted"))
    answer = core.delete_namespaced_pod("deleted", NAMESPACE, grace_period_seconds=0)
    assert answer.metadata.name == "deleted"
    with pytest.raises(ApiException) as error:
        core.read_namespaced_pod("deleted", NAMESPACE)
    assert error.value.status == 404


def test_delete_collection(core: client.CoreV1Api) -> None:
    for name in ("one", "two"):
        core.create_namespaced_pod(NAMESPACE, pod(f"collected-{name}", group="collected"))
    core.delete_collection_namespaced_pod(NAMESPACE, label_selector="group=collected", grace_period_seconds=0)
    assert core.list_namespaced_pod(NAMESPACE, label_selector="group=collected").items == []


def test_log(core: client.CoreV1Api) -> None:
    created = core.create_namespaced_pod(NAMESPACE, pod("talking", "echo hello; echo world; sleep 3600"))
    wait_until_ready(core, "talking", created.metadata.resource_version)
    assert core.read_namespaced_pod_log("talking", NAMESPACE) == "hello\nworld\n"
    assert core.read_namespaced_pod_log("talking", NAMESPACE, tail_lines=1) == "world\n"


def test_binding_and_manual_scheduling(core: client.CoreV1Api) -> None:
    body = pod("bound")
    body.spec.scheduler_name = "mine"
    created = core.create_namespaced_pod(NAMESPACE, body)
    target = client.V1ObjectReference(api_version="v1", kind="Node", name="node-2")
    binding = client.V1Binding(metadata=client.V1ObjectMeta(name="bound"), target=target)
    core.create_namespaced_binding(NAMESPACE, binding, _preload_content=False)
    ready = wait_until_ready(core, "bound", created.metadata.resource_version)
    assert ready.spec.node_name == "node-2"


def test_eviction(core: client.CoreV1Api) -> None:
    core.create_namespaced_pod(NAMESPACE, pod("evicted"))
    core.create_namespaced_pod_eviction(
        "evicted", NAMESPACE, client.V1Eviction(metadata=client.V1ObjectMeta(name="evicted"))
    )
    try:
        assert core.read_namespaced_pod("evicted", NAMESPACE).metadata.deletion_timestamp is not None
    except ApiException as error:
        assert error.status == 404


def test_create_from_dict(api_client: client.ApiClient, core: client.CoreV1Api) -> None:
    utils.create_from_dict(api_client, shell_pod("from-dict", "true", restartPolicy="Never"))
    assert core.read_namespaced_pod("from-dict", NAMESPACE).spec.restart_policy == "Never"


def test_invalid_object_is_refused_with_causes(core: client.CoreV1Api) -> None:
    with pytest.raises(ApiException) as error:
        core.create_namespaced_pod(NAMESPACE, pod("Not_A_Name"))
    assert error.value.status == 422 and "metadata.name" in error.value.body


def test_dynamic_client(api_client: client.ApiClient) -> None:
    from kubernetes.dynamic import DynamicClient

    services = DynamicClient(api_client).resources.get(api_version="v1", kind="Service")
    body = {"metadata": {"name": "dynamic"}, "spec": {"ports": [{"port": 80}]}}
    created = services.create(body=body, namespace=NAMESPACE)
    assert created.spec.clusterIP.startswith("10.96.")
    assert services.get(name="dynamic", namespace=NAMESPACE).spec.ports[0].targetPort == 80
    services.delete(name="dynamic", namespace=NAMESPACE)
