# SPDX-License-Identifier: Apache-2.0
"""lightkube, whose objects are data classes and which applies on the server above all."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from lightkube import ApiError, Client, KubeConfig, codecs
from lightkube.models.apps_v1 import DeploymentSpec
from lightkube.models.core_v1 import Container, PodSpec, PodTemplateSpec
from lightkube.models.meta_v1 import LabelSelector, ObjectMeta
from lightkube.resources.apps_v1 import Deployment
from lightkube.resources.core_v1 import ConfigMap, Node, Pod
from lightkube.types import PatchType

from manifests import shell_pod
from server import Server


@pytest.fixture
def client(server: Server) -> Iterator[Client]:
    config = {
        "clusters": [{"name": "podium", "cluster": {"server": server.url}}],
        "users": [{"name": "somebody", "user": {}}],
        "contexts": [{"name": "podium", "context": {"cluster": "podium", "user": "somebody"}}],
        "current-context": "podium",
    }
    client = Client(config=KubeConfig.from_dict(config), namespace="default", trust_env=False)
    yield client
    client.close()


def settings(name: str, **data: str) -> ConfigMap:
    return ConfigMap(apiVersion="v1", kind="ConfigMap", metadata=ObjectMeta(name=name), data=data)


def owners(settings: ConfigMap) -> list[tuple[str | None, str | None]]:
    return [(entry.manager, entry.operation) for entry in settings.metadata.managedFields]


def test_lists_nodes(client: Client) -> None:
    assert sorted(node.metadata.name for node in client.list(Node)) == ["node-1", "node-2", "node-3"]


def test_a_pod_runs_and_says_something(client: Client) -> None:
    pod = shell_pod("light-pod", "echo seen; sleep 3600", terminationGracePeriodSeconds=0)
    made = client.create(codecs.from_dict(pod))
    assert made.status.phase == "Pending"
    client.wait(Pod, "light-pod", for_conditions=["Ready"])
    assert client.get(Pod, "light-pod").status.phase == "Running"
    assert list(client.log("light-pod")) == ["seen\n"]
    client.delete(Pod, "light-pod", grace_period=0)
    with pytest.raises(ApiError) as gone:
        client.get(Pod, "light-pod")
    assert gone.value.status.code == 404


def test_watch_sees_what_becomes_of_an_object(client: Client) -> None:
    client.create(settings("light-watched", a="1"))
    seen = []
    for kind, found in client.watch(ConfigMap, fields={"metadata.name": "light-watched"}):
        seen.append((kind, found.data))
        if kind == "ADDED":
            client.patch(ConfigMap, "light-watched", {"data": {"a": "2"}}, patch_type=PatchType.MERGE)
        elif kind == "MODIFIED":
            client.delete(ConfigMap, "light-watched")
        else:
            break
    assert seen == [("ADDED", {"a": "1"}), ("MODIFIED", {"a": "2"}), ("DELETED", {"a": "2"})]


def test_apply_makes_shares_and_gives_up_fields(client: Client) -> None:
    client.apply(settings("light-applied", colour="red", size="xl"), field_manager="one")
    client.apply(settings("light-applied", size="xl"), field_manager="two")
    left = client.apply(settings("light-applied", colour="red"), field_manager="one")
    assert left.data == {"colour": "red", "size": "xl"}
    assert sorted(owners(left)) == [("one", "Apply"), ("two", "Apply")]
    assert client.apply(settings("light-applied"), field_manager="two").data == {"colour": "red"}


def test_a_conflict_is_refused_until_it_is_forced(client: Client) -> None:
    client.apply(settings("light-conflict", colour="red"), field_manager="one")
    with pytest.raises(ApiError) as refused:
        client.apply(settings("light-conflict", colour="blue"), field_manager="two")
    assert refused.value.status.code == 409
    assert 'conflict with "one": .data.colour' in refused.value.status.message
    forced = client.apply(settings("light-conflict", colour="blue"), field_manager="two", force=True)
    assert forced.data == {"colour": "blue"}
    assert owners(forced) == [("two", "Apply")]


def test_a_dry_run_applies_nothing(client: Client) -> None:
    assert client.apply(settings("light-dry", a="1"), field_manager="one", dry_run=True).data == {"a": "1"}
    with pytest.raises(ApiError, match="not found"):
        client.get(ConfigMap, "light-dry")


def test_apply_to_scale_owns_the_replicas(client: Client) -> None:
    labels = {"app": "light"}
    template = PodTemplateSpec(
        metadata=ObjectMeta(labels=labels), spec=PodSpec(containers=[Container(name="c", image="nginx:1.27")])
    )
    deployment = Deployment(
        apiVersion="apps/v1",
        kind="Deployment",
        metadata=ObjectMeta(name="light"),
        spec=DeploymentSpec(replicas=2, selector=LabelSelector(matchLabels=labels), template=template),
    )
    client.apply(deployment, field_manager="one")
    scale = Deployment.Scale(
        apiVersion="autoscaling/v1", kind="Scale", metadata=ObjectMeta(name="light"), spec={"replicas": 5}
    )
    client.apply(scale, field_manager="scaler", force=True)
    found = client.get(Deployment, "light")
    assert found.spec.replicas == 5
    scaled = [entry for entry in found.metadata.managedFields if entry.manager == "scaler"]
    assert [(entry.operation, entry.subresource) for entry in scaled] == [("Apply", "scale")]
