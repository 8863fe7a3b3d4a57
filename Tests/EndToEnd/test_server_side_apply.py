# SPDX-License-Identifier: Apache-2.0
"""Server-side apply and the ownership of fields, through kubectl and the clients that build on them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kr8s.asyncio.objects
import pytest
from kubernetes import client, dynamic

from kubectl import Kubectl
from manifests import SETTINGS, WEB_POD
from server import Server

# kr8s names the versions of Kubernetes that it was tested with.
pytestmark = pytest.mark.filterwarnings("ignore:Kubernetes version .* is not supported")

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"

DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: web}}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - {name: web, image: "nginx:1.27", ports: [{containerPort: 80}]}
"""


def owners(kubectl: Kubectl, *what: str) -> dict[tuple[str, str, str], Any]:
    """The fields of an object by manager, operation and subresource."""
    entries = kubectl.object("get", *what, "--show-managed-fields")["metadata"]["managedFields"]
    return {
        (entry["manager"], entry["operation"], entry.get("subresource", "")): entry["fieldsV1"] for entry in entries
    }


def test_a_conflict_names_the_field_and_force_takes_it(kubectl: Kubectl) -> None:
    assert kubectl("apply", "--server-side", "-f", "-", stdin=SETTINGS) == "configmap/settings serverside-applied\n"
    red = SETTINGS.replace("green", "red")
    message = kubectl.fails("apply", "--server-side", "--field-manager", "other", "-f", "-", stdin=red)
    assert 'Apply failed with 1 conflict: conflict with "kubectl": .data.colour' in message
    kubectl("apply", "--server-side", "--field-manager", "other", "--force-conflicts", "-f", "-", stdin=red)
    assert owners(kubectl, "configmap", "settings") == {
        ("kubectl", "Apply", ""): {"f:data": {"f:size": {}}},
        ("other", "Apply", ""): {"f:data": {"f:colour": {}, "f:size": {}}},
    }


def test_what_is_given_up_goes_unless_somebody_else_wants_it(kubectl: Kubectl) -> None:
    kubectl("apply", "--server-side", "-f", "-", stdin=SETTINGS)
    kubectl("apply", "--server-side", "--field-manager", "other", "-f", "-", stdin=SETTINGS.replace("size: large", "x: z"))
    kubectl("apply", "--server-side", "-f", "-", stdin=SETTINGS.replace("colour: green, size: large", "shape: round"))
    data = kubectl.object("get", "configmap", "settings")["data"]
    assert data == {"colour": "green", "x": "z", "shape": "round"}


def test_applying_the_same_again_writes_nothing(kubectl: Kubectl) -> None:
    kubectl("apply", "--server-side", "-f", "-", stdin=DEPLOYMENT)
    before = kubectl("get", "deployment", "web", "-o", "json", "--show-managed-fields")
    kubectl("apply", "--server-side", "-f", "-", stdin=DEPLOYMENT)
    assert kubectl("get", "deployment", "web", "-o", "json", "--show-managed-fields") == before


def test_diff_shows_what_would_change(kubectl: Kubectl) -> None:
    kubectl("apply", "--server-side", "-f", "-", stdin=SETTINGS)
    result = kubectl.run("diff", "--server-side", "-f", "-", stdin=SETTINGS.replace("green", "blue"))
    assert result.returncode == 1
    assert "-  colour: green\n+  colour: blue\n" in result.stdout
    assert kubectl.run("diff", "--server-side", "-f", "-", stdin=SETTINGS).returncode == 0


def test_scaling_takes_the_replicas_from_who_applied_them(kubectl: Kubectl) -> None:
    deployment = DEPLOYMENT.replace("  selector:", "  replicas: 2\n  selector:")
    kubectl("apply", "--server-side", "-f", "-", stdin=deployment)
    kubectl("scale", "deployment", "web", "--replicas", "5")
    assert owners(kubectl, "deployment", "web")["kubectl", "Update", "scale"] == {"f:spec": {"f:replicas": {}}}
    message = kubectl.fails("apply", "--server-side", "-f", "-", stdin=deployment)
    assert 'conflict with "kubectl" with subresource "scale" using apps/v1: .spec.replicas' in message


def test_client_side_apply_after_create_and_the_way_to_the_server(kubectl: Kubectl) -> None:
    kubectl("create", "-f", "-", stdin=SETTINGS)
    assert set(owners(kubectl, "configmap", "settings")) == {("kubectl-create", "Update", "")}
    kubectl("apply", "-f", "-", stdin=SETTINGS)
    assert ("kubectl-client-side-apply", "Update", "") in owners(kubectl, "configmap", "settings")
    kubectl("apply", "--server-side", "-f", "-", stdin=SETTINGS.replace("green", "red"))
    settings = kubectl.object("get", "configmap", "settings")
    assert settings["data"]["colour"] == "red"
    assert '"colour":"red"' in settings["metadata"]["annotations"][LAST_APPLIED]
    assert owners(kubectl, "configmap", "settings")["kubectl", "Apply", ""]["f:data"] == {"f:colour": {}, "f:size": {}}


def test_edit_last_applied(kubectl: Kubectl) -> None:
    kubectl("apply", "-f", "-", stdin=SETTINGS)
    editor = {"EDITOR": "sed -i s/green/purple/"}
    assert (
        kubectl("apply", "edit-last-applied", "configmap", "settings", environment=editor)
        == "configmap/settings edited\n"
    )
    assert "colour: purple" in kubectl("apply", "view-last-applied", "configmap", "settings")
    assert kubectl.object("get", "configmap", "settings")["data"]["colour"] == "green"


def test_prune(kubectl: Kubectl, tmp_path: Path) -> None:
    (tmp_path / "settings.yaml").write_text(SETTINGS.replace("{name: settings}", "{name: settings, labels: {a: b}}"))
    other = tmp_path / "other.yaml"
    other.write_text(SETTINGS.replace("{name: settings}", "{name: other, labels: {a: b}}"))
    prune = ["apply", "--prune", "-l", "a=b", "--prune-allowlist", "core/v1/ConfigMap", "-f", str(tmp_path)]
    kubectl(*prune)
    other.unlink()
    assert kubectl(*prune) == "configmap/settings unchanged\nconfigmap/other pruned\n"


def test_who_ran_a_pod(kubectl: Kubectl) -> None:
    kubectl("run", "one", "--image=nginx:1.27")
    fields = owners(kubectl, "pod", "one")["kubectl-run", "Update", ""]
    assert fields["f:metadata"] == {"f:labels": {".": {}, "f:run": {}}}
    assert fields["f:spec"]["f:containers"]['k:{"name":"one"}']["f:image"] == {}
    kubectl("wait", "pod/one", "--for=condition=Ready", "--timeout=20s")
    status = owners(kubectl, "pod", "one")["kubelet", "Update", "status"]["f:status"]
    assert status["f:phase"] == {} and status["f:conditions"]['k:{"type":"Ready"}']["f:status"] == {}


def test_who_could_not_place_a_pod(kubectl: Kubectl) -> None:
    kubectl("run", "one", "--image=nginx", "--overrides", '{"spec": {"nodeSelector": {"no": "where"}}}')
    kubectl("wait", "pod/one", "--for=condition=PodScheduled=False", "--timeout=20s")
    status = owners(kubectl, "pod", "one")["kube-scheduler", "Update", "status"]["f:status"]
    assert 'k:{"type":"PodScheduled"}' in status["f:conditions"]


async def kr8s_applies(url: str, namespace: str, home: Path) -> list[str]:
    """kr8s has no word for it, but sends what it is given. Returns the managers in the end."""
    api = await kr8s.asyncio.api(url=url, kubeconfig=str(home / "none"))

    async def apply(manager: str, colour: str, **parameters: str) -> None:
        body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}, "data": {"colour": colour}}
        async with api.call_api(
            "PATCH",
            url="configmaps/settings",
            namespace=namespace,
            params={"fieldManager": manager, **parameters},
            headers={"Content-Type": "application/apply-patch+yaml"},
            content=json.dumps(body),
        ) as response:
            assert response.json()["data"] == {"colour": colour}

    await apply("one", "green")
    with pytest.raises(kr8s.ServerError, match='conflict with "one": .data.colour'):
        await apply("two", "red")
    await apply("two", "red", force="true")
    found = await kr8s.asyncio.objects.ConfigMap.get("settings", namespace=namespace, api=api)
    return [entry["manager"] for entry in found.raw["metadata"]["managedFields"]]


def test_kr8s_applies(
    kubectl_server: Server, kubectl: Kubectl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    namespace = kubectl.namespace
    assert namespace
    assert asyncio.run(kr8s_applies(kubectl_server.url, namespace, tmp_path)) == ["two"]


@pytest.fixture
def config_maps(kubectl_server: Server) -> Iterator[Any]:
    with client.ApiClient(client.Configuration(host=kubectl_server.url)) as api_client:
        yield dynamic.DynamicClient(api_client).resources.get(api_version="v1", kind="ConfigMap")


def test_the_dynamic_client_applies(config_maps: Any, kubectl: Kubectl) -> None:
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}, "data": {"colour": "green"}}

    def apply(manager: str, colour: str, **options: Any) -> Any:
        body["data"] = {"colour": colour}
        return config_maps.server_side_apply(
            body, name="settings", namespace=kubectl.namespace, field_manager=manager, **options
        )

    apply("one", "green")
    with pytest.raises(dynamic.exceptions.ConflictError) as refused:
        apply("two", "red")
    assert 'conflict with "one": .data.colour' in json.loads(refused.value.body)["message"]
    assert apply("two", "red", force_conflicts=True).data.colour == "red"
    assert set(owners(kubectl, "configmap", "settings")) == {("two", "Apply", "")}


def test_a_pod_is_applied_with_what_a_node_needs(kubectl: Kubectl) -> None:
    kubectl("apply", "--server-side", "-f", "-", stdin=WEB_POD)
    kubectl("wait", "pod/web", "--for=condition=Ready", "--timeout=20s")
    kubectl("apply", "--server-side", "-f", "-", stdin=WEB_POD.replace("nginx:1.27", "nginx:1.28"))
    assert kubectl.object("get", "pod", "web")["spec"]["containers"][0]["image"] == "nginx:1.28"
